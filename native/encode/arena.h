/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that is given back all at once: what one batch needs until it is packed. */
#ifndef TROWEL_ARENA_H
#define TROWEL_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *blocks;
};

void *arena_alloc(struct arena *arena, size_t len);
void *arena_copy(struct arena *arena, const void *from, size_t len);
/* Keeps one block for the next time. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);

#endif
