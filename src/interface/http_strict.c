#include "interface/http_strict.h"

#include <strings.h>

static bool same(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

/* RFC 9110 §5.6.2 */
static bool is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool letter = (c | 32) >= 'a' && (c | 32) <= 'z';
		bool digit = c >= '0' && c <= '9';
		if (!letter && !digit && (c == 0 || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return s.n > 0;
}

/* No control characters but the tab (RFC 9110 §5.5); NUL, CR and LF among them. */
static bool is_value(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if ((s.p[i] < 0x20 && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	}
	return true;
}

void http_header(struct http_facts *f, struct slice name, struct slice value)
{
	f->n++;
	f->bad_name |= !is_token(name);
	f->bad_value |= !is_value(value);
	if (same(name, "host")) {
		f->hosts++;
		f->host = value;
	} else if (same(name, "content-length")) {
		f->lengths++;
		f->length = value;
	} else if (same(name, "transfer-encoding")) {
		f->encodings++;
		f->encoding = value;
	} else if (same(name, "content-type")) {
		f->types++;
	} else if (same(name, "origin")) {
		f->origin = value;
	}
}

/* 1*DIGIT, no sign, no list, no space (RFC 9110 §8.6). */
static bool length_read(uint64_t *out, struct slice s)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0 && s.n < 19;
}

bool http_host_loopback(struct slice h)
{
	size_t n = h.n;
	/* Off with the port. */
	while (n && h.p[n - 1] >= '0' && h.p[n - 1] <= '9')
		n--;
	bool port = n && n < h.n && h.p[n - 1] == ':';
	struct slice name = slice(h.p, port ? n - 1 : h.n);
	if (same(name, "localhost") || same(name, "[::1]"))
		return true;
	unsigned dots = 0;
	for (size_t i = 0; i < name.n; i++) {
		dots += name.p[i] == '.';
		if (name.p[i] != '.' && (name.p[i] < '0' || name.p[i] > '9'))
			return false;
	}
	return dots == 3 && name.n <= 15 && slice_starts(name, "127.");
}

static bool origin_loopback(struct slice o)
{
	if (slice_starts(o, "http://"))
		return http_host_loopback(slice(o.p + 7, o.n - 7));
	if (slice_starts(o, "https://"))
		return http_host_loopback(slice(o.p + 8, o.n - 8));
	return false;
}

struct http_refusal http_judge(const struct http_facts *f, const char *method, const char *version,
			       bool tcp, size_t body_max)
{
	bool http10 = strcmp(version, "HTTP/1.0") == 0;
	uint64_t length = 0;
#define REFUSE(status, code, detail)                                                               \
	return (struct http_refusal)                                                               \
	{                                                                                          \
		status, code, detail, 0                                                            \
	}
	if (!http10 && strcmp(version, "HTTP/1.1") != 0)
		REFUSE(505, "version", "HTTP/1.1 and HTTP/1.0 are spoken here");
	if (f->n > HTTP_HEADERS_MAX)
		REFUSE(431, "too_large", "too many headers");
	if (f->bad_name)
		REFUSE(400, "bad_request",
		       "a header's name holds a character that may not be there");
	if (f->bad_value)
		REFUSE(400, "bad_request", "a header's value holds a control character");
	if (f->hosts > 1)
		REFUSE(400, "bad_request", "more than one Host");
	if (f->hosts == 0 && !http10)
		REFUSE(400, "bad_request", "HTTP/1.1 needs a Host");
	if (f->lengths > 1)
		REFUSE(400, "bad_request", "more than one Content-Length");
	if (f->encodings && f->lengths)
		REFUSE(400, "bad_request", "Content-Length beside Transfer-Encoding");
	if (f->encodings > 1 || (f->encodings && http10))
		REFUSE(400, "bad_request", "Transfer-Encoding may not stand here");
	if (f->encodings && !same(f->encoding, "chunked"))
		REFUSE(501, "bad_request", "chunked is the only Transfer-Encoding known");
	if (f->types > 1)
		REFUSE(400, "bad_request", "more than one Content-Type");
	if (f->lengths && !length_read(&length, f->length))
		REFUSE(400, "bad_request", "Content-Length must be digits");
	if (length > body_max)
		REFUSE(413, "too_large", "the body is too large");
	if (tcp && f->hosts && !http_host_loopback(f->host))
		REFUSE(421, "misdirected", "the Host must be localhost or a loopback address");
	bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	if (tcp && !reads && f->origin.n && !origin_loopback(f->origin))
		REFUSE(403, "forbidden", "pages of other sites may not write here");
#undef REFUSE
	return (struct http_refusal){0, NULL, NULL, (size_t)length};
}
