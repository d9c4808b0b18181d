/*
 * JSON-LD contexts, as far as EPCIS documents use them (W3C JSON-LD 1.1 §4.1):
 * the standard context under one of its addresses, prefixes, and definitions
 * that give a "prefix:name" a type. What could change the meaning of standard
 * names (@vocab, @base, other remote contexts, standard terms defined anew) is
 * refused, never guessed; nothing is ever fetched.
 */
#include "data/epcis_json.h"

#include <stdio.h>
#include <stdlib.h>

/* Looking a name up walks the contexts in force, so their size in all is bounded. */
enum { CONTEXT_ENTRIES_MAX = 256, CONTEXTS_MAX = 32 };

const char context_url[] = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld";

const char context_local_base[] = "urn:x-argosy:local:";

bool context_is_standard(struct slice url)
{
	return slice_eq_str(url, context_url) ||
	       slice_eq_str(url, "https://ref.gs1.org/standards/epcis/epcis-context.jsonld") ||
	       slice_eq_str(url, "https://gs1.github.io/EPCIS/epcis-context.jsonld") ||
	       /* Has no file of its own; circulates in GS1's examples. */
	       slice_eq_str(url, "https://gs1.github.io/EPCIS/epcis-context-simple.jsonld");
}

struct context_entry *context_find(const struct context *c, struct slice term)
{
	for (; c; c = c->up)
		for (struct context_entry *e = c->first; e; e = e->next)
			if (slice_eq(e->term, term))
				return e;
	return NULL;
}

/* The namespace of a prefix: declared, or the standard context's own. NULL: none. */
static const char *prefix_uri(const struct context *c, struct slice prefix,
			      struct context_entry **entry)
{
	*entry = context_find(c, prefix);
	if (*entry)
		return (*entry)->uri;
	return standard_prefix(prefix);
}

/* A bare name of an extension: no prefix of anything. */
static bool is_local(const struct context_entry *e)
{
	return strncmp(e->uri, context_local_base, strlen(context_local_base)) == 0;
}

static struct slice before_colon(struct slice s)
{
	const uint8_t *colon = s.n ? memchr(s.p, ':', s.n) : NULL;
	return slice(s.p, colon ? (size_t)(colon - s.p) : 0);
}

void context_use(struct epcis_reader *r, struct context_entry *e)
{
	if (!e || e->used_by == r->serial)
		return;
	e->used_by = r->serial;
	e->next_used = r->used;
	r->used = e;
	r->used_n++;
}

void context_use_value(struct epcis_reader *r, struct slice value)
{
	struct slice prefix = before_colon(value);
	if (!prefix.n || !r->context ||
	    (value.n - prefix.n > 2 && memcmp(value.p + prefix.n, "://", 3) == 0))
		return;
	struct context_entry *e = context_find(r->context, prefix);
	if (e && e->uri && e->uri[0] != '@' && !is_local(e))
		context_use(r, e);
}

/* ---- declarations ---- */

/* Keywords that standard terms stand for; to declare them again changes nothing. */
static bool same_as_standard(struct slice term, struct slice value)
{
	static const char *const table[][2] = {
		{"id", "@id"}, {"type", "@type"}, {"eventID", "@id"}, {"bizTransaction", "@id"}};
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (slice_eq_str(term, table[i][0]) && slice_eq_str(value, table[i][1]))
			return true;
	return false;
}

/* "ex:sub/" by the prefixes already declared; an absolute IRI stays. NULL: no memory. */
static const char *expand(struct epcis_reader *r, const struct context *c, struct slice iri)
{
	struct slice prefix = before_colon(iri);
	struct context_entry *e;
	const char *ns;
	if (prefix.n && !(iri.n - prefix.n > 2 && memcmp(iri.p + prefix.n, "://", 3) == 0) &&
	    (ns = prefix_uri(c, prefix, &e)) && *ns != '@') {
		size_t n = strlen(ns), rest = iri.n - prefix.n - 1;
		char *s = epcis_alloc(r, n + rest + 1);
		if (s) {
			memcpy(s, ns, n);
			memcpy(s + n, iri.p + prefix.n + 1, rest);
		}
		return s;
	}
	return epcis_copy(r, iri);
}

static bool add_entry(struct epcis_reader *r, struct context *c, const struct json_value *m,
		      const char *uri, const struct json_value *definition)
{
	if (c->n == CONTEXT_ENTRIES_MAX)
		return epcis_bad(r, m, "more than %d names in the contexts in force",
				 CONTEXT_ENTRIES_MAX);
	for (struct context_entry *e = c->first; e; e = e->next) {
		if (slice_eq(e->term, m->name)) { /* a later object of the same array wins */
			e->uri = uri;
			e->definition = definition;
			return true;
		}
	}
	struct context_entry *e = arena_alloc(r->tmp, sizeof *e), **tail = &c->first;
	if (!e) {
		r->nomem = true;
		return false;
	}
	*e = (struct context_entry){.term = m->name, .uri = uri, .definition = definition};
	while (*tail)
		tail = &(*tail)->next;
	*tail = e;
	c->n++;
	return true;
}

/* "example": "http://ns.example.com/epcis/" */
static bool declare_prefix(struct epcis_reader *r, struct context *c, const struct json_value *m,
			   const struct json_value *iri, bool inner)
{
	if (iri->text.n && iri->text.p[0] == '@') {
		if (inner || (!slice_eq_str(iri->text, "@id") && !slice_eq_str(iri->text, "@type")))
			return epcis_bad(r, m, "this alias is not supported");
		const char *keyword = epcis_copy(r, iri->text);
		return keyword && add_entry(r, c, m, keyword, NULL);
	}
	if (!event_prefix_valid(m->name) || m->name.n > 64)
		return epcis_bad(r, m, "\"%.*s%s\" cannot be a namespace prefix",
				 EPCIS_SHOW(m->name));
	const char *uri = expand(r, c, iri->text), *own = standard_prefix(m->name);
	if (!uri)
		return false;
	if (!uri_valid(slice_str(uri)) || strlen(uri) > EVENT_URI_MAX)
		return epcis_bad(r, m, "the namespace of \"%.*s%s\" is not a URI",
				 EPCIS_SHOW(m->name));
	struct context_entry *before = context_find(c, m->name);
	if (inner &&
	    (before ? !before->uri || strcmp(before->uri, uri) != 0 : own && strcmp(own, uri) != 0))
		return epcis_bad(r, m, "the prefix \"%.*s%s\" gets a second meaning inside an event",
				 EPCIS_SHOW(m->name));
	if (before ? inner : own && strcmp(own, uri) == 0)
		return true; /* nothing new */
	return add_entry(r, c, m, uri, NULL);
}

static bool declare_object(struct epcis_reader *r, struct context *c, const struct json_value *m,
			   bool inner)
{
	static const char *const known[] = {"@id",	 "@type",      "@container",
					    "@language", "@protected", "@prefix"};
	const struct json_value *id = json_get(m, "@id");
	if (m->has_repeated)
		return epcis_bad(r, m, "a name is given twice");
	for (const struct json_value *k = m->first; k; k = k->next) {
		size_t i = 0;
		while (i < sizeof known / sizeof *known && !slice_eq_str(k->name, known[i]))
			i++;
		if (i == sizeof known / sizeof *known)
			return epcis_bad(r, k, "not supported in the definition of a term");
		if (k->kind != JSON_STRING && k->kind != JSON_BOOL)
			return epcis_bad(r, k, "must be a string");
	}
	if (id && id->kind != JSON_STRING)
		return epcis_bad(r, id, "must be a string");
	if (!before_colon(m->name).n)
		return id ? declare_prefix(r, c, m, id, inner)
			  : epcis_bad(r, m, "the definition has no @id");
	if (inner)
		return epcis_bad(r, m, "only prefixes may be declared inside an event");
	if (id) {
		const char *is = expand(r, c, id->text), *must = expand(r, c, m->name);
		if (!is || !must)
			return false;
		if (strcmp(is, must) != 0)
			return epcis_bad(r, id, "\"%.*s%s\" already means something else",
					 EPCIS_SHOW(m->name));
	}
	return add_entry(r, c, m, NULL, m);
}

/*
 * In a context by address: prefixes, aliases and types. Most of such a context are names of fields,
 * which are no prefixes and which documents here write with a prefix: they are passed over. A name
 * for a whole URI may be a prefix; one that is given in short form is one if it ends as JSON-LD
 * demands of prefixes.
 */
static void declare_foreign(struct epcis_reader *r, struct context *c, const struct json_value *m,
			    bool inner)
{
	const struct json_value *id = m->kind == JSON_STRING   ? m
				      : m->kind == JSON_OBJECT ? json_get(m, "@id")
							       : NULL;
	if (before_colon(m->name).n) {
		if (m->kind == JSON_OBJECT && !inner)
			declare_object(r, c, m, inner);
		return;
	}
	if (!id || id->kind != JSON_STRING || !id->text.n || m->name.n > 64 ||
	    !event_prefix_valid(m->name))
		return;
	if (id->text.p[0] == '@') {
		if (!inner && (slice_eq_str(id->text, "@id") || slice_eq_str(id->text, "@type")))
			declare_prefix(r, c, m, id, inner);
		return;
	}
	const char *uri = expand(r, c, id->text);
	size_t n = uri ? strlen(uri) : 0;
	bool whole = n && slice_eq_str(id->text, uri);
	if (n && n <= EVENT_URI_MAX && uri_valid(slice(uri, n)) &&
	    (whole || strchr(":/?#[]@", uri[n - 1])))
		declare_prefix(r, c, m, id, inner);
}

static void declare(struct epcis_reader *r, struct context *c, const struct json_value *m,
		    bool inner)
{
	if (m->repeated) {
		epcis_bad(r, m, "\"%.*s%s\" is declared twice", EPCIS_SHOW(m->name));
	} else if (m->name.n && m->name.p[0] == '@') {
		if (slice_eq_str(m->name, "@version")
			    ? m->kind != JSON_NUMBER || !slice_eq_str(m->text, "1.1")
			    : !slice_eq_str(m->name, "@protected") || m->kind != JSON_BOOL)
			epcis_bad(r, m,
				  "\"%.*s%s\" is not supported: it could change what standard names "
				  "mean",
				  EPCIS_SHOW(m->name));
	} else if (m->kind == JSON_STRING && same_as_standard(m->name, m->text)) {
		return;
	} else if (standard_term(m->name)) {
		epcis_bad(r, m, "\"%.*s%s\" is a name of the standard and cannot be defined anew",
			  EPCIS_SHOW(m->name));
	} else if (r->foreign) {
		declare_foreign(r, c, m, inner);
	} else if (m->kind == JSON_STRING) {
		declare_prefix(r, c, m, m, inner);
	} else if (m->kind == JSON_OBJECT) {
		declare_object(r, c, m, inner);
	} else {
		epcis_bad(r, m, "must be a string or an object");
	}
}

static void read_into(struct epcis_reader *r, struct context *c, const struct json_value *v,
		      bool inner);

static const struct epcis_context *find_known(const struct epcis_reader *r, struct slice url)
{
	for (size_t i = 0; r->known && i < r->known->n; i++)
		if (slice_eq_str(url, r->known->list[i].url))
			return &r->known->list[i];
	return NULL;
}

/* A context by its address, as it was registered. It may name others. */
static void read_foreign(struct epcis_reader *r, struct context *c, const struct json_value *v,
			 bool inner)
{
	enum { FOREIGN_DEPTH_MAX = 4 };
	const struct epcis_context *known = find_known(r, v->text);
	const struct json_value *around = r->foreign;
	struct json_value *root;
	struct json_error fault;
	if (!known) {
		epcis_bad(r, v,
			  "\"%.*s%s\" is not a known context; none is ever fetched: \"argosy epcis "
			  "context add\" registers one",
			  EPCIS_SHOW(v->text));
		return;
	}
	if (r->foreign_depth == FOREIGN_DEPTH_MAX) {
		epcis_bad(r, v, "contexts name each other more than %d deep", FOREIGN_DEPTH_MAX);
		return;
	}
	enum err e = json_parse(r->tmp, &root, &fault, known->text, 32, JSON_MARK_REPEATED);
	if (e == ERR_NOMEM)
		r->nomem = true;
	if (e != ERR_OK) {
		epcis_bad(r, v, "the context of \"%.*s%s\" is not JSON: %s", EPCIS_SHOW(v->text),
			  e == ERR_FORMAT ? fault.text : "it is too large");
		return;
	}
	const struct json_value *inside = json_get(root, "@context");
	r->foreign = v;
	r->foreign_depth++;
	if (inside)
		read_into(r, c, inside, inner);
	else
		epcis_bad(r, root, "\"@context\" is missing");
	r->foreign_depth--;
	r->foreign = around;
}

static void read_one(struct epcis_reader *r, struct context *c, const struct json_value *v,
		     bool inner)
{
	switch (v->kind) {
	case JSON_STRING:
		if (context_is_standard(v->text))
			c->standard = true;
		else
			read_foreign(r, c, v, inner);
		return;
	case JSON_OBJECT:
		for (const struct json_value *m = v->first; m; m = m->next)
			declare(r, c, m, inner);
		return;
	case JSON_NULL:
	case JSON_BOOL:
	case JSON_NUMBER:
	case JSON_ARRAY:
		break;
	}
	epcis_bad(r, v, "a context must be a string or an object");
}

const struct context *context_read(struct epcis_reader *r, const struct json_value *v,
				   const struct context *up, bool inner)
{
	struct context *c = arena_alloc(r->tmp, sizeof *c);
	if (!c) {
		r->nomem = true;
		return NULL;
	}
	*c = (struct context){.up = up, .n = up ? up->n : 0, .standard = up && up->standard};
	read_into(r, c, v, inner);
	return c;
}

static void read_into(struct epcis_reader *r, struct context *c, const struct json_value *v,
		      bool inner)
{
	if (v->kind != JSON_ARRAY) {
		read_one(r, c, v, inner);
		return;
	}
	if (v->count > CONTEXTS_MAX) {
		epcis_bad(r, v, "more than %d contexts", CONTEXTS_MAX);
		return;
	}
	for (const struct json_value *m = v->first; m; m = m->next) {
		bool twice = false;
		for (const struct json_value *b = v->first; b != m && !twice; b = b->next)
			twice = b->count <= CONTEXT_ENTRIES_MAX && json_equal(b, m);
		if (twice)
			epcis_bad(r, m, "the same context is given twice");
		else
			read_one(r, c, m, inner);
	}
}

/* ---- names of extension fields ---- */

/* A whole IRI as a name: what ends with the last '/' or '#' is the namespace. */
static bool split_iri(struct epcis_reader *r, const struct json_value *m, Argosy__V1__Node *n)
{
	size_t cut = m->name.n;
	while (cut > 0 && m->name.p[cut - 1] != '/' && m->name.p[cut - 1] != '#')
		cut--;
	struct slice local = slice(m->name.p + cut, m->name.n - cut);
	if (!local_name_valid(local) || !uri_valid(m->name) || m->name.n > EVENT_URI_MAX)
		return epcis_bad(r, m, "\"%.*s%s\" is not a name for a field", EPCIS_SHOW(m->name));
	n->ns = epcis_copy(r, slice(m->name.p, cut));
	n->name = epcis_copy(r, local);
	return true;
}

static bool bare_name(struct epcis_reader *r, const struct json_value *m, Argosy__V1__Node *n)
{
	static const char *const keywords[] = {"@id",	    "@type", "@value",
					       "@language", "@list", "@set"};
	struct context_entry *e = context_find(r->context, m->name);
	if (e && e->uri && e->uri[0] == '@') {
		n->name = (char *)e->uri; /* an alias of a keyword */
		return true;
	}
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++) {
		if (slice_eq_str(m->name, keywords[i])) {
			n->name = epcis_copy(r, m->name);
			return true;
		}
	}
	if (m->name.n > EVENT_URI_MAX || !local_name_valid(m->name) || m->name.p[0] == '@')
		return epcis_bad(r, m, "\"%.*s%s\" is not a name for a field", EPCIS_SHOW(m->name));
	n->name = epcis_copy(r, m->name);
	return true;
}

bool context_name(struct epcis_reader *r, const struct json_value *m, Argosy__V1__Node *n,
		  bool bare)
{
	struct slice prefix = before_colon(m->name);
	struct context_entry *e;
	if (!prefix.n)
		return bare ? bare_name(r, m, n)
			    : epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
	struct slice local = slice(m->name.p + prefix.n + 1, m->name.n - prefix.n - 1);
	if (slice_starts(local, "//"))
		return split_iri(r, m, n);
	const char *ns = prefix_uri(r->context, prefix, &e);
	if (!ns || *ns == '@')
		return epcis_bad(r, m, "the prefix of \"%.*s%s\" is not declared",
				 EPCIS_SHOW(m->name));
	if (!local_name_valid(local) || local.n > EVENT_URI_MAX)
		return epcis_bad(r, m, "\"%.*s%s\" is not a name for a field", EPCIS_SHOW(m->name));
	if (e)
		context_use(r, e);
	struct context_entry *definition = context_find(r->context, m->name);
	if (definition)
		context_use(r, definition);
	n->ns = e ? (char *)ns : epcis_copy(r, slice_str(ns));
	n->prefix = epcis_copy(r, prefix);
	n->name = epcis_copy(r, local);
	return true;
}

/* ---- what an event used ---- */

static int by_prefix(const void *a, const void *b)
{
	return strcmp((*(Argosy__V1__Namespace *const *)a)->prefix,
		      (*(Argosy__V1__Namespace *const *)b)->prefix);
}

static int by_term(const void *a, const void *b)
{
	return strcmp((*(Argosy__V1__Node *const *)a)->name, (*(Argosy__V1__Node *const *)b)->name);
}

static Argosy__V1__Node *definition_node(struct epcis_reader *r, const struct context_entry *e)
{
	Argosy__V1__Node *n = epcis_new_node(r);
	if (!n)
		return NULL;
	n->name = epcis_copy(r, e->term);
	epcis_read_node(r, e->definition, n, NAMES_LOOSE);
	return n;
}

/* Two objects inside one event may each declare the same prefix; one meaning must do for both. */
static bool already_taken(struct epcis_reader *r, const struct json_value *v,
			  const struct context_entry *e, size_t n,
			  Argosy__V1__Namespace *const *taken)
{
	for (size_t i = 0; i < n; i++) {
		if (!slice_eq_str(e->term, taken[i]->prefix))
			continue;
		if (strcmp(e->uri, taken[i]->uri) != 0)
			epcis_bad(r, v, "the prefix \"%.*s%s\" has two meanings inside one event",
				  EPCIS_SHOW(e->term));
		return true;
	}
	return false;
}

bool context_take_used(struct epcis_reader *r, const struct json_value *v, size_t *n_namespaces,
		       Argosy__V1__Namespace ***namespaces, size_t *n_terms,
		       Argosy__V1__Node ***terms)
{
	/* A definition may use further prefixes ("@type": "my:unit"), which join the list. */
	for (struct context_entry *e = r->used; e; e = e->next_used)
		if (e->definition)
			for (const struct json_value *m = e->definition->first; m; m = m->next)
				context_use_value(r, m->kind == JSON_STRING ? m->text
									    : slice(NULL, 0));
	if (r->used_n) {
		*namespaces = epcis_alloc(r, r->used_n * sizeof(void *));
		*terms = epcis_alloc(r, r->used_n * sizeof(void *));
	}
	for (struct context_entry *e = r->used; e && !r->nomem; e = e->next_used) {
		if (e->definition) {
			(*terms)[*n_terms] = definition_node(r, e);
			*n_terms += (*terms)[*n_terms] != NULL;
			continue;
		}
		if (already_taken(r, v, e, *n_namespaces, *namespaces))
			continue;
		Argosy__V1__Namespace *n = epcis_alloc(r, sizeof *n);
		if (!n)
			break;
		argosy__v1__namespace__init(n);
		n->prefix = epcis_copy(r, e->term);
		n->uri = (char *)e->uri;
		(*namespaces)[(*n_namespaces)++] = n;
	}
	r->used = NULL;
	r->used_n = 0;
	r->serial++;
	if (r->nomem)
		return false;
	/* The order of members means nothing, so it must not show here. */
	if (*n_namespaces)
		qsort(*namespaces, *n_namespaces, sizeof **namespaces, by_prefix);
	if (*n_terms)
		qsort(*terms, *n_terms, sizeof **terms, by_term);
	return true;
}
