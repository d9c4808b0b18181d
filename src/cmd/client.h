/*
 * client: how a command reaches the node: through the daemon's unix socket if
 * one serves the data folder, else by opening the folder itself. Both end in
 * api_handle, so that a command means the same either way.
 */
#ifndef ARGOSY_CMD_CLIENT_H
#define ARGOSY_CMD_CLIENT_H

#include "cmd/cli.h"
#include "interface/api.h"
#include "node/node.h"

struct client;
struct json_value;

enum client_need {
	CLIENT_READ,  /* the folder is opened read-only where there is no daemon */
	CLIENT_WRITE, /* blocks may be made */
};

/* Gives an exit code; a failure has been told. Close with client_close. */
int client_open(struct cli *cli, struct client **out, enum client_need need);
/* Tells why the folder cannot be opened, and what to do; the exit code. `lack`: what it is that
 * it lacks, if that is why. */
int client_folder_fault(struct cli *cli, enum err e, enum node_lack lack);
/* Through the daemon that listens on this socket, and by no other way: *out NULL, CLI_DONE: none
 * does. */
int client_open_socket(struct cli *cli, struct client **out, const char *path);
void client_close(struct client *c); /* NULL is fine */
bool client_is_daemon(const struct client *c);

/* One request. Exit code CLI_DONE whatever the answer's status; the caller frees out->body. */
int client_call(struct client *c, struct api_response *out, const char *method, const char *target,
		const char *type, struct slice body);
/* The same; a status of 400 and above is told (its problem's detail) and becomes an exit code. */
int client_get(struct client *c, struct buf *out, const char *target);
/* The same, parsed; in the command's arena. */
int client_get_json(struct client *c, struct json_value **out, const char *target);
/* A whole question: opens the node to read, gives what is at `target` (NULL: no memory), and with
 * --json prints it instead (then *v is NULL). An exit code. */
int client_ask(struct cli *cli, const char *target, const struct json_value **v);
/* Tells a problem answer and gives its exit code. */
int client_problem(struct client *c, const struct api_response *r);

/* A route's beginning + the identifier, percent-encoded whatever stands in it, + tail: the only way
 * in which a text gets into an address. NULL: no memory. */
const char *client_target(struct cli *cli, const char *route, const char *id, const char *tail);
/* The same for "/v1/items/". */
const char *client_item_target(struct cli *cli, const char *id, const char *tail);

/* Members of an answer: empty or 0 where it is not there. Texts are for people: what a line or a
 * terminal would obey comes escaped (buf_put_plain). */
const char *json_str(struct arena *a, const struct json_value *v, const char *name);
/* The same of a value itself, an entry of a list. */
const char *json_text(struct arena *a, const struct json_value *v);
uint64_t json_u64(const struct json_value *v, const char *name);
bool json_true(const struct json_value *v, const char *name);
/* A JSON number as a signed one. */
int64_t json_i64(const struct json_value *v, const char *name);

#endif
