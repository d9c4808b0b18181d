/*
 * hash_value: one value in the form in which the CBV event hash takes it
 * (CBV 2.0 §8.9.2; docs/format/event-hash.md).
 */
#ifndef ARGOSY_DATA_HASH_VALUE_H
#define ARGOSY_DATA_HASH_VALUE_H

#include "base/bytes.h"

/* A slice of a literal, for static tables (SLICE_LIT is no constant expression). */
/* clang-format off */
#define NAMED(text) {(const uint8_t *)(text), sizeof(text) - 1}
/* clang-format on */

/* Without the white space around it (space, tab, line ends). Points into `text`. */
struct slice hash_value_trim(const char *text);

/*
 * A plain decimal number loses its plus, leading zeros, trailing zeros after
 * the point and a bare point: "+007.50" gives "7.5", "-0.0" gives "0". On the
 * digits, so that no precision is lost. False, and nothing appended: it is not
 * one (a number with an exponent is not plain).
 */
bool hash_value_decimal(struct buf *out, struct slice v);

/*
 * The same of a number that may have an exponent: "1.5e3" gives "1500", "2E-3" gives "0.002".
 * False, and nothing appended: it is none, or its exponent is beyond 308 either way, which no
 * binary64 reaches.
 */
bool hash_value_number(struct buf *out, struct slice v);

/*
 * Appends a trimmed value as the rules for every field say: plain decimals
 * without needless signs and zeros, CBV URNs as Web URIs, the prefixes of the
 * standard's context (gs1:, cbv:, epcis: and so on) expanded, GS1 keys as constrained canonical Digital Links,
 * anything else as it is.
 */
void hash_value(struct buf *out, struct slice v);

/* Appends a date-time as UTC, "Z", three decimals. What is none stays as it is. */
void hash_value_time(struct buf *out, struct slice v);

#endif
