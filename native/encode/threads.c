// SPDX-License-Identifier: Apache-2.0
#include "threads.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"
#include "table.h"

#define THREADS_MAX 32768
#define ANCESTORS_MAX 32

struct entry {
	struct slot slot;
	uint32_t tid;
	uint32_t id; /* 0: not defined in this stream */
	uint32_t len;
	struct thread_record *record; /* NULL: it was never announced, or its announcement was lost */
};

struct threads {
	struct table table;
	uint32_t last_id;
	bool overflowed;
};

static void release(void *entry)
{
	free(((struct entry *)entry)->record);
}

struct threads *threads_new(void)
{
	struct threads *threads = alloc_zeroed(1, sizeof(*threads));

	table_init(&threads->table, THREADS_MAX, sizeof(struct entry), release);
	return threads;
}

void threads_free(struct threads *threads)
{
	table_free(&threads->table);
	free(threads);
}

/* NULL: it is not known. No two tids have the same hash. */
static struct entry *find(const struct threads *threads, uint32_t tid)
{
	return table_find(&threads->table, hash_u64(tid), NULL, NULL);
}

static struct entry *find_or_add(struct threads *threads, uint32_t tid)
{
	struct entry *entry = find(threads, tid);

	if (entry)
		return entry;
	threads->overflowed |= table_is_full(&threads->table);
	entry = table_add(&threads->table, hash_u64(tid));
	entry->tid = tid;
	return entry;
}

/* Announced for a change that does not show: a cgroup of another hierarchy, say. */
static bool says_the_same(const struct entry *entry, const struct thread_record *record, uint32_t len)
{
	const size_t said = offsetof(struct thread_record, process_start_ns);

	return entry->record && entry->len == len &&
	       memcmp((const char *)entry->record + said, (const char *)record + said, len - said) == 0;
}

void threads_announce(struct threads *threads, const struct thread_record *record, uint32_t len)
{
	struct entry *entry = find_or_add(threads, record->tid);

	if (says_the_same(entry, record, len))
		return;
	entry->record = alloc_resize(entry->record, len);
	memcpy(entry->record, record, len);
	entry->len = len;
	entry->id = 0;
}

void threads_forget(struct threads *threads, uint32_t tid)
{
	struct entry *gone = find(threads, tid);

	if (gone)
		table_remove(&threads->table, gone);
}

void threads_restart(struct threads *threads)
{
	threads->last_id = 0;
	for (uint32_t i = 0; i < table_size(&threads->table); i++)
		((struct entry *)table_slot(&threads->table, i))->id = 0;
}

bool threads_overflowed(struct threads *threads)
{
	bool overflowed = threads->overflowed;

	threads->overflowed = false;
	return overflowed;
}

/* ---- Defining ---- */

/* Takes the next `len` of the bytes that follow a record. */
static struct span take(struct span *rest, size_t len)
{
	struct span taken = { rest->bytes, len < rest->len ? len : rest->len };

	rest->bytes += taken.len;
	rest->len -= taken.len;
	return taken;
}

static ProtobufCBinaryData path_data(struct batch *batch, struct span names)
{
	char path[PATH_BYTES];

	return batch_copy(batch, path, path_from_names(path, names));
}

static ProtobufCBinaryData span_data(struct batch *batch, struct span span)
{
	return batch_copy(batch, span.bytes, span.len);
}

static void define_strings(struct batch *batch, Trowel__V1__Thread *thread, const struct entry *entry)
{
	const struct thread_record *record = entry->record;
	struct span rest = { (const char *)(record + 1), entry->len - sizeof(*record) };

	thread->comm = batch_copy(batch, record->comm, strnlen(record->comm, sizeof(record->comm)));
	thread->proc_comm = batch_copy(batch, record->process_comm,
				       strnlen(record->process_comm, sizeof(record->process_comm)));
	if (record->exe_len)
		thread->exe = path_data(batch, take(&rest, record->exe_len));
	thread->cwd = path_data(batch, take(&rest, record->cwd_len));
	thread->cgroup = path_data(batch, take(&rest, record->cgroup_len));
	thread->args = span_data(batch, take(&rest, record->argv_len));
	thread->env = span_data(batch, take(&rest, record->env_len));
}

static void define_announced(struct batch *batch, Trowel__V1__Thread *thread, const struct entry *entry)
{
	const struct thread_record *record = entry->record;

	thread->ppid = record->ppid;
	thread->vtid = record->vtid;
	thread->vpid = record->vpid;
	thread->sid = record->sid;
	thread->pgid = record->pgid;
	thread->uid = record->uid;
	thread->gid = record->gid;
	thread->loginuid = record->loginuid;
	thread->from_ns = batch_time(batch, record->time_ns);
	thread->started_ns = batch_time(batch, record->process_start_ns);
	thread->cgroup_id = record->cgroup_id;
	thread->netns = record->netns;
	thread->pidns = record->pidns;
	thread->mntns = record->mntns;
	thread->tty = encode_dev(record->tty);
	thread->flags = record->flags;
	define_strings(batch, thread, entry);
}

static void define(struct batch *batch, const struct entry *entry, uint32_t pid)
{
	Trowel__V1__Thread *thread = arena_alloc(&batch->arena, sizeof(*thread));

	trowel__v1__thread__init(thread);
	thread->id = entry->id;
	thread->tid = thread->vtid = entry->tid;
	thread->pid = thread->vpid = pid;
	if (entry->record)
		define_announced(batch, thread, entry);
	pointers_add(&batch->threads, thread);
}

/* Parents that do nothing themselves are asked for by name, too: as far up as they have announced themselves. */
static void define_ancestors(struct threads *threads, struct batch *batch, const struct entry *entry)
{
	for (int i = 0; i < ANCESTORS_MAX && entry->record; i++) {
		struct entry *parent = find(threads, entry->record->ppid);

		if (!parent || parent->id || !parent->record)
			return;
		parent->id = ++threads->last_id;
		define(batch, parent, parent->record->pid);
		entry = parent;
	}
}

uint32_t threads_id(struct threads *threads, struct batch *batch, const struct event *event)
{
	struct entry *entry;

	if (!event->tid) /* the kernel itself */
		return 0;
	entry = find_or_add(threads, event->tid);
	if (!entry->id) {
		entry->id = ++threads->last_id;
		define(batch, entry, event->pid);
		define_ancestors(threads, batch, entry);
	}
	return entry->id;
}
