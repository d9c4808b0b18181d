/*
 * The chain itself: status, head, genesis, blocks.
 */
#include "interface/api_inner.h"

#include <argosy/commit.h>

#include "ledger/tx.h"

#include <stdio.h>

void api_status(struct api_call *c)
{
	struct node_status s;
	node_status(c->node, &s);
	const struct genesis *g = ledger_genesis(c->ledger);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "chain_id", g->chain_id);
	jsonw_hash(&w, "genesis", &g->fingerprint);
	jsonw_i64(&w, "height", s.head.height);
	jsonw_time(&w, "time", s.head.time_s * 1000 + s.head.time_ns / 1000000);
	jsonw_i64(&w, "time_ms", s.head.time_s * 1000 + s.head.time_ns / 1000000);
	jsonw_hash(&w, "block_hash", &s.head.block_hash);
	jsonw_hash(&w, "app_hash", &s.head.app_hash);
	jsonw_u64(&w, "records", s.head.log_size);
	jsonw_hash(&w, "log_root", &s.head.log_root);
	jsonw_hash(&w, "state_root", &s.head.state_root);
	jsonw_u64(&w, "queued", s.queued);
	jsonw_bool(&w, "read_only", s.read_only);
	jsonw_bool(&w, "stopped", s.stopped);
	jsonw_bool(&w, "clock_held", s.clock_held);
	jsonw_bool(&w, "disk_full", s.disk_full);
	if (s.why[0])
		jsonw_str(&w, "why", s.why);
	jsonw_str(&w, "folder", node_dir(c->node));
	jsonw_str(&w, "commit", ARGOSY_COMMIT);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}

void api_head(struct api_call *c)
{
	struct err_text t = {""};
	enum err e = node_head_export(c->node, &c->out->body, &t);
	if (e != ERR_OK)
		api_fault(c, e, &t);
	else
		c->out->content_type = "application/octet-stream";
}

void api_genesis(struct api_call *c)
{
	struct buf *out = &c->out->body;
	buf_put_slice(out, ledger_genesis_file(c->ledger));
	c->out->content_type = "application/octet-stream";
	c->out->cache = "public, max-age=31536000, immutable";
}

static void block_transactions(struct jsonw *w, struct slice packets, uint64_t n_packets)
{
	struct reader r = reader_of(packets);
	for (uint64_t i = 0; i < n_packets && !r.bad; i++) {
		struct slice packet = reader_lp(&r);
		Argosy__V1__Packet *p = argosy__v1__packet__unpack(NULL, packet.n, packet.p);
		for (size_t k = 0; p && k < p->n_transactions; k++) {
			struct tx *tx;
			if (tx_decode(&tx, slice(p->transactions[k].data,
						 p->transactions[k].len)) != ERR_OK) {
				w->out->failed = true;
				break;
			}
			jsonw_object(w, NULL);
			jsonw_u64(w, "packet", i);
			jsonw_hash(w, "body_hash", &tx->body_hash);
			if (tx->form == VERDICT_OK) {
				jsonw_text(w, "member", tx->member);
				jsonw_hex(w, "id", slice(tx->id, sizeof tx->id));
				jsonw_u64(w, "actions", tx->b->n_actions);
			}
			jsonw_u64(w, "bytes", tx->bytes.n);
			jsonw_object_end(w);
			tx_free(tx);
		}
		if (p)
			argosy__v1__packet__free_unpacked(p, NULL);
	}
}

void api_block(struct api_call *c)
{
	uint64_t height;
	bool form_given;
	struct slice form = api_param(c, "form", &form_given);
	if (!api_number(&height, c->rest) || height > INT64_MAX) {
		api_refuse(c, 400, "bad_request", NULL, "a height is a whole number");
		return;
	}
	struct buf payload = BUF_INIT;
	struct block_record b;
	struct err_text t = {""};
	enum err e = ledger_read_block(c->ledger, &payload, (int64_t)height);
	if (e == ERR_NOTFOUND)
		snprintf(t.text, sizeof t.text, "there is no block %llu yet",
			 (unsigned long long)height);
	if (e == ERR_OK && !block_record_decode(&b, buf_slice(&payload)))
		e = ERR_CORRUPT;
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		buf_fini(&payload);
		return;
	}
	c->out->cache = "public, max-age=31536000, immutable";
	if (form_given && slice_eq_str(form, "bytes")) {
		buf_put_slice(&c->out->body, buf_slice(&payload));
		c->out->content_type = "application/octet-stream";
		buf_fini(&payload);
		return;
	}
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_i64(&w, "height", b.height);
	jsonw_time(&w, "time", b.time_s * 1000 + b.time_ns / 1000000);
	jsonw_hash(&w, "app_hash", &b.app_hash);
	jsonw_hex(&w, "header", b.header);
	jsonw_hex(&w, "commit", b.commit);
	jsonw_u64(&w, "packets", b.n_packets);
	jsonw_array(&w, "transactions");
	block_transactions(&w, b.packets, b.n_packets);
	jsonw_array_end(&w);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
	buf_fini(&payload);
}
