/*
 * argosyd: serves one node's folder: makes blocks, answers over HTTP on a loopback
 * address and on the folder's unix socket.
 *
 *   argosyd [--data-dir DIR] [--listen ADDR:PORT|none] [--config FILE]
 *   argosyd --version
 *
 * Signals: SIGTERM and SIGINT finish what was accepted and stop; a second one stops
 * at once (the journal is made for that). SIGHUP does no harm. Exit codes are those of
 * `argosy`: 3 no node there, 8 in use or corrupt, 1 a fault stopped it.
 */
#include "cmd/cli.h"
#include "cmd/config.h"
#include "cmd/log.h"

#include "crypto/keyfile.h"
#include "interface/api.h"
#include "interface/http.h"
#include "node/node.h"

#include <argosy/commit.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { STOP_WAIT_MS = 20000 };

static const char usage[] =
	"usage: argosyd [--data-dir DIR] [--listen ADDR:PORT|none] [--config FILE]\n"
	"               [--connections-max N]\n"
	"       argosyd --version | --help\n"
	"serves a node's folder; make one with \"argosy init\"\n";

/* Tells systemd, if it started us: sd_notify(3) in a few lines. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (!path || !*path || strlen(path) >= sizeof a.sun_path)
		return;
	memcpy(a.sun_path, path, strlen(path));
	if (a.sun_path[0] == '@')
		a.sun_path[0] = 0;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t n = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (fd >= 0) {
		/* Nobody to tell is no failure of ours. */
		(void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&a, n);
		close(fd);
	}
}

static void on_progress(void *ctx, const char *what, uint64_t done, uint64_t of)
{
	time_t *last = ctx, now = time(NULL);
	char value[200];
	if (now < *last + 5)
		return;
	*last = now;
	log_line(LOG_LEVEL_INFO, "starting", "what=%s done=%llu of=%llu",
		 log_value(value, sizeof value, what), (unsigned long long)done,
		 (unsigned long long)of);
}

static int fault(enum err e, const char *what, const struct err_text *t)
{
	char value[700];
	int code = cli_exit_of(e);
	log_line(LOG_LEVEL_ERROR, what, "err=%s exit=%d",
		 log_value(value, sizeof value, t->text[0] ? t->text : err_str(e)), code);
	return code;
}

/* ---- settings ---- */

/* An exit code; -1: go on. */
static int settings(struct config *c, struct arena *a, int argc, char **argv)
{
	struct err_text t = {""};
	const char *file = NULL;
	enum err e = ERR_OK;
	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("%s", usage);
			return CLI_DONE;
		}
		if (strcmp(argv[i], "--version") == 0) {
			printf("argosyd %s (%s, %s)\n", ARGOSY_VERSION, ARGOSY_COMMIT,
			       ARGOSY_BUILD);
			return CLI_DONE;
		}
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			file = argv[++i];
	}
	if (file)
		e = config_file(c, a, file, &t);
	if (e == ERR_OK)
		e = config_environment(c, a, &t);
	if (e != ERR_OK) {
		fault(e, "bad configuration", &t);
		return CLI_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		const char *key = strcmp(argv[i], "--data-dir") == 0	      ? "data_dir"
				  : strcmp(argv[i], "--listen") == 0	      ? "listen"
				  : strcmp(argv[i], "--connections-max") == 0 ? "connections_max"
				  : strcmp(argv[i], "--config") == 0	      ? "config"
									      : NULL;
		if (!key || i + 1 >= argc) {
			fprintf(stderr, "argosyd: %s %s\n%s", argv[i],
				key ? "needs a value" : "is not known", usage);
			return CLI_USAGE;
		}
		const char *value = argv[++i];
		if (strcmp(key, "config") != 0)
			e = config_set(c, a, key, value, &t);
		if (e != ERR_OK) {
			fprintf(stderr, "argosyd: %s\n%s", t.text, usage);
			return CLI_USAGE;
		}
	}
	if (!c->data_dir)
		c->data_dir = cli_default_dir(a);
	return c->data_dir ? -1 : CLI_FAILED;
}

/* ---- running ---- */

static void *second_signal(void *arg)
{
	int got;
	sigwait(arg, &got);
	log_line(LOG_LEVEL_WARN, "second signal: stopping at once", "signal=%d", got);
	_exit(CLI_FAILED);
}

/* Tells of changes of the node's condition. True: it has stopped for good. */
static bool watch(struct node *n, struct node_status *last)
{
	struct node_status s;
	char why[300];
	node_status(n, &s);
	log_value(why, sizeof why, s.why);
	if (s.stopped && !last->stopped)
		log_line(LOG_LEVEL_ERROR, "stopped by a fault", "why=%s", why);
	if (s.clock_held != last->clock_held)
		log_line(LOG_LEVEL_WARN,
			 s.clock_held ? "the clock jumped ahead: waiting for argosy clock confirm"
				      : "the clock is confirmed",
			 "height=%lld", (long long)s.head.height);
	if (s.disk_full != last->disk_full)
		log_line(LOG_LEVEL_WARN,
			 s.disk_full ? "disk nearly full: nothing is accepted"
				     : "there is room again",
			 "height=%lld", (long long)s.head.height);
	*last = s;
	return s.stopped;
}

/* Waits for a signal to stop. Gives the exit code. */
static int wait_for_end(struct node *n, const sigset_t *set)
{
	struct node_status last;
	node_status(n, &last);
	for (;;) {
		struct timespec second = {1, 0};
		int got = sigtimedwait(set, NULL, &second);
		if (got == SIGTERM || got == SIGINT) {
			log_line(LOG_LEVEL_INFO, "stopping", "signal=%d", got);
			return CLI_DONE;
		}
		if (got == SIGHUP)
			log_line(LOG_LEVEL_INFO,
				 "SIGHUP: nothing to read anew; a restart reads all", "%s", "");
		if (watch(n, &last))
			return CLI_FAILED;
	}
}

static int serve(const struct config *c, const char *socket_path, struct node *n, sigset_t *set)
{
	struct err_text t = {""};
	struct http_server *http = NULL;
	struct node_status s;
	pthread_t second;
	char folder[600], why[300];
	const char *listen = c->listen ? c->listen : HTTP_LISTEN_DEFAULT;
	struct http_options o = {
		.listen = strcmp(listen, "none") == 0 ? NULL : listen,
		.socket_path = socket_path,
		.connections_max = (unsigned)c->connections_max,
	};
	struct api *api = api_new(n);
	enum err e = api ? http_start(&http, api, &o, &t) : ERR_NOMEM;
	int code = e == ERR_OK ? CLI_DONE : fault(e, "cannot serve", &t);
	if (code == CLI_DONE) {
		node_status(n, &s);
		if (s.read_only)
			log_line(LOG_LEVEL_WARN, "read-only", "why=%s",
				 log_value(why, sizeof why, s.why));
		log_line(LOG_LEVEL_INFO, "ready", "height=%lld records=%llu folder=%s port=%u",
			 (long long)s.head.height, (unsigned long long)s.head.log_size,
			 log_value(folder, sizeof folder, c->data_dir), http_port(http));
		notify("READY=1\n");
		code = wait_for_end(n, set);
	}
	notify("STOPPING=1\n");
	if (pthread_create(&second, NULL, second_signal, set) == 0)
		pthread_detach(second);
	http_stop(http, STOP_WAIT_MS);
	api_free(api);
	return code;
}

int main(int argc, char **argv)
{
	struct config c = {0};
	struct arena *a = arena_new(0);
	struct err_text t = {""};
	struct node *n = NULL;
	sigset_t set;
	time_t progressed = time(NULL);
	struct node_options o = {.progress = on_progress, .progress_ctx = &progressed};
	if (!a)
		return CLI_FAILED;
	secret_process();
	/* Before any thread is made, so that all inherit it; main alone waits for them. */
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	umask(077);
	int code = settings(&c, a, argc, argv);
	if (code >= 0) {
		arena_free(a);
		return code;
	}
	const char *socket_path = arena_printf(a, "%s/argosyd.sock", c.data_dir);
	enum err e = socket_path ? node_open(&n, c.data_dir, &o, &t) : ERR_NOMEM;
	if (e == ERR_NOTFOUND)
		err_set(&t, e, "there is no node in %s: make one with \"argosy init\"", c.data_dir);
	if (e == ERR_LOCKED)
		err_set(&t, e, "%s is in use by another process (is argosyd running already?)",
			c.data_dir);
	code = e == ERR_OK ? serve(&c, socket_path, n, &set) : fault(e, "cannot open the node", &t);
	if (e == ERR_OK) {
		node_close(n);
		log_line(code ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "stopped", "exit=%d", code);
	}
	arena_free(a);
	return code;
}
