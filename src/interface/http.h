/*
 * http: the api over HTTP/1.1, on a loopback address and on a unix socket.
 *
 * The unix socket is <folder>/argosyd.sock, mode 0600: whoever may open it is
 * the owner and may operate the node. TCP is for reading and for signed
 * transactions; it is refused on anything but loopback, since there are no
 * accounts yet.
 *
 * Limits: API_BODY_MAX per body, 32 KiB of headers, connections per address
 * and in all, and absolute deadlines: head_ms for all headers to arrive (idle
 * time before them included), BODY_MS for the body, SEND_MS for the answer.
 * libmicrohttpd's own timeout is idle time and does not stop a slow drip.
 */
#ifndef ARGOSY_INTERFACE_HTTP_H
#define ARGOSY_INTERFACE_HTTP_H

#include "base/bytes.h"

struct api;
struct http_server;

struct http_options {
	const char *listen;	  /* "127.0.0.1:7240"; port 0: any; NULL: unix socket alone */
	const char *socket_path;  /* NULL: TCP alone */
	unsigned connections_max; /* of each kind; 0: 256 */
	unsigned per_address_max; /* 0: three quarters of all */
	int64_t head_ms;	  /* 0: 30,000 */
};

#define HTTP_LISTEN_DEFAULT "127.0.0.1:7240"

/*
 * Starts serving. The caller holds the node's lock, so a socket file that is
 * there already is a dead process's and is replaced. ERR_USAGE: the address is
 * not one or not loopback; ERR_EXISTS: the port is taken; ERR_IO.
 */
enum err http_start(struct http_server **out, struct api *api, const struct http_options *o,
		    struct err_text *t) MUST_USE;
/* The TCP port in use; 0: none. */
unsigned http_port(const struct http_server *s);
/* Accepts nothing more, lets running requests end (at most `wait_ms`), closes all. NULL is fine. */
void http_stop(struct http_server *s, int64_t wait_ms);

/* A path by which a socket file of any length can be bound or reached: `path` itself, or through
 * /proc/self/fd and *fd (to be closed by the caller afterwards, -1 if not needed). */
enum err http_socket_path(char out[static 108], int *fd, const char *path,
			  struct err_text *t) MUST_USE;

#endif
