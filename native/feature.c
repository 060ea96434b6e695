// SPDX-License-Identifier: Apache-2.0
#include "feature.h"

#include <string.h>

const struct feature features[FEATURES_N] = {
	[FEATURE_LATENCY] = { "latency", "enter", "how long calls take is not measured, and waits are not recorded" },
	[FEATURE_PROC_EXEC] = { "proc.exec", "exec", "execve that succeeds is not recorded" },
	[FEATURE_PROC_EXIT] = { "proc.exit", "end", "exits of processes are not recorded" },
	[FEATURE_PROC_FORK] = { "proc.fork", "fork",
				"children of the processes asked for are lost once their parent is gone" },
	[FEATURE_PROC_KILLER] = { "proc.killer", "killer", "which process sent a fatal signal is not known",
				  .typed = true },
	[FEATURE_PENDING] = { "pending", "pending", "calls that have not returned at the end are not recorded" },
	[FEATURE_EXISTING_FDS] = { "existing_fds", "open_files",
				   "files opened before the recording have no names, and accept queues of sockets that "
				   "listened before are not seen" },
	[FEATURE_EXISTING_PROCESSES] = { "existing_processes", "processes",
					 "processes that do nothing during the recording have no names" },
	[FEATURE_SIGNALS] = { "signals", "signal", "signals, and calls that they interrupt, are not recorded",
			      .typed = true },
	[FEATURE_IO_URING] = { "io_uring", "uring_complete", "what programs do through io_uring is not recorded",
			       .typed = true },
	[FEATURE_IO_URING_SUBMIT] = { "io_uring.submit", "uring_submit",
				      "how long operations of io_uring take, and their bytes, are not recorded",
				      .typed = true },
	[FEATURE_IO_URING_PENDING] = { "io_uring.pending", "uring_pending",
				       "operations of io_uring that are not complete at the end are not recorded",
				       .typed = true },
	[FEATURE_BUSY_CPUS] = { "busy_cpus", NULL,
				"on a busy CPU up to a third of all events is lost, and counted as lost" },
	[FEATURE_RETRANSMIT] = { "net.retransmit", "retransmit",
				 "TCP retransmissions and unanswered connects are not seen", true, true },
	[FEATURE_RESET_SENT] = { "net.reset_sent", "reset_sent", "TCP resets that are sent are not seen", true, true },
	[FEATURE_RESET_SENT_NO_SOCKET] = { "net.reset_sent_no_socket", NULL,
					   "TCP resets that answer a packet without a socket, as of a closed port, are "
					   "not seen where they are sent",
					   true, true },
	[FEATURE_RESET_RECEIVED] = { "net.reset_received", "reset_received",
				     "TCP resets that are received are not seen", true, true },
	[FEATURE_STATE] = { "net.state", "state", "TCP state changes are not seen", true, true },
	[FEATURE_DROP] = { "net.drop", "drop", "dropped packets are not seen", true, true },
	[FEATURE_UDP_QUEUE] = { "udp_queue", "udp_full", "full UDP receive queues are not seen", true, true },
	[FEATURE_ACCEPT_QUEUE] = { "accept_queue", NULL, "accept queues that stay full are not seen", true, true },
};

/* How much of a program's name is not the variant's suffix. */
static size_t stem(const char *program)
{
	static const char *const suffixes[] = { "_typed", "_raw", "_classic" };
	size_t len = strlen(program);

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(suffixes[i]);

		if (len > n && strcmp(program + len - n, suffixes[i]) == 0)
			return len - n;
	}
	return len;
}

static bool is_equal(const char *text, const char *other, size_t other_len)
{
	return strlen(text) == other_len && strncmp(text, other, other_len) == 0;
}

enum feature_id feature_of_program(const char *program)
{
	size_t len = stem(program);

	for (int i = 0; i < FEATURES_N; i++)
		if (features[i].program && is_equal(features[i].program, program, len))
			return i;
	return FEATURE_NONE;
}

enum feature_id feature_by_id(const char *id, int len)
{
	for (int i = 0; i < FEATURES_N; i++)
		if (is_equal(features[i].id, id, len))
			return i;
	return FEATURE_NONE;
}
