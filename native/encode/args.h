/* SPDX-License-Identifier: Apache-2.0 */
/* The `args` column: arguments in the compact form of src/model/args.ts. */
#ifndef TROWEL_ARGS_H
#define TROWEL_ARGS_H

#include "batch.h"

/* What kind of event it is, by its type; NULL for none that is known. */
const struct call *call_of(uint16_t type);

/* Appends the event's arguments to batch->args and returns how many bytes they are. `strings` is what follows an event.
 */
uint32_t args_append(struct batch *batch, const struct event *event, struct span strings);

/* The first path among the event's strings, made absolute: at most PATH_BYTES. 0: it has none, or it was unreadable. */
size_t args_first_path(char *to, struct span strings);

#endif
