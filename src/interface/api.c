#include "interface/api.h"

#include "interface/api_inner.h"
#include "interface/media.h"
#include "interface/zh.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the table of routes ---- */

struct route {
	const char *method;
	const char *path; /* ends in '/': the rest is the route's */
	const char *type; /* content type asked of a body; NULL: no body */
	void (*run)(struct api_call *c);
	bool owner; /* operates the node: not for everybody who can reach loopback */
};

static const struct route routes[] = {
	{"GET", "/v1/status", NULL, api_status, false},
	{"GET", "/v1/head", NULL, api_head, false},
	{"GET", "/v1/genesis", NULL, api_genesis, false},
	{"GET", "/v1/blocks/", NULL, api_block, false},
	{"GET", "/v1/journal", NULL, api_journal, false},
	{"GET", "/v1/records/", NULL, api_record, false},
	{"GET", "/v1/events", NULL, api_events, false},
	{"GET", "/v1/documents/", NULL, api_document, false},
	{"GET", "/v1/attachments/", NULL, api_attachment, false},
	{"GET", "/v1/items", NULL, api_item, false},
	{"GET", "/v1/items/", NULL, api_item, false},
	{"GET", "/v1/members", NULL, api_members, false},
	{"GET", "/v1/members/", NULL, api_member, false},
	{"GET", "/v1/products", NULL, api_product, false},
	{"GET", "/v1/products/", NULL, api_product, false},
	{"GET", "/v1/lots", NULL, api_lot, false},
	{"GET", "/v1/lots/", NULL, api_lot, false},
	{"GET", "/v1/locations", NULL, api_location, false},
	{"GET", "/v1/locations/", NULL, api_location, false},
	{"GET", "/v1/credentials", NULL, api_credential, false},
	{"GET", "/v1/credentials/", NULL, api_credential, false},
	{"GET", "/v1/grants", NULL, api_grants, false},
	{"GET", "/v1/grants/", NULL, api_grants, false},
	{"GET", "/v1/prefixes", NULL, api_prefixes, false},
	{"GET", "/v1/prefixes/", NULL, api_prefix, false},
	{"POST", "/v1/transactions", "application/x-protobuf", api_transactions, false},
	{"GET", "/v1/transactions/", NULL, api_transaction, false},
	{"GET", "/v1/receipts/", NULL, api_receipt, false},
	{"POST", "/v1/trials", "application/x-protobuf", api_trials, false},
	{"POST", "/v1/backup", "application/json", api_backup, true},
	{"POST", "/v1/clock/confirm", NULL, api_clock, true},
	{"POST", "/v1/witnesses", "application/json", api_witness, true},
	{"GET", "/livez", NULL, api_livez, false},
	{"GET", "/readyz", NULL, api_readyz, false},
	{"GET", "/metrics", NULL, api_metrics, false},
};

enum { ROUTES = sizeof routes / sizeof *routes };
_Static_assert((int)ROUTES < (int)API_ROUTES_MAX, "the last slot counts what met no route");

const char *api_route_name(unsigned i)
{
	return i < ROUTES ? routes[i].path : NULL;
}

static bool route_fits(const struct route *r, struct slice path)
{
	size_t n = strlen(r->path);
	if (r->path[n - 1] == '/')
		return path.n > n && slice_starts(path, r->path);
	return slice_eq_str(path, r->path);
}

/* ---- problems ---- */

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
static bool wants_zh(const char *accept_language)
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
	problem_write(out, status, code, wants_zh(accept_language), NULL, detail);
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

enum err api_rows_each(struct api_call *c,
		       enum err (*fn)(void *ctx, struct slice key, struct slice value), void *ctx)
{
	struct state_stats stats;
	state_stats(ledger_state(c->ledger), &stats);
	unsigned bits = stats.keys > 4096 ? 8 : 0;
	for (unsigned part = 0; part < 1u << bits; part++) {
		struct hash prefix = {{(uint8_t)part}};
		struct state_read r;
		TRY(state_read_begin(&r, ledger_state(c->ledger)));
		enum err e = state_read_each(&r, &prefix, bits, fn, ctx);
		state_read_end(&r);
		TRY(e);
	}
	return ERR_OK;
}

struct jsonw api_json(struct api_call *c)
{
	buf_clear(&c->out->body);
	c->out->status = 200;
	c->out->content_type = "application/json";
	return jsonw_of(&c->out->body);
}

/* ---- parameters ---- */

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool api_percent_decode(struct arena *a, struct slice *out, struct slice s)
{
	uint8_t *p = arena_alloc(a, s.n + 1);
	size_t n = 0;
	if (!p)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			p[n++] = s.p[i];
			continue;
		}
		if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
			return false;
		p[n++] = (uint8_t)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
		i += 2;
	}
	if (memchr(p, 0, n))
		return false;
	*out = slice(p, n);
	return true;
}

struct slice api_param(struct api_call *c, const char *name, bool *found)
{
	struct slice q = c->query;
	size_t name_n = strlen(name);
	*found = false;
	while (q.n) {
		const uint8_t *amp = memchr(q.p, '&', q.n);
		size_t n = amp ? (size_t)(amp - q.p) : q.n;
		if (n >= name_n && memcmp(q.p, name, name_n) == 0 &&
		    (n == name_n || q.p[name_n] == '=')) {
			size_t skip = n == name_n ? n : name_n + 1;
			struct slice value = slice("", 0);
			*found = api_percent_decode(c->arena, &value, slice(q.p + skip, n - skip));
			return value;
		}
		q = slice(q.p + n + (amp ? 1 : 0), q.n - n - (amp ? 1 : 0));
	}
	return slice("", 0);
}

bool api_number(uint64_t *out, struct slice s)
{
	uint64_t v = 0;
	if (s.n == 0 || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

bool api_param_number(struct api_call *c, uint64_t *out, const char *name, uint64_t fallback,
		      uint64_t min, uint64_t max)
{
	bool found;
	struct slice s = api_param(c, name, &found);
	*out = fallback;
	if (!found)
		return true;
	if (api_number(out, s) && *out >= min && *out <= max)
		return true;
	char pointer[80];
	snprintf(pointer, sizeof pointer, "?%s", name);
	api_refuse(c, 400, "bad_request", pointer, "%s must be a whole number from %llu to %llu",
		   name, (unsigned long long)min, (unsigned long long)max);
	return false;
}

/* ---- the handler ---- */

struct api *api_new(struct node *n)
{
	struct api *a = calloc(1, sizeof *a);
	if (a)
		a->node = n;
	return a;
}

void api_free(struct api *a)
{
	free(a);
}

static bool type_fits(const char *given, const char *asked)
{
	struct media m;
	return media_read(&m, given) && media_is(&m, asked);
}

/* Gives the index of the route, or ROUTES after having written why there is none. */
static unsigned route_find(struct api_call *c)
{
	const char *allow = NULL;
	for (unsigned i = 0; i < ROUTES; i++) {
		if (!route_fits(&routes[i], c->path))
			continue;
		bool same = strcmp(routes[i].method, c->request->method) == 0 ||
			    (strcmp(routes[i].method, "GET") == 0 &&
			     strcmp(c->request->method, "HEAD") == 0);
		if (same)
			return i;
		allow = routes[i].method;
	}
	if (allow) {
		api_refuse(c, 405, "method", NULL, "use %s here", allow);
		c->out->allow = allow[0] == 'G' ? "GET, HEAD" : allow;
	} else {
		api_refuse(c, 404, "no_route", NULL, "see /v1/status for a start");
	}
	return ROUTES;
}

static void route_run(struct api_call *c, const struct route *r)
{
	if (r->owner && !c->request->owner) {
		api_refuse(c, 403, "forbidden", NULL,
			   "operating the node is possible over its unix socket alone");
		return;
	}
	if (r->type && !type_fits(c->request->content_type, r->type)) {
		api_refuse(c, 415, "unsupported_type", NULL, "send %s", r->type);
		return;
	}
	if (!r->type && c->request->body.n) {
		api_refuse(c, 400, "bad_request", NULL, "no body is expected here");
		return;
	}
	size_t n = strlen(r->path);
	c->rest = slice(c->path.p + n, c->path.n - n);
	r->run(c);
}

void api_handle(struct api *a, struct api_response *out, const struct api_request *q)
{
	*out = (struct api_response){.status = 200, .cache = "no-store", .body = BUF_INIT};
	struct api_call c = {
		.api = a,
		.node = a->node,
		.ledger = node_ledger(a->node),
		.request = q,
		.out = out,
		.arena = arena_new(0),
		.zh = wants_zh(q->accept_language),
	};
	const char *mark = strchr(q->target, '?');
	size_t n = mark ? (size_t)(mark - q->target) : strlen(q->target);
	c.path = slice(q->target, n);
	c.query = mark ? slice_str(mark + 1) : slice("", 0);
	unsigned i = ROUTES;
	if (!c.arena) {
		out->status = 500;
	} else if (strlen(q->target) > API_TARGET_MAX) {
		api_refuse(&c, 414, "too_large", NULL, "the address is longer than %d bytes",
			   API_TARGET_MAX);
	} else if (q->body.n > API_BODY_MAX) {
		api_refuse(&c, 413, "too_large", NULL, "the body is larger than %d bytes",
			   API_BODY_MAX);
	} else {
		i = route_find(&c);
		if (i < ROUTES)
			route_run(&c, &routes[i]);
	}
	arena_free(c.arena);
	if (out->body.failed) {
		buf_clear(&out->body);
		out->status = 500;
		out->content_type = "text/plain";
	}
	unsigned class = out->status < 400 ? 0 : out->status < 500 ? 1 : 2;
	atomic_fetch_add(&a->answers[i < ROUTES ? i : API_ROUTES_MAX - 1][class], 1);
}
