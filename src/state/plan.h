/*
 * plan: many subtrees hashed together.
 *
 * Nodes that do not depend on each other are hashed two at a time (crypto/sha256.h,
 * sha256_pairs). So the subtrees of a block are first laid out as a plan, each node
 * filed under its height above the leaves, and then hashed height by height.
 */
#ifndef ARGOSY_STATE_PLAN_H
#define ARGOSY_STATE_PLAN_H

#include "crypto/sha256.h"
#include "state/leaves.h"

/* A node whose hash is there after plan_run; `height` 0 is there already. */
struct plan_node {
	const uint8_t *hash;
	uint8_t kind; /* enum trie_kind */
	uint16_t height;
};

/* A leaf before and after a block; NULL: none. Equal pointers: not touched. */
struct plan_leaf {
	uint64_t top; /* the first bits of the key hash, see trie_top */
	const uint8_t *key_hash, *was, *is;
};

struct plan;
struct plan *plan_new(void); /* NULL: no memory */
void plan_free(struct plan *p);
/* Forgets all nodes: their hashes are gone. */
void plan_reset(struct plan *p);
/* Plans the subtree at `depth` before and after, over the sorted leaves of both. What
 * they share is hashed once. */
enum err plan_subtree(struct plan *p, struct plan_node *was, struct plan_node *is,
		      const struct plan_leaf *leaves, size_t n, unsigned depth) MUST_USE;
/* Hashes all that was planned since the last run. */
void plan_run(struct plan *p);

#endif
