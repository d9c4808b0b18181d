/*
 * book_journey: the chapters that a journey needs, and the records that show it
 * (docs/format/bundle.md, "Journey"). What verify/journey.c walks over to see that nothing is
 * missing is walked here to load it; the two share no code, and tests hold them equal.
 */
#include "proof/book.h"

static const struct span always = {{INT64_MIN, INT64_MAX}, {INT64_MIN, INT64_MAX}};

/* ---- times ---- */

static enum err spans_add(struct book *b, struct spans *l, struct span x, bool *grown, struct err_text *t)
{
	TRY(book_work(b, l->n, t));
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

/* To be walked (again). */
static enum err chapter_wait(struct book *b, size_t s)
{
	struct chapter *c = &b->chapters[s];
	if (c->waiting)
		return ERR_OK;
	if (b->queued == b->queue_cap) {
		size_t cap = b->queue_cap ? 2 * b->queue_cap : 64;
		size_t *q = arena_alloc(b->arena, cap * sizeof *q);
		if (!q)
			return ERR_NOMEM;
		if (b->queued)
			memcpy(q, b->queue, b->queued * sizeof *q);
		b->queue = q;
		b->queue_cap = cap;
	}
	c->waiting = true;
	b->queue[b->queued++] = s;
	return ERR_OK;
}

static enum err belongs(struct book *b, size_t s, struct span x, bool origin, struct err_text *t)
{
	struct chapter *c = &b->chapters[s];
	bool grown = !c->reached;
	TRY(spans_add(b, &c->all, x, &grown, t));
	if (origin)
		TRY(spans_add(b, &c->origin, x, &grown, t));
	c->reached = true;
	return grown ? chapter_wait(b, s) : ERR_OK;
}

/* Events alone: marks, like other acts, happen when they are recorded. */
static bool is_event(const struct bundle_event *ev)
{
	return ev->kind == 1 && !ev->voided;
}

/* Wide enough for the events of a history from number `first` to `last` too. */
static enum err widen(struct book *b, size_t s, struct window *w, uint64_t first, uint64_t last,
		      struct err_text *t)
{
	const struct chapter *c = &b->chapters[s];
	if (last > c->n)
		last = c->n;
	TRY(book_work(b, last, t));
	for (uint64_t n = first; n >= 1 && n <= last; n++)
		if (is_event(&c->events[n - 1]))
			window_widen(w, c->events[n - 1].happened_ms);
	return ERR_OK;
}

/* ---- what a history says ---- */

/* Stays, and the records that show them. */
static enum err chapter_read(struct book *b, size_t s)
{
	struct chapter *c = &b->chapters[s];
	if (c->read)
		return ERR_OK;
	c->read = true;
	for (size_t i = 0; i < c->n; i++) {
		const struct bundle_event *ev = &c->events[i];
		unsigned action = ev->flags & SUMMARY_ACTION_MASK;
		if (is_event(ev) && ev->role == ROLE_CHILD &&
		    (action == 1 || action == 3 || (ev->flags & SUMMARY_UNNAMED)))
			c->shown[i] = true;
	}
	return stays_find(&c->stays, &c->n_stays, b->arena, c->moves, c->n_moves,
			  c->subject.kind == SUBJECT_LOT || c->subject.kind == SUBJECT_CLASS);
}

/* ---- containers ---- */

/* The container's number of the move that stands in event `event` of the chapter. */
static uint64_t move_number(const struct chapter *c, size_t event)
{
	size_t low = 0, high = c->n_moves;
	while (low + 1 < high) {
		size_t mid = low + (high - low) / 2;
		if (c->moves[mid].event <= event)
			low = mid;
		else
			high = mid;
	}
	return c->moves[low].number;
}

static enum err around(struct book *b, size_t s, size_t i, struct err_text *t)
{
	/* Loading may move the chapters: never keep a pointer into them across book_load. */
	struct stay *stay = &b->chapters[s].stays[i];
	size_t at;
	if (stay->contradicts) {
		uint64_t first = move_number(&b->chapters[s], stay->begin);
		uint64_t last = move_number(&b->chapters[s], stay->end);
		TRY(book_load(b, &at, stay->container, t));
		TRY(widen(b, at, &stay->at.in, first, last, t));
		stay->contradicts = false;
		if (!b->chapters[at].reached)
			TRY(chapter_wait(b, at));
		b->chapters[at].reached = true;
	}
	TRY(book_work(b, b->chapters[s].all.n, t));
	for (size_t k = 0; k < b->chapters[s].all.n; k++) {
		struct span x;
		if (!span_meet(&x, b->chapters[s].all.v[k], stay->at))
			continue;
		TRY(book_load(b, &at, stay->container, t));
		TRY(belongs(b, at, x, false, t));
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
		if (in->role != ROLE_INPUT || mode_is_claim(in->mode))
			continue;
		TRY(book_load(b, &at, in->id, t));
		TRY(widen(b, at, &x.in, 1, in->number, t));
		TRY(belongs(b, at, x, true, t));
	}
	return ERR_OK;
}

static enum err transformation(struct book *b, const struct record *r, struct err_text *t)
{
	for (size_t i = 0; i < r->n_subjects; i++) {
		size_t at;
		if (r->subjects[i].role != ROLE_ABOUT || mode_is_claim(r->subjects[i].mode))
			continue;
		TRY(book_load(b, &at, r->subjects[i].id, t));
		TRY(belongs(b, at, always, true, t));
	}
	return ERR_OK;
}

/* The names of the subjects outlive the record that is read: loading others reads more. */
static enum err subjects_keep(struct book *b, struct record *r)
{
	struct record_subject *own =
		arena_alloc(b->arena, (r->n_subjects + 1) * sizeof *own);
	if (!own)
		return ERR_NOMEM;
	size_t n = 0;
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *s = &r->subjects[i];
		if (s->role != ROLE_INPUT && s->role != ROLE_ABOUT)
			continue;
		own[n] = *s;
		own[n].id.p = arena_copy(b->arena, s->id.p, s->id.n);
		if (!own[n++].id.p)
			return ERR_NOMEM;
	}
	r->subjects = own;
	r->n_subjects = n;
	return ERR_OK;
}

static enum err made(struct book *b, size_t s, size_t i, struct err_text *t)
{
	struct chapter *c = &b->chapters[s];
	const struct bundle_event *ev = &c->events[i];
	int64_t used_ms = ev->happened_ms;
	bool hub = ev->role == ROLE_ABOUT;
	struct slice bytes;
	struct record r;
	if (!is_event(ev) || (ev->flags & SUMMARY_ERROR) || (ev->role != ROLE_OUTPUT && !hub))
		return ERR_OK;
	TRY(book_work(b, 1 + c->origin.n, t));
	if (!in_some(&c->origin, used_ms))
		return ERR_OK;
	c->shown[i] = true;
	if (!c->transforms[i])
		return ERR_OK;
	c->transforms[i] = false; /* what it leads to does not depend on how it was reached */
	TRY(book_record(b, &r, &bytes, c->index[i], t));
	TRY(subjects_keep(b, &r));
	TRY(inputs(b, &r, used_ms, t));
	return hub ? ERR_OK : transformation(b, &r, t);
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
	TRY(belongs(b, 0, always, true, t));
	while (b->walked < b->queued) {
		size_t s = b->queue[b->walked++];
		b->chapters[s].waiting = false;
		TRY(walk(b, s, t));
	}
	/* What was only looked at is not part of it. */
	size_t kept = 0;
	for (size_t s = 0; s < b->n; s++)
		if (b->chapters[s].reached)
			b->chapters[kept++] = b->chapters[s];
	b->n = kept;
	return ERR_OK;
}
