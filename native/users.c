// SPDX-License-Identifier: Apache-2.0
#include "users.h"

#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

#define NAME_MAX_BYTES 256 /* the collector takes no longer ones */

/* Cut where it is longer than anybody's. */
static ProtobufCBinaryData name_data(const char *name)
{
	size_t len = name ? strnlen(name, NAME_MAX_BYTES) : 0;

	return (ProtobufCBinaryData){ len, len ? alloc_copy(name, len) : NULL };
}

static FILE *open_below(const char *root, const char *file)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/etc/%s", root, file) >= (int)sizeof(path))
		return NULL;
	return fopen(path, "re");
}

/*
 * In a container that sees the node's processes, the root of process 1 is the node's: it may be looked into with
 * CAP_SYS_PTRACE. Elsewhere process 1 has the same users as this one, or nobody knows.
 */
static FILE *open_list(const char *file)
{
	const char *given = getenv("TROWEL_NODE_ROOT");
	FILE *list;

	if (given && *given)
		return open_below(given, file);
	list = open_below("/proc/1/root", file);
	return list ? list : open_below("", file);
}

static void read_users(struct users *users, FILE *list)
{
	struct passwd *entry;

	while ((entry = fgetpwent(list))) {
		Trowel__V1__User *user;

		users->cut |= users->users_n == USERS_MAX;
		if (users->users_n == USERS_MAX)
			return;
		user = users->users[users->users_n++] = alloc_zeroed(1, sizeof(*user));
		trowel__v1__user__init(user);
		user->uid = entry->pw_uid;
		user->gid = entry->pw_gid;
		user->name = name_data(entry->pw_name);
		user->home = name_data(entry->pw_dir);
		user->shell = name_data(entry->pw_shell);
	}
}

static void read_groups(struct users *users, FILE *list)
{
	struct group *entry;

	while ((entry = fgetgrent(list))) {
		Trowel__V1__Group *group;

		users->cut |= users->groups_n == USERS_MAX;
		if (users->groups_n == USERS_MAX)
			return;
		group = users->groups[users->groups_n++] = alloc_zeroed(1, sizeof(*group));
		trowel__v1__group__init(group);
		group->gid = entry->gr_gid;
		group->name = name_data(entry->gr_name);
	}
}

static void read_list(struct users *users, const char *file, void (*read)(struct users *users, FILE *list))
{
	FILE *list = open_list(file);

	if (!list)
		return;
	read(users, list);
	fclose(list);
}

void users_read(struct users *users)
{
	read_list(users, "passwd", read_users);
	read_list(users, "group", read_groups);
}

void users_into(const struct users *users, Trowel__V1__Ready *ready)
{
	ready->n_users = users->users_n;
	ready->users = (Trowel__V1__User **)users->users;
	ready->n_groups = users->groups_n;
	ready->groups = (Trowel__V1__Group **)users->groups;
	ready->users_cut = users->cut;
}
