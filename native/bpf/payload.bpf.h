/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The bytes that an operation moved, from user memory as the call returns: the kernel has just touched those pages, so
 * they are there.
 */
#ifndef TROWEL_PAYLOAD_BPF_H
#define TROWEL_PAYLOAD_BPF_H

#include "fd.bpf.h"

#define USER_PAGE 4096

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
	__u64 address; /* of the bytes or, of a vector, of the first iovec; 0: work.iovecs has them */
	__u64 count; /* of iovecs; of bytes that are no vector 0 */
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
	if (buffer->address &&
	    bpf_probe_read_user(scratch->work.iovecs, count * sizeof(struct user_iovec), (void *)buffer->address))
		return false;
	LOOP(count, gather_iovec, &scratch);
	return !scratch->work.fault;
}

static __always_inline __u32 payload_limit(const struct scratch *scratch)
{
	return is_kept_whole(&scratch->event.fd) ? settings.snaplen_whole : settings.snaplen;
}

static __always_inline __u32 payload_start(const struct scratch *scratch)
{
	return scratch->event.strings_len + scratch->event.fd.name_len;
}

/* ---- HTTP, of which the head is kept whole, and no more of the body than of anything else ---- */

#define HEAD_FIRST 512 /* most heads end in this; the others are read again */
#define HEAD_WORDS (4096 / 8)
#define CRLF_CRLF WORD4('\r', '\n', '\r', '\n')

/* Is the fourth or the eighth byte of a word at most '\r'? */
static __always_inline bool ends_line(__u64 word)
{
	const __u64 above = ((word & 0x7f0000007f000000) + 0x7200000072000000) | word, both = 0x8000000080000000;

	return (above & both) != both;
}

/*
 * How many of the payload's first `len` bytes are the head, with the empty line that ends it; 0: it goes on. Of any
 * four bytes that end a head one is the fourth or the eighth of a word, and only where that ends a line is the word
 * looked at closely. Each further condition on what was read, or on where, makes Linux 6.1 look at more ways through
 * the loop: one on where the head ends took it ten times as long to load the programs.
 */
GLOBAL int http_head_len(struct scratch *scratch, __u32 len)
{
	const __u8 *payload;
	__u64 start;

	if (!scratch)
		return 0;
	start = payload_start(scratch);
	CAP(start, BYTES_MAX - MAX_SNAPLEN);
	payload = &scratch->bytes[start];
	for (__u32 i = 0; i < HEAD_WORDS && i * 8 < len; i++) {
		if (!ends_line(*(const __u64 *)(payload + i * 8)))
			continue;
		for (__u32 k = 0; k < 8; k++)
			if (*(const __u32 *)(payload + i * 8 + k) == CRLF_CRLF)
				return i * 8 + k + 4 <= len ? i * 8 + k + 4 : 0;
	}
	return 0;
}

/* Would it be cut off at `limit`, though it may be of a kind of which more is kept? That only its beginning shows. */
static __always_inline bool may_be_cut_http(const struct scratch *scratch, const struct buffer *buffer, __u32 limit)
{
	return limit < settings.snaplen_whole && buffer->moved > limit &&
	       family_of_kind(scratch->event.fd.kind) == FAMILY_NET;
}

static __always_inline bool has_http_head(const struct scratch *scratch)
{
	__u32 start = payload_start(scratch);

	if (scratch->work.at < start + 4)
		return false;
	OPAQUE(start);
	return start <= STRINGS_MAX && is_http_head(&scratch->bytes[start]);
}

static __always_inline bool gather(struct scratch *scratch, const struct buffer *buffer, __u32 room)
{
	return buffer->count ? gather_vector(scratch, buffer, room) : gather_flat(scratch, buffer, room);
}

/* Of what is no HTTP after all, what could be read is kept as far as of everything. */
static __always_inline bool keep_beginning(struct scratch *scratch, __u32 limit, bool readable)
{
	__u32 end = payload_start(scratch) + limit;

	if (scratch->work.at < end)
		return readable;
	scratch->work.at = end;
	return true;
}

/* Reads as much as has the head, and forgets what is behind it, but for what is kept of everything. */
static __always_inline bool gather_head(struct scratch *scratch, const struct buffer *buffer)
{
	__u32 start = payload_start(scratch), whole = settings.snaplen_whole, limit = settings.snaplen, first, len,
	      head;
	bool readable;

	first = limit > HEAD_FIRST ? limit : HEAD_FIRST;
	if (first > whole)
		first = whole;
	readable = gather(scratch, buffer, first);
	if (!has_http_head(scratch))
		return keep_beginning(scratch, limit, readable);
	len = scratch->work.at - start;
	head = http_head_len(scratch, len);
	if (!head && scratch->work.moved && whole > first && readable) {
		readable = gather(scratch, buffer, whole);
		len = scratch->work.at - start;
		head = http_head_len(scratch, len);
	}
	if (head && head < limit)
		head = limit;
	if (head && head < len)
		scratch->work.at = start + head;
	return readable;
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

GLOBAL int write_head(struct scratch *scratch, struct buffer *buffer)
{
	if (scratch && buffer)
		end_payload(scratch, buffer, gather_head(scratch, buffer));
	return 0;
}

/* Both put the payload behind the strings and the name. */
static __always_inline void write_flat(struct scratch *scratch, struct buffer *buffer)
{
	__u32 limit = payload_limit(scratch);

	if (may_be_cut_http(scratch, buffer, limit))
		write_head(scratch, buffer);
	else
		end_payload(scratch, buffer, gather_flat(scratch, buffer, limit));
}

GLOBAL int write_vector(struct scratch *scratch, struct buffer *buffer)
{
	__u32 limit;

	if (!scratch || !buffer)
		return 0;
	limit = payload_limit(scratch);
	if (may_be_cut_http(scratch, buffer, limit))
		write_head(scratch, buffer);
	else
		end_payload(scratch, buffer, gather_vector(scratch, buffer, limit));
	return 0;
}

#endif
