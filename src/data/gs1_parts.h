/*
 * gs1_parts: what the files that read GS1 keys (gs1*.c) share. Nobody else's business.
 */
#ifndef ARGOSY_DATA_GS1_PARTS_H
#define ARGOSY_DATA_GS1_PARTS_H

#include "data/gs1.h"

/*
 * Character sets of the GS1 General Specifications (figure 7.11-1 and -2), as
 * bits of gs1_chars[c], c < 128; and how a character is written in a URI.
 */
enum {
	GS1_SET_N = 1,	    /* digits */
	GS1_SET_X = 2,	    /* set 82 */
	GS1_SET_Y = 4,	    /* set 39 */
	GS1_PLAIN = 8,	    /* stands as itself in a canonical text; all else is %XX */
	GS1_URN_PLAIN = 16, /* may stand as itself in an EPC URN */
};
extern const uint8_t gs1_chars[128];

/* Room for the longest canonical text of a key ("01/", 14 digits, "/235/" and 28 escaped) and more.
 */
enum { GS1_KEY_TEXT_MAX = 192 };

/* A key while it is being read. */
struct gs1_work {
	/*
	 * For event hashes: escapes stay as they were written ("%2f" stays
	 * "%2f"), and check digits of Digital Links are not judged; both as
	 * the published vectors do.
	 */
	bool for_hash;
	/* Values hold no escapes: % is a character like any other (element strings). */
	bool raw;
	enum gs1_kind kind;
	bool is_class;
	unsigned prefix_len;
	size_t n;
	char text[GS1_KEY_TEXT_MAX];
};

/* An EPC URN; `text` begins with "urn:epc:". Leaves GS1_NONE for schemes that are no GS1 key. */
enum err gs1_read_urn(struct gs1_work *w, struct err_text *t, struct slice text) MUST_USE;
/* A Digital Link URI, or (is_canon) a canonical text. GS1_NONE where it has no key. */
enum err gs1_read_link(struct gs1_work *w, struct err_text *t, struct slice text,
		       bool is_canon) MUST_USE;

/* An application identifier and its value, as they stand in an element string. */
struct gs1_element {
	unsigned ai;
	struct slice ai_text, value;
};
/* What the elements name, of which some are the key and its qualifiers and the rest data beside
 * it. The value's characters stand for themselves: w->raw. */
enum err gs1_read_elements(struct gs1_work *w, struct err_text *t, const struct gs1_element *e,
			   size_t n) MUST_USE;
/* Ends the reading of `text`: the key, or the URI if it is a normal one. `text` may be
 * out->canon. */
enum err gs1_take(struct gs1_id *out, struct err_text *t, const struct gs1_work *w,
		  struct slice text) MUST_USE;

/* The number of an AI of two to four digits; GS1_NO_AI for anything else. */
enum { GS1_NO_AI = 99999 };
unsigned gs1_ai_number(struct slice s);
/* Is it the AI of a key that names something here ("01", "00", "414" ...)? */
bool gs1_is_key(unsigned ai);

/* How the value of an AI is written (gs1_ai.c). */
struct gs1_ai_rule {
	uint16_t first, last;	/* AIs of the same form */
	uint8_t least, most;	/* characters */
	bool fixed;		/* its length is known without a separator behind it */
	bool digits;		/* nothing but digits */
};
/* NULL: there is no such AI. */
const struct gs1_ai_rule *gs1_ai_find(unsigned ai);

/* Appends as is; there is room for every text that the limits of the keys allow. */
static inline void gs1_put(struct gs1_work *w, const void *p, size_t n)
{
	bug_if(n > sizeof w->text - w->n);
	memcpy(w->text + w->n, p, n);
	w->n += n;
}

static inline bool gs1_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Appends digits; false if something else is among them. */
bool gs1_put_digits(struct gs1_work *w, struct slice s);
/*
 * Appends a value of 1 to `max` characters of `set`, decoding and encoding
 * escapes. `ai` names it in refusals.
 */
enum err gs1_put_value(struct gs1_work *w, struct err_text *t, const char *ai, struct slice s,
		       unsigned set, size_t max, bool from_urn) MUST_USE;
/* Piece and total of an ITIP, two digits each: 1 <= piece <= total. */
bool gs1_pieces_ok(struct slice four_digits);
bool gs1_all_digits(struct slice s);

#endif
