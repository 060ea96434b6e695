// SPDX-License-Identifier: Apache-2.0
#include "path.h"

#include <stdbool.h>
#include <string.h>

static size_t append(char *to, size_t at, const char *bytes, size_t len)
{
	if (len > PATH_BYTES - at)
		len = PATH_BYTES - at;
	memcpy(to + at, bytes, len);
	return at + len;
}

static bool is_slash_before(const struct span *names, size_t i)
{
	return i == 0 || names->bytes[i - 1] == '\0';
}

size_t path_from_names(char *to, struct span names)
{
	size_t at = 0, end = names.len;

	for (size_t i = names.len; i-- > 0;) {
		if (!is_slash_before(&names, i))
			continue;
		at = append(to, at, "/", 1);
		at = append(to, at, names.bytes + i, strnlen(names.bytes + i, end - i));
		end = i;
	}
	return at ? at : append(to, 0, "/", 1);
}

/* Appends one component at a time, which drops "." and doubled slashes. */
static size_t append_components(char *to, size_t at, struct span path)
{
	size_t i = 0;

	while (i < path.len) {
		const char *slash = memchr(path.bytes + i, '/', path.len - i);
		size_t len = (slash ? (size_t)(slash - path.bytes) : path.len) - i;

		if (len && !(len == 1 && path.bytes[i] == '.')) {
			at = append(to, at, "/", 1);
			at = append(to, at, path.bytes + i, len);
		}
		i += len + 1;
	}
	return at;
}

size_t path_absolute(char *to, struct span written, struct span base)
{
	size_t at = 0;

	if (!written.len || written.bytes[0] != '/') {
		at = path_from_names(to, base);
		if (at == 1)
			at = 0;
	}
	at = append_components(to, at, written);
	return at ? at : append(to, 0, "/", 1);
}
