#include "cmd/problem.h"

#include <stdio.h>

/* By exit code (cmd/cli.h); the codes are frozen. */
static const struct {
	const char *code;
	int status;
	const char *en, *zh;
} kinds[] = {
	{"done", 200, "Done", "完成"},
	{"failed", 422, "Refused or failed", "被拒绝或失败"},
	{"usage", 400, "Wrong usage", "用法错误"},
	{"not_found", 404, "Not found", "未找到"},
	{"not_verified", 422, "Verification failed", "验证失败"},
	{"denied", 403, "Not permitted", "没有权限"},
	{"unavailable", 503, "Not available now", "暂时不可用"},
	{"conflict", 409, "Conflict", "冲突"},
	{"folder", 500, "The folder is in use or damaged", "目录正被使用或已损坏"},
};

static struct jsonw begin(struct buf *out, int exit_code, bool zh, const char *code,
			  const char *title, const char *detail)
{
	size_t kind = (size_t)exit_code < sizeof kinds / sizeof *kinds ? (size_t)exit_code : 1;
	char type[100];
	struct jsonw w = jsonw_of(out);
	if (!code)
		code = kinds[kind].code;
	if (!title)
		title = zh ? kinds[kind].zh : kinds[kind].en;
	snprintf(type, sizeof type, "urn:argosy:problem:%s", code);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "type", type);
	jsonw_str(&w, "title", title);
	jsonw_i64(&w, "status", kinds[kind].status);
	jsonw_str(&w, "detail", detail);
	jsonw_str(&w, "code", code);
	return w;
}

struct jsonw problem_begin(struct buf *out, int exit_code, bool zh, const char *code,
			   const char *title, const char *detail, const char *pointer)
{
	struct jsonw w = begin(out, exit_code, zh, code, title, detail);
	jsonw_array(&w, "errors");
	if (pointer && *pointer) {
		jsonw_object(&w, NULL);
		jsonw_str(&w, "pointer", pointer);
		jsonw_str(&w, "detail", detail);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	return w;
}

struct jsonw problem_begin_list(struct buf *out, int exit_code, bool zh, const char *code,
				const char *detail)
{
	return begin(out, exit_code, zh, code, NULL, detail);
}

void problem_end(struct jsonw *w)
{
	jsonw_object_end(w);
	buf_put_u8(w->out, '\n');
	fwrite(w->out->p ? (const char *)w->out->p : "", 1, w->out->n, stderr);
	buf_fini(w->out);
}

void problem_print(int exit_code, bool zh, const char *detail)
{
	struct buf out = BUF_INIT;
	struct jsonw w = problem_begin(&out, exit_code, zh, NULL, NULL, detail, NULL);
	problem_end(&w);
}
