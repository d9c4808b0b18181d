/*
 * The rules that hold for an event wherever it came from. They are those of
 * the EPCIS 2.0 JSON schema, of its `format`s, and where the standard's text
 * asks for more than the schema (§7.4.3: an AggregationEvent has a parent
 * unless it only observes), of the text.
 *
 * Runs for each executed event: one walk over the field table, no memory.
 */
#include "data/event_check.h"
#include "data/epcis.h"

#include <string.h>

/* ---- the parts of an event ---- */

/* The texts of a flat message by its table; lists in it too. */
static bool check_flat(const struct check *c, const struct at *at, const void *m,
		       const struct field_table *t)
{
	for (size_t i = 0; i < t->n; i++) {
		const struct field *f = &t->fields[i];
		struct at here = {at, f->name, 0, NULL};
		if (f->shape == FIELD_TEXTS) {
			char **list = field_list(m, f);
			size_t n = field_count(m, f);
			if (!event_check_count(c, &here, n))
				return false;
			for (size_t k = 0; k < n; k++) {
				struct at entry = {&here, NULL, k, NULL};
				if (!event_check_text(c, &entry, list[k], f->rule))
					return false;
			}
			continue;
		}
		const char *s = field_text(m, f);
		if (!*s)
			continue;
		if (f->shape == FIELD_NUMBER ? !event_check_number(c, &here, s)
		    : f->shape == FIELD_BOOL
			    ? strcmp(s, "true") != 0 && strcmp(s, "false") != 0 &&
				      !event_check_refuse(c, &here, "neither true nor false")
			    : !event_check_text(c, &here, s, f->rule))
			return false;
	}
	return true;
}

/* EPCIS 2.0 §7.3.3.3, JSON schema: uom is ^[A-Z0-9]{2,3}$. */
static bool uom_valid(const char *s)
{
	size_t n = strnlen(s, 4);
	for (size_t i = 0; i < n; i++)
		if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9')))
			return false;
	return n == 2 || n == 3;
}

static bool check_quantities(const struct check *c, const struct at *at, size_t n,
			     Argosy__V1__QuantityElement *const *list)
{
	for (size_t i = 0; i < n; i++) {
		const Argosy__V1__QuantityElement *q = list[i];
		struct at entry = {at, NULL, i, NULL}, epc = {&entry, "epcClass", 0, NULL},
			  number = {&entry, "quantity", 0, NULL}, uom = {&entry, "uom", 0, NULL};
		if (!*q->epc_class)
			return event_check_refuse(c, &entry, "epcClass is missing");
		if (!event_check_text(c, &epc, q->epc_class, RULE_URI))
			return false;
		if (*q->quantity && !event_check_number(c, &number, q->quantity))
			return false;
		if (*q->uom && !uom_valid(q->uom))
			return event_check_refuse(
				c, &uom,
				"\"" SHOWN "\" is not a unit code of 2 or 3 capitals and digits",
				EVENT_SHOW(q->uom));
	}
	return true;
}

static bool check_refs(const struct check *c, const struct at *at, size_t n,
		       Argosy__V1__TypedRef *const *list, const struct field *f)
{
	for (size_t i = 0; i < n; i++) {
		struct at entry = {at, NULL, i, NULL}, type = {&entry, "type", 0, NULL},
			  id = {&entry, event_ref_name(f), 0, NULL};
		if (!*list[i]->id)
			return event_check_refuse(c, &entry, "%s is missing", event_ref_name(f));
		if (!*list[i]->type && f->rule == RULE_SDT)
			return event_check_refuse(c, &entry, "type is missing");
		if (*list[i]->type && !event_check_text(c, &type, list[i]->type, f->rule))
			return false;
		if (!event_check_text(c, &id, list[i]->id, RULE_URI))
			return false;
	}
	return true;
}

static bool check_place(const struct check *c, const struct at *at, const Argosy__V1__Place *p)
{
	struct at id = {at, "id", 0, NULL};
	if (!*p->id)
		return event_check_refuse(c, at, "id is missing");
	return event_check_text(c, &id, p->id, RULE_URI) &&
	       event_check_nodes(c, at, p->n_extensions, p->extensions, true, 1);
}

static bool check_dispositions(const struct check *c, const struct at *up, const char *name,
			       size_t n, char *const *list)
{
	struct at at = {up, name, 0, NULL};
	if (!event_check_count(c, &at, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct at entry = {&at, NULL, i, NULL};
		if (!event_check_text(c, &entry, list[i], RULE_DISPOSITION))
			return false;
	}
	return true;
}

static bool check_persistent(const struct check *c, const struct at *at,
			     const Argosy__V1__PersistentDisposition *p)
{
	if (p->n_set + p->n_unset == 0)
		return event_check_refuse(c, at, "neither set nor unset has an entry");
	return check_dispositions(c, at, "set", p->n_set, p->set) &&
	       check_dispositions(c, at, "unset", p->n_unset, p->unset);
}

static bool check_error(const struct check *c, const struct at *at,
			const Argosy__V1__ErrorDeclaration *e)
{
	if (!*e->declaration_time)
		return event_check_refuse(c, at, "declarationTime is missing");
	return check_flat(c, at, e, &error_fields) &&
	       event_check_nodes(c, at, e->n_extensions, e->extensions, true, 1);
}

static bool check_sensors(const struct check *c, const struct at *at, size_t n,
			  Argosy__V1__SensorElement *const *list)
{
	for (size_t i = 0; i < n; i++) {
		const Argosy__V1__SensorElement *s = list[i];
		struct at entry = {at, NULL, i, NULL}, meta = {&entry, "sensorMetadata", 0, NULL},
			  reports = {&entry, "sensorReport", 0, NULL},
			  type = {&entry, "type", 0, NULL};
		if (s->metadata && (!check_flat(c, &meta, s->metadata, &sensor_metadata_fields) ||
				    !event_check_nodes(c, &meta, s->metadata->n_extensions,
						       s->metadata->extensions, true, 1)))
			return false;
		if (*s->type && !event_check_text(c, &type, s->type, RULE_URI))
			return false;
		if (s->n_reports == 0)
			return event_check_refuse(c, &entry, "sensorReport is missing or empty");
		if (!event_check_count(c, &reports, s->n_reports))
			return false;
		for (size_t k = 0; k < s->n_reports; k++) {
			const Argosy__V1__SensorReport *r = s->reports[k];
			struct at report = {&reports, NULL, k, NULL};
			/* In the XML schema an exception can stand in for the type, and does in
			 * GS1's examples; see event_untyped. */
			if (strcmp(r->type, event_untyped) == 0 || (!*r->type && !*r->exception))
				return event_check_refuse(c, &report, "type is missing");
			if (!check_flat(c, &report, r, &sensor_report_fields) ||
			    !event_check_nodes(c, &report, r->n_extensions, r->extensions, true, 1))
				return false;
		}
		if (!event_check_nodes(c, &entry, s->n_extensions, s->extensions, true, 1))
			return false;
	}
	return true;
}

/* ---- the event ---- */

static bool present(const event_t *e, const struct field *f)
{
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
	case FIELD_NUMBER:
	case FIELD_BOOL:
		return *field_text(e, f) != 0;
	case FIELD_TEXTS:
	case FIELD_CERT:
	case FIELD_QUANTITIES:
	case FIELD_REFS:
	case FIELD_SENSORS:
	case FIELD_ILMD:
		return field_count(e, f) > 0;
	case FIELD_PLACE:
	case FIELD_PERSISTENT:
	case FIELD_ERROR:
		return field_list(e, f) != NULL;
	case FIELD_TYPE:
		return true;
	case FIELD_ACTION:
		return e->action != ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_UNSPECIFIED;
	}
	return false;
}

static bool check_texts(const struct check *c, const struct at *at, size_t n, char *const *list,
			enum field_rule rule)
{
	for (size_t i = 0; i < n; i++) {
		struct at entry = {at, NULL, i, NULL};
		if (!*list[i])
			return event_check_refuse(c, &entry, "must not be empty");
		if (!event_check_text(c, &entry, list[i], rule))
			return false;
	}
	return true;
}

/* A field that is there. */
static bool check_field(const struct check *c, const event_t *e, const struct field *f)
{
	struct at at = {NULL, f->name, 0, NULL};
	size_t n = f->at_n ? field_count(e, f) : 0;
	if (!event_check_count(c, &at, n))
		return false;
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
		return event_check_text(c, &at, field_text(e, f), f->rule);
	case FIELD_NUMBER:
	case FIELD_BOOL:
	case FIELD_TYPE:
		return true;
	case FIELD_TEXTS:
	case FIELD_CERT:
		return check_texts(c, &at, n, field_list(e, f), f->rule);
	case FIELD_QUANTITIES:
		return check_quantities(c, &at, n, field_list(e, f));
	case FIELD_REFS:
		return check_refs(c, &at, n, field_list(e, f), f);
	case FIELD_PLACE:
		return check_place(c, &at, field_list(e, f));
	case FIELD_PERSISTENT:
		return check_persistent(c, &at, field_list(e, f));
	case FIELD_ERROR:
		return check_error(c, &at, field_list(e, f));
	case FIELD_SENSORS:
		return check_sensors(c, &at, n, field_list(e, f));
	case FIELD_ILMD:
		return event_check_nodes(c, &at, n, field_list(e, f), true, 1);
	case FIELD_ACTION:
		return event_action_name(e->action) || event_check_refuse(c, &at, "unknown action");
	}
	return true;
}

static bool was_empty(const event_t *e, const char *name)
{
	for (size_t i = 0; i < e->n_empty_fields; i++)
		if (strcmp(e->empty_fields[i], name) == 0)
			return true;
	return false;
}

static bool list_is_there(const event_t *e, const char *name, size_t n)
{
	return n > 0 || was_empty(e, name);
}

/* Names in empty_fields must be of lists that this kind may have, and be empty. */
static bool check_empty_fields(const struct check *c, const event_t *e)
{
	if (e->n_empty_fields > 32)
		return event_check_refuse(c, NULL, "too many empty fields");
	for (size_t i = 0; i < e->n_empty_fields; i++) {
		const char *name = e->empty_fields[i];
		const struct field *f = field_find(&event_fields, slice_str(name));
		bool ok = f ? field_is_list(f) && f->kinds & 1 << e->type && field_count(e, f) == 0
			    : strcmp(name, "errorDeclaration/correctiveEventIDs") == 0 &&
					  e->error_declaration &&
					  e->error_declaration->n_corrective_event_ids == 0;
		for (size_t k = 0; k < i; k++)
			ok = ok && strcmp(name, e->empty_fields[k]) != 0;
		if (!ok)
			return event_check_refuse(c, NULL,
						  "\"" SHOWN "\" cannot be an empty field here",
						  EVENT_SHOW(name));
	}
	return true;
}

static bool check_names(const struct check *c, const event_t *e)
{
	if (e->n_namespaces > 256 || e->n_terms > 256 || e->n_ignore_fields > EVENT_IGNORED_MAX)
		return event_check_refuse(c, NULL,
					  "more than 256 namespaces, terms or ignored fields");
	for (size_t i = 0; i < e->n_namespaces; i++) {
		const Argosy__V1__Namespace *n = e->namespaces[i];
		bool ok = strnlen(n->prefix, 65) <= 64 &&
			  event_prefix_valid(slice_str(n->prefix)) &&
			  utf8_valid(slice_str(n->prefix)) &&
			  strnlen(n->uri, EVENT_URI_MAX + 1) <= EVENT_URI_MAX &&
			  uri_valid(slice_str(n->uri));
		for (size_t k = 0; k < i; k++)
			ok = ok && strcmp(n->prefix, e->namespaces[k]->prefix) != 0;
		if (!ok)
			return event_check_refuse(c, NULL,
						  "the namespace \"" SHOWN
						  "\" is malformed or declared twice",
						  EVENT_SHOW(n->prefix));
	}
	struct at ignored = {NULL, "ignoreFields", 0, NULL}, terms = {NULL, "@context", 0, NULL};
	return check_texts(c, &ignored, e->n_ignore_fields, e->ignore_fields, RULE_STRING) &&
	       event_check_nodes(c, &terms, e->n_terms, e->terms, false, 1);
}

/* JSON schema, the `anyOf`s of each kind. */
static bool check_content(const struct check *c, const event_t *e)
{
	bool deletes = e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	bool adds = e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD;
	bool things = list_is_there(e, "epcList", e->n_epc_list) || e->n_quantity_list > 0;
	bool children = e->n_child_epcs > 0 || e->n_child_quantity_list > 0;
	bool inputs = e->n_input_epc_list > 0 || e->n_input_quantity_list > 0;
	bool outputs = e->n_output_epc_list > 0 || e->n_output_quantity_list > 0;
	struct at ilmd = {NULL, "ilmd", 0, NULL};
	switch (e->type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		if (!things && !(e->n_sensor_element_list > 0 && e->read_point))
			return event_check_refuse(c, NULL,
						  "an ObjectEvent needs epcList, quantityList, or "
						  "sensorElementList and readPoint");
		if (list_is_there(e, "ilmd", e->n_ilmd) && !adds)
			return event_check_refuse(c, &ilmd, "ilmd is for action ADD alone");
		return true;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
		if (!*e->parent_id && e->action != ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE)
			return event_check_refuse(
				c, NULL,
				"parentID is missing: only action OBSERVE may leave it out");
		return children || deletes ||
		       event_check_refuse(
			       c, NULL, "an AggregationEvent needs childEPCs or childQuantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		if (!*e->parent_id)
			return event_check_refuse(c, NULL, "parentID is missing");
		return children || deletes ||
		       event_check_refuse(
			       c, NULL, "an AssociationEvent needs childEPCs or childQuantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
		if (e->n_biz_transaction_list == 0)
			return event_check_refuse(c, NULL,
						  "bizTransactionList is missing or empty");
		return things || deletes ||
		       event_check_refuse(c, NULL,
					  "a TransactionEvent needs epcList or quantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		if (*e->transformation_id ? !inputs && !outputs : !inputs || !outputs)
			return event_check_refuse(
				c, NULL,
				*e->transformation_id
					? "a TransformationEvent needs inputs or outputs"
					: "a TransformationEvent without transformationID needs "
					  "inputs and outputs");
		return true;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
	return true;
}

static bool check_type(const struct check *c, const event_t *e)
{
	struct at at = {NULL, "type", 0, NULL};
	if (e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED) {
		/* Else one could hide an ObjectEvent from the rules for it. */
		if (strncmp(e->extended_type, "epcis:", 6) == 0 ||
		    strncmp(e->extended_type, "https://ref.gs1.org/epcis/", 26) == 0)
			return event_check_refuse(
				c, &at, "the standard's own kinds are written as bare words");
		return event_check_text(c, &at, e->extended_type, RULE_URI);
	}
	if (!event_type_name(e->type))
		return event_check_refuse(c, &at, "the kind of event is missing or unknown");
	return !*e->extended_type ||
	       event_check_refuse(c, &at, "a standard event has no second type");
}

bool event_check(const event_t *e, struct event_issue *issue)
{
	struct check c = {issue};
	if (!check_type(&c, e))
		return false;
	if (!*e->event_time)
		return event_check_refuse(&c, NULL, "eventTime is missing");
	if (!*e->event_time_zone_offset)
		return event_check_refuse(&c, NULL, "eventTimeZoneOffset is missing");
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_UNSPECIFIED &&
	    !((KIND_T | KIND_E) & 1 << e->type))
		return event_check_refuse(&c, NULL, "action is missing");
	for (size_t i = 0; i < event_fields.n; i++) {
		const struct field *f = &event_fields.fields[i];
		if (!present(e, f))
			continue;
		if (!(f->kinds & 1 << e->type)) {
			struct at at = {NULL, f->name, 0, NULL};
			return event_check_refuse(&c, &at, "%s may not have %s",
						  event_type_name(e->type), f->name);
		}
		if (!check_field(&c, e, f))
			return false;
	}
	return check_content(&c, e) && check_empty_fields(&c, e) && check_names(&c, e) &&
	       event_check_nodes(&c, NULL, e->n_extensions, e->extensions, true, 1);
}
