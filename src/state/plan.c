#include "state/plan.h"

#include <stdlib.h>

enum {
	HEIGHTS = 257,
	CHUNK_HASHES = 1024,
	INNER_PREFIX = 1,
};

static const struct hash empty_hash;

struct jobs {
	struct sha256_job *at;
	size_t n, cap;
};

struct chunk {
	struct chunk *next;
	struct hash hash[CHUNK_HASHES];
};

struct plan {
	struct jobs height[HEIGHTS];
	unsigned top; /* heights in use: 1..top */
	struct chunk *first, *now;
	size_t used; /* of `now` */
};

struct plan *plan_new(void)
{
	struct plan *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->first = p->now = calloc(1, sizeof *p->first);
	if (!p->first) {
		free(p);
		return NULL;
	}
	return p;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	for (unsigned i = 0; i < HEIGHTS; i++)
		free(p->height[i].at);
	while (p->first) {
		struct chunk *next = p->first->next;
		free(p->first);
		p->first = next;
	}
	free(p);
}

void plan_reset(struct plan *p)
{
	for (unsigned i = 0; i <= p->top; i++)
		p->height[i].n = 0;
	p->top = 0;
	p->now = p->first;
	p->used = 0;
}

static struct hash *new_hash(struct plan *p)
{
	if (p->used == CHUNK_HASHES) {
		if (!p->now->next) {
			p->now->next = malloc(sizeof *p->now);
			if (!p->now->next)
				return NULL;
			p->now->next->next = NULL;
		}
		p->now = p->now->next;
		p->used = 0;
	}
	return &p->now->hash[p->used++];
}

static enum err join(struct plan *p, struct plan_node *out, const struct plan_node *a,
		     const struct plan_node *b)
{
	if (a->kind + b->kind <= TRIE_ONE) {
		*out = a->kind ? *a : *b;
		return ERR_OK;
	}
	unsigned height = 1u + (a->height > b->height ? a->height : b->height);
	struct jobs *j = &p->height[height];
	if (j->n == j->cap) {
		size_t cap = j->cap ? 2 * j->cap : 64;
		struct sha256_job *at = realloc(j->at, cap * sizeof *at);
		if (!at)
			return ERR_NOMEM;
		j->at = at;
		j->cap = cap;
	}
	struct hash *h = new_hash(p);
	if (!h)
		return ERR_NOMEM;
	j->at[j->n++] = (struct sha256_job){a->hash, b->hash, h, INNER_PREFIX};
	if (height > p->top)
		p->top = height;
	*out = (struct plan_node){h->b, TRIE_MANY, (uint16_t)height};
	return ERR_OK;
}

static struct plan_node leaf_node(const uint8_t *hash)
{
	return hash ? (struct plan_node){hash, TRIE_ONE, 0}
		    : (struct plan_node){empty_hash.b, TRIE_EMPTY, 0};
}

static unsigned bit_of(const struct plan_leaf *l, unsigned depth)
{
	return depth < 64 ? (unsigned)(l->top >> (63 - depth)) & 1u : trie_bit(l->key_hash, depth);
}

enum err plan_subtree(struct plan *p, struct plan_node *was, struct plan_node *is,
		      const struct plan_leaf *leaves, size_t n, unsigned depth)
{
	if (n <= 1) {
		*was = leaf_node(n ? leaves->was : NULL);
		*is = leaf_node(n ? leaves->is : NULL);
		return ERR_OK;
	}
	size_t left = 0;
	while (left < n && !bit_of(&leaves[left], depth))
		left++;
	struct plan_node a[2], b[2];
	TRY(plan_subtree(p, &a[0], &a[1], leaves, left, depth + 1));
	TRY(plan_subtree(p, &b[0], &b[1], leaves + left, n - left, depth + 1));
	TRY(join(p, was, &a[0], &b[0]));
	if (a[0].hash == a[1].hash && b[0].hash == b[1].hash) {
		*is = *was;
		return ERR_OK;
	}
	return join(p, is, &a[1], &b[1]);
}

void plan_run(struct plan *p)
{
	for (unsigned i = 1; i <= p->top; i++) {
		sha256_pairs(p->height[i].at, p->height[i].n);
		p->height[i].n = 0;
	}
	p->top = 0;
}
