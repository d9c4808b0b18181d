/*
 * Layout, prefixes, extension fields and contexts of the JSON-LD that is
 * written.
 *
 * Names of extension fields keep their prefix where it still means the same
 * namespace; where two prefixes collide (events from several documents, XML
 * with inner declarations) another prefix of that namespace is used, or "ns1",
 * "ns2" are made.
 */
#include "data/epcis_json_out.h"
#include "data/epcis_json.h"

typedef Argosy__V1__Node node_t;
typedef Argosy__V1__Namespace namespace_t;

/* ---- layout ---- */

static void new_line(struct writer *w)
{
	if (!w->indent)
		return;
	buf_put_u8(w->out, '\n');
	for (unsigned i = 0; i < w->indent * w->depth; i++)
		buf_put_u8(w->out, ' ');
}

void jsonld_next(struct writer *w)
{
	if (!w->first)
		buf_put_u8(w->out, ',');
	w->first = false;
	if (w->depth)
		new_line(w);
}

void jsonld_open(struct writer *w, char bracket)
{
	buf_put_u8(w->out, (uint8_t)bracket);
	w->depth++;
	w->first = true;
}

void jsonld_close(struct writer *w, char bracket)
{
	w->depth--;
	if (!w->first)
		new_line(w);
	buf_put_u8(w->out, (uint8_t)bracket);
	w->first = false;
}

void jsonld_key(struct writer *w, const char *name)
{
	jsonld_next(w);
	json_put_string(w->out, slice_str(name));
	buf_put_str(w->out, w->indent ? ": " : ":");
}

void jsonld_text(struct writer *w, const char *name, const char *s)
{
	jsonld_key(w, name);
	json_put_string(w->out, slice_str(s));
}

void jsonld_text_if(struct writer *w, const char *name, const char *s)
{
	if (*s)
		jsonld_text(w, name, s);
}

void jsonld_raw(struct writer *w, const char *name, const char *s)
{
	jsonld_key(w, name);
	buf_put_str(w->out, s);
}

void jsonld_texts(struct writer *w, const char *name, size_t n, char *const *list)
{
	jsonld_key(w, name);
	jsonld_open(w, '[');
	for (size_t i = 0; i < n; i++) {
		jsonld_next(w);
		json_put_string(w->out, slice_str(list[i]));
	}
	jsonld_close(w, ']');
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
	/* Names that JSON alone can have ("1st", "unit price") stand undeclared, as they came. */
	if (uri && event_prefix_valid(slice_str(name)) && strlen(name) <= 64 &&
	    uri_valid(slice_str(uri)))
		bind(w, name, uri, false);
}

/* Binds all that a tree of fields will ask for, before the context is written. */
void jsonld_bind_nodes(struct writer *w, size_t n, node_t *const *list, bool locals)
{
	for (size_t i = 0; i < n && !w->nomem; i++) {
		if (*list[i]->ns && !is_iri_name(list[i]))
			prefix_for(w, list[i]);
		else if (locals && !*list[i]->ns && *list[i]->name)
			bind_local(w, list[i]->name);
		jsonld_bind_nodes(w, list[i]->n_children, list[i]->children, locals);
	}
}

void jsonld_bind_namespaces(struct writer *w, size_t n, namespace_t *const *list, bool outer)
{
	for (size_t i = 0; i < n; i++) {
		const char *uri = bound(w, list[i]->prefix);
		if (!uri || strcmp(uri, list[i]->uri) != 0)
			bind(w, list[i]->prefix, list[i]->uri, outer);
	}
}

void jsonld_bind_event(struct writer *w, const event_t *e)
{
	jsonld_bind_namespaces(w, e->n_namespaces, e->namespaces, false);
	jsonld_bind_nodes(w, e->n_ilmd, e->ilmd, true);
	jsonld_bind_nodes(w, e->n_extensions, e->extensions, true);
	if (e->error_declaration)
		jsonld_bind_nodes(w, e->error_declaration->n_extensions,
				  e->error_declaration->extensions, true);
	if (e->read_point)
		jsonld_bind_nodes(w, e->read_point->n_extensions, e->read_point->extensions, true);
	if (e->biz_location)
		jsonld_bind_nodes(w, e->biz_location->n_extensions, e->biz_location->extensions,
				  true);
	for (size_t i = 0; i < e->n_sensor_element_list; i++) {
		const Argosy__V1__SensorElement *s = e->sensor_element_list[i];
		jsonld_bind_nodes(w, s->n_extensions, s->extensions, true);
		if (s->metadata)
			jsonld_bind_nodes(w, s->metadata->n_extensions, s->metadata->extensions,
					  true);
		for (size_t k = 0; k < s->n_reports; k++)
			jsonld_bind_nodes(w, s->reports[k]->n_extensions, s->reports[k]->extensions,
					  true);
	}
}

/* ---- extension fields ---- */

static void put_node_value(struct writer *w, const node_t *n);

void jsonld_nodes(struct writer *w, size_t n, node_t *const *list)
{
	for (size_t i = 0; i < n; i++) {
		const node_t *k = list[i];
		jsonld_next(w);
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
		jsonld_open(w, '{');
		jsonld_nodes(w, n->n_children, n->children);
		jsonld_text_if(w, "@value", n->text); /* XML: text beside attributes or children */
		jsonld_close(w, '}');
		return;
	case ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY:
		jsonld_open(w, '[');
		for (size_t i = 0; i < n->n_children; i++) {
			jsonld_next(w);
			put_node_value(w, n->children[i]);
		}
		jsonld_close(w, ']');
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
 * if there are any. `name`: "@context", or NULL for an entry of the out_open array. */
void jsonld_declarations(struct writer *w, const char *name, size_t n_terms, node_t *const *terms,
			 size_t n_outer, node_t *const *outer)
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
		jsonld_key(w, name);
	else
		jsonld_next(w);
	jsonld_open(w, '{');
	for (struct binding *b = list; b; b = b->next)
		jsonld_text(w, b->prefix, b->uri);
	for (size_t i = 0; i < n_terms; i++) {
		if (has_term(n_outer, outer, terms[i]))
			continue;
		jsonld_key(w, terms[i]->name);
		put_node_value(w, terms[i]);
	}
	jsonld_close(w, '}');
}

/* "@context": the standard one, and what is declared beside it. */
void jsonld_context(struct writer *w, size_t n_terms, node_t *const *terms)
{
	jsonld_key(w, "@context");
	jsonld_open(w, '[');
	jsonld_next(w);
	json_put_string(w->out, slice_str(context_url));
	jsonld_declarations(w, NULL, n_terms, terms, 0, NULL);
	jsonld_close(w, ']');
}
