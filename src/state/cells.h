/*
 * cells: the upper part of the trie in one array, and the buckets under it.
 *
 * Level k of the array holds the 2^k nodes of the trie at depth k. The lowest
 * full level is `bits`; its first `split` cells have been split already and have
 * their two children in level bits + 1, so the array grows one cell at a time:
 *
 *     level 0                      root
 *     ...                       .         .
 *     level bits        x     x     x     B     B        (split = 3)
 *     level bits + 1   B B   B B   B B
 *
 * A cell without children in the array is a bucket (B): the rows under its prefix
 * are hashed by a scan. One bucket for five keys makes 13 bytes of memory a key.
 * The node of a cell is the same wherever the array ends, and so is the root.
 *
 * A block is staged beside the committed nodes: cells_stage computes what changes,
 * cells_apply writes it, cells_drop forgets it. Only cells_apply and
 * cells_grow_apply change what cells_path, cells_root and the figures read: the
 * caller excludes readers around these two. All others but cells_share belong to one
 * thread.
 */
#ifndef ARGOSY_STATE_CELLS_H
#define ARGOSY_STATE_CELLS_H

#include "state/leaves.h"

struct cells;

/* For `keys` leaves at first, with at least 2^bits_min cells (8..24). NULL: no memory. */
struct cells *cells_new(unsigned bits_min, uint64_t keys);
void cells_free(struct cells *c);

/* ---- the first fill: every bucket once, in any order, by any thread ---- */
uint64_t cells_buckets(const struct cells *c);
/* Which bucket a key hash falls into, 0..cells_buckets() - 1, in order of hash. */
uint64_t cells_bucket_of(const struct cells *c, const uint8_t *key_hash);
/* The number of bits that make this key's bucket. False: the bucket has a crowd. */
bool cells_bucket_bits(const struct cells *c, unsigned *bits, const uint8_t *key_hash);
/* The least key hash of a bucket. */
void cells_bucket_first(const struct cells *c, uint8_t key_hash[static 32], uint64_t bucket);
enum err cells_fill(struct cells *c, uint64_t bucket, const struct trie_leaf *leaves,
		    size_t n) MUST_USE;
void cells_fill_end(struct cells *c);

/* ---- blocks ---- */

/* Touches in order of key hash; no key twice with writes. Reads have their buckets
 * checked, once until cells_forget_seen; so have writes. ERR_CORRUPT if rows do not
 * hash to their cell. *delta: change in the number of keys. */
enum err cells_stage(struct cells *c, int64_t *delta, const struct leaf_source *src,
		     const struct touch *t, size_t n) MUST_USE;
/*
 * The same by two threads: after cells_cut each calls cells_share with a hand (0 or 1)
 * and a source of its own until that says false, for nothing is left; when both are
 * done, cells_join. `t` is borrowed until then, the leaves of a source only while a share
 * is worked on. Neither the result nor the fault depends on who took what.
 */
void cells_cut(struct cells *c, const struct touch *t, size_t n);
bool cells_share(struct cells *c, unsigned hand, const struct leaf_source *src);
enum err cells_join(struct cells *c, int64_t *delta) MUST_USE;
/* The root: staged if there is a staging, else committed. */
void cells_staged_root(const struct cells *c, struct hash *root);
enum err cells_apply(struct cells *c) MUST_USE; /* ERR_NOMEM: nothing changed */
void cells_drop(struct cells *c);
/* Whether a read of this key needs no touch: its bucket was checked already. */
bool cells_is_seen(const struct cells *c, const uint8_t *key_hash);
void cells_forget_seen(struct cells *c);
/* The same for the bucket of one key hash. */
void cells_forget_one(struct cells *c, const uint8_t *key_hash);

/* Splits up to `budget` buckets if there are more than five keys a bucket. The
 * second function makes it visible; call it after each first. */
enum err cells_grow(struct cells *c, uint64_t keys, size_t budget,
		    const struct leaf_source *src) MUST_USE;
enum err cells_grow_apply(struct cells *c) MUST_USE;

/* ---- any thread, while nothing is applied ---- */
void cells_root(const struct cells *c, struct hash *root);
uint64_t cells_crowds(const struct cells *c);
size_t cells_memory(const struct cells *c);

/* How deep every part of the array reaches. */
unsigned cells_depth(const struct cells *c);
/* Whether these are the leaves under the first `bits` <= cells_depth bits of `prefix`. */
bool cells_hold(const struct cells *c, const uint8_t *prefix, unsigned bits,
		const struct leaf_list *leaves);

/*
 * The path to `key_hash` with its siblings. Where it ends in a leaf, *leaf is it
 * (p->kind PRESENT or OTHER; the caller fills in the other's hashes); `scratch`
 * holds what was scanned. ERR_CORRUPT if the rows do not hash to their cell.
 */
enum err cells_path(const struct cells *c, struct state_proof *p, struct trie_leaf *leaf,
		    struct leaf_list *scratch, const struct leaf_source *src,
		    const struct hash *key_hash) MUST_USE;

#endif
