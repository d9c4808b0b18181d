/*
 * argosy epcis context add URL FILE, list, remove URL.
 */
#include "cmd/cmds.h"
#include "cmd/contexts.h"

#include "base/io.h"
#include "crypto/sha256.h"
#include "data/codes.h"

#include <stdio.h>
#include <stdlib.h>

/* $XDG_CONFIG_HOME/argosy/contexts; with `make` its folders are made. NULL: told. */
static const char *contexts_dir(struct cli *cli, bool make)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	const char *base = config && config[0] == '/'
				   ? config
				   : arena_printf(cli->arena, "%s/.config", home && *home ? home : ".");
	const char *steps[3] = {base, base ? arena_printf(cli->arena, "%s/argosy", base) : NULL,
				base ? arena_printf(cli->arena, "%s/argosy/contexts", base) : NULL};
	enum err e = steps[1] && steps[2] ? ERR_OK : ERR_NOMEM;
	for (unsigned i = 0; e == ERR_OK && make && i < 3; i++)
		e = io_make_dir(io_posix(), steps[i], &cli->err);
	if (e == ERR_OK)
		return steps[2];
	cli_fault(cli, e, NULL);
	return NULL;
}

static const char *file_of(struct cli *cli, const char *dir, const char *url)
{
	struct hash h;
	char hex[33];
	sha256(&h, slice_str(url));
	hex_encode(hex, h.b, 16);
	hex[32] = 0;
	return arena_printf(cli->arena, "%s/%s.context", dir, hex);
}

/* ---- reading ---- */

struct names {
	struct cli *cli;
	const char *list[EPCIS_CONTEXTS_KNOWN_MAX];
	size_t n;
	bool failed;
};

static bool note_name(void *arg, const char *name)
{
	struct names *names = arg;
	size_t n = strlen(name), tail = strlen(".context");
	if (n <= tail || strcmp(name + n - tail, ".context") != 0 ||
	    names->n == EPCIS_CONTEXTS_KNOWN_MAX)
		return true;
	const char *copy = arena_strn(names->cli->arena, name, n);
	names->failed |= !copy;
	if (copy)
		names->list[names->n++] = copy;
	return copy != NULL;
}

static int by_url(const void *a, const void *b)
{
	return strcmp(((const struct epcis_context *)a)->url, ((const struct epcis_context *)b)->url);
}

/* The address ends with the first line. */
static enum err read_one(struct cli *cli, struct epcis_context *out, const char *path)
{
	struct buf text = BUF_INIT;
	enum err e = io_read_file(io_posix(), path, EPCIS_CONTEXT_BYTES_MAX + 4096, &text, &cli->err);
	const uint8_t *end = e == ERR_OK && text.n ? memchr(text.p, '\n', text.n) : NULL;
	if (e == ERR_OK && !end)
		e = err_set(&cli->err, ERR_CORRUPT, "%s: no context as \"context add\" writes it", path);
	if (e == ERR_OK) {
		size_t line = (size_t)(end - text.p);
		out->url = arena_str(cli->arena, slice(text.p, line));
		const uint8_t *copy = arena_copy(cli->arena, end + 1, text.n - line - 1);
		out->text = slice(copy, text.n - line - 1);
		e = out->url && copy ? ERR_OK : ERR_NOMEM;
	}
	buf_fini(&text);
	return e;
}

static enum err read_all(struct cli *cli, struct epcis_contexts *out)
{
	const char *dir = contexts_dir(cli, false);
	struct names names = {.cli = cli};
	bool there = false;
	if (!dir)
		return ERR_NOMEM;
	TRY(io_exists(io_posix(), dir, &there, &cli->err));
	if (there)
		TRY(io_list(io_posix(), dir, note_name, &names, &cli->err));
	struct epcis_context *list = arena_alloc(cli->arena, (names.n + 1) * sizeof *list);
	if (names.failed || !list)
		return ERR_NOMEM;
	for (size_t i = 0; i < names.n; i++) {
		const char *path = arena_printf(cli->arena, "%s/%s", dir, names.list[i]);
		TRY(path ? read_one(cli, &list[i], path) : ERR_NOMEM);
	}
	qsort(list, names.n, sizeof *list, by_url);
	*out = (struct epcis_contexts){list, names.n};
	return ERR_OK;
}

const struct epcis_contexts *contexts_known(struct cli *cli, int *code)
{
	static struct epcis_contexts known;
	static bool read;
	enum err e = read ? ERR_OK : read_all(cli, &known);
	read = e == ERR_OK;
	if (read)
		return &known;
	*code = cli_fault(cli, e, NULL);
	return NULL;
}

/* ---- the commands ---- */

static int context_add(struct cli *cli, const struct epcis_contexts *known, const char *url,
		       const char *path)
{
	int code = CLI_FAILED;
	struct event_issue issue;
	if (!uri_valid(slice_str(url)) || !strchr(url, ':') || strlen(url) > EVENT_URI_MAX)
		return cli_fail(cli, CLI_USAGE, "\"%s\" is not an address", url);
	struct buf *text = cli_read(cli, path, EPCIS_CONTEXT_BYTES_MAX, &code);
	if (!text)
		return code;
	struct epcis_context *list = arena_alloc(cli->arena, (known->n + 1) * sizeof *list);
	size_t n = 0;
	for (size_t i = 0; list && i < known->n; i++)
		if (strcmp(known->list[i].url, url) != 0)
			list[n++] = known->list[i];
	if (list)
		list[n] = (struct epcis_context){url, buf_slice(text)};
	struct epcis_contexts all = {list, n + 1};
	enum err e = !list                              ? ERR_NOMEM
		     : n == EPCIS_CONTEXTS_KNOWN_MAX    ? ERR_LIMIT
							: epcis_context_check(&issue, &all);
	const char *dir = e == ERR_OK ? contexts_dir(cli, true) : NULL;
	const char *file = dir ? file_of(cli, dir, url) : NULL;
	struct buf content = BUF_INIT;
	if (e == ERR_FORMAT) {
		code = cli_fail(cli, CLI_FAILED, "%s: %s", path, issue.text);
	} else if (e == ERR_LIMIT) {
		code = cli_fail(cli, CLI_FAILED, "%d contexts are registered, which is the most",
				EPCIS_CONTEXTS_KNOWN_MAX);
	} else if (e != ERR_OK || (dir && !file)) {
		code = cli_fault(cli, ERR_NOMEM, NULL);
	} else if (file) {
		buf_printf(&content, "%s\n", url);
		buf_put_slice(&content, buf_slice(text));
		e = buf_err(&content);
		if (e == ERR_OK)
			e = io_write_file_atomic(io_posix(), file, buf_slice(&content), &cli->err);
		code = e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
	}
	if (code == CLI_DONE)
		cli_say(cli, cli_tr(cli, "registered: %s", "已登记：%s"), url);
	buf_fini(&content);
	buf_fini(text);
	return code;
}

static int context_remove(struct cli *cli, const struct epcis_contexts *known, const char *url)
{
	const char *dir = contexts_dir(cli, false), *file = dir ? file_of(cli, dir, url) : NULL;
	size_t i = 0;
	while (i < known->n && strcmp(known->list[i].url, url) != 0)
		i++;
	if (i == known->n)
		return cli_fail(cli, CLI_NOTFOUND, "no context is registered for %s", url);
	enum err e = file ? io_remove(io_posix(), file, &cli->err) : ERR_NOMEM;
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

static int context_list(struct cli *cli, const struct epcis_contexts *known)
{
	for (size_t i = 0; i < known->n; i++) {
		const struct epcis_context *c = &known->list[i];
		struct buf out;
		if (!cli->json) {
			printf("%s\t%zu\n", cli_plain(cli, c->url), c->text.n);
			continue;
		}
		struct jsonw w = cli_json(&out);
		jsonw_str(&w, "url", c->url);
		jsonw_u64(&w, "bytes", c->text.n);
		cli_json_end(&w);
	}
	return CLI_DONE;
}

int cmd_epcis_context(struct cli *cli)
{
	const char *verb = cli->argv[0];
	bool add = strcmp(verb, "add") == 0, drop = strcmp(verb, "remove") == 0,
	     list = strcmp(verb, "list") == 0;
	unsigned due = add ? 3 : drop ? 2 : 1;
	int code = CLI_FAILED;
	if ((!add && !drop && !list) || cli->argc != due)
		return cli_fail(cli, CLI_USAGE, "usage: argosy epcis context add URL FILE, list, or "
						"remove URL");
	const struct epcis_contexts *known = contexts_known(cli, &code);
	if (!known)
		return code;
	return add    ? context_add(cli, known, cli->argv[1], cli->argv[2])
	       : drop ? context_remove(cli, known, cli->argv[1])
		      : context_list(cli, known);
}
