#include "journal/journal_dir.h"

#include <stdio.h>

/* ---- files ---- */

enum err journal_dir_path(char out[static IO_PATH_MAX], const char *dir, uint32_t number,
			  struct err_text *t)
{
	char name[SEGMENT_NAME_MAX];
	segment_name(name, number);
	return io_join(out, dir, name, t);
}

struct census {
	uint32_t count, highest;
};

static bool census_take(void *arg, const char *name)
{
	struct census *c = arg;
	uint32_t n = segment_number(name);
	if (n > 0)
		c->count++;
	if (n > c->highest)
		c->highest = n;
	return true;
}

enum err journal_dir_count(const struct io *io, const char *dir, uint32_t *segments,
			   struct err_text *t)
{
	struct census c = {0};
	*segments = 0;
	enum err e = io_list(io, dir, census_take, &c, t);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	TRY(e);
	/* Names differ, so that 1..highest are all there exactly if the count says so. */
	if (c.count != c.highest)
		return err_set(
			t, ERR_CORRUPT,
			"journal %.400s has %u segments but the highest number is %u: %u missing",
			dir, c.count, c.highest, c.highest - c.count);
	*segments = c.count;
	return ERR_OK;
}

enum err journal_dir_create(const struct io *io, const char *dir, const struct segment_header *h,
			    struct err_text *t)
{
	char path[IO_PATH_MAX];
	uint8_t bytes[SEGMENT_HEADER_BYTES];
	segment_header_encode(bytes, h);
	TRY(journal_dir_path(path, dir, h->number, t));
	return io_write_file_atomic(io, path, slice(bytes, sizeof bytes), t);
}

enum err segment_damaged(const struct io_file *f, uint64_t offset, const char *why,
			 struct err_text *t)
{
	return err_set(t, ERR_CORRUPT, "%.400s is damaged at offset %llu: %s", f->path,
		       (unsigned long long)offset, why);
}

/* ---- links ---- */

void link_start(struct segment_link *l, const struct hash *fingerprint)
{
	*l = (struct segment_link){.number = 1, .fingerprint_known = fingerprint != NULL};
	if (fingerprint) {
		l->fingerprint = *fingerprint;
		chain_start(&l->chain, fingerprint);
	}
}

void link_next(struct segment_link *l, const struct segment_header *h, uint64_t size,
	       const struct hash *chain, uint64_t records)
{
	*l = (struct segment_link){
		.number = h->number + 1,
		.fingerprint_known = true,
		.fingerprint = h->fingerprint,
		.chain = *chain,
		.bytes_before = size,
		.records_before = records,
	};
}

static enum err link_check(const struct segment_link *l, const struct segment_header *h,
			   const struct io_file *f, struct err_text *t)
{
	struct hash start;
	if (l->fingerprint_known && !hash_eq(&l->fingerprint, &h->fingerprint)) {
		if (h->number == 1)
			return err_set(t, ERR_MISMATCH, "%.400s belongs to another chain", f->path);
		return segment_damaged(f, 0, "it belongs to another chain", t);
	}
	if (h->bytes_before != l->bytes_before)
		return segment_damaged(f, 0, "the segment before it had another length", t);
	chain_start(&start, &h->fingerprint);
	if (!hash_eq(&h->chain, l->fingerprint_known ? &l->chain : &start))
		return segment_damaged(f, 0, "it does not continue the chain of what comes before",
				       t);
	if (l->records_before != RECORDS_UNKNOWN && h->records_before != l->records_before)
		return segment_damaged(f, 0, "it counts other records before it than there are", t);
	return ERR_OK;
}

static enum err header_read(struct io_file *f, uint32_t number, const struct segment_link *link,
			    struct segment_header *h, uint64_t *size, struct err_text *t)
{
	uint8_t bytes[SEGMENT_HEADER_BYTES];
	struct err_text why;
	TRY(io_size(f, size, t));
	if (*size < SEGMENT_HEADER_BYTES)
		return segment_damaged(f, *size, "the file ends inside its header", t);
	TRY(io_pread_all(f, bytes, sizeof bytes, 0, t));
	enum err e = segment_header_decode(h, bytes, &why);
	if (e == ERR_VERSION)
		return err_set(t, e, "%.200s: %.200s", f->path, why.text);
	if (e != ERR_OK)
		return segment_damaged(f, 0, why.text, t);
	if (h->number != number)
		return segment_damaged(f, 0, "it is the segment of another number", t);
	return link ? link_check(link, h, f, t) : ERR_OK;
}

enum err journal_dir_open(const struct io *io, const char *dir, uint32_t number,
			  const struct segment_link *link, struct segment_header *h,
			  struct io_file **f, uint64_t *size, struct err_text *t)
{
	char path[IO_PATH_MAX];
	*f = NULL;
	TRY(journal_dir_path(path, dir, number, t));
	TRY(io_open(io, f, path, IO_READ, t));
	enum err e = header_read(*f, number, link, h, size, t);
	if (e != ERR_OK) {
		io_close(*f);
		*f = NULL;
	}
	return e;
}

enum err segment_last_chain(struct io_file *f, const struct segment_header *h, uint64_t size,
			    struct hash *chain, struct err_text *t)
{
	*chain = h->chain;
	if (size == SEGMENT_HEADER_BYTES)
		return ERR_OK;
	if (size < SEGMENT_HEADER_BYTES + RECORD_EXTRA_BYTES)
		return segment_damaged(f, SEGMENT_HEADER_BYTES, "the file ends inside a record", t);
	return io_pread_all(f, chain->b, sizeof chain->b, size - sizeof chain->b, t);
}

/* ---- the mark ---- */

static const uint8_t MARK_MAGIC[8] = {'A', 'R', 'G', 'O', 'S', 'Y', 'M', '1'};
enum { MARK_BYTES = 64, MARK_CRC = MARK_BYTES - 4 };

/* magic 8, segment u32, offset u64, chain 32, zero 8, CRC u32: all in one sector */
enum err mark_write(struct io_file *f, const struct mark *m, struct err_text *t)
{
	uint8_t b[MARK_BYTES] = {0};
	memcpy(b, MARK_MAGIC, 8);
	put_u32le(b + 8, m->segment);
	put_u64le(b + 12, m->offset);
	memcpy(b + 20, m->chain.b, 32);
	put_u32le(b + MARK_CRC, crc32c(0, b, MARK_CRC));
	return io_pwrite(f, b, sizeof b, 0, t);
}

enum err mark_read(const struct io *io, const char *dir, struct mark *m, struct err_text *t)
{
	char path[IO_PATH_MAX];
	uint8_t b[MARK_BYTES];
	struct io_file *f;
	size_t got = 0;
	*m = (struct mark){0};
	TRY(io_join(path, dir, MARK_NAME, t));
	enum err e = io_open(io, &f, path, IO_READ, t);
	if (e == ERR_NOTFOUND)
		return ERR_OK;
	TRY(e);
	e = io_pread(f, b, sizeof b, 0, &got, t);
	io_close(f);
	TRY(e);
	if (got < sizeof b || memcmp(b, MARK_MAGIC, 8) != 0 ||
	    get_u32le(b + MARK_CRC) != crc32c(0, b, MARK_CRC))
		return ERR_OK;
	m->valid = true;
	m->segment = get_u32le(b + 8);
	m->offset = get_u64le(b + 12);
	memcpy(m->chain.b, b + 20, 32);
	return ERR_OK;
}

bool mark_is(const struct mark *m, uint32_t segment, uint64_t offset)
{
	return m->valid && m->segment == segment && m->offset == offset;
}

enum err mark_check_segments(const struct mark *m, uint32_t segments, const char *dir,
			     struct err_text *t)
{
	if (m->valid && m->segment > segments)
		return err_set(
			t, ERR_CORRUPT,
			"journal %.400s ends before segment %u, which was synced and is gone", dir,
			m->segment);
	return ERR_OK;
}

/* ---- walks ---- */

enum err sealed_walk(struct scan *s, walk_fn each, void *arg, struct err_text *t)
{
	enum scan_result r;
	for (;;) {
		TRY(scan_next(s, &r, NULL, t));
		if (r == SCAN_END)
			return ERR_OK;
		if (r == SCAN_BAD)
			return segment_damaged(s->file, s->offset, s->why, t);
		if (each)
			TRY(each(arg, s, t));
	}
}

/* What is bad at s->offset: the torn end of what was never synced, or damage? */
static enum err bad_tail(struct scan *s, const struct mark *m, struct err_text *t)
{
	bool damage;
	uint64_t where = 0;
	char why[200];
	TRY(scan_damage(s, &damage, &where, t));
	if (damage)
		snprintf(why, sizeof why, "%s, and at %llu follows what was written after its sync",
			 s->why, (unsigned long long)where);
	else if (m->valid && m->segment == s->number && m->offset > s->offset)
		snprintf(why, sizeof why, "%s, and all before %llu was synced", s->why,
			 (unsigned long long)m->offset);
	else
		return ERR_OK;
	return segment_damaged(s->file, s->offset, why, t);
}

enum err tail_walk(struct scan *s, const struct mark *m, walk_fn each, void *arg,
		   struct err_text *t)
{
	enum scan_result r = SCAN_RECORD;
	bool here = m->valid && m->segment == s->number, met = false;
	for (;;) {
		if (here && m->offset == s->offset) {
			if (!hash_eq(&m->chain, &s->chain))
				return segment_damaged(s->file, s->offset,
						       "other records were synced here than these",
						       t);
			met = true;
		}
		TRY(scan_next(s, &r, NULL, t));
		if (r != SCAN_RECORD)
			break;
		if (each)
			TRY(each(arg, s, t));
	}
	if (r == SCAN_BAD)
		TRY(bad_tail(s, m, t));
	if (here && !met)
		return segment_damaged(s->file, s->offset,
				       "records that were synced are missing from here on", t);
	return ERR_OK;
}
