/*
 * Row 4, the ledger: the nth failure of everything while it lives a short life.
 *
 * A ledger with some blocks, the last of which are in the journal alone, is opened, executes
 * and commits a block (events, a batch, a refusal), flushes, commits another, reads, proves,
 * closes. In that life each operation on its files fails in turn: the nth once, or the nth
 * and all after it, with an I/O error and with a full disk; and each allocation, once or from
 * then on. Then it is opened again, with a second fault at some other place, and at last in
 * peace. (LMDB writes its own file past our table: its full disk is row 5's.)
 *
 * Asked of every fault: no crash, no memory and no descriptor lost, a sentence; and in peace
 * the blocks that were acknowledged are there with the app hashes that they must have, and
 * what was not can be done, and gives what it would have given.
 *
 *	nth_ledger_row [io|memory [FIRST]]
 *
 * ARGOSY_NTH_STEP: every how manieth fault is tried, 1.
 */
#include "fail_memory.h"

#include "row_node.h"

#include "ledger/header.h"

enum { BEFORE = 3, BLOCKS = 2, TXS = 4 };

static struct row_node r;
static char dir[200], template[240], work[240];
static int64_t time_s; /* of block 1 */
static struct hash app_hash_of[BEFORE + BLOCKS + 1];
static uint64_t log_size_of[BEFORE + BLOCKS + 1];
static struct buf tx_bytes[BEFORE + BLOCKS + 1][TXS];
static uint64_t step = 1, faults[2], second_hits;

/* ---- files that fail ---- */

static uint64_t ops, io_fail_at;
static bool io_fail_on;
static enum err io_fault;
static struct io failing;

static bool refuse_io(enum err *e, const char *path, struct err_text *t)
{
	ops++;
	if (io_fail_at == 0 || ops < io_fail_at || (ops > io_fail_at && !io_fail_on))
		return false;
	*e = err_set(t, io_fault, "%s: %s (on purpose)", path, err_str(io_fault));
	return true;
}

#define MAY_FAIL(path)                                                                             \
	do {                                                                                       \
		enum err refused_;                                                                 \
		if (refuse_io(&refused_, path, t))                                                 \
			return refused_;                                                           \
	} while (0)

static enum err f_open(const struct io *io, struct io_file **out, const char *path,
		       enum io_mode mode, struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	TRY(io_posix()->open(io_posix(), out, path, mode, t));
	(*out)->io = &failing;
	return ERR_OK;
}

static enum err f_pread(struct io_file *f, void *p, size_t n, uint64_t offset, size_t *got,
			struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->pread(f, p, n, offset, got, t);
}

static enum err f_map(struct io_file *f, const uint8_t **p, size_t *n, struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->map(f, p, n, t);
}

/* A write that fails leaves half of its first part. */
static enum err f_pwrite(struct io_file *f, const struct slice *parts, size_t count,
			 uint64_t offset, struct err_text *t)
{
	enum err e;
	if (refuse_io(&e, f->path, t)) {
		struct slice half = slice(parts[0].p, parts[0].n / 2);
		(void)!io_posix()->pwrite(f, &half, 1, offset, NULL);
		return e;
	}
	return io_posix()->pwrite(f, parts, count, offset, t);
}

static enum err f_sync(struct io_file *f, struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->sync(f, t);
}

static enum err f_truncate(struct io_file *f, uint64_t size, struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->truncate(f, size, t);
}

static enum err f_size(struct io_file *f, uint64_t *size, struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->size(f, size, t);
}

static enum err f_lock(struct io_file *f, struct err_text *t)
{
	MAY_FAIL(f->path);
	return io_posix()->lock(f, t);
}

static enum err f_rename(const struct io *io, const char *from, const char *to, struct err_text *t)
{
	(void)io;
	MAY_FAIL(from);
	return io_posix()->rename(io_posix(), from, to, t);
}

static enum err f_remove(const struct io *io, const char *path, struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	return io_posix()->remove(io_posix(), path, t);
}

static enum err f_mkdir(const struct io *io, const char *path, struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	return io_posix()->mkdir(io_posix(), path, t);
}

static enum err f_list(const struct io *io, const char *path, io_list_fn each, void *arg,
		       struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	return io_posix()->list(io_posix(), path, each, arg, t);
}

static enum err f_sync_dir(const struct io *io, const char *path, struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	return io_posix()->sync_dir(io_posix(), path, t);
}

static enum err f_exists(const struct io *io, const char *path, bool *yes, struct err_text *t)
{
	(void)io;
	MAY_FAIL(path);
	return io_posix()->exists(io_posix(), path, yes, t);
}

static void failing_make(void)
{
	failing = *io_posix();
	failing.open = f_open;
	failing.pread = f_pread;
	failing.map = f_map;
	failing.pwrite = f_pwrite;
	failing.sync = f_sync;
	failing.truncate = f_truncate;
	failing.size = f_size;
	failing.lock = f_lock;
	failing.rename = f_rename;
	failing.remove = f_remove;
	failing.mkdir = f_mkdir;
	failing.list = f_list;
	failing.sync_dir = f_sync_dir;
	failing.exists = f_exists;
}

/* ---- the life ---- */

static enum err open_ledger(struct ledger **l, const struct io *io, struct err_text *t)
{
	struct ledger_options o = {.io = io, .app = &trade_app, .synchronous = true};
	return ledger_open(l, work, &o, t);
}

/* Block `height` with its transactions, prepared by the ledger. */
static enum err one_block(struct ledger *l, int64_t height, struct err_text *t)
{
	struct buf bytes = BUF_INIT;
	struct ledger_executed out;
	for (unsigned i = 0; i < TXS; i++) {
		buf_put_u8(&bytes, 1 << 3 | 2);
		buf_put_lp(&bytes, buf_slice(&tx_bytes[height][i]));
	}
	enum err e = buf_err(&bytes);
	struct slice packet = buf_slice(&bytes);
	struct ledger_block b = {
		.height = height, .time_s = time_s + height, .packets = &packet, .n_packets = 1};
	if (e == ERR_OK)
		e = ledger_execute(l, &out, &b, t);
	if (e == ERR_OK)
		e = ledger_commit(l, &b, &(struct hash){{0}}, slice(NULL, 0), slice(NULL, 0), t);
	buf_fini(&bytes);
	return e;
}

static enum err look(struct ledger *l, struct err_text *t)
{
	struct ledger_head h;
	struct ledger_proof proof;
	struct state_proof sp;
	struct buf b = BUF_INIT, value = BUF_INIT;
	struct slice key = SLICE_LIT("m/orchard");
	uint8_t id[16];
	bool found;
	int64_t height;
	ledger_head(l, &h);
	row_id(id, 1);
	enum err e = ledger_read_block(l, &b, h.height);
	buf_clear(&b);
	if (e == ERR_OK)
		e = ledger_read_record(l, &b, 0);
	if (e == ERR_OK)
		e = ledger_tx_height(l, &found, &height, SLICE_LIT("orchard"), id);
	if (e == ERR_OK && !found)
		e = err_set(t, ERR_VERIFY, "an id is forgotten");
	if (e == ERR_OK)
		e = ledger_prove(l, &proof, &key, 1, &value, &sp, t);
	if (e != ERR_OK && !t->text[0]) /* readers give no sentence: the caller has the question */
		(void)!err_set(t, e, "%s: reading", work);
	buf_fini(&b);
	buf_fini(&value);
	return e;
}

/* *acked: the last height that was committed. */
static enum err live(const struct io *io, int64_t *acked, struct err_text *t)
{
	struct ledger *l;
	TRY(open_ledger(&l, io, t));
	enum err e = ERR_OK;
	struct ledger_head h;
	ledger_head(l, &h);
	for (int64_t height = h.height + 1; height <= BEFORE + BLOCKS && e == ERR_OK; height++) {
		e = one_block(l, height, t);
		if (e != ERR_OK)
			break;
		*acked = height;
		if (height == BEFORE + 1)
			e = ledger_flush(l, t);
	}
	if (e == ERR_OK)
		e = look(l, t);
	ledger_close(l);
	return e;
}

/* In peace: what was acknowledged is there, and the rest gives what it must. */
static enum err check(int64_t acked, struct err_text *t)
{
	struct ledger *l;
	struct ledger_head h;
	TRY(open_ledger(&l, NULL, t));
	ledger_head(l, &h);
	enum err e = ERR_OK;
	if (h.height < acked || h.height > BEFORE + BLOCKS)
		e = err_set(t, ERR_VERIFY, "height %" PRId64 " of %" PRId64, h.height, acked);
	for (; e == ERR_OK; ledger_head(l, &h)) {
		if (!hash_eq(&h.app_hash, &app_hash_of[h.height]) ||
		    h.log_size != log_size_of[h.height])
			e = err_set(t, ERR_VERIFY, "another app hash at height %" PRId64, h.height);
		if (e != ERR_OK || h.height == BEFORE + BLOCKS)
			break;
		e = one_block(l, h.height + 1, t);
	}
	if (e == ERR_OK)
		e = look(l, t);
	if (e == ERR_OK)
		e = ledger_flush(l, t);
	ledger_close(l);
	return e;
}

/* ---- the loops ---- */

static void lay_out(void)
{
	char command[900];
	snprintf(command, sizeof command, "rm -rf '%s' && cp -r '%s' '%s'", work, template, work);
	row_shell(command);
}

static int broken(const char *kind, uint64_t nth, bool on, const char *what,
		  const struct err_text *t)
{
	printf("row 4: BROKEN: ledger, %s fault %" PRIu64 "%s: %s (%s)\n", kind, nth,
	       on ? " and on" : "", what, t->text);
	return 1;
}

static int io_once(uint64_t nth, bool on, enum err fault, bool *hit)
{
	struct err_text t = {""};
	int64_t acked = 0;
	lay_out();
	int fds = descriptors();
	int64_t before = live_blocks;
	ops = 0;
	io_fail_at = nth;
	io_fail_on = on;
	io_fault = fault;
	enum err e = live(&failing, &acked, &t);
	*hit = ops >= nth;
	if (e == ERR_VERIFY)
		return broken("io", nth, on, "the promise is broken at once", &t);
	if (e != ERR_OK && !*hit)
		return broken("io", nth, on, "it fails by itself", &t);
	if (e != ERR_OK && !t.text[0])
		return broken("io", nth, on, "the fault has no sentence", &t);
	if (live_blocks != before)
		return broken("io", nth, on, "memory is lost", &t);
	if (descriptors() != fds)
		return broken("io", nth, on, "a descriptor is lost", &t);
	/* The second fault, somewhere in the recovery. */
	t.text[0] = 0;
	ops = 0;
	io_fail_at = 1 + nth * 7919 % 97;
	e = live(&failing, &acked, &t);
	second_hits += ops >= io_fail_at;
	if (e == ERR_VERIFY || (e != ERR_OK && (ops < io_fail_at || !t.text[0])))
		return broken("io", nth, on, "the recovery, with a second fault", &t);
	io_fail_at = 0;
	if (check(acked, &t) != ERR_OK)
		return broken("io", nth, on, "the recovery", &t);
	return 0;
}

static int io_loop(uint64_t first)
{
	static const enum err kinds[] = {ERR_IO, ERR_NOSPACE};
	for (unsigned k = 0; k < 4; k++) {
		bool hit = true;
		for (uint64_t nth = first; hit; nth += step) {
			if (io_once(nth, k & 1, kinds[k / 2], &hit))
				return 1;
			faults[0] += hit;
		}
	}
	return 0;
}

static int memory_once(uint64_t nth, bool on, bool *hit)
{
	struct err_text t = {""};
	int64_t acked = 0;
	lay_out();
	int fds = descriptors();
	int64_t before = live_blocks;
	allocations = 0;
	fail_on = on;
	fail_at = nth;
	enum err e = live(NULL, &acked, &t);
	fail_at = 0;
	*hit = allocations >= nth;
	if (e != ERR_OK && !*hit)
		return broken("memory", nth, on, "it fails by itself", &t);
	if (e != ERR_OK && e != ERR_NOMEM)
		return broken("memory", nth, on, "no memory is not told as such", &t);
	if (live_blocks != before)
		return broken("memory", nth, on, "memory is lost", &t);
	if (descriptors() != fds)
		return broken("memory", nth, on, "a descriptor is lost", &t);
	if (check(acked, &t) != ERR_OK)
		return broken("memory", nth, on, "the recovery", &t);
	return 0;
}

static int memory_loop(uint64_t first)
{
	for (int on = 0; on < 2; on++) {
		bool hit = true;
		for (uint64_t nth = first; hit; nth += step) {
			if (memory_once(nth, on, &hit))
				return 1;
			faults[1] += hit;
		}
	}
	return 0;
}

/* ---- before ---- */

static void sign_all(void)
{
	for (int64_t h = 1; h <= BEFORE + BLOCKS; h++)
		for (unsigned i = 0; i < TXS; i++) {
			struct row_tx tx = {.number = (uint64_t)h * TXS + i - TXS + 1,
					    .events = 1 + i,
					    .last_refused = i == 2,
					    .expires_ms = (time_s + 3600) * 1000};
			tx_bytes[h][i] = row_sign(&r, &tx);
		}
}

/* A ledger of BEFORE blocks, the first of them flushed; and what every height must give. */
static void prepare(void)
{
	struct ledger *l;
	struct ledger_head h;
	struct err_text t = {""};
	char command[900];
	snprintf(work, sizeof work, "%s/work", dir);
	snprintf(template, sizeof template, "%s/template", dir);
	row_create(&r, work);
	time_s = r.expires_ms / 1000 - 11 * 3600;
	sign_all();
	enum err e = open_ledger(&l, NULL, &t);
	for (int64_t height = 1; height <= BEFORE && e == ERR_OK; height++) {
		e = one_block(l, height, &t);
		if (e == ERR_OK && height == 1)
			e = ledger_flush(l, &t);
	}
	if (e != ERR_OK)
		row_die("preparing", e, &t);
	ledger_close(l);
	snprintf(command, sizeof command, "cp -r '%s' '%s'", work, template);
	row_shell(command);
	e = open_ledger(&l, NULL, &t);
	for (;; ledger_head(l, &h)) {
		if (e != ERR_OK)
			row_die("preparing", e, &t);
		ledger_head(l, &h);
		app_hash_of[h.height] = h.app_hash;
		log_size_of[h.height] = h.log_size;
		if (h.height == BEFORE + BLOCKS)
			break;
		e = one_block(l, h.height + 1, &t);
	}
	ledger_close(l);
}

int main(int argc, char **argv)
{
	static char out[4096]; /* so that printing allocates nothing while that is counted */
	const char *only = argc > 1 ? argv[1] : "", *every = getenv("ARGOSY_NTH_STEP");
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	int failed = 0;
	setvbuf(stdout, out, _IOLBF, sizeof out);
	if (every && strtoull(every, NULL, 10) > 0)
		step = strtoull(every, NULL, 10);
	snprintf(dir, sizeof dir, "/dev/shm/argosy-nth-XXXXXX");
	if (!mkdtemp(dir))
		row_folder(dir, sizeof dir, "nth");
	failing_make();
	prepare();
	/* Once in peace: what libraries keep for ever is kept from here on. */
	int64_t acked = 0;
	struct err_text t = {""};
	lay_out();
	if (live(NULL, &acked, &t) != ERR_OK || check(acked, &t) != ERR_OK)
		row_die("row 4: without any fault", ERR_VERIFY, &t);
	if (strcmp(only, "memory") != 0)
		failed = io_loop(first);
	if (!failed && CAN_FAIL_MEMORY && strcmp(only, "io") != 0)
		failed = memory_loop(first);
	if (!CAN_FAIL_MEMORY)
		printf("SKIP: memory faults: the sanitizer has its own malloc\n");
	printf("row 4: nth failure, ledger: %" PRIu64 " of files (%" PRIu64
	       " with a second one in the recovery), %" PRIu64 " of memory: %d broken\n",
	       faults[0], second_hits, faults[1], failed);
	if (!failed)
		row_remove(dir);
	return failed;
}
