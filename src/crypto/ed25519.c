#include "crypto/ed25519.h"

#include <sodium.h>

enum err ed25519_init(void)
{
	return sodium_init() < 0 ? ERR_UNAVAILABLE : ERR_OK;
}

void ed25519_from_seed(uint8_t pub[static 32], uint8_t secret[static 64],
		       const uint8_t seed[static 32])
{
	bug_if(crypto_sign_seed_keypair(pub, secret, seed) != 0);
}

void ed25519_public(uint8_t pub[static 32], const uint8_t secret[static 64])
{
	bug_if(crypto_sign_ed25519_sk_to_pk(pub, secret) != 0);
}

void ed25519_sign(uint8_t sig[static 64], struct slice msg, const uint8_t secret[static 64])
{
	bug_if(crypto_sign_detached(sig, NULL, msg.p, msg.n, secret) != 0);
}

bool ed25519_verify(const uint8_t sig[static 64], struct slice msg, const uint8_t pub[static 32])
{
	return crypto_sign_verify_detached(sig, msg.p, msg.n, pub) == 0;
}

bool ed25519_public_valid(const uint8_t pub[static 32])
{
	return crypto_core_ed25519_is_valid_point(pub) == 1;
}
