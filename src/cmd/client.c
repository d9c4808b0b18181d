#include "cmd/client.h"

#include "data/json.h"
#include "interface/http.h"
#include "node/node.h"

#include <curl/curl.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	TIMEOUT_S = 600,
	FOLDER_WAIT_MS = 5000, /* for another command that has the folder, and is done soon */
	FOLDER_LOOK_MS = 50,
};

struct client {
	struct cli *cli;
	int64_t timeout_ms; /* of an answer; 0: none */
	/* Through a daemon: */
	CURL *curl;
	char socket[108];
	int dir_fd; /* keeps a /proc/self/fd path alive; -1: none */
	/* Or by itself: */
	struct node *node;
	struct api *api;
};

/* ---- through the daemon ---- */

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Does somebody listen there? */
static bool socket_there(struct client *c, const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	if (http_socket_path(c->socket, &c->dir_fd, path, NULL) != ERR_OK)
		return false;
	snprintf(a.sun_path, sizeof a.sun_path, "%s", c->socket);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool there = fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0;
	if (fd >= 0)
		close(fd);
	return there;
}

/* Does somebody listen on the folder's socket? */
static bool daemon_there(struct client *c)
{
	char path[4200];
	snprintf(path, sizeof path, "%s/argosyd.sock", c->cli->data_dir);
	return socket_there(c, path);
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
	struct buf *b = arg;
	buf_put(b, p, size * n);
	return b->failed ? 0 : size * n;
}

static const char *static_type(const char *type)
{
	if (type && strncmp(type, "application/problem+json", 24) == 0)
		return "application/problem+json";
	if (type && strncmp(type, "application/json", 16) == 0)
		return "application/json";
	return "application/octet-stream";
}

/* One request and its answer. *retry_s: in how many seconds the node asks for it again; 0: not. */
static int ask_daemon(struct client *c, struct api_response *out, const char *method,
		      const char *target, const char *type, struct slice body, curl_off_t *retry_s)
{
	char url[API_TARGET_MAX + 32], header[200], language[64];
	struct curl_slist *headers = NULL;
	long status = 0;
	char *got_type = NULL;
	snprintf(url, sizeof url, "http://localhost%s", target);
	curl_easy_reset(c->curl);
	curl_easy_setopt(c->curl, CURLOPT_UNIX_SOCKET_PATH, c->socket);
	curl_easy_setopt(c->curl, CURLOPT_URL, url);
	curl_easy_setopt(c->curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
	curl_easy_setopt(c->curl, CURLOPT_TIMEOUT_MS, (long)c->timeout_ms);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, &out->body);
	snprintf(language, sizeof language, "Accept-Language: %s", c->cli->zh ? "zh" : "en");
	headers = curl_slist_append(headers, language);
	headers = curl_slist_append(headers, "Expect:");
	if (strcmp(method, "POST") == 0) {
		snprintf(header, sizeof header, "Content-Type: %s", type ? type : "");
		headers = curl_slist_append(headers, header);
		curl_easy_setopt(c->curl, CURLOPT_POST, 1L);
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDS, body.p ? (const char *)body.p : "");
		curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	}
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
	CURLcode rc = curl_easy_perform(c->curl);
	curl_slist_free_all(headers);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(c->curl, CURLINFO_CONTENT_TYPE, &got_type);
	curl_easy_getinfo(c->curl, CURLINFO_RETRY_AFTER, retry_s);
	out->status = (int)status;
	out->content_type = static_type(got_type);
	if (rc != CURLE_OK)
		return cli_fail(c->cli, CLI_LATER, "argosyd: %s", curl_easy_strerror(rc));
	return CLI_DONE;
}

/* The same; while the node has too much under way, again in a moment, within --timeout. */
static int call_daemon(struct client *c, struct api_response *out, const char *method,
		       const char *target, const char *type, struct slice body)
{
	int64_t end = now_ms() + (c->timeout_ms ? c->timeout_ms : (int64_t)TIMEOUT_S * 1000);
	for (;;) {
		curl_off_t retry_s = 0;
		int code = ask_daemon(c, out, method, target, type, body, &retry_s);
		int64_t wait_ms = retry_s > 60 ? 60000 : (int64_t)retry_s * 1000;
		if (code || out->status != 429 || wait_ms <= 0 || now_ms() + wait_ms > end)
			return code;
		buf_clear(&out->body);
		poll(NULL, 0, (int)wait_ms);
	}
}

/* ---- by itself ---- */

static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
	const struct cli *cli = ctx;
	if (!cli->quiet && !cli->json && isatty(STDERR_FILENO))
		fprintf(stderr, "\r%s %" PRIu64 "/%" PRIu64 "%s", what, done, of,
			done == of ? "\n" : "");
}

int client_folder_fault(struct cli *cli, enum err e, enum node_lack lack)
{
	if (e == ERR_NOTFOUND && lack == NODE_LACKS_ALL)
		return cli_fail(cli, CLI_NOTFOUND,
				cli_tr(cli, "there is no node in %s: make one with \"argosy init\"",
				       "%s 中没有节点：请先运行 argosy init"),
				cli->data_dir);
	if (e == ERR_CORRUPT && lack == NODE_LACKS_FORMAT && cli->zh)
		return cli_fail(cli, CLI_FOLDER,
				"%s 中有节点的日志或密钥，但缺少 FORMAT 文件：请在其中写入一行“%s”"
				"（若此处的 argosy init 曾被中断，可重新运行）",
				cli->data_dir, NODE_FORMAT_LINE);
	if (e == ERR_CORRUPT && lack == NODE_LACKS_KEY && cli->zh)
		return cli_fail(cli, CLI_FOLDER,
				"缺少 %s/keys/validator.key：请放回该文件，或用 argosy key rotate "
				"validator 换上下一个密钥",
				cli->data_dir);
	return cli_fault(cli, e, cli->err.text[0] ? NULL : cli->data_dir);
}

/* CLI_DONE, with neither node nor api: a daemon serves it now. */
static int open_folder(struct client *c, enum client_need need)
{
	struct cli *cli = c->cli;
	enum node_lack lacks;
	struct node_options o = {.read_only = need == CLIENT_READ,
				 .progress = on_progress,
				 .progress_ctx = cli,
				 .lacks = &lacks};
	bool less = c->timeout_ms && c->timeout_ms < FOLDER_WAIT_MS;
	int64_t end = now_ms() + (less ? c->timeout_ms : FOLDER_WAIT_MS);
	enum err e;
	while ((e = node_open(&c->node, cli->data_dir, &o, &cli->err)) == ERR_LOCKED &&
	       now_ms() < end) {
		poll(NULL, 0, FOLDER_LOOK_MS);
		if (daemon_there(c))
			return CLI_DONE;
	}
	if (e != ERR_OK)
		return client_folder_fault(cli, e, lacks);
	c->api = api_new(c->node);
	return c->api ? CLI_DONE : cli_fault(cli, ERR_NOMEM, NULL);
}

/* ---- both ---- */

static int client_new(struct cli *cli, struct client **out)
{
	uint64_t timeout_s;
	*out = NULL;
	if (!cli_number(cli, "timeout", &timeout_s, TIMEOUT_S, 86400))
		return CLI_USAGE;
	struct client *c = calloc(1, sizeof *c);
	if (!c)
		return cli_fault(cli, ERR_NOMEM, NULL);
	c->cli = cli;
	c->dir_fd = -1;
	c->timeout_ms = (int64_t)timeout_s * 1000;
	*out = c;
	return CLI_DONE;
}

static int curl_begin(struct client *c)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
	c->curl = curl_easy_init();
	return c->curl ? CLI_DONE : cli_fault(c->cli, ERR_NOMEM, NULL);
}

int client_open_socket(struct cli *cli, struct client **out, const char *path)
{
	struct client *c;
	*out = NULL;
	int code = client_new(cli, &c);
	if (code)
		return code;
	bool there = socket_there(c, path);
	if (there)
		code = curl_begin(c);
	if (code || !there)
		client_close(c);
	else
		*out = c;
	return code;
}

int client_open(struct cli *cli, struct client **out, enum client_need need)
{
	struct client *c;
	*out = NULL;
	int code = client_new(cli, &c);
	if (code)
		return code;
	if (!daemon_there(c))
		code = open_folder(c, need);
	if (code == CLI_DONE && !c->node)
		code = curl_begin(c);
	if (code) {
		client_close(c);
		return code;
	}
	*out = c;
	return CLI_DONE;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	if (c->curl) {
		curl_easy_cleanup(c->curl);
		curl_global_cleanup();
	}
	if (c->dir_fd >= 0)
		close(c->dir_fd);
	api_free(c->api);
	node_close(c->node);
	free(c);
}

bool client_is_daemon(const struct client *c)
{
	return c->curl != NULL;
}

int client_call(struct client *c, struct api_response *out, const char *method, const char *target,
		const char *type, struct slice body)
{
	if (c->curl) {
		*out = (struct api_response){.body = BUF_INIT};
		int code = call_daemon(c, out, method, target, type, body);
		if (code)
			buf_fini(&out->body);
		return code;
	}
	struct api_request q = {
		.method = method,
		.target = target,
		.content_type = type,
		.accept_language = c->cli->zh ? "zh" : "en",
		.body = body,
		.owner = true,
	};
	api_handle(c->api, out, &q);
	return CLI_DONE;
}

static int exit_of_status(int status, const char *code)
{
	if (strcmp(code, "damaged") == 0 || strcmp(code, "locked") == 0 ||
	    strcmp(code, "read_only") == 0)
		return CLI_FOLDER;
	switch (status) {
	case 401:
	case 403:
		return CLI_DENIED;
	case 404:
		return CLI_NOTFOUND;
	case 409:
		return CLI_CONFLICT;
	case 429:
	case 503:
	case 504:
		return CLI_LATER;
	default:
		return CLI_FAILED;
	}
}

int client_problem(struct client *c, const struct api_response *r)
{
	struct json_value *v = NULL;
	struct json_error e;
	struct arena *a = c->cli->arena;
	uint8_t *copy = arena_copy(a, r->body.p, r->body.n);
	if (!copy || json_parse(a, &v, &e, slice(copy, r->body.n), 16, JSON_STRICT) != ERR_OK)
		return cli_fail(c->cli, exit_of_status(r->status, ""), "status %d", r->status);
	const char *code = json_str(a, v, "code");
	if (c->cli->json)
		fprintf(stderr, "%.*s", (int)r->body.n, (const char *)r->body.p);
	else
		cli_fail(c->cli, CLI_FAILED, "%s: %s", json_str(a, v, "title"),
			 json_str(a, v, "detail"));
	return exit_of_status(r->status, code);
}

int client_get(struct client *c, struct buf *out, const char *target)
{
	struct api_response r;
	int code = client_call(c, &r, "GET", target, NULL, slice("", 0));
	if (code == CLI_DONE && r.status >= 400) {
		code = client_problem(c, &r);
		buf_fini(&r.body);
	}
	*out = code == CLI_DONE ? r.body : BUF_INIT;
	return code;
}

int client_get_json(struct client *c, struct json_value **out, const char *target)
{
	struct buf b;
	struct json_error e;
	int code = client_get(c, &b, target);
	if (code)
		return code;
	uint8_t *copy = arena_copy(c->cli->arena, b.p, b.n);
	struct slice text = {copy, b.n};
	buf_fini(&b);
	if (!copy ||
	    json_parse(c->cli->arena, out, &e, text, JSON_DEPTH_MAX, JSON_STRICT) != ERR_OK)
		return cli_fail(c->cli, CLI_FAILED, "the node's answer is not JSON");
	return CLI_DONE;
}

const char *client_target(struct cli *cli, const char *route, const char *id, const char *tail)
{
	struct buf b = BUF_INIT;
	buf_put_str(&b, route);
	for (const char *p = id; *p; p++) {
		bool plain = (*p >= '0' && *p <= '9') || ((*p | 32) >= 'a' && (*p | 32) <= 'z') ||
			     strchr("-._~", *p);
		if (plain)
			buf_put_u8(&b, (uint8_t)*p);
		else
			buf_printf(&b, "%%%02X", (unsigned)(uint8_t)*p);
	}
	buf_put_str(&b, tail);
	const char *out =
		buf_err(&b) == ERR_OK ? arena_strn(cli->arena, (const char *)b.p, b.n) : NULL;
	buf_fini(&b);
	return out;
}

const char *client_item_target(struct cli *cli, const char *id, const char *tail)
{
	return client_target(cli, "/v1/items/", id, tail);
}

const char *json_str(struct arena *a, const struct json_value *v, const char *name)
{
	return json_text(a, json_get(v, name));
}

const char *json_text(struct arena *a, const struct json_value *v)
{
	const char *s = v && v->kind == JSON_STRING ? arena_str(a, v->text) : NULL;
	s = s ? arena_plain(a, s) : NULL;
	return s ? s : "";
}

int64_t json_i64(const struct json_value *v, const char *name)
{
	const struct json_value *m = json_get(v, name);
	char text[32];
	if (!m || m->kind != JSON_NUMBER || m->text.n >= sizeof text)
		return 0;
	memcpy(text, m->text.p, m->text.n);
	text[m->text.n] = 0;
	return strtoll(text, NULL, 10);
}

uint64_t json_u64(const struct json_value *v, const char *name)
{
	int64_t n = json_i64(v, name);
	return n < 0 ? 0 : (uint64_t)n;
}

bool json_true(const struct json_value *v, const char *name)
{
	const struct json_value *m = json_get(v, name);
	return m && m->kind == JSON_BOOL && m->text.n == 4;
}

int client_ask(struct cli *cli, const char *target, const struct json_value **v)
{
	struct client *c;
	struct buf body;
	struct json_value *got = NULL;
	*v = NULL;
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = client_open(cli, &c, CLIENT_READ);
	if (code)
		return code;
	if (cli->json) {
		code = client_get(c, &body, target);
		if (code == CLI_DONE)
			cli_put_buf(&body);
	} else {
		code = client_get_json(c, &got, target);
		*v = got;
	}
	client_close(c);
	return code;
}
