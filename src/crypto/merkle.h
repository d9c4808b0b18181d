/*
 * merkle: roots of RFC 6962 trees, as CometBFT and the event log make them.
 *
 *   root of nothing   SHA-256("")
 *   leaf              SHA-256(0x00 || item)
 *   inner             SHA-256(0x01 || left || right), split at the largest power of two below n
 *
 * Made in one pass, without memory of its own: the peaks of the perfect
 * subtrees so far are the binary digits of the count.
 */
#ifndef ARGOSY_CRYPTO_MERKLE_H
#define ARGOSY_CRYPTO_MERKLE_H

#include "base/bytes.h"

void merkle_leaf(struct hash *out, struct slice item);
void merkle_inner(struct hash *out, const struct hash *left, const struct hash *right);

/* A root in the making; plain memory, may be copied. */
struct merkle {
	uint64_t n;
	struct hash peaks[64]; /* peaks[k] holds where bit k of n is set */
};

void merkle_init(struct merkle *m);
void merkle_add(struct merkle *m, struct slice item);
/* Adds a leaf by its hash. */
void merkle_add_leaf(struct merkle *m, const struct hash *leaf);
/* `m` may go on afterwards. */
void merkle_root(const struct merkle *m, struct hash *out);

#endif
