/*
 * mlog: the append-only log of records and its Merkle tree (RFC 6962, 2.1).
 *
 *   leaf = SHA-256(0x00 || record)     inner = SHA-256(0x01 || left || right)
 *   the tree of no record has the root SHA-256("")
 *
 * Three files in a folder of its own (docs/format/log.md), all derived from the
 * journal. Appends are staged in memory until mlog_commit, which writes them to
 * the files without syncing; mlog_sync makes them durable. What lies in the files
 * past the size that the opener names is cut off.
 *
 * Threads. One thread appends, rolls back and commits; reads and proofs may come
 * from any thread, and mlog_sync from one other.
 */
#ifndef ARGOSY_JOURNAL_MLOG_H
#define ARGOSY_JOURNAL_MLOG_H

#include "base/bytes.h"
#include "base/io.h"

#define MLOG_RECORD_MAX (1u << 20)
#define MLOG_PROOF_MAX	64u

struct mlog;

/* Opens the log in `dir` (made if missing) cut to `size` records, whose root must
 * be `root` (NULL: not checked, for size 0). ERR_CORRUPT: rebuild from the journal. */
enum err mlog_open(struct mlog **out, const struct io *io, const char *dir, uint64_t size,
		   const struct hash *root, struct err_text *t) MUST_USE;
void mlog_close(struct mlog *m); /* without sync; NULL is fine */
/* Removes its files. */
enum err mlog_destroy(const struct io *io, const char *dir, struct err_text *t) MUST_USE;

/* Records staged included. */
uint64_t mlog_size(const struct mlog *m);
void mlog_root(const struct mlog *m, struct hash *root);
/* Committed records, from any thread. */
uint64_t mlog_committed(struct mlog *m);

/* Stages a copy; *index is its place, *leaf (may be NULL) its leaf hash. */
enum err mlog_append(struct mlog *m, uint64_t *index, struct hash *leaf,
		     struct slice record) MUST_USE;
/* Forgets the records from `size` on, which must be staged ones. */
void mlog_truncate(struct mlog *m, uint64_t size);
/* Writes what is staged to the files. After a fault the log must be closed. */
enum err mlog_commit(struct mlog *m, struct err_text *t) MUST_USE;
/* What was committed before the call is durable after it. A fault is final. */
enum err mlog_sync(struct mlog *m) MUST_USE;

/* Appends record `index` to `out`, checked against its leaf hash. From any thread;
 * other threads should ask for committed ones only. ERR_RANGE: no such record. */
enum err mlog_read(struct mlog *m, struct buf *out, uint64_t index) MUST_USE;
enum err mlog_leaf(struct mlog *m, struct hash *leaf, uint64_t index) MUST_USE;

/* Which file is to blame where mlog_read gave ERR_CORRUPT for a record, and what mends it. */
void mlog_blame(struct mlog *m, struct err_text *t, uint64_t index);
/* How long the files are with `records` records in them; what `records` has is in `ends`. */
uint64_t mlog_ends_bytes(uint64_t records);
uint64_t mlog_nodes_bytes(uint64_t records);

struct mlog_proof {
	unsigned n;
	struct hash h[MLOG_PROOF_MAX];
};
/* The root of the first `size` records, committed ones. */
enum err mlog_root_at(struct mlog *m, struct hash *root, uint64_t size) MUST_USE;
/* RFC 6962 2.1.1: record `index` in the tree of `size` committed records. */
enum err mlog_prove_inclusion(struct mlog *m, struct mlog_proof *p, uint64_t index,
			      uint64_t size) MUST_USE;
/* RFC 6962 2.1.2: the tree of `size1` is the beginning of that of `size2`. */
enum err mlog_prove_consistency(struct mlog *m, struct mlog_proof *p, uint64_t size1,
				uint64_t size2) MUST_USE;

/* Of records one after the other: what is outside of them, in order from left to right. */
#define MLOG_RANGE_MAX 128u
struct mlog_range {
	unsigned n;
	struct hash h[MLOG_RANGE_MAX];
};
/* Records `first` to `first` + `count` - 1, at least one, in the tree of `size` committed ones
 * (docs/format/receipt.md, "Range proof"). */
enum err mlog_prove_range(struct mlog *m, struct mlog_range *p, uint64_t first, uint64_t count,
			  uint64_t size) MUST_USE;

/* ---- pure ---- */
void mlog_leaf_hash(struct hash *out, struct slice record);
bool mlog_check_inclusion(const struct mlog_proof *p, uint64_t index, uint64_t size,
			  const struct hash *leaf, const struct hash *root);
bool mlog_check_consistency(const struct mlog_proof *p, uint64_t size1, uint64_t size2,
			    const struct hash *root1, const struct hash *root2);

#endif
