/*
 * api_inner: what the files of the api share. Include it from api*.c alone.
 */
#ifndef ARGOSY_INTERFACE_API_INNER_H
#define ARGOSY_INTERFACE_API_INNER_H

#include "interface/api.h"
#include "interface/jsonw.h"

#include "data/gs1.h"
#include "ledger/ledger.h"
#include "ledger/verdict.h"
#include "node/node.h"
#include "trade/subject.h"

#include "argosy/v1/action.pb-c.h"

#include <stdatomic.h>

enum { API_ROUTES_MAX = 48, API_VERDICTS = 128 };

struct api {
	struct node *node;
	/* Answers of each route by class of status (2xx, 4xx, 5xx). */
	atomic_uint_fast64_t answers[API_ROUTES_MAX][3];
	atomic_uint_fast64_t verdicts[API_VERDICTS];
};

/* A request as the routes see it. Everything lies in `arena`. */
struct api_call {
	struct api *api;
	struct node *node;
	struct ledger *ledger;
	const struct api_request *request;
	struct api_response *out;
	struct arena *arena;
	struct slice path;  /* raw */
	struct slice query; /* raw, without '?' */
	struct slice rest;  /* what the route's pattern left: "{id}/trace" */
	bool zh;
};

/* ---- api_param.c ---- */

/* The value of a query parameter, percent-decoded, or an empty slice with *found false. */
struct slice api_param(struct api_call *c, const char *name, bool *found);
/* Decodes %XX. False: malformed, or NUL inside. */
bool api_percent_decode(struct arena *a, struct slice *out, struct slice s);
/* A decimal number of at most 19 digits, all of the slice. */
bool api_number(uint64_t *out, struct slice s);
/* A numeric parameter in min..max. False: it was wrong and a problem is written. */
bool api_param_number(struct api_call *c, uint64_t *out, const char *name, uint64_t fallback,
		      uint64_t min, uint64_t max);

/* ---- api_answer.c ---- */

/* The first language of Accept-Language that is zh or en decides. */
bool api_wants_zh(const char *accept_language);
/* Ends a call with a problem. `pointer` may be NULL. */
void api_refuse(struct api_call *c, int status, const char *code, const char *pointer,
		const char *fmt, ...) PRINTF_LIKE(5, 6);
/* Ends a call with a fault of the world. */
void api_fault(struct api_call *c, enum err e, const struct err_text *t);
/* Begins a JSON answer with status 200. */
struct jsonw api_json(struct api_call *c);

/* ---- api_state.c: what lies in the state and the log, in the call's arena ---- */

enum err api_value_get(struct api_call *c, bool *found, struct slice *value,
		       struct slice key) MUST_USE;
/* Every row of the state, for lists that it keeps no keys of: in up to 256 parts, so that no
 * block waits for the whole of it. Stops at the first fault that `fn` returns. */
enum err api_rows_each(struct api_call *c,
		       enum err (*fn)(void *ctx, struct slice key, struct slice value),
		       void *ctx) MUST_USE;
enum err api_record_get(struct api_call *c, struct record *r, uint64_t index) MUST_USE;
/* The act of a record. */
enum err api_act_get(struct api_call *c, const Argosy__V1__Action **act,
		     const struct record *r) MUST_USE;
/* "index":..,"height":..,"recorded":.. */
void api_place_write(struct jsonw *w, const struct record *r, uint64_t index);
/* The last member under a name (trade/voice.h); empty: none. */
enum err api_voice_last(struct api_call *c, struct slice *member, const char *space,
			struct slice name) MUST_USE;
/* At most so many rows of one name are shown. */
enum { API_VOICES_MAX = 1000 };
/* The time of the newest block. */
int64_t api_head_ms(struct api_call *c);
/* The identifier named in the path or by ?id=, in its canonical form. False: a problem is written. */
bool api_id_take(struct api_call *c, struct gs1_id *canonical, enum gs1_asked asked);

/* The routes, by file. */
void api_status(struct api_call *c); /* api_chain.c */
void api_head(struct api_call *c);
void api_genesis(struct api_call *c);
void api_block(struct api_call *c);
void api_journal(struct api_call *c); /* api_journal.c */
void api_members(struct api_call *c); /* api_members.c */
void api_member(struct api_call *c);
void api_product(struct api_call *c); /* api_master.c */
void api_lot(struct api_call *c);
void api_location(struct api_call *c);
void api_credential(struct api_call *c); /* and a member's */
void api_grants(struct api_call *c);
void api_prefixes(struct api_call *c); /* api_prefixes.c */
void api_prefix(struct api_call *c);
void api_record(struct api_call *c); /* api_records.c */
void api_events(struct api_call *c);
void api_document(struct api_call *c);
void api_attachment(struct api_call *c);   /* api_attachments.c */
void api_item(struct api_call *c);	   /* api_items.c */
void api_transactions(struct api_call *c); /* api_submit.c */
void api_trials(struct api_call *c);
void api_transaction(struct api_call *c);  /* api_tx.c */
/* Cuts "{member}/{id}", the route's rest. False: a problem is written. */
bool api_transaction_named(struct api_call *c, struct slice *member,
			   uint8_t id[static TX_ID_BYTES]);
void api_receipt(struct api_call *c); /* api_receipt.c */
void api_backup(struct api_call *c);	   /* api_ops.c */
void api_clock(struct api_call *c);
void api_witness(struct api_call *c);
void api_livez(struct api_call *c);
void api_readyz(struct api_call *c);
void api_metrics(struct api_call *c);

/* What api_metrics needs to name a route. */
const char *api_route_name(unsigned i); /* NULL past the last */

#endif
