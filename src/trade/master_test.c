/*
 * Members, keys, ranges, products, lots, credentials, attachments: what is
 * possible in which state. Who may is authority_test.c's matter.
 */
#include "trade/fixture.h"

#include "trade/attach.h"
#include "trade/credential.h"
#include "trade/master.h"
#include "trade/owner.h"

#define GTIN "01/09521234543213"

static int open_world(void **state)
{
	(void)state;
	fx_open();
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

static struct member member(const char *id)
{
	struct state_key k;
	struct slice v;
	struct member m;
	assert_true(fx_get(&v, key_make(&k, "m/", slice_str(id))));
	assert_true(member_decode(&m, v));
	return m;
}

static void ranges_do_not_overlap(void **state)
{
	(void)state;
	static const struct {
		const char *who, *prefix, *verdict;
	} t[] = {
		{"alice", "gcp:9521234", "applied"},
		{"alice", "gcp:9521234", "applied"}, /* again: his already */
		{"bob", "gcp:9521234", "overlap"},
		{"bob", "gcp:95212345", "overlap"}, /* inside alice's */
		{"bob", "gcp:952123", "overlap"},   /* around alice's */
		{"bob", "gcp:9521", "overlap"},
		{"bob", "gcp:9521235", "applied"}, /* beside it */
		{"alice", "gcp:952123", "overlap"}, /* would hold bob's too */
		{"alice", "gcp:952123456789", "applied"},
		{"alice", "https://id.example.com/a/b/", "applied"},
		{"bob", "https://id.example.com/", "overlap"},
		{"bob", "https://id.example.com/a/b/c/", "overlap"},
		{"bob", "https://id.example.com/a/c/", "applied"},
		{"alice", "https://id.example.com/a/", "overlap"},
		{"carol", "https://id.example.com/a/bb/", "applied"}, /* no part of a/b/ */
		{"carol", "https://id.example.org/", "applied"},
		{"bob", "urn:example:goods:", "applied"},
		/* Not a range at all. */
		{"bob", "https://id.example.com", "invalid"},
		{"bob", "https://x/", "invalid"},
		{"bob", "gcp:952", "invalid"},
		{"bob", "gcp:9521234567890", "invalid"},
		{"bob", "gcp:95x1234", "invalid"},
		{"bob", "", "invalid"},
		{"bob", "not a uri at all/", "invalid"},
		{"bob", "https://a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s/t/u/v/w/x/y/z/", "invalid"},
	};
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		enum verdict v = fx_do(t[i].who, fx_prefix(t[i].prefix));
		const char *got = v == VERDICT_OK ? "applied" : verdict_name(v);
		if (strcmp(got, t[i].verdict) != 0)
			print_error("%s %s\n", t[i].who, t[i].prefix);
		assert_string_equal(got, t[i].verdict);
	}
}

static void the_longest_range_owns(void **state)
{
	(void)state;
	static const struct {
		const char *id, *owner;
	} t[] = {
		{"urn:epc:id:sgtin:9521234.054321.1", "alice"},
		{"urn:epc:id:sscc:9521234.3000000001", "alice"},
		{"urn:epc:id:sgln:9521234.00001.7", "alice"},
		{"urn:epc:id:grai:9521234.00001.7", "alice"},
		{"urn:epc:id:giai:9521234.x7", "alice"},
		{"urn:epc:id:gsin:9521234.000000001", "alice"},
		{"urn:epc:id:sgtin:9521236.054321.1", ""},
		/* "01" and an indicator before the same digits */
		{"https://id.gs1.org/01/19521234543210/21/7", "alice"},
		{"https://id.example.com/a/b/item", "alice"},
		{"https://id.example.com/a/b", ""},
		{"https://id.example.com/a/bb/item", ""},
		{"https://id.example.com.evil.example/a/b/item", ""},
	};
	FX_OK("alice", fx_prefix("gcp:9521234"));
	FX_OK("alice", fx_prefix("https://id.example.com/a/b/"));
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		struct subject s;
		FX_OK("eve", fx_object(OBSERVE, t[i].id, "shipping"));
		assert_true(fx_subject(&s, t[i].id));
		if (!slice_eq_str(s.owner, t[i].owner))
			print_error("%s is owned by %.*s\n", t[i].id, (int)s.owner.n,
				    (const char *)s.owner.p);
		assert_true(slice_eq_str(s.owner, t[i].owner));
	}
}

static void a_product_outranks_a_range(void **state)
{
	(void)state;
	struct subject s;
	FX_OK("bob", fx_product(GTIN)); /* nobody's range yet: first come */
	FX_OK("alice", fx_prefix("gcp:9521234"));
	FX_REFUSED(NOT_OWNER, "alice", fx_product(GTIN));
	FX_OK("alice", fx_object(OBSERVE, "urn:epc:id:sgtin:9521234.054321.1", "shipping"));
	assert_true(fx_subject(&s, "urn:epc:id:sgtin:9521234.054321.1"));
	assert_true(slice_eq_str(s.owner, "bob"));
	assert_int_equal(s.claims, 1);
	/* Each version stands in the product's history. */
	FX_OK("bob", fx_product(GTIN));
	assert_true(fx_subject(&s, GTIN));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.kind, SUBJECT_CLASS);
	/* Taken in by somebody before it was registered: the owner speaks from then on. */
	FX_OK("eve", fx_object_quantity(OBSERVE, "urn:epc:idpat:sgtin:9521236.054321.*", "shipping"));
	action_t *own = fx_product("https://id.example.com/goods/17");
	FX_OK("carol", own);
	FX_REFUSED(NOT_OWNER, "dave", own);
}

static void master_data_keep_the_standard(void **state)
{
	(void)state;
	action_t *a = fx_product(GTIN);
	a->register_product->product->hs_code = fx_str("000000");
	FX_REFUSED(INVALID, "alice", a);
	assert_string_equal(fx.text.field, "/actions/0/register_product/product/hs_code");
	FX_REFUSED(INVALID, "alice", fx_product("01/09521234543214"));
	FX_REFUSED(INVALID, "alice", fx_product(GTIN "/21/1"));
	FX_REFUSED(INVALID, "alice", fx_location("01/09521234543213"));
	/* Food needs a best-before or expiry date: the lot is judged by its product's category. */
	a = fx_product(GTIN);
	Argosy__V1__Product *p = a->register_product->product;
	p->category = ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_FOOD;
	p->n_ingredients = 1;
	p->ingredients = fx_words(&p->n_ingredients, "apples");
	p->net_content = arena_alloc(fx.mem, sizeof *p->net_content);
	argosy__v1__measure__init(p->net_content);
	p->net_content->value = fx_str("1");
	p->net_content->unit = fx_str("KGM");
	FX_OK("alice", a);
	FX_REFUSED(NOT_FOUND, "alice", fx_lot("01/09521236543211/10/L1", "01/09521236543211"));
	a = fx_lot(GTIN "/10/L1", GTIN);
	FX_REFUSED(INVALID, "alice", a);
	assert_true(strstr(fx.text.field, "/actions/0/define_lot/lot") != NULL);
	a->define_lot->lot->best_before_date = fx_str("2027-10-01");
	FX_OK("alice", a);
	a = fx_lot("https://id.example.com/lots/1", GTIN);
	a->define_lot->lot->best_before_date = fx_str("2027-10-01");
	FX_OK("alice", a);
	struct subject s;
	assert_true(fx_subject(&s, "https://id.example.com/lots/1"));
	assert_int_equal(s.kind, SUBJECT_LOT);
	assert_true(slice_eq_str(s.owner, "alice"));
}

static void keys_are_replaced_and_never_all_lost(void **state)
{
	(void)state;
	assert_int_equal(member("alice").keys_valid, 1);
	FX_REFUSED(LAST_KEY, "alice", fx_revoke_key("alice"));
	FX_REFUSED(LAST_KEY, "alice", fx_disown_key("alice", 1));
	FX_REFUSED(EXISTS, "alice", fx_add_key("bob", true, ""));
	FX_OK("alice", fx_revoke_key("alice/agent")); /* agents do not count */
	FX_REFUSED(STATE, "alice", fx_revoke_key("alice/agent"));
	FX_REFUSED(EXISTS, "alice", fx_add_key("alice/agent", false, "")); /* nor come back */
	FX_REFUSED(NOT_FOUND, "alice", fx_revoke_key("nobody's"));
	/* Rotation: the old one goes on beside the new one for two seconds. */
	action_t *a = fx_add_key("alice/2", true, "");
	a->add_key->replaces = fx_key("alice");
	a->add_key->retire_after_s = 2;
	FX_OK("alice", a);
	assert_int_equal(member("alice").keys_valid, 1);
	assert_int_equal(fx_by("alice", "alice", fx_document()), VERDICT_OK);
	assert_int_equal(fx_by("alice", "alice", fx_document()), VERDICT_KEY_REVOKED);
	assert_int_equal(fx_by("alice", "alice/2", fx_document()), VERDICT_OK);
	assert_int_equal(fx_by("alice", "alice/2", fx_revoke_key("alice/2")), VERDICT_LAST_KEY);
	/* An agent's key is no successor of the last person. */
	a = fx_add_key("alice/3", false, "");
	a->add_key->replaces = fx_key("alice/2");
	a->add_key->retire_after_s = 2;
	assert_int_equal(fx_by("alice", "alice/2", a), VERDICT_LAST_KEY);
	assert_int_equal(fx_by("alice", "alice/2", fx_add_key("alice/3", true, "")), VERDICT_OK);
	assert_int_equal(fx_by("alice", "alice/3", fx_revoke_key("alice/2")), VERDICT_OK);
	assert_int_equal(fx_by("alice", "alice/2", fx_document()), VERDICT_KEY_REVOKED);
}

static void members_are_admitted_and_suspended(void **state)
{
	(void)state;
	FX_OK("op", fx_admit("hong-kong.store"));
	FX_REFUSED(EXISTS, "op", fx_admit("hong-kong.store"));
	FX_REFUSED(EXISTS, "op", fx_admit("bob"));
	FX_REFUSED(INVALID, "op", fx_admit("Bob"));
	FX_REFUSED(INVALID, "op", fx_admit("-bob"));
	FX_REFUSED(NOT_FOUND, "op", fx_set_member("nobody", "suspended"));
	FX_REFUSED(INVALID, "op", fx_set_member("bob", "asleep"));
	FX_REFUSED(STATE, "op", fx_set_member("op", "suspended"));
	action_t *a = fx_set_member("op", "");
	a->set_member->roles = fx_words(&a->set_member->n_roles, "carrier");
	FX_REFUSED(STATE, "op", a);
	a = fx_set_member("bob", "");
	a->set_member->roles = fx_words(&a->set_member->n_roles, "carrier operator");
	a->set_member->quota_units_per_hour = 77;
	FX_OK("op", a);
	assert_int_equal(member("bob").quota_units_per_hour, 77);
	assert_true(member_has_role(&(struct member){0}, "operator") == false);
	/* Now there are two who govern; one may end the other's office. */
	FX_OK("bob", fx_set_member("op", "suspended"));
	FX_REFUSED(MEMBER_SUSPENDED, "op", fx_document());
	a = fx_set_member("bob", "");
	a->set_member->roles = fx_words(&a->set_member->n_roles, "carrier carrier");
	FX_REFUSED(INVALID, "bob", a);
	a->set_member->roles = fx_words(&a->set_member->n_roles, "king");
	FX_REFUSED(INVALID, "bob", a);
}

static void credentials_hold_for_their_days(void **state)
{
	(void)state;
	struct state_key k;
	struct slice v;
	struct credential c;
#define ID "https://issuer.example.org/c/1"
	FX_OK("carol", fx_credential(ID, "bob"));
	FX_REFUSED(EXISTS, "carol", fx_credential(ID, "bob"));
	FX_REFUSED(EXISTS, "eve", fx_credential(ID, "dave"));
	FX_REFUSED(NOT_FOUND, "carol", fx_credential("https://issuer.example.org/c/2", "nobody"));
	assert_true(fx_get(&v, key_make(&k, "c/", SLICE_LIT("bob/" ID))));
	assert_true(credential_decode(&c, v));
	assert_true(slice_eq_str(c.recorded_by, "carol"));
	/* 2026-01-01 to 2026-12-31, both days included. */
	const int64_t day = 24 * 3600 * 1000, first = 20454 * day, last = 20818 * day;
	assert_int_equal(credential_standing(&c, first - 1), CREDENTIAL_EARLY);
	assert_int_equal(credential_standing(&c, first), CREDENTIAL_VALID);
	assert_int_equal(credential_standing(&c, last + day - 1), CREDENTIAL_VALID);
	assert_int_equal(credential_standing(&c, last + day), CREDENTIAL_EXPIRED);
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_credential("https://issuer.example.org/c/2"));
	FX_OK("carol", fx_revoke_credential(ID));
	FX_REFUSED(STATE, "carol", fx_revoke_credential(ID));
	assert_true(fx_get(&v, key_make(&k, "c/", SLICE_LIT("bob/" ID))));
	assert_true(credential_decode(&c, v));
	assert_int_equal(credential_standing(&c, first), CREDENTIAL_REVOKED);
	struct subject s;
	assert_true(fx_subject(&s, ID));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.kind, SUBJECT_DOCUMENT);
	/* The identifier is taken by something else. */
	FX_OK("eve", fx_object(OBSERVE, "https://issuer.example.org/c/3", "shipping"));
	FX_REFUSED(EXISTS, "carol", fx_credential("https://issuer.example.org/c/3", "bob"));
}

static void attachments_leave_a_receipt(void **state)
{
	(void)state;
	struct state_key k;
	struct slice v;
	struct attachment at;
	ProtobufCBinaryData h = fx_hash("a photo");
	FX_OK("alice", fx_attach("", "a photo")); /* about nothing in particular */
	FX_REFUSED(EXISTS, "bob", fx_attach("", "a photo"));
	FX_REFUSED(NOT_FOUND, "alice", fx_erase("another photo"));
	FX_OK("alice", fx_erase("a photo"));
	FX_REFUSED(STATE, "alice", fx_erase("a photo"));
	assert_true(fx_get(&v, key_make(&k, "a/", slice(h.data, h.len))));
	assert_true(attachment_decode(&at, v));
	assert_true(slice_eq_str(at.member, "alice"));
	assert_int_equal(at.recorded1 + 1, at.erased1);
	action_t *a = fx_statement("", "");
	FX_REFUSED(INVALID, "alice", a);
	a->statement->salted_hash = fx_hash("his letter");
	FX_OK("alice", a);
	FX_OK("alice", fx_erase("his letter"));
	a = fx_attach("", "short");
	a->attach->salted_hash.len = 31;
	FX_REFUSED(INVALID, "alice", a);
}

static void custody_is_for_things(void **state)
{
	(void)state;
	FX_OK("alice", fx_product(GTIN));
	FX_REFUSED(INVALID, "alice", fx_offer(GTIN, "bob"));
	FX_OK("alice", fx_object(ADD, "https://id.gs1.org/" GTIN "/21/1", "commissioning"));
	FX_REFUSED(NOT_FOUND, "alice", fx_offer(GTIN "/21/1", "nobody"));
	FX_REFUSED(INVALID, "alice", fx_offer(GTIN "/21/1", "alice"));
	FX_OK("op", fx_set_member("gina", "suspended"));
	FX_REFUSED(STATE, "alice", fx_offer(GTIN "/21/1", "gina"));
	FX_REFUSED(INVALID, "alice", fx_offer("", "bob"));
	/* A second offer stands for the first. */
	FX_OK("alice", fx_offer(GTIN "/21/1", "bob"));
	FX_OK("alice", fx_offer(GTIN "/21/1", "carol"));
	FX_REFUSED(NOT_OFFERED, "bob", fx_accept(GTIN "/21/1", "alice"));
	action_t *a = fx_accept(GTIN "/21/1", "alice");
	a->accept_custody->location = fx_str("urn:epc:id:sgln:9521234.00001.0");
	FX_OK("carol", a);
	struct record r = fx_record(fx.n_log - 1);
	struct summary m;
	assert_int_equal(record_summary(&m, fx.mem, &r, &r.subjects[0], 0, NULL), ERR_OK);
	assert_true(slice_eq_str(m.where, "414/9521234000013"));
	assert_true(slice_eq_str(m.step, "accept_custody"));
	assert_int_equal(m.happened_ms, fx.time_ms);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		T(ranges_do_not_overlap),
		T(the_longest_range_owns),
		T(a_product_outranks_a_range),
		T(master_data_keep_the_standard),
		T(keys_are_replaced_and_never_all_lost),
		T(members_are_admitted_and_suspended),
		T(credentials_hold_for_their_days),
		T(attachments_leave_a_receipt),
		T(custody_is_for_things),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
