#include "interface/http.h"

#include "interface/api.h"
#include "interface/http_strict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	HEAD_MS = 30000, /* where the options do not say */
	BODY_MS = 60000,
	SEND_MS = 120000,
	SWEEP_MS = 500,
	/* What MHD takes for idle: also the time that an answer is being made, so it is longer than
	 * any of ours. It hangs up instead of answering. */
	MHD_IDLE_S = 900,
	HEAD_BYTES = 32 << 10,
	STACK_BYTES = 1 << 20,
	CONNECTIONS_DEFAULT = 256,
	HELD_BYTES_MAX = 64 << 20, /* by requests on TCP, and as much by those on the unix socket */
};

/* One connection. In a list, so that the sweeper finds those past their deadline. */
struct conn {
	struct conn *next, *prev;
	struct http_server *server;
	int fd;
	bool tcp;
	uint64_t number;
	int64_t due_ms; /* 0: none */
	size_t held;	/* bytes that its request holds in memory, or may */
};

/* One request, from its first line to its end. */
struct request {
	struct buf body;
	char *target;
	bool judged, no_room;
	uint64_t got, held_ahead; /* bytes of its body, kept or not; those that were announced */
};

struct http_server {
	struct api *api;
	struct MHD_Daemon *tcp, *unix_;
	char *socket_path;
	unsigned port;
	int64_t head_ms;
	pthread_mutex_t lock; /* conns, their due_ms and held, numbers, held, busy, stopping */
	pthread_cond_t changed; /* by the monotonic clock: the other one may be set back */
	struct conn conns; /* head of the ring */
	uint64_t numbers;  /* of connections so far */
	size_t held[2];	   /* on the unix socket, on TCP */
	unsigned busy;	   /* requests being handled */
	bool stopping, sweeping;
	pthread_t sweeper;
};

static int64_t now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void conn_due(struct conn *c, int64_t in_ms)
{
	pthread_mutex_lock(&c->server->lock);
	c->due_ms = in_ms ? now_ms() + in_ms : 0;
	pthread_mutex_unlock(&c->server->lock);
}

/*
 * May the connection's request hold so many more bytes? Then they count as held until it ends.
 * It may as long as what is left for all others is no less than all that it holds: so one alone
 * may take up to half, many share, and there is always room for a small one.
 */
static bool hold(struct conn *c, size_t bytes)
{
	struct http_server *s = c->server;
	pthread_mutex_lock(&s->lock);
	size_t left = HELD_BYTES_MAX - s->held[c->tcp];
	bool may = bytes <= left && c->held + bytes <= left - bytes;
	if (may) {
		s->held[c->tcp] += bytes;
		c->held += bytes;
	}
	pthread_mutex_unlock(&s->lock);
	return may;
}

static bool hold_more(void *arg, size_t bytes)
{
	return hold(arg, bytes);
}

static void hold_nothing(struct conn *c)
{
	pthread_mutex_lock(&c->server->lock);
	c->server->held[c->tcp] -= c->held;
	c->held = 0;
	pthread_mutex_unlock(&c->server->lock);
}

/* Cuts off what is late. MHD closes the descriptor only after the connection has left the ring,
 * which needs the lock, so no other connection can be hit. */
static void *sweep(void *arg)
{
	struct http_server *s = arg;
	pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		struct timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_nsec += SWEEP_MS * 1000000L;
		t.tv_sec += t.tv_nsec / 1000000000;
		t.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&s->changed, &s->lock, &t);
		int64_t now = now_ms();
		for (struct conn *c = s->conns.next; c != &s->conns; c = c->next) {
			if (c->due_ms && c->due_ms <= now) {
				c->due_ms = 0;
				shutdown(c->fd, SHUT_RDWR);
			}
		}
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- callbacks of libmicrohttpd ---- */

static void on_connection(void *arg, struct MHD_Connection *mc, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = arg;
	struct conn *c = *context;
	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (!c)
			return;
		pthread_mutex_lock(&s->lock);
		c->prev->next = c->next;
		c->next->prev = c->prev;
		s->held[c->tcp] -= c->held;
		pthread_mutex_unlock(&s->lock);
		free(c);
		*context = NULL;
		return;
	}
	c = calloc(1, sizeof *c);
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *addr =
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*context = c; /* NULL: every request on it is refused */
	if (!c)
		return;
	c->server = s;
	c->fd = fd->connect_fd;
	c->tcp = !addr->client_addr || addr->client_addr->sa_family != AF_UNIX;
	c->due_ms = now_ms() + s->head_ms;
	pthread_mutex_lock(&s->lock);
	c->number = ++s->numbers;
	c->next = &s->conns;
	c->prev = s->conns.prev;
	c->prev->next = c;
	s->conns.prev = c;
	pthread_mutex_unlock(&s->lock);
}

static struct conn *conn_of(struct MHD_Connection *mc)
{
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(mc, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return i ? i->socket_context : NULL;
}

/* The address as it was sent, before anything decodes it. */
static void *on_target(void *arg, const char *target, struct MHD_Connection *mc)
{
	(void)arg;
	(void)mc;
	struct request *q = calloc(1, sizeof *q);
	if (!q)
		return NULL;
	q->body = BUF_INIT;
	q->target = strdup(target);
	return q;
}

static void on_completed(void *arg, struct MHD_Connection *mc, void **context,
			 enum MHD_RequestTerminationCode code)
{
	(void)arg;
	(void)code;
	struct request *q = *context;
	struct conn *c = conn_of(mc);
	*context = NULL;
	if (q) {
		buf_fini(&q->body);
		free(q->target);
		free(q);
	}
	if (c) {
		hold_nothing(c);
		conn_due(c, c->server->head_ms);
	}
}

/* Leaves escapes as they are: the api decodes. */
static size_t on_unescape(void *arg, struct MHD_Connection *mc, char *s)
{
	(void)arg;
	(void)mc;
	return strlen(s);
}

static enum MHD_Result on_header(void *arg, enum MHD_ValueKind kind, const char *name,
				 size_t name_n, const char *value, size_t value_n)
{
	(void)kind;
	http_header(arg, slice(name, name_n), slice(value ? value : "", value ? value_n : 0));
	return MHD_YES;
}

static enum MHD_Result answer(struct MHD_Connection *mc, struct api_response *r, bool close)
{
	struct conn *c = conn_of(mc);
	struct MHD_Response *m =
		MHD_create_response_from_buffer(r->body.n, r->body.p, MHD_RESPMEM_MUST_FREE);
	if (!m) {
		buf_fini(&r->body);
		return MHD_NO;
	}
	r->body = BUF_INIT; /* the response has it now */
	if (r->content_type)
		MHD_add_response_header(m, "Content-Type", r->content_type);
	if (r->cache)
		MHD_add_response_header(m, "Cache-Control",
					r->status == 200 ? r->cache : "no-store");
	if (r->allow)
		MHD_add_response_header(m, "Allow", r->allow);
	if (r->retry_s) {
		char seconds[16];
		snprintf(seconds, sizeof seconds, "%u", r->retry_s);
		MHD_add_response_header(m, "Retry-After", seconds);
	}
	MHD_add_response_header(m, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(m, "Content-Language", "en, zh");
	if (close)
		MHD_add_response_header(m, "Connection", "close");
	if (c)
		conn_due(c, SEND_MS);
	enum MHD_Result ok = MHD_queue_response(mc, (unsigned)r->status, m);
	MHD_destroy_response(m);
	return ok;
}

/* The headers are there. Refuses, or lets the body come. */
static enum MHD_Result begin(struct conn *c, struct request *q, struct MHD_Connection *mc,
			     const char *method, const char *version)
{
	struct http_facts f = {0};
	q->judged = true;
	MHD_get_connection_values_n(mc, MHD_HEADER_KIND, on_header, &f);
	struct http_refusal no = http_judge(&f, method, version, c->tcp, API_BODY_MAX);
	if (no.status) {
		struct api_response r = {.body = BUF_INIT};
		api_problem(&r, no.status, no.code,
			    MHD_lookup_connection_value(mc, MHD_HEADER_KIND, "Accept-Language"),
			    "%s", no.detail);
		return answer(mc, &r, true);
	}
	conn_due(c, BODY_MS);
	/* At once where it is said; else as it comes. */
	q->no_room = no.length && !(hold(c, no.length) && buf_reserve(&q->body, no.length));
	q->held_ahead = no.length;
	return MHD_YES;
}

/* A part of the body. One that may not be kept is read to its end all the same: only then can
 * it be answered. */
static enum MHD_Result body_part(struct conn *c, struct request *q, const char *p, size_t n)
{
	q->got += n;
	if (q->got > API_BODY_MAX)
		return MHD_NO; /* nothing can be answered before its end, so hang up */
	if (!q->no_room && q->got > q->held_ahead && !hold(c, n))
		q->no_room = true;
	if (q->no_room)
		buf_fini(&q->body);
	else
		buf_put(&q->body, p, n);
	return q->body.failed ? MHD_NO : MHD_YES;
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *mc, const char *url,
				  const char *method, const char *version, const char *upload,
				  size_t *upload_n, void **context)
{
	(void)url;
	struct http_server *s = arg;
	struct request *q = *context;
	struct conn *c = conn_of(mc);
	if (!q || !q->target || !c)
		return MHD_NO;
	if (!q->judged)
		return begin(c, q, mc, method, version);
	if (*upload_n) {
		size_t n = *upload_n;
		*upload_n = 0;
		return body_part(c, q, upload, n);
	}
	pthread_mutex_lock(&s->lock);
	bool stopping = s->stopping;
	if (!stopping)
		s->busy++;
	pthread_mutex_unlock(&s->lock);
	if (stopping)
		return MHD_NO;
	conn_due(c, 0);
	struct api_request a = {
		.method = method,
		.target = q->target,
		.content_type = MHD_lookup_connection_value(mc, MHD_HEADER_KIND, "Content-Type"),
		.accept_language =
			MHD_lookup_connection_value(mc, MHD_HEADER_KIND, "Accept-Language"),
		.body = buf_slice(&q->body),
		.owner = !c->tcp,
		.source = c->number,
		.more = hold_more,
		.more_ctx = c,
	};
	struct api_response r = {.body = BUF_INIT};
	if (q->no_room)
		api_busy(&r, a.accept_language);
	else
		api_handle(s->api, &r, &a);
	enum MHD_Result ok = answer(mc, &r, false);
	pthread_mutex_lock(&s->lock);
	s->busy--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

/* ---- sockets ---- */

enum err http_socket_path(char out[static 108], int *fd, const char *path, struct err_text *t)
{
	*fd = -1;
	if (strlen(path) < 108) {
		snprintf(out, 108, "%s", path);
		return ERR_OK;
	}
	const char *slash = strrchr(path, '/');
	char *dir = slash ? strndup(path, (size_t)(slash - path) + 1) : NULL;
	if (!dir)
		return ERR_NOMEM;
	*fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	if (*fd < 0 || strlen(slash) > 60)
		return err_set(t, ERR_IO, "%s: %s", path, strerror(errno));
	snprintf(out, 108, "/proc/self/fd/%d%s", *fd, slash);
	return ERR_OK;
}

static enum err listen_unix(int *out, const char *path, struct err_text *t)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int dir;
	TRY(http_socket_path(a.sun_path, &dir, path, t));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* fchmod before bind makes the file 0600 from its first moment. */
	bool ok = fd >= 0 && fchmod(fd, 0600) == 0 && (unlink(path) == 0 || errno == ENOENT) &&
		  bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && chmod(path, 0600) == 0 &&
		  listen(fd, 64) == 0;
	int why = errno;
	if (dir >= 0)
		close(dir);
	if (ok) {
		*out = fd;
		return ERR_OK;
	}
	if (fd >= 0)
		close(fd);
	return err_set(t, ERR_IO, "cannot listen on %s: %s", path, strerror(why));
}

/* "127.0.0.1:7240" or "[::1]:7240". */
static enum err address_parse(struct sockaddr_storage *out, socklen_t *n, const char *text,
			      struct err_text *t)
{
	char host[64];
	unsigned port;
	char more;
	struct sockaddr_in a = {.sin_family = AF_INET};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	memset(out, 0, sizeof *out);
	if (sscanf(text, "[%63[0-9a-fA-F:.]]:%5u%c", host, &port, &more) == 2 && port < 65536 &&
	    inet_pton(AF_INET6, host, &a6.sin6_addr) == 1) {
		a6.sin6_port = htons((uint16_t)port);
		memcpy(out, &a6, *n = sizeof a6);
		if (IN6_IS_ADDR_LOOPBACK(&a6.sin6_addr))
			return ERR_OK;
	} else if (sscanf(text, "%63[0-9.]:%5u%c", host, &port, &more) == 2 && port < 65536 &&
		   inet_pton(AF_INET, host, &a.sin_addr) == 1) {
		a.sin_port = htons((uint16_t)port);
		memcpy(out, &a, *n = sizeof a);
		if (ntohl(a.sin_addr.s_addr) >> 24 == 127)
			return ERR_OK;
	} else {
		return err_set(t, ERR_USAGE, "\"%s\" is not ADDRESS:PORT, as 127.0.0.1:7240 is",
			       text);
	}
	return err_set(t, ERR_USAGE,
		       "\"%s\" is not a loopback address: the API has no accounts yet, so put a "
		       "proxy that has before it",
		       text);
}

static enum err listen_tcp(int *out, unsigned *port, const char *text, struct err_text *t)
{
	struct sockaddr_storage a;
	socklen_t n = 0;
	int one = 1;
	TRY(address_parse(&a, &n, text, t));
	int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
		  bind(fd, (struct sockaddr *)&a, n) == 0 && listen(fd, 128) == 0 &&
		  getsockname(fd, (struct sockaddr *)&a, &n) == 0;
	int why = errno;
	if (ok) {
		struct sockaddr_in in;
		memcpy(&in, &a, sizeof in); /* the port lies at the same place in both families */
		*port = ntohs(in.sin_port);
		*out = fd;
		return ERR_OK;
	}
	if (fd >= 0)
		close(fd);
	return err_set(t, why == EADDRINUSE ? ERR_EXISTS : ERR_IO, "cannot listen on %s: %s", text,
		       strerror(why));
}

/* Takes the descriptor over, on failure too. */
static struct MHD_Daemon *serve(struct http_server *s, int fd, unsigned all, unsigned each)
{
	struct MHD_OptionItem more[] = {
		{each ? MHD_OPTION_PER_IP_CONNECTION_LIMIT : MHD_OPTION_END, (intptr_t)each, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_Daemon *d = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			MHD_USE_ITC,
		0, NULL, NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, all, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)MHD_IDLE_S,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK_BYTES, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_UNESCAPE_CALLBACK,
		on_unescape, s, MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY, more,
		MHD_OPTION_END);
	if (!d)
		close(fd);
	return d;
}

enum err http_start(struct http_server **out, struct api *api, const struct http_options *o,
		    struct err_text *t)
{
	struct http_server *s = calloc(1, sizeof *s);
	unsigned all = o->connections_max ? o->connections_max : CONNECTIONS_DEFAULT;
	unsigned each = o->per_address_max ? o->per_address_max : all / 4 * 3;
	int fd = -1;
	enum err e = ERR_OK;
	if (!s)
		return ERR_NOMEM;
	s->api = api;
	s->head_ms = o->head_ms ? o->head_ms : HEAD_MS;
	s->conns.next = s->conns.prev = &s->conns;
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_t mono;
	pthread_condattr_init(&mono);
	pthread_condattr_setclock(&mono, CLOCK_MONOTONIC);
	pthread_cond_init(&s->changed, &mono);
	pthread_condattr_destroy(&mono);
	if (o->listen) {
		e = listen_tcp(&fd, &s->port, o->listen, t);
		if (e == ERR_OK && !(s->tcp = serve(s, fd, all, each)))
			e = err_set(t, ERR_IO, "the HTTP server did not start");
	}
	if (e == ERR_OK && o->socket_path) {
		s->socket_path = strdup(o->socket_path);
		e = s->socket_path ? listen_unix(&fd, o->socket_path, t) : ERR_NOMEM;
		if (e == ERR_OK && !(s->unix_ = serve(s, fd, all, 0)))
			e = err_set(t, ERR_IO, "the HTTP server did not start");
	}
	if (e == ERR_OK && pthread_create(&s->sweeper, NULL, sweep, s) != 0)
		e = ERR_NOMEM;
	s->sweeping = e == ERR_OK;
	if (e != ERR_OK) {
		http_stop(s, 0);
		return e;
	}
	*out = s;
	return ERR_OK;
}

unsigned http_port(const struct http_server *s)
{
	return s->port;
}

void http_stop(struct http_server *s, int64_t wait_ms)
{
	if (!s)
		return;
	int fds[2] = {-1, -1};
	if (s->tcp)
		fds[0] = MHD_quiesce_daemon(s->tcp);
	if (s->unix_)
		fds[1] = MHD_quiesce_daemon(s->unix_);
	if (s->unix_ && s->socket_path)
		unlink(s->socket_path);
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	for (int64_t end = now_ms() + wait_ms; s->busy && now_ms() < end;) {
		struct timespec t;
		clock_gettime(CLOCK_MONOTONIC, &t);
		t.tv_sec += 1;
		pthread_cond_timedwait(&s->changed, &s->lock, &t);
	}
	pthread_mutex_unlock(&s->lock);
	if (s->sweeping)
		pthread_join(s->sweeper, NULL);
	if (s->tcp)
		MHD_stop_daemon(s->tcp);
	if (s->unix_)
		MHD_stop_daemon(s->unix_);
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s->socket_path);
	free(s);
}
