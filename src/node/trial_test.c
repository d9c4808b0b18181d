/*
 * A trial foretells what submission then gives, changes nothing, and what was signed for it can
 * never be submitted.
 */
#include "node/clock.h"
#include "node/node_inner.h"
#include "trade/trade.h"

#include "argosy/v1/action.pb-c.h"

#include <sodium.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { TXS = 40, EVENTS_MAX = 4, THINGS = 6, ROUNDS = 12 };

static char root[] = "/tmp/argosy-trial-XXXXXX";
static struct node *node;
static struct tx_signer signer;
static uint32_t seed = 20260102;

static uint32_t any(uint32_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

static void begin(void)
{
	struct err_text t = {{0}};
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	struct node_options o = {0};
	struct keyfile k;
	char dir[100], key[200];
	snprintf(dir, sizeof dir, "%s/node", root);
	snprintf(key, sizeof key, "%s/keys/agent.key", dir);
	assert_int_equal(node_create(dir, &b, &t), ERR_OK);
	assert_int_equal(node_open(&node, dir, &o, &t), ERR_OK);
	assert_int_equal(node_key_load(&k, key, NULL), ERR_OK);
	memcpy(signer.public_key, k.public_key, 32);
	memcpy(signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
}

/* A random event over few things and few eventIDs, so that much is known or contradicts. */
static ProtobufCBinaryData random_event(struct arena *a)
{
	Argosy__V1__Event *e = arena_alloc(a, sizeof *e);
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	char **things = arena_alloc(a, 2 * sizeof *things);
	argosy__v1__event__init(e);
	for (unsigned i = 0; i < 2; i++)
		things[i] = arena_printf(a, "https://id.example.com/thing/%u", any(THINGS));
	e->type = any(2) ? ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT
			 : ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION;
	e->action = any(3) ? ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD
			   : ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	e->event_time = arena_printf(a, "2026-05-01T10:00:%02u.000Z", any(60));
	e->event_time_zone_offset = arena_printf(a, "+00:00");
	if (any(2))
		e->event_id = arena_printf(a, "https://id.example.com/event/%u", any(40));
	if (e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT) {
		e->epc_list = things;
		e->n_epc_list = 1;
	} else {
		e->parent_id = things[0];
		e->child_epcs = things + 1;
		e->n_child_epcs = 1;
	}
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = e;
	uint8_t *p = arena_alloc(a, argosy__v1__action__get_packed_size(&act));
	return (ProtobufCBinaryData){argosy__v1__action__pack(&act, p), p};
}

static struct slice sign(struct arena *a, Argosy__V1__Body *body, const struct hash *fingerprint)
{
	struct buf out = BUF_INIT;
	uint8_t *p = arena_alloc(a, argosy__v1__body__get_packed_size(body) + 1);
	size_t n = argosy__v1__body__pack(body, p);
	assert_int_equal(tx_sign(&out, fingerprint, slice(p, n), &signer, 1), ERR_OK);
	struct slice tx = slice(arena_copy(a, out.p, out.n), out.n);
	buf_fini(&out);
	return tx;
}

static void random_body(struct arena *a, Argosy__V1__Body *body, bool again)
{
	const struct genesis *g = ledger_genesis(node_ledger(node));
	uint8_t *id = arena_alloc(a, 16);
	argosy__v1__body__init(body);
	for (unsigned i = 0; i < 16; i++)
		id[i] = (uint8_t)any(256);
	if (again)
		memset(id, 7, 16); /* one id for several bodies */
	body->chain_id = arena_strn(a, g->chain_id, strlen(g->chain_id));
	body->member = arena_printf(a, "%s", any(20) ? "orchard" : "nobody");
	body->id = (ProtobufCBinaryData){16, id};
	body->expires_ms = clock_wall_ns() / 1000000 + (any(20) ? 3600000 : -1);
	body->n_actions = 1 + any(EVENTS_MAX);
	body->actions = arena_alloc(a, body->n_actions * sizeof *body->actions);
	for (size_t i = 0; i < body->n_actions; i++)
		body->actions[i] = random_event(a);
}

static void foretells(void **s)
{
	(void)s;
	const struct genesis *g = ledger_genesis(node_ledger(node));
	struct hash trying;
	unsigned good = 0, bad = 0;
	trial_fingerprint(&trying, &g->fingerprint);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new(0);
		struct slice real[TXS], tried[TXS];
		struct ledger_trial trial;
		struct ledger_head before, after;
		struct err_text t = {""};
		for (unsigned i = 0; i < TXS; i++) {
			Argosy__V1__Body body;
			random_body(a, &body, any(15) == 0);
			real[i] = sign(a, &body, &g->fingerprint);
			tried[i] = sign(a, &body, &trying);
		}
		ledger_head(node_ledger(node), &before);
		assert_int_equal(node_try(node, &trial, a, tried, TXS, false, &t), ERR_OK);
		assert_int_equal(trial.n_txs, TXS);
		ledger_head(node_ledger(node), &after);
		assert_true(hash_eq(&before.state_root, &after.state_root) &&
			    hash_eq(&before.log_root, &after.log_root));
		for (unsigned i = 0; i < TXS; i++) {
			struct node_answer r;
			const struct ledger_result *w = &trial.txs[i].whole;
			assert_int_equal(node_submit(node, &r, &real[i], 1, &t), ERR_OK);
			if (r.verdict != w->verdict || r.records != w->records ||
			    r.duplicate != w->duplicate)
				fail_msg("seed %u, round %u, %u: %s with %u records, not %s with %u", seed,
					 round, i, verdict_name(w->verdict), w->records,
					 verdict_name(r.verdict), r.records);
			if (w->text && !r.duplicate)
				assert_string_equal(w->text->field, r.text.field);
			*(r.verdict == VERDICT_OK ? &good : &bad) += 1;
		}
		arena_free(a);
	}
	assert_true(good > TXS && bad > TXS); /* it was worth it */
}

/* With `each` every action is judged as a transaction of its own, after the good ones before. */
static void each_by_itself(void **s)
{
	(void)s;
	const struct genesis *g = ledger_genesis(node_ledger(node));
	struct hash trying;
	trial_fingerprint(&trying, &g->fingerprint);
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct arena *a = arena_new(0);
		Argosy__V1__Body body;
		struct ledger_trial trial;
		struct err_text t = {""};
		struct slice tx;
		random_body(a, &body, false);
		body.member = arena_printf(a, "orchard");
		body.expires_ms = clock_wall_ns() / 1000000 + 3600000;
		body.n_actions = TXS;
		body.actions = arena_alloc(a, TXS * sizeof *body.actions);
		for (unsigned i = 0; i < TXS; i++)
			body.actions[i] = random_event(a);
		tx = sign(a, &body, &trying);
		assert_int_equal(node_try(node, &trial, a, &tx, 1, true, &t), ERR_OK);
		assert_int_equal(trial.n_txs, 1);
		assert_int_equal(trial.txs[0].n_actions, TXS);
		for (unsigned i = 0; i < TXS; i++) {
			Argosy__V1__Body one = body;
			struct node_answer r;
			one.n_actions = 1;
			one.actions = &body.actions[i];
			one.id.data = arena_alloc(a, 16);
			for (unsigned k = 0; k < 16; k++)
				one.id.data[k] = (uint8_t)any(256);
			tx = sign(a, &one, &g->fingerprint);
			assert_int_equal(node_submit(node, &r, &tx, 1, &t), ERR_OK);
			assert_int_equal(trial.txs[0].actions[i].verdict, r.verdict);
			assert_int_equal(trial.txs[0].actions[i].records, r.records);
		}
		arena_free(a);
	}
}

static void cannot_be_submitted(void **s)
{
	(void)s;
	const struct genesis *g = ledger_genesis(node_ledger(node));
	struct hash trying;
	struct arena *a = arena_new(0);
	Argosy__V1__Body body;
	struct ledger_trial trial;
	struct node_answer r;
	struct err_text t = {""};
	trial_fingerprint(&trying, &g->fingerprint);
	random_body(a, &body, false);
	struct slice tried = sign(a, &body, &trying), real = sign(a, &body, &g->fingerprint);
	assert_int_equal(node_submit(node, &r, &tried, 1, &t), ERR_OK);
	assert_int_equal(r.verdict, VERDICT_BAD_SIGNATURE);
	for (unsigned each = 0; each < 2; each++) {
		assert_int_equal(node_try(node, &trial, a, &real, 1, each, &t), ERR_OK);
		assert_int_equal(trial.txs[0].whole.verdict, VERDICT_BAD_SIGNATURE);
		assert_int_equal(trial.txs[0].n_actions, 0);
	}
	/* One at a time. */
	atomic_store(&node->trying, true);
	assert_int_equal(node_try(node, &trial, a, &tried, 1, false, &t), ERR_UNAVAILABLE);
	atomic_store(&node->trying, false);
	assert_int_equal(node_try(node, &trial, a, &tried, 1, false, &t), ERR_OK);
	arena_free(a);
}

/* A trial ends at its bound on work: 200 events about 5,000 things each. */
static void work_is_bounded(void **s)
{
	(void)s;
	const struct genesis *g = ledger_genesis(node_ledger(node));
	enum { CHILDREN = 5000 };
	struct arena *a = arena_new(0);
	struct hash trying;
	Argosy__V1__Body body;
	Argosy__V1__Event e = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	struct ledger_trial trial;
	struct err_text t = {""};
	char **children = arena_alloc(a, CHILDREN * sizeof *children);
	trial_fingerprint(&trying, &g->fingerprint);
	random_body(a, &body, false);
	body.member = arena_printf(a, "orchard");
	body.expires_ms = clock_wall_ns() / 1000000 + 3600000;
	for (unsigned i = 0; i < CHILDREN; i++)
		children[i] = arena_printf(a, "https://id.example.com/c/%u", i);
	e.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION;
	e.event_time = arena_printf(a, "2026-05-01T10:00:00.000Z");
	e.event_time_zone_offset = arena_printf(a, "+00:00");
	e.parent_id = arena_printf(a, "https://id.example.com/box");
	e.child_epcs = children;
	e.n_child_epcs = CHILDREN;
	e.action = ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &e;
	struct slice txs[200];
	uint8_t *p = arena_alloc(a, argosy__v1__action__get_packed_size(&act));
	ProtobufCBinaryData one = {0, p};
	body.n_actions = 1;
	body.actions = &one;
	for (unsigned i = 0; i < 200; i++) {
		body.id.data[0] = (uint8_t)i;
		snprintf(e.event_time, 25, "2026-05-01T10:00:00.%03uZ", i); /* else it is known */
		one.len = argosy__v1__action__pack(&act, p);
		txs[i] = sign(a, &body, &trying);
	}
	assert_int_equal(node_try(node, &trial, a, txs, 200, true, &t), ERR_OK);
	assert_true(trial.n_txs > 10 && trial.n_txs < 200);
	arena_free(a);
}

int main(void)
{
	char command[100];
	assert_true(sodium_init() >= 0);
	if (!mkdtemp(root))
		return 1;
	begin();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foretells),
		cmocka_unit_test(each_by_itself),
		cmocka_unit_test(cannot_be_submitted),
		cmocka_unit_test(work_is_bounded),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	node_close(node);
	snprintf(command, sizeof command, "rm -rf %s", root);
	return system(command) == 0 ? failed : 1;
}
