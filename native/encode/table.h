/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of a fixed size: open addressing, at most half full, without
 * marks of what was deleted. */
#ifndef TROWEL_TABLE_H
#define TROWEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every entry begins with it. */
struct slot {
	uint64_t hash; /* 0: free */
};

struct table {
	char *slots;
	size_t slot_size;
	uint32_t mask;
	uint32_t used;
	void (*release)(void *entry); /* frees what an entry holds */
};

/* `max` entries of `slot_size` bytes; max is a power of two. */
void table_init(struct table *table, uint32_t max, size_t slot_size, void (*release)(void *entry));
void table_free(struct table *table);
void table_clear(struct table *table);

/* A new entry, all zeros but its hash. Where the table is full, all others are
 * cleared first: see table_is_full. */
void *table_add(struct table *table, uint64_t hash);
void table_remove(struct table *table, void *entry);

static inline uint32_t table_size(const struct table *table)
{
	return table->mask + 1;
}

static inline bool table_is_full(const struct table *table)
{
	return table->used == table_size(table) / 2;
}

static inline struct slot *table_slot(const struct table *table, uint32_t i)
{
	return (struct slot *)(table->slots + (size_t)(i & table->mask) * table->slot_size);
}

/* Free slots are told by 0. */
static inline uint64_t slot_hash(uint64_t hash)
{
	return hash ? hash : 1;
}

/* The entry, or NULL. `same` decides between entries of one hash; NULL: the
 * hash alone tells them apart. */
static inline void *table_find(const struct table *table, uint64_t hash,
			       bool (*same)(const void *entry, const void *key), const void *key)
{
	hash = slot_hash(hash);
	for (uint32_t i = hash & table->mask;; i++) {
		struct slot *slot = table_slot(table, i);

		if (!slot->hash)
			return NULL;
		if (slot->hash == hash && (!same || same(slot, key)))
			return slot;
	}
}

#endif
