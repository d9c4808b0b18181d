/*
 * inner: what the files of a ledger share. Nobody else includes this.
 */
#ifndef ARGOSY_LEDGER_INNER_H
#define ARGOSY_LEDGER_INNER_H

#include "journal/ids.h"
#include "journal/places.h"
#include "ledger/ledger.h"

#include <pthread.h>

/* What a block left for ledger_commit: ids to remember. */
struct done_id {
	struct slice member;
	const uint8_t *id;
};

/* Who signed lately and may sign: what door_sender would read again for each transaction.
 * Verdicts against are not kept. */
struct sender {
	uint8_t key[32];
	uint8_t member_n; /* 0: nothing is kept here */
	char member[MEMBER_ID_MAX];
	int64_t retire_at_ms; /* 0: never */
	uint64_t quota;
};

enum { SENDERS_KEPT = 16 };

struct senders {
	struct sender at[SENDERS_KEPT]; /* by the key's first bits */
};

struct ledger {
	char dir[IO_PATH_MAX];
	const struct io *io;
	const struct ledger_app *app;
	struct ledger_options options;
	struct genesis genesis;
	struct hash fingerprint;
	struct buf genesis_file; /* `genesis` borrows from it */
	uint64_t quota_default;
	struct epoch epochs[EPOCHS_MAX];
	size_t n_epochs;
	struct epoch_set validators;
	struct journal *journal;
	struct state *state;
	struct mlog *mlog;
	struct ids *ids;
	struct places *places; /* state/blocks: where in the journal each height is */

	/* Readers that need state, log and head of one height hold it shared; commit makes
	 * a block visible under it. */
	pthread_rwlock_t visible;
	struct ledger_head head;
	struct journal_pos last_pos, end_pos; /* of the last block's record, and behind it */
	uint64_t transactions; /* executed since it was opened */

	/* Of the last read that met damage. */
	pthread_mutex_t damage_lock;
	struct err_text damage;

	/* Of the state at `senders_height`, for ledger_check. */
	pthread_mutex_t senders_lock;
	struct senders senders;
	int64_t senders_height;

	/* The block being executed. */
	struct senders staged_senders; /* forgotten when a member or key is written */
	bool staging;
	bool believing; /* catching up with blocks whose signatures were checked before */
	struct arena *arena, *action_arena; /* the second only while ledger_execute runs */
	struct ledger_head staged;
	struct done_id *ids_done;
	size_t n_ids_done, staged_txs;
};

/* The state counts commits: 1 is the genesis, then one for each height. */
int64_t ledger_state_height(const struct ledger *l, int64_t height);

/* ---- note.c ---- */

/* What goes with a flush of the state and says where the rest of the folder stood: the
 * head, the place of its journal record, the epochs. */
void note_encode(struct buf *b, const struct ledger *l, const struct ledger_head *h,
		 struct journal_pos pos);
/* What a note says; the epochs stand behind what `rest` is left at. */
bool note_decode(struct ledger_head *h, struct journal_pos *pos, struct reader *rest,
		 struct slice note);
/* Applies the next epoch to the validators in force and keeps it. ERR_CORRUPT: it does not
 * follow from those before. */
enum err ledger_epoch_add(struct ledger *l, const struct epoch *e, struct err_text *t) MUST_USE;

/* ---- ledger.c ---- */

/* Lets the staged block be seen, whose record lies durable in the journal at `pos`: its ids
 * and place are kept, then event log, state and head go over to it together. Commit ends
 * with it, and so does the replay of a block. Nothing is staged any more, whatever it
 * gives; after a fault the next opening has the block from the journal. */
enum err ledger_see(struct ledger *l, const struct hash *block_hash, struct journal_pos pos,
		    struct err_text *t) MUST_USE;

/* ---- read.c ---- */

/* A record of the log, for readers and execution; damage is kept for ledger_damage. */
enum err ledger_record_read(struct ledger *l, struct buf *out, uint64_t index) MUST_USE;

/* ---- exec.c ---- */

/* Where member and key records come from: the block being executed, or the last commit. */
struct view {
	struct exec *x;		 /* NULL: `read` */
	struct state_read *read;
	struct buf *space;	 /* for values of `read` */
	struct ledger *ledger;	 /* of `read`, for door_sender and door_quota_get */
};

/* A value as the view has it; borrowed until the block ends, or until the next view_get. Of
 * `read` it is a first look (state_read_peek). */
enum err view_get(struct view *w, bool *found, struct slice *value, struct slice key) MUST_USE;

/* Counts work that is done; genesis, begin and end are nobody's transaction and count none. */
void exec_work(struct exec *x, uint64_t rows, uint64_t kib);

/* ---- door.c: what a transaction must pass before the application sees it ---- */

/* Sets a verdict's field and its usual sentence; gives the verdict back. */
enum verdict door_say(struct verdict_text *t, enum verdict v, const char *field);
/*
 * May these keys sign now, the first for the transaction's member? Gives that member's own
 * quota (0: the chain's) where they may. A suspended member may where the transaction
 * only rescues him (tx->rescue); who signs beside the sender is active in any case.
 */
enum err door_sender(struct view *w, enum verdict *v, uint64_t *quota, const struct tx *tx,
		     int64_t time_ms, struct verdict_text *t) MUST_USE;
/* Is the transaction's last moment still to come, and not too far away? */
enum verdict door_expiry(const struct tx *tx, int64_t time_ms, struct verdict_text *t);
/* Fills in what was used and, where q->limit is 0, the chain's default. */
enum err door_quota_get(struct view *w, struct ledger_quota *q, struct slice member,
			int64_t time_ms) MUST_USE;
bool quota_within(const struct ledger_quota *q, uint64_t work);
/* Charges the member with so much more. */
enum err door_quota_put(struct exec *x, const struct ledger_quota *q, struct slice member,
			uint64_t work) MUST_USE;

/* ---- execute.c ---- */

/* One transaction on what is staged, or on a trial. */
enum err exec_transaction(struct exec *x, struct ledger_result *r, struct tx *tx,
			  struct err_text *t) MUST_USE;

/* ---- done.c: ids in the state ---- */

/* What the state keeps of a transaction that was done. */
struct done {
	struct hash body_hash;
	int64_t expires_ms;
	uint64_t height, verdict;
};

/* Was the id done before, by this member? ERR_CORRUPT: the record is damaged. */
enum err done_find(struct view *w, bool *found, struct done *d, struct slice member,
		   const uint8_t id[static TX_ID_BYTES], struct err_text *t) MUST_USE;
/* Keeps the id with its verdict, and does not count it: whoever settled it charges it. */
enum err done_put(struct exec *x, const struct tx *tx, enum verdict v) MUST_USE;
/* Forgets some of the ids that are too old; for blocks with transactions only, since an
 * empty one must not change the app hash. */
enum err done_purge(struct exec *x, struct err_text *t) MUST_USE;
/* Keeps a block's ids in their order for the day when they are to be forgotten. */
enum err done_list(struct exec *x, const struct done_id *ids, size_t n,
		   struct err_text *t) MUST_USE;

#endif
