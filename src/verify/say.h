/*
 * say: a result in words and as JSON; and what both say alike (said.c): names of kinds, and what a
 * good verdict leaves open.
 */
#ifndef ARGOSY_VERIFY_SAY_H
#define ARGOSY_VERIFY_SAY_H

#include "verify/out.h"

enum { SAID_ERROR = 4 };

/* ---- said.c ---- */

/* NULL: an act or a kind of subject that this version does not know. */
const char *said_act(uint8_t kind);
const char *said_subject(uint8_t kind, bool zh);
const char *said_action(uint8_t flags); /* "ADD"; "" */
/* An event that is told to have happened after it was recorded. */
bool said_late(const struct verify_event *e);

/* What a good verdict leaves open: NAME for programs, words for people. One goes away only by
 * what the reader himself supplied. */
#define SAID_TABLE(X)                                                                              \
	X(GOODS, goods, "that the goods are what the record says", "实物与记录相符")               \
	X(NEWER, newer,                                                                            \
	  "what all of it means: some was made by a newer version, and is shown by its number",    \
	  "全部内容的含义：部分内容由较新版本写入，仅以编号显示")                                  \
	X(HISTORIES, histories,                                                                    \
	  "that the histories hold these records: a later bundle shows it; if it does not, this "  \
	  "receipt and that bundle are evidence (argosy-verify evidence)",                         \
	  "标的的历史载有这些记录：以后的证明会显示；若没有，本回执与该证明即为证据"               \
	  "（argosy-verify evidence）")                                                            \
	X(DISOWNED, disowned,                                                                      \
	  "that none of these acts was disowned, as done with a stolen key: ask online",           \
	  "其中没有因密钥被盗而不予承认的行为：请在线查询")                                        \
	X(CURRENT, current,                                                                        \
	  "that nothing happened since: whether it is still current has to be asked online",       \
	  "此后没有新的事件（请在线查询是否仍为最新）")                                            \
	X(REPLACED, key_replaced,                                                                  \
	  "that the key which signed was not replaced since, as lost or stolen: ask online",       \
	  "签名密钥此后未因丢失或被盗而更换（请在线查询）")                                        \
	X(SECOND, second_history,                                                                  \
	  "that the signer kept no second, different history: one key can sign two; compare "      \
	  "heads with others, and keep this file as evidence",                                     \
	  "签名者没有另存一份不同的历史（一把密钥可以签署两份；请与他人比对链头，并留存本文件为证）") \
	X(WITNESSES, witnesses,                                                                    \
	  "that these are independent of the signer: anybody can sign as a witness; name the "     \
	  "keys that you know with --witness",                                                     \
	  "下列见证独立于签名者：任何人都可以自称见证；请用 --witness 指定您认识的密钥")

enum said_limit {
#define X(NAME, name, en, zh) SAID_##NAME,
	SAID_TABLE(X)
#undef X
		SAID_LIMITS
};

bool said_open(const struct verify_result *r, enum said_limit l);
const char *said_limit_name(enum said_limit l);
const char *said_limit_words(enum said_limit l, const struct verify_result *r, bool zh);

/* Receipts (receipt_words.c): all that words.c says of others; a member of the JSON object. */
void say_receipt(struct out *o, const struct verify_result *r, bool zh);
void say_receipt_json(struct out *o, const struct verify_receipt *c);

void say_words(struct out *o, const struct verify_result *r, bool zh);
/* One object, without a line's end; `file`, unless NULL, stands in it. */
void say_json(struct out *o, const struct verify_result *r, const char *file);

#endif
