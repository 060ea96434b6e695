/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Calls that have begun and not returned: asked for at the end of a recording. Included after calls.bpf.c, whose
 * questions decide here, too.
 */

static __always_inline void fill_pending(struct returned *returned, struct pt_regs *regs, __s64 latency)
{
	struct event *event = &returned->scratch->event;
	const struct call *call = returned->call;

	read_slots(regs, returned->compat, event->slots);
	event->latency_ns = latency;
	event->flags = EVENT_PENDING | (returned->compat ? EVENT_COMPAT : 0);
	event->fdnum = call->pollfds_arg != NO_ARG ? returned->thread->polled : fdnum_of(returned, event->slots);
	if (call->span_arg < CALL_SLOTS)
		event->slots[call->span_arg] = returned->thread->span_ns;
	describe_fd(returned);
}

static __always_inline void record_pending(struct returned *returned, struct pt_regs *regs, __u64 now)
{
	__s64 latency = now - returned->thread->start_ns;
	struct event *event;
	__u8 family = returned->call->family;

	if (!took_long_enough(returned->call, latency) || !is_wanted(returned->task, returned->thread))
		return;
	returned->scratch = scratch_of(LANE_ITER);
	if (!returned->scratch)
		return;
	event = &returned->scratch->event;
	begin_event(returned->scratch, returned->task, returned->id, now);
	fill_pending(returned, regs, latency);
	if (family == FAMILY_IO)
		family = family_of_kind(event->fd.kind);
	if (!passes_by_fd(event, family))
		return;
	if (!is_announced(returned->thread) && !announce(returned->thread, LANE_ITER, false, now))
		return;
	name_fd(returned->scratch, 0);
	send_event(returned->scratch, family);
}

SEC("iter/task")
int pending(struct bpf_iter__task *ctx)
{
	struct returned returned = { .task = ctx->task, .res = -1 };
	struct pt_regs *regs;
	__u32 id;

	if (!returned.task)
		return 0;
	returned.thread = thread_of(returned.task, 0);
	if (!returned.thread || !returned.thread->start_ns)
		return 0;
	returned.compat = is_compat(returned.task);
	id = call_id(returned.thread->number, returned.compat);
	if (id >= MAX_CALLS || !is_asked_for(returned.thread->number, returned.compat))
		return 0;
	returned.id = id;
	returned.call = call_by_id(id);
	regs = (struct pt_regs *)bpf_task_pt_regs(returned.task);
	record_pending(&returned, regs, bpf_ktime_get_boot_ns());
	return 0;
}
