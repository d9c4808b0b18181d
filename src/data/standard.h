/*
 * standard: the data standard of the chain, enforced when records are made.
 *
 * What the EPCIS standard itself demands of an event is event_check's matter
 * (data/epcis.h). Here is what this chain demands on top: identifiers with
 * right check digits, codes that exist, units, dates in order, and the fields
 * that a category of goods must carry (the table in standard.c; for people:
 * docs/format/data-standard.md).
 *
 * Pure: no clock, no state. Each check returns true, or false with the first
 * fault found: which field, and why, in one sentence.
 */
#ifndef ARGOSY_DATA_STANDARD_H
#define ARGOSY_DATA_STANDARD_H

#include "base/bytes.h"
#include "data/event.h"

#include "argosy/v1/master.pb-c.h"

struct field_issue {
	char field[128]; /* JSON pointer within the record: "/net_content/unit", "/epcList/3" */
	char text[384];	 /* the cause, as a sentence without its subject: "is missing: a food needs
			    it" */
};

/* Limits of a record. */
enum {
	STANDARD_NAME_MAX = 256,    /* bytes of a name, brand, model and other short texts */
	STANDARD_TEXT_MAX = 4096,   /* of a description, a composition */
	STANDARD_ENTRIES_MAX = 200, /* of any list */
};

/* "fresh_food"; NULL for a number that is no category. */
const char *standard_category_name(Argosy__V1__ProductCategory c);
/* False if there is no such category. */
bool standard_category_parse(Argosy__V1__ProductCategory *out, struct slice name);

/*
 * `id` may be in any form that docs/format/identifiers.md knows: a GTIN or
 * another class without a lot, or an own URI.
 */
bool standard_product_check(const Argosy__V1__Product *p, struct field_issue *issue);
/*
 * `category` is that of the lot's product; UNSPECIFIED if the product is not
 * known here: then only what holds for every lot is checked. `id` is an LGTIN
 * of the product's GTIN, or an own URI.
 */
bool standard_lot_check(const Argosy__V1__Lot *lot, Argosy__V1__ProductCategory category,
			struct field_issue *issue);
bool standard_location_check(const Argosy__V1__Location *l, struct field_issue *issue);
bool standard_credential_check(const Argosy__V1__Credential *c, struct field_issue *issue);

/*
 * An event that event_check accepts: every identifier that claims to be a GS1
 * key is a right one; quantities are of classes, and not negative; units are of UN/ECE
 * Recommendation 20; ilmd fields of the CBV hold countries of ISO 3166-1, dates and weights, and
 * nothing expires before it is made; sensor ranges and times are in order.
 */
bool standard_event_check(const event_t *e, struct field_issue *issue);

#endif
