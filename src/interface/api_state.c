/*
 * What the routes read of the state and the log.
 */
#include "interface/api_inner.h"

#include "ledger/header.h"
#include "trade/keys.h"
#include "trade/voice.h"

bool api_id_take(struct api_call *c, struct gs1_id *canonical, enum gs1_asked asked)
{
	bool by_query;
	struct err_text t = {""};
	struct slice id = api_param(c, "id", &by_query);
	if (!by_query && !api_percent_decode(c->arena, &id, c->rest)) {
		api_refuse(c, 400, "bad_request", NULL, "the identifier is badly encoded");
		return false;
	}
	if (id.n == 0 || id.n > SUBJECT_ID_MAX || !utf8_valid(id)) {
		api_refuse(c, 400, "bad_request", "?id",
			   "name an identifier of at most %d bytes in the path or with ?id=",
			   SUBJECT_ID_MAX);
		return false;
	}
	if (gs1_typed(canonical, &t, id, asked) != ERR_OK) {
		api_refuse(c, 422, "invalid", "?id", "%s", t.text);
		return false;
	}
	if (canonical->canon_len > SUBJECT_ID_MAX) {
		api_refuse(c, 422, "invalid", "?id", "the identifier is longer than %d bytes",
			   SUBJECT_ID_MAX);
		return false;
	}
	return true;
}

enum err api_value_get(struct api_call *c, bool *found, struct slice *value, struct slice key)
{
	struct buf b = BUF_INIT;
	enum err e = ledger_get(c->ledger, found, &b, key);
	if (e == ERR_OK && *found) {
		uint8_t *copy = arena_copy(c->arena, b.p, b.n);
		*value = slice(copy, b.n);
		e = copy ? ERR_OK : ERR_NOMEM;
	}
	buf_fini(&b);
	return e;
}

enum err api_record_get(struct api_call *c, struct record *r, uint64_t index)
{
	struct buf b = BUF_INIT;
	enum err e = ledger_read_record(c->ledger, &b, index);
	uint8_t *copy = e == ERR_OK ? arena_copy(c->arena, b.p, b.n) : NULL;
	if (e == ERR_OK)
		e = copy ? record_decode(r, c->arena, slice(copy, b.n)) : ERR_NOMEM;
	buf_fini(&b);
	return e == ERR_NOTFOUND ? ERR_CORRUPT : e;
}

void api_place_write(struct jsonw *w, const struct record *r, uint64_t index)
{
	jsonw_u64(w, "index", index);
	jsonw_u64(w, "height", r->height);
	jsonw_time(w, "recorded", r->time_ms);
}

enum err api_act_get(struct api_call *c, const Argosy__V1__Action **act, const struct record *r)
{
	ProtobufCAllocator from = wire_allocator(c->arena);
	*act = argosy__v1__action__unpack(&from, r->action.n, r->action.p);
	return *act ? ERR_OK : ERR_CORRUPT;
}

enum err api_voice_last(struct api_call *c, struct slice *member, const char *space, struct slice name)
{
	struct state_key k;
	struct slice v;
	bool found;
	*member = slice(NULL, 0);
	TRY(api_value_get(c, &found, &v, key_make(&k, space, name)));
	return !found || voice_decode(member, v) ? ERR_OK : ERR_CORRUPT;
}

int64_t api_head_ms(struct api_call *c)
{
	struct ledger_head h;
	ledger_head(c->ledger, &h);
	return h.height ? block_time_ms(h.time_s, h.time_ns)
			: block_time_ms(ledger_genesis(c->ledger)->time.s, ledger_genesis(c->ledger)->time.ns);
}

enum err api_rows_each(struct api_call *c,
		       enum err (*fn)(void *ctx, struct slice key, struct slice value), void *ctx)
{
	struct state_stats stats;
	state_stats(ledger_state(c->ledger), &stats);
	unsigned bits = stats.keys > 4096 ? 8 : 0;
	for (unsigned part = 0; part < 1u << bits; part++) {
		struct hash prefix = {{(uint8_t)part}};
		struct state_read r;
		TRY(state_read_begin(&r, ledger_state(c->ledger)));
		enum err e = state_read_each(&r, &prefix, bits, fn, ctx);
		state_read_end(&r);
		TRY(e);
	}
	return ERR_OK;
}
