// SPDX-License-Identifier: Apache-2.0
// Servers with every kind of trouble, and clients that suffer from it: `sick serve TROUBLE PORT [ARG]`, `sick dns
// HABIT`, `sick CLIENT …`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 300
#define LATE_MS 1300

static void sleep_ms(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

static void compute_ms(long ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_MONOTONIC, &start);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void ready(void)
{
	if (write(1, "ready\n", 6) < 0)
		fail("stdout");
}

static struct sockaddr_in address(const char *ip, int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	inet_pton(AF_INET, ip, &at.sin_addr);
	return at;
}

static int connected(const char *ip, int port)
{
	struct sockaddr_in at = address(ip, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("connect");
	return fd;
}

static void ask(int fd, const char *question)
{
	char answer[512];

	if (write(fd, question, strlen(question)) < 0 || read(fd, answer, sizeof answer) < 0)
		fail("ask");
}

/* ---- Servers ---- */

static const char REQUEST[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
static const char RESPONSE[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nok\n";

static void look_up(const char *name)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found = NULL;
	int error = getaddrinfo(name, NULL, &hints, &found);

	if (error == 0)
		freeaddrinfo(found);
	else
		fprintf(stderr, "%s: %s\n", name, gai_strerror(error));
}

/* What a server does between reading a request and answering it. 0: it does not answer. */
static int trouble(const char *kind, const char *argument)
{
	if (strcmp(kind, "sleep") == 0)
		sleep_ms(LONG_MS);
	else if (strcmp(kind, "compute") == 0)
		compute_ms(LONG_MS);
	else if (strcmp(kind, "upstream") == 0)
		ask(connected("127.0.0.1", atoi(argument)), REQUEST);
	else if (strcmp(kind, "lookup") == 0)
		look_up(argument);
	else if (strcmp(kind, "close") == 0) {
		sleep_ms(LONG_MS);
		return 0;
	}
	return 1;
}

static int listening(int port, int backlog)
{
	struct sockaddr_in at = address("127.0.0.1", port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, backlog) < 0)
		fail("listen");
	ready();
	return fd;
}

static void serve(const char *kind, int port, const char *argument)
{
	int listener = listening(port, strcmp(kind, "deaf") == 0 ? 0 : 16);
	char request[2048];

	if (strcmp(kind, "deaf") == 0)
		pause();
	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (strcmp(kind, "unread") == 0)
			pause();
		if (read(fd, request, sizeof request) > 0 && trouble(kind, argument) &&
		    write(fd, RESPONSE, sizeof RESPONSE - 1) < 0)
			perror("answer");
		close(fd);
	}
}

/* Answers at once, and later says something by itself. */
static void publish(int port)
{
	int fd = accept(listening(port, 1), NULL, NULL);
	char request[64];

	if (read(fd, request, sizeof request) < 0 || write(fd, "+ok\n", 4) < 0)
		fail("publish");
	sleep_ms(LONG_MS);
	if (write(fd, "news\n", 5) < 0)
		fail("publish");
}

/* Begins its answer at once, as to a watch of Kubernetes, and goes on with it when there are news. */
static void watch(int port)
{
	static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
	static const char news[] = "3\r\nnew\r\n0\r\n\r\n";
	int fd = accept(listening(port, 1), NULL, NULL);
	char request[2048];

	if (read(fd, request, sizeof request) < 0 || write(fd, head, sizeof head - 1) < 0)
		fail("watch");
	sleep_ms(LONG_MS);
	if (write(fd, news, sizeof news - 1) < 0)
		fail("watch");
}

/* Has a UDP port open and reads nothing. */
static void hold_port(int port)
{
	struct sockaddr_in at = address("127.0.0.1", port);

	if (bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&at, sizeof at) < 0)
		fail("bind");
	ready();
	pause();
}

/* Answers the first request on a connection at once, and takes long for the others. */
static void tire(int port)
{
	static const char response[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
	int fd = accept(listening(port, 1), NULL, NULL);
	char request[2048];

	for (int nth = 0; read(fd, request, sizeof request) > 0; nth++) {
		if (nth > 0)
			sleep_ms(LONG_MS);
		if (write(fd, response, sizeof response - 1) < 0)
			fail("tire");
	}
}

/* ---- DNS ---- */

/* The question's name with dots; where the question ends. */
static int question(const unsigned char *message, char *name)
{
	int at = 12;

	while (message[at] != 0) {
		memcpy(name, message + at + 1, message[at]);
		name += message[at];
		*name++ = '.';
		at += message[at] + 1;
	}
	*name = 0;
	return at + 5;
}

/* Makes the answer to a question in place: an address for A questions if rcode is 0. Gives its length. */
static int answer(unsigned char *message, int length, int rcode, int has_address)
{
	static const unsigned char record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 30, 0, 4, 127, 0, 0, 1 };
	int with_address = has_address && rcode == 0 && message[length - 3] == 1;

	message[2] = 0x81;
	message[3] = 0x80 | rcode;
	memset(message + 6, 0, 6);
	message[7] = with_address;
	if (with_address)
		memcpy(message + length, record, sizeof record);
	return length + (with_address ? (int)sizeof record : 0);
}

static int ends_with(const char *text, const char *end)
{
	size_t a = strlen(text), b = strlen(end);

	return a >= b && strcmp(text + a - b, end) == 0;
}

/* Asks another server; 0: it said nothing for a while. */
static int forward(unsigned char *message, int length, const char *server)
{
	struct sockaddr_in at = address(server, 53);
	struct timeval patience = { 3, 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0), got;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	connect(fd, (struct sockaddr *)&at, sizeof at);
	send(fd, message, length, 0);
	got = recv(fd, message, 512, 0);
	close(fd);
	return got > 0 ? got : 0;
}

/* Sends an answer from another address than the one that was asked. */
static void answer_from(const char *ip, const void *message, int length, const struct sockaddr_in *to)
{
	struct sockaddr_in at = address(ip, 53);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("bind");
	sendto(fd, message, length, 0, (const struct sockaddr *)to, sizeof *to);
	close(fd);
}

/* Whether a question gets no answer at all, by some habits. Type 28 is AAAA. */
static int is_unanswered(const char *habit, const char *name, int type, const unsigned char *message)
{
	static unsigned char seen[65536];
	int id = message[0] << 8 | message[1];

	if (strcmp(habit, "forgetful") == 0)
		return seen[id]++ == 0;
	return strcmp(habit, "silent") == 0 || (strcmp(habit, "no-aaaa") == 0 && type == 28) ||
	       (strcmp(habit, "normal") == 0 && ends_with(name, "silent.test."));
}

static void dns(const char *habit, const char *ip, const char *argument)
{
	struct sockaddr_in at = address(ip, 53), from;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned char message[1024];
	char name[512];

	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("bind");
	ready();
	if (strcmp(habit, "deaf") == 0)
		pause();
	for (;;) {
		socklen_t size = sizeof from;
		int length = recvfrom(fd, message, 512, 0, (struct sockaddr *)&from, &size), rcode = 0;

		if (length < 12)
			continue;
		length = question(message, name);
		if (is_unanswered(habit, name, message[length - 3], message))
			continue;
		if (strcmp(habit, "slow") == 0)
			sleep_ms(LONG_MS);
		if (strcmp(habit, "late") == 0) {
			if (fork() != 0)
				continue;
			sleep_ms(LATE_MS);
		}
		if (strcmp(habit, "servfail") == 0)
			rcode = 2;
		else if (strcmp(habit, "refused") == 0)
			rcode = 5;
		else if (strcmp(habit, "unknown") == 0 || ends_with(name, "cluster.test."))
			rcode = 3;
		if (strcmp(habit, "forward") == 0)
			length = forward(message, length, argument);
		else
			length = answer(message, length, rcode, strcmp(habit, "no-address") != 0);
		if (strcmp(habit, "truncate") == 0)
			message[2] |= 2;
		if (strcmp(habit, "elsewhere") == 0)
			answer_from(argument, message, length, &from);
		else if (length > 0)
			sendto(fd, message, length, 0, (struct sockaddr *)&from, size);
		if (strcmp(habit, "late") == 0)
			exit(0);
	}
}

/* ---- Clients ---- */

static void look_up_address(const char *ip)
{
	struct sockaddr_in at = address(ip, 0);
	char name[256];
	int error = getnameinfo((struct sockaddr *)&at, sizeof at, name, sizeof name, NULL, 0, NI_NAMEREQD);

	if (error != 0)
		fprintf(stderr, "%s: %s\n", ip, gai_strerror(error));
}

static void hold_lock(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	flock(fd, LOCK_EX);
	ready();
	sleep_ms(LONG_MS);
}

static void want_lock(const char *path)
{
	if (flock(open(path, O_CREAT | O_RDWR, 0600), LOCK_EX) < 0)
		fail("flock");
}

/* Dirties as much memory of a file as it takes for one fsync to be long: nothing is written by calls before. */
static void slow_fsync(const char *path)
{
	struct timespec start, end;
	int fd = open(path, O_CREAT | O_TRUNC | O_RDWR, 0600);

	for (size_t size = 128 << 20; size <= (size_t)2 << 30; size *= 2) {
		char *bytes;

		if (ftruncate(fd, size) < 0)
			fail("ftruncate");
		bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		memset(bytes, size >> 20, size);
		clock_gettime(CLOCK_MONOTONIC, &start);
		fsync(fd);
		clock_gettime(CLOCK_MONOTONIC, &end);
		munmap(bytes, size);
		if ((end.tv_sec - start.tv_sec) * 1000 + (end.tv_nsec - start.tv_nsec) / 1000000 > LONG_MS)
			break;
	}
	unlink(path);
}

/* Sends more datagrams to a socket than it has room for, and reads none. */
static void flood(int port)
{
	struct sockaddr_in at = address("127.0.0.1", port);
	int to = socket(AF_INET, SOCK_DGRAM, 0), from = socket(AF_INET, SOCK_DGRAM, 0), little = 1;
	char bytes[1024] = { 0 };

	setsockopt(to, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
	if (bind(to, (struct sockaddr *)&at, sizeof at) < 0)
		fail("bind");
	for (int i = 0; i < 50; i++)
		sendto(from, bytes, sizeof bytes, 0, (struct sockaddr *)&at, sizeof at);
}

/* Fills the accept queue of a server that never accepts. */
static void crowd(int port)
{
	for (int i = 0; i < 3; i++) {
		struct sockaddr_in at = address("127.0.0.1", port);
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

		connect(fd, (struct sockaddr *)&at, sizeof at);
	}
	sleep_ms(50);
	ready();
	pause();
}

static void subscribe(int port)
{
	int fd = connected("127.0.0.1", port);
	char news[64];

	ask(fd, "subscribe\n");
	if (read(fd, news, sizeof news) < 0)
		fail("subscribe");
}

static void hello_tls(int port)
{
	int fd = connected("127.0.0.1", port);

	ask(fd, "\x16\x03\x01 hello");
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";
	int number = atoi(argument);

	if (strcmp(what, "serve") == 0 && argc > 3)
		serve(argument, atoi(argv[3]), argc > 4 ? argv[4] : "");
	else if (strcmp(what, "dns") == 0)
		dns(argument, argc > 3 ? argv[3] : "127.0.0.1", argc > 4 ? argv[4] : "");
	else if (strcmp(what, "publish") == 0)
		publish(number);
	else if (strcmp(what, "watch") == 0)
		watch(number);
	else if (strcmp(what, "hold-port") == 0)
		hold_port(number);
	else if (strcmp(what, "compute") == 0)
		compute_ms(number);
	else if (strcmp(what, "tire") == 0)
		tire(number);
	else if (strcmp(what, "subscribe") == 0)
		subscribe(number);
	else if (strcmp(what, "hold-lock") == 0)
		hold_lock(argument);
	else if (strcmp(what, "want-lock") == 0)
		want_lock(argument);
	else if (strcmp(what, "fsync") == 0)
		slow_fsync(argument);
	else if (strcmp(what, "flood") == 0)
		flood(number);
	else if (strcmp(what, "crowd") == 0)
		crowd(number);
	else if (strcmp(what, "ask") == 0)
		ask(connected("127.0.0.1", number), REQUEST);
	else if (strcmp(what, "hello-tls") == 0)
		hello_tls(number);
	else if (strcmp(what, "look-up") == 0)
		look_up(argument);
	else if (strcmp(what, "look-up-address") == 0)
		look_up_address(argument);
	else
		return fprintf(stderr, "sick: see the source\n"), 2;
	return 0;
}
