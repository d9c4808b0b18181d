/*
 * Row 6, the whole node: every file of its folder damaged.
 *
 * A node is made with a few hundred transactions over several lives, and its folder kept as
 * it was halfway and at the end. Each trial lays the folder out, damages one file (a bit, a
 * page of zeros, the tail cut off, the half-way copy put back, removed) and starts the node
 * on it in a child of its own (swapped, an attachment holds another's bytes; older, a file that
 * was there halfway only is there again). It must end in one of these:
 *
 *	told      it does not open, or opens read-only, or a read fails: with a sentence
 *	harmless  it opens (rebuilding what is derived where it must), and everything is as it
 *		  was: head, roots, every block, every record, every id, the keys; asked again
 *		  it gives the same answers, a new transaction is applied, and after one more
 *		  start and the whole check from the genesis all of that is still so
 *
 * Anything else is silent damage. A child that crashes must be sound at the next start.
 *
 * An attachment's damage must touch nothing of the node, and is told, with the file's name,
 * by "argosy attach get", which hands out none of it, and by the check of copies; the other
 * attachments are read as they were. Most of these trials do without the node. One that was
 * erased and is put back is harmless: what is read is what was attached, and erasing it again
 * removes it.
 *
 *	node_corruption_row [TRIALS [FILE]]
 *
 * TRIALS of each kind for each file: 14, or the environment's ARGOSY_CORRUPTIONS; seed:
 * ARGOSY_SEED, 1.
 */
#include "cmd/cli.h"
#include "crypto/sha256.h"

#include "row_node.h"
#include "row_seed.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { TXS = 240, GROUP = 8, FILES_MAX = 64, BLOCKS_MAX = 400, PAGE = 4096, LANES = 6 };
/* Of an attachment: one trial of the whole node for so many of another file, but so many times
 * as many without the node. */
enum { PAPERS = 5, ERASED = 1, WHOLE_EVERY = 8, PAPER_TIMES = 6 };

enum kind { BIT, ZEROED, CUT, OLDER, SWAPPED, REMOVED, KINDS };
static const char *const kind_names[KINDS] = {"bit",   "zeroed page", "cut",
					      "older", "swapped",     "removed"};

/* What a child found, as its exit code. */
enum finding { HARMLESS = 10, TOLD_OPENING, TOLD_READ_ONLY, TOLD_READING, SILENT, BADLY_TOLD };

struct file {
	char name[100]; /* in the folder */
	struct buf full, older;
	bool has_older;
};

static struct file files[FILES_MAX];
static size_t n_files;

/* What must be read back. */
static struct {
	struct ledger_head head;
	int64_t height[TXS + 1];
	struct hash block[BLOCKS_MAX];
	struct keyfile keys[4];
	struct buf genesis;
	struct {
		char hash[65];
		struct buf payload;
	} papers[PAPERS]; /* number ERASED was erased after halfway */
} want;
static const char *const key_names[4] = {"validator.key", "next-validator.key", "agent.key",
					 "operator.key"};

static struct row_node r;
static char dir[200], folder[256];
static uint64_t seed = 1;
static bool loud;

/* ---- the folder ---- */

static void path_of(char out[static 400], const char *name)
{
	snprintf(out, 400, "%s/%s", folder, name);
}

static struct file *file_named(const char *name)
{
	for (size_t i = 0; i < n_files; i++)
		if (strcmp(files[i].name, name) == 0)
			return &files[i];
	if (n_files == FILES_MAX)
		row_die("more files than this test expects", ERR_LIMIT, NULL);
	struct file *f = &files[n_files++];
	snprintf(f->name, sizeof f->name, "%s", name);
	return f;
}

static int name_cmp(const void *a, const void *b)
{
	return strcmp(((const struct file *)a)->name, ((const struct file *)b)->name);
}

/* Reads the folder as it is now. */
static void keep(bool older)
{
	static const char *const folders[] = {".", "log", "state", "keys", "attachments"};
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		char path[400], name[100];
		path_of(path, folders[i]);
		DIR *d = opendir(path);
		if (!d)
			row_die(path, ERR_IO, NULL);
		for (struct dirent *e; (e = readdir(d));) {
			struct stat st;
			if (i == 0)
				snprintf(name, sizeof name, "%.90s", e->d_name);
			else
				snprintf(name, sizeof name, "%s/%.80s", folders[i], e->d_name);
			path_of(path, name);
			if (stat(path, &st) != 0 || !S_ISREG(st.st_mode))
				continue;
			struct file *f = file_named(name);
			struct buf *b = older ? &f->older : &f->full;
			f->has_older = f->has_older || older;
			if (io_read_file(io_posix(), path, SIZE_MAX, b, NULL) != ERR_OK)
				row_die(path, ERR_IO, NULL);
		}
		closedir(d);
	}
	qsort(files, n_files, sizeof *files, name_cmp);
}

static void put(const char *name, const uint8_t *p, size_t n)
{
	char path[400];
	path_of(path, name);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
		row_die(path, ERR_IO, NULL);
}

static void lay_out(void)
{
	static const char *const folders[] = {"", "log", "state", "keys", "attachments"};
	char path[400];
	row_remove(folder);
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		path_of(path, folders[i]);
		if (mkdir(path, 0700) != 0)
			row_die(path, ERR_IO, NULL);
	}
	for (size_t i = 0; i < n_files; i++)
		if (files[i].full.p) /* some there were halfway only */
			put(files[i].name, files[i].full.p, files[i].full.n);
}

static bool is_attachment(const struct file *f)
{
	return strncmp(f->name, "attachments/", 12) == 0;
}

/* Another attachment's bytes under this one's name. */
static bool swap(const struct file *f)
{
	const struct file *others[FILES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < n_files; i++)
		if (is_attachment(&files[i]) && &files[i] != f && files[i].full.p)
			others[n++] = &files[i];
	if (!is_attachment(f) || !f->full.p || n == 0)
		return false;
	const struct buf *b = &others[row_random(&seed, n)]->full;
	put(f->name, b->p, b->n);
	return true;
}

/* False: this kind can do nothing to this file. */
static bool damage(const struct file *f, enum kind kind)
{
	char path[400];
	size_t n = f->full.n;
	path_of(path, f->name);
	if (kind == REMOVED)
		return unlink(path) == 0;
	if (kind == OLDER) {
		if (!f->has_older || slice_eq(buf_slice(&f->older), buf_slice(&f->full)))
			return false;
		put(f->name, f->older.p, f->older.n);
		return true;
	}
	if (kind == SWAPPED)
		return swap(f);
	if (n == 0)
		return false;
	uint8_t *p = malloc(n);
	if (!p)
		row_die("damage", ERR_NOMEM, NULL);
	memcpy(p, f->full.p, n);
	if (kind == BIT) {
		p[row_random(&seed, n)] ^= (uint8_t)(1u << row_random(&seed, 8));
	} else if (kind == ZEROED) {
		size_t at = PAGE * row_random(&seed, (n + PAGE - 1) / PAGE);
		memset(p + at, 0, n - at < PAGE ? n - at : PAGE);
	} else {
		n = row_random(&seed, n);
	}
	bool changed = n != f->full.n || memcmp(p, f->full.p, n) != 0;
	put(f->name, p, n);
	free(p);
	return changed;
}

/* ---- what is looked at ---- */

static struct row_tx tx_of(uint64_t number)
{
	return (struct row_tx){.number = number, .events = 1 + (unsigned)(number % 3)};
}

static enum finding silent(const char *what)
{
	printf("  SILENT: %s\n", what);
	fflush(stdout);
	return SILENT;
}

static enum finding keys_look(void)
{
	for (unsigned i = 0; i < 4; i++) {
		char path[400], name[60];
		struct keyfile k;
		struct err_text t = {{0}};
		snprintf(name, sizeof name, "keys/%s", key_names[i]);
		path_of(path, name);
		if (node_key_load(&k, path, &t) != ERR_OK)
			return t.text[0] ? TOLD_READING : BADLY_TOLD;
		bool same = memcmp(k.public_key, want.keys[i].public_key, 32) == 0 &&
			    memcmp(k.secret_key, want.keys[i].secret_key, 64) == 0;
		keyfile_fini(&k);
		if (!same)
			return silent("another key");
	}
	return HARMLESS;
}

static enum finding genesis_look(void)
{
	char path[400];
	struct buf b = BUF_INIT;
	path_of(path, "genesis.txt");
	bool same = io_read_file(io_posix(), path, 1000, &b, NULL) == ERR_OK &&
		    slice_eq(buf_slice(&b), buf_slice(&want.genesis));
	buf_fini(&b);
	return same ? HARMLESS : silent("genesis.txt says another fingerprint, or nothing");
}

static enum finding blocks_look(struct ledger *l)
{
	for (int64_t h = 1; h <= want.head.height; h++) {
		struct buf b = BUF_INIT;
		struct hash hash;
		enum err e = ledger_read_block(l, &b, h);
		sha256(&hash, buf_slice(&b));
		buf_fini(&b);
		if (e == ERR_NOTFOUND)
			return silent("a block is not found");
		if (e != ERR_OK)
			return TOLD_READING;
		if (!hash_eq(&hash, &want.block[h]))
			return silent("another block at this height");
	}
	return HARMLESS;
}

static enum finding txs_look(struct ledger *l)
{
	for (uint64_t n = 1; n <= TXS; n++) {
		struct row_tx tx = tx_of(n);
		uint8_t id[16];
		int64_t height;
		bool found;
		row_id(id, n);
		if (ledger_tx_height(l, &found, &height, SLICE_LIT("orchard"), id) != ERR_OK)
			return TOLD_READING;
		if (!found || height != want.height[n])
			return silent("an id is forgotten, or done at another height");
		for (unsigned i = 0; i < tx.events; i++) {
			struct buf b = BUF_INIT;
			uint64_t last1;
			if (row_item_count(&r, n, i, &last1) != 1)
				return silent("an item's event is not there once");
			enum err e = ledger_read_record(l, &b, last1 - 1);
			buf_fini(&b);
			if (e == ERR_CORRUPT)
				return TOLD_READING;
		}
		const char *wrong = row_present(&r, &tx, want.height[n], UINT64_MAX);
		if (wrong)
			return silent(wrong);
	}
	return HARMLESS;
}

/* ---- attachments, by the command line ---- */

/* Runs argosy on the folder, in a process of its own; its exit code, and what it said. */
static int argosy(struct buf *out, struct buf *err, const char *verb, const char *arg,
		  const char *subject)
{
	char to[2][300];
	int status;
	for (unsigned i = 0; i < 2; i++)
		snprintf(to[i], sizeof to[i], "%s.%s", folder, i ? "err" : "out");
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		char *argv[12] = {0};
		const char *words[] = {"argosy",      "attach", verb,	    arg,
				       "--data-dir", folder,   "--lang",   "en",
				       "--subject",  subject};
		int argc = 0;
		for (unsigned i = 0; i < (subject ? 10u : 8u); i++)
			if (words[i])
				argv[argc++] = (char *)(uintptr_t)words[i];
		int o = open(to[0], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int e = open(to[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
		if (o < 0 || e < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
			_exit(126);
		int code = cli_main(argc, argv);
		fflush(stdout);
		fflush(stderr);
		_exit(code);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		row_die("fork", ERR_NOMEM, NULL);
	buf_clear(out);
	buf_clear(err);
	if (io_read_file(io_posix(), to[0], 1 << 20, out, NULL) != ERR_OK ||
	    io_read_file(io_posix(), to[1], 1 << 20, err, NULL) != ERR_OK)
		row_die(to[0], ERR_IO, NULL);
	buf_put_u8(err, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Attachment i read: HARMLESS, as it was attached; TOLD_READING, with its name, or, where what the
 * chain says of it is damaged, with what mends that. */
static enum finding paper_look(unsigned i)
{
	struct buf out = BUF_INIT, err = BUF_INIT;
	int code = argosy(&out, &err, "get", want.papers[i].hash, NULL);
	enum finding found = HARMLESS;
	if (code == CLI_DONE) {
		if (!slice_eq(buf_slice(&out), buf_slice(&want.papers[i].payload)))
			found = silent("another payload is handed out");
	} else if (code == CLI_FOLDER && out.n == 0 && strstr((char *)err.p, "reindex")) {
		found = TOLD_READING;
	} else if (code != CLI_TAMPERED && code != CLI_NOTFOUND) {
		printf("  BADLY TOLD: attach get: exit %d, %s\n", code, err.p);
		found = BADLY_TOLD;
	} else if (out.n) {
		found = silent("some of a damaged payload is handed out");
	} else {
		if (loud)
			printf("  told: %s", err.p);
		found = strstr((char *)err.p, want.papers[i].hash) ? TOLD_READING : BADLY_TOLD;
	}
	buf_fini(&out);
	buf_fini(&err);
	return found;
}

/* Erased, and there again: it can be removed again. */
static enum finding erased_look(void)
{
	const char *hash = want.papers[ERASED].hash;
	struct buf out = BUF_INIT, err = BUF_INIT;
	enum finding found = HARMLESS;
	if (argosy(&out, &err, "erase", hash, NULL) != CLI_FAILED ||
	    !strstr((char *)err.p, "already erased")) {
		printf("  attach erase: %s%s\n", (char *)out.p, (char *)err.p);
		found = silent("an erased attachment is erased once more");
	} else if (argosy(&out, &err, "get", hash, NULL) != CLI_NOTFOUND) {
		found = silent("an erased attachment cannot be removed again");
	}
	buf_fini(&out);
	buf_fini(&err);
	return found;
}

/* "argosy verify" finds this attachment, and no other, altered; NULL: none. */
struct altered {
	const char *name;
	unsigned right, wrong;
};

static void altered_found(void *ctx, enum node_fault fault, const char *text)
{
	struct altered *a = ctx;
	bool right = fault == NODE_FAULT_ATTACHMENT && a->name && strstr(text, a->name);
	a->right += right;
	a->wrong += fault == NODE_FAULT_ATTACHMENT && !right;
}

static bool attachments_checked(const char *name)
{
	struct altered a = {.name = name};
	struct node_check c = {.found = altered_found, .ctx = &a};
	struct node_options o = {0};
	struct err_text t;
	return node_check(&c, folder, &o, &t) == ERR_OK && a.right == (name != NULL) && a.wrong == 0;
}

/* All of them; f, if it is one of them, has been damaged. */
static enum finding papers_look(const struct file *f, enum kind kind)
{
	const char *name = f && is_attachment(f) ? f->name + 12 : "";
	enum finding found = HARMLESS;
	for (unsigned i = 0; i < PAPERS; i++) {
		bool damaged = strcmp(name, want.papers[i].hash) == 0;
		/* What was erased is not given out, even when an old file brought it back. */
		bool there = i != ERASED && !damaged;
		enum finding one = paper_look(i);
		if (one == SILENT || one == BADLY_TOLD)
			return one;
		if (one != (there ? HARMLESS : TOLD_READING))
			return silent(there ? "a sound attachment is not read"
					    : "a damaged or erased attachment is read");
		if (damaged)
			found = one;
	}
	/* The whole check costs more than all the rest: for one trial in eight. */
	bool came_back = strcmp(name, want.papers[ERASED].hash) == 0;
	bool wrong_bytes = found == TOLD_READING && kind != REMOVED && !came_back;
	if (*name && seed % 8 == 0 && !attachments_checked(wrong_bytes ? name : NULL))
		return silent("the whole check misses an attachment, or is wrong about one");
	if (came_back)
		return erased_look();
	return found;
}

/* Asked again, the same answers; and it goes on. */
static enum finding goes_on(uint64_t fresh)
{
	struct node_answer a;
	struct err_text t = {{0}};
	for (uint64_t n = 1; n <= TXS; n += TXS / 6) {
		struct row_tx tx = tx_of(n);
		if (row_submit(&r, &a, &tx, &t) != ERR_OK)
			return t.text[0] ? TOLD_READING : BADLY_TOLD;
		if (!a.duplicate || a.verdict != VERDICT_OK || a.height != want.height[n])
			return silent("asked again, another answer");
	}
	struct row_tx tx = tx_of(fresh);
	if (row_submit(&r, &a, &tx, &t) != ERR_OK)
		return t.text[0] ? TOLD_READING : BADLY_TOLD;
	if (a.duplicate || a.verdict != VERDICT_OK)
		return silent("a new transaction is not applied");
	const char *wrong = row_present(&r, &tx, a.height, a.first_index);
	return wrong ? silent(wrong) : HARMLESS;
}

/* A fault is told well if it says which file, or which part of the journal. */
static enum finding told(enum err e, const struct err_text *t, const struct file *f)
{
	const char *base = f ? strrchr(f->name, '/') : NULL;
	base = base ? base + 1 : f ? f->name : "";
	if (loud)
		printf("  told: %s: %s\n", err_str(e), t->text);
	if (strstr(t->text, base) || strstr(t->text, "segment ") || strstr(t->text, "/log") ||
	    strstr(t->text, "journal"))
		return TOLD_OPENING;
	printf("  BADLY TOLD: %s: %s\n", err_str(e), t->text);
	fflush(stdout);
	return BADLY_TOLD;
}

static bool heads_equal(const struct ledger_head *a, const struct ledger_head *b)
{
	return a->height == b->height && a->time_s == b->time_s && a->time_ns == b->time_ns &&
	       a->log_size == b->log_size && hash_eq(&a->block_hash, &b->block_hash) &&
	       hash_eq(&a->app_hash, &b->app_hash) && hash_eq(&a->log_root, &b->log_root) &&
	       hash_eq(&a->state_root, &b->state_root) &&
	       hash_eq(&a->results_hash, &b->results_hash);
}

static enum finding look(const struct file *f, uint64_t fresh, bool first)
{
	struct err_text t = {{0}};
	struct node_status s;
	enum err e = row_open_with(&r, (struct node_options){.threads = 1}, &t);
	if (e != ERR_OK)
		return told(e, &t, f);
	node_status(r.node, &s);
	if (s.read_only) {
		if (loud)
			printf("  read-only: %s\n", s.why);
		row_close(&r);
		return s.why[0] ? TOLD_READ_ONLY : BADLY_TOLD;
	}
	enum finding found = HARMLESS;
	if (first ? !heads_equal(&s.head, &want.head) : s.head.height <= want.head.height)
		found = silent("another head");
	struct ledger *l = node_ledger(r.node);
	if (found == HARMLESS)
		found = keys_look();
	if (found == HARMLESS)
		found = genesis_look();
	if (found == HARMLESS)
		found = blocks_look(l);
	if (found == HARMLESS)
		found = txs_look(l);
	if (found == HARMLESS)
		found = goes_on(fresh);
	row_close(&r);
	return found;
}

static enum finding trial(const struct file *f, enum kind kind)
{
	struct ledger_audit audit;
	struct err_text t = {{0}};
	enum finding found = look(f, TXS + 1, true);
	if (found != HARMLESS)
		return is_attachment(f) ? silent("an attachment's damage touches the node") : found;
	found = look(NULL, TXS + 2, false);
	if (found != HARMLESS)
		return found == SILENT ? SILENT : silent("the second start fails");
	if (node_verify(&audit, folder, NULL, &t) != ERR_OK)
		return silent(t.text);
	return papers_look(f, kind);
}

/* After a crash: whatever it says now, but no second crash and nothing silent. */
static enum finding after_crash(void)
{
	enum finding found = look(NULL, TXS + 3, false);
	return found == SILENT ? SILENT : HARMLESS;
}

/* ---- the trials ---- */

/* The finding, or -1: it crashed; 0: it never ended. */
static int in_child(const struct file *f, enum kind kind, bool again)
{
	int status = 0;
	fflush(stdout);
	pid_t pid = fork();
	if (pid == 0) {
		alarm(600); /* which ends a hang alone */
		enum finding found = again ? after_crash() : trial(f, kind);
		fflush(stdout);
		_exit((int)found);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		row_die("fork", ERR_NOMEM, NULL);
	if (WIFSIGNALED(status))
		printf("  signal %d\n", WTERMSIG(status));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Shared by the lanes. */
static struct {
	_Atomic unsigned tally[KINDS][8], papers[KINDS], done, wrong;
} * sum;

static void note(const struct file *f, enum kind kind, uint64_t first, int found)
{
	if (found >= HARMLESS && found <= BADLY_TOLD)
		sum->tally[kind][found - HARMLESS]++;
	sum->done++;
	if (is_attachment(f))
		sum->papers[kind]++;
	if (found < HARMLESS || found == SILENT || found == BADLY_TOLD) {
		sum->wrong++;
		printf("row 6: WRONG: %s, %s, drawn from %" PRIu64 ", code %d\n", f->name,
		       kind_names[kind], first, found);
	}
}

/* One trial of the whole node. */
static void damage_node(const struct file *f, enum kind kind)
{
	uint64_t first = seed;
	lay_out();
	if (!damage(f, kind))
		return;
	if (loud)
		printf("%s: %s\n", f->name, kind_names[kind]);
	int found = in_child(f, kind, false);
	if (found == -1) {
		sum->tally[kind][7]++;
		found = in_child(f, kind, true);
		if (found == HARMLESS) {
			sum->done++;
			return;
		}
	}
	note(f, kind, first, found);
}

/* Of an attachment, without the node. */
static void damage_paper(const struct file *f, enum kind kind, unsigned trials)
{
	lay_out();
	for (unsigned i = 0; i < trials; i++) {
		uint64_t first = seed;
		if (damage(f, kind))
			note(f, kind, first, (int)papers_look(f, kind));
		put(f->name, f->full.p, f->full.n);
	}
}

static void damage_file(const struct file *f, unsigned trials)
{
	for (unsigned k = 0; k < KINDS; k++) {
		bool paper = is_attachment(f), once = k == OLDER || k == REMOVED;
		if (k == SWAPPED && !paper)
			continue;
		unsigned n = once ? 1 : paper ? 1 + trials / WHOLE_EVERY : trials;
		for (unsigned i = 0; i < n; i++)
			damage_node(f, (enum kind)k);
		if (paper && !once && f->full.p)
			damage_paper(f, (enum kind)k, trials * PAPER_TIMES);
	}
}

/* Transactions `from` to `to`, a few blocks' worth. */
static void work(uint64_t from, uint64_t to)
{
	for (uint64_t n = from; n <= to; n += GROUP) {
		struct buf bytes[GROUP];
		struct slice list[GROUP];
		struct node_answer a[GROUP];
		struct err_text t = {{0}};
		for (unsigned i = 0; i < GROUP; i++) {
			struct row_tx tx = tx_of(n + i);
			bytes[i] = row_sign(&r, &tx);
			list[i] = buf_slice(&bytes[i]);
		}
		enum err e = node_submit(r.node, a, list, GROUP, &t);
		if (e != ERR_OK)
			row_die("submit", e, &t);
		for (unsigned i = 0; i < GROUP; i++) {
			want.height[n + i] = a[i].height;
			buf_fini(&bytes[i]);
		}
	}
}

/* Attachment i, of a size of its own. */
static void attach(unsigned i)
{
	static const size_t sizes[PAPERS] = {10, 1000, 0, 6000, 40000};
	struct buf *b = &want.papers[i].payload, out = BUF_INIT, err = BUF_INIT;
	char path[300], *line;
	for (size_t k = 0; k < sizes[i]; k++)
		buf_put_u8(b, (uint8_t)row_random(&seed, 256));
	snprintf(path, sizeof path, "%s/paper%u", dir, i);
	if (buf_err(b) != ERR_OK ||
	    io_write_file_atomic(io_posix(), path, buf_slice(b), NULL) != ERR_OK)
		row_die(path, ERR_IO, NULL);
	int code = argosy(&out, &err, NULL, path, "urn:epc:id:sgtin:9521234.012345.99999999");
	buf_put_u8(&out, 0);
	line = strchr((char *)out.p, '\n');
	if (code != CLI_DONE || !line || strlen(line) < 65) {
		printf("attach: exit %d: %s%s\n", code, (char *)out.p, (char *)err.p);
		row_die("attach", ERR_REFUSED, NULL);
	}
	snprintf(want.papers[i].hash, 65, "%.64s", line + 1);
	buf_fini(&out);
	buf_fini(&err);
}

static void erase(unsigned i)
{
	struct buf out = BUF_INIT, err = BUF_INIT;
	if (argosy(&out, &err, "erase", want.papers[i].hash, NULL) != CLI_DONE)
		row_die("erase", ERR_REFUSED, NULL);
	buf_fini(&out);
	buf_fini(&err);
}

static void make(void)
{
	row_create(&r, folder);
	for (unsigned life = 0; life < 6; life++) {
		row_open(&r);
		work(1 + life * TXS / 6, (life + 1) * TXS / 6);
		row_close(&r);
		if (life < PAPERS)
			attach(life);
		if (life == 2)
			keep(true);
	}
	erase(ERASED);
	keep(false);
	row_open(&r);
	ledger_head(node_ledger(r.node), &want.head);
	if (want.head.height >= BLOCKS_MAX)
		row_die("more blocks than this test expects", ERR_LIMIT, NULL);
	for (int64_t h = 1; h <= want.head.height; h++) {
		struct buf b = BUF_INIT;
		if (ledger_read_block(node_ledger(r.node), &b, h) != ERR_OK)
			row_die("block", ERR_IO, NULL);
		sha256(&want.block[h], buf_slice(&b));
		buf_fini(&b);
	}
	row_close(&r);
	for (unsigned i = 0; i < 4; i++) {
		char path[400], name[60];
		snprintf(name, sizeof name, "keys/%s", key_names[i]);
		path_of(path, name);
		if (node_key_load(&want.keys[i], path, NULL) != ERR_OK)
			row_die(path, ERR_IO, NULL);
	}
	want.genesis = file_named("genesis.txt")->full;
}

/* Every LANES-th file, in a folder of its own: most of a trial is waiting. */
static _Noreturn void lane(unsigned number, unsigned trials, const char *only)
{
	snprintf(folder, sizeof folder, "%s/lane%u", dir, number);
	snprintf(r.dir, sizeof r.dir, "%s", folder);
	seed += number;
	for (size_t i = number; i < n_files; i += LANES) {
		const struct file *f = &files[i];
		if ((f->full.p || f->has_older) && (!only || strstr(f->name, only)))
			damage_file(f, trials);
	}
	fflush(stdout);
	_exit(0);
}

int main(int argc, char **argv)
{
	unsigned trials = (unsigned)row_count(argc, argv, "ARGOSY_CORRUPTIONS", 14), all[8] = {0};
	loud = getenv("ARGOSY_LOUD") != NULL;
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = row_seed_spread(row_seed(NULL, 1));
	umask(077); /* keys are refused that others can read */
	setenv("LC_ALL", "C", 1);
	unsetenv("ARGOSY_DATA_DIR");
	unsetenv("ARGOSY_MEMBER");
	snprintf(dir, sizeof dir, "/dev/shm/argosy-corrupt-XXXXXX");
	if (!mkdtemp(dir))
		row_folder(dir, sizeof dir, "corrupt");
	snprintf(folder, sizeof folder, "%s/node", dir);
	sum = mmap(NULL, sizeof *sum, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (sum == MAP_FAILED)
		row_die("memory", ERR_NOMEM, NULL);
	make();
	for (unsigned i = 0; i < LANES; i++) {
		pid_t pid = fork();
		if (pid < 0)
			row_die("fork", ERR_NOMEM, NULL);
		if (pid == 0)
			lane(i, trials, argc > 2 ? argv[2] : NULL);
	}
	for (int status; wait(&status) > 0;)
		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			sum->wrong++;
	for (unsigned k = 0; k < KINDS; k++)
		for (unsigned i = 0; i < 8; i++)
			all[i] += sum->tally[k][i];
	printf("row 6: corruption, whole node: %u trials on %zu files: %u harmless or rebuilt, %u "
	       "told at opening, %u read-only and told, %u told in use, %u crashed and sound at "
	       "the "
	       "next start: %u wrong\n",
	       sum->done, n_files, all[0], all[1], all[2], all[3], all[7], sum->wrong);
	printf("row 6: corruption, of these attachments:");
	for (unsigned k = 0; k < KINDS; k++)
		printf(" %s %u%s", kind_names[k], sum->papers[k], k + 1 < KINDS ? "," : "\n");
	row_remove(dir);
	return sum->wrong || sum->done == 0 ? 1 : 0;
}
