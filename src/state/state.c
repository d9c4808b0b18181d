#include "state/state_priv.h"

#include "crypto/sha256.h"

#include <stdlib.h>

enum {
	PENDING_KEYS = 48 * 1024,
	PENDING_BYTES = 11 * 1024 * 1024,
	MERGE_RUNS = 12,
	MERGE_CHUNK = 4096,
	STAGE_SLOT_BITS = 10,
	ACTIVE_SLOT_BITS = 14,
	HELP_FROM = 256,  /* touches: a millisecond's work, many times the cost of asking */
	GROW_BUDGET = 64, /* buckets split in a block, and one more for four keys put */
};
#define MAP_BYTES ((size_t)1 << 30)

/* ---- open and close ---- */

static void set_defaults(struct state_options *o)
{
	if (!o->io)
		o->io = io_posix();
	if (!o->pending_keys_max)
		o->pending_keys_max = PENDING_KEYS;
	if (!o->pending_bytes_max)
		o->pending_bytes_max = PENDING_BYTES;
	if (!o->merge_runs)
		o->merge_runs = MERGE_RUNS;
	bug_if(o->merge_runs > RUNS_MAX);
	if (!o->merge_chunk)
		o->merge_chunk = MERGE_CHUNK;
	if (!o->map_bytes)
		o->map_bytes = MAP_BYTES;
	if (!o->help_from)
		o->help_from = HELP_FROM;
	if (o->cell_bits_min < 8)
		o->cell_bits_min = 8;
}

static enum err locks_init(struct state *s)
{
	pthread_rwlockattr_t a;
	pthread_rwlockattr_init(&a);
	/* A stream of readers must not keep a block from committing. */
	pthread_rwlockattr_setkind_np(&a, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	int rc = pthread_rwlock_init(&s->lock, &a);
	pthread_rwlockattr_destroy(&a);
	rc |= pthread_mutex_init(&s->m, NULL);
	rc |= pthread_mutex_init(&s->views, NULL);
	rc |= pthread_cond_init(&s->changed, NULL);
	return rc ? ERR_NOMEM : ERR_OK;
}

static enum err help_start(struct state *s, struct err_text *t)
{
	if (s->o.synchronous)
		return ERR_OK;
	TRY(lens_new(&s->second, s));
	s->second->capture = &s->own->captured;
	enum err e = helper_start(&s->helper, "argosy-root");
	return e == ERR_OK ? ERR_OK : err_set(t, e, "%s: cannot start a thread", s->dir);
}

static enum err open_parts(struct state *s, const char *dir, struct err_text *t)
{
	s->dir = strdup(dir);
	s->stage = memtable_new(STAGE_SLOT_BITS);
	s->active = memtable_new(ACTIVE_SLOT_BITS);
	s->spare = memtable_new(ACTIVE_SLOT_BITS);
	if (!s->dir || !s->stage || !s->active || !s->spare)
		return ERR_NOMEM;
	TRY(store_open(&s->store, s->o.io, dir, s->o.map_bytes,
		       !s->o.look	    ? STORE_OWN
		       : s->o.beside_writer ? STORE_BESIDE
					    : STORE_LOOK,
		       t));
	TRY(lens_new(&s->own, s));
	const struct store_meta *m = store_meta(s->store);
	TRY(version_set(&s->committed, m->height, &m->root, m->keys, m->note));
	TRY(state_build(s, t));
	if (s->o.look)
		return ERR_OK;
	TRY(help_start(s, t));
	return flush_start(s, t);
}

enum err state_open(struct state **out, const char *dir, const struct state_options *o,
		    struct err_text *t)
{
	*out = NULL;
	struct state *s = calloc(1, sizeof *s);
	if (!s)
		return err_set(t, ERR_NOMEM, "%s: out of memory", dir);
	if (o)
		s->o = *o;
	set_defaults(&s->o);
	s->committed.note = s->frozen_at.note = BUF_INIT;
	enum err e = locks_init(s);
	if (e == ERR_OK)
		e = open_parts(s, dir, t);
	if (e != ERR_OK) {
		state_close(s);
		return e;
	}
	*out = s;
	return ERR_OK;
}

void state_close(struct state *s)
{
	if (!s)
		return;
	state_abort(s);
	flush_stop(s);
	helper_stop(s->helper);
	while (s->idle) {
		struct lens *l = s->idle;
		s->idle = l->next;
		lens_free(l);
	}
	lens_free(s->second);
	lens_free(s->own);
	run_close(s->made);
	store_close(s->store);
	cells_free(s->cells);
	memtable_free(s->stage);
	memtable_free(s->active);
	memtable_free(s->frozen);
	memtable_free(s->spare);
	row_list_fini(&s->staged_rows);
	free(s->undo);
	free(s->reads.at);
	free(s->touches);
	buf_fini(&s->committed.note);
	buf_fini(&s->frozen_at.note);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->views);
	pthread_mutex_destroy(&s->m);
	pthread_rwlock_destroy(&s->lock);
	free(s->dir);
	free(s);
}

enum err state_destroy(const struct io *io, const char *dir, struct err_text *t)
{
	return store_destroy(io ? io : io_posix(), dir, t);
}

enum err state_durable(struct state *s, int64_t *height, struct buf *note)
{
	pthread_mutex_lock(&s->m);
	const struct store_meta *m = store_meta(s->store);
	*height = m->height;
	if (note)
		buf_put_slice(note, m->note);
	pthread_mutex_unlock(&s->m);
	return note ? buf_err(note) : ERR_OK;
}

/* ---- staging ---- */

static enum err fault_now(struct state *s, struct err_text *t)
{
	pthread_mutex_lock(&s->m);
	enum err e = s->fault;
	if (e != ERR_OK)
		err_set(t, e, "%s", s->fault_text.text);
	pthread_mutex_unlock(&s->m);
	return e;
}

/* A commit that failed halfway leaves memory that nobody may trust. */
static enum err die(struct state *s, enum err e, struct err_text *t)
{
	pthread_mutex_lock(&s->m);
	if (s->fault == ERR_OK) {
		s->fault = e;
		err_set(&s->fault_text, e, "%s", t && t->text[0] ? t->text : err_str(e));
	}
	pthread_mutex_unlock(&s->m);
	return e;
}

static void staging_set(struct state *s, bool on)
{
	pthread_mutex_lock(&s->m);
	s->staging = on;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->m);
}

enum err state_begin(struct state *s, struct err_text *t)
{
	bug_if(s->staging || s->o.look);
	TRY(fault_now(s, t));
	/* Here rather than in state_commit, which readers may be waiting for: this may have to
	 * wait for the disk. */
	TRY(flush_push(s, false, t));
	staging_set(s, true);
	enum err e = store_view_open(s->own->view);
	if (e != ERR_OK) {
		staging_set(s, false);
		return err_set(t, e, "%s: %s", s->dir, err_str(e));
	}
	return ERR_OK;
}

static void staging_end(struct state *s)
{
	capture_reset(&s->own->captured);
	store_view_close(s->own->view);
	cells_drop(s->cells);
	memtable_reset(s->stage);
	s->undo_n = s->reads.n = 0;
	s->root_known = false;
	staging_set(s, false);
}

void state_abort(struct state *s)
{
	if (s->staging)
		staging_end(s);
}

static enum err note_read(struct state *s, const struct hash *key_hash)
{
	if (cells_is_seen(s->cells, key_hash->b))
		return ERR_OK;
	struct hash_list *l = &s->reads;
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 256;
		struct hash *at = realloc(l->at, cap * sizeof *at);
		if (!at)
			return ERR_NOMEM;
		l->at = at;
		l->cap = cap;
	}
	l->at[l->n++] = *key_hash;
	s->root_known = false;
	return ERR_OK;
}

static const struct row *pending_row(const struct state *s, const struct hash *key_hash)
{
	const struct row *r = memtable_find(s->active, key_hash);
	if (!r && s->frozen)
		r = memtable_find(s->frozen, key_hash);
	return r;
}

enum err state_get(struct state *s, bool *found, struct slice *value, struct slice key)
{
	bug_if(!s->staging);
	*found = false;
	if (key.n > STATE_KEY_MAX)
		return ERR_OK;
	struct hash kh;
	state_key_hash(s, &kh, key);
	const struct row *r = memtable_find(s->stage, &kh);
	if (!r)
		r = pending_row(s, &kh);
	if (r) {
		*found = r->state == ROW_VALUE;
		*value = row_value(r);
		return ERR_OK;
	}
	struct disk_row row;
	TRY(lens_row(s->own, found, &row, &kh));
	TRY(note_read(s, &kh));
	if (*found && !disk_row_good(&row))
		return ERR_CORRUPT;
	if (*found)
		*value = row.value;
	return ERR_OK;
}

static enum err stage(struct state *s, enum row_state state, struct slice key, struct slice value)
{
	bug_if(!s->staging);
	if (s->undo_n == s->undo_cap) {
		size_t cap = s->undo_cap ? 2 * s->undo_cap : 256;
		struct row **u = realloc(s->undo, cap * sizeof(struct row *));
		if (!u)
			return ERR_NOMEM;
		s->undo = u;
		s->undo_cap = cap;
	}
	struct hash kh;
	state_key_hash(s, &kh, key);
	struct row *r = memtable_stage(s->stage, &kh, state, key, value);
	if (!r)
		return ERR_NOMEM;
	s->undo[s->undo_n++] = r;
	s->root_known = false;
	return ERR_OK;
}

enum err state_put(struct state *s, struct slice key, struct slice value)
{
	if (key.n == 0 || key.n > STATE_KEY_MAX || value.n > STATE_VALUE_MAX)
		return ERR_LIMIT;
	return stage(s, ROW_VALUE, key, value);
}

enum err state_del(struct state *s, struct slice key)
{
	if (key.n == 0 || key.n > STATE_KEY_MAX)
		return ERR_OK;
	return stage(s, ROW_DELETED, key, slice(NULL, 0));
}

state_mark state_mark_set(const struct state *s)
{
	return s->undo_n;
}

void state_rollback(struct state *s, state_mark mark)
{
	bug_if(!s->staging || mark > s->undo_n);
	while (s->undo_n > mark)
		memtable_undo(s->stage, s->undo[--s->undo_n]);
	s->root_known = false;
}

/* ---- root ---- */

static int hash_order(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Staged rows and reads, as one list in order of key hash. */
static enum err gather(struct state *s, size_t *n)
{
	static const uint8_t any[32];
	s->staged_rows.n = 0;
	TRY(memtable_range(s->stage, &s->staged_rows, any, 0));
	if (s->reads.n > 1)
		qsort(s->reads.at, s->reads.n, sizeof *s->reads.at, hash_order);
	size_t need = s->staged_rows.n + s->reads.n;
	if (need > s->touches_cap) {
		struct touch *t = realloc(s->touches, (need + need / 2) * sizeof *t);
		if (!t)
			return ERR_NOMEM;
		s->touches = t;
		s->touches_cap = need + need / 2;
	}
	size_t w = 0, r = 0;
	*n = 0;
	while (w < s->staged_rows.n || r < s->reads.n) {
		struct row *row = w < s->staged_rows.n ? s->staged_rows.at[w] : NULL;
		const struct hash *read = r < s->reads.n ? &s->reads.at[r] : NULL;
		if (row && (!read || memcmp(row->key_hash.b, read->b, 32) <= 0)) {
			s->touches[(*n)++] =
				(struct touch){row->key_hash.b, row->leaf.b,
					       row->state == ROW_VALUE ? TOUCH_PUT : TOUCH_DEL};
			w++;
		} else {
			s->touches[(*n)++] = (struct touch){read->b, NULL, TOUCH_READ};
			r++;
		}
	}
	return ERR_OK;
}

/* The leaves of staged rows: a touch that puts points into its row. */
static void hash_rows(const struct touch *t, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (t[i].kind != TOUCH_PUT)
			continue;
		uintptr_t leaf = (uintptr_t)t[i].leaf;
		struct row *r = (struct row *)(leaf - offsetof(struct row, leaf));
		trie_leaf_of(&r->leaf, &r->key_hash, row_value(r));
	}
}

static struct leaf_source staged_source(struct lens *l)
{
	struct leaf_source src = lens_source(l);
	src.hash = hash_rows;
	return src;
}

static void help(void *ctx)
{
	struct state *s = ctx;
	struct leaf_source src = staged_source(s->second);
	while (cells_share(s->cells, 1, &src))
		;
}

static enum err stage_cells(struct state *s, size_t n)
{
	struct leaf_source src = staged_source(s->own);
	if (!s->helper || n < s->o.help_from)
		return cells_stage(s->cells, &s->delta, &src, s->touches, n);
	/* This view may see a later transaction of a merge than the block's own: what the two
	 * differ in lies in the runs, which are over both. */
	TRY(store_view_open(s->second->view));
	cells_cut(s->cells, s->touches, n);
	helper_ask(s->helper, help, s);
	while (cells_share(s->cells, 0, &src))
		;
	helper_end(s->helper);
	store_view_close(s->second->view);
	return cells_join(s->cells, &s->delta);
}

enum err state_root(struct state *s, struct hash *root, struct err_text *t)
{
	bug_if(!s->staging);
	if (!s->root_known) {
		size_t n;
		enum err e = gather(s, &n);
		if (e == ERR_OK)
			e = stage_cells(s, n);
		if (e == ERR_CORRUPT)
			return state_damaged(s, t);
		if (e != ERR_OK)
			return err_set(t, e, "%s: %s", s->dir, err_str(e));
		s->root_known = true;
	}
	cells_staged_root(s->cells, root);
	return ERR_OK;
}

/* ---- commit ---- */

/* Under the write lock: what is staged becomes what is committed. */
static enum err apply(struct state *s, int64_t height, const struct hash *root, struct slice note)
{
	TRY(cells_apply(s->cells));
	for (size_t i = 0; i < s->staged_rows.n; i++) {
		const struct row *r = s->staged_rows.at[i];
		struct row *to = memtable_set(s->active, &r->key_hash, (enum row_state)r->state,
					      row_key(r), row_value(r));
		if (!to)
			return ERR_NOMEM;
		to->leaf = r->leaf;
	}
	uint64_t keys = (uint64_t)((int64_t)s->committed.keys + s->delta);
	return version_set(&s->committed, height, root, keys, note);
}

static enum err grow(struct state *s, struct err_text *t)
{
	struct leaf_source src = lens_source(s->own);
	enum err e =
		cells_grow(s->cells, s->committed.keys, GROW_BUDGET + s->staged_rows.n / 4, &src);
	if (e == ERR_OK) {
		pthread_rwlock_wrlock(&s->lock);
		e = cells_grow_apply(s->cells);
		pthread_rwlock_unlock(&s->lock);
	}
	return e == ERR_CORRUPT ? state_damaged(s, t) : e;
}

enum err state_commit(struct state *s, int64_t height, struct slice note, struct err_text *t)
{
	bug_if(!s->staging || height <= s->committed.height || note.n > STATE_NOTE_MAX);
	struct hash root;
	enum err e = state_root(s, &root, t);
	if (e == ERR_OK) {
		pthread_rwlock_wrlock(&s->lock);
		e = apply(s, height, &root, note);
		pthread_rwlock_unlock(&s->lock);
	}
	if (e == ERR_OK)
		e = grow(s, t);
	staging_end(s);
	return e == ERR_OK ? ERR_OK : die(s, e, t);
}

enum err state_flush(struct state *s, struct err_text *t)
{
	bug_if(s->staging);
	TRY(fault_now(s, t));
	TRY(flush_push(s, true, t));
	return flush_wait(s, t);
}
