/*
 * One thing, one name. Each row is another spelling of something: it becomes
 * the canonical name, or it is refused and the refusal says what is wrong, or
 * it is another name by the standards and stays what it is. Nothing else may
 * happen: that is how a thing would get two histories.
 */
#include "data/codes.h"
#include "data/gs1.h"
#include "data/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/"

enum what { NAMES, REFUSED, OTHER };

static const struct row {
	const char *spelling;
	enum what what;
	const char *text; /* NAMES: the canonical text; REFUSED: what the refusal says */
} rows[] = {
#define ITEM "01/09521234123453/21/7"
#define ITEM_PATH "01/09521234123453/21/7"
	/* ---- Digital Links: host, scheme and port do not matter ---- */
	{"https://id.gs1.org/" ITEM_PATH, NAMES, ITEM},
	{"http://id.gs1.org/" ITEM_PATH, NAMES, ITEM},
	{"HTTPS://ID.GS1.ORG/" ITEM_PATH, NAMES, ITEM},
	{"https://ID.gs1.org:443/" ITEM_PATH, NAMES, ITEM},
	{"https://id.gs1.org:8443/" ITEM_PATH, NAMES, ITEM},
	{"https://user:word@id.gs1.org/" ITEM_PATH, NAMES, ITEM},
	{"https://id.gs1.org./" ITEM_PATH, NAMES, ITEM},
	{"https://id.gs1.de/" ITEM_PATH, NAMES, ITEM},
	{"https://brand.example/" ITEM_PATH, NAMES, ITEM},
	{"https://brand.example/eu/shop/" ITEM_PATH, NAMES, ITEM},
	{"https://[2001:db8::1]/" ITEM_PATH, NAMES, ITEM},
	{"https://\xe5\x93\x81\xe7\x89\x8c.example/" ITEM_PATH, NAMES, ITEM},
	{"https://id.gs1.org//" ITEM_PATH, NAMES, ITEM},
	{"https://id.gs1.org/" ITEM_PATH "/", NAMES, ITEM},
	{"https://id.gs1.org/" ITEM_PATH "?17=271231", NAMES, ITEM},
	{"https://id.gs1.org/" ITEM_PATH "?", NAMES, ITEM},
	{"https://id.gs1.org/" ITEM_PATH "#top", NAMES, ITEM},
	{"https://id.gs1.org/gtin/09521234123453/ser/7", NAMES, ITEM},
	{"https://id.gs1.org/01/9521234123453/21/7", NAMES, ITEM},
	{"https://id.gs1.org/01/09521234123453/10/LOT/21/7", NAMES, ITEM},
	{"https://id.gs1.org/01/09521234123453/22/V/21/7", NAMES, ITEM},
	{"https://id.gs1.org/01/09521234123453/21/%37", NAMES, ITEM},
	{"https://id.gs1.org/01/09521234123453/21/a%2fb", NAMES, "01/09521234123453/21/a%2Fb"},
	{"https://id.gs1.org/01/09521234123453/21/a%2Fb", NAMES, "01/09521234123453/21/a%2Fb"},
	{"https://id.gs1.org/01/09521234123453/21/a!", NAMES, "01/09521234123453/21/a%21"},
	{"https://id.gs1.org/414/9521234000013/254/0", NAMES, "414/9521234000013"},
	{"414/9521234000013/254/0", NAMES, "414/9521234000013"},
	{"01/9521234123453/21/7", NAMES, ITEM},
	{"01/09521234123453/21/%37", NAMES, ITEM},

	/* ---- id.gs1.org: what is no Digital Link is nothing ---- */
	{"https://id.gs1.org/01/09521234123453/21/7/x", REFUSED, "not in pairs"},
	{"https://id.gs1.org/01/09521234123453/21/7//", REFUSED, "(01)"},
	{"https://id.gs1.org/01/09521234123453/10/", REFUSED, "(10) is empty"},
	{"https://id.gs1.org/01/09521234123453/10//21/7", REFUSED, "(10) is empty"},
	{"https://id.gs1.org/01/", REFUSED, "(01) is empty"},
	{"https://id.gs1.org/GTIN/09521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/2554/9521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/1/09521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/001/09521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/%30%31/09521234123453/21/7", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/01%2F09521234123453%2F21%2F7", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/01/%309521234123453/21/7", REFUSED, "14 digits"},
	{"https://id.gs1.org/01/09521234123454/21/7", REFUSED, "should be 3"},
	{"https://id.gs1.org/01/09521234123453/SER/7", REFUSED, "no such qualifier"},
	{"https://id.gs1.org/01/09521234123453/021/7", REFUSED, "no such qualifier"},
	{"https://id.gs1.org/01/09521234123453;21=7", REFUSED, "14 digits"},
	{"https://id.gs1.org/?01=09521234123453&21=7", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/AQnYUc1gmiCNV4JGYgYX", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/8013/1987654Ad4X4bL5ttr2310c2K", REFUSED, "no Digital Link"},
	{"https://id.gs1.org/", REFUSED, "no Digital Link"},
	{"https://id.gs1.org", REFUSED, "no Digital Link"},
	{"https://id.gs1.org?x", REFUSED, "no Digital Link"},
	{"https://ID.GS1.ORG/GTIN/09521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org:443/2554/9521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org:8443/2554/9521234123453", REFUSED, "no Digital Link"},
	{"https://me@id.gs1.org/2554/9521234123453", REFUSED, "no Digital Link"},
	{"https://id.gs1.org./2554/9521234123453", REFUSED, "no Digital Link"},
	{"https://id%2Egs1.org/2554/9521234123453", REFUSED, "escape"},
	{"https://id.gs1.org/a/../" ITEM_PATH, REFUSED, ". or .."},
	{"https://id.gs1.org/./" ITEM_PATH, REFUSED, ". or .."},
	{"https://id.gs1.org/01/09521234123453/21/7/../8", REFUSED, ". or .."},
	{"https://id.gs1.org/01/09521234123453/21/%2e%2E", REFUSED, ". or .."},
	{"https://id.gs1.org/01/09521234123453/21/.", REFUSED, ". or .."},

	/* ---- elsewhere: meant as a Digital Link, or a name of that host ---- */
	{"https://brand.example/01/09521234123454/21/7", REFUSED, "should be 3"},
	{"https://brand.example/01/09521234123453/99/7", REFUSED, "no such qualifier"},
	{"https://brand.example/01/09521234123453/21/7/x", OTHER, NULL},
	{"https://brand.example/GTIN/09521234123453", OTHER, NULL},

	/* ---- EPC URNs ---- */
	{"urn:epc:id:sgtin:9521234.012345.7", NAMES, ITEM},
	{"urn:epc:id:sgtin:952123.0412345.7", NAMES, "01/09521234123453/21/7"},
	{"URN:EPC:ID:SGTIN:9521234.012345.7", NAMES, ITEM},
	{"URN:epc:id:sgtin:9521234.012345.7", NAMES, ITEM},
	{"urn:EPC:id:sgtin:9521234.012345.7", NAMES, ITEM},
	{"urn:epc:id:sgtin:9521234.012345.%37", NAMES, ITEM},
	{"urn:epc:id:sgtin:9521234.012345.a%2fb", NAMES, "01/09521234123453/21/a%2Fb"},
	{"urn:epc:id:sgln:9521234.00001.0", NAMES, "414/9521234000013"},
	{"URN:EPC:CLASS:LGTIN:9521234.012345.lot", NAMES, "01/09521234123453/10/lot"},
	{"URN:EPC:IDPAT:SGTIN:9521234.012345.*", NAMES, "01/09521234123453"},
	{"urn:epc:idpat:upui:9521234.012345.*", NAMES, "01/09521234123453"},
	{"urn:epc:id:sgtin:9521234.012345.7#x", REFUSED, "'#'"},
	{"urn:epc:id:sgtin:9521234.012345.7?=x", REFUSED, "'?'"},
	{"urn:epc:id:sgtin:%39521234.012345.7", REFUSED, "6 to 12 digits"},
	{"urn:%65pc:id:sgtin:9521234.012345.7", REFUSED, "escape"},
	{"urn:epc%3Aid:sgtin:9521234.012345.7", REFUSED, "namespace"},
	{"urn:epc:id:sgtin:9521234.012345", REFUSED, "number of parts"},
	{"urn:epc:i:sgtin:9521234.012345.7", REFUSED, "id:, class: or idpat:"},
	{"urn:epc:id2:sgtin:9521234.012345.7", REFUSED, "id:, class: or idpat:"},
	{"urn:epc::sgtin:9521234.012345.7", REFUSED, "id:, class: or idpat:"},
	{"urn:epc:", REFUSED, "id:, class: or idpat:"},
	{"URN:EPC:", REFUSED, "id:, class: or idpat:"},
	{"urn:epc:id:gtin:9521234.012345.7", REFUSED, "no scheme"},
	{"urn:epc:class:sgtin:9521234.012345.7", REFUSED, "no scheme"},
	{"urn:epc:idpat:sgtin:9521234.012345.7", REFUSED, "ends in .*"},
	{"urn:epc:idpat:sgtin:9521234.012345", REFUSED, "ends in .*"},
	{"urn:epc:idpat:sgtin:9521234.*.*", REFUSED, "ends in .*"},
	{"urn:epc:idpat:sgtin:*.*.*", REFUSED, "ends in .*"},
	{"urn:epc:idpat:sscc:9521234.*", REFUSED, "no class"},
	{"urn:epc:tag:sgtin-96:3.9521234.012345.7", REFUSED, "written on a tag"},
	{"URN:EPC:TAG:sgtin-96:3.9521234.012345.7", REFUSED, "written on a tag"},
	{"urn:epc:raw:96.x3074257BF7194E4000001A85", REFUSED, "written on a tag"},
	{"urn:epc:pat:sgtin-96:3.9521234.*.*", REFUSED, "written on a tag"},
	{"urn:epc:id:gid:95100000.12345.400", OTHER, NULL},
	{"URN:EPC:ID:GID:95100000.12345.400", NAMES, "urn:epc:id:gid:95100000.12345.400"},
	{"urn:epc:id:gid:095100000.12345.400", REFUSED, "leading zeros"},
	{"urn:epc:id:gid:95100000.12345.", REFUSED, "leading zeros"},
	{"urn:epc:id:gid:95100000.12345", REFUSED, "leading zeros"},
	{"urn:epc:id:bic:CSQU3054383", OTHER, NULL},
	{"urn:epc:id:bic:csqu3054383", REFUSED, "capitals"},
	{"urn:epc:id:usdod:2S194.12345678901", OTHER, NULL},
	{"urn:epc:id:adi:2S194..12345678901", OTHER, NULL},
	{"urn:epc:id:adi:W81X9C.3KL984PX1.2WMA52", OTHER, NULL},
	{"urn:epc:id:adi:W81X9C.3KL984PX1.2WMA5%32", REFUSED, "capitals"},
	{"urn:epc:id:imovn:9176187", OTHER, NULL},

	/* ---- other URNs: the namespace has no case, the rest has ---- */
	{"urn:example:thing:1", OTHER, NULL},
	{"URN:Example:thing:1", NAMES, "urn:example:thing:1"},
	{"urn:example:Thing:1", OTHER, NULL},
	{"urn:example:thing:1#part", REFUSED, "in a URN"},
	{"urn:example:thing:1?+resolver", REFUSED, "in a URN"},
	{"urn:example:thing:1?=query", REFUSED, "in a URN"},
	{"urn:example:thing:%31", REFUSED, "escape"},
	{"urn:example:a%2fb", REFUSED, "capitals"},
	{"urn:example:a/../b", REFUSED, ". or .."},
	{"urn:example:", REFUSED, "and a name"},
	{"urn:example", REFUSED, "and a name"},
	{"urn::x", REFUSED, "a namespace"},
	{"urn:a_b:x", REFUSED, "namespace"},
	{"urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", OTHER, NULL},
	{"URN:UUID:374D95FC-9457-4A51-BD6A-0BBA133845A8", NAMES,
	 "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"},
	{"urn:uuid:374d95fc94574a51bd6a0bba133845a8", REFUSED, "8-4-4-4-12"},
	{"urn:uuid:{374d95fc-9457-4a51-bd6a-0bba133845a8}", REFUSED, NULL},
	{"urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845ag", REFUSED, "8-4-4-4-12"},
	{"urn:oid:1.3.6.1.4.1", OTHER, NULL},
	{"urn:oid:1.03.6.1.4.1", REFUSED, "leading zeros"},
	{"urn:oid:1..3", REFUSED, "leading zeros"},
	{"urn:isbn:978-0-345-41891-3", REFUSED, "GTIN"},
	{"urn:isbn:9780345418913", REFUSED, "GTIN"},
	{"urn:epcglobal:cbv:bt:9521141000005:123", OTHER, NULL},
	{"urn:jaif:id:obj:37SUN321456789A111222333AB+123456789012", OTHER, NULL},

	/* ---- web addresses of one's own ---- */
	{"https://id.example.com/goods/17", OTHER, NULL},
	{"HTTPS://id.example.com/goods/17", REFUSED, "scheme"},
	{"https://ID.example.com/goods/17", REFUSED, "host is written in small"},
	{"https://id.example.com:443/goods/17", REFUSED, "port is the scheme's own"},
	{"http://id.example.com:80/goods/17", REFUSED, "port is the scheme's own"},
	{"https://id.example.com:/goods/17", REFUSED, "plain number"},
	{"https://id.example.com:0443/goods/17", REFUSED, "plain number"},
	{"https://id.example.com:x/goods/17", REFUSED, "plain number"},
	{"https://id.example.com:8443/goods/17", OTHER, NULL},
	{"https://me@id.example.com/goods/17", REFUSED, "user info"},
	{"https://@id.example.com/goods/17", REFUSED, "user info"},
	{"https://id.example.com./goods/17", REFUSED, "no name"},
	{"https://id..example.com/goods/17", REFUSED, "no name"},
	{"https://id.ex%61mple.com/goods/17", REFUSED, "escape"},
	{"https://id.ex%C3%A4mple.com/goods/17", REFUSED, "no name"},
	{"https://id.ex\xc3\xa4mple.com/goods/17", REFUSED, "beyond ASCII"},
	{"https://xn--exmple-cua.com/goods/17", OTHER, NULL},
	{"https://id.example.com", REFUSED, "path"},
	{"https://id.example.com?x", REFUSED, "path"},
	{"https://id.example.com#x", REFUSED, "path"},
	{"https://id.example.com/", OTHER, NULL},
	{"https://", REFUSED, "host"},
	{"https:///goods/17", REFUSED, "host"},
	{"https:/id.example.com/goods/17", REFUSED, "host"},
	{"https:id.example.com/goods/17", REFUSED, "host"},
	{"https://:8443/goods/17", REFUSED, "host"},
	{"https://[2001:db8::1]/goods/17", REFUSED, "many spellings"},
	{"https://[2001:DB8:0:0:0:0:0:1]/goods/17", REFUSED, "many spellings"},
	{"https://[::ffff:192.0.2.1]/goods/17", REFUSED, "many spellings"},
	{"https://192.0.2.1/goods/17", OTHER, NULL},
	{"https://192.0.513/goods/17", REFUSED, "many spellings"},
	{"https://192.0.2.01/goods/17", REFUSED, "many spellings"},
	{"https://192.0.2.256/goods/17", REFUSED, "many spellings"},
	{"https://0xC0000201/goods/17", REFUSED, "small letters"},
	{"https://0xc0000201/goods/17", REFUSED, "many spellings"},
	{"https://3221225985/goods/17", REFUSED, "many spellings"},
	{"https://id.example.com/goods/./17", REFUSED, ". or .."},
	{"https://id.example.com/goods/x/../17", REFUSED, ". or .."},
	{"https://id.example.com/goods/17/.", REFUSED, ". or .."},
	{"https://id.example.com/..", REFUSED, ". or .."},
	{"https://id.example.com/goods/%2e%2e/17", REFUSED, ". or .."},
	{"https://id.example.com/goods/%2E%2E/17", REFUSED, ". or .."},
	{"https://id.example.com/goods/%31%37", REFUSED, "escape"},
	{"https://id.example.com/goods/a%7Eb", REFUSED, "escape"},
	{"https://id.example.com/goods/a%2fb", REFUSED, "capitals"},
	{"https://id.example.com/goods/a%2Fb", OTHER, NULL},
	{"https://id.example.com/goods/\xe8\x8c\xb6", REFUSED, "beyond ASCII"},
	{"https://id.example.com/goods/%E8%8C%B6", OTHER, NULL},
	{"https://id.example.com/goods/%e8%8c%b6", REFUSED, "capitals"},
	{"https://id.example.com/goods/17?", REFUSED, "empty query"},
	{"https://id.example.com/goods/17#", REFUSED, "fragment"},
	{"https://id.example.com/goods/17?a#", REFUSED, "fragment"},
	{"https://id.example.com/goods/17?#a", REFUSED, "empty query"},
	/* by the standards these are other names, as their owner may mean them */
	{"http://id.example.com/goods/17", OTHER, NULL},
	{"https://id.example.com/goods/17/", OTHER, NULL},
	{"https://id.example.com//goods/17", OTHER, NULL},
	{"https://id.example.com/Goods/17", OTHER, NULL},
	{"https://id.example.com/goods/17?a", OTHER, NULL},
	{"https://id.example.com/goods/17#a", OTHER, NULL},

	/* ---- other schemes ---- */
	{"ni:///sha-256;0d2fdf97b264e9092990c5a1?ver=CBV2.0", OTHER, NULL},
	{"NI:///sha-256;0d2fdf97b264e9092990c5a1", REFUSED, "scheme"},
	{"geo:50.9,6.9", OTHER, NULL},
	{"did:web:example.com", OTHER, NULL},
	{"DID:web:example.com", REFUSED, "scheme"},
	{"tag:id.example.com,2026:goods:17", OTHER, NULL},
	{"ftp://id.example.com:21/x", REFUSED, "port is the scheme's own"},
	{"coap://ID.example.com/x", REFUSED, "host is written in small"},
};

static void spellings(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct gs1_id id, again;
		struct err_text t = {""};
		enum err e = gs1_parse(&id, &t, slice_str(r->spelling));
		const char *canon = r->what == OTHER ? r->spelling : r->text;
		bool good = false;
		if (r->what != REFUSED)
			good = e == ERR_OK && strcmp(id.canon, canon) == 0 &&
			       gs1_parse(&again, NULL, slice_str(id.canon)) == ERR_OK &&
			       strcmp(again.canon, canon) == 0;
		else if (r->text)
			good = e == ERR_FORMAT && strstr(t.text, r->text) && !strstr(t.text, "  ");
		else /* or no URI, which whoever asks refuses */
			good = e == ERR_FORMAT || !uri_valid(slice_str(r->spelling));
		if (good)
			continue;
		print_error("%s: %s \"%s\"\n", r->spelling, e == ERR_OK ? "names" : "refused",
			    e == ERR_OK ? id.canon : t.text);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

/* What a range may begin with may end in an empty part; all else is as in a name. */
static void prefixes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool normal;
	} list[] = {
		{"https://id.example.com/", true},	{"https://id.example.com/a?", true},
		{"https://id.example.com/a#", true},	{"https://id.example.com/a?b=", true},
		{"urn:example:firm:", true},		{"urn:example:", true},
		{"https://ID.example.com/", false},	{"https://id.example.com:443/", false},
		{"https://id.example.com/a/../", false}, {"https://id.example.com/%61/", false},
		{"https://", false},			{"URN:example:firm:", false},
		{"urn:example:firm#", false},
	};
	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (!uri_fault(slice_str(list[i].text), true) != list[i].normal)
			fail_msg("%s", list[i].text);
}

/* Every identifier in GS1's own documents is taken. */
static void published(void **state)
{
	(void)state;
	static const char *const begin[] = {"urn:epc:", "urn:epcglobal:cbv:bt:", "urn:uuid:",
					    "urn:example:", "urn:jaif:", "https://id.", "geo:",
					    "https://example.org/8", "https://example.org/2",
					    "https://example.com/0", "http://transaction.", "ni:"};
	unsigned seen = 0;
	FILE *list = popen("find " DATA "epcis -name '*.json*' -o -name '*.xml' 2>/dev/null", "r");
	char path[512];
	assert_non_null(list);
	while (fgets(path, sizeof path, list)) {
		path[strcspn(path, "\n")] = 0;
		FILE *f = fopen(path, "rb");
		assert_non_null(f);
		char line[4096];
		while (fgets(line, sizeof line, f)) {
			for (size_t b = 0; b < sizeof begin / sizeof *begin; b++) {
				char *at = strstr(line, begin[b]);
				size_t n = at ? strcspn(at, "\"'<> \t\r\n\\") : 0;
				bool whole = at && at > line && strchr("\">", at[-1]) &&
					     strchr("\"<", at[n]) && at[n] && at[n - 1] != ':' &&
					     !memchr(at, '{', n) && !memchr(at, '^', n);
				struct gs1_id id;
				struct err_text t = {""};
				if (!whole)
					continue;
				seen++;
				/* One of them has a wrong check digit. */
				if (gs1_parse(&id, &t, slice(at, n)) != ERR_OK &&
				    !strstr(t.text, "check digit"))
					fail_msg("%s: %.*s: %s", path, (int)n, at, t.text);
			}
		}
		fclose(f);
	}
	pclose(list);
	if (seen == 0)
		printf("SKIP: " DATA "epcis is not here\n");
	else
		assert_true(seen > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spellings),
		cmocka_unit_test(prefixes),
		cmocka_unit_test(published),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
