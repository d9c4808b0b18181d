#include "journal/mlog.h"

#include "crypto/sha256.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char dir[64];

static int dir_make(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/argosy-mlog-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int dir_remove(void **state)
{
	(void)state;
	if (mlog_destroy(NULL, dir, NULL) != ERR_OK)
		return -1;
	return rmdir(dir);
}

/* Record i: i bytes or so, some empty. */
static struct slice record(unsigned i)
{
	static uint8_t b[700];
	size_t n = (i * 37) % 700;
	memset(b, (int)i, n);
	if (n)
		b[0] = (uint8_t)(i >> 8);
	return slice(b, n);
}

/* MTH by its definition in RFC 6962, 2.1. */
static void naive(struct hash *out, unsigned lo, unsigned n)
{
	uint8_t b[701] = {0};
	if (n == 0) {
		sha256(out, slice(b, 0));
		return;
	}
	if (n == 1) {
		struct slice r = record(lo);
		memcpy(b + 1, r.p, r.n);
		sha256(out, slice(b, r.n + 1));
		return;
	}
	unsigned k = 1;
	while (2 * k < n)
		k *= 2;
	struct hash h;
	naive(&h, lo, k);
	memcpy(b + 1, h.b, 32);
	naive(&h, lo + k, n - k);
	memcpy(b + 33, h.b, 32);
	b[0] = 1;
	sha256(out, slice(b, 65));
}

static struct mlog *must_open(uint64_t size, const struct hash *root)
{
	struct mlog *m;
	struct err_text t = {""};
	if (mlog_open(&m, NULL, dir, size, root, &t) != ERR_OK)
		fail_msg("%s", t.text);
	return m;
}

static void append(struct mlog *m, unsigned i)
{
	uint64_t index;
	struct hash leaf, want;
	assert_int_equal(mlog_append(m, &index, &leaf, record(i)), ERR_OK);
	assert_int_equal(index, i);
	naive(&want, i, 1);
	assert_memory_equal(leaf.b, want.b, 32);
}

static void must_read(struct mlog *m, unsigned i)
{
	struct buf b = BUF_INIT;
	buf_put_u8(&b, 'x');
	assert_int_equal(mlog_read(m, &b, i), ERR_OK);
	assert_true(slice_eq(slice(b.p + 1, b.n - 1), record(i)));
	buf_fini(&b);
}

/* The tests of certificate-transparency: eight leaves and the roots of their beginnings. */
static void known_roots(void **unused)
{
	(void)unused;
	static const char *const leaves[] = {"",
					     "00",
					     "10",
					     "2021",
					     "3031",
					     "40414243",
					     "5051525354555657",
					     "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct mlog *m = must_open(0, NULL);
	for (unsigned i = 0; i <= 8; i++) {
		struct hash root, want;
		mlog_root(m, &root);
		assert_true(hex_decode(want.b, 32, slice_str(roots[i])));
		assert_memory_equal(root.b, want.b, 32);
		uint8_t b[16];
		uint64_t index;
		if (i == 8)
			break;
		size_t n = strlen(leaves[i]) / 2;
		assert_true(hex_decode(b, n, slice_str(leaves[i])));
		assert_int_equal(mlog_append(m, &index, NULL, slice(b, n)), ERR_OK);
	}
	mlog_close(m);
}

/* Roots against the definition, with truncations, commits and reopenings on the way. */
static void roots(void **unused)
{
	(void)unused;
	enum { N = 150 };
	struct hash want[N + 1], root;
	for (unsigned i = 0; i <= N; i++)
		naive(&want[i], 0, i);
	struct mlog *m = must_open(0, &want[0]);
	unsigned committed = 0;
	for (unsigned i = 0; i < N; i++) {
		append(m, i);
		mlog_root(m, &root);
		assert_memory_equal(root.b, want[i + 1].b, 32);
		if (i % 7 == 3) {
			for (unsigned k = i + 1; k < i + 9; k++)
				append(m, k);
			mlog_truncate(m, i + 1);
			mlog_root(m, &root);
			assert_memory_equal(root.b, want[i + 1].b, 32);
		}
		if (i % 13 == 5) {
			assert_int_equal(mlog_commit(m, NULL), ERR_OK);
			committed = i + 1;
		}
		if (i % 29 == 28) {
			/* What is not committed is lost; what is past the size is cut. */
			unsigned to = committed - i % 3;
			assert_int_equal(mlog_sync(m), ERR_OK);
			mlog_close(m);
			m = must_open(to, &want[to]);
			assert_int_equal(mlog_size(m), to);
			assert_int_equal(mlog_read(m, &BUF_INIT, to), ERR_RANGE);
			for (unsigned k = to; k <= i; k++)
				append(m, k);
		}
		for (unsigned k = 0; k <= i; k += 1 + i / 9)
			must_read(m, k);
	}
	mlog_close(m);
}

static void flip(struct hash *h, unsigned bit)
{
	h->b[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

static void inclusion(void **unused)
{
	(void)unused;
	enum { N = 70 };
	struct mlog *m = must_open(0, NULL);
	for (unsigned i = 0; i < N; i++)
		append(m, i);
	struct mlog_proof p;
	assert_int_equal(mlog_prove_inclusion(m, &p, 0, 1), ERR_RANGE);
	assert_int_equal(mlog_commit(m, NULL), ERR_OK);
	assert_int_equal(mlog_prove_inclusion(m, &p, 0, N + 1), ERR_RANGE);
	assert_int_equal(mlog_prove_inclusion(m, &p, 5, 5), ERR_RANGE);
	for (unsigned size = 1; size <= N; size++) {
		struct hash root, want, leaf;
		assert_int_equal(mlog_root_at(m, &root, size), ERR_OK);
		naive(&want, 0, size);
		assert_memory_equal(root.b, want.b, 32);
		for (unsigned i = 0; i < size; i++) {
			assert_int_equal(mlog_leaf(m, &leaf, i), ERR_OK);
			assert_int_equal(mlog_prove_inclusion(m, &p, i, size), ERR_OK);
			assert_true(mlog_check_inclusion(&p, i, size, &leaf, &root));
			assert_false(mlog_check_inclusion(&p, i + 1, size, &leaf, &root));
			assert_false(mlog_check_inclusion(&p, i, i, &leaf, &root));
			struct mlog_proof bad = p;
			bad.n = p.n + 1;
			bad.h[p.n] = root;
			assert_false(mlog_check_inclusion(&bad, i, size, &leaf, &root));
			if (!p.n)
				continue;
			bad.n = p.n - 1;
			assert_false(mlog_check_inclusion(&bad, i, size, &leaf, &root));
		}
	}
	/* Every bit of one proof. */
	struct hash root, leaf;
	assert_int_equal(mlog_root_at(m, &root, N), ERR_OK);
	assert_int_equal(mlog_leaf(m, &leaf, 42), ERR_OK);
	assert_int_equal(mlog_prove_inclusion(m, &p, 42, N), ERR_OK);
	for (unsigned i = 0; i < p.n; i++) {
		for (unsigned bit = 0; bit < 256; bit++) {
			flip(&p.h[i], bit);
			assert_false(mlog_check_inclusion(&p, 42, N, &leaf, &root));
			flip(&p.h[i], bit);
		}
	}
	mlog_close(m);
}

static void consistency(void **unused)
{
	(void)unused;
	enum { N = 40 };
	struct mlog *m = must_open(0, NULL);
	for (unsigned i = 0; i < N; i++)
		append(m, i);
	assert_int_equal(mlog_commit(m, NULL), ERR_OK);
	struct hash root[N + 1];
	for (unsigned i = 0; i <= N; i++)
		assert_int_equal(mlog_root_at(m, &root[i], i), ERR_OK);
	for (unsigned b = 0; b <= N; b++) {
		for (unsigned a = 0; a <= b; a++) {
			struct mlog_proof p;
			assert_int_equal(mlog_prove_consistency(m, &p, a, b), ERR_OK);
			assert_true(mlog_check_consistency(&p, a, b, &root[a], &root[b]));
			if (a && a < b) {
				assert_false(
					mlog_check_consistency(&p, a, b, &root[a - 1], &root[b]));
				assert_false(
					mlog_check_consistency(&p, a, b, &root[a], &root[b - 1]));
				assert_false(
					mlog_check_consistency(&p, a - 1, b, &root[a], &root[b]));
			}
			for (unsigned i = 0; i < p.n * 256; i += 5) {
				flip(&p.h[i / 256], i % 256);
				assert_false(mlog_check_consistency(&p, a, b, &root[a], &root[b]));
				flip(&p.h[i / 256], i % 256);
			}
		}
		struct mlog_proof p;
		assert_int_equal(mlog_prove_consistency(m, &p, b, N + 1), ERR_RANGE);
	}
	mlog_close(m);
}

/* The root of records lo to lo + n - 1, of which those from `first` to `end` - 1 are known and
 * the rest is in the proof (docs/format/receipt.md). */
static void range_root(struct hash *out, const struct mlog_range *p, unsigned *used, unsigned lo,
		       unsigned n, unsigned first, unsigned end)
{
	struct hash left, right;
	if (lo + n <= first || lo >= end) {
		assert_true(*used < p->n);
		*out = p->h[(*used)++];
		return;
	}
	if (first <= lo && lo + n <= end) {
		naive(out, lo, n);
		return;
	}
	unsigned k = 1;
	while (k * 2 < n)
		k *= 2;
	range_root(&left, p, used, lo, k, first, end);
	range_root(&right, p, used, lo + k, n - k, first, end);
	sha256_parts(out, (struct slice[]){slice("\1", 1), slice(left.b, 32), slice(right.b, 32)}, 3);
}

static void range(void **unused)
{
	(void)unused;
	enum { N = 36 };
	struct mlog *m = must_open(0, NULL);
	for (unsigned i = 0; i < N; i++)
		append(m, i);
	struct mlog_range p;
	assert_int_equal(mlog_prove_range(m, &p, 0, 1, 1), ERR_RANGE);
	assert_int_equal(mlog_commit(m, NULL), ERR_OK);
	assert_int_equal(mlog_prove_range(m, &p, 0, 0, N), ERR_RANGE);
	assert_int_equal(mlog_prove_range(m, &p, N - 1, 2, N), ERR_RANGE);
	assert_int_equal(mlog_prove_range(m, &p, 0, 1, N + 1), ERR_RANGE);
	assert_int_equal(mlog_prove_range(m, &p, 1, UINT64_MAX, N), ERR_RANGE);
	for (unsigned size = 1; size <= N; size++)
		for (unsigned first = 0; first < size; first++)
			for (unsigned end = first + 1; end <= size; end++) {
				struct hash root, is;
				unsigned used = 0;
				naive(&root, 0, size);
				assert_int_equal(mlog_prove_range(m, &p, first, end - first, size),
						 ERR_OK);
				range_root(&is, &p, &used, 0, size, first, end);
				assert_int_equal(used, p.n);
				assert_memory_equal(is.b, root.b, 32);
			}
	mlog_close(m);
}

static void damage(const char *name, long at)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", dir, name);
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	int c = fgetc(f);
	assert_int_equal(fseek(f, -1, SEEK_CUR), 0);
	fputc(c ^ 4, f);
	fclose(f);
}

static void damaged(void **unused)
{
	(void)unused;
	enum { N = 21 };
	struct hash root, want;
	struct buf b = BUF_INIT;
	struct mlog *m = must_open(0, NULL);
	for (unsigned i = 0; i < N; i++)
		append(m, i);
	mlog_root(m, &root);
	assert_int_equal(mlog_commit(m, NULL), ERR_OK);
	mlog_close(m);
	assert_int_equal(mlog_open(&m, NULL, dir, N, &want, NULL), ERR_CORRUPT);
	assert_int_equal(mlog_open(&m, NULL, dir, N + 1, &root, NULL), ERR_CORRUPT);
	/* A record. */
	m = must_open(N, &root);
	damage("records", 3);
	assert_int_equal(mlog_read(m, &b, 1), ERR_CORRUPT);
	must_read(m, 2);
	/* Where it ends. */
	damage("ends", 8 * 7 + 7);
	assert_int_equal(mlog_read(m, &b, 7), ERR_CORRUPT);
	assert_int_equal(mlog_read(m, &b, 8), ERR_CORRUPT);
	must_read(m, 9);
	damage("ends", 8 * 12 + 1);
	assert_int_equal(mlog_read(m, &b, 12), ERR_CORRUPT);
	/* Its leaf, which is also a peak. */
	damage("nodes", -1);
	assert_int_equal(mlog_read(m, &b, N - 1), ERR_CORRUPT);
	mlog_close(m);
	assert_int_equal(mlog_open(&m, NULL, dir, N, &root, NULL), ERR_CORRUPT);
	buf_fini(&b);
}

struct shared {
	struct mlog *m;
	_Atomic bool stop;
};

static void *reader(void *arg)
{
	struct shared *s = arg;
	struct buf b = BUF_INIT;
	for (unsigned i = 0; !atomic_load(&s->stop); i++) {
		uint64_t n = mlog_committed(s->m);
		buf_clear(&b);
		struct mlog_proof p;
		struct hash root, leaf;
		if (n && (mlog_read(s->m, &b, i % n) != ERR_OK ||
			  mlog_root_at(s->m, &root, n) != ERR_OK ||
			  mlog_leaf(s->m, &leaf, i % n) != ERR_OK ||
			  mlog_prove_inclusion(s->m, &p, i % n, n) != ERR_OK ||
			  !mlog_check_inclusion(&p, i % n, n, &leaf, &root)))
			return s;
		if (mlog_read(s->m, &b, n + 3) == ERR_CORRUPT || mlog_sync(s->m) != ERR_OK)
			return s;
	}
	buf_fini(&b);
	return NULL;
}

static void readers(void **unused)
{
	(void)unused;
	struct shared s = {must_open(0, NULL), false};
	pthread_t t;
	assert_int_equal(pthread_create(&t, NULL, reader, &s), 0);
	for (unsigned i = 0; i < 2000; i++) {
		append(s.m, i);
		if (i % 9 == 8)
			assert_int_equal(mlog_commit(s.m, NULL), ERR_OK);
	}
	atomic_store(&s.stop, true);
	void *failed;
	pthread_join(t, &failed);
	assert_null(failed);
	mlog_close(s.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(known_roots, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(roots, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(inclusion, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(consistency, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(range, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(damaged, dir_make, dir_remove),
		cmocka_unit_test_setup_teardown(readers, dir_make, dir_remove),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
