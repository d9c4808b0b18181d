/*
 * Attachments: the chain holds SHA-256(salt || payload), the folder the rest.
 *
 * attachments/<hash in hex> holds 32 bytes of salt and the payload, so the file's
 * own SHA-256 is its name. The salt keeps a small or guessable payload from being found by
 * trying; it goes with the file to whoever is shown it, and is gone when it is erased.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/sender.h"

#include "base/io.h"
#include "crypto/sha256.h"
#include "data/json.h"

#include <sodium.h>

#include <stdio.h>

enum { SALT_BYTES = 32, PAYLOAD_MAX = 256 << 20 };

static char *text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");
}

/* DIR/attachments/HEX. NULL: no memory. */
static const char *payload_path(struct cli *cli, const uint8_t hash[static 32])
{
	char hex[65];
	hex_encode(hex, hash, 32);
	return arena_printf(cli->arena, "%s/attachments/%s", cli->data_dir, hex);
}

/* What the file is, by its ending, where --media-type does not say. */
static const char *media_type(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{".pdf", "application/pdf"}, {".json", "application/json"},
		{".xml", "application/xml"}, {".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"},     {".png", "image/png"},
		{".csv", "text/csv"},	     {".txt", "text/plain"},
	};
	size_t n = strlen(path);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		size_t k = strlen(types[i].ending);
		if (n > k && strcmp(path + n - k, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/*
 * The salted payload: of a repeat, as it was kept when it was done, if it is the same payload;
 * else with a fresh salt. *kept: it lies in the folder already. An exit code.
 */
static int payload_salt(struct sender *s, struct buf *out, bool *kept, struct slice payload,
			const uint8_t *id, bool id_given)
{
	struct cli *cli = s->cli;
	Argosy__V1__Action *past = NULL;
	uint8_t salt[SALT_BYTES];
	*kept = false;
	int code = id_given ? sender_past_action(s, &past, id) : CLI_DONE;
	if (code)
		return code;
	if (past && past->act_case == ARGOSY__V1__ACTION__ACT_ATTACH &&
	    past->attach->salted_hash.len == 32) {
		const char *path = payload_path(cli, past->attach->salted_hash.data);
		enum err e = path ? io_read_file(io_posix(), path, PAYLOAD_MAX + SALT_BYTES, out,
						 NULL)
				  : ERR_NOMEM;
		*kept = e == ERR_OK && out->n >= SALT_BYTES &&
			slice_eq(slice(out->p + SALT_BYTES, out->n - SALT_BYTES), payload);
		if (*kept)
			return CLI_DONE;
		buf_clear(out);
	}
	randombytes_buf(salt, sizeof salt);
	buf_put(out, salt, sizeof salt);
	buf_put_slice(out, payload);
	return buf_err(out) == ERR_OK ? CLI_DONE : cli_fault(cli, ERR_NOMEM, NULL);
}

/* As it came, for a file that holds the salt already. */
static int payload_given(struct sender *s, struct buf *out, bool *kept, struct slice file)
{
	struct cli *cli = s->cli;
	struct hash hash;
	*kept = false;
	if (file.n < SALT_BYTES)
		return cli_fail(cli, CLI_FAILED, "%s is too short to begin with a salt", cli->argv[0]);
	buf_put_slice(out, file);
	if (buf_err(out) != ERR_OK)
		return cli_fault(cli, ERR_NOMEM, NULL);
	sha256(&hash, file);
	const char *path = payload_path(cli, hash.b);
	enum err e = path ? io_exists(io_posix(), path, kept, &cli->err) : ERR_NOMEM;
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

/*
 * Who brought a payload here: an empty file DIR/attachments/HEX.MEMBER for each. Anybody may attach
 * a hash that he reads on the chain; a payload is kept for those alone who brought it.
 */
static const char *brought_path(struct cli *cli, const uint8_t hash[static 32], struct slice member)
{
	const char *path = payload_path(cli, hash);
	return path ? arena_printf(cli->arena, "%s.%.*s", path, (int)member.n, (const char *)member.p)
		    : NULL;
}

/* The payload first: a hash on the chain without it would be worth nothing. */
static int attach_deliver(struct sender *s, Argosy__V1__Action *action, const struct hash *hash,
			  struct slice stored, bool kept, const uint8_t *id, bool id_given)
{
	struct cli *cli = s->cli;
	const char *to = payload_path(cli, hash->b);
	bool write = !kept && !cli_flag(cli, "dry-run");
	const char *by = brought_path(cli, hash->b, slice_str(s->member));
	enum err e = to && by ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK && write)
		e = io_write_file_atomic(io_posix(), to, stored, &cli->err);
	if (e == ERR_OK && !cli_flag(cli, "dry-run"))
		e = io_write_file_atomic(io_posix(), by, slice(NULL, 0), &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	struct sender_outcome o;
	int code = sender_deliver(s, &action, 1, id, id_given, &o);
	if (code && write && o.sent && !o.answer.verdict)
		cli_say(cli, "%s stays: no answer came, and it may have been recorded", to);
	else if (code && write &&
		 (io_remove(io_posix(), by, NULL) != ERR_OK || io_remove(io_posix(), to, NULL) != ERR_OK))
		cli_say(cli, "%s was left behind", to);
	return code;
}

int cmd_attach(struct cli *cli)
{
	const char *path = cli->argv[0], *media = cli_value(cli, "media-type");
	struct sender s;
	struct hash hash;
	struct buf stored = BUF_INIT;
	uint8_t id[TX_ID_BYTES];
	bool given, kept;
	int code = CLI_FAILED;
	if (!sender_id(cli, id, &given))
		return CLI_USAGE;
	struct buf *payload = cli_read(cli, path, PAYLOAD_MAX, &code);
	if (!payload)
		return code;
	code = sender_begin(cli, &s, "agent");
	if (code) {
		buf_fini(payload);
		return code;
	}
	bool salted = cli_flag(cli, "salted");
	code = salted ? payload_given(&s, &stored, &kept, buf_slice(payload))
		      : payload_salt(&s, &stored, &kept, buf_slice(payload), id, given);
	sha256(&hash, buf_slice(&stored));

	Argosy__V1__Attach act = ARGOSY__V1__ATTACH__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	char hex[65];
	hex_encode(hex, hash.b, 32);
	if (!cli_flag(cli, "dry-run")) /* then the salt is for nothing */
		cli_extra(cli, "hash", hex);
	act.subject = text(cli_value(cli, "subject"));
	act.salted_hash = (ProtobufCBinaryData){32, hash.b};
	act.kind = text(cli_value(cli, "kind") ? cli_value(cli, "kind") : "document");
	act.media_type = text(media ? media : media_type(path));
	act.size_bytes = payload->n - (salted && payload->n >= SALT_BYTES ? SALT_BYTES : 0);
	act.title = text(cli_value(cli, "title"));
	action.act_case = ARGOSY__V1__ACTION__ACT_ATTACH;
	action.attach = &act;

	if (code == CLI_DONE)
		code = attach_deliver(&s, &action, &hash, buf_slice(&stored), kept, id, given);
	sender_end(&s);
	if (code == CLI_DONE && !cli->json && cli->n_extra)
		printf("%s\n", hex);
	buf_fini(&stored);
	buf_fini(payload);
	return code;
}

/* The first of those who attached it that has (not) erased it. */
static const struct json_value *attacher(const struct json_value *answer, bool erased)
{
	const struct json_value *list = json_get(answer, "attachments");
	const struct json_value *m = list ? list->first : NULL;
	while (m && (json_get(m, "erased") != NULL) != erased)
		m = m->next;
	return m;
}

/* What the chain knows of it. An exit code. */
static int attachment_ask(struct cli *cli, struct json_value **v, const char *hash)
{
	struct client *c;
	const char *target = arena_printf(cli->arena, "/v1/attachments/%s", hash);
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = client_open(cli, &c, CLIENT_READ);
	if (code)
		return code;
	code = client_get_json(c, v, target);
	client_close(c);
	return code;
}

/* One who brought the payload here, attached it, and has not erased it; NULL: nobody. */
static const struct json_value *keeper(struct cli *cli, const struct json_value *answer,
				       const uint8_t hash[static 32])
{
	const struct json_value *list = json_get(answer, "attachments");
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		bool there = false;
		const char *by = brought_path(cli, hash, slice_str(json_str(cli->arena, m, "member")));
		if (!json_get(m, "erased") && by && io_exists(io_posix(), by, &there, NULL) == ERR_OK &&
		    there)
			return m;
	}
	return NULL;
}

/* Whoever erased it keeps it no more, whatever is left of the file that said so. */
static void brought_forget(struct cli *cli, const struct json_value *answer,
			   const uint8_t hash[static 32])
{
	const struct json_value *list = json_get(answer, "attachments");
	for (const struct json_value *m = list ? list->first : NULL; m; m = m->next) {
		const char *by = brought_path(cli, hash, slice_str(json_str(cli->arena, m, "member")));
		if (json_get(m, "erased") && by && io_remove(io_posix(), by, NULL) == ERR_IO)
			cli_say(cli, "%s was left behind", by);
	}
}

/* What does the chain say of it? CLI_DONE: it may be given, if it is `there` in the folder. One
 * that somebody erased may only while another is there who brought it: not where nobody but a
 * stranger attached its hash, even where an old backup brought it back. */
static int may_give(struct cli *cli, const char *hash, const uint8_t bytes[static 32], bool there)
{
	struct json_value *v = NULL;
	int code = attachment_ask(cli, &v, hash);
	if (code)
		return code;
	bool kept = json_true(v, "kept");
	const struct json_value *m = attacher(v, false);
	if (there && kept && (!attacher(v, true) || keeper(cli, v, bytes)))
		return CLI_DONE;
	if (kept && !(there && attacher(v, true)))
		return cli_fail(cli, CLI_NOTFOUND,
				cli_tr(cli,
				       "%s: the payload is not here; the chain holds its hash, since block %lld, from %s. It was not erased",
				       "%s：本地没有该附件的内容；链上存有其哈希（区块 %lld，来自 %s）。该附件未被删除"),
				hash, (long long)json_i64(m, "height"), json_str(cli->arena, m, "member"));
	const struct json_value *e = json_get(attacher(v, true), "erased");
	const char *reason = json_str(cli->arena, e, "reason");
	if (there)
		cli_say(cli, "%s",
			cli_tr(cli, "a copy of it has come back: erase it again (argosy attach erase)",
			       "其副本又出现了：请再次删除（argosy attach erase）"));
	return cli_fail(cli, CLI_NOTFOUND,
			cli_tr(cli, "%s: it was erased by %s in block %lld, %s (record %lld)%s%s",
			       "%s：已由 %s 于区块 %lld 删除，%s（记录 %lld）%s%s"),
			hash, json_str(cli->arena, e, "member"), (long long)json_i64(e, "height"),
			json_str(cli->arena, e, "recorded"), (long long)json_i64(e, "index"),
			*reason ? ": " : "", reason);
}

/* Lines that no terminal would obey. */
static bool is_text(struct slice s)
{
	struct buf plain = BUF_INIT;
	size_t ends = 0;
	for (size_t i = 0; i < s.n; i++)
		ends += s.p[i] == '\n' || s.p[i] == '\t';
	buf_put_plain(&plain, s);
	bool good = buf_err(&plain) == ERR_OK && plain.n == s.n + ends; /* nothing but those escaped */
	buf_fini(&plain);
	return good;
}

int cmd_attach_get(struct cli *cli)
{
	uint8_t hash[32];
	struct hash found;
	int code = CLI_FAILED;
	const char *path = NULL;
	char hex[65];
	bool there = false;
	if (!sender_hex32(cli, "the hash", cli->argv[0], hash))
		return CLI_USAGE;
	hex_encode(hex, hash, 32);
	path = payload_path(cli, hash);
	enum err e = path ? io_exists(io_posix(), path, &there, &cli->err) : ERR_NOMEM;
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	code = may_give(cli, hex, hash, there);
	if (code)
		return code;
	struct buf *stored = cli_read(cli, path, PAYLOAD_MAX + SALT_BYTES, &code);
	if (!stored)
		return code;
	sha256(&found, buf_slice(stored));
	const char *to = cli_value(cli, "output") ? cli_value(cli, "output") : "-";
	struct slice payload = buf_slice(stored);
	if (payload.n >= SALT_BYTES)
		payload = slice(payload.p + SALT_BYTES, payload.n - SALT_BYTES);
	if (memcmp(found.b, hash, 32) != 0 || stored->n < SALT_BYTES)
		code = cli_fail(cli, CLI_TAMPERED, "%s is not what was attached", path);
	else if (is_text(payload) || cli_binary_ok(cli))
		code = cli_write(cli, to, payload);
	else
		code = CLI_USAGE;
	if (code == CLI_DONE)
		cli_wrote(cli, to, payload.n);
	buf_fini(stored);
	return code;
}

/* Durably: what was erased is not to come back with the power. ERR_NOTFOUND: it is not there. */
static enum err payload_remove(struct cli *cli, const char *path)
{
	const char *dir = arena_printf(cli->arena, "%s/attachments", cli->data_dir);
	if (!path || !dir)
		return ERR_NOMEM;
	enum err e = io_remove(io_posix(), path, &cli->err);
	if (e != ERR_OK && e != ERR_NOTFOUND)
		return e;
	enum err e2 = io_sync_dir(io_posix(), dir, &cli->err);
	return e2 != ERR_OK ? e2 : e;
}

/* It was this sender's, and is: only then does the ledger say so of the state of its hash. */
static bool erased_before(const struct sender_answer *a)
{
	return strcmp(a->verdict, verdict_name(VERDICT_STATE)) == 0 &&
	       strstr(a->field, "/saltedHash");
}

int cmd_attach_erase(struct cli *cli)
{
	uint8_t hash[32];
	Argosy__V1__EraseAttachment act = ARGOSY__V1__ERASE_ATTACHMENT__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	struct sender_outcome o;
	if (!sender_hex32(cli, "the hash", cli->argv[0], hash))
		return CLI_USAGE;
	act.salted_hash = (ProtobufCBinaryData){32, hash};
	act.reason = text(cli_value(cli, "reason"));
	action.act_case = ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT;
	action.erase_attachment = &act;
	int code = sender_act_outcome(cli, "agent", &action, &o);
	/* The receipt first: without one the payload stays. */
	if (!o.answer.verdict || (!o.answer.ok && !erased_before(&o.answer)))
		return code;
	char hex[65];
	struct json_value *v = NULL;
	hex_encode(hex, hash, 32);
	int known = attachment_ask(cli, &v, hex);
	if (known)
		return cli_fail(cli, known, "%s stays: it is not known who else has attached it", hex);
	brought_forget(cli, v, hash);
	const struct json_value *other = keeper(cli, v, hash);
	if (other) {
		cli_say(cli,
			cli_tr(cli, "the payload stays: %s has attached it too, and not erased it",
			       "附件内容保留：%s 也附加了它，且未删除"),
			json_str(cli->arena, other, "member"));
		return code;
	}
	const char *path = payload_path(cli, hash);
	enum err e = payload_remove(cli, path);
	if (e == ERR_NOTFOUND)
		return code;
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	if (code)
		cli_say(cli, "%s had come back, and is removed", path);
	return code;
}

int cmd_statement(struct cli *cli)
{
	Argosy__V1__Statement act = ARGOSY__V1__STATEMENT__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	if (!cli_value(cli, "partner") || !cli_value(cli, "text"))
		return cli_fail(cli, CLI_USAGE, "--partner and --text are needed");
	act.partner = text(cli_value(cli, "partner"));
	act.text = text(cli_value(cli, "text"));
	act.subjects = (char **)(uintptr_t)cli->argv;
	act.n_subjects = cli->argc;
	action.act_case = ARGOSY__V1__ACTION__ACT_STATEMENT;
	action.statement = &act;
	return sender_act(cli, "agent", &action);
}
