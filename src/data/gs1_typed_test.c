/* What people type and scanners send: gs1_typed, and the table of application identifiers. */
#include "data/gs1.h"
#include "data/gs1_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/"
#define GS "\x1d"

static const struct {
	const char *typed, *canon;
} good[] = {
	/* with brackets */
	{"(01)09521234123453(21)7", "01/09521234123453/21/7"},
	{"(21)7(01)09521234123453", "01/09521234123453/21/7"},
	{"  (01) 09521234123453 (21) 7\n", "01/09521234123453/21/7"},
	{"(01)09521234123453(10)LOT(21)7(17)271231", "01/09521234123453/21/7"},
	{"(01)09521234123453(10)LOT(17)271231(3103)000500", "01/09521234123453/10/LOT"},
	{"(01)09521234123453", "01/09521234123453"},
	{"(01)9521234123453", "01/09521234123453"},
	{"(01)09521234123453(22)V(235)Tx", NULL},
	{"(01)09521234123453(235)Tx", "01/09521234123453/235/Tx"},
	{"(01)09521234123453(21)a/b%(c)", "01/09521234123453/21/a%2Fb%25%28c%29"},
	{"(01)09521234123453(21)a\\(10)b", "01/09521234123453/21/a%2810%29b"},
	{"(01)09521234123453(21)7(21)7", "01/09521234123453/21/7"},
	{"(00)395212345432100011", "00/395212345432100011"},
	{"(00)395212345432100011(02)09521234123453(37)12(10)L", "00/395212345432100011"},
	{"(401)9521234C1(00)395212345432100011", "00/395212345432100011"},
	{"(00)395212345432100011(410)9521234000013", "00/395212345432100011"},
	{"(401)9521234C1", "401/9521234C1"},
	{"(414)9521234000013(254)dock 7", NULL},
	{"(414)9521234000013(254)dock-7", "414/9521234000013/254/dock-7"},
	{"(414)9521234000013(254)0", "414/9521234000013"},
	{"(417)9521234000013", "417/9521234000013"},
	{"(253)9521234000013PO-7", "253/9521234000013PO-7"},
	{"(8003)09521234000013A1", "8003/09521234000013A1"},
	{"(8004)9521234A1", "8004/9521234A1"},
	{"(8006)095212341234530102(21)7", "8006/095212341234530102/21/7"},
	{"(8010)9521234A(8011)12", "8010/9521234A/8011/12"},
	/* as scanners send them */
	{"]d20109521234123453217", "01/09521234123453/21/7"},
	{"]C1" "0109521234123453217" GS "17271231", "01/09521234123453/21/7"},
	{"]Q3" "10LOT" GS "0109521234123453217", "01/09521234123453/21/7"},
	{"]e0" "0109521234123453", "01/09521234123453"},
	{"]C100395212345432100011", "00/395212345432100011"},
	{GS "0109521234123453" "10LOT" GS "21" "7", "01/09521234123453/21/7"},
	{"^0109521234123453^10LOT^217", "01/09521234123453/21/7"},
	{"0109521234123453217", "01/09521234123453/21/7"},
	{"01095212341234532117271231", "01/09521234123453/21/17271231"},
	{"0109521234123453" "17271231" "21A7", "01/09521234123453/21/A7"},
	{"0109521234123453" "21a/b", "01/09521234123453/21/a%2Fb"},
	{"0109521234123453" "21a%2fb", "01/09521234123453/21/a%252fb"},
	{"11250101" "0109521234123453" "10L", "01/09521234123453/10/L"},
	{"00395212345432100011", "00/395212345432100011"},
	{"4149521234000013254dock", "414/9521234000013/254/dock"},
	{"80049521234A1", "8004/9521234A1"},
	{"]E09521234123453", "01/09521234123453"},
	{"]E496385074", "01/00000096385074"},
	{"]I119521234123450", "01/19521234123450"},
	{"]d1https://id.gs1.org/01/09521234123453/21/7", "01/09521234123453/21/7"},
	{"]Q1https://brand.example/01/09521234123453/21/7", "01/09521234123453/21/7"},
	/* digits alone */
	{"96385074", "01/00000096385074"},
	{"614141123452", "01/00614141123452"},
	{"9521234123453", "01/09521234123453"},
	{"9 521234 123453", "01/09521234123453"},
	{"09521234123453", "01/09521234123453"},
	{"395212345432100011", "00/395212345432100011"},
	/* all that gs1_parse takes */
	{"urn:epc:id:sgtin:9521234.012345.7", "01/09521234123453/21/7"},
	{" URN:EPC:ID:SGTIN:9521234.012345.7 ", "01/09521234123453/21/7"},
	{"HTTPS://BRAND.EXAMPLE/01/09521234123453/21/7", "01/09521234123453/21/7"},
	{"01/09521234123453/21/7", "01/09521234123453/21/7"},
	{"https://id.example.com/goods/17", "https://id.example.com/goods/17"},
};

static void understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct gs1_id id, again;
		struct err_text t = {""};
		enum err e = gs1_typed(&id, &t, slice_str(good[i].typed), GS1_ASKED_THING);
		if (!good[i].canon) {
			assert_int_equal(e, ERR_FORMAT);
			continue;
		}
		if (e != ERR_OK || strcmp(id.canon, good[i].canon) != 0)
			fail_msg("%s: \"%s\", %s", good[i].typed, e == ERR_OK ? id.canon : "", t.text);
		assert_int_equal(id.canon_len, strlen(id.canon));
		assert_int_equal(gs1_parse(&again, &t, slice_str(id.canon)), ERR_OK);
		assert_string_equal(again.canon, id.canon);
		assert_int_equal(again.kind, id.kind);
		assert_int_equal(again.is_class, id.is_class);
	}
}

static const struct {
	const char *typed, *says;
} bad[] = {
	{"", "empty"},
	{"  ", "empty"},
	{"(01)09521234123454(21)7", "should be 3"},
	{"(01)0952123412345(21)7", "check digit"},
	{"(01)095212341234(21)7", "check digit"},
	{"(01)0952123(21)7", "(01) needs 14 digits"},
	{"(01)095212341234531(21)7", "(01) needs 14 digits"},
	{"(01)09521234123453(21)", "(21) is empty"},
	{"(01)09521234123453(21)123456789012345678901", "(21) is longer than 20"},
	{"(01)09521234123453(21)a b", "0x20"},
	{"(01)09521234123453(21)7(21)8", "(21) is given twice"},
	{"(01)09521234123453(235)x(21)8", "wrong place"},
	{"(01)09521234123453(72)7", "at character 19: (72) is no application identifier"},
	{"(01)09521234123453(3106)000500", "at character 19: (3106)"},
	{"(01)09521234123453(17)2712", "(17) needs 6 digits, not 4"},
	{"(01)09521234123453(17)27123x", "(17) takes digits alone"},
	{"(01)09521234123453(240)", "(240) is empty"},
	{"(01)09521234123453(7030)12", "(7030) is too short"},
	{"(01)09521234123453(37)123456789", "(37) is longer than 8"},
	{"(01", "at character 1"},
	{"()", "at character 1"},
	{"(1)7", "at character 1"},
	{"(21)7", "names nothing"},
	{"(17)271231", "names nothing"},
	{"(02)09521234123453(37)5", "names nothing"},
	{"(01)09521234123453(00)395212345432100011", "(01) and (00) name two things"},
	{"(401)9521234C1(414)9521234000013", "name two things"},
	{"(8004)9521234A1(21)7", "(21) does not go with (8004)"},
	{"(01)09521234123453(254)7", "(254) does not go with (01)"},
	{"(00)395212345432100012", "should be 1"},
	{"(8010)9521234A(8011)012", "zero"},
	{"]d2" "0109521234123454217", "should be 3"},
	{"]d2" "010952123412345", "(01) at character 1 needs 14 digits, not 13"},
	{"]C1" "0109521234123453" "21123456789012345678901", "(21) at character 17 is longer than 20"},
	{"]C1" "0109521234123453" "722", "at character 17 no application identifier begins: \"722\""},
	{"]C1hello", "at character 1 no application identifier begins: \"hell\""},
	{"]C1", "names nothing"},
	{"]X9abc", "\"]X9\" is no symbology"},
	{"]", "is no symbology"},
	{"]E0abc", "no number"},
	{"0109521234123454217", "should be 3"},
	{"1234567890", "a number of 10 digits"},
	{"9521234123454", "should be 3"},
	{"395212345432100012", "should be 1"},
	{"hello", "neither a GS1 key nor an absolute URI"},
	{"urn:epc:id:sgtin:9521234.12345.7", "13 digits"},
	{"HTTPS://id.example.com/goods/17", "scheme"},
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct gs1_id id;
		struct err_text t = {""};
		enum err e = gs1_typed(&id, &t, slice_str(bad[i].typed), GS1_ASKED_THING);
		if (e != ERR_FORMAT || !strstr(t.text, bad[i].says))
			fail_msg("\"%s\": %s, \"%s\" instead of \"%s\"", bad[i].typed, err_str(e),
				 t.text, bad[i].says);
	}
	char longest[GS1_CANON_MAX + 1] = "(21)";
	struct gs1_id id;
	memset(longest + 4, '(', GS1_CANON_MAX - 4);
	assert_int_equal(gs1_typed(&id, NULL, slice(longest, GS1_CANON_MAX), GS1_ASKED_THING), ERR_LIMIT);
	assert_int_equal(gs1_typed(&id, NULL, slice(longest, GS1_CANON_MAX - 1), GS1_ASKED_THING),
			 ERR_FORMAT);
	assert_int_equal(gs1_typed(&id, NULL, SLICE_LIT("urn:a:\0b"), GS1_ASKED_THING), ERR_FORMAT);
}

/* Thirteen digits are a GTIN, or the GLN of what was asked for. */
static void by_what_is_asked(void **state)
{
	(void)state;
	static const struct {
		enum gs1_asked asked;
		const char *typed, *canon, *says;
	} rows[] = {
		{GS1_ASKED_THING, "9521234000013", "01/09521234000013", NULL},
		{GS1_ASKED_PLACE, "9521234000013", "414/9521234000013", NULL},
		{GS1_ASKED_PARTY, "9521234000013", "417/9521234000013", NULL},
		{GS1_ASKED_PLACE, "(414)9521234000013", "414/9521234000013", NULL},
		{GS1_ASKED_PLACE, "4149521234000013", "414/9521234000013", NULL},
		{GS1_ASKED_PLACE, "https://id.example.com/dock/7", "https://id.example.com/dock/7", NULL},
		{GS1_ASKED_PLACE, "96385074", NULL, "a GLN has 13 digits, not 8"},
		{GS1_ASKED_PLACE, "9521234000014", NULL, "should be 3"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gs1_id id;
		struct err_text t = {""};
		enum err e = gs1_typed(&id, &t, slice_str(rows[i].typed), rows[i].asked);
		bool fine = rows[i].canon ? e == ERR_OK && strcmp(id.canon, rows[i].canon) == 0
					  : e == ERR_FORMAT && strstr(t.text, rows[i].says);
		if (!fine)
			fail_msg("%s: \"%s\", %s", rows[i].typed, e == ERR_OK ? id.canon : "", t.text);
	}
}

/* "N14,csum,gcppos2" or "[X..16]": the least and the most characters. */
static bool component(const char *s, unsigned *least, unsigned *most, bool *digits)
{
	bool optional = *s == '[';
	s += optional;
	if (!strchr("NXYZ", *s) || (s[1] != '.' && (s[1] < '0' || s[1] > '9')))
		return false;
	bool open = s[1] == '.';
	unsigned n = (unsigned)atoi(s + (open ? 3 : 1)); /* allowed: a test */
	*digits = *digits && *s == 'N';
	*most += n;
	if (!optional)
		*least += open ? 1 : n;
	return true;
}

/* The table says what GS1's dictionary says, of every AI and of no other. */
static void dictionary(void **state)
{
	(void)state;
	char line[512];
	bool known[10000] = {false};
	FILE *f = fopen(DATA "gs1/gs1-syntax-dictionary.txt", "r");
	if (!f) {
		printf("SKIP: " DATA "gs1/gs1-syntax-dictionary.txt is not here\n");
		return;
	}
	while (fgets(line, sizeof line, f)) {
		unsigned first, last, least = 0, most = 0;
		bool digits = true, fixed = false;
		char *save = NULL, *word = strtok_r(line, " \t\n", &save);
		if (!word || *word == '#' || sscanf(word, "%u", &first) != 1)
			continue;
		last = sscanf(word, "%*u-%u", &last) == 1 ? last : first;
		while ((word = strtok_r(NULL, " \t\n", &save))) {
			if (component(word, &least, &most, &digits))
				continue;
			if (most)
				break;
			fixed = fixed || strchr(word, '*');
		}
		for (unsigned ai = first; ai <= last; ai++) {
			const struct gs1_ai_rule *r = gs1_ai_find(ai);
			known[ai] = true;
			if (!r || r->least != least || r->most != most || r->digits != digits ||
			    r->fixed != fixed)
				fail_msg("(%u)", ai);
		}
	}
	fclose(f);
	for (unsigned ai = 0; ai < 10000; ai++)
		if ((gs1_ai_find(ai) != NULL) != known[ai])
			fail_msg("(%u)", ai);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),
		cmocka_unit_test(refused),
		cmocka_unit_test(by_what_is_asked),
		cmocka_unit_test(dictionary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
