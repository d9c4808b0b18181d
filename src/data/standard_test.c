#include "data/standard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

/* ---- setting and clearing fields by their names in the .proto ---- */

static void *field_of(void *message, const char *name, const ProtobufCFieldDescriptor **f)
{
	ProtobufCMessage *m = message;
	*f = protobuf_c_message_descriptor_get_field_by_name(m->descriptor, name);
	if (!*f)
		fail_msg("%s has no field %s", m->descriptor->name, name);
	return (char *)message + (*f)->offset;
}

static void clear(void *message, const char *name)
{
	const ProtobufCFieldDescriptor *f;
	void *at = field_of(message, name, &f);
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		*(size_t *)((char *)message + f->quantifier_offset) = 0;
	else if (f->type == PROTOBUF_C_TYPE_STRING)
		*(const char **)at = "";
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		*(void **)at = NULL;
	else if (f->type == PROTOBUF_C_TYPE_UINT32)
		*(uint32_t *)at = 0;
	else
		fail_msg("cannot clear %s", name);
}

static void set(void *message, const char *name, const char *value)
{
	const ProtobufCFieldDescriptor *f;
	void *at = field_of(message, name, &f);
	assert_int_equal(f->type, PROTOBUF_C_TYPE_STRING);
	assert_int_not_equal(f->label, PROTOBUF_C_LABEL_REPEATED);
	*(const char **)at = value;
}

/* ---- records with every field, all right ---- */

#define STR(s) ((char *)(s))

static char *ingredients[] = {"milk", "lactase"}, *allergens[] = {"milk"};
static char *substances[] = {"paracetamol 500 mg"}, *inputs[] = {"01/09506000134352/10/IN1"};

static Argosy__V1__Measure measure(void)
{
	Argosy__V1__Measure m = ARGOSY__V1__MEASURE__INIT;
	m.value = STR("0.9");
	m.unit = STR("KGM");
	return m;
}

static Argosy__V1__Measure net, amount;
static Argosy__V1__Attribute attribute_a, attribute_b, *attributes[] = {&attribute_a, &attribute_b};

static void init_parts(void)
{
	net = measure();
	amount = measure();
	argosy__v1__attribute__init(&attribute_a);
	argosy__v1__attribute__init(&attribute_b);
	attribute_a.key = STR("net.fat_percent");
	attribute_a.value = STR("3.5");
	attribute_b.key = STR("grade");
}

static Argosy__V1__Product full_product(void)
{
	Argosy__V1__Product p = ARGOSY__V1__PRODUCT__INIT;
	init_parts();
	p.id = STR("01/09521234543213");
	p.name = STR("Leche 奶");
	p.category = ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_FRESH_FOOD;
	p.hs_code = STR("040120");
	p.origin_country = STR("NZ");
	p.ingredients = ingredients;
	p.n_ingredients = 2;
	p.allergens = allergens;
	p.n_allergens = 1;
	p.net_content = &net;
	p.storage_min_c = STR("-2.5");
	p.storage_max_c = STR("8");
	p.brand = STR("Argo");
	p.description = STR("Whole milk");
	p.language = STR("en-GB");
	p.shelf_life_days = 12;
	p.composition = STR("100% cotton");
	p.model = STR("M-1");
	p.registration_number = STR("YP20260001");
	p.active_substances = substances;
	p.n_active_substances = 1;
	p.manufacturer = STR("Argo Dairy Ltd");
	p.attributes = attributes;
	p.n_attributes = 2;
	return p;
}

static Argosy__V1__Lot full_lot(void)
{
	Argosy__V1__Lot l = ARGOSY__V1__LOT__INIT;
	init_parts();
	l.id = STR("01/09521234543213/10/L7");
	l.product = STR("01/09521234543213");
	l.production_date = STR("2026-02-28");
	l.expiry_date = STR("2026-03-12");
	l.best_before_date = STR("2026-03-10");
	l.origin_country = STR("NZ");
	l.inputs = inputs;
	l.n_inputs = 1;
	l.quantity = &amount;
	l.production_site = STR("Plant 2");
	l.release_number = STR("R-9");
	l.attributes = attributes;
	l.n_attributes = 2;
	return l;
}

static Argosy__V1__Location full_location(void)
{
	Argosy__V1__Location l = ARGOSY__V1__LOCATION__INIT;
	init_parts();
	l.id = STR("414/4012345000115/254/987");
	l.name = STR("Dock 7");
	l.country = STR("CN");
	l.locality = STR("Shanghai");
	l.kind = ARGOSY__V1__LOCATION_KIND__LOCATION_KIND_PORT;
	l.latitude = STR("31.2304");
	l.longitude = STR("121.4737");
	l.parent = STR("urn:epc:id:sgln:4012345.00011.0");
	l.address = STR("1 Quay Road");
	l.postal_code = STR("200000");
	l.un_locode = STR("CNSHA");
	l.attributes = attributes;
	l.n_attributes = 1;
	return l;
}

static Argosy__V1__Credential full_credential(void)
{
	static uint8_t hash[32];
	Argosy__V1__Credential c = ARGOSY__V1__CREDENTIAL__INIT;
	c.id = STR("https://cert.example/17");
	c.subject = STR("dairy");
	c.kind = STR("gdp");
	c.issuer = STR("Health Authority");
	c.valid_from = STR("2026-01-01");
	c.valid_to = STR("2026-01-01");
	c.document_hash.data = hash;
	c.document_hash.len = 32;
	c.number = STR("17/26");
	c.scope = STR("warehouse 1");
	c.country = STR("NZ");
	return c;
}

static void expect_field(bool ok, const struct field_issue *issue, const char *field,
			 const char *what)
{
	if (ok || strcmp(issue->field, field) != 0 || !issue->text[0])
		fail_msg("%s: expected a fault in %s, got %s %s", what, field,
			 ok ? "none" : issue->field, ok ? "" : issue->text);
}

/* ---- what each category requires ---- */

#define PRODUCT_FIELDS                                                                             \
	"hs_code", "origin_country", "ingredients", "net_content", "storage_min_c", "composition", \
		"model", "registration_number", "active_substances", "manufacturer", "brand",      \
		"shelf_life_days"

static const struct {
	const char *category, *product, *lot;
} required[] = {
	{"general", "hs_code origin_country", ""},
	{"food", "hs_code origin_country ingredients net_content",
	 "production_date best_before_date"},
	{"fresh_food", "hs_code origin_country ingredients net_content storage_min_c",
	 "production_date expiry_date"},
	{"infant_formula",
	 "hs_code origin_country ingredients net_content storage_min_c registration_number "
	 "manufacturer shelf_life_days",
	 "production_date expiry_date production_site release_number"},
	{"health_food",
	 "hs_code origin_country ingredients net_content registration_number manufacturer",
	 "production_date expiry_date"},
	{"beverage", "hs_code origin_country ingredients net_content",
	 "production_date best_before_date"},
	{"cosmetics", "hs_code origin_country ingredients net_content manufacturer",
	 "production_date expiry_date"},
	{"medicine",
	 "hs_code origin_country active_substances net_content storage_min_c registration_number "
	 "manufacturer",
	 "production_date expiry_date production_site release_number"},
	{"medical_device", "hs_code origin_country model registration_number manufacturer",
	 "production_date"},
	{"textile", "hs_code origin_country composition", ""},
	{"footwear", "hs_code origin_country composition", ""},
	{"electronics", "hs_code origin_country model manufacturer brand", "production_date"},
	{"toy", "hs_code origin_country composition manufacturer", "production_date"},
	{"raw_material", "hs_code origin_country", "production_date quantity"},
	{"packaging", "hs_code origin_country composition", ""},
};

static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);
	for (const char *at = list; (at = strstr(at, name)); at += n) {
		if ((at == list || at[-1] == ' ') && (!at[n] || at[n] == ' '))
			return true;
	}
	return false;
}

static void products_of_each_category(void **state)
{
	(void)state;
	static const char *const fields[] = {PRODUCT_FIELDS};
	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		Argosy__V1__ProductCategory category;
		assert_true(standard_category_parse(&category, slice_str(required[i].category)));
		assert_string_equal(standard_category_name(category), required[i].category);
		struct field_issue issue;
		Argosy__V1__Product p = full_product();
		p.category = category;
		assert_true(standard_product_check(&p, &issue));
		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
			p = full_product();
			p.category = category;
			clear(&p, fields[k]);
			if (strcmp(fields[k], "storage_min_c") == 0)
				clear(&p, "storage_max_c");
			bool ok = standard_product_check(&p, &issue);
			if (!listed(required[i].product, fields[k])) {
				if (!ok)
					fail_msg("%s without %s: %s %s", required[i].category,
						 fields[k], issue.field, issue.text);
				continue;
			}
			assert_false(ok);
			assert_string_equal(issue.field + 1, fields[k]);
			assert_non_null(strstr(issue.text, required[i].category));
		}
	}
	Argosy__V1__ProductCategory none;
	assert_false(standard_category_parse(&none, SLICE_LIT("")));
	assert_false(standard_category_parse(&none, SLICE_LIT("toys")));
	assert_null(
		standard_category_name(ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_UNSPECIFIED));
	assert_null(standard_category_name((Argosy__V1__ProductCategory)16));
	assert_null(standard_category_name((Argosy__V1__ProductCategory)-1));
}

static void lots_of_each_category(void **state)
{
	(void)state;
	static const char *const fields[] = {"production_date",	 "expiry_date",
					     "best_before_date", "production_site",
					     "release_number",	 "quantity"};
	for (size_t i = 0; i < sizeof required / sizeof *required; i++) {
		Argosy__V1__ProductCategory category;
		assert_true(standard_category_parse(&category, slice_str(required[i].category)));
		struct field_issue issue;
		Argosy__V1__Lot l = full_lot();
		assert_true(standard_lot_check(&l, category, &issue));
		for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
			l = full_lot();
			clear(&l, fields[k]);
			/* Where one last day is enough, both must go to be missed. */
			if (strcmp(fields[k], "best_before_date") == 0 &&
			    listed(required[i].lot, fields[k])) {
				assert_true(standard_lot_check(&l, category, &issue));
				clear(&l, "expiry_date");
			}
			bool ok = standard_lot_check(&l, category, &issue);
			if (listed(required[i].lot, fields[k]) == ok)
				fail_msg("lot of %s without %s", required[i].category, fields[k]);
			if (!ok)
				assert_string_equal(issue.field + 1, fields[k]);
		}
	}
}

/* ---- wrong values, each in an otherwise good record ---- */

static const struct {
	const char *field, *value, *fault; /* fault NULL: "/" and the field */
} bad_products[] = {
	{"id", "", NULL},
	{"id", "01/09521234543214", NULL},
	{"id", "01/09521234543213/21/5", NULL},
	{"id", "01/09521234543213/10/L", NULL},
	{"id", "414/4012345000115", NULL},
	{"id", "milk", NULL},
	{"name", "", NULL},
	{"name", "a\nb", NULL},
	{"name", "a\xc2\x85z", NULL},
	{"name", "a\xff", NULL},
	{"hs_code", "040199", NULL},
	{"hs_code", "0401", NULL},
	{"hs_code", "0401200", NULL},
	{"origin_country", "UK", NULL},
	{"origin_country", "nz", NULL},
	{"storage_min_c", "8.5", "/storage_max_c"},
	{"storage_min_c", "-300", NULL},
	{"storage_min_c", "cold", NULL},
	{"storage_min_c", "1e1", NULL},
	{"storage_max_c", "1001", NULL},
	{"storage_max_c", "", NULL},
	{"language", "e", NULL},
	{"language", "en-", NULL},
	{"language", "en_GB", NULL},
	{"language", "abcdefghi", NULL},
	{"brand", "\x01", NULL},
};

static void wrong_products(void **state)
{
	(void)state;
	struct field_issue issue;
	char want[64];
	for (size_t i = 0; i < sizeof bad_products / sizeof *bad_products; i++) {
		Argosy__V1__Product p = full_product();
		set(&p, bad_products[i].field, bad_products[i].value);
		snprintf(want, sizeof want, "/%s", bad_products[i].field);
		expect_field(standard_product_check(&p, &issue), &issue,
			     bad_products[i].fault ? bad_products[i].fault : want,
			     bad_products[i].value);
	}
	Argosy__V1__Product p = full_product();
	p.category = 0;
	expect_field(standard_product_check(&p, &issue), &issue, "/category", "0");
	p.category = (Argosy__V1__ProductCategory)99;
	expect_field(standard_product_check(&p, &issue), &issue, "/category", "99");
	p = full_product();
	net.value = STR("0.00");
	expect_field(standard_product_check(&p, &issue), &issue, "/net_content/value", "zero");
	net.value = STR("-1");
	expect_field(standard_product_check(&p, &issue), &issue, "/net_content/value", "negative");
	net.value = STR("1");
	net.unit = STR("kg");
	expect_field(standard_product_check(&p, &issue), &issue, "/net_content/unit", "kg");
	p = full_product();
	attribute_b.key = attribute_a.key;
	expect_field(standard_product_check(&p, &issue), &issue, "/attributes/1/key", "twice");
	attribute_b.key = STR("Grade");
	expect_field(standard_product_check(&p, &issue), &issue, "/attributes/1/key", "capital");
	attribute_b.key = STR("");
	expect_field(standard_product_check(&p, &issue), &issue, "/attributes/1/key", "empty");
	p = full_product();
	char *empty[] = {"milk", ""};
	p.ingredients = empty;
	expect_field(standard_product_check(&p, &issue), &issue, "/ingredients/1", "empty");
	p = full_product();
	p.n_allergens = STANDARD_ENTRIES_MAX + 1;
	expect_field(standard_product_check(&p, &issue), &issue, "/allergens", "too many");
	p = full_product();
	p.shelf_life_days = 36526;
	expect_field(standard_product_check(&p, &issue), &issue, "/shelf_life_days", "century");

	char longest[STANDARD_NAME_MAX + 2];
	memset(longest, 'a', sizeof longest);
	longest[STANDARD_NAME_MAX + 1] = 0;
	p = full_product();
	p.name = longest;
	expect_field(standard_product_check(&p, &issue), &issue, "/name", "long");
	longest[STANDARD_NAME_MAX] = 0;
	assert_true(standard_product_check(&p, &issue));

	static const char *const ids[] = {
		"https://id.example.com/goods/17", "urn:epc:idpat:sgtin:4012345.012345.*",
		"https://shop.example/gtin/9780345418913", "8010/4012345AB12", NULL};
	for (size_t i = 0; ids[i]; i++) {
		p.id = STR(ids[i]);
		assert_true(standard_product_check(&p, &issue));
	}
}

static const struct {
	const char *field, *value, *fault;
} bad_lots[] = {
	{"id", "01/09521234543213", "/id"},
	{"id", "01/09521234543213/21/5", "/id"},
	{"id", "L7", "/id"},
	{"id", "", "/id"},
	{"product", "", "/product"},
	{"product", "01/09506000134352", "/product"},
	{"product", "https://id.example.com/goods/17", "/product"},
	{"product", "01/09521234543213/10/L7", "/product"},
	{"production_date", "2026-02-29", "/production_date"},
	{"production_date", "2026-03-12", "/expiry_date"},
	{"production_date", "2026-03-11", "/best_before_date"},
	{"expiry_date", "2026-02-28", "/expiry_date"},
	{"expiry_date", "12.03.2026", "/expiry_date"},
	{"best_before_date", "2026-02-27", "/best_before_date"},
	{"best_before_date", "soon", "/best_before_date"},
	{"origin_country", "XX", "/origin_country"},
	{"production_site", "\t", "/production_site"},
	{"release_number", "\x7f", "/release_number"},
};

static void wrong_lots(void **state)
{
	(void)state;
	const Argosy__V1__ProductCategory none =
		ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_UNSPECIFIED;
	struct field_issue issue;
	for (size_t i = 0; i < sizeof bad_lots / sizeof *bad_lots; i++) {
		Argosy__V1__Lot l = full_lot();
		set(&l, bad_lots[i].field, bad_lots[i].value);
		expect_field(standard_lot_check(&l, none, &issue), &issue, bad_lots[i].fault,
			     bad_lots[i].value);
	}
	Argosy__V1__Lot l = full_lot();
	amount.unit = STR("");
	expect_field(standard_lot_check(&l, none, &issue), &issue, "/quantity/unit", "no unit");
	l = full_lot();
	inputs[0] = STR("nothing");
	expect_field(standard_lot_check(&l, none, &issue), &issue, "/inputs/0", "input");
	inputs[0] = STR("01/09506000134352/10/IN1");
	expect_field(standard_lot_check(&l, (Argosy__V1__ProductCategory)77, &issue), &issue,
		     "/product", "category");

	/* Own identifiers; another form of the same GTIN; nothing but what is mandatory. */
	l = full_lot();
	l.id = STR("urn:epc:class:lgtin:9521234.054321.L7");
	assert_true(standard_lot_check(&l, none, &issue));
	Argosy__V1__Lot bare = ARGOSY__V1__LOT__INIT;
	bare.id = STR("https://id.example.com/lot/1");
	bare.product = STR("https://id.example.com/goods/17");
	assert_true(standard_lot_check(&bare, none, &issue));
}

static const struct {
	const char *field, *value, *fault;
} bad_locations[] = {
	{"id", "", "/id"},
	{"id", "417/4012345000115", "/id"},
	{"id", "414/4012345000116", "/id"},
	{"id", "dock 7", "/id"},
	{"name", "", "/name"},
	{"country", "", "/country"},
	{"country", "XX", "/country"},
	{"country", "NZ", "/un_locode"},
	{"un_locode", "CNSH", "/un_locode"},
	{"un_locode", "CNSH1", "/un_locode"},
	{"un_locode", "XXSHA", "/un_locode"},
	{"latitude", "90.01", "/latitude"},
	{"latitude", "-91", "/latitude"},
	{"latitude", "31N", "/latitude"},
	{"latitude", "", "/latitude"},
	{"longitude", "180.5", "/longitude"},
	{"longitude", "", "/longitude"},
	{"parent", "the port", "/parent"},
	{"locality", "\x01", "/locality"},
};

static void locations(void **state)
{
	(void)state;
	struct field_issue issue;
	Argosy__V1__Location l = full_location();
	if (!standard_location_check(&l, &issue))
		fail_msg("%s %s", issue.field, issue.text);
	for (size_t i = 0; i < sizeof bad_locations / sizeof *bad_locations; i++) {
		l = full_location();
		set(&l, bad_locations[i].field, bad_locations[i].value);
		expect_field(standard_location_check(&l, &issue), &issue, bad_locations[i].fault,
			     bad_locations[i].value);
	}
	l = full_location();
	l.kind = 0;
	expect_field(standard_location_check(&l, &issue), &issue, "/kind", "0");
	l.kind = (Argosy__V1__LocationKind)13;
	expect_field(standard_location_check(&l, &issue), &issue, "/kind", "13");
	l = full_location();
	l.latitude = STR("-90");
	l.longitude = STR("180.000");
	assert_true(standard_location_check(&l, &issue));
	Argosy__V1__Location bare = ARGOSY__V1__LOCATION__INIT;
	bare.id = STR("https://id.example.com/dock/7");
	bare.name = STR("Dock 7");
	bare.country = STR("CN");
	bare.kind = ARGOSY__V1__LOCATION_KIND__LOCATION_KIND_OTHER;
	assert_true(standard_location_check(&bare, &issue));
}

static const struct {
	const char *field, *value, *fault;
} bad_credentials[] = {
	{"id", "", "/id"},
	{"id", "17", "/id"},
	{"subject", "", "/subject"},
	{"kind", "", "/kind"},
	{"kind", "GDP", "/kind"},
	{"kind", "gdp 2", "/kind"},
	{"issuer", "", "/issuer"},
	{"valid_from", "2026-01-02", "/valid_to"},
	{"valid_from", "2026", "/valid_from"},
	{"valid_to", "2025-12-31", "/valid_to"},
	{"valid_to", "never", "/valid_to"},
	{"country", "XX", "/country"},
	{"number", "\x01", "/number"},
};

static void credentials(void **state)
{
	(void)state;
	struct field_issue issue;
	Argosy__V1__Credential c = full_credential();
	assert_true(standard_credential_check(&c, &issue));
	for (size_t i = 0; i < sizeof bad_credentials / sizeof *bad_credentials; i++) {
		c = full_credential();
		set(&c, bad_credentials[i].field, bad_credentials[i].value);
		expect_field(standard_credential_check(&c, &issue), &issue,
			     bad_credentials[i].fault, bad_credentials[i].value);
	}
	c = full_credential();
	c.document_hash.len = 31;
	expect_field(standard_credential_check(&c, &issue), &issue, "/document_hash", "31 bytes");
	c.document_hash.len = 0;
	c.valid_to = STR("");
	assert_true(standard_credential_check(&c, &issue));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_of_each_category),
		cmocka_unit_test(lots_of_each_category),
		cmocka_unit_test(wrong_products),
		cmocka_unit_test(wrong_lots),
		cmocka_unit_test(locations),
		cmocka_unit_test(credentials),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
