// SPDX-License-Identifier: Apache-2.0
#include "privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Capabilities ---- */

/* They belong to threads, not to processes. */
void privilege_drop(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { 0 };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int capability = 0; prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; capability++)
		;
	syscall(SYS_capset, &header, none);
}

/* ---- System calls ---- */

/* What gRPC, TLS, name resolution and the C library need once everything is attached. */
static const int allowed[] = {
	/* memory and threads */
	SYS_brk,
	SYS_mmap,
	SYS_munmap,
	SYS_mprotect,
	SYS_mremap,
	SYS_madvise,
	SYS_futex,
	SYS_clone3,
	SYS_clone,
	SYS_exit,
	SYS_exit_group,
	SYS_set_robust_list,
	SYS_rseq,
	SYS_membarrier,
	SYS_sched_yield,
	SYS_sched_getaffinity,
	SYS_sched_getparam,
	SYS_sched_getscheduler,
	SYS_getcpu,
	SYS_prctl,
	SYS_getpid,
	SYS_gettid,
	SYS_tgkill,
	/* signals and time */
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_rt_sigreturn,
	SYS_sigaltstack,
	SYS_restart_syscall,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_nanosleep,
	SYS_gettimeofday,
	SYS_getrusage,
	/* sockets */
	SYS_socket,
	SYS_connect,
	SYS_bind,
	SYS_shutdown,
	SYS_getsockname,
	SYS_getpeername,
	SYS_getsockopt,
	SYS_setsockopt,
	SYS_sendto,
	SYS_recvfrom,
	SYS_sendmsg,
	SYS_recvmsg,
	SYS_sendmmsg,
	SYS_recvmmsg,
	SYS_socketpair,
	/* descriptors */
	SYS_read,
	SYS_write,
	SYS_readv,
	SYS_writev,
	SYS_pread64,
	SYS_close,
	SYS_fcntl,
	SYS_dup,
	SYS_ioctl,
	SYS_lseek,
	SYS_ppoll,
	SYS_epoll_create1,
	SYS_epoll_ctl,
	SYS_epoll_pwait,
	SYS_eventfd2,
	SYS_pipe2,
	SYS_fstat,
	SYS_newfstatat,
	SYS_statx,
	SYS_getdents64,
	SYS_readlinkat,
	SYS_faccessat,
	/* about the machine */
	SYS_uname,
	SYS_sysinfo,
	SYS_prlimit64,
	SYS_getrandom,
	SYS_getuid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getegid,
#ifdef SYS_epoll_wait
	SYS_epoll_wait,
	SYS_poll,
	SYS_readlink,
	SYS_access,
	SYS_stat,
	SYS_lstat,
#endif
};

/* Going over open files, and changing filters. */
static const int allowed_bpf[] = { BPF_ITER_CREATE,	BPF_MAP_LOOKUP_ELEM,  BPF_MAP_UPDATE_ELEM,
				   BPF_MAP_DELETE_ELEM, BPF_MAP_GET_NEXT_KEY, BPF_OBJ_GET_INFO_BY_FD };

#if defined(__x86_64__)
#define THIS_MACHINE AUDIT_ARCH_X86_64
#else
#define THIS_MACHINE AUDIT_ARCH_AARCH64
#endif

#define FIELD(name) offsetof(struct seccomp_data, name)
#define WRITING (O_ACCMODE | O_CREAT | O_TRUNC)

struct program {
	struct sock_filter code[COUNT(allowed) * 2 + COUNT(allowed_bpf) * 2 + 16];
	unsigned short n;
};

static void add(struct program *program, struct sock_filter instruction)
{
	program->code[program->n++] = instruction;
}

static void load(struct program *program, uint32_t offset)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void answer(struct program *program, uint32_t action)
{
	add(program, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Skips `n` instructions unless what was loaded is `value`. */
static void unless_equal_skip(struct program *program, uint32_t value, uint8_t n)
{
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, n));
}

static void allow_each(struct program *program, const int *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unless_equal_skip(program, values[i], 1);
		answer(program, SECCOMP_RET_ALLOW);
	}
}

/* A call that is not foreseen fails with EPERM: a library that tries its luck goes on. */
static void compose(struct program *program)
{
	const uint32_t refuse = SECCOMP_RET_ERRNO | EPERM;
	const uint8_t bpf_part = 2 + COUNT(allowed_bpf) * 2; /* instructions that are only for bpf() */

	load(program, FIELD(arch));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, THIS_MACHINE, 1, 0));
	answer(program, refuse);
	load(program, FIELD(nr));
	allow_each(program, allowed, COUNT(allowed));
	unless_equal_skip(program, SYS_bpf, bpf_part);
	load(program, FIELD(args[0]));
	allow_each(program, allowed_bpf, COUNT(allowed_bpf));
	answer(program, refuse);
	unless_equal_skip(program, SYS_openat, 4);
	load(program, FIELD(args[2]));
	add(program, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, WRITING, 1, 0));
	answer(program, SECCOMP_RET_ALLOW);
	answer(program, refuse);
	answer(program, refuse);
}

void privilege_seal(void)
{
	struct program program = { .n = 0 };
	struct sock_fprog filter = { .filter = program.code };

#ifdef __SANITIZE_ADDRESS__
	return; /* the leak checker has needs of its own */
#endif
	compose(&program);
	filter.len = program.n;
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter))
		complain("running without a seccomp filter: %s", strerror(errno));
}
