#include "base/err.h"

#include "base/bytes.h"

#include <stdio.h>
#include <stdlib.h>

const char *err_str(enum err e)
{
	switch (e) {
#define X(name, text)                                                          \
	case name:                                                             \
		return text;
		ERR_TABLE(X)
#undef X
	}
	return "unknown fault";
}

enum err err_set(struct err_text *t, enum err e, const char *fmt, ...)
{
	if (t) {
		va_list ap;
		va_start(ap, fmt);
		text_cut(t->text, sizeof t->text, vsnprintf(t->text, sizeof t->text, fmt, ap));
		va_end(ap);
	}
	return e;
}

_Noreturn void bug_at(const char *file, int line, const char *what)
{
	fprintf(stderr, "argosy: bug at %s:%d: %s\n", file, line, what);
	abort();
}
