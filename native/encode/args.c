// SPDX-License-Identifier: Apache-2.0
#include "args.h"

#include <string.h>

#include "calls.h"
#include "reasons.h"

#define VARINT_MAX 10
#define APART __attribute__((noinline)) /* a stack with room for text is guarded, and most events have none */
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

const struct call *call_of(uint16_t type)
{
	if (type < MAX_CALLS)
		return &calls[type];
	if (type >= FIRST_KERNEL_EVENT && type < FIRST_KERNEL_EVENT + COUNT(kernel_events))
		return &kernel_events[type - FIRST_KERNEL_EVENT];
	return NULL;
}

/* ---- The compact form ---- */

static uint8_t *put_varint(uint8_t *to, uint64_t value)
{
	for (; value > 0x7f; value >>= 7)
		*to++ = value | 0x80;
	*to++ = value;
	return to;
}

static uint64_t zigzag(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static void append_number(struct bytes *args, int64_t value)
{
	uint8_t *to = bytes_reserve(args, VARINT_MAX);

	args->len += put_varint(to, zigzag(value)) - to;
}

static void append_bytes(struct bytes *args, const void *bytes, size_t len)
{
	uint8_t *to = bytes_reserve(args, VARINT_MAX + len), *end = put_varint(to, len + 1);

	memcpy(end, bytes, len);
	args->len += end + len - to;
}

static void append_unreadable(struct bytes *args)
{
	*bytes_reserve(args, 1) = 0;
	args->len++;
}

/* ---- The strings of an event ---- */

/* The next one; bytes NULL: unreadable, or there is none. */
static struct span next_string(struct span *strings)
{
	struct span string = { 0 };
	uint16_t len;

	if (strings->len < sizeof(len)) {
		strings->len = 0;
		return string;
	}
	memcpy(&len, strings->bytes, sizeof(len));
	strings->bytes += sizeof(len);
	strings->len -= sizeof(len);
	if (len == UNREADABLE || len > strings->len)
		return string;
	string = (struct span){ strings->bytes, len };
	strings->bytes += len;
	strings->len -= len;
	return string;
}

static size_t next_path(char *to, struct span *strings)
{
	struct span written = next_string(strings), base = next_string(strings);

	return written.bytes ? path_absolute(to, written, base) : 0;
}

size_t args_first_path(char *to, struct span strings)
{
	return next_path(to, &strings);
}

static APART void append_path(struct bytes *args, struct span *strings)
{
	char path[PATH_BYTES];
	size_t len = next_path(path, strings);

	if (len)
		append_bytes(args, path, len);
	else
		append_unreadable(args);
}

struct pollfd_record {
	int32_t fd;
	uint16_t events;
	uint16_t revents;
};

static APART void append_pollfds(struct bytes *args, struct span *strings)
{
	uint8_t list[16 * 3 * VARINT_MAX], *end = list;
	struct span string = next_string(strings);

	if (!string.bytes) {
		append_unreadable(args);
		return;
	}
	for (size_t at = 0; at + sizeof(struct pollfd_record) <= string.len && at < 128;
	     at += sizeof(struct pollfd_record)) {
		struct pollfd_record polled;

		memcpy(&polled, string.bytes + at, sizeof(polled));
		end = put_varint(end, zigzag(polled.fd));
		end = put_varint(end, polled.events);
		end = put_varint(end, polled.revents);
	}
	append_bytes(args, list, end - list);
}

static void append_text(struct bytes *args, struct span *strings)
{
	struct span string = next_string(strings);

	if (string.bytes)
		append_bytes(args, string.bytes, string.len);
	else
		append_unreadable(args);
}

/* The kernel gives a number; the third, after the two values of `packet_drop` in src/model/calls.ts. */
static void append_drop_reason(struct bytes *args, const struct event *event)
{
	const char *name = reason_name(event->slots[2]);

	if (name)
		append_bytes(args, name, strlen(name));
	else
		append_unreadable(args);
}

/* ---- All of an event ---- */

static int64_t register_value(uint8_t from, uint64_t value)
{
	switch (from) {
	case ARG_S32:
		return (int32_t)value;
	case ARG_U32:
		return (uint32_t)value;
	default:
		return value;
	}
}

static void append_arg(struct bytes *args, const struct event *event, struct call_arg arg, struct span *strings)
{
	switch (arg.from) {
	case ARG_PATH:
		append_path(args, strings);
		break;
	case ARG_TEXT:
		if (event->type == EVENT_packet_drop)
			append_drop_reason(args, event);
		else
			append_text(args, strings);
		break;
	case ARG_POLLFDS:
		append_pollfds(args, strings);
		break;
	default:
		append_number(args, register_value(arg.from, event->slots[arg.at]));
	}
}

/*
 * Arguments at the end may be left out: by what a process died that did not, the lock of an fcntl that locks nothing,
 * the beginnings of a connection that is none.
 */
static int args_n(const struct call *call, const struct event *event)
{
	const int of_normal_exit = 4, of_other_fcntl = 1, of_unconnected = 2;
	const uint64_t signal = event->slots[2], command = event->slots[1];

	if (event->type == EVENT_procexit && !signal)
		return of_normal_exit;
	if (event->type == EVENT_tcp_state && !event->slots[2] && !event->slots[3])
		return of_unconnected;
	return event->type == CALL_fcntl && !is_lock_command(command) ? of_other_fcntl : call->args_n;
}

uint32_t args_append(struct batch *batch, const struct event *event, struct span strings)
{
	const struct call *call = call_of(event->type);
	size_t before = batch->args.len;

	for (int i = 0; call && i < args_n(call, event); i++)
		append_arg(&batch->args, event, call->args[i], &strings);
	return batch->args.len - before;
}
