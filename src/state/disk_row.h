/*
 * disk_row: a row of the state as bytes, the same in LMDB and in a run, and the meta
 * that says of which height rows are the state (docs/format/state.md).
 *
 *   data  leaf hash, 32 | length of the key, 2 | length of the value, 4 | key | value
 */
#ifndef ARGOSY_STATE_DISK_ROW_H
#define ARGOSY_STATE_DISK_ROW_H

#include "state/memtable.h"

/* All borrowed from where the data lies. */
struct disk_row {
	const uint8_t *key_hash, *leaf; /* 32 bytes each; the data begins at `leaf` */
	struct slice key, value;
};

size_t disk_row_size(const struct row *r);
/* Writes disk_row_size bytes. */
void disk_row_write(uint8_t *out, const struct row *r);
/* False: the data is not a row's. */
bool disk_row_parse(struct disk_row *row, const uint8_t *key_hash, struct slice data);
/* A row whose data was parsed before: `leaf` is where it begins. */
void disk_row_at(struct disk_row *row, const uint8_t *key_hash, const uint8_t *leaf);
/* Checks a row by itself: its value against its leaf. */
bool disk_row_good(const struct disk_row *row);

/* What rows are the state of. */
struct store_meta {
	int64_t height;
	struct hash root;
	uint64_t keys;
	struct slice note; /* borrowed */
};

void store_meta_encode(struct buf *b, const struct store_meta *m);
/* Takes one meta; false: it is damaged. The note is borrowed from `in`. */
bool store_meta_take(struct store_meta *m, struct reader *in);

#endif
