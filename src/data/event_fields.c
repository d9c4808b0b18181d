#include "data/event_fields.h"

#include <stdlib.h>

#include <stddef.h>

#define NAME(s) s, sizeof(s) - 1
#define ONE(M, name, shape, rule, kinds, member)                                                   \
	{                                                                                          \
		NAME(name), shape, rule, kinds, offsetof(Argosy__V1__##M, member), 0               \
	}
#define MANY(M, name, shape, rule, kinds, member)                                                  \
	{                                                                                          \
		NAME(name), shape, rule, kinds, offsetof(Argosy__V1__##M, member),                 \
			offsetof(Argosy__V1__##M, n_##member)                                      \
	}

enum {
	OAXS_E = KIND_O | KIND_A | KIND_X | KIND_S | KIND_E,
	OX_E = KIND_O | KIND_X | KIND_E,
	AS_E = KIND_A | KIND_S | KIND_E,
	OT_E = KIND_O | KIND_T | KIND_E,
	T_E = KIND_T | KIND_E
};

static const struct field EVENT[] = {
	ONE(Event, "type", FIELD_TYPE, RULE_NONE, KIND_ALL, type),
	ONE(Event, "eventID", FIELD_TEXT, RULE_URI, KIND_ALL, event_id),
	ONE(Event, "eventTime", FIELD_TEXT, RULE_TIME, KIND_ALL, event_time),
	ONE(Event, "eventTimeZoneOffset", FIELD_TEXT, RULE_OFFSET, KIND_ALL,
	    event_time_zone_offset),
	ONE(Event, "recordTime", FIELD_TEXT, RULE_TIME, KIND_ALL, record_time),
	ONE(Event, "errorDeclaration", FIELD_ERROR, RULE_NONE, KIND_ALL, error_declaration),
	MANY(Event, "certificationInfo", FIELD_CERT, RULE_URI, KIND_ALL, certification_info),
	ONE(Event, "action", FIELD_ACTION, RULE_NONE, OAXS_E, action),
	ONE(Event, "parentID", FIELD_TEXT, RULE_URI, AS_E | KIND_X, parent_id),
	MANY(Event, "epcList", FIELD_TEXTS, RULE_URI, OX_E, epc_list),
	MANY(Event, "quantityList", FIELD_QUANTITIES, RULE_NONE, OX_E, quantity_list),
	MANY(Event, "childEPCs", FIELD_TEXTS, RULE_URI, AS_E, child_epcs),
	MANY(Event, "childQuantityList", FIELD_QUANTITIES, RULE_NONE, AS_E, child_quantity_list),
	MANY(Event, "inputEPCList", FIELD_TEXTS, RULE_URI, T_E, input_epc_list),
	MANY(Event, "inputQuantityList", FIELD_QUANTITIES, RULE_NONE, T_E, input_quantity_list),
	MANY(Event, "outputEPCList", FIELD_TEXTS, RULE_URI, T_E, output_epc_list),
	MANY(Event, "outputQuantityList", FIELD_QUANTITIES, RULE_NONE, T_E, output_quantity_list),
	ONE(Event, "transformationID", FIELD_TEXT, RULE_URI, T_E, transformation_id),
	ONE(Event, "bizStep", FIELD_TEXT, RULE_BIZ_STEP, KIND_ALL, biz_step),
	ONE(Event, "disposition", FIELD_TEXT, RULE_DISPOSITION, KIND_ALL, disposition),
	/* The JSON schema lists it for two kinds only; the XML schema and GS1's examples have it in
	   all. */
	ONE(Event, "persistentDisposition", FIELD_PERSISTENT, RULE_NONE, KIND_ALL,
	    persistent_disposition),
	ONE(Event, "readPoint", FIELD_PLACE, RULE_NONE, KIND_ALL, read_point),
	ONE(Event, "bizLocation", FIELD_PLACE, RULE_NONE, KIND_ALL, biz_location),
	MANY(Event, "bizTransactionList", FIELD_REFS, RULE_BTT, KIND_ALL, biz_transaction_list),
	MANY(Event, "sourceList", FIELD_REFS, RULE_SDT, KIND_ALL, source_list),
	MANY(Event, "destinationList", FIELD_REFS, RULE_SDT, KIND_ALL, destination_list),
	MANY(Event, "sensorElementList", FIELD_SENSORS, RULE_NONE, KIND_ALL, sensor_element_list),
	MANY(Event, "ilmd", FIELD_ILMD, RULE_NONE, OT_E, ilmd),
};

static const struct field METADATA[] = {
	ONE(SensorMetadata, "time", FIELD_TEXT, RULE_TIME, KIND_ALL, time),
	ONE(SensorMetadata, "startTime", FIELD_TEXT, RULE_TIME, KIND_ALL, start_time),
	ONE(SensorMetadata, "endTime", FIELD_TEXT, RULE_TIME, KIND_ALL, end_time),
	ONE(SensorMetadata, "deviceID", FIELD_TEXT, RULE_URI, KIND_ALL, device_id),
	ONE(SensorMetadata, "deviceMetadata", FIELD_TEXT, RULE_URI, KIND_ALL, device_metadata),
	ONE(SensorMetadata, "rawData", FIELD_TEXT, RULE_URI, KIND_ALL, raw_data),
	ONE(SensorMetadata, "dataProcessingMethod", FIELD_TEXT, RULE_URI, KIND_ALL,
	    data_processing_method),
	ONE(SensorMetadata, "bizRules", FIELD_TEXT, RULE_URI, KIND_ALL, biz_rules),
};

static const struct field REPORT[] = {
	ONE(SensorReport, "type", FIELD_TEXT, RULE_MEASUREMENT, KIND_ALL, type),
	ONE(SensorReport, "exception", FIELD_TEXT, RULE_ALERT, KIND_ALL, exception),
	ONE(SensorReport, "deviceID", FIELD_TEXT, RULE_URI, KIND_ALL, device_id),
	ONE(SensorReport, "deviceMetadata", FIELD_TEXT, RULE_URI, KIND_ALL, device_metadata),
	ONE(SensorReport, "rawData", FIELD_TEXT, RULE_URI, KIND_ALL, raw_data),
	ONE(SensorReport, "dataProcessingMethod", FIELD_TEXT, RULE_URI, KIND_ALL,
	    data_processing_method),
	ONE(SensorReport, "bizRules", FIELD_TEXT, RULE_URI, KIND_ALL, biz_rules),
	ONE(SensorReport, "time", FIELD_TEXT, RULE_TIME, KIND_ALL, time),
	ONE(SensorReport, "microorganism", FIELD_TEXT, RULE_URI, KIND_ALL, microorganism),
	ONE(SensorReport, "chemicalSubstance", FIELD_TEXT, RULE_URI, KIND_ALL, chemical_substance),
	ONE(SensorReport, "value", FIELD_NUMBER, RULE_NONE, KIND_ALL, value),
	ONE(SensorReport, "component", FIELD_TEXT, RULE_COMPONENT, KIND_ALL, component),
	ONE(SensorReport, "stringValue", FIELD_TEXT, RULE_STRING, KIND_ALL, string_value),
	ONE(SensorReport, "booleanValue", FIELD_BOOL, RULE_NONE, KIND_ALL, boolean_value),
	ONE(SensorReport, "hexBinaryValue", FIELD_TEXT, RULE_HEX, KIND_ALL, hex_binary_value),
	ONE(SensorReport, "uriValue", FIELD_TEXT, RULE_URI, KIND_ALL, uri_value),
	ONE(SensorReport, "minValue", FIELD_NUMBER, RULE_NONE, KIND_ALL, min_value),
	ONE(SensorReport, "maxValue", FIELD_NUMBER, RULE_NONE, KIND_ALL, max_value),
	ONE(SensorReport, "meanValue", FIELD_NUMBER, RULE_NONE, KIND_ALL, mean_value),
	ONE(SensorReport, "sDev", FIELD_NUMBER, RULE_NONE, KIND_ALL, s_dev),
	ONE(SensorReport, "percRank", FIELD_NUMBER, RULE_NONE, KIND_ALL, perc_rank),
	ONE(SensorReport, "percValue", FIELD_NUMBER, RULE_NONE, KIND_ALL, perc_value),
	ONE(SensorReport, "uom", FIELD_TEXT, RULE_STRING, KIND_ALL, uom),
	ONE(SensorReport, "coordinateReferenceSystem", FIELD_TEXT, RULE_URI, KIND_ALL,
	    coordinate_reference_system),
};

static const struct field ERROR[] = {
	ONE(ErrorDeclaration, "declarationTime", FIELD_TEXT, RULE_TIME, KIND_ALL, declaration_time),
	ONE(ErrorDeclaration, "reason", FIELD_TEXT, RULE_ERROR_REASON, KIND_ALL, reason),
	MANY(ErrorDeclaration, "correctiveEventIDs", FIELD_TEXTS, RULE_URI, KIND_ALL,
	     corrective_event_ids),
};

#define TABLE(t)                                                                                   \
	{                                                                                          \
		t, sizeof t / sizeof *t                                                            \
	}
const struct field_table event_fields = TABLE(EVENT);
const struct field_table sensor_metadata_fields = TABLE(METADATA);
const struct field_table sensor_report_fields = TABLE(REPORT);
const struct field_table error_fields = TABLE(ERROR);

const struct field *field_find(const struct field_table *t, struct slice name)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->fields[i].name_n == name.n && memcmp(t->fields[i].name, name.p, name.n) == 0)
			return &t->fields[i];
	return NULL;
}

const char *event_type_name(Argosy__V1__EventType type)
{
	static const char *const names[] = {NULL,
					    "ObjectEvent",
					    "AggregationEvent",
					    "TransactionEvent",
					    "TransformationEvent",
					    "AssociationEvent"};
	return (size_t)type < sizeof names / sizeof *names ? names[type] : NULL;
}

const char event_untyped[] = "urn:x-argosy:untyped";

const char *event_action_name(Argosy__V1__EventAction action)
{
	static const char *const names[] = {NULL, "ADD", "OBSERVE", "DELETE"};
	return (size_t)action < sizeof names / sizeof *names ? names[action] : NULL;
}

/* The prefixes that epcis-context.jsonld declares itself. */
const char *standard_prefix(struct slice prefix)
{
	static const char *const table[][2] = {
		{"epcis", "https://ref.gs1.org/epcis/"},
		{"cbv", "https://ref.gs1.org/cbv/"},
		{"cbvmda", "urn:epcglobal:cbv:mda:"},
		{"gs1", "https://gs1.org/voc/"},
		{"rdfs", "http://www.w3.org/2000/01/rdf-schema#"},
		{"owl", "http://www.w3.org/2002/07/owl#"},
		{"xsd", "http://www.w3.org/2001/XMLSchema#"},
		{"dcterms", "http://purl.org/dc/terms/"},
	};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (slice_eq_str(prefix, table[i][0]))
			return table[i][1];
	return NULL;
}

bool standard_term(struct slice name)
{
	/* Those of the context's top that are no field of an event. */
	static const char *const others[] = {"id",
					     "baseURL",
					     "ObjectEvent",
					     "AggregationEvent",
					     "TransformationEvent",
					     "AssociationEvent",
					     "TransactionEvent",
					     "Collection",
					     "member",
					     "quantity",
					     "epcClass",
					     "uom",
					     "creationDate",
					     "sender",
					     "receiver",
					     "instanceIdentifier",
					     "schemaVersion",
					     "EPCISDocument",
					     "EPCISQueryDocument",
					     "epcisHeader",
					     "masterData",
					     "vocabularyList",
					     "epcisBody",
					     "queryResults",
					     "subscriptionID",
					     "queryName",
					     "resultsBody",
					     "eventList",
					     "children"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (slice_eq_str(name, others[i]))
			return true;
	return field_find(&event_fields, name) != NULL;
}

bool event_prefix_valid(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i], low = c | 0x20;
		if ((low >= 'a' && low <= 'z') || c == '_' || c >= 0x80)
			continue;
		if (i == 0 || !((c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	return s.n > 0;
}

bool local_name_valid(struct slice s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] == 0x7f || strchr("<>\"{}|\\^`", s.p[i]))
			return false;
	return s.n > 0;
}

const char *event_ref_name(const struct field *f)
{
	return f->rule == RULE_BTT ? "bizTransaction"
	       : f->name[0] == 's' ? "source"
				   : "destination";
}

bool field_is_unique(const event_t *e, const char *name)
{
	/* JSON schema: "epcList" is of unique items, but in a TransactionEvent. */
	return e->type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION && strstr(name, "List");
}

static int by_text_then_place(const void *a, const void *b)
{
	char **x = *(char **const *)a, **y = *(char **const *)b;
	int c = strcmp(*x, *y);
	return c ? c : x < y ? -1 : x > y;
}

bool texts_drop_repeated(struct arena *tmp, size_t *n, char **list)
{
	size_t kept = 0;
	if (*n < 2)
		return true;
	char ***sorted = arena_alloc(tmp, *n * sizeof *sorted);
	bool *drop = arena_alloc(tmp, *n);
	if (!sorted || !drop)
		return false;
	for (size_t i = 0; i < *n; i++)
		sorted[i] = &list[i];
	qsort(sorted, *n, sizeof *sorted, by_text_then_place);
	for (size_t i = 1; i < *n; i++)
		drop[sorted[i] - list] = strcmp(*sorted[i - 1], *sorted[i]) == 0;
	for (size_t i = 0; i < *n; i++)
		if (!drop[i])
			list[kept++] = list[i];
	*n = kept;
	return true;
}
