/*
 * standard_fields: checks of single fields, shared by standard.c and
 * standard_event.c. Each returns true, or false with the issue filled in.
 */
#ifndef ARGOSY_DATA_STANDARD_FIELDS_H
#define ARGOSY_DATA_STANDARD_FIELDS_H

#include "data/gs1.h"
#include "data/standard.h"

#include <stdio.h>

/* Fills the issue and returns false. */
static inline bool PRINTF_LIKE(3, 4)
	field_fail(struct field_issue *issue, const char *field, const char *fmt, ...)
{
	va_list ap;
	snprintf(issue->field, sizeof issue->field, "%s", field);
	va_start(ap, fmt);
	vsnprintf(issue->text, sizeof issue->text, fmt, ap);
	va_end(ap);
	return false;
}

/* "/ingredients/3" */
static inline void field_at(char out[static 64], const char *field, size_t i)
{
	snprintf(out, 64, "%s/%zu", field, i);
}

/* Lower-case letters, digits, '_' and '.', a letter first. */
bool field_word(const char *s);
/* A GS1 key that is right, or an absolute URI; `id` receives it. */
bool field_id(struct field_issue *issue, struct gs1_id *id, const char *field, const char *s);
/* These accept the empty text. */
bool field_text(struct field_issue *issue, const char *field, const char *s, size_t max);
bool field_country(struct field_issue *issue, const char *field, const char *s);
bool field_date(struct field_issue *issue, const char *field, const char *s, int64_t *days);
/* This one does not. */
bool field_name(struct field_issue *issue, const char *field, const char *s);

#endif
