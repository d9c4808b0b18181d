/*
 * Heads: the signed top of the chain, exported; cosigned by a partner; the partner's
 * signature kept.
 *
 * A partner signs only what continues the last head that he saw. That head is kept
 * in a small file, by default $XDG_STATE_HOME/argosy-seen/<fingerprint>, and replaced, durably,
 * before the signature leaves: so nobody can get his signature on two histories. The
 * first head of a chain is believed by its fingerprint alone (--genesis). What he signs says
 * that he checked the log alone: a state that does not follow from it is not seen here.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/sender.h"
#include "cmd/witnessing.h"

#include "base/io.h"
#include "crypto/keyfile.h"
#include "interface/jsonw.h"
#include "proof/bundle.h"
#include "verify/verify.h"

#include <stdlib.h>

int cmd_head_export(struct cli *cli)
{
	const char *path = cli_value(cli, "output");
	struct client *c;
	struct buf head;
	if (!cli_binary_ok(cli))
		return CLI_USAGE;
	int code = client_open(cli, &c, CLIENT_WRITE);
	if (code)
		return code;
	code = client_get(c, &head, "/v1/head");
	client_close(c);
	if (code)
		return code;
	code = cli_write(cli, path ? path : "-", buf_slice(&head));
	if (code == CLI_DONE)
		cli_wrote(cli, path ? path : "-", head.n);
	buf_fini(&head);
	return code;
}

/* ---- cosigning ---- */

static int not_good(struct cli *cli, const char *path, const struct verify_result *r)
{
	return cli_fail(cli, CLI_TAMPERED, "%s: %s%s%s", path,
			cli_tr(cli, verify_reason_en(r->reason), verify_reason_zh(r->reason)),
			r->detail[0] ? ": " : "", r->detail);
}

const char *witnessing_folder(struct cli *cli, const char *kind)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	const char *dir = state && state[0] == '/'
				  ? arena_printf(cli->arena, "%s/argosy-%s", state, kind)
				  : arena_printf(cli->arena, "%s/.argosy-%s", home ? home : ".",
						 kind);
	enum err e = dir ? io_make_dir(io_posix(), dir, &cli->err) : ERR_NOMEM;
	if (e == ERR_OK)
		return dir;
	cli_fault(cli, e, NULL);
	return NULL;
}

const char *witnessing_seen(struct cli *cli, const uint8_t fingerprint[static 32])
{
	const char *given = cli_value(cli, "seen");
	char hex[65];
	if (given)
		return given;
	hex_encode(hex, fingerprint, 32);
	const char *dir = witnessing_folder(cli, "seen");
	return dir ? arena_printf(cli->arena, "%s/%s", dir, hex) : NULL;
}

/* Checks the head against what was seen before. An exit code; the caller frees *out. */
static int head_check(struct cli *cli, const char *path, struct slice file, const char **seen,
		      struct verify_result **out)
{
	struct verify_options o = {0};
	uint8_t fingerprint[32];
	struct buf *held = NULL;
	const char *genesis = cli_value(cli, "genesis");
	bool there = false;
	int code = CLI_DONE;
	if (genesis && !sender_hex32(cli, "--genesis", genesis, fingerprint))
		return CLI_USAGE;
	struct verify_result *r = verify_bundle(file.p, file.n, &o);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason != VERIFY_OK)
		code = not_good(cli, path, r);
	if (code == CLI_DONE && !genesis)
		memcpy(fingerprint, r->fingerprint, 32);
	verify_free(r);
	if (code)
		return code;
	*seen = witnessing_seen(cli, fingerprint);
	enum err e = *seen ? io_exists(io_posix(), *seen, &there, &cli->err) : ERR_NOMEM;
	if (e != ERR_OK)
		return *seen ? cli_fault(cli, e, NULL) : CLI_FAILED;
	if (!there && !genesis)
		return cli_fail(
			cli, CLI_USAGE,
			"this chain is new here: give its fingerprint with --genesis, as you "
			"got it from somebody you trust");
	if (there && !(held = cli_read(cli, *seen, VERIFY_BYTES_MAX, &code)))
		return code;
	o.fingerprint = fingerprint;
	o.head = held ? held->p : NULL;
	o.head_n = held ? held->n : 0;
	r = verify_bundle(file.p, file.n, &o);
	if (held)
		buf_fini(held);
	if (!r)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (r->reason != VERIFY_OK) {
		code = not_good(cli, path, r);
		if (r->reason == VERIFY_HEAD)
			cli_say(cli,
				cli_tr(cli,
				       "Ask for a bundle made with \"argosy prove ITEM --since\" "
				       "and the head in %s.",
				       "请向对方索取以 %s 中的链头为起点（argosy prove "
				       "--since）的证明。"),
				*seen);
		verify_free(r);
		return code;
	}
	*out = r;
	return CLI_DONE;
}

void witnessing_write(struct buf *out, const struct bundle_witness *s)
{
	struct jsonw w = jsonw_of(out);
	jsonw_object(&w, NULL);
	jsonw_hex(&w, "key", slice(s->key, 32));
	jsonw_text(&w, "name", s->name);
	jsonw_i64(&w, "height", s->height);
	jsonw_hash(&w, "header_hash", &s->header_hash);
	jsonw_u64(&w, "log_size", s->log_size);
	jsonw_hash(&w, "log_root", &s->log_root);
	jsonw_str(&w, "how", s->how == WITNESS_REPLAYED ? "replayed" : "log");
	if (s->how == WITNESS_REPLAYED)
		jsonw_hash(&w, "state_root", &s->state_root);
	jsonw_hex(&w, "signature", slice(s->sig, 64));
	jsonw_object_end(&w);
	buf_put_u8(out, '\n');
}

int witnessing_key(struct cli *cli, struct keyfile *k, const char **name)
{
	const char *path = cli_value(cli, "key") ? keys_path(cli, cli_value(cli, "key")) : NULL;
	*name = cli_value(cli, "name");
	if (!path)
		return cli_fail(cli, CLI_USAGE, "name your key file with --key");
	int code = keys_load(cli, k, path);
	if (code)
		return code;
	if (!*name)
		*name = arena_strn(cli->arena, k->name, strlen(k->name));
	if (*name && strlen(*name) <= WITNESS_NAME_MAX)
		return CLI_DONE;
	keyfile_fini(k);
	return *name ? cli_fail(cli, CLI_USAGE, "a name has at most %d bytes", WITNESS_NAME_MAX)
		     : cli_fault(cli, ERR_NOMEM, NULL);
}

/* That the log was checked, and nothing more. */
static int sign(struct cli *cli, const struct verify_result *r, struct bundle_witness *w)
{
	struct keyfile k;
	struct hash fingerprint;
	const char *name;
	int code = witnessing_key(cli, &k, &name);
	if (code)
		return code;
	*w = (struct bundle_witness){
		.name = slice_str(name),
		.height = r->height,
		.log_size = r->log_size,
		.how = WITNESS_LOG,
	};
	memcpy(w->key, k.public_key, 32);
	memcpy(w->header_hash.b, r->header_hash, 32);
	memcpy(w->log_root.b, r->log_root, 32);
	memcpy(fingerprint.b, r->fingerprint, 32);
	enum err e = bundle_witness_sign(w, &fingerprint, k.secret_key);
	keyfile_fini(&k);
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

int cmd_head_cosign(struct cli *cli)
{
	const char *path = cli->argv[0], *seen = NULL, *output = cli_value(cli, "output");
	struct verify_result *r = NULL;
	struct bundle_witness w;
	struct buf out = BUF_INIT;
	int code = CLI_FAILED;
	struct buf *file = cli_read(cli, path, VERIFY_BYTES_MAX, &code);
	if (!file)
		return code;
	code = head_check(cli, path, buf_slice(file), &seen, &r);
	if (code == CLI_DONE)
		code = sign(cli, r, &w);
	if (code == CLI_DONE) {
		/* First what was seen, then the signature. */
		code = cli_write(cli, seen, buf_slice(file));
		witnessing_write(&out, &w);
	}
	if (code == CLI_DONE)
		code = buf_err(&out) == ERR_OK
			       ? cli_write(cli, output ? output : "-", buf_slice(&out))
			       : cli_fault(cli, ERR_NOMEM, NULL);
	if (code == CLI_DONE)
		cli_wrote(cli, output ? output : "-", out.n);
	if (code == CLI_DONE)
		cli_say(cli,
			cli_tr(cli,
			       "cosigned block %lld as \"log\": its log continues what you saw "
			       "before. That its state follows from the log was not checked; "
			       "\"argosy witness follow\" does",
			       "已见证区块 %lld（方式：log，仅核对日志）：日志与此前所见连续。"
			       "未核对状态是否由日志得出；argosy witness follow 会核对"),
			(long long)r->height);
	verify_free(r);
	buf_fini(&out);
	buf_fini(file);
	return code;
}

int cmd_witness_add(struct cli *cli)
{
	struct client *c;
	struct api_response r;
	int code = CLI_FAILED;
	struct buf *file = cli_read(cli, cli->argv[0], 4096, &code);
	if (!file)
		return code;
	code = client_open(cli, &c, CLIENT_WRITE);
	if (code == CLI_DONE)
		code = client_call(c, &r, "POST", "/v1/witnesses", "application/json",
				   buf_slice(file));
	if (code == CLI_DONE) {
		if (r.status >= 400)
			code = client_problem(c, &r);
		else if (cli->json)
			cli_put(buf_slice(&r.body));
		else
			cli_say(cli, "%s", cli_tr(cli, "kept", "已保存"));
		buf_fini(&r.body);
	}
	client_close(c);
	buf_fini(file);
	return code;
}
