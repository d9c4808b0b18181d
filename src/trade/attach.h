/*
 * attach: what the chain knows of a payload that lies beside it: a hash.
 *
 *   a/<32-byte salted hash>  'A' u8 1 | lp member | lp subject | varint log index + 1 |
 *                            varint log index + 1 of the erasure (0: not erased)
 */
#ifndef ARGOSY_TRADE_ATTACH_H
#define ARGOSY_TRADE_ATTACH_H

#include "trade/act.h"

struct attachment {
	struct slice member, subject;
	uint64_t recorded1, erased1;
};

bool attachment_decode(struct attachment *at, struct slice value);

#endif
