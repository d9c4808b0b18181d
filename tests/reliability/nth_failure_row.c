/*
 * Row 4: the nth failure of everything.
 *
 * A scenario runs from nothing to its end, and each operation of its disk
 * fails in turn: the nth once, the nth and all after it, with an I/O error and
 * with a full disk. After each the scenario's check opens again what is there
 * and holds it against what was acknowledged; during that, every operation of
 * the recovery fails in turn as well (the second fault). Then the same for
 * memory: the nth allocation fails, once or from then on, on real files.
 *
 * Asked of every fault: no abort, an error with a sentence that names the file,
 * no memory and no descriptor lost, nothing acknowledged forgotten.
 *
 *	nth_failure_row [NAME-OF-SCENARIO]
 *
 * To add one: a pair of functions and a line in `scenarios`.
 */
#include "fail_memory.h"

#include "base/io_sim.h"
#include "journal/journal.h"
#include "node/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- scenarios ---- */

/* What a scenario knows of its acknowledgements; zero at its beginning. */
struct promise {
	bool made;
	uint64_t acked, appended;
	int64_t height;
};

struct scenario {
	const char *name;
	/* From nothing to the end. A fault ends it, and everything is closed. */
	enum err (*run)(const struct io *io, const char *dir, struct promise *p,
			struct err_text *t);
	/* Opens again, holds it against the promise, goes on a little. ERR_VERIFY: broken. */
	enum err (*check)(const struct io *io, const char *dir, struct promise *p,
			  struct err_text *t);
};

static const struct hash FINGERPRINT = {{4, 2}};

static struct slice content(uint8_t room[static 3000], uint64_t n)
{
	size_t length = (size_t)(n * 811 % 3000);
	memset(room, (int)(n + 1), length);
	return slice(room, length);
}

static enum err append_groups(struct journal *j, struct promise *p, int groups, struct err_text *t)
{
	uint8_t room[3000];
	for (int g = 0; g < groups; g++) {
		for (int i = 0; i < 3; i++) {
			struct journal_pos pos;
			TRY(journal_append(j, 1, content(room, p->appended++), &pos, t));
		}
		TRY(journal_sync(j, t));
		p->acked = p->appended;
	}
	return ERR_OK;
}

/* All records, by a walk; their number. */
static enum err walk(struct journal *j, uint64_t *records, struct err_text *t)
{
	struct journal_cursor *c;
	struct journal_record r;
	uint8_t room[3000];
	enum err e;
	*records = 0;
	TRY(journal_cursor_open(&c, j, NULL, t));
	while ((e = journal_cursor_next(c, &r, t)) == ERR_OK) {
		if (!slice_eq(r.payload, content(room, *records))) {
			e = err_set(t, ERR_VERIFY, "record %" PRIu64 " is not what was appended",
				    *records);
			break;
		}
		(*records)++;
	}
	journal_cursor_close(c);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

static enum err journal_run(const struct io *io, const char *dir, struct promise *p,
			    struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct journal_options o = {.segment_bytes = 16 * 1024, .create = !p->made};
	struct journal *j;
	struct journal_report report;
	struct buf b = BUF_INIT;
	uint64_t records;
	TRY(io_join(path, dir, "log", t));
	TRY(journal_open(&j, io, path, &FINGERPRINT, &o, t));
	p->made = true;
	enum err e = append_groups(j, p, 4, t); /* into a second segment */
	if (e == ERR_OK)
		e = walk(j, &records, t);
	if (e == ERR_OK)
		e = journal_read(j, (struct journal_pos){1, 4096}, NULL, &b, t);
	journal_close(j);
	buf_fini(&b);
	TRY(e);
	o.create = false;
	TRY(journal_open(&j, io, path, &FINGERPRINT, &o, t));
	e = append_groups(j, p, 1, t);
	journal_close(j);
	TRY(e);
	return journal_verify(io, path, &FINGERPRINT, &report, NULL, NULL, t);
}

static enum err journal_check(const struct io *io, const char *dir, struct promise *p,
			      struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct journal_options o = {.segment_bytes = 16 * 1024, .create = !p->made};
	struct journal *j;
	uint64_t records = 0;
	TRY(io_join(path, dir, "log", t));
	TRY(journal_open(&j, io, path, &FINGERPRINT, &o, t));
	p->made = true;
	enum err e = walk(j, &records, t);
	if (e == ERR_OK && (records < p->acked || records > p->appended))
		e = err_set(t, ERR_VERIFY, "%" PRIu64 " records, %" PRIu64 " acknowledged", records,
			    p->acked);
	if (e == ERR_OK) {
		p->acked = p->appended = records;
		e = append_groups(j, p, 1, t);
	}
	journal_close(j);
	return e;
}

static enum err guard_go(const struct io *io, const char *path, struct promise *p, int heights,
			 struct err_text *t)
{
	struct guard *g;
	struct guard_mark m = {0};
	TRY(guard_open(&g, io, path, t));
	guard_last(g, &m);
	enum err e = ERR_OK;
	if (m.height < p->height)
		e = err_set(t, ERR_VERIFY, "height %" PRId64 " was granted and is forgotten",
			    p->height);
	/* The very last once more, as a node does that opens: that too is a grant. */
	for (int i = 0; i <= heights && e == ERR_OK; i++) {
		m.height += i > 0;
		e = guard_advance(g, &m, t);
		if (e == ERR_OK)
			p->height = m.height;
	}
	guard_close(g);
	return e;
}

static enum err guard_run(const struct io *io, const char *dir, struct promise *p,
			  struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct guard_mark m = {0};
	TRY(io_join(path, dir, "last_signed", t));
	TRY(guard_create(io, path, &m, t));
	p->made = true;
	TRY(guard_go(io, path, p, 3, t));
	return guard_go(io, path, p, 2, t);
}

static enum err guard_check(const struct io *io, const char *dir, struct promise *p,
			    struct err_text *t)
{
	char path[IO_PATH_MAX];
	if (!p->made)
		return guard_run(io, dir, p, t);
	TRY(io_join(path, dir, "last_signed", t));
	return guard_go(io, path, p, 1, t);
}

static const struct scenario scenarios[] = {
	{"journal", journal_run, journal_check},
	{"guard", guard_run, guard_check},
};

/* ---- the loops ---- */

static uint64_t io_faults, second_faults, memory_faults;

static int broken(const struct scenario *s, const char *what, uint64_t nth, uint64_t second,
		  const struct err_text *t)
{
	printf("row 4: BROKEN: %s, fault %" PRIu64 ", second fault %" PRIu64 ": %s (%s)\n", s->name,
	       nth, second, what, t->text);
	return 1;
}

/* A fault has a sentence, and that names the file; memory has none to name. */
static bool well_told(enum err e, const struct err_text *t)
{
	return t->text[0] && (e == ERR_NOMEM || strchr(t->text, '/'));
}

struct fault {
	uint64_t nth;
	bool sticky;
	enum err e;
};

/*
 * Runs the scenario with the fault, then the check with a second one (nth 0:
 * none), then, with the process and its cache gone (a power failure), the check
 * once more in peace. *first_hit and *second_hit: the faults were reached.
 */
static int one_fault(const struct scenario *s, struct fault first, struct fault second,
		     bool *first_hit, bool *second_hit)
{
	struct io_sim *sim = io_sim_new(first.nth * 1000 + second.nth);
	const struct io *io = io_sim_io(sim);
	struct promise p = {0};
	struct err_text t = {""};
	int bad = 0;
	uint64_t before;
	enum err e;

	io_sim_fail_at(sim, first.nth, first.sticky, first.e);
	before = io_sim_ops(sim);
	e = s->run(io, "", &p, &t);
	*first_hit = io_sim_ops(sim) - before >= first.nth;
	if (*first_hit && e != ERR_OK && !well_told(e, &t))
		bad = broken(s, "the fault is not told well", first.nth, 0, &t);
	if (!bad && e == ERR_VERIFY)
		bad = broken(s, "the promise is broken at once", first.nth, 0, &t);
	if (!bad && io_sim_open_files(sim) > 0)
		bad = broken(s, "a file is left open", first.nth, 0, &t);

	t.text[0] = 0;
	io_sim_fail_at(sim, second.nth, second.sticky, second.e);
	before = io_sim_ops(sim);
	e = s->check(io, "", &p, &t);
	*second_hit = second.nth > 0 && io_sim_ops(sim) - before >= second.nth;
	if (!bad && e != ERR_OK && (!*second_hit || e == ERR_VERIFY || !well_told(e, &t)))
		bad = broken(s, "the recovery fails", first.nth, second.nth, &t);
	if (!bad && io_sim_open_files(sim) > 0)
		bad = broken(s, "the recovery leaves a file open", first.nth, second.nth, &t);
	io_sim_fail_at(sim, 0, false, ERR_OK);
	io_sim_restart(sim);
	e = s->check(io, "", &p, &t);
	if (!bad && e != ERR_OK)
		bad = broken(s, "the recovery after a power failure fails", first.nth, second.nth,
			     &t);
	io_sim_free(sim);
	return bad;
}

static int io_loop(const struct scenario *s)
{
	static const struct fault kinds[] = {
		{0, false, ERR_IO},
		{0, true, ERR_IO},
		{0, false, ERR_NOSPACE},
		{0, true, ERR_NOSPACE},
	};
	for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
		struct fault first = kinds[k];
		for (bool hit = true; hit;) {
			struct fault second = {0, first.sticky, first.e};
			first.nth++;
			for (bool again = true; again;) {
				if (one_fault(s, first, second, &hit, &again))
					return 1;
				again = again || second.nth == 0;
				second_faults += second.nth > 0;
				second.nth++;
			}
			io_faults += hit;
		}
	}
	return 0;
}

/* Removes what a scenario left in a real directory. */
static void sweep(const char *dir)
{
	char command[IO_PATH_MAX];
	snprintf(command, sizeof command, "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		printf("row 4: cannot remove %s\n", dir);
}

static int memory_once(const struct scenario *s, uint64_t nth, bool on, bool *hit)
{
	char dir[] = "/tmp/argosy-nth-XXXXXX";
	struct promise p = {0};
	struct err_text t = {""};
	int bad = 0;
	if (!mkdtemp(dir)) {
		perror(dir);
		return 1;
	}
	int fds = descriptors();
	int64_t before = live_blocks;
	allocations = 0;
	fail_on = on;
	fail_at = nth;
	enum err e = s->run(io_posix(), dir, &p, &t);
	fail_at = 0;
	*hit = allocations >= nth;
	if (*hit && e != ERR_OK && (e != ERR_NOMEM || !well_told(e, &t)))
		bad = broken(s, "no memory is not told as such", nth, 0, &t);
	if (!bad && e != ERR_OK && !*hit)
		bad = broken(s, "it fails by itself", nth, 0, &t);
	if (!bad && live_blocks != before)
		bad = broken(s, "memory is lost", nth, 0, &t);
	if (!bad && descriptors() != fds)
		bad = broken(s, "a descriptor is lost", nth, 0, &t);
	if (!bad && s->check(io_posix(), dir, &p, &t) != ERR_OK)
		bad = broken(s, "the recovery fails", nth, 0, &t);
	sweep(dir);
	return bad;
}

static int memory_loop(const struct scenario *s)
{
	for (int on = 0; on < 2; on++) {
		bool hit = true;
		for (uint64_t nth = 1; hit; nth++) {
			if (memory_once(s, nth, on, &hit))
				return 1;
			memory_faults += hit;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	int failed = 0;
	static char out[4096]; /* so that printing allocates nothing while that is counted */
	setvbuf(stdout, out, _IOLBF, sizeof out);
	for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios && !failed; i++) {
		if (argc > 1 && strcmp(argv[1], scenarios[i].name) != 0)
			continue;
		failed = io_loop(&scenarios[i]);
		if (!failed && CAN_FAIL_MEMORY)
			failed = memory_loop(&scenarios[i]);
	}
	if (!CAN_FAIL_MEMORY)
		printf("SKIP: memory faults: the sanitizer has its own malloc\n");
	printf("row 4: nth failure: %" PRIu64 " of the disk, each with every second one (%" PRIu64
	       " pairs), %" PRIu64 " of memory: %d broken\n",
	       io_faults, second_faults, memory_faults, failed);
	return failed;
}
