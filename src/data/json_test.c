#include "data/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static enum err parse(struct arena *a, const char *text, size_t n, struct json_value **v,
		      struct json_error *e)
{
	/* Exactly n bytes on the heap, so that ASan sees a read past the end. */
	uint8_t *copy = arena_copy(a, text, n);
	assert_non_null(copy);
	return json_parse(a, v, e, slice(copy, n), 5, JSON_STRICT);
}

static void refused(void **state)
{
	static const struct {
		const char *text;
		size_t n;
		unsigned line;
		const char *cause, *pointer;
	} table[] = {
#define BAD(text, line, cause, pointer) {text, sizeof(text) - 1, line, cause, pointer}
		BAD("", 1, "too early", ""),
		BAD("  \n ", 2, "too early", ""),
		BAD("{", 1, "name in quotes", ""),
		BAD("[1,\n2,\n]", 3, "no JSON value", "/2"),
		BAD("[1 2]", 1, "']'", ""),
		BAD("{\"a\":1,}", 1, "name in quotes", ""),
		BAD("{\"a\" 1}", 1, "':'", ""),
		BAD("{\"a\":1 \"b\":2}", 1, "'}'", ""),
		BAD("{a:1}", 1, "name in quotes", ""),
		BAD("{\"a\":[1,{\"b/~\":tru}]}", 1, "no JSON value", "/a/1/b~1~0"),
		BAD("{} {}", 1, "more bytes", ""),
		BAD("[1]]", 1, "more bytes", ""),
		BAD("[1]\0", 1, "more bytes", ""),
		BAD("\xef\xbb\xbf\xef\xbb\xbf{}", 1, "no JSON value", ""),
		BAD("[\"a]", 1, "without an end", "/0"),
		BAD("[\"a\\", 1, "without an end", "/0"),
		BAD("[\"a\tb\"]", 1, "control", "/0"),
		BAD("[\"a\nb\"]", 1, "control", "/0"),
		BAD("[\"\0\"]", 1, "control", "/0"),
		BAD("[\"\\u0000\"]", 1, "u0000", "/0"),
		BAD("[\"\\x41\"]", 1, "escape", "/0"),
		BAD("[\"\\u12g4\"]", 1, "hexadecimal", "/0"),
		BAD("[\"\\u12\"]", 1, "hexadecimal", "/0"),
		BAD("[\"\\ud83d\"]", 1, "high surrogate", "/0"),
		BAD("[\"\\ud83d\\n\"]", 1, "high surrogate", "/0"),
		BAD("[\"\\ud83d\\ud83d\"]", 1, "high surrogate", "/0"),
		BAD("[\"\\ude00\"]", 1, "low surrogate", "/0"),
		BAD("[\"\xff\"]", 1, "UTF-8", "/0"),
		BAD("[\"\xed\xa0\x80\"]", 1, "UTF-8", "/0"),
		BAD("[\"\xc0\x80\"]", 1, "UTF-8", "/0"),
		BAD("[\xc3\xa9]", 1, "no JSON value", "/0"),
		BAD("[01]", 1, "number", "/0"),
		BAD("[-]", 1, "number", "/0"),
		BAD("[1.]", 1, "number", "/0"),
		BAD("[.5]", 1, "no JSON value", "/0"),
		BAD("[+1]", 1, "no JSON value", "/0"),
		BAD("[1e]", 1, "number", "/0"),
		BAD("[1e+]", 1, "number", "/0"),
		BAD("[0x10]", 1, "']'", ""),
		BAD("[NaN]", 1, "no JSON value", "/0"),
		BAD("[nul]", 1, "no JSON value", "/0"),
		BAD("[truee]", 1, "']'", ""),
		BAD("['a']", 1, "no JSON value", "/0"),
		BAD("[1,//x\n2]", 1, "no JSON value", "/1"),
		BAD("[[[[[[]]]]]]", 1, "too deep", "/0/0/0/0"),
		BAD("{\"a\":1,\n\"b\":2,\n\"a\":3}", 3, "twice", "/a"),
		BAD("[{\"a\":1,\"\\u0061\":3}]", 1, "twice", "/0/a"),
	};
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena *a = arena_new(0);
		struct json_value *v;
		struct json_error e = {0};
		if (parse(a, table[i].text, table[i].n, &v, &e) != ERR_FORMAT)
			fail_msg("accepted: %s", table[i].text);
		if (!strstr(e.text, table[i].cause) || e.line != table[i].line ||
		    strcmp(e.pointer, table[i].pointer) != 0)
			print_error("%s: line %u, \"%s\": %s\n", table[i].text, e.line, e.pointer,
				    e.text),
				wrong++;
		arena_free(a);
	}
	assert_int_equal(wrong, 0);
}

static void values(void **state)
{
	static const char text[] =
		"\xef\xbb\xbf \r\n\t{ \"n\" : [0, -0, 1.10, 12345678901234567890123, 1E+05,"
		"-1.5e-3],\n \"s\":[\"\", \"a\\\"\\\\\\/\\b\\f\\n\\r\\t\", "
		"\"\\u00e9\\u8d38\\ud83d\\ude00\", \"\xe8\xb4\xb8\"],\n"
		"\"l\":[true,false,null,{},[]] }\n";
	static const char *const numbers[] = {"0",     "-0",	 "1.10", "12345678901234567890123",
					      "1E+05", "-1.5e-3"};
	static const char *const strings[] = {
		"", "a\"\\/\b\f\n\r\t", "\xc3\xa9\xe8\xb4\xb8\xf0\x9f\x98\x80", "\xe8\xb4\xb8"};
	static const enum json_kind kinds[] = {JSON_BOOL, JSON_BOOL, JSON_NULL, JSON_OBJECT,
					       JSON_ARRAY};
	struct arena *a = arena_new(0);
	struct json_value *v;
	struct json_error e;
	size_t i = 0;
	(void)state;
	assert_int_equal(parse(a, text, sizeof text - 1, &v, &e), ERR_OK);
	assert_int_equal(v->count, 3);
	for (const struct json_value *m = json_get(v, "n")->first; m; m = m->next, i++) {
		assert_int_equal(m->kind, JSON_NUMBER);
		assert_true(slice_eq_str(m->text, numbers[i]));
	}
	assert_int_equal(i, 6);
	i = 0;
	for (const struct json_value *m = json_get(v, "s")->first; m; m = m->next, i++)
		assert_true(slice_eq_str(m->text, strings[i]));
	assert_int_equal(i, 4);
	i = 0;
	for (const struct json_value *m = json_get(v, "l")->first; m; m = m->next, i++)
		assert_int_equal(m->kind, kinds[i]);
	assert_int_equal(json_get(v, "s")->line, 3);
	assert_null(json_get(v, "x"));
	assert_null(json_get(json_get(v, "n"), "x"));
	arena_free(a);
}

static void repeated_marked(void **state)
{
	struct arena *a = arena_new(0);
	struct json_value *v;
	struct buf many = BUF_INIT;
	size_t marked = 0;
	(void)state;
	assert_int_equal(json_parse(a, &v, NULL,
				    SLICE_LIT("{\"a\":{\"x\":1,\"y\":2,\"x\":3},\"b\":0}"), 8,
				    JSON_MARK_REPEATED),
			 ERR_OK);
	assert_false(v->has_repeated);
	assert_true(json_get(v, "a")->has_repeated);
	assert_false(json_get(v, "a")->first->repeated);
	assert_true(json_get(v, "a")->first->next->next->repeated);

	/* Many members are sorted, not compared each with each. */
	buf_put_str(&many, "{");
	for (int i = 0; i < 100; i++)
		buf_printf(&many, "\"k%d\":%d,\n", i % 98, i);
	buf_put_str(&many, "\"last\":0}");
	assert_int_equal(json_parse(a, &v, NULL, buf_slice(&many), 8, JSON_STRICT), ERR_FORMAT);
	assert_int_equal(json_parse(a, &v, NULL, buf_slice(&many), 8, JSON_MARK_REPEATED), ERR_OK);
	for (const struct json_value *m = v->first; m; m = m->next)
		marked +=
			m->repeated && (slice_eq_str(m->text, "98") || slice_eq_str(m->text, "99"));
	assert_int_equal(marked, 2);
	buf_fini(&many);
	arena_free(a);
}

static void pointers(void **state)
{
	struct arena *a = arena_new(0);
	struct json_value *v;
	char p[64];
	(void)state;
	assert_int_equal(
		json_parse(a, &v, NULL, SLICE_LIT("{\"a/b\":[0,{\"~c\":[7]}]}"), 8, JSON_STRICT),
		ERR_OK);
	const struct json_value *seven = json_at(v, "/a~1b/1/~0c/0");
	assert_true(slice_eq_str(seven->text, "7"));
	json_pointer(p, sizeof p, seven);
	assert_string_equal(p, "/a~1b/1/~0c/0");
	json_pointer(p, 12, seven);
	assert_string_equal(p, "/...");
	json_pointer(p, sizeof p, v);
	assert_string_equal(p, "");
	assert_ptr_equal(json_at(v, ""), v);
	assert_ptr_equal(json_at(v, "/a~1b/9"), json_get(v, "a/b")); /* as far as it goes */
	arena_free(a);
}

static void equal(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"{\"a\":1,\"b\":[true]}", "{\"b\":[true],\"a\":1}", true},
		{"1.0", "1.00", false},
		{"\"1\"", "1", false},
		{"[1,2]", "[2,1]", false},
		{"{\"a\":1}", "{\"b\":1}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":1}", false},
		{"null", "null", true},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct arena *a = arena_new(0);
		struct json_value *x, *y;
		assert_int_equal(json_parse(a, &x, NULL, slice_str(table[i].a), 8, JSON_STRICT),
				 ERR_OK);
		assert_int_equal(json_parse(a, &y, NULL, slice_str(table[i].b), 8, JSON_STRICT),
				 ERR_OK);
		assert_int_equal(json_equal(x, y), table[i].same);
		arena_free(a);
	}
}

static void strings_written(void **state)
{
	struct buf b = BUF_INIT;
	(void)state;
	json_put_string(&b, SLICE_LIT("a\"\\\b\f\n\r\t\x01\x1f/\x7f\xe8\xb4\xb8"));
	assert_string_equal(buf_cstr(&b),
			    "\"a\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f/\x7f\xe8\xb4\xb8\"");
	buf_fini(&b);
}

/* Where the arena ends, so does the reading: no crash, no leak. */
static void memory_ends(void **state)
{
	static const char text[] =
		"{\"a\":[1,2,{\"b\":\"\\u00e9 and more text than fits\"}],\"c\":{}}";
	bool done = false;
	(void)state;
	for (size_t limit = 16; !done && limit < 4096; limit += 16) {
		struct arena *a = arena_new(limit);
		struct json_value *v;
		enum err e = json_parse(a, &v, NULL, slice_str(text), 8, JSON_STRICT);
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		done = e == ERR_OK;
		arena_free(a);
	}
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),	   cmocka_unit_test(values),
		cmocka_unit_test(repeated_marked), cmocka_unit_test(pointers),
		cmocka_unit_test(equal),	   cmocka_unit_test(strings_written),
		cmocka_unit_test(memory_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
