/*
 * wire: protobuf bytes held strictly to their message's descriptor, before
 * protobuf-c unpacks them. protobuf-c itself skips unknown fields, and hides a
 * NUL inside a string; what members sign may hold neither.
 */
#ifndef ARGOSY_LEDGER_WIRE_H
#define ARGOSY_LEDGER_WIRE_H

#include "base/bytes.h"
#include "ledger/verdict.h"

#include <protobuf-c/protobuf-c.h>

enum { WIRE_DEPTH_MAX = 80 };

/*
 * VERDICT_OK: every field is known, of its wire type, singular fields come once,
 * at most one member of a oneof, varints are in shortest form, strings are UTF-8 without NUL.
 * Else UNKNOWN_FIELD, MALFORMED or TOO_LARGE (depth), with the field's path.
 */
enum verdict wire_check(const ProtobufCMessageDescriptor *d, struct slice bytes,
			struct verdict_text *t);

/* An allocator for protobuf-c over an arena: freeing does nothing. */
ProtobufCAllocator wire_allocator(struct arena *a);

#endif
