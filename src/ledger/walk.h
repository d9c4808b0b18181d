/*
 * walk: a chain's headers, signatures and epochs, one journal record after the other.
 *
 * Nothing is executed here: that a header's app hash is what executing gives is the caller's
 * to see. What is checked is what each block says of the one before, of its transactions, and
 * who signed it.
 */
#ifndef ARGOSY_LEDGER_WALK_H
#define ARGOSY_LEDGER_WALK_H

#include "ledger/block_record.h"
#include "ledger/epoch.h"

struct walk {
	const struct genesis *g;
	struct epoch_set validators; /* in force for the next block */
	/* The last block that was walked; `any` false: none yet. */
	bool any;
	int64_t height;
	struct block_id last_id;
	struct hash last_app_hash; /* after it, by its record */
	struct commit last_commit;
	/* The block in hand; of a good one they are the last block's. */
	struct header header;
	struct commit commit;
	int64_t bad_height; /* the block at fault; 0: none, or not a block's fault */
};

/* Before the chain's first block. `g` is borrowed. */
void walk_init(struct walk *w, const struct genesis *g);
/* Behind this block, which was walked before; `set` is in force then. ERR_CORRUPT. */
enum err walk_resume(struct walk *w, const struct genesis *g, const struct epoch_set *set,
		     const struct block_record *b) MUST_USE;
/* The next block, with header and commit. ERR_VERIFY says what of it is wrong. */
enum err walk_block(struct walk *w, const struct block_record *b, struct err_text *t) MUST_USE;
/* The next epoch: a journal record of type JOURNAL_EPOCH. ERR_VERIFY. */
enum err walk_epoch(struct walk *w, struct epoch *e, struct slice payload,
		    struct err_text *t) MUST_USE;

#endif
