/* SPDX-License-Identifier: Apache-2.0 */
/* One call of Collector.Record over gRPC. One thread sends, one other receives. */
#ifndef TROWEL_STREAM_H
#define TROWEL_STREAM_H

#include <stdbool.h>

#include "trowel.pb-c.h"

/* Where the collector is, and how to prove who we are; PEM texts, NULL: no TLS, or the system's authorities. */
struct collector {
	const char *target; /* unix:PATH or HOST:PORT */
	bool tls;
	char *authorities;
	char *certificate;
	char *key;
};

/* On this machine, where the kernel itself tells that it is gone. */
bool collector_is_local(const struct collector *collector);

struct stream;

struct stream *stream_open(const struct collector *collector);
/* Waits until the message before is on its way. False: the stream is broken. */
bool stream_send(struct stream *stream, const Trowel__V1__FromProbe *message);
/* Waits at most timeout_ms, or for ever if negative. NULL: nothing came, or the stream has ended. */
Trowel__V1__ToProbe *stream_receive(struct stream *stream, int timeout_ms);
/* Somebody listens, though they may not have answered yet. */
bool stream_is_connected(const struct stream *stream);
/* False while it may yet be opened. */
bool stream_is_broken(const struct stream *stream);
/*
 * Of a stream that has ended: whether the collector has ended it, so that another one would be no better. `why` is then
 * its reason, to be freed with gpr_free().
 */
bool stream_was_refused(struct stream *stream, char **why);
/* Says that no more will be sent, and waits at most timeout_ms for the collector to agree. */
bool stream_finish(struct stream *stream, int timeout_ms);
/* Wakes everyone who waits. */
void stream_cancel(struct stream *stream);
void stream_close(struct stream *stream);

#endif
