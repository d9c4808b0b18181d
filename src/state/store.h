/*
 * store: the rows of the state on disk: LMDB, and over it the runs that are not merged
 * into it yet (docs/format/state.md).
 *
 * LMDB notices no damage. So its pages are checked for structure before it opens
 * them (state/lmdb_check.h: damaged ones make it crash), each row carries the hash
 * of its leaf, and whoever reads rows checks them against the trie.
 *
 * A put at random into a large LMDB costs a page of 4 KiB read, copied and written, nearly
 * all of it whatever the row. So a flush writes a run, in one piece; and when there are
 * many runs they go into LMDB together, in order, some thousand rows a transaction (whose
 * changed pages all lie in memory), several rows a page. While that lasts the runs still
 * lie over LMDB, so it does not matter how far it has come, nor whether it is cut short:
 * the last transaction sets LMDB's meta, and only then are they dropped.
 */
#ifndef ARGOSY_STATE_STORE_H
#define ARGOSY_STATE_STORE_H

#include "base/io.h"
#include "state/disk_row.h"
#include "state/leaves.h"
#include "state/runs.h"

struct store;

/* How a store is opened that is only looked at. */
enum store_use {
	STORE_OWN,    /* to read and write */
	STORE_LOOK,   /* changes nothing; nobody else writes it */
	STORE_BESIDE, /* changes nothing; another process may write it meanwhile */
};

/* Damage found, or a run missing: ERR_CORRUPT. Beside a writer that may be a chance: try again. */
enum err store_open(struct store **out, const struct io *io, const char *dir, size_t map_bytes,
		    enum store_use use, struct err_text *t) MUST_USE;
void store_close(struct store *s);
enum err store_destroy(const struct io *io, const char *dir, struct err_text *t) MUST_USE;
/* Of the newest run, or of LMDB where there is none. Borrowed until the next
 * store_run_add or store_merged_drop. */
const struct store_meta *store_meta(const struct store *s);
size_t store_map_bytes(const struct store *s);
uint64_t store_file_bytes(const struct store *s); /* of LMDB */

/* ---- reading: one thread a view, any number of views ---- */
struct store_view;
/* A view begins closed. */
enum err store_view_new(struct store_view **out, struct store *s) MUST_USE;
void store_view_free(struct store_view *v);
/* Opened, it sees the runs and the last LMDB transaction until it is closed; all that it
 * gives is borrowed until then. */
enum err store_view_open(struct store_view *v) MUST_USE;
void store_view_close(struct store_view *v); /* closed already is fine */

enum err store_get(struct store_view *v, bool *found, struct disk_row *row,
		   const struct hash *key_hash) MUST_USE;
/* Appends the leaves under the first `bits` bits of `prefix`; disk_row_at gives their rows. */
enum err store_scan(struct store_view *v, struct leaf_list *out, const uint8_t *prefix,
		    unsigned bits) MUST_USE;
/* Walks on from the first row at or above `from` (NULL: from the row after the last). */
enum err store_next(struct store_view *v, bool *found, struct disk_row *row,
		    const uint8_t *from) MUST_USE;

/* ---- writing: one thread; what readers see changes in the two marked * alone ---- */

size_t store_runs(const struct store *s);
/* Writes and opens the run from a height to meta's, durable on return. */
enum err store_run_write(struct store *s, struct run **made, int64_t from,
			 const struct row_list *rows, const struct store_meta *meta,
			 struct err_text *t) MUST_USE;
/* * Lays a run over the others. No view may be open. */
void store_run_add(struct store *s, struct run *made);

/* Merging the oldest `n` runs into LMDB: begin once, then step by step. */
void store_merge_begin(struct store *s, size_t n);
size_t store_merge_rows(const struct store *s); /* of those runs, in all */
/* One transaction of `chunk` rows. *done: all are in and durable. *map_full: nothing was
 * done for want of room; call store_grow, then this again. */
enum err store_merge_step(struct store *s, bool *done, bool *map_full, size_t chunk,
			  struct err_text *t) MUST_USE;
/* * Drops the runs merged. No view may be open. */
void store_merged_drop(struct store *s);
/* Doubles the map. No view may be open. */
enum err store_grow(struct store *s, struct err_text *t) MUST_USE;

#endif
