/*
 * identity: an event is recorded once, by its eventID.
 *
 * `e/<SHA-256 of the eventID's text>` = varint log index | 32 event hash |
 * u8 flags (1 voided) | varint log index + 1 of the error declaration (0: none).
 */
#ifndef ARGOSY_TRADE_IDENTITY_H
#define ARGOSY_TRADE_IDENTITY_H

#include "trade/act.h"

struct event_identity {
	uint64_t index;
	struct hash event_hash;
	uint8_t flags;
	uint64_t declared1;
};

enum { EVENT_VOIDED = 1 };

bool event_identity_decode(struct event_identity *id, struct slice value);
void event_identity_encode(struct buf *b, const struct event_identity *id);
enum err event_identity_get(struct exec *x, bool *found, struct event_identity *id,
			    const struct hash *event_id_hash) MUST_USE;
enum err event_identity_put(struct exec *x, const struct event_identity *id,
			    const struct hash *event_id_hash) MUST_USE;

#endif
