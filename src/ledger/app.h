/*
 * app: the one table through which the ledger calls upward.
 *
 * The ledger knows transactions, ids, members' keys and quotas; what an action
 * means is the application's. Everything here is deterministic: block time and
 * height come in through `struct exec`, and nothing else of the world does.
 */
#ifndef ARGOSY_LEDGER_APP_H
#define ARGOSY_LEDGER_APP_H

#include "base/bytes.h"
#include "ledger/tx.h"
#include "ledger/verdict.h"

struct ledger;
struct trial;

/*
 * Work, counted where it is done. A unit is a row touched, or a KiB begun of a
 * transaction, of a record written or read, or of a row written that has more
 * than one. An action is bounded in rows, a
 * transaction and a block in units.
 */
enum { WORK_ACTION_ROWS_MAX = 20200, WORK_TX_MAX = 65536, WORK_BLOCK_MAX = 262144 };

enum work_over { WORK_WITHIN, WORK_OVER_ACTION, WORK_OVER_TX, WORK_OVER_BLOCK };

struct work {
	uint64_t action_rows, tx, block;
	enum work_over over; /* the first bound that this transaction passed */
};

/* What an act runs in: one block, one transaction, one action. */
struct exec {
	struct ledger *ledger;
	int64_t height;
	int64_t time_ms;   /* block time, UTC */
	uint32_t tx_index; /* in the block */
	uint32_t action_index;
	struct tx *tx;		   /* NULL in genesis, begin and end */
	struct arena *arena;	   /* the action's: emptied where the next one begins */
	struct arena *block_arena; /* freed after the block is committed or aborted */
	struct work work;
	struct trial *trial;	   /* NULL in blocks; what stands for state and log in a trial (ledger_try) */
};

/*
 * Begins action `index` of the transaction; what lay in x->arena is gone. False: a bound on
 * work was passed, by the action before or by all so far: nothing more is to be done of
 * this transaction, and whatever verdict execute gives the ledger says the true one.
 */
bool exec_action(struct exec *x, uint32_t index) MUST_USE;
/* Counts rows that are touched by reading them: a subject's own, once an action. False: over
 * a bound, as in exec_action; the application stops the action with VERDICT_TOO_LARGE. */
bool exec_touch(struct exec *x, uint64_t rows) MUST_USE;

/* State as staged so far. *found false: no such key. `value` is borrowed until
 * the block ends. Faults (corruption, I/O) stop the node. */
enum err exec_get(struct exec *x, bool *found, struct slice *value, struct slice key) MUST_USE;
/* Counts a row, as exec_del does, and its KiB where it has more than one. */
enum err exec_put(struct exec *x, struct slice key, struct slice value) MUST_USE;
/* Of a row that exec_touch has counted: it is not counted twice. */
enum err exec_put_touched(struct exec *x, struct slice key, struct slice value) MUST_USE;
enum err exec_del(struct exec *x, struct slice key) MUST_USE;

/* The index that the next record will get. */
uint64_t exec_next_index(const struct exec *x);
/* Appends a log record (docs/format/record.md), a copy; gives its index and digest. */
enum err exec_record(struct exec *x, uint64_t *index, struct hash *digest,
		     struct slice record) MUST_USE;
/* Reads a committed or staged record; appended to `out`. One that is not there is a fault
 * (ERR_CORRUPT): execution asks only for what the state names. */
enum err exec_read_record(struct exec *x, struct buf *out, uint64_t index) MUST_USE;

struct ledger_app {
	/*
	 * Stateless and thread-safe: decodes and validates the actions of a
	 * transaction whose form is good, hashes events, and hangs what it made on
	 * tx->prepared (memory from tx->arena). Sets tx->work, the work that it names
	 * (tx_work), and tx->rescue. Where memory ran out, which is no verdict, it leaves
	 * tx->work 0 and gives VERDICT_OK; it is then called again. Runs once per
	 * transaction otherwise, on any thread, before execute.
	 */
	enum verdict (*prepare)(struct tx *tx, struct verdict_text *t);
	/* State before the first block. */
	enum err (*genesis)(struct exec *x, struct slice app_state, struct err_text *t);
	enum err (*begin)(struct exec *x, struct err_text *t);
	/*
	 * Applies a prepared, authenticated transaction whole. If the verdict is not
	 * VERDICT_OK the ledger rolls back state and log to before it. A fault stops
	 * the node and is never a verdict.
	 */
	enum err (*execute)(struct exec *x, struct tx *tx, enum verdict *v, struct verdict_text *vt,
			    struct err_text *t);
	enum err (*end)(struct exec *x, struct err_text *t);
};

#endif
