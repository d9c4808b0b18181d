/*
 * trace_json: a trace as one JSON object, for programs and pages.
 *
 * { subject, height, truncated, cut?,
 *   nodes:  [{id, kind, via?, link?, depth, from?, to?, times_contradict?, events, claims, head, owner, holder,
 *             offered_to, container, children, taken_in, decommissioned}],
 *   events: [{index, height, node, subject, recorded, happened, act, type?, action?, step, disposition,
 *             where, where_name?, read_point, biz_location, who, who_name, role, mode,
 *             what, parent, children, inputs, outputs, about,
 *             sensor_readings, business_transactions, event_id?, voided, declares_error, disowned, claim,
 *             taken_in, unnamed, after_recording, voids?, voids_index?, hash?}] }
 *
 * `node` and `via` are indexes in `nodes`; nodes[0] is the subject asked for. Of a node counts
 * what happened from `from` until before `to`; missing: without bound. `cut` says which limit left
 * out what. Lists and texts are there even when empty, so
 * that a reader needs no cases. `voids`: this is a void mark, of that entry of the subject's history (of its
 * claims where `claim` is true), whose record is `voids_index`; fields with "?" only where they say something.
 * `hash` is the event hash (ni URI). Numbers of sensors are texts as they were
 * given. Fields may be added, none is renamed.
 */
#ifndef ARGOSY_TRADE_TRACE_JSON_H
#define ARGOSY_TRADE_TRACE_JSON_H

#include "trade/trace.h"

/* Appends. `l` gives the names of members and places; NULL: without names. */
enum err trace_json(struct buf *out, struct ledger *l, const struct trace *t) MUST_USE;

#endif
