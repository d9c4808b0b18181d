/*
 * cmds: the commands of `argosy`, each an exit code. What they take is in table.c.
 */
#ifndef ARGOSY_CMD_CMDS_H
#define ARGOSY_CMD_CMDS_H

#include "cmd/cli.h"

int cmd_epcis_check(struct cli *cli); /* cmd_epcis.c */
int cmd_epcis_hash(struct cli *cli);
int cmd_version(struct cli *cli); /* cmd_version.c */

#endif
