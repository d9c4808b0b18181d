/*
 * Proofs made by a real node, checked by the verifier that shares no code with it.
 */
#include "crypto/ed25519.h"
#include "data/epcis.h"
#include "node/clock.h"
#include "node/node.h"
#include "trade/trace.h"
#include "verify/verify.h"

#include "argosy/v1/action.pb-c.h"

#include <sodium.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char root[] = "/tmp/argosy-prove-XXXXXX";
static char dir[600];
static uint8_t fingerprint[32];
static uint64_t next_id;

static struct node *opened(void)
{
	struct node *n;
	struct err_text t = {{0}};
	struct node_options o = {0};
	enum err e = node_open(&n, dir, &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
	memcpy(fingerprint, ledger_genesis(node_ledger(n))->fingerprint.b, 32);
	return n;
}

static struct node *created(const char *name)
{
	struct err_text t = {{0}};
	struct node_birth b = {.member = "orchard", .name = "Orchard", .country = "CL"};
	snprintf(dir, sizeof dir, "%s/%s", root, name);
	assert_int_equal(node_create(dir, &b, &t), ERR_OK);
	return opened();
}

enum { ACTS_MAX = 4 };

/* Signs and submits one transaction. */
static void submit_acts(struct node *n, const Argosy__V1__Action *acts, size_t n_acts)
{
	char path[700];
	Argosy__V1__Body body = ARGOSY__V1__BODY__INIT;
	uint8_t packed[ACTS_MAX][8192], body_bytes[ACTS_MAX * 8192], id[16] = {0};
	ProtobufCBinaryData list[ACTS_MAX];
	for (size_t i = 0; i < n_acts; i++)
		list[i] = (ProtobufCBinaryData){argosy__v1__action__pack(&acts[i], packed[i]),
						packed[i]};
	const struct genesis *g = ledger_genesis(node_ledger(n));
	next_id++;
	memcpy(id, &next_id, 8);
	body.chain_id = (char *)(uintptr_t)g->chain_id;
	body.member = (char[]){"orchard"};
	body.id = (ProtobufCBinaryData){16, id};
	body.expires_ms = clock_wall_ns() / 1000000 + 3600000;
	body.actions = list;
	body.n_actions = n_acts;
	size_t len = argosy__v1__body__pack(&body, body_bytes);
	struct keyfile k;
	struct tx_signer signer;
	struct buf tx = BUF_INIT;
	struct node_answer answer;
	struct err_text t = {{0}};
	snprintf(path, sizeof path, "%s/keys/agent.key", dir);
	assert_int_equal(node_key_load(&k, path, &t), ERR_OK);
	memcpy(signer.public_key, k.public_key, 32);
	memcpy(signer.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	assert_int_equal(tx_sign(&tx, &g->fingerprint, slice(body_bytes, len), &signer, 1), ERR_OK);
	struct slice one = buf_slice(&tx);
	assert_int_equal(node_submit(n, &answer, &one, 1, &t), ERR_OK);
	if (answer.verdict != VERDICT_OK)
		print_error("%s: %s %s\n", verdict_name(answer.verdict), answer.text.field,
			    answer.text.text);
	assert_int_equal(answer.verdict, VERDICT_OK);
	buf_fini(&tx);
}

static void submit(struct node *n, Argosy__V1__Event *event)
{
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = event;
	submit_acts(n, &act, 1);
}

/* An event that happened then, given as the members of its JSON object after type and times. */
static Argosy__V1__Event *event_of(struct arena *a, const char *when, const char *type,
				   const char *members)
{
	char json[4096];
	struct event_doc doc;
	struct event_issue issue;
	size_t issues = 0;
	snprintf(json, sizeof json,
		 "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
		 "\"type\":\"%s\",\"eventTime\":\"%s\",\"eventTimeZoneOffset\":\"+00:00\",%s}",
		 type, when, members);
	if (epcis_read_json(a, &doc, &issue, 1, &issues, slice_str(json)) != ERR_OK) {
		print_error("%s: %s\n%s\n", issue.pointer, issue.text, json);
		fail();
	}
	return doc.events[0];
}

/* Records it. */
static void record_at(struct node *n, const char *when, const char *type, const char *members)
{
	struct arena *a = arena_new(0);
	submit(n, event_of(a, when, type, members));
	arena_free(a);
}

/* Events of one test after the other happen a minute apart. */
static void record(struct node *n, const char *type, const char *members)
{
	static int minute;
	char when[40];
	snprintf(when, sizeof when, "2026-03-01T%02d:%02d:00.000Z", minute / 60, minute % 60);
	minute++;
	record_at(n, when, type, members);
}

static struct buf prove(struct node *n, const char *id, struct node_prove_options o)
{
	struct buf out = BUF_INIT;
	struct err_text t = {{0}};
	enum err e = node_prove(n, &out, slice_str(id), &o, &t);
	if (e != ERR_OK)
		print_error("%s: %s\n", err_str(e), t.text);
	assert_int_equal(e, ERR_OK);
	return out;
}

static struct verify_result *checked(const struct buf *b, const struct buf *head)
{
	struct verify_options o = {.fingerprint = fingerprint};
	if (head) {
		o.head = head->p;
		o.head_n = head->n;
	}
	struct verify_result *r = verify_bundle(b->p, b->n, &o);
	assert_non_null(r);
	if (r->reason != VERIFY_OK)
		print_error("%s: %s\n", verify_reason_name(r->reason), r->detail);
	assert_int_equal(r->reason, VERIFY_OK);
	return r;
}

#define ITEM "urn:epc:id:sgtin:9521234.012345.1"
#define ITEM2 "urn:epc:id:sgtin:9521234.012345.2"
#define CASE "urn:epc:id:sscc:9521234.0000000001"
#define PALLET "urn:epc:id:sscc:9521234.0000000002"
#define LOT "urn:epc:class:lgtin:9521234.098765.A1"

/* Raw lot -> two items -> case -> pallet -> out again; gives the item's number of events. */
static unsigned trade(struct node *n)
{
	record(n, "ObjectEvent", "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[],\"quantityList\":[{\"epcClass\":\"" LOT "\",\"quantity\":100,\"uom\":\"KGM\"}]");
	record(n, "TransformationEvent",
	       "\"transformationID\":\"https://id.example.com/t/1\",\"inputQuantityList\":[{\"epcClass\":\"" LOT
	       "\",\"quantity\":10,\"uom\":\"KGM\"}],\"outputEPCList\":[\"" ITEM "\",\"" ITEM2 "\"],\"bizStep\":\"creating_class_instance\"");
	record(n, "AggregationEvent", "\"action\":\"ADD\",\"bizStep\":\"packing\",\"parentID\":\"" CASE "\",\"childEPCs\":[\"" ITEM "\",\"" ITEM2 "\"]");
	record(n, "AggregationEvent", "\"action\":\"ADD\",\"bizStep\":\"packing\",\"parentID\":\"" PALLET "\",\"childEPCs\":[\"" CASE "\"]");
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"shipping\",\"epcList\":[\"" PALLET "\"]");
	record(n, "AggregationEvent", "\"action\":\"DELETE\",\"bizStep\":\"unpacking\",\"parentID\":\"" PALLET "\",\"childEPCs\":[]");
	record(n, "AggregationEvent", "\"action\":\"DELETE\",\"bizStep\":\"unpacking\",\"parentID\":\"" CASE "\",\"childEPCs\":[]");
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"retail_selling\",\"epcList\":[\"" ITEM "\"]");
	return 4; /* made, packed, unpacked (unnamed), sold */
}

static void one_subject(void **s)
{
	(void)s;
	struct node *n = created("one");
	/* Before the chain's first block: it is waited for. */
	struct buf b = prove(n, ITEM, (struct node_prove_options){.absence = true});
	struct verify_result *r = checked(&b, NULL);
	assert_true(r->subjects[0].absent);
	verify_free(r);
	buf_fini(&b);
	unsigned events = trade(n);
	b = prove(n, ITEM, (struct node_prove_options){0});
	r = checked(&b, NULL);
	assert_int_equal(r->n_subjects, 1);
	assert_int_equal(r->subjects[0].n_events, events);
	assert_int_equal(r->subjects[0].events[2].flags & 16, 16);
	assert_string_equal(r->subjects[0].events[3].step, "retail_selling");
	verify_free(r);
	/* Every byte counts. */
	struct verify_options o = {.fingerprint = fingerprint};
	for (size_t i = 0; i < b.n; i++) {
		b.p[i] ^= 0x10;
		r = verify_bundle(b.p, b.n, &o);
		assert_int_not_equal(r->reason, VERIFY_OK);
		verify_free(r);
		b.p[i] ^= 0x10;
	}
	buf_fini(&b);
	/* No history: proven, if asked for. */
	b = prove(n, "urn:epc:id:sgtin:9521234.012345.999", (struct node_prove_options){.absence = true});
	r = checked(&b, NULL);
	assert_true(r->subjects[0].absent);
	verify_free(r);
	buf_fini(&b);
	node_close(n);
}

static void whole_journey(void **s)
{
	(void)s;
	struct node *n = created("journey");
	unsigned events = trade(n);
	struct buf b = prove(n, ITEM, (struct node_prove_options){.journey = true});
	struct verify_result *r = checked(&b, NULL);
	assert_true(r->journey);
	/* The item, its lot, the transformation, the case, the pallet; not the other item. */
	assert_int_equal(r->n_subjects, 5);
	assert_int_equal(r->subjects[0].n_events, events);
	for (size_t i = 0; i < r->n_subjects; i++)
		assert_null(strstr(r->subjects[i].id, "/21/2"));
	verify_free(r);
	buf_fini(&b);
	node_close(n);
}

/* A partner's signature on the newest head, kept by the node. */
static struct bundle_witness witnessed(struct node *n)
{
	struct buf head = BUF_INIT;
	struct err_text t = {{0}};
	uint8_t secret[64], seed[32] = {8};
	assert_int_equal(node_head_export(n, &head, &t), ERR_OK);
	struct verify_result *h = checked(&head, NULL);
	struct bundle_witness w = {.name = SLICE_LIT("Partner"), .height = h->height, .log_size = h->log_size, .how = WITNESS_LOG};
	ed25519_from_seed(w.key, secret, seed);
	memcpy(w.header_hash.b, h->header_hash, 32);
	memcpy(w.log_root.b, h->log_root, 32);
	struct hash fp;
	memcpy(fp.b, fingerprint, 32);
	assert_int_equal(bundle_witness_sign(&w, &fp, secret), ERR_OK);
	assert_int_equal(node_witness_add(n, &w, &t), ERR_OK);
	verify_free(h);
	buf_fini(&head);
	return w;
}

static void witnesses_and_heads(void **s)
{
	(void)s;
	struct node *n = created("witness");
	struct buf head = BUF_INIT;
	struct err_text t = {{0}};
	trade(n);
	assert_int_equal(node_head_export(n, &head, &t), ERR_OK);
	struct verify_result *h = checked(&head, NULL);
	assert_true(h->is_head);
	/* A partner signs it. */
	uint8_t pub[32], secret[64], seed[32] = {7};
	ed25519_from_seed(pub, secret, seed);
	struct bundle_witness w = {.name = SLICE_LIT("Partner"), .height = h->height, .log_size = h->log_size, .how = WITNESS_LOG};
	memcpy(w.key, pub, 32);
	memcpy(w.header_hash.b, h->header_hash, 32);
	memcpy(w.log_root.b, h->log_root, 32);
	struct hash fp;
	memcpy(fp.b, fingerprint, 32);
	assert_int_equal(bundle_witness_sign(&w, &fp, secret), ERR_OK);
	assert_int_equal(node_witness_add(n, &w, &t), ERR_OK);
	w.log_size--;
	assert_int_equal(node_witness_add(n, &w, &t), ERR_VERIFY);
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"inspecting\",\"epcList\":[\"" ITEM "\"]");
	struct buf b = prove(n, ITEM, (struct node_prove_options){.since_log_size = h->log_size});
	struct verify_result *r = checked(&b, &head);
	assert_int_equal(r->n_witnesses, 1);
	assert_true(r->head_held);
	assert_int_equal(r->witnesses[0].height, h->height);
	verify_free(r);
	buf_fini(&b);
	verify_free(h);
	buf_fini(&head);
	/* A backup keeps it. */
	char copy[560];
	int64_t height;
	snprintf(copy, sizeof copy, "%s/witnessed", root);
	assert_int_equal(node_backup(n, copy, &height, &t), ERR_OK);
	node_close(n);
	snprintf(dir, sizeof dir, "%s", copy);
	assert_int_equal(node_resume(dir, NULL, &t), ERR_OK);
	n = opened();
	b = prove(n, ITEM, (struct node_prove_options){0});
	r = checked(&b, NULL);
	assert_int_equal(r->n_witnesses, 1);
	verify_free(r);
	buf_fini(&b);
	node_close(n);
}

static void epochs(void **s)
{
	(void)s;
	struct node *n = created("epochs");
	struct err_text t = {{0}};
	unsigned events = trade(n);
	struct buf before = prove(n, ITEM, (struct node_prove_options){0});
	node_close(n);
	/* The validator's key is replaced by the one committed to; not by any other. */
	char other[700];
	struct node_rotation rotation;
	snprintf(other, sizeof other, "%s/keys/agent.key", dir);
	assert_int_equal(node_rotate_validator(&rotation, dir, other, "after.key", &t),
			 ERR_MISMATCH);
	enum err e = node_rotate_validator(&rotation, dir, "next-validator.key", "after2.key", &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	n = opened();
	struct node_status st;
	node_status(n, &st);
	assert_string_equal(st.why, "");
	/* Before the epoch's first block the newest header is still the old key's. */
	struct buf b = prove(n, ITEM, (struct node_prove_options){0});
	struct verify_result *r = checked(&b, NULL);
	assert_int_equal(r->n_epochs, 0);
	verify_free(r);
	buf_fini(&b);
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"inspecting\",\"epcList\":[\"" ITEM "\"]");
	b = prove(n, ITEM, (struct node_prove_options){0});
	r = checked(&b, NULL);
	assert_int_equal(r->n_epochs, 1);
	assert_int_equal(r->subjects[0].n_events, events + 1);
	verify_free(r);
	buf_fini(&b);
	/* Old proofs stay good. */
	verify_free(checked(&before, NULL));
	buf_fini(&before);
	/* A copy does not sign until it is resumed; then above what was signed before. */
	char copy[560];
	int64_t height;
	snprintf(copy, sizeof copy, "%s/copy", root);
	assert_int_equal(node_backup(n, copy, &height, &t), ERR_OK);
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"inspecting\",\"epcList\":[\"" ITEM "\"]");
	node_status(n, &st);
	/* A partner signed what the copy does not have. */
	witnessed(n);
	int64_t lost = st.head.height + 1; /* a proof block may follow */
	node_close(n);
	char cmd[1400];
	snprintf(cmd, sizeof cmd, "cp %s/witness/* %s/witness/", dir, copy);
	assert_int_equal(system(cmd), 0);
	snprintf(dir, sizeof dir, "%s", copy);
	n = opened();
	node_status(n, &st);
	assert_true(st.read_only);
	node_close(n);
	struct node_known_head lost_head = {.height = lost, .hash = {{9}}};
	e = node_resume(dir, &lost_head, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
	n = opened();
	node_status(n, &st);
	assert_string_equal(st.why, "");
	record(n, "ObjectEvent", "\"action\":\"OBSERVE\",\"bizStep\":\"receiving\",\"epcList\":[\"" ITEM "\"]");
	node_status(n, &st);
	assert_true(st.head.height > lost);
	b = prove(n, ITEM, (struct node_prove_options){0});
	r = checked(&b, NULL);
	assert_int_equal(r->n_epochs, 2);
	assert_true(r->epochs[1].resumed);
	assert_int_equal(r->n_witnesses, 0);
	assert_int_equal(r->subjects[0].n_events, events + 2);
	verify_free(r);
	buf_fini(&b);
	node_close(n);
	n = opened(); /* and again, by replay */
	node_close(n);
	struct ledger_audit audit;
	e = node_verify(&audit, dir, NULL, &t);
	if (e != ERR_OK)
		print_error("%s\n", t.text);
	assert_int_equal(e, ERR_OK);
}

/* Which event is void stands in the history itself. */
static void errors_are_shown(void **s)
{
	(void)s;
	static const char first[] =
		"\"action\":\"OBSERVE\",\"bizStep\":\"inspecting\",\"epcList\":[\"" ITEM
		"\"],\"eventID\":\"urn:uuid:1c2f7f0e-1d1e-4f0e-8d5a-0a3c2f7f0e02\"";
	struct node *n = created("errors");
	char again[500];
	snprintf(again, sizeof again, "%s,\"errorDeclaration\":{\"declarationTime\":\"2026-05-01T10:00:00Z\"}", first);
	record(n, "ObjectEvent", "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[\"" ITEM "\"]");
	record_at(n, "2026-05-01T00:00:00Z", "ObjectEvent", first);
	record_at(n, "2026-05-01T00:00:00Z", "ObjectEvent", again);
	struct buf b = prove(n, ITEM, (struct node_prove_options){0});
	struct verify_result *r = checked(&b, NULL);
	const struct verify_event *e = r->subjects[0].events;
	assert_int_equal(r->subjects[0].n_events, 3);
	assert_true(e[1].declared_by == 3 && e[2].declares == 2);
	assert_int_equal(e[2].happened_ms, e[2].recorded_ms);
	assert_string_equal(e[2].step, "");
	verify_free(r);
	buf_fini(&b);
	node_close(n);
}

/* ---- trace and journey tell the same ---- */

static int digest_cmp(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Sorts, drops what stands twice, and gives how many there are. */
static size_t digests_settle(struct hash *d, size_t n)
{
	size_t kept = 0;
	qsort(d, n, sizeof *d, digest_cmp);
	for (size_t i = 0; i < n; i++)
		if (!i || !hash_eq(&d[i], &d[i - 1]))
			d[kept++] = d[i];
	return kept;
}

/* The records that "trace --up" shows are those that the verifier counts to the journey, and both
 * mark the same as void; gives the number of records. */
static size_t agree(struct node *n, const char *id)
{
	enum { MOST = 5000 };
	static struct hash traced[MOST], proven[MOST], void_traced[MOST], void_proven[MOST];
	size_t n_traced = 0, n_proven = 0, n_void_traced = 0, n_void_proven = 0;
	struct trace_options o = {.direction = TRACE_UP};
	struct err_text t = {{0}};
	struct trace *tr;
	enum err found = trace_run(&tr, node_ledger(n), slice_str(id), &o, &t);
	if (found == ERR_NOTFOUND)
		return 0;
	assert_int_equal(found, ERR_OK);
	assert_false(tr->truncated);
	for (size_t i = 0; i < tr->n_events; i++) {
		struct hash h;
		assert_true(n_traced < MOST);
		assert_int_equal(mlog_leaf(ledger_mlog(node_ledger(n)), &h, tr->events[i].index), ERR_OK);
		traced[n_traced++] = h;
		if (tr->events[i].voided)
			void_traced[n_void_traced++] = h;
	}
	trace_free(tr);
	struct buf b = prove(n, id, (struct node_prove_options){.journey = true});
	struct verify_result *r = checked(&b, NULL);
	assert_true(r->journey);
	for (size_t i = 0; i < r->n_subjects; i++)
		for (uint64_t k = 0; k < r->subjects[i].n_events; k++) {
			const struct verify_event *e = &r->subjects[i].events[k];
			if (!e->part)
				continue;
			assert_true(n_proven < MOST);
			memcpy(proven[n_proven++].b, e->digest, 32);
			if (e->declared_by)
				memcpy(void_proven[n_void_proven++].b, e->digest, 32);
		}
	verify_free(r);
	buf_fini(&b);
	n_traced = digests_settle(traced, n_traced);
	n_proven = digests_settle(proven, n_proven);
	n_void_traced = digests_settle(void_traced, n_void_traced);
	n_void_proven = digests_settle(void_proven, n_void_proven);
	assert_int_equal(n_traced, n_proven);
	assert_memory_equal(traced, proven, n_traced * 32);
	assert_int_equal(n_void_traced, n_void_proven);
	assert_memory_equal(void_traced, void_proven, n_void_traced * 32);
	return n_traced;
}

#define SEE(when, what) record_at(n, when, "ObjectEvent", \
	"\"action\":\"OBSERVE\",\"bizStep\":\"transporting\",\"epcList\":[\"" what "\"]")
#define MOVE(when, action, parent, child, more) record_at(n, when, "AggregationEvent", \
	"\"action\":\"" action "\",\"parentID\":\"" parent "\",\"childEPCs\":[\"" child "\"]" more)

/* What counts is when it happened: a logger that is read out after the unloading counts, and
 * what is recorded late of the time before does not. */
static void trace_and_journey_agree(void **s)
{
	(void)s;
	struct node *n = created("agree");
	record_at(n, "2026-01-01T00:00:00Z", "ObjectEvent",
		  "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[\"" ITEM "\",\"" ITEM2 "\"]");
	MOVE("2026-01-10T00:00:00Z", "ADD", CASE, ITEM, "");
	SEE("2026-01-05T00:00:00Z", CASE); /* before */
	MOVE("2026-01-12T00:00:00Z", "DELETE", CASE, ITEM, "");
	SEE("2026-01-11T12:00:00Z", CASE); /* inside */
	SEE("2026-01-13T00:00:00Z", CASE);
	assert_int_equal(agree(n, ITEM), 4);
	/* The pallet that the case was on for a part of that while is told of last of all. */
	MOVE("2026-01-14T00:00:00Z", "DELETE", PALLET, CASE, "");
	SEE("2026-01-11T00:00:00Z", PALLET);
	SEE("2026-01-12T00:00:00Z", PALLET);
	MOVE("2026-01-11T00:00:00Z", "ADD", PALLET, CASE, "");
	assert_int_equal(agree(n, ITEM), 6);
	/* Times that contradict: the order of recording. */
	MOVE("2026-02-10T00:00:00Z", "ADD", CASE, ITEM2, "");
	SEE("2026-02-02T00:00:00Z", CASE);
	MOVE("2026-02-09T00:00:00Z", "DELETE", CASE, ITEM2, "");
	assert_int_equal(agree(n, ITEM2), 4);
	/* A packing that was declared in error counts as before, until it was declared so. */
	MOVE("2026-03-10T00:00:00Z", "ADD", PALLET, ITEM2, ",\"eventID\":\"urn:uuid:1c2f7f0e-1d1e-4f0e-8d5a-0a3c2f7f0e01\"");
	SEE("2026-03-11T00:00:00Z", PALLET);
	assert_int_equal(agree(n, ITEM2), 6);
	MOVE("2026-03-10T00:00:00Z", "ADD", PALLET, ITEM2,
	     ",\"eventID\":\"urn:uuid:1c2f7f0e-1d1e-4f0e-8d5a-0a3c2f7f0e01\",\"errorDeclaration\":{\"declarationTime\":\"2026-03-12T00:00:00Z\"}");
	assert_int_equal(agree(n, ITEM2), 7); /* with the mark */
	SEE("2090-01-01T00:00:00Z", PALLET);
	assert_int_equal(agree(n, ITEM2), 7);
	node_close(n);
}

/* The name of a transformation that was used for something else before: what was made under it is
 * proven all the same. */
static void a_transformation_of_a_used_name(void **s)
{
	(void)s;
	struct node *n = created("used");
	static const char name[] = "https://id.example.com/made/used";
	char members[600];
	snprintf(members, sizeof members, "\"action\":\"OBSERVE\",\"epcList\":[\"%s\"]", name);
	record_at(n, "2026-01-01T00:00:00Z", "ObjectEvent", members);
	snprintf(members, sizeof members,
		 "\"inputEPCList\":[\"" ITEM2 "\"],\"outputEPCList\":[\"" ITEM
		 "\"],\"transformationID\":\"%s\"",
		 name);
	record_at(n, "2026-01-02T00:00:00Z", "TransformationEvent", members);
	assert_int_equal(agree(n, ITEM), 2);
	node_close(n);
}

static uint32_t dice_state;

static unsigned dice(unsigned sides)
{
	dice_state = dice_state * 1664525 + 1013904223;
	return (dice_state >> 16) % sides;
}

static const char *const things[] = {
	ITEM, ITEM2, "urn:epc:id:sgtin:9521234.012345.3",
	/* From here on containers, which the last two of all hold, too. */
	CASE, PALLET, "urn:epc:id:sscc:9521234.0000000003", "urn:epc:id:sscc:9521234.0000000004"};
enum { CASE_AT = 3, OUTER_AT = 5, THINGS = 7 };

static const char lots[][60] = {LOT, "urn:epc:class:lgtin:9521234.098765.B2"};

/* What was said and may still be declared in error. */
struct said {
	char when[40], type[40], members[2000];
};
static struct said said[8];

/* Some of the things from..to-1, each with these odds in eight; one at least. */
static void some(char *out, size_t n, unsigned from, unsigned to, unsigned odds)
{
	size_t at = 0;
	unsigned least = from + dice(to - from);
	out[0] = 0;
	for (unsigned i = from; i < to; i++)
		if (i == least || dice(8) < odds)
			at += (size_t)snprintf(out + at, n - at, "%s\"%s\"", at ? "," : "", things[i]);
}

static void a_lot(char *out, size_t n, const char *list)
{
	snprintf(out, n, "\"%s\":[{\"epcClass\":\"%s\",\"quantity\":1,\"uom\":\"KGM\"}]", list,
		 lots[dice(2)]);
}

static void packing(char *out, size_t n)
{
	char inside[500], lot[200] = "";
	unsigned outer = CASE_AT + dice(THINGS - CASE_AT);
	unsigned kind = dice(8);
	/* No container comes into itself: only the last two hold containers. */
	some(inside, sizeof inside, 0, outer >= OUTER_AT ? OUTER_AT : CASE_AT, 2);
	if (kind == 0 || dice(6) == 0)
		a_lot(lot, sizeof lot, "childQuantityList");
	if (kind == 0 || kind == 1)
		inside[0] = 0;
	snprintf(out, n, "\"action\":\"%s\",\"parentID\":\"%s\",\"childEPCs\":[%s]%s%s",
		 (!*inside && !*lot) || dice(3) == 0 ? "DELETE" : "ADD", things[outer], inside,
		 *lot ? "," : "", lot);
}

static void making(char *out, size_t n)
{
	char from[500], to[500], lot[200] = "", name[80] = "";
	unsigned part = dice(4); /* 0, 1: a transformation that is told in parts */
	some(from, sizeof from, 0, 4, 1);
	some(to, sizeof to, 0, 3, 1);
	if (part < 2)
		snprintf(name, sizeof name, ",\"transformationID\":\"https://id.example.com/made/%u\"",
			 dice(2));
	if (dice(2))
		a_lot(lot, sizeof lot, dice(2) || part == 0 ? "inputQuantityList" : "outputQuantityList");
	if (part == 0)
		snprintf(out, n, "\"inputEPCList\":[%s]%s%s%s", from, *lot ? "," : "", lot, name);
	else if (part == 1 && strncmp(lot, "\"in", 3) != 0)
		snprintf(out, n, "\"outputEPCList\":[%s]%s%s%s", to, *lot ? "," : "", lot, name);
	else
		snprintf(out, n, "\"inputEPCList\":[%s],\"outputEPCList\":[%s]%s%s%s", from, to,
			 *lot ? "," : "", lot, name);
}

/* One event of a confused trade: things, cases, pallets, lots; at any time of three days, now or
 * after it is recorded; now and then one of the last is declared in error. */
static Argosy__V1__Event *confusion(struct arena *a, unsigned number)
{
	struct said new = {"", "AggregationEvent", ""}, *s = &said[dice(8)];
	char members[1400], list[500];
	unsigned kind = dice(12);
	if (kind < 3 && *s->members) {
		char again[2100];
		snprintf(again, sizeof again,
			 "%s,\"errorDeclaration\":{\"declarationTime\":\"2026-06-01T00:00:00Z\"}",
			 s->members);
		new = *s;
		*s->members = 0;
		return event_of(a, new.when, new.type, again);
	}
	snprintf(new.when, sizeof new.when, "%s-04-%02uT%02u:00:00.000Z",
		 dice(5) ? "2026" : "2090", 1 + dice(3), dice(20));
	if (kind < 8) {
		packing(members, sizeof members);
	} else if (kind < 10) {
		snprintf(new.type, sizeof new.type, "TransformationEvent");
		making(members, sizeof members);
	} else {
		snprintf(new.type, sizeof new.type, "ObjectEvent");
		some(list, sizeof list, 0, THINGS, 1);
		snprintf(members, sizeof members, "\"action\":\"OBSERVE\",\"epcList\":[%s]", list);
	}
	snprintf(new.members, sizeof new.members,
		 "%s,\"eventID\":\"urn:uuid:00000000-0000-4000-8000-%012u\"", members, number);
	if (dice(3))
		*s = new;
	return event_of(a, new.when, new.type, new.members);
}

/* One to three acts of it in a transaction, an other act than an event among them at times. */
static void confuse(struct node *n, unsigned number)
{
	struct arena *a = arena_new(0);
	Argosy__V1__Action acts[ACTS_MAX];
	Argosy__V1__Statement st = ARGOSY__V1__STATEMENT__INIT;
	char *about[1] = {arena_str(a, slice_str(things[dice(THINGS)]))};
	size_t k = 0;
	for (unsigned some = 1 + dice(3); k < some; k++) {
		argosy__v1__action__init(&acts[k]);
		acts[k].act_case = ARGOSY__V1__ACTION__ACT_EVENT;
		acts[k].event = confusion(a, number * ACTS_MAX + (unsigned)k);
	}
	if (dice(4) == 0) {
		argosy__v1__action__init(&acts[k]);
		st.partner = arena_str(a, SLICE_LIT("Farm Li"));
		st.text = arena_str(a, SLICE_LIT("seen"));
		st.subjects = about;
		st.n_subjects = 1;
		acts[k].act_case = ARGOSY__V1__ACTION__ACT_STATEMENT;
		acts[k++].statement = &st;
	}
	submit_acts(n, acts, k);
	arena_free(a);
}

/* Whatever is told, in whatever order: the two, which share no code, tell the same of it. More
 * seeds than the six: ARGOSY_SEEDS=FROM-TO. */
static void trace_and_journey_agree_on_confusion(void **s)
{
	(void)s;
	size_t records = 0;
	unsigned first = 1, last = 6;
	const char *asked = getenv("ARGOSY_SEEDS");
	if (asked)
		assert_int_equal(sscanf(asked, "%u-%u", &first, &last), 2);
	for (unsigned seed = first; seed <= last; seed++) {
		char name[30];
		snprintf(name, sizeof name, "confusion%u", seed);
		struct node *n = created(name);
		memset(said, 0, sizeof said);
		dice_state = seed;
		print_message("seed %u\n", seed);
		record_at(n, "2026-04-02T00:00:00Z", "ObjectEvent",
			  "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[],\"quantityList\":[{\"epcClass\":\"" LOT
			  "\",\"quantity\":100,\"uom\":\"KGM\"}]");
		record_at(n, "2026-04-01T12:00:00Z", "ObjectEvent",
			  "\"action\":\"ADD\",\"bizStep\":\"commissioning\",\"epcList\":[\"" ITEM "\",\"" ITEM2 "\"]");
		for (unsigned i = 0; i < 40; i++) {
			confuse(n, i);
			if (i % 8 != 7)
				continue;
			for (unsigned k = 0; k < THINGS; k++)
				records += agree(n, things[k]);
			records += agree(n, lots[0]) + agree(n, lots[1]);
		}
		node_close(n);
	}
	print_message("journeys of confused trades agree: %zu records\n", records);
}

/* All of the sample trade, as if one firm had recorded it. */
static void trace_and_journey_agree_on_the_sample(void **s)
{
	(void)s;
	static const char *const files[] = {"01-orchard.jsonld",     "02-factory.jsonld",
					    "03-sea-leg.xml",	     "04-border.jsonld",
					    "05-to-warehouse.jsonld", "06-bonded-warehouse.jsonld",
					    "07-customs-sampling.jsonld", "08-order.jsonld",
					    "09-release.jsonld",     "10-picking.jsonld",
					    "11-correction.jsonld",  "12-last-mile.jsonld"};
	struct node *n = created("sample");
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		char path[100];
		struct buf text = BUF_INIT;
		struct event_doc doc;
		struct event_issue issue;
		size_t issues = 0;
		struct arena *a = arena_new(0);
		snprintf(path, sizeof path, "samples/cherries/%s", files[i]);
		assert_int_equal(io_read_file(io_posix(), path, 1 << 20, &text, NULL), ERR_OK);
		enum err e = strstr(path, ".xml")
				     ? epcis_read_xml(a, &doc, &issue, 1, &issues, buf_slice(&text))
				     : epcis_read_json(a, &doc, &issue, 1, &issues, buf_slice(&text));
		assert_int_equal(e, ERR_OK);
		for (size_t k = 0; k < doc.n_events; k++)
			submit(n, doc.events[k]);
		arena_free(a);
		buf_fini(&text);
	}
	size_t records = agree(n, "01/09521102000015/21/K7Q2M4X9");
	print_message("the journey of the sample's parcel: %zu records\n", records);
	assert_in_range(records, 30, 50);
	node_close(n);
}

int main(void)
{
	if (sodium_init() < 0 || !mkdtemp(root))
		return 1;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_subject),
		cmocka_unit_test(whole_journey),
		cmocka_unit_test(errors_are_shown),
		cmocka_unit_test(trace_and_journey_agree),
		cmocka_unit_test(a_transformation_of_a_used_name),
		cmocka_unit_test(trace_and_journey_agree_on_confusion),
		cmocka_unit_test(trace_and_journey_agree_on_the_sample),
		cmocka_unit_test(witnesses_and_heads),
		cmocka_unit_test(epochs),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char cmd[300];
	snprintf(cmd, sizeof cmd, "rm -rf %s", root);
	return system(cmd) ? 1 : failed;
}
