/*
 * conflict: two proofs of one chain that cannot both be true, shown as evidence.
 *
 * Each is good by itself, so its signatures stand; what they sign contradicts.
 */
#include "verify/inside.h"

#include <inttypes.h>
#include <stdio.h>

/* Who signed both. The first common signer's key, or NULL. */
static const uint8_t *common_signer(const struct verify_result *a, const struct verify_result *b)
{
	for (size_t i = 0; i < a->n_signed; i++)
		for (size_t k = 0; k < b->n_signed; k++)
			if (memcmp(a->signers[i], b->signers[k], 32) == 0)
				return a->signers[i];
	return NULL;
}

static size_t count_common(const struct verify_result *a, const struct verify_result *b)
{
	size_t n = 0;
	for (size_t i = 0; i < a->n_signed; i++)
		for (size_t k = 0; k < b->n_signed; k++)
			n += memcmp(a->signers[i], b->signers[k], 32) == 0;
	return n;
}

static void say_signers(struct buf *out, const struct verify_result *a,
			const struct verify_result *b, bool zh)
{
	const uint8_t *key = common_signer(a, b);
	char hex[65] = "";
	if (key)
		hex_encode(hex, key, 32);
	size_t n = count_common(a, b);
	if (n == 1)
		buf_printf(out, zh ? " 两者均由密钥 %s 签署。" : " Both are signed by the key %s.",
			   hex);
	else if (n > 1)
		buf_printf(out,
			   zh ? " %zu 个验证者两者皆签，其一为 %s。"
			      : " %zu validators signed both, among them %s.",
			   n, hex);
}

static bool same_event(const struct verify_event *a, const struct verify_event *b)
{
	return memcmp(a->digest, b->digest, 32) == 0 && a->kind == b->kind &&
	       a->flags == b->flags && a->role == b->role && a->happened_ms == b->happened_ms &&
	       a->recorded_ms == b->recorded_ms && strcmp(a->step, b->step) == 0 &&
	       strcmp(a->where, b->where) == 0 && strcmp(a->who, b->who) == 0;
}

/* Is the earlier history the beginning of the later one? Gives the first event that is not. */
static bool begins(const struct verify_subject *early, const struct verify_subject *late,
		   uint64_t *at)
{
	for (*at = 1; *at <= early->n_events; ++*at)
		if (*at > late->n_events ||
		    !same_event(&early->events[*at - 1], &late->events[*at - 1]))
			return false;
	return true;
}

static bool histories(struct buf *out, const struct verify_result *early,
		      const struct verify_result *late, bool zh)
{
	for (size_t i = 0; i < early->n_subjects; i++)
		for (size_t k = 0; k < late->n_subjects; k++) {
			const struct verify_subject *x = &early->subjects[i],
						    *y = &late->subjects[k];
			uint64_t at;
			if (strcmp(x->id, y->id) != 0 || begins(x, y, &at))
				continue;
			buf_printf(out,
				   zh ? "%s：区块 %" PRId64 " 时的第 %" PRIu64
					" 条事件，在区块 %" PRId64
					" 时已不同或不存在。历史只能增加。"
				      : "%s: as of block %" PRId64 " its event %" PRIu64
					" was another than as of block %" PRId64
					", where it is changed or gone. A history can only grow.",
				   x->id, early->height, at, late->height);
			return true;
		}
	return false;
}

static bool logs(struct buf *out, const struct verify_result *early,
		 const struct verify_result *late, bool zh)
{
	if (late->log_size < early->log_size) {
		buf_printf(out,
			   zh ? "区块 %" PRId64 " 的日志有 %" PRIu64 " 条记录，区块 %" PRId64
				" 只有 %" PRIu64 " 条。日志只能增加。"
			      : "At block %" PRId64 " the log held %" PRIu64
				" records, at block %" PRId64 " it holds %" PRIu64
				". A log can only grow.",
			   early->height, early->log_size, late->height, late->log_size);
		return true;
	}
	if (late->log_size == early->log_size && memcmp(late->log_root, early->log_root, 32) != 0) {
		buf_printf(out,
			   zh ? "区块 %" PRId64 " 与 %" PRId64 " 的日志同为 %" PRIu64
				" 条，根却不同。"
			      : "The logs of blocks %" PRId64 " and %" PRId64 " hold %" PRIu64
				" records each, but not the same ones.",
			   early->height, late->height, early->log_size);
		return true;
	}
	for (size_t i = 0; i < late->n_older; i++) {
		if (late->older[i].log_size != early->log_size ||
		    memcmp(late->older[i].log_root, early->log_root, 32) == 0)
			continue;
		buf_printf(out,
			   zh ? "区块 %" PRId64 " 的日志延续的前 %" PRIu64
				" 条记录，并非区块 %" PRId64 " 的那些。"
			      : "The log of block %" PRId64 " continues %" PRIu64
				" records which are not those of block %" PRId64 ".",
			   late->height, early->log_size, early->height);
		return true;
	}
	if (late->time_s < early->time_s) {
		buf_printf(out,
			   zh ? "区块 %" PRId64 " 的时间早于区块 %" PRId64 "。"
			      : "Block %" PRId64 " is dated before block %" PRId64 ".",
			   late->height, early->height);
		return true;
	}
	return false;
}

static enum verify_conflict find(struct buf *out, const struct verify_result *a,
				 const struct verify_result *b, bool zh)
{
	if (a->reason != VERIFY_OK || b->reason != VERIFY_OK) {
		buf_put_str(out, zh ? "其中一份未通过验证，不能作为证据。"
				    : "One of the two does not verify, so it is no evidence.");
		return CONFLICT_UNKNOWN;
	}
	if (memcmp(a->fingerprint, b->fingerprint, 32) != 0) {
		buf_put_str(out, zh ? "两份属于不同的链。" : "They are of two different chains.");
		return CONFLICT_UNKNOWN;
	}
	const struct verify_result *early = a->height <= b->height ? a : b;
	const struct verify_result *late = early == a ? b : a;
	if (a->height == b->height && memcmp(a->header_hash, b->header_hash, 32) != 0) {
		char x[65], y[65];
		hex_encode(x, a->header_hash, 32);
		hex_encode(y, b->header_hash, 32);
		buf_printf(out,
			   zh ? "链 %s 的区块 %" PRId64 " 有两个已签署的区块头：%s 与 %s。"
			      : "Chain %s has two signed headers of height %" PRId64 ": %s and %s.",
			   a->chain_id, a->height, x, y);
		say_signers(out, a, b, zh);
		return CONFLICT_HEADER;
	}
	if (histories(out, early, late, zh)) {
		say_signers(out, a, b, zh);
		return CONFLICT_HISTORY;
	}
	if (logs(out, early, late, zh)) {
		say_signers(out, a, b, zh);
		return CONFLICT_LOG;
	}
	buf_put_str(out, zh ? "两份并不矛盾。" : "The two do not contradict each other.");
	return CONFLICT_NONE;
}

enum verify_conflict verify_conflict(char *words, size_t words_n, const struct verify_result *a,
				     const struct verify_result *b, bool zh)
{
	struct buf out = BUF_INIT;
	enum verify_conflict c = find(&out, a, b, zh);
	struct buf plain = BUF_INIT;
	buf_put_plain(&plain, buf_slice(&out));
	const char *s = buf_cstr(&plain);
	snprintf(words, words_n, "%s", s ? s : "");
	buf_fini(&plain);
	buf_fini(&out);
	return c;
}
