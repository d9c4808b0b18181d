/*
 * Submission: signed transactions in, durable answers out.
 *
 * application/x-protobuf: one encoded Transaction. 200 if it was applied (now or
 * before), else a problem whose `code` is the verdict's name.
 * application/x-protobuf;many: Transactions, each after its varint length. Always 200,
 * with one answer for each in order. They are executed in that order; a refusal of one does
 * not stop the others.
 */
#include "interface/api_inner.h"

#include "interface/media.h"
#include "interface/zh.h"
#include "ledger/tx.h"

#include <stdio.h>

/* What a transaction takes in memory beside its bytes: while it waits, and as its answer. */
enum { ANSWER_BYTES = sizeof(struct node_answer) + sizeof(struct slice) + 700 };

static void answer_write(struct jsonw *w, const struct node_answer *a, bool zh)
{
	char said[700];
	jsonw_str(w, "verdict", verdict_name(a->verdict));
	jsonw_u64(w, "number", (uint64_t)a->verdict);
	jsonw_bool(w, "duplicate", a->duplicate);
	jsonw_i64(w, "height", a->height);
	jsonw_u64(w, "first_index", a->first_index);
	jsonw_u64(w, "records", a->records);
	jsonw_hash(w, "body_hash", &a->body_hash);
	jsonw_str(w, "field", a->text.field);
	jsonw_str(w, "text", zh ? zh_of(said, sizeof said, a->text.text) : a->text.text);
	jsonw_str(w, "sentence", zh ? verdict_zh(a->verdict) : verdict_en(a->verdict));
}

/* Which status says most nearly what a verdict says. */
static int verdict_status(enum verdict v)
{
	switch (v) {
	case VERDICT_OK:
	case VERDICT_DUPLICATE:
		return 200;
	case VERDICT_MALFORMED:
	case VERDICT_UNKNOWN_FIELD:
		return 400;
	case VERDICT_TOO_LARGE:
		return 413;
	case VERDICT_QUOTA:
		return 429;
	case VERDICT_DEFERRED:
		return 503;
	case VERDICT_BAD_SIGNATURE:
	case VERDICT_UNKNOWN_MEMBER:
	case VERDICT_UNKNOWN_KEY:
	case VERDICT_KEY_REVOKED:
	case VERDICT_MEMBER_SUSPENDED:
	case VERDICT_KEY_SCOPE:
	case VERDICT_NOT_AUTHORISED:
	case VERDICT_NOT_OWNER:
	case VERDICT_NOT_HOLDER:
		return 403;
	case VERDICT_CONFLICT:
	case VERDICT_EVENT_CONFLICT:
	case VERDICT_EXISTS:
	case VERDICT_OVERLAP:
	case VERDICT_STATE:
		return 409;
	case VERDICT_WRONG_CHAIN:
	case VERDICT_INVALID:
	case VERDICT_EXPIRED:
	case VERDICT_EXPIRY_TOO_FAR:
	case VERDICT_NOT_OFFERED:
	case VERDICT_NOT_FOUND:
	case VERDICT_CYCLE:
	case VERDICT_LAST_KEY:
		return 422;
	}
	return 422;
}

/* A refused transaction as a problem, with what the answer says besides. */
static void refused_write(struct api_call *c, const struct node_answer *a)
{
	const char *sentence = c->zh ? verdict_zh(a->verdict) : verdict_en(a->verdict);
	char type[100], said[700];
	const char *text = c->zh ? zh_of(said, sizeof said, a->text.text) : a->text.text;
	snprintf(type, sizeof type, "urn:argosy:problem:%s", verdict_name(a->verdict));
	struct jsonw w = api_json(c);
	c->out->status = verdict_status(a->verdict);
	c->out->content_type = "application/problem+json";
	jsonw_object(&w, NULL);
	jsonw_str(&w, "type", type);
	jsonw_str(&w, "title", sentence);
	jsonw_i64(&w, "status", c->out->status);
	jsonw_str(&w, "detail", text[0] ? text : sentence);
	jsonw_str(&w, "code", verdict_name(a->verdict));
	jsonw_array(&w, "errors");
	if (a->text.field[0]) {
		jsonw_object(&w, NULL);
		jsonw_str(&w, "pointer", a->text.field);
		jsonw_str(&w, "detail", text);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	answer_write(&w, a, c->zh);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}

/* Cuts the body into transactions. False: a problem is written. */
static bool cut(struct api_call *c, bool many, struct slice **txs, size_t *n)
{
	*n = 1;
	if (!many) {
		*txs = arena_alloc(c->arena, sizeof **txs);
		if (!*txs)
			goto nomem;
		(*txs)[0] = c->request->body;
		return true;
	}
	struct reader r = reader_of(c->request->body);
	for (*n = 0; reader_left(&r) && !r.bad; (*n)++)
		(void)reader_lp(&r);
	if (r.bad || *n == 0 || *n > API_MANY_MAX) {
		api_refuse(
			c, 400, "bad_request", NULL,
			"the body must be 1 to %d transactions, each after its length as a varint",
			API_MANY_MAX);
		return false;
	}
	*txs = arena_alloc(c->arena, *n * sizeof **txs);
	if (!*txs)
		goto nomem;
	r = reader_of(c->request->body);
	for (size_t i = 0; i < *n; i++)
		(*txs)[i] = reader_lp(&r);
	return true;
nomem:
	api_fault(c, ERR_NOMEM, NULL);
	return false;
}

/* Is there memory for the answers of n? False: a problem is written. */
static bool room_for(struct api_call *c, size_t n)
{
	if (!c->request->more || c->request->more(c->request->more_ctx, n * ANSWER_BYTES))
		return true;
	api_busy(c->out, c->request->accept_language);
	return false;
}

void api_transactions(struct api_call *c)
{
	struct slice *txs;
	size_t n;
	struct err_text t = {""};
	struct media m;
	/* The route has seen that it is one. */
	bool many = media_read(&m, c->request->content_type) && m.many;
	if (!cut(c, many, &txs, &n) || !room_for(c, n))
		return;
	struct node_answer *answers = arena_alloc(c->arena, n * sizeof *answers);
	if (!answers) {
		api_fault(c, ERR_NOMEM, NULL);
		return;
	}
	enum err e = node_submit_from(c->node, answers, txs, n, c->request->source, &t);
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	for (size_t i = 0; i < n; i++)
		atomic_fetch_add(&c->api->verdicts[(unsigned)answers[i].verdict % API_VERDICTS], 1);
	if (!many && answers[0].verdict != VERDICT_OK) {
		refused_write(c, &answers[0]);
		return;
	}
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	if (many)
		jsonw_array(&w, "answers");
	for (size_t i = 0; i < n; i++) {
		if (many)
			jsonw_object(&w, NULL);
		answer_write(&w, &answers[i], c->zh);
		if (many)
			jsonw_object_end(&w);
	}
	if (many)
		jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}

/* ---- trials ---- */

static void tried_members(struct jsonw *w, const struct ledger_result *r, bool zh)
{
	char said[700];
	jsonw_str(w, "verdict", verdict_name(r->verdict));
	jsonw_u64(w, "number", (uint64_t)r->verdict);
	jsonw_u64(w, "records", r->records);
	if (r->duplicate) {
		jsonw_bool(w, "duplicate", true);
		jsonw_i64(w, "height", r->first_height);
	}
	if (r->verdict == VERDICT_OK)
		return;
	const char *text = r->text ? r->text->text : "";
	jsonw_str(w, "field", r->text ? r->text->field : "");
	jsonw_str(w, "text", zh ? zh_of(said, sizeof said, text) : text);
	jsonw_str(w, "sentence", zh ? verdict_zh(r->verdict) : verdict_en(r->verdict));
}

/*
 * POST /v1/trials?each=1: the body of many transactions. 200 with an answer for each, in order,
 * fewer where a bound on the whole was met; with `each` an answer has `actions`, one for each
 * action, also fewer in the last one.
 */
void api_trials(struct api_call *c)
{
	struct slice *txs;
	size_t n;
	bool each;
	struct media m;
	struct ledger_trial trial;
	struct err_text t = {""};
	uint64_t flag;
	if (!api_param_number(c, &flag, "each", 0, 0, 1))
		return;
	bool many = media_read(&m, c->request->content_type) && m.many;
	if (!cut(c, many, &txs, &n) || !room_for(c, n))
		return;
	each = flag != 0;
	enum err e = node_try(c->node, &trial, c->arena, txs, n, each, &t);
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_i64(&w, "height", trial.height);
	jsonw_array(&w, "answers");
	for (size_t i = 0; i < trial.n_txs; i++) {
		const struct ledger_tried *one = &trial.txs[i];
		jsonw_object(&w, NULL);
		tried_members(&w, &one->whole, c->zh);
		if (each)
			jsonw_array(&w, "actions");
		for (size_t k = 0; k < one->n_actions; k++) {
			jsonw_object(&w, NULL);
			tried_members(&w, &one->actions[k], c->zh);
			jsonw_object_end(&w);
		}
		if (each)
			jsonw_array_end(&w);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}
