/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * All programs as one object, since they share maps and functions. Included rather than linked: the static linker of
 * libbpf 1.1 cannot merge two objects that call the same kernel function.
 */
#include "calls.bpf.c"
#include "pending.bpf.c"
#include "process.bpf.c"
#include "iter.bpf.c"
#include "network.bpf.c"
#include "uring.bpf.c"
#include "uring-pending.bpf.c"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
