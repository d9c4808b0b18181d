#include "data/epcis.h"
#include "data/hash_value.h"
#include "data/pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define VECTORS "../shared/data/epcis/event-hash/"

/* ---- values ---- */

static const struct {
	const char *in, *out;
} values[] = {
	{"", ""},
	{"  abc\t\n", "abc"},
	{"1.0", "1"},
	{"0.3434000", "0.3434"},
	{"+5", "5"},
	{"007", "7"},
	{"000", "0"},
	{"-0", "0"},
	{"-0.0", "0"},
	{"-00.50", "-0.5"},
	{".5", "0.5"},
	{"5.", "5"},
	{"123456789012345678901234567890.10", "123456789012345678901234567890.1"},
	{"111100001111000011110000", "111100001111000011110000"},
	/* no plain decimals */
	{".", "."},
	{"+", "+"},
	{"-", "-"},
	{"--1", "--1"},
	{"1.2.3", "1.2.3"},
	{"1e3", "1e3"},
	{"1,5", "1,5"},
	{"2019-10-07", "2019-10-07"},
	{"01:00", "01:00"},
	/* the standard's own words */
	{"urn:epcglobal:cbv:bizstep:receiving", "https://ref.gs1.org/cbv/BizStep-receiving"},
	{"urn:epcglobal:cbv:disp:in_transit", "https://ref.gs1.org/cbv/Disp-in_transit"},
	{"urn:epcglobal:cbv:btt:po", "https://ref.gs1.org/cbv/BTT-po"},
	{"urn:epcglobal:cbv:sdt:location", "https://ref.gs1.org/cbv/SDT-location"},
	{"urn:epcglobal:cbv:er:incorrect_data", "https://ref.gs1.org/cbv/ER-incorrect_data"},
	{"urn:epcglobal:cbv:bt:4012345123456:RE100099",
	 "urn:epcglobal:cbv:bt:4012345123456:RE100099"},
	{"gs1:Temperature", "https://gs1.org/voc/Temperature"},
	{"cbv:BizStep-receiving", "https://ref.gs1.org/cbv/BizStep-receiving"},
	{"epcis:ObjectEvent", "https://ref.gs1.org/epcis/ObjectEvent"},
	{"example:x", "example:x"},
	{"xsd:integer", "http://www.w3.org/2001/XMLSchema#integer"},
	{"dcterms:title", "http://purl.org/dc/terms/title"},
	{"rdf:type", "rdf:type"},
	/* GS1 keys */
	{"urn:epc:id:sscc:4012345.0000000333", "https://id.gs1.org/00/040123450000003338"},
	{"https://example.org/8004/401234599999", "https://id.gs1.org/8004/401234599999"},
	{"https://id.gs1.de/01/04012345999990/10/L1/21/XYZ?17=250101",
	 "https://id.gs1.org/01/04012345999990/21/XYZ"},
	{"https://example.org/rail/thing", "https://example.org/rail/thing"},
	{"urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",
	 "urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"},
	{"geo:50.947573340894124,6.922120147375441", "geo:50.947573340894124,6.922120147375441"},
	{"true", "true"},
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		struct buf b = BUF_INIT;
		hash_value(&b, hash_value_trim(values[i].in));
		assert_string_equal(buf_cstr(&b), values[i].out);
		buf_fini(&b);
	}
}

static const struct {
	const char *in, *out; /* NULL: no number */
} numbers[] = {
	{"1e3", "1000"},	{"1.5E+2", "150"},  {"-1.25e-3", "-0.00125"}, {"0e9", "0"},
	{"12.5e0", "12.5"},	{"1e-2", "0.01"},   {"120.0e-1", "12"},	      {".5e1", "5"},
	{"5.e1", "50"},		{"+007.50", "7.5"}, {"12345e-5", "0.12345"},  {"1e309", NULL},
	{"1e-309", NULL},	{"e3", NULL},	    {"1e", NULL},	      {"1e+", NULL},
	{"1e3.0", NULL},	{"1.2.3e1", NULL},  {"1x3e1", NULL},	      {"", NULL},
	{"1e99999999999", NULL}};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf b = BUF_INIT;
		bool is = hash_value_number(&b, slice_str(numbers[i].in));
		assert_int_equal(is, numbers[i].out != NULL);
		assert_string_equal(buf_cstr(&b), is ? numbers[i].out : "");
		buf_fini(&b);
	}
}

static const struct {
	const char *in, *out;
} times[] = {
	{"2020-03-04T11:00:30.000+01:00", "2020-03-04T10:00:30.000Z"},
	{"2020-03-04T11:00:30+01:00", "2020-03-04T10:00:30.000Z"},
	{"2023-01-18T11:04:03.1415Z", "2023-01-18T11:04:03.142Z"},
	{"2023-01-18T11:04:03.1414999Z", "2023-01-18T11:04:03.141Z"},
	{"2023-12-31T23:59:59.9995Z", "2024-01-01T00:00:00.000Z"},
	{"2020-02-29T00:30:00.5+01:00", "2020-02-28T23:30:00.500Z"},
	{"2005-04-03T20:33:31.116000-06:00", "2005-04-04T02:33:31.116Z"},
	{"not a time", "not a time"},
};

static void test_times(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct buf b = BUF_INIT;
		hash_value_time(&b, slice_str(times[i].in));
		assert_string_equal(buf_cstr(&b), times[i].out);
		buf_fini(&b);
	}
}

/* ---- pieces ---- */

static int text_cmp(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void test_pieces(void **state)
{
	(void)state;
	enum { MANY = 700 };
	static char text[MANY][12];
	static char *sorted[MANY];
	static const size_t counts[] = {0, 1, 2, 8, 9, 24, 25, 48, 49, 97, MANY};
	uint32_t seed = 1;
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		for (unsigned lend = 0; lend < 2; lend++) {
			size_t n = counts[c];
			struct arena *scratch = lend ? arena_new(0) : NULL;
			struct buf got = BUF_INIT, want = BUF_INIT;
			struct pieces p;
			buf_put_str(&got, "head:");
			buf_put_str(&want, "head:");
			pieces_begin(&p, &got, scratch);
			for (size_t i = 0; i < n; i++) {
				seed = seed * 1664525u + 1013904223u;
				snprintf(text[i], sizeof(text[i]), "%x", seed >> (seed % 29));
				sorted[i] = text[i];
				buf_put_str(&got, text[i]);
				pieces_cut(&p);
				pieces_cut(&p); /* nothing written: no piece */
			}
			pieces_end(&p);
			qsort(sorted, n, sizeof(sorted[0]), text_cmp);
			for (size_t i = 0; i < n; i++)
				buf_put_str(&want, sorted[i]);
			assert_true(slice_eq(buf_slice(&got), buf_slice(&want)));
			buf_fini(&got);
			buf_fini(&want);
			arena_free(scratch);
		}
	}
}

/* ---- whole events ---- */

static struct event_doc read_ok(struct arena *a, struct slice text)
{
	struct event_doc doc;
	struct event_issue issue;
	size_t n = 0;
	enum err err = epcis_read(a, &doc, &issue, 1, &n, text);
	if (err != ERR_OK)
		fail_msg("%s: %s", n ? issue.pointer : "", n ? issue.text : err_str(err));
	return doc;
}

#define HEAD                                                                                       \
	"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' xmlns:x='http://x/' "                \
	"xmlns:rdfs='http://www.w3.org/2000/01/rdf-schema#' schemaVersion='2.0' "                  \
	"creationDate='2024-01-01T00:00:00Z'><EPCISBody><EventList>"
#define TAIL "</EventList></EPCISBody></e:EPCISDocument>"
#define WHEN "<eventTime>2024-01-02T03:04:05Z</eventTime>"
#define ZONE "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
#define JSON_A                                                                                     \
	"{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\","       \
	"{\"y\":\"http://x/\",\"rdfs\":\"http://www.w3.org/2000/01/rdf-schema#\"}],"               \
	"\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","                                    \
	"\"creationDate\":\"2024-01-01T00:00:00Z\",\"epcisBody\":{\"eventList\":[{"
#define JSON_WHEN "\"eventTime\":\"2024-01-02T03:04:05.000Z\",\"eventTimeZoneOffset\":\"+08:00\","
#define JSON_Z	  "}]}}"
#define PRE	  "eventTime=2024-01-02T03:04:05.000ZeventTimeZoneOffset=+08:00"

/* The same event in both syntaxes and its pre-hash string. */
static const struct {
	const char *xml, *json, *pre;
} events[] = {
	{"<ObjectEvent>" WHEN "<recordTime>2024-01-03T00:00:00Z</recordTime>" ZONE
	 "<eventID>urn:uuid:1</eventID><certificationInfo>https://c/1</certificationInfo>"
	 "<epcList><epc>urn:epc:id:sscc:4012345.0000000333</epc>"
	 "<epc>https://a.b/00/040123450000001112</epc></epcList><action>ADD</action>"
	 "<bizStep>urn:epcglobal:cbv:bizstep:receiving</bizStep>"
	 "<disposition>https://ref.gs1.org/cbv/Disp-in_progress</disposition>"
	 "<readPoint><id>urn:x:1</id><x:b>2.50</x:b><x:a>1</x:a></readPoint>"
	 "<bizTransactionList><bizTransaction>urn:t:2</bizTransaction>"
	 "<bizTransaction type='urn:epcglobal:cbv:btt:po'>urn:t:1</bizTransaction>"
	 "</bizTransactionList><quantityList><quantityElement>"
	 "<epcClass>urn:epc:idpat:sgtin:4054739.099914.*</epcClass><quantity>10.0</quantity>"
	 "<uom>KGM</uom></quantityElement></quantityList>"
	 "<sourceList><source type='urn:epcglobal:cbv:sdt:location'>urn:s:1</source></sourceList>"
	 "<ilmd><x:lot>L-1</x:lot></ilmd>"
	 "<x:note>z</x:note><x:note>a</x:note><rdfs:comment>no</rdfs:comment></ObjectEvent>",
	 "\"type\":\"ObjectEvent\",\"y:note\":[\"a\",\"z\"]," JSON_WHEN
	 "\"rdfs:comment\":\"yes\",\"eventID\":\"urn:uuid:1\",\"certificationInfo\":\"https://c/"
	 "1\","
	 "\"epcList\":[\"https://id.gs1.org/00/040123450000001112\","
	 "\"urn:epc:id:sscc:4012345.0000000333\"],\"action\":\"ADD\",\"bizStep\":\"receiving\","
	 "\"disposition\":\"in_progress\",\"readPoint\":{\"id\":\"urn:x:1\",\"y:a\":1,\"y:b\":2.5},"
	 "\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":\"urn:t:1\"},"
	 "{\"bizTransaction\":\"urn:t:2\"}],\"quantityList\":[{\"epcClass\":"
	 "\"https://id.gs1.org/01/04054739999148\",\"quantity\":10,\"uom\":\"KGM\"}],"
	 "\"sourceList\":[{\"type\":\"location\",\"source\":\"urn:s:1\"}],"
	 "\"ilmd\":{\"y:lot\":\"L-1\"}",
	 "eventType=ObjectEvent" PRE "certificationInfo=https://c/1"
	 "epcListepc=https://id.gs1.org/00/040123450000001112"
	 "epc=https://id.gs1.org/00/040123450000003338"
	 "quantityListquantityElementepcClass=https://id.gs1.org/01/"
	 "04054739999148quantity=10uom=KGM"
	 "action=ADDbizStep=https://ref.gs1.org/cbv/BizStep-receiving"
	 "disposition=https://ref.gs1.org/cbv/Disp-in_progress"
	 "readPointid=urn:x:1{http://x/}a=1{http://x/}b=2.5"
	 "bizTransactionListbizTransaction=urn:t:2"
	 "type=https://ref.gs1.org/cbv/BTT-pobizTransaction=urn:t:1"
	 "ilmd{http://x/}lot=L-1"
	 "sourceListtype=https://ref.gs1.org/cbv/SDT-locationsource=urn:s:1"
	 "{http://x/}note=a{http://x/}note=z"},
	{"<AggregationEvent>" WHEN ZONE
	 "<parentID>urn:p:1</parentID><childEPCs><epc>urn:k:1</epc></childEPCs>"
	 "<action>OBSERVE</action><sensorElementList><sensorElement>"
	 "<sensorMetadata time='2024-01-02T03:04:05.0005Z' deviceID='urn:d:1' x:m='1.0'/>"
	 "<sensorReport type='gs1:Temperature' value='26.0' uom='CEL' component='cbv:Comp-x'/>"
	 "<sensorReport type='gs1:Speed' booleanValue='1' x:r='q'/><x:ext><x:k>v</x:k></x:ext>"
	 "</sensorElement></sensorElementList><persistentDisposition>"
	 "<unset>urn:epcglobal:cbv:disp:completeness_inferred</unset>"
	 "<set>urn:epcglobal:cbv:disp:completeness_verified</set></persistentDisposition>"
	 "</AggregationEvent>",
	 "\"type\":\"AggregationEvent\"," JSON_WHEN
	 "\"parentID\":\"urn:p:1\",\"childEPCs\":[\"urn:k:1\"],"
	 "\"action\":\"OBSERVE\",\"sensorElementList\":[{\"sensorReport\":[{\"type\":\"Speed\","
	 "\"booleanValue\":true,\"y:r\":\"q\"},{\"uom\":\"CEL\",\"type\":\"Temperature\",\"value\":"
	 "26,"
	 "\"component\":\"x\"}],\"y:ext\":{\"y:k\":\"v\"},\"sensorMetadata\":{\"y:m\":1,"
	 "\"deviceID\":\"urn:d:1\",\"time\":\"2024-01-02T03:04:05.001Z\"}}],"
	 "\"persistentDisposition\":{\"set\":[\"completeness_verified\"],"
	 "\"unset\":[\"completeness_inferred\"]}",
	 "eventType=AggregationEvent" PRE "parentID=urn:p:1childEPCsepc=urn:k:1action=OBSERVE"
	 "persistentDispositionset=https://ref.gs1.org/cbv/Disp-completeness_verified"
	 "unset=https://ref.gs1.org/cbv/Disp-completeness_inferred"
	 "sensorElementListsensorElementsensorMetadatatime=2024-01-02T03:04:05.001ZdeviceID=urn:d:1"
	 "{http://x/}m=1sensorReporttype=https://gs1.org/voc/SpeedbooleanValue=true{http://x/}r=q"
	 "sensorReporttype=https://gs1.org/voc/Temperaturevalue=26"
	 "component=https://ref.gs1.org/cbv/Comp-xuom=CEL{http://x/}ext{http://x/}k=v"},
	{"<TransformationEvent>" WHEN ZONE "<errorDeclaration>"
	 "<declarationTime>2024-02-01T00:00:00Z</declarationTime></errorDeclaration>"
	 "<inputEPCList><epc>urn:i:1</epc></inputEPCList><outputEPCList><epc>urn:o:1</epc>"
	 "</outputEPCList><transformationID>urn:t:1</transformationID>"
	 "<x:o x:a='7'><x:i>true</x:i></x:o><x:empty/>"
	 "<x:w x:unit='KGM'>3.50</x:w><x:v>7</x:v></TransformationEvent>",
	 "\"type\":\"TransformationEvent\"," JSON_WHEN "\"errorDeclaration\":{\"declarationTime\":"
	 "\"2024-02-01T00:00:00Z\"},\"inputEPCList\":[\"urn:i:1\"],\"outputEPCList\":[\"urn:o:1\"],"
	 "\"transformationID\":\"urn:t:1\",\"y:o\":{\"y:i\":true,\"y:a\":7},\"y:empty\":\"\",\"y:"
	 "w\":{\"y:unit\":"
	 "\"KGM\",\"@value\":\"3.5\",\"@type\":\"http://www.w3.org/2001/XMLSchema#decimal\"},"
	 "\"y:v\":{\"@value\":\"7\",\"@type\":\"http://www.w3.org/2001/XMLSchema#integer\"}",
	 "eventType=TransformationEvent" PRE "inputEPCListepc=urn:i:1outputEPCListepc=urn:o:1"
	 "transformationID=urn:t:1{http://x/}empty{http://x/}o{http://x/}a=7{http://x/}i=true"
	 "{http://x/}v=7{http://x/}w=3.5{http://x/}unit=KGM"},
};

static void assert_pre(const event_t *e, const char *want)
{
	struct buf pre = BUF_INIT;
	struct arena *scratch = arena_new(0);
	struct hash one, two;
	assert_int_equal(event_hash(&one, &pre, e, NULL), ERR_OK);
	assert_string_equal(buf_cstr(&pre), want);
	assert_int_equal(event_hash(&two, NULL, e, scratch), ERR_OK);
	assert_true(hash_eq(&one, &two));
	arena_free(scratch);
	buf_fini(&pre);
}

static void test_events(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct arena *a = arena_new(0);
		struct buf text = BUF_INIT;
		buf_printf(&text, "%s%s%s", HEAD, events[i].xml, TAIL);
		struct event_doc doc = read_ok(a, buf_slice(&text));
		assert_int_equal(doc.n_events, 1);
		assert_pre(doc.events[0], events[i].pre);
		buf_clear(&text);
		buf_printf(&text, "%s%s%s", JSON_A, events[i].json, JSON_Z);
		doc = read_ok(a, buf_slice(&text));
		assert_int_equal(doc.n_events, 1);
		assert_pre(doc.events[0], events[i].pre);
		buf_fini(&text);
		arena_free(a);
	}
}

/* A document of one ObjectEvent. `context` is JSON-LD's beside the standard one, `head` stands
 * before its body; both may be empty. */
static struct event_doc read_json(struct arena *a, const char *context, const char *head,
				  const char *fields)
{
	struct buf text = BUF_INIT;
	buf_printf(&text,
		   "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
		   "epcis-context.jsonld\",{%s}],\"type\":\"EPCISDocument\","
		   "\"schemaVersion\":\"2.0\",\"creationDate\":\"2024-01-01T00:00:00Z\",%s"
		   "\"epcisBody\":{\"eventList\":[{\"type\":\"ObjectEvent\"," JSON_WHEN
		   "\"action\":\"ADD\",\"epcList\":[\"urn:a:b\"]%s}]}}",
		   context, head, fields);
	struct event_doc doc = read_ok(a, slice(arena_copy(a, text.p, text.n), text.n));
	buf_fini(&text);
	return doc;
}

static struct event_doc read_xml(struct arena *a, const char *namespaces, const char *head,
				 const char *fields)
{
	struct buf text = BUF_INIT;
	buf_printf(&text,
		   "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' %s schemaVersion='2.0' "
		   "creationDate='2024-01-01T00:00:00Z'>%s<EPCISBody><EventList><ObjectEvent>" WHEN
			   ZONE "<epcList><epc>urn:a:b</epc></epcList><action>ADD</action>%s"
		   "</ObjectEvent></EventList></EPCISBody></e:EPCISDocument>",
		   namespaces, head, fields);
	struct event_doc doc = read_ok(a, buf_slice(&text));
	buf_fini(&text);
	return doc;
}

#define OBJ_PRE "eventType=ObjectEvent" PRE "epcListepc=urn:a:baction=ADD"

/* Namespaces stand as they were declared: with the last colon of the standard's JSON context and of
 * the vector epcisDocWithVariousEventTypes, without it as in the vector SensorDataExamples. */
static void test_declared_namespaces(void **state)
{
	(void)state;
	static const char mda[] = "urn:epcglobal:cbv:mda";
	struct arena *a = arena_new(0);
	for (unsigned colon = 0; colon < 2; colon++) {
		const char *ns = arena_printf(a, "%s%s", mda, colon ? ":" : "");
		const char *pre = arena_printf(a, OBJ_PRE "ilmd{%s}lotNumber=L1", ns);
		assert_pre(read_xml(a, arena_printf(a, "xmlns:cbvmda='%s'", ns), "",
				    "<ilmd><cbvmda:lotNumber>L1</cbvmda:lotNumber></ilmd>")
				   .events[0],
			   pre);
		assert_pre(read_json(a, arena_printf(a, "\"cbvmda\":\"%s\"", ns), "",
				     ",\"ilmd\":{\"cbvmda:lotNumber\":\"L1\"}")
				   .events[0],
			   pre);
	}
	assert_pre(read_json(a, "", "", ",\"ilmd\":{\"cbvmda:lotNumber\":\"L1\"}").events[0],
		   OBJ_PRE "ilmd{urn:epcglobal:cbv:mda:}lotNumber=L1");
	arena_free(a);
}

/* What is written of the event is read again as the event: same hash, whatever the document. */
static void assert_written(const struct event_doc *doc, const char *pre)
{
	struct arena *a = arena_new(0);
	struct buf out = BUF_INIT;
	Argosy__V1__Document other = ARGOSY__V1__DOCUMENT__INIT;
	other.type = (char *)(uintptr_t) "EPCISDocument";
	other.creation_date = (char *)(uintptr_t) "2024-01-01T00:00:00Z";
	struct event_doc alone = {.head = &other, .events = doc->events, .n_events = doc->n_events};
	assert_int_equal(epcis_write_doc(&out, doc, 2), ERR_OK);
	assert_pre(read_ok(a, buf_slice(&out)).events[0], pre);
	buf_clear(&out);
	assert_int_equal(epcis_write_doc(&out, &alone, 0), ERR_OK);
	assert_pre(read_ok(a, buf_slice(&out)).events[0], pre);
	buf_clear(&out);
	assert_int_equal(epcis_write_event(&out, doc->events[0], 0), ERR_OK);
	assert_pre(read_ok(a, buf_slice(&out)).events[0], pre);
	buf_fini(&out);
	arena_free(a);
}

/* Short forms with the document's own prefixes: whole in JSON-LD, URIs as they stand in XML. */
static void test_curies(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct event_doc doc = read_json(
		a, "\"y\":\"http://x/\",\"dl\":\"https://id.gs1.org/01/\"", "",
		",\"disposition\":\"y:afloat\",\"readPoint\":{\"id\":\"y:dock\"},"
		"\"quantityList\":[{\"epcClass\":\"dl:04054739999148\",\"quantity\":1.5e1}],"
		"\"y:a\":\"y://b\",\"y:b\":{\"y:c\":[\"y:d\",\"z:e\",\"urn:y:f\"]},"
		"\"y:t\":\"xsd:integer\"");
	const char *pre =
		"eventType=ObjectEvent" PRE "epcListepc=urn:a:b"
		"quantityListquantityElementepcClass=https://id.gs1.org/01/"
		"04054739999148quantity=15"
		"action=ADDdisposition=http://x/afloatreadPointid=http://x/dock"
		"{http://x/}a=y://b"
		"{http://x/}b{http://x/}c=http://x/d{http://x/}c=urn:y:f{http://x/}c=z:e"
		"{http://x/}t=http://www.w3.org/2001/XMLSchema#integer";
	assert_pre(doc.events[0], pre);
	assert_written(&doc, pre);

	doc = read_xml(a, "xmlns:y='http://x/' xmlns:gs1='http://not.gs1/'", "",
		       "<disposition>y:afloat</disposition><readPoint><id>y:dock</id></readPoint>"
		       "<y:a>y:b</y:a><y:c y:d='gs1:e'><y:f>g</y:f></y:c><gs1:h>ns1:i</gs1:h>");
	pre = OBJ_PRE "disposition=y:afloatreadPointid=y:dock{http://not.gs1/}h=ns1:i"
		      "{http://x/}a=y:b{http://x/}c{http://x/}d=https://gs1.org/voc/e{http://x/}f=g";
	assert_pre(doc.events[0], pre);
	assert_written(&doc, pre);
	arena_free(a);
}

/* Bare names inside an extension are the XML's fields without namespace. */
static void test_bare_names(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	struct event_doc json = read_json(a, "\"y\":\"http://x/\"", "",
					  ",\"y:op\":{\"badge\":\"1\",\"shift\":{\"y:no\":2,"
					  "\"lead\":[\"b\",\"a\"]},\"comment\":\"no\"}"),
			 xml = read_xml(a, "xmlns:y='http://x/'", "",
					"<y:op badge='1'><shift><y:no>2</y:no><lead>a</lead>"
					"<lead>b</lead></shift></y:op>");
	static const char pre[] =
		OBJ_PRE "{http://x/}opbadge=1shiftlead=alead=b{http://x/}no=2";
	assert_pre(json.events[0], pre);
	assert_pre(xml.events[0], pre);
	assert_written(&json, pre);
	assert_written(&xml, pre);
	/* What XML could not name is written as it came. */
	json = read_json(a, "\"y\":\"http://x/\"", "",
			 ",\"y:op\":{\"1st\":\"x\",\"\u4e2d/\u6587\":\"y\",\"y\":\"z\"}");
	assert_written(&json, OBJ_PRE "{http://x/}op1st=xy=z\xe4\xb8\xad/\xe6\x96\x87=y");
	arena_free(a);
}

#define IGNORES	 "\"r\":\"https://repository-x.example.com/\",\"y\":\"http://x/\""
#define XML_NS	 "xmlns:r='https://repository-x.example.com/' xmlns:y='http://x/'"
#define SKIPPED	 ",\"y:a\":1,\"y:b\":2,\"y:c\":3"
#define SKIPPED_X "<y:a>1</y:a><y:b>2</y:b><y:c>3</y:c>"

static void test_ignored(void **state)
{
	(void)state;
	struct arena *a = arena_new(0);
	static const char pre[] = OBJ_PRE "{http://x/}c=3";
	/* In the document: as text, as elements, in an event itself. */
	struct event_doc docs[] = {
		read_json(a, IGNORES, "\"r:ignoreFields\":[\"y:a\",\"y:b\"],", SKIPPED),
		read_json(a, IGNORES, "\"r:ignoreFields\":\"y:a\",",
			  SKIPPED ",\"r:ignoreFields\":[\"{http://x/}b\"]"),
		read_json(a, IGNORES, "", SKIPPED ",\"r:ignoreFields\":[\"y:a\",\"y:b\"]"),
		read_xml(a, XML_NS, "<r:ignoreFields><y:a/><y:b/></r:ignoreFields>", SKIPPED_X),
		read_xml(a, XML_NS,
			 "<r:ignoreFields>y:a</r:ignoreFields><r:ignoreFields>y:b</r:ignoreFields>",
			 SKIPPED_X),
		read_xml(a, XML_NS, "<r:ignoreFields>y:b</r:ignoreFields>",
			 SKIPPED_X "<r:ignoreFields><y:a/></r:ignoreFields>"),
	};
	for (size_t i = 0; i < sizeof(docs) / sizeof(docs[0]); i++) {
		assert_pre(docs[i].events[0], pre);
		assert_int_equal(docs[i].events[0]->n_ignore_fields, 2);
		assert_written(&docs[i], pre);
	}
	/* In the answer of a query. */
	static const char *const queries[] = {
		"{\"@context\":[\"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\","
		"{" IGNORES "}],\"type\":\"EPCISQueryDocument\",\"epcisBody\":{\"queryResults\":"
		"{\"queryName\":\"q\",\"r:ignoreFields\":[\"y:a\",\"y:b\"],\"resultsBody\":"
		"{\"eventList\":[{\"type\":\"ObjectEvent\"," JSON_WHEN "\"action\":\"ADD\","
		"\"epcList\":[\"urn:a:b\"]" SKIPPED "}]}}}}",
		"<q:EPCISQueryDocument xmlns:q='urn:epcglobal:epcis-query:xsd:2' " XML_NS
		" schemaVersion='2.0' creationDate='2024-01-01T00:00:00Z'>"
		"<r:ignoreFields><y:a/><y:b/></r:ignoreFields>"
		"<EPCISBody><q:QueryResults><queryName>q</queryName><resultsBody><EventList>"
		"<ObjectEvent>" WHEN ZONE "<epcList><epc>urn:a:b</epc></epcList>"
		"<action>ADD</action>" SKIPPED_X "</ObjectEvent></EventList></resultsBody>"
		"</q:QueryResults></EPCISBody></q:EPCISQueryDocument>",
		"<q:EPCISQueryDocument xmlns:q='urn:epcglobal:epcis-query:xsd:2' " XML_NS
		" schemaVersion='2.0' creationDate='2024-01-01T00:00:00Z'>"
		"<EPCISBody><q:QueryResults><r:ignoreFields>y:a</r:ignoreFields>"
		"<queryName>q</queryName><r:ignoreFields><y:b/></r:ignoreFields><resultsBody>"
		"<EventList><ObjectEvent>" WHEN ZONE "<epcList><epc>urn:a:b</epc></epcList>"
		"<action>ADD</action>" SKIPPED_X "</ObjectEvent></EventList></resultsBody>"
		"</q:QueryResults></EPCISBody></q:EPCISQueryDocument>",
	};
	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		struct event_doc doc = read_ok(a, slice_str(queries[i]));
		assert_pre(doc.events[0], pre);
		assert_written(&doc, pre);
	}
	arena_free(a);
}

static void test_uri(void **state)
{
	(void)state;
	struct hash h;
	char out[EVENT_HASH_URI_MAX];
	memset(h.b, 0xa5, sizeof(h.b));
	event_hash_uri(out, &h);
	assert_string_equal(out,
			    "ni:///sha-256;a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"
			    "a5a5a5a5?ver=CBV2.0");
}

/* ---- the published vectors ---- */

static bool read_file(struct buf *out, const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f)
		return false;
	uint8_t block[4096];
	size_t n;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_put(out, block, n);
	fclose(f);
	return true;
}

static struct slice next_line(struct reader *r)
{
	const uint8_t *end = memchr(r->p, '\n', (size_t)(r->end - r->p));
	struct slice line = slice(r->p, (size_t)((end ? end : r->end) - r->p));
	r->p = end ? end + 1 : r->end;
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == ' '))
		line.n--;
	return line;
}

/* The last event of this document has ilmd before the sensor readings, against the schema. */
static void mend_order(struct buf *text)
{
	const char *s = buf_cstr(text);
	const char *from = strstr(s, "<ilmd>"), *to = strstr(s, "</ilmd>") + strlen("</ilmd>");
	const char *end = strstr(to, "</sensorElementList>") + strlen("</sensorElementList>");
	struct buf mended = BUF_INIT;
	buf_put(&mended, s, (size_t)(from - s));
	buf_put(&mended, to, (size_t)(end - to));
	buf_put(&mended, from, (size_t)(to - from));
	buf_put_str(&mended, end);
	buf_fini(text);
	*text = mended;
}

static void check_vector(const char *name, const char *ext)
{
	char path[256];
	struct buf text = BUF_INIT, hashes = BUF_INIT, pres = BUF_INIT;
	bool sensors = strcmp(name, "SensorDataExamples") == 0;
	snprintf(path, sizeof(path), VECTORS "%s.%s", name, ext);
	assert_true(read_file(&text, path));
	snprintf(path, sizeof(path), VECTORS "%s.hashes", name);
	assert_true(read_file(&hashes, path));
	snprintf(path, sizeof(path), VECTORS "%s.prehashes", name);
	bool has_pre = read_file(&pres, path);
	if (sensors)
		mend_order(&text);
	struct arena *a = arena_new(0);
	struct event_doc doc = read_ok(a, buf_slice(&text));
	struct reader h = reader_of(buf_slice(&hashes)), p = reader_of(buf_slice(&pres));
	for (size_t i = 0; i < doc.n_events; i++) {
		struct hash hash;
		struct buf pre = BUF_INIT;
		char uri[EVENT_HASH_URI_MAX];
		assert_int_equal(event_hash(&hash, &pre, doc.events[i], NULL), ERR_OK);
		event_hash_uri(uri, &hash);
		struct slice want_pre = has_pre ? next_line(&p) : buf_slice(&pre);
		/* Upstream put event 7's string of digits through a double, and event 8's
		 * unexpected attribute at the end: not imitated. */
		bool differs = sensors && (i == 6 || i == 7);
		assert_true(slice_eq(buf_slice(&pre), want_pre) != differs);
		assert_true(slice_eq_str(next_line(&h), uri) != differs);
		buf_fini(&pre);
	}
	assert_int_equal(next_line(&h).n, 0); /* as many events as hashes */
	arena_free(a);
	buf_fini(&text);
	buf_fini(&hashes);
	buf_fini(&pres);
}

static void test_vectors(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		bool json, xml;
	} vectors[] = {
		{"CertificationInfoAndSensorReportWithCRS", true, true},
		{"ReferenceEventHashAlgorithm", true, true},
		{"ReferenceEventHashAlgorithm2", true, true},
		{"ReferenceEventHashAlgorithm3", true, true},
		{"SensorDataExamples", false, true},
		{"TimeStampRoundOff", true, false},
		{"epcisDocHavingEventWithComment", true, false},
		{"epcisDocHavingEventWithIgnoreFields", true, false},
		{"epcisDocWith2DifferentTransformationEvents", false, true},
		{"epcisDocWithAllGS1Keys", true, false},
	};
	FILE *f = fopen(VECTORS "TimeStampRoundOff.hashes", "rb");
	if (!f) {
		printf("SKIP: no event-hash vectors in " VECTORS "\n");
		return;
	}
	fclose(f);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		if (vectors[i].json)
			check_vector(vectors[i].name, "jsonld");
		if (vectors[i].xml)
			check_vector(vectors[i].name, "xml");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_declared_namespaces),
		cmocka_unit_test(test_curies),
		cmocka_unit_test(test_bare_names),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_uri),
		cmocka_unit_test(test_vectors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
