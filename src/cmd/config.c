#include "cmd/config.h"

#include "base/io.h"
#include "interface/protojson.h"

#include <errno.h>
#include <stdlib.h>

static const char *const keys[] = {"data_dir", "listen", "connections_max"};

enum { KEYS = sizeof keys / sizeof *keys, FILE_MAX = 64 << 10 };

enum err config_set(struct config *c, struct arena *a, const char *key, const char *value,
		    struct err_text *t)
{
	const char *copy = arena_strn(a, value, strlen(value));
	if (!copy)
		return ERR_NOMEM;
	if (strcmp(key, "data_dir") == 0) {
		c->data_dir = copy;
	} else if (strcmp(key, "listen") == 0) {
		c->listen = copy;
	} else if (strcmp(key, "connections_max") == 0) {
		char *end;
		errno = 0;
		unsigned long n = strtoul(copy, &end, 10);
		if (*copy < '0' || *copy > '9' || *end || errno || n == 0 || n > 10000)
			return err_set(t, ERR_USAGE, "connections_max is a number from 1 to 10000");
		c->connections_max = n;
	} else {
		return ERR_NOTFOUND;
	}
	return ERR_OK;
}

static const char *near_key(struct slice name)
{
	const char *near = NULL;
	unsigned best = 4;
	for (unsigned i = 0; i < KEYS; i++) {
		unsigned d = near_distance(name, slice_str(keys[i]));
		if (d < best)
			best = d, near = keys[i];
	}
	return near;
}

static struct slice trim(struct slice s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = slice(s.p + 1, s.n - 1);
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static enum err line_read(struct config *c, struct arena *a, const char *path, unsigned number,
			  struct slice line, struct err_text *t)
{
	line = trim(line);
	if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
		return ERR_OK;
	const uint8_t *equals = memchr(line.p, '=', line.n);
	if (!equals)
		return err_set(t, ERR_FORMAT, "%s: line %u: \"key = value\" is expected", path,
			       number);
	size_t n = (size_t)(equals - line.p);
	struct slice name = trim(slice(line.p, n)), value = trim(slice(equals + 1, line.n - n - 1));
	const char *key = arena_str(a, name), *text = arena_str(a, value);
	struct err_text why = {""};
	if (!key || !text)
		return ERR_NOMEM;
	enum err e = config_set(c, a, key, text, &why);
	if (e == ERR_NOTFOUND) {
		const char *near = near_key(name);
		return err_set(t, ERR_FORMAT, "%s: line %u: unknown key \"%s\"%s%s%s", path, number,
			       key, near ? "; did you mean \"" : "", near ? near : "",
			       near ? "\"?" : "");
	}
	return e == ERR_OK ? e : err_set(t, e, "%s: line %u: %s", path, number, why.text);
}

enum err config_file(struct config *c, struct arena *a, const char *path, struct err_text *t)
{
	struct buf text = BUF_INIT;
	enum err e = io_read_file(io_posix(), path, FILE_MAX, &text, t);
	unsigned number = 1;
	for (size_t at = 0; e == ERR_OK && at < text.n; number++) {
		const uint8_t *p = text.p + at, *end = memchr(p, '\n', text.n - at);
		size_t n = end ? (size_t)(end - p) : text.n - at;
		e = line_read(c, a, path, number, slice(p, n), t);
		at += n + 1;
	}
	buf_fini(&text);
	return e;
}

enum err config_environment(struct config *c, struct arena *a, struct err_text *t)
{
	for (unsigned i = 0; i < KEYS; i++) {
		char name[64] = "ARGOSY_";
		size_t n = strlen(name);
		for (const char *p = keys[i]; *p; p++)
			name[n++] = (char)(*p >= 'a' && *p <= 'z' ? *p - 32 : *p);
		name[n] = 0;
		const char *value = getenv(name);
		if (value && *value)
			TRY(config_set(c, a, keys[i], value, t));
	}
	return ERR_OK;
}
