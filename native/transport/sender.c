// SPDX-License-Identifier: Apache-2.0
#include "sender.h"

#include <fcntl.h>
#include <grpc/grpc.h>
#include <grpc/support/alloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "encoder.h"
#include "log.h"
#include "privilege.h"
#include "settings.h"

#define LAYOUT 1 /* of the columns */

/* A collector on this machine is gone for good when it is gone; one elsewhere comes back. */
#define LOCAL_PATIENCE_NS 5000000000ULL
#define SLOW_PATIENCE_NS 60000000000ULL /* of one that listens, and has not answered: the machine is busy */
#define STOPPED_PATIENCE_NS 2000000000ULL
#define MENTION_NS 10000000000ULL
#define SLICE_MS 250 /* between looks at whether to go on waiting */
#define FAREWELL_MS 10000
#define COUNTERS_NS 1000000000ULL
#define CLOCK_NS 10000000000ULL

/* What it has not sent when it is killed is lost. Threads of gRPC inherit it; where it is not allowed, all have their
 * turn like others. */
#define SENDER_NICE -5

struct sender {
	struct session *session;
	struct stream *stream;
	struct encoder *encoder;
	pthread_t listener;
	_Atomic bool deaf; /* the stream has ended */
	uint64_t counters_ns;
	uint64_t clock_ns;
	uint64_t without_ns; /* since when there is no collector */
	bool mentioned; /* that it waits for one */
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

/* How long it has been without a collector is too long? */
static bool is_hopeless(const struct sender *sender)
{
	uint64_t since = boot_ns() - sender->without_ns;

	if (sender->session->stop && since > STOPPED_PATIENCE_NS)
		return true;
	if (!collector_is_local(&sender->session->collector))
		return false;
	return since > (sender->stream && stream_is_connected(sender->stream) ? SLOW_PATIENCE_NS : LOCAL_PATIENCE_NS);
}

/* Once: whoever waits for a recording should know what it waits for. */
static void mention_waiting(struct sender *sender)
{
	if (sender->mentioned || boot_ns() - sender->without_ns < MENTION_NS)
		return;
	complain("no collector at %s yet: still trying", sender->session->collector.target);
	sender->mentioned = true;
}

/* NULL: the stream broke, or nobody answered for too long. */
static Trowel__V1__ToProbe *await_config(struct sender *sender)
{
	Trowel__V1__ToProbe *message;

	while (!(message = stream_receive(sender->stream, SLICE_MS))) {
		if (stream_is_broken(sender->stream) || is_hopeless(sender))
			return NULL;
		mention_waiting(sender);
	}
	sender->mentioned = false;
	if (message->message_case == TROWEL__V1__TO_PROBE__MESSAGE_CONFIG)
		return message;
	trowel__v1__to_probe__free_unpacked(message, NULL);
	return NULL;
}

static void missing_message(Trowel__V1__Missing *message, const struct missing *missing)
{
	trowel__v1__missing__init(message);
	message->id = (char *)missing->feature->id;
	message->effect = (char *)missing->feature->effect;
	message->reason = (char *)missing->reason;
	message->error = missing->error;
}

static bool say_ready(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	Trowel__V1__Ready ready = TROWEL__V1__READY__INIT;
	struct probe *probe = &sender->session->probe;
	Trowel__V1__Missing missing[FEATURES_N], *list[FEATURES_N];
	char *notes[FEATURES_N];

	for (int i = 0; i < probe->missing_n; i++) {
		list[i] = &missing[i];
		missing_message(&missing[i], &probe->missing[i]);
		notes[i] = missing[i].effect;
	}
	ready.hook = (char *)probe->hook;
	ready.n_missing = ready.n_notes = probe->missing_n;
	ready.missing = list;
	ready.notes = notes;
	ready.start_ns = sender->session->start_ns;
	ready.cgroup_v2 = probe->cgroup_v2;
	users_into(&sender->session->users, &ready);
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
	sender->deaf = true;
	return NULL;
}

/* ---- Batches ---- */

static bool flush(struct sender *sender)
{
	Trowel__V1__FromProbe message = TROWEL__V1__FROM_PROBE__INIT;
	Trowel__V1__Batch columns;

	batch_message(encoder_batch(sender->encoder), &columns);
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_BATCH;
	message.batch = &columns;
	if (!say(sender, &message))
		return false;
	encoder_next_batch(sender->encoder);
	return true;
}

static void add_periodic(struct sender *sender, uint64_t now)
{
	if (now >= sender->counters_ns) {
		encoder_add_counters(sender->encoder);
		probe_check_listeners(&sender->session->probe);
		sender->counters_ns = now + COUNTERS_NS;
	}
	if (now >= sender->clock_ns) {
		encoder_add_clock(sender->encoder);
		sender->clock_ns = now + CLOCK_NS;
	}
}

/* All that is in the queue now. */
static bool send_queued(struct sender *sender)
{
	void *record;
	uint32_t len;

	while ((record = queue_peek(sender->session->queue, &len))) {
		encoder_take(sender->encoder, record, len);
		queue_pop(sender->session->queue);
		if (batch_is_full(encoder_batch(sender->encoder)) && !flush(sender))
			return false;
	}
	return true;
}

/* The thread that drains wakes this one when there is enough for a batch, or it has waited long enough. */
static bool send_batches(struct sender *sender)
{
	bool ended;

	do {
		uint64_t now = boot_ns();

		queue_wait(sender->session->queue,
			   sender->counters_ns > now ? (sender->counters_ns - now) / 1000000 + 1 : 0);
		ended = queue_ended(sender->session->queue);
		if (!send_queued(sender))
			return false;
		add_periodic(sender, boot_ns());
		if (!batch_is_empty(encoder_batch(sender->encoder)) && !flush(sender))
			return false;
	} while (!ended && !sender->deaf);
	return ended;
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
	Trowel__V1__Program programs[MAX_LINKS], *list[MAX_LINKS];
	struct program_cost costs[MAX_LINKS];

	bye.n_programs = probe_program_costs(&sender->session->probe, costs, MAX_LINKS);
	bye.programs = list;
	for (size_t i = 0; i < bye.n_programs; i++) {
		trowel__v1__program__init(&programs[i]);
		programs[i].name = (char *)costs[i].name;
		programs[i].runs = costs[i].runs;
		programs[i].ns = costs[i].ns;
		list[i] = &programs[i];
	}

	bye.events = encoder_events(sender->encoder);
	bye.lost = sender->session->lost;
	bye.end_ns = batch_time(encoder_batch(sender->encoder), boot_ns());
	bye.cpu_s = cpu_seconds();
	message.message_case = TROWEL__V1__FROM_PROBE__MESSAGE_BYE;
	message.bye = &bye;
	return say(sender, &message) && stream_finish(sender->stream, FAREWELL_MS);
}

/* ---- A stream, and the next one if it breaks ---- */

/* True: all has been said. */
static bool use_stream(struct sender *sender)
{
	bool complete;

	sender->deaf = false;
	sender->clock_ns = 0;
	pthread_create(&sender->listener, NULL, listen, sender);
	complete = say_ready(sender) && send_batches(sender);
	if (complete) {
		encoder_add_counters(sender->encoder);
		complete = flush(sender) && say_bye(sender);
	}
	if (!sender->deaf)
		stream_cancel(sender->stream);
	pthread_join(sender->listener, NULL);
	return complete;
}

/* The first Config decides how to hook, which is the main thread's task; later ones only what to record. */
static bool begin_recording(struct sender *sender, Trowel__V1__ToProbe *message)
{
	struct session *session = sender->session;

	if (sender->encoder) {
		settings_apply(&session->probe, message->config);
		return true;
	}
	session_set_config(session, message->config);
	if (!session_await_attached(session))
		return false;
	sender->encoder = encoder_new(&session->probe, session->start_ns);
	encoder_scan_files(sender->encoder);
	return true;
}

static bool is_refused(struct sender *sender)
{
	char *why;

	if (!stream_is_broken(sender->stream) || !stream_was_refused(sender->stream, &why))
		return false;
	complain("the collector at %s has ended the recording%s%s", sender->session->collector.target, *why ? ": " : "",
		 why);
	gpr_free(why);
	return true;
}

/* True: it is over, well or not; false: the next stream may be luckier. */
static bool try_stream(struct sender *sender, bool *complete)
{
	Trowel__V1__ToProbe *message = NULL;
	bool over = false;

	sender->stream = stream_open(&sender->session->collector);
	if (say_hello(sender))
		message = await_config(sender);
	if (message && !begin_recording(sender, message)) {
		over = true;
	} else if (message) {
		over = *complete = use_stream(sender);
		sender->without_ns = boot_ns();
		if (!over)
			encoder_restart(sender->encoder);
	}
	if (message)
		trowel__v1__to_probe__free_unpacked(message, NULL);
	if (!over)
		over = is_refused(sender);
	stream_close(sender->stream);
	sender->stream = NULL;
	return over;
}

void *sender_run(void *arg)
{
	struct session *session = arg;
	struct sender sender = { .session = session, .without_ns = boot_ns() };
	bool complete = false;

	if (getpriority(PRIO_PROCESS, gettid()) > SENDER_NICE)
		setpriority(PRIO_PROCESS, gettid(), SENDER_NICE);
	privilege_drop();
	grpc_init();
	while (!try_stream(&sender, &complete)) {
		if (is_hopeless(&sender)) {
			complain("no collector at %s: is it running?", session->collector.target);
			break;
		}
		usleep(SLICE_MS * 1000);
	}
	if (sender.encoder)
		encoder_free(sender.encoder);
	if (!complete)
		session_fail(session);
	return NULL;
}
