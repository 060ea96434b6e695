/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Files that were open before anyone looked: what an event says of its file is an address and an inode, so the paths
 * of these have to be asked for once. Read through the iterator's own file: nothing can be lost.
 */
#include "network.bpf.h"

static __always_inline bool is_worth_telling(const struct fd_identity *fd)
{
	return fd->kind == KIND_FILE || fd->kind == KIND_DIRECTORY || fd->state & FD_LISTENING;
}

/*
 * Processes that were there before anyone looked, and may never do anything: they are the parents of others. Their
 * arguments cannot be read from here, so their first event tells of them again.
 */
SEC("iter/task")
int processes(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct thread *thread;

	if (!task || READ(task, pid) != READ(task, tgid) || READ(task, flags) & PF_KTHREAD)
		return 0;
	thread = thread_of(task, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return 0;
	is_wanted(task, thread);
	announce(thread, LANE_ITER, false, bpf_ktime_get_boot_ns());
	thread->announced = 0;
	return 0;
}

SEC("iter/task_file")
int open_files(struct bpf_iter__task_file *ctx)
{
	struct scratch *scratch = scratch_of(LANE_ITER);
	struct file *file = ctx->file;
	struct task_struct *task = ctx->task;
	struct file_record *record;
	__u32 len;

	if (!scratch || !file || !task)
		return 0;
	record = &scratch->file;
	__builtin_memset(record, 0, sizeof(*record));
	record->fd.file = (__u64)file;
	describe_file(&record->fd);
	if (!is_worth_telling(&record->fd))
		return 0;
	if (record->fd.state & FD_LISTENING) {
		struct socket *socket = READ(file, private_data);

		remember_listener(READ(socket, sk));
	}
	record->record.kind = RECORD_FILE;
	record->pid = READ(task, tgid);
	record->fdnum = ctx->fd;
	if (record->fd.kind == KIND_FILE || record->fd.kind == KIND_DIRECTORY) {
		scratch->work.task = (__u64)task;
		scratch->work.path = ADDRESS(file, f_path);
		record->path_len = write_path(scratch, 0);
	}
	len = record->path_len;
	CAP(len, PATH_LEN_MAX);
	bpf_seq_write(ctx->meta->seq, record, sizeof(*record));
	bpf_seq_write(ctx->meta->seq, scratch->bytes, len);
	return 0;
}
