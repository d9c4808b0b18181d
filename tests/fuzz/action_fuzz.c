/*
 * Any bytes as an action: refused with a reason, or prepared; then every
 * identifier is canonical, in bounds, and stands once.
 */
#include "trade/prepared.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void hold(const struct prepared *p)
{
	bug_if(p->n_subjects > ACTION_SUBJECTS_MAX || p->kind == ACT_NONE || p->kind >= ACT_END);
	for (size_t i = 0; i < p->n_subjects; i++) {
		struct gs1_id id;
		const struct prepared_subject *s = &p->subjects[i];
		bug_if(s->id.n == 0 || s->id.n > SUBJECT_ID_MAX);
		bug_if(gs1_parse(&id, NULL, s->id) != ERR_OK);
		bug_if(!slice_eq(s->id, slice(id.canon, id.canon_len)));
		bug_if(s->kind < SUBJECT_ITEM || s->kind > SUBJECT_OTHER);
		for (size_t j = 0; j < i && j < 100; j++)
			bug_if(slice_eq(s->id, p->subjects[j].id));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Argosy__V1__Body body = ARGOSY__V1__BODY__INIT;
	ProtobufCBinaryData action = {size, (uint8_t *)(uintptr_t)data};
	struct verdict_text t = {{0}, {0}};
	struct tx tx = {.arena = arena_new((size_t)64 << 20), .b = &body};
	if (!tx.arena)
		return 0;
	body.n_actions = 1;
	body.actions = &action;
	enum verdict v = trade_prepare(&tx, &t);
	bug_if(v != VERDICT_OK && t.text[0] == 0);
	bug_if(v != VERDICT_OK && tx.prepared);
	if (tx.prepared)
		hold(tx.prepared);
	arena_free(tx.arena);
	return 0;
}
