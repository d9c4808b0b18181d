/*
 * media: a Content-Type read as RFC 9110 §8.3 writes it: type and parameters.
 */
#ifndef ARGOSY_INTERFACE_MEDIA_H
#define ARGOSY_INTERFACE_MEDIA_H

#include "base/bytes.h"

struct media {
	struct slice type; /* "application/json", as sent: its case does not matter */
	/* A parameter that is the one word "many": several of the type, each after its varint
	 * length. */
	bool many;
};

/*
 * False: it is none. Parameters name=value that are not known here are left out, as for every
 * type; a word alone that is not known is none, nor is many=value.
 */
bool media_read(struct media *m, const char *text);
bool media_is(const struct media *m, const char *type);

#endif
