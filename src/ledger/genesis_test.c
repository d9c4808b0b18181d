#include "ledger/genesis.h"

#include "crypto/ed25519.h"
#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void make(struct genesis *g, size_t n)
{
	memset(g, 0, sizeof *g);
	memcpy(g->chain_id, "tea-1", 6);
	g->app_version = GENESIS_APP_VERSION;
	g->time = (struct stamp){1750000000, 7};
	g->initial_height = 1;
	g->n_validators = n;
	for (size_t i = 0; i < n; i++) {
		uint8_t seed[32], secret[64];
		memset(seed, (int)i + 1, 32);
		ed25519_from_seed(g->validators[i].key, secret, seed);
		g->validators[i].power = 10;
		memset(g->next[i].b, (int)i + 100, 32);
	}
	validators_sort(g->validators, n);
	g->app_state = SLICE_LIT("first state");
}

static void round_trip(void **s)
{
	(void)s;
	static struct genesis g, back;
	for (size_t n = 1; n <= VALIDATORS_MAX; n += 33) {
		struct buf b = BUF_INIT;
		struct err_text t;
		make(&g, n);
		assert_int_equal(genesis_encode(&b, &g, &t), ERR_OK);
		assert_int_equal(genesis_decode(&back, buf_slice(&b), &t), ERR_OK);
		assert_string_equal(back.chain_id, "tea-1");
		assert_true(back.time.s == 1750000000 && back.time.ns == 7);
		assert_true(back.n_validators == n && back.initial_height == 1);
		assert_memory_equal(back.validators, g.validators, n * sizeof *g.validators);
		assert_memory_equal(back.next, g.next, n * sizeof *g.next);
		assert_memory_equal(back.fingerprint.b, g.fingerprint.b, 32);
		assert_memory_equal(back.validators_hash.b, g.validators_hash.b, 32);
		assert_true(slice_eq(back.app_state, g.app_state));
		struct hash h;
		sha256(&h, back.core);
		assert_memory_equal(h.b, g.fingerprint.b, 32);
		buf_fini(&b);
	}
}

/* The format is frozen: this fingerprint may never change. */
static void fingerprint_is_frozen(void **s)
{
	(void)s;
	static struct genesis g;
	struct buf b = BUF_INIT;
	char hex[65];
	make(&g, 2);
	assert_int_equal(genesis_encode(&b, &g, NULL), ERR_OK);
	hex_encode(hex, g.fingerprint.b, 32);
	assert_string_equal(hex,
			    "95b8870273b14c580221d8b324921bf699ca5d3e722a81b2864f8c3926f009bd");
	buf_fini(&b);
}

/* Every cut, and every changed bit but those that make another valid genesis, is refused;
 * none decodes to the same fingerprint. */
static void any_change(void **s)
{
	(void)s;
	static struct genesis g, back;
	struct buf b = BUF_INIT;
	make(&g, 1);
	assert_int_equal(genesis_encode(&b, &g, NULL), ERR_OK);
	for (size_t n = 0; n < b.n; n++)
		assert_int_not_equal(genesis_decode(&back, slice(b.p, n), NULL), ERR_OK);
	for (size_t i = 0; i < 8 * b.n; i++) {
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
		if (genesis_decode(&back, buf_slice(&b), NULL) == ERR_OK)
			assert_memory_not_equal(back.fingerprint.b, g.fingerprint.b, 32);
		b.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	buf_put_u8(&b, 0);
	assert_int_not_equal(genesis_decode(&back, buf_slice(&b), NULL), ERR_OK);
	buf_fini(&b);
}

static void refuses(void **s)
{
	(void)s;
	static struct genesis g;
	struct buf b = BUF_INIT;
	struct err_text t;
#define REFUSED(n, spoil)                                                                          \
	make(&g, n);                                                                               \
	spoil;                                                                                     \
	assert_int_not_equal(genesis_encode(&b, &g, &t), ERR_OK)
	REFUSED(1, g.chain_id[0] = 0);
	REFUSED(1, g.chain_id[0] = 'T');
	REFUSED(1, g.chain_id[2] = ' ');
	REFUSED(1, g.app_version = 2);
	REFUSED(1, g.time.ns = 1000000000);
	REFUSED(1, g.time.ns = -1);
	REFUSED(1, g.initial_height = 0);
	REFUSED(1, g.n_validators = 0);
	REFUSED(1, g.validators[0].power = 0);
	REFUSED(1, memset(g.validators[0].key, 0, 32));
	REFUSED(2, g.validators[0].power = 5);
	REFUSED(2, g.validators[1] = g.validators[0]);
#undef REFUSED
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(fingerprint_is_frozen),
		cmocka_unit_test(any_change),
		cmocka_unit_test(refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
