/*
 * birth: a new node: its key files, genesis and folder.
 *
 * FORMAT is written last, when all else is there. So a creation that was interrupted
 * left no node, and the next one in the same folder removes what is there of it. But a
 * node may have lost its FORMAT: what might be one is never removed.
 */
#include "node/node_inner.h"

#include "node/clock.h"
#include "trade/trade.h"

#include <sodium.h>

#include <stdio.h>
#include <stdlib.h>

/* ---- key files ---- */

static void created_text(char out[static 32], int64_t wall_ns)
{
	time_format(out, wall_ns / 1000000);
	memcpy(out + 19, "Z", 2); /* seconds are enough */
}

enum err node_key_make(const char *dir, const char *file, enum keyfile_kind kind, const char *name,
		       const char *passphrase, uint8_t public_key[static 32], struct err_text *t)
{
	char path[IO_PATH_MAX], created[32];
	uint8_t random[32 + KEYFILE_SALT + KEYFILE_NONCE];
	struct keyfile k;
	struct buf text = BUF_INIT;
	bool there;
	if (strchr(file, '/'))
		snprintf(path, sizeof path, "%s", file);
	else
		TRY(io_join(path, dir, file, t));
	TRY(io_exists(io_posix(), path, &there, t));
	if (there)
		return err_set(t, ERR_EXISTS, "%s: there is a key already", path);
	randombytes_buf(random, sizeof random);
	created_text(created, clock_wall_ns());
	struct keyfile_lock lock = {.passphrase = slice_str(passphrase),
				    .ops = KEYFILE_OPS,
				    .mem = KEYFILE_MEM,
				    .salt = random + 32,
				    .nonce = random + 32 + KEYFILE_SALT};
	enum err e = keyfile_make(&k, kind, slice_str(name), created, random,
				  kind == KEYFILE_PERSON ? &lock : NULL, t);
	sodium_memzero(random, sizeof random);
	if (e != ERR_OK)
		return e;
	memcpy(public_key, k.public_key, 32);
	e = keyfile_encode(&text, &k);
	keyfile_fini(&k);
	if (e == ERR_OK)
		e = io_write_file_atomic(io_posix(), path, buf_slice(&text), t);
	if (text.p)
		sodium_memzero(text.p, text.n);
	buf_fini(&text);
	return e;
}

enum err node_key_load(struct keyfile *k, const char *path, struct err_text *t)
{
	struct buf text = BUF_INIT;
	enum err e = io_read_file(io_posix(), path, KEYFILE_TEXT_MAX, &text, t);
	if (e == ERR_OK) {
		struct err_text why = {{0}};
		e = keyfile_decode(k, buf_slice(&text), &why);
		if (e != ERR_OK)
			(void)!err_set(t, e, "%.250s: %.200s", path, why.text);
	}
	if (text.p)
		sodium_memzero(text.p, text.n);
	buf_fini(&text);
	return e;
}

/* ---- the folder ---- */

static enum err genesis_make(struct buf *out, const struct node_birth *b,
			     const uint8_t validator[static 32], const uint8_t next[static 32],
			     const uint8_t operator_key[static 32], const uint8_t agent[static 32],
			     struct err_text *t)
{
	Argosy__V1__GenesisMember m = ARGOSY__V1__GENESIS_MEMBER__INIT;
	Argosy__V1__GenesisState gs = ARGOSY__V1__GENESIS_STATE__INIT;
	Argosy__V1__GenesisMember *members[] = {&m};
	ProtobufCBinaryData person = {32, (uint8_t *)operator_key}, ag = {32, (uint8_t *)agent};
	char role[] = "operator", *roles[] = {role};
	m.id = (char *)b->member;
	m.name = (char *)(b->name ? b->name : b->member);
	m.country = (char *)(b->country ? b->country : "");
	m.roles = roles;
	m.n_roles = 1;
	m.person_keys = &person;
	m.n_person_keys = 1;
	m.agent_keys = &ag;
	m.n_agent_keys = 1;
	gs.members = members;
	gs.n_members = 1;
	gs.quota_units_per_hour = b->quota;

	struct genesis *g = calloc(1, sizeof *g);
	size_t n = argosy__v1__genesis_state__get_packed_size(&gs);
	uint8_t *state = malloc(n + 1);
	enum err e = g && state ? ERR_OK : ERR_NOMEM;
	if (e == ERR_OK) {
		argosy__v1__genesis_state__pack(&gs, state);
		int64_t now = clock_wall_ns();
		snprintf(g->chain_id, sizeof g->chain_id, "%s%s", b->chain_id ? b->chain_id : b->member,
			 b->chain_id ? "" : "-solo");
		g->app_version = GENESIS_APP_VERSION;
		g->time = b->time_s ? (struct stamp){b->time_s, 0}
				    : (struct stamp){now / 1000000000, 0};
		g->initial_height = 1;
		g->n_validators = 1;
		memcpy(g->validators[0].key, validator, 32);
		g->validators[0].power = 1;
		sha256(&g->next[0], slice(next, 32));
		g->app_state = slice(state, n);
		e = genesis_encode(out, g, t);
	}
	free(state);
	free(g);
	return e;
}

static enum err text_write(const char *dir, const char *name, const char *text, struct err_text *t)
{
	char path[IO_PATH_MAX];
	TRY(io_join(path, dir, name, t));
	return io_write_file_atomic(io_posix(), path, slice_str(text), t);
}

static bool any_name(void *arg, const char *name)
{
	(void)name;
	*(bool *)arg = true;
	return false;
}

/*
 * Nothing here was ever a node: the guard, which creation makes last but FORMAT, is not there,
 * and the journal has at most its genesis. A journal that cannot be read may hold anything.
 */
static enum err never_a_node(const char *dir, const char *keys, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct journal *j = NULL;
	struct journal_stat stat = {0};
	const struct journal_options o = {.read_only = true};
	bool guard;
	TRY(io_join(path, keys, "last_signed", t));
	TRY(io_exists(io_posix(), path, &guard, t));
	TRY(io_join(path, dir, "log", t));
	enum err e = guard ? ERR_OK : journal_open(&j, io_posix(), path, NULL, &o, t);
	if (e == ERR_OK && !guard)
		journal_stat(j, &stat);
	journal_close(j);
	if (e == ERR_NOTFOUND || (e == ERR_OK && !guard && stat.records <= 1))
		return ERR_OK;
	if (e == ERR_NOMEM || e == ERR_IO || e == ERR_DENIED)
		return e;
	return err_set(t, ERR_EXISTS, NODE_NO_FORMAT_TEXT, dir);
}

/*
 * What an interrupted creation left: keys that signed nothing, and a journal of a genesis. They
 * are removed. Anything else in the folder is not ours to touch.
 */
static enum err leftovers_remove(const char *dir, const char *keys, struct err_text *t)
{
	static const char *const names[] = {"validator.key", "next-validator.key", "agent.key",
					    "operator.key"};
	char log[IO_PATH_MAX], path[IO_PATH_MAX];
	bool there, filled = false;
	TRY(never_a_node(dir, keys, t));
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		TRY(io_join(path, keys, names[i], t));
		TRY(io_exists(io_posix(), path, &there, t));
		if (there)
			TRY(io_remove(io_posix(), path, t));
	}
	TRY(io_join(log, dir, "log", t));
	TRY(io_exists(io_posix(), log, &there, t));
	if (!there)
		return ERR_OK;
	static const char *const segments[] = {"000001.seg", "000001.seg.tmp", "mark"};
	for (size_t i = 0; i < sizeof segments / sizeof *segments; i++) {
		TRY(io_join(path, log, segments[i], t));
		TRY(io_exists(io_posix(), path, &there, t));
		if (there)
			TRY(io_remove(io_posix(), path, t));
	}
	TRY(io_list(io_posix(), log, any_name, &filled, t));
	if (filled)
		return err_set(t, ERR_EXISTS, "%s: holds files that no unfinished node would", log);
	return io_remove(io_posix(), log, t);
}

enum err node_create(const char *dir, const struct node_birth *b, struct err_text *t)
{
	const struct io *io = io_posix();
	const struct ledger_options lo = {.app = &trade_app};
	char keys[IO_PATH_MAX], path[IO_PATH_MAX], hex[66];
	uint8_t validator[32], next[32], person[32], agent[32];
	struct buf file = BUF_INIT;
	bool there;
	if (!member_id_valid(slice_str(b->member)))
		return err_set(t, ERR_FORMAT, "member id \"%s\": 2 to 32 characters of a-z 0-9 - .",
			       b->member);
	TRY(io_make_dir(io, dir, t));
	TRY(io_join(path, dir, "FORMAT", t));
	TRY(io_exists(io, path, &there, t));
	if (there)
		return err_set(t, ERR_EXISTS, "%s: there is a node already", dir);
	TRY(io_join(keys, dir, "keys", t));
	TRY(io_make_dir(io, keys, t));
	TRY(leftovers_remove(dir, keys, t));
	TRY(node_key_make(keys, "validator.key", KEYFILE_VALIDATOR, "validator", NULL, validator, t));
	TRY(node_key_make(keys, b->next_key_file ? b->next_key_file : "next-validator.key",
			  KEYFILE_VALIDATOR, "next validator", NULL, next, t));
	TRY(node_key_make(keys, "agent.key", KEYFILE_AGENT, "agent", NULL, agent, t));
	/* Without a passphrase the operator's key lies open like an agent's, but may do all that a person may. */
	TRY(node_key_make(keys, "operator.key",
			  b->passphrase && *b->passphrase ? KEYFILE_PERSON : KEYFILE_AGENT, "operator",
			  b->passphrase, person, t));
	enum err e = genesis_make(&file, b, validator, next, person, agent, t);
	if (e == ERR_OK)
		e = ledger_create(dir, buf_slice(&file), &lo, t);
	if (e == ERR_OK) {
		struct genesis *g = malloc(sizeof *g);
		e = g ? genesis_decode(g, buf_slice(&file), t) : ERR_NOMEM;
		if (e == ERR_OK) {
			hex_encode(hex, g->fingerprint.b, 32);
			memcpy(hex + 64, "\n", 2);
			e = text_write(dir, "genesis.txt", hex, t);
		}
		free(g);
	}
	buf_fini(&file);
	if (e == ERR_OK)
		e = io_join(path, dir, "attachments", t);
	if (e == ERR_OK)
		e = io_make_dir(io, path, t);
	if (e == ERR_OK)
		e = io_join(path, keys, "last_signed", t);
	if (e == ERR_OK)
		e = guard_create(io, path, &(struct guard_mark){0}, t);
	/* Last: without FORMAT the folder is no node yet. */
	if (e == ERR_OK)
		e = text_write(dir, "FORMAT", NODE_FORMAT, t);
	return e;
}
