/*
 * Backup, restore, resume.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"

#include "base/io.h"
#include "interface/jsonw.h"
#include "node/node.h"
#include "verify/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The daemon has another working folder. NULL: told. */
static const char *absolute(struct cli *cli, const char *path)
{
	char here[IO_PATH_MAX];
	if (path[0] == '/')
		return path;
	if (!getcwd(here, sizeof here)) {
		cli_fail(cli, CLI_FAILED, "%s", strerror(errno));
		return NULL;
	}
	return arena_printf(cli->arena, "%s/%s", here, path);
}

int cmd_backup_create(struct cli *cli)
{
	struct client *c;
	struct api_response r;
	struct buf body = BUF_INIT;
	const char *to = absolute(cli, cli->argv[0]);
	if (!to)
		return CLI_FAILED;
	struct jsonw w = jsonw_of(&body);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "to", to);
	jsonw_object_end(&w);
	int code = client_open(cli, &c, CLIENT_READ);
	if (code == CLI_DONE)
		code = client_call(c, &r, "POST", "/v1/backup", "application/json",
				   buf_slice(&body));
	buf_fini(&body);
	if (code == CLI_DONE) {
		if (r.status >= 400)
			code = client_problem(c, &r);
		else if (cli->json)
			cli_put(buf_slice(&r.body));
		else
			printf(cli_tr(cli, "copied to %s\n", "已备份到 %s\n"), to);
		buf_fini(&r.body);
	}
	client_close(c);
	return code;
}

static int restored_json(struct cli *cli, bool dry_run)
{
	struct buf out;
	struct jsonw w = cli_json(&out);
	jsonw_bool(&w, "dry_run", dry_run);
	jsonw_str(&w, "from", cli->argv[0]);
	jsonw_str(&w, "folder", cli->data_dir);
	return cli_json_end(&w);
}

int cmd_restore(struct cli *cli)
{
	if (cli_flag(cli, "dry-run")) {
		if (cli->json)
			return restored_json(cli, true);
		cli_say(cli,
			cli_tr(cli, "would restore %s into %s", "将把 %s 恢复到 %s；未执行"),
			cli->argv[0], cli->data_dir);
		return CLI_DONE;
	}
	enum err e = node_restore(cli->argv[0], cli->data_dir, &cli->err);
	if (e == ERR_CORRUPT || e == ERR_VERIFY || e == ERR_MISMATCH)
		return cli_fail(cli, CLI_TAMPERED, "%s: %s", cli->argv[0], cli->err.text);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (cli->json)
		return restored_json(cli, false);
	printf(cli_tr(cli, "restored into %s, read-only until \"argosy resume\"\n",
		      "已恢复到 %s，运行 argosy resume 之前只读\n"),
	       cli->data_dir);
	return CLI_DONE;
}

/* "H:HASH", or a head file or bundle of this chain. */
static int last_head(struct cli *cli, const char *given, struct node_known_head *head)
{
	char *end;
	errno = 0;
	long long h = strtoll(given, &end, 10);
	if (*end == ':' && errno == 0 && h > 0 &&
	    hex_decode(head->hash.b, 32, slice_str(end + 1))) {
		head->height = h;
		return CLI_DONE;
	}
	int code = CLI_FAILED;
	struct buf *file = cli_read(cli, given, VERIFY_BYTES_MAX, &code);
	if (!file)
		return code;
	struct verify_options o = {0};
	struct verify_result *r = verify_bundle(file->p, file->n, &o);
	buf_fini(file);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason != VERIFY_OK)
		code = cli_fail(
			cli, CLI_TAMPERED, "%s: %s: %s", given,
			cli_tr(cli, verify_reason_en(r->reason), verify_reason_zh(r->reason)),
			r->detail);
	else
		code = CLI_DONE;
	head->height = r->height;
	head->verified = true;
	memcpy(head->hash.b, r->header_hash, 32);
	memcpy(head->chain.b, r->fingerprint, 32);
	verify_free(r);
	return code;
}

int cmd_resume(struct cli *cli)
{
	struct node_known_head head = {0};
	const char *given = cli_value(cli, "last-head");
	if (given) {
		int code = last_head(cli, given, &head);
		if (code)
			return code;
	} else if (!cli_flag(cli, "none-known")) {
		return cli_fail(cli, CLI_USAGE,
				"name the newest head known from anywhere with --last-head "
				"HEIGHT:HASH or a head file, or say --none-known");
	}
	enum err e = node_resume(cli->data_dir, given ? &head : NULL, &cli->err);
	if (e != ERR_OK)
		return client_folder_fault(cli, e, node_lacks(cli->data_dir));
	if (cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_bool(&w, "resumed", true);
		jsonw_str(&w, "folder", cli->data_dir);
		return cli_json_end(&w);
	}
	printf("%s\n", cli_tr(cli, "resumed in a new epoch", "已在新的纪元恢复运行"));
	return CLI_DONE;
}
