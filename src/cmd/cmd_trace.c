/*
 * argosy trace ITEM: a timeline for people, or the whole trace as JSON.
 */
#include "cmd/client.h"
#include "cmd/cmds.h"
#include "cmd/text.h"

#include "data/json.h"

#include <stdio.h>

enum { NAMES_SHOWN = 3 };

/* What the lines of one timeline share. */
struct timeline {
	struct cli *cli;
	struct arena *a;
	const struct json_value *nodes;
	size_t n_nodes;
};

static const char *str(struct timeline *t, const struct json_value *v, const char *name)
{
	return json_str(t->a, v, name);
}

static const char *paint(const struct timeline *t, const char *code)
{
	return t->cli->color ? code : "";
}

/* "2026-01-02T03:04:05.678Z" -> "2026-01-02 03:04" */
static void time_put(const char *iso)
{
	char out[17];
	snprintf(out, sizeof out, "%.16s", iso);
	if (strlen(out) > 10)
		out[10] = ' ';
	printf("%s  ", out);
}

static const struct json_value *node_at(const struct timeline *t, uint64_t i)
{
	const struct json_value *n = t->nodes ? t->nodes->first : NULL;
	for (; n && i; i--)
		n = n->next;
	return n;
}

static void node_put(struct timeline *t, const struct json_value *n)
{
	char word[128];
	printf("%s%s%s  %s", paint(t, "\033[1m"), str(t, n, "id"), paint(t, "\033[0m"),
	       text_word(word, str(t, n, "kind"), t->cli->zh));
	unsigned long long events = json_u64(n, "events"), claims = json_u64(n, "claims");
	printf(cli_tr(t->cli, events == 1 ? ", %llu event" : ", %llu events", "，%llu 个事件"), events);
	if (*str(t, n, "holder"))
		printf(cli_tr(t->cli, ", held by %s", "，持有者 %s"), str(t, n, "holder"));
	if (*str(t, n, "container"))
		printf(cli_tr(t->cli, ", inside %s", "，在 %s 内"), str(t, n, "container"));
	if (claims)
		printf(cli_tr(t->cli,
			      claims == 1 ? ", %llu claim of others beside it"
					  : ", %llu claims of others beside it",
			      "，另有 %llu 条他方声明"),
		       claims);
	if (json_true(n, "taken_in"))
		printf("%s", cli_tr(t->cli, ", taken in from outside", "，由外部接入"));
	if (json_true(n, "decommissioned"))
		printf("%s", cli_tr(t->cli, ", decommissioned", "，已停用"));
	if (json_true(n, "times_contradict"))
		printf("%s", cli_tr(t->cli,
				    ", unpacked before it was packed: counted by the order of recording",
				    "，取出时间早于装入时间：按记录次序计"));
	printf("\n");
}

/* The other subjects, indented below what led to them. */
static void nodes_put(struct timeline *t)
{
	char word[128];
	const struct json_value *n = node_at(t, 0);
	for (n = n ? n->next : NULL; n; n = n->next) {
		int depth = (int)json_u64(n, "depth");
		printf("%*s%s ", 2 * (depth < 20 ? depth : 20), "",
		       text_word(word, str(t, n, "link"), t->cli->zh));
		node_put(t, n);
	}
}

static void list_put(struct timeline *t, const struct json_value *e, const char *name,
		     const char *en, const char *zh)
{
	const struct json_value *list = json_get(e, name);
	unsigned shown = 0;
	if (!list || !list->first)
		return;
	printf("%18s%s ", "", cli_tr(t->cli, en, zh));
	for (const struct json_value *v = list->first; v && shown < NAMES_SHOWN;
	     v = v->next, shown++)
		printf("%s%s", shown ? ", " : "", json_text(t->a, v));
	if (list->count > shown)
		printf(cli_tr(t->cli, " and %u more", " 及另外 %u 个"), (unsigned)list->count - shown);
	printf("\n");
}

/* UN/ECE's codes of units that everybody knows by their signs; others stay as they are. */
static const char *unit_sign(const char *code)
{
	static const char *const signs[][2] = {
		{"CEL", "°C"}, {"FAH", "°F"}, {"KEL", "K"}, {"P1", "%"}, {"GRM", "g"}, {"KGM", "kg"},
	};
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (strcmp(signs[i][0], code) == 0)
			return signs[i][1];
	return code;
}

/* "4.1 (3.9 .. 5.0)", or as much of it as there is. */
static void value_put(struct timeline *t, const struct json_value *r)
{
	const char *value = str(t, r, "value"), *min = str(t, r, "min"), *max = str(t, r, "max");
	bool beside = *value && (*min || *max);
	printf("%s%s", value, beside ? " (" : "");
	if (*min && *max)
		printf("%s .. %s", min, max);
	else if (*min)
		printf("%s %s", cli_tr(t->cli, "at least", "最低"), min);
	else if (*max)
		printf("%s %s", cli_tr(t->cli, "at most", "最高"), max);
	printf("%s", beside ? ")" : "");
}

static void readings_put(struct timeline *t, const struct json_value *e)
{
	const struct json_value *list = json_get(e, "sensor_readings");
	unsigned shown = 0;
	char word[128];
	for (const struct json_value *r = list ? list->first : NULL; r; r = r->next) {
		const char *exception = str(t, r, "exception");
		if (shown == NAMES_SHOWN) {
			printf("%18s", "");
			printf(cli_tr(t->cli, "and %u more readings\n", "另有 %u 个读数\n"),
			       (unsigned)list->count - shown);
			return;
		}
		printf("%18s%s ", "", text_word(word, str(t, r, "type"), t->cli->zh));
		value_put(t, r);
		printf(" %s%s%s\n", unit_sign(str(t, r, "uom")), *exception ? " ! " : "", exception);
		shown++;
	}
}

static void marks_put(struct timeline *t, const struct json_value *e)
{
	static const struct {
		const char *name, *en, *zh;
	} marks[] = {
		{"voided", "VOID: declared in error", "作废：已声明错误"},
		{"disowned", "DISOWNED: signed by a stolen key", "不予承认：密钥被盗"},
		{"claim", "claim: not part of the history", "声明：不属于该历史"},
		{"after_recording", "dated later than it was recorded", "事件时间晚于记录时间"},
		{"taken_in", "taken in", "接入"},
		{"unnamed", "not named by the event", "事件未点名"},
	};
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		if (json_true(e, marks[i].name))
			printf("  [%s]", cli_tr(t->cli, marks[i].en, marks[i].zh));
	}
	if (json_u64(e, "voids"))
		printf(cli_tr(t->cli, "  [declares entry %llu in error]", "  [声明第 %llu 条有误]"),
		       (unsigned long long)json_u64(e, "voids"));
	else if (json_true(e, "declares_error"))
		printf("  [%s]", cli_tr(t->cli, "declares an error", "声明错误"));
}

static void event_put(struct timeline *t, const struct json_value *e)
{
	char word[128];
	const char *step = str(t, e, "step"), *where = str(t, e, "where_name");
	const char *who = str(t, e, "who_name");
	bool faded = json_true(e, "voided") || json_true(e, "disowned");
	if (!*step)
		step = json_u64(e, "voids") ? "error_declaration" : str(t, e, "act");
	time_put(str(t, e, "happened"));
	printf("%s", paint(t, faded ? "\033[9m" : ""));
	text_put(text_word(word, step, t->cli->zh), 20);
	text_put(*where ? where : *str(t, e, "where") ? str(t, e, "where") : "-", 28);
	printf("%s%s", *who ? who : str(t, e, "who"), faded ? paint(t, "\033[0m") : "");
	marks_put(t, e);
	printf("\n");
	if (t->n_nodes > 1 && json_u64(e, "node") != 0)
		printf("%18s%s %s\n", "", cli_tr(t->cli, "of", "标的："), str(t, e, "subject"));
	list_put(t, e, "inputs", "from", "原料：");
	list_put(t, e, "outputs", "into", "产出：");
	list_put(t, e, "parent", "container", "容器：");
	readings_put(t, e);
	if (t->cli->verbose)
		printf("%18s%s, %s %llu\n", "", str(t, e, "hash"), cli_tr(t->cli, "record", "记录"),
		       (unsigned long long)json_u64(e, "index"));
}

static void timeline_put(struct timeline *t, const struct json_value *v)
{
	const struct json_value *events = json_get(v, "events");
	t->nodes = json_get(v, "nodes");
	t->n_nodes = t->nodes ? t->nodes->count : 0;
	if (t->n_nodes)
		node_put(t, node_at(t, 0));
	nodes_put(t);
	printf("\n");
	for (const struct json_value *e = events ? events->first : NULL; e; e = e->next)
		event_put(t, e);
	if (json_true(v, "truncated"))
		cli_say(t->cli, "%s: %s", cli_tr(t->cli, "cut short", "超出上限，结果不完整"),
			str(t, v, "cut"));
	cli_say(t->cli,
		cli_tr(t->cli, "as of block %llu; \"argosy prove\" makes this a proof",
		       "截至区块 %llu；用 argosy prove 可生成证明"),
		(unsigned long long)json_u64(v, "height"));
}

int cmd_trace(struct cli *cli)
{
	bool up = cli_flag(cli, "up"), down = cli_flag(cli, "down"), whole = cli_flag(cli, "whole");
	struct client *c;
	struct buf body;
	if (up + down + whole > 1)
		return cli_fail(cli, CLI_USAGE, "--up, --down and --whole exclude each other");
	const char *tail = arena_printf(cli->arena, "/trace?direction=%s%s",
					up	? "up"
					: down	? "down"
					: whole ? "whole"
						: "self",
					cli_flag(cli, "claims") ? "&claims=1" : "");
	const char *target = tail ? client_item_target(cli, cli->argv[0], tail) : NULL;
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = client_open(cli, &c, CLIENT_READ);
	if (code)
		return code;
	code = client_get(c, &body, target);
	client_close(c);
	if (code)
		return code;
	if (cli->json) {
		buf_put_u8(&body, '\n');
		cli_put_buf(&body);
		return CLI_DONE;
	}
	struct timeline t = {.cli = cli, .a = cli->arena};
	struct json_value *v;
	struct json_error je;
	enum err e = json_parse(cli->arena, &v, &je, buf_slice(&body), 16, JSON_STRICT);
	if (e == ERR_OK)
		timeline_put(&t, v);
	buf_fini(&body);
	return e == ERR_OK ? CLI_DONE : cli_fault(cli, e, "the node's answer");
}

int cmd_item_show(struct cli *cli)
{
	struct client *c;
	struct buf body;
	const char *target = client_item_target(cli, cli->argv[0], "");
	if (!target)
		return cli_fault(cli, ERR_NOMEM, NULL);
	int code = client_open(cli, &c, CLIENT_READ);
	if (code == CLI_DONE)
		code = client_get(c, &body, target);
	client_close(c);
	if (code == CLI_DONE)
		cli_put_buf(&body);
	return code;
}
