/*
 * argosy: the command line. Everything is in cli.c and table.c.
 */
#include "cmd/cli.h"

#include "crypto/keyfile.h"

#include <signal.h>

int main(int argc, char **argv)
{
	secret_process();
	/* A reader that closes its end early is told by the write. */
	signal(SIGPIPE, SIG_IGN);
	return cli_main(argc, argv);
}
