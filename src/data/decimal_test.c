#include "data/decimal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Ascending; equal ones share a rank. */
static const struct {
	int rank;
	const char *text;
} ordered[] = {
	{0, "-100.5"},
	{1, "-100"},
	{1, "-100.000"},
	{2, "-99.99"},
	{3, "-1"},
	{4, "-0.5"},
	{5, "-0.05"},
	{6, "-0"},
	{6, "0"},
	{6, "0.00"},
	{7, "0.001"},
	{8, "0.0011"},
	{9, "0.01"},
	{10, "0.9"},
	{11, "1"},
	{11, "1.0"},
	{12, "1.05"},
	{13, "1.5"},
	{14, "9"},
	{15, "10"},
	{16, "99999999999999999999"},
	{17, "100000000000000000000"},
};

static void order(void **state)
{
	(void)state;
	enum { N = sizeof ordered / sizeof *ordered };
	for (size_t i = 0; i < N; i++) {
		for (size_t k = 0; k < N; k++) {
			int c = decimal_cmp(slice_str(ordered[i].text), slice_str(ordered[k].text));
			int want = (ordered[i].rank > ordered[k].rank) -
				   (ordered[i].rank < ordered[k].rank);
			if ((c > 0) - (c < 0) != want)
				fail_msg("%s against %s", ordered[i].text, ordered[k].text);
		}
	}
}

static void valid(void **state)
{
	(void)state;
	static const char *const no[] = {"", "1e5", "1E5", "01", ".5", "5.", "+1", " 1", "x", "-"};
	for (size_t i = 0; i < sizeof ordered / sizeof *ordered; i++)
		assert_true(decimal_valid(slice_str(ordered[i].text)));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(decimal_valid(slice_str(no[i])));
	char longest[DECIMAL_MAX + 1];
	memset(longest, '1', sizeof longest);
	assert_true(decimal_valid(slice(longest, DECIMAL_MAX)));
	assert_false(decimal_valid(slice(longest, DECIMAL_MAX + 1)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order),
		cmocka_unit_test(valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
