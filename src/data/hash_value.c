#include "data/hash_value.h"

#include "data/codes.h"
#include "data/gs1.h"

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct slice hash_value_trim(const char *text)
{
	struct slice s = slice_str(text);
	while (s.n && is_space(s.p[0]))
		s.p++, s.n--;
	while (s.n && is_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

bool hash_value_decimal(struct buf *out, struct slice v)
{
	const uint8_t *p = v.p, *end = v.p + v.n;
	bool minus = p < end && *p == '-';
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	const uint8_t *whole = p;
	while (p < end && is_digit(*p))
		p++;
	const uint8_t *whole_end = p, *part = p;
	if (p < end && *p == '.') {
		part = ++p;
		while (p < end && is_digit(*p))
			p++;
	}
	if (p != end || (whole == whole_end && part == end))
		return false;
	while (whole < whole_end && *whole == '0')
		whole++;
	while (end > part && end[-1] == '0')
		end--;
	size_t whole_n = (size_t)(whole_end - whole),
	       part_n = end > part ? (size_t)(end - part) : 0;
	if (minus && (whole_n || part_n))
		buf_put_u8(out, '-');
	if (whole_n)
		buf_put(out, whole, whole_n);
	else
		buf_put_u8(out, '0');
	if (part_n) {
		buf_put_u8(out, '.');
		buf_put(out, part, part_n);
	}
	return true;
}

/* "-308" and so on; false: no whole number of that size. */
static bool read_exponent(int *out, struct slice v)
{
	enum { EXPONENT_MAX = 308 };
	bool minus = v.n && v.p[0] == '-';
	size_t i = v.n && (minus || v.p[0] == '+');
	if (i == v.n)
		return false;
	for (*out = 0; i < v.n; i++) {
		if (!is_digit(v.p[i]) || *out > EXPONENT_MAX)
			return false;
		*out = *out * 10 + (v.p[i] - '0');
	}
	if (*out > EXPONENT_MAX)
		return false;
	*out = minus ? -*out : *out;
	return true;
}

bool hash_value_number(struct buf *out, struct slice v)
{
	size_t e = 0;
	int shift;
	while (e < v.n && (v.p[e] | 0x20) != 'e')
		e++;
	if (e == v.n)
		return hash_value_decimal(out, v);
	if (!read_exponent(&shift, slice(v.p + e + 1, v.n - e - 1)))
		return false;
	/* The digits without their point, which then goes `shift` places on. */
	struct buf digits = BUF_INIT, moved = BUF_INIT;
	size_t sign = v.p[0] == '-' || v.p[0] == '+', whole = 0;
	bool point = false, ok = e > sign;
	for (size_t i = sign; i < e; i++) {
		if (v.p[i] == '.' && !point) {
			point = true;
		} else {
			ok = ok && is_digit(v.p[i]);
			buf_put_u8(&digits, v.p[i]);
			whole += !point;
		}
	}
	ok = ok && digits.n;
	int64_t at = (int64_t)whole + shift;
	if (v.p[0] == '-')
		buf_put_u8(&moved, '-');
	for (int64_t i = at < 0 ? at : 0; i < (int64_t)digits.n || i < at; i++) {
		if (i == at)
			buf_put_u8(&moved, '.');
		buf_put_u8(&moved, i >= 0 && i < (int64_t)digits.n ? digits.p[i] : '0');
	}
	ok = ok && !digits.failed && !moved.failed && hash_value_decimal(out, buf_slice(&moved));
	out->failed |= digits.failed || moved.failed;
	buf_fini(&digits);
	buf_fini(&moved);
	return ok;
}

/* CBV URNs become Web URIs, and the prefixes of the standard's own context are expanded, in every
 * value. */
static const struct prefix {
	struct slice from;
	const char *to;
} prefixes[] = {
	{NAMED("urn:epcglobal:cbv:bizstep:"), "https://ref.gs1.org/cbv/BizStep-"},
	{NAMED("urn:epcglobal:cbv:disp:"), "https://ref.gs1.org/cbv/Disp-"},
	{NAMED("urn:epcglobal:cbv:btt:"), "https://ref.gs1.org/cbv/BTT-"},
	{NAMED("urn:epcglobal:cbv:sdt:"), "https://ref.gs1.org/cbv/SDT-"},
	{NAMED("urn:epcglobal:cbv:er:"), "https://ref.gs1.org/cbv/ER-"},
	{NAMED("urn:epcglobal:cbv:comp:"), "https://ref.gs1.org/cbv/Comp-"},
	{NAMED("gs1:"), "https://gs1.org/voc/"},
	{NAMED("cbv:"), "https://ref.gs1.org/cbv/"},
	{NAMED("epcis:"), "https://ref.gs1.org/epcis/"},
	{NAMED("cbvmda:"), "urn:epcglobal:cbv:mda:"},
	{NAMED("rdfs:"), "http://www.w3.org/2000/01/rdf-schema#"},
	{NAMED("owl:"), "http://www.w3.org/2002/07/owl#"},
	{NAMED("xsd:"), "http://www.w3.org/2001/XMLSchema#"},
	{NAMED("dcterms:"), "http://purl.org/dc/terms/"},
};

static bool put_prefixed(struct buf *out, struct slice v)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		struct slice from = prefixes[i].from;
		if (v.n < from.n || memcmp(v.p, from.p, from.n) != 0)
			continue;
		buf_put_str(out, prefixes[i].to);
		buf_put(out, v.p + from.n, v.n - from.n);
		return true;
	}
	return false;
}

void hash_value(struct buf *out, struct slice v)
{
	if (v.n == 0)
		return;
	uint8_t c = v.p[0];
	bool done = false;
	if (is_digit(c) || c == '-' || c == '+' || c == '.')
		done = hash_value_decimal(out, v);
	else if (memchr("gceroxd", c, 7))
		done = put_prefixed(out, v);
	else if (c == 'u' && slice_starts(v, "urn:epcglobal:cbv:"))
		done = put_prefixed(out, v);
	else if (c == 'u' || c == 'h' || c == 'U' || c == 'H') {
		gs1_hash_uri(out, v);
		done = true;
	}
	if (!done)
		buf_put_slice(out, v);
}

void hash_value_time(struct buf *out, struct slice v)
{
	int64_t ms;
	char text[32];
	if (time_parse(&ms, v)) {
		time_format(text, ms);
		buf_put_str(out, text);
	} else {
		buf_put_slice(out, v);
	}
}
