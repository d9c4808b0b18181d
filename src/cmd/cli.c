#include "cmd/cli.h"

#include "base/io.h"
#include "cmd/problem.h"
#include "interface/protojson.h"
#include "interface/zh.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- options ---- */

const char *cli_value(const struct cli *cli, const char *name)
{
	for (unsigned i = cli->n_options; i-- > 0;) {
		if (strcmp(cli->options[i].name, name) == 0)
			return cli->options[i].value;
	}
	return NULL;
}

bool cli_flag(const struct cli *cli, const char *name)
{
	for (unsigned i = 0; i < cli->n_options; i++) {
		if (strcmp(cli->options[i].name, name) == 0)
			return true;
	}
	return false;
}

const char *cli_next(const struct cli *cli, const char *name, unsigned *at)
{
	while (*at < cli->n_options) {
		unsigned i = (*at)++;
		if (strcmp(cli->options[i].name, name) == 0)
			return cli->options[i].value;
	}
	return NULL;
}

bool cli_number(struct cli *cli, const char *name, uint64_t *out, uint64_t fallback, uint64_t max)
{
	const char *text = cli_value(cli, name);
	*out = fallback;
	if (!text)
		return true;
	char *end;
	errno = 0;
	unsigned long long v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v > max) {
		cli_fail(cli, CLI_USAGE, "--%s: \"%s\" is not a whole number up to %llu", name,
			 text, (unsigned long long)max);
		return false;
	}
	*out = v;
	return true;
}

static const struct cli_option *option_in(const struct cli_option *o, const char *name, size_t n)
{
	for (; o && o->name; o++) {
		if (strlen(o->name) == n && memcmp(o->name, name, n) == 0)
			return o;
	}
	return NULL;
}

static const struct cli_option *option_find(const struct cli_command *c, const char *name, size_t n)
{
	const struct cli_option *o = option_in(c->options, name, n);
	if (!o)
		o = option_in(c->more_options, name, n);
	return o ? o : option_in(cli_globals, name, n);
}

static const char *option_near(const struct cli_command *c, const char *name, size_t n)
{
	const struct cli_option *const lists[] = {c->options, c->more_options, cli_globals};
	const char *near = NULL;
	unsigned best = 3;
	for (unsigned i = 0; i < 3; i++) {
		for (const struct cli_option *o = lists[i]; o && o->name; o++) {
			unsigned d = near_distance(slice_str(o->name), slice(name, n));
			if (d < best)
				best = d, near = o->name;
		}
	}
	return near;
}

/* ---- output ---- */

const char *cli_tr(const struct cli *cli, const char *en, const char *zh)
{
	return cli->zh ? zh : en;
}

const char *cli_plain(const struct cli *cli, const char *text)
{
	const char *s = cli->arena ? arena_plain(cli->arena, text) : NULL;
	return s ? s : "?";
}

/* One line on stderr, whatever stands in the text. */
static void talk(const char *prefix, const char *text)
{
	struct buf line = BUF_INIT;
	buf_put_plain(&line, slice_str(text));
	fprintf(stderr, "%s%.*s\n", prefix, (int)line.n, line.p ? (const char *)line.p : "");
	buf_fini(&line);
}

void cli_say(const struct cli *cli, const char *fmt, ...)
{
	char text[2400];
	va_list ap;
	if (cli->quiet || cli->json)
		return;
	va_start(ap, fmt);
	text_cut(text, sizeof text, vsnprintf(text, sizeof text, fmt, ap));
	va_end(ap);
	talk("", text);
}

int cli_fail(const struct cli *cli, int code, const char *fmt, ...)
{
	char text[2400], said[2600];
	va_list ap;
	va_start(ap, fmt);
	text_cut(text, sizeof text, vsnprintf(text, sizeof text, fmt, ap));
	va_end(ap);
	const char *words = cli->zh ? zh_of(said, sizeof said, text) : text;
	if (cli->json) {
		problem_print(code, cli->zh, words);
		return code;
	}
	talk("argosy: ", words);
	if (code == CLI_USAGE && cli->command)
		fprintf(stderr, "%s argosy %s%s%s --help\n", cli_tr(cli, "see:", "参见："),
			cli->command->noun, cli->command->verb ? " " : "",
			cli->command->verb ? cli->command->verb : "");
	return code;
}

int cli_exit_of(enum err e)
{
	switch (e) {
	case ERR_OK:
		return CLI_DONE;
	case ERR_USAGE:
		return CLI_USAGE;
	case ERR_NOTFOUND:
		return CLI_NOTFOUND;
	case ERR_VERIFY:
	case ERR_MISMATCH:
		return CLI_TAMPERED;
	case ERR_DENIED:
		return CLI_DENIED;
	case ERR_UNAVAILABLE:
		return CLI_LATER;
	case ERR_CONFLICT:
	case ERR_EXISTS:
		return CLI_CONFLICT;
	case ERR_LOCKED:
	case ERR_CORRUPT:
	case ERR_VERSION:
	case ERR_READONLY:
		return CLI_FOLDER;
	case ERR_NOMEM:
	case ERR_IO:
	case ERR_NOSPACE:
	case ERR_FORMAT:
	case ERR_LIMIT:
	case ERR_RANGE:
	case ERR_REFUSED:
		break;
	}
	return CLI_FAILED;
}

int cli_fault(struct cli *cli, enum err e, const char *what)
{
	const char *text = cli->err.text[0] ? cli->err.text : err_str(e);
	return cli_fail(cli, cli_exit_of(e), "%s%s%s", what ? what : "", what ? ": " : "", text);
}

/* The first fault of writing to stdout; 0: none that is known. */
static int put_errno;

void cli_put(struct slice s)
{
	if (s.n && fwrite(s.p, 1, s.n, stdout) != s.n && !put_errno)
		put_errno = errno;
}

struct jsonw cli_json(struct buf *out)
{
	*out = BUF_INIT;
	struct jsonw w = jsonw_of(out);
	jsonw_object(&w, NULL);
	return w;
}

int cli_json_end(struct jsonw *w)
{
	jsonw_object_end(w);
	buf_put_u8(w->out, '\n');
	cli_put_buf(w->out);
	return CLI_DONE;
}

void cli_extra(struct cli *cli, const char *name, const char *value)
{
	bug_if(cli->n_extra == sizeof cli->extra / sizeof *cli->extra);
	const char *copy = arena_strn(cli->arena, value, strlen(value));
	cli->extra[cli->n_extra].name = name;
	cli->extra[cli->n_extra++].value = copy ? copy : "";
}

void cli_wrote(const struct cli *cli, const char *path, size_t bytes)
{
	struct buf out;
	if (!cli->json || strcmp(path, "-") == 0)
		return;
	struct jsonw w = cli_json(&out);
	jsonw_str(&w, "file", path);
	jsonw_u64(&w, "bytes", bytes);
	cli_json_end(&w);
}

void cli_flush(void)
{
	if (fflush(stdout) != 0 && !put_errno)
		put_errno = errno;
}

/* What was printed has not arrived: that is a failure, unless nobody wanted it any more. */
static int put_end(const struct cli *cli, int code)
{
	cli_flush();
	if (code != CLI_DONE || put_errno == EPIPE || (!put_errno && !ferror(stdout)))
		return code;
	return cli_fail(cli, CLI_FAILED, cli_tr(cli, "cannot write: %s", "无法写出：%s"),
			strerror(put_errno ? put_errno : EIO));
}

bool cli_binary_ok(struct cli *cli)
{
	if (cli_value(cli, "output") || !isatty(STDOUT_FILENO))
		return true;
	cli_fail(cli, CLI_USAGE, "%s",
		 cli_tr(cli, "this is for programs, not for a terminal: name a file with -o FILE",
			"输出为二进制数据，不宜显示在终端：请用 -o FILE 指定文件"));
	return false;
}

void cli_put_buf(struct buf *b)
{
	cli_put(buf_slice(b));
	buf_fini(b);
}

/* ---- files ---- */

static enum err read_stream(struct buf *out, FILE *f, size_t limit, struct err_text *t)
{
	uint8_t part[65536];
	size_t n;
	while ((n = fread(part, 1, sizeof part, f)) > 0) {
		if (out->n + n > limit)
			return err_set(t, ERR_LIMIT, "more than %zu bytes", limit);
		buf_put(out, part, n);
	}
	return ferror(f) ? err_set(t, ERR_IO, "%s", strerror(errno)) : buf_err(out);
}

struct buf *cli_read(struct cli *cli, const char *path, size_t limit, int *code)
{
	struct buf *b = arena_alloc(cli->arena, sizeof *b);
	if (!b) {
		*code = cli_fault(cli, ERR_NOMEM, path);
		return NULL;
	}
	*b = BUF_INIT;
	enum err e = strcmp(path, "-") == 0 ? read_stream(b, stdin, limit, &cli->err)
					    : io_read_file(io_posix(), path, limit, b, &cli->err);
	if (e == ERR_OK)
		return b;
	buf_fini(b);
	*code = cli_fault(cli, e, NULL);
	return NULL;
}

const char *cli_target(struct cli *cli, const char *path, bool *replace)
{
	enum { LINKS_MAX = 40 }; /* as the system's own limit */
	struct stat st;
	for (int i = 0; path && i < LINKS_MAX && lstat(path, &st) == 0 && S_ISLNK(st.st_mode); i++) {
		char to[IO_PATH_MAX];
		ssize_t n = readlink(path, to, sizeof to);
		if (n < 0 || (size_t)n == sizeof to)
			break;
		const char *slash = to[0] == '/' ? NULL : strrchr(path, '/');
		path = arena_printf(cli->arena, "%.*s%.*s", slash ? (int)(slash - path + 1) : 0, path,
				    (int)n, to);
	}
	if (!path)
		cli_fault(cli, ERR_NOMEM, NULL);
	*replace = path && (lstat(path, &st) != 0 || S_ISREG(st.st_mode));
	return path;
}

/* A device, a FIFO: what is written goes through it. */
static int write_into(struct cli *cli, const char *path, struct slice content)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	bool good = fd >= 0;
	while (good && content.n) {
		ssize_t k = write(fd, content.p, content.n);
		if (k < 0 && errno == EINTR)
			continue;
		good = k > 0;
		if (good)
			content = slice(content.p + k, content.n - (size_t)k);
	}
	int number = errno;
	if (fd >= 0 && close(fd) != 0 && good) {
		good = false;
		number = errno;
	}
	return good ? CLI_DONE : cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(number));
}

int cli_write(struct cli *cli, const char *path, struct slice content)
{
	if (strcmp(path, "-") == 0) {
		cli_put(content);
		return CLI_DONE;
	}
	bool replace;
	const char *to = cli_target(cli, path, &replace);
	if (!to)
		return CLI_FAILED;
	if (!replace)
		return write_into(cli, to, content);
	enum err e = io_write_file_atomic(io_posix(), to, content, &cli->err);
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

/* ---- finding the command ---- */

static const struct cli_command *command_find(const char *noun, const char *verb)
{
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (strcmp(c->noun, noun) == 0 &&
		    (verb ? c->verb && strcmp(c->verb, verb) == 0 : !c->verb))
			return c;
	}
	return NULL;
}

static bool noun_known(const char *noun)
{
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		if (strcmp(c->noun, noun) == 0)
			return true;
	}
	return false;
}

static int unknown(struct cli *cli, const char *noun, const char *verb)
{
	const char *near = NULL;
	unsigned best = 3;
	for (const struct cli_command *c = cli_commands; c->noun; c++) {
		const char *word = verb ? c->verb : c->noun;
		if (!word || (verb && strcmp(c->noun, noun) != 0))
			continue;
		unsigned d = near_distance(slice_str(word), slice_str(verb ? verb : noun));
		if (d < best)
			best = d, near = word;
	}
	char hint[200] = "";
	if (near)
		snprintf(hint, sizeof hint,
			 cli_tr(cli, "; did you mean \"%.60s%s%.60s\"?", "；是否要用“%.60s%s%.60s”？"),
			 verb ? noun : "", verb ? " " : "", near);
	cli_fail(cli, CLI_USAGE,
		 cli_tr(cli, "there is no command \"%s%s%s\"%s", "没有命令“%s%s%s”%s"), noun,
		 verb ? " " : "", verb ? verb : "", hint);
	cli_say(cli, "%s", cli_tr(cli, "see: argosy --help", "参见：argosy --help"));
	return CLI_USAGE;
}

/* ---- parsing ---- */

/* Takes "--name value", "--name=value", "-q". *i moves past a value. */
static int option_parse(struct cli *cli, int argc, char **argv, int *i)
{
	static const struct {
		char letter;
		const char *name;
	} letters[] = {{'q', "quiet"}, {'v', "verbose"}, {'h', "help"}, {'o', "output"}};
	const char *arg = argv[*i], *name = arg + 2, *value = NULL;
	if (arg[1] != '-') {
		name = NULL;
		for (size_t k = 0; k < sizeof letters / sizeof *letters; k++) {
			if (arg[1] == letters[k].letter && !arg[2])
				name = letters[k].name;
		}
		if (!name)
			return cli_fail(cli, CLI_USAGE, "there is no option %s", arg);
	}
	const char *equals = strchr(name, '=');
	size_t n = equals ? (size_t)(equals - name) : strlen(name);
	const struct cli_option *o = option_find(cli->command, name, n);
	if (!o) {
		const char *near = option_near(cli->command, name, n);
		return cli_fail(cli, CLI_USAGE,
				near ? "there is no option --%.*s; did you mean --%s?"
				     : "there is no option --%.*s%s",
				(int)n, name, near ? near : "");
	}
	if (equals)
		value = equals + 1;
	else if (o->value && *i + 1 < argc)
		value = argv[++*i];
	if (o->value && !value)
		return cli_fail(cli, CLI_USAGE, "--%s needs %s", o->name, o->value);
	if (!o->value && value)
		return cli_fail(cli, CLI_USAGE, "--%s takes no value", o->name);
	if (cli->n_options == CLI_OPTIONS_MAX)
		return cli_fail(cli, CLI_USAGE, "too many options");
	cli->options[cli->n_options].name = o->name;
	cli->options[cli->n_options++].value = value;
	return CLI_DONE;
}

const char *cli_default_dir(struct arena *a)
{
	const char *dir = getenv("ARGOSY_DATA_DIR"), *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (dir && *dir)
		return dir;
	if (state && state[0] == '/')
		return arena_printf(a, "%s/argosy", state);
	return arena_printf(a, "%s/.local/state/argosy", home && *home ? home : ".");
}

static void environment(struct cli *cli)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
	const char *lang = NULL;
	for (unsigned i = 0; i < 3 && (!lang || !*lang); i++)
		lang = getenv(names[i]);
	if (cli->lang)
		lang = cli->lang;
	cli->zh = lang && (lang[0] | 32) == 'z' && (lang[1] | 32) == 'h';
	const char *no_color = getenv("NO_COLOR");
	cli->color = isatty(STDOUT_FILENO) && !(no_color && *no_color);
	cli->quiet = cli_flag(cli, "quiet");
	cli->verbose = cli_flag(cli, "verbose");
	const char *dir = cli_value(cli, "data-dir");
	if (!dir)
		dir = cli_default_dir(cli->arena);
	cli->data_dir = dir ? dir : ".";
}

/* --lang en, zh, or a locale of these. */
static bool lang_ok(const struct cli *cli)
{
	const char *lang = cli_value(cli, "lang");
	if (!lang || ((strncmp(lang, "en", 2) == 0 || strncmp(lang, "zh", 2) == 0) &&
		      (!lang[2] || strchr("-_.", lang[2]))))
		return true;
	cli_fail(cli, CLI_USAGE, "--lang: \"%s\" is neither en nor zh", lang);
	return false;
}

static int run(struct cli *cli, int argc, char **argv, int first)
{
	const struct cli_command *c = cli->command;
	bool only_args = false;
	for (int i = first; i < argc; i++) {
		if (!only_args && strcmp(argv[i], "--") == 0) {
			only_args = true;
		} else if (!only_args && argv[i][0] == '-' && argv[i][1]) {
			int code = option_parse(cli, argc, argv, &i);
			if (code)
				return code;
		} else {
			cli->argv[cli->argc++] = argv[i];
		}
	}
	environment(cli);
	cli->json = cli_flag(cli, "json");
	if (!lang_ok(cli))
		return CLI_USAGE;
	if (cli_flag(cli, "help")) {
		help_command(c, cli->zh);
		return CLI_DONE;
	}
	if (cli->argc < c->min)
		return cli_fail(cli, CLI_USAGE, cli_tr(cli, "%s is missing", "缺少 %s"), c->args);
	if (cli->argc > c->max)
		return cli_fail(cli, CLI_USAGE, cli_tr(cli, "\"%s\" is too much", "多余的参数“%s”"),
				cli->argv[c->max]);
	return c->run(cli);
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.arena = arena_new(0)};
	int code, first = 1;
	if (cli.arena)
		cli.argv = arena_alloc(cli.arena, (size_t)(argc + 1) * sizeof *cli.argv);
	if (!cli.argv)
		return cli_fail(&cli, CLI_FAILED, "%s", err_str(ERR_NOMEM));
	/* What is wrong with an option is told in the language that a later one asks for. */
	for (int i = 1; i < argc; i++) {
		if (strncmp(argv[i], "--lang=", 7) == 0)
			cli.lang = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0)
			cli.lang = argv[i + 1];
	}
	environment(&cli);
	/* Also what is wrong with the words before and after it is said so. */
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		cli.json = cli.json || strcmp(argv[i], "--json") == 0;
	/* Options of all commands may stand before the noun too. */
	static const struct cli_command none = {.noun = ""};
	cli.command = &none;
	for (; first < argc && argv[first][0] == '-' && argv[first][1]; first++) {
		cli.command = &none;
		code = option_parse(&cli, argc, argv, &first);
		if (code)
			goto out;
	}
	cli.command = NULL;
	environment(&cli);
	code = CLI_USAGE;
	if (!lang_ok(&cli))
		goto out;
	const char *noun = first < argc ? argv[first] : "help";
	const char *verb = first + 1 < argc ? argv[first + 1] : NULL;
	if (strcmp(noun, "help") == 0 || (first >= argc && cli_flag(&cli, "help"))) {
		code = first < argc || cli_flag(&cli, "help") ? CLI_DONE : CLI_USAGE;
		if (code && cli.json)
			cli_fail(&cli, code, "%s", cli_tr(&cli, "no command", "没有命令"));
		else if (verb && noun_known(verb))
			help_noun(verb, cli.zh);
		else
			help_all(cli.zh);
		goto out;
	}
	code = CLI_USAGE;
	cli.command = verb ? command_find(noun, verb) : NULL;
	first += cli.command ? 2 : 1;
	if (!cli.command)
		cli.command = command_find(noun, NULL);
	if (cli.command) {
		code = run(&cli, argc, argv, first);
	} else if (!noun_known(noun)) {
		code = unknown(&cli, noun, NULL);
	} else if (!verb || verb[0] == '-') {
		bool asked = cli_flag(&cli, "help");
		for (int i = first; i < argc; i++)
			asked = asked || strcmp(argv[i], "--help") == 0 ||
				strcmp(argv[i], "-h") == 0;
		code = asked ? CLI_DONE : CLI_USAGE;
		if (code && cli.json)
			cli_fail(&cli, code, cli_tr(&cli, "what of \"%s\"?", "“%s”缺少动词"), noun);
		else
			help_noun(noun, cli.zh);
	} else {
		code = unknown(&cli, noun, verb);
	}
out:
	code = put_end(&cli, code);
	arena_free(cli.arena);
	return code;
}
