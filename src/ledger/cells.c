#include "ledger/cells.h"

#include "ledger/crowd.h"
#include "ledger/plan.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	LEAVES_PER_BUCKET = 8,
	LEVELS = 29,   /* 2^28 cells serve 2^31 keys */
	HAS_CROWD = 4, /* in a kind byte */
	KIND_MASK = 3,
};

struct level {
	struct hash *hash;
	uint8_t *kind; /* enum trie_kind, and HAS_CROWD */
	uint8_t *seen; /* checked since the last forgetting; the block thread's own */
};

/* Crowds by the bucket they stand under, sorted. Nearly always none. */
struct crowd_place {
	uint64_t where; /* level << 32 | index */
	struct crowd *crowd;
};

struct change {
	uint32_t index;
	struct trie_node node;
};

struct bucket_change {
	unsigned level;
	uint32_t index;
	struct trie_node node;
	struct crowd *crowd;
};

/* A bucket that is hashed with the others. */
struct planned {
	size_t bucket; /* in `buckets` */
	bool check;    /* its rows have not been checked */
	struct plan_node was, is;
};

struct cells {
	unsigned bits;
	uint32_t split;
	struct level level[LEVELS];
	struct crowd_place *crowds;
	size_t crowds_n, crowds_cap;
	struct crowd_pool pool;
	pthread_mutex_t fill_lock; /* crowds while filling */

	/* The staging: changed nodes of each level, in order. */
	bool staged;
	struct change *changes;
	size_t changes_n, changes_cap;
	size_t from[LEVELS], to[LEVELS];
	struct bucket_change *buckets;
	size_t buckets_n, buckets_cap;
	struct plan *plan;
	struct planned *planned; /* those of the buckets that wait for the plan */
	size_t planned_n, planned_cap;
	struct plan_leaf *both; /* scratch: the leaves of a bucket before and after */
	size_t both_cap;
	struct sha256_job *jobs; /* scratch: a level's nodes */
	size_t jobs_cap;

	/* Cells being split: from `split` on. */
	uint32_t grown;
	struct bucket_change *halves; /* those with crowds */
	size_t halves_n, halves_cap;
};

static bool vec_room(void **at, size_t *cap, size_t n, size_t each)
{
	if (n < *cap)
		return true;
	size_t more = *cap ? 2 * *cap : 256;
	void *p = realloc(*at, more * each);
	if (!p)
		return false;
	*at = p;
	*cap = more;
	return true;
}

static bool level_make(struct cells *c, unsigned k)
{
	struct level *l = &c->level[k];
	size_t n = (size_t)1 << k;
	if (l->hash)
		return true;
	/* Large callocs are untouched zero pages: memory follows the watermark. */
	l->hash = calloc(n, sizeof *l->hash);
	l->kind = calloc(n, 1);
	l->seen = calloc((n + 7) / 8, 1);
	if (l->hash && l->kind && l->seen)
		return true;
	free(l->hash);
	free(l->kind);
	free(l->seen);
	*l = (struct level){NULL, NULL, NULL};
	return false;
}

struct cells *cells_new(unsigned bits_min, uint64_t keys)
{
	bug_if(bits_min < 8 || bits_min > 24);
	struct cells *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	pthread_mutex_init(&c->fill_lock, NULL);
	c->plan = plan_new();
	if (!c->plan) {
		cells_free(c);
		return NULL;
	}
	uint64_t want = keys / LEAVES_PER_BUCKET;
	c->bits = bits_min;
	while (c->bits < LEVELS - 2 && want >> (c->bits + 1))
		c->bits++;
	uint64_t full = (uint64_t)1 << c->bits;
	if (want > full)
		c->split = (uint32_t)((want < 2 * full ? want : 2 * full - 1) - full);
	for (unsigned k = 0; k <= c->bits + (c->split > 0); k++) {
		if (!level_make(c, k)) {
			cells_free(c);
			return NULL;
		}
	}
	return c;
}

void cells_free(struct cells *c)
{
	if (!c)
		return;
	crowd_pool_drop(&c->pool);
	crowd_pool_fini(&c->pool);
	for (size_t i = 0; i < c->crowds_n; i++)
		crowd_free(c->crowds[i].crowd);
	for (unsigned k = 0; k < LEVELS; k++) {
		free(c->level[k].hash);
		free(c->level[k].kind);
		free(c->level[k].seen);
	}
	pthread_mutex_destroy(&c->fill_lock);
	free(c->crowds);
	free(c->changes);
	free(c->buckets);
	plan_free(c->plan);
	free(c->planned);
	free(c->both);
	free(c->jobs);
	free(c->halves);
	free(c);
}

/* ---- where things are ---- */

static uint32_t index_at(const uint8_t *key_hash, unsigned level)
{
	uint32_t top = (uint32_t)key_hash[0] << 24 | (uint32_t)key_hash[1] << 16 |
		       (uint32_t)key_hash[2] << 8 | key_hash[3];
	return level ? top >> (32 - level) : 0;
}

/* The level of the bucket that holds this key hash. */
static unsigned bucket_level(const struct cells *c, const uint8_t *key_hash)
{
	return c->bits + (index_at(key_hash, c->bits) < c->split);
}

static struct trie_node node_at(const struct cells *c, unsigned level, uint32_t index)
{
	const struct level *l = &c->level[level];
	return (struct trie_node){l->hash[index], l->kind[index] & KIND_MASK};
}

static void node_set(struct cells *c, unsigned level, uint32_t index, const struct trie_node *n,
		     const struct crowd *crowd)
{
	c->level[level].hash[index] = n->hash;
	c->level[level].kind[index] = (uint8_t)(n->kind | (crowd ? HAS_CROWD : 0));
}

static bool seen_get(const struct cells *c, unsigned level, uint32_t index)
{
	return c->level[level].seen[index >> 3] >> (index & 7) & 1;
}

static void seen_put(struct cells *c, unsigned level, uint32_t index, bool seen)
{
	uint8_t bit = (uint8_t)(1u << (index & 7));
	uint8_t *p = &c->level[level].seen[index >> 3];
	*p = (uint8_t)(seen ? *p | bit : *p & ~bit);
}

/* ---- crowds by place ---- */

static size_t crowd_slot(const struct cells *c, uint64_t where)
{
	size_t lo = 0, hi = c->crowds_n;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (c->crowds[mid].where < where)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint64_t where_of(unsigned level, uint32_t index)
{
	return (uint64_t)level << 32 | index;
}

static struct crowd *crowd_at(const struct cells *c, unsigned level, uint32_t index)
{
	if (!(c->level[level].kind[index] & HAS_CROWD))
		return NULL;
	size_t i = crowd_slot(c, where_of(level, index));
	bug_if(i == c->crowds_n || c->crowds[i].where != where_of(level, index));
	return c->crowds[i].crowd;
}

/* Room for `n` more, so that crowd_put cannot fail. */
static bool crowds_room(struct cells *c, size_t n)
{
	if (c->crowds_cap - c->crowds_n >= n)
		return true;
	size_t cap = 2 * c->crowds_n + n + 16;
	struct crowd_place *p = realloc(c->crowds, cap * sizeof *p);
	if (!p)
		return false;
	c->crowds = p;
	c->crowds_cap = cap;
	return true;
}

/* Puts, replaces or (NULL) removes. The caller has made room. */
static void crowd_put(struct cells *c, unsigned level, uint32_t index, struct crowd *crowd)
{
	uint64_t where = where_of(level, index);
	size_t i = crowd_slot(c, where);
	bool here = i < c->crowds_n && c->crowds[i].where == where;
	if (crowd && here) {
		c->crowds[i].crowd = crowd;
	} else if (crowd) {
		memmove(c->crowds + i + 1, c->crowds + i, (c->crowds_n - i) * sizeof *c->crowds);
		c->crowds[i] = (struct crowd_place){where, crowd};
		c->crowds_n++;
	} else if (here) {
		memmove(c->crowds + i, c->crowds + i + 1,
			(c->crowds_n - i - 1) * sizeof *c->crowds);
		c->crowds_n--;
	}
}

/* ---- the first fill ---- */

uint64_t cells_buckets(const struct cells *c)
{
	return ((uint64_t)1 << c->bits) + c->split;
}

uint64_t cells_bucket_of(const struct cells *c, const uint8_t *key_hash)
{
	uint32_t i = index_at(key_hash, c->bits);
	return i < c->split ? index_at(key_hash, c->bits + 1) : (uint64_t)i + c->split;
}

bool cells_bucket_bits(const struct cells *c, unsigned *bits, const uint8_t *key_hash)
{
	*bits = bucket_level(c, key_hash);
	return !(c->level[*bits].kind[index_at(key_hash, *bits)] & HAS_CROWD);
}

static void first_of(uint8_t key_hash[static 32], unsigned level, uint32_t index)
{
	memset(key_hash, 0, 32);
	uint32_t top = level ? index << (32 - level) : 0;
	for (unsigned i = 0; i < 4; i++)
		key_hash[i] = (uint8_t)(top >> (24 - 8 * i));
}

void cells_bucket_first(const struct cells *c, uint8_t key_hash[static 32], uint64_t bucket)
{
	bool low = bucket < 2 * (uint64_t)c->split;
	first_of(key_hash, c->bits + low, (uint32_t)(low ? bucket : bucket - c->split));
}

enum err cells_fill(struct cells *c, uint64_t bucket, const struct trie_leaf *leaves, size_t n)
{
	bool low = bucket < 2 * (uint64_t)c->split;
	unsigned level = c->bits + low;
	uint32_t index = (uint32_t)(low ? bucket : bucket - c->split);
	struct trie_node node;
	if (n <= CROWD_ABOVE) {
		trie_subtree(&node, leaves, n, level);
		node_set(c, level, index, &node, NULL);
		return ERR_OK;
	}
	pthread_mutex_lock(&c->fill_lock);
	struct crowd *crowd = NULL;
	enum err e = bucket_build(&c->pool, &node, &crowd, leaves, n, level);
	if (e == ERR_OK && !crowds_room(c, 1))
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		crowd_pool_keep(&c->pool);
		node_set(c, level, index, &node, crowd);
		crowd_put(c, level, index, crowd);
	} else {
		crowd_pool_drop(&c->pool);
	}
	pthread_mutex_unlock(&c->fill_lock);
	return e;
}

void cells_fill_end(struct cells *c)
{
	for (unsigned k = c->bits + 1; k-- > 0;) {
		uint32_t n = k == c->bits ? c->split : 1u << k;
		for (uint32_t i = 0; i < n; i++) {
			struct trie_node a = node_at(c, k + 1, 2 * i), b;
			b = node_at(c, k + 1, 2 * i + 1);
			struct trie_node up;
			trie_join(&up, &a, &b);
			node_set(c, k, i, &up, NULL);
		}
	}
}

/* ---- blocks ---- */

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

bool cells_is_seen(const struct cells *c, const uint8_t *key_hash)
{
	unsigned level = bucket_level(c, key_hash);
	uint32_t index = index_at(key_hash, level);
	return seen_get(c, level, index) && !(c->level[level].kind[index] & HAS_CROWD);
}

void cells_forget_seen(struct cells *c)
{
	for (unsigned k = c->bits; k <= c->bits + 1; k++)
		if (c->level[k].seen)
			memset(c->level[k].seen, 0, (((size_t)1 << k) + 7) / 8);
	for (size_t i = 0; i < c->crowds_n; i++)
		crowd_forget_seen(c->crowds[i].crowd);
}

/* ---- growth ---- */

/* Splits the cell at `index` of level `bits`; nothing of it is visible yet. */
static enum err split_cell(struct cells *c, const struct leaf_source *src, uint32_t index)
{
	uint8_t prefix[32];
	first_of(prefix, c->bits, index);
	struct leaf_list *l = &c->pool.old;
	l->n = 0;
	TRY(src->scan(src->ctx, l, prefix, c->bits));
	size_t left = 0;
	while (left < l->n && !trie_bit(l->at[left].key_hash, c->bits))
		left++;
	struct trie_node half[2], up, was = node_at(c, c->bits, index);
	for (unsigned i = 0; i < 2; i++) {
		struct crowd *crowd = NULL;
		uint32_t child = 2 * index + i;
		TRY(bucket_build(&c->pool, &half[i], &crowd, l->at + (i ? left : 0),
				 i ? l->n - left : left, c->bits + 1));
		node_set(c, c->bits + 1, child, &half[i], crowd);
		seen_put(c, c->bits + 1, child, true);
		if (!crowd)
			continue;
		void *at = c->halves;
		if (!vec_room(&at, &c->halves_cap, c->halves_n, sizeof *c->halves))
			return ERR_NOMEM;
		c->halves = at;
		c->halves[c->halves_n++] =
			(struct bucket_change){c->bits + 1, child, half[i], crowd};
	}
	trie_join(&up, &half[0], &half[1]);
	if (up.kind != was.kind || !hash_eq(&up.hash, &was.hash))
		return ERR_CORRUPT;
	return ERR_OK;
}

enum err cells_grow(struct cells *c, uint64_t keys, size_t budget, const struct leaf_source *src)
{
	uint64_t want = keys / LEAVES_PER_BUCKET;
	bug_if(c->staged);
	c->grown = 0;
	c->halves_n = 0;
	if (c->bits + 2 >= LEVELS)
		return ERR_OK;
	while (budget > 0 && cells_buckets(c) + c->grown < want &&
	       c->split + c->grown < 1u << c->bits) {
		if (!level_make(c, c->bits + 1))
			return ERR_NOMEM;
		TRY(split_cell(c, src, c->split + c->grown));
		c->grown++;
		budget--;
	}
	return ERR_OK;
}

enum err cells_grow_apply(struct cells *c)
{
	if (!c->grown)
		return ERR_OK;
	if (!crowds_room(c, c->halves_n))
		return ERR_NOMEM;
	for (uint32_t i = c->split; i < c->split + c->grown; i++) {
		struct crowd *old = crowd_at(c, c->bits, i);
		if (!old)
			continue;
		crowd_put(c, c->bits, i, NULL);
		crowd_free(old);
		c->level[c->bits].kind[i] &= KIND_MASK;
	}
	crowd_pool_keep(&c->pool);
	for (size_t i = 0; i < c->halves_n; i++)
		crowd_put(c, c->bits + 1, c->halves[i].index, c->halves[i].crowd);
	c->split += c->grown;
	c->grown = 0;
	if (c->split == 1u << c->bits) {
		c->bits++;
		c->split = 0;
	}
	return ERR_OK;
}

/* ---- reading ---- */

void cells_root(const struct cells *c, struct hash *root)
{
	*root = c->level[0].hash[0];
}

uint64_t cells_crowds(const struct cells *c)
{
	uint64_t n = 0;
	for (size_t i = 0; i < c->crowds_n; i++)
		n += crowd_number(c->crowds[i].crowd);
	return n;
}

size_t cells_memory(const struct cells *c)
{
	/* All full levels, and the two children of each split cell; 33 1/8 bytes each. */
	uint64_t nodes = 2 * ((uint64_t)1 << c->bits) + 2 * (uint64_t)c->split;
	return (size_t)(nodes * 33 + nodes / 8 + cells_crowds(c) * sizeof(struct crowd));
}

/* Goes on from a bucket's node into its leaves. */
static enum err path_in_bucket(struct state_proof *p, struct trie_leaf *leaf,
			       struct leaf_list *list, const struct leaf_source *src,
			       const struct hash *key_hash, const struct trie_node *was)
{
	list->n = 0;
	TRY(src->scan(src->ctx, list, key_hash->b, p->depth));
	const struct trie_leaf *at = list->at;
	size_t n = list->n;
	struct trie_node now;
	trie_subtree(&now, at, n, p->depth);
	if (now.kind != was->kind || !hash_eq(&now.hash, &was->hash))
		return ERR_CORRUPT;
	while (n > 1) {
		if (p->depth == STATE_PROOF_DEPTH_MAX)
			return ERR_LIMIT;
		size_t left = 0;
		while (left < n && !trie_bit(at[left].key_hash, p->depth))
			left++;
		unsigned side = trie_bit(key_hash->b, p->depth);
		struct trie_node other;
		trie_subtree(&other, side ? at : at + left, side ? left : n - left, p->depth + 1);
		p->sibling[p->depth++] = other.hash;
		at = side ? at + left : at;
		n = side ? n - left : left;
	}
	p->kind = STATE_PROOF_EMPTY;
	if (n == 1) {
		*leaf = *at;
		p->kind = memcmp(at->key_hash, key_hash->b, 32) == 0 ? STATE_PROOF_PRESENT
								     : STATE_PROOF_OTHER;
	}
	return ERR_OK;
}

enum err cells_path(const struct cells *c, struct state_proof *p, struct trie_leaf *leaf,
		    struct leaf_list *scratch, const struct leaf_source *src,
		    const struct hash *key_hash)
{
	*p = (struct state_proof){.kind = STATE_PROOF_EMPTY};
	unsigned bottom = bucket_level(c, key_hash->b);
	struct trie_node at = node_at(c, 0, 0);
	while (p->depth < bottom && at.kind == TRIE_MANY) {
		unsigned level = p->depth + 1;
		uint32_t i = index_at(key_hash->b, level);
		p->sibling[p->depth++] = c->level[level].hash[i ^ 1];
		at = node_at(c, level, i);
	}
	const struct crowd *crowd = NULL;
	if (p->depth == bottom)
		crowd = crowd_at(c, bottom, index_at(key_hash->b, bottom));
	while (crowd && at.kind == TRIE_MANY) {
		unsigned cell = crowd_cell(crowd, key_hash->b), i = 1;
		for (unsigned b = CROWD_BITS; b-- > 0 && at.kind == TRIE_MANY;) {
			i = 2 * i + (cell >> b & 1);
			p->sibling[p->depth++] = crowd->node[i ^ 1].hash;
			at = crowd->node[i];
		}
		crowd = i >= CROWD_CELLS ? crowd->child[cell] : NULL;
	}
	return path_in_bucket(p, leaf, scratch, src, key_hash, &at);
}
