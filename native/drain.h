/* SPDX-License-Identifier: Apache-2.0 */
/* Emptying the ring: it never waits for anything but the clock. */
#ifndef TROWEL_DRAIN_H
#define TROWEL_DRAIN_H

#include "loss.h"
#include "probe.h"
#include "queue.h"

struct drain;

/* NULL: see errno. */
struct drain *drain_new(struct probe *probe, struct queue *queue);
void drain_free(struct drain *drain);

/* Moves all that is in the ring into the queue, after waiting for the timer or for a full CPU's wake-up. */
void drain_round(struct drain *drain);
/* The same without waiting, and what is known of losses. */
void drain_rest(struct drain *drain);
uint64_t drain_lost(const struct drain *drain);

#endif
