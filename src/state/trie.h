/*
 * trie: the commitment to the state, as pure functions over memory.
 *
 * A compact sparse Merkle trie over SHA-256(key), bits taken from the first
 * byte's highest bit on (docs/format/state.md):
 *
 *   leaf(key, value) = SHA-256(0x00 || SHA-256(key) || SHA-256(value))
 *   subtree of no leaf     = 32 zero bytes
 *   subtree of one leaf    = that leaf's hash
 *   subtree of more leaves = SHA-256(0x01 || left || right)
 *
 * The root is the subtree at depth 0. It depends on the set of keys and values
 * present and on nothing else.
 */
#ifndef ARGOSY_STATE_TRIE_H
#define ARGOSY_STATE_TRIE_H

#include "base/bytes.h"

/* How many leaves a subtree holds: what the compact rule needs to know. */
enum trie_kind { TRIE_EMPTY = 0, TRIE_ONE = 1, TRIE_MANY = 2 };

struct trie_node {
	struct hash hash;
	uint8_t kind; /* enum trie_kind */
};

/* One leaf, borrowed: 32 bytes each. */
struct trie_leaf {
	const uint8_t *key_hash;
	const uint8_t *hash; /* of the leaf */
};

void trie_leaf_hash(struct hash *out, const struct hash *key_hash, const struct hash *value_hash);
/* The leaf of a value whose key's hash is known. */
void trie_leaf_of(struct hash *out, const struct hash *key_hash, struct slice value);

/* Bit `depth` (0..255) of a key hash. */
static inline unsigned trie_bit(const uint8_t *key_hash, unsigned depth)
{
	return ((unsigned)key_hash[depth >> 3] >> (7 - (depth & 7))) & 1u;
}
/* The first 64 bits of a key hash: they are in the order of the hashes, and nearly always
 * tell two apart without the rest, which may lie in memory far away. */
static inline uint64_t trie_top(const uint8_t *key_hash)
{
	uint64_t top = 0;
	for (unsigned i = 0; i < 8; i++)
		top = top << 8 | key_hash[i];
	return top;
}
/* How many leading bits two key hashes share, 0..256. */
unsigned trie_common_bits(const uint8_t *a, const uint8_t *b);

/* Whether a key hash begins with the first `bits` bits of `prefix`. */
bool trie_under(const uint8_t *key_hash, const uint8_t *prefix, unsigned bits);
/* The least key hash that does. */
void trie_prefix(uint8_t out[static 32], const uint8_t *prefix, unsigned bits);

/* The node above two siblings; `out` may be one of them. */
void trie_join(struct trie_node *out, const struct trie_node *left, const struct trie_node *right);
/* The subtree at `depth` of `n` leaves that share their first `depth` bits,
 * sorted by key hash, none twice. */
void trie_subtree(struct trie_node *out, const struct trie_leaf *leaves, size_t n, unsigned depth);

/* ---- proofs ---- */

enum state_proof_kind {
	STATE_PROOF_PRESENT = 0, /* the key has the value */
	STATE_PROOF_EMPTY = 1,	 /* absent: its place in the trie is empty */
	STATE_PROOF_OTHER = 2,	 /* absent: its place is another key's leaf */
};

#define STATE_PROOF_DEPTH_MAX 255u

/*
 * A path from the root to where the key is, or would be. sibling[i] stands at
 * depth i + 1 beside the path; an empty sibling is 32 zero bytes. The value of
 * a present key is not part of it.
 */
struct state_proof {
	enum state_proof_kind kind;
	unsigned depth;				      /* number of siblings, 0..255 */
	struct hash other_key_hash, other_value_hash; /* STATE_PROOF_OTHER only */
	struct hash sibling[STATE_PROOF_DEPTH_MAX];
};

/*
 * The path alone, for a bundle whose frame says the rest:
 *   depth (1 byte), bitmap of the siblings that are not empty ((depth + 7) / 8
 *   bytes, sibling 0 in the highest bit of the first byte, spare bits zero),
 *   those siblings, 32 bytes each, root first.
 */
void state_path_put(struct buf *out, const struct state_proof *p);
/* False if the bytes are not such a path in its only form. `kind` is left alone. */
bool state_path_take(struct state_proof *p, struct reader *in);

/* Kind (1 byte), path, and for STATE_PROOF_OTHER key hash and value hash. */
void state_proof_put(struct buf *out, const struct state_proof *p);
bool state_proof_take(struct state_proof *p, struct reader *in);

/*
 * Pure. True if `p` shows that under `root` the key has `value`
 * (STATE_PROOF_PRESENT, value not NULL), or that it is absent (value NULL, one
 * of the other kinds).
 */
bool state_proof_check(const struct state_proof *p, const struct hash *root, struct slice key,
		       const struct slice *value);
/* The same for a key whose hash is known. */
bool state_proof_check_at(const struct state_proof *p, const struct hash *root,
			  const struct hash *key_hash, const struct slice *value);

#endif
