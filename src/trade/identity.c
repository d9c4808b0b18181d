#include "trade/identity.h"

#include "crypto/sha256.h"
#include "data/epcis.h"

void event_identity_key(struct hash *key, struct slice member, struct slice event_id,
			const struct hash *event_hash)
{
	uint8_t lp[10 + MEMBER_ID_MAX];
	char uri[EVENT_HASH_URI_MAX];
	struct buf who = buf_over(lp, sizeof lp);
	buf_put_lp(&who, member);
	bug_if(who.failed);
	if (event_id.n == 0) {
		event_hash_uri(uri, event_hash);
		event_id = slice_str(uri);
	}
	struct slice parts[3] = {SLICE_LIT("argosy/event/1"), buf_slice(&who), event_id};
	sha256_parts(key, parts, 3);
}

bool event_identity_decode(struct event_identity *id, struct slice value)
{
	struct reader r = reader_of(value);
	*id = (struct event_identity){0};
	if (reader_u8(&r) != 'E' || reader_u8(&r) != 1)
		return false;
	id->index = reader_varint(&r);
	id->event_hash = reader_hash(&r);
	id->declared1 = reader_varint(&r);
	if (id->declared1)
		id->declaration = reader_hash(&r);
	return !r.bad && reader_left(&r) == 0;
}

void event_identity_encode(struct buf *b, const struct event_identity *id)
{
	buf_put_u8(b, 'E');
	buf_put_u8(b, 1);
	buf_put_varint(b, id->index);
	buf_put(b, id->event_hash.b, 32);
	buf_put_varint(b, id->declared1);
	if (id->declared1)
		buf_put(b, id->declaration.b, 32);
}

enum err event_identity_get(struct exec *x, bool *found, struct event_identity *id,
			    const struct hash *key)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(x, found, &v, key_make(&k, "e/", slice(key->b, 32))));
	return !*found || event_identity_decode(id, v) ? ERR_OK : ERR_CORRUPT;
}

enum err event_identity_put(struct exec *x, const struct event_identity *id, const struct hash *key)
{
	struct state_key k;
	uint8_t room[96];
	struct buf b = buf_over(room, sizeof room);
	event_identity_encode(&b, id);
	bug_if(b.failed);
	return exec_put(x, key_make(&k, "e/", slice(key->b, 32)), buf_slice(&b));
}
