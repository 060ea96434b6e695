/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Addresses that a call named, in user memory, where the socket itself does not know them. */
#ifndef TROWEL_ADDRESS_BPF_H
#define TROWEL_ADDRESS_BPF_H

#include "fd.bpf.h"

#define CMSGS_MAX 8

struct user_msghdr {
	__u64 name;
	__u32 name_len;
	__u32 pad;
	__u64 iov;
	__u64 iov_len;
	__u64 control;
	__u64 control_len;
	__u32 flags;
	__u32 pad2;
};

struct user_mmsghdr {
	struct user_msghdr header;
	__u32 len;
	__u32 pad;
};

struct user_sockaddr {
	__u16 family;
	__be16 port;
	__be32 ip4;
	__u8 ip6[16];
};

static __always_inline bool read_sockaddr(struct user_sockaddr *to, __u64 from)
{
	const __u32 v4_len = 8;

	if (!from || bpf_probe_read_user(to, v4_len, (void *)from))
		return false;
	return to->family != AF_INET6 || !bpf_probe_read_user(to, sizeof(*to), (void *)from);
}

/* `ip` is one of fd's; an IPv4 address may come to an IPv6 socket and the other way round. */
static __always_inline void set_v4(struct fd_identity *fd, __u8 *ip, __be32 address)
{
	if (fd->kind == KIND_IPV4) {
		*(__u32 *)ip = address;
		return;
	}
	*(__u64 *)ip = 0;
	*(__u32 *)(ip + 8) = bpf_htonl(0xffff);
	*(__u32 *)(ip + 12) = address;
	simplify_v6(fd);
}

static __always_inline void set_v6(struct fd_identity *fd, __u8 *ip, const __u8 *address)
{
	__builtin_memcpy(ip, address, 16);
	if (fd->kind == KIND_IPV4)
		unmap_v4(ip);
	else
		simplify_v6(fd);
}

static __always_inline void put_address(struct fd_identity *fd, __u8 *ip, __u16 *port,
					const struct user_sockaddr *address)
{
	if (address->family != AF_INET && address->family != AF_INET6)
		return;
	*port = bpf_ntohs(address->port);
	if (address->family == AF_INET)
		set_v4(fd, ip, address->ip4);
	else
		set_v6(fd, ip, address->ip6);
}

static __always_inline void set_address(struct fd_identity *fd, __u8 *ip, __u16 *port, __u64 sockaddr)
{
	struct user_sockaddr address = {};

	if (read_sockaddr(&address, sockaddr))
		put_address(fd, ip, port, &address);
}

/* The other end of a socket that is not connected is whom this message names. */
static __always_inline void take_peer(struct fd_identity *fd, __u64 sockaddr)
{
	if (is_inet(fd) && !fd->remote_port)
		set_address(fd, fd->remote_ip, &fd->remote_port, sockaddr);
}

#define IP_PKTINFO 8
#define IPV6_PKTINFO 50
#define IPPROTO_IP 0
#define IPPROTO_IPV6 41

struct user_cmsg {
	__u64 len;
	__u32 level;
	__u32 type;
	__u8 data[20];
};

static long walk_cmsg(__u32 i, struct scratch **ctx)
{
	struct scratch *scratch = *ctx;
	struct fd_identity *fd = &scratch->event.fd;
	__u64 at = scratch->work.cmsg;
	struct user_cmsg cmsg = {};

	if (at + 16 > scratch->work.cmsg_end || bpf_probe_read_user(&cmsg, 16, (void *)at) || cmsg.len < 16)
		return 1;
	if (cmsg.level == IPPROTO_IP && cmsg.type == IP_PKTINFO) {
		/* { int ifindex; local address as routed; destination address in the header } */
		bpf_probe_read_user(cmsg.data, 12, (void *)at + 16);
		set_v4(fd, fd->local_ip, *(__u32 *)(cmsg.data + 4));
		return 1;
	}
	if (cmsg.level == IPPROTO_IPV6 && cmsg.type == IPV6_PKTINFO) {
		bpf_probe_read_user(cmsg.data, 16, (void *)at + 16);
		set_v6(fd, fd->local_ip, cmsg.data);
		return 1;
	}
	scratch->work.cmsg = at + ((cmsg.len + 7) & ~7ULL);
	return 0;
}

/*
 * A server on a wildcard address learns from control messages which of its addresses was meant, and says with them
 * which one to answer from. No other place has it.
 */
static __always_inline void take_local(struct scratch *scratch, const struct user_msghdr *header)
{
	const struct fd_identity *fd = &scratch->event.fd;

	if (!is_inet(fd) || !header->control || !header->control_len || !is_unspecified(fd->local_ip))
		return;
	scratch->work.cmsg = header->control;
	scratch->work.cmsg_end = header->control + header->control_len;
	LOOP(CMSGS_MAX, walk_cmsg, &scratch);
}

#endif
