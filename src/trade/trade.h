/*
 * trade: the application on the ledger: members, goods and what happens to them.
 *
 * `trade_app` is registered with the ledger. The readers below work on
 * committed data, from any thread.
 */
#ifndef ARGOSY_TRADE_TRADE_H
#define ARGOSY_TRADE_TRADE_H

#include "ledger/app.h"
#include "trade/subject.h"

extern const struct ledger_app trade_app;

#endif
