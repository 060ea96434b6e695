// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <stdlib.h>
#include <string.h>

#include "hash.h"

#define FILES_MAX 32768
#define SLOTS (FILES_MAX * 2)

/* The kernel uses addresses again, so an entry holds for one inode only. */
struct entry {
	uint64_t file; /* 0: free */
	uint64_t ino;
	uint32_t dev;
	uint32_t len;
	char *path;
};

struct files {
	struct entry *entries;
	uint32_t used;
};

struct files *files_new(void)
{
	struct files *files = calloc(1, sizeof(*files));

	files->entries = calloc(SLOTS, sizeof(struct entry));
	return files;
}

static void forget_all(struct files *files)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		free(files->entries[i].path);
	memset(files->entries, 0, SLOTS * sizeof(struct entry));
	files->used = 0;
}

void files_free(struct files *files)
{
	forget_all(files);
	free(files->entries);
	free(files);
}

static struct entry *find(const struct files *files, uint64_t file)
{
	uint32_t i = hash_u64(file) & (SLOTS - 1);

	while (files->entries[i].file && files->entries[i].file != file)
		i = (i + 1) & (SLOTS - 1);
	return &files->entries[i];
}

void files_learn(struct files *files, const struct fd_identity *fd, struct span path)
{
	struct entry *entry = find(files, fd->file);

	if (!entry->file && files->used == FILES_MAX) {
		forget_all(files);
		entry = find(files, fd->file);
	}
	if (!entry->file)
		files->used++;
	entry->path = realloc(entry->path, path.len + 1);
	memcpy(entry->path, path.bytes, path.len);
	entry->file = fd->file;
	entry->ino = fd->ino;
	entry->dev = fd->dev;
	entry->len = path.len;
}

struct span files_path(const struct files *files, const struct fd_identity *fd)
{
	const struct entry *entry = find(files, fd->file);

	if (!entry->file || entry->ino != fd->ino || entry->dev != fd->dev)
		return (struct span){ 0 };
	return (struct span){ entry->path, entry->len };
}
