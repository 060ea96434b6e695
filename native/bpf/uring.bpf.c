/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What programs do through io_uring: an event when an operation is complete, of the call that it stands for. What was
 * asked for is remembered from its submission on, as the kernel read it, since the entry in the queue is free again
 * then; bytes are read when it is complete, as of a call that returns. Included after calls.bpf.c.
 *
 * None of this is called for a process that has no ring.
 */

#define URING_IOVECS 4 /* of a vector these are remembered */
#define URING_IN_FLIGHT 65536

#define SQE_FIXED_FILE 1 /* flags of a submission */
#define SQE_BUFFER_SELECT 32
#define SQE_SKIP_SUCCESS 64
#define CQE_MORE 2 /* flag of a completion: others follow */
#define SETUP_SQE128 (1 << 10) /* flags of a ring */
#define SETUP_NO_SQARRAY (1 << 16)

/* struct io_uring_sqe, whose layout is fixed; members whose place the table knows are only here to be counted. */
struct submission_entry {
	__u8 opcode;
	__u8 flags;
	__u16 ioprio;
	__s32 fd;
	__u64 off;
	__u64 addr;
	__u32 len;
	__u32 op_flags;
	__u64 user_data;
	__u32 buffer;
	__u32 file_index;
	__u64 pad[2];
};

_Static_assert(sizeof(struct submission_entry) == 64, "a submission as the kernel has it");

struct submission {
	__u64 start_ns; /* of one that is answered many times: since the last answer */
	__u64 req; /* struct io_kiocb */
	__u32 pid; /* who submitted it */
	__u32 tid;
	struct submission_entry sqe;
	__u64 name; /* of a message that is received: where its sender's address will be */
	__u32 iovecs_n;
	__u32 pad;
	struct user_iovec iovecs[URING_IOVECS];
	struct user_sockaddr peer; /* family 0: none */
	struct fd_identity closing; /* what is being closed */
};

/* Operations that are answered many times are found by ring and user_data: only the last answer names the operation. */
struct submission_key {
	__u64 at; /* struct io_kiocb, or struct io_ring_ctx */
	__u64 user_data;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, URING_IN_FLIGHT);
	__type(key, struct submission_key);
	__type(value, struct submission);
} submissions SEC(".maps");

static __always_inline const struct uring_op *wanted_op(__u32 op)
{
	if (op >= URING_OPS || !settings.uring[op])
		return NULL;
	OPAQUE(op);
	return &uring_ops[op & (URING_OPS - 1)];
}

/* ---- Submission ---- */

/* The entry that the kernel has just taken from the queue: false where it is not the one of this operation. */
static __always_inline bool read_entry(struct submission_entry *sqe, struct io_kiocb *req, struct io_ring_ctx *ctx)
{
	__u32 flags = READ(ctx, flags), mask = READ(ctx, sq_entries) - 1, at = READ(ctx, cached_sq_head) - 1 & mask;

	if (!(flags & SETUP_NO_SQARRAY)) {
		__u32 *array = READ(ctx, sq_array);

		if (bpf_probe_read_kernel(&at, sizeof(at), &array[at]))
			return false;
		at &= mask;
	}
	if (flags & SETUP_SQE128)
		at *= 2;
	if (bpf_probe_read_kernel(sqe, sizeof(*sqe), (void *)READ(ctx, sq_sqes) + at * sizeof(*sqe)))
		return false;
	return sqe->opcode == READ(req, opcode) && sqe->user_data == READ(req, cqe.user_data);
}

static __always_inline void keep_vector(struct submission *to, __u64 from, __u64 count)
{
	CAP(count, URING_IOVECS);
	if (!bpf_probe_read_user(to->iovecs, count * sizeof(struct user_iovec), (void *)from))
		to->iovecs_n = count;
}

static __always_inline void keep_message(struct submission *to, bool reads)
{
	struct user_msghdr header;

	if (bpf_probe_read_user(&header, sizeof(header), (void *)to->sqe.addr))
		return;
	keep_vector(to, header.iov, header.iov_len);
	if (reads)
		to->name = header.name;
	else
		read_sockaddr(&to->peer, header.name);
}

/* What the process may have changed by the end, though it must not change the bytes. */
static __always_inline void keep_for_completion(struct submission *to, const struct call *call, __u32 id)
{
	if (call->buffer == BUFFER_IOVEC)
		keep_vector(to, to->sqe.addr, to->sqe.len);
	else if (call->buffer == BUFFER_MSGHDR)
		keep_message(to, call->flags & CALL_READS);
	else if (id == CALL_connect)
		read_sockaddr(&to->peer, to->sqe.addr);
	else if (id == CALL_sendto)
		read_sockaddr(&to->peer, to->sqe.off);
	if (id != CALL_close || to->sqe.file_index)
		return;
	to->closing.file = (__u64)file_of(bpf_get_current_task_btf(), to->sqe.fd);
	if (to->closing.file)
		describe_file(&to->closing);
}

static __always_inline bool is_multishot(const struct uring_op *op, const struct submission_entry *sqe)
{
	return op->multishot == URING_ALWAYS || sqe->ioprio & op->multishot;
}

/* A 32-bit process made the ring: what it points to is laid out otherwise. */
static __always_inline bool is_compat_ring(struct io_ring_ctx *ctx)
{
	if (bpf_core_field_exists(ctx->compat))
		return READ_BITS(ctx, compat);
	return READ(ctx, int_flags) & machine.uring_compat;
}

static __noinline int keep_submission(struct io_kiocb *req, const struct uring_op *op)
{
	struct scratch *scratch = scratch_of(LANE_CALL);
	struct io_ring_ctx *ctx = READ(req, ctx);
	struct task_struct *task = bpf_get_current_task_btf();
	struct submission_key key = { .at = (__u64)req };
	struct submission *submission;
	__u32 id;

	if (!scratch || !op)
		return 0;
	id = op->call - 1;
	submission = (struct submission *)scratch->bytes;
	__builtin_memset(submission, 0, sizeof(*submission));
	if (!read_entry(&submission->sqe, req, ctx) || submission->sqe.flags & SQE_SKIP_SUCCESS) {
		bpf_map_delete_elem(&submissions, &key); /* of the operation that was at this address before */
		return 0;
	}
	if (is_multishot(op, &submission->sqe))
		key = (struct submission_key){ (__u64)ctx, submission->sqe.user_data };
	submission->req = (__u64)req;
	submission->pid = READ(task, tgid);
	submission->tid = READ(task, pid);
	if (!is_compat_ring(ctx))
		keep_for_completion(submission, call_by_id(id), id);
	submission->start_ns = bpf_ktime_get_boot_ns();
	bpf_map_update_elem(&submissions, &key, submission, BPF_ANY);
	return 0;
}

static __noinline int on_submission(struct io_kiocb *req)
{
	const struct uring_op *op = wanted_op(READ(req, opcode));
	struct task_struct *task = bpf_get_current_task_btf();
	struct thread *thread;

	if (!op)
		return 0;
	thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread || !is_wanted(task, thread))
		return 0;
	if (is_announced(thread) || announce(thread, LANE_CALL, true, bpf_ktime_get_boot_ns()))
		keep_submission(req, op);
	return 0;
}

/* Who submits is announced here: whoever completes it may be another. Linux before 6.3 has it as io_uring_submit_sqe.
 */
SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit_typed, struct io_kiocb *req)
{
	return UNDISTURBED(on_submission(req));
}

SEC("tp/io_uring/io_uring_submit_req")
int uring_submit_classic(struct trace_event_raw_io_uring_submit_req *ctx)
{
	return on_submission(ctx->req);
}

/* ---- Completion ---- */

struct completion {
	struct io_kiocb *req; /* NULL: one answer of many, and more may follow */
	struct submission *submission; /* NULL: it was not seen, or not wanted */
	const struct uring_op *op;
	bool mine; /* in a thread of the process that submitted it: its memory and descriptors are here */
};

static __always_inline __u64 member(const struct submission *submission, __u8 at)
{
	__u64 word = *(const __u64 *)((const __u8 *)&submission->sqe + (at & 56));

	if (!(at & 1))
		return at ? word : 0;
	return at & 4 ? word >> 32 : (__u32)word;
}

static __always_inline void fill_slots(struct event *event, const struct completion *completion)
{
	for (int i = 0; i < 5; i++)
		event->slots[i] = member(completion->submission, completion->op->args[i]);
}

/* A descriptor that only the ring knows has no number. */
static __always_inline void describe_ring_fd(struct returned *returned, const struct completion *completion)
{
	const struct submission *submission = completion->submission;
	const struct call *call = returned->call;
	struct event *event = &returned->scratch->event;
	struct file *file;

	if (call->fd_arg == FD_ARG_RESULT && returned->res >= 0) {
		if (!submission || submission->sqe.file_index || !completion->mine)
			return;
		event->fdnum = returned->res;
		file = file_of(returned->task, event->fdnum);
	} else if (returned->id == CALL_close) {
		if (submission && !submission->sqe.file_index)
			event->fdnum = submission->sqe.fd;
		if (submission && submission->closing.file)
			event->fd = submission->closing;
		return;
	} else {
		bool accepts = returned->id == CALL_accept4;

		if (call->fd_arg >= CALL_SLOTS && !accepts)
			return;
		if (submission && !(submission->sqe.flags & SQE_FIXED_FILE))
			event->fdnum = submission->sqe.fd;
		file = completion->req ? READ(completion->req, file) : NULL;
	}
	event->fd.file = (__u64)file;
	if (file)
		describe_file(&event->fd);
}

/* `mine`: as of a completion. */
static __always_inline void write_ring_address(struct returned *returned, const struct submission *submission,
					       bool mine)
{
	struct fd_identity *fd = &returned->scratch->event.fd;

	if (is_inet(fd) && !fd->remote_port) {
		if (submission->peer.family)
			put_address(fd, fd->remote_ip, &fd->remote_port, &submission->peer);
		else if (mine && submission->name && returned->res >= 0)
			set_address(fd, fd->remote_ip, &fd->remote_port, submission->name);
	}
	name_fd(returned->scratch, mine && returned->id == CALL_connect ? submission->sqe.addr : 0);
}

/* Buffers that the kernel chose are not among those that the submission names. */
static __always_inline void write_ring_bytes(struct returned *returned, const struct completion *completion)
{
	struct submission *submission = completion->submission;
	struct scratch *scratch = returned->scratch;
	struct buffer buffer = { .moved = returned->res };

	if (returned->res <= 0 || returned->call->buffer == BUFFER_NONE)
		return;
	scratch->event.flags |= EVENT_TRUNCATED;
	if (!completion->mine || submission->sqe.flags & SQE_BUFFER_SELECT)
		return;
	if (returned->call->buffer == BUFFER_FLAT) {
		scratch->event.flags &= ~EVENT_TRUNCATED;
		buffer.address = submission->sqe.addr;
		write_flat(scratch, &buffer);
	} else if (submission->iovecs_n) {
		scratch->event.flags &= ~EVENT_TRUNCATED;
		buffer.count = submission->iovecs_n;
		__builtin_memcpy(scratch->work.iovecs, submission->iovecs, sizeof(submission->iovecs));
		write_vector(scratch, &buffer);
	}
}

/* As calls that return are recorded; see record(). */
static __noinline int record_completion(struct returned *returned, struct completion *completion)
{
	struct submission *submission = completion->submission;
	__u64 now = bpf_ktime_get_boot_ns();
	__s64 latency = submission ? now - submission->start_ns : -1;
	struct event *event;
	__u8 family = returned->call->family;

	returned->scratch = scratch_of(LANE_CALL);
	if (!returned->scratch)
		return 0;
	if (submission)
		submission->start_ns = now;
	if (!took_long_enough(returned->call, latency)) {
		count_filtered(family);
		return 0;
	}
	event = &returned->scratch->event;
	begin_event(returned->scratch, returned->task, returned->id, now);
	event->latency_ns = latency;
	event->res = returned->res;
	event->flags = EVENT_HAS_RES | EVENT_IO_URING;
	if (submission) {
		event->pid = submission->pid;
		event->tid = submission->tid;
		fill_slots(event, completion);
	}
	describe_ring_fd(returned, completion);
	if (family == FAMILY_IO)
		family = family_of_kind(event->fd.kind);
	BLUR(returned->scratch, family);
	if (!passes_by_fd(event, family)) {
		count_filtered(family);
		return 0;
	}
	if (submission && completion->mine)
		write_strings(returned);
	if (submission) {
		write_ring_address(returned, submission, completion->mine);
		write_ring_bytes(returned, completion);
	}
	send_event(returned->scratch, family);
	return 0;
}

/* Of what was submitted before the recording, who completes it counts as who submitted it. */
static __noinline bool completer_is_wanted(struct task_struct *task)
{
	struct thread *thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (!thread || READ(task, flags) & PF_KTHREAD || !is_wanted(task, thread))
		return false;
	return is_announced(thread) || announce(thread, LANE_CALL, true, bpf_ktime_get_boot_ns());
}

static __noinline int on_completion(struct io_ring_ctx *ctx, struct io_kiocb *req, __u64 user_data, __s32 res,
				    __u32 flags)
{
	struct submission_key key = { .at = (__u64)req };
	struct returned returned = { .task = bpf_get_current_task_btf(), .res = res };
	struct completion completion = { .req = req };

	completion.submission = req ? bpf_map_lookup_elem(&submissions, &key) : NULL;
	if (!completion.submission) {
		key = (struct submission_key){ (__u64)ctx, user_data };
		completion.submission = bpf_map_lookup_elem(&submissions, &key);
	}
	if (completion.submission) {
		completion.req = (void *)completion.submission->req;
		completion.op = wanted_op(completion.submission->sqe.opcode);
		completion.mine = (__u32)READ(returned.task, tgid) == completion.submission->pid;
	} else if (req) {
		completion.op = wanted_op(READ(req, opcode));
		if (!completion.op || !completer_is_wanted(returned.task))
			return 0;
	}
	if (!completion.op)
		return 0;
	returned.id = completion.op->call - 1;
	returned.call = call_by_id(returned.id);
	record_completion(&returned, &completion);
	if (!(flags & CQE_MORE))
		bpf_map_delete_elem(&submissions, &key);
	return 0;
}

SEC("tp_btf/io_uring_complete")
int uring_complete_typed(__u64 *ctx)
{
	struct io_ring_ctx *ring = (void *)ctx[0];
	struct io_kiocb *req = (void *)ctx[1];

	if (bpf_core_type_exists(btf_trace_io_uring_complete___cqe)) {
		struct io_uring_cqe *cqe = (void *)ctx[2];

		UNDISTURBED(on_completion(ring, req, READ(cqe, user_data), READ(cqe, res), READ(cqe, flags)));
		return 0;
	}
	UNDISTURBED(on_completion(ring, req, ctx[2], ctx[3], ctx[4]));
	return 0;
}

SEC("tp/io_uring/io_uring_complete")
int uring_complete_classic(struct trace_event_raw_io_uring_complete *ctx)
{
	return on_completion(ctx->ctx, ctx->req, ctx->user_data, ctx->res, ctx->cflags);
}
