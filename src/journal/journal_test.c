#include "journal/journal.h"

#include "base/io_sim.h"
#include "journal/journal_dir.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define OK(e) assert_int_equal((e), ERR_OK)

static const struct hash FINGERPRINT = {{0xa1, 0xb2, 0xc3}};
enum { SEGMENT = 16 * 1024 };

/* A journal "/log" on a simulated disk, and what a test does with it. */
struct rig {
	struct io_sim *sim;
	const struct io *io;
	struct journal *j;
	struct err_text t;
};

static enum err rig_open(struct rig *r, bool create)
{
	struct journal_options o = {.segment_bytes = SEGMENT, .create = create};
	return journal_open(&r->j, r->io, "/log", &FINGERPRINT, &o, &r->t);
}

static struct rig rig_new(void)
{
	struct rig r = {.sim = io_sim_new(7)};
	r.io = io_sim_io(r.sim);
	OK(rig_open(&r, true));
	return r;
}

static void rig_reopen(struct rig *r)
{
	journal_close(r->j);
	OK(rig_open(r, false));
}

static void rig_free(struct rig *r)
{
	journal_close(r->j);
	io_sim_free(r->sim);
}

/* The nth record of a test: its length and bytes follow from n. */
static struct slice record_bytes(uint8_t *room, size_t n)
{
	size_t length = (n * 137) % 1500;
	for (size_t i = 0; i < length; i++)
		room[i] = (uint8_t)(n * 31 + i * 7);
	return slice(room, length);
}

static struct journal_pos append(struct rig *r, size_t n)
{
	uint8_t room[1500];
	struct journal_pos pos;
	OK(journal_append(r->j, (uint8_t)n, record_bytes(room, n), &pos, &r->t));
	return pos;
}

static void append_synced(struct rig *r, size_t from, size_t to)
{
	for (size_t n = from; n < to; n++) {
		append(r, n);
		OK(journal_sync(r->j, &r->t));
	}
}

/* Walks all and holds each record against what was appended; says how many. */
static size_t walk(struct rig *r)
{
	struct journal_cursor *c;
	struct journal_record k;
	uint8_t room[1500];
	size_t n = 0;
	enum err e;
	OK(journal_cursor_open(&c, r->j, NULL, &r->t));
	while ((e = journal_cursor_next(c, &k, &r->t)) == ERR_OK) {
		assert_int_equal(k.type, (uint8_t)n);
		assert_true(slice_eq(k.payload, record_bytes(room, n)));
		n++;
	}
	assert_int_equal(e, ERR_NOTFOUND);
	journal_cursor_close(c);
	return n;
}

static enum err verify(struct rig *r, struct journal_report *report)
{
	return journal_verify(r->io, "/log", &FINGERPRINT, report, NULL, NULL, &r->t);
}

/* Changes bytes of a file behind the journal's back: xor with `mask`. */
static void spoil(struct rig *r, const char *path, uint64_t offset, size_t n, uint8_t mask)
{
	struct io_file *f;
	uint8_t b;
	OK(io_open(r->io, &f, path, IO_WRITE, NULL));
	for (size_t i = 0; i < n; i++) {
		OK(io_pread_all(f, &b, 1, offset + i, NULL));
		b ^= mask;
		OK(io_pwrite(f, &b, 1, offset + i, NULL));
	}
	OK(io_sync(f, NULL));
	io_close(f);
}

static void cut(struct rig *r, const char *path, uint64_t size)
{
	struct io_file *f;
	OK(io_open(r->io, &f, path, IO_WRITE, NULL));
	OK(io_truncate(f, size, NULL));
	OK(io_sync(f, NULL));
	io_close(f);
}

static void forget_mark(struct rig *r)
{
	OK(io_remove(r->io, "/log/" MARK_NAME, NULL));
}

/* ---- tests ---- */

/* The format, frozen: SHA-256 computed by hand of the documented bytes (docs/format/journal.md). */
static void golden_bytes(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct buf b = BUF_INIT;
	struct journal_stat stat;
	char hex[65];
	OK(journal_append(r.j, 1, SLICE_LIT("one"), NULL, &r.t));
	OK(journal_append(r.j, 2, slice(NULL, 0), NULL, &r.t));
	OK(journal_sync(r.j, &r.t));
	OK(io_read_file(r.io, "/log/000001.seg", 1 << 20, &b, NULL));
	assert_int_equal(b.n, 4096 + 55 + 52);
	assert_memory_equal(b.p, "ARGOSYJ\n\1\0\0\0\1\0\0\0\xa1\xb2\xc3", 19);
	assert_memory_equal(b.p + 4096, "\3\0\0\0\0\0\0\0\1\0\0\0", 12);
	assert_memory_equal(b.p + 4096 + 20, "one", 3);
	assert_memory_equal(b.p + 4096 + 55, "\0\0\0\0\x37\0\0\0\2\0\0\0\0\0\0\0", 16);
	journal_stat(r.j, &stat);
	hex_encode(hex, stat.chain.b, 32);
	assert_string_equal(hex,
			    "0bc7b9bb1aff551e5341e4ad7ea058719a697c20b1e41dd99692483ebfa04be7");
	hex_encode(hex, b.p + 4096 + 16, 4);
	assert_string_equal(hex, "4136fdda");
	buf_fini(&b);
	rig_free(&r);
}

static void empty(void **s)
{
	(void)s;
	struct rig r = {.sim = io_sim_new(1)};
	struct journal_stat stat;
	struct journal_report report;
	r.io = io_sim_io(r.sim);
	assert_int_equal(rig_open(&r, false), ERR_NOTFOUND);
	assert_int_equal(verify(&r, &report), ERR_NOTFOUND);
	OK(rig_open(&r, true));
	rig_reopen(&r);
	journal_stat(r.j, &stat);
	assert_int_equal(stat.records, 0);
	assert_int_equal(stat.last.segment, 0);
	assert_int_equal(stat.end.offset, SEGMENT_HEADER_BYTES);
	assert_int_equal(walk(&r), 0);
	OK(verify(&r, &report));
	assert_int_equal(report.segments, 1);
	struct buf b = BUF_INIT;
	assert_int_equal(journal_read(r.j, stat.end, NULL, &b, &r.t), ERR_NOTFOUND);
	assert_int_equal(journal_read(r.j, stat.last, NULL, &b, &r.t), ERR_NOTFOUND);
	buf_fini(&b);
	rig_free(&r);
}

static void append_read_walk_roll(void **s)
{
	(void)s;
	enum { N = 200 };
	struct rig r = rig_new();
	struct journal_pos pos[N];
	struct journal_stat before, after;
	struct buf b = BUF_INIT;
	uint8_t room[1500], type;
	for (size_t n = 0; n < N; n++) {
		pos[n] = append(&r, n);
		if (n % 3 == 0)
			OK(journal_sync(r.j, &r.t));
	}
	OK(journal_sync(r.j, &r.t));
	journal_stat(r.j, &before);
	assert_true(before.segments > 5);
	for (int round = 0; round < 2; round++) {
		assert_int_equal(walk(&r), N);
		for (size_t n = 0; n < N; n++) {
			OK(journal_read(r.j, pos[n], &type, &b, &r.t));
			assert_int_equal(type, (uint8_t)n);
			assert_true(slice_eq(buf_slice(&b), record_bytes(room, n)));
			assert_true(n == 0 || journal_pos_cmp(pos[n - 1], pos[n]) < 0);
		}
		rig_reopen(&r);
	}
	journal_stat(r.j, &after);
	assert_int_equal(after.records, N);
	assert_int_equal(after.bytes, before.bytes);
	assert_int_equal(journal_pos_cmp(after.end, before.end), 0);
	assert_int_equal(journal_pos_cmp(after.last, pos[N - 1]), 0);
	assert_true(hash_eq(&after.chain, &before.chain));
	struct journal_report report;
	OK(verify(&r, &report));
	assert_int_equal(report.records, N);
	assert_int_equal(report.bytes, after.bytes);
	assert_true(hash_eq(&report.chain, &after.chain));
	/* A place inside a record is no record. */
	pos[5].offset++;
	assert_int_equal(journal_read(r.j, pos[5], NULL, &b, &r.t), ERR_CORRUPT);
	buf_fini(&b);
	rig_free(&r);
}

static void record_of_parts(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct buf b = BUF_INIT;
	struct journal_pos pos;
	struct slice parts[] = {SLICE_LIT("he"), slice(NULL, 0), SLICE_LIT("llo")};
	uint8_t type;
	OK(journal_append_parts(r.j, 9, parts, 3, &pos, &r.t));
	OK(journal_read(r.j, pos, &type, &b, &r.t));
	assert_int_equal(type, 9);
	assert_true(slice_eq_str(buf_slice(&b), "hello"));
	buf_fini(&b);
	rig_free(&r);
}

static void cursor_from_the_middle(void **s)
{
	(void)s;
	enum { N = 60 };
	struct rig r = rig_new();
	struct journal_pos pos[N];
	struct journal_cursor *c;
	struct journal_record k;
	uint8_t room[1500];
	for (size_t n = 0; n < N; n++)
		pos[n] = append(&r, n);
	for (size_t from = 0; from < N; from++) {
		OK(journal_cursor_open(&c, r.j, &pos[from], &r.t));
		for (size_t n = from; n < N; n++) {
			OK(journal_cursor_next(c, &k, &r.t));
			assert_int_equal(journal_pos_cmp(k.pos, pos[n]), 0);
			assert_true(slice_eq(k.payload, record_bytes(room, n)));
		}
		assert_int_equal(journal_cursor_next(c, &k, &r.t), ERR_NOTFOUND);
		journal_cursor_close(c);
	}
	/* At the end it waits, and goes on with what comes, into a new segment too. */
	struct journal_stat stat;
	journal_stat(r.j, &stat);
	OK(journal_cursor_open(&c, r.j, &stat.end, &r.t));
	for (size_t n = N; n < N + 40; n++) {
		assert_int_equal(journal_cursor_next(c, &k, &r.t), ERR_NOTFOUND);
		append(&r, n);
		OK(journal_cursor_next(c, &k, &r.t));
		assert_true(slice_eq(k.payload, record_bytes(room, n)));
	}
	journal_cursor_close(c);
	struct journal_pos nowhere = {99, 4096};
	assert_int_equal(journal_cursor_open(&c, r.j, &nowhere, &r.t), ERR_NOTFOUND);
	rig_free(&r);
}

static void limits(void **s)
{
	(void)s;
	struct rig r = {.sim = io_sim_new(1)};
	struct journal_options o = {
		.segment_bytes = SEGMENT, .record_bytes_max = 50000, .create = true};
	uint8_t *big = calloc(1, 50001);
	struct journal_pos pos;
	struct buf b = BUF_INIT;
	assert_non_null(big);
	r.io = io_sim_io(r.sim);
	OK(journal_open(&r.j, r.io, "/log", &FINGERPRINT, &o, &r.t));
	assert_int_equal(journal_append(r.j, 1, slice(big, 50001), &pos, &r.t), ERR_LIMIT);
	/* Larger than a segment: it gets one of its own. And the journal is not dead. */
	OK(journal_append(r.j, 1, SLICE_LIT("x"), &pos, &r.t));
	OK(journal_append(r.j, 1, slice(big, 50000), &pos, &r.t));
	assert_int_equal(pos.segment, 2);
	OK(journal_append(r.j, 1, SLICE_LIT("y"), &pos, &r.t));
	assert_int_equal(pos.segment, 3);
	OK(journal_sync(r.j, &r.t));
	journal_close(r.j);
	/* A lower limit for new records does not make old ones bad. */
	o.record_bytes_max = 10;
	OK(journal_open(&r.j, r.io, "/log", &FINGERPRINT, &o, &r.t));
	OK(journal_read(r.j, (struct journal_pos){2, 4096}, NULL, &b, &r.t));
	assert_int_equal(b.n, 50000);
	assert_int_equal(journal_append(r.j, 1, slice(big, 11), &pos, &r.t), ERR_LIMIT);
	buf_fini(&b);
	free(big);
	o.segment_bytes = UINT64_MAX;
	struct journal *none;
	assert_int_equal(journal_open(&none, r.io, "/log", &FINGERPRINT, &o, &r.t), ERR_USAGE);
	assert_null(none);
	rig_free(&r);
}

static void read_only(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_options o = {.read_only = true};
	append_synced(&r, 0, 5);
	append(&r, 5);
	journal_close(r.j);
	cut(&r, "/log/000001.seg", 4096 + 2000);
	forget_mark(&r);
	OK(journal_open(&r.j, r.io, "/log", &FINGERPRINT, &o, &r.t));
	assert_int_equal(journal_append(r.j, 1, SLICE_LIT("x"), NULL, &r.t), ERR_READONLY);
	assert_int_equal(journal_sync(r.j, &r.t), ERR_READONLY);
	assert_true(walk(&r) >= 2);
	struct io_file *f;
	uint64_t size;
	OK(io_open(r.io, &f, "/log/000001.seg", IO_READ, NULL));
	OK(io_size(f, &size, NULL));
	assert_int_equal(size, 4096 + 2000); /* the torn tail is still there */
	io_close(f);
	journal_close(r.j);
	/* Whatever chain it is; and not as another one. */
	OK(journal_open(&r.j, r.io, "/log", NULL, &o, &r.t));
	struct journal_stat stat;
	journal_stat(r.j, &stat);
	assert_true(hash_eq(&stat.fingerprint, &FINGERPRINT));
	struct hash other = {{1}};
	struct journal *none;
	assert_int_equal(journal_open(&none, r.io, "/log", &other, &o, &r.t), ERR_MISMATCH);
	rig_free(&r);
}

/* The file cut at every length: a torn tail, mended, or known to have been synced. */
static void torn_at_every_byte(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_stat whole;
	struct buf b = BUF_INIT;
	append_synced(&r, 0, 4);
	journal_stat(r.j, &whole);
	append(&r, 4); /* 548 bytes, never synced */
	append(&r, 5);
	journal_close(r.j);
	OK(io_read_file(r.io, "/log/000001.seg", 1 << 20, &b, NULL));
	for (uint64_t size = 4096; size <= b.n; size++) {
		OK(io_write_file_atomic(r.io, "/log/000001.seg", slice(b.p, (size_t)size), NULL));
		enum err e = rig_open(&r, false);
		if (size < whole.end.offset) {
			assert_int_equal(e, ERR_CORRUPT);
			continue;
		}
		OK(e);
		struct journal_stat now;
		journal_stat(r.j, &now);
		assert_int_equal(now.records, size < whole.end.offset + 600 ? 4
					      : size < b.n		    ? 5
									    : 6);
		assert_int_equal(walk(&r), now.records);
		/* And it goes on from there. */
		append_synced(&r, now.records, now.records + 1);
		rig_reopen(&r);
		assert_int_equal(walk(&r), now.records + 1);
		journal_close(r.j);
		forget_mark(&r); /* it has seen more than the next round has */
		OK(io_write_file_atomic(r.io, "/log/000001.seg",
					slice(b.p, (size_t)whole.end.offset), NULL));
		OK(rig_open(&r, false));
		journal_close(r.j);
	}
	r.j = NULL;
	buf_fini(&b);
	rig_free(&r);
}

/* Every single byte of every file, changed: found by opening, or by the whole check; or harmless.
 */
static void every_byte_counts(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_report report;
	append_synced(&r, 0, 40);
	journal_close(r.j);
	r.j = NULL;
	struct journal_report good;
	OK(verify(&r, &good));
	assert_true(good.segments >= 2);
	for (uint32_t n = 1; n <= good.segments; n++) {
		char path[IO_PATH_MAX];
		struct io_file *f;
		uint64_t size;
		OK(journal_dir_path(path, "/log", n, NULL));
		OK(io_open(r.io, &f, path, IO_READ, NULL));
		OK(io_size(f, &size, NULL));
		io_close(f);
		for (uint64_t at = 0; at < size; at += at < 200 || at > size - 200 ? 1 : 13) {
			spoil(&r, path, at, 1, (uint8_t)(1 << at % 8));
			enum err e = verify(&r, &report);
			assert_true(e == ERR_CORRUPT || e == ERR_VERSION || e == ERR_MISMATCH);
			assert_non_null(strstr(r.t.text, path));
			assert_int_equal(report.bad.segment, n);
			assert_true(report.bad.offset <= at);
			if (n == good.segments)
				assert_int_not_equal(rig_open(&r, false), ERR_OK);
			spoil(&r, path, at, 1, (uint8_t)(1 << at % 8));
		}
	}
	OK(verify(&r, &report));
	OK(rig_open(&r, false));
	assert_int_equal(walk(&r), 40);
	rig_free(&r);
}

/* In the middle of the last segment, and without the mark: later groups prove that it is damage. */
static void damage_is_not_a_torn_tail(void **s)
{
	(void)s;
	struct rig r = rig_new();
	append_synced(&r, 0, 10);
	struct journal_stat stat;
	journal_stat(r.j, &stat);
	assert_int_equal(stat.segments, 1);
	journal_close(r.j);
	r.j = NULL;
	for (uint64_t at = 4096; at < stat.last.offset; at += 7) {
		spoil(&r, "/log/000001.seg", at, 1, 0xff);
		forget_mark(&r);
		assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
		spoil(&r, "/log/000001.seg", at, 1, 0xff);
		OK(rig_open(&r, false)); /* writes the mark */
		journal_close(r.j);
	}
	/* In the last record, without the mark, it looks torn: the guard is what remains. */
	spoil(&r, "/log/000001.seg", stat.last.offset + 30, 1, 0xff);
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	forget_mark(&r);
	OK(rig_open(&r, false));
	assert_int_equal(walk(&r), 9);
	rig_free(&r);
}

/* Appended together and never synced: the first torn, the second whole. That is no damage. */
static void torn_group(void **s)
{
	(void)s;
	struct rig r = rig_new();
	append_synced(&r, 0, 3);
	struct journal_pos first = append(&r, 3);
	append(&r, 4);
	append(&r, 5);
	journal_close(r.j);
	spoil(&r, "/log/000001.seg", first.offset, 20, 0x55);
	OK(rig_open(&r, false));
	assert_int_equal(walk(&r), 3);
	append_synced(&r, 3, 6);
	rig_reopen(&r);
	assert_int_equal(walk(&r), 6);
	rig_free(&r);
}

static void misplaced_segments(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_report report;
	append_synced(&r, 0, 60);
	journal_close(r.j);
	r.j = NULL;
	OK(verify(&r, &report));
	assert_true(report.segments >= 3);
	/* swapped */
	OK(io_rename(r.io, "/log/000001.seg", "/log/x", NULL));
	OK(io_rename(r.io, "/log/000002.seg", "/log/000001.seg", NULL));
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	assert_non_null(strstr(r.t.text, "1 missing"));
	OK(io_rename(r.io, "/log/x", "/log/000002.seg", NULL));
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	assert_int_equal(verify(&r, &report), ERR_CORRUPT);
	OK(io_rename(r.io, "/log/000001.seg", "/log/x", NULL));
	OK(io_rename(r.io, "/log/000002.seg", "/log/000001.seg", NULL));
	OK(io_rename(r.io, "/log/x", "/log/000002.seg", NULL));
	/* an earlier one cut at a record, or grown */
	struct buf b = BUF_INIT;
	OK(io_read_file(r.io, "/log/000001.seg", 1 << 20, &b, NULL));
	cut(&r, "/log/000001.seg", 4096 + 52);
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	buf_put_u8(&b, 0);
	OK(io_write_file_atomic(r.io, "/log/000001.seg", buf_slice(&b), NULL));
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	OK(io_write_file_atomic(r.io, "/log/000001.seg", slice(b.p, b.n - 1), NULL));
	OK(rig_open(&r, false));
	journal_close(r.j);
	r.j = NULL;
	/* the last one gone: the mark knows */
	char path[IO_PATH_MAX];
	OK(verify(&r, &report));
	OK(journal_dir_path(path, "/log", report.segments, NULL));
	OK(io_rename(r.io, path, "/log/x", NULL));
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	OK(io_rename(r.io, "/log/x", path, NULL));
	OK(rig_open(&r, false));
	buf_fini(&b);
	rig_free(&r);
}

/* Headers with a good checksum that do not fit in: each field is held against what comes before. */
static void forged_headers(void **s)
{
	(void)s;
	static const struct {
		const char *why;
		uint32_t number;
		uint8_t fingerprint, chain, records, bytes; /* what is added to each */
		bool by_check_alone;
	} v[] = {
		{"another number", 3, 0, 0, 0, 0, false},
		{"another chain", 2, 1, 0, 0, 0, false},
		{"does not continue", 2, 0, 1, 0, 0, false},
		{"counts other records", 2, 0, 0, 1, 0, true},
		{"another length", 2, 0, 0, 0, 1, false},
	};
	struct rig r = rig_new();
	struct journal_report report;
	struct segment_header good;
	struct io_file *f;
	uint64_t size;
	uint8_t bytes[SEGMENT_HEADER_BYTES];
	append_synced(&r, 0, 60);
	journal_close(r.j);
	r.j = NULL;
	OK(journal_dir_open(r.io, "/log", 2, NULL, &good, &f, &size, NULL));
	io_close(f);
	OK(io_open(r.io, &f, "/log/000002.seg", IO_WRITE, NULL));
	for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
		struct segment_header h = good;
		h.number = v[i].number;
		h.fingerprint.b[0] ^= v[i].fingerprint;
		h.chain.b[0] ^= v[i].chain;
		h.records_before += v[i].records;
		h.bytes_before += v[i].bytes;
		segment_header_encode(bytes, &h);
		OK(io_pwrite(f, bytes, sizeof bytes, 0, NULL));
		assert_int_equal(verify(&r, &report), ERR_CORRUPT);
		assert_non_null(strstr(r.t.text, v[i].why));
		assert_int_equal(report.bad.segment, 2);
		if (v[i].by_check_alone)
			continue;
		assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
		assert_non_null(strstr(r.t.text, v[i].why));
	}
	/* A later format, and a byte that must be zero. */
	segment_header_encode(bytes, &good);
	bytes[8] = 2;
	put_u32le(bytes + 4092, crc32c(0, bytes, 4092));
	OK(io_pwrite(f, bytes, sizeof bytes, 0, NULL));
	assert_int_equal(rig_open(&r, false), ERR_VERSION);
	segment_header_encode(bytes, &good);
	bytes[1000] = 1;
	put_u32le(bytes + 4092, crc32c(0, bytes, 4092));
	OK(io_pwrite(f, bytes, sizeof bytes, 0, NULL));
	assert_int_equal(rig_open(&r, false), ERR_CORRUPT);
	segment_header_encode(bytes, &good);
	OK(io_pwrite(f, bytes, sizeof bytes, 0, NULL));
	io_close(f);
	OK(rig_open(&r, false));
	assert_int_equal(walk(&r), 60);
	rig_free(&r);
}

/* A block of another place, with good checksums, is not taken for the one that belongs here. */
static void misdirected_block(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_pos a, b;
	uint8_t one[100], two[100], copy[152];
	struct io_file *f;
	struct buf out = BUF_INIT;
	memset(one, 1, sizeof one);
	memset(two, 2, sizeof two);
	OK(journal_append(r.j, 1, slice(one, 100), &a, &r.t));
	OK(journal_append(r.j, 1, slice(two, 100), &b, &r.t));
	OK(io_open(r.io, &f, "/log/000001.seg", IO_WRITE, NULL));
	OK(io_pread_all(f, copy, sizeof copy, b.offset, NULL));
	OK(io_pwrite(f, copy, sizeof copy, a.offset, NULL));
	io_close(f);
	assert_int_equal(journal_read(r.j, a, NULL, &out, &r.t), ERR_CORRUPT);
	OK(journal_read(r.j, b, NULL, &out, &r.t));
	buf_fini(&out);
	rig_free(&r);
}

/* After a fault nothing more is written, whatever it was; what was synced is there on reopening. */
static void dead_after_a_fault(void **s)
{
	(void)s;
	struct journal_stat stat;
	for (uint64_t nth = 1; nth <= 3; nth++) { /* write, sync, mark */
		struct rig r = rig_new();
		append_synced(&r, 0, 3);
		io_sim_fail_at(r.sim, nth, false, ERR_NOSPACE);
		enum err e = journal_append(r.j, 3, SLICE_LIT("x"), NULL, &r.t);
		if (nth > 1) {
			OK(e);
			e = journal_sync(r.j, &r.t);
		}
		assert_int_equal(e, ERR_NOSPACE);
		assert_int_equal(journal_append(r.j, 3, SLICE_LIT("x"), NULL, &r.t), ERR_IO);
		assert_int_equal(journal_sync(r.j, &r.t), ERR_IO);
		journal_stat(r.j, &stat);
		assert_true(stat.dead);
		if (nth == 1)
			assert_int_equal(walk(&r), 3); /* reading goes on */
		journal_close(r.j);
		OK(rig_open(&r, false));
		journal_stat(r.j, &stat);
		assert_false(stat.dead);
		assert_true(stat.records == 3 || stat.records == 4);
		OK(journal_append(r.j, 3, SLICE_LIT("x"), NULL, &r.t));
		OK(journal_sync(r.j, &r.t));
		rig_free(&r);
	}
}

/*
 * A sync fails, the process opens the journal again and finds the record in the
 * kernel's cache. It may build on it only if it has written it once more.
 */
static void failed_sync_then_power_failure(void **s)
{
	(void)s;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct rig r = {.sim = io_sim_new(seed)};
		r.io = io_sim_io(r.sim);
		OK(rig_open(&r, true));
		append_synced(&r, 0, 3);
		append(&r, 3);
		io_sim_fail_at(r.sim, 1, false, ERR_IO);
		assert_int_equal(journal_sync(r.j, &r.t), ERR_IO);
		rig_reopen(&r);
		assert_int_equal(walk(&r), 4);
		append_synced(&r, 4, 6);
		io_sim_restart(r.sim);
		rig_reopen(&r);
		assert_int_equal(walk(&r), 6);
		rig_free(&r);
	}
}

static bool progress_count(void *arg, uint64_t done, uint64_t total)
{
	int *calls = arg;
	assert_true(done <= total);
	return ++*calls < 3;
}

static void progress_and_stop(void **s)
{
	(void)s;
	struct rig r = {.sim = io_sim_new(1)};
	struct journal_options o = {.create = true};
	struct journal_report report;
	uint8_t *mib = calloc(1, 1 << 20);
	int calls = 0;
	assert_non_null(mib);
	r.io = io_sim_io(r.sim);
	OK(journal_open(&r.j, r.io, "/log", &FINGERPRINT, &o, &r.t));
	for (int i = 0; i < 20; i++)
		OK(journal_append(r.j, 1, slice(mib, 1 << 20), NULL, &r.t));
	OK(journal_sync(r.j, &r.t));
	assert_int_equal(journal_verify(r.io, "/log", NULL, &report, progress_count, &calls, &r.t),
			 ERR_REFUSED);
	assert_int_equal(calls, 3);
	free(mib);
	rig_free(&r);
}

/* A read by place alone notices what it reads, and nothing else. */
static void read_checks_its_bytes(void **s)
{
	(void)s;
	struct rig r = rig_new();
	struct journal_pos before = append(&r, 4), pos = append(&r, 5), after = append(&r, 6);
	struct buf b = BUF_INIT;
	uint8_t room[1500];
	size_t length = record_bytes(room, 5).n;
	for (size_t at = 0; at < RECORD_HEAD_BYTES + length; at++) {
		spoil(&r, "/log/000001.seg", pos.offset + at, 1, 0x10);
		assert_int_equal(journal_read(r.j, pos, NULL, &b, &r.t), ERR_CORRUPT);
		assert_int_equal(b.n, 0);
		assert_non_null(strstr(r.t.text, "/log/000001.seg"));
		OK(journal_read(r.j, before, NULL, &b, &r.t));
		OK(journal_read(r.j, after, NULL, &b, &r.t));
		spoil(&r, "/log/000001.seg", pos.offset + at, 1, 0x10);
	}
	OK(journal_read(r.j, pos, NULL, &b, &r.t));
	buf_fini(&b);
	rig_free(&r);
}

/* A full disk: what is there is read; with room again it goes on, opened anew. */
static void full_disk(void **s)
{
	(void)s;
	struct rig r = rig_new();
	size_t n = 0;
	for (int round = 0; round < 20; round++) {
		enum err e = ERR_OK;
		size_t acked = n;
		uint8_t room[1500];
		io_sim_quota(r.sim, 1); /* none left */
		for (int i = 0; i < 2 && e == ERR_OK; i++) {
			e = journal_append(r.j, (uint8_t)(n + 1), record_bytes(room, n + 1), NULL,
					   &r.t);
			if (e == ERR_OK)
				e = journal_sync(r.j, &r.t);
		}
		assert_int_equal(e, ERR_NOSPACE);
		assert_int_equal(walk(&r), acked);
		io_sim_quota(r.sim, 0);
		rig_reopen(&r);
		assert_int_equal(walk(&r), acked);
		append_synced(&r, n, n + 7);
		n += 7;
	}
	assert_int_equal(walk(&r), n);
	rig_free(&r);
}

/* ---- readers beside a writer, on a real disk ---- */

struct crowd {
	struct journal *j;
	const char *dir;
	_Atomic size_t appended;
	struct journal_pos pos[400];
	_Atomic int wrong;
};

static void *reader_main(void *arg)
{
	struct crowd *c = arg;
	struct buf b = BUF_INIT;
	uint8_t room[1500];
	size_t total = sizeof c->pos / sizeof *c->pos, seen = 0;
	for (unsigned step = 1; seen < total; step++) {
		seen = atomic_load(&c->appended);
		if (seen == 0)
			continue;
		size_t n = (size_t)step * 7919 % seen;
		if (journal_read(c->j, c->pos[n], NULL, &b, NULL) != ERR_OK ||
		    !slice_eq(buf_slice(&b), record_bytes(room, n)))
			atomic_fetch_add(&c->wrong, 1);
	}
	buf_fini(&b);
	return NULL;
}

static void *cursor_main(void *arg)
{
	struct crowd *c = arg;
	struct journal_cursor *k;
	struct journal_record r;
	uint8_t room[1500];
	size_t n = 0, total = sizeof c->pos / sizeof *c->pos;
	if (journal_cursor_open(&k, c->j, NULL, NULL) != ERR_OK) {
		atomic_fetch_add(&c->wrong, 1);
		return NULL;
	}
	while (n < total) {
		enum err e = journal_cursor_next(k, &r, NULL);
		if (e == ERR_NOTFOUND)
			continue;
		if (e != ERR_OK || !slice_eq(r.payload, record_bytes(room, n))) {
			atomic_fetch_add(&c->wrong, 1);
			break;
		}
		n++;
	}
	journal_cursor_close(k);
	return NULL;
}

/* The whole check of a live journal, as `argosy verify` does beside the daemon; and one more
 * opening. */
static void *checker_main(void *arg)
{
	struct crowd *c = arg;
	struct journal_options o = {.read_only = true};
	struct journal_report report;
	struct err_text t;
	size_t seen = 0, total = sizeof c->pos / sizeof *c->pos;
	while (seen < total) {
		struct journal *j;
		struct journal_stat stat = {0};
		seen = atomic_load(&c->appended);
		enum err e = journal_open(&j, io_posix(), c->dir, &FINGERPRINT, &o, &t);
		if (e == ERR_OK)
			journal_stat(j, &stat);
		if (e == ERR_OK)
			e = journal_verify(io_posix(), c->dir, NULL, &report, NULL, NULL, &t);
		if (e != ERR_OK || stat.records < seen || report.records < stat.records) {
			fprintf(stderr, "%s\n", t.text);
			atomic_fetch_add(&c->wrong, 1);
		}
		journal_close(j);
	}
	return NULL;
}

static void readers_beside_the_writer(void **s)
{
	(void)s;
	static struct crowd c;
	char dir[] = "/tmp/argosy-journal-XXXXXX", path[100];
	struct journal_options o = {.segment_bytes = SEGMENT, .create = true};
	uint8_t room[1500];
	pthread_t t[4];
	struct journal_stat stat;
	assert_non_null(mkdtemp(dir));
	c.dir = dir;
	OK(journal_open(&c.j, io_posix(), dir, &FINGERPRINT, &o, NULL));
	assert_int_equal(pthread_create(&t[0], NULL, reader_main, &c), 0);
	assert_int_equal(pthread_create(&t[1], NULL, reader_main, &c), 0);
	assert_int_equal(pthread_create(&t[2], NULL, cursor_main, &c), 0);
	assert_int_equal(pthread_create(&t[3], NULL, checker_main, &c), 0);
	for (size_t n = 0; n < sizeof c.pos / sizeof *c.pos; n++) {
		OK(journal_append(c.j, (uint8_t)n, record_bytes(room, n), &c.pos[n], NULL));
		if (n % 7 == 0)
			OK(journal_sync(c.j, NULL));
		atomic_store(&c.appended, n + 1);
	}
	for (size_t i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(atomic_load(&c.wrong), 0);
	journal_stat(c.j, &stat);
	assert_true(stat.segments > 16); /* more than there are kept handles */
	journal_close(c.j);
	for (uint32_t n = 1; n <= stat.segments; n++) {
		char name[SEGMENT_NAME_MAX];
		segment_name(name, n);
		snprintf(path, sizeof path, "%s/%s", dir, name);
		unlink(path);
	}
	snprintf(path, sizeof path, "%s/%s", dir, MARK_NAME);
	unlink(path);
	assert_int_equal(rmdir(dir), 0);
}

static void names(void **s)
{
	(void)s;
	static const struct {
		const char *name;
		uint32_t number;
	} v[] = {
		{"000001.seg", 1},
		{"999999.seg", 999999},
		{"1000000.seg", 1000000},
		{"4294967295.seg", UINT32_MAX},
		{"000000.seg", 0},
		{"1.seg", 0},
		{"0000001.seg", 0},
		{"4294967296.seg", 0},
		{"000001.seg.tmp", 0},
		{"mark", 0},
		{"", 0},
		{"000001", 0},
		{"99999999999999999999999.seg", 0},
		{"+00001.seg", 0},
	};
	for (size_t i = 0; i < sizeof v / sizeof *v; i++)
		assert_int_equal(segment_number(v[i].name), v[i].number);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(empty),
		cmocka_unit_test(append_read_walk_roll),
		cmocka_unit_test(record_of_parts),
		cmocka_unit_test(cursor_from_the_middle),
		cmocka_unit_test(limits),
		cmocka_unit_test(read_only),
		cmocka_unit_test(torn_at_every_byte),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(damage_is_not_a_torn_tail),
		cmocka_unit_test(torn_group),
		cmocka_unit_test(misplaced_segments),
		cmocka_unit_test(forged_headers),
		cmocka_unit_test(misdirected_block),
		cmocka_unit_test(dead_after_a_fault),
		cmocka_unit_test(failed_sync_then_power_failure),
		cmocka_unit_test(progress_and_stop),
		cmocka_unit_test(read_checks_its_bytes),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(readers_beside_the_writer),
		cmocka_unit_test(names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
