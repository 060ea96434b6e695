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

/*
 * The id of what `fd` is, if it was the last to be seen at this address and nothing about it has changed; else 0. For
 * events that come with a name this is not asked: another path may have led to the same inode.
 */
uint32_t fds_recent(const struct fds *fds, const struct fd_identity *fd);
/* The same by all it is, name included; defined in the batch if this stream has not seen it yet. */
uint32_t fds_id(struct fds *fds, struct batch *batch, const struct fd_identity *fd, struct span name);
/* A new stream knows no ids. */
void fds_restart(struct fds *fds);

#endif
