/*
 * Events as JSON-LD by the EPCIS 2.0 binding. What is written means, after
 * context expansion, what was read: every field from the tables, numbers as
 * their text, lists that were there and empty as empty lists.
 */
#include "data/epcis_json_out.h"
#include "data/epcis_json.h"

#include <string.h>

typedef Argosy__V1__Node node_t;
typedef Argosy__V1__Document document_t;

/* ---- the parts of an event ---- */

static void put_flat(struct writer *w, const void *m, const struct field_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		if (f->shape == FIELD_TEXTS) {
			if (field_count(m, f))
				jsonld_texts(w, f->name, field_count(m, f), field_list(m, f));
		} else if (f->shape == FIELD_TEXT) {
			jsonld_text_if(w, f->name, field_text(m, f));
		} else if (*field_text(m, f)) {
			jsonld_raw(w, f->name, field_text(m, f));
		}
	}
}

static void put_quantity(struct writer *w, const Argosy__V1__QuantityElement *q)
{
	jsonld_open(w, '{');
	jsonld_text(w, "epcClass", q->epc_class);
	if (*q->quantity)
		jsonld_raw(w, "quantity", q->quantity);
	jsonld_text_if(w, "uom", q->uom);
	jsonld_close(w, '}');
}

static void put_sensor(struct writer *w, const Argosy__V1__SensorElement *s)
{
	jsonld_open(w, '{');
	jsonld_text_if(w, "type", s->type);
	if (s->metadata) {
		jsonld_key(w, "sensorMetadata");
		jsonld_open(w, '{');
		put_flat(w, s->metadata, &sensor_metadata_fields);
		jsonld_nodes(w, s->metadata->n_extensions, s->metadata->extensions);
		jsonld_close(w, '}');
	}
	jsonld_key(w, "sensorReport");
	jsonld_open(w, '[');
	for (size_t i = 0; i < s->n_reports; i++) {
		const Argosy__V1__SensorReport *r = s->reports[i];
		jsonld_next(w);
		jsonld_open(w, '{');
		if (!*r->type)
			jsonld_text(w, "type", event_untyped);
		put_flat(w, r, &sensor_report_fields);
		if (r->string_value_present && !*r->string_value)
			jsonld_text(w, "stringValue", "");
		if (r->uom_present && !*r->uom)
			jsonld_text(w, "uom", "");
		jsonld_nodes(w, r->n_extensions, r->extensions);
		jsonld_close(w, '}');
	}
	jsonld_close(w, ']');
	jsonld_nodes(w, s->n_extensions, s->extensions);
	jsonld_close(w, '}');
}

static void put_list(struct writer *w, const event_t *e, const struct field *f)
{
	size_t n = field_count(e, f);
	jsonld_key(w, f->name);
	jsonld_open(w, '[');
	for (size_t i = 0; i < n; i++) {
		void *entry = ((void **)field_list(e, f))[i];
		jsonld_next(w);
		if (f->shape == FIELD_QUANTITIES) {
			put_quantity(w, entry);
		} else if (f->shape == FIELD_SENSORS) {
			put_sensor(w, entry);
		} else {
			const Argosy__V1__TypedRef *t = entry;
			jsonld_open(w, '{');
			jsonld_text_if(w, "type", t->type);
			jsonld_text(w, event_ref_name(f), t->id);
			jsonld_close(w, '}');
		}
	}
	jsonld_close(w, ']');
}

static void put_place(struct writer *w, const char *name, const Argosy__V1__Place *p)
{
	jsonld_key(w, name);
	jsonld_open(w, '{');
	jsonld_text(w, "id", p->id);
	jsonld_nodes(w, p->n_extensions, p->extensions);
	jsonld_close(w, '}');
}

/* As the JSON schema has it: what an event from elsewhere repeats is written once. */
static void put_unique(struct writer *w, const char *name, size_t n, char *const *list)
{
	char **copy = n ? arena_copy(w->tmp, list, n * sizeof *copy) : NULL;
	if (n && (!copy || !texts_drop_repeated(w->tmp, &n, copy)))
		w->nomem = true;
	else
		jsonld_texts(w, name, n, copy);
}

static void put_persistent(struct writer *w, const Argosy__V1__PersistentDisposition *p)
{
	jsonld_key(w, "persistentDisposition");
	jsonld_open(w, '{');
	if (p->n_set)
		put_unique(w, "set", p->n_set, p->set);
	if (p->n_unset)
		put_unique(w, "unset", p->n_unset, p->unset);
	jsonld_close(w, '}');
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
	jsonld_key(w, "errorDeclaration");
	jsonld_open(w, '{');
	put_flat(w, d, &error_fields);
	if (!d->n_corrective_event_ids && was_empty(e, "errorDeclaration/correctiveEventIDs"))
		jsonld_texts(w, "correctiveEventIDs", 0, NULL);
	jsonld_nodes(w, d->n_extensions, d->extensions);
	jsonld_close(w, '}');
}

static void put_certification(struct writer *w, const event_t *e)
{
	if (e->certification_info_is_list || e->n_certification_info > 1)
		jsonld_texts(w, "certificationInfo", e->n_certification_info,
			     e->certification_info);
	else if (e->n_certification_info)
		jsonld_text(w, "certificationInfo", e->certification_info[0]);
}

static void put_field(struct writer *w, const event_t *e, const struct field *f)
{
	bool list = field_is_list(f), some = list && field_count(e, f) > 0;
	if (list && !some && !was_empty(e, f->name))
		return;
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
		jsonld_text_if(w, f->name, field_text(e, f));
		return;
	case FIELD_NUMBER:
	case FIELD_BOOL:
		if (*field_text(e, f))
			jsonld_raw(w, f->name, field_text(e, f));
		return;
	case FIELD_TEXTS:
		if (field_is_unique(e, f->name))
			put_unique(w, f->name, field_count(e, f), field_list(e, f));
		else
			jsonld_texts(w, f->name, field_count(e, f), field_list(e, f));
		return;
	case FIELD_CERT:
		put_certification(w, e);
		return;
	case FIELD_TYPE:
		jsonld_text(w, f->name,
			    event_type_name(e->type) ? event_type_name(e->type) : e->extended_type);
		return;
	case FIELD_ACTION:
		if (event_action_name(e->action))
			jsonld_text(w, f->name, event_action_name(e->action));
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
		jsonld_key(w, f->name);
		jsonld_open(w, '{');
		jsonld_nodes(w, e->n_ilmd, e->ilmd);
		jsonld_close(w, '}');
		return;
	}
}

static void put_event_members(struct writer *w, const event_t *e)
{
	for (size_t i = 0; i < event_fields.n; i++)
		put_field(w, e, &event_fields.fields[i]);
	jsonld_nodes(w, e->n_extensions, e->extensions);
}

/* The names that the event's hash leaves out: by a whole IRI, which needs no prefix. */
static void put_ignored(struct writer *w, const event_t *e)
{
	char *key = arena_printf(w->tmp, "%signoreFields", epcis_ignore_ns);
	w->nomem |= !key;
	if (key && e->n_ignore_fields)
		jsonld_texts(w, key, e->n_ignore_fields, e->ignore_fields);
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
	jsonld_bind_event(&w, e);
	jsonld_open(&w, '{');
	jsonld_context(&w, e->n_terms, e->terms);
	put_event_members(&w, e);
	put_ignored(&w, e);
	jsonld_close(&w, '}');
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
			jsonld_nodes(w, 1, &from->children[i]);
}

/* The prefixes of the head, as the events will find them. */
static void bind_head(struct writer *w, const document_t *head, bool outer)
{
	jsonld_bind_namespaces(w, head->n_namespaces, head->namespaces, outer);
	jsonld_bind_nodes(w, head->n_members, head->members, false);
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
	jsonld_open(&w, '{');
	jsonld_context(&w, head->n_terms, head->terms);
	jsonld_text(&w, "type", query ? "EPCISQueryDocument" : "EPCISDocument");
	jsonld_text_if(&w, "id", head->id);
	/* What came as EPCIS 1.2 goes out as 2.0. */
	if (!query || *head->schema_version)
		jsonld_text(&w, "schemaVersion",
			    strncmp(head->schema_version, "2.0", 3) == 0 ? head->schema_version
									 : "2.0");
	jsonld_text_if(&w, "creationDate", head->creation_date);
	for (size_t i = 0; i < head->n_members; i++)
		if (head->members[i] != body)
			jsonld_nodes(&w, 1, &head->members[i]);
	jsonld_key(&w, "epcisBody");
	jsonld_open(&w, '{');
	put_rest(&w, body, query ? results : NULL);
	if (query) {
		jsonld_key(&w, "queryResults");
		jsonld_open(&w, '{');
		jsonld_text(&w, "queryName", head->query_name);
		if (*head->subscription_id || head->subscription_id_present)
			jsonld_text(&w, "subscriptionID", head->subscription_id);
		put_rest(&w, results, inside(results, "resultsBody"));
		jsonld_key(&w, "resultsBody");
		jsonld_open(&w, '{');
		put_rest(&w, inside(results, "resultsBody"), NULL);
	}
	jsonld_key(&w, head->single_event && !query ? "event" : "eventList");
	if (!head->single_event || query)
		jsonld_open(&w, '[');
	return writer_end(&w);
}

enum err epcis_write_next(struct buf *out, const document_t *head, const event_t *e, bool first,
			  unsigned indent)
{
	struct writer w;
	bool query = is_query(head), list = !head->single_event || query;
	TRY(writer_start(&w, out, indent));
	bind_head(&w, head, true);
	jsonld_bind_event(&w, e);
	w.depth = (query ? 4U : 2U) + (list ? 1U : 0U);
	w.first = first;
	if (list)
		jsonld_next(&w);
	jsonld_open(&w, '{');
	jsonld_declarations(&w, "@context", e->n_terms, e->terms, head->n_terms, head->terms);
	put_event_members(&w, e);
	if (e->n_ignore_fields != epcis_ignored_in(head->n_members, head->members))
		put_ignored(&w, e);
	jsonld_close(&w, '}');
	return writer_end(&w);
}

enum err epcis_write_end(struct buf *out, const document_t *head, bool any, unsigned indent)
{
	bool query = is_query(head);
	struct writer w = {.out = out, .indent = indent, .first = !any};
	w.depth = (query ? 4U : 2U) + 1;
	if (!head->single_event || query)
		jsonld_close(&w, ']');
	else
		w.depth--;
	for (w.first = false; w.depth > 0;)
		jsonld_close(&w, '}');
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
