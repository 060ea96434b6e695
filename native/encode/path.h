/* SPDX-License-Identifier: Apache-2.0 */
/* Paths as text, from what the BPF programs write: names from the innermost out, each ended by NUL. */
#ifndef TROWEL_PATH_H
#define TROWEL_PATH_H

#include <stddef.h>

#define PATH_BYTES 4096

struct span {
	const char *bytes;
	size_t len;
};

/* Both write at most PATH_BYTES to `to`, without a NUL, and return the length. */
size_t path_from_names(char *to, struct span names);
/* What a process wrote, made absolute by the directory it is relative to; `base` is ignored if it is absolute. */
size_t path_absolute(char *to, struct span written, struct span base);

#endif
