#include "crypto/keyfile.h"

#include "crypto/ed25519.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const uint8_t seed[32] = {1, 2, 3}, salt[16] = {4}, nonce[24] = {5};
static const char when[] = "2026-11-23T17:40:00Z";
#define PASS SLICE_LIT("correct horse")

static struct keyfile make(enum keyfile_kind kind)
{
	struct keyfile k;
	/* The least cost that libsodium takes, for speed; nothing to do with production. */
	struct keyfile_lock l = {PASS, 1, 8192, salt, nonce};
	assert_int_equal(keyfile_make(&k, kind, SLICE_LIT("tea farm"), when, seed,
				      kind == KEYFILE_PERSON ? &l : NULL, NULL),
			 ERR_OK);
	return k;
}

static void signs_alike(struct keyfile *a, struct keyfile *b)
{
	uint8_t sig[64];
	assert_memory_equal(a->public_key, b->public_key, 32);
	ed25519_sign(sig, SLICE_LIT("m"), b->secret_key);
	assert_true(ed25519_verify(sig, SLICE_LIT("m"), a->public_key));
}

static void unattended(void **s)
{
	(void)s;
	for (enum keyfile_kind kind = KEYFILE_VALIDATOR; kind <= KEYFILE_AGENT; kind++) {
		struct keyfile k = make(kind), back;
		struct buf b = BUF_INIT;
		assert_int_equal(keyfile_encode(&b, &k), ERR_OK);
		assert_int_equal(keyfile_decode(&back, buf_slice(&b), NULL), ERR_OK);
		assert_int_equal(back.kind, kind);
		assert_string_equal(back.name, "tea farm");
		assert_string_equal(back.created, when);
		signs_alike(&k, &back);
		keyfile_fini(&k);
		keyfile_fini(&back);
		buf_fini(&b);
	}
}

static void person(void **s)
{
	(void)s;
	struct keyfile k = make(KEYFILE_PERSON), back;
	struct buf b = BUF_INIT;
	struct err_text t;
	char hex[65];
	assert_int_equal(keyfile_encode(&b, &k), ERR_OK);
	hex_encode(hex, seed, 32);
	assert_null(strstr(buf_cstr(&b), hex));
	assert_int_equal(keyfile_decode(&back, buf_slice(&b), NULL), ERR_OK);
	assert_null(back.secret_key);
	assert_int_equal(keyfile_unlock(&back, SLICE_LIT("wrong horse!"), &t), ERR_DENIED);
	assert_null(back.secret_key);
	assert_int_equal(keyfile_unlock(&back, PASS, &t), ERR_OK);
	signs_alike(&k, &back);
	keyfile_fini(&k);
	keyfile_fini(&back);
	buf_fini(&b);
}

/* Any changed byte makes a person's key unreadable or locked for good. */
static void changed(void **s)
{
	(void)s;
	struct keyfile k = make(KEYFILE_PERSON), back;
	struct buf b = BUF_INIT;
	assert_int_equal(keyfile_encode(&b, &k), ERR_OK);
	for (size_t i = 0; i < b.n; i++) {
		uint8_t was = b.p[i];
		b.p[i] = was == 'a' ? 'b' : (uint8_t)(was ^ 1);
		if (keyfile_decode(&back, buf_slice(&b), NULL) == ERR_OK) {
			assert_int_equal(keyfile_unlock(&back, PASS, NULL), ERR_DENIED);
			keyfile_fini(&back);
		}
		b.p[i] = was;
	}
	for (size_t n = 0; n < b.n; n++)
		assert_int_not_equal(keyfile_decode(&back, slice(b.p, n), NULL), ERR_OK);
	buf_put_u8(&b, '\n');
	assert_int_not_equal(keyfile_decode(&back, buf_slice(&b), NULL), ERR_OK);
	buf_fini(&b);
	keyfile_fini(&k);
}

static void refuses(void **s)
{
	(void)s;
	struct keyfile k;
	struct keyfile_lock l = {SLICE_LIT("short"), 1, 8192, salt, nonce};
	assert_int_equal(keyfile_make(&k, KEYFILE_PERSON, SLICE_LIT("a"), when, seed, &l, NULL),
			 ERR_USAGE);
	assert_int_equal(keyfile_make(&k, KEYFILE_PERSON, SLICE_LIT("a"), when, seed, NULL, NULL),
			 ERR_USAGE);
	l = (struct keyfile_lock){PASS, 1000, 8192, salt, nonce};
	assert_int_equal(keyfile_make(&k, KEYFILE_PERSON, SLICE_LIT("a"), when, seed, &l, NULL),
			 ERR_RANGE);
	const struct slice names[] = {SLICE_LIT(""), SLICE_LIT("a\nb"), SLICE_LIT("\xff")};
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(keyfile_make(&k, KEYFILE_AGENT, names[i], when, seed, NULL, NULL),
				 ERR_FORMAT);
	assert_int_equal(
		keyfile_make(&k, KEYFILE_AGENT, SLICE_LIT("a"), "yesterday", seed, NULL, NULL),
		ERR_FORMAT);
	assert_int_equal(keyfile_decode(&k, SLICE_LIT("argosy-key 2\n"), NULL), ERR_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unattended),
		cmocka_unit_test(person),
		cmocka_unit_test(changed),
		cmocka_unit_test(refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
