#include "trade/voice.h"

#include "ledger/member.h"

bool voice_decode(struct slice *member, struct slice value)
{
	struct reader r = reader_of(value);
	*member = reader_lp(&r);
	return !r.bad && reader_left(&r) == 0 && member->n;
}

enum err voice_last(struct exec *x, struct slice *member, const char *space, struct slice name)
{
	struct state_key k;
	struct slice v;
	bool found;
	*member = slice(NULL, 0);
	TRY(exec_get(x, &found, &v, key_make(&k, space, name)));
	return !found || voice_decode(member, v) ? ERR_OK : ERR_CORRUPT;
}

enum err voice_join(struct exec *x, struct slice *before, const char *space, struct slice name,
		    struct slice member)
{
	struct state_key k;
	uint8_t room[MEMBER_ID_MAX + 1];
	struct buf b = buf_over(room, sizeof room);
	TRY(voice_last(x, before, space, name));
	buf_put_lp(&b, member);
	bug_if(b.failed);
	return exec_put(x, key_make(&k, space, name), buf_slice(&b));
}
