#include "cmd/receipts.h"

#include "base/io.h"
#include "verify/receipt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- one ---- */

/* Is it what was asked for? NULL, or why not. */
static const char *wrong(const struct cli *cli, const struct verify_result *r, const char *member,
			 const uint8_t *id)
{
	if (!r->receipt)
		return cli_tr(cli, "it is no receipt", "这不是回执");
	if (strcmp(r->receipt->member, member) != 0 ||
	    memcmp(r->receipt->tx_id, id, TX_ID_BYTES) != 0)
		return cli_tr(cli, "it is of another transaction", "它属于另一笔交易");
	return NULL;
}

/* `records`: how many the transaction made; 0: not known here. */
static int check(struct cli *cli, struct slice bytes, const char *member, const uint8_t *id,
		 uint64_t records)
{
	const struct verify_options o = {0};
	struct verify_result *r = verify_bundle(bytes.p, bytes.n, &o);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = CLI_DONE;
	const char *why = r->reason == VERIFY_OK ? wrong(cli, r, member, id) : NULL;
	if (!why && r->reason == VERIFY_OK && records && r->receipt->n_records != records)
		why = cli_tr(cli, "it has not all records of the transaction",
			     "它未包含该交易的全部记录");
	if (r->reason == VERIFY_NOMEM)
		code = cli_fault(cli, ERR_NOMEM, NULL);
	else if (r->reason != VERIFY_OK)
		code = cli_fail(cli, CLI_TAMPERED,
				cli_tr(cli, "the node's receipt is not good: %s%s%s",
				       "节点给出的回执无效：%s%s%s"),
				cli_tr(cli, verify_reason_en(r->reason),
				       verify_reason_zh(r->reason)),
				r->detail[0] ? ": " : "", r->detail);
	else if (why)
		code = cli_fail(cli, CLI_TAMPERED,
				cli_tr(cli, "the node's receipt is not good: %s", "节点给出的回执无效：%s"),
				why);
	verify_free(r);
	return code;
}

static int get(struct cli *cli, struct client *c, struct buf *out, const char *target,
	       const char *member, const uint8_t *id, uint64_t records)
{
	*out = BUF_INIT;
	int code = client_get(c, out, target);
	if (code == CLI_DONE)
		code = check(cli, buf_slice(out), member, id, records);
	if (code) {
		buf_fini(out);
		*out = BUF_INIT;
	}
	return code;
}

int receipts_get(struct cli *cli, struct client *c, struct buf *out, const char *target,
		 const char *member, const uint8_t id[static TX_ID_BYTES])
{
	return get(cli, c, out, target, member, id, 0);
}

/* ---- those of a command ---- */

int receipts_begin(struct receipts *r, struct sender *s)
{
	struct cli *cli = s->cli;
	const char *given = cli_value(cli, "receipts");
	*r = (struct receipts){.sender = s, .asked = given != NULL};
	if (cli_flag(cli, "no-receipts") || cli_flag(cli, "dry-run"))
		return CLI_DONE;
	const char *dir = given ? given : arena_printf(cli->arena, "%s/receipts", cli->data_dir);
	const char *own = dir ? arena_printf(cli->arena, "%s/%s", dir, s->member) : NULL;
	enum err e = own ? io_make_dir(io_posix(), dir, &cli->err) : ERR_NOMEM;
	if (e == ERR_OK)
		e = io_make_dir(io_posix(), own, &cli->err);
	if (e == ERR_OK)
		r->dir = own;
	else if (r->asked || e == ERR_NOMEM)
		return cli_fault(cli, e, NULL);
	else
		cli_say(cli, cli_tr(cli, "no receipts are kept: %s", "未保存回执：%s"), cli->err.text);
	return CLI_DONE;
}

void receipts_note(struct receipts *r, const uint8_t id[static TX_ID_BYTES],
		   const struct sender_answer *a)
{
	if (!r->dir || !a->ok || !a->records)
		return;
	if (r->n == r->cap) {
		size_t cap = r->cap ? 2 * r->cap : 64;
		struct receipts_due *p = realloc(r->due, cap * sizeof *p);
		if (!p)
			return; /* it can be asked for later */
		r->due = p;
		r->cap = cap;
	}
	struct receipts_due *d = &r->due[r->n++];
	memcpy(d->id, id, TX_ID_BYTES);
	d->first_index = a->first_index;
	d->records = a->records;
}

static int keep(struct receipts *r, const struct receipts_due *d)
{
	struct cli *cli = r->sender->cli;
	char path[IO_PATH_MAX], name[2 * TX_ID_BYTES + 16], target[64];
	struct buf receipt;
	bool there = false;
	hex_encode(name, d->id, TX_ID_BYTES);
	memcpy(name + 2 * TX_ID_BYTES, ".receipt", sizeof ".receipt");
	enum err e = io_join(path, r->dir, name, &cli->err);
	if (e == ERR_OK)
		e = io_exists(io_posix(), path, &there, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (there)
		return CLI_DONE;
	snprintf(target, sizeof target, "/v1/receipts/%" PRIu64, d->first_index);
	int code = get(cli, r->sender->client, &receipt, target, r->sender->member, d->id,
		       d->records);
	if (code)
		return code;
	e = io_write_file_atomic(io_posix(), path, buf_slice(&receipt), &cli->err);
	buf_fini(&receipt);
	r->kept += e == ERR_OK;
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

int receipts_keep(struct receipts *r)
{
	int code = CLI_DONE;
	for (size_t i = 0; code == CLI_DONE && i < r->n; i++)
		code = keep(r, &r->due[i]);
	r->n = 0;
	/* A receipt that is not good is never passed over in silence. */
	return r->asked || code == CLI_TAMPERED ? code : CLI_DONE;
}

void receipts_end(struct receipts *r)
{
	free(r->due);
	r->due = NULL;
	r->n = r->cap = 0;
}
