/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The event of a call that has returned. No call has code of its own unless it must: the table in build/calls.h says
 * what its arguments are.
 */
#ifndef TROWEL_RETURNED_BPF_H
#define TROWEL_RETURNED_BPF_H

#include "abi.bpf.h"
#include "network.bpf.h"

#define MESSAGES_MAX 1024 /* UIO_MAXIOV: more cannot be sent at once */

static __always_inline __u64 slot(const __u64 *slots, __u8 arg)
{
	return arg < CALL_SLOTS ? slots[arg] : 0;
}

struct returned {
	struct task_struct *task;
	struct thread *thread;
	struct scratch *scratch;
	const struct call *call;
	__s64 res;
	__u16 id;
	bool compat;
	bool dying; /* its process was killed in it: it never returned */
};

static __always_inline __s32 fdnum_of(const struct returned *returned, const __u64 *slots)
{
	__u8 arg = returned->call->fd_arg;

	if (arg != FD_ARG_RESULT)
		return arg < CALL_SLOTS ? (__s32)slots[arg] : -1;
	if (returned->res >= 0)
		return returned->res;
	/* what was waited on is the listening socket */
	return returned->id == CALL_accept || returned->id == CALL_accept4 ? (__s32)slots[0] : -1;
}

static __always_inline void describe_fd(struct returned *returned)
{
	struct event *event = &returned->scratch->event;

	if (event->fdnum < 0)
		return;
	if (returned->id == CALL_close) {
		if (machine.latency && returned->thread->closing.file)
			event->fd = returned->thread->closing;
		return;
	}
	event->fd.file = (__u64)file_of(returned->task, event->fdnum);
	if (event->fd.file)
		fill_identity(&event->fd);
}

/* The first descriptor that has something to say, or the first of all; and the list itself as a string. */
static __always_inline void write_pollfds(struct returned *returned)
{
	struct scratch *scratch = returned->scratch;
	const struct call *call = returned->call;
	struct event *event = &scratch->event;
	__u64 count = slot(event->slots, call->pollfds_count_arg);
	struct user_pollfd *fds;
	__u32 place;

	if (!string_fits(event))
		return;
	place = string_place(event);
	fds = (void *)&scratch->bytes[place + sizeof(__u16)];
	CAP(count, POLLFDS_MAX);
	if (bpf_probe_read_user(fds, count * sizeof(*fds), (void *)slot(event->slots, call->pollfds_arg))) {
		event->flags |= EVENT_FAULT;
		end_string(scratch, place, UNREADABLE);
		return;
	}
	end_string(scratch, place, count * sizeof(*fds));
	event->fdnum = count ? fds[0].fd : -1;
	for (__u32 i = 0; i < POLLFDS_MAX; i++) {
		if (i < count && fds[i].revents) {
			event->fdnum = fds[i].fd;
			break;
		}
	}
}

static __always_inline void write_strings(struct returned *returned)
{
	struct scratch *scratch = returned->scratch;
	const struct call *call = returned->call;
	struct event *event = &scratch->event;

	if (returned->id == CALL_chdir && returned->res == 0) {
		write_cwd_arg(scratch);
		return;
	}
	for (int i = 0; i < 2; i++) {
		__u8 dir = call->path_dir_arg[i];

		if (call->path_arg[i] == NO_ARG)
			return;
		scratch->work.string = slot(event->slots, call->path_arg[i]);
		write_path_arg(scratch, dir == NO_ARG ? AT_FDCWD : (__s32)slot(event->slots, dir), true);
	}
}

/* What the 32-bit call points to is laid out otherwise, except for plain bytes. */
static __always_inline bool has_payload(const struct returned *returned)
{
	return returned->res > 0 && returned->call->buffer != BUFFER_NONE &&
	       (!returned->compat || returned->call->buffer == BUFFER_FLAT);
}

static __always_inline void write_message(struct scratch *scratch, const struct user_msghdr *header, __u64 moved)
{
	struct buffer buffer = { .address = header->iov, .count = header->iov_len, .moved = moved };

	take_local(scratch, header);
	take_peer(&scratch->event.fd, header->name);
	name_fd(scratch, header->name);
	if (moved)
		write_vector(scratch, &buffer);
}

/* ---- sendmmsg and recvmmsg: an event per message ---- */

struct messages {
	struct scratch *scratch;
	__u64 at; /* the struct mmsghdr of the next message */
	__u8 family;
};

static long send_message_event(__u32 i, struct messages *messages)
{
	struct scratch *scratch = messages->scratch;
	struct user_mmsghdr message;

	if (bpf_probe_read_user(&message, sizeof(message), (void *)messages->at))
		return 1;
	messages->at += sizeof(message);
	scratch->event.fd = scratch->work.socket;
	scratch->event.res = message.len;
	scratch->event.flags = EVENT_HAS_RES | EVENT_MESSAGE;
	scratch->event.data_len = 0;
	write_message(scratch, &message.header, message.len);
	send_event(scratch, messages->family);
	return 0;
}

static __always_inline void send_message_events(struct returned *returned, __u8 family)
{
	struct event *event = &returned->scratch->event;
	struct messages messages = {
		.scratch = returned->scratch,
		.at = slot(event->slots, returned->call->buffer_arg),
		.family = family,
	};
	__u32 count = returned->res;

	returned->scratch->work.socket = event->fd;
	LOOP(count < MESSAGES_MAX ? count : MESSAGES_MAX, send_message_event, &messages);
}

/* ---- All other calls: one event ---- */

/* What was read into memory by a call that failed is nothing. */
static __always_inline bool has_address(const struct returned *returned)
{
	return returned->res >= 0 || !(returned->call->flags & CALL_READS);
}

static __always_inline void write_msghdr(struct returned *returned)
{
	struct event *event = &returned->scratch->event;
	struct user_msghdr header;

	if (bpf_probe_read_user(&header, sizeof(header), (void *)slot(event->slots, returned->call->buffer_arg)))
		event->flags |= EVENT_FAULT;
	else
		write_message(returned->scratch, &header, returned->res > 0 ? returned->res : 0);
}

static __always_inline void write_buffer(struct returned *returned)
{
	const struct call *call = returned->call;
	const __u64 *slots = returned->scratch->event.slots;
	struct buffer buffer = {
		.address = slot(slots, call->buffer_arg),
		.count = slot(slots, call->buffer_count_arg),
		.moved = returned->res,
	};

	if (!has_payload(returned))
		return;
	if (call->buffer == BUFFER_IOVEC)
		write_vector(returned->scratch, &buffer);
	else
		write_flat(returned->scratch, &buffer);
}

/* The socket knows its addresses, unless bind has failed or it is not connected. */
static __always_inline void write_address(struct returned *returned)
{
	struct event *event = &returned->scratch->event;
	struct fd_identity *fd = &event->fd;
	__u64 sockaddr = has_address(returned) ? slot(event->slots, returned->call->addr_arg) : 0;

	if (returned->id != CALL_bind)
		take_peer(fd, sockaddr);
	else if (is_inet(fd) && returned->res < 0)
		set_address(fd, fd->local_ip, &fd->local_port, sockaddr);
	name_fd(returned->scratch, sockaddr);
}

static __always_inline void send_single_event(struct returned *returned, __u8 family)
{
	if (returned->call->buffer == BUFFER_MSGHDR && !returned->compat && has_address(returned)) {
		write_msghdr(returned);
	} else {
		write_address(returned);
		write_buffer(returned);
	}
	send_event(returned->scratch, family);
}

/* Was the listening socket full until one was accepted just now? */
static __always_inline void check_backlog_of(struct returned *returned)
{
	struct file *file = file_of(returned->task, returned->scratch->event.slots[0]);
	struct socket *socket = file ? READ(file, private_data) : NULL;
	__u64 sk;

	if (socket && returned->res >= 0 && !bpf_core_read(&sk, sizeof(sk), &socket->sk))
		check_backlog(sk, 1);
}

#endif
