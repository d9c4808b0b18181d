#include "state/store.h"

#include "state/lmdb_check.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { READERS_MAX = 512 };

struct store {
	const struct io *io;
	enum store_use use;
	char *dir;
	MDB_env *env;
	MDB_txn *pin; /* STORE_BESIDE: while it lives no page is used again that it can see */
	MDB_dbi rows, metas;
	size_t map_bytes;
	struct store_meta lmdb, merged; /* merged: of the runs that a merge has put in */
	struct buf lmdb_note, merged_note;
	struct runs runs;
	size_t merging; /* the oldest so many runs */
	struct run_walk at;
};

struct store_view {
	struct store *s;
	MDB_txn *txn;
	MDB_cursor *cursor;
	bool open;
	/* Of store_scan. */
	struct leaf_list below;
	struct touch_list over;
	/* Of store_next: what stands next in LMDB and in the runs. */
	struct run_walk walk;
	bool row_there, run_there;
	struct disk_row row;
	struct run_row run;
};

/* ---- faults ---- */

static enum err fault(const struct store *s, int rc, struct err_text *t, const char *what)
{
	const char *dir = s->dir;
	switch (rc) {
	case 0:
		return ERR_OK;
	case ENOMEM:
		return err_set(t, ERR_NOMEM, "%s: %s: out of memory", dir, what);
	case ENOSPC:
	case EDQUOT:
		return err_set(t, ERR_NOSPACE, "%s: %s: %s", dir, what, mdb_strerror(rc));
	case MDB_CORRUPTED:
	case MDB_PAGE_NOTFOUND:
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
	case MDB_VERSION_MISMATCH:
	case MDB_BAD_DBI:
		return err_set(t, ERR_CORRUPT,
			       "%s: %s: %s; rebuild it from the journal with \"argosy reindex\"",
			       dir, what, mdb_strerror(rc));
	case EIO: {
		/* LMDB reports the short write of a full disk as EIO. */
		struct statvfs v;
		if (statvfs(dir, &v) == 0 && v.f_bavail * v.f_frsize < 1 << 20)
			return err_set(t, ERR_NOSPACE, "%s: %s: the disk is full", dir, what);
		break;
	}
	}
	return err_set(t, ERR_IO, "%s: %s: %s", dir, what, mdb_strerror(rc));
}

static enum err damaged(const struct store *s, struct err_text *t, const char *what)
{
	return err_set(t, ERR_CORRUPT,
		       "%s: %s; rebuild it from the journal with \"argosy reindex\"", s->dir, what);
}

/* ---- meta ---- */

static MDB_val meta_key(void)
{
	return (MDB_val){5, (void *)(uintptr_t) "state"};
}

static enum err meta_keep(struct store_meta *to, struct buf *note, const struct store_meta *m)
{
	buf_clear(note);
	buf_put_slice(note, m->note);
	*to = *m;
	to->note = buf_slice(note);
	return buf_err(note);
}

static enum err meta_load(struct store *s, struct err_text *t)
{
	MDB_txn *txn;
	TRY(fault(s, mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn), t, "reading"));
	MDB_val k = meta_key(), d;
	enum err e = ERR_OK;
	int rc = mdb_get(txn, s->metas, &k, &d);
	/* None: new, or the first merge was cut short. Rows that belong to no height show in the
	 * root. */
	if (rc && rc != MDB_NOTFOUND) {
		e = fault(s, rc, t, "reading");
	} else if (rc == 0) {
		struct store_meta m;
		struct reader r = reader_of(slice(d.mv_data, d.mv_size));
		if (!store_meta_take(&m, &r) || reader_left(&r))
			e = damaged(s, t, "the row that says its height is damaged");
		else
			e = meta_keep(&s->lmdb, &s->lmdb_note, &m);
	}
	mdb_txn_abort(txn);
	return e;
}

/* ---- open ---- */

static enum err open_dbs(struct store *s, struct err_text *t)
{
	MDB_txn *txn;
	bool own = s->use == STORE_OWN;
	TRY(fault(s, mdb_txn_begin(s->env, NULL, own ? 0 : MDB_RDONLY, &txn), t, "opening"));
	int rc = mdb_dbi_open(txn, "rows", own ? MDB_CREATE : 0, &s->rows);
	if (!rc)
		rc = mdb_dbi_open(txn, "meta", own ? MDB_CREATE : 0, &s->metas);
	if (rc) {
		mdb_txn_abort(txn);
		return rc == MDB_NOTFOUND ? damaged(s, t, "data.mdb lacks its tables")
					  : fault(s, rc, t, "opening");
	}
	return fault(s, mdb_txn_commit(txn), t, "opening");
}

/* To look at it. Readers are written down in lock.mdb, unless that cannot be written: then
 * nobody can write the rest either. */
static enum err look_env(struct store *s, const char *path, struct err_text *t)
{
	char lock[4096];
	unsigned flags = MDB_NOTLS | MDB_RDONLY;
	bool there;
	TRY(io_exists(s->io, path, &there, t));
	if (!there)
		return damaged(s, t, "data.mdb is missing");
	snprintf(lock, sizeof lock, "%s/lock.mdb", s->dir);
	if (access(lock, W_OK) != 0 && (access(lock, F_OK) == 0 || access(s->dir, W_OK) != 0))
		flags |= MDB_NOLOCK;
	/* Beside a writer the pages are only still while a transaction sees them; where there is
	 * none they are looked at before LMDB is. */
	if (s->use == STORE_LOOK)
		TRY(lmdb_check(path, t));
	TRY(fault(s, mdb_env_open(s->env, s->dir, flags, 0600), t, "opening"));
	if (s->use == STORE_LOOK)
		return ERR_OK;
	TRY(fault(s, mdb_txn_begin(s->env, NULL, MDB_RDONLY, &s->pin), t, "opening"));
	return lmdb_check(path, t);
}

static enum err open_env(struct store *s, struct err_text *t)
{
	TRY(fault(s, mdb_env_create(&s->env), t, "opening"));
	int rc = mdb_env_set_maxdbs(s->env, 4);
	if (!rc)
		rc = mdb_env_set_maxreaders(s->env, READERS_MAX);
	struct stat st;
	char path[4096];
	snprintf(path, sizeof path, "%s/data.mdb", s->dir);
	if (s->use == STORE_OWN)
		TRY(lmdb_check(path, t));
	if (stat(path, &st) == 0)
		while (s->map_bytes < 2 * (size_t)st.st_size)
			s->map_bytes *= 2;
	if (!rc)
		rc = mdb_env_set_mapsize(s->env, s->map_bytes);
	if (!rc && s->use != STORE_OWN)
		return look_env(s, path, t);
	if (!rc)
		rc = mdb_env_open(s->env, s->dir, MDB_NOTLS, 0600);
	int dead;
	if (!rc)
		rc = mdb_reader_check(s->env, &dead);
	return fault(s, rc, t, "opening");
}

struct listing {
	struct run_span *at;
	size_t n;
	bool nomem;
};

static bool list_one(void *arg, const char *name)
{
	struct listing *l = arg;
	struct run_span span;
	if (!run_name_parse(&span, name))
		return true;
	struct run_span *at = realloc(l->at, (l->n + 1) * sizeof *at);
	if (!at) {
		l->nomem = true;
		return false;
	}
	l->at = at;
	l->at[l->n++] = span;
	return true;
}

static int span_order(const void *a, const void *b)
{
	const struct run_span *x = a, *y = b;
	return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to) - (x->to < y->to);
}

/* Each begins where the one before ends; what LMDB holds already goes. */
static enum err runs_take(struct store *s, const struct run_span *span, size_t n,
			  struct err_text *t)
{
	for (size_t i = 0; i < n; i++) {
		if (span[i].to <= s->lmdb.height) {
			if (s->use == STORE_OWN)
				TRY(run_remove(s->io, s->dir, span[i], t));
			continue;
		}
		if (span[i].from != store_meta(s)->height)
			return err_set(t, ERR_CORRUPT,
				       "%s: the run from height %lld is missing; rebuild it from the "
				       "journal with \"argosy reindex\"",
				       s->dir, (long long)store_meta(s)->height);
		if (s->runs.n == RUNS_MAX)
			return damaged(s, t, "it has more runs than there can be");
		struct run *r;
		TRY(run_open(&r, s->io, s->dir, span[i], t));
		runs_add(&s->runs, r);
	}
	return ERR_OK;
}

static enum err runs_load(struct store *s, struct err_text *t)
{
	struct listing l = {NULL, 0, false};
	if (!runs_init(&s->runs))
		return ERR_NOMEM;
	enum err e = io_list(s->io, s->dir, list_one, &l, t);
	if (e == ERR_OK && l.nomem)
		e = ERR_NOMEM;
	if (e == ERR_OK && l.n)
		qsort(l.at, l.n, sizeof *l.at, span_order);
	if (e == ERR_OK)
		e = runs_take(s, l.at, l.n, t);
	free(l.at);
	return e;
}

enum err store_open(struct store **out, const struct io *io, const char *dir, size_t map_bytes,
		    enum store_use use, struct err_text *t)
{
	*out = NULL;
	struct store *s = calloc(1, sizeof *s);
	if (!s)
		return ERR_NOMEM;
	s->io = io;
	s->use = use;
	s->map_bytes = map_bytes;
	s->dir = strdup(dir);
	enum err e = s->dir ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK && use == STORE_OWN)
		e = io_make_dir(io, dir, t);
	if (e == ERR_OK)
		e = open_env(s, t);
	if (e == ERR_OK)
		e = open_dbs(s, t);
	if (e == ERR_OK)
		e = meta_load(s, t);
	if (e == ERR_OK)
		e = runs_load(s, t);
	if (e != ERR_OK) {
		store_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	if (s->pin)
		mdb_txn_abort(s->pin);
	if (s->env)
		mdb_env_close(s->env);
	runs_fini(&s->runs);
	buf_fini(&s->lmdb_note);
	buf_fini(&s->merged_note);
	free(s->dir);
	free(s);
}

enum err store_destroy(const struct io *io, const char *dir, struct err_text *t)
{
	static const char *const names[] = {"data.mdb", "lock.mdb", "run.tmp"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
			return err_set(t, ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
	}
	struct listing l = {NULL, 0, false};
	bool there;
	TRY(io_exists(io, dir, &there, t));
	enum err e = there ? io_list(io, dir, list_one, &l, t) : ERR_OK;
	if (e == ERR_OK && l.nomem)
		e = ERR_NOMEM;
	for (size_t i = 0; e == ERR_OK && i < l.n; i++)
		e = run_remove(io, dir, l.at[i], t);
	free(l.at);
	return e;
}

const struct store_meta *store_meta(const struct store *s)
{
	return s->runs.n ? run_meta(s->runs.at[s->runs.n - 1]) : &s->lmdb;
}

size_t store_map_bytes(const struct store *s)
{
	return s->map_bytes;
}

uint64_t store_file_bytes(const struct store *s)
{
	MDB_envinfo info;
	MDB_stat st;
	if (mdb_env_info(s->env, &info) != 0 || mdb_env_stat(s->env, &st) != 0)
		return 0;
	return ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
}

/* ---- views ---- */

enum err store_view_new(struct store_view **out, struct store *s)
{
	*out = NULL;
	struct store_view *v = calloc(1, sizeof *v);
	if (!v)
		return ERR_NOMEM;
	v->s = s;
	int rc = mdb_txn_begin(s->env, NULL, MDB_RDONLY, &v->txn);
	if (!rc)
		rc = mdb_cursor_open(v->txn, s->rows, &v->cursor);
	if (rc) {
		store_view_free(v);
		return rc == MDB_READERS_FULL ? ERR_LIMIT : fault(s, rc, NULL, "reading");
	}
	mdb_txn_reset(v->txn);
	*out = v;
	return ERR_OK;
}

void store_view_free(struct store_view *v)
{
	if (!v)
		return;
	if (v->cursor)
		mdb_cursor_close(v->cursor);
	if (v->txn)
		mdb_txn_abort(v->txn);
	leaf_list_fini(&v->below);
	touch_list_fini(&v->over);
	free(v);
}

enum err store_view_open(struct store_view *v)
{
	bug_if(v->open);
	int rc = mdb_txn_renew(v->txn);
	if (!rc) {
		rc = mdb_cursor_renew(v->txn, v->cursor);
		if (rc)
			mdb_txn_reset(v->txn);
	}
	v->open = rc == 0;
	return fault(v->s, rc, NULL, "reading");
}

void store_view_close(struct store_view *v)
{
	if (v->open)
		mdb_txn_reset(v->txn);
	v->open = false;
}

static enum err parse(struct disk_row *row, const uint8_t *key_hash, struct slice data)
{
	return disk_row_parse(row, key_hash, data) ? ERR_OK : ERR_CORRUPT;
}

static enum err parse_val(struct disk_row *row, const MDB_val *k, const MDB_val *d)
{
	if (k->mv_size != 32)
		return ERR_CORRUPT;
	return parse(row, k->mv_data, slice(d->mv_data, d->mv_size));
}

enum err store_get(struct store_view *v, bool *found, struct disk_row *row,
		   const struct hash *key_hash)
{
	struct run_row over;
	TRY(runs_get(&v->s->runs, found, &over, key_hash));
	if (*found) {
		*found = over.data.n;
		return *found ? parse(row, over.key_hash, over.data) : ERR_OK;
	}
	MDB_val k = {32, (void *)(uintptr_t)key_hash->b}, d;
	int rc = mdb_get(v->txn, v->s->rows, &k, &d);
	*found = rc == 0;
	if (rc == MDB_NOTFOUND)
		return ERR_OK;
	if (rc)
		return fault(v->s, rc, NULL, "reading");
	return parse_val(row, &k, &d);
}

static enum err lmdb_scan(struct store_view *v, struct leaf_list *out, const uint8_t *prefix,
			  unsigned bits)
{
	uint8_t low[32];
	trie_prefix(low, prefix, bits);
	MDB_val k = {32, low}, d;
	int rc = mdb_cursor_get(v->cursor, &k, &d, MDB_SET_RANGE);
	while (rc == 0) {
		struct disk_row row;
		TRY(parse_val(&row, &k, &d));
		if (!trie_under(k.mv_data, prefix, bits))
			break;
		TRY(leaf_list_put(out, k.mv_data, d.mv_data));
		rc = mdb_cursor_get(v->cursor, &k, &d, MDB_NEXT);
	}
	return rc && rc != MDB_NOTFOUND ? fault(v->s, rc, NULL, "reading") : ERR_OK;
}

enum err store_scan(struct store_view *v, struct leaf_list *out, const uint8_t *prefix,
		    unsigned bits)
{
	v->over.n = 0;
	TRY(runs_scan(&v->s->runs, &v->over, prefix, bits));
	if (v->over.n == 0)
		return lmdb_scan(v, out, prefix, bits);
	v->below.n = 0;
	TRY(lmdb_scan(v, &v->below, prefix, bits));
	return leaves_merge(out, &v->below, v->over.at, v->over.n);
}

/* ---- walking all rows ---- */

static enum err lmdb_next(struct store_view *v, const uint8_t *from)
{
	MDB_val k = {32, (void *)(uintptr_t)from}, d;
	int rc = mdb_cursor_get(v->cursor, &k, &d, from ? MDB_SET_RANGE : MDB_NEXT);
	v->row_there = rc == 0;
	if (rc == MDB_NOTFOUND)
		return ERR_OK;
	if (rc)
		return fault(v->s, rc, NULL, "reading");
	return parse_val(&v->row, &k, &d);
}

enum err store_next(struct store_view *v, bool *found, struct disk_row *row, const uint8_t *from)
{
	if (from) {
		run_walk_begin(&v->walk, &v->s->runs, v->s->runs.n, from);
		TRY(lmdb_next(v, from));
		TRY(run_walk_next(&v->walk, &v->run_there, &v->run));
	}
	for (;;) {
		int order = 1;
		*found = v->row_there || v->run_there;
		if (!*found)
			return ERR_OK;
		if (v->run_there)
			order = v->row_there ? memcmp(v->row.key_hash, v->run.key_hash, 32) : 1;
		else
			order = -1;
		if (order < 0) {
			*row = v->row;
			return lmdb_next(v, NULL);
		}
		struct run_row over = v->run;
		if (order == 0)
			TRY(lmdb_next(v, NULL));
		TRY(run_walk_next(&v->walk, &v->run_there, &v->run));
		if (over.data.n)
			return parse(row, over.key_hash, over.data);
	}
}

/* ---- writing ---- */

size_t store_runs(const struct store *s)
{
	return s->runs.n;
}

enum err store_run_write(struct store *s, struct run **made, int64_t from,
			 const struct row_list *rows, const struct store_meta *meta,
			 struct err_text *t)
{
	*made = NULL;
	TRY(run_write(s->io, s->dir, from, rows, meta, t));
	return run_open(made, s->io, s->dir, (struct run_span){from, meta->height}, t);
}

void store_run_add(struct store *s, struct run *made)
{
	runs_add(&s->runs, made);
}

void store_merge_begin(struct store *s, size_t n)
{
	static const uint8_t lowest[32];
	bug_if(n == 0 || n > s->runs.n || s->merging);
	s->merging = n;
	run_walk_begin(&s->at, &s->runs, n, lowest);
}

size_t store_merge_rows(const struct store *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->merging; i++)
		n += run_count(s->runs.at[i]);
	return n;
}

static int put_meta(struct store *s, MDB_txn *txn, const struct store_meta *meta)
{
	struct buf b = BUF_INIT;
	store_meta_encode(&b, meta);
	if (buf_err(&b) != ERR_OK) {
		buf_fini(&b);
		return ENOMEM;
	}
	MDB_val k = meta_key(), d = {b.n, b.p};
	int rc = mdb_put(txn, s->metas, &k, &d, 0);
	buf_fini(&b);
	return rc;
}

static int row_put(MDB_cursor *cur, const struct run_row *r)
{
	MDB_val k = {32, (void *)(uintptr_t)r->key_hash};
	MDB_val d = {r->data.n, (void *)(uintptr_t)r->data.p};
	if (r->data.n)
		return mdb_cursor_put(cur, &k, &d, 0);
	int rc = mdb_cursor_get(cur, &k, &d, MDB_SET);
	if (rc == 0)
		rc = mdb_cursor_del(cur, 0);
	return rc == MDB_NOTFOUND ? 0 : rc;
}

/* One transaction; *done: it was the last, with the meta. */
static int put_chunk(struct store *s, bool *done, size_t chunk, enum err *e)
{
	const struct store_meta *meta = run_meta(s->runs.at[s->merging - 1]);
	MDB_txn *txn;
	MDB_cursor *cur = NULL;
	int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, s->rows, &cur);
	for (size_t i = 0; i < chunk && !rc && !*done; i++) {
		struct run_row row;
		bool found;
		*e = run_walk_next(&s->at, &found, &row);
		if (*e != ERR_OK)
			rc = EINVAL;
		else if (found)
			rc = row_put(cur, &row);
		else
			*done = true;
	}
	if (cur)
		mdb_cursor_close(cur);
	if (!rc && *done)
		rc = put_meta(s, txn, meta);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

/* LMDB holds them: their files may go. */
static enum err merged(struct store *s, struct err_text *t)
{
	for (size_t i = 0; i < s->merging; i++)
		TRY(run_remove(s->io, s->dir, run_span(s->runs.at[i]), t));
	return meta_keep(&s->merged, &s->merged_note, run_meta(s->runs.at[s->merging - 1]));
}

enum err store_merge_step(struct store *s, bool *done, bool *map_full, size_t chunk,
			  struct err_text *t)
{
	struct run_walk before = s->at;
	enum err e = ERR_OK;
	*done = *map_full = false;
	int rc = put_chunk(s, done, chunk, &e);
	if (rc == MDB_MAP_FULL) {
		s->at = before;
		*done = false;
		*map_full = true;
		return ERR_OK;
	}
	if (e != ERR_OK)
		return damaged(s, t, "a run changed while it was read");
	if (rc)
		return fault(s, rc, t, "writing");
	return *done ? merged(s, t) : ERR_OK;
}

void store_merged_drop(struct store *s)
{
	struct buf old = s->lmdb_note;
	s->lmdb_note = s->merged_note;
	s->merged_note = old;
	s->lmdb = s->merged;
	runs_drop(&s->runs, s->merging);
	s->merging = 0;
}

enum err store_grow(struct store *s, struct err_text *t)
{
	int rc = mdb_env_set_mapsize(s->env, 2 * s->map_bytes);
	if (!rc)
		s->map_bytes *= 2;
	return fault(s, rc, t, "growing the map");
}
