/*
 * block_record: the journal's record of one block (docs/format/block.md).
 */
#ifndef ARGOSY_LEDGER_BLOCK_RECORD_H
#define ARGOSY_LEDGER_BLOCK_RECORD_H

#include "base/bytes.h"

enum journal_type { JOURNAL_GENESIS = 1, JOURNAL_BLOCK = 2, JOURNAL_EPOCH = 3 };

/* Slices are borrowed: from the payload (decode) or the caller (head). */
struct block_record {
	int64_t height, time_s;
	int32_t time_ns;
	struct hash app_hash;
	struct slice header, commit;
	uint64_t n_packets;
	struct slice packets; /* decode: the sequence of lp packets */
};

/* Everything before the packets; each packet follows as lp. */
void block_record_head(struct buf *out, const struct block_record *r);
/* False: not a block record in its only form. */
bool block_record_decode(struct block_record *r, struct slice payload);

/* Block time as the application sees it: milliseconds, rounded down. */
int64_t block_time_ms(int64_t time_s, int32_t time_ns);

/* The next transaction of a packet (a sequence of protobuf field 1), inside its bytes;
 * false at the packet's end, and at what is no transaction. */
bool packet_next(struct slice *tx, struct reader *packet);

#endif
