/*
 * backup: copies of a node's folder, and a node out of a copy.
 *
 * A copy holds what cannot be made again: FORMAT, genesis.txt, the journal up to the
 * last block that was acknowledged, keys, attachments, witnesses' signatures. It never holds what was signed
 * last (keys/last_signed): a copy does not know, so it opens read-only until its
 * operator begins a new epoch.
 */
#include "node/node_inner.h"

#include "trade/trade.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { COPY_CHUNK = 1 << 20 };

/* Copies `limit` bytes (UINT64_MAX: all), synced. */
static enum err file_copy(const char *from, const char *to, uint64_t limit, struct err_text *t)
{
	const struct io *io = io_posix();
	struct io_file *in, *out = NULL;
	uint64_t size, at = 0;
	TRY(io_open(io, &in, from, IO_READ, t));
	uint8_t *chunk = malloc(COPY_CHUNK);
	enum err e = chunk ? io_size(in, &size, t) : ERR_NOMEM;
	if (e == ERR_OK)
		e = io_open(io, &out, to, IO_CREATE_NEW, t);
	if (e == ERR_OK && size > limit)
		size = limit;
	while (e == ERR_OK && at < size) {
		size_t n = size - at < COPY_CHUNK ? (size_t)(size - at) : COPY_CHUNK;
		e = io_pread_all(in, chunk, n, at, t);
		if (e == ERR_OK)
			e = io_pwrite(out, chunk, n, at, t);
		at += n;
	}
	if (e == ERR_OK)
		e = io_sync(out, t);
	io_close(in);
	io_close(out);
	free(chunk);
	return e;
}

struct copying {
	const char *from, *to;
	bool (*wanted)(void *arg, const char *name, uint64_t *limit);
	void *arg;
	enum err e;
	struct err_text *t;
};

static bool copy_one(void *arg, const char *name)
{
	struct copying *c = arg;
	char from[IO_PATH_MAX], to[IO_PATH_MAX];
	uint64_t limit = UINT64_MAX;
	if (!c->wanted(c->arg, name, &limit))
		return true;
	c->e = io_join(from, c->from, name, c->t);
	if (c->e == ERR_OK)
		c->e = io_join(to, c->to, name, c->t);
	if (c->e == ERR_OK)
		c->e = file_copy(from, to, limit, c->t);
	return c->e == ERR_OK;
}

/* Copies the wanted files of one folder; a folder that is not there has none. */
static enum err folder_copy(const char *from, const char *to, const char *name,
			    bool (*wanted)(void *, const char *, uint64_t *), void *arg,
			    struct err_text *t)
{
	char a[IO_PATH_MAX], b[IO_PATH_MAX];
	struct copying c = {a, b, wanted, arg, ERR_OK, t};
	bool there;
	TRY(io_join(a, from, name, t));
	TRY(io_join(b, to, name, t));
	TRY(io_exists(io_posix(), a, &there, t));
	TRY(io_make_dir(io_posix(), b, t));
	if (!there)
		return ERR_OK;
	TRY(io_list(io_posix(), a, copy_one, &c, t));
	TRY(c.e);
	return io_sync_dir(io_posix(), b, t);
}

static bool any_file(void *arg, const char *name, uint64_t *limit)
{
	(void)arg;
	(void)limit;
	return !strstr(name, ".tmp");
}

static bool key_file(void *arg, const char *name, uint64_t *limit)
{
	return any_file(arg, name, limit) && strncmp(name, "last_signed", 11) != 0;
}

/* Segments up to `end` (NULL: all). */
static bool segment_file(void *arg, const char *name, uint64_t *limit)
{
	const struct journal_pos *end = arg;
	unsigned number;
	int n = 0;
	if (sscanf(name, "%u.seg%n", &number, &n) != 1 || n == 0 || name[n])
		return false;
	if (end && number == end->segment)
		*limit = end->offset;
	return !end || number <= end->segment;
}

static bool not_empty(void *arg, const char *name)
{
	(void)name;
	*(bool *)arg = true;
	return false;
}

static enum err target_make(const char *dir, struct err_text *t)
{
	bool filled = false;
	TRY(io_make_dir(io_posix(), dir, t));
	TRY(io_list(io_posix(), dir, not_empty, &filled, t));
	if (filled)
		return err_set(t, ERR_EXISTS, "%s: is not empty", dir);
	return ERR_OK;
}

/* Copies a file of the folder itself. */
static enum err single_copy(const char *from, const char *to, const char *name, struct err_text *t)
{
	char a[IO_PATH_MAX], b[IO_PATH_MAX];
	TRY(io_join(a, from, name, t));
	TRY(io_join(b, to, name, t));
	TRY(file_copy(a, b, UINT64_MAX, t));
	return io_sync_dir(io_posix(), to, t);
}

/* All but FORMAT: that comes when the copy was checked, for without it the folder is no node. */
static enum err copy_all(const char *from, const char *to, const struct journal_pos *end,
			 struct err_text *t)
{
	TRY(folder_copy(from, to, "log", segment_file, (void *)end, t));
	TRY(folder_copy(from, to, "keys", key_file, NULL, t));
	TRY(folder_copy(from, to, "attachments", any_file, NULL, t));
	TRY(folder_copy(from, to, "witness", any_file, NULL, t));
	return single_copy(from, to, "genesis.txt", t);
}

static enum err journal_check(const char *dir, const struct hash *fingerprint, struct err_text *t)
{
	char log[IO_PATH_MAX];
	struct journal_report report;
	TRY(io_join(log, dir, "log", t));
	return journal_verify(io_posix(), log, fingerprint, &report, NULL, NULL, t);
}

enum err node_backup(struct node *n, const char *to_dir, int64_t *height, struct err_text *t)
{
	struct ledger_head head;
	struct journal_pos end;
	TRY(target_make(to_dir, t));
	ledger_journal_end(n->ledger, &head, &end);
	TRY(copy_all(n->dir, to_dir, &end, t));
	TRY(journal_check(to_dir, &ledger_genesis(n->ledger)->fingerprint, t));
	*height = head.height;
	return single_copy(n->dir, to_dir, "FORMAT", t);
}

struct sweep {
	const char *dir;
	struct err_text *t;
	enum err e;
};

/* A check that was killed leaves its scratch folder, named by its process. */
static bool sweep_one(void *arg, const char *name)
{
	struct sweep *s = arg;
	char path[IO_PATH_MAX];
	long pid;
	int n = 0;
	if (sscanf(name, "verify-%ld.tmp%n", &pid, &n) != 1 || n == 0 || name[n] || pid <= 0 ||
	    (pid != getpid() && (kill((pid_t)pid, 0) == 0 || errno != ESRCH)))
		return true;
	s->e = io_join(path, s->dir, name, s->t);
	if (s->e == ERR_OK)
		s->e = ledger_derived_remove(path, s->t);
	return s->e == ERR_OK;
}

enum err node_scratch_make(char out[static IO_PATH_MAX], const char *dir, struct err_text *t)
{
	char name[64];
	const char *tmp = getenv("TMPDIR");
	if (access(dir, W_OK) == 0) {
		struct sweep sweep = {dir, t, ERR_OK};
		TRY(io_list(io_posix(), dir, sweep_one, &sweep, t));
		TRY(sweep.e);
		snprintf(name, sizeof name, "verify-%ld.tmp", (long)getpid());
		return io_join(out, dir, name, t);
	}
	TRY(io_join(out, tmp && *tmp ? tmp : "/tmp", "argosy-verify-XXXXXX", t));
	return mkdtemp(out) ? ERR_OK : err_set(t, ERR_IO, "%s: %s", out, strerror(errno));
}

enum err node_verify_then(struct ledger_audit *out, const char *dir, const struct node_options *o,
			  enum err (*verified)(void *ctx, struct ledger *l, struct err_text *t), void *ctx,
			  struct err_text *t)
{
	char scratch[IO_PATH_MAX], log[IO_PATH_MAX];
	bool there;
	struct ledger_options lo = {.app = &trade_app,
				    .progress = o ? o->progress : NULL,
				    .progress_ctx = o ? o->progress_ctx : NULL,
				    .verified = verified,
				    .verified_ctx = ctx};
	TRY(io_join(log, dir, "log", t));
	TRY(io_exists(io_posix(), log, &there, t));
	if (!there)
		return err_set(t, ERR_NOTFOUND, "%s: no journal is there", log);
	TRY(node_scratch_make(scratch, dir, t));
	lo.derived_dir = scratch;
	enum err e = ledger_verify(out, dir, &lo, t);
	/* Only a network's blocks may be kept without: their engine has them. */
	if (e == ERR_OK && out->unsigned_height) {
		out->bad_height = out->unsigned_height;
		e = err_set(t, ERR_VERIFY, "block %lld: nobody signed it",
			    (long long)out->bad_height);
	}
	enum err e2 = ledger_derived_remove(scratch, t && e != ERR_OK ? NULL : t);
	return e != ERR_OK ? e : e2;
}

enum err node_verify(struct ledger_audit *out, const char *dir, const struct node_options *o,
		     struct err_text *t)
{
	return node_verify_then(out, dir, o, NULL, NULL, t);
}

enum err node_restore(const char *from_dir, const char *to_dir, struct err_text *t)
{
	struct ledger_audit audit;
	TRY(target_make(to_dir, t));
	TRY(copy_all(from_dir, to_dir, NULL, t));
	TRY(node_verify(&audit, to_dir, NULL, t));
	return single_copy(from_dir, to_dir, "FORMAT", t);
}
