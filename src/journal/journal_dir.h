/*
 * journal_dir: the directory of a journal: its segment files, how each links
 * to the next, and the mark. For journal/journal.h alone.
 */
#ifndef ARGOSY_JOURNAL_JOURNAL_DIR_H
#define ARGOSY_JOURNAL_JOURNAL_DIR_H

#include "journal/journal.h"
#include "journal/segment.h"

/* The file of a segment, in `out`. */
enum err journal_dir_path(char out[static IO_PATH_MAX], const char *dir, uint32_t number,
			  struct err_text *t) MUST_USE;
/* How many segments there are; ERR_CORRUPT if one between is missing. No directory: 0. */
enum err journal_dir_count(const struct io *io, const char *dir, uint32_t *segments,
			   struct err_text *t) MUST_USE;
/* Makes a segment with this header and no record, durably, in one step. */
enum err journal_dir_create(const struct io *io, const char *dir, const struct segment_header *h,
			    struct err_text *t) MUST_USE;

/* What the header of a segment must say, by what came before it. */
struct segment_link {
	uint32_t number;
	bool fingerprint_known;
	struct hash fingerprint, chain;
	uint64_t bytes_before, records_before; /* or RECORDS_UNKNOWN */
};
#define RECORDS_UNKNOWN UINT64_MAX

void link_start(struct segment_link *l, const struct hash *fingerprint); /* NULL: any */
void link_next(struct segment_link *l, const struct segment_header *h, uint64_t size,
	       const struct hash *chain, uint64_t records);

/*
 * Opens a segment for reading and checks its header, against `link` if not
 * NULL. ERR_MISMATCH: the first segment is another chain's. The caller closes
 * *f; after a fault there is none.
 */
enum err journal_dir_open(const struct io *io, const char *dir, uint32_t number,
			  const struct segment_link *link, struct segment_header *h,
			  struct io_file **f, uint64_t *size, struct err_text *t) MUST_USE;
/* The last 32 bytes of a segment: the chain hash, as stored there, of its last record. */
enum err segment_last_chain(struct io_file *f, const struct segment_header *h, uint64_t size,
			    struct hash *chain, struct err_text *t) MUST_USE;

/*
 * The mark: how far the journal was known to be synced. Written after each
 * sync, itself not synced; so it may lag behind, or be missing, but is never
 * ahead. It tells a last group that was lost from one that never was.
 */
#define MARK_NAME "mark"
struct mark {
	bool valid; /* false: there is none, or it is torn */
	uint32_t segment;
	uint64_t offset; /* all before it is synced */
	struct hash chain;
};
enum err mark_read(const struct io *io, const char *dir, struct mark *m,
		   struct err_text *t) MUST_USE;
enum err mark_write(struct io_file *f, const struct mark *m, struct err_text *t) MUST_USE;
bool mark_is(const struct mark *m, uint32_t segment, uint64_t offset);
/* ERR_CORRUPT if the mark is in a segment that is not there. */
enum err mark_check_segments(const struct mark *m, uint32_t segments, const char *dir,
			     struct err_text *t) MUST_USE;

/* "FILE is damaged at offset N: why" */
enum err segment_damaged(const struct io_file *f, uint64_t offset, const char *why,
			 struct err_text *t);

/* Called after each good record; a fault ends the walk. */
typedef enum err (*walk_fn)(void *arg, const struct scan *s, struct err_text *t);
/* Walks a segment that others follow: it must be good to its last byte. */
enum err sealed_walk(struct scan *s, walk_fn each, void *arg, struct err_text *t) MUST_USE;
/*
 * Walks the last segment: what is bad at its end is passed over if it can be
 * torn; then s->offset < s->size. ERR_CORRUPT: damage, at s->offset.
 */
enum err tail_walk(struct scan *s, const struct mark *m, walk_fn each, void *arg,
		   struct err_text *t) MUST_USE;

/* ---- of journal.c, for the cursor ---- */

/* Borrowed, for as long as the journal is open. */
void journal_place(const struct journal *j, const struct io **io, const char **dir);
/* Where the readable bytes of a segment, open as `f`, end now. */
enum err journal_segment_end(struct journal *j, uint32_t segment, struct io_file *f, uint64_t *end,
			     struct err_text *t) MUST_USE;

#endif
