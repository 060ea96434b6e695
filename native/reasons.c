// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "alloc.h"

#include "reasons.h"

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

/* ---- Just enough of BTF to find one enum; libbpf's own parser takes 50 times as long ---- */

struct btf_file {
	char *bytes;
	const struct btf_header *header;
	const char *strings;
};

static bool read_whole(struct btf_file *btf)
{
	int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	struct stat stat;
	ssize_t n, at = 0;

	if (fd < 0)
		return false;
	if (fstat(fd, &stat) || !(btf->bytes = malloc(stat.st_size))) {
		close(fd);
		return false;
	}
	while (at < stat.st_size && (n = read(fd, btf->bytes + at, stat.st_size - at)) > 0)
		at += n;
	close(fd);
	btf->header = (const struct btf_header *)btf->bytes;
	btf->strings = btf->bytes + btf->header->hdr_len + btf->header->str_off;
	return at == stat.st_size && btf->header->magic == BTF_MAGIC;
}

/* Bytes that follow a type of this kind. */
static size_t tail_of(const struct btf_type *type)
{
	size_t n = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	default:
		return 0;
	}
}

static const struct btf_type *find_enum(const struct btf_file *btf, const char *name)
{
	const char *at = btf->bytes + btf->header->hdr_len + btf->header->type_off;
	const char *end = at + btf->header->type_len;

	while (at < end) {
		const struct btf_type *type = (const struct btf_type *)at;

		if (BTF_INFO_KIND(type->info) == BTF_KIND_ENUM && strcmp(btf->strings + type->name_off, name) == 0)
			return type;
		at += sizeof(*type) + tail_of(type);
	}
	return NULL;
}

static void take_names(const struct btf_file *btf, const struct btf_type *type)
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
	struct btf_file btf = { 0 };
	const struct btf_type *type = read_whole(&btf) ? find_enum(&btf, ENUM_NAME) : NULL;

	if (type)
		take_names(&btf, type);
	resets_have_reasons = type && find_enum(&btf, RESET_ENUM_NAME);
	free(btf.bytes);
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
