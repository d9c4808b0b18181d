/*
 * A table of packings and unpackings in the order of recording, and the stays that follow.
 */
#include "trade/stays.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

struct row {
	const char *name;
	bool many;
	/* "+A10": put into A at 10; "-A12": taken out at 12; "+A10v200": declared in error at 200 */
	const char *moves;
	const char *stays; /* sorted: "A10-12"; "A10-": no end; "A9!10": contradicts */
};

static const struct row rows[] = {
	{"nothing", false, "", ""},
	{"in and out", false, "+A10 -A12", "A10-12"},
	{"still inside", false, "+A10", "A10-"},
	{"twice", false, "+A10 -A12 +A20 -A22", "A10-12 A20-22"},
	{"seen again inside", false, "+A10 +A11 -A12", "A10-12"},
	{"moved on", false, "+A10 +B11 -B12", "A10-11 B11-12"},
	{"taken out of where it was not", false, "+A10 -B11 -A12", "A10-12"},
	{"at one instant", false, "+A10 -A10", "A10-11"},
	{"the unpacking recorded first", false, "-A12 +A10", "A10-12"},
	{"all in the other order", false, "-B12 +B11 +A10", "A10-11 B11-12"},
	{"an older stay recorded late", false, "+A10 +B5 -B7", "A10- B5-7"},
	{"and then out of the first", false, "+A10 +B5 -B7 -A12", "A10-12 B5-7"},
	{"an older packing recorded late", false, "+A10 -A12 +A8", "A8-12"},
	{"unpacked before it was packed", false, "+A10 -A9", "A9!11"},
	{"and packed again", false, "+A10 -A9 +A20 -A22", "A20-22 A9!11"},
	{"no contradiction: an older packing is there", false, "+A10 -A8 +A7", "A10- A7-8"},
	{"unpacked where it is told to have left", false, "+A10 +B5 -B20", "A10- B5-10 B5-20"},
	{"a void packing that no unpacking ended", false, "+A10v200", "A10-201"},
	{"a void packing, but taken out", false, "+A10v200 -A300", "A10-300"},
	{"a void packing, and moved on later", false, "+A10v200 +B300", "A10-201 B300-"},
	{"a void packing, and moved on before", false, "+A10v200 +B20", "A10-20 B20-"},
	{"a void packing, dated ahead", false, "+A300v200", "A300-301"},
	{"a void unpacking ends as before", false, "+A10 -A12v200", "A10-12"},
	{"a lot in two places", true, "+A10 +B11 -A12 -B13", "A10-12 B11-13"},
	{"a lot in two places, in the other order", true, "-A12 -B13 +B11 +A10", "A10-12 B11-13"},
	{"a lot unpacked before it was packed", true, "+A10 +B1 -A9", "A9!11 B1-"},
};

static size_t read_moves(struct move *m, const char *s)
{
	size_t n = 0;
	while (*s) {
		char *end;
		m[n] = (struct move){.into = s[0] == '+', .container = slice(s + 1, 1), .event = n};
		m[n].recorded_ms = 100 + (int64_t)n;
		m[n].at_ms = strtoll(s + 2, &end, 10);
		m[n++].void_ms = *end == 'v' ? strtoll(end + 1, &end, 10) : INT64_MAX;
		s = end + (*end == ' ');
	}
	return n;
}

static int text_cmp(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void stays_follow(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct arena *a = arena_new(0);
		struct move m[16];
		struct stay *s;
		char text[16][32];
		struct buf all = BUF_INIT;
		size_t n, n_moves = read_moves(m, rows[i].moves);
		assert_int_equal(stays_find(&s, &n, a, m, n_moves, rows[i].many), ERR_OK);
		for (size_t k = 0; k < n; k++) {
			int len = snprintf(text[k], sizeof text[k], "%c%lld%c", *s[k].container.p,
					   (long long)s[k].at.in.from_ms, s[k].contradicts ? '!' : '-');
			if (s[k].at.in.to_ms != INT64_MAX)
				snprintf(text[k] + len, sizeof text[k] - (size_t)len, "%lld",
					 (long long)s[k].at.in.to_ms);
			assert_int_equal(s[k].at.recorded.from_ms,
					 100 + (s[k].begin < s[k].end ? s[k].begin : s[k].end));
			if (s[k].end != SIZE_MAX)
				assert_int_equal(s[k].at.recorded.to_ms,
						 101 + (s[k].begin > s[k].end ? s[k].begin : s[k].end));
			if (m[s[k].begin].void_ms == INT64_MAX)
				assert_int_equal(s[k].end == SIZE_MAX, s[k].at.in.to_ms == INT64_MAX);
		}
		qsort(text, n, sizeof *text, text_cmp);
		for (size_t k = 0; k < n; k++)
			buf_printf(&all, "%s%s", k ? " " : "", text[k]);
		if (!slice_eq_str(buf_slice(&all), rows[i].stays))
			print_error("%s: %s\n", rows[i].name, rows[i].moves);
		assert_string_equal(n ? buf_cstr(&all) : "", rows[i].stays);
		buf_fini(&all);
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(stays_follow)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
