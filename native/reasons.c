// SPDX-License-Identifier: Apache-2.0
#include "reasons.h"

#include <string.h>

#include "alloc.h"
#include "kernel-btf.h"

#define ENUM_NAME "skb_drop_reason"
#define RESET_ENUM_NAME "sk_rst_reason"
#define PREFIX "SKB_DROP_REASON_"
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* Packets that are dropped all day on a healthy machine, or that the kernel has nothing to say about. */
static const char *const harmless[] = {
	"SKB_NOT_DROPPED_YET", "SKB_CONSUMED", "NOT_SPECIFIED", "SOCKET_CLOSE", "UNIX_DISCONNECT", "UNIX_SKIP_OOB",
	"OTHERHOST",	       "TCP_OLD_DATA", "TCP_OFOMERGE",	"TCP_OLD_ACK",	"TCP_RESET",	   "TCP_CLOSE",
	"TCP_FASTOPEN",	       "QUEUE_PURGE",  "TAP_FILTER",	"TAP_TXFILTER", "SOCKET_FILTER",   "MAX",
};

static char *names[MAX_DROP_REASONS];
static bool resets_have_reasons;

static void take_names(const struct kernel_btf *btf, const struct btf_type *type)
{
	const struct btf_enum *values = (const struct btf_enum *)(type + 1);

	for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++) {
		const char *name = btf->strings + values[i].name_off;

		if ((uint32_t)values[i].val >= MAX_DROP_REASONS || names[values[i].val])
			continue;
		if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
			name += strlen(PREFIX);
		names[values[i].val] = alloc_copy(name, strlen(name) + 1);
	}
}

bool reasons_read(void)
{
	struct kernel_btf btf;
	const struct btf_type *type = kernel_btf_open(&btf) ? kernel_btf_enum(&btf, ENUM_NAME) : NULL;

	if (type)
		take_names(&btf, type);
	resets_have_reasons = type && kernel_btf_enum(&btf, RESET_ENUM_NAME);
	kernel_btf_close(&btf);
	return type != NULL;
}

bool reasons_tell_resets_without_socket(void)
{
	return resets_have_reasons;
}

const char *reason_name(uint64_t reason)
{
	return reason < MAX_DROP_REASONS ? names[reason] : NULL;
}

static bool is_harmless(const char *name)
{
	for (size_t i = 0; i < COUNT(harmless); i++)
		if (strcmp(name, harmless[i]) == 0)
			return true;
	return false;
}

void reasons_mark_bad(__u64 marks[MAX_DROP_REASONS / 64])
{
	for (int i = 0; i < MAX_DROP_REASONS; i++)
		if (names[i] && !is_harmless(names[i]))
			marks[i / 64] |= 1ULL << i % 64;
}
