/* receipt_words: what a good receipt says, for people and for programs. */
#include "verify/receipt.h"

#include "verify/say.h"

#include <inttypes.h>

static void put_line(struct out *o, const struct verify_receipt_line *l, bool zh)
{
	const uint64_t n = l->number;
	out_str(o, "      ");
	switch ((enum verify_mode)l->mode) {
	case VERIFY_MODE_HISTORY:
	case VERIFY_MODE_UNNAMED:
		out_printf(o, zh ? "历史第 %" PRIu64 " 条：" : "event %" PRIu64 " of ", n);
		break;
	case VERIFY_MODE_CLAIM:
		out_printf(o, zh ? "陈述第 %" PRIu64 " 条：" : "claim %" PRIu64 " about ", n);
		break;
	case VERIFY_MODE_VOID:
		out_printf(o,
			   zh ? "历史第 %" PRIu64 " 条（标明第 %" PRIu64 " 条作废）："
			      : "event %" PRIu64 " (marks event %" PRIu64 " as void) of ",
			   n, l->voided);
		break;
	case VERIFY_MODE_VOID_CLAIM:
		out_printf(o,
			   zh ? "陈述第 %" PRIu64 " 条（标明陈述第 %" PRIu64 " 条作废）："
			      : "claim %" PRIu64 " (marks claim %" PRIu64 " as void) about ",
			   n, l->voided);
		break;
	}
	out_plain(o, l->id);
	out_str(o, "\n");
}

static void put_record(struct out *o, const struct verify_receipt_record *r, bool zh)
{
	out_printf(o, zh ? "  记录 %" PRIu64 "：" : "  record %" PRIu64 ": ", r->index);
	if (said_act(r->kind))
		out_str(o, said_act(r->kind));
	else
		out_printf(o, zh ? "行为 %u（由较新版本作出）" : "act %u (made by a newer version)",
			   r->kind);
	out_str(o, "\n");
	for (size_t i = 0; i < r->n_lines; i++)
		put_line(o, &r->lines[i], zh);
}

static void put_signers(struct out *o, const struct verify_result *r, bool zh)
{
	if (r->n_validators == 1)
		out_str(o, zh ? "  - 仅由一方签署，密钥 " : "  - Signed by one signer alone, key ");
	else
		out_printf(o,
			   zh ? "  - 由 %zu/%zu 个验证者签署，密钥 "
			      : "  - Signed by %zu of %zu validators, keys ",
			   r->n_signed, r->n_validators);
	for (size_t i = 0; i < r->n_signed; i++) {
		out_str(o, i ? " " : "");
		out_hex(o, r->signers[i], 32);
	}
	out_str(o, "\n");
}

void say_receipt(struct out *o, const struct verify_result *r, bool zh)
{
	const struct verify_receipt *c = r->receipt;
	out_str(o, zh ? "验证通过  回执：" : "VERIFIED  receipt of ");
	out_plain(o, c->member);
	out_str(o, zh ? " 的交易 " : ", transaction ");
	out_hex(o, c->tx_id, sizeof c->tx_id);
	out_str(o, zh ? "\n已证明：\n" : "\nProven:\n");
	out_printf(o,
		   zh ? "  - 日志载有这 %zu 条记录：" : "  - The log holds these records, %zu: ",
		   c->n_records);
	out_plain(o, r->chain_id);
	out_printf(o,
		   zh ? "，区块 %" PRId64 "，日志共 %" PRIu64 " 条，"
		      : ", block %" PRId64 ", of the log's %" PRIu64 ", ",
		   r->height, r->log_size);
	out_time(o, r->time_s * 1000);
	out_str(o, "\n");
	put_signers(o, r, zh);
	if (r->head_held)
		out_printf(o,
			   zh ? "  - 延续您持有的链头（区块 %" PRId64 "）\n"
			      : "  - Continues the head that you hold (block %" PRId64 ")\n",
			   r->held_height);
	out_str(o, zh ? "未证明：\n" : "Not proven:\n");
	for (unsigned i = 0; i < SAID_LIMITS; i++)
		if (said_open(r, (enum said_limit)i))
			out_printf(o, "  - %s\n", said_limit_words((enum said_limit)i, r, zh));
	out_printf(o, zh ? "\n于区块 %" PRId64 " 记录，" : "\nRecorded in block %" PRId64 ", ",
		   c->height);
	out_time(o, c->recorded_ms);
	out_str(o, zh ? "，由密钥 " : ", signed by the key ");
	out_hex(o, c->key, 32);
	out_str(o, "\n");
	for (size_t i = 0; i < c->n_records; i++)
		put_record(o, &c->records[i], zh);
}

/* ---- JSON ---- */

static void j_hex(struct out *o, const char *name, const uint8_t *p, size_t n)
{
	out_printf(o, ",\"%s\":\"", name);
	out_hex(o, p, n);
	out_str(o, "\"");
}

static void j_line(struct out *o, const struct verify_receipt_line *l)
{
	static const char *const modes[] = {"history", "claim", "history", "void_mark",
					    "void_mark_of_claim"};
	out_str(o, "{\"id\":");
	out_json(o, l->id);
	out_printf(o, ",\"role\":%u,\"as\":\"%s\",\"unnamed\":%s,\"number\":%" PRIu64, l->role,
		   modes[l->mode], l->mode == VERIFY_MODE_UNNAMED ? "true" : "false", l->number);
	if (l->voided)
		out_printf(o, ",\"voids\":%" PRIu64, l->voided);
	out_str(o, "}");
}

void say_receipt_json(struct out *o, const struct verify_receipt *c)
{
	out_str(o, ",\"receipt\":{\"member\":");
	out_json(o, c->member);
	j_hex(o, "id", c->tx_id, sizeof c->tx_id);
	j_hex(o, "key", c->key, sizeof c->key);
	out_printf(o, ",\"height\":%" PRId64 ",\"recorded_ms\":%" PRId64 ",\"records\":[",
		   c->height,
		   c->recorded_ms);
	for (size_t i = 0; i < c->n_records; i++) {
		const struct verify_receipt_record *now = &c->records[i];
		out_printf(o, "%s{\"index\":%" PRIu64 ",\"kind\":%u", i ? "," : "", now->index,
			   now->kind);
		if (said_act(now->kind))
			out_printf(o, ",\"act\":\"%s\"", said_act(now->kind));
		j_hex(o, "digest", now->digest, 32);
		out_str(o, ",\"subjects\":[");
		for (size_t k = 0; k < now->n_lines; k++) {
			out_str(o, k ? "," : "");
			j_line(o, &now->lines[k]);
		}
		out_str(o, "]}");
	}
	out_str(o, "]}");
}
