/*
 * event: the one in-memory form of an EPCIS event, everywhere.
 *
 * It is the protobuf message of proto/argosy/v1/event.proto, so that what is
 * read, hashed, signed, stored and exported is one thing. Readers build it in
 * an arena: it then lives as long as the arena and is never freed by
 * protobuf-c. Strings are never NULL (protobuf-c's empty string stands for
 * absent), are valid UTF-8 and hold no NUL.
 */
#ifndef ARGOSY_DATA_EVENT_H
#define ARGOSY_DATA_EVENT_H

#include "base/bytes.h"

#include "argosy/v1/event.pb-c.h"

typedef Argosy__V1__Event event_t;
typedef Argosy__V1__Node event_node_t;

/* What one captured document holds, in document order. */
struct event_doc {
	Argosy__V1__Document *head;
	event_t **events;
	size_t n_events;
	/* What was not as the standard has it and was read all the same: each names what was
	 * assumed. `warnings` holds the first EVENT_WARNINGS_MAX of them. */
	struct event_issue *warnings;
	size_t n_warnings;
};

/* Why a document or an event was refused, for people and programs. */
struct event_issue {
	size_t event;      /* index in the document from 0; SIZE_MAX: the document itself */
	char pointer[256]; /* JSON pointer or XPath-like place of the field: "/epcisBody/eventList/0/bizStep" */
	char text[256];    /* one English sentence that names the field and the cause */
	unsigned line;     /* of the source, from 1; 0 unknown */
};

/* Limits on what comes from outside. */
enum {
	EVENT_DOC_BYTES_MAX = 64 << 20,
	EVENT_BYTES_MAX = 1 << 20,    /* packed */
	EVENT_LIST_MAX = 10000,       /* entries of any one list of an event */
	EVENT_STRING_MAX = 16 * 1024, /* bytes of any one text */
	EVENT_URI_MAX = 1024,
	EVENT_DEPTH_MAX = 32,
	EVENT_IGNORED_MAX = 256, /* names in ignoreFields */
	EVENT_WARNINGS_MAX = 100,
	EVENT_DOC_EVENTS_MAX = 100000,
};

#endif
