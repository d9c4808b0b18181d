#include "trade/act.h"

#include <stdio.h>

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

void act_list(struct line *l, enum subject_role role, enum record_mode mode,
	      uint8_t flags)
{
	if (l->listed)
		return;
	l->listed = l->dirty = true;
	l->role = role;
	l->mode = mode;
	l->flags = (uint8_t)(flags | (mode == MODE_UNNAMED ? SUMMARY_UNNAMED : 0));
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
