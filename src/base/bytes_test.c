#include "base/bytes.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdarg.h>
#include <cmocka.h>

static void crc_known(void **s)
{
	(void)s;
	/* RFC 3720 appendix B.4: "123456789" and 32 zero bytes. */
	uint8_t zero[32] = {0};
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283u);
	assert_int_equal(crc32c(0, zero, 32), 0x8a9136aau);
	assert_int_equal(crc32c(crc32c(0, "12345", 5), "6789", 4), 0xe3069283u);
}

/* However long, however aligned, however cut: as the definition has it, bit by bit. */
static void crc_by_definition(void **s)
{
	(void)s;
	uint8_t b[300];
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)(i * i + 11 * i);
	for (size_t from = 0; from < 9; from++) {
		uint32_t c = ~0u;
		for (size_t n = 0; from + n < sizeof b; n++) {
			const uint8_t *p = b + from;
			assert_int_equal(crc32c(0, p, n), ~c);
			assert_int_equal(crc32c_by_table(0, p, n), ~c);
			assert_int_equal(crc32c(crc32c(0, p, n / 3), p + n / 3, n - n / 3), ~c);
			c ^= p[n];
			for (int k = 0; k < 8; k++)
				c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
		}
	}
}

static void varint_round_trip_and_shortest(void **s)
{
	(void)s;
	uint64_t v[] = {0, 1, 127, 128, 300, UINT32_MAX, UINT64_MAX};
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct buf b = BUF_INIT;
		buf_put_varint(&b, v[i]);
		struct reader r = reader_of(buf_slice(&b));
		assert_true(reader_varint(&r) == v[i] && !r.bad && reader_left(&r) == 0);
		r = reader_of(slice(b.p, b.n - 1));
		reader_varint(&r);
		assert_true(r.bad);
		buf_fini(&b);
	}
	uint8_t overlong[] = {0x80, 0x00};
	struct reader r = reader_of(slice(overlong, 2));
	reader_varint(&r);
	assert_true(r.bad);
	int64_t z[] = {0, -1, 1, INT64_MIN, INT64_MAX};
	for (size_t i = 0; i < sizeof z / sizeof *z; i++) {
		struct buf b = BUF_INIT;
		buf_put_zigzag(&b, z[i]);
		r = reader_of(buf_slice(&b));
		assert_true(reader_zigzag(&r) == z[i] && !r.bad);
		buf_fini(&b);
	}
}

static void utf8(void **s)
{
	(void)s;
	assert_true(utf8_valid(SLICE_LIT("trade \xe8\xb4\xb8\xe6\x98\x93 \xf0\x9f\x8d\x92")));
	assert_false(utf8_valid(SLICE_LIT("\xc0\x80")));
	assert_false(utf8_valid(SLICE_LIT("\xed\xa0\x80")));
	assert_false(utf8_valid(SLICE_LIT("\xf4\x90\x80\x80")));
	assert_false(utf8_valid(SLICE_LIT("\xe8\xb4")));
}

/* What a line or a terminal would obey never gets through as it is. */
static void plain(void **s)
{
	(void)s;
	static const struct {
		const char *text, *plain;
	} rows[] = {
		{"", ""},
		{"trade \xe8\xb4\xb8\xe6\x98\x93 \xf0\x9f\x8d\x92 a\\b", "trade \xe8\xb4\xb8\xe6\x98\x93 \xf0\x9f\x8d\x92 a\\b"},
		{"x\nok: accepted\r\t", "x\\nok: accepted\\r\\t"},
		{"\x1b[2J\x01\x7f", "\\x1b[2J\\x01\\x7f"},
		{"\xc2\x9b" "2J\xc2\xa0", "\\u009b2J\xc2\xa0"},
		{"\xe2\x80\xae" "drow\xe2\x80\xa8\xe2\x81\xa6", "\\u202edrow\\u2028\\u2066"},
		{"\xff\xc0\x80\xe8\xb4", "\\xff\\xc0\\x80\\xe8\\xb4"},
	};
	struct arena *a = arena_new(0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;
		buf_put_plain(&b, slice_str(rows[i].text));
		assert_true(slice_eq_str(buf_slice(&b), rows[i].plain));
		buf_fini(&b);
		assert_string_equal(arena_plain(a, rows[i].text), rows[i].plain);
	}
	arena_free(a);
	assert_true(has_control(SLICE_LIT("a\nb")) && has_control(SLICE_LIT("a\x7f")));
	assert_true(has_control(SLICE_LIT("\xc2\x85")) && has_control(SLICE_LIT("a\0")));
	assert_false(has_control(SLICE_LIT("\xc2\xa0 \xe2\x80\xae")));
}

static void arena_limit(void **s)
{
	(void)s;
	struct arena *a = arena_new(1024);
	assert_non_null(arena_alloc(a, 1000));
	assert_null(arena_alloc(a, 100));
	arena_reset(a);
	assert_non_null(arena_alloc(a, 100));
	arena_free(a);
}

/* A buffer over the stack fills its bytes, then fails: it never moves to the heap. */
static void over(void **s)
{
	(void)s;
	uint8_t space[9] = "........z";
	struct buf b = buf_over(space, 8);
	buf_put_str(&b, "12345678");
	assert_true(b.p == space && buf_err(&b) == ERR_OK);
	buf_put_u8(&b, '9');
	assert_true(b.p == space && b.n == 8 && buf_err(&b) == ERR_NOMEM);
	buf_clear(&b);
	buf_printf(&b, "%s", "12345678"); /* and its NUL */
	assert_true(b.p == space && b.n == 0 && buf_err(&b) == ERR_NOMEM);
	assert_int_equal(space[8], 'z');
	buf_fini(&b);
	b = buf_over(space, 0);
	buf_put_u8(&b, 1);
	assert_int_equal(buf_err(&b), ERR_NOMEM);
}

static void cut(void **s)
{
	(void)s;
	static const char *const rows[][2] = {
		{"01234567890", "01234567890"},
		{"012345678901", "01234567..."},
		/* Not within a character. */
		{"0123456\xe4\xb8\xad\xe4\xb8\xad", "0123456..."},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char t[12];
		const char *volatile text = rows[i][0];
		text_cut(t, sizeof t, snprintf(t, sizeof t, "%s", text));
		assert_string_equal(t, rows[i][1]);
	}
}

static void hex(void **s)
{
	(void)s;
	uint8_t b[2];
	assert_true(hex_decode(b, 2, SLICE_LIT("Ab0f")) && b[0] == 0xab && b[1] == 0x0f);
	assert_false(hex_decode(b, 2, SLICE_LIT("ab0")));
	assert_false(hex_decode(b, 2, SLICE_LIT("ab0g")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(crc_known), cmocka_unit_test(crc_by_definition), cmocka_unit_test(varint_round_trip_and_shortest),
		cmocka_unit_test(utf8), cmocka_unit_test(plain), cmocka_unit_test(arena_limit), cmocka_unit_test(hex),
		cmocka_unit_test(over), cmocka_unit_test(cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
