// SPDX-License-Identifier: Apache-2.0
#include "fds.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "hash.h"
#include "table.h"

#define FDS_MAX 32768
#define CACHE_SLOTS 8192

/* All that makes a descriptor different from another; without holes, so that it can be compared as bytes. */
struct key {
	uint64_t ino;
	uint32_t dev;
	uint32_t open_flags;
	uint32_t netns;
	uint16_t local_port;
	uint16_t remote_port;
	uint8_t local_ip[16];
	uint8_t remote_ip[16];
	uint8_t kind;
	uint8_t l4proto;
	uint8_t ip_len;
	uint8_t role;
	uint32_t name_len;
};

_Static_assert(sizeof(struct key) == 64, "a key has no holes");

struct entry {
	struct slot slot;
	struct key key;
	char *name;
	uint32_t id;
};

/* Most events come from a descriptor that was seen a moment ago: told by the kernel's own words, without a name. */
struct recent {
	struct fd_identity fd;
	uint32_t id; /* 0: none */
};

/*
 * The kernel tells of connections before they belong to an open file and after they have been closed, too: those are
 * the same connection as the socket with that tuple, where one is known.
 */
struct connection {
	struct key key; /* without what only the socket has */
	uint32_t id; /* 0: none */
};

struct fds {
	const struct files *files;
	const struct roles *roles;
	struct recent *recent;
	struct connection *connections;
	struct table table;
	uint32_t last_id;
};

static void release(void *entry)
{
	free(((struct entry *)entry)->name);
}

struct fds *fds_new(const struct files *files, const struct roles *roles)
{
	struct fds *fds = alloc_zeroed(1, sizeof(*fds));

	fds->files = files;
	fds->roles = roles;
	fds->recent = alloc_zeroed(CACHE_SLOTS, sizeof(*fds->recent));
	fds->connections = alloc_zeroed(CACHE_SLOTS, sizeof(*fds->connections));
	table_init(&fds->table, FDS_MAX, sizeof(struct entry), release);
	return fds;
}

static void forget_all(struct fds *fds)
{
	table_clear(&fds->table);
	memset(fds->recent, 0, CACHE_SLOTS * sizeof(*fds->recent));
	memset(fds->connections, 0, CACHE_SLOTS * sizeof(*fds->connections));
}

void fds_free(struct fds *fds)
{
	table_free(&fds->table);
	free(fds->connections);
	free(fds->recent);
	free(fds);
}

void fds_restart(struct fds *fds)
{
	forget_all(fds);
	fds->last_id = 0;
}

static bool is_path_kind(uint8_t kind)
{
	return kind == TROWEL__V1__FD_KIND__FD_FILE || kind == TROWEL__V1__FD_KIND__FD_DIRECTORY ||
	       kind == TROWEL__V1__FD_KIND__FD_PIPE;
}

static bool is_inet_kind(uint8_t kind)
{
	return kind == TROWEL__V1__FD_KIND__FD_IPV4 || kind == TROWEL__V1__FD_KIND__FD_IPV6;
}

/* ---- Defining ---- */

/* An IPv4 address has four bytes; none at all stays empty. */
static ProtobufCBinaryData address(struct batch *batch, const struct key *key, const uint8_t *ip)
{
	return batch_copy(batch, ip, key->ip_len);
}

static void define(struct batch *batch, const struct entry *entry)
{
	Trowel__V1__Fd *fd = arena_alloc(&batch->arena, sizeof(*fd));
	const struct key *key = &entry->key;

	trowel__v1__fd__init(fd);
	fd->id = entry->id;
	fd->kind = key->kind;
	fd->role = key->role;
	fd->l4proto = key->l4proto;
	fd->local_port = key->local_port;
	fd->remote_port = key->remote_port;
	fd->ino = key->ino;
	fd->dev = encode_dev(key->dev);
	fd->netns = key->netns;
	fd->open_flags = key->open_flags;
	fd->name = batch_copy(batch, entry->name, key->name_len);
	if (is_inet_kind(key->kind)) {
		fd->local_ip = address(batch, key, key->local_ip);
		fd->remote_ip = address(batch, key, key->remote_ip);
	}
	pointers_add(&batch->fds, fd);
}

/* ---- Finding ---- */

static struct key key_of(const struct fds *fds, const struct fd_identity *fd, struct span name)
{
	struct key key = {
		.ino = fd->ino,
		.dev = fd->dev,
		.netns = fd->netns,
		.kind = fd->kind,
		.name_len = name.len,
	};

	if (is_path_kind(fd->kind))
		key.open_flags = fd->open_flags;
	if (!is_inet_kind(fd->kind))
		return key;
	key.l4proto = fd->l4proto;
	key.ip_len = fd->ip_len;
	key.local_port = fd->local_port;
	key.remote_port = fd->remote_port;
	memcpy(key.local_ip, fd->local_ip, sizeof(key.local_ip));
	memcpy(key.remote_ip, fd->remote_ip, sizeof(key.remote_ip));
	key.role = role_of(fds->roles, fd);
	return key;
}

struct sought {
	const struct key *key;
	struct span name;
};

static bool is_sought(const void *at, const void *key)
{
	const struct entry *entry = at;
	const struct sought *sought = key;

	return memcmp(&entry->key, sought->key, sizeof(entry->key)) == 0 &&
	       (!sought->name.len || memcmp(entry->name, sought->name.bytes, sought->name.len) == 0);
}

static uint32_t intern(struct fds *fds, struct batch *batch, const struct fd_identity *fd, struct span name)
{
	struct key key = key_of(fds, fd, name);
	struct sought sought = { &key, name };
	uint64_t hash = hash_bytes(&key, sizeof(key)) ^ hash_bytes(name.bytes, name.len);
	struct entry *entry = table_find(&fds->table, hash, is_sought, &sought);

	if (entry)
		return entry->id;
	if (table_is_full(&fds->table))
		forget_all(fds);
	entry = table_add(&fds->table, hash);
	entry->key = key;
	entry->id = ++fds->last_id;
	entry->name = alloc_copy(name.bytes, name.len);
	define(batch, entry);
	return entry->id;
}

static struct connection *connection_of(const struct fds *fds, struct key *key)
{
	key->ino = 0;
	key->dev = 0;
	key->role = 0;
	return &fds->connections[hash_bytes(key, sizeof(*key)) & (CACHE_SLOTS - 1)];
}

static void remember_connection(struct fds *fds, const struct fd_identity *fd, uint32_t id)
{
	struct key key = key_of(fds, fd, (struct span){ 0 });
	struct connection *connection = connection_of(fds, &key);

	connection->key = key;
	connection->id = id;
}

/* 0: not known. */
static uint32_t find_connection(const struct fds *fds, const struct fd_identity *fd)
{
	struct key key = key_of(fds, fd, (struct span){ 0 });
	const struct connection *connection = connection_of(fds, &key);

	return connection->id && memcmp(&connection->key, &key, sizeof(key)) == 0 ? connection->id : 0;
}

static bool is_connection(const struct fd_identity *fd)
{
	return fd->l4proto == IPPROTO_TCP && fd->local_port && fd->remote_port;
}

/* A server's socket has many peers: they share the file but not the slot. */
static struct recent *recent_of(const struct fds *fds, const struct fd_identity *fd)
{
	uint64_t peer;

	memcpy(&peer, fd->remote_ip, sizeof(peer));
	return &fds->recent[hash_u64(fd->file ^ peer ^ (uint64_t)fd->remote_port << 48) & (CACHE_SLOTS - 1)];
}

uint32_t fds_recent(const struct fds *fds, const struct fd_identity *fd)
{
	const struct recent *recent = recent_of(fds, fd);

	return recent->id && memcmp(&recent->fd, fd, sizeof(*fd)) == 0 ? recent->id : 0;
}

uint32_t fds_id(struct fds *fds, struct batch *batch, const struct fd_identity *fd, struct span name)
{
	struct recent *recent = recent_of(fds, fd);
	uint32_t id = is_connection(fd) && !fd->ino ? find_connection(fds, fd) : 0;

	if (id)
		return id;
	if (!name.len && is_path_kind(fd->kind))
		name = files_path(fds->files, fd);
	id = intern(fds, batch, fd, name);
	if (is_connection(fd))
		remember_connection(fds, fd, id);
	/* what has no name yet may still get one */
	*recent = (struct recent){ .fd = *fd, .id = name.len || !is_path_kind(fd->kind) ? id : 0 };
	return id;
}
