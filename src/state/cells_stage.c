/*
 * A block beside the committed nodes.
 *
 * Its touches are cut into shares, subtrees of the trie at one level:
 *
 *     level 0                       root                   cells_join
 *     share_level          S     S     S     S
 *                        .   .       .   .                 cells_share
 *     bits, bits + 1    B B B B     B B B B
 *
 * In a share the buckets are scanned, planned and hashed together, then each level of
 * the array above them up to the share's top. Shares meet in nothing: the cells of one
 * are whole bytes of `seen`, and crowds stand under one bucket. So two hands may take
 * them, each the next one when it is done, and the nodes are the same whoever did.
 */
#include "state/cells_priv.h"

/* Room for the changed nodes of a share, so that their hashes stay where they are: each
 * level has at most as many as there are buckets changed. */
static enum err stage_room(struct hand *h, const struct cells *c, unsigned top, size_t n)
{
	size_t need = h->changes_n;
	for (unsigned k = top; k <= c->bits + 1; k++)
		need += (uint64_t)n < (uint64_t)1 << (k - top) ? n : (size_t)1 << (k - top);
	if (need > h->changes_cap) {
		struct change *p = realloc(h->changes, 2 * need * sizeof *p);
		if (!p)
			return ERR_NOMEM;
		h->changes = p;
		h->changes_cap = 2 * need;
	}
	if (n > h->jobs_cap) {
		free(h->jobs);
		h->jobs = malloc(2 * n * sizeof *h->jobs);
		h->jobs_cap = h->jobs ? 2 * n : 0;
		if (!h->jobs)
			return ERR_NOMEM;
	}
	return ERR_OK;
}

static struct change *change_put(struct hand *h, unsigned level, uint32_t index)
{
	struct change *ch = &h->changes[h->changes_n++];
	ch->level = (uint8_t)level;
	ch->index = index;
	return ch;
}

/* What stands at a place of the level below: changed or not. */
static const struct hash *child_of(const struct cells *c, const struct change **i,
				   const struct change *end, unsigned level, uint32_t index,
				   uint8_t *kind)
{
	if (*i < end && (*i)->index == index) {
		const struct trie_node *n = &(*i)++->node;
		*kind = n->kind;
		return &n->hash;
	}
	*kind = c->level[level].kind[index] & KIND_MASK;
	return &c->level[level].hash[index];
}

/* The changed nodes of `level` above those of the level below it, which are the changes
 * from `from` on; hashed together. */
static void stage_parents(struct hand *h, const struct cells *c, unsigned level, size_t from)
{
	const struct change *i = h->changes + from, *end = h->changes + h->changes_n;
	size_t jobs = 0;
	while (i < end) {
		uint32_t left = i->index & ~1u;
		uint8_t ka, kb;
		const struct hash *a = child_of(c, &i, end, level + 1, left, &ka);
		const struct hash *b = child_of(c, &i, end, level + 1, left + 1, &kb);
		struct change *up = change_put(h, level, left / 2);
		if (ka + kb <= TRIE_ONE) {
			up->node = (struct trie_node){ka ? *a : *b, ka ? ka : kb};
			continue;
		}
		up->node.kind = TRIE_MANY;
		h->jobs[jobs++] = (struct sha256_job){a->b, b->b, &up->node.hash, 1};
	}
	sha256_pairs(h->jobs, jobs);
}

/* The nodes above the buckets changed, from `first` on, up to the share's top. The
 * buckets are in order of hash, so those of level bits + 1 come first. */
static enum err stage_nodes(struct hand *h, const struct cells *c, struct share *sh, size_t first)
{
	if (first == h->buckets_n)
		return ERR_OK;
	TRY(stage_room(h, c, c->share_level, h->buckets_n - first));
	size_t below = h->changes_n, b = first;
	for (unsigned level = c->bits + 2; level-- > c->share_level;) {
		size_t here = h->changes_n;
		if (level <= c->bits)
			stage_parents(h, c, level, below);
		for (; b < h->buckets_n && h->buckets[b].level == level; b++)
			change_put(h, level, h->buckets[b].index)->node = h->buckets[b].node;
		below = here;
	}
	/* cells_join puts it in order with those of the other shares. */
	sh->top = h->changes[--h->changes_n].node;
	sh->changed = true;
	return ERR_OK;
}

static enum err bucket_put(struct hand *h, unsigned level, uint32_t index,
			   const struct trie_node *n, struct crowd *crowd)
{
	void *at = h->buckets;
	if (!vec_room(&at, &h->buckets_cap, h->buckets_n, sizeof *h->buckets))
		return ERR_NOMEM;
	h->buckets = at;
	h->buckets[h->buckets_n++] = (struct bucket_change){level, index, *n, crowd};
	return ERR_OK;
}

/* A bucket that has a crowd, or gets one: hashed at once. */
static enum err stage_crowded(struct hand *h, struct cells *c, int64_t *delta,
			      const struct leaf_source *src, const struct touch *t, size_t n,
			      unsigned level, uint32_t index)
{
	struct trie_node was = node_at(c, level, index), now;
	struct crowd *crowd = crowd_at(c, level, index), *old = crowd;
	bool seen = seen_get(c, level, index);
	TRY(bucket_touch(&h->pool, src, &now, &crowd, &seen, delta, &was, t, n, level));
	seen_put(c, level, index, seen);
	if (crowd == old && now.kind == was.kind && hash_eq(&now.hash, &was.hash))
		return ERR_OK;
	return bucket_put(h, level, index, &now, crowd);
}

/* A leaf as it stands. Its hash follows its key in LMDB's page and is read much later, when
 * the plan runs: it is asked for now. */
static struct plan_leaf untouched(const struct trie_leaf *l)
{
	__builtin_prefetch(l->hash + 31);
	return (struct plan_leaf){trie_top(l->key_hash), l->key_hash, l->hash, l->hash};
}

/* The leaves of a bucket before and after its touches, in order. Room is there. */
static size_t both_of(struct plan_leaf *out, const struct leaf_list *old, const struct touch *t,
		      size_t n, int64_t *delta)
{
	size_t i = 0, count = 0;
	for (size_t k = 0; k < n; k++) {
		if (t[k].kind == TOUCH_READ)
			continue;
		struct plan_leaf l = {trie_top(t[k].key_hash), t[k].key_hash, NULL,
				      t[k].kind == TOUCH_PUT ? t[k].leaf : NULL};
		for (; i < old->n; i++) {
			struct plan_leaf here = untouched(&old->at[i]);
			int order = here.top < l.top   ? -1
				    : here.top > l.top ? 1
						       : memcmp(here.key_hash, l.key_hash, 32);
			if (order == 0)
				l.was = old->at[i++].hash;
			if (order >= 0)
				break;
			out[count++] = here;
		}
		*delta += (l.is != NULL) - (l.was != NULL);
		if (l.was || l.is)
			out[count++] = l;
	}
	for (; i < old->n; i++)
		out[count++] = untouched(&old->at[i]);
	return count;
}

static enum err plan_bucket(struct hand *h, const struct cells *c, int64_t *delta,
			    const struct touch *t, size_t n, unsigned level, uint32_t index,
			    bool check)
{
	const struct leaf_list *old = &h->pool.old;
	if (old->n + n > h->both_cap) {
		free(h->both);
		h->both_cap = 2 * (old->n + n);
		h->both = malloc(h->both_cap * sizeof *h->both);
		if (!h->both) {
			h->both_cap = 0;
			return ERR_NOMEM;
		}
	}
	size_t count = both_of(h->both, old, t, n, delta);
	if (!check)
		for (size_t i = 0; i < count; i++)
			h->both[i].was = h->both[i].is;
	void *at = h->planned;
	if (!vec_room(&at, &h->planned_cap, h->planned_n, sizeof *h->planned))
		return ERR_NOMEM;
	h->planned = at;
	struct planned *p = &h->planned[h->planned_n++];
	p->bucket = h->buckets_n;
	p->check = check;
	TRY(plan_subtree(h->plan, &p->was, &p->is, h->both, count, level));
	struct trie_node was = node_at(c, level, index);
	return bucket_put(h, level, index, &was, NULL);
}

static enum err stage_bucket(struct hand *h, struct cells *c, int64_t *delta,
			     const struct leaf_source *src, const struct touch *t, size_t n,
			     unsigned level, uint32_t index)
{
	if (c->level[level].kind[index] & HAS_CROWD)
		return stage_crowded(h, c, delta, src, t, n, level, index);
	bool check = !seen_get(c, level, index);
	size_t writes = 0;
	for (size_t i = 0; i < n; i++)
		writes += t[i].kind != TOUCH_READ;
	if (!check && !writes)
		return ERR_OK;
	h->pool.old.n = 0;
	TRY(src->scan(src->ctx, &h->pool.old, t->key_hash, level));
	if (h->pool.old.n + writes > CROWD_ABOVE)
		return stage_crowded(h, c, delta, src, t, n, level, index);
	return plan_bucket(h, c, delta, t, n, level, index, check);
}

/* Hashes what was planned, checks the rows, and keeps those buckets that changed of the ones
 * from `first` on. */
static enum err finish_buckets(struct hand *h, struct cells *c, size_t first)
{
	plan_run(h->plan);
	size_t kept = first, p = 0;
	for (size_t i = first; i < h->buckets_n; i++) {
		struct bucket_change *b = &h->buckets[i];
		if (p < h->planned_n && h->planned[p].bucket == i) {
			const struct planned *q = &h->planned[p++];
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
		h->buckets[kept++] = *b;
	}
	h->buckets_n = kept;
	return ERR_OK;
}

/* ---- shares ---- */

void cells_cut(struct cells *c, const struct touch *t, size_t n)
{
	cells_drop(c);
	/* At least three levels above the buckets, so that a share's seen bits are whole bytes. */
	c->share_level = c->bits - 3 < SHARE_BITS ? c->bits - 3 : SHARE_BITS;
	for (size_t i = 0; i < n;) {
		bug_if(c->shares_n == 1 << SHARE_BITS);
		struct share *sh = &c->share[c->shares_n++];
		*sh = (struct share){.t = t + i, .index = index_at(t[i].key_hash, c->share_level)};
		for (; i < n && index_at(t[i].key_hash, c->share_level) == sh->index; i++)
			sh->n++;
	}
}

/* Asks for the nodes that the share will need while there is other work to do: they lie
 * all over an array that no cache holds. */
static void fetch_paths(const struct cells *c, const struct share *sh)
{
	for (size_t i = 0; i < sh->n; i++) {
		unsigned level = bucket_level(c, sh->t[i].key_hash);
		uint32_t index = index_at(sh->t[i].key_hash, level);
		for (; level > c->share_level; level--, index >>= 1) {
			__builtin_prefetch(&c->level[level].hash[index & ~1u]);
			__builtin_prefetch(&c->level[level].hash[index | 1u].b[31]);
			__builtin_prefetch(&c->level[level].kind[index]);
		}
	}
}

static enum err share_stage(struct hand *h, struct cells *c, struct share *sh,
			    const struct leaf_source *src)
{
	size_t first = h->buckets_n;
	h->planned_n = 0;
	plan_reset(h->plan);
	if (src->hash)
		src->hash(sh->t, sh->n);
	fetch_paths(c, sh);
	for (size_t i = 0; i < sh->n;) {
		unsigned level = bucket_level(c, sh->t[i].key_hash);
		uint32_t index = index_at(sh->t[i].key_hash, level);
		size_t from = i;
		while (i < sh->n && index_at(sh->t[i].key_hash, level) == index)
			i++;
		TRY(stage_bucket(h, c, &sh->delta, src, sh->t + from, i - from, level, index));
	}
	TRY(finish_buckets(h, c, first));
	return stage_nodes(h, c, sh, first);
}

bool cells_share(struct cells *c, unsigned hand, const struct leaf_source *src)
{
	if (atomic_load(&c->spoilt))
		return false;
	size_t i = atomic_fetch_add(&c->shares_taken, 1);
	if (i >= c->shares_n)
		return false;
	c->share[i].err = share_stage(c->hand[hand], c, &c->share[i], src);
	if (c->share[i].err != ERR_OK)
		atomic_store(&c->spoilt, true);
	return true;
}

enum err cells_join(struct cells *c, int64_t *delta)
{
	struct hand *h = c->hand[0];
	*delta = 0;
	/* Shares are taken in order: before one with a fault none was left out. */
	for (size_t i = 0; i < c->shares_n; i++) {
		TRY(c->share[i].err);
		*delta += c->share[i].delta;
	}
	bug_if(atomic_load(&c->shares_taken) < c->shares_n);
	TRY(stage_room(h, c, 0, c->shares_n));
	size_t below = h->changes_n;
	for (size_t i = 0; i < c->shares_n; i++)
		if (c->share[i].changed)
			change_put(h, c->share_level, c->share[i].index)->node = c->share[i].top;
	cells_root(c, &c->root);
	if (h->changes_n > below) {
		for (unsigned level = c->share_level; level-- > 0;) {
			size_t here = h->changes_n;
			stage_parents(h, c, level, below);
			below = here;
		}
		c->root = h->changes[below].node.hash;
	}
	c->staged = true;
	return ERR_OK;
}

enum err cells_stage(struct cells *c, int64_t *delta, const struct leaf_source *src,
		     const struct touch *t, size_t n)
{
	cells_cut(c, t, n);
	while (cells_share(c, 0, src))
		;
	return cells_join(c, delta);
}

/* ---- the end of a staging ---- */

void cells_staged_root(const struct cells *c, struct hash *root)
{
	if (c->staged)
		*root = c->root;
	else
		cells_root(c, root);
}

enum err cells_apply(struct cells *c)
{
	bug_if(!c->staged);
	size_t crowds = 0;
	for (unsigned k = 0; k < HANDS; k++)
		for (size_t i = 0; i < c->hand[k]->buckets_n; i++)
			crowds += c->hand[k]->buckets[i].crowd != NULL;
	if (!crowds_room(c, crowds))
		return ERR_NOMEM;
	for (unsigned k = 0; k < HANDS; k++) {
		struct hand *h = c->hand[k];
		for (size_t i = 0; i < h->changes_n; i++) {
			const struct change *ch = &h->changes[i];
			node_set(c, ch->level, ch->index, &ch->node, NULL);
		}
		for (size_t i = 0; i < h->buckets_n; i++) {
			const struct bucket_change *b = &h->buckets[i];
			if (b->crowd)
				c->level[b->level].kind[b->index] |= HAS_CROWD;
			if (b->crowd || c->crowds_n)
				crowd_put(c, b->level, b->index, b->crowd);
		}
		crowd_pool_keep(&h->pool);
	}
	cells_drop(c);
	return ERR_OK;
}

void cells_drop(struct cells *c)
{
	for (unsigned k = 0; k < HANDS; k++) {
		struct hand *h = c->hand[k];
		crowd_pool_drop(&h->pool);
		h->changes_n = h->buckets_n = 0;
	}
	c->staged = false;
	c->shares_n = 0;
	atomic_store(&c->shares_taken, 0);
	atomic_store(&c->spoilt, false);
}
