/*
 * words: what a result says, for people in English and Chinese.
 *
 * Text out of a bundle is somebody else's: control characters never reach a terminal.
 */
#include "verify/say.h"

#include <inttypes.h>

/* ---- columns ---- */

/* Columns that a text takes, CJK counted double. */
static size_t width(const char *s)
{
	size_t n = 0;
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;
		if ((c & 0xc0) != 0x80)
			n += c >= 0xe3 && c < 0xf0 ? 2 : 1;
	}
	return n;
}

static void put_column(struct out *o, const char *s, size_t columns)
{
	size_t n = width(s);
	out_plain(o, s);
	for (; n < columns; n++)
		out_str(o, " ");
	out_str(o, "  ");
}

static void put_short_key(struct out *o, const uint8_t *key)
{
	out_hex(o, key, 8);
	out_str(o, "...");
}

struct widths {
	size_t step, where;
};

static struct widths widths_of(const struct verify_subject *s)
{
	struct widths w = {9, 5};
	for (uint64_t i = 0; i < s->n_events; i++) {
		size_t a = width(s->events[i].step), c = width(s->events[i].where);
		w.step = a > w.step ? a : w.step;
		w.where = c > w.where ? c : w.where;
	}
	w.step = w.step > 40 ? 40 : w.step;
	w.where = w.where > 60 ? 60 : w.where;
	return w;
}

/* ---- events ---- */

struct notes {
	struct out *o;
	bool zh, any;
};

static void note(struct notes *n, const char *fmt, uint64_t number)
{
	out_str(n->o, n->any ? n->zh ? "，" : ", " : "  ");
	out_printf(n->o, fmt, number); /* the tables' own */
	n->any = true;
}

static void put_errors(struct notes *n, const struct verify_event *e)
{
	bool zh = n->zh;
	if (e->declared_by)
		note(n, zh ? "【作废：第 %" PRIu64 " 条声明其有误】" : "VOID: declared in error by %" PRIu64,
		     e->declared_by);
	if (e->declares)
		note(n, zh ? "声明第 %" PRIu64 " 条有误" : "declares %" PRIu64 " in error", e->declares);
	else if (e->flags & SAID_ERROR)
		note(n, zh ? "声明有误，所指事件不在此处" : "declares an error of what is not here", 0);
}

static void put_notes(struct out *o, const struct verify_event *e, bool zh)
{
	static const struct {
		uint8_t flag;
		const char *words[2];
	} table[] = {
		{8, {"taken in from outside", "自外部接收"}},
		{16, {"by its container", "随其容器"}},
		{32, {"sensor data", "传感数据"}},
		{64, {"flag 64, of a newer version", "标志 64，来自较新版本"}},
	};
	struct notes n = {.o = o, .zh = zh};
	if (!said_act(e->kind))
		note(&n, zh ? "行为 %" PRIu64 "，来自较新版本" : "act %" PRIu64 ", of a newer version", e->kind);
	if (e->flags & 3)
		note(&n, said_action(e->flags), 0);
	put_errors(&n, e);
	if (said_late(e))
		note(&n, zh ? "所述时间晚于记录时间" : "told to be later than it was recorded", 0);
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		if (e->flags & table[i].flag)
			note(&n, table[i].words[zh], 0);
}

static void put_table(struct out *o, const struct verify_subject *s, bool zh)
{
	struct widths w = widths_of(s);
	for (uint64_t i = 0; i < s->n_events; i++) {
		const struct verify_event *e = &s->events[i];
		out_printf(o, "%s%4" PRIu64 "  ", e->part ? " " : "-", i + 1);
		out_time(o, e->happened_ms);
		out_str(o, "  ");
		put_column(o, e->declares ? (zh ? "作废标记" : "void mark") : e->step, w.step);
		put_column(o, e->where, w.where);
		out_plain(o, e->who);
		put_notes(o, e, zh);
		out_str(o, "\n");
	}
}

/* ---- subjects ---- */

static void put_field(struct out *o, const char *name, const char *value)
{
	if (!*value)
		return;
	out_printf(o, "  %s ", name);
	out_plain(o, value);
}

static void put_kind(struct out *o, uint8_t kind, bool zh)
{
	const char *name = said_subject(kind, zh);
	if (name)
		out_printf(o, "  (%s)", name);
	else
		out_printf(o, zh ? "  （类型 %u）" : "  (kind %u)", kind);
}

static void put_subject(struct out *o, const struct verify_result *r, size_t i, bool zh)
{
	const struct verify_subject *s = &r->subjects[i];
	out_str(o, "\n");
	out_plain(o, s->id);
	if (s->absent) {
		out_str(o, zh ? "  （此处没有历史）\n" : "  (no history here)\n");
		return;
	}
	put_kind(o, s->kind, zh);
	if (s->via != SIZE_MAX) {
		out_str(o, s->link == 'o' ? (zh ? "  原料，用于 " : "  origin of ")
					  : (zh ? "  容器，曾装 " : "  container of "));
		out_plain(o, r->subjects[s->via].id);
	}
	out_str(o, "\n");
	put_field(o, zh ? "登记所有者" : "owner", s->owner);
	put_field(o, zh ? "持有者" : "holder", s->holder);
	put_field(o, zh ? "拟移交" : "offered to", s->offered_to);
	put_field(o, zh ? "所在容器" : "inside", s->container);
	if (s->flags & 2)
		out_str(o, zh ? "  已停用" : "  decommissioned");
	for (unsigned flag = 4; flag < 128; flag *= 2)
		if (s->flags & flag)
			out_printf(o, zh ? "  标志 %u" : "  flag %u", flag);
	if (zh)
		out_printf(o, "  事件 %" PRIu64 " 条", s->n_events);
	else
		out_printf(o, "  %" PRIu64 " event%s", s->n_events, s->n_events == 1 ? "" : "s");
	if (s->claims && zh)
		out_printf(o, "  （另有他人陈述 %" PRIu64 " 条，未列出）", s->claims);
	else if (s->claims)
		out_printf(o, "  (%" PRIu64 " claim%s of others beside %s, not shown)", s->claims,
			   s->claims == 1 ? "" : "s", s->n_events == 1 ? "it" : "them");
	out_str(o, "\n");
	if (s->contradicts)
		out_str(o, zh ? "  有取出时间早于装入时间：该段按记录次序计\n"
			      : "  unpacked, by the times told, before it was packed: there the order of "
				"recording counts\n");
	put_table(o, s, zh);
}

/* ---- what is proven ---- */

static void put_what(struct out *o, const struct verify_result *r, bool zh)
{
	uint64_t events = 0;
	for (size_t i = 0; i < r->n_subjects; i++)
		events += r->subjects[i].n_events;
	if (r->is_head) {
		out_str(o, zh ? "  - 此为链头：" : "  - This is a head: ");
	} else if (r->subjects[0].absent) {
		out_str(o, zh ? "  - 该标识在此链上没有任何历史："
			      : "  - This identifier has no history on this chain: ");
	} else if (r->n_subjects > 1) {
		out_printf(o,
			   zh ? "  - 全程完整：%zu 个标的，全部 %" PRIu64 " 条事件，无一遗漏："
			      : "  - The whole journey: %zu subjects, all their %" PRIu64
				" events, none left out: ",
			   r->n_subjects, events);
	} else if (events == 1 && !zh) {
		out_str(o, "  - This is the only event of this subject, none left out: ");
	} else {
		out_printf(o,
			   zh ? "  - 这是该标的的全部 %" PRIu64 " 条事件，无一遗漏："
			      : "  - These are all %" PRIu64
				" events of this subject, none left out: ",
			   events);
	}
	out_plain(o, r->chain_id);
	out_printf(o, zh ? "，区块 %" PRId64 "，" : ", block %" PRId64 ", ", r->height);
	out_time(o, r->time_s * 1000);
	out_str(o, "\n");
}

static void put_epochs(struct out *o, const struct verify_result *r, bool zh)
{
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct verify_epoch *e = &r->epochs[i];
		/* Where the copy ended is not in the statement: only what was known beside it. */
		if (e->resumed)
			out_printf(o,
				   zh ? "  - 自区块 %" PRId64
					" 起：由副本恢复；当时已知的最新链头为区块 %" PRId64
					"，截至该区块而副本所缺的区块不在此链中\n"
				      : "  - From block %" PRId64
					" on resumed from a copy; the newest head known then was "
					"block %" PRId64 ", and blocks up to it that the copy "
					"lacked are not in this chain\n",
				   e->from_height, e->last_height);
		else
			out_printf(o,
				   zh ? "  - 自区块 %" PRId64 " 起：验证者密钥已按创世承诺更换\n"
				      : "  - A validator's key was replaced, as the genesis "
					"allows, from block %" PRId64 " on\n",
				   e->from_height);
	}
}

static void put_witness(struct out *o, const struct verify_witness *w, bool zh)
{
	out_plain(o, w->name);
	out_str(o, " ");
	put_short_key(o, w->key);
	if (w->replayed)
		out_printf(o,
			   zh ? "，重新执行全链至区块 %" PRId64 "，算得相同状态"
			      : ", who executed the chain up to block %" PRId64
				" and computed the same state",
			   w->height);
	else
		out_printf(o,
			   zh ? "，区块 %" PRId64 "，核对日志与其此前所见连续"
			      : " at block %" PRId64
				", who checked that the log continues what he saw before",
			   w->height);
}

static void put_who(struct out *o, const struct verify_result *r, bool zh)
{
	if (r->n_validators == 1) {
		out_str(o, zh ? "  - 仅由一方记录，签名密钥 "
			      : "  - Recorded by one signer alone, key ");
		put_short_key(o, r->signers[0]);
		out_str(o, "\n");
	} else {
		out_printf(o,
			   zh ? "  - 由 %zu/%zu 个验证者确认（投票权 %" PRIu64 "/%" PRIu64 "）\n"
			      : "  - Finalised by %zu of %zu validators (%" PRIu64 " of %" PRIu64
				" voting power)\n",
			   r->n_signed, r->n_validators, r->power_signed, r->power_total);
	}
	for (size_t i = 0; i < r->n_witnesses; i++) {
		if (!r->witnesses[i].counts)
			continue;
		out_str(o, zh ? "  - 您指定的见证：" : "  - Witnessed by the key that you named: ");
		put_witness(o, &r->witnesses[i], zh);
		out_str(o, "\n");
	}
	put_epochs(o, r, zh);
	if (r->head_held)
		out_printf(o,
			   zh ? "  - 延续您持有的链头（区块 %" PRId64 "）\n"
			      : "  - Continues the head that you hold (block %" PRId64 ")\n",
			   r->held_height);
}

/* ---- what is not ---- */

/* Anybody can make a key and sign: shown, and that it does not count. */
static void put_unnamed(struct out *o, const struct verify_result *r, bool zh)
{
	for (size_t i = 0; i < r->n_witnesses; i++) {
		const struct verify_witness *w = &r->witnesses[i];
		if (w->counts)
			continue;
		out_str(o, zh ? "    · " : "    . ");
		put_witness(o, w, zh);
		if (w->validator)
			out_str(o, zh ? "（这是验证者自己的密钥，不算见证）"
				      : " (a validator's own key: never a witness)");
		out_str(o, "\n");
	}
	for (size_t i = 0; i < r->n_named; i++) {
		if (r->named[i].counts)
			continue;
		out_str(o, zh ? "    · 您指定的 " : "    . ");
		put_short_key(o, r->named[i].key);
		out_str(o, zh ? " 未在此见证\n" : ", which you named, has not witnessed this\n");
	}
}

static void put_limits(struct out *o, const struct verify_result *r, bool zh)
{
	for (unsigned i = 0; i < SAID_LIMITS; i++) {
		if (!said_open(r, (enum said_limit)i))
			continue;
		out_printf(o, "  - %s\n", said_limit_words((enum said_limit)i, r, zh));
		if (i == SAID_WITNESSES)
			put_unnamed(o, r, zh);
	}
}

static void put_refusal(struct out *o, const struct verify_result *r, bool zh)
{
	out_printf(o, zh ? "拒绝（%s）：%s\n" : "REFUSED (%s): %s\n", verify_reason_name(r->reason),
		   zh ? verify_reason_zh(r->reason) : verify_reason_en(r->reason));
	if (r->detail[0]) {
		out_str(o, "  ");
		out_plain(o, r->detail);
		out_str(o, "\n");
	}
}

void say_words(struct out *o, const struct verify_result *r, bool zh)
{
	if (r->reason != VERIFY_OK) {
		put_refusal(o, r, zh);
		return;
	}
	if (r->receipt) {
		say_receipt(o, r, zh);
		return;
	}
	out_str(o, zh ? "验证通过" : "VERIFIED");
	if (!r->is_head) {
		out_str(o, "  ");
		out_plain(o, r->subjects[0].id);
	}
	out_str(o, zh ? "\n已证明：\n" : "\nProven:\n");
	put_what(o, r, zh);
	put_who(o, r, zh);
	out_str(o, zh ? "未证明：\n" : "Not proven:\n");
	put_limits(o, r, zh);
	for (size_t i = 0; i < r->n_subjects; i++)
		put_subject(o, r, i, zh);
}
