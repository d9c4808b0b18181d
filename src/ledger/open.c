/*
 * open: a ledger's folder made, opened, caught up with its journal, closed.
 *
 *   DIR/log/     the journal: record 0 is the genesis file, then a record a block
 *   DIR/state/   LMDB, the event log's files, ids-*, blocks: all derived
 *
 * Opening reads the genesis from the journal, then the derived files, which end
 * where the note of their last flush says (the genesis is executed where there was
 * none), and replays the journal's blocks from there. What replay gives must equal
 * what the journal says. Derived files that are damaged are thrown away and made
 * anew from the whole journal, once.
 */
#include "ledger/inner.h"

#include "ledger/header.h"

#include <stdio.h>
#include <stdlib.h>

static enum err sub(char out[static IO_PATH_MAX], const struct ledger *l, const char *name,
		    struct err_text *t)
{
	return io_join(out, l->dir, name, t);
}

static enum err derived_path(char out[static IO_PATH_MAX], const struct ledger *l,
			     struct err_text *t)
{
	if (!l->options.derived_dir)
		return sub(out, l, "state", t);
	snprintf(out, IO_PATH_MAX, "%s", l->options.derived_dir);
	return ERR_OK;
}

static void progress(const struct ledger *l, const char *what, uint64_t done, uint64_t of)
{
	if (l->options.progress)
		l->options.progress(l->options.progress_ctx, what, done, of);
}

/* ---- notes ---- */

static enum err epochs_load(struct ledger *l, struct reader *r, struct err_text *t)
{
	struct epoch e;
	while (reader_left(r) > 0) {
		if (!epoch_take(&e, r))
			return err_set(t, ERR_CORRUPT, "an epoch in the journal or the state is damaged");
		TRY(ledger_epoch_add(l, &e, t));
	}
	return ERR_OK;
}

/* Runs on the state's flushing thread: what the note names becomes durable first. */
static enum err before_flush(void *ctx, int64_t state_height, struct slice note)
{
	struct ledger *l = ctx;
	struct ledger_head h;
	struct journal_pos pos;
	struct reader rest;
	(void)state_height;
	if (!note_decode(&h, &pos, &rest, note))
		return ERR_CORRUPT;
	TRY(mlog_sync(l->mlog));
	TRY(ids_flush(l->ids, h.height, NULL));
	return places_sync(l->places);
}

/* ---- creation ---- */

enum err ledger_create(const char *dir, struct slice genesis_file, const struct ledger_options *o,
		       struct err_text *t)
{
	const struct io *io = o->io ? o->io : io_posix();
	struct genesis *g = malloc(sizeof *g);
	char path[IO_PATH_MAX];
	struct journal *j = NULL;
	struct journal_options jo = {.create = true};
	bool there = false;
	enum err e = g ? genesis_decode(g, genesis_file, t) : ERR_NOMEM;
	if (e == ERR_OK)
		e = io_make_dir(io, dir, t);
	if (e == ERR_OK)
		e = io_join(path, dir, "log", t);
	if (e == ERR_OK)
		e = io_exists(io, path, &there, t);
	if (e == ERR_OK && there)
		e = err_set(t, ERR_EXISTS, "%s: there is a ledger already", dir);
	if (e == ERR_OK)
		e = journal_open(&j, io, path, &g->fingerprint, &jo, t);
	if (e == ERR_OK)
		e = journal_append(j, JOURNAL_GENESIS, genesis_file, NULL, t);
	if (e == ERR_OK)
		e = journal_sync(j, t);
	journal_close(j);
	free(g);
	return e;
}

/* ---- opening ---- */

/* The quota out of a GenesisState; its members are the application's. Read here, since the
 * library does not tell bytes that are no message from memory that ran out. */
static bool quota_read(uint64_t *quota, struct slice state)
{
	struct reader r = reader_of(state);
	*quota = 0;
	while (reader_left(&r) > 0) {
		uint64_t tag = reader_varint(&r);
		if (tag == (1 << 3 | 2))
			(void)reader_lp(&r);
		else if (tag == (2 << 3 | 0))
			*quota = reader_varint(&r);
		else
			return false;
	}
	if (*quota == 0)
		*quota = LEDGER_QUOTA_DEFAULT;
	return !r.bad;
}

static enum err genesis_load(struct ledger *l, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct journal_cursor *c;
	struct journal_record r;
	struct journal_stat stat;
	struct journal_options jo = {.read_only = l->options.read_only};
	TRY(sub(path, l, "log", t));
	TRY(journal_open(&l->journal, l->io, path, NULL, &jo, t));
	TRY(journal_cursor_open(&c, l->journal, NULL, t));
	enum err e = journal_cursor_next(c, &r, t);
	if (e == ERR_NOTFOUND || (e == ERR_OK && r.type != JOURNAL_GENESIS))
		e = err_set(t, ERR_CORRUPT, "%s: the journal does not begin with a genesis", path);
	if (e == ERR_OK) {
		buf_put_slice(&l->genesis_file, r.payload);
		e = buf_err(&l->genesis_file);
		l->last_pos = r.pos;
	}
	journal_cursor_close(c);
	if (e == ERR_OK)
		e = genesis_decode(&l->genesis, buf_slice(&l->genesis_file), t);
	if (e != ERR_OK)
		return e;
	journal_stat(l->journal, &stat);
	if (!hash_eq(&stat.fingerprint, &l->genesis.fingerprint))
		return err_set(t, ERR_CORRUPT, "%s: the genesis is not the one the segments name",
			       path);
	l->fingerprint = l->genesis.fingerprint;
	if (!quota_read(&l->quota_default, l->genesis.app_state))
		return err_set(t, ERR_CORRUPT, "%s: the genesis' first state cannot be decoded", path);
	return ERR_OK;
}

static enum err files_remove(const struct io *io, const char *dir, struct err_text *t)
{
	char file[IO_PATH_MAX];
	bool there;
	TRY(io_exists(io, dir, &there, t));
	if (!there)
		return ERR_OK;
	TRY(state_destroy(io, dir, t));
	TRY(mlog_destroy(io, dir, t));
	TRY(ids_destroy(io, dir, t));
	TRY(io_join(file, dir, "blocks", t));
	TRY(io_exists(io, file, &there, t));
	return there ? io_remove(io, file, t) : ERR_OK;
}

static enum err derived_remove(struct ledger *l, struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(derived_path(path, l, t));
	return files_remove(l->io, path, t);
}

enum err ledger_derived_remove(const char *dir, struct err_text *t)
{
	bool there;
	TRY(files_remove(io_posix(), dir, t));
	TRY(io_exists(io_posix(), dir, &there, t));
	return there ? io_remove(io_posix(), dir, t) : ERR_OK;
}

static void derived_close(struct ledger *l)
{
	/* The flushing thread uses the others: the state goes first. */
	state_close(l->state);
	mlog_close(l->mlog);
	ids_close(l->ids);
	places_close(l->places);
	l->state = NULL;
	l->mlog = NULL;
	l->ids = NULL;
	l->places = NULL;
}

static enum err genesis_execute(struct ledger *l, struct err_text *t)
{
	struct exec x = {.ledger = l,
			 .height = 0,
			 .time_ms = block_time_ms(l->genesis.time.s, l->genesis.time.ns)};
	struct ledger_head *h = &l->head;
	struct buf note = BUF_INIT;
	TRY(state_begin(l->state, t));
	x.arena = x.block_arena = arena_new(0);
	enum err e = x.arena ? l->app->genesis(&x, l->genesis.app_state, t) : ERR_NOMEM;
	if (e == ERR_OK)
		e = state_root(l->state, &h->state_root, t);
	if (e == ERR_OK) {
		h->log_size = mlog_size(l->mlog);
		mlog_root(l->mlog, &h->log_root);
		app_hash(&h->app_hash, h->log_size, &h->log_root, &h->state_root);
		empty_hash(&h->results_hash);
		note_encode(&note, l, h, l->last_pos);
		e = buf_err(&note);
	}
	if (e == ERR_OK)
		e = mlog_commit(l->mlog, t);
	if (e == ERR_OK)
		e = state_commit(l->state, ledger_state_height(l, l->genesis.initial_height - 1),
				 buf_slice(&note), t);
	else
		state_abort(l->state);
	buf_fini(&note);
	arena_free(x.arena);
	return e;
}

static enum err derived_open(struct ledger *l, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct state_options so = {.before_flush = before_flush,
				   .before_flush_ctx = l,
				   .synchronous = l->options.synchronous,
				   .io = l->io};
	struct buf note = BUF_INIT;
	int64_t durable = 0;
	TRY(derived_path(path, l, t));
	TRY(io_make_dir(l->io, path, t));
	TRY(state_open(&l->state, path, &so, t));
	enum err e = state_durable(l->state, &durable, &note);
	epoch_set_init(&l->validators, &l->genesis);
	l->n_epochs = 0;
	struct reader rest;
	if (e == ERR_OK && durable > 0 && !note_decode(&l->head, &l->last_pos, &rest, buf_slice(&note)))
		e = err_set(t, ERR_CORRUPT, "%s: the state's note is damaged", path);
	if (e == ERR_OK && durable > 0)
		e = epochs_load(l, &rest, t);
	buf_fini(&note);
	if (e == ERR_OK)
		e = mlog_open(&l->mlog, l->io, path, l->head.log_size,
			      durable > 0 ? &l->head.log_root : NULL, t);
	if (e == ERR_OK)
		e = ids_open(&l->ids, l->io, path, l->head.height, t);
	if (e == ERR_OK)
		e = places_open(&l->places, l->io, path, l->genesis.initial_height, l->head.height, t);
	if (e == ERR_OK && durable == 0)
		e = genesis_execute(l, t);
	return e;
}

/* ---- catching up ---- */

/* What a header says of the block before must be what executing it gave. */
static enum err replay_header_check(struct ledger *l, const struct block_record *b,
				    struct hash *block_hash, struct err_text *t)
{
	if (b->header.n == 0)
		return ERR_OK; /* a network's, not fetched yet */
	struct header *h = malloc(sizeof *h);
	if (!h)
		return ERR_NOMEM;
	enum err e = ERR_OK;
	if (!header_decode(h, b->header))
		e = err_set(t, ERR_CORRUPT, "block %lld: the header cannot be decoded",
			    (long long)b->height);
	else if (!hash_eq(&h->app_hash, &l->head.app_hash))
		e = err_set(t, ERR_CORRUPT, "block %lld: its header carries another app hash than the block before gives",
			    (long long)b->height);
	else if (!hash_eq(&h->last_results_hash, &l->head.results_hash))
		e = err_set(t, ERR_CORRUPT, "block %lld: its header carries other results than the block before gives",
			    (long long)b->height);
	else
		header_hash(block_hash, h);
	free(h);
	return e;
}

/* Executes one block of the journal again. */
static enum err replay(struct ledger *l, const struct block_record *b, struct journal_pos pos,
		       struct err_text *t)
{
	struct ledger_block block = {.height = b->height, .time_s = b->time_s, .time_ns = b->time_ns};
	struct ledger_executed out;
	struct hash block_hash = {{0}};
	if (b->n_packets > SIZE_MAX / sizeof(struct slice))
		return ERR_CORRUPT;
	struct slice *packets = calloc(b->n_packets + 1, sizeof *packets);
	if (!packets)
		return ERR_NOMEM;
	struct reader r = reader_of(b->packets);
	for (uint64_t i = 0; i < b->n_packets; i++)
		packets[i] = reader_lp(&r);
	block.packets = packets;
	block.n_packets = b->n_packets;
	enum err e = replay_header_check(l, b, &block_hash, t);
	if (e == ERR_OK)
		e = ledger_execute(l, &out, &block, t);
	if (e == ERR_OK && !hash_eq(&out.app_hash, &b->app_hash)) {
		ledger_abort(l);
		e = err_set(t, ERR_CORRUPT, "block %lld: executing it again gives another app hash",
			    (long long)b->height);
	}
	if (e == ERR_OK)
		e = ledger_see(l, &block_hash, pos, t);
	free(packets);
	return e;
}

static enum err catch_up(struct ledger *l, struct err_text *t)
{
	struct journal_stat stat;
	struct journal_cursor *c;
	struct journal_record r;
	struct block_record b;
	uint64_t done = 0;
	journal_stat(l->journal, &stat);
	/* The record the state ends at must be the one the note says. */
	enum err e = journal_cursor_open(&c, l->journal, &l->last_pos, t);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	bool opened = e == ERR_OK;
	if (opened)
		e = journal_cursor_next(c, &r, t);
	if (e == ERR_NOTFOUND)
		e = err_set(t, ERR_CORRUPT, "the state is ahead of the journal (height %lld)",
			    (long long)l->head.height);
	if (e == ERR_OK && l->head.height &&
	    (r.type != JOURNAL_BLOCK || !block_record_decode(&b, r.payload) ||
	     b.height != l->head.height || !hash_eq(&b.app_hash, &l->head.app_hash)))
		e = err_set(t, ERR_CORRUPT, "the state does not belong to this journal");
	l->believing = !l->options.distrust;
	while (e == ERR_OK) {
		e = journal_cursor_next(c, &r, t);
		if (e == ERR_NOTFOUND) {
			e = ERR_OK;
			break;
		}
		if (e != ERR_OK)
			break;
		if (r.type == JOURNAL_EPOCH) {
			struct reader in = reader_of(r.payload);
			e = epochs_load(l, &in, t);
			continue;
		}
		if (r.type != JOURNAL_BLOCK || !block_record_decode(&b, r.payload)) {
			e = err_set(t, ERR_CORRUPT, "segment %u offset %llu: not a block record",
				    r.pos.segment, (unsigned long long)r.pos.offset);
			break;
		}
		e = replay(l, &b, r.pos, t);
		if (++done % 256 == 0)
			progress(l, "catching up", done, 0);
	}
	l->believing = false;
	if (opened)
		journal_cursor_close(c);
	return e;
}

/* ---- open, close ---- */

enum err ledger_open(struct ledger **out, const char *dir, const struct ledger_options *o,
		     struct err_text *t)
{
	struct ledger *l = calloc(1, sizeof *l);
	if (!l)
		return ERR_NOMEM;
	l->options = *o;
	l->io = o->io ? o->io : io_posix();
	l->app = o->app;
	snprintf(l->dir, sizeof l->dir, "%s", dir);
	/* Readers may overlap without end: the block that waits goes first. */
	pthread_rwlockattr_t fair;
	pthread_rwlockattr_init(&fair);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&l->visible, &fair);
	pthread_mutex_init(&l->senders_lock, NULL);
	l->senders_height = -1;
	pthread_rwlockattr_destroy(&fair);
	pthread_mutex_init(&l->damage_lock, NULL);
	enum err e = genesis_load(l, t);
	struct journal_pos first = l->last_pos;
	bool rebuilt = o->rebuild, loaded = e == ERR_OK;
	if (e == ERR_OK && o->rebuild)
		e = derived_remove(l, t);
	for (;;) {
		if (e == ERR_OK)
			e = derived_open(l, t);
		if (e == ERR_OK)
			e = catch_up(l, t);
		if (e != ERR_CORRUPT || rebuilt || o->read_only || !loaded)
			break;
		/* What is derived is damaged: make it anew from the journal, once. */
		progress(l, t ? t->text : "the state is damaged", 0, 0);
		progress(l, "rebuilding the state from the journal", 0, 0);
		derived_close(l);
		l->head = (struct ledger_head){0};
		l->last_pos = first;
		rebuilt = true;
		e = derived_remove(l, t);
	}
	if (e != ERR_OK) {
		ledger_close(l);
		return e;
	}
	struct journal_stat stat;
	journal_stat(l->journal, &stat);
	l->end_pos = stat.end;
	*out = l;
	return ERR_OK;
}

void ledger_close(struct ledger *l)
{
	if (!l)
		return;
	if (l->staging)
		ledger_abort(l);
	derived_close(l);
	journal_close(l->journal);
	buf_fini(&l->genesis_file);
	pthread_mutex_destroy(&l->senders_lock);
	pthread_rwlock_destroy(&l->visible);
	pthread_mutex_destroy(&l->damage_lock);
	free(l);
}

enum err ledger_flush(struct ledger *l, struct err_text *t)
{
	return state_flush(l->state, t);
}
