/*
 * Every kind of act by those who might want what is another's, and then the same by whom it is.
 *
 * Goods that bob took in and handed to carol. eve never held anything; bob did; frank will be their
 * registered owner, and then is, but does not hold them. What they say is a claim or is refused,
 * it changes neither owner nor holder nor kind, and it never changes what the rightful
 * member's own act does: an identifier, a hash or a name is nobody's for having been first.
 */
#define FX_LEDGER
#include "trade/fixture.h"

#include "trade/authority.h"

enum who { NOTHING, WAS, WILL_BE, OWNS, WHO_END };
static const struct {
	const char *name, *is;
} actors[WHO_END] = {
	{"eve", "who never held anything"},
	{"bob", "who held it"},
	{"frank", "who will own it"},
	{"frank", "who owns it and does not hold it"},
};

/* Each try is made on goods of its own, number n. */
static unsigned n;
static const char *who; /* acts now */

static const char *fmt(const char *format)
{
	char text[200];
	snprintf(text, sizeof text, format, n); /* allowed: formats of this file */
	return fx_str(text);
}

/* ".../7/": frank's range, once he registers it; the goods lie in it. */
static const char *range(void)
{
	return fmt("https://goods.example.org/%u/");
}

static const char *item(void)
{
	return fmt("https://goods.example.org/%u/item");
}

static const char *some(void)
{
	return fmt("https://goods.example.org/%u/some");
}

/* A paper's id that nobody has used. */
static const char *paper(void)
{
	return fmt("https://papers.example.org/%u");
}

/* A product registered to the one who acts. */
static const char *product_of_his(void)
{
	char text[80];
	snprintf(text, sizeof text, "https://%s.example.org/product", who);
	return fx_str(text);
}

static const char *own(const char *what)
{
	char text[100];
	snprintf(text, sizeof text, "https://free.example.org/%s/%s/%u", who, what, n);
	return fx_str(text);
}

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

static action_t *empty(void)
{
	return fx_aggregation(DELETE, item(), "");
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

static action_t *see_packed(void)
{
	return fx_aggregation(OBSERVE, own("case"), item());
}

static action_t *make_some(void)
{
	return fx_object_quantity(ADD, some(), "commissioning");
}

static action_t *use_some(void)
{
	action_t *a = fx_transformation("", own("product"));
	a->event->input_quantity_list = fx_quantities(&a->event->n_input_quantity_list, some());
	return a;
}

static action_t *document(void)
{
	return fx_document();
}

static action_t *product(void)
{
	return fx_product(item());
}

static action_t *location(void)
{
	return fx_location(item());
}

static action_t *lot(void)
{
	return fx_lot(item(), product_of_his());
}

/* A longer one inside that which is to be registered, and that itself. */
static action_t *squat(void)
{
	char text[100];
	snprintf(text, sizeof text, "https://ranges.example.org/%u/%s/", n, who);
	return fx_prefix(text);
}

static action_t *prefix(void)
{
	return fx_prefix(fmt("https://ranges.example.org/%u/"));
}

static action_t *arbitrate(void)
{
	return fx_arbitrate(range(), who[0] == 'o' ? "henry" : who);
}

static action_t *credential_of_goods(void)
{
	return fx_credential(item(), "gina");
}

static action_t *credential(void)
{
	return fx_credential(paper(), "gina");
}

static action_t *revoke_credential(void)
{
	return fx_revoke_credential(fmt("https://carol.example.org/paper/%u"));
}

static action_t *offer(void)
{
	return fx_offer(item(), "gina");
}

static action_t *accept(void)
{
	return fx_accept(item(), "carol");
}

static action_t *decline(void)
{
	return fx_decline(item());
}

static action_t *grant(void)
{
	return fx_grant(item(), "gina", "packing");
}

static action_t *revoke_grant(void)
{
	return fx_revoke_grant(item(), "dave", "shipping");
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
	char text[40];
	snprintf(text, sizeof text, "%s/%u", who, n);
	return fx_add_key(text, true, "");
}

static action_t *revoke_key(void)
{
	return fx_revoke_key(fmt("carol%u"));
}

static action_t *disown_key(void)
{
	return fx_disown_key(fmt("carol%u"), 1);
}

static action_t *attach(void)
{
	return fx_attach(item(), fmt("a photo %u"));
}

static action_t *erase(void)
{
	return fx_erase(fmt("of carol %u"));
}

static action_t *state_it(void)
{
	action_t *a = fx_statement(item(), "as picked");
	a->statement->salted_hash = fx_hash(fmt("a letter %u"));
	return a;
}

#define ALL(x) {x, x, x, x}
#define OWNER_MAY(x) {x, x, x, "history"}
#define NOT_HOLDER "not_holder"
#define NOT_AUTH "not_authorised"

/* "history", "claim", "done", or the verdict. `about` NULL: of no goods. */
static const struct rule {
	enum act_kind kind;
	const char *what;
	action_t *(*make)(void);
	const char *(*about)(void);
	const char *want[WHO_END]; /* eve, bob, frank before he registers, frank after */
	const char *rightful;	   /* acts then */
	action_t *(*then)(void);   /* NULL: the same */
	const char *then_want;
} rules[] = {
	{ACT_EVENT, "observes", observe, item, ALL("claim"), "carol", NULL, "history"},
	{ACT_EVENT, "commissions", commission, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "decommissions", decommission, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "packs", pack, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "packs into", pack_into, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "unpacks", unpack, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "empties", empty, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "associates", associate, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "uses up", use, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "makes", make, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_EVENT, "sees packed", see_packed, item, ALL("claim"), "carol", NULL, "history"},
	{ACT_EVENT, "makes more of some", make_some, some, {NOT_HOLDER, "history", NOT_HOLDER, "history"},
	 "speaker", NULL, "history"},
	{ACT_EVENT, "uses some", use_some, some, {"claim", "history", "claim", "history"}, "speaker", NULL,
	 "history"},
	{ACT_DOCUMENT, "captures a document", document, NULL, ALL("done"), "carol", NULL, "done"},
	{ACT_REGISTER_PRODUCT, "registers a product", product, item, OWNER_MAY("claim"), "owner", NULL,
	 "history"},
	{ACT_REGISTER_LOCATION, "registers a place", location, item, OWNER_MAY("claim"), "owner", NULL,
	 "history"},
	{ACT_REGISTER_PREFIX, "registers a range", squat, NULL, ALL("done"), "carol", prefix, "done"},
	{ACT_DEFINE_LOT, "defines a lot", lot, item, OWNER_MAY("claim"), "owner", NULL, "history"},
	{ACT_ISSUE_CREDENTIAL, "issues a credential of that id", credential_of_goods, item,
	 OWNER_MAY("claim"), "owner", NULL, "history"},
	{ACT_ISSUE_CREDENTIAL, "issues a credential", credential, NULL, ALL("done"), "carol", NULL, "done"},
	{ACT_REVOKE_CREDENTIAL, "revokes carol's credential", revoke_credential, NULL, ALL(NOT_AUTH),
	 "carol", NULL, "done"},
	{ACT_OFFER_CUSTODY, "offers", offer, item, ALL(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_ACCEPT_CUSTODY, "accepts", accept, item, ALL("not_offered"), "dave", NULL, "history"},
	{ACT_DECLINE_CUSTODY, "declines", decline, item, ALL("not_offered"), "dave", NULL, "history"},
	{ACT_GRANT_STEP, "grants", grant, item, OWNER_MAY(NOT_HOLDER), "carol", NULL, "history"},
	{ACT_REVOKE_GRANT, "revokes carol's grant", revoke_grant, item, ALL("not_found"), "carol", NULL,
	 "history"},
	{ACT_ADMIT_MEMBER, "admits", admit, NULL, ALL(NOT_AUTH), "op", NULL, "done"},
	{ACT_SET_MEMBER, "suspends", suspend, NULL, ALL(NOT_AUTH), "op", NULL, "done"},
	{ACT_ARBITRATE_RANGE, "arbitrates", arbitrate, NULL, ALL(NOT_AUTH), "op", NULL, "done"},
	{ACT_ADD_KEY, "adds a key of his own", add_key, NULL, ALL("done"), "carol", NULL, "done"},
	{ACT_REVOKE_KEY, "revokes carol's key", revoke_key, NULL, ALL(NOT_AUTH), "carol", NULL, "done"},
	{ACT_DISOWN_KEY, "disowns carol's key", disown_key, NULL, ALL(NOT_AUTH), "carol", NULL, "done"},
	{ACT_ATTACH, "attaches the same hash", attach, item, OWNER_MAY("claim"), "carol", NULL, "history"},
	{ACT_ERASE_ATTACHMENT, "erases carol's attachment", erase, item, ALL(NOT_AUTH), "carol", NULL,
	 "history"},
	{ACT_STATEMENT, "brings a statement of the same hash", state_it, item, OWNER_MAY("claim"), "carol",
	 NULL, "history"},
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

/* bob takes them in and hands the item to carol, who offers it to dave. */
static void goods_ready(void)
{
	n++;
	action_t *bob[] = {observe(), make_some(), fx_grant(item(), "gina", ""), fx_offer(item(), "carol")};
	must("bob", bob, 4);
	action_t *carol[] = {
		fx_accept(item(), "bob"),
		fx_grant(item(), "dave", "shipping"),
		fx_attach(item(), fmt("of carol %u")),
		fx_credential(fmt("https://carol.example.org/paper/%u"), "carol"),
		fx_add_key(fmt("carol%u"), true, ""),
		fx_offer(item(), "dave"),
	};
	must("carol", carol, 6);
}

static void keys_trim(void)
{
	enum verdict v = fx_do("carol", fx_revoke_key(fmt("carol%u")));
	assert_true(v == VERDICT_OK || v == VERDICT_STATE); /* the row did it */
}

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

static void expect(const char *is, const char *does, const char *want, const char *got)
{
	if (!want || strcmp(want, got) != 0) {
		print_error("%s, %s, %s: wanted %s, got %s (%s)\n", who, is, does,
			    want ? want : "(an empty cell)", got, fx.text.text);
		wrong++;
	}
}

/* Nothing of it changed but what may. */
static void unharmed(const struct rule *r, const struct subject *was, const char *did, bool owns)
{
	struct subject s;
	bool history = strcmp(did, "history") == 0, claim = strcmp(did, "claim") == 0;
	assert_true(fx_subject(&s, r->about()));
	if (!slice_eq(s.holder, was->holder) || s.kind != was->kind || s.flags != was->flags ||
	    !slice_eq(s.offered_to, was->offered_to) || s.container.n || s.count != was->count + history ||
	    s.claims != was->claims + claim ||
	    !(s.owner.n == 0 || (owns && slice_eq_str(s.owner, "frank")))) {
		print_error("%s %s: the goods are not what they were\n", who, r->what);
		wrong++;
	}
}

static void one(const struct rule *r, enum who w)
{
	struct subject was;
	goods_ready();
	who = actors[w].name;
	if (w == OWNS)
		FX_OK("frank", fx_prefix(range()));
	if (r->about)
		assert_true(fx_subject(&was, r->about()));
	action_t *a = r->make();
	assert_int_equal((unsigned)a->act_case, r->kind);
	const char *did = outcome(fx_do(who, a), r->about ? r->about() : NULL);
	expect(actors[w].is, r->what, r->want[w], did);
	if (r->about && strcmp(r->rightful, who) != 0)
		unharmed(r, &was, did, w == OWNS);
	/* Whose it is: the member in whose range it lies, where the act is the owner's. */
	bool owner = strcmp(r->rightful, "owner") == 0;
	bool his = owner && r->kind == ACT_ISSUE_CREDENTIAL && (w == OWNS || w == WILL_BE);
	who = owner ? "frank" : r->rightful;
	/* A class is nobody's to hold: whoever took it in speaks for it until it has an owner. */
	if (strcmp(r->rightful, "speaker") == 0)
		who = w == OWNS ? "frank" : "bob";
	if (owner && w != OWNS)
		FX_OK("frank", fx_prefix(range()));
	if (!his) /* each id once a member */
		expect("whose it is", r->what, r->then_want,
		       outcome(fx_do(who, r->then ? r->then() : r->make()), r->about ? r->about() : NULL));
	keys_trim();
}

static int open_world(void **state)
{
	static const char *const names[] = {"eve", "bob", "frank", "carol"};
	(void)state;
	fx_open();
	n = wrong = 0;
	FX_OK("op", fx_admit("henry"));
	for (unsigned i = 0; i < 4; i++) {
		who = names[i];
		FX_OK(who, fx_product(product_of_his()));
	}
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

/* frank's hundred ranges do: the operator takes them back. */
static void ranges_trim(void)
{
	struct state_key k;
	struct slice v;
	if (fx_get(&v, key_make(&k, "x/", slice_str(range()))))
		(void)fx_do("op", fx_arbitrate(range(), ""));
}

static void every_act_by_those_who_might(void **state)
{
	(void)state;
	bool seen[ACT_END] = {false};
	for (size_t i = 0; i < RULES; i++) {
		seen[rules[i].kind] = true;
		for (int w = 0; w < WHO_END; w++) {
			one(&rules[i], (enum who)w);
			ranges_trim();
		}
		if (rules[i].kind == ACT_SET_MEMBER)
			FX_OK("op", fx_set_member("henry", "active"));
	}
	for (unsigned k = ACT_NONE + 1; k < ACT_END; k++)
		if (act_name(k) && !seen[k]) {
			print_error("%s has no row\n", act_name(k));
			wrong++;
		}
	assert_int_equal(wrong, 0);
}

/* The grant of one who holds it no more gives nothing, whatever else there is. */
static void a_grant_ends_with_its_giver(void **state)
{
	(void)state;
	goods_ready(); /* bob granted gina every step while he held it; carol granted dave one */
	assert_string_equal(outcome(fx_do("gina", observe()), item()), "claim");
	assert_string_equal(outcome(fx_do("dave", fx_object(OBSERVE, item(), "shipping")), item()),
			    "history");
	FX_OK("frank", fx_prefix(range()));
	assert_string_equal(outcome(fx_do("gina", observe()), item()), "claim");
	FX_OK("frank", fx_grant(item(), "gina", "inspecting"));
	assert_string_equal(outcome(fx_do("gina", observe()), item()), "history");
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_grant(item(), "gina", "inspecting"));
	assert_string_equal(outcome(fx_do("gina", observe()), item()), "history");
	FX_OK("frank", fx_revoke_grant(item(), "gina", "inspecting"));
	assert_string_equal(outcome(fx_do("gina", observe()), item()), "claim");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		T(every_act_by_those_who_might),
		T(a_grant_ends_with_its_giver),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
