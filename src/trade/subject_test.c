#include "trade/subject.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static struct subject sample(void)
{
	struct subject s = {
		.count = 300,
		.last1 = 70000,
		.kind = SUBJECT_UNIT,
		.flags = SUBJECT_TAKEN_IN,
		.owner = SLICE_LIT("alice"),
		.holder = SLICE_LIT("bob"),
		.container = SLICE_LIT("00/395212345432100013"),
		.container_since1 = 42,
		.slot = 65,
		.children = 3,
	};
	memset(s.head.b, 7, 32);
	return s;
}

static void assert_same(const struct subject *a, const struct subject *b)
{
	struct buf x = BUF_INIT, y = BUF_INIT;
	subject_encode(&x, a);
	subject_encode(&y, b);
	assert_true(slice_eq(buf_slice(&x), buf_slice(&y)));
	buf_fini(&x);
	buf_fini(&y);
}

static void subjects_come_back(void **state)
{
	(void)state;
	for (uint64_t claims = 0; claims < 2; claims++) {
		struct subject s = sample(), t;
		struct buf b = BUF_INIT;
		s.claims = claims;
		s.claims_last1 = claims * 9;
		memset(s.claims_head.b, (int)claims, 32);
		subject_encode(&b, &s);
		assert_true(subject_decode(&t, buf_slice(&b)));
		assert_same(&s, &t);
		assert_int_equal(t.children, 3);
		assert_true(slice_eq_str(t.holder, "bob"));
		/* No shorter and no longer value is a subject. */
		for (size_t n = 0; n < b.n; n++)
			assert_false(subject_decode(&t, slice(b.p, n)));
		buf_put_u8(&b, 0);
		assert_false(subject_decode(&t, buf_slice(&b)));
		buf_fini(&b);
	}
}

static void summaries_come_back(void **state)
{
	(void)state;
	struct summary s = {
		.kind = 1,
		.flags = SUMMARY_SENSOR | 2,
		.role = ROLE_CHILD,
		.happened_ms = -5,
		.recorded_ms = 1790000000000,
		.step = SLICE_LIT("shipping"),
		.where = SLICE_LIT("414/9521234000013"),
		.who = SLICE_LIT("carol"),
	};
	struct summary t;
	struct buf b = BUF_INIT;
	summary_encode(&b, &s);
	assert_true(summary_decode(&t, buf_slice(&b)));
	assert_int_equal(t.happened_ms, -5);
	assert_int_equal(t.recorded_ms, 1790000000000);
	assert_true(slice_eq(t.step, s.step) && slice_eq(t.where, s.where) && slice_eq(t.who, s.who));
	for (size_t n = 0; n < b.n; n++)
		assert_false(summary_decode(&t, slice(b.p, n)));
	buf_fini(&b);
}

/* Made by another program (Python's hashlib) over tag, 32 zeros, 32 ones, "sum". */
static void heads_advance(void **state)
{
	(void)state;
	struct hash history = {{0}}, claims = {{0}}, digest;
	char hex[65];
	memset(digest.b, 1, 32);
	history_advance(&history, false, &digest, SLICE_LIT("sum"));
	history_advance(&claims, true, &digest, SLICE_LIT("sum"));
	hex_encode(hex, history.b, 32);
	assert_string_equal(hex, "c78286c41be02b7c038c03e81842ade21512704cc8bbf1f30aa5492ae96e766b");
	hex_encode(hex, claims.b, 32);
	assert_string_equal(hex, "321ae2dff3105232b0c65a944d17a7fe1fc9bace8de47f6fbb0dbd5a2a4aabf0");
}

static void records_come_back(void **state)
{
	(void)state;
	struct record_subject subjects[3] = {
		{ROLE_WHAT, MODE_HISTORY, SLICE_LIT("01/09521234543213/21/1"), 1, 0, 0},
		{ROLE_PARENT, MODE_UNNAMED, SLICE_LIT("00/395212345432100013"), 20, 4711, 0},
		{ROLE_WHAT, MODE_VOID, SLICE_LIT("01/09521234543213/21/2"), 7, 12, 6},
	};
	struct record r = {
		.height = 5,
		.time_ms = 1790000000123,
		.tx_index = 2,
		.action_index = 999,
		.member = SLICE_LIT("alice"),
		.kind = 1,
		.n_subjects = 3,
		.subjects = subjects,
		.action = SLICE_LIT("the action"),
	};
	struct record back;
	struct arena *a = arena_new(0);
	struct buf b = BUF_INIT, again = BUF_INIT;
	memset(r.key, 3, 32);
	record_encode(&b, &r);
	assert_int_equal(record_decode(&back, a, buf_slice(&b)), ERR_OK);
	assert_int_equal(back.n_subjects, 3);
	assert_int_equal(back.subjects[1].mode, MODE_UNNAMED);
	assert_int_equal(back.subjects[1].prev1, 4711);
	assert_int_equal(back.subjects[2].voided, 6);
	assert_true(slice_eq_str(back.action, "the action"));
	record_encode(&again, &back);
	assert_true(slice_eq(buf_slice(&b), buf_slice(&again)));
	for (size_t n = 0; n < b.n; n++)
		assert_int_equal(record_decode(&back, a, slice(b.p, n)), ERR_CORRUPT);
	buf_put_u8(&b, 0);
	assert_int_equal(record_decode(&back, a, buf_slice(&b)), ERR_CORRUPT);
	/* A mark voids what stands before it. */
	buf_clear(&b);
	subjects[2].voided = 7;
	record_encode(&b, &r);
	assert_int_equal(record_decode(&back, a, buf_slice(&b)), ERR_CORRUPT);
	/* A count that no record may have is not allocated for. */
	struct record huge = r;
	buf_clear(&b);
	huge.n_subjects = 0;
	huge.action = slice(NULL, 0);
	record_encode(&b, &huge);
	b.n -= 2; /* number of subjects, length of the action */
	buf_put_varint(&b, UINT64_MAX);
	assert_int_equal(record_decode(&back, a, buf_slice(&b)), ERR_CORRUPT);
	buf_fini(&b);
	buf_fini(&again);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(subjects_come_back),
		cmocka_unit_test(summaries_come_back),
		cmocka_unit_test(heads_advance),
		cmocka_unit_test(records_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
