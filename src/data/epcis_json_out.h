/*
 * epcis_json_out: what the JSON-LD writer writes with. Private to
 * epcis_json_out.c and epcis_json_write.c.
 */
#ifndef ARGOSY_DATA_EPCIS_JSON_OUT_H
#define ARGOSY_DATA_EPCIS_JSON_OUT_H

#include "data/event.h"

/* One binding of a prefix in the context that is being written. */
struct binding {
	const char *prefix, *uri;
	bool outer; /* already declared around: not written again */
	struct binding *next;
};

struct writer {
	struct buf *out;
	unsigned indent, depth;
	bool first; /* nothing yet in the open object or array */
	struct arena *tmp;
	struct binding *bindings;
	bool nomem;
};

/* Before a value: the comma and the line's beginning that are due. */
void jsonld_next(struct writer *w);
void jsonld_open(struct writer *w, char bracket);
void jsonld_close(struct writer *w, char bracket);
/* Members of the open object: the name alone; with a string; a string if it is not empty; with
 * text that is JSON already; with an array of strings. */
void jsonld_key(struct writer *w, const char *name);
void jsonld_text(struct writer *w, const char *name, const char *s);
void jsonld_text_if(struct writer *w, const char *name, const char *s);
void jsonld_raw(struct writer *w, const char *name, const char *s);
void jsonld_texts(struct writer *w, const char *name, size_t n, char *const *list);

/* Bind what will be asked for, before the context is written. `outer`: declared around already.
 * `locals`: names without namespace become terms (context_local_base). */
void jsonld_bind_namespaces(struct writer *w, size_t n, Argosy__V1__Namespace *const *list,
			    bool outer);
void jsonld_bind_nodes(struct writer *w, size_t n, Argosy__V1__Node *const *list, bool locals);
void jsonld_bind_event(struct writer *w, const event_t *e);

/* Extension fields as members of the open object. */
void jsonld_nodes(struct writer *w, size_t n, Argosy__V1__Node *const *list);
/* "@context": the standard one, and all bindings and terms. */
void jsonld_context(struct writer *w, size_t n_terms, Argosy__V1__Node *const *terms);
/* Only what is not declared around: nothing, or one object, under `name` or (NULL) as an entry of
 * the open array. */
void jsonld_declarations(struct writer *w, const char *name, size_t n_terms,
			 Argosy__V1__Node *const *terms, size_t n_outer,
			 Argosy__V1__Node *const *outer);

#endif
