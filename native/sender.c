// SPDX-License-Identifier: Apache-2.0
#include "sender.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "log.h"
#include "privilege.h"
#include "recorder.h"
#include "settings.h"

#define LAYOUT 1 /* of the columns */
#define VERSION "0.1.0"

#define GREETING_MS 10000 /* for the collector to answer */
#define FAREWELL_MS 10000
#define FLUSH_NS 50000000ULL /* what an event waits at most for a batch to fill */
#define COUNTERS_NS 1000000000ULL
#define CLOCK_NS 10000000000ULL

struct sender {
	struct session *session;
	struct stream *stream;
	struct recorder *recorder;
	pthread_t listener;
	uint64_t flush_ns; /* when the batch under way must go */
	uint64_t counters_ns;
	uint64_t clock_ns;
};

/* ---- Greeting ---- */

static bool say(struct sender *sender, Trowel__V1__FromProbe *message)
{
	return stream_send(sender->stream, message);
}

static void read_boot_id(char *to, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, to, size - 1);

	to[n > 0 ? n : 0] = '\0';
	to[strcspn(to, "\n")] = '\0';
	if (fd >= 0)
		close(fd);
}

static bool say_hello(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	Trowel__V1__Hello hello = TROWEL__V1__HELLO__INIT;
	Trowel__V1__Clock clock = TROWEL__V1__CLOCK__INIT;
	struct utsname host;
	char boot_id[64];

	uname(&host);
	read_boot_id(boot_id, sizeof(boot_id));
	clock.boot_ns = boot_ns();
	clock.wall_ns = clock_ns(CLOCK_REALTIME);
	hello.layout = LAYOUT;
	hello.version = VERSION;
	hello.hostname = host.nodename;
	hello.kernel = host.release;
	hello.machine = host.machine;
	hello.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	hello.pid = getpid();
	hello.boot_id = boot_id;
	hello.clock = &clock;
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_HELLO;
	message.hello = &hello;
	return say(sender, &message);
}

static bool await_config(struct sender *sender)
{
	Trowel__V1__ToProbe *message = stream_receive(sender->stream, GREETING_MS);

	if (!message || message->message_case != TROWEL__V1__TO_PROBE__MESSAGE_CONFIG)
		return false;
	session_set_config(sender->session, message->config);
	return true;
}

static bool say_ready(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	Trowel__V1__Ready ready = TROWEL__V1__READY__INIT;
	struct probe *probe = &sender->session->probe;

	ready.hook = (char *)probe->hook;
	ready.n_notes = probe->notes_n;
	ready.notes = probe->notes;
	ready.start_ns = sender->session->start_ns;
	ready.cgroup_v2 = probe->cgroup_v2;
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_READY;
	message.ready = &ready;
	return say(sender, &message);
}

/* ---- What the collector says meanwhile ---- */

static void *listen(void *arg)
{
	struct sender *sender = arg;
	Trowel__V1__ToProbe *message;

	while ((message = stream_receive(sender->stream, -1))) {
		if (message->message_case == TROWEL__V1__TO_PROBE__MESSAGE_CONFIG)
			settings_apply(&sender->session->probe, message->config);
		else if (message->message_case == TROWEL__V1__TO_PROBE__MESSAGE_STOP)
			sender->session->stop = true;
		trowel__v1__to_probe__free_unpacked(message, NULL);
	}
	if (!sender->session->stop)
		session_fail(sender->session);
	return NULL;
}

/* ---- Batches ---- */

static bool flush(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	struct batch *batch = recorder_batch(sender->recorder);
	Trowel__V1__Batch columns;
	bool sent;

	batch_message(batch, &columns);
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_BATCH;
	message.batch = &columns;
	sent = say(sender, &message);
	batch_reset(batch);
	return sent;
}

static void add_periodic(struct sender *sender, uint64_t now)
{
	if (now >= sender->counters_ns) {
		recorder_add_counters(sender->recorder);
		probe_check_listeners(&sender->session->probe);
		sender->counters_ns = now + COUNTERS_NS;
	}
	if (now >= sender->clock_ns) {
		recorder_add_clock(sender->recorder);
		sender->clock_ns = now + CLOCK_NS;
	}
}

/* All that is in the queue now. */
static bool send_queued(struct sender *sender)
{
	struct batch *batch = recorder_batch(sender->recorder);
	const void *record;
	uint32_t len;

	while ((record = queue_peek(sender->session->queue, &len))) {
		if (batch_is_empty(batch))
			sender->flush_ns = boot_ns() + FLUSH_NS;
		recorder_take(sender->recorder, record, len);
		queue_pop(sender->session->queue);
		if (batch_is_full(batch) && !flush(sender))
			return false;
	}
	return true;
}

static int wait_ms(const struct sender *sender, uint64_t now)
{
	uint64_t until = sender->counters_ns;

	if (!batch_is_empty(recorder_batch(sender->recorder)) && sender->flush_ns < until)
		until = sender->flush_ns;
	return until > now ? (until - now) / 1000000 + 1 : 0;
}

static bool send_batches(struct sender *sender)
{
	struct batch *batch = recorder_batch(sender->recorder);
	bool ended;

	do {
		uint64_t now = boot_ns();

		queue_wait(sender->session->queue, wait_ms(sender, now));
		ended = queue_ended(sender->session->queue);
		if (!send_queued(sender))
			return false;
		now = boot_ns();
		add_periodic(sender, now);
		if (!batch_is_empty(batch) && (now >= sender->flush_ns || ended) && !flush(sender))
			return false;
	} while (!ended && !sender->session->broken);
	return !sender->session->broken;
}

/* ---- Farewell ---- */

static double cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static bool say_bye(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	Trowel__V1__Bye bye = TROWEL__V1__BYE__INIT;

	bye.events = recorder_events(sender->recorder);
	bye.lost = sender->session->lost;
	bye.end_ns = batch_time(recorder_batch(sender->recorder), boot_ns());
	bye.cpu_s = cpu_seconds();
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_BYE;
	message.bye = &bye;
	return say(sender, &message) && stream_finish(sender->stream, FAREWELL_MS);
}

static bool record(struct sender *sender)
{
	struct session *session = sender->session;
	bool complete;

	sender->recorder = recorder_new(&session->probe, session->start_ns);
	recorder_scan_files(sender->recorder);
	pthread_create(&sender->listener, NULL, listen, sender);
	complete = say_ready(sender) && send_batches(sender);
	if (complete) {
		recorder_add_counters(sender->recorder);
		complete = flush(sender) && say_bye(sender);
	}
	stream_cancel(sender->stream);
	pthread_join(sender->listener, NULL);
	recorder_free(sender->recorder);
	return complete;
}

void *sender_run(void *arg)
{
	struct session *session = arg;
	struct sender sender = { .session = session };
	bool complete = false;

	privilege_drop();
	grpc_init();
	sender.stream = stream_open(&session->collector);
	if (!say_hello(&sender) || !await_config(&sender))
		complain("no answer from a collector at %s within %d s: is it running?", session->collector.target,
			 GREETING_MS / 1000);
	else if (session_await_attached(session))
		complete = record(&sender);
	stream_close(sender.stream);
	if (!complete)
		session_fail(session);
	return NULL;
}
