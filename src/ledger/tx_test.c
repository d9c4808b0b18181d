#include "ledger/tx.h"

#include <sodium.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static struct tx_signer signer;
static const struct hash chain = {{7}};

static void put_field(struct buf *b, unsigned number, struct slice v)
{
	buf_put_varint(b, number << 3 | 2);
	buf_put_lp(b, v);
}

static void body_default(struct buf *b)
{
	put_field(b, 1, SLICE_LIT("solo"));
	put_field(b, 2, SLICE_LIT("orchard"));
	put_field(b, 3, SLICE_LIT("0123456789abcdef"));
	buf_put_varint(b, 4 << 3);
	buf_put_varint(b, 1700000000000);
	put_field(b, 5, SLICE_LIT("action"));
}

static struct tx *signed_tx(const struct buf *body)
{
	struct buf out = BUF_INIT;
	struct tx *tx = NULL;
	assert_int_equal(tx_sign(&out, &chain, buf_slice(body), &signer, 1), ERR_OK);
	assert_int_equal(tx_decode(&tx, buf_slice(&out)), ERR_OK);
	buf_fini(&out);
	return tx;
}

static void good(void **s)
{
	(void)s;
	struct buf body = BUF_INIT;
	body_default(&body);
	struct tx *tx = signed_tx(&body);
	assert_int_equal(tx->form, VERDICT_OK);
	tx_verify(tx, &chain);
	assert_true(tx->signatures_good);
	assert_true(slice_eq_str(tx->member, "orchard"));
	assert_true(slice_eq(tx->body, buf_slice(&body)));
	tx_free(tx);

	/* The same transaction on another chain does not verify. */
	struct hash other = {{8}};
	tx = signed_tx(&body);
	tx_verify(tx, &other);
	assert_int_equal(tx->form, VERDICT_BAD_SIGNATURE);
	tx_free(tx);
	buf_fini(&body);
}

static void every_bit_counts(void **s)
{
	(void)s;
	struct buf body = BUF_INIT, out = BUF_INIT;
	body_default(&body);
	assert_int_equal(tx_sign(&out, &chain, buf_slice(&body), &signer, 1), ERR_OK);
	for (size_t i = 0; i < out.n * 8; i++) {
		struct tx *tx;
		out.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(tx_decode(&tx, buf_slice(&out)), ERR_OK);
		tx_verify(tx, &chain);
		assert_int_not_equal(tx->form, VERDICT_OK);
		tx_free(tx);
		out.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t n = 0; n < out.n; n++) {
		struct tx *tx;
		assert_int_equal(tx_decode(&tx, slice(out.p, n)), ERR_OK);
		assert_int_not_equal(tx->form, VERDICT_OK);
		tx_free(tx);
	}
	buf_fini(&out);
	buf_fini(&body);
}

static void refusals(void **s)
{
	(void)s;
	static const struct {
		unsigned number;
		const char *value;
		enum verdict v;
		const char *field;
	} add[] = {
		{9, "new", VERDICT_UNKNOWN_FIELD, ""},
		{1, "again", VERDICT_MALFORMED, "/chain_id"},
		{6, "bad \xff utf-8", VERDICT_MALFORMED, "/source"},
	};
	for (size_t i = 0; i < sizeof add / sizeof *add; i++) {
		struct buf body = BUF_INIT;
		body_default(&body);
		put_field(&body, add[i].number, slice_str(add[i].value));
		struct tx *tx = signed_tx(&body);
		assert_int_equal(tx->form, add[i].v);
		assert_string_equal(tx->form_text.field, add[i].field);
		tx_free(tx);
		buf_fini(&body);
	}
	struct buf body = BUF_INIT;
	body_default(&body);
	put_field(&body, 6, SLICE_LIT("nul \0 inside"));
	struct tx *tx = signed_tx(&body);
	assert_int_equal(tx->form, VERDICT_MALFORMED);
	tx_free(tx);
	buf_clear(&body);
	put_field(&body, 1, SLICE_LIT("solo"));
	put_field(&body, 2, SLICE_LIT("orchard"));
	put_field(&body, 3, SLICE_LIT("short"));
	put_field(&body, 5, SLICE_LIT("a"));
	tx = signed_tx(&body);
	assert_int_equal(tx->form, VERDICT_MALFORMED);
	assert_string_equal(tx->form_text.field, "/body/id");
	tx_free(tx);
	buf_fini(&body);
}

/* However large: a verdict, never a fault that would stop a node. */
static void too_large(void **s)
{
	(void)s;
	static const size_t sizes[] = {TX_BYTES_MAX + 1, (size_t)65 << 20};
	for (size_t i = 0; i < 2; i++) {
		struct tx *tx;
		uint8_t *p = calloc(1, sizes[i]);
		assert_non_null(p);
		assert_int_equal(tx_decode(&tx, slice(p, sizes[i])), ERR_OK);
		assert_int_equal(tx->form, VERDICT_TOO_LARGE);
		tx_verify(tx, &chain);
		assert_false(tx->signatures_good);
		tx_free(tx);
		free(p);
	}
}

int main(void)
{
	if (sodium_init() < 0)
		return 1;
	crypto_sign_keypair(signer.public_key, signer.secret_key);
	const struct CMUnitTest tests[] = {cmocka_unit_test(good),
					   cmocka_unit_test(every_bit_counts),
					   cmocka_unit_test(refusals),
					   cmocka_unit_test(too_large)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
