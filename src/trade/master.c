#include "trade/master.h"

#include "data/standard.h"
#include "trade/credential.h"
#include "trade/owner.h"
#include "trade/voice.h"

#include <stdio.h>

bool master_decode(struct master *m, char letter, struct slice value)
{
	struct reader r = reader_of(value);
	*m = (struct master){0};
	if (reader_u8(&r) != (uint8_t)letter || reader_u8(&r) != 1)
		return false;
	m->owner = reader_lp(&r);
	m->recorded1 = reader_varint(&r);
	if (letter == 'P')
		m->category = reader_varint(&r);
	return !r.bad && reader_left(&r) == 0;
}

bool master_lot_key(struct state_key *k, struct slice *key, struct slice id, struct slice member)
{
	struct buf b = buf_over(k->b, sizeof k->b);
	buf_put_str(&b, "o/");
	buf_put_slice(&b, id);
	buf_put_u8(&b, '/');
	buf_put_slice(&b, member);
	*key = buf_slice(&b);
	return !b.failed;
}

static enum err master_put(struct act *a, char letter, struct slice key, struct slice who,
			   uint64_t category)
{
	uint8_t room[64];
	struct buf b = buf_over(room, sizeof room);
	buf_put_u8(&b, (uint8_t)letter);
	buf_put_u8(&b, 1);
	buf_put_lp(&b, who);
	buf_put_varint(&b, exec_next_index(a->x) + 1);
	if (letter == 'P')
		buf_put_varint(&b, category);
	bug_if(b.failed);
	return exec_put(a->x, key, buf_slice(&b));
}

/*
 * A product or location: the first to register it becomes its owner, unless it lies in another's
 * range. Each version stands in its history, or, where that is another's already (he took it in,
 * or registered it before the range was), beside it: what exists with a history gets no new owner
 * or kind by this, and is no reason to refuse it either.
 */
static enum err register_one(struct act *a, char letter, const char *space, uint64_t category)
{
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct state_key k;
	struct slice owner;
	struct line *l;
	TRY(owner_find(a->x, &owner, ps->id, ps->gs1));
	if (owner.n && !slice_eq(owner, a->sender))
		return act_refuse(a, VERDICT_NOT_OWNER, "", ps->id, "registered to another member");
	TRY(master_put(a, letter, key_make(&k, space, ps->id), a->sender, category));
	STEP(act_judge(a, &l, ps)); /* finds him as the owner where there is no history */
	return act_finish(a);
}

static enum err lot_put(struct act *a, struct slice id)
{
	struct state_key k;
	struct slice key, v, before;
	struct master m = {0};
	bool found;
	if (!master_lot_key(&k, &key, id, a->sender))
		return act_refuse(a, VERDICT_TOO_LARGE, "/lot/id", id, "too long");
	TRY(exec_get(a->x, &found, &v, key));
	if (found && !master_decode(&m, 'O', v))
		return ERR_CORRUPT;
	before = m.owner;
	if (!found)
		TRY(voice_join(a->x, &before, VOICE_LOT, id, a->sender));
	return master_put(a, 'O', key, before, 0);
}

static enum err define_lot(struct act *a)
{
	const struct prepared_subject *ps = &a->p->subjects[0];
	struct slice product = product_of(ps->id, ps->gs1);
	struct state_key k;
	struct slice v;
	struct master m;
	struct line *l;
	bool found = false;
	if (product.n == 0)
		product = slice_str(a->p->action->define_lot->lot->product);
	if (product.n <= SUBJECT_ID_MAX)
		TRY(exec_get(a->x, &found, &v, key_make(&k, "p/", product)));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/lot/product", product,
				  "the product is not registered");
	if (!master_decode(&m, 'P', v))
		return ERR_CORRUPT;
	if (!slice_eq(m.owner, a->sender))
		return act_refuse(a, VERDICT_NOT_OWNER, "/lot/product", product,
				  "registered to another member");
	struct field_issue fault = {{0}, {0}};
	if (!standard_lot_check(a->p->action->define_lot->lot,
				(Argosy__V1__ProductCategory)m.category, &fault)) {
		char field[sizeof fault.field + 8];
		snprintf(field, sizeof field, "/lot%s", fault.field);
		return act_refuse(a, VERDICT_INVALID, field, slice(NULL, 0), fault.text);
	}
	/* A lot under an LGTIN is the product's owner's; one under a URI must not lie in the
	 * range of another. */
	struct slice owner;
	if (ps->gs1 == GS1_NONE)
		TRY(owner_by_range(a->x, &owner, ps->id, ps->gs1));
	else
		TRY(owner_find(a->x, &owner, ps->id, ps->gs1));
	if (owner.n && !slice_eq(owner, a->sender))
		return act_refuse(a, VERDICT_NOT_OWNER, "/lot/id", ps->id,
				  "registered to another member");
	TRY(act_line(a, &l, ps->id));
	if (l->s.count == 0) {
		l->s.kind = SUBJECT_LOT;
		l->s.owner = a->sender;
		l->dirty = true;
	}
	STEP(act_judge(a, &l, ps));
	STEP(lot_put(a, ps->id));
	return act_finish(a);
}

static enum err register_prefix(struct act *a)
{
	struct slice prefix = slice_str(a->p->action->register_prefix->prefix);
	struct slice credential = a->p->where;
	enum range_refusal why;
	bool known = true;
	if (credential.n)
		TRY(credential_known(a->x, &known, a->sender, credential));
	if (!known)
		return act_refuse(a, VERDICT_NOT_FOUND, "/credential", credential,
				  "no such credential about the sender");
	TRY(owner_register(a->x, &why, prefix, a->sender, credential));
	switch (why) {
	case RANGE_FREE:
		return act_finish(a);
	case RANGE_TAKEN:
		return act_refuse(a, VERDICT_OVERLAP, "/prefix", prefix,
				  "is registered to another member");
	case RANGE_INSIDE:
		return act_refuse(a, VERDICT_OVERLAP, "/prefix", prefix,
				  "lies in a range of another member");
	case RANGE_MANY:
		break;
	}
	return act_refuse(a, VERDICT_TOO_LARGE, "/prefix", prefix, "a member registers at most 100 ranges");
}

enum err master_execute(struct act *a)
{
	const Argosy__V1__Action *act = a->p->action;
	if (a->p->kind == ACT_REGISTER_PRODUCT)
		return register_one(a, 'P', "p/",
				    (uint64_t)act->register_product->product->category);
	if (a->p->kind == ACT_REGISTER_LOCATION)
		return register_one(a, 'L', "l/", 0);
	return a->p->kind == ACT_DEFINE_LOT ? define_lot(a) : register_prefix(a);
}
