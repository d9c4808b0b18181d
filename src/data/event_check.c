/*
 * The rules that hold for an event wherever it came from. They are those of
 * the EPCIS 2.0 JSON schema, of its `format`s, and where the standard's text
 * asks for more than the schema (§7.4.3: an AggregationEvent has a parent
 * unless it only observes), of the text.
 *
 * Runs for each executed event: one walk over the field table, no memory.
 */
#include "data/epcis.h"
#include "data/event_fields.h"

#include <stdio.h>
#include <string.h>

typedef Argosy__V1__Node node_t;

/* Where we are, for the pointer of an issue: a field's name, an index where that is NULL, or an
 * extension field. */
struct at {
	const struct at *up;
	const char *name;
	size_t index;
	const node_t *node;
};

struct check {
	struct event_issue *issue;
};

/* Appends to a text of at most `size` bytes, with RFC 6901's escapes. */
static size_t put_name(char *out, size_t size, size_t n, const char *s)
{
	for (; *s && n + 3 < size; s++) {
		bool special = *s == '~' || *s == '/';
		out[n++] = special ? '~' : *s;
		if (special)
			out[n++] = *s == '~' ? '0' : '1';
	}
	return n;
}

static size_t put_place(char *out, size_t size, const struct at *at)
{
	char index[24];
	if (!at)
		return 0;
	size_t n = put_place(out, size, at->up);
	if (n + 3 >= size)
		return n;
	out[n++] = '/';
	if (at->node) {
		n = put_name(out, size, n, *at->node->prefix ? at->node->prefix : at->node->ns);
		if (*at->node->prefix)
			n = put_name(out, size, n, ":");
		n = put_name(out, size, n, at->node->name);
	} else if (at->name) {
		n = put_name(out, size, n, at->name);
	} else {
		snprintf(index, sizeof index, "%zu", at->index);
		n = put_name(out, size, n, index);
	}
	return n;
}

/* The length of the longest beginning of s[0..n) that does not cut a UTF-8 sequence. */
static size_t utf8_cut(const char *s, size_t n)
{
	while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static bool refuse(const struct check *c, const struct at *at, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
static bool refuse(const struct check *c, const struct at *at, const char *fmt, ...)
{
	struct event_issue *i = c->issue;
	va_list ap;
	if (!i)
		return false;
	*i = (struct event_issue){.event = 0};
	size_t end = put_place(i->pointer, sizeof i->pointer, at);
	while (!utf8_valid(slice(i->pointer, end))) /* cut within a character, or a bad name */
		end--;
	i->pointer[end] = 0;
	va_start(ap, fmt);
	int n = vsnprintf(i->text, sizeof i->text, fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof i->text)
		i->text[utf8_cut(i->text, sizeof i->text - 1)] = 0;
	return false;
}

/* At most 60 bytes of a text, for messages; what is not UTF-8 is not shown. */
#define SHOWN "%.*s"
static int shown(const char *s)
{
	size_t n = strnlen(s, 61);
	if (n > 60)
		n = utf8_cut(s, 60);
	return utf8_valid(slice(s, n)) ? (int)n : 0;
}

/* ---- texts ---- */

/* CBV's and the GS1 Web vocabulary's own URIs are written as bare words (JSON schema:
 * "vocab-other-uri", "vocab-nonGS1WebVoc-uri"). */
static bool reserved_cbv(const char *s)
{
	static const char *const begin[] = {"urn:epcglobal:cbv", "http://ns.gs1.org/cbv/",
					    "https://ns.gs1.org/cbv/"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (strncmp(s, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static bool reserved_gs1(const char *s)
{
	static const char *const begin[] = {"http://gs1.org/voc/", "https://gs1.org/voc/",
					    "http://www.gs1.org/voc/", "https://www.gs1.org/voc/"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++)
		if (strncmp(s, begin[i], strlen(begin[i])) == 0)
			return true;
	return false;
}

static bool check_uri(const struct check *c, const struct at *at, const char *s, size_t n)
{
	if (n > EVENT_URI_MAX)
		return refuse(c, at, "longer than %d bytes", EVENT_URI_MAX);
	if (!uri_valid(slice(s, n)))
		return refuse(c, at, "\"" SHOWN "\" is not a URI", shown(s), s);
	return true;
}

static bool check_word(const struct check *c, const struct at *at, const char *s, size_t n,
		       enum cbv_vocab v)
{
	bool gs1 = v == CBV_MEASUREMENT_TYPE || v == CBV_SENSOR_ALERT;
	if (!memchr(s, ':', n)) {
		if (cbv_known(v, slice(s, n)))
			return true;
		return refuse(c, at,
			      "\"" SHOWN "\" is neither a word of the %s vocabulary nor a URI",
			      shown(s), s, gs1 ? "GS1 Web" : "CBV");
	}
	if (gs1 ? reserved_gs1(s) : reserved_cbv(s))
		return refuse(c, at,
			      "\"" SHOWN "\": the standard's own values are written as bare words",
			      shown(s), s);
	return check_uri(c, at, s, n);
}

static bool hex_valid(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char low = (char)(s[i] | 0x20);
		if (!((s[i] >= '0' && s[i] <= '9') || (low >= 'a' && low <= 'f')))
			return false;
	}
	return n > 0;
}

/* A text that is there (not empty), by its rule. */
static bool check_text(const struct check *c, const struct at *at, const char *s,
		       enum field_rule rule)
{
	size_t n = strnlen(s, EVENT_STRING_MAX + 1);
	int64_t ms;
	if (n > EVENT_STRING_MAX)
		return refuse(c, at, "longer than %d bytes", EVENT_STRING_MAX);
	switch (rule) {
	case RULE_STRING:
		return utf8_valid(slice(s, n)) || refuse(c, at, "not valid UTF-8");
	case RULE_URI:
		return check_uri(c, at, s, n);
	case RULE_TIME:
		return time_parse(&ms, slice(s, n)) ||
		       refuse(c, at, "\"" SHOWN "\" is not a date and time with a zone", shown(s),
			      s);
	case RULE_OFFSET:
		return offset_valid(slice(s, n)) ||
		       refuse(c, at, "\"" SHOWN "\" is not an offset like +08:00", shown(s), s);
	case RULE_HEX:
		return hex_valid(s, n) ||
		       refuse(c, at, "\"" SHOWN "\" is not hexadecimal", shown(s), s);
	case RULE_BIZ_STEP:
		return check_word(c, at, s, n, CBV_BIZ_STEP);
	case RULE_DISPOSITION:
		return check_word(c, at, s, n, CBV_DISPOSITION);
	case RULE_ERROR_REASON:
		return check_word(c, at, s, n, CBV_ERROR_REASON);
	case RULE_COMPONENT:
		return check_word(c, at, s, n, CBV_COMPONENT);
	case RULE_BTT:
		return check_word(c, at, s, n, CBV_BTT);
	case RULE_SDT:
		return check_word(c, at, s, n, CBV_SDT);
	case RULE_MEASUREMENT:
		return check_word(c, at, s, n, CBV_MEASUREMENT_TYPE);
	case RULE_ALERT:
		return check_word(c, at, s, n, CBV_SENSOR_ALERT);
	case RULE_NONE:
		break;
	}
	return true;
}

static bool check_number(const struct check *c, const struct at *at, const char *s)
{
	size_t n = strnlen(s, EVENT_STRING_MAX + 1);
	if (n > EVENT_STRING_MAX || !number_valid(slice(s, n)))
		return refuse(c, at, "\"" SHOWN "\" is not a number", shown(s), s);
	return true;
}

static bool check_count(const struct check *c, const struct at *at, size_t n)
{
	return n <= EVENT_LIST_MAX || refuse(c, at, "more than %d entries", EVENT_LIST_MAX);
}

/* ---- extensions ---- */

static int node_name_cmp(const node_t *a, const node_t *b)
{
	int c = strcmp(a->name, b->name);
	return c ? c : strcmp(a->ns, b->ns);
}

/* Are two of n names the same? Few are compared each with each; many are merge-sorted as
 * indexes on the stack, so that no choice of names makes it slow. */
static __attribute__((noinline)) const node_t *find_repeated(size_t n, node_t *const *list)
{
	uint16_t two[2][EVENT_LIST_MAX], *from = two[0], *to = two[1];
	if (n <= 16) {
		for (size_t i = 1; i < n; i++)
			for (size_t j = 0; j < i; j++)
				if (node_name_cmp(list[i], list[j]) == 0)
					return list[i];
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		from[i] = (uint16_t)i;
	for (size_t width = 1; width < n; width *= 2) {
		for (size_t left = 0; left < n; left += 2 * width) {
			size_t mid = left + width < n ? left + width : n;
			size_t right = left + 2 * width < n ? left + 2 * width : n;
			for (size_t i = left, j = mid, k = left; k < right; k++) {
				bool first = j >= right ||
					     (i < mid &&
					      node_name_cmp(list[from[i]], list[from[j]]) <= 0);
				to[k] = first ? from[i++] : from[j++];
			}
		}
		uint16_t *t = from;
		from = to;
		to = t;
	}
	for (size_t i = 1; i < n; i++)
		if (node_name_cmp(list[from[i - 1]], list[from[i]]) == 0)
			return list[from[i]];
	return NULL;
}

static bool check_name(const struct check *c, const struct at *at, const node_t *n, bool need_ns)
{
	size_t name = strnlen(n->name, EVENT_URI_MAX + 1), ns = strnlen(n->ns, EVENT_URI_MAX + 1);
	if (name > EVENT_URI_MAX || ns > EVENT_URI_MAX || strnlen(n->prefix, 65) > 64)
		return refuse(c, at, "a name is too long");
	if (!local_name_valid(slice(n->name, name)) || !utf8_valid(slice(n->name, name)))
		return refuse(c, at, "not a name for a field");
	if (ns == 0 ? need_ns : !uri_valid(slice(n->ns, ns)))
		return refuse(c, at,
			      ns ? "its namespace is not a URI" : "the field has no namespace");
	if (*n->prefix &&
	    (ns == 0 || !event_prefix_valid(slice_str(n->prefix)) || !utf8_valid(slice_str(n->prefix))))
		return refuse(c, at, "not a namespace prefix");
	return true;
}

static bool check_nodes(const struct check *c, const struct at *at, size_t n, node_t *const *list,
			bool need_ns, unsigned depth);

static bool check_leaf(const struct check *c, const struct at *at, const node_t *n)
{
	if (n->n_children)
		return refuse(c, at, "a plain value has no members");
	switch (n->kind) {
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NUMBER:
		return check_number(c, at, n->text);
	case ARGOSY__V1__NODE_KIND__NODE_KIND_BOOL:
		return strcmp(n->text, "true") == 0 || strcmp(n->text, "false") == 0 ||
		       refuse(c, at, "neither true nor false");
	case ARGOSY__V1__NODE_KIND__NODE_KIND_NULL:
		return *n->text == 0 || refuse(c, at, "null has no text");
	case ARGOSY__V1__NODE_KIND__NODE_KIND_STRING:
	case ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT:
	case ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY:
	case _ARGOSY__V1__NODE_KIND_IS_INT_SIZE:
		break;
	}
	return check_text(c, at, n->text, RULE_STRING);
}

static bool check_node(const struct check *c, const struct at *at, const node_t *n, unsigned depth)
{
	bool array = n->kind == ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY;
	if ((unsigned)n->kind > ARGOSY__V1__NODE_KIND__NODE_KIND_ARRAY)
		return refuse(c, at, "unknown kind of value");
	if (!array && n->kind != ARGOSY__V1__NODE_KIND__NODE_KIND_OBJECT)
		return check_leaf(c, at, n);
	if (depth >= EVENT_DEPTH_MAX)
		return refuse(c, at, "nested deeper than %d", EVENT_DEPTH_MAX);
	/* XML: an object may also have text. */
	if (array ? *n->text != 0 : !check_text(c, at, n->text, RULE_STRING))
		return array ? refuse(c, at, "a list has no text") : false;
	if (!array)
		return check_nodes(c, at, n->n_children, n->children, false, depth + 1);
	if (!check_count(c, at, n->n_children))
		return false;
	for (size_t i = 0; i < n->n_children; i++) {
		const node_t *k = n->children[i];
		struct at here = {at, NULL, i, NULL};
		if (*k->name || *k->ns || *k->prefix)
			return refuse(c, &here, "an entry of a list has no name");
		if (!check_node(c, &here, k, depth + 1))
			return false;
	}
	return true;
}

static bool check_nodes(const struct check *c, const struct at *at, size_t n, node_t *const *list,
			bool need_ns, unsigned depth)
{
	if (!check_count(c, at, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct at here = {at, NULL, 0, list[i]};
		if (!check_name(c, &here, list[i], need_ns) ||
		    !check_node(c, &here, list[i], depth))
			return false;
	}
	const node_t *twice = find_repeated(n, list);
	if (twice) {
		struct at here = {at, NULL, 0, twice};
		return refuse(c, &here, "given twice");
	}
	return true;
}

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
			if (!check_count(c, &here, n))
				return false;
			for (size_t k = 0; k < n; k++) {
				struct at entry = {&here, NULL, k, NULL};
				if (!check_text(c, &entry, list[k], f->rule))
					return false;
			}
			continue;
		}
		const char *s = field_text(m, f);
		if (!*s)
			continue;
		if (f->shape == FIELD_NUMBER ? !check_number(c, &here, s)
		    : f->shape == FIELD_BOOL ? strcmp(s, "true") != 0 && strcmp(s, "false") != 0 &&
						       !refuse(c, &here, "neither true nor false")
					     : !check_text(c, &here, s, f->rule))
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
			return refuse(c, &entry, "epcClass is missing");
		if (!check_text(c, &epc, q->epc_class, RULE_URI))
			return false;
		if (*q->quantity && !check_number(c, &number, q->quantity))
			return false;
		if (*q->uom && !uom_valid(q->uom))
			return refuse(c, &uom,
				      "\"" SHOWN
				      "\" is not a unit code of 2 or 3 capitals and digits",
				      shown(q->uom), q->uom);
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
			return refuse(c, &entry, "%s is missing", event_ref_name(f));
		if (!*list[i]->type && f->rule == RULE_SDT)
			return refuse(c, &entry, "type is missing");
		if (*list[i]->type && !check_text(c, &type, list[i]->type, f->rule))
			return false;
		if (!check_text(c, &id, list[i]->id, RULE_URI))
			return false;
	}
	return true;
}

static bool check_place(const struct check *c, const struct at *at, const Argosy__V1__Place *p)
{
	struct at id = {at, "id", 0, NULL};
	if (!*p->id)
		return refuse(c, at, "id is missing");
	return check_text(c, &id, p->id, RULE_URI) &&
	       check_nodes(c, at, p->n_extensions, p->extensions, true, 1);
}

static bool check_dispositions(const struct check *c, const struct at *up, const char *name,
			       size_t n, char *const *list)
{
	struct at at = {up, name, 0, NULL};
	if (!check_count(c, &at, n))
		return false;
	for (size_t i = 0; i < n; i++) {
		struct at entry = {&at, NULL, i, NULL};
		if (!check_text(c, &entry, list[i], RULE_DISPOSITION))
			return false;
	}
	return true;
}

static bool check_persistent(const struct check *c, const struct at *at,
			     const Argosy__V1__PersistentDisposition *p)
{
	if (p->n_set + p->n_unset == 0)
		return refuse(c, at, "neither set nor unset has an entry");
	return check_dispositions(c, at, "set", p->n_set, p->set) &&
	       check_dispositions(c, at, "unset", p->n_unset, p->unset);
}

static bool check_error(const struct check *c, const struct at *at,
			const Argosy__V1__ErrorDeclaration *e)
{
	if (!*e->declaration_time)
		return refuse(c, at, "declarationTime is missing");
	return check_flat(c, at, e, &error_fields) &&
	       check_nodes(c, at, e->n_extensions, e->extensions, true, 1);
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
				    !check_nodes(c, &meta, s->metadata->n_extensions,
						 s->metadata->extensions, true, 1)))
			return false;
		if (*s->type && !check_text(c, &type, s->type, RULE_URI))
			return false;
		if (s->n_reports == 0)
			return refuse(c, &entry, "sensorReport is missing or empty");
		if (!check_count(c, &reports, s->n_reports))
			return false;
		for (size_t k = 0; k < s->n_reports; k++) {
			const Argosy__V1__SensorReport *r = s->reports[k];
			struct at report = {&reports, NULL, k, NULL};
			/* The JSON schema always wants a type (its reader sees to that); in the
			 * XML schema an exception can stand in for it, and does in GS1's examples.
			 */
			if (!*r->type && !*r->exception)
				return refuse(c, &report, "type is missing");
			if (!check_flat(c, &report, r, &sensor_report_fields) ||
			    !check_nodes(c, &report, r->n_extensions, r->extensions, true, 1))
				return false;
		}
		if (!check_nodes(c, &entry, s->n_extensions, s->extensions, true, 1))
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
			return refuse(c, &entry, "must not be empty");
		if (!check_text(c, &entry, list[i], rule))
			return false;
	}
	return true;
}

/* A field that is there. */
static bool check_field(const struct check *c, const event_t *e, const struct field *f)
{
	struct at at = {NULL, f->name, 0, NULL};
	size_t n = f->at_n ? field_count(e, f) : 0;
	if (!check_count(c, &at, n))
		return false;
	switch ((enum field_shape)f->shape) {
	case FIELD_TEXT:
		return check_text(c, &at, field_text(e, f), f->rule);
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
		return check_nodes(c, &at, n, field_list(e, f), true, 1);
	case FIELD_ACTION:
		return event_action_name(e->action) || refuse(c, &at, "unknown action");
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
		return refuse(c, NULL, "too many empty fields");
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
			return refuse(c, NULL, "\"" SHOWN "\" cannot be an empty field here",
				      shown(name), name);
	}
	return true;
}

static bool check_names(const struct check *c, const event_t *e)
{
	if (e->n_namespaces > 256 || e->n_terms > 256 || e->n_ignore_fields > 256)
		return refuse(c, NULL, "more than 256 namespaces, terms or ignored fields");
	for (size_t i = 0; i < e->n_namespaces; i++) {
		const Argosy__V1__Namespace *n = e->namespaces[i];
		bool ok = strnlen(n->prefix, 65) <= 64 && event_prefix_valid(slice_str(n->prefix)) &&
			  utf8_valid(slice_str(n->prefix)) &&
			  strnlen(n->uri, EVENT_URI_MAX + 1) <= EVENT_URI_MAX &&
			  uri_valid(slice_str(n->uri));
		for (size_t k = 0; k < i; k++)
			ok = ok && strcmp(n->prefix, e->namespaces[k]->prefix) != 0;
		if (!ok)
			return refuse(c, NULL,
				      "the namespace \"" SHOWN "\" is malformed or declared twice",
				      shown(n->prefix), n->prefix);
	}
	struct at ignored = {NULL, "ignoreFields", 0, NULL}, terms = {NULL, "@context", 0, NULL};
	return check_texts(c, &ignored, e->n_ignore_fields, e->ignore_fields, RULE_STRING) &&
	       check_nodes(c, &terms, e->n_terms, e->terms, false, 1);
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
			return refuse(c, NULL,
				      "an ObjectEvent needs epcList, quantityList, or "
				      "sensorElementList and readPoint");
		if (list_is_there(e, "ilmd", e->n_ilmd) && !adds)
			return refuse(c, &ilmd, "ilmd is for action ADD alone");
		return true;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
		if (!*e->parent_id && e->action != ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE)
			return refuse(c, NULL,
				      "parentID is missing: only action OBSERVE may leave it out");
		return children || deletes ||
		       refuse(c, NULL, "an AggregationEvent needs childEPCs or childQuantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		if (!*e->parent_id)
			return refuse(c, NULL, "parentID is missing");
		return children || deletes ||
		       refuse(c, NULL, "an AssociationEvent needs childEPCs or childQuantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
		if (e->n_biz_transaction_list == 0)
			return refuse(c, NULL, "bizTransactionList is missing or empty");
		return things || deletes ||
		       refuse(c, NULL, "a TransactionEvent needs epcList or quantityList");
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		if (*e->transformation_id ? !inputs && !outputs : !inputs || !outputs)
			return refuse(
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
			return refuse(c, &at, "the standard's own kinds are written as bare words");
		return check_text(c, &at, e->extended_type, RULE_URI);
	}
	if (!event_type_name(e->type))
		return refuse(c, &at, "the kind of event is missing or unknown");
	return !*e->extended_type || refuse(c, &at, "a standard event has no second type");
}

bool event_check(const event_t *e, struct event_issue *issue)
{
	struct check c = {issue};
	if (!check_type(&c, e))
		return false;
	if (!*e->event_time)
		return refuse(&c, NULL, "eventTime is missing");
	if (!*e->event_time_zone_offset)
		return refuse(&c, NULL, "eventTimeZoneOffset is missing");
	if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_UNSPECIFIED &&
	    !((KIND_T | KIND_E) & 1 << e->type))
		return refuse(&c, NULL, "action is missing");
	for (size_t i = 0; i < event_fields.n; i++) {
		const struct field *f = &event_fields.fields[i];
		if (!present(e, f))
			continue;
		if (!(f->kinds & 1 << e->type)) {
			struct at at = {NULL, f->name, 0, NULL};
			return refuse(&c, &at, "%s may not have %s", event_type_name(e->type),
				      f->name);
		}
		if (!check_field(&c, e, f))
			return false;
	}
	return check_content(&c, e) && check_empty_fields(&c, e) && check_names(&c, e) &&
	       check_nodes(&c, NULL, e->n_extensions, e->extensions, true, 1);
}
