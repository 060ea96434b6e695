/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel side remembers of a thread: the call it is in, whether it is wanted, and whether what was last
 * announced of it still holds.
 */
#ifndef TROWEL_THREAD_BPF_H
#define TROWEL_THREAD_BPF_H

#include "path.bpf.h"

/*
 * Whatever changes of a thread changes one of these; pointers, mostly, since the kernel replaces what they point to
 * rather than writing to it.
 */
struct fingerprint {
	__u64 comm[2];
	__u64 cred;
	__u64 cgroups;
	__u64 nsproxy;
	__u64 cwd;
	__u64 mm;
	__u64 io_uring;
};

struct thread {
	__u64 task; /* its own struct task_struct */
	__u64 start_ns; /* of the call it is in; 0: none */
	__u64 restart_ns; /* when a call began that was interrupted and will go on; 0: none */
	__u64 restart_sp; /* the stack pointer in it: a signal handler has another */
	__u32 number; /* of the call it is in, by the machine's table */
	__u32 restart_number;
	__s32 restart_res;
	__u32 generation; /* of the settings that `wanted` was decided by */
	__u32 announced; /* settings.announce + 1 as of the announcement; 0: none */
	__u32 wanted;
	/* By process and cgroup, whatever its name is. */
	__u32 asked_for;
	__s32 polled; /* the first descriptor of the poll it is in */
	__s64 span_ns; /* the time-out of the call it is in, which the kernel may overwrite */
	struct fingerprint print;
	struct fd_identity closing; /* what the descriptor being closed stands for */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

static __always_inline struct thread *thread_of(struct task_struct *task, __u64 flags)
{
	struct thread *thread = bpf_task_storage_get(&threads, task, 0, flags);

	if (thread)
		thread->task = (__u64)task;
	return thread;
}

/* As two words, which are compared and copied faster than text. */
static __always_inline void read_comm(__u64 *comm, struct task_struct *task)
{
#ifdef PLAIN_READS
	bpf_core_read(comm, 16, &task->comm);
#else
	const __u64 *words = (const __u64 *)&CAST(task)->comm;

	comm[0] = words[0];
	comm[1] = words[1];
#endif
}

static __always_inline void take_fingerprint(struct fingerprint *print, struct task_struct *task)
{
	read_comm(print->comm, task);
	print->cred = (__u64)READ(task, cred);
	print->cgroups = (__u64)READ(task, cgroups);
	print->nsproxy = (__u64)READ(task, nsproxy);
	print->cwd = (__u64)READ(task, fs, pwd.dentry);
	print->mm = (__u64)READ(task, mm);
	print->io_uring = (__u64)READ(task, io_uring);
}

/* Before Linux 6.16 a thread gives up its memory before its exit is announced: what was said of it still holds. */
static __always_inline bool same_fingerprint(const struct fingerprint *a, const struct fingerprint *b)
{
	return a->comm[0] == b->comm[0] && a->comm[1] == b->comm[1] && a->cred == b->cred && a->cgroups == b->cgroups &&
	       a->nsproxy == b->nsproxy && a->cwd == b->cwd && (a->mm == b->mm || !a->mm) && a->io_uring == b->io_uring;
}

/* ---- Control groups ---- */

static __always_inline struct kernfs_node *v1_node(struct css_set *set)
{
	int pids = bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	struct cgroup_subsys_state *state = NULL;

	bpf_probe_read_kernel(&state, sizeof(state), &set->subsys[pids]);
	return READ(state, cgroup, kn);
}

/* On a hybrid host the pids hierarchy of v1 speaks for a task, unless only the unified one has it in a group. */
static __always_inline struct kernfs_node *cgroup_node(struct task_struct *task)
{
	struct css_set *set = READ(task, cgroups);
	struct kernfs_node *node;

	if (!machine.cgroup_v2 && bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id)) {
		node = v1_node(set);
		if (kernfs_parent(node))
			return node;
	}
	return READ(set, dfl_cgrp, kn);
}

/* ---- Is it wanted? ---- */

#define CGROUP_DEPTH_MAX 16
#define ANCESTORS_MAX 16

/* The upward searches for one that is listed keep their place here. */
struct search {
	__u64 at;
	__u64 found;
};

static long find_cgroup(__u32 i, struct search *search)
{
	struct kernfs_node *node = (void *)search->at;
	__u64 id;

	if (!node)
		return 1;
	id = READ(node, id);
	search->found = bpf_map_lookup_elem(&wanted_cgroups, &id) != NULL;
	search->at = (__u64)kernfs_parent(node);
	return search->found;
}

static long find_ancestor(__u32 i, struct search *search)
{
	struct task_struct *task = (void *)search->at;
	__u32 pid = READ(task, tgid);

	if (pid <= 1)
		return 1;
	search->found = bpf_map_lookup_elem(&wanted_pids, &pid) != NULL;
	search->at = (__u64)READ(task, real_parent);
	return search->found;
}

static __always_inline bool comm_is_wanted(const struct fingerprint *print)
{
	for (__u32 i = 0; i < MAX_COMMS; i++) {
		const __u64 *comm = (const __u64 *)settings.comms[i];

		if (i < settings.comms_n && comm[0] == print->comm[0] && comm[1] == print->comm[1])
			return true;
	}
	return false;
}

GLOBAL bool pid_is_excluded(__u32 pid)
{
	for (__u32 i = 0; i < MAX_EXCLUDED; i++)
		if (i < settings.excluded_n && settings.excluded[i] == pid)
			return true;
	return false;
}

/* All that is asked of a thread but its name, which it may be about to get. */
GLOBAL bool decide_asked_for(struct thread *thread)
{
	struct task_struct *task;
	struct search search = {};

	if (!thread)
		return false;
	task = (void *)thread->task;
	if (pid_is_excluded(READ(task, tgid)))
		return false;
	if (settings.filters & FILTER_PIDS) {
		search.at = thread->task;
		LOOP(ANCESTORS_MAX, find_ancestor, &search);
		if (!search.found)
			return false;
	}
	if (settings.filters & FILTER_CGROUPS) {
		search.at = (__u64)cgroup_node(task);
		search.found = 0;
		LOOP(CGROUP_DEPTH_MAX, find_cgroup, &search);
		if (!search.found)
			return false;
	}
	return true;
}

/* Keeps `thread` up to date with the task; the answer is remembered until either the task or the settings change. */
static __always_inline bool is_wanted(struct task_struct *task, struct thread *thread)
{
	struct fingerprint print;

	take_fingerprint(&print, task);
	if (thread->generation != settings.generation || !same_fingerprint(&print, &thread->print)) {
		thread->print = print;
		thread->generation = settings.generation;
		thread->announced = 0;
		thread->asked_for = decide_asked_for(thread);
		thread->wanted = thread->asked_for &&
				 (!(settings.filters & FILTER_COMMS) || comm_is_wanted(&thread->print));
	}
	return thread->wanted;
}

#endif
