// SPDX-License-Identifier: Apache-2.0
#include "loss.h"

#include <stdlib.h>

#include "alloc.h"

struct losses {
	const struct probe *probe;
	uint64_t (*known)[COUNTED_FAMILIES]; /* per CPU: what the kernel had counted when last read */
	struct loss (*open)[LOSS_REASONS][COUNTED_FAMILIES]; /* per CPU: not reported yet */
	uint64_t skipped[COUNTED_FAMILIES]; /* runs of programs, likewise */
	uint64_t read_ns; /* when the counters were last read */
	uint64_t total;
};

struct losses *losses_new(const struct probe *probe)
{
	struct losses *losses = alloc_zeroed(1, sizeof(*losses));

	losses->probe = probe;
	losses->known = alloc_zeroed(probe->cpus, sizeof(*losses->known));
	losses->open = alloc_zeroed(probe->cpus, sizeof(*losses->open));
	return losses;
}

void losses_free(struct losses *losses)
{
	free(losses->known);
	free(losses->open);
	free(losses);
}

static void add(struct losses *losses, enum loss_reason reason, int cpu, int family, uint64_t count, uint64_t from,
		uint64_t to)
{
	struct loss *loss = &losses->open[cpu][reason][family];

	if (!loss->count) {
		loss->record = (struct record){ .kind = RECORD_LOSS, .cpu = cpu, .family = family };
		loss->reason = reason;
		loss->from_ns = from;
	}
	loss->count += count;
	loss->to_ns = to;
	losses->total += count;
}

void losses_add_queue(struct losses *losses, const struct record *record, uint64_t when)
{
	add(losses, LOSS_QUEUE, record->cpu, record->family, 1, when, when);
}

void losses_read_ring(struct losses *losses, uint64_t now)
{
	for (int cpu = 0; cpu < losses->probe->cpus; cpu++) {
		for (int family = 0; family < COUNTED_FAMILIES; family++) {
			uint64_t lost = losses->probe->counters[cpu].lost[family];
			uint64_t known = losses->known[cpu][family];

			if (lost == known)
				continue;
			losses->known[cpu][family] = lost;
			add(losses, LOSS_RING, cpu, family, lost - known, losses->read_ns, now);
		}
	}
	losses->read_ns = now;
}

/* Which CPU it was nobody knows; and that each was an event is the worst case. */
void losses_read_skipped(struct losses *losses, uint64_t since, uint64_t now)
{
	uint64_t skipped[COUNTED_FAMILIES];

	probe_count_skipped(losses->probe, skipped);
	for (int family = 0; family < COUNTED_FAMILIES; family++) {
		if (skipped[family] > losses->skipped[family])
			add(losses, LOSS_RING, 0, family, skipped[family] - losses->skipped[family], since, now);
		losses->skipped[family] = skipped[family];
	}
}

bool losses_report(struct losses *losses, bool (*take)(void *ctx, const struct loss *loss), void *ctx)
{
	bool all = true;
	struct loss *loss = &losses->open[0][0][0];
	struct loss *end = loss + (size_t)losses->probe->cpus * LOSS_REASONS * COUNTED_FAMILIES;

	for (; loss < end; loss++) {
		if (!loss->count)
			continue;
		if (take(ctx, loss))
			loss->count = 0;
		else
			all = false;
	}
	return all;
}

uint64_t losses_total(const struct losses *losses)
{
	return losses->total;
}
