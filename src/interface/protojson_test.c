#include "interface/protojson.h"

#include "argosy/v1/action.pb-c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* What is read comes out again the same, in the proto's order. */
static const struct {
	const ProtobufCMessageDescriptor *d;
	const char *json;
} round_trips[] = {
	{&argosy__v1__product__descriptor,
	 "{\"id\":\"01/09521234543213\",\"name\":\"茶 "
	 "\\\"A\\\"\",\"category\":\"fresh_food\",\"hsCode\":\"090210\","
	 "\"ingredients\":[\"tea\",\"\"],\"netContent\":{\"value\":\"0.5\",\"unit\":\"KGM\"},"
	 "\"shelfLifeDays\":4294967295,\"attributes\":[{\"key\":\"a\",\"value\":\"b\"}]}"},
	{&argosy__v1__location__descriptor,
	 "{\"id\":\"414/"
	 "4012345000115\",\"name\":\"Port\",\"country\":\"CN\",\"kind\":\"bonded_warehouse\","
	 "\"unLocode\":\"CNSHA\"}"},
	{&argosy__v1__credential__descriptor, "{\"id\":\"urn:x:1\",\"documentHash\":\"00ff10\"}"},
	{&argosy__v1__grant_step__descriptor,
	 "{\"subject\":\"s\",\"untilMs\":-9223372036854775807}"},
	{&argosy__v1__set_member__descriptor, "{\"quotaUnitsPerHour\":18446744073709551615}"},
	{&argosy__v1__lot__descriptor, "{}"},
};

static void test_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof round_trips / sizeof *round_trips; i++) {
		struct arena *a = arena_new(0);
		struct protojson_fault f = {"", ""};
		struct buf out = BUF_INIT;
		ProtobufCMessage *m;
		enum err e = protojson_parse(a, &m, &f, round_trips[i].d,
					     slice_str(round_trips[i].json));
		if (e != ERR_OK)
			fail_msg("%s: %s", f.pointer, f.text);
		struct jsonw w = jsonw_of(&out);
		protojson_write(&w, NULL, m);
		assert_string_equal(buf_cstr(&out), round_trips[i].json);
		buf_fini(&out);
		arena_free(a);
	}
}

static const struct {
	const char *json, *pointer, *says;
} refusals[] = {
	{"{\"categry\":\"food\"}", "/categry", "did you mean \"category\""},
	{"{\"hs_code\":\"1\"}", "/hs_code", "did you mean \"hsCode\""},
	{"{\"frobnicate\":1}", "/frobnicate", "unknown name"},
	{"{\"name\":1}", "/name", "put the number in quotes"},
	{"{\"name\":null}", "/name", "a text is expected"},
	{"{\"category\":\"foods\"}", "/category", "none of the words"},
	{"{\"category\":\"unspecified\"}", NULL, NULL}, /* judged by the data standard, not here */
	{"{\"shelfLifeDays\":4294967296}", "/shelfLifeDays", "too large"},
	{"{\"shelfLifeDays\":-1}", "/shelfLifeDays", "negative"},
	{"{\"shelfLifeDays\":1.0}", "/shelfLifeDays", "whole number"},
	{"{\"shelfLifeDays\":1e2}", "/shelfLifeDays", "whole number"},
	{"{\"shelfLifeDays\":\"1\"}", "/shelfLifeDays", "whole number"},
	{"{\"ingredients\":\"tea\"}", "/ingredients", "a list is expected"},
	{"{\"ingredients\":[1]}", "/ingredients/0", "a text is expected"},
	{"{\"netContent\":[]}", "/netContent", "an object is expected"},
	{"{\"netContent\":{\"valu\":\"1\"}}", "/netContent/valu", "did you mean \"value\""},
	{"{\"name\":\"a\",\"name\":\"b\"}", "", "line 1"},
	{"[]", "", "an object is expected"},
	{"{\"name\":\"a\"", "", "line 1"},
	{"{\"name\":\"\\u0000\"}", "", "line 1"},
	{"", "", "line 1"},
};

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct arena *a = arena_new(0);
		struct protojson_fault f = {"", ""};
		ProtobufCMessage *m;
		enum err e = protojson_parse(a, &m, &f, &argosy__v1__product__descriptor,
					     slice_str(refusals[i].json));
		if (!refusals[i].says) {
			assert_int_equal(e, ERR_OK);
		} else {
			if (e != ERR_FORMAT || !strstr(f.text, refusals[i].says))
				fail_msg("%s: %d %s: %s", refusals[i].json, (int)e, f.pointer,
					 f.text);
			if (refusals[i].pointer[0])
				assert_string_equal(f.pointer, refusals[i].pointer);
		}
		arena_free(a);
	}
}

/* Out of memory at any point is ERR_NOMEM, never a crash or a half message. */
static void test_memory(void **state)
{
	(void)state;
	bool good = false;
	for (size_t limit = 64; limit < (1 << 20) && !good; limit += limit / 8) {
		struct arena *a = arena_new(limit);
		struct protojson_fault f;
		ProtobufCMessage *m;
		enum err e = a ? protojson_parse(a, &m, &f, round_trips[0].d,
						 slice_str(round_trips[0].json))
			       : ERR_NOMEM;
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		good = e == ERR_OK;
		arena_free(a);
	}
	assert_true(good);
}

static void test_texts(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t n;
		const char *json;
	} rows[] = {
		{"a\"\\\n\t\x01\x7f", 7, "\"a\\\"\\\\\\n\\u0009\\u0001\\u007f\""},
		{"\0", 1, "\"\\u0000\""},
		{"\xc3\xa9", 2, "\"\xc3\xa9\""},
		{"\xff", 1, "\"\xEF\xBF\xBD\""},
		{"a\xe2\x82", 3, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\""},
		{"\xf0\x9f\x8d\xb5", 4, "\"\xf0\x9f\x8d\xb5\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf b = BUF_INIT;
		jsonw_put_string(&b, slice(rows[i].bytes, rows[i].n));
		assert_string_equal(buf_cstr(&b), rows[i].json);
		buf_fini(&b);
	}
}

static void test_near(void **state)
{
	(void)state;
	assert_int_equal(near_distance(slice_str("import"), slice_str("import")), 0);
	assert_int_equal(near_distance(slice_str("impart"), slice_str("import")), 1);
	assert_int_equal(near_distance(slice_str(""), slice_str("abc")), 3);
	assert_int_equal(near_distance(slice_str("abcdef"), slice_str("uvwxyz")), 4);
	assert_string_equal(protojson_act(1), "event");
	assert_string_equal(protojson_act(21), "statement");
	assert_string_equal(protojson_act(99), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips), cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_memory),	    cmocka_unit_test(test_texts),
		cmocka_unit_test(test_near),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
