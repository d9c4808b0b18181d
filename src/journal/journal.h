/*
 * journal: the truth of the ledger, in append-only segment files.
 *
 * A journal is a directory: 000001.seg, 000002.seg, ... and a `mark`. Each
 * record carries its length, CRCs bound to its place, and a SHA-256 chain over
 * all records from the chain's fingerprint on (docs/format/journal.md, byte by
 * byte). What a record means is the caller's: a type of 8 bits and a payload.
 *
 * Promises:
 *  - Once journal_sync has returned ERR_OK, everything appended before it is
 *    read back byte for byte after a process kill or a power failure.
 *  - What was not synced is after a crash there as an unbroken beginning of
 *    what was appended, or not at all; never half a record, never one that was
 *    not appended.
 *  - After any fault of a write or a sync the journal is dead: every later
 *    append and sync is ERR_IO, until it is closed and opened again. A sync
 *    that succeeds after one that failed would prove nothing.
 *  - Damage is never read as data: reads check CRCs, opening and
 *    journal_verify tell a torn tail (mended) from damage (ERR_CORRUPT).
 *
 * Threads: one writer at a time (append, sync; the caller sees to it); reads
 * and cursors from any threads beside it. One process at a time may have it
 * open for writing: the caller holds the lock of the data directory.
 */
#ifndef ARGOSY_JOURNAL_JOURNAL_H
#define ARGOSY_JOURNAL_JOURNAL_H

#include "base/bytes.h"
#include "base/io.h"

struct journal;

/* Where a record begins. Segments count from 1, so {0, 0} is no place. */
struct journal_pos {
	uint32_t segment;
	uint64_t offset; /* in the file, in bytes */
};

/* <0, 0, >0, in the order of appending. */
static inline int journal_pos_cmp(struct journal_pos a, struct journal_pos b)
{
	if (a.segment != b.segment)
		return a.segment < b.segment ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

struct journal_options {
	uint64_t segment_bytes;	   /* a new segment begins beyond this; 0: 64 MiB; at most 1 GiB */
	uint32_t record_bytes_max; /* largest payload to append; 0: 17 MiB; at most 1 GiB */
	bool read_only;		   /* mends nothing; append and sync are ERR_READONLY */
	bool create;		   /* makes the directory and the first segment if absent */
};

/*
 * Opens the journal in directory `dir`. `fingerprint` is SHA-256 of the genesis
 * (NULL, for tools: whatever it is); `options` may be NULL. `io` must outlive
 * the journal.
 *
 * Checks the whole last segment, and of earlier ones headers, lengths and the
 * links from each to the next. A torn tail (never synced) is cut off, durably.
 * Faults: ERR_NOTFOUND (no journal there, and not `create`), ERR_MISMATCH
 * (another chain's), ERR_VERSION, ERR_CORRUPT (damage; the text says where),
 * and those of io.
 */
enum err journal_open(struct journal **out, const struct io *io, const char *dir,
		      const struct hash *fingerprint, const struct journal_options *options,
		      struct err_text *t) MUST_USE;
/* Syncs nothing: appends after the last sync may be lost. NULL is fine. */
void journal_close(struct journal *j);

/*
 * Appends a record and says where (`pos` may be NULL). Written, readable, but
 * not durable before journal_sync. ERR_LIMIT if the payload is too large (the
 * journal stays as it was); any other fault leaves it dead.
 */
enum err journal_append(struct journal *j, uint8_t type, struct slice payload,
			struct journal_pos *pos, struct err_text *t) MUST_USE;
/* The same for a payload in several runs, so that callers need not join them. */
enum err journal_append_parts(struct journal *j, uint8_t type, const struct slice *parts,
			      size_t count, struct journal_pos *pos, struct err_text *t) MUST_USE;
/* Makes all that was appended durable. Nothing to do: ERR_OK at once. */
enum err journal_sync(struct journal *j, struct err_text *t) MUST_USE;

struct journal_stat {
	uint32_t segments;
	uint64_t records;	 /* in all; the sequence number of the next one (from 0) */
	uint64_t bytes;		 /* of all segment files */
	struct journal_pos end;	 /* where the next record would begin in this segment */
	struct journal_pos last; /* the last record; {0, 0} if there is none */
	struct hash chain;	 /* the chain hash of the last record */
	struct hash fingerprint;
	bool dead; /* a write or sync failed */
};
void journal_stat(struct journal *j, struct journal_stat *out);

/*
 * Reads the record at `pos`: its payload replaces what `payload` held. Checks
 * the CRCs, not the chain. `type` may be NULL. ERR_NOTFOUND if there is
 * nothing there (past the end), ERR_CORRUPT if it is damaged.
 */
enum err journal_read(struct journal *j, struct journal_pos pos, uint8_t *type, struct buf *payload,
		      struct err_text *t) MUST_USE;

/* ---- walking ---- */

struct journal_cursor;

struct journal_record {
	struct journal_pos pos;
	uint8_t type;
	struct slice payload; /* the cursor's, until its next call */
	struct hash chain;
};

/*
 * Walks from `from` (a record's beginning, or NULL for the first). CRCs and
 * chain of every record are checked; from the first, that is the whole proof;
 * from elsewhere, the chain hash stored before `from` is believed.
 */
enum err journal_cursor_open(struct journal_cursor **out, struct journal *j,
			     const struct journal_pos *from, struct err_text *t) MUST_USE;
/* ERR_NOTFOUND, without a text, at the end (more may be appended: ask again). */
enum err journal_cursor_next(struct journal_cursor *c, struct journal_record *out,
			     struct err_text *t) MUST_USE;
void journal_cursor_close(struct journal_cursor *c); /* NULL is fine; before journal_close */

/* ---- the whole check ---- */

struct journal_report {
	uint32_t segments;
	uint64_t records, bytes; /* that are good */
	uint64_t torn_bytes;	 /* an unfinished write at the end, which opening will cut off */
	struct hash chain;	 /* of the last good record */
	struct journal_pos bad;	 /* where the damage begins, if ERR_CORRUPT */
};

/* Bytes done and in all. False: stop, and journal_verify returns ERR_REFUSED. */
typedef bool (*journal_progress)(void *arg, uint64_t done, uint64_t total);

/*
 * Checks every byte of every segment; changes nothing. ERR_CORRUPT: `bad` and
 * the text say where and why. Beside a writer it checks what was there when it
 * began, and may call a record that is just being written `torn_bytes`.
 * `fingerprint` and `progress` may be NULL.
 */
enum err journal_verify(const struct io *io, const char *dir, const struct hash *fingerprint,
			struct journal_report *out, journal_progress progress, void *arg,
			struct err_text *t) MUST_USE;

#endif
