/*
 * capture: the buckets of the store that a block has read.
 *
 * A block reads a row, then writes it, then hashes its bucket: twice the same way down
 * LMDB's tree, through memory that is rarely in the cache. So a read takes the whole
 * bucket at once and the scan for the root finds it here. All of it is borrowed from
 * the view it was read with.
 */
#ifndef ARGOSY_STATE_CAPTURE_H
#define ARGOSY_STATE_CAPTURE_H

#include "state/store.h"

struct capture {
	struct leaf_list leaves;
	struct captured {
		uint64_t bucket;
		uint32_t from, n;
		unsigned bits;
	} *buckets;
	size_t buckets_n, buckets_cap;
	uint32_t *slots; /* open addressing; a bucket's place + 1, 0: free */
	size_t slots_n;	 /* a power of two, at least twice buckets_n */
};

void capture_fini(struct capture *c);
void capture_reset(struct capture *c);
/* The bucket, or NULL. */
const struct captured *capture_find(const struct capture *c, uint64_t bucket);
/* Reads the bucket of the first `bits` bits of `prefix`, which is not here yet. */
enum err capture_read(struct capture *c, const struct captured **out, struct store_view *v,
		      uint64_t bucket, const uint8_t *prefix, unsigned bits) MUST_USE;
/* A row of a bucket; false: it has none by that key hash. */
bool capture_row(const struct capture *c, const struct captured *b, struct disk_row *row,
		 const struct hash *key_hash);

#endif
