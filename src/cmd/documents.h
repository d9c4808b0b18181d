/*
 * documents: EPCIS files as the commands read them.
 */
#ifndef ARGOSY_CMD_DOCUMENTS_H
#define ARGOSY_CMD_DOCUMENTS_H

#include "cmd/cli.h"
#include "data/epcis.h"

/* One document that was read, or refused (`e`). All of it lies in `arena`. */
struct document {
	struct arena *arena;
	struct event_doc doc;
	struct event_issue *issues;
	size_t n_issues; /* all of them */
	enum err e;
	struct slice text; /* of the file */
	struct hash source_hash; /* SHA-256 of the file */
};

/* False: the file could not be read; *code says how, and it was told. */
bool document_read(struct cli *cli, struct document *d, const char *path, int *code);
void document_free(struct document *d);
/* A master data document: good, and without events. */
bool document_is_master(const struct document *d);
/* "event 3: /bizStep: text (line 12)", in the arena; for people (buf_put_plain). */
const char *issue_text(struct arena *a, const struct event_issue *i);

/* Tells all of them on stderr; with --json one problem with an entry for each. */
void issues_tell(struct cli *cli, const char *path, const struct document *d);

struct jsonw;
/* `assumed`: what was read though it was not as the standard has it, as a member of JSON; and
 * `assumed_total`, where these are not all. */
void assumed_json(struct jsonw *w, const struct document *d);

#endif
