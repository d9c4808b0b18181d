/*
 * One event of JSON-LD into the model: members by the field tables, closed
 * objects by the JSON schema's definitions, the rest as extensions.
 */
#include "data/epcis_json.h"

#include <stdlib.h>

typedef Argosy__V1__Node node_t;

/* New messages of protobuf, in the arena. */
#define NEW(type, init)                                                                            \
	static type *init##_new(struct epcis_reader *r)                                            \
	{                                                                                          \
		type *m = epcis_alloc(r, sizeof *m);                                               \
		if (m)                                                                             \
			init##__init(m);                                                           \
		return m;                                                                          \
	}                                                                                          \
	_Static_assert(1, "")
NEW(Argosy__V1__Event, argosy__v1__event);
NEW(Argosy__V1__QuantityElement, argosy__v1__quantity_element);
NEW(Argosy__V1__TypedRef, argosy__v1__typed_ref);
NEW(Argosy__V1__Place, argosy__v1__place);
NEW(Argosy__V1__PersistentDisposition, argosy__v1__persistent_disposition);
NEW(Argosy__V1__ErrorDeclaration, argosy__v1__error_declaration);
NEW(Argosy__V1__SensorElement, argosy__v1__sensor_element);
NEW(Argosy__V1__SensorMetadata, argosy__v1__sensor_metadata);
NEW(Argosy__V1__SensorReport, argosy__v1__sensor_report);

/* ---- extensions ---- */

/* Reads member `m` as an extension field into a list with room for all members of its object. */
static bool read_extension(struct epcis_reader *r, const struct json_value *m, size_t *n,
			   node_t ***list)
{
	if (m->parent->count > EVENT_LIST_MAX)
		return epcis_bad(r, m->parent, "more than %d fields", EVENT_LIST_MAX);
	if (!*list && !(*list = epcis_alloc(r, m->parent->count * sizeof **list)))
		return false;
	node_t *k = epcis_new_node(r);
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
	bool ok = epcis_is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		const struct field *f = field_find(t, m->name);
		if (!epcis_is_first(r, m)) {
			ok = false;
			continue;
		}
		if (!f) {
			ok = read_extension(r, m, n_extensions, extensions) && ok;
			continue;
		}
		char **at = (char **)((char *)message + f->at);
		if (f->shape == FIELD_TEXTS)
			ok = epcis_read_strings(r, m, (size_t *)((char *)message + f->at_n),
						(char ***)at) &&
			     ok;
		else if (f->shape == FIELD_NUMBER)
			ok = epcis_read_number(r, m, at) && ok;
		else if (f->shape == FIELD_BOOL)
			ok = epcis_read_bool(r, m, at) && ok;
		else if (f->rule == RULE_STRING && m->kind == JSON_STRING && !m->text.n)
			continue; /* stringValue and uom may be empty; the caller notes it */
		else
			ok = epcis_read_string(r, m, at) && ok;
	}
	return ok;
}

/* JSON schema, quantityElement: closed. */
static bool read_quantity(struct epcis_reader *r, const struct json_value *v,
			  Argosy__V1__QuantityElement **out)
{
	Argosy__V1__QuantityElement *q = argosy__v1__quantity_element_new(r);
	bool ok = q && epcis_is_object(r, v);
	*out = q;
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m))
			ok = false;
		else if (slice_eq_str(m->name, "epcClass"))
			ok = epcis_read_string(r, m, &q->epc_class) && ok;
		else if (slice_eq_str(m->name, "quantity"))
			ok = epcis_read_number(r, m, &q->quantity) && ok;
		else if (slice_eq_str(m->name, "uom"))
			ok = epcis_read_string(r, m, &q->uom) && ok;
		else
			ok = epcis_bad(r, m, "a quantity element has no field \"%.*s%s\"",
				       EPCIS_SHOW(m->name));
	}
	return ok;
}

/* JSON schema, bizTransaction, source, destination: closed. */
static bool read_ref(struct epcis_reader *r, const struct json_value *v, const char *id,
		     Argosy__V1__TypedRef **out)
{
	Argosy__V1__TypedRef *t = argosy__v1__typed_ref_new(r);
	bool ok = t && epcis_is_object(r, v);
	*out = t;
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m))
			ok = false;
		else if (slice_eq_str(m->name, "type"))
			ok = epcis_read_string(r, m, &t->type) && ok;
		else if (slice_eq_str(m->name, id))
			ok = epcis_read_string(r, m, &t->id) && ok;
		else
			ok = epcis_bad(r, m, "an entry of this list has no field \"%.*s%s\"",
				       EPCIS_SHOW(m->name));
	}
	return ok;
}

static bool read_place(struct epcis_reader *r, const struct json_value *v, Argosy__V1__Place **out)
{
	Argosy__V1__Place *p = *out = argosy__v1__place_new(r);
	bool ok = p && epcis_is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m))
			ok = false;
		else if (!epcis_is_id(r, m->name))
			ok = read_extension(r, m, &p->n_extensions, &p->extensions) && ok;
		else if (*p->id)
			ok = epcis_bad(r, m, "the identifier is given twice");
		else
			ok = epcis_read_string(r, m, &p->id) && ok;
	}
	return ok;
}

/* JSON schema, persistentDisposition: closed; set and unset hold at least one, none twice. */
static bool read_persistent(struct epcis_reader *r, const struct json_value *v,
			    Argosy__V1__PersistentDisposition **out)
{
	Argosy__V1__PersistentDisposition *p = *out = argosy__v1__persistent_disposition_new(r);
	bool ok = p && epcis_is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		bool set = slice_eq_str(m->name, "set");
		if (!epcis_is_first(r, m))
			ok = false;
		else if (!set && !slice_eq_str(m->name, "unset"))
			ok = epcis_bad(r, m, "persistentDisposition has no field \"%.*s%s\"",
				       EPCIS_SHOW(m->name));
		else if (m->kind == JSON_ARRAY && m->count == 0)
			ok = epcis_bad(r, m, "must not be empty");
		else
			ok = epcis_read_strings(r, m, set ? &p->n_set : &p->n_unset,
						set ? &p->set : &p->unset) &&
			     epcis_check_unique(r, m) && ok;
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
	if (strcmp(p->type, event_untyped) == 0 && *p->exception)
		p->type = (char *)(uintptr_t)protobuf_c_empty_string;
	else if (!*p->type) /* event_check would let an exception stand in for it, as XML does */
		return epcis_bad(r, v, "type is missing");
	return true;
}

static bool read_reports(struct epcis_reader *r, const struct json_value *v,
			 Argosy__V1__SensorElement *s)
{
	bool ok = true;
	if (!epcis_is_array(r, v) || !(s->reports = epcis_alloc(r, v->count * sizeof *s->reports)))
		return false;
	for (const struct json_value *m = v->first; m; m = m->next)
		ok = read_report(r, m, &s->reports[s->n_reports++]) && ok;
	return ok;
}

static bool read_sensor(struct epcis_reader *r, const struct json_value *v,
			Argosy__V1__SensorElement **out)
{
	Argosy__V1__SensorElement *s = *out = argosy__v1__sensor_element_new(r);
	bool ok = s && epcis_is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next) {
		if (!epcis_is_first(r, m)) {
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
		} else if (epcis_is_type(r, m->name)) {
			ok = (*s->type ? epcis_bad(r, m, "type is given twice")
				       : epcis_read_string(r, m, &s->type)) &&
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
	bool ok = epcis_is_object(r, v);
	for (const struct json_value *m = ok ? v->first : NULL; m; m = m->next)
		ok = epcis_is_first(r, m) && read_extension(r, m, &e->n_ilmd, &e->ilmd) && ok;
	return ok;
}

/* ---- the event ---- */

/* An array of objects, each by its own function. */
static bool read_objects(struct epcis_reader *r, const struct json_value *v, event_t *e,
			 const struct field *f)
{
	size_t *n = (size_t *)((char *)e + f->at_n);
	bool ok = epcis_is_array(r, v);
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
		return epcis_bad(r, v, "\"%.*s%s\" is not a kind of event", EPCIS_SHOW(v->text));
	e->type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED;
	return epcis_read_string(r, v, &e->extended_type);
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
	return epcis_bad(r, v, "\"%.*s%s\" is not an action: ADD, OBSERVE or DELETE",
			 EPCIS_SHOW(v->text));
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
		return epcis_read_strings(r, v, &e->n_certification_info, &e->certification_info);
	e->certification_info = epcis_alloc(r, sizeof(char *));
	if (!e->certification_info || !epcis_read_string(r, v, &e->certification_info[0]))
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
				     : epcis_read_string(r, m, at);
	case FIELD_NUMBER:
		return epcis_read_number(r, m, at);
	case FIELD_BOOL:
		return epcis_read_bool(r, m, at);
	case FIELD_TEXTS:
		return epcis_read_strings(r, m, (size_t *)((char *)e + f->at_n), at) &&
		       (!field_is_unique(e, f->name) || epcis_check_unique(r, m));
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
const struct json_value *epcis_find_type(struct epcis_reader *r, const struct json_value *v)
{
	const struct json_value *found = NULL;
	for (const struct json_value *m = v->first; m; m = m->next) {
		if (!epcis_is_type(r, m->name))
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

static bool read_event_extension(struct epcis_reader *r, const struct json_value *m, event_t *e)
{
	if (!read_extension(r, m, &e->n_extensions, &e->extensions))
		return false;
	node_t *last = e->extensions[e->n_extensions - 1];
	if (!epcis_is_ignore(last))
		return true;
	e->n_extensions--;
	return epcis_ignore_own(r, m, last, e);
}

static bool read_member(struct epcis_reader *r, const struct json_value *m, event_t *e)
{
	const struct field *f = field_find(&event_fields, m->name);
	if (slice_eq_str(m->name, "@context") || epcis_is_type(r, m->name))
		return true;
	if (!epcis_is_first(r, m))
		return false;
	if (!f && epcis_is_id(r, m->name)) /* the context makes "eventID" and "id" the same */
		f = field_find(&event_fields, SLICE_LIT("eventID"));
	if (!f)
		return read_event_extension(r, m, e);
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
	struct event_issue *out = epcis_next_issue(r);
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
event_t *epcis_read_event(struct epcis_reader *r, const struct json_value *v,
			  const struct context *document_context)
{
	size_t before = r->faults;
	const struct json_value *context = json_get(v, "@context"), *type;
	event_t *e = argosy__v1__event_new(r);
	if (!e || !epcis_is_object(r, v))
		return NULL;
	r->context = document_context;
	if (context && v->parent) /* a bare event's context was read as the document's */
		r->context = context_read(r, context, document_context, false);
	if (context && context->repeated)
		epcis_bad(r, context, "@context is given twice");
	if (r->context && (type = epcis_find_type(r, v)) != NULL)
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
