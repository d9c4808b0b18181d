#define FX_LEDGER
#include "trade/fixture.h"

#include "data/json.h"
#include "trade/identity.h"
#include "trade/trace.h"
#include "trade/trace_json.h"

#define ITEM(n) "urn:epc:id:sgtin:9521234.054321." n
#define CASE(n) "urn:epc:id:sscc:9521234.300000000" n
#define LOT(n) "urn:epc:class:lgtin:9521234.054321." n

static int open_world(void **state)
{
	(void)state;
	fx_open();
	FX_OK("alice", fx_prefix("gcp:9521234"));
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	fx_close();
	return 0;
}

static struct trace *traced(const char *id, enum trace_direction d, bool claims)
{
	struct trace_options o = {.direction = d, .claims = claims};
	struct err_text t = {{0}};
	struct trace *out;
	enum err e = trace_run(&out, real.ledger, slice_str(id), &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", id, t.text);
	assert_int_equal(e, ERR_OK);
	return out;
}

/* The steps of the events, oldest first, separated by spaces. */
static void assert_steps(const char *id, enum trace_direction d, const char *want)
{
	struct trace *t = traced(id, d, false);
	struct buf b = BUF_INIT;
	for (size_t i = 0; i < t->n_events; i++) {
		if (i)
			buf_put_u8(&b, ' ');
		if (t->events[i].voids)
			buf_printf(&b, "void:%u", (unsigned)t->events[i].voids);
		buf_put_slice(&b, t->events[i].summary.step);
		if (t->events[i].voided)
			buf_put_u8(&b, '!');
		if (t->events[i].disowned)
			buf_put_u8(&b, '~');
		if (mode_is_claim(t->events[i].mode))
			buf_put_u8(&b, '?');
	}
	assert_string_equal(buf_cstr(&b), want);
	buf_fini(&b);
	trace_free(t);
}

/* Events of these tests happen one minute after the other. */
static void say(action_t *a)
{
	static unsigned minute;
	char text[40];
	minute++;
	snprintf(text, sizeof text, "2026-11-%02uT%02u:%02u:00.000Z", 1 + minute / 1440 % 28,
		 minute / 60 % 24, minute % 60);
	a->event->event_time = fx_str(text);
	FX_OK("alice", a);
}

static void see(const char *id, const char *step)
{
	say(fx_object(OBSERVE, id, step));
}

/* An item counts its container's events for just the while it was inside. */
static void containment_is_bounded_in_time(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1") " " ITEM("2"), "commissioning"));
	see(CASE("1"), "storing"); /* before */
	say(fx_aggregation(ADD, CASE("1"), ITEM("1")));
	see(CASE("1"), "loading");
	say(fx_aggregation(ADD, CASE("2"), CASE("1")));
	see(CASE("2"), "transporting");
	say(fx_aggregation(DELETE, CASE("2"), "")); /* does not name the case */
	see(CASE("2"), "arriving");		    /* after */
	see(CASE("1"), "receiving");
	say(fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	see(CASE("1"), "destroying"); /* after */
	see(ITEM("1"), "retail_selling");
	assert_steps(ITEM("1"), TRACE_SELF, "commissioning packing unpacking retail_selling");
	assert_steps(ITEM("1"), TRACE_UP,
		     "commissioning packing loading packing transporting unpacking receiving "
		     "unpacking retail_selling");
	assert_steps(ITEM("2"), TRACE_UP, "commissioning");
	/* Down: what the outer case held, while it held it. */
	assert_steps(CASE("2"), TRACE_DOWN,
		     "packing transporting unpacking arriving");
	struct trace *t = traced(ITEM("1"), TRACE_UP, false);
	assert_int_equal(t->n_nodes, 3);
	assert_int_equal(t->nodes[1].link, ROLE_PARENT);
	assert_int_equal(t->nodes[2].via, 1);
	assert_int_equal(t->nodes[2].depth, 2);
	trace_free(t);
}

static void say_at(const char *when, action_t *a)
{
	a->event->event_time = fx_str(when);
	FX_OK("alice", a);
}

/* What counts is when it happened, not when it was recorded. */
static void recorded_late_or_early(void **state)
{
	(void)state;
	say_at("2026-01-01T00:00:00Z", fx_object(ADD, ITEM("1"), "commissioning"));
	say_at("2026-01-10T00:00:00Z", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	say_at("2026-01-05T00:00:00Z", fx_object(OBSERVE, CASE("1"), "storing"));
	say_at("2026-01-10T00:00:00Z", fx_object(OBSERVE, CASE("1"), "loading")); /* at the packing */
	say_at("2026-01-12T00:00:00Z", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	say_at("2026-01-12T00:00:00Z", fx_object(OBSERVE, CASE("1"), "destroying")); /* at the unpacking */
	say_at("2026-01-11T12:00:00Z", fx_object(OBSERVE, CASE("1"), "transporting"));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing loading transporting unpacking");
	/* The other way: what the case held, with what it went through meanwhile. */
	say_at("2026-01-11T00:00:00Z", fx_object(OBSERVE, ITEM("1"), "inspecting"));
	say_at("2026-01-13T00:00:00Z", fx_object(OBSERVE, ITEM("1"), "shipping"));
	assert_steps(CASE("1"), TRACE_DOWN,
		     "storing packing loading inspecting transporting unpacking destroying");
}

/* An offer of custody happens when it is recorded: it counts by what was recorded around it, or
 * by its time. */
static void other_acts_count_too(void **state)
{
	(void)state;
	say_at("2026-01-01T00:00:00Z", fx_object(ADD, ITEM("1"), "commissioning"));
	say_at("2026-01-10T00:00:00Z", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	FX_OK("alice", fx_offer(CASE("1"), "bob"));
	say_at("2026-01-12T00:00:00Z", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	FX_OK("bob", fx_accept(CASE("1"), "alice"));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing unpacking offer_custody");
}

/* A case on a pallet: the pallet counts for the time that is in both. */
static void nested_times_intersect(void **state)
{
	(void)state;
	say_at("2026-01-01T00:00:00Z", fx_object(ADD, ITEM("1"), "commissioning"));
	say_at("2026-01-02T00:00:00Z", fx_aggregation(ADD, CASE("2"), CASE("1")));
	say_at("2026-01-10T00:00:00Z", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	say_at("2026-01-12T00:00:00Z", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	say_at("2026-01-20T00:00:00Z", fx_aggregation(DELETE, CASE("2"), CASE("1")));
	say_at("2026-01-09T00:00:00Z", fx_object(OBSERVE, CASE("2"), "storing"));
	say_at("2026-01-11T00:00:00Z", fx_object(OBSERVE, CASE("2"), "transporting"));
	say_at("2026-01-13T00:00:00Z", fx_object(OBSERVE, CASE("2"), "arriving"));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing transporting unpacking");
	struct trace *t = traced(ITEM("1"), TRACE_UP, false);
	assert_int_equal(t->n_nodes, 3);
	assert_true(t->nodes[2].at.in.from_ms == t->nodes[1].at.in.from_ms &&
		    t->nodes[2].at.in.to_ms == t->nodes[1].at.in.to_ms);
	trace_free(t);
	/* What was in the case before the case came onto the pallet is on it too. */
	say_at("2026-02-01T00:00:00Z", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	say_at("2026-02-02T00:00:00Z", fx_aggregation(ADD, CASE("3"), CASE("1")));
	say_at("2026-02-03T00:00:00Z", fx_object(OBSERVE, ITEM("1"), "inspecting"));
	assert_steps(CASE("3"), TRACE_DOWN, "packing inspecting");
}

/* Unpacked, it is told, before it was packed: the order of recording bounds that stay. */
static void times_that_contradict(void **state)
{
	(void)state;
	say_at("2026-01-01T00:00:00Z", fx_object(ADD, ITEM("1"), "commissioning"));
	say_at("2026-01-03T00:00:00Z", fx_object(OBSERVE, CASE("1"), "storing"));
	say_at("2026-01-10T00:00:00Z", fx_aggregation(ADD, CASE("1"), ITEM("1")));
	say_at("2026-01-05T00:00:00Z", fx_object(OBSERVE, CASE("1"), "transporting"));
	say_at("2026-01-09T00:00:00Z", fx_aggregation(DELETE, CASE("1"), ITEM("1")));
	say_at("2026-01-11T00:00:00Z", fx_object(OBSERVE, CASE("1"), "destroying"));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning transporting unpacking packing");
	struct trace *t = traced(ITEM("1"), TRACE_UP, false);
	assert_int_equal(t->n_nodes, 2);
	assert_true(t->nodes[1].contradicts);
	trace_free(t);
}

/* A maker whose clock is ahead: what was recorded before it was used is its origin all the same. */
static void clocks_lose_no_origin(void **state)
{
	(void)state;
	say_at("2026-01-09T00:00:00Z", fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_transformation(ITEM("1"), ITEM("2"));
	a->event->biz_step = fx_str("assembling");
	say_at("2026-01-08T00:00:00Z", a);
	assert_steps(ITEM("2"), TRACE_UP, "assembling commissioning");
	assert_steps(ITEM("1"), TRACE_DOWN, "assembling commissioning");
}

/* Packed elsewhere without being unpacked: it left the first case then. */
static void a_move_ends_a_stay(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	say(fx_aggregation(ADD, CASE("1"), ITEM("1")));
	see(CASE("1"), "loading");
	say(fx_aggregation(ADD, CASE("2"), ITEM("1")));
	see(CASE("1"), "destroying");
	see(CASE("2"), "transporting");
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing loading packing transporting");
}

static void transformations_link_both_ways(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	see(ITEM("1"), "inspecting");
	say(fx_object_quantity(ADD, LOT("RAW"), "commissioning"));
	action_t *a = fx_transformation(ITEM("1"), ITEM("2") " " ITEM("3"));
	a->event->input_quantity_list = fx_quantities(&a->event->n_input_quantity_list, LOT("RAW"));
	a->event->biz_step = fx_str("assembling");
	say(a);
	see(ITEM("2"), "shipping");
	see(ITEM("3"), "retail_selling");
	assert_steps(ITEM("2"), TRACE_UP,
		     "commissioning inspecting commissioning assembling shipping");
	assert_steps(LOT("RAW"), TRACE_DOWN, "commissioning assembling shipping retail_selling");
	assert_steps(ITEM("1"), TRACE_DOWN,
		     "commissioning inspecting assembling shipping retail_selling");
	/* Whole is up and down, not all that is near: the sister is not part of it. */
	assert_steps(ITEM("2"), TRACE_WHOLE,
		     "commissioning inspecting commissioning assembling shipping");
}

/* What one part of a transformation used, another part made. */
static void a_transformation_in_parts(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *in = fx_transformation(ITEM("1"), ""), *out = fx_transformation("", ITEM("2"));
	in->event->transformation_id = fx_str("urn:uuid:8f1d9a1e-0000-4000-8000-000000000077");
	in->event->biz_step = fx_str("assembling");
	out->event->transformation_id = in->event->transformation_id;
	say(in);
	say(out);
	assert_steps(ITEM("2"), TRACE_UP, "commissioning assembling commissioning");
	assert_steps(ITEM("1"), TRACE_DOWN, "commissioning assembling commissioning");
}

static void used_by_others_still_leads_down(void **state)
{
	(void)state;
	say(fx_object_quantity(ADD, LOT("RAW"), "commissioning"));
	action_t *a = fx_transformation("", "urn:epc:id:sgtin:9521236.054321.1");
	a->event->event_time = fx_str("2026-12-01T00:00:00Z");
	a->event->input_quantity_list = fx_quantities(&a->event->n_input_quantity_list, LOT("RAW"));
	a->event->biz_step = fx_str("assembling");
	FX_OK("eve", a);
	assert_steps(LOT("RAW"), TRACE_SELF, "commissioning");
	assert_steps(LOT("RAW"), TRACE_DOWN, "commissioning assembling?");
	struct trace *t = traced(LOT("RAW"), TRACE_SELF, true);
	assert_int_equal(t->n_events, 2);
	trace_free(t);
}

static action_t *in_error(action_t *a)
{
	a->event->error_declaration = arena_alloc(fx.mem, sizeof *a->event->error_declaration);
	argosy__v1__error_declaration__init(a->event->error_declaration);
	a->event->error_declaration->declaration_time = fx_str("2026-11-30T10:00:00.000Z");
	return a;
}

/* 2026-12-01: after the events of these tests, which say when they happened by themselves. */
static const int64_t DECEMBER_MS = 1796083200000;

/* A declaration takes nothing out of a journey: what the reefer went through stays, marked. */
static void void_moves_lead_where_they_did(void **state)
{
	(void)state;
	fx.time_ms = DECEMBER_MS;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	see(CASE("1"), "storing");
	action_t *a = fx_aggregation(ADD, CASE("1"), ITEM("1"));
	say(a);
	see(CASE("1"), "transporting");
	action_t *out = fx_aggregation(DELETE, CASE("1"), ITEM("1"));
	say(out);
	see(CASE("1"), "storing");
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing transporting unpacking");
	FX_OK("alice", in_error(a));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing! transporting unpacking void:2");
	FX_OK("alice", in_error(out));
	assert_steps(ITEM("1"), TRACE_UP,
		     "commissioning packing! transporting unpacking! void:2 void:3");
}

/* One that nobody was taken out of ends when it was declared in error. */
static void a_void_packing_ends_with_its_declaration(void **state)
{
	(void)state;
	fx.time_ms = DECEMBER_MS;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_aggregation(ADD, CASE("1"), ITEM("1"));
	say(a);
	see(CASE("1"), "transporting");
	FX_OK("alice", in_error(a));
	action_t *later = fx_object(OBSERVE, CASE("1"), "storing");
	later->event->event_time = fx_str("2040-01-01T00:00:00.000Z");
	FX_OK("alice", later);
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing! transporting void:2");
}

/* What something was made from stays its origin. */
static void a_void_transformation_keeps_its_inputs(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_transformation(ITEM("1"), ITEM("2"));
	say(a);
	FX_OK("alice", in_error(a));
	struct trace *t = traced(ITEM("2"), TRACE_UP, false);
	assert_int_equal(t->n_nodes, 2);
	trace_free(t);
}

/* What others say and take back of a thing, and events dated ahead. */
static void claims_are_void_among_claims(void **state)
{
	(void)state;
	fx.time_ms = DECEMBER_MS;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_object(OBSERVE, ITEM("1"), "inspecting");
	a->event->event_time = fx_str("2090-01-01T00:00:00.000Z");
	FX_OK("eve", a);
	FX_OK("eve", in_error(a));
	struct trace *t = traced(ITEM("1"), TRACE_SELF, true);
	assert_int_equal(t->n_events, 3);
	assert_int_equal(t->events[1].mode, MODE_VOID_CLAIM);
	assert_int_equal(t->events[1].voids, 1);
	assert_int_equal(t->events[1].voids_index1, t->events[2].index + 1);
	assert_true(t->events[2].voided);
	struct buf b = BUF_INIT;
	assert_int_equal(trace_json(&b, real.ledger, t), ERR_OK);
	assert_true(strstr(buf_cstr(&b), "\"after_recording\":true") != NULL);
	assert_true(strstr(buf_cstr(&b), "\"voids\":1,\"voids_index\":") != NULL);
	buf_fini(&b);
	trace_free(t);
}

static void disowned_acts_stay_and_are_marked(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	FX_OK("alice", fx_add_key("alice/stolen", true, ""));
	action_t *a = fx_object(OBSERVE, ITEM("1"), "inspecting");
	a->event->event_time = fx_str("2026-12-01T00:00:00Z");
	assert_int_equal(fx_by("alice", "alice/stolen", a), VERDICT_OK);
	int64_t from = fx.height + 1;
	a = fx_object(OBSERVE, ITEM("1"), "shipping");
	a->event->event_time = fx_str("2026-12-02T00:00:00Z");
	assert_int_equal(fx_by("alice", "alice/stolen", a), VERDICT_OK);
	FX_REFUSED(INVALID, "alice", fx_disown_key("alice/stolen", fx.height + 10));
	FX_OK("alice", fx_disown_key("alice/stolen", from));
	assert_steps(ITEM("1"), TRACE_SELF, "commissioning inspecting shipping~");
	FX_REFUSED(STATE, "alice", fx_disown_key("alice/stolen", from));
	FX_OK("alice", fx_disown_key("alice/stolen", 1)); /* more of them, never fewer */
	assert_steps(ITEM("1"), TRACE_SELF, "commissioning inspecting~ shipping~");
	assert_int_equal(fx_by("alice", "alice/stolen", a), VERDICT_KEY_REVOKED);
}

/* On the real ledger: neither subject, nor children, nor record, nor event id stays. */
static void a_refused_batch_leaves_nothing(void **state)
{
	(void)state;
	action_t *with_id = fx_object(OBSERVE, CASE("1"), "storing");
	with_id->event->event_id = fx_str("urn:uuid:8f1d9a1e-0000-4000-8000-000000000009");
	action_t *batch[] = {
		fx_object(ADD, ITEM("1"), "commissioning"),
		fx_aggregation(ADD, CASE("1"), ITEM("1")),
		with_id,
		fx_accept(CASE("1"), "bob"),
	};
	uint64_t log = fx.n_log;
	assert_int_equal(fx_batch("alice", batch, 4), VERDICT_NOT_OFFERED);
	assert_int_equal(fx.n_log, log);
	struct subject s;
	struct state_key k;
	struct slice v;
	struct hash h;
	event_identity_key(&h, SLICE_LIT("alice"), slice_str(with_id->event->event_id), NULL);
	assert_false(fx_subject(&s, ITEM("1")) || fx_subject(&s, CASE("1")));
	assert_false(fx_get(&v, key_make(&k, "b/", SLICE_LIT("00/395212340000000014/0"))));
	assert_false(fx_get(&v, key_make(&k, "e/", slice(h.b, 32))));
	assert_int_equal(fx_batch("alice", batch, 3), VERDICT_OK);
	assert_true(fx_get(&v, key_make(&k, "b/", SLICE_LIT("00/395212340000000014/0"))));
	assert_true(fx_get(&v, key_make(&k, "e/", slice(h.b, 32))));
	assert_steps(ITEM("1"), TRACE_UP, "commissioning packing storing");
}

static void limits_are_said(void **state)
{
	(void)state;
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	for (int i = 0; i < 5; i++)
		see(ITEM("1"), "inspecting");
	struct trace_options o = {.events_max = 3};
	struct err_text e = {{0}};
	struct trace *t;
	assert_int_equal(trace_run(&t, real.ledger, slice_str(ITEM("1")), &o, &e), ERR_OK);
	assert_true(t->truncated);
	assert_int_equal(t->n_events, 3);
	assert_string_equal(t->cut, "of 01/09521234543213/21/1 only the newest 3 of 6 records were read");
	trace_free(t);
	o = (struct trace_options){.nodes_max = 1, .direction = TRACE_UP};
	say(fx_aggregation(ADD, CASE("1"), ITEM("1")));
	assert_int_equal(trace_run(&t, real.ledger, slice_str(ITEM("1")), &o, &e), ERR_OK);
	assert_true(t->truncated);
	assert_string_equal(t->cut, "only the first 1 subjects are shown");
	trace_free(t);
	assert_int_equal(trace_run(&t, real.ledger, slice_str(ITEM("9")), &o, &e), ERR_NOTFOUND);
	assert_int_equal(trace_run(&t, real.ledger, slice_str("urn:epc:id:sgtin:1"), &o, &e),
			 ERR_FORMAT);
}

static void the_json_says_it_all(void **state)
{
	(void)state;
	FX_OK("alice", fx_location("414/9521234000013"));
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_aggregation(ADD, CASE("1"), ITEM("1"));
	a->event->read_point = arena_alloc(fx.mem, sizeof *a->event->read_point);
	argosy__v1__place__init(a->event->read_point);
	a->event->read_point->id = fx_str("urn:epc:id:sgln:9521234.00001.0");
	say(a);
	struct trace *t = traced(ITEM("1"), TRACE_WHOLE, false);
	struct buf b = BUF_INIT;
	assert_int_equal(trace_json(&b, real.ledger, t), ERR_OK);
	struct json_value *v;
	struct json_error je;
	assert_int_equal(json_parse(fx.mem, &v, &je, buf_slice(&b), 16, JSON_STRICT), ERR_OK);
	static const char *const there[] = {
		"{\"subject\":\"01/09521234543213/21/1\",\"height\":",
		"\"nodes\":[{\"id\":\"01/09521234543213/21/1\",\"kind\":\"item\",\"depth\":0,",
		"\"id\":\"00/395212340000000014\",\"kind\":\"logistic_unit\",\"via\":0,\"link\":\"container\"",
		"\"type\":\"AggregationEvent\",\"action\":\"ADD\",\"step\":\"packing\"",
		"\"parent\":[\"00/395212340000000014\"],\"children\":[\"01/09521234543213/21/1\"]",
		"\"who\":\"alice\",\"who_name\":\"alice\",\"role\":\"child\",\"mode\":\"history\"",
		"\"hash\":\"ni:///sha-256;",
	};
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		if (!strstr(buf_cstr(&b), there[i])) {
			print_error("%s is missing in %s\n", there[i], buf_cstr(&b));
			fail();
		}
	assert_true(strstr(buf_cstr(&b), "\"where\":\"414/9521234000013\",\"where_name\":\"A place\"") !=
		    NULL);
	buf_fini(&b);
	trace_free(t);
}

/* Who used the name of a transformation before, and offers or grants it, makes nothing part of
 * what another makes under that name; and takes nothing from it. */
static void a_transformation_is_its_holder_s_alone(void **state)
{
	(void)state;
	static const char name[] = "https://id.example.com/made/1";
	action_t *part = fx_transformation("https://id.example.com/junk/1", "");
	part->event->transformation_id = fx_str(name);
	FX_OK("eve", part);
	FX_OK("eve", fx_offer(name, "alice"));
	FX_OK("eve", fx_grant(name, "alice", ""));
	say(fx_object(ADD, ITEM("1"), "commissioning"));
	action_t *a = fx_transformation(ITEM("1"), ITEM("2"));
	a->event->transformation_id = fx_str(name);
	say(a);
	struct record r = fx_record(fx.n_log - 1);
	assert_int_equal(r.n_subjects, 3);
	assert_int_equal(r.subjects[2].role, ROLE_ABOUT);
	assert_int_equal(r.subjects[2].mode, MODE_CLAIM);
	struct trace *t = traced(ITEM("2"), TRACE_UP, false);
	assert_int_equal(t->n_nodes, 2); /* it and what it was made from */
	trace_free(t);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, open_world, close_world)
	const struct CMUnitTest tests[] = {
		T(containment_is_bounded_in_time),
		T(recorded_late_or_early),
		T(other_acts_count_too),
		T(nested_times_intersect),
		T(times_that_contradict),
		T(clocks_lose_no_origin),
		T(a_move_ends_a_stay),
		T(transformations_link_both_ways),
		T(a_transformation_in_parts),
		T(a_transformation_is_its_holder_s_alone),
		T(used_by_others_still_leads_down),
		T(void_moves_lead_where_they_did),
		T(a_void_packing_ends_with_its_declaration),
		T(a_void_transformation_keeps_its_inputs),
		T(claims_are_void_among_claims),
		T(disowned_acts_stay_and_are_marked),
		T(a_refused_batch_leaves_nothing),
		T(limits_are_said),
		T(the_json_says_it_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
