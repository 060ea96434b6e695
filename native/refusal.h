/* SPDX-License-Identifier: Apache-2.0 */
/* Why the kernel refused to load a program: libbpf says it only in its messages. */
#ifndef TROWEL_REFUSAL_H
#define TROWEL_REFUSAL_H

#include <stddef.h>

struct refusal {
	int error; /* negative errno; 0: nothing was refused */
	char program[64]; /* empty: not a program was refused but a map, or the object as a whole */
	char verifier[200]; /* the last line of its log; empty: it did not get to look at the program */
};

/* From here on libbpf's messages are read; TROWEL_PROBE_DEBUG=1 shows them, too. */
void refusal_watch(void);

/* Forgets the last one. */
void refusal_clear(void);

/* What libbpf has told since; `error` is what it returned. */
struct refusal refusal_take(int error);

/* The reason as part of a sentence, without the program's name. */
void refusal_describe(const struct refusal *refusal, char *to, size_t size);

/* One line on stderr: what is missing, and what to do about it. */
void refusal_complain(const struct refusal *refusal);

#endif
