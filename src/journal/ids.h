/*
 * ids: at which height a transaction id was done, for ever.
 *
 * An index beside the state, not committed to by any root and rebuildable from
 * the journal. The state forgets an id a day after it was done; this does not.
 *
 * Files `ids-<first>-<last>` tell the heights they cover, in decimal: the first begins at 0,
 * each of the others where the one before ends, and the last ends at the height of the state
 * on disk. So a file that is missing shows. A file holds 24-byte entries sorted by bytes: the
 * first 16 bytes of SHA-256(member || 0 || id), then the height, u64 big-endian. It ends with
 * 8 bytes "ARGOSYID", u64 number of entries, and the CRC-32C of all before it, which is
 * checked when it is opened. Each flush adds a file; eight files of one size class are merged
 * into one, so that a look-up searches a few dozen at most.
 */
#ifndef ARGOSY_JOURNAL_IDS_H
#define ARGOSY_JOURNAL_IDS_H

#include "base/bytes.h"
#include "base/io.h"

struct ids;

/*
 * Opens the index in `dir`, which was flushed at `height` (0: never). Files that reach past it
 * are removed: they will be made again. ERR_CORRUPT: rebuild it from the journal.
 */
enum err ids_open(struct ids **out, const struct io *io, const char *dir, int64_t height,
		  struct err_text *t) MUST_USE;
void ids_close(struct ids *i);
/* Would ids_open find it whole? Changes nothing. Beside another process that has it open,
 * ERR_CORRUPT or ERR_NOTFOUND may be a chance that another try does not meet. */
enum err ids_check(const struct io *io, const char *dir, int64_t height, struct err_text *t) MUST_USE;
/* Removes its files from `dir`. */
enum err ids_destroy(const struct io *io, const char *dir, struct err_text *t) MUST_USE;

/* Remembers an id, in memory. Heights never fall. */
enum err ids_add(struct ids *i, struct slice member, const uint8_t id[static 16], int64_t height) MUST_USE;
/* Writes what was added up to `height` into a synced file. One thread at a time. What an
 * earlier call wrote must have become the height that ids_open would be told. */
enum err ids_flush(struct ids *i, int64_t height, struct err_text *t) MUST_USE;
/* Any thread. Of an id that was used again after a day, the newest height. */
enum err ids_find(struct ids *i, bool *found, int64_t *height, struct slice member,
		  const uint8_t id[static 16]) MUST_USE;

#endif
