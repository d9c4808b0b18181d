#include "ledger/cells.h"

#include "crypto/sha256.h"
#include "ledger/crowd.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LEAVES = 12000 };

/* The rows, as a sorted array; and how many of them were asked for. */
struct rows {
	struct hash key[LEAVES], leaf[LEAVES];
	size_t n, scanned;
};

static enum err scan(void *ctx, struct leaf_list *out, const uint8_t *prefix, unsigned bits)
{
	struct rows *r = ctx;
	size_t lo = 0, hi = r->n;
	struct hash low;
	memcpy(low.b, prefix, 32);
	for (unsigned i = bits; i < 256; i++)
		low.b[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (memcmp(r->key[mid].b, low.b, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < r->n && trie_common_bits(r->key[lo].b, low.b) >= bits; lo++, r->scanned++)
		TRY(leaf_list_put(out, r->key[lo].b, r->leaf[lo].b));
	return ERR_OK;
}

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* `ground`: that many leading bits are the same. */
static struct rows *rows_new(size_t n, unsigned ground)
{
	struct rows *r = calloc(1, sizeof *r);
	for (size_t i = 0; i < n; i++) {
		sha256(&r->key[i], slice(&i, sizeof i));
		for (unsigned b = 0; b < ground; b++) {
			uint8_t bit = (uint8_t)(0x80u >> (b % 8));
			r->key[i].b[b / 8] = (uint8_t)(b % 3 ? r->key[i].b[b / 8] | bit
							     : r->key[i].b[b / 8] & ~bit);
		}
	}
	qsort(r->key, n, sizeof *r->key, by_hash);
	for (size_t i = 0; i < n; i++)
		trie_leaf_of(&r->leaf[i], &r->key[i], SLICE_LIT("first"));
	r->n = n;
	return r;
}

static void whole_root(const struct rows *r, struct hash *root)
{
	struct leaf_list l = {NULL, 0, 0};
	for (size_t i = 0; i < r->n; i++)
		assert_int_equal(leaf_list_put(&l, r->key[i].b, r->leaf[i].b), ERR_OK);
	struct trie_node n;
	trie_subtree(&n, l.at, l.n, 0);
	*root = n.hash;
	leaf_list_fini(&l);
}

static void fill(struct cells *c, const struct rows *r)
{
	struct leaf_list l = {NULL, 0, 0};
	for (size_t i = 0; i < r->n;) {
		uint64_t b = cells_bucket_of(c, r->key[i].b);
		uint8_t first[32];
		cells_bucket_first(c, first, b);
		assert_true(memcmp(first, r->key[i].b, 32) <= 0);
		assert_int_equal(cells_bucket_of(c, first), b);
		for (l.n = 0; i < r->n && cells_bucket_of(c, r->key[i].b) == b; i++)
			assert_int_equal(leaf_list_put(&l, r->key[i].b, r->leaf[i].b), ERR_OK);
		assert_int_equal(cells_fill(c, b, l.at, l.n), ERR_OK);
	}
	cells_fill_end(c);
	leaf_list_fini(&l);
}

/* One row changed, as a block of its own; its root against the definition. */
static void change(struct cells *c, struct rows *r, size_t i, const char *value)
{
	struct leaf_source src = {scan, r};
	struct hash leaf, root, want;
	int64_t delta;
	trie_leaf_of(&leaf, &r->key[i], slice_str(value));
	struct touch t = {r->key[i].b, leaf.b, TOUCH_PUT};
	assert_int_equal(cells_stage(c, &delta, &src, &t, 1), ERR_OK);
	assert_int_equal(delta, 0);
	cells_staged_root(c, &root);
	r->leaf[i] = leaf;
	whole_root(r, &want);
	assert_memory_equal(root.b, want.b, 32);
	assert_int_equal(cells_apply(c), ERR_OK);
	cells_root(c, &root);
	assert_memory_equal(root.b, want.b, 32);
}

static void any_size(void **unused)
{
	(void)unused;
	static const size_t keys[] = {0, 1, 2, 100, 5000};
	for (unsigned k = 0; k < sizeof keys / sizeof *keys; k++) {
		struct rows *r = rows_new(keys[k], 0);
		struct hash root, want;
		for (unsigned bits = 8; bits <= 20; bits++) {
			/* `keys` given: one that makes some cells split already. */
			struct cells *c = cells_new(bits, bits % 2 ? 0 : (8ull << bits) * 4 / 3);
			whole_root(r, &want);
			fill(c, r);
			cells_root(c, &root);
			assert_memory_equal(root.b, want.b, 32);
			if (r->n)
				change(c, r, bits % r->n, "second");
			cells_free(c);
		}
		free(r);
	}
}

/* Growth never changes the root, is bounded in each step, and paths hold all along. */
static void growth(void **unused)
{
	(void)unused;
	struct rows *r = rows_new(LEAVES, 0);
	struct leaf_source src = {scan, r};
	struct cells *c = cells_new(8, 0);
	struct hash root, want;
	whole_root(r, &want);
	fill(c, r);
	uint64_t before = cells_buckets(c);
	assert_int_equal(before, 256);
	while (cells_buckets(c) < LEAVES / 5) {
		r->scanned = 0;
		assert_int_equal(cells_grow(c, LEAVES, 50, &src), ERR_OK);
		assert_int_equal(cells_grow_apply(c), ERR_OK);
		assert_true(cells_buckets(c) > before && cells_buckets(c) <= before + 50);
		assert_true(r->scanned < 50 * 150);
		before = cells_buckets(c);
		cells_root(c, &root);
		assert_memory_equal(root.b, want.b, 32);
		struct leaf_list scratch = {NULL, 0, 0};
		struct trie_leaf leaf;
		struct state_proof p;
		size_t i = before % LEAVES;
		assert_int_equal(cells_path(c, &p, &leaf, &scratch, &src, &r->key[i]), ERR_OK);
		assert_memory_equal(leaf.hash, r->leaf[i].b, 32);
		assert_true(state_proof_check_at(&p, &want, &r->key[i], &SLICE_LIT("first")));
		leaf_list_fini(&scratch);
	}
	assert_int_equal(cells_grow(c, LEAVES, 50, &src), ERR_OK);
	assert_int_equal(cells_grow_apply(c), ERR_OK);
	assert_int_equal(cells_buckets(c), before);
	assert_true(cells_memory(c) < 15 * LEAVES);
	cells_free(c);
	free(r);
}

/* Ten thousand keys ground into one cell: an update still reads one small bucket. */
static void ground(void **unused)
{
	(void)unused;
	enum { N = 10000 };
	struct rows *r = rows_new(N, 21);
	struct cells *c = cells_new(8, N);
	fill(c, r);
	assert_true(cells_crowds(c) > 10 && cells_crowds(c) < 1000);
	size_t worst = 0;
	for (size_t i = 0; i < N; i += 501) {
		r->scanned = 0;
		change(c, r, i, "second");
		worst = r->scanned > worst ? r->scanned : worst;
	}
	assert_true(worst > 0 && worst <= 2 * CROWD_ABOVE);
	/* All but a few go: so do the crowds. */
	struct leaf_source src = {scan, r};
	struct touch *t = calloc(N, sizeof *t);
	for (size_t i = 0; i + 10 < N; i++)
		t[i] = (struct touch){r->key[i].b, NULL, TOUCH_DEL};
	int64_t delta;
	assert_int_equal(cells_stage(c, &delta, &src, t, N - 10), ERR_OK);
	assert_int_equal(delta, -(N - 10));
	cells_drop(c); /* and back */
	struct hash root, want;
	whole_root(r, &want);
	cells_root(c, &root);
	assert_memory_equal(root.b, want.b, 32);
	assert_int_equal(cells_stage(c, &delta, &src, t, N - 10), ERR_OK);
	memmove(r->key, r->key + N - 10, 10 * sizeof *r->key);
	memmove(r->leaf, r->leaf + N - 10, 10 * sizeof *r->leaf);
	r->n = 10;
	whole_root(r, &want);
	cells_staged_root(c, &root);
	assert_memory_equal(root.b, want.b, 32);
	assert_int_equal(cells_apply(c), ERR_OK);
	assert_int_equal(cells_crowds(c), 0);
	change(c, r, 3, "third");
	free(t);
	cells_free(c);
	free(r);
}

/* Rows that are not those of the cell: found when first touched, read or written. */
static void corrupt(void **unused)
{
	(void)unused;
	for (unsigned crowded = 0; crowded < 2; crowded++) {
		struct rows *r = rows_new(2000, crowded ? 20 : 0);
		struct leaf_source src = {scan, r};
		int64_t delta;
		for (unsigned kind = TOUCH_READ; kind <= TOUCH_DEL; kind++) {
			struct cells *c = cells_new(8, 2000);
			struct hash leaf = {{7}}, good = r->leaf[77];
			fill(c, r);
			struct touch t = {r->key[77].b, leaf.b, (enum touch_kind)kind};
			r->leaf[77].b[5] ^= 1;
			assert_int_equal(cells_stage(c, &delta, &src, &t, 1), ERR_CORRUPT);
			cells_drop(c);
			struct leaf_list scratch = {NULL, 0, 0};
			struct trie_leaf l;
			struct state_proof p;
			assert_int_equal(cells_path(c, &p, &l, &scratch, &src, &r->key[77]),
					 ERR_CORRUPT);
			leaf_list_fini(&scratch);
			r->leaf[77] = good;
			assert_int_equal(cells_stage(c, &delta, &src, &t, 1), ERR_OK);
			cells_free(c);
		}
		free(r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size),
		cmocka_unit_test(growth),
		cmocka_unit_test(ground),
		cmocka_unit_test(corrupt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
