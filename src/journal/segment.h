/*
 * segment: the bytes of one journal file, and the walk over them.
 *
 * For journal/journal.h alone. docs/format/journal.md is the format; in short:
 *
 *	segment = header (4096 bytes) record*
 *	record  = head (20 bytes) payload chain (32 bytes)
 *
 * All integers are little-endian.
 */
#ifndef ARGOSY_JOURNAL_SEGMENT_H
#define ARGOSY_JOURNAL_SEGMENT_H

#include "base/bytes.h"
#include "base/io.h"

enum {
	SEGMENT_VERSION = 1,
	SEGMENT_HEADER_BYTES = 4096,
	RECORD_HEAD_BYTES = 20,
	RECORD_CHAIN_BYTES = 32,
	RECORD_EXTRA_BYTES = RECORD_HEAD_BYTES + RECORD_CHAIN_BYTES,
	SEGMENT_NAME_MAX = 32,
};

static inline void put_u32le(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static inline void put_u64le(uint8_t *p, uint64_t v)
{
	put_u32le(p, (uint32_t)v);
	put_u32le(p + 4, (uint32_t)(v >> 32));
}

static inline uint32_t get_u32le(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t get_u64le(const uint8_t *p)
{
	return (uint64_t)get_u32le(p) | (uint64_t)get_u32le(p + 4) << 32;
}

struct segment_header {
	uint32_t number; /* from 1 */
	struct hash fingerprint;
	uint64_t records_before; /* in all segments before this one */
	uint64_t bytes_before;	 /* the length of the segment before this one; 0 for the first */
	struct hash chain;	 /* of the record before the first one here */
};

void segment_header_encode(uint8_t out[static SEGMENT_HEADER_BYTES],
			   const struct segment_header *h);
/* ERR_CORRUPT or ERR_VERSION; the text tells what is wrong, not where. */
enum err segment_header_decode(struct segment_header *out,
			       const uint8_t in[static SEGMENT_HEADER_BYTES],
			       struct err_text *t) MUST_USE;

struct record_head {
	uint32_t length; /* of the payload */
	uint32_t since;	 /* bytes back to where the group of its sync begins; 0: here */
	uint8_t type;
	uint32_t payload_crc;
};

void record_head_encode(uint8_t out[static RECORD_HEAD_BYTES], const struct record_head *h,
			uint32_t segment, uint64_t offset);
/* False: this is no record's head, or not one of this place. */
bool record_head_decode(struct record_head *out, const uint8_t in[static RECORD_HEAD_BYTES],
			uint32_t segment, uint64_t offset);

/* The chain hash before the first record of a chain. */
void chain_start(struct hash *out, const struct hash *fingerprint);
/* The chain hash of a record; `out` may be `before`. */
void chain_next(struct hash *out, const struct hash *before, uint8_t type,
		const struct slice *parts, size_t count);

/* "000001.seg"; and the number of such a name, or 0. */
void segment_name(char out[static SEGMENT_NAME_MAX], uint32_t number);
uint32_t segment_number(const char *name);

/* ---- the walk ---- */

enum { SCAN_WINDOW_BYTES = 256 * 1024 };

/*
 * A walk over the records of a segment, reading through a window, so that a
 * large record needs no large memory. Set up with scan_init; plain data.
 */
struct scan {
	struct io_file *file;
	uint32_t number;
	uint64_t offset, size; /* the next record; where to stop */
	struct hash chain;     /* of the record before `offset` */
	/* The last good record: */
	uint64_t last, group; /* where it begins; where its sync's group begins */
	struct record_head head;
	uint64_t records;
	const char *why; /* after SCAN_BAD: what is wrong at `offset` */
	/* private: */
	uint8_t *window;
	uint64_t window_at;
	size_t window_n;
};

enum scan_result {
	SCAN_RECORD, /* a good one; `offset` is behind it */
	SCAN_END,    /* `offset` is `size` */
	SCAN_BAD,    /* what is at `offset` is no good record */
};

/* ERR_NOMEM only. `file` stays the caller's. */
enum err scan_init(struct scan *s, struct io_file *file, uint32_t number, uint64_t offset,
		   uint64_t size, const struct hash *chain, struct err_text *t) MUST_USE;
void scan_fini(struct scan *s);
/* Takes one record; if `payload` is not NULL, its content is replaced by the payload. */
enum err scan_next(struct scan *s, enum scan_result *result, struct buf *payload,
		   struct err_text *t) MUST_USE;
/*
 * After SCAN_BAD: is there, behind the bad place, a record that was appended
 * after the bad place had been synced? Then what is bad is damage; if not, it
 * may be the torn end of the last, unsynced group. `*where` is that record.
 */
enum err scan_damage(struct scan *s, bool *damage, uint64_t *where, struct err_text *t) MUST_USE;

#endif
