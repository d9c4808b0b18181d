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

/* What an act runs in: one block, one transaction, one action. */
struct exec {
	struct ledger *ledger;
	int64_t height;
	int64_t time_ms;   /* block time, UTC */
	uint32_t tx_index; /* in the block */
	uint32_t action_index;
	struct tx *tx;	     /* NULL in genesis, begin and end */
	struct arena *arena; /* freed after the block is committed or aborted */
};

/* State as staged so far. *found false: no such key. `value` is borrowed until
 * the block ends. Faults (corruption, I/O) stop the node. */
enum err exec_get(struct exec *x, bool *found, struct slice *value, struct slice key) MUST_USE;
enum err exec_put(struct exec *x, struct slice key, struct slice value) MUST_USE;
enum err exec_del(struct exec *x, struct slice key) MUST_USE;

/* The index that the next record will get. */
uint64_t exec_next_index(const struct exec *x);
/* Appends a log record (docs/format/record.md); gives its index and digest. */
enum err exec_record(struct exec *x, uint64_t *index, struct hash *digest,
		     struct slice record) MUST_USE;
/* Reads a committed or staged record; appended to `out`. */
enum err exec_read_record(struct exec *x, struct buf *out, uint64_t index) MUST_USE;

struct ledger_app {
	/*
	 * Stateless and thread-safe: decodes and validates the actions of a
	 * transaction whose form is good, hashes events, and hangs what it made on
	 * tx->prepared (memory from tx->arena). Runs once per transaction, on any
	 * thread, before execute.
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
