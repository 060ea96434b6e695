// SPDX-License-Identifier: Apache-2.0
// An HTTP server with a thread a connection, which takes 400 ms for /slow: what it does, a client on another node waits for.
#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PORT 8080
#define ANSWER "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\ndone\n"

static void *serve(void *of)
{
	int fd = (int)(intptr_t)of;
	char request[1024];
	ssize_t n = recv(fd, request, sizeof(request) - 1, 0);

	if (n > 0) {
		request[n] = 0;
		if (strncmp(request, "GET /slow", 9) == 0)
			nanosleep(&(struct timespec){ .tv_nsec = 400000000 }, NULL);
		send(fd, ANSWER, sizeof(ANSWER) - 1, MSG_NOSIGNAL);
	}
	close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(listener, (struct sockaddr *)&any, sizeof(any)) || listen(listener, 64))
		return 1;
	for (;;) {
		pthread_t thread;
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
			close(fd);
		else
			pthread_detach(thread);
	}
}
