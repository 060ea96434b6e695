// SPDX-License-Identifier: Apache-2.0
#include "queue.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "alloc.h"

/*
 * Records lie one behind another in a circle of bytes, each after its length and padded to 8. A length of WRAP says
 * that the next one is at the start again, so that no record is ever cut in two. Positions count up and never wrap.
 */
#define WRAP UINT64_MAX
#define PADDED(len) (((len) + 7) & ~(uint64_t)7)

struct queue {
	uint8_t *bytes;
	uint64_t size; /* a power of two */

	_Alignas(64) uint64_t written; /* by the producer, published or not */
	_Alignas(64) _Atomic uint64_t published;
	_Alignas(64) _Atomic uint64_t read;

	_Alignas(64) _Atomic bool ended;
	_Atomic bool sleeping;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

struct queue *queue_new(size_t bytes)
{
	struct queue *queue = alloc_checked(aligned_alloc(64, sizeof(*queue)), sizeof(*queue));
	pthread_condattr_t attr;

	memset(queue, 0, sizeof(*queue));
	for (queue->size = 1 << 16; queue->size < bytes;)
		queue->size *= 2;
	queue->bytes = mmap(NULL, queue->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (queue->bytes == MAP_FAILED) {
		free(queue);
		return NULL;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&queue->wake, &attr);
	pthread_mutex_init(&queue->lock, NULL);
	return queue;
}

void queue_free(struct queue *queue)
{
	munmap(queue->bytes, queue->size);
	pthread_cond_destroy(&queue->wake);
	pthread_mutex_destroy(&queue->lock);
	free(queue);
}

static uint64_t *length_at(struct queue *queue, uint64_t position)
{
	return (uint64_t *)(queue->bytes + (position & (queue->size - 1)));
}

bool queue_push(struct queue *queue, const void *record, uint32_t len)
{
	uint64_t need = sizeof(uint64_t) + PADDED(len);
	uint64_t at = queue->written;
	uint64_t until_end = queue->size - (at & (queue->size - 1));
	uint64_t free = queue->size - (at - atomic_load_explicit(&queue->read, memory_order_acquire));

	if (free < need + (until_end < need ? until_end : 0))
		return false;
	if (until_end < need) {
		*length_at(queue, at) = WRAP;
		at += until_end;
	}
	*length_at(queue, at) = len;
	memcpy(length_at(queue, at) + 1, record, len);
	queue->written = at + need;
	return true;
}

static void wake(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	pthread_cond_signal(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

void queue_publish(struct queue *queue)
{
	if (queue->written == atomic_load_explicit(&queue->published, memory_order_relaxed))
		return;
	atomic_store(&queue->published, queue->written);
	if (atomic_load(&queue->sleeping))
		wake(queue);
}

double queue_fill(const struct queue *queue)
{
	return (double)(queue->written - atomic_load(&queue->read)) / queue->size;
}

void queue_end(struct queue *queue)
{
	queue_publish(queue);
	atomic_store(&queue->ended, true);
	wake(queue);
}

static bool is_empty(struct queue *queue)
{
	return atomic_load(&queue->published) == atomic_load(&queue->read);
}

void *queue_peek(struct queue *queue, uint32_t *len)
{
	uint64_t read = atomic_load_explicit(&queue->read, memory_order_relaxed);

	if (read == atomic_load_explicit(&queue->published, memory_order_acquire))
		return NULL;
	if (*length_at(queue, read) == WRAP) {
		read += queue->size - (read & (queue->size - 1));
		atomic_store_explicit(&queue->read, read, memory_order_release);
	}
	*len = *length_at(queue, read);
	return length_at(queue, read) + 1;
}

void queue_pop(struct queue *queue)
{
	uint64_t read = atomic_load_explicit(&queue->read, memory_order_relaxed);

	read += sizeof(uint64_t) + PADDED(*length_at(queue, read));
	atomic_store_explicit(&queue->read, read, memory_order_release);
}

static struct timespec after_ms(int ms)
{
	struct timespec when;

	clock_gettime(CLOCK_MONOTONIC, &when);
	when.tv_sec += ms / 1000;
	when.tv_nsec += (ms % 1000) * 1000000L;
	if (when.tv_nsec >= 1000000000L) {
		when.tv_sec++;
		when.tv_nsec -= 1000000000L;
	}
	return when;
}

void queue_wait(struct queue *queue, int timeout_ms)
{
	struct timespec until = after_ms(timeout_ms);

	pthread_mutex_lock(&queue->lock);
	atomic_store(&queue->sleeping, true);
	while (is_empty(queue) && !atomic_load(&queue->ended))
		if (pthread_cond_timedwait(&queue->wake, &queue->lock, &until))
			break;
	atomic_store(&queue->sleeping, false);
	pthread_mutex_unlock(&queue->lock);
}

bool queue_ended(const struct queue *queue)
{
	return atomic_load(&queue->ended);
}
