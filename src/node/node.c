/*
 * node: a node's folder opened and closed, and transactions handed to its driver.
 *
 * Opening decides whether this folder may sign at all: guard_start. Where it may
 * not, the node is open read-only and says why.
 */
#include "node/node_inner.h"

#include "node/clock.h"

#include "crypto/ed25519.h"
#include "trade/trade.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- opening ---- */

static bool holds(const char *dir, const char *name)
{
	char path[IO_PATH_MAX];
	bool there = false;
	return io_join(path, dir, name, NULL) == ERR_OK &&
	       io_exists(io_posix(), path, &there, NULL) == ERR_OK && there;
}

enum node_lack node_lacks(const char *dir)
{
	static const char *const marks[] = {"log/000001.seg", "keys/last_signed",
					    "keys/validator.key", "keys/operator.key"};
	if (holds(dir, "FORMAT"))
		return holds(dir, "keys/validator.key") ? NODE_LACKS_NOTHING : NODE_LACKS_KEY;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (holds(dir, marks[i]))
			return NODE_LACKS_FORMAT;
	return NODE_LACKS_ALL;
}

enum err node_there(const char *dir, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct buf text = BUF_INIT;
	TRY(io_join(path, dir, "FORMAT", t));
	enum err e = io_read_file(io_posix(), path, 64, &text, t);
	if (e == ERR_NOTFOUND && node_lacks(dir) == NODE_LACKS_FORMAT)
		e = err_set(t, ERR_CORRUPT, NODE_NO_FORMAT_TEXT, dir);
	else if (e == ERR_NOTFOUND)
		e = err_set(t, ERR_NOTFOUND, "%s: no node here; make one with 'argosy init'", dir);
	else if (e == ERR_OK && !slice_eq_str(buf_slice(&text), NODE_FORMAT))
		e = err_set(
			t, ERR_VERSION,
			"%s: made by another version of Argosy; this one writes \"" NODE_FORMAT_LINE
			"\"",
			path);
	buf_fini(&text);
	return e;
}

enum err validator_key_load(struct keyfile *k, const char *keys, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct err_text why = {{0}};
	TRY(io_join(path, keys, "validator.key", t));
	enum err e = node_key_load(k, path, &why);
	if (e == ERR_NOTFOUND)
		return err_set(t, ERR_CORRUPT,
			       "%.300s is missing: put it back, or 'argosy key rotate validator' "
			       "puts the next key in its place",
			       path);
	if (e == ERR_FORMAT || e == ERR_LIMIT)
		return err_set(t, ERR_CORRUPT,
			       "%.300s; put the right one back, or 'argosy key rotate validator' "
			       "puts the next key in its place",
			       why.text);
	return e == ERR_OK ? e : err_set(t, e, "%s", why.text[0] ? why.text : err_str(e));
}

/*
 * genesis.txt is what people hand on as the name of their chain: it must be the journal's.
 * One that is gone is written anew. Another one is not: it may be the journal that was swapped.
 */
static enum err fingerprint_check(const struct node *n, bool read_only, struct err_text *t)
{
	char path[IO_PATH_MAX], hex[66];
	struct buf text = BUF_INIT;
	hex_encode(hex, ledger_genesis(n->ledger)->fingerprint.b, 32);
	memcpy(hex + 64, "\n", 2);
	TRY(io_join(path, n->dir, "genesis.txt", t));
	enum err e = io_read_file(io_posix(), path, 1000, &text, t);
	if (e == ERR_NOTFOUND)
		e = read_only ? ERR_OK : io_write_file_atomic(io_posix(), path, slice_str(hex), t);
	else if (e == ERR_LIMIT || (e == ERR_OK && !slice_eq_str(buf_slice(&text), hex)))
		e = err_set(t, ERR_MISMATCH,
			    "%s: names another chain than the journal's genesis, which is %.64s; if it is this "
			    "file that is damaged, remove it",
			    path, hex);
	buf_fini(&text);
	return e;
}

/* The last block's id, commit, and the app hash that its header carries. */
static enum err tip_load(struct node *n, struct solo_tip *tip, struct err_text *t)
{
	struct ledger_head head;
	struct buf payload = BUF_INIT;
	struct block_record r;
	*tip = (struct solo_tip){0};
	commit_none(&tip->last_commit);
	ledger_head(n->ledger, &head);
	if (head.height == 0)
		return ERR_OK;
	enum err e = ledger_read_block(n->ledger, &payload, head.height);
	struct header *h = malloc(sizeof *h);
	if (e != ERR_OK)
		(void)!err_set(t, e, "block %lld cannot be read from the journal: %s", (long long)head.height,
			       err_str(e));
	if (!h)
		e = ERR_NOMEM;
	if (e == ERR_OK && (!block_record_decode(&r, buf_slice(&payload)) ||
			    !header_decode(h, r.header) || !commit_decode(&tip->last_commit, r.commit)))
		e = err_set(t, ERR_CORRUPT, "block %lld: header or commit is damaged",
			    (long long)head.height);
	if (e == ERR_OK) {
		uint8_t vote[VOTE_SIGN_BYTES_MAX];
		const struct commit *c = &tip->last_commit;
		tip->last_block_id = c->block_id;
		tip->last_app_hash_in_header = h->app_hash;
		size_t len = vote_sign_bytes(vote, h->chain_id, VOTE_PRECOMMIT, c->height, c->round,
					     &c->block_id, c->sigs[0].time);
		tip->mark = (struct guard_mark){.height = c->height, .round = c->round, .block = c->block_id.hash};
		sha256(&tip->mark.sign, slice(vote, len));
	}
	free(h);
	buf_fini(&payload);
	return e;
}

int64_t node_next_height(struct ledger *l)
{
	struct ledger_head head;
	const struct epoch_set *set = ledger_validators(l);
	int64_t next = ledger_genesis(l)->initial_height;
	ledger_head(l, &head);
	if (head.height + 1 > next)
		next = head.height + 1;
	return set->from_height > next ? set->from_height : next;
}

bool guard_allows(struct ledger *l, enum err read, const struct guard_mark *last,
		  struct err_text *why)
{
	struct ledger_head head;
	ledger_head(l, &head);
	if (read != ERR_OK)
		(void)!err_set(why, ERR_READONLY,
			       "this folder does not know what was signed last (a copy, or "
			       "keys/last_signed is %s): 'argosy resume' begins a new epoch",
			       read == ERR_CORRUPT ? "damaged" : "gone");
	else if (last->height >= node_next_height(l))
		(void)!err_set(why, ERR_READONLY,
			       "the journal ends at height %lld but height %lld was signed: an "
			       "older copy, or its end was cut off; 'argosy resume' begins a new "
			       "epoch",
			       (long long)head.height, (long long)last->height);
	else if (head.height == last->height && head.height &&
		 !hash_eq(&last->block, &head.block_hash))
		(void)!err_set(why, ERR_READONLY,
			       "another block of height %lld was signed than the journal holds: "
			       "this is not the journal that was signed; bring that one back, or "
			       "'argosy resume' begins a new epoch",
			       (long long)head.height);
	else
		return true;
	return false;
}

/* A folder that is only read says all the same whether it could do more. */
static enum err guard_look(struct node *n)
{
	struct guard_mark last = {0};
	char path[IO_PATH_MAX];
	TRY(io_join(path, n->keys, "last_signed", NULL));
	enum err e = guard_read(io_posix(), path, &last, NULL);
	if (e == ERR_OK || e == ERR_NOTFOUND || e == ERR_CORRUPT)
		(void)guard_allows(n->ledger, e, &last, &n->why);
	return ERR_OK;
}

/* Where guard_allows says no, the node is read-only. A journal one block ahead of the guard is
 * a crash between the two: the guard catches up. */
static enum err guard_start(struct node *n, const struct solo_tip *tip, struct err_text *t)
{
	struct ledger_head head;
	struct guard_mark last = {0};
	struct err_text why = {{0}};
	char path[IO_PATH_MAX];
	TRY(io_join(path, n->keys, "last_signed", t));
	enum err e = guard_open(&n->guard, io_posix(), path, &why);
	if (e != ERR_OK && e != ERR_NOTFOUND && e != ERR_CORRUPT)
		return err_set(t, e, "%s", why.text);
	if (e == ERR_OK)
		guard_last(n->guard, &last);
	n->read_only = !guard_allows(n->ledger, e, &last, &n->why);
	ledger_head(n->ledger, &head);
	if (!n->read_only && head.height > last.height)
		return guard_advance(n->guard, &tip->mark, t);
	return ERR_OK;
}

static enum err driver_start(struct node *n, const struct solo_tip *tip, struct err_text *t)
{
	struct keyfile k;
	enum err e = validator_key_load(&k, n->keys, t);
	if (e == ERR_CORRUPT)
		*n->options.lacks = node_lacks(n->dir);
	TRY(e);
	const struct epoch_set *set = ledger_validators(n->ledger);
	struct validator v = set->v[0];
	if (set->n != 1 || memcmp(v.key, k.public_key, 32))
		e = err_set(t, ERR_MISMATCH,
			    "%s/validator.key: not the validator's key of this chain now; if its "
			    "rotation was interrupted, do that again",
			    n->keys);
	if (e == ERR_OK) {
		struct solo_options so = {.threads = n->options.threads,
					  .disk_floor_bytes = n->options.disk_floor_bytes,
					  .disk_path = n->dir};
		e = solo_start(&n->solo, n->ledger, n->guard, tip, node_next_height(n->ledger), &v,
			       k.secret_key, &so, t);
	}
	keyfile_fini(&k);
	secret_wipe_stack();
	return e;
}

/* Makes blocks from here on, if this folder may. */
static enum err start(struct node *n, struct err_text *t)
{
	struct solo_tip *tip = calloc(1, sizeof *tip);
	enum err e = tip ? tip_load(n, tip, t) : ERR_NOMEM;
	if (e == ERR_OK)
		e = guard_start(n, tip, t);
	if (e == ERR_OK && !n->read_only)
		e = driver_start(n, tip, t);
	free(tip);
	return e;
}

/* What a block in the making and a flush of the state may still write must fit below the
 * floor, or the node stops until it is opened again. */
static uint64_t disk_floor(const char *dir)
{
	const uint64_t most = (uint64_t)512 << 20, least = (uint64_t)64 << 20;
	uint64_t free_bytes, total;
	if (io_space(io_posix(), dir, &free_bytes, &total, NULL) != ERR_OK || total / 20 > most)
		return most;
	if (total / 20 > least)
		return total / 20;
	return total / 4 < least ? total / 4 : least;
}

enum err node_open(struct node **out, const char *dir, const struct node_options *o,
		   struct err_text *t)
{
	char path[IO_PATH_MAX];
	/* Transactions come and go by the thousand: keep their memory out of mmap, which would
	 * clear each page anew, and in few arenas. */
	mallopt(M_MMAP_THRESHOLD, 8 << 20);
	mallopt(M_TRIM_THRESHOLD, 16 << 20);
	mallopt(M_ARENA_MAX, 2);
	if (ed25519_init() != ERR_OK)
		return err_set(t, ERR_UNAVAILABLE, "libsodium cannot start");
	enum node_lack unseen, *lacks = o->lacks ? o->lacks : &unseen;
	*lacks = NODE_LACKS_NOTHING;
	enum err there = node_there(dir, t);
	if (there == ERR_NOTFOUND || there == ERR_CORRUPT)
		*lacks = node_lacks(dir);
	TRY(there);
	struct node *n = calloc(1, sizeof *n);
	if (!n)
		return ERR_NOMEM;
	n->options = *o;
	n->options.lacks = lacks;
	snprintf(n->dir, sizeof n->dir, "%s", dir);
	if (n->options.disk_floor_bytes == 0)
		n->options.disk_floor_bytes = disk_floor(dir);
	struct ledger_options lo = {.app = &trade_app,
				    .synchronous = o->synchronous,
				    .progress = o->progress,
				    .progress_ctx = o->progress_ctx};
	enum err e = io_join(n->keys, dir, "keys", t);
	bool unwritable = o->read_only && access(dir, W_OK) != 0;
	if (e == ERR_OK && unwritable)
		e = node_scratch_make(n->scratch, dir, t);
	if (e == ERR_OK && unwritable) {
		lo.read_only = lo.rebuild = true;
		lo.derived_dir = n->scratch;
	}
	if (e == ERR_OK)
		e = io_join(path, dir, "LOCK", t);
	if (e == ERR_OK && !unwritable)
		e = io_open(io_posix(), &n->lock, path, IO_CREATE, t);
	if (e == ERR_OK && !unwritable)
		e = io_lock(n->lock, t);
	if (e == ERR_LOCKED)
		e = err_set(t, ERR_LOCKED, "%s: another process is using this folder", dir);
	if (e == ERR_OK)
		e = ledger_open(&n->ledger, dir, &lo, t);
	/* There is a node; so what was not found is lost. */
	if (e == ERR_NOTFOUND)
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = fingerprint_check(n, o->read_only, t);
	n->read_only = o->read_only;
	if (e == ERR_OK && o->read_only)
		e = guard_look(n);
	else if (e == ERR_OK)
		e = start(n, t);
	if (e != ERR_OK) {
		node_close(n);
		return e;
	}
	n->options.lacks = NULL;
	*out = n;
	return ERR_OK;
}

void node_close(struct node *n)
{
	if (!n)
		return;
	if (n->solo) {
		struct ledger_head head;
		ledger_head(n->ledger, &head);
		if (head.height)
			(void)!solo_wait_proof(n->solo, head.height, 1000, NULL);
		solo_stop(n->solo);
	}
	if (n->ledger && !n->scratch[0])
		(void)!ledger_flush(n->ledger, NULL); /* what is lost here is replayed */
	ledger_close(n->ledger);
	if (n->scratch[0])
		(void)!ledger_derived_remove(n->scratch, NULL);
	guard_close(n->guard);
	io_close(n->lock);
	free(n);
}

void node_status(struct node *n, struct node_status *s)
{
	*s = (struct node_status){.read_only = n->why.text[0] != 0};
	snprintf(s->why, sizeof s->why, "%.*s", (int)sizeof s->why - 1, n->why.text);
	if (n->solo)
		solo_status(n->solo, s);
	ledger_head(n->ledger, &s->head);
}

struct ledger *node_ledger(struct node *n)
{
	return n->ledger;
}

const char *node_dir(const struct node *n)
{
	return n->dir;
}

void node_confirm_clock(struct node *n)
{
	if (n->solo)
		solo_confirm_clock(n->solo);
}

/* ---- submission ---- */

enum err node_submit_async(struct node *n, struct slice tx,
			   void (*done)(void *ctx, const struct node_answer *), void *ctx,
			   struct err_text *t)
{
	if (!n->solo)
		return err_set(t, ERR_READONLY, "the node is read-only: %s", n->why.text);
	return solo_submit(n->solo, tx, done, ctx, t);
}

void node_wait_room(struct node *n)
{
	if (n->solo)
		solo_wait_room(n->solo);
}

struct wait {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	size_t left, unknown;
	enum err unfit; /* of one that was answered so */
};

struct wait_one {
	struct wait *w;
	struct node_answer *answer;
};

static void wait_done(void *ctx, const struct node_answer *a)
{
	struct wait_one *one = ctx;
	pthread_mutex_lock(&one->w->mutex);
	if (!a)
		one->w->unknown++;
	else if (a->unfit != ERR_OK)
		one->w->unfit = a->unfit;
	else
		*one->answer = *a;
	if (--one->w->left == 0)
		pthread_cond_signal(&one->w->cond);
	pthread_mutex_unlock(&one->w->mutex);
}

enum err node_submit(struct node *n, struct node_answer *answers, const struct slice *txs,
		     size_t count, struct err_text *t)
{
	return node_submit_from(n, answers, txs, count, SOLO_HERE, t);
}

enum err node_submit_from(struct node *n, struct node_answer *answers, const struct slice *txs,
			  size_t count, uint64_t source, struct err_text *t)
{
	if (!n->solo)
		return err_set(t, ERR_READONLY, "the node is read-only: %s", n->why.text);
	struct wait w = {.left = count};
	struct submission *sub = NULL;
	struct wait_one *ones = calloc(count + 1, sizeof *ones);
	struct job *jobs = calloc(count + 1, sizeof *jobs);
	enum err e = ones && jobs ? solo_open(n->solo, &sub, source) : ERR_NOMEM;
	if (e != ERR_OK) {
		free(ones);
		free(jobs);
		return e;
	}
	for (size_t i = 0; i < count; i++) {
		answers[i] = (struct node_answer){0};
		ones[i] = (struct wait_one){&w, &answers[i]};
		jobs[i] = (struct job){.bytes = txs[i], .done = wait_done, .ctx = &ones[i]};
	}
	pthread_mutex_init(&w.mutex, NULL);
	pthread_cond_init(&w.cond, NULL);
	e = solo_put(n->solo, sub, jobs, count, t);
	pthread_mutex_lock(&w.mutex);
	while (e == ERR_OK && w.left > 0)
		pthread_cond_wait(&w.cond, &w.mutex);
	pthread_mutex_unlock(&w.mutex);
	solo_close(n->solo, sub);
	if (e == ERR_OK && w.unfit != ERR_OK)
		e = solo_unfit_say(w.unfit, t);
	if ((e == ERR_OK || w.unfit != ERR_OK) && w.unknown)
		e = err_set(t, ERR_UNAVAILABLE,
			    "the node stopped before it answered: whether %zu of the transactions were done is "
			    "known after it has been started again",
			    w.unknown);
	pthread_mutex_destroy(&w.mutex);
	pthread_cond_destroy(&w.cond);
	free(ones);
	free(jobs);
	return e;
}

enum err node_try(struct node *n, struct ledger_trial *out, struct arena *a, const struct slice *txs,
		  size_t count, bool each, struct err_text *t)
{
	struct node_status st;
	node_status(n, &st);
	if (st.read_only)
		return err_set(t, ERR_READONLY, "the node is read-only: %s", n->why.text);
	if (st.stopped)
		return err_set(t, ERR_UNAVAILABLE, "the node has stopped: %s", st.why);
	if (st.clock_held || st.disk_full)
		return solo_unfit_say(st.clock_held ? ERR_UNAVAILABLE : ERR_NOSPACE, t);
	if (atomic_exchange(&n->trying, true))
		return err_set(t, ERR_UNAVAILABLE, "another trial runs: try again");
	enum err e = ledger_try(n->ledger, out, a, txs, count, each, clock_wall_ns() / 1000000, t);
	atomic_store(&n->trying, false);
	return e;
}
