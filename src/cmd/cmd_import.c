/*
 * argosy import epcis: documents become signed transactions.
 *
 * A transaction holds up to --batch events and is recorded whole or not at all;
 * a file that fits in one is thus atomic. The first carries the document's head
 * too, so that the document can be written again as it came. All transactions of
 * one document have ids that begin with the same 12 random bytes, then the number of
 * the batch: that is how its events are found again (interface/api_records.c).
 * An event whose eventID and content are known already is not recorded twice.
 *
 * With --id the 12 bytes are the first of SHA-256("argosy/import-id/1" 0x00 || id || number
 * of the file among those named, u32 big-endian), so that the same command again asks of each
 * batch whether it was done (sender.h), and goes on where it stopped.
 */
#include "cmd/cmds.h"
#include "cmd/documents.h"
#include "cmd/problem.h"
#include "cmd/receipts.h"
#include "cmd/sender.h"

#include "crypto/sha256.h"
#include "interface/jsonw.h"

#include <sodium.h>

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
	BATCH_DEFAULT = 100,
	BATCH_MAX = TX_ACTIONS_MAX - 1,
	BATCH_BYTES = TX_BYTES_MAX - (64 << 10), /* of actions; the rest is for what is around */
	WINDOW_TXS = 32,			 /* of one submission, for the group's one sync */
	WINDOW_BYTES = 4 << 20,
};

/* How one file fared. */
struct tally {
	uint64_t recorded, known, refused;
};

/* The events of one transaction. */
struct batch {
	size_t first, events;
	uint32_t number;
	bool head;
};

/* One document on its way in. */
struct import {
	struct cli *cli;
	struct sender *sender;
	struct receipts *receipts;
	const char *path;
	struct document *d;
	uint64_t batch_max;
	uint8_t id[TX_ID_BYTES];
	bool id_given;
	/* The window: signed transactions that wait, and which events each has. */
	struct buf many;
	unsigned n;
	struct batch txs[WINDOW_TXS];
	struct tally tally;
	uint32_t batches;
	int code;
};

static void tell_refused(struct import *m, const struct batch *b, const struct sender_answer *a)
{
	size_t action = SIZE_MAX, event;
	const char *field = a->field;
	/* "/actions/3/event/bizStep" -> event and the pointer inside it */
	if (sscanf(field, "/actions/%zu", &action) == 1) {
		field = strchr(field + 9, '/');
		if (field && strncmp(field, "/event", 6) == 0)
			field += 6;
	}
	event = b->first + action - (b->head ? 1 : 0);
	if (action == SIZE_MAX || (b->head && action == 0))
		event = b->first;
	if (m->cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = sender_problem(m->cli, &out, a);
		jsonw_str(&w, "file", m->path);
		jsonw_u64(&w, "first_event", b->first);
		jsonw_u64(&w, "events", b->events);
		jsonw_u64(&w, "event", event);
		problem_end(&w);
		return;
	}
	cli_fail(m->cli, CLI_FAILED,
		 cli_tr(m->cli, "%s: events %zu to %zu refused: event %zu: %s%s%s%s%s (%s)",
			"%s：事件 %zu 至 %zu 被拒绝：事件 %zu：%s%s%s%s%s（%s）"),
		 m->path, b->first, b->first + b->events - 1, event, a->sentence,
		 a->text[0] ? ": " : "", a->text, field && *field ? " " : "", field ? field : "",
		 a->verdict);
}

static void progress(const struct import *m, size_t done)
{
	if (!m->cli->quiet && !m->cli->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %zu/%zu%s", cli_plain(m->cli, m->path), done, m->d->doc.n_events,
			done == m->d->doc.n_events ? "\n" : "");
}

/* The batch's number ends the id of its transaction. */
static void batch_id(struct import *m, const struct batch *b)
{
	for (unsigned i = 0; i < 4; i++)
		m->id[12 + i] = (uint8_t)(b->number >> (24 - 8 * i));
}

static void answer_count(struct import *m, const struct batch *b, const struct sender_answer *a)
{
	batch_id(m, b);
	receipts_note(m->receipts, m->id, a);
	if (!a->ok) {
		m->tally.refused += b->events;
		tell_refused(m, b, a);
		if (m->code == CLI_DONE)
			m->code = sender_exit_of(a);
		return;
	}
	/* One record for each applied action; a known event makes none. */
	uint64_t made = a->duplicate ? 0 : a->records - (b->head && a->records);
	if (made > b->events)
		made = 0;
	m->tally.recorded += made;
	m->tally.known += b->events - made;
}

static const char *source_of(const struct import *m)
{
	const char *source = cli_value(m->cli, "source"), *base = strrchr(m->path, '/');
	if (!source)
		source = base ? base + 1 : m->path;
	return strlen(source) > TX_SOURCE_MAX || !utf8_valid(slice_str(source)) ? "" : source;
}

/* The batch's id, and its actions into `list`: how many; 0: no memory. */
static size_t batch_actions(struct import *m, struct arena *a, const struct batch *b,
			    Argosy__V1__Action *list[static TX_ACTIONS_MAX])
{
	size_t n = 0;
	for (; n < b->events + b->head; n++) {
		Argosy__V1__Action *action = arena_alloc(a, sizeof *action);
		if (!action)
			return 0;
		argosy__v1__action__init(action);
		if (n == 0 && b->head) {
			action->act_case = ARGOSY__V1__ACTION__ACT_DOCUMENT;
			action->document = m->d->doc.head;
		} else {
			action->act_case = ARGOSY__V1__ACTION__ACT_EVENT;
			action->event = m->d->doc.events[b->first + n - b->head];
		}
		list[n] = action;
	}
	batch_id(m, b);
	return n;
}

/* Was this batch done before, under the id given? An exit code. */
static int batch_settle(struct import *m, struct sender_answer *answer, bool *settled,
			const struct batch *b)
{
	Argosy__V1__Action *list[TX_ACTIONS_MAX];
	struct arena *a = arena_new(0);
	size_t n = a ? batch_actions(m, a, b, list) : 0;
	int code = n ? sender_settle(m->sender, answer, settled, list, n, m->id, source_of(m))
		     : cli_fault(m->cli, ERR_NOMEM, m->path);
	arena_free(a);
	return code;
}

/* Submits what waits. False: stop (m->code). */
static bool window_send(struct import *m)
{
	struct sender_answer answers[WINDOW_TXS];
	if (m->n == 0)
		return true;
	int code = sender_submit(m->sender, answers, m->n, buf_slice(&m->many));
	for (unsigned i = 0; code == CLI_DONE && i < m->n; i++) {
		bool settled;
		/* Another import under this id was quicker. */
		if (m->id_given &&
		    strcmp(answers[i].verdict, verdict_name(VERDICT_CONFLICT)) == 0)
			code = batch_settle(m, &answers[i], &settled, &m->txs[i]);
		if (code == CLI_DONE)
			answer_count(m, &m->txs[i], &answers[i]);
	}
	if (code) {
		m->code = code;
		return false;
	}
	progress(m, m->txs[m->n - 1].first + m->txs[m->n - 1].events);
	buf_clear(&m->many);
	m->n = 0;
	return true;
}

/* A batch under an id that was given: counted, if it was done before. *go: it is still to be sent.
 * False: stop (m->code), also where what was done is not the same: this is another document. */
static bool batch_known(struct import *m, bool *go, const struct batch *b)
{
	struct sender_answer answer;
	bool settled = false;
	int code = batch_settle(m, &answer, &settled, b);
	*go = !settled;
	if (code) {
		m->code = code;
		return false;
	}
	if (!settled)
		return true;
	if (answer.duplicate) {
		answer_count(m, b, &answer);
		progress(m, b->first + b->events);
		return true;
	}
	tell_refused(m, b, &answer);
	m->tally.refused += m->d->doc.n_events - (m->n ? m->txs[0].first : b->first);
	m->code = sender_exit_of(&answer);
	return false;
}

/* Signs events first..first+n-1 into the window, unless they were done before; the head goes with
 * the first batch. False: stop (m->code). */
static bool batch_add(struct import *m, size_t first, size_t events)
{
	Argosy__V1__Action *list[TX_ACTIONS_MAX];
	const struct batch b = {first, events, m->batches++, first == 0};
	struct buf tx = BUF_INIT;
	bool go = true;
	if (m->id_given && !batch_known(m, &go, &b))
		return false;
	if (!go)
		return true;
	struct arena *a = arena_new(0);
	size_t n = a ? batch_actions(m, a, &b, list) : 0;
	int code = n ? sender_build(m->sender, &tx, list, n, m->id, source_of(m))
		     : cli_fault(m->cli, ERR_NOMEM, m->path);
	buf_put_lp(&m->many, buf_slice(&tx));
	buf_fini(&tx);
	arena_free(a);
	m->txs[m->n++] = b;
	if (code)
		m->code = code;
	return code == CLI_DONE;
}

/* How many events from `first` on make the next transaction: by count and by size. */
static size_t batch_cut(const struct import *m, size_t first)
{
	size_t n = 0, bytes = 0;
	if (first == 0)
		bytes = argosy__v1__document__get_packed_size(m->d->doc.head);
	while (first + n < m->d->doc.n_events && n < m->batch_max) {
		bytes += argosy__v1__event__get_packed_size(m->d->doc.events[first + n]) + 16;
		if (n && bytes > BATCH_BYTES)
			break;
		n++;
	}
	return n;
}

static void id_derive(struct import *m, const uint8_t given[static TX_ID_BYTES], uint32_t file)
{
	static const char tag[] = "argosy/import-id/1"; /* with its NUL */
	const uint8_t number[4] = {(uint8_t)(file >> 24), (uint8_t)(file >> 16),
				   (uint8_t)(file >> 8), (uint8_t)file};
	struct sha256 h;
	struct hash out;
	sha256_init(&h);
	sha256_update(&h, tag, sizeof tag);
	sha256_update(&h, given, TX_ID_BYTES);
	sha256_update(&h, number, sizeof number);
	sha256_final(&h, &out);
	memcpy(m->id, out.b, 12);
}

static void import_events(struct import *m)
{
	Argosy__V1__Document *head = m->d->doc.head;
	size_t total = m->d->doc.n_events;
	int first_code = CLI_DONE;
	head->events = (uint32_t)total;
	if (head->source_hash.len == 0)
		head->source_hash = (ProtobufCBinaryData){32, m->d->source_hash.b};
	if (!m->id_given)
		randombytes_buf(m->id, 12);
	for (size_t first = 0, n; first < total || first == 0; first += n) {
		n = batch_cut(m, first);
		bool sent = batch_add(m, first, n);
		bool full = m->n == WINDOW_TXS || m->many.n > WINDOW_BYTES;
		if (sent && (full || first + n >= total))
			sent = window_send(m);
		/* A refused batch does not stop the others; anything else does. */
		if (first_code == CLI_DONE)
			first_code = m->code;
		if (!sent || n == 0)
			break;
		m->code = CLI_DONE;
	}
	m->code = first_code;
}

static void tell(struct cli *cli, const char *path, const struct tally *t, const struct document *d)
{
	if (cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = jsonw_of(&out);
		jsonw_object(&w, NULL);
		jsonw_str(&w, "file", path);
		jsonw_str(&w, "verdict",
			  d->e == ERR_OK && !document_is_master(d) ? "read" : "refused");
		jsonw_u64(&w, "events", d->doc.n_events);
		jsonw_u64(&w, "recorded", t->recorded);
		jsonw_u64(&w, "known", t->known);
		jsonw_u64(&w, "refused", t->refused);
		jsonw_object_end(&w);
		buf_put_u8(&out, '\n');
		cli_put_buf(&out);
		return;
	}
	if (d->e != ERR_OK) {
		printf(cli_tr(cli, "%s: refused, nothing recorded\n", "%s：拒绝，未作任何记录\n"),
		       cli_plain(cli, path));
		return;
	}
	printf(cli_tr(cli, "%s: %" PRIu64 " recorded, %" PRIu64 " known, %" PRIu64 " refused\n",
		      "%s：已记录 %" PRIu64 "，已知 %" PRIu64 "，拒绝 %" PRIu64 "\n"),
	       cli_plain(cli, path), t->recorded, t->known, t->refused);
}

/* One file, the sender being ready. */
static int import_file(struct cli *cli, struct sender *s, struct receipts *receipts,
		       const char *path, uint64_t batch, const uint8_t *id, uint32_t number)
{
	struct document d;
	int code = CLI_FAILED;
	if (!document_read(cli, &d, path, &code))
		return code;
	struct import m = {.cli = cli,
			   .sender = s,
			   .receipts = receipts,
			   .path = path,
			   .d = &d,
			   .batch_max = batch,
			   .id_given = id != NULL,
			   .many = BUF_INIT};
	if (id)
		id_derive(&m, id, number);
	if (d.e != ERR_OK) {
		issues_tell(cli, path, &d);
		m.tally.refused = d.doc.n_events;
		m.code = CLI_FAILED;
	} else if (document_is_master(&d)) {
		m.code = cli_fail(cli, CLI_FAILED,
				  cli_tr(cli,
					 "%s: master data documents are not imported: register products and "
					 "places with \"argosy product register\", \"location register\"",
					 "%s：不导入主数据文件：请用 argosy product register、location "
					 "register 登记产品与地点"),
				  path);
	} else if (cli_flag(cli, "dry-run") && cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_bool(&w, "dry_run", true);
		jsonw_str(&w, "file", path);
		jsonw_u64(&w, "events", d.doc.n_events);
		cli_json_end(&w);
	} else if (cli_flag(cli, "dry-run")) {
		cli_say(cli,
			cli_tr(cli, "%s: would send %zu events; nothing was sent",
			       "%s：将发送 %zu 个事件；未发送"),
			path, d.doc.n_events);
	} else {
		import_events(&m);
		int code_kept = receipts_keep(receipts);
		if (m.code == CLI_DONE)
			m.code = code_kept;
	}
	if (document_is_master(&d) ? cli->json : !cli_flag(cli, "dry-run") || d.e != ERR_OK)
		tell(cli, path, &m.tally, &d);
	buf_fini(&m.many);
	document_free(&d);
	return m.code;
}

int cmd_import_epcis(struct cli *cli)
{
	struct sender s;
	struct receipts receipts;
	uint8_t id[TX_ID_BYTES];
	bool id_given;
	uint64_t batch;
	int worst = CLI_DONE;
	if (!cli_number(cli, "batch", &batch, BATCH_DEFAULT, BATCH_MAX))
		return CLI_USAGE;
	if (batch == 0)
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli, "--batch: a transaction has 1 event at least",
				       "--batch：每笔交易至少包含 1 个事件"));
	if (cli_value(cli, "to-file"))
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli, "--to-file is for single acts: an import is sent",
				       "--to-file 仅用于单项操作；导入会直接提交"));
	if (!sender_id(cli, id, &id_given))
		return CLI_USAGE;
	int code = sender_begin(cli, &s, "agent");
	if (code)
		return code;
	int begun = worst = receipts_begin(&receipts, &s);
	for (unsigned i = 0; begun == CLI_DONE && i < cli->argc; i++) {
		code = import_file(cli, &s, &receipts, cli->argv[i], batch, id_given ? id : NULL, i);
		if (worst == CLI_DONE)
			worst = code;
		if (code == CLI_LATER || code == CLI_FOLDER)
			break; /* the node is gone or full: the rest would fare no better */
	}
	receipts_end(&receipts);
	sender_end(&s);
	return worst;
}
