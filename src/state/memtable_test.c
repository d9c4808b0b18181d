#include "state/memtable.h"

#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { KEYS = 3000 };

static struct hash hash_of(unsigned i)
{
	struct hash h;
	sha256(&h, slice(&i, sizeof i));
	if (i % 3 == 0) { /* a third of them in one slot */
		h.b[0] = 0x11;
		h.b[1] = 0x22;
		h.b[2] = 0x33;
	}
	return h;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Ranges of every width hold just the rows under the prefix, in order. */
static void ranges(void **unused)
{
	(void)unused;
	static struct hash all[KEYS];
	struct memtable *m = memtable_new(10);
	struct row_list l = {NULL, 0, 0};
	for (unsigned i = 0; i < KEYS; i++) {
		all[i] = hash_of(i);
		assert_non_null(memtable_set(m, &all[i], ROW_VALUE, slice(&i, sizeof i),
					     slice("value", i % 6)));
	}
	qsort(all, KEYS, sizeof *all, by_hash);
	assert_int_equal(memtable_count(m), KEYS);
	for (unsigned bits = 0; bits <= 40; bits++) {
		for (unsigned k = 0; k < KEYS; k += 97) {
			l.n = 0;
			assert_int_equal(memtable_range(m, &l, all[k].b, bits), ERR_OK);
			size_t n = 0;
			for (unsigned i = 0; i < KEYS; i++) {
				struct hash a = all[i], b = all[k];
				for (unsigned z = bits; z < 256; z++) {
					a.b[z / 8] &= (uint8_t) ~(0x80u >> (z % 8));
					b.b[z / 8] &= (uint8_t) ~(0x80u >> (z % 8));
				}
				if (!hash_eq(&a, &b))
					continue;
				assert_true(n < l.n);
				assert_memory_equal(l.at[n]->key_hash.b, all[i].b, 32);
				n++;
			}
			assert_int_equal(n, l.n);
		}
	}
	uint8_t nowhere[32] = {0x11, 0x22, 0x34};
	l.n = 0;
	assert_int_equal(memtable_range(m, &l, nowhere, 24), ERR_OK);
	assert_int_equal(l.n, 0);
	row_list_fini(&l);
	memtable_free(m);
}

static void overwrite_and_reset(void **unused)
{
	(void)unused;
	struct memtable *m = memtable_new(8);
	for (unsigned round = 0; round < 3; round++) {
		struct hash h = hash_of(1);
		static uint8_t big[300000];
		struct row *a =
			memtable_set(m, &h, ROW_VALUE, SLICE_LIT("key"), SLICE_LIT("12345678"));
		struct row *b = memtable_set(m, &h, ROW_VALUE, SLICE_LIT("key"), SLICE_LIT("xyz"));
		assert_ptr_equal(a, b); /* in place */
		assert_true(slice_eq_str(row_value(b), "xyz"));
		b = memtable_set(m, &h, ROW_VALUE, SLICE_LIT("key"), slice(big, sizeof big));
		assert_ptr_equal(memtable_find(m, &h), b);
		assert_int_equal(memtable_count(m), 1);
		assert_non_null(memtable_set(m, &h, ROW_DELETED, slice(NULL, 0), slice(NULL, 0)));
		assert_int_equal(memtable_find(m, &h)->state, ROW_DELETED);
		memtable_reset(m);
		assert_null(memtable_find(m, &h));
		assert_int_equal(memtable_count(m), 0);
		assert_int_equal(memtable_bytes(m), 0);
	}
	memtable_free(m);
}

static void undo(void **unused)
{
	(void)unused;
	struct memtable *m = memtable_new(8);
	struct hash h = hash_of(1);
	struct row *a = memtable_stage(m, &h, ROW_VALUE, SLICE_LIT("k"), SLICE_LIT("a"));
	struct slice borrowed = row_value(a);
	struct row *b = memtable_stage(m, &h, ROW_DELETED, SLICE_LIT("k"), slice(NULL, 0));
	struct row *c = memtable_stage(m, &h, ROW_VALUE, SLICE_LIT("k"), SLICE_LIT("c"));
	assert_true(slice_eq_str(borrowed, "a"));
	memtable_undo(m, c);
	assert_ptr_equal(memtable_find(m, &h), b);
	memtable_undo(m, b);
	assert_ptr_equal(memtable_find(m, &h), a);
	memtable_undo(m, a);
	assert_null(memtable_find(m, &h));
	struct row_list l = {NULL, 0, 0};
	assert_int_equal(memtable_range(m, &l, h.b, 0), ERR_OK);
	assert_int_equal(l.n, 0);
	c = memtable_stage(m, &h, ROW_VALUE, SLICE_LIT("k"), SLICE_LIT("d"));
	assert_ptr_equal(memtable_find(m, &h), c);
	memtable_undo(m, c);
	assert_null(memtable_find(m, &h));
	row_list_fini(&l);
	memtable_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(overwrite_and_reset),
		cmocka_unit_test(undo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
