/*
 * One event from XML, field by field.
 *
 * Each kind of event is a table of its fields in the order of the EPCIS 2.0
 * schema. EPCIS 1.2 is the same, but that its later fields stand in wrappers
 * (<extension>, <baseExtension>), which are read as if they were not there,
 * and that ilmd precedes the sensor readings. In 2.0 a wrapper holds vendor
 * fields alone.
 */
#include "data/epcis_xml.h"

#include "data/hash_value.h"

#include <stdio.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum kind {
	TEXT, /* any text */
	WORD, /* of a vocabulary */
	ACTION,
	TEXT_LIST, /* one text, into a list (certificationInfo) */
	EPCS,	   /* a list of elements `item` */
	QUANTITIES,
	REFS, /* a list of elements `item`, each with an attribute `type` */
	PLACE,
	PERSISTENT,
	ERROR,
	SENSORS,
	ILMD,
};

struct field {
	const char *name;
	enum kind kind;
	size_t at, n_at; /* in the protobuf struct; n_at of a repeated field's count */
	enum cbv_vocab vocab;
	const char *item;
};

/* clang-format off */
#define FIELD(name, kind, member) {name, kind, offsetof(event_t, member), 0, 0, NULL}
#define VOCAB(name, member, vocab) {name, WORD, offsetof(event_t, member), 0, vocab, NULL}
#define LIST(name, kind, member, vocab, item) \
	{name, kind, offsetof(event_t, member), offsetof(event_t, n_##member), vocab, item}

#define HEAD \
	FIELD("eventTime", TEXT, event_time), \
	FIELD("recordTime", TEXT, record_time), \
	FIELD("eventTimeZoneOffset", TEXT, event_time_zone_offset), \
	FIELD("eventID", TEXT, event_id), \
	FIELD("errorDeclaration", ERROR, error_declaration), \
	LIST("certificationInfo", TEXT_LIST, certification_info, 0, NULL)
#define WHY_WHERE \
	VOCAB("bizStep", biz_step, CBV_BIZ_STEP), \
	VOCAB("disposition", disposition, CBV_DISPOSITION), \
	FIELD("readPoint", PLACE, read_point), \
	FIELD("bizLocation", PLACE, biz_location)
#define TRANSACTIONS LIST("bizTransactionList", REFS, biz_transaction_list, CBV_BTT, "bizTransaction")
#define SOURCES_DESTINATIONS \
	LIST("sourceList", REFS, source_list, CBV_SDT, "source"), \
	LIST("destinationList", REFS, destination_list, CBV_SDT, "destination")
#define SENSORS_PERSISTENT \
	LIST("sensorElementList", SENSORS, sensor_element_list, 0, NULL), \
	FIELD("persistentDisposition", PERSISTENT, persistent_disposition)
#define ACTION_ FIELD("action", ACTION, action)
#define PARENT FIELD("parentID", TEXT, parent_id)
#define EPC_LIST(name, member) LIST(name, EPCS, member, 0, "epc")
#define QUANTITY_LIST(name, member) LIST(name, QUANTITIES, member, 0, "quantityElement")
#define ILMD_ LIST("ilmd", ILMD, ilmd, 0, NULL)

static const struct field object_fields[] = {
	HEAD, EPC_LIST("epcList", epc_list), ACTION_, WHY_WHERE, TRANSACTIONS,
	QUANTITY_LIST("quantityList", quantity_list), SOURCES_DESTINATIONS, SENSORS_PERSISTENT, ILMD_,
};
static const struct field aggregation_fields[] = {
	HEAD, PARENT, EPC_LIST("childEPCs", child_epcs), ACTION_, WHY_WHERE, TRANSACTIONS,
	QUANTITY_LIST("childQuantityList", child_quantity_list), SOURCES_DESTINATIONS, SENSORS_PERSISTENT,
};
static const struct field transaction_fields[] = {
	HEAD, TRANSACTIONS, PARENT, EPC_LIST("epcList", epc_list), ACTION_, WHY_WHERE,
	QUANTITY_LIST("quantityList", quantity_list), SOURCES_DESTINATIONS, SENSORS_PERSISTENT,
};
static const struct field transformation_fields[] = {
	HEAD, EPC_LIST("inputEPCList", input_epc_list),
	QUANTITY_LIST("inputQuantityList", input_quantity_list),
	EPC_LIST("outputEPCList", output_epc_list),
	QUANTITY_LIST("outputQuantityList", output_quantity_list),
	FIELD("transformationID", TEXT, transformation_id),
	WHY_WHERE, TRANSACTIONS, SOURCES_DESTINATIONS, SENSORS_PERSISTENT, ILMD_,
};
static const struct field association_fields[] = {
	HEAD, PARENT, EPC_LIST("childEPCs", child_epcs),
	QUANTITY_LIST("childQuantityList", child_quantity_list), ACTION_, WHY_WHERE, TRANSACTIONS,
	SOURCES_DESTINATIONS, SENSORS_PERSISTENT,
};
/* clang-format on */

struct model {
	const struct field *fields;
	size_t n;
};

static struct model model_of(Argosy__V1__EventType type)
{
	switch (type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		return (struct model){object_fields, COUNT(object_fields)};
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
		return (struct model){aggregation_fields, COUNT(aggregation_fields)};
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
		return (struct model){transaction_fields, COUNT(transaction_fields)};
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		return (struct model){transformation_fields, COUNT(transformation_fields)};
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		return (struct model){association_fields, COUNT(association_fields)};
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
	return (struct model){NULL, 0};
}

/* ---- texts ---- */

static void *at(void *m, size_t offset)
{
	return (uint8_t *)m + offset;
}

static bool put_text(struct xml_reader *r, const xmlNode *node, char **out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", xml_name(node));
	*out = xml_copy(r, text);
	return *out;
}

/* URNs and Web URIs of the standard's own words are stored as the bare word, which is how JSON
 * writes them, and so are the CURIEs "cbv:BizStep-shipping" and "gs1:Temperature". A word that the
 * vocabulary does not have stays the URI that was given. */
static struct slice vocabulary_word(enum cbv_vocab vocab, struct slice text)
{
	static const struct slice gs1 = NAMED("gs1:"), cbv = NAMED("cbv:");
	struct slice word = cbv_bare(vocab, text);
	const char *web = cbv_web_prefix(vocab);
	if (slice_starts(text, "gs1:") && strcmp(web, "https://gs1.org/voc/") == 0) {
		word = slice(text.p + gs1.n, text.n - gs1.n);
	} else if (slice_starts(text, "cbv:")) {
		const char *last = strrchr(web, '/') + 1; /* "BizStep-" */
		struct slice tail = slice(text.p + cbv.n, text.n - cbv.n);
		if (*last && slice_starts(tail, last))
			word = slice(tail.p + strlen(last), tail.n - strlen(last));
	}
	return cbv_known(vocab, word) ? word : text;
}

static char *put_word(struct xml_reader *r, const xmlNode *node, enum cbv_vocab vocab,
		      struct slice text)
{
	xml_note_curie(r, node, text);
	return xml_copy(r, vocabulary_word(vocab, text));
}

static bool read_word(struct xml_reader *r, const xmlNode *node, enum cbv_vocab vocab, char **out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", xml_name(node));
	*out = put_word(r, node, vocab, text);
	return *out;
}

static bool read_action(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventAction *out)
{
	struct slice text;
	if (!xml_text(r, node, false, &text))
		return false;
	if (slice_eq_str(text, "ADD"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
	else if (slice_eq_str(text, "OBSERVE"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	else if (slice_eq_str(text, "DELETE"))
		*out = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	else
		return xml_refuse(r, node, NULL,
				  "action is %.*s; it must be ADD, OBSERVE or DELETE",
				  text.n > 40 ? 40 : (int)text.n, (const char *)text.p);
	return true;
}

/* ---- lists ---- */

/* Room for a list's entries, its length checked. *v NULL where it is empty. */
static bool list_room(struct xml_reader *r, const xmlNode *node, size_t size, void **v)
{
	size_t n = xml_count(node);
	*v = NULL;
	if (n > EVENT_LIST_MAX)
		return xml_refuse(r, node, NULL, "%s has more than %d entries", xml_name(node),
				  EVENT_LIST_MAX);
	if (n)
		*v = xml_alloc(r, n * size);
	return n == 0 || *v;
}

static bool expect(struct xml_reader *r, const xmlNode *node, const char *item)
{
	if (xml_is(node, "", item))
		return true;
	return xml_refuse(r, node, NULL, "%s holds %s where only %s may stand",
			  xml_name(node->parent), xml_name(node), item);
}

/* Remembers that a list stood there without entries. */
static bool note_empty(struct xml_reader *r, event_t *e, const char *name)
{
	char **v = xml_alloc(r, (e->n_empty_fields + 1) * sizeof(*v));
	if (!v)
		return false;
	if (e->n_empty_fields)
		memcpy(v, e->empty_fields, e->n_empty_fields * sizeof(*v));
	e->empty_fields = v;
	v[e->n_empty_fields] = xml_copy(r, slice_str(name));
	return v[e->n_empty_fields++];
}

static bool read_texts(struct xml_reader *r, const xmlNode *node, const char *item, char ***out,
		       size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(char *), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (!expect(r, c, item) || !put_text(r, c, &(*out)[*n_out]))
			return false;
		++*n_out;
	}
	return true;
}

static bool read_quantity(struct xml_reader *r, const xmlNode *node, Argosy__V1__QuantityElement *q)
{
	argosy__v1__quantity_element__init(q);
	if (!xml_container(r, node, false))
		return false;
	const xmlNode *c = xml_first(node);
	if (!c || !xml_is(c, "", "epcClass"))
		return xml_refuse(r, node, NULL, "quantityElement must begin with epcClass");
	if (!put_text(r, c, &q->epc_class))
		return false;
	c = xml_next(c);
	if (c && xml_is(c, "", "quantity")) {
		struct slice text;
		if (!xml_text(r, c, false, &text))
			return false;
		bool plain = !memchr(text.p, 'e', text.n) && !memchr(text.p, 'E', text.n);
		if (text.n == 0 && xml_nil(c))
			q->quantity = (char *)protobuf_c_empty_string;
		else if (!plain || !xml_number(r, text, &q->quantity))
			return xml_refuse(r, c, NULL, "quantity is not a decimal number");
		c = xml_next(c);
		if (c && xml_is(c, "", "uom")) {
			if (!put_text(r, c, &q->uom))
				return false;
			c = xml_next(c);
		}
	}
	if (c)
		return xml_refuse(
			r, c, NULL,
			"%s may not stand here: quantityElement is epcClass, then quantity, "
			"then uom",
			xml_name(c));
	return true;
}

static bool read_quantities(struct xml_reader *r, const xmlNode *node,
			    Argosy__V1__QuantityElement ***out, size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__QuantityElement *q;
		if (!expect(r, c, "quantityElement") || !(q = xml_alloc(r, sizeof(*q))) ||
		    !read_quantity(r, c, q))
			return false;
		(*out)[(*n_out)++] = q;
	}
	return true;
}

static bool read_ref(struct xml_reader *r, const xmlNode *node, const struct field *f,
		     Argosy__V1__TypedRef *ref)
{
	struct slice text;
	argosy__v1__typed_ref__init(ref);
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		if (a->ns || strcmp((const char *)a->name, "type") != 0)
			return xml_refuse(r, node, NULL,
					  "%s has an attribute %s, which it may not have", f->item,
					  (const char *)a->name);
		if (!xml_attr_text(r, a, &text))
			return false;
		ref->type = put_word(r, node, f->vocab, text);
		if (!ref->type)
			return false;
	}
	if (!ref->type[0] && f->vocab == CBV_SDT)
		return xml_refuse(r, node, NULL, "%s lacks the attribute type", f->item);
	if (!xml_text(r, node, true, &text))
		return false;
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s is empty", f->item);
	ref->id = xml_copy(r, text);
	return ref->id;
}

static bool read_refs(struct xml_reader *r, const xmlNode *node, const struct field *f,
		      Argosy__V1__TypedRef ***out, size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__TypedRef *ref;
		if (!expect(r, c, f->item) || !(ref = xml_alloc(r, sizeof(*ref))) ||
		    !read_ref(r, c, f, ref))
			return false;
		(*out)[(*n_out)++] = ref;
	}
	return *n_out ? true : xml_refuse(r, node, NULL, "%s has no entry", xml_name(node));
}

static bool read_persistent(struct xml_reader *r, const xmlNode *node,
			    Argosy__V1__PersistentDisposition **out)
{
	Argosy__V1__PersistentDisposition *p = xml_alloc(r, sizeof(*p));
	void *set, *unset;
	if (!p)
		return false;
	argosy__v1__persistent_disposition__init(p);
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(char *), &set) ||
	    !list_room(r, node, sizeof(char *), &unset))
		return false;
	p->set = set;
	p->unset = unset;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		bool is_set = xml_is(c, "", "set");
		if (!is_set && (!xml_is(c, "", "unset") || p->n_set))
			return xml_refuse(r, c, NULL,
					  "%s may not stand here: persistentDisposition is unset "
					  "elements, then set elements",
					  xml_name(c));
		char **to = is_set ? &p->set[p->n_set++] : &p->unset[p->n_unset++];
		*to = (char *)protobuf_c_empty_string;
		if (!read_word(r, c, CBV_DISPOSITION, to))
			return false;
	}
	*out = p;
	return true;
}

/* ---- wrappers and extensions ---- */

/* A vendor's element; the standard's own namespace qualifies no element inside an event. */
static bool add_extension(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list)
{
	const char *ns = xml_ns(node);
	if (!*ns)
		return xml_refuse(r, node, NULL, "%s is not a field of %s", xml_name(node),
				  xml_name(node->parent));
	if (strcmp(ns, EPCIS_NS_2) == 0 || strcmp(ns, EPCIS_NS_1) == 0)
		return xml_refuse(r, node, NULL,
				  "%s is in the namespace %s, but fields of events are in none",
				  xml_name(node), ns);
	event_node_t *n = xml_node(r, node, 1);
	return n && xml_nodes_add(r, node, list, n);
}

/* From `c` on only <extension> (once, first) and vendor elements may stand. */
static bool read_rest(struct xml_reader *r, const xmlNode *c, struct xml_nodes *list)
{
	bool first = true;
	for (; c; c = xml_next(c), first = false) {
		if (!first || !xml_is(c, "", "extension")) {
			if (!add_extension(r, c, list))
				return false;
			continue;
		}
		if (!xml_container(r, c, true) || !read_rest(r, xml_first(c), list))
			return false;
	}
	return true;
}

static bool read_place(struct xml_reader *r, const xmlNode *node, Argosy__V1__Place **out)
{
	struct xml_nodes list = {NULL, 0, 0};
	Argosy__V1__Place *p = xml_alloc(r, sizeof(*p));
	if (!p)
		return false;
	argosy__v1__place__init(p);
	const xmlNode *id = xml_first(node);
	if (!xml_container(r, node, false))
		return false;
	if (!id || !xml_is(id, "", "id"))
		return xml_refuse(r, node, NULL, "%s must begin with id", xml_name(node));
	if (!put_text(r, id, &p->id) || !read_rest(r, xml_next(id), &list))
		return false;
	p->extensions = list.v;
	p->n_extensions = list.n;
	*out = p;
	return true;
}

/* Vendor attributes of an element that may have them. */
static bool read_attributes(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		event_node_t *n = xml_attr_node(r, a);
		if (!n || !xml_nodes_add(r, node, list, n))
			return false;
	}
	return true;
}

static bool read_ilmd(struct xml_reader *r, const xmlNode *node, event_t *e)
{
	struct xml_nodes list = {NULL, 0, 0};
	if (!xml_container(r, node, true) || !read_attributes(r, node, &list) ||
	    !read_rest(r, xml_first(node), &list))
		return false;
	e->ilmd = list.v;
	e->n_ilmd = list.n;
	return list.n || note_empty(r, e, "ilmd");
}

/* 2.0 lets the parts of an error declaration stand in any order; none may be repeated. */
static bool read_error(struct xml_reader *r, const xmlNode *node, event_t *e)
{
	struct xml_nodes list = {NULL, 0, 0};
	Argosy__V1__ErrorDeclaration *d = xml_alloc(r, sizeof(*d));
	bool ids_seen = false;
	if (!d)
		return false;
	argosy__v1__error_declaration__init(d);
	if (!xml_container(r, node, true) || !read_attributes(r, node, &list))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		bool time = xml_is(c, "", "declarationTime"), reason = xml_is(c, "", "reason"),
		     ids = xml_is(c, "", "correctiveEventIDs"), ok;
		if ((time && d->declaration_time[0]) || (reason && d->reason[0]) ||
		    (ids && ids_seen))
			return xml_refuse(r, c, NULL, "%s is given twice", xml_name(c));
		if (time)
			ok = put_text(r, c, &d->declaration_time);
		else if (reason)
			ok = read_word(r, c, CBV_ERROR_REASON, &d->reason);
		else if (ids)
			ok = read_texts(r, c, "correctiveEventID", &d->corrective_event_ids,
					&d->n_corrective_event_ids) &&
			     (d->n_corrective_event_ids ||
			      note_empty(r, e, "errorDeclaration/correctiveEventIDs"));
		else if (xml_is(c, "", "extension"))
			ok = xml_container(r, c, true) && read_rest(r, xml_first(c), &list);
		else
			ok = add_extension(r, c, &list);
		if (!ok)
			return false;
		ids_seen = ids_seen || ids;
	}
	d->extensions = list.v;
	d->n_extensions = list.n;
	e->error_declaration = d;
	return true;
}

/* ---- sensors ---- */

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
		*out = put_word(r, node, attr->vocab, text);
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
	struct xml_nodes list = {NULL, 0, 0};
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
	struct xml_nodes list = {NULL, 0, 0};
	Argosy__V1__SensorReport *m = *out = xml_alloc(r, sizeof(*m));
	if (!m)
		return false;
	argosy__v1__sensor_report__init(m);
	if (!read_sensor_attrs(r, node, report_attrs, COUNT(report_attrs), m, &list))
		return false;
	m->string_value_present =
		!m->string_value[0] && xmlHasNsProp(node, (const xmlChar *)"stringValue", NULL);
	m->uom_present = !m->uom[0] && xmlHasNsProp(node, (const xmlChar *)"uom", NULL);
	m->extensions = list.v;
	m->n_extensions = list.n;
	return true;
}

static bool read_sensor(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorElement *s)
{
	struct xml_nodes list = {NULL, 0, 0};
	void *room;
	argosy__v1__sensor_element__init(s);
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(void *), &room))
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
	if (!read_rest(r, c, &list))
		return false;
	s->extensions = list.v;
	s->n_extensions = list.n;
	return true;
}

static bool read_sensors(struct xml_reader *r, const xmlNode *node,
			 Argosy__V1__SensorElement ***out, size_t *n_out)
{
	void *room;
	if (!xml_container(r, node, false) || !list_room(r, node, sizeof(**out), &room))
		return false;
	*out = room;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		Argosy__V1__SensorElement *s;
		if (*n_out && xml_is(c, "", "extension") && !xml_first(c))
			continue;
		if (!expect(r, c, "sensorElement") || !(s = xml_alloc(r, sizeof(*s))) ||
		    !read_sensor(r, c, s))
			return false;
		(*out)[(*n_out)++] = s;
	}
	return *n_out ? true : xml_refuse(r, node, NULL, "sensorElementList has no entry");
}

/* ---- the event ---- */

struct walk {
	event_t *e;
	struct model model;
	unsigned next;	  /* rank of the first field that may still come */
	uint64_t seen;	  /* fields read, by index */
	const char *last; /* of these, the last by rank */
	bool wrapped, vendor;
	struct xml_nodes extensions;
};

/* In 1.x ilmd precedes the sensor readings, which came later, in a wrapper. */
static unsigned rank_of(const struct xml_reader *r, const struct model *m, size_t i)
{
	if (r->version == 1 && m->fields[i].kind == ILMD)
		for (size_t k = 0; k < m->n; k++)
			if (m->fields[k].kind == SENSORS)
				return (unsigned)(2 * k) - 1;
	return (unsigned)(2 * i);
}

static bool read_field(struct xml_reader *r, const xmlNode *node, const struct field *f, event_t *e)
{
	void *to = at(e, f->at);
	size_t *n = at(e, f->n_at);
	bool ok = false;
	switch (f->kind) {
	case TEXT:
		return put_text(r, node, to);
	case WORD:
		return read_word(r, node, f->vocab, to);
	case ACTION:
		return read_action(r, node, to);
	case PLACE:
		return read_place(r, node, to);
	case PERSISTENT:
		return read_persistent(r, node, to);
	case ERROR:
		return read_error(r, node, e);
	case ILMD:
		return read_ilmd(r, node, e);
	case REFS:
		return read_refs(r, node, f, to, n);
	case SENSORS:
		return read_sensors(r, node, to, n);
	case TEXT_LIST: {
		char **one = xml_alloc(r, sizeof(*one));
		*(char ***)to = one;
		return one && put_text(r, node, one) && ++*n;
	}
	case EPCS:
		ok = read_texts(r, node, f->item, to, n);
		break;
	case QUANTITIES:
		ok = read_quantities(r, node, to, n);
		break;
	}
	return ok && (*n || note_empty(r, e, f->name));
}

static bool take_field(struct xml_reader *r, const xmlNode *node, struct walk *w, unsigned depth)
{
	const struct model *m = &w->model;
	bool wrapper = depth > 0;
	size_t i = 0;
	while (i < m->n && strcmp(m->fields[i].name, xml_name(node)) != 0)
		i++;
	if (i == m->n)
		return xml_refuse(r, node, NULL, "%s is not a field of this kind of event",
				  xml_name(node));
	unsigned rank = rank_of(r, m, i);
	if (w->seen >> i & 1)
		return xml_refuse(r, node, NULL, "%s is given twice", xml_name(node));
	if (wrapper && r->version == 2)
		return xml_refuse(r, node, NULL,
				  "%s stands in an extension wrapper, as in EPCIS 1.2; "
				  "in 2.0 it stands in the event itself",
				  xml_name(node));
	if (w->vendor || (w->wrapped && !wrapper))
		return xml_refuse(r, node, NULL,
				  "%s is out of place: it must stand before the extensions",
				  xml_name(node));
	/* Deep in its wrappers, the schema of 1.x lets what came later stand in any order. */
	bool any_order = r->version == 1 && depth >= 2;
	if (rank < w->next && !any_order)
		return xml_refuse(r, node, NULL, "%s is out of place: it must stand before %s",
				  xml_name(node), w->last);
	w->seen |= (uint64_t)1 << i;
	if (rank >= w->next) {
		w->next = rank + 1;
		w->last = m->fields[i].name;
	}
	return read_field(r, node, &m->fields[i], w->e);
}

/* The children of the event, or of a wrapper in it; `depth` counts wrappers. `base`: it is in
 * baseExtension, after which the event goes on. */
static bool walk(struct xml_reader *r, const xmlNode *parent, struct walk *w, unsigned depth,
		 bool base)
{
	if (depth > 8)
		return xml_refuse(r, parent, NULL, "extension wrappers are nested too deep");
	for (const xmlNode *c = xml_first(parent); c; c = xml_next(c)) {
		bool in_base = base || (depth == 0 && xml_is(c, "", "baseExtension"));
		bool ok;
		if (in_base && !base && (w->vendor || w->wrapped))
			return xml_refuse(r, c, NULL, "baseExtension is out of place");
		if ((in_base && !base) || xml_is(c, "", "extension")) {
			ok = xml_container(r, c, true) && walk(r, c, w, depth + 1, in_base);
			w->wrapped = w->wrapped || !in_base;
		} else if (!*xml_ns(c)) {
			ok = take_field(r, c, w, depth);
		} else {
			ok = add_extension(r, c, &w->extensions);
			w->vendor = w->vendor || depth == 0;
		}
		if (!ok)
			return false;
	}
	return true;
}

event_t *xml_event(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventType type)
{
	event_t *e = xml_alloc(r, sizeof(*e));
	struct walk w = {e, model_of(type), 0, 0, "", false, false, {NULL, 0, 0}};
	if (!e)
		return NULL;
	argosy__v1__event__init(e);
	e->type = type;
	r->namespaces = NULL;
	r->n_namespaces = r->cap_namespaces = 0;
	if (!xml_container(r, node, true) || !read_attributes(r, node, &w.extensions) ||
	    !walk(r, node, &w, 0, false))
		return NULL;
	e->extensions = w.extensions.v;
	e->n_extensions = w.extensions.n;
	e->namespaces = r->namespaces;
	e->n_namespaces = r->n_namespaces;
	return r->err == ERR_OK && !r->faulty ? e : NULL;
}
