/*
 * sha256: the one hash of the ledger (FIPS 180-4).
 *
 * A thin cover over OpenSSL's own compression function, which picks SHA-NI or
 * AVX2 by itself. No allocation, no failure, no state outside the struct.
 */
#ifndef ARGOSY_CRYPTO_SHA256_H
#define ARGOSY_CRYPTO_SHA256_H

#include "base/bytes.h"

/* A hash in the making; plain memory, may be copied to fork a prefix. */
struct sha256 {
	uint32_t opaque[32];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t n);
static inline void sha256_update_slice(struct sha256 *h, struct slice s)
{
	sha256_update(h, s.p, s.n);
}
/* Ends the hash; `h` must be initialised again before another use. */
void sha256_final(struct sha256 *h, struct hash *out);

/* The hash of one run of bytes. */
void sha256(struct hash *out, struct slice s);
/* The hash of several runs, one after the other, as if joined. */
void sha256_parts(struct hash *out, const struct slice *parts, size_t count);

/* SHA-256(prefix || left || right) of one byte and twice 32: what Merkle trees hash
 * most, without the buffering. `out` may be one of the inputs. */
void sha256_pair(struct hash *out, uint8_t prefix, const uint8_t left[static 32],
		 const uint8_t right[static 32]);

/* Several such, independent of each other: no `out` is an input of another. Takes half
 * the time where the CPU has SHA instructions. */
struct sha256_job {
	const uint8_t *left, *right; /* 32 bytes each */
	struct hash *out;
	uint8_t prefix;
};
void sha256_pairs(const struct sha256_job *jobs, size_t n);

#endif
