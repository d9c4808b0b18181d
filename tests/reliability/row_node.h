/*
 * row_node: a node of its own for a reliability row, and signed transactions for it.
 *
 * A transaction is known by its number, and so are its bytes: id, items and signature
 * follow from it, so that a row asks again, after whatever happened, with the very same
 * bytes and without keeping any.
 */
#ifndef ARGOSY_RELIABILITY_ROW_NODE_H
#define ARGOSY_RELIABILITY_ROW_NODE_H

#include "data/gs1.h"
#include "node/clock.h"
#include "node/node.h"
#include "trade/trade.h"

#include "argosy/v1/action.pb-c.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROW_FN __attribute__((unused)) static

enum { ROW_ITEMS_MAX = 4 };

struct row_node {
	char dir[256];
	struct node *node;
	struct tx_signer signer;
	struct hash fingerprint;
	char chain[64];
	int64_t expires_ms; /* of every transaction, unless said otherwise */
};

/* What the transaction of a number is. */
struct row_tx {
	uint64_t number;
	unsigned events;    /* on as many items of its own, 1 to ROW_ITEMS_MAX */
	bool last_refused;  /* the last action is one that the ledger refuses */
	bool other_body;    /* the same id with another body */
	bool invalid;	    /* an event that breaks the data standard */
	int64_t expires_ms; /* 0: the node's */
};

_Noreturn ROW_FN void row_die(const char *what, enum err e, const struct err_text *t)
{
	printf("%s: %s: %s\n", what, err_str(e), t ? t->text : "");
	fflush(stdout);
	_exit(3);
}

ROW_FN uint64_t row_random(uint64_t *state, uint64_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (*state >> 11) % below;
}

/* A count from the argument, the environment, or as given. */
ROW_FN uint64_t row_count(int argc, char **argv, const char *name, uint64_t usual)
{
	const char *asked = argc > 1 ? argv[1] : getenv(name);
	return asked ? strtoull(asked, NULL, 10) : usual;
}

/* A new folder on a real disk: /tmp, or where TMPDIR says. */
ROW_FN void row_folder(char *dir, size_t size, const char *name)
{
	const char *tmp = getenv("TMPDIR");
	snprintf(dir, size, "%s/argosy-%s-XXXXXX", tmp ? tmp : "/tmp", name);
	if (!mkdtemp(dir))
		row_die(dir, ERR_IO, NULL);
}

ROW_FN void row_shell(const char *command)
{
	if (system(command) != 0)
		row_die(command, ERR_IO, NULL);
}

ROW_FN void row_remove(const char *dir)
{
	char command[600];
	snprintf(command, sizeof command, "rm -rf -- '%s'", dir);
	row_shell(command);
}

/* Makes the node in DIR and keeps what signing for it needs; opens nothing. */
ROW_FN void row_create(struct row_node *r, const char *dir)
{
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	struct err_text t = {{0}};
	struct keyfile k;
	char path[300];
	*r = (struct row_node){0};
	snprintf(r->dir, sizeof r->dir, "%s", dir);
	enum err e = node_create(dir, &b, &t);
	if (e != ERR_OK)
		row_die("create", e, &t);
	snprintf(path, sizeof path, "%s/keys/agent.key", dir);
	e = node_key_load(&k, path, &t);
	if (e != ERR_OK)
		row_die("key", e, &t);
	memcpy(r->signer.public_key, k.public_key, 32);
	memcpy(r->signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	snprintf(path, sizeof path, "%s/genesis.txt", dir);
	struct buf text = BUF_INIT;
	e = io_read_file(io_posix(), path, 65, &text, &t);
	if (e == ERR_OK && !hex_decode(r->fingerprint.b, 32, slice(text.p, 64)))
		e = ERR_FORMAT;
	if (e != ERR_OK)
		row_die("genesis.txt", e, &t);
	buf_fini(&text);
	snprintf(r->chain, sizeof r->chain, "orchard-solo");
	r->expires_ms = clock_wall_ns() / 1000000 + (int64_t)12 * 3600 * 1000;
}

ROW_FN enum err row_open_with(struct row_node *r, struct node_options o, struct err_text *t)
{
	return node_open(&r->node, r->dir, &o, t);
}

ROW_FN void row_open(struct row_node *r)
{
	struct err_text t = {{0}};
	enum err e = row_open_with(r, (struct node_options){0}, &t);
	if (e != ERR_OK)
		row_die("open", e, &t);
}

ROW_FN void row_close(struct row_node *r)
{
	node_close(r->node);
	r->node = NULL;
}

/* A copy while it runs, to be restored from. */
ROW_FN void row_backup(struct row_node *r, const char *copy)
{
	struct err_text t = {{0}};
	int64_t height;
	enum err e = node_backup(r->node, copy, &height, &t);
	if (e != ERR_OK)
		row_die("backup", e, &t);
}

/* The node is lost; its copy goes on in `dir` where it was, in a new epoch, open. */
ROW_FN void row_restore(struct row_node *r, const char *copy, const char *dir)
{
	struct err_text t = {{0}};
	struct node_status s;
	node_status(r->node, &s);
	row_close(r);
	row_remove(r->dir);
	snprintf(r->dir, sizeof r->dir, "%s", dir);
	enum err e = node_restore(copy, r->dir, &t);
	if (e == ERR_OK)
		e = node_resume(r->dir,
				&(struct node_known_head){.height = s.head.height,
							  .hash = s.head.block_hash},
				&t);
	if (e != ERR_OK)
		row_die("restore", e, &t);
	row_remove(copy);
	row_open(r);
}

/* The EPC of item i of a transaction. */
ROW_FN void row_item(char out[static 80], uint64_t number, unsigned i)
{
	snprintf(out, 80, "urn:epc:id:sgtin:9521234.012345.%" PRIu64,
		 number * ROW_ITEMS_MAX + i + 1);
}

ROW_FN void row_id(uint8_t id[static 16], uint64_t number)
{
	memset(id, 0, 16);
	for (unsigned i = 0; i < 8; i++)
		id[i] = (uint8_t)(number >> 8 * i);
}

/* Item i observed; with `wrong`, custody of it offered to a member that does not exist. */
ROW_FN size_t row_action(uint8_t *out, const struct row_tx *tx, unsigned i, bool wrong)
{
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Event ev = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__OfferCustody offer = ARGOSY__V1__OFFER_CUSTODY__INIT;
	char epc[80], *epcs[] = {epc}, time[] = "2026-05-01T10:00:00.000Z", zone[] = "+00:00";
	char steps[][16] = {"inspecting", "shipping"}, nobody[] = "nobody";
	row_item(epc, tx->number, i);
	if (wrong) {
		offer.subjects = epcs;
		offer.n_subjects = 1;
		offer.to_member = nobody;
		act.act_case = ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY;
		act.offer_custody = &offer;
		return argosy__v1__action__pack(&act, out);
	}
	ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
	ev.action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	if (tx->invalid)
		time[5] = '9'; /* no such month */
	ev.event_time = time;
	ev.event_time_zone_offset = zone;
	ev.epc_list = epcs;
	ev.n_epc_list = 1;
	ev.biz_step = steps[tx->other_body];
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &ev;
	return argosy__v1__action__pack(&act, out);
}

/*
 * The signed bytes of a body of packed actions; the caller's to free. Any thread.
 * `expires_ms` 0: the node's.
 */
ROW_FN struct buf row_sign_body(const struct row_node *r, const char *member,
				const uint8_t id[static 16], int64_t expires_ms,
				ProtobufCBinaryData *actions, size_t n,
				const struct tx_signer *signers, unsigned n_signers)
{
	uint8_t packed[4096], id_copy[16];
	char chain[64], name[MEMBER_ID_MAX + 1];
	Argosy__V1__Body body = ARGOSY__V1__BODY__INIT;
	struct buf out = BUF_INIT;
	memcpy(id_copy, id, 16);
	snprintf(chain, sizeof chain, "%s", r->chain);
	snprintf(name, sizeof name, "%s", member);
	body.chain_id = chain;
	body.member = name;
	body.id = (ProtobufCBinaryData){16, id_copy};
	body.expires_ms = expires_ms ? expires_ms : r->expires_ms;
	body.actions = actions;
	body.n_actions = n;
	bug_if(argosy__v1__body__get_packed_size(&body) > sizeof packed);
	size_t size = argosy__v1__body__pack(&body, packed);
	enum err e = tx_sign(&out, &r->fingerprint, slice(packed, size), signers, n_signers);
	if (e != ERR_OK)
		row_die("sign", e, NULL);
	return out;
}

/* The same of a transaction known by its number, by the node's own member. */
ROW_FN struct buf row_sign(const struct row_node *r, const struct row_tx *tx)
{
	uint8_t space[ROW_ITEMS_MAX + 1][512], id[16];
	ProtobufCBinaryData list[ROW_ITEMS_MAX + 1];
	for (unsigned i = 0; i < tx->events; i++)
		list[i] = (ProtobufCBinaryData){
			row_action(space[i], tx, i, tx->last_refused && i + 1 == tx->events),
			space[i]};
	row_id(id, tx->number);
	return row_sign_body(r, "orchard", id, tx->expires_ms, list, tx->events, &r->signer, 1);
}

ROW_FN enum err row_submit(struct row_node *r, struct node_answer *a, const struct row_tx *tx,
			   struct err_text *t)
{
	struct buf bytes = row_sign(r, tx);
	struct slice s = buf_slice(&bytes);
	*a = (struct node_answer){0};
	enum err e = node_submit(r->node, a, &s, 1, t);
	buf_fini(&bytes);
	return e;
}

/* What the state holds of goods. Its texts lie in `value`, which the caller frees. */
ROW_FN bool row_subject(struct row_node *r, struct subject *s, struct buf *value, const char *epc)
{
	char key[200];
	struct gs1_id g;
	struct err_text t = {{0}};
	bool found;
	*s = (struct subject){0};
	if (gs1_parse(&g, &t, slice_str(epc)) != ERR_OK)
		row_die(epc, ERR_FORMAT, &t);
	snprintf(key, sizeof key, "s/%.*s", (int)g.canon_len, g.canon);
	enum err e = ledger_get(node_ledger(r->node), &found, value, slice_str(key));
	if (e == ERR_OK && found && !subject_decode(s, buf_slice(value)))
		e = ERR_CORRUPT;
	if (e != ERR_OK)
		row_die(key, e, NULL);
	return found;
}

/* How many records the history and claims of item i have; its last one's index + 1. */
ROW_FN uint64_t row_item_count(struct row_node *r, uint64_t number, unsigned i, uint64_t *last1)
{
	char epc[80];
	struct buf value = BUF_INIT;
	struct subject s;
	row_item(epc, number, i);
	bool found = row_subject(r, &s, &value, epc);
	buf_fini(&value);
	if (last1)
		*last1 = s.last1;
	return found ? s.count + s.claims : 0;
}

/*
 * Is the transaction, which is said to have been applied at `height`, there exactly once?
 * One record for each of its events, in a row from `first` (UINT64_MAX: wherever the first
 * item says), each with its id, height and place. NULL: it is; otherwise what is wrong.
 */
ROW_FN const char *row_present(struct row_node *r, const struct row_tx *tx, int64_t height,
			       uint64_t first)
{
	struct ledger *l = node_ledger(r->node);
	const char *wrong = NULL;
	uint8_t id[16];
	row_id(id, tx->number);
	for (unsigned i = 0; i < tx->events && !wrong; i++) {
		struct buf b = BUF_INIT;
		struct record rec;
		uint64_t last1;
		uint64_t count = row_item_count(r, tx->number, i, &last1);
		if (count != 1)
			return count == 0 ? "an item's event is missing"
					  : "an event is there twice";
		if (first == UINT64_MAX)
			first = last1 - 1;
		if (last1 != first + i + 1)
			return "an item's record stands elsewhere than the answer said";
		struct arena *a = arena_new(0);
		if (!a)
			row_die("arena", ERR_NOMEM, NULL);
		if (ledger_read_record(l, &b, first + i) != ERR_OK)
			wrong = "a record cannot be read";
		else if (record_decode(&rec, a, buf_slice(&b)) != ERR_OK)
			wrong = "a record cannot be decoded";
		else if (rec.height != (uint64_t)height || memcmp(rec.tx_id, id, 16) != 0 ||
			 rec.action_index != i)
			wrong = "a record is another one's";
		buf_fini(&b);
		arena_free(a);
	}
	return wrong;
}

#endif
