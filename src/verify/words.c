/*
 * words: what a result says, for people in English and Chinese, for programs in JSON.
 *
 * Text out of a bundle is somebody else's: control characters never reach a terminal.
 */
#include "verify/inside.h"

#include <inttypes.h>

static const char *const kinds[][2] = {
	{"?", "?"},
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

static const char *kind_name(uint8_t kind, bool zh)
{
	return kinds[kind < sizeof kinds / sizeof *kinds ? kind : 0][zh];
}

static const char *action_name(uint8_t flags)
{
	static const char *const names[4] = {"", "ADD", "OBSERVE", "DELETE"};
	return names[flags & 3];
}

/* ---- time ---- */

/* Civil date of days since 1970 (proleptic Gregorian), by eras of 400 years from March on. */
static void put_time(struct buf *b, int64_t ms)
{
	int64_t days = ms / 86400000, in_day = ms % 86400000;
	if (in_day < 0) {
		in_day += 86400000;
		days--;
	}
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	int64_t day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + era * 400 + (month <= 2), s = in_day / 1000;
	buf_printf(b,
		   "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "T%02" PRId64 ":%02" PRId64
		   ":%02" PRId64 "Z",
		   year, month, day, s / 3600, s / 60 % 60, s % 60);
}

/* ---- text ---- */

static void put_text(struct buf *b, const char *s)
{
	buf_put_plain(b, slice_str(s));
}

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

static void put_column(struct buf *b, const char *s, size_t columns)
{
	size_t n = width(s);
	put_text(b, s);
	for (; n < columns; n++)
		buf_put_u8(b, ' ');
	buf_put_str(b, "  ");
}

static void put_short_key(struct buf *b, const uint8_t *key)
{
	char hex[17];
	hex_encode(hex, key, 8);
	buf_printf(b, "%s...", hex);
}

struct widths {
	size_t step, where;
};

static struct widths widths_of(const struct verify_subject *s)
{
	struct widths w = {4, 5};
	for (uint64_t i = 0; i < s->n_events; i++) {
		size_t a = width(s->events[i].step), c = width(s->events[i].where);
		w.step = a > w.step ? a : w.step;
		w.where = c > w.where ? c : w.where;
	}
	w.step = w.step > 40 ? 40 : w.step;
	w.where = w.where > 60 ? 60 : w.where;
	return w;
}

static void put_note(struct buf *b, bool zh, bool *any, const char *fmt, uint64_t number)
{
	buf_put_str(b, *any ? zh ? "，" : ", " : "  ");
	buf_printf(b, fmt, number); /* the tables' own */
	*any = true;
}

static void put_notes(struct buf *b, const struct verify_event *e, bool zh)
{
	static const struct {
		uint8_t flag;
		const char *words[2];
	} notes[] = {
		{8, {"taken in from outside", "自外部接收"}},
		{16, {"by its container", "随其容器"}},
		{32, {"sensor data", "传感数据"}},
	};
	bool any = false;
	if (e->flags & 3)
		put_note(b, zh, &any, action_name(e->flags), 0);
	if (e->declared_by)
		put_note(b, zh, &any,
			 e->declared_by_record
				 ? (zh ? "【作废：第 %" PRIu64 " 条声明其有误】"
				       : "VOID: declared in error by %" PRIu64)
				 : (zh ? "【似已作废：第 %" PRIu64 " 条声明有误，内容与此相同】"
				       : "VOID, it seems: %" PRIu64 " declares an error, and is like it"),
			 e->declared_by);
	if ((e->flags & 4) && e->declares)
		put_note(b, zh, &any,
			 e->declares_by_record ? (zh ? "声明第 %" PRIu64 " 条有误"
						     : "declares %" PRIu64 " in error")
					       : (zh ? "声明有误，似指第 %" PRIu64 " 条"
						     : "declares an error, it seems of %" PRIu64),
			 e->declares);
	else if (e->flags & 4)
		put_note(b, zh, &any, zh ? "声明有误" : "declares an error", 0);
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
		if (e->flags & notes[i].flag)
			put_note(b, zh, &any, notes[i].words[zh], 0);
}

static void put_table(struct buf *b, const struct verify_subject *s, bool zh)
{
	struct widths w = widths_of(s);
	for (uint64_t i = 0; i < s->n_events; i++) {
		const struct verify_event *e = &s->events[i];
		buf_printf(b, "%s%4" PRIu64 "  ", e->part ? " " : "-", i + 1);
		put_time(b, e->happened_ms);
		buf_put_str(b, "  ");
		put_column(b, e->step, w.step);
		put_column(b, e->where, w.where);
		put_text(b, e->who);
		put_notes(b, e, zh);
		buf_put_u8(b, '\n');
	}
}

static void put_field(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	buf_printf(b, "  %s ", name);
	put_text(b, value);
}

static void put_subject(struct buf *b, const struct verify_result *r, size_t i, bool zh)
{
	const struct verify_subject *s = &r->subjects[i];
	buf_put_u8(b, '\n');
	put_text(b, s->id);
	if (s->absent) {
		buf_put_str(b, zh ? "  （此处没有历史）\n" : "  (no history here)\n");
		return;
	}
	buf_printf(b, "  (%s)", kind_name(s->kind, zh));
	if (s->via != SIZE_MAX) {
		buf_put_str(b, s->link == 'o' ? (zh ? "  原料，用于 " : "  origin of ")
					      : (zh ? "  容器，曾装 " : "  container of "));
		put_text(b, r->subjects[s->via].id);
	}
	buf_put_u8(b, '\n');
	put_field(b, zh ? "登记所有者" : "owner", s->owner);
	put_field(b, zh ? "持有者" : "holder", s->holder);
	put_field(b, zh ? "拟移交" : "offered to", s->offered_to);
	put_field(b, zh ? "所在容器" : "inside", s->container);
	if (s->flags & 2)
		buf_put_str(b, zh ? "  已停用" : "  decommissioned");
	buf_printf(b, zh ? "  事件 %" PRIu64 " 条" : "  %" PRIu64 " events", s->n_events);
	if (s->claims)
		buf_printf(b,
			   zh ? "  （另有他人陈述 %" PRIu64 " 条，未列出）"
			      : "  (%" PRIu64 " claims of others beside them, not shown)",
			   s->claims);
	buf_put_u8(b, '\n');
	if (s->contradicts)
		buf_put_str(b, zh ? "  有取出时间早于装入时间：该段按记录次序计\n"
				  : "  unpacked, by the times told, before it was packed: there the order of "
				    "recording counts\n");
	put_table(b, s, zh);
}

static void put_when(struct buf *b, const struct verify_result *r)
{
	put_time(b, r->time_s * 1000);
}

static void put_what(struct buf *b, const struct verify_result *r, bool zh)
{
	uint64_t events = 0;
	for (size_t i = 0; i < r->n_subjects; i++)
		events += r->subjects[i].n_events;
	if (r->is_head) {
		buf_put_str(b, zh ? "  - 此为链头：" : "  - This is a head: ");
	} else if (r->subjects[0].absent) {
		buf_put_str(b, zh ? "  - 该标识在此链上没有任何历史："
				  : "  - This identifier has no history on this chain: ");
	} else if (r->n_subjects > 1) {
		buf_printf(b,
			   zh ? "  - 全程完整：%zu 个标的，全部 %" PRIu64 " 条事件，无一遗漏："
			      : "  - The whole journey: %zu subjects, all their %" PRIu64
				" events, none left out: ",
			   r->n_subjects, events);
	} else {
		buf_printf(b,
			   zh ? "  - 这是该标的的全部 %" PRIu64 " 条事件，无一遗漏："
			      : "  - These are all %" PRIu64
				" events of this subject, none left out: ",
			   events);
	}
	put_text(b, r->chain_id);
	buf_printf(b, zh ? "，区块 %" PRId64 "，" : ", block %" PRId64 ", ", r->height);
	put_when(b, r);
	buf_put_u8(b, '\n');
}

static void put_who(struct buf *b, const struct verify_result *r, bool zh)
{
	if (r->n_validators == 1) {
		buf_put_str(b, zh ? "  - 仅由一方记录，签名密钥 "
				  : "  - Recorded by one signer alone, key ");
		put_short_key(b, r->signers[0]);
		buf_put_u8(b, '\n');
	} else {
		buf_printf(b,
			   zh ? "  - 由 %zu/%zu 个验证者确认（投票权 %" PRIu64 "/%" PRIu64 "）\n"
			      : "  - Finalised by %zu of %zu validators (%" PRIu64 " of %" PRIu64
				" voting power)\n",
			   r->n_signed, r->n_validators, r->power_signed, r->power_total);
	}
	for (size_t i = 0; i < r->n_witnesses; i++) {
		const struct verify_witness *w = &r->witnesses[i];
		buf_put_str(b, zh ? "  - 见证：" : "  - Witnessed by ");
		put_text(b, w->name);
		buf_put_u8(b, ' ');
		put_short_key(b, w->key);
		buf_printf(b, zh ? "，区块 %" PRId64 "\n" : " at block %" PRId64 "\n", w->height);
	}
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct verify_epoch *e = &r->epochs[i];
		/* Where the copy ended is not in the statement: only what was known beside it. */
		if (e->resumed)
			buf_printf(b,
				   zh ? "  - 自区块 %" PRId64
					" 起：由副本恢复；当时已知的最新链头为区块 %" PRId64
					"，截至该区块而副本所缺的区块不在此链中\n"
				      : "  - From block %" PRId64
					" on resumed from a copy; the newest head known then was "
					"block %" PRId64 ", and blocks up to it that the copy "
					"lacked are not in this chain\n",
				   e->from_height, e->last_height);
		else
			buf_printf(b,
				   zh ? "  - 自区块 %" PRId64 " 起：验证者密钥已按创世承诺更换\n"
				      : "  - A validator's key was replaced, as the genesis "
					"allows, from block %" PRId64 " on\n",
				   e->from_height);
	}
	if (r->head_held)
		buf_printf(b,
			   zh ? "  - 延续您持有的链头（区块 %" PRId64 "）\n"
			      : "  - Continues the head that you hold (block %" PRId64 ")\n",
			   r->held_height);
}

/* What a good verdict leaves open: NAME for programs, words for people. */
#define LIMITS(X)                                                                                  \
	X(GOODS, goods, "that the goods are what the record says", "实物与记录相符")               \
	X(ERRORS, errors,                                                                          \
	  "which event is void: what declares an error does not say here of which; ask on line",   \
	  "哪条事件作废：声明有误者在此未指明对象，请在线查询")                                    \
	X(ALIKE, errors_alike,                                                                     \
	  "that the event declared in error is the one marked: it is like the declaration in "     \
	  "time, step, place and member; the records would prove it (prove --journey, or ask on "  \
	  "line)",                                                                                 \
	  "被声明有误的正是所标事件：二者时间、步骤、地点、成员相同；记录方可证明（prove "         \
	  "--journey 或在线查询）")                                                                \
	X(DISOWNED, disowned,                                                                      \
	  "that none of these acts was disowned, as done with a stolen key: ask on line",          \
	  "其中没有因密钥被盗而不予承认的行为：请在线查询")                                        \
	X(CURRENT, current,                                                                        \
	  "that nothing happened since: whether it is still current has to be asked on line",      \
	  "此后没有新的事件（请在线查询是否仍为最新）")                                            \
	X(SECOND, second_history,                                                                  \
	  "that the signer kept no second, different history: one key can sign two (a witness, "   \
	  "or a head you hold, would show it)",                                                    \
	  "签名者没有另存一份不同的历史（一把密钥可以签署两份；请见证或比对链头）")

enum limit {
#define X(NAME, name, en, zh) LIMIT_##NAME,
	LIMITS(X)
#undef X
		LIMIT_END
};

static const struct {
	const char *name, *words[2];
} limits[] = {
#define X(NAME, name, en, zh) {#name, {en, zh}},
	LIMITS(X)
#undef X
};

static bool leaves_open(const struct verify_result *r, enum limit l)
{
	bool history = !r->is_head && !r->subjects[0].absent;
	switch (l) {
	case LIMIT_GOODS:
	case LIMIT_DISOWNED:
		return history;
	case LIMIT_ERRORS:
		return r->errors_unknown > 0;
	case LIMIT_ALIKE:
		return r->errors_alike > 0;
	case LIMIT_CURRENT:
		return true;
	case LIMIT_SECOND:
		return r->n_validators == 1 && r->n_witnesses == 0 && !r->head_held;
	case LIMIT_END:
		break;
	}
	return false;
}

static void put_limits(struct buf *b, const struct verify_result *r, bool zh)
{
	for (unsigned i = 0; i < LIMIT_END; i++)
		if (leaves_open(r, (enum limit)i))
			buf_printf(b, "  - %s\n", limits[i].words[zh]);
}

static void put_refusal(struct buf *b, const struct verify_result *r, bool zh)
{
	buf_printf(b, zh ? "拒绝（%s）：%s\n" : "REFUSED (%s): %s\n", verify_reason_name(r->reason),
		   zh ? verify_reason_zh(r->reason) : verify_reason_en(r->reason));
	if (r->detail[0]) {
		buf_put_str(b, "  ");
		put_text(b, r->detail);
		buf_put_u8(b, '\n');
	}
}

static void words(struct buf *b, const struct verify_result *r, bool zh)
{
	if (r->reason != VERIFY_OK) {
		put_refusal(b, r, zh);
		return;
	}
	buf_put_str(b, zh ? "验证通过" : "VERIFIED");
	if (!r->is_head) {
		buf_put_str(b, "  ");
		put_text(b, r->subjects[0].id);
	}
	buf_put_str(b, zh ? "\n已证明：\n" : "\nProven:\n");
	put_what(b, r, zh);
	put_who(b, r, zh);
	buf_put_str(b, zh ? "未证明：\n" : "Not proven:\n");
	put_limits(b, r, zh);
	for (size_t i = 0; i < r->n_subjects; i++)
		put_subject(b, r, i, zh);
}

/* ---- JSON ---- */

static void j_string(struct buf *b, const char *s)
{
	buf_put_u8(b, '"');
	for (; *s; s++) {
		uint8_t c = (uint8_t)*s;
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else if (c == 0xc2 && (uint8_t)s[1] >= 0x80 && (uint8_t)s[1] < 0xa0)
			buf_printf(b, "\\u%04x", (uint8_t)*++s); /* C1: a terminal obeys it */
		else
			buf_put_u8(b, c);
	}
	buf_put_u8(b, '"');
}

static void j_field(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, ",\"%s\":", name);
	j_string(b, value);
}

static void j_hex(struct buf *b, const char *name, const uint8_t *p)
{
	char hex[65];
	hex_encode(hex, p, 32);
	buf_printf(b, ",\"%s\":\"%s\"", name, hex);
}

static void j_time(struct buf *b, const char *name, int64_t ms)
{
	buf_printf(b, ",\"%s\":\"", name);
	put_time(b, ms);
	buf_put_u8(b, '"');
}

static const char *j_bool(bool v)
{
	return v ? "true" : "false";
}

static void j_event(struct buf *b, const struct verify_event *e, uint64_t number)
{
	buf_printf(b, "{\"number\":%" PRIu64 ",\"kind\":%u,\"role\":%u,\"action\":\"%s\"", number,
		   e->kind, e->role, action_name(e->flags));
	j_field(b, "step", e->step);
	j_field(b, "where", e->where);
	j_field(b, "who", e->who);
	j_time(b, "happened", e->happened_ms);
	j_time(b, "recorded", e->recorded_ms);
	buf_printf(b, ",\"happened_ms\":%" PRId64 ",\"recorded_ms\":%" PRId64, e->happened_ms,
		   e->recorded_ms);
	buf_printf(b, ",\"error\":%s,\"taken_in\":%s,\"unnamed\":%s,\"sensor\":%s,\"part\":%s",
		   j_bool(e->flags & 4), j_bool(e->flags & 8), j_bool(e->flags & 16),
		   j_bool(e->flags & 32), j_bool(e->part));
	buf_printf(b, ",\"declares_error\":%s", j_bool(e->flags & 4));
	if (e->declares)
		buf_printf(b, ",\"declares_error_of\":%" PRIu64 ",\"declares_proven\":%s", e->declares,
			   j_bool(e->declares_by_record));
	if (e->declared_by)
		buf_printf(b, ",\"declared_in_error_by\":%" PRIu64 ",\"declared_proven\":%s",
			   e->declared_by, j_bool(e->declared_by_record));
	j_hex(b, "digest", e->digest);
	buf_put_u8(b, '}');
}

static void j_subject(struct buf *b, const struct verify_result *r, size_t i)
{
	const struct verify_subject *s = &r->subjects[i];
	buf_put_str(b, "{\"id\":");
	j_string(b, s->id);
	buf_printf(b, ",\"absent\":%s", j_bool(s->absent));
	if (!s->absent) {
		j_field(b, "kind", kind_name(s->kind, false));
		j_field(b, "owner", s->owner);
		j_field(b, "holder", s->holder);
		j_field(b, "offered_to", s->offered_to);
		j_field(b, "container", s->container);
		buf_printf(b, ",\"taken_in\":%s,\"decommissioned\":%s,\"claims\":%" PRIu64,
			   j_bool(s->flags & 1), j_bool(s->flags & 2), s->claims);
		if (s->via != SIZE_MAX) {
			j_field(b, "of", r->subjects[s->via].id);
			j_field(b, "as", s->link == 'o' ? "origin" : "container");
		}
		buf_printf(b, ",\"times_contradict\":%s", j_bool(s->contradicts));
		buf_put_str(b, ",\"events\":[");
		for (uint64_t k = 0; k < s->n_events; k++) {
			buf_put_str(b, k ? "," : "");
			j_event(b, &s->events[k], k + 1);
		}
		buf_put_u8(b, ']');
	}
	buf_put_u8(b, '}');
}

static void j_good(struct buf *b, const struct verify_result *r)
{
	j_field(b, "chain", r->chain_id);
	j_hex(b, "fingerprint", r->fingerprint);
	buf_printf(b, ",\"height\":%" PRId64, r->height);
	j_time(b, "time", r->time_s * 1000);
	j_hex(b, "header_hash", r->header_hash);
	j_hex(b, "app_hash", r->app_hash);
	j_hex(b, "log_root", r->log_root);
	buf_printf(b,
		   ",\"log_size\":%" PRIu64 ",\"validators\":%zu,\"signed\":%zu"
		   ",\"one_signer\":%s,\"head\":%s,\"journey\":%s"
		   ",\"continues_held_head\":%s,\"errors_unknown\":%" PRIu64
		   ",\"errors_alike\":%" PRIu64,
		   r->log_size, r->n_validators, r->n_signed, j_bool(r->n_validators == 1),
		   j_bool(r->is_head), j_bool(r->journey),
		   j_bool(r->head_held), r->errors_unknown, r->errors_alike);
	buf_put_str(b, ",\"not_proven\":{");
	for (unsigned i = 0, n = 0; i < LIMIT_END; i++) {
		if (!leaves_open(r, (enum limit)i))
			continue;
		buf_printf(b, "%s\"%s\":", n++ ? "," : "", limits[i].name);
		j_string(b, limits[i].words[0]);
	}
	buf_put_u8(b, '}');
	buf_put_str(b, ",\"signers\":[");
	for (size_t i = 0; i < r->n_signed; i++) {
		char hex[65];
		hex_encode(hex, r->signers[i], 32);
		buf_printf(b, "%s\"%s\"", i ? "," : "", hex);
	}
	buf_put_str(b, "],\"witnesses\":[");
	for (size_t i = 0; i < r->n_witnesses; i++) {
		buf_printf(b, "%s{\"height\":%" PRId64, i ? "," : "", r->witnesses[i].height);
		j_field(b, "name", r->witnesses[i].name);
		j_hex(b, "key", r->witnesses[i].key);
		buf_put_u8(b, '}');
	}
	buf_put_str(b, "],\"epochs\":[");
	for (size_t i = 0; i < r->n_epochs; i++)
		buf_printf(b,
			   "%s{\"number\":%" PRIu64 ",\"resumed\":%s,\"from_height\":%" PRId64 "}",
			   i ? "," : "", r->epochs[i].number, j_bool(r->epochs[i].resumed),
			   r->epochs[i].from_height);
	buf_put_str(b, "],\"subjects\":[");
	for (size_t i = 0; i < r->n_subjects; i++) {
		buf_put_str(b, i ? "," : "");
		j_subject(b, r, i);
	}
	buf_put_u8(b, ']');
}

static void json(struct buf *b, const struct verify_result *r)
{
	buf_printf(b, "{\"verified\":%s", j_bool(r->reason == VERIFY_OK));
	j_field(b, "reason", verify_reason_name(r->reason));
	j_field(b, "message", verify_reason_en(r->reason));
	j_field(b, "detail", r->detail);
	if (r->reason == VERIFY_OK)
		j_good(b, r);
	buf_put_str(b, "}\n");
}

char *verify_words(const struct verify_result *r, enum verify_style style)
{
	struct buf b = BUF_INIT;
	if (style == VERIFY_JSON)
		json(&b, r);
	else
		words(&b, r, style == VERIFY_ZH);
	if (buf_cstr(&b))
		return (char *)b.p;
	buf_fini(&b);
	return NULL;
}
