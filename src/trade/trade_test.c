/*
 * What events do: histories, containment, custody, error declarations. Who may
 * do it is authority_test.c's matter.
 */
#include "trade/fixture.h"

#include "data/epcis.h"
#include "trade/identity.h"

#define ITEM(n) "urn:epc:id:sgtin:9521234.054321." n
#define CASE(n) "urn:epc:id:sscc:9521234.300000000" n
#define BOBS(n) "urn:epc:id:sgtin:9521235.054321." n
#define FREE(n) "urn:epc:id:sgtin:9521236.054321." n

static int open_world(void **state)
{
	(void)state;
	fx_open();
	FX_OK("alice", fx_prefix("gcp:9521234"));
	FX_OK("bob", fx_prefix("gcp:9521235"));
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

static struct subject subject(const char *id)
{
	struct subject s;
	if (!fx_subject(&s, id))
		print_error("%s is not known\n", id);
	assert_true(fx_subject(&s, id));
	return s;
}

static void assert_slice(struct slice s, const char *text)
{
	assert_true(s.n < 500);
	assert_string_equal(arena_str(fx.mem, s), text);
}

/*
 * Walks a history back through the links of the records: exactly `count` of
 * them, numbered down to 1; and the head, recomputed from the first on, is the
 * subject's.
 */
static void assert_chain(const char *id, bool claims)
{
	struct subject s = subject(id);
	struct slice canon = fx_canon(id);
	uint64_t n = claims ? s.claims : s.count, at1 = claims ? s.claims_last1 : s.last1;
	uint64_t *index = calloc(n + 1, sizeof *index);
	for (uint64_t i = n; i > 0; i--) {
		assert_true(at1 > 0);
		index[i] = at1 - 1;
		struct record r = fx_record(at1 - 1);
		size_t found = 0;
		for (size_t j = 0; j < r.n_subjects; j++) {
			if (!slice_eq(r.subjects[j].id, canon) ||
			    mode_is_claim(r.subjects[j].mode) != claims)
				continue;
			found++;
			assert_int_equal(r.subjects[j].number, i);
			at1 = r.subjects[j].prev1;
		}
		assert_int_equal(found, 1);
	}
	assert_int_equal(at1, 0);
	struct hash head = {{0}};
	for (uint64_t i = 1; i <= n; i++) {
		struct hash digest;
		struct buf sum = BUF_INIT;
		struct slice leaf[2] = {slice("", 1), fx_log(index[i])};
		struct record r = fx_record(index[i]);
		struct summary m;
		sha256_parts(&digest, leaf, 2);
		for (size_t j = 0; j < r.n_subjects; j++)
			if (slice_eq(r.subjects[j].id, canon) &&
			    mode_is_claim(r.subjects[j].mode) == claims)
				assert_int_equal(record_summary(&m, fx.mem, &r, &r.subjects[j], s.flags,
								NULL),
						 ERR_OK);
		summary_encode(&sum, &m);
		history_advance(&head, claims, &digest, buf_slice(&sum));
		buf_fini(&sum);
	}
	assert_memory_equal(head.b, claims ? s.claims_head.b : s.head.b, 32);
	free(index);
}

static void a_history_opens_and_grows(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1"), "commissioning"));
	assert_int_equal(fx.records, 1);
	fake.gets = fake.puts = 0;
	FX_OK("alice", fx_object(OBSERVE, ITEM("1"), "shipping"));
	/* Subject and identity; two for key and member, one for the key's scope. */
	assert_int_equal(fake.gets, 5);
	assert_int_equal(fake.puts, 2);
	struct subject s = subject(ITEM("1"));
	assert_int_equal(s.count, 2);
	assert_int_equal(s.claims, 0);
	assert_int_equal(s.kind, SUBJECT_ITEM);
	assert_int_equal(s.flags, 0);
	assert_slice(s.owner, "alice");
	assert_slice(s.holder, "alice");
	assert_chain(ITEM("1"), false);
}

static void goods_from_outside_are_taken_in(void **state)
{
	(void)state;
	FX_OK("bob", fx_object(ADD, FREE("1"), "commissioning"));
	struct subject s = subject(FREE("1"));
	assert_int_equal(s.flags, SUBJECT_TAKEN_IN);
	assert_int_equal(s.owner.n, 0);
	assert_slice(s.holder, "bob");
	FX_OK("eve", fx_object(OBSERVE, FREE("1"), "shipping"));
	s = subject(FREE("1"));
	assert_int_equal(s.count, 1);
	assert_int_equal(s.claims, 1);
	assert_chain(FREE("1"), false);
	assert_chain(FREE("1"), true);
}

static void a_claim_before_the_owner_speaks(void **state)
{
	(void)state;
	FX_OK("eve", fx_object(OBSERVE, ITEM("1"), "shipping"));
	struct subject s = subject(ITEM("1"));
	assert_int_equal(s.count, 0);
	assert_int_equal(s.claims, 1);
	assert_int_equal(s.holder.n, 0);
	FX_REFUSED(NOT_OWNER, "eve", fx_object(ADD, ITEM("1"), "commissioning"));
	FX_OK("alice", fx_object(ADD, ITEM("1"), "commissioning"));
	s = subject(ITEM("1"));
	assert_int_equal(s.count, 1);
	assert_slice(s.holder, "alice");
	assert_chain(ITEM("1"), false);
	assert_chain(ITEM("1"), true);
}

static void packing_moves_and_unpacking_frees(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1") " " ITEM("2") " " ITEM("3"), "commissioning"));
	FX_OK("alice", fx_aggregation(ADD, CASE("1"), ITEM("1") " " ITEM("2") " " ITEM("3")));
	assert_int_equal(subject(CASE("1")).children, 3);
	assert_slice(subject(ITEM("3")).container, "00/395212340000000014");
	assert_int_equal(subject(ITEM("3")).slot, 2);
	assert_int_equal(subject(ITEM("2")).container_since1, fx.n_log);
	/* The first leaves; the last takes its slot. */
	FX_OK("alice", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	assert_int_equal(subject(ITEM("3")).slot, 0);
	assert_int_equal(subject(ITEM("3")).count, 2);
	assert_int_equal(subject(ITEM("1")).container.n, 0);
	/* Packed elsewhere while still inside: it has moved, and the case it left is told. */
	FX_OK("alice", fx_aggregation(ADD, CASE("2"), ITEM("3")));
	assert_int_equal(subject(CASE("1")).children, 1);
	assert_int_equal(subject(CASE("1")).count, 3);
	assert_int_equal(fx_record(fx.n_log - 1).n_subjects, 3);
	assert_int_equal(fx_record(fx.n_log - 1).subjects[2].mode, MODE_UNNAMED);
	/* Unpacking what is not inside changes nothing but the histories. */
	FX_OK("alice", fx_aggregation(DELETE, CASE("1"), ITEM("3")));
	assert_slice(subject(ITEM("3")).container, "00/395212340000000021");
	for (const char *const *id =
		     (const char *const[]){ITEM("1"), ITEM("2"), ITEM("3"), CASE("1"), CASE("2"), NULL};
	     *id; id++)
		assert_chain(*id, false);
}

static void unpacking_all_counts_for_each(void **state)
{
	(void)state;
	enum { N = 150 };
	char list[N * 48] = "";
	for (unsigned i = 0; i < N; i++)
		snprintf(list + strlen(list), 48, "%s" ITEM("%u"), i ? " " : "", 1000 + i);
	FX_OK("alice", fx_aggregation(ADD, CASE("1"), list));
	assert_int_equal(subject(CASE("1")).children, N);
	assert_int_equal(subject(ITEM("1149")).slot, N - 1);
	FX_OK("alice", fx_aggregation(DELETE, CASE("1"), ""));
	assert_int_equal(subject(CASE("1")).children, 0);
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, N + 1);
	for (int i = 0; i < N; i++) {
		char id[64];
		snprintf(id, sizeof id, ITEM("%d"), 1000 + i);
		struct subject s = subject(id);
		assert_int_equal(s.count, 2);
		assert_int_equal(s.container.n, 0);
		assert_int_equal(r.subjects[i + 1].mode, MODE_UNNAMED);
		assert_chain(id, false);
	}
	/* No chunk is left behind. */
	for (size_t i = 0; i < fake.n; i++)
		assert_false(slice_starts(fake.rows[i].key, "b/"));
}

/* Every order of leaving leaves the slots dense and the rest inside. */
static void slots_stay_dense(void **state)
{
	(void)state;
	enum { N = 130 };
	char list[N * 48] = "", id[64];
	for (unsigned i = 0; i < N; i++)
		snprintf(list + strlen(list), 48, "%s" ITEM("%u"), i ? " " : "", i);
	FX_OK("alice", fx_aggregation(ADD, CASE("1"), list));
	for (int step = 0; step < N; step++) {
		int leaves = (step * 47 + 5) % N; /* 47 and 130 share no factor: each once */
		snprintf(id, sizeof id, ITEM("%d"), leaves);
		FX_OK("alice", fx_aggregation(DELETE, CASE("1"), id));
		assert_int_equal(subject(CASE("1")).children, N - 1 - step);
		assert_int_equal(subject(id).container.n, 0);
		uint64_t seen[3] = {0};
		for (int i = 0; step % 13 == 0 && i < N; i++) {
			snprintf(id, sizeof id, ITEM("%d"), i);
			struct subject s = subject(id);
			if (!s.container.n)
				continue;
			assert_true(s.slot < (uint64_t)(N - 1 - step));
			assert_false(seen[s.slot / 64] >> s.slot % 64 & 1);
			seen[s.slot / 64] |= (uint64_t)1 << s.slot % 64;
		}
	}
}

static void no_container_holds_itself(void **state)
{
	(void)state;
	FX_REFUSED(CYCLE, "alice", fx_aggregation(ADD, CASE("1"), CASE("1")));
	FX_REFUSED(CYCLE, "alice", fx_aggregation(ADD, CASE("1"),
		   ITEM("9") " https://id.gs1.org/00/395212340000000014"));
	FX_OK("alice", fx_aggregation(ADD, CASE("2"), CASE("1")));
	FX_REFUSED(CYCLE, "alice", fx_aggregation(ADD, CASE("1"), CASE("2")));
	FX_OK("alice", fx_aggregation(ADD, CASE("3"), CASE("2")));
	FX_REFUSED(CYCLE, "alice", fx_aggregation(ADD, CASE("1"), ITEM("1") " " CASE("3")));
	assert_false(fx_subject(&(struct subject){0}, ITEM("1")));
	assert_int_equal(subject(CASE("1")).children, 0);
}

static void nesting_has_a_bottom(void **state)
{
	(void)state;
	char outer[64], inner[64];
	for (int i = 1; i <= 17; i++) {
		snprintf(inner, sizeof inner, "urn:epc:id:sscc:9521234.40000000%02d", i);
		snprintf(outer, sizeof outer, "urn:epc:id:sscc:9521234.40000000%02d", i - 1);
		enum verdict v = fx_do("alice", fx_aggregation(ADD, outer, inner));
		assert_int_equal(v, i < 17 ? VERDICT_OK : VERDICT_STATE);
	}
}

static char *tower_part(char name, int i)
{
	char id[64];
	snprintf(id, sizeof id, "urn:epc:id:sscc:9521234.%d0000000%02d", name - 'A' + 4, i);
	return fx_str(id);
}

/* Two towers that each fit, one set on the other: it would be too deep for anybody to be found
 * as the holder, and shut everybody out. */
static void towers_are_not_set_on_each_other(void **state)
{
	(void)state;
	for (int i = 1; i <= 13; i++)
		FX_OK("alice", fx_aggregation(ADD, tower_part('A', i - 1), tower_part('A', i)));
	for (int i = 1; i <= 14; i++)
		FX_OK("alice", fx_aggregation(ADD, tower_part('B', i - 1), tower_part('B', i)));
	assert_int_equal(subject(tower_part('A', 0)).height, 13);
	assert_int_equal(subject(tower_part('B', 9)).height, 5);
	FX_REFUSED(STATE, "alice", fx_aggregation(ADD, tower_part('B', 14), tower_part('A', 0)));
	FX_REFUSED(STATE, "alice", fx_aggregation(ADD, tower_part('B', 3), tower_part('A', 0)));
	FX_OK("alice", fx_aggregation(ADD, tower_part('B', 2), tower_part('A', 0)));
	assert_int_equal(subject(tower_part('B', 0)).height, 16);
	FX_OK("eve", fx_object(OBSERVE, tower_part('A', 13), "inspecting"));
	assert_int_equal(subject(tower_part('A', 13)).claims, 1);
	/* The bound falls when the last child leaves. */
	FX_OK("alice", fx_aggregation(DELETE, tower_part('A', 0), tower_part('A', 1)));
	assert_int_equal(subject(tower_part('A', 0)).height, 0);
	assert_int_equal(subject(tower_part('B', 0)).height, 16);
	assert_chain(tower_part('B', 0), false);
}

static void contents_go_with_their_container(void **state)
{
	(void)state;
	FX_OK("alice", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	FX_REFUSED(STATE, "alice", fx_offer(ITEM("1"), "bob"));
	FX_OK("alice", fx_offer(CASE("1"), "bob"));
	/* Offered: the custodian may already write what he sees, also of what is inside. */
	FX_OK("bob", fx_object(OBSERVE, ITEM("1"), "loading"));
	assert_int_equal(subject(ITEM("1")).count, 2);
	FX_REFUSED(NOT_HOLDER, "bob", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	FX_REFUSED(NOT_OFFERED, "carol", fx_accept(CASE("1"), "alice"));
	FX_REFUSED(STATE, "bob", fx_accept(CASE("1"), "carol"));
	FX_OK("bob", fx_accept(CASE("1"), "alice"));
	FX_OK("alice", fx_object(OBSERVE, ITEM("1"), "loading"));
	assert_int_equal(subject(ITEM("1")).claims, 1);
	FX_OK("bob", fx_object(OBSERVE, ITEM("1"), "transporting"));
	assert_int_equal(subject(ITEM("1")).count, 3);
	FX_OK("bob", fx_aggregation(DELETE, CASE("1"), ""));
	assert_slice(subject(ITEM("1")).holder, "bob");
	FX_OK("bob", fx_offer(ITEM("1"), "carol"));
	FX_OK("carol", fx_decline(ITEM("1")));
	FX_REFUSED(NOT_OFFERED, "carol", fx_accept(ITEM("1"), "bob"));
	FX_OK("bob", fx_offer(ITEM("1"), "carol"));
	FX_OK("bob", fx_decline(ITEM("1"))); /* withdrawn */
	FX_REFUSED(NOT_OFFERED, "carol", fx_accept(ITEM("1"), "bob"));
	assert_chain(ITEM("1"), false);
	assert_chain(ITEM("1"), true);
	assert_chain(CASE("1"), false);
}

/* An offer of a thing does not outlive its packing, which may change its holder. */
static void an_offer_ends_with_packing(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1"), "commissioning"));
	FX_OK("alice", fx_offer(ITEM("1"), "carol"));
	FX_OK("alice", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	FX_OK("alice", fx_offer(CASE("1"), "bob"));
	FX_OK("bob", fx_accept(CASE("1"), "alice"));
	FX_OK("bob", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	FX_REFUSED(NOT_OFFERED, "carol", fx_accept(ITEM("1"), "bob"));
}

static void making_ends_what_it_is_made_of(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1") " " ITEM("2"), "commissioning"));
	action_t *a = fx_transformation(ITEM("1"), ITEM("3") " " BOBS("1"));
	FX_REFUSED(NOT_OWNER, "alice", a);
	assert_int_equal(subject(ITEM("1")).flags, 0);
	a = fx_transformation(ITEM("1"), ITEM("3"));
	a->event->transformation_id = fx_str("urn:epc:id:gdti:9521234.00001.7");
	a->event->input_quantity_list = fx_quantities(&a->event->n_input_quantity_list,
						      "urn:epc:class:lgtin:9521236.054321.L1");
	a->event->output_quantity_list = fx_quantities(&a->event->n_output_quantity_list,
						       "urn:epc:class:lgtin:9521234.054321.L2");
	FX_OK("alice", a);
	assert_int_equal(subject(ITEM("1")).flags, SUBJECT_DECOMMISSIONED);
	assert_int_equal(subject(ITEM("2")).flags, 0);
	assert_int_equal(subject("urn:epc:class:lgtin:9521236.054321.L1").flags, SUBJECT_TAKEN_IN);
	assert_int_equal(subject("urn:epc:class:lgtin:9521234.054321.L2").kind, SUBJECT_LOT);
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 5);
	assert_int_equal(r.subjects[0].role, ROLE_INPUT);
	assert_int_equal(r.subjects[2].role, ROLE_OUTPUT);
	assert_int_equal(subject("urn:epc:id:gdti:9521234.00001.7").kind, SUBJECT_TRANSFORMATION);
	FX_REFUSED(STATE, "alice", fx_offer(ITEM("1"), "bob"));
	/* What is seen again after its end is there again. */
	FX_OK("alice", fx_object(ADD, ITEM("1"), "commissioning"));
	assert_int_equal(subject(ITEM("1")).flags, 0);
}

static action_t *with_id(action_t *a, const char *id)
{
	a->event->event_id = fx_str(id);
	return a;
}

static action_t *in_error(action_t *a)
{
	a->event->error_declaration = arena_alloc(fx.mem, sizeof *a->event->error_declaration);
	argosy__v1__error_declaration__init(a->event->error_declaration);
	a->event->error_declaration->declaration_time = fx_str("2026-11-02T10:00:00.000Z");
	a->event->error_declaration->reason = fx_str("incorrect_data");
	return a;
}

#define UUID "urn:uuid:8f1d9a1e-0000-4000-8000-000000000001"
#define UUID2 "urn:uuid:8f1d9a1e-0000-4000-8000-000000000002"

static bool has_identity(struct event_identity *e, const char *member, const char *id)
{
	struct state_key k;
	struct slice v;
	struct hash h;
	event_identity_key(&h, slice_str(member), slice_str(id), NULL);
	if (!fx_get(&v, key_make(&k, "e/", slice(h.b, 32))))
		return false;
	assert_true(event_identity_decode(e, v));
	return true;
}

static struct event_identity identity(const char *member, const char *id)
{
	struct event_identity e;
	assert_true(has_identity(&e, member, id));
	return e;
}

static void each_member_records_an_event_once(void **state)
{
	(void)state;
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID));
	assert_int_equal(fx.records, 1);
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID));
	assert_int_equal(fx.records, 0);
	assert_int_equal(subject(ITEM("1")).count, 1);
	FX_REFUSED(EVENT_CONFLICT, "alice", with_id(fx_object(OBSERVE, ITEM("1"), "shipping"), UUID));
	assert_int_equal(identity("alice", UUID).declared1, 0);
	/* What eve says under alice's eventID is eve's own, and the other way round. */
	FX_OK("eve", with_id(fx_object(OBSERVE, ITEM("1"), "inspecting"), UUID));
	assert_int_equal(fx.records, 1);
	assert_int_equal(subject(ITEM("1")).claims, 1);
	FX_OK("eve", with_id(fx_object(OBSERVE, ITEM("1"), "shipping"), UUID2));
	FX_OK("alice", with_id(fx_object(OBSERVE, ITEM("1"), "shipping"), UUID2));
	assert_int_equal(fx.records, 1);
	assert_int_equal(subject(ITEM("1")).count, 2);
}

/* Without an eventID an event is what it says; the name of its hash is the same event. */
static void an_event_without_id_is_known_by_its_hash(void **state)
{
	(void)state;
	char uri[EVENT_HASH_URI_MAX];
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), ""));
	struct record r = fx_record(fx.n_log - 1);
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), ""));
	assert_int_equal(fx.records, 0);
	event_hash_uri(uri, &r.event_hash);
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), uri));
	assert_int_equal(fx.records, 0);
	assert_int_equal(subject(ITEM("1")).count, 1);
	FX_OK("eve", with_id(fx_object(OBSERVE, ITEM("1"), "commissioning"), ""));
	assert_int_equal(fx.records, 1);
	/* And so a declaration finds it. */
	FX_OK("alice", in_error(with_id(fx_object(ADD, ITEM("1"), "commissioning"), "")));
	assert_int_equal(fx_record(fx.n_log - 1).subjects[0].mode, MODE_VOID);
	assert_int_equal(fx_record(fx.n_log - 1).subjects[0].voided, 1);
	assert_int_equal(subject(ITEM("1")).count, 2);
	assert_chain(ITEM("1"), false);
}

static void an_error_is_declared_visibly_and_once(void **state)
{
	(void)state;
	uint64_t first = fx.n_log;
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1") " " ITEM("2"), "commissioning"), UUID));
	/* Another's declaration is his own and voids nothing. */
	FX_OK("eve", in_error(with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID)));
	assert_int_equal(identity("alice", UUID).declared1, 0);
	assert_int_equal(subject(ITEM("1")).count, 1);
	/* Declared with one of its two subjects: the history of both gets a mark. */
	FX_OK("alice", in_error(with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID)));
	struct event_identity e = identity("alice", UUID);
	assert_int_equal(e.index, first);
	assert_int_equal(e.declared1, fx.n_log);
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 2);
	for (unsigned i = 0; i < 2; i++) {
		struct summary m;
		assert_int_equal(r.subjects[i].mode, MODE_VOID);
		assert_int_equal(r.subjects[i].voided, 1);
		assert_int_equal(record_summary(&m, fx.mem, &r, &r.subjects[i], 0, NULL), ERR_OK);
		assert_int_equal(m.flags, SUMMARY_ERROR | SUMMARY_VOID);
		assert_int_equal(m.happened_ms, r.time_ms);
		assert_int_equal(m.step.n + m.where.n, 0);
	}
	/* Said again: nothing new. Said otherwise: refused. */
	FX_OK("alice", in_error(with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID)));
	assert_int_equal(fx.records, 0);
	FX_REFUSED(EXISTS, "alice", in_error(with_id(fx_object(ADD, ITEM("2"), "commissioning"), UUID)));
	assert_int_equal(subject(ITEM("1")).count, 2);
	assert_int_equal(subject(ITEM("2")).count, 2);
	assert_chain(ITEM("1"), false);
	assert_chain(ITEM("2"), false);
}

/* Whoever recorded it may void it, but writes nothing else into what is another's now. */
static void a_former_holder_leaves_a_mark_and_nothing_else(void **state)
{
	(void)state;
	FX_OK("alice", with_id(fx_object(ADD, ITEM("1"), "commissioning"), UUID));
	FX_OK("alice", fx_offer(ITEM("1"), "bob"));
	FX_OK("bob", fx_accept(ITEM("1"), "alice"));
	action_t *d = in_error(with_id(fx_object(ADD, ITEM("1") " " ITEM("9"), "destroying"), UUID));
	d->event->event_time = fx_str("2031-01-01T00:00:00.000Z");
	FX_OK("alice", d);
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 3);
	assert_int_equal(r.subjects[0].mode, MODE_VOID);
	assert_int_equal(r.subjects[0].voided, 1);
	assert_int_equal(r.subjects[1].mode, MODE_CLAIM);
	assert_true(slice_eq(r.subjects[0].id, r.subjects[1].id));
	assert_int_equal(r.subjects[2].mode, MODE_HISTORY); /* item 9 is alice's to open */
	struct subject s = subject(ITEM("1"));
	assert_int_equal(s.count, 4);
	assert_int_equal(s.claims, 1);
	assert_slice(s.holder, "bob");
	assert_chain(ITEM("1"), false);
	assert_chain(ITEM("1"), true);
}

/* A claim is voided among the claims. */
static void a_claim_is_voided_where_it_stands(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1"), "commissioning"));
	FX_OK("eve", with_id(fx_object(OBSERVE, ITEM("1"), "inspecting"), UUID));
	FX_OK("eve", in_error(with_id(fx_object(OBSERVE, ITEM("1"), "inspecting"), UUID)));
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 1);
	assert_int_equal(r.subjects[0].mode, MODE_VOID_CLAIM);
	assert_int_equal(r.subjects[0].voided, 1);
	assert_int_equal(subject(ITEM("1")).count, 1);
	assert_int_equal(subject(ITEM("1")).claims, 2);
	assert_chain(ITEM("1"), true);
}

static void an_error_without_its_event_stands_alone(void **state)
{
	(void)state;
	FX_OK("alice", in_error(with_id(fx_object(DELETE, ITEM("1"), "decommissioning"), UUID)));
	assert_int_equal(identity("alice", UUID).declared1, identity("alice", UUID).index + 1);
	assert_int_equal(fx_record(fx.n_log - 1).subjects[0].mode, MODE_HISTORY);
	assert_int_equal(subject(ITEM("1")).flags, 0);
	assert_int_equal(subject(ITEM("1")).count, 1);
	FX_OK("alice", in_error(fx_object(OBSERVE, ITEM("1"), "shipping")));
	assert_int_equal(subject(ITEM("1")).count, 2);
	/* The event itself, later: known, as its own member declared it beforehand. */
	FX_OK("alice", with_id(fx_object(DELETE, ITEM("1"), "decommissioning"), UUID));
	assert_int_equal(fx.records, 0);
	assert_chain(ITEM("1"), false);
}

/* Half a megabyte of names stands twice in a record: too large is a verdict, no fault. */
static void a_record_too_large_is_a_verdict(void **state)
{
	(void)state;
	enum { EACH = 1500, LONG = 460 };
	char *ids[EACH];
	for (unsigned i = 0; i < EACH; i++) {
		char id[LONG + 1];
		int n = snprintf(id, sizeof id, "https://things.example.com/%04u/", i);
		memset(id + n, 'x', LONG - (size_t)n);
		id[LONG] = 0;
		ids[i] = fx_str(id);
	}
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT, OBSERVE, "inspecting");
	a->event->epc_list = ids;
	a->event->n_epc_list = EACH;
	FX_REFUSED(TOO_LARGE, "alice", a);
	a->event->n_epc_list = EACH / 2;
	FX_OK("alice", a);
}

static void a_failed_batch_leaves_nothing(void **state)
{
	(void)state;
	size_t rows = fake.n, log = fx.n_log;
	action_t *batch[3] = {
		fx_object(ADD, ITEM("1"), "commissioning"),
		fx_aggregation(ADD, CASE("1"), ITEM("1")),
		fx_object(ADD, BOBS("1"), "commissioning"),
	};
	assert_int_equal(fx_batch("alice", batch, 3), VERDICT_NOT_OWNER);
	assert_string_equal(fx.text.field, "/actions/2/event");
	assert_int_equal(fake.n, rows);
	assert_int_equal(fx.n_log, log);
	assert_int_equal(fx_batch("alice", batch, 2), VERDICT_OK);
	assert_int_equal(fx.records, 2);
	assert_int_equal(fx_record(fx.n_log - 1).action_index, 1);
	assert_chain(ITEM("1"), false);
}

static void one_thing_under_two_names_stands_once(void **state)
{
	(void)state;
	FX_OK("alice", fx_object(ADD, ITEM("1") " https://example.com/01/09521234543213/21/1 " ITEM("2"),
				 "commissioning"));
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 2);
	assert_slice(r.subjects[0].id, "01/09521234543213/21/1");
	assert_slice(r.subjects[1].id, "01/09521234543213/21/2");
	/* Made of itself: an output. */
	FX_OK("alice", fx_transformation(ITEM("1"), ITEM("1")));
	r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 1);
	assert_int_equal(r.subjects[0].role, ROLE_OUTPUT);
	assert_int_equal(subject(ITEM("1")).flags, 0);
}

static void form_is_judged_before_any_block(void **state)
{
	(void)state;
	FX_REFUSED(INVALID, "alice", fx_object(ADD, "urn:epc:id:sgtin:9521234.054321", "commissioning"));
	assert_true(strstr(fx.text.field, "/actions/0/event/epcList") != NULL);
	FX_REFUSED(INVALID, "alice", fx_object(ADD, ITEM("1"), "no such step"));
	FX_REFUSED(INVALID, "alice", fx_grant(ITEM("1"), "bob", "no/such/step"));
	FX_REFUSED(INVALID, "alice", fx_prefix("https://example.com"));
	FX_REFUSED(INVALID, "alice", fx_prefix("gcp:123"));
	FX_REFUSED(MALFORMED, "alice", fx_action(ARGOSY__V1__ACTION__ACT__NOT_SET));
	action_t *a = fx_object(ADD, ITEM("1"), "commissioning");
	a->event->event_time = fx_str("yesterday");
	FX_REFUSED(INVALID, "alice", a);
}

/* Few bytes that unfold to much memory, many subjects in little: verdicts, before any block. */
static void bombs_are_too_large(void **state)
{
	(void)state;
	enum { REPORTS = 300000, ACTIONS = 6, EACH = 9000 };
	action_t *a = fx_object(OBSERVE, ITEM("1"), "inspecting");
	Argosy__V1__SensorReport report = ARGOSY__V1__SENSOR_REPORT__INIT, **list;
	Argosy__V1__SensorElement element = ARGOSY__V1__SENSOR_ELEMENT__INIT, *one = &element;
	list = arena_alloc(fx.mem, REPORTS * sizeof *list);
	for (size_t i = 0; i < REPORTS; i++)
		list[i] = &report;
	element.reports = list;
	element.n_reports = REPORTS;
	a->event->n_sensor_element_list = 1;
	a->event->sensor_element_list = &one;
	FX_REFUSED(TOO_LARGE, "alice", a);
	action_t *many[ACTIONS];
	for (unsigned i = 0; i < ACTIONS; i++) {
		many[i] = fx_object(OBSERVE, "", "inspecting");
		many[i]->event->n_epc_list = EACH;
		many[i]->event->epc_list = arena_alloc(fx.mem, EACH * sizeof(char *));
		for (unsigned j = 0; j < EACH; j++)
			many[i]->event->epc_list[j] = arena_printf(fx.mem, "x:%u", j);
	}
	assert_int_equal(fx_batch("alice", many, ACTIONS), VERDICT_TOO_LARGE);
	assert_int_equal(fx_batch("alice", many, ACTIONS - 1), VERDICT_OK);
	assert_int_equal(fx.records, ACTIONS - 1);
	assert_int_equal(subject("x:8999").count, ACTIONS - 1);
}

/* What would forge a line or steer a terminal does not enter; other letters do. */
static void control_characters_are_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"a\nok: accepted", false}, {"a\x1b[2J", false}, {"a\tb", false}, {"a\x7f", false},
		{"a\xc2\x9b" "2J", false},   {"茶 \xc2\xa0 é", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char *text = fx_str(rows[i].text), id[16];
		snprintf(id, sizeof id, "new%zu", i);
		action_t *list[9];
		size_t n = 0;
		list[n] = fx_admit(id);
		list[n++]->admit_member->name = text;
		list[n] = fx_attach(ITEM("1"), id);
		list[n++]->attach->title = text;
		list[n] = fx_attach(ITEM("1"), "b");
		list[n++]->attach->kind = text;
		list[n] = fx_attach(ITEM("1"), "c");
		list[n++]->attach->media_type = text;
		list[n++] = fx_statement("", text);
		list[n] = fx_statement("", "said");
		list[n++]->statement->partner = text;
		for (size_t k = 0; k < n; k++) {
			struct tx *tx = fx_tx(k ? "alice" : "op", k ? "alice" : "op", &list[k], 1);
			if ((tx->form == VERDICT_OK) != rows[i].good)
				fail_msg("row %zu, action %zu: %s", i, k, verdict_name(tx->form));
			if (!rows[i].good)
				assert_string_equal(tx->form_text.text, "holds a control character");
			tx_free(tx);
		}
	}
}

/* No signature by such a key is ever accepted: a member with it alone could do nothing. */
static const struct {
	const char *what, *hex;
} unusable_keys[] = {
	{"all zero", "0000000000000000000000000000000000000000000000000000000000000000"},
	{"zero, signed", "0000000000000000000000000000000000000000000000000000000000000080"},
	{"the identity", "0100000000000000000000000000000000000000000000000000000000000000"},
	{"order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
	{"order 8", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
	{"p + 1", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
	{"all ones", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"},
	{"no point", "0200000000000000000000000000000000000000000000000000000000000000"},
};

static void keys_that_nobody_can_use_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof unusable_keys / sizeof *unusable_keys; i++) {
		uint8_t raw[32];
		assert_true(hex_decode(raw, 32, slice_str(unusable_keys[i].hex)));
		ProtobufCBinaryData key = {32, raw};
		action_t *list[4] = {fx_admit("new"), fx_admit("new"), fx_add_key("alice/two", true, ""),
				     fx_add_key("alice/two", false, "")};
		list[0]->admit_member->person_keys[0] = key;
		list[1]->admit_member->agent_keys = &key;
		list[1]->admit_member->n_agent_keys = 1;
		list[2]->add_key->key = list[3]->add_key->key = key;
		for (size_t k = 0; k < 4; k++) {
			enum verdict v = fx_do(k < 2 ? "op" : "alice", list[k]);
			if (v != VERDICT_INVALID)
				fail_msg("%s, action %zu: %s", unusable_keys[i].what, k, verdict_name(v));
			assert_non_null(strstr(fx.text.text, "not a usable Ed25519 key"));
		}
	}
	FX_OK("op", fx_admit("new"));
	FX_OK("alice", fx_add_key("alice/two", false, ""));
}

/* What no act may bring, no genesis brings either. */
static void a_genesis_brings_nothing_unusable(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t key; /* of unusable_keys; SIZE_MAX: a good one */
		bool good;
	} rows[] = {
		{"New", SIZE_MAX, true}, {"N\new", SIZE_MAX, false}, {"New", 0, false},
		{"New", 2, false},	 {"New", 7, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		Argosy__V1__GenesisState g = ARGOSY__V1__GENESIS_STATE__INIT;
		Argosy__V1__GenesisMember m = ARGOSY__V1__GENESIS_MEMBER__INIT, *list[] = {&m};
		ProtobufCBinaryData key = fx_key("new");
		uint8_t raw[32], packed[400];
		struct err_text t = {{0}};
		if (rows[i].key != SIZE_MAX) {
			assert_true(hex_decode(raw, 32, slice_str(unusable_keys[rows[i].key].hex)));
			key.data = raw;
		}
		m.id = fx_str("new");
		m.name = fx_str(rows[i].name);
		m.country = fx_str("CN");
		m.person_keys = &key;
		m.n_person_keys = 1;
		g.members = list;
		g.n_members = 1;
		size_t n = argosy__v1__genesis_state__pack(&g, packed);
		struct exec x = fx_exec(fx.mem);
		enum err e = trade_app.genesis(&x, slice(packed, n), &t);
		if ((e == ERR_OK) != rows[i].good)
			fail_msg("row %zu: %s", i, t.text);
		close_world(NULL);
		open_world(NULL);
	}
}

/* A member's own quota ends as it began; an act that would change nothing is none. */
static void a_quota_is_given_and_taken_back(void **state)
{
	(void)state;
	action_t *a = fx_set_member("bob", "");
	FX_REFUSED(INVALID, "op", a);
	assert_string_equal(fx.text.text, "changes nothing");
	a->set_member->quota_units_per_hour = 7;
	FX_OK("op", a);
	struct slice value;
	struct member m;
	assert_true(fx_get(&value, SLICE_LIT("m/bob")) && member_decode(&m, value));
	assert_int_equal(m.quota_units_per_hour, 7);
	a->set_member->quota_default = true;
	FX_REFUSED(INVALID, "op", a);
	a->set_member->quota_units_per_hour = 0;
	FX_OK("op", a);
	assert_true(fx_get(&value, SLICE_LIT("m/bob")) && member_decode(&m, value));
	assert_int_equal(m.quota_units_per_hour, 0);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		T(a_history_opens_and_grows),
		T(goods_from_outside_are_taken_in),
		T(a_claim_before_the_owner_speaks),
		T(packing_moves_and_unpacking_frees),
		T(unpacking_all_counts_for_each),
		T(slots_stay_dense),
		T(no_container_holds_itself),
		T(nesting_has_a_bottom),
		T(towers_are_not_set_on_each_other),
		T(contents_go_with_their_container),
		T(an_offer_ends_with_packing),
		T(making_ends_what_it_is_made_of),
		T(each_member_records_an_event_once),
		T(an_event_without_id_is_known_by_its_hash),
		T(an_error_is_declared_visibly_and_once),
		T(a_former_holder_leaves_a_mark_and_nothing_else),
		T(a_claim_is_voided_where_it_stands),
		T(a_record_too_large_is_a_verdict),
		T(an_error_without_its_event_stands_alone),
		T(a_failed_batch_leaves_nothing),
		T(one_thing_under_two_names_stands_once),
		T(form_is_judged_before_any_block),
		T(bombs_are_too_large),
		T(control_characters_are_refused),
		T(keys_that_nobody_can_use_are_refused),
		T(a_genesis_brings_nothing_unusable),
		T(a_quota_is_given_and_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
