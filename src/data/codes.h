/*
 * codes: ISO and UN/ECE code lists, CBV vocabularies, and texts of times and
 * decimals. Tables are sorted arrays in codes_tables.c, made by
 * tools/make-codes.py from the published lists; each names its release.
 */
#ifndef ARGOSY_DATA_CODES_H
#define ARGOSY_DATA_CODES_H

#include "base/bytes.h"

/* ISO 3166-1 alpha-2, assigned codes. */
bool code_country(struct slice s);
/* ISO 4217 currency in use that has a minor unit (so no gold, no test codes); *decimals (may be
 * NULL) receives its decimals (0-4). */
bool code_currency(struct slice s, unsigned *decimals);
/* UN/ECE Recommendation 20 unit, or 21 package behind an X ("KGM", "C62", "XBX"): 2 or 3
 * characters. */
bool code_unit(struct slice s);
/* HS 2022 chapter, heading or subheading: 2, 4 or 6 digits that exist; 8 to 10 digits: their first
 * six exist. */
bool code_hs(struct slice s);

/* CBV 2.0 vocabularies: is this bare word one of them? */
enum cbv_vocab {
	CBV_BIZ_STEP,	      /* BizStep- */
	CBV_DISPOSITION,      /* Disp- */
	CBV_BTT,	      /* business transaction type, BTT- */
	CBV_SDT,	      /* source/destination type, SDT- */
	CBV_ERROR_REASON,     /* ER- */
	CBV_COMPONENT,	      /* Comp- */
	CBV_MEASUREMENT_TYPE, /* gs1:MeasurementType, https://gs1.org/voc/ */
	CBV_SENSOR_ALERT,     /* gs1:SensorAlertType, https://gs1.org/voc/ */
};
bool cbv_known(enum cbv_vocab v, struct slice word);
/* "https://ref.gs1.org/cbv/BizStep-" and so on. */
const char *cbv_web_prefix(enum cbv_vocab v);
/* Takes a CBV URN ("urn:epcglobal:cbv:bizstep:receiving") or Web URI of a known word and gives the
 * bare word (points into s); a bare word or any other text comes back as it is. */
struct slice cbv_bare(enum cbv_vocab v, struct slice s);

/*
 * ISO 8601 date-time with zone, as EPCIS and XML Schema write it:
 * YYYY-MM-DDThh:mm:ss[.f+](Z|±hh:mm). Gives UTC milliseconds since 1970
 * (the fourth decimal rounds: CBV event-hash rule). False if it is not one:
 * month, day of month, leap years are checked; there is no 24:00, no second
 * 60, no offset over 14:00, no year outside 0001 to 9999 (in UTC either).
 */
bool time_parse(int64_t *ms, struct slice s);
/* ISO date YYYY-MM-DD of the years 0001 to 9999: days since 1970-01-01. */
bool date_parse(int64_t *days, struct slice s);
/* "YYYY-MM-DDThh:mm:ss.mmmZ" (24 chars and NUL) of UTC milliseconds.
 * Longer only for years that time_parse never gives. */
void time_format(char out[static 32], int64_t ms);
/* "+hh:mm" / "-hh:mm" up to 14:00. */
bool offset_valid(struct slice s);
/* A JSON number's grammar. */
bool number_valid(struct slice s);
/* A scheme, a colon and at least one of RFC 3986's characters; IRIs' UTF-8 too. */
bool uri_valid(struct slice s);

#endif
