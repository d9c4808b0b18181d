/*
 * A container's children stand in chunks of 64, densely: slot = 64 x chunk +
 * place, slots 0 to children - 1 (docs/format/record.md). Whoever leaves gives
 * his slot to the last child, so a container's chunks never hold gaps.
 */
#include "trade/act.h"

#include <stdio.h>

/* `b/<id>/<decimal number>` */
static struct slice chunk_key(struct state_key *k, const struct line *of, uint64_t number)
{
	char tail[24];
	int n = snprintf(tail, sizeof tail, "/%llu", (unsigned long long)number);
	bug_if(of->id.n + 2 + (size_t)n > sizeof k->b);
	(void)key_make(k, "b/", of->id);
	memcpy(k->b + 2 + of->id.n, tail, (size_t)n);
	return slice(k->b, 2 + of->id.n + (size_t)n);
}

static enum err chunk_decode(struct chunk *c, struct slice v)
{
	struct reader r = reader_of(v);
	for (c->n = 0; reader_left(&r) > 0; c->n++) {
		if (c->n == SUBJECT_CHUNK)
			return ERR_CORRUPT;
		c->id[c->n] = reader_lp(&r);
	}
	return r.bad ? ERR_CORRUPT : ERR_OK;
}

static enum err chunk_write(struct act *a, struct chunk *c)
{
	struct state_key k;
	if (!c->of || !c->dirty)
		return ERR_OK;
	c->dirty = false;
	struct slice key = chunk_key(&k, c->of, c->number);
	if (c->n == 0)
		return exec_del(a->x, key);
	size_t room = 0;
	for (unsigned i = 0; i < c->n; i++)
		room += c->id[i].n + 4;
	uint8_t *bytes = arena_alloc(a->x->arena, room);
	struct buf b = buf_over(bytes, room);
	if (!bytes)
		return ERR_NOMEM;
	for (unsigned i = 0; i < c->n; i++)
		buf_put_lp(&b, c->id[i]);
	bug_if(b.failed);
	return exec_put(a->x, key, buf_slice(&b));
}

/* Seeded like the lines' buckets (act.c). */
static size_t *kept_bucket(const struct act *a, const struct line *of, uint64_t number)
{
	uint64_t h;
	memcpy(&h, a->tx->body_hash.b + 8, sizeof h);
	h ^= number;
	for (size_t i = 0; i < of->id.n; i++) {
		h = (h ^ of->id.p[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return &a->kept_buckets[(size_t)h & (a->cap_kept - 1)];
}

static struct chunk *kept_find(const struct act *a, const struct line *of, uint64_t number)
{
	for (size_t i = a->n_kept ? *kept_bucket(a, of, number) : 0; i; i = a->kept[i - 1]->chain)
		if (a->kept[i - 1]->of == of && a->kept[i - 1]->number == number)
			return a->kept[i - 1];
	return NULL;
}

static void kept_link(struct act *a, size_t i)
{
	size_t *b = kept_bucket(a, a->kept[i]->of, a->kept[i]->number);
	a->kept[i]->chain = *b;
	*b = i + 1;
}

static enum err kept_grow(struct act *a)
{
	size_t cap = a->cap_kept ? a->cap_kept * 4 : 16;
	struct chunk **kept = arena_alloc(a->x->arena, cap * sizeof *kept);
	size_t *buckets = arena_alloc(a->x->arena, cap * sizeof *buckets);
	if (!kept || !buckets)
		return ERR_NOMEM;
	if (a->n_kept)
		memcpy(kept, a->kept, a->n_kept * sizeof *kept);
	a->kept = kept;
	a->kept_buckets = buckets;
	a->cap_kept = cap;
	for (size_t i = 0; i < a->n_kept; i++)
		kept_link(a, i);
	return ERR_OK;
}

static void chunk_copy(struct chunk *to, const struct chunk *from)
{
	to->of = from->of;
	to->number = from->number;
	to->n = from->n;
	to->dirty = from->dirty;
	memcpy(to->id, from->id, from->n * sizeof *from->id);
}

/* Puts the held chunk among the kept. What is moved from container to container goes from
 * chunk to chunk; writing each of them whenever it is left would be work without an end. */
static enum err chunk_keep(struct act *a)
{
	const struct chunk *c = &a->chunk;
	if (!c->of || !c->dirty)
		return ERR_OK;
	struct chunk *k = kept_find(a, c->of, c->number);
	if (!k) {
		if (a->n_kept == a->cap_kept)
			TRY(kept_grow(a));
		k = arena_alloc(a->x->arena, sizeof *k);
		if (!k)
			return ERR_NOMEM;
		chunk_copy(k, c);
		a->kept[a->n_kept] = k;
		kept_link(a, a->n_kept++);
	}
	chunk_copy(k, c);
	return ERR_OK;
}

enum err contents_flush(struct act *a)
{
	if (a->n_kept == 0)
		return chunk_write(a, &a->chunk);
	TRY(chunk_keep(a));
	a->chunk.of = NULL;
	for (size_t i = 0; i < a->n_kept; i++) {
		TRY(chunk_write(a, a->kept[i]));
		/* A chunk may have 30 KiB for one thing that is moved: not more than the bound allows. */
		if (!exec_touch(a->x, 0))
			return act_refuse(a, VERDICT_TOO_LARGE, "", slice(NULL, 0),
					  "touches too many subjects");
	}
	return ERR_OK;
}

/* Holds that chunk. One that lies just past the last slot is new and empty. */
static enum err chunk_hold(struct act *a, struct line *of, uint64_t number)
{
	struct chunk *c = &a->chunk;
	struct state_key k;
	struct slice v;
	bool found;
	if (c->of == of && c->number == number)
		return ERR_OK;
	TRY(chunk_keep(a));
	const struct chunk *kept = kept_find(a, of, number);
	if (kept) {
		chunk_copy(c, kept);
		return ERR_OK;
	}
	c->of = of;
	c->number = number;
	c->n = 0;
	c->dirty = false;
	TRY(exec_get(a->x, &found, &v, chunk_key(&k, of, number)));
	return found ? chunk_decode(c, v) : ERR_OK;
}

enum err contents_holder(struct act *a, struct slice *holder, struct line *l)
{
	struct line *outermost;
	TRY(act_holder(a, holder, &outermost, l));
	return outermost ? ERR_OK
			 : act_refuse(a, VERDICT_STATE, "", l->id, "lies in more than 16 containers");
}

/* What is around a packed thing is as high as the thing and one more, and so on outwards, until
 * something is high enough already. */
static enum err heighten(struct act *a, struct line *l, unsigned height)
{
	for (; l->s.height < height && height <= SUBJECT_DEPTH_MAX; height++) {
		l->s.height = (uint8_t)height;
		l->dirty = true;
		if (l->s.container.n == 0)
			break;
		STEP(act_line(a, &l, l->s.container));
	}
	return ERR_OK;
}

static void set_children(struct line *parent, uint64_t n)
{
	parent->s.children = n;
	if (n == 0)
		parent->s.height = 0;
	parent->dirty = true;
}

enum err contents_remove(struct act *a, struct line *parent, struct line *child,
			 struct slice holder)
{
	struct chunk *c = &a->chunk;
	uint64_t last = parent->s.children - 1;
	if (parent->s.children == 0 || child->s.slot > last)
		return ERR_CORRUPT;
	TRY(chunk_hold(a, parent, last / SUBJECT_CHUNK));
	if (c->n != last % SUBJECT_CHUNK + 1)
		return ERR_CORRUPT;
	struct slice mover = c->id[--c->n];
	c->dirty = true;
	if (child->s.slot != last) {
		struct line *m;
		TRY(chunk_hold(a, parent, child->s.slot / SUBJECT_CHUNK));
		STEP(act_line(a, &m, mover));
		c->id[child->s.slot % SUBJECT_CHUNK] = mover;
		c->dirty = true;
		m->s.slot = child->s.slot;
		m->dirty = true;
	}
	set_children(parent, last);
	child->s.container = slice(NULL, 0);
	child->s.container_since1 = child->s.slot = 0;
	child->s.holder = holder;
	child->dirty = true;
	return ERR_OK;
}

enum err contents_add(struct act *a, struct line *parent, struct line *child)
{
	struct chunk *c = &a->chunk;
	if (slice_eq(child->s.container, parent->id))
		return ERR_OK; /* seen again where it already is */
	struct slice holder;
	STEP(contents_holder(a, &holder, child));
	if (child->s.container.n) {
		struct line *from;
		STEP(act_line(a, &from, child->s.container));
		STEP(contents_remove(a, from, child, holder));
		/* "An event that changes a subject without naming it counts in that
		 * subject's history too." */
		act_list(from, ROLE_PARENT, MODE_UNNAMED, 0);
	}
	TRY(chunk_hold(a, parent, parent->s.children / SUBJECT_CHUNK));
	if (c->n != parent->s.children % SUBJECT_CHUNK)
		return ERR_CORRUPT;
	c->id[c->n++] = child->id;
	c->dirty = true;
	child->s.container = parent->id;
	child->s.container_since1 = exec_next_index(a->x) + 1;
	child->s.slot = parent->s.children++;
	child->s.holder = holder;
	/* An offer does not outlive the packing: the next holder never made it. */
	child->s.offered_to = slice(NULL, 0);
	child->dirty = parent->dirty = true;
	return heighten(a, parent, child->s.height + 1u);
}

enum err contents_clear(struct act *a, struct line *parent, struct slice holder)
{
	struct chunk *c = &a->chunk;
	if (parent->s.children > UNPACK_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "", parent->id,
				  "holds more than 10,000: name what is unpacked");
	uint64_t chunks = (parent->s.children + SUBJECT_CHUNK - 1) / SUBJECT_CHUNK;
	for (uint64_t i = 0; i < chunks; i++) {
		TRY(chunk_hold(a, parent, i));
		if (c->n == 0)
			return ERR_CORRUPT;
		for (unsigned j = 0; j < c->n; j++) {
			struct line *child;
			STEP(act_line(a, &child, c->id[j]));
			child->s.container = slice(NULL, 0);
			child->s.container_since1 = child->s.slot = 0;
			child->s.holder = holder;
			act_list(child, ROLE_CHILD, MODE_UNNAMED, 0);
		}
		c->n = 0;
		c->dirty = true;
	}
	set_children(parent, 0);
	return ERR_OK;
}
