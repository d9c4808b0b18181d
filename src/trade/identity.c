#include "trade/identity.h"

bool event_identity_decode(struct event_identity *id, struct slice value)
{
	struct reader r = reader_of(value);
	id->index = reader_varint(&r);
	id->event_hash = reader_hash(&r);
	id->flags = reader_u8(&r);
	id->declared1 = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

void event_identity_encode(struct buf *b, const struct event_identity *id)
{
	buf_put_varint(b, id->index);
	buf_put(b, id->event_hash.b, 32);
	buf_put_u8(b, id->flags);
	buf_put_varint(b, id->declared1);
}

enum err event_identity_get(struct exec *x, bool *found, struct event_identity *id,
			    const struct hash *event_id_hash)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(x, found, &v, key_make(&k, "e/", slice(event_id_hash->b, 32))));
	return !*found || event_identity_decode(id, v) ? ERR_OK : ERR_CORRUPT;
}

enum err event_identity_put(struct exec *x, const struct event_identity *id,
			    const struct hash *event_id_hash)
{
	struct state_key k;
	uint8_t room[64];
	struct buf b = buf_over(room, sizeof room);
	event_identity_encode(&b, id);
	bug_if(b.failed);
	return exec_put(x, key_make(&k, "e/", slice(event_id_hash->b, 32)), buf_slice(&b));
}
