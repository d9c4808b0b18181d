/*
 * event_check: what its parts share. Private to event_check.c (the event) and
 * event_check_value.c (texts and extension fields).
 */
#ifndef ARGOSY_DATA_EVENT_CHECK_H
#define ARGOSY_DATA_EVENT_CHECK_H

#include "data/event_fields.h"

/* Where we are, for the pointer of an issue: a field's name, an index where that is NULL, or an
 * extension field. */
struct at {
	const struct at *up;
	const char *name;
	size_t index;
	const Argosy__V1__Node *node;
};

struct check {
	struct event_issue *issue;
};

/* Writes the issue at that place. Always false. */
bool event_check_refuse(const struct check *c, const struct at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* At most 60 bytes of a text, for messages; "..." follows what was cut, and what is not UTF-8 is
 * not shown. SHOWN "..." takes EVENT_SHOW(s). */
#define SHOWN "%.*s%s"
#define EVENT_SHOW(s) event_check_shown(s), (s), event_check_more(s)
int event_check_shown(const char *s);
const char *event_check_more(const char *s);

/* A text that is there (not empty), by its rule. */
bool event_check_text(const struct check *c, const struct at *at, const char *s,
		      enum field_rule rule);
bool event_check_number(const struct check *c, const struct at *at, const char *s);
/* Entries of a list. */
bool event_check_count(const struct check *c, const struct at *at, size_t n);
/* Extension fields of one object at that depth; at its top each must have a namespace. */
bool event_check_nodes(const struct check *c, const struct at *at, size_t n,
		       Argosy__V1__Node *const *list, bool need_ns, unsigned depth);

#endif
