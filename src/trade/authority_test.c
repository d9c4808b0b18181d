/*
 * Who may do what: every act by everybody, on the real ledger.
 *
 * "A member who writes about goods that are not his is refused or kept apart, in
 * every action: a table of who may do what is the test." An act without a row
 * here fails the test; so does a cell that nobody filled in.
 */
#define FX_LEDGER
#include "trade/fixture.h"

#include "trade/authority.h"

/*
 * The goods: registered to alice, who commissioned them; bob holds them; they are offered to
 * carol; dave was granted every step; eve has nothing to do with them; op governs.
 */
enum who { ALICE, BOB, CAROL, DAVE, EVE, OP, WHO_END };
static const char *const who_name[WHO_END] = {"alice", "bob", "carol", "dave", "eve", "op"};

#define GTIN "01/09521234543213"
#define CASE_OF_ALICE "urn:epc:id:sscc:9521234.3000000001"

/* Each try is made on goods of its own, number n. */
static unsigned n;

static const char *fmt(const char *format)
{
	char text[200];
	snprintf(text, sizeof text, format, n); /* allowed: formats of this file */
	return fx_str(text);
}

static const char *item(void)
{
	char text[64];
	snprintf(text, sizeof text, "urn:epc:id:sgtin:9521234.054321.%u", n);
	return fx_str(text);
}

/* Something that the actor may pack, unpack or make, whoever he is. */
static const char *own(const char *what)
{
	char text[64];
	snprintf(text, sizeof text, "https://free.example.org/%s/%u", what, n);
	return fx_str(text);
}

/* ---- every act, about the goods ---- */

static action_t *observe(void)
{
	return fx_object(OBSERVE, item(), "inspecting");
}

static action_t *commission(void)
{
	return fx_object(ADD, item(), "commissioning");
}

static action_t *decommission(void)
{
	return fx_object(DELETE, item(), "decommissioning");
}

static action_t *pack(void)
{
	return fx_aggregation(ADD, own("case"), item());
}

static action_t *pack_into(void)
{
	return fx_aggregation(ADD, item(), own("thing"));
}

static action_t *unpack(void)
{
	return fx_aggregation(DELETE, own("case"), item());
}

static action_t *unpack_from(void)
{
	return fx_aggregation(DELETE, item(), "");
}

static action_t *see_packed(void)
{
	return fx_aggregation(OBSERVE, own("case"), item());
}

static action_t *associate(void)
{
	action_t *a = pack();
	a->event->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION;
	return a;
}

static action_t *use(void)
{
	return fx_transformation(item(), own("product"));
}

static action_t *make(void)
{
	return fx_transformation(own("input"), item());
}

static action_t *trade_it(void)
{
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION, ADD, "shipping");
	a->event->epc_list = fx_words(&a->event->n_epc_list, item());
	a->event->n_biz_transaction_list = 1;
	a->event->biz_transaction_list = arena_alloc(fx.mem, sizeof(void *));
	a->event->biz_transaction_list[0] = arena_alloc(fx.mem, sizeof(Argosy__V1__TypedRef));
	argosy__v1__typed_ref__init(a->event->biz_transaction_list[0]);
	a->event->biz_transaction_list[0]->id = fx_str(own("order"));
	return a;
}

static action_t *declare_error(void)
{
	action_t *a = commission();
	a->event->error_declaration = arena_alloc(fx.mem, sizeof *a->event->error_declaration);
	argosy__v1__error_declaration__init(a->event->error_declaration);
	a->event->error_declaration->declaration_time = fx_str("2026-11-02T10:00:00.000Z");
	a->event->event_id = fx_str(fmt("urn:uuid:8f1d9a1e-0000-4000-8000-%012u"));
	return a;
}

static const char *lot(void)
{
	char text[64];
	snprintf(text, sizeof text, GTIN "/10/L%u", n);
	return fx_str(text);
}

static action_t *make_more_of_lot(void)
{
	return fx_object_quantity(ADD, fmt("urn:epc:class:lgtin:9521234.054321.L%u"),
				  "commissioning");
}

static action_t *use_some_of_lot(void)
{
	action_t *a = fx_transformation("", own("product"));
	a->event->input_quantity_list =
		fx_quantities(&a->event->n_input_quantity_list,
			      fmt("urn:epc:class:lgtin:9521234.054321.L%u"));
	return a;
}

static action_t *product(void)
{
	return fx_product(GTIN);
}

static action_t *location(void)
{
	return fx_location("414/9521234000013");
}

static action_t *prefix(void)
{
	return fx_prefix("gcp:95212349");
}

static action_t *arbitrate(void)
{
	return fx_arbitrate(fmt("https://id.alice.example.org/%u/"), "henry");
}

static action_t *define_lot(void)
{
	return fx_lot(lot(), GTIN);
}

static action_t *credential(void)
{
	return fx_credential(own("credential"), "bob");
}

static action_t *revoke_credential(void)
{
	return fx_revoke_credential(fmt("https://id.alice.example.org/credential/%u"));
}

static action_t *offer(void)
{
	return fx_offer(item(), "frank");
}

static action_t *accept(void)
{
	return fx_accept(item(), "bob");
}

static action_t *decline(void)
{
	return fx_decline(item());
}

static action_t *grant(void)
{
	return fx_grant(item(), "frank", "packing");
}

static action_t *grant_product(void)
{
	return fx_grant(GTIN, "frank", "packing");
}

static action_t *revoke_grant(void)
{
	return fx_revoke_grant(item(), "dave", "");
}

static action_t *admit(void)
{
	return fx_admit(fmt("new%u"));
}

static action_t *suspend(void)
{
	return fx_set_member("henry", "suspended");
}

static action_t *add_key(void)
{
	return fx_add_key(fmt("key%u"), true, "");
}

static action_t *revoke_key(void)
{
	return fx_revoke_key(fmt("alice%u"));
}

static action_t *disown_key(void)
{
	return fx_disown_key(fmt("alice%u"), 1);
}

static action_t *attach(void)
{
	return fx_attach(item(), fmt("payload %u"));
}

static action_t *erase(void)
{
	return fx_erase(fmt("of alice %u"));
}

static action_t *state_it(void)
{
	return fx_statement(item(), "as picked");
}

static action_t *document(void)
{
	return fx_document();
}

/*
 * "history", "claim": recorded so for the goods (or for what `about` names).
 * "done": recorded, about nothing that has a history. Else the verdict.
 */
struct rule {
	enum act_kind kind;
	const char *what;
	action_t *(*make)(void);
	const char *(*about)(void);
	const char *want[WHO_END]; /* alice bob carol dave eve op */
};

static const char *gtin(void)
{
	return GTIN;
}

#define OWNER_ONLY(v) {"history", v, v, v, v, v}
#define NOT_HOLDER "not_holder"
#define NOT_OWNER "not_owner"
#define NOT_OFFERED "not_offered"
#define NOT_AUTH "not_authorised"
#define NOT_FOUND "not_found"

static const struct rule rules[] = {
	/* alice owns, bob holds, carol is offered, dave is granted, eve, op */
	{ACT_EVENT, "observes", observe, item,
	 {"claim", "history", "history", "history", "claim", "claim"}},
	{ACT_EVENT, "commissions", commission, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "decommissions", decommission, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "packs", pack, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "packs into", pack_into, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "unpacks", unpack, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "empties", unpack_from, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "sees packed", see_packed, item,
	 {"claim", "history", "history", "history", "claim", "claim"}},
	{ACT_EVENT, "associates", associate, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "uses up", use, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "makes", make, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "trades", trade_it, item,
	 {"claim", "history", "history", "history", "claim", "claim"}},
	{ACT_EVENT, "declares an unknown event in error", declare_error, item,
	 {"claim", "history", "history", "history", "claim", "claim"}},
	{ACT_EVENT, "makes more of the lot", make_more_of_lot, lot,
	 {"history", "history", NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER}},
	{ACT_EVENT, "uses some of the lot", use_some_of_lot, lot,
	 {"claim", "history", "history", "history", "claim", "claim"}},
	{ACT_DOCUMENT, "captures a document", document, NULL,
	 {"done", "done", "done", "done", "done", "done"}},
	{ACT_REGISTER_PRODUCT, "registers the product", product, gtin, OWNER_ONLY(NOT_OWNER)},
	{ACT_REGISTER_LOCATION, "registers a location", location, NULL,
	 {"done", NOT_OWNER, NOT_OWNER, NOT_OWNER, NOT_OWNER, NOT_OWNER}},
	{ACT_REGISTER_PREFIX, "registers a range", prefix, NULL,
	 {"done", "overlap", "overlap", "overlap", "overlap", "overlap"}},
	{ACT_ARBITRATE_RANGE, "arbitrates a range", arbitrate, NULL,
	 {NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, "done"}},
	{ACT_DEFINE_LOT, "defines the lot", define_lot, lot, OWNER_ONLY(NOT_OWNER)},
	{ACT_ISSUE_CREDENTIAL, "issues a credential", credential, NULL,
	 {"done", "done", "done", "done", "done", "done"}},
	{ACT_REVOKE_CREDENTIAL, "revokes alice's credential", revoke_credential, NULL,
	 {"done", NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH}},
	{ACT_OFFER_CUSTODY, "offers", offer, item,
	 {NOT_HOLDER, "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_ACCEPT_CUSTODY, "accepts", accept, item,
	 {NOT_OFFERED, NOT_OFFERED, "history", NOT_OFFERED, NOT_OFFERED, NOT_OFFERED}},
	{ACT_DECLINE_CUSTODY, "declines", decline, item,
	 {NOT_OFFERED, "history", "history", NOT_OFFERED, NOT_OFFERED, NOT_OFFERED}},
	{ACT_GRANT_STEP, "grants a step", grant, item,
	 {"history", "history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	{ACT_GRANT_STEP, "grants a step of the product", grant_product, gtin,
	 {"history", NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER, NOT_HOLDER}},
	/* His own alone: bob gave it. */
	{ACT_REVOKE_GRANT, "revokes a grant", revoke_grant, item,
	 {NOT_FOUND, "history", NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND}},
	{ACT_ADMIT_MEMBER, "admits a member", admit, NULL,
	 {NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, "done"}},
	{ACT_SET_MEMBER, "suspends a member", suspend, NULL,
	 {NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, "done"}},
	{ACT_ADD_KEY, "adds a key of his own", add_key, NULL,
	 {"done", "done", "done", "done", "done", "done"}},
	{ACT_REVOKE_KEY, "revokes alice's key", revoke_key, NULL,
	 {"done", NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH}},
	{ACT_DISOWN_KEY, "disowns alice's key", disown_key, NULL,
	 {"done", NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH}},
	{ACT_ATTACH, "attaches", attach, item,
	 {"history", "history", "history", "history", "claim", "claim"}},
	{ACT_ERASE_ATTACHMENT, "erases alice's attachment", erase, item,
	 {"history", NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH, NOT_AUTH}},
	{ACT_STATEMENT, "brings a statement", state_it, item,
	 {"history", "history", "history", "history", "claim", "claim"}},
};
enum { RULES = sizeof rules / sizeof *rules };

static void must(const char *member, action_t *const *list, size_t count)
{
	enum verdict v = fx_batch(member, list, count);
	if (v != VERDICT_OK)
		print_error("setting up, %s: %s %s %s\n", member, verdict_name(v), fx.text.field,
			    fx.text.text);
	assert_int_equal(v, VERDICT_OK);
}

static void goods_ready(void)
{
	n++;
	action_t *alice[] = {
		commission(),
		make_more_of_lot(),
		fx_attach(item(), fmt("of alice %u")),
		fx_credential(fmt("https://id.alice.example.org/credential/%u"), "alice"),
		fx_offer(item(), "bob"),
		fx_offer(lot(), "bob"),
	};
	must("alice", alice, 6);
	char *both = fx_str(item());
	action_t *bob[] = {fx_accept(both, "alice"), fx_accept(lot(), "alice"),
			   fx_grant(item(), "dave", ""), fx_grant(lot(), "dave", ""),
			   fx_offer(item(), "carol"), fx_offer(lot(), "carol")};
	must("bob", bob, 6);
}

/* What the last act did: the verdict, or how its record has the subject. */
static const char *outcome(enum verdict v, const char *about)
{
	if (v != VERDICT_OK)
		return verdict_name(v);
	assert_int_equal(fx.records, 1);
	if (!about)
		return "done";
	struct record r = fx_record(fx.n_log - 1);
	struct slice id = fx_canon(about);
	for (size_t i = 0; i < r.n_subjects; i++)
		if (slice_eq(r.subjects[i].id, id))
			return mode_is_claim(r.subjects[i].mode) ? "claim" : "history";
	return "done";
}

static unsigned wrong;

static void expect(const char *who, const char *does, const char *want, const char *got)
{
	if (!want || strcmp(want, got) != 0) {
		print_error("%s %s: wanted %s, got %s (%s)\n", who, does,
			    want ? want : "(an empty cell)", got, fx.text.text);
		wrong++;
	}
}

static int open_world(void **state)
{
	(void)state;
	fx_open();
	n = 0;
	wrong = 0;
	action_t *alice[] = {fx_prefix("gcp:9521234"), fx_prefix("https://id.alice.example.org/"),
			     fx_product(GTIN)};
	must("alice", alice, 3);
	action_t *op[] = {fx_admit("henry"), fx_set_member("frank", "active")};
	must("op", op, 2);
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

static void every_act_by_everybody(void **state)
{
	(void)state;
	bool seen[ACT_END] = {false};
	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		seen[r->kind] = true;
		for (int w = 0; w < WHO_END; w++) {
			goods_ready();
			if (r->kind == ACT_REVOKE_KEY || r->kind == ACT_DISOWN_KEY)
				FX_OK("alice", fx_add_key(fmt("alice%u"), true, ""));
			action_t *a = r->make();
			assert_int_equal((unsigned)a->act_case, r->kind);
			uint64_t before = fx.n_log;
			enum verdict v = fx_do(who_name[w], a);
			expect(who_name[w], r->what, r->want[w],
			       outcome(v, r->about ? r->about() : NULL));
			assert_int_equal(fx.n_log - before, v == VERDICT_OK);
		}
	}
	for (unsigned k = ACT_NONE + 1; k < ACT_END; k++)
		if (act_name(k) && !seen[k]) {
			print_error("%s has no row\n", act_name(k));
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

/*
 * Whoever stands well with the goods is refused all the same when he is suspended, his key is
 * revoked, his key's scope does not cover the act, or he is nobody.
 */
static void nobody_acts_without_standing(void **state)
{
	(void)state;
	goods_ready();
	FX_OK("bob", fx_add_key("bob/narrow", false, "document"));
	FX_OK("bob", fx_add_key("bob/document", false, "event"));
	FX_OK("bob", fx_add_key("bob/old", true, ""));
	FX_OK("bob", fx_revoke_key("bob/old"));
	for (size_t i = 0; i < RULES; i++) {
		const struct rule *r = &rules[i];
		const char *narrow = r->kind == ACT_DOCUMENT ? "bob/document" : "bob/narrow";
		expect("bob by a narrow key", r->what, "key_scope",
		       outcome(fx_by("bob", narrow, r->make()), NULL));
		expect("bob by a revoked key", r->what, "key_revoked",
		       outcome(fx_by("bob", "bob/old", r->make()), NULL));
		expect("a stranger for bob", r->what, "unknown_key",
		       outcome(fx_by("bob", "stranger", r->make()), NULL));
		expect("eve for bob", r->what, "unknown_key",
		       outcome(fx_by("bob", "eve", r->make()), NULL));
		expect("nobody", r->what, "unknown_key",
		       outcome(fx_by("nobody", "stranger", r->make()), NULL));
	}
	FX_OK("op", fx_set_member("bob", "suspended"));
	/* Taking keys of his own out of use is all that he may: a stolen one, say. */
	for (size_t i = 0; i < RULES; i++)
		expect("bob suspended", rules[i].what,
		       rules[i].kind == ACT_REVOKE_KEY || rules[i].kind == ACT_DISOWN_KEY
			       ? "not_found"
			       : "member_suspended",
		       outcome(fx_do("bob", rules[i].make()), NULL));
	action_t *rescue[] = {fx_revoke_key("bob/narrow"), fx_disown_key("bob/narrow", 1), observe()};
	assert_int_equal(fx_batch("bob", rescue, 3), VERDICT_MEMBER_SUSPENDED);
	expect("bob suspended by his stolen key", "revokes", "key_scope",
	       outcome(fx_by("bob", "bob/narrow", fx_revoke_key("bob")), NULL));
	assert_int_equal(fx_batch("bob", rescue, 2), VERDICT_OK);
	expect("bob suspended", "revokes alice's key", "not_authorised",
	       outcome(fx_do("bob", fx_revoke_key("alice")), NULL));
	FX_OK("op", fx_set_member("bob", "active"));
	expect("bob by a revoked key", "says", "key_revoked",
	       outcome(fx_by("bob", "bob/narrow", fx_document()), NULL));
	assert_string_equal(outcome(fx_do("bob", observe()), item()), "history");
	assert_int_equal(wrong, 0);
}

/* An agent's key, without a scope of its own, does a node's daily work and no more. */
static void what_an_agent_may(void **state)
{
	(void)state;
	for (unsigned k = ACT_NONE + 1; k < ACT_END; k++) {
		bool daily = k == ACT_EVENT || k == ACT_DOCUMENT || k == ACT_REGISTER_PRODUCT ||
			     k == ACT_REGISTER_LOCATION || k == ACT_DEFINE_LOT ||
			     k == ACT_OFFER_CUSTODY || k == ACT_ACCEPT_CUSTODY ||
			     k == ACT_DECLINE_CUSTODY || k == ACT_ATTACH ||
			     k == ACT_ERASE_ATTACHMENT || k == ACT_STATEMENT;
		assert_int_equal(act_agent((enum act_kind)k) == 2, daily);
		assert_true(act_name(k) || k < ACT_ARBITRATE_RANGE);
	}
	for (size_t i = 0; i < RULES; i++) {
		goods_ready();
		enum verdict v = fx_by("bob", "bob/agent", rules[i].make());
		assert_int_equal(v == VERDICT_KEY_SCOPE, act_agent(rules[i].kind) < 2);
	}
	FX_REFUSED(INVALID, "bob", fx_add_key("bob/2", false, "event add_key"));
	FX_REFUSED(INVALID, "bob", fx_add_key("bob/2", false, "no_such_act"));
	FX_REFUSED(INVALID, "bob", fx_add_key("bob/2", true, "event"));
}

/* Goods of which nothing was recorded yet: registered to alice, or to nobody. */
static void first_words(void **state)
{
	(void)state;
	static const struct {
		const char *does;
		action_t *(*make)(void);
		const char *about;
		const char *want[2][3]; /* alice's, nobody's; by alice, dave (granted the step), eve */
	} first[] = {
		{"observes", observe, NULL, {{"history", "history", "claim"}, {"history", "history", "history"}}},
		{"commissions", commission, NULL, {{"history", "history", NOT_OWNER}, {"history", "history", "history"}}},
		{"decommissions", decommission, NULL, {{"history", "history", NOT_OWNER}, {"history", "history", "history"}}},
		{"packs", pack, NULL, {{"history", "history", NOT_OWNER}, {"history", "history", "history"}}},
		{"makes", make, NULL, {{"history", "history", NOT_OWNER}, {"history", "history", "history"}}},
		{"attaches", attach, NULL, {{"history", "claim", "claim"}, {"claim", "claim", "claim"}}},
		{"states", state_it, NULL, {{"history", "claim", "claim"}, {"claim", "claim", "claim"}}},
		{"offers", offer, NULL, {{"not_found", "not_found", "not_found"}, {"not_found", "not_found", "not_found"}}},
		{"accepts", accept, NULL, {{"not_found", "not_found", "not_found"}, {"not_found", "not_found", "not_found"}}},
		{"declines", decline, NULL, {{"not_found", "not_found", "not_found"}, {"not_found", "not_found", "not_found"}}},
		{"grants", grant, NULL, {{"history", "not_found", "not_found"}, {"not_found", "not_found", "not_found"}}},
	};
	static const char *const who[3] = {"alice", "dave", "eve"};
	FX_OK("alice", fx_grant(GTIN, "dave", ""));
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		for (unsigned owned = 0; owned < 2; owned++)
			for (unsigned w = 0; w < 3; w++) {
				n++;
				action_t *a = first[i].make();
				const char *id = item();
				/* The same goods under an identifier of nobody. */
				if (owned == 1) {
					struct slice c;
					id = own("goods");
					c = slice_str(id);
					char **lists[] = {
						a->act_case == ARGOSY__V1__ACTION__ACT_EVENT ? a->event->epc_list : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_EVENT ? a->event->child_epcs : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_EVENT ? a->event->output_epc_list : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY ? a->offer_custody->subjects : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY ? a->accept_custody->subjects : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY ? a->decline_custody->subjects : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_STATEMENT ? a->statement->subjects : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_ATTACH ? &a->attach->subject : NULL,
						a->act_case == ARGOSY__V1__ACTION__ACT_GRANT_STEP ? &a->grant_step->subject : NULL,
					};
					for (size_t l = 0; l < sizeof lists / sizeof *lists; l++)
						if (lists[l] && lists[l][0] && strstr(lists[l][0], "sgtin"))
							lists[l][0] = arena_str(fx.mem, c);
				}
				expect(who[w], first[i].does, first[i].want[owned][w],
				       outcome(fx_do(who[w], a), id));
			}
	assert_int_equal(wrong, 0);
}

/* A grant ends with the standing of its granter, with its time, and when it is revoked. */
static void grants_end(void **state)
{
	(void)state;
	goods_ready(); /* bob granted dave */
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "history");
	FX_OK("carol", fx_accept(item(), "bob"));
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "claim");
	FX_OK("carol", fx_grant(item(), "dave", "inspecting"));
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "history");
	assert_string_equal(outcome(fx_do("dave", fx_object(OBSERVE, item(), "shipping")), item()),
			    "claim");
	FX_OK("carol", fx_revoke_grant(item(), "dave", "inspecting"));
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "claim");
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_grant(item(), "dave", "inspecting"));
	action_t *a = fx_grant(item(), "dave", "");
	a->grant_step->until_ms = fx.time_ms + 2500;
	FX_OK("carol", a);
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "history");
	assert_string_equal(outcome(fx_do("dave", observe()), item()), "claim");
	FX_REFUSED(INVALID, "carol", a);
}

static const char *said(const char *who, const char *step)
{
	return outcome(fx_do(who, fx_object(OBSERVE, item(), step)), item());
}

/* Owner and holder each grant, and each ends his own, also when nothing is his any more. */
static void grants_are_their_givers(void **state)
{
	(void)state;
	goods_ready(); /* alice owns, bob holds and granted dave every step */
	FX_OK("alice", fx_grant(item(), "frank", "shipping"));
	FX_OK("bob", fx_grant(item(), "frank", "shipping"));
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_grant(item(), "frank", "shipping"));
	FX_OK("bob", fx_revoke_grant(item(), "frank", "shipping"));
	FX_REFUSED(NOT_FOUND, "bob", fx_revoke_grant(item(), "frank", "shipping"));
	assert_string_equal(said("frank", "shipping"), "history");
	/* The holder's end with his holding; the owner's do not. */
	FX_OK("bob", fx_grant(item(), "gina", "shipping"));
	FX_OK("bob", fx_grant(item(), "gina", "https://steps.example.org/a/b"));
	assert_string_equal(said("gina", "https://steps.example.org/a/b"), "history");
	assert_string_equal(said("gina", "shipping"), "history");
	FX_OK("carol", fx_accept(item(), "bob"));
	assert_string_equal(said("gina", "shipping"), "claim");
	assert_string_equal(said("dave", "shipping"), "claim");
	assert_string_equal(said("frank", "shipping"), "history");
	assert_string_equal(outcome(fx_do("bob", fx_revoke_grant(item(), "gina", "shipping")), item()),
			    "claim");
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_grant(item(), "frank", "shipping"));
	FX_OK("alice", fx_revoke_grant(item(), "frank", "shipping"));
	assert_string_equal(said("frank", "shipping"), "claim");
	/* Held again, it is his again, and so is what he once granted and did not revoke. */
	FX_OK("carol", fx_offer(item(), "bob"));
	FX_OK("bob", fx_accept(item(), "carol"));
	assert_string_equal(said("gina", "shipping"), "claim");
	assert_string_equal(said("dave", "shipping"), "history");
}

static void every_cell_is_filled(void **state)
{
	(void)state;
	for (int i = 0; i < INTENT_END; i++)
		for (int s = 0; s < STANDING_END; s++)
			assert_in_range(authority_table[i][s], RULE_HISTORY, RULE_NOT_FOUND);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		T(every_act_by_everybody),
		T(nobody_acts_without_standing),
		T(what_an_agent_may),
		T(first_words),
		T(grants_end),
		T(grants_are_their_givers),
		cmocka_unit_test(every_cell_is_filled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
