/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What depends on the machine: where a call's number and arguments are, and how 32-bit calls are recognised. */
#ifndef TROWEL_ABI_BPF_H
#define TROWEL_ABI_BPF_H

#include "core.bpf.h"

#if defined(__TARGET_ARCH_x86)

#define TS_COMPAT 2
#define NUMBER_restart 219
#define NUMBER_execve 59
#define NUMBER_socketcall 102 /* by the 32-bit table */

static __always_inline __u32 call_number(struct pt_regs *regs)
{
	return READ(regs, orig_ax);
}

static __always_inline __u64 stack_pointer(struct pt_regs *regs)
{
	return READ(regs, sp);
}

static __always_inline __u64 second_arg(struct pt_regs *regs)
{
	return READ(regs, si);
}

/* A 64-bit process, too, makes 32-bit calls with int 0x80, and their numbers mean other calls. */
static __always_inline bool is_compat(struct task_struct *task)
{
	return READ(task, thread_info.status) & TS_COMPAT;
}

static __always_inline __u32 call_id(__u32 number, bool compat)
{
	if (!compat)
		return number;
	return number < MAX_CALLS ? compat_ids[number] - 1 : -1;
}

/* Which of socket_calls it is, and where its arguments are. */
static __always_inline __u32 socket_call(struct pt_regs *regs)
{
	__u32 which = READ(regs, bx);

	OPAQUE(which);
	return which & (SOCKET_CALLS - 1);
}

static __always_inline bool is_socketcall(__u32 number, bool compat)
{
	return compat && number == NUMBER_socketcall;
}

/* Reads as many words as are there, and makes room for their upper halves from the last one on. */
static __always_inline void read_socketcall(struct pt_regs *regs, __u64 *slots)
{
	__u32 *words = (__u32 *)slots, n = socket_calls[socket_call(regs)].args_n;
	__u64 from = (__u32)READ(regs, cx);

	for (int i = 0; i < CALL_SLOTS; i++)
		slots[i] = 0;
	CAP(n, CALL_SLOTS);
	bpf_probe_read_user(words, n * sizeof(*words), (void *)from);
	for (int i = CALL_SLOTS - 1; i >= 0; i--)
		slots[i] = words[i];
}

static __always_inline void read_slots(struct pt_regs *regs, bool compat, __u64 *slots)
{
	if (compat && call_number(regs) == NUMBER_socketcall) {
		read_socketcall(regs, slots);
		return;
	}
	if (compat) {
		slots[0] = (__u32)READ(regs, bx);
		slots[1] = (__u32)READ(regs, cx);
		slots[2] = (__u32)READ(regs, dx);
		slots[3] = (__u32)READ(regs, si);
		slots[4] = (__u32)READ(regs, di);
		slots[5] = (__u32)READ(regs, bp);
		return;
	}
	slots[0] = READ(regs, di);
	slots[1] = READ(regs, si);
	slots[2] = READ(regs, dx);
	slots[3] = READ(regs, r10);
	slots[4] = READ(regs, r8);
	slots[5] = READ(regs, r9);
}

#elif defined(__TARGET_ARCH_arm64)

#define NUMBER_restart 128
#define NUMBER_execve 221

static __always_inline __u32 call_number(struct pt_regs *regs)
{
	return READ(regs, syscallno);
}

static __always_inline __u64 stack_pointer(struct pt_regs *regs)
{
	return READ(regs, sp);
}

static __always_inline __u64 second_arg(struct pt_regs *regs)
{
	return READ(regs, regs[1]);
}

#define TIF_32BIT 22

/* Calls of 32-bit processes have a table of their own, which is not supported. */
static __always_inline bool is_compat(struct task_struct *task)
{
	return READ(task, thread_info.flags) & (1UL << TIF_32BIT);
}

static __always_inline bool is_socketcall(__u32 number, bool compat)
{
	return false;
}

static __always_inline __u32 socket_call(struct pt_regs *regs)
{
	return 0;
}

static __always_inline __u32 call_id(__u32 number, bool compat)
{
	return !compat && number < MAX_CALLS ? native_ids[number] - 1 : -1;
}

static __always_inline void read_slots(struct pt_regs *regs, bool compat, __u64 *slots)
{
	slots[0] = READ(regs, orig_x0);
	slots[1] = READ(regs, regs[1]);
	slots[2] = READ(regs, regs[2]);
	slots[3] = READ(regs, regs[3]);
	slots[4] = READ(regs, regs[4]);
	slots[5] = READ(regs, regs[5]);
}

#else
#error "which machine? -D__TARGET_ARCH_x86 or -D__TARGET_ARCH_arm64"
#endif

#endif
