/*
 * guard: no height is signed twice.
 *
 * Two signatures by one validator over different blocks of one height are
 * evidence against it, for ever. So the last signed height is kept in a file
 * that is never part of a backup and never restored: a node whose journal ends
 * below it holds an old copy and must not sign.
 *
 * The order that leaves no gap (a solo node): sign in memory; append and sync
 * the journal record that holds header and signature; guard_advance; only then
 * may the signature leave the process. Then the guard is at most at the
 * journal's height after any crash, and the node goes on by guard_advance with
 * the journal's last block. A guard that is ahead says that the journal is old.
 *
 * The file: two slots of 4096 bytes, written in turn and synced; a slot is the
 * same record eight times, once in each sector of 512 bytes:
 *
 *	 0  8  "ARGOSYG1"
 *	 8  8  turn, one more with each write; the greatest is the newest
 *	16  8  height, signed
 *	24  4  round, signed
 *	28 32  block hash
 *	60 32  SHA-256 of the sign-bytes
 *	92 ..  zero
 *	508 4  CRC-32C of bytes 0 to 507
 *
 * Integers are little-endian. A write that was cut by a power failure leaves
 * each sector of its slot old or new, both of them good: so a slot in which
 * there is no good sector at all is damage, and is told (ERR_CORRUPT), since
 * it may have held the newest height.
 *
 * One thread at a time.
 */
#ifndef ARGOSY_NODE_GUARD_H
#define ARGOSY_NODE_GUARD_H

#include "base/bytes.h"
#include "base/io.h"

struct guard;

struct guard_mark {
	int64_t height; /* 0: nothing was signed yet */
	int32_t round;
	struct hash block;
	struct hash sign; /* SHA-256 of the sign-bytes */
};

/* Makes the file, durably, or replaces it: for a new chain and for a new epoch, nothing else. */
enum err guard_create(const struct io *io, const char *path, const struct guard_mark *mark,
		      struct err_text *t) MUST_USE;
/*
 * Opens it for signing; locked (ERR_LOCKED) against a second process. What is
 * the newest is made durable before anything relies on it. ERR_NOTFOUND,
 * ERR_CORRUPT.
 */
enum err guard_open(struct guard **out, const struct io *io, const char *path,
		    struct err_text *t) MUST_USE;
void guard_close(struct guard *g); /* NULL is fine */
/* What guard_open would find, without opening it for signing. */
enum err guard_read(const struct io *io, const char *path, struct guard_mark *mark,
		    struct err_text *t) MUST_USE;

void guard_last(const struct guard *g, struct guard_mark *mark);
/*
 * May this be signed? ERR_OK: yes, and it is durable that it was. The very same
 * once more is a yes that writes nothing. ERR_CONFLICT: no, the height is below
 * the last one, or another block, round or sign-bytes of that height was
 * signed. After any other fault: ERR_IO until it is opened again.
 */
enum err guard_advance(struct guard *g, const struct guard_mark *mark, struct err_text *t) MUST_USE;

#endif
