/*
 * argosy export epcis: what was recorded, as JSON-LD.
 *
 * All events of the range as one EPCISDocument, streamed. Where the range is just
 * one imported document, it comes out as it came in, with its header. With
 * --documents DIR every imported document is written to a file of its own.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"

#include "base/io.h"
#include "data/epcis.h"
#include "data/json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum { PAGE = 1000 };

struct exporting {
	struct cli *cli;
	struct client *client;
	uint64_t from, to, next;
	uint64_t events; /* written so far */
	bool more;
	struct buf page; /* lines of /v1/events?form=lines */
};

static int page_get(struct exporting *x)
{
	char target[160];
	snprintf(target, sizeof target,
		 "/v1/events?form=lines&limit=%d&from=%" PRIu64 "&to=%" PRIu64, PAGE, x->next,
		 x->to);
	buf_fini(&x->page);
	int code = client_get(x->client, &x->page, target);
	if (code)
		return code;
	/* The last line says where to go on. */
	size_t end = x->page.n, start;
	if (end && x->page.p[end - 1] == '\n')
		end--;
	for (start = end; start && x->page.p[start - 1] != '\n';)
		start--;
	struct json_value *v;
	struct json_error e;
	uint8_t *last = arena_copy(x->cli->arena, x->page.p + start, end - start);
	if (!last || json_parse(x->cli->arena, &v, &e, slice(last, end - start), 4, JSON_STRICT))
		return cli_fail(x->cli, CLI_FAILED, "the node's answer is not what was asked for");
	x->page.n = start;
	x->to = json_u64(v, "to");
	x->more = json_get(v, "next_cursor") != NULL;
	x->next = json_u64(v, "next_cursor");
	return CLI_DONE;
}

/* The next line of the page, without its end. */
static bool line_next(const struct buf *page, size_t *at, struct slice *line)
{
	const uint8_t *p = page->p + *at;
	if (*at >= page->n)
		return false;
	const uint8_t *end = memchr(p, '\n', page->n - *at);
	*line = slice(p, end ? (size_t)(end - p) : page->n - *at);
	*at += line->n + 1;
	return true;
}

/* {"index":5,"event":...} -> ...; empty for other lines. */
static struct slice line_event(struct slice line)
{
	static const char mark[] = ",\"event\":";
	const uint8_t *p = memmem(line.p, line.n < 64 ? line.n : 64, mark, sizeof mark - 1);
	if (!p)
		return slice("", 0);
	p += sizeof mark - 1;
	return slice(p, (size_t)(line.p + line.n - p) - 1);
}

/* {"index":4,"document":{"events":3}} */
static bool line_document(struct slice line, uint64_t *index, uint32_t *events)
{
	char text[100];
	snprintf(text, sizeof text, "%.*s", (int)(line.n < 99 ? line.n : 99), (const char *)line.p);
	return sscanf(text, "{\"index\":%" SCNu64 ",\"document\":{\"events\":%" SCNu32, index,
		      events) == 2;
}

/* Is the first page all there is, and one document with all its events? */
static bool is_one_document(struct exporting *x, uint64_t *index)
{
	size_t at = 0;
	struct slice line;
	uint32_t events = 0, seen = 0;
	if (x->more || !line_next(&x->page, &at, &line) || !line_document(line, index, &events))
		return false;
	for (; line_next(&x->page, &at, &line); seen++) {
		if (line_event(line).n == 0)
			return false;
	}
	x->events = seen;
	return seen == events;
}

static int write_all(FILE *f, struct slice s)
{
	return s.n == 0 || fwrite(s.p, 1, s.n, f) == s.n ? 0 : -1;
}

/* A document around everything. */
static int export_stream(struct exporting *x, FILE *f)
{
	struct cli *cli = x->cli;
	struct json_value *status;
	Argosy__V1__Document head = ARGOSY__V1__DOCUMENT__INIT;
	struct buf part = BUF_INIT;
	bool any = false;
	x->events = 0;
	int code = client_get_json(x->client, &status, "/v1/status");
	if (code)
		return code;
	head.type = (char *)(uintptr_t) "EPCISDocument";
	head.schema_version = (char *)(uintptr_t) "2.0";
	/* Block time, so that the same chain gives the same export. */
	head.creation_date = arena_str(cli->arena, slice_str(json_str(cli->arena, status, "time")));
	enum err e = head.creation_date ? epcis_write_begin(&part, &head, 0) : ERR_NOMEM;
	bool bad = e == ERR_OK && write_all(f, buf_slice(&part)) != 0;
	while (e == ERR_OK && !bad) {
		struct slice line;
		for (size_t at = 0; line_next(&x->page, &at, &line);) {
			struct slice event = line_event(line);
			if (event.n == 0)
				continue;
			bad |= write_all(f, slice_str(any ? ",\n" : "\n")) != 0 ||
			       write_all(f, event) != 0;
			any = true;
			x->events++;
		}
		if (!x->more)
			break;
		code = page_get(x);
		if (code)
			break;
	}
	buf_clear(&part);
	if (e == ERR_OK)
		e = epcis_write_end(&part, &head, any, 0);
	if (code == CLI_DONE && e == ERR_OK)
		bad |= write_all(f, buf_slice(&part)) != 0 || fputc('\n', f) == EOF;
	buf_fini(&part);
	if (code)
		return code;
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	return bad && errno != EPIPE
		       ? cli_fail(cli, CLI_FAILED, "cannot write: %s", strerror(errno))
		       : CLI_DONE;
}

static int document_get(struct exporting *x, struct buf *out, uint64_t index)
{
	char target[64];
	snprintf(target, sizeof target, "/v1/documents/%" PRIu64, index);
	return client_get(x->client, out, target);
}

static void document_tell(struct cli *cli, const char *path, uint64_t index, uint64_t events)
{
	if (!cli->json) {
		printf("%s\n", cli_plain(cli, path));
		return;
	}
	struct buf out;
	struct jsonw w = cli_json(&out);
	jsonw_str(&w, "file", path);
	jsonw_u64(&w, "index", index);
	jsonw_u64(&w, "events", events);
	cli_json_end(&w);
}

/* Every document into DIR/INDEX.jsonld. */
static int export_documents(struct exporting *x, const char *dir)
{
	struct cli *cli = x->cli;
	unsigned n = 0;
	enum err e = io_make_dir(io_posix(), dir, &cli->err);
	if (e != ERR_OK)
		return cli_fault(cli, e, NULL);
	for (;;) {
		struct slice line;
		for (size_t at = 0; line_next(&x->page, &at, &line);) {
			uint64_t index;
			uint32_t events;
			struct buf doc;
			if (!line_document(line, &index, &events))
				continue;
			int code = document_get(x, &doc, index);
			if (code)
				return code;
			const char *path =
				arena_printf(cli->arena, "%s/%08" PRIu64 ".jsonld", dir, index);
			code = path ? cli_write(cli, path, buf_slice(&doc))
				    : cli_fault(cli, ERR_NOMEM, NULL);
			buf_fini(&doc);
			if (code)
				return code;
			document_tell(cli, path, index, events);
			n++;
		}
		if (!x->more)
			break;
		int code = page_get(x);
		if (code)
			return code;
	}
	cli_say(cli, cli_tr(cli, "%u documents", "%u 个文件"), n);
	return CLI_DONE;
}

/* To a file: written beside it, then renamed, so that a half export is never taken for one. What is
 * no file is written into. */
static int export_to(struct exporting *x, const char *path)
{
	struct cli *cli = x->cli;
	bool replace;
	const char *to = cli_target(cli, path, &replace);
	const char *tmp = to && replace ? arena_printf(cli->arena, "%s.tmp", to) : to;
	/* A file of that name that was left, or laid, there is not written into. */
	if (tmp && replace)
		unlink(tmp);
	int flags = replace ? O_CREAT | O_EXCL | O_NOFOLLOW : O_CREAT | O_TRUNC;
	int fd = tmp ? open(tmp, O_WRONLY | O_CLOEXEC | flags, 0666) : -1;
	FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (!f && fd >= 0)
		close(fd);
	if (!f)
		return cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	int code = export_stream(x, f);
	bool bad = fflush(f) != 0 || (replace && fsync(fileno(f)) != 0);
	bad |= fclose(f) != 0;
	if (code == CLI_DONE && (bad || (replace && rename(tmp, to) != 0)))
		code = cli_fail(cli, CLI_FAILED, "%s: %s", path, strerror(errno));
	if (code && replace)
		unlink(tmp);
	return code;
}

int cmd_export_epcis(struct cli *cli)
{
	struct exporting x = {.cli = cli, .page = BUF_INIT};
	const char *path = cli_value(cli, "output"), *dir = cli_value(cli, "documents");
	uint64_t index;
	if (!cli_number(cli, "from", &x.from, 0, INT64_MAX) ||
	    !cli_number(cli, "to", &x.to, INT64_MAX, INT64_MAX))
		return CLI_USAGE;
	int code = client_open(cli, &x.client, CLIENT_READ);
	if (code)
		return code;
	x.next = x.from;
	code = page_get(&x);
	if (code == CLI_DONE && dir) {
		code = export_documents(&x, dir);
	} else if (code == CLI_DONE && is_one_document(&x, &index)) {
		struct buf doc;
		code = document_get(&x, &doc, index);
		if (code == CLI_DONE) {
			code = cli_write(cli, path ? path : "-", buf_slice(&doc));
			buf_fini(&doc);
		}
	} else if (code == CLI_DONE) {
		code = path && strcmp(path, "-") != 0 ? export_to(&x, path)
						      : export_stream(&x, stdout);
	}
	if (code == CLI_DONE && !dir && path && strcmp(path, "-") != 0 && cli->json) {
		struct buf out;
		struct jsonw w = cli_json(&out);
		jsonw_str(&w, "file", path);
		jsonw_u64(&w, "events", x.events);
		cli_json_end(&w);
	}
	buf_fini(&x.page);
	client_close(x.client);
	return code;
}
