// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "load.h"
#include "log.h"

#define LOOKS_TRIED 3 /* one may fall into an interrupt that keeps the hook from running */

/* ---- What is missing ---- */

bool probe_lacks(const struct probe *probe, enum feature_id id)
{
	for (int i = 0; i < probe->missing_n; i++)
		if (probe->missing[i].feature == &features[id])
			return true;
	return false;
}

void probe_miss(struct probe *probe, enum feature_id id, int error, const char *format, ...)
{
	struct missing *missing = &probe->missing[probe->missing_n];
	va_list args;

	if (probe_lacks(probe, id))
		return;
	probe->missing_n++;
	missing->feature = &features[id];
	missing->error = error < 0 ? -error : error;
	va_start(args, format);
	vsnprintf(missing->reason, sizeof(missing->reason), format, args);
	va_end(args);
}

/* ---- Attaching ---- */

/* `map`: whose entries it goes through, or NULL. */
static struct bpf_link *attach_iterator(struct probe *probe, enum feature_id id, const char *map)
{
	struct bpf_program *program = bpf_object__find_program_by_name(probe->object, features[id].program);
	union bpf_iter_link_info info = { 0 };
	DECLARE_LIBBPF_OPTS(bpf_iter_attach_opts, over, .link_info = &info, .link_info_len = sizeof(info));
	struct bpf_link *link;

	if (!bpf_program__autoload(program))
		return NULL;
	if (map)
		info.map.map_fd = bpf_object__find_map_fd_by_name(probe->object, map);
	link = bpf_program__attach_iter(program, map ? &over : NULL);
	if (!link)
		probe_miss(probe, id, errno, "the iterator cannot be attached: %s", strerror(errno));
	return link;
}

/* An iterator's file, or -1. */
static int open_iterator(struct probe *probe, enum feature_id id, const char *map)
{
	struct bpf_link *link = attach_iterator(probe, id, map);
	int fd = -1;

	if (!link)
		return -1;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		probe_miss(probe, id, errno, "the iterator cannot be opened: %s", strerror(errno));
	bpf_link__destroy(link);
	return fd < 0 ? -1 : fd;
}

static int attach_hook(struct probe *probe, struct bpf_program *program)
{
	enum feature_id id = feature_of_program(bpf_program__name(program));
	struct bpf_link *link = bpf_program__attach(program);
	int error = errno;

	if (link) {
		probe->links[probe->links_n++] = link;
		return 0;
	}
	if (id == FEATURE_NONE || id == FEATURE_LATENCY) { /* what is recorded is decided already */
		complain("cannot attach to %s: %s", bpf_program__section_name(program), strerror(error));
		return -error;
	}
	probe_miss(probe, id, error, "the hook cannot be attached: %s", strerror(error));
	return 0;
}

static int attach_hooks(struct probe *probe)
{
	struct bpf_program *program;
	int error = 0;

	bpf_object__for_each_program(program, probe->object) if (!error && bpf_program__autoload(program) &&
								 !is_iterator(program))
		error = attach_hook(probe, program);
	return error;
}

/* Programs that write into the ring instead leave the iterator's own file empty. */
static void run_iterator(int fd)
{
	char nothing[64];

	while (read(fd, nothing, sizeof(nothing)) > 0)
		;
	close(fd);
}

/* Does the hook see our own call? In a pid namespace of its own the probe does not know what the kernel calls it. */
static void try_listeners(struct probe *probe)
{
	uint32_t before = probe->settings->looks;

	if (probe_lacks(probe, FEATURE_ACCEPT_QUEUE))
		return;
	for (int i = 0; i < LOOKS_TRIED && probe->settings->looks == before; i++)
		probe_check_listeners(probe);
	if (probe->settings->looks == before)
		probe_miss(probe, FEATURE_ACCEPT_QUEUE, 0,
			   "the hook of system calls does not recognise the probe's own");
}

/*
 * The iterators come first: those for what is pending are opened now, since later there are no privileges, and they do
 * not begin before they are read.
 */
int probe_attach(struct probe *probe)
{
	int processes, error;

	probe->pending = open_iterator(probe, FEATURE_PENDING, NULL);
	probe->uring_pending = open_iterator(probe, FEATURE_IO_URING_PENDING, "submissions");
	processes = open_iterator(probe, FEATURE_EXISTING_PROCESSES, NULL);
	probe->open_files = attach_iterator(probe, FEATURE_EXISTING_FDS, NULL);
	if (processes >= 0)
		run_iterator(processes);
	error = attach_hooks(probe);
	if (!error)
		try_listeners(probe);
	return error;
}

int probe_open_files(struct probe *probe)
{
	return probe->open_files ? bpf_iter_create(bpf_link__fd(probe->open_files)) : -ENOTSUP;
}

void probe_check_listeners(struct probe *probe)
{
	if (!probe_lacks(probe, FEATURE_ACCEPT_QUEUE))
		syscall(SYS_getcpu, NULL, NULL, NULL);
}

void probe_emit_pending(struct probe *probe)
{
	if (probe->pending >= 0)
		run_iterator(probe->pending);
	if (probe->uring_pending >= 0)
		run_iterator(probe->uring_pending);
	probe->pending = probe->uring_pending = -1;
}

/* Calls are counted by their table; of the other programs each belongs to one family. */
static int family_of_program(const char *name)
{
	enum feature_id id = feature_of_program(name);

	if (strncmp(name, "exit_", 5) == 0 || id == FEATURE_LATENCY)
		return FAMILY_IO;
	return id != FEATURE_NONE && features[id].network ? FAMILY_TROUBLE : FAMILY_PROCESS;
}

void probe_count_skipped(const struct probe *probe, uint64_t skipped[COUNTED_FAMILIES])
{
	struct bpf_program *program;

	memset(skipped, 0, COUNTED_FAMILIES * sizeof(*skipped));
	bpf_object__for_each_program(program, probe->object)
	{
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (bpf_program__autoload(program) && !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len))
			skipped[family_of_program(bpf_program__name(program))] += info.recursion_misses;
	}
}

int probe_program_costs(const struct probe *probe, struct program_cost *costs, int max)
{
	struct bpf_program *program;
	int n = 0;

	bpf_object__for_each_program(program, probe->object)
	{
		struct bpf_prog_info info = { 0 };
		uint32_t len = sizeof(info);

		if (n < max && bpf_program__autoload(program) &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len) && info.run_cnt)
			costs[n++] = (struct program_cost){ bpf_program__name(program), info.run_cnt,
							    info.run_time_ns };
	}
	return n;
}

void probe_detach(struct probe *probe)
{
	while (probe->links_n)
		bpf_link__destroy(probe->links[--probe->links_n]);
}

void probe_free(struct probe *probe)
{
	probe_detach(probe);
	if (probe->open_files)
		bpf_link__destroy(probe->open_files);
	munmap(probe->settings, sizeof(struct settings));
	munmap((void *)probe->counters, probe->cpus * sizeof(struct counters));
	bpf_object__close(probe->object);
}
