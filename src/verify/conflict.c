/*
 * conflict: two proofs of one chain that cannot both be true, shown as evidence.
 *
 * Each is good by itself, so its signatures stand; what they sign contradicts.
 */
#include "verify/inside.h"

#include <inttypes.h>
#include <stdio.h>

static bool signed_by(const struct verify_result *r, const uint8_t *key)
{
	for (size_t i = 0; i < r->n_signed; i++)
		if (memcmp(r->signers[i], key, 32) == 0)
			return true;
	return false;
}

static void put_key(struct buf *out, const uint8_t *key)
{
	char hex[65];
	hex_encode(hex, key, 32);
	buf_put_str(out, hex);
}

/* The keys that signed `a`, of those that signed `b` too, or did not. */
static void put_signers(struct buf *out, const struct verify_result *a,
			const struct verify_result *b, bool both, const char *before)
{
	const char *between = before;
	for (size_t i = 0; i < a->n_signed; i++) {
		if (signed_by(b, a->signers[i]) != both)
			continue;
		buf_put_str(out, between);
		put_key(out, a->signers[i]);
		between = ", ";
	}
	if (between != before)
		buf_put_str(out, ".");
}

static void put_own_signers(struct buf *out, const struct verify_result *a,
			    const struct verify_result *b, bool zh)
{
	char before[120];
	snprintf(before, sizeof before,
		 zh ? " 仅区块 %" PRId64 " 的那份由以下密钥签署："
		    : " Only the one of block %" PRId64 " is signed by ",
		 a->height);
	put_signers(out, a, b, false, before);
}

/* Everybody who signed either: what the two show is shown of these keys. */
static void say_signers(struct buf *out, const struct verify_result *a,
			const struct verify_result *b, bool zh)
{
	put_signers(out, a, b, true, zh ? " 两者均由以下密钥签署：" : " Both are signed by the key ");
	put_own_signers(out, a, b, zh);
	put_own_signers(out, b, a, zh);
}

static bool same_event(const struct verify_event *a, const struct verify_event *b)
{
	return memcmp(a->digest, b->digest, 32) == 0 && a->kind == b->kind &&
	       a->flags == b->flags && a->role == b->role && a->happened_ms == b->happened_ms &&
	       a->recorded_ms == b->recorded_ms && a->declares == b->declares &&
	       strcmp(a->step, b->step) == 0 &&
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

static bool younger(const struct verify_result *a, const struct verify_result *b)
{
	return a->time_s > b->time_s || (a->time_s == b->time_s && a->time_ns > b->time_ns);
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
	if (younger(early, late)) {
		buf_printf(out,
			   zh ? "区块 %" PRId64 " 的时间早于区块 %" PRId64 "。"
			      : "Block %" PRId64 " is dated before block %" PRId64 ".",
			   late->height, early->height);
		return true;
	}
	return false;
}

/* ---- epochs ---- */

static bool two_keys(struct buf *out, const struct verify_result *a, const struct verify_result *b,
		     bool zh)
{
	size_t n = epochs_shared(a, b);
	if (n == a->n_epochs || n == b->n_epochs || a->epochs[n].resumed || b->epochs[n].resumed)
		return false;
	buf_printf(out,
		   zh ? "两份声明都称开始纪元 %" PRIu64 "，更换密钥，内容却不同。"
		      : "Two statements begin epoch %" PRIu64 " and replace a key, and they differ.",
		   a->epochs[n].number);
	return true;
}

/* The first epoch of `r` that the other does not know, and that was resumed from a copy. */
static const struct verify_epoch *resumed(const struct verify_result *r,
					  const struct verify_result *other)
{
	for (size_t i = epochs_shared(r, other); i < r->n_epochs; i++)
		if (r->epochs[i].resumed)
			return &r->epochs[i];
	return NULL;
}

/*
 * Whoever restores a copy and resumes declares, signed, that what the copy lacked is lost. What
 * was signed before then contradicts what comes after, and the signer is honest all the same. Not
 * so if the side without that epoch went on when the other had begun it: it is the younger one.
 */
static bool say_loss(struct buf *out, const struct verify_result *a, const struct verify_result *b,
		     bool zh)
{
	const struct verify_epoch *in_a = younger(b, a) ? NULL : resumed(a, b);
	const struct verify_epoch *in_b = younger(a, b) ? NULL : resumed(b, a);
	const struct verify_epoch *e = in_a ? in_a : in_b;
	const struct verify_result *lost = in_a ? b : a;
	if (!e)
		return false;
	buf_printf(out,
		   zh ? " 但其间该链由副本恢复：纪元 %" PRIu64 " 自区块 %" PRId64
			" 起，当时已知的最新链头为区块 %" PRId64
			"；副本之后、恢复之前的记录均已丢失，此声明由以下密钥签署："
		      : " But in between the chain was resumed from a copy: epoch %" PRIu64
			" begins at block %" PRId64 " and names block %" PRId64
			" as the newest head known then; what the copy lacked is lost, as is "
			"declared by the key ",
		   e->number, e->from_height, e->last_height);
	put_key(out, e->signer);
	buf_put_str(out, zh ? "。" : ".");
	if (lost->height <= e->last_height)
		buf_printf(out,
			   zh ? " 区块 %" PRId64 " 在丢失范围之内：这不能证明签名者另存一份历史。"
			      : " Block %" PRId64 " lies in what was lost: this does not show that the "
				"signer kept two histories.",
			   lost->height);
	else
		buf_printf(out,
			   zh ? " 区块 %" PRId64 " 比所声明的最新链头更新：签署过它，却未在声明中列出。"
			      : " Block %" PRId64 " is newer than the head named: it was signed, and "
				"the statement does not know it.",
			   lost->height);
	return true;
}

/* ---- the verdict ---- */

static enum verify_conflict contradiction(struct buf *out, const struct verify_result *a,
					  const struct verify_result *b, bool zh)
{
	const struct verify_result *early = a->height <= b->height ? a : b;
	const struct verify_result *late = early == a ? b : a;
	if (two_keys(out, a, b, zh))
		return CONFLICT_EPOCH;
	if (a->height == b->height && memcmp(a->header_hash, b->header_hash, 32) != 0) {
		char x[65], y[65];
		hex_encode(x, a->header_hash, 32);
		hex_encode(y, b->header_hash, 32);
		buf_printf(out,
			   zh ? "链 %s 的区块 %" PRId64 " 有两个已签署的区块头：%s 与 %s。"
			      : "Chain %s has two signed headers of height %" PRId64 ": %s and %s.",
			   a->chain_id, a->height, x, y);
		return CONFLICT_HEADER;
	}
	if (histories(out, early, late, zh))
		return CONFLICT_HISTORY;
	return logs(out, early, late, zh) ? CONFLICT_LOG : CONFLICT_NONE;
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
	enum verify_conflict c = contradiction(out, a, b, zh);
	if (c == CONFLICT_NONE) {
		buf_put_str(out, zh ? "两份并不矛盾。" : "The two do not contradict each other.");
		return c;
	}
	if (c != CONFLICT_EPOCH && say_loss(out, a, b, zh))
		c = CONFLICT_RESUMED;
	say_signers(out, a, b, zh);
	return c;
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
