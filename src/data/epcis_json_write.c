/*
 * Events as JSON-LD by the EPCIS 2.0 binding. What is written means, after
 * context expansion, what was read: every field from the tables, numbers as
 * their text, lists that were there and empty as empty lists.
 *
 * Names of extension fields keep their prefix where it still means the same
 * namespace; where two prefixes collide (events from several documents, XML
 * with inner declarations) another prefix of that namespace is used, or "ns1",
 * "ns2" are made.
 */
#include "data/epcis.h"
#include "data/epcis_json.h"

#include <stdio.h>

typedef Argosy__V1__Node node_t;
typedef Argosy__V1__Namespace namespace_t;
typedef Argosy__V1__Document document_t;

/* One binding of a prefix in the context that is being written. */
struct binding {
	const char *prefix, *uri;
	bool outer; /* already declared around: not written again */
	struct binding *next;
};

struct writer {
	struct buf *out;
	unsigned indent, depth;
	bool first; /* nothing yet in the open object or array */
	struct arena *tmp;
	struct binding *bindings;
	bool nomem;
};

/* ---- layout ---- */

static void new_line(struct writer *w)
{
	if (!w->indent)
		return;
	buf_put_u8(w->out, '\n');
	for (unsigned i = 0; i < w->indent * w->depth; i++)
		buf_put_u8(w->out, ' ');
}

static void next_value(struct writer *w)
{
	if (!w->first)
		buf_put_u8(w->out, ',');
	w->first = false;
	if (w->depth)
		new_line(w);
}

static void open(struct writer *w, char bracket)
{
	buf_put_u8(w->out, (uint8_t)bracket);
	w->depth++;
	w->first = true;
}

static void close(struct writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	buf_put_u8(w->out, (uint8_t)bracket);
	w->first = false;
}

static void put_key(struct writer *w, const char *name)
{
	next_value(w);
	json_put_string(w->out, slice_str(name));
	buf_put_str(w->out, w->indent ? ": " : ":");
}

static void put_text(struct writer *w, const char *name, const char *s)
{
	put_key(w, name);
	json_put_string(w->out, slice_str(s));
}

static void put_text_if(struct writer *w, const char *name, const char *s)
{
	if (*s)
		put_text(w, name, s);
}

static void put_raw(struct writer *w, const char *name, const char *s)
{
	put_key(w, name);
	buf_put_str(w->out, s);
}

static void put_texts(struct writer *w, const char *name, size_t n, char *const *list)
{
	put_key(w, name);
	open(w, '[');
	for (size_t i = 0; i < n; i++) {
		next_value(w);
		json_put_string(w->out, slice_str(list[i]));
	}
	close(w, ']');
}

/* ---- prefixes ---- */

static const char *bound(const struct writer *w, const char *prefix)
{
	for (const struct binding *b = w->bindings; b; b = b->next)
		if (strcmp(b->prefix, prefix) == 0)
			return b->uri;
	return standard_prefix(slice_str(prefix));
}

static const char *bind(struct writer *w, const char *prefix, const char *uri, bool outer)
{
	struct binding *b = arena_alloc(w->tmp, sizeof *b);
	if (!b) {
		w->nomem = true;
		return prefix;
	}
	*b = (struct binding){prefix, uri, outer, w->bindings};
	w->bindings = b;
	return prefix;
}

/* A prefix that is not yet bound. */
static const char *make_prefix(struct writer *w)
{
	for (unsigned i = 1;; i++) {
		char *s = arena_printf(w->tmp, "ns%u", i);
		if (!s) {
			w->nomem = true;
			return "ns";
		}
		if (!bound(w, s))
			return s;
	}
}

/* Could the field's name be written as a whole IRI, and read back as the same name? */
static bool is_iri_name(const node_t *n)
{
	size_t k = strlen(n->ns);
	return !*n->prefix && k && (n->ns[k - 1] == '/' || n->ns[k - 1] == '#') &&
	       strstr(n->ns, "://") && !strpbrk(n->name, "/#");
}

/* The prefix to write before a name; binds one where there is none. */
static const char *prefix_for(struct writer *w, const node_t *n)
{
	const char *uri = *n->prefix ? bound(w, n->prefix) : NULL;
	if (uri && strcmp(uri, n->ns) == 0)
		return n->prefix;
	if (*n->prefix && !uri)
		return bind(w, n->prefix, n->ns, false);
	for (const struct binding *b = w->bindings; b; b = b->next)
		if (strcmp(b->uri, n->ns) == 0 && strcmp(bound(w, b->prefix), n->ns) == 0)
			return b->prefix;
	return bind(w, make_prefix(w), n->ns, false);
}

/* A name without namespace, inside an extension: declared as a term, see context_local_base. */
static void bind_local(struct writer *w, const char *name)
{
	if (*name == '@' || standard_term(slice_str(name)) || bound(w, name))
		return;
	char *uri = arena_printf(w->tmp, "%s%s", context_local_base, name);
	w->nomem |= !uri;
	if (uri)
		bind(w, name, uri, false);
}

/* Binds all that a tree of fields will ask for, before the context is written. */
static void bind_nodes(struct writer *w, size_t n, node_t *const *list, bool locals)
{
	for (size_t i = 0; i < n && !w->nomem; i++) {
		if (*list[i]->ns && !is_iri_name(list[i]))
			prefix_for(w, list[i]);
		else if (locals && !*list[i]->ns && *list[i]->name)
			bind_local(w, list[i]->name);
		bind_nodes(w, list[i]->n_children, list[i]->children, locals);
	}
}

static void bind_namespaces(struct writer *w, size_t n, namespace_t *const *list, bool outer)
{
	for (size_t i = 0; i < n; i++) {
		const char *uri = bound(w, list[i]->prefix);
		if (!uri || strcmp(uri, list[i]->uri) != 0)
			bind(w, list[i]->prefix, list[i]->uri, outer);
	}
}

static void bind_event(struct writer *w, const event_t *e)
{
	bind_namespaces(w, e->n_namespaces, e->namespaces, false);
	bind_nodes(w, e->n_ilmd, e->ilmd, true);
	bind_nodes(w, e->n_extensions, e->extensions, true);
	if (e->error_declaration)
		bind_nodes(w, e->error_declaration->n_extensions, e->error_declaration->extensions,
			   true);
	if (e->read_point)
		bind_nodes(w, e->read_point->n_extensions, e->read_point->extensions, true);
	if (e->biz_location)
		bind_nodes(w, e->biz_location->n_extensions, e->biz_location->extensions, true);
	for (size_t i = 0; i < e->n_sensor_element_list; i++) {
		const Argosy__V1__SensorElement *s = e->sensor_element_list[i];
		bind_nodes(w, s->n_extensions, s->extensions, true);
		if (s->metadata)
			bind_nodes(w, s->metadata->n_extensions, s->metadata->extensions, true);
		for (size_t k = 0; k < s->n_reports; k++)
			bind_nodes(w, s->reports[k]->n_extensions, s->reports[k]->extensions, true);
	}
}

/* ---- extension fields ---- */

static void put_node_value(struct writer *w, const node_t *n);

static void put_nodes(struct writer *w, size_t n, node_t *const *list)
{
	for (size_t i = 0; i < n; i++) {
		const node_t *k = list[i];
		next_value(w);
		if (!*k->ns || is_iri_name(k)) {
			char *key = arena_printf(w->tmp, "%s%s", k->ns, k->name);
			w->nomem |= !key;
			json_put_string(w->out, slice_str(key));
		} else {
			char *key = arena_printf(w->tmp, "%s:%s", prefix_for(w, k), k->name);
			w->nomem |= !key;
			json_put_string(w->out, slice_str(key));
		}
		buf_put_str(w->out, w->indent ? ": " : ":");
		put_node_value(w, k);
	}
}

static void put_node_value(struct writer *w, const node_t *n)
{
	switch (n->kind) {
	case ARGOSY__V1__NODE_KIND__NODE_KIND_STRING:
		json_put_string(w->out, slice_str(n->text));
		return;
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER:
	case ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL:
		buf_put_str(w->out, n->text);
		return;
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NULL:
	case _ARGOSY__V1__NODE_KIND_IS_INT_SIZE:
		buf_put_str(w->out, "null");
		return;
	case ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT:
		open(w, '{');
		put_nodes(w, n->n_children, n->children);
		put_text_if(w, "@value", n->text); /* XML: text beside attributes or children */
		close(w, '}');
		return;
	case ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY:
		open(w, '[');
		for (size_t i = 0; i < n->n_children; i++) {
			next_value(w);
			put_node_value(w, n->children[i]);
		}
		close(w, ']');
		return;
	}
}

/* ---- contexts ---- */

static bool same_node(const node_t *a, const node_t *b)
{
	if (strcmp(a->name, b->name) != 0 || a->kind != b->kind || strcmp(a->text, b->text) != 0 ||
	    a->n_children != b->n_children)
		return false;
	for (size_t i = 0; i < a->n_children; i++)
		if (!same_node(a->children[i], b->children[i]))
			return false;
	return true;
}

static bool has_term(size_t n, node_t *const *list, const node_t *term)
{
	for (size_t i = 0; i < n; i++)
		if (same_node(list[i], term))
			return true;
	return false;
}

/* Writes the members that the context needs beyond what stands around it; opens an object only
 * if there are any. `name`: "@context", or NULL for an entry of the open array. */
static void put_declarations(struct writer *w, const char *name, size_t n_terms,
			     node_t *const *terms, size_t n_outer, node_t *const *outer)
{
	bool any = false;
	struct binding *list = NULL;
	for (struct binding *b = w->bindings; b; b = b->next) {
		struct binding *k = b->outer ? NULL : arena_alloc(w->tmp, sizeof *k);
		if (!k) {
			w->nomem |= !b->outer;
			continue;
		}
		*k = *b; /* turned round: in the order of binding */
		k->next = list;
		list = k;
		any = true;
	}
	for (size_t i = 0; i < n_terms; i++)
		any |= !has_term(n_outer, outer, terms[i]);
	if (!any)
		return;
	if (name)
		put_key(w, name);
	else
		next_value(w);
	open(w, '{');
	for (struct binding *b = list; b; b = b->next)
		put_text(w, b->prefix, b->uri);
	for (size_t i = 0; i < n_terms; i++) {
		if (has_term(n_outer, outer, terms[i]))
			continue;
		put_key(w, terms[i]->name);
		put_node_value(w, terms[i]);
	}
	close(w, '}');
}

/* "@context": the standard one, and what is declared beside it. */
static void put_context(struct writer *w, size_t n_terms, node_t *const *terms)
{
	put_key(w, "@context");
	open(w, '[');
	next_value(w);
	json_put_string(w->out, slice_str(context_url));
	put_declarations(w, NULL, n_terms, terms, 0, NULL);
	close(w, ']');
}

/* ---- the parts of an event ---- */

static void put_flat(struct writer *w, const void *m, const struct field_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		if (f->shape == FIELD_TEXTS) {
			if (field_count(m, f))
				put_texts(w, f->name, field_count(m, f), field_list(m, f));
		} else if (f->shape == FIELD_TEXT) {
			put_text_if(w, f->name, field_text(m, f));
		} else if (*field_text(m, f)) {
			put_raw(w, f->name, field_text(m, f));
		}
	}
}

static void put_quantity(struct writer *w, const Argosy__V1__QuantityElement *q)
{
	open(w, '{');
	put_text(w, "epcClass", q->epc_class);
	if (*q->quantity)
		put_raw(w, "quantity", q->quantity);
	put_text_if(w, "uom", q->uom);
	close(w, '}');
}

static void put_sensor(struct writer *w, const Argosy__V1__SensorElement *s)
{
	open(w, '{');
	put_text_if(w, "type", s->type);
	if (s->metadata) {
		put_key(w, "sensorMetadata");
		open(w, '{');
		put_flat(w, s->metadata, &sensor_metadata_fields);
		put_nodes(w, s->metadata->n_extensions, s->metadata->extensions);
		close(w, '}');
	}
	put_key(w, "sensorReport");
	open(w, '[');
	for (size_t i = 0; i < s->n_reports; i++) {
		const Argosy__V1__SensorReport *r = s->reports[i];
		next_value(w);
		open(w, '{');
		put_flat(w, r, &sensor_report_fields);
		if (r->string_value_present && !*r->string_value)
			put_text(w, "stringValue", "");
		if (r->uom_present && !*r->uom)
			put_text(w, "uom", "");
		put_nodes(w, r->n_extensions, r->extensions);
		close(w, '}');
	}
	close(w, ']');
	put_nodes(w, s->n_extensions, s->extensions);
	close(w, '}');
}

static void put_list(struct writer *w, const event_t *e, const struct field *f)
{
	size_t n = field_count(e, f);
	put_key(w, f->name);
	open(w, '[');
	for (size_t i = 0; i < n; i++) {
		void *entry = ((void **)field_list(e, f))[i];
		next_value(w);
		if (f->shape == FIELD_QUANTITIES) {
			put_quantity(w, entry);
		} else if (f->shape == FIELD_SENSORS) {
			put_sensor(w, entry);
		} else {
			const Argosy__V1__TypedRef *t = entry;
			open(w, '{');
			put_text_if(w, "type", t->type);
			put_text(w, event_ref_name(f), t->id);
			close(w, '}');
		}
	}
	close(w, ']');
}

static void put_place(struct writer *w, const char *name, const Argosy__V1__Place *p)
{
	put_key(w, name);
	open(w, '{');
	put_text(w, "id", p->id);
	put_nodes(w, p->n_extensions, p->extensions);
	close(w, '}');
}

static void put_persistent(struct writer *w, const Argosy__V1__PersistentDisposition *p)
{
	put_key(w, "persistentDisposition");
	open(w, '{');
	if (p->n_set)
		put_texts(w, "set", p->n_set, p->set);
	if (p->n_unset)
		put_texts(w, "unset", p->n_unset, p->unset);
	close(w, '}');
}

static bool was_empty(const event_t *e, const char *name)
{
	for (size_t i = 0; i < e->n_empty_fields; i++)
		if (strcmp(e->empty_fields[i], name) == 0)
			return true;
	return false;
}

static void put_error(struct writer *w, const event_t *e, const Argosy__V1__ErrorDeclaration *d)
{
	put_key(w, "errorDeclaration");
	open(w, '{');
	put_flat(w, d, &error_fields);
	if (!d->n_corrective_event_ids && was_empty(e, "errorDeclaration/correctiveEventIDs"))
		put_texts(w, "correctiveEventIDs", 0, NULL);
	put_nodes(w, d->n_extensions, d->extensions);
	close(w, '}');
}

static void put_certification(struct writer *w, const event_t *e)
{
	if (e->certification_info_is_list || e->n_certification_info > 1)
		put_texts(w, "certificationInfo", e->n_certification_info, e->certification_info);
	else if (e->n_certification_info)
		put_text(w, "certificationInfo", e->certification_info[0]);
}

static void put_field(struct writer *w, const event_t *e, const struct field *f)
{
	bool list = field_is_list(f), some = list && field_count(e, f) > 0;
	if (list && !some && !was_empty(e, f->name))
		return;
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
		put_text_if(w, f->name, field_text(e, f));
		return;
	case FIELD_NUMBER:
	case FIELD_BOOL:
		if (*field_text(e, f))
			put_raw(w, f->name, field_text(e, f));
		return;
	case FIELD_TEXTS:
		put_texts(w, f->name, field_count(e, f), field_list(e, f));
		return;
	case FIELD_CERT:
		put_certification(w, e);
		return;
	case FIELD_TYPE:
		put_text(w, f->name,
			 event_type_name(e->type) ? event_type_name(e->type) : e->extended_type);
		return;
	case FIELD_ACTION:
		if (event_action_name(e->action))
			put_text(w, f->name, event_action_name(e->action));
		return;
	case FIELD_QUANTITIES:
	case FIELD_REFS:
	case FIELD_SENSORS:
		put_list(w, e, f);
		return;
	case FIELD_PLACE:
		if (field_list(e, f))
			put_place(w, f->name, field_list(e, f));
		return;
	case FIELD_PERSISTENT:
		if (e->persistent_disposition)
			put_persistent(w, e->persistent_disposition);
		return;
	case FIELD_ERROR:
		if (e->error_declaration)
			put_error(w, e, e->error_declaration);
		return;
	case FIELD_ILMD:
		put_key(w, f->name);
		open(w, '{');
		put_nodes(w, e->n_ilmd, e->ilmd);
		close(w, '}');
		return;
	}
}

static void put_event_members(struct writer *w, const event_t *e)
{
	for (size_t i = 0; i < event_fields.n; i++)
		put_field(w, e, &event_fields.fields[i]);
	put_nodes(w, e->n_extensions, e->extensions);
}

/* ---- documents ---- */

static enum err writer_start(struct writer *w, struct buf *out, unsigned indent)
{
	*w = (struct writer){.out = out, .indent = indent, .first = true, .tmp = arena_new(0)};
	return w->tmp ? ERR_OK : ERR_NOMEM;
}

static enum err writer_end(struct writer *w)
{
	arena_free(w->tmp);
	return w->nomem ? ERR_NOMEM : buf_err(w->out);
}

enum err epcis_write_event(struct buf *out, const event_t *e, unsigned indent)
{
	struct writer w;
	TRY(writer_start(&w, out, indent));
	bind_event(&w, e);
	open(&w, '{');
	put_context(&w, e->n_terms, e->terms);
	put_event_members(&w, e);
	close(&w, '}');
	return writer_end(&w);
}

static bool is_query(const document_t *head)
{
	return strcmp(head->type, "EPCISQueryDocument") == 0;
}

/* The head's member of that name without namespace, if it is an object: what a body held beside
 * events. */
static const node_t *rest_of(size_t n, node_t *const *list, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!*list[i]->ns && strcmp(list[i]->name, name) == 0 &&
		    list[i]->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT)
			return list[i];
	return NULL;
}

static const node_t *inside(const node_t *n, const char *name)
{
	return n ? rest_of(n->n_children, n->children, name) : NULL;
}

/* All of a list but the one entry that is written by its own. */
static void put_rest(struct writer *w, const node_t *from, const node_t *but)
{
	for (size_t i = 0; from && i < from->n_children; i++)
		if (from->children[i] != but)
			put_nodes(w, 1, &from->children[i]);
}

/* The prefixes of the head, as the events will find them. */
static void bind_head(struct writer *w, const document_t *head, bool outer)
{
	bind_namespaces(w, head->n_namespaces, head->namespaces, outer);
	bind_nodes(w, head->n_members, head->members, false);
	for (struct binding *b = w->bindings; b; b = b->next)
		b->outer = outer;
}

enum err epcis_write_begin(struct buf *out, const document_t *head, unsigned indent)
{
	struct writer w;
	bool query = is_query(head);
	const node_t *body = rest_of(head->n_members, head->members, "epcisBody");
	const node_t *results = inside(body, "queryResults");
	TRY(writer_start(&w, out, indent));
	bind_head(&w, head, false);
	open(&w, '{');
	put_context(&w, head->n_terms, head->terms);
	put_text(&w, "type", query ? "EPCISQueryDocument" : "EPCISDocument");
	put_text_if(&w, "id", head->id);
	/* What came as EPCIS 1.2 goes out as 2.0. */
	if (!query || *head->schema_version)
		put_text(&w, "schemaVersion",
			 strncmp(head->schema_version, "2.0", 3) == 0 ? head->schema_version
								      : "2.0");
	put_text_if(&w, "creationDate", head->creation_date);
	for (size_t i = 0; i < head->n_members; i++)
		if (head->members[i] != body)
			put_nodes(&w, 1, &head->members[i]);
	put_key(&w, "epcisBody");
	open(&w, '{');
	put_rest(&w, body, query ? results : NULL);
	if (query) {
		put_key(&w, "queryResults");
		open(&w, '{');
		put_text(&w, "queryName", head->query_name);
		if (*head->subscription_id || head->subscription_id_present)
			put_text(&w, "subscriptionID", head->subscription_id);
		put_rest(&w, results, inside(results, "resultsBody"));
		put_key(&w, "resultsBody");
		open(&w, '{');
		put_rest(&w, inside(results, "resultsBody"), NULL);
	}
	put_key(&w, head->single_event && !query ? "event" : "eventList");
	if (!head->single_event || query)
		open(&w, '[');
	return writer_end(&w);
}

enum err epcis_write_next(struct buf *out, const document_t *head, const event_t *e, bool first,
			  unsigned indent)
{
	struct writer w;
	bool query = is_query(head), list = !head->single_event || query;
	TRY(writer_start(&w, out, indent));
	bind_head(&w, head, true);
	bind_event(&w, e);
	w.depth = (query ? 4U : 2U) + (list ? 1U : 0U);
	w.first = first;
	if (list)
		next_value(&w);
	open(&w, '{');
	put_declarations(&w, "@context", e->n_terms, e->terms, head->n_terms, head->terms);
	put_event_members(&w, e);
	close(&w, '}');
	return writer_end(&w);
}

enum err epcis_write_end(struct buf *out, const document_t *head, bool any, unsigned indent)
{
	bool query = is_query(head);
	struct writer w = {.out = out, .indent = indent, .first = !any};
	w.depth = (query ? 4U : 2U) + 1;
	if (!head->single_event || query)
		close(&w, ']');
	else
		w.depth--;
	for (w.first = false; w.depth > 0;)
		close(&w, '}');
	if (indent)
		buf_put_u8(out, '\n');
	return buf_err(out);
}

enum err epcis_write_doc(struct buf *out, const struct event_doc *doc, unsigned indent)
{
	bool any = false;
	if (!*doc->head->type) { /* it was a bare event */
		bug_if(doc->n_events != 1 || !doc->events[0]);
		return epcis_write_event(out, doc->events[0], indent);
	}
	TRY(epcis_write_begin(out, doc->head, indent));
	for (size_t i = 0; i < doc->n_events; i++) {
		if (!doc->events[i])
			continue;
		TRY(epcis_write_next(out, doc->head, doc->events[i], !any, indent));
		any = true;
	}
	return epcis_write_end(out, doc->head, any, indent);
}
