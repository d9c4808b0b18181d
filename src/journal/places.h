/*
 * places: where in the journal the block of each height is.
 *
 * An index beside the state, rebuildable from the journal: the file `blocks`, 16 bytes for
 * each height from the chain's first on.
 *
 *	 0  4  segment, u32 big-endian; an entry of zeros: no block has this height (a resumed
 *	       epoch may leave heights out)
 *	 4  4  CRC-32C of the height of the block before (0: none) and this height, as u64
 *	       big-endian, then segment and offset as they stand here
 *	 8  8  offset in the segment, u64 big-endian
 *
 * Since each entry names the one before, an entry that was lost shows as well as one that
 * was changed. Both are looked for at opening; what is read later is held against the
 * block's own height by the caller.
 *
 * One thread puts; any may get.
 */
#ifndef ARGOSY_JOURNAL_PLACES_H
#define ARGOSY_JOURNAL_PLACES_H

#include "base/io.h"
#include "journal/journal.h"

struct places;

/* Opens the index of `dir` cut to `height` (0: empty); `first` is the chain's first height.
 * ERR_CORRUPT: rebuild it from the journal. */
enum err places_open(struct places **out, const struct io *io, const char *dir, int64_t first,
		     int64_t height, struct err_text *t) MUST_USE;
void places_close(struct places *p); /* without sync; NULL is fine */

/* Heights rise. */
enum err places_put(struct places *p, int64_t height, struct journal_pos pos,
		    struct err_text *t) MUST_USE;
/* ERR_NOTFOUND: no block has this height. */
enum err places_get(struct places *p, struct journal_pos *pos, int64_t height) MUST_USE;
enum err places_sync(struct places *p) MUST_USE;
/* How long the file is that ends at `height`. */
uint64_t places_bytes(int64_t first, int64_t height);

#endif
