/*
 * Makes proofs with the chain's side (proof/bundle.h) and checks them with the verifier's,
 * which shares no code with it.
 */
#include "proof_world.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <cmocka.h>

static void expect(const struct world *w, struct slice bytes, enum verify_reason want)
{
	struct verify_result *r = w_verify(w, bytes);
	if (r->reason != want)
		print_error("%s: %s\n", verify_reason_name(r->reason), r->detail);
	assert_int_equal(r->reason, want);
	verify_free(r);
}

static void first(struct world *w, struct buf *out)
{
	size_t which = 0;
	buf_clear(out);
	world_bundle(w, out, &which, 1, false);
}

static void good(void **s)
{
	(void)s;
	for (size_t n = 1; n <= 7; n += 3) {
		struct world *w = w_parcel(n);
		struct buf b = BUF_INIT;
		first(w, &b);
		struct verify_result *r = w_verify(w, buf_slice(&b));
		assert_int_equal(r->reason, VERIFY_OK);
		assert_true(r->height == 25 && r->journey && !r->is_head && r->n_subjects == 1);
		assert_true(r->n_validators == n && r->n_signed == (n == 1 ? 1 : n - 1));
		assert_memory_equal(r->state_root, w->state_root.b, 32);
		assert_memory_equal(r->app_hash, w->header.app_hash.b, 32);
		struct hash h;
		header_hash(&h, &w->header);
		assert_memory_equal(r->header_hash, h.b, 32);
		assert_string_equal(r->chain_id, "tea-road-2026");
		const struct verify_subject *v = &r->subjects[0];
		assert_string_equal(v->id, w->s[0].id);
		assert_string_equal(v->owner, "leafco");
		assert_int_equal(v->n_events, 20);
		for (size_t i = 0; i < 20; i++) {
			const struct bundle_event *e = &w->s[0].e[i];
			assert_true(v->events[i].happened_ms == e->happened_ms);
			assert_true(v->events[i].recorded_ms == e->recorded_ms);
			assert_true(slice_eq_str(e->step, v->events[i].step));
			assert_true(slice_eq_str(e->where, v->events[i].where));
			assert_true(slice_eq_str(e->who, v->events[i].who));
			assert_true(v->events[i].kind == e->kind && v->events[i].role == e->role);
			assert_int_equal(v->events[i].flags, e->flags);
		}
		for (enum verify_style k = VERIFY_EN; k <= VERIFY_JSON; k++) {
			char *words = verify_words(r, k);
			assert_non_null(strstr(words, "TEA-2026-00017-PARCEL"));
			assert_true(utf8_valid(slice_str(words)));
			free(words);
		}
		verify_free(r);
		buf_fini(&b);
		world_free(w);
	}
}

/* The bound of the design: twenty events in at most 2,600 bytes, and in one QR code. */
static void size(void **s)
{
	(void)s;
	for (size_t n = 1; n <= 4; n += 3) {
		struct world *w = w_parcel(n);
		struct buf b = BUF_INIT, url = BUF_INIT;
		size_t at[2] = {20, 24}; /* about the mean and the most among 1M keys */
		for (size_t i = 0; i < 2; i++) {
			w_deep(w, (unsigned)at[i]);
			first(w, &b);
			expect(w, buf_slice(&b), VERIFY_OK);
			print_message("20 events, %zu validators, path of %zu: %zu bytes\n", n,
				      at[i], b.n);
			assert_true(b.n <= 2600);
		}
		/* QR 40-L: 23,648 bits; a byte segment for the address, an alphanumeric one. */
		const char *prefix = "https://trace.example.org/p#";
		bundle_to_url(&url, prefix, buf_slice(&b));
		size_t digits = url.n - strlen(prefix);
		size_t bits = 4 + 16 + 8 * strlen(prefix) + 4 + 13 + (11 * digits + 1) / 2;
		print_message("QR: %zu of 23648 bits\n", bits);
		assert_true(bits <= 23648);
		expect(w, buf_slice(&url), VERIFY_OK);
		buf_fini(&b);
		buf_fini(&url);
		world_free(w);
	}
}

static void text_form(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT, url = BUF_INIT;
	first(w, &b);
	bundle_to_url(&url, "https://host/p#", buf_slice(&b));
	buf_put_str(&url, "\r\n");
	expect(w, buf_slice(&url), VERIFY_OK);
	/* All in lower case, as some readers give it; mixed is refused, so are cuts. */
	for (size_t i = 15; i < url.n; i++)
		if (url.p[i] >= 'A' && url.p[i] <= 'Z')
			url.p[i] |= 0x20;
	expect(w, buf_slice(&url), VERIFY_OK);
	url.p[15] = 'A';
	expect(w, buf_slice(&url), VERIFY_FORMAT);
	for (size_t cut = 3; cut < 20; cut++)
		expect(w, slice(url.p, url.n - cut), VERIFY_FORMAT);
	expect(w, slice(NULL, 0), VERIFY_FORMAT);
	expect(w, SLICE_LIT("#"), VERIFY_FORMAT);
	buf_fini(&b);
	buf_fini(&url);
	world_free(w);
}

/* ---- histories that were meddled with ---- */

enum meddling {
	DROP,
	REPEAT,
	SWAP,
	KIND,
	FLAGS,
	ROLE,
	HAPPENED,
	RECORDED,
	STEP,
	WHERE,
	WHO,
	DIGEST,
	MEDDLINGS
};

static bool meddle(struct w_subject *s, enum meddling how, size_t i)
{
	struct bundle_event *e = &s->e[i];
	struct bundle_event was = *e;
	switch (how) {
	case DROP:
		memmove(e, e + 1, (s->n - i - 1) * sizeof *e);
		s->n--;
		return true;
	case REPEAT:
		memmove(e + 1, e, (s->n - i) * sizeof *e);
		s->n++;
		return true;
	case SWAP:
		if (i + 1 == s->n)
			return false;
		e[0] = e[1];
		e[1] = was;
		e[0].recorded_ms = was.recorded_ms; /* else it cannot even be encoded */
		e[1].recorded_ms = was.recorded_ms;
		return true;
	case KIND:
		e->kind ^= 16;
		return true;
	case FLAGS:
		e->flags ^= 1;
		return true;
	case ROLE:
		e->role ^= 3;
		return true;
	case HAPPENED:
		e->happened_ms ^= 1;
		return true;
	case RECORDED:
		if (i + 1 == s->n || e->recorded_ms == e[1].recorded_ms)
			return false;
		e->recorded_ms++;
		return true;
	case STEP:
		e->step = SLICE_LIT("sampling");
		return true;
	case WHERE:
		e->where = slice(e->where.p, e->where.n - 1);
		return true;
	case WHO:
		e->who = SLICE_LIT("leafcn");
		return true;
	case DIGEST:
		e->digest.b[31] ^= 1;
		return true;
	case MEDDLINGS:
		break;
	}
	return false;
}

/* As a forger would go on: make the history's head fit what is shown. */
static void mend_head(struct w_subject *s)
{
	memset(&s->head, 0, sizeof s->head);
	for (size_t i = 0; i < s->n; i++) {
		struct buf sum = BUF_INIT;
		w_summary(&sum, &s->e[i]);
		struct slice parts[4] = {SLICE_LIT("argosy/history/1"), slice(s->head.b, 32),
					 slice(s->e[i].digest.b, 32), buf_slice(&sum)};
		sha256_parts(&s->head, parts, 4);
		buf_fini(&sum);
	}
}

/* Every event dropped, repeated, moved or changed in any field is refused, by the history;
 * and by the signature if the forger mends the history. */
static void meddled(void **state)
{
	(void)state;
	unsigned cases = 0;
	struct world *w = w_parcel(1);
	struct w_subject *s = &w->s[0], was = *s;
	for (enum meddling how = DROP; how < MEDDLINGS; how++)
		for (size_t i = 0; i < 20; i++) {
			struct buf b = BUF_INIT;
			struct buf value = s->value;
			*s = was;
			s->value = value;
			if (!meddle(s, how, i))
				continue;
			buf_clear(&s->value);
			w_value(&s->value, s);
			first(w, &b);
			expect(w, buf_slice(&b), VERIFY_HISTORY);
			mend_head(s);
			buf_clear(&s->value);
			w_value(&s->value, s);
			first(w, &b);
			expect(w, buf_slice(&b), VERIFY_SIGNATURE);
			buf_fini(&b);
			cases++;
		}
	print_message("%u meddled histories refused, and once more each with the head mended\n",
		      cases);
	assert_true(cases >= 12 * 20 - 4);
	struct buf value = s->value;
	*s = was;
	s->value = value;
	world_free(w);
}

/* An event put in between that never was. */
static void invented(void **state)
{
	(void)state;
	struct world *w = w_parcel(4);
	struct w_subject *s = &w->s[0];
	struct buf b = BUF_INIT;
	for (size_t i = 0; i <= 20; i++) {
		struct w_subject was = *s;
		struct bundle_event e = s->e[i < 20 ? i : 19];
		e.step = SLICE_LIT("repairing");
		e.digest.b[0] ^= 0xff;
		memmove(&s->e[i + 1], &s->e[i], (20 - i) * sizeof e);
		s->e[i] = e;
		s->n = 21;
		buf_clear(&s->value);
		w_value(&s->value, s);
		first(w, &b);
		expect(w, buf_slice(&b), VERIFY_HISTORY);
		was.value = s->value;
		*s = was;
	}
	buf_fini(&b);
	world_free(w);
}

/* Flips bits, `step` apart, cuts, and one byte more: all refused. */
static void bits(struct world *w, struct slice good_bytes, size_t step)
{
	uint8_t *bad = malloc(good_bytes.n + 1);
	assert_non_null(bad);
	memcpy(bad, good_bytes.p, good_bytes.n);
	for (size_t i = 0; i < 8 * good_bytes.n; i += step) {
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
		enum verify_reason reason = w_reason(w, slice(bad, good_bytes.n));
		if (reason == VERIFY_OK)
			print_error("bit %zu of byte %zu\n", i % 8, i / 8);
		assert_int_not_equal(reason, VERIFY_OK);
		bad[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t n = 0; n < good_bytes.n; n += step)
		assert_int_not_equal(w_reason(w, slice(bad, n)), VERIFY_OK);
	bad[good_bytes.n] = 0;
	assert_int_not_equal(w_reason(w, slice(bad, good_bytes.n + 1)), VERIFY_OK);
	free(bad);
}

/* One bit of each byte, not the same in all. */
static void any_bit(struct world *w, struct slice good_bytes)
{
	bits(w, good_bytes, 9);
}

static void every_bit(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT;
	first(w, &b);
	bits(w, buf_slice(&b), 1);
	buf_fini(&b);
	world_free(w);
}

/* ---- who signed ---- */

static void signatures(void **s)
{
	(void)s;
	struct world *w = w_parcel(4);
	struct buf b = BUF_INIT;
	struct commit was = w->commit;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_OK);
	/* Two of four are too few. */
	w->commit.sigs[0].flag = FLAG_ABSENT;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_POWER);
	/* Another validator's signature in one's place. */
	w->commit = was;
	memcpy(w->commit.sigs[0].sig, was.sigs[1].sig, 64);
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_SIGNATURE);
	w->commit = was;
	w->commit.round = 1;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_SIGNATURE);
	w->commit = was;
	w->commit.block_id.parts_hash.b[0] ^= 1;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_SIGNATURE);
	w->commit = was;
	w->header.height++;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_SIGNATURE);
	w->header.height--;
	w->header.time.s++;
	first(w, &b);
	assert_int_not_equal(w_reason(w, buf_slice(&b)), VERIFY_OK);
	w->header.time.s--;
	w->header.validators_hash.b[0] ^= 1; /* a header that names other validators */
	w_head(w, 25);
	w->header.validators_hash.b[0] ^= 1;
	buf_fini(&b);
	world_free(w);
}

static void other_chain(void **s)
{
	(void)s;
	struct world *solo = w_parcel(1), *four = w_parcel(4);
	struct buf b = BUF_INIT;
	first(solo, &b);
	expect(four, buf_slice(&b), VERIFY_FINGERPRINT);
	struct verify_options none = {0};
	struct verify_result *r = verify_bundle(b.p, b.n, &none);
	assert_int_equal(r->reason, VERIFY_OK);
	assert_memory_equal(r->fingerprint, solo->g.fingerprint.b, 32);
	verify_free(r);
	buf_fini(&b);
	world_free(solo);
	world_free(four);
}

/* ---- absence, steps, journeys ---- */

static void absent(void **s)
{
	(void)s;
	struct world *w = w_parcel(4);
	unsigned seen[3] = {0};
	for (unsigned i = 0; i < 200; i++) {
		char id[40];
		struct buf proof = BUF_INIT, b = BUF_INIT;
		snprintf(id, sizeof id, "/01/09521234543213/21/NONE-%u", i);
		w_absent(w, &proof, id);
		seen[proof.p[0]]++;
		struct bundle_subject x = {.id = slice_str(id), .proof = buf_slice(&proof)};
		struct bundle one = {.head = w_bundle_head(w), .subjects = &x, .n_subjects = 1};
		assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
		struct verify_result *r = w_verify(w, buf_slice(&b));
		assert_int_equal(r->reason, VERIFY_OK);
		assert_true(r->subjects[0].absent && r->subjects[0].n_events == 0);
		assert_string_equal(r->subjects[0].id, id);
		verify_free(r);
		/* The same path does not show that something present is absent. */
		x.id = slice_str(w->s[0].id);
		buf_clear(&b);
		assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
		assert_int_not_equal(w_reason(w, buf_slice(&b)), VERIFY_OK);
		buf_fini(&proof);
		buf_fini(&b);
	}
	assert_true(seen[1] > 0 && seen[2] > 0);
	world_free(w);
}

/* A changed byte is refused, or names another identifier that is absent too: the same path
 * shows the absence of all whose hashes begin alike. Never one that is present. */
static void absent_changed(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf proof = BUF_INIT, b = BUF_INIT;
	w_absent(w, &proof, "/01/09521234543213/21/NONE");
	struct bundle_subject x = {.id = SLICE_LIT("/01/09521234543213/21/NONE"),
				   .proof = buf_slice(&proof)};
	struct bundle one = {.head = w_bundle_head(w), .subjects = &x, .n_subjects = 1};
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
	for (size_t i = 0; i < 8 * b.n; i++) {
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
		struct verify_result *r = w_verify(w, buf_slice(&b));
		if (r->reason == VERIFY_OK) {
			assert_true(r->subjects[0].absent);
			assert_string_not_equal(r->subjects[0].id, "/01/09521234543213/21/NONE");
		}
		verify_free(r);
		b.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	buf_fini(&proof);
	buf_fini(&b);
	world_free(w);
}

/* The maker's table of steps is the verifier's. */
static void every_step(void **s)
{
	(void)s;
	static const char *const all[] = {"accepting",
					  "arriving",
					  "assembling",
					  "collecting",
					  "commissioning",
					  "consigning",
					  "creating_class_instance",
					  "cycle_counting",
					  "decommissioning",
					  "departing",
					  "destroying",
					  "disassembling",
					  "dispensing",
					  "encoding",
					  "entering_exiting",
					  "holding",
					  "inspecting",
					  "installing",
					  "killing",
					  "loading",
					  "other",
					  "packing",
					  "picking",
					  "receiving",
					  "removing",
					  "repackaging",
					  "repairing",
					  "replacing",
					  "reserving",
					  "retail_selling",
					  "sampling",
					  "sensor_reporting",
					  "shipping",
					  "staging_outbound",
					  "stock_taking",
					  "stocking",
					  "storing",
					  "transporting",
					  "unloading",
					  "unpacking",
					  "void_shipping",
					  "document",
					  "register_product",
					  "register_location",
					  "register_prefix",
					  "define_lot",
					  "issue_credential",
					  "revoke_credential",
					  "offer_custody",
					  "accept_custody",
					  "decline_custody",
					  "grant_step",
					  "revoke_grant",
					  "admit_member",
					  "set_member",
					  "add_key",
					  "revoke_key",
					  "disown_key",
					  "attach",
					  "erase_attachment",
					  "statement",
					  "",
					  "https://example.com/steps/steeping"};
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	w_add(w, "/01/09521234543213/21/X", 1);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		w_event(w, A_OBSERVE, all[i], "", "who", 0);
	world_close(w, 70);
	first(w, &b);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		assert_string_equal(r->subjects[0].events[i].step, all[i]);
	verify_free(r);
	buf_fini(&b);
	world_free(w);
}

static void journey(void **s)
{
	(void)s;
	struct world *w = w_journey(4);
	struct buf b = BUF_INIT;
	enum { ALL = sizeof w_whole_journey / sizeof *w_whole_journey };
	static const struct {
		size_t subject;
		uint64_t first, last;
		char link;
	} spans[ALL] = {{J_TIN, 1, 4, 0},     {J_LOT_A, 1, 4, 'o'}, {J_LOT_B, 1, 2, 'o'},
			{J_BLEND, 1, 2, 'o'}, {J_BOX, 2, 5, 'c'},   {J_PALLET, 1, 4, 'c'},
			{J_SACK, 2, 4, 'c'}};
	world_bundle(w, &b, w_whole_journey, ALL, true);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->journey && r->n_subjects == ALL);
	for (size_t i = 0; i < ALL; i++) {
		assert_string_equal(r->subjects[i].id, w->s[spans[i].subject].id);
		assert_int_equal(r->subjects[i].first, spans[i].first);
		assert_int_equal(r->subjects[i].last, spans[i].last);
		assert_int_equal(r->subjects[i].link, spans[i].link);
	}
	verify_free(r);

	/* Without any one of them there is a gap; without the records too. */
	for (size_t gap = 1; gap < ALL; gap++) {
		size_t which[ALL], n = 0;
		for (size_t i = 0; i < ALL; i++)
			if (i != gap)
				which[n++] = w_whole_journey[i];
		buf_clear(&b);
		world_bundle(w, &b, which, n, true);
		expect(w, buf_slice(&b), VERIFY_JOURNEY);
	}
	buf_clear(&b);
	world_bundle(w, &b, w_whole_journey, ALL, false);
	expect(w, buf_slice(&b), VERIFY_JOURNEY);
	/* What does not belong is refused; alone, the tin proves its own history only. */
	size_t more[ALL + 1] = {J_TIN, J_LOT_A,	 J_LOT_B, J_BLEND,
				J_BOX, J_PALLET, J_SACK,  J_STRANGER};
	buf_clear(&b);
	world_bundle(w, &b, more, ALL + 1, true);
	expect(w, buf_slice(&b), VERIFY_JOURNEY);
	buf_clear(&b);
	world_bundle(w, &b, more, 1, true);
	r = w_verify(w, buf_slice(&b));
	assert_true(r->reason == VERIFY_OK && !r->journey);
	assert_non_null(r->subjects[0].events[0].record);
	verify_free(r);
	/* Records of somebody else's event. */
	struct bundle_subject x = w_bundle_subject(w, J_TIN);
	struct bundle_record wrong = {0, 1, buf_slice(&w->records[0])};
	struct bundle one = {.head = w_bundle_head(w),
			     .subjects = &x,
			     .n_subjects = 1,
			     .records = &wrong,
			     .n_records = 1};
	buf_clear(&b);
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
	expect(w, buf_slice(&b), VERIFY_RECORD);
	buf_fini(&b);
	world_free(w);
}

/* A box that was on a pallet before the tin was put into it: that pallet is no part of the
 * tin's journey, and neither is where the box was afterwards. */
static void stays(void **s)
{
	(void)s;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	size_t tin = w_add(w, "/01/09521234543213/21/T", 1), box = w_add(w, "/00/1", 4);
	size_t early = w_add(w, "/00/2", 4), with = w_add(w, "/00/3", 4);
	size_t late = w_add(w, "/00/4", 4);
	const struct {
		size_t parent, child;
		uint8_t action;
		const char *step;
	} moves[] = {
		{early, box, A_ADD, "loading"},	   {early, box, A_DELETE, "unloading"},
		{with, box, A_ADD, "loading"},	   {box, tin, A_ADD, "packing"},
		{box, tin, A_DELETE, "unpacking"}, {with, box, A_DELETE, "unloading"},
		{late, box, A_ADD, "loading"},
	};
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		const struct w_entry e[2] = {{moves[i].parent, R_PARENT, 0, 0},
					     {moves[i].child, R_CHILD, 0, 0}};
		w_act(w, 1, moves[i].action, moves[i].step, "", "m", e, 2, NULL);
	}
	world_close(w, 9);
	const size_t whole[] = {tin, box, with}, more[] = {tin, box, with, early};
	const size_t later[] = {tin, box, with, late}, less[] = {tin, box};
	world_bundle(w, &b, whole, 3, true);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->subjects[1].first == 4 && r->subjects[1].last == 5);
	/* The box was loaded before the tin was put in, and unloaded after it was taken out: for
	 * just that while nothing happened to the other. */
	assert_true(r->subjects[2].first == 0 && r->subjects[2].last == 0);
	verify_free(r);
	buf_clear(&b);
	world_bundle(w, &b, more, 4, true);
	expect(w, buf_slice(&b), VERIFY_JOURNEY);
	buf_clear(&b);
	world_bundle(w, &b, later, 4, true);
	expect(w, buf_slice(&b), VERIFY_JOURNEY);
	buf_clear(&b);
	world_bundle(w, &b, less, 2, true);
	expect(w, buf_slice(&b), VERIFY_JOURNEY);
	buf_fini(&b);
	world_free(w);
}

/* One move or, with child NONE, one reading; at an hour. */
enum { NONE = 99 };
static void hour(struct world *w, int64_t at, uint8_t action, size_t parent, size_t child)
{
	const struct w_entry e[2] = {{parent, child == NONE ? R_WHAT : R_PARENT, 0, 0}, {child, R_CHILD, 0, 0}};
	w->happened_ms = 1764000000000 + at * 3600000;
	w_act(w, 1, action, "transporting", "", "m", e, child == NONE ? 1 : 2, NULL);
}

static void assert_part(const struct verify_subject *s, const char *want)
{
	char got[40] = "";
	for (uint64_t i = 0; i < s->n_events; i++)
		got[i] = s->events[i].part ? '+' : '-';
	assert_string_equal(got, want);
}

/* Times bound a journey, whatever the order of recording; where they contradict, that does. */
static void times(void **s)
{
	(void)s;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	size_t tin = w_add(w, "/01/09521234543213/21/T", 1), box = w_add(w, "/00/1", 4);
	size_t pallet = w_add(w, "/00/2", 4), other = w_add(w, "/00/3", 4);
	hour(w, 10, A_ADD, box, tin);
	hour(w, 5, A_OBSERVE, box, NONE); /* recorded meanwhile, happened before */
	/* Other acts happen when they are recorded: here long before the packing, as it is told. */
	const struct w_entry about = {box, R_ABOUT, 0, 0};
	w_act(w, 9, 0, "offer_custody", "", "m", &about, 1, NULL);
	hour(w, 20, A_DELETE, box, tin);
	w_act(w, 11, 0, "decline_custody", "", "n", &about, 1, NULL);
	hour(w, 15, A_OBSERVE, box, NONE); /* recorded after, happened meanwhile */
	hour(w, 20, A_OBSERVE, box, NONE); /* at the unpacking: not any more */
	hour(w, 18, A_DELETE, pallet, box);
	hour(w, 16, A_OBSERVE, pallet, NONE);
	hour(w, 18, A_OBSERVE, pallet, NONE);
	hour(w, 12, A_ADD, pallet, box);
	hour(w, 40, A_ADD, other, tin);
	hour(w, 30, A_OBSERVE, other, NONE);
	hour(w, 35, A_DELETE, other, tin); /* before it was put in */
	hour(w, 36, A_OBSERVE, other, NONE);
	hour(w, 41, A_OBSERVE, other, NONE);
	world_close(w, 9);
	const size_t whole[] = {tin, box, pallet, other}, less[] = {tin, box, other};
	world_bundle(w, &b, whole, 4, true);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->journey);
	assert_part(&r->subjects[0], "++++");
	assert_part(&r->subjects[1], "+-++-+-++");
	assert_part(&r->subjects[2], "++-+");
	assert_part(&r->subjects[3], "++++-");
	assert_true(r->subjects[0].contradicts && !r->subjects[1].contradicts);
	char *words = verify_words(r, VERIFY_EN);
	assert_non_null(strstr(words, "before it was packed"));
	free(words);
	verify_free(r);
	/* Without the pallet, which was recorded after the box was left, it is not whole. */
	buf_clear(&b);
	world_bundle(w, &b, less, 3, true);
	assert_int_equal(w_reason(w, buf_slice(&b)), VERIFY_JOURNEY);
	buf_fini(&b);
	world_free(w);
}

static void assert_says(const struct verify_result *r, enum verify_style style, const char *want)
{
	char *words = verify_words(r, style);
	if (!strstr(words, want))
		print_error("%s\nis not in\n%s\n", want, words);
	assert_non_null(strstr(words, want));
	free(words);
}

/* Which event is void: the marks say it, and the history proves them. */
static void marks(void **state)
{
	(void)state;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	size_t x = w_add(w, "/01/09521234543213/21/X", 1);
	w_event(w, A_OBSERVE, "storing", "", "leafco", x);
	w_event(w, A_OBSERVE, "inspecting", "/414/9521234000013", "leafco", x);
	w_event(w, A_OBSERVE, "inspecting", "/414/9521234000013", "leafco", x);
	w_void(w, "leafco", x, R_WHAT, 2);
	w_event(w, A_OBSERVE | 4, "storing", "", "leafco", x); /* of what is not here */
	world_close(w, 7);
	world_bundle(w, &b, &x, 1, false);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	const struct verify_event *e = r->subjects[0].events;
	assert_true(e[0].declared_by == 0 && e[1].declared_by == 4 && e[2].declared_by == 0);
	assert_true(e[3].declares == 2 && e[4].declares == 0);
	assert_says(r, VERIFY_EN, "VOID: declared in error by 4");
	assert_says(r, VERIFY_EN, "void mark ");
	assert_says(r, VERIFY_ZH, "作废标记");
	assert_says(r, VERIFY_EN, "declares 2 in error");
	assert_says(r, VERIFY_EN, "declares an error of what is not here");
	assert_says(r, VERIFY_EN, "that none of these acts was disowned");
	assert_says(r, VERIFY_ZH, "作废：第 4 条声明其有误");
	assert_says(r, VERIFY_JSON, "\"declares_error\":true,\"declares_error_of\":2");
	assert_says(r, VERIFY_JSON, "\"declared_in_error_by\":4");
	assert_says(r, VERIFY_JSON, "\"disowned\":\"that none of these acts");
	verify_free(r);
	/* Another event named as void: not the history that the state holds. */
	struct bundle_event *mark = &w->s[x].e[3];
	mark->voided = 3;
	buf_clear(&b);
	world_bundle(w, &b, &x, 1, false);
	expect(w, buf_slice(&b), VERIFY_HISTORY);
	mark->voided = 2;
	/* A mark says nothing else, and is nothing else. */
	mark->where = SLICE_LIT("/414/9521234000013");
	buf_clear(&b);
	world_bundle(w, &b, &x, 1, false);
	expect(w, buf_slice(&b), VERIFY_FORMAT);
	mark->where = slice(NULL, 0);
	mark->flags |= 32;
	mark->voided = 0;
	buf_clear(&b);
	world_bundle(w, &b, &x, 1, false);
	expect(w, buf_slice(&b), VERIFY_VERSION);
	buf_fini(&b);
	world_free(w);
}

/* After the delivery the carrier declares his loading in error: the reefer, and its alarm at
 * sea, stay part of the journey, marked. */
static void laundering(void **state)
{
	(void)state;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	size_t tin = w_add(w, "/01/09521234543213/21/T", 1), reefer = w_add(w, "/8004/9521234R1", 5);
	hour(w, 10, A_ADD, reefer, tin);
	hour(w, 12, A_OBSERVE, reefer, NONE); /* the alarm */
	hour(w, 20, A_DELETE, reefer, tin);
	hour(w, 22, A_OBSERVE, reefer, NONE);
	w_void(w, "carrier", tin, R_CHILD, 1);
	world_close(w, 9);
	const size_t whole[] = {tin, reefer};
	world_bundle(w, &b, whole, 2, true);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->journey && r->subjects[0].events[0].declared_by == 3);
	assert_part(&r->subjects[1], "+++-");
	verify_free(r);
	buf_clear(&b);
	world_bundle(w, &b, whole, 1, true);
	assert_false((r = w_verify(w, buf_slice(&b)))->journey);
	verify_free(r);
	buf_fini(&b);
	world_free(w);
}

/* A void packing that nobody was taken out of ends with its declaration. */
static void void_and_inside(void **state)
{
	(void)state;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	size_t tin = w_add(w, "/01/09521234543213/21/T", 1), box = w_add(w, "/00/1", 4);
	hour(w, 10, A_ADD, box, tin);
	hour(w, 12, A_OBSERVE, box, NONE);
	w->now_ms += 86400000;
	w_void(w, "leafco", tin, R_CHILD, 1);
	w->happened_ms = w->now_ms + 86400000; /* after it */
	w_event(w, A_OBSERVE, "storing", "", "leafco", box);
	world_close(w, 9);
	const size_t whole[] = {tin, box};
	world_bundle(w, &b, whole, 2, true);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_part(&r->subjects[1], "++-");
	verify_free(r);
	buf_fini(&b);
	world_free(w);
}

/* Two subjects, each good, of two different states. */
static void two_states(void **s)
{
	(void)s;
	struct world *w = w_journey(1);
	struct buf b = BUF_INIT, proof = BUF_INIT;
	buf_put_slice(&proof, buf_slice(&w->s[J_BOX].proof));
	w_event(w, A_OBSERVE, "storing", "", "shop", J_LOT_B);
	struct buf keep = w->s[J_BOX].proof;
	world_close(w, 31);
	keep = w->s[J_BOX].proof;
	w->s[J_BOX].proof = proof;
	world_bundle(w, &b, w_whole_journey, 7, true);
	enum verify_reason reason = w_reason(w, buf_slice(&b));
	assert_true(reason == VERIFY_STATE || reason == VERIFY_OK);
	/* Only if the path of the box met no change may it still fit. */
	assert_true((reason == VERIFY_OK) == slice_eq(buf_slice(&keep), buf_slice(&proof)));
	w->s[J_BOX].proof = keep;
	buf_fini(&proof);
	buf_fini(&b);
	world_free(w);
}

/* ---- epochs ---- */

static void epochs(void **s)
{
	(void)s;
	for (size_t n = 1; n <= 4; n += 3) {
		struct world *w = w_parcel(n);
		struct buf b = BUF_INIT;
		w_epoch(w, EPOCH_REPLACE, 26, n - 1);
		w_epoch(w, EPOCH_RESUME, 30, 0);
		w_event(w, A_OBSERVE, "storing", "", "lastmile", 0);
		world_close(w, 31);
		first(w, &b);
		struct verify_result *r = w_verify(w, buf_slice(&b));
		if (r->reason != VERIFY_OK)
			print_error("%s: %s\n", verify_reason_name(r->reason), r->detail);
		assert_int_equal(r->reason, VERIFY_OK);
		assert_true(r->n_epochs == 2 && !r->epochs[0].resumed && r->epochs[1].resumed);
		verify_free(r);
		any_bit(w, buf_slice(&b));
		/* An epoch of the future, one left out, the order changed. */
		struct epoch was[4];
		memcpy(was, w->epochs, sizeof was);
		w->n_epochs = 1;
		first(w, &b);
		expect(w, buf_slice(&b), VERIFY_OK); /* resuming changes no key */
		w->n_epochs = 0;
		first(w, &b);
		expect(w, buf_slice(&b), VERIFY_SIGNATURE);
		w->n_epochs = 2;
		w->epochs[0] = was[1];
		w->epochs[1] = was[0];
		first(w, &b);
		expect(w, buf_slice(&b), VERIFY_EPOCH);
		w->n_epochs = 1;
		w->epochs[0] = was[0];
		w_head(w, 25);
		first(w, &b);
		expect(w, buf_slice(&b), VERIFY_EPOCH);
		buf_fini(&b);
		world_free(w);
	}
}

/* A thief's key that the genesis never named. */
static enum verify_reason against(struct world *w, struct slice bytes, struct slice head);
static void head_of(struct world *w, struct buf *out, const struct bundle_witness *x, size_t n);

/* A key that was replaced, as stolen, signs on; whoever holds a head from after its replacement
 * is not taken in, nor whoever holds one from after a resumption that is now kept quiet. */
static void replaced_key(void **s)
{
	(void)s;
	for (enum epoch_kind kind = EPOCH_REPLACE; kind <= EPOCH_RESUME; kind++) {
		struct world *w = w_parcel(1), *thief = w_parcel(1);
		struct buf old = BUF_INIT, head = BUF_INIT, b = BUF_INIT;
		head_of(w, &old, NULL, 0);
		w_epoch(w, kind, 26, 0);
		world_close(w, 31);
		head_of(w, &head, NULL, 0);
		world_close(thief, 40);
		first(thief, &b);
		struct verify_result *r = w_verify(w, buf_slice(&b));
		assert_int_equal(r->reason, VERIFY_OK);
		/* Which he cannot know who holds nothing newer. */
		assert_says(r, VERIFY_EN, "the key which signed was not replaced since");
		assert_says(r, VERIFY_ZH, "此后未因丢失或被盗而更换");
		assert_says(r, VERIFY_JSON, "\"key_replaced\":");
		verify_free(r);
		assert_int_equal(against(w, buf_slice(&b), buf_slice(&old)), VERIFY_OK);
		assert_int_equal(against(w, buf_slice(&b), buf_slice(&head)), VERIFY_HEAD);
		/* The honest one goes on from both. */
		world_close(w, 41);
		first(w, &b);
		assert_int_equal(against(w, buf_slice(&b), buf_slice(&old)), VERIFY_OK);
		assert_int_equal(against(w, buf_slice(&b), buf_slice(&head)), VERIFY_OK);
		buf_fini(&old);
		buf_fini(&head);
		buf_fini(&b);
		world_free(w);
		world_free(thief);
	}
}

static void foreign_key(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT;
	uint8_t seed[32] = {77}, secret[64];
	struct epoch *e = &w->epochs[0];
	*e = (struct epoch){.number = 2, .kind = EPOCH_REPLACE, .from_height = 20};
	ed25519_from_seed(e->key, secret, seed);
	assert_int_equal(epoch_sign(e, &w->g.fingerprint, secret), ERR_OK);
	struct epoch_set set;
	epoch_set_init(&set, &w->g);
	assert_int_equal(epoch_apply(&set, e, &w->g.fingerprint, NULL), ERR_VERIFY);
	assert_int_equal(set.number, 1);
	w->n_epochs = 1;
	first(w, &b);
	expect(w, buf_slice(&b), VERIFY_EPOCH);
	buf_fini(&b);
	world_free(w);
}

/* ---- heads, witnesses, evidence ---- */

static void head_of(struct world *w, struct buf *out, const struct bundle_witness *x, size_t n)
{
	struct bundle_head h = w_bundle_head(w);
	buf_clear(out);
	assert_int_equal(bundle_head_encode(out, &h, x, n, NULL), ERR_OK);
}

static enum verify_reason against(struct world *w, struct slice bytes, struct slice head)
{
	struct verify_options o = {.fingerprint = w->g.fingerprint.b, .head = head.p, .head_n = head.n};
	struct verify_result *r = verify_bundle(bytes.p, bytes.n, &o);
	enum verify_reason reason = r->reason;
	assert_true(reason != VERIFY_OK || r->head_held);
	verify_free(r);
	return reason;
}

static void heads(void **s)
{
	(void)s;
	for (size_t n = 1; n <= 4; n += 3) {
		struct world *w = w_parcel(n);
		struct buf old = BUF_INIT, b = BUF_INIT, now = BUF_INIT;
		struct bundle_witness x[2] = {w_witness(w, 1, "Blue Line"), w_witness(w, 2, "")};
		x[1].how = WITNESS_REPLAYED;
		x[1].state_root = w->state_root;
		w_cosign(w, &x[1], 9, 2);
		size_t size = w->n_records;
		head_of(w, &old, x, 2);
		expect(w, buf_slice(&old), VERIFY_OK);
		any_bit(w, buf_slice(&old));
		/* The bundle of the same height. */
		first(w, &b);
		assert_int_equal(against(w, buf_slice(&b), buf_slice(&old)), VERIFY_OK);
		/* Later: with a consistency proof, or not. */
		for (size_t i = 0; i < 9; i++) {
			w_event(w, A_OBSERVE, "storing", "", "lastmile", 1);
			world_close(w, 26 + (int64_t)i);
			first(w, &b);
			assert_int_equal(against(w, buf_slice(&b), buf_slice(&old)), VERIFY_HEAD);
			struct hash path[64];
			struct bundle_consistency c = w_continues(w, path, size);
			struct bundle_subject sub = w_bundle_subject(w, 0);
			struct bundle one = {.head = w_bundle_head(w),
					     .subjects = &sub,
					     .n_subjects = 1,
					     .consistencies = &c,
					     .n_consistencies = 1,
					     .witnesses = x,
					     .n_witnesses = 2};
			buf_clear(&now);
			assert_int_equal(bundle_encode(&now, &one, NULL), ERR_OK);
			assert_int_equal(against(w, buf_slice(&now), buf_slice(&old)), VERIFY_OK);
			struct verify_result *r = w_verify(w, buf_slice(&now));
			assert_true(r->reason == VERIFY_OK && r->n_witnesses == 2);
			assert_true(r->witnesses[0].height == 25);
			assert_true(r->witnesses[0].replayed != r->witnesses[1].replayed);
			verify_free(r);
			if (i == 4)
				any_bit(w, buf_slice(&now));
			/* Witnesses of a log that this one does not continue, or is not shown to.
			 */
			one.n_consistencies = 0;
			buf_clear(&now);
			assert_int_equal(bundle_encode(&now, &one, NULL), ERR_OK);
			expect(w, buf_slice(&now), VERIFY_CONSISTENCY);
		}
		/* The other way round: an older bundle against a newer head. */
		head_of(w, &now, NULL, 0);
		struct buf again = BUF_INIT;
		struct world *past = w_parcel(n);
		first(past, &again);
		assert_int_equal(against(w, buf_slice(&again), buf_slice(&now)), VERIFY_HEAD);
		world_free(past);
		buf_fini(&again);
		buf_fini(&old);
		buf_fini(&b);
		buf_fini(&now);
		world_free(w);
	}
}

static void assert_not_said(const struct verify_result *r, const char *word)
{
	char *words = verify_words(r, VERIFY_EN);
	if (strstr(words, word))
		print_error("%s\nis in\n%s\n", word, words);
	assert_null(strstr(words, word));
	free(words);
}

static struct verify_result *named(struct world *w, struct slice bytes, const uint8_t *keys, size_t n)
{
	struct verify_options o = {
		.fingerprint = w->g.fingerprint.b, .witnesses = keys, .n_witnesses = n};
	struct verify_result *r = verify_bundle(bytes.p, bytes.n, &o);
	assert_int_equal(r->reason, VERIFY_OK);
	return r;
}

/* Who signs as a witness counts only if the reader named his key; and never takes away that
 * one signer can keep two histories. */
static void witnesses(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT;
	uint8_t keys[96];
	/* The validator himself, as "SGS Inspection"; a friend; and one who executed the chain. */
	struct bundle_witness x[3] = {w_witness(w, 1, "Blue Line"), w_witness(w, 2, "SGS"),
				      w_witness(w, 3, "SGS Inspection")};
	x[1].how = WITNESS_REPLAYED;
	x[1].state_root = w->state_root;
	w_cosign(w, &x[1], 9, 2);
	w_cosign(w, &x[2], 1, 0);
	assert_memory_equal(x[2].key, w->set.v[0].key, 32);
	head_of(w, &b, x, 3);
	any_bit(w, buf_slice(&b));
	struct verify_result *r = named(w, buf_slice(&b), NULL, 0);
	assert_int_equal(r->n_witnesses, 3);
	for (size_t i = 0; i < 3; i++)
		assert_false(r->witnesses[i].counts);
	assert_not_said(r, "Witnessed by");
	assert_says(r, VERIFY_EN, "kept no second, different history");
	assert_says(r, VERIFY_EN, "anybody can sign as a witness");
	assert_says(r, VERIFY_EN, "never a witness");
	assert_says(r, VERIFY_ZH, "任何人都可以自称见证");
	assert_says(r, VERIFY_JSON, "\"second_history\":");
	verify_free(r);
	/* All three named, and one who did not sign. */
	memcpy(keys, x[1].key, 32);
	memcpy(keys + 32, x[2].key, 32);
	memset(keys + 64, 7, 32);
	r = named(w, buf_slice(&b), keys, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct verify_witness *v = &r->witnesses[i];
		bool validator = memcmp(v->key, x[2].key, 32) == 0;
		bool replayed = memcmp(v->key, x[1].key, 32) == 0;
		assert_true(v->validator == validator && v->replayed == replayed);
		assert_int_equal(v->counts, replayed);
	}
	assert_true(r->named[0].counts && !r->named[1].counts && !r->named[2].counts);
	assert_says(r, VERIFY_EN, "Witnessed by the key that you named: SGS ");
	assert_says(r, VERIFY_EN, "executed the chain up to block 25");
	assert_says(r, VERIFY_EN, "has not witnessed this");
	assert_says(r, VERIFY_EN, "kept no second, different history");
	assert_says(r, VERIFY_JSON, "\"how\":\"replayed\",\"validator\":false,\"counts\":true");
	assert_says(r, VERIFY_JSON, "\"second_history\":");
	verify_free(r);
	/* Another state than the one that he computed. */
	x[1].state_root.b[0] ^= 1;
	w_cosign(w, &x[1], 9, 2);
	head_of(w, &b, x, 3);
	expect(w, buf_slice(&b), VERIFY_WITNESS);
	/* A way of checking that is not known is no damage. */
	x[1].how = 3;
	w_cosign(w, &x[1], 9, 2);
	head_of(w, &b, x, 3);
	expect(w, buf_slice(&b), VERIFY_VERSION);
	buf_fini(&b);
	world_free(w);
}

/* All consistency proofs up to 33 records hold, and none for another root or size. */
static void consistency(void **s)
{
	(void)s;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	w_add(w, "/x", 1);
	w_add(w, "/y", 1);
	for (size_t n = 1; n <= 33; n++) {
		w_event(w, A_OBSERVE, "storing", "", "m", n % 2);
		world_close(w, (int64_t)n);
		for (size_t m = 1; m < n; m++) {
			struct hash path[64];
			struct bundle_consistency c = w_continues(w, path, m);
			struct bundle_subject sub = w_bundle_subject(w, 0);
			struct bundle one = {.head = w_bundle_head(w),
					     .subjects = &sub,
					     .n_subjects = 1,
					     .consistencies = &c,
					     .n_consistencies = 1};
			buf_clear(&b);
			assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
			expect(w, buf_slice(&b), VERIFY_OK);
			c.size = m > 1 ? m - 1 : m + 1;
			buf_clear(&b);
			assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
			assert_int_not_equal(w_reason(w, buf_slice(&b)), VERIFY_OK);
			c.size = m;
			c.root.b[5] ^= 1;
			buf_clear(&b);
			assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
			expect(w, buf_slice(&b), VERIFY_CONSISTENCY);
		}
	}
	buf_fini(&b);
	world_free(w);
}

static struct verify_result *result(struct world *w)
{
	struct buf b = BUF_INIT;
	first(w, &b);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	buf_fini(&b);
	return r;
}

static void evidence(void **s)
{
	(void)s;
	char words[1000];
	struct world *w = w_parcel(1), *other = w_parcel(1);
	struct verify_result *a = result(w);
	/* The same key signs another block 25. */
	w_event(other, A_OBSERVE, "storing", "", "leafco", 0);
	world_close(other, 25);
	struct verify_result *b = result(other);
	assert_int_equal(verify_conflict(words, sizeof words, a, b, false), CONFLICT_HEADER);
	assert_non_null(strstr(words, "Both are signed by the key"));
	assert_int_equal(verify_conflict(words, sizeof words, a, a, true), CONFLICT_NONE);
	verify_free(b);
	/* At another height: the log's length only grew, so nothing contradicts ... */
	w_head(other, 26);
	b = result(other);
	assert_int_equal(verify_conflict(words, sizeof words, a, b, false), CONFLICT_NONE);
	verify_free(b);
	/* ... but with a fork of the subject's history it does, whichever comes first. */
	w_event(w, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(w, 27);
	verify_free(a);
	a = result(w);
	b = result(other);
	assert_int_equal(verify_conflict(words, sizeof words, a, b, false), CONFLICT_HISTORY);
	assert_int_equal(verify_conflict(words, sizeof words, b, a, true), CONFLICT_HISTORY);
	assert_true(utf8_valid(slice_str(words)));
	verify_free(a);
	verify_free(b);
	/* A later head with a shorter log. */
	struct world *short_log = w_parcel(1);
	w_head(short_log, 40);
	a = result(w);
	b = result(short_log);
	enum verify_conflict c = verify_conflict(words, sizeof words, a, b, false);
	assert_true(c == CONFLICT_HISTORY || c == CONFLICT_LOG);
	verify_free(a);
	verify_free(b);
	world_free(short_log);
	world_free(w);
	world_free(other);
}

static void assert_conflict(const struct verify_result *a, const struct verify_result *b,
			    enum verify_conflict want, const char *says)
{
	char words[3000], zh[3000];
	assert_int_equal(verify_conflict(words, sizeof words, a, b, false), want);
	if (!strstr(words, says))
		print_error("%s\nis not in\n%s\n", says, words);
	assert_non_null(strstr(words, says));
	assert_int_equal(verify_conflict(words, sizeof words, b, a, false), want);
	assert_int_equal(verify_conflict(zh, sizeof zh, a, b, true), want);
	assert_true(utf8_valid(slice_str(zh)));
	/* Each signer is named, in both languages. */
	for (size_t i = 0; i < a->n_signed + b->n_signed; i++) {
		char hex[65];
		hex_encode(hex, i < a->n_signed ? a->signers[i] : b->signers[i - a->n_signed], 32);
		assert_true(want == CONFLICT_NONE || (strstr(words, hex) && strstr(zh, hex)));
	}
}

/* Backup, loss, restore, resume, as the manual has it: what was given out before the loss
 * contradicts what comes after, and the operator is honest all the same. */
static void evidence_of_loss(void **s)
{
	(void)s;
	/* Of two epochs, the first one's statement names block 28 as the newest. */
	struct world *lost = w_parcel(1), *copy = w_parcel(1), *twin = w_parcel(1);
	w_event(lost, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(lost, 28);
	struct verify_result *a = result(lost);
	w_event(lost, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(lost, 30);
	struct verify_result *beyond = result(lost);
	copy->now_ms += 9000000;
	w_epoch(copy, EPOCH_RESUME, 29, 0);
	w_event(copy, A_OBSERVE, "storing", "", "blueline", 0);
	world_close(copy, 29);
	struct verify_result *b = result(copy);
	assert_conflict(a, b, CONFLICT_RESUMED, "lies in what was lost");
	assert_conflict(beyond, b, CONFLICT_RESUMED, "the statement does not know it");
	char hex[65];
	hex_encode(hex, b->epochs[0].signer, 32);
	assert_conflict(a, b, CONFLICT_RESUMED, hex);
	/* But whoever goes on with what he calls lost keeps two histories. */
	lost->now_ms += 90000000;
	w_event(lost, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(lost, 32);
	struct verify_result *on = result(lost);
	assert_conflict(on, b, CONFLICT_HISTORY, "A history can only grow");
	/* Nor does it excuse two histories within the new epoch. */
	twin->now_ms += 9000000;
	w_epoch(twin, EPOCH_RESUME, 29, 0);
	w_event(twin, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(twin, 29);
	struct verify_result *other = result(twin);
	assert_conflict(b, other, CONFLICT_HEADER, "two signed headers of height 29");
	verify_free(a);
	verify_free(b);
	verify_free(beyond);
	verify_free(on);
	verify_free(other);
	world_free(lost);
	world_free(copy);
	world_free(twin);
}

/* One key is replaced twice, each time in another way; and who signed what is told apart. */
static void evidence_of_epochs(void **s)
{
	(void)s;
	struct world *w = w_parcel(4), *other = w_parcel(4);
	w_epoch(w, EPOCH_REPLACE, 26, 3);
	world_close(w, 31);
	w_epoch(other, EPOCH_REPLACE, 27, 3);
	world_close(other, 31);
	struct verify_result *a = result(w), *b = result(other);
	assert_conflict(a, b, CONFLICT_EPOCH, "replace a key");
	verify_free(b);
	world_free(other);
	/* The old key's set and the new one's have signers that are not common. */
	other = w_parcel(4);
	w_event(other, A_OBSERVE, "holding", "", "leafco", 0);
	world_close(other, 31);
	b = result(other);
	assert_conflict(a, b, CONFLICT_HEADER, "Only the one of block 31 is signed by");
	verify_free(a);
	verify_free(b);
	world_free(w);
	world_free(other);
}

/* A later bundle of the other subject, which shows that its log continues another one. */
static void evidence_of_logs(void **s)
{
	(void)s;
	char words[1000];
	struct world *w = w_parcel(1), *other = w_parcel(1);
	struct verify_result *a = result(w);
	size_t size = w->n_records;
	/* Another story of the second subject, as long, then one record more. */
	struct world *fork = world_new(1);
	w_add(fork, w->s[0].id, 1);
	w_add(fork, w->s[1].id, 1);
	for (size_t i = 0; i <= size; i++)
		w_event(fork, A_OBSERVE, "storing", "", "leafco", 1);
	world_close(fork, 26);
	struct hash path[64];
	struct bundle_consistency c = w_continues(fork, path, size);
	struct bundle_subject sub = w_bundle_subject(fork, 1);
	struct bundle one = {.head = w_bundle_head(fork),
			     .subjects = &sub,
			     .n_subjects = 1,
			     .consistencies = &c,
			     .n_consistencies = 1};
	struct buf b = BUF_INIT;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
	struct verify_result *late = w_verify(fork, buf_slice(&b));
	assert_int_equal(late->reason, VERIFY_OK);
	assert_int_equal(verify_conflict(words, sizeof words, a, late, false), CONFLICT_LOG);
	assert_non_null(strstr(words, "which are not those of block 25"));
	/* A refused one is no evidence. */
	struct verify_options o = {.fingerprint = w->g.fingerprint.b};
	struct verify_result *bad = verify_bundle(b.p, b.n - 1, &o);
	assert_int_equal(verify_conflict(words, sizeof words, a, bad, false), CONFLICT_UNKNOWN);
	verify_free(bad);
	verify_free(a);
	verify_free(late);
	buf_fini(&b);
	world_free(fork);
	world_free(w);
	world_free(other);
}

/* What cannot be proven is not encoded. */
static void maker_refuses(void **s)
{
	(void)s;
	struct world *w = w_parcel(1);
	struct buf b = BUF_INIT;
	struct bundle_subject sub = w_bundle_subject(w, 0);
	struct bundle one = {.head = w_bundle_head(w), .subjects = &sub, .n_subjects = 1};
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
	one.n_subjects = 0;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_LIMIT);
	one.n_subjects = 1;
	sub.n_events--; /* not as many as the state counts */
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	sub = w_bundle_subject(w, 0);
	sub.value.n--;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	sub = w_bundle_subject(w, 0);
	sub.id.n = 0;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	sub = w_bundle_subject(w, 0);
	sub.value.n = 0; /* events of what is absent */
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	sub = w_bundle_subject(w, 0);
	sub.proof.n = 0;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	sub = w_bundle_subject(w, 0);
	w->s[0].e[5].recorded_ms = w->s[0].e[4].recorded_ms - 1;
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	w->s[0].e[5].recorded_ms = w->s[0].e[4].recorded_ms + 1;
	w->s[0].e[5].who = SLICE_LIT("\xff");
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_FORMAT);
	one.head.log_size++; /* the header is of another log */
	w->s[0].e[5].who = SLICE_LIT("x");
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_MISMATCH);
	assert_int_equal(bundle_head_encode(&b, &one.head, NULL, 0, NULL), ERR_MISMATCH);
	buf_fini(&b);
	world_free(w);
}

/* ---- numbers of newer versions ---- */

static struct world *one_event(uint8_t kind, uint8_t flags, uint8_t role)
{
	struct world *w = world_new(1);
	const struct w_entry e = {w_add(w, "/01/09521234543213/21/X", 1), role, 0, 0};
	w_event(w, A_ADD, "commissioning", "", "leafco", 0);
	w_act(w, kind, flags, kind == 1 ? "storing" : "weigh_anew", "", "leafco", &e, 1, NULL);
	return w;
}

static void expect_closed(struct world *w, enum verify_reason want)
{
	struct buf b = BUF_INIT;
	world_close(w, 9);
	first(w, &b);
	expect(w, buf_slice(&b), want);
	buf_fini(&b);
	world_free(w);
}

/* What acts on histories is not judged by who does not know it; the rest is shown. */
static void newer(void **s)
{
	(void)s;
	struct world *w = one_event(57, 0, R_ABOUT);
	struct buf b = BUF_INIT;
	w_event(w, A_OBSERVE | 64, "storing", "", "leafco", 0);
	w->s[0].kind = 13;
	w->s[0].flags = 1 | 16;
	world_close(w, 9);
	first(w, &b);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_true(r->newer);
	assert_says(r, VERIFY_EN, "act 57, of a newer version");
	assert_says(r, VERIFY_EN, "flag 64, of a newer version");
	assert_says(r, VERIFY_EN, "(kind 13)");
	assert_says(r, VERIFY_EN, "flag 16");
	assert_says(r, VERIFY_EN, "made by a newer version");
	assert_says(r, VERIFY_ZH, "行为 57，来自较新版本");
	assert_says(r, VERIFY_ZH, "较新版本写入");
	assert_says(r, VERIFY_JSON, "\"act\":\"act 57\"");
	assert_says(r, VERIFY_JSON, "\"kind\":\"kind 13\",\"flags\":17");
	assert_says(r, VERIFY_JSON, "\"newer\":\"what all of it means");
	verify_free(r);
	buf_fini(&b);
	world_free(w);
	expect_closed(one_event(127, 0, R_ABOUT), VERIFY_OK);
	expect_closed(one_event(128, 0, R_ABOUT), VERIFY_VERSION);
	expect_closed(one_event(1, 128 | 2, R_WHAT), VERIFY_VERSION);
	expect_closed(one_event(1, A_OBSERVE, 0), VERIFY_VERSION);
	expect_closed(one_event(1, A_OBSERVE, 7), VERIFY_VERSION);
	for (unsigned i = 0; i < 2; i++) {
		w = one_event(1, A_OBSERVE, R_WHAT);
		*(i ? &w->s[0].kind : &w->s[0].flags) = 128;
		expect_closed(w, VERIFY_VERSION);
	}
}

/* A time that was told lies after the moment of recording. */
static void late(void **s)
{
	(void)s;
	struct world *w = world_new(1);
	struct buf b = BUF_INIT;
	w_add(w, "/01/09521234543213/21/X", 1);
	w_event(w, A_ADD, "commissioning", "", "leafco", 0);
	w->happened_ms = w->now_ms + 86400000;
	w_event(w, A_OBSERVE, "storing", "", "leafco", 0);
	world_close(w, 9);
	first(w, &b);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	assert_says(r, VERIFY_EN, "told to be later than it was recorded");
	assert_says(r, VERIFY_ZH, "所述时间晚于记录时间");
	assert_says(r, VERIFY_JSON, "\"after_recording\":true");
	assert_says(r, VERIFY_JSON, "\"after_recording\":false");
	verify_free(r);
	buf_fini(&b);
	world_free(w);
}

static void control_characters(void **s)
{
	(void)s;
	static const char *const odd[] = {"a\x1b[2J", "a\n", "a\x7f", "a\xc2\x9b"};
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		struct world *w = world_new(1);
		struct buf b = BUF_INIT;
		struct err_text t;
		w_add(w, "/01/09521234543213/21/X", 1);
		w_event(w, A_ADD, "commissioning", "0123", "leafco", 0);
		world_close(w, 9);
		first(w, &b);
		/* The maker does not write it; one who does is refused. */
		struct bundle_subject sub = w_bundle_subject(w, 0);
		struct bundle one = {.head = w_bundle_head(w), .subjects = &sub, .n_subjects = 1};
		w->s[0].e[0].where = slice_str(odd[i]);
		struct buf none = BUF_INIT;
		assert_int_equal(bundle_encode(&none, &one, &t), ERR_FORMAT);
		buf_fini(&none);
		uint8_t *at = memmem(b.p, b.n, "0123", 4);
		assert_non_null(at);
		memcpy(at + 4 - strlen(odd[i]), odd[i], strlen(odd[i]));
		expect(w, buf_slice(&b), VERIFY_FORMAT);
		struct bundle_witness x = w_witness(w, 1, odd[i]);
		head_of(w, &b, &x, 1);
		expect(w, buf_slice(&b), VERIFY_FORMAT);
		buf_fini(&b);
		world_free(w);
	}
}

/* ---- what is said ---- */

struct taken {
	size_t n, calls, most, memory;
	bool grew;
};

static bool take(void *ctx, const char *p, size_t n)
{
	struct taken *t = ctx;
	(void)p;
	t->n += n;
	t->calls++;
	t->most = n > t->most ? n : t->most;
	t->grew = t->grew || mallinfo2().uordblks > t->memory;
	return true;
}

static bool take_none(void *ctx, const char *p, size_t n)
{
	(void)p, (void)n;
	++*(size_t *)ctx;
	return false;
}

/* A good bundle of 1.5 MB that refers again and again to the longest strings of the worst
 * letters: what is said of it is bounded by its events and their strings, takes no memory, and
 * time as it is long. */
static void much_said(void **s)
{
	(void)s;
	enum { N = 39000 };
	static char step[481], where[481], who[481];
	memset(step, '"', 480);
	memset(where, '\\', 480);
	memset(who, '"', 480);
	struct world *w = world_new(1);
	struct w_subject *x = &w->s[w_add(w, "/01/09521234543213/21/X", 1)];
	struct bundle_event *e = calloc(N, sizeof *e);
	assert_non_null(e);
	struct buf b = BUF_INIT, sum = BUF_INIT;
	for (size_t i = 0; i < N; i++) {
		e[i] = (struct bundle_event){.kind = 1, .flags = A_OBSERVE, .role = R_WHAT,
					     .happened_ms = w->now_ms, .recorded_ms = w->now_ms,
					     .step = slice_str(step), .where = slice_str(where),
					     .who = slice_str(who)};
		w_seed(e[i].digest.b, (unsigned)(i >> 8), (unsigned)i);
		buf_clear(&sum);
		w_summary(&sum, &e[i]);
		struct slice parts[4] = {SLICE_LIT("argosy/history/1"), slice(x->head.b, 32),
					 slice(e[i].digest.b, 32), buf_slice(&sum)};
		sha256_parts(&x->head, parts, 4);
	}
	x->n = N;
	world_close(w, 9);
	struct bundle_subject sub = w_bundle_subject(w, 0);
	sub.events = e;
	struct bundle one = {.head = w_bundle_head(w), .subjects = &sub, .n_subjects = 1};
	assert_int_equal(bundle_encode(&b, &one, NULL), ERR_OK);
	assert_true(b.n > 1450000 && b.n < 1600000);
	struct verify_result *r = w_verify(w, buf_slice(&b));
	assert_int_equal(r->reason, VERIFY_OK);
	for (enum verify_style k = VERIFY_EN; k <= VERIFY_JSON; k++) {
		struct taken t = {.memory = mallinfo2().uordblks};
		clock_t begin = clock();
		assert_true(verify_write(r, k, NULL, take, &t));
		double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
		print_message("%zu bytes of bundle, style %d: %zu bytes in %zu pieces, %.2f s\n", b.n,
			      k, t.n, t.calls, seconds);
		/* Each event with its three strings, escaped, and some 600 bytes; and the verdict. */
		assert_true(t.n <= (size_t)N * (2 * 3 * 480 + 600) + 4096);
		assert_true(t.most <= 4096 && !t.grew);
		size_t calls = 0;
		assert_false(verify_write(r, k, NULL, take_none, &calls));
		assert_int_equal(calls, 1); /* nobody listens: nothing more is said */
	}
	verify_free(r);
	buf_fini(&b);
	buf_fini(&sum);
	free(e);
	world_free(w);
}

static void names(void **s)
{
	(void)s;
	assert_string_equal(verify_reason_name(VERIFY_HISTORY), "history");
	assert_non_null(strstr(verify_reason_en(VERIFY_HISTORY), "left out"));
	assert_true(utf8_valid(slice_str(verify_reason_zh(VERIFY_HISTORY))));
}

int main(void)
{
	assert_int_equal(ed25519_init(), ERR_OK);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),	      cmocka_unit_test(size),
		cmocka_unit_test(text_form),  cmocka_unit_test(meddled),
		cmocka_unit_test(invented),   cmocka_unit_test(every_bit),
		cmocka_unit_test(signatures), cmocka_unit_test(other_chain),
		cmocka_unit_test(absent),     cmocka_unit_test(absent_changed),
		cmocka_unit_test(every_step), cmocka_unit_test(journey),
		cmocka_unit_test(stays),      cmocka_unit_test(two_states),
		cmocka_unit_test(times),
		cmocka_unit_test(marks),
		cmocka_unit_test(laundering),
		cmocka_unit_test(void_and_inside),
		cmocka_unit_test(epochs),     cmocka_unit_test(replaced_key),
		cmocka_unit_test(foreign_key),
		cmocka_unit_test(heads),      cmocka_unit_test(witnesses),
		cmocka_unit_test(consistency),
		cmocka_unit_test(evidence),   cmocka_unit_test(evidence_of_logs),
		cmocka_unit_test(evidence_of_loss), cmocka_unit_test(evidence_of_epochs),
		cmocka_unit_test(newer),      cmocka_unit_test(late),
		cmocka_unit_test(control_characters), cmocka_unit_test(much_said),
		cmocka_unit_test(names),      cmocka_unit_test(maker_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
