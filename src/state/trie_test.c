#include "state/trie.h"

#include "crypto/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ROWS = 60 };

struct row {
	struct hash key_hash, leaf;
	unsigned i;
};

static int by_hash(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

static struct slice key_of(char *b, unsigned i)
{
	snprintf(b, 16, "k%u", i);
	return slice_str(b);
}

static void make(struct row *rows, struct trie_leaf *leaves)
{
	char k[16];
	for (unsigned i = 0; i < ROWS; i++) {
		rows[i].i = i;
		sha256(&rows[i].key_hash, key_of(k, i));
		trie_leaf_of(&rows[i].leaf, &rows[i].key_hash, key_of(k, i * i));
	}
	qsort(rows, ROWS, sizeof *rows, by_hash);
	for (unsigned i = 0; i < ROWS; i++)
		leaves[i] = (struct trie_leaf){rows[i].key_hash.b, rows[i].leaf.b};
}

/* A proof made by the definition alone. */
static void prove(struct state_proof *p, const struct row *rows, const struct hash *kh)
{
	size_t lo = 0, n = ROWS;
	memset(p, 0, sizeof *p);
	while (n > 1) {
		size_t left = 0;
		struct trie_leaf l[ROWS];
		while (left < n && !trie_bit(rows[lo + left].key_hash.b, p->depth))
			left++;
		bool right = trie_bit(kh->b, p->depth);
		size_t from = right ? lo : lo + left, count = right ? left : n - left;
		for (size_t i = 0; i < count; i++)
			l[i] = (struct trie_leaf){rows[from + i].key_hash.b, rows[from + i].leaf.b};
		struct trie_node other;
		trie_subtree(&other, l, count, p->depth + 1);
		p->sibling[p->depth++] = other.hash;
		lo = right ? lo + left : lo;
		n = right ? n - left : left;
	}
	p->kind = STATE_PROOF_EMPTY;
	if (n == 0)
		return;
	char v[16];
	p->kind = hash_eq(&rows[lo].key_hash, kh) ? STATE_PROOF_PRESENT : STATE_PROOF_OTHER;
	if (p->kind == STATE_PROOF_OTHER) {
		p->other_key_hash = rows[lo].key_hash;
		sha256(&p->other_value_hash, key_of(v, rows[lo].i * rows[lo].i));
	}
}

/* Every proof goes through its bytes and back, holds, and holds no more once any one
 * bit of the bytes is changed, or one byte is missing or added. */
static void mutations(void **unused)
{
	(void)unused;
	static struct row rows[ROWS];
	static struct trie_leaf leaves[ROWS];
	static struct state_proof p, back;
	unsigned kinds[3] = {0};
	make(rows, leaves);
	struct trie_node root;
	trie_subtree(&root, leaves, ROWS, 0);
	for (unsigned i = 0; i < 2 * ROWS; i++) {
		char k[16], v[16];
		struct slice key = key_of(k, i), value = key_of(v, i * i);
		const struct slice *given = i < ROWS ? &value : NULL;
		struct hash kh;
		sha256(&kh, key);
		prove(&p, rows, &kh);
		kinds[p.kind]++;
		struct buf b = BUF_INIT;
		state_proof_put(&b, &p);
		struct reader r = reader_of(buf_slice(&b));
		assert_true(state_proof_take(&back, &r));
		assert_int_equal(reader_left(&r), 0);
		assert_true(state_proof_check(&back, &root.hash, key, given));
		assert_false(state_proof_check(&back, &root.hash, key, given ? NULL : &value));
		if (given) {
			assert_false(
				state_proof_check(&back, &root.hash, slice_str("other"), given));
			struct slice longer = slice(v, value.n + 1);
			assert_false(state_proof_check(&back, &root.hash, key, &longer));
		}
		for (size_t bit = 0; bit < b.n * 8; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			r = reader_of(buf_slice(&b));
			bool good = state_proof_take(&back, &r) && reader_left(&r) == 0 &&
				    state_proof_check(&back, &root.hash, key, given);
			if (good)
				fail_msg("proof %u: bit %zu does not matter", i, bit);
			b.p[bit / 8] ^= (uint8_t)(1u << (bit % 8));
		}
		r = reader_of(slice(b.p, b.n - 1));
		assert_false(state_proof_take(&back, &r));
		buf_fini(&b);
	}
	assert_int_equal(kinds[STATE_PROOF_PRESENT], ROWS);
	assert_true(kinds[STATE_PROOF_EMPTY] > 5 && kinds[STATE_PROOF_OTHER] > 5);
}

static void joins(void **unused)
{
	(void)unused;
	struct trie_node none = {{{0}}, TRIE_EMPTY}, a = {{{1}}, TRIE_ONE}, b = {{{2}}, TRIE_ONE};
	struct trie_node out, want;
	trie_join(&out, &none, &none);
	assert_memory_equal(&out, &none, sizeof out);
	trie_join(&out, &a, &none);
	assert_memory_equal(&out, &a, sizeof out);
	trie_join(&out, &none, &b);
	assert_memory_equal(&out, &b, sizeof out);
	trie_join(&out, &a, &b);
	sha256_pair(&want.hash, 1, a.hash.b, b.hash.b);
	assert_memory_equal(out.hash.b, want.hash.b, 32);
	assert_int_equal(out.kind, TRIE_MANY);
	/* Two leaves below one side: the empty other side is hashed too. */
	b = out;
	trie_join(&out, &out, &none);
	sha256_pair(&want.hash, 1, b.hash.b, none.hash.b);
	assert_memory_equal(out.hash.b, want.hash.b, 32);
}

static void common_bits(void **unused)
{
	(void)unused;
	uint8_t a[32] = {0}, b[32] = {0};
	assert_int_equal(trie_common_bits(a, b), 256);
	for (unsigned i = 0; i < 256; i++) {
		b[i / 8] = (uint8_t)(0x80 >> (i % 8));
		assert_int_equal(trie_common_bits(a, b), i);
		assert_int_equal(trie_bit(b, i), 1);
		b[i / 8] = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutations),
		cmocka_unit_test(joins),
		cmocka_unit_test(common_bits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
