/*
 * verdict: what the ledger says of a transaction.
 *
 * A verdict is a value: the same on every node, hashed into blocks. Its number
 * is frozen for ever; retire one by renaming it, never by reuse. The name is
 * what programs see ("not_holder"); the sentences are for people.
 */
#ifndef ARGOSY_LEDGER_VERDICT_H
#define ARGOSY_LEDGER_VERDICT_H

#include "base/err.h"

/* number, NAME, English, Chinese */
#define VERDICT_TABLE(X)                                                                           \
	X(0, OK, "applied", "已执行")                                                              \
	/* 1-19 form */                                                                            \
	X(1, MALFORMED, "the bytes are not a transaction", "字节不是有效的交易")                   \
	X(2, TOO_LARGE, "over a size or count limit", "超过大小或数量限制")                        \
	X(3, UNKNOWN_FIELD, "holds a field that this version does not know", "含有未知字段")       \
	X(4, WRONG_CHAIN, "made for another chain", "属于另一条链")                                \
	X(5, BAD_SIGNATURE, "a signature does not fit", "签名无效")                                \
	X(6, INVALID, "a field breaks the data standard", "字段不符合数据标准")                    \
	/* 20-39 sender */                                                                         \
	X(20, UNKNOWN_MEMBER, "the member is not known", "成员未知")                               \
	X(21, UNKNOWN_KEY, "the key is not one of the member's", "密钥不属于该成员")               \
	X(22, KEY_REVOKED, "the key is revoked or retired", "密钥已撤销或退役")                    \
	X(23, MEMBER_SUSPENDED, "the member is suspended", "成员已被暂停")                         \
	X(24, KEY_SCOPE, "the key may not do this", "该密钥无权执行此操作")                        \
	X(25, QUOTA, "the member's quota for this hour is used up", "成员本小时配额已用完")        \
	X(26, DEFERRED, "put off to another block: this one is full",                              \
	  "区块已满，推迟到后续区块")                                                              \
	/* 40-59 identity of the transaction */                                                    \
	X(40, EXPIRED, "expired", "已过期")                                                        \
	X(41, EXPIRY_TOO_FAR, "the expiry lies more than 24 hours ahead", "有效期超过24小时")      \
	X(42, CONFLICT, "the id was used for another body", "该编号已用于另一交易")                \
	X(43, DUPLICATE, "already done", "已经完成")                                               \
	/* 60-99 trade */                                                                          \
	X(60, NOT_AUTHORISED, "the member may not do this", "成员无权执行此操作")                  \
	X(61, NOT_OWNER, "the identifier is registered to another member",                         \
	  "标识符登记在其他成员名下")                                                              \
	X(62, NOT_HOLDER, "the member does not hold these goods", "成员并未持有该货物")            \
	X(63, NOT_OFFERED, "custody was not offered to this member", "未向该成员提出移交")         \
	X(64, NOT_FOUND, "what it refers to does not exist", "所指对象不存在")                     \
	X(65, EXISTS, "already exists", "已存在")                                                  \
	X(67, EVENT_CONFLICT, "another event with this eventID is recorded",                       \
	  "该eventID已用于另一事件")                                                               \
	X(68, OVERLAP, "overlaps a range of another member", "与其他成员的标识符范围重叠")         \
	X(69, STATE, "not possible in the present state", "当前状态下不可执行")                    \
	X(70, CYCLE, "would put a container inside itself", "容器不能包含自身")                    \
	X(71, LAST_KEY, "would leave the member without a key", "成员将没有可用密钥")

enum verdict {
#define X(number, name, en, zh) VERDICT_##name = number,
	VERDICT_TABLE(X)
#undef X
};

/* The detail of a verdict: not hashed, for people. */
struct verdict_text {
	char field[200]; /* "/actions/3/event/bizStep"; empty: the whole */
	char text[300];
};

const char *verdict_name(enum verdict v); /* "not_holder" */
const char *verdict_en(enum verdict v);
const char *verdict_zh(enum verdict v);

/* Writes the detail where `t` is not NULL, returns v. */
enum verdict verdict_set(struct verdict_text *t, enum verdict v, const char *field, const char *fmt,
			 ...) PRINTF_LIKE(4, 5);

#endif
