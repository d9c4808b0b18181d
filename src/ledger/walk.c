#include "ledger/walk.h"

#include <stdlib.h>

void walk_init(struct walk *w, const struct genesis *g)
{
	memset(w, 0, sizeof *w);
	w->g = g;
	epoch_set_init(&w->validators, g);
	commit_none(&w->last_commit);
}

enum err walk_resume(struct walk *w, const struct genesis *g, const struct epoch_set *set,
		     const struct block_record *b)
{
	walk_init(w, g);
	w->validators = *set;
	if (!header_decode(&w->header, b->header) || !commit_decode(&w->commit, b->commit))
		return ERR_CORRUPT;
	w->any = true;
	w->height = b->height;
	w->last_id = w->commit.block_id;
	w->last_commit = w->commit;
	w->last_app_hash = b->app_hash;
	return ERR_OK;
}

static enum err bad(struct walk *w, struct err_text *t, int64_t height, const char *what)
{
	w->bad_height = height;
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

enum err walk_block(struct walk *w, const struct block_record *b, struct err_text *t)
{
	struct header *h = &w->header;
	struct commit *c = &w->commit;
	struct block_id id;
	struct hash hash;
	struct slice *packets;
	if (!header_decode(h, b->header) || !commit_decode(c, b->commit))
		return bad(w, t, b->height, "header or commit cannot be decoded");
	int64_t next = w->any ? w->height + 1 : w->g->initial_height;
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
		return bad(w, t, b->height,
			   "it carries another app hash than the block before gave");
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
	w->height = b->height;
	w->any = true;
	return ERR_OK;
}

enum err walk_epoch(struct walk *w, struct epoch *e, struct slice payload, struct err_text *t)
{
	struct reader r = reader_of(payload);
	if (!epoch_take(e, &r) || reader_left(&r))
		return err_set(t, ERR_VERIFY, "after block %lld: an epoch that cannot be decoded",
			       (long long)w->height);
	/* The head it names lies at or above this chain's last block; if it is that block, it is
	 * it. */
	if (e->last_height < w->height ||
	    (w->any && e->last_height == w->height && !hash_eq(&e->last_hash, &w->last_id.hash)))
		return err_set(t, ERR_VERIFY,
			       "after block %lld: an epoch that names another last block",
			       (long long)w->height);
	return epoch_apply(&w->validators, e, &w->g->fingerprint, t);
}
