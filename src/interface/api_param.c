/*
 * api_param: what stands in a request's query and path, decoded.
 */
#include "interface/api_inner.h"

#include <stdio.h>

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 32;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool api_percent_decode(struct arena *a, struct slice *out, struct slice s)
{
	uint8_t *p = arena_alloc(a, s.n + 1);
	size_t n = 0;
	if (!p)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '%') {
			p[n++] = s.p[i];
			continue;
		}
		if (s.n - i < 3 || hex_digit(s.p[i + 1]) < 0 || hex_digit(s.p[i + 2]) < 0)
			return false;
		p[n++] = (uint8_t)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
		i += 2;
	}
	if (memchr(p, 0, n))
		return false;
	*out = slice(p, n);
	return true;
}

struct slice api_param(struct api_call *c, const char *name, bool *found)
{
	struct slice q = c->query;
	size_t name_n = strlen(name);
	*found = false;
	while (q.n) {
		const uint8_t *amp = memchr(q.p, '&', q.n);
		size_t n = amp ? (size_t)(amp - q.p) : q.n;
		if (n >= name_n && memcmp(q.p, name, name_n) == 0 &&
		    (n == name_n || q.p[name_n] == '=')) {
			size_t skip = n == name_n ? n : name_n + 1;
			struct slice value = slice("", 0);
			*found = api_percent_decode(c->arena, &value, slice(q.p + skip, n - skip));
			return value;
		}
		q = slice(q.p + n + (amp ? 1 : 0), q.n - n - (amp ? 1 : 0));
	}
	return slice("", 0);
}

bool api_number(uint64_t *out, struct slice s)
{
	uint64_t v = 0;
	if (s.n == 0 || s.n > 19)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return true;
}

bool api_param_number(struct api_call *c, uint64_t *out, const char *name, uint64_t fallback,
		      uint64_t min, uint64_t max)
{
	bool found;
	struct slice s = api_param(c, name, &found);
	*out = fallback;
	if (!found)
		return true;
	if (api_number(out, s) && *out >= min && *out <= max)
		return true;
	char pointer[80];
	snprintf(pointer, sizeof pointer, "?%s", name);
	api_refuse(c, 400, "bad_request", pointer, "%s must be a whole number from %llu to %llu",
		   name, (unsigned long long)min, (unsigned long long)max);
	return false;
}
