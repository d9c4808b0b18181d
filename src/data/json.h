/*
 * json: a small strict JSON reader (RFC 8259) that keeps the text of numbers.
 *
 * Why our own: docs/decisions/0010-json-reader.md. The whole text becomes a tree in
 * the caller's arena. Strings without escapes and all numbers are slices of
 * the input, which must outlive the tree.
 *
 * Refused: anything outside the grammar, trailing bytes, invalid UTF-8, NUL
 * in any form, lone surrogates, depth over the limit. Repeated names in an
 * object are refused or, for readers that want to name every fault of a large
 * document, kept and marked. One byte order mark before the text is skipped.
 */
#ifndef ARGOSY_DATA_JSON_H
#define ARGOSY_DATA_JSON_H

#include "base/bytes.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	uint32_t line;	   /* where it begins, from 1 */
	uint32_t count;	   /* members or elements */
	bool repeated;	   /* an earlier member of its object has the same name */
	bool has_repeated; /* object: some member is `repeated` */
	struct slice name; /* member of an object: its name, decoded */
	struct slice text; /* string: decoded; number: as written; bool: true or false */
	struct json_value *parent, *first, *next;
};

struct json_error {
	unsigned line;
	char pointer[256]; /* RFC 6901, of the innermost value that was open */
	char text[128];
};

enum json_flags {
	JSON_STRICT = 0,
	JSON_MARK_REPEATED = 1, /* mark repeated names instead of refusing them */
};

/* ERR_FORMAT with *e filled, or ERR_NOMEM (memory, or the arena's limit). `depth_max` counts
 * open arrays and objects, at most JSON_DEPTH_MAX. */
enum { JSON_DEPTH_MAX = 128 };
enum err json_parse(struct arena *a, struct json_value **root, struct json_error *e,
		    struct slice text, unsigned depth_max, enum json_flags flags) MUST_USE;

/* The first member of that name, or NULL; NULL too if `v` is no object. */
struct json_value *json_get(const struct json_value *v, const char *name);
/* Follows an RFC 6901 pointer as far as it goes; never NULL. */
const struct json_value *json_at(const struct json_value *v, const char *pointer);
/* Writes the RFC 6901 pointer of `v`, cut short (with "...") where it does not fit. */
void json_pointer(char *out, size_t size, const struct json_value *v);
/* Same value: members in any order, numbers and strings by their text. */
bool json_equal(const struct json_value *a, const struct json_value *b);

/* Writes a JSON string with its quotes: escapes what must be escaped, UTF-8 stays. */
void json_put_string(struct buf *out, struct slice s);

#endif
