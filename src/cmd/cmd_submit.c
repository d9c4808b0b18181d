/*
 * argosy submit FILE: transactions that were signed elsewhere, as bytes.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"

#include "ledger/tx.h"

int cmd_submit(struct cli *cli)
{
	struct client *c;
	struct api_response r;
	int code = CLI_FAILED;
	struct buf *tx = cli_read(cli, cli->argv[0], TX_BYTES_MAX + 1, &code);
	if (!tx)
		return code;
	code = client_open(cli, &c, CLIENT_WRITE);
	if (code == CLI_DONE)
		code = client_call(c, &r, "POST", "/v1/transactions", "application/x-protobuf",
				   buf_slice(tx));
	if (code == CLI_DONE) {
		if (r.status >= 400)
			code = client_problem(c, &r);
		else
			cli_put(buf_slice(&r.body));
		buf_fini(&r.body);
	}
	buf_fini(tx);
	client_close(c);
	return code;
}
