/*
 * argosy tx show MEMBER ID: what became of a transaction.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"

#include "data/json.h"
#include "ledger/member.h"
#include "ledger/tx.h"

#include <stdio.h>

static void tx_put(struct cli *cli, const struct json_value *v)
{
	long long height = (long long)json_i64(v, "height");
	if (json_get(v, "verdict"))
		printf(cli_tr(cli, "in block %lld: %s (%s)\n", "位于区块 %lld：%s（%s）\n"), height,
		       json_str(cli->arena, v, "sentence"), json_str(cli->arena, v, "verdict"));
	else
		printf(cli_tr(cli, "in block %lld; its verdict is no longer kept\n",
			      "位于区块 %lld；裁决已不再保留\n"),
		       height);
}

int cmd_tx_show(struct cli *cli)
{
	const char *member = cli->argv[0], *hex = cli->argv[1];
	uint8_t id[TX_ID_BYTES];
	const struct json_value *v;
	if (!member_id_valid(slice_str(member)))
		return cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "\"%s\" is not a member's id", "“%s”不是成员编号"),
				member);
	if (!hex_decode(id, TX_ID_BYTES, slice_str(hex)))
		return cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "a transaction's id is %d hex digits",
				       "交易编号为 %d 位十六进制数字"),
				2 * TX_ID_BYTES);
	const char *tail = arena_printf(cli->arena, "/%s", hex);
	const char *target = tail ? client_target(cli, "/v1/transactions/", member, tail) : NULL;
	int code = client_ask(cli, target, &v);
	if (code == CLI_DONE && v)
		tx_put(cli, v);
	return code;
}
