/*
 * http_strict: what a request's headers must be before anything reads them.
 *
 * libmicrohttpd lets through requests that a strict proxy in front would read
 * otherwise (request smuggling), so every header that it read is judged here:
 * RFC 9112 §3.2 (one Host), §6.1 and §6.3 (Transfer-Encoding, Content-Length),
 * §5.1 (no space before the colon), §2.3 (version).
 */
#ifndef ARGOSY_INTERFACE_HTTP_STRICT_H
#define ARGOSY_INTERFACE_HTTP_STRICT_H

#include "base/bytes.h"

enum { HTTP_HEADERS_MAX = 64 };

/* Gathered from the headers, one http_header call for each. Values are borrowed. */
struct http_facts {
	unsigned n;
	unsigned hosts, lengths, encodings, types;
	struct slice host, length, encoding, origin;
	bool bad_name, bad_value;
};

void http_header(struct http_facts *f, struct slice name, struct slice value);

struct http_refusal {
	int status; /* 0: none */
	const char *code;
	const char *detail;
	size_t length; /* where none: what Content-Length announced; 0: it did not */
};

/*
 * Judges a request. `tcp`: the Host must name this machine's loopback, since
 * a browser sends any site's scripts to 127.0.0.1 when that site's name says so
 * (DNS rebinding). `body_max`: largest Content-Length.
 */
struct http_refusal http_judge(const struct http_facts *f, const char *method, const char *version,
			       bool tcp, size_t body_max);

/* "localhost", "127.x.y.z", "[::1]", with or without a port. */
bool http_host_loopback(struct slice host);

#endif
