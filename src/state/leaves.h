/*
 * leaves: growing lists of trie leaves, and where they come from.
 */
#ifndef ARGOSY_STATE_LEAVES_H
#define ARGOSY_STATE_LEAVES_H

#include "state/trie.h"

struct leaf_list {
	struct trie_leaf *at;
	size_t n, cap;
};

void leaf_list_fini(struct leaf_list *l);
enum err leaf_list_grow(struct leaf_list *l) MUST_USE;

static inline enum err leaf_list_put(struct leaf_list *l, const uint8_t *key_hash,
				     const uint8_t *hash)
{
	if (l->n == l->cap)
		TRY(leaf_list_grow(l));
	l->at[l->n++] = (struct trie_leaf){key_hash, hash};
	return ERR_OK;
}

/* What a block does to one key. */
enum touch_kind { TOUCH_READ, TOUCH_PUT, TOUCH_DEL };

struct touch {
	const uint8_t *key_hash;
	const uint8_t *leaf; /* TOUCH_PUT: the new leaf's hash */
	enum touch_kind kind;
};

struct leaf_source {
	/* Appends the committed leaves whose key hash begins with the first `bits` bits of
	 * `prefix`, in order. They are borrowed for as long as the caller of the caller
	 * arranged (a block, a read). */
	enum err (*scan)(void *ctx, struct leaf_list *out, const uint8_t *prefix, unsigned bits);
	void *ctx;
	/* Computes the hashes that `leaf` of these touches points to, before they are used;
	 * NULL: they are there. */
	void (*hash)(const struct touch *t, size_t n);
};

/* Merges writes into leaves: both sorted; reads are passed over. */
enum err leaves_merge(struct leaf_list *out, const struct leaf_list *old, const struct touch *t,
		      size_t n) MUST_USE;

#endif
