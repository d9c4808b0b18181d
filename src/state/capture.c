#include "state/capture.h"

#include <stdlib.h>

void capture_fini(struct capture *c)
{
	leaf_list_fini(&c->leaves);
	free(c->buckets);
	free(c->slots);
	*c = (struct capture){0};
}

void capture_reset(struct capture *c)
{
	c->leaves.n = c->buckets_n = 0;
	if (c->slots_n)
		memset(c->slots, 0, c->slots_n * sizeof *c->slots);
}

/* Buckets are numbered without gaps; neighbours must not crowd the same slots. */
static size_t slot_of(const struct capture *c, uint64_t bucket)
{
	return (size_t)((bucket * 0x9e3779b97f4a7c15u) >> 32) & (c->slots_n - 1);
}

const struct captured *capture_find(const struct capture *c, uint64_t bucket)
{
	if (!c->buckets_n)
		return NULL;
	for (size_t i = slot_of(c, bucket); c->slots[i]; i = (i + 1) & (c->slots_n - 1))
		if (c->buckets[c->slots[i] - 1].bucket == bucket)
			return &c->buckets[c->slots[i] - 1];
	return NULL;
}

static void slot_put(struct capture *c, size_t place)
{
	size_t i = slot_of(c, c->buckets[place].bucket);
	while (c->slots[i])
		i = (i + 1) & (c->slots_n - 1);
	c->slots[i] = (uint32_t)place + 1;
}

static enum err room(struct capture *c)
{
	if (c->buckets_n == c->buckets_cap) {
		size_t cap = c->buckets_cap ? 2 * c->buckets_cap : 512;
		struct captured *b = realloc(c->buckets, cap * sizeof *b);
		if (!b)
			return ERR_NOMEM;
		c->buckets = b;
		c->buckets_cap = cap;
	}
	if (c->slots_n >= 2 * c->buckets_cap)
		return ERR_OK;
	uint32_t *s = calloc(2 * c->buckets_cap, sizeof *s);
	if (!s)
		return ERR_NOMEM;
	free(c->slots);
	c->slots = s;
	c->slots_n = 2 * c->buckets_cap;
	for (size_t i = 0; i < c->buckets_n; i++)
		slot_put(c, i);
	return ERR_OK;
}

enum err capture_read(struct capture *c, const struct captured **out, struct store_view *v,
		      uint64_t bucket, const uint8_t *prefix, unsigned bits)
{
	TRY(room(c));
	size_t from = c->leaves.n;
	TRY(store_scan(v, &c->leaves, prefix, bits));
	c->buckets[c->buckets_n] =
		(struct captured){bucket, (uint32_t)from, (uint32_t)(c->leaves.n - from), bits};
	slot_put(c, c->buckets_n);
	*out = &c->buckets[c->buckets_n++];
	return ERR_OK;
}

bool capture_row(const struct capture *c, const struct captured *b, struct disk_row *row,
		 const struct hash *key_hash)
{
	for (uint32_t i = b->from; i < b->from + b->n; i++) {
		const struct trie_leaf *l = &c->leaves.at[i];
		if (memcmp(l->key_hash, key_hash->b, 32) != 0)
			continue;
		disk_row_at(row, l->key_hash, l->hash);
		return true;
	}
	return false;
}
