/*
 * The way from memory to disk.
 *
 * Blocks go into the active table. When that has grown past its bound it is frozen
 * together with the height it stands at, and a thread writes it as a run while the next
 * active table fills; then the block thread lays the run in its place. When there are
 * many runs the same thread merges them into LMDB, a little at a time, so that a table
 * that is to be written meanwhile does not wait for the whole of it.
 *
 * What readers see changes on the block thread alone, in flush_reap. Only after that may
 * a view of the store be trusted without the table, and every view is opened after that.
 */
#include "state/state_priv.h"

#include <time.h>

static enum err grow_map(struct state *s, struct err_text *t)
{
	/* No LMDB transaction may live in the process while its map moves. */
	pthread_mutex_lock(&s->m);
	while (s->staging && !s->stop)
		pthread_cond_wait(&s->changed, &s->m);
	enum err e = ERR_UNAVAILABLE;
	if (!s->staging) {
		pthread_rwlock_wrlock(&s->lock);
		e = store_grow(s->store, t);
		pthread_rwlock_unlock(&s->lock);
	}
	pthread_mutex_unlock(&s->m);
	return e;
}

/* ---- the thread's two tasks ---- */

/* Writes the frozen table. */
static enum err write_frozen(struct state *s, struct run **made, struct err_text *t)
{
	static const uint8_t any[32];
	const struct version *v = &s->frozen_at;
	struct store_meta meta = {v->height, v->root, v->keys, buf_slice(&v->note)};
	struct row_list rows = {NULL, 0, 0};
	enum err e = ERR_OK;
	if (s->o.before_flush)
		e = s->o.before_flush(s->o.before_flush_ctx, v->height, meta.note);
	if (e != ERR_OK)
		err_set(t, e, "%s: what the state depends on could not be synced: %s", s->dir,
			err_str(e));
	if (e == ERR_OK)
		e = memtable_range(s->frozen, &rows, any, 0);
	if (e == ERR_OK)
		e = store_run_write(s->store, made, s->frozen_from, &rows, &meta, t);
	row_list_fini(&rows);
	return e;
}

/* With the mutex. */
static void fault_keep(struct state *s, enum err e, const struct err_text *t)
{
	if (e == ERR_OK || s->fault != ERR_OK)
		return;
	s->fault = e;
	err_set(&s->fault_text, e, "%s", t->text[0] ? t->text : err_str(e));
}

static void flush_run(struct state *s)
{
	struct err_text t = {""};
	struct run *made = NULL;
	enum err e = write_frozen(s, &made, &t);
	pthread_mutex_lock(&s->m);
	fault_keep(s, e, &t);
	s->made = made;
	s->flush = FLUSH_DONE;
	s->flushes++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->m);
}

/* Is there disk for another step, and some to spare? A changed row may cost a page of LMDB and
 * its share of the pages above. Who asks for more than there is would stop the journal. */
static bool merge_room(const struct state *s)
{
	uint64_t free_bytes, total, rows = store_merge_rows(s->store);
	if (rows > s->o.merge_chunk)
		rows = s->o.merge_chunk;
	return io_space(s->o.io, s->dir, &free_bytes, &total, NULL) != ERR_OK ||
	       free_bytes >= rows * 8192 + (1 << 20);
}

/* One step; false: it has to wait for room on the disk. */
static bool merge_run(struct state *s)
{
	struct err_text t = {""};
	bool done, full;
	if (!merge_room(s))
		return false;
	enum err e = store_merge_step(s->store, &done, &full, s->o.merge_chunk, &t);
	if (e == ERR_OK && full)
		e = grow_map(s, &t);
	pthread_mutex_lock(&s->m);
	fault_keep(s, e, &t);
	if (done || e != ERR_OK) {
		s->merge = MERGE_DONE;
		s->merges++;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->m);
	return true;
}

/* With the mutex. */
static void wait_a_second(struct state *s)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until); /* allowed: a pause, nothing depends on it */
	until.tv_sec++;
	pthread_cond_timedwait(&s->changed, &s->m, &until);
}

static void *flush_thread(void *arg)
{
	struct state *s = arg;
	pthread_setname_np(pthread_self(), "argosy-flush");
	pthread_mutex_lock(&s->m);
	while (!s->stop) {
		bool room = store_runs(s->store) < RUNS_MAX;
		if (s->flush == FLUSH_WANTED && room) {
			s->flush = FLUSH_RUNNING;
			pthread_mutex_unlock(&s->m);
			flush_run(s);
			pthread_mutex_lock(&s->m);
		} else if (s->merge == MERGE_RUNNING && s->fault == ERR_OK) {
			pthread_mutex_unlock(&s->m);
			bool ran = merge_run(s);
			pthread_mutex_lock(&s->m);
			if (!ran && !s->stop)
				wait_a_second(s);
		} else {
			pthread_cond_wait(&s->changed, &s->m);
		}
	}
	pthread_mutex_unlock(&s->m);
	return NULL;
}

/* ---- the block thread ---- */

/* Many runs: the thread shall merge them. */
static void merge_if_due(struct state *s)
{
	if (store_runs(s->store) < s->o.merge_runs)
		return;
	pthread_mutex_lock(&s->m);
	if (s->merge == MERGE_IDLE && s->fault == ERR_OK) {
		store_merge_begin(s->store, store_runs(s->store));
		s->merge = MERGE_RUNNING;
		pthread_cond_broadcast(&s->changed);
	}
	pthread_mutex_unlock(&s->m);
	while (!s->threaded && s->merge == MERGE_RUNNING && merge_run(s))
		;
}

enum err flush_start(struct state *s, struct err_text *t)
{
	if (!s->o.synchronous) {
		if (pthread_create(&s->thread, NULL, flush_thread, s) != 0)
			return err_set(t, ERR_UNAVAILABLE, "%s: cannot start a thread", s->dir);
		s->threaded = true;
	}
	return ERR_OK;
}

void flush_stop(struct state *s)
{
	if (!s->threaded)
		return;
	pthread_mutex_lock(&s->m);
	s->stop = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->m);
	pthread_join(s->thread, NULL);
	s->threaded = false;
}

/* A run in place of the frozen table: its rows will be read from there, and be checked
 * when they are. */
static void lay_run(struct state *s, struct run *made)
{
	struct memtable *old = s->frozen;
	for (size_t i = 0; i < run_count(made); i++)
		cells_forget_one(s->cells, run_key_hash(made, i));
	pthread_mutex_lock(&s->m);
	pthread_rwlock_wrlock(&s->lock);
	store_run_add(s->store, made);
	s->frozen = NULL;
	pthread_rwlock_unlock(&s->lock);
	pthread_mutex_unlock(&s->m);
	memtable_reset(old);
	s->spare = old;
}

static void drop_merged(struct state *s)
{
	pthread_mutex_lock(&s->m);
	pthread_rwlock_wrlock(&s->lock);
	store_merged_drop(s->store);
	pthread_rwlock_unlock(&s->lock);
	pthread_cond_broadcast(&s->changed); /* there is room for runs */
	pthread_mutex_unlock(&s->m);
	/* LMDB's pages are other ones now: what is read from them is checked anew. */
	cells_forget_seen(s->cells);
}

void flush_reap(struct state *s)
{
	pthread_mutex_lock(&s->m);
	bool good = s->fault == ERR_OK;
	bool written = good && s->flush == FLUSH_DONE, merged = good && s->merge == MERGE_DONE;
	struct run *made = s->made;
	if (written) {
		s->flush = FLUSH_IDLE;
		s->made = NULL;
	}
	if (merged)
		s->merge = MERGE_IDLE;
	pthread_mutex_unlock(&s->m);
	if (merged)
		drop_merged(s);
	if (written)
		lay_run(s, made);
	if (good)
		merge_if_due(s);
}

enum err flush_wait(struct state *s, struct err_text *t)
{
	pthread_mutex_lock(&s->m);
	while (s->threaded && s->fault == ERR_OK &&
	       (s->flush == FLUSH_WANTED || s->flush == FLUSH_RUNNING)) {
		if (s->merge == MERGE_DONE) { /* the table may be waiting for its place */
			pthread_mutex_unlock(&s->m);
			flush_reap(s);
			pthread_mutex_lock(&s->m);
			continue;
		}
		pthread_cond_wait(&s->changed, &s->m);
	}
	enum err e = s->fault;
	if (e != ERR_OK)
		err_set(t, e, "%s", s->fault_text.text);
	pthread_mutex_unlock(&s->m);
	if (e == ERR_OK)
		flush_reap(s);
	return e;
}

/* The active table becomes the frozen one. */
static enum err freeze(struct state *s)
{
	const struct version *v = &s->committed;
	TRY(version_set(&s->frozen_at, v->height, &v->root, v->keys, buf_slice(&v->note)));
	s->frozen_from = store_meta(s->store)->height;
	pthread_rwlock_wrlock(&s->lock);
	s->frozen = s->active;
	s->active = s->spare;
	pthread_rwlock_unlock(&s->lock);
	s->spare = NULL;
	pthread_mutex_lock(&s->m);
	s->flush = FLUSH_WANTED;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->m);
	return ERR_OK;
}

enum err flush_push(struct state *s, bool all, struct err_text *t)
{
	bool due = memtable_count(s->active) >= s->o.pending_keys_max ||
		   memtable_bytes(s->active) >= s->o.pending_bytes_max;
	pthread_mutex_lock(&s->m);
	bool behind = s->committed.height > store_meta(s->store)->height &&
		      s->committed.height > s->frozen_at.height;
	pthread_mutex_unlock(&s->m);
	flush_reap(s);
	if (!due && !(all && behind))
		return ERR_OK;
	TRY(flush_wait(s, t));
	TRY(freeze(s));
	if (!s->threaded) {
		if (store_runs(s->store) == RUNS_MAX)
			return err_set(t, ERR_NOSPACE, "%s: no room on the disk to merge its runs", s->dir);
		flush_run(s);
		return flush_wait(s, t);
	}
	return ERR_OK;
}
