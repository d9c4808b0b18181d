/*
 * refuse: why a proof does not hold: the reasons' names and sentences, and the first of them kept.
 */
#include "verify/inside.h"

#include <stdio.h>

const char *verify_reason_name(enum verify_reason r)
{
	switch (r) {
#define X(NAME, name, en, zh)                                                                      \
	case VERIFY_##NAME:                                                                        \
		return #name;
		VERIFY_TABLE(X)
#undef X
	}
	return "?";
}

const char *verify_reason_en(enum verify_reason r)
{
	switch (r) {
#define X(NAME, name, en, zh)                                                                      \
	case VERIFY_##NAME:                                                                        \
		return en;
		VERIFY_TABLE(X)
#undef X
	}
	return "?";
}

const char *verify_reason_zh(enum verify_reason r)
{
	switch (r) {
#define X(NAME, name, en, zh)                                                                      \
	case VERIFY_##NAME:                                                                        \
		return zh;
		VERIFY_TABLE(X)
#undef X
	}
	return "?";
}

bool refuse(struct work *w, enum verify_reason reason, const char *fmt, ...)
{
	struct verify_result *r = w->r;
	if (r->reason != VERIFY_OK)
		return false;
	r->reason = reason;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(r->detail, sizeof r->detail, fmt, ap);
	va_end(ap);
	/* A long id may be cut inside a character. */
	size_t n = strlen(r->detail);
	while (n && !utf8_valid(slice(r->detail, n)))
		r->detail[--n] = 0;
	return false;
}

void *take_memory(struct work *w, size_t n)
{
	void *p = arena_alloc(w->arena, n);
	if (!p)
		refuse(w, VERIFY_NOMEM, "%zu bytes more are needed", n);
	return p;
}
