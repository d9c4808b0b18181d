/*
 * argosy witness follow FROM: a partner executes the whole chain himself and signs the heads
 * whose state he computed.
 *
 * FROM is a copied folder, or the node's socket. What he executed is kept in a folder of his
 * own (--work, by default $XDG_STATE_HOME/argosy-replayed/<fingerprint>), a replica
 * (node/replica.h): the next time it goes on from there, and what is shown to him then must
 * continue it. He signs the newest head alone, and never one that contradicts the last head
 * that he saw (--seen, shared with "head cosign").
 *
 * A block's header carries what executing the blocks before it gave. So the head of block H
 * is signed when everything before H was executed, and H itself was, too; before the block
 * is kept, so that a signature that did not get out is made again.
 */
#include "cmd/cmds.h"
#include "cmd/journal_source.h"
#include "cmd/sender.h"
#include "cmd/witnessing.h"

#include "crypto/keyfile.h"
#include "interface/zh.h"
#include "ledger/block_record.h"
#include "node/replica.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

enum { FOLLOW_MS = 1000, TOLD_EVERY = 64 };

struct follow {
	struct cli *cli;
	struct journal_source *source;
	struct replica *replica;
	struct keyfile key;
	const char *name, *seen, *output;
	struct hash fingerprint;
	bool given; /* the fingerprint, by --genesis */
	bool send, on_and_on;
	/* The record that waits until it is known whether it is the newest. */
	bool waits;
	uint8_t type;
	struct buf payload;
	uint64_t blocks; /* executed */
	bool told;	 /* a progress line stands in the terminal */
	struct bundle_witness signature;
	bool made; /* `signature`, in this pass */
};

/* ---- talk ---- */

static void line_end(struct follow *f)
{
	if (f->told)
		fputc('\n', stderr);
	f->told = false;
}

static void progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
	struct follow *f = ctx;
	if (f->cli->quiet || f->cli->json || !isatty(STDERR_FILENO))
		return;
	f->told = true;
	fprintf(stderr, "\r%s %" PRIu64, what, done);
	if (of)
		fprintf(stderr, "/%" PRIu64, of);
	fputs("\033[K", stderr);
}

/* What was found, and that therefore nothing is signed. */
static int refused(struct follow *f, enum err e)
{
	struct cli *cli = f->cli;
	char said[600];
	line_end(f);
	if (e != ERR_VERIFY && e != ERR_MISMATCH)
		return cli_fault(cli, e, NULL);
	return cli_fail(cli, CLI_TAMPERED, cli_tr(cli, "not signed: %s", "未签署：%s"),
			cli->zh ? zh_of(said, sizeof said, cli->err.text) : cli->err.text);
}

/* ---- signing ---- */

/* The last head that was seen must be of the chain that was executed. */
static int seen_check(struct follow *f, int64_t height)
{
	struct cli *cli = f->cli;
	struct hash own;
	bool there = false;
	int code = CLI_DONE;
	enum err e = io_exists(io_posix(), f->seen, &there, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (!there)
		return CLI_DONE;
	struct buf *file = cli_read(cli, f->seen, VERIFY_BYTES_MAX, &code);
	if (!file)
		return code;
	const struct verify_options o = {.fingerprint = f->fingerprint.b};
	struct verify_result *r = verify_bundle(file->p, file->n, &o);
	buf_fini(file);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason != VERIFY_OK) {
		code = cli_fail(cli, CLI_TAMPERED, "%s: %s: %s", f->seen,
				cli_tr(cli, verify_reason_en(r->reason),
				       verify_reason_zh(r->reason)),
				r->detail);
	} else if (r->height > height) {
		e = err_set(&cli->err, ERR_MISMATCH,
			    "this chain ends at block %lld, but the head of block %lld was seen "
			    "before",
			    (long long)height, (long long)r->height);
		code = refused(f, e);
	} else {
		e = replica_header_hash(f->replica, &own, r->height);
		if (e == ERR_NOTFOUND || (e == ERR_OK && memcmp(own.b, r->header_hash, 32) != 0))
			e = err_set(&cli->err, ERR_MISMATCH,
				    "block %lld is another than the one whose head was seen before",
				    (long long)r->height);
		code = e == ERR_OK ? CLI_DONE : refused(f, e);
	}
	verify_free(r);
	return code;
}

static int signature_make(struct follow *f, const struct bundle_head *h)
{
	struct bundle_witness *w = &f->signature;
	*w = (struct bundle_witness){
		.name = slice_str(f->name),
		.height = h->header->height,
		.log_size = h->log_size,
		.log_root = h->log_root,
		.how = WITNESS_REPLAYED,
		.state_root = h->state_root,
	};
	memcpy(w->key, f->key.public_key, 32);
	header_hash(&w->header_hash, h->header);
	enum err e = bundle_witness_sign(w, &f->fingerprint, f->key.secret_key);
	return e == ERR_OK ? CLI_DONE : cli_fault(f->cli, e, NULL);
}

/* Hands it to the node that is followed. */
static int signature_send(struct follow *f, struct slice json)
{
	struct api_response r;
	struct client *c = journal_source_client(f->source);
	int code = client_call(c, &r, "POST", "/v1/witnesses", "application/json", json);
	if (code)
		return code;
	if (r.status >= 400)
		code = client_problem(c, &r);
	buf_fini(&r.body);
	return code;
}

/* Signs the head of the block in hand: first what was seen, then the signature. */
static int sign(struct follow *f)
{
	struct cli *cli = f->cli;
	struct bundle_head h;
	struct buf head = BUF_INIT, out = BUF_INIT;
	replica_head(f->replica, &h);
	int code = seen_check(f, h.header->height);
	if (code == CLI_DONE)
		code = signature_make(f, &h);
	if (code == CLI_DONE) {
		enum err e = bundle_head_encode(&head, &h, NULL, 0, &cli->err);
		code = e == ERR_OK ? cli_write(cli, f->seen, buf_slice(&head)) : refused(f, e);
	}
	if (code == CLI_DONE) {
		witnessing_write(&out, &f->signature);
		if (buf_err(&out) != ERR_OK)
			code = cli_fault(cli, ERR_NOMEM, NULL);
	}
	if (code == CLI_DONE && (f->output || !f->send)) {
		line_end(f);
		code = cli_write(cli, f->output ? f->output : "-", buf_slice(&out));
		cli_flush();
	}
	if (code == CLI_DONE && f->send)
		code = signature_send(f, buf_slice(&out));
	f->made = code == CLI_DONE;
	buf_fini(&head);
	buf_fini(&out);
	return code;
}

/* ---- records ---- */

/* The record that waits; `newest`: nothing comes behind it for now. */
static int settle(struct follow *f, bool newest)
{
	bool block = false;
	if (!f->waits)
		return CLI_DONE;
	f->waits = false;
	enum err e = replica_take(f->replica, &block, f->type, buf_slice(&f->payload),
				  f->given ? &f->fingerprint : NULL, &f->cli->err);
	if (e != ERR_OK)
		return refused(f, e);
	if (!block)
		return CLI_DONE;
	int code = newest ? sign(f) : CLI_DONE;
	if (code) {
		e = replica_drop(f->replica);
		return e == ERR_OK ? code : refused(f, e);
	}
	e = replica_keep(f->replica, &f->cli->err);
	if (e != ERR_OK)
		return refused(f, e);
	if (++f->blocks % TOLD_EVERY == 0 || newest)
		progress(f, cli_tr(f->cli, "replayed block", "已重放区块"),
			 (uint64_t)replica_height(f->replica), 0);
	return CLI_DONE;
}

static int on_record(void *ctx, uint8_t type, struct slice payload)
{
	struct follow *f = ctx;
	int code = settle(f, false);
	if (code)
		return code;
	buf_clear(&f->payload);
	buf_put_slice(&f->payload, payload);
	f->type = type;
	f->waits = true;
	return buf_err(&f->payload) == ERR_OK ? CLI_DONE : cli_fault(f->cli, ERR_NOMEM, NULL);
}

/* All that is there now. */
static int pass(struct follow *f)
{
	f->waits = f->made = false;
	int64_t known = replica_height(f->replica);
	int code = journal_source_each(f->source, known, on_record, f);
	/* An older copy gives nothing that is wrong: it ends too early. */
	if (code == CLI_DONE && known && f->waits && f->type == JOURNAL_BLOCK) {
		struct block_record b;
		if (block_record_decode(&b, buf_slice(&f->payload)) && b.height < known) {
			enum err e = err_set(&f->cli->err, ERR_MISMATCH,
					     "this chain ends at block %lld, but block %lld was "
					     "replayed "
					     "before: its end was cut off, or it is an older copy",
					     (long long)b.height, (long long)known);
			return refused(f, e);
		}
	}
	if (code == CLI_DONE)
		code = settle(f, true);
	return code;
}

static void tell(struct follow *f)
{
	struct cli *cli = f->cli;
	const struct bundle_witness *w = &f->signature;
	line_end(f);
	if (f->made)
		cli_say(cli,
			cli_tr(cli, "replayed the chain up to block %lld and signed its head",
			       "已重放至区块 %lld 并签署其链头"),
			(long long)w->height);
	else
		cli_say(cli,
			cli_tr(cli, "nothing new since block %lld, which was replayed before",
			       "区块 %lld 之后没有新的内容，该区块先前已重放"),
			(long long)replica_height(f->replica));
	/* The signature itself is JSON already, where it went to stdout. */
	if (!cli->json || (f->made && !f->output && !f->send))
		return;
	struct buf out;
	struct jsonw j = cli_json(&out);
	jsonw_bool(&j, "signed", f->made);
	jsonw_i64(&j, "height", f->made ? w->height : replica_height(f->replica));
	jsonw_u64(&j, "blocks", f->blocks);
	if (f->made) {
		jsonw_u64(&j, "log_size", w->log_size);
		jsonw_hash(&j, "log_root", &w->log_root);
		jsonw_hash(&j, "state_root", &w->state_root);
		jsonw_bool(&j, "sent", f->send);
	}
	if (f->made && f->output)
		jsonw_str(&j, "file", f->output);
	cli_json_end(&j);
	cli_flush();
}

/* Once, or on and on; a node that is away is waited for. */
static int follow(struct follow *f)
{
	bool first = true;
	for (;;) {
		int code = pass(f);
		if (code == CLI_LATER && f->on_and_on && !first) {
			poll(NULL, 0, 5 * FOLLOW_MS);
			continue;
		}
		if (code)
			return code;
		if (f->made || first)
			tell(f);
		if (!f->on_and_on)
			return CLI_DONE;
		first = false;
		poll(NULL, 0, FOLLOW_MS);
	}
}

/* ---- beginning ---- */

/* Which chain it is, and whether it may be believed. */
static int genesis_choose(struct follow *f, struct buf *file)
{
	struct cli *cli = f->cli;
	struct hash given;
	const char *text = cli_value(cli, "genesis");
	if (text && !sender_hex32(cli, "--genesis", text, given.b))
		return CLI_USAGE;
	int code = journal_source_genesis(f->source, file);
	if (code)
		return code;
	struct genesis *g = arena_alloc(cli->arena, sizeof *g);
	enum err e = g ? genesis_decode(g, buf_slice(file), &cli->err) : ERR_NOMEM;
	if (e != ERR_OK)
		return cli_fault(cli, e, cli_value(cli, "genesis"));
	f->fingerprint = g->fingerprint;
	f->given = text != NULL;
	if (!text || hash_eq(&given, &g->fingerprint))
		return CLI_DONE;
	char hex[65];
	hex_encode(hex, g->fingerprint.b, 32);
	return cli_fail(cli, CLI_TAMPERED,
			cli_tr(cli, "not signed: it is another chain, of the fingerprint %s",
			       "未签署：这是另一条链，指纹为 %s"),
			hex);
}

/* Opens the working folder with its genesis in it. */
static int replica_begin(struct follow *f, struct slice genesis)
{
	struct cli *cli = f->cli;
	const char *work = cli_value(cli, "work");
	char hex[65], log[IO_PATH_MAX];
	bool there = false, block;
	if (!work) {
		const char *dir = witnessing_folder(cli, "replayed");
		hex_encode(hex, f->fingerprint.b, 32);
		work = dir ? arena_printf(cli->arena, "%s/%s", dir, hex) : NULL;
		if (!work)
			return CLI_FAILED;
	}
	enum err e = io_join(log, work, "log", &cli->err);
	if (e == ERR_OK)
		e = io_exists(io_posix(), log, &there, &cli->err);
	if (e == ERR_OK && !there && !f->given)
		return cli_fail(cli, CLI_USAGE,
				"this chain is new here: give its fingerprint with --genesis, as "
				"you "
				"got it from somebody you trust");
	if (e == ERR_OK)
		e = replica_open(&f->replica, work, progress, f, &cli->err);
	if (e == ERR_OK)
		e = replica_take(f->replica, &block, JOURNAL_GENESIS, genesis, NULL, &cli->err);
	return e == ERR_OK ? CLI_DONE : refused(f, e);
}

int cmd_witness_follow(struct cli *cli)
{
	struct follow f = {.cli = cli,
			   .output = cli_value(cli, "output"),
			   .send = cli_flag(cli, "send"),
			   .on_and_on = cli_flag(cli, "follow")};
	struct buf genesis = BUF_INIT;
	int code = witnessing_key(cli, &f.key, &f.name);
	if (code)
		return code;
	code = journal_source_open(cli, &f.source, cli->argv[0]);
	if (code == CLI_DONE && f.send && !journal_source_client(f.source))
		code = cli_fail(cli, CLI_USAGE,
				cli_tr(cli, "--send needs the node's socket: no argosyd serves %s",
				       "--send 需要节点的套接字：没有 argosyd 服务于 %s"),
				cli->argv[0]);
	if (code == CLI_DONE)
		code = genesis_choose(&f, &genesis);
	if (code == CLI_DONE)
		code = replica_begin(&f, buf_slice(&genesis));
	if (code == CLI_DONE) {
		f.seen = witnessing_seen(cli, f.fingerprint.b);
		code = f.seen ? follow(&f) : CLI_FAILED;
	}
	line_end(&f);
	replica_close(f.replica);
	journal_source_close(f.source);
	keyfile_fini(&f.key);
	buf_fini(&f.payload);
	buf_fini(&genesis);
	return code;
}
