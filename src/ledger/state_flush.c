/*
 * The way from memory to LMDB.
 *
 * Blocks go into the active table. When that has grown past its bound it is frozen
 * together with the height it stands at, and a thread writes it to LMDB while the
 * next active table fills; then the block thread drops it. Only then may a view of
 * LMDB be trusted without it, and every view is opened after that.
 */
#include "ledger/state_priv.h"

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

/* Writes the frozen table. */
static enum err write_frozen(struct state *s, struct err_text *t)
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
		e = store_redo_write(s->store, &rows, &meta, t);
	size_t done = 0;
	for (bool full = true; e == ERR_OK && full;) {
		e = store_apply(s->store, &done, &full, &rows, &meta, s->o.flush_chunk, t);
		if (e == ERR_OK && full)
			e = grow_map(s, t);
	}
	row_list_fini(&rows);
	return e;
}

static void flush_run(struct state *s)
{
	struct err_text t = {""};
	enum err e = write_frozen(s, &t);
	pthread_mutex_lock(&s->m);
	if (e == ERR_OK)
		store_publish(s->store);
	if (e != ERR_OK && s->fault == ERR_OK) {
		s->fault = e;
		err_set(&s->fault_text, e, "%s", t.text[0] ? t.text : err_str(e));
	}
	s->flush = FLUSH_DONE;
	s->flushes++;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->m);
}

static void *flush_thread(void *arg)
{
	struct state *s = arg;
	pthread_setname_np(pthread_self(), "argosy-flush");
	pthread_mutex_lock(&s->m);
	while (!s->stop) {
		if (s->flush != FLUSH_WANTED) {
			pthread_cond_wait(&s->changed, &s->m);
			continue;
		}
		s->flush = FLUSH_RUNNING;
		pthread_mutex_unlock(&s->m);
		flush_run(s);
		pthread_mutex_lock(&s->m);
	}
	pthread_mutex_unlock(&s->m);
	return NULL;
}

enum err flush_start(struct state *s, struct err_text *t)
{
	if (s->o.synchronous)
		return ERR_OK;
	if (pthread_create(&s->thread, NULL, flush_thread, s) != 0)
		return err_set(t, ERR_UNAVAILABLE, "%s: cannot start a thread", s->dir);
	s->threaded = true;
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

void flush_reap(struct state *s)
{
	pthread_mutex_lock(&s->m);
	bool done = s->flush == FLUSH_DONE && s->fault == ERR_OK;
	if (done)
		s->flush = FLUSH_IDLE;
	pthread_mutex_unlock(&s->m);
	if (!done)
		return;
	struct memtable *old = s->frozen;
	pthread_rwlock_wrlock(&s->lock);
	s->frozen = NULL;
	pthread_rwlock_unlock(&s->lock);
	memtable_reset(old);
	s->spare = old;
	/* LMDB's pages are other ones now: what is read from them is checked anew. */
	cells_forget_seen(s->cells);
}

enum err flush_wait(struct state *s, struct err_text *t)
{
	pthread_mutex_lock(&s->m);
	while (s->threaded && (s->flush == FLUSH_WANTED || s->flush == FLUSH_RUNNING))
		pthread_cond_wait(&s->changed, &s->m);
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
		flush_run(s);
		return flush_wait(s, t);
	}
	return ERR_OK;
}
