// SPDX-License-Identifier: Apache-2.0
// Programs that fail, each in one way: `failing serve HOW PORT`, `failing HOW [ARGUMENT]`.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void sleep_ms(long ms)
{
	struct timespec span = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&span, NULL);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
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

static void limit(int resource, rlim_t most)
{
	struct rlimit limit = { most, most };

	setrlimit(resource, &limit);
}

static struct sockaddr_in here(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return at;
}

static int connected(int port)
{
	struct sockaddr_in at = here(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("connect");
	return fd;
}

static int listening(int port)
{
	struct sockaddr_in at = here(port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), yes = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("bind");
	if (listen(fd, 16) < 0)
		fail("listen");
	return fd;
}

static const char REQUEST[] = "GET /it HTTP/1.1\r\nHost: x\r\n\r\n";
static const char GOOD[] = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
static const char CUT[] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart";
static const char BAD[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbad\n";

/* HTTP/2: one frame of trailers, grpc-status: 14. */
static const unsigned char TRAILERS[] = { 0, 0, 13, 1, 5, 0, 0, 0, 1, 0x40, 0x88, 0x9a,
					  0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f, 2, '1', '4' };

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		fail("write");
}

static void hear(int fd)
{
	char text[512];

	if (read(fd, text, sizeof text) < 0)
		fail("read");
}

/* ---- Servers ---- */

/* With no descriptor left for a further connection; asks again and again. */
static void serve_poor(int listener)
{
	limit(RLIMIT_NOFILE, listener + 1);
	for (;;) {
		if (accept(listener, NULL, NULL) < 0)
			sleep_ms(50);
	}
}

static void serve(const char *how, int port)
{
	int listener = listening(port), fd;

	ready();
	if (strcmp(how, "poor") == 0)
		serve_poor(listener);
	fd = accept(listener, NULL, NULL);
	hear(fd);
	if (strcmp(how, "hang") == 0)
		sleep_ms(5000);
	else if (strcmp(how, "exit") == 0) {
		sleep_ms(300);
		exit(3);
	} else if (strcmp(how, "error") == 0) {
		say(fd, BAD);
	} else if (strcmp(how, "grpc") == 0) {
		if (write(fd, TRAILERS, sizeof TRAILERS) < 0)
			fail("answer");
	} else if (strcmp(how, "alert") == 0) {
		if (write(fd, "\x15\x03\x03\0\2\2\x74", 7) < 0)
			fail("alert");
	} else if (strcmp(how, "once") == 0) {
		say(fd, GOOD);
		sleep_ms(50);
	} else if (strcmp(how, "cut") == 0) {
		say(fd, CUT);
	} else if (strcmp(how, "give-up") == 0) {
		sleep_ms(300);
		close(fd);
		fprintf(stderr, "no configuration\n");
		exit(4);
	} else if (strcmp(how, "unwell") == 0) {
		say(fd, BAD);
		close(fd);
		fd = accept(listener, NULL, NULL);
		hear(fd);
		say(fd, GOOD);
	} else if (strcmp(how, "deaf") == 0)
		shutdown(fd, SHUT_RDWR);
	close(fd);
	sleep_ms(1000);
}

/* A Unix socket whose queue is full: nobody accepts. */
static void crowd_unix(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), first = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(at.sun_path, path, sizeof at.sun_path - 1);
	if (bind(fd, (struct sockaddr *)&at, sizeof at) < 0 || listen(fd, 0) < 0 ||
	    connect(first, (struct sockaddr *)&at, sizeof at) < 0)
		fail("crowd");
	ready();
	sleep_ms(5000);
}

/* ---- Clients ---- */

static void twice(int port)
{
	int fd = connected(port);

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 2; i++, sleep_ms(200)) {
		say(fd, REQUEST);
		hear(fd);
	}
}

static void once(int port)
{
	int fd = connected(port);

	say(fd, REQUEST);
	hear(fd);
}

/* Goes on writing to somebody who has left. */
static void shout(int port)
{
	int fd = connected(port);

	signal(SIGPIPE, SIG_IGN);
	for (int i = 0; i < 20; i++, sleep_ms(5))
		say(fd, "again\n");
}

static void many_connections(int port)
{
	for (int i = 0; i < 6; i++)
		connected(port);
}

static void refuse_certificate(int port)
{
	int fd = connected(port);

	say(fd, "\x16\x03\x01 hello");
	hear(fd);
	if (write(fd, "\x15\x03\x03\0\2\2\x30", 7) < 0)
		fail("alert");
	fprintf(stderr, "certificate verify failed\n");
	exit(60);
}

static void greet_tls(int port)
{
	int fd = connected(port);

	say(fd, "\x16\x03\x01 hello");
	hear(fd);
	fprintf(stderr, "handshake failed\n");
	exit(35);
}

/* Asks without a connection, so that the kernel does not tell it when nobody has the port. */
static void ask_datagram(int port)
{
	struct sockaddr_in at = here(port);
	struct timeval patience = { 0, 400000 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char answer[64];

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (sendto(fd, "hello", 5, 0, (struct sockaddr *)&at, sizeof at) < 0 || recv(fd, answer, sizeof answer, 0) < 0)
		fail("ask");
}

static void connect_unix(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(at.sun_path, path, sizeof at.sun_path - 1);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("connect");
}

static void connect_to(const char *ip)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(80) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	inet_pton(AF_INET, ip, &at.sin_addr);
	if (connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		fail("connect");
}

/* ---- Files ---- */

static void fill(const char *path)
{
	static char bytes[4096];
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	if (fd < 0)
		fail(path);
	for (int i = 0; i < 64; i++) {
		if (write(fd, bytes, sizeof bytes) < 0)
			fail(path);
	}
}

static void look(const char *path)
{
	char bytes[64];
	int fd = open(path, O_RDONLY);

	if (fd < 0 || read(fd, bytes, sizeof bytes) < 0)
		fail(path);
}

static void open_many(const char *path)
{
	limit(RLIMIT_NOFILE, 8);
	for (int i = 0; i < 10; i++) {
		if (open(path, O_RDONLY) < 0)
			fail(path);
	}
}

static void retry(const char *path)
{
	for (int i = 0; i < 30 && open(path, O_RDONLY) < 0; i++)
		sleep_ms(10);
}

static int lock(int fd)
{
	struct flock whole = { .l_type = F_WRLCK };

	return fcntl(fd, F_SETLK, &whole);
}

static void hold_lock(const char *path)
{
	lock(open(path, O_CREAT | O_RDWR, 0600));
	ready();
	sleep_ms(600);
}

static void try_lock(const char *path)
{
	int fd = open(path, O_CREAT | O_RDWR, 0600);

	while (lock(fd) < 0)
		sleep_ms(10);
}

static void need_lock(const char *path)
{
	if (lock(open(path, O_CREAT | O_RDWR, 0600)) < 0)
		fail(path);
}

static void watch_many(void)
{
	int fd = inotify_init1(0);

	if (fd < 0 || inotify_add_watch(fd, "/", IN_CREATE) < 0)
		fail("inotify");
}

/* Writes little, and has the disk have it, over and over. */
/* At least 60 fsyncs, and as many as take 0.6 s together: what one takes depends on the disk. */
static void write_ahead(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	static char bytes[1 << 18];
	double waited = 0;

	for (int i = 0; i < 60 || (waited < 0.6 && i < 5000); i++) {
		if (pwrite(fd, bytes, sizeof bytes, 0) < 0)
			fail(path);
		double began = seconds();
		fsync(fd);
		waited += seconds() - began;
	}
	unlink(path);
}

/* ---- Processes ---- */

static void run(const char *path)
{
	char *const argv[] = { (char *)path, NULL };

	execv(path, argv);
	perror(path);
	exit(errno == ENOENT ? 127 : 126);
}

static void fork_many(void)
{
	if (setresuid(65534, 65534, 65534) < 0)
		fail("setresuid");
	limit(RLIMIT_NPROC, 0);
	if (fork() < 0)
		fail("fork");
}

/* Forks a child that waits, sends it a signal, and ends as shells do. A child that obeys ends by itself. */
static void obey(int number)
{
	_exit(128 + number);
}

static void end_child(int number)
{
	int status;
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	sleep_ms(50);
	kill(child, number);
	waitpid(child, &status, 0);
	exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

static void kill_child(void)
{
	end_child(SIGKILL);
}

static void stop_child(void)
{
	signal(SIGTERM, obey);
	end_child(SIGTERM);
}

static void grow(void)
{
	limit(RLIMIT_AS, 64 << 20);
	if (malloc(256 << 20) == NULL)
		fail("malloc");
}

static void nap(int times)
{
	while (times-- > 0)
		sleep_ms(20);
}

/* The kernel kills who takes more processor time than it may. */
static void burn(void)
{
	limit(RLIMIT_CPU, 1);
	for (;;)
		;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*with_text)(const char *);
		void (*with_number)(int);
		void (*alone)(void);
	} ways[] = {
		{ .name = "twice", .with_number = twice },
		{ .name = "ask", .with_number = once },
		{ .name = "shout", .with_number = shout },
		{ .name = "many-connections", .with_number = many_connections },
		{ .name = "refuse-certificate", .with_number = refuse_certificate },
		{ .name = "greet-tls", .with_number = greet_tls },
		{ .name = "ask-datagram", .with_number = ask_datagram },
		{ .name = "nap", .with_number = nap },
		{ .name = "kill-child", .alone = kill_child },
		{ .name = "stop-child", .alone = stop_child },
		{ .name = "grow", .alone = grow },
		{ .name = "crowd-unix", .with_text = crowd_unix },
		{ .name = "connect-unix", .with_text = connect_unix },
		{ .name = "connect", .with_text = connect_to },
		{ .name = "fill", .with_text = fill },
		{ .name = "look", .with_text = look },
		{ .name = "open-many", .with_text = open_many },
		{ .name = "retry", .with_text = retry },
		{ .name = "hold-lock", .with_text = hold_lock },
		{ .name = "try-lock", .with_text = try_lock },
		{ .name = "need-lock", .with_text = need_lock },
		{ .name = "write-ahead", .with_text = write_ahead },
		{ .name = "run", .with_text = run },
		{ .name = "watch", .alone = watch_many },
		{ .name = "fork", .alone = fork_many },
		{ .name = "burn", .alone = burn },
		{ .name = "crash", .alone = abort },
	};
	const char *what = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "";

	if (strcmp(what, "serve") == 0 && argc > 3)
		return serve(argument, atoi(argv[3])), 0;
	if (strcmp(what, "complain") == 0)
		return fprintf(stderr, "it is not to my liking\n"), 3;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(what, ways[i].name) != 0)
			continue;
		if (ways[i].with_text)
			ways[i].with_text(argument);
		else if (ways[i].with_number)
			ways[i].with_number(atoi(argument));
		else
			ways[i].alone();
		return 0;
	}
	return fprintf(stderr, "failing: see the source\n"), 2;
}
