#include "crypto/ed25519.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* RFC 8032 §7.1, tests 1 to 3. */
static const struct {
	const char *seed, *pub, *msg, *sig;
} rfc[] = {
	{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	 "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
	 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
	 "cf9b46bd25bf5f0595bbe24655141438e7a100b"},
	{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
	 "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d"
	 "0f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
	{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	 "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
	 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
	 "84dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

static void rfc_8032(void **s)
{
	(void)s;
	for (size_t i = 0; i < sizeof rfc / sizeof *rfc; i++) {
		uint8_t seed[32], pub[32], want[32], secret[64], sig[64], good[64], msg[8];
		size_t n = strlen(rfc[i].msg) / 2;
		assert_true(hex_decode(seed, 32, slice_str(rfc[i].seed)));
		assert_true(hex_decode(want, 32, slice_str(rfc[i].pub)));
		assert_true(hex_decode(good, 64, slice_str(rfc[i].sig)));
		assert_true(hex_decode(msg, n, slice_str(rfc[i].msg)));
		ed25519_from_seed(pub, secret, seed);
		assert_memory_equal(pub, want, 32);
		ed25519_public(pub, secret);
		assert_memory_equal(pub, want, 32);
		assert_true(ed25519_public_valid(pub));
		ed25519_sign(sig, slice(msg, n), secret);
		assert_memory_equal(sig, good, 64);
		assert_true(ed25519_verify(sig, slice(msg, n), pub));
		for (unsigned bit = 0; bit < 512; bit++) {
			sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_false(ed25519_verify(sig, slice(msg, n), pub));
			sig[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_false(ed25519_verify(sig, SLICE_LIT("other"), pub));
	}
}

/* What other libraries accept and ours must not. */
static void refused_everywhere(void **s)
{
	(void)s;
	uint8_t identity[32] = {1}, sig[64] = {1};
	/* A = identity, R = identity, S = 0: satisfies the equation for every message. */
	assert_false(ed25519_verify(sig, SLICE_LIT("anything"), identity));
	assert_false(ed25519_public_valid(identity));

	/* y = p + 1, the identity written non-canonically. */
	uint8_t loose[32];
	memset(loose, 0xff, 32);
	loose[0] = 0xee;
	loose[31] = 0x7f;
	assert_false(ed25519_verify(sig, SLICE_LIT("anything"), loose));
	assert_false(ed25519_public_valid(loose));

	/* The other points of small order, by their encodings. */
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	};
	for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
		uint8_t pub[32];
		assert_true(hex_decode(pub, 32, slice_str(small[i])));
		assert_false(ed25519_verify(sig, SLICE_LIT("anything"), pub));
		assert_false(ed25519_public_valid(pub));
	}

	/* S + L: the same signature written otherwise. */
	static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a,	      0x63,
					  0x12, 0x58, 0xd6, 0x9c, 0xf7,	      0xa2,
					  0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	uint8_t seed[32] = {7}, pub[32], secret[64];
	ed25519_from_seed(pub, secret, seed);
	ed25519_sign(sig, SLICE_LIT("m"), secret);
	assert_true(ed25519_verify(sig, SLICE_LIT("m"), pub));
	unsigned carry = 0;
	for (unsigned i = 0; i < 32; i++) {
		carry += (unsigned)sig[32 + i] + order[i];
		sig[32 + i] = (uint8_t)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	assert_false(ed25519_verify(sig, SLICE_LIT("m"), pub));
}

int main(void)
{
	assert_int_equal(ed25519_init(), ERR_OK);
	const struct CMUnitTest tests[] = {cmocka_unit_test(rfc_8032),
					   cmocka_unit_test(refused_everywhere)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
