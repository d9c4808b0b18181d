/*
 * solo: one validator that closes blocks by itself.
 *
 *   submit -> waiting -> workers: decode, signatures, prepare, check at the door
 *          -> ready   -> closer: packets, header, execute, sign, journal sync, guard, answers
 *
 * Workers go on side by side; what one submission holds comes into blocks in its order, and
 * whose turn it is is settled by queue.h.
 *
 * No timer groups transactions: a block closes when the sync before it has
 * returned, with whatever is ready by then. When the newest header does not carry
 * the newest app hash yet and nothing came for a moment, the closer makes one
 * empty block, so that the newest event can be proven.
 *
 * A fault in execute or commit stops the driver for good: what was not answered
 * has an unknown outcome, and the folder must be opened again.
 *
 * While the clock has jumped or the disk is below its floor nobody waits: what comes is
 * refused, and what was accepted and is in no block yet is answered as unfit.
 */
#ifndef ARGOSY_NODE_SOLO_H
#define ARGOSY_NODE_SOLO_H

#include "ledger/header.h"
#include "ledger/ledger.h"
#include "node/guard.h"
#include "node/queue.h"
#include "node/node.h"

struct solo;

struct solo_options {
	unsigned threads;	   /* workers; 0: one for each core */
	int64_t proof_delay_ms;	   /* idle time before a proof block; 0: 100 */
	uint64_t disk_floor_bytes; /* no block below this much free space; UINT64_MAX: no check */
	const char *disk_path;
};

/* What a block continues: from the journal's last record. */
struct solo_tip {
	struct block_id last_block_id;
	struct commit last_commit;
	struct hash last_app_hash_in_header; /* app hash that the newest header carries */
	struct guard_mark mark; /* of the last block's signature */
};

/* The driver borrows everything until solo_stop. */
enum err solo_start(struct solo **out, struct ledger *l, struct guard *g, const struct solo_tip *tip,
		    int64_t next_height, const struct validator *validator,
		    const uint8_t secret_key[static 64], const struct solo_options *o,
		    struct err_text *t) MUST_USE;
/* Finishes what was accepted, then ends. */
void solo_stop(struct solo *s);

/* One submission: its jobs come into blocks in the order in which they were put. `source`: the
 * connection that it came by, SOLO_HERE for this process. Close it when all were answered. */
enum { SOLO_HERE = 0 };
enum err solo_open(struct solo *s, struct submission **out, uint64_t source) MUST_USE;
void solo_close(struct solo *s, struct submission *sub);
/* n jobs of the caller's, which set `bytes`, `done` and `ctx` and are his again when `done` was
 * called. All of them or none. */
enum err solo_put(struct solo *s, struct submission *sub, struct job *jobs, size_t n,
		  struct err_text *t) MUST_USE;
/* One of this process, copied, behind all that it submitted so before. ERR_LIMIT: too many wait. */
enum err solo_submit(struct solo *s, struct slice tx,
		     void (*done)(void *ctx, const struct node_answer *), void *ctx,
		     struct err_text *t) MUST_USE;
/* What is said of a transaction that was answered so; gives `unfit` back. */
enum err solo_unfit_say(enum err unfit, struct err_text *t) MUST_USE;
/* After ERR_LIMIT: waits until there is room, or a tenth of a second. */
void solo_wait_room(struct solo *s);
/* Waits until a header carries the app hash of `height` or a later one. */
enum err solo_wait_proof(struct solo *s, int64_t height, int64_t wait_ms, struct err_text *t) MUST_USE;
/* stopped, why, clock_held, queued. */
void solo_status(struct solo *s, struct node_status *st);
void solo_confirm_clock(struct solo *s);

#endif
