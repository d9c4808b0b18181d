#include "cmd/sender.h"

#include "cmd/problem.h"
#include "cmd/typed.h"

#include "crypto/keyfile.h"
#include "data/json.h"
#include "interface/jsonw.h"
#include "ledger/genesis.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

const struct cli_option sender_options[] = {
	{"member", "ID", "who acts (else $ARGOSY_MEMBER, else the node's operator)"},
	{"key", "FILE", "key file that signs (else the node's own)"},
	{"cosign", "FILE", "a further key that signs; may be repeated"},
	{"id", "HEX", "16 bytes: the transaction's id, to repeat a submission safely"},
	{"expires", "SECONDS", "how long the transaction may wait (3600; at most 86400)"},
	{"source", "TEXT", "account or device it came from, for the member's own use"},
	{"to-file", "FILE", "write the signed transaction there and send nothing (see submit)"},
	{"dry-run", NULL, "say what would be sent, and send nothing"},
	{NULL, NULL, NULL},
};

/* The first member of the genesis is the node's operator. */
static int operator_of_chain(struct sender *s)
{
	struct buf file;
	struct genesis *g = arena_alloc(s->cli->arena, sizeof *g);
	int code = client_get(s->client, &file, "/v1/genesis");
	if (code)
		return code;
	Argosy__V1__GenesisState *state = NULL;
	if (g && genesis_decode(g, buf_slice(&file), &s->cli->err) == ERR_OK)
		state = argosy__v1__genesis_state__unpack(NULL, g->app_state.n, g->app_state.p);
	if (state && state->n_members)
		snprintf(s->member, sizeof s->member, "%s", state->members[0]->id);
	else
		code = cli_fail(s->cli, CLI_USAGE, "name the member with --member");
	if (state)
		argosy__v1__genesis_state__free_unpacked(state, NULL);
	buf_fini(&file);
	return code;
}

static int signers_load(struct sender *s, const char *key)
{
	struct cli *cli = s->cli;
	const char *paths[TX_SIGNATURES_MAX] = {cli_value(cli, "key")};
	unsigned n = 1, at = 0;
	if (!paths[0])
		paths[0] = key;
	for (const char *p; (p = cli_next(cli, "cosign", &at));) {
		if (n == TX_SIGNATURES_MAX)
			return cli_fail(cli, CLI_USAGE, "at most %d keys may sign",
					TX_SIGNATURES_MAX);
		paths[n++] = p;
	}
	s->signers = secret_alloc(n * sizeof *s->signers);
	if (!s->signers)
		return cli_fault(cli, ERR_NOMEM, NULL);
	for (; s->n_signers < n; s->n_signers++) {
		struct keyfile k;
		const char *path = keys_path(cli, paths[s->n_signers]);
		int code = path ? keys_load(cli, &k, path) : cli_fault(cli, ERR_NOMEM, NULL);
		if (code)
			return code;
		memcpy(s->signers[s->n_signers].public_key, k.public_key, 32);
		memcpy(s->signers[s->n_signers].secret_key, k.secret_key, 64);
		keyfile_fini(&k);
	}
	return CLI_DONE;
}

/* The member of --member, the environment, or the chain's operator. */
static int member_choose(struct sender *s)
{
	const char *member = cli_value(s->cli, "member");
	if (!member)
		member = getenv("ARGOSY_MEMBER");
	if (!member || !*member)
		return operator_of_chain(s);
	if (strlen(member) > MEMBER_ID_MAX)
		return cli_fail(s->cli, CLI_USAGE, "a member's id has at most %d characters",
				MEMBER_ID_MAX);
	snprintf(s->member, sizeof s->member, "%s", member);
	return CLI_DONE;
}

int sender_member(struct cli *cli, struct client *c, char member[static MEMBER_ID_MAX + 1])
{
	struct sender s = {.cli = cli, .client = c};
	int code = member_choose(&s);
	memcpy(member, s.member, sizeof s.member);
	return code;
}

int sender_begin(struct cli *cli, struct sender *s, const char *key)
{
	return sender_begin_for(cli, s, key, CLIENT_WRITE);
}

int sender_begin_for(struct cli *cli, struct sender *s, const char *key, enum client_need need)
{
	struct json_value *status;
	uint64_t life;
	*s = (struct sender){.cli = cli};
	if (sodium_init() < 0)
		return cli_fault(cli, ERR_NOMEM, "libsodium");
	if (!cli_number(cli, "expires", &life, 3600, 86400))
		return CLI_USAGE;
	int code = client_open(cli, &s->client, need);
	if (code == CLI_DONE)
		code = client_get_json(s->client, &status, "/v1/status");
	if (code == CLI_DONE) {
		struct slice hex = slice_str(json_str(cli->arena, status, "genesis"));
		snprintf(s->chain_id, sizeof s->chain_id, "%s",
			 json_str(cli->arena, status, "chain_id"));
		if (!hex_decode(s->fingerprint.b, 32, hex))
			code = cli_fail(cli, CLI_FAILED, "the node's answer makes no sense");
	}
	if (code == CLI_DONE) {
		/* Block time may be behind the clock on an idle chain, and ahead after a jump. */
		struct timespec now;
		int64_t block_ms = json_i64(status, "time_ms");
		clock_gettime(CLOCK_REALTIME, &now);
		int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
		s->expires_ms = (now_ms > block_ms ? now_ms : block_ms) + (int64_t)life * 1000;
		/* Never beyond the ledger's limit by the other clock's view. */
		if (life == 86400)
			s->expires_ms -= 60000;
		code = member_choose(s);
	}
	if (code == CLI_DONE)
		code = signers_load(s, key);
	if (code)
		sender_end(s);
	return code;
}

void sender_end(struct sender *s)
{
	client_close(s->client);
	secret_free(s->signers);
	s->client = NULL;
	s->signers = NULL;
	s->n_signers = 0;
}

/* The body, all of it in the arena but what the sender holds. */
static enum err body_make(struct sender *s, struct arena *a, Argosy__V1__Body *b,
			  Argosy__V1__Action *const *actions, size_t n,
			  const uint8_t id[static TX_ID_BYTES], const char *source)
{
	argosy__v1__body__init(b);
	b->chain_id = s->chain_id;
	b->member = s->member;
	b->id = (ProtobufCBinaryData){TX_ID_BYTES, arena_copy(a, id, TX_ID_BYTES)};
	b->expires_ms = s->expires_ms;
	b->source = arena_strn(a, source ? source : "", source ? strlen(source) : 0);
	b->actions = arena_alloc(a, n * sizeof *b->actions);
	b->n_actions = n;
	if (!b->id.data || !b->source || !b->actions)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		b->actions[i].len = argosy__v1__action__get_packed_size(actions[i]);
		b->actions[i].data = arena_alloc(a, b->actions[i].len + 1);
		if (!b->actions[i].data)
			return ERR_NOMEM;
		argosy__v1__action__pack(actions[i], b->actions[i].data);
	}
	return ERR_OK;
}

int sender_build(struct sender *s, struct buf *out, Argosy__V1__Action *const *actions, size_t n,
		 const uint8_t id[static TX_ID_BYTES], const char *source)
{
	struct arena *a = arena_new(0);
	Argosy__V1__Body b;
	uint8_t *body = NULL;
	enum err e = a ? body_make(s, a, &b, actions, n, id, source) : ERR_NOMEM;
	size_t body_n = e == ERR_OK ? argosy__v1__body__get_packed_size(&b) : 0;
	if (e == ERR_OK && !(body = arena_alloc(a, body_n + 1)))
		e = ERR_NOMEM;
	if (e == ERR_OK) {
		argosy__v1__body__pack(&b, body);
		e = tx_sign(out, &s->fingerprint, slice(body, body_n), s->signers, s->n_signers);
	}
	arena_free(a);
	return e == ERR_OK ? CLI_DONE : cli_fault(s->cli, e, NULL);
}

/* ---- what was done before ---- */

/* GET /v1/transactions/{member}/{id}; *found false where there is none. The caller frees *out. */
static int past_get(struct sender *s, struct buf *out, bool *found, const uint8_t *id,
		    const char *tail)
{
	struct api_response r;
	char hex[2 * TX_ID_BYTES + 1], rest[100];
	hex_encode(hex, id, TX_ID_BYTES);
	snprintf(rest, sizeof rest, "/%s%s", hex, tail);
	const char *target = client_target(s->cli, "/v1/transactions/", s->member, rest);
	*out = BUF_INIT;
	*found = false;
	if (!target)
		return cli_fault(s->cli, ERR_NOMEM, NULL);
	int code = client_call(s->client, &r, "GET", target, NULL, slice("", 0));
	if (code)
		return code;
	*found = r.status < 400;
	if (*found)
		*out = r.body;
	else if (r.status != 404)
		code = client_problem(s->client, &r);
	if (!*found)
		buf_fini(&r.body);
	return code;
}

/* The transaction that was done under that id; NULL where there is none. */
static int past_tx(struct sender *s, struct tx **out, const uint8_t id[static TX_ID_BYTES])
{
	struct buf bytes;
	bool found;
	*out = NULL;
	int code = past_get(s, &bytes, &found, id, "?form=bytes");
	if (code || !found)
		return code;
	enum err e = tx_decode(out, buf_slice(&bytes));
	buf_fini(&bytes);
	if (e != ERR_OK)
		return cli_fault(s->cli, e, NULL);
	if ((*out)->form == VERDICT_OK)
		return CLI_DONE;
	tx_free(*out);
	*out = NULL;
	return cli_fail(s->cli, CLI_FAILED, "the node's answer makes no sense");
}

/* Everything but the expiry. */
static bool same_body(const Argosy__V1__Body *a, const Argosy__V1__Body *b)
{
	bool same = strcmp(a->chain_id, b->chain_id) == 0 && strcmp(a->member, b->member) == 0 &&
		    strcmp(a->source, b->source) == 0 && a->n_actions == b->n_actions;
	for (size_t i = 0; same && i < a->n_actions; i++)
		same = slice_eq(slice(a->actions[i].data, a->actions[i].len),
				slice(b->actions[i].data, b->actions[i].len));
	return same;
}

int sender_settle(struct sender *s, struct sender_answer *answer, bool *settled,
		  Argosy__V1__Action *const *actions, size_t n,
		  const uint8_t id[static TX_ID_BYTES], const char *source)
{
	struct cli *cli = s->cli;
	struct buf text;
	struct json_value *v;
	struct json_error je;
	struct tx *tx = NULL;
	bool found;
	*settled = false;
	int code = past_get(s, &text, &found, id, "");
	if (code || !found)
		return code;
	struct slice copy = {arena_copy(cli->arena, text.p, text.n), text.n};
	buf_fini(&text);
	if (!copy.p || json_parse(cli->arena, &v, &je, copy, 16, JSON_STRICT) != ERR_OK)
		return cli_fail(cli, CLI_FAILED, "the node's answer is not JSON");
	code = past_tx(s, &tx, id);
	if (code || !tx)
		return code;
	struct arena *a = arena_new(0);
	Argosy__V1__Body b;
	enum err e = a ? body_make(s, a, &b, actions, n, id, source) : ERR_NOMEM;
	bool same = e == ERR_OK && same_body(&b, tx->b);
	arena_free(a);
	tx_free(tx);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	const char *verdict = json_str(cli->arena, v, "verdict");
	*answer = (struct sender_answer){
		.verdict = same ? verdict : verdict_name(VERDICT_CONFLICT),
		.ok = same && strcmp(verdict, verdict_name(VERDICT_OK)) == 0,
		.duplicate = same,
		.height = json_i64(v, "height"),
		.first_index = json_u64(v, "first_index"),
		.records = json_u64(v, "records"),
		.field = same ? "" : "/body/id",
		.text = "",
		.sentence = same ? json_str(cli->arena, v, "sentence")
				 : cli_tr(cli, verdict_en(VERDICT_CONFLICT),
					  verdict_zh(VERDICT_CONFLICT)),
	};
	*settled = !same || *verdict;
	return CLI_DONE;
}

int sender_past_action(struct sender *s, Argosy__V1__Action **out,
		       const uint8_t id[static TX_ID_BYTES])
{
	struct tx *tx;
	ProtobufCAllocator alloc = wire_allocator(s->cli->arena);
	*out = NULL;
	int code = past_tx(s, &tx, id);
	if (tx && tx->b->n_actions == 1)
		*out = argosy__v1__action__unpack(&alloc, tx->b->actions[0].len,
						  tx->b->actions[0].data);
	tx_free(tx);
	return code;
}

int sender_submit(struct sender *s, struct sender_answer *answers, size_t n, struct slice many)
{
	struct api_response r;
	struct json_value *v;
	struct json_error je;
	struct arena *a = s->cli->arena;
	int code = client_call(s->client, &r, "POST", "/v1/transactions",
			       "application/x-protobuf;many", many);
	if (code)
		return code;
	if (r.status >= 400) {
		code = client_problem(s->client, &r);
		buf_fini(&r.body);
		return code;
	}
	struct slice text = {arena_copy(a, r.body.p, r.body.n), r.body.n};
	buf_fini(&r.body);
	if (!text.p || json_parse(a, &v, &je, text, 16, JSON_STRICT) != ERR_OK)
		return cli_fail(s->cli, CLI_FAILED, "the node's answer is not JSON");
	const struct json_value *list = json_get(v, "answers");
	const struct json_value *e = list ? list->first : NULL;
	for (size_t i = 0; i < n; i++, e = e->next) {
		if (!e)
			return cli_fail(s->cli, CLI_FAILED, "the node answered too little");
		answers[i] = (struct sender_answer){
			.verdict = json_str(a, e, "verdict"),
			.ok = json_u64(e, "number") == VERDICT_OK,
			.duplicate = json_true(e, "duplicate"),
			.height = json_i64(e, "height"),
			.first_index = json_u64(e, "first_index"),
			.records = json_u64(e, "records"),
			.field = json_str(a, e, "field"),
			.text = json_str(a, e, "text"),
			.sentence = json_str(a, e, "sentence"),
		};
	}
	return CLI_DONE;
}

int sender_exit_of(const struct sender_answer *a)
{
	static const struct {
		enum verdict verdict;
		int code;
	} codes[] = {
		{VERDICT_CONFLICT, CLI_CONFLICT},	{VERDICT_EVENT_CONFLICT, CLI_CONFLICT},
		{VERDICT_EXISTS, CLI_CONFLICT},		{VERDICT_OVERLAP, CLI_CONFLICT},
		{VERDICT_BAD_SIGNATURE, CLI_DENIED},	{VERDICT_UNKNOWN_MEMBER, CLI_DENIED},
		{VERDICT_UNKNOWN_KEY, CLI_DENIED},	{VERDICT_KEY_REVOKED, CLI_DENIED},
		{VERDICT_MEMBER_SUSPENDED, CLI_DENIED}, {VERDICT_KEY_SCOPE, CLI_DENIED},
		{VERDICT_NOT_AUTHORISED, CLI_DENIED},	{VERDICT_NOT_OWNER, CLI_DENIED},
		{VERDICT_NOT_HOLDER, CLI_DENIED},	{VERDICT_NOT_OFFERED, CLI_DENIED},
		{VERDICT_NOT_FOUND, CLI_NOTFOUND},	{VERDICT_QUOTA, CLI_LATER},
		{VERDICT_DEFERRED, CLI_LATER},
	};
	if (a->ok)
		return CLI_DONE;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (strcmp(a->verdict, verdict_name(codes[i].verdict)) == 0)
			return codes[i].code;
	}
	return CLI_FAILED;
}

bool sender_id(struct cli *cli, uint8_t id[static TX_ID_BYTES], bool *given)
{
	const char *hex = cli_value(cli, "id");
	*given = hex != NULL;
	if (!hex) {
		randombytes_buf(id, TX_ID_BYTES);
		return true;
	}
	if (hex_decode(id, TX_ID_BYTES, slice_str(hex)))
		return true;
	cli_fail(cli, CLI_USAGE, "%s",
		 cli_tr(cli, "--id needs 32 hex digits", "--id 需要 32 位十六进制数字"));
	return false;
}

struct jsonw sender_problem(const struct cli *cli, struct buf *out, const struct sender_answer *a)
{
	struct jsonw w = problem_begin(out, sender_exit_of(a), cli->zh, a->verdict, a->sentence,
				       a->text[0] ? a->text : a->sentence, a->field);
	jsonw_str(&w, "verdict", a->verdict);
	jsonw_bool(&w, "duplicate", a->duplicate);
	jsonw_i64(&w, "height", a->height);
	return w;
}

static void extra_put(const struct cli *cli, struct jsonw *w)
{
	for (unsigned i = 0; i < cli->n_extra; i++)
		jsonw_str(w, cli->extra[i].name, cli->extra[i].value);
}

static int answer_json(struct cli *cli, const struct sender_answer *a, const char *id)
{
	struct buf out = BUF_INIT;
	if (!a->ok) {
		struct jsonw p = sender_problem(cli, &out, a);
		jsonw_str(&p, "id", id);
		problem_end(&p);
		return sender_exit_of(a);
	}
	struct jsonw w = cli_json(&out);
	jsonw_str(&w, "verdict", a->verdict);
	jsonw_bool(&w, "duplicate", a->duplicate);
	jsonw_i64(&w, "height", a->height);
	jsonw_u64(&w, "first_index", a->first_index);
	jsonw_u64(&w, "records", a->records);
	jsonw_str(&w, "id", id);
	jsonw_str(&w, "field", a->field);
	jsonw_str(&w, "text", a->text);
	extra_put(cli, &w);
	return cli_json_end(&w);
}

/* What was made and not sent: --dry-run, --to-file. */
static int unsent_json(const struct sender *s, const uint8_t *id, size_t bytes, const char *file)
{
	char hex[2 * TX_ID_BYTES + 1];
	struct buf out;
	struct jsonw w = cli_json(&out);
	hex_encode(hex, id, TX_ID_BYTES);
	jsonw_bool(&w, "dry_run", file == NULL);
	if (file)
		jsonw_str(&w, "file", file);
	jsonw_str(&w, "member", s->member);
	jsonw_str(&w, "id", hex);
	jsonw_u64(&w, "bytes", bytes);
	extra_put(s->cli, &w);
	return cli_json_end(&w);
}

static int answer_tell(struct cli *cli, const struct sender_answer *a, const uint8_t *id)
{
	char hex[2 * TX_ID_BYTES + 1];
	hex_encode(hex, id, TX_ID_BYTES);
	if (cli->json)
		return answer_json(cli, a, hex);
	if (!a->ok)
		return cli_fail(cli, sender_exit_of(a), "%s%s%s%s%s (%s)", a->sentence,
				a->text[0] ? cli_tr(cli, ": ", "：") : "", a->text, a->field[0] ? " " : "", a->field,
				a->verdict);
	printf(cli_tr(cli, "recorded in block %lld%s", "已记录于区块 %lld%s"), (long long)a->height,
	       a->duplicate ? cli_tr(cli, " (before)", "（此前）") : "");
	if (a->records || !a->duplicate) /* the ledger's own repeat does not say which */
		printf(cli_tr(cli, ", record %llu", "，记录 %llu"),
		       (unsigned long long)a->first_index);
	printf(cli_tr(cli, ", id %s\n", "，编号 %s\n"), hex);
	return CLI_DONE;
}

/* Submits one, having looked before and, where another was quicker, after it. */
static int submit_one(struct sender *s, struct sender_answer *answer,
		      Argosy__V1__Action *const *actions, size_t n,
		      const uint8_t id[static TX_ID_BYTES], bool id_given, struct slice tx)
{
	const char *source = cli_value(s->cli, "source");
	struct buf many = BUF_INIT;
	bool settled = false;
	int code = id_given ? sender_settle(s, answer, &settled, actions, n, id, source) : CLI_DONE;
	if (code || settled)
		return code;
	buf_put_lp(&many, tx);
	code = buf_err(&many) == ERR_OK ? sender_submit(s, answer, 1, buf_slice(&many))
					: cli_fault(s->cli, ERR_NOMEM, NULL);
	buf_fini(&many);
	if (code == CLI_DONE && id_given &&
	    strcmp(answer->verdict, verdict_name(VERDICT_CONFLICT)) == 0)
		code = sender_settle(s, answer, &settled, actions, n, id, source);
	return code;
}

int sender_deliver(struct sender *s, Argosy__V1__Action *const *actions, size_t n,
		   const uint8_t id[static TX_ID_BYTES], bool id_given, struct sender_outcome *out)
{
	struct cli *cli = s->cli;
	struct sender_answer answer;
	struct buf tx = BUF_INIT;
	*out = (struct sender_outcome){0};
	int code = typed_actions(cli, actions, n);
	if (code == CLI_DONE)
		code = sender_build(s, &tx, actions, n, id, cli_value(cli, "source"));
	const char *file = cli_value(cli, "to-file");
	if (code == CLI_DONE && cli_flag(cli, "dry-run")) {
		if (cli->json)
			code = unsent_json(s, id, tx.n, NULL);
		cli_say(cli,
			cli_tr(cli, "would send %zu bytes as %s; nothing was sent",
			       "将以 %2$s 身份发送 %1$zu 字节；未发送"),
			tx.n, s->member);
	} else if (code == CLI_DONE && file) {
		code = cli_write(cli, file, buf_slice(&tx));
		if (code == CLI_DONE && cli->json && strcmp(file, "-") != 0)
			code = unsent_json(s, id, tx.n, file);
	} else if (code == CLI_DONE) {
		out->sent = true;
		code = submit_one(s, &answer, actions, n, id, id_given, buf_slice(&tx));
		if (code == CLI_DONE) {
			out->answer = answer;
			code = answer_tell(cli, &answer, id);
		}
	}
	buf_fini(&tx);
	return code;
}

static int send_all(struct cli *cli, const char *key, Argosy__V1__Action *const *actions, size_t n,
		    struct sender_outcome *out)
{
	struct sender s;
	uint8_t id[TX_ID_BYTES];
	bool given;
	*out = (struct sender_outcome){0};
	if (!sender_id(cli, id, &given))
		return CLI_USAGE;
	int code = sender_begin(cli, &s, key);
	if (code)
		return code;
	code = sender_deliver(&s, actions, n, id, given, out);
	sender_end(&s);
	return code;
}

int sender_send(struct cli *cli, const char *key, Argosy__V1__Action *const *actions, size_t n)
{
	struct sender_outcome ignored;
	return send_all(cli, key, actions, n, &ignored);
}

int sender_act(struct cli *cli, const char *key, Argosy__V1__Action *action)
{
	return sender_send(cli, key, &action, 1);
}

int sender_act_outcome(struct cli *cli, const char *key, Argosy__V1__Action *action,
		       struct sender_outcome *out)
{
	return send_all(cli, key, &action, 1, out);
}

bool sender_hex32(struct cli *cli, const char *what, const char *hex, uint8_t out[static 32])
{
	if (hex && hex_decode(out, 32, slice_str(hex)))
		return true;
	cli_fail(cli, CLI_USAGE, "%s must be 64 hex digits", what);
	return false;
}
