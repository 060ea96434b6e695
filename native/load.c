// SPDX-License-Identifier: Apache-2.0
/* Which variant of the programs this kernel takes, and without which of them. */
#include "load.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel-btf.h"
#include "probe.h"
#include "refusal.h"

/* probe.bpf.c, compiled in two ways; see objects.S. */
extern const char cast_object[], cast_object_end[], plain_object[], plain_object_end[];

/* The same programs, from those that cost least to those that need least. What a kernel takes is found by loading the
 * real programs, not by lists of features. */
struct variant {
	const char *name; /* for --hook */
	const char *hook;
	const char *suffix; /* of the programs it uses */
	const char *object, *end;
	bool classic; /* hooks that exist in the classic way are taken in that way */
};

static const struct variant variants[] = {
	{ "classic", "tp_btf", "_typed", cast_object, cast_object_end, true },
	{ "tp_btf", "tp_btf", "_typed", cast_object, cast_object_end, false },
	{ "raw_tp", "raw_tp", "_raw", cast_object, cast_object_end, false },
	{ "tp_btf-plain", "tp_btf", "_typed", plain_object, plain_object_end, false },
	{ "raw_tp-plain", "raw_tp", "_raw", plain_object, plain_object_end, false },
};

#define VARIANTS_N (sizeof(variants) / sizeof(*variants))

/* What is missing whatever the kernel takes. */
static void miss_unwanted(struct probe *probe, const struct load_options *options)
{
	probe->missing_n = 0;
	for (int i = 0; i < FEATURES_N; i++) {
		bool unwanted = features[i].network ? !options->network : i == FEATURE_LATENCY && !options->latency;

		if (unwanted)
			probe_miss(probe, i, 0, "not asked for");
		else if (options->without & 1u << i)
			probe_miss(probe, i, 0, "switched off by TROWEL_PROBE_WITHOUT");
	}
}

/* What this variant does not have, though another one would. */
static void miss_typed(struct probe *probe, const struct refusal *of_typed)
{
	char why[160] = "";

	if (of_typed->error)
		refusal_describe(of_typed, why, sizeof(why));
	for (int i = 0; i < FEATURES_N; i++)
		if (features[i].typed)
			probe_miss(probe, i, of_typed->error, "only tp_btf hooks have it%s%s", *why ? ": " : "", why);
}

static bool has_suffix(const char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	return len >= n && strcmp(name + len - n, suffix) == 0;
}

bool is_iterator(const struct bpf_program *program)
{
	return strncmp(bpf_program__section_name(program), "iter/", 5) == 0;
}

static bool has_classic(const struct probe *probe, const char *name, const char *suffix)
{
	char classic[64];

	snprintf(classic, sizeof(classic), "%.*s_classic", (int)(strlen(name) - strlen(suffix)), name);
	return has_suffix(name, suffix) && bpf_object__find_program_by_name(probe->object, classic);
}

static bool is_used(const struct probe *probe, const struct bpf_program *program, const struct variant *variant)
{
	const char *name = bpf_program__name(program);
	enum feature_id id = feature_of_program(name);

	if (id != FEATURE_NONE && probe_lacks(probe, id))
		return false;
	if (variant->classic && has_suffix(name, "_classic"))
		return true;
	if (variant->classic && has_classic(probe, name, variant->suffix))
		return false;
	return is_iterator(program) || has_suffix(name, variant->suffix);
}

static bool host_has_cgroup_v2(void)
{
	struct statfs fs;

	return statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* As of Linux 7.1 hooks can be preempted; as of 7.2 that happens often. */
static bool is_linux(int major, int minor)
{
	struct utsname host;
	int own_major, own_minor;

	return !uname(&host) && sscanf(host.release, "%d.%d", &own_major, &own_minor) == 2 &&
	       (own_major > major || (own_major == major && own_minor >= minor));
}

static bool has_tracefs(void)
{
	return !access("/sys/kernel/tracing/events/raw_syscalls", R_OK) ||
	       !access("/sys/kernel/debug/tracing/events/raw_syscalls", R_OK);
}

/* Some are for some kernels only, unless they are asked for. */
static bool is_for_here(const struct variant *variant, const struct load_options *options)
{
	if (options->hook)
		return strcmp(options->hook, variant->name) == 0;
	return !variant->classic || (is_linux(7, 1) && has_tracefs());
}

static uint32_t uring_compat(void)
{
	struct kernel_btf btf;
	uint32_t flag = kernel_btf_open(&btf) ? kernel_btf_enumerator(&btf, "IO_RING_F_COMPAT") : 0;

	kernel_btf_close(&btf);
	return flag;
}

static void set_knobs(struct probe *probe, const struct variant *variant)
{
	struct machine machine = {
		.cgroup_v2 = probe->cgroup_v2,
		.latency = !probe_lacks(probe, FEATURE_LATENCY),
		.uring = !probe_lacks(probe, FEATURE_IO_URING) && strcmp(variant->hook, "tp_btf") == 0,
		.preemptible = is_linux(7, 1),
		.uring_compat = is_linux(7, 2) ? uring_compat() : 0,
	};
	struct bpf_map *knobs = bpf_object__find_map_by_name(probe->object, ".rodata.machine");
	struct bpf_map *counters = bpf_object__find_map_by_name(probe->object, "cpu_counters");
	struct bpf_map *ring = bpf_object__find_map_by_name(probe->object, "ring");

	bpf_map__set_initial_value(knobs, &machine, sizeof(machine));
	bpf_map__set_max_entries(counters, probe->cpus);
	bpf_map__set_max_entries(ring, probe->ring_bytes);
}

static int try_variant(struct probe *probe, const struct variant *variant)
{
	struct bpf_program *program;
	int error;

	probe->object = bpf_object__open_mem(variant->object, variant->end - variant->object, NULL);
	if (!probe->object)
		return -errno;
	bpf_object__for_each_program(program, probe->object)
	{
		bpf_program__set_autoload(program, is_used(probe, program, variant));
		if (probe->old_uring && feature_of_program(bpf_program__name(program)) == FEATURE_IO_URING_SUBMIT)
			bpf_program__set_attach_target(program, 0, "io_uring_submit_sqe");
	}
	set_knobs(probe, variant);
	error = bpf_object__load(probe->object);
	if (error) {
		bpf_object__close(probe->object);
		probe->object = NULL;
	}
	return error;
}

/* As long as it is an optional program that is refused, tries again without it. */
static struct refusal load_variant(struct probe *probe, const struct variant *variant,
				   const struct load_options *options)
{
	miss_unwanted(probe, options);
	for (;;) {
		struct refusal refusal;
		enum feature_id id;
		char why[MISSING_REASON];
		int error;

		refusal_clear();
		error = try_variant(probe, variant);
		if (!error)
			return (struct refusal){ 0 };
		refusal = refusal_take(error);
		id = feature_of_program(refusal.program);
		if (id == FEATURE_NONE || probe_lacks(probe, id))
			return refusal;
		if (id == FEATURE_IO_URING_SUBMIT && !probe->old_uring && refusal.error == -ESRCH) {
			probe->old_uring = true;
			continue;
		}
		refusal_describe(&refusal, why, sizeof(why));
		probe_miss(probe, id, refusal.error, "%s", why);
	}
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

/* What a loaded variant lacks since something else is missing. */
static void settle(struct probe *probe, const struct variant *variant, const struct refusal *of_typed)
{
	probe->hook = variant->hook;
	if (!variant->classic && is_linux(7, 2))
		probe_miss(probe, FEATURE_BUSY_CPUS, 0, "the kernel preempts hooks, and %s",
			   has_tracefs() ? "refuses the classic ones" : "there is no tracefs for the classic ones");
	if (strcmp(variant->hook, "tp_btf"))
		miss_typed(probe, of_typed);
	if (probe_lacks(probe, FEATURE_STATE))
		probe_miss(probe, FEATURE_ACCEPT_QUEUE, 0,
			   "sockets that begin to listen are not known without net.state");
	probe->latency = !probe_lacks(probe, FEATURE_LATENCY);
	probe->ring = bpf_object__find_map_fd_by_name(probe->object, "ring");
}

int probe_load(struct probe *probe, const struct load_options *options)
{
	struct refusal refusal = { .error = -EINVAL }, of_typed = { 0 };

	*probe = (struct probe){
		.cpus = libbpf_num_possible_cpus(),
		.cgroup_v2 = host_has_cgroup_v2(),
		.ring_bytes = options->ring_bytes,
		.pending = -1,
		.uring_pending = -1,
	};
	refusal_watch();
	for (size_t i = 0; i < VARIANTS_N; i++) {
		const struct variant *variant = &variants[i];

		if (!is_for_here(variant, options))
			continue;
		refusal = load_variant(probe, variant, options);
		if (!refusal.error) {
			settle(probe, variant, &of_typed);
			return map_shared_memory(probe);
		}
		if (!of_typed.error && !variant->classic)
			of_typed = refusal;
	}
	refusal_complain(&refusal);
	return refusal.error;
}
