/*
 * Keys: made, listed, added to a member, rotated, revoked, disowned.
 *
 * A key file is made here and never leaves; the chain learns the public key alone.
 * Rotation makes the new file beside the old one, records the change, and only then
 * puts it in the old one's place; the old file stays as FILE.old until the operator
 * removes it, since the old key stays valid for the overlap. Without any overlap it is
 * revoked in the same transaction: on the chain, an overlap of 0 means without end.
 */
#include "cmd/cmds.h"
#include "cmd/sender.h"
#include "cmd/text.h"

#include "crypto/keyfile.h"
#include "data/json.h"
#include "interface/jsonw.h"
#include "node/node.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static char *text(const char *s)
{
	return (char *)(uintptr_t)(s ? s : "");
}

static void key_put(struct cli *cli, const char *path, const uint8_t key[static 32])
{
	char hex[65];
	hex_encode(hex, key, 32);
	if (cli->json) {
		struct buf out = BUF_INIT;
		struct jsonw w = jsonw_of(&out);
		jsonw_object(&w, NULL);
		jsonw_str(&w, "file", path);
		jsonw_str(&w, "public", hex);
		jsonw_object_end(&w);
		buf_put_u8(&out, '\n');
		cli_put_buf(&out);
	} else {
		printf("%s  %s\n", hex, cli_plain(cli, path));
	}
}

/* person or agent; 0: refused with a message. */
static enum keyfile_kind kind_of(struct cli *cli, const char *fallback)
{
	const char *kind = cli_value(cli, "kind");
	kind = kind ? kind : fallback;
	if (strcmp(kind, "person") == 0)
		return KEYFILE_PERSON;
	if (strcmp(kind, "agent") == 0)
		return KEYFILE_AGENT;
	cli_fail(cli, CLI_USAGE, "--kind is person or agent");
	return 0;
}

static int key_make(struct cli *cli, const char *path, enum keyfile_kind kind, const char *name,
		    uint8_t public_key[static 32])
{
	const char *pass = NULL, *slash = strchr(path, '/');
	if (kind == KEYFILE_PERSON) {
		pass = keys_passphrase(cli, cli_tr(cli, "New passphrase: ", "新口令："), true);
		if (!pass)
			return CLI_DENIED;
	}
	/* node_key_make takes a path as such if there is a slash in it. */
	const char *file = slash ? path : arena_printf(cli->arena, "./%s", path);
	enum err e = file ? node_key_make(".", file, kind, name, pass, public_key, &cli->err)
			  : ERR_NOMEM;
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, NULL);
}

int cmd_key_create(struct cli *cli)
{
	const char *path = cli->argv[0], *name = cli_value(cli, "name");
	uint8_t key[32];
	enum keyfile_kind kind = kind_of(cli, "person");
	if (!kind)
		return CLI_USAGE;
	const char *base = strrchr(path, '/');
	int code = key_make(cli, path, kind, name ? name : base ? base + 1 : path, key);
	if (code == CLI_DONE)
		key_put(cli, path, key);
	return code;
}

static int add_key(struct cli *cli, const uint8_t key[static 32], bool person,
		   const uint8_t *replaces)
{
	Argosy__V1__AddKey act = ARGOSY__V1__ADD_KEY__INIT;
	Argosy__V1__RevokeKey end = ARGOSY__V1__REVOKE_KEY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT, ending = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Action *const both[] = {&action, &ending};
	uint64_t overlap;
	unsigned at = 0;
	if (!cli_number(cli, "overlap", &overlap, replaces ? 86400 : 0, UINT32_MAX))
		return CLI_USAGE;
	act.key = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)key};
	act.kind = person ? ARGOSY__V1__KEY_KIND__KEY_KIND_PERSON
			  : ARGOSY__V1__KEY_KIND__KEY_KIND_AGENT;
	act.retire_after_s = overlap;
	if (replaces)
		act.replaces = (ProtobufCBinaryData){32, (uint8_t *)(uintptr_t)replaces};
	act.scope = arena_alloc(cli->arena, CLI_OPTIONS_MAX * sizeof *act.scope);
	if (!act.scope)
		return cli_fault(cli, ERR_NOMEM, NULL);
	for (const char *v; (v = cli_next(cli, "scope", &at));)
		act.scope[act.n_scope++] = text(v);
	action.act_case = ARGOSY__V1__ACTION__ACT_ADD_KEY;
	action.add_key = &act;
	if (!replaces || overlap)
		return sender_act(cli, "operator", &action);
	end.key = act.replaces;
	end.reason = text("replaced");
	ending.act_case = ARGOSY__V1__ACTION__ACT_REVOKE_KEY;
	ending.revoke_key = &end;
	return sender_send(cli, "operator", both, 2);
}

int cmd_key_add(struct cli *cli)
{
	uint8_t key[32];
	enum keyfile_kind kind = kind_of(cli, "agent");
	if (!kind)
		return CLI_USAGE;
	int code = keys_public(cli, key, cli->argv[0]);
	return code ? code : add_key(cli, key, kind == KEYFILE_PERSON, NULL);
}

/* Is it the node's validator's key that is meant? Its file may be lost. */
static bool names_validator(struct cli *cli, const char *name)
{
	const char *own = arena_printf(cli->arena, "%s/keys/validator.key", cli->data_dir);
	return strcmp(name, "validator") == 0 || strcmp(name, "validator.key") == 0 ||
	       (own && strcmp(name, own) == 0);
}

/* `next`: the key that was made; NULL: none was. */
static int rotated_json(bool dry_run, bool before, const char *next)
{
	struct buf out;
	struct jsonw w = cli_json(&out);
	jsonw_bool(&w, "dry_run", dry_run);
	jsonw_bool(&w, "before", before);
	if (next)
		jsonw_str(&w, "next_key", next);
	return cli_json_end(&w);
}

/* The validator's key is replaced by the one that the chain committed to; the folder must be
 * at rest. */
static int rotate_validator(struct cli *cli)
{
	const char *next = cli_value(cli, "next-key"), *after = cli_value(cli, "new-next-key");
	if (!next || !after)
		return cli_fail(
			cli, CLI_USAGE,
			"give the key that the chain committed to with --next-key FILE, and "
			"say with --new-next-key FILE where the one after it goes");
	if (cli_flag(cli, "dry-run"))
		return cli->json ? rotated_json(true, false, after) : CLI_DONE;
	/* A name without a slash is one in keys/; else one here. */
	const char *in_keys = arena_printf(cli->arena, "%s/keys/%s", cli->data_dir, next);
	const char *here = arena_printf(cli->arena, "./%s", next);
	if (!in_keys || !here)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (!strchr(next, '/') && access(in_keys, F_OK) != 0 && access(here, F_OK) == 0)
		next = here;
	struct node_rotation done;
	enum err e = node_rotate_validator(&done, cli->data_dir, next, after, &cli->err);
	if (e != ERR_OK) {
		/* The validator's key need not be there: that is never why. */
		enum node_lack lack = node_lacks(cli->data_dir);
		return client_folder_fault(cli, e, lack == NODE_LACKS_KEY ? NODE_LACKS_NOTHING : lack);
	}
	const char *where = strchr(after, '/') ? "" : "keys/";
	const char *made = done.before && !done.next_there
				   ? NULL
				   : arena_printf(cli->arena, "%s%s", where, after);
	if (cli->json && (made || !done.in_place))
		return rotated_json(false, done.before, made);
	if (done.before && !done.next_there)
		return cli_fail(
			cli, done.in_place ? CLI_CONFLICT : CLI_DONE,
			cli_tr(cli,
			       "%s is the validator's key since an earlier rotation%s; no key was "
			       "made at %s%s: the next one is where that rotation put it",
			       "%s 自此前的更换起已是验证者密钥%s；未在 %s%s "
			       "生成密钥：下一个密钥在那次更换所指定之处"),
			next,
			done.in_place ? "" : cli_tr(cli, ", and is in its place now", "，现已就位"),
			where, after);
	cli_say(cli,
		done.before
			? cli_tr(cli, "the validator's key was replaced before; keep %s%s offline",
				 "验证者密钥此前已更换；请离线保管 %s%s")
			: cli_tr(cli, "the validator's key is replaced; keep %s%s offline",
				 "验证者密钥已更换；请离线保管 %s%s"),
		where, after);
	return CLI_DONE;
}

int cmd_key_rotate(struct cli *cli)
{
	struct keyfile old;
	uint8_t old_key[32], new_key[32];
	const char *path = keys_path(cli, cli->argv[0]);
	const char *fresh = path ? arena_printf(cli->arena, "%s.new", path) : NULL;
	const char *kept = path ? arena_printf(cli->arena, "%s.old", path) : NULL;
	if (!fresh || !kept)
		return cli_fault(cli, ERR_NOMEM, NULL);
	if (names_validator(cli, cli->argv[0]))
		return rotate_validator(cli);
	enum err e = node_key_load(&old, path, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	enum keyfile_kind kind = old.kind;
	const char *name = arena_strn(cli->arena, old.name, strlen(old.name));
	memcpy(old_key, old.public_key, 32);
	keyfile_fini(&old);
	if (kind == KEYFILE_VALIDATOR)
		return rotate_validator(cli);
	/* A .new that an interrupted rotation left is used again: it may be recorded already. */
	bool left = access(fresh, F_OK) == 0;
	int code = left ? keys_public(cli, new_key, fresh)
			: key_make(cli, fresh, kind, name ? name : "", new_key);
	char hex[65];
	hex_encode(hex, new_key, code ? 0 : 32);
	cli_extra(cli, "file", path);
	cli_extra(cli, "public", hex);
	if (code == CLI_DONE)
		code = add_key(cli, new_key, kind == KEYFILE_PERSON, old_key);
	/* What was not sent replaces nothing. */
	if (cli_flag(cli, "dry-run") && !left)
		unlink(fresh);
	if (code == CLI_DONE && cli_value(cli, "to-file"))
		cli_say(cli,
			cli_tr(cli, "once it is recorded, put %s in the place of %s",
			       "记录之后，请将 %s 放到 %s 的位置"),
			fresh, path);
	if (code || cli_flag(cli, "dry-run") || cli_value(cli, "to-file"))
		return code;
	if (rename(path, kept) != 0 || rename(fresh, path) != 0)
		return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	if (!cli->json) /* the act's answer has said it */
		key_put(cli, path, new_key);
	return CLI_DONE;
}

int cmd_key_revoke(struct cli *cli)
{
	Argosy__V1__RevokeKey act = ARGOSY__V1__REVOKE_KEY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	uint8_t key[32];
	int code = keys_public(cli, key, cli->argv[0]);
	if (code)
		return code;
	act.key = (ProtobufCBinaryData){32, key};
	act.reason = text(cli_value(cli, "reason"));
	action.act_case = ARGOSY__V1__ACTION__ACT_REVOKE_KEY;
	action.revoke_key = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_key_disown(struct cli *cli)
{
	Argosy__V1__DisownKey act = ARGOSY__V1__DISOWN_KEY__INIT;
	Argosy__V1__Action action = ARGOSY__V1__ACTION__INIT;
	uint8_t key[32];
	uint64_t from;
	if (!cli_value(cli, "from-height"))
		return cli_fail(cli, CLI_USAGE, "say from which block on with --from-height H");
	if (!cli_number(cli, "from-height", &from, 0, INT64_MAX))
		return CLI_USAGE;
	int code = keys_public(cli, key, cli->argv[0]);
	if (code)
		return code;
	act.key = (ProtobufCBinaryData){32, key};
	act.from_height = (int64_t)from;
	act.reason = text(cli_value(cli, "reason"));
	action.act_case = ARGOSY__V1__ACTION__ACT_DISOWN_KEY;
	action.disown_key = &act;
	return sender_act(cli, "operator", &action);
}

int cmd_key_list(struct cli *cli)
{
	const struct json_value *v;
	int code = client_ask(cli, client_target(cli, "/v1/members/", cli->argv[0], ""), &v);
	const struct json_value *list = code == CLI_DONE && v ? json_get(v, "keys") : NULL;
	for (const struct json_value *k = list ? list->first : NULL; k; k = k->next) {
		char word[128];
		printf("%s  ", json_str(cli->arena, k, "key"));
		text_put(text_word(word, json_str(cli->arena, k, "kind"), cli->zh), 6);
		if (json_get(k, "revoked_height"))
			printf(cli_tr(cli, "  revoked at block %llu", "  于区块 %llu 撤销"),
			       (unsigned long long)json_u64(k, "revoked_height"));
		if (json_get(k, "retires"))
			printf(cli_tr(cli, "  retires %s", "  于 %s 退役"),
			       json_str(cli->arena, k, "retires"));
		if (json_get(k, "disowned_from_height"))
			printf(cli_tr(cli, "  disowned from block %llu",
				      "  自区块 %llu 起不予承认"),
			       (unsigned long long)json_u64(k, "disowned_from_height"));
		printf("\n");
	}
	return code;
}
