/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the kernel's ring buffer. libbpf's reader maps the data twice, so that no record is cut at the end, and twice
 * it counts as the probe's memory; and it gives each record back by itself, for which all CPUs that write wait.
 */
#ifndef TROWEL_RING_H
#define TROWEL_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

/* NULL: see errno. `bytes` is the map's max_entries. */
struct ring *ring_open(int fd, size_t bytes);
void ring_close(struct ring *ring);
/* Hands over all records that are there, in order; they are valid during the call only. */
void ring_consume(struct ring *ring, void (*take)(void *ctx, const void *record, uint32_t len), void *ctx);

#endif
