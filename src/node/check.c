/*
 * check: a node's whole folder looked at, beside the journal that ledger_verify checks.
 *
 * What was signed and what the state says of itself is read before the journal: while a
 * daemon runs, the journal may have grown since, and must never have been shorter.
 */
#include "node/node_inner.h"

#include "trade/attach.h"
#include "trade/trade.h"
#include "trade/voice.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct checking {
	struct node_check *c;
	const char *dir;
	const struct node_options *o;
	bool beside_writer;
	bool marked; /* `mark` holds what was signed last */
	struct guard_mark mark;
	int64_t state_height;
	uint64_t payloads; /* looked at */
};

static void found(struct checking *k, enum node_fault fault, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void found(struct checking *k, enum node_fault fault, const char *fmt, ...)
{
	char text[600];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	k->c->findings++;
	k->c->found(k->c->ctx, fault, text);
}

static void progress(struct checking *k, const char *what, uint64_t done, uint64_t of)
{
	if (k->o && k->o->progress)
		k->o->progress(k->o->progress_ctx, what, done, of);
}

/* ---- before the journal ---- */

/* Does another process have the folder? */
static bool in_use(const char *dir)
{
	char path[IO_PATH_MAX];
	struct io_file *f;
	if (io_join(path, dir, "LOCK", NULL) != ERR_OK ||
	    io_open(io_posix(), &f, path, IO_READ, NULL) != ERR_OK)
		return false;
	enum err e = io_lock(f, NULL);
	io_close(f);
	return e == ERR_LOCKED;
}

/* A copy has none, and is read-only for it. */
static enum err mark_load(struct checking *k, struct err_text *t)
{
	enum { TRIES = 3 }; /* a write may be under way */
	char keys[IO_PATH_MAX], path[IO_PATH_MAX];
	struct err_text why = {""};
	enum err e = ERR_OK;
	TRY(io_join(keys, k->dir, "keys", t));
	TRY(io_join(path, keys, "last_signed", t));
	for (unsigned i = 0; i < TRIES; i++) {
		e = guard_read(io_posix(), path, &k->mark, &why);
		if (e != ERR_CORRUPT)
			break;
	}
	k->marked = e == ERR_OK;
	if (e == ERR_CORRUPT)
		found(k, NODE_FAULT_FOLDER, "%s: the node is read-only until \"argosy resume\"", why.text);
	/* Keys may be out of an auditor's reach; that is no finding. */
	return e == ERR_CORRUPT || e == ERR_NOTFOUND || e == ERR_DENIED || e == ERR_OK
		       ? ERR_OK
		       : err_set(t, e, "%s", why.text);
}

static enum err format_check(struct checking *k, struct err_text *t)
{
	char path[IO_PATH_MAX];
	struct buf text = BUF_INIT;
	TRY(io_join(path, k->dir, "FORMAT", t));
	enum err e = io_read_file(io_posix(), path, 64, &text, t);
	if (e == ERR_NOTFOUND)
		found(k, NODE_FAULT_FOLDER, NODE_NO_FORMAT_TEXT, k->dir);
	else if (e == ERR_LIMIT || (e == ERR_OK && !slice_eq_str(buf_slice(&text), NODE_FORMAT)))
		found(k, NODE_FAULT_FOLDER, "%s: is damaged, or of another version; it holds one line: " "\"" NODE_FORMAT_LINE "\"",
		      path);
	buf_fini(&text);
	return e == ERR_NOTFOUND || e == ERR_LIMIT ? ERR_OK : e;
}

/* ---- with what the journal gives ---- */

static enum err genesis_check(struct checking *k, struct ledger *l, struct err_text *t)
{
	char path[IO_PATH_MAX], hex[66];
	struct buf text = BUF_INIT;
	hex_encode(hex, ledger_genesis(l)->fingerprint.b, 32);
	memcpy(hex + 64, "\n", 2);
	TRY(io_join(path, k->dir, "genesis.txt", t));
	enum err e = io_read_file(io_posix(), path, 1000, &text, t);
	if (e == ERR_NOTFOUND)
		found(k, NODE_FAULT_FOLDER, "%s: is missing; the journal's genesis is %.64s", path, hex);
	else if (e == ERR_LIMIT || (e == ERR_OK && !slice_eq_str(buf_slice(&text), hex)))
		found(k, NODE_FAULT_GENESIS,
		      "%s: names another chain than the journal's genesis, which is %.64s", path, hex);
	buf_fini(&text);
	return e == ERR_NOTFOUND || e == ERR_LIMIT ? ERR_OK : e;
}

/* The id of a block; *found false: none has that height. */
static enum err block_id_at(struct ledger *l, bool *there, struct hash *id, int64_t height)
{
	struct buf payload = BUF_INIT;
	struct block_record r;
	struct header *h = malloc(sizeof *h);
	enum err e = h ? ledger_read_block(l, &payload, height) : ERR_NOMEM;
	*there = e == ERR_OK;
	if (e == ERR_OK && (!block_record_decode(&r, buf_slice(&payload)) || !header_decode(h, r.header)))
		e = ERR_CORRUPT;
	if (e == ERR_OK)
		header_hash(id, h);
	free(h);
	buf_fini(&payload);
	return e == ERR_NOTFOUND ? ERR_OK : e;
}

/* A journal whose end was cut off at a record is a good journal: others know better. */
static enum err end_check(struct checking *k, struct ledger *l)
{
	struct ledger_head head;
	struct hash id;
	bool there;
	ledger_head(l, &head);
	int64_t begins = ledger_validators(l)->from_height;
	/* As at opening: a new epoch may leave out heights that were signed elsewhere. */
	if (k->marked && k->mark.height > head.height && k->mark.height >= begins)
		found(k, NODE_FAULT_CUT,
		      "the journal ends at block %lld but this node signed block %lld: an older copy, or its "
		      "end was cut off",
		      (long long)head.height, (long long)k->mark.height);
	else if (k->state_height > head.height)
		found(k, NODE_FAULT_CUT,
		      "the journal ends at block %lld but %s/state holds block %lld: an older copy, or its end was "
		      "cut off",
		      (long long)head.height, k->dir, (long long)k->state_height);
	if (!k->marked || k->mark.height < ledger_genesis(l)->initial_height || k->mark.height > head.height)
		return ERR_OK;
	TRY(block_id_at(l, &there, &id, k->mark.height));
	if (there && !hash_eq(&id, &k->mark.block))
		found(k, NODE_FAULT_CUT,
		      "another block %lld was signed than the journal holds: this is not the journal that was "
		      "signed",
		      (long long)k->mark.height);
	return ERR_OK;
}

static void on_derived(void *ctx, const char *text)
{
	found(ctx, NODE_FAULT_STATE, "%s", text);
}

/* SHA-256 of a file. */
static enum err file_hash(struct hash *out, const char *path, struct err_text *t)
{
	enum { CHUNK = 1 << 16 };
	struct io_file *f;
	struct sha256 s;
	uint64_t at = 0;
	size_t got = 1;
	uint8_t *chunk = malloc(CHUNK);
	enum err e = chunk ? io_open(io_posix(), &f, path, IO_READ, t) : ERR_NOMEM;
	if (e == ERR_OK) {
		sha256_init(&s);
		while (e == ERR_OK && got) {
			e = io_pread(f, chunk, CHUNK, at, &got, t);
			if (e == ERR_OK)
				sha256_update(&s, chunk, got);
			at += got;
		}
		sha256_final(&s, out);
		io_close(f);
	}
	free(chunk);
	return e;
}

struct payloads {
	struct checking *k;
	struct state_read *r;
	struct err_text *t;
};

/* Is there a member who attached it and has not erased it? Beginning with the last who did. */
static enum err payload_kept(struct payloads *p, bool *kept, const uint8_t *hash, struct slice last)
{
	struct buf member = BUF_INIT, value = BUF_INIT;
	enum err e = ERR_OK;
	*kept = false;
	buf_put_slice(&member, last);
	while (e == ERR_OK && !*kept && member.n) {
		struct attachment at;
		struct state_key k;
		bool there;
		buf_clear(&value);
		e = state_read_get(p->r, &there, &value,
				   attachment_key(&k, hash, buf_slice(&member)));
		if (e == ERR_OK && (!there || !attachment_decode(&at, buf_slice(&value))))
			e = ERR_CORRUPT;
		if (e != ERR_OK)
			break;
		*kept = at.erased1 == 0;
		buf_clear(&member);
		buf_put_slice(&member, at.before);
		e = buf_err(&member);
	}
	buf_fini(&member);
	buf_fini(&value);
	return e;
}

/* One payload, whoever attached it. */
static enum err payload_check(void *ctx, struct slice key, struct slice value)
{
	enum { SPACE = sizeof VOICE_ATTACHMENT - 1 };
	struct payloads *p = ctx;
	struct checking *k = p->k;
	struct slice last;
	struct hash is;
	bool kept;
	char hex[65], path[IO_PATH_MAX], name[80];
	if (key.n != SPACE + 32 || !slice_starts(key, VOICE_ATTACHMENT) || !voice_decode(&last, value))
		return ERR_OK;
	hex_encode(hex, key.p + SPACE, 32);
	snprintf(name, sizeof name, "attachments/%s", hex);
	TRY(io_join(path, k->dir, name, p->t));
	if (++k->payloads % 256 == 0)
		progress(k, "attachments", k->payloads, 0);
	enum err e = file_hash(&is, path, p->t);
	if (e == ERR_OK) {
		k->c->attachments++;
		if (memcmp(is.b, key.p + SPACE, 32) != 0)
			found(k, NODE_FAULT_ATTACHMENT, "%s: is not the payload that the chain knows", path);
		return ERR_OK;
	}
	if (e != ERR_NOTFOUND)
		return e;
	TRY(payload_kept(p, &kept, key.p + SPACE, last));
	if (!kept)
		return ERR_OK;
	k->c->n_withheld++;
	if (k->c->withheld)
		k->c->withheld(k->c->ctx, hex);
	return ERR_OK;
}

static enum err attachments_check(struct checking *k, struct ledger *l, struct err_text *t)
{
	static const struct hash any;
	struct state_read r;
	struct payloads p = {k, &r, t};
	TRY(state_read_begin(&r, ledger_state(l)));
	enum err e = state_read_each(&r, &any, 0, payload_check, &p);
	state_read_end(&r);
	return e;
}

static enum err on_verified(void *ctx, struct ledger *l, struct err_text *t)
{
	struct checking *k = ctx;
	char state[IO_PATH_MAX];
	TRY(io_join(state, k->dir, "state", t));
	TRY(genesis_check(k, l, t));
	TRY(end_check(k, l));
	progress(k, "state/", 0, 0);
	TRY(ledger_derived_check(l, state, k->beside_writer, on_derived, k, t));
	progress(k, "attachments", 0, 0);
	return attachments_check(k, l, t);
}

enum err node_check(struct node_check *c, const char *dir, const struct node_options *o,
		    struct err_text *t)
{
	struct checking k = {.c = c, .dir = dir, .o = o, .beside_writer = in_use(dir)};
	char state[IO_PATH_MAX];
	struct err_text why = {""};
	c->findings = c->attachments = c->n_withheld = 0;
	TRY(io_join(state, dir, "state", t));
	TRY(mark_load(&k, t));
	k.state_height = ledger_derived_height(state, k.beside_writer);
	enum err e = node_verify_then(&c->chain, dir, o, on_verified, &k, &why);
	if (e == ERR_CORRUPT || e == ERR_VERIFY || e == ERR_MISMATCH || e == ERR_FORMAT)
		found(&k, NODE_FAULT_JOURNAL, "%s", why.text[0] ? why.text : err_str(e));
	else if (e != ERR_OK)
		return err_set(t, e, "%s", why.text[0] ? why.text : err_str(e));
	return format_check(&k, t);
}
