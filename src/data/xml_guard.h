/*
 * xml_guard: outside XML to a libxml2 tree, safely.
 *
 * Before libxml2 sees a byte, the text is scanned: valid UTF-8 without NUL (a
 * declaration of another encoding is refused), no document type declaration
 * that declares anything, and no tag with so many attributes that libxml2's
 * duplicate check (quadratic) becomes work for an attacker. Then it is parsed
 * without network, entities, DTDs or large-input options, and without a word
 * on stderr.
 *
 * A bare "<!DOCTYPE name>" names nothing outside and declares nothing; it is
 * let through, because GS1's own examples of all fields carry one.
 */
#ifndef ARGOSY_DATA_XML_GUARD_H
#define ARGOSY_DATA_XML_GUARD_H

#include "base/bytes.h"

#include <libxml/tree.h>

enum { XML_GUARD_ATTRIBUTES_MAX = 256 };

/* What was refused, and on which line (from 1; 0 unknown). */
struct xml_fault {
	unsigned line;
	struct err_text why;
};

/* The scan alone. ERR_FORMAT with *fault filled. */
enum err xml_guard(struct xml_fault *fault, struct slice text) MUST_USE;

/*
 * Scans and parses. The caller frees *doc with xmlFreeDoc. Errors: ERR_FORMAT
 * with *fault filled, ERR_LIMIT over `bytes_max`, ERR_NOMEM.
 */
enum err xml_read(xmlDoc **doc, struct xml_fault *fault, struct slice text,
		  size_t bytes_max) MUST_USE;

#endif
