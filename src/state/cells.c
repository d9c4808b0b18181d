#include "state/cells_priv.h"

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

static struct hand *hand_new(void)
{
	struct hand *h = calloc(1, sizeof *h);
	if (h)
		h->plan = plan_new();
	if (h && !h->plan) {
		free(h);
		return NULL;
	}
	return h;
}

static void hand_free(struct hand *h)
{
	if (!h)
		return;
	crowd_pool_drop(&h->pool);
	crowd_pool_fini(&h->pool);
	plan_free(h->plan);
	free(h->changes);
	free(h->buckets);
	free(h->planned);
	free(h->both);
	free(h->jobs);
	free(h);
}

struct cells *cells_new(unsigned bits_min, uint64_t keys)
{
	bug_if(bits_min < 8 || bits_min > 24);
	struct cells *c = calloc(1, sizeof *c);
	if (!c)
		return NULL;
	pthread_mutex_init(&c->fill_lock, NULL);
	for (unsigned i = 0; i < HANDS; i++) {
		c->hand[i] = hand_new();
		if (!c->hand[i]) {
			cells_free(c);
			return NULL;
		}
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
	for (unsigned i = 0; i < HANDS; i++)
		hand_free(c->hand[i]);
	for (size_t i = 0; i < c->crowds_n; i++)
		crowd_free(c->crowds[i].crowd);
	for (unsigned k = 0; k < LEVELS; k++) {
		free(c->level[k].hash);
		free(c->level[k].kind);
		free(c->level[k].seen);
	}
	pthread_mutex_destroy(&c->fill_lock);
	free(c->crowds);
	free(c->halves);
	free(c);
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

struct crowd *crowd_at(const struct cells *c, unsigned level, uint32_t index)
{
	if (!(c->level[level].kind[index] & HAS_CROWD))
		return NULL;
	size_t i = crowd_slot(c, where_of(level, index));
	bug_if(i == c->crowds_n || c->crowds[i].where != where_of(level, index));
	return c->crowds[i].crowd;
}

bool crowds_room(struct cells *c, size_t n)
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

void crowd_put(struct cells *c, unsigned level, uint32_t index, struct crowd *crowd)
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
	enum err e = bucket_build(&c->hand[0]->pool, &node, &crowd, leaves, n, level);
	if (e == ERR_OK && !crowds_room(c, 1))
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		crowd_pool_keep(&c->hand[0]->pool);
		node_set(c, level, index, &node, crowd);
		crowd_put(c, level, index, crowd);
	} else {
		crowd_pool_drop(&c->hand[0]->pool);
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
	/* Crowds begin as checked; a block checks what it reads in any case. */
	cells_forget_seen(c);
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

void cells_forget_one(struct cells *c, const uint8_t *key_hash)
{
	unsigned level = bucket_level(c, key_hash);
	uint32_t index = index_at(key_hash, level);
	struct crowd *crowd = crowd_at(c, level, index);
	seen_put(c, level, index, false);
	if (crowd)
		crowd_forget_seen(crowd);
}

/* ---- growth ---- */

/* Splits the cell at `index` of level `bits`; nothing of it is visible yet. */
static enum err split_cell(struct cells *c, const struct leaf_source *src, uint32_t index)
{
	uint8_t prefix[32];
	first_of(prefix, c->bits, index);
	struct leaf_list *l = &c->hand[0]->pool.old;
	l->n = 0;
	TRY(src->scan(src->ctx, l, prefix, c->bits));
	size_t left = 0;
	while (left < l->n && !trie_bit(l->at[left].key_hash, c->bits))
		left++;
	struct trie_node half[2], up, was = node_at(c, c->bits, index);
	for (unsigned i = 0; i < 2; i++) {
		struct crowd *crowd = NULL;
		uint32_t child = 2 * index + i;
		TRY(bucket_build(&c->hand[0]->pool, &half[i], &crowd, l->at + (i ? left : 0),
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
	crowd_pool_keep(&c->hand[0]->pool);
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

unsigned cells_depth(const struct cells *c)
{
	return c->bits;
}

bool cells_hold(const struct cells *c, const uint8_t *prefix, unsigned bits,
		const struct leaf_list *leaves)
{
	struct trie_node is, should = node_at(c, bits, index_at(prefix, bits));
	trie_subtree(&is, leaves->at, leaves->n, bits);
	return is.kind == should.kind && hash_eq(&is.hash, &should.hash);
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
