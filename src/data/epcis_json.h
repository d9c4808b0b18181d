/*
 * epcis_json: what the parts of the JSON-LD reader share. Private to
 * epcis_json_*.c: _value (faults, plain values), _context (prefixes), _node
 * (extension fields), _ignore (ignoreFields), _event, _read (documents).
 */
#ifndef ARGOSY_DATA_EPCIS_JSON_H
#define ARGOSY_DATA_EPCIS_JSON_H

#include "data/epcis.h"
#include "data/event_fields.h"
#include "data/json.h"

/* One name that an @context declares. */
struct context_entry {
	struct slice term; /* "example", or "rail:axles" */
	const char *uri;   /* expanded; a keyword ("@id") for an alias; NULL: a definition of a
			    * "prefix:name", in `definition` */
	const struct json_value *definition;
	size_t used_by; /* the reader's `serial` when it was last used */
	struct context_entry *next;
	struct context_entry *next_used;
};

/* The entries of one @context; `up` is the context around it. */
struct context {
	const struct context *up;
	struct context_entry *first;
	size_t n;      /* entries, with those of `up` */
	bool standard; /* it, or one around it, names the standard context */
};

struct epcis_reader {
	struct arena *a;   /* the results */
	struct arena *tmp; /* the JSON tree, contexts */
	struct event_issue *issues;
	size_t issues_max, faults;
	size_t event; /* SIZE_MAX: the document itself */
	bool nomem;
	const struct context *context; /* in force */
	const struct epcis_contexts *known;   /* contexts by address, or NULL */
	const struct json_value *foreign; /* the address whose context is being read, or NULL */
	unsigned foreign_depth;
	/* What the present event (or the document's head) has used of contexts. */
	size_t serial;
	struct context_entry *used;
	size_t used_n;
};

/* epcis_read_known, of JSON. */
enum err epcis_read_json_known(struct arena *a, struct event_doc *doc, struct event_issue *issues,
			       size_t issues_max, size_t *n_issues, struct slice text,
			       const struct epcis_contexts *known);

/* Notes a fault at `v` (its pointer and line). Always false. */
bool epcis_bad(struct epcis_reader *r, const struct json_value *v, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
/* For "%.*s%s" of a name or text in a message: cut at 60 bytes between characters, and "..." where
 * it is cut. */
#define EPCIS_SHOW(s) epcis_shown(s), (const char *)(s).p, epcis_more(s)
int epcis_shown(struct slice s);
const char *epcis_more(struct slice s);
/* Zeroed memory for results; NULL (and r->nomem) where there is none. */
void *epcis_alloc(struct epcis_reader *r, size_t n);
char *epcis_copy(struct epcis_reader *r, struct slice s);

/* Where to write the next issue, or NULL where there is no more room; counts it. */
struct event_issue *epcis_next_issue(struct epcis_reader *r);

/* Values held to their type: false, and a fault noted, where they are something else. Strings
 * must not be empty; *out stays as it was where there is no memory. */
bool epcis_is_object(struct epcis_reader *r, const struct json_value *v);
bool epcis_is_array(struct epcis_reader *r, const struct json_value *v);
/* Is it the first member of that name? */
bool epcis_is_first(struct epcis_reader *r, const struct json_value *m);
bool epcis_read_string(struct epcis_reader *r, const struct json_value *v, char **out);
bool epcis_read_number(struct epcis_reader *r, const struct json_value *v, char **out);
bool epcis_read_bool(struct epcis_reader *r, const struct json_value *v, char **out);
bool epcis_read_strings(struct epcis_reader *r, const struct json_value *v, size_t *n,
			char ***list);
/* JSON schema: uniqueItems, of an array of strings. */
bool epcis_check_unique(struct epcis_reader *r, const struct json_value *v);
/* Does the name stand for "@id", "@type", by itself or as an alias of the context? */
bool epcis_is_id(const struct epcis_reader *r, struct slice name);
bool epcis_is_type(const struct epcis_reader *r, struct slice name);

/* The member that gives the kind of a document or event; NULL, and a fault, if none or two do. */
const struct json_value *epcis_find_type(struct epcis_reader *r, const struct json_value *v);
/* One event, checked; NULL: faulty (noted), or out of memory. */
event_t *epcis_read_event(struct epcis_reader *r, const struct json_value *v,
			  const struct context *document_context);

/* Is that one of the spellings of the standard context's address? */
bool context_is_standard(struct slice url);
extern const char context_url[]; /* the one that we write */

/*
 * XML lets fields inside an extension be without a namespace. JSON-LD drops a
 * name that no context declares, and other software hashes the bare name; so
 * the writer leaves it bare and declares it as a term under this base, and the
 * reader takes a bare name inside an extension that is so declared.
 */
extern const char context_local_base[];

/*
 * Reads the value of an "@context": a string, an object, or an array of these.
 * `inner`: inside an event, where only prefixes may be declared and none may get
 * another meaning. Faults are noted; the result is then what could be read.
 * NULL: out of memory.
 */
const struct context *context_read(struct epcis_reader *r, const struct json_value *v,
				   const struct context *up, bool inner);
/* The innermost entry of that term, or NULL. */
struct context_entry *context_find(const struct context *c, struct slice term);
/* Notes that the present event uses the entry. */
void context_use(struct epcis_reader *r, struct context_entry *e);
/* Notes use of the prefix that a value such as "ex:packaging" begins with. */
void context_use_value(struct epcis_reader *r, struct slice value);

/*
 * Splits the name of an extension field into namespace, prefix and local name
 * by the context in force. `bare` says whether names without a colon may stand
 * here (inside extensions: JSON-LD keywords, their aliases, and terms of the
 * standard context). False: fault noted.
 */
bool context_name(struct epcis_reader *r, const struct json_value *member, Argosy__V1__Node *n,
		  bool bare);

/* An object or other value as a Node; `member` gives its name (already split into *n). */
Argosy__V1__Node *epcis_new_node(struct epcis_reader *r); /* NULL: no memory */
enum node_names { NAMES_STRICT, NAMES_LOOSE /* any bare name, as in the document's header */ };
bool epcis_read_node(struct epcis_reader *r, const struct json_value *v, Argosy__V1__Node *n,
		     enum node_names names);

/* Is the field {https://repository-x.example.com/}ignoreFields? */
bool epcis_is_ignore(const Argosy__V1__Node *n);
extern const char epcis_ignore_ns[];
/* An event's own; `n` is what member `m` was read to. */
bool epcis_ignore_own(struct epcis_reader *r, const struct json_value *m,
		      const Argosy__V1__Node *n, event_t *e);
/* How many names a document's members have, in its head and its body. */
size_t epcis_ignored_in(size_t n, Argosy__V1__Node *const *members);
/* Gives each event the names that the document `v` has in its head or its body. */
void epcis_ignore_spread(struct epcis_reader *r, const struct json_value *v,
			 const struct event_doc *doc);

/* Namespaces and term definitions that were used since the last call (by `v`); starts afresh. */
bool context_take_used(struct epcis_reader *r, const struct json_value *v, size_t *n_namespaces,
		       Argosy__V1__Namespace ***namespaces, size_t *n_terms,
		       Argosy__V1__Node ***terms);

#endif
