/*
 * Members: admission, the list, one of them, roles, status and quota.
 */
#include "cmd/cmds.h"
#include "cmd/sender.h"
#include "cmd/text.h"

#include "data/json.h"
#include "ledger/member.h"

#include <stdio.h>

static char *text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");
}

/* All values of an option that may be repeated. NULL: no memory. */
static char **values(struct cli *cli, const char *name, size_t *n)
{
	char **list = arena_alloc(cli->arena, CLI_OPTIONS_MAX * sizeof *list);
	unsigned at = 0;
	*n = 0;
	for (const char *v; list && (v = cli_next(cli, name, &at));)
		list[(*n)++] = text(v);
	return list;
}

/* Public keys of hex or key files. An exit code. */
static int public_keys(struct cli *cli, const char *name, ProtobufCBinaryData **out, size_t *n)
{
	unsigned at = 0;
	*n = 0;
	*out = arena_alloc(cli->arena, CLI_OPTIONS_MAX * sizeof **out);
	if (!*out)
		return cli_fault(cli, ERR_NOMEM, NULL);
	for (const char *v; (v = cli_next(cli, name, &at));) {
		uint8_t *key = arena_alloc(cli->arena, 32);
		int code = key ? keys_public(cli, key, v) : cli_fault(cli, ERR_NOMEM, NULL);
		if (code)
			return code;
		(*out)[(*n)++] = (ProtobufCBinaryData){32, key};
	}
	return CLI_DONE;
}

int cmd_member_admit(struct cli *cli)
{
	Argosy__V1__AdmitMember act = ARGOSY__V1__ADMIT_MEMBER__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	if (!member_id_valid(slice_str(cli->argv[0])))
		return cli_fail(cli, CLI_USAGE,
				"a member's id is 2 to 32 of a-z 0-9 - . and begins with a letter "
				"or digit");
	if (!cli_value(cli, "name") || !cli_value(cli, "country"))
		return cli_fail(cli, CLI_USAGE, "--name and --country are needed");
	act.id = text(cli->argv[0]);
	act.name = text(cli_value(cli, "name"));
	act.country = text(cli_value(cli, "country"));
	act.party = text(cli_value(cli, "party"));
	act.roles = values(cli, "role", &act.n_roles);
	int code = public_keys(cli, "person-key", &act.person_keys, &act.n_person_keys);
	if (code == CLI_DONE)
		code = public_keys(cli, "agent-key", &act.agent_keys, &act.n_agent_keys);
	if (code)
		return code;
	action.act_case = ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER;
	action.admit_member = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_member_set(struct cli *cli)
{
	Argosy__V1__SetMember act = ARGOSY__V1__SET_MEMBER__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	uint64_t quota = 0;
	const char *given = cli_value(cli, "quota");
	if (!given && !cli_value(cli, "status") && !cli_value(cli, "role"))
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli, "say what to change: --status, --role or --quota",
				       "请说明要更改什么：--status、--role 或 --quota"));
	act.quota_default = given && strcmp(given, "default") == 0;
	if (!act.quota_default && !cli_number(cli, "quota", &quota, 0, INT64_MAX))
		return CLI_USAGE;
	if (given && !act.quota_default && quota == 0)
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli,
				       "a quota of 0 is none: \"--quota default\" goes back to the "
				       "chain's, \"--status suspended\" stops the member",
				       "配额不能为 0：--quota default 恢复链的默认配额，"
				       "--status suspended 暂停该成员"));
	act.id = text(cli->argv[0]);
	act.status = text(cli_value(cli, "status"));
	act.roles = values(cli, "role", &act.n_roles);
	act.quota_units_per_hour = quota;
	action.act_case = ARGOSY__V1__ACTION__ACT_SET_MEMBER;
	action.set_member = &act;
	return sender_act(cli, "operator", &action);
}

static void roles_put(struct cli *cli, const struct json_value *m)
{
	const struct json_value *roles = json_get(m, "roles");
	for (const struct json_value *r = roles ? roles->first : NULL; r; r = r->next)
		printf("%s%s", json_text(cli->arena, r), r->next ? ", " : "");
}

int cmd_member_list(struct cli *cli)
{
	const struct json_value *v;
	int code = client_ask(cli, "/v1/members", &v);
	const struct json_value *list = code == CLI_DONE && v ? json_get(v, "members") : NULL;
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		char word[128];
		printf("%-20s %-2s ", json_str(cli->arena, m, "id"), json_str(cli->arena, m, "country"));
		text_put(text_word(word, json_str(cli->arena, m, "status"), cli->zh), 10);
		printf("%s (", json_str(cli->arena, m, "name"));
		roles_put(cli, m);
		printf(")\n");
	}
	return code;
}

int cmd_member_show(struct cli *cli)
{
	const struct json_value *m;
	char word[128];
	int code = client_ask(cli, client_target(cli, "/v1/members/", cli->argv[0], ""), &m);
	const struct json_value *quota = code == CLI_DONE && m ? json_get(m, "quota") : NULL;
	if (!quota)
		return code;
	printf("%s  %s  %s  %s (", json_str(cli->arena, m, "id"), json_str(cli->arena, m, "country"),
	       text_word(word, json_str(cli->arena, m, "status"), cli->zh),
	       json_str(cli->arena, m, "name"));
	roles_put(cli, m);
	printf(")\n");
	if (json_get(m, "party"))
		printf(cli_tr(cli, "party: %s\n", "参与方：%s\n"), json_str(cli->arena, m, "party"));
	printf(cli_tr(cli, "keys of persons in force: %llu\n", "有效的个人密钥：%llu\n"),
	       (unsigned long long)json_u64(m, "keys_valid"));
	printf(cli_tr(cli, "quota: %llu of %llu units of work used in the hour from %s\n",
		      "配额：已用 %llu，每小时 %llu 个工作单位，自 %s 起的一小时\n"),
	       (unsigned long long)json_u64(quota, "used"),
	       (unsigned long long)json_u64(quota, "limit"), json_str(cli->arena, quota, "hour"));
	return code;
}
