/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the stream: from the kernel's tid, with what it last announced, to the small integer that names it. */
#ifndef TROWEL_THREADS_H
#define TROWEL_THREADS_H

#include "batch.h"

struct threads;

struct threads *threads_new(void);
void threads_free(struct threads *threads);

/* An announcement, with what follows it. The next event of the thread gets a new id. */
void threads_announce(struct threads *threads, const struct thread_record *record, uint32_t len);
/* The id of the event's thread, defined in the batch if this stream has not seen it yet. */
uint32_t threads_id(struct threads *threads, struct batch *batch, const struct event *event);
/* The thread has ended. */
void threads_forget(struct threads *threads, uint32_t tid);
/* A new stream knows no ids. */
void threads_restart(struct threads *threads);
/* Too many are known: all are forgotten, and the caller has them announced again. */
bool threads_overflowed(struct threads *threads);

#endif
