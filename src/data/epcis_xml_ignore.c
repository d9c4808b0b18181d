/*
 * {https://repository-x.example.com/}ignoreFields: names of fields that event
 * hashes leave out. It may stand in the document, in its body, in the answer
 * of a query, and in an event; as child elements, or as text:
 *
 *	<x:ignoreFields><example:captureID/><example:note/></x:ignoreFields>
 *	<x:ignoreFields>example:captureID</x:ignoreFields>
 *
 * Each name is kept as "{namespace}local", or as given where its prefix is not
 * declared.
 */
#include "data/epcis_xml.h"

static bool add(struct xml_reader *r, const xmlNode *at, struct xml_names *to, char *name)
{
	if (!name) {
		r->err = ERR_NOMEM;
		return false;
	}
	if (!to->v && !(to->v = xml_alloc(r, EVENT_IGNORED_MAX * sizeof(*to->v))))
		return false;
	for (size_t i = 0; i < to->n; i++)
		if (strcmp(to->v[i], name) == 0)
			return true;
	if (to->n == EVENT_IGNORED_MAX)
		return xml_refuse(r, at, NULL, "ignoreFields names more than %d fields",
				  EVENT_IGNORED_MAX);
	to->v[to->n++] = name;
	return true;
}

static bool add_text(struct xml_reader *r, const xmlNode *node, struct xml_names *to)
{
	struct slice text;
	char prefix[64] = "";
	if (!xml_text(r, node, true, &text))
		return false;
	if (!text.n)
		return true;
	const uint8_t *colon = memchr(text.p, ':', text.n);
	size_t skip = colon ? (size_t)(colon - text.p) + 1 : 0;
	const xmlNs *ns = NULL;
	if (skip > 1 && skip <= sizeof(prefix)) {
		memcpy(prefix, text.p, skip - 1);
		ns = xmlSearchNs(node->doc, (xmlNode *)(uintptr_t)node, (const xmlChar *)prefix);
	}
	return add(r, node, to,
		   ns ? arena_printf(r->a, "{%s}%.*s", (const char *)ns->href, (int)(text.n - skip),
				     (const char *)text.p + skip)
		      : xml_copy(r, text));
}

bool xml_ignore_read(struct xml_reader *r, const xmlNode *node, struct xml_names *to)
{
	const xmlNode *c = xml_first(node);
	if (!c)
		return add_text(r, node, to);
	for (; c; c = xml_next(c)) {
		const char *ns = xml_ns(c);
		char *name = *ns ? arena_printf(r->a, "{%s}%s", ns, xml_name(c))
				 : xml_copy(r, slice_str(xml_name(c)));
		if (!add(r, c, to, name))
			return false;
	}
	return true;
}

bool xml_ignore_find(struct xml_reader *r, const xmlNode *node, struct xml_names *to,
		     unsigned depth)
{
	static const char *const inside[] = {"EPCISBody", "QueryResults", "resultsBody"};
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (xml_is(c, IGNORE_NS, "ignoreFields") && !xml_ignore_read(r, c, to))
			return false;
		for (size_t i = 0; depth < 3 && i < sizeof(inside) / sizeof(inside[0]); i++)
			if (strcmp(xml_name(c), inside[i]) == 0 &&
			    !xml_ignore_find(r, c, to, depth + 1))
				return false;
	}
	return true;
}

bool xml_ignore_keep(struct xml_reader *r, event_node_t *members, const struct xml_names *names)
{
	if (!names->n)
		return true;
	event_node_t *list = xml_member_parent(r, members, "ignoreFields",
					       ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY);
	if (!list || !(list->ns = xml_copy(r, slice_str(IGNORE_NS))))
		return false;
	for (size_t i = 0; i < names->n; i++) {
		event_node_t *n = xml_member(r, "", ARGOSY__V1__NODE_KIND__NODE_KIND_STRING);
		if (!n)
			return false;
		n->text = names->v[i];
		if (!xml_member_add(r, list, n))
			return false;
	}
	return true;
}

bool xml_ignore_spread(struct xml_reader *r, const xmlNode *at, const struct xml_names *names,
		       event_t *e)
{
	struct xml_names both = {NULL, 0};
	for (size_t i = 0; e->n_ignore_fields && i < names->n + e->n_ignore_fields; i++)
		if (!add(r, at, &both,
			 i < names->n ? names->v[i] : e->ignore_fields[i - names->n]))
			return false;
	e->ignore_fields = both.n ? both.v : names->v;
	e->n_ignore_fields = both.n ? both.n : names->n;
	return true;
}
