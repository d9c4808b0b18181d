/*
 * event_check on the model, as decoded transactions give it: what no JSON
 * reader would let through must be refused here too. Each case takes a good
 * event and spoils one thing.
 */
#include "data/epcis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

typedef Argosy__V1__Node node_t;

static const char GOOD[] =
	"{\"@context\":[\"https://ref.gs1.org/standards/epcis/epcis-context.jsonld\","
	"{\"ex\":\"http://one.example/\"}],\"type\":\"ObjectEvent\",\"action\":\"ADD\","
	"\"eventTime\":\"2026-01-02T03:04:05Z\",\"eventTimeZoneOffset\":\"+00:00\","
	"\"epcList\":[\"urn:a:b\",\"urn:a:c\"],\"quantityList\":[{\"epcClass\":\"urn:q:1\","
	"\"quantity\":1.5,"
	"\"uom\":\"KGM\"}],\"bizStep\":\"commissioning\",\"disposition\":\"active\","
	"\"readPoint\":{\"id\":\"urn:r:1\",\"ex:a\":1},\"bizLocation\":{\"id\":\"urn:l:1\"},"
	"\"bizTransactionList\":[{\"type\":\"po\",\"bizTransaction\":\"urn:t:1\"}],"
	"\"sourceList\":[{\"type\":\"location\",\"source\":\"urn:s:1\"}],\"destinationList\":[],"
	"\"persistentDisposition\":{\"set\":[\"damaged\"]},\"certificationInfo\":\"urn:c:1\","
	"\"errorDeclaration\":{\"declarationTime\":\"2026-01-02T03:04:05Z\",\"reason\":\"did_not_"
	"occur\","
	"\"correctiveEventIDs\":[\"urn:e:2\"]},"
	"\"sensorElementList\":[{\"sensorMetadata\":{\"time\":\"2026-01-02T03:04:05Z\",\"ex:m\":"
	"true},"
	"\"sensorReport\":[{\"type\":\"Temperature\",\"value\":4.0,\"booleanValue\":true}]}],"
	"\"ilmd\":{\"ex:o\":{\"ex:a\":[1,\"x\",null,{\"ex:b\":2}]}},\"ex:x\":\"y\"}";

static char BAD_UTF8[] = "\xff";
static char WORD[] = "word";
static char EMPTY[] = "";

static void bad_type(event_t *e)
{
	e->type = (Argosy__V1__EventType)77;
}
static void no_type(event_t *e)
{
	e->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED;
}
static void second_type(event_t *e)
{
	e->extended_type = WORD;
}
static void bad_action(event_t *e)
{
	e->action = (Argosy__V1__EventAction)9;
}
static void no_action(event_t *e)
{
	e->action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_UNSPECIFIED;
}
static void ilmd_observe(event_t *e)
{
	e->action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
}
static void other_kind(event_t *e)
{
	e->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION;
}
static void no_time(event_t *e)
{
	e->event_time = EMPTY;
}
static void time_word(event_t *e)
{
	e->event_time = WORD;
}
static void offset_word(event_t *e)
{
	e->event_time_zone_offset = WORD;
}
static void epc_word(event_t *e)
{
	e->epc_list[1] = WORD;
}
static void epc_empty(event_t *e)
{
	e->epc_list[0] = EMPTY;
}
static void epc_utf8(event_t *e)
{
	e->epc_list[0] = BAD_UTF8;
}
static void too_many(event_t *e)
{
	e->n_epc_list = EVENT_LIST_MAX + 1;
}
static void quantity_word(event_t *e)
{
	e->quantity_list[0]->quantity = WORD;
}
static void uom_word(event_t *e)
{
	e->quantity_list[0]->uom = WORD;
}
static void class_empty(event_t *e)
{
	e->quantity_list[0]->epc_class = EMPTY;
}
static void step_word(event_t *e)
{
	e->biz_step = WORD;
}
static void step_utf8(event_t *e)
{
	e->biz_step = BAD_UTF8;
}
static void place_empty(event_t *e)
{
	e->biz_location->id = EMPTY;
}
static void ref_empty(event_t *e)
{
	e->source_list[0]->id = EMPTY;
}
static void ref_type(event_t *e)
{
	e->source_list[0]->type = EMPTY;
}
static void btt_word(event_t *e)
{
	e->biz_transaction_list[0]->type = WORD;
}
static void nothing_set(event_t *e)
{
	e->persistent_disposition->n_set = 0;
}
static void set_empty(event_t *e)
{
	e->persistent_disposition->set[0] = EMPTY;
}
static void error_time(event_t *e)
{
	e->error_declaration->declaration_time = EMPTY;
}
static void corrective(event_t *e)
{
	e->error_declaration->corrective_event_ids[0] = EMPTY;
}
static void no_report(event_t *e)
{
	e->sensor_element_list[0]->n_reports = 0;
}
static void report_type(event_t *e)
{
	e->sensor_element_list[0]->reports[0]->type = EMPTY;
}
static void report_value(event_t *e)
{
	e->sensor_element_list[0]->reports[0]->value = WORD;
}
static void report_bool(event_t *e)
{
	e->sensor_element_list[0]->reports[0]->boolean_value = WORD;
}
static void report_text(event_t *e)
{
	e->sensor_element_list[0]->reports[0]->string_value = BAD_UTF8;
}
static void meta_time(event_t *e)
{
	e->sensor_element_list[0]->metadata->time = WORD;
}
static void node_no_ns(event_t *e)
{
	e->extensions[0]->ns = EMPTY;
}
static void node_bad_ns(event_t *e)
{
	e->extensions[0]->ns = WORD;
}
static void node_no_name(event_t *e)
{
	e->extensions[0]->name = EMPTY;
}
static void node_bad_name(event_t *e)
{
	e->extensions[0]->name = BAD_UTF8;
}
static void node_bad_prefix(event_t *e)
{
	static char p[] = "a:b";
	e->extensions[0]->prefix = p;
}
static void node_kind(event_t *e)
{
	e->extensions[0]->kind = (Argosy__V1__NodeKind)17;
}
static void node_text(event_t *e)
{
	e->extensions[0]->text = BAD_UTF8;
}
static void node_number(event_t *e)
{
	e->extensions[0]->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER;
}
static void node_bool(event_t *e)
{
	e->extensions[0]->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL;
}
static void node_null(event_t *e)
{
	e->extensions[0]->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_NULL;
}
static void node_array_text(event_t *e)
{
	e->extensions[0]->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
}
static void leaf_children(event_t *e)
{
	e->ilmd[0]->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_STRING;
}
static void entry_name(event_t *e)
{
	e->ilmd[0]->children[0]->children[1]->name = WORD;
}
static void place_node(event_t *e)
{
	e->read_point->extensions[0]->name = EMPTY;
}
static void meta_node(event_t *e)
{
	e->sensor_element_list[0]->metadata->extensions[0]->text = WORD;
}
static void prefix_word(event_t *e)
{
	static char p[] = "9";
	e->namespaces[0]->prefix = p;
}
static void namespace_word(event_t *e)
{
	e->namespaces[0]->uri = WORD;
}
static void empty_unknown(event_t *e)
{
	e->empty_fields[0] = WORD;
}
static void empty_full(event_t *e)
{
	static char f[] = "epcList";
	e->empty_fields[0] = f;
}
static void empty_kind(event_t *e)
{
	static char f[] = "childEPCs";
	e->empty_fields[0] = f;
}
static void empty_corrective(event_t *e)
{
	static char f[] = "errorDeclaration/correctiveEventIDs";
	e->empty_fields[0] = f;
}
static void deep(event_t *e)
{
	/* A ring: deeper than any limit. */
	e->ilmd[0]->children[0] = e->ilmd[0];
}
static void nothing(event_t *e)
{
	e->n_epc_list = e->n_quantity_list = e->n_sensor_element_list = 0;
}

static const struct {
	const char *what;
	void (*spoil)(event_t *e);
	const char *pointer, *cause;
} CASES[] = {
	{"bad_type", bad_type, "/type", "kind"},
	{"no_type", no_type, "/type", "kind"},
	{"second_type", second_type, "/type", "second"},
	{"bad_action", bad_action, "/action", "action"},
	{"no_action", no_action, "", "action is missing"},
	{"ilmd_observe", ilmd_observe, "/ilmd", "ADD"},
	{"other_kind", other_kind, "/ilmd", "may not"},
	{"no_time", no_time, "", "eventTime is missing"},
	{"time_word", time_word, "/eventTime", "zone"},
	{"offset_word", offset_word, "/eventTimeZoneOffset", "offset"},
	{"epc_word", epc_word, "/epcList/1", "URI"},
	{"epc_empty", epc_empty, "/epcList/0", "empty"},
	{"epc_utf8", epc_utf8, "/epcList/0", "URI"},
	{"too_many", too_many, "/epcList", "more than"},
	{"quantity_word", quantity_word, "/quantityList/0/quantity", "number"},
	{"uom_word", uom_word, "/quantityList/0/uom", "unit"},
	{"class_empty", class_empty, "/quantityList/0", "epcClass"},
	{"step_word", step_word, "/bizStep", "business step"},
	{"step_utf8", step_utf8, "/bizStep", "business step"},
	{"place_empty", place_empty, "/bizLocation", "id is missing"},
	{"ref_empty", ref_empty, "/sourceList/0", "source is missing"},
	{"ref_type", ref_type, "/sourceList/0", "type is missing"},
	{"btt_word", btt_word, "/bizTransactionList/0/type", "business transaction type"},
	{"nothing_set", nothing_set, "/persistentDisposition", "neither"},
	{"set_empty", set_empty, "/persistentDisposition/set/0", "disposition"},
	{"error_time", error_time, "/errorDeclaration", "declarationTime"},
	{"corrective", corrective, "/errorDeclaration/correctiveEventIDs/0", "URI"},
	{"no_report", no_report, "/sensorElementList/0", "sensorReport"},
	{"report_type", report_type, "/sensorElementList/0/sensorReport/0", "type is missing"},
	{"report_value", report_value, "/sensorElementList/0/sensorReport/0/value", "number"},
	{"report_bool", report_bool, "/sensorElementList/0/sensorReport/0/booleanValue", "neither"},
	{"report_text", report_text, "/sensorElementList/0/sensorReport/0/stringValue", "UTF-8"},
	{"meta_time", meta_time, "/sensorElementList/0/sensorMetadata/time", "zone"},
	{"node_no_ns", node_no_ns, "/ex:x", "no namespace"},
	{"node_bad_ns", node_bad_ns, "/ex:x", "namespace"},
	{"node_no_name", node_no_name, "/ex:", "name"},
	{"node_bad_name", node_bad_name, "/ex:", "name"},
	{"node_bad_prefix", node_bad_prefix, "/a:b:x", "prefix"},
	{"node_kind", node_kind, "/ex:x", "unknown kind"},
	{"node_text", node_text, "/ex:x", "UTF-8"},
	{"node_number", node_number, "/ex:x", "number"},
	{"node_bool", node_bool, "/ex:x", "neither"},
	{"node_null", node_null, "/ex:x", "null"},
	{"node_array_text", node_array_text, "/ex:x", "text"},
	{"leaf_children", leaf_children, "/ilmd/ex:o", "members"},
	{"entry_name", entry_name, "/ilmd/ex:o/ex:a/1", "no name"},
	{"place_node", place_node, "/readPoint/ex:", "name"},
	{"meta_node", meta_node, "/sensorElementList/0/sensorMetadata/ex:m", "neither"},
	{"prefix_word", prefix_word, "", "namespace"},
	{"namespace_word", namespace_word, "", "namespace"},
	{"empty_unknown", empty_unknown, "", "empty field"},
	{"empty_full", empty_full, "", "empty field"},
	{"empty_kind", empty_kind, "", "empty field"},
	{"empty_corrective", empty_corrective, "", "empty field"},
	{"deep", deep, NULL, "deeper"},
	{"nothing", nothing, "", "needs epcList"},
};

static event_t *good(struct arena *a)
{
	struct event_doc doc;
	struct event_issue issue;
	size_t n;
	if (epcis_read_json(a, &doc, &issue, 1, &n, slice_str(GOOD)) != ERR_OK)
		fail_msg("%s: %s", issue.pointer, issue.text);
	return doc.events[0];
}

static void spoiled(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		struct arena *a = arena_new(0);
		event_t *e = good(a);
		struct event_issue issue;
		assert_true(event_check(e, &issue));
		CASES[i].spoil(e);
		if (event_check(e, &issue))
			fail_msg("%s: accepted", CASES[i].what);
		assert_false(event_check(e, NULL)); /* nobody need ask why */
		if ((CASES[i].pointer && strcmp(issue.pointer, CASES[i].pointer) != 0) ||
		    !strstr(issue.text, CASES[i].cause))
			fail_msg("%s: %s: %s", CASES[i].what, issue.pointer, issue.text);
		assert_true(utf8_valid(slice_str(issue.pointer)) &&
			    utf8_valid(slice_str(issue.text)));
		arena_free(a);
	}
}

/* Repeated names are found among few and among many. */
static void repeated_names(void **state)
{
	static const size_t counts[] = {2, 3, 16, 17, 18, 100, 1000, EVENT_LIST_MAX};
	(void)state;
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		struct arena *a = arena_new(0);
		event_t *e = good(a);
		struct event_issue issue;
		size_t n = counts[c];
		e->extensions = arena_alloc(a, n * sizeof *e->extensions);
		e->n_extensions = n;
		for (size_t i = 0; i < n; i++) {
			node_t *k = e->extensions[i] = arena_alloc(a, sizeof *k);
			argosy__v1__node__init(k);
			k->ns = arena_strn(a, "urn:x:", 6);
			k->name = arena_printf(a, "n%zu", i * 7919 % 100003);
		}
		if (!event_check(e, &issue))
			fail_msg("%zu: %s", n, issue.text);
		e->extensions[n - 1]->name = e->extensions[n / 3]->name;
		assert_false(event_check(e, &issue));
		assert_non_null(strstr(issue.text, "twice"));
		e->extensions[n - 1]->ns = arena_strn(a, "urn:y:", 6);
		assert_true(event_check(e, &issue));
		arena_free(a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spoiled),
		cmocka_unit_test(repeated_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
