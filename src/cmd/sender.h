/*
 * sender: makes transactions of actions, signs them with a key file and submits
 * them. What every command that acts has in common.
 *
 * Options: --member ID (else $ARGOSY_MEMBER, else the node's operator), --key
 * FILE (else the node's own agent or operator key), --cosign FILE (again and
 * again), --id HEX (to repeat a submission safely), --expires SECONDS, --dry-run.
 *
 * A repeat under the same id has another expiry, so that it is another body to the
 * ledger: it would be a conflict, or after some days be done anew. So where an id was given
 * the node is asked first what was done under it, and all but the expiry is compared here.
 */
#ifndef ARGOSY_CMD_SENDER_H
#define ARGOSY_CMD_SENDER_H

#include "cmd/client.h"

#include "ledger/tx.h"

#include "argosy/v1/action.pb-c.h"

struct sender {
	struct cli *cli;
	struct client *client;
	char chain_id[CHAIN_ID_MAX + 1], member[MEMBER_ID_MAX + 1];
	struct hash fingerprint;
	int64_t expires_ms;
	struct tx_signer *signers; /* locked memory */
	unsigned n_signers;
};

extern const struct cli_option sender_options[];

/* `key`: the node's key to use where none is given: "agent" or "operator". An exit code. */
int sender_begin(struct cli *cli, struct sender *s, const char *key);
/* The same for one who may only ask (CLIENT_READ). */
int sender_begin_for(struct cli *cli, struct sender *s, const char *key, enum client_need need);
void sender_end(struct sender *s);
/* For commands that sign nothing: the member of --member, the environment, or the chain's operator.
 * An exit code. */
int sender_member(struct cli *cli, struct client *c, char member[static MEMBER_ID_MAX + 1]);

/* Appends one signed Transaction. `id`: 16 bytes. */
int sender_build(struct sender *s, struct buf *out, Argosy__V1__Action *const *actions, size_t n,
		 const uint8_t id[static TX_ID_BYTES], const char *source);

/* What the node answered for one transaction. Texts lie in the command's arena. */
struct sender_answer {
	const char *verdict; /* "ok" */
	bool ok, duplicate;
	int64_t height;
	uint64_t first_index, records;
	const char *field, *text, *sentence;
};
/* The id of --id (*given), or random bytes. False: refused with a message; return CLI_USAGE. */
bool sender_id(struct cli *cli, uint8_t id[static TX_ID_BYTES], bool *given);

/*
 * Was that id done before? Then *settled, and *answer is the first answer, as a duplicate, if
 * what was done is the same but for its expiry; else VERDICT_CONFLICT. One whose answer
 * nobody knows any more recorded nothing: it is not settled. An exit code.
 */
int sender_settle(struct sender *s, struct sender_answer *answer, bool *settled,
		  Argosy__V1__Action *const *actions, size_t n,
		  const uint8_t id[static TX_ID_BYTES], const char *source);
/* The single action that was done under that id, in the command's arena; NULL where there is none,
 * or not just one. For acts that hold something chosen at random or looked up. An exit code. */
int sender_past_action(struct sender *s, Argosy__V1__Action **out,
		       const uint8_t id[static TX_ID_BYTES]);

/* `many`: lp transactions. `answers` of n. */
int sender_submit(struct sender *s, struct sender_answer *answers, size_t n, struct slice many);
int sender_exit_of(const struct sender_answer *a);
/* A refusal under --json: its problem begun, with the verdict's name as code; problem_end it. */
struct jsonw sender_problem(const struct cli *cli, struct buf *out, const struct sender_answer *a);

/* What became of a transaction, for a command with something to do after the answer. */
struct sender_outcome {
	bool sent;		     /* the node may have it */
	struct sender_answer answer; /* verdict NULL: none came, also where nothing was sent */
};
/* Makes identifiers canonical (cmd/typed.h), signs, submits, tells the answer of one transaction;
 * with --dry-run and --to-file what they say. An exit code. */
int sender_deliver(struct sender *s, Argosy__V1__Action *const *actions, size_t n,
		   const uint8_t id[static TX_ID_BYTES], bool id_given, struct sender_outcome *out);
/* All of it for one transaction. An exit code. */
int sender_send(struct cli *cli, const char *key, Argosy__V1__Action *const *actions, size_t n);
/* The same for a single action. */
int sender_act(struct cli *cli, const char *key, Argosy__V1__Action *action);
/* The same, and what became of it. */
int sender_act_outcome(struct cli *cli, const char *key, Argosy__V1__Action *action,
		       struct sender_outcome *out);

/* 32 bytes of hex. False: refused with a message; return CLI_USAGE. */
bool sender_hex32(struct cli *cli, const char *what, const char *hex, uint8_t out[static 32]);

/* ---- key files, keys.c ---- */
struct keyfile;
/* The path of a key: a name of the node's ("agent"), or a path. */
const char *keys_path(struct cli *cli, const char *name);
/* Opens a key file, asking for the passphrase where it needs one. An exit code. */
int keys_load(struct cli *cli, struct keyfile *k, const char *path);
/* The public key of "HEX", of a key file, or of a node's key. An exit code. */
int keys_public(struct cli *cli, uint8_t out[static 32], const char *name);
/* A passphrase from $ARGOSY_PASSPHRASE or the terminal (`twice`: typed again). NULL: none, told.
 * In the command's arena. */
const char *keys_passphrase(struct cli *cli, const char *prompt, bool twice);

#endif
