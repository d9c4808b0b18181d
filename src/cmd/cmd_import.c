/*
 * argosy import epcis: documents become signed transactions.
 *
 * A transaction holds up to --batch events and is recorded whole or not at all. The first
 * carries the document's head too, so that the document can be written again as it came. All
 * transactions of one document have ids that begin with the same 12 random bytes, then the number of
 * the batch: that is how its events are found again (interface/api_records.c).
 * An event that is known already is not recorded twice.
 *
 * Before anything of a file is sent, its events are tried on the node (survey.h), so that all
 * faulty ones are told, and one of them does not leave half a file recorded: then nothing is.
 * With --proceed the good ones are recorded and the others written into a file (rejects.h).
 * A file that makes one transaction alone is tried when that was refused: it is whole or
 * nothing anyway. A trial takes some 7 MiB; what is larger is tried and recorded in pieces.
 *
 * A trial is a forecast: what was good may be refused a moment later, since others write too.
 * Then its batch is refused as a whole; with --proceed, and where the batch was too large as
 * one, its events are sent again, each in a transaction of its own, with the number
 * 0x80000000 + its number in the file.
 *
 * With --id the 12 bytes are the first of SHA-256("argosy/import-id/1" 0x00 || id || number
 * of the file among those named, u32 big-endian), so that the same command again asks of each
 * batch whether it was done (sender.h), and goes on where it stopped.
 */
#include "cmd/cmds.h"
#include "cmd/problem.h"
#include "cmd/receipts.h"
#include "cmd/rejects.h"
#include "cmd/survey.h"

#include "crypto/sha256.h"
#include "interface/jsonw.h"

#include <sodium.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BATCH_DEFAULT = 100,
	BATCH_MAX = TX_ACTIONS_MAX - 1,
	BATCH_BYTES = TX_BYTES_MAX - (64 << 10), /* of actions; the rest is for what is around */
	BATCH_SUBJECTS = 20000,			 /* named by a batch's events together */
	WINDOW_TXS = 32,			 /* of one submission, for the group's one sync */
	WINDOW_BYTES = 4 << 20,
};
#define NUMBER_SINGLE 0x80000000u /* + the event's: in a transaction of its own */

/* How one file fared, or all of them, in events. */
struct tally {
	uint64_t files, events, recorded, known, refused, held; /* held: good, but not recorded */
};

/* The events of one transaction: sent[first], and those behind it. */
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
	struct survey survey;
	uint64_t batch_max;
	uint8_t id[TX_ID_BYTES];
	bool id_given, proceed;
	/* Events on their way in, by their number in the document. */
	size_t *sent;
	size_t n_sent;
	/* The window: signed transactions that wait, and which events each has. */
	struct buf many;
	unsigned n;
	struct batch txs[WINDOW_TXS];
	/* To be sent again one by one: refused as a batch. */
	size_t *again;
	size_t n_again;
	bool head_again;
	struct tally tally;
	uint32_t batches;
	int code;
	bool stopped; /* the id is another document's */
	bool alone;   /* all of it is one transaction, which was not tried */
	struct sender_answer refusal; /* of that one */
	size_t untried;
	const char *rejects; /* where what was refused is written */
	bool written;
};

/* ---- answers ---- */

/* The event that an answer's field is about, in the document, and the pointer inside it. */
static size_t event_of(const struct import *m, const struct batch *b, const char **field)
{
	size_t action = SIZE_MAX;
	/* "/actions/3/event/bizStep" -> event and the pointer inside it */
	if (sscanf(*field, "/actions/%zu", &action) == 1) {
		const char *inside = strchr(*field + 9, '/');
		*field = inside ? inside : "";
		if (strncmp(*field, "/event", 6) == 0)
			*field += 6;
	}
	if (action == SIZE_MAX || (b->head && action == 0) || action - b->head >= b->events)
		return b->events == 1 ? m->sent[b->first] : SIZE_MAX;
	return m->sent[b->first + action - b->head];
}

/* A batch was refused. What is wrong with it becomes a fault, to be told at the end. */
static bool batch_refused(struct import *m, const struct batch *b, const struct sender_answer *a)
{
	const char *field = a->field;
	size_t event = event_of(m, b, &field);
	bool too_large = strcmp(a->verdict, verdict_name(VERDICT_TOO_LARGE)) == 0;
	if (b->events > 1 && (m->proceed || too_large)) {
		for (size_t i = 0; i < b->events; i++)
			m->again[m->n_again++] = m->sent[b->first + i];
		m->head_again = m->head_again || b->head;
		return true;
	}
	m->tally.refused += event == SIZE_MAX ? b->events : 0;
	bool whole = m->survey.whole;
	const char *text = *a->text ? a->text : a->sentence;
	if (b->events > 1)
		text = arena_printf(m->d->arena,
				    cli_tr(m->cli, "%s; refused with it: the events from %zu to %zu",
					   "%s；一并拒绝：事件 %zu 至 %zu"),
				    text, m->sent[b->first], m->sent[b->first + b->events - 1]);
	if (!text || !survey_fault(&m->survey, (struct fault){event, 0, field, text, a->verdict}))
		return false;
	m->survey.whole = whole;
	return true;
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

/* Every transaction's answer comes here once, the first one's or a repeat's. False: no memory. */
static bool answered(struct import *m, const struct batch *b, const struct sender_answer *a)
{
	batch_id(m, b);
	receipts_note(m->receipts, m->id, a);
	if (!a->ok && m->alone) {
		m->refusal = *a;
		return true;
	}
	if (!a->ok)
		return batch_refused(m, b, a);
	/* One record for each applied action; a known event makes none. */
	uint64_t made = a->duplicate ? 0 : a->records - (b->head && a->records);
	if (made > b->events)
		made = 0;
	m->tally.recorded += made;
	m->tally.known += b->events - made;
	return true;
}

/* ---- transactions ---- */

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
			action->event = m->d->doc.events[m->sent[b->first + n - b->head]];
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

static bool no_memory(struct import *m)
{
	m->code = cli_fault(m->cli, ERR_NOMEM, m->path);
	return false;
}

/* Submits what waits. False: stop (m->code). */
static bool window_send(struct import *m)
{
	struct sender_answer answers[WINDOW_TXS];
	if (m->n == 0)
		return true;
	m->code = sender_submit(m->sender, answers, m->n, buf_slice(&m->many));
	for (unsigned i = 0; m->code == CLI_DONE && i < m->n; i++) {
		bool settled;
		/* Another import under this id was quicker. */
		if (m->id_given &&
		    strcmp(answers[i].verdict, verdict_name(VERDICT_CONFLICT)) == 0)
			m->code = batch_settle(m, &answers[i], &settled, &m->txs[i]);
		if (m->code == CLI_DONE && !answered(m, &m->txs[i], &answers[i]))
			return no_memory(m);
	}
	if (m->code)
		return false;
	const struct batch *last = &m->txs[m->n - 1];
	progress(m, last->events ? m->sent[last->first + last->events - 1] + 1 : 0);
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
	m->code = batch_settle(m, &answer, &settled, b);
	*go = !settled;
	if (m->code || !settled)
		return m->code == CLI_DONE;
	if (answer.duplicate)
		return answered(m, b, &answer) || no_memory(m);
	m->stopped = true;
	if (!survey_fault(&m->survey,
			  (struct fault){SIZE_MAX, 0, answer.field,
					 *answer.text ? answer.text : answer.sentence, answer.verdict}))
		return no_memory(m);
	return false;
}

/* Signs one batch into the window, unless it was done before. False: stop (m->code, or stopped). */
static bool batch_add(struct import *m, struct batch b)
{
	Argosy__V1__Action *list[TX_ACTIONS_MAX];
	struct buf tx = BUF_INIT;
	bool go = true;
	if (m->id_given && !batch_known(m, &go, &b))
		return false;
	if (!go)
		return true;
	struct arena *a = arena_new(0);
	size_t n = a ? batch_actions(m, a, &b, list) : 0;
	m->code = n ? sender_build(m->sender, &tx, list, n, m->id, source_of(m))
		    : cli_fault(m->cli, ERR_NOMEM, m->path);
	buf_put_lp(&m->many, buf_slice(&tx));
	buf_fini(&tx);
	arena_free(a);
	m->txs[m->n++] = b;
	if (m->code)
		return false;
	return m->n < WINDOW_TXS && m->many.n <= WINDOW_BYTES ? true : window_send(m);
}

static size_t subjects_of(const event_t *e)
{
	return 1 + e->n_epc_list + e->n_quantity_list + e->n_child_epcs + e->n_child_quantity_list +
	       e->n_input_epc_list + e->n_input_quantity_list + e->n_output_epc_list +
	       e->n_output_quantity_list;
}

/* How many events from sent[first] on make the next transaction: by count, size and subjects. */
static size_t batch_cut(const struct import *m, size_t first, bool head)
{
	size_t n = 0, bytes = 0, subjects = 0;
	if (head)
		bytes = argosy__v1__document__get_packed_size(m->d->doc.head);
	for (; first + n < m->n_sent && n < m->batch_max; n++) {
		const event_t *e = m->d->doc.events[m->sent[first + n]];
		bytes += argosy__v1__event__get_packed_size(e) + 16;
		subjects += subjects_of(e);
		if (n && (bytes > BATCH_BYTES || subjects > BATCH_SUBJECTS))
			break;
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

/* ---- a document ---- */

/* Those from..to-1 that nothing is known against. */
static void choose(struct import *m, size_t from, size_t to)
{
	m->n_sent = 0;
	for (size_t i = from; i < to; i++)
		if (m->survey.fates[i] != FATE_FAULTY)
			m->sent[m->n_sent++] = i;
}

/* What was refused in company, one by one. False: stop. */
static bool send_again(struct import *m)
{
	m->n_sent = m->n_again;
	memcpy(m->sent, m->again, m->n_again * sizeof *m->sent);
	for (size_t i = 0; i < m->n_sent; i++) {
		uint32_t number = NUMBER_SINGLE + (uint32_t)m->sent[i];
		if (!batch_add(m, (struct batch){i, 1, number, m->head_again}))
			return false;
		m->head_again = false;
	}
	m->n_again = 0;
	return window_send(m);
}

/* Sends what was chosen; the head with the first of a document. False: stop. */
static bool send_chosen(struct import *m)
{
	for (size_t first = 0, n; first < m->n_sent; first += n) {
		bool head = m->batches == 0;
		n = batch_cut(m, first, head);
		if (!batch_add(m, (struct batch){first, n, m->batches++, head}))
			return false;
	}
	return window_send(m) && (m->n_again == 0 || send_again(m));
}

/* A document of one transaction needs no trial before it is sent, and one that was begun under
 * the id that was given needs none any more. False: stop (m->code). */
static bool trial_wanted(struct import *m, bool *wanted)
{
	struct sender_answer answer;
	bool settled = false;
	*wanted = true;
	if (m->proceed || m->survey.n_faults)
		return true;
	choose(m, 0, m->d->doc.n_events);
	size_t n = batch_cut(m, 0, true);
	m->alone = n == m->n_sent;
	if (m->id_given && n)
		m->code = batch_settle(m, &answer, &settled, &(struct batch){0, n, 0, true});
	*wanted = !m->alone && !settled;
	return m->code == CLI_DONE;
}

/* Tries events from `from` on; *to is the first that was not. False: stop (m->code). */
static bool try_some(struct import *m, size_t from, size_t *to)
{
	bool asked;
	m->code = survey_try(&m->survey, m->sender, from, to, &asked, false);
	if (m->code)
		return false;
	if (!asked && !m->survey.n_faults)
		cli_say(m->cli, "%s",
			cli_tr(m->cli, "the node tries nothing now: sent without a trial",
			       "节点目前无法试行：未经试行直接提交"));
	if (!asked || *to <= from)
		*to = m->d->doc.n_events;
	return true;
}

/* The one transaction was refused: which of its events are at fault? */
static void explain(struct import *m)
{
	size_t to;
	bool asked;
	const struct batch b = {0, m->n_sent, 0, true};
	if (m->n_sent > 1)
		m->code = survey_try(&m->survey, m->sender, 0, &to, &asked, false);
	m->alone = false;
	if (m->code || m->survey.n_faults)
		return;
	/* Nothing, one by one. */
	if (!batch_refused(m, &b, &m->refusal))
		no_memory(m);
	else if (m->n_again)
		send_again(m);
}

static void import_events(struct import *m)
{
	Argosy__V1__Document *head = m->d->doc.head;
	size_t total = m->d->doc.n_events, from = 0, to = total;
	bool wanted;
	if (m->survey.whole) /* not even a head could be read */
		return;
	if (head->source_hash.len == 0)
		head->source_hash = (ProtobufCBinaryData){32, m->d->source_hash.b};
	head->events = (uint32_t)total;
	if (!m->id_given)
		randombytes_buf(m->id, 12);
	if (!trial_wanted(m, &wanted))
		return;
	if (total == 0 && batch_add(m, (struct batch){0, 0, 0, true}))
		window_send(m); /* a head alone */
	for (; from < total; from = to) {
		to = total;
		if (wanted && !try_some(m, from, &to))
			return;
		if (m->survey.whole || (m->survey.n_faults && !m->proceed)) {
			m->untried = m->survey.whole ? 0 : total - to;
			return;
		}
		if (from == 0)
			head->events = (uint32_t)(total - survey_count(&m->survey, FATE_FAULTY));
		choose(m, from, to);
		if (!send_chosen(m))
			return;
	}
	if (m->alone && m->refusal.verdict)
		explain(m);
}

/* ---- what was refused ---- */

/* Where it goes. NULL: told (m->code). */
static const char *rejects_path(struct import *m)
{
	const char *path = cli_value(m->cli, "refused");
	enum epcis_format format = EPCIS_JSON;
	struct stat st;
	if (!path && strcmp(m->path, "-") == 0) {
		m->code = cli_fail(m->cli, CLI_USAGE, "%s",
				   cli_tr(m->cli, "--proceed: name the file for what is refused with --refused FILE",
					  "--proceed：请用 --refused FILE 指定存放被拒绝事件的文件"));
		return NULL;
	}
	(void)epcis_format_guess(&format, m->d->text);
	if (!path)
		path = arena_printf(m->d->arena, "%s.refused.%s", m->path,
				    format == EPCIS_XML ? "xml" : "jsonld");
	if (!path) {
		no_memory(m);
	} else if (lstat(path, &st) == 0) {
		m->code = cli_fail(m->cli, CLI_CONFLICT,
				   cli_tr(m->cli,
					  "%s is there already, and nothing was sent: move it away, or name "
					  "another file with --refused",
					  "%s 已存在，未提交任何内容：请移走该文件，或用 --refused 指定其他文件"),
				   path);
		path = NULL;
	}
	return path;
}

/* Never over a file that is there. */
static int write_new(struct cli *cli, const char *path, struct slice content)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	bool good = fd >= 0;
	while (good && content.n) {
		ssize_t n = write(fd, content.p, content.n);
		if (n < 0 && errno == EINTR)
			continue;
		good = n > 0;
		if (good)
			content = slice(content.p + n, content.n - (size_t)n);
	}
	int number = errno;
	if (fd >= 0 && close(fd) != 0)
		good = false;
	return good ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(number));
}

static int rejects_write(struct import *m)
{
	size_t n = m->d->doc.n_events;
	bool *keep = arena_alloc(m->d->arena, n + 1), whole;
	struct buf out = BUF_INIT;
	if (!keep)
		return cli_fault(m->cli, ERR_NOMEM, m->path);
	for (size_t i = 0; i < n; i++)
		keep[i] = m->survey.fates[i] == FATE_FAULTY;
	enum err e = rejects_put(&out, &whole, m->d->text, keep, n);
	int code = e == ERR_OK ? write_new(m->cli, m->rejects, buf_slice(&out))
			       : cli_fault(m->cli, e, m->rejects);
	buf_fini(&out);
	m->written = code == CLI_DONE;
	if (m->written)
		cli_say(m->cli,
			whole ? cli_tr(m->cli,
				       "%s: the whole file; what was recorded will be known when it is imported",
				       "%s：整个文件；再次导入时已记录的事件会被识别")
			      : cli_tr(m->cli, "%s: what was refused; correct it and import it",
				       "%s：被拒绝的事件；更正后可再次导入"),
			m->rejects);
	return code;
}

/* ---- telling ---- */

static void tally_json(struct jsonw *w, const struct tally *t)
{
	jsonw_u64(w, "events", t->events);
	jsonw_u64(w, "recorded", t->recorded);
	jsonw_u64(w, "known", t->known);
	jsonw_u64(w, "refused", t->refused);
	jsonw_u64(w, "held_back", t->held);
}

static void tell(struct import *m)
{
	struct cli *cli = m->cli;
	const struct tally *t = &m->tally;
	bool nothing = (m->survey.n_faults || m->survey.whole) && t->recorded + t->known == 0;
	if (cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = jsonw_of(&out);
		jsonw_object(&w, NULL);
		jsonw_str(&w, "file", m->path);
		if (cli_flag(cli, "dry-run"))
			jsonw_bool(&w, "dry_run", true);
		jsonw_str(&w, "verdict", nothing || document_is_master(m->d) ? "refused" : "read");
		tally_json(&w, t);
		if (m->untried)
			jsonw_u64(&w, "untried", m->untried);
		if (m->written)
			jsonw_str(&w, "rejects", m->rejects);
		assumed_json(&w, m->d);
		jsonw_object_end(&w);
		buf_put_u8(&out, '\n');
		cli_put_buf(&out);
		return;
	}
	if (cli_flag(cli, "dry-run"))
		printf(cli_tr(cli,
			      "%s: would record %" PRIu64 ", %" PRIu64 " known, %" PRIu64
			      " refused, %" PRIu64 " held back; nothing was sent",
			      "%s：将记录 %" PRIu64 "，已知 %" PRIu64 "，拒绝 %" PRIu64 "，搁置 %" PRIu64
			      "；未提交"),
		       cli_plain(cli, m->path), t->recorded, t->known, t->refused, t->held);
	else if (nothing && m->d->e != ERR_OK && !m->proceed)
		printf(cli_tr(cli, "%s: refused, nothing recorded", "%s：拒绝，未作任何记录"),
		       cli_plain(cli, m->path));
	else
		printf(cli_tr(cli, "%s: %" PRIu64 " recorded, %" PRIu64 " known, %" PRIu64 " refused",
			      "%s：已记录 %" PRIu64 "，已知 %" PRIu64 "，拒绝 %" PRIu64),
		       cli_plain(cli, m->path), t->recorded, t->known, t->refused);
	if (t->held && !cli_flag(cli, "dry-run"))
		printf(cli_tr(cli, ", %" PRIu64 " held back (--proceed records them)",
			      "，搁置 %" PRIu64 "（--proceed 可记录它们）"),
		       t->held);
	if (m->untried)
		printf(cli_tr(cli, "; the last %zu were not tried", "；最后 %zu 个未试行"), m->untried);
	printf("\n");
}

static void tell_total(struct cli *cli, const struct tally *t)
{
	if (cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_u64(&w, "files", t->files);
		tally_json(&w, t);
		cli_json_end(&w);
		return;
	}
	printf(cli_tr(cli,
		      "%" PRIu64 " files: %" PRIu64 " recorded, %" PRIu64 " known, %" PRIu64
		      " refused, %" PRIu64 " held back\n",
		      "%" PRIu64 " 个文件：已记录 %" PRIu64 "，已知 %" PRIu64 "，拒绝 %" PRIu64 "，搁置 %" PRIu64
		      "\n"),
	       t->files, t->recorded, t->known, t->refused, t->held);
}

static void tally_add(struct tally *sum, const struct tally *t)
{
	sum->files++;
	sum->events += t->events;
	sum->recorded += t->recorded;
	sum->known += t->known;
	sum->refused += t->refused;
	sum->held += t->held;
}

/* ---- a file ---- */

static void dry_run(struct import *m)
{
	size_t total = m->d->doc.n_events, to = total;
	bool asked;
	if (!m->survey.whole)
		m->code = survey_try(&m->survey, m->sender, 0, &to, &asked, true);
	m->untried = m->survey.whole || m->code ? 0 : total - to;
	m->tally.known = survey_count(&m->survey, FATE_KNOWN);
	if (!m->survey.whole && (m->proceed || !m->survey.n_faults))
		m->tally.recorded = survey_count(&m->survey, FATE_GOOD);
}

static int master_refuse(struct cli *cli, const char *path)
{
	return cli_fail(cli, CLI_FAILED,
			cli_tr(cli,
			       "%s: master data documents are not imported: register products and "
			       "places with \"argosy product register\", \"location register\"",
			       "%s：不导入主数据文件：请用 argosy product register、location "
			       "register 登记产品与地点"),
			path);
}

static void import_document(struct import *m)
{
	struct tally *t = &m->tally;
	size_t total = t->events = m->d->doc.n_events;
	m->sent = arena_alloc(m->d->arena, (total + 1) * sizeof *m->sent);
	m->again = arena_alloc(m->d->arena, (total + 1) * sizeof *m->again);
	if (!m->sent || !m->again || !survey_begin(&m->survey, m->d)) {
		no_memory(m);
		return;
	}
	if (document_is_master(m->d)) {
		m->code = master_refuse(m->cli, m->path);
		if (m->cli->json)
			tell(m);
		return;
	}
	if (cli_flag(m->cli, "dry-run"))
		dry_run(m);
	else if (!m->proceed || (m->rejects = rejects_path(m)))
		import_events(m);
	else
		return;
	if (m->survey.n_faults)
		survey_tell(m->cli, &m->survey, m->path);
	t->refused += m->survey.whole ? total - t->recorded - t->known
				      : survey_count(&m->survey, FATE_FAULTY);
	t->held = total - t->recorded - t->known - t->refused - m->untried;
	if (m->rejects && !m->survey.whole && survey_count(&m->survey, FATE_FAULTY)) {
		int code = rejects_write(m);
		m->code = m->code ? m->code : code;
	}
	if (m->code == CLI_DONE)
		m->code = survey_exit(&m->survey);
	tell(m);
}

/* One file, the sender being ready. */
static int import_file(struct cli *cli, struct sender *s, struct receipts *receipts,
		       const char *path, uint64_t batch, const uint8_t *id, uint32_t number,
		       struct tally *sum)
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
			   .proceed = cli_flag(cli, "proceed"),
			   .many = BUF_INIT};
	if (id)
		id_derive(&m, id, number);
	import_document(&m);
	tally_add(sum, &m.tally);
	code = receipts_keep(receipts);
	if (m.code == CLI_DONE)
		m.code = code;
	buf_fini(&m.many);
	document_free(&d);
	return m.code;
}

static bool options_ok(struct cli *cli, uint64_t *batch)
{
	const char *why = NULL;
	if (!cli_number(cli, "batch", batch, BATCH_DEFAULT, BATCH_MAX))
		return false;
	if (*batch == 0)
		why = cli_tr(cli, "--batch: a transaction has 1 event at least",
			     "--batch：每笔交易至少包含 1 个事件");
	else if (cli_value(cli, "to-file"))
		why = cli_tr(cli, "--to-file is for single acts: an import is sent",
			     "--to-file 仅用于单项操作；导入会直接提交");
	else if (cli_value(cli, "refused") && !cli_flag(cli, "proceed"))
		why = cli_tr(cli, "--refused goes with --proceed", "--refused 须与 --proceed 同用");
	else if (cli_value(cli, "refused") && cli->argc > 1)
		why = cli_tr(cli, "--refused names the file for one FILE: import them one by one",
			     "--refused 只对应一个 FILE：请逐个导入");
	if (why)
		cli_fail(cli, CLI_USAGE, "%s", why);
	return !why;
}

int cmd_import_epcis(struct cli *cli)
{
	struct sender s;
	struct receipts receipts;
	struct tally sum = {0};
	uint8_t id[TX_ID_BYTES];
	bool id_given;
	uint64_t batch;
	int worst = CLI_DONE;
	if (!options_ok(cli, &batch) || !sender_id(cli, id, &id_given))
		return CLI_USAGE;
	int code = sender_begin_for(cli, &s, "agent",
				    cli_flag(cli, "dry-run") ? CLIENT_READ : CLIENT_WRITE);
	if (code)
		return code;
	int begun = worst = receipts_begin(&receipts, &s);
	for (unsigned i = 0; begun == CLI_DONE && i < cli->argc; i++) {
		code = import_file(cli, &s, &receipts, cli->argv[i], batch, id_given ? id : NULL, i,
				   &sum);
		if (worst == CLI_DONE)
			worst = code;
		if (code == CLI_LATER || code == CLI_FOLDER)
			break; /* the node is gone or full: the rest would fare no better */
	}
	receipts_end(&receipts);
	if (cli->argc > 1 && begun == CLI_DONE)
		tell_total(cli, &sum);
	sender_end(&s);
	return worst;
}
