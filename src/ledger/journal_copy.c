#include "ledger/journal.h"

#include "ledger/journal_dir.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHUNK = 256 * 1024 };

struct copy {
	const struct io *io;
	const char *from, *to;
	struct journal_pos end;
	journal_progress progress;
	void *arg;
	uint64_t done, total;
	uint8_t *chunk;
};

static enum err bytes_copy(struct copy *c, struct io_file *out, struct io_file *in, uint64_t size,
			   struct err_text *t)
{
	for (uint64_t at = 0; at < size;) {
		size_t n = size - at < CHUNK ? (size_t)(size - at) : CHUNK;
		TRY(io_pread_all(in, c->chunk, n, at, t));
		TRY(io_pwrite(out, c->chunk, n, at, t));
		at += n;
		c->done += n;
		if (c->progress && !c->progress(c->arg, c->done, c->total))
			return err_set(t, ERR_REFUSED, "stopped after %llu bytes",
				       (unsigned long long)c->done);
	}
	return io_sync(out, t);
}

/* Under another name first: what has the name of a segment is whole. */
static enum err segment_copy(struct copy *c, uint32_t number, struct err_text *t)
{
	char from[IO_PATH_MAX], to[IO_PATH_MAX], tmp[IO_PATH_MAX], name[SEGMENT_NAME_MAX + 4];
	struct io_file *in, *out = NULL;
	uint64_t size = c->end.offset;
	TRY(journal_dir_path(from, c->from, number, t));
	TRY(journal_dir_path(to, c->to, number, t));
	segment_name(name, number);
	memcpy(name + strlen(name), ".tmp", 5);
	TRY(io_join(tmp, c->to, name, t));
	TRY(io_open(c->io, &in, from, IO_READ, t));
	enum err e = number < c->end.segment ? io_size(in, &size, t) : ERR_OK;
	if (e == ERR_OK)
		e = io_open(c->io, &out, tmp, IO_CREATE_NEW, t);
	if (e == ERR_OK)
		e = bytes_copy(c, out, in, size, t);
	io_close(out);
	io_close(in);
	TRY(e);
	return io_rename(c->io, tmp, to, t);
}

static bool find_any(void *arg, const char *name)
{
	(void)name;
	*(bool *)arg = true;
	return false;
}

/*
 * The last segment first, and the first, without which there is no journal,
 * last of all, after all others are durable: so a copy cut short lacks one.
 */
static enum err copy_all(struct copy *c, struct err_text *t)
{
	bool any = false;
	TRY(io_make_dir(c->io, c->to, t));
	TRY(io_list(c->io, c->to, find_any, &any, t));
	if (any)
		return err_set(t, ERR_EXISTS, "%.400s is not empty", c->to);
	for (uint32_t n = c->end.segment; n > 1; n--)
		TRY(segment_copy(c, n, t));
	TRY(io_sync_dir(c->io, c->to, t));
	TRY(segment_copy(c, 1, t));
	return io_sync_dir(c->io, c->to, t);
}

enum err journal_copy(struct journal *j, const char *dir, struct journal_pos *to,
		      journal_progress progress, void *arg, struct err_text *t)
{
	struct journal_stat stat;
	struct copy c = {.to = dir, .progress = progress, .arg = arg, .chunk = malloc(CHUNK)};
	if (!c.chunk)
		return err_set(t, ERR_NOMEM, "out of memory copying to %.400s", dir);
	journal_place(j, &c.io, &c.from);
	journal_stat(j, &stat);
	c.end = stat.synced;
	c.total = stat.bytes - (stat.end.offset - stat.synced.offset);
	enum err e = copy_all(&c, t);
	free(c.chunk);
	if (e == ERR_OK && to)
		*to = c.end;
	return e;
}
