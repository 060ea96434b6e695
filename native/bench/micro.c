// SPDX-License-Identifier: Apache-2.0
/*
 * What a system call costs: `micro NAME...` runs many short batches of each and prints one line `NAME ns`, the tenth
 * percentile of the batches, which neighbours on the machine hardly move. `micro spin SECONDS` reads 80 bytes as fast
 * as it can and prints how often; `micro rate CALLS SECONDS` reads and writes one byte in turns, CALLS times a second,
 * and prints how many calls it made in how many seconds; `micro http PORT REQUESTS` is a client with one connection.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 400
#define CALLS 500

static int zero, udp_server, udp_client;
static char bytes[256];

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void open_all(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	zero = open("/dev/zero", O_RDONLY);
	udp_server = socket(AF_INET, SOCK_DGRAM, 0);
	udp_client = socket(AF_INET, SOCK_DGRAM, 0);
	bind(udp_server, (struct sockaddr *)&address, len);
	getsockname(udp_server, (struct sockaddr *)&address, &len);
	connect(udp_client, (struct sockaddr *)&address, len);
	memset(bytes, 1, sizeof(bytes));
}

static long do_getppid(void)
{
	return syscall(SYS_getppid);
}

static long do_read(void)
{
	return read(zero, bytes, 1);
}

static long do_udp_pair(void)
{
	return send(udp_client, bytes, 40, 0) + recv(udp_server, bytes, sizeof(bytes), 0);
}

static long do_open_close(void)
{
	return close(open("/etc/hostname", O_RDONLY));
}

static const struct {
	const char *name;
	long (*call)(void);
} subjects[] = {
	{ "getppid", do_getppid },
	{ "read", do_read },
	{ "udp-pair", do_udp_pair },
	{ "open-close", do_open_close },
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double measure(long (*call)(void))
{
	double batches[BATCHES];

	for (int batch = 0; batch < BATCHES; batch++) {
		uint64_t start = now_ns();

		for (int i = 0; i < CALLS; i++)
			call();
		batches[batch] = (double)(now_ns() - start) / CALLS;
	}
	qsort(batches, BATCHES, sizeof(*batches), ascending);
	return batches[BATCHES / 10];
}

static int measure_named(int n, char **names)
{
	for (int i = 0; i < n; i++)
		for (size_t s = 0; s < sizeof(subjects) / sizeof(*subjects); s++)
			if (strcmp(names[i], subjects[s].name) == 0)
				printf("%s %.1f\n", subjects[s].name, measure(subjects[s].call));
	return 0;
}

static int spin(double seconds)
{
	uint64_t end = now_ns() + seconds * 1e9, n = 0;

	while (now_ns() < end)
		for (int i = 0; i < 100; i++, n++)
			if (read(zero, bytes, 80) != 80)
				return 1;
	printf("spin %lu\n", n);
	return 0;
}

#define SLICE_NS 1000000ULL

static void sleep_until(uint64_t ns)
{
	struct timespec until = { .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL))
		;
}

/* A millisecond's calls at once, then sleep for what is left of it; where nothing is left, it makes up for it later. */
static int rate(uint64_t per_second, uint64_t seconds)
{
	uint64_t begun = now_ns(), wanted = per_second * seconds, n = 0, took;
	int null = open("/dev/null", O_WRONLY);

	for (uint64_t slice = 1; n < wanted; slice++) {
		uint64_t until = slice * SLICE_NS * per_second / 1000000000;

		for (until = until < wanted ? until : wanted; n < until; n++)
			if ((n & 1 ? write(null, bytes, 1) : read(zero, bytes, 1)) != 1)
				return 1;
		if (now_ns() - begun < slice * SLICE_NS)
			sleep_until(begun + slice * SLICE_NS);
	}
	took = now_ns() - begun;
	printf("rate %lu %.3f\n", n, took / 1e9);
	return 0;
}

static int http(int port, int requests)
{
	static const char request[] = "GET /1k HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char answer[8192];

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return 1;
	for (int i = 0; i < requests; i++) {
		ssize_t len = 0;

		if (send(fd, request, sizeof(request) - 1, 0) < 0)
			return 1;
		while (len < 1024) { /* of body at least; the head comes with it */
			ssize_t n = recv(fd, answer, sizeof(answer), 0);

			if (n <= 0)
				return 1;
			len += n;
		}
	}
	printf("http %d\n", requests);
	return 0;
}

int main(int argc, char **argv)
{
	open_all();
	if (argc == 3 && strcmp(argv[1], "spin") == 0)
		return spin(atof(argv[2]));
	if (argc == 4 && strcmp(argv[1], "rate") == 0)
		return rate(atoll(argv[2]), atoll(argv[3]));
	if (argc == 4 && strcmp(argv[1], "http") == 0)
		return http(atoi(argv[2]), atoi(argv[3]));
	return measure_named(argc - 1, argv + 1);
}
