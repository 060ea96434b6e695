// SPDX-License-Identifier: Apache-2.0
#include "batch.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are sent as they lie in memory");

void batch_init(struct batch *batch, uint64_t start_ns)
{
	memset(batch, 0, sizeof(*batch));
	batch->start_ns = start_ns;
}

void batch_free(struct batch *batch)
{
	free(batch->args.bytes);
	free(batch->data.bytes);
	free(batch->threads.items);
	free(batch->fds.items);
	free(batch->losses.items);
	free(batch->counters.items);
	arena_free(&batch->arena);
}

void batch_reset(struct batch *batch)
{
	batch->n = 0;
	batch->args.len = batch->data.len = 0;
	batch->threads.n = batch->fds.n = batch->losses.n = batch->counters.n = 0;
	batch->clock = NULL;
	arena_reset(&batch->arena);
}

bool batch_is_full(const struct batch *batch)
{
	return batch->n == BATCH_EVENTS || batch->args.len + batch->data.len >= BATCH_BYTES;
}

bool batch_is_empty(const struct batch *batch)
{
	return !batch->n && !batch->threads.n && !batch->fds.n && !batch->losses.n && !batch->counters.n &&
	       !batch->clock;
}

double batch_time(const struct batch *batch, uint64_t boot_ns)
{
	return (double)(int64_t)(boot_ns - batch->start_ns);
}

void bytes_grow(struct bytes *bytes, size_t len)
{
	bytes->room = (bytes->len + len) * 2;
	bytes->bytes = alloc_resize(bytes->bytes, bytes->room);
}

void pointers_add(struct pointers *pointers, void *item)
{
	if (pointers->n == pointers->room) {
		pointers->room = pointers->room ? pointers->room * 2 : 64;
		pointers->items = alloc_resize(pointers->items, pointers->room * sizeof(void *));
	}
	pointers->items[pointers->n++] = item;
}

ProtobufCBinaryData batch_copy(struct batch *batch, const void *from, size_t len)
{
	return (ProtobufCBinaryData){ .len = len, .data = len ? arena_copy(&batch->arena, from, len) : NULL };
}

void batch_add(struct batch *batch, const struct event *event, struct span data, uint32_t thread, uint32_t fd,
	       uint32_t args_len)
{
	uint32_t i = batch->n++;

	batch->time[i] = batch_time(batch, event->end_ns);
	batch->latency[i] = event->latency_ns;
	batch->type[i] = event->type;
	batch->flags[i] = event->flags;
	batch->cpu[i] = event->record.cpu;
	batch->thread[i] = thread;
	batch->fd[i] = fd;
	batch->fdnum[i] = event->fdnum;
	batch->res[i] = event->res;
	batch->args_len[i] = args_len;
	batch->data_len[i] = data.len;
	if (data.len)
		memcpy(bytes_reserve(&batch->data, data.len), data.bytes, data.len);
	batch->data.len += data.len;
}

/* A column of n values, as bytes. */
#define COLUMN(column) ((ProtobufCBinaryData){ batch->n * sizeof(*(column)), (uint8_t *)(column) })

void batch_message(struct batch *batch, Trowel__V1__Batch *message)
{
	trowel__v1__batch__init(message);
	message->n = batch->n;
	message->time = COLUMN(batch->time);
	message->latency = COLUMN(batch->latency);
	message->type = COLUMN(batch->type);
	message->flags = COLUMN(batch->flags);
	message->cpu = COLUMN(batch->cpu);
	message->thread = COLUMN(batch->thread);
	message->fd = COLUMN(batch->fd);
	message->fdnum = COLUMN(batch->fdnum);
	message->res = COLUMN(batch->res);
	message->args_len = COLUMN(batch->args_len);
	message->args = (ProtobufCBinaryData){ batch->args.len, batch->args.bytes };
	message->data_len = COLUMN(batch->data_len);
	message->data = (ProtobufCBinaryData){ batch->data.len, batch->data.bytes };
	message->n_threads = batch->threads.n;
	message->threads = (Trowel__V1__Thread **)batch->threads.items;
	message->n_fds = batch->fds.n;
	message->fds = (Trowel__V1__Fd **)batch->fds.items;
	message->n_losses = batch->losses.n;
	message->losses = (Trowel__V1__Loss **)batch->losses.items;
	message->n_counters = batch->counters.n;
	message->counters = (Trowel__V1__Counter **)batch->counters.items;
	message->clock = batch->clock;
}
