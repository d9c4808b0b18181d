/*
 * codes_tables: the code lists themselves. codes.c alone looks into them.
 */
#ifndef ARGOSY_DATA_CODES_TABLES_H
#define ARGOSY_DATA_CODES_TABLES_H

#include "data/codes.h"

/* Codes of one width side by side, sorted by bytes, shorter ones padded with spaces. */
struct code_list {
	size_t width, count;
	const char *text;
};

extern const struct code_list code_countries;
extern const struct code_list code_currencies; /* three letters and the digit of its decimals */
extern const struct code_list code_units;

extern const size_t code_hs6_count;
extern const uint32_t code_hs6[]; /* sorted; 10121 is 0101.21 */

struct code_words {
	const char *const *words; /* sorted by bytes */
	size_t count;
};
extern const struct code_words code_cbv[CBV_SENSOR_ALERT + 1];

#endif
