/*
 * fixture_ledger: the real ledger in a temporary folder. fixture.h includes it.
 */
#ifndef ARGOSY_TRADE_FIXTURE_LEDGER_H
#define ARGOSY_TRADE_FIXTURE_LEDGER_H

#include "ledger/ledger.h"

#include <unistd.h>

static struct {
	struct ledger *ledger;
	char dir[64], path[80];
} real;

static void fx_ok(enum err e, const struct err_text *t)
{
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t->text);
	assert_int_equal(e, ERR_OK);
}

static struct hash fx_fingerprint(void)
{
	return ledger_genesis(real.ledger)->fingerprint;
}

static void fx_genesis(struct slice app_state)
{
	struct genesis g = {.app_version = 1, .initial_height = 1, .n_validators = 1};
	struct ledger_options o = {.app = &trade_app, .synchronous = true};
	struct buf file = BUF_INIT;
	struct err_text t = {{0}};
	struct tx_signer v = fx_signer("validator");
	snprintf(g.chain_id, sizeof g.chain_id, "test");
	g.time.s = fx.time_ms / 1000;
	memcpy(g.validators[0].key, v.public_key, 32);
	g.validators[0].power = 1;
	g.app_state = app_state;
	snprintf(real.dir, sizeof real.dir, "/tmp/argosy-trade-XXXXXX");
	assert_non_null(mkdtemp(real.dir));
	snprintf(real.path, sizeof real.path, "%s/ledger", real.dir);
	fx_ok(genesis_encode(&file, &g, &t), &t);
	fx_ok(ledger_create(real.path, buf_slice(&file), &o, &t), &t);
	fx_ok(ledger_open(&real.ledger, real.path, &o, &t), &t);
	buf_fini(&file);
}

static void fx_end(void)
{
	char cmd[128];
	ledger_close(real.ledger);
	snprintf(cmd, sizeof cmd, "rm -rf %s", real.dir);
	assert_int_equal(system(cmd), 0);
	memset(&real, 0, sizeof real);
}

static enum verdict fx_run(struct tx *tx)
{
	struct buf packet = BUF_INIT;
	struct ledger_executed out;
	struct err_text t = {{0}};
	struct hash none = {{0}};
	struct ledger_head head;
	ledger_head(real.ledger, &head);
	fx.height = head.height + 1;
	fx.time_ms += 1000;
	buf_put_u8(&packet, 1 << 3 | 2);
	buf_put_lp(&packet, tx->bytes);
	struct slice p = buf_slice(&packet);
	struct ledger_block b = {
		.height = fx.height,
		.time_s = fx.time_ms / 1000,
		.packets = &p,
		.n_packets = 1,
		.txs = &tx,
		.n_txs = 1,
	};
	fx_ok(ledger_execute(real.ledger, &out, &b, &t), &t);
	enum verdict v = out.results[0].verdict;
	fx.records = out.results[0].records;
	if (out.results[0].text)
		fx.text = *out.results[0].text;
	fx_ok(ledger_commit(real.ledger, &b, &none, slice(NULL, 0), slice(NULL, 0), &t), &t);
	ledger_head(real.ledger, &head);
	fx.n_log = head.log_size;
	buf_fini(&packet);
	return v;
}

static bool fx_get(struct slice *value, struct slice key)
{
	struct buf b = BUF_INIT;
	bool found;
	assert_int_equal(ledger_get(real.ledger, &found, &b, key), ERR_OK);
	if (found)
		*value = fx_keep(buf_slice(&b));
	buf_fini(&b);
	return found;
}

static struct slice fx_log(uint64_t index)
{
	struct buf b = BUF_INIT;
	assert_int_equal(ledger_read_record(real.ledger, &b, index), ERR_OK);
	struct slice s = fx_keep(buf_slice(&b));
	buf_fini(&b);
	return s;
}

#endif
