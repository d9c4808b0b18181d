/*
 * What the EPCIS JSON-LD reader refuses, with place, line and cause; and what
 * it must accept though it looks odd. Round trips: tests/epcis_roundtrip_test.c.
 */
#include "data/epcis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { CAN_FAIL_MEMORY = 0 };
static unsigned countdown;
#else
/* glibc lets a program replace these, and keeps its own under these names. */
enum { CAN_FAIL_MEMORY = 1 };
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
static unsigned countdown; /* allocations until one fails; 0: none fails */

static bool fails(void)
{
	return countdown > 0 && --countdown == 0;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}
#endif

#define URL "https://ref.gs1.org/standards/epcis/epcis-context.jsonld"
#define CTX "[\"" URL "\",{\"ex\":\"http://one.example/\"}]"
#define HEAD(context)                                                                              \
	"{\"@context\":" context ",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","          \
	"\"creationDate\":\"2026-01-02T03:04:05Z\""
#define DOC(context, events) HEAD(context) ",\"epcisBody\":{\"eventList\":[\n" events "]}}"
#define T		     "\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventTimeZoneOffset\":\"+00:00\""
#define OBJ		     "\"type\":\"ObjectEvent\",\"action\":\"ADD\"," T ",\"epcList\":[\"urn:a:b\"]"
/* One ObjectEvent with something more; one of another kind. */
#define OBJECT(more)   DOC(CTX, "{" OBJ "," more "}")
#define EVENT(members) DOC(CTX, "{" T "," members "}")
#define E0	       "/epcisBody/eventList/0"
#define SENSOR(report) "\"sensorElementList\":[{\"sensorReport\":[{" report "}]}]"

struct bad {
	const char *text, *pointer, *cause;
};

static const struct bad BAD[] = {
	/* The document. */
	{"[]", "", "object"},
	{"{}", "", "type is missing"},
	{"{\"type\":7}", "/type", "string"},
	{"{\"type\":\"EPCISDocument\"}", "", "@context is missing"},
	{"{\"type\":\"ObjectEvents\"}", "/type", "not a kind of event"},
	{"{\"@context\":\"" URL
	 "\",\"type\":\"EPCISDocument\",\"schemaVersion\":2.0,\"creationDate\":"
	 "\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[]}}",
	 "/schemaVersion", "string"},
	{"{\"@context\":\"" URL
	 "\",\"type\":\"EPCISDocument\",\"schemaVersion\":\"1.2\",\"creationDate\":"
	 "\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[]}}",
	 "/schemaVersion", "1.2"},
	{"{\"@context\":\"" URL "\",\"type\":\"EPCISDocument\",\"creationDate\":"
	 "\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[]}}",
	 "", "schemaVersion is missing"},
	{"{\"@context\":\"" URL "\",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","
	 "\"epcisBody\":{\"eventList\":[]}}",
	 "", "creationDate is missing"},
	{"{\"@context\":\"" URL
	 "\",\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":"
	 "\"2026-02-30T03:04:05Z\",\"epcisBody\":{\"eventList\":[]}}",
	 "/creationDate", "date and time"},
	{HEAD(CTX) "}", "", "epcisBody is missing"},
	{HEAD(CTX) ",\"epcisBody\":[]}", "/epcisBody", "object"},
	{HEAD(CTX) ",\"epcisBody\":{}}", "/epcisBody", "eventList is missing"},
	{HEAD(CTX) ",\"epcisBody\":{\"eventList\":{}}}", "/epcisBody/eventList", "array"},
	{HEAD(CTX) ",\"epcisBody\":{\"eventList\":[],\"event\":{}}}", "/epcisBody", "both"},
	{HEAD(CTX) ",\"epcisBody\":{\"eventList\":[],\"extra\":1}}", "/epcisBody/extra",
	 "unknown field"},
	{HEAD(CTX) ",\"surplus\":1,\"epcisBody\":{\"eventList\":[]}}", "/surplus", "unknown field"},
	{HEAD(CTX) ",\"id\":\"no uri\",\"epcisBody\":{\"eventList\":[]}}", "/id", "URI"},
	{HEAD(CTX) ",\"sender\":5,\"epcisBody\":{\"eventList\":[]}}", "/sender", "string"},
	{HEAD(CTX) ",\"epcisHeader\":{\"epcisMasterData\":{\"vocabularyList\":[{}]}},"
		   "\"epcisBody\":{\"eventList\":[]}}",
	 "/epcisHeader/epcisMasterData/vocabularyList/0", "type is missing"},
	{"{\"@context\":\"" URL
	 "\",\"type\":\"EPCISQueryDocument\",\"epcisBody\":{\"queryResults\":"
	 "{\"resultsBody\":{\"eventList\":[]}}}}",
	 "/epcisBody/queryResults", "queryName is missing"},
	{"{\"@context\":\"" URL
	 "\",\"type\":\"EPCISQueryDocument\",\"epcisBody\":{\"queryResults\":"
	 "{\"queryName\":\"q\",\"resultsBody\":{}}}}",
	 "/epcisBody/queryResults/resultsBody", "eventList is missing"},
	{DOC(CTX, "7"), E0, "object"},
	{DOC(CTX, "{}") " x", "", "more bytes"},

	/* Contexts. */
	{DOC("7", ""), "/@context", "string or an object"},
	{DOC("{\"ex\":\"http://one.example/\"}", ""), "/@context", "standard context"},
	{DOC("[\"" URL "\",\"http://else.example/c.jsonld\"]", ""), "/@context/1",
	 "not a known context"},
	{DOC("[\"" URL "\",\"" URL "\"]", ""), "/@context/1", "twice"},
	{DOC("[\"" URL "\",{\"@vocab\":\"http://x.example/\"}]", ""), "/@context/1/@vocab",
	 "not supported"},
	{DOC("[\"" URL "\",{\"bizStep\":\"http://x.example/\"}]", ""), "/@context/1/bizStep",
	 "anew"},
	{DOC("[\"" URL "\",{\"ex\":\"no uri\"}]", ""), "/@context/1/ex", "URI"},
	{DOC("[\"" URL "\",{\"ex\":null}]", ""), "/@context/1/ex", "string or an object"},
	{DOC("[\"" URL "\",{\"9x\":\"http://x.example/\"}]", ""), "/@context/1/9x", "prefix"},
	{DOC("[\"" URL "\",{\"ex\":\"urn:x:\",\"ex\":\"urn:x:\"}]", ""), "/@context/1/ex", "twice"},

	/* The event itself. */
	{DOC(CTX, "{\"action\":\"ADD\"," T "}"), E0, "type is missing"},
	{DOC(CTX, "{\"type\":\"ObjectEvent\",\"@type\":\"ObjectEvent\"}"), E0 "/@type", "twice"},
	{DOC(CTX, "{\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[]}"), E0,
	 "eventTime is missing"},
	{DOC(CTX, "{\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[],"
		  "\"eventTime\":\"2026-01-02T03:04:05Z\"}"),
	 E0, "eventTimeZoneOffset is missing"},
	{DOC(CTX,
	     "{\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[],\"eventTimeZoneOffset\":"
	     "\"+00:00\",\"eventTime\":\"2026-01-02T03:04:05\"}"),
	 E0 "/eventTime", "zone"},
	{DOC(CTX,
	     "{\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[],\"eventTimeZoneOffset\":"
	     "\"+14:30\",\"eventTime\":\"2026-01-02T03:04:05Z\"}"),
	 E0 "/eventTimeZoneOffset", "offset"},
	{EVENT("\"type\":\"ObjectEvent\",\"epcList\":[]"), E0, "action is missing"},
	{EVENT("\"type\":\"ObjectEvent\",\"epcList\":[],\"action\":\"add\""), E0 "/action",
	 "not an action"},
	{EVENT("\"type\":\"ObjectEvent\",\"action\":\"ADD\""), E0, "needs epcList"},
	{OBJECT("\"eventID\":\"no uri\""), E0 "/eventID", "URI"},
	{OBJECT("\"eventID\":\"urn:a:b\",\"id\":\"urn:a:c\""), E0 "/id", "twice"},
	{OBJECT("\"eventID\":\"urn:a:b\",\"eventID\":\"urn:a:c\""), E0 "/eventID", "twice"},
	{OBJECT("\"eventID\":null"), E0 "/eventID", "string"},
	{OBJECT("\"eventID\":\"\""), E0 "/eventID", "empty"},
	{OBJECT("\"recordTime\":\"yesterday\""), E0 "/recordTime", "date and time"},
	{OBJECT("\"bizStep\":\"recieving\""), E0 "/bizStep", "is not a business step of CBV 2.0"},
	{OBJECT("\"bizStep\":\"urn:epcglobal:cbv:bizstep:receiving\""), E0 "/bizStep",
	 "written as the bare word"},
	{OBJECT("\"disposition\":\"receiving\""), E0 "/disposition", "is not a disposition of CBV 2.0"},
	{OBJECT("\"surplus\":1"), E0 "/surplus", "unknown field"},
	{OBJECT("\"childEPCs\":[\"urn:a:b\"]"), E0 "/childEPCs", "may not have"},
	{OBJECT("\"childEPCs\":[]"), E0, "cannot be an empty field"},
	{DOC(CTX, "{" T ",\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[\"urn:a:b\","
		  "\n\"urn:a:b\"]}"),
	 E0 "/epcList/1", "twice"},
	{DOC(CTX, "{" T ",\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":[7]}"),
	 E0 "/epcList/0", "string"},
	{DOC(CTX, "{" T ",\"type\":\"ObjectEvent\",\"action\":\"ADD\",\"epcList\":\"urn:a:b\"}"),
	 E0 "/epcList", "array"},
	{OBJECT("\"quantityList\":[{\"quantity\":1}]"), E0 "/quantityList/0",
	 "epcClass is missing"},
	{OBJECT("\"quantityList\":[{\"epcClass\":\"urn:a:b\",\"quantity\":\"1\"}]"),
	 E0 "/quantityList/0/quantity", "number"},
	{OBJECT("\"quantityList\":[{\"epcClass\":\"urn:a:b\",\"uom\":\"kg\"}]"),
	 E0 "/quantityList/0/uom", "unit"},
	{OBJECT("\"quantityList\":[{\"epcClass\":\"urn:a:b\",\"ex:a\":\"kg\"}]"),
	 E0 "/quantityList/0/ex:a", "no field"},
	{OBJECT("\"bizTransactionList\":[{\"type\":\"po\"}]"), E0 "/bizTransactionList/0",
	 "bizTransaction is missing"},
	{OBJECT("\"bizTransactionList\":[{\"type\":\"xx\",\"bizTransaction\":\"urn:a:b\"}]"),
	 E0 "/bizTransactionList/0/type", "is not a business transaction type"},
	{OBJECT("\"bizTransactionList\":[{\"bizTransaction\":\"urn:a:b\",\"id\":\"x\"}]"),
	 E0 "/bizTransactionList/0/id", "no field"},
	{OBJECT("\"sourceList\":{\"type\":\"location\",\"source\":\"urn:a:b\"}"), E0 "/sourceList",
	 "array"},
	{OBJECT("\"sourceList\":[{\"source\":\"urn:a:b\"}]"), E0 "/sourceList/0",
	 "type is missing"},
	{OBJECT("\"destinationList\":[{\"type\":\"location\",\"source\":\"urn:a:b\"}]"),
	 E0 "/destinationList/0/source", "no field"},
	{OBJECT("\"readPoint\":{}"), E0 "/readPoint", "id is missing"},
	{OBJECT("\"readPoint\":\"urn:a:b\""), E0 "/readPoint", "object"},
	{OBJECT("\"bizLocation\":{\"id\":\"urn:a:b\",\"@id\":\"urn:a:b\"}"), E0 "/bizLocation/@id",
	 "twice"},
	{OBJECT("\"persistentDisposition\":{}"), E0 "/persistentDisposition",
	 "neither set nor unset"},
	{OBJECT("\"persistentDisposition\":{\"set\":[]}"), E0 "/persistentDisposition/set",
	 "empty"},
	{OBJECT("\"persistentDisposition\":{\"set\":[\"damaged\",\"damaged\"]}"),
	 E0 "/persistentDisposition/set/1", "twice"},
	{OBJECT("\"persistentDisposition\":{\"ex:a\":1}"), E0 "/persistentDisposition/ex:a",
	 "no field"},
	{OBJECT("\"errorDeclaration\":{}"), E0 "/errorDeclaration", "declarationTime is missing"},
	{OBJECT("\"errorDeclaration\":{\"declarationTime\":\"2026-01-02T03:04:05Z\",\"reason\":"
		"\"typo\"}"),
	 E0 "/errorDeclaration/reason", "is not an error reason"},
	{OBJECT("\"certificationInfo\":[\"no uri\"]"), E0 "/certificationInfo/0", "URI"},

	/* Sensors. */
	{OBJECT("\"sensorElementList\":[{}]"), E0 "/sensorElementList/0",
	 "sensorReport is missing"},
	{OBJECT("\"sensorElementList\":[{\"sensorReport\":[]}]"), E0 "/sensorElementList/0",
	 "empty"},
	{OBJECT(SENSOR("\"value\":1")), E0 "/sensorElementList/0/sensorReport/0",
	 "type is missing"},
	{OBJECT(SENSOR("\"exception\":\"ALARM_CONDITION\"")),
	 E0 "/sensorElementList/0/sensorReport/0", "type is missing"},
	{OBJECT(SENSOR("\"type\":\"Warmth\"")), E0 "/sensorElementList/0/sensorReport/0/type",
	 "is not a measurement type"},
	{OBJECT(SENSOR("\"type\":\"https://gs1.org/voc/Temperature\"")),
	 E0 "/sensorElementList/0/sensorReport/0/type", "as the bare word \"Temperature\""},
	{OBJECT(SENSOR("\"type\":\"Temperature\",\"value\":\"26\"")),
	 E0 "/sensorElementList/0/sensorReport/0/value", "number"},
	{OBJECT(SENSOR("\"type\":\"Temperature\",\"booleanValue\":\"true\"")),
	 E0 "/sensorElementList/0/sensorReport/0/booleanValue", "true or false"},
	{OBJECT(SENSOR("\"type\":\"Temperature\",\"hexBinaryValue\":\"0x1\"")),
	 E0 "/sensorElementList/0/sensorReport/0/hexBinaryValue", "hexadecimal"},
	{OBJECT(SENSOR("\"type\":\"Temperature\",\"surplus\":1")),
	 E0 "/sensorElementList/0/sensorReport/0/surplus", "unknown field"},

	/* Instance/lot master data and extensions. */
	{EVENT("\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\",\"epcList\":[],\"ilmd\":{\"ex:a\":"
	       "\"1\"}"),
	 E0 "/ilmd", "ADD"},
	{EVENT("\"type\":\"ObjectEvent\",\"action\":\"DELETE\",\"epcList\":[],\"ilmd\":{}"),
	 E0 "/ilmd", "ADD"},
	{OBJECT("\"ilmd\":{\"lot\":\"1\"}"), E0 "/ilmd/lot", "unknown field"},
	{OBJECT("\"ilmd\":{\"no:lot\":\"1\"}"), E0 "/ilmd/no:lot", "not declared"},
	{OBJECT("\"ilmd\":[]"), E0 "/ilmd", "object"},
	{OBJECT("\"no:a\":1"), E0 "/no:a", "not declared"},
	{OBJECT("\"ex:\":1"), E0 "/ex:", "not a name"},
	{OBJECT("\"ex:a b\":1"), E0 "/ex:a b", "not a name"},
	{OBJECT("\"ex:a\":{\"b c\":1}"), E0 "/ex:a/b c", "not a name"},
	{OBJECT("\"ex:a\":[1,{\"no:b\":1}]"), E0 "/ex:a/1/no:b", "not declared"},
	{OBJECT("\"ex:a\":{\"ex:b\":1,\"ex:b\":2}"), E0 "/ex:a/ex:b", "twice"},
	{OBJECT("\"ex:a\":1,\"http://one.example/a\":2"), E0 "/http:~1~1one.example~1a", "twice"},
	{OBJECT("\"ex:a\":{\"@context\":{\"ex\":\"http://two.example/\"}}"), E0 "/ex:a/@context/ex",
	 "second meaning"},
	{OBJECT("\"ex:a\":{\"@context\":{\"in\":\"urn:x:1\"},\"in:b\":1},"
		"\"ex:c\":{\"@context\":{\"in\":\"urn:x:2\"},\"in:b\":1}"),
	 E0, "two meanings"},
	{OBJECT("\"ex:a\":{\"@base\":\"x\"}"), E0 "/ex:a/@base", "not a name"},

	/* Other kinds. */
	{EVENT("\"type\":\"AggregationEvent\",\"action\":\"ADD\",\"childEPCs\":[\"urn:a:b\"]"), E0,
	 "parentID is missing"},
	{EVENT("\"type\":\"AggregationEvent\",\"action\":\"ADD\",\"parentID\":\"urn:a:b\","
	       "\"childEPCs\":[]"),
	 E0, "needs childEPCs"},
	{EVENT("\"type\":\"AggregationEvent\",\"action\":\"ADD\",\"parentID\":\"urn:a:b\","
	       "\"childEPCs\":"
	       "[\"urn:a:b\"],\"ilmd\":{\"ex:a\":1}"),
	 E0 "/ilmd", "may not have"},
	{EVENT("\"type\":\"AssociationEvent\",\"action\":\"OBSERVE\",\"childEPCs\":[\"urn:a:b\"]"),
	 E0, "parentID is missing"},
	{EVENT("\"type\":\"AssociationEvent\",\"action\":\"ADD\",\"parentID\":\"urn:a:b\""), E0,
	 "needs childEPCs"},
	{EVENT("\"type\":\"TransactionEvent\",\"action\":\"ADD\",\"epcList\":[\"urn:a:b\"]"), E0,
	 "bizTransactionList is missing"},
	{EVENT("\"type\":\"TransactionEvent\",\"action\":\"ADD\",\"bizTransactionList\":"
	       "[{\"bizTransaction\":\"urn:a:b\"}]"),
	 E0, "needs epcList"},
	{EVENT("\"type\":\"TransformationEvent\",\"inputEPCList\":[\"urn:a:b\"]"), E0,
	 "inputs and outputs"},
	{EVENT("\"type\":\"TransformationEvent\",\"transformationID\":\"urn:a:b\""), E0,
	 "inputs or outputs"},
	{EVENT("\"type\":\"TransformationEvent\",\"transformationID\":\"urn:a:b\",\"inputEPCList\":"
	       "[\"urn:a:b\"],"
	       "\"action\":\"ADD\""),
	 E0 "/action", "may not have"},
	{EVENT("\"type\":\"epcis:ObjectEvent\""), E0 "/type", "bare"},
};

static void refused(void **state)
{
	unsigned wrong = 0;
	(void)state;
	for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
		struct arena *a = arena_new(0);
		struct event_doc doc;
		struct event_issue issues[8];
		size_t n, k = 0;
		uint8_t *copy = malloc(strlen(BAD[i].text));
		assert_non_null(copy);
		memcpy(copy, BAD[i].text, strlen(BAD[i].text));
		if (epcis_read_json(a, &doc, issues, 8, &n, slice(copy, strlen(BAD[i].text))) !=
		    ERR_FORMAT)
			fail_msg("accepted: %s", BAD[i].text);
		assert_true(n > 0);
		while (k < n && (strcmp(issues[k].pointer, BAD[i].pointer) != 0 ||
				 !strstr(issues[k].text, BAD[i].cause)))
			k++;
		if (k == n) {
			print_error("%s\n  %s: %s\n", BAD[i].text, issues[0].pointer,
				    issues[0].text);
			wrong++;
		} else if (strncmp(BAD[i].pointer, E0, strlen(E0)) == 0) {
			assert_int_equal(issues[k].event, 0);
			assert_int_equal(issues[k].line, strstr(BAD[i].text, ",\n\"urn") ? 3 : 2);
		} else {
			assert_true(issues[k].line >= 1);
		}
		free(copy);
		arena_free(a);
	}
	print_message("%zu refusals\n", sizeof BAD / sizeof *BAD);
	assert_int_equal(wrong, 0);
}

/* A faulty event stops no other: all faults are named, the good events are there. */
static void faults_in_many_events(void **state)
{
	static const char text[] = DOC(CTX, "{" OBJ "},\n{" OBJ ",\"no:a\":1,\"surplus\":2},\n{" OBJ
					    ",\"bizStep\":\"x\"},\n{" OBJ ",\"ex:b\":1}");
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issues[8];
	size_t n;
	(void)state;
	assert_int_equal(epcis_read_json(a, &doc, issues, 8, &n, slice_str(text)), ERR_FORMAT);
	assert_int_equal(n, 3);
	assert_int_equal(issues[0].event, 1);
	assert_int_equal(issues[0].line, 3);
	assert_int_equal(issues[1].event, 1);
	assert_int_equal(issues[2].event, 2);
	assert_int_equal(issues[2].line, 4);
	assert_int_equal(doc.n_events, 4);
	assert_non_null(doc.events[0]);
	assert_null(doc.events[1]);
	assert_null(doc.events[2]);
	assert_non_null(doc.events[3]);
	/* Only as many issues as there is room for, and none at all is fine too. */
	assert_int_equal(epcis_read_json(a, &doc, issues, 2, &n, slice_str(text)), ERR_FORMAT);
	assert_int_equal(n, 2);
	assert_int_equal(epcis_read_json(a, &doc, NULL, 0, &n, slice_str(text)), ERR_FORMAT);
	assert_int_equal(n, 0);
	arena_free(a);
}

static const char *const GOOD[] = {
	/* No context: a bare event may do without. */
	"{" OBJ "}",
	"\xef\xbb\xbf\r\n{" OBJ ",\"bizStep\":\"https://ref.gs1.org/cbv/BizStep-receiving\"}",
	/* Every spelling of the standard context; alone, and in an array. */
	DOC("\"" URL "\"", ""),
	DOC("[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"]", ""),
	DOC("[{\"ex\":\"http://one.example/\"},\"https://gs1.github.io/EPCIS/"
	    "epcis-context.jsonld\"]",
	    ""),
	DOC("\"https://gs1.github.io/EPCIS/epcis-context-simple.jsonld\"", ""),
	/* Prefixes that the standard context declares itself, and one of them declared anew. */
	DOC("\"" URL "\"",
	    "{" OBJ ",\"gs1:a\":1,\"cbv:b\":2,\"cbvmda:c\":3,\"rdfs:comment\":\"d\"}"),
	DOC("[\"" URL "\",{\"cbvmda\":\"http://example.com/cbvmda/\"}]",
	    "{" OBJ ",\"ilmd\":{\"cbvmda:c\":3}}"),
	/* The event's own context alone declares the prefix; an alias; repeated declarations. */
	DOC("\"" URL "\"", "{\"@context\":{\"in\":\"urn:in:\"}," OBJ ",\"in:a\":1}"),
	DOC("[\"" URL "\",{\"uri\":\"@id\",\"id\":\"@id\",\"@version\":1.1}]",
	    "{\"uri\":\"urn:e:1\"," OBJ ",\"rdfs:seeAlso\":{\"uri\":\"urn:s:1\"}}"),
	DOC("[\"" URL "\",{\"ex\":\"urn:a:\"},{\"ex\":\"urn:b:\"}]", "{" OBJ ",\"ex:a\":1}"),
	/* Bare names inside an extension, as the JSON schema allows. */
	DOC("[\"" URL "\",{\"ex\":\"urn:a:\"}]",
	    "{" OBJ ",\"ex:op\":{\"badge\":\"1\",\"ex:in\":[{\"unit\":\"KGM\"}],\"ex\":2}}"),
	/* An ObjectEvent of sensor readings at a place; a transformation over time. */
	EVENT("\"type\":\"ObjectEvent\",\"action\":\"OBSERVE\",\"readPoint\":{\"id\":\"urn:r:1\"}"
	      "," SENSOR("\"type\":\"ex:Own\"")),
	EVENT("\"type\":\"TransformationEvent\",\"transformationID\":\"urn:t:1\",\"outputEPCList\":"
	      "[\"urn:a:b\"]"),
	/* A TransactionEvent may name one EPC twice: the schema forbids it for others only. */
	EVENT("\"type\":\"TransactionEvent\",\"action\":\"ADD\",\"epcList\":[\"urn:a:b\",\"urn:a:"
	      "b\"],"
	      "\"bizTransactionList\":[{\"bizTransaction\":\"urn:b:t\"}]"),
	HEAD(CTX) ",\"id\":\"_:document1\",\"epcisBody\":{\"eventList\":[]}}",
};

static void accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof GOOD / sizeof *GOOD; i++) {
		struct arena *a = arena_new(0);
		struct event_doc doc;
		struct event_issue issue;
		size_t n;
		if (epcis_read_json(a, &doc, &issue, 1, &n, slice_str(GOOD[i])) != ERR_OK)
			fail_msg("%s\n  %s: %s", GOOD[i], issue.pointer, issue.text);
		arena_free(a);
	}
}

/* What lands in the model. */
static void model(void **state)
{
	static const char text[] =
		DOC("[\"" URL "\",{\"ex\":\"http://one.example/"
		    "\",\"ex2\":\"urn:2:\",\"r\":\"https://repository-x."
		    "example.com/\",\"unused\":\"urn:u:\"}],\"r:ignoreFields\":[\"ex:a\",\"bare\"]",
		    "{" OBJ
		    ",\"ex:a\":1.50,\"bizStep\":\"ex2:step\",\"certificationInfo\":[\"urn:c:1\"],"
		    "\"sourceList\":[]}");
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	size_t n;
	(void)state;
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, slice_str(text)), ERR_OK);
	const event_t *e = doc.events[0];
	assert_string_equal(doc.head->type, "EPCISDocument");
	assert_int_equal(doc.head->n_namespaces, 4);
	assert_int_equal(doc.head->events, 1);
	assert_int_equal(doc.head->source_hash.len, 32);
	assert_int_equal(e->type, ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT);
	assert_int_equal(e->action, ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD);
	assert_string_equal(e->epc_list[0], "urn:a:b");
	assert_int_equal(e->n_extensions, 1);
	assert_string_equal(e->extensions[0]->ns, "http://one.example/");
	assert_string_equal(e->extensions[0]->prefix, "ex");
	assert_string_equal(e->extensions[0]->name, "a");
	assert_string_equal(e->extensions[0]->text, "1.50");
	assert_int_equal(e->n_namespaces, 2); /* ex by the name, ex2 by the value */
	assert_string_equal(e->namespaces[1]->uri, "urn:2:");
	assert_true(e->certification_info_is_list);
	assert_int_equal(e->n_empty_fields, 1);
	assert_string_equal(e->empty_fields[0], "sourceList");
	assert_int_equal(e->n_ignore_fields, 2);
	assert_string_equal(e->ignore_fields[0], "{http://one.example/}a");
	assert_string_equal(e->ignore_fields[1], "bare");
	arena_free(a);
}

/* One document with something of everything. */
static const char RICH[] = DOC(
	"[\"" URL "\",{\"ex\":\"http://one.example/\",\"ex:n\":{\"@type\":\"xsd:integer\"},\"in\":"
	"\"urn:x-argosy:local:in\"}],\"ex:top\":[1],\"sender\":\"s\"",
	"{" OBJ ",\"ex:a\":[{\"ex:b\":1}],\"ex:n\":\"1\",\"ex:o\":{\"in\":1,\"@value\":\"v\"},"
	"\"http://one.example/"
	"iri\":\"\\u00e9\",\"id\":\"urn:e:1\",\"recordTime\":\"2026-01-02T03:04:05Z\","
	"\"errorDeclaration\":{\"declarationTime\":\"2026-01-02T03:04:05Z\",\"correctiveEventIDs\":"
	"[],"
	"\"ex:w\":1},\"certificationInfo\":[\"urn:c:1\"],\"quantityList\":[{\"epcClass\":\"urn:q:"
	"1\","
	"\"quantity\":1.50,\"uom\":\"KGM\"}],\"bizStep\":\"packing\",\"persistentDisposition\":{"
	"\"set\":"
	"[\"damaged\",\"stolen\"]},\"readPoint\":{\"id\":\"urn:r:1\",\"ex:a\":1},"
	"\"bizTransactionList\":[{"
	"\"type\":\"po\",\"bizTransaction\":\"urn:t:1\"}],\"sourceList\":[],\"destinationList\":[],"
	"\"ilmd\":{\"ex:lot\":\"1\"},\"sensorElementList\":[{\"sensorMetadata\":{\"time\":"
	"\"2026-01-02T03:04:05Z\"},\"sensorReport\":[{\"type\":\"Mass\",\"value\":1,\"ex:r\":1}]}]}"
	","
	"{\"@context\":{\"ex\":\"urn:other:\"}," OBJ ",\"ex:a\":1}");

/* Every memory limit gives ERR_NOMEM or the result: no crash, no leak. */
static void memory_ends(void **state)
{
	bool done = false;
	(void)state;
	for (size_t limit = 16; !done && limit < 65536; limit += 16) {
		struct arena *a = arena_new(limit);
		struct event_doc doc;
		struct event_issue issue;
		size_t n;
		enum err e = epcis_read_json(a, &doc, &issue, 1, &n, slice_str(RICH));
		assert_true(e == ERR_OK || e == ERR_NOMEM);
		done = e == ERR_OK;
		arena_free(a);
	}
	assert_true(done);
}

/* The nth allocation fails, for every n, in reading and in writing. */
static void nth_allocation(void **state)
{
	bool done = false;
	(void)state;
	if (!CAN_FAIL_MEMORY) {
		print_message("SKIP: the sanitizer has its own malloc\n");
		return;
	}
	for (unsigned n = 1; !done; n++) {
		struct event_doc doc;
		struct event_issue issue;
		struct buf out = BUF_INIT;
		size_t issues;
		assert_true(n < 1000);
		countdown = n;
		struct arena *a = arena_new(0);
		enum err e = a ? epcis_read_json(a, &doc, &issue, 1, &issues, slice_str(RICH))
			       : ERR_NOMEM;
		if (e == ERR_OK)
			e = epcis_write_doc(&out, &doc, 2);
		done = countdown > 0;
		countdown = 0;
		assert_int_equal(e, done ? ERR_OK : ERR_NOMEM);
		buf_fini(&out);
		arena_free(a);
	}
}

static void limits(void **state)
{
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	struct buf b = BUF_INIT;
	size_t n;
	(void)state;
	/* Depth of extensions. */
	buf_put_str(&b, HEAD(CTX) ",\"epcisBody\":{\"eventList\":[{" OBJ ",\"ex:a\":");
	for (int i = 0; i < 40; i++)
		buf_put_str(&b, "[");
	for (int i = 0; i < 40; i++)
		buf_put_str(&b, "]");
	buf_put_str(&b, "}]}}");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, buf_slice(&b)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "nested deeper"));
	/* Entries of a list. */
	buf_clear(&b);
	buf_put_str(&b, HEAD(CTX) ",\"epcisBody\":{\"eventList\":[{" OBJ ",\"ex:a\":[0");
	for (int i = 0; i < EVENT_LIST_MAX; i++)
		buf_put_str(&b, ",0");
	buf_put_str(&b, "]}]}}");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, buf_slice(&b)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "more than 10000"));
	/* Names that contexts declare, in all; contexts of one array. */
	buf_clear(&b);
	buf_put_str(&b, "{" OBJ ",\"@context\":[\"" URL "\",{");
	for (int i = 0; i < 200; i++)
		buf_printf(&b, "%s\"p%d\":\"urn:p:%d\"", i ? "," : "", i, i);
	buf_put_str(&b, "}],\"p1:a\":{\"@context\":{");
	for (int i = 0; i < 57; i++)
		buf_printf(&b, "%s\"q%d\":\"urn:q:%d\"", i ? "," : "", i, i);
	buf_put_str(&b, "}}}");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, buf_slice(&b)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "more than 256 names"));
	buf_clear(&b);
	buf_put_str(&b, "{" OBJ ",\"@context\":[\"" URL "\"");
	for (int i = 0; i < 32; i++)
		buf_printf(&b, ",{\"p%d\":\"urn:p:%d\"}", i, i);
	buf_put_str(&b, "]}");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, buf_slice(&b)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "more than 32 contexts"));
	/* Length of a text, of a URI. */
	buf_clear(&b);
	buf_put_str(&b, HEAD(CTX) ",\"epcisBody\":{\"eventList\":[{" OBJ ",\"eventID\":\"urn:");
	for (int i = 0; i < EVENT_URI_MAX; i++)
		buf_put_str(&b, "x");
	buf_put_str(&b, "\"}]}}");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n, buf_slice(&b)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "longer than 1024"));
	/* The document. */
	buf_clear(&b);
	buf_put_str(&b, "{");
	assert_int_equal(epcis_read_json(a, &doc, &issue, 1, &n,
					 slice(b.p, (size_t)EVENT_DOC_BYTES_MAX + 1)),
			 ERR_LIMIT);
	assert_int_equal(n, 1);
	buf_fini(&b);
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused),	  cmocka_unit_test(faults_in_many_events),
		cmocka_unit_test(accepted),	  cmocka_unit_test(model),
		cmocka_unit_test(memory_ends),	  cmocka_unit_test(limits),
		cmocka_unit_test(nth_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
