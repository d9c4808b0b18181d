/*
 * Fuzzes the journal: the input becomes the files of a journal, which is then
 * opened, walked, read, verified, appended to and opened again.
 *
 * The first byte says how much is mended before, so that the fuzzer gets past
 * the checksums (which are what the journal rests on, and hide the rest):
 *
 *	bit 0	the header gets a good checksum
 *	bit 1	the records get good heads, payload checksums and chain hashes
 *		wherever their lengths lead
 *	bit 2	the bytes are cut in two segments, where bytes 1 and 2 say
 *	bit 3	a mark says that all of the last segment was synced
 *	bit 4	the header is made whole, and continues the segment before
 */
#include "base/io_sim.h"
#include "journal/journal_dir.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct hash FINGERPRINT = {{1}};

static void must(bool good)
{
	if (!good)
		abort();
}

static void put_file(const struct io *io, const char *path, struct slice s)
{
	must(io_write_file_atomic(io, path, s, NULL) == ERR_OK);
}

/* `link`: what the header must say. */
static void mend_header(struct buf *b, uint8_t how, const struct segment_header *link)
{
	if (b->n < SEGMENT_HEADER_BYTES)
		return;
	if (how & 16)
		segment_header_encode(b->p, link);
	if (how & 1)
		put_u32le(b->p + 4092, crc32c(0, b->p, 4092));
}

/* Makes records of whatever is there, as far as the lengths allow; moves the link on. */
static void mend_records(struct buf *b, struct segment_header *link)
{
	size_t at = SEGMENT_HEADER_BYTES;
	while (at < b->n && b->n - at >= RECORD_EXTRA_BYTES) {
		/* Short lengths more often than the 32 bits would give. */
		uint32_t length = get_u32le(b->p + at) & 0xffff;
		if (length > b->n - at - RECORD_EXTRA_BYTES)
			return;
		struct slice payload = slice(b->p + at + RECORD_HEAD_BYTES, length);
		struct record_head head = {
			.length = length,
			.since = get_u32le(b->p + at + 4),
			.type = b->p[at + 8],
			.payload_crc = crc32c(0, payload.p, payload.n),
		};
		chain_next(&link->chain, &link->chain, head.type, &payload, 1);
		record_head_encode(b->p + at, &head, link->number, at);
		memcpy(b->p + at + RECORD_HEAD_BYTES + length, link->chain.b, 32);
		link->records_before++;
		at += length + RECORD_EXTRA_BYTES;
	}
}

static void lay_out(const struct io *io, uint8_t how, size_t cut, struct slice in)
{
	struct segment_header link = {.number = 1, .fingerprint = FINGERPRINT};
	struct buf b = BUF_INIT;
	chain_start(&link.chain, &FINGERPRINT);
	if (!(how & 4) || cut > in.n)
		cut = in.n;
	must(io_make_dir(io, "/log", NULL) == ERR_OK);
	for (; link.number <= (how & 4 ? 2u : 1u); link.number++) {
		char path[IO_PATH_MAX];
		buf_clear(&b);
		buf_put_slice(&b,
			      link.number == 1 ? slice(in.p, cut) : slice(in.p + cut, in.n - cut));
		must(buf_err(&b) == ERR_OK);
		mend_header(&b, how, &link);
		if (how & 2)
			mend_records(&b, &link);
		link.bytes_before = b.n;
		must(journal_dir_path(path, "/log", link.number, NULL) == ERR_OK);
		put_file(io, path, buf_slice(&b));
		if (how & 8) {
			struct mark m = {.segment = link.number, .offset = b.n};
			struct io_file *f;
			if (b.n >= 32)
				memcpy(m.chain.b, b.p + b.n - 32, 32);
			must(io_open(io, &f, "/log/" MARK_NAME, IO_CREATE, NULL) == ERR_OK);
			must(mark_write(f, &m, NULL) == ERR_OK);
			io_close(f);
		}
	}
	buf_fini(&b);
}

/* Every record that a walk gives is also read by its place, and there are as many as counted. */
static uint64_t walk(struct journal *j, bool *whole)
{
	struct journal_cursor *c;
	struct journal_record r;
	struct buf b = BUF_INIT;
	uint64_t n = 0;
	enum err e;
	*whole = false;
	if (journal_cursor_open(&c, j, NULL, NULL) != ERR_OK)
		return 0;
	while ((e = journal_cursor_next(c, &r, NULL)) == ERR_OK) {
		must(journal_read(j, r.pos, NULL, &b, NULL) == ERR_OK);
		must(slice_eq(buf_slice(&b), r.payload));
		n++;
	}
	*whole = e == ERR_NOTFOUND;
	journal_cursor_close(c);
	buf_fini(&b);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct io_sim *sim = io_sim_new(1);
	const struct io *io = io_sim_io(sim);
	struct journal_options o = {.read_only = true};
	struct journal_report report;
	struct journal *j;
	bool whole;
	if (size < 3 || size > 1 << 20)
		goto out;
	lay_out(io, data[0], (size_t)data[1] | (size_t)data[2] << 8, slice(data + 3, size - 3));
	enum err checked = journal_verify(io, "/log", NULL, &report, NULL, NULL, NULL);
	/* To read only, then to write: both of one mind; and what the check passes opens. */
	enum err e = journal_open(&j, io, "/log", NULL, &o, NULL);
	must(checked != ERR_OK || e == ERR_OK);
	if (e == ERR_OK) {
		uint64_t n = walk(j, &whole);
		must(whole == (checked == ERR_OK) && (!whole || n == report.records));
	}
	journal_close(j);
	o.read_only = false;
	must(journal_open(&j, io, "/log", NULL, &o, NULL) == e);
	if (e == ERR_OK) {
		must(journal_append(j, 1, SLICE_LIT("more"), NULL, NULL) == ERR_OK);
		must(journal_sync(j, NULL) == ERR_OK);
		journal_close(j);
		must(journal_open(&j, io, "/log", NULL, &o, NULL) == ERR_OK);
		must(walk(j, &whole) == report.records + 1 || !whole);
		journal_close(j);
		must(journal_verify(io, "/log", NULL, &report, NULL, NULL, NULL) == checked);
	}
out:
	io_sim_free(sim);
	return 0;
}
