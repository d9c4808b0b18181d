/*
 * Both forms were read before (data/epcis_*), so the text is well-formed, and what is looked
 * for here is only where each event begins and ends. The events found must be as many as the
 * reader found; else nothing is cut.
 */
#include "cmd/rejects.h"

#include "data/epcis.h"

#include <stdlib.h>

struct span {
	size_t from, to;
};

struct cut {
	struct slice s;
	const bool *keep;
	size_t n, found;
	struct span *spans; /* to be left out, by their beginning; an outer one before its inner ones */
	size_t n_spans, cap;
	bool nomem;
};

static struct span *span_add(struct cut *c, size_t from, size_t to)
{
	if (c->n_spans == c->cap) {
		size_t cap = c->cap ? 2 * c->cap : 64;
		struct span *more = realloc(c->spans, cap * sizeof *more);
		if (!more) {
			c->nomem = true;
			return NULL;
		}
		c->spans = more;
		c->cap = cap;
	}
	c->spans[c->n_spans] = (struct span){from, to};
	return &c->spans[c->n_spans++];
}

static bool is_space(uint8_t b)
{
	return b == ' ' || b == '\t' || b == '\n' || b == '\r';
}

static size_t skip_space(const struct cut *c, size_t at)
{
	while (at < c->s.n && is_space(c->s.p[at]))
		at++;
	return at;
}

/* ---- JSON ---- */

/* Behind the string that begins at `at`. */
static size_t string_end(const struct cut *c, size_t at)
{
	for (at++; at < c->s.n && c->s.p[at] != '"'; at++)
		at += c->s.p[at] == '\\';
	return at + 1;
}

/* Behind the value that begins at `at`. */
static size_t value_end(const struct cut *c, size_t at)
{
	size_t depth = 0;
	while (at < c->s.n) {
		uint8_t b = c->s.p[at];
		if (b == '"') {
			at = string_end(c, at);
		} else if (b == '{' || b == '[') {
			depth++;
			at++;
		} else if (b == '}' || b == ']') {
			if (depth == 0)
				return at;
			depth--;
			at++;
		} else if (depth == 0 && (b == ',' || is_space(b))) {
			return at;
		} else {
			at++;
			continue; /* inside a number or word */
		}
		if (depth == 0)
			return at;
	}
	return c->s.n;
}

/* Where the member's value begins, of the object at `at`; 0: there is none. */
static size_t member_at(const struct cut *c, size_t at, const char *name)
{
	if (at >= c->s.n || c->s.p[at] != '{')
		return 0;
	for (at = skip_space(c, at + 1); at < c->s.n && c->s.p[at] == '"';) {
		size_t end = string_end(c, at);
		struct slice key = slice(c->s.p + at + 1, end - at - 2);
		at = skip_space(c, skip_space(c, end) + 1);
		if (slice_eq_str(key, name))
			return at;
		at = skip_space(c, value_end(c, at));
		if (at < c->s.n && c->s.p[at] == ',')
			at = skip_space(c, at + 1);
	}
	return 0;
}

/* What lies between kept elements goes with the one behind it; the comma of the first with what
 * was cut before it. */
static void cut_json(struct cut *c)
{
	size_t root = c->s.n >= 3 && memcmp(c->s.p, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
	size_t body = member_at(c, skip_space(c, root), "epcisBody");
	size_t list = body ? member_at(c, body, "eventList") : 0;
	if (body && !list) {
		size_t results = member_at(c, body, "queryResults");
		results = results ? member_at(c, results, "resultsBody") : 0;
		list = results ? member_at(c, results, "eventList") : 0;
	}
	if (!list || c->s.p[list] != '[')
		return;
	size_t from = list + 1; /* behind '[' or ',' */
	bool any = false;
	for (;;) {
		size_t at = skip_space(c, from);
		if (at >= c->s.n || c->s.p[at] == ']')
			return;
		size_t end = value_end(c, at);
		bool keep = c->found < c->n && c->keep[c->found];
		if (!keep)
			span_add(c, from - (c->found > 0), end);
		else if (!any && c->found > 0)
			span_add(c, from - 1, from); /* the comma behind what was cut */
		any = any || keep;
		c->found++;
		at = skip_space(c, end);
		if (at >= c->s.n || c->s.p[at] != ',')
			return;
		from = at + 1;
	}
}

/* ---- XML ---- */

enum { WRAPPERS_MAX = 8 };

struct tag {
	size_t from, to; /* of "<...>" */
	struct slice local;
	bool opens, closes; /* both: <x/> */
};

static size_t find(const struct cut *c, size_t at, const char *what)
{
	size_t n = strlen(what);
	for (; at + n <= c->s.n; at++)
		if (memcmp(c->s.p + at, what, n) == 0)
			return at + n;
	return c->s.n;
}

/* The next tag; comments, CDATA, instructions and a doctype are passed over. */
static bool tag_next(const struct cut *c, struct tag *t, size_t at)
{
	for (;;) {
		while (at < c->s.n && c->s.p[at] != '<')
			at++;
		if (at + 1 >= c->s.n)
			return false;
		struct slice rest = slice(c->s.p + at, c->s.n - at);
		if (slice_starts(rest, "<!--"))
			at = find(c, at + 4, "-->");
		else if (slice_starts(rest, "<![CDATA["))
			at = find(c, at, "]]>");
		else if (slice_starts(rest, "<?"))
			at = find(c, at, "?>");
		else if (slice_starts(rest, "<!"))
			at = find(c, at, ">");
		else
			break;
	}
	*t = (struct tag){.from = at, .opens = c->s.p[at + 1] != '/'};
	size_t name = at + (t->opens ? 1 : 2), end = name;
	while (end < c->s.n && !is_space(c->s.p[end]) && c->s.p[end] != '>' && c->s.p[end] != '/') {
		if (c->s.p[end] == ':')
			name = end + 1;
		end++;
	}
	t->local = slice(c->s.p + name, end - name);
	uint8_t quote = 0;
	for (at = end; at < c->s.n && (quote || c->s.p[at] != '>'); at++) {
		uint8_t b = c->s.p[at];
		if (quote)
			quote = b == quote ? 0 : quote;
		else if (b == '"' || b == '\'')
			quote = b;
	}
	if (at >= c->s.n)
		return false;
	t->to = at + 1;
	t->closes = !t->opens || c->s.p[at - 1] == '/';
	return true;
}

/* EPCIS 1.x puts some events into <extension>, which goes when nothing is left in it. */
struct wrapper {
	size_t from, kept, spans;
};

/* Text before a tag that is cut goes with it. */
static size_t with_space(const struct cut *c, size_t from)
{
	while (from > 0 && is_space(c->s.p[from - 1]))
		from--;
	return from;
}

static void event_found(struct cut *c, size_t from, size_t to, size_t *kept)
{
	bool keep = c->found < c->n && c->keep[c->found];
	c->found++;
	if (keep)
		++*kept;
	else
		span_add(c, with_space(c, from), to);
}

static void cut_xml(struct cut *c)
{
	struct tag t = {0};
	struct wrapper in[WRAPPERS_MAX + 1] = {{0, 0, 0}};
	size_t at = 0, depth = 0, event = 0; /* open elements below the list; where one began */
	unsigned wrappers = 0;
	bool inside = false;
	for (; tag_next(c, &t, at) && !c->nomem; at = t.to) {
		if (!inside) {
			inside = t.opens && !t.closes && slice_eq_str(t.local, "EventList");
			continue;
		}
		if (t.opens && depth == 0 && slice_eq_str(t.local, "extension")) {
			if (t.closes)
				continue;
			if (wrappers == WRAPPERS_MAX)
				return;
			in[++wrappers] = (struct wrapper){t.from, 0, c->n_spans};
			continue;
		}
		if (t.opens) {
			if (depth == 0)
				event = t.from;
			depth += !t.closes;
			if (depth == 0)
				event_found(c, event, t.to, &in[wrappers].kept);
			continue;
		}
		if (depth > 0) {
			if (--depth == 0)
				event_found(c, event, t.to, &in[wrappers].kept);
			continue;
		}
		if (wrappers == 0)
			return; /* the list ends */
		const struct wrapper *w = &in[wrappers--];
		in[wrappers].kept += w->kept;
		if (w->kept == 0) {
			c->n_spans = w->spans;
			span_add(c, with_space(c, w->from), t.to);
		}
	}
}

/* ---- both ---- */

enum err rejects_put(struct buf *out, bool *whole, struct slice source, const bool *keep, size_t n)
{
	struct cut c = {.s = source, .keep = keep, .n = n};
	enum epcis_format format;
	size_t at = 0;
	if (!memchr(source.p, 0, source.n) && epcis_format_guess(&format, source)) {
		if (format == EPCIS_JSON)
			cut_json(&c);
		else
			cut_xml(&c);
	}
	*whole = c.found != n;
	for (size_t i = 0; i < c.n_spans && !*whole; i++) {
		buf_put(out, source.p + at, c.spans[i].from - at);
		at = c.spans[i].to;
	}
	buf_put(out, source.p + at, source.n - at);
	free(c.spans);
	return c.nomem ? ERR_NOMEM : buf_err(out);
}
