#include "cmd/documents.h"

#include "cmd/problem.h"
#include "crypto/sha256.h"

#include <stdio.h>

bool document_read(struct cli *cli, struct document *d, const char *path, int *code)
{
	*d = (struct document){.arena = arena_new(0)};
	if (d->arena)
		d->issues = arena_alloc(d->arena, DOCUMENT_ISSUES_MAX * sizeof *d->issues);
	if (!d->issues) {
		*code = cli_fault(cli, ERR_NOMEM, path);
		document_free(d);
		return false;
	}
	struct buf *text = cli_read(cli, path, EVENT_DOC_BYTES_MAX, code);
	if (!text) {
		document_free(d);
		return false;
	}
	/* The reader keeps slices of the text: it lives as long as the arena. */
	struct slice copy = {arena_copy(d->arena, text->p, text->n), text->n};
	sha256(&d->source_hash, buf_slice(text));
	d->e = copy.p || !text->n ? epcis_read(d->arena, &d->doc, d->issues, DOCUMENT_ISSUES_MAX,
					       &d->n_issues, copy)
				  : ERR_NOMEM;
	if (d->n_issues > DOCUMENT_ISSUES_MAX)
		d->n_issues = DOCUMENT_ISSUES_MAX;
	buf_fini(text);
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
	struct jsonw w = problem_begin_list(&out, CLI_FAILED, cli->zh, detail ? detail : path);
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
