/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process' descriptors stood for last. Needed for `close` only, and only when the entry of calls is not hooked:
 * as it returns, the descriptor is gone from the kernel.
 */
#ifndef TROWEL_DESCRIPTORS_H
#define TROWEL_DESCRIPTORS_H

#include "trowel.h"

struct descriptors;

struct descriptors *descriptors_new(void);
void descriptors_free(struct descriptors *descriptors);

/* Remembers an event's descriptor. Of a `close` that does not know what it closed, fills in what is remembered. */
void descriptors_resolve(struct descriptors *descriptors, struct event *event);

#endif
