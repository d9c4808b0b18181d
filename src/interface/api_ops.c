/*
 * Operating the node: backup, clock, health, metrics.
 */
#include "interface/api_inner.h"

#include <argosy/commit.h>

#include "data/json.h"
#include "proof/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/statvfs.h>

void api_backup(struct api_call *c)
{
	struct json_value *v;
	struct json_error je;
	enum err e = json_parse(c->arena, &v, &je, c->request->body, 4, JSON_STRICT);
	if (e == ERR_FORMAT) {
		api_refuse(c, 400, "bad_request", je.pointer, "%s", je.text);
		return;
	}
	const struct json_value *to = e == ERR_OK ? json_get(v, "to") : NULL;
	if (e == ERR_OK && (!to || to->kind != JSON_STRING || v->count != 1 || !to->text.n ||
			    to->text.p[0] != '/')) {
		api_refuse(c, 400, "bad_request", "/to",
			   "send {\"to\": an absolute path of a folder}");
		return;
	}
	const char *dir = e == ERR_OK ? arena_str(c->arena, to->text) : NULL;
	if (!dir) {
		api_fault(c, e == ERR_OK ? ERR_NOMEM : e, NULL);
		return;
	}
	int64_t height = 0;
	struct err_text t = {""};
	e = node_backup(c->node, dir, &height, &t);
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_str(&w, "to", dir);
	jsonw_i64(&w, "height", height);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}

void api_clock(struct api_call *c)
{
	node_confirm_clock(c->node);
	struct jsonw w = api_json(c);
	jsonw_object(&w, NULL);
	jsonw_bool(&w, "confirmed", true);
	jsonw_object_end(&w);
	buf_put_u8(w.out, '\n');
}

/* Alive: this thread ran, and no fault has stopped the node. */
void api_livez(struct api_call *c)
{
	struct node_status s;
	node_status(c->node, &s);
	c->out->content_type = "text/plain; charset=utf-8";
	c->out->status = s.stopped ? 503 : 200;
	buf_put_str(&c->out->body, s.stopped ? "stopped\n" : "ok\n");
}

/* {"key", "name", "height", "header_hash", "log_size", "log_root", "how", "state_root" (if
 * replayed), "signature"} */
static bool witness_read(struct api_call *c, struct bundle_witness *w)
{
	struct json_value *v;
	struct json_error je;
	*w = (struct bundle_witness){0};
	if (json_parse(c->arena, &v, &je, c->request->body, 4, JSON_STRICT) != ERR_OK)
		return false;
	const struct json_value *key = json_get(v, "key"), *name = json_get(v, "name");
	const struct json_value *height = json_get(v, "height"), *hash = json_get(v, "header_hash");
	const struct json_value *size = json_get(v, "log_size"), *root = json_get(v, "log_root");
	const struct json_value *sig = json_get(v, "signature"), *how = json_get(v, "how");
	const struct json_value *state = json_get(v, "state_root");
	uint64_t h;
	if (!key || !name || !height || !hash || !size || !root || !sig || !how ||
	    v->count != (state ? 9 : 8) || name->kind != JSON_STRING || name->text.n > WITNESS_NAME_MAX ||
	    !api_number(&h, height->text) || h > INT64_MAX || !api_number(&w->log_size, size->text))
		return false;
	w->height = (int64_t)h;
	w->name = name->text;
	w->how = slice_eq_str(how->text, "replayed") ? WITNESS_REPLAYED : WITNESS_LOG;
	if ((w->how == WITNESS_LOG && !slice_eq_str(how->text, "log")) ||
	    (w->how == WITNESS_REPLAYED) != (state != NULL) ||
	    (state && !hex_decode(w->state_root.b, 32, state->text)))
		return false;
	return hex_decode(w->key, 32, key->text) && hex_decode(w->header_hash.b, 32, hash->text) &&
	       hex_decode(w->log_root.b, 32, root->text) && hex_decode(w->sig, 64, sig->text);
}

void api_witness(struct api_call *c)
{
	struct bundle_witness w;
	struct err_text t = {""};
	if (!witness_read(c, &w)) {
		api_refuse(c, 400, "bad_request", NULL, "this is not a witness's file");
		return;
	}
	enum err e = node_witness_add(c->node, &w, &t);
	if (e == ERR_VERIFY || e == ERR_MISMATCH) {
		api_refuse(c, 422, "invalid", NULL, "%s", t.text[0] ? t.text : err_str(e));
		return;
	}
	if (e != ERR_OK) {
		api_fault(c, e, &t);
		return;
	}
	struct jsonw j = api_json(c);
	jsonw_object(&j, NULL);
	jsonw_i64(&j, "height", w.height);
	jsonw_object_end(&j);
	buf_put_u8(j.out, '\n');
}

/* Free bytes where the node's folder lies; 0 where that cannot be told. */
static uint64_t disk_free(struct api_call *c)
{
	struct statvfs v;
	if (statvfs(node_dir(c->node), &v) != 0)
		return 0;
	return (uint64_t)v.f_bavail * v.f_frsize;
}

/* Ready: it would accept a transaction now. */
void api_readyz(struct api_call *c)
{
	bool verbose;
	struct node_status s;
	(void)api_param(c, "verbose", &verbose);
	node_status(c->node, &s);
	const struct {
		const char *name;
		bool good;
	} checks[] = {
		{"running", !s.stopped},
		{"writable", !s.read_only},
		{"clock", !s.clock_held},
		{"disk", !s.disk_full},
	};
	bool ready = true;
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
		ready = ready && checks[i].good;
		if (verbose)
			buf_printf(&c->out->body, "[%c] %s\n", checks[i].good ? '+' : '-',
				   checks[i].name);
	}
	c->out->content_type = "text/plain; charset=utf-8";
	c->out->status = ready ? 200 : 503;
	buf_put_str(&c->out->body, ready ? "ready\n" : "not ready\n");
}

static void gauge(struct buf *b, const char *name, const char *help, const char *type, uint64_t v)
{
	buf_printf(b, "# HELP argosy_%s %s\n# TYPE argosy_%s %s\nargosy_%s %" PRIu64 "\n", name,
		   help, name, type, name, v);
}

void api_metrics(struct api_call *c)
{
	static const char *const classes[] = {"2xx", "4xx", "5xx"};
	struct node_status s;
	struct state_stats st;
	struct buf *b = &c->out->body;
	node_status(c->node, &s);
	state_stats(ledger_state(c->ledger), &st);
	c->out->content_type = "text/plain; version=0.0.4; charset=utf-8";
	buf_printf(b,
		   "# HELP argosy_build_info What runs.\n# TYPE argosy_build_info gauge\n"
		   "argosy_build_info{commit=\"%s\",build=\"%s\"} 1\n",
		   ARGOSY_COMMIT, ARGOSY_BUILD);
	gauge(b, "block_height", "Height of the newest block.", "gauge", (uint64_t)s.head.height);
	gauge(b, "block_time_seconds", "Time of the newest block.", "gauge",
	      (uint64_t)s.head.time_s);
	gauge(b, "records_total", "Records in the event log.", "counter", s.head.log_size);
	gauge(b, "mempool_txs", "Transactions waiting for a block.", "gauge", s.queued);
	gauge(b, "state_keys", "Keys in the state.", "gauge", st.keys);
	gauge(b, "db_bytes", "Size of the state's store.", "gauge", st.file_bytes);
	gauge(b, "disk_free_bytes", "Room where the data lie.", "gauge", disk_free(c));
	gauge(b, "stopped", "1 if a fault stopped the node.", "gauge", s.stopped);
	gauge(b, "read_only", "1 if the node is read-only.", "gauge", s.read_only);
	gauge(b, "clock_held", "1 if the clock jumped and waits to be confirmed.", "gauge",
	      s.clock_held);
	buf_put_str(b, "# HELP argosy_tx_total Answers to submitted transactions.\n"
		       "# TYPE argosy_tx_total counter\n");
	for (unsigned v = 0; v < API_VERDICTS; v++) {
		uint64_t n = atomic_load(&c->api->verdicts[v]);
		if (n || v == 0)
			buf_printf(b, "argosy_tx_total{result=\"%s\"} %" PRIu64 "\n",
				   verdict_name((enum verdict)v), n);
	}
	buf_put_str(b, "# HELP argosy_http_requests_total Answers by route and class of status.\n"
		       "# TYPE argosy_http_requests_total counter\n");
	for (unsigned i = 0; i < API_ROUTES_MAX; i++) {
		const char *name = i == API_ROUTES_MAX - 1 ? "none" : api_route_name(i);
		for (unsigned k = 0; name && k < 3; k++) {
			uint64_t n = atomic_load(&c->api->answers[i][k]);
			if (n)
				buf_printf(b,
					   "argosy_http_requests_total{route=\"%s\",code=\"%s\"} "
					   "%" PRIu64 "\n",
					   name, classes[k], n);
		}
	}
}
