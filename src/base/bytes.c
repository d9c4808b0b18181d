#include "base/bytes.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

struct slice slice_str(const char *s)
{
	return slice(s, s ? strlen(s) : 0);
}

bool slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_eq_str(struct slice a, const char *s)
{
	return slice_eq(a, slice_str(s));
}

bool slice_starts(struct slice a, const char *prefix)
{
	size_t n = strlen(prefix);
	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n ? memcmp(a.p, b.p, n) : 0;
	if (c)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

/* ---- buf ---- */

void buf_fini(struct buf *b)
{
	if (!b->borrowed)
		free(b->p);
	*b = BUF_INIT;
}

void buf_clear(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

bool buf_reserve(struct buf *b, size_t more)
{
	if (b->failed)
		return false;
	if (more <= b->cap - b->n)
		return true;
	size_t cap = b->cap ? b->cap : 128;
	if (b->borrowed || more > SIZE_MAX / 4 || (b->limit && b->n + more > b->limit)) {
		b->failed = true;
		return false;
	}
	while (cap < b->n + more)
		cap *= 2;
	uint8_t *p = realloc(b->p, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
	if (n == 0 || !buf_reserve(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void buf_put_slice(struct buf *b, struct slice s)
{
	buf_put(b, s.p, s.n);
}

void buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void buf_put_u8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

static void put_be(struct buf *b, uint64_t v, unsigned width)
{
	uint8_t t[8];
	for (unsigned i = 0; i < width; i++)
		t[i] = (uint8_t)(v >> (8 * (width - 1 - i)));
	buf_put(b, t, width);
}

static void put_le(struct buf *b, uint64_t v, unsigned width)
{
	uint8_t t[8];
	for (unsigned i = 0; i < width; i++)
		t[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, t, width);
}

void buf_put_u16be(struct buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void buf_put_u32be(struct buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void buf_put_u64be(struct buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void buf_put_u32le(struct buf *b, uint32_t v)
{
	put_le(b, v, 4);
}

void buf_put_u64le(struct buf *b, uint64_t v)
{
	put_le(b, v, 8);
}

void buf_put_varint(struct buf *b, uint64_t v)
{
	uint8_t t[10];
	size_t n = 0;
	while (v >= 0x80) {
		t[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	t[n++] = (uint8_t)v;
	buf_put(b, t, n);
}

void buf_put_zigzag(struct buf *b, int64_t v)
{
	uint64_t u = (uint64_t)v << 1;
	buf_put_varint(b, v < 0 ? ~u : u);
}

void buf_put_lp(struct buf *b, struct slice s)
{
	buf_put_varint(b, s.n);
	buf_put_slice(b, s);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	bug_if(n < 0);
	if (buf_reserve(b, (size_t)n + 1)) {
		vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

enum err buf_err(const struct buf *b)
{
	return b->failed ? ERR_NOMEM : ERR_OK;
}

const char *buf_cstr(struct buf *b)
{
	if (!buf_reserve(b, 1))
		return NULL;
	b->p[b->n] = 0;
	return (const char *)b->p;
}

/* ---- reader ---- */

struct reader reader_of(struct slice s)
{
	static const uint8_t none[1];
	if (!s.p)
		return (struct reader){none, none, s.n != 0};
	return (struct reader){s.p, s.p + s.n, false};
}

size_t reader_left(const struct reader *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->p);
}

struct slice reader_bytes(struct reader *r, size_t n)
{
	if (r->bad || n > (size_t)(r->end - r->p)) {
		r->bad = true;
		return slice(NULL, 0);
	}
	struct slice s = slice(r->p, n);
	r->p += n;
	return s;
}

static uint64_t take_be(struct reader *r, unsigned width)
{
	struct slice s = reader_bytes(r, width);
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++)
		v = v << 8 | s.p[i];
	return v;
}

static uint64_t take_le(struct reader *r, unsigned width)
{
	struct slice s = reader_bytes(r, width);
	uint64_t v = 0;
	for (size_t i = s.n; i > 0; i--)
		v = v << 8 | s.p[i - 1];
	return v;
}

uint8_t reader_u8(struct reader *r)
{
	return (uint8_t)take_be(r, 1);
}

uint16_t reader_u16be(struct reader *r)
{
	return (uint16_t)take_be(r, 2);
}

uint32_t reader_u32be(struct reader *r)
{
	return (uint32_t)take_be(r, 4);
}

uint64_t reader_u64be(struct reader *r)
{
	return take_be(r, 8);
}

uint32_t reader_u32le(struct reader *r)
{
	return (uint32_t)take_le(r, 4);
}

uint64_t reader_u64le(struct reader *r)
{
	return take_le(r, 8);
}

uint64_t reader_varint(struct reader *r)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t c = reader_u8(r);
		if (r->bad)
			return 0;
		if ((shift == 63 && c > 1) || (c == 0 && shift > 0))
			break; /* past 64 bits, or not the shortest form */
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80))
			return v;
	}
	r->bad = true;
	return 0;
}

int64_t reader_zigzag(struct reader *r)
{
	uint64_t u = reader_varint(r);
	return (int64_t)(u >> 1) ^ -(int64_t)(u & 1);
}

struct slice reader_lp(struct reader *r)
{
	uint64_t n = reader_varint(r);
	if (n > SIZE_MAX) {
		r->bad = true;
		return slice(NULL, 0);
	}
	return reader_bytes(r, (size_t)n);
}

struct hash reader_hash(struct reader *r)
{
	struct hash h = {{0}};
	struct slice s = reader_bytes(r, 32);
	if (s.n == 32)
		memcpy(h.b, s.p, 32);
	return h;
}

/* ---- arena ---- */

enum { ARENA_CHUNK = 2 * 1024, ARENA_ALIGN = alignof(max_align_t) };

struct chunk {
	struct chunk *next;
	size_t cap, used;
	alignas(max_align_t) uint8_t data[];
};

struct arena {
	struct chunk *now;
	size_t limit, used;
};

struct arena *arena_new(size_t limit_bytes)
{
	struct arena *a = calloc(1, sizeof *a);
	if (a)
		a->limit = limit_bytes;
	return a;
}

static void chunks_free(struct chunk *c)
{
	while (c) {
		struct chunk *next = c->next;
		free(c);
		c = next;
	}
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	chunks_free(a->now);
	free(a);
}

void arena_reset(struct arena *a)
{
	if (a->now) {
		chunks_free(a->now->next);
		a->now->next = NULL;
		memset(a->now->data, 0, a->now->used);
		a->now->used = 0;
	}
	a->used = 0;
}

void *arena_alloc(struct arena *a, size_t n)
{
	if (n > SIZE_MAX / 2)
		return NULL;
	size_t need = (n + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
	if (need == 0)
		need = ARENA_ALIGN;
	if (a->limit && need > a->limit - a->used)
		return NULL;
	if (!a->now || need > a->now->cap - a->now->used) {
		size_t cap = a->now ? a->now->cap * 2 : ARENA_CHUNK;
		if (cap > 1 << 20)
			cap = 1 << 20;
		if (cap < need)
			cap = need;
		struct chunk *c = calloc(1, sizeof *c + cap);
		if (!c)
			return NULL;
		c->cap = cap;
		c->next = a->now;
		a->now = c;
	}
	void *p = a->now->data + a->now->used;
	a->now->used += need;
	a->used += need;
	return p;
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
	void *q = arena_alloc(a, n);
	if (q && n)
		memcpy(q, p, n);
	return q;
}

char *arena_strn(struct arena *a, const char *s, size_t n)
{
	char *q = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;
	if (q && n)
		memcpy(q, s, n);
	return q;
}

char *arena_str(struct arena *a, struct slice s)
{
	return arena_strn(a, (const char *)s.p, s.n);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	bug_if(n < 0);
	char *q = arena_alloc(a, (size_t)n + 1);
	if (q)
		vsnprintf(q, (size_t)n + 1, fmt, again);
	va_end(again);
	return q;
}

/* ---- hex, UTF-8, CRC ---- */

void hex_encode(char *out, const void *p, size_t n)
{
	const uint8_t *b = p;
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = "0123456789abcdef"[b[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[b[i] & 15];
	}
	out[2 * n] = 0;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool hex_decode(uint8_t *out, size_t n, struct slice s)
{
	if (s.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		int hi = hex_digit(s.p[2 * i]), lo = hex_digit(s.p[2 * i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		out[i] = (uint8_t)(hi << 4 | lo);
	}
	return true;
}

void text_cut(char *text, size_t size, int wanted)
{
	if (wanted < 0 || (size_t)wanted < size || size < 8)
		return;
	size_t n = size - 4;
	while (n > 0 && ((uint8_t)text[n] & 0xc0) == 0x80) /* in the middle of a character */
		n--;
	memcpy(text + n, "...", 4);
}

bool utf8_valid(struct slice s)
{
	size_t i = 0;
	while (i < s.n) {
		uint8_t c = s.p[i++];
		if (c < 0x80)
			continue;
		unsigned more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
		if (c < 0xc2 || c > 0xf4 || s.n - i < more)
			return false;
		uint8_t lo = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
		uint8_t hi = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
		if (s.p[i] < lo || s.p[i] > hi)
			return false;
		for (unsigned k = 1; k < more; k++)
			if ((s.p[i + k] & 0xc0) != 0x80)
				return false;
		i += more;
	}
	return true;
}

/* ---- text for people ---- */

/* The character at s[i] and its bytes in *n; -1 and 1 where the bytes there are none. */
static int32_t char_at(struct slice s, size_t i, size_t *n)
{
	uint8_t c = s.p[i];
	*n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
	if (s.n - i < *n || !utf8_valid(slice(s.p + i, *n))) {
		*n = 1;
		return -1;
	}
	int32_t v = *n == 1 ? c : c & (0xff >> (*n + 1));
	for (size_t k = 1; k < *n; k++)
		v = v << 6 | (s.p[i + k] & 0x3f);
	return v;
}

static bool is_control(int32_t c)
{
	return (c >= 0 && c < 0x20) || (c >= 0x7f && c < 0xa0);
}

/* Nothing that a terminal would obey: U+2028 and U+2029 end lines, the others turn the direction. */
static bool is_plain(int32_t c)
{
	return c >= 0 && !is_control(c) && c != 0x061c && c != 0x200e && c != 0x200f &&
	       !(c >= 0x2028 && c <= 0x202e) && !(c >= 0x2066 && c <= 0x2069);
}

void buf_put_plain(struct buf *b, struct slice s)
{
	size_t n;
	for (size_t i = 0; i < s.n; i += n) {
		int32_t c = char_at(s, i, &n);
		if (is_plain(c))
			buf_put(b, s.p + i, n);
		else if (c == '\n' || c == '\r' || c == '\t')
			buf_put_str(b, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
		else if (c < 0x80)
			buf_printf(b, "\\x%02x", s.p[i]);
		else
			buf_printf(b, "\\u%04x", (unsigned)c);
	}
}

const char *arena_plain(struct arena *a, const char *s)
{
	struct slice all = slice_str(s);
	bool plain = true;
	for (size_t i = 0, n; i < all.n && plain; i += n)
		plain = is_plain(char_at(all, i, &n));
	if (plain)
		return s;
	struct buf b = BUF_INIT;
	buf_put_plain(&b, all);
	const char *out = buf_err(&b) == ERR_OK ? arena_str(a, buf_slice(&b)) : NULL;
	buf_fini(&b);
	return out;
}

bool has_control(struct slice s)
{
	for (size_t i = 0, n; i < s.n; i += n) {
		if (is_control(char_at(s, i, &n)))
			return true;
	}
	return false;
}

/*
 * x86-64 has an instruction for just this polynomial (SSE 4.2): some 7 GB/s
 * where the tables reach 1.8. The journal and the state checksum all they hold.
 */
static bool crc_by_machine;

#if defined(__x86_64__)
#include <nmmintrin.h>

static bool machine_has_crc(void)
{
	__builtin_cpu_init();
	return __builtin_cpu_supports("sse4.2");
}

__attribute__((target("sse4.2"))) static uint32_t crc_machine(uint32_t crc, const uint8_t *b,
							      size_t n)
{
	uint64_t c = crc, v;
	for (; n >= sizeof v; b += sizeof v, n -= sizeof v) {
		memcpy(&v, b, sizeof v);
		c = _mm_crc32_u64(c, v);
	}
	crc = (uint32_t)c;
	while (n--)
		crc = _mm_crc32_u8(crc, *b++);
	return crc;
}
#else
static bool machine_has_crc(void)
{
	return false;
}

static uint32_t crc_machine(uint32_t crc, const uint8_t *b, size_t n)
{
	(void)b;
	(void)n;
	return crc;
}
#endif

/* Eight tables of 256 ("slicing by 8"), made by the compiler's constant
 * folding would be unreadable; they are filled once, before any thread. */
static uint32_t crc_table[8][256];

__attribute__((constructor)) static void crc_fill(void)
{
	crc_by_machine = machine_has_crc();
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0x82f63b78u ^ (c >> 1) : c >> 1;
		crc_table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int t = 1; t < 8; t++)
			crc_table[t][i] = crc_table[t - 1][i] >> 8 ^
					  crc_table[0][crc_table[t - 1][i] & 0xff];
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
	return crc_by_machine ? ~crc_machine(~crc, p, n) : crc32c_by_table(crc, p, n);
}

uint32_t crc32c_by_table(uint32_t crc, const void *p, size_t n)
{
	const uint8_t *b = p;
	crc = ~crc;
	while (n >= 8) {
		crc ^= (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
		       (uint32_t)b[3] << 24;
		crc = crc_table[7][crc & 0xff] ^ crc_table[6][crc >> 8 & 0xff] ^
		      crc_table[5][crc >> 16 & 0xff] ^ crc_table[4][crc >> 24] ^
		      crc_table[3][b[4]] ^ crc_table[2][b[5]] ^ crc_table[1][b[6]] ^
		      crc_table[0][b[7]];
		b += 8;
		n -= 8;
	}
	while (n--)
		crc = crc_table[0][(crc ^ *b++) & 0xff] ^ crc >> 8;
	return ~crc;
}
