/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the two sides of the probe share: the table of calls, the settings that user space writes and the BPF
 * programs read, and the records that the programs write into the ring. pid means process (thread group) and
 * tid means thread. Times are CLOCK_BOOTTIME in ns.
 */
#ifndef TROWEL_H
#define TROWEL_H

#include <linux/types.h>

/* ---- The table of calls; build/calls.h is generated from src/model/calls.ts ---- */

#define MAX_CALLS 512 /* numbers of calls, on any machine, are below */
#define FIRST_KERNEL_EVENT 1024 /* ids of events that are not calls begin here */
#define MAX_CALL_ARGS 7
#define NO_ARG 0xff

enum call_flag {
	CALL_WAIT = 1, /* blocks by design: recorded from settings.wait_over_ns on */
	CALL_STANDARD = 2, /* recorded unless other calls were asked for */
	CALL_TIMEVAL = 4, /* its time span is a timeval, not a timespec */
	CALL_READS = 8, /* the kernel fills its buffer and its address */
	CALL_LOCKS = 16, /* fcntl: unless it was asked for, only commands that lock are recorded */
	CALL_OPENS = 32, /* it makes a descriptor of a path */
};

enum buffer_shape { BUFFER_NONE, BUFFER_FLAT, BUFFER_IOVEC, BUFFER_MSGHDR, BUFFER_MMSGHDR };

/* Where user space finds an argument: a register (or what the kernel side put in its place), or the next string. */
enum arg_source { ARG_S32, ARG_U32, ARG_S64, ARG_U64, ARG_SLOT, ARG_PATH, ARG_TEXT, ARG_POLLFDS };

struct call_arg {
	__u8 from; /* enum arg_source */
	__u8 at;
};

#define FD_ARG_NONE 0xff
#define FD_ARG_RESULT 0xfe

/* Members with "_arg" count the call's arguments from 0; NO_ARG: it has none. */
struct call {
	__u8 family;
	__u8 flags;
	__u8 fd_arg; /* the descriptor it works on, or FD_ARG_RESULT */
	__u8 addr_arg;
	__u8 buffer; /* enum buffer_shape */
	__u8 buffer_arg;
	__u8 buffer_count_arg;
	__u8 path_arg[2];
	__u8 path_dir_arg[2];
	__u8 span_arg;
	__u8 pollfds_arg;
	__u8 pollfds_count_arg;
	__u8 args_n;
	struct call_arg args[MAX_CALL_ARGS];
};

/* ---- Operations of io_uring: each stands for a call; see src/model/uring.ts ---- */

#define URING_OPS 64 /* numbers of operations are below */
#define URING_ALWAYS 0xff

struct uring_op {
	__u16 call; /* its id + 1; 0: it is not recorded */
	__u8 multishot; /* the bit of ioprio by which it is answered more than once, or URING_ALWAYS */
	__u8 args[5]; /* where in the submission: an offset, with 1 in it for one of 4 bytes; 0: none */
};

#define SOCKET_CALLS 32 /* numbers of what the 32-bit call socketcall does are below */

struct socket_call {
	__u16 id; /* + 1; 0: it is not recorded */
	__u8 args_n;
};

/* ---- Settings: written by user space at any time, through mmap ---- */

#define MAX_COMMS 16
#define MAX_EXCLUDED 8
#define MAX_SNAPLEN 16384
#define MAX_DROP_REASONS 256

/* Values of settings.calls[], which is indexed by the machine's own numbers. */
enum wanted {
	WANTED_NATIVE = 1,
	WANTED_COMPAT = 2, /* the same number in the 32-bit table */
	WANTED_RESTART = 4, /* restart_syscall: goes on with the call before it */
	WANTED_LOCKS = 16, /* fcntl, of its commands those that lock */
	WANTED_LOOK = 8, /* made by the probe itself, it asks for a look at all accept queues */
};

/* What a thread must match; see settings.filters. */
enum filter { FILTER_CGROUPS = 1, FILTER_PIDS = 2, FILTER_COMMS = 4, FILTER_PORTS = 8, FILTER_KINDS = 16 };

/* What every call needs to know lies together: a page more to touch is what costs, most of all in a virtual machine. */
struct settings {
	__u8 calls[MAX_CALLS];
	__u64 kernel_events; /* a bit each, from FIRST_KERNEL_EVENT on */
	__u64 wait_over_ns;
	__u64 min_latency_ns;
	__u32 snaplen;
	__u32 snaplen_whole;
	__u32 families; /* a bit each, as build/calls.h numbers them */
	__u32 filters; /* enum filter: those that restrict */
	__u32 fd_kinds; /* a bit each, as the wire numbers them */
	__u32 generation; /* advances with each change: what was decided before is void */
	__u32 announce; /* advances when all threads must be announced again */
	__u32 environment;
	__u32 looks; /* written by the kernel side: how often it has looked at accept queues */
	__u32 comms_n;
	__u32 excluded_n;
	__u32 excluded[MAX_EXCLUDED];
	char comms[MAX_COMMS][16];
	__u32 pad;
	__u64 drop_reasons[MAX_DROP_REASONS / 64]; /* a bit each: dropped packets that are told of */
	__u64 ports[65536 / 64]; /* a bit each */
	__u8 uring[URING_OPS]; /* operations that are asked for */
	__u32 socket_calls; /* a bit each, as build/calls.h numbers them */
};

/* What user space finds out about the machine before loading. */
struct machine {
	__u32 cgroup_v2; /* /sys/fs/cgroup is the unified hierarchy */
	__u32 latency; /* the entry of calls is hooked too */
	__u32 uring; /* what io_uring does is recorded */
	__u32 preemptible; /* hooks may be preempted: Linux 7.1 */
	__u32 uring_compat; /* the flag of a ring that a 32-bit call made, where it is no member by itself: Linux 7.2 */
};

/*
 * ---- Counters: one per CPU, written by the kernel side only, read through mmap ----
 * An event that was asked for is filtered (by a filter or a threshold), lost (the ring was full) or emitted.
 */

#define COUNTED_FAMILIES 8

struct counters {
	__u64 filtered[COUNTED_FAMILIES];
	__u64 emitted[COUNTED_FAMILIES];
	__u64 lost[COUNTED_FAMILIES];
	__u64 faults[COUNTED_FAMILIES];
	__u32 seq; /* of the next record; advances when a record is lost, too */
	__u32 unwoken; /* bytes written since this CPU last woke the reader */
	__u64 pad[7];
};

_Static_assert(sizeof(struct counters) % 64 == 0, "CPUs share no cache line");

/* ---- Records ---- */

enum record_kind { RECORD_EVENT = 1, RECORD_THREAD = 2, RECORD_FILE = 3 };

struct record {
	__u8 kind;
	__u8 family;
	__u16 cpu;
	__u32 seq; /* per CPU */
};

/* Does this command of fcntl lock a part of a file? F_SETLK, F_SETLKW and the same of open file descriptions. */
static inline int is_lock_command(__u64 command)
{
	return command == 6 || command == 7 || command == 37 || command == 38;
}

enum fd_state { FD_LISTENING = 1, FD_BOUND_PORT = 2 };

/* What a descriptor stood for at the time of the event, by the kernel's own objects. */
struct fd_identity {
	__u64 file; /* address of the struct file: tells open files apart, never leaves the probe */
	__u64 ino;
	__u32 dev; /* as the kernel encodes it; user space turns it into what stat(2) shows */
	__u32 open_flags;
	__u32 netns;
	__u16 local_port; /* host order */
	__u16 remote_port;
	__u8 local_ip[16]; /* network order */
	__u8 remote_ip[16];
	__u8 kind; /* FdKind of the wire */
	__u8 l4proto;
	__u8 ip_len; /* 0, 4 or 16 */
	__u8 state; /* enum fd_state */
	__u16 name_len;
	__u16 pad;
};

_Static_assert(sizeof(struct fd_identity) == 72, "fd_identity has no holes");

/* EventFlag of src/model/chunk.ts */
enum event_flag {
	EVENT_PENDING = 1,
	EVENT_ONE_SIDED = 2,
	EVENT_HAS_RES = 4,
	EVENT_TRUNCATED = 8,
	EVENT_FAULT = 16,
	EVENT_COMPAT = 32,
	EVENT_MESSAGE = 64,
	EVENT_ARGS_CUT = 128,
	EVENT_IO_URING = 256,
};

#define CALL_SLOTS 6

/*
 * Followed by: strings (strings_len), the fd's name (fd.name_len), payload (data_len).
 * A string is a __u16 length and its bytes, UNREADABLE standing for "not readable". A path argument is two strings:
 * what the process wrote and, if that was relative, the directory it is relative to, as names from the innermost out.
 */
struct event {
	struct record record;
	__u64 end_ns;
	__s64 latency_ns; /* -1: not measured */
	__s64 res;
	__u64 slots[CALL_SLOTS]; /* the argument registers; time spans in place of their pointers */
	__u32 pid;
	__u32 tid;
	__s32 fdnum; /* -1: none */
	__u16 type;
	__u16 flags;
	__u16 strings_len;
	__u16 data_len;
	__u32 pad;
	struct fd_identity fd; /* kind 0: none */
};

#define UNREADABLE 0xffff

enum thread_flag { THREAD_IO_URING = 1, THREAD_KERNEL = 2, THREAD_ARGS_CUT = 4, THREAD_URING_SEEN = 8 };

/* Followed by: exe, cwd, cgroup (names from the innermost out, each ended by NUL), argv, environment. */
struct thread_record {
	struct record record;
	__u64 time_ns;
	__u64 process_start_ns;
	__u64 cgroup_id;
	char comm[16];
	char process_comm[16];
	__u32 tid;
	__u32 pid;
	__u32 ppid;
	__u32 vtid;
	__u32 vpid;
	__u32 sid;
	__u32 pgid;
	__u32 uid;
	__u32 gid;
	__u32 loginuid;
	__u32 netns;
	__u32 pidns;
	__u32 mntns;
	__u32 tty;
	__u32 flags; /* enum thread_flag */
	__u16 exe_len;
	__u16 cwd_len;
	__u16 cgroup_len;
	__u16 argv_len;
	__u16 env_len;
	__u8 pad[42];
};

/* An open file as the iterator finds it: its path follows, names from the innermost out. */
struct file_record {
	struct record record;
	__u32 pid;
	__s32 fdnum;
	__u16 path_len;
	__u16 pad[3];
	struct fd_identity fd;
};

_Static_assert(sizeof(struct event) == 176 && sizeof(struct thread_record) == 176, "records start alike");

#endif
