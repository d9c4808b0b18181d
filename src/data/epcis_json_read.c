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
#include <stdlib.h>

enum { JSON_DEPTH = 64 };

typedef Argosy__V1__Node node_t;

/* ---- faults and memory ---- */

int epcis_shown(struct slice s)
{
	size_t n = s.n < 60 ? s.n : 60;
	while (n > 0 && n < s.n && (s.p[n] & 0xc0) == 0x80)
		n--;
	return (int)n;
}

/* Where to write the next issue, or NULL; counts it. */
static struct event_issue *next_issue(struct epcis_reader *r)
{
	size_t n = r->faults++;
	if (n >= r->issues_max)
		return NULL;
	r->issues[n] = (struct event_issue){.event = r->event};
	return &r->issues[n];
}

bool epcis_bad(struct epcis_reader *r, const struct json_value *v, const char *fmt, ...)
{
	struct event_issue *i = next_issue(r);
	va_list ap;
	if (!i)
		return false;
	json_pointer(i->pointer, sizeof i->pointer, v);
	i->line = v->line;
	va_start(ap, fmt);
	vsnprintf(i->text, sizeof i->text, fmt, ap);
	va_end(ap);
	return false;
}

void *epcis_alloc(struct epcis_reader *r, size_t n)
{
	void *p = arena_alloc(r->a, n);
	if (!p)
		r->nomem = true;
	return p;
}

char *epcis_copy(struct epcis_reader *r, struct slice s)
{
	char *p = arena_str(r->a, s);
	if (!p)
		r->nomem = true;
	return p;
}

/* New messages of protobuf, in the arena. */
#define NEW(r, type, init)                                                                         \
	static type *init##_new(struct epcis_reader *r)                                            \
	{                                                                                          \
		type *m = epcis_alloc(r, sizeof *m);                                               \
		if (m)                                                                             \
			init##__init(m);                                                           \
		return m;                                                                          \
	}                                                                                          \
	_Static_assert(1, "")
NEW(r, Argosy__V1__Node, argosy__v1__node);
NEW(r, Argosy__V1__Event, argosy__v1__event);
NEW(r, Argosy__V1__Document, argosy__v1__document);
NEW(r, Argosy__V1__QuantityElement, argosy__v1__quantity_element);
NEW(r, Argosy__V1__TypedRef, argosy__v1__typed_ref);
NEW(r, Argosy__V1__Place, argosy__v1__place);
NEW(r, Argosy__V1__PersistentDisposition, argosy__v1__persistent_disposition);
NEW(r, Argosy__V1__ErrorDeclaration, argosy__v1__error_declaration);
NEW(r, Argosy__V1__SensorElement, argosy__v1__sensor_element);
NEW(r, Argosy__V1__SensorMetadata, argosy__v1__sensor_metadata);
NEW(r, Argosy__V1__SensorReport, argosy__v1__sensor_report);

/* ---- plain values ---- */

static bool is_object(struct epcis_reader *r, const struct json_value *v)
{
	return v->kind == JSON_OBJECT || epcis_bad(r, v, "must be an object");
}

static bool is_array(struct epcis_reader *r, const struct json_value *v)
{
	if (v->kind != JSON_ARRAY)
		return epcis_bad(r, v, "must be an array");
	return v->count <= EVENT_LIST_MAX ||
	       epcis_bad(r, v, "more than %d entries", EVENT_LIST_MAX);
}

/* False, with a fault, for a member whose name came before. */
static bool is_first(struct epcis_reader *r, const struct json_value *m)
{
	return !m->repeated ||
	       epcis_bad(r, m, "\"%.*s\" is given twice", epcis_shown(m->name), m->name.p);
}

/* Leaves *out as it was where there is no memory: strings of a message are never NULL. */
static bool put_copy(struct epcis_reader *r, const struct json_value *v, char **out)
{
	char *s = epcis_copy(r, v->text);
	if (s)
		*out = s;
	return s != NULL;
}

static bool read_string(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_STRING)
		return epcis_bad(r, v, "must be a string");
	if (v->text.n > EVENT_STRING_MAX)
		return epcis_bad(r, v, "longer than %d bytes", EVENT_STRING_MAX);
	if (!v->text.n)
		return epcis_bad(r, v, "must not be empty");
	context_use_value(r, v->text);
	return put_copy(r, v, out);
}

static bool read_number(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_NUMBER)
		return epcis_bad(r, v, "must be a number");
	if (v->text.n > EVENT_STRING_MAX)
		return epcis_bad(r, v, "longer than %d bytes", EVENT_STRING_MAX);
	return put_copy(r, v, out);
}

static bool read_bool(struct epcis_reader *r, const struct json_value *v, char **out)
{
	if (v->kind != JSON_BOOL)
		return epcis_bad(r, v, "must be true or false");
	return put_copy(r, v, out);
}

static bool read_strings(struct epcis_reader *r, const struct json_value *v, size_t *n,
			 char ***list)
{
	bool ok = true;
	if (!is_array(r, v))
		return false;
	*list = epcis_alloc(r, v->count * sizeof **list);
	if (!*list)
		return false;
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (read_string(r, m, &(*list)[*n]))
			++*n;
		else
			ok = false;
	}
	return ok;
}

static int by_text(const void *a, const void *b)
{
	const struct json_value *x = *(struct json_value *const *)a,
				*y = *(struct json_value *const *)b;
	int c = slice_cmp(x->text, y->text);
	return c ? c : x->line < y->line ? -1 : x->line > y->line;
}

/* JSON schema: uniqueItems. */
static bool check_unique(struct epcis_reader *r, const struct json_value *v)
{
	size_t n = 0;
	if (v->count < 2)
		return true;
	struct json_value **list = arena_alloc(r->tmp, v->count * sizeof *list);
	if (!list) {
		r->nomem = true;
		return false;
	}
	for (struct json_value *m = v->first; m; m = m->next)
		list[n++] = m;
	qsort(list, n, sizeof *list, by_text);
	for (size_t i = 1; i < n; i++)
		if (slice_eq(list[i - 1]->text, list[i]->text))
			return epcis_bad(r, list[i], "\"%.*s\" is given twice",
					 epcis_shown(list[i]->text), list[i]->text.p);
	return true;
}

/* ---- extensions ---- */

/* Reads member `m` as an extension field into a list with room for all members of its object. */
static bool read_extension(struct epcis_reader *r, const struct json_value *m, size_t *n,
			   node_t ***list)
{
	if (m->parent->count > EVENT_LIST_MAX)
		return epcis_bad(r, m->parent, "more than %d fields", EVENT_LIST_MAX);
	if (!*list && !(*list = epcis_alloc(r, m->parent->count * sizeof **list)))
		return false;
	node_t *k = argosy__v1__node_new(r);
	if (!k || !context_name(r, m, k, false) || !epcis_read_node(r, m, k, NAMES_STRICT))
		return false;
	(*list)[(*n)++] = k;
	return true;
}

/* ---- the parts of an event ---- */

/* A message by its table, and extensions. */
static bool read_flat(struct epcis_reader *r, const struct json_value *v, void *message,
		      const struct field_table *t, size_t *n_extensions, node_t ***extensions)
{
	bool ok = is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		const struct field *f = field_find(t, m->name);
		if (!is_first(r, m)) {
			ok = false;
			continue;
		}
		if (!f) {
			ok = read_extension(r, m, n_extensions, extensions) && ok;
			continue;
		}
		char **at = (char **)((char *)message + f->at);
		if (f->shape == FIELD_TEXTS)
			ok = read_strings(r, m, (size_t *)((char *)message + f->at_n),
					  (char ***)at) &&
			     ok;
		else if (f->shape == FIELD_NUMBER)
			ok = read_number(r, m, at) && ok;
		else if (f->shape == FIELD_BOOL)
			ok = read_bool(r, m, at) && ok;
		else if (f->rule == RULE_STRING && m->kind == JSON_STRING && !m->text.n)
			continue; /* stringValue and uom may be empty; the caller notes it */
		else
			ok = read_string(r, m, at) && ok;
	}
	return ok;
}

/* JSON schema, quantityElement: closed. */
static bool read_quantity(struct epcis_reader *r, const struct json_value *v,
			  Argosy__V1__QuantityElement **out)
{
	Argosy__V1__QuantityElement *q = argosy__v1__quantity_element_new(r);
	bool ok = q && is_object(r, v);
	*out = q;
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!is_first(r, m))
			ok = false;
		else if (slice_eq_str(m->name, "epcClass"))
			ok = read_string(r, m, &q->epc_class) && ok;
		else if (slice_eq_str(m->name, "quantity"))
			ok = read_number(r, m, &q->quantity) && ok;
		else if (slice_eq_str(m->name, "uom"))
			ok = read_string(r, m, &q->uom) && ok;
		else
			ok = epcis_bad(r, m, "a quantity element has no field \"%.*s\"",
				       epcis_shown(m->name), m->name.p);
	}
	return ok;
}

/* JSON schema, bizTransaction, source, destination: closed. */
static bool read_ref(struct epcis_reader *r, const struct json_value *v, const char *id,
		     Argosy__V1__TypedRef **out)
{
	Argosy__V1__TypedRef *t = argosy__v1__typed_ref_new(r);
	bool ok = t && is_object(r, v);
	*out = t;
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!is_first(r, m))
			ok = false;
		else if (slice_eq_str(m->name, "type"))
			ok = read_string(r, m, &t->type) && ok;
		else if (slice_eq_str(m->name, id))
			ok = read_string(r, m, &t->id) && ok;
		else
			ok = epcis_bad(r, m, "an entry of this list has no field \"%.*s\"",
				       epcis_shown(m->name), m->name.p);
	}
	return ok;
}

static bool is_id(const struct epcis_reader *r, struct slice name)
{
	const struct context_entry *e;
	return slice_eq_str(name, "id") || slice_eq_str(name, "@id") ||
	       ((e = context_find(r->context, name)) && e->uri && strcmp(e->uri, "@id") == 0);
}

static bool is_type(const struct epcis_reader *r, struct slice name)
{
	const struct context_entry *e;
	return slice_eq_str(name, "type") || slice_eq_str(name, "@type") ||
	       ((e = context_find(r->context, name)) && e->uri && strcmp(e->uri, "@type") == 0);
}

static bool read_place(struct epcis_reader *r, const struct json_value *v, Argosy__V1__Place **out)
{
	Argosy__V1__Place *p = *out = argosy__v1__place_new(r);
	bool ok = p && is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!is_first(r, m))
			ok = false;
		else if (!is_id(r, m->name))
			ok = read_extension(r, m, &p->n_extensions, &p->extensions) && ok;
		else if (*p->id)
			ok = epcis_bad(r, m, "the identifier is given twice");
		else
			ok = read_string(r, m, &p->id) && ok;
	}
	return ok;
}

/* JSON schema, persistentDisposition: closed; set and unset hold at least one, none twice. */
static bool read_persistent(struct epcis_reader *r, const struct json_value *v,
			    Argosy__V1__PersistentDisposition **out)
{
	Argosy__V1__PersistentDisposition *p = *out = argosy__v1__persistent_disposition_new(r);
	bool ok = p && is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		bool set = slice_eq_str(m->name, "set");
		if (!is_first(r, m))
			ok = false;
		else if (!set && !slice_eq_str(m->name, "unset"))
			ok = epcis_bad(r, m, "persistentDisposition has no field \"%.*s\"",
				       epcis_shown(m->name), m->name.p);
		else if (m->kind == JSON_ARRAY && m->count == 0)
			ok = epcis_bad(r, m, "must not be empty");
		else
			ok = read_strings(r, m, set ? &p->n_set : &p->n_unset,
					  set ? &p->set : &p->unset) &&
			     check_unique(r, m) && ok;
	}
	return ok;
}

static bool read_report(struct epcis_reader *r, const struct json_value *v,
			Argosy__V1__SensorReport **out)
{
	Argosy__V1__SensorReport *p = *out = argosy__v1__sensor_report_new(r);
	if (!p || !read_flat(r, v, p, &sensor_report_fields, &p->n_extensions, &p->extensions))
		return false;
	p->string_value_present = json_get(v, "stringValue") && !*p->string_value;
	p->uom_present = json_get(v, "uom") && !*p->uom;
	if (!*p->type) /* event_check would let an exception stand in for it, as XML does */
		return epcis_bad(r, v, "type is missing");
	return true;
}

static bool read_reports(struct epcis_reader *r, const struct json_value *v,
			 Argosy__V1__SensorElement *s)
{
	bool ok = true;
	if (!is_array(r, v) || !(s->reports = epcis_alloc(r, v->count * sizeof *s->reports)))
		return false;
	for (const struct json_value *m = v->first; m; m = m->next)
		ok = read_report(r, m, &s->reports[s->n_reports++]) && ok;
	return ok;
}

static bool read_sensor(struct epcis_reader *r, const struct json_value *v,
			Argosy__V1__SensorElement **out)
{
	Argosy__V1__SensorElement *s = *out = argosy__v1__sensor_element_new(r);
	bool ok = s && is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!is_first(r, m)) {
			ok = false;
		} else if (slice_eq_str(m->name, "sensorReport")) {
			ok = read_reports(r, m, s) && ok;
		} else if (slice_eq_str(m->name, "sensorMetadata")) {
			Argosy__V1__SensorMetadata *d = s->metadata =
				argosy__v1__sensor_metadata_new(r);
			ok = d &&
			     read_flat(r, m, d, &sensor_metadata_fields, &d->n_extensions,
				       &d->extensions) &&
			     ok;
		} else if (is_type(r, m->name)) {
			ok = (*s->type ? epcis_bad(r, m, "type is given twice")
				       : read_string(r, m, &s->type)) &&
			     ok;
		} else {
			ok = read_extension(r, m, &s->n_extensions, &s->extensions) && ok;
		}
	}
	return ok;
}

/* JSON schema, ilmd: every name is a URI (in short form). */
static bool read_ilmd(struct epcis_reader *r, const struct json_value *v, event_t *e)
{
	bool ok = is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next)
		ok = is_first(r, m) && read_extension(r, m, &e->n_ilmd, &e->ilmd) && ok;
	return ok;
}

/* ---- the event ---- */

/* An array of objects, each by its own function. */
static bool read_objects(struct epcis_reader *r, const struct json_value *v, event_t *e,
			 const struct field *f)
{
	size_t *n = (size_t *)((char *)e + f->at_n);
	bool ok = is_array(r, v);
	void **list = ok ? epcis_alloc(r, v->count * sizeof *list) : NULL;
	if (!list)
		return false;
	*(void ***)((char *)e + f->at) = list;
	for (const struct json_value *m = v->first; m; m = m->next) {
		void **entry = &list[(*n)++];
		if (f->shape == FIELD_QUANTITIES)
			ok = read_quantity(r, m, (Argosy__V1__QuantityElement **)entry) && ok;
		else if (f->shape == FIELD_SENSORS)
			ok = read_sensor(r, m, (Argosy__V1__SensorElement **)entry) && ok;
		else
			ok = read_ref(r, m, event_ref_name(f), (Argosy__V1__TypedRef **)entry) &&
			     ok;
	}
	return ok;
}

static bool read_type(struct epcis_reader *r, const struct json_value *v, event_t *e)
{
	if (v->kind != JSON_STRING)
		return epcis_bad(r, v, "must be a string");
	for (int t = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
	     t <= ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION; t++) {
		if (slice_eq_str(v->text, event_type_name((Argosy__V1__EventType)t))) {
			e->type = (Argosy__V1__EventType)t;
			return true;
		}
	}
	if (!v->text.n || !memchr(v->text.p, ':', v->text.n))
		return epcis_bad(r, v, "\"%.*s\" is not a kind of event", epcis_shown(v->text),
				 v->text.p);
	e->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED;
	return read_string(r, v, &e->extended_type);
}

static bool read_action(struct epcis_reader *r, const struct json_value *v, event_t *e)
{
	if (v->kind != JSON_STRING)
		return epcis_bad(r, v, "must be a string");
	for (int a = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
	     a <= ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE; a++) {
		if (slice_eq_str(v->text, event_action_name((Argosy__V1__EventAction)a))) {
			e->action = (Argosy__V1__EventAction)a;
			return true;
		}
	}
	return epcis_bad(r, v, "\"%.*s\" is not an action: ADD, OBSERVE or DELETE",
			 epcis_shown(v->text), v->text.p);
}

static bool note_empty(struct epcis_reader *r, event_t *e, const char *name)
{
	if (!e->empty_fields &&
	    !(e->empty_fields = epcis_alloc(r, (event_fields.n + 1) * sizeof(char *))))
		return false;
	e->empty_fields[e->n_empty_fields] = epcis_copy(r, slice_str(name));
	return e->empty_fields[e->n_empty_fields++] != NULL;
}

static bool read_error(struct epcis_reader *r, const struct json_value *v, event_t *e)
{
	Argosy__V1__ErrorDeclaration *d = e->error_declaration =
		argosy__v1__error_declaration_new(r);
	if (!d || !read_flat(r, v, d, &error_fields, &d->n_extensions, &d->extensions))
		return false;
	if (json_get(v, "correctiveEventIDs") && d->n_corrective_event_ids == 0)
		return note_empty(r, e, "errorDeclaration/correctiveEventIDs");
	return true;
}

static bool read_certification(struct epcis_reader *r, const struct json_value *v, event_t *e)
{
	e->certification_info_is_list = v->kind == JSON_ARRAY;
	if (v->kind == JSON_ARRAY)
		return read_strings(r, v, &e->n_certification_info, &e->certification_info);
	e->certification_info = epcis_alloc(r, sizeof(char *));
	if (!e->certification_info || !read_string(r, v, &e->certification_info[0]))
		return false;
	e->n_certification_info = 1;
	return true;
}

static bool read_field(struct epcis_reader *r, const struct json_value *m, event_t *e,
		       const struct field *f)
{
	void *at = (char *)e + f->at;
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
		return **(char **)at ? epcis_bad(r, m, "%s is given twice", f->name)
				     : read_string(r, m, at);
	case FIELD_NUMBER:
		return read_number(r, m, at);
	case FIELD_BOOL:
		return read_bool(r, m, at);
	case FIELD_TEXTS:
		/* JSON schema: "epcList" is of unique items, but in a TransactionEvent. */
		return read_strings(r, m, (size_t *)((char *)e + f->at_n), at) &&
		       (strstr(f->name, "List") &&
					e->type != ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION
				? check_unique(r, m)
				: true);
	case FIELD_CERT:
		return read_certification(r, m, e);
	case FIELD_TYPE:
		return read_type(r, m, e);
	case FIELD_ACTION:
		return read_action(r, m, e);
	case FIELD_QUANTITIES:
	case FIELD_REFS:
	case FIELD_SENSORS:
		return read_objects(r, m, e, f);
	case FIELD_PLACE:
		return read_place(r, m, at);
	case FIELD_PERSISTENT:
		return read_persistent(r, m, at);
	case FIELD_ERROR:
		return read_error(r, m, e);
	case FIELD_ILMD:
		return read_ilmd(r, m, e);
	}
	return false;
}

/* The member that gives the kind of event; what it means decides about others, so it is read first.
 */
static const struct json_value *find_type(struct epcis_reader *r, const struct json_value *v)
{
	const struct json_value *found = NULL;
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (!is_type(r, m->name))
			continue;
		if (found) {
			epcis_bad(r, m, "the kind of event is given twice");
			return NULL;
		}
		found = m;
	}
	if (!found)
		epcis_bad(r, v, "type is missing");
	return found;
}

static bool read_member(struct epcis_reader *r, const struct json_value *m, event_t *e)
{
	const struct field *f = field_find(&event_fields, m->name);
	if (slice_eq_str(m->name, "@context") || is_type(r, m->name))
		return true;
	if (!is_first(r, m))
		return false;
	if (!f && is_id(r, m->name)) /* the context makes "eventID" and "id" the same */
		f = field_find(&event_fields, SLICE_LIT("eventID"));
	if (!f)
		return read_extension(r, m, &e->n_extensions, &e->extensions);
	if (!read_field(r, m, e, f))
		return false;
	if (field_is_list(f) && field_count(e, f) == 0)
		return note_empty(r, e, f->name);
	return true;
}

/* event_check, with its place made one of the document's. */
static bool check_whole(struct epcis_reader *r, const struct json_value *v, const event_t *e)
{
	struct event_issue i;
	if (argosy__v1__event__get_packed_size(e) > EVENT_BYTES_MAX)
		return epcis_bad(r, v, "the event is larger than %d bytes", EVENT_BYTES_MAX);
	if (event_check(e, &i))
		return true;
	struct event_issue *out = next_issue(r);
	if (!out)
		return false;
	*out = i;
	out->event = r->event;
	out->line = json_at(v, i.pointer)->line;
	json_pointer(out->pointer, sizeof out->pointer, v);
	size_t n = strlen(out->pointer), more = strlen(i.pointer);
	if (n + more < sizeof out->pointer)
		memcpy(out->pointer + n, i.pointer, more + 1);
	return false;
}

static int by_string(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One event, or NULL: faulty, or out of memory. */
static event_t *read_event(struct epcis_reader *r, const struct json_value *v,
			   const struct context *document_context)
{
	size_t before = r->faults;
	const struct json_value *context = json_get(v, "@context"), *type;
	event_t *e = argosy__v1__event_new(r);
	if (!e || !is_object(r, v))
		return NULL;
	r->context = document_context;
	if (context && v->parent) /* a bare event's context was read as the document's */
		r->context = context_read(r, context, document_context, false);
	if (context && context->repeated)
		epcis_bad(r, context, "@context is given twice");
	if (r->context && (type = find_type(r, v)) != NULL)
		read_type(r, type, e);
	if (r->faults == before && !r->nomem) {
		for (const struct json_value *m = v->first; m && !r->nomem; m = m->next)
			read_member(r, m, e);
		if (e->n_empty_fields && !r->nomem)
			qsort(e->empty_fields, e->n_empty_fields, sizeof(char *), by_string);
		if (!r->nomem)
			context_take_used(r, v, &e->n_namespaces, &e->namespaces, &e->n_terms,
					  &e->terms);
	}
	r->context = document_context;
	if (r->faults != before || r->nomem || !check_whole(r, v, e))
		return NULL;
	return e;
}

static void read_events(struct epcis_reader *r, const struct json_value *list,
			struct event_doc *doc)
{
	const struct context *context = r->context;
	doc->events = epcis_alloc(r, list->count * sizeof(void *));
	for (const struct json_value *v = list->first; v && !r->nomem; v = v->next) {
		r->event = doc->n_events;
		doc->events[doc->n_events++] = read_event(r, v, context);
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
	node_t *k = argosy__v1__node_new(r);
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
	       epcis_bad(r, v, "\"%.*s\" is not a URI", epcis_shown(v->text), v->text.p);
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
			ok = epcis_bad(r, m, "unknown field \"%.*s\"", epcis_shown(m->name),
				       m->name.p);
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
		if (!is_first(r, m)) {
			ok = false;
		} else if (slice_eq_str(m->name, "eventList")) {
			ok = find_events(g, m) && ok;
		} else {
			if (slice_eq_str(m->name, "vocabularyList"))
				ok = check_vocabularies(r, m) && ok;
			else if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s\"", epcis_shown(m->name),
					       m->name.p);
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
	node_t *inner = argosy__v1__node_new(r);
	bool ok = inner && must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		bool query = slice_eq_str(m->name, "queryName"),
		     id = slice_eq_str(m->name, "subscriptionID");
		if (!is_first(r, m)) {
			ok = false;
		} else if (query || id) {
			ok = must_be(r, m, JSON_STRING) && ok;
			if (m->kind == JSON_STRING)
				*(query ? &head->query_name : &head->subscription_id) =
					epcis_copy(r, m->text);
			head->subscription_id_present |= id && m->text.n == 0;
		} else if (m != body) {
			if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s\"", epcis_shown(m->name),
					       m->name.p);
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
	node_t *rest = argosy__v1__node_new(r), *inner = argosy__v1__node_new(r);
	const struct json_value *results = NULL;
	bool ok = rest && inner && must_be(r, v, JSON_OBJECT);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!is_first(r, m)) {
			ok = false;
		} else if (query && slice_eq_str(m->name, "queryResults")) {
			results = m;
		} else if (!query && slice_eq_str(m->name, "eventList")) {
			ok = find_events(g, m) && ok;
		} else if (!query && slice_eq_str(m->name, "event")) {
			g->single = m;
		} else {
			if (!memchr(m->name.p, ':', m->name.n))
				ok = epcis_bad(r, m, "unknown field \"%.*s\"", epcis_shown(m->name),
					       m->name.p);
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
	return ok || epcis_bad(r, v, "schemaVersion \"%.*s\" is not \"2.0\"", epcis_shown(v->text),
			       v->text.p);
}

static bool check_time(struct epcis_reader *r, const struct json_value *v)
{
	int64_t ms;
	if (!must_be(r, v, JSON_STRING))
		return false;
	return time_parse(&ms, v->text) ||
	       epcis_bad(r, v, "\"%.*s\" is not a date and time with a zone", epcis_shown(v->text),
			 v->text.p);
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
	if (slice_eq_str(m->name, "@context") || is_type(r, m->name) ||
	    slice_eq_str(m->name, "epcisBody"))
		return;
	if (!is_first(r, m))
		return;
	if (is_id(r, m->name)) {
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
		epcis_bad(r, m, "unknown field \"%.*s\"", epcis_shown(m->name), m->name.p);
	} else {
		if (slice_eq_str(m->name, "epcisHeader"))
			check_header(r, m);
		else if (!memchr(m->name.p, ':', m->name.n))
			must_be(r, m, JSON_STRING);
		keep_member(r, m, &head->n_members, &head->members);
	}
}

/* "example:captureID" as "{https://ns.example.com/epcis/}captureID"; else as given. */
static char *ignored_name(struct epcis_reader *r, struct slice name)
{
	node_t n = ARGOSY__V1__NODE__INIT;
	struct json_value v = {.kind = JSON_STRING, .name = name, .line = 0};
	size_t before = r->faults, max = r->issues_max;
	r->issues_max = 0; /* a name that is not declared is no fault here */
	bool split = memchr(name.p, ':', name.n) && context_name(r, &v, &n, false);
	r->issues_max = max;
	r->faults = before;
	char *s = split && !r->nomem ? arena_printf(r->a, "{%s}%s", n.ns, n.name)
				     : epcis_copy(r, name);
	r->nomem |= !s;
	return s;
}

/* The document may name fields that the event hash leaves out; each event carries the names. */
static void spread_ignored(struct reading *g)
{
	struct epcis_reader *r = g->r;
	Argosy__V1__Document *head = g->doc->head;
	char **names = NULL;
	size_t n = 0;
	for (size_t i = 0; i < head->n_members; i++) {
		const node_t *m = head->members[i];
		bool array = m->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
		if (strcmp(m->name, "ignoreFields") != 0 ||
		    strcmp(m->ns, "https://repository-x.example.com/") != 0)
			continue;
		size_t count = array ? m->n_children : 1;
		if (count > 256 || !(names = epcis_alloc(r, count * sizeof *names)))
			return;
		for (size_t k = 0; k < count; k++) {
			const node_t *c = array ? m->children[k] : m;
			if (c->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_STRING && *c->text)
				names[n++] = ignored_name(r, slice_str(c->text));
		}
	}
	for (size_t i = 0; i < g->doc->n_events; i++) {
		if (g->doc->events[i]) {
			g->doc->events[i]->n_ignore_fields = n;
			g->doc->events[i]->ignore_fields = names;
		}
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
				is_first(r, m);
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
	struct event_issue *i = next_issue(r);
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
	if (!is_object(r, v))
		return ERR_OK;
	r->context = context ? context_read(r, context, NULL, false) : &none;
	if (!r->context)
		return ERR_NOMEM;
	type = find_type(r, v);
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
		doc->events[0] = read_event(r, g->single, r->context);
		r->event = SIZE_MAX;
		doc->head->single_event = true;
	}
	spread_ignored(g);
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
		struct event_issue *i = next_issue(r);
		if (i) {
			i->line = fault.line;
			snprintf(i->pointer, sizeof i->pointer, "%s", fault.pointer);
			snprintf(i->text, sizeof i->text, "not JSON: %s", fault.text);
		}
		return ERR_OK;
	}
	TRY(e);
	g->doc->head = argosy__v1__document_new(r);
	if (!g->doc->head)
		return ERR_NOMEM;
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
	struct epcis_reader r = {.a = a,
				 .tmp = arena_new(0),
				 .issues = issues,
				 .issues_max = issues_max,
				 .event = SIZE_MAX,
				 .serial = 1};
	struct reading g = {.r = &r, .doc = doc};
	*doc = (struct event_doc){NULL, NULL, 0};
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
