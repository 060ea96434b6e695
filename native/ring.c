// SPDX-License-Identifier: Apache-2.0
#include "ring.h"

#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "alloc.h"
#include "trowel.h"

#define GIVE_BACK_BYTES (64 << 10) /* how much is read before the kernel may write there again */
#define RECORD_BYTES_MAX (64 << 10)

struct ring {
	uint64_t *consumer; /* positions count up and never wrap */
	uint64_t *producer;
	const uint8_t *data;
	uint64_t size;
	size_t page;
	uint8_t *whole; /* where a record that is cut by the end of the data is put together */
};

struct ring *ring_open(int fd, size_t bytes)
{
	struct ring *ring = alloc_zeroed(1, sizeof(*ring));

	ring->page = sysconf(_SC_PAGESIZE);
	ring->size = bytes;
	ring->consumer = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	ring->producer = mmap(NULL, ring->page + bytes, PROT_READ, MAP_SHARED, fd, ring->page);
	if (ring->consumer == MAP_FAILED || ring->producer == MAP_FAILED) {
		free(ring);
		return NULL;
	}
	ring->data = (const uint8_t *)ring->producer + ring->page;
	ring->whole = alloc_resize(NULL, RECORD_BYTES_MAX);
	return ring;
}

void ring_close(struct ring *ring)
{
	munmap(ring->consumer, ring->page);
	munmap(ring->producer, ring->page + ring->size);
	free(ring->whole);
	free(ring);
}

static const void *record_at(struct ring *ring, uint64_t position, uint32_t len)
{
	uint64_t offset = position & (ring->size - 1), until_end = ring->size - offset;

	if (len <= until_end)
		return ring->data + offset;
	memcpy(ring->whole, ring->data + offset, until_end);
	memcpy(ring->whole + until_end, ring->data, len - until_end);
	return ring->whole;
}

void ring_consume(struct ring *ring, void (*take)(void *ctx, const void *record, uint32_t len), void *ctx)
{
	uint64_t at = *ring->consumer, given_back = at, end = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE);

	while (at < end) {
		const uint32_t *header = (const uint32_t *)(ring->data + (at & (ring->size - 1)));
		uint32_t flags = __atomic_load_n(header, __ATOMIC_ACQUIRE);
		uint32_t len = flags & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);

		if (flags & BPF_RINGBUF_BUSY_BIT) /* still being written */
			break;
		if (!(flags & BPF_RINGBUF_DISCARD_BIT) && len <= RECORD_BYTES_MAX)
			take(ctx, record_at(ring, at + BPF_RINGBUF_HDR_SZ, len), len);
		at += (len + BPF_RINGBUF_HDR_SZ + 7) & ~7ULL;
		if (at - given_back >= GIVE_BACK_BYTES) {
			__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
			given_back = at;
		}
	}
	__atomic_store_n(ring->consumer, at, __ATOMIC_RELEASE);
}
