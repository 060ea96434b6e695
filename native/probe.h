/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF programs: choosing a variant that this kernel takes, loading, attaching, and the memory shared with them. */
#ifndef TROWEL_PROBE_H
#define TROWEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feature.h"
#include "trowel.h"

#define MISSING_REASON 256
#define MAX_LINKS 32

/* A feature that this recording does not have. */
struct missing {
	const struct feature *feature;
	char reason[MISSING_REASON];
	int error; /* the errno that the kernel gave; 0: it was not the kernel's choice */
};

struct probe {
	struct bpf_object *object;
	struct bpf_link *links[MAX_LINKS];
	int links_n;
	const char *hook; /* tp_btf or raw_tp */
	struct missing missing[FEATURES_N];
	int missing_n;

	struct settings *settings; /* shared memory */
	const struct counters *counters; /* shared memory, one per CPU */
	int cpus;
	bool cgroup_v2;
	bool latency;
	bool old_uring; /* the submission hook has the name that Linux before 6.3 gave it */

	int ring;
	size_t ring_bytes;
	int pending, uring_pending; /* iterators that have not begun, or -1 */
	struct bpf_link *open_files; /* may be NULL */
};

struct load_options {
	size_t ring_bytes;
	bool latency;
	bool network; /* network events are hooked, too */
	const char *hook; /* NULL: the best */
	uint32_t without; /* features that are treated as refused, a bit each: for tests */
};

/* 0, or a negative errno after one line on stderr that says what is missing. */
int probe_load(struct probe *probe, const struct load_options *options);
int probe_attach(struct probe *probe);
void probe_detach(struct probe *probe);
void probe_free(struct probe *probe);

/* `format`: the reason, as part of a sentence. The first reason counts. */
void probe_miss(struct probe *probe, enum feature_id id, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool probe_lacks(const struct probe *probe, enum feature_id id);

/* Both make events appear in the ring: of accept queues that are full, of what has begun and not ended. */
void probe_check_listeners(struct probe *probe);
void probe_emit_pending(struct probe *probe);

/*
 * How often the programs of each family were not run since the kernel was running the same one on that CPU: an
 * interrupt came while one told of something.
 */
void probe_count_skipped(const struct probe *probe, uint64_t skipped[COUNTED_FAMILIES]);

/* What a program cost in the kernel, which counts that only where it is told to. */
struct program_cost {
	const char *name;
	uint64_t runs;
	uint64_t ns;
};

/* Those that ran, at most `max`; returns how many. */
int probe_program_costs(const struct probe *probe, struct program_cost *costs, int max);

/* A file to read the open files of all processes from, or a negative errno. */
int probe_open_files(struct probe *probe);

#endif
