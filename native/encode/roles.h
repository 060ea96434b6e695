/* SPDX-License-Identifier: Apache-2.0 */
/* Which end of a connection a socket is: what accept and connect told, and otherwise which ports are listened on. */
#ifndef TROWEL_ROLES_H
#define TROWEL_ROLES_H

#include "trowel.pb-c.h"
#include "trowel.h"

struct roles;

struct roles *roles_new(void);
void roles_free(struct roles *roles);

/* What an event tells of its socket, or the initial scan: to be called before role_of(). */
void roles_learn(struct roles *roles, const struct fd_identity *fd, uint16_t type);
Trowel__V1__FdRole role_of(const struct roles *roles, const struct fd_identity *fd);

#endif
