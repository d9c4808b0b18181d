/*
 * Row 10, several members: the same id, the same bytes and the same goods, against a model.
 *
 * Three members on one node. All count their transactions from 1, so that every id is used by
 * all of them. Goods, items and lots, are offered, accepted and declined by everybody at
 * once: 48 submissions from eight threads, most of them about two of the goods, among them
 *
 *	once		a new transaction, or one the model remembers: done, refused or forgotten
 *	raced		the same from several threads
 *	cosigned	the same body, with another member's signature after the first
 *	resigned	a member's body signed by another
 *	behind		the same with the member's own signature in second place
 *	renamed		a member's signed bytes with another member's name in the body
 *	other body	an id that its member used, with another body
 *
 * and restarts between them, and backups restored while the node went on, so that what came
 * later is forgotten and is sent again.
 *
 * The model knows of each transaction whether it was done, with what verdict and at which
 * height, and of the goods who holds them and to whom they are offered. What was applied has
 * a place in the log: in that order each transfer must be one that the model allows, and what
 * was refused must be what the model refuses, so, somewhere in the block that refused it.
 * After each restart and restore goods and log must be the model's.
 *
 *	replay_members_row [OPERATIONS]
 *
 * OPERATIONS: 12,000, or the environment's ARGOSY_OPERATIONS; seed: ARGOSY_SEED, 1.
 */
#include "row_node.h"
#include "row_seed.h"

#include <pthread.h>
#include <sodium.h>

enum { MEMBERS = 3, GOODS = 24, DEEDS_MAX = 1 << 16, THREADS = 8, EACH = 6, POOL = THREADS * EACH };
enum { NOBODY = MEMBERS };

/* Names of one length: one is written over another. */
static const char *const names[MEMBERS] = {"orchard", "millers", "seaport"};
enum { NAME_BYTES = 7 };

enum act { SEEN, OFFER, ACCEPT, DECLINE };

/* A transaction of a member. Its bytes follow from the first five. */
struct deed {
	uint8_t member, other; /* other: to whom, or from whom */
	uint8_t goods;
	enum act act;
	uint32_t number; /* its id */
	bool done, busy; /* busy: in the pool */
	enum verdict verdict;
	int64_t height;
	uint64_t index; /* of its record, where applied */
};

struct custody {
	uint8_t holder, offered;
	uint64_t count;
};

/* ONCE to COSIGNED are the deed itself, the others are never done. */
enum how { ONCE, RACED, COSIGNED, RESIGNED, BEHIND, RENAMED, OTHER_BODY, HOWS };
static const char *const how_names[HOWS] = {"once",   "raced",	 "cosigned",  "resigned",
					    "behind", "renamed", "other body"};

struct try {
	struct deed *deed;
	enum how how;
	struct buf bytes;
	struct node_answer answer;
};

static struct model {
	struct deed deeds[DEEDS_MAX];
	struct custody goods[GOODS];
	uint64_t records;
} model, kept;
static size_t n_deeds;
static uint32_t next_number[MEMBERS];

static struct row_node r;
static struct tx_signer signers[MEMBERS];
static struct try pool[POOL];
static uint64_t seed, done_ops, counts[HOWS], applied[DECLINE + 1], refused[DECLINE + 1];
static uint64_t again, forgotten, same_block, restarts, restores, deviations;
static char dir[200], copy[300];
static unsigned folder;

static void deviates(const struct deed *d, const char *what, const struct node_answer *a)
{
	static const char *const acts[] = {"seen", "offer", "accept", "decline"};
	printf("row 10: DEVIATES: %s, id %u, %s of goods %u with %s: %s: %s, height %" PRId64
	       "%s; the model: %s, %s, height %" PRId64 "\n",
	       names[d->member], d->number, acts[d->act], d->goods, names[d->other], what,
	       a ? verdict_name(a->verdict) : "", a ? a->height : 0,
	       a && a->duplicate ? ", duplicate" : "", d->done ? "done" : "unknown",
	       verdict_name(d->verdict), d->height);
	deviations++;
}

/* ---- bytes ---- */

static void goods_epc(char out[static 80], unsigned goods)
{
	if (goods % 2)
		snprintf(out, 80, "urn:epc:class:lgtin:9521234.054321.L%u", goods);
	else
		snprintf(out, 80, "urn:epc:id:sgtin:9521234.098765.%u", goods);
}

/* What a SEEN is about: an item of its member's own. */
static void seen_epc(char out[static 80], const struct deed *d)
{
	snprintf(out, 80, "urn:epc:id:sgtin:9521234.01000%u.%u", d->member, d->number);
}

static size_t pack_event(uint8_t *out, char *epc, bool add, bool is_class, const char *step)
{
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__Event ev = ARGOSY__V1__EVENT__INIT;
	Argosy__V1__QuantityElement quantity = ARGOSY__V1__QUANTITY_ELEMENT__INIT;
	Argosy__V1__QuantityElement *quantities[] = {&quantity};
	char time[] = "2026-05-01T10:00:00.000Z", zone[] = "+00:00", word[32];
	snprintf(word, sizeof word, "%s", step);
	ev.type = ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT;
	ev.action = add ? ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD
			: ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_OBSERVE;
	ev.event_time = time;
	ev.event_time_zone_offset = zone;
	ev.biz_step = word;
	quantity.epc_class = epc;
	if (is_class) {
		ev.quantity_list = quantities;
		ev.n_quantity_list = 1;
	} else {
		ev.epc_list = &epc;
		ev.n_epc_list = 1;
	}
	act.act_case = ARGOSY__V1__ACTION__ACT_EVENT;
	act.event = &ev;
	return argosy__v1__action__pack(&act, out);
}

static size_t pack_deed(uint8_t *out, const struct deed *d, bool other_body)
{
	Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
	Argosy__V1__OfferCustody offer = ARGOSY__V1__OFFER_CUSTODY__INIT;
	Argosy__V1__AcceptCustody accept = ARGOSY__V1__ACCEPT_CUSTODY__INIT;
	Argosy__V1__DeclineCustody decline = ARGOSY__V1__DECLINE_CUSTODY__INIT;
	char epc[80], *epcs[] = {epc}, other[MEMBER_ID_MAX + 1];
	snprintf(other, sizeof other, "%s", names[d->other]);
	goods_epc(epc, d->goods);
	if (other_body || d->act == SEEN) {
		seen_epc(epc, d);
		return pack_event(out, epc, false, false, other_body ? "shipping" : "inspecting");
	}
	switch (d->act) {
	case OFFER:
		offer.subjects = epcs;
		offer.n_subjects = 1;
		offer.to_member = other;
		act.act_case = ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY;
		act.offer_custody = &offer;
		break;
	case ACCEPT:
		accept.subjects = epcs;
		accept.n_subjects = 1;
		accept.from_member = other;
		act.act_case = ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY;
		act.accept_custody = &accept;
		break;
	case DECLINE:
	case SEEN:
		decline.subjects = epcs;
		decline.n_subjects = 1;
		act.act_case = ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY;
		act.decline_custody = &decline;
		break;
	}
	return argosy__v1__action__pack(&act, out);
}

static struct buf sign(const struct deed *d, enum how how)
{
	uint8_t space[1024], id[16];
	ProtobufCBinaryData list[1] = {{pack_deed(space, d, how == OTHER_BODY), space}};
	unsigned stranger = (d->member + 1 + d->number % (MEMBERS - 1)) % MEMBERS, n = 1;
	struct tx_signer by[2] = {signers[d->member], signers[stranger]};
	if (how == RESIGNED || how == BEHIND) {
		by[0] = signers[stranger];
		by[1] = signers[d->member];
	}
	if (how == COSIGNED || how == BEHIND)
		n = 2;
	row_id(id, d->number);
	struct buf b = row_sign_body(&r, names[d->member], id, 0, list, 1, by, n);
	if (how == RENAMED) { /* the body's second field */
		uint8_t field[2 + NAME_BYTES] = {2 << 3 | 2, NAME_BYTES};
		memcpy(field + 2, names[d->member], NAME_BYTES);
		uint8_t *at = memmem(b.p, b.n, field, sizeof field);
		bug_if(!at);
		memcpy(at + 2, names[stranger], NAME_BYTES);
	}
	return b;
}

/* ---- the model's rules of custody ---- */

/* What the deed is answered where goods stand so; VERDICT_OK changes them. */
static enum verdict rule(struct custody *c, const struct deed *d)
{
	switch (d->act) {
	case OFFER:
		if (c->holder != d->member)
			return VERDICT_NOT_HOLDER;
		c->offered = d->other;
		break;
	case ACCEPT:
		if (c->holder == d->member || c->offered != d->member)
			return VERDICT_NOT_OFFERED;
		if (c->holder != d->other)
			return VERDICT_STATE;
		c->holder = d->member;
		c->offered = NOBODY;
		break;
	case DECLINE:
		if (c->offered == NOBODY || (c->offered != d->member && c->holder != d->member))
			return VERDICT_NOT_OFFERED;
		c->offered = NOBODY;
		break;
	case SEEN:
		return VERDICT_OK;
	}
	c->count++;
	return VERDICT_OK;
}

static int deed_cmp(const void *a, const void *b)
{
	const struct deed *x = *(struct deed *const *)a, *y = *(struct deed *const *)b;
	return x->index < y->index ? -1 : x->index > y->index;
}

/* Some state in the refusing block, before, between or after what it applied, refuses so. */
static bool refused_rightly(const struct deed *d, struct deed *const *in_order, size_t n)
{
	struct custody c = model.goods[d->goods];
	for (size_t i = 0;; i++) {
		struct custody copy_of_c = c;
		bool before = i < n && in_order[i]->height < d->height;
		if (!before && rule(&copy_of_c, d) == d->verdict)
			return true;
		if (i == n || in_order[i]->height > d->height)
			return false;
		if (rule(&c, in_order[i]) != VERDICT_OK)
			return false; /* told elsewhere */
	}
}

/* All that the pool did to the goods. */
static void judge_goods(unsigned goods, struct deed *const *did, size_t n)
{
	struct deed *in_order[POOL];
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (did[i]->goods == goods && did[i]->act != SEEN && did[i]->verdict == VERDICT_OK)
			in_order[k++] = did[i];
	qsort(in_order, k, sizeof *in_order, deed_cmp);
	for (size_t i = 0; i < n; i++) {
		if (did[i]->goods != goods || did[i]->act == SEEN || did[i]->verdict == VERDICT_OK)
			continue;
		refused[did[i]->act]++;
		if (!refused_rightly(did[i], in_order, k))
			deviates(did[i], "the model does not refuse it so", NULL);
	}
	for (size_t i = 0; i < k; i++) {
		enum verdict v = rule(&model.goods[goods], in_order[i]);
		if (v != VERDICT_OK)
			deviates(in_order[i], verdict_name(v), NULL);
		applied[in_order[i]->act]++;
		same_block += i && in_order[i]->height == in_order[i - 1]->height;
	}
}

/* ---- answers ---- */

static bool refused_as(const struct node_answer *a, enum verdict v)
{
	return a->verdict == v && a->height == 0 && !a->duplicate && a->records == 0;
}

static bool is_first(const struct node_answer *a)
{
	return !a->duplicate && a->height > 0 && a->records == (a->verdict == VERDICT_OK);
}

static void judge_forged(const struct try *x)
{
	static const enum verdict verdicts[HOWS] = {[RESIGNED] = VERDICT_UNKNOWN_KEY,
						    [BEHIND] = VERDICT_UNKNOWN_KEY,
						    [RENAMED] = VERDICT_BAD_SIGNATURE,
						    [OTHER_BODY] = VERDICT_CONFLICT};
	if (!refused_as(&x->answer, verdicts[x->how]))
		deviates(x->deed, how_names[x->how], &x->answer);
}

static void pool_judge(void)
{
	struct deed *did[POOL];
	size_t n = 0, i;
	for (i = 0; i < POOL; i++) {
		struct deed *d = pool[i].deed;
		const struct node_answer *a = &pool[i].answer;
		if (pool[i].how > COSIGNED) {
			judge_forged(&pool[i]);
		} else if (!d->done && is_first(a)) {
			d->done = true;
			d->verdict = a->verdict;
			d->height = a->height;
			d->index = a->first_index;
			did[n++] = d;
			model.records += a->records;
			if (d->act == SEEN && d->verdict != VERDICT_OK)
				deviates(d, "seen, and refused", a);
			applied[SEEN] += d->act == SEEN;
			pool[i].how = HOWS; /* judged */
		}
		pool[i].deed->busy = false;
	}
	for (i = 0; i < POOL; i++) {
		const struct deed *d = pool[i].deed;
		const struct node_answer *a = &pool[i].answer;
		if (pool[i].how <= COSIGNED &&
		    (!d->done || !a->duplicate || a->verdict != d->verdict ||
		     a->height != d->height))
			deviates(d, "not the first answer again", a);
	}
	for (unsigned g = 0; g < GOODS; g++)
		judge_goods(g, did, n);
}

/* ---- what is submitted ---- */

static unsigned another(unsigned member)
{
	return (member + 1 + (unsigned)row_random(&seed, MEMBERS - 1)) % MEMBERS;
}

/* Mostly what the goods' state asks for, or is about to: so that many want the same. `to`:
 * the pool's favourite, if he does not hold them. */
static struct deed *deed_new(unsigned goods, unsigned to)
{
	struct custody c = model.goods[goods];
	if (n_deeds == DEEDS_MAX)
		row_die("too many operations for this test", ERR_LIMIT, NULL);
	struct deed *d = &model.deeds[n_deeds++];
	unsigned member = (unsigned)row_random(&seed, MEMBERS);
	bool likely = row_random(&seed, 4) != 0;
	*d = (struct deed){.act = (enum act)row_random(&seed, 4), .goods = (uint8_t)goods};
	d->other = (uint8_t)another(member);
	if (d->act == OFFER && likely) {
		member = c.holder;
		d->other = (uint8_t)to;
	}
	if (d->act == ACCEPT && likely) {
		member = c.offered == NOBODY || row_random(&seed, 2) ? to : c.offered;
		d->other = c.holder;
	}
	d->member = (uint8_t)member;
	if (d->act == OFFER && d->other == member)
		d->other = (uint8_t)another(member);
	d->number = ++next_number[member];
	return d;
}

static struct deed *deed_old(void)
{
	return n_deeds ? &model.deeds[row_random(&seed, n_deeds)] : NULL;
}

static size_t add(size_t n, struct deed *d, enum how how)
{
	if (how <= COSIGNED)
		again += d->done;
	d->busy = true;
	pool[n] = (struct try){.deed = d, .how = how, .bytes = sign(d, how)};
	counts[how]++;
	return n + 1;
}

static void pool_fill(void)
{
	unsigned hot[2] = {(unsigned)row_random(&seed, GOODS), (unsigned)row_random(&seed, GOODS)};
	unsigned to = (unsigned)row_random(&seed, MEMBERS);
	for (size_t n = 0; n < POOL;) {
		uint64_t dice = row_random(&seed, 20);
		struct deed *d = dice < 13 ? deed_new(hot[row_random(&seed, 2)], to) : deed_old();
		enum how forged = (enum how)(RESIGNED + row_random(&seed, HOWS - RESIGNED));
		if (!d || d->busy)
			continue;
		if (dice >= 17 && (forged != OTHER_BODY || d->done)) {
			n = add(n, d, forged);
			continue;
		}
		forgotten += !d->done && dice >= 13;
		n = add(n, d, row_random(&seed, 8) ? ONCE : COSIGNED);
		for (uint64_t more = row_random(&seed, 6) ? 0 : 3; more && n < POOL; more--)
			n = add(n, d, row_random(&seed, 3) ? RACED : COSIGNED);
	}
	for (size_t i = POOL - 1; i > 0; i--) { /* so that threads have something of each */
		size_t k = row_random(&seed, i + 1);
		struct try x = pool[i];
		pool[i] = pool[k];
		pool[k] = x;
	}
}

static void *thread_main(void *arg)
{
	struct try *mine = arg;
	struct slice list[EACH];
	struct node_answer answers[EACH] = {{0}};
	struct err_text t = {{0}};
	for (unsigned i = 0; i < EACH; i++)
		list[i] = buf_slice(&mine[i].bytes);
	enum err e = node_submit(r.node, answers, list, EACH, &t);
	if (e != ERR_OK)
		row_die("submit", e, &t);
	for (unsigned i = 0; i < EACH; i++)
		mine[i].answer = answers[i];
	return NULL;
}

static void pool_run(void)
{
	pthread_t threads[THREADS];
	pool_fill();
	for (unsigned i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, thread_main, &pool[(size_t)i * EACH]) != 0)
			row_die("thread", ERR_NOMEM, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pool_judge();
	for (unsigned i = 0; i < POOL; i++)
		buf_fini(&pool[i].bytes);
	done_ops += POOL;
}

/* ---- between lives ---- */

static bool is(struct slice name, unsigned member)
{
	return slice_eq(name, member == NOBODY ? slice(NULL, 0) : slice_str(names[member]));
}

static void look_at_all(void)
{
	struct node_status s;
	struct subject found;
	char epc[80];
	for (unsigned g = 0; g < GOODS; g++) {
		const struct custody *c = &model.goods[g];
		struct buf value = BUF_INIT;
		goods_epc(epc, g);
		bool good = row_subject(&r, &found, &value, epc) && found.count == c->count &&
			    found.claims == 0 && is(found.holder, c->holder) &&
			    is(found.offered_to, c->offered);
		if (!good) {
			printf("row 10: DEVIATES: %s: %" PRIu64 " records, held by %.*s, offered "
			       "to %.*s; the model: %" PRIu64 ", %s, %s\n",
			       epc, found.count, (int)found.holder.n, (const char *)found.holder.p,
			       (int)found.offered_to.n, (const char *)found.offered_to.p, c->count,
			       names[c->holder], c->offered == NOBODY ? "" : names[c->offered]);
			deviations++;
		}
		buf_fini(&value);
	}
	for (size_t i = 0; i < n_deeds; i++) {
		const struct deed *d = &model.deeds[i];
		struct buf value = BUF_INIT;
		seen_epc(epc, d); /* of another act: where its other body would show */
		bool there = row_subject(&r, &found, &value, epc);
		if (there != (d->act == SEEN && d->done) || (there && found.count != 1))
			deviates(d, "an item is there, is not, or twice", NULL);
		buf_fini(&value);
	}
	node_status(r.node, &s);
	if (s.head.log_size != model.records) {
		printf("row 10: DEVIATES: %" PRIu64 " records in the log, the model has %" PRIu64
		       "\n",
		       s.head.log_size, model.records);
		deviations++;
	}
}

static void restart(void)
{
	row_close(&r);
	row_open(&r);
	look_at_all();
	restarts++;
}

static void backup(void)
{
	snprintf(copy, sizeof copy, "%s/copy%u", dir, folder);
	row_backup(&r, copy);
	kept = model;
}

/* What came after the copy was never done, and may be sent again. */
static void restore(void)
{
	char next[250];
	snprintf(next, sizeof next, "%s/node%u", dir, ++folder);
	row_restore(&r, copy, next);
	for (size_t i = 0; i < n_deeds; i++) {
		struct deed *d = &model.deeds[i];
		const struct deed *k = &kept.deeds[i];
		d->done = k->done; /* the newer ones are all zeros there */
		d->verdict = k->verdict;
		d->height = k->height;
	}
	memcpy(model.goods, kept.goods, sizeof model.goods);
	model.records = kept.records;
	look_at_all();
	restores++;
	copy[0] = 0;
}

/* ---- the beginning ---- */

static void first(const char *member, const struct tx_signer *by, uint32_t number, uint8_t *packed,
		  size_t size)
{
	ProtobufCBinaryData list[1] = {{size, packed}};
	uint8_t id[16];
	struct node_answer a = {0};
	struct err_text t = {{0}};
	row_id(id, number);
	id[15] = 1; /* none of the deeds' */
	struct buf b = row_sign_body(&r, member, id, 0, list, 1, by, 1);
	struct slice s = buf_slice(&b);
	enum err e = node_submit(r.node, &a, &s, 1, &t);
	buf_fini(&b);
	if (e != ERR_OK || a.verdict != VERDICT_OK) {
		printf("%s: %s %s\n", member, a.text.field, a.text.text);
		row_die("beginning", e, &t);
	}
	model.records += a.records;
}

/* The operator admits the others; the goods are shared out among all. */
static void begin(void)
{
	struct tx_signer operator;
	struct keyfile k;
	struct err_text t = {{0}};
	uint8_t packed[1024];
	char path[300];
	snprintf(path, sizeof path, "%s/keys/operator.key", r.dir);
	enum err e = node_key_load(&k, path, &t);
	if (e != ERR_OK)
		row_die("key", e, &t);
	memcpy(operator.public_key, k.public_key, 32);
	memcpy(operator.secret_key, k.secret_key, 64);
	keyfile_fini(&k);
	signers[0] = r.signer;
	for (unsigned m = 1; m < MEMBERS; m++) {
		Argosy__V1__Action act = ARGOSY__V1__ACTION__INIT;
		Argosy__V1__AdmitMember admit = ARGOSY__V1__ADMIT_MEMBER__INIT;
		char name[MEMBER_ID_MAX + 1], country[] = "CL";
		crypto_sign_keypair(signers[m].public_key, signers[m].secret_key);
		ProtobufCBinaryData key = {32, signers[m].public_key};
		snprintf(name, sizeof name, "%s", names[m]);
		admit.id = admit.name = name;
		admit.country = country;
		admit.person_keys = &key;
		admit.n_person_keys = 1;
		act.act_case = ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER;
		act.admit_member = &admit;
		first(names[0], &operator, m, packed, argosy__v1__action__pack(&act, packed));
	}
	for (unsigned g = 0; g < GOODS; g++) {
		char epc[80];
		unsigned m = g % MEMBERS;
		goods_epc(epc, g);
		model.goods[g] = (struct custody){(uint8_t)m, NOBODY, 1};
		first(names[m], &signers[m], 100 + g, packed,
		      pack_event(packed, epc, true, g % 2, "commissioning"));
	}
}

static void tell(void)
{
	printf("row 10: replay, %d members: %" PRIu64 " operations (", MEMBERS, done_ops);
	for (unsigned i = 0; i < HOWS; i++)
		printf("%s%s %" PRIu64, i ? ", " : "", how_names[i], counts[i]);
	printf("; %" PRIu64 " repeats, %" PRIu64 " of what was forgotten or not yet tried), "
	       "offers, acceptances, declines applied %" PRIu64 ", %" PRIu64 ", %" PRIu64
	       " and refused %" PRIu64 ", %" PRIu64 ", %" PRIu64 ", %" PRIu64
	       " in one block with the one before, %" PRIu64 " restarts, %" PRIu64
	       " restores: %" PRIu64 " deviations\n",
	       again, forgotten, applied[OFFER], applied[ACCEPT], applied[DECLINE], refused[OFFER],
	       refused[ACCEPT], refused[DECLINE], same_block, restarts, restores, deviations);
}

int main(int argc, char **argv)
{
	uint64_t operations = row_count(argc, argv, "ARGOSY_OPERATIONS", 12000);
	char node[250];
	setvbuf(stdout, NULL, _IOLBF, 0);
	seed = row_seed_spread(row_seed(NULL, 1));
	row_folder(dir, sizeof dir, "replay");
	snprintf(node, sizeof node, "%s/node0", dir);
	row_create(&r, node);
	row_open(&r);
	begin();
	for (uint64_t round = 1; done_ops < operations && deviations < 10; round++) {
		pool_run();
		if (round % 40 == 0)
			restart();
		if (round % 60 == 30)
			backup();
		if (round % 60 == 50 && copy[0])
			restore();
	}
	restart();
	struct ledger_audit audit;
	struct err_text t = {{0}};
	row_close(&r);
	enum err e = node_verify(&audit, r.dir, NULL, &t);
	if (e != ERR_OK)
		row_die("row 10: the whole check", e, &t);
	tell();
	row_remove(dir);
	return deviations ? 1 : 0;
}
