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
#define PREFETCHED 1536 /* bytes: how far ahead the consumer asks for memory */
#define GIVEN_BACK_PART 64 /* of the circle: what is read before the producer may write there again */
#define REUSED_PART 64 /* of the circle: what a consumer that keeps up sees of it at least */
#define PADDED(len) (((len) + 7) & ~(uint64_t)7)

struct queue {
	uint8_t *bytes;
	uint64_t size; /* a power of two */

	/* Each side asks for the other's position as rarely as it can: a line that two CPUs write is dear. */
	_Alignas(64) uint64_t written; /* by the producer, published or not */
	uint64_t seen_read; /* `read` as the producer saw it last */
	bool is_begun; /* something was added since it last published */
	_Alignas(64) _Atomic uint64_t published;
	_Atomic uint64_t jump_from; /* here the consumer goes on at the start of the circle */
	_Alignas(64) _Atomic uint64_t read; /* what is before it may be written again */
	_Alignas(64) uint64_t at; /* the consumer's next record */

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
	queue->jump_from = UINT64_MAX;
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

static uint64_t until_end(const struct queue *queue, uint64_t position)
{
	return queue->size - (position & (queue->size - 1));
}

static void look_at_read(struct queue *queue)
{
	uint64_t read = atomic_load_explicit(&queue->read, memory_order_acquire);

	if (read > queue->seen_read) /* behind a jump, the consumer may not have come so far */
		queue->seen_read = read;
}

static bool has_room(struct queue *queue, uint64_t need)
{
	if (queue->size - (queue->written - queue->seen_read) >= need)
		return true;
	look_at_read(queue);
	return queue->size - (queue->written - queue->seen_read) >= need;
}

/* A consumer that keeps up is given the same memory again and again, which caches hold, and not all of the circle. */
static void reuse_start(struct queue *queue)
{
	queue->is_begun = true;
	if ((queue->written & (queue->size - 1)) < queue->size / REUSED_PART)
		return;
	look_at_read(queue);
	if (queue->seen_read != queue->written)
		return;
	atomic_store_explicit(&queue->jump_from, queue->written, memory_order_relaxed);
	queue->written += until_end(queue, queue->written);
	queue->seen_read = queue->written;
}

bool queue_push(struct queue *queue, const void *record, uint32_t len)
{
	uint64_t need = sizeof(uint64_t) + PADDED(len), left;

	if (!queue->is_begun)
		reuse_start(queue);
	left = until_end(queue, queue->written);
	if (!has_room(queue, need + (left < need ? left : 0)))
		return false;
	if (left < need) {
		*length_at(queue, queue->written) = WRAP;
		queue->written += left;
	}
	*length_at(queue, queue->written) = len;
	memcpy(length_at(queue, queue->written) + 1, record, len);
	queue->written += need;
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
	queue->is_begun = false;
	if (atomic_load(&queue->sleeping))
		wake(queue);
}

double queue_fill(struct queue *queue)
{
	look_at_read(queue);
	return (double)(queue->written - queue->seen_read) / queue->size;
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

static void give_back(struct queue *queue)
{
	atomic_store_explicit(&queue->read, queue->at, memory_order_release);
}

/* Another CPU has written it: it takes as long to come as a record takes to encode. */
static void prefetch(const struct queue *queue, uint64_t position, uint64_t len)
{
	const uint8_t *at = queue->bytes + (position & (queue->size - 1));

	for (uint64_t line = 0; line < len; line += 64)
		__builtin_prefetch(at + line); /* behind the end of the circle, too: it does not fault */
}

void *queue_peek(struct queue *queue, uint32_t *len)
{
	uint64_t published = atomic_load_explicit(&queue->published, memory_order_acquire);

	if (queue->at != published && queue->at == atomic_load_explicit(&queue->jump_from, memory_order_relaxed))
		queue->at += until_end(queue, queue->at);
	if (queue->at == published) {
		give_back(queue);
		return NULL;
	}
	if (*length_at(queue, queue->at) == WRAP)
		queue->at += until_end(queue, queue->at);
	*len = *length_at(queue, queue->at);
	prefetch(queue, queue->at + PREFETCHED, *len);
	return length_at(queue, queue->at) + 1;
}

void queue_pop(struct queue *queue)
{
	queue->at += sizeof(uint64_t) + PADDED(*length_at(queue, queue->at));
	if (queue->at - atomic_load_explicit(&queue->read, memory_order_relaxed) >= queue->size / GIVEN_BACK_PART)
		give_back(queue);
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
