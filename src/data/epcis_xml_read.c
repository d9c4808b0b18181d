/*
 * EPCIS documents in XML: 2.0, and 1.x as input.
 *
 *	epcis:EPCISDocument @schemaVersion @creationDate
 *	    EPCISHeader?    Standard Business Document Header, master data
 *	    EPCISBody       EventList of events (1.x: some of them in <extension>)
 *	    extension?, vendor elements
 *	epcisq:EPCISQueryDocument
 *	    EPCISBody       QueryResults: queryName, subscriptionID?, resultsBody: EventList
 *	epcismd:EPCISMasterDataDocument
 *	    EPCISBody       VocabularyList?: checked, and good; it holds no events
 *
 * The root is in the standard's namespace, what is below it in none. What
 * stands around the events becomes the document's members under the names of
 * the JSON binding, so that it can be written as JSON-LD.
 *
 * The schema (EPCglobal-epcis-2_0.xsd) is not used at run time; this reader is
 * written from it. docs/format/epcis-xml.md lists where it is stricter.
 */
#include "data/epcis_xml.h"

#include "crypto/sha256.h"
#include "data/xml_guard.h"

/* ---- the events ---- */

struct document {
	struct event_doc *doc;
	size_t cap;
	event_node_t *members; /* an OBJECT, its children are the head's members */
	struct xml_names ignore; /* what event hashes leave out */
};

static Argosy__V1__EventType event_type(const xmlNode *node)
{
	static const struct {
		const char *name;
		Argosy__V1__EventType type;
	} types[] = {
		{"ObjectEvent", ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT},
		{"AggregationEvent", ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION},
		{"TransactionEvent", ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION},
		{"TransformationEvent", ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION},
		{"AssociationEvent", ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION},
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].name, xml_name(node)) == 0)
			return types[i].type;
	return ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED;
}

/* The element that an issue's pointer begins with: "/bizStep/..." */
static const xmlNode *named_child(const xmlNode *node, const char *pointer, unsigned depth)
{
	size_t n = strcspn(pointer + 1, "/");
	for (const xmlNode *c = xml_first(node); c && depth < 8; c = xml_next(c)) {
		if (strlen(xml_name(c)) == n && memcmp(xml_name(c), pointer + 1, n) == 0)
			return c;
		if (xml_is(c, "", "extension") || xml_is(c, "", "baseExtension")) {
			const xmlNode *found = named_child(c, pointer, depth + 1);
			if (found)
				return found;
		}
	}
	return NULL;
}

/* The rules that hold wherever an event came from; their fault is placed in the document. */
static bool check(struct xml_reader *r, const xmlNode *node, const event_t *e)
{
	struct event_issue issue = {0};
	if (event_check(e, &issue))
		return true;
	const xmlNode *at = issue.pointer[0] == '/' ? named_child(node, issue.pointer, 0) : NULL;
	const char *below = issue.pointer;
	if (at) /* the element says its own name */
		below += 1 + strcspn(issue.pointer + 1, "/");
	return xml_refuse(r, at ? at : node, below, "%s", issue.text);
}

static bool push_event(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	struct event_doc *doc = d->doc;
	if (doc->n_events == EVENT_DOC_EVENTS_MAX) {
		xml_refuse(r, node, NULL, "more than %d events", EVENT_DOC_EVENTS_MAX);
		r->err = ERR_LIMIT;
		return false;
	}
	if (doc->n_events == d->cap) {
		size_t cap = d->cap ? 2 * d->cap : 16;
		event_t **v = xml_alloc(r, cap * sizeof(*v));
		if (!v)
			return false;
		if (doc->n_events)
			memcpy(v, doc->events, doc->n_events * sizeof(*v));
		doc->events = v;
		d->cap = cap;
	}
	doc->events[doc->n_events] = NULL;
	return true;
}

/* One event: a fault in it is noted, and reading goes on with the next. False: stop. */
static bool read_event(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	bool document_faulty = r->faulty;
	r->event = d->doc->n_events;
	r->faulty = false;
	if (!push_event(r, node, d))
		return false;
	Argosy__V1__EventType type = event_type(node);
	event_t *e = NULL;
	if (!*xml_ns(node) && type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED)
		e = xml_event(r, node, type);
	else if (r->version == 1 && xml_is(node, "", "QuantityEvent"))
		e = xml_quantity_event(r, node);
	else if (type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED)
		xml_refuse(
			r, node, NULL,
			"%s is in the namespace %s, but below the document element the standard's "
			"names are in none",
			xml_name(node), xml_ns(node));
	else if (xml_is(node, "", "QuantityEvent"))
		xml_refuse(r, node, NULL,
			   "QuantityEvent was withdrawn; use an ObjectEvent with a quantityList");
	else
		xml_refuse(r, node, NULL, "%s is not an event that XML documents can hold here",
			   xml_name(node));
	if (e) {
		e = xml_ignore_spread(r, node, &d->ignore, e) && check(r, node, e) ? e : NULL;
	}
	d->doc->events[d->doc->n_events++] = r->err == ERR_OK ? e : NULL;
	r->faulty = document_faulty || r->faulty;
	r->event = SIZE_MAX;
	return r->err == ERR_OK;
}

static bool read_events(struct xml_reader *r, const xmlNode *list, struct document *d,
			unsigned depth)
{
	if (depth > 8)
		return xml_refuse(r, list, NULL, "extension wrappers are nested too deep");
	if (!xml_container(r, list, true))
		return false;
	for (const xmlNode *c = xml_first(list); c; c = xml_next(c))
		if (xml_is(c, "", "extension") ? !read_events(r, c, d, depth + 1)
					       : !read_event(r, c, d))
			return false;
	return true;
}

/* ---- the body ---- */

/* ignoreFields, which may stand anywhere in the document, were read before. */
static const xmlNode *past_ignored(const xmlNode *c)
{
	while (c && xml_is(c, IGNORE_NS, "ignoreFields"))
		c = xml_next(c);
	return c;
}

/* Where queryName is due. */
static bool read_results_at(struct xml_reader *r, const xmlNode *node, const xmlNode *c,
			    struct document *d)
{
	struct slice text;
	if (!xml_container(r, node, true))
		return false;
	if (!c || !xml_is(c, "", "queryName"))
		return xml_refuse(r, node, NULL, "QueryResults must begin with queryName");
	if (!xml_text(r, c, false, &text))
		return false;
	d->doc->head->query_name = xml_copy(r, text);
	c = past_ignored(xml_next(c));
	if (c && xml_is(c, "", "subscriptionID")) {
		if (!xml_text(r, c, false, &text))
			return false;
		d->doc->head->subscription_id = xml_copy(r, text);
		d->doc->head->subscription_id_present = text.n == 0;
		c = past_ignored(xml_next(c));
	}
	if (!c || !xml_is(c, "", "resultsBody"))
		return xml_refuse(r, c ? c : node, NULL, "QueryResults lacks resultsBody");
	if (!xml_container(r, c, true))
		return false;
	const xmlNode *list = past_ignored(xml_first(c));
	if (!list || !xml_is(list, "", "EventList") || past_ignored(xml_next(list)))
		return xml_refuse(r, c, NULL,
				  "resultsBody must hold one EventList (no master data)");
	return read_events(r, list, d, 0) && r->err == ERR_OK;
}

static bool read_query_results(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	return read_results_at(r, node, past_ignored(xml_first(node)), d);
}

static bool is_vendor(const xmlNode *node)
{
	const char *ns = xml_ns(node);
	return *ns && strcmp(ns, EPCIS_NS_1) != 0 && strcmp(ns, EPCIS_NS_2) != 0;
}

/* What a body holds besides its events: vendor elements, kept under the JSON name of the body. */
static bool read_body_members(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	event_node_t *body = NULL;
	if (!xml_container(r, node, true))
		return false;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (!is_vendor(c) || xml_is(c, IGNORE_NS, "ignoreFields"))
			continue;
		if (!body)
			body = xml_member_parent(r, d->members, "epcisBody",
						 ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
		if (!body || !xml_member_add(r, body, xml_node(r, c, 1)))
			return false;
	}
	return true;
}

static bool read_body(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	const xmlNode *list = NULL;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (is_vendor(c) || (xml_is(c, "", "extension") && !xml_first(c)))
			continue;
		if (list || !xml_is(c, "", "EventList"))
			return xml_unexpected(r, c);
		list = c;
	}
	return !list || read_events(r, list, d, 0);
}

/* QueryResults, which the standard puts into a namespace; many leave it out, or take the other
 * version's. */
static bool read_results_element(struct xml_reader *r, const xmlNode *c, struct document *d)
{
	const char *due = r->version == 1 ? EPCIS_QUERY_NS_1 : EPCIS_QUERY_NS_2, *ns = xml_ns(c);
	if (strcmp(ns, due) != 0 &&
	    !xml_warn(r, c, "QueryResults is in %s%s: it is taken for the one of %s",
		      *ns ? "the namespace " : "no namespace", ns, due))
		return false;
	return read_query_results(r, c, d);
}

static bool is_results(const xmlNode *c)
{
	const char *ns = xml_ns(c);
	return strcmp(xml_name(c), "QueryResults") == 0 &&
	       (!*ns || strcmp(ns, EPCIS_QUERY_NS_1) == 0 || strcmp(ns, EPCIS_QUERY_NS_2) == 0);
}

static bool read_query_body(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	const xmlNode *c = past_ignored(xml_first(node));
	if (!xml_container(r, node, true))
		return false;
	if (!c || !is_results(c) || past_ignored(xml_next(c)))
		return xml_refuse(r, c ? c : node, NULL,
				  "a query document is read only if it holds one QueryResults");
	return read_results_element(r, c, d);
}

/* A header has no place in JSON's query document: the business header goes to its top, master data
 * to the results. */
static bool place_query_header(struct xml_reader *r, struct document *d)
{
	event_node_t *header = NULL, *at = d->members;
	static const char *const down[] = {"epcisBody", "queryResults", "resultsBody"};
	for (size_t i = 0; i < d->members->n_children; i++)
		if (strcmp(d->members->children[i]->name, "epcisHeader") == 0)
			header = d->members->children[i];
	if (!header)
		return true;
	size_t kept = 0;
	for (size_t i = 0; i < d->members->n_children; i++)
		if (d->members->children[i] != header)
			d->members->children[kept++] = d->members->children[i];
	d->members->n_children = kept;
	for (size_t i = 0; i < header->n_children; i++) {
		event_node_t *part = header->children[i];
		if (*part->ns) {
			if (!xml_member_add(r, d->members, part))
				return false;
			continue;
		}
		for (size_t k = 0; k < 3 && part->n_children; k++) {
			at = xml_member_parent(r, at, down[k],
					       ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
			if (!at)
				return false;
		}
		for (size_t k = 0; k < part->n_children; k++)
			if (!xml_member_add(r, at, part->children[k]))
				return false;
	}
	return true;
}

/* What holds the answer where the standard wants EPCISBody: the document itself. */
static bool read_bare_results(struct xml_reader *r, const xmlNode *root, const xmlNode *c,
			      struct document *d)
{
	if (!xml_warn(r, root, "%s stands in %s itself, not in EPCISBody and QueryResults",
		      xml_name(c), xml_name(root)))
		return false;
	return is_results(c) ? read_results_element(r, c, d) : read_results_at(r, root, c, d);
}

/* Vocabularies in place of events. */
static bool read_master_body(struct xml_reader *r, const xmlNode *node, struct document *d)
{
	event_node_t *body = NULL;
	for (const xmlNode *c = xml_first(node); c; c = xml_next(c)) {
		if (is_vendor(c) || (xml_is(c, "", "extension") && !xml_first(c)))
			continue;
		if (body || !xml_is(c, "", "VocabularyList"))
			return xml_unexpected(r, c);
		body = xml_member_parent(r, d->members, "epcisMasterData",
					 ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT);
		if (!body || !xml_vocabularies(r, c, body))
			return false;
	}
	return true;
}

/* ---- the document ---- */

static bool read_root_attributes(struct xml_reader *r, const xmlNode *root, struct document *d)
{
	Argosy__V1__Document *head = d->doc->head;
	struct slice text;
	for (const xmlAttr *a = root->properties; a; a = a->next) {
		if (a->ns && strcmp((const char *)a->ns->href, XSI_NS) == 0)
			continue;
		bool version = !a->ns && strcmp((const char *)a->name, "schemaVersion") == 0;
		bool date = !a->ns && strcmp((const char *)a->name, "creationDate") == 0;
		if (!version && !date) {
			if (!xml_member_add(r, d->members, xml_attr_node(r, a)))
				return false;
			continue;
		}
		if (!xml_attr_text(r, a, &text))
			return false;
		char *copy = xml_copy(r, text), *number;
		int64_t ms;
		if (!copy)
			return false;
		if (version && (memchr(text.p, 'E', text.n) || memchr(text.p, 'e', text.n) ||
				!xml_number(r, text, &number)))
			return xml_refuse(r, root, "/@schemaVersion",
					  "schemaVersion is not a number");
		if (date && !time_parse(&ms, text)) {
			/* XML Schema lets a dateTime be without zone; JSON's does not. */
			copy = arena_printf(r->a, "%sZ", copy);
			if (!copy || !time_parse(&ms, slice_str(copy)))
				return xml_refuse(r, root, "/@creationDate",
						  "creationDate is not a date and time");
			if (!xml_warn(r, root,
				      "creationDate has no zone: it is taken for UTC, %s", copy))
				return false;
		}
		*(version ? &head->schema_version : &head->creation_date) = copy;
	}
	if (!head->schema_version[0])
		return xml_refuse(r, root, NULL, "the attribute schemaVersion is missing");
	if (!head->creation_date[0])
		return xml_refuse(r, root, NULL, "the attribute creationDate is missing");
	return true;
}

enum root { ROOT_EVENTS, ROOT_QUERY, ROOT_MASTER, ROOT_RESULTS };

/* Which document, and of which version: by the root's namespace and name. */
static bool read_root(struct xml_reader *r, const xmlNode *root, enum root *kind)
{
	const char *ns = xml_ns(root), *name = xml_name(root);
	bool one = strcmp(ns, EPCIS_NS_1) == 0, two = strcmp(ns, EPCIS_NS_2) == 0;
	bool q1 = strcmp(ns, EPCIS_QUERY_NS_1) == 0, q2 = strcmp(ns, EPCIS_QUERY_NS_2) == 0;
	bool m1 = strcmp(ns, EPCIS_MASTER_NS_1) == 0, m2 = strcmp(ns, EPCIS_MASTER_NS_2) == 0;
	r->version = one || q1 || m1 ? 1 : 2;
	*kind = q1 || q2 ? ROOT_QUERY : m1 || m2 ? ROOT_MASTER : ROOT_EVENTS;
	if (strcmp(name, "QueryResults") == 0 && (q1 || q2 || !*ns)) {
		*kind = ROOT_RESULTS;
		return true;
	}
	if (((one || two) && strcmp(name, "EPCISDocument") == 0) ||
	    ((q1 || q2) && strcmp(name, "EPCISQueryDocument") == 0) ||
	    ((m1 || m2) && strcmp(name, EPCIS_MASTER_DATA) == 0))
		return true;
	if (event_type(root) != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED)
		return xml_refuse(r, root, NULL,
				  "a bare %s: events in XML stand in an EPCISDocument", name);
	if (!xml_declared(r, root, name))
		return false;
	if (!*ns)
		return xml_refuse(r, root, NULL,
				  "the root is %s in no namespace, not an EPCISDocument in %s", name,
				  EPCIS_NS_2);
	return xml_refuse(r, root, NULL,
			  "the root is %s in the namespace %s, not an EPCISDocument in %s", name, ns,
			  EPCIS_NS_2);
}

/* The prefixes that the root declares, but for those of the syntax itself. */
static bool note_declared(struct xml_reader *r, const xmlNode *root)
{
	for (const xmlNs *ns = root->nsDef; ns; ns = ns->next)
		if (ns->prefix && ns->href && !xml_is_syntax((const char *)ns->href) &&
		    !xml_prefix(r, root, ns))
			return false;
	return true;
}

static bool note_head(struct xml_reader *r, const xmlNode *root, const struct document *d)
{
	bool ok = note_declared(r, root);
	d->doc->head->namespaces = r->namespaces;
	d->doc->head->n_namespaces = r->n_namespaces;
	return ok;
}

static bool read_document(struct xml_reader *r, const xmlNode *root, struct document *d)
{
	static const char *const types[] = {"EPCISDocument", "EPCISQueryDocument",
					    EPCIS_MASTER_DATA, "EPCISQueryDocument"};
	enum root kind;
	if (!read_root(r, root, &kind) || !xml_schemes_init(r, root))
		return false;
	xml_schemes_note(r, root);
	d->doc->head->type = xml_copy(r, slice_str(types[kind]));
	if (kind == ROOT_RESULTS) /* as a query service answers, without a document around it */
		return xml_warn(r, root, "QueryResults stands alone: a query document is assumed") &&
		       note_head(r, root, d) &&
		       xml_ignore_find(r, root, &d->ignore, 0) &&
		       xml_ignore_keep(r, d->members, &d->ignore) && read_query_results(r, root, d);
	if (!xml_container(r, root, true) || !read_root_attributes(r, root, d) ||
	    !xml_ignore_find(r, root, &d->ignore, 0) || !xml_ignore_keep(r, d->members, &d->ignore))
		return false;
	const xmlNode *c = past_ignored(xml_first(root));
	if (c && xml_is(c, "", "EPCISHeader")) {
		if (!xml_header(r, c, d->members))
			return false;
		c = past_ignored(xml_next(c));
	}
	if (kind == ROOT_QUERY && !place_query_header(r, d))
		return false;
	if (kind == ROOT_QUERY && c && (xml_is(c, "", "queryName") || is_results(c)))
		return note_head(r, root, d) && read_bare_results(r, root, c, d);
	if (c && (strcmp(xml_ns(c), EPCIS_NS_1) == 0 || strcmp(xml_ns(c), EPCIS_NS_2) == 0))
		return xml_unexpected(r, c);
	if (!c || !xml_is(c, "", "EPCISBody"))
		return xml_refuse(r, c ? c : root, NULL, "%s",
				  c ? "EPCISBody is due here" : "the document has no EPCISBody");
	/* What follows the body first: its prefixes belong to the document. */
	for (const xmlNode *n = xml_next(c); n; n = xml_next(n)) {
		if (xml_is(n, "", "extension") && !xml_first(n))
			continue;
		if (!is_vendor(n))
			return xml_unexpected(r, n);
		if (!xml_is(n, IGNORE_NS, "ignoreFields") &&
		    !xml_member_add(r, d->members, xml_node(r, n, 1)))
			return false;
	}
	if ((kind != ROOT_QUERY && !read_body_members(r, c, d)) || !note_head(r, root, d))
		return false;
	switch (kind) {
	case ROOT_QUERY:
		return read_query_body(r, c, d);
	case ROOT_MASTER:
		return read_master_body(r, c, d);
	case ROOT_EVENTS:
	case ROOT_RESULTS:
		break;
	}
	return read_body(r, c, d);
}

static enum err one_issue(struct event_issue *issues, size_t issues_max, size_t *n_issues,
			  const struct xml_fault *fault, enum err err)
{
	if (issues_max && *n_issues == 0) {
		issues[0] = (struct event_issue){.event = SIZE_MAX, .line = fault->line};
		memcpy(issues[0].text, fault->why.text, sizeof(issues[0].text) - 1);
		struct slice s = slice_str(issues[0].text);
		while (s.n && !utf8_valid(s))
			s.n--;
		issues[0].text[s.n] = 0;
		*n_issues = 1;
	}
	return err;
}

static enum err read_tree(struct xml_reader *r, const xmlDoc *tree, struct event_doc *doc,
			  struct slice text)
{
	struct document d = {doc, 0, xml_member(r, "", ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT),
			     {NULL, 0}};
	struct hash hash;
	const xmlNode *root = xmlDocGetRootElement(tree);
	doc->head = xml_alloc(r, sizeof(*doc->head));
	if (!doc->head || !d.members || !root)
		return ERR_NOMEM;
	argosy__v1__document__init(doc->head);
	sha256(&hash, text);
	doc->head->source_hash.data = arena_copy(r->a, hash.b, sizeof(hash.b));
	doc->head->source_hash.len = sizeof(hash.b);
	if (!doc->head->source_hash.data)
		return ERR_NOMEM;
	bool ok = read_document(r, root, &d);
	doc->head->events = (uint32_t)doc->n_events;
	doc->head->members = d.members->children;
	doc->head->n_members = d.members->n_children;
	if (r->err != ERR_OK)
		return r->err;
	return ok && !r->faulty ? ERR_OK : ERR_FORMAT;
}

enum err epcis_read_xml(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			size_t issues_max, size_t *n_issues, struct slice text)
{
	struct xml_fault fault;
	xmlDoc *tree;
	*doc = (struct event_doc){0};
	*n_issues = 0;
	enum err err = xml_read(&tree, &fault, text, EVENT_DOC_BYTES_MAX);
	if (err == ERR_NOMEM)
		return err;
	if (err != ERR_OK)
		return one_issue(issues, issues_max, n_issues, &fault, err);
	struct xml_reader r = {.a = a,
			       .issues = issues,
			       .issues_max = issues_max,
			       .n_issues = n_issues,
			       .doc = doc,
			       .event = SIZE_MAX};
	err = read_tree(&r, tree, doc, text);
	xmlFreeDoc(tree);
	return err;
}
