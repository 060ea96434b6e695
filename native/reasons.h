/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel drops packets: its own names, whose numbers differ from kernel to kernel. */
#ifndef TROWEL_REASONS_H
#define TROWEL_REASONS_H

#include <stdbool.h>
#include <stdint.h>

#include "trowel.h"

/* Reads the names from the kernel's BTF. False: it has none. */
bool reasons_read(void);
/* Linux 6.10, which gave resets reasons, is also the first to tell of those that it sends without a socket. */
bool reasons_tell_resets_without_socket(void);
/* "NETFILTER_DROP"; NULL: unknown. */
const char *reason_name(uint64_t reason);
/* Marks those that mean that something is wrong. */
void reasons_mark_bad(__u64 marks[MAX_DROP_REASONS / 64]);

#endif
