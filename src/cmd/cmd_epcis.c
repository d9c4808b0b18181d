/*
 * argosy epcis check: what import would do. argosy epcis hash.
 */
#include "cmd/cmds.h"
#include "cmd/survey.h"

#include "interface/jsonw.h"
#include "node/node.h"

#include <stdio.h>

/* ---- check ---- */

/* What is said of one file. */
struct check {
	struct cli *cli;
	const char *path;
	struct document *d;
	struct survey survey;
	const struct fault *warnings; /* what this chain's data standard would refuse; no node was asked */
	size_t n_warnings;
	size_t known, untried;
	bool asked, good;
};

static void check_json(const struct check *c)
{
	struct buf out = BUF_INIT;
	struct jsonw w = jsonw_of(&out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "file", c->path);
	jsonw_str(&w, "verdict", c->good ? "accepted" : "refused");
	jsonw_u64(&w, "events", c->d->doc.n_events);
	if (document_is_master(c->d))
		jsonw_bool(&w, "master_data", true);
	jsonw_bool(&w, "asked", c->asked);
	if (c->asked) {
		jsonw_u64(&w, "known", c->known);
		jsonw_u64(&w, "refused", survey_count(&c->survey, FATE_FAULTY));
		jsonw_u64(&w, "untried", c->untried);
	}
	faults_json(&w, "issues", "text", c->survey.faults, c->survey.n_faults);
	faults_json(&w, "warnings", "text", c->warnings, c->n_warnings);
	assumed_json(&w, c->d);
	jsonw_object_end(&w);
	buf_put_u8(&out, '\n');
	cli_put_buf(&out);
}

static void check_line(const struct check *c)
{
	struct cli *cli = c->cli;
	size_t n = c->survey.n_faults;
	printf("%s: ", cli_plain(cli, c->path));
	if (c->good) {
		printf(cli_tr(cli, "accepted: %zu events", "接受：%zu 个事件"), c->d->doc.n_events);
		if (document_is_master(c->d))
			printf("%s", cli_tr(cli, ", master data", "，主数据"));
		if (c->known)
			printf(cli_tr(cli, ", %zu known", "，已知 %zu"), c->known);
		if (c->untried)
			printf(cli_tr(cli, ", the last %zu not tried", "，最后 %zu 个未试行"), c->untried);
		if (c->n_warnings)
			printf(cli_tr(cli, ", %zu warnings", "，%zu 个警告"), c->n_warnings);
	} else {
		const char *why = n ? fault_text(cli, &c->survey, &c->survey.faults[0])
				    : err_str(c->d->e);
		printf("%s%s", cli_tr(cli, "refused: ", "拒绝："), why);
		if (n > 1)
			printf(cli_tr(cli, " (and %zu more)", "（另有 %zu 处）"), n - 1);
	}
	printf("\n");
	for (size_t i = 1; i < n; i++)
		cli_say(cli, "  %s", fault_text(cli, &c->survey, &c->survey.faults[i]));
	for (size_t i = 0; i < c->n_warnings; i++)
		cli_say(cli, "  %s: %s", cli_tr(cli, "warning", "警告"),
			fault_text(cli, &c->survey, &c->warnings[i]));
}

/* The data standard's faults are warnings: EPCIS allows more than this chain. */
static bool warn(struct check *c)
{
	struct survey own;
	if (!survey_begin(&own, c->d))
		return false;
	size_t before = own.n_faults;
	if (!survey_standard(&own))
		return false;
	c->warnings = own.faults ? own.faults + before : NULL;
	c->n_warnings = own.n_faults - before;
	return true;
}

/* `sender` NULL: no node is asked. An exit code. */
static int check_file(struct cli *cli, struct sender *sender, const char *path)
{
	struct document d;
	int code = CLI_FAILED;
	if (!document_read(cli, &d, path, &code))
		return code;
	struct check c = {.cli = cli, .path = path, .d = &d};
	code = survey_begin(&c.survey, &d) ? CLI_DONE : cli_fault(cli, ERR_NOMEM, path);
	if (code == CLI_DONE && sender && !c.survey.whole && !document_is_master(&d)) {
		size_t to = 0;
		code = survey_try(&c.survey, sender, 0, &to, &c.asked, true);
		c.known = survey_count(&c.survey, FATE_KNOWN);
		c.untried = c.survey.whole ? 0 : d.doc.n_events - to;
	}
	if (code == CLI_DONE && !c.asked && !warn(&c))
		code = cli_fault(cli, ERR_NOMEM, path);
	if (code == CLI_DONE) {
		c.good = d.e == ERR_OK && c.survey.n_faults == 0;
		survey_sort(&c.survey);
		if (cli->json)
			check_json(&c);
		else
			check_line(&c);
		cli_flush();
		code = c.good ? CLI_DONE : CLI_FAILED;
	}
	document_free(&d);
	return code;
}

int cmd_epcis_check(struct cli *cli)
{
	struct sender s;
	int worst = CLI_DONE;
	bool ask = !cli_flag(cli, "offline") && node_lacks(cli->data_dir) != NODE_LACKS_ALL;
	int code = ask ? sender_begin_for(cli, &s, "agent", CLIENT_READ) : CLI_DONE;
	if (code)
		return code;
	if (!ask)
		cli_say(cli, "%s",
			cli_tr(cli, "no node was asked: whether it would record them is not known",
			       "未询问节点：节点是否会记录尚不可知"));
	for (unsigned i = 0; i < cli->argc; i++) {
		code = check_file(cli, ask ? &s : NULL, cli->argv[i]);
		/* A file that cannot be read has no verdict, which says more than a bad one. */
		if (worst == CLI_DONE || (worst == CLI_FAILED && code != CLI_DONE))
			worst = code;
	}
	if (ask)
		sender_end(&s);
	return worst;
}

/* ---- hash ---- */

static void hash_put(struct cli *cli, const char *path, size_t event, const char *uri,
		     struct buf *prehash)
{
	if (cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_str(&w, "file", path);
		jsonw_u64(&w, "event", event);
		jsonw_str(&w, "hash", uri);
		if (prehash)
			jsonw_text(&w, "prehash", buf_slice(prehash));
		cli_json_end(&w);
		return;
	}
	printf("%s\t%zu\t%s", cli_plain(cli, path), event, uri);
	if (prehash)
		printf("\t%s", cli_plain(cli, buf_cstr(prehash)));
	printf("\n");
}

int cmd_epcis_hash(struct cli *cli)
{
	int worst = CLI_DONE;
	struct arena *scratch = arena_new(0);
	for (unsigned i = 0; i < cli->argc && scratch; i++) {
		struct document r;
		int code = CLI_FAILED;
		const char *path = cli->argv[i];
		if (!document_read(cli, &r, path, &code)) {
			worst = worst == CLI_DONE || worst == CLI_FAILED ? code : worst;
			continue;
		}
		issues_tell(cli, path, &r);
		if (r.e != ERR_OK && worst == CLI_DONE)
			worst = CLI_FAILED;
		for (size_t k = 0; k < r.doc.n_events; k++) {
			struct hash h;
			char uri[EVENT_HASH_URI_MAX];
			struct buf pre = BUF_INIT;
			bool show = cli_flag(cli, "prehash");
			if (!r.doc.events[k])
				continue;
			arena_reset(scratch);
			enum err e = event_hash(&h, show ? &pre : NULL, r.doc.events[k], scratch);
			if (e != ERR_OK) {
				worst = cli_fault(cli, e, path);
				buf_fini(&pre);
				break;
			}
			event_hash_uri(uri, &h);
			hash_put(cli, path, k, uri, show ? &pre : NULL);
			buf_fini(&pre);
		}
		document_free(&r);
	}
	if (!scratch)
		return cli_fault(cli, ERR_NOMEM, NULL);
	arena_free(scratch);
	return worst;
}
