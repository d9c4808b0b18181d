/*
 * Reading the layers as one: the store, over it the frozen table, over it the active one.
 */
#include "state/state_priv.h"

#include "crypto/sha256.h"

#include <stdlib.h>

enum err lens_new(struct lens **out, struct state *s)
{
	struct lens *l = calloc(1, sizeof *l);
	if (!l)
		return ERR_NOMEM;
	l->s = s;
	l->capture = &l->captured;
	enum err e = store_view_new(&l->view, s->store);
	if (e != ERR_OK) {
		lens_free(l);
		return e;
	}
	*out = l;
	return ERR_OK;
}

void lens_free(struct lens *l)
{
	if (!l)
		return;
	store_view_free(l->view);
	row_list_fini(&l->rows);
	leaf_list_fini(&l->below);
	leaf_list_fini(&l->leaves);
	capture_fini(&l->captured);
	free(l->touches);
	free(l);
}

/* The rows of one table under a prefix, as touches. */
static enum err rows_of(struct lens *l, size_t *n, const struct memtable *m, const uint8_t *prefix,
			unsigned bits)
{
	*n = 0;
	l->rows.n = 0;
	if (!m)
		return ERR_OK;
	TRY(memtable_range(m, &l->rows, prefix, bits));
	if (l->rows.n > l->touches_cap) {
		size_t cap = 2 * l->rows.n + 64;
		struct touch *t = realloc(l->touches, cap * sizeof *t);
		if (!t)
			return ERR_NOMEM;
		l->touches = t;
		l->touches_cap = cap;
	}
	for (size_t i = 0; i < l->rows.n; i++) {
		const struct row *r = l->rows.at[i];
		l->touches[i] = (struct touch){r->key_hash.b, r->leaf.b,
					       r->state == ROW_VALUE ? TOUCH_PUT : TOUCH_DEL};
	}
	*n = l->rows.n;
	return ERR_OK;
}

/* Merges one table over the leaves from `start` of `out` on. */
static enum err lay_over(struct lens *l, struct leaf_list *out, size_t start,
			 const struct memtable *m, const uint8_t *prefix, unsigned bits)
{
	size_t n;
	TRY(rows_of(l, &n, m, prefix, bits));
	if (n == 0)
		return ERR_OK;
	l->below.n = 0;
	for (size_t i = start; i < out->n; i++)
		TRY(leaf_list_put(&l->below, out->at[i].key_hash, out->at[i].hash));
	out->n = start;
	return leaves_merge(out, &l->below, l->touches, n);
}

static enum err lens_scan(void *ctx, struct leaf_list *out, const uint8_t *prefix, unsigned bits)
{
	struct lens *l = ctx;
	size_t start = out->n;
	const struct captured *b = NULL;
	if (l->capture->buckets_n)
		b = capture_find(l->capture, cells_bucket_of(l->s->cells, prefix));
	if (b && b->bits == bits) {
		for (uint32_t i = b->from; i < b->from + b->n; i++) {
			const struct trie_leaf *t = &l->capture->leaves.at[i];
			TRY(leaf_list_put(out, t->key_hash, t->hash));
		}
	} else {
		TRY(store_scan(l->view, out, prefix, bits));
	}
	TRY(lay_over(l, out, start, l->s->frozen, prefix, bits));
	return lay_over(l, out, start, l->s->active, prefix, bits);
}

enum err lens_row(struct lens *l, bool *found, struct disk_row *row, const struct hash *key_hash)
{
	unsigned bits;
	if (!cells_bucket_bits(l->s->cells, &bits, key_hash->b))
		return store_get(l->view, found, row, key_hash);
	uint64_t bucket = cells_bucket_of(l->s->cells, key_hash->b);
	const struct captured *b = capture_find(&l->captured, bucket);
	if (!b)
		TRY(capture_read(&l->captured, &b, l->view, bucket, key_hash->b, bits));
	*found = capture_row(&l->captured, b, row, key_hash);
	return ERR_OK;
}

struct leaf_source lens_source(struct lens *l)
{
	return (struct leaf_source){lens_scan, l, NULL};
}

/* ---- readers ---- */

enum err state_read_begin(struct state_read *r, struct state *s)
{
	*r = (struct state_read){NULL, NULL};
	pthread_mutex_lock(&s->views);
	struct lens *l = s->idle;
	if (l)
		s->idle = l->next;
	pthread_mutex_unlock(&s->views);
	if (!l)
		TRY(lens_new(&l, s));
	pthread_rwlock_rdlock(&s->lock);
	enum err e = store_view_open(l->view);
	if (e != ERR_OK) {
		pthread_rwlock_unlock(&s->lock);
		lens_free(l);
		return e;
	}
	*r = (struct state_read){s, l};
	return ERR_OK;
}

void state_read_end(struct state_read *r)
{
	struct state *s = r->s;
	struct lens *l = r->txn;
	if (!s)
		return;
	store_view_close(l->view);
	pthread_rwlock_unlock(&s->lock);
	pthread_mutex_lock(&s->views);
	l->next = s->idle;
	s->idle = l;
	pthread_mutex_unlock(&s->views);
	*r = (struct state_read){NULL, NULL};
}

int64_t state_read_height(const struct state_read *r)
{
	return r->s->committed.height;
}

void state_read_root(const struct state_read *r, struct hash *root)
{
	*root = r->s->committed.root;
}

static const struct row *pending(const struct state *s, const struct hash *kh)
{
	const struct row *r = memtable_find(s->active, kh);
	return r || !s->frozen ? r : memtable_find(s->frozen, kh);
}

/* The row of a key hash in the topmost layer that has one, checked by itself. */
static enum err find(struct lens *l, bool *found, struct slice *key, struct slice *value,
		     const struct hash *kh)
{
	const struct row *r = pending(l->s, kh);
	if (r) {
		*found = r->state == ROW_VALUE;
		*key = row_key(r);
		*value = row_value(r);
		return ERR_OK;
	}
	struct disk_row row;
	TRY(store_get(l->view, found, &row, kh));
	if (!*found)
		return ERR_OK;
	*key = row.key;
	*value = row.value;
	return disk_row_good(&row) ? ERR_OK : ERR_CORRUPT;
}

enum err state_read_peek(struct state_read *r, bool *found, struct buf *value, struct slice key)
{
	*found = false;
	if (key.n > STATE_KEY_MAX)
		return ERR_OK;
	struct hash kh;
	struct slice k, v;
	state_key_hash(r->s, &kh, key);
	TRY(find(r->txn, found, &k, &v, &kh));
	if (!*found || !value)
		return ERR_OK;
	buf_put_slice(value, v);
	return buf_err(value);
}

enum err state_read_get(struct state_read *r, bool *found, struct buf *value, struct slice key)
{
	struct lens *l = r->txn;
	struct hash kh;
	struct slice v;
	*found = false;
	if (key.n > STATE_KEY_MAX)
		return ERR_OK;
	state_key_hash(r->s, &kh, key);
	const struct row *in_memory = pending(r->s, &kh);
	if (in_memory) {
		*found = in_memory->state == ROW_VALUE;
		v = row_value(in_memory);
	} else {
		struct state_proof p;
		struct trie_leaf leaf;
		struct leaf_source src = lens_source(l);
		TRY(cells_path(r->s->cells, &p, &leaf, &l->leaves, &src, &kh));
		*found = p.kind == STATE_PROOF_PRESENT;
		if (*found) { /* in no table, so the leaf lies in the store, where its row begins */
			struct disk_row row;
			disk_row_at(&row, leaf.key_hash, leaf.hash);
			if (!disk_row_good(&row))
				return ERR_CORRUPT;
			v = row.value;
		}
	}
	if (!*found || !value)
		return ERR_OK;
	buf_put_slice(value, v);
	return buf_err(value);
}

enum err state_read_prove(struct state_read *r, struct state_proof *p, struct buf *value,
			  struct slice key)
{
	struct lens *l = r->txn;
	struct hash kh, leaf_key;
	struct trie_leaf leaf;
	struct leaf_source src = lens_source(l);
	state_key_hash(r->s, &kh, key);
	TRY(cells_path(r->s->cells, p, &leaf, &l->leaves, &src, &kh));
	if (p->kind == STATE_PROOF_EMPTY)
		return ERR_OK;
	bool found;
	struct slice k, v;
	memcpy(leaf_key.b, leaf.key_hash, 32);
	TRY(find(l, &found, &k, &v, &leaf_key));
	if (!found)
		return ERR_CORRUPT;
	if (p->kind == STATE_PROOF_OTHER) {
		p->other_key_hash = leaf_key;
		sha256(&p->other_value_hash, v);
		return ERR_OK;
	}
	if (!value)
		return ERR_OK;
	buf_put_slice(value, v);
	return buf_err(value);
}

enum err state_read_each(struct state_read *r, const struct hash *prefix, unsigned bits,
			 enum err (*fn)(void *ctx, struct slice key, struct slice value), void *ctx)
{
	/* In parts of 2^-12 of all keys, so that the list of leaves stays short; or of as many
	 * bits as can be checked. */
	enum { PART_BITS = 12 };
	struct lens *l = r->txn;
	static const struct hash none;
	struct hash at = prefix ? *prefix : none;
	unsigned deep = cells_depth(r->s->cells), want = deep < PART_BITS ? deep : PART_BITS;
	unsigned part = bits > want ? bits : want, scan = part < deep ? part : deep;
	uint32_t parts = 1u << (part - bits);
	uint32_t top = bytes_u32be(at.b);
	if (bits < part)
		top = bits ? top >> (32 - bits) << (32 - bits) : 0;
	for (uint32_t i = 0; i < parts; i++) {
		if (bits < part) {
			uint32_t x = top + (i << (32 - part));
			for (unsigned k = 0; k < 4; k++)
				at.b[k] = (uint8_t)(x >> (24 - 8 * k));
		}
		l->leaves.n = 0;
		TRY(lens_scan(l, &l->leaves, at.b, scan));
		if (!cells_hold(r->s->cells, at.b, scan, &l->leaves))
			return ERR_CORRUPT;
		for (size_t k = 0; k < l->leaves.n; k++) {
			struct hash kh, is;
			struct slice key, value;
			bool found;
			memcpy(kh.b, l->leaves.at[k].key_hash, 32);
			if (!trie_under(kh.b, at.b, part))
				continue;
			TRY(find(l, &found, &key, &value, &kh));
			if (!found)
				return ERR_CORRUPT;
			state_key_hash(r->s, &is, key); /* the leaf says nothing of the key itself */
			if (!hash_eq(&is, &kh))
				return ERR_CORRUPT;
			TRY(fn(ctx, key, value));
		}
	}
	return ERR_OK;
}

void state_stats(struct state *s, struct state_stats *st)
{
	*st = (struct state_stats){0};
	pthread_mutex_lock(&s->m);
	st->durable_height = store_meta(s->store)->height;
	st->flushes = s->flushes;
	st->merges = s->merges;
	pthread_mutex_unlock(&s->m);
	pthread_rwlock_rdlock(&s->lock);
	st->runs = (unsigned)store_runs(s->store);
	st->keys = s->committed.keys;
	st->height = s->committed.height;
	st->cells = cells_buckets(s->cells);
	st->subtrees = cells_crowds(s->cells);
	st->pending_keys = memtable_count(s->active) + (s->frozen ? memtable_count(s->frozen) : 0);
	st->memory_bytes = cells_memory(s->cells) + memtable_bytes(s->active) +
			   (s->frozen ? memtable_bytes(s->frozen) : 0);
	st->map_bytes = store_map_bytes(s->store);
	st->file_bytes = store_file_bytes(s->store);
	pthread_rwlock_unlock(&s->lock);
}
