/*
 * argosy epcis check, argosy epcis hash: documents without a chain.
 */
#include "cmd/cmds.h"
#include "cmd/documents.h"

#include "data/standard.h"
#include "interface/jsonw.h"

#include <stdio.h>

/* ---- what this chain's data standard would refuse besides ---- */

struct warnings {
	size_t event;
	size_t n;
	struct event_issue list[20]; /* the first ones */
};

static void check_event(struct warnings *w, const event_t *e)
{
	size_t room = sizeof w->list / sizeof *w->list;
	struct field_issue found;
	if (standard_event_check(e, &found))
		return;
	if (w->n < room) {
		struct event_issue *i = &w->list[w->n];
		*i = (struct event_issue){.event = w->event};
		snprintf(i->pointer, sizeof i->pointer, "%s", found.field);
		snprintf(i->text, sizeof i->text, "%.255s", found.text);
	}
	w->n++;
}

/* ---- check ---- */

static void issues_json(struct jsonw *w, const char *name, const struct event_issue *list, size_t n)
{
	jsonw_array(w, name);
	for (size_t i = 0; i < n; i++) {
		jsonw_object(w, NULL);
		if (list[i].event != SIZE_MAX)
			jsonw_u64(w, "event", list[i].event);
		jsonw_str(w, "pointer", list[i].pointer);
		jsonw_str(w, "text", list[i].text);
		if (list[i].line)
			jsonw_u64(w, "line", list[i].line);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
}

static void verdict_json(const char *path, const struct document *r, const struct warnings *warned)
{
	struct buf out = BUF_INIT;
	struct jsonw w = jsonw_of(&out);
	size_t shown = sizeof warned->list / sizeof *warned->list;
	jsonw_object(&w, NULL);
	jsonw_str(&w, "file", path);
	jsonw_str(&w, "verdict", r->e == ERR_OK ? "accepted" : "refused");
	jsonw_u64(&w, "events", r->doc.n_events);
	if (document_is_master(r))
		jsonw_bool(&w, "master_data", true);
	issues_json(&w, "issues", r->issues, r->n_issues);
	issues_json(&w, "warnings", warned->list, warned->n < shown ? warned->n : shown);
	jsonw_object_end(&w);
	buf_put_u8(&out, '\n');
	cli_put_buf(&out);
}

static void verdict_line(struct cli *cli, const char *path, const struct document *r,
			 const struct warnings *warned)
{
	size_t n = r->n_issues;
	size_t shown = sizeof warned->list / sizeof *warned->list;
	printf("%s: ", cli_plain(cli, path));
	if (r->e == ERR_OK) {
		printf(cli_tr(cli, "accepted: %zu events", "接受：%zu 个事件"), r->doc.n_events);
		if (document_is_master(r))
			printf("%s", cli_tr(cli, ", master data", "，主数据"));
		if (warned->n)
			printf(cli_tr(cli, ", %zu warnings", "，%zu 个警告"), warned->n);
		printf("\n");
	} else {
		const char *why = n ? issue_text(r->arena, &r->issues[0]) : err_str(r->e);
		printf("%s%s", cli_tr(cli, "refused: ", "拒绝："), why);
		if (n > 1)
			printf(cli_tr(cli, " (and %zu more)", "（另有 %zu 处）"), n - 1);
		printf("\n");
	}
	for (size_t i = 1; i < n; i++) {
		const char *why = issue_text(r->arena, &r->issues[i]);
		cli_say(cli, "  %s", why);
	}
	for (size_t i = 0; i < warned->n && i < shown; i++) {
		const char *why = issue_text(r->arena, &warned->list[i]);
		cli_say(cli, "  %s: %s", cli_tr(cli, "warning", "警告"), why);
	}
}

int cmd_epcis_check(struct cli *cli)
{
	int worst = CLI_DONE;
	for (unsigned i = 0; i < cli->argc; i++) {
		struct document r;
		int code = CLI_FAILED;
		if (!document_read(cli, &r, cli->argv[i], &code)) {
			/* A file that cannot be read has no verdict, which says more than a bad one. */
			worst = worst == CLI_DONE || worst == CLI_FAILED ? code : worst;
			continue;
		}
		struct warnings w = {0};
		for (w.event = 0; w.event < r.doc.n_events; w.event++) {
			if (r.doc.events[w.event])
				check_event(&w, r.doc.events[w.event]);
		}
		if (cli->json)
			verdict_json(cli->argv[i], &r, &w);
		else
			verdict_line(cli, cli->argv[i], &r, &w);
		cli_flush();
		if (r.e != ERR_OK && worst == CLI_DONE)
			worst = CLI_FAILED;
		document_free(&r);
	}
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
