/*
 * argosy import epcis: documents become signed transactions.
 *
 * A transaction holds up to --batch events and is recorded whole or not at all;
 * a file that fits in one is thus atomic. The first carries the document's head
 * too, so that the document can be written again as it came. All transactions of
 * one document have ids that begin with the same 12 random bytes, then the number of
 * the batch: that is how its events are found again (interface/api_records.c).
 * An event whose eventID and content are known already is not recorded twice.
 */
#include "cmd/cmds.h"
#include "cmd/documents.h"
#include "cmd/sender.h"

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

/* One document on its way in. */
struct import {
	struct cli *cli;
	struct sender *sender;
	const char *path;
	struct document *d;
	uint64_t batch_max;
	uint8_t id[TX_ID_BYTES];
	/* The window: signed transactions that wait, and which events each has. */
	struct buf many;
	unsigned n;
	struct {
		size_t first, events;
		bool head;
	} txs[WINDOW_TXS];
	struct tally tally;
	uint32_t batches;
	int code;
};

static void tell_refused(struct import *m, unsigned i, const struct sender_answer *a)
{
	size_t action = SIZE_MAX, event;
	const char *field = a->field;
	/* "/actions/3/event/bizStep" -> event and the pointer inside it */
	if (sscanf(field, "/actions/%zu", &action) == 1) {
		field = strchr(field + 9, '/');
		if (field && strncmp(field, "/event", 6) == 0)
			field += 6;
	}
	event = m->txs[i].first + action - (m->txs[i].head ? 1 : 0);
	if (action == SIZE_MAX || (m->txs[i].head && action == 0))
		event = m->txs[i].first;
	cli_fail(m->cli, CLI_FAILED,
		 cli_tr(m->cli, "%s: events %zu to %zu refused: event %zu: %s%s%s%s%s (%s)",
			"%s：事件 %zu 至 %zu 被拒绝：事件 %zu：%s%s%s%s%s（%s）"),
		 m->path, m->txs[i].first, m->txs[i].first + m->txs[i].events - 1, event,
		a->sentence, a->text[0] ? ": " : "", a->text, field && *field ? " " : "",
		field ? field : "", a->verdict);
}

static void progress(const struct import *m, size_t done)
{
	if (!m->cli->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s: %zu/%zu%s", cli_plain(m->cli, m->path), done, m->d->doc.n_events,
			done == m->d->doc.n_events ? "\n" : "");
}

/* Submits what waits. False: stop (m->code). */
static bool window_send(struct import *m)
{
	struct sender_answer answers[WINDOW_TXS];
	if (m->n == 0)
		return true;
	int code = sender_submit(m->sender, answers, m->n, buf_slice(&m->many));
	if (code) {
		m->code = code;
		return false;
	}
	for (unsigned i = 0; i < m->n; i++) {
		size_t events = m->txs[i].events;
		if (!answers[i].ok) {
			m->tally.refused += events;
			tell_refused(m, i, &answers[i]);
			if (m->code == CLI_DONE)
				m->code = sender_exit_of(&answers[i]);
			continue;
		}
		/* One record for each applied action; a known event makes none. */
		uint64_t made = answers[i].records - (m->txs[i].head && answers[i].records);
		m->tally.recorded += answers[i].duplicate || made > events ? 0 : made;
		m->tally.known += events - (made > events ? 0 : made);
	}
	progress(m, m->txs[m->n - 1].first + m->txs[m->n - 1].events);
	buf_clear(&m->many);
	m->n = 0;
	return true;
}

/* Signs events first..first+n-1 into the window; the head goes with the first batch. */
static bool batch_add(struct import *m, size_t first, size_t n)
{
	Argosy__V1__Action *list[TX_ACTIONS_MAX];
	struct arena *a = arena_new(0);
	struct buf tx = BUF_INIT;
	bool head = first == 0;
	size_t k = 0;
	uint32_t number = m->batches++;
	for (size_t i = 0; a && i < n + head; i++) {
		Argosy__V1__Action *action = arena_alloc(a, sizeof *action);
		if (!action)
			break;
		argosy__v1__action__init(action);
		if (i == 0 && head) {
			action->act_case = ARGOSY__V1__ACTION__ACT_DOCUMENT;
			action->document = m->d->doc.head;
		} else {
			action->act_case = ARGOSY__V1__ACTION__ACT_EVENT;
			action->event = m->d->doc.events[first + i - head];
		}
		list[k++] = action;
	}
	for (unsigned i = 0; i < 4; i++)
		m->id[12 + i] = (uint8_t)(number >> (24 - 8 * i));
	const char *source = cli_value(m->cli, "source");
	const char *base = strrchr(m->path, '/');
	if (!source)
		source = base ? base + 1 : m->path;
	if (strlen(source) > TX_SOURCE_MAX || !utf8_valid(slice_str(source)))
		source = "";
	if (k == n + head)
		m->code = sender_build(m->sender, &tx, list, k, m->id, source);
	else
		m->code = cli_fault(m->cli, ERR_NOMEM, m->path);
	buf_put_lp(&m->many, buf_slice(&tx));
	buf_fini(&tx);
	arena_free(a);
	m->txs[m->n].first = first;
	m->txs[m->n].events = n;
	m->txs[m->n++].head = head;
	return m->code == CLI_DONE;
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

static void import_events(struct import *m)
{
	Argosy__V1__Document *head = m->d->doc.head;
	size_t total = m->d->doc.n_events;
	int first_code = CLI_DONE;
	head->events = (uint32_t)total;
	if (head->source_hash.len == 0)
		head->source_hash = (ProtobufCBinaryData){32, m->d->source_hash.b};
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
static int import_file(struct cli *cli, struct sender *s, const char *path, uint64_t batch)
{
	struct document d;
	int code = CLI_FAILED;
	if (!document_read(cli, &d, path, &code))
		return code;
	struct import m = {.cli = cli,
			   .sender = s,
			   .path = path,
			   .d = &d,
			   .batch_max = batch,
			   .many = BUF_INIT};
	if (d.e != ERR_OK) {
		for (size_t i = 0; i < d.n_issues; i++)
			cli_fail(cli, CLI_FAILED, "%s: %s", path,
				 issue_text(d.arena, &d.issues[i]));
		if (d.n_issues == 0)
			cli_fault(cli, d.e, path);
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
	} else if (cli_flag(cli, "dry-run")) {
		cli_say(cli,
			cli_tr(cli, "%s: would send %zu events; nothing was sent",
			       "%s：将发送 %zu 个事件；未发送"),
			path, d.doc.n_events);
	} else {
		import_events(&m);
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
	uint64_t batch;
	int worst = CLI_DONE;
	if (!cli_number(cli, "batch", &batch, BATCH_DEFAULT, BATCH_MAX))
		return CLI_USAGE;
	if (batch == 0)
		batch = 1;
	int code = sender_begin(cli, &s, "agent");
	if (code)
		return code;
	for (unsigned i = 0; i < cli->argc; i++) {
		code = import_file(cli, &s, cli->argv[i], batch);
		if (worst == CLI_DONE)
			worst = code;
		if (code == CLI_LATER || code == CLI_FOLDER)
			break; /* the node is gone or full: the rest would fare no better */
	}
	sender_end(&s);
	return worst;
}
