// SPDX-License-Identifier: Apache-2.0
/* Looks a name up as programs do; to be compiled against the C library that is to be tried. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	int error = getaddrinfo(argc > 1 ? argv[1] : "localhost", "80", &hints, &found);

	if (error) {
		printf("%s\n", gai_strerror(error));
		return 1;
	}
	printf("found\n");
	return 0;
}
