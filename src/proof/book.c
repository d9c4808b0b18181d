/*
 * book: histories read back out of the log, for proofs.
 *
 * The state says how many records a subject has and which is the last; each record
 * says which was before. Summaries follow from the records; what they hash to must
 * be the head that the state holds, or the store is damaged. One pass is made over each
 * history, whatever it holds, and all that is read is counted (book_work).
 */
#include "proof/book.h"

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

/* ---- work ---- */

enum err book_work(struct book *b, uint64_t steps, struct err_text *t)
{
	b->work += steps;
	return b->work <= BOOK_WORK_MAX
		       ? ERR_OK
		       : err_set(t, ERR_LIMIT,
				 "the histories that belong to this proof are longer, or more densely "
				 "woven, than a proof may read");
}

enum err book_bytes(struct book *b, struct slice *bytes, uint64_t index, struct err_text *t)
{
	struct buf read = BUF_INIT;
	arena_reset(b->scratch);
	enum err e = ledger_read_record(b->ledger, &read, index);
	uint8_t *copy = e == ERR_OK ? arena_copy(b->scratch, read.p, read.n) : NULL;
	*bytes = slice(copy, read.n);
	if (e == ERR_OK && !copy)
		e = ERR_NOMEM;
	buf_fini(&read);
	if (e != ERR_OK)
		return err_set(t, e, "record %llu of the log: %s", (unsigned long long)index, err_str(e));
	return book_work(b, 1 + bytes->n / 64, t);
}

enum err book_record(struct book *b, struct record *r, struct slice *bytes, uint64_t index,
		     struct err_text *t)
{
	TRY(book_bytes(b, bytes, index, t));
	enum err e = record_decode(r, b->scratch, *bytes);
	return e == ERR_OK ? ERR_OK
			   : err_set(t, e, "record %llu of the log: %s", (unsigned long long)index,
				     err_str(e));
}

/* ---- one event ---- */

/* The entry of this subject's history in a record. */
static const struct record_subject *entry_of(const struct record *r, struct slice id, uint64_t number)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (!mode_is_claim(r->subjects[i].mode) && r->subjects[i].number == number &&
		    slice_eq(r->subjects[i].id, id))
			return &r->subjects[i];
	return NULL;
}

/* Kept; mostly the same word as in the event before. */
static enum err keep(struct book *b, struct slice *out, struct slice s, struct slice last)
{
	*out = last;
	if (slice_eq(s, last))
		return ERR_OK;
	uint8_t *p = arena_copy(b->arena, s.p, s.n);
	*out = slice(p, s.n);
	return p || s.n == 0 ? ERR_OK : ERR_NOMEM;
}

static enum err move_keep(struct book *b, struct chapter *c, const struct move *m)
{
	if (c->n_moves == c->cap_moves) {
		size_t cap = c->cap_moves ? 2 * c->cap_moves : 4;
		struct move *v = arena_alloc(b->arena, cap * sizeof *v);
		if (!v)
			return ERR_NOMEM;
		if (c->n_moves)
			memcpy(v, c->moves, c->n_moves * sizeof *v);
		c->moves = v;
		c->cap_moves = cap;
	}
	struct move *to = &c->moves[c->n_moves++];
	*to = *m;
	return keep(b, &to->container, m->container, slice(NULL, 0));
}

/* What the record does with this thing: moves it, or makes it from others. */
static enum err effect_load(struct book *b, struct chapter *c, size_t i, const struct record *r,
			    const struct record_subject *rs, const Argosy__V1__Event *e)
{
	struct move m = {.at_ms = c->events[i].happened_ms,
			 .recorded_ms = c->events[i].recorded_ms,
			 .event = i,
			 .void_ms = INT64_MAX};
	bool hub = rs->role == ROLE_ABOUT;
	if (!e || e->error_declaration || mode_is_void(rs->mode))
		return ERR_OK;
	c->transforms[i] = e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION &&
			   (rs->role == ROLE_OUTPUT || hub);
	return move_of(&m, r, rs, e) ? move_keep(b, c, &m) : ERR_OK;
}

static enum err event_load(struct book *b, struct chapter *c, size_t i, uint64_t *at1, struct err_text *t)
{
	struct bundle_event *ev = &c->events[i];
	const struct bundle_event *last = i + 1 < c->n ? ev + 1 : NULL;
	const Argosy__V1__Action *act;
	struct slice bytes;
	struct record r;
	struct summary s;
	c->index[i] = *at1 - 1;
	TRY(book_record(b, &r, &bytes, c->index[i], t));
	const struct record_subject *rs = entry_of(&r, c->id, i + 1);
	if (!rs || rs->prev1 >= *at1)
		return err_set(t, ERR_CORRUPT, "record %llu of the log is not part of this history",
			       (unsigned long long)c->index[i]);
	TRY(record_summary(&s, b->scratch, &r, rs, c->subject.flags, &act));
	mlog_leaf_hash(&ev->digest, bytes);
	ev->kind = s.kind;
	ev->flags = s.flags;
	ev->role = s.role;
	ev->happened_ms = s.happened_ms;
	ev->recorded_ms = s.recorded_ms;
	ev->voided = s.voided;
	TRY(keep(b, &ev->step, s.step, last ? last->step : slice(NULL, 0)));
	TRY(keep(b, &ev->where, s.where, last ? last->where : slice(NULL, 0)));
	TRY(keep(b, &ev->who, s.who, last ? last->who : slice(NULL, 0)));
	*at1 = rs->prev1;
	return effect_load(b, c, i, &r, rs, r.kind == 1 ? act->event : NULL);
}

static enum err head_check(const struct chapter *c, struct err_text *t)
{
	struct hash head = {{0}};
	struct buf line = BUF_INIT;
	for (size_t i = 0; i < c->n; i++) {
		const struct bundle_event *ev = &c->events[i];
		struct summary s = {ev->kind, ev->flags, ev->role, ev->happened_ms, ev->recorded_ms,
				    ev->step, ev->where, ev->who, ev->voided};
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

/* ---- one history ---- */

/* Moves were met from the newest back; when each was declared in error, the marks say. */
static enum err moves_finish(struct book *b, struct chapter *c)
{
	int64_t *void_ms = c->n_moves ? arena_alloc(b->arena, c->n * sizeof *void_ms) : NULL;
	if (c->n_moves == 0)
		return ERR_OK;
	if (!void_ms)
		return ERR_NOMEM;
	for (size_t i = 0; i < c->n; i++)
		void_ms[i] = INT64_MAX;
	for (size_t i = 0; i < c->n; i++)
		if (c->events[i].voided && c->events[i].voided <= i)
			void_ms[c->events[i].voided - 1] = c->events[i].recorded_ms;
	for (size_t i = 0, j = c->n_moves - 1; i < j; i++, j--) {
		struct move m = c->moves[i];
		c->moves[i] = c->moves[j];
		c->moves[j] = m;
	}
	for (size_t i = 0; i < c->n_moves; i++)
		c->moves[i].void_ms = void_ms[c->moves[i].event];
	return ERR_OK;
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
	c->index = arena_alloc(b->arena, (c->n + 1) * sizeof *c->index);
	c->transforms = arena_alloc(b->arena, c->n + 1);
	c->shown = arena_alloc(b->arena, c->n + 1);
	if (!c->events || !c->index || !c->transforms || !c->shown)
		return ERR_NOMEM;
	uint64_t at1 = c->subject.last1;
	for (size_t i = c->n; i > 0; i--) {
		if (at1 == 0)
			return err_set(t, ERR_CORRUPT, "the history of %.*s breaks off", (int)c->id.n,
				       (const char *)c->id.p);
		TRY(event_load(b, c, i - 1, &at1, t));
	}
	TRY(moves_finish(b, c));
	return head_check(c, t);
}

/* ---- all of them ---- */

static size_t *place_of(const struct book *b, struct slice id)
{
	uint64_t h = id.n;
	for (size_t i = 0; i < id.n; i++)
		h = (h ^ id.p[i]) * 0x100000001b3u;
	h = (h ^ h >> 32) * 0x9e3779b97f4a7c15u;
	size_t at = (size_t)(h >> 32) & (b->n_places - 1);
	while (b->places[at] && !slice_eq(b->chapters[b->places[at] - 1].id, id))
		at = (at + 1) & (b->n_places - 1);
	return &b->places[at];
}

/* Room for one chapter more. Places are found by hash, never walked. */
static enum err book_grow(struct book *b)
{
	if (b->n == b->cap) {
		size_t cap = b->cap ? b->cap * 2 : 16;
		struct chapter *more = realloc(b->chapters, cap * sizeof *more);
		if (!more)
			return ERR_NOMEM;
		b->chapters = more;
		b->cap = cap;
	}
	if (b->n_places >= 2 * (b->n + 1))
		return ERR_OK;
	b->n_places = b->n_places ? 4 * b->n_places : 64;
	b->places = arena_alloc(b->arena, b->n_places * sizeof *b->places);
	if (!b->places)
		return ERR_NOMEM;
	for (size_t i = 0; i < b->n; i++)
		*place_of(b, b->chapters[i].id) = i + 1;
	return ERR_OK;
}

void book_clear(struct book *b)
{
	b->n = b->n_places = b->queued = b->walked = 0;
	b->work = 0;
}

enum err book_load(struct book *b, size_t *at, struct slice id, struct err_text *t)
{
	TRY(book_work(b, 1, t));
	TRY(book_grow(b));
	size_t *place = place_of(b, id);
	if (*place) {
		*at = *place - 1;
		return ERR_OK;
	}
	if (b->n == BOOK_SUBJECTS_MAX)
		return err_set(t, ERR_LIMIT, "the journey has more than %d subjects", BOOK_SUBJECTS_MAX);
	struct chapter *c = &b->chapters[b->n];
	*c = (struct chapter){0};
	uint8_t *copy = arena_copy(b->arena, id.p, id.n);
	if (!copy)
		return ERR_NOMEM;
	c->id = slice(copy, id.n);
	TRY(value_get(b, &c->value, c->id));
	TRY(chapter_load(b, c, t));
	*at = b->n++;
	*place = b->n;
	return ERR_OK;
}
