/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building an event, part by part, in this order: header, descriptor, strings, name of the descriptor, payload. */
#ifndef TROWEL_EVENT_BPF_H
#define TROWEL_EVENT_BPF_H

#include "address.bpf.h"
#include "announce.bpf.h"
#include "payload.bpf.h"

#define POLLFDS_MAX 16

struct user_pollfd {
	__s32 fd;
	__u16 events;
	__u16 revents;
};

static __always_inline void begin_event(struct scratch *scratch, struct task_struct *task, __u16 type, __u64 end_ns)
{
	struct event *event = &scratch->event;

	__builtin_memset(event, 0, sizeof(*event));
	scratch->work.task = (__u64)task;
	event->type = type;
	event->end_ns = end_ns;
	event->latency_ns = -1;
	event->pid = READ(task, tgid);
	event->tid = READ(task, pid);
	event->fdnum = -1;
}

/* ---- The descriptor ---- */

/* Filters on what a descriptor is. Calls on no descriptor have passed when such a filter is set only if it is absent.
 */
static __always_inline bool fd_is_wanted(const struct fd_identity *fd)
{
	__u32 filters = settings.filters;

	if (filters & FILTER_KINDS && !(settings.fd_kinds & 1 << (fd->kind & 31)))
		return false;
	if (!(filters & FILTER_PORTS))
		return true;
	return is_inet(fd) && (settings.ports[fd->local_port >> 6] & 1ULL << (fd->local_port & 63) ||
			       settings.ports[fd->remote_port >> 6] & 1ULL << (fd->remote_port & 63));
}

/* `sockaddr`: in user memory, or 0. */
GLOBAL int name_unix(struct scratch *scratch, __u64 sockaddr)
{
	struct event *event;
	__u32 at;
	long len;

	if (!scratch)
		return 0;
	event = &scratch->event;
	at = event->strings_len;
	if (at > STRINGS_MAX)
		return 0;
	event->fd.name_len = write_unix_name(&scratch->bytes[at], (struct file *)event->fd.file);
	if (event->fd.name_len || !sockaddr)
		return 0;
	len = bpf_probe_read_user_str(&scratch->bytes[at], SUN_PATH_MAX, (void *)sockaddr + sizeof(__u16));
	if (len > 0)
		event->fd.name_len = len;
	return 0;
}

static __always_inline void name_fd(struct scratch *scratch, __u64 sockaddr)
{
	if (scratch->event.fd.kind == KIND_UNIX)
		name_unix(scratch, sockaddr);
}

/* ---- Strings ---- */

#define STRING_PLACE_MAX (STRINGS_MAX - PATH_LEN_MAX - sizeof(__u16))

static __always_inline bool string_fits(const struct event *event)
{
	return event->strings_len <= STRING_PLACE_MAX;
}

/* Where the next string goes, if it fits. */
static __always_inline __u32 string_place(const struct event *event)
{
	__u32 place = event->strings_len;

	CAP(place, STRING_PLACE_MAX);
	return place;
}

/* Ends the string whose bytes are at place + 2. */
static __always_inline void end_string(struct scratch *scratch, __u32 place, __u16 len)
{
	if (place > STRINGS_MAX)
		return;
	*(__u16 *)&scratch->bytes[place] = len;
	scratch->event.strings_len += sizeof(__u16) + (len == UNREADABLE ? 0 : len);
}

/* True: the string is a path relative to somewhere. */
static __always_inline bool write_string(struct scratch *scratch, const void *from, bool user)
{
	struct event *event = &scratch->event;
	__u32 place;
	__u8 *to;
	long len;

	if (!string_fits(event))
		return false;
	place = string_place(event);
	to = &scratch->bytes[place + sizeof(__u16)];
	len = user ? bpf_probe_read_user_str(to, PATH_LEN_MAX, from)
		   : bpf_probe_read_kernel_str(to, PATH_LEN_MAX, from);
	if (len <= 0) {
		event->flags |= EVENT_FAULT;
		end_string(scratch, place, UNREADABLE);
		return false;
	}
	if (len == PATH_LEN_MAX)
		event->flags |= EVENT_ARGS_CUT;
	end_string(scratch, place, len - 1);
	return *to != '/';
}

/* The directory that a path is relative to, the working directory or an open one, as a string. */
static __always_inline void write_base(struct scratch *scratch, __s32 dirfd)
{
	struct task_struct *task = (void *)scratch->work.task;
	struct fs_struct *fs = READ(task, fs);
	struct file *file = dirfd == AT_FDCWD ? NULL : file_of(task, dirfd);
	__u32 place;

	if (!string_fits(&scratch->event))
		return;
	place = string_place(&scratch->event);
	scratch->work.path = file ? ADDRESS(file, f_path) : ADDRESS(fs, pwd);
	end_string(scratch, place, write_path(scratch, place + sizeof(__u16)));
}

static __always_inline void write_empty_string(struct scratch *scratch)
{
	if (string_fits(&scratch->event))
		end_string(scratch, string_place(&scratch->event), 0);
}

/*
 * A path argument is two strings: what the process wrote, and the directory that it is relative to, if any. It is at
 * work.string, in user memory or not.
 */
GLOBAL int write_path_arg(struct scratch *scratch, __s32 dirfd, bool user)
{
	if (!scratch)
		return 0;
	if (write_string(scratch, (void *)scratch->work.string, user))
		write_base(scratch, dirfd);
	else
		write_empty_string(scratch);
	return 0;
}

/* The working directory as a path argument: what chdir was given is no longer relative to it. */
GLOBAL int write_cwd_arg(struct scratch *scratch)
{
	if (!scratch)
		return 0;
	write_empty_string(scratch);
	write_base(scratch, AT_FDCWD);
	return 0;
}

/* ---- Sending ---- */

static __always_inline void count_filtered(__u8 family)
{
	struct counters *counters = counters_here();

	if (counters)
		counters->filtered[family & (COUNTED_FAMILIES - 1)]++;
}

/* There was no room for the announcement of its thread. */
static __always_inline void count_lost(__u8 family)
{
	struct counters *counters = counters_here();

	if (counters)
		counters->lost[family & (COUNTED_FAMILIES - 1)]++;
}

static __always_inline void count_fault(__u8 family)
{
	struct counters *counters = counters_here();

	if (counters)
		counters->faults[family & (COUNTED_FAMILIES - 1)]++;
}

static __always_inline void send_event(struct scratch *scratch, __u8 family)
{
	struct event *event = &scratch->event;
	__u32 bytes = event->strings_len + event->fd.name_len + event->data_len;

	if (event->flags & EVENT_FAULT)
		count_fault(family);
	write_record(scratch, bytes, RECORD_EVENT, family);
}

#endif
