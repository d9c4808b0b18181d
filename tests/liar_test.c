/*
 * A malicious operator at the door. He keeps the log honest, and signs a state whose history
 * lacks what a member recorded: a hidden event, and a false absence. What shows it, and
 * what does not: a held head, a witness who checks the log, one who executes the chain, a
 * receipt.
 */
#include "program.h"

#include "crypto/ed25519.h"
#include "node/node.h"
#include "proof/receipt.h"
#include "verify/verify.h"

#include <setjmp.h>
#include <stddef.h>

#include <cmocka.h>

#define RUN(program, ...) program_run(program, __VA_ARGS__, (const char *)NULL)
#define ITEM(n) "https://id.example.com/goods/" #n

static struct program_result last;

#define CODE(expected, program, ...)                                                               \
	do {                                                                                       \
		program_free(&last);                                                               \
		last = RUN(program, __VA_ARGS__);                                                  \
		if (last.code != (expected))                                                       \
			fail_msg("exit %d, not %d\n%s%s", last.code, expected, last.out,           \
				 last.err);                                                        \
	} while (0)
#define OUT(text) assert_non_null(strstr(last.out, text))
#define ERR(text) assert_non_null(strstr(last.err, text))

static char folder[300], genesis[320], fp[65], key[300];

/* ---- the honest part ---- */

static const char *document(const char *name, const char *events)
{
	char text[4096];
	snprintf(text, sizeof text,
		 "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld\"],"
		 "\"type\":\"EPCISDocument\",\"schemaVersion\":\"2.0\",\"creationDate\":"
		 "\"2026-01-02T03:04:05Z\",\"epcisBody\":{\"eventList\":[%s]}}",
		 events);
	return program_file(name, text);
}

#define EVENT(action, step, item)                                                                  \
	"{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T03:00:00Z\",\"eventTimeZoneOffset\":" \
	"\"+00:00\",\"action\":\"" action "\",\"bizStep\":\"" step "\",\"epcList\":[\"" item "\"]}"

static struct node *opened(void)
{
	struct node *n;
	struct err_text t = {{0}};
	const struct node_options o = {.read_only = true};
	if (node_open(&n, folder, &o, &t) != ERR_OK)
		fail_msg("%s", t.text);
	return n;
}

static struct verify_result *checked(const char *path)
{
	char *bytes = NULL;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	bytes = malloc(1 << 20);
	assert_non_null(bytes);
	size_t n = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	const struct verify_options o = {0};
	struct verify_result *r = verify_bundle((const uint8_t *)bytes, n, &o);
	free(bytes);
	assert_non_null(r);
	assert_int_equal(r->reason, VERIFY_OK);
	return r;
}

static void file_write(const char *path, const struct buf *b)
{
	FILE *f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(b->p, 1, b->n, f), b->n);
	assert_int_equal(fclose(f), 0);
}

/* ---- the lie ---- */

/* What the state was before the alarm: of items 1 (one event) and 2 (none). */
struct past {
	struct ledger_proof p;
	struct buf value[2];
	struct buf proof[2];
};

static void past_take(struct past *past)
{
	struct node *n = opened();
	struct err_text t = {{0}};
	static struct state_proof proofs[2];
	const struct slice keys[2] = {SLICE_LIT("s/" ITEM(1)), SLICE_LIT("s/" ITEM(2))};
	memset(past, 0, sizeof *past);
	assert_int_equal(ledger_prove(node_ledger(n), &past->p, keys, 2, past->value, proofs, &t),
			 ERR_OK);
	for (unsigned i = 0; i < 2; i++)
		state_proof_put(&past->proof[i], &proofs[i]);
	assert_int_equal(proofs[0].kind, STATE_PROOF_PRESENT);
	assert_int_not_equal(proofs[1].kind, STATE_PROOF_PRESENT);
	node_close(n);
}

/* The last block of the honest chain signed anew, as the header of a state that he likes. */
struct lie {
	struct header header;
	struct commit commit;
	struct buf header_bytes, commit_bytes;
	struct bundle_head head;
	struct hash app_hash; /* what he pretends */
};

static void sign(struct lie *l, const struct commit *last_commit)
{
	uint8_t msg[VOTE_SIGN_BYTES_MAX];
	char path[400];
	struct keyfile k;
	struct err_text t;
	struct commit_sig *s = &l->commit.sigs[0];
	snprintf(path, sizeof path, "%s/keys/validator.key", folder);
	assert_int_equal(node_key_load(&k, path, &t), ERR_OK);
	block_id_of(&l->commit.block_id, &l->header, NULL, 0, last_commit);
	size_t n = vote_sign_bytes(msg, l->header.chain_id, VOTE_PRECOMMIT, l->commit.height,
				   l->commit.round, &l->commit.block_id, s->time);
	ed25519_sign(s->sig, slice(msg, n), k.secret_key);
	keyfile_fini(&k);
}

static void lie_make(struct lie *l, struct node *n, const struct past *past)
{
	struct ledger *ledger = node_ledger(n);
	struct ledger_head h;
	struct buf newest = BUF_INIT, before = BUF_INIT;
	struct block_record b;
	struct commit *last_commit = calloc(1, sizeof *last_commit);
	ledger_head(ledger, &h);
	assert_int_equal(ledger_read_block(ledger, &newest, h.height), ERR_OK);
	assert_int_equal(ledger_read_block(ledger, &before, h.height - 1), ERR_OK);
	assert_true(block_record_decode(&b, buf_slice(&before)) &&
		    commit_decode(last_commit, b.commit));
	assert_true(block_record_decode(&b, buf_slice(&newest)) && b.n_packets == 0);
	assert_true(header_decode(&l->header, b.header) && commit_decode(&l->commit, b.commit));
	app_hash(&l->app_hash, h.log_size, &h.log_root, &past->p.state_root);
	assert_false(hash_eq(&l->app_hash, &l->header.app_hash));
	l->header.app_hash = l->app_hash;
	sign(l, last_commit);
	header_encode(&l->header_bytes, &l->header);
	commit_encode(&l->commit_bytes, &l->commit);
	l->head = (struct bundle_head){.genesis = ledger_genesis(ledger),
				       .header = &l->header,
				       .commit = &l->commit,
				       .log_size = h.log_size,
				       .log_root = h.log_root,
				       .state_root = past->p.state_root};
	buf_fini(&newest);
	buf_fini(&before);
	free(last_commit);
}

/* A folder with his journal: honest but for the last block; `careful`: the records of the last
 * two say what he pretends, too. */
static void folder_make(const struct lie *l, const char *dir, bool careful)
{
	char path[400];
	struct journal *from, *to;
	struct journal_cursor *c;
	struct journal_record r;
	const struct journal_options read = {.read_only = true}, create = {.create = true};
	assert_int_equal(mkdir(dir, 0700), 0);
	snprintf(path, sizeof path, "%s/log", folder);
	assert_int_equal(journal_open(&from, io_posix(), path, NULL, &read, NULL), ERR_OK);
	snprintf(path, sizeof path, "%s/log", dir);
	assert_int_equal(journal_open(&to, io_posix(), path, &l->head.genesis->fingerprint, &create,
				      NULL),
			 ERR_OK);
	assert_int_equal(journal_cursor_open(&c, from, NULL, NULL), ERR_OK);
	while (journal_cursor_next(c, &r, NULL) == ERR_OK) {
		struct block_record b;
		struct buf out = BUF_INIT;
		if (r.type != JOURNAL_BLOCK) {
			assert_int_equal(journal_append(to, r.type, r.payload, NULL, NULL), ERR_OK);
			continue;
		}
		assert_true(block_record_decode(&b, r.payload));
		if (b.height == l->header.height) {
			b.header = buf_slice(&l->header_bytes);
			b.commit = buf_slice(&l->commit_bytes);
		}
		if (careful && b.height >= l->header.height - 1)
			b.app_hash = l->app_hash;
		block_record_head(&out, &b);
		buf_put_slice(&out, b.packets);
		assert_int_equal(journal_append(to, r.type, buf_slice(&out), NULL, NULL), ERR_OK);
		buf_fini(&out);
	}
	journal_cursor_close(c);
	assert_int_equal(journal_sync(to, NULL), ERR_OK);
	journal_close(from);
	journal_close(to);
}

/* Bundles of that head: item 1 as it was before the alarm, item 2 as if it were nothing. */
static void bundle_make(const struct lie *l, struct node *n, const struct past *past, unsigned item,
			const char *early, const char *path)
{
	struct verify_result *r = checked(early);
	const struct verify_subject *s = &r->subjects[0];
	struct bundle_event e[8];
	struct mlog_proof proof;
	struct buf out = BUF_INIT;
	struct err_text t = {{0}};
	struct bundle_consistency c = {.size = past->p.log_size, .root = past->p.log_root,
				       .path = proof.h};
	struct bundle_subject sub = {.id = item == 1 ? SLICE_LIT(ITEM(1)) : SLICE_LIT(ITEM(2)),
				     .value = buf_slice(&past->value[item - 1]),
				     .proof = buf_slice(&past->proof[item - 1]),
				     .events = e};
	struct bundle b = {.head = l->head,
			   .subjects = &sub,
			   .n_subjects = 1,
			   .consistencies = &c,
			   .n_consistencies = 1};
	assert_int_equal(mlog_prove_consistency(ledger_mlog(node_ledger(n)), &proof,
						past->p.log_size,
						l->head.log_size),
			 ERR_OK);
	c.n = proof.n;
	for (; item == 1 && sub.n_events < s->n_events; sub.n_events++) {
		const struct verify_event *v = &s->events[sub.n_events];
		e[sub.n_events] = (struct bundle_event){.kind = v->kind,
							.flags = v->flags,
							.role = v->role,
							.happened_ms = v->happened_ms,
							.recorded_ms = v->recorded_ms,
							.step = slice_str(v->step),
							.where = slice_str(v->where),
							.who = slice_str(v->who)};
		memcpy(e[sub.n_events].digest.b, v->digest, 32);
	}
	if (bundle_encode(&out, &b, &t) != ERR_OK)
		fail_msg("%s", t.text);
	file_write(path, &out);
	buf_fini(&out);
	verify_free(r);
}

/* The receipt of the alarm's transaction: he gives it, for the log under his head holds it. */
static void receipt_make(const struct lie *l, struct node *n, const char *path)
{
	struct ledger *ledger = node_ledger(n);
	struct buf bytes[4] = {BUF_INIT, BUF_INIT, BUF_INIT, BUF_INIT}, out = BUF_INIT;
	struct slice list[4];
	struct mlog_range range;
	struct receipt r = {.head = l->head, .records = list, .n = 3, .path = &range};
	r.first = l->head.log_size - r.n; /* the document's head, and two events */
	for (unsigned i = 0; i < r.n; i++) {
		assert_int_equal(ledger_read_record(ledger, &bytes[i], r.first + i), ERR_OK);
		list[i] = buf_slice(&bytes[i]);
	}
	assert_int_equal(mlog_prove_range(ledger_mlog(ledger), &range, r.first, r.n,
					  l->head.log_size),
			 ERR_OK);
	assert_int_equal(receipt_encode(&out, &r, NULL), ERR_OK);
	file_write(path, &out);
	for (unsigned i = 0; i < r.n; i++)
		buf_fini(&bytes[i]);
	buf_fini(&out);
}

static void hidden_and_absent(void **state)
{
	(void)state;
	static struct lie l;
	static struct past past;
	char honest[300], early[300], hidden[300], absent[300], receipt[300], seen[300], sig[300];
	char clumsy[300], careful[300], work[300], work2[300], follow_seen[300], block[40];
	const struct {
		char *path;
		const char *name;
	} files[] = {{honest, "honest.head"},	{early, "early.bundle"}, {hidden, "hidden.bundle"},
		     {absent, "absent.bundle"}, {receipt, "a.receipt"},	 {seen, "seen"},
		     {sig, "signature"},	{clumsy, "clumsy"},	 {careful, "careful"},
		     {work, "work"},		{work2, "work2"},	 {follow_seen,
									  "follow-seen"}};
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		snprintf(files[i].path, 300, "%s/%s", program_dir, files[i].name);

	CODE(0, "argosy", "import", "epcis",
	     document("one.json", EVENT("ADD", "commissioning", ITEM(1))));
	CODE(0, "argosy", "head", "export", "-o", honest);
	CODE(0, "argosy", "prove", ITEM(1), "-o", early);
	past_take(&past);
	CODE(0, "argosy", "import", "epcis",
	     document("two.json",
		      EVENT("OBSERVE", "inspecting", ITEM(1)) "," EVENT("ADD", "commissioning",
									ITEM(2))));
	struct node *n = opened();
	lie_make(&l, n, &past);
	bundle_make(&l, n, &past, 1, early, hidden);
	bundle_make(&l, n, &past, 2, early, absent);
	receipt_make(&l, n, receipt);
	folder_make(&l, clumsy, false);
	folder_make(&l, careful, true);
	node_close(n);

	/* A held head does not show it; so the caveat stands. */
	CODE(0, "argosy-verify", hidden, "--genesis", genesis, "--head", honest);
	OUT("This is the only event of this subject, none left out");
	OUT("Continues the head that you hold");
	OUT("second, different history");
	CODE(0, "argosy-verify", absent, "--genesis", genesis, "--head", honest);
	OUT("has no history");
	OUT("second, different history");
	/* A witness who checks the log signs it, and says that it was the log. */
	CODE(0, "argosy", "head", "cosign", honest, "--key", key, "--seen", seen, "--genesis", fp);
	CODE(0, "argosy", "head", "cosign", hidden, "--key", key, "--seen", seen, "-o", sig);
	ERR("as \"log\"");
	ERR("was not checked");
	char *text = program_text(sig);
	assert_non_null(strstr(text, "\"how\":\"log\""));
	free(text);
	/* Who executes the chain does not, and names the block. */
	snprintf(block, sizeof block, "block %lld:", (long long)l.header.height);
	remove(sig);
	CODE(4, "argosy", "witness", "follow", clumsy, "--key", key, "--seen", follow_seen,
	     "--work", work,
	     "--genesis", fp, "-o", sig);
	ERR("not signed");
	ERR(block);
	ERR("the state root");
	snprintf(block, sizeof block, "block %lld:", (long long)l.header.height - 1);
	CODE(4, "argosy", "witness", "follow", careful, "--key", key, "--seen", follow_seen,
	     "--work",
	     work2, "--genesis", fp, "-o", sig);
	ERR("not signed");
	ERR(block);
	assert_int_not_equal(access(sig, F_OK), 0);
	assert_int_not_equal(access(follow_seen, F_OK), 0);
	/* The receipt is evidence against whoever signed the head. */
	char hex[65];
	struct verify_result *r = checked(hidden);
	hex_encode(hex, r->signers[0], 32);
	verify_free(r);
	CODE(0, "argosy-verify", receipt, "--genesis", genesis);
	OUT("event 2 of " ITEM(1));
	CODE(0, "argosy-verify", "evidence", receipt, hidden);
	OUT("is event 2 of " ITEM(1));
	OUT("it lacks this one");
	OUT(hex);
	CODE(0, "argosy-verify", "evidence", absent, receipt, "--json");
	OUT("{\"conflict\":\"receipt\"");
	OUT("there is no history of it");
	/* The honest chain is signed; and after it the other is another chain. */
	CODE(0, "argosy", "witness", "follow", folder, "--key", key, "--seen", follow_seen,
	     "--work",
	     work, "-o", sig);
	text = program_text(sig);
	assert_non_null(strstr(text, "\"how\":\"replayed\""));
	free(text);
	CODE(0, "argosy", "witness", "add", sig);
	CODE(4, "argosy", "witness", "follow", clumsy, "--key", key, "--seen", follow_seen,
	     "--work", work);
	ERR("replayed before");
	for (unsigned i = 0; i < 2; i++) {
		buf_fini(&past.value[i]);
		buf_fini(&past.proof[i]);
	}
	buf_fini(&l.header_bytes);
	buf_fini(&l.commit_bytes);
}

/* ---- following an honest chain ---- */

/* Goes on from where it was; refuses what is older, other, or not this chain; nothing twice. */
static void follow(void **state)
{
	(void)state;
	char copy[300], work[300], seen[300], sig[300], other[300], head[300];
	snprintf(copy, sizeof copy, "%s/copy", program_dir);
	snprintf(work, sizeof work, "%s/w", program_dir);
	snprintf(seen, sizeof seen, "%s/s", program_dir);
	snprintf(sig, sizeof sig, "%s/sig", program_dir);
	snprintf(other, sizeof other, "%s/other", program_dir);
	snprintf(head, sizeof head, "%s/new.head", program_dir);
#define FOLLOW(code, ...)                                                                          \
	CODE(code, "argosy", "witness", "follow", "--key", key, "--work", work, "--seen", seen,    \
	     __VA_ARGS__)
	CODE(0, "argosy", "backup", "create", copy);
	FOLLOW(2, copy);
	ERR("--genesis");
	FOLLOW(4, copy, "--genesis",
	       "00000000000000000000000000000000000000000000000000000000000000aa");
	FOLLOW(3, "/nonexistent", "--genesis", fp);
	FOLLOW(2, "https://example.com/", "--genesis", fp);
	ERR("accounts");
	FOLLOW(2, copy, "--genesis", fp, "--send");
	FOLLOW(0, copy, "--genesis", fp, "-o", sig, "--json");
	OUT("\"signed\":true");
	FOLLOW(0, copy, "--json");
	OUT("\"signed\":false");
	CODE(0, "argosy", "witness", "add", sig);
	/* A signature of another state is not kept. */
	char *text = program_text(sig), *root = strstr(text, "\"state_root\":\"");
	assert_non_null(root);
	root[20] = root[20] == '0' ? '1' : '0';
	CODE(1, "argosy", "witness", "add", program_file("bad.json", text));
	free(text);
	/* More blocks; then the older copy again. */
	CODE(0, "argosy", "prefix", "register", "https://id7.example.com/");
	FOLLOW(0, folder, "-o", sig);
	FOLLOW(4, copy);
	ERR("was replayed before");
	/* A head that was seen elsewhere and is not in what is shown now. */
	CODE(0, "argosy", "prefix", "register", "https://id8.example.com/");
	CODE(0, "argosy", "head", "export", "-o", head);
	CODE(4, "argosy", "witness", "follow", copy, "--key", key, "--work", other, "--seen", head,
	     "--genesis", fp);
	ERR("was seen before");
	/* The validator's key is replaced as the genesis allows: the chain goes on. */
	char next[400], after[300], resumed[300];
	snprintf(next, sizeof next, "%s/keys/next-validator.key", folder);
	snprintf(after, sizeof after, "%s/after.key", program_dir);
	CODE(0, "argosy", "key", "rotate", "validator", "--next-key", next, "--new-next-key",
	     after);
	CODE(0, "argosy", "prefix", "register", "https://id9.example.com/");
	FOLLOW(0, folder, "-o", sig);
	CODE(0, "argosy", "witness", "add", sig);
	FOLLOW(0, folder, "--json");
	OUT("\"signed\":false");
	/* Resumed from the older copy, it lacks what was replayed: that is not signed; anew it is.
	 * */
	snprintf(resumed, sizeof resumed, "%s/resumed", program_dir);
	CODE(0, "argosy", "restore", copy, "--data-dir", resumed);
	CODE(0, "argosy", "resume", "--none-known", "--data-dir", resumed);
	CODE(0, "argosy", "prefix", "register", "https://id6.example.com/", "--data-dir", resumed);
	FOLLOW(4, resumed);
	ERR("replayed before");
	CODE(0, "argosy", "witness", "follow", resumed, "--key", key, "--work", other, "--seen",
	     program_file("other-seen", NULL), "--genesis", fp, "--json", "-o", sig);
	OUT("\"signed\":true");
	/* A node's own folder is no place to work in. */
	CODE(7, "argosy", "witness", "follow", copy, "--key", key, "--work", folder, "--seen", seen,
	     "--genesis", fp);
}

/* A flipped byte in a copied journal. */
static void damaged(void **state)
{
	(void)state;
	char copy[300], path[400], work[300], seen[300];
	snprintf(copy, sizeof copy, "%s/flipped", program_dir);
	snprintf(path, sizeof path, "%s/log/000001.seg", copy);
	snprintf(work, sizeof work, "%s/w3", program_dir);
	snprintf(seen, sizeof seen, "%s/s3", program_dir);
	CODE(0, "argosy", "backup", "create", copy);
	FILE *f = fopen(path, "r+b");
	assert_non_null(f);
	assert_int_equal(fseek(f, 3000, SEEK_SET), 0);
	int c = fgetc(f);
	assert_int_equal(fseek(f, 3000, SEEK_SET), 0);
	assert_int_equal(fputc(c ^ 1, f), c ^ 1);
	fclose(f);
	CODE(4, "argosy", "witness", "follow", copy, "--key", key, "--work", work, "--seen", seen,
	     "--genesis", fp);
	ERR("000001.seg");
}

/* Some 6 MiB of journal: more than a page of it. */
static const char *large(void)
{
	enum { EVENTS = 20, ITEMS = 9000, ROOM = EVENTS * ITEMS * 40 };
	char *text = malloc(ROOM);
	size_t n = 0;
	assert_non_null(text);
	n += (size_t)snprintf(text, ROOM,
			      "{\"@context\":[\"https://ref.gs1.org/standards/epcis/2.0.0/"
			      "epcis-context.jsonld\"],\"type\":\"EPCISDocument\",\"schemaVersion\":"
			      "\"2.0\",\"creationDate\":\"2026-01-02T03:04:05Z\",\"epcisBody\":{"
			      "\"eventList\":[");
	for (unsigned e = 0; e < EVENTS; e++) {
		n += (size_t)snprintf(text + n, ROOM - n,
				      "%s{\"type\":\"ObjectEvent\",\"eventTime\":\"2026-01-02T03:%02u:"
				      "00Z\",\"eventTimeZoneOffset\":\"+00:00\",\"action\":\"OBSERVE\","
				      "\"bizStep\":\"storing\",\"epcList\":[",
				      e ? "," : "", e);
		for (unsigned i = 0; i < ITEMS; i++)
			n += (size_t)snprintf(text + n, ROOM - n, "%s\"https://id.example.com/goods/x%u\"",
					      i ? "," : "", i);
		n += (size_t)snprintf(text + n, ROOM - n, "]}");
	}
	snprintf(text + n, ROOM - n, "]}}");
	const char *path = program_file("large.json", text);
	free(text);
	return path;
}

/* Through the daemon's socket, on and on: what is imported is witnessed by itself. */
static void through_the_socket(void **state)
{
	(void)state;
	char out[300], err[300], work[300], seen[300], bundle[300], signature[500];
	snprintf(work, sizeof work, "%s/w4", program_dir);
	snprintf(seen, sizeof seen, "%s/s4", program_dir);
	snprintf(bundle, sizeof bundle, "%s/socket.bundle", program_dir);
	snprintf(out, sizeof out, "%s/daemon.out", program_dir);
	snprintf(err, sizeof err, "%s/daemon.err", program_dir);
	const char *const daemon[] = {"argosyd", "--data-dir", folder, "--listen", "none", NULL};
	pid_t served = program_start(out, err, daemon);
	assert_true(program_says(served, err, "ready"));
	CODE(0, "argosy", "import", "epcis", large(), "--no-receipts");
	const char *const follower[] = {"argosy",   "witness", "follow", folder, "--key",
					key,	    "--work",  work,	 "--seen", seen,
					"--genesis", fp,	 "--send", "--follow", "--json",
						NULL};
	snprintf(out, sizeof out, "%s/follow.out", program_dir);
	snprintf(err, sizeof err, "%s/follow.err", program_dir);
	pid_t following = program_start(out, err, follower);
	assert_true(program_says(following, out, "\"sent\":true"));
	CODE(0, "argosy", "import", "epcis",
	     document("three.json", EVENT("OBSERVE", "storing", ITEM(1))));
	CODE(0, "argosy", "prove", ITEM(1), "-o", bundle);
	struct verify_result *r = checked(bundle);
	snprintf(signature, sizeof signature, "\"signed\":true,\"height\":%lld,",
		 (long long)r->height);
	verify_free(r);
	assert_true(program_says(following, out, signature));
	CODE(0, "argosy", "prove", ITEM(1), "-o", bundle);
	CODE(0, "argosy-verify", bundle, "--genesis", genesis, "--json");
	OUT("\"how\":\"replayed\"");
	char segment[400];
	struct stat st;
	snprintf(segment, sizeof segment, "%s/log/000001.seg", folder);
	assert_true(stat(segment, &st) == 0 && st.st_size > 5 << 20);
	kill(following, SIGTERM);
	program_wait(following);
	kill(served, SIGTERM);
	assert_int_equal(program_wait(served), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hidden_and_absent),
		cmocka_unit_test(follow),
		cmocka_unit_test(damaged),
		cmocka_unit_test(through_the_socket),
	};
	program_begin();
	if (ed25519_init() != ERR_OK)
		return 1;
	snprintf(folder, sizeof folder, "%s/node", program_dir);
	snprintf(genesis, sizeof genesis, "%s/genesis.txt", folder);
	snprintf(key, sizeof key, "%s/partner.key", program_dir);
	setenv("ARGOSY_DATA_DIR", folder, 1);
	struct program_result r = RUN("argosy", "init", "--member", "acme", "--no-passphrase");
	program_free(&r);
	r = RUN("argosy", "genesis", "fingerprint");
	snprintf(fp, sizeof fp, "%.64s", r.out);
	program_free(&r);
	r = RUN("argosy", "key", "create", key, "--kind", "agent", "--name", "Partner");
	program_free(&r);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	program_free(&last);
	program_end();
	return failed;
}
