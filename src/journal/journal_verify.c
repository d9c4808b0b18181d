#include "journal/journal.h"

#include "journal/journal_dir.h"

struct check {
	struct journal_report *report;
	journal_progress progress;
	void *arg;
	uint64_t bytes_before; /* of segments done */
	uint64_t total, told;
};

/* Tells the progress, now and then. */
static enum err check_step(void *arg, const struct scan *s, struct err_text *t)
{
	enum { STEP = 4 << 20 };
	struct check *c = arg;
	uint64_t done = c->bytes_before + s->offset;
	if (!c->progress || (done - c->told < STEP && done < c->total))
		return ERR_OK;
	c->told = done;
	if (!c->progress(c->arg, done, c->total))
		return err_set(t, ERR_REFUSED, "stopped after %llu bytes",
			       (unsigned long long)done);
	return ERR_OK;
}

/* Checks one segment; moves `link` on, and counts into the report what is good. */
static enum err segment_check(struct check *c, const struct io *io, const char *dir,
			      uint32_t number, uint32_t segments, const struct mark *mark,
			      struct segment_link *link, struct err_text *t)
{
	struct segment_header h;
	struct io_file *f;
	struct scan s = {0};
	uint64_t size = 0;
	c->report->bad = (struct journal_pos){number, 0};
	TRY(journal_dir_open(io, dir, number, link, &h, &f, &size, t));
	enum err e = scan_init(&s, f, number, SEGMENT_HEADER_BYTES, size, &h.chain, t);
	if (e != ERR_OK)
		goto out;
	if (number < segments)
		e = sealed_walk(&s, check_step, c, t);
	else
		e = tail_walk(&s, mark, check_step, c, t);
	c->report->records += s.records;
	c->report->bytes += s.offset;
	c->report->chain = s.chain;
	c->report->bad.offset = s.offset;
	c->bytes_before += size;
	if (e == ERR_OK) {
		c->report->segments = number;
		c->report->torn_bytes = size - s.offset;
		link_next(link, &h, size, &s.chain, c->report->records);
	}
out:
	scan_fini(&s);
	io_close(f);
	return e;
}

/* The length of all segments, for the progress alone. */
static enum err total_take(const struct io *io, const char *dir, uint32_t segments, uint64_t *total,
			   struct err_text *t)
{
	for (uint32_t n = 1; n <= segments; n++) {
		char path[IO_PATH_MAX];
		struct io_file *f;
		uint64_t size = 0;
		TRY(journal_dir_path(path, dir, n, t));
		TRY(io_open(io, &f, path, IO_READ, t));
		enum err e = io_size(f, &size, t);
		io_close(f);
		TRY(e);
		*total += size;
	}
	return ERR_OK;
}

enum err journal_verify(const struct io *io, const char *dir, const struct hash *fingerprint,
			struct journal_report *out, journal_progress progress, void *arg,
			struct err_text *t)
{
	struct check c = {.report = out, .progress = progress, .arg = arg};
	struct segment_link link;
	struct mark mark;
	uint32_t segments;
	*out = (struct journal_report){0};
	link_start(&link, fingerprint);
	TRY(mark_read(io, dir, &mark, t));
	TRY(journal_dir_count(io, dir, &segments, t));
	out->bad.segment = segments + 1; /* for a segment that is missing at the end */
	TRY(mark_check_segments(&mark, segments, dir, t));
	if (segments == 0)
		return err_set(t, ERR_NOTFOUND, "there is no journal in %.400s", dir);
	TRY(total_take(io, dir, segments, &c.total, t));
	for (uint32_t n = 1; n <= segments; n++)
		TRY(segment_check(&c, io, dir, n, segments, &mark, &link, t));
	out->bad = (struct journal_pos){0, 0};
	return ERR_OK;
}
