/*
 * node_inner: what the files of a node share. Nobody outside src/node includes this.
 */
#ifndef ARGOSY_NODE_NODE_INNER_H
#define ARGOSY_NODE_NODE_INNER_H

#include "crypto/keyfile.h"
#include "crypto/sha256.h"
#include "data/codes.h"
#include "ledger/header.h"
#include "ledger/member.h"
#include "node/guard.h"
#include "node/node.h"
#include "node/solo.h"

#include <pthread.h>

/* The one line of FORMAT, which birth writes and opening demands. */
#define NODE_FORMAT_SHOWN "argosy-data 1"
#define NODE_FORMAT NODE_FORMAT_SHOWN "\n"

struct node {
	char dir[IO_PATH_MAX], keys[IO_PATH_MAX];
	struct node_options options;
	struct io_file *lock;
	struct ledger *ledger;
	struct guard *guard;
	struct solo *solo; /* NULL: read-only */
	bool read_only;
	struct err_text why;
};

#endif
