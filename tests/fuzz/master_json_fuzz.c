/*
 * Any bytes as the JSON of master data: refused with a sentence, or a message
 * that packs, unpacks and, written as JSON, is read as the same message. The first byte
 * chooses the kind.
 */
#include "interface/protojson.h"

#include "argosy/v1/master.pb-c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct buf pack(const ProtobufCMessage *m)
{
	struct buf b = BUF_INIT;
	size_t n = protobuf_c_message_get_packed_size(m);
	bug_if(!buf_reserve(&b, n + 1));
	b.n = protobuf_c_message_pack(m, b.p);
	return b;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const ProtobufCMessageDescriptor *const kinds[] = {
		&argosy__v1__product__descriptor,
		&argosy__v1__lot__descriptor,
		&argosy__v1__location__descriptor,
		&argosy__v1__credential__descriptor,
	};
	struct protojson_fault f = {"", ""};
	ProtobufCMessage *m, *again;
	if (size == 0 || size > 1 << 16)
		return 0;
	const ProtobufCMessageDescriptor *d = kinds[data[0] % 4];
	struct arena *a = arena_new(0);
	enum err e = protojson_parse(a, &m, &f, d, slice(data + 1, size - 1));
	bug_if(e != ERR_OK && e != ERR_FORMAT);
	bug_if(e == ERR_FORMAT && !f.text[0]);
	if (e == ERR_OK) {
		struct buf json = BUF_INIT;
		struct jsonw w = jsonw_of(&json);
		protojson_write(&w, NULL, m);
		bug_if(protojson_parse(a, &again, &f, d, buf_slice(&json)) != ERR_OK);
		struct buf x = pack(m), y = pack(again);
		bug_if(!slice_eq(buf_slice(&x), buf_slice(&y)));
		buf_fini(&x);
		buf_fini(&y);
		buf_fini(&json);
	}
	arena_free(a);
	return 0;
}
