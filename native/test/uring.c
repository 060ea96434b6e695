// SPDX-License-Identifier: Apache-2.0
/* The workload `uring`: operations through io_uring, by its bare system calls, each a known number of times. */
#include "workload.h"

#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/mman.h>

#define ENTRIES 8

struct ring {
	int fd;
	uint32_t sqpoll;
	_Atomic uint32_t *sq_tail, *sq_flags, *cq_head, *cq_tail;
	uint32_t *array, sq_mask, cq_mask;
	struct io_uring_sqe *entries;
	struct io_uring_cqe *answers;
};

static uint8_t *map(int fd, size_t len, uint64_t offset)
{
	void *memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);

	if (memory == MAP_FAILED)
		die("mmap of an io_uring");
	return memory;
}

/* False: this machine does not let us have one. */
static bool open_ring(struct ring *ring, uint32_t flags)
{
	struct io_uring_params params = { .flags = flags, .sq_thread_idle = 1 };
	uint8_t *sq, *cq;

	ring->fd = syscall(SYS_io_uring_setup, ENTRIES, &params);
	if (ring->fd < 0)
		return false;
	sq = map(ring->fd, params.sq_off.array + params.sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
	cq = map(ring->fd, params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
	ring->entries = (void *)map(ring->fd, params.sq_entries * sizeof(*ring->entries), IORING_OFF_SQES);
	ring->sqpoll = flags & IORING_SETUP_SQPOLL;
	ring->sq_tail = (void *)(sq + params.sq_off.tail);
	ring->sq_flags = (void *)(sq + params.sq_off.flags);
	ring->array = (void *)(sq + params.sq_off.array);
	ring->sq_mask = params.sq_entries - 1;
	ring->cq_head = (void *)(cq + params.cq_off.head);
	ring->cq_tail = (void *)(cq + params.cq_off.tail);
	ring->cq_mask = params.cq_entries - 1;
	ring->answers = (void *)(cq + params.cq_off.cqes);
	return true;
}

static void submit(struct ring *ring, struct io_uring_sqe entry)
{
	uint32_t tail = *ring->sq_tail;

	ring->entries[tail & ring->sq_mask] = entry;
	ring->array[tail & ring->sq_mask] = tail & ring->sq_mask;
	atomic_store(ring->sq_tail, tail + 1);
	if (!ring->sqpoll)
		MUST(syscall(SYS_io_uring_enter, ring->fd, 1, 0, 0, NULL, 0));
	else if (atomic_load(ring->sq_flags) & IORING_SQ_NEED_WAKEUP)
		MUST(syscall(SYS_io_uring_enter, ring->fd, 1, 0, IORING_ENTER_SQ_WAKEUP, NULL, 0));
}

static int answer(struct ring *ring)
{
	uint32_t head = *ring->cq_head;
	int res;

	while (head == atomic_load(ring->cq_tail))
		MUST(syscall(SYS_io_uring_enter, ring->fd, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0));
	res = ring->answers[head & ring->cq_mask].res;
	atomic_store(ring->cq_head, head + 1);
	return res;
}

static int ask(struct ring *ring, struct io_uring_sqe entry)
{
	submit(ring, entry);
	return answer(ring);
}

#define ENTRY(operation, ...) ((struct io_uring_sqe){ .opcode = IORING_OP_##operation, __VA_ARGS__ })
#define BYTES(on, bytes, n) .fd = (on), .addr = (uint64_t)(bytes), .len = (n)

static void expect(const char *what, int res, int expected)
{
	if (res == expected)
		return;
	fprintf(stderr, "workload: uring: %s: %d, not %d\n", what, res, expected);
	exit(1);
}

/* Opened, read in three ways, written and closed. */
static void on_files(struct ring *ring)
{
	char bytes[16], more[16];
	struct iovec pieces[] = { { bytes, 8 }, { more, 12 } };

	for (int i = 0; i < TIMES; i++) {
		int fd = ask(ring, ENTRY(OPENAT, BYTES(AT_FDCWD, "/etc/passwd", 0), .open_flags = O_RDONLY));
		int out = ask(ring, ENTRY(OPENAT, BYTES(AT_FDCWD, "/tmp/workload-ring", 0644),
					  .open_flags = O_WRONLY | O_CREAT));

		expect("read", ask(ring, ENTRY(READ, BYTES(fd, bytes, 16))), 16);
		expect("readv", ask(ring, ENTRY(READV, BYTES(fd, pieces, 2))), 20);
		expect("write", ask(ring, ENTRY(WRITE, BYTES(out, "hello, ring", 11))), 11);
		expect("a failed open", ask(ring, ENTRY(OPENAT, BYTES(AT_FDCWD, "/nonexistent/ring", 0))), -ENOENT);
		expect("close", ask(ring, ENTRY(CLOSE, .fd = fd)), 0);
		expect("close", ask(ring, ENTRY(CLOSE, .fd = out)), 0);
	}
	unlink("/tmp/workload-ring");
}

/* The ring knows the file by a number of its own. */
static void on_registered(struct ring *ring)
{
	int fd = MUST(open("/etc/hosts", O_RDONLY));
	char bytes[4];

	MUST(syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, &fd, 1));
	MUST(close(fd));
	for (int i = 0; i < TIMES; i++)
		expect("read", ask(ring, ENTRY(READ, BYTES(0, bytes, 4), .flags = IOSQE_FIXED_FILE)), 4);
}

static void exchange(struct ring *ring, int client, int server)
{
	struct iovec piece = { "pong", 4 }, room = { (char[8]){ 0 }, 8 };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 }, into = { .msg_iov = &room, .msg_iovlen = 1 };
	struct timespec five_ms = { .tv_nsec = 5000000 };
	char bytes[16];

	submit(ring, ENTRY(RECV, BYTES(server, bytes, 16)));
	nanosleep(&five_ms, NULL);
	MUST(send(client, "ping ring", 9, 0));
	expect("recv", answer(ring), 9);
	expect("sendmsg", ask(ring, ENTRY(SENDMSG, BYTES(server, &message, 1))), 4);
	expect("recvmsg", ask(ring, ENTRY(RECVMSG, BYTES(client, &into, 1))), 4);
	expect("send", ask(ring, ENTRY(SEND, BYTES(client, "bye ring", 8))), 8);
}

/* Connections, both ends; and one that nobody takes. */
static void on_sockets(struct ring *ring)
{
	uint16_t port = 0;
	int listener = bound_socket(SOCK_STREAM, &port);
	struct sockaddr_in address = loopback(port), nowhere = loopback(1);

	MUST(listen(listener, 8));
	for (int i = 0; i < TIMES; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM, 0))
		, server;

		expect("connect",
		       ask(ring, ENTRY(CONNECT, .fd = client, .addr = (uint64_t)&address, .off = sizeof(address))), 0);
		server = ask(ring, ENTRY(ACCEPT, .fd = listener));
		exchange(ring, client, server);
		close(client);
		close(server);
		client = MUST(socket(AF_INET, SOCK_STREAM, 0));
		expect("a refused connect",
		       ask(ring, ENTRY(CONNECT, .fd = client, .addr = (uint64_t)&nowhere, .off = sizeof(nowhere))),
		       -ECONNREFUSED);
		close(client);
	}
	close(listener);
}

/* Asked once, answered for each connection. */
static void accept_many(struct ring *ring)
{
	uint16_t port = 0;
	int listener = bound_socket(SOCK_STREAM, &port);
	struct sockaddr_in address = loopback(port);

	MUST(listen(listener, 8));
	submit(ring, ENTRY(ACCEPT, .fd = listener, .ioprio = IORING_ACCEPT_MULTISHOT, .user_data = 77));
	for (int i = 0; i < TIMES; i++) {
		int client = MUST(socket(AF_INET, SOCK_STREAM, 0));

		MUST(connect(client, as_sockaddr(&address), sizeof(address)));
		close(answer(ring));
		close(client);
	}
}

/* To whom a message goes only it says. */
static void send_datagrams(struct ring *ring)
{
	uint16_t port = 0;
	int server = bound_socket(SOCK_DGRAM, &port), client = MUST(socket(AF_INET, SOCK_DGRAM, 0));
	struct sockaddr_in address = loopback(port), from;
	struct iovec piece = { "datagram", 8 }, room = { (char[8]){ 0 }, 8 };
	struct msghdr message = { &address, sizeof(address), &piece, 1, NULL, 0, 0 };
	struct msghdr into = { &from, sizeof(from), &room, 1, NULL, 0, 0 };

	for (int i = 0; i < TIMES; i++) {
		expect("sendmsg", ask(ring, ENTRY(SENDMSG, BYTES(client, &message, 1))), 8);
		expect("recvmsg", ask(ring, ENTRY(RECVMSG, BYTES(server, &into, 1))), 8);
	}
}

/* The kernel chooses where the bytes go, among the buffers that it was given. */
static void with_provided_buffers(struct ring *ring)
{
	static char buffers[ENTRIES][64];
	int ends[2];

	MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	for (int i = 0; i < TIMES; i++) {
		expect("buffers", ask(ring, ENTRY(PROVIDE_BUFFERS, BYTES(1, buffers[i % ENTRIES], 64), .buf_group = 7)),
		       0);
		MUST(write(ends[0], "into a buffer", 13));
		expect("recv", ask(ring, ENTRY(RECV, .fd = ends[1], .flags = IOSQE_BUFFER_SELECT, .buf_group = 7)), 13);
	}
	MUST(close(ends[0]));
	MUST(close(ends[1]));
}

/* A thread of the kernel takes what is submitted. */
static void with_polling_thread(void)
{
	struct ring ring;
	int fd = MUST(open("/etc/group", O_RDONLY));
	char bytes[3];

	if (!open_ring(&ring, IORING_SETUP_SQPOLL))
		die("io_uring_setup with SQPOLL");
	for (int i = 0; i < TIMES; i++)
		expect("read", ask(&ring, ENTRY(READ, BYTES(fd, bytes, 3))), 3);
}

void uring(void)
{
	struct ring ring;

	if (!open_ring(&ring, 0)) {
		fprintf(stderr, "workload: uring: no io_uring here: %s\n", strerror(errno));
		return;
	}
	on_files(&ring);
	on_registered(&ring);
	on_sockets(&ring);
	with_provided_buffers(&ring);
	send_datagrams(&ring);
	accept_many(&ring);
	with_polling_thread();
}

static void ask_in_vain(void)
{
	struct ring ring;
	char bytes[16];

	if (!open_ring(&ring, 0))
		return;
	for (int i = 0; i < TIMES; i++) {
		uint16_t port = 0;

		submit(&ring, ENTRY(RECV, BYTES(bound_socket(SOCK_DGRAM, &port), bytes, 16), .user_data = i));
	}
}

/* What nobody answers is left behind by a process that outlives its parent, and the recording. */
void uring_pending(void)
{
	int asked[2];
	char done;

	MUST(pipe(asked));
	if (MUST(fork())) {
		MUST(close(asked[1]));
		MUST(read(asked[0], &done, 1));
		return;
	}
	MUST(close(STDOUT_FILENO)); /* who records waits for them */
	MUST(close(STDERR_FILENO));
	ask_in_vain();
	MUST(write(asked[1], "x", 1));
	sleep(15);
	_exit(0);
}
