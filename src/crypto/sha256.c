#include "crypto/sha256.h"

/*
 * OpenSSL 3 marks SHA256_Init and its kin as deprecated in favour of EVP. EVP
 * fetches, counts references and allocates, which costs about 0.3 us a call:
 * as much as the compression of one block of 64 bytes, and a trie hashes
 * millions of such. The functions are still there, are plain and cannot fail.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "struct sha256 holds SHA256_CTX");
_Static_assert(_Alignof(SHA256_CTX) <= _Alignof(struct sha256), "alignment");

/* The build has -fno-strict-aliasing, so the opaque words may be seen as SHA256_CTX. */
static SHA256_CTX *ctx(struct sha256 *h)
{
	return (SHA256_CTX *)h->opaque;
}

void sha256_init(struct sha256 *h)
{
	SHA256_Init(ctx(h));
}

void sha256_update(struct sha256 *h, const void *p, size_t n)
{
	if (n)
		SHA256_Update(ctx(h), p, n);
}

void sha256_final(struct sha256 *h, struct hash *out)
{
	SHA256_Final(out->b, ctx(h));
}

void sha256(struct hash *out, struct slice s)
{
	sha256_parts(out, &s, 1);
}

void sha256_parts(struct hash *out, const struct slice *parts, size_t count)
{
	struct sha256 h;
	sha256_init(&h);
	for (size_t i = 0; i < count; i++)
		sha256_update_slice(&h, parts[i]);
	sha256_final(&h, out);
}

void sha256_pair(struct hash *out, uint8_t prefix, const uint8_t left[static 32],
		 const uint8_t right[static 32])
{
	/* 65 bytes make two blocks: 64, then one byte, padding and the length, 520 bits. */
	uint8_t block[128] = {prefix};
	memcpy(block + 1, left, 32);
	memcpy(block + 33, right, 32);
	block[65] = 0x80;
	block[126] = 520 >> 8;
	block[127] = 520 & 255;
	SHA256_CTX c;
	SHA256_Init(&c);
	SHA256_Transform(&c, block);
	SHA256_Transform(&c, block + 64);
	for (unsigned i = 0; i < 8; i++) {
		uint32_t w = (uint32_t)c.h[i];
		out->b[4 * i] = (uint8_t)(w >> 24);
		out->b[4 * i + 1] = (uint8_t)(w >> 16);
		out->b[4 * i + 2] = (uint8_t)(w >> 8);
		out->b[4 * i + 3] = (uint8_t)w;
	}
}
