#include "cmd/survey.h"

#include "cmd/problem.h"

#include "data/gs1.h"
#include "data/json.h"
#include "data/standard.h"
#include "interface/zh.h"
#include "ledger/ledger.h"

#include <sodium.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	TRIAL_BYTES = API_BODY_MAX - TX_BYTES_MAX - 4096, /* when a body has as much, it is sent */
	TX_FULL = TX_BYTES_MAX - (64 << 10),
	BUSY_MS = 5000, /* how long to wait for another's trial */
	LOOK_MS = 50,
};

/* ---- where an identifier stands ---- */

/* Does a node's text begin with this identifier, as it writes it? */
static bool is_of(const char *text, const char *id)
{
	struct gs1_id g;
	if (!*id || gs1_parse(&g, NULL, slice_str(id)) != ERR_OK || g.canon_len == 0)
		return false;
	if (strncmp(text, g.canon, g.canon_len) != 0)
		return false;
	const char *next = text + g.canon_len;
	return strncmp(next, ": ", 2) == 0 || strncmp(next, "：", strlen("：")) == 0;
}

static bool in_list(char *out, size_t size, const char *text, char **ids, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_of(text, ids[i]))
			continue;
		snprintf(out, size, "/%s/%zu", name, i);
		return true;
	}
	return false;
}

static bool in_quantities(char *out, size_t size, const char *text, Argosy__V1__QuantityElement **list,
			  size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (!is_of(text, list[i]->epc_class))
			continue;
		snprintf(out, size, "/%s/%zu/epcClass", name, i);
		return true;
	}
	return false;
}

/* A refusal about goods names them; this says where in the event they stand. "" if nowhere. */
static const char *goods_at(struct arena *a, const event_t *e, const char *text)
{
	char out[80] = "";
	if (is_of(text, e->parent_id))
		return "/parentID";
	bool found =
		in_list(out, sizeof out, text, e->epc_list, e->n_epc_list, "epcList") ||
		in_list(out, sizeof out, text, e->child_epcs, e->n_child_epcs, "childEPCs") ||
		in_list(out, sizeof out, text, e->input_epc_list, e->n_input_epc_list, "inputEPCList") ||
		in_list(out, sizeof out, text, e->output_epc_list, e->n_output_epc_list,
			"outputEPCList") ||
		in_quantities(out, sizeof out, text, e->quantity_list, e->n_quantity_list,
			      "quantityList") ||
		in_quantities(out, sizeof out, text, e->child_quantity_list, e->n_child_quantity_list,
			      "childQuantityList") ||
		in_quantities(out, sizeof out, text, e->input_quantity_list, e->n_input_quantity_list,
			      "inputQuantityList") ||
		in_quantities(out, sizeof out, text, e->output_quantity_list, e->n_output_quantity_list,
			      "outputQuantityList");
	const char *copy = found ? arena_strn(a, out, strlen(out)) : NULL;
	return copy ? copy : "";
}

/* ---- faults ---- */

bool survey_fault(struct survey *s, struct fault f)
{
	if (s->n_faults == s->cap) {
		size_t cap = s->cap ? 2 * s->cap : 16;
		struct fault *more = arena_alloc(s->d->arena, cap * sizeof *more);
		if (!more)
			return false;
		if (s->n_faults)
			memcpy(more, s->faults, s->n_faults * sizeof *more);
		s->faults = more;
		s->cap = cap;
	}
	const event_t *e = f.event < s->d->doc.n_events ? s->d->doc.events[f.event] : NULL;
	if (e && f.verdict && !*f.pointer)
		f.pointer = goods_at(s->d->arena, e, f.text);
	s->faults[s->n_faults++] = f;
	if (f.event < s->d->doc.n_events)
		s->fates[f.event] = FATE_FAULTY;
	else
		s->whole = true;
	return true;
}

bool survey_begin(struct survey *s, struct document *d)
{
	*s = (struct survey){.d = d, .fates = arena_alloc(d->arena, d->doc.n_events + 1)};
	if (!s->fates)
		return false;
	for (size_t i = 0; i < d->n_issues; i++) {
		const struct event_issue *e = &d->issues[i];
		if (!survey_fault(s, (struct fault){e->event, e->line, e->pointer, e->text, NULL}))
			return false;
	}
	if (d->e != ERR_OK && d->n_issues == 0)
		return survey_fault(s, (struct fault){SIZE_MAX, 0, "", err_str(d->e), NULL});
	/* Refused, but by no issue of its own: there were more than could be kept. */
	for (size_t i = 0; i < d->doc.n_events; i++)
		if (!d->doc.events[i])
			s->fates[i] = FATE_FAULTY;
	return true;
}

bool survey_standard(struct survey *s)
{
	for (size_t i = 0; i < s->d->doc.n_events; i++) {
		struct field_issue found;
		if (s->fates[i] != FATE_OPEN || standard_event_check(s->d->doc.events[i], &found))
			continue;
		struct fault f = {i, 0, arena_strn(s->d->arena, found.field, strlen(found.field)),
				  arena_strn(s->d->arena, found.text, strlen(found.text)), NULL};
		if (!f.pointer || !f.text || !survey_fault(s, f))
			return false;
	}
	return true;
}

size_t survey_count(const struct survey *s, enum fate fate)
{
	size_t n = 0;
	for (size_t i = 0; i < s->d->doc.n_events; i++)
		n += s->fates[i] == fate;
	return n;
}

int survey_exit(const struct survey *s)
{
	if (s->n_faults == 0)
		return s->d->e == ERR_OK ? CLI_DONE : CLI_FAILED;
	if (!s->faults[0].verdict)
		return CLI_FAILED;
	const struct sender_answer a = {.verdict = s->faults[0].verdict};
	return sender_exit_of(&a);
}

/* ---- telling ---- */

static int by_event(const void *x, const void *y)
{
	const struct fault *a = x, *b = y;
	/* The document's own first. */
	size_t i = a->event + 1, j = b->event + 1;
	if (i != j)
		return i < j ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

const char *fault_text(struct cli *cli, const struct survey *s, const struct fault *f)
{
	char event[60] = "", line[40] = "", said[700];
	const char *colon = cli_tr(cli, ": ", "：");
	if (f->event != SIZE_MAX)
		snprintf(event, sizeof event, cli_tr(cli, "event %zu: ", "事件 %zu："), f->event);
	if (f->line)
		snprintf(line, sizeof line, cli_tr(cli, " (line %u)", "（第 %u 行）"), f->line);
	const char *text = cli->zh ? zh_of(said, sizeof said, f->text) : f->text;
	text = arena_printf(s->d->arena, "%s%s%s%s%s%s%s%s", event, f->pointer,
			    f->pointer[0] ? colon : "", text, line, f->verdict ? " (" : "",
			    f->verdict ? f->verdict : "", f->verdict ? ")" : "");
	text = text ? arena_plain(s->d->arena, text) : NULL;
	return text ? text : "?";
}

void faults_json(struct jsonw *w, const char *name, const char *said, const struct fault *list, size_t n)
{
	jsonw_array(w, name);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w, NULL);
		jsonw_str(w, "pointer", list[i].pointer);
		jsonw_str(w, said, list[i].text);
		if (list[i].event != SIZE_MAX)
			jsonw_u64(w, "event", list[i].event);
		if (list[i].line)
			jsonw_u64(w, "line", list[i].line);
		if (list[i].verdict)
			jsonw_str(w, "code", list[i].verdict);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

void survey_sort(struct survey *s)
{
	if (s->n_faults)
		qsort(s->faults, s->n_faults, sizeof *s->faults, by_event);
}

void survey_tell(struct cli *cli, struct survey *s, const char *path)
{
	survey_sort(s);
	if (!cli->json) {
		for (size_t i = 0; i < s->n_faults; i++)
			cli_fail(cli, CLI_FAILED, cli_tr(cli, "%s: %s", "%s：%s"), path,
				 fault_text(cli, s, &s->faults[i]));
		return;
	}
	if (s->n_faults == 0)
		return;
	struct buf out = BUF_INIT;
	const struct fault *f = &s->faults[0];
	const char *detail = arena_printf(s->d->arena, "%s: %s", path, f->text);
	struct jsonw w = problem_begin_list(&out, survey_exit(s), cli->zh, f->verdict,
					    detail ? detail : path);
	if (f->verdict)
		jsonw_str(&w, "verdict", f->verdict);
	jsonw_str(&w, "file", path);
	faults_json(&w, "errors", "detail", s->faults, s->n_faults);
	problem_end(&w);
}

/* ---- asking the node ---- */

/* What one trial is about. */
struct question {
	struct survey *s;
	struct sender sender; /* signing for a trial */
	struct arena *a;
	struct buf body;
	size_t *events; /* of each action, in order; SIZE_MAX: the document's head */
	size_t n, from, to;
};

static enum err question_tx(struct question *q, Argosy__V1__Action **list, size_t n)
{
	uint8_t id[TX_ID_BYTES];
	struct buf tx = BUF_INIT;
	randombytes_buf(id, sizeof id);
	int code = sender_build(&q->sender, &tx, list, n, id, "");
	buf_put_lp(&q->body, buf_slice(&tx));
	buf_fini(&tx);
	return code == CLI_DONE ? buf_err(&q->body) : ERR_NOMEM;
}

/* Open events into transactions, until the body has its size. */
static enum err question_make(struct question *q)
{
	const struct event_doc *doc = &q->s->d->doc;
	Argosy__V1__Action *list[TX_ACTIONS_MAX];
	size_t n = 0, bytes = 0, i = q->from;
	bool head = q->from == 0;
	q->events = arena_alloc(q->a, (doc->n_events + 1) * sizeof *q->events);
	if (!q->events)
		return ERR_NOMEM;
	for (; head || i < doc->n_events; head ? (void)(head = false) : (void)i++) {
		if (!head && q->s->fates[i] != FATE_OPEN)
			continue;
		size_t more = 16 + (head ? argosy__v1__document__get_packed_size(doc->head)
					 : argosy__v1__event__get_packed_size(doc->events[i]));
		if (n && (n == TX_ACTIONS_MAX || bytes + more > TX_FULL)) {
			TRY(question_tx(q, list, n));
			n = bytes = 0;
			if (q->body.n > TRIAL_BYTES)
				break;
		}
		Argosy__V1__Action *action = list[n++] = arena_alloc(q->a, sizeof *action);
		if (!action)
			return ERR_NOMEM;
		argosy__v1__action__init(action);
		if (head) {
			action->act_case = ARGOSY__V1__ACTION__ACT_DOCUMENT;
			action->document = doc->head;
		} else {
			action->act_case = ARGOSY__V1__ACTION__ACT_EVENT;
			action->event = doc->events[i];
		}
		q->events[q->n++] = head ? SIZE_MAX : i;
		bytes += more;
	}
	q->to = i;
	return n ? question_tx(q, list, n) : ERR_OK;
}

static bool answer_fault(struct question *q, size_t event, const struct json_value *v)
{
	struct arena *a = q->sender.cli->arena;
	const char *text = json_str(a, v, "text"), *field = json_str(a, v, "field");
	if (json_u64(v, "number") == VERDICT_QUOTA && event != SIZE_MAX)
		text = arena_printf(a,
				    cli_tr(q->sender.cli, "%s; so it is for the events behind it",
					   "%s；其后的事件亦然"),
				    *text ? text : json_str(a, v, "sentence"));
	if (!text)
		return false;
	/* "/actions/0/event/bizStep": each action was tried by itself */
	static const char of_event[] = "/actions/0/event";
	if (strncmp(field, of_event, sizeof of_event - 1) == 0)
		field += sizeof of_event - 1;
	return survey_fault(q->s, (struct fault){event, 0, field,
						 *text ? text : json_str(a, v, "sentence"),
						 json_str(a, v, "verdict")});
}

/* False: no memory. q->to is what was tried up to. */
static bool answers_read(struct question *q, const struct json_value *v)
{
	const struct json_value *list = json_get(v, "answers");
	size_t at = 0;
	bool no_quota = false; /* from there on nothing is within it */
	for (const struct json_value *tx = list ? list->first : NULL; tx && !q->s->whole; tx = tx->next) {
		const struct json_value *actions = json_get(tx, "actions");
		if (json_u64(tx, "number") != VERDICT_OK)
			return answer_fault(q, SIZE_MAX, tx);
		const struct json_value *one = actions ? actions->first : NULL;
		for (; one && at < q->n; one = one->next, at++) {
			size_t event = q->events[at];
			bool quota = json_u64(one, "number") == VERDICT_QUOTA;
			if (quota && no_quota && event != SIZE_MAX) {
				q->s->fates[event] = FATE_FAULTY; /* told once */
			} else if (json_u64(one, "number") != VERDICT_OK) {
				if (!answer_fault(q, event, one))
					return false;
				no_quota = no_quota || quota;
			} else if (event != SIZE_MAX) {
				q->s->fates[event] =
					json_u64(one, "records") ? FATE_GOOD : FATE_KNOWN;
			}
		}
	}
	if (at < q->n)
		q->to = q->events[at] == SIZE_MAX ? 0 : q->events[at];
	return true;
}

/* The node's answer; *out.status 503 where it tries nothing now. An exit code. */
static int question_ask(struct question *q, struct api_response *out)
{
	for (int waited = 0;; waited += LOOK_MS) {
		int code = client_call(q->sender.client, out, "POST", "/v1/trials?each=1",
				       "application/x-protobuf;many", buf_slice(&q->body));
		if (code || out->status != 503 || waited >= BUSY_MS)
			return code;
		buf_fini(&out->body);
		poll(NULL, 0, LOOK_MS);
	}
}

static int question_put(struct question *q, bool *asked, bool must)
{
	struct cli *cli = q->sender.cli;
	struct api_response r;
	struct json_value *v;
	struct json_error je;
	int code = question_ask(q, &r);
	if (code)
		return code;
	if (r.status >= 400) {
		code = must ? client_problem(q->sender.client, &r) : CLI_DONE;
		buf_fini(&r.body);
		return code;
	}
	struct slice text = {arena_copy(q->a, r.body.p, r.body.n), r.body.n};
	buf_fini(&r.body);
	if (!text.p || json_parse(q->a, &v, &je, text, 16, JSON_STRICT) != ERR_OK)
		return cli_fail(cli, CLI_FAILED, "the node's answer is not JSON");
	*asked = true;
	return answers_read(q, v) ? CLI_DONE : cli_fault(cli, ERR_NOMEM, NULL);
}

int survey_try(struct survey *s, struct sender *sender, size_t from, size_t *to, bool *asked, bool must)
{
	struct question q = {.s = s,
			     .sender = *sender,
			     .a = arena_new(0),
			     .body = BUF_INIT,
			     .from = from,
			     .to = from};
	*asked = false;
	trial_fingerprint(&q.sender.fingerprint, &sender->fingerprint);
	enum err e = q.a ? question_make(&q) : ERR_NOMEM;
	int code = e == ERR_OK ? CLI_DONE : cli_fault(sender->cli, e, NULL);
	if (code == CLI_DONE && q.n)
		code = question_put(&q, asked, must);
	*to = q.to;
	buf_fini(&q.body);
	arena_free(q.a);
	return code;
}
