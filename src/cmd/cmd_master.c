/*
 * Master data: products, locations, prefixes, lots, credentials. Files are JSON by
 * the names of proto/argosy/v1/master.proto in lowerCamelCase.
 */
#include "cmd/cmds.h"
#include "cmd/sender.h"

#include "interface/protojson.h"

#include <stdio.h>

enum { FILE_BYTES_MAX = 1 << 20 };

/* Reads FILE as a message of that kind; in the command's arena. */
static int read_message(struct cli *cli, const char *path, const ProtobufCMessageDescriptor *d,
			ProtobufCMessage **out)
{
	struct protojson_fault f = {"", ""};
	int code = CLI_FAILED;
	struct buf *text = cli_read(cli, path, FILE_BYTES_MAX, &code);
	if (!text)
		return code;
	enum err e = protojson_parse(cli->arena, out, &f, d, buf_slice(text));
	buf_fini(text); /* the message has copies */
	if (e == ERR_FORMAT)
		return cli_fail(cli, CLI_FAILED, "%s: %s%s%s", path, f.pointer,
				f.pointer[0] ? ": " : "", f.text);
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, path);
}

int cmd_product_register(struct cli *cli)
{
	ProtobufCMessage *m;
	int code = read_message(cli, cli->argv[0], &argosy__v1__product__descriptor, &m);
	if (code)
		return code;
	Argosy__V1__RegisterProduct act = ARGOSY__V1__REGISTER_PRODUCT__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	act.product = (Argosy__V1__Product *)m;
	action.act_case = ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT;
	action.register_product = &act;
	return sender_act(cli, "agent", &action);
}

int cmd_location_register(struct cli *cli)
{
	ProtobufCMessage *m;
	int code = read_message(cli, cli->argv[0], &argosy__v1__location__descriptor, &m);
	if (code)
		return code;
	Argosy__V1__RegisterLocation act = ARGOSY__V1__REGISTER_LOCATION__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	act.location = (Argosy__V1__Location *)m;
	action.act_case = ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION;
	action.register_location = &act;
	return sender_act(cli, "agent", &action);
}

int cmd_lot_define(struct cli *cli)
{
	ProtobufCMessage *m;
	int code = read_message(cli, cli->argv[0], &argosy__v1__lot__descriptor, &m);
	if (code)
		return code;
	Argosy__V1__DefineLot act = ARGOSY__V1__DEFINE_LOT__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	act.lot = (Argosy__V1__Lot *)m;
	action.act_case = ARGOSY__V1__ACTION__ACT_DEFINE_LOT;
	action.define_lot = &act;
	return sender_act(cli, "agent", &action);
}

int cmd_prefix_register(struct cli *cli)
{
	Argosy__V1__RegisterPrefix act = ARGOSY__V1__REGISTER_PREFIX__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	const char *prefix = prefix_text(cli, cli->argv[0]), *credential = cli_value(cli, "credential");
	if (!prefix)
		return cli_fault(cli, ERR_NOMEM, NULL);
	act.prefix = (char *)(uintptr_t)prefix;
	if (credential)
		act.credential = (char *)(uintptr_t)credential;
	action.act_case = ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX;
	action.register_prefix = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_prefix_arbitrate(struct cli *cli)
{
	Argosy__V1__ArbitrateRange act = ARGOSY__V1__ARBITRATE_RANGE__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	const char *prefix = prefix_text(cli, cli->argv[0]), *to = cli_value(cli, "to");
	const char *reason = cli_value(cli, "reason");
	if (!to == !cli_flag(cli, "nobody"))
		return cli_fail(cli, CLI_USAGE, "say whose it is: --to MEMBER, or --nobody");
	if (!reason)
		return cli_fail(cli, CLI_USAGE, "say why with --reason TEXT; everybody can read it");
	if (!prefix)
		return cli_fault(cli, ERR_NOMEM, NULL);
	act.prefix = (char *)(uintptr_t)prefix;
	if (to)
		act.member = (char *)(uintptr_t)to;
	act.reason = (char *)(uintptr_t)reason;
	action.act_case = ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE;
	action.arbitrate_range = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_credential_issue(struct cli *cli)
{
	ProtobufCMessage *m;
	int code = read_message(cli, cli->argv[0], &argosy__v1__credential__descriptor, &m);
	if (code)
		return code;
	Argosy__V1__IssueCredential act = ARGOSY__V1__ISSUE_CREDENTIAL__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	act.credential = (Argosy__V1__Credential *)m;
	action.act_case = ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL;
	action.issue_credential = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_credential_revoke(struct cli *cli)
{
	Argosy__V1__RevokeCredential act = ARGOSY__V1__REVOKE_CREDENTIAL__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	const char *reason = cli_value(cli, "reason");
	act.id = (char *)(uintptr_t)cli->argv[0];
	if (reason)
		act.reason = (char *)(uintptr_t)reason;
	action.act_case = ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL;
	action.revoke_credential = &act;
	return sender_act(cli, "operator", &action);
}
