/* SPDX-License-Identifier: Apache-2.0 */
/* The users and groups of the node: what their numbers are called. */
#ifndef TROWEL_USERS_H
#define TROWEL_USERS_H

#include <stdbool.h>

#include "trowel.pb-c.h"

#define USERS_MAX 4096 /* of each list; the collector takes no more */

struct users {
	Trowel__V1__User *users[USERS_MAX];
	Trowel__V1__Group *groups[USERS_MAX];
	int users_n, groups_n;
	bool cut; /* there are more */
};

/* Reads the lists below TROWEL_NODE_ROOT, else below the root of process 1, else of this process. A node without
 * them has numbers only. To be called while there are privileges. */
void users_read(struct users *users);
/* The message points into `users`. */
void users_into(const struct users *users, Trowel__V1__Ready *ready);

#endif
