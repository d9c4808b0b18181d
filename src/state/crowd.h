/*
 * crowd: cached subtrees under a crowded bucket.
 *
 * Hashing a bucket costs its number of leaves. Chance fills a bucket with about
 * eight; but a key that falls into a chosen one costs an attacker 7 ms to find, so
 * buckets above 64 leaves get a crowd: the next four levels of the trie, kept in
 * memory, whose 16 cells are buckets again and may have crowds of their own. An
 * update then rehashes one small bucket and four nodes a level.
 *
 * Crowds are changed by copying the path, so that a block can be staged beside the
 * committed ones and dropped: a pool notes which crowds are new and which were
 * replaced.
 */
#ifndef ARGOSY_STATE_CROWD_H
#define ARGOSY_STATE_CROWD_H

#include "state/leaves.h"

enum {
	CROWD_BITS = 4,
	CROWD_CELLS = 1 << CROWD_BITS,
	CROWD_ABOVE = 64, /* a bucket with more leaves gets a crowd */
	CROWD_BELOW = 32, /* a crowd with fewer is dropped */
	CROWD_DEPTH_MAX = 240,
};

struct crowd {
	unsigned depth; /* of its root */
	bool fresh, dead, retired;
	uint16_t seen; /* cells checked against their rows since the last forgetting */
	uint32_t count[CROWD_CELLS];
	struct crowd *child[CROWD_CELLS];
	struct trie_node node[2 * CROWD_CELLS]; /* 1: the root; 16..31: the cells */
};

struct crowd_list {
	struct crowd **at;
	size_t n, cap;
};

struct crowd_pool {
	struct crowd_list fresh, retired;
	struct leaf_list old, merged; /* scratch */
};

void crowd_pool_fini(struct crowd_pool *p); /* after keep or drop */
/* The new ones stay, the replaced ones go; or the other way round. */
void crowd_pool_keep(struct crowd_pool *p);
void crowd_pool_drop(struct crowd_pool *p);

/* Frees a kept crowd and all below it, at once. */
void crowd_free(struct crowd *c);
/* Marks a crowd and all below it as replaced. */
enum err crowd_retire(struct crowd_pool *p, struct crowd *c) MUST_USE;
uint64_t crowd_number(const struct crowd *c); /* itself and all below */
void crowd_forget_seen(struct crowd *c);

/*
 * Hashes one bucket: the leaves under the first `depth` bits of the touches' key
 * hashes. `was` is its node, *crowd its crowd or NULL (replaced here), *seen
 * whether its rows were checked already. Reads the rows if it must, checks them
 * against `was` (ERR_CORRUPT), applies the touches. *delta gains the change in the
 * number of leaves.
 */
enum err bucket_touch(struct crowd_pool *p, const struct leaf_source *src, struct trie_node *out,
		      struct crowd **crowd, bool *seen, int64_t *delta, const struct trie_node *was,
		      const struct touch *t, size_t n, unsigned depth) MUST_USE;

/* The node of a bucket with these leaves; *crowd is a new crowd if there are many,
 * else NULL. */
enum err bucket_build(struct crowd_pool *p, struct trie_node *out, struct crowd **crowd,
		      const struct trie_leaf *leaves, size_t n, unsigned depth) MUST_USE;

/* Which of the 16 cells a key hash falls into. */
static inline unsigned crowd_cell(const struct crowd *c, const uint8_t *key_hash)
{
	unsigned cell = 0;
	for (unsigned i = 0; i < CROWD_BITS; i++)
		cell = cell << 1 | trie_bit(key_hash, c->depth + i);
	return cell;
}

#endif
