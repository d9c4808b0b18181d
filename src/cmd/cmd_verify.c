/*
 * argosy verify: the whole folder; argosy backup verify: the same of a copy.
 */
#include "cmd/cmds.h"

#include "interface/jsonw.h"
#include "interface/zh.h"
#include "node/node.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* What a kind of finding is called, what it means for the exit code, what to do. */
static const struct kind {
	const char *name;
	int code;
	const char *en, *zh, *do_en, *do_zh;
} kinds[] = {
	[NODE_FAULT_JOURNAL] = {"journal", CLI_TAMPERED, "damaged", "已损坏", "", ""},
	[NODE_FAULT_CUT] = {"cut", CLI_TAMPERED, "not the whole journal", "日志不完整", "", ""},
	[NODE_FAULT_GENESIS] = {"genesis", CLI_TAMPERED, "another chain", "另一条链", "", ""},
	[NODE_FAULT_ATTACHMENT] = {"attachment", CLI_TAMPERED, "altered", "附件已被改动", "", ""},
	[NODE_FAULT_STATE] = {"state", CLI_FOLDER, "damaged", "派生数据已损坏",
			      "; stop argosyd and run \"argosy reindex\"",
			      "；请停止 argosyd 后运行 argosy reindex"},
	[NODE_FAULT_FOLDER] = {"folder", CLI_FOLDER, "the folder", "目录", "", ""},
};

struct talk {
	struct cli *cli;
	int code; /* the gravest */
	bool told; /* a progress line stands in the terminal */
	struct buf findings, withheld; /* JSON values, with a comma before each but the first */
	const char *first;
};

static void line_end(struct talk *k)
{
	if (k->told)
		fputc('\n', stderr);
	k->told = false;
}

static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
	struct talk *k = ctx;
	if (k->cli->quiet || k->cli->json || !isatty(STDERR_FILENO))
		return;
	k->told = true;
	fprintf(stderr, "\r%s %" PRIu64, what, done);
	if (of)
		fprintf(stderr, "/%" PRIu64, of);
	fputs("\033[K", stderr);
	if (of && done == of)
		line_end(k);
}

static void on_found(void *ctx, enum node_fault fault, const char *text)
{
	struct talk *k = ctx;
	const struct kind *kind = &kinds[fault];
	/* What was tampered with is graver than what a reindex mends. */
	if (k->code != CLI_TAMPERED)
		k->code = kind->code;
	line_end(k);
	const char *todo = cli_tr(k->cli, kind->do_en, kind->do_zh);
	char said[700];
	cli_fail(k->cli, kind->code, "%s: %s%s", cli_tr(k->cli, kind->en, kind->zh),
		 k->cli->zh ? zh_of(said, sizeof said, text) : text, todo);
	if (!k->first)
		k->first = arena_printf(k->cli->arena, "%s%s", text, kind->do_en);
	struct buf one = BUF_INIT;
	struct jsonw w = jsonw_of(&one);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "what", kind->name);
	jsonw_str(&w, "text", text);
	jsonw_bool(&w, "reindex_mends", fault == NODE_FAULT_STATE);
	jsonw_object_end(&w);
	if (k->findings.n)
		buf_put_u8(&k->findings, ',');
	buf_put_slice(&k->findings, buf_slice(&one));
	buf_fini(&one);
}

static void on_withheld(void *ctx, const char *hash)
{
	struct talk *k = ctx;
	if (!k->cli->json) {
		line_end(k);
		cli_say(k->cli, cli_tr(k->cli, "withheld: attachments/%s", "未持有：attachments/%s"), hash);
	}
	buf_printf(&k->withheld, "%s\"%s\"", k->withheld.n ? "," : "", hash);
}

static void list_put(struct jsonw *w, const char *name, const struct buf *items)
{
	struct buf all = BUF_INIT;
	buf_put_u8(&all, '[');
	buf_put_slice(&all, buf_slice(items));
	buf_put_u8(&all, ']');
	w->out->failed = w->out->failed || all.failed;
	jsonw_raw(w, name, buf_slice(&all));
	buf_fini(&all);
}

static void json_put(struct talk *k, const struct node_check *c)
{
	const struct ledger_audit *a = &c->chain;
	struct buf out = BUF_INIT;
	struct jsonw w = jsonw_of(&out);
	jsonw_object(&w, NULL);
	jsonw_bool(&w, "good", c->findings == 0);
	jsonw_i64(&w, "height", a->height);
	jsonw_u64(&w, "blocks", a->blocks);
	jsonw_u64(&w, "transactions", a->transactions);
	jsonw_u64(&w, "records", a->records);
	jsonw_u64(&w, "torn_bytes", a->torn_bytes);
	jsonw_u64(&w, "attachments", c->attachments);
	list_put(&w, "withheld", &k->withheld);
	list_put(&w, "findings", &k->findings);
	if (a->bad_height)
		jsonw_i64(&w, "bad_height", a->bad_height);
	if (k->first)
		jsonw_str(&w, "why", k->first);
	else
		jsonw_hash(&w, "app_hash", &a->app_hash);
	jsonw_object_end(&w);
	buf_put_u8(&out, '\n');
	cli_put_buf(&out);
}

static int check(struct cli *cli, const char *dir)
{
	struct talk k = {.cli = cli, .findings = BUF_INIT, .withheld = BUF_INIT};
	struct node_check c = {.found = on_found, .withheld = on_withheld, .ctx = &k};
	struct node_options o = {.progress = on_progress, .progress_ctx = &k};
	enum err e = node_check(&c, dir, &o, &cli->err);
	const struct ledger_audit *a = &c.chain;
	line_end(&k);
	if (e != ERR_OK)
		k.code = cli_fault(cli, e, cli->err.text[0] ? NULL : dir);
	else if (cli->json)
		json_put(&k, &c);
	else if (c.findings == 0)
		printf(cli_tr(cli,
			      "good: %" PRIu64 " blocks up to height %lld, %" PRIu64
			      " transactions, %" PRIu64 " records\n",
			      "完好：%" PRIu64 " 个区块，高度 %lld，%" PRIu64 " 笔交易，%" PRIu64
			      " 条记录\n"),
		       a->blocks, (long long)a->height, a->transactions, a->records);
	buf_fini(&k.findings);
	buf_fini(&k.withheld);
	return k.code;
}

int cmd_verify(struct cli *cli)
{
	return check(cli, cli->data_dir);
}

int cmd_backup_verify(struct cli *cli)
{
	return check(cli, cli->argv[0]);
}
