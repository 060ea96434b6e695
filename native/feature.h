/* SPDX-License-Identifier: Apache-2.0 */
/* What a recording can do without, and the program that each of it needs: what a kernel refuses is told by these ids.
 */
#ifndef TROWEL_FEATURE_H
#define TROWEL_FEATURE_H

#include <stdbool.h>

enum feature_id {
	FEATURE_LATENCY,
	FEATURE_PROC_EXEC,
	FEATURE_PROC_EXIT,
	FEATURE_PROC_FORK,
	FEATURE_PROC_KILLER,
	FEATURE_PENDING,
	FEATURE_EXISTING_FDS,
	FEATURE_EXISTING_PROCESSES,
	FEATURE_SIGNALS,
	FEATURE_IO_URING,
	FEATURE_IO_URING_SUBMIT,
	FEATURE_IO_URING_PENDING,
	FEATURE_BUSY_CPUS,
	FEATURE_RETRANSMIT,
	FEATURE_RESET_SENT,
	FEATURE_RESET_SENT_NO_SOCKET,
	FEATURE_RESET_RECEIVED,
	FEATURE_STATE,
	FEATURE_DROP,
	FEATURE_UDP_QUEUE,
	FEATURE_ACCEPT_QUEUE,
	FEATURES_N,
	FEATURE_NONE = -1,
};

struct feature {
	const char *id; /* stable: part of captures */
	const char *program; /* without the suffix of its variant; NULL: it has none of its own */
	const char *effect; /* of its absence, for people */
	bool network; /* a network event: asked for by family */
	bool typed; /* only tp_btf hooks have it */
};

extern const struct feature features[FEATURES_N];

/* FEATURE_NONE: the program is one that a recording needs, or the id is unknown. */
enum feature_id feature_of_program(const char *program);
enum feature_id feature_by_id(const char *id, int len);

#endif
