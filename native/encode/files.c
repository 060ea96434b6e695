// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"
#include "table.h"

#define FILES_MAX 32768

/* The kernel uses addresses again, so an entry holds for one inode only. */
struct entry {
	struct slot slot;
	uint64_t ino;
	uint32_t dev;
	uint32_t len;
	char *path;
};

struct files {
	struct table table; /* by the address of the struct file */
};

static void release(void *entry)
{
	free(((struct entry *)entry)->path);
}

struct files *files_new(void)
{
	struct files *files = alloc_zeroed(1, sizeof(*files));

	table_init(&files->table, FILES_MAX, sizeof(struct entry), release);
	return files;
}

void files_free(struct files *files)
{
	table_free(&files->table);
	free(files);
}

/* NULL: it is not known. No two addresses have the same hash. */
static struct entry *find(const struct files *files, uint64_t file)
{
	return table_find(&files->table, hash_u64(file), NULL, NULL);
}

void files_learn(struct files *files, const struct fd_identity *fd, struct span path)
{
	struct entry *entry = find(files, fd->file);

	if (!entry)
		entry = table_add(&files->table, hash_u64(fd->file));
	entry->path = alloc_resize(entry->path, path.len + 1);
	memcpy(entry->path, path.bytes, path.len);
	entry->ino = fd->ino;
	entry->dev = fd->dev;
	entry->len = path.len;
}

bool files_has(const struct files *files, uint64_t file)
{
	return find(files, file);
}

struct span files_path(const struct files *files, const struct fd_identity *fd)
{
	const struct entry *entry = find(files, fd->file);

	if (!entry || entry->ino != fd->ino || entry->dev != fd->dev)
		return (struct span){ 0 };
	return (struct span){ entry->path, entry->len };
}
