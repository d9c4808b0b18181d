/*
 * book_journey: the chapters that a journey needs, and the records that show it
 * (docs/format/bundle.md, "Journey"). What verify/journey.c walks over to see that nothing is
 * missing is walked here to load it; the two share no code, and tests hold them equal.
 */
#include "node/prove.h"

static const struct span always = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}};

/* ---- times ---- */

static enum err spans_add(struct book *b, struct spans *l, struct span x, bool *grown)
{
	for (size_t i = 0; i < l->n; i++)
		if (span_covers(l->v[i], x))
			return ERR_OK;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 2;
		struct span *v = arena_alloc(b->arena, cap * sizeof *v);
		if (!v)
			return ERR_NOMEM;
		if (l->n)
			memcpy(v, l->v, l->n * sizeof *v);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = x;
	*grown = true;
	return ERR_OK;
}

static bool in_some(const struct spans *l, int64_t happened_ms)
{
	for (size_t i = 0; i < l->n; i++)
		if (window_holds(l->v[i].in, happened_ms))
			return true;
	return false;
}

static enum err belongs(struct book *b, size_t s, struct span x, bool origin)
{
	struct chapter *c = &b->chapters[s];
	bool grown = !c->reached;
	TRY(spans_add(b, &c->all, x, &grown));
	if (origin)
		TRY(spans_add(b, &c->origin, x, &grown));
	c->reached = true;
	c->waiting = c->waiting || grown;
	return ERR_OK;
}

/* Wide enough for the events of a history from number `first` to `last` too. */
static void widen(const struct chapter *c, struct window *w, uint64_t first, uint64_t last)
{
	for (uint64_t n = first; n >= 1 && n <= last && n <= c->n; n++)
		if (c->acts[n - 1])
			window_widen(w, c->events[n - 1].happened_ms);
}

/* ---- what a history says ---- */

static const struct record_subject *entry_of(const struct record *r, enum subject_role role,
					     struct slice id)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (r->subjects[i].role == role && r->subjects[i].mode != MODE_CLAIM &&
		    slice_eq(r->subjects[i].id, id))
			return &r->subjects[i];
	return NULL;
}

/* Stays, and the records that show them. */
static enum err chapter_read(struct book *b, size_t s)
{
	struct chapter *c = &b->chapters[s];
	size_t n = 0;
	if (c->read)
		return ERR_OK;
	c->read = true;
	struct move *m = arena_alloc(b->arena, (c->n + 1) * sizeof *m);
	if (!m)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->n; i++) {
		const struct bundle_event *ev = &c->events[i];
		unsigned action = ev->flags & SUMMARY_ACTION_MASK;
		if (ev->kind != 1 || ev->role != ROLE_CHILD)
			continue;
		if (action == 1 || action == 3 || (ev->flags & SUMMARY_UNNAMED))
			c->shown[i] = true;
		struct record_subject rs = {.role = ROLE_CHILD};
		if (c->voids[i] || !move_of(&m[n], &c->records[i], &rs, c->acts[i]))
			continue;
		m[n].at_ms = ev->happened_ms;
		m[n].recorded_ms = ev->recorded_ms;
		m[n++].event = i;
	}
	chapter_show_errors(c);
	return stays_find(&c->stays, &c->n_stays, b->arena, m, n,
			  c->subject.kind == SUBJECT_LOT || c->subject.kind == SUBJECT_CLASS);
}

/* ---- containers ---- */

static enum err around(struct book *b, size_t s, size_t i, struct err_text *t)
{
	/* Loading may move the chapters: never keep a pointer into them across book_load. */
	struct stay *stay = &b->chapters[s].stays[i];
	size_t at;
	if (stay->contradicts) {
		const struct record *begin = &b->chapters[s].records[stay->begin];
		const struct record *end = &b->chapters[s].records[stay->end];
		TRY(book_load(b, &at, stay->container, t));
		const struct record_subject *first = entry_of(begin, ROLE_PARENT, stay->container);
		const struct record_subject *last = entry_of(end, ROLE_PARENT, stay->container);
		if (!first || !last)
			return err_set(t, ERR_CORRUPT, "a packing does not list its container");
		widen(&b->chapters[at], &stay->at.in, first->number, last->number);
		stay->contradicts = false;
		b->chapters[at].waiting = b->chapters[at].waiting || !b->chapters[at].reached;
		b->chapters[at].reached = true;
	}
	for (size_t k = 0; k < b->chapters[s].all.n; k++) {
		struct span x;
		if (!span_meet(&x, b->chapters[s].all.v[k], stay->at))
			continue;
		TRY(book_load(b, &at, stay->container, t));
		TRY(belongs(b, at, x, false));
	}
	return ERR_OK;
}

/* ---- origins ---- */

static enum err inputs(struct book *b, const struct record *r, int64_t used_ms, struct err_text *t)
{
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *in = &r->subjects[i];
		struct span x = {{INT64_MIN, used_ms + 1}, {INT64_MIN, r->time_ms + 1}};
		size_t at;
		if (in->role != ROLE_INPUT || in->mode == MODE_CLAIM)
			continue;
		TRY(book_load(b, &at, in->id, t));
		widen(&b->chapters[at], &x.in, 1, in->number);
		TRY(belongs(b, at, x, true));
	}
	return ERR_OK;
}

static enum err transformation(struct book *b, const struct record *r, struct err_text *t)
{
	for (size_t i = 0; i < r->n_subjects; i++) {
		size_t at;
		if (r->subjects[i].role != ROLE_ABOUT)
			continue;
		TRY(book_load(b, &at, r->subjects[i].id, t));
		if (b->chapters[at].subject.kind == SUBJECT_TRANSFORMATION)
			TRY(belongs(b, at, always, true));
	}
	return ERR_OK;
}

static enum err made(struct book *b, size_t s, size_t i, struct err_text *t)
{
	const struct chapter *c = &b->chapters[s];
	const struct bundle_event *ev = &c->events[i];
	const struct record *r = &c->records[i];
	const Argosy__V1__Event *e = c->acts[i];
	bool hub = ev->role == ROLE_ABOUT && c->subject.kind == SUBJECT_TRANSFORMATION;
	if (!e || e->error_declaration || (ev->role != ROLE_OUTPUT && !hub) ||
	    !in_some(&c->origin, ev->happened_ms))
		return ERR_OK;
	c->shown[i] = true;
	if (c->voids[i] || e->type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION)
		return ERR_OK;
	TRY(inputs(b, r, ev->happened_ms, t));
	return hub || !*e->transformation_id ? ERR_OK : transformation(b, r, t);
}

static enum err walk(struct book *b, size_t s, struct err_text *t)
{
	TRY(chapter_read(b, s));
	for (size_t i = 0; i < b->chapters[s].n_stays; i++)
		TRY(around(b, s, i, t));
	for (size_t i = 0; i < b->chapters[s].n; i++)
		TRY(made(b, s, i, t));
	return ERR_OK;
}

enum err book_journey(struct book *b, struct err_text *t)
{
	TRY(belongs(b, 0, always, true));
	for (bool again = true; again;) {
		again = false;
		for (size_t s = 0; s < b->n; s++) {
			if (!b->chapters[s].waiting)
				continue;
			b->chapters[s].waiting = false;
			again = true;
			TRY(walk(b, s, t));
		}
	}
	/* What was only looked at is not part of it. */
	size_t kept = 0;
	for (size_t s = 0; s < b->n; s++)
		if (b->chapters[s].reached)
			b->chapters[kept++] = b->chapters[s];
	b->n = kept;
	return ERR_OK;
}
