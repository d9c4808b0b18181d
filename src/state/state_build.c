/*
 * Opening: all cells from one scan of all rows, each row checked by itself, the
 * root at the end against the stored one. Large states are scanned by two threads.
 */
#include "state/state_priv.h"

#include <stdlib.h>

enum { TWO_THREADS_FROM = 50000 };

struct part {
	struct state *s;
	uint64_t first, end; /* buckets */
	uint64_t keys;
	enum err err;
};

static enum err check_row(const struct state *s, const struct disk_row *row)
{
	struct hash kh;
	state_key_hash(s, &kh, row->key);
	return memcmp(kh.b, row->key_hash, 32) == 0 && disk_row_good(row) ? ERR_OK : ERR_CORRUPT;
}

static enum err scan_part(struct part *p, struct store_view *v)
{
	struct cells *c = p->s->cells;
	struct leaf_list l = {NULL, 0, 0};
	uint8_t from[32];
	cells_bucket_first(c, from, p->first);
	uint64_t bucket = p->first;
	struct disk_row row;
	bool found;
	enum err e = store_next(v, &found, &row, from);
	while (e == ERR_OK && found) {
		uint64_t b = cells_bucket_of(c, row.key_hash);
		if (b >= p->end)
			break;
		if (b > bucket) {
			e = cells_fill(c, bucket, l.at, l.n);
			bucket = b;
			l.n = 0;
		}
		if (e == ERR_OK)
			e = b < bucket ? ERR_CORRUPT : check_row(p->s, &row);
		if (e == ERR_OK)
			e = leaf_list_put(&l, row.key_hash, row.leaf);
		p->keys++;
		if (e == ERR_OK)
			e = store_next(v, &found, &row, NULL);
	}
	if (e == ERR_OK && l.n)
		e = cells_fill(c, bucket, l.at, l.n);
	leaf_list_fini(&l);
	return e;
}

static void *part_run(void *arg)
{
	struct part *p = arg;
	struct store_view *v = NULL;
	p->err = store_view_new(&v, p->s->store);
	if (p->err == ERR_OK)
		p->err = store_view_open(v);
	if (p->err == ERR_OK)
		p->err = scan_part(p, v);
	store_view_free(v);
	return NULL;
}

enum err state_build(struct state *s, struct err_text *t)
{
	uint64_t rows = s->committed.keys;
	s->cells = cells_new(s->o.cell_bits_min, rows);
	if (!s->cells)
		return err_set(t, ERR_NOMEM, "%s: out of memory", s->dir);
	uint64_t n = cells_buckets(s->cells);
	struct part part[2] = {{s, 0, n, 0, ERR_OK}, {s, n, n, 0, ERR_OK}};
	pthread_t second;
	bool two = rows >= TWO_THREADS_FROM && !s->o.synchronous;
	if (two) {
		part[0].end = part[1].first = n / 2;
		two = pthread_create(&second, NULL, part_run, &part[1]) == 0;
		if (!two)
			part[0].end = n;
	}
	part_run(&part[0]);
	if (two)
		pthread_join(second, NULL);
	for (unsigned i = 0; i < 2; i++) {
		if (part[i].err == ERR_CORRUPT)
			return state_damaged(s, t);
		if (part[i].err != ERR_OK)
			return err_set(t, part[i].err, "%s: %s", s->dir, err_str(part[i].err));
	}
	cells_fill_end(s->cells);
	struct hash root;
	cells_root(s->cells, &root);
	if (!hash_eq(&root, &s->committed.root) || part[0].keys + part[1].keys != s->committed.keys)
		return state_damaged(s, t);
	return ERR_OK;
}
