/*
 * Row 6: corruption.
 *
 * A subject (the journal with its guard, a state, a whole node) is built once,
 * and once more as it was earlier. Then, again and again, its files are laid
 * out afresh with one damage of one kind, and the subject looks at them as its
 * program does when it starts. Each damage must be told, or be harmless: all
 * that was acknowledged is read back as it was. Anything else is silent, and
 * the row fails.
 *
 *	corruption_row [TRIALS-OF-EACH-KIND] [SUBJECT] [FIRST-SEED]
 *
 * TRIALS: 300, or the environment's ROW_6_TRIALS; FIRST-SEED: ARGOSY_SEED, 1. A silent one
 * prints its seed.
 *
 * To add a subject: two functions and a line in `subjects`. Files are taken
 * from and laid out in a folder, subfolders included, by the row itself.
 */
#include "row_seed.h"

#include "base/io_sim.h"
#include "journal/journal.h"
#include "node/guard.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what a subject is ---- */

enum finding {
	TOLD_OPENING, /* refused when it is opened */
	TOLD_CHECK,   /* opened, and the whole check or a read tells it */
	TOLD_GUARD,   /* shorter than what was signed */
	HARMLESS,     /* everything is there */
	SILENT,	      /* wrong, and nobody says so */
	FINDINGS,
};

struct subject {
	const char *name;
	bool real; /* in a real folder, not on the simulated disk */
	/* Builds it in `dir`, which is empty; `full` false: as it was earlier, of the same history.
	 */
	enum err (*make)(const struct io *io, const char *dir, bool full, struct err_text *t);
	/* Looks at a damaged one. May change its files. */
	enum finding (*look)(const struct io *io, const char *dir, struct err_text *t);
};

/* ---- the journal and its guard ---- */

static const struct hash FINGERPRINT = {{6}};
enum { HEIGHTS = 90, HEIGHTS_EARLIER = 70, SEGMENT = 24 * 1024 };

static struct slice content(uint8_t room[static 3000], uint64_t n)
{
	size_t length = (size_t)(n * 811 % 3000);
	for (size_t i = 0; i < length; i++)
		room[i] = (uint8_t)(n * 13 + i * i);
	return slice(room, length);
}

static enum err chain_paths(char log[static IO_PATH_MAX], char guard[static IO_PATH_MAX],
			    const char *dir, struct err_text *t)
{
	TRY(io_join(log, dir, "log", t));
	return io_join(guard, dir, "last_signed", t);
}

/* Record n is height n + 1; each is synced, then granted. */
static enum err journal_make(const struct io *io, const char *dir, bool full, struct err_text *t)
{
	char log[IO_PATH_MAX], path[IO_PATH_MAX];
	struct journal_options o = {.segment_bytes = SEGMENT, .create = true};
	struct guard_mark m = {0};
	struct journal *j;
	struct guard *g;
	uint8_t room[3000];
	TRY(chain_paths(log, path, dir, t));
	TRY(guard_create(io, path, &m, t));
	TRY(guard_open(&g, io, path, t));
	enum err e = journal_open(&j, io, log, &FINGERPRINT, &o, t);
	for (uint64_t n = 0; e == ERR_OK && n < (full ? HEIGHTS : HEIGHTS_EARLIER); n++) {
		e = journal_append(j, 1, content(room, n), NULL, t);
		if (e == ERR_OK)
			e = journal_sync(j, t);
		m.height++;
		if (e == ERR_OK)
			e = guard_advance(g, &m, t);
	}
	journal_close(j);
	guard_close(g);
	return e;
}

/* Walks all; SILENT if what is read is not what was written. */
static enum finding journal_walk(struct journal *j, uint64_t *records, struct err_text *t)
{
	struct journal_cursor *c;
	struct journal_record r;
	struct buf b = BUF_INIT;
	uint8_t room[3000];
	enum finding f = HARMLESS;
	enum err e;
	*records = 0;
	if (journal_cursor_open(&c, j, NULL, t) != ERR_OK)
		return TOLD_CHECK;
	while (f == HARMLESS && (e = journal_cursor_next(c, &r, t)) != ERR_NOTFOUND) {
		if (e != ERR_OK)
			f = TOLD_CHECK;
		else if (!slice_eq(r.payload, content(room, *records)))
			f = SILENT;
		else if (journal_read(j, r.pos, NULL, &b, t) != ERR_OK)
			f = TOLD_CHECK;
		else if (!slice_eq(buf_slice(&b), r.payload))
			f = SILENT;
		else
			(*records)++;
	}
	journal_cursor_close(c);
	buf_fini(&b);
	return f;
}

/* A fault that names no damage would be a poor answer. */
static bool tells_damage(enum err e)
{
	return e == ERR_CORRUPT || e == ERR_VERSION || e == ERR_MISMATCH || e == ERR_NOTFOUND;
}

static enum finding journal_look(const struct io *io, const char *dir, struct err_text *t)
{
	char log[IO_PATH_MAX], path[IO_PATH_MAX];
	struct journal_options o = {.segment_bytes = SEGMENT};
	struct journal_report report;
	struct guard_mark m;
	struct journal *j;
	uint64_t records;
	if (chain_paths(log, path, dir, t) != ERR_OK)
		return SILENT;
	enum err e = journal_open(&j, io, log, &FINGERPRINT, &o, t);
	if (e != ERR_OK)
		return tells_damage(e) ? TOLD_OPENING : SILENT;
	enum finding f = journal_walk(j, &records, t);
	journal_close(j);
	if (f == SILENT)
		return f;
	e = journal_verify(io, log, &FINGERPRINT, &report, NULL, NULL, t);
	/* The walk and the whole check must be of one mind. */
	if ((e == ERR_OK) != (f == HARMLESS))
		return SILENT;
	if (e != ERR_OK)
		return tells_damage(e) ? TOLD_CHECK : SILENT;
	e = guard_read(io, path, &m, t);
	if (e != ERR_OK)
		return tells_damage(e) ? TOLD_OPENING : SILENT;
	if (m.height > (int64_t)records) {
		err_set(t, ERR_OK, "height %" PRId64 " was signed, the journal ends at %" PRIu64,
			m.height, records);
		return TOLD_GUARD;
	}
	return records == HEIGHTS ? HARMLESS : SILENT;
}

static const struct subject subjects[] = {
	{"journal", false, journal_make, journal_look},
};

/* ---- trees of files, in memory ---- */

enum { FILES_MAX = 256 };

struct tree {
	struct {
		char *path; /* from the folder on: "/log/000001.seg" */
		struct buf bytes;
		bool gone;
	} file[FILES_MAX];
	size_t n;
	char *dirs[FILES_MAX];
	size_t n_dirs;
	/* while it is read: */
	const struct io *io;
	const char *root, *at;
	enum err e;
};

static _Noreturn void give_up(const char *what, const struct err_text *t)
{
	printf("row 6: cannot go on: %s: %s\n", what, t->text);
	exit(1);
}

static char *text_of(const char *a, const char *b)
{
	char *s;
	if (asprintf(&s, "%s%s", a, b) < 0)
		abort();
	return s;
}

static void tree_read_dir(struct tree *k, const char *at);

static bool tree_take(void *arg, const char *name)
{
	struct tree *k = arg;
	struct err_text t;
	char *begin = text_of(k->at, "/"), *path = text_of(begin, name),
	     *full = text_of(k->root, path);
	free(begin);
	bug_if(k->n == FILES_MAX || k->n_dirs == FILES_MAX);
	struct buf b = BUF_INIT;
	enum err e = io_read_file(k->io, full, 1 << 30, &b, &t);
	free(full);
	if (e == ERR_OK) {
		k->file[k->n].path = path;
		k->file[k->n].bytes = b;
		k->file[k->n++].gone = false;
		return true;
	}
	/* A folder, then. */
	buf_fini(&b);
	k->dirs[k->n_dirs++] = path;
	const char *was = k->at;
	tree_read_dir(k, path);
	k->at = was;
	return true;
}

static void tree_read_dir(struct tree *k, const char *at)
{
	struct err_text t;
	char *full = text_of(k->root, at);
	k->at = at;
	if (io_list(k->io, full, tree_take, k, &t) != ERR_OK)
		give_up(full, &t);
	free(full);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tree_read(struct tree *k, const struct io *io, const char *root)
{
	*k = (struct tree){.io = io, .root = root};
	tree_read_dir(k, "");
	/* In the order of names: a seed must mean the same everywhere. `path` comes first. */
	qsort(k->file, k->n, sizeof k->file[0], by_path);
}

static void tree_write(const struct tree *k, const struct io *io, const char *root)
{
	struct err_text t;
	for (size_t i = 0; i < k->n_dirs; i++) {
		char *full = text_of(root, k->dirs[i]);
		if (io_mkdir(io, full, &t) != ERR_OK)
			give_up(full, &t);
		free(full);
	}
	for (size_t i = 0; i < k->n; i++) {
		struct io_file *f;
		char *full = text_of(root, k->file[i].path);
		if (k->file[i].gone) {
			free(full);
			continue;
		}
		if (io_open(io, &f, full, IO_CREATE_NEW, &t) != ERR_OK ||
		    io_pwrite(f, k->file[i].bytes.p, k->file[i].bytes.n, 0, &t) != ERR_OK)
			give_up(full, &t);
		io_close(f);
		free(full);
	}
}

static void tree_copy(struct tree *to, const struct tree *from)
{
	*to = (struct tree){.n = from->n, .n_dirs = from->n_dirs};
	for (size_t i = 0; i < from->n; i++) {
		to->file[i].path = text_of(from->file[i].path, "");
		buf_put_slice(&to->file[i].bytes, buf_slice(&from->file[i].bytes));
		if (buf_err(&to->file[i].bytes) != ERR_OK)
			abort();
	}
	for (size_t i = 0; i < from->n_dirs; i++)
		to->dirs[i] = text_of(from->dirs[i], "");
}

static void tree_free(struct tree *k)
{
	for (size_t i = 0; i < k->n; i++) {
		free(k->file[i].path);
		buf_fini(&k->file[i].bytes);
	}
	for (size_t i = 0; i < k->n_dirs; i++)
		free(k->dirs[i]);
	k->n = k->n_dirs = 0;
}

static struct buf *tree_find(struct tree *k, const char *path)
{
	for (size_t i = 0; i < k->n; i++)
		if (strcmp(k->file[i].path, path) == 0)
			return &k->file[i].bytes;
	return NULL;
}

/* ---- kinds of damage ---- */

static uint64_t weight(const struct buf *b, bool by_size)
{
	return by_size || b->n == 0 ? b->n : 1;
}

/* A file with bytes, the large ones more often: damage falls where bytes are. */
static struct buf *pick(struct tree *k, struct io_sim *chance)
{
	uint64_t total = 0;
	bool by_size = io_sim_below(chance, 2);
	for (size_t i = 0; i < k->n; i++)
		total += weight(&k->file[i].bytes, by_size);
	uint64_t at = io_sim_below(chance, total);
	for (size_t i = 0; i < k->n; i++) {
		uint64_t w = weight(&k->file[i].bytes, by_size);
		if (at < w)
			return &k->file[i].bytes;
		at -= w;
	}
	return NULL;
}

static void one_bit(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	struct buf *b = pick(k, c);
	b->p[io_sim_below(c, b->n)] ^= (uint8_t)(1 << io_sim_below(c, 8));
}

/* Half of them near the end, where a torn write would be too. */
static size_t place(const struct buf *b, struct io_sim *c, size_t unit)
{
	size_t units = (b->n + unit - 1) / unit;
	if (io_sim_below(c, 2))
		return (units - 1 - io_sim_below(c, units < 3 ? units : 3)) * unit;
	return io_sim_below(c, units) * unit;
}

static void zeroed_page(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	struct buf *b = pick(k, c);
	size_t at = place(b, c, 4096);
	memset(b->p + at, 0, b->n - at < 4096 ? b->n - at : 4096);
}

static void truncated_tail(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	struct buf *b = pick(k, c);
	b->n = io_sim_below(c, 2) ? io_sim_below(c, b->n)
				  : b->n - 1 - io_sim_below(c, b->n < 600 ? b->n : 600);
}

static void swapped_files(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	struct buf *a = pick(k, c), *b = pick(k, c);
	while (b == a)
		b = pick(k, c);
	struct buf was = *a;
	*a = *b;
	*b = was;
}

/* A block of 512 or 4096 bytes written to another address, in the same or in another file. */
static void misdirected_block(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	size_t unit = io_sim_below(c, 2) ? 512 : 4096;
	uint8_t block[4096] = {0};
	struct buf *from = pick(k, c), *to = io_sim_below(c, 2) ? from : pick(k, c);
	size_t at = place(from, c, unit);
	memcpy(block, from->p + at, from->n - at < unit ? from->n - at : unit);
	at = place(to, c, unit);
	memcpy(to->p + at, block, to->n - at < unit ? to->n - at : unit);
}

/* One file as it was earlier; or gone, if it was not there. */
static void old_file(struct tree *k, struct tree *old, struct io_sim *c)
{
	size_t i = io_sim_below(c, k->n);
	struct buf *was = tree_find(old, k->file[i].path);
	k->file[i].gone = !was;
	if (!was)
		return;
	k->file[i].bytes.n = 0;
	buf_put_slice(&k->file[i].bytes, buf_slice(was));
}

/* The whole folder /log or /state, ... as it was earlier; what lies above it stays. */
static void old_folder(struct tree *k, struct tree *old, struct io_sim *c)
{
	const char *dir = k->dirs[io_sim_below(c, k->n_dirs)];
	for (size_t i = 0; i < k->n; i++) {
		if (strncmp(k->file[i].path, dir, strlen(dir)) != 0)
			continue;
		struct buf *was = tree_find(old, k->file[i].path);
		k->file[i].gone = !was;
		k->file[i].bytes.n = 0;
		if (was)
			buf_put_slice(&k->file[i].bytes, buf_slice(was));
	}
}

static void missing_file(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	k->file[io_sim_below(c, k->n)].gone = true;
}

/*
 * The journal's last segment ends at some record's end, and the mark is gone:
 * a good journal, only shorter. It cannot know; whoever signed does.
 */
static void cut_at_record(struct tree *k, struct tree *old, struct io_sim *c)
{
	(void)old;
	struct buf *last = NULL;
	size_t ends[4096], n = 0;
	for (size_t i = 0; i < k->n; i++) {
		if (strstr(k->file[i].path, ".seg"))
			last = &k->file[i].bytes;
		if (strstr(k->file[i].path, "/mark"))
			k->file[i].gone = true;
	}
	if (!last)
		return;
	for (size_t at = 4096; at < last->n && n < 4096;) {
		struct reader r = reader_of(slice(last->p + at, 4));
		ends[n++] = at;
		at += reader_u32le(&r) + 52;
	}
	if (n > 0)
		last->n = ends[io_sim_below(c, n)];
}

static const struct kind {
	const char *name;
	void (*damage)(struct tree *k, struct tree *old, struct io_sim *chance);
} kinds[] = {
	{"one bit", one_bit},
	{"zeroed page", zeroed_page},
	{"truncated tail", truncated_tail},
	{"swapped files", swapped_files},
	{"misdirected block", misdirected_block},
	{"old file put back", old_file},
	{"old folder put back", old_folder},
	{"missing file", missing_file},
	{"cut at a record, no mark", cut_at_record},
};

/* ---- the trials ---- */

static void sweep(const char *dir)
{
	char command[IO_PATH_MAX];
	snprintf(command, sizeof command, "rm -rf -- '%s'", dir);
	if (system(command) != 0)
		printf("row 6: cannot remove %s\n", dir);
}

/* A folder for one go: on a simulated disk or in /tmp. */
struct stage {
	struct io_sim *sim;
	const struct io *io;
	char dir[64];
	bool real;
};

static struct stage stage_new(const struct subject *s)
{
	struct stage k = {.sim = io_sim_new(1), .real = s->real};
	struct err_text t = {"mkdtemp"};
	k.io = s->real ? io_posix() : io_sim_io(k.sim);
	snprintf(k.dir, sizeof k.dir, s->real ? "/tmp/argosy-corrupt-XXXXXX" : "/node");
	if (s->real ? !mkdtemp(k.dir) : io_mkdir(k.io, k.dir, &t) != ERR_OK)
		give_up(k.dir, &t);
	return k;
}

static void stage_end(struct stage *k)
{
	if (k->real)
		sweep(k->dir);
	io_sim_free(k->sim);
}

static void build(const struct subject *s, struct tree *k, bool full)
{
	struct err_text t = {""};
	struct stage g = stage_new(s);
	if (s->make(g.io, g.dir, full, &t) != ERR_OK)
		give_up(s->name, &t);
	tree_read(k, g.io, g.dir);
	stage_end(&g);
}

static enum finding trial(const struct subject *s, const struct kind *kind, const struct tree *good,
			  struct tree *old, uint64_t seed, struct err_text *t)
{
	struct tree k;
	struct io_sim *chance = io_sim_new(seed);
	tree_copy(&k, good);
	if (kind)
		kind->damage(&k, old, chance);
	struct stage g = stage_new(s);
	tree_write(&k, g.io, g.dir);
	enum finding f = s->look(g.io, g.dir, t);
	stage_end(&g);
	tree_free(&k);
	io_sim_free(chance);
	return f;
}

static uint64_t totals[FINDINGS];

static void kind_row(const struct subject *s, const struct kind *kind, const struct tree *good,
		     struct tree *old, uint64_t trials, uint64_t first_seed)
{
	uint64_t count[FINDINGS] = {0};
	for (uint64_t seed = first_seed; seed < first_seed + trials; seed++) {
		struct err_text t = {""};
		enum finding f = trial(s, kind, good, old, seed, &t);
		count[f]++;
		totals[f]++;
		if (f == SILENT)
			printf("row 6: SILENT: %s, %s, seed %" PRIu64 " (%s)\n", s->name,
			       kind->name, seed, t.text);
	}
	printf("row 6: %s, %s: %" PRIu64 " = %" PRIu64 " told on opening + %" PRIu64
	       " by the check + %" PRIu64 " by the guard + %" PRIu64 " harmless + %" PRIu64
	       " silent\n",
	       s->name, kind->name, trials, count[TOLD_OPENING], count[TOLD_CHECK],
	       count[TOLD_GUARD], count[HARMLESS], count[SILENT]);
}

int main(int argc, char **argv)
{
	const char *asked = argc > 1 ? argv[1] : getenv("ROW_6_TRIALS");
	uint64_t trials = asked ? strtoull(asked, NULL, 10) : 300;
	uint64_t seed = row_seed(argc > 3 ? argv[3] : NULL, 1);
	static struct tree good, old;
	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		const struct subject *s = &subjects[i];
		struct err_text t = {""};
		if (argc > 2 && strcmp(argv[2], s->name) != 0)
			continue;
		build(s, &good, true);
		build(s, &old, false);
		/* Without damage it must be found whole, or all else means nothing. */
		if (trial(s, NULL, &good, &old, 0, &t) != HARMLESS)
			give_up("not good to begin with", &t);
		for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
			kind_row(s, &kinds[k], &good, &old, trials, seed);
		tree_free(&good);
		tree_free(&old);
	}
	printf("row 6: corruption: %" PRIu64 " told, %" PRIu64 " harmless, %" PRIu64 " silent\n",
	       totals[TOLD_OPENING] + totals[TOLD_CHECK] + totals[TOLD_GUARD], totals[HARMLESS],
	       totals[SILENT]);
	return totals[SILENT] > 0;
}
