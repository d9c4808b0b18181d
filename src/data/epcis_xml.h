/*
 * epcis_xml: what the parts of the EPCIS XML reader share.
 *
 *	epcis_xml_read.c    the document: root, body, the list of events
 *	epcis_xml_header.c  what stands around the events
 *	epcis_xml_event.c   one event, field by field in the schema's order
 *	epcis_xml_parts.c   lists, places, error declarations
 *	epcis_xml_sensor.c  sensor elements
 *	epcis_xml_tree.c    extensions, their prefixes
 *	epcis_xml_scheme.c  values that look as if they had such a prefix
 *	epcis_xml_ignore.c  ignoreFields
 *	epcis_xml_node.c    elements and their texts, numbers, faults and places
 *
 * Faults are sticky within one event: after the first, readers return false
 * and the event is dropped. Out of memory is sticky for the whole document.
 */
#ifndef ARGOSY_DATA_EPCIS_XML_H
#define ARGOSY_DATA_EPCIS_XML_H

#include "data/codes.h"
#include "data/epcis.h"
#include "data/hash_value.h"

#include <libxml/tree.h>

#define EPCIS_NS_2	  "urn:epcglobal:epcis:xsd:2"
#define EPCIS_NS_1	  "urn:epcglobal:epcis:xsd:1"
#define EPCIS_QUERY_NS_2  "urn:epcglobal:epcis-query:xsd:2"
#define EPCIS_QUERY_NS_1  "urn:epcglobal:epcis-query:xsd:1"
#define EPCIS_MASTER_NS_2 "urn:epcglobal:epcis-masterdata:xsd:2"
#define EPCIS_MASTER_NS_1 "urn:epcglobal:epcis-masterdata:xsd:1"
#define XSI_NS		  "http://www.w3.org/2001/XMLSchema-instance"
#define XSD_NS		  "http://www.w3.org/2001/XMLSchema"
#define IGNORE_NS	  "https://repository-x.example.com/"

struct xml_reader {
	struct arena *a;
	unsigned version; /* 1: EPCIS 1.x, 2: EPCIS 2.0 */
	enum err err;	  /* ERR_OK, ERR_NOMEM or ERR_LIMIT: ends everything */

	/* Where faults go. */
	struct event_issue *issues;
	size_t issues_max, *n_issues;
	struct event_doc *doc; /* warnings go there */
	size_t event; /* index of the event being read, SIZE_MAX outside */
	bool faulty;  /* the event (or, outside, the document) has a fault */

	/* Prefixes used by what is being read. */
	Argosy__V1__Namespace **namespaces;
	size_t n_namespaces, cap_namespaces;

	/* Prefixes that the document declares, sorted (epcis_xml_scheme.c). */
	struct xml_scheme *schemes;
	size_t n_schemes, serial; /* of the event or head being read */
	size_t made_seen;	  /* the largest K of "nsK:" that a value begins with */
};

/* ---- epcis_xml_node.c ---- */

/* Records a fault at `at` (an element) with an optional "/@name" or "/name" after its place.
 * Returns false, for `return xml_refuse(...)`. */
bool xml_refuse(struct xml_reader *r, const xmlNode *at, const char *below, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Notes at `at` what was assumed. False: no memory. */
bool xml_warn(struct xml_reader *r, const xmlNode *at, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Memory of the arena, zeroed; NULL sets r->err. */
void *xml_alloc(struct xml_reader *r, size_t n);
char *xml_copy(struct xml_reader *r, struct slice s);

/* Elements, comments and processing instructions skipped. NULL: none left. */
const xmlNode *xml_first(const xmlNode *parent);
const xmlNode *xml_next(const xmlNode *node);
size_t xml_count(const xmlNode *parent);
bool xml_is(const xmlNode *node, const char *ns, const char *name);
static inline const char *xml_name(const xmlNode *node)
{
	return (const char *)node->name;
}
/* The namespace URI, "" for none. */
const char *xml_ns(const xmlNode *node);

/* An element that holds elements only: no text but white space, and no attributes but xsi:'s
 * (unless `attributes`: the caller reads them). */
bool xml_container(struct xml_reader *r, const xmlNode *node, bool attributes);
/* The text of an element that holds nothing else, white space around it removed; attributes
 * as above. */
bool xml_text(struct xml_reader *r, const xmlNode *node, bool attributes, struct slice *out);
/* The value of an attribute, likewise. */
bool xml_attr_text(struct xml_reader *r, const xmlAttr *attr, struct slice *out);
bool xml_nil(const xmlNode *node);

/* The namespace URI of an attribute's name. */
static inline const char *xml_attr_ns(const xmlAttr *attr)
{
	return attr->ns && attr->ns->href ? (const char *)attr->ns->href : "";
}

/* Text or CDATA. */
static inline bool xml_is_text(const xmlNode *n)
{
	return n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE;
}

/* What a text node holds, trimmed. */
static inline struct slice xml_content(const xmlNode *n)
{
	return hash_value_trim((const char *)n->content);
}

/* The parser takes a prefix that nothing declares for a part of the name: refused, false. */
bool xml_declared(struct xml_reader *r, const xmlNode *at, const char *name);
/* Refuses an element that its parent may not hold. */
bool xml_unexpected(struct xml_reader *r, const xmlNode *c);

/* A number as JSON writes it: kept if it is one already, else (XML Schema's "+1", ".5", "007")
 * rewritten. False: it is not a number. */
bool xml_number(struct xml_reader *r, struct slice s, char **out);

/* ---- epcis_xml_tree.c ---- */

/* Notes that a namespace is used (at `at`), and gives the prefix to write it with. */
char *xml_prefix(struct xml_reader *r, const xmlNode *at, const xmlNs *ns);

/* One extension element as a tree. `depth` counts from 1. */
event_node_t *xml_node(struct xml_reader *r, const xmlNode *node, unsigned depth);
/* One attribute as a node. */
event_node_t *xml_attr_node(struct xml_reader *r, const xmlAttr *attr);

/* A growing list of nodes, where a repeated name becomes one ARRAY. */
struct xml_nodes {
	event_node_t **v;
	uint32_t *keys; /* of the names, to find repeats quickly */
	size_t n, cap;
};
bool xml_nodes_add(struct xml_reader *r, const xmlNode *at, struct xml_nodes *list,
		   event_node_t *node);

/* ---- epcis_xml_scheme.c ---- */

/*
 * In XML the value "example:speed" is a URI as it stands; in JSON-LD it would be short for another
 * one if the event declared the prefix "example". So that an event means the same in both, a
 * prefix that some value of it begins with is written otherwise.
 */
struct xml_scheme {
	const char *prefix;
	size_t seen; /* the serial of what has such a value */
};

/* A namespace of the documents themselves, or of XML Schema: never one of extensions. */
bool xml_is_syntax(const char *uri);
/* Collects the prefixes that the document declares. False: no memory. */
bool xml_schemes_init(struct xml_reader *r, const xmlNode *root);
/* Begins the reading of `node` (an event, or the root for all that is in the document). */
void xml_schemes_note(struct xml_reader *r, const xmlNode *node);
/* Does a value of what is being read begin with that prefix and a colon? */
bool xml_scheme_used(const struct xml_reader *r, const char *prefix);

/* ---- epcis_xml_ignore.c ---- */

/* Different names, at most EVENT_IGNORED_MAX. */
struct xml_names {
	char **v;
	size_t n;
};

/* Adds what an element ignoreFields names. */
bool xml_ignore_read(struct xml_reader *r, const xmlNode *node, struct xml_names *to);
/* All such elements of a document outside its events. `depth`: 0. */
bool xml_ignore_find(struct xml_reader *r, const xmlNode *root, struct xml_names *to,
		     unsigned depth);
/* Keeps the names with the document's members. */
bool xml_ignore_keep(struct xml_reader *r, event_node_t *members, const struct xml_names *names);
/* Adds the document's names to the event's own. */
bool xml_ignore_spread(struct xml_reader *r, const xmlNode *at, const struct xml_names *names,
		       event_t *e);

/* ---- epcis_xml_parts.c ---- */

/* Text that must not be empty. */
bool xml_put_text(struct xml_reader *r, const xmlNode *node, char **out);
/* A value of a vocabulary: the bare word where the vocabulary has it, else as given. */
char *xml_put_word(struct xml_reader *r, enum cbv_vocab vocab, struct slice text);
bool xml_read_word(struct xml_reader *r, const xmlNode *node, enum cbv_vocab vocab, char **out);
bool xml_read_action(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventAction *out);

/* Room for a list's entries of `size` bytes, its length checked; *v NULL where it is empty. */
bool xml_list_room(struct xml_reader *r, const xmlNode *node, size_t size, void **v);
/* The element must be `item`. */
bool xml_expect(struct xml_reader *r, const xmlNode *node, const char *item);
/* Remembers that a list stood there without entries. */
bool xml_note_empty(struct xml_reader *r, event_t *e, const char *name);

bool xml_read_texts(struct xml_reader *r, const xmlNode *node, const char *item, char ***out,
		    size_t *n_out);
/* Where JSON wants the items of this list to be different: takes repeats out, with a warning. */
bool xml_drop_repeated(struct xml_reader *r, const xmlNode *node, const event_t *e, size_t *n,
		       char **list);
bool xml_read_quantities(struct xml_reader *r, const xmlNode *node,
			 Argosy__V1__QuantityElement ***out, size_t *n_out);
bool xml_read_refs(struct xml_reader *r, const xmlNode *node, const char *item,
		   enum cbv_vocab vocab, Argosy__V1__TypedRef ***out, size_t *n_out);
bool xml_read_persistent(struct xml_reader *r, const xmlNode *node,
			 Argosy__V1__PersistentDisposition **out);
bool xml_read_place(struct xml_reader *r, const xmlNode *node, Argosy__V1__Place **out);
bool xml_read_ilmd(struct xml_reader *r, const xmlNode *node, event_t *e);
bool xml_read_error(struct xml_reader *r, const xmlNode *node, event_t *e);

/* A vendor's element; the standard's own namespace qualifies no element inside an event. */
bool xml_add_extension(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list);
/* From `c` on only <extension> (once, first) and vendor elements may stand. */
bool xml_read_rest(struct xml_reader *r, const xmlNode *c, struct xml_nodes *list);
/* Vendor attributes of an element that may have them. */
bool xml_vendor_attributes(struct xml_reader *r, const xmlNode *node, struct xml_nodes *list);

/* ---- epcis_xml_sensor.c ---- */

bool xml_read_sensors(struct xml_reader *r, const xmlNode *node, Argosy__V1__SensorElement ***out,
		      size_t *n_out);

/* ---- epcis_xml_header.c ---- */

/* A node of no namespace, as JSON's own names are; added to a parent's children. */
event_node_t *xml_member(struct xml_reader *r, const char *name, Argosy__V1__NodeKind kind);
bool xml_member_add(struct xml_reader *r, event_node_t *parent, event_node_t *child);
event_node_t *xml_member_parent(struct xml_reader *r, event_node_t *parent, const char *name,
				Argosy__V1__NodeKind kind);
/* VocabularyList, into `master` under the name that JSON has for it. */
bool xml_vocabularies(struct xml_reader *r, const xmlNode *node, event_node_t *master);
/* EPCISHeader, into `members`. */
bool xml_header(struct xml_reader *r, const xmlNode *node, event_node_t *members);

/* ---- epcis_xml_event.c ---- */

/* EPCIS 1.x: a QuantityEvent as the ObjectEvent that took its place, with a warning. */
event_t *xml_quantity_event(struct xml_reader *r, const xmlNode *node);
/* Reads an event element. NULL: faulty (said), or r->err is set. */
event_t *xml_event(struct xml_reader *r, const xmlNode *node, Argosy__V1__EventType type);

#endif
