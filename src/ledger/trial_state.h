/*
 * trial_state: what stands for staged state and log in a trial.
 *
 * What the application reads and writes goes through exec_get and its like (exec.c). In a
 * trial these come here: a row is copied from the newest commit when it is first wanted, and
 * changed in the copy alone; records get the indices that would follow, and are kept here.
 *
 *     table   open addressing, key -> entry; an entry is never removed
 *     undo    what an entry held before, oldest first: a savepoint is a length of it
 *
 * For the ledger's own files alone.
 */
#ifndef ARGOSY_LEDGER_TRIAL_STATE_H
#define ARGOSY_LEDGER_TRIAL_STATE_H

#include "ledger/inner.h"

struct entry {
	struct slice key, value;
	bool found;
};

struct undone {
	size_t slot;
	struct slice value;
	bool found;
};

struct trial {
	struct ledger *l;
	struct arena *keep;
	struct entry *table;
	size_t slots, n_entries;
	struct undone *undo;
	size_t n_undo, cap_undo;
	struct slice *records;
	size_t n_records, cap_records;
	uint64_t first_index;
	uint64_t seed; /* of the table: nobody chooses what falls together */
	struct buf space;
	uint64_t rows, bytes;
};

enum err trial_get(struct trial *t, bool *found, struct slice *value, struct slice key) MUST_USE;
/* `value` NULL: deletes. */
enum err trial_put(struct trial *t, const struct slice *value, struct slice key) MUST_USE;
uint64_t trial_next_index(const struct trial *t);
enum err trial_record(struct trial *t, uint64_t *index, struct hash *digest,
		      struct slice record) MUST_USE;
enum err trial_read_record(struct trial *t, struct buf *out, uint64_t index) MUST_USE;
/* Savepoints, as state_mark_set and state_rollback with mlog_truncate. */
size_t trial_mark(const struct trial *t);
void trial_undo(struct trial *t, size_t mark, uint64_t next_index);

#endif
