#include "node/guard.h"

#include <stdlib.h>

enum { SECTOR = 512, SLOT = 4096, SLOTS = 2, FILE_BYTES = SLOTS * SLOT };

static const uint8_t MAGIC[8] = {'A', 'R', 'G', 'O', 'S', 'Y', 'G', '1'};

struct guard {
	struct io_file *file;
	struct guard_mark last;
	uint64_t turn; /* of the newest write; it went to slot turn % 2 */
	bool dead;
};

/* Fills b with a slot; `b` is empty or has memory for it already. */
static void slot_encode(struct buf *b, const struct guard_mark *m, uint64_t turn)
{
	static const uint8_t zero[SECTOR];
	for (size_t end = b->n + SLOT; b->n < end && !b->failed;) {
		size_t begin = b->n;
		buf_put(b, MAGIC, sizeof MAGIC);
		buf_put_u64le(b, turn);
		buf_put_u64le(b, (uint64_t)m->height);
		buf_put_u32le(b, (uint32_t)m->round);
		buf_put(b, m->block.b, 32);
		buf_put(b, m->sign.b, 32);
		buf_put(b, zero, SECTOR - 4 - (b->n - begin));
		if (!b->failed)
			buf_put_u32le(b, crc32c(0, b->p + begin, SECTOR - 4));
	}
}

static bool sector_decode(struct guard_mark *m, uint64_t *turn, const uint8_t *p)
{
	struct reader r = reader_of(slice(p, SECTOR));
	struct slice magic = reader_bytes(&r, sizeof MAGIC);
	*turn = reader_u64le(&r);
	m->height = (int64_t)reader_u64le(&r);
	m->round = (int32_t)reader_u32le(&r);
	m->block = reader_hash(&r);
	m->sign = reader_hash(&r);
	reader_bytes(&r, reader_left(&r) - 4);
	uint32_t crc = reader_u32le(&r);
	return memcmp(magic.p, MAGIC, sizeof MAGIC) == 0 && crc == crc32c(0, p, SECTOR - 4);
}

/* The newest mark in the file. */
static enum err newest(struct io_file *f, struct guard_mark *mark, uint64_t *turn,
		       struct err_text *t)
{
	uint8_t b[FILE_BYTES];
	size_t got;
	bool any = false;
	TRY(io_pread(f, b, sizeof b, 0, &got, t));
	if (got < sizeof b)
		return err_set(t, ERR_CORRUPT, "%.400s is damaged: it ends after %zu bytes",
			       f->path, got);
	for (size_t slot = 0; slot < SLOTS; slot++) {
		bool good = false;
		for (size_t at = slot * SLOT; at < (slot + 1) * SLOT; at += SECTOR) {
			struct guard_mark m;
			uint64_t n;
			if (!sector_decode(&m, &n, b + at))
				continue;
			good = true;
			if (!any || n > *turn) {
				*mark = m;
				*turn = n;
				any = true;
			}
		}
		if (!good)
			return err_set(t, ERR_CORRUPT,
				       "%.400s is damaged: slot %zu holds nothing readable, so the "
				       "last signed height is not known",
				       f->path, slot);
	}
	return ERR_OK;
}

/* Writes a mark and makes it durable. */
static enum err slot_write(struct io_file *f, const struct guard_mark *m, uint64_t turn,
			   struct err_text *t)
{
	struct buf b = BUF_INIT;
	slot_encode(&b, m, turn);
	enum err e = buf_err(&b);
	if (e != ERR_OK)
		e = err_set(t, e, "out of memory writing %.400s", f->path);
	if (e == ERR_OK)
		e = io_pwrite(f, b.p, b.n, turn % SLOTS * SLOT, t);
	if (e == ERR_OK)
		e = io_sync(f, t);
	buf_fini(&b);
	return e;
}

enum err guard_create(const struct io *io, const char *path, const struct guard_mark *mark,
		      struct err_text *t)
{
	struct buf b = BUF_INIT;
	for (uint64_t turn = 0; turn < SLOTS; turn++)
		slot_encode(&b, mark, turn);
	enum err e = buf_err(&b);
	if (e != ERR_OK)
		e = err_set(t, e, "out of memory writing %.400s", path);
	else
		e = io_write_file_atomic(io, path, buf_slice(&b), t);
	buf_fini(&b);
	return e;
}

enum err guard_read(const struct io *io, const char *path, struct guard_mark *mark,
		    struct err_text *t)
{
	struct io_file *f;
	uint64_t turn;
	TRY(io_open(io, &f, path, IO_READ, t));
	enum err e = newest(f, mark, &turn, t);
	io_close(f);
	return e;
}

enum err guard_open(struct guard **out, const struct io *io, const char *path, struct err_text *t)
{
	*out = NULL;
	struct guard *g = calloc(1, sizeof *g);
	if (!g)
		return err_set(t, ERR_NOMEM, "out of memory opening %.400s", path);
	enum err e = io_open(io, &g->file, path, IO_WRITE, t);
	if (e == ERR_OK)
		e = io_lock(g->file, t);
	if (e == ERR_OK)
		e = newest(g->file, &g->last, &g->turn, t);
	/*
	 * A process may have died between write and sync: then what we read is in
	 * the kernel's cache alone. Written once more it is dirty again, and whole.
	 */
	if (e == ERR_OK)
		e = slot_write(g->file, &g->last, g->turn, t);
	if (e != ERR_OK) {
		guard_close(g);
		return e;
	}
	*out = g;
	return ERR_OK;
}

void guard_close(struct guard *g)
{
	if (!g)
		return;
	io_close(g->file);
	free(g);
}

void guard_last(const struct guard *g, struct guard_mark *mark)
{
	*mark = g->last;
}

static bool same(const struct guard_mark *a, const struct guard_mark *b)
{
	return a->height == b->height && a->round == b->round && hash_eq(&a->block, &b->block) &&
	       hash_eq(&a->sign, &b->sign);
}

enum err guard_advance(struct guard *g, const struct guard_mark *mark, struct err_text *t)
{
	if (g->dead)
		return err_set(t, ERR_IO, "%.400s had a failed write; it must be opened again",
			       g->file->path);
	if (same(mark, &g->last))
		return ERR_OK;
	if (mark->height <= g->last.height)
		return err_set(
			t, ERR_CONFLICT,
			"height %lld is not signed: height %lld was signed before, and another "
			"signature could be held against this node",
			(long long)mark->height, (long long)g->last.height);
	enum err e = slot_write(g->file, mark, g->turn + 1, t);
	if (e != ERR_OK) {
		g->dead = true;
		return e;
	}
	g->turn++;
	g->last = *mark;
	return ERR_OK;
}
