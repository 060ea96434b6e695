/* SPDX-License-Identifier: Apache-2.0 */
/* Events as columns, on their way to the wire; see Batch in proto/trowel.proto. */
#ifndef TROWEL_BATCH_H
#define TROWEL_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "trowel.pb-c.h"
#include "path.h"
#include "trowel.h"

#define BATCH_EVENTS 1024
#define BATCH_BYTES (1 << 20) /* gRPC refuses messages above 4 MiB */

/* A list of pointers as protobuf-c wants them. */
struct pointers {
	void **items;
	size_t n;
	size_t room;
};

struct bytes {
	uint8_t *bytes;
	size_t len;
	size_t room;
};

struct batch {
	uint32_t n;
	double time[BATCH_EVENTS];
	double latency[BATCH_EVENTS];
	uint16_t type[BATCH_EVENTS];
	uint16_t flags[BATCH_EVENTS];
	uint16_t cpu[BATCH_EVENTS];
	uint32_t thread[BATCH_EVENTS];
	uint32_t fd[BATCH_EVENTS];
	int32_t fdnum[BATCH_EVENTS];
	double res[BATCH_EVENTS];
	uint16_t args_len[BATCH_EVENTS];
	uint32_t data_len[BATCH_EVENTS];
	struct bytes args;
	struct bytes data;
	struct pointers threads;
	struct pointers fds;
	struct pointers losses;
	struct pointers counters;
	Trowel__V1__Clock *clock;
	struct arena arena; /* of all that the lists point to */
	uint64_t start_ns; /* the zero of all times */
};

void batch_init(struct batch *batch, uint64_t start_ns);
void batch_free(struct batch *batch);
void batch_reset(struct batch *batch);
bool batch_is_full(const struct batch *batch);
bool batch_is_empty(const struct batch *batch);

double batch_time(const struct batch *batch, uint64_t boot_ns);
void bytes_grow(struct bytes *bytes, size_t len);

/* Room for `len` more bytes at the end of a column. */
static inline uint8_t *bytes_reserve(struct bytes *bytes, size_t len)
{
	if (__builtin_expect(bytes->len + len > bytes->room, 0))
		bytes_grow(bytes, len);
	return bytes->bytes + bytes->len;
}

void pointers_add(struct pointers *pointers, void *item);
ProtobufCBinaryData batch_copy(struct batch *batch, const void *from, size_t len);

/* Arguments must have been appended to batch->args already: args_len is how many bytes of it are this event's. */
void batch_add(struct batch *batch, const struct event *event, struct span data, uint32_t thread, uint32_t fd,
	       uint32_t args_len);
/* The message points into the batch. */
void batch_message(struct batch *batch, Trowel__V1__Batch *message);

#endif
