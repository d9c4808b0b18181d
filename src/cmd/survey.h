/*
 * survey: which events of a document would be recorded, and what is wrong with the others:
 * by the reader, by the data standard, and by a node, which is asked to try them
 * (POST /v1/trials) one after the other, so that all faults are known before anything is sent.
 */
#ifndef ARGOSY_CMD_SURVEY_H
#define ARGOSY_CMD_SURVEY_H

#include "cmd/documents.h"
#include "cmd/sender.h"

enum fate {
	FATE_OPEN, /* nothing is known against it */
	FATE_GOOD, /* a node would record it */
	FATE_KNOWN,
	FATE_FAULTY,
};

struct fault {
	size_t event;	     /* SIZE_MAX: the document */
	unsigned line;	     /* of the file; 0: unknown */
	const char *pointer; /* of the file where the reader found it, else of the event; or "" */
	const char *text;
	const char *verdict; /* a node's; NULL: the reader's */
};

struct survey {
	struct document *d;
	uint8_t *fates; /* one for each event */
	struct fault *faults;
	size_t n_faults, cap;
	bool whole; /* a fault of the document: no event of it can be taken */
};

/* What the reader says. False: no memory. Everything lies in the document's arena. */
bool survey_begin(struct survey *s, struct document *d);
/* What the data standard says of events that are open; where no node is asked. */
bool survey_standard(struct survey *s);
/* Adds a fault, and marks its event. False: no memory. */
bool survey_fault(struct survey *s, struct fault f);

/*
 * Asks the node of the open events from `from` on, as many as one trial takes; *to is the first that
 * was not tried. *asked false: the node does not try anything now, and nothing was told, with an
 * exit code of CLI_DONE; `must`: then it is told, with its code. Texts live as long as the command.
 */
int survey_try(struct survey *s, struct sender *sender, size_t from, size_t *to, bool *asked,
	       bool must);

/* Faults in the order of the file. */
void survey_sort(struct survey *s);
size_t survey_count(const struct survey *s, enum fate fate);
/* The code of the first fault: of its verdict, else CLI_FAILED; CLI_DONE: there is none. */
int survey_exit(const struct survey *s);
/* "event 3: /bizStep: text (line 12)", in the document's arena, for people. */
const char *fault_text(struct cli *cli, const struct survey *s, const struct fault *f);
/* Tells all of them on stderr, in the order of the file; with --json one problem with an entry
 * for each. */
void survey_tell(struct cli *cli, struct survey *s, const char *path);
/* A list of faults as a member of JSON: pointer, `said`, event, line, code. */
void faults_json(struct jsonw *w, const char *name, const char *said, const struct fault *list, size_t n);

#endif
