/*
 * runs: the runs that lie over LMDB, oldest first; the newer hides the older.
 *
 * A filter says for each first MASK_BITS of a key hash which of them have a row there:
 * of the few dozen thousand rows of a run most buckets know nothing.
 *
 * Adding and dropping exclude readers; the caller sees to it.
 */
#ifndef ARGOSY_STATE_RUNS_H
#define ARGOSY_STATE_RUNS_H

#include "state/leaves.h"
#include "state/run.h"

enum { RUNS_MAX = 16, RUNS_MASK_BITS = 18 };

struct runs {
	struct run *at[RUNS_MAX];
	size_t n;
	uint16_t *mask;
};

bool runs_init(struct runs *r); /* false: no memory */
void runs_fini(struct runs *r); /* closes them */
/* There is room for one more. Takes it over. */
void runs_add(struct runs *r, struct run *run);
/* Closes the oldest `n`. */
void runs_drop(struct runs *r, size_t n);

/* The newest row of a key. *found false: no run has one; a deleted row is found. */
enum err runs_get(const struct runs *r, bool *found, struct run_row *row,
		  const struct hash *key_hash) MUST_USE;

struct touch_list {
	struct touch *at;
	size_t n, cap;
};
void touch_list_fini(struct touch_list *t);
/* Appends what the newest rows under the first `bits` bits of `prefix` do to the leaves
 * below, in order. */
enum err runs_scan(const struct runs *r, struct touch_list *t, const uint8_t *prefix,
		   unsigned bits) MUST_USE;

/* Walks the oldest `n` runs at once, in order of key hash, each key's newest row once. */
struct run_walk {
	const struct runs *runs;
	size_t n, at[RUNS_MAX];
};
/* From the first row at or above `from`. */
void run_walk_begin(struct run_walk *w, const struct runs *r, size_t n, const uint8_t *from);
enum err run_walk_next(struct run_walk *w, bool *found, struct run_row *row) MUST_USE;

#endif
