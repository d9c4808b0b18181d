/*
 * How it works. Two caches live as long as one trace: *recs*, log records decoded
 * once (one may stand in a thousand histories), and *chains*, the histories of the
 * subjects met, walked back once by the links in the records.
 *
 * A node is a subject and a time. Nodes are expanded in the order in which they are
 * found: of the subject's history, sorted by time once, the records within that time
 * become events of the trace, and what they lead to becomes nodes; so do the containers
 * that the subject was in, for the time that is both the stay's and the node's. Whatever
 * was recorded late counts where it happened, so a history is always read as a whole:
 * what bounds the work is the length of the histories met, and WORK_MAX.
 */
#include "trade/trace.h"

#include "crypto/sha256.h"
#include "data/gs1.h"
#include "ledger/ledger.h"
#include "ledger/member.h"
#include "trade/keys.h"
#include "trade/prepared.h"
#include "trade/trade.h"

#include <stdio.h>
#include <stdlib.h>

enum { NODES_MAX = 10000, EVENTS_MAX = 100000 };
/* Records and subjects looked at, all in all: a small closure may be woven densely. To read
 * a record out of the log takes as long as to look at many. */
enum { WORK_MAX = 20000000, READ_WORK = 20 };
/* Records are kept as long as the trace: so many bytes of them. */
#define BYTES_MAX ((size_t)128 << 20)
/* From so many subjects on a record gets an order to search in. */
enum { SEARCH_MIN = 16 };

struct rec {
	uint64_t index;
	struct record r;
	const Argosy__V1__Action *action;
	struct summary base;
	const struct record_subject **order; /* by id, and claims last; NULL: not made */
	int64_t void_ms; /* when it was declared in error; INT64_MAX: it was not */
	bool disowned;
	bool taken; /* is an event of the trace */
};

struct link {
	struct rec *rec;
	const struct record_subject *rs;
	uint64_t voids_index1; /* of a void mark: log index + 1 of what it voids; 0: not read */
};

/* What a subject says, oldest first. */
struct chain {
	struct slice id;
	struct subject subject;
	bool known;
	struct link *history, *claims; /* NULL until walked; oldest record first */
	size_t n_history, n_claims;
	const struct link *timed; /* the history, what happened first first; NULL until needed */
	const struct link **acts; /* other acts than events, as recorded; NULL: none */
	size_t n_acts;
	struct stay *stays;	  /* NULL until needed, or if there are none */
	size_t n_stays;
	bool stays_found;
	size_t last_node; /* newest node of this subject, + 1 */
};

enum { GO_UP = 1, GO_DOWN = 2, GO_AROUND = 4 /* containers */ };

/* What trace_node does not show. */
struct plan {
	struct chain *chain;
	unsigned go;
	size_t before; /* node of the same subject before this one, + 1 */
};

struct signer {
	uint8_t key[32];
	uint64_t disowned_height;
};

struct walk {
	struct trace *t;
	struct ledger *l;
	struct arena *a;
	struct err_text *why;
	size_t nodes_max, events_max, cap_nodes, cap_events;
	size_t work, bytes;
	bool claims;
	struct plan *plans;
	/* Open addressing, powers of two. */
	struct rec **recs;
	struct chain **chains;
	size_t n_recs, cap_recs, n_chains, cap_chains;
	struct signer *signers;
	size_t n_signers, cap_signers;
	struct buf buf;
};

/* ---- caches ---- */

static uint64_t mix(uint64_t h)
{
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 29;
}

static uint64_t id_mix(struct slice id)
{
	uint64_t h = id.n;
	for (size_t i = 0; i < id.n; i++)
		h = (h ^ id.p[i]) * 0x100000001b3u;
	return mix(h);
}

static enum err recs_grow(struct walk *w)
{
	size_t cap = w->cap_recs ? w->cap_recs * 2 : 128;
	struct rec **t = arena_alloc(w->a, cap * sizeof *t);
	if (!t)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->cap_recs; i++) {
		if (!w->recs[i])
			continue;
		size_t at = mix(w->recs[i]->index) & (cap - 1);
		while (t[at])
			at = (at + 1) & (cap - 1);
		t[at] = w->recs[i];
	}
	w->recs = t;
	w->cap_recs = cap;
	return ERR_OK;
}

static enum err chains_grow(struct walk *w)
{
	size_t cap = w->cap_chains ? w->cap_chains * 2 : 64;
	struct chain **t = arena_alloc(w->a, cap * sizeof *t);
	if (!t)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->cap_chains; i++) {
		if (!w->chains[i])
			continue;
		size_t at = id_mix(w->chains[i]->id) & (cap - 1);
		while (t[at])
			at = (at + 1) & (cap - 1);
		t[at] = w->chains[i];
	}
	w->chains = t;
	w->cap_chains = cap;
	return ERR_OK;
}

/* From which height on the key's acts are disowned; 0: none. */
static enum err signer_disowned(struct walk *w, uint64_t *height, const uint8_t key[static 32])
{
	size_t i = 0;
	while (i < w->n_signers && memcmp(w->signers[i].key, key, 32) != 0)
		i++;
	/* Of keys a member may have had any number. */
	w->work += i / 4;
	if (i < w->n_signers) {
		*height = w->signers[i].disowned_height;
		return ERR_OK;
	}
	if (w->n_signers == w->cap_signers) {
		size_t cap = w->cap_signers ? w->cap_signers * 2 : 16;
		struct signer *s = arena_alloc(w->a, cap * sizeof *s);
		if (!s)
			return ERR_NOMEM;
		if (w->n_signers)
			memcpy(s, w->signers, w->n_signers * sizeof *s);
		w->signers = s;
		w->cap_signers = cap;
	}
	struct state_key k;
	struct member_key mk;
	bool found;
	buf_clear(&w->buf);
	TRY(ledger_get(w->l, &found, &w->buf, key_make(&k, "k/", slice(key, 32))));
	if (!found || !member_key_decode(&mk, buf_slice(&w->buf)))
		return err_set(w->why, ERR_CORRUPT, "the key of a record is not in the state");
	struct signer *s = &w->signers[w->n_signers++];
	memcpy(s->key, key, 32);
	*height = s->disowned_height = mk.disowned_height;
	return ERR_OK;
}

/* One that declares in error what its member has not recorded here: void by itself. */
static bool self_void(const struct record *r, const Argosy__V1__Action *action)
{
	if (r->kind != ACT_EVENT || !action->event->error_declaration)
		return false;
	for (size_t i = 0; i < r->n_subjects; i++)
		if (mode_is_void(r->subjects[i].mode))
			return false;
	return true;
}

static enum err rec_get(struct walk *w, struct rec **out, uint64_t index)
{
	if (w->n_recs * 2 >= w->cap_recs)
		TRY(recs_grow(w));
	size_t at = mix(index) & (w->cap_recs - 1);
	for (; w->recs[at]; at = (at + 1) & (w->cap_recs - 1))
		if (w->recs[at]->index == index) {
			*out = w->recs[at];
			return ERR_OK;
		}
	struct rec *rec = arena_alloc(w->a, sizeof *rec);
	if (!rec)
		return ERR_NOMEM;
	buf_clear(&w->buf);
	TRY(ledger_read_record(w->l, &w->buf, index));
	w->bytes += w->buf.n;
	w->work += READ_WORK + w->buf.n / 64;
	const uint8_t *bytes = arena_copy(w->a, w->buf.p, w->buf.n);
	if (!bytes)
		return ERR_NOMEM;
	enum err e = record_decode(&rec->r, w->a, slice(bytes, w->buf.n));
	if (e == ERR_OK)
		e = record_open(&rec->base, &rec->action, w->a, &rec->r);
	if (e != ERR_OK)
		return err_set(w->why, e, "log record %llu: %s", (unsigned long long)index,
			       err_str(e));
	uint64_t disowned;
	TRY(signer_disowned(w, &disowned, rec->r.key));
	rec->disowned = disowned && rec->r.height >= disowned;
	rec->index = index;
	rec->void_ms = self_void(&rec->r, rec->action) ? rec->r.time_ms : INT64_MAX;
	w->recs[at] = rec;
	w->n_recs++;
	*out = rec;
	return ERR_OK;
}

static int by_id(const void *x, const void *y)
{
	const struct record_subject *a = *(const struct record_subject *const *)x;
	const struct record_subject *b = *(const struct record_subject *const *)y;
	int c = slice_cmp(a->id, b->id);
	return c ? c : (int)mode_is_claim(a->mode) - (int)mode_is_claim(b->mode);
}

/* The subject's line in the record, in its history or among its claims. */
static enum err rec_subject(struct walk *w, const struct record_subject **out, struct rec *rec,
			    struct slice id, bool claim)
{
	size_t n = rec->r.n_subjects;
	*out = NULL;
	if (n < SEARCH_MIN) {
		for (size_t i = 0; i < n && !*out; i++)
			if (mode_is_claim(rec->r.subjects[i].mode) == claim &&
			    slice_eq(rec->r.subjects[i].id, id))
				*out = &rec->r.subjects[i];
	} else {
		if (!rec->order) {
			rec->order = arena_alloc(w->a, n * sizeof *rec->order);
			if (!rec->order)
				return ERR_NOMEM;
			for (size_t i = 0; i < n; i++)
				rec->order[i] = &rec->r.subjects[i];
			qsort(rec->order, n, sizeof *rec->order, by_id);
		}
		struct record_subject key = {.id = id, .mode = claim ? MODE_CLAIM : MODE_HISTORY};
		const struct record_subject *kp = &key;
		const struct record_subject **hit =
			bsearch(&kp, rec->order, n, sizeof *rec->order, by_id);
		*out = hit ? *hit : NULL;
	}
	return *out ? ERR_OK
		    : err_set(w->why, ERR_CORRUPT,
			      "log record %llu does not hold a subject that links to it",
			      (unsigned long long)rec->index);
}

static enum err chain_get(struct walk *w, struct chain **out, struct slice id)
{
	if (w->n_chains * 2 >= w->cap_chains)
		TRY(chains_grow(w));
	size_t at = id_mix(id) & (w->cap_chains - 1);
	for (; w->chains[at]; at = (at + 1) & (w->cap_chains - 1))
		if (slice_eq(w->chains[at]->id, id)) {
			*out = w->chains[at];
			return ERR_OK;
		}
	struct state_key k;
	struct chain *c = arena_alloc(w->a, sizeof *c);
	if (!c)
		return ERR_NOMEM;
	buf_clear(&w->buf);
	TRY(ledger_get(w->l, &c->known, &w->buf, key_make(&k, "s/", id)));
	if (c->known) {
		const uint8_t *v = arena_copy(w->a, w->buf.p, w->buf.n);
		if (!v)
			return ERR_NOMEM;
		if (!subject_decode(&c->subject, slice(v, w->buf.n)))
			return err_set(w->why, ERR_CORRUPT, "a subject's entry is damaged");
	}
	c->id = id;
	w->chains[at] = c;
	w->n_chains++;
	*out = c;
	return ERR_OK;
}

/* Says in the trace what is missing from it; the first word counts. */
static enum err cut(struct walk *w, const char *fmt, ...)
{
	char text[700];
	if (w->t->truncated)
		return ERR_OK;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	w->t->truncated = true;
	w->t->cut = arena_str(w->a, slice_str(text));
	return w->t->cut ? ERR_OK : ERR_NOMEM;
}

/* ---- histories ---- */

static const event_t *event_of(const struct rec *rec)
{
	return rec->r.kind == ACT_EVENT ? rec->action->event : NULL;
}

/* What the chain's marks say is void; `l` holds its newest `n` of `all`. */
static void marks_apply(struct link *l, size_t n, uint64_t all)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t voided = l[i].rs->voided; /* 0: no mark */
		if (voided <= all - n)
			continue;
		struct rec *rec = l[voided - (all - n) - 1].rec;
		rec->void_ms = l[i].rec->base.recorded_ms;
		l[i].voids_index1 = rec->index + 1;
	}
}

/* No more records. */
static bool sated(const struct walk *w)
{
	return w->work > WORK_MAX || w->bytes > BYTES_MAX;
}

/* Back from the newest by the links; `n` records, so many the subject says. */
static enum err walk_back(struct walk *w, struct link **out, size_t *n_out, const struct chain *c,
			  bool claims)
{
	uint64_t n = claims ? c->subject.claims : c->subject.count;
	uint64_t at1 = claims ? c->subject.claims_last1 : c->subject.last1;
	size_t room = n < w->events_max ? (size_t)n : w->events_max, at = room;
	struct link *l = arena_alloc(w->a, (room + 1) * sizeof *l);
	if (!l)
		return ERR_NOMEM;
	while (at > 0 && !(sated(w) && at < room)) {
		struct link *x = &l[--at];
		if (at1 == 0)
			return err_set(w->why, ERR_CORRUPT, "a history ends before its first record");
		TRY(rec_get(w, &x->rec, at1 - 1));
		TRY(rec_subject(w, &x->rs, x->rec, c->id, claims));
		if (x->rs->prev1 >= at1)
			return err_set(w->why, ERR_CORRUPT, "a history's links do not go back");
		at1 = x->rs->prev1;
		w->work++;
	}
	*out = l + at;
	*n_out = room - at;
	if (*n_out < n)
		TRY(cut(w, "of %.*s only the newest %zu of %llu records were read", (int)c->id.n,
			(const char *)c->id.p, *n_out, (unsigned long long)n));
	marks_apply(*out, *n_out, n);
	return ERR_OK;
}

static enum err chain_walk(struct walk *w, struct chain *c, bool claims)
{
	if (!c->history)
		TRY(walk_back(w, &c->history, &c->n_history, c, false));
	if (claims && !c->claims)
		TRY(walk_back(w, &c->claims, &c->n_claims, c, true));
	return ERR_OK;
}

/* ---- what a record does to its subjects ---- */

/* Events change the world, but for declarations of error. */
static const event_t *effective(const struct rec *rec)
{
	const event_t *e = event_of(rec);
	return e && !e->error_declaration ? e : NULL;
}

/* Marks, like other acts than events, happen when they are recorded. */
static bool is_event(const struct link *l)
{
	return l->rec->r.kind == ACT_EVENT && !mode_is_void(l->rs->mode);
}

static bool contains(const event_t *e)
{
	return e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION ||
	       e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION;
}

/* ---- times ---- */

static int64_t happened(const struct link *l)
{
	return is_event(l) ? l->rec->base.happened_ms : l->rec->base.recorded_ms;
}

static int link_by_time(const void *x, const void *y)
{
	const struct link *a = x, *b = y;
	if (happened(a) != happened(b))
		return happened(a) < happened(b) ? -1 : 1;
	return a->rec->index < b->rec->index ? -1 : a->rec->index > b->rec->index;
}

/* The history in the order of time; in most it is that of recording. */
static enum err chain_sort(struct walk *w, struct chain *c)
{
	bool sorted = true;
	size_t n_acts = 0;
	if (c->timed)
		return ERR_OK;
	for (size_t i = 0; i < c->n_history; i++) {
		sorted = sorted && (!i || happened(&c->history[i - 1]) <= happened(&c->history[i]));
		n_acts += !is_event(&c->history[i]);
	}
	if (n_acts && !(c->acts = arena_alloc(w->a, n_acts * sizeof *c->acts)))
		return ERR_NOMEM;
	for (size_t i = 0; n_acts && i < c->n_history; i++)
		if (!is_event(&c->history[i]))
			c->acts[c->n_acts++] = &c->history[i];
	c->timed = c->history;
	if (sorted)
		return ERR_OK;
	struct link *l = arena_copy(w->a, c->history, c->n_history * sizeof *l);
	if (!l)
		return ERR_NOMEM;
	qsort(l, c->n_history, sizeof *l, link_by_time);
	c->timed = l;
	return ERR_OK;
}

/* Where in c->timed the time begins. */
static size_t timed_find(const struct chain *c, int64_t from_ms)
{
	size_t low = 0, high = c->n_history;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (happened(&c->timed[mid]) < from_ms)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Also when the events of that history in records from..to (log indexes) happened. */
static enum err widen(struct walk *w, struct window *in, struct slice id, uint64_t from, uint64_t to)
{
	struct chain *c;
	TRY(chain_get(w, &c, id));
	TRY(chain_walk(w, c, false));
	w->work += c->n_history;
	for (size_t i = 0; i < c->n_history; i++)
		if (c->history[i].rec->index >= from && c->history[i].rec->index <= to &&
		    is_event(&c->history[i]))
			window_widen(in, happened(&c->history[i]));
	return ERR_OK;
}

static enum err stays_get(struct walk *w, struct chain *c)
{
	size_t n = 0;
	if (c->stays_found)
		return ERR_OK;
	TRY(chain_walk(w, c, false));
	for (size_t i = 0; i < c->n_history; i++)
		n += c->history[i].rs->role == ROLE_CHILD;
	c->stays_found = true;
	w->work += c->n_history + 8 * n;
	if (n == 0)
		return ERR_OK;
	struct move *m = arena_alloc(w->a, n * sizeof *m);
	if (!m)
		return ERR_NOMEM;
	n = 0;
	for (size_t i = 0; i < c->n_history; i++) {
		const struct link *l = &c->history[i];
		if (!move_of(&m[n], &l->rec->r, l->rs, effective(l->rec)))
			continue;
		m[n].at_ms = happened(l);
		m[n].recorded_ms = l->rec->base.recorded_ms;
		m[n].void_ms = l->rec->void_ms;
		m[n++].event = i;
	}
	TRY(stays_find(&c->stays, &c->n_stays, w->a, m, n,
		       c->subject.kind == SUBJECT_LOT || c->subject.kind == SUBJECT_CLASS));
	for (size_t i = 0; i < c->n_stays; i++) {
		struct stay *s = &c->stays[i];
		if (s->contradicts)
			TRY(widen(w, &s->at.in, s->container, c->history[s->begin].rec->index,
				  c->history[s->end].rec->index));
	}
	return ERR_OK;
}

/* ---- nodes and events ---- */

/* No more nodes. */
static bool full(const struct walk *w)
{
	return w->t->n_nodes == w->nodes_max || sated(w);
}

static enum err full_say(struct walk *w)
{
	if (sated(w))
		return cut(w, "the histories met are longer than a trace may read; the first %zu subjects are shown",
			   w->t->n_nodes);
	return cut(w, "only the first %zu subjects are shown", w->t->n_nodes);
}

static enum err node_add(struct walk *w, struct slice id, size_t via, enum subject_role link,
			 struct span at, unsigned go)
{
	struct trace *t = w->t;
	struct chain *c;
	TRY(chain_get(w, &c, id));
	if (!c->known)
		return ERR_OK;
	for (size_t i = c->last_node; i; i = w->plans[i - 1].before) {
		const struct trace_node *n = &t->nodes[i - 1];
		w->work++;
		if (span_covers(n->at, at) && (go & ~w->plans[i - 1].go) == 0)
			return ERR_OK;
	}
	if (full(w))
		return full_say(w);
	if (t->n_nodes == w->cap_nodes) {
		size_t cap = w->cap_nodes ? w->cap_nodes * 2 : 16;
		struct trace_node *nodes = arena_alloc(w->a, cap * sizeof *nodes);
		struct plan *plans = arena_alloc(w->a, cap * sizeof *plans);
		if (!nodes || !plans)
			return ERR_NOMEM;
		if (t->n_nodes) {
			memcpy(nodes, t->nodes, t->n_nodes * sizeof *nodes);
			memcpy(plans, w->plans, t->n_nodes * sizeof *plans);
		}
		t->nodes = nodes;
		w->plans = plans;
		w->cap_nodes = cap;
	}
	w->plans[t->n_nodes] = (struct plan){c, go, c->last_node};
	t->nodes[t->n_nodes++] = (struct trace_node){
		.id = c->id,
		.subject = c->subject,
		.via = via,
		.link = link,
		.at = at,
		.depth = via == SIZE_MAX ? 0 : t->nodes[via].depth + 1,
	};
	c->last_node = t->n_nodes;
	return ERR_OK;
}

static enum err event_add(struct walk *w, size_t node, const struct link *l)
{
	struct trace *t = w->t;
	w->work++;
	if (l->rec->taken)
		return ERR_OK;
	if (t->n_events == w->events_max)
		return cut(w, "only the first %zu events met are shown", t->n_events);
	if (t->n_events == w->cap_events) {
		size_t cap = w->cap_events ? w->cap_events * 2 : 32;
		struct trace_event *e = arena_alloc(w->a, cap * sizeof *e);
		if (!e)
			return ERR_NOMEM;
		if (t->n_events)
			memcpy(e, t->events, t->n_events * sizeof *e);
		t->events = e;
		w->cap_events = cap;
	}
	l->rec->taken = true;
	t->events[t->n_events++] = (struct trace_event){
		.index = l->rec->index,
		.node = node,
		.record = l->rec->r,
		.action = l->rec->action,
		.summary = record_summary_for(&l->rec->base, l->rs, t->nodes[node].subject.flags),
		.mode = l->rs->mode,
		.voids = l->rs->voided,
		.voids_index1 = l->voids_index1,
		.disowned = l->rec->disowned,
	};
	return ERR_OK;
}

static const struct span ALWAYS = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}};

/* What a record made something from: until then. Recorded until then counts in any case,
 * whatever its time: clocks differ, and no origin may be lost by that. */
static enum err inputs_add(struct walk *w, size_t node, const struct rec *rec, unsigned go)
{
	for (size_t i = 0; i < rec->r.n_subjects && !full(w); i++) {
		struct span at = {{INT64_MIN, rec->base.happened_ms + 1},
				  {INT64_MIN, rec->base.recorded_ms + 1}};
		if (rec->r.subjects[i].role != ROLE_INPUT)
			continue;
		TRY(widen(w, &at.in, rec->r.subjects[i].id, 0, rec->index));
		TRY(node_add(w, rec->r.subjects[i].id, node, ROLE_INPUT, at, go));
	}
	w->work += rec->r.n_subjects;
	return full(w) ? full_say(w) : ERR_OK;
}

/* And what it made: from then on. */
static enum err outputs_add(struct walk *w, size_t node, const struct rec *rec, unsigned go)
{
	for (size_t i = 0; i < rec->r.n_subjects && !full(w); i++) {
		struct span at = {{rec->base.happened_ms, INT64_MAX},
				  {rec->base.recorded_ms, INT64_MAX}};
		if (rec->r.subjects[i].role != ROLE_OUTPUT)
			continue;
		TRY(widen(w, &at.in, rec->r.subjects[i].id, rec->index, UINT64_MAX));
		TRY(node_add(w, rec->r.subjects[i].id, node, ROLE_OUTPUT, at, go));
	}
	w->work += rec->r.n_subjects;
	return full(w) ? full_say(w) : ERR_OK;
}

/* A transformation told in parts: what one part used, another part made. */
static enum err transformation_add(struct walk *w, size_t node, const struct rec *rec, unsigned go)
{
	const event_t *e = effective(rec);
	if (!*e->transformation_id)
		return ERR_OK;
	for (size_t i = 0; i < rec->r.n_subjects; i++)
		if (rec->r.subjects[i].role == ROLE_ABOUT && !mode_is_claim(rec->r.subjects[i].mode))
			TRY(node_add(w, rec->r.subjects[i].id, node, ROLE_ABOUT, ALWAYS, go));
	return ERR_OK;
}

/* What one record within the node's time leads to. */
static enum err follow(struct walk *w, size_t node, const struct link *l)
{
	const struct rec *rec = l->rec;
	const event_t *e = effective(rec);
	unsigned go = w->plans[node].go;
	bool hub = l->rs->role == ROLE_ABOUT;
	if (!e || e->type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION)
		return ERR_OK;
	if ((go & GO_UP) && (hub || l->rs->role == ROLE_OUTPUT)) {
		TRY(inputs_add(w, node, rec, GO_UP | GO_AROUND));
		TRY(transformation_add(w, node, rec, GO_UP));
	}
	if ((go & GO_DOWN) && (hub || l->rs->role == ROLE_INPUT)) {
		TRY(outputs_add(w, node, rec, GO_DOWN | GO_AROUND));
		TRY(transformation_add(w, node, rec, GO_DOWN));
	}
	return ERR_OK;
}

/* The containers that it was in, for the time that lies in the node's. */
static enum err around_add(struct walk *w, size_t node, struct chain *c)
{
	if (!(w->plans[node].go & GO_AROUND))
		return ERR_OK;
	TRY(stays_get(w, c));
	w->work += c->n_stays;
	for (size_t i = 0; i < c->n_stays; i++) {
		size_t before = w->t->n_nodes;
		struct span at;
		if (!span_meet(&at, c->stays[i].at, w->t->nodes[node].at))
			continue;
		TRY(node_add(w, c->stays[i].container, node, ROLE_PARENT, at, GO_AROUND));
		if (w->t->n_nodes > before)
			w->t->nodes[before].contradicts = c->stays[i].contradicts;
	}
	return ERR_OK;
}

/* What one packing put into it, for the time that it was there, in the node's. */
static enum err held_by(struct walk *w, size_t node, const struct chain *c, const struct rec *rec)
{
	w->work += rec->r.n_subjects;
	for (size_t i = 0; i < rec->r.n_subjects && !full(w); i++) {
		const struct record_subject *s = &rec->r.subjects[i];
		struct chain *child;
		struct span at;
		if (s->role != ROLE_CHILD || mode_is_claim(s->mode))
			continue;
		TRY(chain_get(w, &child, s->id));
		TRY(stays_get(w, child));
		w->work += child->n_stays;
		for (size_t k = 0; k < child->n_stays; k++)
			if (slice_eq(child->stays[k].container, c->id) &&
			    span_meet(&at, child->stays[k].at, w->t->nodes[node].at))
				TRY(node_add(w, s->id, node, ROLE_CHILD, at, GO_DOWN | GO_AROUND));
	}
	return full(w) ? full_say(w) : ERR_OK;
}

/* What was put in before the node's time may be inside still: each packing counts. */
static enum err held_add(struct walk *w, size_t node, const struct chain *c)
{
	if (!(w->plans[node].go & GO_DOWN))
		return ERR_OK;
	for (size_t i = 0; i < c->n_history && !full(w); i++) {
		const struct link *l = &c->history[i];
		const event_t *e = effective(l->rec);
		if (e && contains(e) && l->rs->role == ROLE_PARENT && l->rs->mode == MODE_HISTORY &&
		    e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD)
			TRY(held_by(w, node, c, l->rec));
	}
	return ERR_OK;
}

static bool inside(struct span at, const struct link *l)
{
	return window_holds(at.in, happened(l)) ||
	       (!is_event(l) && window_holds(at.recorded, l->rec->base.recorded_ms));
}

static enum err expand_claims(struct walk *w, size_t node, const struct chain *c)
{
	struct span at = w->t->nodes[node].at;
	for (size_t i = 0; i < c->n_claims; i++) {
		const struct link *l = &c->claims[i];
		bool used = (w->plans[node].go & GO_DOWN) && l->rs->role == ROLE_INPUT;
		if (!inside(at, l))
			continue;
		if (w->claims || used)
			TRY(event_add(w, node, l));
		if (used)
			TRY(follow(w, node, l));
	}
	return ERR_OK;
}

static enum err expand(struct walk *w, size_t node)
{
	struct chain *c = w->plans[node].chain;
	struct span at = w->t->nodes[node].at;
	bool claims = w->claims || (w->plans[node].go & GO_DOWN);
	TRY(chain_walk(w, c, claims));
	TRY(chain_sort(w, c));
	w->work += c->n_claims + c->n_acts + 1;
	for (size_t i = timed_find(c, at.in.from_ms); i < c->n_history; i++) {
		const struct link *l = &c->timed[i];
		if (!window_holds(at.in, happened(l)))
			break;
		w->work++;
		TRY(event_add(w, node, l));
		TRY(follow(w, node, l));
	}
	for (size_t i = 0; i < c->n_acts; i++)
		if (inside(at, c->acts[i]))
			TRY(event_add(w, node, c->acts[i]));
	TRY(around_add(w, node, c));
	TRY(held_add(w, node, c));
	return claims ? expand_claims(w, node, c) : ERR_OK;
}

/* ---- the whole ---- */

static int by_time(const void *x, const void *y)
{
	const struct trace_event *a = x, *b = y;
	if (a->summary.happened_ms != b->summary.happened_ms)
		return a->summary.happened_ms < b->summary.happened_ms ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static enum err trace(struct walk *w, struct slice id, unsigned go)
{
	TRY(node_add(w, id, SIZE_MAX, ROLE_WHAT, ALWAYS, go));
	if (w->t->n_nodes == 0)
		return err_set(w->why, ERR_NOTFOUND, "nothing is recorded of %.*s", (int)id.n,
			       (const char *)id.p);
	for (size_t i = 0; i < w->t->n_nodes && !sated(w); i++)
		TRY(expand(w, i));
	/* A later chain may have shown that an event is void. */
	for (size_t i = 0; i < w->t->n_events; i++) {
		struct rec *rec;
		TRY(rec_get(w, &rec, w->t->events[i].index));
		w->t->events[i].voided = rec->void_ms != INT64_MAX && w->t->events[i].voids == 0;
	}
	if (w->t->n_events)
		qsort(w->t->events, w->t->n_events, sizeof *w->t->events, by_time);
	return ERR_OK;
}

static unsigned directions(enum trace_direction d)
{
	switch (d) {
	case TRACE_SELF:
		return 0;
	case TRACE_UP:
		return GO_UP | GO_AROUND;
	case TRACE_DOWN:
		return GO_DOWN | GO_AROUND;
	case TRACE_WHOLE:
		break;
	}
	return GO_UP | GO_DOWN | GO_AROUND;
}

enum err trace_run(struct trace **out, struct ledger *l, struct slice subject_id,
		   const struct trace_options *o, struct err_text *t)
{
	struct gs1_id id;
	struct ledger_head head;
	TRY(gs1_parse(&id, t, subject_id));
	if (id.canon_len == 0 || id.canon_len > SUBJECT_ID_MAX)
		return err_set(t, ERR_FORMAT, "an identifier has 1 to 480 bytes");
	struct arena *a = arena_new(0);
	struct trace *trc = a ? arena_alloc(a, sizeof *trc) : NULL;
	char *canon = trc ? arena_strn(a, id.canon, id.canon_len) : NULL;
	if (!canon) {
		arena_free(a);
		return ERR_NOMEM;
	}
	ledger_head(l, &head);
	trc->arena = a;
	trc->height = (uint64_t)head.height;
	trc->cut = "";
	struct walk w = {
		.t = trc,
		.l = l,
		.a = a,
		.why = t,
		.nodes_max = o->nodes_max ? o->nodes_max : NODES_MAX,
		.events_max = o->events_max ? o->events_max : EVENTS_MAX,
		.claims = o->claims,
		.buf = BUF_INIT,
	};
	enum err e = trace(&w, slice(canon, id.canon_len), directions(o->direction));
	buf_fini(&w.buf);
	if (e != ERR_OK) {
		arena_free(a);
		return e;
	}
	*out = trc;
	return ERR_OK;
}

void trace_free(struct trace *t)
{
	if (t)
		arena_free(t->arena);
}
