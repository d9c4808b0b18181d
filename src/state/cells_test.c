#include "state/cells.h"

#include "crypto/sha256.h"
#include "state/crowd.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LEAVES = 12000 };

/* The rows, as a sorted array, some of them absent; and how many were asked for. */
struct rows {
	struct hash key[LEAVES], leaf[LEAVES];
	bool gone[LEAVES];
	size_t n;
	atomic_size_t scanned;
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
		if (!r->gone[lo])
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
		if (!r->gone[i])
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
			if (!r->gone[i])
				assert_int_equal(leaf_list_put(&l, r->key[i].b, r->leaf[i].b),
						 ERR_OK);
		assert_int_equal(cells_fill(c, b, l.at, l.n), ERR_OK);
	}
	cells_fill_end(c);
	leaf_list_fini(&l);
}

/* One row changed, as a block of its own; its root against the definition. */
static void change(struct cells *c, struct rows *r, size_t i, const char *value)
{
	struct leaf_source src = {scan, r, NULL};
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
	struct leaf_source src = {scan, r, NULL};
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
	struct leaf_source src = {scan, r, NULL};
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
		struct leaf_source src = {scan, r, NULL};
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

/* ---- two hands ---- */

static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % below);
}

/* Who takes the shares of a block. */
enum hands { ALONE, OTHER_ALONE, BY_TURNS, THREADS, HANDS_END };

struct second {
	struct cells *c;
	const struct leaf_source *src;
};

static void *second_main(void *arg)
{
	struct second *s = arg;
	while (cells_share(s->c, 1, s->src))
		;
	return NULL;
}

static enum err stage_by(enum hands how, struct cells *c, int64_t *delta,
			 const struct leaf_source *src, const struct touch *t, size_t n)
{
	struct second s = {c, src};
	pthread_t thread;
	switch (how) {
	case HANDS_END:
	case ALONE:
		return cells_stage(c, delta, src, t, n);
	case OTHER_ALONE:
		cells_cut(c, t, n);
		second_main(&s);
		break;
	case BY_TURNS:
		cells_cut(c, t, n);
		while (cells_share(c, rnd(2), src))
			;
		break;
	case THREADS:
		cells_cut(c, t, n);
		assert_int_equal(pthread_create(&thread, NULL, second_main, &s), 0);
		while (cells_share(c, 0, src))
			;
		pthread_join(thread, NULL);
		break;
	}
	return cells_join(c, delta);
}

/* Leaves that are hashed with their share: from what stands in their first byte. */
static void hash_late(const struct touch *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct hash *leaf = (struct hash *)(uintptr_t)t[i].leaf, key;
		if (t[i].kind != TOUCH_PUT)
			continue;
		memcpy(key.b, t[i].key_hash, 32);
		trie_leaf_of(leaf, &key, slice(&leaf->b[0], 1));
	}
}

/* A random block of touches: rows come, change, go and are read. *delta as it must be. */
static size_t random_touches(struct touch *t, struct hash *leaf, const struct rows *r, size_t every,
			     int64_t *delta)
{
	size_t n = 0;
	*delta = 0;
	for (size_t i = rnd((uint32_t)every); i < r->n; i += 1 + rnd(2 * (uint32_t)every)) {
		enum touch_kind kind = (enum touch_kind)rnd(3);
		leaf[n] = (struct hash){{(uint8_t)rnd(256)}};
		t[n] = (struct touch){r->key[i].b, leaf[n].b, kind};
		n++;
		*delta += kind == TOUCH_PUT && r->gone[i];
		*delta -= kind == TOUCH_DEL && !r->gone[i];
	}
	return n;
}

static size_t row_of(const struct rows *r, const struct touch *t)
{
	return (size_t)(t->key_hash - r->key[0].b) / sizeof *r->key;
}

static void take_over(struct rows *r, const struct touch *t, size_t n)
{
	for (size_t k = 0; k < n; k++) {
		size_t i = row_of(r, &t[k]);
		if (t[k].kind == TOUCH_PUT)
			memcpy(r->leaf[i].b, t[k].leaf, 32);
		if (t[k].kind != TOUCH_READ)
			r->gone[i] = t[k].kind == TOUCH_DEL;
	}
}

static void same_cells(struct cells *a, struct cells *b, struct rows *r)
{
	struct leaf_source src = {scan, r, NULL};
	assert_int_equal(cells_crowds(a), cells_crowds(b));
	assert_int_equal(cells_memory(a), cells_memory(b));
	for (size_t i = 0; i < r->n; i += 11) {
		struct leaf_list scratch = {NULL, 0, 0};
		struct trie_leaf la, lb;
		struct state_proof pa, pb;
		assert_int_equal(cells_is_seen(a, r->key[i].b), cells_is_seen(b, r->key[i].b));
		assert_int_equal(cells_path(a, &pa, &la, &scratch, &src, &r->key[i]), ERR_OK);
		assert_int_equal(cells_path(b, &pb, &lb, &scratch, &src, &r->key[i]), ERR_OK);
		assert_int_equal(pa.kind == STATE_PROOF_PRESENT, !r->gone[i]);
		assert_int_equal(pa.kind, pb.kind);
		assert_int_equal(pa.depth, pb.depth);
		assert_memory_equal(pa.sibling, pb.sibling, pa.depth * sizeof *pa.sibling);
		leaf_list_fini(&scratch);
	}
}

/* Some rows by chance, and crowds in several shares. */
static struct rows *rows_mixed(size_t n, size_t crowds, unsigned ground)
{
	struct rows *r = rows_new(n, 0);
	for (size_t i = 0; crowds && i < n; i += 2)
		for (unsigned b = 0; b < ground; b++) {
			uint8_t bit = (uint8_t)(0x80u >> (b % 8));
			uint8_t *p = &r->key[i].b[b / 8];
			*p = (uint8_t)(i / 2 % crowds * 77 >> b % 7 & 1 ? *p | bit : *p & ~bit);
		}
	qsort(r->key, n, sizeof *r->key, by_hash);
	for (size_t i = 0; i < n; i++)
		trie_leaf_of(&r->leaf[i], &r->key[i], SLICE_LIT("first"));
	return r;
}

/* Whoever takes the shares: the same root, delta, crowds, seen buckets and paths. */
static void hands(void **unused)
{
	(void)unused;
	static const struct {
		size_t rows, crowds;
		unsigned bits;
		size_t grow_to;
	} worlds[] = {{3, 0, 8, 0},	 {3000, 0, 8, 0},    {3000, 0, 12, 6000},
		      {4000, 1, 8, 0},	 {4000, 5, 8, 5000}, {LEAVES, 9, 9, LEAVES},
		      {LEAVES, 0, 14, 0}};
	struct touch *t = calloc(LEAVES, sizeof *t);
	struct hash *leaf = calloc(LEAVES, sizeof *leaf);
	uint64_t crowds = 0;
	for (size_t w = 0; w < sizeof worlds / sizeof *worlds; w++) {
		struct rows *r = rows_mixed(worlds[w].rows, worlds[w].crowds, 20);
		struct leaf_source src = {scan, r, hash_late};
		struct cells *c[HANDS_END];
		for (unsigned h = 0; h < HANDS_END; h++) {
			c[h] = cells_new(worlds[w].bits, 0);
			fill(c[h], r);
		}
		for (unsigned block = 0; block < 12; block++) {
			int64_t delta, want_delta;
			struct hash root, want;
			size_t every = block % 3 ? 2 : 40;
			size_t n = random_touches(t, leaf, r, every, &want_delta);
			struct hash *first = calloc(n + 1, sizeof *first);
			memcpy(first, leaf, n * sizeof *leaf);
			bool drop = block % 4 == 3;
			for (unsigned h = 0; h < HANDS_END; h++) {
				memcpy(leaf, first, n * sizeof *leaf);
				assert_int_equal(stage_by((enum hands)h, c[h], &delta, &src, t, n),
						 ERR_OK);
				assert_int_equal(delta, want_delta);
				cells_staged_root(c[h], &root);
				if (h == 0)
					want = root;
				assert_memory_equal(root.b, want.b, 32);
				if (drop)
					cells_drop(c[h]);
				else
					assert_int_equal(cells_apply(c[h]), ERR_OK);
			}
			if (!drop) {
				take_over(r, t, n);
				whole_root(r, &root);
				assert_memory_equal(root.b, want.b, 32);
			}
			for (unsigned h = 0; h < HANDS_END && worlds[w].grow_to; h++) {
				assert_int_equal(cells_grow(c[h], worlds[w].grow_to, 50, &src),
						 ERR_OK);
				assert_int_equal(cells_grow_apply(c[h]), ERR_OK);
			}
			for (unsigned h = 1; h < HANDS_END && block % 4 == 1; h++)
				same_cells(c[0], c[h], r);
			crowds += cells_crowds(c[0]);
			for (unsigned h = 0; h < HANDS_END && block == 5; h++)
				cells_forget_seen(c[h]);
			free(first);
		}
		for (unsigned h = 0; h < HANDS_END; h++)
			cells_free(c[h]);
		free(r);
	}
	assert_true(crowds > 0);
	free(t);
	free(leaf);
}

/* Rows that are there, of a block's touches: one near each end. */
static void damage_rows(struct rows *r, const struct touch *t, size_t n, unsigned which)
{
	size_t lo = 5, hi = n - 5;
	while (r->gone[row_of(r, &t[lo])])
		lo++;
	while (r->gone[row_of(r, &t[hi])])
		hi--;
	assert_true(t[lo].key_hash[0] < 0x40 && t[hi].key_hash[0] >= 0xd0);
	r->leaf[row_of(r, &t[lo])].b[9] ^= (uint8_t)(which & 1);
	r->leaf[row_of(r, &t[hi])].b[9] ^= (uint8_t)(which >> 1);
}

static enum err scan_faults(void *ctx, struct leaf_list *out, const uint8_t *prefix, unsigned bits)
{
	return prefix[0] >> 3 == 0xc0 >> 3 ? ERR_IO : scan(ctx, out, prefix, bits);
}

/* A row damaged in either half, or in both: found by whoever comes by. The fault of the
 * first share that has one is it, and when it is repaired all is as before. */
static void hands_corrupt(void **unused)
{
	(void)unused;
	enum { N = 4000 };
	struct touch *t = calloc(N, sizeof *t);
	struct hash *leaf = calloc(N, sizeof *leaf);
	for (unsigned crowds = 0; crowds < 4; crowds += 3) {
		for (unsigned h = 0; h < HANDS_END; h++) {
			struct rows *r = rows_mixed(N, crowds, 20);
			struct leaf_source src = {scan, r, hash_late};
			struct cells *c = cells_new(8, N);
			struct hash root, want;
			int64_t delta, want_delta;
			fill(c, r);
			for (unsigned damage = 1; damage < 4; damage++) {
				size_t n = random_touches(t, leaf, r, 3, &want_delta);
				damage_rows(r, t, n, damage);
				cells_forget_seen(c);
				assert_int_equal(stage_by((enum hands)h, c, &delta, &src, t, n),
						 ERR_CORRUPT);
				cells_drop(c);
				src.scan = scan_faults;
				assert_int_equal(stage_by((enum hands)h, c, &delta, &src, t, n),
						 damage & 1 ? ERR_CORRUPT : ERR_IO);
				cells_drop(c);
				src.scan = scan;
				damage_rows(r, t, n, damage);
				n = random_touches(t, leaf, r, 3, &want_delta);
				assert_int_equal(stage_by((enum hands)h, c, &delta, &src, t, n),
						 ERR_OK);
				assert_int_equal(delta, want_delta);
				cells_staged_root(c, &root);
				assert_int_equal(cells_apply(c), ERR_OK);
				take_over(r, t, n);
				whole_root(r, &want);
				assert_memory_equal(root.b, want.b, 32);
			}
			cells_free(c);
			free(r);
		}
	}
	free(t);
	free(leaf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_size), cmocka_unit_test(growth),
		cmocka_unit_test(ground),   cmocka_unit_test(corrupt),
		cmocka_unit_test(hands),    cmocka_unit_test(hands_corrupt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
