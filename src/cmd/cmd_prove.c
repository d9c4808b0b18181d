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

/* Checks against the node's own fingerprint. An exit code. */
static int check(struct client *c, struct cli *cli, struct slice bundle, size_t *events)
{
	struct json_value *status;
	uint8_t fingerprint[32];
	int code = client_get_json(c, &status, "/v1/status");
	if (code)
		return code;
	if (!hex_decode(fingerprint, 32, slice_str(json_str(cli->arena, status, "genesis"))))
		return cli_fail(cli, CLI_FAILED, "the node's answer makes no sense");
	struct verify_options o = {.fingerprint = fingerprint};
	struct verify_result *r = verify_bundle(bundle.p, bundle.n, &o);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason != VERIFY_OK)
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

static void tell(struct cli *cli, const char *path, struct slice bundle, size_t events)
{
	if (cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = jsonw_of(&out);
		jsonw_object(&w, NULL);
		jsonw_str(&w, "item", cli->argv[0]);
		jsonw_str(&w, "file", path);
		jsonw_u64(&w, "events", events);
		jsonw_u64(&w, "bytes", bundle.n);
		jsonw_object_end(&w);
		buf_put_u8(&out, '\n');
		cli_put_buf(&out);
		return;
	}
	cli_say(cli,
		cli_tr(cli, "%s: %zu events in %zu bytes, verified",
		       "%s：%zu 个事件，%zu 字节，已验证"),
		path, events, bundle.n);
}

/* --since: the size of the log that the reader knows, or a head file or bundle that he holds. */
static int since_choose(struct cli *cli, uint64_t *size)
{
	const char *given = cli_value(cli, "since");
	int code = CLI_FAILED;
	*size = 0;
	if (!given || strspn(given, "0123456789") == strlen(given))
		return cli_number(cli, "since", size, 0, INT64_MAX) ? CLI_DONE : CLI_USAGE;
	struct buf *file = cli_read(cli, given, VERIFY_BYTES_MAX, &code);
	if (!file)
		return code;
	struct verify_options o = {0};
	struct verify_result *r = verify_bundle(file->p, file->n, &o);
	buf_fini(file);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	code = r->reason == VERIFY_OK ? CLI_DONE
				      : cli_fail(cli, CLI_TAMPERED, "%s: %s: %s", given,
						 cli_tr(cli, verify_reason_en(r->reason),
							verify_reason_zh(r->reason)),
						 r->detail);
	*size = r->log_size;
	verify_free(r);
	return code;
}

int cmd_prove(struct cli *cli)
{
	const char *path = cli_value(cli, "output"), *prefix = cli_value(cli, "url");
	bool text = cli_flag(cli, "text"), qr = cli_flag(cli, "qr") || cli_value(cli, "svg");
	struct client *c;
	struct buf bundle = BUF_INIT;
	size_t events = 0;
	if (!path && !text && !qr)
		return cli_fail(cli, CLI_USAGE,
				"name the file with -o FILE, or ask for --qr or --text");
	if (!prefix)
		prefix = QR_PREFIX;
	uint64_t since;
	int code = since_choose(cli, &since);
	if (code)
		return code;
	const char *tail = arena_printf(cli->arena, "/bundle?since=%" PRIu64 "%s%s", since,
					cli_flag(cli, "journey") ? "&journey=1" : "",
					cli_flag(cli, "absence") ? "&absence=1" : "");
	const char *target = tail ? client_item_target(cli, cli->argv[0], tail) : NULL;
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	code = client_open(cli, &c, CLIENT_WRITE);
	if (code)
		return code;
	code = client_get(c, &bundle, target);
	if (code == CLI_DONE)
		code = check(c, cli, buf_slice(&bundle), &events);
	client_close(c);
	if (code == CLI_DONE && path)
		code = cli_write(cli, path, buf_slice(&bundle));
	if (code == CLI_DONE)
		tell(cli, path ? path : "-", buf_slice(&bundle), events);
	if (code == CLI_DONE && text) {
		struct buf line = BUF_INIT;
		buf_put_str(&line, prefix);
		qr_base32(&line, buf_slice(&bundle));
		buf_put_u8(&line, '\n');
		cli_put_buf(&line);
	}
	if (code == CLI_DONE && qr)
		code = show_qr(cli, buf_slice(&bundle), prefix);
	buf_fini(&bundle);
	return code;
}
