#include "data/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define STR(s) ((char *)(s))
#define MDA    "urn:epcglobal:cbv:mda:"

/* An event with something in every list, and what a test changes in it. */
struct world {
	event_t e;
	char *epcs[2], *children[1], *inputs[1], *outputs[1];
	Argosy__V1__QuantityElement q[2], *quantities[2];
	Argosy__V1__Place read_point, biz_location;
	Argosy__V1__TypedRef refs[3], *transactions[1], *sources[1], *destinations[1];
	Argosy__V1__SensorElement sensor, *sensors[1];
	Argosy__V1__SensorMetadata metadata;
	Argosy__V1__SensorReport reports[2], *report_list[2];
	event_node_t ilmd[6], *nodes[6], unit, *units[1];
};

static void mda(event_node_t *n, const char *ns, const char *name, const char *text)
{
	argosy__v1__node__init(n);
	n->ns = STR(ns);
	n->prefix = STR("cbvmda");
	n->name = STR(name);
	n->text = STR(text);
}

static void init_what(struct world *w)
{
	w->epcs[0] = STR("urn:epc:id:sgtin:4012345.012345.12");
	w->epcs[1] = STR("urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8");
	w->children[0] = STR("https://id.gs1.org/01/09506000134352");
	w->inputs[0] = STR("https://example.com/00/340123453111111115");
	w->outputs[0] = STR("urn:epc:id:giai:4012345.ABC345");
	for (int i = 0; i < 2; i++) {
		argosy__v1__quantity_element__init(&w->q[i]);
		w->quantities[i] = &w->q[i];
	}
	w->q[0].epc_class = STR("urn:epc:class:lgtin:4012345.012345.Lot987");
	w->q[0].quantity = STR("12.5");
	w->q[0].uom = STR("KGM");
	w->q[1].epc_class = STR("https://id.example.com/class/1");
	w->e.parent_id = STR("urn:epc:id:sscc:4012345.3111111111");
	w->e.epc_list = w->epcs;
	w->e.n_epc_list = 2;
	w->e.child_epcs = w->children;
	w->e.input_epc_list = w->inputs;
	w->e.output_epc_list = w->outputs;
	w->e.n_child_epcs = w->e.n_input_epc_list = w->e.n_output_epc_list = 1;
	w->e.quantity_list = w->e.child_quantity_list = w->quantities;
	w->e.input_quantity_list = w->e.output_quantity_list = w->quantities;
	w->e.n_quantity_list = w->e.n_child_quantity_list = 2;
	w->e.n_input_quantity_list = w->e.n_output_quantity_list = 2;
	w->e.transformation_id = STR("urn:epc:id:gdti:4012345.55555.98");
}

static void init_where_why(struct world *w)
{
	argosy__v1__place__init(&w->read_point);
	argosy__v1__place__init(&w->biz_location);
	w->read_point.id = STR("urn:epc:id:sgln:4012345.00011.987");
	w->biz_location.id = STR("geo:50.9,6.9");
	w->e.read_point = &w->read_point;
	w->e.biz_location = &w->biz_location;
	for (int i = 0; i < 3; i++)
		argosy__v1__typed_ref__init(&w->refs[i]);
	w->refs[0].id = STR("urn:epcglobal:cbv:bt:4012345123456:RE1");
	w->refs[1].id = STR("urn:epc:id:pgln:4000001.00000");
	w->refs[2].id = STR("https://id.gs1.org/417/4000001000005");
	w->transactions[0] = &w->refs[0];
	w->sources[0] = &w->refs[1];
	w->destinations[0] = &w->refs[2];
	w->e.biz_transaction_list = w->transactions;
	w->e.source_list = w->sources;
	w->e.destination_list = w->destinations;
	w->e.n_biz_transaction_list = w->e.n_source_list = w->e.n_destination_list = 1;
}

static void init_how(struct world *w)
{
	argosy__v1__sensor_element__init(&w->sensor);
	argosy__v1__sensor_metadata__init(&w->metadata);
	w->metadata.start_time = STR("2026-03-01T10:00:00Z");
	w->metadata.end_time = STR("2026-03-01T12:00:00+01:00");
	w->metadata.device_id = STR("https://id.gs1.org/8004/4000001111");
	for (int i = 0; i < 2; i++) {
		argosy__v1__sensor_report__init(&w->reports[i]);
		w->report_list[i] = &w->reports[i];
	}
	w->reports[1].uom = STR("CEL");
	w->reports[1].min_value = STR("-2");
	w->reports[1].max_value = STR("8");
	w->reports[1].device_id = STR("urn:epc:id:giai:4000001.111");
	w->sensor.metadata = &w->metadata;
	w->sensor.reports = w->report_list;
	w->sensor.n_reports = 2;
	w->sensors[0] = &w->sensor;
	w->e.sensor_element_list = w->sensors;
	w->e.n_sensor_element_list = 1;
}

static void init_ilmd(struct world *w)
{
	mda(&w->ilmd[0], MDA, "countryOfOrigin", "NZ");
	mda(&w->ilmd[1], MDA, "productionDate", "2026-02-28");
	mda(&w->ilmd[2], "urn:epcglobal:cbv:mda", "itemExpirationDate", "\n 2026-03-12\n");
	mda(&w->ilmd[3], MDA, "netWeight", "3.5");
	mda(&w->ilmd[4], MDA, "bestBeforeDate", "2026-03-10T00:00:00Z");
	mda(&w->ilmd[5], "https://ns.example.com/", "countryOfOrigin", "where the sheep are");
	argosy__v1__node__init(&w->unit);
	w->unit.name = STR("measurementUnitCode");
	w->unit.text = STR("KGM");
	w->units[0] = &w->unit;
	w->ilmd[3].children = w->units;
	w->ilmd[3].n_children = 1;
	for (int i = 0; i < 6; i++)
		w->nodes[i] = &w->ilmd[i];
	w->e.ilmd = w->nodes;
	w->e.n_ilmd = 6;
}

static void world_init(struct world *w)
{
	memset(w, 0, sizeof *w);
	argosy__v1__event__init(&w->e);
	init_what(w);
	init_where_why(w);
	init_how(w);
	init_ilmd(w);
}

static struct world world;

static const struct {
	char **at; /* the text to replace */
	const char *value, *field, *says;
} faults[] = {
	{&world.e.parent_id, "urn:epc:id:sscc:4012345.311111111", "/parentID", "17 digits"},
	{&world.epcs[0], "https://id.gs1.org/01/09506000134353", "/epcList/0", "should be 2"},
	{&world.epcs[1], "urn:epc:id:sgtin:40123.00012345.12", "/epcList/1", "6 to 12"},
	{&world.children[0], "https://id.gs1.org/01/0950600013435", "/childEPCs/0", "check digit"},
	{&world.inputs[0], "https://example.com/00/34012345311111111", "/inputEPCList/0", "18"},
	{&world.outputs[0], "urn:epc:id:giai:4012345.", "/outputEPCList/0", "empty"},
	{&world.q[0].epc_class, "urn:epc:class:lgtin:4012345.12345.L", "/quantityList/0/epcClass",
	 "13 digits"},
	{&world.q[1].epc_class, "urn:epc:id:sgtin:4012345.012345.12", "/quantityList/1/epcClass",
	 "single thing"},
	{&world.q[0].uom, "kg", "/quantityList/0/uom", "Recommendation 20"},
	{&world.q[0].quantity, "-0.5", "/quantityList/0/quantity", "negative"},
	{&world.e.transformation_id, "urn:epc:id:gdti:4012345.5555.98", "/transformationID", "12"},
	{&world.read_point.id, "urn:epc:id:sgln:4012345.0011.987", "/readPoint/id", "12 digits"},
	{&world.biz_location.id, "https://id.gs1.org/414/4012345000116", "/bizLocation/id",
	 "should be 5"},
	{&world.refs[0].id, "urn:epc:id:gdti:4012345.55555.",
	 "/bizTransactionList/0/bizTransaction", "empty"},
	{&world.refs[1].id, "urn:epc:id:pgln:4000001.0000", "/sourceList/0/source", "12 digits"},
	{&world.refs[2].id, "https://id.gs1.org/417/4000001000006",
	 "/destinationList/0/destination", "should be 5"},
	{&world.metadata.end_time, "2026-03-01T09:59:59Z",
	 "/sensorElementList/0/sensorMetadata/endTime", "before startTime"},
	{&world.metadata.device_id, "https://id.gs1.org/8004/X",
	 "/sensorElementList/0/sensorMetadata/deviceID", "company prefix"},
	{&world.reports[1].uom, "C", "/sensorElementList/0/sensorReport/1/uom", "unit"},
	{&world.reports[1].device_id, "urn:epc:id:giai:40.1",
	 "/sensorElementList/0/sensorReport/1/deviceID", "6 to 12"},
	{&world.reports[1].max_value, "-2.5", "/sensorElementList/0/sensorReport/1/maxValue",
	 "below minValue"},
	{&world.ilmd[0].text, "New Zealand", "/ilmd/countryOfOrigin", "3166"},
	{&world.ilmd[1].text, "2026-02-30", "/ilmd/productionDate", "date"},
	{&world.ilmd[1].text, "2026-03-10", "/ilmd/bestBeforeDate", "not after"},
	{&world.ilmd[2].text, "2026-02-28", "/ilmd/itemExpirationDate", "not after"},
	{&world.ilmd[3].text, "heavy", "/ilmd/netWeight", "number"},
	{&world.unit.text, "kilo", "/ilmd/netWeight", "unit"},
};

static void event_faults(void **state)
{
	(void)state;
	struct field_issue issue;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		world_init(&world);
		if (!standard_event_check(&world.e, &issue))
			fail_msg("the good event: %s %s", issue.field, issue.text);
		*faults[i].at = STR(faults[i].value);
		if (standard_event_check(&world.e, &issue))
			fail_msg("%s passed", faults[i].value);
		if (strcmp(issue.field, faults[i].field) != 0 ||
		    !strstr(issue.text, faults[i].says))
			fail_msg("%s: %s %s", faults[i].value, issue.field, issue.text);
	}
}

/* Each list is looked at, not only the one that the table above happens to reach first. */
static void event_lists(void **state)
{
	(void)state;
	static const char *const fields[] = {"/quantityList/0/uom", "/childQuantityList/0/uom",
					     "/inputQuantityList/0/uom",
					     "/outputQuantityList/0/uom"};
	struct field_issue issue;
	for (size_t i = 0; i < 4; i++) {
		world_init(&world);
		world.q[0].uom = STR("kg");
		size_t *counts[] = {&world.e.n_quantity_list, &world.e.n_child_quantity_list,
				    &world.e.n_input_quantity_list,
				    &world.e.n_output_quantity_list};
		for (size_t k = 0; k < 4; k++)
			*counts[k] = k == i ? 2 : 0;
		assert_false(standard_event_check(&world.e, &issue));
		assert_string_equal(issue.field, fields[i]);
	}
}

/* An empty event has nothing that could be wrong; numbers with exponents are left to others. */
static void event_absent(void **state)
{
	(void)state;
	struct field_issue issue;
	event_t e = ARGOSY__V1__EVENT__INIT;
	assert_true(standard_event_check(&e, &issue));
	world_init(&world);
	world.reports[1].max_value = STR("-2e5");
	world.ilmd[2].text = STR("");
	assert_true(standard_event_check(&world.e, &issue));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(event_faults),
		cmocka_unit_test(event_lists),
		cmocka_unit_test(event_absent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
