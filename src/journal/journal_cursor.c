#include "journal/journal.h"

#include "journal/journal_dir.h"

#include <stdlib.h>

struct journal_cursor {
	struct journal *j;
	const struct io *io;
	const char *dir;
	struct hash fingerprint;
	struct io_file *file; /* of the segment under `scan` */
	struct scan scan;
	struct buf payload;
	enum err fault; /* that was met: it is told again and again */
};

/* Leaves the cursor before the first record of a segment, or at `offset` of it. */
static enum err cursor_enter(struct journal_cursor *c, uint32_t segment, uint64_t offset,
			     const struct segment_link *link, struct err_text *t)
{
	struct segment_header h;
	struct hash chain;
	uint64_t size;
	io_close(c->file);
	c->file = NULL;
	scan_fini(&c->scan);
	TRY(journal_dir_open(c->io, c->dir, segment, link, &h, &c->file, &size, t));
	TRY(journal_segment_end(c->j, segment, c->file, &size, t));
	chain = h.chain;
	if (offset > SEGMENT_HEADER_BYTES) {
		if (offset > size)
			return err_set(t, ERR_NOTFOUND, "%.400s has no record at offset %llu",
				       c->file->path, (unsigned long long)offset);
		TRY(io_pread_all(c->file, chain.b, 32, offset - 32, t));
	}
	return scan_init(&c->scan, c->file, segment, offset, size, &chain, t);
}

enum err journal_cursor_open(struct journal_cursor **out, struct journal *j,
			     const struct journal_pos *from, struct err_text *t)
{
	struct journal_pos at = from ? *from : (struct journal_pos){1, SEGMENT_HEADER_BYTES};
	struct segment_link link;
	struct journal_stat stat;
	*out = NULL;
	struct journal_cursor *c = calloc(1, sizeof *c);
	if (!c)
		return err_set(t, ERR_NOMEM, "out of memory opening a journal cursor");
	c->j = j;
	journal_place(j, &c->io, &c->dir);
	journal_stat(j, &stat);
	c->fingerprint = stat.fingerprint;
	if (at.segment == 0 || at.segment > stat.segments || at.offset < SEGMENT_HEADER_BYTES) {
		journal_cursor_close(c);
		return err_set(t, ERR_NOTFOUND, "the journal has no segment %u, offset %llu",
			       at.segment, (unsigned long long)at.offset);
	}
	link_start(&link, &c->fingerprint);
	enum err e = cursor_enter(c, at.segment, at.offset, at.segment == 1 ? &link : NULL, t);
	if (e != ERR_OK) {
		journal_cursor_close(c);
		return e;
	}
	*out = c;
	return ERR_OK;
}

enum err journal_cursor_next(struct journal_cursor *c, struct journal_record *out,
			     struct err_text *t)
{
	enum scan_result r = SCAN_END;
	struct journal_stat stat;
	if (c->fault != ERR_OK)
		return err_set(t, c->fault, "the walk over journal %.400s ended in a fault before",
			       c->dir);
	journal_stat(c->j, &stat);
	enum err e = journal_segment_end(c->j, c->scan.number, c->file, &c->scan.size, t);
	if (e == ERR_OK)
		e = scan_next(&c->scan, &r, &c->payload, t);
	if (e == ERR_OK && r == SCAN_END && c->scan.number < stat.end.segment) {
		struct segment_header h = {.number = c->scan.number, .fingerprint = c->fingerprint};
		struct segment_link link;
		link_next(&link, &h, c->scan.offset, &c->scan.chain, RECORDS_UNKNOWN);
		e = cursor_enter(c, link.number, SEGMENT_HEADER_BYTES, &link, t);
		if (e == ERR_OK)
			e = scan_next(&c->scan, &r, &c->payload, t);
	}
	if (e == ERR_OK && r == SCAN_BAD)
		e = segment_damaged(c->file, c->scan.offset, c->scan.why, t);
	if (e != ERR_OK) {
		c->fault = e;
		return e;
	}
	if (r == SCAN_END)
		return ERR_NOTFOUND;
	out->pos = (struct journal_pos){c->scan.number, c->scan.last};
	out->type = c->scan.head.type;
	out->payload = buf_slice(&c->payload);
	out->chain = c->scan.chain;
	return ERR_OK;
}

void journal_cursor_close(struct journal_cursor *c)
{
	if (!c)
		return;
	scan_fini(&c->scan);
	io_close(c->file);
	buf_fini(&c->payload);
	free(c);
}
