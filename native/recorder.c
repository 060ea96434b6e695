// SPDX-License-Identifier: Apache-2.0
#include "recorder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "calls.h"
#include "descriptors.h"
#include "fds.h"
#include "files.h"
#include "log.h"
#include "loss.h"
#include "roles.h"
#include "threads.h"

/* A scan costs about 1.5 us per open file: it is not repeated at once, and more and more rarely if it finds nothing. */
#define SCAN_PAUSE_NS 1000000000ULL
#define SCAN_PAUSE_MAX_NS 60000000000ULL

struct recorder {
	struct probe *probe;
	struct files *files;
	struct roles *roles;
	struct threads *threads;
	struct fds *fds;
	struct losses *losses; /* by broken streams */
	struct descriptors *descriptors; /* NULL: not needed */
	struct batch batches[2];
	struct batch *batch; /* being filled; the other one is on its way */
	uint64_t events;
	uint64_t next_scan_ns;
	uint64_t scan_pause_ns;
};

struct recorder *recorder_new(struct probe *probe, uint64_t start_ns)
{
	struct recorder *recorder = calloc(1, sizeof(*recorder));

	recorder->probe = probe;
	recorder->files = files_new();
	recorder->roles = roles_new();
	recorder->threads = threads_new();
	recorder->fds = fds_new(recorder->files, recorder->roles);
	recorder->losses = losses_new(probe);
	recorder->descriptors = probe->latency ? NULL : descriptors_new();
	recorder->scan_pause_ns = SCAN_PAUSE_NS;
	batch_init(&recorder->batches[0], start_ns);
	batch_init(&recorder->batches[1], start_ns);
	recorder->batch = &recorder->batches[0];
	return recorder;
}

void recorder_free(struct recorder *recorder)
{
	batch_free(&recorder->batches[0]);
	batch_free(&recorder->batches[1]);
	losses_free(recorder->losses);
	descriptors_free(recorder->descriptors);
	fds_free(recorder->fds);
	threads_free(recorder->threads);
	roles_free(recorder->roles);
	files_free(recorder->files);
	free(recorder);
}

struct batch *recorder_batch(struct recorder *recorder)
{
	return recorder->batch;
}

void recorder_next_batch(struct recorder *recorder)
{
	recorder->batch = recorder->batch == recorder->batches ? &recorder->batches[1] : &recorder->batches[0];
	batch_reset(recorder->batch);
}

uint64_t recorder_events(const struct recorder *recorder)
{
	return recorder->events;
}

/* ---- Open files ---- */

static void take_file(struct recorder *recorder, const struct file_record *record, struct span names)
{
	char path[PATH_BYTES];

	roles_learn(recorder->roles, &record->fd, 0);
	if (!files_path(recorder->files, &record->fd).bytes && names.len)
		files_learn(recorder->files, &record->fd, (struct span){ path, path_from_names(path, names) });
}

/* Returns how many bytes of `bytes` were whole records. */
static size_t take_files(struct recorder *recorder, const char *bytes, size_t len)
{
	struct file_record record;
	size_t at = 0;

	while (len - at >= sizeof(record)) {
		memcpy(&record, bytes + at, sizeof(record));
		if (len - at < sizeof(record) + record.path_len)
			break;
		at += sizeof(record);
		take_file(recorder, &record, (struct span){ bytes + at, record.path_len });
		at += record.path_len;
	}
	return at;
}

void recorder_scan_files(struct recorder *recorder)
{
	char buffer[32768];
	size_t filled = 0, taken;
	int fd = probe_open_files(recorder->probe);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, buffer + filled, sizeof(buffer) - filled)) > 0 || (n < 0 && errno == EAGAIN)) {
		filled += n > 0 ? n : 0;
		taken = take_files(recorder, buffer, filled);
		filled -= taken;
		memmove(buffer, buffer + taken, filled);
	}
	close(fd);
}

/* Its opening was not seen, or its record was lost. */
static void look_for_file(struct recorder *recorder, const struct fd_identity *fd, uint64_t now)
{
	if (now < recorder->next_scan_ns)
		return;
	recorder_scan_files(recorder);
	if (files_path(recorder->files, fd).bytes)
		recorder->scan_pause_ns = SCAN_PAUSE_NS;
	else if (recorder->scan_pause_ns < SCAN_PAUSE_MAX_NS)
		recorder->scan_pause_ns *= 2;
	recorder->next_scan_ns = now + recorder->scan_pause_ns;
}

static bool is_named_by_path(const struct fd_identity *fd)
{
	return fd->kind == TROWEL__V1__FD_KIND__FD_FILE || fd->kind == TROWEL__V1__FD_KIND__FD_DIRECTORY;
}

static bool opens_path(uint16_t type)
{
	return type == CALL_open || type == CALL_openat || type == CALL_openat2 || type == CALL_creat;
}

/* The name to look a descriptor up by. What was opened just now has the path that opened it. */
static struct span name_of(struct recorder *recorder, const struct event *event, struct span strings, struct span name,
			   char *path)
{
	const struct fd_identity *fd = &event->fd;
	size_t len;

	if (!is_named_by_path(fd))
		return name;
	if (opens_path(event->type) && (len = args_first_path(path, strings))) {
		name = (struct span){ path, len };
		files_learn(recorder->files, fd, name);
		return name;
	}
	if (!files_path(recorder->files, fd).bytes)
		look_for_file(recorder, fd, event->end_ns);
	return (struct span){ 0 };
}

/* ---- Records ---- */

static struct span after(const char **at, size_t len)
{
	struct span span = { *at, len };

	*at += len;
	return span;
}

/* 0: the event has none. The length of the name is no part of an identity. */
static uint32_t fd_id(struct recorder *recorder, struct event *event, struct span strings, struct span name)
{
	char path[PATH_BYTES];
	uint32_t id = 0;

	if (!event->fd.kind)
		return 0;
	event->fd.name_len = 0;
	if (!name.len && !opens_path(event->type))
		id = fds_recent(recorder->fds, &event->fd);
	if (id)
		return id;
	return fds_id(recorder->fds, recorder->batch, &event->fd, name_of(recorder, event, strings, name, path));
}

static bool is_whole(const struct event *event, uint32_t len)
{
	return len >= sizeof(*event) + event->strings_len + event->fd.name_len + event->data_len;
}

static void take_event(struct recorder *recorder, struct event *event)
{
	const char *at = (const char *)(event + 1);
	struct span strings = after(&at, event->strings_len);
	struct span name = after(&at, event->fd.name_len);
	struct span data = after(&at, event->data_len);
	struct batch *batch = recorder->batch;
	uint32_t thread, fd;

	if (recorder->descriptors)
		descriptors_resolve(recorder->descriptors, event);
	roles_learn(recorder->roles, &event->fd, event->type);
	thread = threads_id(recorder->threads, batch, event);
	fd = fd_id(recorder, event, strings, name);
	batch_add(batch, event, data, thread, fd, args_append(batch, event, strings));
	recorder->events++;
	if (event->type == EVENT_procexit)
		threads_forget(recorder->threads, event->tid);
	if (threads_overflowed(recorder->threads))
		recorder->probe->settings->announce++;
}

static void take_loss(struct recorder *recorder, const struct loss *loss)
{
	static const char *const families[COUNTED_FAMILIES] = FAMILY_NAMES;
	struct batch *batch = recorder->batch;
	Trowel__V1__Loss *message = arena_alloc(&batch->arena, sizeof(*message));

	trowel__v1__loss__init(message);
	message->reason = loss->reason == LOSS_RING ? TROWEL__V1__LOSS__REASON__RING : TROWEL__V1__LOSS__REASON__QUEUE;
	message->cpu = loss->record.cpu;
	message->family = (char *)families[loss->record.family];
	message->count = loss->count;
	message->from_ns = batch_time(batch, loss->from_ns);
	message->to_ns = batch_time(batch, loss->to_ns);
	pointers_add(&batch->losses, message);
}

static bool give_loss(void *recorder, const struct loss *loss)
{
	take_loss(recorder, loss);
	return true;
}

/* A call on any descriptor counts as `io`: what the descriptor was is no longer known. */
static void lose_batch(struct recorder *recorder, struct batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		struct record record = { .cpu = batch->cpu[i], .family = call_of(batch->type[i])->family };

		losses_add_queue(recorder->losses, &record, batch->start_ns + (uint64_t)batch->time[i]);
	}
	batch_reset(batch);
}

/* Whether the batch on its way has arrived nobody knows: it counts as lost. */
void recorder_restart(struct recorder *recorder)
{
	lose_batch(recorder, &recorder->batches[0]);
	lose_batch(recorder, &recorder->batches[1]);
	threads_restart(recorder->threads);
	fds_restart(recorder->fds);
	losses_report(recorder->losses, give_loss, recorder);
}

void recorder_take(struct recorder *recorder, struct record *record, uint32_t len)
{
	switch (record->kind) {
	case RECORD_EVENT:
		if (is_whole((struct event *)record, len))
			take_event(recorder, (struct event *)record);
		break;
	case RECORD_THREAD:
		threads_announce(recorder->threads, (const struct thread_record *)record, len);
		break;
	case RECORD_LOSS:
		take_loss(recorder, (const struct loss *)record);
		break;
	}
}

/* ---- Now and then ---- */

static void add_counter(struct batch *batch, const struct counters *counters, int cpu, int family)
{
	static const char *const families[COUNTED_FAMILIES] = FAMILY_NAMES;
	uint64_t seen = counters->filtered[family] + counters->lost[family] + counters->emitted[family];
	Trowel__V1__Counter *message;

	if (!seen)
		return;
	message = arena_alloc(&batch->arena, sizeof(*message));
	trowel__v1__counter__init(message);
	message->cpu = cpu;
	message->family = (char *)families[family];
	message->seen = seen;
	message->filtered = counters->filtered[family];
	message->emitted = counters->emitted[family];
	message->lost = counters->lost[family];
	message->faults = counters->faults[family];
	pointers_add(&batch->counters, message);
}

void recorder_add_counters(struct recorder *recorder)
{
	for (int cpu = 0; cpu < recorder->probe->cpus; cpu++)
		for (int family = 0; family < FAMILIES_N; family++)
			add_counter(recorder->batch, &recorder->probe->counters[cpu], cpu, family);
}

void recorder_add_clock(struct recorder *recorder)
{
	Trowel__V1__Clock *clock = arena_alloc(&recorder->batch->arena, sizeof(*clock));

	trowel__v1__clock__init(clock);
	clock->boot_ns = boot_ns();
	clock->wall_ns = clock_ns(CLOCK_REALTIME);
	recorder->batch->clock = clock;
}
