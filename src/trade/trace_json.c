#include "trade/trace_json.h"

#include "data/codes.h"
#include "data/epcis.h"
#include "data/gs1.h"
#include "data/json.h"
#include "ledger/ledger.h"
#include "ledger/member.h"
#include "trade/keys.h"
#include "trade/master.h"
#include "trade/prepared.h"
#include "trade/trade.h"

/* A name that was looked up; most traces know a handful. */
struct named {
	struct slice id, name;
};

struct writer {
	struct buf *out;
	struct ledger *l;
	struct arena *a;
	const struct trace *t;
	bool comma;
	struct named *names[2]; /* members, places */
	size_t n[2], cap[2];
};

/* ---- JSON ---- */

static void name(struct writer *w, const char *n)
{
	if (w->comma)
		buf_put_u8(w->out, ',');
	w->comma = true;
	if (n)
		buf_printf(w->out, "\"%s\":", n);
}

static void open(struct writer *w, const char *n, char bracket)
{
	name(w, n);
	buf_put_u8(w->out, (uint8_t)bracket);
	w->comma = false;
}

static void shut(struct writer *w, char bracket)
{
	buf_put_u8(w->out, (uint8_t)bracket);
	w->comma = true;
}

static void text(struct writer *w, const char *n, struct slice s)
{
	name(w, n);
	json_put_string(w->out, s);
}

static void word(struct writer *w, const char *n, const char *s)
{
	text(w, n, slice_str(s));
}

static void number(struct writer *w, const char *n, uint64_t v)
{
	name(w, n);
	buf_printf(w->out, "%llu", (unsigned long long)v);
}

static void truth(struct writer *w, const char *n, bool v)
{
	name(w, n);
	buf_put_str(w->out, v ? "true" : "false");
}

static void when(struct writer *w, const char *n, int64_t ms)
{
	char s[32];
	time_format(s, ms);
	word(w, n, s);
}

static void given(struct writer *w, const char *n, const char *s)
{
	if (s && *s)
		word(w, n, s);
}

/* ---- words ---- */

static const char *const kinds[] = {
	"unknown",  "item",  "lot",	       "class",	   "logistic_unit", "asset",
	"shipment", "order", "transformation", "document", "other",
};
static const char *const roles[] = {"unknown", "what", "parent", "child", "input", "output", "about"};
static const char *const modes[] = {"history", "claim", "history_unnamed", "void_mark",
				    "claim_void_mark"};
static const char *const actions[] = {NULL, "ADD", "OBSERVE", "DELETE"};

static const char *event_type(const event_t *e)
{
	switch (e->type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		return "ObjectEvent";
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
		return "AggregationEvent";
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
		return "TransactionEvent";
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		return "TransformationEvent";
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		return "AssociationEvent";
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
		return e->extended_type;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
	return "unknown";
}

/* ---- names of members and places ---- */

static enum err member_name(struct writer *w, struct slice *out, struct slice id)
{
	struct state_key k;
	struct buf v = BUF_INIT;
	struct member m;
	bool found;
	enum err e = ledger_get(w->l, &found, &v, key_make(&k, "m/", id));
	if (e == ERR_OK && found && member_decode(&m, buf_slice(&v))) {
		out->p = arena_copy(w->a, m.name.p, m.name.n);
		out->n = out->p ? m.name.n : 0;
	}
	buf_fini(&v);
	return e;
}

static enum err location_name(struct writer *w, struct slice *out, struct slice id)
{
	struct state_key k;
	struct buf v = BUF_INIT;
	struct master m;
	struct record r;
	struct summary unused;
	const Argosy__V1__Action *act = NULL;
	bool found;
	enum err e = ledger_get(w->l, &found, &v, key_make(&k, "l/", id));
	if (e != ERR_OK || !found || !master_decode(&m, 'L', buf_slice(&v)) || m.recorded1 == 0)
		goto out;
	buf_clear(&v);
	e = ledger_read_record(w->l, &v, m.recorded1 - 1);
	if (e == ERR_OK)
		e = record_decode(&r, w->a, buf_slice(&v));
	if (e == ERR_OK)
		e = record_open(&unused, &act, w->a, &r);
	if (e == ERR_OK && act->act_case == ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION)
		*out = slice_str(act->register_location->location->name); /* the arena's */
out:
	buf_fini(&v);
	return e;
}

/* Empty where there is none. */
static enum err name_of(struct writer *w, struct slice *out, struct slice id, bool is_place)
{
	unsigned s = is_place;
	*out = slice(NULL, 0);
	if (!w->l || id.n == 0 || id.n > SUBJECT_ID_MAX)
		return ERR_OK;
	for (size_t i = 0; i < w->n[s]; i++)
		if (slice_eq(w->names[s][i].id, id)) {
			*out = w->names[s][i].name;
			return ERR_OK;
		}
	TRY(is_place ? location_name(w, out, id) : member_name(w, out, id));
	if (w->n[s] == w->cap[s]) {
		size_t cap = w->cap[s] ? w->cap[s] * 2 : 16;
		struct named *more = arena_alloc(w->a, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		if (w->n[s])
			memcpy(more, w->names[s], w->n[s] * sizeof *more);
		w->names[s] = more;
		w->cap[s] = cap;
	}
	w->names[s][w->n[s]++] = (struct named){id, *out};
	return ERR_OK;
}

/* ---- nodes ---- */

static void node_write(struct writer *w, const struct trace_node *n)
{
	const struct subject *s = &n->subject;
	char hex[65];
	open(w, NULL, '{');
	text(w, "id", n->id);
	word(w, "kind", kinds[s->kind]);
	if (n->via != SIZE_MAX) {
		number(w, "via", n->via);
		word(w, "link", n->link == ROLE_PARENT ? "container" : roles[n->link]);
	}
	number(w, "depth", n->depth);
	if (n->at.in.from_ms != INT64_MIN)
		when(w, "from", n->at.in.from_ms);
	if (n->at.in.to_ms != INT64_MAX)
		when(w, "to", n->at.in.to_ms);
	if (n->contradicts)
		truth(w, "times_contradict", true);
	number(w, "events", s->count);
	number(w, "claims", s->claims);
	hex_encode(hex, s->head.b, 32);
	word(w, "head", hex);
	text(w, "owner", s->owner);
	text(w, "holder", s->holder);
	text(w, "offered_to", s->offered_to);
	text(w, "container", s->container);
	number(w, "children", s->children);
	truth(w, "taken_in", s->flags & SUBJECT_TAKEN_IN);
	truth(w, "decommissioned", s->flags & SUBJECT_DECOMMISSIONED);
	shut(w, '}');
}

/* ---- events ---- */

static void subjects_write(struct writer *w, const char *n, const struct record *r,
			   enum subject_role role)
{
	open(w, n, '[');
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *s = &r->subjects[i];
		/* Beside its mark a claim of the same subject may stand. */
		if (s->role == role && !(i && slice_eq(s->id, s[-1].id)))
			text(w, NULL, s->id);
	}
	shut(w, ']');
}

static void report_write(struct writer *w, const Argosy__V1__SensorMetadata *m,
			 const Argosy__V1__SensorReport *r)
{
	open(w, NULL, '{');
	word(w, "type", r->type);
	given(w, "value", r->value);
	given(w, "min", r->min_value);
	given(w, "max", r->max_value);
	given(w, "mean", r->mean_value);
	given(w, "uom", r->uom);
	given(w, "string_value", r->string_value);
	given(w, "boolean_value", r->boolean_value);
	given(w, "exception", r->exception);
	given(w, "component", r->component);
	given(w, "time", *r->time ? r->time : m ? m->time : NULL);
	given(w, "start_time", m ? m->start_time : NULL);
	given(w, "end_time", m ? m->end_time : NULL);
	given(w, "device", *r->device_id ? r->device_id : m ? m->device_id : NULL);
	shut(w, '}');
}

static void sensors_write(struct writer *w, const event_t *e)
{
	open(w, "sensor_readings", '[');
	for (size_t i = 0; e && i < e->n_sensor_element_list; i++) {
		const Argosy__V1__SensorElement *s = e->sensor_element_list[i];
		for (size_t j = 0; j < s->n_reports; j++)
			report_write(w, s->metadata, s->reports[j]);
	}
	shut(w, ']');
}

static void transactions_write(struct writer *w, const event_t *e)
{
	open(w, "business_transactions", '[');
	for (size_t i = 0; e && i < e->n_biz_transaction_list; i++) {
		open(w, NULL, '{');
		given(w, "type", e->biz_transaction_list[i]->type);
		word(w, "id", e->biz_transaction_list[i]->id);
		shut(w, '}');
	}
	shut(w, ']');
}

static enum err place_write(struct writer *w, const char *n, const Argosy__V1__Place *p)
{
	struct gs1_id id;
	if (!p) {
		word(w, n, "");
		return ERR_OK;
	}
	TRY(gs1_parse(&id, NULL, slice_str(p->id)));
	text(w, n, slice(id.canon, id.canon_len));
	return ERR_OK;
}

static enum err event_write(struct writer *w, const struct trace_event *ev)
{
	const struct record *r = &ev->record;
	const struct summary *s = &ev->summary;
	const event_t *e = r->kind == ACT_EVENT ? ev->action->event : NULL;
	const char *action = e && (unsigned)e->action < 4 ? actions[e->action] : NULL;
	struct slice who, where;
	char uri[EVENT_HASH_URI_MAX];
	TRY(name_of(w, &who, s->who, false));
	TRY(name_of(w, &where, s->where, true));
	open(w, NULL, '{');
	number(w, "index", ev->index);
	number(w, "height", r->height);
	number(w, "node", ev->node);
	text(w, "subject", w->t->nodes[ev->node].id);
	when(w, "recorded", s->recorded_ms);
	when(w, "happened", s->happened_ms);
	word(w, "act", act_name(r->kind));
	given(w, "type", e ? event_type(e) : NULL);
	given(w, "action", action);
	text(w, "step", s->step);
	word(w, "disposition", e ? e->disposition : "");
	text(w, "where", s->where);
	if (where.n)
		text(w, "where_name", where);
	TRY(place_write(w, "read_point", e ? e->read_point : NULL));
	TRY(place_write(w, "biz_location", e ? e->biz_location : NULL));
	text(w, "who", s->who);
	text(w, "who_name", who);
	word(w, "role", roles[s->role]);
	word(w, "mode", modes[ev->mode]);
	subjects_write(w, "what", r, ROLE_WHAT);
	subjects_write(w, "parent", r, ROLE_PARENT);
	subjects_write(w, "children", r, ROLE_CHILD);
	subjects_write(w, "inputs", r, ROLE_INPUT);
	subjects_write(w, "outputs", r, ROLE_OUTPUT);
	subjects_write(w, "about", r, ROLE_ABOUT);
	sensors_write(w, e);
	transactions_write(w, e);
	given(w, "event_id", e ? e->event_id : NULL);
	truth(w, "voided", ev->voided);
	truth(w, "declares_error", s->flags & SUMMARY_ERROR);
	truth(w, "disowned", ev->disowned);
	if (ev->voids)
		number(w, "voids", ev->voids);
	if (ev->voids_index1)
		number(w, "voids_index", ev->voids_index1 - 1);
	truth(w, "after_recording", s->happened_ms > s->recorded_ms);
	truth(w, "claim", mode_is_claim(ev->mode));
	truth(w, "taken_in", s->flags & SUMMARY_TAKEN_IN);
	truth(w, "unnamed", ev->mode == MODE_UNNAMED);
	if (e) {
		event_hash_uri(uri, &r->event_hash);
		word(w, "hash", uri);
	}
	shut(w, '}');
	return ERR_OK;
}

enum err trace_json(struct buf *out, struct ledger *l, const struct trace *t)
{
	struct writer w = {.out = out, .l = l, .t = t, .a = arena_new(0)};
	enum err e = w.a ? ERR_OK : ERR_NOMEM;
	if (e != ERR_OK)
		return e;
	open(&w, NULL, '{');
	text(&w, "subject", t->nodes[0].id);
	number(&w, "height", t->height);
	truth(&w, "truncated", t->truncated);
	given(&w, "cut", t->cut);
	open(&w, "nodes", '[');
	for (size_t i = 0; i < t->n_nodes; i++)
		node_write(&w, &t->nodes[i]);
	shut(&w, ']');
	open(&w, "events", '[');
	for (size_t i = 0; i < t->n_events && e == ERR_OK; i++)
		e = event_write(&w, &t->events[i]);
	shut(&w, ']');
	shut(&w, '}');
	arena_free(w.a);
	return e == ERR_OK ? buf_err(out) : e;
}
