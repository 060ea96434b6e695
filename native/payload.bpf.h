/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes that an operation moved and the addresses it named, from user memory as the call returns: the kernel
 * has just touched those pages, so they are there.
 */
#ifndef TROWEL_PAYLOAD_BPF_H
#define TROWEL_PAYLOAD_BPF_H

#include "fd.bpf.h"

#define CMSGS_MAX 8
#define USER_PAGE 4096

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

/*
 * Appends to the payload at work.at. Memory that is not resident cannot be read here; what lies before the page
 * boundary may be.
 */
static __always_inline bool copy_user(struct scratch *scratch, __u64 from, __u64 len)
{
	__u32 at = scratch->work.at, room = scratch->work.room;
	__u64 first = USER_PAGE - (from & (USER_PAGE - 1));
	__u8 *to;

	OPAQUE(at);
	if (at > BYTES_MAX - MAX_SNAPLEN)
		return false;
	CAP(len, room);
	CAP(len, MAX_SNAPLEN);
	to = &scratch->bytes[at];
	if (bpf_probe_read_user(to, len, (void *)from)) {
		if (len <= first)
			return false;
		len = first;
		CAP(len, USER_PAGE);
		if (bpf_probe_read_user(to, len, (void *)from))
			return false;
		room = len; /* it ends here */
	}
	scratch->work.at = at + len;
	scratch->work.room = room - len;
	scratch->work.moved -= len;
	return true;
}

static long gather_iovec(__u32 i, struct scratch **ctx)
{
	struct scratch *scratch = *ctx;
	struct work *work = &scratch->work;
	__u64 len;

	if (i >= IOVECS_MAX)
		return 1;
	len = work->iovecs[i].len;
	if (len > work->moved)
		len = work->moved;
	if (len && !copy_user(scratch, work->iovecs[i].base, len)) {
		work->fault = true;
		return 1;
	}
	return work->moved == 0 || work->room == 0;
}

/* ---- Addresses ---- */

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

static __always_inline void set_address(struct fd_identity *fd, __u8 *ip, __u16 *port, __u64 sockaddr)
{
	struct user_sockaddr address = {};

	if (!read_sockaddr(&address, sockaddr) || (address.family != AF_INET && address.family != AF_INET6))
		return;
	*port = bpf_ntohs(address.port);
	if (address.family == AF_INET)
		set_v4(fd, ip, address.ip4);
	else
		set_v6(fd, ip, address.ip6);
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

/* ---- How much ---- */

static __always_inline bool is_dns_port(__u16 port)
{
	return port == 53 || port == 5353 || port == 5355;
}

/* Files that say how names are resolved. */
static __always_inline bool is_resolver_file(const struct fd_identity *fd)
{
	struct dentry *dentry = READ((struct file *)fd->file, f_path.dentry);
	__u32 len = READ(dentry, d_name.len);
	__u64 name = 0;

	if (len != sizeof("hosts") - 1 && len != sizeof("resolv.conf") - 1 && len != sizeof("nsswitch.conf") - 1)
		return false;
	bpf_probe_read_kernel_str(&name, sizeof(name), READ(dentry, d_name.name));
	return name == WORD('h', 'o', 's', 't', 's', 0, 0, 0) || name == WORD('r', 'e', 's', 'o', 'l', 'v', '.', 0) ||
	       name == WORD('n', 's', 's', 'w', 'i', 't', 'c', 0);
}

static __always_inline bool is_kept_whole(const struct fd_identity *fd)
{
	if (is_inet(fd))
		return is_dns_port(fd->local_port) || is_dns_port(fd->remote_port);
	return fd->kind == KIND_FILE && is_resolver_file(fd);
}

#define WORD4(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

static __always_inline bool is_http_head(const __u8 *bytes)
{
	switch (*(__u32 *)bytes) {
	case WORD4('G', 'E', 'T', ' '):
	case WORD4('P', 'O', 'S', 'T'):
	case WORD4('P', 'U', 'T', ' '):
	case WORD4('H', 'E', 'A', 'D'):
	case WORD4('D', 'E', 'L', 'E'):
	case WORD4('P', 'A', 'T', 'C'):
	case WORD4('O', 'P', 'T', 'I'):
	case WORD4('C', 'O', 'N', 'N'):
	case WORD4('H', 'T', 'T', 'P'):
		return true;
	}
	return false;
}

/* ---- One operation ---- */

struct buffer {
	__u64 address; /* of the bytes or, of a vector, of the first iovec */
	__u64 count; /* of iovecs; 0: it is no vector */
	__u64 moved; /* bytes of the operation */
};

static __always_inline void begin_gather(struct scratch *scratch, const struct buffer *buffer, __u32 room)
{
	const struct event *event = &scratch->event;

	scratch->work.at = event->strings_len + event->fd.name_len;
	scratch->work.room = room;
	scratch->work.moved = buffer->moved;
	scratch->work.fault = false;
}

static __always_inline bool gather_flat(struct scratch *scratch, const struct buffer *buffer, __u32 room)
{
	begin_gather(scratch, buffer, room);
	return copy_user(scratch, buffer->address, buffer->moved);
}

static __always_inline bool gather_vector(struct scratch *scratch, const struct buffer *buffer, __u32 room)
{
	__u64 count = buffer->count;

	begin_gather(scratch, buffer, room);
	CAP(count, IOVECS_MAX);
	if (bpf_probe_read_user(scratch->work.iovecs, count * sizeof(struct user_iovec), (void *)buffer->address))
		return false;
	LOOP(count, gather_iovec, &scratch);
	return !scratch->work.fault;
}

static __always_inline __u32 payload_limit(const struct scratch *scratch)
{
	return is_kept_whole(&scratch->event.fd) ? settings.snaplen_whole : settings.snaplen;
}

/* Cut off at `limit`, though it is of a kind that is kept whole? That only its beginning shows. */
static __always_inline bool is_cut_http(const struct scratch *scratch, const struct buffer *buffer, __u32 limit)
{
	__u32 start = scratch->event.strings_len + scratch->event.fd.name_len;

	if (limit >= settings.snaplen_whole || buffer->moved <= limit || scratch->work.at < start + 4)
		return false;
	OPAQUE(start);
	return family_of_kind(scratch->event.fd.kind) == FAMILY_NET && start <= STRINGS_MAX &&
	       is_http_head(&scratch->bytes[start]);
}

static __always_inline void end_payload(struct scratch *scratch, const struct buffer *buffer, bool readable)
{
	struct event *event = &scratch->event;

	event->data_len = scratch->work.at - event->strings_len - event->fd.name_len;
	if (!readable)
		event->flags |= EVENT_FAULT;
	if (event->data_len < buffer->moved)
		event->flags |= EVENT_TRUNCATED;
}

GLOBAL int write_whole_flat(struct scratch *scratch, struct buffer *buffer)
{
	if (scratch && buffer)
		end_payload(scratch, buffer, gather_flat(scratch, buffer, settings.snaplen_whole));
	return 0;
}

/* Both put the payload behind the strings and the name. */
static __always_inline void write_flat(struct scratch *scratch, struct buffer *buffer)
{
	__u32 limit = payload_limit(scratch);
	bool readable = gather_flat(scratch, buffer, limit);

	if (is_cut_http(scratch, buffer, limit))
		write_whole_flat(scratch, buffer);
	else
		end_payload(scratch, buffer, readable);
}

GLOBAL int write_vector(struct scratch *scratch, struct buffer *buffer)
{
	__u32 limit;
	bool readable;

	if (!scratch || !buffer)
		return 0;
	limit = payload_limit(scratch);
	readable = gather_vector(scratch, buffer, limit);
	if (is_cut_http(scratch, buffer, limit))
		readable = gather_vector(scratch, buffer, settings.snaplen_whole);
	end_payload(scratch, buffer, readable);
	return 0;
}

#endif
