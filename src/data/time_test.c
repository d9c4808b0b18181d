#include "data/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* Each time and its UTC form with three decimals; NULL: it is no time. */
static const struct {
	const char *in, *utc;
} times[] = {
	{"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z"},
	{"2020-03-04T11:00:30.999+01:00", "2020-03-04T10:00:30.999Z"},
	{"2020-03-04T11:00:30-05:30", "2020-03-04T16:30:30.000Z"},
	{"2020-12-31T23:30:00-14:00", "2021-01-01T13:30:00.000Z"},
	{"2021-01-01T13:30:00+14:00", "2020-12-31T23:30:00.000Z"},
	{"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"},
	{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"},
	{"9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"},
	/* leap years */
	{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000Z"},
	{"2000-02-29T12:00:00Z", "2000-02-29T12:00:00.000Z"},
	{"2023-02-29T00:00:00Z", NULL},
	{"1900-02-29T00:00:00Z", NULL},
	{"2024-02-28T23:59:59.9995Z", "2024-02-29T00:00:00.000Z"},
	/* CBV event hash: the fourth decimal rounds the third, later ones do not matter; the first
	 * three are of the published TimeStampRoundOff document */
	{"2023-02-02T11:04:03.1415Z", "2023-02-02T11:04:03.142Z"},
	{"2023-02-02T11:04:03.1414Z", "2023-02-02T11:04:03.141Z"},
	{"2023-02-12T11:04:03.1415Z", "2023-02-12T11:04:03.142Z"},
	{"2023-02-02T11:04:03.14149999Z", "2023-02-02T11:04:03.141Z"},
	{"2023-02-02T11:04:03.1Z", "2023-02-02T11:04:03.100Z"},
	{"2023-02-02T11:04:03.12Z", "2023-02-02T11:04:03.120Z"},
	{"2023-02-02T11:04:03.0005Z", "2023-02-02T11:04:03.001Z"},
	{"2023-02-02T11:04:03.9999Z", "2023-02-02T11:04:04.000Z"},
	{"2023-12-31T23:59:59.9995Z", "2024-01-01T00:00:00.000Z"},
	{"1969-12-31T23:59:59.9995Z", "1970-01-01T00:00:00.000Z"},
	{"2023-02-02T11:04:03.12345678901234567890123456789Z", "2023-02-02T11:04:03.123Z"},
	/* no times */
	{"", NULL},
	{"2023-02-02", NULL},
	{"2023-02-02T11:04:03", NULL},
	{"2023-02-02 11:04:03Z", NULL},
	{"2023-02-02t11:04:03Z", NULL},
	{"2023-02-02T11:04:03z", NULL},
	{"2023-02-02T11:04Z", NULL},
	{"2023-02-02T11:04:03.Z", NULL},
	{"2023-02-02T11:04:03,1Z", NULL},
	{"2023-02-02T11:04:60Z", NULL},
	{"2016-12-31T23:59:60Z", NULL},
	{"2023-02-02T11:60:03Z", NULL},
	{"2023-02-02T24:00:00Z", NULL},
	{"2023-13-02T11:04:03Z", NULL},
	{"2023-00-02T11:04:03Z", NULL},
	{"2023-02-00T11:04:03Z", NULL},
	{"2023-04-31T11:04:03Z", NULL},
	{"2023-02-02T11:04:03+14:01", NULL},
	{"2023-02-02T11:04:03+15:00", NULL},
	{"2023-02-02T11:04:03+0100", NULL},
	{"2023-02-02T11:04:03+01", NULL},
	{"2023-02-02T11:04:03+01:60", NULL},
	{"2023-02-02T11:04:03ZZ", NULL},
	{" 2023-02-02T11:04:03Z", NULL},
	{"2023-02-02T11:04:03Z ", NULL},
	{"-2023-02-02T11:04:03Z", NULL},
	{"12023-02-02T11:04:03Z", NULL},
	{"0000-02-02T11:04:03Z", NULL},
	{"2023-2-2T11:04:03.000Z", NULL},
	{"2023-02-02T1a:04:03Z", NULL},
	/* in UTC, too, the year has four digits */
	{"9999-12-31T23:59:59.9995Z", NULL},
	{"9999-12-31T23:00:00-01:00", NULL},
	{"0001-01-01T00:30:00+01:00", NULL},
};

static void times_to_utc(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		int64_t ms = -77;
		bool ok = time_parse(&ms, slice_str(times[i].in));
		if (ok != (times[i].utc != NULL))
			fail_msg("\"%s\"", times[i].in);
		if (!ok) {
			assert_int_equal(ms, -77);
			continue;
		}
		char out[32];
		time_format(out, ms);
		assert_string_equal(out, times[i].utc);
		int64_t again;
		assert_true(time_parse(&again, slice_str(out)));
		assert_int_equal(again, ms);
	}
	int64_t ms;
	assert_true(time_parse(&ms, SLICE_LIT("2001-09-09T01:46:40Z")));
	assert_true(ms == INT64_C(1000000000000));
}

static void times_beyond(void **state)
{
	(void)state;
	char out[32];
	time_format(out, INT64_MIN);
	assert_true(strlen(out) < sizeof out && out[0] == '-');
	time_format(out, INT64_MAX);
	assert_string_equal(out, "292278994-08-17T07:12:55.807Z");
}

/* Every day of eight centuries follows the one before it. */
static void days_run(void **state)
{
	(void)state;
	int64_t last = 0;
	bool first = true;
	for (int y = 1600; y < 2400; y++) {
		for (int m = 1; m <= 12; m++) {
			for (int d = 1; d <= 31; d++) {
				char text[48];
				int64_t days;
				snprintf(text, sizeof text, "%04d-%02d-%02d", y, m, d);
				if (!date_parse(&days, slice(text, 10)))
					continue;
				assert_true(first || days == last + 1);
				first = false;
				last = days;
			}
		}
	}
	int64_t days;
	assert_true(date_parse(&days, SLICE_LIT("1970-01-01")) && days == 0);
	assert_true(date_parse(&days, SLICE_LIT("1969-12-31")) && days == -1);
	assert_false(date_parse(&days, SLICE_LIT("1970-1-1")));
	assert_false(date_parse(&days, SLICE_LIT("1970-01-01Z")));
	assert_false(date_parse(&days, SLICE_LIT("1970/01/01")));
	assert_false(date_parse(&days, SLICE_LIT("0000-01-01")));
}

static void check_all(bool (*valid)(struct slice), const char *const *yes, const char *const *no)
{
	for (; *yes; yes++) {
		if (!valid(slice_str(*yes)))
			fail_msg("\"%s\" should be valid", *yes);
	}
	for (; *no; no++) {
		if (valid(slice_str(*no)))
			fail_msg("\"%s\" should not be valid", *no);
	}
}

static void offsets(void **state)
{
	(void)state;
	static const char *const yes[] = {"+00:00", "-00:00", "+14:00", "-14:00", "+05:45", NULL};
	static const char *const no[] = {"",	   "Z",	    "+14:01", "-15:00",	 "+5:45",  "05:45",
					 "+05:60", "+0545", "+05-45", "+05:450", "+05:4a", NULL};
	check_all(offset_valid, yes, no);
}

static void numbers(void **state)
{
	(void)state;
	static const char *const yes[] = {"0",	   "-0",  "10",	  "1.0",     "0.3434000",
					  "-12.5", "1e5", "1E+5", "1.5e-05", "12345678901234567890",
					  NULL};
	static const char *const no[] = {"",	"-",	 "+1",	  "01",	      ".5",  "1.",
					 "1e",	"1e+",	 "1 ",	  "0x1",      "1,5", "NaN",
					 "--1", "1.5.2", "1e5.2", "Infinity", "00",  NULL};
	check_all(number_valid, yes, no);
}

static void uris(void **state)
{
	(void)state;
	static const char *const yes[] = {"urn:epc:id:sgtin:4012345.012345.12",
					  "https://example.com/a%20b?q=1&r=[2]#f",
					  "geo:50.947573340894124,6.922120147375441",
					  "a:b",
					  "x-y+z.1:t",
					  "https://例え.jp/路",
					  "mailto:a@example.com",
					  NULL};
	static const char *const no[] = {"",
					 "receiving",
					 "a:",
					 ":a",
					 "1a:b",
					 "//example.com/",
					 "http://a b",
					 "http://a%2",
					 "http://a%zz",
					 "http://a#b#c",
					 "http://a<b>",
					 "http://a\"b",
					 "http://a{b}",
					 "http://a|b",
					 "http://a\\b",
					 "http://a^b",
					 "http://a`b",
					 "http://a\tb",
					 "http://a\x7f",
					 "http://a\xff",
					 "http://a\xc2\x85z",
					 "h\xc3\xa9:b",
					 NULL};
	check_all(uri_valid, yes, no);
	assert_false(uri_valid(SLICE_LIT("http://a\0b")));
	assert_false(uri_valid(SLICE_LIT("a\0:b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_to_utc), cmocka_unit_test(times_beyond),
		cmocka_unit_test(days_run),	cmocka_unit_test(offsets),
		cmocka_unit_test(numbers),	cmocka_unit_test(uris),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
