/*
 * solo_block: one block of the solo driver: its packets, its header, the one validator's
 * signature, and the order in which they become durable: executed, signed, journalled and
 * synced, guarded, visible.
 */
#include "node/solo_inner.h"

#include "crypto/sha256.h"

#include <sodium.h>

#include <stdlib.h>

struct packets {
	struct buf bytes;      /* all packets, one after the other */
	struct slice *list;    /* filled when bytes is complete */
	size_t *ends;
	size_t n;
};

/* Bundles transactions into packets of at most PACKET_BYTES_TARGET (or one larger alone). */
static enum err packets_make(struct packets *p, struct job *const *jobs, size_t n)
{
	size_t begin = 0;
	*p = (struct packets){.bytes = BUF_INIT};
	p->ends = calloc(n + 1, sizeof *p->ends);
	p->list = calloc(n + 1, sizeof *p->list);
	if (!p->ends || !p->list)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct slice tx = jobs[i]->tx->bytes;
		if (p->bytes.n > begin && p->bytes.n - begin + tx.n + 6 > PACKET_BYTES_TARGET) {
			p->ends[p->n++] = p->bytes.n;
			begin = p->bytes.n;
		}
		buf_put_u8(&p->bytes, 1 << 3 | 2);
		buf_put_lp(&p->bytes, tx);
	}
	if (p->bytes.n > begin)
		p->ends[p->n++] = p->bytes.n;
	TRY(buf_err(&p->bytes));
	begin = 0;
	for (size_t i = 0; i < p->n; i++) {
		p->list[i] = slice(p->bytes.p + begin, p->ends[i] - begin);
		begin = p->ends[i];
	}
	return ERR_OK;
}

static void packets_fini(struct packets *p)
{
	buf_fini(&p->bytes);
	free(p->list);
	free(p->ends);
}

static void header_make(struct solo *s, const struct ledger_head *head, int64_t wall_ns,
			const struct packets *p)
{
	const struct genesis *g = ledger_genesis(s->ledger);
	struct header *h = &s->header;
	*h = (struct header){.version_block = BLOCK_VERSION, .version_app = g->app_version};
	memcpy(h->chain_id, g->chain_id, sizeof h->chain_id);
	h->height = s->next_height;
	/* Strictly later than the block before, by a whole millisecond: the application
	 * counts in milliseconds. */
	int64_t last_ms = head->height ? block_time_ms(head->time_s, head->time_ns)
				       : block_time_ms(g->time.s, g->time.ns);
	if (wall_ns / 1000000 <= last_ms)
		wall_ns = (last_ms + 1) * 1000000;
	h->time = (struct stamp){wall_ns / 1000000000, (int32_t)(wall_ns % 1000000000)};
	h->last_block_id = s->tip.last_block_id;
	commit_hash(&h->last_commit_hash, &s->tip.last_commit);
	data_hash(&h->data_hash, p->list, p->n);
	h->validators_hash = h->next_validators_hash = s->validators_hash;
	h->consensus_hash = s->consensus_hash;
	h->app_hash = head->app_hash;
	h->last_results_hash = head->results_hash;
	empty_hash(&h->evidence_hash);
	validator_address(h->proposer, s->validator.key);
}

struct signing {
	struct guard *guard;
	struct guard_mark mark;
};

/* Signs the header; `mark` says what for the guard. */
static void sign(struct solo *s, const struct packets *p, struct guard_mark *mark)
{
	struct commit *c = &s->commit;
	uint8_t vote[VOTE_SIGN_BYTES_MAX];
	*c = (struct commit){.height = s->header.height, .n = 1};
	block_id_of(&c->block_id, &s->header, p->list, p->n, &s->tip.last_commit);
	c->sigs[0].flag = FLAG_COMMIT;
	c->sigs[0].time = s->header.time;
	validator_address(c->sigs[0].address, s->validator.key);
	size_t n = vote_sign_bytes(vote, s->header.chain_id, VOTE_PRECOMMIT, c->height, c->round,
				   &c->block_id, c->sigs[0].time);
	crypto_sign_detached(c->sigs[0].sig, NULL, vote, n, s->secret_key);
	*mark = (struct guard_mark){.height = c->height, .round = c->round, .block = c->block_id.hash};
	sha256(&mark->sign, slice(vote, n));
}

/* The journal's record with the signature is synced: now the guard is. */
static enum err guard_it(void *arg, struct err_text *t)
{
	struct signing *s = arg;
	return guard_advance(s->guard, &s->mark, t);
}

enum err solo_block_close(struct solo *s, struct job *const *jobs, size_t n, int64_t wall_ns,
			  struct node_answer *answers, struct err_text *t)
{
	struct ledger_executed out;
	struct signing signing = {.guard = s->guard};
	struct packets p = {.bytes = BUF_INIT};
	struct buf header = BUF_INIT, commit = BUF_INIT;
	struct ledger_head head;
	struct tx **txs = calloc(n + 1, sizeof *txs);
	enum err e = txs ? packets_make(&p, jobs, n) : ERR_NOMEM;
	if (e == ERR_OK) {
		for (size_t i = 0; i < n; i++)
			txs[i] = jobs[i]->tx;
		ledger_head(s->ledger, &head);
		header_make(s, &head, wall_ns, &p);
		struct ledger_block b = {.height = s->header.height,
					 .time_s = s->header.time.s,
					 .time_ns = s->header.time.ns,
					 .packets = p.list,
					 .n_packets = p.n,
					 .txs = txs,
					 .n_txs = n,
					 .durable = guard_it,
					 .durable_ctx = &signing};
		e = ledger_execute(s->ledger, &out, &b, t);
		if (e == ERR_OK) {
			for (size_t i = 0; i < n; i++) {
				const struct ledger_result *r = &out.results[i];
				answers[i] = (struct node_answer){
					.verdict = r->verdict,
					.duplicate = r->duplicate,
					.height = r->duplicate ? r->first_height : b.height,
					.first_index = r->first_index,
					.records = r->records,
					.body_hash = jobs[i]->tx->body_hash};
				if (r->text)
					answers[i].text = *r->text;
			}
			sign(s, &p, &signing.mark);
			header_encode(&header, &s->header);
			commit_encode(&commit, &s->commit);
			e = buf_err(&header) == ERR_OK ? buf_err(&commit) : ERR_NOMEM;
			if (e == ERR_OK)
				e = ledger_commit(s->ledger, &b, &s->commit.block_id.hash,
						  buf_slice(&header), buf_slice(&commit), t);
			else
				ledger_abort(s->ledger);
		}
	}
	if (e == ERR_OK) {
		s->tip.last_block_id = s->commit.block_id;
		s->tip.last_commit = s->commit;
		s->tip.last_app_hash_in_header = s->header.app_hash;
		s->next_height++;
	}
	free(txs);
	packets_fini(&p);
	buf_fini(&header);
	buf_fini(&commit);
	return e;
}
