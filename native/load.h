/* SPDX-License-Identifier: Apache-2.0 */
/* What loading (load.c) and attaching (probe.c) both ask of a program. */
#ifndef TROWEL_LOAD_H
#define TROWEL_LOAD_H

#include <stdbool.h>

struct bpf_program;

/* It runs when its file is read, and not at a hook. */
bool is_iterator(const struct bpf_program *program);

#endif
