#include "data/standard.h"

#include "data/codes.h"
#include "data/decimal.h"
#include "data/gs1.h"
#include "data/standard_fields.h"

/* ---- what a category requires ---- */

enum {
	NEED_HS = 1 << 0,
	NEED_ORIGIN = 1 << 1,
	NEED_INGREDIENTS = 1 << 2,
	NEED_NET_CONTENT = 1 << 3,
	NEED_STORAGE = 1 << 4,
	NEED_COMPOSITION = 1 << 5,
	NEED_MODEL = 1 << 6,
	NEED_REGISTRATION = 1 << 7,
	NEED_ACTIVE = 1 << 8,
	NEED_MANUFACTURER = 1 << 9,
	NEED_BRAND = 1 << 10,
	NEED_SHELF_LIFE = 1 << 11,
	/* of a lot */
	LOT_PRODUCTION = 1 << 16,
	LOT_EXPIRY = 1 << 17,
	LOT_LAST_DAY = 1 << 18, /* an expiry or a best-before date */
	LOT_SITE = 1 << 19,
	LOT_RELEASE = 1 << 20,
	LOT_QUANTITY = 1 << 21,
};

/* What every border asks for. */
#define BORDER (NEED_HS | NEED_ORIGIN)

static const struct {
	const char *name;
	uint32_t needs;
} categories[] = {
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_GENERAL] = {"general", BORDER},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_FOOD] = {"food", BORDER | NEED_INGREDIENTS |
										 NEED_NET_CONTENT |
										 LOT_PRODUCTION |
										 LOT_LAST_DAY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_FRESH_FOOD] =
		{"fresh_food", BORDER | NEED_INGREDIENTS | NEED_NET_CONTENT | NEED_STORAGE |
				       LOT_PRODUCTION | LOT_EXPIRY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_INFANT_FORMULA] =
		{"infant_formula", BORDER | NEED_INGREDIENTS | NEED_NET_CONTENT | NEED_STORAGE |
					   NEED_REGISTRATION | NEED_MANUFACTURER | NEED_SHELF_LIFE |
					   LOT_PRODUCTION | LOT_EXPIRY | LOT_SITE | LOT_RELEASE},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_HEALTH_FOOD] =
		{"health_food", BORDER | NEED_INGREDIENTS | NEED_NET_CONTENT | NEED_REGISTRATION |
					NEED_MANUFACTURER | LOT_PRODUCTION | LOT_EXPIRY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_BEVERAGE] = {"beverage",
								     BORDER | NEED_INGREDIENTS |
									     NEED_NET_CONTENT |
									     LOT_PRODUCTION |
									     LOT_LAST_DAY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_COSMETICS] =
		{"cosmetics", BORDER | NEED_INGREDIENTS | NEED_NET_CONTENT | NEED_MANUFACTURER |
				      LOT_PRODUCTION | LOT_EXPIRY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_MEDICINE] =
		{"medicine", BORDER | NEED_ACTIVE | NEED_NET_CONTENT | NEED_STORAGE |
				     NEED_REGISTRATION | NEED_MANUFACTURER | LOT_PRODUCTION |
				     LOT_EXPIRY | LOT_SITE | LOT_RELEASE},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_MEDICAL_DEVICE] =
		{"medical_device",
		 BORDER | NEED_MODEL | NEED_REGISTRATION | NEED_MANUFACTURER | LOT_PRODUCTION},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_TEXTILE] = {"textile",
								    BORDER | NEED_COMPOSITION},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_FOOTWEAR] = {"footwear",
								     BORDER | NEED_COMPOSITION},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_ELECTRONICS] = {"electronics",
									BORDER | NEED_MODEL |
										NEED_MANUFACTURER |
										NEED_BRAND |
										LOT_PRODUCTION},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_TOY] = {"toy", BORDER | NEED_COMPOSITION |
									       NEED_MANUFACTURER |
									       LOT_PRODUCTION},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_RAW_MATERIAL] = {"raw_material",
									 BORDER | LOT_PRODUCTION |
										 LOT_QUANTITY},
	[ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_PACKAGING] = {"packaging",
								      BORDER | NEED_COMPOSITION},
};

enum { CATEGORIES = sizeof categories / sizeof *categories };

const char *standard_category_name(Argosy__V1__ProductCategory c)
{
	return c > 0 && (size_t)c < CATEGORIES ? categories[c].name : NULL;
}

bool standard_category_parse(Argosy__V1__ProductCategory *out, struct slice name)
{
	for (size_t i = 1; i < CATEGORIES; i++) {
		if (slice_eq_str(name, categories[i].name)) {
			*out = (Argosy__V1__ProductCategory)i;
			return true;
		}
	}
	return false;
}

static bool missing(struct field_issue *issue, Argosy__V1__ProductCategory c, const char *field)
{
	return field_fail(issue, field, "is missing: category %s needs it", categories[c].name);
}

/* ---- fields of one kind ---- */

bool field_text(struct field_issue *issue, const char *field, const char *s, size_t max)
{
	size_t n = strlen(s);
	if (n > max)
		return field_fail(issue, field, "is longer than %zu bytes", max);
	if (!utf8_valid(slice(s, n)))
		return field_fail(issue, field, "is not UTF-8");
	return !has_control(slice(s, n)) || field_fail(issue, field, "holds a control character");
}

bool field_name(struct field_issue *issue, const char *field, const char *s)
{
	if (!*s)
		return field_fail(issue, field, "is missing");
	return field_text(issue, field, s, STANDARD_NAME_MAX);
}

bool field_country(struct field_issue *issue, const char *field, const char *s)
{
	return !*s || code_country(slice_str(s)) ||
	       field_fail(issue, field, "is no country code of ISO 3166-1 (two capital letters)");
}

bool field_date(struct field_issue *issue, const char *field, const char *s, int64_t *days)
{
	return !*s || date_parse(days, slice_str(s)) ||
	       field_fail(issue, field, "is no date YYYY-MM-DD");
}

static bool field_texts(struct field_issue *issue, const char *field, char *const *list, size_t n)
{
	char at[64];
	if (n > STANDARD_ENTRIES_MAX)
		return field_fail(issue, field, "has more than %d entries", STANDARD_ENTRIES_MAX);
	for (size_t i = 0; i < n; i++) {
		field_at(at, field, i);
		if (!field_name(issue, at, list[i]))
			return false;
	}
	return true;
}

static bool field_measure(struct field_issue *issue, const char *field,
			  const Argosy__V1__Measure *m)
{
	char at[64];
	if (!m)
		return true;
	struct slice value = slice_str(m->value);
	snprintf(at, sizeof at, "%s/value", field);
	if (!decimal_valid(value))
		return field_fail(issue, at, "is no decimal number");
	if (decimal_cmp(value, SLICE_LIT("0")) <= 0)
		return field_fail(issue, at, "is not greater than zero");
	snprintf(at, sizeof at, "%s/unit", field);
	return code_unit(slice_str(m->unit)) ||
	       field_fail(issue, at, "is no unit of UN/ECE Recommendation 20");
}

/* Both or neither, in order, within [low, high]. */
static bool field_range(struct field_issue *issue, const char *field_a, const char *a,
			const char *field_b, const char *b)
{
	if (!*a != !*b)
		return field_fail(issue, *a ? field_b : field_a,
				  "is missing: %s is given without it", *a ? field_a : field_b);
	if (!*a)
		return true;
	if (!decimal_valid(slice_str(a)))
		return field_fail(issue, field_a, "is no decimal number");
	if (!decimal_valid(slice_str(b)))
		return field_fail(issue, field_b, "is no decimal number");
	return true;
}

static bool within(const char *s, struct slice low, struct slice high)
{
	return decimal_cmp(slice_str(s), low) >= 0 && decimal_cmp(slice_str(s), high) <= 0;
}

static bool field_attributes(struct field_issue *issue, Argosy__V1__Attribute *const *list,
			     size_t n)
{
	char at[64];
	if (n > STANDARD_ENTRIES_MAX)
		return field_fail(issue, "/attributes", "has more than %d entries",
				  STANDARD_ENTRIES_MAX);
	for (size_t i = 0; i < n; i++) {
		const char *key = list[i]->key;
		snprintf(at, sizeof at, "/attributes/%zu/key", i);
		if (!field_word(key) || strlen(key) > 64)
			return field_fail(issue, at,
					  "is no key of lower-case letters, digits, _ and .");
		for (size_t k = 0; k < i; k++) {
			if (strcmp(key, list[k]->key) == 0)
				return field_fail(issue, at, "is given twice");
		}
		snprintf(at, sizeof at, "/attributes/%zu/value", i);
		if (!field_text(issue, at, list[i]->value, STANDARD_TEXT_MAX))
			return false;
	}
	return true;
}

bool field_word(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	for (; *s; s++) {
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= '0' && *s <= '9') && *s != '_' &&
		    *s != '.')
			return false;
	}
	return true;
}

/* BCP 47 in outline: letters, then subtags of letters and digits, each at most eight. */
static bool field_language(struct field_issue *issue, const char *field, const char *s)
{
	if (!*s)
		return true;
	size_t run = 0, tags = 0;
	bool ok = true;
	for (const char *p = s; ok; p++) {
		bool alpha = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
		bool digit = *p >= '0' && *p <= '9';
		if (alpha || (digit && tags)) {
			ok = ++run <= 8;
			continue;
		}
		ok = (*p == '-' || !*p) && run >= (tags ? 1 : 2);
		if (!*p)
			break;
		run = 0;
		tags++;
	}
	return ok || field_fail(issue, field, "is no language tag (\"en\", \"zh-CN\")");
}

bool field_id(struct field_issue *issue, struct gs1_id *id, const char *field, const char *s)
{
	struct err_text t = {""};
	if (!*s)
		return field_fail(issue, field, "is missing");
	if (gs1_parse(id, &t, slice_str(s)) != ERR_OK)
		return field_fail(issue, field, "is no right identifier: %s", t.text);
	return id->kind != GS1_NONE || uri_valid(slice_str(s)) ||
	       field_fail(issue, field, "is neither a GS1 key nor an absolute URI");
}

/* ---- products ---- */

static bool product_needs(const Argosy__V1__Product *p, struct field_issue *issue)
{
	const struct {
		uint32_t need;
		const char *field;
		bool there;
	} fields[] = {
		{NEED_HS, "/hs_code", *p->hs_code},
		{NEED_ORIGIN, "/origin_country", *p->origin_country},
		{NEED_INGREDIENTS, "/ingredients", p->n_ingredients > 0},
		{NEED_NET_CONTENT, "/net_content", p->net_content != NULL},
		{NEED_STORAGE, "/storage_min_c", *p->storage_min_c},
		{NEED_COMPOSITION, "/composition", *p->composition},
		{NEED_MODEL, "/model", *p->model},
		{NEED_REGISTRATION, "/registration_number", *p->registration_number},
		{NEED_ACTIVE, "/active_substances", p->n_active_substances > 0},
		{NEED_MANUFACTURER, "/manufacturer", *p->manufacturer},
		{NEED_BRAND, "/brand", *p->brand},
		{NEED_SHELF_LIFE, "/shelf_life_days", p->shelf_life_days > 0},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if ((categories[p->category].needs & fields[i].need) && !fields[i].there)
			return missing(issue, p->category, fields[i].field);
	}
	return true;
}

static bool product_storage(const Argosy__V1__Product *p, struct field_issue *issue)
{
	const char *low = p->storage_min_c, *high = p->storage_max_c;
	if (!field_range(issue, "/storage_min_c", low, "/storage_max_c", high))
		return false;
	if (!*low)
		return true;
	/* Below absolute zero or above any oven it is a slip of the pen. */
	struct slice coldest = SLICE_LIT("-273.15"), hottest = SLICE_LIT("1000");
	if (!within(low, coldest, hottest))
		return field_fail(issue, "/storage_min_c", "is no temperature in degrees Celsius");
	if (!within(high, coldest, hottest))
		return field_fail(issue, "/storage_max_c", "is no temperature in degrees Celsius");
	return decimal_cmp(slice_str(low), slice_str(high)) <= 0 ||
	       field_fail(issue, "/storage_max_c", "is below storage_min_c");
}

bool standard_product_check(const Argosy__V1__Product *p, struct field_issue *issue)
{
	struct gs1_id id;
	if (!field_id(issue, &id, "/id", p->id))
		return false;
	if (id.kind != GS1_NONE && (!id.is_class || id.kind == GS1_LGTIN))
		return field_fail(issue, "/id",
				  "names a single thing or a lot, not a product (a GTIN does)");
	if (!standard_category_name(p->category))
		return field_fail(issue, "/category", "is missing or no category");
	if (!field_name(issue, "/name", p->name) || !product_needs(p, issue))
		return false;

	struct slice hs = slice_str(p->hs_code);
	if (hs.n && (hs.n < 6 || !code_hs(hs)))
		return field_fail(issue, "/hs_code",
				  "is no subheading of HS 2022 (6 digits, or 8 to 10)");
	if (p->shelf_life_days > 36525)
		return field_fail(issue, "/shelf_life_days", "is more than a hundred years");
	return field_country(issue, "/origin_country", p->origin_country) &&
	       field_texts(issue, "/ingredients", p->ingredients, p->n_ingredients) &&
	       field_texts(issue, "/allergens", p->allergens, p->n_allergens) &&
	       field_texts(issue, "/active_substances", p->active_substances,
			   p->n_active_substances) &&
	       field_measure(issue, "/net_content", p->net_content) && product_storage(p, issue) &&
	       field_text(issue, "/brand", p->brand, STANDARD_NAME_MAX) &&
	       field_text(issue, "/description", p->description, STANDARD_TEXT_MAX) &&
	       field_language(issue, "/language", p->language) &&
	       field_text(issue, "/composition", p->composition, STANDARD_TEXT_MAX) &&
	       field_text(issue, "/model", p->model, STANDARD_NAME_MAX) &&
	       field_text(issue, "/registration_number", p->registration_number,
			  STANDARD_NAME_MAX) &&
	       field_text(issue, "/manufacturer", p->manufacturer, STANDARD_NAME_MAX) &&
	       field_attributes(issue, p->attributes, p->n_attributes);
}

/* ---- lots ---- */

static bool lot_identity(const Argosy__V1__Lot *lot, struct field_issue *issue)
{
	struct gs1_id id, product;
	if (!field_id(issue, &id, "/id", lot->id) ||
	    !field_id(issue, &product, "/product", lot->product))
		return false;
	if (id.kind != GS1_NONE && id.kind != GS1_LGTIN)
		return field_fail(issue, "/id", "is a GS1 key, but none of a lot (GTIN and batch)");
	if (product.kind != GS1_NONE && (!product.is_class || product.kind == GS1_LGTIN))
		return field_fail(issue, "/product", "names a single thing or a lot");
	/* "01/" and 14 digits of either. */
	if (id.kind == GS1_LGTIN &&
	    (product.kind != GS1_GTIN || memcmp(id.canon, product.canon, 17) != 0))
		return field_fail(issue, "/product",
				  "is not the GTIN that the lot's id begins with");
	return true;
}

static bool lot_needs(const Argosy__V1__Lot *lot, Argosy__V1__ProductCategory c,
		      struct field_issue *issue)
{
	const struct {
		uint32_t need;
		const char *field;
		bool there;
	} fields[] = {
		{LOT_PRODUCTION, "/production_date", *lot->production_date},
		{LOT_EXPIRY, "/expiry_date", *lot->expiry_date},
		{LOT_LAST_DAY, "/best_before_date", *lot->expiry_date || *lot->best_before_date},
		{LOT_SITE, "/production_site", *lot->production_site},
		{LOT_RELEASE, "/release_number", *lot->release_number},
		{LOT_QUANTITY, "/quantity", lot->quantity != NULL},
	};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if ((categories[c].needs & fields[i].need) && !fields[i].there)
			return missing(issue, c, fields[i].field);
	}
	return true;
}

bool standard_lot_check(const Argosy__V1__Lot *lot, Argosy__V1__ProductCategory category,
			struct field_issue *issue)
{
	int64_t made = INT64_MIN, expires = INT64_MAX, best = INT64_MAX;
	if (!lot_identity(lot, issue))
		return false;
	if (category != ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_UNSPECIFIED) {
		if (!standard_category_name(category))
			return field_fail(issue, "/product", "has no category that is known here");
		if (!lot_needs(lot, category, issue))
			return false;
	}
	if (!field_date(issue, "/production_date", lot->production_date, &made) ||
	    !field_date(issue, "/expiry_date", lot->expiry_date, &expires) ||
	    !field_date(issue, "/best_before_date", lot->best_before_date, &best))
		return false;
	if (expires <= made)
		return field_fail(issue, "/expiry_date", "is not after production_date");
	if (best <= made)
		return field_fail(issue, "/best_before_date", "is not after production_date");

	if (lot->n_inputs > STANDARD_ENTRIES_MAX)
		return field_fail(issue, "/inputs", "has more than %d entries",
				  STANDARD_ENTRIES_MAX);
	for (size_t i = 0; i < lot->n_inputs; i++) {
		struct gs1_id id;
		char at[64];
		field_at(at, "/inputs", i);
		if (!field_id(issue, &id, at, lot->inputs[i]))
			return false;
	}
	return field_country(issue, "/origin_country", lot->origin_country) &&
	       field_measure(issue, "/quantity", lot->quantity) &&
	       field_text(issue, "/production_site", lot->production_site, STANDARD_NAME_MAX) &&
	       field_text(issue, "/release_number", lot->release_number, STANDARD_NAME_MAX) &&
	       field_attributes(issue, lot->attributes, lot->n_attributes);
}

/* ---- locations ---- */

/* Two letters of a country, three of A-Z and 2-9 (UN/ECE Recommendation 16). */
static bool un_locode_shape(const char *s)
{
	if (strlen(s) != 5 || !code_country(slice(s, 2)))
		return false;
	for (size_t i = 2; i < 5; i++) {
		if (!(s[i] >= 'A' && s[i] <= 'Z') && !(s[i] >= '2' && s[i] <= '9'))
			return false;
	}
	return true;
}

static bool location_point(const Argosy__V1__Location *l, struct field_issue *issue)
{
	if (!field_range(issue, "/latitude", l->latitude, "/longitude", l->longitude))
		return false;
	if (!*l->latitude)
		return true;
	if (!within(l->latitude, SLICE_LIT("-90"), SLICE_LIT("90")))
		return field_fail(issue, "/latitude", "is not within -90 and 90 degrees");
	return within(l->longitude, SLICE_LIT("-180"), SLICE_LIT("180")) ||
	       field_fail(issue, "/longitude", "is not within -180 and 180 degrees");
}

bool standard_location_check(const Argosy__V1__Location *l, struct field_issue *issue)
{
	struct gs1_id id;
	if (!field_id(issue, &id, "/id", l->id))
		return false;
	if (id.kind != GS1_NONE && id.kind != GS1_SGLN)
		return field_fail(issue, "/id", "is a GS1 key, but none of a place (GLN, AI 414)");
	if (!field_name(issue, "/name", l->name))
		return false;
	if (!*l->country)
		return field_fail(issue, "/country", "is missing");
	if (!field_country(issue, "/country", l->country))
		return false;
	if (l->kind <= ARGOSY__V1__LOCATION_KIND__LOCATION_KIND_UNSPECIFIED ||
	    l->kind > ARGOSY__V1__LOCATION_KIND__LOCATION_KIND_OTHER)
		return field_fail(issue, "/kind", "is missing or no kind of place");
	if (*l->parent && !field_id(issue, &id, "/parent", l->parent))
		return false;
	if (*l->un_locode &&
	    (!un_locode_shape(l->un_locode) || memcmp(l->un_locode, l->country, 2) != 0))
		return field_fail(issue, "/un_locode",
				  "is no UN/LOCODE of the country (five characters)");
	return location_point(l, issue) &&
	       field_text(issue, "/locality", l->locality, STANDARD_NAME_MAX) &&
	       field_text(issue, "/address", l->address, STANDARD_NAME_MAX) &&
	       field_text(issue, "/postal_code", l->postal_code, STANDARD_NAME_MAX) &&
	       field_attributes(issue, l->attributes, l->n_attributes);
}

/* ---- credentials ---- */

bool standard_credential_check(const Argosy__V1__Credential *c, struct field_issue *issue)
{
	int64_t from = INT64_MIN, to = INT64_MAX;
	struct gs1_id id;
	/* A paper may be named by its own GS1 key (GDTI, AI 253). */
	if (!field_id(issue, &id, "/id", c->id))
		return false;
	if (!field_name(issue, "/subject", c->subject) || !field_name(issue, "/issuer", c->issuer))
		return false;
	if (!field_word(c->kind) || strlen(c->kind) > 64)
		return field_fail(issue, "/kind",
				  "is no word of lower-case letters, digits, _ and .");
	if (!field_date(issue, "/valid_from", c->valid_from, &from) ||
	    !field_date(issue, "/valid_to", c->valid_to, &to))
		return false;
	if (to < from)
		return field_fail(issue, "/valid_to", "is before valid_from");
	if (c->document_hash.len != 0 && c->document_hash.len != 32)
		return field_fail(issue, "/document_hash", "is not 32 bytes long");
	return field_text(issue, "/number", c->number, STANDARD_NAME_MAX) &&
	       field_text(issue, "/scope", c->scope, STANDARD_TEXT_MAX) &&
	       field_country(issue, "/country", c->country);
}
