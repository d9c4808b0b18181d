/*
 * problem: a failure under --json: one problem+json object (RFC 9457) in a line on stderr, with the
 * members of the API's problems: type, title, status, detail, code, errors.
 *
 * `code` names the exit code ("usage", "not_found"), or is what the node said: a problem's
 * code or a verdict's name.
 */
#ifndef ARGOSY_CMD_PROBLEM_H
#define ARGOSY_CMD_PROBLEM_H

#include "interface/jsonw.h"

/* Begins one; more members may follow before problem_end, which prints and frees. `title` may be
 * NULL: of the exit code; `code` likewise. `pointer` may be NULL or empty: no entry in errors. */
struct jsonw problem_begin(struct buf *out, int exit_code, bool zh, const char *code,
			   const char *title, const char *detail, const char *pointer);
void problem_end(struct jsonw *w);
/* One without more. */
void problem_print(int exit_code, bool zh, const char *detail);

/* The same for several faults of one file: problem_begin without `errors`. */
struct jsonw problem_begin_list(struct buf *out, int exit_code, bool zh, const char *code,
				const char *detail);

#endif
