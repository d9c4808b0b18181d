#include "ledger/verdict.h"

#include "base/bytes.h"

#include <stdio.h>

/* Lower-case names, made before any thread: nothing below node may depend on a locale's tolower. */
static char names[128][32];

__attribute__((constructor)) static void names_fill(void)
{
#define X(number, name, en, zh)                                                                    \
	for (size_t i = 0; i < sizeof #name; i++)                                                  \
		names[number][i] =                                                                 \
			(char)(#name[i] >= 'A' && #name[i] <= 'Z' ? #name[i] + 32 : #name[i]);
	VERDICT_TABLE(X)
#undef X
}

const char *verdict_name(enum verdict v)
{
	return (unsigned)v < 128 && names[v][0] ? names[v] : "unknown";
}

const char *verdict_en(enum verdict v)
{
	switch (v) {
#define X(number, name, en, zh)                                                                    \
	case VERDICT_##name:                                                                       \
		return en;
		VERDICT_TABLE(X)
#undef X
	}
	return "unknown verdict";
}

const char *verdict_zh(enum verdict v)
{
	switch (v) {
#define X(number, name, en, zh)                                                                    \
	case VERDICT_##name:                                                                       \
		return zh;
		VERDICT_TABLE(X)
#undef X
	}
	return "未知结果";
}

enum verdict verdict_set(struct verdict_text *t, enum verdict v, const char *field, const char *fmt,
			 ...)
{
	if (t) {
		text_cut(t->field, sizeof t->field,
			 snprintf(t->field, sizeof t->field, "%s", field));
		va_list ap;
		va_start(ap, fmt);
		text_cut(t->text, sizeof t->text, vsnprintf(t->text, sizeof t->text, fmt, ap));
		va_end(ap);
	}
	return v;
}
