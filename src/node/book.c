/*
 * book: histories read back out of the log, for proofs.
 *
 * The state says how many records a subject has and which is the last; each record
 * says which was before. Summaries follow from the records; what they hash to must
 * be the head that the state holds, or the store is damaged.
 */
#include "node/prove.h"

#include <stdlib.h>

static enum err value_get(struct book *b, struct slice *value, struct slice id)
{
	struct buf key = BUF_INIT, out = BUF_INIT;
	bool found = false;
	buf_put_str(&key, "s/");
	buf_put_slice(&key, id);
	enum err e = buf_err(&key);
	if (e == ERR_OK)
		e = ledger_get(b->ledger, &found, &out, buf_slice(&key));
	*value = slice(NULL, 0);
	if (e == ERR_OK && found) {
		uint8_t *p = arena_copy(b->arena, out.p, out.n);
		*value = slice(p, out.n);
		e = p ? ERR_OK : ERR_NOMEM;
	}
	buf_fini(&key);
	buf_fini(&out);
	return e;
}

/* The entry of this subject's history in a record. */
static const struct record_subject *entry_of(const struct record *r, struct slice id, uint64_t number)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (r->subjects[i].mode != MODE_CLAIM && r->subjects[i].number == number &&
		    slice_eq(r->subjects[i].id, id))
			return &r->subjects[i];
	return NULL;
}

static enum err event_load(struct book *b, struct chapter *c, size_t i, uint64_t index, uint64_t *prev1,
			   struct err_text *t)
{
	struct buf bytes = BUF_INIT;
	struct record *r = &c->records[i];
	struct bundle_event *ev = &c->events[i];
	struct summary s;
	enum err e = ledger_read_record(b->ledger, &bytes, index);
	uint8_t *copy = e == ERR_OK ? arena_copy(b->arena, bytes.p, bytes.n) : NULL;
	c->record_bytes[i] = slice(copy, bytes.n);
	if (e == ERR_OK && !copy)
		e = ERR_NOMEM;
	buf_fini(&bytes);
	if (e == ERR_OK)
		e = record_decode(r, b->arena, c->record_bytes[i]);
	if (e != ERR_OK)
		return err_set(t, e, "record %llu of the log: %s", (unsigned long long)index, err_str(e));
	const struct record_subject *rs = entry_of(r, c->id, i + 1);
	if (!rs)
		return err_set(t, ERR_CORRUPT, "record %llu of the log is not part of this history",
			       (unsigned long long)index);
	TRY(record_summary(&s, b->arena, r, rs, c->subject.flags, NULL));
	mlog_leaf_hash(&ev->digest, c->record_bytes[i]);
	ev->kind = s.kind;
	ev->flags = s.flags;
	ev->role = s.role;
	ev->happened_ms = s.happened_ms;
	ev->recorded_ms = s.recorded_ms;
	ev->step = s.step;
	ev->where = s.where;
	ev->who = s.who;
	*prev1 = rs->prev1;
	return ERR_OK;
}

static enum err head_check(const struct chapter *c, struct err_text *t)
{
	struct hash head = {{0}};
	struct buf line = BUF_INIT;
	for (size_t i = 0; i < c->n; i++) {
		const struct bundle_event *ev = &c->events[i];
		struct summary s = {ev->kind, ev->flags, ev->role, ev->happened_ms, ev->recorded_ms,
				    ev->step, ev->where, ev->who};
		buf_clear(&line);
		summary_encode(&line, &s);
		history_advance(&head, false, &ev->digest, buf_slice(&line));
	}
	enum err e = buf_err(&line);
	buf_fini(&line);
	if (e == ERR_OK && !hash_eq(&head, &c->subject.head))
		e = err_set(t, ERR_CORRUPT, "the history of %.*s does not give the head that the state holds",
			    (int)c->id.n, (const char *)c->id.p);
	return e;
}

static enum err chapter_load(struct book *b, struct chapter *c, struct err_text *t)
{
	if (c->value.n == 0)
		return ERR_OK;
	if (!subject_decode(&c->subject, c->value))
		return err_set(t, ERR_CORRUPT, "the state's record of %.*s is damaged", (int)c->id.n,
			       (const char *)c->id.p);
	if (c->subject.count > BOOK_EVENTS_MAX)
		return err_set(t, ERR_LIMIT, "%.*s has more than %d events", (int)c->id.n,
			       (const char *)c->id.p, BOOK_EVENTS_MAX);
	c->n = (size_t)c->subject.count;
	c->events = arena_alloc(b->arena, (c->n + 1) * sizeof *c->events);
	c->records = arena_alloc(b->arena, (c->n + 1) * sizeof *c->records);
	c->record_bytes = arena_alloc(b->arena, (c->n + 1) * sizeof *c->record_bytes);
	c->shown = arena_alloc(b->arena, c->n + 1);
	if (!c->events || !c->records || !c->record_bytes || !c->shown)
		return ERR_NOMEM;
	uint64_t at1 = c->subject.last1;
	for (size_t i = c->n; i > 0; i--) {
		if (at1 == 0)
			return err_set(t, ERR_CORRUPT, "the history of %.*s breaks off", (int)c->id.n,
				       (const char *)c->id.p);
		TRY(event_load(b, c, i - 1, at1 - 1, &at1, t));
	}
	return head_check(c, t);
}

enum err book_load(struct book *b, size_t *at, struct slice id, struct err_text *t)
{
	for (size_t i = 0; i < b->n; i++) {
		if (slice_eq(b->chapters[i].id, id)) {
			*at = i;
			return ERR_OK;
		}
	}
	if (b->n == BOOK_SUBJECTS_MAX)
		return err_set(t, ERR_LIMIT, "the journey has more than %d subjects", BOOK_SUBJECTS_MAX);
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 16;
		struct chapter *more = realloc(b->chapters, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		b->chapters = more;
		b->cap = cap;
	}
	struct chapter *c = &b->chapters[b->n];
	*c = (struct chapter){0};
	uint8_t *copy = arena_copy(b->arena, id.p, id.n);
	if (!copy)
		return ERR_NOMEM;
	c->id = slice(copy, id.n);
	TRY(value_get(b, &c->value, c->id));
	TRY(chapter_load(b, c, t));
	*at = b->n++;
	return ERR_OK;
}

/* ---- the journey ---- */

/* Events first..last of chapter s belong to it (docs/format/bundle.md). A span only grows;
 * a chapter whose span grew is walked again. */
static void span(struct book *b, size_t s, uint64_t first, uint64_t last, bool origin)
{
	struct chapter *c = &b->chapters[s];
	if (last > c->n)
		last = c->n;
	bool grown = !c->reached || first < c->first || last > c->last || (origin && !c->origin);
	if (!c->reached || first < c->first)
		c->first = first;
	if (!c->reached || last > c->last)
		c->last = last;
	c->origin = c->origin || origin;
	c->reached = true;
	c->waiting = c->waiting || grown;
}

static enum err inputs(struct book *b, const struct record *r, struct err_text *t)
{
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *in = &r->subjects[i];
		size_t at;
		if (in->role != ROLE_INPUT || in->mode == MODE_CLAIM)
			continue;
		TRY(book_load(b, &at, in->id, t));
		span(b, at, 1, in->number, true);
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
			span(b, at, 1, UINT64_MAX, true);
		else if (at == b->n - 1 && !b->chapters[at].reached)
			b->n--; /* looked at, and not part of it */
	}
	return ERR_OK;
}

struct stay {
	size_t container; /* SIZE_MAX: in none */
	uint64_t since;
};

static void leave(struct book *b, struct stay *in, uint64_t until, bool counts)
{
	if (in->container != SIZE_MAX && counts)
		span(b, in->container, in->since, until, false);
	in->container = SIZE_MAX;
}

/* The subject was put into or taken out of something by this record. */
static enum err moved(struct book *b, size_t s, uint64_t number, bool add, struct stay *in,
		      struct err_text *t)
{
	/* Loading may move the chapters: never keep a pointer into them across book_load. */
	const struct record *r = &b->chapters[s].records[number - 1];
	bool counts = number >= b->chapters[s].first;
	struct stay into = {SIZE_MAX, 0};
	for (size_t i = 0; i < r->n_subjects; i++) {
		const struct record_subject *p = &r->subjects[i];
		size_t at;
		if (p->role != ROLE_PARENT || p->mode == MODE_CLAIM)
			continue;
		if (in->container != SIZE_MAX && slice_eq(b->chapters[in->container].id, p->id))
			leave(b, in, p->number, counts);
		if (!add || p->mode != MODE_HISTORY)
			continue;
		TRY(book_load(b, &at, p->id, t));
		into = (struct stay){at, p->number};
	}
	if (!add || into.container != SIZE_MAX)
		leave(b, in, UINT64_MAX, counts);
	if (into.container != SIZE_MAX)
		*in = into;
	return ERR_OK;
}

static enum err walk_event(struct book *b, size_t s, uint64_t number, struct stay *in,
			   struct err_text *t)
{
	const struct chapter *c = &b->chapters[s];
	const struct bundle_event *ev = &c->events[number - 1];
	const struct record *r = &c->records[number - 1];
	unsigned action = ev->flags & SUMMARY_ACTION_MASK;
	bool event = ev->kind == 1, in_span = number >= c->first;
	bool made = c->origin && in_span && event && ev->role == ROLE_OUTPUT;
	bool of_transformation = c->origin && in_span && event && ev->role == ROLE_ABOUT &&
				 c->subject.kind == SUBJECT_TRANSFORMATION;
	bool moves = event && ev->role == ROLE_CHILD &&
		     (action == 1 || action == 3 || (ev->flags & SUMMARY_UNNAMED));
	if (!made && !of_transformation && !moves)
		return ERR_OK;
	c->shown[number - 1] = true;
	if (moves)
		TRY(moved(b, s, number, action == 1, in, t));
	if (made || of_transformation)
		TRY(inputs(b, r, t));
	return made ? transformation(b, r, t) : ERR_OK;
}

enum err book_journey(struct book *b, struct err_text *t)
{
	span(b, 0, 1, UINT64_MAX, true);
	for (bool again = true; again;) {
		again = false;
		for (size_t s = 0; s < b->n; s++) {
			if (!b->chapters[s].waiting)
				continue;
			struct stay in = {SIZE_MAX, 0};
			b->chapters[s].waiting = false;
			again = true;
			for (uint64_t n = 1; n <= b->chapters[s].last; n++)
				TRY(walk_event(b, s, n, &in, t));
			leave(b, &in, UINT64_MAX, true);
		}
	}
	/* A container that was met only outside of the span is not part of it. */
	size_t kept = 0;
	for (size_t s = 0; s < b->n; s++)
		if (b->chapters[s].reached)
			b->chapters[kept++] = b->chapters[s];
	b->n = kept;
	return ERR_OK;
}
