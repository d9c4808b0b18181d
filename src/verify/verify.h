/*
 * verify: checks a proof with nothing but the fingerprint of the chain's genesis.
 *
 * For third parties. C11, links libsodium and nothing else of this project but
 * src/base; reads no file, clock or network; safe on hostile bytes. The format is
 * docs/format/bundle.md. It shares no code with what makes proofs.
 *
 *   struct verify_options o = {.fingerprint = fp};
 *   struct verify_result *r = verify_bundle(bytes, n, &o);
 *   if (r && r->reason == VERIFY_OK) ...
 *   verify_free(r);
 *
 * What a good result proves: these are all the events of the subject, none left out,
 * as the chain had them at that height and time, and who finalised it. What it does
 * not: that the goods match the record, and that nothing happened since.
 */
#ifndef ARGOSY_VERIFY_VERIFY_H
#define ARGOSY_VERIFY_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NAME, English, Chinese. The names are what programs see ("history"). */
#define VERIFY_TABLE(X)                                                                            \
	X(OK, ok, "verified", "验证通过")                                                          \
	X(NOMEM, nomem, "out of memory", "内存不足")                                               \
	X(FORMAT, format, "not a bundle, or damaged", "不是证明文件，或已损坏")                    \
	X(VERSION, version, "of a version that this verifier does not know", "版本未知")           \
	X(LIMIT, limit, "over a limit", "超过限制")                                                \
	X(FINGERPRINT, fingerprint, "of another chain: the genesis has another fingerprint",       \
	  "属于另一条链：创世指纹不符")                                                            \
	X(GENESIS, genesis, "the genesis is not valid", "创世数据无效")                            \
	X(EPOCH, epoch, "a change of key is not what the genesis committed to",                    \
	  "密钥更换与创世承诺不符")                                                                \
	X(HISTORY, history,                                                                        \
	  "the events are not the history: one was left out, added, moved or changed",             \
	  "事件与历史不符：有事件被删除、添加、调换或修改")                                        \
	X(STATE, state, "a subject is not part of the state that was finalised",                   \
	  "标的不属于已确认的状态")                                                                \
	X(SIGNATURE, signature,                                                                    \
	  "the validators did not sign this: something of it was changed, or it was never final",  \
	  "验证者未签署此内容：内容被改动，或从未确认")                                            \
	X(POWER, power, "too few validators signed", "签名的验证者不足")                           \
	X(RECORD, record, "a record is not the one that the history names", "记录与历史所载不符")  \
	X(JOURNEY, journey, "the journey has a gap, or holds what does not belong to it",          \
	  "全程记录有缺口，或含有无关内容")                                                        \
	X(WITNESS, witness, "a witness did not sign this head", "见证签名无效")                    \
	X(CONSISTENCY, consistency, "the log does not continue the older one",                     \
	  "日志与较早的日志不连续")                                                                \
	X(HEAD, head, "it cannot be shown to continue the head that you hold",                     \
	  "无法证明其延续您所持有的链头")                                                            \
	X(LOG, log, "the log of this head does not hold the records", "该链头的日志中没有这些记录")

enum verify_reason {
#define X(NAME, name, en, zh) VERIFY_##NAME,
	VERIFY_TABLE(X)
#undef X
};

const char *verify_reason_name(enum verify_reason r); /* "history" */
const char *verify_reason_en(enum verify_reason r);
const char *verify_reason_zh(enum verify_reason r);

enum { VERIFY_BYTES_MAX = 16 << 20, VERIFY_VALIDATORS_MAX = 100, VERIFY_TEXT_MAX = 28 << 20 };

/* One line of a history. Text is UTF-8, NUL-terminated, never NULL. */
struct verify_event {
	uint8_t kind;  /* 1: an EPCIS event; else another act, named by `step` */
	uint8_t flags; /* docs/format/record.md: 1-3 action, 4 error, 8 taken in, 16, 32, 128 */
	uint8_t role;
	bool part; /* belongs to the journey; in a bundle that is none all do */
	/* Void marks: the number (from 1) of the mark that declares this event in error, and of the
	 * event that this mark declares so; 0: none. */
	uint64_t declared_by, declares;
	int64_t happened_ms, recorded_ms;
	const char *step, *where, *who;
	uint8_t digest[32];
	const uint8_t *record; /* the log record, where the bundle has it, else NULL */
	size_t record_n;
};

struct verify_subject {
	const char *id;
	bool absent;
	uint8_t kind, flags; /* docs/format/record.md */
	const char *owner, *holder, *offered_to, *container;
	uint64_t claims; /* what others say beside the history: not in the bundle */
	uint64_t n_events;
	struct verify_event *events;
	/* In a journey: the first and the last event (from 1) that belong to it; 0, 0: none. `via`
	 * is the subject that led here (SIZE_MAX: the first), `link` how: 'o' origin, 'c' container.
	 * Of some packing the times contradict: then what was recorded meanwhile counts. */
	uint64_t first, last;
	bool contradicts;
	size_t via;
	char link;
};

/* Who signed this head, or one that it continues, beside its validators. Anybody can make a
 * key and call himself what he likes: he counts only if the reader named his key. */
struct verify_witness {
	uint8_t key[32];
	const char *name; /* as he calls himself */
	int64_t height;	  /* of the head that he signed */
	bool replayed;	  /* he executed the chain; else he checked that the log continues */
	bool validator;	  /* a validator's own key, of any epoch: it never counts */
	bool counts;	  /* the reader named the key, and it is no validator's */
};

struct verify_epoch {
	uint64_t number;
	bool resumed;	       /* from a copy; false: a key was replaced */
	int64_t from_height;
	int64_t last_height;   /* of the newest head that the statement names */
	uint8_t signer[32];    /* whose key signed the statement */
	uint8_t statement[32]; /* its SHA-256 */
};

/* An older log that this one is shown to continue. */
struct verify_older {
	uint64_t log_size;
	uint8_t log_root[32];
};

struct verify_result {
	enum verify_reason reason;
	char detail[300]; /* English: where and what; may be empty */

	/* All below holds if reason is VERIFY_OK; else it may not have been filled in. */
	const char *chain_id;
	uint8_t fingerprint[32];
	int64_t height, time_s;
	int32_t time_ns;
	uint8_t header_hash[32], app_hash[32], log_root[32], state_root[32];
	uint64_t log_size;

	size_t n_validators, n_signed;
	uint64_t power_signed, power_total;
	uint8_t signers[VERIFY_VALIDATORS_MAX][32];

	bool is_head;	/* a head file: no subjects */
	const struct verify_receipt *receipt; /* of a receipt (verify/receipt.h), else NULL */
	bool journey;	/* everything that it was made from or carried in is shown */
	/* It holds acts, kinds or flags that this version does not know. */
	bool newer;
	bool head_held; /* it continues the head given in the options */
	int64_t held_height;
	size_t n_subjects;
	struct verify_subject *subjects;
	size_t n_witnesses;
	struct verify_witness *witnesses;
	/* The keys that the reader named, and whether each signed here and counts. */
	size_t n_named;
	struct verify_named {
		uint8_t key[32];
		bool counts;
	} * named;
	size_t n_epochs;
	struct verify_epoch *epochs;
	size_t n_older;
	struct verify_older *older;

	void *memory; /* private */
};

struct verify_options {
	const uint8_t *fingerprint; /* 32 bytes; NULL: any chain (nothing is proven then) */
	/* A head held from earlier, a head file or bundle: the bundle must continue it. */
	const uint8_t *head;
	size_t head_n;
	/* Keys of witnesses that the reader trusts, 32 bytes each. */
	const uint8_t *witnesses;
	size_t n_witnesses;
};

/*
 * Checks a bundle or head file, given as its bytes or as text ("https://...#BASE32").
 * NULL only if there is no memory at all. Free with verify_free.
 */
struct verify_result *verify_bundle(const uint8_t *bytes, size_t n, const struct verify_options *o);
void verify_free(struct verify_result *r);

/* Two proofs of one chain that cannot both be true. */
enum verify_conflict {
	CONFLICT_NONE,	  /* they may both be true */
	CONFLICT_UNKNOWN, /* one of them does not verify, or they are of two chains */
	CONFLICT_HEADER,  /* two signed headers of one height */
	CONFLICT_LOG,	  /* the later log does not hold what the earlier held */
	CONFLICT_HISTORY, /* a later history does not begin with the earlier one */
	CONFLICT_RECEIPT, /* a history lacks a record that the log under it holds */
	CONFLICT_OPEN,	  /* nothing is shown either way: something is missing, the words say what */
	CONFLICT_EPOCH,	  /* two statements replace a key in one epoch */
	/* They contradict each other as one of the above; but one of them stands in an epoch that
	 * was resumed from a copy, of which the other does not know, and the other is not younger: so
	 * it may be what was lost with the original. No proof that its signer kept two histories. */
	CONFLICT_RESUMED,
};
/* `a` and `b` are good results. Writes what it shows and who signed, in words of `zh` or
 * English: some 100 bytes for each signer besides 1,000. */
enum verify_conflict verify_conflict(char *words, size_t words_n, const struct verify_result *a,
				     const struct verify_result *b, bool zh);

/*
 * The verdict, and the events as a table, as text in English or Chinese, or as one JSON object
 * on one line without its end. It is handed to `put` piece by piece, and takes no memory beyond
 * a few KiB of stack. Its length is bounded by what it says: each event stands there once, with
 * its three strings (in JSON twice their length at most) and some 600 bytes besides.
 * `file`, unless NULL, is UTF-8 and becomes a field of the object. False: `put` refused.
 */
enum verify_style { VERIFY_EN, VERIFY_ZH, VERIFY_JSON };
typedef bool verify_put(void *ctx, const char *p, size_t n);
bool verify_write(const struct verify_result *r, enum verify_style style, const char *file,
		  verify_put *put, void *ctx);
/* The same in memory, NUL-terminated; to free with free(). NULL: no memory. */
char *verify_words(const struct verify_result *r, enum verify_style style);

#endif
