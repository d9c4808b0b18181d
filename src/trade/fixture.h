/*
 * fixture: a small world for tests of the application: members with keys, a
 * ledger, and a way to say "alice does this". Included by test programs only.
 */
#ifndef ARGOSY_TRADE_FIXTURE_H
#define ARGOSY_TRADE_FIXTURE_H

#include "crypto/sha256.h"
#include "data/event.h"
#include "data/gs1.h"
#include "ledger/member.h"
#include "ledger/tx.h"
#include "trade/act.h"
#include "trade/trade.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef Argosy__V1__Action action_t;

#define FX __attribute__((unused)) static

static struct {
	unsigned event_ids; /* given out by fx_event_id */
	struct arena *mem;
	int64_t height, time_ms;
	uint64_t next_id;
	/* Of the last transaction. */
	struct verdict_text text;
	size_t records;
	uint64_t n_log; /* records in the log */
} fx;

FX struct slice fx_keep(struct slice s)
{
	return slice(arena_copy(fx.mem, s.p, s.n), s.n);
}

/* What a ledger to test on must give: fixture_fake.h, or with FX_LEDGER defined the
 * real one, fixture_ledger.h. */
static void fx_genesis(struct slice app_state);
static void fx_end(void);
static struct hash fx_fingerprint(void);
/* Puts the transaction into a block of its own. */
static enum verdict fx_run(struct tx *tx);
/* In the world's memory. */
static bool fx_get(struct slice *value, struct slice key);
static struct slice fx_log(uint64_t index);

/* ---- members and keys ---- */

/* The key of a name: "alice", "alice/agent". */
FX struct tx_signer fx_signer(const char *name)
{
	struct tx_signer s;
	struct hash seed;
	sha256(&seed, slice_str(name));
	crypto_sign_seed_keypair(s.public_key, s.secret_key, seed.b);
	return s;
}

/* Members of the world: the operator "op" and these. */
static const char *const fx_members[] = {"op",   "alice", "bob",   "carol",
					 "dave", "eve",   "frank", "gina"};

FX void fx_open(void)
{
	Argosy__V1__GenesisState g = ARGOSY__V1__GENESIS_STATE__INIT;
	Argosy__V1__GenesisMember m[8], *list[8];
	ProtobufCBinaryData keys[8][2];
	static uint8_t raw[8][2][32];
	static char role[] = "operator", country[] = "NL";
	char *roles[1] = {role};
	uint8_t packed[4096];

	assert_true(sodium_init() >= 0);
	memset(&fx, 0, sizeof fx);
	fx.mem = arena_new(0);
	fx.time_ms = 1790000000000;
	for (size_t i = 0; i < 8; i++) {
		char *name = arena_str(fx.mem, slice_str(fx_members[i]));
		char agent[32];
		snprintf(agent, sizeof agent, "%s/agent", name);
		struct tx_signer p = fx_signer(name), a = fx_signer(agent);
		memcpy(raw[i][0], p.public_key, 32);
		memcpy(raw[i][1], a.public_key, 32);
		argosy__v1__genesis_member__init(&m[i]);
		m[i].id = m[i].name = name;
		m[i].country = country;
		m[i].n_roles = i == 0;
		m[i].roles = roles;
		keys[i][0] = (ProtobufCBinaryData){32, raw[i][0]};
		keys[i][1] = (ProtobufCBinaryData){32, raw[i][1]};
		m[i].n_person_keys = m[i].n_agent_keys = 1;
		m[i].person_keys = &keys[i][0];
		m[i].agent_keys = &keys[i][1];
		list[i] = &m[i];
	}
	g.n_members = 8;
	g.members = list;
	size_t n = argosy__v1__genesis_state__pack(&g, packed);
	fx_genesis(slice(packed, n));
}

FX void fx_close(void)
{
	fx_end();
	arena_free(fx.mem);
	memset(&fx, 0, sizeof fx);
}

/* ---- acting ---- */

/* Signs, decodes and prepares. */
FX struct tx *fx_tx(const char *member, const char *key, action_t *const *actions, size_t n)
{
	Argosy__V1__Body b = ARGOSY__V1__BODY__INIT;
	ProtobufCBinaryData *list = calloc(n, sizeof *list);
	uint8_t id[16] = {0};
	static char chain[] = "test";
	struct hash fp = fx_fingerprint();
	struct tx_signer s = fx_signer(key);
	struct tx *tx;
	fx.next_id++;
	memcpy(id, &fx.next_id, sizeof fx.next_id);
	for (size_t i = 0; i < n; i++) {
		list[i].len = argosy__v1__action__get_packed_size(actions[i]);
		list[i].data = malloc(list[i].len + 1);
		argosy__v1__action__pack(actions[i], list[i].data);
	}
	b.chain_id = chain;
	b.member = arena_str(fx.mem, slice_str(member));
	b.id = (ProtobufCBinaryData){16, id};
	b.expires_ms = fx.time_ms + 60000;
	b.n_actions = n;
	b.actions = list;
	size_t size = argosy__v1__body__get_packed_size(&b);
	uint8_t *packed = malloc(size);
	argosy__v1__body__pack(&b, packed);
	struct buf out = BUF_INIT;
	assert_int_equal(tx_sign(&out, &fp, slice(packed, size), &s, 1), ERR_OK);
	assert_int_equal(tx_decode(&tx, buf_slice(&out)), ERR_OK);
	tx_verify(tx, &fp);
	if (tx->form == VERDICT_OK)
		tx->form = trade_app.prepare(tx, &tx->form_text);
	for (size_t i = 0; i < n; i++)
		free(list[i].data);
	free(list);
	free(packed);
	buf_fini(&out);
	return tx;
}

FX enum verdict fx_batch(const char *member, action_t *const *actions, size_t n)
{
	struct tx *tx = fx_tx(member, member, actions, n);
	enum verdict v = fx_run(tx);
	tx_free(tx);
	return v;
}

FX enum verdict fx_by(const char *member, const char *key, action_t *a)
{
	struct tx *tx = fx_tx(member, key, &a, 1);
	enum verdict v = fx_run(tx);
	tx_free(tx);
	return v;
}

FX enum verdict fx_do(const char *member, action_t *a)
{
	return fx_by(member, member, a);
}

#define FX_OK(member, action)                                                                      \
	do {                                                                                       \
		enum verdict fx_v_ = fx_do(member, action);                                        \
		if (fx_v_ != VERDICT_OK)                                                           \
			print_error("%s: %s %s\n", verdict_name(fx_v_), fx.text.field,             \
				    fx.text.text);                                                 \
		assert_int_equal(fx_v_, VERDICT_OK);                                               \
	} while (0)
#define FX_REFUSED(verdict, member, action)                                                        \
	assert_string_equal(verdict_name(fx_do(member, action)), verdict_name(VERDICT_##verdict))

/* ---- looking ---- */

FX struct slice fx_canon(const char *id)
{
	struct gs1_id g;
	struct err_text t = {{0}};
	if (gs1_parse(&g, &t, slice_str(id)) != ERR_OK)
		print_error("%s: %s\n", id, t.text);
	return fx_keep(slice(g.canon, g.canon_len));
}

FX bool fx_subject(struct subject *s, const char *id)
{
	struct state_key k;
	struct slice v;
	if (!fx_get(&v, key_make(&k, "s/", fx_canon(id))))
		return false;
	assert_true(subject_decode(s, v));
	return true;
}

FX struct record fx_record(uint64_t index)
{
	struct record r;
	assert_int_equal(record_decode(&r, fx.mem, fx_log(index)), ERR_OK);
	return r;
}

/* ---- actions ---- */

FX action_t *fx_action(Argosy__V1__Action__ActCase which)
{
	action_t *a = arena_alloc(fx.mem, sizeof *a);
	argosy__v1__action__init(a);
	a->act_case = which;
	return a;
}

FX char *fx_str(const char *s)
{
	return arena_str(fx.mem, slice_str(s));
}

FX char **fx_list(const char *const *ids, size_t n)
{
	char **l = arena_alloc(fx.mem, (n + 1) * sizeof *l);
	for (size_t i = 0; i < n; i++)
		l[i] = fx_str(ids[i]);
	return l;
}

/* Words separated by spaces. */
FX char **fx_words(size_t *n, const char *text)
{
	const char *list[256];
	char *copy = fx_str(text);
	*n = 0;
	for (char *w = copy; *w;) {
		size_t len = strcspn(w, " ");
		list[(*n)++] = w;
		if (!w[len])
			break;
		w[len] = 0;
		w += len + 1;
	}
	return fx_list(list, *n);
}

enum { ADD = 1, OBSERVE = 2, DELETE = 3 };

/* An eventID that no other event of the test has: equal events are otherwise one. */
FX char *fx_event_id(void)
{
	char text[48];
	snprintf(text, sizeof text, "urn:uuid:00000000-0000-4000-8001-%012x", ++fx.event_ids);
	return fx_str(text);
}

FX action_t *fx_event(Argosy__V1__EventType type, int action, const char *step)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_EVENT);
	a->event = arena_alloc(fx.mem, sizeof *a->event);
	argosy__v1__event__init(a->event);
	a->event->type = type;
	a->event->action = (Argosy__V1__EventAction)action;
	a->event->event_time = fx_str("2026-11-01T10:00:00.000Z");
	a->event->event_time_zone_offset = fx_str("+00:00");
	a->event->biz_step = fx_str(step);
	a->event->event_id = fx_event_id();
	return a;
}

FX action_t *fx_object(int action, const char *epcs, const char *step)
{
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT, action, step);
	a->event->epc_list = fx_words(&a->event->n_epc_list, epcs);
	return a;
}

FX Argosy__V1__QuantityElement **fx_quantities(size_t *n, const char *classes)
{
	char **c = fx_words(n, classes);
	Argosy__V1__QuantityElement **q = arena_alloc(fx.mem, (*n + 1) * sizeof *q);
	for (size_t i = 0; i < *n; i++) {
		q[i] = arena_alloc(fx.mem, sizeof **q);
		argosy__v1__quantity_element__init(q[i]);
		q[i]->epc_class = c[i];
		q[i]->quantity = fx_str("10");
	}
	return q;
}

FX action_t *fx_object_quantity(int action, const char *classes, const char *step)
{
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT, action, step);
	a->event->quantity_list = fx_quantities(&a->event->n_quantity_list, classes);
	return a;
}

FX action_t *fx_aggregation(int action, const char *parent, const char *children)
{
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION, action,
			       action == DELETE ? "unpacking" : "packing");
	a->event->parent_id = fx_str(parent);
	a->event->child_epcs = fx_words(&a->event->n_child_epcs, children);
	return a;
}

FX action_t *fx_transformation(const char *inputs, const char *outputs)
{
	action_t *a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION, 0, "commissioning");
	a->event->input_epc_list = fx_words(&a->event->n_input_epc_list, inputs);
	a->event->output_epc_list = fx_words(&a->event->n_output_epc_list, outputs);
	return a;
}

FX action_t *fx_prefix(const char *prefix)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX);
	a->register_prefix = arena_alloc(fx.mem, sizeof *a->register_prefix);
	argosy__v1__register_prefix__init(a->register_prefix);
	a->register_prefix->prefix = fx_str(prefix);
	return a;
}

FX action_t *fx_arbitrate(const char *prefix, const char *member)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE);
	a->arbitrate_range = arena_alloc(fx.mem, sizeof *a->arbitrate_range);
	argosy__v1__arbitrate_range__init(a->arbitrate_range);
	a->arbitrate_range->prefix = fx_str(prefix);
	a->arbitrate_range->member = fx_str(member);
	a->arbitrate_range->reason = fx_str("its licence says so");
	return a;
}

FX action_t *fx_offer(const char *subjects, const char *to)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY);
	a->offer_custody = arena_alloc(fx.mem, sizeof *a->offer_custody);
	argosy__v1__offer_custody__init(a->offer_custody);
	a->offer_custody->subjects = fx_words(&a->offer_custody->n_subjects, subjects);
	a->offer_custody->to_member = fx_str(to);
	return a;
}

FX action_t *fx_accept(const char *subjects, const char *from)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY);
	a->accept_custody = arena_alloc(fx.mem, sizeof *a->accept_custody);
	argosy__v1__accept_custody__init(a->accept_custody);
	a->accept_custody->subjects = fx_words(&a->accept_custody->n_subjects, subjects);
	a->accept_custody->from_member = fx_str(from);
	return a;
}

FX action_t *fx_decline(const char *subjects)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY);
	a->decline_custody = arena_alloc(fx.mem, sizeof *a->decline_custody);
	argosy__v1__decline_custody__init(a->decline_custody);
	a->decline_custody->subjects = fx_words(&a->decline_custody->n_subjects, subjects);
	return a;
}

FX action_t *fx_grant(const char *subject, const char *member, const char *step)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_GRANT_STEP);
	a->grant_step = arena_alloc(fx.mem, sizeof *a->grant_step);
	argosy__v1__grant_step__init(a->grant_step);
	a->grant_step->subject = fx_str(subject);
	a->grant_step->member = fx_str(member);
	a->grant_step->biz_step = fx_str(step);
	return a;
}

FX action_t *fx_revoke_grant(const char *subject, const char *member, const char *step)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REVOKE_GRANT);
	a->revoke_grant = arena_alloc(fx.mem, sizeof *a->revoke_grant);
	argosy__v1__revoke_grant__init(a->revoke_grant);
	a->revoke_grant->subject = fx_str(subject);
	a->revoke_grant->member = fx_str(member);
	a->revoke_grant->biz_step = fx_str(step);
	return a;
}

FX action_t *fx_product(const char *id)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT);
	Argosy__V1__Product *p = arena_alloc(fx.mem, sizeof *p);
	argosy__v1__product__init(p);
	a->register_product = arena_alloc(fx.mem, sizeof *a->register_product);
	argosy__v1__register_product__init(a->register_product);
	a->register_product->product = p;
	p->id = fx_str(id);
	p->name = fx_str("A thing");
	p->category = ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_GENERAL;
	p->origin_country = fx_str("NL");
	p->hs_code = fx_str("950300");
	return a;
}

FX action_t *fx_location(const char *id)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION);
	Argosy__V1__Location *l = arena_alloc(fx.mem, sizeof *l);
	argosy__v1__location__init(l);
	a->register_location = arena_alloc(fx.mem, sizeof *a->register_location);
	argosy__v1__register_location__init(a->register_location);
	a->register_location->location = l;
	l->id = fx_str(id);
	l->name = fx_str("A place");
	l->country = fx_str("NL");
	l->kind = ARGOSY__V1__LOCATION_KIND__LOCATION_KIND_WAREHOUSE;
	return a;
}

FX action_t *fx_lot(const char *id, const char *product)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_DEFINE_LOT);
	Argosy__V1__Lot *l = arena_alloc(fx.mem, sizeof *l);
	argosy__v1__lot__init(l);
	a->define_lot = arena_alloc(fx.mem, sizeof *a->define_lot);
	argosy__v1__define_lot__init(a->define_lot);
	a->define_lot->lot = l;
	l->id = fx_str(id);
	l->product = fx_str(product);
	l->production_date = fx_str("2026-10-01");
	return a;
}

FX action_t *fx_credential(const char *id, const char *about)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL);
	Argosy__V1__Credential *c = arena_alloc(fx.mem, sizeof *c);
	argosy__v1__credential__init(c);
	a->issue_credential = arena_alloc(fx.mem, sizeof *a->issue_credential);
	argosy__v1__issue_credential__init(a->issue_credential);
	a->issue_credential->credential = c;
	c->id = fx_str(id);
	c->subject = fx_str(about);
	c->kind = fx_str("organic");
	c->issuer = fx_str("The inspectorate");
	c->valid_from = fx_str("2026-01-01");
	c->valid_to = fx_str("2026-12-31");
	return a;
}

FX action_t *fx_revoke_credential(const char *id)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL);
	a->revoke_credential = arena_alloc(fx.mem, sizeof *a->revoke_credential);
	argosy__v1__revoke_credential__init(a->revoke_credential);
	a->revoke_credential->id = fx_str(id);
	return a;
}

FX ProtobufCBinaryData fx_bytes(const void *p, size_t n)
{
	return (ProtobufCBinaryData){n, arena_copy(fx.mem, p, n)};
}

FX ProtobufCBinaryData fx_key(const char *name)
{
	struct tx_signer s = fx_signer(name);
	return fx_bytes(s.public_key, 32);
}

FX action_t *fx_admit(const char *id)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER);
	a->admit_member = arena_alloc(fx.mem, sizeof *a->admit_member);
	argosy__v1__admit_member__init(a->admit_member);
	a->admit_member->id = fx_str(id);
	a->admit_member->name = fx_str(id);
	a->admit_member->country = fx_str("CN");
	a->admit_member->person_keys = arena_alloc(fx.mem, sizeof(ProtobufCBinaryData));
	a->admit_member->n_person_keys = 1;
	a->admit_member->person_keys[0] = fx_key(id);
	return a;
}

FX action_t *fx_set_member(const char *id, const char *status)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_SET_MEMBER);
	a->set_member = arena_alloc(fx.mem, sizeof *a->set_member);
	argosy__v1__set_member__init(a->set_member);
	a->set_member->id = fx_str(id);
	a->set_member->status = fx_str(status);
	return a;
}

FX action_t *fx_add_key(const char *name, bool person, const char *scope)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ADD_KEY);
	a->add_key = arena_alloc(fx.mem, sizeof *a->add_key);
	argosy__v1__add_key__init(a->add_key);
	a->add_key->key = fx_key(name);
	a->add_key->kind = person ? ARGOSY__V1__KEY_KIND__KEY_KIND_PERSON
				  : ARGOSY__V1__KEY_KIND__KEY_KIND_AGENT;
	a->add_key->scope = fx_words(&a->add_key->n_scope, scope);
	return a;
}

FX action_t *fx_revoke_key(const char *name)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_REVOKE_KEY);
	a->revoke_key = arena_alloc(fx.mem, sizeof *a->revoke_key);
	argosy__v1__revoke_key__init(a->revoke_key);
	a->revoke_key->key = fx_key(name);
	return a;
}

FX action_t *fx_disown_key(const char *name, int64_t from)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_DISOWN_KEY);
	a->disown_key = arena_alloc(fx.mem, sizeof *a->disown_key);
	argosy__v1__disown_key__init(a->disown_key);
	a->disown_key->key = fx_key(name);
	a->disown_key->from_height = from;
	return a;
}

/* The salted hash of a text. */
FX ProtobufCBinaryData fx_hash(const char *of)
{
	struct hash h;
	sha256(&h, slice_str(of));
	return fx_bytes(h.b, 32);
}

FX action_t *fx_attach(const char *subject, const char *payload)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ATTACH);
	a->attach = arena_alloc(fx.mem, sizeof *a->attach);
	argosy__v1__attach__init(a->attach);
	a->attach->subject = fx_str(subject);
	a->attach->salted_hash = fx_hash(payload);
	a->attach->kind = fx_str("certificate");
	return a;
}

FX action_t *fx_erase(const char *payload)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT);
	a->erase_attachment = arena_alloc(fx.mem, sizeof *a->erase_attachment);
	argosy__v1__erase_attachment__init(a->erase_attachment);
	a->erase_attachment->salted_hash = fx_hash(payload);
	return a;
}

FX action_t *fx_statement(const char *subjects, const char *text)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_STATEMENT);
	a->statement = arena_alloc(fx.mem, sizeof *a->statement);
	argosy__v1__statement__init(a->statement);
	a->statement->partner = fx_str("Farm Li");
	a->statement->text = fx_str(text);
	a->statement->subjects = fx_words(&a->statement->n_subjects, subjects);
	return a;
}

FX action_t *fx_document(void)
{
	action_t *a = fx_action(ARGOSY__V1__ACTION__ACT_DOCUMENT);
	a->document = arena_alloc(fx.mem, sizeof *a->document);
	argosy__v1__document__init(a->document);
	a->document->type = fx_str("EPCISDocument");
	return a;
}

#ifdef FX_LEDGER
#include "trade/fixture_ledger.h"
#else
#include "trade/fixture_fake.h"
#endif

#endif
