/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Building a record and writing it into the ring, or counting it as lost. */
#ifndef TROWEL_RING_BPF_H
#define TROWEL_RING_BPF_H

#include "maps.bpf.h"

/*
 * A record is built per CPU and then copied into the ring, since its length is known only at its end. Programs that
 * might interrupt one another have a lane each. Strings and names take STRINGS_MAX bytes, the payload may follow.
 */
enum lane { LANE_CALL, LANE_PROCESS, LANE_ITER, LANES };

#define STRINGS_MAX 16384
#define BYTES_MAX (STRINGS_MAX + 4096)
#define PATH_LEN_MAX 4096

#define IOVECS_MAX 16 /* all are read at once; what more of them hold is not kept */

struct user_iovec {
	__u64 base;
	__u64 len;
};

/*
 * What functions hand one another besides the record itself. The verifier checks a function once if it is global, and
 * then it takes no pointers but to memory like this; and what a loop keeps here is checked in one round.
 */
struct work {
	__u64 task; /* struct task_struct, whose record it is */
	__u64 string; /* in user or kernel memory */

	/* a walk from a path or kernfs node to its root; see path.bpf.h */
	__u64 path;
	__u64 dentry;
	__u64 mnt;
	__u64 root_dentry;
	__u64 root_mnt;
	__u64 node;
	__u32 at; /* where in bytes the next name goes */
	__u32 end;

	/* a payload on its way; see payload.bpf.h */
	struct user_iovec iovecs[IOVECS_MAX];
	__u64 moved; /* bytes of the operation that are not copied yet */
	__u32 room;
	__u32 fault;
	__u64 cmsg;
	__u64 cmsg_end;

	__u64 blurred; /* see BLUR */
	struct fd_identity socket; /* of several messages: whoever one of them is from or to */
};

struct scratch {
	struct work work;
	union {
		struct record record;
		struct event event;
		struct thread_record thread;
		struct file_record file;
	};
	__u8 bytes[BYTES_MAX];
};

/*
 * Makes the verifier forget what it knows of a number, so that the paths that led to each of its values are one from
 * here on: else it follows the rest of a program once for each combination.
 */
#define BLUR(scratch, x)                                            \
	({                                                          \
		volatile __u64 *__place = &(scratch)->work.blurred; \
		*__place = (__u64)(x);                              \
		(x) = (typeof(x))*__place;                          \
	})

#define RECORD_MAX (sizeof(struct scratch) - offsetof(struct scratch, record))

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LANES);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

/* A thread is announced while an event of it is being built: announcements have a place of their own. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LANES);
	__type(key, __u32);
	__type(value, struct scratch);
} announcements SEC(".maps");

/* A wake-up costs 12 us, so the reader runs by a timer and is woken only when a CPU has written this much. */
#define WAKE_BYTES (256 << 10)

static __always_inline struct counters *counters_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&cpu_counters, &cpu);
}

static __always_inline struct scratch *scratch_of(__u32 lane)
{
	return bpf_map_lookup_elem(&scratches, &lane);
}

static __always_inline __u64 wake_policy(struct counters *counters, __u32 len)
{
	__u32 unwoken = counters->unwoken + len;

	counters->unwoken = unwoken > WAKE_BYTES ? 0 : unwoken;
	return unwoken > WAKE_BYTES ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP;
}

/* False: the ring was full. The sequence advances all the same. An event is counted by its family, either way. */
static __always_inline bool output(struct record *record, __u32 len, __u8 kind, __u8 family)
{
	struct counters *counters = counters_here();
	bool written;

	if (!counters)
		return false;
	family &= COUNTED_FAMILIES - 1;
	record->kind = kind;
	record->family = family;
	record->cpu = bpf_get_smp_processor_id();
	record->seq = counters->seq++; /* the same twice if interrupted: losses are looked for once more */
	written = bpf_ringbuf_output(&ring, record, len, wake_policy(counters, len)) == 0;
	if (kind != RECORD_EVENT)
		return written;
	if (written)
		counters->emitted[family]++;
	else
		counters->lost[family]++;
	return written;
}

static __always_inline bool write_record(struct scratch *scratch, __u32 bytes, __u8 kind, __u8 family)
{
	__u32 len = sizeof(struct event) + bytes;

	CAP(len, RECORD_MAX);
	return output(&scratch->record, len, kind, family);
}

#endif
