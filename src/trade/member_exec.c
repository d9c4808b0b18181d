/*
 * Members and their keys. In solo a member with the role operator governs: he
 * admits, suspends, sets roles and quotas. He may neither suspend himself nor
 * give up his role, so that there is always one; another operator may. He decides
 * whose a range of identifiers is, where two claim it. There is
 * no master key: a member's keys are his own persons' business alone.
 */
#include "trade/act.h"

#include "ledger/member.h"
#include "trade/owner.h"

static const struct slice none = {NULL, 0};

static enum err must_govern(struct act *a)
{
	struct member m;
	bool found;
	TRY(member_get(a->x, &found, &m, a->sender));
	if (!found || !member_has_role(&m, "operator"))
		return act_refuse(a, VERDICT_NOT_AUTHORISED, "", none,
				  "only a member with the role operator may");
	return ERR_OK;
}

static enum err key_new(struct act *a, const uint8_t key[static 32], enum key_kind kind,
			struct slice member, const struct member_key *like)
{
	struct member_key k = {0};
	bool found;
	char hex[65];
	TRY(member_key_get(a->x, &found, &k, key));
	if (found) {
		hex_encode(hex, key, 32);
		return act_refuse(a, VERDICT_EXISTS, "/key", slice(hex, 16),
				  "a key is registered once, for ever");
	}
	k = like ? *like : (struct member_key){0};
	k.kind = kind;
	k.member = member;
	k.from_height = (uint64_t)a->x->height;
	return member_key_put(a->x, key, &k);
}

static void roles_set(struct member *m, char **roles, size_t n)
{
	m->n_roles = (unsigned)n;
	for (size_t i = 0; i < n; i++)
		m->roles[i] = slice_str(roles[i]);
}

static enum err admit(struct act *a)
{
	const Argosy__V1__AdmitMember *act = a->p->action->admit_member;
	struct slice id = slice_str(act->id);
	struct member m;
	bool found;
	STEP(must_govern(a));
	TRY(member_get(a->x, &found, &m, id));
	if (found)
		return act_refuse(a, VERDICT_EXISTS, "/id", id, "is a member");
	m = (struct member){
		.name = slice_str(act->name),
		.country = slice_str(act->country),
		.party = a->p->where,
		.keys_valid = act->n_person_keys,
		.admitted_height = (uint64_t)a->x->height,
	};
	roles_set(&m, act->roles, act->n_roles);
	for (size_t i = 0; i < act->n_person_keys; i++)
		STEP(key_new(a, act->person_keys[i].data, KEY_PERSON, id, NULL));
	for (size_t i = 0; i < act->n_agent_keys; i++)
		STEP(key_new(a, act->agent_keys[i].data, KEY_AGENT, id, NULL));
	TRY(member_put(a->x, id, &m));
	return act_finish(a);
}

static enum err set(struct act *a)
{
	const Argosy__V1__SetMember *act = a->p->action->set_member;
	struct slice id = slice_str(act->id);
	struct member m;
	bool found = false;
	STEP(must_govern(a));
	if (id.n && id.n <= MEMBER_ID_MAX)
		TRY(member_get(a->x, &found, &m, id));
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, "/id", id, "no such member");
	if (act->n_roles)
		roles_set(&m, act->roles, act->n_roles);
	if (*act->status)
		m.status = strcmp(act->status, "suspended") == 0 ? MEMBER_SUSPENDED : MEMBER_ACTIVE;
	if (act->quota_units_per_hour)
		m.quota_units_per_hour = act->quota_units_per_hour;
	if (act->quota_default)
		m.quota_units_per_hour = 0;
	if (slice_eq(id, a->sender) &&
	    (m.status == MEMBER_SUSPENDED || !member_has_role(&m, "operator")))
		return act_refuse(a, VERDICT_STATE, "", id,
				  "an operator neither suspends himself nor gives up the role");
	TRY(member_put(a->x, id, &m));
	return act_finish(a);
}

/* Two claim a range, or somebody squats one: who governs decides, in everybody's sight. */
static enum err arbitrate(struct act *a)
{
	const Argosy__V1__ArbitrateRange *act = a->p->action->arbitrate_range;
	struct slice prefix = slice_str(act->prefix), to = slice_str(act->member);
	struct member m;
	bool found, changed;
	STEP(must_govern(a));
	if (to.n) {
		TRY(member_get(a->x, &found, &m, to));
		if (!found)
			return act_refuse(a, VERDICT_NOT_FOUND, "/member", to, "no such member");
	}
	TRY(owner_arbitrate(a->x, &changed, prefix, to));
	if (!changed)
		return act_refuse(a, VERDICT_STATE, "/prefix", prefix,
				  to.n ? "is this member's already" : "is nobody's");
	return act_finish(a);
}

enum err member_execute(struct act *a)
{
	if (a->p->kind == ACT_ARBITRATE_RANGE)
		return arbitrate(a);
	return a->p->kind == ACT_ADMIT_MEMBER ? admit(a) : set(a);
}

/* ---- keys ---- */

/* Counts: a person's key that is neither revoked nor about to retire. */
static bool counts(const struct member_key *k)
{
	return k->kind == KEY_PERSON && !k->revoked_height && !k->retire_at_ms;
}

static enum err own_member(struct act *a, struct member *m)
{
	bool found;
	TRY(member_get(a->x, &found, m, a->sender));
	return found ? ERR_OK : ERR_CORRUPT; /* he signed */
}

/* One of the sender's own keys. */
static enum err own_key(struct act *a, struct member_key *k, const uint8_t key[static 32],
			const char *field)
{
	bool found;
	char hex[65];
	TRY(member_key_get(a->x, &found, k, key));
	hex_encode(hex, key, 32);
	if (!found)
		return act_refuse(a, VERDICT_NOT_FOUND, field, slice(hex, 16), "no such key");
	if (!slice_eq(k->member, a->sender))
		return act_refuse(a, VERDICT_NOT_AUTHORISED, field, slice(hex, 16),
				  "another member's key");
	return ERR_OK;
}

static enum err last_key(struct act *a)
{
	return act_refuse(a, VERDICT_LAST_KEY, "", none,
			  "add another person's key first: this is the last");
}

static enum err retire(struct act *a, struct member *m, const uint8_t key[static 32],
		       uint64_t after_s)
{
	struct member_key old;
	STEP(own_key(a, &old, key, "/replaces"));
	if (old.revoked_height || old.retire_at_ms)
		return act_refuse(a, VERDICT_STATE, "/replaces", none,
				  "already revoked or about to retire");
	if (after_s == 0)
		return ERR_OK; /* stays beside the new one without end */
	if (counts(&old))
		m->keys_valid--;
	old.retire_at_ms = a->x->time_ms + (int64_t)after_s * 1000;
	return member_key_put(a->x, key, &old);
}

static enum err add_key(struct act *a)
{
	const Argosy__V1__AddKey *act = a->p->action->add_key;
	struct member_key scope = {.n_scope = (unsigned)act->n_scope};
	enum key_kind kind =
		act->kind == ARGOSY__V1__KEY_KIND__KEY_KIND_PERSON ? KEY_PERSON : KEY_AGENT;
	struct member m;
	TRY(own_member(a, &m));
	for (size_t i = 0; i < act->n_scope; i++)
		scope.scope[i] = slice_str(act->scope[i]);
	STEP(key_new(a, act->key.data, kind, a->sender, &scope));
	m.keys_valid += kind == KEY_PERSON;
	if (act->replaces.len)
		STEP(retire(a, &m, act->replaces.data, act->retire_after_s));
	if (m.keys_valid == 0)
		return last_key(a);
	if (m.keys_valid > MEMBER_KEYS_MAX)
		return act_refuse(a, VERDICT_TOO_LARGE, "/key", none, "more than 64 keys");
	TRY(member_put(a->x, a->sender, &m));
	return act_finish(a);
}

static enum err end_key(struct act *a, struct member_key *k, const uint8_t key[static 32])
{
	struct member m;
	TRY(own_member(a, &m));
	if (counts(k) && --m.keys_valid == 0)
		return last_key(a);
	if (!k->revoked_height)
		k->revoked_height = (uint64_t)a->x->height;
	TRY(member_key_put(a->x, key, k));
	TRY(member_put(a->x, a->sender, &m));
	return act_finish(a);
}

static enum err revoke_key(struct act *a)
{
	const uint8_t *key = a->p->action->revoke_key->key.data;
	struct member_key k;
	STEP(own_key(a, &k, key, "/key"));
	if (k.revoked_height)
		return act_refuse(a, VERDICT_STATE, "/key", none, "already revoked");
	return end_key(a, &k, key);
}

static enum err disown_key(struct act *a)
{
	const Argosy__V1__DisownKey *act = a->p->action->disown_key;
	uint64_t from = (uint64_t)act->from_height;
	struct member_key k;
	STEP(own_key(a, &k, act->key.data, "/key"));
	if (act->from_height > a->x->height)
		return act_refuse(a, VERDICT_INVALID, "/fromHeight", none,
				  "lies ahead: the key is revoked now");
	if (k.disowned_height && k.disowned_height <= from)
		return act_refuse(a, VERDICT_STATE, "/key", none, "already disowned from there on");
	k.disowned_height = from;
	return end_key(a, &k, act->key.data);
}

enum err key_execute(struct act *a)
{
	if (a->p->kind == ACT_ADD_KEY)
		return add_key(a);
	return a->p->kind == ACT_REVOKE_KEY ? revoke_key(a) : disown_key(a);
}
