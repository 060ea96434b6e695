// SPDX-License-Identifier: Apache-2.0
/*
 * Counted workloads for the tests of the probe: `workload NAME` does one thing a known number of times. 23 is the
 * number where none is said: a prime that nothing else does by chance.
 */
#include "workload.h"

#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* ---- Files ---- */

/* Opens, reads, writes and closes; by relative and by absolute paths. */
static void files(void)
{
	char bytes[64];

	MUST(chdir("/tmp"));
	for (int i = 0; i < TIMES; i++) {
		int fd = MUST(open("workload-file", O_RDWR | O_CREAT | O_TRUNC, 0644));

		MUST(write(fd, "hello, file", 11));
		MUST(pread(fd, bytes, sizeof(bytes), 0));
		MUST(close(fd));
	}
	MUST(rename("workload-file", "/tmp/workload-renamed"));
	MUST(unlink("/tmp/./workload-renamed"));
	open("/nonexistent/file", O_RDONLY);
}

/* 70 bytes in four pieces. */
static void iovecs(void)
{
	char a[11], b[1], c[40], d[100];
	struct iovec out[] = { { "0123456789", 10 },
			       { "", 0 },
			       { "abcdefghijklmnopqrst", 20 },
			       { "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-*/", 40 } };
	struct iovec in[] = { { a, sizeof(a) }, { b, sizeof(b) }, { c, sizeof(c) }, { d, sizeof(d) } };
	int fds[2];

	MUST(pipe(fds));
	for (int i = 0; i < TIMES; i++) {
		MUST(writev(fds[1], out, 4));
		MUST(readv(fds[0], in, 4));
	}
}

/* ---- Sockets ---- */

/* As glibc's resolver does it: a connected socket, and no addresses in the calls. */
static void udp_connected(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address = loopback(port);
	char bytes[64];

	MUST(connect(client, as_sockaddr(&address), sizeof(address)));
	for (int i = 0; i < TIMES; i++) {
		MUST(send(client, "ping", 4, 0));
		MUST(recv(server, bytes, sizeof(bytes), 0));
	}
}

/* As musl and Go do it: an address with each message. */
static void udp_unconnected(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address = loopback(port), from;
	socklen_t len = sizeof(from);
	char bytes[64];

	for (int i = 0; i < TIMES; i++) {
		MUST(sendto(client, "ping", 4, 0, as_sockaddr(&address), sizeof(address)));
		MUST(recvfrom(server, bytes, sizeof(bytes), 0, as_sockaddr(&from), &len));
		MUST(sendto(server, "pong!", 5, 0, as_sockaddr(&from), len));
		MUST(recvfrom(client, bytes, sizeof(bytes), 0, NULL, NULL));
	}
}

/* Two messages a call. */
static void mmsg(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address = loopback(port);
	char in[2][64];
	struct iovec out[] = { { "question A", 10 }, { "question AAAA", 13 } };
	struct iovec into[] = { { in[0], 64 }, { in[1], 64 } };
	struct mmsghdr sent[] = { { .msg_hdr = { .msg_iov = &out[0], .msg_iovlen = 1 } },
				  { .msg_hdr = { .msg_iov = &out[1], .msg_iovlen = 1 } } };
	struct mmsghdr received[] = { { .msg_hdr = { .msg_iov = &into[0], .msg_iovlen = 1 } },
				      { .msg_hdr = { .msg_iov = &into[1], .msg_iovlen = 1 } } };

	MUST(connect(client, as_sockaddr(&address), sizeof(address)));
	for (int i = 0; i < TIMES; i++) {
		MUST(sendmmsg(client, sent, 2, 0));
		MUST(recvmmsg(server, received, 2, 0, NULL));
	}
}

/* Connects, accepts, exchanges a line, closes. */
static void tcp(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_STREAM, &port);
	struct sockaddr_in address = loopback(port);
	char bytes[256];

	MUST(listen(server, 8));
	for (int i = 0; i < TIMES; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM, 0))
		, peer;

		MUST(connect(client, as_sockaddr(&address), sizeof(address)));
		peer = MUST(accept(server, NULL, NULL));
		MUST(write(client,
			   "GET / HTTP/1.1\r\nHost: example\r\nAccept: a/b\r\n"
			   "X-Long: 01234567890123456789012345678901234567890123456789012345678901\r\n\r\n",
			   118));
		MUST(read(peer, bytes, sizeof(bytes)));
		MUST(write(peer, "bye", 3));
		MUST(read(client, bytes, sizeof(bytes)));
		MUST(close(client));
		MUST(close(peer));
	}
}

/* Nobody listens there. */
static void refused(void)
{
	for (int i = 0; i < TIMES; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM, 0));
		struct sockaddr_in address = loopback(1);

		connect(client, as_sockaddr(&address), sizeof(address));
		MUST(close(client));
	}
}

/* DNS over TCP: two bytes of length, and then a message, in two pieces. */
static void dns_tcp(void)
{
	static const char query[] = "\0\x1d\x12\x34\x01\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
	uint16_t port = 53;
	int server = bound_socket(SOCK_STREAM, &port), client = MUST(socket(AF_INET, SOCK_STREAM, 0))
	, peer;
	struct sockaddr_in address = loopback(port);
	char bytes[512];

	MUST(listen(server, 8));
	MUST(connect(client, as_sockaddr(&address), sizeof(address)));
	peer = MUST(accept4(server, NULL, NULL, SOCK_CLOEXEC));
	for (int i = 0; i < TIMES; i++) {
		MUST(write(client, query, 2));
		MUST(write(client, query + 2, 29));
		MUST(recv(peer, bytes, 31, MSG_WAITALL));
	}
}

/* IPv4 through an IPv6 socket, and IPv6. */
static void ipv6(void)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6 }, to;
	socklen_t len = sizeof(any);
	int server = MUST(socket(AF_INET6, SOCK_DGRAM, 0))
	, v4 = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	int v6 = MUST(socket(AF_INET6, SOCK_DGRAM, 0));
	struct sockaddr_in to_v4;
	char bytes[64];

	MUST(bind(server, as_sockaddr(&any), sizeof(any)));
	MUST(getsockname(server, as_sockaddr(&any), &len));
	to_v4 = loopback(ntohs(any.sin6_port));
	to = any;
	to.sin6_addr = in6addr_loopback;
	for (int i = 0; i < TIMES; i++) {
		MUST(sendto(v4, "four", 4, 0, as_sockaddr(&to_v4), sizeof(to_v4)));
		MUST(recvfrom(server, bytes, sizeof(bytes), 0, as_sockaddr(&any), &len));
		MUST(sendto(v6, "sixsix", 6, 0, as_sockaddr(&to), sizeof(to)));
		MUST(recvfrom(server, bytes, sizeof(bytes), 0, as_sockaddr(&any), &len));
	}
}

static struct sockaddr_un unix_address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	strcpy(address.sun_path, path);
	return address;
}

/* A server with a path; clients have none and are known by their peer's. */
static void unix_sockets(void)
{
	struct sockaddr_un address = unix_address("/tmp/workload.sock");
	int server = MUST(socket(AF_UNIX, SOCK_STREAM, 0));
	char byte;

	unlink(address.sun_path);
	MUST(bind(server, as_sockaddr(&address), sizeof(address)));
	MUST(listen(server, 8));
	for (int i = 0; i < TIMES; i++) {
		int client = MUST(socket(AF_UNIX, SOCK_STREAM, 0))
		, peer;

		MUST(connect(client, as_sockaddr(&address), sizeof(address)));
		peer = MUST(accept(server, NULL, NULL));
		MUST(write(client, "u", 1));
		MUST(read(peer, &byte, 1));
		MUST(close(client));
		MUST(close(peer));
	}
	unlink(address.sun_path);
}

static void send_fd(int socket, int fd)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { "f", 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	MUST(sendmsg(socket, &message, 0));
}

static int receive_fd(int socket)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
	};
	int fd;

	MUST(recvmsg(socket, &message, 0));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	return fd;
}

/* The child reads a file that only its parent has opened. */
static void passed_fd(void)
{
	int pair[2], fd;
	char bytes[16];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	if (fork() == 0) {
		for (int i = 0; i < TIMES; i++) {
			fd = receive_fd(pair[1]);
			MUST(pread(fd, bytes, sizeof(bytes), 0));
			MUST(close(fd));
		}
		_exit(0);
	}
	for (int i = 0; i < TIMES; i++) {
		fd = MUST(open("/etc/passwd", O_RDONLY));
		send_fd(pair[0], fd);
		MUST(close(fd));
	}
	wait(NULL);
}

/* For sockets and files that were there before the recording: waits for a line on stdin before it uses them. */
static void old_sockets(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_STREAM, &port), client = MUST(socket(AF_INET, SOCK_STREAM, 0))
	, peer;
	int file = MUST(open("/etc/hostname", O_RDONLY));
	struct sockaddr_in address = loopback(port);
	char bytes[64];

	MUST(listen(server, 8));
	MUST(connect(client, as_sockaddr(&address), sizeof(address)));
	peer = MUST(accept(server, NULL, NULL));
	printf("ready\n");
	fflush(stdout);
	MUST(read(0, bytes, 1));
	for (int i = 0; i < TIMES; i++) {
		MUST(send(client, "old", 3, 0));
		MUST(recv(peer, bytes, sizeof(bytes), 0));
		MUST(pread(file, bytes, 4, 0));
	}
}

/* ---- Processes ---- */

static void exec_true(void)
{
	execl("/bin/true", "true", "with", "arguments", NULL);
	_exit(127);
}

/* 1,000 processes that are gone at once. */
static void storm(void)
{
	for (int i = 0; i < 1000; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0)
			exec_true();
		MUST(waitpid(pid, NULL, 0));
	}
}

/* As many as fit, all at the same time. */
static void fork_storm(void)
{
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 100; i++) {
			if (MUST(fork()) == 0) {
				close(open("/etc/passwd", O_RDONLY));
				_exit(i);
			}
		}
		while (wait(NULL) > 0)
			;
	}
}

static int pipe_ends[2];

static void wait_in(int how)
{
	struct pollfd polled = { .fd = pipe_ends[0], .events = POLLIN };
	char byte;

	if (how == 0)
		poll(&polled, 1, -1);
	else if (how == 1)
		MUST(read(pipe_ends[0], &byte, 1));
	else
		sleep(100);
}

static bool is_asleep(pid_t pid)
{
	char path[32], stat[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		die(path);
	stat[fread(stat, 1, sizeof(stat) - 1, file)] = '\0';
	fclose(file);
	return strstr(stat, ") S ");
}

/* Children are killed inside a call that waits: none of them returns. */
static void cut_off(void)
{
	MUST(pipe(pipe_ends));
	for (int i = 0; i < TIMES * 3; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			wait_in(i % 3);
			_exit(1);
		}
		while (!is_asleep(pid))
			usleep(1000);
		usleep(5000);
		MUST(kill(pid, SIGTERM));
		MUST(waitpid(pid, NULL, 0));
	}
}

static void crashed(void)
{
	for (int i = 0; i < TIMES; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			struct rlimit none = { 0, 0 };

			setrlimit(RLIMIT_CORE, &none);
			*(volatile int *)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) = 1;
		}
		MUST(waitpid(pid, NULL, 0));
	}
}

/* Locks, and the limit on watches. */
static void locks(void)
{
	struct flock lock = { .l_type = F_WRLCK, .l_len = 1 }, unlock = { .l_type = F_UNLCK, .l_len = 1 };
	int fd = MUST(open("/tmp/workload-lock", O_CREAT | O_RDWR, 0600))
	, watches = MUST(inotify_init1(IN_CLOEXEC));

	for (int i = 0; i < TIMES; i++) {
		MUST(fcntl(fd, F_SETLK, &lock));
		MUST(fcntl(fd, F_GETFL));
		MUST(fcntl(fd, F_SETLK, &unlock));
		MUST(inotify_add_watch(watches, "/tmp/workload-lock", IN_MODIFY));
	}
	close(watches);
	close(fd);
	unlink("/tmp/workload-lock");
}

static void killed(void)
{
	for (int i = 0; i < TIMES; i++) {
		pid_t pid = MUST(fork());

		if (pid == 0) {
			pause();
			_exit(0);
		}
		MUST(kill(pid, SIGKILL));
		MUST(waitpid(pid, NULL, 0));
	}
}

/* Its name, its directory and its user change. */
static void changes(void)
{
	MUST(prctl(PR_SET_NAME, "renamed"));
	MUST(chdir("/usr/lib"));
	MUST(close(MUST(open("os-release", O_RDONLY))));
	MUST(setresuid(65534, 65534, 65534));
	MUST(close(MUST(open("../lib/os-release", O_RDONLY))));
}

/* ---- Other ways into the kernel ---- */

#ifdef __x86_64__
static long call_32(long number, long a, long b, long c)
{
	long result;

	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(number), "b"(a), "c"(b), "d"(c)
		     : "memory", "r8", "r9", "r10", "r11");
	return (int)result;
}

/* Memory that 32-bit calls can name. */
static void *low_memory(void)
{
	void *low = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (low == MAP_FAILED)
		die("mmap");
	return low;
}

/* 32-bit calls of a 64-bit process: 3 is read there, and close here. */
static void int80(void)
{
	char *low = low_memory();
	int fd = MUST(open("/etc/passwd", O_RDONLY));

	for (int i = 0; i < TIMES; i++)
		MUST(call_32(3, fd, (long)low, 16));
	MUST(close(fd));
}

/* socketcall, by which 32-bit programs did all that has to do with sockets: socket, bind, sendto, recv. The last two
 * words of what it points to are no arguments of recv. */
static void socketcall(void)
{
	struct sockaddr_in *address = low_memory();
	uint32_t *args = (uint32_t *)(address + 1), at = (uint32_t)(uintptr_t)address, bytes = at + 1024;
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client;

	*address = loopback(port);
	memcpy((char *)address + 1024, "ping32", 6);
	memcpy(args, (uint32_t[]){ AF_INET, SOCK_DGRAM, 0 }, 12);
	client = MUST(call_32(102, 1, (long)args, 0));
	for (int i = 0; i < TIMES; i++) {
		memcpy(args, (uint32_t[]){ client, bytes, 6, 0, at, sizeof(*address) }, 24);
		MUST(call_32(102, 11, (long)args, 0));
		args[0] = server;
		args[2] = 64;
		MUST(call_32(102, 10, (long)args, 0));
	}
}
#endif

/* ---- For recordings beside which the machine has no time ---- */

/* Eight processes that open, read and start others until somebody ends this one. */
static void busy(void)
{
	for (int i = 0; i < 8; i++) {
		if (MUST(fork()) > 0)
			continue;
		MUST(prctl(PR_SET_PDEATHSIG, SIGKILL));
		for (;;) {
			char bytes[64];
			int fd = MUST(open("/etc/hosts", O_RDONLY));
			pid_t pid;

			for (int k = 0; k < 50; k++)
				MUST(pread(fd, bytes, sizeof(bytes), 0));
			MUST(close(fd));
			pid = MUST(fork());
			if (pid == 0)
				exec_true();
			MUST(waitpid(pid, NULL, 0));
		}
	}
	pause();
}

/* ---- Waiting ---- */

static void waits(void)
{
	struct timespec ten_ms = { .tv_nsec = 10000000 }, one_us = { .tv_nsec = 1000 };
	int fds[2];

	MUST(pipe(fds));
	for (int i = 0; i < TIMES; i++) {
		nanosleep(&ten_ms, NULL);
		nanosleep(&one_us, NULL);
		poll(&(struct pollfd){ .fd = fds[0], .events = POLLIN }, 1, 10);
		poll(&(struct pollfd){ .fd = fds[1], .events = POLLOUT }, 1, 10);
	}
}

static void on_alarm(int number)
{
	(void)number;
}

/* Interrupted by a handler without SA_RESTART: EINTR. With one, the read goes on and returns what came. */
static void interrupted(void)
{
	struct sigaction action = { .sa_handler = on_alarm };
	struct timespec second = { .tv_sec = 1 };
	char byte;
	int fds[2];

	MUST(pipe(fds));
	for (int i = 0; i < TIMES; i++) {
		action.sa_flags = 0;
		MUST(sigaction(SIGALRM, &action, NULL));
		ualarm(5000, 5000); /* again and again: on a busy machine the first comes before the call begins */
		nanosleep(&second, NULL);
		if (read(fds[0], &byte, 1) != -1 || errno != EINTR)
			die("read was not interrupted");
		ualarm(0, 0);
		action.sa_flags = SA_RESTART;
		MUST(sigaction(SIGALRM, &action, NULL));
		if (fork() == 0) {
			usleep(15000);
			MUST(write(fds[1], "x", 1));
			_exit(0);
		}
		ualarm(5000, 0);
		MUST(read(fds[0], &byte, 1));
		wait(NULL);
	}
}

/* ---- HTTP ---- */

/* A head of `len` bytes, its empty line with it where it ends, and a body of 2,000 behind it. */
static size_t http_message(char *to, size_t len, bool ends)
{
	const char *begin = "HTTP/1.1 200 OK\r\nX-Filler: ", *end = ends ? "\r\nX-Last: 1\r\n\r\n" : "xxxx";

	memset(to, 'h', len);
	memcpy(to, begin, strlen(begin));
	memcpy(to + len - strlen(end), end, strlen(end));
	memset(to + len, 'b', 2000);
	return len + 2000;
}

/* Answers with heads of several lengths, in one piece and in two. */
static void http(void)
{
	static char message[8192], sink[8192];
	int fds[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	for (int i = 0; i < TIMES; i++) {
		for (size_t len = 301; len < 309; len++) /* the end in all places of a word */
			MUST(write(fds[0], message, http_message(message, len, true)));
		MUST(write(fds[0], message, http_message(message, 3500, true)));
		MUST(write(fds[0], message, http_message(message, 5000, false)));
		MUST(write(fds[0], message, http_message(message, 60, true)));
		http_message(message, 400, true);
		MUST(writev(fds[0], (struct iovec[]){ { message, 400 }, { message + 400, 2000 } }, 2));
		while (recv(fds[1], sink, sizeof(sink), MSG_DONTWAIT) > 0)
			;
	}
}

/* ---- Trouble ---- */

/* 23 datagrams more than the receive queue takes. */
static void udp_overflow(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address = loopback(port);
	char bytes[1000] = { 0 };
	int taken = 0;

	MUST(setsockopt(server, SOL_SOCKET, SO_RCVBUF, &(int){ 1 }, sizeof(int)));
	MUST(connect(client, as_sockaddr(&address), sizeof(address)));
	for (int i = 0; i < 100; i++)
		MUST(send(client, bytes, sizeof(bytes), 0));
	while (recv(server, bytes, sizeof(bytes), MSG_DONTWAIT) > 0)
		taken++;
	printf("%d\n", 100 - taken);
}

/* Nobody accepts: what comes after the queue is full is dropped. */
static void accept_overflow(void)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_STREAM, &port);
	struct sockaddr_in address = loopback(port);

	MUST(listen(server, 1));
	for (int i = 0; i < 6; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));

		connect(client, as_sockaddr(&address), sizeof(address));
	}
	usleep(1500000);
}

/* ---- */

static const struct {
	const char *name;
	void (*run)(void);
} workloads[] = {
	{ "files", files },
	{ "iovecs", iovecs },
	{ "udp-connected", udp_connected },
	{ "udp-unconnected", udp_unconnected },
	{ "mmsg", mmsg },
	{ "tcp", tcp },
	{ "refused", refused },
	{ "http", http },
	{ "dns-tcp", dns_tcp },
	{ "ipv6", ipv6 },
	{ "unix", unix_sockets },
	{ "passed-fd", passed_fd },
	{ "old-sockets", old_sockets },
	{ "storm", storm },
	{ "fork-storm", fork_storm },
	{ "killed", killed },
	{ "cut-off", cut_off },
	{ "crashed", crashed },
	{ "locks", locks },
	{ "changes", changes },
#ifdef __x86_64__
	{ "int80", int80 },
	{ "socketcall", socketcall },
#endif
	{ "uring", uring },
	{ "uring-pending", uring_pending },
	{ "waits", waits },
	{ "busy", busy },
	{ "interrupted", interrupted },
	{ "udp-overflow", udp_overflow },
	{ "accept-overflow", accept_overflow },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 2 && i < sizeof(workloads) / sizeof(*workloads); i++) {
		if (strcmp(argv[1], workloads[i].name) == 0) {
			workloads[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: workload NAME\n");
	for (size_t i = 0; i < sizeof(workloads) / sizeof(*workloads); i++)
		fprintf(stderr, "  %s\n", workloads[i].name);
	return 2;
}
