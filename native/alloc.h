/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, or the end of the probe: one line on stderr says so, and the
 * collector sees the stream break off. */
#ifndef TROWEL_ALLOC_H
#define TROWEL_ALLOC_H

#include <stddef.h>

/* n times `size` bytes of zeros. */
void *alloc_zeroed(size_t n, size_t size);
/* As realloc. */
void *alloc_resize(void *memory, size_t size);
/* A copy of `len` bytes. */
void *alloc_copy(const void *bytes, size_t len);
/* For memory from elsewhere: gives it back, unless it is NULL. */
void *alloc_checked(void *memory, size_t size);

#endif
