#include "trade/attach.h"

#include "ledger/member.h"
#include "trade/voice.h"

bool attachment_decode(struct attachment *at, struct slice value)
{
	struct reader r = reader_of(value);
	*at = (struct attachment){0};
	if (reader_u8(&r) != 'A' || reader_u8(&r) != 1)
		return false;
	at->subject = reader_lp(&r);
	at->recorded1 = reader_varint(&r);
	at->erased1 = reader_varint(&r);
	at->before = reader_lp(&r);
	return !r.bad && reader_left(&r) == 0;
}

struct slice attachment_key(struct state_key *k, const uint8_t hash[static 32], struct slice member)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "a/");
	buf_put(&b, hash, 32);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, member);
	bug_if(b.failed);
	return buf_slice(&b);
}

/* The sender's. */
static enum err attachment_get(struct act *a, bool *found, struct attachment *at,
			       const uint8_t *hash)
{
	struct state_key k;
	struct slice v;
	TRY(exec_get(a->x, found, &v, attachment_key(&k, hash, a->sender)));
	return !*found || attachment_decode(at, v) ? ERR_OK : ERR_CORRUPT;
}

static enum err attachment_put(struct act *a, const uint8_t *hash, const struct attachment *at)
{
	struct state_key k;
	uint8_t room[SUBJECT_ID_MAX + MEMBER_ID_MAX + 60];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, 'A');
	buf_put_u8(&b, 1);
	buf_put_lp(&b, at->subject);
	buf_put_varint(&b, at->recorded1);
	buf_put_varint(&b, at->erased1);
	buf_put_lp(&b, at->before);
	bug_if(b.failed);
	return exec_put(a->x, attachment_key(&k, hash, a->sender), buf_slice(&b));
}

static enum err attach_new(struct act *a, ProtobufCBinaryData h)
{
	struct attachment at;
	bool found;
	TRY(attachment_get(a, &found, &at, h.data));
	if (found)
		return act_refuse(a, VERDICT_EXISTS, "/saltedHash", slice(NULL, 0),
				  "already attached");
	at = (struct attachment){.recorded1 = exec_next_index(a->x) + 1};
	if (a->p->n_subjects)
		at.subject = a->p->subjects[0].id;
	TRY(voice_join(a->x, &at.before, VOICE_ATTACHMENT, slice(h.data, h.len), a->sender));
	return attachment_put(a, h.data, &at);
}

/* The receipt stands where the attachment stood: in the subject's history, or
 * among the claims, as the sender may now. */
static enum err erase(struct act *a)
{
	ProtobufCBinaryData h = a->p->action->erase_attachment->salted_hash;
	struct attachment at;
	struct slice last;
	bool found;
	TRY(attachment_get(a, &found, &at, h.data));
	TRY(voice_last(a->x, &last, VOICE_ATTACHMENT, slice(h.data, h.len)));
	if (!found && last.n)
		return act_refuse(a, VERDICT_NOT_AUTHORISED, "/saltedHash", slice(NULL, 0),
				  "attached by another member");
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/saltedHash", slice(NULL, 0),
				  "no such attachment");
	if (at.erased1)
		return act_refuse(a, VERDICT_STATE, "/saltedHash", slice(NULL, 0), "already erased");
	if (at.subject.n) {
		struct gs1_id id;
		struct line *l;
		if (gs1_parse(&id, NULL, at.subject) != ERR_OK)
			return ERR_CORRUPT;
		TRY(act_line(a, &l, at.subject));
		struct prepared_subject ps = {
			.id = at.subject,
			.gs1 = id.kind,
			.kind = (enum subject_kind)l->s.kind,
			.role = ROLE_ABOUT,
			.intent = INTENT_ABOUT,
		};
		STEP(act_judge(a, &l, &ps));
	}
	at.erased1 = exec_next_index(a->x) + 1;
	TRY(attachment_put(a, h.data, &at));
	return act_finish(a);
}

enum err attach_execute(struct act *a)
{
	const Argosy__V1__Action *act = a->p->action;
	if (a->p->kind == ACT_ERASE_ATTACHMENT)
		return erase(a);
	if (a->p->kind == ACT_ATTACH)
		STEP(attach_new(a, act->attach->salted_hash));
	else if (act->statement->salted_hash.len)
		STEP(attach_new(a, act->statement->salted_hash));
	for (size_t i = 0; i < a->p->n_subjects; i++) {
		struct line *l;
		STEP(act_judge(a, &l, &a->p->subjects[i]));
	}
	return act_finish(a);
}
