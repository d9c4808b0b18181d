/*
 * cmds: the commands of `argosy`, each an exit code. What they take is in table.c.
 */
#ifndef ARGOSY_CMD_CMDS_H
#define ARGOSY_CMD_CMDS_H

#include "cmd/cli.h"

int cmd_epcis_check(struct cli *cli); /* cmd_epcis.c */
int cmd_epcis_hash(struct cli *cli);
int cmd_epcis_context(struct cli *cli); /* cmd_context.c */
int cmd_version(struct cli *cli); /* cmd_version.c */

int cmd_init(struct cli *cli); /* cmd_node.c */
int cmd_status(struct cli *cli);
int cmd_reindex(struct cli *cli);
int cmd_genesis_fingerprint(struct cli *cli);
int cmd_clock_confirm(struct cli *cli);

int cmd_verify(struct cli *cli); /* cmd_verify.c */
int cmd_backup_verify(struct cli *cli);

int cmd_import_epcis(struct cli *cli); /* cmd_import.c */
int cmd_export_epcis(struct cli *cli); /* cmd_export.c */
int cmd_trace(struct cli *cli);	       /* cmd_trace.c */
int cmd_item_show(struct cli *cli);
int cmd_prove(struct cli *cli); /* cmd_prove.c */

int cmd_backup_create(struct cli *cli); /* cmd_backup.c */
int cmd_restore(struct cli *cli);
int cmd_resume(struct cli *cli);

int cmd_head_export(struct cli *cli); /* cmd_head.c */
int cmd_head_cosign(struct cli *cli);
int cmd_witness_add(struct cli *cli);
int cmd_witness_follow(struct cli *cli); /* cmd_witness.c */

int cmd_key_create(struct cli *cli); /* cmd_key.c */
int cmd_key_list(struct cli *cli);
int cmd_key_add(struct cli *cli);
int cmd_key_rotate(struct cli *cli);
int cmd_key_revoke(struct cli *cli);
int cmd_key_disown(struct cli *cli);

int cmd_member_admit(struct cli *cli); /* cmd_member.c */
int cmd_member_list(struct cli *cli);
int cmd_member_show(struct cli *cli);
int cmd_member_set(struct cli *cli);

int cmd_product_show(struct cli *cli); /* cmd_show.c */
int cmd_location_show(struct cli *cli);
int cmd_lot_show(struct cli *cli);
int cmd_credential_show(struct cli *cli);
int cmd_credential_list(struct cli *cli);
int cmd_grant_list(struct cli *cli);

int cmd_product_register(struct cli *cli); /* cmd_master.c */
int cmd_location_register(struct cli *cli);
int cmd_prefix_register(struct cli *cli);
int cmd_prefix_arbitrate(struct cli *cli);
int cmd_prefix_show(struct cli *cli);
int cmd_prefix_list(struct cli *cli);
/* "9521234" -> "gcp:9521234"; else as it is. NULL: no memory. */
const char *prefix_text(struct cli *cli, const char *prefix);
int cmd_lot_define(struct cli *cli);
int cmd_credential_issue(struct cli *cli);
int cmd_credential_revoke(struct cli *cli);

int cmd_custody_offer(struct cli *cli); /* cmd_custody.c */
int cmd_custody_accept(struct cli *cli);
int cmd_custody_decline(struct cli *cli);
int cmd_grant(struct cli *cli);
int cmd_grant_revoke(struct cli *cli);

int cmd_attach(struct cli *cli); /* cmd_attach.c */
int cmd_attach_get(struct cli *cli);
int cmd_attach_erase(struct cli *cli);
int cmd_statement(struct cli *cli);
int cmd_submit(struct cli *cli);  /* cmd_submit.c */
int cmd_tx_show(struct cli *cli); /* cmd_tx.c */
int cmd_receipt(struct cli *cli); /* cmd_receipt.c */

#endif
