/*
 * event_fields: the fields of an EPCIS event as tables, which the JSON reader,
 * the JSON writer and event_check walk, so that they cannot disagree.
 *
 * Source: the EPCIS 2.0 JSON schema (gs1/EPCIS-JSON-Schema.json) for names,
 * kinds of event and types. Private to src/data.
 */
#ifndef ARGOSY_DATA_EVENT_FIELDS_H
#define ARGOSY_DATA_EVENT_FIELDS_H

#include "data/codes.h"
#include "data/event.h"

/* What a field holds in the model. */
enum field_shape {
	FIELD_TEXT,	  /* char * */
	FIELD_NUMBER,	  /* char *, a JSON number in JSON */
	FIELD_BOOL,	  /* char *, "true" or "false" */
	FIELD_TEXTS,	  /* size_t, char ** */
	FIELD_CERT,	  /* FIELD_TEXTS that may also be one string */
	FIELD_TYPE,	  /* the event's kind */
	FIELD_ACTION,	  /* enum */
	FIELD_QUANTITIES, /* size_t, QuantityElement ** */
	FIELD_REFS,	  /* size_t, TypedRef ** */
	FIELD_PLACE,	  /* Place * */
	FIELD_PERSISTENT, /* PersistentDisposition * */
	FIELD_ERROR,	  /* ErrorDeclaration * */
	FIELD_SENSORS,	  /* size_t, SensorElement ** */
	FIELD_ILMD,	  /* size_t, Node ** */
};

/* What its texts must be. */
enum field_rule {
	RULE_STRING, /* any text */
	RULE_URI,
	RULE_TIME,
	RULE_OFFSET,
	RULE_BIZ_STEP, /* a word of the vocabulary, or a URI that is not CBV's own */
	RULE_DISPOSITION,
	RULE_ERROR_REASON,
	RULE_COMPONENT,
	RULE_BTT,
	RULE_SDT,
	RULE_MEASUREMENT, /* a word of the vocabulary, or a URI that is not of GS1's Web vocabulary
			   */
	RULE_ALERT,
	RULE_HEX,
	RULE_NONE, /* not a text */
};

/* Bits of `kinds`: 1 << EVENT_TYPE. */
enum {
	KIND_O = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT,
	KIND_A = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION,
	KIND_X = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION,
	KIND_T = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION,
	KIND_S = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION,
	KIND_E = 1 << ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED,
	KIND_ALL = KIND_O | KIND_A | KIND_X | KIND_T | KIND_S | KIND_E,
};

struct field {
	const char *name; /* in JSON */
	uint8_t name_n;
	uint8_t shape; /* enum field_shape */
	uint8_t rule;  /* enum field_rule */
	uint8_t kinds; /* which kinds of event may have it; KIND_ALL in sub-objects */
	uint16_t at;   /* offset of the value in the message */
	uint16_t at_n; /* lists: offset of the count */
};

struct field_table {
	const struct field *fields; /* in the order of writing */
	size_t n;
};

extern const struct field_table event_fields, sensor_metadata_fields, sensor_report_fields,
	error_fields;

/* The field of that name, or NULL. */
const struct field *field_find(const struct field_table *t, struct slice name);

/* The JSON schema wants the items of these lists to be different. */
bool field_is_unique(const event_t *e, const char *name);
/* Takes repeats out of a list; the first of each stays where it is. `tmp` is scratch. False: no
 * memory. */
bool texts_drop_repeated(struct arena *tmp, size_t *n, char **list);

/* "ObjectEvent" and so on; NULL for UNSPECIFIED and EXTENDED. */
const char *event_type_name(Argosy__V1__EventType type);
/*
 * GS1's JSON schema wants a type in each sensor report; XML lets an exception stand in for it. This
 * URI is written for the type that is missing, and is read as none.
 */
extern const char event_untyped[];
/* "ADD" and so on; NULL for UNSPECIFIED. */
const char *event_action_name(Argosy__V1__EventAction action);

/* Names of the standard context's own prefixes; their namespace, or NULL. */
const char *standard_prefix(struct slice prefix);
/* Is it a term that the standard context defines at its top ("member", "bizStep")? */
bool standard_term(struct slice name);

/* Letters, digits, '_', '-', '.', bytes of UTF-8 beyond ASCII; not beginning with a digit, '-' or
 * '.'. */
bool event_prefix_valid(struct slice s);
/* What may stand after the colon of "prefix:name": not empty, no white space, no <>"{}|\^`. */
bool local_name_valid(struct slice s);

static inline char *field_text(const void *message, const struct field *f)
{
	return *(char *const *)((const char *)message + f->at);
}

static inline size_t field_count(const void *message, const struct field *f)
{
	return *(const size_t *)((const char *)message + f->at_n);
}

/* The list of a list-shaped field. */
static inline void *field_list(const void *message, const struct field *f)
{
	return *(void *const *)((const char *)message + f->at);
}

/* What the identifier of an entry of a FIELD_REFS list is called. */
const char *event_ref_name(const struct field *f);

static inline bool field_is_list(const struct field *f)
{
	return f->shape == FIELD_TEXTS || f->shape == FIELD_QUANTITIES || f->shape == FIELD_REFS ||
	       f->shape == FIELD_SENSORS || f->shape == FIELD_ILMD;
}

#endif
