/*
 * Subjects: what the state holds of one, its trace, its proof.
 */
#include "interface/api_inner.h"

#include "data/gs1.h"
#include "trade/subject.h"
#include "trade/trace.h"
#include "trade/trace_json.h"

#include <stdio.h>

static const char *kind_name(enum subject_kind kind)
{
	switch (kind) {
	case SUBJECT_ITEM:
		return "item";
	case SUBJECT_LOT:
		return "lot";
	case SUBJECT_CLASS:
		return "class";
	case SUBJECT_UNIT:
		return "logistic_unit";
	case SUBJECT_ASSET:
		return "asset";
	case SUBJECT_SHIPMENT:
		return "shipment";
	case SUBJECT_ORDER:
		return "order";
	case SUBJECT_TRANSFORMATION:
		return "transformation";
	case SUBJECT_DOCUMENT:
		return "document";
	case SUBJECT_OTHER:
		return "other";
	}
	return "unknown";
}

/* Takes "/trace" or "/bundle" off the end of what follows /v1/items/. */
static bool cut_tail(struct slice *s, const char *tail)
{
	size_t n = strlen(tail);
	if (s->n < n || memcmp(s->p + s->n - n, tail, n) != 0)
		return false;
	s->n -= n;
	return true;
}

static void item_write(struct api_call *c, struct slice id)
{
	struct buf key = BUF_INIT, value = BUF_INIT;
	struct subject s;
	struct err_text t = {""};
	bool found = false;
	buf_put_str(&key, "s/");
	buf_put_slice(&key, id);
	enum err e = buf_err(&key);
	if (e == ERR_OK)
		e = ledger_get(c->ledger, &found, &value, buf_slice(&key));
	if (e == ERR_OK && !found)
		e = err_set(&t, ERR_NOTFOUND, "nothing is recorded about %.*s", (int)id.n,
			    (const char *)id.p);
	if (e == ERR_OK && !subject_decode(&s, buf_slice(&value)))
		e = ERR_CORRUPT;
	if (e == ERR_OK) {
		struct jsonw w = api_json(c);
		jsonw_object(&w, NULL);
		jsonw_text(&w, "id", id);
		jsonw_str(&w, "kind", kind_name(s.kind));
		jsonw_u64(&w, "events", s.count);
		jsonw_hash(&w, "head", &s.head);
		if (s.last1)
			jsonw_u64(&w, "last_index", s.last1 - 1);
		jsonw_u64(&w, "claims", s.claims);
		if (s.claims)
			jsonw_hash(&w, "claims_head", &s.claims_head);
		jsonw_bool(&w, "taken_in", (s.flags & SUBJECT_TAKEN_IN) != 0);
		jsonw_bool(&w, "decommissioned", (s.flags & SUBJECT_DECOMMISSIONED) != 0);
		jsonw_text(&w, "owner", s.owner);
		jsonw_text(&w, "holder", s.holder);
		jsonw_text(&w, "offered_to", s.offered_to);
		jsonw_text(&w, "container", s.container);
		jsonw_u64(&w, "children", s.children);
		jsonw_object_end(&w);
		buf_put_u8(w.out, '\n');
	}
	buf_fini(&key);
	buf_fini(&value);
	if (e != ERR_OK)
		api_fault(c, e, &t);
}

static void item_trace(struct api_call *c, struct slice id)
{
	static const struct {
		const char *word;
		enum trace_direction direction;
	} words[] = {
		{"self", TRACE_SELF},
		{"up", TRACE_UP},
		{"down", TRACE_DOWN},
		{"whole", TRACE_WHOLE},
	};
	bool found, claims;
	struct slice word = api_param(c, "direction", &found);
	(void)api_param(c, "claims", &claims);
	struct trace_options o = {.direction = TRACE_SELF, .claims = claims};
	bool known = !found;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (found && slice_eq_str(word, words[i].word)) {
			o.direction = words[i].direction;
			known = true;
		}
	}
	if (!known) {
		api_refuse(c, 400, "bad_request", "?direction",
			   "direction is self, up, down or whole");
		return;
	}
	struct trace *t = NULL;
	struct err_text et = {""};
	enum err e = trace_run(&t, c->ledger, id, &o, &et);
	if (e == ERR_OK)
		e = trace_json(&c->out->body, c->ledger, t);
	trace_free(t);
	if (e != ERR_OK)
		api_fault(c, e, &et);
	else
		c->out->content_type = "application/json";
}

static void item_bundle(struct api_call *c, struct slice id)
{
	bool found;
	struct slice journey = api_param(c, "journey", &found);
	struct node_prove_options o = {
		.journey = found && (journey.n == 0 || slice_eq_str(journey, "1")),
	};
	(void)api_param(c, "absence", &o.absence);
	if (!api_param_number(c, &o.since_log_size, "since", 0, 0, UINT64_MAX))
		return;
	struct err_text t = {""};
	enum err e = node_prove(c->node, &c->out->body, id, &o, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
	else
		c->out->content_type = "application/octet-stream";
}

void api_item(struct api_call *c)
{
	bool found, trace = false, bundle = false;
	struct slice id, rest = c->rest;
	struct gs1_id canonical;
	struct err_text t = {""};
	struct slice by_query = api_param(c, "id", &found);
	if (found) {
		trace = slice_eq_str(rest, "trace");
		bundle = slice_eq_str(rest, "bundle");
		id = by_query;
	} else {
		trace = cut_tail(&rest, "/trace");
		bundle = !trace && cut_tail(&rest, "/bundle");
		if (!api_percent_decode(c->arena, &id, rest)) {
			api_refuse(c, 400, "bad_request", NULL, "the identifier is badly encoded");
			return;
		}
	}
	if (id.n == 0 || id.n > SUBJECT_ID_MAX || !utf8_valid(id)) {
		api_refuse(c, 400, "bad_request", "?id",
			   "name an identifier of at most %d bytes in the path or with ?id=",
			   SUBJECT_ID_MAX);
		return;
	}
	/* URN, Digital Link, canonical text, element string and bare number name the same thing. */
	if (gs1_typed(&canonical, &t, id, GS1_ASKED_THING) != ERR_OK) {
		api_refuse(c, 422, "invalid", "?id", "%s", t.text);
		return;
	}
	id = slice_str(canonical.canon);
	if (trace)
		item_trace(c, id);
	else if (bundle)
		item_bundle(c, id);
	else
		item_write(c, id);
}
