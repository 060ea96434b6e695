// SPDX-License-Identifier: Apache-2.0
#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"

void table_init(struct table *table, uint32_t max, size_t slot_size, void (*release)(void *entry))
{
	*table = (struct table){ .slot_size = slot_size, .mask = max * 2 - 1, .release = release };
	table->slots = alloc_zeroed(table_size(table), slot_size);
}

void table_clear(struct table *table)
{
	for (uint32_t i = 0; i < table_size(table); i++)
		if (table_slot(table, i)->hash)
			table->release(table_slot(table, i));
	memset(table->slots, 0, table_size(table) * table->slot_size);
	table->used = 0;
}

void table_free(struct table *table)
{
	table_clear(table);
	free(table->slots);
}

void *table_add(struct table *table, uint64_t hash)
{
	uint32_t i;

	if (table_is_full(table))
		table_clear(table);
	hash = slot_hash(hash);
	for (i = hash & table->mask; table_slot(table, i)->hash; i++)
		;
	table->used++;
	table_slot(table, i)->hash = hash;
	return table_slot(table, i);
}

/* Closes the gap: what lies behind it and belongs at it or before it moves
 * forward. */
void table_remove(struct table *table, void *entry)
{
	uint32_t gap = ((char *)entry - table->slots) / table->slot_size;

	table->release(entry);
	table->used--;
	for (uint32_t i = gap + 1; table_slot(table, i)->hash; i++) {
		uint32_t distance = (i - (uint32_t)table_slot(table, i)->hash) & table->mask;

		if (distance >= ((i - gap) & table->mask)) {
			memcpy(table_slot(table, gap), table_slot(table, i), table->slot_size);
			gap = i;
		}
	}
	memset(table_slot(table, gap), 0, table->slot_size);
}
