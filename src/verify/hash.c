#include "verify/inside.h"

#include <sodium.h>

void h_parts(struct hash *out, const struct slice *parts, size_t n)
{
	crypto_hash_sha256_state s;
	crypto_hash_sha256_init(&s);
	for (size_t i = 0; i < n; i++)
		crypto_hash_sha256_update(&s, parts[i].p, parts[i].n);
	crypto_hash_sha256_final(&s, out->b);
}

void h_of(struct hash *out, struct slice s)
{
	h_parts(out, &s, 1);
}

void h_leaf(struct hash *out, struct slice item)
{
	h_parts(out, (struct slice[]){SLICE_LIT("\0"), item}, 2);
}

void h_node(struct hash *out, const struct hash *left, const struct hash *right)
{
	uint8_t b[65] = {1};
	memcpy(b + 1, left->b, 32);
	memcpy(b + 33, right->b, 32);
	crypto_hash_sha256(out->b, b, sizeof b);
}

/* libsodium refuses small-order and non-canonical keys, and S beyond the group's order. */
bool signature_good(const uint8_t *sig, struct slice msg, const uint8_t *key)
{
	return crypto_sign_verify_detached(sig, msg.p, msg.n, key) == 0;
}

/* RFC 9162, 2.1.4.2, word for word: fn and sn walk up the two trees together. */
bool consistency_good(uint64_t size1, const struct hash *root1, uint64_t size2,
		      const struct hash *root2, const struct hash *path, size_t n)
{
	if (size1 < 1 || size1 > size2)
		return false;
	if (size1 == size2)
		return n == 0 && commits(root1, root2);
	/* "If first is an exact power of 2, then prepend first_hash to the array." */
	bool whole = (size1 & (size1 - 1)) == 0;
	if (!whole && n == 0)
		return false;
	struct hash fr = whole ? *root1 : path[0], sr = fr;
	uint64_t fn = size1 - 1, sn = size2 - 1;
	for (; fn & 1; fn >>= 1)
		sn >>= 1;
	for (size_t i = whole ? 0 : 1; i < n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) || fn == sn) {
			h_node(&fr, &path[i], &fr);
			h_node(&sr, &path[i], &sr);
			while (!(fn & 1) && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			h_node(&sr, &sr, &path[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && commits(&fr, root1) && commits(&sr, root2);
}
