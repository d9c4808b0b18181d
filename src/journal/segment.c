#include "journal/segment.h"

#include "crypto/sha256.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- header ---- */

static const uint8_t MAGIC[8] = {'A', 'R', 'G', 'O', 'S', 'Y', 'J', '\n'};

enum { /* offsets */
       H_VERSION = 8,
       H_NUMBER = 12,
       H_FINGERPRINT = 16,
       H_CHAIN = 48,
       H_RECORDS = 80,
       H_BYTES = 88,
       H_ZERO = 96,
       H_CRC = SEGMENT_HEADER_BYTES - 4,
};

void segment_header_encode(uint8_t out[static SEGMENT_HEADER_BYTES], const struct segment_header *h)
{
	memset(out, 0, SEGMENT_HEADER_BYTES);
	memcpy(out, MAGIC, sizeof MAGIC);
	put_u32le(out + H_VERSION, SEGMENT_VERSION);
	put_u32le(out + H_NUMBER, h->number);
	memcpy(out + H_FINGERPRINT, h->fingerprint.b, 32);
	memcpy(out + H_CHAIN, h->chain.b, 32);
	put_u64le(out + H_RECORDS, h->records_before);
	put_u64le(out + H_BYTES, h->bytes_before);
	put_u32le(out + H_CRC, crc32c(0, out, H_CRC));
}

enum err segment_header_decode(struct segment_header *out,
			       const uint8_t in[static SEGMENT_HEADER_BYTES], struct err_text *t)
{
	if (memcmp(in, MAGIC, sizeof MAGIC) != 0)
		return err_set(t, ERR_CORRUPT, "the header is not that of a segment");
	if (get_u32le(in + H_CRC) != crc32c(0, in, H_CRC))
		return err_set(t, ERR_CORRUPT, "the header's checksum is wrong");
	if (get_u32le(in + H_VERSION) != SEGMENT_VERSION)
		return err_set(t, ERR_VERSION, "format version %u, this program knows %d",
			       get_u32le(in + H_VERSION), SEGMENT_VERSION);
	for (int i = H_ZERO; i < H_CRC; i++)
		if (in[i] != 0)
			return err_set(t, ERR_CORRUPT, "the header's spare bytes are not zero");
	out->number = get_u32le(in + H_NUMBER);
	memcpy(out->fingerprint.b, in + H_FINGERPRINT, 32);
	memcpy(out->chain.b, in + H_CHAIN, 32);
	out->records_before = get_u64le(in + H_RECORDS);
	out->bytes_before = get_u64le(in + H_BYTES);
	return ERR_OK;
}

void segment_name(char out[static SEGMENT_NAME_MAX], uint32_t number)
{
	snprintf(out, SEGMENT_NAME_MAX, "%06u.seg", number);
}

uint32_t segment_number(const char *name)
{
	uint64_t n = 0;
	char again[SEGMENT_NAME_MAX];
	for (const char *c = name; *c >= '0' && *c <= '9' && n <= UINT32_MAX; c++)
		n = n * 10 + (uint64_t)(*c - '0');
	if (n == 0 || n > UINT32_MAX)
		return 0;
	segment_name(again, (uint32_t)n);
	return strcmp(name, again) == 0 ? (uint32_t)n : 0;
}

/* ---- record ---- */

enum { R_LENGTH = 0, R_SINCE = 4, R_TYPE = 8, R_ZERO = 9, R_PAYLOAD_CRC = 12, R_CRC = 16 };

/*
 * The place goes into the checksum, so that a block that the disk wrote to or
 * read from the wrong address is not taken for the right one.
 */
static uint32_t head_crc(const uint8_t *head, uint32_t segment, uint64_t offset)
{
	uint8_t place[12];
	put_u32le(place, segment);
	put_u64le(place + 4, offset);
	return crc32c(crc32c(0, place, sizeof place), head, R_CRC);
}

void record_head_encode(uint8_t out[static RECORD_HEAD_BYTES], const struct record_head *h,
			uint32_t segment, uint64_t offset)
{
	memset(out, 0, RECORD_HEAD_BYTES);
	put_u32le(out + R_LENGTH, h->length);
	put_u32le(out + R_SINCE, h->since);
	out[R_TYPE] = h->type;
	put_u32le(out + R_PAYLOAD_CRC, h->payload_crc);
	put_u32le(out + R_CRC, head_crc(out, segment, offset));
}

bool record_head_decode(struct record_head *out, const uint8_t in[static RECORD_HEAD_BYTES],
			uint32_t segment, uint64_t offset)
{
	out->length = get_u32le(in + R_LENGTH);
	out->since = get_u32le(in + R_SINCE);
	out->type = in[R_TYPE];
	out->payload_crc = get_u32le(in + R_PAYLOAD_CRC);
	/* What costs nothing comes first: scan_damage tries every offset. */
	return in[R_ZERO] == 0 && in[R_ZERO + 1] == 0 && in[R_ZERO + 2] == 0 &&
	       offset >= SEGMENT_HEADER_BYTES && out->since <= offset - SEGMENT_HEADER_BYTES &&
	       get_u32le(in + R_CRC) == head_crc(in, segment, offset);
}

void chain_start(struct hash *out, const struct hash *fingerprint)
{
	struct slice parts[] = {SLICE_LIT("argosy-journal-0"), slice(fingerprint->b, 32)};
	sha256_parts(out, parts, 2);
}

/* The part of the chain hash that comes before the payload. */
static void chain_begin(struct sha256 *h, const struct hash *before, uint8_t type, uint32_t length)
{
	uint8_t head[5] = {type};
	put_u32le(head + 1, length);
	sha256_init(h);
	sha256_update_slice(h, SLICE_LIT("argosy-journal-1"));
	sha256_update(h, before->b, 32);
	sha256_update(h, head, sizeof head);
}

void chain_next(struct hash *out, const struct hash *before, uint8_t type,
		const struct slice *parts, size_t count)
{
	struct sha256 h;
	size_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += parts[i].n;
	bug_if(n > UINT32_MAX);
	chain_begin(&h, before, type, (uint32_t)n);
	for (size_t i = 0; i < count; i++)
		sha256_update_slice(&h, parts[i]);
	sha256_final(&h, out);
}

/* ---- the walk ---- */

enum err scan_init(struct scan *s, struct io_file *file, uint32_t number, uint64_t offset,
		   uint64_t size, const struct hash *chain, struct err_text *t)
{
	*s = (struct scan){.file = file, .number = number, .offset = offset, .size = size};
	s->chain = *chain;
	s->window = malloc(SCAN_WINDOW_BYTES);
	return s->window ? ERR_OK
			 : err_set(t, ERR_NOMEM, "out of memory reading %.400s", file->path);
}

void scan_fini(struct scan *s)
{
	free(s->window);
	s->window = NULL;
}

/*
 * Gives the bytes at `at`, at least `want` of them (at most the window) or
 * however many there are before `size`; *got says how many.
 */
static enum err window_at(struct scan *s, uint64_t at, size_t want, const uint8_t **p, size_t *got,
			  struct err_text *t)
{
	*p = s->window;
	*got = 0;
	if (want > s->size - at)
		want = (size_t)(s->size - at);
	if (at < s->window_at || at + want > s->window_at + s->window_n) {
		uint64_t n = s->size - at;
		size_t have = 0;
		s->window_n = 0;
		TRY(io_pread(s->file, s->window,
			     n < SCAN_WINDOW_BYTES ? (size_t)n : SCAN_WINDOW_BYTES, at, &have, t));
		if (have < want)
			return err_set(t, ERR_IO, "%.400s became shorter while it was read",
				       s->file->path);
		s->window_at = at;
		s->window_n = have;
	}
	*p = s->window + (at - s->window_at);
	*got = (size_t)(s->window_at + s->window_n - at);
	return ERR_OK;
}

/* Checksum, and chain if `h` is not NULL, of a payload; copies it if `copy` is not NULL. */
static enum err payload_walk(struct scan *s, uint64_t at, uint32_t length, uint32_t *crc,
			     struct sha256 *h, struct buf *copy, struct err_text *t)
{
	*crc = 0;
	if (copy) {
		buf_clear(copy);
		if (!buf_reserve(copy, length))
			return err_set(t, ERR_NOMEM, "out of memory for a record of %u bytes",
				       length);
	}
	while (length > 0) {
		const uint8_t *p;
		size_t n;
		TRY(window_at(s, at, 1, &p, &n, t));
		if (n > length)
			n = length;
		*crc = crc32c(*crc, p, n);
		if (h)
			sha256_update(h, p, n);
		if (copy)
			buf_put(copy, p, n);
		at += n;
		length -= (uint32_t)n;
	}
	return ERR_OK;
}

static enum err bad(struct scan *s, enum scan_result *result, const char *why)
{
	*result = SCAN_BAD;
	s->why = why;
	return ERR_OK;
}

enum err scan_next(struct scan *s, enum scan_result *result, struct buf *payload,
		   struct err_text *t)
{
	const uint8_t *p;
	size_t n;
	struct record_head head;
	if (s->offset == s->size) {
		*result = SCAN_END;
		return ERR_OK;
	}
	TRY(window_at(s, s->offset, RECORD_HEAD_BYTES, &p, &n, t));
	if (n < RECORD_HEAD_BYTES)
		return bad(s, result, "the file ends inside the head of a record");
	if (!record_head_decode(&head, p, s->number, s->offset))
		return bad(s, result, "no record begins here: the head's checksum is wrong");
	if (head.length + (uint64_t)RECORD_EXTRA_BYTES > s->size - s->offset)
		return bad(s, result, "the file ends inside a record");

	uint64_t at = s->offset + RECORD_HEAD_BYTES;
	uint32_t crc;
	struct sha256 h;
	struct hash chain;
	chain_begin(&h, &s->chain, head.type, head.length);
	TRY(payload_walk(s, at, head.length, &crc, &h, payload, t));
	sha256_final(&h, &chain);
	if (crc != head.payload_crc)
		return bad(s, result, "the payload's checksum is wrong");
	at += head.length;
	TRY(window_at(s, at, RECORD_CHAIN_BYTES, &p, &n, t));
	if (memcmp(p, chain.b, RECORD_CHAIN_BYTES) != 0)
		return bad(s, result, "the chain hash is wrong");
	s->last = s->offset;
	s->group = s->offset - head.since;
	s->head = head;
	s->chain = chain;
	s->offset = at + RECORD_CHAIN_BYTES;
	s->records++;
	*result = SCAN_RECORD;
	return ERR_OK;
}

enum err scan_damage(struct scan *s, bool *damage, uint64_t *where, struct err_text *t)
{
	const uint8_t *p;
	size_t n;
	struct record_head head;
	uint64_t at = s->offset;
	*damage = false;
	/*
	 * A head that is good tells where its record ends. Its payload is then not
	 * searched: somebody might have put there what looks like a record.
	 */
	TRY(window_at(s, at, RECORD_HEAD_BYTES, &p, &n, t));
	if (n >= RECORD_HEAD_BYTES && record_head_decode(&head, p, s->number, at))
		at += head.length + (uint64_t)RECORD_EXTRA_BYTES;
	else
		at++;
	while (at < s->size && s->size - at >= RECORD_HEAD_BYTES) {
		TRY(window_at(s, at, RECORD_HEAD_BYTES, &p, &n, t));
		/*
		 * The head is enough: some 60 bits of it would have to fit by chance
		 * (checksum, zeros, `since`), and it proves the sync even if its own payload is
		 * torn.
		 */
		if (record_head_decode(&head, p, s->number, at) && at - head.since > s->offset) {
			*damage = true;
			*where = at;
			return ERR_OK;
		}
		at++;
	}
	return ERR_OK;
}
