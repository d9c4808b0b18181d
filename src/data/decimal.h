/*
 * decimal: numbers as texts, compared digit by digit; no binary floating point.
 */
#ifndef ARGOSY_DATA_DECIMAL_H
#define ARGOSY_DATA_DECIMAL_H

#include "base/bytes.h"

enum { DECIMAL_MAX = 64 };

/* A JSON number without exponent, of at most DECIMAL_MAX bytes: "-18", "0.75". */
bool decimal_valid(struct slice s);

/* Less than 0, 0 or more, as a is below, equal to or above b. Both must be decimal_valid;
 * "1", "1.0" and "1.000" are equal, and so are "0" and "-0". */
int decimal_cmp(struct slice a, struct slice b);

#endif
