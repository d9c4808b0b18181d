/*
 * The application's table: prepare, genesis, execute. Deadlines (begin, end)
 * come with agreements; the hooks are here.
 */
#include "trade/trade.h"

#include "crypto/ed25519.h"
#include "ledger/member.h"
#include "trade/act.h"

static bool in_scope(const struct member_key *k, enum act_kind kind)
{
	unsigned may = act_agent(kind);
	if (k->kind == KEY_PERSON)
		return true;
	if (k->n_scope == 0 || may == 0)
		return may == 2;
	for (unsigned i = 0; i < k->n_scope; i++)
		if (slice_eq_str(k->scope[i], act_name(kind)))
			return true;
	return false;
}

static enum err act_run(struct act *a)
{
	switch (a->p->kind) {
	case ACT_EVENT:
		return event_execute(a);
	case ACT_DOCUMENT:
		return act_finish(a); /* what stood around events; about no subject */
	case ACT_REGISTER_PRODUCT:
	case ACT_REGISTER_LOCATION:
	case ACT_REGISTER_PREFIX:
	case ACT_DEFINE_LOT:
		return master_execute(a);
	case ACT_ISSUE_CREDENTIAL:
	case ACT_REVOKE_CREDENTIAL:
		return credential_execute(a);
	case ACT_OFFER_CUSTODY:
	case ACT_ACCEPT_CUSTODY:
	case ACT_DECLINE_CUSTODY:
		return custody_execute(a);
	case ACT_GRANT_STEP:
	case ACT_REVOKE_GRANT:
		return grant_execute(a);
	case ACT_ADMIT_MEMBER:
	case ACT_SET_MEMBER:
	case ACT_ARBITRATE_RANGE:
		return member_execute(a);
	case ACT_ADD_KEY:
	case ACT_REVOKE_KEY:
	case ACT_DISOWN_KEY:
		return key_execute(a);
	case ACT_ATTACH:
	case ACT_ERASE_ATTACHMENT:
	case ACT_STATEMENT:
		return attach_execute(a);
	case ACT_NONE:
	case ACT_END:
		break;
	}
	bug_at(__FILE__, __LINE__, "an act that prepare let through is not executed");
}

static enum err execute(struct exec *x, struct tx *tx, enum verdict *v, struct verdict_text *vt,
			struct err_text *t)
{
	struct verdict_text unused;
	struct member_key key;
	bool found;
	*v = VERDICT_OK;
	if (!vt)
		vt = &unused;
	bug_if(!tx->prepared);
	TRY(member_key_get(x, &found, &key, tx->signatures[0].key));
	if (!found || !slice_eq(key.member, tx->member)) {
		*v = verdict_set(vt, VERDICT_UNKNOWN_KEY, "", "not a key of this member");
		return ERR_OK;
	}
	for (size_t i = 0; i < tx->prepared_count && *v == VERDICT_OK; i++) {
		if (!exec_action(x, (uint32_t)i)) {
			*v = VERDICT_TOO_LARGE; /* the ledger says of what */
			return ERR_OK;
		}
		struct act a = {
			.x = x,
			.tx = tx,
			.p = (const struct prepared *)tx->prepared + i,
			.sender = tx->member,
			.v = VERDICT_OK,
			.vt = vt,
		};
		enum err e = in_scope(&key, a.p->kind)
				     ? act_run(&a)
				     : act_refuse(&a, VERDICT_KEY_SCOPE, "", slice(NULL, 0),
						  "outside the scope of the signing key");
		if (e != ERR_OK)
			return err_set(t, e, "executing action %zu (%s)", i, act_name(a.p->kind));
		*v = a.v;
	}
	return ERR_OK;
}

/* ---- genesis ---- */

static enum err genesis_keys(struct exec *x, const ProtobufCBinaryData *keys, size_t n,
			     enum key_kind kind, struct slice member, struct err_text *t)
{
	for (size_t i = 0; i < n; i++) {
		struct member_key k;
		bool found;
		if (keys[i].len != 32)
			return err_set(t, ERR_FORMAT, "genesis: a key has 32 bytes");
		if (!ed25519_public_valid(keys[i].data))
			return err_set(t, ERR_FORMAT,
				       "genesis: a key of %.*s is not a usable Ed25519 key",
				       (int)member.n, (const char *)member.p);
		TRY(member_key_get(x, &found, &k, keys[i].data));
		if (found)
			return err_set(t, ERR_FORMAT, "genesis: a key stands there twice");
		k = (struct member_key){.kind = kind, .member = member};
		k.from_height = (uint64_t)(x->height > 0 ? x->height : 0);
		TRY(member_key_put(x, keys[i].data, &k));
	}
	return ERR_OK;
}

static enum err genesis_member(struct exec *x, const Argosy__V1__GenesisMember *g,
			       struct err_text *t)
{
	struct slice id = slice_str(g->id);
	struct member m;
	bool found;
	if (!member_id_valid(id))
		return err_set(t, ERR_FORMAT, "genesis: \"%.40s\" is not a member's id", g->id);
	if (has_control(slice_str(g->name)) || has_control(slice_str(g->country)))
		return err_set(t, ERR_FORMAT,
			       "genesis: a control character in name or country of %s", g->id);
	if (g->n_roles > MEMBER_ROLES_MAX || g->n_person_keys == 0 ||
	    g->n_person_keys > MEMBER_KEYS_MAX)
		return err_set(t, ERR_FORMAT,
			       "genesis: %s needs 1 to 64 keys of persons and at most 9 roles", g->id);
	TRY(member_get(x, &found, &m, id));
	if (found)
		return err_set(t, ERR_FORMAT, "genesis: %s stands there twice", g->id);
	m = (struct member){
		.name = slice_str(g->name),
		.country = slice_str(g->country),
		.keys_valid = g->n_person_keys,
		.n_roles = (unsigned)g->n_roles,
	};
	for (size_t i = 0; i < g->n_roles; i++) {
		m.roles[i] = slice_str(g->roles[i]);
		if (!member_role_valid(m.roles[i]))
			return err_set(t, ERR_FORMAT, "genesis: \"%.40s\" is not a role", g->roles[i]);
	}
	TRY(genesis_keys(x, g->person_keys, g->n_person_keys, KEY_PERSON, id, t));
	TRY(genesis_keys(x, g->agent_keys, g->n_agent_keys, KEY_AGENT, id, t));
	return member_put(x, id, &m);
}

/* Parameters: the GenesisState without its members. */
static enum err genesis_params(struct exec *x, const Argosy__V1__GenesisState *g)
{
	Argosy__V1__GenesisState params = ARGOSY__V1__GENESIS_STATE__INIT;
	params.quota_units_per_hour = g->quota_units_per_hour;
	size_t n = argosy__v1__genesis_state__get_packed_size(&params);
	uint8_t *b = arena_alloc(x->arena, n);
	if (!b)
		return ERR_NOMEM;
	argosy__v1__genesis_state__pack(&params, b);
	return exec_put(x, SLICE_LIT("g/params"), slice(b, n));
}

static enum err genesis(struct exec *x, struct slice app_state, struct err_text *t)
{
	struct verdict_text why = {{0}, {0}};
	if (wire_check(&argosy__v1__genesis_state__descriptor, app_state, &why) != VERDICT_OK)
		return err_set(t, ERR_FORMAT, "genesis: %s: %s", why.field, why.text);
	ProtobufCAllocator alloc = wire_allocator(x->arena);
	Argosy__V1__GenesisState *g =
		argosy__v1__genesis_state__unpack(&alloc, app_state.n, app_state.p);
	if (!g)
		return ERR_NOMEM;
	for (size_t i = 0; i < g->n_members; i++)
		TRY(genesis_member(x, g->members[i], t));
	return genesis_params(x, g);
}

static enum err nothing(struct exec *x, struct err_text *t)
{
	(void)x;
	(void)t;
	return ERR_OK;
}

const struct ledger_app trade_app = {
	.prepare = trade_prepare,
	.genesis = genesis,
	.begin = nothing,
	.execute = execute,
	.end = nothing,
};
