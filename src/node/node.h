/*
 * node: one organisation's node in solo mode: folder, keys, driver.
 *
 * The folder:
 *   LOCK FORMAT genesis.txt (fingerprint)
 *   log/ state/ (see ledger/ledger.h)  attachments/
 *   keys/ (0700): validator.key agent.key operator.key last_signed
 *   argosyd.sock while a daemon serves it
 *
 * All functions may be called from any thread.
 */
#ifndef ARGOSY_NODE_NODE_H
#define ARGOSY_NODE_NODE_H

#include "base/bytes.h"
#include "crypto/keyfile.h"
#include "ledger/ledger.h"
#include "proof/bundle.h"

struct node;

/* Makes a key file of fresh randomness in `dir` (or at `file`, where that is a path).
 * ERR_EXISTS. `passphrase`: for KEYFILE_PERSON. */
enum err node_key_make(const char *dir, const char *file, enum keyfile_kind kind, const char *name,
		       const char *passphrase, uint8_t public_key[static 32], struct err_text *t) MUST_USE;
/* Reads a key file; keyfile_fini it. */
enum err node_key_load(struct keyfile *k, const char *path, struct err_text *t) MUST_USE;

/* What a new chain is born with. */
struct node_birth {
	const char *chain_id;	     /* NULL: made from the member id */
	const char *member;	     /* the operator's member id */
	const char *name, *country;  /* of the operator */
	const char *passphrase;	     /* of the operator's person key; NULL or "": the key file is not encrypted and says so */
	const char *next_key_file;   /* where the validator's next key goes (to be kept offline); NULL: keys/next-validator.key */
	int64_t time_s;		     /* genesis time; 0: now */
	uint64_t quota;		     /* units of work an hour and member; 0: LEDGER_QUOTA_DEFAULT */
};

/* Makes folder, keys, genesis and an empty ledger. ERR_EXISTS if there is a node, or what may be
 * one that lost its FORMAT. */
enum err node_create(const char *dir, const struct node_birth *birth, struct err_text *t) MUST_USE;

/* The one line of FORMAT, which birth writes and opening demands. */
#define NODE_FORMAT_LINE "argosy-data 1"

/* What keeps a folder from being opened. */
enum node_lack {
	NODE_LACKS_NOTHING,
	NODE_LACKS_ALL,	   /* there is no node in it */
	NODE_LACKS_FORMAT, /* there is a journal, or there are keys */
	NODE_LACKS_KEY,	   /* keys/validator.key is gone: it may be read, but make no blocks */
};
enum node_lack node_lacks(const char *dir);
/* Is there a node of this version? ERR_NOTFOUND: no. ERR_CORRUPT: FORMAT alone is missing.
 * ERR_VERSION. */
enum err node_there(const char *dir, struct err_text *t) MUST_USE;

struct node_options {
	/* No blocks made; the folder is locked and the state caught up all the same. Where the folder
	 * cannot be written, its state is made anew among the temporary files, each time. */
	bool read_only;
	bool synchronous; /* tests: no background flush */
	uint64_t disk_floor_bytes; /* 0: 5 % of the file system, 64 to 512 MiB; of a small one a quarter */
	unsigned threads; /* workers that check signatures; 0: one for each core */
	void (*progress)(void *ctx, const char *what, uint64_t done, uint64_t of);
	void *progress_ctx;
	enum node_lack *lacks; /* not NULL: receives which lack it is that kept it from opening, if one */
};

/* ERR_NOTFOUND: there is none. ERR_LOCKED: another process has it. ERR_CORRUPT (a file that is
 * missing, too) and others as ledger_open. A node whose
 * journal is behind its last signed height opens read-only (node_status tells why). */
enum err node_open(struct node **out, const char *dir, const struct node_options *o,
		   struct err_text *t) MUST_USE;
/* Finishes what was accepted, closes a proof block if one is owed, then closes. NULL is fine. */
void node_close(struct node *n);

struct node_status {
	bool read_only; /* the folder may not sign, whether it was opened for that or not */
	char why[256]; /* why it is read-only or stopped; empty otherwise */
	bool stopped;  /* a fault stopped it: restart needed */
	bool clock_held; /* the clock jumped ahead: blocks wait for node_confirm_clock */
	bool disk_full;	 /* less free space than the floor: reads go on, nothing is accepted */
	uint64_t queued;
	struct ledger_head head;
};
void node_status(struct node *n, struct node_status *s);
struct ledger *node_ledger(struct node *n);
const char *node_dir(const struct node *n);
/* The operator says that the clock is right after it jumped ahead by more than ten minutes. */
void node_confirm_clock(struct node *n);

struct node_answer {
	/* Not ERR_OK: put into no block, and none will hold it unless it is sent again, since clock
	 * (ERR_UNAVAILABLE) or disk (ERR_NOSPACE) were not fit for one. All else is empty then. */
	enum err unfit;
	enum verdict verdict;
	bool duplicate;	 /* done before: verdict, height of the first time */
	int64_t height;	 /* 0: never entered a block (refused at the door) */
	uint64_t first_index; /* log index of its first record, if any */
	uint32_t records;
	struct hash body_hash;
	struct verdict_text text;
};

/*
 * Submits encoded Transactions as one submission and waits until each is durable or refused.
 * They are executed in their order, whichever blocks they come into; one that is refused does
 * not stop those after it.
 * Faults: ERR_UNAVAILABLE (stopped, clock held), ERR_READONLY, ERR_NOSPACE;
 * those whose answer has height 0 and verdict 0 are in no block, unless the text says that the
 * node stopped before it answered.
 */
enum err node_submit(struct node *n, struct node_answer *answers, const struct slice *txs, size_t count,
		     struct err_text *t) MUST_USE;
/* The same, by a connection: those that submit take turns. A number of its own for each; 0 is
 * this process. */
enum err node_submit_from(struct node *n, struct node_answer *answers, const struct slice *txs,
			  size_t count, uint64_t source, struct err_text *t) MUST_USE;
/* One without waiting; all that are submitted so are one submission. `done` runs once for each, on
 * a thread of the node; look at `unfit` first. With NULL if the node stopped and the outcome is unknown. ERR_LIMIT: too many wait (then
 * node_wait_room, and again). */
enum err node_submit_async(struct node *n, struct slice tx, void (*done)(void *ctx, const struct node_answer *),
			   void *ctx, struct err_text *t) MUST_USE;

void node_wait_room(struct node *n);

/*
 * What would become of these transactions, were they submitted now (ledger_try; signed for
 * trial_fingerprint)? Nothing is recorded and no block waits. One trial at a time: ERR_UNAVAILABLE
 * where another runs, and wherever node_submit would have it; ERR_READONLY likewise.
 */
enum err node_try(struct node *n, struct ledger_trial *out, struct arena *a, const struct slice *txs,
		  size_t count, bool each, struct err_text *t) MUST_USE;

/*
 * A bundle (docs/format/bundle.md): closes a proof block first where the newest
 * header does not yet carry the state. `journey`: the closure too. ERR_NOTFOUND.
 */
struct node_prove_options {
	bool journey;
	bool absence; /* an identifier without a history is proven to have none, instead of ERR_NOTFOUND */
	int64_t wait_ms; /* for the proof block; 0: 60,000 */
	/* Log size of a head that the reader holds: the bundle shows that it continues it. 0: none. */
	uint64_t since_log_size;
};
enum err node_prove(struct node *n, struct buf *out, struct slice subject_id,
		    const struct node_prove_options *o, struct err_text *t) MUST_USE;
/* Keeps a partner's signature on one of this chain's heads: from now on bundles carry it.
 * ERR_VERIFY: the signature does not fit; ERR_MISMATCH: it is of another chain or history. */
enum err node_witness_add(struct node *n, const struct bundle_witness *w, struct err_text *t) MUST_USE;
/* The newest head with its commit, as a head file. */
enum err node_head_export(struct node *n, struct buf *out, struct err_text *t) MUST_USE;

/* What is known of a transaction that was done. */
struct node_past {
	struct slice member; /* as asked for, and borrowed */
	uint8_t id[TX_ID_BYTES];
	struct tx_first first; /* its height; verdict and body hash where `kept` */
	bool kept;
	uint64_t first_index, records; /* 0 records: none, or the log does not tell */
	uint64_t tx_index;	       /* in the block, where it left records */
};
/* ERR_NOTFOUND: no such transaction of that member was done. */
enum err node_past_find(struct node *n, struct node_past *out, struct slice member,
			const uint8_t id[static TX_ID_BYTES], struct err_text *t) MUST_USE;
/* The receipt (docs/format/receipt.md) of the transaction that made log record `index`, under the
 * newest head, for which a block may be closed first. ERR_NOTFOUND: there is none yet. */
enum err node_receipt(struct node *n, struct buf *out, uint64_t index, struct err_text *t) MUST_USE;

/* A copy of the journal, keys but for signing state, attachments and genesis, into an empty
 * folder, while running. `height` receives how far it reaches. */
enum err node_backup(struct node *n, const char *to_dir, int64_t *height, struct err_text *t) MUST_USE;
/* The whole check of a folder's journal, running or not (ledger_verify). */
enum err node_verify(struct ledger_audit *out, const char *dir, const struct node_options *o,
		     struct err_text *t) MUST_USE;

/*
 * The whole check of a folder, running or not, a copy or not: the journal as node_verify,
 * and all that lies beside it and is there: what was signed last, derived files, FORMAT,
 * genesis.txt, attachments. Changes nothing; a folder that cannot be written is checked
 * with a scratch folder in $TMPDIR.
 */
enum node_fault {
	NODE_FAULT_JOURNAL,    /* the chain itself: chain.bad_height says where */
	NODE_FAULT_CUT,	       /* more was signed, or executed, than the journal holds; or something else */
	NODE_FAULT_GENESIS,    /* genesis.txt names another chain */
	NODE_FAULT_ATTACHMENT, /* a payload is not what its hash says */
	NODE_FAULT_STATE,      /* derived files: a reindex mends them */
	NODE_FAULT_FOLDER,     /* FORMAT or genesis.txt is gone or damaged */
};
struct node_check {
	/* The caller's. `text` names the file and the place. */
	void (*found)(void *ctx, enum node_fault fault, const char *text);
	/* A payload that the chain knows and that is neither here nor erased. NULL: not told. */
	void (*withheld)(void *ctx, const char *hash_hex);
	void *ctx;
	/* Filled in. */
	struct ledger_audit chain;
	uint64_t findings, attachments, n_withheld;
};
/* ERR_OK, whatever was found; else the check itself could not be done. */
enum err node_check(struct node_check *c, const char *dir, const struct node_options *o,
		    struct err_text *t) MUST_USE;
/* Into an empty or absent folder: copies, verifies against the signed headers, opens read-only
 * until node_resume. No node may run on it. */
enum err node_restore(const char *from_dir, const char *to_dir, struct err_text *t) MUST_USE;
/* The newest head of the chain that is known from anywhere. */
struct node_known_head {
	int64_t height;
	struct hash hash;
	bool verified;	   /* signed by the validators of the chain below; else somebody's word */
	struct hash chain; /* the genesis' fingerprint, where it was verified */
};
/*
 * The operator resumes in a new epoch after a restore. `known` NULL: nobody knows a newer head
 * than the copy's own. ERR_CONFLICT: the folder may sign as it is, and needs no epoch; unless a
 * head that was verified is newer: then the guard itself is an old copy.
 */
enum err node_resume(const char *dir, const struct node_known_head *known,
		     struct err_text *t) MUST_USE;

/*
 * The validator's key is replaced by the one the chain committed to (its file's path, or a
 * name in keys/); a new next key is made at `new_next_file`. No node may run on the folder.
 * keys/validator.key may be lost or damaged. A key that is in force already is only put in its
 * place, and no next key is made.
 */
struct node_rotation {
	bool before;	 /* the key was in force already */
	bool in_place;	 /* keys/validator.key was that key: nothing was left to do */
	bool next_there; /* `new_next_file` holds the key that the chain commits to now */
};
enum err node_rotate_validator(struct node_rotation *out, const char *dir,
			       const char *next_key_file, const char *new_next_file,
			       struct err_text *t) MUST_USE;

#endif
