/* The data standard of events: see standard.h. */
#include "data/codes.h"
#include "data/decimal.h"
#include "data/standard_fields.h"

/* Where a field stands; made into a JSON pointer only when something is wrong. */
struct where {
	const char *list;
	size_t i;	  /* NOWHERE: no index */
	const char *leaf; /* may be NULL */
	size_t k;
	const char *inner; /* may be NULL */
};

enum { NOWHERE = 1 << 30 };

static struct where at_field(const char *name)
{
	return (struct where){name, NOWHERE, NULL, NOWHERE, NULL};
}

static struct where at_entry(const char *list, size_t i, const char *leaf)
{
	return (struct where){list, i, leaf, NOWHERE, NULL};
}

static bool PRINTF_LIKE(3, 4)
	fail_at(struct field_issue *issue, struct where w, const char *fmt, ...)
{
	char *out = issue->field;
	size_t left = sizeof issue->field;
	int n = snprintf(out, left, "/%s", w.list);
	if (w.i != NOWHERE)
		n += snprintf(out + n, left - (size_t)n, "/%zu", w.i);
	if (w.leaf)
		n += snprintf(out + n, left - (size_t)n, "/%.48s", w.leaf);
	if (w.k != NOWHERE)
		n += snprintf(out + n, left - (size_t)n, "/%zu", w.k);
	if (w.inner)
		snprintf(out + n, left - (size_t)n, "/%s", w.inner);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(issue->text, sizeof issue->text, fmt, ap);
	va_end(ap);
	return false;
}

/*
 * What an identifier may be in its place. A quantity is of a class. A class in
 * an EPC list is odd, but GS1's own examples have it, so it passes.
 */
enum place_kind { ANY, CLASS };

static bool check_id(struct field_issue *issue, struct where w, const char *s, enum place_kind kind)
{
	struct gs1_id id;
	struct err_text t = {""};
	if (!*s)
		return true;
	if (gs1_parse(&id, &t, slice_str(s)) != ERR_OK)
		return fail_at(issue, w, "is no right identifier: %s", t.text);
	if (id.kind == GS1_NONE || kind == ANY)
		return true;
	if (kind == CLASS && !id.is_class)
		return fail_at(issue, w, "names a single thing: it belongs in an EPC list");
	return true;
}

static bool check_epcs(struct field_issue *issue, const char *field, char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!check_id(issue, at_entry(field, i, NULL), list[i], ANY))
			return false;
	}
	return true;
}

static bool check_unit(struct field_issue *issue, struct where w, const char *uom)
{
	return !*uom || code_unit(slice_str(uom)) ||
	       fail_at(issue, w, "is no unit of UN/ECE Recommendation 20");
}

static bool check_quantities(struct field_issue *issue, const char *field,
			     Argosy__V1__QuantityElement *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const Argosy__V1__QuantityElement *q = list[i];
		struct slice amount = slice_str(q->quantity);
		if (!check_id(issue, at_entry(field, i, "epcClass"), q->epc_class, CLASS) ||
		    !check_unit(issue, at_entry(field, i, "uom"), q->uom))
			return false;
		if (decimal_valid(amount) && decimal_cmp(amount, SLICE_LIT("0")) < 0)
			return fail_at(issue, at_entry(field, i, "quantity"), "is negative");
	}
	return true;
}

static bool check_refs(struct field_issue *issue, const char *field, const char *name,
		       Argosy__V1__TypedRef *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!check_id(issue, at_entry(field, i, name), list[i]->id, ANY))
			return false;
	}
	return true;
}

static bool check_place(struct field_issue *issue, const char *field,
			const Argosy__V1__Place *place)
{
	return !place ||
	       check_id(issue, (struct where){field, NOWHERE, "id", NOWHERE, NULL}, place->id, ANY);
}

/* ---- sensors ---- */

static const char sensors[] = "sensorElementList";

static bool check_metadata(struct field_issue *issue, size_t i, const Argosy__V1__SensorMetadata *m)
{
	struct where w = {sensors, i, "sensorMetadata", NOWHERE, "endTime"};
	int64_t start, end;
	if (time_parse(&start, slice_str(m->start_time)) &&
	    time_parse(&end, slice_str(m->end_time)) && end < start)
		return fail_at(issue, w, "is before startTime");
	w.inner = "deviceID";
	return check_id(issue, w, m->device_id, ANY);
}

static bool check_report(struct field_issue *issue, size_t i, size_t k,
			 const Argosy__V1__SensorReport *r)
{
	struct where w = {sensors, i, "sensorReport", k, "uom"};
	struct slice low = slice_str(r->min_value), high = slice_str(r->max_value);
	if (!check_unit(issue, w, r->uom))
		return false;
	w.inner = "deviceID";
	if (!check_id(issue, w, r->device_id, ANY))
		return false;
	w.inner = "maxValue";
	return !decimal_valid(low) || !decimal_valid(high) || decimal_cmp(low, high) <= 0 ||
	       fail_at(issue, w, "is below minValue");
}

static bool check_sensors(struct field_issue *issue, const event_t *e)
{
	for (size_t i = 0; i < e->n_sensor_element_list; i++) {
		const Argosy__V1__SensorElement *s = e->sensor_element_list[i];
		if (s->metadata && !check_metadata(issue, i, s->metadata))
			return false;
		for (size_t k = 0; k < s->n_reports; k++) {
			if (!check_report(issue, i, k, s->reports[k]))
				return false;
		}
	}
	return true;
}

/* ---- instance and lot master data ---- */

static struct slice trimmed(const char *s)
{
	struct slice t = slice_str(s);
	while (t.n && strchr(" \t\r\n", t.p[0]))
		t = slice(t.p + 1, t.n - 1);
	while (t.n && strchr(" \t\r\n", t.p[t.n - 1]))
		t.n--;
	return t;
}

/* The CBV's own attributes of ilmd; XML declares their namespace without the colon at its end. */
static bool is_cbv_mda(const event_node_t *n)
{
	return strcmp(n->ns, "urn:epcglobal:cbv:mda:") == 0 ||
	       strcmp(n->ns, "urn:epcglobal:cbv:mda") == 0;
}

static bool name_is(const event_node_t *n, const char *const *names)
{
	for (; *names; names++) {
		if (strcmp(n->name, *names) == 0)
			return true;
	}
	return false;
}

/* A date, or the day of a date and time. */
static bool day_of(struct slice s, int64_t *days)
{
	int64_t ms;
	if (date_parse(days, s))
		return true;
	return time_parse(&ms, s) && date_parse(days, slice(s.p, 10));
}

static struct where at_mda(const event_node_t *n)
{
	return (struct where){"ilmd", NOWHERE, n->name, NOWHERE, NULL};
}

struct days {
	int64_t made, ends; /* the latest making, the earliest end */
	const event_node_t *end;
};

static bool check_mda(struct field_issue *issue, const event_node_t *n, struct days *days)
{
	static const char *const countries[] = {"countryOfOrigin", "countryOfExport", NULL};
	static const char *const makings[] = {"productionDate", "manufacturingDate",
					      "packagingDate", "harvestEndDate", NULL};
	static const char *const ends[] = {"itemExpirationDate", "bestBeforeDate", "sellByDate",
					   NULL};
	static const char *const weights[] = {"netWeight", "grossWeight", "drainedWeight", NULL};
	int64_t day;
	struct slice text = trimmed(n->text);
	struct where w = at_mda(n);

	if (name_is(n, countries) && text.n && !code_country(text))
		return fail_at(issue, w, "is no country code of ISO 3166-1");
	if (name_is(n, weights)) {
		if (text.n && !number_valid(text))
			return fail_at(issue, w, "is no number");
		for (size_t i = 0; i < n->n_children; i++) {
			const event_node_t *c = n->children[i];
			if (strcmp(c->name, "measurementUnitCode") == 0 &&
			    !check_unit(issue, w, c->text))
				return false;
		}
	}
	if (!name_is(n, makings) && !name_is(n, ends))
		return true;
	if (!text.n)
		return true;
	if (!day_of(text, &day))
		return fail_at(issue, w, "is neither a date nor a date and time");
	if (name_is(n, makings) && day > days->made)
		days->made = day;
	if (name_is(n, ends) && day < days->ends) {
		days->ends = day;
		days->end = n;
	}
	return true;
}

static bool check_ilmd(struct field_issue *issue, const event_t *e)
{
	struct days days = {INT64_MIN, INT64_MAX, NULL};
	for (size_t i = 0; i < e->n_ilmd; i++) {
		if (is_cbv_mda(e->ilmd[i]) && !check_mda(issue, e->ilmd[i], &days))
			return false;
	}
	if (!days.end || days.ends > days.made)
		return true;
	return fail_at(issue, at_mda(days.end), "is not after the day of production");
}

bool standard_event_check(const event_t *e, struct field_issue *issue)
{
	if (!check_id(issue, at_field("parentID"), e->parent_id, ANY) ||
	    !check_epcs(issue, "epcList", e->epc_list, e->n_epc_list) ||
	    !check_epcs(issue, "childEPCs", e->child_epcs, e->n_child_epcs) ||
	    !check_epcs(issue, "inputEPCList", e->input_epc_list, e->n_input_epc_list) ||
	    !check_epcs(issue, "outputEPCList", e->output_epc_list, e->n_output_epc_list) ||
	    !check_quantities(issue, "quantityList", e->quantity_list, e->n_quantity_list) ||
	    !check_quantities(issue, "childQuantityList", e->child_quantity_list,
			      e->n_child_quantity_list) ||
	    !check_quantities(issue, "inputQuantityList", e->input_quantity_list,
			      e->n_input_quantity_list) ||
	    !check_quantities(issue, "outputQuantityList", e->output_quantity_list,
			      e->n_output_quantity_list) ||
	    !check_id(issue, at_field("transformationID"), e->transformation_id, ANY))
		return false;
	if (!check_place(issue, "readPoint", e->read_point) ||
	    !check_place(issue, "bizLocation", e->biz_location))
		return false;
	return check_refs(issue, "bizTransactionList", "bizTransaction", e->biz_transaction_list,
			  e->n_biz_transaction_list) &&
	       check_refs(issue, "sourceList", "source", e->source_list, e->n_source_list) &&
	       check_refs(issue, "destinationList", "destination", e->destination_list,
			  e->n_destination_list) &&
	       check_sensors(issue, e) && check_ilmd(issue, e);
}
