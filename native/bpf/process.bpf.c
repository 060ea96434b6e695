/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the kernel says of processes: exec, which wipes the arguments of its own call, exit, and whose child is whose.
 */
#include "abi.bpf.h"
#include "event.bpf.h"

#define WAIT_STATUS(code) ((code) >> 8 & 0xff)
#define SIGCHLD 17
#define WAIT_SIGNAL(code) ((code)&0x7f)
#define WAIT_CORE(code) ((code) >> 7 & 1)

/* Also where only some descriptors are asked for: without them nobody knows what a process became, and when it ended.
 */
static __always_inline bool process_events_wanted(void)
{
	return settings.families & 1 << FAMILY_PROCESS;
}

/*
 * Who is not asked for may be the parent of one who is: it tells its name once, as it begins and as it becomes another
 * program.
 */
static __always_inline void introduce(struct task_struct *task, struct thread *thread)
{
	if (!settings.filters || is_wanted(task, thread) || is_announced(thread))
		return;
	announce(thread, LANE_PROCESS, true, bpf_ktime_get_boot_ns());
}

/* A started event, or NULL if nobody wants it. */
static __always_inline struct scratch *begin_process_event(struct task_struct *task, struct thread *thread, __u16 type)
{
	struct scratch *scratch;

	if (!is_wanted(task, thread)) {
		count_filtered(FAMILY_PROCESS);
		return NULL;
	}
	scratch = scratch_of(LANE_PROCESS);
	if (scratch)
		begin_event(scratch, task, type, bpf_ktime_get_boot_ns());
	return scratch;
}

static __always_inline void end_process_event(struct scratch *scratch, struct thread *thread)
{
	if (is_announced(thread) || announce(thread, LANE_PROCESS, true, scratch->event.end_ns))
		send_event(scratch, FAMILY_PROCESS);
	else
		count_lost(FAMILY_PROCESS);
}

/* The call has succeeded, so its return is not recorded again. */
/* `filename`: in kernel memory. */
static __always_inline int on_exec(struct task_struct *task, __u64 filename)
{
	struct thread *thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	struct scratch *scratch;
	__s64 latency;

	if (!thread) {
		count_lost(FAMILY_PROCESS);
		return 0;
	}
	introduce(task, thread);
	if (!(settings.calls[NUMBER_execve] & WANTED_NATIVE) || !process_events_wanted())
		return 0;
	latency = thread->start_ns ? bpf_ktime_get_boot_ns() - thread->start_ns : -1;
	scratch = begin_process_event(task, thread, CALL_execve);
	if (!scratch)
		return 0;
	scratch->event.latency_ns = latency;
	scratch->event.flags = EVENT_HAS_RES;
	scratch->work.string = filename;
	write_path_arg(scratch, AT_FDCWD, false);
	end_process_event(scratch, thread);
	return 0;
}

/* ---- Who sent the signal that a process dies by ---- */

struct killer {
	__u32 signal;
	__u32 pid; /* 0: the kernel */
	__u64 comm[2];
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32); /* the process that was sent it */
	__type(value, struct killer);
} killers SEC(".maps");

#define SIGNAL_BIT(signal) (1ULL << (signal))
/* By themselves these end no process: SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH. */
#define HARMLESS_SIGNALS                                                                                       \
	(SIGNAL_BIT(17) | SIGNAL_BIT(18) | SIGNAL_BIT(19) | SIGNAL_BIT(20) | SIGNAL_BIT(21) | SIGNAL_BIT(22) | \
	 SIGNAL_BIT(23) | SIGNAL_BIT(28))

enum generated { SIGNAL_SENT, SIGNAL_IGNORED, SIGNAL_PENDING_ALREADY, SIGNAL_OVERFLOW, SIGNAL_SENT_WITHOUT_INFO };

/* These two stand for an info that the kernel leaves out. */
#define INFO_OF_CALLER 0
#define INFO_OF_KERNEL 1

static __always_inline bool is_from_kernel(struct kernel_siginfo *info)
{
	__u64 address = (__u64)info;

	OPAQUE(address);
	if (address <= INFO_OF_KERNEL)
		return address == INFO_OF_KERNEL;
	return READ(info, si_code) > 0;
}

/* In the sender's context. The first of several signals is the one that kills. */
SEC("tp_btf/signal_generate")
int BPF_PROG(killer_typed, int signal, struct kernel_siginfo *info, struct task_struct *task, int group, int result)
{
	struct task_struct *sender = bpf_get_current_task_btf();
	struct killer killer = { .signal = signal };
	__u32 pid = READ(task, tgid);

	if (signal < 1 || signal > 31 || SIGNAL_BIT(signal) & HARMLESS_SIGNALS)
		return 0;
	if (result != SIGNAL_SENT && result != SIGNAL_SENT_WITHOUT_INFO)
		return 0;
	if (!is_from_kernel(info)) {
		killer.pid = READ(sender, tgid);
		read_comm(killer.comm, READ(sender, group_leader));
	}
	bpf_map_update_elem(&killers, &pid, &killer, BPF_ANY);
	return 0;
}

static const char OOM_KILLER[16] = "oom-killer", KERNEL[16] = "kernel";

/* As numbers and a string of a `procexit` event: nothing where nobody knows. */
static __always_inline void write_killer(struct scratch *scratch, struct task_struct *task, __u32 signal)
{
	__u32 pid = READ(task, tgid);
	struct killer *killer = bpf_map_lookup_elem(&killers, &pid);
	const void *name;

	if (signal == SIGKILL && READ(task, signal, oom_mm))
		name = OOM_KILLER;
	else if (!killer || killer->signal != signal)
		return;
	else if (!killer->pid)
		name = KERNEL;
	else
		name = killer->comm;
	if (killer && killer->signal == signal)
		scratch->event.slots[5] = killer->pid;
	write_string(scratch, name, false);
}

/* Said of each thread; the numbers are in the order of `procexit` in src/model/calls.ts. */
static __always_inline int on_thread_exit(struct task_struct *task)
{
	struct thread *thread;
	struct scratch *scratch;
	__u32 code = READ(task, exit_code), pid = READ(task, pid), tgid = READ(task, tgid);

	if (settings.filters & FILTER_PIDS && pid == tgid)
		bpf_map_delete_elem(&wanted_pids, &pid);
	if (!kernel_event_is_wanted(EVENT_procexit) || !process_events_wanted())
		return 0;
	thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		count_lost(FAMILY_PROCESS);
	scratch = thread ? begin_process_event(task, thread, EVENT_procexit) : NULL;
	if (!scratch)
		return 0;
	scratch->event.flags = EVENT_ONE_SIDED;
	scratch->event.slots[0] = code;
	scratch->event.slots[1] = WAIT_STATUS(code);
	scratch->event.slots[2] = WAIT_SIGNAL(code);
	scratch->event.slots[3] = scratch->event.end_ns - READ(task, group_leader, start_boottime);
	scratch->event.slots[4] = WAIT_CORE(code);
	if (WAIT_SIGNAL(code))
		write_killer(scratch, task, WAIT_SIGNAL(code));
	end_process_event(scratch, thread);
	if (pid == tgid)
		bpf_map_delete_elem(&killers, &tgid);
	return 0;
}

/* Who was asked for by pid is asked for with all descendants, also when their parents are gone. */
static __always_inline int on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 pid = READ(parent, tgid), child_pid = READ(child, tgid);
	__u8 yes = 1;

	if (settings.filters & FILTER_PIDS && pid != child_pid && bpf_map_lookup_elem(&wanted_pids, &pid))
		bpf_map_update_elem(&wanted_pids, &child_pid, &yes, BPF_ANY);
	return 0;
}

/* In the order of `signaldeliver` in src/model/calls.ts. */
static __always_inline void tell_signal(struct task_struct *task, struct thread *thread, int signal,
					struct kernel_siginfo *info)
{
	struct scratch *scratch;

	if (!kernel_event_is_wanted(EVENT_signaldeliver) || !process_events_wanted())
		return;
	scratch = begin_process_event(task, thread, EVENT_signaldeliver);
	if (!scratch)
		return;
	scratch->event.flags = EVENT_ONE_SIDED;
	scratch->event.slots[0] = READ(info, si_code) <= 0 || signal == SIGCHLD ? READ(info, _sifields._kill._pid) : 0;
	scratch->event.slots[1] = READ(task, tgid);
	scratch->event.slots[2] = signal;
	end_process_event(scratch, thread);
}

SEC("tp_btf/signal_deliver")
int BPF_PROG(signal_typed, int signal, struct kernel_siginfo *info, struct k_sigaction *action)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!thread)
		return 0;
	UNDISTURBED(({
		tell_signal(task, thread, signal, info);
		on_signal(task, thread, action);
	}));
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_typed, struct task_struct *task, pid_t old_pid, struct linux_binprm *binary)
{
	return UNDISTURBED(on_exec(task, (__u64)READ(binary, filename)));
}

SEC("raw_tp/sched_process_exec")
int exec_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return on_exec(bpf_get_current_task_btf(), (__u64)READ((struct linux_binprm *)ctx->args[2], filename));
}

struct process_exec {
	__u64 common;
	__u32 filename; /* where in this record, in its lower half */
};

SEC("tp/sched/sched_process_exec")
int exec_classic(struct process_exec *ctx)
{
	return on_exec(bpf_get_current_task_btf(), (__u64)ctx + (ctx->filename & 0xffff));
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(end_typed, struct task_struct *task)
{
	return UNDISTURBED(on_thread_exit(task));
}

SEC("raw_tp/sched_process_exit")
int end_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return on_thread_exit(bpf_get_current_task_btf());
}

SEC("tp/sched/sched_process_exit")
int end_classic(void *ctx)
{
	return on_thread_exit(bpf_get_current_task_btf());
}

/* A child may already have a name of its own to tell, before it does anything. */
static __always_inline void introduce_child(struct task_struct *parent, struct task_struct *child)
{
	struct thread *thread;

	if (!settings.filters || READ(parent, tgid) == READ(child, tgid))
		return;
	thread = thread_of(child, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (thread)
		introduce(child, thread);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(fork_typed, struct task_struct *parent, struct task_struct *child)
{
	on_fork(parent, child);
	UNDISTURBED(introduce_child(parent, child));
	return 0;
}

extern struct task_struct *bpf_task_from_pid(int pid) __ksym __weak;
extern void bpf_task_release(struct task_struct *task) __ksym __weak;

SEC("tp/sched/sched_process_fork")
int fork_classic(struct trace_event_raw_sched_process_fork *ctx)
{
	struct task_struct *parent = bpf_get_current_task_btf(), *child;

	if (!settings.filters)
		return 0;
	child = bpf_task_from_pid(ctx->child_pid);
	if (!child)
		return 0;
	on_fork(parent, child);
	introduce_child(parent, child);
	bpf_task_release(child);
	return 0;
}

SEC("raw_tp/sched_process_fork")
int fork_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return on_fork((struct task_struct *)ctx->args[0], (struct task_struct *)ctx->args[1]);
}
