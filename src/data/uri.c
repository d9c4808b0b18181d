#include "data/uri.h"

#include <string.h>

static bool is_alpha(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_upper(uint8_t c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool has_upper(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (is_upper(s.p[i]))
			return true;
	return false;
}

static bool is_number(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.n > 0;
}

/* Digits as one writes a number. */
static bool is_plain_number(struct slice s)
{
	return is_number(s) && (s.n == 1 || s.p[0] != '0');
}

/* What stands before the first of `stops`, or all. */
static size_t until(struct slice s, const char *stops)
{
	size_t n = 0;
	while (n < s.n && (!s.p[n] || !strchr(stops, s.p[n])))
		n++;
	return n;
}

static struct slice from(struct slice s, size_t at)
{
	return slice(s.p + at, s.n - at);
}

/* Takes what stands before the next `stop`; false after the last. */
static bool next_part(struct slice *part, struct slice *left, char stop)
{
	const char stops[] = {stop, 0};
	if (!left->p)
		return false;
	size_t n = until(*left, stops);
	*part = slice(left->p, n);
	*left = n < left->n ? from(*left, n + 1) : slice(NULL, 0);
	return true;
}

bool uri_split(struct uri_parts *out, struct slice uri)
{
	size_t n = until(uri, ":/?#");
	*out = (struct uri_parts){{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
	if (n == uri.n || uri.p[n] != ':')
		return false;
	out->scheme = slice(uri.p, n);
	struct slice left = from(uri, n + 1);
	if (slice_starts(left, "//")) {
		left = from(left, 2);
		n = until(left, "/?#");
		out->authority = slice(left.p, n);
		left = from(left, n);
	}
	n = until(left, "?#");
	out->path = slice(left.p, n);
	out->rest = from(left, n);
	return true;
}

/* ---- escapes ---- */

static int hex_of(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	return is_alpha(c) && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : -1;
}

static const char *escape_fault(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 0x80)
			return "letters beyond ASCII are written as escapes (%C3%A9)";
		if (s.p[i] != '%' || s.n - i < 3)
			continue;
		for (size_t k = i + 1; k < i + 3; k++)
			if (s.p[k] >= 'a' && s.p[k] <= 'f')
				return "escapes are written in capitals (%2F)";
		int c = hex_of(s.p[i + 1]) * 16 + hex_of(s.p[i + 2]);
		if (c > 0 && c < 128 && (is_alpha((uint8_t)c) || is_digit((uint8_t)c) ||
				strchr("-._~", c)))
			return "an escape stands for a character that needs none";
		i += 2;
	}
	return NULL;
}

bool uri_has_dots(struct slice path)
{
	struct slice part;
	while (next_part(&part, &path, '/')) {
		size_t dots = 0, i = 0;
		while (i < part.n) {
			if (part.p[i] == '.')
				i++;
			else if (part.n - i >= 3 && part.p[i] == '%' && part.p[i + 1] == '2' &&
				 (part.p[i + 2] | 0x20) == 'e')
				i += 3;
			else
				break;
			dots++;
		}
		if (i == part.n && (dots == 1 || dots == 2))
			return true;
	}
	return false;
}

/* ---- the host ---- */

static const char *const not_a_host = "the host is no name of letters, digits, - and dots";

/* Four numbers up to 255, none with a leading zero: the one spelling of an address. */
static bool is_ipv4(struct slice host)
{
	struct slice part;
	unsigned n = 0;
	for (; next_part(&part, &host, '.'); n++) {
		unsigned v = 0;
		if (!is_plain_number(part) || part.n > 3)
			return false;
		for (size_t i = 0; i < part.n; i++)
			v = v * 10 + (unsigned)(part.p[i] - '0');
		if (v > 255)
			return false;
	}
	return n == 4;
}

static const char *host_fault(struct slice host)
{
	struct slice left = host, part = {NULL, 0};
	if (host.n && host.p[0] == '[')
		return "the host is an address of many spellings, not a name";
	if (host.n && memchr(host.p, '%', host.n))
		return not_a_host;
	if (has_upper(host))
		return "the host is written in small letters";
	while (next_part(&part, &left, '.')) {
		if (!part.n)
			return not_a_host;
		for (size_t i = 0; i < part.n; i++)
			if (!is_alpha(part.p[i]) && !is_digit(part.p[i]) && part.p[i] != '-' &&
			    part.p[i] != '_')
				return not_a_host;
	}
	/* "127.1", "0x7f000001" and "2130706433" are one address in many programs. */
	bool address = is_number(part) || slice_starts(part, "0x");
	return address && !is_ipv4(host) ? "the host is an address of many spellings, not a name"
					 : NULL;
}

static const char *port_fault(struct slice scheme, struct slice port)
{
	static const struct {
		const char *scheme, *port;
	} own[] = {{"http", "80"}, {"https", "443"}, {"ws", "80"}, {"wss", "443"}, {"ftp", "21"}};
	if (!is_plain_number(port) || port.n > 5)
		return "the port is no plain number";
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (slice_eq_str(scheme, own[i].scheme) && slice_eq_str(port, own[i].port))
			return "the port is the scheme's own: it is left out";
	return NULL;
}

static const char *authority_fault(struct slice scheme, struct slice a)
{
	if (memchr(a.p, '@', a.n))
		return "user info stands before the host";
	size_t n = a.n && a.p[0] == '[' ? until(a, "]") : 0;
	n += until(from(a, n), ":");
	const char *fault = n ? host_fault(slice(a.p, n)) : NULL;
	return fault || n == a.n ? fault : port_fault(scheme, from(a, n + 1));
}

/* ---- URNs ---- */

struct slice urn_namespace(struct slice uri)
{
	if (!slice_starts(uri, "urn:"))
		return slice(uri.p, 0);
	struct slice left = from(uri, 4);
	return slice(left.p, until(left, ":"));
}

enum { UUID_CHARS = 36 };

static const char *uuid_fault(struct slice s)
{
	static const char *const fault =
		"a UUID has 32 digits 0-9 a-f in groups of 8-4-4-4-12";
	if (s.n != UUID_CHARS)
		return fault;
	for (size_t i = 0; i < s.n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		if (dash ? s.p[i] != '-' : hex_of(s.p[i]) < 0 || is_upper(s.p[i]))
			return fault;
	}
	return NULL;
}

static const char *oid_fault(struct slice s)
{
	struct slice part;
	while (next_part(&part, &s, '.'))
		if (!is_plain_number(part))
			return "an object identifier is numbers with dots between and no leading "
			       "zeros";
	return NULL;
}

static const char *urn_fault(struct slice uri, bool prefix)
{
	struct slice nid = urn_namespace(uri);
	if (nid.n == 0 || nid.n > 32 || 4 + nid.n + !prefix >= uri.n)
		return "urn: is followed by a namespace, a colon and a name";
	for (size_t i = 0; i < nid.n; i++)
		if (!is_digit(nid.p[i]) && nid.p[i] != '-' && !(nid.p[i] >= 'a' && nid.p[i] <= 'z'))
			return "the namespace of a URN is small letters, digits and -";
	struct slice name = from(uri, 4 + nid.n + 1);
	/* RFC 8141 section 3: they do not count when URNs are compared. */
	if (until(name, "?#") < name.n)
		return "what follows ? or # in a URN names no other thing: it is left out";
	if (prefix)
		return NULL;
	if (slice_eq_str(nid, "uuid"))
		return uuid_fault(name);
	if (slice_eq_str(nid, "oid"))
		return oid_fault(name);
	if (slice_eq_str(nid, "isbn"))
		return "an ISBN of 13 digits is a GTIN: it is named as one";
	return NULL;
}

void urn_fold(char *text, size_t n)
{
	unsigned colons = 0, most = 2;
	if (n < 4 || (text[0] | 0x20) != 'u' || (text[1] | 0x20) != 'r' ||
	    (text[2] | 0x20) != 'n' || text[3] != ':')
		return;
	for (size_t i = 0; i < n && text[i] != '%' && colons < most; i++) {
		if (is_upper((uint8_t)text[i]))
			text[i] = (char)(text[i] | 0x20);
		if (text[i] != ':' || ++colons != 2)
			continue;
		if (i == 7 && memcmp(text, "urn:epc", 7) == 0)
			most = 4;
		else if (i == 8 && memcmp(text, "urn:uuid", 8) == 0)
			most = (unsigned)-1;
	}
}

/* ---- the whole ---- */

const char *uri_fault(struct slice uri, bool prefix)
{
	struct uri_parts u;
	if (!uri_split(&u, uri))
		return "there is no scheme";
	if (has_upper(u.scheme))
		return "the scheme is written in small letters";
	const char *fault = escape_fault(uri);
	if (fault)
		return fault;
	if (uri_has_dots(u.path))
		return "the path has a segment . or ..";
	bool empty = u.rest.n && (u.rest.n == 1 || u.rest.p[u.rest.n - 1] == '#');
	if ((empty && !prefix) || slice_starts(u.rest, "?#"))
		return "it has an empty query or fragment";
	if (slice_eq_str(u.scheme, "urn"))
		return urn_fault(uri, prefix);
	bool web = slice_eq_str(u.scheme, "http") || slice_eq_str(u.scheme, "https");
	if (web && (u.authority.n == 0 || u.authority.p[0] == ':'))
		return "a web address has // and a host";
	fault = u.authority.p ? authority_fault(u.scheme, u.authority) : NULL;
	if (!fault && web && u.path.n == 0)
		fault = "behind the host stands a path, if only /";
	return fault;
}
