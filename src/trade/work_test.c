/*
 * What an act costs is what it touches, whatever it names: attacks that named little and
 * made the node do much, on the real ledger. Work is counted, not timed: the quota is
 * charged with what was done.
 */
#define FX_LEDGER
#include "trade/fixture.h"
#include "ledger/app.h"

enum { LARGE = 9999 }; /* with its container an act about 10,000 */

/* A transaction stops at its bound; what it had in hand by then is an action's at most. */
#define TX_MOST (WORK_TX_MAX + WORK_ACTION_ROWS_MAX)

static uint64_t used(const char *member)
{
	struct state_key k;
	struct slice v;
	if (!fx_get(&v, key_make(&k, "u/", slice_str(member))))
		return 0;
	struct reader r = reader_of(v);
	reader_varint(&r);
	return reader_varint(&r);
}

static char **many(unsigned set)
{
	char **list = arena_alloc(fx.mem, LARGE * sizeof *list);
	for (unsigned i = 0; i < LARGE; i++)
		list[i] = arena_printf(fx.mem, "x:%u/%u", set, i);
	return list;
}

static action_t *of_one_event(action_t *a)
{
	a->event->event_id = fx_str("urn:uuid:8f1d9a1e-0000-4000-8000-000000000001");
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

/* 149 KB: an event about 10,000 items, and as many declarations of it as a transaction
 * holds, each naming one of them. It cost 101 s, 6.1 GB and 150 MB of disk. */
static void declarations_cost_what_they_touch(void **state)
{
	(void)state;
	enum { N = 1000 };
	action_t *list[N];
	list[0] = of_one_event(fx_object(OBSERVE, "", "inspecting"));
	list[0]->event->n_epc_list = LARGE;
	list[0]->event->epc_list = many(0);
	for (unsigned i = 1; i < N; i++) {
		char one[16];
		snprintf(one, sizeof one, "x:0/%u", i);
		list[i] = in_error(of_one_event(fx_object(OBSERVE, one, "inspecting")));
	}
	assert_int_not_equal(fx_batch("alice", list, N), VERDICT_OK);
	assert_int_equal(fx.records, 0);
	assert_true(used("alice") > LARGE && used("alice") < TX_MOST);
	/* One by one: each is a transaction, and charged. */
	uint64_t before = used("alice");
	FX_OK("alice", list[0]);
	for (unsigned i = 1; i < 20; i++) {
		uint64_t one = used("alice");
		(void)fx_do("alice", list[i]);
		assert_true(used("alice") - one < WORK_ACTION_ROWS_MAX + 2048);
	}
	assert_true(used("alice") - before > 2 * LARGE);
}

/* Unpacking all names the container alone. */
static void unpacking_costs_what_is_inside(void **state)
{
	(void)state;
	enum { N = 7 };
	action_t *list[N];
	struct subject s;
	for (unsigned i = 0; i < N; i++) {
		char id[16];
		snprintf(id, sizeof id, "x:box/%u", i);
		action_t *pack = fx_aggregation(ADD, id, "");
		pack->event->n_child_epcs = LARGE;
		pack->event->child_epcs = many(i);
		FX_OK("alice", pack);
		list[i] = fx_aggregation(DELETE, id, "");
	}
	uint64_t before = used("alice");
	assert_int_equal(fx_batch("alice", list, N), VERDICT_TOO_LARGE);
	assert_int_equal(fx.records, 0);
	assert_true(used("alice") - before > WORK_TX_MAX && used("alice") - before < TX_MOST);
	assert_true(fx_subject(&s, "x:box/0") && s.children == LARGE);
	before = used("alice");
	assert_int_equal(fx_batch("alice", list, N - 1), VERDICT_OK);
	assert_true(used("alice") - before > (N - 1) * LARGE);
	assert_true(fx_subject(&s, "x:box/0") && s.children == 0);
	assert_true(fx_subject(&s, "x:box/6") && s.children == LARGE);
}

/* Moving what is packed costs the things and their containers' chunks once, in any order. */
static void moving_costs_what_is_moved(void **state)
{
	(void)state;
	static const unsigned steps[] = {1, LARGE - 1, 7919}; /* as packed, backwards, mixed */
	for (unsigned k = 0; k < 3; k++) {
		char from[16], to[16];
		struct subject s;
		snprintf(from, sizeof from, "x:from/%u", k);
		snprintf(to, sizeof to, "x:to/%u", k);
		action_t *a = fx_aggregation(ADD, from, "");
		char **children = many(k), **order = arena_alloc(fx.mem, LARGE * sizeof *order);
		for (unsigned i = 0; i < LARGE; i++)
			order[i] = children[(i + 1) * (size_t)steps[k] % LARGE];
		a->event->n_child_epcs = LARGE;
		a->event->child_epcs = children;
		FX_OK("alice", a);
		uint64_t before = used("alice");
		a->event->parent_id = fx_str(to);
		a->event->child_epcs = order;
		a->event->event_id = fx_event_id(); /* another event, not that one changed */
		FX_OK("alice", a);
		assert_true(used("alice") - before < LARGE + 2048);
		assert_true(fx_subject(&s, from) && s.children == 0);
		assert_true(fx_subject(&s, to) && s.children == LARGE);
		for (unsigned i = 0; i < LARGE; i += 97) {
			assert_true(fx_subject(&s, order[i]));
			assert_true(slice_eq(s.container, fx_canon(to)) && s.slot == i);
		}
		/* And half of them back again: the rest moves together. */
		a->event->parent_id = fx_str(from);
		a->event->n_child_epcs = LARGE / 2;
		a->event->event_id = fx_event_id();
		FX_OK("alice", a);
		assert_true(fx_subject(&s, to) && s.children == LARGE - LARGE / 2);
		a = fx_aggregation(DELETE, to, "");
		FX_OK("alice", a);
		assert_true(fx_subject(&s, to) && s.children == 0);
		for (unsigned i = LARGE / 2; i < LARGE; i += 97)
			assert_true(fx_subject(&s, order[i]) && s.container.n == 0);
	}
}

/* A bound is passed wherever it lies, also while things are taken out of a container one by one:
 * a verdict, and nothing has changed. It was a fault, which stops every node. */
static void a_bound_within_an_unpacking_is_a_verdict(void **state)
{
	(void)state;
	enum { N = 7, HALF = 5000 };
	action_t *list[N];
	struct subject s;
	for (unsigned i = 0; i < N; i++) {
		char id[16];
		snprintf(id, sizeof id, "x:box/%u", i);
		char **children = many(i);
		action_t *pack = fx_aggregation(ADD, id, "");
		pack->event->n_child_epcs = LARGE;
		pack->event->child_epcs = children;
		FX_OK("alice", pack);
		list[i] = fx_aggregation(DELETE, id, "");
		list[i]->event->n_child_epcs = HALF;
		list[i]->event->child_epcs = children;
	}
	for (unsigned n = 2500; n <= HALF; n += 250) {
		list[N - 1]->event->n_child_epcs = n;
		list[N - 1]->event->event_id = fx_event_id();
		uint64_t before = used("alice");
		enum verdict v = fx_batch("alice", list, N);
		if (v == VERDICT_OK)
			fail_msg("%u named: not over the bound", n);
		assert_int_equal(v, VERDICT_TOO_LARGE);
		assert_int_equal(fx.records, 0);
		assert_true(used("alice") - before < TX_MOST);
		assert_true(fx_subject(&s, "x:box/0") && s.children == LARGE);
	}
}

/* What is packed stands in rows of 64, which are written for each thing that leaves one: with
 * long names 30 KiB for a child that has a short one. */
static void large_rows_cost_their_bytes(void **state)
{
	(void)state;
	enum { BOXES = 60, LONG = 460 };
	char **out = arena_alloc(fx.mem, BOXES * sizeof *out), fill[LONG];
	memset(fill, 'a', sizeof fill - 1);
	fill[sizeof fill - 1] = 0;
	for (unsigned i = 0; i < BOXES; i++) {
		char **in = arena_alloc(fx.mem, SUBJECT_CHUNK * sizeof *in);
		for (unsigned k = 0; k + 1 < SUBJECT_CHUNK; k++)
			in[k] = arena_printf(fx.mem, "x:%u/%u/%s", i, k, fill);
		in[SUBJECT_CHUNK - 1] = out[i] = arena_printf(fx.mem, "x:short/%u", i);
		action_t *a = fx_aggregation(ADD, arena_printf(fx.mem, "x:box/%u", i), "");
		a->event->n_child_epcs = SUBJECT_CHUNK;
		a->event->child_epcs = in;
		FX_OK("alice", a);
	}
	action_t *a = fx_aggregation(ADD, "x:other", "");
	a->event->n_child_epcs = BOXES;
	a->event->child_epcs = out;
	uint64_t before = used("alice");
	FX_OK("alice", a);
	assert_true(used("alice") - before > BOXES * (SUBJECT_CHUNK - 1) * LONG / 1024);
}

static int world_open(void **state)
{
	(void)state;
	fx_open();
	return 0;
}

static int world_close(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(declarations_cost_what_they_touch, world_open,
						world_close),
		cmocka_unit_test_setup_teardown(unpacking_costs_what_is_inside, world_open,
						world_close),
		cmocka_unit_test_setup_teardown(a_bound_within_an_unpacking_is_a_verdict,
						world_open, world_close),
		cmocka_unit_test_setup_teardown(large_rows_cost_their_bytes, world_open, world_close),
		cmocka_unit_test_setup_teardown(moving_costs_what_is_moved, world_open, world_close),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
