// SPDX-License-Identifier: Apache-2.0
#include "encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
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

struct encoder {
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
	uint64_t sought; /* address of the file whose name is looked for; 0: none */
};

struct encoder *encoder_new(struct probe *probe, uint64_t start_ns)
{
	struct encoder *encoder = alloc_zeroed(1, sizeof(*encoder));

	encoder->probe = probe;
	encoder->files = files_new();
	encoder->roles = roles_new();
	encoder->threads = threads_new();
	encoder->fds = fds_new(encoder->files, encoder->roles);
	encoder->losses = losses_new(probe);
	encoder->descriptors = probe->latency ? NULL : descriptors_new();
	encoder->scan_pause_ns = SCAN_PAUSE_NS;
	batch_init(&encoder->batches[0], start_ns);
	batch_init(&encoder->batches[1], start_ns);
	encoder->batch = &encoder->batches[0];
	return encoder;
}

void encoder_free(struct encoder *encoder)
{
	batch_free(&encoder->batches[0]);
	batch_free(&encoder->batches[1]);
	losses_free(encoder->losses);
	descriptors_free(encoder->descriptors);
	fds_free(encoder->fds);
	threads_free(encoder->threads);
	roles_free(encoder->roles);
	files_free(encoder->files);
	free(encoder);
}

struct batch *encoder_batch(struct encoder *encoder)
{
	return encoder->batch;
}

void encoder_next_batch(struct encoder *encoder)
{
	encoder->batch = encoder->batch == encoder->batches ? &encoder->batches[1] : &encoder->batches[0];
	batch_reset(encoder->batch);
}

uint64_t encoder_events(const struct encoder *encoder)
{
	return encoder->events;
}

/* ---- Open files ---- */

/*
 * Events of a file that is closed by now may still be queued, and its address be another file's: only where a name is
 * looked for does what is open now replace what was.
 */
static void take_file(struct encoder *encoder, const struct file_record *record, struct span names)
{
	char path[PATH_BYTES];

	roles_learn(encoder->roles, &record->fd, 0);
	if (names.len && (record->fd.file == encoder->sought || !files_has(encoder->files, record->fd.file)))
		files_learn(encoder->files, &record->fd, (struct span){ path, path_from_names(path, names) });
}

/* Returns how many bytes of `bytes` were whole records. */
static size_t take_files(struct encoder *encoder, const char *bytes, size_t len)
{
	struct file_record record;
	size_t at = 0;

	while (len - at >= sizeof(record)) {
		memcpy(&record, bytes + at, sizeof(record));
		if (len - at < sizeof(record) + record.path_len)
			break;
		at += sizeof(record);
		take_file(encoder, &record, (struct span){ bytes + at, record.path_len });
		at += record.path_len;
	}
	return at;
}

void encoder_scan_files(struct encoder *encoder)
{
	char buffer[32768];
	size_t filled = 0, taken;
	int fd = probe_open_files(encoder->probe);
	ssize_t n;

	if (fd < 0)
		return;
	while ((n = read(fd, buffer + filled, sizeof(buffer) - filled)) > 0 || (n < 0 && errno == EAGAIN)) {
		filled += n > 0 ? n : 0;
		taken = take_files(encoder, buffer, filled);
		filled -= taken;
		memmove(buffer, buffer + taken, filled);
	}
	close(fd);
}

/* Its opening was not seen, or its record was lost. */
static void look_for_file(struct encoder *encoder, const struct fd_identity *fd, uint64_t now)
{
	if (now < encoder->next_scan_ns)
		return;
	encoder->sought = fd->file;
	encoder_scan_files(encoder);
	encoder->sought = 0;
	if (files_path(encoder->files, fd).bytes)
		encoder->scan_pause_ns = SCAN_PAUSE_NS;
	else if (encoder->scan_pause_ns < SCAN_PAUSE_MAX_NS)
		encoder->scan_pause_ns *= 2;
	encoder->next_scan_ns = now + encoder->scan_pause_ns;
}

static bool is_named_by_path(const struct fd_identity *fd)
{
	return fd->kind == TROWEL__V1__FD_KIND__FD_FILE || fd->kind == TROWEL__V1__FD_KIND__FD_DIRECTORY;
}

static bool opens_path(uint16_t type)
{
	const struct call *call = call_of(type);

	return call && call->flags & CALL_OPENS;
}

/* The name to look a descriptor up by. What was opened just now has the path that opened it. */
static struct span name_of(struct encoder *encoder, const struct event *event, struct span strings, struct span name,
			   char *path)
{
	const struct fd_identity *fd = &event->fd;
	size_t len;

	if (!is_named_by_path(fd))
		return name;
	if (opens_path(event->type) && (len = args_first_path(path, strings))) {
		name = (struct span){ path, len };
		files_learn(encoder->files, fd, name);
		return name;
	}
	if (!files_path(encoder->files, fd).bytes)
		look_for_file(encoder, fd, event->end_ns);
	return (struct span){ 0 };
}

/* ---- Records ---- */

static struct span after(const char **at, size_t len)
{
	struct span span = { *at, len };

	*at += len;
	return span;
}

/* Apart from what most events need: room for a path on the stack is guarded. */
static __attribute__((noinline)) uint32_t sought_fd_id(struct encoder *encoder, const struct event *event,
						       struct span strings, struct span name)
{
	char path[PATH_BYTES];

	return fds_id(encoder->fds, encoder->batch, &event->fd, name_of(encoder, event, strings, name, path));
}

/* 0: the event has none. The length of the name is no part of an identity. */
static uint32_t fd_id(struct encoder *encoder, struct event *event, struct span strings, struct span name)
{
	uint32_t id = 0;

	if (!event->fd.kind)
		return 0;
	event->fd.name_len = 0;
	if (!name.len && !opens_path(event->type))
		id = fds_recent(encoder->fds, &event->fd);
	return id ? id : sought_fd_id(encoder, event, strings, name);
}

static bool is_whole(const struct event *event, uint32_t len)
{
	return len >= sizeof(*event) + event->strings_len + event->fd.name_len + event->data_len;
}

static void take_event(struct encoder *encoder, struct event *event)
{
	const char *at = (const char *)(event + 1);
	struct span strings = after(&at, event->strings_len);
	struct span name = after(&at, event->fd.name_len);
	struct span data = after(&at, event->data_len);
	struct batch *batch = encoder->batch;
	uint32_t thread, fd;

	if (encoder->descriptors)
		descriptors_resolve(encoder->descriptors, event);
	roles_learn(encoder->roles, &event->fd, event->type);
	thread = threads_id(encoder->threads, batch, event);
	fd = fd_id(encoder, event, strings, name);
	batch_add(batch, event, data, thread, fd, args_append(batch, event, strings));
	encoder->events++;
	if (event->type == EVENT_procexit)
		threads_forget(encoder->threads, event->tid);
	if (threads_overflowed(encoder->threads))
		encoder->probe->settings->announce++;
}

static void take_loss(struct encoder *encoder, const struct loss *loss)
{
	static const char *const families[COUNTED_FAMILIES] = FAMILY_NAMES;
	struct batch *batch = encoder->batch;
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

static bool give_loss(void *encoder, const struct loss *loss)
{
	take_loss(encoder, loss);
	return true;
}

/* A call on any descriptor counts as `io`: what the descriptor was is no longer known. */
static void lose_batch(struct encoder *encoder, struct batch *batch)
{
	for (uint32_t i = 0; i < batch->n; i++) {
		struct record record = { .cpu = batch->cpu[i], .family = call_of(batch->type[i])->family };

		losses_add_queue(encoder->losses, &record, batch->start_ns + (uint64_t)batch->time[i]);
	}
	batch_reset(batch);
}

/* Whether the batch on its way has arrived nobody knows: it counts as lost. */
void encoder_restart(struct encoder *encoder)
{
	lose_batch(encoder, &encoder->batches[0]);
	lose_batch(encoder, &encoder->batches[1]);
	threads_restart(encoder->threads);
	fds_restart(encoder->fds);
	losses_report(encoder->losses, give_loss, encoder);
}

void encoder_take(struct encoder *encoder, struct record *record, uint32_t len)
{
	switch (record->kind) {
	case RECORD_EVENT:
		if (is_whole((struct event *)record, len))
			take_event(encoder, (struct event *)record);
		break;
	case RECORD_THREAD:
		threads_announce(encoder->threads, (const struct thread_record *)record, len);
		break;
	case RECORD_LOSS:
		take_loss(encoder, (const struct loss *)record);
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

void encoder_add_counters(struct encoder *encoder)
{
	for (int cpu = 0; cpu < encoder->probe->cpus; cpu++)
		for (int family = 0; family < FAMILIES_N; family++)
			add_counter(encoder->batch, &encoder->probe->counters[cpu], cpu, family);
}

void encoder_add_clock(struct encoder *encoder)
{
	Trowel__V1__Clock *clock = arena_alloc(&encoder->batch->arena, sizeof(*clock));

	trowel__v1__clock__init(clock);
	clock->boot_ns = boot_ns();
	clock->wall_ns = clock_ns(CLOCK_REALTIME);
	encoder->batch->clock = clock;
}
