/*
 * inner: what ledger.c, execute.c and audit.c share of a ledger. Nobody else
 * includes this.
 */
#ifndef ARGOSY_LEDGER_INNER_H
#define ARGOSY_LEDGER_INNER_H

#include "ledger/ids.h"
#include "ledger/ledger.h"
#include "ledger/places.h"

#include <pthread.h>

/* What a block left for ledger_commit: ids to remember. */
struct done_id {
	struct slice member;
	const uint8_t *id;
};

struct ledger {
	char dir[IO_PATH_MAX];
	const struct io *io;
	const struct ledger_app *app;
	struct ledger_options options;
	struct genesis genesis;
	struct hash fingerprint;
	struct buf genesis_file; /* `genesis` borrows from it */
	uint64_t quota_default;
	struct epoch epochs[EPOCHS_MAX];
	size_t n_epochs;
	struct epoch_set validators;
	struct journal *journal;
	struct state *state;
	struct mlog *mlog;
	struct ids *ids;
	struct places *places; /* state/blocks: where in the journal each height is */

	/* Readers that need state, log and head of one height hold it shared; commit makes
	 * a block visible under it. */
	pthread_rwlock_t visible;
	struct ledger_head head;
	struct journal_pos last_pos, end_pos; /* of the last block's record, and behind it */
	uint64_t transactions; /* executed since it was opened */

	/* The oldest block whose ids the state still holds, and its time (see purge). */
	int64_t young_height, young_ms;

	/* The block being executed. */
	bool staging;
	bool believing; /* catching up with blocks whose signatures were checked before */
	struct arena *arena;
	struct ledger_head staged;
	struct done_id *ids_done;
	size_t n_ids_done, staged_txs;
};

/* The state counts commits: 1 is the genesis, then one for each height. */
int64_t ledger_state_height(const struct ledger *l, int64_t height);

#endif
