/*
 * ed25519: signatures, by libsodium alone.
 *
 * libsodium's rules are the ledger's: small-order keys and R, non-canonical
 * encodings and S >= L are refused. OpenSSL accepts some of these, so no other
 * library judges a signature here (two opinions in one network are a split).
 */
#ifndef ARGOSY_CRYPTO_ED25519_H
#define ARGOSY_CRYPTO_ED25519_H

#include "base/bytes.h"

enum { ED25519_SEED = 32, ED25519_PUBLIC = 32, ED25519_SECRET = 64, ED25519_SIGNATURE = 64 };

/* Once, before threads; again is harmless. Without it all works, but slower. */
enum err ed25519_init(void) MUST_USE;
/* The seed must come from the system's randomness; the caller wipes it. */
void ed25519_from_seed(uint8_t pub[static 32], uint8_t secret[static 64],
		       const uint8_t seed[static 32]);
void ed25519_public(uint8_t pub[static 32], const uint8_t secret[static 64]);
/* Deterministic (RFC 8032). */
void ed25519_sign(uint8_t sig[static 64], struct slice msg, const uint8_t secret[static 64]);
bool ed25519_verify(const uint8_t sig[static 64], struct slice msg, const uint8_t pub[static 32]);
/* Can any signature by this key be accepted? False for small-order and
 * non-canonical points and for those outside the main subgroup. */
bool ed25519_public_valid(const uint8_t pub[static 32]);

#endif
