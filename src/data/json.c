#include "data/json.h"

#include <stdio.h>
#include <stdlib.h>

struct parser {
	struct arena *a;
	const uint8_t *p, *end;
	uint32_t line;
	unsigned depth, depth_max;
	enum json_flags flags;
	const struct json_value *open; /* innermost open container, for error places */
	struct json_error *e;
};

static enum err fail(struct parser *p, const char *what)
{
	if (p->e) {
		p->e->line = p->line;
		snprintf(p->e->text, sizeof p->e->text, "%s", what);
		json_pointer(p->e->pointer, sizeof p->e->pointer, p->open);
	}
	return ERR_FORMAT;
}

static void skip_space(struct parser *p)
{
	for (; p->p < p->end; p->p++) {
		if (*p->p == '\n')
			p->line++;
		else if (*p->p != ' ' && *p->p != '\t' && *p->p != '\r')
			return;
	}
}

/* ---- strings ---- */

static bool hex4(const uint8_t *s, const uint8_t *end, uint32_t *out)
{
	uint8_t b[2];
	if (end - s < 4 || !hex_decode(b, 2, slice(s, 4)))
		return false;
	*out = (uint32_t)b[0] << 8 | b[1];
	return true;
}

static size_t utf8_put(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* One \uXXXX, or a pair of them; *s stands after the 'u'. NULL: fine, else the fault. */
static const char *unescape_u(const uint8_t **s, const uint8_t *end, uint32_t *out)
{
	uint32_t c, low;
	if (!hex4(*s, end, &c))
		return "\\u needs four hexadecimal digits";
	*s += 4;
	if (c == 0)
		return "\\u0000 is not accepted in a string";
	if (c >= 0xdc00 && c <= 0xdfff)
		return "lone low surrogate in a string";
	if (c >= 0xd800 && c <= 0xdbff) {
		if (end - *s < 6 || (*s)[0] != '\\' || (*s)[1] != 'u' || !hex4(*s + 2, end, &low) ||
		    low < 0xdc00 || low > 0xdfff)
			return "lone high surrogate in a string";
		*s += 6;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
	}
	*out = c;
	return NULL;
}

/* Decodes the escapes of [s, end) into `out`, which has room for end - s bytes. */
static const char *unescape(uint8_t *out, size_t *n, const uint8_t *s, const uint8_t *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint8_t *o = out;
	while (s < end) {
		if (*s != '\\') {
			*o++ = *s++;
			continue;
		}
		s++;
		if (*s == 'u') {
			uint32_t c = 0;
			s++;
			const char *fault = unescape_u(&s, end, &c);
			if (fault)
				return fault;
			o += utf8_put(o, c);
			continue;
		}
		const char *at = *s ? strchr(from, *s) : NULL;
		if (!at)
			return "unknown escape in a string";
		*o++ = (uint8_t)to[at - from];
		s++;
	}
	*n = (size_t)(o - out);
	return NULL;
}

/* At the opening quote. */
static enum err parse_string(struct parser *p, struct slice *out)
{
	const uint8_t *s = ++p->p;
	bool escaped = false, high = false;
	for (;; s++) {
		if (s == p->end)
			return fail(p, "string without an end");
		if (*s == '"')
			break;
		if (*s < 0x20)
			return fail(p, "control character in a string");
		high |= *s >= 0x80;
		if (*s == '\\') {
			escaped = true;
			if (++s == p->end)
				return fail(p, "string without an end");
		}
	}
	*out = slice(p->p, (size_t)(s - p->p));
	p->p = s + 1;
	if (high && !utf8_valid(*out))
		return fail(p, "invalid UTF-8 in a string");
	if (escaped) {
		uint8_t *d = arena_alloc(p->a, out->n);
		size_t n = 0;
		if (!d)
			return ERR_NOMEM;
		const char *fault = unescape(d, &n, out->p, out->p + out->n);
		if (fault)
			return fail(p, fault);
		*out = slice(d, n);
	}
	return ERR_OK;
}

/* ---- numbers ---- */

static const uint8_t *digits(const uint8_t *s, const uint8_t *end)
{
	while (s < end && *s >= '0' && *s <= '9')
		s++;
	return s;
}

/* RFC 8259 §6: [ minus ] int [ frac ] [ exp ]. The end of the number, or NULL. */
static const uint8_t *number_end(const uint8_t *s, const uint8_t *end)
{
	const uint8_t *t;
	if (s < end && *s == '-')
		s++;
	t = digits(s, end);
	if (t == s || (*s == '0' && t - s > 1))
		return NULL;
	s = t;
	if (s < end && *s == '.') {
		t = digits(s + 1, end);
		if (t == s + 1)
			return NULL;
		s = t;
	}
	if (s < end && (*s == 'e' || *s == 'E')) {
		s++;
		if (s < end && (*s == '+' || *s == '-'))
			s++;
		t = digits(s, end);
		if (t == s)
			return NULL;
		s = t;
	}
	return s;
}

/* ---- values ---- */

static bool literal(struct parser *p, struct json_value *v, const char *word, enum json_kind kind)
{
	size_t n = strlen(word);
	if ((size_t)(p->end - p->p) < n || memcmp(p->p, word, n) != 0)
		return false;
	v->kind = kind;
	v->text = slice(p->p, n);
	p->p += n;
	return true;
}

static enum err parse_scalar(struct parser *p, struct json_value *v)
{
	if (*p->p == '"') {
		v->kind = JSON_STRING;
		return parse_string(p, &v->text);
	}
	if (*p->p == '-' || (*p->p >= '0' && *p->p <= '9')) {
		const uint8_t *s = number_end(p->p, p->end);
		if (!s)
			return fail(p, "malformed number");
		v->kind = JSON_NUMBER;
		v->text = slice(p->p, (size_t)(s - p->p));
		p->p = s;
		return ERR_OK;
	}
	if (literal(p, v, "true", JSON_BOOL) || literal(p, v, "false", JSON_BOOL) ||
	    literal(p, v, "null", JSON_NULL))
		return ERR_OK;
	return fail(p, "no JSON value here");
}

/* ---- repeated names ---- */

static int by_name(const void *a, const void *b)
{
	const struct json_value *x = *(struct json_value *const *)a,
				*y = *(struct json_value *const *)b;
	int c = slice_cmp(x->name, y->name);
	if (c)
		return c;
	return x->line < y->line ? -1 : x->line > y->line; /* only to mark the later one */
}

static struct json_value *mark(struct json_value *object, struct json_value *member)
{
	object->has_repeated = member->repeated = true;
	return member;
}

/* Marks members whose name came before; gives one of them or NULL. Few members are compared
 * each with each, many are sorted. */
static enum err find_repeated(struct arena *a, struct json_value *object, struct json_value **found)
{
	*found = NULL;
	if (object->count <= 24) {
		for (struct json_value *m = object->first; m; m = m->next)
			for (struct json_value *b = object->first; b != m; b = b->next)
				if (slice_eq(b->name, m->name))
					*found = mark(object, m);
		return ERR_OK;
	}
	size_t n = 0;
	struct json_value **list = arena_alloc(a, object->count * sizeof *list);
	if (!list)
		return ERR_NOMEM;
	for (struct json_value *m = object->first; m; m = m->next)
		list[n++] = m;
	qsort(list, n, sizeof *list, by_name);
	for (size_t i = 1; i < n; i++)
		if (slice_eq(list[i - 1]->name, list[i]->name))
			*found = mark(object, list[i]);
	return ERR_OK;
}

/* ---- the loop: one open container at a time, no recursion ---- */

static enum err parse_name(struct parser *p, struct slice *name)
{
	if (p->p == p->end || *p->p != '"')
		return fail(p, "a member's name in quotes must stand here");
	TRY(parse_string(p, name));
	skip_space(p);
	if (p->p == p->end || *p->p != ':')
		return fail(p, "':' must follow a member's name");
	p->p++;
	skip_space(p);
	return ERR_OK;
}

static enum err close_container(struct parser *p, struct json_value **open)
{
	struct json_value *v = *open, *repeated = NULL;
	p->p++;
	p->depth--;
	*open = v->parent;
	if (v->kind == JSON_OBJECT)
		TRY(find_repeated(p->a, v, &repeated));
	if (repeated && !(p->flags & JSON_MARK_REPEATED)) {
		p->open = repeated;
		p->line = repeated->line;
		return fail(p, "this name is given twice");
	}
	return ERR_OK;
}

static enum err parse_tree(struct parser *p, struct json_value **root)
{
	struct json_value *open = NULL, *tail[JSON_DEPTH_MAX + 1];
	bool fresh = true; /* nothing yet in the open container */
	do {
		struct slice name = {NULL, 0};
		p->open = open;
		skip_space(p);
		if (open) {
			uint8_t closer = open->kind == JSON_OBJECT ? '}' : ']';
			if (p->p < p->end && *p->p == closer) {
				TRY(close_container(p, &open));
				fresh = false;
				continue;
			}
			if (!fresh) {
				if (p->p == p->end || *p->p != ',')
					return fail(p, closer == '}'
							       ? "',' or '}' must stand here"
							       : "',' or ']' must stand here");
				p->p++;
				skip_space(p);
			}
			if (open->kind == JSON_OBJECT)
				TRY(parse_name(p, &name));
		}
		if (p->p == p->end)
			return fail(p, "the text ends too early");
		struct json_value *v = arena_alloc(p->a, sizeof *v);
		if (!v)
			return ERR_NOMEM;
		v->line = p->line;
		v->name = name;
		v->parent = open;
		if (open) {
			*(open->count++ ? &tail[p->depth]->next : &open->first) = v;
			tail[p->depth] = v;
		} else {
			*root = v;
		}
		fresh = false;
		if (*p->p == '{' || *p->p == '[') {
			v->kind = *p->p == '{' ? JSON_OBJECT : JSON_ARRAY;
			if (p->depth == p->depth_max)
				return fail(p, "nested too deep");
			p->p++;
			p->depth++;
			open = v;
			fresh = true;
			continue;
		}
		p->open = v;
		TRY(parse_scalar(p, v));
	} while (open);
	return ERR_OK;
}

enum err json_parse(struct arena *a, struct json_value **root, struct json_error *e,
		    struct slice text, unsigned depth_max, enum json_flags flags)
{
	struct parser p = {
		.a = a, .p = text.p, .line = 1, .depth_max = depth_max, .flags = flags, .e = e};
	bug_if(depth_max > JSON_DEPTH_MAX);
	if (!text.p)
		text = slice("", 0);
	p.p = text.p;
	p.end = text.p + text.n;
	*root = NULL;
	if (slice_starts(text, "\xef\xbb\xbf"))
		p.p += 3;
	TRY(parse_tree(&p, root));
	skip_space(&p);
	p.open = NULL;
	if (p.p != p.end)
		return fail(&p, "more bytes after the JSON value");
	return ERR_OK;
}
