/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a descriptor stands for, asked of the kernel's own objects at the time of the event. */
#ifndef TROWEL_FD_BPF_H
#define TROWEL_FD_BPF_H

#include "ring.bpf.h"

/* FdKind of the wire */
enum fd_kind {
	KIND_UNKNOWN,
	KIND_FILE,
	KIND_DIRECTORY,
	KIND_IPV4,
	KIND_IPV6,
	KIND_UNIX,
	KIND_PIPE,
	KIND_EVENT,
	KIND_SIGNALFD,
	KIND_EVENTPOLL,
	KIND_INOTIFY,
	KIND_TIMERFD,
	KIND_NETLINK,
	KIND_BPF,
	KIND_USERFAULTFD,
	KIND_IO_URING,
	KIND_MEMFD,
	KIND_PIDFD,
	KIND_PACKET,
	KIND_UNSUPPORTED,
};

static __always_inline struct file *file_of(struct task_struct *task, __s32 fdnum)
{
	struct fdtable *table = READ(task, files, fdt);

	if ((__u32)fdnum >= READ(table, max_fds))
		return NULL;
	return READ_POINTER(READ(table, fd) + (__u32)fdnum);
}

/* ---- Sockets ---- */

static __always_inline bool is_v4_mapped(const __u8 *ip)
{
	return *(__u64 *)ip == 0 && *(__u32 *)(ip + 8) == bpf_htonl(0xffff);
}

static __always_inline bool is_unspecified(const __u8 *ip)
{
	return *(__u64 *)ip == 0 && *(__u64 *)(ip + 8) == 0;
}

static __always_inline void unmap_v4(__u8 *ip)
{
	*(__u32 *)ip = *(__u32 *)(ip + 12);
	*(__u32 *)(ip + 4) = 0;
	*(__u64 *)(ip + 8) = 0;
}

/* An IPv6 socket that speaks IPv4 is an IPv4 socket to everyone who looks at the network. */
static __always_inline void simplify_v6(struct fd_identity *fd)
{
	bool local = is_v4_mapped(fd->local_ip), remote = is_v4_mapped(fd->remote_ip);

	if (!(local && (remote || is_unspecified(fd->remote_ip))) && !(remote && is_unspecified(fd->local_ip)))
		return;
	unmap_v4(fd->local_ip);
	unmap_v4(fd->remote_ip);
	fd->kind = KIND_IPV4;
	fd->ip_len = 4;
}

static __always_inline void describe_inet(struct fd_identity *fd, struct sock *sk, __u16 family)
{
	fd->local_port = bpf_ntohs(READ((struct inet_sock *)sk, inet_sport));
	fd->remote_port = bpf_ntohs(READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		fd->kind = KIND_IPV4;
		fd->ip_len = 4;
		*(__u32 *)fd->local_ip = READ(sk, __sk_common.skc_rcv_saddr);
		*(__u32 *)fd->remote_ip = READ(sk, __sk_common.skc_daddr);
		return;
	}
	fd->kind = KIND_IPV6;
	fd->ip_len = 16;
	bpf_core_read(fd->local_ip, 16, &sk->__sk_common.skc_v6_rcv_saddr);
	bpf_core_read(fd->remote_ip, 16, &sk->__sk_common.skc_v6_daddr);
	simplify_v6(fd);
}

static __always_inline __u8 socket_state(struct sock *sk, __u8 l4proto)
{
	if (l4proto == IPPROTO_TCP)
		return READ(sk, __sk_common.skc_state) == TCP_LISTEN ? FD_LISTENING : 0;
	return READ_BITS(sk, sk_userlocks) & SOCK_BINDPORT_LOCK ? FD_BOUND_PORT : 0;
}

static __always_inline void describe_socket(struct fd_identity *fd, struct file *file)
{
	struct socket *socket = READ(file, private_data);
	struct sock *sk = READ(socket, sk);
	__u16 family = READ(sk, __sk_common.skc_family);

	fd->netns = READ(sk, __sk_common.skc_net.net, ns.inum);
	if (family == AF_INET || family == AF_INET6) {
		fd->l4proto = READ(sk, sk_protocol);
		fd->state = socket_state(sk, fd->l4proto);
		describe_inet(fd, sk, family);
	} else if (family == AF_UNIX) {
		fd->kind = KIND_UNIX;
	} else {
		fd->kind = family == AF_NETLINK ? KIND_NETLINK : family == AF_PACKET ? KIND_PACKET : KIND_UNSUPPORTED;
	}
}

#define SUN_PATH_MAX 108

/*
 * The path of a Unix socket, as bytes of sun_path: its own or, of a client, which has none, that of its peer.
 * Abstract names keep their leading NUL.
 */
static __always_inline __u32 write_unix_name(__u8 *to, struct file *file)
{
	struct socket *socket = READ(file, private_data);
	struct unix_sock *unix = (void *)READ(socket, sk);
	struct unix_address *address = READ(unix, addr);
	__u32 len;

	if (!address) {
		unix = (void *)READ(unix, peer);
		address = unix ? READ(unix, addr) : NULL;
	}
	if (!address)
		return 0;
	len = READ(address, len) - sizeof(__u16);
	CAP(len, SUN_PATH_MAX);
	return bpf_probe_read_kernel(to, len, (void *)ADDRESS(address, name) + sizeof(__u16)) ? 0 : len;
}

/* ---- Files ---- */

#define WORD(a, b, c, d, e, f, g, h)                                                                                \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 | (__u64)(f) << 40 | \
	 (__u64)(g) << 48 | (__u64)(h) << 56)

/* Files without a file system are told apart by the name that the kernel gave them: "[eventfd]". */
static __always_inline __u8 anonymous_kind(struct file *file)
{
	__u64 name[2] = {};

	bpf_probe_read_kernel_str(name, sizeof(name), READ(file, f_path.dentry, d_name.name));
	switch (name[0]) {
	case WORD('[', 'e', 'v', 'e', 'n', 't', 'f', 'd'):
		return KIND_EVENT;
	case WORD('[', 'e', 'v', 'e', 'n', 't', 'p', 'o'):
		return KIND_EVENTPOLL;
	case WORD('[', 's', 'i', 'g', 'n', 'a', 'l', 'f'):
		return KIND_SIGNALFD;
	case WORD('[', 't', 'i', 'm', 'e', 'r', 'f', 'd'):
		return KIND_TIMERFD;
	case WORD('[', 'u', 's', 'e', 'r', 'f', 'a', 'u'):
		return KIND_USERFAULTFD;
	case WORD('[', 'i', 'o', '_', 'u', 'r', 'i', 'n'):
		return KIND_IO_URING;
	case WORD('i', 'n', 'o', 't', 'i', 'f', 'y', 0):
		return KIND_INOTIFY;
	case WORD('[', 'p', 'i', 'd', 'f', 'd', ']', 0):
		return KIND_PIDFD;
	case WORD('b', 'p', 'f', '-', 'm', 'a', 'p', 0):
	case WORD('b', 'p', 'f', '-', 'p', 'r', 'o', 'g'):
	case WORD('b', 'p', 'f', '_', 'l', 'i', 'n', 'k'):
	case WORD('b', 'p', 'f', '-', 'l', 'i', 'n', 'k'):
		return KIND_BPF;
	}
	return KIND_UNSUPPORTED;
}

static __always_inline bool is_memfd(struct file *file)
{
	__u64 name = 0;

	bpf_probe_read_kernel(&name, 6, READ(file, f_path.dentry, d_name.name));
	return name == WORD('m', 'e', 'm', 'f', 'd', ':', 0, 0);
}

static __always_inline __u8 file_kind(struct file *file, struct super_block *sb, __u16 type)
{
	unsigned long magic = READ(sb, s_magic);

	if (magic == ANON_INODE_FS_MAGIC)
		return anonymous_kind(file);
	if (magic == PID_FS_MAGIC)
		return KIND_PIDFD;
	if (type == S_IFREG && magic == TMPFS_MAGIC && is_memfd(file))
		return KIND_MEMFD;
	return KIND_FILE;
}

/* Fills all of `fd`, which is zero but for fd->file, except the name. */
static __always_inline void fill_identity(struct fd_identity *fd)
{
	struct file *file = (void *)fd->file;
	struct inode *inode = READ(file, f_inode);
	struct super_block *sb = READ(inode, i_sb);
	__u16 type = READ(inode, i_mode) & S_IFMT;

	fd->ino = READ(inode, i_ino);
	fd->dev = READ(sb, s_dev);
	fd->open_flags = READ(file, f_flags);
	if (type == S_IFSOCK)
		describe_socket(fd, file);
	else if (type == S_IFDIR)
		fd->kind = KIND_DIRECTORY;
	else if (type == S_IFIFO)
		fd->kind = KIND_PIPE;
	else
		fd->kind = file_kind(file, sb, type);
}

GLOBAL int describe_file(struct fd_identity *fd)
{
	if (fd)
		fill_identity(fd);
	return 0;
}

static __always_inline bool is_inet(const struct fd_identity *fd)
{
	return fd->kind == KIND_IPV4 || fd->kind == KIND_IPV6;
}

/* The family that a call on any descriptor belongs to by its descriptor. */
static __always_inline __u8 family_of_kind(__u8 kind)
{
	const __u32 net = 1 << KIND_IPV4 | 1 << KIND_IPV6 | 1 << KIND_UNIX | 1 << KIND_NETLINK | 1 << KIND_PACKET;
	const __u32 file = 1 << KIND_UNKNOWN | 1 << KIND_FILE | 1 << KIND_DIRECTORY | 1 << KIND_MEMFD;

	if (net & 1 << (kind & 31))
		return FAMILY_NET;
	return file & 1 << (kind & 31) ? FAMILY_FILE : FAMILY_IPC;
}

#endif
