/*
 * said: what words and JSON say alike of a result: acts, subjects, and what it leaves open.
 */
#include "verify/say.h"

const char *said_act(uint8_t kind)
{
	static const char *const acts[] = {
		NULL, "event", "document", "register_product", "register_location",
		"register_prefix", "define_lot", "issue_credential", "revoke_credential",
		"offer_custody", "accept_custody", "decline_custody", "grant_step",
		"revoke_grant", "admit_member", "set_member", "add_key", "revoke_key",
		"disown_key", "attach", "erase_attachment", "statement",
	};
	if (kind == 40)
		return "arbitrate_range";
	return kind < sizeof acts / sizeof *acts ? acts[kind] : NULL;
}

const char *said_subject(uint8_t kind, bool zh)
{
	static const char *const kinds[][2] = {
		{NULL, NULL},
		{"item", "单品"},
		{"lot", "批次"},
		{"class", "类别"},
		{"logistic unit", "物流单元"},
		{"asset", "资产"},
		{"shipment", "货运"},
		{"order", "订单"},
		{"transformation", "加工"},
		{"document", "单据"},
		{"other", "其他"},
	};
	return kind < sizeof kinds / sizeof *kinds ? kinds[kind][zh] : NULL;
}

const char *said_action(uint8_t flags)
{
	static const char *const names[4] = {"", "ADD", "OBSERVE", "DELETE"};
	return names[flags & 3];
}

bool said_late(const struct verify_event *e)
{
	return e->kind == 1 && e->happened_ms > e->recorded_ms;
}

static const struct {
	const char *name, *words[2];
} limits[] = {
#define X(NAME, name, en, zh) {#name, {en, zh}},
	SAID_TABLE(X)
#undef X
};

bool said_open(const struct verify_result *r, enum said_limit l)
{
	bool history = r->n_subjects && !r->subjects[0].absent, unnamed = false;
	switch (l) {
	case SAID_GOODS:
	case SAID_DISOWNED:
		return history;
	case SAID_NEWER:
		return r->newer;
	case SAID_HISTORIES:
		return r->receipt != NULL;
	case SAID_CURRENT:
	case SAID_REPLACED:
	case SAID_SECOND:
		return true;
	case SAID_WITNESSES:
		for (size_t i = 0; i < r->n_witnesses; i++)
			unnamed = unnamed || !r->witnesses[i].counts;
		for (size_t i = 0; i < r->n_named; i++)
			unnamed = unnamed || !r->named[i].counts;
		return unnamed;
	case SAID_LIMITS:
		break;
	}
	return false;
}

const char *said_limit_name(enum said_limit l)
{
	return limits[l].name;
}

const char *said_limit_words(enum said_limit l, const struct verify_result *r, bool zh)
{
	if (l == SAID_SECOND && r->n_validators > 1)
		return zh ? "验证者没有另存一份不同的历史（投票权超过三分之一者合谋即可签署两份）"
			  : "that the validators kept no second, different history: those who have "
			    "more than a third of the power can sign two together";
	return limits[l].words[zh];
}
