/*
 * Custody and grants: goods change hands by an offer and its acceptance; an owner or
 * holder lets another member append a step.
 */
#include "cmd/cmds.h"
#include "cmd/sender.h"

static char *text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");
}

int cmd_custody_offer(struct cli *cli)
{
	Argosy__V1__OfferCustody act = ARGOSY__V1__OFFER_CUSTODY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	if (!cli_value(cli, "to"))
		return cli_fail(cli, CLI_USAGE, "say to whom with --to MEMBER");
	act.subjects = (char **)(uintptr_t)cli->argv;
	act.n_subjects = cli->argc;
	act.to_member = text(cli_value(cli, "to"));
	act.location = text(cli_value(cli, "location"));
	action.act_case = ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY;
	action.offer_custody = &act;
	return sender_act(cli, "agent", &action);
}

/* Who hands over, where --from does not say: who holds the first item now; of a repeat, who was
 * named when it was done. An exit code. */
static int giver_find(struct sender *s, const char **giver, const uint8_t *id, bool id_given)
{
	struct cli *cli = s->cli;
	Argosy__V1__Action *past = NULL;
	struct json_value *item;
	int code = id_given ? sender_past_action(s, &past, id) : CLI_DONE;
	if (code == CLI_DONE && past && past->act_case == ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY) {
		*giver = past->accept_custody->from_member;
		return CLI_DONE;
	}
	const char *target = client_item_target(cli, cli->argv[0], "");
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (code == CLI_DONE)
		code = client_get_json(s->client, &item, target);
	if (code == CLI_DONE)
		*giver = json_str(cli->arena, item, "holder");
	return code;
}

int cmd_custody_accept(struct cli *cli)
{
	const char *from = cli_value(cli, "from");
	Argosy__V1__AcceptCustody act = ARGOSY__V1__ACCEPT_CUSTODY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT, *list = &action;
	struct sender_outcome ignored;
	struct sender s;
	uint8_t id[TX_ID_BYTES];
	bool given;
	if (!sender_id(cli, id, &given))
		return CLI_USAGE;
	int code = sender_begin(cli, &s, "agent");
	if (code)
		return code;
	if (!from)
		code = giver_find(&s, &from, id, given);
	act.subjects = (char **)(uintptr_t)cli->argv;
	act.n_subjects = cli->argc;
	act.from_member = text(from);
	act.location = text(cli_value(cli, "location"));
	action.act_case = ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY;
	action.accept_custody = &act;
	if (code == CLI_DONE)
		code = sender_deliver(&s, &list, 1, id, given, &ignored);
	sender_end(&s);
	return code;
}

int cmd_custody_decline(struct cli *cli)
{
	Argosy__V1__DeclineCustody act = ARGOSY__V1__DECLINE_CUSTODY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	act.subjects = (char **)(uintptr_t)cli->argv;
	act.n_subjects = cli->argc;
	act.reason = text(cli_value(cli, "reason"));
	action.act_case = ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY;
	action.decline_custody = &act;
	return sender_act(cli, "agent", &action);
}

int cmd_grant(struct cli *cli)
{
	Argosy__V1__GrantStep act = ARGOSY__V1__GRANT_STEP__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	uint64_t until;
	if (!cli_value(cli, "to"))
		return cli_fail(cli, CLI_USAGE, "say to whom with --to MEMBER");
	if (!cli_number(cli, "until-ms", &until, 0, INT64_MAX))
		return CLI_USAGE;
	act.subject = text(cli->argv[0]);
	act.member = text(cli_value(cli, "to"));
	act.biz_step = text(cli_value(cli, "step"));
	act.until_ms = (int64_t)until;
	action.act_case = ARGOSY__V1__ACTION__ACT_GRANT_STEP;
	action.grant_step = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_grant_revoke(struct cli *cli)
{
	Argosy__V1__RevokeGrant act = ARGOSY__V1__REVOKE_GRANT__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	if (!cli_value(cli, "to"))
		return cli_fail(cli, CLI_USAGE, "say whose grant with --to MEMBER");
	act.subject = text(cli->argv[0]);
	act.member = text(cli_value(cli, "to"));
	act.biz_step = text(cli_value(cli, "step"));
	action.act_case = ARGOSY__V1__ACTION__ACT_REVOKE_GRANT;
	action.revoke_grant = &act;
	return sender_act(cli, "operator", &action);
}
