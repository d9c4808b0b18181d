#include "cmd/documents.h"

#include "cmd/contexts.h"
#include "cmd/problem.h"
#include "crypto/sha256.h"

#include <stdio.h>

enum { ISSUES_FIRST = 200, ISSUES_BESIDE = 100 };

/* Reads with room for so many issues; again with more where there were more. */
static enum err read_issues(struct document *d, const struct epcis_contexts *known)
{
	size_t max = ISSUES_FIRST, most = EVENT_DOC_EVENTS_MAX + ISSUES_BESIDE;
	for (;;) {
		d->issues = arena_alloc(d->arena, max * sizeof *d->issues);
		if (!d->issues)
			return ERR_NOMEM;
		enum err e = epcis_read_known(d->arena, &d->doc, d->issues, max, &d->n_issues,
						  d->text, known);
		if (d->n_issues < max || max == most)
			return e;
		max = d->doc.n_events * 4 + ISSUES_BESIDE;
		if (max > most || max <= ISSUES_FIRST)
			max = most;
	}
}

bool document_read(struct cli *cli, struct document *d, const char *path, int *code)
{
	const struct epcis_contexts *known = contexts_known(cli, code);
	*d = (struct document){.arena = known ? arena_new(0) : NULL};
	if (!known)
		return false;
	if (!d->arena) {
		*code = cli_fault(cli, ERR_NOMEM, path);
		return false;
	}
	struct buf *text = cli_read(cli, path, EVENT_DOC_BYTES_MAX, code);
	if (!text) {
		document_free(d);
		return false;
	}
	/* The reader keeps slices of the text: it lives as long as the arena. */
	d->text = slice(arena_copy(d->arena, text->p, text->n), text->n);
	sha256(&d->source_hash, buf_slice(text));
	d->e = d->text.p || !text->n ? read_issues(d, known) : ERR_NOMEM;
	buf_fini(text);
	for (size_t i = 0; i < d->doc.n_warnings && i < EVENT_WARNINGS_MAX; i++)
		cli_say(cli, "%s: %s: %s", path, cli_tr(cli, "warning", "警告"),
			issue_text(d->arena, &d->doc.warnings[i]));
	if (d->doc.n_warnings > EVENT_WARNINGS_MAX)
		cli_say(cli, cli_tr(cli, "%s: and %zu more warnings", "%s：另有 %zu 个警告"), path,
			d->doc.n_warnings - EVENT_WARNINGS_MAX);
	return true;
}

void document_free(struct document *d)
{
	arena_free(d->arena);
	d->arena = NULL;
}

const char *issue_text(struct arena *a, const struct event_issue *i)
{
	char event[40] = "", line[40] = "";
	if (i->event != SIZE_MAX)
		snprintf(event, sizeof event, "event %zu: ", i->event);
	if (i->line)
		snprintf(line, sizeof line, " (line %u)", i->line);
	const char *text = arena_printf(a, "%s%s%s%s%s", event, i->pointer,
					i->pointer[0] ? ": " : "", i->text, line);
	text = text ? arena_plain(a, text) : NULL;
	return text ? text : "?";
}

bool document_is_master(const struct document *d)
{
	return d->e == ERR_OK && d->doc.head && strcmp(d->doc.head->type, EPCIS_MASTER_DATA) == 0;
}

void issues_tell(struct cli *cli, const char *path, const struct document *d)
{
	if (!cli->json || d->n_issues == 0) {
		for (size_t i = 0; i < d->n_issues; i++)
			cli_fail(cli, CLI_FAILED, "%s: %s", path,
				 issue_text(d->arena, &d->issues[i]));
		if (d->n_issues == 0 && d->e != ERR_OK)
			cli_fault(cli, d->e, path);
		return;
	}
	struct buf out = BUF_INIT;
	const char *detail = arena_printf(d->arena, "%s: %s", path, d->issues[0].text);
	struct jsonw w = problem_begin_list(&out, CLI_FAILED, cli->zh, NULL, detail ? detail : path);
	jsonw_str(&w, "file", path);
	jsonw_array(&w, "errors");
	for (size_t i = 0; i < d->n_issues; i++) {
		const struct event_issue *issue = &d->issues[i];
		jsonw_object(&w, NULL);
		jsonw_str(&w, "pointer", issue->pointer);
		jsonw_str(&w, "detail", issue->text);
		if (issue->event != SIZE_MAX)
			jsonw_u64(&w, "event", issue->event);
		if (issue->line)
			jsonw_u64(&w, "line", issue->line);
		jsonw_object_end(&w);
	}
	jsonw_array_end(&w);
	problem_end(&w);
}

void assumed_json(struct jsonw *w, const struct document *d)
{
	const struct event_doc *doc = &d->doc;
	jsonw_array(w, "assumed");
	for (size_t i = 0; i < doc->n_warnings && i < EVENT_WARNINGS_MAX; i++) {
		const struct event_issue *issue = &doc->warnings[i];
		jsonw_object(w, NULL);
		if (issue->event != SIZE_MAX)
			jsonw_u64(w, "event", issue->event);
		jsonw_str(w, "pointer", issue->pointer);
		jsonw_str(w, "text", issue->text);
		if (issue->line)
			jsonw_u64(w, "line", issue->line);
		jsonw_object_end(w);
	}
	jsonw_array_end(w);
	if (doc->n_warnings > EVENT_WARNINGS_MAX)
		jsonw_u64(w, "assumed_total", doc->n_warnings);
}
