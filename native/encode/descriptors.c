// SPDX-License-Identifier: Apache-2.0
#include "descriptors.h"

#include <stdlib.h>

#include "alloc.h"
#include "calls.h"
#include "hash.h"

/* A set that forgets on collision: a close without a name does no harm. */
#define SLOTS 32768

struct descriptors {
	struct {
		uint32_t pid;
		int32_t fdnum;
		struct fd_identity fd;
	} slots[SLOTS];
};

struct descriptors *descriptors_new(void)
{
	return alloc_zeroed(1, sizeof(struct descriptors));
}

void descriptors_free(struct descriptors *descriptors)
{
	free(descriptors);
}

void descriptors_resolve(struct descriptors *descriptors, struct event *event)
{
	uint32_t i = hash_u64((uint64_t)event->pid << 32 | (uint32_t)event->fdnum) & (SLOTS - 1);

	if (event->fdnum < 0)
		return;
	if (event->fd.kind) {
		descriptors->slots[i].pid = event->pid;
		descriptors->slots[i].fdnum = event->fdnum;
		descriptors->slots[i].fd = event->fd;
	} else if (event->type == CALL_close && descriptors->slots[i].pid == event->pid &&
		   descriptors->slots[i].fdnum == event->fdnum) {
		event->fd = descriptors->slots[i].fd;
		event->fd.name_len = 0;
		descriptors->slots[i].pid = 0;
	}
}
