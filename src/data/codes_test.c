#include "data/codes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/"

static void countries(void **state)
{
	(void)state;
	static const char *const yes[] = {"AD", "CN", "DE", "NA", "ZW", "AX"};
	static const char *const no[] = {"", "C", "cn", "CHN", "XX", "AA", "ZZ", "EU", "UK", "C1"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
		assert_true(code_country(slice_str(yes[i])));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(code_country(slice_str(no[i])));
}

static void currencies(void **state)
{
	(void)state;
	static const struct {
		const char *code;
		unsigned decimals;
	} yes[] = {{"AED", 2}, {"CNY", 2}, {"JPY", 0}, {"KWD", 3}, {"CLF", 4}, {"ZWG", 2}};
	/* Withdrawn, metals and test codes, not codes at all. */
	static const char *const no[] = {"",	"DEM", "XAU",  "XTS", "XXX",
					 "cny", "CN",  "CNYX", "AAA", "ZZZ"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		unsigned decimals = 9;
		assert_true(code_currency(slice_str(yes[i].code), &decimals));
		assert_int_equal(decimals, yes[i].decimals);
		assert_true(code_currency(slice_str(yes[i].code), NULL));
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(code_currency(slice_str(no[i]), NULL));
}

static void units(void **state)
{
	(void)state;
	/* Among them all that the published EPCIS examples use. */
	static const char *const yes[] = {"A93", "C35", "CEL", "DD",  "KGM", "KMH", "LUX",
					  "MTR", "MTS", "P71", "10",  "C62", "EA",  "H87",
					  "LTR", "MLT", "GRM", "TNE", "NAR", "XBX", "XCT",
					  "XPX", "ZZ",	"MMT", "HUR", "P1",  "KWH"};
	static const char *const no[] = {"", "K", "KG", "kgm", "KGMX", "Q99", "XQZ", "L ", "1 "};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (!code_unit(slice_str(yes[i])))
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(code_unit(slice_str(no[i])));
}

static void harmonized_system(void **state)
{
	(void)state;
	static const char *const yes[] = {"01",	       "0101",	     "010121", "97",
					  "9706",      "970690",     "190110", "19011010",
					  "190110100", "1901101000", "8517"};
	/* 77 is reserved, 98 national; a national tail stands on six digits that exist.
	 */
	static const char *const no[] = {"",	    "1",      "77",	     "98",	"010",
					 "0100",    "010122", "01012",	     "0101210", "98999999",
					 "0101211", "01012a", "19011010000", "00",	"000000",
					 "7701"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		if (!code_hs(slice_str(yes[i])))
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
		if (code_hs(slice_str(no[i])))
			fail_msg("%s", no[i]);
	}
}

static const struct {
	enum cbv_vocab v;
	const char *in, *bare;
	bool known; /* the bare word */
} words[] = {
	{CBV_BIZ_STEP, "receiving", "receiving", true},
	{CBV_BIZ_STEP, "urn:epcglobal:cbv:bizstep:receiving", "receiving", true},
	{CBV_BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-receiving", "receiving", true},
	{CBV_BIZ_STEP, "https://ref.gs1.org/cbv/BizStep-dancing",
	 "https://ref.gs1.org/cbv/BizStep-dancing", false},
	{CBV_BIZ_STEP, "https://ref.gs1.org/cbv/Disp-active", "https://ref.gs1.org/cbv/Disp-active",
	 false},
	{CBV_BIZ_STEP, "urn:epcglobal:cbv:disp:active", "urn:epcglobal:cbv:disp:active", false},
	{CBV_BIZ_STEP, "receivin", "receivin", false},
	{CBV_BIZ_STEP, "receivingg", "receivingg", false},
	{CBV_BIZ_STEP, "Receiving", "Receiving", false},
	{CBV_BIZ_STEP, "", "", false},
	{CBV_BIZ_STEP, "accepting", "accepting", true},
	{CBV_BIZ_STEP, "void_shipping", "void_shipping", true},
	{CBV_DISPOSITION, "urn:epcglobal:cbv:disp:in_transit", "in_transit", true},
	{CBV_DISPOSITION, "https://ref.gs1.org/cbv/Disp-unavailable", "unavailable", true},
	{CBV_BTT, "urn:epcglobal:cbv:btt:po", "po", true},
	{CBV_BTT, "https://ref.gs1.org/cbv/BTT-upevt", "upevt", true},
	{CBV_SDT, "urn:epcglobal:cbv:sdt:owning_party", "owning_party", true},
	{CBV_SDT, "https://ref.gs1.org/cbv/SDT-location", "location", true},
	{CBV_ERROR_REASON, "urn:epcglobal:cbv:er:incorrect_data", "incorrect_data", true},
	{CBV_COMPONENT, "https://ref.gs1.org/cbv/Comp-x", "x", true},
	{CBV_MEASUREMENT_TYPE, "https://gs1.org/voc/Temperature", "Temperature", true},
	{CBV_MEASUREMENT_TYPE, "https://gs1.org/voc/MT-Temperature",
	 "https://gs1.org/voc/MT-Temperature", false},
	{CBV_SENSOR_ALERT, "https://gs1.org/voc/ALARM_CONDITION", "ALARM_CONDITION", true},
	{CBV_SENSOR_ALERT, "https://gs1.org/voc/Temperature", "https://gs1.org/voc/Temperature",
	 false},
	{CBV_SENSOR_ALERT, "https://example.com/alarm", "https://example.com/alarm", false},
};

static void vocabularies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct slice bare = cbv_bare(words[i].v, slice_str(words[i].in));
		if (!slice_eq_str(bare, words[i].bare) ||
		    cbv_known(words[i].v, bare) != words[i].known)
			fail_msg("%s", words[i].in);
		if (!words[i].known)
			continue;
		/* The Web URI of each known word leads back to it. */
		struct buf b = BUF_INIT;
		buf_put_str(&b, cbv_web_prefix(words[i].v));
		buf_put_slice(&b, bare);
		assert_true(slice_eq(cbv_bare(words[i].v, buf_slice(&b)), bare));
		buf_fini(&b);
	}
}

/* ---- the published lists, where they are at hand ---- */

static char *read_whole(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		printf("SKIP: %s is not here\n", path);
		return NULL;
	}
	fseek(f, 0, SEEK_END);
	long n = ftell(f);
	rewind(f);
	char *p = malloc((size_t)n + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, (size_t)n, f), (size_t)n);
	fclose(f);
	p[n] = 0;
	return p;
}

/* Every code that six digits can write is known if and only if a line of the list says so. */
static void hs_list(void **state)
{
	(void)state;
	static uint8_t listed[1000000];
	unsigned lines = 0, chapters = 0, headings = 0;
	char *text = read_whole(DATA "codes/harmonized-system.csv");
	if (!text)
		return;
	for (char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		const char *code = strchr(line, ',');
		size_t n = code ? strspn(code + 1, "0123456789") : 0;
		if ((n != 2 && n != 4 && n != 6) || code[1 + n] != ',')
			continue;
		lines++;
		assert_true(code_hs(slice(code + 1, n)));
		chapters += n == 2;
		headings += n == 4;
		if (n == 6)
			listed[atol(code + 1)] = 1; /* allowed: digits were counted */
	}
	free(text);
	assert_int_equal(lines, 6939);
	unsigned known2 = 0, known4 = 0;
	for (unsigned i = 0; i < 1000000; i++) {
		char code[16];
		snprintf(code, sizeof code, "%06u", i);
		assert_int_equal(code_hs(slice(code, 6)), listed[i]);
		known4 += i % 100 == 0 && code_hs(slice(code, 4));
		known2 += i % 10000 == 0 && code_hs(slice(code, 2));
	}
	assert_int_equal(known2, chapters);
	assert_int_equal(known4, headings);
}

/* The linter vectors hold all pairs of letters, and what is no pair. */
static void country_linter(void **state)
{
	(void)state;
	char *text = read_whole(DATA "gs1/vectors/linters.tsv");
	if (!text)
		return;
	unsigned ran = 0, passed = 0;
	for (char *line = text; line && *line;
	     line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		if (strncmp(line, "iso3166alpha2\t", 14) != 0)
			continue;
		char *verdict = strchr(line + 14, '\t') + 1, *in = strchr(verdict, '\t') + 1;
		bool want = strncmp(verdict, "pass", 4) == 0;
		struct slice code = slice(in, strcspn(in, "\t\n"));
		if (code_country(code) != want)
			fail_msg("%.*s", (int)code.n, (const char *)code.p);
		ran++;
		passed += want;
	}
	free(text);
	assert_int_equal(ran, 682);
	assert_int_equal(passed, 249);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(countries),	  cmocka_unit_test(currencies),
		cmocka_unit_test(units),	  cmocka_unit_test(harmonized_system),
		cmocka_unit_test(vocabularies),	  cmocka_unit_test(hs_list),
		cmocka_unit_test(country_linter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
