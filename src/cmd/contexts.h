/*
 * contexts: JSON-LD contexts by address, as this user registered them.
 *
 * They lie in $XDG_CONFIG_HOME/argosy/contexts, or ~/.config/argosy/contexts, a
 * file each: the address on the first line, then the context. The name is the
 * beginning of the address's SHA-256, in hex, and ".context".
 */
#ifndef ARGOSY_CMD_CONTEXTS_H
#define ARGOSY_CMD_CONTEXTS_H

#include "cmd/cli.h"
#include "data/epcis.h"

/* All of them, read once a run. NULL: told; *code is the exit code. */
const struct epcis_contexts *contexts_known(struct cli *cli, int *code);

#endif
