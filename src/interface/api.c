#include "interface/api.h"

#include "interface/api_inner.h"
#include "interface/media.h"

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
		.zh = api_wants_zh(q->accept_language),
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
