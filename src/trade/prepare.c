#include "trade/prepared.h"

#include "crypto/ed25519.h"
#include "crypto/sha256.h"
#include "data/codes.h"
#include "data/epcis.h"
#include "data/standard.h"
#include "ledger/member.h"
#include "trade/identity.h"
#include "trade/owner.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * What one transaction may unfold to. Two bytes of message may become some
 * hundred of memory; and the transaction's arena has an end, at which a node would
 * stop for want of memory: these limits lie well before it, so that too large a
 * transaction is a verdict, the same everywhere.
 */
enum { DECODED_BYTES_MAX = 24 << 20, TX_SUBJECTS_MAX = 50000 };
enum { TEXT_MAX = 4096, WORD_MAX = 300, CUSTODY_SUBJECTS_MAX = 1000 };

const char *act_name(unsigned kind)
{
	static const char *const names[] = {
#define X(number, name, text, agent) [number] = (text),
		ACT_TABLE(X)
#undef X
	};
	return kind < sizeof names / sizeof *names ? names[kind] : NULL;
}

enum act_kind act_by_name(struct slice name)
{
#define X(number, NAME, text, agent)                                                               \
	if (slice_eq_str(name, text))                                                              \
		return ACT_##NAME;
	ACT_TABLE(X)
#undef X
	return ACT_NONE;
}

unsigned act_agent(enum act_kind kind)
{
	static const uint8_t agent_may[] = {
#define X(number, name, text, agent) [number] = (agent),
		ACT_TABLE(X)
#undef X
	};
	return (unsigned)kind < sizeof agent_may ? agent_may[kind] : 0;
}

/* The action being prepared. */
struct prep {
	struct tx *tx;
	struct prepared *p;
	size_t index, cap;
	enum verdict v;
	struct verdict_text *t;
	bool nomem;
	/* Over all actions of the transaction. */
	size_t decoded, subjects;
	bool too_large;
	struct arena *scratch; /* for one action */
};

/* First refusal wins. `pointer` is relative to the action and begins with '/'. */
static bool refuse(struct prep *p, enum verdict v, const char *pointer, const char *why)
{
	char field[sizeof p->t->field];
	if (p->v != VERDICT_OK || p->nomem)
		return false;
	snprintf(field, sizeof field, "/actions/%zu/%s%s", p->index,
		 p->p->kind ? act_name(p->p->kind) : "", pointer);
	p->v = verdict_set(p->t, v, field, "%s", why);
	return false;
}

static bool refuse_fault(struct prep *p, const char *record, const struct field_issue *f)
{
	char pointer[sizeof f->field + 16];
	snprintf(pointer, sizeof pointer, "%s%s", record, f->field);
	return refuse(p, VERDICT_INVALID, pointer, f->text);
}

static bool nomem(struct prep *p)
{
	p->nomem = true;
	return false;
}

/* ---- identifiers ---- */

static enum subject_kind kind_of(const struct gs1_id *id, bool partial)
{
	switch (id->kind) {
	case GS1_NONE:
		return partial ? SUBJECT_CLASS : SUBJECT_ITEM;
	case GS1_LGTIN:
		return SUBJECT_LOT;
	case GS1_SGTIN:
	case GS1_UPUI:
	case GS1_ITIP:
	case GS1_CPI:
		return id->is_class ? SUBJECT_CLASS : SUBJECT_ITEM;
	case GS1_GTIN:
		return SUBJECT_CLASS;
	case GS1_SSCC:
		return SUBJECT_UNIT;
	case GS1_GRAI:
	case GS1_GIAI:
		return id->is_class ? SUBJECT_CLASS : SUBJECT_ASSET;
	case GS1_GINC:
	case GS1_GSIN:
		return SUBJECT_SHIPMENT;
	case GS1_GDTI:
		return SUBJECT_DOCUMENT;
	case GS1_SGLN:
	case GS1_PGLN:
	case GS1_SGCN:
	case GS1_GSRN:
	case GS1_GSRNP:
		return SUBJECT_OTHER;
	}
	return SUBJECT_OTHER;
}

static bool identify(struct prep *p, struct gs1_id *id, const char *text, const char *field)
{
	struct err_text why = {{0}};
	enum err e = gs1_parse(id, &why, slice_str(text));
	if (e == ERR_NOMEM)
		return nomem(p);
	if (e != ERR_OK)
		return refuse(p, VERDICT_INVALID, field, why.text);
	if (id->canon_len == 0 || id->canon_len > SUBJECT_ID_MAX)
		return refuse(p, VERDICT_INVALID, field, "an identifier has 1 to 480 bytes");
	/* Anything else would be taken for another's key or break a listing. */
	if (id->kind == GS1_NONE && !uri_valid(slice(id->canon, id->canon_len)))
		return refuse(p, VERDICT_INVALID, field, "neither a GS1 key nor an absolute URI");
	return true;
}

static bool grow(struct prep *p)
{
	struct prepared *a = p->p;
	if (a->n_subjects < p->cap)
		return true;
	size_t cap = p->cap ? p->cap * 2 : 4;
	struct prepared_subject *s = arena_alloc(p->tx->arena, cap * sizeof *s);
	if (!s)
		return nomem(p);
	if (a->n_subjects)
		memcpy(s, a->subjects, a->n_subjects * sizeof *s);
	a->subjects = s;
	p->cap = cap;
	return true;
}

static bool subject_add(struct prep *p, const char *text, const char *field, bool partial,
			enum subject_role role, enum intent intent)
{
	struct gs1_id id;
	struct prepared *a = p->p;
	if (!identify(p, &id, text, field))
		return false;
	if (a->n_subjects == ACTION_SUBJECTS_MAX)
		return refuse(p, VERDICT_TOO_LARGE, field, "more than 10,001 subjects");
	if (p->subjects++ == TX_SUBJECTS_MAX)
		return refuse(p, VERDICT_TOO_LARGE, field,
			      "more than 50,000 subjects in one transaction");
	char *canon = arena_strn(p->tx->arena, id.canon, id.canon_len);
	if (!canon || !grow(p))
		return nomem(p);
	partial = partial || id.is_class;
	if (partial && intent == INTENT_CREATE)
		intent = INTENT_CREATE_PARTIAL;
	else if (partial && intent == INTENT_STRUCTURE)
		intent = INTENT_OBSERVE;
	a->subjects[a->n_subjects++] = (struct prepared_subject){
		.id = slice(canon, id.canon_len),
		.gs1 = id.kind,
		.kind = kind_of(&id, partial),
		.role = role,
		.intent = intent,
		.partial = partial,
	};
	return true;
}

static bool subjects_add(struct prep *p, char **texts, size_t n, const char *name,
			 enum subject_role role, enum intent intent)
{
	char field[64];
	for (size_t i = 0; i < n; i++) {
		snprintf(field, sizeof field, "/%s/%zu", name, i);
		if (!subject_add(p, texts[i], field, false, role, intent))
			return false;
	}
	return true;
}

static bool quantities_add(struct prep *p, Argosy__V1__QuantityElement **q, size_t n,
			   const char *name, enum subject_role role, enum intent intent)
{
	char field[64];
	for (size_t i = 0; i < n; i++) {
		snprintf(field, sizeof field, "/%s/%zu/epcClass", name, i);
		if (!subject_add(p, q[i]->epc_class, field, true, role, intent))
			return false;
	}
	return true;
}

/* By id, then by role with the weightier first: what an event makes or packs into
 * says more of a thing named twice than that it was also used or packed. */
static int weight(enum subject_role r)
{
	return r == ROLE_OUTPUT ? 0 : r == ROLE_PARENT ? 1 : 2 + (int)r;
}

static int by_id(const void *x, const void *y)
{
	const struct prepared_subject *a = *(struct prepared_subject *const *)x;
	const struct prepared_subject *b = *(struct prepared_subject *const *)y;
	int c = slice_cmp(a->id, b->id);
	if (c)
		return c;
	c = weight(a->role) - weight(b->role);
	if (c)
		return c;
	/* A thing by itself before some of its class; else as given. */
	return a->partial != b->partial ? a->partial - b->partial : a < b ? -1 : 1;
}

/* A subject stands once in a record; the order of the first mentions stays. */
static bool subjects_unique(struct prep *p)
{
	struct prepared *a = p->p;
	size_t n = a->n_subjects, kept = 0;
	if (n < 2)
		return true;
	struct prepared_subject **order = arena_alloc(p->tx->arena, n * sizeof(void *));
	if (!order)
		return nomem(p);
	for (size_t i = 0; i < n; i++)
		order[i] = &a->subjects[i];
	qsort(order, n, sizeof *order, by_id);
	for (size_t i = 1; i < n; i++) {
		if (!slice_eq(order[i]->id, order[i - 1]->id))
			continue;
		struct prepared_subject *stays = order[i - 1], *goes = order[i];
		if (stays->role == ROLE_PARENT && goes->role == ROLE_CHILD &&
		    stays->intent == INTENT_STRUCTURE)
			return refuse(p, VERDICT_CYCLE, "/childEPCs",
				      "the container is among its own contents");
		goes->id.n = 0; /* dropped below */
		/* The next is compared with the one that stays. */
		order[i - 1] = goes;
		order[i] = stays;
	}
	for (size_t i = 0; i < n; i++)
		if (a->subjects[i].id.n)
			a->subjects[kept++] = a->subjects[i];
	a->n_subjects = kept;
	return true;
}

static bool place(struct prep *p, const char *text, const char *field)
{
	struct gs1_id id;
	if (!*text)
		return true;
	if (!identify(p, &id, text, field))
		return false;
	char *canon = arena_strn(p->tx->arena, id.canon, id.canon_len);
	if (!canon)
		return nomem(p);
	p->p->where = slice(canon, id.canon_len);
	return true;
}

/* ---- events ---- */

/* What each list of an event wants of its subjects. */
static void intents(const event_t *e, enum intent *what, enum intent *parts)
{
	*what = *parts = INTENT_OBSERVE;
	if (e->error_declaration)
		return; /* a declaration changes nothing in the world */
	bool changes = e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD ||
		       e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE;
	switch (e->type) {
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_OBJECT:
		if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_ADD)
			*what = INTENT_CREATE;
		else if (e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE)
			*what = INTENT_STRUCTURE;
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION:
		if (changes)
			*parts = INTENT_STRUCTURE;
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSFORMATION:
		*parts = INTENT_STRUCTURE;
		break;
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_EXTENDED:
	case ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_UNSPECIFIED:
	case _ARGOSY__V1__EVENT_TYPE_IS_INT_SIZE:
		break;
	}
}

static bool event_subjects(struct prep *p, const event_t *e)
{
	enum intent what, parts;
	intents(e, &what, &parts);
	enum intent made = parts == INTENT_STRUCTURE ? INTENT_CREATE : parts;
	if (*e->parent_id && !subject_add(p, e->parent_id, "/parentID", false, ROLE_PARENT, parts))
		return false;
	if (!subjects_add(p, e->epc_list, e->n_epc_list, "epcList", ROLE_WHAT, what) ||
	    !quantities_add(p, e->quantity_list, e->n_quantity_list, "quantityList", ROLE_WHAT,
			    what) ||
	    !subjects_add(p, e->child_epcs, e->n_child_epcs, "childEPCs", ROLE_CHILD, parts) ||
	    !quantities_add(p, e->child_quantity_list, e->n_child_quantity_list,
			    "childQuantityList", ROLE_CHILD, parts) ||
	    !subjects_add(p, e->input_epc_list, e->n_input_epc_list, "inputEPCList", ROLE_INPUT,
			  parts) ||
	    !quantities_add(p, e->input_quantity_list, e->n_input_quantity_list,
			    "inputQuantityList", ROLE_INPUT, parts) ||
	    !subjects_add(p, e->output_epc_list, e->n_output_epc_list, "outputEPCList", ROLE_OUTPUT,
			  made) ||
	    !quantities_add(p, e->output_quantity_list, e->n_output_quantity_list,
			    "outputQuantityList", ROLE_OUTPUT, made))
		return false;
	if (*e->transformation_id) {
		if (!subject_add(p, e->transformation_id, "/transformationID", false, ROLE_ABOUT,
				 INTENT_PART))
			return false;
		p->p->subjects[p->p->n_subjects - 1].kind = SUBJECT_TRANSFORMATION;
	}
	if (e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_TRANSACTION) {
		for (size_t i = 0; i < e->n_biz_transaction_list; i++) {
			if (!subject_add(p, e->biz_transaction_list[i]->id, "/bizTransactionList",
					 false, ROLE_ABOUT, INTENT_OBSERVE))
				return false;
			p->p->subjects[p->p->n_subjects - 1].kind = SUBJECT_ORDER;
		}
	}
	return subjects_unique(p);
}

uint8_t event_summary_flags(const event_t *e)
{
	unsigned f = (unsigned)e->action & SUMMARY_ACTION_MASK;
	if (e->error_declaration)
		f |= SUMMARY_ERROR;
	if (e->n_sensor_element_list)
		f |= SUMMARY_SENSOR;
	return (uint8_t)f;
}

/* What tells one declaration from another: the same one again is known. */
static bool declaration_hash(struct prep *p, const Argosy__V1__ErrorDeclaration *d)
{
	size_t n = argosy__v1__error_declaration__get_packed_size(d);
	uint8_t *packed = arena_alloc(p->scratch, n);
	if (!packed)
		return nomem(p);
	argosy__v1__error_declaration__pack(d, packed);
	struct slice parts[2] = {slice(p->p->event_hash.b, 32), slice(packed, n)};
	sha256_parts(&p->p->declaration, parts, 2);
	return true;
}

static bool prepare_event(struct prep *p, const event_t *e)
{
	struct prepared *a = p->p;
	struct event_issue issue = {0};
	if (!event_check(e, &issue))
		return refuse(p, VERDICT_INVALID, issue.pointer, issue.text);
	struct field_issue fault = {{0}, {0}};
	if (!standard_event_check(e, &fault))
		return refuse_fault(p, "", &fault);
	if (!time_parse(&a->happened_ms, slice_str(e->event_time)))
		return refuse(p, VERDICT_INVALID, "/eventTime", "not a date and time with zone");
	if (!event_subjects(p, e))
		return false;
	bool contains = e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_AGGREGATION ||
			e->type == ARGOSY__V1__EVENT_TYPE__EVENT_TYPE_ASSOCIATION;
	a->unpacks_all = contains && !e->error_declaration &&
			 e->action == ARGOSY__V1__EVENT_ACTION__EVENT_ACTION_DELETE &&
			 e->n_child_epcs == 0 && e->n_child_quantity_list == 0;
	/* Both are judged; the summary shows the first that is given. */
	if ((e->read_point && !place(p, e->read_point->id, "/readPoint/id")) ||
	    (e->biz_location && !place(p, e->biz_location->id, "/bizLocation/id")))
		return false;
	a->step = slice_str(e->biz_step);
	a->declares_error = e->error_declaration != NULL;
	a->summary_flags = event_summary_flags(e);
	arena_reset(p->scratch);
	if (event_hash(&a->event_hash, NULL, e, p->scratch) != ERR_OK)
		return nomem(p);
	event_identity_key(&a->identity, p->tx->member, slice_str(e->event_id), &a->event_hash);
	return !a->declares_error || declaration_hash(p, e->error_declaration);
}

/* ---- the other acts ---- */

static bool text_ok(struct prep *p, const char *s, const char *field, size_t max, bool mandatory)
{
	if (mandatory && !*s)
		return refuse(p, VERDICT_INVALID, field, "missing");
	if (strlen(s) > max)
		return refuse(p, VERDICT_TOO_LARGE, field, "too long");
	return !has_control(slice_str(s)) ||
	       refuse(p, VERDICT_INVALID, field, "holds a control character");
}

static bool key_ok(struct prep *p, ProtobufCBinaryData key, const char *field)
{
	return key.len == 32 || refuse(p, VERDICT_INVALID, field, "a key has 32 bytes");
}

/* One that comes in: nobody could ever sign with a key that verification refuses. */
static bool new_key_ok(struct prep *p, ProtobufCBinaryData key, const char *field)
{
	return key_ok(p, key, field) &&
	       (ed25519_public_valid(key.data) ||
		refuse(p, VERDICT_INVALID, field,
		       "not a usable Ed25519 key: small order, not canonical, or no point"));
}

static bool hash_ok(struct prep *p, ProtobufCBinaryData h, const char *field)
{
	return h.len == 32 || refuse(p, VERDICT_INVALID, field, "a salted hash has 32 bytes");
}

static bool about(struct prep *p, const char *id, const char *field, enum intent intent)
{
	return subject_add(p, id, field, false, ROLE_ABOUT, intent);
}

static bool about_all(struct prep *p, char **ids, size_t n, enum intent intent)
{
	if (n == 0)
		return refuse(p, VERDICT_INVALID, "/subjects", "missing");
	if (n > CUSTODY_SUBJECTS_MAX)
		return refuse(p, VERDICT_TOO_LARGE, "/subjects", "more than 1,000");
	return subjects_add(p, ids, n, "subjects", ROLE_ABOUT, intent) && subjects_unique(p);
}

/* Credentials are documents: subjects by their own id. */
static bool about_credential(struct prep *p, const char *id, const char *field)
{
	if (!about(p, id, field, INTENT_ABOUT))
		return false;
	p->p->subjects[0].kind = SUBJECT_DOCUMENT;
	return true;
}

static bool prefix_ok(struct prep *p, const char *prefix)
{
	const char *why = owner_prefix_fault(slice_str(prefix));
	return !why || refuse(p, VERDICT_INVALID, "/prefix", why);
}

/* Kept in `where`, which summaries of acts without subject do not use. */
static bool prefix_proof(struct prep *p, const char *credential)
{
	return place(p, credential, "/credential");
}

static bool step_ok(struct prep *p, const char *step)
{
	struct slice s = slice_str(step);
	if (s.n == 0 || (s.n <= 150 && (cbv_known(CBV_BIZ_STEP, s) || uri_valid(s))))
		return true;
	return refuse(p, VERDICT_INVALID, "/bizStep",
		      "neither a CBV business step nor a URI of at most 150 bytes");
}

static bool other_member_ok(struct prep *p, const char *member)
{
	return member_id_valid(slice_str(member)) ||
	       refuse(p, VERDICT_INVALID, "/member", "not a member's id");
}

static bool roles_ok(struct prep *p, char **roles, size_t n)
{
	if (n > MEMBER_ROLES_MAX)
		return refuse(p, VERDICT_TOO_LARGE, "/roles", "more than 9");
	for (size_t i = 0; i < n; i++) {
		if (!member_role_valid(slice_str(roles[i])))
			return refuse(p, VERDICT_INVALID, "/roles", "not a role");
		for (size_t j = 0; j < i; j++)
			if (strcmp(roles[i], roles[j]) == 0)
				return refuse(p, VERDICT_INVALID, "/roles", "twice the same role");
	}
	return true;
}

static bool prepare_admit(struct prep *p, const Argosy__V1__AdmitMember *m)
{
	if (!member_id_valid(slice_str(m->id)))
		return refuse(p, VERDICT_INVALID, "/id",
			      "2 to 32 of a-z 0-9 - . beginning with a letter or digit");
	if (!text_ok(p, m->name, "/name", WORD_MAX, true) || !roles_ok(p, m->roles, m->n_roles))
		return false;
	if (!code_country(slice_str(m->country)))
		return refuse(p, VERDICT_INVALID, "/country", "not an ISO 3166-1 alpha-2 code");
	if (m->n_person_keys == 0)
		return refuse(p, VERDICT_INVALID, "/personKeys", "a member needs a person's key");
	if (m->n_person_keys > MEMBER_KEYS_MAX || m->n_agent_keys > MEMBER_KEYS_MAX)
		return refuse(p, VERDICT_TOO_LARGE, "/personKeys", "more than 64 keys");
	for (size_t i = 0; i < m->n_person_keys; i++)
		if (!new_key_ok(p, m->person_keys[i], "/personKeys"))
			return false;
	for (size_t i = 0; i < m->n_agent_keys; i++)
		if (!new_key_ok(p, m->agent_keys[i], "/agentKeys"))
			return false;
	/* Kept in `where`, which summaries of acts without subject do not use. */
	return place(p, m->party, "/party");
}

static bool prepare_add_key(struct prep *p, const Argosy__V1__AddKey *k)
{
	enum { TEN_YEARS_S = 10 * 366 * 24 * 3600 };
	if (!new_key_ok(p, k->key, "/key") || (k->replaces.len && !key_ok(p, k->replaces, "/replaces")))
		return false;
	if (k->replaces.len && memcmp(k->key.data, k->replaces.data, 32) == 0)
		return refuse(p, VERDICT_INVALID, "/replaces", "the same key");
	if (k->retire_after_s > TEN_YEARS_S)
		return refuse(p, VERDICT_INVALID, "/retireAfterS", "more than ten years");
	if (k->kind != ARGOSY__V1__KEY_KIND__KEY_KIND_PERSON &&
	    k->kind != ARGOSY__V1__KEY_KIND__KEY_KIND_AGENT)
		return refuse(p, VERDICT_INVALID, "/kind", "person or agent");
	if (k->kind == ARGOSY__V1__KEY_KIND__KEY_KIND_PERSON && k->n_scope)
		return refuse(p, VERDICT_INVALID, "/scope", "a person's key has no scope");
	if (k->n_scope > KEY_SCOPE_MAX)
		return refuse(p, VERDICT_TOO_LARGE, "/scope", "more than 24");
	for (size_t i = 0; i < k->n_scope; i++)
		if (act_agent(act_by_name(slice_str(k->scope[i]))) == 0)
			return refuse(p, VERDICT_INVALID, "/scope", "not an act that a node's key may do");
	return true;
}

/* Any problem of form; subjects in canonical form. Needs no state. */
static bool prepare_act(struct prep *p)
{
	const Argosy__V1__Action *a = p->p->action;
	struct field_issue fault = {{0}, {0}};
	switch (a->act_case) {
	case ARGOSY__V1__ACTION__ACT_EVENT:
		return prepare_event(p, a->event);
	case ARGOSY__V1__ACTION__ACT_DOCUMENT:
		return a->document->source_hash.len == 0 || a->document->source_hash.len == 32 ||
		       refuse(p, VERDICT_INVALID, "/sourceHash", "32 bytes");
	case ARGOSY__V1__ACTION__ACT_REGISTER_PRODUCT:
		if (!a->register_product->product)
			return refuse(p, VERDICT_INVALID, "/product", "missing");
		if (!standard_product_check(a->register_product->product, &fault))
			return refuse_fault(p, "/product", &fault);
		if (!subject_add(p, a->register_product->product->id, "/product/id", true,
				 ROLE_ABOUT, INTENT_ABOUT))
			return false;
		return p->p->subjects[0].gs1 == GS1_GTIN || p->p->subjects[0].gs1 == GS1_NONE ||
		       refuse(p, VERDICT_INVALID, "/product/id", "neither a GTIN nor a URI");
	case ARGOSY__V1__ACTION__ACT_REGISTER_LOCATION:
		if (!a->register_location->location)
			return refuse(p, VERDICT_INVALID, "/location", "missing");
		if (!standard_location_check(a->register_location->location, &fault))
			return refuse_fault(p, "/location", &fault);
		if (!about(p, a->register_location->location->id, "/location/id", INTENT_ABOUT))
			return false;
		p->p->subjects[0].kind = SUBJECT_OTHER;
		return p->p->subjects[0].gs1 == GS1_SGLN || p->p->subjects[0].gs1 == GS1_NONE ||
		       refuse(p, VERDICT_INVALID, "/location/id", "neither a GLN nor a URI");
	case ARGOSY__V1__ACTION__ACT_REGISTER_PREFIX:
		return prefix_ok(p, a->register_prefix->prefix) &&
		       prefix_proof(p, a->register_prefix->credential);
	case ARGOSY__V1__ACTION__ACT_DEFINE_LOT:
		if (!a->define_lot->lot)
			return refuse(p, VERDICT_INVALID, "/lot", "missing");
		/* What its category demands besides is judged where the category is known. */
		if (!standard_lot_check(a->define_lot->lot,
					ARGOSY__V1__PRODUCT_CATEGORY__PRODUCT_CATEGORY_UNSPECIFIED,
					&fault))
			return refuse_fault(p, "/lot", &fault);
		if (!about(p, a->define_lot->lot->id, "/lot/id", INTENT_ABOUT))
			return false;
		p->p->subjects[0].kind = SUBJECT_LOT;
		return p->p->subjects[0].gs1 == GS1_LGTIN || p->p->subjects[0].gs1 == GS1_NONE ||
		       refuse(p, VERDICT_INVALID, "/lot/id", "neither an LGTIN nor a URI");
	case ARGOSY__V1__ACTION__ACT_ISSUE_CREDENTIAL:
		if (!a->issue_credential->credential)
			return refuse(p, VERDICT_INVALID, "/credential", "missing");
		if (!standard_credential_check(a->issue_credential->credential, &fault))
			return refuse_fault(p, "/credential", &fault);
		return about_credential(p, a->issue_credential->credential->id, "/credential/id");
	case ARGOSY__V1__ACTION__ACT_REVOKE_CREDENTIAL:
		return text_ok(p, a->revoke_credential->reason, "/reason", TEXT_MAX, false) &&
		       about_credential(p, a->revoke_credential->id, "/id");
	case ARGOSY__V1__ACTION__ACT_OFFER_CUSTODY:
		return other_member_ok(p, a->offer_custody->to_member) &&
		       place(p, a->offer_custody->location, "/location") &&
		       about_all(p, a->offer_custody->subjects, a->offer_custody->n_subjects,
				 INTENT_OFFER);
	case ARGOSY__V1__ACTION__ACT_ACCEPT_CUSTODY:
		return other_member_ok(p, a->accept_custody->from_member) &&
		       place(p, a->accept_custody->location, "/location") &&
		       about_all(p, a->accept_custody->subjects, a->accept_custody->n_subjects,
				 INTENT_ACCEPT);
	case ARGOSY__V1__ACTION__ACT_DECLINE_CUSTODY:
		return text_ok(p, a->decline_custody->reason, "/reason", TEXT_MAX, false) &&
		       about_all(p, a->decline_custody->subjects, a->decline_custody->n_subjects,
				 INTENT_DECLINE);
	case ARGOSY__V1__ACTION__ACT_GRANT_STEP:
		return step_ok(p, a->grant_step->biz_step) && other_member_ok(p, a->grant_step->member) &&
		       about(p, a->grant_step->subject, "/subject", INTENT_GRANT);
	case ARGOSY__V1__ACTION__ACT_REVOKE_GRANT:
		return step_ok(p, a->revoke_grant->biz_step) &&
		       other_member_ok(p, a->revoke_grant->member) &&
		       about(p, a->revoke_grant->subject, "/subject", INTENT_ABOUT);
	case ARGOSY__V1__ACTION__ACT_ADMIT_MEMBER:
		return prepare_admit(p, a->admit_member);
	case ARGOSY__V1__ACTION__ACT_SET_MEMBER: {
		const char *s = a->set_member->status;
		if (*s && strcmp(s, "active") != 0 && strcmp(s, "suspended") != 0)
			return refuse(p, VERDICT_INVALID, "/status", "active or suspended");
		if (a->set_member->quota_default && a->set_member->quota_units_per_hour)
			return refuse(p, VERDICT_INVALID, "/quotaDefault",
				      "beside a quota of the member's own");
		if (!*s && !a->set_member->n_roles && !a->set_member->quota_default &&
		    !a->set_member->quota_units_per_hour)
			return refuse(p, VERDICT_INVALID, "", "changes nothing");
		return roles_ok(p, a->set_member->roles, a->set_member->n_roles);
	}
	case ARGOSY__V1__ACTION__ACT_ADD_KEY:
		return prepare_add_key(p, a->add_key);
	case ARGOSY__V1__ACTION__ACT_REVOKE_KEY:
		return key_ok(p, a->revoke_key->key, "/key") &&
		       text_ok(p, a->revoke_key->reason, "/reason", TEXT_MAX, false);
	case ARGOSY__V1__ACTION__ACT_DISOWN_KEY:
		if (a->disown_key->from_height < 1)
			return refuse(p, VERDICT_INVALID, "/fromHeight", "1 or more");
		return key_ok(p, a->disown_key->key, "/key") &&
		       text_ok(p, a->disown_key->reason, "/reason", TEXT_MAX, false);
	case ARGOSY__V1__ACTION__ACT_ATTACH:
		if (!hash_ok(p, a->attach->salted_hash, "/saltedHash") ||
		    !text_ok(p, a->attach->kind, "/kind", WORD_MAX, true) ||
		    !text_ok(p, a->attach->media_type, "/mediaType", WORD_MAX, false) ||
		    !text_ok(p, a->attach->title, "/title", WORD_MAX, false))
			return false;
		return !*a->attach->subject || about(p, a->attach->subject, "/subject", INTENT_ABOUT);
	case ARGOSY__V1__ACTION__ACT_ERASE_ATTACHMENT:
		return hash_ok(p, a->erase_attachment->salted_hash, "/saltedHash") &&
		       text_ok(p, a->erase_attachment->reason, "/reason", TEXT_MAX, false);
	case ARGOSY__V1__ACTION__ACT_ARBITRATE_RANGE:
		return prefix_ok(p, a->arbitrate_range->prefix) &&
		       (!*a->arbitrate_range->member ||
			other_member_ok(p, a->arbitrate_range->member)) &&
		       text_ok(p, a->arbitrate_range->reason, "/reason", TEXT_MAX, true);
	case ARGOSY__V1__ACTION__ACT_STATEMENT:
		if (!text_ok(p, a->statement->partner, "/partner", WORD_MAX, true) ||
		    !text_ok(p, a->statement->text, "/text", TEXT_MAX, false))
			return false;
		if (a->statement->salted_hash.len &&
		    !hash_ok(p, a->statement->salted_hash, "/saltedHash"))
			return false;
		if (!*a->statement->text && !a->statement->salted_hash.len)
			return refuse(p, VERDICT_INVALID, "/text", "states nothing");
		return a->statement->n_subjects == 0 ||
		       about_all(p, a->statement->subjects, a->statement->n_subjects, INTENT_ABOUT);
	case ARGOSY__V1__ACTION__ACT__NOT_SET:
	case _ARGOSY__V1__ACTION__ACT__CASE_IS_INT_SIZE:
		break;
	}
	return refuse(p, VERDICT_MALFORMED, "", "no act");
}

/* ---- the transaction ---- */

/* protobuf-c's allocator: the arena, counted, so that running out of memory
 * (this machine's trouble) and being too large (a verdict) are two things. */
static void *decode_alloc(void *data, size_t n)
{
	struct prep *p = data;
	p->decoded += (n + 15) / 16 * 16; /* as the arena takes it */
	if (p->decoded > DECODED_BYTES_MAX) {
		p->too_large = true;
		return NULL;
	}
	void *m = arena_alloc(p->tx->arena, n);
	if (!m)
		p->nomem = true;
	return m;
}

static void decode_free(void *data, void *m)
{
	(void)data;
	(void)m;
}

static bool prepare_one(struct prep *p, ProtobufCBinaryData bytes)
{
	ProtobufCAllocator alloc = {decode_alloc, decode_free, p};
	struct verdict_text why = {{0}, {0}};
	p->p->bytes = slice(bytes.data, bytes.len);
	p->cap = 0;
	enum verdict form = wire_check(&argosy__v1__action__descriptor, p->p->bytes, &why);
	if (form != VERDICT_OK) {
		char field[sizeof why.field];
		snprintf(field, sizeof field, "%.150s", why.field);
		return refuse(p, form, field, why.text);
	}
	Argosy__V1__Action *a = argosy__v1__action__unpack(&alloc, bytes.len, bytes.data);
	if (p->too_large)
		return refuse(p, VERDICT_TOO_LARGE, "", "unfolds to more than 24 MiB");
	if (!a)
		return p->nomem ? false : refuse(p, VERDICT_MALFORMED, "", "cannot be decoded");
	p->p->action = a;
	p->p->kind = (enum act_kind)a->act_case;
	if (a->act_case != ARGOSY__V1__ACTION__ACT__NOT_SET && p->p->kind != ACT_EVENT)
		p->p->step = slice_str(act_name(p->p->kind));
	return prepare_act(p);
}

enum verdict trade_prepare(struct tx *tx, struct verdict_text *t)
{
	size_t n = tx->b->n_actions;
	struct prepared *all = arena_alloc(tx->arena, n * sizeof *all);
	struct prep p = {.tx = tx, .t = t, .v = VERDICT_OK};
	bool good = true;
	tx->prepared = NULL;
	tx->prepared_count = 0;
	tx->work = 0;
	tx->rescue = false;
	if (!all || !(p.scratch = arena_new(0)))
		return VERDICT_OK;
	for (size_t i = 0; i < n && good; i++) {
		p.p = &all[i];
		p.index = i;
		good = prepare_one(&p, tx->b->actions[i]);
	}
	arena_free(p.scratch);
	if (good) {
		tx->prepared = all;
		tx->prepared_count = n;
	}
	if (p.nomem)
		return VERDICT_OK;
	tx->work = tx_work(tx, p.subjects);
	tx->rescue = good;
	for (size_t i = 0; i < n && tx->rescue; i++)
		tx->rescue = all[i].kind == ACT_REVOKE_KEY || all[i].kind == ACT_DISOWN_KEY;
	return p.v;
}
