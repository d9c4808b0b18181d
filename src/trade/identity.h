/*
 * identity: an event is recorded once by each member, by its eventID or, where it has none, by
 * what it says.
 *
 * The key is the member's own, so that nobody's eventID stands in another's way:
 *
 *   key    SHA-256("argosy/event/1" || lp member || text); text is the eventID, or without one
 *          ni:///sha-256;<CBV event hash, 64 hex digits>?ver=CBV2.0
 *   row    `e/<key>` = 'E' u8 1, varint log index, 32 event hash, varint log index + 1 of the
 *          declaration in error (0: none); if there is one: 32 its hash (prepared.h)
 */
#ifndef ARGOSY_TRADE_IDENTITY_H
#define ARGOSY_TRADE_IDENTITY_H

#include "trade/act.h"

struct event_identity {
	uint64_t index;
	struct hash event_hash;
	uint64_t declared1; /* log index + 1 of the declaration; an event that declared what is not
			     * here declares itself */
	struct hash declaration;
};

/* The key of an event of this member. `event_id` empty: by its hash. */
void event_identity_key(struct hash *key, struct slice member, struct slice event_id,
			const struct hash *event_hash);

bool event_identity_decode(struct event_identity *id, struct slice value);
void event_identity_encode(struct buf *b, const struct event_identity *id);
enum err event_identity_get(struct exec *x, bool *found, struct event_identity *id,
			    const struct hash *key) MUST_USE;
enum err event_identity_put(struct exec *x, const struct event_identity *id,
			    const struct hash *key) MUST_USE;

#endif
