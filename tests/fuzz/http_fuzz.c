/*
 * Any bytes as a request's headers: lines "name:value", the first one method and version.
 * Whatever is let through has one Host that is ours, and at most one plain length.
 */
#include "interface/http_strict.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_facts f = {0};
	static const char *const versions[] = {"HTTP/1.1", "HTTP/1.0", "HTTP/1.9", "HTTP/2"};
	static const char *const methods[] = {"GET", "POST", "PUT", "TRACE"};
	if (size < 1)
		return 0;
	const char *version = versions[data[0] & 3], *method = methods[data[0] >> 2 & 3];
	bool tcp = data[0] & 16;
	const uint8_t *p = data + 1, *end = data + size;
	while (p < end) {
		const uint8_t *line = memchr(p, '\n', (size_t)(end - p));
		const uint8_t *stop = line ? line : end;
		const uint8_t *colon = memchr(p, ':', (size_t)(stop - p));
		if (colon)
			http_header(&f, slice(p, (size_t)(colon - p)),
				    slice(colon + 1, (size_t)(stop - colon - 1)));
		p = line ? line + 1 : end;
	}
	struct http_refusal r = http_judge(&f, method, version, tcp, 1 << 20);
	bug_if(r.status != 0 && (r.status < 400 || r.status > 599 || !r.code || !r.detail));
	if (r.status == 0) {
		bug_if(f.hosts > 1 || f.lengths > 1 || f.bad_name || f.bad_value || f.n > HTTP_HEADERS_MAX);
		bug_if(f.lengths && f.encodings);
		bug_if(tcp && f.hosts && !http_host_loopback(f.host));
		for (size_t i = 0; f.lengths && i < f.length.n; i++)
			bug_if(f.length.p[i] < '0' || f.length.p[i] > '9');
	}
	return 0;
}
