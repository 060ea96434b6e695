/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of open files, by the address of the kernel's struct file: that survives dup, fork and passing descriptors. If
 * there are too many, all are forgotten: whoever needs one asks the kernel again.
 */
#ifndef TROWEL_FILES_H
#define TROWEL_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "path.h"
#include "trowel.h"

struct files;

struct files *files_new(void);
void files_free(struct files *files);

void files_learn(struct files *files, const struct fd_identity *fd, struct span path);
/* Whether the address has a name, be it that of a file closed by now. */
bool files_has(const struct files *files, uint64_t file);
/* bytes NULL: not known. */
struct span files_path(const struct files *files, const struct fd_identity *fd);

#endif
