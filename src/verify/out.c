#include "verify/out.h"

#include <stdio.h>

static void pass_on(struct out *o)
{
	if (o->n && !o->failed)
		o->failed = !o->put(o->ctx, o->b, o->n);
	o->n = 0;
}

void out_put(struct out *o, const void *p, size_t n)
{
	const char *s = p;
	while (n && !o->failed) {
		size_t room = sizeof o->b - o->n, some = n < room ? n : room;
		memcpy(o->b + o->n, s, some);
		o->n += some;
		s += some;
		n -= some;
		if (o->n == sizeof o->b)
			pass_on(o);
	}
}

void out_str(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

void out_printf(struct out *o, const char *fmt, ...)
{
	char b[1024];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(b, sizeof b, fmt, ap);
	va_end(ap);
	bug_if(n < 0 || (size_t)n >= sizeof b); /* never with text out of a bundle */
	out_put(o, b, (size_t)n);
}

void out_hex(struct out *o, const uint8_t *p, size_t n)
{
	char hex[65];
	bug_if(n > 32);
	hex_encode(hex, p, n);
	out_put(o, hex, 2 * n);
}

void out_plain(struct out *o, const char *s)
{
	const char *end = s + strlen(s);
	while (s < end) {
		const char *run = s;
		while (s < end && *s >= 0x20 && *s < 0x7f)
			s++;
		out_put(o, run, (size_t)(s - run));
		run = s;
		while (s < end && (*s < 0x20 || *s >= 0x7f) && s - run < 256)
			s++;
		while (s < end && ((uint8_t)*s & 0xc0) == 0x80)
			s++; /* no character is cut */
		char space[6 * 260];
		struct buf b = buf_over(space, sizeof space);
		buf_put_plain(&b, slice(run, (size_t)(s - run)));
		bug_if(b.failed);
		out_put(o, b.p, b.n);
	}
}

/* C0 and DEL; C1 in UTF-8, which a terminal obeys; and the two of JSON itself. */
static bool plain_in_json(const uint8_t *c)
{
	return *c >= 0x20 && *c != '"' && *c != '\\' && *c != 0x7f &&
	       !(*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

void out_json(struct out *o, const char *s)
{
	const uint8_t *c = (const uint8_t *)s;
	out_put(o, "\"", 1);
	while (*c) {
		const uint8_t *run = c;
		while (*c && plain_in_json(c))
			c++;
		out_put(o, run, (size_t)(c - run));
		if (!*c)
			break;
		if (*c == '"' || *c == '\\')
			out_put(o, (const char[2]){'\\', (char)*c}, 2);
		else
			out_printf(o, "\\u%04x", *c == 0xc2 ? *++c : *c);
		c++;
	}
	out_put(o, "\"", 1);
}

void out_time(struct out *o, int64_t ms)
{
	/* Civil date of days since 1970 (proleptic Gregorian), by eras of 400 years from March on. */
	int64_t days = ms / 86400000, in_day = ms % 86400000;
	if (in_day < 0) {
		in_day += 86400000;
		days--;
	}
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2), s = in_day / 1000;
	out_printf(o, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ", (long long)year,
		   (long long)month, (long long)day, (long long)(s / 3600),
		   (long long)(s / 60 % 60), (long long)(s % 60));
}

bool out_end(struct out *o)
{
	pass_on(o);
	return !o->failed;
}
