#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void assert_hash(const struct hash *h, const char *hex)
{
	char text[65];
	hex_encode(text, h->b, 32);
	assert_string_equal(text, hex);
}

/* FIPS 180-4 examples (the NIST test vectors), and the empty message. */
static void known(void **s)
{
	(void)s;
	static const struct {
		struct slice in;
		const char *hex;
	} v[] = {
		{{NULL, 0}, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{{(const uint8_t *)"abc", 3},
		 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{{(const uint8_t *)"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56},
		 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
	};
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct hash h;
		sha256(&h, v[i].in);
		assert_hash(&h, v[i].hex);
	}
}

static void a_million_a(void **s)
{
	(void)s;
	struct sha256 h;
	struct hash out;
	uint8_t a[1000];
	memset(a, 'a', sizeof a);
	sha256_init(&h);
	for (int i = 0; i < 1000; i++)
		sha256_update(&h, a, sizeof a);
	sha256_final(&h, &out);
	assert_hash(&out, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* However the bytes are cut into parts, and through a copied state. */
static void parts_are_joined(void **s)
{
	(void)s;
	uint8_t b[200];
	struct hash whole, cut;
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)(i * 7);
	sha256(&whole, slice(b, sizeof b));
	for (size_t i = 0; i <= sizeof b; i++) {
		struct slice p[3] = {slice(b, i), slice(NULL, 0), slice(b + i, sizeof b - i)};
		sha256_parts(&cut, p, 3);
		assert_true(hash_eq(&whole, &cut));
		struct sha256 h, copy;
		sha256_init(&h);
		sha256_update(&h, b, i);
		copy = h;
		sha256_update(&h, "other", 5);
		sha256_update(&copy, b + i, sizeof b - i);
		sha256_final(&copy, &cut);
		assert_true(hash_eq(&whole, &cut));
	}
}

static void pair_is_the_same(void **s)
{
	(void)s;
	uint8_t b[65];
	struct hash whole, pair;
	for (unsigned i = 0; i < 200; i++) {
		for (size_t k = 0; k < sizeof b; k++)
			b[k] = (uint8_t)(i * 31 + k * 7);
		sha256(&whole, slice(b, sizeof b));
		sha256_pair(&pair, b[0], b + 1, b + 33);
		assert_true(hash_eq(&whole, &pair));
	}
}

static void pairs_are_the_same(void **s)
{
	(void)s;
	enum { N = 33 };
	struct hash in[N + 1], out[N], one;
	struct sha256_job jobs[N];
	for (unsigned i = 0; i <= N; i++)
		sha256(&in[i], slice(&i, sizeof i));
	for (unsigned n = 0; n <= N; n++) {
		for (unsigned i = 0; i < n; i++)
			jobs[i] = (struct sha256_job){in[i].b, in[i + 1].b, &out[i],
						      (uint8_t)(i & 1)};
		sha256_pairs(jobs, n);
		for (unsigned i = 0; i < n; i++) {
			sha256_pair(&one, (uint8_t)(i & 1), in[i].b, in[i + 1].b);
			assert_true(hash_eq(&out[i], &one));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known),
		cmocka_unit_test(a_million_a),
		cmocka_unit_test(parts_are_joined),
		cmocka_unit_test(pair_is_the_same),
		cmocka_unit_test(pairs_are_the_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
