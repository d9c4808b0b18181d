#include "state/crowd.h"

#include <stdlib.h>

/* ---- the pool ---- */

static enum err list_put(struct crowd_list *l, struct crowd *c)
{
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct crowd **at = realloc(l->at, cap * sizeof(struct crowd *));
		if (!at)
			return ERR_NOMEM;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = c;
	return ERR_OK;
}

void crowd_pool_fini(struct crowd_pool *p)
{
	free(p->fresh.at);
	free(p->retired.at);
	leaf_list_fini(&p->old);
	leaf_list_fini(&p->merged);
	*p = (struct crowd_pool){0};
}

void crowd_pool_keep(struct crowd_pool *p)
{
	for (size_t i = 0; i < p->retired.n; i++)
		free(p->retired.at[i]);
	for (size_t i = 0; i < p->fresh.n; i++) {
		struct crowd *c = p->fresh.at[i];
		c->fresh = false;
		if (c->dead)
			free(c);
	}
	p->fresh.n = p->retired.n = 0;
}

void crowd_pool_drop(struct crowd_pool *p)
{
	for (size_t i = 0; i < p->fresh.n; i++)
		free(p->fresh.at[i]);
	for (size_t i = 0; i < p->retired.n; i++)
		p->retired.at[i]->retired = false;
	p->fresh.n = p->retired.n = 0;
}

static enum err crowd_new(struct crowd_pool *p, struct crowd **out, unsigned depth)
{
	struct crowd *c = calloc(1, sizeof *c);
	if (!c)
		return ERR_NOMEM;
	c->depth = depth;
	c->fresh = true;
	if (list_put(&p->fresh, c) != ERR_OK) {
		free(c);
		return ERR_NOMEM;
	}
	*out = c;
	return ERR_OK;
}

void crowd_free(struct crowd *c)
{
	if (!c)
		return;
	for (unsigned i = 0; i < CROWD_CELLS; i++)
		crowd_free(c->child[i]);
	free(c);
}

enum err crowd_retire(struct crowd_pool *p, struct crowd *c)
{
	for (unsigned i = 0; i < CROWD_CELLS; i++)
		if (c->child[i])
			TRY(crowd_retire(p, c->child[i]));
	if (c->fresh) {
		c->dead = true;
	} else if (!c->retired) {
		TRY(list_put(&p->retired, c));
		c->retired = true;
	}
	return ERR_OK;
}

uint64_t crowd_number(const struct crowd *c)
{
	uint64_t n = 1;
	for (unsigned i = 0; i < CROWD_CELLS; i++)
		if (c->child[i])
			n += crowd_number(c->child[i]);
	return n;
}

void crowd_forget_seen(struct crowd *c)
{
	c->seen = 0;
	for (unsigned i = 0; i < CROWD_CELLS; i++)
		if (c->child[i])
			crowd_forget_seen(c->child[i]);
}

/* ---- buckets ---- */

static uint64_t total(const struct crowd *c)
{
	uint64_t n = 0;
	for (unsigned i = 0; i < CROWD_CELLS; i++)
		n += c->count[i];
	return n;
}

static void join_up(struct crowd *c)
{
	for (unsigned i = CROWD_CELLS - 1; i >= 1; i--)
		trie_join(&c->node[i], &c->node[2 * i], &c->node[2 * i + 1]);
}

enum err bucket_build(struct crowd_pool *p, struct trie_node *out, struct crowd **crowd,
		      const struct trie_leaf *leaves, size_t n, unsigned depth)
{
	*crowd = NULL;
	if (n <= CROWD_ABOVE || depth + CROWD_BITS > CROWD_DEPTH_MAX) {
		trie_subtree(out, leaves, n, depth);
		return ERR_OK;
	}
	struct crowd *c = NULL;
	TRY(crowd_new(p, &c, depth));
	c->seen = UINT16_MAX;
	size_t at = 0;
	for (unsigned i = 0; i < CROWD_CELLS; i++) {
		size_t from = at;
		while (at < n && crowd_cell(c, leaves[at].key_hash) == i)
			at++;
		c->count[i] = (uint32_t)(at - from);
		TRY(bucket_build(p, &c->node[CROWD_CELLS + i], &c->child[i], leaves + from,
				 at - from, depth + CROWD_BITS));
	}
	join_up(c);
	*out = c->node[1];
	*crowd = c;
	return ERR_OK;
}

static bool any_write(const struct touch *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (t[i].kind != TOUCH_READ)
			return true;
	return false;
}

static enum err crowd_touch(struct crowd_pool *p, const struct leaf_source *src,
			    struct trie_node *out, struct crowd **crowd, int64_t *delta,
			    const struct touch *t, size_t n)
{
	struct crowd *was = *crowd, *now = was;
	bool write = any_write(t, n);
	if (write) {
		TRY(crowd_new(p, &now, was->depth));
		*now = *was;
		now->fresh = true;
		now->retired = now->dead = false;
	}
	for (size_t i = 0; i < n;) {
		unsigned cell = crowd_cell(was, t[i].key_hash);
		size_t from = i;
		while (i < n && crowd_cell(was, t[i].key_hash) == cell)
			i++;
		bool seen = was->seen >> cell & 1;
		int64_t d = 0;
		struct trie_node node = was->node[CROWD_CELLS + cell];
		struct crowd *child = was->child[cell];
		TRY(bucket_touch(p, src, &node, &child, &seen, &d, &was->node[CROWD_CELLS + cell],
				 t + from, i - from, was->depth + CROWD_BITS));
		was->seen |= (uint16_t)((unsigned)seen << cell);
		if (write) {
			now->seen |= (uint16_t)((unsigned)seen << cell);
			now->node[CROWD_CELLS + cell] = node;
			now->child[cell] = child;
			now->count[cell] = (uint32_t)(now->count[cell] + d);
			*delta += d;
		}
	}
	if (!write) {
		*out = was->node[1];
		return ERR_OK;
	}
	join_up(now);
	*out = now->node[1];
	*crowd = now;
	if (total(now) < CROWD_BELOW) {
		TRY(crowd_retire(p, now));
		TRY(crowd_retire(p, was));
		*crowd = NULL;
	} else if (!was->retired) {
		TRY(list_put(&p->retired, was));
		was->retired = true;
	}
	return ERR_OK;
}

enum err bucket_touch(struct crowd_pool *p, const struct leaf_source *src, struct trie_node *out,
		      struct crowd **crowd, bool *seen, int64_t *delta, const struct trie_node *was,
		      const struct touch *t, size_t n, unsigned depth)
{
	if (*crowd) {
		*seen = false; /* its cells have their own; this one is for when it goes */
		return crowd_touch(p, src, out, crowd, delta, t, n);
	}
	bool write = any_write(t, n);
	*out = *was;
	if (!write && *seen)
		return ERR_OK;
	p->old.n = p->merged.n = 0;
	TRY(src->scan(src->ctx, &p->old, t->key_hash, depth));
	if (!*seen) {
		struct trie_node now;
		trie_subtree(&now, p->old.at, p->old.n, depth);
		if (now.kind != was->kind || !hash_eq(&now.hash, &was->hash))
			return ERR_CORRUPT;
		*seen = true;
	}
	if (!write)
		return ERR_OK;
	TRY(leaves_merge(&p->merged, &p->old, t, n));
	*delta += (int64_t)p->merged.n - (int64_t)p->old.n;
	return bucket_build(p, out, crowd, p->merged.at, p->merged.n, depth);
}
