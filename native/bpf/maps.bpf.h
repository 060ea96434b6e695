/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The maps and settings that all BPF programs share. */
#ifndef TROWEL_MAPS_BPF_H
#define TROWEL_MAPS_BPF_H

#include "core.bpf.h"

const volatile struct machine machine SEC(".rodata.machine") = {};
struct settings settings SEC(".data.settings") = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20); /* --ring-mib */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1); /* CPUs */
	__type(key, __u32);
	__type(value, struct counters);
} cpu_counters SEC(".maps");

/* What a filter lists. Values have no meaning. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u8);
} wanted_cgroups SEC(".maps");

/* The processes asked for and, from then on, their descendants. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u8);
} wanted_pids SEC(".maps");

/*
 * Since Linux 7.1 hooks can be preempted, and then memory per CPU is no longer theirs alone: another task's hook may
 * run on that CPU before they go on. Those of tracepoints in the classic way cannot.
 */
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

#define UNDISTURBED(work)                      \
	({                                     \
		if (machine.preemptible)       \
			bpf_preempt_disable(); \
		work;                          \
		if (machine.preemptible)       \
			bpf_preempt_enable();  \
		0;                             \
	})

static __always_inline bool kernel_event_is_wanted(__u32 id)
{
	return settings.kernel_events & 1ULL << (id - FIRST_KERNEL_EVENT);
}

#endif
