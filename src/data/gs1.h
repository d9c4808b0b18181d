/*
 * gs1: GS1 identification keys, EPC URNs and Digital Link URIs.
 *
 * Sources: GS1 General Specifications (check digits), EPC Tag Data Standard
 * (URNs), GS1 Digital Link URI syntax; the table of shared facts in
 * docs/format/identifiers.md.
 *
 * One identity has one canonical text here, whatever form it came in. For a
 * GS1 key it is the constrained canonical Digital Link path without host:
 * "01/09521234543213/21/12345", "00/395212345432100011", "414/4012345000115/254/987".
 * For any other URI it is the URI as given.
 */
#ifndef ARGOSY_DATA_GS1_H
#define ARGOSY_DATA_GS1_H

#include "base/bytes.h"

enum gs1_kind {
	GS1_NONE = 0, /* not a GS1 key: any other URI */
	GS1_SGTIN,    /* 01 21 */
	GS1_LGTIN,    /* 01 10 */
	GS1_GTIN,     /* 01 */
	GS1_UPUI,     /* 01 235 */
	GS1_ITIP,     /* 8006 [21|10] */
	GS1_SSCC,     /* 00 */
	GS1_SGLN,     /* 414 [254] */
	GS1_PGLN,     /* 417 */
	GS1_GRAI,     /* 8003 */
	GS1_GIAI,     /* 8004 */
	GS1_GDTI,     /* 253 */
	GS1_SGCN,     /* 255 */
	GS1_GSRN,     /* 8018 */
	GS1_GSRNP,    /* 8017 */
	GS1_CPI,      /* 8010 [8011] */
	GS1_GINC,     /* 401 */
	GS1_GSIN,     /* 402 */
};

/* Room for any URI that an event may hold, and its NUL. */
enum { GS1_CANON_MAX = 1025 };

struct gs1_id {
	enum gs1_kind kind;
	/* Canonical text, NUL-terminated; see above. */
	char canon[GS1_CANON_MAX];
	size_t canon_len;
	/* Length of the company prefix where the form told it (URNs); 0 unknown. */
	unsigned prefix_len;
	/* True for class-level identities: GTIN, LGTIN, patterns, without a serial. */
	bool is_class;
};

/*
 * Parses an EPC URN (id, class, idpat), a GS1 Digital Link URI (any host, stem
 * path; query and fragment are dropped; short names and GTINs of 8, 12 or 13
 * digits are understood) or a canonical text, checks digits, lengths and
 * character sets by the rules of the key, and gives the canonical form, in
 * which escapes are those that are needed and in capitals. Only the finest
 * level stays: a lot is dropped beside a serial, a consumer product variant
 * (22) always.
 *
 * A text that is no GS1 key gives kind GS1_NONE and the text as it is: other
 * URIs, EPC schemes that are no GS1 keys, web addresses that only look like a
 * Digital Link, and what is no URI at all (uri_valid says so). A web address
 * *is* taken for a Digital Link, and refused if it is none, where its host is
 * id.gs1.org; and if malformed, where the value after the key's number begins
 * with 8 digits. Of a URN what has no case is folded ("URN:EPC:ID:"); any other
 * URI must be the one normal spelling of itself (data/uri.h).
 *
 * Refusals (ERR_FORMAT) name the fault: wrong check digit (with the right
 * one), wrong length, character outside the set, no normal form. ERR_LIMIT:
 * longer than GS1_CANON_MAX allows.
 */
enum err gs1_parse(struct gs1_id *out, struct err_text *t, struct slice text) MUST_USE;

/* What a bare number of 13 digits is, which may be a GTIN or a GLN: that depends on who asks. */
enum gs1_asked {
	GS1_ASKED_THING, /* goods, containers, papers: a GTIN */
	GS1_ASKED_PLACE, /* a place: a GLN, 414 */
	GS1_ASKED_PARTY, /* an organisation: its GLN, 417 */
};

/*
 * The same for what people type and scanners send, which besides may be an
 * element string, with brackets ("(01)09521234123453(21)7") or without (FNC1 as
 * 0x1d or ^, the scanner's "]d2" before it), or the digits alone: 8, 12, 13, 14
 * are a GTIN, 18 an SSCC, 13 of a place a GLN. Spaces around it go. What is
 * neither a GS1 key nor a URI is refused. Acts hold what this gave, never what
 * was typed.
 */
enum err gs1_typed(struct gs1_id *out, struct err_text *t, struct slice typed,
		   enum gs1_asked asked) MUST_USE;

/*
 * The identifier as event hashes want it (CBV 2.0 §8.9.2):
 * "https://id.gs1.org/" and the key's canonical text, with the escapes as they
 * were written; the text as given where it is no GS1 key or malformed. Check
 * digits are not judged here: the published vectors do not. Appends to `out`.
 * Fast: it runs for each identifier of each event.
 */
void gs1_hash_uri(struct buf *out, struct slice text);

/* Modulo-10 check digit over n digits (check digit not included), '0'..'9'. */
char gs1_check_digit(struct slice digits);
/* Does the last digit of `digits` fit? */
bool gs1_check_ok(struct slice digits);
/* Do the last two characters fit? For GMN (AI 8013, at most 25 characters): 2 to 99 of set 82. */
bool gs1_check_pair_ok(struct slice s);

/* The digits of the GS1 key that begin with the company prefix ("9521234543213" of a GTIN's
 * canonical text without indicator, "95212345432100011" of an SSCC without its extension digit),
 * for look-up of the prefix's owner. Empty where the kind has none. Points into `canon`. */
struct slice gs1_prefix_digits(enum gs1_kind kind, struct slice canon);

#endif
