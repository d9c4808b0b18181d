/*
 * attach: what the chain knows of a payload that lies beside it: a hash.
 *
 *   a/<32-byte salted hash>/<member>  'A' u8 1 | lp subject | varint log index + 1 |
 *                                     varint log index + 1 of the erasure (0: not erased) |
 *                                     lp member who attached it before him (empty: none)
 *   a#/<32-byte salted hash>          lp member who attached it last (trade/voice.h)
 *
 * A hash is nobody's: each member attaches and erases for himself.
 */
#ifndef ARGOSY_TRADE_ATTACH_H
#define ARGOSY_TRADE_ATTACH_H

#include "trade/act.h"

struct attachment {
	struct slice subject, before;
	uint64_t recorded1, erased1;
};

bool attachment_decode(struct attachment *at, struct slice value);
/* "a/<hash>/<member>", in `k`. */
struct slice attachment_key(struct state_key *k, const uint8_t hash[static 32], struct slice member);

#endif
