/*
 * owner: to whom an identifier is registered.
 *
 * Registered are products and locations one by one, and ranges: GS1 company
 * prefixes ("gcp:9521234") and URI prefixes ("https://id.example.com/"). A
 * product's own registration counts before a range; of ranges the longest.
 *
 * Ranges are a tree of keys x/<range>, value 'X' u8 1 | lp owner | lp inside:
 * owner is empty where the range itself is not registered but longer ones are;
 * inside is the member who has registered all of the longer ones, or "*" for
 * several. x! holds varint bits: bit n: some company prefix of n digits is
 * registered; bit 0: some URI prefix is. So an unknown identifier costs few
 * look-ups, and an overlap is seen without a scan.
 */
#ifndef ARGOSY_TRADE_OWNER_H
#define ARGOSY_TRADE_OWNER_H

#include "data/gs1.h"
#include "ledger/app.h"

/*
 * "gcp:" and 4 to 12 digits; or an absolute URI of 12 to 400 bytes that ends
 * with / : # = or ?, with at most 24 of these: a range ends where a part of
 * the URI ends, so that "https://id.example.com" never covers "https://id.example.com.evil".
 */
bool owner_prefix_valid(struct slice prefix);

/* The registered owner of an identifier in canonical form; empty: nobody. Borrowed from the state. */
enum err owner_find(struct exec *x, struct slice *owner, struct slice id, enum gs1_kind kind) MUST_USE;

/* Registers a valid prefix. VERDICT_OVERLAP if it touches a range of another member. */
enum err owner_register(struct exec *x, enum verdict *v, struct slice prefix,
			struct slice member) MUST_USE;

/* The product that an item, lot or class is of: "01/" and 14 digits; empty: none. Points into `id`. */
struct slice product_of(struct slice id, enum gs1_kind kind);

#endif
