/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TROWEL_LOG_H
#define TROWEL_LOG_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

/* One line on stderr: what is wrong, why, and what to try. */
#define complain(format, ...) fprintf(stderr, "trowel-probe: " format "\n", ##__VA_ARGS__)

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* The clock of all event times. */
static inline uint64_t boot_ns(void)
{
	return clock_ns(CLOCK_BOOTTIME);
}

#endif
