// SPDX-License-Identifier: Apache-2.0
/*
 * Counted workloads for the tests of the probe: `workload NAME` does one thing a known number of times. 23 is the
 * number where none is said: a prime that nothing else does by chance.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIMES 23

static void die(const char *what)
{
	fprintf(stderr, "workload: %s: %s\n", what, strerror(errno));
	exit(1);
}

#define MUST(call)                     \
	({                             \
		long _result = (call); \
		if (_result < 0)       \
			die(#call);    \
		_result;               \
	})

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static struct sockaddr *as_sockaddr(void *address)
{
	return address;
}

/* A bound socket; its port is stored in *port. */
static int bound_socket(int type, uint16_t *port)
{
	struct sockaddr_in address = loopback(*port);
	socklen_t len = sizeof(address);
	int fd = MUST(socket(AF_INET, type, 0));

	MUST(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)));
	MUST(bind(fd, as_sockaddr(&address), sizeof(address)));
	MUST(getsockname(fd, as_sockaddr(&address), &len));
	*port = ntohs(address.sin_port);
	return fd;
}

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
			   "X-Long: 0123456789012345678901234567890123456789012345678901234567890\r\n\r\n",
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
		ualarm(5000, 0);
		nanosleep(&second, NULL);
		ualarm(5000, 0);
		if (read(fds[0], &byte, 1) != -1 || errno != EINTR)
			die("read was not interrupted");
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
	{ "waits", waits },
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
