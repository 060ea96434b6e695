// SPDX-License-Identifier: Apache-2.0
#include "roles.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "calls.h"
#include "hash.h"

#define SLOTS 65536

/*
 * Two sets that forget on collision: of sockets whose role has shown, and of ports that are listened on.
 * An answer that was forgotten is worked out from the ports, and those are told again by each accept.
 */
struct roles {
	struct {
		uint32_t ino;
		uint32_t netns;
		uint32_t role;
	} sockets[SLOTS];
	uint64_t listeners[SLOTS]; /* netns << 16 | port */
};

struct roles *roles_new(void)
{
	return alloc_zeroed(1, sizeof(struct roles));
}

void roles_free(struct roles *roles)
{
	free(roles);
}

static uint32_t socket_slot(const struct fd_identity *fd)
{
	return hash_u64(fd->ino << 32 ^ fd->netns) & (SLOTS - 1);
}

static uint64_t listener(const struct fd_identity *fd)
{
	return (uint64_t)fd->netns << 16 | fd->local_port;
}

static void learn_socket(struct roles *roles, const struct fd_identity *fd, Trowel__V1__FdRole role)
{
	uint32_t i = socket_slot(fd);

	roles->sockets[i].ino = fd->ino;
	roles->sockets[i].netns = fd->netns;
	roles->sockets[i].role = role;
}

static void learn_listener(struct roles *roles, const struct fd_identity *fd)
{
	roles->listeners[hash_u64(listener(fd)) & (SLOTS - 1)] = listener(fd);
}

static bool is_known(const struct roles *roles, const struct fd_identity *fd)
{
	uint32_t i = socket_slot(fd);

	return roles->sockets[i].ino == fd->ino && roles->sockets[i].netns == fd->netns;
}

/* Who speaks first on a socket without connection asks; who is spoken to answers. */
static void learn_datagram(struct roles *roles, const struct fd_identity *fd, uint16_t type)
{
	const struct call *call = type < MAX_CALLS ? &calls[type] : NULL;

	if (!call || call->buffer == BUFFER_NONE || !fd->remote_port || is_known(roles, fd))
		return;
	learn_socket(roles, fd,
		     call->flags & CALL_READS ? TROWEL__V1__FD_ROLE__ROLE_SERVER : TROWEL__V1__FD_ROLE__ROLE_CLIENT);
}

void roles_learn(struct roles *roles, const struct fd_identity *fd, uint16_t type)
{
	if (fd->l4proto == IPPROTO_UDP)
		learn_datagram(roles, fd, type);
	if (fd->l4proto != IPPROTO_TCP)
		return;
	if (fd->state & FD_LISTENING) {
		learn_listener(roles, fd);
	} else if (type == CALL_connect) {
		learn_socket(roles, fd, TROWEL__V1__FD_ROLE__ROLE_CLIENT);
	} else if (type == CALL_accept || type == CALL_accept4) {
		learn_socket(roles, fd, TROWEL__V1__FD_ROLE__ROLE_SERVER);
		learn_listener(roles, fd);
	}
}

static bool is_listened_on(const struct roles *roles, const struct fd_identity *fd)
{
	return roles->listeners[hash_u64(listener(fd)) & (SLOTS - 1)] == listener(fd);
}

static Trowel__V1__FdRole tcp_role(const struct roles *roles, const struct fd_identity *fd)
{
	if (!fd->remote_port)
		return fd->state & FD_LISTENING ? TROWEL__V1__FD_ROLE__ROLE_LISTEN : TROWEL__V1__FD_ROLE__ROLE_NONE;
	if (fd->ino && is_known(roles, fd))
		return roles->sockets[socket_slot(fd)].role;
	if (is_listened_on(roles, fd))
		return TROWEL__V1__FD_ROLE__ROLE_SERVER;
	/* of a packet without a socket nobody knows who began */
	return fd->ino ? TROWEL__V1__FD_ROLE__ROLE_CLIENT : TROWEL__V1__FD_ROLE__ROLE_NONE;
}

Trowel__V1__FdRole role_of(const struct roles *roles, const struct fd_identity *fd)
{
	if (fd->kind != TROWEL__V1__FD_KIND__FD_IPV4 && fd->kind != TROWEL__V1__FD_KIND__FD_IPV6)
		return TROWEL__V1__FD_ROLE__ROLE_NONE;
	if (fd->l4proto == IPPROTO_TCP)
		return tcp_role(roles, fd);
	if (!fd->ino || (!fd->remote_port && !fd->local_port))
		return TROWEL__V1__FD_ROLE__ROLE_NONE;
	if (fd->state & FD_BOUND_PORT)
		return TROWEL__V1__FD_ROLE__ROLE_SERVER;
	return is_known(roles, fd) ? roles->sockets[socket_slot(fd)].role : TROWEL__V1__FD_ROLE__ROLE_CLIENT;
}
