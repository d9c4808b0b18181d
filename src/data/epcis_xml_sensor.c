/*
 * Sensor elements: in XML their metadata and reports are attributes.
 */
#include "data/epcis_xml.h"
#include "data/event_fields.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void *at(void *m, size_t offset)
{
	return (uint8_t *)m + offset;
}

enum attr_kind { A_TEXT, A_WORD, A_NUMBER, A_BOOL, A_HEX };

struct attr {
	const char *name;
	enum attr_kind kind;
	size_t at;
	enum cbv_vocab vocab;
};

/* clang-format off */
#define META(name, member) {name, A_TEXT, offsetof(Argosy__V1__SensorMetadata, member), 0}
static const struct attr metadata_attrs[] = {
	META("time", time), META("startTime", start_time), META("endTime", end_time),
	META("deviceID", device_id), META("deviceMetadata", device_metadata),
	META("rawData", raw_data), META("dataProcessingMethod", data_processing_method),
	META("bizRules", biz_rules),
};

#define REP(name, kind, member) {name, kind, offsetof(Argosy__V1__SensorReport, member), 0}
#define REPV(name, member, vocab) {name, A_WORD, offsetof(Argosy__V1__SensorReport, member), vocab}
static const struct attr report_attrs[] = {
	REPV("type", type, CBV_MEASUREMENT_TYPE), REPV("exception", exception, CBV_SENSOR_ALERT),
	REP("deviceID", A_TEXT, device_id), REP("deviceMetadata", A_TEXT, device_metadata),
	REP("rawData", A_TEXT, raw_data),
	REP("dataProcessingMethod", A_TEXT, data_processing_method),
	REP("bizRules", A_TEXT, biz_rules), REP("time", A_TEXT, time),
	REP("microorganism", A_TEXT, microorganism),
	REP("chemicalSubstance", A_TEXT, chemical_substance), REP("value", A_NUMBER, value),
	REPV("component", component, CBV_COMPONENT), REP("stringValue", A_TEXT, string_value),
	REP("booleanValue", A_BOOL, boolean_value), REP("hexBinaryValue", A_HEX, hex_binary_value),
	REP("uriValue", A_TEXT, uri_value), REP("minValue", A_NUMBER, min_value),
	REP("maxValue", A_NUMBER, max_value), REP("meanValue", A_NUMBER, mean_value),
	REP("sDev", A_NUMBER, s_dev), REP("percRank", A_NUMBER, perc_rank),
	REP("percValue", A_NUMBER, perc_value), REP("uom", A_TEXT, uom),
	REP("coordinateReferenceSystem", A_TEXT, coordinate_reference_system),
};
/* clang-format on */

static bool hex_text(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if ((c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F'))
			return false;
	}
	return s.n && s.n % 2 == 0;
}

static bool read_attr(struct xml_reader *r, const xmlNode *node, const struct attr *attr,
		      struct slice text, char **out)
{
	char below[64];
	snprintf(below, sizeof(below), "/@%s", attr->name);
	switch (attr->kind) {
	case A_TEXT:
		*out = xml_copy(r, text);
		return *out;
	case A_WORD:
		*out = xml_put_word(r, attr->vocab, text);
		return *out;
	case A_NUMBER:
		return xml_number(r, text, out) ||
		       xml_refuse(r, node, below, "%s is not a number", attr->name);
	case A_BOOL: {
		bool yes = slice_eq_str(text, "true") || slice_eq_str(text, "1");
		if (!yes && !slice_eq_str(text, "false") && !slice_eq_str(text, "0"))
			return xml_refuse(r, node, below, "%s is not true or false", attr->name);
		*out = xml_copy(r, yes ? SLICE_LIT("true") : SLICE_LIT("false"));
		return *out;
	}
	case A_HEX:
		if (!hex_text(text))
			return xml_refuse(r, node, below, "%s is not pairs of hex digits",
					  attr->name);
		*out = xml_copy(r, text);
		return *out;
	}
	return false;
}

/* Known attributes into `m`, others as extensions. */
static bool read_sensor_attrs(struct xml_reader *r, const xmlNode *node, const struct attr *known,
			      size_t n_known, void *m, struct xml_nodes *list)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		const struct attr *k = NULL;
		for (size_t i = 0; !a->ns && i < n_known && !k; i++)
			if (strcmp(known[i].name, (const char *)a->name) == 0)
				k = &known[i];
		if (k) {
			struct slice text;
			if (!xml_attr_text(r, a, &text) ||
			    !read_attr(r, node, k, text, at(m, k->at)))
				return false;
			continue;
		}
		event_node_t *n = xml_attr_node(r, a);
		if (!n || !xml_nodes_add(r, node, list, n))
			return false;
	}
	struct slice text;
	if (!xml_text(r, node, true, &text))
		return false;
	return text.n == 0 || xml_refuse(r, node, NULL, "%s holds text, which has no meaning there",
					 xml_name(node));
}

static bool read_metadata(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorElement *s)
{
	struct xml_nodes list = {0};
	Argosy__V1__SensorMetadata *m = xml_alloc(r, sizeof(*m));
	if (!m)
		return false;
	argosy__v1__sensor_metadata__init(m);
	if (!read_sensor_attrs(r, node, metadata_attrs, COUNT(metadata_attrs), m, &list))
		return false;
	m->extensions = list.v;
	m->n_extensions = list.n;
	s->metadata = m;
	return true;
}

static bool read_report(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorReport **out)
{
	struct xml_nodes list = {0};
	Argosy__V1__SensorReport *m = *out = xml_alloc(r, sizeof(*m));
	if (!m)
		return false;
	argosy__v1__sensor_report__init(m);
	if (!read_sensor_attrs(r, node, report_attrs, COUNT(report_attrs), m, &list))
		return false;
	if (strcmp(m->type, event_untyped) == 0)
		m->type = (char *)(uintptr_t)protobuf_c_empty_string;
	m->string_value_present =
		!m->string_value[0] && xmlHasNsProp(node, (const xmlChar *)"stringValue", NULL);
	m->uom_present = !m->uom[0] && xmlHasNsProp(node, (const xmlChar *)"uom", NULL);
	m->extensions = list.v;
	m->n_extensions = list.n;
	return true;
}

static bool read_sensor(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorElement *s)
{
	struct xml_nodes list = {0};
	void *room;
	argosy__v1__sensor_element__init(s);
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(void *), &room))
		return false;
	s->reports = room;
	const xmlNode *c = xml_first(node);
	if (c && xml_is(c, "", "sensorMetadata")) {
		if (!read_metadata(r, c, s))
			return false;
		c = xml_next(c);
	}
	for (; c && xml_is(c, "", "sensorReport"); c = xml_next(c)) {
		if (!read_report(r, c, &s->reports[s->n_reports]))
			return false;
		s->n_reports++;
	}
	if (s->n_reports == 0)
		return xml_refuse(
			r, c ? c : node, NULL,
			"sensorElement is sensorMetadata, then at least one sensorReport");
	if (!xml_read_rest(r, c, &list))
		return false;
	s->extensions = list.v;
	s->n_extensions = list.n;
	return true;
}

bool xml_read_sensors(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorElement ***out,
		      size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !xml_list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__SensorElement *s;
		if (*n_out && xml_is(c, "", "extension") && !xml_first(c))
			continue;
		if (!xml_expect(r, c, "sensorElement") || !(s = xml_alloc(r, sizeof(*s))) ||
		    !read_sensor(r, c, s))
			return false;
		(*out)[(*n_out)++] = s;
	}
	return *n_out ? true : xml_refuse(r, node, NULL, "sensorElementList has no entry");
}
