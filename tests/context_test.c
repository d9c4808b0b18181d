/*
 * Contexts by address, from outside: registered, used, listed, removed; never fetched. And what
 * "epcis check" says of documents that are read with a warning.
 */
#include "program.h"

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

static struct program_result last;

#define CODE(expected, ...)                                                                        \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = program_run("argosy", __VA_ARGS__, (const char *)NULL);                     \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)
#define OUT(text) assert_non_null(strstr(last.out, text))
#define ERR(text) assert_non_null(strstr(last.err, text))

#define URL	 "https://acme.example/context.jsonld"
#define STANDARD "\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\""
#define DOCUMENT(fields)                                                                           \
	"{\"@context\":[\"" URL "\"],\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\","        \
	"\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[{\"type\":"       \
	"\"ObjectEvent\",\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventTimeZoneOffset\":"          \
	"\"+00:00\",\"action\":\"ADD\",\"epcList\":[\"urn:a:b\"]," fields "}]}}"

static void test_context(void **state)
{
	(void)state;
	char document[300], context[300];
	snprintf(document, sizeof document, "%s",
		 program_file("doc.jsonld", DOCUMENT("\"acme:shift\":\"7\",\"acme:lines\":\"3\","
						     "\"acme:ref\":\"sub:x\"")));
	snprintf(context, sizeof context, "%s",
		 program_file("context.jsonld",
			      "{\"@context\":[" STANDARD ",{\"@version\":1.1,\"acme\":"
			      "\"https://acme.example/voc/\",\"shift\":\"acme:shift\",\"note\":"
			      "{\"@id\":\"acme:note\",\"@context\":{\"x\":\"urn:x:\"}},\"acme:lines\":"
			      "{\"@type\":\"xsd:integer\"},\"sub\":\"acme:sub#\"}]}"));
	CODE(0, "epcis", "context", "list");
	assert_string_equal(last.out, "");
	CODE(1, "epcis", "check", document);
	OUT("is not a known context; none is ever fetched");

	CODE(0, "epcis", "context", "add", URL, context);
	CODE(0, "epcis", "context", "add", URL, context); /* again: it is replaced */
	CODE(0, "epcis", "context", "list");
	OUT(URL "\t");
	assert_ptr_equal(strchr(last.out, '\n'), strrchr(last.out, '\n'));
	CODE(0, "epcis", "context", "list", "--json");
	OUT("{\"url\":\"" URL "\",\"bytes\":");
	CODE(0, "epcis", "check", document);
	CODE(0, "epcis", "hash", "--prehash", document);
	OUT("{https://acme.example/voc/}lines=3{https://acme.example/voc/}ref="
	    "https://acme.example/voc/sub#x{https://acme.example/voc/}shift=7");

	CODE(0, "epcis", "context", "remove", URL);
	CODE(1, "epcis", "check", document);
	CODE(3, "epcis", "context", "remove", URL);
	ERR("no context is registered for " URL);
}

/* What could change the standard's names is refused before any document uses it. */
static void test_refused(void **state)
{
	(void)state;
	static const struct {
		const char *text, *why;
	} rows[] = {
		{"{\"@context\":{\"@vocab\":\"http://x/\"}}", "could change what standard names"},
		{"{\"@context\":{\"bizStep\":\"http://x/\"}}", "name of the standard"},
		{"{\"@context\":{\"bizStep\":null}}", "name of the standard"},
		{"{\"@context\":\"" URL "\"}", "name each other more than 4 deep"},
		{"{\"@context\":\"https://other.example/\"}", "not a known context"},
		{"{}", "\"@context\" is missing"},
		{"{\"@context\":", "not JSON"},
		{"", "not JSON"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		CODE(1, "epcis", "context", "add", URL, program_file("bad.jsonld", rows[i].text));
		if (!strstr(last.err, rows[i].why))
			fail_msg("%s: %s", rows[i].text, last.err);
	}
	CODE(2, "epcis", "context", "add", "no address", program_file("bad.jsonld", "{}"));
	CODE(2, "epcis", "context");
	CODE(2, "epcis", "context", "add", URL);
	CODE(2, "epcis", "context", "drop", URL);
	CODE(3, "epcis", "context", "add", URL, "/nowhere");
	CODE(0, "epcis", "context", "list");
	assert_string_equal(last.out, "");
}

static void test_warning(void **state)
{
	(void)state;
	char old[300];
	snprintf(old, sizeof old, "%s",
		 program_file("old.xml",
			      "<e:EPCISDocument xmlns:e='urn:epcglobal:epcis:xsd:1' schemaVersion='1.2' "
			      "creationDate='2024-01-01T00:00:00'><EPCISBody><EventList><QuantityEvent>"
			      "<eventTime>2024-01-02T03:04:05Z</eventTime><eventTimeZoneOffset>+08:00"
			      "</eventTimeZoneOffset><epcClass>urn:x:1</epcClass><quantity>5</quantity>"
			      "</QuantityEvent></EventList></EPCISBody></e:EPCISDocument>"));
	CODE(0, "epcis", "check", old);
	ERR("warning: /e:EPCISDocument: creationDate has no zone: it is taken for UTC");
	ERR("QuantityEvent was withdrawn: it is taken for an ObjectEvent");
	CODE(0, "epcis", "check", "--json", old);
	OUT("\"assumed\":[{\"pointer\":\"/e:EPCISDocument\",\"text\":\"creationDate has no zone");
	OUT("{\"event\":0,\"pointer\":\"/e:EPCISDocument/EPCISBody/EventList/QuantityEvent\"");
	CODE(1, "epcis", "check", program_file("empty", ""));
	OUT("the file is empty");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_context),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_warning),
	};
	program_begin();
	setenv("XDG_CONFIG_HOME", program_dir, 1);
	char none[300];
	snprintf(none, sizeof none, "%s/none", program_dir);
	setenv("ARGOSY_DATA_DIR", none, 1);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	program_free(&last);
	program_end();
	return failed;
}
