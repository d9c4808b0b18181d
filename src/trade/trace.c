/*
 * How it works. Two caches live as long as one trace: *recs*, log records decoded
 * once (one may stand in a thousand histories), and *chains*, the histories of the
 * subjects met, walked back once by the links in the records.
 *
 * A node is a subject and a span of log indexes. Nodes are expanded in the
 * order in which they are found: the subject's history is gone through from its
 * first record on, so that it is known at each record in which container the
 * subject was; the records within the span become events of the trace, and what
 * they lead to becomes nodes.
 */
#include "trade/trace.h"

#include "crypto/sha256.h"
#include "data/gs1.h"
#include "ledger/ledger.h"
#include "ledger/member.h"
#include "trade/keys.h"
#include "trade/prepared.h"
#include "trade/trade.h"

#include <stdlib.h>

enum { NODES_MAX = 10000, EVENTS_MAX = 100000 };
/* Records and subjects looked at, all in all: a small closure may be woven densely. */
enum { WORK_MAX = 20000000 };
/* From so many subjects on a record gets an order to search in. */
enum { SEARCH_MIN = 16 };

struct rec {
	uint64_t index;
	struct record r;
	const Argosy__V1__Action *action;
	struct summary base;
	const struct record_subject **order; /* by id; NULL: not made */
	bool voided, disowned;
	bool taken; /* is an event of the trace */
};

struct link {
	struct rec *rec;
	const struct record_subject *rs;
};

/* What a subject says, oldest first. */
struct chain {
	struct slice id;
	struct subject subject;
	bool known;
	struct link *history, *claims; /* NULL until walked */
	size_t n_history, n_claims;
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
	size_t work;
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
	for (size_t i = 0; i < w->n_signers; i++)
		if (memcmp(w->signers[i].key, key, 32) == 0) {
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
	w->recs[at] = rec;
	w->n_recs++;
	*out = rec;
	return ERR_OK;
}

static int by_id(const void *x, const void *y)
{
	const struct record_subject *a = *(const struct record_subject *const *)x;
	const struct record_subject *b = *(const struct record_subject *const *)y;
	return slice_cmp(a->id, b->id);
}

/* The subject's line in the record. */
static enum err rec_subject(struct walk *w, const struct record_subject **out, struct rec *rec,
			    struct slice id)
{
	size_t n = rec->r.n_subjects;
	*out = NULL;
	if (n < SEARCH_MIN) {
		for (size_t i = 0; i < n && !*out; i++)
			if (slice_eq(rec->r.subjects[i].id, id))
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
		struct record_subject key = {.id = id};
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

/* ---- histories ---- */

static const event_t *event_of(const struct rec *rec)
{
	return rec->r.kind == ACT_EVENT ? rec->action->event : NULL;
}

/*
 * Marks what later records of the chain declare in error: the ledger puts a
 * declaration into every history in which the event stands, so the chain alone
 * tells. A declaration whose event is not here is void itself.
 */
static void mark_voided(struct link *l, size_t n)
{
	for (size_t i = n; i-- > 0;) {
		const event_t *d = event_of(l[i].rec);
		if (!d || !d->error_declaration)
			continue;
		bool found = false;
		for (size_t j = i; j-- > 0 && *d->event_id && !found;) {
			const event_t *e = event_of(l[j].rec);
			found = e && strcmp(e->event_id, d->event_id) == 0;
			if (found)
				l[j].rec->voided = true;
		}
		if (!found)
			l[i].rec->voided = true;
	}
}

/* Back from the newest by the links; `n` records, so many the subject says. */
static enum err walk_back(struct walk *w, struct link **out, size_t *n_out, const struct chain *c,
			  uint64_t n, uint64_t at1)
{
	size_t keep = n < w->events_max ? (size_t)n : w->events_max;
	struct link *l = arena_alloc(w->a, (keep + 1) * sizeof *l);
	if (!l)
		return ERR_NOMEM;
	if (keep < n)
		w->t->truncated = true;
	for (size_t i = keep; i-- > 0;) {
		if (at1 == 0)
			return err_set(w->why, ERR_CORRUPT, "a history ends before its first record");
		TRY(rec_get(w, &l[i].rec, at1 - 1));
		TRY(rec_subject(w, &l[i].rs, l[i].rec, c->id));
		if (l[i].rs->prev1 >= at1)
			return err_set(w->why, ERR_CORRUPT, "a history's links do not go back");
		at1 = l[i].rs->prev1;
	}
	mark_voided(l, keep);
	*out = l;
	*n_out = keep;
	return ERR_OK;
}

static enum err chain_walk(struct walk *w, struct chain *c, bool claims)
{
	if (!c->history)
		TRY(walk_back(w, &c->history, &c->n_history, c, c->subject.count, c->subject.last1));
	if (claims && !c->claims)
		TRY(walk_back(w, &c->claims, &c->n_claims, c, c->subject.claims,
			      c->subject.claims_last1));
	return ERR_OK;
}

/* ---- what a record does to its subjects ---- */

/* Events change the world, unless they are declared in error or declare so. */
static const event_t *effective(const struct rec *rec)
{
	const event_t *e = event_of(rec);
	return e && !rec->voided && !e->error_declaration ? e : NULL;
}

static bool contains(const event_t *e)
{
	return e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION ||
	       e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION;
}

/* The container that a packing or unpacking names. */
static struct slice parent_of(const struct rec *rec)
{
	for (size_t i = 0; i < rec->r.n_subjects; i++)
		if (rec->r.subjects[i].role == ROLE_PARENT &&
		    rec->r.subjects[i].mode == MODE_HISTORY)
			return rec->r.subjects[i].id;
	return slice(NULL, 0);
}

/* Where a thing is after a record of its history; *container is where it was before.
 * Some of a class or lot is in no one place. */
static bool moves(struct slice *container, const struct chain *c, const struct link *l)
{
	const event_t *e = effective(l->rec);
	if (!e || !contains(e) || l->rs->role != ROLE_CHILD || l->rs->mode == MODE_CLAIM ||
	    c->subject.kind == SUBJECT_CLASS || c->subject.kind == SUBJECT_LOT)
		return false;
	struct slice parent = parent_of(l->rec);
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD &&
	    !slice_eq(*container, parent)) {
		*container = parent;
		return true;
	}
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE &&
	    slice_eq(*container, parent)) {
		*container = slice(NULL, 0);
		return true;
	}
	return false;
}

/* ---- nodes and events ---- */

/* No more nodes: says so in the trace. */
static bool full(struct walk *w)
{
	bool is = w->t->n_nodes == w->nodes_max || w->work > WORK_MAX;
	if (is)
		w->t->truncated = true;
	return is;
}

static enum err node_add(struct walk *w, struct slice id, size_t via, enum subject_role link,
			 uint64_t from, uint64_t to, unsigned go)
{
	struct trace *t = w->t;
	struct chain *c;
	if (from > to)
		return ERR_OK;
	TRY(chain_get(w, &c, id));
	if (!c->known)
		return ERR_OK;
	for (size_t i = c->last_node; i; i = w->plans[i - 1].before) {
		const struct trace_node *n = &t->nodes[i - 1];
		if (n->from <= from && to <= n->to && (go & ~w->plans[i - 1].go) == 0)
			return ERR_OK;
	}
	if (full(w))
		return ERR_OK;
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
		.from = from,
		.to = to,
		.depth = via == SIZE_MAX ? 0 : t->nodes[via].depth + 1,
	};
	c->last_node = t->n_nodes;
	return ERR_OK;
}

static enum err event_add(struct walk *w, size_t node, const struct link *l)
{
	struct trace *t = w->t;
	if (l->rec->taken)
		return ERR_OK;
	if (t->n_events == w->events_max) {
		t->truncated = true;
		return ERR_OK;
	}
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
		.disowned = l->rec->disowned,
	};
	return ERR_OK;
}

static enum err others_in_role(struct walk *w, size_t node, const struct rec *rec,
			       enum subject_role role, uint64_t from, uint64_t to, unsigned go)
{
	w->work += rec->r.n_subjects;
	for (size_t i = 0; i < rec->r.n_subjects; i++)
		if (rec->r.subjects[i].role == role)
			TRY(node_add(w, rec->r.subjects[i].id, node, role, from, to, go));
	return ERR_OK;
}

/* A transformation told in parts: what one part used, another part made. */
static enum err transformation_add(struct walk *w, size_t node, const struct rec *rec, unsigned go)
{
	const event_t *e = effective(rec);
	if (!*e->transformation_id)
		return ERR_OK;
	for (size_t i = 0; i < rec->r.n_subjects; i++)
		if (rec->r.subjects[i].role == ROLE_ABOUT)
			TRY(node_add(w, rec->r.subjects[i].id, node, ROLE_ABOUT, 0, UINT64_MAX, go));
	return ERR_OK;
}

/* When the child left that container again, which it was put into at `index`. */
static enum err left_at(struct walk *w, uint64_t *at, struct slice child, struct slice container,
			uint64_t index)
{
	struct chain *c;
	struct slice in = container;
	*at = UINT64_MAX;
	TRY(chain_get(w, &c, child));
	if (!c->known)
		return ERR_OK;
	if (c->subject.kind == SUBJECT_CLASS || c->subject.kind == SUBJECT_LOT) {
		*at = index;
		return ERR_OK;
	}
	TRY(chain_walk(w, c, false));
	w->work += c->n_history;
	for (size_t i = 0; i < c->n_history; i++)
		if (c->history[i].rec->index > index && moves(&in, c, &c->history[i])) {
			*at = c->history[i].rec->index;
			break;
		}
	return ERR_OK;
}

static enum err held_add(struct walk *w, size_t node, const struct rec *rec, struct slice container,
			 uint64_t to)
{
	w->work += rec->r.n_subjects;
	for (size_t i = 0; i < rec->r.n_subjects && !full(w); i++) {
		const struct record_subject *s = &rec->r.subjects[i];
		uint64_t left;
		if (s->role != ROLE_CHILD || s->mode == MODE_CLAIM)
			continue;
		TRY(left_at(w, &left, s->id, container, rec->index));
		TRY(node_add(w, s->id, node, ROLE_CHILD, rec->index, left < to ? left : to,
			     GO_DOWN | GO_AROUND));
	}
	return ERR_OK;
}

/* What one record within the node's span leads to. */
static enum err follow(struct walk *w, size_t node, const struct link *l)
{
	const struct rec *rec = l->rec;
	const event_t *e = effective(rec);
	struct slice id = w->plans[node].chain->id;
	unsigned go = w->plans[node].go;
	uint64_t to = w->t->nodes[node].to;
	if (!e)
		return ERR_OK;
	if (e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION) {
		bool hub = l->rs->role == ROLE_ABOUT;
		if ((go & GO_UP) && (hub || l->rs->role == ROLE_OUTPUT)) {
			TRY(others_in_role(w, node, rec, ROLE_INPUT, 0, rec->index,
					   GO_UP | GO_AROUND));
			TRY(transformation_add(w, node, rec, GO_UP));
		}
		if ((go & GO_DOWN) && (hub || l->rs->role == ROLE_INPUT)) {
			TRY(others_in_role(w, node, rec, ROLE_OUTPUT, rec->index, UINT64_MAX,
					   GO_DOWN | GO_AROUND));
			TRY(transformation_add(w, node, rec, GO_DOWN));
		}
	}
	if ((go & GO_DOWN) && contains(e) && l->rs->role == ROLE_PARENT &&
	    l->rs->mode == MODE_HISTORY &&
	    e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD)
		return held_add(w, node, rec, id, to);
	return ERR_OK;
}

/* The container, for the part of from..to that lies in the node's span. */
static enum err around_add(struct walk *w, size_t node, struct slice container, uint64_t from,
			   uint64_t to)
{
	const struct trace_node *n = &w->t->nodes[node];
	if (container.n == 0 || !(w->plans[node].go & GO_AROUND))
		return ERR_OK;
	return node_add(w, container, node, ROLE_PARENT, from > n->from ? from : n->from,
			to < n->to ? to : n->to, GO_AROUND);
}

static enum err expand_claims(struct walk *w, size_t node, const struct chain *c)
{
	uint64_t from = w->t->nodes[node].from, to = w->t->nodes[node].to;
	for (size_t i = 0; i < c->n_claims; i++) {
		const struct link *l = &c->claims[i];
		bool used = (w->plans[node].go & GO_DOWN) && l->rs->role == ROLE_INPUT;
		if (l->rec->index < from || l->rec->index > to)
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
	uint64_t from = w->t->nodes[node].from, to = w->t->nodes[node].to, since = 0;
	bool claims = w->claims || (w->plans[node].go & GO_DOWN);
	struct slice in = {NULL, 0};
	TRY(chain_walk(w, c, claims));
	w->work += c->n_history + c->n_claims;
	for (size_t i = 0; i < c->n_history; i++) {
		const struct link *l = &c->history[i];
		struct slice before = in;
		if (l->rec->index > to)
			break;
		if (moves(&in, c, l)) {
			TRY(around_add(w, node, before, since, l->rec->index));
			since = l->rec->index;
		}
		if (l->rec->index < from)
			continue;
		TRY(event_add(w, node, l));
		TRY(follow(w, node, l));
	}
	TRY(around_add(w, node, in, since, UINT64_MAX));
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
	TRY(node_add(w, id, SIZE_MAX, ROLE_WHAT, 0, UINT64_MAX, go));
	if (w->t->n_nodes == 0)
		return err_set(w->why, ERR_NOTFOUND, "nothing is recorded of %.*s", (int)id.n,
			       (const char *)id.p);
	for (size_t i = 0; i < w->t->n_nodes && w->work <= WORK_MAX; i++)
		TRY(expand(w, i));
	/* A later chain may have shown that an event is void. */
	for (size_t i = 0; i < w->t->n_events; i++) {
		struct rec *rec;
		TRY(rec_get(w, &rec, w->t->events[i].index));
		w->t->events[i].voided = rec->voided;
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
