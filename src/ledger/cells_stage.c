/*
 * A block beside the committed nodes: its buckets are scanned, planned and hashed
 * together, then each level of the array above them, from below to the root.
 */
#include "ledger/cells_priv.h"

/* Room for all changed nodes, so that their hashes stay where they are: each level has at
 * most as many as there are buckets changed. */
static enum err stage_room(struct cells *c)
{
	size_t need = 0, n = c->buckets_n;
	for (unsigned k = 0; k <= c->bits + 1; k++)
		need += (uint64_t)n < (uint64_t)1 << k ? n : (size_t)1 << k;
	if (need > c->changes_cap) {
		free(c->changes);
		c->changes = malloc(need * sizeof *c->changes);
		c->changes_cap = c->changes ? need : 0;
		if (!c->changes)
			return ERR_NOMEM;
	}
	if (n > c->jobs_cap) {
		free(c->jobs);
		c->jobs = malloc(n * sizeof *c->jobs);
		c->jobs_cap = c->jobs ? n : 0;
		if (!c->jobs)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static struct change *change_put(struct cells *c, unsigned level, uint32_t index)
{
	struct change *ch = &c->changes[c->changes_n++];
	ch->index = index;
	c->to[level] = c->changes_n;
	return ch;
}

/* What stands at a place of the level below: changed or not. */
static const struct hash *child_of(const struct cells *c, size_t *i, size_t end, unsigned level,
				   uint32_t index, uint8_t *kind)
{
	if (*i < end && c->changes[*i].index == index) {
		const struct trie_node *n = &c->changes[(*i)++].node;
		*kind = n->kind;
		return &n->hash;
	}
	*kind = c->level[level].kind[index] & KIND_MASK;
	return &c->level[level].hash[index];
}

/* The changed nodes of `level` above those of the level below it, hashed together. */
static void stage_parents(struct cells *c, unsigned level)
{
	size_t i = c->from[level + 1], end = c->to[level + 1], jobs = 0;
	while (i < end) {
		uint32_t left = c->changes[i].index & ~1u;
		uint8_t ka, kb;
		const struct hash *a = child_of(c, &i, end, level + 1, left, &ka);
		const struct hash *b = child_of(c, &i, end, level + 1, left + 1, &kb);
		struct change *up = change_put(c, level, left / 2);
		if (ka + kb <= TRIE_ONE) {
			up->node = (struct trie_node){ka ? *a : *b, ka ? ka : kb};
			continue;
		}
		up->node.kind = TRIE_MANY;
		c->jobs[jobs++] = (struct sha256_job){a->b, b->b, &up->node.hash, 1};
	}
	sha256_pairs(c->jobs, jobs);
}

/* The buckets changed are in order of hash, so those of level bits + 1 come first. */
static enum err stage_nodes(struct cells *c)
{
	TRY(stage_room(c));
	size_t b = 0;
	for (unsigned level = c->bits + 2; level-- > 0;) {
		c->from[level] = c->to[level] = c->changes_n;
		if (level <= c->bits)
			stage_parents(c, level);
		for (; b < c->buckets_n && c->buckets[b].level == level; b++)
			change_put(c, level, c->buckets[b].index)->node = c->buckets[b].node;
	}
	return ERR_OK;
}

static enum err bucket_put(struct cells *c, unsigned level, uint32_t index,
			   const struct trie_node *n, struct crowd *crowd)
{
	void *at = c->buckets;
	if (!vec_room(&at, &c->buckets_cap, c->buckets_n, sizeof *c->buckets))
		return ERR_NOMEM;
	c->buckets = at;
	c->buckets[c->buckets_n++] = (struct bucket_change){level, index, *n, crowd};
	return ERR_OK;
}

/* A bucket that has a crowd, or gets one: hashed at once. */
static enum err stage_crowded(struct cells *c, int64_t *delta, const struct leaf_source *src,
			      const struct touch *t, size_t n, unsigned level, uint32_t index)
{
	struct trie_node was = node_at(c, level, index), now;
	struct crowd *crowd = crowd_at(c, level, index), *old = crowd;
	bool seen = seen_get(c, level, index);
	TRY(bucket_touch(&c->pool, src, &now, &crowd, &seen, delta, &was, t, n, level));
	seen_put(c, level, index, seen);
	if (crowd == old && now.kind == was.kind && hash_eq(&now.hash, &was.hash))
		return ERR_OK;
	return bucket_put(c, level, index, &now, crowd);
}

/* The leaves of a bucket before and after its touches, in order. Room is there. */
static size_t both_of(struct plan_leaf *out, const struct leaf_list *old, const struct touch *t,
		      size_t n, int64_t *delta)
{
	size_t i = 0, count = 0;
	for (size_t k = 0; k < n; k++) {
		if (t[k].kind == TOUCH_READ)
			continue;
		int order = 1;
		for (; i < old->n; i++) {
			const struct trie_leaf *l = &old->at[i];
			order = memcmp(l->key_hash, t[k].key_hash, 32);
			if (order >= 0)
				break;
			out[count++] = (struct plan_leaf){l->key_hash, l->hash, l->hash};
		}
		const uint8_t *was = NULL, *is = t[k].kind == TOUCH_PUT ? t[k].leaf : NULL;
		if (i < old->n && order == 0)
			was = old->at[i++].hash;
		*delta += (is != NULL) - (was != NULL);
		if (was || is)
			out[count++] = (struct plan_leaf){t[k].key_hash, was, is};
	}
	for (; i < old->n; i++)
		out[count++] =
			(struct plan_leaf){old->at[i].key_hash, old->at[i].hash, old->at[i].hash};
	return count;
}

static enum err plan_bucket(struct cells *c, int64_t *delta, const struct touch *t, size_t n,
			    unsigned level, uint32_t index, bool check)
{
	const struct leaf_list *old = &c->pool.old;
	if (old->n + n > c->both_cap) {
		free(c->both);
		c->both_cap = 2 * (old->n + n);
		c->both = malloc(c->both_cap * sizeof *c->both);
		if (!c->both) {
			c->both_cap = 0;
			return ERR_NOMEM;
		}
	}
	size_t count = both_of(c->both, old, t, n, delta);
	if (!check)
		for (size_t i = 0; i < count; i++)
			c->both[i].was = c->both[i].is;
	void *at = c->planned;
	if (!vec_room(&at, &c->planned_cap, c->planned_n, sizeof *c->planned))
		return ERR_NOMEM;
	c->planned = at;
	struct planned *p = &c->planned[c->planned_n++];
	p->bucket = c->buckets_n;
	p->check = check;
	TRY(plan_subtree(c->plan, &p->was, &p->is, c->both, count, level));
	struct trie_node was = node_at(c, level, index);
	return bucket_put(c, level, index, &was, NULL);
}

static enum err stage_bucket(struct cells *c, int64_t *delta, const struct leaf_source *src,
			     const struct touch *t, size_t n, unsigned level, uint32_t index)
{
	if (c->level[level].kind[index] & HAS_CROWD)
		return stage_crowded(c, delta, src, t, n, level, index);
	bool check = !seen_get(c, level, index);
	size_t writes = 0;
	for (size_t i = 0; i < n; i++)
		writes += t[i].kind != TOUCH_READ;
	if (!check && !writes)
		return ERR_OK;
	c->pool.old.n = 0;
	TRY(src->scan(src->ctx, &c->pool.old, t->key_hash, level));
	if (c->pool.old.n + writes > CROWD_ABOVE)
		return stage_crowded(c, delta, src, t, n, level, index);
	return plan_bucket(c, delta, t, n, level, index, check);
}

/* Hashes what was planned, checks the rows, and keeps the buckets that changed. */
static enum err finish_buckets(struct cells *c)
{
	plan_run(c->plan);
	size_t kept = 0, p = 0;
	for (size_t i = 0; i < c->buckets_n; i++) {
		struct bucket_change *b = &c->buckets[i];
		if (p < c->planned_n && c->planned[p].bucket == i) {
			const struct planned *q = &c->planned[p++];
			if (q->check && (q->was.kind != b->node.kind ||
					 memcmp(q->was.hash, b->node.hash.b, 32) != 0))
				return ERR_CORRUPT;
			seen_put(c, b->level, b->index, true);
			if (q->is.kind == b->node.kind &&
			    memcmp(q->is.hash, b->node.hash.b, 32) == 0)
				continue;
			memcpy(b->node.hash.b, q->is.hash, 32);
			b->node.kind = q->is.kind;
		}
		c->buckets[kept++] = *b;
	}
	c->buckets_n = kept;
	return ERR_OK;
}

enum err cells_stage(struct cells *c, int64_t *delta, const struct leaf_source *src,
		     const struct touch *t, size_t n)
{
	cells_drop(c);
	*delta = 0;
	for (size_t i = 0; i < n;) {
		unsigned level = bucket_level(c, t[i].key_hash);
		uint32_t index = index_at(t[i].key_hash, level);
		size_t from = i;
		while (i < n && index_at(t[i].key_hash, level) == index)
			i++;
		TRY(stage_bucket(c, delta, src, t + from, i - from, level, index));
	}
	TRY(finish_buckets(c));
	TRY(stage_nodes(c));
	c->staged = true;
	return ERR_OK;
}

void cells_staged_root(const struct cells *c, struct hash *root)
{
	if (c->staged && c->to[0] > c->from[0])
		*root = c->changes[c->from[0]].node.hash;
	else
		cells_root(c, root);
}

enum err cells_apply(struct cells *c)
{
	bug_if(!c->staged);
	size_t crowds = 0;
	for (size_t i = 0; i < c->buckets_n; i++)
		crowds += c->buckets[i].crowd != NULL;
	if (!crowds_room(c, crowds))
		return ERR_NOMEM;
	for (unsigned k = 0; k <= c->bits + 1; k++)
		for (size_t i = c->from[k]; i < c->to[k]; i++)
			node_set(c, k, c->changes[i].index, &c->changes[i].node, NULL);
	for (size_t i = 0; i < c->buckets_n; i++) {
		const struct bucket_change *b = &c->buckets[i];
		if (b->crowd)
			c->level[b->level].kind[b->index] |= HAS_CROWD;
		if (b->crowd || c->crowds_n)
			crowd_put(c, b->level, b->index, b->crowd);
	}
	crowd_pool_keep(&c->pool);
	cells_drop(c);
	return ERR_OK;
}

void cells_drop(struct cells *c)
{
	crowd_pool_drop(&c->pool);
	plan_reset(c->plan);
	c->staged = false;
	c->changes_n = c->buckets_n = c->planned_n = 0;
}
