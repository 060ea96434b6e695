/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reading kernel and user memory. The programs are compiled twice: for kernels with bpf_rdonly_cast (6.2), which
 * makes a read a plain load, and with PLAIN_READS for those without, where each read is a helper call.
 */
#ifndef TROWEL_CORE_BPF_H
#define TROWEL_CORE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "kernel.h"
#include "trowel.h"
#include "calls.h"

/*
 * READ(p, a, b) is p->a->b for a kernel pointer of any origin. It cannot fault: what is not mapped reads as 0.
 */
#ifdef PLAIN_READS
#define READ(p, ...)                               \
	({                                         \
		typeof(p) __p = (p);               \
		BPF_CORE_READ(__p, ##__VA_ARGS__); \
	})
#define READ_BITS(p, member) BPF_CORE_READ_BITFIELD_PROBED(p, member)
#else
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym;
#define CAST(p) ((typeof(p))bpf_rdonly_cast((p), bpf_core_type_id_kernel(typeof(*(p)))))
#define READ(p, ...) ___arrow(CAST(p), ##__VA_ARGS__)
#define READ_BITS(p, member) BPF_CORE_READ_BITFIELD(CAST(p), member)
#endif

/* The pointer that is stored at any address; the list is only a type that begins with a pointer. */
#define READ_POINTER(address) ((void *)READ((struct list_head *)(address), next))

/*
 * Verified once, not at each call: what is large, loops or is rare. Its pointer arguments point to memory of their
 * type, and might be NULL as far as the verifier knows. What each event passes through is inline instead: where returns
 * are guarded against speculation, each costs some 10 ns.
 */
#define GLOBAL __attribute__((noinline))

/* Where a structure that is a member of another begins. */
#define ADDRESS(p, member) ((__u64)(p) + bpf_core_field_offset(typeof(*(p)), member))

/* Repeats step(i, ctx) at most n times, until it returns 1. ctx must be on the stack. */
#define LOOP(n, step, ctx) bpf_loop(n, step, ctx, 0)

/* Keeps the compiler from moving what it knows of x across this line, so that the verifier sees x being checked. */
#define OPAQUE(x) asm volatile("" : "+r"(x))

/*
 * Makes x, which must be unsigned, at most max, and lets the verifier see it. Check and assignment are one piece of
 * assembler: before Linux 6.2 a bound that the verifier finds for a register is unknown for its copies and spills, and
 * the compiler would be free to check one and use the other.
 */
#define CAP(x, max)                                                                                 \
	do {                                                                                        \
		__u64 __capped = (x);                                                               \
		asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(__capped) : "ri"((__u64)(max))); \
		x = __capped;                                                                       \
	} while (0)

#endif
