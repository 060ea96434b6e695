/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Operations of io_uring that are not complete at the end of a recording. Included after uring.bpf.c. */

/* Its completion may have been missed, and the memory used again. */
static __always_inline bool is_still_asked_for(const struct submission *submission)
{
	struct io_kiocb *req = (void *)submission->req;

	return READ(req, opcode) == submission->sqe.opcode && READ(req, cqe.user_data) == submission->sqe.user_data;
}

/* As calls that have not returned are recorded; see record_pending(). Whose memory and descriptors it is about is not
 * here.
 */
static __always_inline void record_uring_pending(struct returned *returned, struct completion *completion)
{
	struct submission *submission = completion->submission;
	__u64 now = bpf_ktime_get_boot_ns();
	__s64 latency = now - submission->start_ns;
	struct event *event;
	__u8 family = returned->call->family;

	returned->scratch = scratch_of(LANE_ITER);
	if (!returned->scratch || !took_long_enough(returned->call, latency))
		return;
	event = &returned->scratch->event;
	begin_event(returned->scratch, returned->task, returned->id, now);
	event->latency_ns = latency;
	event->flags = EVENT_PENDING | EVENT_IO_URING;
	event->pid = submission->pid;
	event->tid = submission->tid;
	fill_slots(event, completion);
	describe_ring_fd(returned, completion);
	if (family == FAMILY_IO)
		family = family_of_kind(event->fd.kind);
	if (!passes_by_fd(event, family))
		return;
	write_ring_address(returned, submission, false);
	send_event(returned->scratch, family);
}

SEC("iter/bpf_map_elem")
int uring_pending(struct bpf_iter__bpf_map_elem *ctx)
{
	struct returned returned = { .task = bpf_get_current_task_btf(), .res = -1 };
	struct submission_key key, *of = ctx->key;
	struct completion completion = { 0 };

	if (!of)
		return 0;
	key = *of;
	completion.submission = bpf_map_lookup_elem(&submissions, &key);
	if (!completion.submission || !is_still_asked_for(completion.submission))
		return 0;
	completion.req = (void *)completion.submission->req;
	completion.op = wanted_op(completion.submission->sqe.opcode);
	if (!completion.op)
		return 0;
	returned.id = completion.op->call - 1;
	returned.call = call_by_id(returned.id);
	record_uring_pending(&returned, &completion);
	return 0;
}
