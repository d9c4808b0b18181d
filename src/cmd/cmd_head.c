/*
 * Heads: the signed top of the chain, exported, and cosigned by a partner.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"

int cmd_head_export(struct cli *cli)
{
	const char *path = cli_value(cli, "output");
	struct client *c;
	struct buf head;
	int code = client_open(cli, &c, CLIENT_WRITE);
	if (code)
		return code;
	code = client_get(c, &head, "/v1/head");
	client_close(c);
	if (code)
		return code;
	code = cli_write(cli, path ? path : "-", buf_slice(&head));
	buf_fini(&head);
	return code;
}

int cmd_head_cosign(struct cli *cli)
{
	return cli_fail(cli, CLI_FAILED, "not here yet");
}
