#include "interface/protojson.h"

#include "data/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

struct reading {
	struct arena *arena;
	struct protojson_fault *fault;
};

static enum err refuse(struct reading *r, const struct json_value *v, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static enum err refuse(struct reading *r, const struct json_value *v, const char *fmt, ...)
{
	json_pointer(r->fault->pointer, sizeof r->fault->pointer, v);
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(r->fault->text, sizeof r->fault->text, fmt, ap);
	va_end(ap);
	return ERR_FORMAT;
}

/* Does a JSON name say this field ("unLocode" says un_locode)? */
static bool name_fits(const char *field, struct slice json)
{
	size_t i = 0;
	for (; *field; field++) {
		char c = *field;
		if (c == '_' && field[1]) {
			field++;
			c = (char)(*field >= 'a' && *field <= 'z' ? *field - 32 : *field);
		}
		if (i >= json.n || json.p[i++] != (uint8_t)c)
			return false;
	}
	return i == json.n;
}

static const ProtobufCFieldDescriptor *field_of(const ProtobufCMessageDescriptor *d,
						struct slice name)
{
	for (unsigned i = 0; i < d->n_fields; i++) {
		if (name_fits(d->fields[i].name, name))
			return &d->fields[i];
	}
	return NULL;
}

static enum err unknown_name(struct reading *r, const struct json_value *v,
			     const ProtobufCMessageDescriptor *d)
{
	const char *near = NULL;
	unsigned best = 3;
	for (unsigned i = 0; i < d->n_fields; i++) {
		unsigned n = near_distance(v->name, slice_str(d->fields[i].name));
		if (n < best)
			best = n, near = d->fields[i].name;
	}
	char text[64] = "";
	size_t n = 0;
	for (const char *p = near; p && *p && n + 1 < sizeof text; p++) {
		bool up = *p == '_' && p[1];
		p += up;
		text[n++] = (char)(up ? *p - 32 : *p);
	}
	return refuse(r, v,
		      near ? "unknown name \"%.*s\": did you mean \"%s\"?"
			   : "unknown name \"%.*s\"%s",
		      (int)v->name.n, (const char *)v->name.p, text);
}

static enum err read_integer(struct reading *r, const struct json_value *v, bool is_signed,
			     unsigned bits, uint64_t *out)
{
	struct slice s = v->text;
	bool minus = s.n && s.p[0] == '-';
	uint64_t n = 0, limit = is_signed    ? (UINT64_C(1) << (bits - 1)) - 1
				: bits == 64 ? UINT64_MAX
					     : UINT32_MAX;
	if (v->kind != JSON_NUMBER)
		return refuse(r, v, "a whole number is expected");
	if (minus && !is_signed)
		return refuse(r, v, "may not be negative");
	for (size_t i = minus; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return refuse(r, v, "a whole number is expected");
		unsigned digit = (unsigned)(s.p[i] - '0');
		if (n > (limit - digit) / 10)
			return refuse(r, v, "the number is too large");
		n = n * 10 + digit;
	}
	*out = minus ? (uint64_t) - (int64_t)n : n;
	return ERR_OK;
}

static enum err read_enum(struct reading *r, const struct json_value *v,
			  const ProtobufCEnumDescriptor *d, int *out)
{
	if (v->kind != JSON_STRING)
		return refuse(r, v, "a word is expected");
	for (unsigned i = 0; i < d->n_values; i++) {
		const char *word = protojson_enum_word(d, d->values[i].name);
		if (strlen(word) == v->text.n &&
		    strncasecmp(word, (const char *)v->text.p, v->text.n) == 0) {
			*out = d->values[i].value;
			return ERR_OK;
		}
	}
	return refuse(r, v, "\"%.*s\" is none of the words that may stand here", (int)v->text.n,
		      (const char *)v->text.p);
}

static enum err read_bytes(struct reading *r, const struct json_value *v, ProtobufCBinaryData *out)
{
	if (v->kind != JSON_STRING || v->text.n % 2)
		return refuse(r, v, "hex digits are expected");
	out->len = v->text.n / 2;
	out->data = arena_alloc(r->arena, out->len + 1);
	if (!out->data)
		return ERR_NOMEM;
	if (!hex_decode(out->data, out->len, v->text))
		return refuse(r, v, "hex digits are expected");
	return ERR_OK;
}

static enum err read_message(struct reading *r, ProtobufCMessage **out,
			     const ProtobufCMessageDescriptor *d, const struct json_value *v);

/* One value into the place of its field. */
static enum err read_value(struct reading *r, const ProtobufCFieldDescriptor *f, void *at,
			   const struct json_value *v)
{
	uint64_t n = 0;
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		if (v->kind != JSON_STRING)
			return refuse(r, v, "a text is expected%s",
				      v->kind == JSON_NUMBER ? ": put the number in quotes" : "");
		*(char **)at = arena_str(r->arena, v->text);
		return *(char **)at ? ERR_OK : ERR_NOMEM;
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(r, v, at);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(r, at, f->descriptor, v);
	case PROTOBUF_C_TYPE_BOOL:
		if (v->kind != JSON_BOOL)
			return refuse(r, v, "true or false is expected");
		*(protobuf_c_boolean *)at = v->text.n == 4;
		return ERR_OK;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		TRY(read_integer(r, v, true, 64, &n));
		*(uint64_t *)at = n;
		return ERR_OK;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		TRY(read_integer(r, v, false, 64, &n));
		*(uint64_t *)at = n;
		return ERR_OK;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		TRY(read_integer(r, v, true, 32, &n));
		*(uint32_t *)at = (uint32_t)n;
		return ERR_OK;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		TRY(read_integer(r, v, false, 32, &n));
		*(uint32_t *)at = (uint32_t)n;
		return ERR_OK;
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(r, v, f->descriptor, at);
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_DOUBLE:
		break;
	}
	return refuse(r, v, "this field is not read from JSON");
}

static enum err read_list(struct reading *r, const ProtobufCFieldDescriptor *f, uint8_t *base,
			  const struct json_value *v)
{
	if (v->kind != JSON_ARRAY)
		return refuse(r, v, "a list is expected");
	/* No lists of numbers in our messages. */
	bool bytes = f->type == PROTOBUF_C_TYPE_BYTES;
	bug_if(!bytes && f->type != PROTOBUF_C_TYPE_STRING && f->type != PROTOBUF_C_TYPE_MESSAGE);
	size_t size = bytes ? sizeof(ProtobufCBinaryData) : sizeof(void *);
	uint8_t *items = arena_alloc(r->arena, (v->count + 1) * size);
	if (!items)
		return ERR_NOMEM;
	size_t n = 0;
	for (const struct json_value *e = v->first; e; e = e->next, n++)
		TRY(read_value(r, f, items + n * size, e));
	*(uint8_t **)(base + f->offset) = items;
	*(size_t *)(base + f->quantifier_offset) = n;
	return ERR_OK;
}

static enum err read_message(struct reading *r, ProtobufCMessage **out,
			     const ProtobufCMessageDescriptor *d, const struct json_value *v)
{
	if (v->kind != JSON_OBJECT)
		return refuse(r, v, "an object is expected");
	ProtobufCMessage *m = arena_alloc(r->arena, d->sizeof_message);
	if (!m)
		return ERR_NOMEM;
	d->message_init(m);
	for (const struct json_value *e = v->first; e; e = e->next) {
		const ProtobufCFieldDescriptor *f = field_of(d, e->name);
		if (!f || (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
			return unknown_name(r, e, d);
		if (f->label == PROTOBUF_C_LABEL_REPEATED)
			TRY(read_list(r, f, (uint8_t *)m, e));
		else
			TRY(read_value(r, f, (uint8_t *)m + f->offset, e));
	}
	*out = m;
	return ERR_OK;
}

enum err protojson_read(struct arena *a, ProtobufCMessage **out, struct protojson_fault *f,
			const ProtobufCMessageDescriptor *d, const struct json_value *v)
{
	struct reading r = {a, f};
	return read_message(&r, out, d, v);
}

enum err protojson_parse(struct arena *a, ProtobufCMessage **out, struct protojson_fault *f,
			 const ProtobufCMessageDescriptor *d, struct slice text)
{
	struct json_value *v;
	struct json_error e;
	enum err got = json_parse(a, &v, &e, text, 32, JSON_STRICT);
	if (got == ERR_FORMAT) {
		snprintf(f->pointer, sizeof f->pointer, "%.190s", e.pointer);
		snprintf(f->text, sizeof f->text, "line %u: %s", e.line, e.text);
	}
	TRY(got);
	return protojson_read(a, out, f, d, v);
}
