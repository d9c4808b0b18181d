#include "node/replica.h"

#include "ledger/walk.h"
#include "trade/trade.h"

#include <stdio.h>
#include <stdlib.h>

struct replica {
	char dir[IO_PATH_MAX];
	struct io_file *lock;
	struct ledger_options options;
	struct ledger *ledger; /* NULL: empty */
	struct walk walk;
	/* The block in hand. */
	bool holding;
	struct buf payload;
	struct block_record block;
	struct slice *packets;
	struct ledger_head before; /* what was executed until it */
};

/* ---- opening ---- */

static enum err walk_begin(struct replica *r)
{
	struct ledger_head head;
	struct block_record b;
	struct buf payload = BUF_INIT;
	const struct genesis *g = ledger_genesis(r->ledger);
	ledger_head(r->ledger, &head);
	if (head.height < g->initial_height) {
		walk_init(&r->walk, g);
		r->walk.validators = *ledger_validators(r->ledger);
		return ERR_OK;
	}
	enum err e = ledger_read_block(r->ledger, &payload, head.height);
	if (e == ERR_OK && !block_record_decode(&b, buf_slice(&payload)))
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		e = walk_resume(&r->walk, g, ledger_validators(r->ledger), &b);
	buf_fini(&payload);
	return e;
}

static enum err ledger_begin(struct replica *r, struct err_text *t)
{
	TRY(ledger_open(&r->ledger, r->dir, &r->options, t));
	return walk_begin(r);
}

struct looking {
	bool other;
};

static bool look(void *arg, const char *name)
{
	struct looking *l = arg;
	/* A node's own folder has keys and FORMAT: this is not the place. */
	l->other = l->other || (strcmp(name, "log") != 0 && strcmp(name, "state") != 0 &&
				strcmp(name, "LOCK") != 0);
	return !l->other;
}

enum err replica_open(struct replica **out, const char *dir,
		      void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t of),
		      void *progress_ctx, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct looking looking = {false};
	bool there = false;
	struct replica *r = calloc(1, sizeof *r);
	if (!r)
		return ERR_NOMEM;
	r->options = (struct ledger_options){
		.app = &trade_app, .progress = progress, .progress_ctx = progress_ctx};
	snprintf(r->dir, sizeof r->dir, "%s", dir);
	enum err e = io_make_dir(io_posix(), dir, t);
	if (e == ERR_OK)
		e = io_list(io_posix(), dir, look, &looking, t);
	if (e == ERR_OK && looking.other)
		e = err_set(t, ERR_CONFLICT, "%s: holds something else than a replayed chain", dir);
	if (e == ERR_OK)
		e = io_join(path, dir, "LOCK", t);
	if (e == ERR_OK)
		e = io_open(io_posix(), &r->lock, path, IO_CREATE, t);
	if (e == ERR_OK)
		e = io_lock(r->lock, t);
	if (e == ERR_OK)
		e = io_join(path, dir, "log", t);
	if (e == ERR_OK)
		e = io_exists(io_posix(), path, &there, t);
	if (e == ERR_OK && there)
		e = ledger_begin(r, t);
	if (e != ERR_OK) {
		replica_close(r);
		return e;
	}
	*out = r;
	return ERR_OK;
}

static void drop(struct replica *r)
{
	if (r->holding)
		ledger_abort(r->ledger);
	r->holding = false;
	free(r->packets);
	r->packets = NULL;
}

void replica_close(struct replica *r)
{
	if (!r)
		return;
	drop(r);
	ledger_close(r->ledger);
	io_close(r->lock);
	buf_fini(&r->payload);
	free(r);
}

int64_t replica_height(const struct replica *r)
{
	return r->ledger ? r->walk.height : 0;
}

enum err replica_header_hash(struct replica *r, struct hash *out, int64_t height)
{
	struct buf payload = BUF_INIT;
	struct block_record b;
	if (r->holding && height == r->block.height) {
		header_hash(out, &r->walk.header);
		return ERR_OK;
	}
	struct header *h = malloc(sizeof *h);
	enum err e = h ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK && (!r->ledger || height > replica_height(r)))
		e = ERR_NOTFOUND;
	if (e == ERR_OK)
		e = ledger_read_block(r->ledger, &payload, height);
	if (e == ERR_OK &&
	    (!block_record_decode(&b, buf_slice(&payload)) || !header_decode(h, b.header)))
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		header_hash(out, h);
	free(h);
	buf_fini(&payload);
	return e;
}

/* ---- records ---- */

static enum err genesis_take(struct replica *r, struct slice file, const struct hash *fingerprint,
			     struct err_text *t)
{
	struct genesis *g = malloc(sizeof *g);
	enum err e = g ? genesis_decode(g, file, t) : ERR_NOMEM;
	if (e == ERR_OK && fingerprint && !hash_eq(&g->fingerprint, fingerprint))
		e = err_set(t, ERR_MISMATCH,
			    "the genesis is another chain's: it has another fingerprint");
	if (e == ERR_OK && r->ledger && !slice_eq(file, ledger_genesis_file(r->ledger)))
		e = err_set(t, ERR_MISMATCH,
			    "the genesis is another than the one that was replayed before");
	free(g);
	TRY(e);
	if (r->ledger)
		return ERR_OK;
	TRY(ledger_create(r->dir, file, &r->options, t));
	return ledger_begin(r, t);
}

static enum err epoch_take_next(struct replica *r, struct slice payload, struct err_text *t)
{
	size_t n;
	const struct epoch *known = ledger_epochs(r->ledger, &n);
	struct reader in = reader_of(payload);
	struct epoch e;
	struct buf again = BUF_INIT;
	if (!epoch_take(&e, &in))
		return err_set(t, ERR_VERIFY, "after block %lld: an epoch that cannot be decoded",
			       (long long)replica_height(r));
	if (e.number >= 2 && e.number - 2 < n) {
		epoch_encode(&again, &known[e.number - 2]);
		bool same = buf_err(&again) == ERR_OK && slice_eq(buf_slice(&again), payload);
		buf_fini(&again);
		return same ? ERR_OK
			    : err_set(t, ERR_MISMATCH,
				      "epoch %llu is another than the one that was replayed before",
				      (unsigned long long)e.number);
	}
	TRY(walk_epoch(&r->walk, &e, payload, t));
	return ledger_epoch_begin(r->ledger, &e, t);
}

/* A block that was taken before must be the same, byte by byte. */
static enum err block_known(struct replica *r, int64_t height, struct slice payload,
			    struct err_text *t)
{
	struct buf own = BUF_INIT;
	enum err e = ledger_read_block(r->ledger, &own, height);
	if (e == ERR_NOTFOUND || (e == ERR_OK && !slice_eq(buf_slice(&own), payload)))
		e = err_set(t, ERR_MISMATCH,
			    "block %lld is another than the one that was replayed before",
			    (long long)height);
	buf_fini(&own);
	return e;
}

static void hash_text(char out[static 65], const struct hash *h)
{
	hex_encode(out, h->b, 32);
}

/* What its header says of the block before, against what executing that gave. */
static enum err before_check(struct replica *r, const struct header *h, struct err_text *t)
{
	const struct ledger_head *b = &r->before;
	char is[65], due[65], log[65], state[65];
	if (hash_eq(&h->app_hash, &b->app_hash)) {
		if (hash_eq(&h->last_results_hash, &b->results_hash))
			return ERR_OK;
		return err_set(t, ERR_VERIFY,
			       "block %lld: its header carries other verdicts for the block before "
			       "than "
			       "executing it gives",
			       (long long)h->height);
	}
	hash_text(is, &h->app_hash);
	hash_text(due, &b->app_hash);
	hash_text(log, &b->log_root);
	hash_text(state, &b->state_root);
	return err_set(t, ERR_VERIFY,
		       "block %lld: its header carries the app hash %s; executing the chain gives "
		       "%s: a log "
		       "of %llu records with the root %s, the state root %s",
		       (long long)h->height, is, due, (unsigned long long)b->log_size, log, state);
}

static enum err packets_cut(struct replica *r)
{
	struct reader in = reader_of(r->block.packets);
	if (r->block.n_packets > reader_left(&in))
		return ERR_CORRUPT;
	r->packets = calloc(r->block.n_packets + 1, sizeof *r->packets);
	if (!r->packets)
		return ERR_NOMEM;
	for (uint64_t i = 0; i < r->block.n_packets; i++)
		r->packets[i] = reader_lp(&in);
	return in.bad ? ERR_CORRUPT : ERR_OK;
}

static struct ledger_block ledger_block_of(const struct replica *r)
{
	return (struct ledger_block){.height = r->block.height,
				     .time_s = r->block.time_s,
				     .time_ns = r->block.time_ns,
				     .packets = r->packets,
				     .n_packets = r->block.n_packets};
}

static enum err execute(struct replica *r, struct err_text *t)
{
	struct ledger_executed out;
	TRY(packets_cut(r));
	const struct ledger_block b = ledger_block_of(r);
	TRY(ledger_execute(r->ledger, &out, &b, t));
	r->holding = true;
	if (hash_eq(&out.app_hash, &r->block.app_hash))
		return ERR_OK;
	char is[65], due[65];
	hash_text(is, &r->block.app_hash);
	hash_text(due, &out.app_hash);
	return err_set(t, ERR_VERIFY,
		       "block %lld: the journal says that it gives the app hash %s; executing it "
		       "gives %s",
		       (long long)b.height, is, due);
}

static enum err block_take(struct replica *r, bool *block, struct slice payload, struct err_text *t)
{
	bug_if(r->holding);
	drop(r);
	buf_clear(&r->payload);
	buf_put_slice(&r->payload, payload);
	TRY(buf_err(&r->payload));
	if (!block_record_decode(&r->block, buf_slice(&r->payload)))
		return err_set(t, ERR_VERIFY, "after block %lld: not a block record",
			       (long long)replica_height(r));
	if (r->walk.any && r->block.height <= r->walk.height)
		return block_known(r, r->block.height, payload, t);
	if (!r->block.header.n)
		return err_set(t, ERR_VERIFY, "block %lld: nobody signed it",
			       (long long)r->block.height);
	ledger_head(r->ledger, &r->before);
	struct header *h = malloc(sizeof *h);
	enum err e = h ? ERR_OK : ERR_NOMEM;
	/* The graver first: another app hash is one block's lie, even if all else follows. */
	if (e == ERR_OK && header_decode(h, r->block.header))
		e = before_check(r, h, t);
	free(h);
	if (e == ERR_OK)
		e = walk_block(&r->walk, &r->block, t);
	if (e == ERR_OK)
		e = execute(r, t);
	if (e != ERR_OK) {
		enum err dropped = replica_drop(r);
		return dropped == ERR_OK ? e : dropped;
	}
	*block = true;
	return ERR_OK;
}

enum err replica_drop(struct replica *r)
{
	drop(r);
	return walk_begin(r); /* which went over the block that the ledger does not have */
}

enum err replica_take(struct replica *r, bool *block, uint8_t type, struct slice payload,
		      const struct hash *fingerprint, struct err_text *t)
{
	*block = false;
	if (type == JOURNAL_GENESIS)
		return genesis_take(r, payload, fingerprint, t);
	if (!r->ledger)
		return err_set(t, ERR_VERIFY, "the journal does not begin with a genesis");
	if (type == JOURNAL_EPOCH)
		return epoch_take_next(r, payload, t);
	if (type == JOURNAL_BLOCK)
		return block_take(r, block, payload, t);
	return err_set(t, ERR_VERSION, "after block %lld: a record of type %u",
		       (long long)replica_height(r),
		       type);
}

void replica_head(struct replica *r, struct bundle_head *h)
{
	bug_if(!r->holding);
	*h = (struct bundle_head){.genesis = ledger_genesis(r->ledger),
				  .header = &r->walk.header,
				  .commit = &r->walk.commit,
				  .log_size = r->before.log_size,
				  .log_root = r->before.log_root,
				  .state_root = r->before.state_root};
	h->epochs = ledger_epochs(r->ledger, &h->n_epochs);
}

enum err replica_keep(struct replica *r, struct err_text *t)
{
	struct hash hash;
	bug_if(!r->holding);
	const struct ledger_block b = ledger_block_of(r);
	header_hash(&hash, &r->walk.header);
	r->holding = false;
	enum err e = ledger_commit(r->ledger, &b, &hash, r->block.header, r->block.commit, t);
	drop(r);
	return e;
}
