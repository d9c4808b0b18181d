/*
 * Looking around in a tree that json.c made, and writing strings.
 */
#include "data/json.h"

#include <stdio.h>

struct json_value *json_get(const struct json_value *v, const char *name)
{
	size_t n = strlen(name);
	if (!v || v->kind != JSON_OBJECT)
		return NULL;
	for (struct json_value *m = v->first; m; m = m->next)
		if (m->name.n == n && memcmp(m->name.p, name, n) == 0)
			return m;
	return NULL;
}

/* Is `token` (escaped by RFC 6901, n bytes) the name? */
static bool token_is(const char *token, size_t n, struct slice name)
{
	size_t i = 0, j = 0;
	for (; i < n && j < name.n; i++, j++) {
		char c = token[i];
		if (c == '~' && i + 1 < n)
			c = token[++i] == '1' ? '/' : '~';
		if ((uint8_t)c != name.p[j])
			return false;
	}
	return i == n && j == name.n;
}

static const struct json_value *step(const struct json_value *v, const char *token, size_t n)
{
	size_t index = 0;
	if (v->kind == JSON_ARRAY) {
		if (n == 0 || n > 9)
			return NULL;
		for (size_t i = 0; i < n; i++) {
			if (token[i] < '0' || token[i] > '9')
				return NULL;
			index = index * 10 + (size_t)(token[i] - '0');
		}
	}
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (v->kind == JSON_ARRAY ? index-- == 0 : token_is(token, n, m->name))
			return m;
	}
	return NULL;
}

const struct json_value *json_at(const struct json_value *v, const char *pointer)
{
	while (*pointer == '/') {
		size_t n = strcspn(++pointer, "/");
		const struct json_value *m = step(v, pointer, n);
		if (!m)
			break;
		v = m;
		pointer += n;
	}
	return v;
}

/* Writes one token of a pointer; false if it did not fit. */
static bool put_token(char *out, size_t size, size_t *n, const struct json_value *v)
{
	char number[24];
	struct slice name = v->name;
	if (v->parent->kind == JSON_ARRAY) {
		size_t index = 0;
		for (const struct json_value *m = v->parent->first; m != v; m = m->next)
			index++;
		name = slice(number, (size_t)snprintf(number, sizeof number, "%zu", index));
	}
	if (name.n >= size / 2) /* no real name is so long */
		return false;
	size_t start = *n;
	out[(*n)++] = '/';
	for (size_t i = 0; i < name.n; i++) {
		if (*n + 3 > size) {
			*n = start;
			return false;
		}
		if (name.p[i] == '~' || name.p[i] == '/') {
			out[(*n)++] = '~';
			out[(*n)++] = name.p[i] == '~' ? '0' : '1';
		} else {
			out[(*n)++] = (char)name.p[i];
		}
	}
	return true;
}

void json_pointer(char *out, size_t size, const struct json_value *v)
{
	const struct json_value *chain[JSON_DEPTH_MAX + 1];
	size_t depth = 0, n = 0;
	for (; v && v->parent && depth <= JSON_DEPTH_MAX; v = v->parent)
		chain[depth++] = v;
	while (depth > 0) {
		if (n + 8 > size || !put_token(out, size - 5, &n, chain[--depth])) {
			memcpy(out + n, "/...", 4);
			n += 4;
			break;
		}
	}
	out[n] = 0;
}

bool json_equal(const struct json_value *a, const struct json_value *b)
{
	if (a->kind != b->kind || a->count != b->count)
		return false;
	switch (a->kind) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
	case JSON_NUMBER:
	case JSON_STRING:
		return slice_eq(a->text, b->text);
	case JSON_ARRAY:
		for (const struct json_value *x = a->first, *y = b->first; x;
		     x = x->next, y = y->next)
			if (!json_equal(x, y))
				return false;
		return true;
	case JSON_OBJECT:
		for (const struct json_value *x = a->first; x; x = x->next) {
			const struct json_value *y = b->first;
			while (y && !slice_eq(x->name, y->name))
				y = y->next;
			if (!y || !json_equal(x, y))
				return false;
		}
		return true;
	}
	return false;
}

/* ---- writing ---- */

void json_put_string(struct buf *out, struct slice s)
{
	static const char hex[] = "0123456789abcdef";
	buf_put_u8(out, '"');
	size_t from = 0;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		char e[6] = {'\\', (char)c, '0', '0', 0, 0};
		size_t n = 2;
		if (c < 0x20) {
			const char *at = c ? strchr("\bb\ff\nn\rr\tt", c) : NULL;
			if (at) {
				e[1] = at[1];
			} else {
				e[1] = 'u';
				e[4] = hex[c >> 4];
				e[5] = hex[c & 15];
				n = 6;
			}
		}
		buf_put(out, s.p + from, i - from);
		buf_put(out, e, n);
		from = i + 1;
	}
	buf_put(out, s.p + from, s.n - from);
	buf_put_u8(out, '"');
}
