/*
 * bytes: slices, growing buffers, arenas, integers in bytes.
 *
 * Pure memory: nothing here touches the world. Bytes travel as pointer and
 * length; text is UTF-8 in slices, not NUL-terminated unless said.
 */
#ifndef ARGOSY_BASE_BYTES_H
#define ARGOSY_BASE_BYTES_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. The owner is whoever made them; see each function. */
struct slice {
	const uint8_t *p;
	size_t n;
};

#define SLICE_LIT(s) ((struct slice){(const uint8_t *)(s), sizeof(s) - 1})

static inline struct slice slice(const void *p, size_t n)
{
	return (struct slice){(const uint8_t *)p, n};
}

/* The big-endian number in the first four bytes. */
static inline uint32_t bytes_u32be(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Of a NUL-terminated string; NULL gives the empty slice. */
struct slice slice_str(const char *s);
bool slice_eq(struct slice a, struct slice b);
bool slice_eq_str(struct slice a, const char *s);
bool slice_starts(struct slice a, const char *prefix);
/* By bytes, shorter first where one is the other's beginning: <0, 0, >0. */
int slice_cmp(struct slice a, struct slice b);

/* 32 bytes that SHA-256 made. */
struct hash {
	uint8_t b[32];
};

static inline bool hash_eq(const struct hash *a, const struct hash *b)
{
	return memcmp(a->b, b->b, 32) == 0;
}

/*
 * A growing buffer. Out of memory (or growth past `limit`) is sticky: later
 * puts do nothing and `failed` stays true; check it once at the end with
 * `buf_err`. Initialise with BUF_INIT and free with buf_fini; or with buf_over.
 */
struct buf {
	uint8_t *p;
	size_t n, cap, limit; /* limit 0: none */
	bool failed;
	bool borrowed; /* the memory is somebody else's: it neither grows nor is freed */
};

#define BUF_INIT ((struct buf){NULL, 0, 0, 0, false, false})

/*
 * A buffer over n bytes of the caller's, as on his stack. It never grows: what does not fit
 * makes it fail as memory that is out does. buf_fini only forgets the bytes.
 */
static inline struct buf buf_over(void *p, size_t n)
{
	return (struct buf){(uint8_t *)p, 0, n, n, false, true};
}

void buf_fini(struct buf *b);  /* frees, and leaves an empty buffer */
void buf_clear(struct buf *b); /* keeps the memory; forgets `failed` */
bool buf_reserve(struct buf *b, size_t more);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_slice(struct buf *b, struct slice s);
void buf_put_str(struct buf *b, const char *s);
void buf_put_u8(struct buf *b, uint8_t v);
void buf_put_u16be(struct buf *b, uint16_t v);
void buf_put_u32be(struct buf *b, uint32_t v);
void buf_put_u64be(struct buf *b, uint64_t v);
void buf_put_u32le(struct buf *b, uint32_t v);
void buf_put_u64le(struct buf *b, uint64_t v);
/* Unsigned LEB128, shortest form, as protobuf's varint. */
void buf_put_varint(struct buf *b, uint64_t v);
/* Signed, zig-zag, then LEB128. */
void buf_put_zigzag(struct buf *b, int64_t v);
/* Varint length, then the bytes. */
void buf_put_lp(struct buf *b, struct slice s);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* ERR_NOMEM if anything was lost, else ERR_OK. */
enum err buf_err(const struct buf *b) MUST_USE;
static inline struct slice buf_slice(const struct buf *b)
{
	return (struct slice){b->p, b->n};
}
/* Adds a NUL (not counted in n) and returns the text, or NULL if failed. */
const char *buf_cstr(struct buf *b);

/*
 * A reader over borrowed bytes. Every take past the end, and every varint
 * that is not in shortest form, sets `bad`, sticky; takes then give zeros.
 */
struct reader {
	const uint8_t *p, *end;
	bool bad;
};

struct reader reader_of(struct slice s);
size_t reader_left(const struct reader *r);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16be(struct reader *r);
uint32_t reader_u32be(struct reader *r);
uint64_t reader_u64be(struct reader *r);
uint32_t reader_u32le(struct reader *r);
uint64_t reader_u64le(struct reader *r);
uint64_t reader_varint(struct reader *r);
int64_t reader_zigzag(struct reader *r);
struct slice reader_bytes(struct reader *r, size_t n); /* borrowed from the input */
struct slice reader_lp(struct reader *r);
struct hash reader_hash(struct reader *r);

/*
 * An arena: memory for one block or one request, freed at once. Returns NULL
 * when out of memory or past `limit` bytes in all. Memory is aligned for any
 * type and zeroed.
 */
struct arena;
struct arena *arena_new(size_t limit_bytes); /* 0: no limit; NULL: no memory */
void arena_free(struct arena *a);            /* NULL is fine */
void arena_reset(struct arena *a);           /* keeps the first chunk */
void *arena_alloc(struct arena *a, size_t n);
void *arena_copy(struct arena *a, const void *p, size_t n);
/* NUL-terminated copies. */
char *arena_strn(struct arena *a, const char *s, size_t n);
char *arena_str(struct arena *a, struct slice s);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Hex: lower case out, either case in. `out` of hex_encode holds 2n + 1 chars. */
void hex_encode(char *out, const void *p, size_t n);
/* True if `s` is exactly 2n hex digits. */
bool hex_decode(uint8_t *out, size_t n, struct slice s);

/* After snprintf gave `wanted` for text[size]: where something was cut, it ends with "..." */
void text_cut(char *text, size_t size, int wanted);

/* Valid UTF-8: no overlong forms, no surrogates, nothing past U+10FFFF. */
bool utf8_valid(struct slice s);

/*
 * Text from outside, for a terminal or one line of output: so that it can neither end the line
 * nor steer the terminal. Control characters, line separators and what turns the direction of
 * writing come as \n, \r, \t, \x1b, \u202e; bytes that are not UTF-8 as \xff. Everything else, also
 * a backslash, stays as it is.
 */
void buf_put_plain(struct buf *b, struct slice s);
/* The same; NULL: no memory. Where nothing had to be changed it may be `s` itself. */
const char *arena_plain(struct arena *a, const char *s);
/* Is there a control character (C0, DEL, C1) in it? */
bool has_control(struct slice s);

/* CRC-32C (Castagnoli), as in RFC 3720. Start with 0; feed the last result to go on. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);
/* The same, without the machine's own instruction: for the test of it. */
uint32_t crc32c_by_table(uint32_t crc, const void *p, size_t n);

#endif
