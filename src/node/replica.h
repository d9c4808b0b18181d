/*
 * replica: a partner's own copy of a chain, made by executing it.
 *
 * A folder of its own: a journal and what is derived from it, as a node's, and no keys. What
 * comes in is another's journal, one record after the other, from the genesis on or from
 * where it stopped. Each block is held against what was executed here: nothing of it is
 * believed, signatures of its transactions included.
 *
 *   replica_open, then for each record: replica_take; after a block, replica_head says what
 *   head it carries, and replica_keep makes it part of the replica.
 *
 * One thread.
 */
#ifndef ARGOSY_NODE_REPLICA_H
#define ARGOSY_NODE_REPLICA_H

#include "ledger/ledger.h"
#include "proof/bundle.h"

struct replica;

/* Opens it; a folder without one is made, and empty until a genesis is taken. ERR_LOCKED: another
 * process has it. ERR_CONFLICT: the folder holds something else. */
enum err replica_open(struct replica **out, const char *dir,
		      void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t of),
		      void *progress_ctx, struct err_text *t) MUST_USE;
void replica_close(struct replica *r); /* NULL is fine */

/* Of the last block that was kept; 0: none. */
int64_t replica_height(const struct replica *r);

/*
 * The next record of the journal. What was taken before is known again by its bytes: it may be
 * given anew, or left out. *block: a block was executed and waits for replica_keep.
 *
 * ERR_MISMATCH: it is another than the one that was taken before, or does not follow; ERR_VERIFY:
 * it is signed badly, or executing it gives something else. The text names height and difference.
 * `fingerprint` (may be NULL): the genesis must be this one.
 */
enum err replica_take(struct replica *r, bool *block, uint8_t type, struct slice payload,
		      const struct hash *fingerprint, struct err_text *t) MUST_USE;
/* The head that the block in hand carries: its header, and log and state as executed here before
 * it. Borrowed until replica_keep. */
void replica_head(struct replica *r, struct bundle_head *h);
enum err replica_keep(struct replica *r, struct err_text *t) MUST_USE;
/* Gives the block in hand up: it may be taken again. */
enum err replica_drop(struct replica *r) MUST_USE;

/* The hash of the header of a block that was kept, or is in hand. ERR_NOTFOUND: none of this
 * height. */
enum err replica_header_hash(struct replica *r, struct hash *out, int64_t height) MUST_USE;

#endif
