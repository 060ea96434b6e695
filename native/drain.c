// SPDX-License-Identifier: Apache-2.0
#include "drain.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "alloc.h"
#include "log.h"
#include "ring.h"

/*
 * The kernel side wakes us only when a CPU has written much: a wake-up costs it 12 us. In between, what comes slowly is
 * fetched by a timer, and more slowly still as long as hardly anything comes: a round costs 50 us in a virtual machine.
 */
#define ROUND_MS 10
#define QUIET_ROUND_MS 50
#define QUIET_BYTES (16 << 10)

/* The sender is woken for a batch's worth, or when what there is has waited long enough. */
#define PUBLISH_NS 50000000ULL

#define LOSS_CHECK_NS 100000000ULL /* also without a sign of loss */

#define SKIP_CHECK_NS 1000000000ULL

#define FAREWELL_MS 2000 /* at most, of a collector that does not keep up */

struct drain {
	struct probe *probe;
	struct queue *queue;
	struct ring *ring;
	int wake_ups;
	struct losses *losses;
	uint32_t *next_seq; /* per CPU: a gap is the sign of loss */
	uint64_t now;
	uint64_t checked_ns;
	uint64_t checked_skips_ns;
	uint64_t waiting_ns; /* since when there is something to publish; 0: there is nothing */
	size_t round_bytes; /* in the last round */
	size_t waiting_bytes;
	bool gap;
	bool announcement_lost;
};

static bool is_out_of_sequence(struct drain *drain, const struct record *record)
{
	uint32_t expected = drain->next_seq[record->cpu];

	drain->next_seq[record->cpu] = record->seq + 1;
	return record->seq != expected;
}

static void on_record(void *ctx, const void *bytes, uint32_t len)
{
	struct drain *drain = ctx;
	const struct record *record = bytes;

	drain->round_bytes += len;
	drain->gap |= is_out_of_sequence(drain, record);
	if (queue_push(drain->queue, record, len))
		return;
	if (record->kind == RECORD_EVENT)
		losses_add_queue(drain->losses, record, drain->now);
	else
		drain->announcement_lost = true;
}

/* Edge-triggered: that there is something in the ring is no reason to run, only a wake-up is. */
static int watch(int ring)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int fd = epoll_create1(EPOLL_CLOEXEC);

	epoll_ctl(fd, EPOLL_CTL_ADD, ring, &event);
	return fd;
}

struct drain *drain_new(struct probe *probe, struct queue *queue)
{
	struct drain *drain = alloc_zeroed(1, sizeof(*drain));

	drain->ring = ring_open(probe->ring, probe->ring_bytes);
	if (!drain->ring) {
		free(drain);
		return NULL;
	}
	drain->probe = probe;
	drain->queue = queue;
	drain->checked_skips_ns = boot_ns();
	drain->losses = losses_new(probe);
	drain->next_seq = alloc_zeroed(probe->cpus, sizeof(*drain->next_seq));
	drain->wake_ups = watch(probe->ring);
	return drain;
}

void drain_free(struct drain *drain)
{
	close(drain->wake_ups);
	ring_close(drain->ring);
	losses_free(drain->losses);
	free(drain->next_seq);
	free(drain);
}

static bool push_loss(void *ctx, const struct loss *loss)
{
	struct drain *drain = ctx;

	drain->round_bytes += sizeof(*loss);
	return queue_push(drain->queue, loss, sizeof(*loss));
}

static void check_losses(struct drain *drain)
{
	if (!drain->gap && drain->now - drain->checked_ns < LOSS_CHECK_NS)
		return;
	drain->gap = false;
	drain->checked_ns = drain->now;
	losses_read_ring(drain->losses, drain->now);
	if (drain->now - drain->checked_skips_ns >= SKIP_CHECK_NS) {
		losses_read_skipped(drain->losses, drain->checked_skips_ns, drain->now);
		drain->checked_skips_ns = drain->now;
	}
	losses_report(drain->losses, push_loss, drain);
}

/* A thread whose announcement failed is announced again, once there is room for it. */
static void repair_announcements(struct drain *drain)
{
	if (!drain->announcement_lost || queue_fill(drain->queue) > 0.5)
		return;
	drain->announcement_lost = false;
	drain->probe->settings->announce++;
}

static void fetch(struct drain *drain)
{
	drain->now = boot_ns();
	drain->round_bytes = 0;
	ring_consume(drain->ring, on_record, drain);
	check_losses(drain);
	repair_announcements(drain);
}

static void publish(struct drain *drain)
{
	queue_publish(drain->queue);
	drain->waiting_ns = 0;
	drain->waiting_bytes = 0;
}

static void publish_in_time(struct drain *drain)
{
	drain->waiting_bytes += drain->round_bytes;
	if (!drain->waiting_bytes)
		return;
	if (!drain->waiting_ns)
		drain->waiting_ns = drain->now;
	if (drain->waiting_bytes >= PUBLISH_BYTES || drain->now - drain->waiting_ns >= PUBLISH_NS)
		publish(drain);
}

/* Nothing comes after it: the sender is given the time to make room for what is left, and for what it has to tell of
 * losses. */
void drain_rest(struct drain *drain)
{
	int ms = FAREWELL_MS;

	publish(drain);
	while (queue_fill(drain->queue) > 0.5 && ms-- > 0)
		usleep(1000);
	drain->gap = true; /* however lately they were looked for */
	fetch(drain);
	publish(drain);
	while (!losses_report(drain->losses, push_loss, drain) && ms-- > 0)
		usleep(1000);
	publish(drain);
}

void drain_round(struct drain *drain)
{
	int round_ms = drain->round_bytes < QUIET_BYTES ? QUIET_ROUND_MS : ROUND_MS;
	struct epoll_event event;

	epoll_wait(drain->wake_ups, &event, 1, round_ms);
	fetch(drain);
	publish_in_time(drain);
}

uint64_t drain_lost(const struct drain *drain)
{
	return losses_total(drain->losses);
}
