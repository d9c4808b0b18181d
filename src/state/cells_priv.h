/*
 * cells_priv: what cells.c (the array, its growth, paths) and cells_stage.c (blocks)
 * share; for these two alone.
 */
#ifndef ARGOSY_STATE_CELLS_PRIV_H
#define ARGOSY_STATE_CELLS_PRIV_H

#include "state/cells.h"
#include "state/crowd.h"
#include "state/plan.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
	LEAVES_PER_BUCKET = 5,
	LEVELS = 29,   /* 2^28 cells serve 2^31 keys */
	HAS_CROWD = 4, /* in a kind byte */
	KIND_MASK = 3,
	HANDS = 2,	/* threads that may stage a block together */
	SHARE_BITS = 6, /* its shares: 2^6 at most */
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
	uint8_t level;
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

/* What one of the threads that stage a block has of its own. */
struct hand {
	struct crowd_pool pool;
	struct change *changes; /* level by level within a share */
	size_t changes_n, changes_cap;
	struct bucket_change *buckets;
	size_t buckets_n, buckets_cap;
	/* Scratch of the share in hand. */
	struct plan *plan;
	struct planned *planned; /* those of the buckets that wait for the plan */
	size_t planned_n, planned_cap;
	struct plan_leaf *both; /* the leaves of a bucket before and after */
	size_t both_cap;
	struct sha256_job *jobs; /* a level's nodes */
	size_t jobs_cap;
};

/* A subtree of the trie whose touches one hand takes together. */
struct share {
	const struct touch *t;
	size_t n;
	uint32_t index;
	bool changed;
	enum err err;
	int64_t delta;
	struct trie_node top; /* its node, if changed */
};

struct cells {
	unsigned bits;
	uint32_t split;
	struct level level[LEVELS];
	struct crowd_place *crowds;
	size_t crowds_n, crowds_cap;
	pthread_mutex_t fill_lock; /* crowds while filling */

	/* The staging. */
	bool staged;
	struct hash root; /* with it */
	struct hand *hand[HANDS];
	unsigned share_level;
	struct share share[1 << SHARE_BITS]; /* in order of hash; none without touches */
	size_t shares_n;
	atomic_size_t shares_taken;
	atomic_bool spoilt; /* a share met a fault: none is taken any more */

	/* Cells being split: from `split` on. */
	uint32_t grown;
	struct bucket_change *halves; /* those with crowds */
	size_t halves_n, halves_cap;
};

static inline bool vec_room(void **at, size_t *cap, size_t n, size_t each)
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

/* ---- where things are ---- */

static inline uint32_t index_at(const uint8_t *key_hash, unsigned level)
{
	return level ? bytes_u32be(key_hash) >> (32 - level) : 0;
}

/* The level of the bucket that holds this key hash. */
static inline unsigned bucket_level(const struct cells *c, const uint8_t *key_hash)
{
	return c->bits + (index_at(key_hash, c->bits) < c->split);
}

static inline struct trie_node node_at(const struct cells *c, unsigned level, uint32_t index)
{
	const struct level *l = &c->level[level];
	return (struct trie_node){l->hash[index], l->kind[index] & KIND_MASK};
}

static inline void node_set(struct cells *c, unsigned level, uint32_t index,
			    const struct trie_node *n, const struct crowd *crowd)
{
	c->level[level].hash[index] = n->hash;
	c->level[level].kind[index] = (uint8_t)(n->kind | (crowd ? HAS_CROWD : 0));
}

static inline bool seen_get(const struct cells *c, unsigned level, uint32_t index)
{
	return c->level[level].seen[index >> 3] >> (index & 7) & 1;
}

static inline void seen_put(struct cells *c, unsigned level, uint32_t index, bool seen)
{
	uint8_t bit = (uint8_t)(1u << (index & 7));
	uint8_t *p = &c->level[level].seen[index >> 3];
	*p = (uint8_t)(seen ? *p | bit : *p & ~bit);
}

/* ---- crowds by place: cells.c ---- */
struct crowd *crowd_at(const struct cells *c, unsigned level, uint32_t index);
/* Room for `n` more, so that crowd_put cannot fail. */
bool crowds_room(struct cells *c, size_t n);
/* Puts, replaces or (NULL) removes. The caller has made room. */
void crowd_put(struct cells *c, unsigned level, uint32_t index, struct crowd *crowd);

#endif
