#include "cmd/journal_source.h"

#include "journal/journal.h"
#include "ledger/block_record.h"
#include "ledger/genesis.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct journal_source {
	struct cli *cli;
	const char *from;
	char socket[IO_PATH_MAX], log[IO_PATH_MAX];
	struct client *client; /* NULL: files */
	struct journal_pos last; /* of files: the last block given; {0, 0}: none */
};

/* CLI_DONE, with a client where a daemon listens. */
static int reach(struct journal_source *s)
{
	client_close(s->client);
	s->client = NULL;
	return client_open_socket(s->cli, &s->client, s->socket);
}

int journal_source_open(struct cli *cli, struct journal_source **out, const char *from)
{
	struct stat st;
	*out = NULL;
	if (strncmp(from, "http://", 7) == 0 || strncmp(from, "https://", 8) == 0)
		return cli_fail(cli, CLI_USAGE, "%s",
				cli_tr(cli,
				       "from afar it will be possible when nodes have accounts: "
				       "name a "
				       "copied folder, or the node's socket",
				       "远程跟随须待节点支持账户：请指定复制的目录或节点的套接字"));
	if (stat(from, &st) != 0)
		return cli_fail(cli, CLI_NOTFOUND,
				cli_tr(cli, "%s: there is no such folder or socket",
				       "%s：没有该目录或套接字"),
				from);
	struct journal_source *s = calloc(1, sizeof *s);
	if (!s)
		return cli_fault(cli, ERR_NOMEM, NULL);
	s->cli = cli;
	s->from = from;
	enum err e = ERR_OK;
	if (S_ISDIR(st.st_mode))
		e = io_join(s->socket, from, "argosyd.sock", &cli->err);
	else
		snprintf(s->socket, sizeof s->socket, "%s", from);
	if (e == ERR_OK && S_ISDIR(st.st_mode))
		e = io_join(s->log, from, "log", &cli->err);
	int code = e == ERR_OK ? reach(s) : cli_fault(cli, e, NULL);
	if (code == CLI_DONE && !s->client && !s->log[0])
		code = cli_fail(cli, CLI_LATER,
				cli_tr(cli, "%s: no argosyd listens there", "%s：没有 argosyd 在此监听"),
				from);
	if (code) {
		journal_source_close(s);
		return code;
	}
	*out = s;
	return CLI_DONE;
}

void journal_source_close(struct journal_source *s)
{
	if (!s)
		return;
	client_close(s->client);
	free(s);
}

struct client *journal_source_client(struct journal_source *s)
{
	return s->client;
}

/* ---- files ---- */

/* Damage of what was handed over is tampering, not this folder's fault. */
static int files_fault(struct journal_source *s, enum err e)
{
	struct cli *cli = s->cli;
	const char *text = cli->err.text[0] ? cli->err.text : err_str(e);
	return e == ERR_CORRUPT ? cli_fail(cli, CLI_TAMPERED, "%s", text) : cli_fault(cli, e, NULL);
}

static enum err files_open(struct journal_source *s, struct journal **j, struct journal_cursor **c,
			   const struct journal_pos *from)
{
	struct journal_options jo = {.read_only = true};
	TRY(journal_open(j, io_posix(), s->log, NULL, &jo, &s->cli->err));
	enum err e = journal_cursor_open(c, *j, from, &s->cli->err);
	if (e != ERR_OK)
		journal_close(*j);
	return e;
}

static int files_genesis(struct journal_source *s, struct buf *out)
{
	struct journal *j;
	struct journal_cursor *c;
	struct journal_record r;
	enum err e = files_open(s, &j, &c, NULL);
	if (e != ERR_OK)
		return files_fault(s, e);
	e = journal_cursor_next(c, &r, &s->cli->err);
	if (e == ERR_NOTFOUND || (e == ERR_OK && r.type != JOURNAL_GENESIS))
		e = err_set(&s->cli->err, ERR_CORRUPT,
			    "%s: the journal does not begin with a genesis",
			    s->log);
	if (e == ERR_OK) {
		buf_put_slice(out, r.payload);
		e = buf_err(out);
	}
	journal_cursor_close(c);
	journal_close(j);
	return e == ERR_OK ? CLI_DONE : files_fault(s, e);
}

static int files_each(struct journal_source *s,
		      int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx)
{
	struct journal *j;
	struct journal_cursor *c;
	struct journal_record r;
	int code = CLI_DONE;
	enum err e = files_open(s, &j, &c, s->last.segment ? &s->last : NULL);
	if (e != ERR_OK)
		return files_fault(s, e);
	while (code == CLI_DONE && (e = journal_cursor_next(c, &r, &s->cli->err)) == ERR_OK) {
		code = take(ctx, r.type, r.payload);
		if (code == CLI_DONE && r.type == JOURNAL_BLOCK)
			s->last = r.pos;
	}
	journal_cursor_close(c);
	journal_close(j);
	return code || e == ERR_OK || e == ERR_NOTFOUND ? code : files_fault(s, e);
}

/* ---- the socket ---- */

/* One page; *last is the height of its last block, as before if it has none. */
static int page_take(struct journal_source *s, struct slice page, int64_t *last,
		     int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx)
{
	struct reader r = reader_of(page);
	int code = CLI_DONE;
	while (code == CLI_DONE && reader_left(&r)) {
		struct block_record b;
		uint8_t type = reader_u8(&r);
		struct slice payload = reader_lp(&r);
		bool block = type == JOURNAL_BLOCK;
		/* A height that does not rise would be asked for again for ever. */
		if (r.bad || (block && (!block_record_decode(&b, payload) || b.height <= *last)))
			return cli_fail(s->cli, CLI_FAILED, "the node's answer makes no sense");
		code = take(ctx, type, payload);
		if (block)
			*last = b.height;
	}
	return code;
}

/* The block that is known, so that it is compared. One that is not there is another chain's. */
static int known_take(struct journal_source *s, int64_t known,
		      int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx)
{
	char target[64];
	struct api_response r;
	snprintf(target, sizeof target, "/v1/blocks/%" PRId64 "?form=bytes", known);
	int code = client_call(s->client, &r, "GET", target, NULL, slice("", 0));
	if (code)
		return code;
	if (r.status == 404)
		code = cli_fail(s->cli, CLI_TAMPERED,
				cli_tr(s->cli,
				       "this chain has no block %lld, which was replayed before: "
				       "its end was "
				       "cut off, or it is an older copy",
				       "此链没有先前已重放的区块 %lld：其末尾被截断，或为较旧的副本"),
				(long long)known);
	else if (r.status >= 400)
		code = client_problem(s->client, &r);
	else
		code = take(ctx, JOURNAL_BLOCK, buf_slice(&r.body));
	buf_fini(&r.body);
	return code;
}

static int socket_each(struct journal_source *s, int64_t known,
		       int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx)
{
	struct api_response head;
	int64_t last = known;
	/* Asked for its head a node closes the block that carries its newest state; one that cannot
	 * is followed all the same. */
	int code = client_call(s->client, &head, "GET", "/v1/head", NULL, slice("", 0));
	if (code)
		return code;
	buf_fini(&head.body);
	if (known)
		code = known_take(s, known, take, ctx);
	for (bool more = true; code == CLI_DONE && more;) {
		char target[64];
		struct buf page;
		int64_t before = last;
		snprintf(target, sizeof target, "/v1/journal?after=%" PRId64, last);
		code = client_get(s->client, &page, target);
		if (code == CLI_DONE)
			code = page_take(s, buf_slice(&page), &last, take, ctx);
		more = last > before;
		buf_fini(&page);
	}
	return code;
}

/* ---- both ---- */

int journal_source_genesis(struct journal_source *s, struct buf *out)
{
	if (!s->client)
		return files_genesis(s, out);
	struct buf file;
	int code = client_get(s->client, &file, "/v1/genesis");
	if (code == CLI_DONE)
		buf_put_slice(out, buf_slice(&file));
	buf_fini(&file);
	return code;
}

int journal_source_each(struct journal_source *s, int64_t known,
			int (*take)(void *ctx, uint8_t type, struct slice payload), void *ctx)
{
	/* A daemon may have been started, or stopped, since. */
	int code = reach(s);
	if (code)
		return code;
	if (s->client)
		return socket_each(s, known, take, ctx);
	if (s->log[0])
		return files_each(s, take, ctx);
	return cli_fail(s->cli, CLI_LATER,
			cli_tr(s->cli, "%s: no argosyd listens there", "%s：没有 argosyd 在此监听"),
				s->from);
}
