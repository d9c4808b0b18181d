/*
 * cli: what all commands of `argosy` share: the table of commands, parsed
 * arguments, output, exit codes.
 *
 * One table (table.c) gives parsing, --help, completion and the man page.
 * stdout carries data, stderr talk; with --json one object a line on stdout, and on stderr
 * nothing but problems (problem.h), so that both can be read by programs. Everything in `cli->arena` lives until exit.
 */
#ifndef ARGOSY_CMD_CLI_H
#define ARGOSY_CMD_CLI_H

#include "base/bytes.h"
#include "interface/jsonw.h"

#define ARGOSY_VERSION "0.1.0"

/* Exit codes, fixed for scripts. */
enum cli_exit {
	CLI_DONE = 0,
	CLI_FAILED = 1, /* refused or failed */
	CLI_USAGE = 2,
	CLI_NOTFOUND = 3,
	CLI_TAMPERED = 4, /* verification failed */
	CLI_DENIED = 5,	  /* authentication or permission */
	CLI_LATER = 6,	  /* unavailable: may be tried again */
	CLI_CONFLICT = 7,
	CLI_FOLDER = 8, /* data folder locked or corrupt */
};

struct cli_option {
	const char *name;  /* without the dashes */
	const char *value; /* "ID"; NULL: a flag */
	const char *help;
};

struct cli;

struct cli_command {
	const char *noun;
	const char *verb;  /* NULL: the noun alone */
	const char *args;  /* "FILE..."; "" none */
	unsigned min, max; /* how many; max UINT_MAX: any */
	const char *summary, *summary_zh;
	const struct cli_option *options,
		*more_options; /* each ends with a NULL name; NULL: none */
	int (*run)(struct cli *cli);
};

enum { CLI_OPTIONS_MAX = 64 };

struct cli {
	const struct cli_command *command;
	const char **argv; /* positional arguments */
	unsigned argc;
	struct {
		const char *name, *value;
	} options[CLI_OPTIONS_MAX];
	unsigned n_options;
	const char *data_dir;
	const char *lang; /* what --lang says, wherever it stands; NULL: nothing */
	bool json, quiet, verbose, zh, color;
	struct { /* see cli_extra */
		const char *name, *value;
	} extra[2];
	unsigned n_extra;
	struct arena *arena;
	struct err_text err;
};

extern const struct cli_command cli_commands[]; /* ends with a NULL noun */
extern const struct cli_option cli_globals[];

/* Parses and runs. Gives the exit code. */
int cli_main(int argc, char **argv);

/* $ARGOSY_DATA_DIR, $XDG_STATE_HOME/argosy, or ~/.local/state/argosy. NULL: no memory. */
const char *cli_default_dir(struct arena *a);

/* The last value given, or NULL. */
const char *cli_value(const struct cli *cli, const char *name);
bool cli_flag(const struct cli *cli, const char *name);
/* Walks an option that may be given several times: start with *at = 0; NULL at the end. */
const char *cli_next(const struct cli *cli, const char *name, unsigned *at);
/* A whole number in min..max. False: refused with a message; return CLI_USAGE. */
bool cli_number(struct cli *cli, const char *name, uint64_t *out, uint64_t fallback, uint64_t max);

/* A text from outside, as it may stand in a line: see buf_put_plain. What cli_say and cli_fail
 * print is made so by them. */
const char *cli_plain(const struct cli *cli, const char *text);
/* Talk: a line on stderr, not with --quiet or --json. */
void cli_say(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Says why on stderr, with --json as a problem, and gives `code` back. */
int cli_fail(const struct cli *cli, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* The same for a fault; `what` may be NULL. The sentence is cli->err if there is one. */
int cli_fault(struct cli *cli, enum err e, const char *what);
int cli_exit_of(enum err e);
/* English or Chinese by the user's choice. */
const char *cli_tr(const struct cli *cli, const char *en, const char *zh);

/* Reads a file, or stdin for "-", whole. *code is the exit code where it fails (NULL is given). */
struct buf *cli_read(struct cli *cli, const char *path, size_t limit, int *code);
/* Writes a file, or stdout for "-". A file is replaced in one step, the one that a link points to;
 * what is no file (a device, a FIFO) stays, and is written into. */
int cli_write(struct cli *cli, const char *path, struct slice content);
/* Where output for `path` goes: links are followed. *replace: a file may take its place; else it
 * must be opened and written into. NULL: no memory, told. */
const char *cli_target(struct cli *cli, const char *path, bool *replace);
/* Writes to stdout; a reader that has gone is no failure. A fault makes the exit code 1 at the end. */
void cli_put(struct slice s);
void cli_put_buf(struct buf *b); /* and frees it */
/* An answer under --json: members go between. cli_json_end prints a line, and frees. CLI_DONE. */
struct jsonw cli_json(struct buf *out);
int cli_json_end(struct jsonw *w);
/* Adds a member to the JSON answer of the command's act (sender.h); two at most. */
void cli_extra(struct cli *cli, const char *name, const char *value);
/* The answer of a command that has written a file: {"file", "bytes"}; nothing without --json, or
 * where the file is stdout. */
void cli_wrote(const struct cli *cli, const char *path, size_t bytes);
void cli_flush(void);		 /* what was printed so far, so that it keeps its place among the talk */
/* False: bytes for programs would go to a terminal, since no -o was given; told, return CLI_USAGE. */
bool cli_binary_ok(struct cli *cli);

/* ---- help.c ---- */

void help_all(bool zh);			   /* to stdout */
void help_noun(const char *noun, bool zh); /* its commands */
void help_command(const struct cli_command *c, bool zh);
int help_completion(struct cli *cli); /* argosy completion SHELL */
int help_manpage(struct cli *cli);    /* argosy manpage */

#endif
