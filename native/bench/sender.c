// SPDX-License-Identifier: Apache-2.0
/*
 * The probe's encoder and sender without a kernel: `sender COLLECTOR` makes up reads of 80 bytes by two threads, from a
 * connection each, and hands them over as the thread that drains the ring does. What that costs is the CPU time of all
 * threads but the first.
 */
#include <bpf/libbpf.h>
#include <netinet/in.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "log.h"
#include "sender.h"
#include "session.h"

#define EVENTS_PER_S 500000
#define ROUND_US 10000
#define PAYLOAD 80

static struct session session;

struct made_up {
	struct event event;
	uint8_t payload[PAYLOAD];
};

static struct made_up make_up(uint32_t i)
{
	uint32_t thread = i / 64 % 2; /* a CPU's records come in runs */
	struct made_up
		made_up = { .event = {
				    .record = { .kind = RECORD_EVENT, .family = FAMILY_FILE, .cpu = thread, .seq = i },
				    .end_ns = boot_ns(),
				    .latency_ns = 700,
				    .res = PAYLOAD,
				    .slots = { 3, 0x7f0000000000, PAYLOAD },
				    .pid = 1000 + thread,
				    .tid = 1000 + thread,
				    .fdnum = 3,
				    .type = CALL_read,
				    .flags = EVENT_HAS_RES,
				    .data_len = PAYLOAD,
				    .fd = { .file = 0xffff888000000000 + thread * 256,
					    .ino = 5 + thread,
					    .local_port = 80,
					    .remote_port = 1000 + thread,
					    .kind = TROWEL__V1__FD_KIND__FD_IPV4,
					    .l4proto = IPPROTO_TCP,
					    .ip_len = 4 },
			    } };

	return made_up;
}

static void push_round(uint32_t *i)
{
	for (uint32_t n = 0; n < EVENTS_PER_S / (1000000 / ROUND_US); n++) {
		struct made_up made_up = make_up(*i);

		while (!queue_push(session.queue, &made_up, sizeof(made_up)))
			usleep(1000);
		if (++*i % (PUBLISH_BYTES / sizeof(made_up)) == 0)
			queue_publish(session.queue);
	}
}

static void attach_nothing(char *self)
{
	char *object = NULL;

	if (asprintf(&object, "%s/empty.bpf.o", dirname(self)) < 0 ||
	    !(session.probe.object = bpf_object__open(object)))
		exit(1);
	free(object);
	session.probe.settings = calloc(1, sizeof(*session.probe.settings));
	session.probe.cpus = 2;
	session.probe.counters = calloc(session.probe.cpus, sizeof(*session.probe.counters));
	session.probe.pending = -1;
	session.probe.hook = "none";
	session.start_ns = boot_ns();
	session_set_attached(&session);
}

int main(int argc, char **argv)
{
	pthread_t sender;
	uint32_t i = 0;

	if (argc != 2)
		return 2;
	session.collector.target = argv[1];
	session_init(&session);
	session.queue = queue_new(16 << 20);
	pthread_create(&sender, NULL, sender_run, &session);
	if (!session_await_config(&session))
		return 1;
	attach_nothing(argv[0]);
	while (!session.stop && !session.broken) {
		push_round(&i);
		usleep(ROUND_US);
	}
	queue_end(session.queue);
	pthread_join(sender, NULL);
	return session.broken;
}
