#include "journal/places.h"

#include <stdlib.h>

enum { ENTRY = 16, CHUNK = 4096 * ENTRY };

struct places {
	struct io_file *file;
	int64_t first, last; /* the newest height put; 0: none */
};

/* An entry as it must be. */
static void entry_make(uint8_t out[static ENTRY], int64_t before, int64_t height,
		       struct journal_pos pos)
{
	uint8_t heights[16];
	struct buf h = buf_over(heights, sizeof heights);
	struct buf b = buf_over(out, ENTRY);
	buf_put_u64be(&h, (uint64_t)before);
	buf_put_u64be(&h, (uint64_t)height);
	buf_put_u32be(&b, pos.segment);
	buf_put_u32be(&b, 0);
	buf_put_u64be(&b, pos.offset);
	uint32_t crc = crc32c(crc32c(crc32c(0, heights, 16), out, 4), out + 8, 8);
	b.n = 4;
	buf_put_u32be(&b, crc);
}

static void entry_read(struct journal_pos *pos, const uint8_t *e)
{
	struct reader r = reader_of(slice(e, ENTRY));
	pos->segment = reader_u32be(&r);
	reader_u32be(&r);
	pos->offset = reader_u64be(&r);
}

uint64_t places_bytes(int64_t first, int64_t height)
{
	return (uint64_t)(height - first + 1) * ENTRY;
}

static uint64_t offset_of(const struct places *p, int64_t height)
{
	return (uint64_t)(height - p->first) * ENTRY;
}

/* Every entry up to `height`, whose own must be there. */
static enum err check(struct places *p, int64_t height, struct err_text *t)
{
	static const uint8_t none[ENTRY];
	uint8_t *chunk = malloc(CHUNK), right[ENTRY];
	uint64_t end = offset_of(p, height + 1);
	enum err e = chunk ? ERR_OK : ERR_NOMEM;
	for (uint64_t at = 0; at < end && e == ERR_OK; at += CHUNK) {
		size_t n = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
		e = io_pread_all(p->file, chunk, n, at, t);
		for (size_t k = 0; k < n && e == ERR_OK; k += ENTRY) {
			struct journal_pos pos;
			int64_t h = p->first + (int64_t)((at + k) / ENTRY);
			if (memcmp(chunk + k, none, ENTRY) == 0)
				continue;
			entry_read(&pos, chunk + k);
			entry_make(right, p->last, h, pos);
			if (memcmp(chunk + k, right, ENTRY) != 0)
				e = err_set(t, ERR_CORRUPT,
					    "%s: damaged at height %lld; run argosy reindex",
					    p->file->path, (long long)h);
			p->last = h;
		}
	}
	free(chunk);
	if (e == ERR_OK && p->last != height)
		e = err_set(t, ERR_CORRUPT,
			    "%s: ends at height %lld instead of %lld; run argosy reindex",
			    p->file->path, (long long)p->last, (long long)height);
	return e;
}

enum err places_open(struct places **out, const struct io *io, const char *dir, int64_t first,
		     int64_t height, struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(io_join(path, dir, "blocks", t));
	struct places *p = calloc(1, sizeof *p);
	if (!p)
		return ERR_NOMEM;
	p->first = first;
	enum err e = io_open(io, &p->file, path, IO_CREATE, t);
	if (e == ERR_OK)
		e = io_truncate(p->file, height ? offset_of(p, height + 1) : 0, t);
	if (e == ERR_OK && height)
		e = check(p, height, t);
	if (e != ERR_OK) {
		places_close(p);
		return e;
	}
	*out = p;
	return ERR_OK;
}

void places_close(struct places *p)
{
	if (!p)
		return;
	io_close(p->file);
	free(p);
}

enum err places_put(struct places *p, int64_t height, struct journal_pos pos, struct err_text *t)
{
	uint8_t e[ENTRY];
	bug_if(height < p->first || height <= p->last);
	entry_make(e, p->last, height, pos);
	p->last = height;
	return io_pwrite(p->file, e, ENTRY, offset_of(p, height), t);
}

enum err places_get(struct places *p, struct journal_pos *pos, int64_t height)
{
	uint8_t e[ENTRY];
	size_t got;
	if (height < p->first || height - p->first > INT64_MAX / ENTRY - 1) /* lies in no file */
		return ERR_NOTFOUND;
	TRY(io_pread(p->file, e, ENTRY, offset_of(p, height), &got, NULL));
	if (got < ENTRY)
		return ERR_NOTFOUND;
	entry_read(pos, e);
	return pos->segment ? ERR_OK : ERR_NOTFOUND;
}

enum err places_sync(struct places *p)
{
	return io_sync(p->file, NULL);
}
