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

/* CBV URNs and the standard's own CURIEs become Web URIs, in every value. */
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
	else if (c == 'g' || c == 'c' || c == 'e')
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
