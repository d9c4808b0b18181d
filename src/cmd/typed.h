/*
 * typed: what people type for an identifier becomes what the chain holds.
 *
 * A label's "(01)09521234123453(21)7" or the digits below a bar code are for
 * people and scanners; acts hold canonical texts, as data/gs1.h has them. So
 * the acts of commands are gone through before they are signed.
 */
#ifndef ARGOSY_CMD_TYPED_H
#define ARGOSY_CMD_TYPED_H

#include "cmd/cli.h"

#include "argosy/v1/action.pb-c.h"

/* Makes the identifiers of acts canonical, in place; texts are put in the command's arena. Events
 * stay as their writer wrote them. An exit code; a fault is told, and names what was typed. */
int typed_actions(struct cli *cli, Argosy__V1__Action *const *actions, size_t n);

#endif
