#include "journal/journal.h"

#include "journal/journal_dir.h"

#include <pthread.h>
#include <stdlib.h>

/*
 * Segment files are read through handles of their own, opened on demand and
 * kept: as many as stay cheap in descriptors while a walk and a few readers
 * are at work.
 */
enum { HANDLES = 16 };

struct handle {
	struct io_file *file;
	uint32_t segment; /* 0: empty */
	unsigned users;
	uint64_t used_at; /* for the choice of the oldest */
};

struct journal {
	const struct io *io;
	char *dir;
	struct journal_options options;
	struct hash fingerprint;

	/* The writer's alone: */
	struct io_file *tail, *mark;
	uint64_t group; /* where the group of the next sync begins */
	bool unsynced;
	struct slice *parts; /* room for journal_append_parts */
	size_t parts_cap;

	pthread_mutex_t lock; /* over all below */
	struct journal_stat stat;
	struct handle handles[HANDLES];
	uint64_t uses;
};

/* ---- opening ---- */

static enum err options_take(struct journal *j, const struct journal_options *options,
			     struct err_text *t)
{
	enum { GIB = 1 << 30 };
	if (options)
		j->options = *options;
	if (j->options.segment_bytes == 0)
		j->options.segment_bytes = 64 << 20;
	if (j->options.record_bytes_max == 0)
		j->options.record_bytes_max = 17 << 20;
	if (j->options.segment_bytes > GIB || j->options.record_bytes_max > GIB)
		return err_set(t, ERR_USAGE, "a journal's segments and records have at most 1 GiB");
	return ERR_OK;
}

static enum err first_segment(struct journal *j, const struct hash *fingerprint, struct err_text *t)
{
	struct segment_header h = {.number = 1};
	if (!j->options.create || j->options.read_only || !fingerprint)
		return err_set(t, ERR_NOTFOUND, "there is no journal in %.400s", j->dir);
	h.fingerprint = *fingerprint;
	chain_start(&h.chain, fingerprint);
	return journal_dir_create(j->io, j->dir, &h, t);
}

/* Headers, lengths and links of all segments; leaves the last one's header in `h`. */
static enum err links_check(struct journal *j, uint32_t segments, const struct hash *fingerprint,
			    struct segment_header *h, struct err_text *t)
{
	struct segment_link link;
	link_start(&link, fingerprint);
	for (uint32_t n = 1; n <= segments; n++) {
		struct io_file *f;
		struct hash chain;
		uint64_t size = 0;
		TRY(journal_dir_open(j->io, j->dir, n, &link, h, &f, &size, t));
		enum err e = n < segments ? segment_last_chain(f, h, size, &chain, t) : ERR_OK;
		io_close(f);
		TRY(e);
		if (n == segments)
			break;
		/* How many records there are is believed here; journal_verify counts. */
		link_next(&link, h, size, &chain, RECORDS_UNKNOWN);
		j->stat.bytes += size;
	}
	return ERR_OK;
}

/*
 * Makes sure that the last group is on the disk, before anything is built on
 * it. A process may have died between write and sync, or after a failed sync:
 * then the bytes are in the cache of the kernel, readable, marked clean and
 * not on the disk. So they are written once more. All groups before were
 * synced, or the last would not have been begun.
 */
static enum err last_group_settle(struct journal *j, const struct scan *s, struct err_text *t)
{
	for (uint64_t at = s->group; s->records > 0 && at < s->offset;) {
		uint64_t n = s->offset - at;
		if (n > SCAN_WINDOW_BYTES)
			n = SCAN_WINDOW_BYTES;
		TRY(io_pread_all(j->tail, s->window, (size_t)n, at, t));
		TRY(io_pwrite(j->tail, s->window, (size_t)n, at, t));
		at += n;
	}
	TRY(io_sync(j->tail, t));
	return io_sync_dir(j->io, j->dir, t);
}

/* Walks the last segment to its end, cuts a torn tail, settles the last group. */
static enum err tail_open(struct journal *j, const struct segment_header *h,
			  const struct mark *mark, struct err_text *t)
{
	char path[IO_PATH_MAX];
	uint64_t size;
	struct scan s = {0};
	TRY(journal_dir_path(path, j->dir, h->number, t));
	TRY(io_open(j->io, &j->tail, path, j->options.read_only ? IO_READ : IO_WRITE, t));
	TRY(io_size(j->tail, &size, t));
	enum err e = scan_init(&s, j->tail, h->number, SEGMENT_HEADER_BYTES, size, &h->chain, t);
	if (e != ERR_OK)
		goto out;
	e = tail_walk(&s, mark, NULL, NULL, t);
	if (e != ERR_OK)
		goto out;
	j->stat.segments = h->number;
	j->stat.records = h->records_before + s.records;
	j->stat.bytes += s.offset;
	j->stat.end = (struct journal_pos){h->number, s.offset};
	j->stat.chain = s.chain;
	j->stat.fingerprint = h->fingerprint;
	if (s.records > 0)
		j->stat.last = (struct journal_pos){h->number, s.last};
	j->group = s.offset;
	if (j->options.read_only)
		goto out;
	if (s.offset < size)
		e = io_truncate(j->tail, s.offset, t);
	if (e == ERR_OK && (s.offset < size || !mark_is(mark, h->number, s.offset)))
		e = last_group_settle(j, &s, t);
out:
	scan_fini(&s);
	return e;
}

/* The last record may be the last one of the segment before. */
static enum err last_record_find(struct journal *j, const struct segment_header *h,
				 struct err_text *t)
{
	struct segment_header before;
	struct io_file *f;
	uint64_t size = 0;
	if (j->stat.last.segment != 0 || h->number == 1)
		return ERR_OK;
	/* An empty last segment is rare (a crash just after rolling): a walk is fine. */
	TRY(journal_dir_open(j->io, j->dir, h->number - 1, NULL, &before, &f, &size, t));
	struct scan s = {0};
	enum err e = scan_init(&s, f, h->number - 1, SEGMENT_HEADER_BYTES, size, &before.chain, t);
	if (e == ERR_OK)
		e = sealed_walk(&s, NULL, NULL, t);
	if (e == ERR_OK && s.records > 0)
		j->stat.last = (struct journal_pos){h->number - 1, s.last};
	scan_fini(&s);
	io_close(f);
	return e;
}

static enum err mark_now(struct journal *j, struct err_text *t)
{
	struct mark m = {
		.segment = j->stat.end.segment,
		.offset = j->stat.end.offset,
		.chain = j->stat.chain,
	};
	return mark_write(j->mark, &m, t);
}

static enum err mark_open(struct journal *j, struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(io_join(path, j->dir, MARK_NAME, t));
	TRY(io_open(j->io, &j->mark, path, IO_CREATE, t));
	return mark_now(j, t);
}

static enum err open_in(struct journal *j, const struct hash *fingerprint, struct err_text *t)
{
	struct segment_header h;
	struct mark mark;
	uint32_t segments;
	if (j->options.create && !j->options.read_only)
		TRY(io_make_dir(j->io, j->dir, t));
	/* The mark first: who only reads may do so beside a writer, and it must not be ahead. */
	TRY(mark_read(j->io, j->dir, &mark, t));
	TRY(journal_dir_count(j->io, j->dir, &segments, t));
	TRY(mark_check_segments(&mark, segments, j->dir, t));
	if (segments == 0) {
		TRY(first_segment(j, fingerprint, t));
		segments = 1;
	}
	TRY(links_check(j, segments, fingerprint, &h, t));
	j->fingerprint = h.fingerprint;
	TRY(tail_open(j, &h, &mark, t));
	TRY(last_record_find(j, &h, t));
	return j->options.read_only ? ERR_OK : mark_open(j, t);
}

enum err journal_open(struct journal **out, const struct io *io, const char *dir,
		      const struct hash *fingerprint, const struct journal_options *options,
		      struct err_text *t)
{
	*out = NULL;
	struct journal *j = calloc(1, sizeof *j);
	if (!j)
		return err_set(t, ERR_NOMEM, "out of memory opening journal %.400s", dir);
	if (pthread_mutex_init(&j->lock, NULL)) {
		free(j);
		return err_set(t, ERR_NOMEM, "out of memory opening journal %.400s", dir);
	}
	j->io = io;
	j->dir = strdup(dir);
	enum err e = j->dir ? options_take(j, options, t)
			    : err_set(t, ERR_NOMEM, "out of memory opening journal %.400s", dir);
	if (e == ERR_OK)
		e = open_in(j, fingerprint, t);
	if (e != ERR_OK) {
		journal_close(j);
		return e;
	}
	*out = j;
	return ERR_OK;
}

void journal_close(struct journal *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < HANDLES; i++) {
		bug_if(j->handles[i].users > 0);
		io_close(j->handles[i].file);
	}
	io_close(j->tail);
	io_close(j->mark);
	pthread_mutex_destroy(&j->lock);
	free(j->parts);
	free(j->dir);
	free(j);
}

void journal_stat(struct journal *j, struct journal_stat *out)
{
	pthread_mutex_lock(&j->lock);
	*out = j->stat;
	pthread_mutex_unlock(&j->lock);
}

void journal_place(const struct journal *j, const struct io **io, const char **dir)
{
	*io = j->io;
	*dir = j->dir;
}

/* ---- writing ---- */

static enum err die(struct journal *j, enum err e)
{
	pthread_mutex_lock(&j->lock);
	j->stat.dead = true;
	pthread_mutex_unlock(&j->lock);
	return e;
}

static enum err may_write(const struct journal *j, struct err_text *t)
{
	if (j->options.read_only)
		return err_set(t, ERR_READONLY, "journal %.400s is open for reading only", j->dir);
	if (j->stat.dead)
		return err_set(t, ERR_IO,
			       "journal %.400s had a failed write or sync; it must be opened again",
			       j->dir);
	return ERR_OK;
}

enum err journal_sync(struct journal *j, struct err_text *t)
{
	TRY(may_write(j, t));
	if (!j->unsynced)
		return ERR_OK;
	enum err e = io_sync(j->tail, t);
	if (e == ERR_OK)
		e = mark_now(j, t);
	if (e != ERR_OK)
		return die(j, e);
	j->unsynced = false;
	j->group = j->stat.end.offset;
	return ERR_OK;
}

/* Ends the segment and begins the next. What came before is durable first. */
static enum err roll(struct journal *j, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct io_file *f;
	TRY(journal_sync(j, t));
	struct segment_header h = {
		.number = j->stat.segments + 1,
		.fingerprint = j->fingerprint,
		.records_before = j->stat.records,
		.bytes_before = j->stat.end.offset,
		.chain = j->stat.chain,
	};
	TRY(journal_dir_create(j->io, j->dir, &h, t));
	TRY(journal_dir_path(path, j->dir, h.number, t));
	TRY(io_open(j->io, &f, path, IO_WRITE, t));
	io_close(j->tail);
	j->tail = f;
	j->group = SEGMENT_HEADER_BYTES;
	pthread_mutex_lock(&j->lock);
	j->stat.segments = h.number;
	j->stat.bytes += SEGMENT_HEADER_BYTES;
	j->stat.end = (struct journal_pos){h.number, SEGMENT_HEADER_BYTES};
	pthread_mutex_unlock(&j->lock);
	return ERR_OK;
}

static bool parts_reserve(struct journal *j, size_t n)
{
	if (n <= j->parts_cap)
		return true;
	struct slice *p = n <= SIZE_MAX / sizeof *p ? realloc(j->parts, n * sizeof *p) : NULL;
	if (!p)
		return false;
	j->parts = p;
	j->parts_cap = n;
	return true;
}

enum err journal_append(struct journal *j, uint8_t type, struct slice payload,
			struct journal_pos *pos, struct err_text *t)
{
	return journal_append_parts(j, type, &payload, 1, pos, t);
}

enum err journal_append_parts(struct journal *j, uint8_t type, const struct slice *parts,
			      size_t count, struct journal_pos *pos, struct err_text *t)
{
	uint64_t length = 0;
	struct record_head head = {.type = type};
	TRY(may_write(j, t));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].n > j->options.record_bytes_max - length)
			return err_set(t, ERR_LIMIT, "a journal record has at most %u bytes",
				       j->options.record_bytes_max);
		length += parts[i].n;
		head.payload_crc = crc32c(head.payload_crc, parts[i].p, parts[i].n);
	}
	if (!parts_reserve(j, count + 2))
		return die(j, err_set(t, ERR_NOMEM, "out of memory appending to %.400s", j->dir));
	uint64_t whole = length + RECORD_EXTRA_BYTES;
	if (j->stat.end.offset > SEGMENT_HEADER_BYTES &&
	    j->stat.end.offset + whole > j->options.segment_bytes) {
		enum err e = roll(j, t);
		if (e != ERR_OK)
			return die(j, e);
	}

	struct journal_pos at = j->stat.end;
	struct hash chain;
	uint8_t bytes[RECORD_HEAD_BYTES];
	head.length = (uint32_t)length;
	head.since = (uint32_t)(at.offset - j->group);
	record_head_encode(bytes, &head, at.segment, at.offset);
	chain_next(&chain, &j->stat.chain, type, parts, count);
	j->parts[0] = slice(bytes, sizeof bytes);
	if (count > 0)
		memcpy(j->parts + 1, parts, count * sizeof *parts);
	j->parts[count + 1] = slice(chain.b, sizeof chain.b);
	enum err e = io_pwrite_parts(j->tail, j->parts, count + 2, at.offset, t);
	if (e != ERR_OK)
		return die(j, e);
	j->unsynced = true;
	pthread_mutex_lock(&j->lock);
	j->stat.records++;
	j->stat.bytes += whole;
	j->stat.last = at;
	j->stat.end.offset += whole;
	j->stat.chain = chain;
	pthread_mutex_unlock(&j->lock);
	if (pos)
		*pos = at;
	return ERR_OK;
}

/* ---- reading ---- */

/*
 * A handle on a segment, held until handle_put. If all kept ones are in use, a
 * passing one is opened, which *h does not point into.
 */
static enum err handle_get(struct journal *j, uint32_t segment, struct handle **h,
			   struct io_file **file, struct err_text *t)
{
	struct handle *oldest = NULL;
	char path[IO_PATH_MAX];
	enum err e = ERR_OK;
	*h = NULL;
	pthread_mutex_lock(&j->lock);
	for (size_t i = 0; i < HANDLES; i++) {
		struct handle *k = &j->handles[i];
		if (k->segment == segment) {
			*h = k;
			break;
		}
		if (k->users == 0 && (!oldest || k->used_at < oldest->used_at))
			oldest = k;
	}
	if (!*h) {
		e = journal_dir_path(path, j->dir, segment, t);
		if (e == ERR_OK)
			e = io_open(j->io, file, path, IO_READ, t);
		if (e == ERR_OK && oldest) {
			io_close(oldest->file);
			*oldest = (struct handle){.file = *file, .segment = segment};
			*h = oldest;
		}
	}
	if (*h) {
		(*h)->users++;
		(*h)->used_at = ++j->uses;
		*file = (*h)->file;
	}
	pthread_mutex_unlock(&j->lock);
	return e;
}

static void handle_put(struct journal *j, struct handle *h, struct io_file *file)
{
	if (!h) {
		io_close(file);
		return;
	}
	pthread_mutex_lock(&j->lock);
	h->users--;
	pthread_mutex_unlock(&j->lock);
}

enum err journal_segment_end(struct journal *j, uint32_t segment, struct io_file *f, uint64_t *end,
			     struct err_text *t)
{
	struct journal_stat s;
	journal_stat(j, &s);
	if (segment == s.end.segment) {
		*end = s.end.offset;
		return ERR_OK;
	}
	return io_size(f, end, t);
}

/* Reads and checks the head at pos, and whatever else fits into `first` with it. */
static enum err head_read(struct io_file *f, struct journal_pos pos, uint64_t end, uint8_t *first,
			  size_t cap, size_t *got, struct record_head *head, struct err_text *t)
{
	uint64_t left = end - pos.offset;
	TRY(io_pread(f, first, left < cap ? (size_t)left : cap, pos.offset, got, t));
	if (*got < RECORD_HEAD_BYTES)
		return segment_damaged(f, pos.offset, "the file ends inside the head of a record",
				       t);
	if (!record_head_decode(head, first, pos.segment, pos.offset))
		return segment_damaged(f, pos.offset, "the head's checksum is wrong", t);
	if (head->length + (uint64_t)RECORD_EXTRA_BYTES > left)
		return segment_damaged(f, pos.offset, "the file ends inside the record", t);
	return ERR_OK;
}

/* Is there anything at pos? Then a handle and the end of its segment. */
static enum err pos_enter(struct journal *j, struct journal_pos pos, struct handle **h,
			  struct io_file **f, uint64_t *end, struct err_text *t)
{
	struct journal_stat s;
	journal_stat(j, &s);
	if (pos.segment == 0 || pos.offset < SEGMENT_HEADER_BYTES ||
	    journal_pos_cmp(pos, s.end) >= 0)
		return err_set(t, ERR_NOTFOUND,
			       "journal %.400s has no record at segment %u, offset %llu", j->dir,
			       pos.segment, (unsigned long long)pos.offset);
	TRY(handle_get(j, pos.segment, h, f, t));
	enum err e = journal_segment_end(j, pos.segment, *f, end, t);
	if (e == ERR_OK && pos.offset >= *end)
		e = err_set(t, ERR_NOTFOUND, "%.400s has no record at offset %llu", (*f)->path,
			    (unsigned long long)pos.offset);
	if (e != ERR_OK)
		handle_put(j, *h, *f);
	return e;
}

enum err journal_read(struct journal *j, struct journal_pos pos, uint8_t *type, struct buf *payload,
		      struct err_text *t)
{
	struct handle *h = NULL;
	struct io_file *f;
	uint64_t end;
	struct record_head head;
	uint8_t first[4096]; /* a small record is read in one go */
	size_t got;
	buf_clear(payload);
	TRY(pos_enter(j, pos, &h, &f, &end, t));
	enum err e = head_read(f, pos, end, first, sizeof first, &got, &head, t);
	if (e != ERR_OK)
		goto out;
	if (!buf_reserve(payload, head.length)) {
		e = err_set(t, ERR_NOMEM, "out of memory for a record of %u bytes", head.length);
		goto out;
	}
	got -= RECORD_HEAD_BYTES;
	if (got > head.length)
		got = head.length;
	buf_put(payload, first + RECORD_HEAD_BYTES, got);
	if (got < head.length) {
		e = io_pread_all(f, payload->p + got, head.length - got,
				 pos.offset + RECORD_HEAD_BYTES + got, t);
		if (e != ERR_OK)
			goto out;
		payload->n = head.length;
	}
	if (crc32c(0, payload->p, payload->n) != head.payload_crc)
		e = segment_damaged(f, pos.offset, "the payload's checksum is wrong", t);
	if (type)
		*type = head.type;
out:
	if (e != ERR_OK)
		payload->n = 0;
	handle_put(j, h, f);
	return e;
}
