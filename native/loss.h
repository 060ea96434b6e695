/* SPDX-License-Identifier: Apache-2.0 */
/* What is missing, and between which times: gathered by the thread that drains, told by the one that sends. */
#ifndef TROWEL_LOSS_H
#define TROWEL_LOSS_H

#include "probe.h"

/* As the wire numbers them. */
enum loss_reason { LOSS_RING, LOSS_QUEUE, LOSS_REASONS };

#define RECORD_LOSS 4 /* besides enum record_kind: only in the queue */

struct loss {
	struct record record; /* cpu and family say where */
	uint32_t reason;
	uint32_t pad;
	uint64_t count;
	uint64_t from_ns;
	uint64_t to_ns;
};

struct losses;

struct losses *losses_new(const struct probe *probe);
void losses_free(struct losses *losses);
/* One record did not fit into the queue. */
void losses_add_queue(struct losses *losses, const struct record *record, uint64_t when);
/* Reads the kernel side's counters: what they have advanced by was lost between the previous reading and now. */
void losses_read_ring(struct losses *losses, uint64_t now);
/* The same for what the kernel did not even call a program for. */
void losses_read_skipped(struct losses *losses, uint64_t since, uint64_t now);
/* Hands over what was gathered, as far as `take` takes it; whether it took all. */
bool losses_report(struct losses *losses, bool (*take)(void *ctx, const struct loss *loss), void *ctx);
uint64_t losses_total(const struct losses *losses);

#endif
