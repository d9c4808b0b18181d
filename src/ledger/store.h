/*
 * store: the rows of the state on disk, in LMDB (docs/format/state.md).
 *
 * LMDB notices no damage. So its pages are checked for structure before it opens
 * them (ledger/lmdb_check.h: damaged ones make it crash), each row carries the hash
 * of its leaf, and whoever reads rows checks them against the trie.
 *
 * A flush goes in two steps, so that thousands of rows need not share one LMDB
 * transaction, whose changed pages would all lie in memory: first all rows and the
 * new meta are written and synced as one redo file; then the rows go into LMDB in
 * several small transactions, the last of which sets the meta. A flush that was cut
 * short is done again at the next opening, from the redo file.
 */
#ifndef ARGOSY_LEDGER_STORE_H
#define ARGOSY_LEDGER_STORE_H

#include "base/io.h"
#include "ledger/leaves.h"
#include "ledger/memtable.h"

struct store;

/* What the rows are the state of. */
struct store_meta {
	int64_t height;
	struct hash root;
	uint64_t keys;
	struct slice note; /* borrowed */
};

/* Finishes a flush that was cut short. Damage found: ERR_CORRUPT. */
enum err store_open(struct store **out, const struct io *io, const char *dir, size_t map_bytes,
		    struct err_text *t) MUST_USE;
void store_close(struct store *s);
enum err store_destroy(const struct io *io, const char *dir, struct err_text *t) MUST_USE;
/* Borrowed until the next store_publish. */
const struct store_meta *store_meta(const struct store *s);
size_t store_map_bytes(const struct store *s);
uint64_t store_file_bytes(const struct store *s);

/* ---- reading: one thread a view, any number of views ---- */
struct store_view;
/* A view begins closed. */
enum err store_view_new(struct store_view **out, struct store *s) MUST_USE;
void store_view_free(struct store_view *v);
/* Opened, it sees the last LMDB transaction until it is closed; all that it gives
 * is borrowed until then. */
enum err store_view_open(struct store_view *v) MUST_USE;
void store_view_close(struct store_view *v); /* closed already is fine */

struct store_row {
	const uint8_t *key_hash, *leaf;
	struct slice key, value;
};

enum err store_get(struct store_view *v, bool *found, struct store_row *row,
		   const struct hash *key_hash) MUST_USE;
/* Appends the leaves under the first `bits` bits of `prefix`; and to `sizes`, unless
 * NULL, the size of each row's data, 4 bytes as the machine has them. */
enum err store_scan(struct store_view *v, struct leaf_list *out, struct buf *sizes,
		    const uint8_t *prefix, unsigned bits) MUST_USE;
/* The row whose leaf was scanned. */
enum err store_row_of(struct store_row *row, const uint8_t *key_hash, const uint8_t *leaf,
		      size_t size) MUST_USE;
/* Walks on from the first row at or above `from` (NULL: from the row after the last). */
enum err store_next(struct store_view *v, bool *found, struct store_row *row,
		    const uint8_t *from) MUST_USE;
uint64_t store_count(struct store_view *v);

/* ---- writing: one thread ---- */
/* The first step. `rows` are in order. */
enum err store_redo_write(struct store *s, const struct row_list *rows,
			  const struct store_meta *meta, struct err_text *t) MUST_USE;
/* The second: rows from *done on, `chunk` a transaction, then the meta. *map_full: it
 * stopped for want of room; call store_grow, then this again. */
enum err store_apply(struct store *s, size_t *done, bool *map_full, const struct row_list *rows,
		     const struct store_meta *meta, size_t chunk, struct err_text *t) MUST_USE;
/* After the last store_apply of a flush: store_meta now says so. */
void store_publish(struct store *s);
/* Doubles the map. No view may be open. */
enum err store_grow(struct store *s, struct err_text *t) MUST_USE;

#endif
