/*
 * memtable: rows in memory, ordered by key hash; what is staged in a block, and
 * what is committed but not in LMDB yet.
 *
 * A row is a value, or the mark that the key is deleted. Roots of crit-bit trees
 * stand in an array indexed by the first bits of the key hash: depth is bounded
 * by the bits of the hash, whatever keys an attacker grinds, and order comes free.
 */
#ifndef ARGOSY_STATE_MEMTABLE_H
#define ARGOSY_STATE_MEMTABLE_H

#include "base/bytes.h"

enum row_state {
	ROW_VOID,    /* rolled back: as if it were not here */
	ROW_VALUE,   /* present */
	ROW_DELETED, /* hides what lies below */
};

struct row {
	struct hash key_hash;
	struct hash leaf; /* of the trie; ROW_VALUE only */
	struct row *prev; /* memtable_stage: the version before, or NULL */
	uint32_t value_n, cap;
	uint16_t key_n;
	uint8_t state;	 /* enum row_state */
	uint8_t bytes[]; /* key, then value */
};

static inline struct slice row_key(const struct row *r)
{
	return slice(r->bytes, r->key_n);
}

static inline struct slice row_value(const struct row *r)
{
	return slice(r->bytes + r->key_n, r->value_n);
}

/* Borrowed rows, in order. */
struct row_list {
	struct row **at;
	size_t n, cap;
};
void row_list_fini(struct row_list *l);

struct memtable;
/* `slot_bits`: 2^slot_bits roots (8..16). NULL: no memory. */
struct memtable *memtable_new(unsigned slot_bits);
void memtable_free(struct memtable *m);
/* Forgets all rows, keeps some of the memory. */
void memtable_reset(struct memtable *m);

size_t memtable_count(const struct memtable *m); /* rows, void ones included */
size_t memtable_bytes(const struct memtable *m); /* memory taken by them */

/* The row, or NULL. Void rows are not found. */
struct row *memtable_find(const struct memtable *m, const struct hash *key_hash);

/*
 * Puts a row. memtable_set overwrites in place where it can, and is for rows that
 * nobody borrows. memtable_stage always makes a new row and keeps the old one as
 * its `prev`, so that slices of it stay good and memtable_undo can go back.
 * NULL: no memory, nothing changed.
 */
struct row *memtable_set(struct memtable *m, const struct hash *key_hash, enum row_state state,
			 struct slice key, struct slice value);
struct row *memtable_stage(struct memtable *m, const struct hash *key_hash, enum row_state state,
			   struct slice key, struct slice value);
/* Undoes the newest memtable_stage of this row's key. */
void memtable_undo(struct memtable *m, struct row *r);

/* Appends the rows whose key hash begins with the first `bits` bits of `prefix`,
 * in order; void ones are left out. */
enum err memtable_range(const struct memtable *m, struct row_list *out, const uint8_t *prefix,
			unsigned bits) MUST_USE;

#endif
