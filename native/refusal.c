// SPDX-License-Identifier: Apache-2.0
#include "refusal.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "log.h"

static struct refusal last;

/* ---- What libbpf says ---- */

/* Lines that end a verifier's log without saying what was wrong. */
static bool is_statistics(const char *line)
{
	static const char *const begins[] = { "processed ", "verification time ", "stack depth ", "max_states" };

	for (size_t i = 0; i < sizeof(begins) / sizeof(*begins); i++)
		if (strncmp(line, begins[i], strlen(begins[i])) == 0)
			return true;
	return *line == '\0';
}

static void keep_last_line(const char *log)
{
	while (*log) {
		size_t len = strcspn(log, "\n");
		char line[sizeof(last.verifier)];

		snprintf(line, sizeof(line), "%.*s", (int)len, log);
		if (!is_statistics(line))
			memcpy(last.verifier, line, sizeof(line));
		log += len + (log[len] == '\n');
	}
}

static void read_message(const char *format, va_list args)
{
	if (strstr(format, "BEGIN PROG LOAD LOG")) {
		va_arg(args, const char *); /* the program's name */
		keep_last_line(va_arg(args, const char *));
	} else if (strstr(format, "prog '%s': failed to load: %d")) {
		snprintf(last.program, sizeof(last.program), "%s", va_arg(args, const char *));
		last.error = va_arg(args, int);
	}
}

static int on_message(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_WARN) {
		va_list again;

		va_copy(again, args);
		read_message(format, again);
		va_end(again);
	}
	return getenv("TROWEL_PROBE_DEBUG") ? vfprintf(stderr, format, args) : 0;
}

void refusal_watch(void)
{
	libbpf_set_print(on_message);
}

void refusal_clear(void)
{
	last = (struct refusal){ 0 };
}

struct refusal refusal_take(int error)
{
	struct refusal refusal = last;

	if (!refusal.error)
		refusal.error = error;
	return refusal;
}

/* ---- What stands behind it ---- */

static bool has_privilege(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t effective;

	if (syscall(SYS_capget, &header, data))
		return false;
	effective = data[0].effective | (uint64_t)data[1].effective << 32;
	if (effective & 1ULL << CAP_SYS_ADMIN)
		return true;
	return effective & 1ULL << CAP_BPF && effective & 1ULL << CAP_PERFMON;
}

static bool file_contains(const char *path, const char *text)
{
	char content[128] = "";
	FILE *file = fopen(path, "re");

	if (!file)
		return false;
	content[fread(content, 1, sizeof(content) - 1, file)] = '\0';
	fclose(file);
	return strstr(content, text);
}

static bool is_permission(int error)
{
	return error == -EPERM || error == -EACCES;
}

enum cause {
	CAUSE_MEMORY,
	CAUSE_PRIVILEGE,
	CAUSE_NO_BTF,
	CAUSE_LOCKDOWN,
	CAUSE_NO_JIT,
	CAUSE_VERIFIER,
	CAUSE_POLICY,
	CAUSE_NO_HOOK,
	CAUSE_OTHER,
};

/* The verifier answers EACCES, too: it is a matter of privilege only where that is missing. */
static enum cause cause_of(const struct refusal *refusal)
{
	if (refusal->error == -ENOMEM)
		return CAUSE_MEMORY;
	if (is_permission(refusal->error) && !has_privilege())
		return CAUSE_PRIVILEGE;
	if (access("/sys/kernel/btf/vmlinux", R_OK))
		return CAUSE_NO_BTF;
	if (file_contains("/sys/kernel/security/lockdown", "[confidentiality]"))
		return CAUSE_LOCKDOWN;
	if (file_contains("/proc/sys/net/core/bpf_jit_enable", "0"))
		return CAUSE_NO_JIT;
	if (refusal->verifier[0])
		return CAUSE_VERIFIER;
	if (is_permission(refusal->error))
		return CAUSE_POLICY;
	return refusal->error == -ESRCH && refusal->program[0] ? CAUSE_NO_HOOK : CAUSE_OTHER;
}

void refusal_describe(const struct refusal *refusal, char *to, size_t size)
{
	static const char *const texts[] = {
		[CAUSE_MEMORY] = "no memory for it",
		[CAUSE_PRIVILEGE] = "it needs CAP_BPF and CAP_PERFMON, or root",
		[CAUSE_NO_BTF] = "this kernel has no BTF",
		[CAUSE_LOCKDOWN] = "this kernel is locked down (confidentiality)",
		[CAUSE_NO_JIT] = "the BPF JIT is off (net.core.bpf_jit_enable)",
		[CAUSE_POLICY] = "a security policy of this kernel refuses the program",
		[CAUSE_NO_HOOK] = "this kernel has no such hook",
	};
	enum cause cause = cause_of(refusal);

	if (cause == CAUSE_VERIFIER)
		snprintf(to, size, "this kernel's verifier refuses the program: %s", refusal->verifier);
	else
		snprintf(to, size, "%s", cause == CAUSE_OTHER ? strerror(-refusal->error) : texts[cause]);
}

static void complain_of_program(const struct refusal *refusal, enum cause cause)
{
	const char *program = refusal->program[0] ? refusal->program : "a BPF program";
	struct utsname host;

	uname(&host);
	if (cause == CAUSE_VERIFIER)
		complain("the verifier of Linux %s refuses %s: \"%s\". This is a fault of Trowel: please report it",
			 host.release, program, refusal->verifier);
	else if (cause == CAUSE_POLICY)
		complain("Linux %s refuses %s though the privilege is there: %s. Does a security policy (an LSM, "
			 "lockdown) "
			 "forbid BPF?",
			 host.release, program, strerror(-refusal->error));
	else
		complain("Linux %s refuses %s (%s): Linux 6.1 is the oldest that Trowel is tested on", host.release,
			 program, strerror(-refusal->error));
}

void refusal_complain(const struct refusal *refusal)
{
	enum cause cause = cause_of(refusal);

	switch (cause) {
	case CAUSE_MEMORY:
		complain("no memory for the BPF programs and their ring: use a smaller --ring-mib, or raise the memory "
			 "limit");
		break;
	case CAUSE_PRIVILEGE:
		complain("not allowed to load BPF programs: run as root, or with CAP_BPF and CAP_PERFMON");
		break;
	case CAUSE_NO_BTF:
		complain("this kernel has no BTF (/sys/kernel/btf/vmlinux): use a kernel built with "
			 "CONFIG_DEBUG_INFO_BTF, 6.1 or later");
		break;
	case CAUSE_LOCKDOWN:
		complain("this kernel is locked down (confidentiality), so BPF programs may not read its memory: boot "
			 "with "
			 "lockdown=integrity, or without");
		break;
	case CAUSE_NO_JIT:
		complain("the BPF JIT is off: sysctl net.core.bpf_jit_enable=1");
		break;
	default:
		complain_of_program(refusal, cause);
	}
}
