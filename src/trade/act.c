#include "trade/act.h"

#include "crypto/sha256.h"
#include "journal/mlog.h"

#include <stdio.h>

/* Room for the largest subject: four names, a container's id, numbers. */
enum { SUBJECT_BYTES_MAX = SUBJECT_ID_MAX + 4 * (MEMBER_ID_MAX + 1) + 200 };
/* Numbers and names of a summary beside step and where. */
enum { SUMMARY_FIXED_MAX = 3 + 20 + 10 + MEMBER_ID_MAX + 1 + 10 };
/* From this many lines on they are found through buckets. */
enum { LINEAR_MAX = 12 };

enum err act_refuse(struct act *a, enum verdict v, const char *field, struct slice what,
		    const char *why)
{
	char where[sizeof a->vt->field];
	int n = (int)(what.n < 120 ? what.n : 120);
	snprintf(where, sizeof where, "/actions/%u/%s%s", a->x->action_index,
		 act_name(a->p->kind), field);
	a->v = n ? verdict_set(a->vt, v, where, "%.*s%s: %s", n, (const char *)what.p,
			       what.n > (size_t)n ? "..." : "", why)
		 : verdict_set(a->vt, v, where, "%s", why);
	return ERR_OK;
}

enum err act_copy(struct act *a, struct slice *out, struct slice s)
{
	void *p = arena_copy(a->x->arena, s.p, s.n);
	*out = slice(p, s.n);
	return p ? ERR_OK : ERR_NOMEM;
}

/* ---- lines ---- */

/*
 * Seeded with the body's hash, which depends on the very identifiers: nobody
 * can choose many that fall into one bucket. Lines are never walked by bucket.
 */
static size_t bucket_of(const struct act *a, struct slice id)
{
	uint64_t h;
	memcpy(&h, a->tx->body_hash.b, sizeof h);
	for (size_t i = 0; i < id.n; i++) {
		h = (h ^ id.p[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (size_t)h & (a->n_buckets - 1);
}

static void bucket_put(struct act *a, size_t number)
{
	size_t *b = &a->buckets[bucket_of(a, a->lines[number]->id)];
	a->lines[number]->chain = *b;
	*b = number + 1;
}

static struct line *line_find(const struct act *a, struct slice id)
{
	if (a->n_buckets == 0) {
		for (size_t i = 0; i < a->n_lines; i++)
			if (slice_eq(a->lines[i]->id, id))
				return a->lines[i];
		return NULL;
	}
	for (size_t i = a->buckets[bucket_of(a, id)]; i; i = a->lines[i - 1]->chain)
		if (slice_eq(a->lines[i - 1]->id, id))
			return a->lines[i - 1];
	return NULL;
}

static enum err lines_grow(struct act *a)
{
	size_t cap = a->cap_lines ? a->cap_lines * 4 : LINEAR_MAX;
	struct line **lines = arena_alloc(a->x->arena, cap * sizeof *lines);
	if (!lines)
		return ERR_NOMEM;
	if (a->n_lines)
		memcpy(lines, a->lines, a->n_lines * sizeof *lines);
	a->lines = lines;
	a->cap_lines = cap;
	if (cap == LINEAR_MAX)
		return ERR_OK;
	for (a->n_buckets = 64; a->n_buckets < cap; a->n_buckets *= 2)
		;
	a->buckets = arena_alloc(a->x->arena, a->n_buckets * sizeof *a->buckets);
	if (!a->buckets)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->n_lines; i++)
		bucket_put(a, i);
	return ERR_OK;
}

enum err act_line(struct act *a, struct line **out, struct slice id)
{
	struct state_key k;
	struct slice v;
	bool found;
	*out = line_find(a, id);
	if (*out)
		return ERR_OK;
	if (a->n_lines == a->cap_lines)
		TRY(lines_grow(a));
	struct line *l = arena_alloc(a->x->arena, sizeof *l);
	if (!l)
		return ERR_NOMEM;
	if (!exec_touch(a->x, 1))
		TRY(act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0), "touches too many subjects"));
	TRY(exec_get(a->x, &found, &v, key_make(&k, "s/", id)));
	if (found && !subject_decode(&l->s, v))
		return ERR_CORRUPT;
	l->id = id;
	l->stored = found;
	a->lines[a->n_lines++] = l;
	if (a->n_buckets)
		bucket_put(a, a->n_lines - 1);
	*out = l;
	return ERR_OK;
}

void act_list(struct act *a, struct line *l, enum subject_role role, enum record_mode mode,
	      uint8_t flags)
{
	if (l->listed)
		return;
	l->listed = l->dirty = true;
	l->role = role;
	l->mode = mode;
	l->flags = (uint8_t)(flags | (mode == MODE_UNNAMED ? SUMMARY_UNNAMED : 0));
	a->n_listed++;
}

void act_mark(struct line *l, const struct record_subject *voided)
{
	l->voided = voided->number;
	l->void_mode = mode_is_claim(voided->mode) ? MODE_VOID_CLAIM : MODE_VOID;
	l->void_role = voided->role;
	l->dirty = true;
}

enum err act_holder(struct act *a, struct slice *holder, struct line **outermost, struct line *l)
{
	*holder = slice(NULL, 0);
	if (outermost)
		*outermost = NULL;
	for (unsigned depth = 0; l->s.container.n; depth++) {
		if (depth == SUBJECT_DEPTH_MAX)
			return ERR_OK;
		STEP(act_line(a, &l, l->s.container));
	}
	/* A class is nobody's to hold: its registered owner speaks for it. */
	*holder = l->s.kind == SUBJECT_CLASS && l->s.owner.n ? l->s.owner : l->s.holder;
	if (outermost)
		*outermost = l;
	return ERR_OK;
}

/* ---- the end: record, heads, state ---- */

/* One line's place in the record, in its history or among its claims. */
static struct record_subject listing(const struct line *l, enum subject_role role,
				     enum record_mode mode, uint64_t voided)
{
	bool claim = mode_is_claim(mode);
	return (struct record_subject){
		.role = role,
		.mode = mode,
		.id = l->id,
		.number = 1 + (claim ? l->s.claims : l->s.count),
		.prev1 = claim ? l->s.claims_last1 : l->s.last1,
		.voided = voided,
	};
}

static enum err record_subjects(struct act *a, struct record *r, size_t *room)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_lines; i++)
		n += (a->lines[i]->listed ? 1u : 0) + (a->lines[i]->voided ? 1u : 0);
	if (n > RECORD_SUBJECTS_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0), "touches too many subjects");
	r->subjects = arena_alloc(a->x->arena, n * sizeof *r->subjects);
	if (!r->subjects)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *l = a->lines[i];
		if (l->voided)
			r->subjects[r->n_subjects++] = listing(l, l->void_role, l->void_mode, l->voided);
		if (l->listed)
			r->subjects[r->n_subjects++] = listing(l, l->role, l->mode, 0);
		*room += 2 * (l->id.n + 48);
	}
	return ERR_OK;
}

static enum err record_write(struct act *a, struct hash *digest)
{
	struct exec *x = a->x;
	struct record r = {
		.height = (uint64_t)x->height,
		.time_ms = x->time_ms,
		.tx_index = x->tx_index,
		.action_index = x->action_index,
		.member = a->sender,
		.kind = (uint8_t)a->p->kind,
		.event_hash = a->p->event_hash,
		.action = a->p->bytes,
	};
	memcpy(r.key, a->tx->signatures[0].key, sizeof r.key);
	memcpy(r.tx_id, a->tx->id, sizeof r.tx_id);
	size_t room = 256 + a->p->bytes.n;
	STEP(record_subjects(a, &r, &room));
	uint8_t *bytes = arena_alloc(x->arena, room);
	struct buf b = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	record_encode(&b, &r);
	bug_if(b.failed);
	/* Its identifiers stand there twice: in the act and in the list of what it touches. */
	if (b.n > MLOG_RECORD_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0),
				  "its record would have more than 1 MiB: say it in several");
	uint64_t index;
	TRY(exec_record(x, &index, digest, buf_slice(&b)));
	a->recorded1 = index + 1;
	return ERR_OK;
}

static enum err line_write(struct act *a, struct line *l)
{
	uint8_t room[SUBJECT_BYTES_MAX];
	struct state_key k;
	struct buf b = buf_over(room, sizeof room);
	subject_encode(&b, &l->s);
	bug_if(b.failed);
	return exec_put_touched(a->x, key_make(&k, "s/", l->id), buf_slice(&b));
}

static void chain_advance(struct act *a, struct line *l, bool claim, const struct hash *digest,
			  const struct summary *sum, struct buf *scratch)
{
	buf_clear(scratch);
	summary_encode(scratch, sum);
	bug_if(scratch->failed);
	history_advance(claim ? &l->s.claims_head : &l->s.head, claim, digest, buf_slice(scratch));
	if (claim) {
		l->s.claims++;
		l->s.claims_last1 = a->recorded1;
	} else {
		l->s.count++;
		l->s.last1 = a->recorded1;
	}
}

/* In the order of the record: the mark, then what is said besides. */
static void line_advance(struct act *a, struct line *l, const struct hash *digest,
			 struct summary *sum, struct buf *scratch)
{
	if (l->voided) {
		struct summary mark =
			summary_void(l->void_role, l->voided, a->x->time_ms, a->sender);
		chain_advance(a, l, mode_is_claim(l->void_mode), digest, &mark, scratch);
	}
	if (l->listed) {
		sum->role = (uint8_t)l->role;
		sum->flags = a->p->summary_flags | l->flags;
		chain_advance(a, l, mode_is_claim(l->mode), digest, sum, scratch);
	}
}

enum err act_finish(struct act *a)
{
	struct hash digest;
	STEP(contents_flush(a));
	STEP(record_write(a, &digest));
	struct summary sum = {
		.kind = (uint8_t)a->p->kind,
		.happened_ms = a->p->kind == ACT_EVENT ? a->p->happened_ms : a->x->time_ms,
		.recorded_ms = a->x->time_ms,
		.step = a->p->step,
		.where = a->n_listed ? a->p->where : slice(NULL, 0),
		.who = a->sender,
	};
	size_t room = SUMMARY_FIXED_MAX + sum.step.n + sum.where.n + 20;
	uint8_t *bytes = arena_alloc(a->x->arena, room);
	struct buf scratch = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	for (size_t i = 0; i < a->n_lines; i++) {
		struct line *l = a->lines[i];
		line_advance(a, l, &digest, &sum, &scratch);
		if (l->dirty)
			TRY(line_write(a, l));
	}
	return ERR_OK;
}
