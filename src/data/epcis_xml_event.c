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
	ONE_CLASS, /* epcClass and quantity of a QuantityEvent */
	ONE_QUANTITY,
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
static const struct field quantity_fields[] = {
	HEAD, LIST("epcClass", ONE_CLASS, quantity_list, 0, NULL),
	LIST("quantity", ONE_QUANTITY, quantity_list, 0, NULL), WHY_WHERE, TRANSACTIONS,
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

static void *at(void *m, size_t offset)
{
	return (uint8_t *)m + offset;
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
	struct xml_names ignored;
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

/* The one entry of quantityList, made by whichever of the two fields comes first. */
static bool read_quantity_field(struct xml_reader *r, const xmlNode *node, const struct field *f,
				event_t *e)
{
	struct slice text;
	if (!e->quantity_list) {
		Argosy__V1__QuantityElement *q = xml_alloc(r, sizeof(*q));
		e->quantity_list = xml_alloc(r, sizeof(*e->quantity_list));
		if (!q || !e->quantity_list)
			return false;
		argosy__v1__quantity_element__init(q);
		e->quantity_list[0] = q;
		e->n_quantity_list = 1;
	}
	if (f->kind == ONE_CLASS)
		return xml_put_text(r, node, &e->quantity_list[0]->epc_class);
	if (!xml_text(r, node, false, &text))
		return false;
	bool plain = !memchr(text.p, 'e', text.n) && !memchr(text.p, 'E', text.n);
	return (text.n && plain && xml_number(r, text, &e->quantity_list[0]->quantity)) ||
	       xml_refuse(r, node, NULL, "quantity is not a decimal number");
}

static bool read_field(struct xml_reader *r, const xmlNode *node, const struct field *f, event_t *e)
{
	void *to = at(e, f->at);
	size_t *n = at(e, f->n_at);
	bool ok = false;
	switch (f->kind) {
	case TEXT:
		return xml_put_text(r, node, to);
	case WORD:
		return xml_read_word(r, node, f->vocab, to);
	case ACTION:
		return xml_read_action(r, node, to);
	case PLACE:
		return xml_read_place(r, node, to);
	case PERSISTENT:
		return xml_read_persistent(r, node, to);
	case ERROR:
		return xml_read_error(r, node, e);
	case ILMD:
		return xml_read_ilmd(r, node, e);
	case REFS:
		return xml_read_refs(r, node, f->item, f->vocab, to, n);
	case SENSORS:
		return xml_read_sensors(r, node, to, n);
	case ONE_CLASS:
	case ONE_QUANTITY:
		return read_quantity_field(r, node, f, e);
	case TEXT_LIST: {
		char **one = xml_alloc(r, sizeof(*one));
		*(char ***)to = one;
		return one && xml_put_text(r, node, one) && ++*n;
	}
	case EPCS:
		ok = xml_read_texts(r, node, f->item, to, n) &&
		     xml_drop_repeated(r, node, e, n, *(char ***)to);
		break;
	case QUANTITIES:
		ok = xml_read_quantities(r, node, to, n);
		break;
	}
	return ok && (*n || xml_note_empty(r, e, f->name));
}

static bool take_field(struct xml_reader *r, const xmlNode *node, struct walk *w, unsigned depth)
{
	const struct model *m = &w->model;
	bool wrapper = depth > 0;
	size_t i = 0;
	while (i < m->n && strcmp(m->fields[i].name, xml_name(node)) != 0)
		i++;
	if (i == m->n && !xml_declared(r, node, xml_name(node)))
		return false;
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
			ok = xml_is(c, IGNORE_NS, "ignoreFields")
				     ? xml_ignore_read(r, c, &w->ignored)
				     : xml_add_extension(r, c, &w->extensions);
			w->vendor = w->vendor || depth == 0;
		}
		if (!ok)
			return false;
	}
	return true;
}

static event_t *read_event(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventType type,
			   struct model model)
{
	event_t *e = xml_alloc(r, sizeof(*e));
	struct walk w = {.e = e, .model = model, .last = ""};
	if (!e)
		return NULL;
	argosy__v1__event__init(e);
	e->type = type;
	r->namespaces = NULL;
	r->n_namespaces = r->cap_namespaces = 0;
	xml_schemes_note(r, node);
	if (!xml_container(r, node, true) || !xml_vendor_attributes(r, node, &w.extensions) ||
	    !walk(r, node, &w, 0, false))
		return NULL;
	e->extensions = w.extensions.v;
	e->n_extensions = w.extensions.n;
	e->ignore_fields = w.ignored.v;
	e->n_ignore_fields = w.ignored.n;
	e->namespaces = r->namespaces;
	e->n_namespaces = r->n_namespaces;
	return r->err == ERR_OK && !r->faulty ? e : NULL;
}

event_t *xml_event(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventType type)
{
	return read_event(r, node, type, model_of(type));
}

event_t *xml_quantity_event(struct xml_reader *r, const xmlNode *node)
{
	struct model model = {quantity_fields, COUNT(quantity_fields)};
	event_t *e = read_event(r, node, ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT, model);
	if (!e)
		return NULL;
	if (!e->n_quantity_list || !e->quantity_list[0]->quantity[0])
		return xml_refuse(r, node, NULL, "QuantityEvent lacks %s",
				  e->n_quantity_list ? "quantity" : "epcClass"),
		       NULL;
	e->action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	return xml_warn(r, node,
			"QuantityEvent was withdrawn: it is taken for an ObjectEvent with action "
			"OBSERVE and a quantityList")
		       ? e
		       : NULL;
}
