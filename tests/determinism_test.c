/*
 * The same blocks give the same hashes, however they are computed.
 *
 * Some hundred blocks from a fixed seed, with every kind of action by eight members, most
 * of them applied and many refused: batches, repeats, forged and expired ones. As a unit
 * test they are run in one go and with restarts, and compared. With arguments the program
 * prints the hashes of every tenth block, for tests/reliability/determinism.py, which
 * compares compilers, locales, time zones and memory that comes filled with rubbish:
 *
 *	determinism_test --print RESTARTS sync|background given|own
 *
 * RESTARTS: a seed for the heights at which the ledger is closed and opened (0: never), now
 * and then after throwing away all that is derived. given: transactions are decoded and
 * checked by the caller, as a solo node does; own: by execute, as a replay does.
 *
 * On stderr it says which locale it got, and two words of it, so that nobody takes a locale
 * that is not installed for one that changed nothing: "locale tr_TR.UTF-8 , Pazar".
 */
#define FX_LEDGER
#include "trade/fixture.h"

#include <langinfo.h>
#include <locale.h>

enum { BLOCKS = 300, TXS_MAX = 14, ACTIONS_MAX = 4, KINDS = ACT_END, HASHES = BLOCKS / 10 };

struct run {
	uint64_t restarts;
	bool background, own, print;
};

/* Of every tenth block. */
struct hashes {
	struct hash app, state, log, results;
	uint64_t log_size;
};

static uint64_t seed;
static unsigned tried[KINDS], applied[KINDS];

static uint64_t rnd(uint64_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (seed >> 11) % below;
}

__attribute__((format(printf, 1, 2))) static const char *fmt(const char *f, ...)
{
	char text[2000];
	va_list ap;
	va_start(ap, f);
	vsnprintf(text, sizeof text, f, ap);
	va_end(ap);
	return fx_str(text);
}

/*
 * ---- what there is ----
 *
 * Compilers differ in the order in which they evaluate arguments: a call below has at most
 * one argument that draws a number.
 */

static unsigned who;	 /* the member who acts */
static unsigned of_whom; /* whose goods are meant: mostly the same */

static const char *item(void)
{
	return fmt("urn:epc:id:sgtin:952100%u.012345.%u", of_whom, (unsigned)rnd(30));
}

static const char *box(void)
{
	return fmt("urn:epc:id:sscc:952100%u.0%09u", of_whom, (unsigned)rnd(8));
}

static const char *lot_class(void)
{
	return fmt("urn:epc:class:lgtin:952100%u.098765.L%u", of_whom, (unsigned)rnd(6));
}

static const char *own(const char *what, unsigned n)
{
	return fmt("https://id.%s.example.org/%s/%u", fx_members[of_whom], what, (unsigned)rnd(n));
}

static const char *other(void)
{
	return fx_members[rnd(8)];
}

static const char *items(void)
{
	const char *one = item(), *two = item(), *three = box();
	switch (rnd(4)) {
	case 0:
		return fmt("%s %s %s", one, two, three);
	case 1:
		return three;
	default:
		return one;
	}
}

static const char *step(void)
{
	static const char *const steps[] = {"inspecting", "shipping", "receiving", "commissioning",
					    "no such step, and not a URI"};
	return steps[rnd(20) ? rnd(4) : 4];
}

/* ---- events ---- */

static void typed(Argosy__V1__TypedRef ***list, size_t *n, const char *type, const char *id)
{
	*list = arena_alloc(fx.mem, sizeof **list);
	(*list)[0] = arena_alloc(fx.mem, sizeof ***list);
	argosy__v1__typed_ref__init((*list)[0]);
	(*list)[0]->type = fx_str(type);
	(*list)[0]->id = fx_str(id);
	*n = 1;
}

static void measure(Argosy__V1__Event *e)
{
	Argosy__V1__SensorElement *s = arena_alloc(fx.mem, sizeof *s);
	Argosy__V1__SensorReport *r = arena_alloc(fx.mem, sizeof *r);
	argosy__v1__sensor_element__init(s);
	argosy__v1__sensor_report__init(r);
	r->type = fx_str("Temperature");
	unsigned degrees = (unsigned)rnd(40), hundredths = (unsigned)rnd(100);
	r->value = fx_str(fmt("%u.%u", degrees, hundredths));
	r->uom = fx_str("CEL");
	s->reports = arena_alloc(fx.mem, sizeof *s->reports);
	s->reports[0] = r;
	s->n_reports = 1;
	e->sensor_element_list = arena_alloc(fx.mem, sizeof s);
	e->sensor_element_list[0] = s;
	e->n_sensor_element_list = 1;
}

static action_t *event(void)
{
	int act = 1 + (int)rnd(3);
	const char *one = item(), *two = item(), *in = box(), *why = step();
	action_t *a;
	switch (rnd(8)) {
	case 0:
		a = fx_aggregation(act, in, fmt("%s %s", one, two));
		break;
	case 1:
		a = fx_transformation(item(), fmt("%s %s", one, two));
		break;
	case 2:
		a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION, act, why);
		a->event->epc_list = fx_words(&a->event->n_epc_list, item());
		typed(&a->event->biz_transaction_list, &a->event->n_biz_transaction_list, "po",
		      own("order", 5));
		break;
	case 3:
		a = fx_event(ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION, act, "installing");
		a->event->parent_id = fx_str(box());
		a->event->child_epcs = fx_words(&a->event->n_child_epcs, item());
		break;
	case 4:
		a = fx_object_quantity(act, lot_class(), why);
		break;
	default:
		a = fx_object(act, items(), why);
		break;
	}
	if (rnd(3) == 0)
		a->event->event_id = fx_str(""); /* known by its hash */
	else if (rnd(2) == 0)
		a->event->event_id =
			fx_str(fmt("urn:uuid:00000000-0000-4000-8000-%012u", (unsigned)rnd(60)));
	if (rnd(5) == 0)
		measure(a->event);
	if (rnd(5) == 0)
		typed(&a->event->destination_list, &a->event->n_destination_list, "owning_party",
		      own("party", 3));
	if (a->event->event_id[0] && rnd(4) == 0) {
		Argosy__V1__ErrorDeclaration *d = arena_alloc(fx.mem, sizeof *d);
		argosy__v1__error_declaration__init(d);
		d->declaration_time = fx_str("2026-11-02T10:00:00.000Z");
		d->reason = fx_str("incorrect_data");
		a->event->error_declaration = d;
	}
	return a;
}

/* ---- any action ---- */

static const char *key_name(void)
{
	return fmt("%s/key%u", fx_members[of_whom], (unsigned)rnd(12));
}

static const char *payload(void)
{
	return fmt("payload %u of %u", (unsigned)rnd(12), of_whom);
}

/* The newest one: somebody may answer it. */
static struct {
	const char *what, *from;
	unsigned to;
} offer;
static struct {
	const char *id;
	unsigned by;
} issued;
static struct {
	const char *what, *to, *step;
	unsigned by;
} granted;
static struct {
	const char *name;
	unsigned by;
} added;
static struct {
	const char *payload;
	unsigned by;
} attached;

static action_t *action(Argosy__V1__Action__ActCase kind)
{
	const char *thing = item(), *goods = items(), *them = other(), *key = key_name();
	const char *credential = own("credential", 8), *product = own("product", 6);
	unsigned few = (unsigned)rnd(12);
	bool coin = rnd(2);
	switch (kind) {
	case ARGOSY__V1__ACTION__ACT_EVENT:
		return event();
	case ARGOSY__V1__ACTION__ACT_DOCUMENT:
		return fx_document();
	case ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT:
		return fx_product(product);
	case ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION:
		return fx_location(own("place", 6));
	case ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX:
		return fx_prefix(coin ? fmt("gcp:952100%u", of_whom)
				      : fmt("https://id.%s.example.org/", fx_members[of_whom]));
	case ARGOSY__V1__ACTION__ACT_DEFINE_LOT:
		return fx_lot(own("lot", 9), fmt("https://id.%s.example.org/product/%u",
						 fx_members[of_whom], few % 2));
	case ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL:
		issued.id = credential;
		issued.by = who;
		return fx_credential(credential, them);
	case ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL:
		return fx_revoke_credential(few && issued.id ? issued.id : credential);
	case ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY:
		offer.what = goods;
		offer.from = fx_members[who];
		offer.to = few % 8;
		return fx_offer(goods, fx_members[offer.to]);
	case ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY:
		if (few && offer.what)
			return fx_accept(offer.what, offer.from);
		return fx_accept(thing, them);
	case ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY:
		return fx_decline(few && offer.what ? offer.what : thing);
	case ARGOSY__V1__ACTION__ACT_GRANT_STEP:
		granted.what = thing;
		granted.to = them;
		granted.step = coin ? "inspecting" : "";
		granted.by = who;
		return fx_grant(thing, them, granted.step);
	case ARGOSY__V1__ACTION__ACT_REVOKE_GRANT:
		if (few && granted.what)
			return fx_revoke_grant(granted.what, granted.to, granted.step);
		return fx_revoke_grant(thing, them, coin ? "inspecting" : "");
	case ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER:
		return fx_admit(fmt("guest%u", few));
	case ARGOSY__V1__ACTION__ACT_SET_MEMBER:
		return fx_set_member(fmt("guest%u", few), coin ? "active" : "suspended");
	case ARGOSY__V1__ACTION__ACT_ADD_KEY:
		added.name = key;
		added.by = who;
		return fx_add_key(key, few % 2, coin ? "event attach" : "");
	case ARGOSY__V1__ACTION__ACT_REVOKE_KEY:
		return fx_revoke_key(few && added.name ? added.name : key);
	case ARGOSY__V1__ACTION__ACT_DISOWN_KEY:
		return fx_disown_key(few && added.name ? added.name : key, 1 + (int64_t)few);
	case ARGOSY__V1__ACTION__ACT_ATTACH:
		attached.payload = payload();
		attached.by = who;
		return fx_attach(thing, attached.payload);
	case ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT:
		return fx_erase(few && attached.payload ? attached.payload : payload());
	case ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE:
		return fx_arbitrate(fmt("https://id.%s.example.org/thing/%u/", fx_members[of_whom], few),
				    coin ? them : "");
	case ARGOSY__V1__ACTION__ACT_STATEMENT:
		return fx_statement(goods, "they say that it is so");
	case ARGOSY__V1__ACTION__ACT__NOT_SET:
	case _ARGOSY__V1__ACTION__ACT__CASE_IS_INT_SIZE:
		break;
	}
	fail();
	return NULL;
}

static Argosy__V1__Action__ActCase kind_of(void)
{
	static const Argosy__V1__Action__ActCase answers[] = {
		ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY,	   ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY,
		ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL, ARGOSY__V1__ACTION__ACT_REVOKE_GRANT,
		ARGOSY__V1__ACTION__ACT_REVOKE_KEY,	   ARGOSY__V1__ACTION__ACT_DISOWN_KEY,
		ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT,  ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY,
		ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY,	   ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY,
	};
	/* What needs another before it is drawn more often, and offers as well. */
	uint64_t n = rnd(8), any = 1 + rnd(ARGOSY__V1__ACTION__ACT_STATEMENT + 1);
	if (any > ARGOSY__V1__ACTION__ACT_STATEMENT)
		any = ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE;
	return n < 4   ? ARGOSY__V1__ACTION__ACT_EVENT
	       : n < 6 ? answers[rnd(sizeof answers / sizeof *answers)]
		       : (Argosy__V1__Action__ActCase)any;
}

/* ---- blocks ---- */

/* The first block: each member claims what its identifiers begin with, and has goods. */
static struct tx *beginning(unsigned member)
{
	const char *name = fx_members[member], *all = "";
	for (unsigned i = 0; i < 30; i++)
		all = fmt("%s%surn:epc:id:sgtin:952100%u.012345.%u", all, i ? " " : "", member, i);
	action_t *list[] = {fx_prefix(fmt("gcp:952100%u", member)),
			    fx_prefix(fmt("https://id.%s.example.org/", name)),
			    fx_product(fmt("https://id.%s.example.org/product/0", name)),
			    fx_product(fmt("https://id.%s.example.org/product/1", name)),
			    fx_object(ADD, all, "commissioning")};
	return fx_tx(name, name, list, 5);
}

static struct tx *transaction(Argosy__V1__Action__ActCase *kind)
{
	action_t *list[ACTIONS_MAX];
	size_t n = rnd(4) ? 1 : 1 + rnd(ACTIONS_MAX);
	who = (unsigned)rnd(8);
	*kind = kind_of();
	if ((*kind == ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER ||
	     *kind == ARGOSY__V1__ACTION__ACT_SET_MEMBER ||
	     *kind == ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE) &&
	    rnd(4))
		who = 0; /* the operator */
	if (*kind == ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY ||
	    *kind == ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY)
		who = offer.to;
	if (*kind == ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL)
		who = issued.by;
	if (*kind == ARGOSY__V1__ACTION__ACT_REVOKE_GRANT)
		who = granted.by;
	if (*kind == ARGOSY__V1__ACTION__ACT_REVOKE_KEY ||
	    *kind == ARGOSY__V1__ACTION__ACT_DISOWN_KEY)
		who = added.by;
	if (*kind == ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT)
		who = attached.by;
	for (size_t i = 0; i < n; i++) {
		of_whom = rnd(6) ? who : (unsigned)rnd(8);
		list[i] = action(i ? kind_of() : *kind);
	}
	const char *member = fx_members[who];
	const char *key = rnd(8) ? member : rnd(2) ? fmt("%s/agent", member) : key_name();
	int64_t now = fx.time_ms;
	if (rnd(40) == 0)
		fx.time_ms -= 100000; /* expired */
	if (n > 1)
		*kind = ARGOSY__V1__ACTION__ACT__NOT_SET;
	struct tx *tx = fx_tx(member, key, list, n);
	fx.time_ms = now;
	return tx;
}

/* Transactions in some packets. */
static size_t packets(struct buf *bytes, struct slice *list, struct tx *const *txs, size_t n)
{
	size_t ends[TXS_MAX + 1], count = 0, begin = 0;
	for (size_t i = 0; i < n; i++) {
		buf_put_u8(bytes, 1 << 3 | 2);
		buf_put_lp(bytes, txs[i]->bytes);
		if (i + 1 == n || rnd(4) == 0)
			ends[count++] = bytes->n;
	}
	assert_int_equal(buf_err(bytes), ERR_OK);
	for (size_t i = 0; i < count; i++) {
		list[i] = slice(bytes->p + begin, ends[i] - begin);
		begin = ends[i];
	}
	return count;
}

static void one_block(const struct run *run, struct hashes *h, int64_t height)
{
	static struct buf last; /* a transaction of the block before, to repeat */
	struct tx *txs[TXS_MAX];
	Argosy__V1__Action__ActCase kinds[TXS_MAX];
	struct slice list[TXS_MAX];
	struct buf bytes = BUF_INIT;
	struct ledger_executed out;
	struct err_text t = {{0}};
	size_t n = height == 1 ? 8 : rnd(10) ? rnd(TXS_MAX) : 0;
	fx.height = height;
	fx.time_ms += 700 + (int64_t)rnd(3) * 3600000; /* through a day and more */
	if (height == 1)
		buf_clear(&last);
	for (size_t i = 0; i < n; i++) {
		kinds[i] = ARGOSY__V1__ACTION__ACT__NOT_SET;
		txs[i] = height == 1 ? beginning((unsigned)i) : transaction(&kinds[i]);
		if (last.n && rnd(12) == 0) {
			struct hash fp = fx_fingerprint();
			tx_free(txs[i]);
			if (rnd(2))
				last.p[last.n - 1 - rnd(60)] ^= 1; /* and forged */
			assert_int_equal(tx_decode(&txs[i], buf_slice(&last)), ERR_OK);
			tx_verify(txs[i], &fp);
			if (txs[i]->form == VERDICT_OK)
				txs[i]->form = trade_app.prepare(txs[i], &txs[i]->form_text);
			kinds[i] = ARGOSY__V1__ACTION__ACT__NOT_SET;
		}
	}
	if (n) {
		buf_clear(&last);
		buf_put_slice(&last, txs[0]->bytes);
	}
	struct ledger_block b = {.height = height,
				 .time_s = fx.time_ms / 1000,
				 .time_ns = (int32_t)(fx.time_ms % 1000) * 1000000,
				 .packets = list,
				 .n_packets = packets(&bytes, list, txs, n),
				 .txs = run->own ? NULL : txs,
				 .n_txs = n};
	fx_ok(ledger_execute(real.ledger, &out, &b, &t), &t);
	for (size_t i = 0; i < n; i++) {
		tried[kinds[i]]++;
		applied[kinds[i]] +=
			out.results[i].verdict == VERDICT_OK && !out.results[i].duplicate;
	}
	h->results = out.results_hash;
	fx_ok(ledger_commit(real.ledger, &b, &(struct hash){{0}}, slice(NULL, 0), slice(NULL, 0),
			    &t),
	      &t);
	struct ledger_head head;
	ledger_head(real.ledger, &head);
	h->app = head.app_hash;
	h->state = head.state_root;
	h->log = head.log_root;
	h->log_size = head.log_size;
	for (size_t i = 0; i < n; i++)
		tx_free(txs[i]);
	buf_fini(&bytes);
}

static void reopen(const struct run *run, bool rebuild)
{
	struct ledger_options o = {
		.app = &trade_app, .synchronous = !run->background, .rebuild = rebuild};
	struct err_text t = {{0}};
	ledger_close(real.ledger);
	fx_ok(ledger_open(&real.ledger, real.path, &o, &t), &t);
}

static void print_hash(const struct hash *h)
{
	char hex[65];
	hex_encode(hex, h->b, 32);
	printf(" %.64s", hex);
}

static void run_blocks(const struct run *run, struct hashes *all)
{
	uint64_t restarts = run->restarts;
	seed = 42;
	memset(&offer, 0, sizeof offer);
	memset(&issued, 0, sizeof issued);
	memset(&granted, 0, sizeof granted);
	memset(&added, 0, sizeof added);
	memset(&attached, 0, sizeof attached);
	memset(tried, 0, sizeof tried);
	memset(applied, 0, sizeof applied);
	fx_open();
	reopen(run, false);
	for (int64_t height = 1; height <= BLOCKS; height++) {
		struct hashes h;
		one_block(run, &h, height);
		if (height % 10 == 0) {
			all[height / 10 - 1] = h;
			if (run->print) {
				printf("%d", (int)height);
				print_hash(&h.app);
				print_hash(&h.state);
				print_hash(&h.log);
				print_hash(&h.results);
				printf(" %u\n", (unsigned)h.log_size);
			}
		}
		if (restarts) { /* its own numbers: the blocks must stay the same */
			restarts = restarts * 6364136223846793005u + 1442695040888963407u;
			if ((restarts >> 33) % 12 == 0)
				reopen(run, (restarts >> 40) % 4 == 0);
		}
	}
	fx_close();
}

/* ---- as a unit test ---- */

static struct hashes first[HASHES];

static void every_kind_is_applied(void **state)
{
	(void)state;
	run_blocks(&(struct run){.restarts = 0}, first);
	for (unsigned k = 1; k < KINDS; k++) {
		if (!act_name(k))
			continue;
		if (applied[k] == 0)
			print_error("kind %u: %u tried, none applied\n", k, tried[k]);
		assert_true(applied[k] > 0);
	}
	assert_true(first[HASHES - 1].log_size > 500);
}

static void same_as_first(const struct run *run)
{
	static struct hashes again[HASHES];
	run_blocks(run, again);
	for (size_t i = 0; i < HASHES; i++) {
		assert_memory_equal(&first[i].app, &again[i].app, 32);
		assert_memory_equal(&first[i].results, &again[i].results, 32);
		assert_int_equal(first[i].log_size, again[i].log_size);
	}
}

static void restarts_change_nothing(void **state)
{
	(void)state;
	same_as_first(&(struct run){.restarts = 7, .own = true});
	same_as_first(&(struct run){.restarts = 8, .background = true});
}

/* The environment's locale, and what it calls the decimal point and the first day. */
static void locale_take(void)
{
	const char *name = setlocale(LC_ALL, "");
	fprintf(stderr, "locale %s %s %s\n", name ? name : "(refused)",
		localeconv()->decimal_point, nl_langinfo(DAY_1));
}

int main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "--print") == 0) {
		static struct hashes all[HASHES];
		locale_take();
		run_blocks(&(struct run){.restarts = strtoull(argv[2], NULL, 10),
					 .background = strcmp(argv[3], "background") == 0,
					 .own = strcmp(argv[4], "own") == 0,
					 .print = true},
			   all);
		return 0;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_is_applied),
		cmocka_unit_test(restarts_change_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
