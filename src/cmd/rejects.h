/*
 * rejects: what is left of a document without the events that were recorded, as a document
 * that can be corrected and imported: the source's own text with events cut out of it, so
 * that header, context and namespaces stay as they came, and whatever is wrong stays to be
 * seen.
 */
#ifndef ARGOSY_CMD_REJECTS_H
#define ARGOSY_CMD_REJECTS_H

#include "base/bytes.h"

/*
 * Appends `source`, a well-formed document in JSON or XML, without the events i of n for which
 * keep[i] is false. *whole: its events could not be told apart (other encodings than UTF-8,
 * escaped names), and all of it was appended.
 */
enum err rejects_put(struct buf *out, bool *whole, struct slice source, const bool *keep,
		     size_t n) MUST_USE;

#endif
