/*
 * argosy receipt ID -o FILE: the receipt of a transaction, checked before it is kept.
 */
#include "cmd/cmds.h"
#include "cmd/receipts.h"

#include "ledger/tx.h"

/* $ARGOSY_MEMBER and --member as for every command that acts; else the node's operator. */
static int member_choose(struct cli *cli, struct client *c, const char **member)
{
	char found[MEMBER_ID_MAX + 1];
	int code = sender_member(cli, c, found);
	*member = code == CLI_DONE ? arena_strn(cli->arena, found, strlen(found)) : NULL;
	return code == CLI_DONE && !*member ? cli_fault(cli, ERR_NOMEM, NULL) : code;
}

int cmd_receipt(struct cli *cli)
{
	const char *hex = cli->argv[0], *path = cli_value(cli, "output"), *member = NULL;
	uint8_t id[TX_ID_BYTES];
	struct client *c;
	struct buf receipt = BUF_INIT;
	if (!hex_decode(id, TX_ID_BYTES, slice_str(hex)))
		return cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "a transaction's id is %d hex digits",
				       "交易编号为 %d 位十六进制数字"),
				2 * TX_ID_BYTES);
	if (!cli_binary_ok(cli))
		return CLI_USAGE;
	int code = client_open(cli, &c, CLIENT_WRITE);
	if (code)
		return code;
	code = member_choose(cli, c, &member);
	const char *tail = code == CLI_DONE ? arena_printf(cli->arena, "/%s", hex) : NULL;
	const char *target = tail ? client_target(cli, "/v1/receipts/", member, tail) : NULL;
	if (code == CLI_DONE)
		code = target ? receipts_get(cli, c, &receipt, target, member, id)
			      : cli_fault(cli, ERR_NOMEM, NULL);
	client_close(c);
	if (code == CLI_DONE)
		code = cli_write(cli, path ? path : "-", buf_slice(&receipt));
	if (code == CLI_DONE)
		cli_wrote(cli, path ? path : "-", receipt.n);
	buf_fini(&receipt);
	return code;
}
