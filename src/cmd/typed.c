#include "cmd/typed.h"

#include "data/gs1.h"

static int one(struct cli *cli, char **field, enum gs1_asked asked)
{
	struct gs1_id id;
	struct err_text t = {""};
	if (!*field || !**field)
		return CLI_DONE; /* what must be there, the node judges */
	enum err e = gs1_typed(&id, &t, slice_str(*field), asked);
	if (e == ERR_FORMAT || e == ERR_LIMIT) {
		const char *plain = arena_plain(cli->arena, *field);
		return cli_fail(cli, CLI_FAILED, "%.300s: %s", plain ? plain : "", t.text);
	}
	char *canon = e == ERR_OK ? arena_strn(cli->arena, id.canon, id.canon_len) : NULL;
	if (!canon)
		return cli_fault(cli, e == ERR_OK ? ERR_NOMEM : e, NULL);
	*field = canon;
	return CLI_DONE;
}

/* The list is copied: it may be the command line's own. */
static int all(struct cli *cli, char ***list, size_t n)
{
	char **copy = arena_alloc(cli->arena, (n + 1) * sizeof *copy);
	int code = copy ? CLI_DONE : cli_fault(cli, ERR_NOMEM, NULL);
	for (size_t i = 0; code == CLI_DONE && i < n; i++) {
		copy[i] = (*list)[i];
		code = one(cli, &copy[i], GS1_ASKED_THING);
	}
	if (code == CLI_DONE)
		*list = copy;
	return code;
}

static int lot(struct cli *cli, Argosy__V1__Lot *l)
{
	int code = one(cli, &l->id, GS1_ASKED_THING);
	if (code == CLI_DONE)
		code = one(cli, &l->product, GS1_ASKED_THING);
	return code == CLI_DONE ? all(cli, &l->inputs, l->n_inputs) : code;
}

static int location(struct cli *cli, Argosy__V1__Location *l)
{
	int code = one(cli, &l->id, GS1_ASKED_PLACE);
	return code == CLI_DONE ? one(cli, &l->parent, GS1_ASKED_PLACE) : code;
}

static int items(struct cli *cli, char **place, char ***subjects, size_t n)
{
	int code = place ? one(cli, place, GS1_ASKED_PLACE) : CLI_DONE;
	return code == CLI_DONE ? all(cli, subjects, n) : code;
}

/* Acts that name no thing are not in it. */
static int action(struct cli *cli, Argosy__V1__Action *a)
{
	switch ((int)a->act_case) {
	case ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT:
		return one(cli, &a->register_product->product->id, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX:
		return one(cli, &a->register_prefix->credential, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION:
		return location(cli, a->register_location->location);
	case ARGOSY__V1__ACTION__ACT_DEFINE_LOT:
		return lot(cli, a->define_lot->lot);
	case ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL:
		return one(cli, &a->issue_credential->credential->id, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL:
		return one(cli, &a->revoke_credential->id, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY:
		return items(cli, &a->offer_custody->location, &a->offer_custody->subjects,
			     a->offer_custody->n_subjects);
	case ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY:
		return items(cli, &a->accept_custody->location, &a->accept_custody->subjects,
			     a->accept_custody->n_subjects);
	case ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY:
		return items(cli, NULL, &a->decline_custody->subjects,
			     a->decline_custody->n_subjects);
	case ARGOSY__V1__ACTION__ACT_GRANT_STEP:
		return one(cli, &a->grant_step->subject, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_REVOKE_GRANT:
		return one(cli, &a->revoke_grant->subject, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER:
		return one(cli, &a->admit_member->party, GS1_ASKED_PARTY);
	case ARGOSY__V1__ACTION__ACT_ATTACH:
		return one(cli, &a->attach->subject, GS1_ASKED_THING);
	case ARGOSY__V1__ACTION__ACT_STATEMENT:
		return items(cli, NULL, &a->statement->subjects, a->statement->n_subjects);
	}
	return CLI_DONE;
}

int typed_actions(struct cli *cli, Argosy__V1__Action *const *actions, size_t n)
{
	int code = CLI_DONE;
	for (size_t i = 0; code == CLI_DONE && i < n; i++)
		code = action(cli, actions[i]);
	return code;
}
