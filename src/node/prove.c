/*
 * prove: a bundle: the history of a subject (or its journey), the state's proof of
 * it, and the signed header that carries the state's root.
 *
 * The app hash after block H stands in header H + 1. Where no header carries the
 * present one yet, the driver is asked for a block and the proof made before that
 * is kept: histories may grow meanwhile, the proof stays what it is.
 */
#include "node/prove.h"

#include "data/gs1.h"
#include "proof/book.h"

#include <stdlib.h>

enum { BUNDLE_BYTES_MAX = 16 << 20 }; /* docs/format/bundle.md */

static enum err block_load(struct node *n, struct signed_block *b, int64_t height, struct err_text *t)
{
	struct buf payload = BUF_INIT;
	struct block_record r;
	enum err e = ledger_read_block(n->ledger, &payload, height);
	if (e == ERR_OK && (!block_record_decode(&r, buf_slice(&payload)) ||
			    !header_decode(&b->header, r.header) || !commit_decode(&b->commit, r.commit)))
		e = err_set(t, ERR_CORRUPT, "block %lld is damaged", (long long)height);
	buf_fini(&payload);
	return e;
}

/*
 * Finds the header that carries this app hash: that of block `height` itself (it changed
 * nothing) or the one after, for which the driver is asked.
 */
static enum err carrier_find(struct node *n, struct signed_block *b, const struct ledger_proof *p,
			     int64_t wait_ms, struct err_text *t)
{
	if (p->height >= ledger_genesis(n->ledger)->initial_height) {
		TRY(block_load(n, b, p->height, t));
		if (hash_eq(&b->header.app_hash, &p->app_hash))
			return ERR_OK;
	}
	if (!n->solo && n->why.text[0])
		return err_set(t, ERR_READONLY,
			       "the last block is not carried by a header yet, and the node is "
			       "read-only: %.350s",
			       n->why.text);
	if (!n->solo)
		return err_set(t, ERR_UNAVAILABLE,
			       "the last block is not carried by a header yet, and this node makes no blocks");
	TRY(solo_wait_proof(n->solo, p->height, wait_ms, t));
	/* A new epoch may have left heights out. */
	const struct epoch_set *set = ledger_validators(n->ledger);
	int64_t next = ledger_genesis(n->ledger)->initial_height;
	if (next < p->height + 1)
		next = p->height + 1;
	if (next < set->from_height)
		next = set->from_height;
	enum err e = block_load(n, b, next, t);
	if (e == ERR_OK && !hash_eq(&b->header.app_hash, &p->app_hash))
		e = err_set(t, ERR_CORRUPT, "header %lld carries another app hash", (long long)next);
	return e;
}

/*
 * Takes what the state says of the subject now. What others say beside a history, and whom its goods
 * were offered to, may have changed since it was read, and anybody could go on changing that:
 * only where the history itself did, it is to be read again (*same false).
 */
static enum err chapter_value(struct book *b, struct chapter *c, bool *same, struct slice value)
{
	struct subject now;
	if (slice_eq(value, c->value))
		return ERR_OK;
	uint8_t *copy = arena_copy(b->arena, value.p, value.n);
	if (!copy)
		return ERR_NOMEM;
	if (value.n == 0 || !subject_decode(&now, slice(copy, value.n)))
		return ERR_CORRUPT;
	if (now.count != c->n || !hash_eq(&now.head, &c->subject.head) ||
	    (c->n && (now.kind != c->subject.kind || now.flags != c->subject.flags))) {
		*same = false;
		return ERR_OK;
	}
	c->value = slice(copy, value.n);
	c->subject = now;
	return ERR_OK;
}

/* Values and proofs of all chapters at one height. False in *same: some history grew. */
static enum err chapters_prove(struct book *b, struct ledger_proof *p, bool *same, struct err_text *t)
{
	size_t n = b->n;
	struct buf *keys = calloc(n, sizeof *keys), *values = calloc(n, sizeof *values);
	struct slice *list = calloc(n, sizeof *list);
	struct state_proof *proofs = calloc(n, sizeof *proofs);
	struct buf encoded = BUF_INIT;
	enum err e = keys && values && list && proofs ? ERR_OK : ERR_NOMEM;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		buf_put_str(&keys[i], "s/");
		buf_put_slice(&keys[i], b->chapters[i].id);
		e = buf_err(&keys[i]);
		list[i] = buf_slice(&keys[i]);
	}
	if (e == ERR_OK)
		e = ledger_prove(b->ledger, p, list, n, values, proofs, t);
	*same = true;
	for (size_t i = 0; i < n && e == ERR_OK; i++) {
		struct chapter *c = &b->chapters[i];
		e = chapter_value(b, c, same, buf_slice(&values[i]));
		buf_clear(&encoded);
		state_proof_put(&encoded, &proofs[i]);
		e = e == ERR_OK ? buf_err(&encoded) : e;
		uint8_t *copy = e == ERR_OK ? arena_copy(b->arena, encoded.p, encoded.n) : NULL;
		c->proof = slice(copy, encoded.n);
		if (e == ERR_OK && !copy)
			e = ERR_NOMEM;
	}
	for (size_t i = 0; i < n && keys && values; i++) {
		buf_fini(&keys[i]);
		buf_fini(&values[i]);
	}
	buf_fini(&encoded);
	free(keys);
	free(values);
	free(list);
	free(proofs);
	return e;
}

/* The epochs up to a header's height: one may have begun since that header was signed. */
static void epochs_until(struct node *n, struct bundle_head *h)
{
	h->epochs = ledger_epochs(n->ledger, &h->n_epochs);
	while (h->n_epochs && h->epochs[h->n_epochs - 1].from_height > h->header->height)
		h->n_epochs--;
}

/* The record as it lies in the log; `room`: so much may still come. */
static enum err record_bytes(struct book *b, struct slice *out, size_t *room, uint64_t index,
			     struct err_text *t)
{
	struct slice bytes;
	TRY(book_bytes(b, &bytes, index, t));
	if (bytes.n > *room)
		return err_set(t, ERR_LIMIT, "the records of the journey have more than 16 MiB");
	*room -= bytes.n;
	uint8_t *copy = arena_copy(b->arena, bytes.p, bytes.n);
	*out = slice(copy, bytes.n);
	return copy ? ERR_OK : ERR_NOMEM;
}

static enum err encode(struct node *n, struct buf *out, struct book *b, const struct ledger_proof *p,
		       const struct signed_block *block, uint64_t since_log_size, struct err_text *t)
{
	struct bundle m = {.head = {.genesis = ledger_genesis(n->ledger),
				    .header = &block->header,
				    .commit = &block->commit,
				    .log_size = p->log_size,
				    .log_root = p->log_root,
				    .state_root = p->state_root},
			   .n_subjects = b->n};
	epochs_until(n, &m.head);
	struct bundle_subject *subjects = arena_alloc(b->arena, b->n * sizeof *subjects);
	size_t shown = 0, room = BUNDLE_BYTES_MAX;
	for (size_t i = 0; i < b->n; i++)
		for (size_t k = 0; k < b->chapters[i].n; k++)
			shown += b->chapters[i].shown[k];
	struct bundle_record *records = arena_alloc(b->arena, (shown + 1) * sizeof *records);
	if (!subjects || !records)
		return ERR_NOMEM;
	for (size_t i = 0; i < b->n; i++) {
		const struct chapter *c = &b->chapters[i];
		subjects[i] = (struct bundle_subject){c->id, c->value, c->proof, c->events, c->n};
		for (size_t k = 0; k < c->n; k++) {
			struct bundle_record *r = &records[m.n_records];
			if (!c->shown[k])
				continue;
			*r = (struct bundle_record){.subject = i, .event = k};
			TRY(record_bytes(b, &r->record, &room, c->index[k], t));
			m.n_records++;
		}
	}
	m.subjects = subjects;
	m.records = records;

	struct bundle_witness *witnesses;
	struct bundle_consistency *consistencies;
	uint64_t sizes[WITNESSES_MAX + 1];
	size_t n_sizes = 0;
	TRY(witnesses_load(n, b->arena, &witnesses, &m.n_witnesses, block->header.height,
			   &block->commit.block_id.hash, p->log_size));
	for (size_t i = 0; i < m.n_witnesses; i++)
		if (witnesses[i].height != block->header.height)
			sizes[n_sizes++] = witnesses[i].log_size;
	if (since_log_size)
		sizes[n_sizes++] = since_log_size;
	TRY(consistencies_make(n, b->arena, &consistencies, &m.n_consistencies, sizes, n_sizes,
			       p->log_size, &p->log_root, t));
	m.witnesses = witnesses;
	m.consistencies = consistencies;
	return bundle_encode(out, &m, t);
}

static enum err prove(struct node *n, struct buf *out, struct book *b, struct slice id,
		      const struct node_prove_options *o, struct err_text *t)
{
	struct signed_block *block = arena_alloc(b->arena, sizeof *block);
	struct ledger_proof p;
	size_t at;
	bool same = false;
	if (!block)
		return ERR_NOMEM;
	/* Histories are read, then proven at one height; if one grew in between, once more. */
	for (unsigned tries = 0; !same; tries++) {
		if (tries == 20)
			return err_set(t, ERR_UNAVAILABLE, "the history changes faster than it can be read");
		book_clear(b);
		TRY(book_load(b, &at, id, t));
		if (o->journey)
			TRY(book_journey(b, t));
		TRY(chapters_prove(b, &p, &same, t));
	}
	TRY(carrier_find(n, block, &p, o->wait_ms ? o->wait_ms : 60000, t));
	return encode(n, out, b, &p, block, o->since_log_size, t);
}

enum err node_prove(struct node *n, struct buf *out, struct slice subject_id,
		    const struct node_prove_options *o, struct err_text *t)
{
	struct gs1_id id;
	struct book b = {.ledger = n->ledger,
			 .arena = arena_new((size_t)256 << 20),
			 .scratch = arena_new(0)};
	enum err e = b.arena && b.scratch ? gs1_parse(&id, t, subject_id) : ERR_NOMEM;
	if (e == ERR_OK)
		e = prove(n, out, &b, slice(id.canon, id.canon_len), o, t);
	if (e == ERR_OK && b.chapters[0].value.n == 0 && !o->absence)
		e = err_set(t, ERR_NOTFOUND, "%s has no history here", id.canon);
	free(b.chapters);
	arena_free(b.scratch);
	arena_free(b.arena);
	return e;
}

enum err head_newest(struct node *n, struct bundle_head *h, struct signed_block *block,
		     struct err_text *t)
{
	struct ledger_proof p;
	TRY(ledger_prove(n->ledger, &p, NULL, 0, NULL, NULL, t));
	TRY(carrier_find(n, block, &p, 5000, t));
	*h = (struct bundle_head){.genesis = ledger_genesis(n->ledger),
				  .header = &block->header,
				  .commit = &block->commit,
				  .log_size = p.log_size,
				  .log_root = p.log_root,
				  .state_root = p.state_root};
	epochs_until(n, h);
	return ERR_OK;
}

enum err node_head_export(struct node *n, struct buf *out, struct err_text *t)
{
	struct signed_block *block = calloc(1, sizeof *block);
	struct bundle_head h;
	enum err e = block ? head_newest(n, &h, block, t) : ERR_NOMEM;
	if (e == ERR_OK)
		e = bundle_head_encode(out, &h, NULL, 0, t);
	free(block);
	return e;
}
