/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bounded queue between the thread that drains the ring, which must never wait, and the one that sends. One
 * producer, one consumer.
 */
#ifndef TROWEL_QUEUE_H
#define TROWEL_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct queue;

/* What is worth waking the consumer for: a batch. */
#define PUBLISH_BYTES (256 << 10)

struct queue *queue_new(size_t bytes);
void queue_free(struct queue *queue);

/* Producer. False: no room, nothing was added. What was added is seen by the consumer after queue_publish(). */
bool queue_push(struct queue *queue, const void *record, uint32_t len);
void queue_publish(struct queue *queue);
/* The part of it that is in use, 0 to 1. */
double queue_fill(struct queue *queue);
/* No more will come. */
void queue_end(struct queue *queue);

/* Consumer. The next record, valid until queue_pop(), or NULL: there is none now. */
void *queue_peek(struct queue *queue, uint32_t *len);
void queue_pop(struct queue *queue);
/* Waits until there is a record, or the end, or timeout_ms has passed. */
void queue_wait(struct queue *queue, int timeout_ms);
bool queue_ended(const struct queue *queue);

#endif
