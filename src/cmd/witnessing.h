/*
 * witnessing: what a partner's two ways of witnessing share: "head cosign", which checks the
 * log alone, and "witness follow", which executes the chain.
 */
#ifndef ARGOSY_CMD_WITNESSING_H
#define ARGOSY_CMD_WITNESSING_H

#include "cmd/cli.h"

#include "proof/bundle.h"

struct keyfile;

/* A folder of the user's own for things of this kind, $XDG_STATE_HOME/argosy-KIND or
 * ~/.argosy-KIND;
 * made. NULL: told. */
const char *witnessing_folder(struct cli *cli, const char *kind);
/* Where the last head of that chain that he saw is kept: --seen, or by its fingerprint. NULL: told.
 * */
const char *witnessing_seen(struct cli *cli, const uint8_t fingerprint[static 32]);
/* The key of --key, and the name of --name or its own. keyfile_fini it. An exit code. */
int witnessing_key(struct cli *cli, struct keyfile *k, const char **name);
/* The signature's file. */
void witnessing_write(struct buf *out, const struct bundle_witness *w);

#endif
