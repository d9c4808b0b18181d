#include "ledger/store.h"

#include "crypto/sha256.h"
#include "ledger/lmdb_check.h"
#include "ledger/redo.h"

#include <errno.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
	META_VERSION = 1,
	ROW_HEAD = 34, /* leaf hash, length of the key */
	READERS_MAX = 512,
};

struct store {
	const struct io *io;
	char *dir;
	MDB_env *env;
	MDB_dbi rows, metas;
	size_t map_bytes;
	struct store_meta meta, next; /* next: of a flush that store_publish will show */
	struct buf meta_note, next_note;
};

struct store_view {
	struct store *s;
	MDB_txn *txn;
	MDB_cursor *cursor;
	bool open;
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

/* ---- rows ---- */

static enum err row_parse(struct store_row *row, const MDB_val *k, const MDB_val *d)
{
	if (k->mv_size != 32 || d->mv_size < ROW_HEAD)
		return ERR_CORRUPT;
	const uint8_t *p = d->mv_data;
	size_t key_n = (size_t)p[32] << 8 | p[33];
	if (key_n > d->mv_size - ROW_HEAD)
		return ERR_CORRUPT;
	row->key_hash = k->mv_data;
	row->leaf = p;
	row->key = slice(p + ROW_HEAD, key_n);
	row->value = slice(p + ROW_HEAD + key_n, d->mv_size - ROW_HEAD - key_n);
	return ERR_OK;
}

static int row_put(MDB_cursor *cur, const struct row *r)
{
	MDB_val k = {32, (void *)(uintptr_t)r->key_hash.b};
	MDB_val d = {ROW_HEAD + (size_t)r->key_n + r->value_n, NULL};
	if (r->state == ROW_DELETED) {
		int rc = mdb_cursor_get(cur, &k, &d, MDB_SET);
		if (rc == 0)
			rc = mdb_cursor_del(cur, 0);
		return rc == MDB_NOTFOUND ? 0 : rc;
	}
	int rc = mdb_cursor_put(cur, &k, &d, MDB_RESERVE);
	if (rc)
		return rc;
	uint8_t *p = d.mv_data;
	memcpy(p, r->leaf.b, 32);
	p[32] = (uint8_t)(r->key_n >> 8);
	p[33] = (uint8_t)r->key_n;
	memcpy(p + ROW_HEAD, r->bytes, (size_t)r->key_n + r->value_n);
	return 0;
}

/* ---- meta: version, height, root, keys, note with its length, SHA-256 of all that ---- */

static void meta_encode(struct buf *b, const struct store_meta *m)
{
	buf_put_u8(b, META_VERSION);
	buf_put_u64be(b, (uint64_t)m->height);
	buf_put(b, m->root.b, 32);
	buf_put_u64be(b, m->keys);
	buf_put_u32be(b, (uint32_t)m->note.n);
	buf_put_slice(b, m->note);
	struct hash h;
	if (!b->failed)
		sha256(&h, buf_slice(b));
	buf_put(b, h.b, 32);
}

static bool meta_decode(struct store_meta *m, struct slice in)
{
	if (in.n < 32)
		return false;
	struct hash h;
	sha256(&h, slice(in.p, in.n - 32));
	if (memcmp(h.b, in.p + in.n - 32, 32) != 0)
		return false;
	struct reader r = reader_of(slice(in.p, in.n - 32));
	if (reader_u8(&r) != META_VERSION)
		return false;
	m->height = (int64_t)reader_u64be(&r);
	m->root = reader_hash(&r);
	m->keys = reader_u64be(&r);
	m->note = reader_bytes(&r, reader_u32be(&r));
	return !r.bad && reader_left(&r) == 0;
}

static MDB_val meta_key(void)
{
	return (MDB_val){5, (void *)(uintptr_t) "state"};
}

static enum err meta_set(struct store *s, const struct store_meta *m)
{
	buf_clear(&s->next_note);
	buf_put_slice(&s->next_note, m->note);
	s->next = *m;
	return buf_err(&s->next_note);
}

void store_publish(struct store *s)
{
	struct buf old = s->meta_note;
	s->meta_note = s->next_note;
	s->next_note = old;
	s->meta = s->next;
	s->meta.note = buf_slice(&s->meta_note);
}

static enum err meta_load(struct store *s, struct err_text *t)
{
	MDB_txn *txn;
	TRY(fault(s, mdb_txn_begin(s->env, NULL, MDB_RDONLY, &txn), t, "reading"));
	MDB_val k = meta_key(), d;
	MDB_stat st;
	enum err e = ERR_OK;
	int rc = mdb_get(txn, s->metas, &k, &d);
	if (rc == MDB_NOTFOUND) {
		rc = mdb_stat(txn, s->rows, &st);
		if (rc)
			e = fault(s, rc, t, "reading");
		else if (st.ms_entries)
			e = damaged(s, t, "it has rows, but does not say of which height");
	} else if (rc) {
		e = fault(s, rc, t, "reading");
	} else {
		struct store_meta m;
		if (!meta_decode(&m, slice(d.mv_data, d.mv_size)))
			e = damaged(s, t, "the row that says its height is damaged");
		else
			e = meta_set(s, &m);
		if (e == ERR_OK)
			store_publish(s);
	}
	mdb_txn_abort(txn);
	return e;
}

/* ---- open ---- */

static enum err open_dbs(struct store *s, struct err_text *t)
{
	MDB_txn *txn;
	TRY(fault(s, mdb_txn_begin(s->env, NULL, 0, &txn), t, "opening"));
	int rc = mdb_dbi_open(txn, "rows", MDB_CREATE, &s->rows);
	if (!rc)
		rc = mdb_dbi_open(txn, "meta", MDB_CREATE, &s->metas);
	if (rc) {
		mdb_txn_abort(txn);
		return fault(s, rc, t, "opening");
	}
	return fault(s, mdb_txn_commit(txn), t, "opening");
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
	TRY(lmdb_check(path, t));
	if (stat(path, &st) == 0)
		while (s->map_bytes < 2 * (size_t)st.st_size)
			s->map_bytes *= 2;
	if (!rc)
		rc = mdb_env_set_mapsize(s->env, s->map_bytes);
	if (!rc)
		rc = mdb_env_open(s->env, s->dir, MDB_NOTLS, 0600);
	int dead;
	if (!rc)
		rc = mdb_reader_check(s->env, &dead);
	return fault(s, rc, t, "opening");
}

/* Takes up a flush that was cut short. */
static enum err redo_take(struct store *s, struct err_text *t)
{
	struct redo r;
	bool found;
	TRY(redo_read(&r, &found, s->io, s->dir, t));
	enum err e = ERR_OK;
	if (found && r.meta.height > s->meta.height) {
		size_t done = 0;
		for (bool full = true; full && e == ERR_OK;) {
			e = store_apply(s, &done, &full, &r.rows, &r.meta, 4096, t);
			if (e == ERR_OK && full)
				e = store_grow(s, t);
		}
	}
	if (found && e == ERR_OK && r.meta.height > s->meta.height)
		store_publish(s);
	if (found)
		redo_fini(&r);
	if (e == ERR_OK)
		e = redo_remove(s->io, s->dir, t);
	return e;
}

enum err store_open(struct store **out, const struct io *io, const char *dir, size_t map_bytes,
		    struct err_text *t)
{
	*out = NULL;
	struct store *s = calloc(1, sizeof *s);
	if (!s)
		return ERR_NOMEM;
	s->io = io;
	s->map_bytes = map_bytes;
	s->dir = strdup(dir);
	enum err e = s->dir ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK)
		e = io_make_dir(io, dir, t);
	if (e == ERR_OK)
		e = open_env(s, t);
	if (e == ERR_OK)
		e = open_dbs(s, t);
	if (e == ERR_OK)
		e = meta_load(s, t);
	if (e == ERR_OK)
		e = redo_take(s, t);
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
	if (s->env)
		mdb_env_close(s->env);
	buf_fini(&s->meta_note);
	buf_fini(&s->next_note);
	free(s->dir);
	free(s);
}

enum err store_destroy(const struct io *io, const char *dir, struct err_text *t)
{
	TRY(redo_remove(io, dir, t));
	static const char *const names[] = {"data.mdb", "lock.mdb"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[4096];
		snprintf(path, sizeof path, "%s/%s", dir, names[i]);
		if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
			return err_set(t, ERR_IO, "%s: cannot remove: %s", path, strerror(errno));
	}
	return ERR_OK;
}

const struct store_meta *store_meta(const struct store *s)
{
	return &s->meta;
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

enum err store_get(struct store_view *v, bool *found, struct store_row *row,
		   const struct hash *key_hash)
{
	MDB_val k = {32, (void *)(uintptr_t)key_hash->b}, d;
	int rc = mdb_get(v->txn, v->s->rows, &k, &d);
	*found = rc == 0;
	if (rc == MDB_NOTFOUND)
		return ERR_OK;
	if (rc)
		return fault(v->s, rc, NULL, "reading");
	return row_parse(row, &k, &d);
}

/* Whether the key hash begins with the first `bits` bits of `prefix`. */
static bool under(const uint8_t *key_hash, const uint8_t *prefix, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;
	if (memcmp(key_hash, prefix, whole) != 0)
		return false;
	return !rest || !((key_hash[whole] ^ prefix[whole]) >> (8 - rest));
}

enum err store_row_of(struct store_row *row, const uint8_t *key_hash, const uint8_t *leaf,
		      size_t size)
{
	MDB_val k = {32, (void *)(uintptr_t)key_hash}, d = {size, (void *)(uintptr_t)leaf};
	return row_parse(row, &k, &d);
}

enum err store_scan(struct store_view *v, struct leaf_list *out, struct buf *sizes,
		    const uint8_t *prefix, unsigned bits)
{
	uint8_t low[32] = {0};
	memcpy(low, prefix, (bits + 7) / 8);
	if (bits % 8)
		low[bits / 8] &= (uint8_t)(0xff << (8 - bits % 8));
	MDB_val k = {32, low}, d;
	int rc = mdb_cursor_get(v->cursor, &k, &d, MDB_SET_RANGE);
	while (rc == 0) {
		if (k.mv_size != 32 || d.mv_size < ROW_HEAD)
			return ERR_CORRUPT;
		if (!under(k.mv_data, prefix, bits))
			break;
		TRY(leaf_list_put(out, k.mv_data, d.mv_data));
		uint32_t size = (uint32_t)d.mv_size;
		if (sizes)
			buf_put(sizes, &size, sizeof size);
		rc = mdb_cursor_get(v->cursor, &k, &d, MDB_NEXT);
	}
	if (rc && rc != MDB_NOTFOUND)
		return fault(v->s, rc, NULL, "reading");
	return sizes ? buf_err(sizes) : ERR_OK;
}

enum err store_next(struct store_view *v, bool *found, struct store_row *row, const uint8_t *from)
{
	MDB_val k = {32, (void *)(uintptr_t)from}, d;
	int rc = mdb_cursor_get(v->cursor, &k, &d, from ? MDB_SET_RANGE : MDB_NEXT);
	*found = rc == 0;
	if (rc == MDB_NOTFOUND)
		return ERR_OK;
	if (rc)
		return fault(v->s, rc, NULL, "reading");
	return row_parse(row, &k, &d);
}

uint64_t store_count(struct store_view *v)
{
	MDB_stat st;
	return mdb_stat(v->txn, v->s->rows, &st) == 0 ? st.ms_entries : 0;
}

/* ---- writing ---- */

enum err store_redo_write(struct store *s, const struct row_list *rows,
			  const struct store_meta *meta, struct err_text *t)
{
	return redo_write(s->io, s->dir, rows, meta, t);
}

static int put_meta(struct store *s, MDB_txn *txn, const struct store_meta *meta)
{
	struct buf b = BUF_INIT;
	meta_encode(&b, meta);
	if (buf_err(&b) != ERR_OK) {
		buf_fini(&b);
		return ENOMEM;
	}
	MDB_val k = meta_key(), d = {b.n, b.p};
	int rc = mdb_put(txn, s->metas, &k, &d, 0);
	buf_fini(&b);
	return rc;
}

/* One transaction: rows [from, to), and the meta if these are the last. */
static int put_chunk(struct store *s, const struct row_list *rows, size_t from, size_t to,
		     const struct store_meta *meta)
{
	MDB_txn *txn;
	MDB_cursor *cur = NULL;
	int rc = mdb_txn_begin(s->env, NULL, 0, &txn);
	if (rc)
		return rc;
	rc = mdb_cursor_open(txn, s->rows, &cur);
	for (size_t i = from; i < to && !rc; i++)
		rc = row_put(cur, rows->at[i]);
	if (cur)
		mdb_cursor_close(cur);
	if (!rc && to == rows->n)
		rc = put_meta(s, txn, meta);
	if (rc) {
		mdb_txn_abort(txn);
		return rc;
	}
	return mdb_txn_commit(txn);
}

enum err store_apply(struct store *s, size_t *done, bool *map_full, const struct row_list *rows,
		     const struct store_meta *meta, size_t chunk, struct err_text *t)
{
	*map_full = false;
	do {
		size_t to = rows->n - *done < chunk ? rows->n : *done + chunk;
		int rc = put_chunk(s, rows, *done, to, meta);
		if (rc == MDB_MAP_FULL) {
			*map_full = true;
			return ERR_OK;
		}
		if (rc)
			return fault(s, rc, t, "writing");
		*done = to;
	} while (*done < rows->n);
	TRY(meta_set(s, meta));
	return redo_remove(s->io, s->dir, t);
}

enum err store_grow(struct store *s, struct err_text *t)
{
	int rc = mdb_env_set_mapsize(s->env, 2 * s->map_bytes);
	if (!rc)
		s->map_bytes *= 2;
	return fault(s, rc, t, "growing the map");
}
