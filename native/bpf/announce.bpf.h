/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A thread announces itself, with all that user space wants to know of it, before its first event and before the first
 * after a change. So nothing depends on /proc, on a snapshot or on records that may have been lost.
 */
#ifndef TROWEL_ANNOUNCE_BPF_H
#define TROWEL_ANNOUNCE_BPF_H

#include "thread.bpf.h"

#define ARGV_MAX 4096
#define ENV_MAX 4096

static __always_inline __u32 innermost_pid(struct pid *pid, struct upid *upid)
{
	bpf_probe_read_kernel(upid, sizeof(*upid), &pid->numbers[READ(pid, level)]);
	return upid->nr;
}

static __always_inline __u32 root_pid(struct pid *pid)
{
	return READ(pid, numbers[0].nr);
}

static __always_inline __u32 terminal_of(struct signal_struct *signal)
{
	struct tty_struct *tty = READ(signal, tty);

	if (!tty)
		return 0;
	return READ(tty, driver, major) << 20 | (READ(tty, driver, minor_start) + READ(tty, index));
}

static __always_inline void describe_ids(struct thread_record *thread, struct task_struct *task)
{
	struct task_struct *leader = READ(task, group_leader);
	struct signal_struct *signal = READ(task, signal);
	struct upid upid = {};

	thread->tid = READ(task, pid);
	thread->pid = READ(task, tgid);
	thread->ppid = READ(task, real_parent, tgid);
	thread->vpid = innermost_pid(READ(leader, thread_pid), &upid);
	thread->vtid = innermost_pid(READ(task, thread_pid), &upid);
	thread->pidns = READ(upid.ns, ns.inum);
	thread->sid = root_pid(READ(signal, pids[PIDTYPE_SID]));
	thread->pgid = root_pid(READ(signal, pids[PIDTYPE_PGID]));
	thread->tty = terminal_of(signal);
	thread->uid = READ(task, cred, uid.val);
	thread->gid = READ(task, cred, gid.val);
	thread->loginuid = bpf_core_field_exists(task->loginuid) ? READ(task, loginuid.val) : -1;
	thread->netns = READ(task, nsproxy, net_ns, ns.inum);
	thread->mntns = READ(task, nsproxy, mnt_ns, ns.inum);
	thread->process_start_ns = READ(leader, start_boottime);
	read_comm((__u64 *)thread->comm, task);
	read_comm((__u64 *)thread->process_comm, leader);
	thread->flags = (READ(task, flags) & PF_KTHREAD ? THREAD_KERNEL : 0) |
			(READ(task, io_uring) ? THREAD_IO_URING | (machine.uring ? THREAD_URING_SEEN : 0) : 0);
}

/* Copies user memory [from, to) of the current process, at most `max` bytes. */
static __always_inline __u32 write_user(struct scratch *scratch, __u32 at, __u64 from, __u64 to, __u32 max)
{
	__u64 len = to - from;

	if (!from || from >= to || at > BYTES_MAX - 4096)
		return 0;
	CAP(len, max);
	return bpf_probe_read_user(&scratch->bytes[at], len, (void *)from) ? 0 : len;
}

static __always_inline __u32 write_memory(struct scratch *scratch, __u32 at, struct mm_struct *mm)
{
	struct thread_record *thread = &scratch->thread;
	__u64 from = READ(mm, arg_start), to = READ(mm, arg_end);

	thread->argv_len = write_user(scratch, at, from, to, ARGV_MAX);
	if (to - from > ARGV_MAX)
		thread->flags |= THREAD_ARGS_CUT;
	at += thread->argv_len;
	if (settings.environment)
		thread->env_len = write_user(scratch, at, READ(mm, env_start), READ(mm, env_end), ENV_MAX);
	return at + thread->env_len;
}

static __always_inline __u32 write_exe(struct scratch *scratch, __u32 at, struct mm_struct *mm)
{
	struct file *exe = READ(mm, exe_file);

	scratch->work.path = ADDRESS(exe, f_path);
	return scratch->thread.exe_len = write_path(scratch, at);
}

static __always_inline __u32 write_cwd(struct scratch *scratch, __u32 at, struct fs_struct *fs)
{
	scratch->work.path = ADDRESS(fs, pwd);
	return scratch->thread.cwd_len = write_path(scratch, at);
}

static __always_inline __u32 write_cgroup(struct scratch *scratch, __u32 at, struct task_struct *task)
{
	struct kernfs_node *node = cgroup_node(task);

	scratch->thread.cgroup_id = READ(node, id);
	scratch->work.node = (__u64)node;
	return scratch->thread.cgroup_len = write_cgroup_path(scratch, at);
}

/*
 * Writes the record that says all of a thread; false if the ring is full, and then it stays unannounced. `current`: it
 * is the one that runs, so that its user memory can be read. `now` is the time of the event that needs it.
 */
GLOBAL bool announce(struct thread *thread, __u32 lane, bool current, __u64 now)
{
	struct scratch *scratch = bpf_map_lookup_elem(&announcements, &lane);
	struct task_struct *task;
	struct mm_struct *mm;
	__u32 bytes = 0;

	if (!scratch || !thread)
		return false;
	__builtin_memset(&scratch->thread, 0, sizeof(scratch->thread));
	task = (void *)thread->task;
	mm = READ(task, mm);
	scratch->work.task = thread->task;
	scratch->thread.time_ns = now;
	describe_ids(&scratch->thread, task);
	if (mm)
		bytes = write_exe(scratch, 0, mm);
	bytes += write_cwd(scratch, bytes, READ(task, fs));
	bytes += write_cgroup(scratch, bytes, task);
	if (mm && current)
		bytes = write_memory(scratch, bytes, mm);
	if (!write_record(scratch, bytes, RECORD_THREAD, FAMILY_PROCESS))
		return false;
	thread->announced = settings.announce + 1;
	return true;
}

static __always_inline bool is_announced(const struct thread *thread)
{
	return thread->announced == settings.announce + 1;
}

#endif
