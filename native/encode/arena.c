// SPDX-License-Identifier: Apache-2.0
#include "arena.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define BLOCK_BYTES (64 << 10)

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t size;
	max_align_t bytes[];
};

void *arena_alloc(struct arena *arena, size_t len)
{
	struct arena_block *block = arena->blocks;
	void *memory;

	len = (len + 15) & ~(size_t)15;
	if (!block || block->used + len > block->size) {
		size_t size = len > BLOCK_BYTES ? len : BLOCK_BYTES;

		block = alloc_resize(NULL, sizeof(*block) + size);
		*block = (struct arena_block){ .next = arena->blocks, .size = size };
		arena->blocks = block;
	}
	memory = (char *)block->bytes + block->used;
	block->used += len;
	return memory;
}

void *arena_copy(struct arena *arena, const void *from, size_t len)
{
	return memcpy(arena_alloc(arena, len), from, len);
}

void arena_reset(struct arena *arena)
{
	while (arena->blocks && arena->blocks->next) {
		struct arena_block *next = arena->blocks->next;

		free(arena->blocks);
		arena->blocks = next;
	}
	if (arena->blocks)
		arena->blocks->used = 0;
}

void arena_free(struct arena *arena)
{
	arena_reset(arena);
	free(arena->blocks);
	arena->blocks = NULL;
}
