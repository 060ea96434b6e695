/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Events of sockets rather than of threads. They may interrupt one another, so each is built on its own stack. */
#ifndef TROWEL_NETWORK_BPF_H
#define TROWEL_NETWORK_BPF_H

#include "event.bpf.h"

static __always_inline void begin_network_event(struct event *event, __u16 type)
{
	__builtin_memset(event, 0, sizeof(*event));
	event->type = type;
	event->flags = EVENT_ONE_SIDED;
	event->end_ns = bpf_ktime_get_boot_ns();
	event->latency_ns = -1;
	event->fdnum = -1;
}

static __always_inline void send_network_event(struct event *event)
{
	if (settings.filters & FILTER_PORTS && !fd_is_wanted(&event->fd))
		count_filtered(FAMILY_TROUBLE);
	else
		output(&event->record, sizeof(*event), RECORD_EVENT, FAMILY_TROUBLE);
}

/* Sockets that only wait for the end, or have not begun, are smaller structures under the same name. */
static __always_inline bool is_full(struct sock *sk)
{
	__u8 state = READ(sk, __sk_common.skc_state);

	return state != TCP_TIME_WAIT && state != TCP_NEW_SYN_RECV;
}

/* The inode makes it the same socket that calls name. */
static __always_inline void describe_owner(struct fd_identity *fd, struct sock *sk)
{
	struct socket *socket = READ(sk, sk_socket);
	struct inode *inode;
	struct super_block *sb;

	if (!socket)
		return;
	inode = (void *)ADDRESS((struct socket_alloc *)socket, vfs_inode);
	sb = READ(inode, i_sb);
	fd->ino = READ(inode, i_ino);
	fd->dev = READ(sb, s_dev);
}

static __always_inline bool describe_sk(struct fd_identity *fd, struct sock *sk)
{
	__u16 family = READ(sk, __sk_common.skc_family);

	if (family != AF_INET && family != AF_INET6)
		return false;
	fd->netns = READ(sk, __sk_common.skc_net.net, ns.inum);
	fd->l4proto = IPPROTO_TCP;
	if (is_full(sk)) {
		fd->l4proto = READ(sk, sk_protocol);
		fd->state = socket_state(sk, fd->l4proto);
		describe_owner(fd, sk);
	}
	describe_inet(fd, sk, family);
	if (!is_full(sk))
		fd->local_port = READ(sk, __sk_common.skc_num);
	if (!fd->local_port) { /* on its way to a connection: half a tuple is none */
		__builtin_memset(fd->local_ip, 0, sizeof(fd->local_ip));
		__builtin_memset(fd->remote_ip, 0, sizeof(fd->remote_ip));
		fd->remote_port = 0;
	}
	return true;
}

/* ---- Listening sockets, and whether anyone takes what they have accepted ---- */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64); /* address of the struct sock */
	__type(value, __u8);
} listeners SEC(".maps");

static __always_inline void remember_listener(struct sock *sk)
{
	__u64 key = (__u64)sk;
	__u8 yes = 1;

	bpf_map_update_elem(&listeners, &key, &yes, BPF_ANY);
}

static __always_inline void forget_listener(struct sock *sk)
{
	__u64 key = (__u64)sk;

	bpf_map_delete_elem(&listeners, &key);
}

/* Tells of a full queue; `taken`: how many have been taken out of it just now. */
GLOBAL int check_backlog(__u64 address, __u32 taken)
{
	struct sock *sk = (void *)address;
	struct event event;
	__u32 length, max;

	if (!kernel_event_is_wanted(EVENT_accept_queue_full) || READ(sk, __sk_common.skc_state) != TCP_LISTEN)
		return 0;
	length = READ(sk, sk_ack_backlog) + taken;
	max = READ(sk, sk_max_ack_backlog);
	if (length <= max)
		return 0;
	begin_network_event(&event, EVENT_accept_queue_full);
	event.slots[0] = length;
	event.slots[1] = max;
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
	return 0;
}

#endif
