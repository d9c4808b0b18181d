/*
 * protojson: protobuf messages to JSON and back, by their descriptors.
 *
 * Names are the proto's in lowerCamelCase; bytes are lower-case hex; an enum
 * is its value's name without the enum's prefix, in lower case ("food");
 * 64-bit integers are JSON numbers. Fields at their default are not written.
 * A oneof is written as the field that is set.
 *
 * Reading is strict: unknown names (with the nearest known one), repeated
 * names, wrong types, numbers that do not fit are refused and named.
 */
#ifndef ARGOSY_INTERFACE_PROTOJSON_H
#define ARGOSY_INTERFACE_PROTOJSON_H

#include "base/bytes.h"
#include "interface/jsonw.h"

#include <protobuf-c/protobuf-c.h>

void protojson_write(struct jsonw *w, const char *name, const ProtobufCMessage *m);

struct json_value;

struct protojson_fault {
	char pointer[200];
	char text[300];
};

/*
 * Builds a message in the arena from a JSON object. ERR_FORMAT with *f filled;
 * ERR_NOMEM. Oneofs are not read.
 */
enum err protojson_read(struct arena *a, ProtobufCMessage **out, struct protojson_fault *f,
			const ProtobufCMessageDescriptor *d, const struct json_value *v) MUST_USE;
/* The same from a text. */
enum err protojson_parse(struct arena *a, ProtobufCMessage **out, struct protojson_fault *f,
			 const ProtobufCMessageDescriptor *d, struct slice text) MUST_USE;

/* The part of an enum value's name after the prefix that all its values share ("FOOD"). */
const char *protojson_enum_word(const ProtobufCEnumDescriptor *d, const char *name);

/* "register_product": the name of an act by its field number in Action; "unknown". */
const char *protojson_act(unsigned kind);

/* Edit distance, for "did you mean"; stops counting at 4. */
unsigned near_distance(struct slice a, struct slice b);

#endif
