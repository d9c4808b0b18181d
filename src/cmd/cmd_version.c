#include "cmd/cmds.h"

#include "interface/jsonw.h"

#include <argosy/commit.h>
#include <stdio.h>

int cmd_version(struct cli *cli)
{
	if (!cli->json) {
		printf("argosy %s (%s, %s)\n", ARGOSY_VERSION, ARGOSY_COMMIT, ARGOSY_BUILD);
		return CLI_DONE;
	}
	struct buf out = BUF_INIT;
	struct jsonw w = jsonw_of(&out);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "version", ARGOSY_VERSION);
	jsonw_str(&w, "commit", ARGOSY_COMMIT);
	jsonw_str(&w, "build", ARGOSY_BUILD);
	jsonw_object_end(&w);
	buf_put_u8(&out, '\n');
	cli_put_buf(&out);
	return CLI_DONE;
}
