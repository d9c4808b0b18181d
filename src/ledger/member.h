/*
 * member: organisations and their keys as the state holds them.
 *
 * Keys live on the chain by epoch: valid from a height, until retired (with an
 * overlap beside the successor) or revoked. Nothing expires by itself.
 *
 * State values (docs/format/record.md):
 *   m/<id>   'M' u8 1 | u8 status | lp name | lp country | varint n roles, each lp |
 *            varint quota, units an hour (0: the chain's default) | varint keys now valid |
 *            lp party | varint height of admission
 *   k/<key>  'K' u8 1 | u8 kind | lp member | varint from height |
 *            zigzag retire at ms (0: never) | varint revoked at height (0: not) |
 *            varint disowned from height (0: not) | varint n scope, each lp
 */
#ifndef ARGOSY_LEDGER_MEMBER_H
#define ARGOSY_LEDGER_MEMBER_H

#include "ledger/app.h"

enum member_status { MEMBER_ACTIVE = 0, MEMBER_SUSPENDED = 1 };

enum { MEMBER_ROLES_MAX = 9, KEY_SCOPE_MAX = 24, MEMBER_KEYS_MAX = 64 };

/* Slices are borrowed from the state or the caller. */
struct member {
	enum member_status status;
	struct slice name, country, party;
	struct slice roles[MEMBER_ROLES_MAX];
	unsigned n_roles;
	uint64_t quota_units_per_hour;
	uint64_t keys_valid; /* persons' keys neither revoked nor about to retire */
	uint64_t admitted_height;
};

enum key_kind { KEY_PERSON = 1, KEY_AGENT = 2 };

struct member_key {
	enum key_kind kind;
	struct slice member;
	uint64_t from_height;
	int64_t retire_at_ms;	  /* 0: never */
	uint64_t revoked_height;  /* 0: not revoked */
	uint64_t disowned_height; /* acts from this height on are disowned; 0: none */
	struct slice scope[KEY_SCOPE_MAX];
	unsigned n_scope;
};

/* 2 to 32 characters of a-z 0-9 - . beginning with a letter or digit. */
bool member_id_valid(struct slice id);
/* supplier merchant carrier warehouse customs payment inspector regulator platform operator. */
bool member_role_valid(struct slice role);
bool member_has_role(const struct member *m, const char *role);

enum err member_get(struct exec *x, bool *found, struct member *m, struct slice id) MUST_USE;
enum err member_put(struct exec *x, struct slice id, const struct member *m) MUST_USE;
enum err member_key_get(struct exec *x, bool *found, struct member_key *k,
			const uint8_t key[static 32]) MUST_USE;
enum err member_key_put(struct exec *x, const uint8_t key[static 32],
			const struct member_key *k) MUST_USE;

/* Codecs, for readers outside a block. False: damaged. */
bool member_decode(struct member *m, struct slice value);
bool member_key_decode(struct member_key *k, struct slice value);

#endif
