// SPDX-License-Identifier: Apache-2.0
#include "stream.h"

#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/sync.h>
#include <grpc/support/time.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define STATUS_MS 1000 /* for a broken stream to say why */
#define METHOD "/trowel.v1.Collector/Record"

/* What an operation is recognised by when it is done. */
enum tag { TAG_BEGIN, TAG_HEADERS, TAG_SEND, TAG_RECEIVE, TAG_STATUS, TAGS };

enum progress { IDLE, UNDER_WAY, SUCCEEDED, FAILED };

struct stream {
	grpc_channel *channel;
	grpc_completion_queue *queue;
	grpc_call *call;
	grpc_byte_buffer *sending;
	grpc_byte_buffer *received;
	gpr_mu lock; /* of the three below */
	gpr_cv changed;
	enum progress progress[TAGS];
	bool is_polled; /* a thread waits in gRPC, on behalf of all that wait */
	grpc_metadata_array headers;
	grpc_metadata_array trailers;
	grpc_status_code status;
	grpc_slice details;
};

static gpr_timespec deadline(int timeout_ms)
{
	if (timeout_ms < 0)
		return gpr_inf_future(GPR_CLOCK_REALTIME);
	return gpr_time_add(gpr_now(GPR_CLOCK_REALTIME), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

static void *tag_pointer(enum tag tag)
{
	return (void *)(uintptr_t)(tag + 1);
}

static void set_progress(struct stream *stream, enum tag tag, enum progress progress)
{
	gpr_mu_lock(&stream->lock);
	stream->progress[tag] = progress;
	gpr_cv_broadcast(&stream->changed);
	gpr_mu_unlock(&stream->lock);
}

static void end_operation(struct stream *stream, void *tag, bool success)
{
	set_progress(stream, (uintptr_t)tag - 1, success ? SUCCEEDED : FAILED);
}

/*
 * A message is mostly on its way when this returns. gRPC would wake the thread that polls to tell of it, which costs as
 * much as to encode 100 events: it is asked to tell this one.
 */
static bool begin(struct stream *stream, grpc_op op, enum tag tag)
{
	void *ended;
	int success;
	bool begun;

	set_progress(stream, tag, UNDER_WAY);
	grpc_completion_queue_thread_local_cache_init(stream->queue);
	begun = grpc_call_start_batch(stream->call, &op, 1, tag_pointer(tag), NULL) == GRPC_CALL_OK;
	if (grpc_completion_queue_thread_local_cache_flush(stream->queue, &ended, &success))
		end_operation(stream, ended, success);
	if (!begun)
		set_progress(stream, tag, IDLE);
	return begun;
}

/* False: the time is over. The lock is held, but not meanwhile. */
static bool poll(struct stream *stream, gpr_timespec until)
{
	grpc_event event;

	stream->is_polled = true;
	gpr_mu_unlock(&stream->lock);
	event = grpc_completion_queue_next(stream->queue, until, NULL);
	if (event.type == GRPC_OP_COMPLETE)
		end_operation(stream, event.tag, event.success);
	gpr_mu_lock(&stream->lock);
	stream->is_polled = false;
	gpr_cv_broadcast(&stream->changed); /* who waits goes on polling */
	return event.type == GRPC_OP_COMPLETE;
}

/* False: it failed, or is still under way after timeout_ms. */
static bool await(struct stream *stream, enum tag tag, int timeout_ms)
{
	gpr_timespec until = deadline(timeout_ms);
	enum progress progress;
	bool in_time = true;

	gpr_mu_lock(&stream->lock);
	while (stream->progress[tag] == UNDER_WAY && in_time)
		in_time = stream->is_polled ? !gpr_cv_wait(&stream->changed, &stream->lock, until)
					    : poll(stream, until);
	progress = stream->progress[tag];
	if (progress != UNDER_WAY)
		stream->progress[tag] = IDLE;
	gpr_mu_unlock(&stream->lock);
	return progress == SUCCEEDED;
}

static bool is_idle(const struct stream *stream, enum tag tag)
{
	struct stream *locked = (struct stream *)stream;
	bool idle;

	gpr_mu_lock(&locked->lock);
	idle = stream->progress[tag] == IDLE;
	gpr_mu_unlock(&locked->lock);
	return idle;
}

/* ---- Opening ---- */

static grpc_channel_credentials *credentials_of(const struct collector *collector)
{
	grpc_ssl_pem_key_cert_pair pair = { collector->key, collector->certificate };

	if (!collector->tls)
		return grpc_insecure_credentials_create();
	return grpc_ssl_credentials_create(collector->authorities, collector->key ? &pair : NULL, NULL, NULL);
}

bool collector_is_local(const struct collector *collector)
{
	return strncmp(collector->target, "unix:", 5) == 0;
}

/*
 * A collector that is gone is noticed within seconds also when its machine just vanished. One on this machine is only
 * slow if it does not answer.
 */
static grpc_channel *open_channel(const struct collector *collector)
{
	grpc_channel_credentials *credentials = credentials_of(collector);
	int pings_ms = collector_is_local(collector) ? INT_MAX : 20000;
	grpc_arg args[] = {
		{ .type = GRPC_ARG_INTEGER, .key = GRPC_ARG_KEEPALIVE_TIME_MS, .value.integer = pings_ms },
		{ .type = GRPC_ARG_INTEGER, .key = GRPC_ARG_KEEPALIVE_TIMEOUT_MS, .value.integer = 10000 },
		{ .type = GRPC_ARG_INTEGER, .key = GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, .value.integer = 5000 },
		{ .type = GRPC_ARG_INTEGER, .key = GRPC_ARG_ENABLE_HTTP_PROXY, .value.integer = 0 },
	};
	grpc_channel_args list = { sizeof(args) / sizeof(*args), args };
	grpc_channel *channel = grpc_channel_create(collector->target, credentials, &list);

	grpc_channel_credentials_release(credentials);
	return channel;
}

static void begin_call(struct stream *stream)
{
	grpc_op greeting = {
		.op = GRPC_OP_SEND_INITIAL_METADATA,
		.flags = GRPC_INITIAL_METADATA_WAIT_FOR_READY | GRPC_INITIAL_METADATA_WAIT_FOR_READY_EXPLICITLY_SET,
	};
	grpc_op headers = {
		.op = GRPC_OP_RECV_INITIAL_METADATA,
		.data.recv_initial_metadata.recv_initial_metadata = &stream->headers,
	};
	grpc_op status = {
		.op = GRPC_OP_RECV_STATUS_ON_CLIENT,
		.data.recv_status_on_client = { &stream->trailers, &stream->status, &stream->details, NULL },
	};

	begin(stream, status, TAG_STATUS);
	begin(stream, greeting, TAG_BEGIN);
	begin(stream, headers, TAG_HEADERS);
}

struct stream *stream_open(const struct collector *collector)
{
	struct stream *stream = alloc_zeroed(1, sizeof(*stream));

	grpc_metadata_array_init(&stream->headers);
	grpc_metadata_array_init(&stream->trailers);
	stream->details = grpc_empty_slice();
	gpr_mu_init(&stream->lock);
	gpr_cv_init(&stream->changed);
	stream->queue = grpc_completion_queue_create_for_next(NULL);
	stream->channel = open_channel(collector);
	stream->call = grpc_channel_create_call(stream->channel, NULL, GRPC_PROPAGATE_DEFAULTS, stream->queue,
						grpc_slice_from_static_string(METHOD), NULL,
						gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
	begin_call(stream);
	return stream;
}

/* ---- Sending ---- */

static bool end_sending(struct stream *stream)
{
	bool sent;

	if (!stream->sending)
		return true;
	sent = await(stream, TAG_SEND, -1);
	grpc_byte_buffer_destroy(stream->sending);
	stream->sending = NULL;
	return sent;
}

bool stream_send(struct stream *stream, const Trowel__V1__FromProbe *message)
{
	grpc_slice slice = grpc_slice_malloc(trowel__v1__from_probe__get_packed_size(message));
	grpc_op op = { .op = GRPC_OP_SEND_MESSAGE };

	trowel__v1__from_probe__pack(message, GRPC_SLICE_START_PTR(slice));
	if (!end_sending(stream)) {
		grpc_slice_unref(slice);
		return false;
	}
	op.data.send_message.send_message = stream->sending = grpc_raw_byte_buffer_create(&slice, 1);
	grpc_slice_unref(slice);
	if (begin(stream, op, TAG_SEND))
		return true;
	grpc_byte_buffer_destroy(stream->sending);
	stream->sending = NULL;
	return false;
}

/* ---- Receiving ---- */

static Trowel__V1__ToProbe *unpack(grpc_byte_buffer *buffer)
{
	Trowel__V1__ToProbe *message;
	grpc_byte_buffer_reader reader;
	grpc_slice slice;

	if (!grpc_byte_buffer_reader_init(&reader, buffer))
		return NULL;
	slice = grpc_byte_buffer_reader_readall(&reader);
	message = trowel__v1__to_probe__unpack(NULL, GRPC_SLICE_LENGTH(slice), GRPC_SLICE_START_PTR(slice));
	grpc_slice_unref(slice);
	grpc_byte_buffer_reader_destroy(&reader);
	return message;
}

Trowel__V1__ToProbe *stream_receive(struct stream *stream, int timeout_ms)
{
	grpc_op op = { .op = GRPC_OP_RECV_MESSAGE, .data.recv_message.recv_message = &stream->received };
	Trowel__V1__ToProbe *message;

	if (is_idle(stream, TAG_RECEIVE) && !begin(stream, op, TAG_RECEIVE))
		return NULL;
	if (!await(stream, TAG_RECEIVE, timeout_ms) || !stream->received)
		return NULL;
	message = unpack(stream->received);
	grpc_byte_buffer_destroy(stream->received);
	stream->received = NULL;
	return message;
}

/* ---- Ending ---- */

bool stream_is_connected(const struct stream *stream)
{
	return grpc_channel_check_connectivity_state(stream->channel, 0) == GRPC_CHANNEL_READY;
}

bool stream_is_broken(const struct stream *stream)
{
	return is_idle(stream, TAG_RECEIVE);
}

/* Whatever speaks of the network, or of the server's own trouble, may pass. */
static bool is_final(grpc_status_code status)
{
	return status != GRPC_STATUS_UNAVAILABLE && status != GRPC_STATUS_CANCELLED && status != GRPC_STATUS_INTERNAL &&
	       status != GRPC_STATUS_UNKNOWN && status != GRPC_STATUS_DEADLINE_EXCEEDED &&
	       status != GRPC_STATUS_RESOURCE_EXHAUSTED;
}

bool stream_was_refused(struct stream *stream, char **why)
{
	if (!is_idle(stream, TAG_STATUS))
		await(stream, TAG_STATUS, STATUS_MS);
	if (!is_idle(stream, TAG_STATUS) || !is_final(stream->status))
		return false;
	*why = grpc_slice_to_c_string(stream->details);
	return true;
}

bool stream_finish(struct stream *stream, int timeout_ms)
{
	grpc_op op = { .op = GRPC_OP_SEND_CLOSE_FROM_CLIENT };

	return end_sending(stream) && begin(stream, op, TAG_SEND) && await(stream, TAG_SEND, timeout_ms) &&
	       await(stream, TAG_STATUS, timeout_ms) && stream->status == GRPC_STATUS_OK;
}

void stream_cancel(struct stream *stream)
{
	grpc_call_cancel(stream->call, NULL);
}

void stream_close(struct stream *stream)
{
	grpc_call_cancel(stream->call, NULL);
	for (enum tag tag = 0; tag < TAGS; tag++)
		if (!is_idle(stream, tag))
			await(stream, tag, -1);
	if (stream->sending)
		grpc_byte_buffer_destroy(stream->sending);
	grpc_metadata_array_destroy(&stream->headers);
	grpc_metadata_array_destroy(&stream->trailers);
	grpc_slice_unref(stream->details);
	grpc_call_unref(stream->call);
	grpc_channel_destroy(stream->channel);
	grpc_completion_queue_shutdown(stream->queue);
	while (grpc_completion_queue_next(stream->queue, deadline(-1), NULL).type != GRPC_QUEUE_SHUTDOWN)
		;
	grpc_completion_queue_destroy(stream->queue);
	gpr_cv_destroy(&stream->changed);
	gpr_mu_destroy(&stream->lock);
	free(stream);
}
