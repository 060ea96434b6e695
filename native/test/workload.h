/* SPDX-License-Identifier: Apache-2.0 */
/* What the counted workloads share. */
#ifndef TROWEL_WORKLOAD_H
#define TROWEL_WORKLOAD_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define TIMES 23

void uring(void);
void uring_pending(void);

static inline void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(1);
}

#define MUST(call)                     \
	({                             \
		long _result = (call); \
		if (_result < 0)       \
			die(#call);    \
		_result;               \
	})

static inline struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static inline struct sockaddr *as_sockaddr(void *address)
{
	return address;
}

/* A bound socket; its port is stored in *port. */
static inline int bound_socket(int type, uint16_t *port)
{
	struct sockaddr_in address = loopback(*port);
	socklen_t len = sizeof(address);
	int fd = MUST(socket(AF_INET, type, 0));

	MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)));
	MUST(bind(fd, as_sockaddr(&address), sizeof(address)));
	MUST(getsockname(fd, as_sockaddr(&address), &len));
	*port = ntohs(address.sin_port);
	return fd;
}

#endif
