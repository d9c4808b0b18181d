/* keys: state keys on the stack (docs/format/record.md, "Keys of the state"). */
#ifndef ARGOSY_TRADE_KEYS_H
#define ARGOSY_TRADE_KEYS_H

#include "base/bytes.h"

/* LMDB takes keys of 511 bytes at most. */
enum { KEY_BYTES_MAX = 511 };

struct state_key {
	uint8_t b[KEY_BYTES_MAX];
};

/* `space` ("s/") and the rest, which together fit. */
static inline struct slice key_make(struct state_key *k, const char *space, struct slice rest)
{
	size_t n = strlen(space);
	bug_if(n + rest.n > sizeof k->b);
	memcpy(k->b, space, n);
	if (rest.n)
		memcpy(k->b + n, rest.p, rest.n);
	return slice(k->b, n + rest.n);
}

#endif
