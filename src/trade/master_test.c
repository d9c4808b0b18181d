/*
 * Members, keys, ranges, products, lots, credentials, attachments: what is
 * possible in which state. Who may is authority_test.c's matter.
 */
#include "trade/fixture.h"

#include "trade/attach.h"
#include "trade/credential.h"
#include "trade/master.h"
#include "trade/owner.h"
#include "trade/voice.h"

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
		{"bob", "gcp:9521235", "applied"}, /* beside it */
		{"alice", "gcp:952123456789", "applied"},
		{"carol", "gcp:952123", "applied"}, /* around alice's and bob's: theirs count */
		{"alice", "gcp:95212345678", "applied"}, /* in her own, whatever is around that */
		{"dave", "gcp:95212", "applied"},
		{"dave", "gcp:952123", "overlap"}, /* carol's */
		{"dave", "gcp:9521236", "overlap"}, /* inside carol's, as is */
		{"dave", "gcp:952124", "applied"},  /* what nobody has in his own */
		{"alice", "https://id.example.com/a/b/", "applied"},
		{"bob", "https://id.example.com/a/b/c/", "overlap"},
		{"bob", "https://id.example.com/a/c/", "applied"},
		{"carol", "https://id.example.com/a/bb/", "applied"}, /* no part of a/b/ */
		{"alice", "https://id.example.com/a/", "applied"},
		{"bob", "https://id.example.com/", "applied"},
		{"bob", "https://id.example.com/a/", "overlap"},
		{"bob", "https://id.example.com/a/d/", "overlap"},
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

/* What everybody's names begin with is nobody's range; nor is another spelling of a range. */
static void scheme_wide_names_are_nobodys(void **state)
{
	(void)state;
	static const struct {
		const char *prefix, *why; /* NULL: it can be had */
	} t[] = {
		{"urn:epcglobal:cbv:bt:", "everybody's"},
		{"urn:epcglobal:cbv:", "everybody's"},
		{"urn:epcglobal:", "everybody's"},
		{"urn:epcglobal:cbv:bt:9521141000006:", "everybody's"}, /* no GLN: check digit */
		{"urn:epcglobal:cbv:bt:9521141000007:", NULL},
		{"urn:epcglobal:cbv:mda:9521141000005:", "everybody's"},
		{"urn:epc:id:sgtin:", "everybody's"},
		{"urn:epc:id:gid:", "everybody's"},
		{"urn:epc:tag:x:", "everybody's"},
		{"urn:uuid:00000000:", "everybody's"},
		{"urn:uuid:1:2:3", "ends with"},
		{"urn:oid:1.3.6:", "everybody's"},
		{"urn:isbn:978:", "everybody's"},
		{"urn:gs1:epcisapp:rail:", "everybody's"},
		{"urn:argosy:problem:", "everybody's"},
		{"urn:example:", "everybody's"},
		{"urn:example::", "everybody's"},
		{"urn:example:firm:", NULL},
		{"URN:example:firm2:", "small letters"},
		{"urn:Example:firm2:", "small letters"},
		{"urn:example:firm#", "in a URN"},
		{"urn:example:f%69rm:", "escape"},
		{"https:///////", "a host"},
		{"https://:8443/", "a host"},
		{"https://id.gs1.org/", "gs1.org"},
		{"https://id.gs1.org/01/", "gs1.org"},
		{"http://id.gs1.org/", "gs1.org"},
		{"https://gs1.org/voc/", "gs1.org"},
		{"https://ref.gs1.org/cbv/", "gs1.org"},
		{"https://gs1.org.example/", NULL},
		{"https://localhost/", "a dot"},
		{"https://ID.example.net/", "small letters"},
		{"HTTPS://id.example.net/", "small letters"},
		{"https://id.example.net:443/", "scheme's own"},
		{"https://id.example.net:8443:", "plain number"},
		{"https://me@id.example.net/", "user info"},
		{"https://id.example.net./", "no name"},
		{"https://[2001:db8::1]/", "many spellings"},
		{"https://id.example.net/a/../", ". or .."},
		{"https://id.example.net/%61/", "escape"},
		{"https://id.example.net/a?", NULL},
		{"https://id.example.net:", "plain number"},
		{"https://id.example.net?", "path"},
		{"did:example:", "everybody's"},
		{"did:web:example.net:", NULL},
		{"tag:///////////", "everybody's"},
		{"tag:example.net,2026:", NULL},
		{"ni:///sha-256;0d2fdf97?ver=", "everybody's"},
		{"gcp:2012345", "to no firm"},
		{"gcp:0212345", "to no firm"},
		{"gcp:0412345", "to no firm"},
		{"gcp:0000963850", "to no firm"},
		{"gcp:0612345", NULL},
		{"gcp:", "4 to 12 digits"},
		{"gcp:952 123", "4 to 12 digits"},
	};
	for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
		enum verdict v = fx_do("alice", fx_prefix(t[i].prefix));
		bool fine = t[i].why ? v == VERDICT_INVALID && strstr(fx.text.text, t[i].why) &&
					       strstr(fx.text.field, "/prefix")
				     : v == VERDICT_OK;
		if (!fine)
			fail_msg("%s: %s, \"%s\"", t[i].prefix, verdict_name(v), fx.text.text);
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

static struct slice owner_of(const char *id)
{
	struct subject s;
	assert_true(fx_subject(&s, id));
	return s.owner;
}

static struct master product(const char *id)
{
	struct state_key k;
	struct slice v;
	struct master m;
	assert_true(fx_get(&v, key_make(&k, "p/", fx_canon(id))));
	assert_true(master_decode(&m, 'P', v));
	return m;
}

/* Does the last record have it among the claims? */
static bool claimed(const char *id)
{
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 1);
	assert_true(slice_eq(r.subjects[0].id, fx_canon(id)));
	return mode_is_claim(r.subjects[0].mode);
}

static void a_range_outranks_a_product(void **state)
{
	(void)state;
	struct subject s;
#define ITEM "urn:epc:id:sgtin:9521234.054321."
	FX_OK("bob", fx_product(GTIN)); /* nobody's range yet: first come */
	FX_REFUSED(NOT_OWNER, "dave", fx_product(GTIN));
	FX_OK("bob", fx_object(ADD, ITEM "1", "commissioning"));
	FX_OK("bob", fx_grant(GTIN, "gina", ""));
	FX_OK("alice", fx_prefix("gcp:9521234"));
	/* From here on hers; what has a history keeps the owner that it has. */
	FX_REFUSED(NOT_OWNER, "bob", fx_product(GTIN));
	FX_REFUSED(NOT_OWNER, "bob", fx_object(ADD, ITEM "2", "commissioning"));
	FX_REFUSED(NOT_OWNER, "alice", fx_lot(GTIN "/10/L1", GTIN)); /* not her product yet */
	FX_OK("alice", fx_product(GTIN));
	assert_true(claimed(GTIN));
	assert_true(slice_eq_str(product(GTIN).owner, "alice"));
	assert_true(slice_eq_str(owner_of(GTIN), "bob"));
	assert_true(slice_eq_str(owner_of(ITEM "1"), "bob"));
	FX_OK("alice", fx_lot(GTIN "/10/L1", GTIN));
	assert_false(claimed(GTIN "/10/L1"));
	FX_REFUSED(NOT_OWNER, "bob", fx_lot(GTIN "/10/L2", GTIN));
	FX_OK("alice", fx_object(ADD, ITEM "3", "commissioning"));
	assert_true(slice_eq_str(owner_of(ITEM "3"), "alice"));
	/* She grants steps of her product, though its history is another's; he no more. */
	FX_OK("gina", fx_object(OBSERVE, ITEM "4", "shipping"));
	assert_true(claimed(ITEM "4"));
	FX_OK("alice", fx_grant(GTIN, "gina", "shipping"));
	assert_true(claimed(GTIN));
	FX_OK("gina", fx_object(OBSERVE, ITEM "4", "shipping"));
	assert_false(claimed(ITEM "4"));
	assert_true(slice_eq_str(owner_of(ITEM "4"), "alice"));
	/* Each version stands in the product's history. */
	FX_OK("carol", fx_product("https://id.example.com/goods/17"));
	FX_OK("carol", fx_product("https://id.example.com/goods/17"));
	assert_true(fx_subject(&s, "https://id.example.com/goods/17"));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.kind, SUBJECT_CLASS);
	FX_REFUSED(NOT_OWNER, "dave", fx_product("https://id.example.com/goods/17"));
#undef ITEM
}

/* What somebody took in gets no other owner or kind by being registered, and is no hindrance. */
static void registering_takes_nothing(void **state)
{
	(void)state;
	static const char *const ids[] = {"https://goods.example.org/1", "https://goods.example.org/2",
					  "https://goods.example.org/3", "https://goods.example.org/4"};
	FX_OK("eve", fx_product("https://eve.example.org/product"));
	FX_OK("dave", fx_product("https://dave.example.org/product"));
	for (unsigned i = 0; i < 4; i++) {
		action_t *eve = i == 0	 ? fx_product(ids[i])
				: i == 1 ? fx_location(ids[i])
				: i == 2 ? fx_lot(ids[i], "https://eve.example.org/product")
					 : fx_credential(ids[i], "eve");
		struct subject s;
		FX_OK("bob", fx_object(OBSERVE, ids[i], "shipping"));
		FX_OK("eve", eve);
		assert_true(claimed(ids[i]));
		assert_true(fx_subject(&s, ids[i]));
		assert_int_equal(s.owner.n, 0);
		assert_true(slice_eq_str(s.holder, "bob"));
		assert_int_equal(s.kind, SUBJECT_ITEM);
		assert_int_equal(s.flags, SUBJECT_TAKEN_IN);
		/* He writes nothing into it, and grants nothing. */
		FX_OK("eve", fx_object(OBSERVE, ids[i], "shipping"));
		assert_true(claimed(ids[i]));
		FX_REFUSED(NOT_HOLDER, "eve", fx_offer(ids[i], "dave"));
		FX_REFUSED(NOT_HOLDER, "eve", fx_grant(ids[i], "dave", ""));
		FX_OK("bob", fx_object(OBSERVE, ids[i], "shipping"));
		assert_false(claimed(ids[i]));
	}
	/* Of lots and credentials each has his own. */
	FX_OK("dave", fx_lot(ids[2], "https://dave.example.org/product"));
	FX_OK("dave", fx_credential(ids[3], "eve"));
	FX_OK("bob", fx_credential(ids[3], "bob"));
	assert_false(claimed(ids[3]));
	/* New, it is his who defines it. */
	FX_OK("dave", fx_lot("https://goods.example.org/5", "https://dave.example.org/product"));
	assert_true(slice_eq_str(owner_of("https://goods.example.org/5"), "dave"));
	FX_OK("eve", fx_lot("https://goods.example.org/5", "https://eve.example.org/product"));
	assert_true(claimed("https://goods.example.org/5"));
	assert_true(slice_eq_str(owner_of("https://goods.example.org/5"), "dave"));
}

/*
 * What registers an identifier, by eve, x what there is of it: nothing; another's history; a history
 * of her own; another's range; her own range, and another's history in it.
 */
static void every_registration_in_every_state(void **state)
{
	(void)state;
	enum { FRESH, TAKEN, HERS, FOREIGN, RANGE, RANGE_TAKEN_IN, STATES };
	static const char *const acts[] = {"product", "place", "lot", "credential"};
	/* "new": opens the history as its owner's; "his": opens it, of what nobody owns. */
	static const char *const want[4][STATES] = {
		{"new", "claim", "history", "not_owner", "new", "history"},
		{"new", "claim", "history", "not_owner", "new", "history"},
		{"new", "claim", "history", "not_owner", "new", "history"},
		{"his", "claim", "history", "not_owner", "new", "history"},
	};
	static const char *const names[STATES] = {"fresh", "taken", "hers", "foreign", "range", "inrange"};
	FX_OK("eve", fx_product("https://eve.example.org/product"));
	for (unsigned i = 0; i < 4; i++)
		for (unsigned s = 0; s < STATES; s++) {
			char id[100], prefix[80];
			struct subject was = {0}, is = {0};
			snprintf(prefix, sizeof prefix, "https://%s.example.org/%s/", names[s], acts[i]);
			snprintf(id, sizeof id, "%sx", prefix);
			if (s == TAKEN || s == HERS || s == RANGE_TAKEN_IN)
				FX_OK(s == HERS ? "eve" : "bob", fx_object(OBSERVE, id, "shipping"));
			if (s >= FOREIGN)
				FX_OK(s == FOREIGN ? "bob" : "eve", fx_prefix(prefix));
			bool there = fx_subject(&was, id);
			enum verdict v = fx_do("eve", i == 0   ? fx_product(id)
						      : i == 1 ? fx_location(id)
						      : i == 2 ? fx_lot(id, "https://eve.example.org/product")
							       : fx_credential(id, "carol"));
			(void)fx_subject(&is, id);
			const char *got = v != VERDICT_OK    ? verdict_name(v)
					  : claimed(id)	     ? "claim"
					  : there	     ? "history"
					  : is.owner.n == 0  ? "his"
							     : "new";
			if (strcmp(got, want[i][s]) != 0)
				print_error("%s of an identifier that is %s: %s\n", acts[i], names[s], got);
			assert_string_equal(got, want[i][s]);
			assert_true(!there || (is.kind == was.kind && slice_eq(is.holder, was.holder)));
			assert_true(slice_eq_str(is.owner, s == RANGE || s == RANGE_TAKEN_IN ||
								      strcmp(got, "new") == 0
							      ? "eve"
							      : ""));
			assert_int_equal(is.flags, was.flags);
		}
}

/* What was said of a thing before it has a history fixes neither its owner nor its kind. */
static void what_is_said_first_fixes_nothing(void **state)
{
	(void)state;
#define ITEM "urn:epc:id:sgtin:9521234.054321."
	struct subject s;
	FX_OK("eve", fx_statement(ITEM "1", "seen"));
	FX_OK("eve", fx_object(OBSERVE, ITEM "2", "shipping")); /* takes it in */
	FX_OK("eve", fx_statement("https://lots.example.org/1", "seen"));
	FX_OK("alice", fx_prefix("gcp:9521234"));
	FX_OK("alice", fx_object(ADD, ITEM "1", "commissioning"));
	assert_false(claimed(ITEM "1"));
	assert_true(slice_eq_str(owner_of(ITEM "1"), "alice"));
	/* Taken in before: hers from now on; held by whom it was, and marked. */
	FX_REFUSED(NOT_HOLDER, "alice", fx_object(ADD, ITEM "2", "commissioning"));
	assert_int_equal(owner_of(ITEM "2").n, 0);
	FX_OK("alice", fx_attach(ITEM "2", "a certificate"));
	assert_false(claimed(ITEM "2"));
	assert_true(fx_subject(&s, ITEM "2"));
	assert_true(slice_eq_str(s.owner, "alice"));
	assert_true(slice_eq_str(s.holder, "eve"));
	assert_int_equal(s.flags, SUBJECT_TAKEN_IN);
	assert_int_equal(s.count, 2);
	FX_OK("alice", fx_grant(ITEM "2", "dave", ""));
	FX_OK("dave", fx_object(OBSERVE, ITEM "2", "shipping"));
	assert_false(claimed(ITEM "2"));
	/* What was taken in follows its range: whoever had registered that by mistake, or by malice,
	 * and granted steps of others' goods, has nothing to say once it is arbitrated. */
	FX_OK("op", fx_arbitrate("gcp:9521234", "bob"));
	FX_OK("bob", fx_object(OBSERVE, ITEM "2", "shipping"));
	assert_true(claimed(ITEM "2"));
	assert_true(slice_eq_str(owner_of(ITEM "2"), "bob"));
	FX_OK("dave", fx_object(OBSERVE, ITEM "2", "storing"));
	assert_true(claimed(ITEM "2"));
	/* What has been an owner's from the first stays his. */
	FX_OK("bob", fx_object(OBSERVE, ITEM "1", "shipping"));
	assert_true(slice_eq_str(owner_of(ITEM "1"), "alice"));
	/* Nor the kind. */
	FX_OK("carol", fx_product("https://carol.example.org/product"));
	FX_OK("carol", fx_lot("https://lots.example.org/1", "https://carol.example.org/product"));
	assert_true(fx_subject(&s, "https://lots.example.org/1"));
	assert_int_equal(s.kind, SUBJECT_LOT);
	assert_true(slice_eq_str(s.owner, "carol"));
#undef ITEM
}

static struct range range(const char *prefix)
{
	struct state_key k;
	struct slice v;
	struct range r;
	assert_true(fx_get(&v, key_make(&k, "x/", slice_str(prefix))));
	assert_true(range_decode(&r, v));
	return r;
}

static struct slice owner_new(const char *who, const char *id)
{
	FX_OK(who, fx_object(OBSERVE, id, "shipping"));
	return owner_of(id);
}

/* A squatter's longer range counts until the operator says otherwise, in everybody's sight. */
static void ranges_are_arbitrated(void **state)
{
	(void)state;
	struct state_key k;
	struct slice v;
	FX_OK("eve", fx_prefix("gcp:952123400001"));
	FX_OK("alice", fx_prefix("gcp:9521234"));
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.000001.1"), "eve"));
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.054321.1"), "alice"));
	FX_REFUSED(NOT_AUTHORISED, "alice", fx_arbitrate("gcp:952123400001", "alice"));
	FX_REFUSED(NOT_FOUND, "op", fx_arbitrate("gcp:952123400001", "nobody"));
	FX_REFUSED(STATE, "op", fx_arbitrate("gcp:952123400001", "eve"));
	FX_REFUSED(STATE, "op", fx_arbitrate("gcp:9521235", ""));
	FX_REFUSED(INVALID, "op", fx_arbitrate("gcp:952", "eve"));
	action_t *silent = fx_arbitrate("gcp:952123400001", "");
	silent->arbitrate_range->reason = fx_str("");
	FX_REFUSED(INVALID, "op", silent);
	FX_OK("op", fx_arbitrate("gcp:952123400001", ""));
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.000001.2"), "alice"));
	FX_REFUSED(OVERLAP, "eve", fx_prefix("gcp:952123400001"));
	/* Claims alone were made of it while it was hers: it is not hers for ever. */
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.000001.1"), "alice"));
	/* Taken from one and given to another, around or inside whatever is there. */
	FX_OK("op", fx_arbitrate("gcp:9521234", "bob"));
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.054321.2"), "bob"));
	FX_OK("op", fx_arbitrate("gcp:952123454", "carol"));
	assert_true(slice_eq_str(owner_new("frank", "urn:epc:id:sgtin:9521234.054321.3"), "carol"));
	/* Every act that changed it can be found. */
	struct range r = range("gcp:9521234");
	assert_int_equal(r.n, 2);
	assert_true(slice_eq_str(r.owner, "bob"));
	static const enum act_kind acts[] = {ACT_REGISTER_PREFIX, ACT_ARBITRATE_RANGE};
	for (unsigned i = 0; i < 2; i++) {
		assert_true(fx_get(&v, range_event_key(&k, SLICE_LIT("gcp:9521234"), i)));
		struct reader in = reader_of(v);
		struct record rec = fx_record(reader_varint(&in) - 1);
		assert_int_equal(rec.kind, acts[i]);
		assert_int_equal(rec.n_subjects, 0);
	}
	assert_false(fx_get(&v, range_event_key(&k, SLICE_LIT("gcp:9521234"), 2)));
}

static void ranges_are_a_hundred_a_member(void **state)
{
	(void)state;
	char prefix[64];
	for (unsigned i = 0; i < RANGES_MAX; i++) {
		snprintf(prefix, sizeof prefix, "gcp:9521%03u", i);
		FX_OK("eve", fx_prefix(prefix));
	}
	FX_REFUSED(TOO_LARGE, "eve", fx_prefix("gcp:9521234"));
	assert_non_null(strstr(fx.text.text, "at most 100 ranges"));
	FX_OK("eve", fx_prefix("gcp:9521000")); /* hers already */
	FX_OK("alice", fx_prefix("gcp:9521234"));
	FX_OK("op", fx_arbitrate("gcp:9521235", "eve"));
	FX_REFUSED(TOO_LARGE, "eve", fx_prefix("gcp:9521236"));
	FX_OK("op", fx_arbitrate("gcp:9521235", ""));
	FX_REFUSED(TOO_LARGE, "eve", fx_prefix("gcp:9521236"));
	FX_OK("op", fx_arbitrate("gcp:9521000", "alice"));
	FX_OK("eve", fx_prefix("gcp:9521236"));
}

static void a_credential_stands_beside_a_range(void **state)
{
	(void)state;
#define LICENCE "https://gs1.example.org/licence/7"
	action_t *a = fx_prefix("gcp:9521234");
	a->register_prefix->credential = fx_str("not an identifier");
	FX_REFUSED(INVALID, "alice", a);
	a->register_prefix->credential = fx_str(LICENCE);
	FX_REFUSED(NOT_FOUND, "alice", a);
	FX_OK("eve", fx_credential(LICENCE, "bob"));
	FX_REFUSED(NOT_FOUND, "alice", a); /* about another */
	FX_OK("op", fx_credential(LICENCE, "alice"));
	FX_OK("alice", a);
	assert_true(slice_eq_str(range("gcp:9521234").credential, LICENCE));
	FX_OK("alice", fx_prefix("gcp:9521234")); /* said again without: it stays */
	assert_true(slice_eq_str(range("gcp:9521234").credential, LICENCE));
	FX_OK("op", fx_arbitrate("gcp:9521234", "bob")); /* his, not the range's */
	assert_int_equal(range("gcp:9521234").credential.n, 0);
#undef LICENCE
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
	FX_REFUSED(EXISTS, "carol", fx_credential(ID, "dave"));
	FX_REFUSED(NOT_FOUND, "carol", fx_credential("https://issuer.example.org/c/2", "nobody"));
	assert_true(fx_get(&v, key_make(&k, "c/", SLICE_LIT("bob/carol/" ID))));
	assert_true(credential_decode(&c, v));
	/* 2026-01-01 to 2026-12-31, both days included. */
	const int64_t day = 24 * 3600 * 1000, first = 20454 * day, last = 20818 * day;
	assert_int_equal(credential_standing(&c, first - 1), CREDENTIAL_EARLY);
	assert_int_equal(credential_standing(&c, first), CREDENTIAL_VALID);
	assert_int_equal(credential_standing(&c, last + day - 1), CREDENTIAL_VALID);
	assert_int_equal(credential_standing(&c, last + day), CREDENTIAL_EXPIRED);
	FX_REFUSED(NOT_FOUND, "carol", fx_revoke_credential("https://issuer.example.org/c/2"));
	FX_OK("carol", fx_revoke_credential(ID));
	FX_REFUSED(STATE, "carol", fx_revoke_credential(ID));
	assert_true(fx_get(&v, key_make(&k, "c/", SLICE_LIT("bob/carol/" ID))));
	assert_true(credential_decode(&c, v));
	assert_int_equal(credential_standing(&c, first), CREDENTIAL_REVOKED);
	struct subject s;
	assert_true(fx_subject(&s, ID));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.kind, SUBJECT_DOCUMENT);
	/* An id is nobody's: another's credential, or goods, of that name hinder nothing. */
	FX_OK("eve", fx_credential(ID, "dave"));
	FX_REFUSED(STATE, "carol", fx_revoke_credential(ID));
	FX_REFUSED(NOT_AUTHORISED, "dave", fx_revoke_credential(ID));
	FX_OK("eve", fx_revoke_credential(ID));
	FX_OK("eve", fx_object(OBSERVE, "https://issuer.example.org/c/3", "shipping"));
	FX_OK("eve", fx_product("https://issuer.example.org/c/4"));
	FX_OK("carol", fx_credential("https://issuer.example.org/c/3", "bob"));
	FX_OK("carol", fx_credential("https://issuer.example.org/c/4", "bob"));
	FX_OK("carol", fx_revoke_credential("https://issuer.example.org/c/3"));
	assert_true(fx_subject(&s, "https://issuer.example.org/c/3"));
	assert_int_equal(s.kind, SUBJECT_ITEM);
	assert_int_equal(s.claims, 2);
	FX_OK("eve", fx_prefix("https://issuer.example.org/"));
	FX_REFUSED(NOT_OWNER, "carol", fx_credential("https://issuer.example.org/c/5", "bob"));
}

static void attachments_leave_a_receipt(void **state)
{
	(void)state;
	struct state_key k;
	struct slice v;
	struct attachment at;
	ProtobufCBinaryData h = fx_hash("a photo");
	FX_OK("alice", fx_attach("", "a photo")); /* about nothing in particular */
	FX_REFUSED(EXISTS, "alice", fx_attach("", "a photo"));
	FX_REFUSED(NOT_AUTHORISED, "bob", fx_erase("a photo"));
	FX_REFUSED(NOT_FOUND, "alice", fx_erase("another photo"));
	FX_OK("alice", fx_erase("a photo"));
	FX_REFUSED(STATE, "alice", fx_erase("a photo"));
	FX_REFUSED(EXISTS, "alice", fx_attach("", "a photo"));
	assert_true(fx_get(&v, attachment_key(&k, h.data, SLICE_LIT("alice"))));
	assert_true(attachment_decode(&at, v));
	assert_int_equal(at.recorded1 + 1, at.erased1);
	/* A hash is nobody's: who was first, and what he did with it, hinders nobody. */
	FX_OK("bob", fx_attach("https://goods.example.org/1", "a photo"));
	assert_true(fx_get(&v, attachment_key(&k, h.data, SLICE_LIT("bob"))));
	assert_true(attachment_decode(&at, v));
	assert_true(slice_eq_str(at.before, "alice"));
	assert_true(slice_eq_str(at.subject, "https://goods.example.org/1"));
	assert_int_equal(at.erased1, 0);
	assert_true(fx_get(&v, key_make(&k, VOICE_ATTACHMENT, slice(h.data, h.len))));
	struct slice last;
	assert_true(voice_decode(&last, v) && slice_eq_str(last, "bob"));
	FX_OK("bob", fx_erase("a photo"));
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
		T(scheme_wide_names_are_nobodys),
		T(the_longest_range_owns),
		T(a_range_outranks_a_product),
		T(registering_takes_nothing),
		T(every_registration_in_every_state),
		T(what_is_said_first_fixes_nothing),
		T(ranges_are_arbitrated),
		T(ranges_are_a_hundred_a_member),
		T(a_credential_stands_beside_a_range),
		T(master_data_keep_the_standard),
		T(keys_are_replaced_and_never_all_lost),
		T(members_are_admitted_and_suspended),
		T(credentials_hold_for_their_days),
		T(attachments_leave_a_receipt),
		T(custody_is_for_things),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
