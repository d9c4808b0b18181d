/*
 * One walk finds the stays of moves in a given order: being put in begins a stay (and of a
 * thing, which is in one place, ends any other), being taken out ends the one in that
 * container. It is done twice: in the order of time, which counts; and in that of
 * recording, which tells to which packing an unpacking was recorded that by time finds the
 * thing elsewhere. Such times contradict:
 *
 *   the unpacking before the packing    the two are one stay that contradicts
 *   else                                from the one to the other it was there as well
 */
#include "trade/stays.h"

#include "trade/prepared.h"

#include <stdlib.h>

static const struct record_subject *parent_of(const struct record *r)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (r->subjects[i].role == ROLE_PARENT && r->subjects[i].mode == MODE_HISTORY)
			return &r->subjects[i];
	return NULL;
}

static bool contains(const event_t *e)
{
	return e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION ||
	       e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION;
}

bool move_of(struct move *m, const struct record *r, const struct record_subject *rs, const event_t *e)
{
	if (!e || e->error_declaration || rs->role != ROLE_CHILD || mode_is_claim(rs->mode) || !contains(e))
		return false;
	bool in = e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
	const struct record_subject *parent = parent_of(r);
	if (!parent || (!in && e->action != ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE))
		return false;
	m->into = in;
	m->container = parent->id;
	m->number = parent->number;
	return true;
}

static struct window meet(struct window a, struct window b)
{
	return (struct window){a.from_ms > b.from_ms ? a.from_ms : b.from_ms,
			       a.to_ms < b.to_ms ? a.to_ms : b.to_ms};
}

bool window_holds(struct window w, int64_t ms)
{
	return ms >= w.from_ms && ms < w.to_ms;
}

bool span_meet(struct span *out, struct span a, struct span b)
{
	out->in = meet(a.in, b.in);
	out->recorded = meet(a.recorded, b.recorded);
	return out->in.from_ms < out->in.to_ms;
}

static bool covers(struct window a, struct window b)
{
	return b.from_ms >= b.to_ms || (a.from_ms <= b.from_ms && b.to_ms <= a.to_ms);
}

bool span_covers(struct span a, struct span b)
{
	return covers(a.in, b.in) && covers(a.recorded, b.recorded);
}

void window_widen(struct window *w, int64_t ms)
{
	if (ms < w->from_ms)
		w->from_ms = ms;
	if (ms >= w->to_ms)
		w->to_ms = ms == INT64_MAX ? ms : ms + 1;
}

struct find {
	const struct move *m;
	size_t n;
	bool many;
	size_t *order;	 /* moves, as they are walked */
	size_t *partner; /* of each unpacking: the packing that it ended; SIZE_MAX: none */
	bool *dropped;	 /* moves that are not walked */
	struct stay *stays;
	size_t n_stays;
	struct stay *open; /* the stay without an end yet, or NULL */
};

static void end_open(struct find *f, size_t by)
{
	f->open->end = by;
	f->open->at.in.to_ms = f->m[by].at_ms;
	f->open = NULL;
}

static void walk_move(struct find *f, size_t i)
{
	const struct move *m = &f->m[i];
	bool here = f->open && slice_eq(f->open->container, m->container);
	if (!m->into) {
		f->partner[i] = here ? f->open->begin : SIZE_MAX;
		if (here)
			end_open(f, i);
		return;
	}
	if (here)
		return; /* seen again where it already is */
	if (f->open && !f->many)
		end_open(f, i);
	f->open = &f->stays[f->n_stays++];
	*f->open = (struct stay){
		.container = m->container, .at.in = {m->at_ms, INT64_MAX}, .begin = i, .end = SIZE_MAX};
}

static void walk(struct find *f)
{
	f->n_stays = 0;
	f->open = NULL;
	for (size_t k = 0; k < f->n; k++)
		if (!f->dropped[f->order[k]])
			walk_move(f, f->order[k]);
}

static bool in_order(const struct find *f, bool timed, size_t a, size_t b)
{
	const struct move *x = &f->m[a], *y = &f->m[b];
	/* What may be in many places is followed in one container after the other. */
	int c = f->many ? slice_cmp(x->container, y->container) : 0;
	return c ? c < 0 : !timed || x->at_ms <= y->at_ms;
}

/* The order of time, or else of recording; of equals that in which they are: a merge sort. */
static void sort(const struct find *f, bool timed, size_t *v, size_t *spare, size_t n)
{
	size_t half = n / 2, i = 0, j = half;
	if (n < 2)
		return;
	sort(f, timed, v, spare, half);
	sort(f, timed, v + half, spare, n - half);
	memcpy(spare, v, n * sizeof *v);
	for (size_t k = 0; k < n; k++)
		v[k] = j == n || (i < half && in_order(f, timed, spare[i], spare[j])) ? spare[i++]
										      : spare[j++];
}

/* Unpackings that by time ended nothing, but did when they were recorded. */
static void settle(struct find *f, const size_t *recorded)
{
	struct stay *more = f->stays + f->n;
	size_t n_more = 0;
	bool again = false;
	for (size_t i = 0; i < f->n; i++) {
		size_t a = recorded[i];
		if (f->m[i].into || a == SIZE_MAX || f->partner[i] != SIZE_MAX)
			continue;
		bool contradicts = f->m[i].at_ms < f->m[a].at_ms;
		struct window w = {f->m[a].at_ms, f->m[i].at_ms};
		if (contradicts) {
			w = (struct window){f->m[i].at_ms, f->m[a].at_ms + 1};
			f->dropped[a] = f->dropped[i] = again = true;
		}
		more[n_more++] = (struct stay){.container = f->m[i].container,
					       .at.in = w,
					       .begin = a,
					       .end = i,
					       .contradicts = contradicts};
	}
	if (again)
		walk(f);
	memmove(f->stays + f->n_stays, more, n_more * sizeof *more);
	f->n_stays += n_more;
}

/* Nothing of it counts after that moment. */
static void window_clip(struct window *w, int64_t last_ms)
{
	if (w->to_ms > last_ms)
		w->to_ms = last_ms + 1;
	if (w->to_ms < w->from_ms)
		w->to_ms = w->from_ms;
}

static void finish(struct stay *s, const struct move *moves)
{
	const struct move *b = &moves[s->begin], *e = s->end == SIZE_MAX ? NULL : &moves[s->end];
	s->at.recorded = (struct window){b->recorded_ms, e ? b->recorded_ms + 1 : INT64_MAX};
	if (e)
		window_widen(&s->at.recorded, e->recorded_ms);
	if (b->void_ms != INT64_MAX && (!e || e->into)) {
		window_clip(&s->at.in, b->void_ms);
		window_clip(&s->at.recorded, b->void_ms);
	}
	/* In and out at one instant: it has that instant. */
	if (s->at.in.to_ms == s->at.in.from_ms)
		window_widen(&s->at.in, s->at.in.from_ms);
	s->begin = b->event;
	s->end = e ? e->event : SIZE_MAX;
}

enum err stays_find(struct stay **out, size_t *n_out, struct arena *a, const struct move *moves,
		    size_t n, bool many)
{
	struct find f = {.m = moves, .n = n, .many = many};
	*out = NULL;
	*n_out = 0;
	if (n == 0)
		return ERR_OK;
	f.order = arena_alloc(a, n * sizeof *f.order);
	f.partner = arena_alloc(a, n * sizeof *f.partner);
	f.dropped = arena_alloc(a, n * sizeof *f.dropped);
	f.stays = arena_alloc(a, 2 * n * sizeof *f.stays);
	size_t *recorded = arena_alloc(a, n * sizeof *recorded);
	if (!f.order || !f.partner || !f.dropped || !f.stays || !recorded)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		f.order[i] = i;
		f.partner[i] = SIZE_MAX;
	}
	sort(&f, false, f.order, recorded, n);
	walk(&f);
	sort(&f, true, f.order, recorded, n);
	memcpy(recorded, f.partner, n * sizeof *recorded);
	walk(&f);
	settle(&f, recorded);
	for (size_t i = 0; i < f.n_stays; i++)
		finish(&f.stays[i], moves);
	*out = f.stays;
	*n_out = f.n_stays;
	return ERR_OK;
}
