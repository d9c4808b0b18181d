#include "cmd/rejects.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct row {
	const char *source, *keep, *expected; /* keep: "k-" keeps the first of two */
} rows[] = {
	{"{\"a\":[1,\"]\"],\"epcisBody\":{\"eventList\":[ {\"x\":\"}\"},\n {\"y\":[{}]}, {} ]},\"b\":1}", "k-k",
	 "{\"a\":[1,\"]\"],\"epcisBody\":{\"eventList\":[ {\"x\":\"}\"}, {} ]},\"b\":1}"},
	{"{\"epcisBody\":{\"eventList\":[{\"n\":1},{\"n\":2},{\"n\":3}]}}", "--k",
	 "{\"epcisBody\":{\"eventList\":[{\"n\":3}]}}"},
	{"{\"epcisBody\":{\"eventList\":[{\"n\":1},{\"n\":2},{\"n\":3}]}}", "-k-",
	 "{\"epcisBody\":{\"eventList\":[{\"n\":2}]}}"},
	{"{\"epcisBody\":{\"eventList\":[{\"n\":1},{\"n\":2},{\"n\":3}]}}", "-kk",
	 "{\"epcisBody\":{\"eventList\":[{\"n\":2},{\"n\":3}]}}"},
	{"{\"epcisBody\":{\"eventList\":[{\"n\":1},{\"n\":2}]}}", "kk",
	 "{\"epcisBody\":{\"eventList\":[{\"n\":1},{\"n\":2}]}}"},
	/* What is no object is an event too, though a faulty one. */
	{"{\"epcisBody\":{\"eventList\":[12,\"a\\\"b,\",null]}}", "-k-",
	 "{\"epcisBody\":{\"eventList\":[\"a\\\"b,\"]}}"},
	{"\xef\xbb\xbf {\"epcisBody\":{\"queryResults\":{\"queryName\":\"q\",\"resultsBody\":"
	 "{\"eventList\":[{\"n\":1}, {\"n\":2}]}}}}",
	 "-k",
	 "\xef\xbb\xbf {\"epcisBody\":{\"queryResults\":{\"queryName\":\"q\",\"resultsBody\":"
	 "{\"eventList\":[ {\"n\":2}]}}}}"},
	{"<d a='>'><h><E/></h><b><EventList>\n <E>1</E>\n <E a='</E>'/>\n <E><E/></E>\n</EventList></b></d>", "k-k",
	 "<d a='>'><h><E/></h><b><EventList>\n <E>1</E>\n <E><E/></E>\n</EventList></b></d>"},
	{"<d><!-- <EventList> --><EventList><!-- <E/> --><E><![CDATA[</E>]]></E><E/></EventList></d>", "k-",
	 "<d><!-- <EventList> --><EventList><!-- <E/> --><E><![CDATA[</E>]]></E></EventList></d>"},
	{"<d><EventList><E/> <extension><F/></extension> <extension><F>2</F></extension></EventList></d>", "--k",
	 "<d><EventList> <extension><F>2</F></extension></EventList></d>"},
	{"<d><EventList><extension><F/><extension><G/></extension></extension></EventList></d>", "k-",
	 "<d><EventList><extension><F/></extension></EventList></d>"},
	{"<d><EventList><extension><F/><extension><G/></extension></extension></EventList></d>", "-k",
	 "<d><EventList><extension><extension><G/></extension></extension></EventList></d>"},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool keep[8], whole;
		size_t n = strlen(rows[i].keep);
		struct buf out = BUF_INIT;
		for (size_t k = 0; k < n; k++)
			keep[k] = rows[i].keep[k] == 'k';
		assert_int_equal(rejects_put(&out, &whole, slice_str(rows[i].source), keep, n), ERR_OK);
		assert_false(whole);
		assert_string_equal(buf_cstr(&out), rows[i].expected);
		buf_fini(&out);
	}
}

/* Where the events cannot be told apart all of it stays. */
static void test_whole(void **state)
{
	(void)state;
	static const char *const sources[] = {
		"{\"epcisBod\\u0079\":{\"eventList\":[{},{}]}}",
		"{\"type\":\"ObjectEvent\"}",
		"<d><EventList><E/></EventList></d>",
	};
	const bool keep[2] = {false, true};
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		bool whole;
		struct buf out = BUF_INIT;
		assert_int_equal(rejects_put(&out, &whole, slice_str(sources[i]), keep, 2), ERR_OK);
		assert_true(whole);
		assert_string_equal(buf_cstr(&out), sources[i]);
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
