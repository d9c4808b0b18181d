/*
 * api_answer: how a call ends: with JSON, or with a problem in English or Chinese.
 */
#include "interface/api_inner.h"

#include "interface/zh.h"

#include <stdarg.h>
#include <stdio.h>

/* Code, English title, Chinese title: the codes are frozen. */
static const struct {
	const char *code, *en, *zh;
} titles[] = {
	{"bad_request", "The request is malformed", "请求格式错误"},
	{"unsupported_type", "The content type is not accepted here", "不支持的内容类型"},
	{"too_large", "The request is too large", "请求过大"},
	{"no_route", "There is nothing at this address", "该地址不存在"},
	{"method", "The method is not allowed here", "不允许的方法"},
	{"not_found", "Not found", "未找到"},
	{"forbidden", "Not allowed from here", "此处不允许该操作"},
	{"misdirected", "The Host is not this node", "Host 不是本节点"},
	{"unavailable", "Not available now", "暂时不可用"},
	{"busy", "Too much is under way", "正在处理的请求过多"},
	{"read_only", "The node is read-only", "节点处于只读状态"},
	{"damaged", "The node's data are damaged", "节点数据已损坏"},
	{"locked", "In use by another process", "正被其他进程使用"},
	{"exists", "Already exists", "已存在"},
	{"invalid", "The value is not valid", "值无效"},
	{"internal", "The node could not do this", "节点无法完成此操作"},
	{"version", "The HTTP version is not supported", "不支持的 HTTP 版本"},
};

/* The first language of Accept-Language that is zh or en decides; weights are ignored. */
bool api_wants_zh(const char *accept_language)
{
	for (const char *p = accept_language; p && *p;) {
		while (*p == ' ' || *p == ',')
			p++;
		if ((p[0] | 32) == 'z' && (p[1] | 32) == 'h')
			return true;
		if ((p[0] | 32) == 'e' && (p[1] | 32) == 'n')
			return false;
		p = strchr(p, ',');
	}
	return false;
}

static const char *title_of(const char *code, bool zh)
{
	for (size_t i = 0; i < sizeof titles / sizeof *titles; i++) {
		if (strcmp(titles[i].code, code) == 0)
			return zh ? titles[i].zh : titles[i].en;
	}
	return code;
}

static void problem_write(struct api_response *out, int status, const char *code, bool zh,
			  const char *pointer, const char *detail)
{
	buf_clear(&out->body);
	out->status = status;
	out->content_type = "application/problem+json";
	out->cache = "no-store";
	struct jsonw w = jsonw_of(&out->body);
	char type[100], said[700];
	if (zh)
		detail = zh_of(said, sizeof said, detail);
	snprintf(type, sizeof type, "urn:argosy:problem:%s", code);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "type", type);
	jsonw_str(&w, "title", title_of(code, zh));
	jsonw_i64(&w, "status", status);
	jsonw_str(&w, "detail", detail);
	jsonw_str(&w, "code", code);
	jsonw_array(&w, "errors");
	if (pointer) {
		jsonw_object(&w, NULL);
		jsonw_str(&w, "pointer", pointer);
		jsonw_str(&w, "detail", detail);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(&out->body, '\n');
}

void api_problem(struct api_response *out, int status, const char *code,
		 const char *accept_language, const char *detail_fmt, ...)
{
	char detail[600];
	va_list ap;
	va_start(ap, detail_fmt);
	vsnprintf(detail, sizeof detail, detail_fmt, ap);
	va_end(ap);
	problem_write(out, status, code, api_wants_zh(accept_language), NULL, detail);
}

void api_busy(struct api_response *out, const char *accept_language)
{
	api_problem(out, 429, "busy", accept_language,
		    "too many large requests are under way: send it again in a moment");
	out->retry_s = 1;
}

void api_refuse(struct api_call *c, int status, const char *code, const char *pointer,
		const char *fmt, ...)
{
	char detail[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	problem_write(c->out, status, code, c->zh, pointer, detail);
}

void api_fault(struct api_call *c, enum err e, const struct err_text *t)
{
	int status = 500;
	const char *code = "internal";
	switch (e) {
	case ERR_NOTFOUND:
		status = 404, code = "not_found";
		break;
	case ERR_UNAVAILABLE:
	case ERR_NOSPACE:
		status = 503, code = "unavailable";
		c->out->retry_s = 1;
		break;
	case ERR_READONLY:
		status = 503, code = "read_only";
		c->out->retry_s = 1;
		break;
	case ERR_EXISTS:
	case ERR_CONFLICT:
		status = 409, code = "exists";
		break;
	case ERR_LOCKED:
		status = 409, code = "locked";
		break;
	case ERR_CORRUPT:
	case ERR_VERIFY:
	case ERR_MISMATCH:
		code = "damaged";
		break;
	case ERR_FORMAT:
	case ERR_RANGE:
	case ERR_REFUSED:
	case ERR_USAGE:
	case ERR_VERSION:
		status = 422, code = "invalid";
		break;
	case ERR_LIMIT:
		status = 413, code = "too_large";
		break;
	case ERR_DENIED:
		status = 403, code = "forbidden";
		break;
	case ERR_OK:
	case ERR_NOMEM:
	case ERR_IO:
		break;
	}
	struct err_text where;
	if (e == ERR_CORRUPT && !(t && t->text[0])) {
		ledger_damage(c->ledger, &where);
		t = &where;
	}
	problem_write(c->out, status, code, c->zh, NULL, t && t->text[0] ? t->text : err_str(e));
}

struct jsonw api_json(struct api_call *c)
{
	buf_clear(&c->out->body);
	c->out->status = 200;
	c->out->content_type = "application/json";
	return jsonw_of(&c->out->body);
}
