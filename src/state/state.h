/*
 * state: the authenticated key-value state of the ledger.
 *
 * Keys (1..512 bytes) and values (0..64 KiB) are committed to by one root
 * (state/trie.h), which depends on what is present alone. The rows lie on disk in
 * order of SHA-256(key), in LMDB and in runs over it (state/store.h); no tree is
 * stored: one array of cells in memory, about 13 bytes a key, holds the upper part,
 * and buckets are hashed from range scans (state/cells.h). Layout on disk:
 * docs/format/state.md.
 *
 * Threads. One thread, the block thread, owns everything from state_begin to
 * state_commit or state_abort, and state_open and state_close. The state_read_
 * functions and state_stats may be called from any thread at any time between
 * open and close. A background thread of its own writes runs and LMDB, behind the
 * journal and bounded; another helps the block thread with the roots of large blocks.
 * Roots and values never depend on when they run.
 *
 * Durability. state_commit makes a block visible, not durable: the journal does.
 * state_durable says up to which height the disk holds it; after state_open the
 * caller replays the journal from there.
 *
 * Faults. ERR_CORRUPT from any function means that the stored bytes are not what
 * was written: the folder must be rebuilt from the journal ("argosy reindex").
 * After a failed write every later call that needs it returns that fault
 * until the state is closed and opened again.
 */
#ifndef ARGOSY_STATE_STATE_H
#define ARGOSY_STATE_STATE_H

#include "base/bytes.h"
#include "base/io.h"
#include "state/trie.h"

#define STATE_KEY_MAX	512u
#define STATE_VALUE_MAX 65536u
#define STATE_NOTE_MAX	20480u

struct state;

struct state_options {
	const struct io *io; /* for the files that are not LMDB's; NULL: io_posix() */
	/* Called by the flushing thread before the disk may name `note` (the caller's
	 * opaque bytes of that height): what the note names must be durable on
	 * return. NULL: nothing to do. */
	enum err (*before_flush)(void *ctx, int64_t height, struct slice note);
	void *before_flush_ctx;
	/* What may wait in memory before it is written, 0: 48k keys, 11 MiB. Twice
	 * that is held while a flush runs. */
	size_t pending_keys_max;
	size_t pending_bytes_max;
	/* Runs that are merged into LMDB together, 0: 12; below RUNS_MAX. */
	size_t merge_runs;
	/* Rows per LMDB transaction while merging, 0: 4,096. */
	size_t merge_chunk;
	/* First size of the LMDB map, 0: 1 GiB; it grows when needed. */
	size_t map_bytes;
	/* Only looked at: nothing is changed, and nothing may be staged. Beside another process that
	 * has it open, ERR_CORRUPT may be a chance that another try does not meet. */
	bool look, beside_writer;
	/* No threads: state_begin flushes and merges by itself when a bound is passed, and roots
	 * are hashed by the block thread alone. */
	bool synchronous;
	/* Tests: least number of bits that the array of cells starts with, 0: 8. */
	unsigned cell_bits_min;
	/* Tests: keys that a block must read or write before a second thread helps with its
	 * root, 0: 256. */
	size_t help_from;
	/* Tests: replaces the hash of a key (e.g. forces its first bits). */
	void (*key_hash)(struct hash *out, struct slice key);
};

/* Opens or makes the state in the folder `dir`, made if missing. Rebuilds the
 * cells by a scan of all rows, whose root must be the stored one. */
enum err state_open(struct state **out, const char *dir, const struct state_options *o,
		    struct err_text *t) MUST_USE;
/* Writes nothing more: what is not flushed is lost here and replayed from the
 * journal. Call state_flush before for a quick next start. NULL is fine. */
void state_close(struct state *s);
/* Removes the state's files from `dir`, so that a reindex can begin anew. A
 * folder without them is fine. */
enum err state_destroy(const struct io *io, const char *dir, struct err_text *t) MUST_USE;

/* What the disk holds: height (0: a new state), and the note given with it,
 * appended to `note`, which may be NULL. */
enum err state_durable(struct state *s, int64_t *height, struct buf *note) MUST_USE;

/* ---- the block thread ---- */

/* Begins to stage a block on the last commit. May wait for the flushing thread. */
enum err state_begin(struct state *s, struct err_text *t) MUST_USE;
/* As staged so far. `value` is borrowed until the staging ends. A value that is
 * not what was written gives ERR_CORRUPT at once; a row that is missing or too
 * old, at the latest from state_root of this block. */
enum err state_get(struct state *s, bool *found, struct slice *value, struct slice key) MUST_USE;
/* Copies. ERR_LIMIT: key or value too long. */
enum err state_put(struct state *s, struct slice key, struct slice value) MUST_USE;
/* A key that is absent stays so. */
enum err state_del(struct state *s, struct slice key) MUST_USE;

/* Savepoints: undoes all puts and dels since the mark. Marks nest like a stack. */
typedef size_t state_mark;
state_mark state_mark_set(const struct state *s);
void state_rollback(struct state *s, state_mark mark);

/* The root with everything staged. Also checks the buckets of all that was read. */
enum err state_root(struct state *s, struct hash *root, struct err_text *t) MUST_USE;
/* Makes the staging the committed state, of `height` (above the last one's), with
 * a note of at most STATE_NOTE_MAX bytes; ends the staging, on failure too: then
 * the state must be closed. Waits for no disk. */
enum err state_commit(struct state *s, int64_t height, struct slice note,
		      struct err_text *t) MUST_USE;
/* Ends the staging, if there is one, without a trace. */
void state_abort(struct state *s);

/* Writes all that is committed to disk and waits. Not while staging. */
enum err state_flush(struct state *s, struct err_text *t) MUST_USE;

/* ---- any thread ---- */

/* A consistent view of the last commit. It holds back commits: keep it short,
 * and never begin a second one in the same thread. */
struct state_read {
	struct state *s;
	void *txn;
};
enum err state_read_begin(struct state_read *r, struct state *s) MUST_USE;
void state_read_end(struct state_read *r);
int64_t state_read_height(const struct state_read *r);
void state_read_root(const struct state_read *r, struct hash *root);
/* Appends the value to `value` (which may be NULL). What comes from disk, absence too, is
 * checked against the root: ERR_CORRUPT. */
enum err state_read_get(struct state_read *r, bool *found, struct buf *value,
			struct slice key) MUST_USE;
/* The same, but a row that damage hides shows as an older one or none: for a first look
 * that a block will repeat. */
enum err state_read_peek(struct state_read *r, bool *found, struct buf *value,
			 struct slice key) MUST_USE;
/* A proof against state_read_root, with the value appended if present. */
enum err state_read_prove(struct state_read *r, struct state_proof *p, struct buf *value,
			  struct slice key) MUST_USE;
/* Every row in order of key hash; stops at the first fault that `fn` returns.
 * `bits` and `prefix` restrict it to key hashes that begin so (0: all), so that a
 * long walk can be done in parts. */
enum err state_read_each(struct state_read *r, const struct hash *prefix, unsigned bits,
			 enum err (*fn)(void *ctx, struct slice key, struct slice value),
			 void *ctx) MUST_USE;

struct state_stats {
	uint64_t keys;		/* committed */
	int64_t height;		/* committed */
	int64_t durable_height; /* on disk */
	uint64_t cells;		/* buckets under the array */
	uint64_t subtrees;	/* cached parts of crowded buckets */
	uint64_t pending_keys;	/* not on disk yet */
	uint64_t memory_bytes;	/* cells and pending rows */
	uint64_t flushes, merges;
	unsigned runs;			/* over LMDB */
	uint64_t map_bytes, file_bytes; /* of LMDB */
};
void state_stats(struct state *s, struct state_stats *st);

#endif
