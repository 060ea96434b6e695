// SPDX-License-Identifier: Apache-2.0
/*
 * The queue between the probe's threads, with two threads that race: `queue RECORDS` pushes that many records of all
 * sizes, in rounds of all lengths, and exits with 1 if one does not come out as it went in, in its turn.
 */
#include "queue.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 8
#define LARGEST 3000
#define USUAL 300

struct head {
	uint32_t i;
	uint32_t len;
};

static struct queue *queue;
static uint32_t records;

/* A sequence that is the same in each run. */
static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 12;
}

static void *produce(void *arg)
{
	uint8_t bytes[SMALLEST + LARGEST];
	uint32_t state = 1;

	for (uint32_t i = 0; i < records; i++) {
		uint32_t len = SMALLEST + next_random(&state) % (next_random(&state) % 50 ? USUAL : LARGEST);

		memset(bytes, i, len);
		memcpy(bytes, &(struct head){ i, len }, sizeof(struct head));
		while (!queue_push(queue, bytes, len)) {
			queue_publish(queue);
			sched_yield();
		}
		if (next_random(&state) % 37 == 0)
			queue_publish(queue);
		if (next_random(&state) % 400 == 0)
			sched_yield(); /* the other one catches up */
	}
	queue_end(queue);
	return arg;
}

static void check(uint32_t expected, const uint8_t *record, uint32_t len)
{
	struct head head;

	memcpy(&head, record, sizeof(head));
	for (uint32_t k = sizeof(head); k < len; k++)
		if (record[k] != (uint8_t)expected)
			head.len = 0;
	if (head.i == expected && head.len == len)
		return;
	printf("record %u came as %u, of %u bytes as %u\n", expected, head.i, len, head.len);
	exit(1);
}

static uint32_t consume(uint32_t expected)
{
	void *record;
	uint32_t len;

	for (; (record = queue_peek(queue, &len)); expected++) {
		check(expected, record, len);
		queue_pop(queue);
	}
	return expected;
}

int main(int argc, char **argv)
{
	pthread_t producer;
	uint32_t received = 0;
	bool ended;

	records = argc == 2 ? atoi(argv[1]) : 0;
	queue = queue_new(1 << 16);
	if (!queue || pthread_create(&producer, NULL, produce, NULL))
		return 2;
	do {
		queue_wait(queue, 100);
		ended = queue_ended(queue);
		received = consume(received);
	} while (!ended);
	pthread_join(producer, NULL);
	printf("%u of %u, %g of it in use\n", received, records, queue_fill(queue));
	queue_free(queue);
	return received != records;
}
