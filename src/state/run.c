#include "state/run.h"

#include <stdio.h>
#include <stdlib.h>

/*
 *   magic, 8 | from, 8 | rows, 8 | bytes of data, 8 | meta
 *   a head for each row: key hash, 32 | where its data begins, 4 | its size, 4; 0: deleted
 *   data of the rows, one after the other
 */
static const char magic[8] = "ARGORUN2";

enum {
	HEAD = 40,
	PIECE_BYTES = 1 << 18,
	ROWS_A_SLOT = 4,
	SLOT_BITS_MAX = 16,
};

struct run {
	struct io_file *file;
	struct run_span span;
	struct store_meta meta; /* its note borrows from the map */
	const uint8_t *heads, *data;
	size_t n;
	uint32_t data_bytes;
	unsigned slot_bits;
	uint32_t *first; /* the first row of each slot, and `n` behind the last */
};

/* ---- names ---- */

bool run_name_parse(struct run_span *span, const char *name)
{
	long long from, to;
	int end = 0;
	if (sscanf(name, "run-%lld-%lld%n", &from, &to, &end) != 2 || name[end] || from < 0 ||
	    to <= from)
		return false;
	*span = (struct run_span){from, to};
	return true;
}

static enum err path_of(char out[static IO_PATH_MAX], const char *dir, struct run_span span,
			struct err_text *t)
{
	char name[64];
	snprintf(name, sizeof name, "run-%lld-%lld", (long long)span.from, (long long)span.to);
	return io_join(out, dir, name, t);
}

enum err run_remove(const struct io *io, const char *dir, struct run_span span, struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(path_of(path, dir, span, t));
	return io_remove(io, path, t);
}

/* ---- writing ---- */

struct writer {
	struct io_file *f;
	uint64_t at;
	struct buf piece;
};

static enum err push(struct writer *w, bool all, struct err_text *t)
{
	if (!all && w->piece.n < PIECE_BYTES)
		return ERR_OK;
	TRY(buf_err(&w->piece));
	TRY(io_pwrite(w->f, w->piece.p, w->piece.n, w->at, t));
	w->at += w->piece.n;
	buf_clear(&w->piece);
	return ERR_OK;
}

static size_t size_of(const struct row *r)
{
	return r->state == ROW_VALUE ? disk_row_size(r) : 0;
}

static enum err put_all(struct writer *w, int64_t from, const struct row_list *rows,
			const struct store_meta *meta, struct err_text *t)
{
	struct buf *b = &w->piece;
	uint64_t bytes = 0, at = 0;
	for (size_t i = 0; i < rows->n; i++)
		bytes += size_of(rows->at[i]);
	if (bytes > UINT32_MAX || rows->n > UINT32_MAX)
		return err_set(t, ERR_LIMIT, "%s: more than 4 GiB of rows at once", w->f->path);
	buf_put(b, magic, sizeof magic);
	buf_put_u64be(b, (uint64_t)from);
	buf_put_u64be(b, rows->n);
	buf_put_u64be(b, bytes);
	store_meta_encode(b, meta);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = rows->at[i];
		size_t size = size_of(r);
		buf_put(b, r->key_hash.b, 32);
		buf_put_u32be(b, (uint32_t)at);
		buf_put_u32be(b, (uint32_t)size);
		at += size;
		TRY(push(w, false, t));
	}
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *r = rows->at[i];
		size_t size = size_of(r);
		if (size == 0)
			continue;
		if (!buf_reserve(b, size))
			return ERR_NOMEM;
		disk_row_write(b->p + b->n, r);
		b->n += size;
		TRY(push(w, false, t));
	}
	TRY(push(w, true, t));
	TRY(io_truncate(w->f, w->at, t)); /* one that was cut short may have been longer */
	return io_sync(w->f, t);
}

enum err run_write(const struct io *io, const char *dir, int64_t from, const struct row_list *rows,
		   const struct store_meta *meta, struct err_text *t)
{
	char path[IO_PATH_MAX], tmp[IO_PATH_MAX];
	TRY(path_of(path, dir, (struct run_span){from, meta->height}, t));
	TRY(io_join(tmp, dir, "run.tmp", t));
	struct writer w = {.piece = BUF_INIT};
	TRY(io_open(io, &w.f, tmp, IO_CREATE, t));
	enum err e = put_all(&w, from, rows, meta, t);
	buf_fini(&w.piece);
	io_close(w.f);
	TRY(e);
	TRY(io_rename(io, tmp, path, t));
	return io_sync_dir(io, dir, t);
}

/* ---- opening ---- */

static const uint8_t *head_at(const struct run *r, size_t i)
{
	return r->heads + HEAD * i;
}

static size_t slot_of(const struct run *r, const uint8_t *key_hash)
{
	return r->slot_bits ? bytes_u32be(key_hash) >> (32 - r->slot_bits) : 0;
}

/* The heads, in order and without gaps; fills in the slots. */
static bool heads_read(struct run *r)
{
	uint64_t at = 0;
	size_t slot = 0;
	for (size_t i = 0; i < r->n; i++) {
		const uint8_t *h = head_at(r, i);
		if (i && memcmp(h - HEAD, h, 32) >= 0)
			return false;
		if (bytes_u32be(h + 32) != at)
			return false;
		at += bytes_u32be(h + 36);
		for (size_t s = slot_of(r, h); slot <= s; slot++)
			r->first[slot] = (uint32_t)i;
	}
	for (; slot <= (size_t)1 << r->slot_bits; slot++)
		r->first[slot] = (uint32_t)r->n;
	return at == r->data_bytes;
}

static enum err parse(struct run *r, struct slice file)
{
	struct reader in = reader_of(file);
	struct slice m = reader_bytes(&in, sizeof magic);
	if (in.bad || memcmp(m.p, magic, sizeof magic) != 0)
		return ERR_CORRUPT;
	uint64_t from = reader_u64be(&in), n = reader_u64be(&in), bytes = reader_u64be(&in);
	if (!store_meta_take(&r->meta, &in) || from != (uint64_t)r->span.from ||
	    r->meta.height != r->span.to || n > UINT32_MAX || bytes > UINT32_MAX ||
	    reader_left(&in) != n * HEAD + bytes)
		return ERR_CORRUPT;
	r->n = (size_t)n;
	r->data_bytes = (uint32_t)bytes;
	r->heads = in.p;
	r->data = in.p + r->n * HEAD;
	while (r->slot_bits < SLOT_BITS_MAX && r->n >> r->slot_bits > ROWS_A_SLOT)
		r->slot_bits++;
	r->first = malloc((((size_t)1 << r->slot_bits) + 1) * sizeof *r->first);
	if (!r->first)
		return ERR_NOMEM;
	return heads_read(r) ? ERR_OK : ERR_CORRUPT;
}

enum err run_open(struct run **out, const struct io *io, const char *dir, struct run_span span,
		  struct err_text *t)
{
	char path[IO_PATH_MAX];
	*out = NULL;
	TRY(path_of(path, dir, span, t));
	struct run *r = calloc(1, sizeof *r);
	if (!r)
		return ERR_NOMEM;
	r->span = span;
	struct slice file;
	enum err e = io_open(io, &r->file, path, IO_READ, t);
	if (e == ERR_OK)
		e = io_map(r->file, &file.p, &file.n, t);
	if (e == ERR_OK) {
		e = parse(r, file);
		if (e == ERR_CORRUPT)
			(void)!err_set(t, e, "%s is damaged; rebuild the state from the journal with \"argosy reindex\"",
				       path);
	}
	if (e != ERR_OK) {
		run_close(r);
		return e;
	}
	*out = r;
	return ERR_OK;
}

void run_close(struct run *r)
{
	if (!r)
		return;
	io_close(r->file);
	free(r->first);
	free(r);
}

/* ---- reading ---- */

struct run_span run_span(const struct run *r)
{
	return r->span;
}

const struct store_meta *run_meta(const struct run *r)
{
	return &r->meta;
}

size_t run_count(const struct run *r)
{
	return r->n;
}

const uint8_t *run_key_hash(const struct run *r, size_t i)
{
	return head_at(r, i);
}

enum err run_row(const struct run *r, struct run_row *row, size_t i)
{
	const uint8_t *h = head_at(r, i);
	uint32_t at = bytes_u32be(h + 32), size = bytes_u32be(h + 36);
	if (at > r->data_bytes || size > r->data_bytes - at)
		return ERR_CORRUPT;
	row->key_hash = h;
	row->data = size ? slice(r->data + at, size) : slice(NULL, 0);
	return ERR_OK;
}

size_t run_seek(const struct run *r, const uint8_t *key_hash)
{
	/* Halving within a slot: somebody may have ground keys into it. */
	size_t slot = slot_of(r, key_hash), lo = r->first[slot], hi = r->first[slot + 1];
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (memcmp(head_at(r, mid), key_hash, 32) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}
