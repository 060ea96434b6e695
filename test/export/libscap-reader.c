// SPDX-License-Identifier: Apache-2.0
/* Opens a file with the Falco libraries' libscap, reads every event, and prints how many there were and when the first and last were. */
#include <stdint.h>
#include <stdio.h>

#define SCAP_LASTERR_SIZE 256
#define SCAP_SUCCESS 0
#define SCAP_EOF 6
#define SCAP_TIMEOUT (-1)

/* Of libscap's scap.h and its ppm_events_public.h. */
struct event_head {
	uint64_t ts;
	uint64_t tid;
} __attribute__((packed));

void *scap_open_offline(const char *path, char *error, int32_t *rc);
int32_t scap_next(void *handle, struct event_head **event, uint16_t *cpu);
const char *scap_getlasterr(void *handle);
void scap_close(void *handle);

int main(int argc, char **argv)
{
	char error[SCAP_LASTERR_SIZE] = "";
	int32_t rc = SCAP_SUCCESS;
	uint64_t first = 0, last = 0, events = 0;
	uint16_t cpu;

	if (argc != 2)
		return 2;
	void *handle = scap_open_offline(argv[1], error, &rc);
	if (!handle) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	struct event_head *event;
	while ((rc = scap_next(handle, &event, &cpu)) == SCAP_SUCCESS || rc == SCAP_TIMEOUT) {
		if (rc == SCAP_TIMEOUT)
			continue;
		first = events++ ? first : event->ts;
		last = event->ts;
	}
	if (rc != SCAP_EOF)
		fprintf(stderr, "%d: %s\n", rc, scap_getlasterr(handle));
	scap_close(handle);
	printf("%llu %llu %llu\n", (unsigned long long)events, (unsigned long long)first, (unsigned long long)last);
	return rc != SCAP_EOF;
}
