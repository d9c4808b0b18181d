/*
 * owner: to whom an identifier is registered.
 *
 * Registered are ranges: GS1 company prefixes ("gcp:9521234") and URI prefixes
 * ("https://id.example.com/"), and products and locations one by one. A range counts
 * before a product's own registration; of ranges the longest. So whoever has a company's range
 * owns what is in it, whoever registered single products of it before him; and a longer range
 * of somebody else inside his counts, until the operator arbitrates.
 *
 * Ranges are a tree of keys x/<range>, value 'X' u8 1 | lp owner | u8 inside | varint n |
 * varint log index + 1 | lp credential. owner is empty where the range itself is nobody's (any
 * more); inside is 1 where a longer one was ever registered; n acts changed it, the last of them
 * in that record; the credential stands as proof beside it (empty: none).
 * xh/<range>/<number from 0>, varint log index + 1: these acts. x#/<member>, varint: how many
 * ranges he has. x! holds varint bits: bit n: some company prefix of n digits was registered;
 * bit 0: some URI prefix was. So an unknown identifier costs few look-ups.
 */
#ifndef ARGOSY_TRADE_OWNER_H
#define ARGOSY_TRADE_OWNER_H

#include "data/gs1.h"
#include "ledger/app.h"
#include "trade/keys.h"

/*
 * "gcp:" and 4 to 12 digits; or an absolute URI of 12 to 400 bytes that ends
 * with / : # = or ?, with at most 24 of these: a range ends where a part of
 * the URI ends, so that "https://id.example.com" never covers "https://id.example.com.evil".
 * It is normal as its names are (data/uri.h), and no beginning that everybody's
 * names have: "urn:uuid:", "urn:epcglobal:cbv:bt:" (but with a GLN behind it),
 * "https://id.gs1.org/", a namespace or scheme alone, numbers for use inside a firm.
 */
bool owner_prefix_valid(struct slice prefix);
/* What is wrong with it, a sentence that lives for ever; NULL: nothing. */
const char *owner_prefix_fault(struct slice prefix);

/* Ranges that a member may register. What the operator gives him comes on top. */
enum { RANGES_MAX = 100 };

struct range {
	struct slice owner;
	bool inside;
	uint64_t n, since1;
	struct slice credential;
};
bool range_decode(struct range *r, struct slice value);
/* Where the n-th act that changed a valid prefix is noted, from 0. In `k`. */
struct slice range_event_key(struct state_key *k, struct slice prefix, uint64_t n);

/*
 * The ranges around a valid one: every shorter company prefix, every shorter URI that ends a
 * part. Gives the length of the next one longer than `n`, up to and without the range itself;
 * 0: no more.
 */
size_t owner_ancestor_next(struct slice prefix, size_t n);

/* The registered owner of an identifier in canonical form; empty: nobody. Borrowed from the state. */
enum err owner_find(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind) MUST_USE;
/* The same by ranges alone. */
enum err owner_by_range(struct exec *x, struct slice *owner, struct slice id,
			enum gs1_kind kind) MUST_USE;

enum range_refusal {
	RANGE_FREE,
	RANGE_TAKEN,  /* it is another member's */
	RANGE_INSIDE, /* it lies in a range of another member */
	RANGE_MANY,   /* the member has RANGES_MAX */
};
/* Registers a valid prefix, from the record that is being made on. Registered again by its
 * owner: only `credential` (empty: as it was) is new. */
enum err owner_register(struct exec *x, enum range_refusal *why, struct slice prefix,
			struct slice member, struct slice credential) MUST_USE;
/* Gives a valid prefix to a member, or (empty) to nobody, whoever has it or one around or inside
 * it. *changed false: it is his already. */
enum err owner_arbitrate(struct exec *x, bool *changed, struct slice prefix,
			 struct slice member) MUST_USE;

/* The product that an item, lot or class is of: "01/" and 14 digits; empty: none. Points into `id`. */
struct slice product_of(struct slice id, enum gs1_kind kind);

#endif
