/*
 * api: the one handler of requests, whatever carried them.
 *
 * The HTTP server (interface/http.h) and the command line that opened the
 * node itself (cmd/client.h) both call api_handle, so that a command does the
 * same with and without a daemon.
 *
 * Errors are application/problem+json (RFC 9457): type, title, status, detail,
 * code, errors[{pointer, detail}]. Accept-Language chooses zh or en for title
 * and detail; `code` is for programs and never changes. An identifier in a path
 * is percent-encoded, or given as ?id=.
 *
 *   GET  /v1/status                       the node and its newest block
 *   GET  /v1/head                         head file (docs/format/bundle.md)
 *   GET  /v1/genesis                      genesis file (docs/format/genesis.md)
 *   GET  /v1/blocks/{height}              one block; ?form=bytes: its journal record
 *   GET  /v1/journal?after=HEIGHT         the journal's records behind a block, a page of them
 *   GET  /v1/records/{index}              one log record and what was signed in it
 *   GET  /v1/events?from=&to=&limit=      records in order, events as JSON-LD; next_cursor
 *   GET  /v1/documents/{index}            an imported document as it came in
 *   GET  /v1/items/{id}                   a subject: count, head, holder, container
 *   GET  /v1/items/{id}/trace?direction=  self, up, down, whole
 *   GET  /v1/items/{id}/bundle?journey=1  its proof; &since=SIZE: continuing a log of that size;
 *                                         &absence=1: that there is nothing about it
 *   GET  /v1/members, /v1/members/{id}    organisations, and the keys of one
 *   GET  /v1/products/{id}, /v1/lots/{id}, /v1/locations/{id}   master data
 *   GET  /v1/credentials/{id}             a credential, and how it stands at the newest block
 *   GET  /v1/credentials?member=          those of a member
 *   GET  /v1/grants/{id}                  grants on a subject and its product that were not revoked
 *   POST /v1/transactions                 one Transaction, or a sequence of them, done in order
 *   POST /v1/trials                       what would become of such a sequence, recorded nowhere
 *   GET  /v1/transactions/{member}/{id}   where it was done (id: 32 hex digits)
 *   GET  /v1/receipts/{member}/{id}       its receipt (docs/format/receipt.md)
 *   GET  /v1/receipts/{index}             that of the transaction that made a log record
 *   POST /v1/backup {"to": DIR}           on the unix socket alone
 *   POST /v1/clock/confirm                likewise
 *   POST /v1/witnesses                    likewise: a partner's signature on a head
 *   GET  /livez /readyz /metrics
 *
 * Any thread.
 */
#ifndef ARGOSY_INTERFACE_API_H
#define ARGOSY_INTERFACE_API_H

#include "base/bytes.h"

struct node;
struct api;

/* The node outlives the api. NULL: no memory. */
struct api *api_new(struct node *n);
void api_free(struct api *a);

enum { API_BODY_MAX = 8 << 20, API_TARGET_MAX = 4096, API_MANY_MAX = 10000 };

struct api_request {
	const char *method;
	const char *target;	     /* path and query as sent: "/v1/items/01%2F..?x=1" */
	const char *content_type;    /* NULL: none */
	const char *accept_language; /* NULL: none */
	struct slice body;
	bool owner; /* came over the unix socket or from this process: may operate the node */
	uint64_t source; /* the connection; 0: this process. Transactions of each take turns */
	/* May this request hold so many more bytes of memory? NULL: it may. */
	bool (*more)(void *ctx, size_t bytes);
	void *more_ctx;
};

struct api_response {
	int status;
	const char *content_type; /* static */
	const char *cache;	  /* Cache-Control; static */
	const char *allow;	  /* for 405; static or NULL */
	unsigned retry_s;	  /* Retry-After; 0: none */
	struct buf body;	  /* the caller frees it (buf_fini) */
};

/* Always fills *out; out of memory gives status 500 and an empty body. */
void api_handle(struct api *a, struct api_response *out, const struct api_request *q);

/* A problem found before the handler ran (the HTTP server's own refusals). */
void api_problem(struct api_response *out, int status, const char *code,
		 const char *accept_language, const char *detail_fmt, ...) PRINTF_LIKE(5, 6);
/* The same, where too much is held in memory: status 429. */
void api_busy(struct api_response *out, const char *accept_language);

#endif
