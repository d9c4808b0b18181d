/*
 * A node: made, looked at, checked whole, rebuilt.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/sender.h"

#include "base/io.h"
#include "crypto/keyfile.h"
#include "data/codes.h"
#include "data/json.h"
#include "interface/jsonw.h"
#include "interface/zh.h"
#include "ledger/member.h"
#include "node/node.h"
#include "trade/trade.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
	const struct cli *cli = ctx;
	if (!cli->quiet && !cli->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %" PRIu64 "/%" PRIu64 "%s", what, done, of,
			done == of ? "\n" : "");
}

/* Makes the folders above the data folder, as mkdir -p. */
static enum err parents_make(const char *dir, struct err_text *t)
{
	char path[IO_PATH_MAX];
	if (strlen(dir) >= sizeof path)
		return err_set(t, ERR_LIMIT, "the path is too long");
	snprintf(path, sizeof path, "%s", dir);
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(path, 0700) != 0 && errno != EEXIST)
			return err_set(t, ERR_IO, "%s: %s", path, strerror(errno));
		*p = '/';
	}
	return ERR_OK;
}

static int fingerprint_get(struct cli *cli, char out[static 65])
{
	struct client *c;
	struct json_value *v;
	int code = client_open(cli, &c, CLIENT_READ);
	if (code)
		return code;
	code = client_get_json(c, &v, "/v1/status");
	if (code == CLI_DONE)
		snprintf(out, 65, "%s", json_str(cli->arena, v, "genesis"));
	client_close(c);
	return code;
}

int cmd_init(struct cli *cli)
{
	const char *member = cli_value(cli, "member");
	struct node_birth b = {
		.member = member ? member : "operator",
		.name = cli_value(cli, "name"),
		.country = cli_value(cli, "country"),
		.chain_id = cli_value(cli, "chain-id"),
		.next_key_file = cli_value(cli, "next-key"),
	};
	char fingerprint[65];
	if (!cli_number(cli, "quota", &b.quota, 0, INT64_MAX))
		return CLI_USAGE;
	if (!member_id_valid(slice_str(b.member)))
		return cli_fail(cli, CLI_USAGE,
				"a member's id is 2 to 32 of a-z 0-9 - . and begins with a letter "
				"or digit");
	if (!b.name)
		b.name = b.member;
	if (!b.country)
		b.country = "CN";
	if (!code_country(slice_str(b.country)))
		return cli_fail(cli, CLI_USAGE, "--country \"%s\" is not one of ISO 3166-1 (\"CN\")",
				b.country);
	/* A person's key is encrypted unless the operator says that it is not to be. */
	if (!cli_flag(cli, "no-passphrase")) {
		b.passphrase = keys_passphrase(cli,
					       cli_tr(cli, "New passphrase of the operator's key: ",
						      "运营者密钥的新口令："),
					       true);
		if (!b.passphrase)
			return CLI_DENIED;
		if (strlen(b.passphrase) < KEYFILE_PASSPHRASE_MIN)
			return cli_fail(cli, CLI_USAGE, "a passphrase has at least %d bytes",
					KEYFILE_PASSPHRASE_MIN);
	}
	enum err e = parents_make(cli->data_dir, &cli->err);
	if (e == ERR_OK)
		e = node_create(cli->data_dir, &b, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, cli->err.text[0] ? NULL : cli->data_dir);
	int code = fingerprint_get(cli, fingerprint);
	if (code)
		return code;
	if (cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = jsonw_of(&out);
		jsonw_object(&w, NULL);
		jsonw_str(&w, "folder", cli->data_dir);
		jsonw_str(&w, "member", b.member);
		jsonw_str(&w, "genesis", fingerprint);
		jsonw_object_end(&w);
		buf_put_u8(&out, '\n');
		cli_put_buf(&out);
		return CLI_DONE;
	}
	if (cli->quiet) {
		printf("%s\n", fingerprint);
		return CLI_DONE;
	}
	printf(cli_tr(cli,
		      "made a node in %s\nmember %s, genesis %s\n"
		      "Give the fingerprint to everybody who is to check your proofs.\n"
		      "Take the next validator key off this machine and keep it safe: %s%s\n",
		      "已在 %s 创建节点\n成员 %s，创世指纹 %s\n"
		      "请把指纹交给需要验证您的证明的各方。\n"
		      "请把下一个验证者密钥移到离线处妥善保管：%s%s\n"),
	       cli->data_dir, b.member, fingerprint,
	       b.next_key_file && !strchr(b.next_key_file, '/') ? "keys/" : "",
	       b.next_key_file ? b.next_key_file : "keys/next-validator.key");
	return CLI_DONE;
}

int cmd_genesis_fingerprint(struct cli *cli)
{
	char fingerprint[65];
	int code = fingerprint_get(cli, fingerprint);
	if (code == CLI_DONE && cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_str(&w, "genesis", fingerprint);
		return cli_json_end(&w);
	}
	if (code == CLI_DONE)
		printf("%s\n", fingerprint);
	return code;
}

int cmd_status(struct cli *cli)
{
	struct client *c;
	struct buf body;
	struct json_value *v;
	struct arena *a = cli->arena;
	int code = client_open(cli, &c, CLIENT_READ);
	if (code)
		return code;
	bool daemon = client_is_daemon(c);
	code = cli->json ? client_get(c, &body, "/v1/status")
			 : client_get_json(c, &v, "/v1/status");
	client_close(c);
	if (code)
		return code;
	if (cli->json) {
		cli_put_buf(&body);
		return CLI_DONE;
	}
	const char *why = json_str(a, v, "why");
	char said[700];
	if (cli->zh)
		why = zh_of(said, sizeof said, why);
	printf("%-12s %s\n", cli_tr(cli, "chain", "链"), json_str(a, v, "chain_id"));
	printf("%-12s %s\n", cli_tr(cli, "genesis", "创世指纹"), json_str(a, v, "genesis"));
	printf("%-12s %s\n", cli_tr(cli, "folder", "目录"), json_str(a, v, "folder"));
	printf("%-12s %s\n", cli_tr(cli, "served by", "服务"),
	       daemon ? "argosyd"
		      : cli_tr(cli, "nobody (opened by this command)", "无（由本命令打开）"));
	printf("%-12s %lld, %s\n", cli_tr(cli, "height", "高度"), (long long)json_i64(v, "height"),
	       json_str(a, v, "time"));
	printf("%-12s %llu\n", cli_tr(cli, "records", "记录"),
	       (unsigned long long)json_u64(v, "records"));
	if (json_true(v, "stopped"))
		printf("%-12s %s\n", cli_tr(cli, "STOPPED", "已停止"), why);
	else if (json_true(v, "read_only"))
		printf("%-12s %s\n", cli_tr(cli, "read-only", "只读"), why);
	if (json_true(v, "clock_held"))
		printf("%-12s %s\n", cli_tr(cli, "CLOCK", "时钟"),
		       cli_tr(cli, "jumped ahead: check it, then \"argosy clock confirm\"",
			      "时钟跳变：请核对后运行 argosy clock confirm"));
	return CLI_DONE;
}

int cmd_clock_confirm(struct cli *cli)
{
	struct client *c;
	struct api_response r;
	int code = client_open(cli, &c, CLIENT_WRITE);
	if (code == CLI_DONE)
		code = client_call(c, &r, "POST", "/v1/clock/confirm", NULL, slice("", 0));
	if (code == CLI_DONE) {
		if (r.status >= 400)
			code = client_problem(c, &r);
		else if (cli->json)
			cli_put(buf_slice(&r.body));
		buf_fini(&r.body);
	}
	client_close(c);
	return code;
}

static int reindexed_json(struct cli *cli, bool dry_run, int64_t height)
{
	struct buf out;
	struct jsonw w = cli_json(&out);
	jsonw_bool(&w, "dry_run", dry_run);
	jsonw_str(&w, "folder", cli->data_dir);
	if (!dry_run)
		jsonw_i64(&w, "height", height);
	return cli_json_end(&w);
}

int cmd_reindex(struct cli *cli)
{
	struct io_file *lock = NULL;
	struct ledger *l = NULL;
	struct ledger_head head;
	char path[IO_PATH_MAX];
	struct ledger_options o = {
		.app = &trade_app, .rebuild = true, .progress = on_progress, .progress_ctx = cli};
	if (cli_flag(cli, "dry-run")) {
		if (cli->json)
			return reindexed_json(cli, true, 0);
		cli_say(cli,
			cli_tr(cli, "would throw %s/state away and make it anew from the journal",
			       "将删除 %s/state 并由日志重建；未执行"),
			cli->data_dir);
		return CLI_DONE;
	}
	enum err e = node_there(cli->data_dir, &cli->err);
	if (e != ERR_OK)
		return client_folder_fault(cli, e, node_lacks(cli->data_dir));
	e = io_join(path, cli->data_dir, "LOCK", &cli->err);
	if (e == ERR_OK)
		e = io_open(io_posix(), &lock, path, IO_CREATE, &cli->err);
	if (e == ERR_OK)
		e = io_lock(lock, &cli->err);
	if (e == ERR_OK)
		e = ledger_open(&l, cli->data_dir, &o, &cli->err);
	if (e == ERR_OK) {
		e = ledger_flush(l, &cli->err);
		ledger_head(l, &head);
		ledger_close(l);
	}
	io_close(lock);
	if (e == ERR_LOCKED)
		return cli_fail(cli, CLI_FOLDER,
				"%s is in use by another process: stop argosyd first",
				cli->data_dir);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (cli->json)
		return reindexed_json(cli, false, head.height);
	printf(cli_tr(cli, "rebuilt up to block %lld\n", "已重建至区块 %lld\n"),
	       (long long)head.height);
	return CLI_DONE;
}
