/* json: what a result says, for programs. */
#include "verify/say.h"

#include <inttypes.h>

static void j_field(struct out *o, const char *name, const char *value)
{
	out_printf(o, ",\"%s\":", name);
	out_json(o, value);
}

static void j_hex(struct out *o, const char *name, const uint8_t *p)
{
	out_printf(o, ",\"%s\":\"", name);
	out_hex(o, p, 32);
	out_str(o, "\"");
}

static void j_time(struct out *o, const char *name, int64_t ms)
{
	out_printf(o, ",\"%s\":\"", name);
	out_time(o, ms);
	out_str(o, "\"");
}

static void j_bool(struct out *o, const char *name, bool v)
{
	out_printf(o, ",\"%s\":%s", name, v ? "true" : "false");
}

static void j_number(struct out *o, const char *name, uint64_t v)
{
	out_printf(o, ",\"%s\":%" PRIu64, name, v);
}

static void j_event(struct out *o, const struct verify_event *e, uint64_t number)
{
	out_printf(o, "{\"number\":%" PRIu64 ",\"kind\":%u,\"flags\":%u,\"role\":%u", number, e->kind,
		   e->flags, e->role);
	if (!said_act(e->kind))
		out_printf(o, ",\"act\":\"act %u\"", e->kind);
	else
		j_field(o, "act", said_act(e->kind));
	j_field(o, "action", said_action(e->flags));
	j_field(o, "step", e->step);
	j_field(o, "where", e->where);
	j_field(o, "who", e->who);
	j_time(o, "happened", e->happened_ms);
	j_time(o, "recorded", e->recorded_ms);
	out_printf(o, ",\"happened_ms\":%" PRId64 ",\"recorded_ms\":%" PRId64, e->happened_ms,
		   e->recorded_ms);
	j_bool(o, "after_recording", said_late(e));
	j_bool(o, "error", e->flags & 4);
	j_bool(o, "taken_in", e->flags & 8);
	j_bool(o, "unnamed", e->flags & 16);
	j_bool(o, "sensor", e->flags & 32);
	j_bool(o, "part", e->part);
	j_bool(o, "declares_error", e->flags & SAID_ERROR);
	if (e->declares)
		j_number(o, "declares_error_of", e->declares);
	if (e->declared_by)
		j_number(o, "declared_in_error_by", e->declared_by);
	j_hex(o, "digest", e->digest);
	out_str(o, "}");
}

static void j_subject(struct out *o, const struct verify_result *r, size_t i)
{
	const struct verify_subject *s = &r->subjects[i];
	out_str(o, "{\"id\":");
	out_json(o, s->id);
	j_bool(o, "absent", s->absent);
	if (s->absent) {
		out_str(o, "}");
		return;
	}
	if (said_subject(s->kind, false))
		j_field(o, "kind", said_subject(s->kind, false));
	else
		out_printf(o, ",\"kind\":\"kind %u\"", s->kind);
	j_number(o, "flags", s->flags);
	j_field(o, "owner", s->owner);
	j_field(o, "holder", s->holder);
	j_field(o, "offered_to", s->offered_to);
	j_field(o, "container", s->container);
	j_bool(o, "taken_in", s->flags & 1);
	j_bool(o, "decommissioned", s->flags & 2);
	j_number(o, "claims", s->claims);
	if (s->via != SIZE_MAX) {
		j_field(o, "of", r->subjects[s->via].id);
		j_field(o, "as", s->link == 'o' ? "origin" : "container");
	}
	j_bool(o, "times_contradict", s->contradicts);
	out_str(o, ",\"events\":[");
	for (uint64_t k = 0; k < s->n_events; k++) {
		out_str(o, k ? "," : "");
		j_event(o, &s->events[k], k + 1);
	}
	out_str(o, "]}");
}

static void j_witnesses(struct out *o, const struct verify_result *r)
{
	out_str(o, ",\"witnesses\":[");
	for (size_t i = 0; i < r->n_witnesses; i++) {
		const struct verify_witness *w = &r->witnesses[i];
		out_printf(o, "%s{\"height\":%" PRId64, i ? "," : "", w->height);
		j_field(o, "name", w->name);
		j_hex(o, "key", w->key);
		j_field(o, "how", w->replayed ? "replayed" : "log");
		j_bool(o, "validator", w->validator);
		j_bool(o, "counts", w->counts);
		out_str(o, "}");
	}
	out_str(o, "],\"witness_keys\":[");
	for (size_t i = 0; i < r->n_named; i++) {
		out_str(o, i ? ",{\"key\":\"" : "{\"key\":\"");
		out_hex(o, r->named[i].key, 32);
		out_str(o, "\"");
		j_bool(o, "counts", r->named[i].counts);
		out_str(o, "}");
	}
	out_str(o, "]");
}

static void j_limits(struct out *o, const struct verify_result *r)
{
	out_str(o, ",\"not_proven\":{");
	for (unsigned i = 0, n = 0; i < SAID_LIMITS; i++) {
		if (!said_open(r, (enum said_limit)i))
			continue;
		out_printf(o, "%s\"%s\":", n++ ? "," : "", said_limit_name((enum said_limit)i));
		out_json(o, said_limit_words((enum said_limit)i, r, false));
	}
	out_str(o, "}");
}

static void j_good(struct out *o, const struct verify_result *r)
{
	j_field(o, "chain", r->chain_id);
	j_hex(o, "fingerprint", r->fingerprint);
	out_printf(o, ",\"height\":%" PRId64, r->height);
	j_time(o, "time", r->time_s * 1000);
	j_hex(o, "header_hash", r->header_hash);
	j_hex(o, "app_hash", r->app_hash);
	j_hex(o, "log_root", r->log_root);
	j_hex(o, "state_root", r->state_root);
	j_number(o, "log_size", r->log_size);
	j_number(o, "validators", r->n_validators);
	j_number(o, "signed", r->n_signed);
	j_bool(o, "one_signer", r->n_validators == 1);
	j_bool(o, "head", r->is_head);
	j_bool(o, "journey", r->journey);
	j_bool(o, "continues_held_head", r->head_held);
	j_bool(o, "newer", r->newer);
	j_limits(o, r);
	out_str(o, ",\"signers\":[");
	for (size_t i = 0; i < r->n_signed; i++) {
		out_str(o, i ? ",\"" : "\"");
		out_hex(o, r->signers[i], 32);
		out_str(o, "\"");
	}
	out_str(o, "]");
	j_witnesses(o, r);
	out_str(o, ",\"epochs\":[");
	for (size_t i = 0; i < r->n_epochs; i++) {
		const struct verify_epoch *e = &r->epochs[i];
		out_printf(o, "%s{\"number\":%" PRIu64, i ? "," : "", e->number);
		j_bool(o, "resumed", e->resumed);
		out_printf(o, ",\"from_height\":%" PRId64 ",\"last_height\":%" PRId64 "}",
			   e->from_height, e->last_height);
	}
	out_str(o, "],\"subjects\":[");
	for (size_t i = 0; i < r->n_subjects; i++) {
		out_str(o, i ? "," : "");
		j_subject(o, r, i);
	}
	out_str(o, "]");
	if (r->receipt)
		say_receipt_json(o, r->receipt);
}

void say_json(struct out *o, const struct verify_result *r, const char *file)
{
	out_printf(o, "{\"verified\":%s", r->reason == VERIFY_OK ? "true" : "false");
	j_field(o, "reason", verify_reason_name(r->reason));
	j_field(o, "message", verify_reason_en(r->reason));
	j_field(o, "detail", r->detail);
	if (r->reason == VERIFY_OK)
		j_good(o, r);
	if (file)
		j_field(o, "file", file);
	out_str(o, "}");
}
