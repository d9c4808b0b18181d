/*
 * state_corruption_row: the state's LMDB file, and a run that lies over it, damaged in
 * every way that disks know, and some that people do.
 *
 * A store of 2,500 rows, a twelfth of them on overflow pages, is made once with all of
 * them in LMDB and once with all in one run. Each trial damages a copy and opens it in a child of its own, which then reads every
 * row, runs three blocks, flushes, and opens once more. It must say ERR_CORRUPT at
 * some point, or give the very roots that the whole store gives; anything else is
 * silent corruption. A crash at opening would be a crash loop and fails the row.
 *
 * The last kind damages the file of a running state. There LMDB may crash (it reads
 * its pages unchecked); the next opening must then be sound, by the same rule.
 *
 * Usage: state_corruption_row [TRIALS], default 300 of each kind; seed: ARGOSY_SEED, 1.
 */
#include "row_seed.h"

#include "base/io.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROWS = 2500, PAGE = 4096, BLOCKS = 3 };

enum kind { BIT, HEADER, ZEROED, TORN, MISDIRECTED, CUT, OLDER, BYTES, RUNNING, KINDS };

static const char *const kind_names[KINDS] = {
	"one bit flipped",   "one page header byte changed", "one page zeroed",
	"one sector older",  "one page written elsewhere",   "tail cut off",
	"old file put back", "eight bytes of noise",	     "one bit flipped while running",
};

/* What a child found, as its exit code. */
enum finding { HARMLESS = 10, AT_OPENING, AT_READING, SILENT, FAULT };

static char dir[64], file[96];
static struct buf whole, older;
static struct hash roots[BLOCKS + 1];
static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (seed >> 33) % below;
}

static void must(enum err e, const char *what)
{
	if (e == ERR_OK)
		return;
	fprintf(stderr, "state_corruption_row: %s: %s\n", what, err_str(e));
	exit(FAULT);
}

static struct slice key_of(char *b, unsigned i)
{
	snprintf(b, 32, "lot/%05u", i);
	return slice_str(b);
}

/* The value of row i after `version` changes of it. */
static struct slice value_of(uint8_t *b, unsigned i, unsigned version)
{
	size_t n = i % 12 == 0 ? 3000 + i % 4000 : i % 180;
	for (size_t k = 0; k < n; k++)
		b[k] = (uint8_t)(i * 31 + k * 7 + version * 101);
	return slice(b, n);
}

static enum err run_block(struct state *s, int64_t height, struct hash *root)
{
	static uint8_t v[8192];
	char k[32];
	TRY(state_begin(s, NULL));
	for (unsigned j = 0; j < 300; j++) {
		unsigned i = (unsigned)((j * 7919u + (unsigned)height * 104729u) % (ROWS + 500));
		struct slice got;
		bool found;
		enum err e = state_get(s, &found, &got, key_of(k, i));
		if (e == ERR_OK && j % 5 == 0)
			e = state_del(s, key_of(k, i));
		else if (e == ERR_OK)
			e = state_put(s, key_of(k, i), value_of(v, i, (unsigned)height));
		TRY(e);
	}
	TRY(state_root(s, root, NULL));
	return state_commit(s, height, slice_str("note"), NULL);
}

static struct state_options options;

/* Rows in LMDB: every flush is merged. Rows in one run: there is one flush. */
static const struct place {
	const char *what, *file;
	struct state_options options;
} places[] = {
	{"LMDB", "data.mdb", {.synchronous = true, .pending_keys_max = 100, .merge_runs = 1}},
	{"a run", "run-0-10", {.synchronous = true}},
};

static void make_store(void)
{
	static uint8_t v[8192];
	char k[32];
	struct state *s;
	must(state_open(&s, dir, &options, NULL), "open");
	for (unsigned b = 0; b < 10; b++) {
		must(state_begin(s, NULL), "begin");
		for (unsigned i = 0; i < ROWS / 10; i++) {
			unsigned row = i * 10 + b;
			must(state_put(s, key_of(k, row), value_of(v, row, 0)), "put");
		}
		must(state_commit(s, b + 1, slice_str("note"), NULL), "commit");
		if (b == 8 && options.merge_runs) {
			must(state_flush(s, NULL), "flush");
			must(io_read_file(io_posix(), file, SIZE_MAX, &older, NULL), "read");
		}
	}
	must(state_flush(s, NULL), "flush");
	must(io_read_file(io_posix(), file, SIZE_MAX, &whole, NULL), "read");
	struct state_read r;
	must(state_read_begin(&r, s), "read");
	state_read_root(&r, &roots[0]);
	state_read_end(&r);
	for (unsigned b = 1; b <= BLOCKS; b++)
		must(run_block(s, 10 + b, &roots[b]), "block");
	state_close(s);
}

static void write_file(const uint8_t *p, size_t n)
{
	FILE *f = fopen(file, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		must(ERR_IO, file);
}

static void flip_in_place(void)
{
	FILE *f = fopen(file, "r+b");
	uint64_t at = rnd(whole.n);
	uint8_t b = (uint8_t)(whole.p[at] ^ 1u << rnd(8));
	if (!f || fseek(f, (long)at, SEEK_SET) != 0 || fwrite(&b, 1, 1, f) != 1 || fclose(f) != 0)
		must(ERR_IO, file);
}

static void damage(enum kind kind)
{
	uint8_t *p = malloc(whole.n);
	size_t n = whole.n, pages = n / PAGE, page = PAGE * rnd(pages), other = PAGE * rnd(pages);
	if (!p)
		must(ERR_NOMEM, "damage");
	memcpy(p, whole.p, n);
	switch (kind) {
	case BIT:
		p[rnd(n)] ^= (uint8_t)(1u << rnd(8));
		break;
	case HEADER:
		p[page + rnd(16)] ^= (uint8_t)(1 + rnd(255));
		break;
	case ZEROED:
		memset(p + page, 0, PAGE);
		break;
	case TORN:
		page += 512 * rnd(8);
		if (page + 512 <= older.n)
			memcpy(p + page, older.p + page, 512);
		break;
	case MISDIRECTED:
		memcpy(p + page, p + other, PAGE);
		break;
	case CUT:
		n = rnd(n);
		break;
	case OLDER:
		memcpy(p, older.p, n = older.n < n ? older.n : n);
		break;
	case BYTES:
		for (unsigned i = 0, at = (unsigned)rnd(n - 8); i < 8; i++)
			p[at + i] = (uint8_t)rnd(256);
		break;
	case RUNNING:
	case KINDS:
		break;
	}
	write_file(p, n);
	free(p);
}

static enum err same_row(void *ctx, struct slice key, struct slice value)
{
	static uint8_t v[8192];
	unsigned i = 0;
	for (size_t k = 4; k < key.n; k++)
		i = 10 * i + key.p[k] - '0';
	++*(unsigned *)ctx;
	return slice_eq(value, value_of(v, i, 0)) ? ERR_OK : ERR_MISMATCH;
}

/* Everything that a node would ask of it. */
static enum finding use(struct state *s, int64_t height)
{
	struct state_read r;
	struct hash root;
	unsigned rows = 0;
	if (state_read_begin(&r, s) != ERR_OK)
		return AT_READING;
	enum err e = state_read_each(&r, NULL, 0, same_row, &rows);
	state_read_end(&r);
	if (e != ERR_OK)
		return e == ERR_MISMATCH ? SILENT : AT_READING;
	/* An older file is the state of an older height: the journal would bring it on. */
	if (height != 10)
		return rows == ROWS / 10 * (unsigned)height ? HARMLESS : SILENT;
	if (rows != ROWS)
		return SILENT;
	for (unsigned b = 1; b <= BLOCKS; b++) {
		e = run_block(s, 10 + b, &root);
		if (e != ERR_OK)
			return e == ERR_CORRUPT ? AT_READING : FAULT;
		if (!hash_eq(&root, &roots[b]))
			return SILENT;
	}
	e = state_flush(s, NULL);
	return e == ERR_OK ? HARMLESS : AT_READING;
}

static enum finding trial(enum kind kind)
{
	struct state *s;
	int64_t height;
	enum err e = state_open(&s, dir, &options, NULL);
	if (e != ERR_OK)
		return e == ERR_CORRUPT ? AT_OPENING : FAULT;
	if (state_durable(s, &height, NULL) != ERR_OK)
		return FAULT;
	if (kind == RUNNING)
		flip_in_place();
	enum finding f = use(s, height);
	state_close(s);
	if (f != HARMLESS || height != 10)
		return f;
	e = state_open(&s, dir, &options, NULL);
	if (e == ERR_CORRUPT)
		return AT_OPENING;
	must(e, "second opening");
	struct state_read r;
	struct hash root;
	must(state_read_begin(&r, s), "read");
	state_read_root(&r, &root);
	state_read_end(&r);
	state_close(s);
	return hash_eq(&root, &roots[BLOCKS]) ? HARMLESS : SILENT;
}

/* The exit code, or -1 if it crashed. */
static int in_child(enum kind kind)
{
	pid_t pid = fork();
	if (pid == 0)
		_exit((int)trial(kind));
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		must(ERR_IO, "fork");
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool run_kind(enum kind kind, unsigned trials)
{
	unsigned harmless = 0, opening = 0, reading = 0, crashed = 0, failed = 0;
	for (unsigned i = 0; i < trials; i++) {
		uint64_t first = seed;
		must(state_destroy(NULL, dir, NULL), "clean");
		damage(kind);
		int f = in_child(kind);
		rnd(2); /* the child's draws are its own */
		seed += i;
		if (f == -1 && kind == RUNNING) {
			crashed++;
			f = in_child(KINDS);
			f = f == AT_OPENING || f == AT_READING || f == HARMLESS ? 0 : f;
		}
		harmless += f == HARMLESS;
		opening += f == AT_OPENING;
		reading += f == AT_READING;
		if (f == -1 || f == SILENT || f == FAULT) {
			failed++;
			printf("  FAILED (%s), trial %u, drawn from %llu\n",
			       f == -1	     ? "crash"
			       : f == SILENT ? "silent"
					     : "fault",
			       i, (unsigned long long)first);
		}
	}
	printf("%-30s %4u trials: %4u harmless, %4u found at opening, %3u at reading, "
	       "%u stopped by a crash and sound after it, %u wrong\n",
	       kind_names[kind], trials, harmless, opening, reading, crashed, failed);
	return failed == 0;
}

static bool run_place(const struct place *place, unsigned trials, uint64_t first)
{
	bool good = true;
	options = place->options;
	snprintf(file, sizeof file, "%s/%s", dir, place->file);
	whole = older = BUF_INIT;
	must(state_destroy(NULL, dir, NULL), "clean");
	make_store();
	printf("state_corruption: %s, %zu pages with %d rows\n", place->what, whole.n / PAGE, ROWS);
	for (unsigned k = 0; k < KINDS; k++) {
		seed = 1000 * first + k;
		if (older.n || (k != OLDER && k != TORN))
			good = run_kind((enum kind)k, k == OLDER ? 1 : trials) && good;
	}
	buf_fini(&whole);
	buf_fini(&older);
	return good;
}

int main(int argc, char **argv)
{
	unsigned trials = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 300;
	snprintf(dir, sizeof dir, "/dev/shm/argosy-state-XXXXXX");
	if (!mkdtemp(dir)) {
		snprintf(dir, sizeof dir, "/tmp/argosy-state-XXXXXX");
		if (!mkdtemp(dir))
			must(ERR_IO, "mkdtemp");
	}
	bool good = true;
	uint64_t first = row_seed(NULL, 1);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		good = run_place(&places[i], trials, first) && good;
	must(state_destroy(NULL, dir, NULL), "clean");
	rmdir(dir);
	printf("row 6: corruption, state: %u of each kind in LMDB and in a run: %s\n", trials, good ? "nothing silent, no crash at opening" : "FAILED");
	return good ? 0 : 1;
}
