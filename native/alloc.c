// SPDX-License-Identifier: Apache-2.0
#include "alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "log.h"

void *alloc_checked(void *memory, size_t size)
{
	if (memory || !size)
		return memory;
	complain("no memory left for %zu bytes: raise the memory limit, or record less", size);
	_exit(1);
}

void *alloc_zeroed(size_t n, size_t size)
{
	return alloc_checked(calloc(n, size), n * size);
}

void *alloc_resize(void *memory, size_t size)
{
	return alloc_checked(realloc(memory, size), size);
}

void *alloc_copy(const void *bytes, size_t len)
{
	return len ? memcpy(alloc_resize(NULL, len), bytes, len) : NULL;
}
