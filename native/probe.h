/* SPDX-License-Identifier: Apache-2.0 */
/* The BPF programs: choosing a variant that this kernel takes, loading, attaching, and the memory shared with them. */
#ifndef TROWEL_PROBE_H
#define TROWEL_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trowel.h"

#define MAX_NOTES 16
#define MAX_LINKS 32

struct probe {
	struct bpf_object *object;
	struct bpf_link *links[MAX_LINKS];
	int links_n;
	const char *hook; /* tp_btf or raw_tp */
	char *notes[MAX_NOTES]; /* what is switched off */
	int notes_n;

	struct settings *settings; /* shared memory */
	const struct counters *counters; /* shared memory, one per CPU */
	int cpus;
	bool cgroup_v2;
	bool latency;

	int ring;
	size_t ring_bytes;
	int pending; /* an iterator that has not begun, or -1 */
	struct bpf_link *listeners; /* may be NULL */
	struct bpf_link *open_files; /* may be NULL */
};

struct load_options {
	size_t ring_bytes;
	bool latency;
	bool trouble; /* what goes wrong in the network is hooked, too */
	const char *hook; /* NULL: the best */
};

/* 0, or a negative errno after one line on stderr that says what is missing. */
int probe_load(struct probe *probe, const struct load_options *options);
int probe_attach(struct probe *probe);
void probe_detach(struct probe *probe);
void probe_free(struct probe *probe);

/* Both make events appear in the ring: of accept queues that are full, of calls that have begun and not returned. */
void probe_check_listeners(struct probe *probe);
void probe_emit_pending(struct probe *probe);

/*
 * How often the programs of each family were not run since the kernel was running the same one on that CPU: an
 * interrupt came while one told of something.
 */
void probe_count_skipped(const struct probe *probe, uint64_t skipped[COUNTED_FAMILIES]);

/* A file to read the open files of all processes from, or a negative errno. */
int probe_open_files(struct probe *probe);

#endif
