/*
 * lacking: a receipt and a bundle of one chain that cannot both be true.
 *
 * The bundle's head commits to a log and to a state. If that log continues the receipt's (or
 * is continued by it, and reaches as far as the record), the record is in it, and says: this is
 * entry n of subject s. Then a bundle whose entry n of s is another one, or that has fewer
 * entries, or no history of s at all, shows a state that its own log contradicts: whoever
 * signed that head signed a history which lacks a record.
 */
#include "verify/receipt.h"

#include "verify/inside.h"

#include <inttypes.h>
#include <stdio.h>

/* ---- which log continues which ---- */

/* Is the log of `a` the beginning of that of `b`, by what `b` itself shows? */
static bool begins(const struct verify_result *a, const struct verify_result *b)
{
	if (a->log_size == b->log_size)
		return commits(a->log_root, b->log_root);
	for (size_t i = 0; i < b->n_older; i++)
		if (b->older[i].log_size == a->log_size &&
		    memcmp(b->older[i].log_root, a->log_root, 32) == 0)
			return true;
	return false;
}

static bool follows(const struct verify_result *a, const struct verify_result *b,
		    const struct verify_result *link)
{
	return begins(a, b) || (link && begins(a, link) && begins(link, b));
}

/* ---- whether the history has it ---- */

static const struct verify_subject *subject_of(const struct verify_result *r, const char *id)
{
	for (size_t i = 0; i < r->n_subjects; i++)
		if (strcmp(id, r->subjects[i].id) == 0)
			return &r->subjects[i];
	return NULL;
}

static bool in_history(const struct verify_receipt_line *l)
{
	return l->mode == VERIFY_MODE_HISTORY || l->mode == VERIFY_MODE_UNNAMED ||
	       l->mode == VERIFY_MODE_VOID;
}

/* Of claims a bundle has the number alone. */
static bool has(const struct verify_subject *s, const struct verify_receipt_record *r,
		const struct verify_receipt_line *l)
{
	if (s->absent)
		return false;
	if (!in_history(l))
		return l->number <= s->claims;
	return l->number <= s->n_events &&
	       memcmp(s->events[l->number - 1].digest, r->digest, 32) == 0;
}

struct finding {
	const struct verify_receipt_record *record;
	const struct verify_receipt_line *line;
	const struct verify_subject *subject;
	size_t compared, lacking; /* lines of subjects that the bundle is about */
};

/* Looks at the records that both logs hold. */
static void look(struct finding *f, const struct verify_result *receipt,
		 const struct verify_result *bundle)
{
	const struct verify_receipt *c = receipt->receipt;
	for (size_t i = 0; i < c->n_records; i++) {
		const struct verify_receipt_record *r = &c->records[i];
		for (size_t k = 0; r->index < bundle->log_size && k < r->n_lines; k++) {
			const struct verify_receipt_line *l = &r->lines[k];
			const struct verify_subject *s = subject_of(bundle, l->id);
			if (!s)
				continue;
			f->compared++;
			if (has(s, r, l))
				continue;
			if (f->lacking++ == 0) {
				f->record = r;
				f->line = l;
				f->subject = s;
			}
		}
	}
}

/* ---- words ---- */

static void say_signers(struct buf *out, const struct verify_result *r)
{
	for (size_t i = 0; i < r->n_signed; i++) {
		char hex[65];
		hex_encode(hex, r->signers[i], 32);
		buf_printf(out, "%s%s", i ? ", " : "", hex);
	}
}

static void say_record(struct buf *out, const struct finding *f, bool zh)
{
	const char *en = in_history(f->line)
				 ? "Record %" PRIu64 " of the log is event %" PRIu64 " of %s: "
				 : "Record %" PRIu64 " of the log is claim %" PRIu64 " about %s: ";
	const char *cn = in_history(f->line) ? "日志的记录 %" PRIu64 " 是历史第 %" PRIu64 " 条（%s）："
					     : "日志的记录 %" PRIu64 " 是陈述第 %" PRIu64 " 条（%s）：";
	buf_printf(out, zh ? cn : en, f->record->index, f->line->number, f->subject->id);
}

/* What the bundle has there instead. */
static void say_instead(struct buf *out, const struct finding *f, int64_t height, bool zh)
{
	const struct verify_subject *s = f->subject;
	buf_printf(out, zh ? "但区块 %" PRId64 " 的证明" : "But the bundle of block %" PRId64 " ",
		   height);
	if (s->absent)
		buf_put_str(out, zh ? "称该标的没有历史。" : "says that there is no history of it.");
	else if (!in_history(f->line))
		buf_printf(out, zh ? "只有 %" PRIu64 " 条陈述。" : "knows of %" PRIu64 " claims alone.",
			   s->claims);
	else if (f->line->number > s->n_events)
		buf_printf(out,
			   zh ? "只有 %" PRIu64 " 条历史，缺少它。"
			      : "has %" PRIu64 " events in its history: it lacks this one.",
			   s->n_events);
	else
		buf_put_str(out, zh ? "在该处的历史是另一条：缺少它。"
				    : "has another event there: it lacks this one.");
	if (f->lacking > 1)
		buf_printf(out, zh ? " 共缺少 %zu 处。" : " It lacks %zu in all.", f->lacking);
}

static void say_lack(struct buf *out, const struct finding *f, const struct verify_result *receipt,
		     const struct verify_result *bundle, bool zh)
{
	say_record(out, f, zh);
	buf_printf(out,
		   zh ? "两份链头（区块 %" PRId64 " 与 %" PRId64 "）之下的日志都载有它。"
		      : "the log under both heads, blocks %" PRId64 " and %" PRId64 ", holds it. ",
		   receipt->height, bundle->height);
	say_instead(out, f, bundle->height, zh);
	buf_put_str(out, zh ? " 回执的链头由密钥 " : " The receipt's head is signed by ");
	say_signers(out, receipt);
	buf_put_str(out, zh ? " 签署；证明的链头由密钥 " : "; the bundle's head is signed by ");
	say_signers(out, bundle);
	buf_put_str(out, zh ? " 签署。" : ".");
}

/* The logs cannot be told to be one: what would show it. */
static void say_unlinked(struct buf *out, const struct verify_result *receipt,
			 const struct verify_result *bundle, bool zh)
{
	if (receipt->log_size <= bundle->log_size) {
		buf_printf(out,
			   zh ? "缺少证据：没有从回执的日志（%" PRIu64 " 条记录）到该证明的日志的一致性证明。"
			      : "It is open: nothing here shows that the bundle's log continues "
				"the receipt's, of %" PRIu64 " records. ",
			   receipt->log_size);
		buf_put_str(out, zh ? "请索取以此回执为起点的证明（argosy prove ITEM --since "
				      "RECEIPT），或以 --head 给出含有它的证明。"
				    : "Ask for a bundle made with \"argosy prove ITEM --since "
				      "RECEIPT\", or give one that shows it with --head.");
		return;
	}
	buf_printf(out,
		   zh ? "缺少证据：该证明的日志（%" PRIu64 " 条记录）早于回执。"
		      : "It is open: the bundle, of a log of %" PRIu64 " records, is older than "
			"the receipt. ",
		   bundle->log_size);
	buf_put_str(out, zh ? "请索取更新的证明（argosy prove ITEM --since RECEIPT）。"
			    : "Ask for a newer one, made with \"argosy prove ITEM --since "
			      "RECEIPT\".");
}

/* Nothing is lacking; or nothing could be compared. */
static void say_none(struct buf *out, const struct finding *f, const struct verify_result *receipt,
		     bool zh)
{
	const struct verify_receipt *c = receipt->receipt;
	if (f->compared) {
		buf_printf(out,
			   zh ? "两份并不矛盾：回执中关于这些标的的 %zu 处，历史皆有。"
			      : "The two do not contradict each other: of what the receipt has "
				"about these subjects, %zu entries, none is lacking.",
			   f->compared);
		return;
	}
	buf_put_str(out, zh ? "缺少证据：该证明不涉及回执中的任何标的。请索取以下标的的证明："
			    : "It is open: the bundle is about none of the receipt's subjects. Ask "
			      "for a bundle of ");
	for (size_t i = 0; i < c->n_records; i++)
		if (c->records[i].n_lines) {
			buf_put_str(out, c->records[i].lines[0].id);
			return;
		}
	buf_put_str(out, zh ? "（回执未涉及标的）" : "(it has no subjects)");
}

static enum verify_conflict find(struct buf *out, const struct verify_result *receipt,
				 const struct verify_result *bundle,
				 const struct verify_result *link, bool zh)
{
	struct finding f = {0};
	if (link && (link->reason != VERIFY_OK ||
		     memcmp(link->fingerprint, receipt->fingerprint, 32) != 0)) {
		buf_put_str(out, zh ? "以 --head 给出的文件未通过验证，或属于另一条链。"
				    : "The file given with --head is bad, or of another chain.");
		return CONFLICT_UNKNOWN;
	}
	if (!follows(receipt, bundle, link) && !follows(bundle, receipt, link)) {
		say_unlinked(out, receipt, bundle, zh);
		return CONFLICT_OPEN;
	}
	look(&f, receipt, bundle);
	if (f.lacking) {
		say_lack(out, &f, receipt, bundle, zh);
		return CONFLICT_RECEIPT;
	}
	say_none(out, &f, receipt, zh);
	return f.compared ? CONFLICT_NONE : CONFLICT_OPEN;
}

enum verify_conflict verify_evidence(char *words, size_t words_n, const struct verify_result *a,
				     const struct verify_result *b,
				     const struct verify_result *link, bool zh)
{
	/* What contradicts without the receipt's records is the graver. */
	enum verify_conflict c = verify_conflict(words, words_n, a, b, zh);
	if (c != CONFLICT_NONE || !a->receipt == !b->receipt || a->is_head || b->is_head)
		return c;
	struct buf out = BUF_INIT, plain = BUF_INIT;
	c = a->receipt ? find(&out, a, b, link, zh) : find(&out, b, a, link, zh);
	buf_put_plain(&plain, buf_slice(&out));
	const char *s = buf_cstr(&plain);
	snprintf(words, words_n, "%s", s ? s : "");
	buf_fini(&plain);
	buf_fini(&out);
	return c;
}
