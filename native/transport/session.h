/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe's threads tell one another: asked for, ready, stop, broken. */
#ifndef TROWEL_SESSION_H
#define TROWEL_SESSION_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "trowel.pb-c.h"
#include "probe.h"
#include "queue.h"
#include "stream.h"
#include "users.h"

struct session {
	struct collector collector;
	struct probe probe;
	struct queue *queue;
	uint64_t start_ns; /* the zero of all times */
	struct users users; /* of the node */

	pthread_mutex_t lock;
	pthread_cond_t changed;
	Trowel__V1__Config *config; /* the first; then it is the main thread's turn */
	bool attached; /* the main thread has done its part */
	_Atomic bool stop; /* asked for by the collector or by a signal */
	_Atomic bool broken; /* the collector is gone */
	_Atomic uint64_t lost;
};

void session_init(struct session *session);
/* The main thread waits for the collector's first Config. NULL: there was none, and why has been said. */
const Trowel__V1__Config *session_await_config(struct session *session);
void session_set_config(struct session *session, Trowel__V1__Config *config);
/* The sending thread waits for the hooks. False: they could not be attached. */
bool session_await_attached(struct session *session);
void session_set_attached(struct session *session);
void session_fail(struct session *session);

#endif
