#include "interface/protojson.h"

#include "argosy/v1/action.pb-c.h"

#include <stdio.h>

enum { NAME_MAX_BYTES = 64 };

/* "un_locode" -> "unLocode" */
static void camel(char out[static NAME_MAX_BYTES], const char *name)
{
	size_t n = 0;
	for (bool up = false; *name && n + 1 < NAME_MAX_BYTES; name++) {
		if (*name == '_') {
			up = true;
			continue;
		}
		out[n++] = (char)(up && *name >= 'a' && *name <= 'z' ? *name - 32 : *name);
		up = false;
	}
	out[n] = 0;
}

const char *protojson_enum_word(const ProtobufCEnumDescriptor *d, const char *name)
{
	const char *first = d->values[0].name;
	size_t n = strlen(first);
	for (unsigned i = 1; i < d->n_values; i++) {
		size_t k = 0;
		while (k < n && d->values[i].name[k] == first[k])
			k++;
		n = k;
	}
	while (n && first[n - 1] != '_')
		n--;
	return name + n;
}

/* ---- writing ---- */

static bool is_default(const ProtobufCFieldDescriptor *f, const void *at)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		return !*(char *const *)at || !**(char *const *)at;
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)at)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return !*(ProtobufCMessage *const *)at;
	case PROTOBUF_C_TYPE_BOOL:
		return !*(const protobuf_c_boolean *)at;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const uint64_t *)at == 0;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return *(const uint32_t *)at == 0;
	}
	return true;
}

static void write_enum(struct jsonw *w, const char *name, const ProtobufCEnumDescriptor *d, int v)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(d, v);
	char word[NAME_MAX_BYTES];
	snprintf(word, sizeof word, "%d", v);
	if (value) {
		snprintf(word, sizeof word, "%s", protojson_enum_word(d, value->name));
		for (char *p = word; *p; p++)
			*p = (char)(*p >= 'A' && *p <= 'Z' ? *p + 32 : *p);
	}
	jsonw_str(w, name, word);
}

static void write_value(struct jsonw *w, const char *name, const ProtobufCFieldDescriptor *f,
			const void *at)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		jsonw_str(w, name, *(char *const *)at);
		return;
	case PROTOBUF_C_TYPE_BYTES: {
		const ProtobufCBinaryData *b = at;
		jsonw_hex(w, name, slice(b->data, b->len));
		return;
	}
	case PROTOBUF_C_TYPE_MESSAGE:
		protojson_write(w, name, *(ProtobufCMessage *const *)at);
		return;
	case PROTOBUF_C_TYPE_BOOL:
		jsonw_bool(w, name, *(const protobuf_c_boolean *)at);
		return;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		jsonw_i64(w, name, *(const int64_t *)at);
		return;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		jsonw_u64(w, name, *(const uint64_t *)at);
		return;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		jsonw_i64(w, name, *(const int32_t *)at);
		return;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		jsonw_u64(w, name, *(const uint32_t *)at);
		return;
	case PROTOBUF_C_TYPE_ENUM:
		write_enum(w, name, f->descriptor, *(const int *)at);
		return;
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		break;
	}
	bug_if(true); /* no floats in our messages */
}

static size_t value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
		return 4;
	}
	return 0;
}

void protojson_write(struct jsonw *w, const char *name, const ProtobufCMessage *m)
{
	jsonw_object(w, name);
	for (unsigned i = 0; m && i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const uint8_t *base = (const uint8_t *)m;
		const void *at = base + f->offset;
		char field[NAME_MAX_BYTES];
		camel(field, f->name);
		if (f->label == PROTOBUF_C_LABEL_REPEATED) {
			size_t n = *(const size_t *)(base + f->quantifier_offset);
			const uint8_t *items = *(uint8_t *const *)at;
			if (n == 0)
				continue;
			jsonw_array(w, field);
			for (size_t k = 0; k < n; k++)
				write_value(w, NULL, f, items + k * value_size(f->type));
			jsonw_array_end(w);
			continue;
		}
		if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
		    *(const uint32_t *)(base + f->quantifier_offset) != f->id)
			continue;
		if (!is_default(f, at))
			write_value(w, field, f, at);
	}
	jsonw_object_end(w);
}

const char *protojson_act(unsigned kind)
{
	const ProtobufCFieldDescriptor *f =
		protobuf_c_message_descriptor_get_field(&argosy__v1__action__descriptor, kind);
	return f ? f->name : "unknown";
}

unsigned near_distance(struct slice a, struct slice b)
{
	enum { MAX = 48 };
	if (a.n > MAX || b.n > MAX)
		return 4;
	unsigned row[MAX + 1];
	for (unsigned j = 0; j <= b.n; j++)
		row[j] = j;
	for (unsigned i = 1; i <= a.n; i++) {
		unsigned diagonal = row[0];
		row[0] = i;
		for (unsigned j = 1; j <= b.n; j++) {
			unsigned best = diagonal + (a.p[i - 1] != b.p[j - 1]);
			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b.n] < 4 ? row[b.n] : 4;
}
