/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What goes wrong in the network, as the kernel sees it: no call, and mostly no thread, since it happens while packets
 * are handled. Such events are filtered by port only. They may interrupt one another, so each is built on its own
 * stack.
 */
#include "network.bpf.h"

#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86dd
#define NO_HEADER 0xffff

struct ip4_header {
	__u8 version_len; /* length in words of 4 bytes: low half */
	__u8 pad[8];
	__u8 protocol;
	__u16 checksum;
	__be32 source;
	__be32 destination;
};

struct ip6_header {
	__u8 pad[6];
	__u8 protocol;
	__u8 hops;
	__u8 source[16];
	__u8 destination[16];
};

static __always_inline void take_ports(struct fd_identity *fd, void *transport, bool outgoing)
{
	__be16 ports[2];

	if (fd->l4proto != IPPROTO_TCP && fd->l4proto != IPPROTO_UDP)
		return;
	if (bpf_probe_read_kernel(ports, sizeof(ports), transport))
		return;
	fd->local_port = bpf_ntohs(ports[outgoing ? 0 : 1]);
	fd->remote_port = bpf_ntohs(ports[outgoing ? 1 : 0]);
}

static __always_inline void take_ip4(struct fd_identity *fd, void *at, bool outgoing)
{
	struct ip4_header ip = {};

	bpf_probe_read_kernel(&ip, sizeof(ip), at);
	fd->kind = KIND_IPV4;
	fd->ip_len = 4;
	fd->l4proto = ip.protocol;
	*(__u32 *)fd->local_ip = outgoing ? ip.source : ip.destination;
	*(__u32 *)fd->remote_ip = outgoing ? ip.destination : ip.source;
	take_ports(fd, at + (ip.version_len & 15) * 4, outgoing);
}

static __always_inline void take_ip6(struct fd_identity *fd, void *at, bool outgoing)
{
	struct ip6_header ip = {};

	bpf_probe_read_kernel(&ip, sizeof(ip), at);
	fd->kind = KIND_IPV6;
	fd->ip_len = 16;
	fd->l4proto = ip.protocol;
	__builtin_memcpy(fd->local_ip, outgoing ? ip.source : ip.destination, 16);
	__builtin_memcpy(fd->remote_ip, outgoing ? ip.destination : ip.source, 16);
	take_ports(fd, at + sizeof(ip), outgoing);
}

/*
 * From the packet's own headers. Of a packet that is passing through, or has come in, "local" is where it goes to;
 * of one that was sent here, where it comes from. False: it is not IP.
 */
static __always_inline bool describe_packet(struct fd_identity *fd, struct sk_buff *skb, bool outgoing)
{
	__u16 protocol = bpf_ntohs(READ(skb, protocol)), offset = READ(skb, network_header);
	struct net_device *device = READ(skb, dev);
	void *at = READ(skb, head) + offset;

	if (offset == NO_HEADER)
		return false;
	if (device)
		fd->netns = READ(device, nd_net.net, ns.inum);
	if (protocol == ETH_P_IP)
		take_ip4(fd, at, outgoing);
	else if (protocol == ETH_P_IPV6)
		take_ip6(fd, at, outgoing);
	return fd->kind;
}

/* ---- TCP ---- */

/* An event with a socket's tuple and its state. */
static __always_inline void send_tcp(__u16 type, struct sock *sk)
{
	struct event event;

	if (!kernel_event_is_wanted(type))
		return;
	begin_network_event(&event, type);
	event.slots[0] = READ(sk, __sk_common.skc_state);
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
}

/* Which bytes of the connection: only what is the same one again is stuck. */
static __always_inline void send_retransmit(struct sock *sk, struct sk_buff *skb)
{
	struct tcp_skb_cb *tcp = (void *)ADDRESS(skb, cb);
	struct event event;

	if (!kernel_event_is_wanted(EVENT_tcp_retransmit))
		return;
	begin_network_event(&event, EVENT_tcp_retransmit);
	event.slots[0] = READ(sk, __sk_common.skc_state);
	event.slots[1] = READ(tcp, seq);
	event.slots[2] = (__u32)(READ(tcp, end_seq) - event.slots[1]);
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
}

/* What is sent again before there is a connection is a SYN that nobody has answered. */
SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit_typed, struct sock *sk, struct sk_buff *skb)
{
	struct event event;

	if (READ(sk, __sk_common.skc_state) != TCP_SYN_SENT) {
		send_retransmit(sk, skb);
		return 0;
	}
	if (!kernel_event_is_wanted(EVENT_connect_unanswered))
		return 0;
	begin_network_event(&event, EVENT_connect_unanswered);
	event.slots[0] = READ((struct inet_connection_sock *)sk, icsk_retransmits) + 1;
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
	return 0;
}

/* Without a socket it answers a packet that nobody here expects. */
SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_sent_typed, struct sock *sk, struct sk_buff *skb)
{
	struct event event;

	if (sk) {
		send_tcp(EVENT_tcp_reset_sent, sk);
		return 0;
	}
	if (!kernel_event_is_wanted(EVENT_tcp_reset_sent) || !skb)
		return 0;
	begin_network_event(&event, EVENT_tcp_reset_sent);
	if (describe_packet(&event.fd, skb, false))
		send_network_event(&event);
	return 0;
}

SEC("tp_btf/tcp_receive_reset")
int BPF_PROG(reset_received_typed, struct sock *sk)
{
	send_tcp(EVENT_tcp_reset_received, sk);
	return 0;
}

/* By what numbers both directions began: the same at both ends, whatever became of the addresses between them. */
static __always_inline void take_beginnings(__u64 *to, struct tcp_sock *tcp)
{
	to[0] = (__u32)(READ(tcp, snd_una) - READ(tcp, bytes_acked));
	to[1] = (__u32)(READ(tcp, rcv_nxt) - READ(tcp, bytes_received));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_typed, struct sock *sk, int before, int after)
{
	struct event event;

	if (after == TCP_LISTEN)
		remember_listener(sk);
	else if (before == TCP_LISTEN)
		forget_listener(sk);
	if (!kernel_event_is_wanted(EVENT_tcp_state) || READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	begin_network_event(&event, EVENT_tcp_state);
	event.slots[0] = before;
	event.slots[1] = after;
	if (before == TCP_ESTABLISHED || after == TCP_ESTABLISHED)
		take_beginnings(event.slots + 2, (struct tcp_sock *)sk);
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
	return 0;
}

/* ---- Packets ---- */

static __always_inline bool reason_is_wanted(__u32 reason)
{
	__u32 word = reason >> 6;

	OPAQUE(word);
	return word < MAX_DROP_REASONS / 64 && settings.drop_reasons[word] & 1ULL << (reason & 63);
}

/* Called for every packet that is dropped, most of them for no bad reason: user space says which reasons count. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(drop_typed, struct sk_buff *skb, void *location, unsigned int reason)
{
	struct net_device *device;
	struct event event;

	if (!kernel_event_is_wanted(EVENT_packet_drop) || !reason_is_wanted(reason))
		return 0;
	begin_network_event(&event, EVENT_packet_drop);
	if (!describe_packet(&event.fd, skb, READ(skb, sk) != NULL))
		return 0;
	device = READ(skb, dev);
	event.slots[0] = event.fd.netns;
	event.slots[1] = device ? READ(device, ifindex) : 0;
	event.slots[2] = reason;
	send_network_event(&event);
	return 0;
}

SEC("tp_btf/udp_fail_queue_rcv_skb")
int BPF_PROG(udp_full_typed, int error, struct sock *sk)
{
	struct event event;

	if (!kernel_event_is_wanted(EVENT_udp_queue_full))
		return 0;
	begin_network_event(&event, EVENT_udp_queue_full);
	if (describe_sk(&event.fd, sk))
		send_network_event(&event);
	return 0;
}
