/*
 * Key files and passphrases, as the commands meet them.
 */
#include "cmd/sender.h"

#include "crypto/keyfile.h"
#include "node/node.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

const char *keys_path(struct cli *cli, const char *name)
{
	if (strchr(name, '/') || access(name, F_OK) == 0)
		return name;
	return arena_printf(cli->arena, "%s/keys/%s%s", cli->data_dir, name,
			    strstr(name, ".key") ? "" : ".key");
}

/* One line from the terminal, unseen. NULL: there is no terminal. */
static const char *line_read(struct cli *cli, const char *prompt)
{
	struct termios old, quiet;
	char line[600];
	FILE *tty = fopen("/dev/tty", "r+");
	if (!tty || tcgetattr(fileno(tty), &old) != 0) {
		if (tty)
			fclose(tty);
		return NULL;
	}
	quiet = old;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fprintf(tty, "%s", prompt);
	fflush(tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &quiet);
	char *got = fgets(line, sizeof line, tty);
	tcsetattr(fileno(tty), TCSAFLUSH, &old);
	fprintf(tty, "\n");
	fclose(tty);
	if (got)
		line[strcspn(line, "\n")] = 0;
	const char *copy = got ? arena_strn(cli->arena, line, strlen(line)) : NULL;
	sodium_memzero(line, sizeof line);
	return copy;
}

const char *keys_passphrase(struct cli *cli, const char *prompt, bool twice)
{
	const char *given = getenv("ARGOSY_PASSPHRASE");
	if (given)
		return given;
	const char *first = line_read(cli, prompt);
	if (!first) {
		cli_fail(cli, CLI_DENIED,
			 "a passphrase is needed: set ARGOSY_PASSPHRASE or use a terminal");
		return NULL;
	}
	if (twice) {
		const char *again = line_read(cli, cli_tr(cli, "Again: ", "再次输入："));
		if (!again || strcmp(first, again) != 0) {
			cli_fail(cli, CLI_DENIED, "the two are not the same");
			return NULL;
		}
	}
	return first;
}

int keys_load(struct cli *cli, struct keyfile *k, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077))
		return cli_fail(cli, CLI_DENIED,
				"%s can be read by others (mode %03o): chmod 600 it", path,
				(unsigned)st.st_mode & 0777);
	enum err e = node_key_load(k, path, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (k->secret_key)
		return CLI_DONE;
	const char *prompt =
		arena_printf(cli->arena, cli_tr(cli, "Passphrase of %s: ", "%s 的口令："),
			     cli_plain(cli, k->name));
	const char *pass = keys_passphrase(cli, prompt ? prompt : "", false);
	e = pass ? keyfile_unlock(k, slice_str(pass), &cli->err) : ERR_DENIED;
	if (e == ERR_OK)
		return CLI_DONE;
	keyfile_fini(k);
	return pass ? cli_fault(cli, e, path) : CLI_DENIED;
}

int keys_public(struct cli *cli, uint8_t out[static 32], const char *name)
{
	struct keyfile k;
	if (hex_decode(out, 32, slice_str(name)))
		return CLI_DONE;
	const char *path = keys_path(cli, name);
	enum err e = path ? node_key_load(&k, path, &cli->err) : ERR_NOMEM;
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	memcpy(out, k.public_key, 32);
	keyfile_fini(&k);
	return CLI_DONE;
}
