/*
 * argosy prove ITEM -o FILE: the proof of a history, for somebody else. What was made is
 * verified here before it is handed out, by the verifier that the other will use.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/qr.h"

#include "data/json.h"
#include "interface/jsonw.h"
#include "verify/verify.h"

#include <inttypes.h>
#include <stdio.h>

/* What the reader knows: a size of the log, or a head or bundle that he holds. */
struct since {
	uint64_t size;
	const char *path; /* NULL: a size alone */
	struct buf *file;
	uint8_t fingerprint[32];
};

/* The node's fingerprint; the head that is held must be of the same chain. An exit code. */
static int chain_check(struct client *c, struct cli *cli, const struct since *s, uint8_t fingerprint[static 32])
{
	struct json_value *status;
	int code = client_get_json(c, &status, "/v1/status");
	if (code)
		return code;
	if (!hex_decode(fingerprint, 32, slice_str(json_str(cli->arena, status, "genesis"))))
		return cli_fail(cli, CLI_FAILED, "the node's answer makes no sense");
	if (s->path && memcmp(fingerprint, s->fingerprint, 32) != 0)
		return cli_fail(cli, CLI_TAMPERED,
				cli_tr(cli, "the head in %s is of another chain: its genesis has another fingerprint",
				       "%s 中的链头属于另一条链：创世指纹不符"),
				s->path);
	return CLI_DONE;
}

/* Checks as the reader will. An exit code. */
static int check(struct cli *cli, struct slice bundle, const struct since *s, const uint8_t *fingerprint,
		 size_t *events)
{
	int code = CLI_DONE;
	struct verify_options o = {.fingerprint = fingerprint};
	if (s->path) {
		o.head = s->file->p;
		o.head_n = s->file->n;
	}
	struct verify_result *r = verify_bundle(bundle.p, bundle.n, &o);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason == VERIFY_HEAD)
		code = cli_fail(cli, CLI_TAMPERED,
				cli_tr(cli, "the head in %s and this chain conflict: %s",
				       "%s 中的链头与本链相矛盾：%s"),
				s->path, r->detail);
	else if (r->reason != VERIFY_OK)
		code = cli_fail(
			cli, CLI_TAMPERED, "%s: %s",
			cli_tr(cli, verify_reason_en(r->reason), verify_reason_zh(r->reason)),
			r->detail);
	*events = r->n_subjects ? (size_t)r->subjects[0].n_events : 0;
	verify_free(r);
	return code;
}

static int show_qr(struct cli *cli, struct slice bundle, const char *prefix)
{
	const char *svg = cli_value(cli, "svg");
	struct buf out = BUF_INIT;
	struct qr q;
	int code = CLI_DONE;
	enum err e = qr_make(&q, prefix, bundle, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (cli_flag(cli, "qr")) {
		qr_terminal(&out, &q, cli->color);
		cli_put(buf_slice(&out));
		buf_clear(&out);
	}
	if (svg) {
		qr_svg(&out, &q);
		code = buf_err(&out) == ERR_OK ? cli_write(cli, svg, buf_slice(&out))
					       : cli_fault(cli, ERR_NOMEM, NULL);
	}
	buf_fini(&out);
	qr_fini(&q);
	return code;
}

/* `text`: the bundle as an address; empty: not asked for. */
static void tell(struct cli *cli, const char *path, struct slice bundle, size_t events,
		 struct slice text)
{
	if (cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_str(&w, "item", cli->argv[0]);
		if (path)
			jsonw_str(&w, "file", path);
		jsonw_u64(&w, "events", events);
		jsonw_u64(&w, "bytes", bundle.n);
		if (text.n)
			jsonw_text(&w, "text", text);
		cli_json_end(&w);
		return;
	}
	if (text.n) {
		cli_put(text);
		cli_put(SLICE_LIT("\n"));
	}
	cli_say(cli,
		cli_tr(cli, "%s: %zu events in %zu bytes, verified",
		       "%s：%zu 个事件，%zu 字节，已验证"),
		path ? path : "-", events, bundle.n);
}

/* --since. An exit code; the caller frees s->file. */
static int since_choose(struct cli *cli, struct since *s)
{
	const char *given = cli_value(cli, "since");
	int code = CLI_FAILED;
	*s = (struct since){0};
	if (!given || strspn(given, "0123456789") == strlen(given))
		return cli_number(cli, "since", &s->size, 0, INT64_MAX) ? CLI_DONE : CLI_USAGE;
	s->file = cli_read(cli, given, VERIFY_BYTES_MAX, &code);
	if (!s->file)
		return code;
	struct verify_options o = {0};
	struct verify_result *r = verify_bundle(s->file->p, s->file->n, &o);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	code = r->reason == VERIFY_OK ? CLI_DONE
				      : cli_fail(cli, CLI_TAMPERED, "%s: %s: %s", given,
						 cli_tr(cli, verify_reason_en(r->reason),
							verify_reason_zh(r->reason)),
						 r->detail);
	s->path = given;
	s->size = r->log_size;
	memcpy(s->fingerprint, r->fingerprint, 32);
	verify_free(r);
	return code;
}

static int bundle_get(struct cli *cli, const struct since *s, struct buf *bundle, size_t *events)
{
	struct client *c;
	uint8_t fingerprint[32];
	const char *tail = arena_printf(cli->arena, "/bundle?since=%" PRIu64 "%s%s", s->size,
					cli_flag(cli, "journey") ? "&journey=1" : "",
					cli_flag(cli, "absence") ? "&absence=1" : "");
	const char *target = tail ? client_item_target(cli, cli->argv[0], tail) : NULL;
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = client_open(cli, &c, CLIENT_WRITE);
	if (code)
		return code;
	code = chain_check(c, cli, s, fingerprint);
	if (code == CLI_DONE)
		code = client_get(c, bundle, target);
	client_close(c);
	return code == CLI_DONE ? check(cli, buf_slice(bundle), s, fingerprint, events) : code;
}

int cmd_prove(struct cli *cli)
{
	const char *path = cli_value(cli, "output"), *prefix = cli_value(cli, "url");
	bool text = cli_flag(cli, "text"), qr = cli_flag(cli, "qr") || cli_value(cli, "svg");
	struct buf bundle = BUF_INIT, address = BUF_INIT;
	struct since since;
	size_t events = 0;
	if (!path && !text && !qr)
		return cli_fail(cli, CLI_USAGE,
				"name the file with -o FILE, or ask for --qr or --text");
	if (cli->json && (cli_flag(cli, "qr") || (path && strcmp(path, "-") == 0)))
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli, "with --json stdout is for JSON: use -o FILE, --svg or --text",
				       "使用 --json 时标准输出仅为 JSON：请用 -o FILE、--svg 或 --text"));
	if (!prefix)
		prefix = QR_PREFIX;
	int code = since_choose(cli, &since);
	if (code == CLI_DONE)
		code = bundle_get(cli, &since, &bundle, &events);
	if (since.file)
		buf_fini(since.file);
	if (code == CLI_DONE && path)
		code = cli_write(cli, path, buf_slice(&bundle));
	if (code == CLI_DONE && text) {
		buf_put_str(&address, prefix);
		qr_base32(&address, buf_slice(&bundle));
		code = buf_err(&address) == ERR_OK ? CLI_DONE : cli_fault(cli, ERR_NOMEM, NULL);
	}
	if (code == CLI_DONE && qr)
		code = show_qr(cli, buf_slice(&bundle), prefix);
	if (code == CLI_DONE)
		tell(cli, path, buf_slice(&bundle), events, buf_slice(&address));
	buf_fini(&address);
	buf_fini(&bundle);
	return code;
}
