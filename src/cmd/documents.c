#include "cmd/documents.h"

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
