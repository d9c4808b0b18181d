#include "ledger/wire.h"

#include <stdio.h>

/* protobuf's wire types */
enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

struct walk {
	char path[200];
	struct verdict_text *t;
};

static enum verdict refuse(struct walk *w, size_t path_len, enum verdict v,
			   const ProtobufCFieldDescriptor *f, const char *why)
{
	w->path[path_len] = 0;
	char field[210];
	snprintf(field, sizeof field, "%s%s%s", w->path, f ? "/" : "", f ? f->name : "");
	return verdict_set(w->t, v, field, "%s", why);
}

static unsigned wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return WIRE_VARINT;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_FIXED64;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_FIXED32;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_BYTES;
	}
	return 9;
}

static bool enum_known(const ProtobufCFieldDescriptor *f, uint64_t v)
{
	return v <= INT32_MAX && protobuf_c_enum_descriptor_get_value(f->descriptor, (int)v);
}

static enum verdict check(struct walk *w, size_t path_len, const ProtobufCMessageDescriptor *d,
			  struct slice bytes, unsigned depth)
{
	struct reader r = reader_of(bytes);
	/* Singular fields seen, by index among the descriptor's; all messages here have under 64.
	 */
	uint64_t seen = 0;
	const void *oneof_seen = NULL;

	if (depth > WIRE_DEPTH_MAX)
		return refuse(w, path_len, VERDICT_TOO_LARGE, NULL, "nested too deeply");
	bug_if(d->n_fields > 64);
	while (reader_left(&r) > 0) {
		uint64_t tag = reader_varint(&r);
		if (r.bad || tag >> 3 == 0 || tag >> 3 > 536870911)
			return refuse(w, path_len, VERDICT_MALFORMED, NULL, "bad field tag");
		const ProtobufCFieldDescriptor *f =
			protobuf_c_message_descriptor_get_field(d, (unsigned)(tag >> 3));
		if (!f) {
			char why[64];
			snprintf(why, sizeof why, "unknown field %u", (unsigned)(tag >> 3));
			return refuse(w, path_len, VERDICT_UNKNOWN_FIELD, NULL, why);
		}
		unsigned wire = (unsigned)(tag & 7), want = wire_type_of(f->type);
		bool packed = wire == WIRE_BYTES && want != WIRE_BYTES &&
			      f->label == PROTOBUF_C_LABEL_REPEATED;
		if (wire != want && !packed)
			return refuse(w, path_len, VERDICT_MALFORMED, f, "wrong wire type");
		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			uint64_t bit = (uint64_t)1 << (f - d->fields);
			if (seen & bit)
				return refuse(w, path_len, VERDICT_MALFORMED, f, "given twice");
			seen |= bit;
		}
		if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
			if (oneof_seen)
				return refuse(w, path_len, VERDICT_MALFORMED, f,
					      "beside another of which only one may stand");
			oneof_seen = f;
		}
		if (wire == WIRE_VARINT) {
			uint64_t v = reader_varint(&r);
			if (!r.bad && f->type == PROTOBUF_C_TYPE_ENUM && !enum_known(f, v))
				return refuse(w, path_len, VERDICT_MALFORMED, f, "unknown value");
		} else if (wire == WIRE_FIXED64) {
			reader_bytes(&r, 8);
		} else if (wire == WIRE_FIXED32) {
			reader_bytes(&r, 4);
		} else {
			struct slice v = reader_lp(&r);
			if (r.bad)
				return refuse(w, path_len, VERDICT_MALFORMED, f, "cut short");
			if (packed) {
				struct reader items = reader_of(v);
				while (want == WIRE_VARINT && reader_left(&items) > 0)
					reader_varint(&items);
				if (items.bad || (want == WIRE_FIXED64 && v.n % 8) ||
				    (want == WIRE_FIXED32 && v.n % 4))
					return refuse(w, path_len, VERDICT_MALFORMED, f,
						      "bad packed list");
			} else if (f->type == PROTOBUF_C_TYPE_STRING) {
				if (v.n && memchr(v.p, 0, v.n))
					return refuse(w, path_len, VERDICT_MALFORMED, f,
						      "holds a NUL");
				if (!utf8_valid(v))
					return refuse(w, path_len, VERDICT_MALFORMED, f,
						      "is not UTF-8");
			} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
				size_t n = strlen(f->name);
				size_t deeper = path_len;
				if (path_len + 1 + n < sizeof w->path) {
					w->path[path_len] = '/';
					memcpy(w->path + path_len + 1, f->name, n);
					deeper = path_len + 1 + n;
				}
				enum verdict v2 = check(w, deeper, f->descriptor, v, depth + 1);
				if (v2 != VERDICT_OK)
					return v2;
			}
		}
		if (r.bad)
			return refuse(w, path_len, VERDICT_MALFORMED, f,
				      "cut short, or a number not in shortest form");
	}
	return VERDICT_OK;
}

enum verdict wire_check(const ProtobufCMessageDescriptor *d, struct slice bytes,
			struct verdict_text *t)
{
	struct walk w = {.t = t};
	return check(&w, 0, d, bytes, 0);
}

static void *arena_take(void *data, size_t n)
{
	return arena_alloc(data, n);
}

static void arena_give(void *data, void *p)
{
	(void)data;
	(void)p;
}

ProtobufCAllocator wire_allocator(struct arena *a)
{
	return (ProtobufCAllocator){arena_take, arena_give, a};
}
