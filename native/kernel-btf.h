/* SPDX-License-Identifier: Apache-2.0 */
/* Just enough of the kernel's BTF to find its enums; libbpf's own parser takes 50 times as long. */
#ifndef TROWEL_KERNEL_BTF_H
#define TROWEL_KERNEL_BTF_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>

struct kernel_btf {
	char *bytes;
	const struct btf_header *header;
	const char *strings;
};

/* False: there is none, or it cannot be read. To be closed in any case. */
bool kernel_btf_open(struct kernel_btf *btf);
void kernel_btf_close(struct kernel_btf *btf);
/* NULL: there is none of this name. */
const struct btf_type *kernel_btf_enum(const struct kernel_btf *btf, const char *name);
/* The number of this name in whatever enum has it, also in one without a name; 0: in none. */
uint32_t kernel_btf_enumerator(const struct kernel_btf *btf, const char *name);

#endif
