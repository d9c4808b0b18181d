#include "state/trie.h"

#include "crypto/sha256.h"

enum { LEAF_PREFIX = 0x00, INNER_PREFIX = 0x01 };

static const struct hash empty_hash;

void trie_leaf_hash(struct hash *out, const struct hash *key_hash, const struct hash *value_hash)
{
	sha256_pair(out, LEAF_PREFIX, key_hash->b, value_hash->b);
}

void trie_leaf_of(struct hash *out, const struct hash *key_hash, struct slice value)
{
	struct hash v;
	sha256(&v, value);
	trie_leaf_hash(out, key_hash, &v);
}

unsigned trie_common_bits(const uint8_t *a, const uint8_t *b)
{
	for (unsigned i = 0; i < 32; i++) {
		unsigned x = a[i] ^ b[i];
		if (x)
			return 8 * i + (unsigned)__builtin_clz(x) - 24;
	}
	return 256;
}

bool trie_under(const uint8_t *key_hash, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(key_hash, prefix, whole) != 0)
		return false;
	return !rest || !((key_hash[whole] ^ prefix[whole]) >> (8 - rest));
}

void trie_prefix(uint8_t out[static 32], const uint8_t *prefix, unsigned bits)
{
	memset(out, 0, 32);
	memcpy(out, prefix, (bits + 7) / 8);
	if (bits % 8)
		out[bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
}

void trie_join(struct trie_node *out, const struct trie_node *left, const struct trie_node *right)
{
	if (left->kind + right->kind <= TRIE_ONE) {
		*out = left->kind ? *left : *right;
		return;
	}
	sha256_pair(&out->hash, INNER_PREFIX, left->hash.b, right->hash.b);
	out->kind = TRIE_MANY;
}

/* Two leaves or more. The recursion is at most 256 deep, one level a bit. */
static void many(struct hash *out, const struct trie_leaf *leaves, size_t n, unsigned depth)
{
	size_t split = 0;
	while (split < n && trie_bit(leaves[split].key_hash, depth) == 0)
		split++;
	struct hash side[2];
	const uint8_t *h[2];
	size_t count[2] = {split, n - split};
	for (unsigned i = 0; i < 2; i++) {
		const struct trie_leaf *at = leaves + (i ? split : 0);
		if (count[i] == 0) {
			h[i] = empty_hash.b;
		} else if (count[i] == 1) {
			h[i] = at->hash;
		} else {
			many(&side[i], at, count[i], depth + 1);
			h[i] = side[i].b;
		}
	}
	sha256_pair(out, INNER_PREFIX, h[0], h[1]);
}

void trie_subtree(struct trie_node *out, const struct trie_leaf *leaves, size_t n, unsigned depth)
{
	if (n == 0) {
		out->hash = empty_hash;
		out->kind = TRIE_EMPTY;
	} else if (n == 1) {
		memcpy(out->hash.b, leaves->hash, 32);
		out->kind = TRIE_ONE;
	} else {
		many(&out->hash, leaves, n, depth);
		out->kind = TRIE_MANY;
	}
}

/* ---- proofs ---- */

void state_path_put(struct buf *out, const struct state_proof *p)
{
	uint8_t map[32] = {0};
	for (unsigned i = 0; i < p->depth; i++)
		if (!hash_eq(&p->sibling[i], &empty_hash))
			map[i >> 3] |= (uint8_t)(0x80u >> (i & 7));
	buf_put_u8(out, (uint8_t)p->depth);
	buf_put(out, map, (p->depth + 7) / 8);
	for (unsigned i = 0; i < p->depth; i++)
		if (map[i >> 3] & (0x80u >> (i & 7)))
			buf_put(out, p->sibling[i].b, 32);
}

bool state_path_take(struct state_proof *p, struct reader *in)
{
	p->depth = reader_u8(in);
	unsigned bytes = (p->depth + 7) / 8;
	struct slice map = reader_bytes(in, bytes);
	if (in->bad)
		return false;
	for (unsigned i = 0; i < bytes * 8; i++) {
		bool set = map.p[i >> 3] & (0x80u >> (i & 7));
		if (i >= p->depth) {
			if (set)
				return false;
			continue;
		}
		p->sibling[i] = set ? reader_hash(in) : empty_hash;
		if (set && hash_eq(&p->sibling[i], &empty_hash))
			return false;
	}
	return !in->bad;
}

void state_proof_put(struct buf *out, const struct state_proof *p)
{
	buf_put_u8(out, (uint8_t)p->kind);
	state_path_put(out, p);
	if (p->kind == STATE_PROOF_OTHER) {
		buf_put(out, p->other_key_hash.b, 32);
		buf_put(out, p->other_value_hash.b, 32);
	}
}

bool state_proof_take(struct state_proof *p, struct reader *in)
{
	uint8_t kind = reader_u8(in);
	if (kind > STATE_PROOF_OTHER || !state_path_take(p, in))
		return false;
	p->kind = (enum state_proof_kind)kind;
	p->other_key_hash = p->other_value_hash = empty_hash;
	if (p->kind == STATE_PROOF_OTHER) {
		p->other_key_hash = reader_hash(in);
		p->other_value_hash = reader_hash(in);
	}
	return !in->bad;
}

bool state_proof_check(const struct state_proof *p, const struct hash *root, struct slice key,
		       const struct slice *value)
{
	struct hash key_hash;
	sha256(&key_hash, key);
	return state_proof_check_at(p, root, &key_hash, value);
}

bool state_proof_check_at(const struct state_proof *p, const struct hash *root,
			  const struct hash *key_hash, const struct slice *value)
{
	struct hash h;
	if (p->depth > STATE_PROOF_DEPTH_MAX || (p->kind == STATE_PROOF_PRESENT) != (value != NULL))
		return false;
	switch (p->kind) {
	case STATE_PROOF_PRESENT:
		trie_leaf_of(&h, key_hash, *value);
		break;
	case STATE_PROOF_EMPTY:
		h = empty_hash;
		break;
	case STATE_PROOF_OTHER: {
		/* Another key's leaf stands on this key's path: nothing else can be there. */
		unsigned common = trie_common_bits(key_hash->b, p->other_key_hash.b);
		if (common == 256 || common < p->depth)
			return false;
		trie_leaf_hash(&h, &p->other_key_hash, &p->other_value_hash);
		break;
	}
	}
	for (unsigned i = p->depth; i-- > 0;) {
		const struct hash *s = &p->sibling[i];
		if (trie_bit(key_hash->b, i))
			sha256_pair(&h, INNER_PREFIX, s->b, h.b);
		else
			sha256_pair(&h, INNER_PREFIX, h.b, s->b);
	}
	return hash_eq(&h, root);
}
