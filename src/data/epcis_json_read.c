/*
 * EPCIS 2.0 JSON-LD to events. Structure by the published JSON schema
 * (EPCIS-JSON-Schema.json), names and prefixes by the contexts in force; the
 * values of the model's own fields are judged by event_check afterwards.
 *
 * A fault inside one event is noted and the rest is read on, so that one
 * reading names every faulty event of a document.
 */
#include "data/epcis_json.h"
#include "crypto/sha256.h"

#include <stdio.h>

enum { JSON_DEPTH = 64 };

typedef Argosy__V1__Node node_t;

static void read_events(struct epcis_reader *r, const struct json_value *list,
			struct event_doc *doc)
{
	const struct context *context = r->context;
	doc->events = epcis_alloc(r, list->count * sizeof(void *));
	for (const struct json_value *v = list->first; v && !r->nomem; v = v->next) {
		r->event = doc->n_events;
		doc->events[doc->n_events++] = epcis_read_event(r, v, context);
	}
	r->event = SIZE_MAX;
}

/* ---- the document ---- */

struct reading {
	struct epcis_reader *r;
	struct event_doc *doc;
	const struct json_value *events; /* the array, or NULL */
	const struct json_value *single; /* epcisBody.event, or NULL */
};

/* Appends a member to the head's list; `n` counts within `list`, which has room. */
static bool keep_member(struct epcis_reader *r, const struct json_value *m, size_t *n,
			node_t ***list)
{
	if (!*list && !(*list = epcis_alloc(r, (m->parent->count + 1) * sizeof **list)))
		return false;
	node_t *k = epcis_new_node(r);
	if (!k)
		return false;
	if (m->name.n && memchr(m->name.p, ':', m->name.n)) {
		if (!context_name(r, m, k, false))
			return false;
	} else {
		k->name = epcis_copy(r, m->name);
	}
	if (!epcis_read_node(r, m, k, NAMES_LOOSE))
		return false;
	(*list)[(*n)++] = k;
	return true;
}

static bool must_be(struct epcis_reader *r, const struct json_value *v, enum json_kind kind)
{
	static const char *const names[] = {"null",	"true or false", "a number",
					    "a string", "an array",	 "an object"};
	return !v || v->kind == kind || epcis_bad(r, v, "must be %s", names[kind]);
}

static bool must_be_uri(struct epcis_reader *r, const struct json_value *v)
{
	if (!v || !must_be(r, v, JSON_STRING))
		return !v;
	/* "_:document1": a blank node of JSON-LD, as in GS1's own examples. */
	return uri_valid(v->text) || slice_starts(v->text, "_:") ||
	       epcis_bad(r, v, "\"%.*s%s\" is not a URI", EPCIS_SHOW(v->text));
}

static bool each_uri(struct epcis_reader *r, const struct json_value *list)
{
	bool ok = must_be(r, list, JSON_ARRAY);
	for (const struct json_value *m = list && ok ? list->first : NULL; m; m = m->next)
		ok = must_be_uri(r, m) && ok;
	return ok;
}

/* JSON schema: vocabularyElement and its attributes. */
static bool check_vocabulary_element(struct epcis_reader *r, const struct json_value *v)
{
	const struct json_value *list;
	bool ok = must_be(r, v, JSON_OBJECT);
	if (!ok)
		return false;
	if (!json_get(v, "id"))
		ok = epcis_bad(r, v, "id is missing");
	ok = must_be_uri(r, json_get(v, "id")) && each_uri(r, json_get(v, "children")) && ok;
	list = json_get(v, "attributes");
	ok = must_be(r, list, JSON_ARRAY) && ok;
	for (const struct json_value *m = list && ok ? list->first : NULL; m; m = m->next) {
		if (!must_be(r, m, JSON_OBJECT))
			return false;
		ok = (json_get(m, "id") || epcis_bad(r, m, "id is missing")) &&
		     must_be_uri(r, json_get(m, "id")) && ok;
	}
	return ok;
}

/* JSON schema: a list of vocabularies (master data). */
static bool check_vocabularies(struct epcis_reader *r, const struct json_value *list)
{
	bool ok = must_be(r, list, JSON_ARRAY);
	for (const struct json_value *v = list && ok ? list->first : NULL; v; v = v->next) {
		const struct json_value *elements;
		if (!must_be(r, v, JSON_OBJECT))
			return false;
		ok = (json_get(v, "type") || epcis_bad(r, v, "type is missing")) &&
		     must_be_uri(r, json_get(v, "type")) && ok;
		elements = json_get(v, "vocabularyElementList");
		ok = must_be(r, elements, JSON_ARRAY) && ok;
		for (const struct json_value *m = elements && ok ? elements->first : NULL; m;
		     m = m->next)
			ok = check_vocabulary_element(r, m) && ok;
	}
	return ok;
}

static bool check_header(struct epcis_reader *r, const struct json_value *v)
{
	bool ok = must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (slice_eq_str(m->name, "epcisMasterData"))
			ok = must_be(r, m, JSON_OBJECT) &&
			     check_vocabularies(r, json_get(m, "vocabularyList")) && ok;
		else if (!memchr(m->name.p, ':', m->name.n))
			ok = epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
	}
	return ok;
}

/* What a body held beside the events goes under its own name into `list`. */
static bool keep_rest(struct epcis_reader *r, const char *name, node_t *rest, size_t *n,
		      node_t ***list, size_t room)
{
	if (!rest || !rest->n_children)
		return true;
	if (!*list && !(*list = epcis_alloc(r, room * sizeof **list)))
		return false;
	rest->name = epcis_copy(r, slice_str(name));
	rest->kind = ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT;
	(*list)[(*n)++] = rest;
	return !r->nomem;
}

static bool find_events(struct reading *g, const struct json_value *m)
{
	struct epcis_reader *r = g->r;
	if (!must_be(r, m, JSON_ARRAY))
		return false;
	g->events = m;
	return true;
}

static bool read_results_body(struct reading *g, const struct json_value *v, node_t *rest)
{
	struct epcis_reader *r = g->r;
	bool ok = must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m)) {
			ok = false;
		} else if (slice_eq_str(m->name, "eventList")) {
			ok = find_events(g, m) && ok;
		} else {
			if (slice_eq_str(m->name, "vocabularyList"))
				ok = check_vocabularies(r, m) && ok;
			else if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
			ok = keep_member(r, m, &rest->n_children, &rest->children) && ok;
		}
	}
	if (ok && !g->events)
		ok = epcis_bad(r, v, "eventList is missing");
	return ok;
}

static bool read_query_results(struct reading *g, const struct json_value *v, node_t *rest)
{
	struct epcis_reader *r = g->r;
	Argosy__V1__Document *head = g->doc->head;
	const struct json_value *body = json_get(v, "resultsBody"),
				*name = json_get(v, "queryName");
	node_t *inner = epcis_new_node(r);
	bool ok = inner && must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		bool query = slice_eq_str(m->name, "queryName"),
		     id = slice_eq_str(m->name, "subscriptionID");
		if (!epcis_is_first(r, m)) {
			ok = false;
		} else if (query || id) {
			ok = must_be(r, m, JSON_STRING) && ok;
			if (m->kind == JSON_STRING)
				*(query ? &head->query_name : &head->subscription_id) =
					epcis_copy(r, m->text);
			head->subscription_id_present |= id && m->text.n == 0;
		} else if (m != body) {
			if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
			ok = keep_member(r, m, &rest->n_children, &rest->children) && ok;
		}
	}
	if (!ok)
		return false;
	if (!name || !body)
		return epcis_bad(r, v, "%s is missing", name ? "resultsBody" : "queryName");
	return read_results_body(g, body, inner) &&
	       keep_rest(r, "resultsBody", inner, &rest->n_children, &rest->children, v->count + 1);
}

static bool read_body(struct reading *g, const struct json_value *v, bool query)
{
	struct epcis_reader *r = g->r;
	Argosy__V1__Document *head = g->doc->head;
	node_t *rest = epcis_new_node(r), *inner = epcis_new_node(r);
	const struct json_value *results = NULL;
	bool ok = rest && inner && must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m)) {
			ok = false;
		} else if (query && slice_eq_str(m->name, "queryResults")) {
			results = m;
		} else if (!query && slice_eq_str(m->name, "eventList")) {
			ok = find_events(g, m) && ok;
		} else if (!query && slice_eq_str(m->name, "event")) {
			g->single = m;
		} else {
			if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
			ok = keep_member(r, m, &rest->n_children, &rest->children) && ok;
		}
	}
	if (!ok)
		return false;
	if (query)
		ok = results ? read_query_results(g, results, inner) &&
				       keep_rest(r, "queryResults", inner, &rest->n_children,
						 &rest->children, v->count + 1)
			     : epcis_bad(r, v, "queryResults is missing");
	else if (!g->events == !g->single)
		ok = epcis_bad(r, v,
			       g->events ? "both eventList and event are given"
					 : "eventList is missing");
	/* keep_rest's room: head->members was made with one place more than the document has
	 * members. */
	return ok && keep_rest(r, "epcisBody", rest, &head->n_members, &head->members,
			       v->parent->count + 1);
}

/* EPCIS 2.0: "2.0", or a corrected 2.0.N. */
static bool check_version(struct epcis_reader *r, const struct json_value *v)
{
	if (!must_be(r, v, JSON_STRING))
		return false;
	bool ok = slice_eq_str(v->text, "2.0") || (slice_starts(v->text, "2.0.") && v->text.n > 4);
	for (size_t i = 4; i < v->text.n; i++)
		ok = ok && v->text.p[i] >= '0' && v->text.p[i] <= '9';
	return ok || epcis_bad(r, v, "schemaVersion \"%.*s%s\" is not \"2.0\"", EPCIS_SHOW(v->text));
}

static bool check_time(struct epcis_reader *r, const struct json_value *v)
{
	int64_t ms;
	if (!must_be(r, v, JSON_STRING))
		return false;
	return time_parse(&ms, v->text) ||
	       epcis_bad(r, v, "\"%.*s%s\" is not a date and time with a zone", EPCIS_SHOW(v->text));
}

static char *text_or_empty(struct epcis_reader *r, const struct json_value *v)
{
	return v->kind == JSON_STRING ? epcis_copy(r, v->text) : NULL;
}

static void read_head_member(struct reading *g, const struct json_value *m, bool query)
{
	struct epcis_reader *r = g->r;
	Argosy__V1__Document *head = g->doc->head;
	char *s = NULL;
	if (slice_eq_str(m->name, "@context") || epcis_is_type(r, m->name) ||
	    slice_eq_str(m->name, "epcisBody"))
		return;
	if (!epcis_is_first(r, m))
		return;
	if (epcis_is_id(r, m->name)) {
		if (*head->id)
			epcis_bad(r, m, "the identifier is given twice");
		else if (must_be_uri(r, m) && (s = text_or_empty(r, m)))
			head->id = s;
	} else if (slice_eq_str(m->name, "schemaVersion")) {
		if (check_version(r, m) && (s = text_or_empty(r, m)))
			head->schema_version = s;
	} else if (slice_eq_str(m->name, "creationDate")) {
		if (check_time(r, m) && (s = text_or_empty(r, m)))
			head->creation_date = s;
	} else if (!memchr(m->name.p, ':', m->name.n) &&
		   (query ||
		    (!slice_eq_str(m->name, "instanceIdentifier") &&
		     !slice_eq_str(m->name, "sender") && !slice_eq_str(m->name, "receiver") &&
		     !slice_eq_str(m->name, "epcisHeader")))) {
		epcis_bad(r, m, "unknown field \"%.*s%s\"", EPCIS_SHOW(m->name));
	} else {
		if (slice_eq_str(m->name, "epcisHeader"))
			check_header(r, m);
		else if (!memchr(m->name.p, ':', m->name.n))
			must_be(r, m, JSON_STRING);
		keep_member(r, m, &head->n_members, &head->members);
	}
}

static void read_document(struct reading *g, const struct json_value *v, bool query)
{
	struct epcis_reader *r = g->r;
	struct event_doc *doc = g->doc;
	const struct json_value *body = json_get(v, "epcisBody"),
				*context = json_get(v, "@context");
	if (!context)
		epcis_bad(r, v, "@context is missing");
	else if (r->context && !r->context->standard)
		epcis_bad(r, context, "the standard context is not named");
	doc->head->members = epcis_alloc(r, (v->count + 1) * sizeof(void *));
	if (r->nomem)
		return;
	for (const struct json_value *m = v->first; m && !r->nomem; m = m->next)
		read_head_member(g, m, query);
	if (!query && !json_get(v, "schemaVersion"))
		epcis_bad(r, v, "schemaVersion is missing");
	if (!query && !json_get(v, "creationDate"))
		epcis_bad(r, v, "creationDate is missing");
	if (!body) {
		epcis_bad(r, v, "epcisBody is missing");
		return;
	}
	if (body->has_repeated || v->has_repeated)
		for (const struct json_value *m = v->first; m; m = m->next)
			if (slice_eq_str(m->name, "epcisBody") || slice_eq_str(m->name, "@context"))
				epcis_is_first(r, m);
	if (r->nomem || !read_body(g, body, query))
		return;
	/* All that the document's context declares belongs to the head. */
	for (struct context_entry *e = r->context ? r->context->first : NULL; e; e = e->next)
		if (!e->uri || e->uri[0] != '@')
			context_use(r, e);
	context_take_used(r, v, &doc->head->n_namespaces, &doc->head->namespaces,
			  &doc->head->n_terms, &doc->head->terms);
}

static enum err refuse_size(struct epcis_reader *r, size_t *n_issues, const char *what,
			    size_t limit)
{
	struct event_issue *i = epcis_next_issue(r);
	if (i)
		snprintf(i->text, sizeof i->text, "the document has more than %zu %s", limit, what);
	*n_issues = r->issues_max ? 1 : 0;
	return ERR_LIMIT;
}

static enum err read_root(struct reading *g, const struct json_value *v, size_t *n_issues)
{
	struct epcis_reader *r = g->r;
	struct event_doc *doc = g->doc;
	const struct json_value *context = json_get(v, "@context"), *type;
	static const struct context none = {NULL, NULL, 0, true};
	if (!epcis_is_object(r, v))
		return ERR_OK;
	r->context = context ? context_read(r, context, NULL, false) : &none;
	if (!r->context)
		return ERR_NOMEM;
	type = epcis_find_type(r, v);
	if (!type || !must_be(r, type, JSON_STRING))
		return ERR_OK;
	bool query = slice_eq_str(type->text, "EPCISQueryDocument");
	if (query || slice_eq_str(type->text, "EPCISDocument")) {
		doc->head->type = epcis_copy(r, type->text);
		read_document(g, v, query);
	} else {
		if (context && !r->context->standard)
			epcis_bad(r, context, "the standard context is not named");
		g->single = v; /* a bare event */
	}
	if (r->nomem)
		return ERR_NOMEM;
	if (g->events && g->events->count > EVENT_DOC_EVENTS_MAX)
		return refuse_size(r, n_issues, "events", EVENT_DOC_EVENTS_MAX);
	if (g->events) {
		read_events(r, g->events, doc);
	} else if (g->single && (doc->events = epcis_alloc(r, sizeof(void *)))) {
		r->event = 0;
		doc->n_events = 1;
		doc->events[0] = epcis_read_event(r, g->single, r->context);
		r->event = SIZE_MAX;
		doc->head->single_event = true;
	}
	epcis_ignore_spread(r, v, doc);
	doc->head->events = (uint32_t)doc->n_events;
	return ERR_OK;
}

static enum err read_text(struct reading *g, size_t *n_issues, struct slice text)
{
	struct epcis_reader *r = g->r;
	struct json_value *root;
	struct json_error fault;
	struct hash h;
	if (text.n > EVENT_DOC_BYTES_MAX)
		return refuse_size(r, n_issues, "bytes", EVENT_DOC_BYTES_MAX);
	enum err e = json_parse(r->tmp, &root, &fault, text, JSON_DEPTH, JSON_MARK_REPEATED);
	if (e == ERR_FORMAT) {
		struct event_issue *i = epcis_next_issue(r);
		if (i) {
			i->line = fault.line;
			snprintf(i->pointer, sizeof i->pointer, "%s", fault.pointer);
			snprintf(i->text, sizeof i->text, "not JSON: %s", fault.text);
		}
		return ERR_OK;
	}
	TRY(e);
	g->doc->head = epcis_alloc(r, sizeof *g->doc->head);
	if (!g->doc->head)
		return ERR_NOMEM;
	argosy__v1__document__init(g->doc->head);
	sha256(&h, text);
	g->doc->head->source_hash.len = sizeof h.b;
	g->doc->head->source_hash.data = arena_copy(r->a, h.b, sizeof h.b);
	if (!g->doc->head->source_hash.data)
		return ERR_NOMEM;
	return read_root(g, root, n_issues);
}

enum err epcis_read_json(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			 size_t issues_max, size_t *n_issues, struct slice text)
{
	return epcis_read_json_known(a, doc, issues, issues_max, n_issues, text, NULL);
}

enum err epcis_context_check(struct event_issue *issue, const struct epcis_contexts *known)
{
	const struct epcis_context *last = &known->list[known->n - 1];
	struct arena *tmp = arena_new(0);
	struct epcis_reader r = {.a = tmp,
				 .tmp = tmp,
				 .issues = issue,
				 .issues_max = 1,
				 .event = SIZE_MAX,
				 .serial = 1,
				 .known = known};
	struct json_value url = {.kind = JSON_STRING, .text = slice_str(last->url)};
	enum err e = tmp && context_read(&r, &url, NULL, false) && !r.nomem ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK && r.faults)
		e = ERR_FORMAT;
	arena_free(tmp);
	return e;
}

enum err epcis_read_json_known(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			       size_t issues_max, size_t *n_issues, struct slice text,
			       const struct epcis_contexts *known)
{
	struct epcis_reader r = {.a = a,
				 .known = known,
				 .tmp = arena_new(0),
				 .issues = issues,
				 .issues_max = issues_max,
				 .event = SIZE_MAX,
				 .serial = 1};
	struct reading g = {.r = &r, .doc = doc};
	*doc = (struct event_doc){0};
	*n_issues = 0;
	enum err e = r.tmp ? read_text(&g, n_issues, text) : ERR_NOMEM;
	arena_free(r.tmp);
	if (e == ERR_OK && r.nomem)
		e = ERR_NOMEM;
	if (e == ERR_OK && r.faults) {
		*n_issues = r.faults < issues_max ? r.faults : issues_max;
		e = ERR_FORMAT;
	}
	return e;
}
