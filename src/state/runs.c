#include "state/runs.h"

#include <stdlib.h>

_Static_assert(RUNS_MAX <= 16, "a mask has 16 bits");

bool runs_init(struct runs *r)
{
	*r = (struct runs){.mask = calloc((size_t)1 << RUNS_MASK_BITS, sizeof *r->mask)};
	return r->mask;
}

void runs_fini(struct runs *r)
{
	for (size_t i = 0; i < r->n; i++)
		run_close(r->at[i]);
	free(r->mask);
	*r = (struct runs){.n = 0};
}

static size_t mask_at(const uint8_t *key_hash)
{
	uint32_t top = (uint32_t)key_hash[0] << 16 | (uint32_t)key_hash[1] << 8 | key_hash[2];
	return top >> (24 - RUNS_MASK_BITS);
}

void runs_add(struct runs *r, struct run *run)
{
	bug_if(r->n == RUNS_MAX);
	uint16_t bit = (uint16_t)(1u << r->n);
	r->at[r->n++] = run;
	for (size_t i = 0; i < run_count(run); i++)
		r->mask[mask_at(run_key_hash(run, i))] |= bit;
}

void runs_drop(struct runs *r, size_t n)
{
	bug_if(n > r->n);
	for (size_t i = 0; i < n; i++)
		run_close(r->at[i]);
	r->n -= n;
	memmove(r->at, r->at + n, r->n * sizeof(struct run *));
	for (size_t i = 0; i < (size_t)1 << RUNS_MASK_BITS; i++)
		r->mask[i] = (uint16_t)(r->mask[i] >> n);
}

/* Which runs may have rows under a prefix. */
static unsigned mask_under(const struct runs *r, const uint8_t *prefix, unsigned bits)
{
	if (r->n == 0)
		return 0;
	if (bits >= RUNS_MASK_BITS)
		return r->mask[mask_at(prefix)];
	return (1u << r->n) - 1; /* so few and large parts: not worth asking */
}

enum err runs_get(const struct runs *r, bool *found, struct run_row *row,
		  const struct hash *key_hash)
{
	unsigned mask = mask_under(r, key_hash->b, 256);
	*found = false;
	for (size_t i = r->n; mask && i-- > 0;) {
		if (!(mask >> i & 1))
			continue;
		size_t at = run_seek(r->at[i], key_hash->b);
		if (at == run_count(r->at[i]) ||
		    memcmp(run_key_hash(r->at[i], at), key_hash->b, 32) != 0)
			continue;
		*found = true;
		return run_row(r->at[i], row, at);
	}
	return ERR_OK;
}

/* ---- several at once ---- */

/* The least key hash of those the walk stands at; NULL at the end. */
static const uint8_t *least(const struct run_walk *w, unsigned mask)
{
	const uint8_t *low = NULL;
	for (size_t i = 0; i < w->n; i++) {
		const struct run *run = w->runs->at[i];
		if (!(mask >> i & 1) || w->at[i] == run_count(run))
			continue;
		const uint8_t *k = run_key_hash(run, w->at[i]);
		if (!low || memcmp(k, low, 32) < 0)
			low = k;
	}
	return low;
}

/* Takes the row of that key hash from all runs that have it; the newest counts. */
static enum err take(struct run_walk *w, struct run_row *row, const uint8_t *low, unsigned mask)
{
	for (size_t i = 0; i < w->n; i++) {
		const struct run *run = w->runs->at[i];
		if (!(mask >> i & 1) || w->at[i] == run_count(run) ||
		    memcmp(run_key_hash(run, w->at[i]), low, 32) != 0)
			continue;
		TRY(run_row(run, row, w->at[i]));
		w->at[i]++;
	}
	return ERR_OK;
}

static enum err next_of(struct run_walk *w, bool *found, struct run_row *row, unsigned mask)
{
	const uint8_t *low = least(w, mask);
	*found = low;
	return low ? take(w, row, low, mask) : ERR_OK;
}

void run_walk_begin(struct run_walk *w, const struct runs *r, size_t n, const uint8_t *from)
{
	*w = (struct run_walk){.runs = r, .n = n};
	for (size_t i = 0; i < n; i++)
		w->at[i] = run_seek(r->at[i], from);
}

enum err run_walk_next(struct run_walk *w, bool *found, struct run_row *row)
{
	return next_of(w, found, row, ~0u);
}

void touch_list_fini(struct touch_list *t)
{
	free(t->at);
	*t = (struct touch_list){NULL, 0, 0};
}

static bool touch_put(struct touch_list *t, struct touch one)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct touch *at = realloc(t->at, cap * sizeof *at);
		if (!at)
			return false;
		t->at = at;
		t->cap = cap;
	}
	t->at[t->n++] = one;
	return true;
}

enum err runs_scan(const struct runs *r, struct touch_list *t, const uint8_t *prefix, unsigned bits)
{
	unsigned mask = mask_under(r, prefix, bits);
	if (!mask)
		return ERR_OK;
	uint8_t from[32];
	trie_prefix(from, prefix, bits);
	struct run_walk w = {.runs = r, .n = r->n};
	for (size_t i = 0; i < r->n; i++)
		if (mask >> i & 1)
			w.at[i] = run_seek(r->at[i], from);
	for (;;) {
		struct run_row row;
		struct disk_row d;
		bool found;
		TRY(next_of(&w, &found, &row, mask));
		if (!found || !trie_under(row.key_hash, prefix, bits))
			return ERR_OK;
		if (row.data.n && !disk_row_parse(&d, row.key_hash, row.data))
			return ERR_CORRUPT;
		if (!touch_put(t, (struct touch){row.key_hash, row.data.p,
						 row.data.n ? TOUCH_PUT : TOUCH_DEL}))
			return ERR_NOMEM;
	}
}
