/*
 * Extensions as trees, and the prefixes that their names use.
 */
#include "data/epcis_xml.h"

#include <stdio.h>

/* Distinct names under one extension element; grouping repeats is quadratic in them. */
enum { NAMES_MAX = 1024, NAMESPACES_MAX = 256 };

/* ---- prefixes ---- */

static bool note_namespace(struct xml_reader *r, const char *prefix, const char *uri)
{
	if (r->n_namespaces == r->cap_namespaces) {
		size_t cap = r->cap_namespaces ? 2 * r->cap_namespaces : 8;
		Argosy__V1__Namespace **v = xml_alloc(r, cap * sizeof(*v));
		if (!v)
			return false;
		if (r->n_namespaces)
			memcpy(v, r->namespaces, r->n_namespaces * sizeof(*v));
		r->namespaces = v;
		r->cap_namespaces = cap;
	}
	Argosy__V1__Namespace *ns = xml_alloc(r, sizeof(*ns));
	if (!ns)
		return false;
	argosy__v1__namespace__init(ns);
	ns->prefix = xml_copy(r, slice_str(prefix));
	ns->uri = xml_copy(r, slice_str(uri));
	r->namespaces[r->n_namespaces] = ns;
	if (!ns->prefix || !ns->uri)
		return false;
	r->n_namespaces++;
	return true;
}

/* A prefix that no namespace of this event has yet. */
static void make_prefix(const struct xml_reader *r, char made[static 32])
{
	for (size_t k = r->made_seen + r->n_namespaces + 1;; k++) {
		bool taken = false;
		snprintf(made, 32, "ns%zu", k);
		for (size_t i = 0; i < r->n_namespaces; i++)
			taken = taken || strcmp(r->namespaces[i]->prefix, made) == 0;
		if (!taken)
			return;
	}
}

/* One prefix means one namespace in an event; where the document rebound it, another is made, and
 * where a value would seem to have it. A default namespace gets one too. */
char *xml_prefix(struct xml_reader *r, const xmlNode *at, const xmlNs *ns)
{
	const char *want = ns->prefix ? (const char *)ns->prefix : "";
	const char *uri = (const char *)ns->href;
	Argosy__V1__Namespace *same = NULL;
	bool taken = !*want || xml_scheme_used(r, want);
	char made[32];
	for (size_t i = 0; i < r->n_namespaces; i++) {
		Argosy__V1__Namespace *have = r->namespaces[i];
		bool same_prefix = strcmp(have->prefix, want) == 0;
		if (strcmp(have->uri, uri) != 0) {
			taken = taken || same_prefix;
			continue;
		}
		if (same_prefix)
			return have->prefix;
		same = same ? same : have;
	}
	if (taken && same)
		return same->prefix;
	if (taken)
		make_prefix(r, made);
	if (r->n_namespaces >= NAMESPACES_MAX)
		return xml_refuse(r, at, NULL, "more than %d namespaces", NAMESPACES_MAX), NULL;
	if (!note_namespace(r, taken ? made : want, uri))
		return NULL;
	return r->namespaces[r->n_namespaces - 1]->prefix;
}

/* ---- extensions ---- */

static event_node_t *new_node(struct xml_reader *r, const xmlNode *at, const xmlNs *ns,
			      const xmlChar *name)
{
	event_node_t *n = xml_alloc(r, sizeof(*n));
	if (!n || !xml_declared(r, at, (const char *)name))
		return NULL;
	argosy__v1__node__init(n);
	if (ns && ns->href && ns->href[0]) {
		n->ns = xml_copy(r, slice_str((const char *)ns->href));
		n->prefix = xml_prefix(r, at, ns);
	}
	n->name = xml_copy(r, slice_str((const char *)name));
	return r->err == ERR_OK && !r->faulty ? n : NULL;
}

event_node_t *xml_attr_node(struct xml_reader *r, const xmlAttr *attr)
{
	struct slice text;
	event_node_t *n = new_node(r, attr->parent, attr->ns, attr->name);
	if (!n || !xml_attr_text(r, attr, &text))
		return NULL;
	n->attribute = true;
	n->text = xml_copy(r, text);
	return n->text ? n : NULL;
}

static bool nodes_push(struct xml_reader *r, event_node_t ***v, size_t *n, size_t *cap,
		       event_node_t *node)
{
	if (*n == *cap) {
		size_t more = *cap ? 2 * *cap : 4;
		event_node_t **grown = xml_alloc(r, more * sizeof(*grown));
		if (!grown)
			return false;
		if (*n)
			memcpy(grown, *v, *n * sizeof(*grown));
		*v = grown;
		*cap = more;
	}
	(*v)[(*n)++] = node;
	return true;
}

/* An attribute and an element of one name share a JSON key, and so an array. */
static bool same_name(const event_node_t *a, const event_node_t *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->ns, b->ns) == 0;
}

/* Room in an array's children is a power of two, so its count tells when it is full. */
static bool array_push(struct xml_reader *r, event_node_t *array, event_node_t *node)
{
	size_t n = array->n_children, cap = n;
	if (n < 4)
		cap = n ? 4 : 0;
	else if (n & (n - 1))
		cap = n + 1; /* not full */
	node->name = node->ns = node->prefix = (char *)protobuf_c_empty_string;
	if (n >= EVENT_LIST_MAX)
		return false;
	return nodes_push(r, &array->children, &array->n_children, &cap, node);
}

bool xml_nodes_add(struct xml_reader *r, const xmlNode *at, struct xml_nodes *list,
		   event_node_t *node)
{
	uint32_t key = crc32c(crc32c(0, node->name, strlen(node->name)), node->ns, strlen(node->ns));
	for (size_t i = list->n; i-- > 0;) {
		event_node_t *have = list->v[i];
		if (list->keys[i] != key || !same_name(have, node))
			continue;
		if (have->kind != ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY) {
			event_node_t *array = xml_alloc(r, sizeof(*array));
			if (!array)
				return false;
			argosy__v1__node__init(array);
			array->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
			array->ns = have->ns;
			array->prefix = have->prefix;
			array->name = have->name;
			if (!array_push(r, array, have))
				return false;
			list->v[i] = have = array;
		}
		if (have->n_children >= EVENT_LIST_MAX)
			return xml_refuse(r, at, NULL, "%s is repeated more than %d times",
					  xml_name(at), EVENT_LIST_MAX);
		return array_push(r, have, node);
	}
	if (list->n >= NAMES_MAX)
		return xml_refuse(r, at, NULL, "more than %d different names in one place",
				  NAMES_MAX);
	size_t n = list->n;
	if (!nodes_push(r, &list->v, &list->n, &list->cap, node))
		return false;
	if (n == 0 || (n & (n - 1)) == 0) { /* the list may have grown: room for as many keys */
		uint32_t *keys = xml_alloc(r, list->cap * sizeof(*keys));
		if (!keys)
			return false;
		if (n)
			memcpy(keys, list->keys, n * sizeof(*keys));
		list->keys = keys;
	}
	list->keys[n] = key;
	return true;
}

/* Types of XML Schema that JSON has too. The value must fit, as a validator would demand. */
static bool typed_value(struct xml_reader *r, const xmlNode *at, struct slice type, event_node_t *n,
			struct slice raw)
{
	static const char *const whole[] = {
		"integer",
		"int",
		"long",
		"short",
		"byte",
		"nonNegativeInteger",
		"positiveInteger",
		"negativeInteger",
		"nonPositiveInteger",
		"unsignedInt",
		"unsignedLong",
		"unsignedShort",
		"unsignedByte",
	};
	struct slice v = slice_str(n->text);
	bool number = slice_eq_str(type, "decimal") || slice_eq_str(type, "double") ||
		      slice_eq_str(type, "float");
	bool integer = false;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		integer = integer || slice_eq_str(type, whole[i]);
	if (integer || number) {
		char *text;
		bool plain = !memchr(v.p, 'e', v.n) && !memchr(v.p, 'E', v.n);
		if ((integer && (memchr(v.p, '.', v.n) || !plain)) ||
		    (slice_eq_str(type, "decimal") && !plain) || !xml_number(r, v, &text))
			return xml_refuse(r, at, NULL, "%s is no %.*s", xml_name(at), (int)type.n,
					  (const char *)type.p);
		n->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER;
		n->text = text;
	} else if (slice_eq_str(type, "boolean")) {
		bool yes = slice_eq_str(v, "true") || slice_eq_str(v, "1");
		if (!yes && !slice_eq_str(v, "false") && !slice_eq_str(v, "0"))
			return xml_refuse(r, at, NULL, "%s is no boolean", xml_name(at));
		n->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL;
		n->text = xml_copy(r, yes ? SLICE_LIT("true") : SLICE_LIT("false"));
	} else if (slice_eq_str(type, "dateTime")) {
		/* White space around it is refused, as libxml2's validator does. */
		int64_t ms;
		if (raw.n != v.n || !time_parse(&ms, v))
			return xml_refuse(r, at, NULL,
					  "%s is no dateTime (white space around it, or malformed)",
					  xml_name(at));
	}
	return r->err == ERR_OK;
}

/* xsi:type: its prefix must be declared. *foreign: not one of XML Schema's types. */
static bool apply_type(struct xml_reader *r, const xmlNode *at, const xmlAttr *attr,
		       event_node_t *n, bool *foreign)
{
	struct slice type;
	*foreign = false;
	if (!xml_attr_text(r, attr, &type))
		return false;
	const uint8_t *colon = type.n ? memchr(type.p, ':', type.n) : NULL;
	char prefix[64] = "";
	size_t n_prefix = colon ? (size_t)(colon - type.p) : 0;
	const xmlNs *ns = NULL;
	if (n_prefix < sizeof(prefix)) {
		memcpy(prefix, type.p, n_prefix);
		ns = xmlSearchNs(at->doc, (xmlNode *)(uintptr_t)at,
				 colon ? (const xmlChar *)prefix : NULL);
	}
	if (colon && !ns)
		return xml_refuse(r, at, "/@xsi:type",
				  "xsi:type uses the prefix %s, which is not declared", prefix);
	if (!ns || strcmp((const char *)ns->href, XSD_NS) != 0) {
		*foreign = true;
		return true;
	}
	size_t skip = colon ? n_prefix + 1 : 0;
	struct slice raw = at->children && xml_is_text(at->children)
				   ? slice_str((const char *)at->children->content)
				   : SLICE_LIT("");
	return typed_value(r, at, slice(type.p + skip, type.n - skip), n, raw);
}

/* Text may stand before the first child element; after one it has no place in the model. */
static bool own_text(struct xml_reader *r, const xmlNode *node, event_node_t *n)
{
	struct slice text;
	const xmlNode *child = xml_first(node);
	if (!child) {
		if (!xml_text(r, node, true, &text))
			return false;
		n->text = xml_copy(r, text);
		return n->text;
	}
	for (const xmlNode *c = child; c; c = c->next)
		if (xml_is_text(c) && xml_content(c).n)
			return xml_refuse(r, node, NULL, "%s mixes text and elements",
					  xml_name(node));
	struct buf all = BUF_INIT;
	for (const xmlNode *c = node->children; c != child; c = c->next)
		if (xml_is_text(c))
			buf_put_str(&all, (const char *)c->content);
	const char *joined = xml_copy(r, buf_slice(&all));
	if (all.failed)
		r->err = ERR_NOMEM;
	buf_fini(&all);
	if (!joined || r->err != ERR_OK)
		return false;
	n->text = xml_copy(r, hash_value_trim(joined));
	return n->text;
}

static bool read_attributes(struct xml_reader *r, const xmlNode *node, event_node_t *n,
			    struct xml_nodes *list)
{
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (strcmp(xml_attr_ns(a), XSI_NS) == 0) {
			bool foreign = strcmp((const char *)a->name, "type") == 0;
			if (foreign && !apply_type(r, node, a, n, &foreign))
				return false;
			if (!foreign)
				continue; /* nil and schemaLocation say nothing of the value */
		}
		event_node_t *attr = xml_attr_node(r, a);
		if (!attr || !xml_nodes_add(r, node, list, attr))
			return false;
	}
	return true;
}

event_node_t *xml_node(struct xml_reader *r, const xmlNode *node, unsigned depth)
{
	if (depth > EVENT_DEPTH_MAX) {
		xml_refuse(r, node, NULL, "extensions are nested more than %d deep",
			   EVENT_DEPTH_MAX);
		return NULL;
	}
	struct xml_nodes list = {0};
	event_node_t *n = new_node(r, node, node->ns, node->name);
	if (!n || !own_text(r, node, n) || !read_attributes(r, node, n, &list))
		return NULL;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		event_node_t *child = xml_node(r, c, depth + 1);
		if (!child || !xml_nodes_add(r, c, &list, child))
			return NULL;
	}
	if (list.n) {
		n->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT;
		n->children = list.v;
		n->n_children = list.n;
	}
	return n;
}
