/*
 * audit: the whole chain, from the journal alone.
 *
 * Three passes, each of which would find a fault that the others may not:
 * every byte of the segments; the chain of headers and signatures; every
 * transaction executed again from the genesis.
 */
#include "ledger/inner.h"

#include "ledger/walk.h"

#include <stdlib.h>

static enum err no_block(struct ledger_audit *out, struct err_text *t)
{
	out->bad_height = out->height + 1;
	return err_set(t, ERR_VERIFY, "block %lld: not a block record", (long long)out->bad_height);
}

static enum err headers_check(struct ledger_audit *out, struct ledger *l, struct err_text *t)
{
	struct journal_cursor *cursor;
	struct journal_record r;
	struct block_record b;
	struct epoch epoch;
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return ERR_NOMEM;
	walk_init(w, &l->genesis);
	enum err e = journal_cursor_open(&cursor, l->journal, NULL, t);
	if (e != ERR_OK) {
		free(w);
		return e;
	}
	while (e == ERR_OK) {
		e = journal_cursor_next(cursor, &r, t);
		if (e == ERR_OK && r.type == JOURNAL_EPOCH)
			e = walk_epoch(w, &epoch, r.payload, t);
		if (e != ERR_OK || r.type != JOURNAL_BLOCK)
			continue;
		if (!block_record_decode(&b, r.payload))
			e = no_block(out, t);
		else if (b.height > l->head.height)
			break; /* closed since this check began */
		else if (b.header.n)
			e = walk_block(w, &b, t);
		else if (!out->unsigned_height)
			out->unsigned_height = b.height;
		if (e == ERR_OK) {
			out->height = w->height = b.height;
			out->blocks++;
			out->app_hash = b.app_hash;
		}
	}
	journal_cursor_close(cursor);
	if (w->bad_height)
		out->bad_height = w->bad_height;
	free(w);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

static bool bytes_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct ledger_options *o = arg;
	if (o->progress)
		o->progress(o->progress_ctx, "reading", done, total);
	return true;
}

enum err ledger_verify(struct ledger_audit *out, const char *dir, const struct ledger_options *o,
		       struct err_text *t)
{
	const struct io *io = o->io ? o->io : io_posix();
	char log[IO_PATH_MAX];
	struct journal_report report;
	struct ledger *l;
	struct ledger_options lo = *o;
	*out = (struct ledger_audit){0};
	bug_if(!o->derived_dir);
	TRY(io_join(log, dir, "log", t));
	TRY(journal_verify(io, log, NULL, &report, bytes_progress, (void *)o, t));
	out->torn_bytes = report.torn_bytes;
	lo.read_only = true;
	lo.distrust = true;
	lo.rebuild = true;
	TRY(ledger_open(&l, dir, &lo, t));
	enum err e = headers_check(out, l, t);
	if (e == ERR_OK) {
		out->records = l->head.log_size;
		out->transactions = l->transactions;
		if (out->height != l->head.height || !hash_eq(&out->app_hash, &l->head.app_hash))
			e = err_set(t, ERR_VERIFY, "executing the chain again ends elsewhere");
	}
	if (e == ERR_OK && o->verified)
		e = o->verified(o->verified_ctx, l, t);
	ledger_close(l);
	return e;
}
