/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths, by walking from a node to its root. What is written are the names passed, the innermost first, each ended
 * by NUL; user space turns them around. bpf_d_path is refused in these programs.
 */
#ifndef TROWEL_PATH_BPF_H
#define TROWEL_PATH_BPF_H

#include "ring.bpf.h"

#define NAME_LEN_MAX 256
#define PATH_DEPTH_MAX 64

/* Appends one name; false when there is no room. */
static __always_inline bool write_name(struct scratch *scratch, const void *name)
{
	__u32 at = scratch->work.at;
	long len;

	if (at >= scratch->work.end || at > BYTES_MAX - NAME_LEN_MAX)
		return false;
	len = bpf_probe_read_kernel_str(&scratch->bytes[at], NAME_LEN_MAX, name);
	if (len <= 0)
		return false;
	scratch->work.at = at + len;
	return true;
}

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

static long walk_dentry(__u32 i, struct scratch **ctx)
{
	struct scratch *scratch = *ctx;
	struct work *work = &scratch->work;
	struct dentry *dentry = (void *)work->dentry;
	struct vfsmount *mnt = (void *)work->mnt;

	if (work->dentry == work->root_dentry && work->mnt == work->root_mnt)
		return 1;
	if (dentry == READ(mnt, mnt_root)) {
		struct mount *mount = mount_of(mnt), *parent = READ(mount, mnt_parent);

		if (parent == mount)
			return 1;
		work->dentry = (__u64)READ(mount, mnt_mountpoint);
		work->mnt = ADDRESS(parent, mnt);
		return 0;
	}
	work->dentry = (__u64)READ(dentry, d_parent);
	if (work->dentry == (__u64)dentry) /* a root that is mounted nowhere */
		return 1;
	return !write_name(scratch, READ(dentry, d_name.name));
}

/*
 * Writes a path to scratch->bytes[at], as the task sees it below its root directory; returns its length. work.path is
 * the struct path.
 */
GLOBAL __u32 write_path(struct scratch *scratch, __u32 at)
{
	struct work *work;
	struct fs_struct *fs;
	struct path *path;

	if (!scratch)
		return 0;
	work = &scratch->work;
	fs = READ((struct task_struct *)work->task, fs);
	path = (void *)work->path;
	work->dentry = (__u64)READ(path, dentry);
	work->mnt = (__u64)READ(path, mnt);
	work->root_dentry = (__u64)READ(fs, root.dentry);
	work->root_mnt = (__u64)READ(fs, root.mnt);
	work->at = at;
	work->end = at + PATH_LEN_MAX;
	LOOP(PATH_DEPTH_MAX, walk_dentry, &scratch);
	return work->at - at;
}

static __always_inline struct kernfs_node *kernfs_parent(struct kernfs_node *node)
{
	struct kernfs_node___hidden_parent *newer = (void *)node;

	if (bpf_core_field_exists(newer->__parent))
		return READ(newer, __parent);
	return READ(node, parent);
}

static long walk_kernfs(__u32 i, struct scratch **ctx)
{
	struct scratch *scratch = *ctx;
	struct kernfs_node *node = (void *)scratch->work.node;

	scratch->work.node = (__u64)kernfs_parent(node);
	if (!scratch->work.node)
		return 1;
	return !write_name(scratch, READ(node, name));
}

/* The same for a control group, from scratch->work.node to the root of its hierarchy. */
GLOBAL __u32 write_cgroup_path(struct scratch *scratch, __u32 at)
{
	if (!scratch)
		return 0;
	scratch->work.at = at;
	scratch->work.end = at + PATH_LEN_MAX;
	LOOP(PATH_DEPTH_MAX, walk_kernfs, &scratch);
	return scratch->work.at - at;
}

#endif
