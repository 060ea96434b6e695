/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * System calls, from the hooks to the event. Everything is read as the call returns, when its arguments are still in
 * the registers and what it did can be seen; its entry is hooked only to know when it began.
 */
#include "returned.bpf.h"

#define EINTR 4
#define SIGKILL 9
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

/* The mask is applied to the very register that is used as index: see CAP. */
static __always_inline const struct call *call_by_id(__u32 id)
{
	OPAQUE(id);
	return &calls[id & (MAX_CALLS - 1)];
}

/* No process ever sees these: the call goes on, or becomes EINTR. */
static __always_inline bool is_restarting(long res)
{
	return res == -ERESTARTSYS || res == -ERESTARTNOINTR || res == -ERESTARTNOHAND || res == -ERESTART_RESTARTBLOCK;
}

/* The kernel gives SIGKILL to each thread of a process that is to die, whatever the signal that it dies by. */
static __always_inline bool is_dying(struct task_struct *task)
{
	return READ(task, pending.signal.sig[0]) & 1UL << (SIGKILL - 1);
}

/* ---- The beginning of a call ---- */

static __always_inline __s64 read_span(__u64 from, bool timeval)
{
	__s64 span[2];

	if (!from || bpf_probe_read_user(span, sizeof(span), (void *)from))
		return -1;
	return span[0] * 1000000000LL + span[1] * (timeval ? 1000 : 1);
}

static __always_inline __s32 first_pollfd(__u64 from)
{
	__s32 fd = -1;

	bpf_probe_read_user(&fd, sizeof(fd), (void *)from);
	return fd;
}

/* What will be gone or changed by the end of the call: the descriptor of close, the time-out of select. */
static __always_inline void keep_for_exit(struct thread *thread, struct task_struct *task, struct pt_regs *regs,
					  __u32 id)
{
	const struct call *call = call_by_id(id);
	__u64 slots[CALL_SLOTS];

	if (id != CALL_close && !(call->flags & CALL_WAIT))
		return;
	read_slots(regs, false, slots);
	if (id == CALL_close) {
		__builtin_memset(&thread->closing, 0, sizeof(thread->closing));
		thread->closing.file = (__u64)file_of(task, slots[0]);
		if (thread->closing.file)
			describe_file(&thread->closing);
	}
	if (call->span_arg != NO_ARG)
		thread->span_ns = read_span(slot(slots, call->span_arg), call->flags & CALL_TIMEVAL);
	if (call->pollfds_arg != NO_ARG)
		thread->polled = first_pollfd(slot(slots, call->pollfds_arg));
}

/* The same number means one call to 64-bit and another to 32-bit callers. */
static __always_inline bool is_asked_for(__u32 number, bool compat)
{
	const __u8 native = WANTED_NATIVE | WANTED_RESTART | WANTED_LOCKS;

	return number < MAX_CALLS && settings.calls[number] & (compat ? WANTED_COMPAT : native);
}

/* Which call it is, or -1: not recorded. Older 32-bit programs have one call for all that has to do with sockets. */
static __always_inline __u32 id_of(struct pt_regs *regs, __u32 number, bool compat)
{
	__u32 which;

	if (!is_socketcall(number, compat))
		return call_id(number, compat);
	which = socket_call(regs);
	return settings.socket_calls & 1u << which ? socket_calls[which].id - 1 : -1;
}

/* Most calls of fcntl lock nothing, and are not wanted. */
static __always_inline bool is_idle_fcntl(struct pt_regs *regs, __u32 number)
{
	return number < MAX_CALLS && settings.calls[number] & WANTED_LOCKS && !is_lock_command(second_arg(regs));
}

static __noinline int enter_wanted(struct pt_regs *regs, __u32 number)
{
	struct task_struct *task = bpf_get_current_task_btf();
	bool compat = is_compat(task);
	struct thread *thread;

	if (!is_asked_for(number, compat) || is_idle_fcntl(regs, number))
		return 0;
	thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread || (!thread->wanted && thread->generation == settings.generation))
		return 0;
	if (number == NUMBER_restart)
		number = thread->restart_number;
	thread->start_ns = bpf_ktime_get_boot_ns();
	if (thread->restart_ns && number == thread->restart_number && stack_pointer(regs) == thread->restart_sp) {
		thread->start_ns = thread->restart_ns;
		thread->restart_ns = 0;
	}
	thread->number = number;
	if (!compat)
		keep_for_exit(thread, task, regs, call_id(number, false));
	return 0;
}

/* All of a machine's calls come through here, so that nothing is done, and no stack set up, before this question. */
static __always_inline int on_sys_enter(struct pt_regs *regs, __u64 number)
{
	if (number < MAX_CALLS && settings.calls[number])
		UNDISTURBED(enter_wanted(regs, number));
	return 0;
}

/* ---- From the hook to the event ---- */

/* ns since the call began, or -1. Its beginning is forgotten, unless it is to go on. */
static __always_inline __s64 take_latency(struct thread *thread, struct pt_regs *regs, __u32 number, __s64 res,
					  __u64 now)
{
	__u64 start = thread->number == number ? thread->start_ns : 0;

	thread->start_ns = 0;
	if (!start)
		return -1;
	if (is_restarting(res)) {
		thread->restart_ns = start;
		thread->restart_sp = stack_pointer(regs);
		thread->restart_number = number;
		thread->restart_res = res;
	}
	return now - start;
}

/* Later events are about files that these opened: they are recorded however short they were. */
static __always_inline bool took_long_enough(const struct call *call, __s64 latency)
{
	if (call->flags & CALL_WAIT && latency < (__s64)settings.wait_over_ns)
		return false;
	return !settings.min_latency_ns || latency >= (__s64)settings.min_latency_ns || call->flags & CALL_OPENS;
}

static __always_inline bool passes_by_fd(const struct event *event, __u8 family)
{
	return settings.families & 1 << family && fd_is_wanted(&event->fd);
}

/* The first member of a struct flock; -1: unreadable. */
static __always_inline __s64 read_lock_type(__u64 from)
{
	__s16 type;

	return bpf_probe_read_user(&type, sizeof(type), (void *)from) ? -1 : type;
}

static __always_inline void fill_event(struct returned *returned, struct pt_regs *regs, __s64 latency)
{
	struct event *event = &returned->scratch->event;
	const struct call *call = returned->call;

	read_slots(regs, returned->compat, event->slots);
	event->latency_ns = latency;
	event->res = returned->dying ? 0 : returned->res;
	event->flags = (returned->dying ? EVENT_PENDING : EVENT_HAS_RES) | (returned->compat ? EVENT_COMPAT : 0);
	event->fdnum = fdnum_of(returned, event->slots);
	if (call->pollfds_arg != NO_ARG)
		write_pollfds(returned);
	describe_fd(returned);
	if (call->span_arg < CALL_SLOTS)
		event->slots[call->span_arg] = latency < 0 || returned->compat ? -1 : returned->thread->span_ns;
	if (returned->id == CALL_getsockopt) {
		__s32 value = 0;

		bpf_probe_read_user(&value, sizeof(value), (void *)event->slots[3]);
		event->slots[0] = value;
	}
	if (returned->id == CALL_fcntl && is_lock_command(event->slots[1]))
		event->slots[2] = read_lock_type(event->slots[2]);
}

static __always_inline void record(struct returned *returned, struct pt_regs *regs, __u64 now, __s64 latency)
{
	struct event *event;
	__u8 family = returned->call->family;

	if (!took_long_enough(returned->call, latency)) {
		count_filtered(family);
		return;
	}
	returned->scratch = scratch_of(LANE_CALL);
	if (!returned->scratch)
		return;
	event = &returned->scratch->event;
	begin_event(returned->scratch, returned->task, returned->id, now);
	fill_event(returned, regs, latency);
	if (family == FAMILY_IO)
		family = family_of_kind(event->fd.kind);
	BLUR(returned->scratch, family);
	BLUR(returned->scratch, returned->res);
	BLUR(returned->scratch, returned->compat);
	if (!passes_by_fd(event, family)) {
		count_filtered(family);
		return;
	}
	if (!is_announced(returned->thread) && !announce(returned->thread, LANE_CALL, true, now)) {
		count_lost(family);
		return;
	}
	if (returned->id == CALL_accept || returned->id == CALL_accept4)
		check_backlog_of(returned);
	write_strings(returned);
	if (returned->call->buffer == BUFFER_MMSGHDR && returned->res > 0 && !returned->compat)
		send_message_events(returned, family);
	else
		send_single_event(returned, family);
}

/*
 * A call that was interrupted goes on after the signal's handler, unless it is one of those that never do, or the
 * handler was set up without SA_RESTART: then the process sees EINTR, and no exit hook will say so.
 */
static __always_inline bool ends_call(__s32 res, struct k_sigaction *action)
{
	if (!action || (__u64)READ(action, sa.sa_handler) <= SIG_IGN)
		return false;
	if (res == -ERESTARTSYS)
		return !(READ(action, sa.sa_flags) & SA_RESTART);
	return res == -ERESTARTNOHAND || res == -ERESTART_RESTARTBLOCK;
}

static __always_inline void on_signal(struct task_struct *task, struct thread *thread, struct k_sigaction *action)
{
	struct returned returned = { .task = task, .thread = thread, .res = -EINTR };
	__u64 now = bpf_ktime_get_boot_ns(), start = thread->restart_ns;
	__u32 number = thread->restart_number, id;

	if (!start || !ends_call(thread->restart_res, action))
		return;
	returned.compat = is_compat(task);
	id = id_of((struct pt_regs *)bpf_task_pt_regs(task), number, returned.compat);
	thread->restart_ns = 0;
	if (id >= MAX_CALLS || !is_asked_for(number, returned.compat) || !is_wanted(task, thread))
		return;
	returned.id = id;
	returned.call = call_by_id(id);
	record(&returned, (struct pt_regs *)bpf_task_pt_regs(task), now, now - start);
}

/* A shell opens what the program that it becomes is to use: asked for by the
 * program's name, the file has none yet. */
static __always_inline bool names_for_others(const struct thread *thread, const struct call *call)
{
	return settings.filters & FILTER_COMMS && call->flags & CALL_OPENS && thread->asked_for;
}

/* ---- Accept queues: a connection that finds its listener full leaves no other trace ---- */

static long check_listener(struct bpf_map *map, __u64 *address, __u8 *value, void *ctx)
{
	check_backlog(*address, 0);
	return 0;
}

/*
 * The probe asks for it by a call of its own that does nothing, once a second: that needs no privilege, while an
 * iterator over the map is refused by some kernels. On its own stack, since Linux 6.1 allows 512 bytes for a function
 * and all that it calls.
 */
static __noinline int look_at_listeners(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if ((__u32)READ(task, tgid) != settings.excluded[0])
		return 0;
	settings.looks++;
	bpf_for_each_map_elem(&listeners, check_listener, NULL, 0);
	return 0;
}

/* ---- From the hook of a call's end ---- */

/* Nothing could be remembered of its thread: no memory at the moment, or this hook interrupted who makes some. */
static __always_inline void count_lost_call(__u32 id)
{
	if (id < MAX_CALLS)
		count_lost(call_by_id(id)->family);
}

static __noinline int exit_wanted(struct pt_regs *regs, long res, __u32 number)
{
	struct returned returned = { .res = res, .task = bpf_get_current_task_btf() };
	__u32 id;
	__u64 now;
	__s64 latency;

	returned.compat = is_compat(returned.task);
	if (!is_asked_for(number, returned.compat) || is_idle_fcntl(regs, number))
		return 0;
	returned.thread = thread_of(returned.task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!returned.thread) {
		count_lost_call(id_of(regs, number, returned.compat));
		return 0;
	}
	if (number == NUMBER_restart)
		number = returned.thread->number;
	id = id_of(regs, number, returned.compat);
	if (id >= MAX_CALLS)
		return 0;
	returned.id = id;
	returned.call = call_by_id(id);
	if (!is_wanted(returned.task, returned.thread) && !names_for_others(returned.thread, returned.call)) {
		returned.thread->start_ns = 0;
		count_filtered(returned.call->family);
		return 0;
	}
	now = bpf_ktime_get_boot_ns();
	latency = take_latency(returned.thread, regs, number, res, now);
	if (id == CALL_execve && res == 0) /* sched_process_exec has told of it */
		return 0;
	if (is_restarting(res) || res == -EINTR)
		returned.dying = is_dying(returned.task); /* then the process never sees the result */
	if (is_restarting(res) && !returned.dying)
		return 0;
	record(&returned, regs, now, latency);
	return 0;
}

static __always_inline int on_sys_exit(struct pt_regs *regs, long res)
{
	__u64 number = call_number(regs);

	OPAQUE(number);
	if (number >= MAX_CALLS || !settings.calls[number])
		return 0;
	if (settings.calls[number] & WANTED_LOOK)
		look_at_listeners();
	UNDISTURBED(exit_wanted(regs, res, number));
	return 0;
}

/*
 * ---- Hooks: user space loads the typed ones, or the raw ones where those are refused ----
 * Where the kernel preempts hooks it skips them for all other tasks of that CPU until they go on. It does not preempt
 * the classic ones, which cost more and need tracefs.
 */

struct raw_syscall {
	__u64 common;
	__s64 number;
	__s64 res;
};

SEC("tp/raw_syscalls/sys_enter")
int enter_classic(struct raw_syscall *ctx)
{
	__u64 number = ctx->number;

	if (number >= MAX_CALLS || !settings.calls[number])
		return 0;
	return enter_wanted((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), number);
}

SEC("tp/raw_syscalls/sys_exit")
int exit_classic(struct raw_syscall *ctx)
{
	__u64 number = ctx->number;

	if (number >= MAX_CALLS || !settings.calls[number])
		return 0;
	if (settings.calls[number] & WANTED_LOOK)
		look_at_listeners();
	return exit_wanted((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()), ctx->res, number);
}

SEC("tp_btf/sys_enter")
int BPF_PROG(enter_typed, struct pt_regs *regs, long number)
{
	return on_sys_enter(regs, number);
}

SEC("raw_tp/sys_enter")
int enter_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return on_sys_enter((struct pt_regs *)ctx->args[0], ctx->args[1]);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(exit_typed, struct pt_regs *regs, long res)
{
	return on_sys_exit(regs, res);
}

SEC("raw_tp/sys_exit")
int exit_raw(struct bpf_raw_tracepoint_args *ctx)
{
	return on_sys_exit((struct pt_regs *)ctx->args[0], ctx->args[1]);
}
