/*
 * epcis: documents of the EPCIS 2.0 standard (and 1.2 as input) to events and
 * back, and the CBV event hash.
 *
 * These are the decoders of the trust wall for EPCIS: what passes
 * `epcis_read` and `event_check` obeys the standard's own rules.
 */
#ifndef ARGOSY_DATA_EPCIS_H
#define ARGOSY_DATA_EPCIS_H

#include "base/bytes.h"
#include "data/event.h"

/* The type in the head of a master data document, which is read and checked, has no events, and
 * has no form in JSON. */
#define EPCIS_MASTER_DATA "EPCISMasterDataDocument"

enum epcis_format { EPCIS_JSON, EPCIS_XML };

/* Looks at the first bytes (BOM and white space skipped): '<' is XML, '{' JSON.
 * False: neither. */
bool epcis_format_guess(enum epcis_format *out, struct slice text);

/*
 * Reads a document whole: EPCISDocument, EPCISQueryDocument, or a bare event; in XML also
 * EPCISMasterDataDocument.
 * JSON-LD in epcis_json_read.c; XML 2.0 and 1.2 in epcis_xml_read.c.
 *
 * Checks structure (the standard's schema: known and unknown fields, types,
 * mandatory fields, closed objects, namespaces of extensions, repeated keys)
 * and then every event with event_check. On refusal returns ERR_FORMAT and
 * fills `issues` (at most `issues_max`, the count in *n_issues); reading goes
 * on after a faulty event where it can, so that all faulty events are named.
 * *doc is complete only on ERR_OK, but holds head and the good events
 * (n_events, in order, faulty ones NULL) also when only events were faulty.
 * Other errors: ERR_NOMEM, ERR_LIMIT (with one issue).
 */
enum err epcis_read_json(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			 size_t issues_max, size_t *n_issues, struct slice text) MUST_USE;
enum err epcis_read_xml(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			size_t issues_max, size_t *n_issues, struct slice text) MUST_USE;
enum err epcis_read(struct arena *a, struct event_doc *doc, struct event_issue *issues,
		    size_t issues_max, size_t *n_issues, struct slice text) MUST_USE;

/*
 * JSON-LD contexts that documents may name by their address beside the standard
 * one. None is ever fetched: who reads says what stands there. Of such a
 * context prefixes and types of prefixed names are taken; what could change
 * the standard's names makes it be refused.
 */
enum { EPCIS_CONTEXT_BYTES_MAX = 1 << 20, EPCIS_CONTEXTS_KNOWN_MAX = 64 };
struct epcis_context {
	const char *url;
	struct slice text; /* JSON: an object with the member "@context" */
};
struct epcis_contexts {
	const struct epcis_context *list;
	size_t n;
};
/* As epcis_read, with contexts. Their texts live as long as the arena. */
enum err epcis_read_known(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			  size_t issues_max, size_t *n_issues, struct slice text,
			  const struct epcis_contexts *known) MUST_USE;
/* Could documents use the last of these? ERR_FORMAT, and *issue: why not. */
enum err epcis_context_check(struct event_issue *issue,
			     const struct epcis_contexts *known) MUST_USE;

/*
 * The rules that hold for an event wherever it came from (decoded
 * transactions too): mandatory fields, which fields each kind may have,
 * date-times, offsets, URIs, CBV words, number texts, ilmd only with ADD,
 * limits. Fills one issue (pointer relative to the event: "/bizStep").
 * Pure and fast (it runs for each executed event).
 */
bool event_check(const event_t *e, struct event_issue *issue);

/*
 * The CBV 2.0 event hash (§8.9.2), vector profile: writes 32 bytes.
 * The identifier's text is "ni:///sha-256;{hex}?ver=CBV2.0".
 * `pre` (may be NULL) is cleared and receives the pre-hash string; a caller that
 * lends the same one again and again spares an allocation. ERR_NOMEM only.
 * `scratch` (an arena, may be NULL: the heap) is used for long lists.
 * Rules and choices: docs/format/event-hash.md.
 */
enum err event_hash(struct hash *out, struct buf *pre, const event_t *e,
		    struct arena *scratch) MUST_USE;
enum { EVENT_HASH_URI_MAX = 96 };
void event_hash_uri(char out[static EVENT_HASH_URI_MAX], const struct hash *h);

/*
 * Writes one event, or a document of events, as JSON-LD by the EPCIS 2.0
 * binding. `indent` 0 writes compact. Numbers keep their text.
 * There is no difference to what was read after context expansion.
 *
 * epcis_write_doc writes a bare event where the head has no type (a document
 * must then hold exactly one), and leaves out events that are NULL.
 * epcis_write_begin, _next for each event, and _end stream a document of any
 * length; `out` may be emptied between the calls. The head's namespaces stand
 * in the document's @context; what an event declares beyond them, or
 * differently, goes into a context of its own.
 */
enum err epcis_write_event(struct buf *out, const event_t *e, unsigned indent) MUST_USE;
enum err epcis_write_doc(struct buf *out, const struct event_doc *doc, unsigned indent) MUST_USE;
enum err epcis_write_begin(struct buf *out, const Argosy__V1__Document *head, unsigned indent) MUST_USE;
enum err epcis_write_next(struct buf *out, const Argosy__V1__Document *head, const event_t *e, bool first,
			  unsigned indent) MUST_USE;
enum err epcis_write_end(struct buf *out, const Argosy__V1__Document *head, bool any, unsigned indent) MUST_USE;

#endif
