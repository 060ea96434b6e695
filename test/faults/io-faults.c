/* Preloaded into a recorder or a reader: a disk under its captures that takes little at a time, or fails. FAULT=short | write | file |
 * sync | read, AFTER=BYTES that go well before; `file` is write, but for what goes into the log. Only files whose names have ".trowel" in them are met. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static long passed;

static int is_capture(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return 0;
	path[n] = 0;
	return strstr(path, ".trowel") != NULL;
}

static int is_log(int fd)
{
	char link[64], path[4096];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	return n > 4 && memcmp(path + n - 4, "-wal", 4) == 0;
}

static int is_fault(const char *name, int fd)
{
	const char *fault = getenv("FAULT"), *after = getenv("AFTER");

	return fault && strcmp(fault, name) == 0 && is_capture(fd) && (!after || passed >= atol(after));
}

ssize_t pwrite64(int fd, const void *from, size_t n, off64_t at)
{
	static ssize_t (*real)(int, const void *, size_t, off64_t);

	if (!real)
		real = (ssize_t (*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
	if (is_fault("write", fd) || (is_fault("file", fd) && !is_log(fd))) {
		errno = EIO;
		return -1;
	}
	if (is_fault("short", fd) && n > 777)
		n = 777;
	if (is_capture(fd))
		passed += n;
	return real(fd, from, n, at);
}

ssize_t pwrite(int fd, const void *from, size_t n, off_t at)
{
	return pwrite64(fd, from, n, at);
}

ssize_t pread64(int fd, void *to, size_t n, off64_t at)
{
	static ssize_t (*real)(int, void *, size_t, off64_t);

	if (!real)
		real = (ssize_t (*)(int, void *, size_t, off64_t))dlsym(RTLD_NEXT, "pread64");
	if (is_fault("read", fd)) {
		errno = EIO;
		return -1;
	}
	if (is_fault("short", fd) && n > 777)
		n = 777;
	if (is_capture(fd))
		passed += n;
	return real(fd, to, n, at);
}

ssize_t pread(int fd, void *to, size_t n, off_t at)
{
	return pread64(fd, to, n, at);
}

static int sync_by(const char *name, int fd)
{
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);

	if (is_fault("sync", fd)) {
		errno = EIO;
		return -1;
	}
	return real(fd);
}

int fdatasync(int fd)
{
	return sync_by("fdatasync", fd);
}

int fsync(int fd)
{
	return sync_by("fsync", fd);
}
