/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors of the stream: from what the kernel says one stood for to the small integer that names it. */
#ifndef TROWEL_FDS_H
#define TROWEL_FDS_H

#include "batch.h"
#include "files.h"
#include "roles.h"

struct fds;

struct fds *fds_new(const struct files *files, const struct roles *roles);
void fds_free(struct fds *fds);

/* The id of what `fd` is, defined in the batch if this stream has not seen it yet; 0 if it is nothing. */
uint32_t fds_id(struct fds *fds, struct batch *batch, const struct fd_identity *fd, struct span name);
/* A new stream knows no ids. */
void fds_restart(struct fds *fds);

#endif
