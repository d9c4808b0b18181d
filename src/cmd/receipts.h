/*
 * receipts: what a sender keeps of what he sent (docs/format/receipt.md): one file a
 * transaction, DIR/MEMBER/ID.receipt. DIR is --receipts, else "receipts" in the data folder.
 * With --no-receipts none are kept.
 */
#ifndef ARGOSY_CMD_RECEIPTS_H
#define ARGOSY_CMD_RECEIPTS_H

#include "cmd/sender.h"

struct receipts {
	struct sender *sender;
	const char *dir; /* of the member; NULL: none are kept */
	bool asked;	 /* with --receipts: a failure is the command's */
	struct receipts_due {
		uint8_t id[TX_ID_BYTES];
		uint64_t first_index, records;
	} * due;
	size_t n, cap;
	uint64_t kept;
};

/* Begins with nothing due; makes the folder. An exit code. */
int receipts_begin(struct receipts *r, struct sender *s);
/* Remembers a transaction that was done and recorded something; of others, nothing. */
void receipts_note(struct receipts *r, const uint8_t id[static TX_ID_BYTES],
		   const struct sender_answer *a);
/* Asks for all that are due, checks them, and keeps those that are not there yet. An exit code:
 * CLI_DONE also where it failed and was not asked for; then it is told. */
int receipts_keep(struct receipts *r);
void receipts_end(struct receipts *r);

/* Gets a receipt and checks it: that it is good, and this transaction's. The caller frees *out. An
 * exit code. */
int receipts_get(struct cli *cli, struct client *c, struct buf *out, const char *target,
		 const char *member, const uint8_t id[static TX_ID_BYTES]);

#endif
