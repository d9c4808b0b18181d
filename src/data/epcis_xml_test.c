#include "data/epcis.h"
#include "data/xml_guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>

#define EPCIS_DATA "../shared/data/epcis/"

/* ---- small documents ---- */

#define DECL	"<?xml version='1.0' encoding='UTF-8'?>\n"
#define ROOT(n) "<epcis:EPCISDocument xmlns:epcis='urn:epcglobal:epcis:xsd:" n "'" NSES
#define NSES                                                                                       \
	" xmlns:x='http://x/' xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'"               \
	" xmlns:xsd='http://www.w3.org/2001/XMLSchema'"                                            \
	" creationDate='2024-01-01T00:00:00Z' schemaVersion='2.0'>"
#define OPEN  "\n<EPCISBody>\n<EventList>\n"
#define CLOSE "\n</EventList>\n</EPCISBody>\n</epcis:EPCISDocument>"
#define TIMES                                                                                      \
	"<eventTime>2024-01-02T03:04:05Z</eventTime>"                                              \
	"<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
#define EPCS	"<epcList><epc>urn:epc:id:sscc:4012345.0000000333</epc></epcList>"
#define ACT	"<action>ADD</action>"
#define OBJ(in) "<ObjectEvent>" in "</ObjectEvent>"
#define DOC(in) ROOT("2") OPEN in CLOSE
#define ONE(in) DOC(OBJ(TIMES EPCS ACT in))
#define OLD(in) ROOT("1") OPEN in CLOSE
#define REPORT(a)                                                                                  \
	ONE("<sensorElementList><sensorElement><sensorReport " a                                   \
	    "/></sensorElement></sensorElementList>")
#define QROOT                                                                                      \
	"<q:EPCISQueryDocument xmlns:q='urn:epcglobal:epcis-query:xsd:2' "                         \
	"creationDate='2024-01-01T00:00:00Z' schemaVersion='2.0'><EPCISBody>"
#define MDROOT                                                                                     \
	"<e:EPCISMasterDataDocument xmlns:e='urn:epcglobal:epcis-masterdata:xsd:2' "               \
	"creationDate='2024-01-01T00:00:00Z' schemaVersion='2.0'>"
#define QEND "</EPCISBody></q:EPCISQueryDocument>"

/* What is refused: where (the end of the place), why (a part of the sentence), and what the
 * schema's own validator says; '-' where it is no question for a schema. */
static const struct {
	const char *doc, *place, *why;
	char schema; /* 'v' valid, 'i' invalid */
} refused[] = {
	/* not XML, or not safely */
	{"", "", "empty", '-'},
	{"<a", "", "not well-formed", '-'},
	{"<a></b>", "", "not well-formed", '-'},
	{DOC("<ObjectEvent>&x;</ObjectEvent>"), "", "not well-formed", '-'},
	{"<!DOCTYPE a>" DOC("<ObjectEvent>&x;</ObjectEvent>"), "", "not well-formed", '-'},
	{"<!DOCTYPE a [<!ENTITY x 'y'>]>" DOC(""), "", "document type", '-'},
	{"<!DOCTYPE a SYSTEM 'file:///etc/passwd'>" DOC(""), "", "document type", '-'},
	{"<!DOCTYPE a PUBLIC 'p' 'http://x/'>" DOC(""), "", "document type", '-'},
	{"<!--c--><?p?>\n<!DOCTYPE a [<!ENTITY x 'y'>]>" DOC(""), "", "document type", '-'},
	{"<!ENTITY x 'y'>" DOC(""), "", "markup declarations", '-'},
	{"<?xml version='1.0' encoding='GB18030'?>" DOC(""), "", "encoding", '-'},
	{"<?xml version='1.0' encoding='ISO-8859-1'?>" DOC(""), "", "the encoding is ISO-8859-1", '-'},
	{"<a>\xff</a>", "", "not UTF-8", '-'},
	{"<EPCISDocument xmlns='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0' "
	 "creationDate='2024-01-01T00:00:00Z'><EPCISBody/></EPCISDocument>",
	 "/EPCISBody", "is in the namespace urn:epcglobal:epcis:xsd:2", 'i'},
	/* a prefix that nothing declares; inside an extension its export was refused, too */
	{ONE("<y:a/>"), "/y:a", "the prefix of y:a is not declared", '-'},
	{ONE("<x:a><y:b>1</y:b></x:a>"), "/y:b", "the prefix of y:b is not declared", '-'},
	{ONE("<x:a y:b='1'/>"), "/x:a", "the prefix of y:b is not declared", '-'},
	{"<y:EPCISDocument/>", "/y:EPCISDocument", "the prefix of y:EPCISDocument", '-'},
	/* the document */
	{"<EPCISDocument/>", "/EPCISDocument", "not an EPCISDocument", 'i'},
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:3'/>", "/e:EPCISDocument",
	 "not an EPCISDocument", 'i'},
	{"<e:EPCISMasterDataDocument xmlns:e='urn:epcglobal:epcis:xsd:2'/>", "", "not an EPCISDocument",
	 '-'},
	{MDROOT "</e:EPCISMasterDataDocument>", "", "no EPCISBody", '-'},
	{MDROOT "<EPCISBody><EventList/></EPCISBody></e:EPCISMasterDataDocument>", "/EventList",
	 "may not stand", '-'},
	{MDROOT "<EPCISBody><VocabularyList><Vocabulary/></VocabularyList></EPCISBody>"
		"</e:EPCISMasterDataDocument>",
	 "", "type", '-'},
	{MDROOT "<EPCISBody><VocabularyList/><VocabularyList/></EPCISBody></e:EPCISMasterDataDocument>",
	 "/VocabularyList[2]", "may not stand", '-'},
	{OBJ(TIMES EPCS ACT), "/ObjectEvent", "bare ObjectEvent", 'i'},
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0'/>",
	 "/e:EPCISDocument", "creationDate is missing", 'i'},
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' "
	 "creationDate='2024-01-01T00:00:00Z'/>",
	 "/e:EPCISDocument", "schemaVersion is missing", 'i'},
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' schemaVersion='two' "
	 "creationDate='2024-01-01T00:00:00Z'><EPCISBody/></e:EPCISDocument>",
	 "/@schemaVersion", "not a number", 'i'},
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:2' schemaVersion='2.0' "
	 "creationDate='yesterday'><EPCISBody/></e:EPCISDocument>",
	 "/@creationDate", "date and time", 'i'},
	{ROOT("2") "</epcis:EPCISDocument>", "/epcis:EPCISDocument", "no EPCISBody", 'i'},
	{ROOT("2") "<EPCISBody><Events/></EPCISBody></epcis:EPCISDocument>", "/Events",
	 "may not stand", 'i'},
	{ROOT("2") "<EPCISBody>text</EPCISBody></epcis:EPCISDocument>", "/EPCISBody", "text", 'i'},
	{QROOT "<q:Poll/>" QEND, "/q:Poll", "QueryResults", '-'},
	{QROOT "<q:QueryResults><resultsBody><EventList/></resultsBody></q:QueryResults>" QEND,
	 "/q:QueryResults", "queryName", '-'},
	/* events */
	{DOC("<QuantityEvent/>"), "/QuantityEvent", "withdrawn", 'i'},
	{OLD("<QuantityEvent>" TIMES "<epcClass>urn:x:1</epcClass></QuantityEvent>"),
	 "/QuantityEvent", "lacks quantity", 'i'},
	{OLD("<QuantityEvent>" TIMES "<epcClass>urn:x:1</epcClass><quantity>x</quantity>"
	     "</QuantityEvent>"),
	 "/quantity", "not a decimal", 'i'},
	{DOC("<SomethingEvent/>"), "/SomethingEvent", "not an event", 'i'},
	{DOC("<epcis:ObjectEvent/>"), "/epcis:ObjectEvent", "namespace", 'i'},
	{DOC(OBJ("<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>" EPCS ACT)), "ObjectEvent",
	 "eventTime", 'i'},
	{DOC(OBJ("<eventTime>2024-01-02T03:04:05Z</eventTime>" EPCS ACT)), "ObjectEvent",
	 "eventTimeZoneOffset", 'i'},
	{DOC(OBJ("<eventTime>2024-01-02T03:04:05</eventTime>"
		 "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>" EPCS ACT)),
	 "/eventTime", "date and time", 'i'},
	{DOC(OBJ("<eventTime>2024-02-30T03:04:05Z</eventTime>"
		 "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>" EPCS ACT)),
	 "/eventTime", "date and time", 'i'},
	{DOC(OBJ("<eventTime>2024-01-02T03:04:05Z</eventTime>"
		 "<eventTimeZoneOffset>8</eventTimeZoneOffset>" EPCS ACT)),
	 "/eventTimeZoneOffset", "offset", 'v'},
	{DOC(OBJ(TIMES EPCS)), "ObjectEvent", "action", 'i'},
	{DOC(OBJ(TIMES EPCS "<action>CHANGE</action>")), "/action", "ADD, OBSERVE or DELETE", 'i'},
	{DOC(OBJ(TIMES ACT EPCS)), "/epcList", "must stand before action", 'i'},
	{DOC(OBJ(TIMES EPCS EPCS ACT)), "/epcList[2]", "given twice", 'i'},
	{DOC(OBJ(TIMES EPCS ACT "<epcis:bizStep>urn:x:1</epcis:bizStep>")), "/epcis:bizStep",
	 "in none", 'i'},
	{ONE("<colour>red</colour>"), "/colour", "not a field", 'i'},
	{ONE("<x:a/><bizStep>urn:x:1</bizStep>"), "/bizStep", "before the extensions", 'i'},
	{ONE("<parentID>urn:x:1</parentID>"), "/parentID", "not a field", 'i'},
	{ONE("<bizStep/>"), "/bizStep", "empty", 'v'},
	{ONE("<bizStep>not a uri</bizStep>"), "/bizStep", "business step of CBV 2.0", 'v'},
	{ONE("<bizStep>flying</bizStep>"), "/bizStep", "business step of CBV 2.0", 'v'},
	{ONE("<bizStep a='b'>urn:x:1</bizStep>"), "/bizStep", "attribute", 'i'},
	{ONE("<bizStep>urn:x:1<b/></bizStep>"), "/bizStep", "where text is due", 'i'},
	{ONE("<readPoint/>"), "/readPoint", "begin with id", 'i'},
	{ONE("<readPoint>urn:x:1</readPoint>"), "/readPoint", "text", 'i'},
	{ONE("<readPoint><x:a/><id>urn:x:1</id></readPoint>"), "/readPoint", "begin with id", 'i'},
	{ONE("<readPoint><id>urn:x:1</id><name>n</name></readPoint>"), "/name", "not a field", 'i'},
	{ONE("<bizTransactionList/>"), "/bizTransactionList", "no entry", 'i'},
	{ONE("<bizTransactionList><po>urn:x:1</po></bizTransactionList>"), "/po",
	 "where only bizTransaction", 'i'},
	{ONE("<sourceList><source>urn:x:1</source></sourceList>"), "/source", "type", 'i'},
	{ONE("<sourceList><source type='urn:x:t' kind='k'>urn:x:1</source></sourceList>"),
	 "/source", "attribute", 'i'},
	{ONE("<quantityList><quantityElement><quantity>1</quantity></quantityElement>"
	     "</quantityList>"),
	 "/quantityElement", "begin with epcClass", 'i'},
	{ONE("<quantityList><quantityElement><epcClass>urn:x:1</epcClass><uom>KGM</uom>"
	     "</quantityElement></quantityList>"),
	 "/uom", "may not stand here", 'i'},
	{ONE("<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>1e3</quantity>"
	     "</quantityElement></quantityList>"),
	 "/quantity", "not a decimal", 'i'},
	{ONE("<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>ten</quantity>"
	     "</quantityElement></quantityList>"),
	 "/quantity", "not a decimal", 'i'},
	{ONE("<persistentDisposition><set>urn:x:1</set><unset>urn:x:2</unset>"
	     "</persistentDisposition>"),
	 "/unset", "unset elements, then set", 'i'},
	{ONE("<persistentDisposition/>"), "/persistentDisposition", "neither", 'v'},
	{ONE("<sensorElementList/>"), "/sensorElementList", "no entry", 'i'},
	{ONE("<sensorElementList><sensorElement/></sensorElementList>"), "/sensorElement",
	 "at least one sensorReport", 'i'},
	{ONE("<sensorElementList><sensorElement><sensorReport type='gs1:Speed'/><sensorMetadata/>"
	     "</sensorElement></sensorElementList>"),
	 "/sensorMetadata", "not a field", 'i'},
	{REPORT("type='gs1:Speed' value='fast'"), "/sensorReport/@value", "not a number", 'i'},
	{REPORT("type='gs1:Speed' value='INF'"), "/sensorReport/@value", "not a number", 'v'},
	{REPORT("type='gs1:Speed' booleanValue='yes'"), "/@booleanValue", "true or false", 'i'},
	{REPORT("type='gs1:Speed' hexBinaryValue='abc'"), "/@hexBinaryValue", "hex", 'i'},
	{REPORT("type='gs1:Speed' time='now'"), "time", "time", 'i'},
	{ONE("<sensorElementList><sensorElement><sensorReport type='gs1:Speed'>fast</sensorReport>"
	     "</sensorElement></sensorElementList>"),
	 "/sensorReport", "holds text", 'v'},
	{REPORT("value='1'"), "sensorReport/0", "type is missing", 'v'},
	{REPORT("type='gs1:Speed' unknown='1'"), "unknown", "no namespace", 'v'},
	{ONE("<ilmd>text</ilmd>"), "/ilmd", "text", 'i'},
	{ONE("<ilmd><lot>1</lot></ilmd>"), "/lot", "not a field", 'i'},
	{DOC(OBJ(TIMES EPCS "<action>OBSERVE</action><ilmd><x:lot>1</x:lot></ilmd>")), "ilmd",
	 "ilmd", 'v'},
	{ONE("<ilmd><x:lot>1</x:lot></ilmd><bizStep>urn:x:1</bizStep>"), "/bizStep",
	 "must stand before ilmd", 'i'},
	{DOC(OBJ("<eventTime>2024-01-02T03:04:05Z</eventTime>"
		 "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset><errorDeclaration/>" EPCS ACT)),
	 "errorDeclaration", "declarationTime", 'v'},
	{DOC(OBJ("<eventTime>2024-01-02T03:04:05Z</eventTime>"
		 "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset><errorDeclaration>"
		 "<declarationTime>2024-01-02T03:04:05Z</declarationTime>"
		 "<declarationTime>2024-01-02T03:04:05Z</declarationTime>"
		 "</errorDeclaration>" EPCS ACT)),
	 "/declarationTime[2]", "given twice", 'v'},
	/* wrappers */
	{ONE("<extension><quantityList/></extension>"), "/quantityList", "as in EPCIS 1.2", 'i'},
	{OLD(OBJ(TIMES EPCS ACT "<extension><quantityList/></extension>"
				"<bizStep>urn:x:1</bizStep>")),
	 "/bizStep", "before the extensions", 'i'},
	{OLD(OBJ(TIMES EPCS ACT "<extension><colour/></extension>")), "/colour", "not a field",
	 'i'},
	/* extensions */
	{ONE("<x:a>one<x:b/>two</x:a>"), "/x:a", "mixes text", 'v'},
	{ONE("<x:a xsi:type='xsd:integer'>1.5</x:a>"), "/x:a", "no integer", 'i'},
	{ONE("<x:a xsi:type='xsd:boolean'>maybe</x:a>"), "/x:a", "no boolean", 'i'},
	{ONE("<x:a xsi:type='xsd:dateTime'>2024</x:a>"), "/x:a", "no dateTime", 'i'},
	{ONE("<x:a xsi:type='nope:integer'>1</x:a>"), "/x:a/@xsi:type", "not declared", 'i'},
	/* the second of two */
	{DOC(OBJ(TIMES EPCS ACT) "\n" OBJ(TIMES EPCS)), "/ObjectEvent[2]", "action", 'i'},
};

struct doc {
	struct arena *a;
	struct event_doc doc;
	struct event_issue issues[8];
	size_t n_issues;
	enum err err;
};

static struct doc read_text(struct slice text)
{
	struct doc d = {.a = arena_new(0)};
	assert_non_null(d.a);
	d.err = epcis_read_xml(d.a, &d.doc, d.issues, 8, &d.n_issues, text);
	return d;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);
	return n >= k && strcmp(s + n - k, end) == 0;
}

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct doc d = read_text(slice_str(refused[i].doc));
		if (d.err != ERR_FORMAT || d.n_issues == 0 ||
		    !strstr(d.issues[0].text, refused[i].why) ||
		    !ends_with(d.issues[0].pointer, refused[i].place))
			fail_msg("%s\ngave %d: %s: %s", refused[i].doc, d.err,
				 d.n_issues ? d.issues[0].pointer : "",
				 d.n_issues ? d.issues[0].text : "");
		arena_free(d.a);
	}
}

/* What is read. */
static const struct {
	const char *doc;
	size_t events;
	char schema;
} accepted[] = {
	{DOC(""), 0, 'v'},
	{ONE(""), 1, 'v'},
	{"\xef\xbb\xbf" DECL ONE(""), 1, 'v'},
	{"<?xml version='1.0' encoding=\"utf-8\" standalone='yes'?>\r\n" ONE("\r\n"), 1, 'v'},
	{"<!DOCTYPE project>" ONE(""), 1, 'v'},
	{"<!-- <!DOCTYPE a [ --><?pi <!ENTITY ?>" ONE("<!-- c --><?p q?>"), 1, 'v'},
	{ROOT("2") "<EPCISBody/></epcis:EPCISDocument>", 0, 'v'},
	{ONE("<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"), 1, 'v'},
	{ONE("<bizStep> https://ref.gs1.org/cbv/BizStep-shipping\n</bizStep>"), 1, 'v'},
	{ONE("<bizStep>cbv:BizStep-shipping</bizStep>"), 1, 'v'},
	{ONE("<bizStep><![CDATA[urn:x:]]>1</bizStep>"), 1, 'v'},
	{ONE("<bizStep xsi:type='epcis:BusinessStepIDType'>urn:x:1</bizStep>"), 1, 'v'},
	{ONE("<bizStep>urn:x:<!-- c -->1</bizStep>"), 1, 'v'},
	{ONE("<readPoint><id>urn:x:1</id><extension/><x:a/></readPoint>"), 1, '-'},
	{ONE("<bizTransactionList><bizTransaction>urn:x:1</bizTransaction></bizTransactionList>"),
	 1, 'v'},
	{ONE("<quantityList><quantityElement><epcClass>urn:x:1</epcClass>"
	     "<quantity xsi:nil='true'/></quantityElement></quantityList>"),
	 1, 'v'},
	{REPORT("exception='gs1:ALARM_CONDITION'"), 1, 'v'},
	{REPORT("type='gs1:Speed' value='+1.5E3' x:a='b'"), 1, 'v'},
	{ONE("<ilmd x:a='1'><x:lot>1</x:lot></ilmd>"), 1, 'v'},
	{ONE("<extension><x:a/></extension><x:b/>"), 1, 'v'},
	{DOC("<ObjectEvent x:a='1'>" TIMES EPCS ACT "</ObjectEvent>"), 1, 'v'},
	{ONE("<x:a xsi:type='xsd:integer'>15</x:a>"), 1, 'v'},
	{ONE("<a xmlns='http://default/'><b/></a>"), 1, 'v'},
	/* 1.x, where all but the base stands in wrappers */
	{OLD(OBJ("<eventTime>2024-01-02T03:04:05Z</eventTime>"
		 "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset>"
		 "<baseExtension><eventID>urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8</eventID>"
		 "</baseExtension>" EPCS ACT "<extension><quantityList><quantityElement>"
		 "<epcClass>urn:x:1</epcClass></quantityElement></quantityList>"
		 "<ilmd><x:lot>1</x:lot></ilmd><extension><persistentDisposition><set>urn:x:1</set>"
		 "</persistentDisposition><sensorElementList><sensorElement>"
		 "<sensorReport type='gs1:Speed'/></sensorElement></sensorElementList></extension>"
		 "</extension><x:after/>")),
	 1, 'v'},
	{OLD("<extension><TransformationEvent>" TIMES
	     "<inputEPCList><epc>urn:x:1</epc></inputEPCList>"
	     "<outputEPCList><epc>urn:x:2</epc></outputEPCList></TransformationEvent></extension>"),
	 1, 'v'},
	/* wider than its schema: later fields outside their wrapper, no epcList */
	{OLD(OBJ(TIMES ACT "<quantityList><quantityElement><epcClass>urn:x:1</epcClass>"
			   "</quantityElement></quantityList>")),
	 1, 'i'},
	{QROOT "<q:QueryResults><queryName>Q</queryName><resultsBody><EventList>" OBJ(
		 TIMES EPCS ACT) "</EventList></resultsBody></q:QueryResults>" QEND,
	 1, '-'},
};

static void test_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
		struct doc d = read_text(slice_str(accepted[i].doc));
		if (d.err != ERR_OK || d.doc.n_events != accepted[i].events)
			fail_msg("%s\ngave %d: %s: %s", accepted[i].doc, d.err,
				 d.n_issues ? d.issues[0].pointer : "",
				 d.n_issues ? d.issues[0].text : "");
		assert_int_equal(d.n_issues, 0);
		assert_int_equal(d.doc.head->events, accepted[i].events);
		arena_free(d.a);
	}
}

/* ---- read with a warning ---- */

#define QUERY1(body)                                                                               \
	"<q:EPCISQueryDocument xmlns:q='urn:epcglobal:epcis-query:xsd:1' schemaVersion='1.2' "     \
	"creationDate='2024-01-01T00:00:00Z'>" body "</q:EPCISQueryDocument>"
#define RESULTS                                                                                    \
	"<queryName>Q</queryName><resultsBody><EventList>" OBJ(TIMES EPCS ACT)                     \
	"</EventList></resultsBody>"

/* Each gives one event, and its JSON is read again, as the same event. */
static const struct {
	const char *doc, *warning; /* NULL: none */
} warned[] = {
	{"<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1' schemaVersion='1.2' "
	 "creationDate='2024-01-01T00:00:00'><EPCISBody><EventList>" OBJ(
		 TIMES EPCS ACT) "</EventList></EPCISBody></e:EPCISDocument>",
	 "creationDate has no zone: it is taken for UTC, 2024-01-01T00:00:00Z"},
	{OLD("<QuantityEvent><eventTime>2024-01-02T03:04:05Z</eventTime>"
	     "<eventTimeZoneOffset>+08:00</eventTimeZoneOffset><baseExtension><eventID>urn:e:1"
	     "</eventID></baseExtension><epcClass>urn:epc:idpat:sgtin:4054739.099914.*</epcClass>"
	     "<quantity>200</quantity><bizStep>urn:epcglobal:cbv:bizstep:storing</bizStep>"
	     "<readPoint><id>urn:r:1</id></readPoint><bizTransactionList><bizTransaction>urn:t:1"
	     "</bizTransaction></bizTransactionList><x:own>1</x:own></QuantityEvent>"),
	 "QuantityEvent was withdrawn: it is taken for an ObjectEvent with action OBSERVE"},
	{QUERY1("<EPCISBody><q:QueryResults>" RESULTS "</q:QueryResults></EPCISBody>"), NULL},
	{QUERY1("<EPCISBody><QueryResults>" RESULTS "</QueryResults></EPCISBody>"),
	 "QueryResults is in no namespace"},
	{QUERY1("<EPCISBody><n:QueryResults xmlns:n='urn:epcglobal:epcis-query:xsd:2'>" RESULTS
		"</n:QueryResults></EPCISBody>"),
	 "QueryResults is in the namespace urn:epcglobal:epcis-query:xsd:2"},
	{QUERY1(RESULTS), "queryName stands in EPCISQueryDocument itself"},
	{QUERY1("<q:QueryResults>" RESULTS "</q:QueryResults>"),
	 "QueryResults stands in EPCISQueryDocument itself"},
	{"<q:QueryResults xmlns:q='urn:epcglobal:epcis-query:xsd:1'>" RESULTS "</q:QueryResults>",
	 "a query document is assumed"},
	{"<QueryResults>" RESULTS "</QueryResults>", "a query document is assumed"},
	{QUERY1("<EPCISHeader><s:StandardBusinessDocumentHeader xmlns:s='http://s/'><s:v>1</s:v>"
		"</s:StandardBusinessDocumentHeader><extension><EPCISMasterData><VocabularyList>"
		"<Vocabulary type='urn:v:1'><VocabularyElementList><VocabularyElement id='urn:i:1'/>"
		"</VocabularyElementList></Vocabulary></VocabularyList></EPCISMasterData>"
		"</extension></EPCISHeader><EPCISBody><q:QueryResults>" RESULTS
		"</q:QueryResults></EPCISBody>"),
	 NULL},
	{DOC(OBJ(TIMES "<epcList><epc>urn:a:b</epc><epc>urn:a:c</epc><epc>urn:a:b</epc></epcList>"
		       ACT)),
	 "epcList repeats some of its entries"},
	{ONE("<persistentDisposition><set>urn:x:1</set><set>urn:x:1</set></persistentDisposition>"),
	 "persistentDisposition repeats some"},
	{REPORT("exception='gs1:ALARM_CONDITION'"), NULL},
};

static void test_warned(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		struct doc d = read_text(slice_str(warned[i].doc)), j = {.a = arena_new(0)};
		struct buf json = BUF_INIT;
		struct hash one, two;
		if (d.err != ERR_OK || d.doc.n_events != 1)
			fail_msg("%zu: %s: %s", i, d.n_issues ? d.issues[0].pointer : "",
				 d.n_issues ? d.issues[0].text : "");
		assert_int_equal(d.doc.n_warnings, warned[i].warning != NULL);
		if (warned[i].warning && !strstr(d.doc.warnings[0].text, warned[i].warning))
			fail_msg("%zu: %s", i, d.doc.warnings[0].text);
		assert_int_equal(epcis_write_doc(&json, &d.doc, 0), ERR_OK);
		j.err = epcis_read_json(j.a, &j.doc, j.issues, 8, &j.n_issues, buf_slice(&json));
		if (j.err != ERR_OK)
			fail_msg("%zu: as JSON: %s: %s\n%s", i, j.issues[0].pointer,
				 j.issues[0].text, buf_cstr(&json));
		assert_int_equal(j.doc.n_events, 1);
		assert_int_equal(event_hash(&one, NULL, d.doc.events[0], NULL), ERR_OK);
		assert_int_equal(event_hash(&two, NULL, j.doc.events[0], NULL), ERR_OK);
		assert_true(hash_eq(&one, &two));
		buf_fini(&json);
		arena_free(d.a);
		arena_free(j.a);
	}
}

/* What a QuantityEvent becomes; where a query document's header goes. */
static void test_warned_model(void **state)
{
	(void)state;
	struct doc d = read_text(slice_str(warned[1].doc));
	const event_t *e = d.doc.events[0];
	assert_int_equal(e->type, ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT);
	assert_int_equal(e->action, ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE);
	assert_int_equal(e->n_quantity_list, 1);
	assert_string_equal(e->quantity_list[0]->epc_class, "urn:epc:idpat:sgtin:4054739.099914.*");
	assert_string_equal(e->quantity_list[0]->quantity, "200");
	assert_string_equal(e->event_id, "urn:e:1");
	assert_int_equal(e->n_extensions, 1);
	assert_true(d.doc.warnings[0].line > 1 && d.doc.warnings[0].event == 0);
	arena_free(d.a);

	d = read_text(slice_str(warned[9].doc));
	struct buf json = BUF_INIT;
	assert_int_equal(epcis_write_doc(&json, &d.doc, 0), ERR_OK);
	const char *text = buf_cstr(&json);
	assert_null(strstr(text, "epcisHeader"));
	assert_non_null(strstr(text, "\"s:StandardBusinessDocumentHeader\":{\"s:v\":\"1\"}"));
	assert_non_null(strstr(text, "\"resultsBody\":{\"vocabularyList\":[{\"type\":\"urn:v:1\""));
	buf_fini(&json);
	arena_free(d.a);
}

/* What is no document at all is told by its first bytes; what is cut shows that it is. */
static void test_messages(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t n;
		const char *why;
	} rows[] = {
		{"", 0, "the file is empty"},
		{"\xef\xbb\xbf \n", 5, "nothing but white space"},
		{"\xff\xfe<\0e\0", 6, "UTF-16"},
		{"<\0e\0", 4, "UTF-16"},
		{"\0{\0\"", 4, "UTF-16"},
		{"\xff\xfe\0\0<\0\0\0", 8, "UTF-32"},
		{"PK\3\4...", 7, "ZIP"},
		{"\x1f\x8b\x08", 3, "gzip"},
		{"[{}]", 4, "JSON array"},
		{"\xb4\xf3", 2, "not UTF-8"},
		{"hello", 5, "neither JSON"},
	};
	struct arena *a = arena_new(0);
	struct event_doc doc;
	struct event_issue issue;
	size_t n;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(epcis_read(a, &doc, &issue, 1, &n, slice(rows[i].text, rows[i].n)),
				 ERR_FORMAT);
		assert_int_equal(n, 1);
		if (!strstr(issue.text, rows[i].why))
			fail_msg("%zu: %s", i, issue.text);
	}
	assert_int_equal(epcis_read(a, &doc, &issue, 1, &n, SLICE_LIT("<a>\n\n\xff</a>")), ERR_FORMAT);
	assert_int_equal(issue.line, 3);
	struct buf text = BUF_INIT;
	buf_printf(&text, "%s<bizStep>urn:", ROOT("2") OPEN "<ObjectEvent>" TIMES EPCS ACT);
	for (size_t i = 0; i < 300; i++)
		buf_put_str(&text, "\xe4\xb8\xad");
	buf_printf(&text, " x</bizStep></ObjectEvent>" CLOSE);
	assert_int_equal(epcis_read(a, &doc, &issue, 1, &n, buf_slice(&text)), ERR_FORMAT);
	assert_non_null(strstr(issue.text, "\xe4\xb8\xad...\" is not a URI"));
	assert_true(utf8_valid(slice_str(issue.text)));
	buf_fini(&text);
	arena_free(a);
}

/* ---- what the model holds ---- */

static const event_node_t *child(const event_node_t *n, size_t i, const char *name)
{
	assert_true(i < n->n_children);
	assert_string_equal(n->children[i]->name, name);
	return n->children[i];
}

static void test_extensions(void **state)
{
	(void)state;
	struct doc d = read_text(SLICE_LIT(
		ONE("<x:a x:at='1'> <x:i xsi:type='xsd:integer'>12</x:i><x:r>1</x:r>"
		    "<x:b xsi:type='xsd:boolean'>1</x:b><x:r>2</x:r><bare>t</bare>"
		    "<x:t xmlns:x='http://other/'>3</x:t><x:r/></x:a>"
		    "<x:f xsi:type='xsd:double'>01.50</x:f><p:g xmlns:p='http://x/'>v</p:g>")));
	assert_int_equal(d.err, ERR_OK);
	const event_t *e = d.doc.events[0];
	assert_int_equal(e->n_extensions, 3);
	const event_node_t *a = e->extensions[0];
	assert_string_equal(a->ns, "http://x/");
	assert_string_equal(a->prefix, "x");
	assert_int_equal(a->kind, ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	assert_int_equal(a->n_children, 6);
	assert_true(child(a, 0, "at")->attribute);
	assert_int_equal(child(a, 1, "i")->kind, ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER);
	const event_node_t *r = child(a, 2, "r");
	assert_int_equal(r->kind, ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
	assert_int_equal(r->n_children, 3);
	assert_string_equal(child(r, 1, "")->text, "2");
	assert_string_equal(child(r, 2, "")->text, "");
	assert_string_equal(child(a, 3, "b")->text, "true");
	assert_string_equal(child(a, 4, "bare")->ns, "");
	/* The prefix was bound anew: another is made for export. */
	const event_node_t *t = child(a, 5, "t");
	assert_string_equal(t->ns, "http://other/");
	assert_string_not_equal(t->prefix, "x");
	assert_string_equal(e->extensions[1]->text, "1.5");
	assert_string_equal(e->extensions[2]->prefix, "p");
	assert_int_equal(e->n_namespaces, 3);
	arena_free(d.a);
}

static void test_fields(void **state)
{
	(void)state;
	struct doc d = read_text(SLICE_LIT(DOC(OBJ(
		TIMES "<epcList/>" ACT "<bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>"
		      "<disposition>urn:x:floating</disposition>"
		      "<quantityList><quantityElement><epcClass>urn:x:1</epcClass><quantity>10.50"
		      "</quantity></quantityElement><quantityElement><epcClass>urn:x:2</epcClass>"
		      "<quantity>+.5</quantity><uom>KGM</uom></quantityElement></quantityList>"
		      "<sensorElementList><sensorElement><sensorReport type='gs1:Temperature' "
		      "value='26.0' stringValue='' component='x:up' uom='CEL' bizRules='urn:r:1'/>"
		      "<sensorReport type='gs1:MT-Made' value='.5E+03'/></sensorElement>"
		      "</sensorElementList><ilmd/>"))));
	assert_int_equal(d.err, ERR_OK);
	const event_t *e = d.doc.events[0];
	assert_int_equal(e->n_empty_fields, 2);
	assert_string_equal(e->empty_fields[0], "epcList");
	assert_string_equal(e->empty_fields[1], "ilmd");
	assert_string_equal(e->biz_step, "shipping");
	assert_string_equal(e->disposition, "urn:x:floating");
	assert_string_equal(e->quantity_list[0]->quantity, "10.50");
	assert_string_equal(e->quantity_list[1]->quantity, "0.5");
	const Argosy__V1__SensorReport *r = e->sensor_element_list[0]->reports[0];
	assert_string_equal(r->type, "Temperature");
	assert_string_equal(r->value, "26.0");
	assert_true(r->string_value_present);
	assert_string_equal(r->biz_rules, "urn:r:1");
	assert_int_equal(e->n_namespaces, 0); /* in XML the value x:up is a URI as it stands */
	r = e->sensor_element_list[0]->reports[1];
	assert_string_equal(r->type, "gs1:MT-Made");
	assert_string_equal(r->value, "0.5E3");
	arena_free(d.a);
}

static void test_head(void **state)
{
	(void)state;
	struct doc d = read_text(SLICE_LIT(
		"<epcis:EPCISDocument xmlns:epcis='urn:epcglobal:epcis:xsd:2' "
		"xmlns:r='https://repository-x.example.com/' "
		"xmlns:s='http://www.unece.org/cefact/namespaces/"
		"StandardBusinessDocumentHeader'" NSES
		"<EPCISHeader><s:StandardBusinessDocumentHeader><s:HeaderVersion>1.0"
		"</s:HeaderVersion></s:StandardBusinessDocumentHeader><extension><EPCISMasterData>"
		"<VocabularyList><Vocabulary type='urn:epcglobal:epcis:vtype:BusinessLocation'>"
		"<VocabularyElementList><VocabularyElement id='urn:x:1'><attribute id='urn:a:1'>v"
		"</attribute><attribute id='urn:a:2'><x:o>w</x:o></attribute><children><id>urn:x:2"
		"</id></children></VocabularyElement></VocabularyElementList></Vocabulary>"
		"</VocabularyList></EPCISMasterData></extension></EPCISHeader>"
		"<EPCISBody><EventList>" OBJ(
			TIMES EPCS ACT
			"<x:skip>1</x:skip>") "</EventList>"
					      "<x:body/></EPCISBody><x:more>m</"
					      "x:more><r:ignoreFields>x:skip</r:ignoreFields>"
					      "</epcis:EPCISDocument>"));
	if (d.err != ERR_OK)
		fail_msg("%s: %s", d.issues[0].pointer, d.issues[0].text);
	const Argosy__V1__Document *head = d.doc.head;
	assert_string_equal(head->type, "EPCISDocument");
	assert_string_equal(head->schema_version, "2.0");
	assert_string_equal(head->creation_date, "2024-01-01T00:00:00Z");
	assert_int_equal(head->source_hash.len, 32);
	assert_int_equal(head->n_members, 4);
	assert_string_equal(head->members[0]->name, "ignoreFields");
	assert_string_equal(head->members[1]->name, "epcisHeader");
	assert_string_equal(head->members[2]->name, "more");
	assert_string_equal(head->members[3]->name, "epcisBody");
	assert_string_equal(child(head->members[1], 0, "StandardBusinessDocumentHeader")->prefix,
			    "s");
	const event_node_t *n = child(head->members[1], 1, "epcisMasterData");
	n = child(child(n, 0, "vocabularyList"), 0, "");
	assert_string_equal(child(n, 0, "type")->text,
			    "urn:epcglobal:epcis:vtype:BusinessLocation");
	n = child(child(n, 1, "vocabularyElementList"), 0, "");
	assert_string_equal(child(n, 0, "id")->text, "urn:x:1");
	assert_int_equal(child(n, 1, "attributes")->n_children, 2);
	assert_string_equal(child(child(n, 1, "attributes")->children[0], 1, "attribute")->text,
			    "v");
	assert_string_equal(child(child(n, 2, "children"), 0, "")->text, "urn:x:2");
	assert_int_equal(d.doc.events[0]->n_ignore_fields, 1);
	assert_string_equal(d.doc.events[0]->ignore_fields[0], "{http://x/}skip");
	arena_free(d.a);
}

/* All faulty events are named, each with its line; the good ones are there. */
static void test_many_issues(void **state)
{
	(void)state;
	struct doc d = read_text(SLICE_LIT(DOC(OBJ(TIMES EPCS ACT) "\n" OBJ(TIMES EPCS) "\n" OBJ(
		TIMES EPCS ACT) "\n" OBJ(TIMES EPCS ACT "\n<bizStep>no</bizStep>"))));
	assert_int_equal(d.err, ERR_FORMAT);
	assert_int_equal(d.n_issues, 2);
	assert_int_equal(d.doc.n_events, 4);
	assert_non_null(d.doc.events[0]);
	assert_null(d.doc.events[1]);
	assert_non_null(d.doc.events[2]);
	assert_null(d.doc.events[3]);
	assert_int_equal(d.issues[0].event, 1);
	assert_int_equal(d.issues[0].line, 5);
	assert_int_equal(d.issues[1].event, 3);
	assert_int_equal(d.issues[1].line, 8);
	assert_string_equal(d.issues[1].pointer,
			    "/epcis:EPCISDocument/EPCISBody/EventList/ObjectEvent[4]/bizStep");
	arena_free(d.a);
}

/* ---- limits ---- */

static struct buf wide(const char *before, const char *each, size_t n, const char *after)
{
	struct buf b = BUF_INIT;
	buf_put_str(&b, before);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, each, i);
	buf_put_str(&b, after);
	assert_false(b.failed);
	return b;
}

static void assert_limit(struct buf b, const char *why)
{
	struct doc d = read_text(buf_slice(&b));
	assert_true(d.err == ERR_FORMAT || d.err == ERR_LIMIT);
	assert_true(d.n_issues > 0);
	if (!strstr(d.issues[0].text, why))
		fail_msg("%s: %s", why, d.issues[0].text);
	arena_free(d.a);
	buf_fini(&b);
}

static void test_limits(void **state)
{
	(void)state;
	static const char before[] = ROOT("2") OPEN "<ObjectEvent>" TIMES EPCS ACT;
	static const char after[] = "</ObjectEvent>" CLOSE;
	struct buf deep = wide(before, "<x:a>", 40, "");
	for (size_t i = 0; i < 40; i++)
		buf_put_str(&deep, "</x:a>");
	buf_put_str(&deep, after);
	assert_limit(deep, "nested more than");
	assert_limit(wide(before, "<x:a%zu/>", 1100, after), "different names");
	assert_limit(wide(before, "<x:a><!--%zu--></x:a>", EVENT_LIST_MAX + 1, after),
		     "repeated more than");
	assert_limit(wide(before, "<a xmlns='http://n%zu/'/>", 300, after), "namespaces");
	assert_limit(wide(ROOT("2") OPEN "<ObjectEvent>" TIMES "<epcList>", "<epc>urn:x:%zu</epc>",
			  EVENT_LIST_MAX + 1, "</epcList>" ACT "</ObjectEvent>" CLOSE),
		     "more than 10000 entries");
	assert_limit(wide("<a ", "b%zu='' ", 300, "/>"), "256 attributes");
	struct buf text = wide(ROOT("2") OPEN "<ObjectEvent>" TIMES "<epcList><epc>urn:x:", "%zu",
			       EVENT_STRING_MAX, "</epc></epcList>" ACT "</ObjectEvent>" CLOSE);
	assert_limit(text, "longer than");
	struct xml_fault fault;
	xmlDoc *tree;
	assert_int_equal(xml_read(&tree, &fault, SLICE_LIT("<a/>"), 3), ERR_LIMIT);
	assert_null(tree);
}

/* Every allocation of the arena fails once. */
static void test_no_memory(void **state)
{
	(void)state;
	static const struct slice text = {
		(const uint8_t *)ONE(
			"<readPoint><id>urn:x:1</id><x:p>1</x:p></readPoint>"
			"<bizTransactionList><bizTransaction>urn:x:1</bizTransaction>"
			"</bizTransactionList><x:a b='c'><x:d>1</x:d><x:d>2</x:d></x:a>"),
		sizeof(ONE("<readPoint><id>urn:x:1</id><x:p>1</x:p></readPoint>"
			   "<bizTransactionList><bizTransaction>urn:x:1</bizTransaction>"
			   "</bizTransactionList><x:a b='c'><x:d>1</x:d><x:d>2</x:d></x:a>")) -
			1};
	struct event_issue issue;
	size_t n, failures = 0;
	for (size_t limit = 1;; limit += 8) {
		struct arena *a = arena_new(limit);
		struct event_doc doc;
		enum err err = a ? epcis_read_xml(a, &doc, &issue, 1, &n, text) : ERR_NOMEM;
		arena_free(a);
		if (err == ERR_OK)
			break;
		assert_int_equal(err, ERR_NOMEM);
		failures++;
	}
	assert_true(failures > 20);
}

/* ---- the format is guessed ---- */

static void test_guess(void **state)
{
	(void)state;
	enum epcis_format f;
	assert_true(epcis_format_guess(&f, SLICE_LIT(" \r\n<a/>")) && f == EPCIS_XML);
	assert_true(epcis_format_guess(&f, SLICE_LIT("\xef\xbb\xbf\t{")) && f == EPCIS_JSON);
	assert_false(epcis_format_guess(&f, SLICE_LIT("")));
	assert_false(epcis_format_guess(&f, SLICE_LIT("  ")));
	assert_false(epcis_format_guess(&f, SLICE_LIT("[1]")));
	struct doc d = {.a = arena_new(0)};
	assert_int_equal(epcis_read(d.a, &d.doc, d.issues, 8, &d.n_issues, SLICE_LIT("EPC")),
			 ERR_FORMAT);
	assert_int_equal(d.n_issues, 1);
	assert_int_equal(epcis_read(d.a, &d.doc, d.issues, 8, &d.n_issues, SLICE_LIT(ONE(""))),
			 ERR_OK);
	arena_free(d.a);
}

/* ---- published documents ---- */

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

/* `why` NULL: read, with so many events. Else refused; `schema` is the validator's verdict. */
static const struct {
	const char *path;
	size_t events;
	const char *why;
	char schema;
} published[] = {
	{"gs1/XML/Example-PersistentDisposition.xml", 2, NULL, 'v'},
	{"gs1/XML/Example-TransactionEvent-2020_07_03y.xml", 2, NULL, 'v'},
	{"gs1/XML/Example_9.6.1-ObjectEvent-2020_06_18a.xml", 2, NULL, 'v'},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 8, NULL, 'v'},
	{"gs1/XML/CBV/CBV-11.1-2020-06-16a.xml", 1, NULL, 'v'},
	{"gs1/XML/CBV/CBV-11.2-2020-06-16a.xml", 1, NULL, 'v'},
	{"gs1/XML/CBV/CBV-11.3-2020-06-16a.xml", 1, NULL, 'v'},
	{"gs1/XML/CBV/CBV-11.4-2020-06-16a.xml", 0, NULL, '-'},
	{"gs1/XML/CaptureJob/Example-CaptureJobRunning.xml", 0, "not an EPCISDocument", '-'},
	{"gs1/XML/Mimasu/Example-associatonEvent-sensor.xml", 8, NULL, 'v'},
	{"gs1/XML/Mimasu/Example-masterData.xml", 0, NULL, '-'},
	{"gs1/XML/Mimasu/Example1.xml", 2, NULL, 'v'},
	{"gs1/XML/Mimasu/Example2.xml", 1, NULL, 'v'},
	{"gs1/XML/Mimasu/Example3.xml", 1, NULL, 'v'},
	{"gs1/XML/Mimasu/Example4.xml", 1, NULL, 'v'},
	{"gs1/XML/WithErrorDeclaration/ErrorDeclarationAndCorrectiveEvent.xml", 2, NULL, 'v'},
	{"gs1/XML/WithExtension/AggregationEvent.xml", 1, NULL, 'v'},
	{"gs1/XML/WithExtension/AssociationEvent.xml", 1, NULL, 'v'},
	{"gs1/XML/WithExtension/ObjectEvent.xml", 2, NULL, 'v'},
	{"gs1/XML/WithExtension/TransactionEvent.xml", 1, NULL, 'v'},
	{"gs1/XML/WithExtension/TransformationEvent.xml", 1, NULL, 'v'},
	{"gs1/XML/WithFullCombinationOfFields/aggregation_event_all_possible_fields.xml", 1, NULL,
	 'v'},
	{"gs1/XML/WithFullCombinationOfFields/association_event_all_possible_fields.xml", 1, NULL,
	 'v'},
	{"gs1/XML/WithFullCombinationOfFields/masterdata_all_possible_fields.xml", 0, NULL, 'v'},
	{"gs1/XML/WithFullCombinationOfFields/object_event_all_possible_fields.xml", 1, NULL, 'v'},
	{"gs1/XML/WithFullCombinationOfFields/transaction_event_all_possible_fields.xml", 1, NULL,
	 'v'},
	{"gs1/XML/WithFullCombinationOfFields/transformation_event_all_possible_fields.xml", 1,
	 NULL, 'v'},
	{"gs1/XML/WithSensorData/SensorDataExamples.xml", 14, NULL, 'v'},
	{"event-hash/SensorDataExamples.xml", 12, "must stand before ilmd", 'i'},
	{"openepcis-1.2/AggregationEvent.xml", 1, NULL, 'v'},
	{"openepcis-1.2/AggregationEvent_all_possible_fields.xml", 1, "time is no dateTime", 'i'},
	{"openepcis-1.2/All_eventTypes_in_single_document.xml", 6, NULL, 'v'},
	{"openepcis-1.2/AssociationEvent.xml", 1, NULL, 'v'},
	{"openepcis-1.2/AssociationEvent_all_possible_fields.xml", 1, "prefix xsd", 'i'},
	{"openepcis-1.2/Document_with_namespace.xml", 1, "namespace urn:epcglobal:epcis:xsd:2",
	 'i'},
	{"openepcis-1.2/EPCISDocument_with_comment.xml", 8, NULL, 'v'},
	{"openepcis-1.2/GS1_US_Pharma_Example_2_2_1_1.xml", 8, NULL, 'v'},
	{"openepcis-1.2/Jumbled_attributes_order.xml", 1, "must stand before the extensions", 'i'},
	{"openepcis-1.2/ObjectEvent.xml", 1, NULL, 'v'},
	{"openepcis-1.2/ObjectEvent_all_possible_fields.xml", 1, "time is no dateTime", 'i'},
	{"openepcis-1.2/ObjectEvent_with_baseExtension_errorDeclaration.xml", 3, NULL, 'v'},
	{"openepcis-1.2/ObjectEvent_with_sensorData.xml", 1, NULL, 'v'},
	{"openepcis-1.2/Single_event.xml", 0, "bare TransactionEvent", 'i'},
	{"openepcis-1.2/Single_event_with_namespace.xml", 0, "bare ObjectEvent", 'i'},
	{"openepcis-1.2/TransactionEvent.xml", 1, NULL, 'v'},
	{"openepcis-1.2/TransactionEvent_all_possible_fields.xml", 1, "date and time", 'i'},
	{"openepcis-1.2/TransformationEvent.xml", 1, NULL, 'v'},
	{"openepcis-1.2/TransformationEvent_all_possible_fields.xml", 1, "time is no dateTime",
	 'i'},
};

static void test_published(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		char path[256];
		struct buf text = BUF_INIT;
		snprintf(path, sizeof(path), EPCIS_DATA "%s", published[i].path);
		if (!read_file(&text, path)) {
			assert_int_equal(i, 0);
			printf("SKIP: no published documents in " EPCIS_DATA "\n");
			return;
		}
		struct doc d = read_text(buf_slice(&text));
		const char *said = d.n_issues ? d.issues[0].text : "";
		if (d.doc.n_events != published[i].events ||
		    (published[i].why ? d.err != ERR_FORMAT || !strstr(said, published[i].why)
				      : d.err != ERR_OK))
			fail_msg("%s: %d, %zu events, %s", published[i].path, d.err, d.doc.n_events,
				 said);
		arena_free(d.a);
		buf_fini(&text);
	}
}

/* What was read from XML, written as JSON-LD and read again, has the same hashes. */
static void test_export(void **state)
{
	(void)state;
	size_t back = 0;
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		char path[256];
		struct buf text = BUF_INIT, json = BUF_INIT;
		snprintf(path, sizeof(path), EPCIS_DATA "%s", published[i].path);
		if (!read_file(&text, path)) {
			printf("SKIP: no published documents in " EPCIS_DATA "\n");
			return;
		}
		struct doc x = read_text(buf_slice(&text)), j = {.a = arena_new(0)};
		if (x.err == ERR_OK && strcmp(x.doc.head->type, EPCIS_MASTER_DATA) != 0) {
			assert_int_equal(epcis_write_doc(&json, &x.doc, 0), ERR_OK);
			j.err = epcis_read_json(j.a, &j.doc, j.issues, 8, &j.n_issues,
						buf_slice(&json));
			if (j.err != ERR_OK)
				fail_msg("%s: %s", path, j.issues[0].text);
			for (size_t k = 0; k < x.doc.n_events; k++, back++) {
				struct hash one, two;
				assert_int_equal(event_hash(&one, NULL, x.doc.events[k], NULL),
						 ERR_OK);
				assert_int_equal(event_hash(&two, NULL, j.doc.events[k], NULL),
						 ERR_OK);
				if (!hash_eq(&one, &two))
					fail_msg("%s event %zu has another hash as JSON", path, k);
			}
		}
		arena_free(x.a);
		arena_free(j.a);
		buf_fini(&text);
		buf_fini(&json);
	}
	assert_true(back > 50);
}

/* ---- against the schema's own validator ---- */

static xmlSchema *load_schema(const char *path)
{
	xmlSchemaParserCtxt *p = xmlSchemaNewParserCtxt(path);
	xmlSchemaSetParserErrors(p, NULL, NULL, NULL);
	xmlSchema *s = xmlSchemaParse(p);
	xmlSchemaFreeParserCtxt(p);
	return s;
}

static void quiet(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

/* 'v', 'i', or '-' where it is no document of these two schemas. */
static char validate(xmlSchema *const schemas[2], struct slice text)
{
	xmlDoc *doc = xmlReadMemory((const char *)text.p, (int)text.n, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (!doc)
		return '-';
	bool old = memmem(text.p, text.n, "epcis:xsd:1", 11) != NULL;
	xmlSchemaValidCtxt *v = xmlSchemaNewValidCtxt(schemas[old]);
	xmlSchemaSetValidErrors(v, quiet, quiet, NULL);
	char verdict = xmlSchemaValidateDoc(v, doc) == 0 ? 'v' : 'i';
	xmlSchemaFreeValidCtxt(v);
	xmlFreeDoc(doc);
	return verdict;
}

static void assert_verdict(xmlSchema *const schemas[2], struct slice text, char want,
			   const char *what)
{
	char got = want == '-' ? '-' : validate(schemas, text);
	if (got != want)
		fail_msg("the schema says %c, not %c, of %s", got, want, what);
}

static void test_schema(void **state)
{
	(void)state;
	FILE *f = fopen(EPCIS_DATA "gs1/XSD/EPCglobal-epcis-2_0.xsd", "rb");
	if (!f) {
		printf("SKIP: no schemas in " EPCIS_DATA "\n");
		return;
	}
	fclose(f);
	xmlSchema *const schemas[2] = {
		load_schema(EPCIS_DATA "gs1/XSD/EPCglobal-epcis-2_0.xsd"),
		load_schema(EPCIS_DATA "gs1/XSD-1.2/EPCglobal-epcis-1_2.xsd"),
	};
	assert_non_null(schemas[0]);
	assert_non_null(schemas[1]);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_verdict(schemas, slice_str(refused[i].doc), refused[i].schema,
			       refused[i].doc);
	for (size_t i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++)
		assert_verdict(schemas, slice_str(accepted[i].doc), accepted[i].schema,
			       accepted[i].doc);
	for (size_t i = 0; i < sizeof(published) / sizeof(published[0]); i++) {
		char path[256];
		struct buf text = BUF_INIT;
		snprintf(path, sizeof(path), EPCIS_DATA "%s", published[i].path);
		assert_true(read_file(&text, path));
		assert_verdict(schemas, buf_slice(&text), published[i].schema, path);
		buf_fini(&text);
	}
	xmlSchemaFree(schemas[0]);
	xmlSchemaFree(schemas[1]);
	xmlSchemaCleanupTypes();
}

/* ---- XML and JSON give one hash ---- */

static size_t hashes_of(struct hash *out, size_t max, const char *path)
{
	struct buf text = BUF_INIT;
	char full[256];
	struct doc d = {.a = arena_new(0)};
	snprintf(full, sizeof(full), EPCIS_DATA "%s", path);
	assert_true(read_file(&text, full));
	d.err = epcis_read(d.a, &d.doc, d.issues, 8, &d.n_issues, buf_slice(&text));
	if (d.err != ERR_OK)
		fail_msg("%s: %s", path, d.n_issues ? d.issues[0].text : "");
	assert_true(d.doc.n_events <= max);
	for (size_t i = 0; i < d.doc.n_events; i++)
		assert_int_equal(event_hash(&out[i], NULL, d.doc.events[i], NULL), ERR_OK);
	buf_fini(&text);
	size_t n = d.doc.n_events;
	arena_free(d.a);
	return n;
}

/* GS1's examples of one event in both syntaxes; most others differ in content. */
static const struct {
	const char *xml;
	size_t index;
	const char *json;
} pairs[] = {
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 0,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-a.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 1,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-b.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 2,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-c.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 3,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-d.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 4,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-e.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 5,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-f.jsonld"},
	{"gs1/XML/AssociationEvent/AssociationEventExamples.xml", 6,
	 "gs1/JSON-simple-context/AssociationEvent/AssociationEvent-d.jsonld"},
	{"gs1/XML/Example-PersistentDisposition.xml", 0,
	 "gs1/JSON-simple-context/PersistentDisposition-example.jsonld"},
	{"gs1/XML/Example-PersistentDisposition.xml", 1,
	 "gs1/JSON-simple-context/PersistentDisposition-example.jsonld"},
	{"gs1/XML/Example_9.6.1-ObjectEvent-2020_06_18a.xml", 0,
	 "gs1/JSON-simple-context/Example_9.6.1-ObjectEvent-with-pseudo-SBDH-headers.jsonld"},
	{"gs1/XML/WithSensorData/SensorDataExamples.xml", 0,
	 "gs1/JSON-simple-context/WithSensorData/SensorDataExample1.jsonld"},
	{"gs1/XML/WithSensorData/SensorDataExamples.xml", 1,
	 "gs1/JSON-simple-context/WithSensorData/SensorDataExample2.jsonld"},
	{"gs1/XML/WithSensorData/SensorDataExamples.xml", 2,
	 "gs1/JSON-simple-context/WithSensorData/SensorDataExample3.jsonld"},
	{"gs1/XML/WithSensorData/SensorDataExamples.xml", 4,
	 "gs1/JSON-simple-context/WithSensorData/SensorDataExample5.jsonld"},
};

static void test_pairs(void **state)
{
	(void)state;
	FILE *f = fopen(EPCIS_DATA "gs1/XML/AssociationEvent/AssociationEventExamples.xml", "rb");
	if (!f) {
		printf("SKIP: no published documents in " EPCIS_DATA "\n");
		return;
	}
	fclose(f);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct hash xml[16], json[16];
		size_t n = hashes_of(xml, 16, pairs[i].xml), k = hashes_of(json, 16, pairs[i].json);
		bool found = false;
		assert_true(pairs[i].index < n);
		for (size_t j = 0; j < k; j++)
			found = found || hash_eq(&xml[pairs[i].index], &json[j]);
		if (!found)
			fail_msg("%s event %zu is not in %s", pairs[i].xml, pairs[i].index,
				 pairs[i].json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	   cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_warned),	   cmocka_unit_test(test_warned_model),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_extensions), cmocka_unit_test(test_fields),
		cmocka_unit_test(test_head),	   cmocka_unit_test(test_many_issues),
		cmocka_unit_test(test_limits),	   cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_guess),	   cmocka_unit_test(test_published),
		cmocka_unit_test(test_schema),	   cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_export),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
