/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TROWEL_HASH_H
#define TROWEL_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The finalizer of MurmurHash3: every bit of x changes about half of the result's. */
static inline uint64_t hash_u64(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdULL;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return x ^ x >> 33;
}

static inline uint64_t hash_bytes(const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	uint64_t hash = len, word;

	for (; len >= 8; at += 8, len -= 8) {
		memcpy(&word, at, 8);
		hash = hash_u64(hash ^ word);
	}
	word = 0;
	if (len)
		memcpy(&word, at, len);
	return hash_u64(hash ^ word);
}

/* A device number as the kernel keeps it, to how stat(2) shows it. */
static inline uint32_t encode_dev(uint32_t dev)
{
	uint32_t major = dev >> 20, minor = dev & 0xfffff;

	return (minor & 0xff) | major << 8 | (minor & ~0xffu) << 12;
}

#endif
