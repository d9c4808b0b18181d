/*
 * What is registered: products, places, lots, ranges of identifiers; credentials and grants, and
 * whether they hold at the time of the newest block.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/text.h"

#include "data/json.h"
#include "ledger/member.h"

#include <stdio.h>

enum { LABEL_WIDTH = 20 };

/* ---- the node's answer ---- */

static const char *str(struct cli *cli, const struct json_value *v, const char *name)
{
	return json_str(cli->arena, v, name);
}

/* "2026-01-02T03:04:05.678Z" -> "2026-01-02 03:04 UTC" */
static const char *when(struct cli *cli, const struct json_value *v, const char *name)
{
	const char *iso = str(cli, v, name);
	const char *out = strlen(iso) < 16 ? iso : arena_printf(cli->arena, "%.10s %.5s UTC", iso, iso + 11);
	return out ? out : "";
}

/* ---- what was signed, line by line ---- */

static void scalar_put(const struct json_value *v)
{
	struct buf plain = BUF_INIT;
	buf_put_plain(&plain, v->text);
	cli_put_buf(&plain);
}

static void value_put(const struct json_value *v)
{
	const char *between = v->kind == JSON_ARRAY ? ", " : " ";
	if (v->kind != JSON_ARRAY && v->kind != JSON_OBJECT) {
		scalar_put(v);
		return;
	}
	for (const struct json_value *m = v->first; m; m = m->next) {
		value_put(m);
		if (m->next)
			printf("%s", between);
	}
}

static void line_put(const char *label, const char *text)
{
	text_put(label, LABEL_WIDTH);
	printf("%s\n", text);
}

/* All of it but the id; names as they stand in the files that register it. */
static void data_put(const struct json_value *data)
{
	for (const struct json_value *m = data ? data->first : NULL; m; m = m->next) {
		char name[LABEL_WIDTH * 2];
		if (slice_eq_str(m->name, "id"))
			continue;
		snprintf(name, sizeof name, "%.*s", (int)m->name.n, (const char *)m->name.p);
		text_put(name, LABEL_WIDTH);
		value_put(m);
		printf("\n");
	}
}

/* ---- products, places, lots ---- */

/* When, by whom, and where it stands. */
static void recorded_put(struct cli *cli, const struct json_value *v, const char *by)
{
	text_put(cli_tr(cli, "recorded", "登记时间"), LABEL_WIDTH);
	printf(cli_tr(cli, "%s by %s, block %llu, record %llu\n", "%s，由 %s 登记，区块 %llu，记录 %llu\n"),
	       when(cli, v, "recorded"), str(cli, v, by), (unsigned long long)json_u64(v, "height"),
	       (unsigned long long)json_u64(v, "index"));
}

static int master_show(struct cli *cli, const char *route, const char *id, const char *name)
{
	const struct json_value *v;
	int code = client_ask(cli, client_target(cli, route, id, ""), &v);
	if (code || !v)
		return code;
	printf("%s\n", str(cli, v, "id"));
	line_put(cli_tr(cli, "owner", "所有者"), str(cli, v, "owner"));
	text_put(cli_tr(cli, "recorded", "登记时间"), LABEL_WIDTH);
	printf(cli_tr(cli, "%s, block %llu, record %llu\n", "%s，区块 %llu，记录 %llu\n"),
	       when(cli, v, "recorded"), (unsigned long long)json_u64(v, "height"),
	       (unsigned long long)json_u64(v, "index"));
	data_put(json_get(v, name));
	return CLI_DONE;
}

int cmd_product_show(struct cli *cli)
{
	return master_show(cli, "/v1/products/", cli->argv[0], "product");
}

int cmd_location_show(struct cli *cli)
{
	return master_show(cli, "/v1/locations/", cli->argv[0], "location");
}

/* Who else defined it, and where. */
static void others_put(struct cli *cli, const struct json_value *v)
{
	const struct json_value *list = json_get(v, "others");
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		text_put(cli_tr(cli, "also defined", "另有定义"), LABEL_WIDTH);
		printf(cli_tr(cli, "%s by %s, block %llu, record %llu\n", "%s，由 %s 登记，区块 %llu，记录 %llu\n"),
		       when(cli, m, "recorded"), str(cli, m, "defined_by"),
		       (unsigned long long)json_u64(m, "height"),
		       (unsigned long long)json_u64(m, "index"));
	}
}

int cmd_lot_show(struct cli *cli)
{
	const struct json_value *v;
	int code = client_ask(cli, client_target(cli, "/v1/lots/", cli->argv[0], ""), &v);
	if (code || !v)
		return code;
	printf("%s\n", str(cli, v, "id"));
	line_put(cli_tr(cli, "owner", "所有者"), str(cli, v, "owner"));
	recorded_put(cli, v, "defined_by");
	data_put(json_get(v, "lot"));
	others_put(cli, v);
	return CLI_DONE;
}

/* ---- credentials ---- */

static void credential_standing_put(struct cli *cli, const struct json_value *v)
{
	const char *standing = str(cli, v, "standing"), *to = str(cli, v, "valid_to");
	if (strcmp(standing, "revoked") == 0)
		printf(cli_tr(cli, "revoked at %s", "已于 %s 撤销"), when(cli, v, "revoked"));
	else if (strcmp(standing, "expired") == 0)
		printf(cli_tr(cli, "expired since the end of %s", "已过期（%s 当日终了起）"), to);
	else if (strcmp(standing, "early") == 0)
		printf(cli_tr(cli, "not valid before %s", "尚未生效，自 %s 起有效"),
		       str(cli, v, "valid_from"));
	else if (*to)
		printf(cli_tr(cli, "valid until %s", "有效至 %s"), to);
	else
		printf("%s", cli_tr(cli, "valid until revoked", "有效，直至撤销"));
}

/* One issuer's. */
static void credential_put(struct cli *cli, const struct json_value *v)
{
	line_put(cli_tr(cli, "member", "成员"), str(cli, v, "member"));
	text_put(cli_tr(cli, "standing", "状态"), LABEL_WIDTH);
	credential_standing_put(cli, v);
	printf(cli_tr(cli, " (at %s)\n", "（截至 %s）\n"), when(cli, v, "standing_at"));
	recorded_put(cli, v, "recorded_by");
	data_put(json_get(v, "credential"));
}

int cmd_credential_show(struct cli *cli)
{
	const struct json_value *v;
	int code = client_ask(cli, client_target(cli, "/v1/credentials/", cli->argv[0], ""), &v);
	if (code || !v)
		return code;
	const struct json_value *list = json_get(v, "credentials");
	printf("%s\n", str(cli, v, "id"));
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		credential_put(cli, m);
		if (m->next)
			printf("\n");
	}
	return CLI_DONE;
}

int cmd_credential_list(struct cli *cli)
{
	const struct json_value *v;
	if (!member_id_valid(slice_str(cli->argv[0])))
		return cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "\"%s\" is not a member's id", "“%s”不是成员编号"),
				cli->argv[0]);
	int code = client_ask(cli, client_target(cli, "/v1/credentials?member=", cli->argv[0], ""), &v);
	const struct json_value *list = code == CLI_DONE && v ? json_get(v, "credentials") : NULL;
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		text_put(str(cli, m, "kind"), LABEL_WIDTH);
		credential_standing_put(cli, m);
		printf(cli_tr(cli, "  %s, recorded by %s\n", "  %s，由 %s 登记\n"), str(cli, m, "id"),
		       str(cli, m, "recorded_by"));
	}
	return code;
}

/* ---- grants ---- */

static void grant_put(struct cli *cli, const struct json_value *g)
{
	char word[128];
	const char *standing = str(cli, g, "standing"), *step = str(cli, g, "step");
	text_put(str(cli, g, "member"), LABEL_WIDTH);
	text_put(*step ? text_word(word, step, cli->zh) : cli_tr(cli, "any step", "任何步骤"), LABEL_WIDTH);
	if (strcmp(standing, "expired") == 0)
		printf(cli_tr(cli, "expired since %s", "已于 %s 过期"), when(cli, g, "until"));
	else if (strcmp(standing, "lapsed") == 0)
		printf(cli_tr(cli, "lapsed: %s neither owns nor holds it any more",
			      "已失效：%s 不再是所有者或持有者"),
		       str(cli, g, "granter"));
	else if (json_get(g, "until"))
		printf(cli_tr(cli, "valid until %s", "有效至 %s"), when(cli, g, "until"));
	else
		printf("%s", cli_tr(cli, "valid until revoked", "有效，直至撤销"));
	printf(cli_tr(cli, ", from %s on %s\n", "，由 %s 就 %s 授予\n"), str(cli, g, "granter"),
	       str(cli, g, "subject"));
}

int cmd_grant_list(struct cli *cli)
{
	const struct json_value *v;
	int code = client_ask(cli, client_target(cli, "/v1/grants/", cli->argv[0], ""), &v);
	const struct json_value *list = code == CLI_DONE && v ? json_get(v, "grants") : NULL;
	for (const struct json_value *g = list ? list->first : NULL; g; g = g->next)
		grant_put(cli, g);
	return code;
}

/* ---- ranges ---- */

/* Digits alone are a GS1 company prefix. */
const char *prefix_text(struct cli *cli, const char *prefix)
{
	bool digits = *prefix && strspn(prefix, "0123456789") == strlen(prefix);
	return digits ? arena_printf(cli->arena, "gcp:%s", prefix) : prefix;
}

static const char *owner_or_nobody(struct cli *cli, const struct json_value *v)
{
	const char *owner = str(cli, v, "owner");
	return *owner ? owner : cli_tr(cli, "nobody", "无人");
}

static void proofs_put(struct cli *cli, const struct json_value *v)
{
	const struct json_value *list = json_get(v, "credentials");
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		char word[128];
		text_put(cli_tr(cli, "proof", "证明"), LABEL_WIDTH);
		printf(cli_tr(cli, "%s, %s, recorded by %s: %s\n", "%s，%s，由 %s 登记：%s\n"),
		       str(cli, m, "id"), str(cli, m, "kind"), str(cli, m, "recorded_by"),
		       text_word(word, str(cli, m, "standing"), cli->zh));
	}
	if (list && !list->first)
		line_put(cli_tr(cli, "proof", "证明"),
			 cli_tr(cli, "none that is about the owner", "没有关于所有者的证明"));
}

static void range_event_put(struct cli *cli, const struct json_value *m)
{
	char word[128];
	const char *reason = str(cli, m, "reason");
	printf("  %s  ", when(cli, m, "recorded"));
	text_put(text_word(word, str(cli, m, "act"), cli->zh), LABEL_WIDTH);
	printf(cli_tr(cli, "to %s, by %s, block %llu, record %llu", "归 %s，由 %s 登记，区块 %llu，记录 %llu"),
	       owner_or_nobody(cli, m), str(cli, m, "by"), (unsigned long long)json_u64(m, "height"),
	       (unsigned long long)json_u64(m, "index"));
	printf("%s%s\n", *reason ? cli_tr(cli, ": ", "：") : "", reason);
}

int cmd_prefix_show(struct cli *cli)
{
	const struct json_value *v, *inside, *list;
	const char *prefix = prefix_text(cli, cli->argv[0]);
	int code = client_ask(cli, prefix ? client_target(cli, "/v1/prefixes/", prefix, "") : NULL, &v);
	if (code || !v)
		return code;
	printf("%s\n", str(cli, v, "prefix"));
	line_put(cli_tr(cli, "owner", "所有者"), owner_or_nobody(cli, v));
	proofs_put(cli, v);
	inside = json_get(v, "inside");
	if (inside) {
		text_put(cli_tr(cli, "lies inside", "位于"), LABEL_WIDTH);
		printf(cli_tr(cli, "%s of %s\n", "%s（%s）\n"), str(cli, inside, "prefix"),
		       str(cli, inside, "owner"));
	}
	if (json_true(v, "longer_ones"))
		line_put(cli_tr(cli, "longer ranges", "更长的前缀"),
			 cli_tr(cli, "were registered inside it; they count before it",
				"在其内登记过，并优先于它"));
	list = json_get(v, "history");
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next)
		range_event_put(cli, m);
	return CLI_DONE;
}

int cmd_prefix_list(struct cli *cli)
{
	const struct json_value *v;
	const char *member = cli->argc ? cli->argv[0] : NULL;
	if (member && !member_id_valid(slice_str(member)))
		return cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "\"%s\" is not a member's id", "“%s”不是成员编号"), member);
	int code = client_ask(
		cli, member ? client_target(cli, "/v1/prefixes?member=", member, "") : "/v1/prefixes", &v);
	const struct json_value *list = code == CLI_DONE && v ? json_get(v, "prefixes") : NULL;
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		text_put(str(cli, m, "owner"), LABEL_WIDTH);
		printf(json_true(m, "arbitrated")
			       ? cli_tr(cli, "%s, since %s, by arbitration\n", "%s，自 %s 起，经裁定\n")
			       : cli_tr(cli, "%s, since %s\n", "%s，自 %s 起\n"),
		       str(cli, m, "prefix"), when(cli, m, "recorded"));
	}
	return code;
}
