#include "data/gs1.h"
#include "data/gs1_parts.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define DATA "../shared/data/"

/* ---- what must be understood ---- */

struct vector {
	const char *in, *canon;
	enum gs1_kind kind;
	unsigned prefix_len;
	bool is_class;
	const char *prefix; /* gs1_prefix_digits */
};

static const struct vector good[] = {
	/* EPC URNs, each scheme */
	{"urn:epc:id:sgtin:4012345.012345.12", "01/04012345123456/21/12", GS1_SGTIN, 7, false,
	 "4012345123456"},
	{"urn:epc:id:sgtin:415056789012.0.987654", "01/04150567890128/21/987654", GS1_SGTIN, 12,
	 false, "4150567890128"},
	{"urn:epc:id:sgtin:401234.0012345.a", "01/04012340123451/21/a", GS1_SGTIN, 6, false,
	 "4012340123451"},
	{"urn:epc:id:sgtin:0614141.812345.6789%2F%26%25%22!%3F()",
	 "01/80614141123458/21/6789%2F%26%25%22%21%3F%28%29", GS1_SGTIN, 7, false, "0614141123458"},
	{"urn:epc:id:sgtin:4012345.011111.*+,:'-.;=_", "01/04012345111118/21/%2A%2B%2C%3A'-.;=_",
	 GS1_SGTIN, 7, false, "4012345111118"},
	{"urn:epc:class:lgtin:4012345.012345.Lot987", "01/04012345123456/10/Lot987", GS1_LGTIN, 7,
	 true, "4012345123456"},
	{"urn:epc:id:upui:1234567.098765.51qIgY)%3C%26Jp3*j7SDB",
	 "01/01234567987651/235/51qIgY%29%3C%26Jp3%2Aj7SDB", GS1_UPUI, 7, false, "1234567987651"},
	{"urn:epc:idpat:sgtin:4012345.012345.*", "01/04012345123456", GS1_GTIN, 7, true,
	 "4012345123456"},
	{"urn:epc:idpat:upui:4012345.012345.*", "01/04012345123456", GS1_GTIN, 7, true,
	 "4012345123456"},
	{"urn:epc:id:itip:4012345.011111.01.02.987", "8006/040123451111180102/21/987", GS1_ITIP, 7,
	 false, "4012345111118"},
	{"urn:epc:idpat:itip:4012345.012345.01.02.*", "8006/040123451234560102", GS1_ITIP, 7, true,
	 "4012345123456"},
	{"urn:epc:id:sscc:4012345.3111111111", "00/340123451111111111", GS1_SSCC, 7, false,
	 "40123451111111111"},
	{"urn:epc:id:sscc:952123.40000000001", "00/495212300000000015", GS1_SSCC, 6, false,
	 "95212300000000015"},
	{"urn:epc:id:sgln:4012345.00005.122", "414/4012345000054/254/122", GS1_SGLN, 7, false,
	 "4012345000054"},
	{"urn:epc:id:sgln:4012345.00005.0", "414/4012345000054", GS1_SGLN, 7, false,
	 "4012345000054"},
	{"urn:epc:id:sgln:401234500005..0", "414/4012345000054", GS1_SGLN, 12, false,
	 "4012345000054"},
	{"urn:epc:id:pgln:4000001.00000", "417/4000001000005", GS1_PGLN, 7, false, "4000001000005"},
	{"urn:epc:id:pgln:999999999999.", "417/9999999999994", GS1_PGLN, 12, false,
	 "9999999999994"},
	{"urn:epc:id:grai:4012345.00022.334455", "8003/04012345000221334455", GS1_GRAI, 7, false,
	 "4012345000221"},
	{"urn:epc:idpat:grai:4012345.99999.*", "8003/04012345999990", GS1_GRAI, 7, true,
	 "4012345999990"},
	{"urn:epc:id:giai:4012345.ABC345", "8004/4012345ABC345", GS1_GIAI, 7, false, "4012345"},
	{"urn:epc:id:giai:4012345.A.B%2F", "8004/4012345A.B%2F", GS1_GIAI, 7, false, "4012345"},
	{"urn:epc:id:gsrn:4012345.0000006765", "8018/401234500000067657", GS1_GSRN, 7, false,
	 "401234500000067657"},
	{"urn:epc:id:gsrnp:4012345.0000000007", "8017/401234500000000074", GS1_GSRNP, 7, false,
	 "401234500000000074"},
	{"urn:epc:id:gdti:4012345.00009.PO-4711", "253/4012345000092PO-4711", GS1_GDTI, 7, false,
	 "4012345000092"},
	{"urn:epc:id:gdti:987659999999..9", "253/98765999999929", GS1_GDTI, 12, false,
	 "9876599999992"},
	{"urn:epc:idpat:gdti:4012345.11111.*", "253/4012345111118", GS1_GDTI, 7, true,
	 "4012345111118"},
	{"urn:epc:id:sgcn:4012345.99999.44", "255/401234599999044", GS1_SGCN, 7, false,
	 "4012345999990"},
	{"urn:epc:idpat:sgcn:4012345.22222.*", "255/4012345222227", GS1_SGCN, 7, true,
	 "4012345222227"},
	{"urn:epc:id:cpi:0614141.11111111111111-A%23%2F.1234",
	 "8010/061414111111111111111-A%23%2F/8011/1234", GS1_CPI, 7, false,
	 "061414111111111111111"},
	{"urn:epc:idpat:cpi:4012345.AB12.*", "8010/4012345AB12", GS1_CPI, 7, true, "4012345"},
	{"urn:epc:id:ginc:0614141.xyz47%2F11", "401/0614141xyz47%2F11", GS1_GINC, 7, false,
	 "0614141"},
	{"urn:epc:id:gsin:4012345.222333444", "402/40123452223334442", GS1_GSIN, 7, false,
	 "40123452223334442"},

	/* Digital Links */
	{"https://id.gs1.org/01/09506000134352", "01/09506000134352", GS1_GTIN, 0, true,
	 "9506000134352"},
	{"HTTPS://EXAMPLE.COM/01/09506000134352/21/A", "01/09506000134352/21/A", GS1_SGTIN, 0,
	 false, "9506000134352"},
	{"http://example.com:8080/some/stem/01/09506000134352/", "01/09506000134352", GS1_GTIN, 0,
	 true, "9506000134352"},
	{"https://example.com/01/09506000134352/22/v/10/L/21/S?17=271231#top",
	 "01/09506000134352/21/S", GS1_SGTIN, 0, false, "9506000134352"},
	{"https://example.com/01/09506000134352/22/v", "01/09506000134352", GS1_GTIN, 0, true,
	 "9506000134352"},
	{"https://example.com/01/09506000134352/22/v/10/L", "01/09506000134352/10/L", GS1_LGTIN, 0,
	 true, "9506000134352"},
	{"https://example.com/01/09506000134352/235/Tx", "01/09506000134352/235/Tx", GS1_UPUI, 0,
	 false, "9506000134352"},
	{"https://example.com/gtin/9780345418913/cpv/344/lot/1223/ser/765tz",
	 "01/09780345418913/21/765tz", GS1_SGTIN, 0, false, "9780345418913"},
	{"https://example.com/01/001122334455/21/GHB", "01/00001122334455/21/GHB", GS1_SGTIN, 0,
	 false, "0001122334455"},
	{"https://example.com/01/614141123452/21/x", "01/00614141123452/21/x", GS1_SGTIN, 0, false,
	 "0614141123452"},
	{"https://example.com/01/02345673", "01/00000002345673", GS1_GTIN, 0, true,
	 "0000002345673"},
	/* the right-most primary key, found by pairs from the end: a lot that looks like a key is
	   none */
	{"https://example.com/01/09506000134352/10/8004/21/X", "01/09506000134352/21/X", GS1_SGTIN,
	 0, false, "9506000134352"},
	{"https://example.com/414/9506000134307/01/09506000134352/21/X", "01/09506000134352/21/X",
	 GS1_SGTIN, 0, false, "9506000134352"},
	/* one text: needless escapes go, needed ones come, in capitals */
	{"https://id.gs1.org/01/09506000134352/21/%41b%2f!", "01/09506000134352/21/Ab%2F%21",
	 GS1_SGTIN, 0, false, "9506000134352"},
	{"https://id.gs1.org/00/340123453111111115", "00/340123453111111115", GS1_SSCC, 0, false,
	 "40123453111111115"},
	{"https://id.gs1.org/414/4280000000002/254/12", "414/4280000000002/254/12", GS1_SGLN, 0,
	 false, "4280000000002"},
	{"https://id.gs1.org/414/4280000000002/7040/1ABC", "414/4280000000002", GS1_SGLN, 0, false,
	 "4280000000002"},
	{"https://example.co.uk/party/4226350800008", "417/4226350800008", GS1_PGLN, 0, false,
	 "4226350800008"},
	{"https://id.gs1.org/8003/03870585000552987", "8003/03870585000552987", GS1_GRAI, 0, false,
	 "3870585000552"},
	{"https://id.gs1.org/8003/03870585000552", "8003/03870585000552", GS1_GRAI, 0, true,
	 "3870585000552"},
	{"https://id.gs1.org/8004/0180451111ABC987", "8004/0180451111ABC987", GS1_GIAI, 0, false,
	 "0180451111"},
	{"https://id.gs1.org/8018/385888700111111111", "8018/385888700111111111", GS1_GSRN, 0,
	 false, "385888700111111111"},
	{"https://id.gs1.org/8017/440018922222222226/8019/12", "8017/440018922222222226", GS1_GSRNP,
	 0, false, "440018922222222226"},
	{"https://id.gs1.org/253/4602443000331XYZ", "253/4602443000331XYZ", GS1_GDTI, 0, false,
	 "4602443000331"},
	{"https://id.gs1.org/253/4602443000331", "253/4602443000331", GS1_GDTI, 0, true,
	 "4602443000331"},
	{"https://id.gs1.org/8010/0628165987/8011/9876", "8010/0628165987/8011/9876", GS1_CPI, 0,
	 false, "0628165987"},
	{"https://id.gs1.org/8010/0628165987", "8010/0628165987", GS1_CPI, 0, true, "0628165987"},
	{"https://id.gs1.org/255/0811625999996554433", "255/0811625999996554433", GS1_SGCN, 0,
	 false, "0811625999996"},
	{"https://id.gs1.org/8006/040123451234560102/22/ABCD/10/XYZ",
	 "8006/040123451234560102/10/XYZ", GS1_ITIP, 0, true, "4012345123456"},
	{"http://fashion.example/itip/040123451234560102/ser/ABC145",
	 "8006/040123451234560102/21/ABC145", GS1_ITIP, 0, false, "4012345123456"},

	/* canonical texts are their own canonical text */
	{"01/09506000134352/21/a%21", "01/09506000134352/21/a%21", GS1_SGTIN, 0, false,
	 "9506000134352"},
	{"00/395212345432100011", "00/395212345432100011", GS1_SSCC, 0, false, "95212345432100011"},
	{"00/395212345432100013", NULL, GS1_NONE, 0, false, NULL},
	{"414/4012345000115/254/987", "414/4012345000115/254/987", GS1_SGLN, 0, false,
	 "4012345000115"},

	/* no GS1 keys: as they are */
	{"https://example.com/blog/2023/01/15", "https://example.com/blog/2023/01/15", GS1_NONE, 0,
	 false, ""},
	{"https://example.com/01/09506000134352/reviews",
	 "https://example.com/01/09506000134352/reviews", GS1_NONE, 0, false, ""},
	{"urn:epc:id:gid:1.2.3", "urn:epc:id:gid:1.2.3", GS1_NONE, 0, false, ""},
	{"urn:epc:id:imovn:9176187", "urn:epc:id:imovn:9176187", GS1_NONE, 0, false, ""},
	{"urn:epcglobal:cbv:bt:4012345123456:RE1", "urn:epcglobal:cbv:bt:4012345123456:RE1",
	 GS1_NONE, 0, false, ""},
	{"urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
	 "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8", GS1_NONE, 0, false, ""},
	{"geo:50.9,6.9", "geo:50.9,6.9", GS1_NONE, 0, false, ""},
	{"https://example.com/", "https://example.com/", GS1_NONE, 0, false, ""},
	{"hello", "hello", GS1_NONE, 0, false, ""},
};

static void understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		const struct vector *v = &good[i];
		struct gs1_id id, again;
		struct err_text t = {""};
		enum err e = gs1_parse(&id, &t, slice_str(v->in));
		if (!v->canon) { /* its check digit is wrong */
			assert_int_equal(e, ERR_FORMAT);
			assert_non_null(strstr(t.text, "check digit"));
			continue;
		}
		if (e != ERR_OK || strcmp(id.canon, v->canon) != 0)
			fail_msg("%s: %s %s", v->in, id.canon, t.text);
		assert_int_equal(id.kind, v->kind);
		assert_int_equal(id.canon_len, strlen(v->canon));
		assert_int_equal(id.prefix_len, v->prefix_len);
		if (id.is_class != v->is_class)
			fail_msg("%s: class or not", v->in);
		struct slice digits = gs1_prefix_digits(id.kind, slice(id.canon, id.canon_len));
		if (!slice_eq_str(digits, v->prefix))
			fail_msg("%s: prefix digits %.*s", v->in, (int)digits.n, digits.p);

		assert_int_equal(gs1_parse(&again, &t, slice_str(id.canon)), ERR_OK);
		assert_string_equal(again.canon, id.canon);
		assert_int_equal(again.kind, id.kind);
		assert_int_equal(again.is_class, id.is_class);
	}
}

/* ---- what must be refused, and what the refusal must say ---- */

static const struct {
	const char *in, *says;
} bad[] = {
	{"", "empty"},
	{"urn:epc:id:sgtin:40123.00012345.12", "6 to 12 digits"},
	{"urn:epc:id:sgtin:4012345678901..12", "6 to 12 digits"},
	{"urn:epc:id:sgtin:401234A.012345.12", "6 to 12 digits"},
	{"urn:epc:id:sgtin:4012345.12345.12", "13 digits"},
	{"urn:epc:id:sgtin:4012345.0123456.12", "13 digits"},
	{"urn:epc:id:sgtin:4012345.01234x.12", "all digits"},
	{"urn:epc:id:sgtin:4012345.x12345.12", "all digits"},
	{"urn:epc:id:sgtin:4012345.012345", "number of parts"},
	{"urn:epc:id:sgtin:4012345", "number of parts"},
	{"urn:epc:id:sgtin:4012345.012345.", "(21) is empty"},
	{"urn:epc:id:sgtin:4012345.012345.123456789012345678901", "longer than 20"},
	{"urn:epc:id:sgtin:4012345.012345.a b", "0x20"},
	{"urn:epc:id:sgtin:4012345.012345.a/b", "'/'"},
	{"urn:epc:id:sgtin:4012345.012345.a%2", "escape"},
	{"urn:epc:id:sgtin:4012345.012345.a%zz", "escape"},
	{"urn:epc:id:sgtin:4012345.012345.a%23", "'#'"},
	{"urn:epc:id:sgtin:4012345.012345.a%00", "0x00"},
	{"urn:epc:id:sgtin:4012345.012345.\xc3\xa9", "0xc3"},
	{"urn:epc:class:lgtin:4012345.012345.", "(10) is empty"},
	{"urn:epc:id:upui:4012345.012345.12345678901234567890123456789", "longer than 28"},
	{"urn:epc:id:itip:4012345.011111.1.02.987", "piece"},
	{"urn:epc:id:itip:4012345.011111.03.02.987", "piece"},
	{"urn:epc:id:itip:4012345.011111.01.02", "number of parts"},
	{"urn:epc:id:sscc:4012345.311111111", "17 digits"},
	{"urn:epc:id:sscc:4012345.3111111111.1", "17 digits"},
	{"urn:epc:id:sgln:4012345.0005.0", "12 digits"},
	{"urn:epc:id:sgln:4012345.00005", "number of parts"},
	{"urn:epc:id:sgln:4012345.00005.", "(254) is empty"},
	{"urn:epc:id:pgln:4000001.0000", "12 digits"},
	{"urn:epc:id:grai:4012345.00022.12345678901234567", "longer than 16"},
	{"urn:epc:id:gdti:4012345.00009.123456789012345678", "longer than 17"},
	{"urn:epc:id:sgcn:4012345.99999.4A", "'A'"},
	{"urn:epc:id:sgcn:4012345.99999.1234567890123", "longer than 12"},
	{"urn:epc:id:cpi:4012345.ab.1", "'a'"},
	{"urn:epc:id:cpi:4012345.AB.01", "zero"},
	{"urn:epc:id:cpi:4012345.AB.x", "'x'"},
	{"urn:epc:id:giai:4012345.", "(8004) is empty"},
	{"urn:epc:id:giai:4012345.123456789012345678901234", "longer than 23"},
	{"urn:epc:id:gsin:4012345.22233344", "16 digits"},
	{"urn:epc:idpat:sgtin:4012345.01234.*", "13 digits"},

	{"https://id.gs1.org/01/09506000134353", "should be 2"},
	{"https://example.com/01/09506000134353", "should be 2"},
	{"https://id.gs1.org/01/9506000134359/21/1", "check digit"},
	{"https://id.gs1.org/01/950600013435", "check digit"},
	{"https://id.gs1.org/01/950", "needs 14 digits"},
	{"https://example.com/01/0950600013435", "check digit"},
	{"https://example.com/01/095060001343521", "needs 14 digits"},
	{"https://example.com/00/34012345311111111", "needs 18 digits"},
	{"https://id.gs1.org/01/09506000134352/21/", NULL},
	{"https://id.gs1.org/01/09506000134352/21/a/10/b", "(10) stands in the wrong place"},
	{"https://id.gs1.org/01/09506000134352/21/a/235/b", "(235) stands in the wrong place"},
	{"https://id.gs1.org/01/09506000134352/21/a/21/b", "(21) stands in the wrong place"},
	{"https://id.gs1.org/01/09506000134352/99/utfgf", "no such qualifier"},
	{"https://id.gs1.org/01/09506000134352/21/a%20b", "0x20"},
	{"https://id.gs1.org/01/09506000134352/10/%", "escape"},
	{"https://id.gs1.org/414/4280000000002/254/x/7040/1ABC", "wrong place"},
	{"https://id.gs1.org/8003/13870585000559", "zero"},
	{"https://id.gs1.org/8006/040123451234560201", "piece"},
	{"https://id.gs1.org/8006/04012345123456/22/ABCD/10/XYZ", "needs 18 digits"},
	{"https://id.gs1.org/8004/ABC", "company prefix"},
	{"https://id.gs1.org/8010/0628165987/8011/09", "zero"},
	{"https://id.gs1.org/402/40123452223334443", "should be 2"},

	{"01/095060001343", NULL},
	{"01/09506000134353", "should be 2"},
	{"01/09506000134352/21", "holds none"},
	{"99/1234", "holds none"},
	{"x/01/09506000134352", NULL},
	{"01/x/01/09506000134352", "begins with its key"},
};

static void refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct gs1_id id;
		struct err_text t = {""};
		enum err e = gs1_parse(&id, &t, slice_str(bad[i].in));
		if (!bad[i].says) { /* either refused or no key at all, but never a key */
			assert_int_equal(id.kind, GS1_NONE);
			continue;
		}
		if (e != ERR_FORMAT || !strstr(t.text, bad[i].says))
			fail_msg("\"%s\": %s, \"%s\" instead of \"%s\"", bad[i].in, err_str(e),
				 t.text, bad[i].says);
	}
	char longest[GS1_CANON_MAX + 1] = "urn:x:";
	memset(longest + 6, 'a', GS1_CANON_MAX - 6);
	struct gs1_id id;
	assert_int_equal(gs1_parse(&id, NULL, slice(longest, GS1_CANON_MAX)), ERR_LIMIT);
	assert_int_equal(gs1_parse(&id, NULL, slice(longest, GS1_CANON_MAX - 1)), ERR_OK);
	assert_int_equal(id.canon_len, GS1_CANON_MAX - 1);
	assert_int_equal(gs1_parse(&id, NULL, SLICE_LIT("urn:a\0b")), ERR_FORMAT);
}

/* ---- event hashes ---- */

static const struct {
	const char *in, *out; /* NULL: as it is */
} hashed[] = {
	{"urn:epc:id:sgtin:4012345.011111.98%22", "https://id.gs1.org/01/04012345111118/21/98%22"},
	{"urn:epc:id:sgtin:4012345.011111.98%2f", "https://id.gs1.org/01/04012345111118/21/98%2f"},
	{"urn:epc:id:sgln:4012345.00005.0", "https://id.gs1.org/414/4012345000054"},
	{"urn:epc:class:lgtin:4012345.012345.Lot!",
	 "https://id.gs1.org/01/04012345123456/10/Lot%21"},
	{"https://id.example.com/8003/040123450007718765",
	 "https://id.gs1.org/8003/040123450007718765"},
	{"https://example.org/01/9780345418913/21/765tz?11=221109",
	 "https://id.gs1.org/01/09780345418913/21/765tz"},
	{"https://id.gs1.org/gtin/9780345418913/cpv/344/lot/1223/ser/765tz",
	 "https://id.gs1.org/01/09780345418913/21/765tz"},
	/* check digits are not judged for hashes */
	{"https://example.com/01/04012345123457/21/abc234",
	 "https://id.gs1.org/01/04012345123457/21/abc234"},
	{"https://id.gs1.org/01/04012345123456", NULL},
	{"urn:epc:id:sgtin:4012345.12345.12", NULL},
	{"https://example.com/01/97803", NULL},
	{"https://example.com/abc/9780345418913", NULL},
	{"https://id.gs1.org/01/9780345418913/99/utfgf", NULL},
	{"01/09506000134352", NULL},
	{"urn:epcglobal:cbv:bt:4012345123456:RE100099", NULL},
	{"12.5", NULL},
	{"", NULL},
};

static void hash_uris(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof hashed / sizeof *hashed; i++) {
		struct buf b = BUF_INIT;
		buf_put_str(&b, ">");
		gs1_hash_uri(&b, slice_str(hashed[i].in));
		const char *want = hashed[i].out ? hashed[i].out : hashed[i].in;
		assert_string_equal(buf_cstr(&b) + 1, want);
		buf_fini(&b);
	}
}

/* ---- published data ---- */

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

/* "\\" and "\xNN" of the TSV; in place. */
static struct slice unescape(char *s, size_t n)
{
	size_t out = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t b;
		if (s[i] == '\\' && i + 3 < n && s[i + 1] == 'x' &&
		    hex_decode(&b, 1, slice(s + i + 2, 2))) {
			s[out++] = (char)b;
			i += 3;
		} else {
			if (s[i] == '\\' && i + 1 < n)
				i++;
			s[out++] = s[i];
		}
	}
	return slice(s, out);
}

static bool all_of(unsigned set, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] > 127 || !(gs1_chars[s.p[i]] & set))
			return false;
	}
	return true;
}

static bool is_cset82(struct slice s)
{
	return all_of(GS1_SET_X, s);
}

static bool is_cset39(struct slice s)
{
	return all_of(GS1_SET_Y, s);
}

static bool is_digits(struct slice s)
{
	return all_of(GS1_SET_N, s);
}

/* Of the vectors with 2, 4 or 6 characters those that an ITIP can hold. */
static bool is_pieces(struct slice s)
{
	return gs1_pieces_ok(s);
}

static struct slice next_field(const char **at)
{
	size_t n = strcspn(*at, "\t\n");
	struct slice f = slice(*at, n);
	*at += n + ((*at)[n] != 0);
	return f;
}

static void gs1_linters(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool (*ok)(struct slice);
		size_t only_length;
	} linters[] = {
		{"csum", gs1_check_ok, 0},     {"csumalpha", gs1_check_pair_ok, 0},
		{"cset82", is_cset82, 0},      {"cset39", is_cset39, 0},
		{"csetnumeric", is_digits, 0}, {"pieceoftotal", is_pieces, 4},
	};
	char *text = read_whole(DATA "gs1/vectors/linters.tsv");
	if (!text)
		return;
	unsigned ran = 0;
	for (const char *at = text; *at;) {
		struct slice f[6];
		for (int i = 0; i < 6; i++)
			f[i] = next_field(&at);
		for (size_t k = 0; k < sizeof linters / sizeof *linters; k++) {
			if (!slice_eq_str(f[0], linters[k].name))
				continue;
			char input[256];
			assert_true(f[3].n < sizeof input);
			memcpy(input, f[3].p, f[3].n);
			struct slice in = unescape(input, f[3].n);
			if (linters[k].only_length && in.n != linters[k].only_length)
				continue;
			if (linters[k].ok(in) != slice_eq_str(f[2], "pass"))
				fail_msg("%s, source line %.*s", linters[k].name, (int)f[1].n,
					 (const char *)f[1].p);
			ran++;
		}
	}
	free(text);
	assert_true(ran > 14 + 44 + 264 + 261 + 12);
}

/* Each identifier in the published pre-hash strings must be its own hash form already. */
static void prehash_identifiers(void **state)
{
	(void)state;
	static const char *const files[] = {
		"CertificationInfoAndSensorReportWithCRS",
		"ReferenceEventHashAlgorithm",
		"ReferenceEventHashAlgorithm2",
		"ReferenceEventHashAlgorithm3",
		"SensorDataExamples",
		"TimeStampRoundOff",
		"epcisDocHavingEventWithIgnoreFields",
		"epcisDocWith2DifferentTransformationEvents",
	};
	static const char *const fields[] = {"epc=",	     "epcClass=",      "parentID=",
					     "readPointid=", "bizLocationid=", "bizTransaction=",
					     "source=",	     "destination=",   "deviceID="};
	unsigned seen = 0;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[256];
		snprintf(path, sizeof path, DATA "epcis/event-hash/%s.prehashes", files[i]);
		char *text = read_whole(path);
		if (!text)
			return;
		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
			for (char *at = text; (at = strstr(at, fields[k]));) {
				at += strlen(fields[k]);
				/* A digit or a path ends it; names of the next field begin with a
				 * letter that no key of these vectors holds at its end. */
				static const char id_start[] = "https://id.gs1.org/";
				if (strncmp(at, id_start, sizeof id_start - 1) != 0)
					continue;
				size_t n = sizeof id_start - 1;
				n += strspn(at + n, "0123456789/");
				struct buf b = BUF_INIT;
				gs1_hash_uri(&b, slice(at, n));
				assert_true(slice_eq(buf_slice(&b), slice(at, n)));
				buf_fini(&b);
				seen++;
			}
		}
		free(text);
	}
	assert_true(seen > 60);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Appends "{prefix}{hash form}" of each identifier, sorted by bytes as the hash rule has it. */
static void put_sorted(struct buf *out, const char *prefix, const char *const *ids, size_t n)
{
	char *texts[16];
	assert_true(n <= 16);
	for (size_t i = 0; i < n; i++) {
		struct buf b = BUF_INIT;
		buf_put_str(&b, prefix);
		gs1_hash_uri(&b, slice_str(ids[i]));
		texts[i] = strdup(buf_cstr(&b));
		buf_fini(&b);
	}
	qsort(texts, n, sizeof *texts, by_text);
	for (size_t i = 0; i < n; i++) {
		buf_put_str(out, texts[i]);
		free(texts[i]);
	}
}

/* The published document with all keys has no pre-hash string of its own; its hash proves ours. */
static void all_keys_document(void **state)
{
	(void)state;
	static const char *const epcs[] = {
		"urn:epc:id:sgtin:4012345.012345.12",
		"urn:epc:id:sscc:4012345.0000000333",
		"https://id.gs1.org/00/040123450000003338",
		"urn:epc:id:grai:4012345.66666.87",
		"urn:epc:id:giai:4012345.AAbb",
		"urn:epc:id:gsrn:4012345.9876540000",
		"urn:epc:id:gsrnp:4012345.0000098765",
		"urn:epc:id:gdti:4012345.55555.98",
		"urn:epc:id:cpi:4012345.ABC.123",
		"urn:epc:id:sgcn:4012345.99999.44",
		"urn:epc:id:ginc:4012345.333",
		"urn:epc:id:gsin:4012345.999987654",
		"urn:epc:id:itip:4012345.012345.01.02.999",
		"urn:epc:id:upui:4012345.012345.AB12",
	};
	static const char *const classes[] = {
		"urn:epc:class:lgtin:4054739.099914.20160711",
		"urn:epc:idpat:sgtin:4054739.099914.*",
		"urn:epc:idpat:grai:4012345.66666.*",
		"urn:epc:idpat:gdti:4012345.55555.*",
		"urn:epc:idpat:sgcn:4012345.99999.*",
		"urn:epc:idpat:cpi:4012345.ABC.*",
		"urn:epc:idpat:itip:4012345.012345.01.02.*",
	};
	char *text = read_whole(DATA "epcis/event-hash/epcisDocWithAllGS1Keys.hashes");
	if (!text)
		return;
	struct buf b = BUF_INIT;
	buf_put_str(&b, "eventType=ObjectEventeventTime=2023-03-27T11:30:00.000Z"
			"eventTimeZoneOffset=+01:00epcList");
	put_sorted(&b, "epc=", epcs, sizeof epcs / sizeof *epcs);
	buf_put_str(&b, "quantityList");
	put_sorted(&b, "quantityElementepcClass=", classes, sizeof classes / sizeof *classes);
	buf_put_str(&b, "action=OBSERVEbizStep=https://ref.gs1.org/cbv/BizStep-otherreadPointid=");
	gs1_hash_uri(&b, SLICE_LIT("urn:epc:id:sgln:4012345.00011.987"));

	uint8_t hash[32];
	char hex[65];
	crypto_hash_sha256(hash, b.p, b.n);
	hex_encode(hex, hash, 32);
	assert_non_null(strstr(text, hex));
	buf_fini(&b);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(understood),	       cmocka_unit_test(refused),
		cmocka_unit_test(hash_uris),	       cmocka_unit_test(gs1_linters),
		cmocka_unit_test(prehash_identifiers), cmocka_unit_test(all_keys_document),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
