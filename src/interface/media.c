#include "interface/media.h"

#include <strings.h>

static bool token_char(uint8_t c)
{
	bool letter = (c | 32) >= 'a' && (c | 32) <= 'z', digit = c >= '0' && c <= '9';
	return letter || digit || (c && strchr("!#$%&'*+-.^_`|~", c));
}

static struct slice token(struct reader *r)
{
	const uint8_t *begin = r->p;
	while (r->p < r->end && token_char(*r->p))
		r->p++;
	return slice(begin, (size_t)(r->p - begin));
}

static void spaces(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool next_is(struct reader *r, uint8_t c)
{
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

/* After the '='. */
static bool value(struct reader *r)
{
	if (!next_is(r, '"'))
		return token(r).n > 0;
	while (r->p < r->end && *r->p != '"')
		r->p += *r->p == '\\' && r->end - r->p > 1 ? 2 : 1;
	return next_is(r, '"');
}

static bool same(struct slice s, const char *word)
{
	return s.n == strlen(word) && strncasecmp((const char *)s.p, word, s.n) == 0;
}

bool media_read(struct media *m, const char *text)
{
	struct reader r = reader_of(slice_str(text));
	const uint8_t *begin = r.p;
	*m = (struct media){.many = false};
	if (token(&r).n == 0 || !next_is(&r, '/') || token(&r).n == 0)
		return false;
	m->type = slice(begin, (size_t)(r.p - begin));
	for (spaces(&r); r.p < r.end; spaces(&r)) {
		if (!next_is(&r, ';'))
			return false;
		spaces(&r);
		struct slice name = token(&r);
		if (next_is(&r, '=')) {
			if (name.n == 0 || same(name, "many") || !value(&r))
				return false;
		} else if (same(name, "many")) {
			m->many = true;
		} else if (name.n) {
			return false;
		}
	}
	return true;
}

bool media_is(const struct media *m, const char *type)
{
	return same(m->type, type);
}
