// SPDX-License-Identifier: Apache-2.0
#include "probe.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "calls.h"
#include "log.h"

/* Both variants of probe.bpf.c; see objects.S. */
extern const char cast_object[], cast_object_end[], plain_object[], plain_object_end[];

/* From the best to the most modest. What a kernel takes is found by loading the real programs, not by lists of
 * features. */
struct rung {
	const char *name; /* for --hook */
	const char *hook;
	const char *suffix; /* of the programs it uses */
	const char *object, *end;
};

static const struct rung ladder[] = {
	{ "tp_btf", "tp_btf", "_typed", cast_object, cast_object_end },
	{ "raw_tp", "raw_tp", "_raw", cast_object, cast_object_end },
	{ "tp_btf-plain", "tp_btf", "_typed", plain_object, plain_object_end },
	{ "raw_tp-plain", "raw_tp", "_raw", plain_object, plain_object_end },
};

/* Programs that a recording can do without, and what is then missing. */
static const struct {
	const char *name;
	const char *note;
} optional[] = {
	{ "pending", "calls that have not returned at the end are not recorded" },
	{ "open_files", "files opened before the recording have no names" },
	{ "processes", "processes that do nothing during the recording have no names" },
	{ "signal_typed", "signals, and calls that they interrupt, are not seen" },
	{ "retransmit_typed", "TCP retransmissions and unanswered connects are not seen" },
	{ "reset_sent_typed", "TCP resets that are sent are not seen" },
	{ "reset_received_typed", "TCP resets that are received are not seen" },
	{ "state_typed", "TCP state changes are not seen" },
	{ "drop_typed", "dropped packets are not seen" },
	{ "full_listeners", "accept queues that stay full are not seen" },
	{ "udp_full_typed", "full UDP receive queues are not seen" },
};

#define FIRST_TROUBLE 4 /* those that options->trouble switches */

/* ---- Which program was refused ---- */

/* libbpf says it only in words. */
static char refused[64];

static int on_libbpf_message(enum libbpf_print_level level, const char *format, va_list args)
{
	if (getenv("TROWEL_PROBE_DEBUG"))
		return vfprintf(stderr, format, args);
	if (level == LIBBPF_WARN && strstr(format, "prog '%s': failed to"))
		snprintf(refused, sizeof(refused), "%s", va_arg(args, const char *));
	return 0;
}

static void note(struct probe *probe, const char *text)
{
	if (probe->notes_n < MAX_NOTES)
		probe->notes[probe->notes_n++] = strdup(text);
}

/* ---- Loading ---- */

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

static int optional_index(const char *name)
{
	for (size_t i = 0; i < sizeof(optional) / sizeof(*optional); i++)
		if (strcmp(name, optional[i].name) == 0)
			return i;
	return -1;
}

static bool is_iterator(const struct bpf_program *program)
{
	return strncmp(bpf_program__section_name(program), "iter/", 5) == 0;
}

static bool is_used(const struct bpf_program *program, const struct rung *rung, const struct load_options *options,
		    unsigned switched_off)
{
	const char *name = bpf_program__name(program);
	int i = optional_index(name);

	if (i >= FIRST_TROUBLE && !options->trouble)
		return false;
	if (i >= 0 && switched_off & 1u << i)
		return false;
	if (is_iterator(program))
		return true;
	if (strncmp(name, "enter_", 6) == 0 && !options->latency)
		return false;
	return has_suffix(name, rung->suffix);
}

static bool host_has_cgroup_v2(void)
{
	struct statfs fs;

	return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static void set_knobs(struct probe *probe, const struct load_options *options)
{
	struct machine machine = { .cgroup_v2 = probe->cgroup_v2, .latency = options->latency };
	struct bpf_map *knobs = bpf_object__find_map_by_name(probe->object, ".rodata.machine");
	struct bpf_map *counters = bpf_object__find_map_by_name(probe->object, "cpu_counters");
	struct bpf_map *ring = bpf_object__find_map_by_name(probe->object, "ring");

	bpf_map__set_initial_value(knobs, &machine, sizeof(machine));
	bpf_map__set_max_entries(counters, probe->cpus);
	bpf_map__set_max_entries(ring, options->ring_bytes);
}

static int try_rung(struct probe *probe, const struct rung *rung, const struct load_options *options,
		    unsigned switched_off)
{
	struct bpf_program *program;
	int error;

	probe->object = bpf_object__open_mem(rung->object, rung->end - rung->object, NULL);
	if (!probe->object)
		return -errno;
	bpf_object__for_each_program(program, probe->object)
		bpf_program__set_autoload(program, is_used(program, rung, options, switched_off));
	set_knobs(probe, options);
	error = bpf_object__load(probe->object);
	if (error) {
		bpf_object__close(probe->object);
		probe->object = NULL;
	}
	return error;
}

/* As long as it is an optional program that is refused, tries again without it. */
static int climb(struct probe *probe, const struct rung *rung, const struct load_options *options)
{
	unsigned switched_off = 0;

	for (;;) {
		int error, i;

		refused[0] = '\0';
		error = try_rung(probe, rung, options, switched_off);
		i = optional_index(refused);
		if (!error || i < 0 || switched_off & 1u << i)
			return error;
		switched_off |= 1u << i;
		note(probe, optional[i].note);
	}
}

static int explain_failure(int error)
{
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		complain("this kernel has no BTF (/sys/kernel/btf/vmlinux): use a kernel built with "
			 "CONFIG_DEBUG_INFO_BTF, 5.17 or later");
	else if (error == -EPERM || error == -EACCES)
		complain("not allowed to load BPF programs: run as root, or with CAP_BPF and CAP_PERFMON");
	else
		complain("this kernel refuses the BPF programs (%s%s%s): Linux 5.17 or later is needed",
			 strerror(-error), refused[0] ? ", first " : "", refused);
	return error;
}

static void *map_memory(struct probe *probe, const char *name, size_t len, int protection)
{
	int fd = bpf_object__find_map_fd_by_name(probe->object, name);
	void *memory = mmap(NULL, len, protection, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int map_shared_memory(struct probe *probe)
{
	probe->settings = map_memory(probe, ".data.settings", sizeof(struct settings), PROT_READ | PROT_WRITE);
	probe->counters = map_memory(probe, "cpu_counters", probe->cpus * sizeof(struct counters), PROT_READ);
	return probe->settings && probe->counters ? 0 : -ENOMEM;
}

int probe_load(struct probe *probe, const struct load_options *options)
{
	int error = -EINVAL;

	*probe = (struct probe){
		.cpus = libbpf_num_possible_cpus(),
		.cgroup_v2 = host_has_cgroup_v2(),
		.latency = options->latency,
		.ring_bytes = options->ring_bytes,
		.pending = -1,
	};
	libbpf_set_print(on_libbpf_message);
	for (size_t i = 0; i < sizeof(ladder) / sizeof(*ladder); i++) {
		const struct rung *rung = &ladder[i];

		if (options->hook && strcmp(options->hook, rung->name))
			continue;
		error = climb(probe, rung, options);
		if (!error) {
			probe->hook = rung->hook;
			if (!options->latency)
				note(probe, "blocking waits are not recorded: how long they take is not measured");
			if (strcmp(rung->hook, "tp_btf"))
				note(probe, "signals and trouble in the network are not seen");
			probe->ring = bpf_object__find_map_fd_by_name(probe->object, "ring");
			return map_shared_memory(probe);
		}
		if (error == -EPERM)
			break;
	}
	return explain_failure(error);
}

/* ---- Attaching ---- */

/* `map`: what it goes over, or NULL if that is part of its name. */
static struct bpf_link *attach_iterator(struct probe *probe, const char *name, const char *map)
{
	struct bpf_program *program = bpf_object__find_program_by_name(probe->object, name);
	union bpf_iter_link_info info = { 0 };
	LIBBPF_OPTS(bpf_iter_attach_opts, options);

	if (!bpf_program__autoload(program))
		return NULL;
	if (map) {
		info.map.map_fd = bpf_object__find_map_fd_by_name(probe->object, map);
		options.link_info = &info;
		options.link_info_len = sizeof(info);
	}
	return bpf_program__attach_iter(program, &options);
}

static int attach_hooks(struct probe *probe)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, probe->object)
	{
		struct bpf_link *link;

		if (!bpf_program__autoload(program) || is_iterator(program))
			continue;
		link = bpf_program__attach(program);
		if (!link) {
			complain("cannot attach to %s: %s", bpf_program__section_name(program), strerror(errno));
			return -errno;
		}
		probe->links[probe->links_n++] = link;
	}
	return 0;
}

/* Programs that write into the ring instead leave the iterator's own file empty. */
static void run_iterator(int fd)
{
	char nothing[64];

	while (read(fd, nothing, sizeof(nothing)) > 0)
		;
	close(fd);
}

/*
 * The iterators come first: the one for pending calls is opened now, since later there are no privileges, and it does
 * not begin before it is read.
 */
int probe_attach(struct probe *probe)
{
	struct bpf_link *pending = attach_iterator(probe, "pending", NULL);
	struct bpf_link *processes = attach_iterator(probe, "processes", NULL);

	probe->open_files = attach_iterator(probe, "open_files", NULL);
	probe->listeners = attach_iterator(probe, "full_listeners", "listeners");
	if (pending) {
		probe->pending = bpf_iter_create(bpf_link__fd(pending));
		bpf_link__destroy(pending);
	}
	if (processes) {
		run_iterator(bpf_iter_create(bpf_link__fd(processes)));
		bpf_link__destroy(processes);
	}
	return attach_hooks(probe);
}

int probe_open_files(struct probe *probe)
{
	return probe->open_files ? bpf_iter_create(bpf_link__fd(probe->open_files)) : -ENOTSUP;
}

void probe_check_listeners(struct probe *probe)
{
	int fd = probe->listeners ? bpf_iter_create(bpf_link__fd(probe->listeners)) : -1;

	if (fd >= 0)
		run_iterator(fd);
}

void probe_emit_pending(struct probe *probe)
{
	if (probe->pending >= 0)
		run_iterator(probe->pending);
	probe->pending = -1;
}

/* Calls are counted by their table; of the other programs each belongs to one family. */
static int family_of_program(const char *name)
{
	if (strncmp(name, "enter_", 6) == 0 || strncmp(name, "exit_", 5) == 0)
		return FAMILY_IO;
	return optional_index(name) >= FIRST_TROUBLE ? FAMILY_TROUBLE : FAMILY_PROCESS;
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
	if (probe->listeners)
		bpf_link__destroy(probe->listeners);
	munmap(probe->settings, sizeof(struct settings));
	munmap((void *)probe->counters, probe->cpus * sizeof(struct counters));
	bpf_object__close(probe->object);
	while (probe->notes_n)
		free(probe->notes[--probe->notes_n]);
}
