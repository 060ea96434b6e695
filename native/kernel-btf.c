// SPDX-License-Identifier: Apache-2.0
#include "kernel-btf.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool read_whole(struct kernel_btf *btf)
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

bool kernel_btf_open(struct kernel_btf *btf)
{
	*btf = (struct kernel_btf){ 0 };
	return read_whole(btf);
}

void kernel_btf_close(struct kernel_btf *btf)
{
	free(btf->bytes);
}

/* The next enum behind `at`, or the first; NULL: no more. */
static const struct btf_type *next_enum(const struct kernel_btf *btf, const struct btf_type *at)
{
	const char *types = btf->bytes + btf->header->hdr_len + btf->header->type_off;
	const char *next = at ? (const char *)(at + 1) + tail_of(at) : types;

	while (next < types + btf->header->type_len) {
		at = (const struct btf_type *)next;
		if (BTF_INFO_KIND(at->info) == BTF_KIND_ENUM)
			return at;
		next += sizeof(*at) + tail_of(at);
	}
	return NULL;
}

const struct btf_type *kernel_btf_enum(const struct kernel_btf *btf, const char *name)
{
	const struct btf_type *type = NULL;

	while ((type = next_enum(btf, type)))
		if (strcmp(btf->strings + type->name_off, name) == 0)
			return type;
	return NULL;
}

uint32_t kernel_btf_enumerator(const struct kernel_btf *btf, const char *name)
{
	const struct btf_type *type = NULL;

	while ((type = next_enum(btf, type))) {
		const struct btf_enum *values = (const struct btf_enum *)(type + 1);

		for (uint32_t i = 0; i < BTF_INFO_VLEN(type->info); i++)
			if (strcmp(btf->strings + values[i].name_off, name) == 0)
				return values[i].val;
	}
	return 0;
}
