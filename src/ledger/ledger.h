/*
 * ledger: check, execute, commit: the three calls that every driver makes.
 *
 * A ledger is a folder: log/ (the journal, the truth), state/ (LMDB and the
 * event log's files, rebuildable), FORMAT. src/node/solo.c drives it by itself;
 * a consensus engine will drive it through src/node/abci.c with the same calls.
 *
 * Threads: ledger_execute, ledger_commit and ledger_abort are called by one
 * thread at a time. ledger_check and all readers may run on any thread.
 */
#ifndef ARGOSY_LEDGER_LEDGER_H
#define ARGOSY_LEDGER_LEDGER_H

#include "base/bytes.h"
#include "base/io.h"
#include "journal/journal.h"
#include "journal/mlog.h"
#include "ledger/app.h"
#include "ledger/block_record.h"
#include "ledger/epoch.h"
#include "ledger/genesis.h"
#include "state/state.h"

/* Units of work an hour that a member may do where neither his own record nor the genesis says
 * how many. */
#define LEDGER_QUOTA_DEFAULT UINT64_C(4000000)

struct ledger_options {
	const struct io *io;	       /* NULL: the real file system */
	const struct ledger_app *app;
	bool read_only;
	bool synchronous;	       /* state flushed in line (tests) */
	/* Check signatures again while catching up. A solo journal holds none that was not
	 * checked before it was written; a network's may. */
	bool distrust;
	const char *derived_dir;       /* where derived files go; NULL: DIR/state */
	bool rebuild;		       /* throw state/ away and rebuild it from the journal (argosy reindex) */
	void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t of);
	void *progress_ctx;
	/* ledger_verify: runs when the chain was found good, with what was made anew from it.
	 * NULL: nothing does. */
	enum err (*verified)(void *ctx, struct ledger *l, struct err_text *t);
	void *verified_ctx;
};

/* Makes a new ledger folder with its genesis. ERR_EXISTS if there is one. */
enum err ledger_create(const char *dir, struct slice genesis_file, const struct ledger_options *o,
		       struct err_text *t) MUST_USE;

/* Opens, catches the state up with the journal, and holds the rebuilt root against
 * the journal's. ERR_CORRUPT names what is damaged. */
enum err ledger_open(struct ledger **out, const char *dir, const struct ledger_options *o,
		     struct err_text *t) MUST_USE;
void ledger_close(struct ledger *l);
/* Brings LMDB and the derived files up to the last block, for a quick next start. */
enum err ledger_flush(struct ledger *l, struct err_text *t) MUST_USE;

/* What is committed. Consistent with each other; any thread. */
struct ledger_head {
	int64_t height;		/* 0: nothing but the genesis */
	int64_t time_s;
	int32_t time_ns;
	struct hash block_hash; /* of the last header; zero before the first */
	struct hash app_hash;	/* after the last block */
	struct hash results_hash; /* of the last block: goes into the next header */
	uint64_t log_size;
	struct hash log_root, state_root;
};
void ledger_head(struct ledger *l, struct ledger_head *h);
/* The head, and where the journal ends with it: what a backup may copy. */
void ledger_journal_end(struct ledger *l, struct ledger_head *h, struct journal_pos *end);
const struct genesis *ledger_genesis(const struct ledger *l);
struct slice ledger_genesis_file(const struct ledger *l);

/*
 * Is this transaction acceptable now? Decoded, prepared and verified already
 * (ledger_prepare). Looks at committed state: member, key, id, expiry, quota. For a
 * known id gives VERDICT_DUPLICATE with the first verdict and height in *first,
 * or VERDICT_CONFLICT.
 */
struct tx_first {
	enum verdict verdict;
	int64_t height;
	struct hash body_hash;
};
enum err ledger_check(struct ledger *l, enum verdict *v, struct tx_first *first, struct tx *tx,
		      int64_t now_ms, struct verdict_text *t) MUST_USE;

/* A member's hour of block time, in units of work. */
struct ledger_quota {
	uint64_t limit, used, hour; /* hours since 1970 */
};
/* What he had used in the hour of `time_ms` at the last commit. `limit` is his own
 * (member.quota_units_per_hour), 0: the chain's. */
enum err ledger_quota(struct ledger *l, struct ledger_quota *q, struct slice member, uint64_t limit,
		      int64_t time_ms) MUST_USE;

/* tx_decode + tx_verify + app->prepare: the stateless, costly part, on any thread. */
enum err ledger_prepare(struct ledger *l, struct tx **out, struct slice bytes) MUST_USE;

/* Epochs begun so far, oldest first; valid until the next one begins. */
const struct epoch *ledger_epochs(struct ledger *l, size_t *n);
/* The validators in force: the genesis' with all epochs applied. */
const struct epoch_set *ledger_validators(struct ledger *l);
/* Begins an epoch: journalled and synced. While no block is staged and no reader asks. */
enum err ledger_epoch_begin(struct ledger *l, const struct epoch *e, struct err_text *t) MUST_USE;

/* One block to execute. */
struct ledger_block {
	int64_t height;
	int64_t time_s;
	int32_t time_ns;
	const struct slice *packets;
	size_t n_packets;
	/* Prepared transactions of the packets in order; NULL: execute prepares them itself. */
	struct tx *const *txs;
	size_t n_txs;
	/* Runs in ledger_commit when the block is durable and before anybody sees it; NULL:
	 * nothing does. After a fault of it the node must stop. */
	enum err (*durable)(void *ctx, struct err_text *t);
	void *durable_ctx;
};

struct ledger_result {
	enum verdict verdict;
	bool duplicate;	      /* the id was done before: verdict is the first one's */
	int64_t first_height; /* where it was done first, if duplicate */
	uint64_t first_index; /* log index of its first record, if it made any */
	uint32_t records;
	const struct verdict_text *text; /* NULL where applied */
};

struct ledger_executed {
	struct ledger_result *results; /* one for each transaction, until commit or abort */
	size_t n_results;
	struct slice *packet_results;  /* ExecTxResult.data of each packet */
	size_t n_packets;
	struct hash app_hash, results_hash;
};

/* Stages a block: results and the new app hash. Nothing is durable or visible yet.
 * A fault leaves nothing staged; the node must stop. */
enum err ledger_execute(struct ledger *l, struct ledger_executed *out, const struct ledger_block *b,
			struct err_text *t) MUST_USE;

/* Makes the staged block durable: the journal record (header and commit may be empty
 * where the engine keeps them) is written and synced, then the block is visible. */
enum err ledger_commit(struct ledger *l, const struct ledger_block *b, const struct hash *block_hash,
		       struct slice header, struct slice commit, struct err_text *t) MUST_USE;
void ledger_abort(struct ledger *l);

/*
 * A trial: what would become of these transactions, one after the other, in the next block?
 * They are executed as a block's are, on rows of the committed state that are copied as they
 * are wanted; nothing is staged, nothing is kept, no block waits (trial.c). Any thread; give
 * one at a time the processor.
 *
 * Their signatures are made for trial_fingerprint, not for the chain's, so that nobody can
 * submit what was given for a trial.
 *
 * With `each` every action is tried as a transaction of its own, so that all that would be
 * refused is told, and what depends on good ones is judged after them.
 */
struct ledger_tried {
	struct ledger_result whole;    /* with `each`: why none of its actions was tried, or OK */
	struct ledger_result *actions; /* with `each`: n_actions of them */
	size_t n_actions;
};
struct ledger_trial {
	struct ledger_tried *txs;
	size_t n_txs;  /* fewer than asked: a bound on the whole was met in the one that follows */
	int64_t height; /* of the newest commit when it began */
};
enum { TRIAL_ROWS_MAX = 1000000, TRIAL_BYTES_MAX = 64 << 20 };
/* Everything lies in `a`. ERR_UNAVAILABLE: blocks changed too much meanwhile; again. */
enum err ledger_try(struct ledger *l, struct ledger_trial *out, struct arena *a,
		    const struct slice *txs, size_t n, bool each, int64_t time_ms,
		    struct err_text *t) MUST_USE;
void trial_fingerprint(struct hash *out, const struct hash *fingerprint);

/* ---- readers, any thread ---- */

/* The block record's payload (docs/format/block.md). ERR_NOTFOUND. */
enum err ledger_read_block(struct ledger *l, struct buf *out, int64_t height) MUST_USE;
enum err ledger_read_record(struct ledger *l, struct buf *out, uint64_t index) MUST_USE;
/*
 * The journal's records behind block `after` as they lie, in order, epochs too, up to the newest
 * block that is seen; below the chain's first height: from the genesis on. `fn` false: enough.
 * ERR_NOTFOUND: there is no block `after`.
 */
enum err ledger_journal_each(struct ledger *l, int64_t after,
			     bool (*fn)(void *ctx, uint8_t type, struct slice payload), void *ctx,
			     struct err_text *t) MUST_USE;
/* State value by key, appended to `out`. */
enum err ledger_get(struct ledger *l, bool *found, struct buf *out, struct slice key) MUST_USE;
/* At which height an id was done, for ever; of an id used again: one of its heights. */
enum err ledger_tx_height(struct ledger *l, bool *found, int64_t *height, struct slice member,
			  const uint8_t id[static TX_ID_BYTES]) MUST_USE;
/* Height and verdict of an id that the state still holds, for a day at least (done.c); of an
 * id used again: the newest. `member` is a valid id. ERR_CORRUPT: the record is damaged. */
enum err ledger_tx_verdict(struct ledger *l, bool *found, struct tx_first *first,
			   struct slice member, const uint8_t id[static TX_ID_BYTES],
			   struct err_text *t) MUST_USE;

/*
 * A snapshot of several keys at one height, with their proofs, for bundles:
 * under one lock. `height` and the app hash parts come with it. values[i] (the
 * caller's, n of them, appended to) and proofs[i] belong to keys[i].
 */
struct ledger_proof {
	int64_t height;
	uint64_t log_size;
	struct hash log_root, state_root, app_hash;
};
enum err ledger_prove(struct ledger *l, struct ledger_proof *p, const struct slice *keys, size_t n,
		      struct buf *values, struct state_proof *proofs, struct err_text *t) MUST_USE;

/* What the last reader met that was given ERR_CORRUPT without a text: the file, if it is
 * known, and what mends it. */
void ledger_damage(struct ledger *l, struct err_text *t);

struct state *ledger_state(struct ledger *l);
struct mlog *ledger_mlog(struct ledger *l);

/*
 * A node's derived files against `l`, which ledger_verify made anew from the same journal
 * elsewhere. `found` is told each file that is damaged, by name and place: all of them
 * mend with a reindex. Nothing is changed; a folder that is not there is fine. With
 * `beside_writer` another process may be at work on it. Gives other faults alone.
 */
enum err ledger_derived_check(struct ledger *l, const char *dir, bool beside_writer,
			      void (*found)(void *ctx, const char *text), void *ctx,
			      struct err_text *t) MUST_USE;
/* Up to which height derived files go by their own word; 0: it cannot be told. */
int64_t ledger_derived_height(const char *dir, bool beside_writer);

/* Removes a folder of derived files (derived_dir) and what is in it. */
enum err ledger_derived_remove(const char *dir, struct err_text *t) MUST_USE;

/*
 * Whole-chain check, from the journal alone: every byte of every segment, every
 * record's chain, every header, commit and signature, and every transaction executed
 * again from the genesis into o->derived_dir (the caller's, who removes it; what a check
 * that was killed left there is thrown away). ERR_CORRUPT or ERR_VERIFY: `bad_height` and the text say where.
 * `head` (may be NULL): a head known from elsewhere, which the chain must contain.
 */
struct ledger_audit {
	int64_t height;	    /* of the last good block */
	uint64_t blocks, transactions, records;
	uint64_t torn_bytes; /* an unfinished write at the journal's end, harmless */
	int64_t unsigned_height; /* the first block without header and commit; 0: none */
	int64_t bad_height; /* the block at fault; 0: none, or not a block's fault */
	struct hash app_hash;
};
enum err ledger_verify(struct ledger_audit *out, const char *dir, const struct ledger_options *o,
		       struct err_text *t) MUST_USE;

#endif
