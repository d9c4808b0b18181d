/*
 * uri: is a URI the one spelling that it may have here?
 *
 * RFC 3986 (section 6.2.2 and 6.2.3) and RFC 8141 call some URIs equivalent:
 * "HTTPS://Example.com:443/a/../%62" is "https://example.com/b". If both could
 * name a thing, the thing would have two histories. So of equivalent URIs one
 * is taken, the normal one; the others are refused, and the refusal says why.
 * URIs that the standards call different (another path, query, fragment, port;
 * http and https) are different names here too.
 */
#ifndef ARGOSY_DATA_URI_H
#define ARGOSY_DATA_URI_H

#include "base/bytes.h"

/*
 * What is not normal in a URI that uri_valid accepts: a sentence that lives for
 * ever; NULL: it is normal. With `prefix`, of the beginning of URIs, which may
 * end in an empty part.
 */
const char *uri_fault(struct slice uri, bool prefix);

/* The parts, for who must look into them. Both empty where there is no "//". */
struct uri_parts {
	struct slice scheme;	/* without the colon */
	struct slice authority; /* behind "//"; p is NULL where there is none */
	struct slice path;	/* up to ? or # */
	struct slice rest;	/* from ? or # on */
};
/* False: no scheme. */
bool uri_split(struct uri_parts *out, struct slice uri);

/* Is a segment of the path "." or "..", escaped or not? */
bool uri_has_dots(struct slice path);

/* The namespace of a URN whose scheme is in small letters ("epc" of "urn:epc:id:..."); empty:
 * none. */
struct slice urn_namespace(struct slice uri);

/*
 * Writes in small letters what has no case in a URN: the scheme and the
 * namespace, all of a UUID, and of an EPC the words before its numbers
 * ("URN:EPC:ID:SGTIN:" is "urn:epc:id:sgtin:"). Changes nothing else, and
 * nothing that is no URN. In place.
 */
void urn_fold(char *text, size_t n);

#endif
