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
	const Argosy__V1__Action *act;
	TRY(record_summary(&s, b->arena, r, rs, c->subject.flags, &act));
	c->acts[i] = act->act_case == ARGOSY__V1__ACTION__ACT_EVENT ? act->event : NULL;
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

/* The event that declaration `i` declares in error: the one before it of its eventID, as the
 * ledger has put it there. SIZE_MAX: it is not here. */
static size_t declared_by(const struct chapter *c, size_t i)
{
	const char *id = c->acts[i]->event_id;
	if (*id)
		for (size_t j = i; j-- > 0;)
			if (c->acts[j] && strcmp(c->acts[j]->event_id, id) == 0)
				return j;
	return SIZE_MAX;
}

static void mark_voids(struct chapter *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (!c->acts[i] || !c->acts[i]->error_declaration)
			continue;
		size_t j = declared_by(c, i);
		c->voids[j == SIZE_MAX ? i : j] = true;
	}
}

size_t chapter_show_errors(struct chapter *c)
{
	size_t n = 0;
	for (size_t i = 0; i < c->n; i++) {
		if (!c->acts[i] || !c->acts[i]->error_declaration)
			continue;
		size_t j = declared_by(c, i);
		c->shown[i] = true;
		if (j != SIZE_MAX)
			c->shown[j] = true;
		n++;
	}
	return n;
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
	c->acts = arena_alloc(b->arena, (c->n + 1) * sizeof(void *));
	c->voids = arena_alloc(b->arena, c->n + 1);
	if (!c->events || !c->records || !c->record_bytes || !c->shown || !c->acts || !c->voids)
		return ERR_NOMEM;
	uint64_t at1 = c->subject.last1;
	for (size_t i = c->n; i > 0; i--) {
		if (at1 == 0)
			return err_set(t, ERR_CORRUPT, "the history of %.*s breaks off", (int)c->id.n,
				       (const char *)c->id.p);
		TRY(event_load(b, c, i - 1, at1 - 1, &at1, t));
	}
	mark_voids(c);
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
