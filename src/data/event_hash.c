/*
 * event_hash: the CBV 2.0 event hash identifier (CBV 2.0 §8.9.2).
 *
 * An event is written as one "pre-hash" string, without separators:
 *
 *     eventType=ObjectEvent
 *     eventTime=2020-03-04T10:00:30.000Z        fields, in the order of `vector_profile`
 *     eventTimeZoneOffset=+01:00
 *     epcList epc=... epc=...                   a list: its name once, its entries sorted
 *     ...
 *     readPoint id=... {ns}local=...            extensions after the known children, sorted
 *     sensorElementList sensorElement ...
 *     bizTransactionList type=... bizTransaction=...   the tail: these three lists, ilmd and
 *     {ns}local=...                                    all extensions, sorted as strings
 *
 * and hashed with SHA-256. docs/format/event-hash.md has the rules in full, and
 * where the written standard and its published vectors differ.
 *
 * What must be sorted is first rendered in source order at the end of the
 * output, its cuts remembered; then the pieces are sorted and put in place.
 * So one buffer serves all, and an event costs one allocation, or none where
 * the caller lends the buffer.
 */
#include "data/epcis.h"

#include "crypto/sha256.h"
#include "data/codes.h"
#include "data/hash_value.h"
#include "data/pieces.h"

/* Deeper trees than event_check lets through add nothing; the limit only guards the stack. */
enum { DEPTH_MAX = 2 * EVENT_DEPTH_MAX };

struct hasher {
	struct buf *out;
	const event_t *e;
	struct arena *scratch; /* may be NULL */
	struct buf whole;      /* a value whose prefix was expanded */
};

/* ---- fields ---- */

enum kind {
	VALUE,
	RAW, /* as it is, but for white space around it */
	TIME,
	VOCAB,
	VALUES,	    /* the name for each */
	VOCABS,	    /* the same, of a vocabulary */
	EPCS,	    /* a list of `epc` */
	QUANTITIES, /* a list of `quantityElement` */
	ACTION,
	PERSISTENT,
	PLACE,
	SENSORS,
	NUMBER, /* a VALUE that may have an exponent */
};

/* Offsets are those of the protobuf struct; `n_at` is that of a repeated field's count. */
struct field {
	struct slice name;
	enum kind kind;
	size_t at, n_at;
	enum cbv_vocab vocab;
};

#define ONE(type, text, kind, member)                                                              \
	{                                                                                          \
		NAMED(text), kind, offsetof(type, member), 0, 0                                    \
	}
#define WORD(type, text, member, vocab)                                                            \
	{                                                                                          \
		NAMED(text), VOCAB, offsetof(type, member), 0, vocab                               \
	}
#define MANY(type, text, kind, member, vocab)                                                      \
	{                                                                                          \
		NAMED(text), kind, offsetof(type, member), offsetof(type, n_##member), vocab       \
	}
#define EV(text, kind, member)	ONE(event_t, text, kind, member)
#define EVS(text, kind, member) MANY(event_t, text, kind, member, 0)

/* The order of the published vectors; the tail follows. */
static const struct field vector_profile[] = {
	EV("eventTime", TIME, event_time),
	EV("eventTimeZoneOffset", RAW, event_time_zone_offset),
	EVS("certificationInfo", VALUES, certification_info),
	EV("parentID", VALUE, parent_id),
	EVS("epcList", EPCS, epc_list),
	EVS("inputEPCList", EPCS, input_epc_list),
	EVS("childEPCs", EPCS, child_epcs),
	EVS("quantityList", QUANTITIES, quantity_list),
	EVS("childQuantityList", QUANTITIES, child_quantity_list),
	EVS("inputQuantityList", QUANTITIES, input_quantity_list),
	EVS("outputEPCList", EPCS, output_epc_list),
	EVS("outputQuantityList", QUANTITIES, output_quantity_list),
	EV("action", ACTION, action),
	EV("transformationID", VALUE, transformation_id),
	WORD(event_t, "bizStep", biz_step, CBV_BIZ_STEP),
	WORD(event_t, "disposition", disposition, CBV_DISPOSITION),
	EV("persistentDisposition", PERSISTENT, persistent_disposition),
	EV("readPoint", PLACE, read_point),
	EV("bizLocation", PLACE, biz_location),
	EVS("sensorElementList", SENSORS, sensor_element_list),
};

#define QE(text, kind, member) ONE(Argosy__V1__QuantityElement, text, kind, member)
static const struct field quantity_fields[] = {
	QE("epcClass", VALUE, epc_class),
	QE("quantity", NUMBER, quantity),
	QE("uom", VALUE, uom),
};

static const struct field persistent_fields[] = {
	MANY(Argosy__V1__PersistentDisposition, "set", VOCABS, set, CBV_DISPOSITION),
	MANY(Argosy__V1__PersistentDisposition, "unset", VOCABS, unset, CBV_DISPOSITION),
};

#define SM(text, kind, member) ONE(Argosy__V1__SensorMetadata, text, kind, member)
static const struct field metadata_fields[] = {
	SM("time", TIME, time),
	SM("startTime", TIME, start_time),
	SM("endTime", TIME, end_time),
	SM("deviceID", VALUE, device_id),
	SM("deviceMetadata", VALUE, device_metadata),
	SM("rawData", VALUE, raw_data),
	SM("dataProcessingMethod", VALUE, data_processing_method),
	SM("bizRules", VALUE, biz_rules),
};

#define SR(text, kind, member) ONE(Argosy__V1__SensorReport, text, kind, member)
static const struct field report_fields[] = {
	WORD(Argosy__V1__SensorReport, "type", type, CBV_MEASUREMENT_TYPE),
	WORD(Argosy__V1__SensorReport, "exception", exception, CBV_SENSOR_ALERT),
	SR("deviceID", VALUE, device_id),
	SR("deviceMetadata", VALUE, device_metadata),
	SR("rawData", VALUE, raw_data),
	SR("dataProcessingMethod", VALUE, data_processing_method),
	SR("time", TIME, time),
	SR("microorganism", VALUE, microorganism),
	SR("chemicalSubstance", VALUE, chemical_substance),
	SR("value", NUMBER, value),
	WORD(Argosy__V1__SensorReport, "component", component, CBV_COMPONENT),
	SR("stringValue", VALUE, string_value),
	SR("booleanValue", VALUE, boolean_value),
	SR("hexBinaryValue", VALUE, hex_binary_value),
	SR("uriValue", VALUE, uri_value),
	SR("minValue", NUMBER, min_value),
	SR("maxValue", NUMBER, max_value),
	SR("meanValue", NUMBER, mean_value),
	SR("sDev", NUMBER, s_dev),
	SR("percRank", NUMBER, perc_rank),
	SR("percValue", NUMBER, perc_value),
	SR("uom", VALUE, uom),
	SR("coordinateReferenceSystem", VALUE, coordinate_reference_system),
	/* The standard's order does not know it; we put it last (unsettled). */
	SR("bizRules", VALUE, biz_rules),
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put_fields(struct hasher *h, const void *m, const struct field *f, size_t n);
static void put_extensions(struct hasher *h, event_node_t *const *v, size_t n);

/*
 * "example:x" where the event declares the prefix: the whole URI, as CBV 2.0 §8.9.2 has it of every
 * short form. The reader of XML sees to it that no value there looks like one, because in XML the
 * published vectors leave such values alone.
 */
static bool expand_value(struct hasher *h, struct slice v)
{
	const uint8_t *colon = h->e->n_namespaces ? memchr(v.p, ':', v.n) : NULL;
	struct slice prefix = slice(v.p, colon ? (size_t)(colon - v.p) : 0);
	if (!prefix.n || slice_starts(slice(colon, v.n - prefix.n), "://"))
		return false;
	for (size_t i = 0; i < h->e->n_namespaces; i++) {
		if (!slice_eq_str(prefix, h->e->namespaces[i]->prefix))
			continue;
		buf_clear(&h->whole);
		buf_put_str(&h->whole, h->e->namespaces[i]->uri);
		buf_put(&h->whole, colon + 1, v.n - prefix.n - 1);
		h->out->failed |= h->whole.failed;
		return !h->whole.failed;
	}
	return false;
}

static void put_value(struct hasher *h, struct slice v)
{
	hash_value(h->out, expand_value(h, v) ? buf_slice(&h->whole) : v);
}

/* name=value of one leaf, by its kind; nothing where the value is empty. */
static void put_leaf(struct hasher *h, struct slice name, enum kind kind, enum cbv_vocab vocab,
		     const char *text)
{
	struct slice v = hash_value_trim(text);
	if (v.n == 0)
		return;
	buf_put_slice(h->out, name);
	buf_put_u8(h->out, '=');
	if (kind == RAW) {
		buf_put_slice(h->out, v);
	} else if (kind == TIME) {
		hash_value_time(h->out, v);
	} else if ((kind == VOCAB || kind == VOCABS) && !memchr(v.p, ':', v.n)) {
		buf_put_str(h->out, cbv_web_prefix(vocab));
		buf_put_slice(h->out, v);
	} else if (kind != NUMBER || !hash_value_number(h->out, v)) {
		put_value(h, v);
	}
}

/* A parent's name goes first and is taken back if nothing followed. */
static size_t parent_begin(struct hasher *h, struct slice name)
{
	buf_put_slice(h->out, name);
	return h->out->n;
}

static void parent_end(struct hasher *h, size_t mark, struct slice name)
{
	if (h->out->n == mark && !h->out->failed)
		h->out->n -= name.n;
}

static void put_texts(struct hasher *h, const struct field *f, struct slice name, char *const *v,
		      size_t n)
{
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < n; i++) {
		put_leaf(h, name, f->kind, f->vocab, v[i]);
		pieces_cut(&p);
	}
	pieces_end(&p);
}

static void put_quantities(struct hasher *h, Argosy__V1__QuantityElement *const *v, size_t n)
{
	static const struct slice name = NAMED("quantityElement");
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < n; i++) {
		size_t mark = parent_begin(h, name);
		put_fields(h, v[i], quantity_fields, COUNT(quantity_fields));
		parent_end(h, mark, name);
		pieces_cut(&p);
	}
	pieces_end(&p);
}

static void put_sensor(struct hasher *h, const Argosy__V1__SensorElement *s)
{
	static const struct slice metadata = NAMED("sensorMetadata"),
				  report = NAMED("sensorReport");
	if (s->metadata) {
		size_t mark = parent_begin(h, metadata);
		put_fields(h, s->metadata, metadata_fields, COUNT(metadata_fields));
		put_extensions(h, s->metadata->extensions, s->metadata->n_extensions);
		parent_end(h, mark, metadata);
	}
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < s->n_reports; i++) {
		size_t mark = parent_begin(h, report);
		put_fields(h, s->reports[i], report_fields, COUNT(report_fields));
		put_extensions(h, s->reports[i]->extensions, s->reports[i]->n_extensions);
		parent_end(h, mark, report);
		pieces_cut(&p);
	}
	pieces_end(&p);
	put_extensions(h, s->extensions, s->n_extensions);
}

static void put_sensors(struct hasher *h, Argosy__V1__SensorElement *const *v, size_t n)
{
	static const struct slice name = NAMED("sensorElement");
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < n; i++) {
		size_t mark = parent_begin(h, name);
		put_sensor(h, v[i]);
		parent_end(h, mark, name);
		pieces_cut(&p);
	}
	pieces_end(&p);
}

static void put_place(struct hasher *h, const Argosy__V1__Place *place)
{
	static const struct slice id = NAMED("id");
	if (!place)
		return;
	put_leaf(h, id, VALUE, 0, place->id);
	put_extensions(h, place->extensions, place->n_extensions);
}

/* ---- extensions ---- */

static bool ignored(const struct hasher *h, const event_node_t *node)
{
	struct slice name = slice_str(node->name);
	if (slice_eq_str(name, "comment") &&
	    (!node->ns[0] || strcmp(node->ns, "http://www.w3.org/2000/01/rdf-schema#") == 0))
		return true;
	if (!node->ns[0])
		return slice_eq_str(name, "@context");
	if (slice_eq_str(name, "ignoreFields") &&
	    strcmp(node->ns, "https://repository-x.example.com/") == 0)
		return true;
	struct slice ns = slice_str(node->ns);
	for (size_t i = 0; i < h->e->n_ignore_fields; i++) {
		struct slice f = slice_str(h->e->ignore_fields[i]); /* "{namespace}local" */
		if (f.n == ns.n + name.n + 2 && f.p[0] == '{' && f.p[ns.n + 1] == '}' &&
		    memcmp(f.p + 1, ns.p, ns.n) == 0 && memcmp(f.p + ns.n + 2, name.p, name.n) == 0)
			return true;
	}
	return false;
}

static void put_name(struct hasher *h, const event_node_t *node)
{
	if (*node->ns) { /* as declared, with its last slash or colon or without */
		buf_put_u8(h->out, '{');
		buf_put_str(h->out, node->ns);
		buf_put_u8(h->out, '}');
	}
	buf_put_str(h->out, node->name);
}

static void put_child(struct hasher *h, struct pieces *p, const event_node_t *node, unsigned depth);

/* A JSON-LD value object ({"@value": "7", "@type": "xsd:integer"}) is its value, as an XML element
 * with a type or attributes is its text. NULL: not one. */
static const char *value_object(const event_node_t *node)
{
	for (size_t i = 0; i < node->n_children; i++)
		if (!node->children[i]->ns[0] && strcmp(node->children[i]->name, "@value") == 0)
			return node->children[i]->text;
	return NULL;
}

static bool value_keyword(const event_node_t *node)
{
	return !node->ns[0] &&
	       (strcmp(node->name, "@value") == 0 || strcmp(node->name, "@type") == 0);
}

/* One value under the name of `named` (itself, or the array that holds it). */
static void put_node(struct hasher *h, struct pieces *p, const event_node_t *named,
		     const event_node_t *node, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return;
	if (node->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY) {
		for (size_t i = 0; i < node->n_children; i++)
			put_node(h, p, named, node->children[i], depth + 1);
		return;
	}
	if (node->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_NULL)
		return; /* JSON-LD takes it for nothing */
	put_name(h, named);
	const char *value = value_object(node);
	struct slice text = hash_value_trim(value ? value : node->text);
	if (text.n) {
		buf_put_u8(h->out, '=');
		put_value(h, text);
	}
	if (node->n_children) {
		struct pieces inner;
		pieces_begin(&inner, h->out, h->scratch);
		for (size_t i = 0; i < node->n_children; i++)
			if (!text.n || !value_keyword(node->children[i]))
				put_child(h, &inner, node->children[i], depth + 1);
		pieces_end(&inner);
	}
	pieces_cut(p);
}

static void put_child(struct hasher *h, struct pieces *p, const event_node_t *node, unsigned depth)
{
	if (!ignored(h, node))
		put_node(h, p, node, node, depth);
}

static void put_extensions(struct hasher *h, event_node_t *const *v, size_t n)
{
	if (n == 0)
		return;
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < n; i++)
		put_child(h, &p, v[i], 0);
	pieces_end(&p);
}

/* ---- fields by their table ---- */

static void put_action(struct hasher *h, struct slice name, Argosy__V1__EventAction action)
{
	const char *text = NULL;
	switch (action) {
	case ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD:
		text = "=ADD";
		break;
	case ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE:
		text = "=OBSERVE";
		break;
	case ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE:
		text = "=DELETE";
		break;
	case ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_ACTION_IS_INT_SIZE:
		return;
	}
	if (!text)
		return;
	buf_put_slice(h->out, name);
	buf_put_str(h->out, text);
}

/* The struct of a field's member: protobuf-c's layout is fixed by offset. */
static const void *at(const void *m, size_t offset)
{
	return (const uint8_t *)m + offset;
}

static void put_parent(struct hasher *h, const void *m, const struct field *f)
{
	size_t mark = parent_begin(h, f->name);
	size_t n = f->n_at ? *(const size_t *)at(m, f->n_at) : 0;
	const void *v = *(const void *const *)at(m, f->at);
	static const struct slice epc = NAMED("epc");
	switch (f->kind) {
	case EPCS:
		put_texts(h, f, epc, v, n);
		break;
	case QUANTITIES:
		put_quantities(h, v, n);
		break;
	case PERSISTENT:
		put_fields(h, v, persistent_fields, COUNT(persistent_fields));
		break;
	case PLACE:
		put_place(h, v);
		break;
	case SENSORS:
		put_sensors(h, v, n);
		break;
	case VALUE:
	case RAW:
	case TIME:
	case VOCAB:
	case VALUES:
	case VOCABS:
	case ACTION:
	case NUMBER:
		break;
	}
	parent_end(h, mark, f->name);
}

static void put_fields(struct hasher *h, const void *m, const struct field *f, size_t n)
{
	for (size_t i = 0; i < n; i++, f++) {
		switch (f->kind) {
		case VALUE:
		case RAW:
		case TIME:
		case VOCAB:
		case NUMBER:
			put_leaf(h, f->name, f->kind, f->vocab, *(char *const *)at(m, f->at));
			break;
		case VALUES:
		case VOCABS:
			put_texts(h, f, f->name, *(char *const *const *)at(m, f->at),
				  *(const size_t *)at(m, f->n_at));
			break;
		case ACTION:
			put_action(h, f->name, *(const Argosy__V1__EventAction *)at(m, f->at));
			break;
		case EPCS:
		case QUANTITIES:
		case SENSORS:
			if (*(const size_t *)at(m, f->n_at))
				put_parent(h, m, f);
			break;
		case PERSISTENT:
		case PLACE:
			if (*(const void *const *)at(m, f->at))
				put_parent(h, m, f);
			break;
		}
	}
}

/* ---- the tail ---- */

/* An entry is `type` and then its identifier; the entries are sorted after that. */
static void put_refs(struct hasher *h, struct slice list, struct slice entry,
		     Argosy__V1__TypedRef *const *v, size_t n, enum cbv_vocab vocab)
{
	static const struct slice type = NAMED("type");
	struct pieces p;
	size_t mark = parent_begin(h, list);
	pieces_begin(&p, h->out, h->scratch);
	for (size_t i = 0; i < n; i++) {
		put_leaf(h, type, VOCAB, vocab, v[i]->type);
		put_leaf(h, entry, VALUE, 0, v[i]->id);
		pieces_cut(&p);
	}
	pieces_end(&p);
	parent_end(h, mark, list);
}

static void put_tail(struct hasher *h)
{
	static const struct slice transactions = NAMED("bizTransactionList"),
				  transaction = NAMED("bizTransaction"),
				  sources = NAMED("sourceList"), source = NAMED("source"),
				  destinations = NAMED("destinationList"),
				  destination = NAMED("destination"), ilmd = NAMED("ilmd");
	const event_t *e = h->e;
	struct pieces p;
	pieces_begin(&p, h->out, h->scratch);
	if (e->n_biz_transaction_list)
		put_refs(h, transactions, transaction, e->biz_transaction_list,
			 e->n_biz_transaction_list, CBV_BTT);
	pieces_cut(&p);
	if (e->n_destination_list)
		put_refs(h, destinations, destination, e->destination_list, e->n_destination_list,
			 CBV_SDT);
	pieces_cut(&p);
	if (e->n_ilmd) {
		size_t mark = parent_begin(h, ilmd);
		put_extensions(h, e->ilmd, e->n_ilmd);
		parent_end(h, mark, ilmd);
	}
	pieces_cut(&p);
	if (e->n_source_list)
		put_refs(h, sources, source, e->source_list, e->n_source_list, CBV_SDT);
	pieces_cut(&p);
	for (size_t i = 0; i < e->n_extensions; i++)
		put_child(h, &p, e->extensions[i], 0);
	pieces_end(&p);
}

/* ---- the event ---- */

/* A vendor's type is named with its namespace, as extensions are. */
static void put_extended_type(struct hasher *h)
{
	struct slice type = hash_value_trim(h->e->extended_type);
	const uint8_t *colon = type.n ? memchr(type.p, ':', type.n) : NULL;
	if (colon) {
		struct slice prefix = slice(type.p, (size_t)(colon - type.p));
		for (size_t i = 0; i < h->e->n_namespaces; i++) {
			if (!slice_eq_str(prefix, h->e->namespaces[i]->prefix))
				continue;
			buf_put_u8(h->out, '{');
			buf_put_str(h->out, h->e->namespaces[i]->uri);
			buf_put_u8(h->out, '}');
			buf_put(h->out, colon + 1, type.n - prefix.n - 1);
			return;
		}
	}
	buf_put_slice(h->out, type);
}

static void put_type(struct hasher *h)
{
	buf_put_str(h->out, "eventType=");
	switch (h->e->type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		buf_put_str(h->out, "ObjectEvent");
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
		buf_put_str(h->out, "AggregationEvent");
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
		buf_put_str(h->out, "TransactionEvent");
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		buf_put_str(h->out, "TransformationEvent");
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		buf_put_str(h->out, "AssociationEvent");
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
		put_extended_type(h);
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
}

enum err event_hash(struct hash *out, struct buf *pre, const event_t *e, struct arena *scratch)
{
	struct buf own = BUF_INIT;
	struct hasher h = {pre ? pre : &own, e, scratch, BUF_INIT};
	buf_clear(h.out);
	buf_reserve(h.out, 2048);
	put_type(&h);
	put_fields(&h, e, vector_profile, COUNT(vector_profile));
	put_tail(&h);
	enum err err = buf_err(h.out);
	if (err == ERR_OK)
		sha256(out, buf_slice(h.out));
	buf_fini(&h.whole);
	buf_fini(&own);
	return err;
}

void event_hash_uri(char out[static EVENT_HASH_URI_MAX], const struct hash *h)
{
	static const char head[] = "ni:///sha-256;", tail[] = "?ver=CBV2.0";
	memcpy(out, head, sizeof(head) - 1);
	hex_encode(out + sizeof(head) - 1, h->b, 32);
	memcpy(out + sizeof(head) - 1 + 64, tail, sizeof(tail));
}
