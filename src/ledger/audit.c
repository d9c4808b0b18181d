/*
 * audit: the whole chain, from the journal alone.
 *
 * Three passes, each of which would find a fault that the others may not:
 * every byte of the segments; the chain of headers and signatures; every
 * transaction executed again from the genesis.
 */
#include "ledger/inner.h"

#include "ledger/header.h"

#include <stdlib.h>

struct walk {
	struct ledger_audit *out;
	const struct genesis *g;
	struct epoch_set validators;
	struct header header;
	struct commit commit, last_commit;
	struct block_id last_id;
	struct hash last_app_hash;
	bool any;
};

static enum err bad(struct walk *w, struct err_text *t, int64_t height, const char *what)
{
	w->out->bad_height = height;
	return err_set(t, ERR_VERIFY, "block %lld: %s", (long long)height, what);
}

static enum err packets_split(struct slice **list, const struct block_record *b)
{
	*list = calloc(b->n_packets + 1, sizeof **list);
	if (!*list)
		return ERR_NOMEM;
	struct reader r = reader_of(b->packets);
	for (uint64_t i = 0; i < b->n_packets; i++)
		(*list)[i] = reader_lp(&r);
	return ERR_OK;
}

static enum err header_check(struct walk *w, const struct block_record *b, struct err_text *t)
{
	struct header *h = &w->header;
	struct commit *c = &w->commit;
	struct block_id id;
	struct hash hash;
	struct slice *packets;
	if (!header_decode(h, b->header) || !commit_decode(c, b->commit))
		return bad(w, t, b->height, "header or commit cannot be decoded");
	int64_t next = w->any ? w->out->height + 1 : w->g->initial_height;
	if ((b->height != next && b->height != w->validators.from_height) ||
	    b->height < w->validators.from_height)
		return bad(w, t, b->height, "it does not follow the height before");
	if (strcmp(h->chain_id, w->g->chain_id) || h->height != b->height)
		return bad(w, t, b->height, "the header is another block's");
	if (h->time.s != b->time_s || h->time.ns != b->time_ns)
		return bad(w, t, b->height, "the record's time is not the header's");
	if (w->any && (h->last_block_id.present != w->last_id.present ||
		       !hash_eq(&h->last_block_id.hash, &w->last_id.hash)))
		return bad(w, t, b->height, "it does not follow the block before");
	commit_hash(&hash, &w->last_commit);
	if (!hash_eq(&h->last_commit_hash, &hash))
		return bad(w, t, b->height, "it names another commit of the block before");
	if (w->any && !hash_eq(&h->app_hash, &w->last_app_hash))
		return bad(w, t, b->height, "it carries another app hash than the block before gave");
	TRY(packets_split(&packets, b));
	data_hash(&hash, packets, b->n_packets);
	block_id_of(&id, h, packets, b->n_packets, &w->last_commit);
	free(packets);
	if (!hash_eq(&hash, &h->data_hash))
		return bad(w, t, b->height, "its transactions are not those of the header");
	if (!hash_eq(&id.hash, &c->block_id.hash) || id.parts != c->block_id.parts ||
	    !hash_eq(&id.parts_hash, &c->block_id.parts_hash))
		return bad(w, t, b->height, "its commit is for another block");
	struct err_text why = {{0}};
	enum err e = commit_verify(NULL, h, c, w->validators.v, w->validators.n, &why);
	if (e == ERR_VERIFY)
		return bad(w, t, b->height, why.text);
	if (e != ERR_OK)
		return e;
	w->last_id = id;
	w->last_commit = *c;
	w->last_app_hash = b->app_hash;
	w->any = true;
	return ERR_OK;
}

static enum err epoch_check(struct walk *w, struct slice payload, struct err_text *t)
{
	struct reader r = reader_of(payload);
	struct epoch e;
	if (!epoch_take(&e, &r) || reader_left(&r))
		return err_set(t, ERR_VERIFY, "after block %lld: an epoch that cannot be decoded",
			       (long long)w->out->height);
	/* The head it names lies at or above this chain's last block; if it is that block, it is it. */
	if (e.last_height < w->out->height ||
	    (w->any && e.last_height == w->out->height && !hash_eq(&e.last_hash, &w->last_id.hash)))
		return err_set(t, ERR_VERIFY, "after block %lld: an epoch that names another last block",
			       (long long)w->out->height);
	return epoch_apply(&w->validators, &e, &w->g->fingerprint, t);
}

static enum err headers_check(struct ledger_audit *out, struct ledger *l, struct err_text *t)
{
	struct journal_cursor *cursor;
	struct journal_record r;
	struct block_record b;
	struct walk *w = calloc(1, sizeof *w);
	if (!w)
		return ERR_NOMEM;
	w->out = out;
	w->g = &l->genesis;
	epoch_set_init(&w->validators, w->g);
	commit_none(&w->last_commit);
	enum err e = journal_cursor_open(&cursor, l->journal, NULL, t);
	if (e != ERR_OK) {
		free(w);
		return e;
	}
	while (e == ERR_OK) {
		e = journal_cursor_next(cursor, &r, t);
		if (e == ERR_OK && r.type == JOURNAL_EPOCH)
			e = epoch_check(w, r.payload, t);
		if (e != ERR_OK || r.type != JOURNAL_BLOCK)
			continue;
		if (!block_record_decode(&b, r.payload))
			e = bad(w, t, w->out->height + 1, "not a block record");
		else if (b.height > l->head.height)
			break; /* closed since this check began */
		else if (b.header.n)
			e = header_check(w, &b, t);
		else if (!out->unsigned_height)
			out->unsigned_height = b.height;
		if (e == ERR_OK) {
			out->height = b.height;
			out->blocks++;
			out->app_hash = b.app_hash;
		}
	}
	journal_cursor_close(cursor);
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
