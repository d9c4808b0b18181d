/*
 * What stands around the events, as nodes under the names of the JSON binding:
 * epcisHeader with the Standard Business Document Header as a tree of its own
 * names, and epcisMasterData.
 */
#include "data/epcis_xml.h"

event_node_t *xml_member(struct xml_reader *r, const char *name, Argosy__V1__NodeKind kind)
{
	event_node_t *n = xml_alloc(r, sizeof(*n));
	if (!n)
		return NULL;
	argosy__v1__node__init(n);
	n->kind = kind;
	n->name = xml_copy(r, slice_str(name));
	return n->name ? n : NULL;
}

bool xml_member_add(struct xml_reader *r, event_node_t *parent, event_node_t *child)
{
	if (!child)
		return false;
	size_t n = parent->n_children;
	if ((n & (n - 1)) == 0) { /* room is a power of two */
		event_node_t **v = xml_alloc(r, (n ? 2 * n : 1) * sizeof(*v));
		if (!v)
			return false;
		if (n)
			memcpy(v, parent->children, n * sizeof(*v));
		parent->children = v;
	}
	parent->children[parent->n_children++] = child;
	return true;
}

static bool add_text(struct xml_reader *r, event_node_t *parent, const char *name,
		     struct slice text)
{
	event_node_t *n = xml_member(r, name, ARGOSY__V1__NODE_KIND__NODE_KIND_STRING);
	if (!n)
		return false;
	n->text = xml_copy(r, text);
	return n->text && xml_member_add(r, parent, n);
}

event_node_t *xml_member_parent(struct xml_reader *r, event_node_t *parent, const char *name,
				Argosy__V1__NodeKind kind)
{
	event_node_t *n = xml_member(r, name, kind);
	return n && xml_member_add(r, parent, n) ? n : NULL;
}

/* The attributes of a master data element: the one that must be there, as `name`. */
static bool add_required(struct xml_reader *r, const xmlNode *node, event_node_t *parent,
			 const char *name)
{
	struct slice text = SLICE_LIT("");
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		if (a->ns || strcmp((const char *)a->name, name) != 0)
			continue;
		if (!xml_attr_text(r, a, &text))
			return false;
	}
	if (text.n == 0)
		return xml_refuse(r, node, NULL, "%s lacks the attribute %s", xml_name(node), name);
	return add_text(r, parent, name, text);
}

/* <attribute id="...">text</attribute>, or elements instead of text. */
static bool read_master_attribute(struct xml_reader *r, const xmlNode *node, event_node_t *list)
{
	event_node_t *n = xml_member_parent(r, list, "", ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	if (!n || !add_required(r, node, n, "id"))
		return false;
	if (!xml_first(node)) {
		struct slice text;
		return xml_text(r, node, true, &text) && add_text(r, n, "attribute", text);
	}
	struct xml_nodes list_of = {0};
	event_node_t *value =
		xml_member_parent(r, n, "attribute", ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	if (!value || !xml_container(r, node, true))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		event_node_t *child = xml_node(r, c, 1);
		if (!child || !xml_nodes_add(r, c, &list_of, child))
			return false;
	}
	value->children = list_of.v;
	value->n_children = list_of.n;
	return true;
}

static bool read_vocabulary_element(struct xml_reader *r, const xmlNode *node, event_node_t *list)
{
	event_node_t *n = xml_member_parent(r, list, "", ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	event_node_t *attributes = NULL, *children = NULL;
	if (!n || !add_required(r, node, n, "id") || !xml_container(r, node, true))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (xml_is(c, "", "attribute")) {
			if (!attributes)
				attributes = xml_member_parent(
					r, n, "attributes", ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
			if (!attributes || !read_master_attribute(r, c, attributes))
				return false;
		} else if (xml_is(c, "", "children")) {
			if (children)
				return xml_refuse(r, c, NULL, "children is given twice");
			children = xml_member_parent(r, n, "children",
						     ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
			if (!children || !xml_container(r, c, true))
				return false;
			for (const xmlNode *id = xml_first(c); id; id = xml_next(id)) {
				struct slice text;
				if (!xml_is(id, "", "id"))
					return xml_unexpected(r, id);
				if (!xml_text(r, id, true, &text) ||
				    !add_text(r, children, "", text))
					return false;
			}
		} else if (!*xml_ns(c)) {
			return xml_unexpected(r, c);
		} else if (!xml_member_add(r, n, xml_node(r, c, 1))) {
			return false;
		}
	}
	return true;
}

static bool read_vocabulary(struct xml_reader *r, const xmlNode *node, event_node_t *list)
{
	event_node_t *n = xml_member_parent(r, list, "", ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	if (!n || !xml_container(r, node, true) || !add_required(r, node, n, "type"))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (!xml_is(c, "", "VocabularyElementList"))
			return xml_unexpected(r, c);
		event_node_t *elements = xml_member_parent(r, n, "vocabularyElementList",
							   ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
		if (!elements || !xml_container(r, c, true))
			return false;
		for (const xmlNode *e = xml_first(c); e; e = xml_next(e)) {
			if (!xml_is(e, "", "VocabularyElement"))
				return xml_unexpected(r, e);
			if (!read_vocabulary_element(r, e, elements))
				return false;
		}
	}
	return true;
}

bool xml_vocabularies(struct xml_reader *r, const xmlNode *node, event_node_t *master)
{
	event_node_t *list = xml_member_parent(r, master, "vocabularyList",
					       ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
	if (!list || !xml_container(r, node, true))
		return false;
	for (const xmlNode *v = xml_first(node); v; v = xml_next(v)) {
		if (!xml_is(v, "", "Vocabulary"))
			return xml_unexpected(r, v);
		if (!read_vocabulary(r, v, list))
			return false;
	}
	return true;
}

static bool read_master_data(struct xml_reader *r, const xmlNode *node, event_node_t *header)
{
	event_node_t *master = xml_member_parent(r, header, "epcisMasterData",
						 ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	if (!master || !xml_container(r, node, true))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (!xml_is(c, "", "VocabularyList") || master->n_children)
			return xml_unexpected(r, c);
		if (!xml_vocabularies(r, c, master))
			return false;
	}
	return true;
}

/* SBDH stays a tree of its own names; master data takes the names of the JSON binding. */
bool xml_header(struct xml_reader *r, const xmlNode *node, event_node_t *members)
{
	event_node_t *header = xml_member_parent(r, members, "epcisHeader",
						 ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
	if (!header || !xml_container(r, node, true))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (*xml_ns(c)) {
			if (!xml_member_add(r, header, xml_node(r, c, 1)))
				return false;
			continue;
		}
		if (!xml_is(c, "", "extension") || !xml_container(r, c, true))
			return xml_unexpected(r, c);
		for (const xmlNode *m = xml_first(c); m; m = xml_next(m)) {
			if (!xml_is(m, "", "EPCISMasterData"))
				return xml_unexpected(r, m);
			if (!read_master_data(r, m, header))
				return false;
		}
	}
	return true;
}
