/*
 * jsonw: writes JSON into a buffer, compact, with commas where they belong.
 *
 * Names are C identifiers and need no escapes. Texts that are not valid UTF-8
 * come out with U+FFFD for each wrong byte, so that the result is always JSON.
 * Out of memory is the buffer's sticky `failed`.
 */
#ifndef ARGOSY_INTERFACE_JSONW_H
#define ARGOSY_INTERFACE_JSONW_H

#include "base/bytes.h"

struct jsonw {
	struct buf *out;
	bool comma; /* something stands before in this object or array */
};

static inline struct jsonw jsonw_of(struct buf *out)
{
	return (struct jsonw){out, false};
}

/* The name of the member whose value comes next; NULL: an element of an array. */
void jsonw_name(struct jsonw *w, const char *name);
void jsonw_object(struct jsonw *w, const char *name);
void jsonw_object_end(struct jsonw *w);
void jsonw_array(struct jsonw *w, const char *name);
void jsonw_array_end(struct jsonw *w);
void jsonw_text(struct jsonw *w, const char *name, struct slice s);
void jsonw_str(struct jsonw *w, const char *name, const char *s);
void jsonw_u64(struct jsonw *w, const char *name, uint64_t v);
void jsonw_i64(struct jsonw *w, const char *name, int64_t v);
void jsonw_bool(struct jsonw *w, const char *name, bool v);
void jsonw_hex(struct jsonw *w, const char *name, struct slice s);
void jsonw_hash(struct jsonw *w, const char *name, const struct hash *h);
/* "2026-01-31T09:30:00.000Z" of milliseconds since 1970, UTC. */
void jsonw_time(struct jsonw *w, const char *name, int64_t ms);
/* A value that is JSON already. */
void jsonw_raw(struct jsonw *w, const char *name, struct slice json);

/* One string with quotes and escapes. */
void jsonw_put_string(struct buf *out, struct slice s);

#endif
