// SPDX-License-Identifier: Apache-2.0
/* trowel-probe: records what the processes of this machine do and streams it to a collector. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "drain.h"
#include "log.h"
#include "privilege.h"
#include "reasons.h"
#include "sender.h"
#include "session.h"
#include "settings.h"

enum exit_code { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_REFUSED = 4 };

#define DEFAULT_RING_MIB 16
#define DEFAULT_QUEUE_MIB 16
/* What fills the ring is late scheduling of the thread that drains it; where this is not allowed it does without. */
#define DRAIN_NICE -10

static const char usage[] =
	"usage: trowel-probe [options] COLLECTOR\n"
	"Records what the processes of this machine do and streams it to COLLECTOR: unix:PATH or HOST:PORT.\n"
	"\n"
	"  --tls              encrypt, and trust the system's authorities\n"
	"  --ca FILE          encrypt, and trust these (PEM)\n"
	"  --cert FILE        show this certificate (PEM), with --key\n"
	"  --key FILE         its private key (PEM)\n"
	"  --ring-mib N       size of the ring between kernel and probe, a power of two (16)\n"
	"  --queue-mib N      size of the queue between probe and collector (16)\n"
	"  --hook NAME        tp_btf, raw_tp, tp_btf-plain, raw_tp-plain or classic instead of the best that works\n"
	"\n"
	"TROWEL_PROBE_DEBUG=1 shows what libbpf and the kernel's verifier say; TROWEL_PROBE_WITHOUT=ID,… does without\n"
	"what a kernel might refuse (an unknown ID lists them). TROWEL_NODE_ROOT=DIR is where the node's /etc is, for "
	"names of users.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 wrong usage, 4 privilege or kernel feature missing.\n";

struct options {
	size_t ring_bytes;
	size_t queue_bytes;
	const char *hook;
	uint32_t without; /* features, a bit each */
};

static struct session session;

static void on_signal(int number)
{
	(void)number;
	session.stop = true;
}

static void handle_signals(void)
{
	struct sigaction stop = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

/* ---- Options ---- */

static char *read_file(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t size = 0;

	if (!file || getdelim(&text, &size, '\0', file) < 0) {
		complain("cannot read %s", path);
		exit(EXIT_USAGE);
	}
	fclose(file);
	return text;
}

/* Sizes are powers of two, since the kernel wants that of a ring. */
static size_t mebibytes(const char *text)
{
	char *end;
	size_t n = strtoul(text, &end, 10);

	if (*end || n == 0 || n > 2048 || n & (n - 1)) {
		complain("%s is not a size: 1, 2, 4 … 2048 MiB", text);
		exit(EXIT_USAGE);
	}
	return n << 20;
}

/* For tests: what a kernel might refuse is treated as if this one did. */
static uint32_t features_switched_off(void)
{
	const char *at = getenv("TROWEL_PROBE_WITHOUT");
	uint32_t without = 0;

	while (at && *at) {
		int len = strcspn(at, ",");
		enum feature_id id = feature_by_id(at, len);

		if (id == FEATURE_NONE) {
			complain("TROWEL_PROBE_WITHOUT: there is no %.*s; there are:", len, at);
			for (int i = 0; i < FEATURES_N; i++)
				fprintf(stderr, "  %-24s %s\n", features[i].id, features[i].effect);
			exit(EXIT_USAGE);
		}
		without |= 1u << id;
		at += len + (at[len] == ',');
	}
	return without;
}

static void parse(int argc, char **argv, struct options *options, struct collector *collector)
{
	static const struct option names[] = {
		{ "tls", no_argument, NULL, 't' },
		{ "ca", required_argument, NULL, 'a' },
		{ "cert", required_argument, NULL, 'c' },
		{ "key", required_argument, NULL, 'k' },
		{ "ring-mib", required_argument, NULL, 'r' },
		{ "queue-mib", required_argument, NULL, 'q' },
		{ "hook", required_argument, NULL, 'o' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1) {
		switch (option) {
		case 't':
			collector->tls = true;
			break;
		case 'a':
			collector->tls = true;
			collector->authorities = read_file(optarg);
			break;
		case 'c':
			collector->certificate = read_file(optarg);
			break;
		case 'k':
			collector->key = read_file(optarg);
			break;
		case 'r':
			options->ring_bytes = mebibytes(optarg);
			break;
		case 'q':
			options->queue_bytes = mebibytes(optarg);
			break;
		case 'o':
			options->hook = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(EXIT_OK);
		default:
			fputs(usage, stderr);
			exit(EXIT_USAGE);
		}
	}
	if (optind != argc - 1) {
		fputs(usage, stderr);
		exit(EXIT_USAGE);
	}
	collector->target = argv[optind];
}

/* ---- Recording ---- */

/* Kernels before 5.11 count BPF memory as locked memory. */
static void lift_memory_limit(void)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &unlimited);
}

static void read_reasons(struct probe *probe)
{
	if (reasons_read())
		reasons_mark_bad(probe->settings->drop_reasons);
	else
		probe_miss(probe, FEATURE_DROP, 0, "the kernel's BTF does not name the reasons for drops");
	if (!probe_lacks(probe, FEATURE_RESET_SENT) && !reasons_tell_resets_without_socket())
		probe_miss(probe, FEATURE_RESET_SENT_NO_SOCKET, 0, "Linux tells of them from 6.10 on");
}

static int attach(const struct options *options, const Trowel__V1__Config *config)
{
	struct load_options load = {
		.ring_bytes = options->ring_bytes,
		.latency = config->latency,
		.network = settings_want_network(config),
		.hook = options->hook,
		.without = options->without,
	};
	int error;

	users_read(&session.users);
	lift_memory_limit();
	error = probe_load(&session.probe, &load);
	if (error)
		return error;
	if (load.network)
		read_reasons(&session.probe);
	settings_apply(&session.probe, config);
	session.start_ns = boot_ns();
	return probe_attach(&session.probe);
}

static void drain_until_stopped(struct drain *drain)
{
	while (!session.stop && !session.broken)
		drain_round(drain);
	probe_detach(&session.probe);
	drain_rest(drain);
	probe_emit_pending(&session.probe);
	drain_rest(drain);
	session.lost = drain_lost(drain);
	queue_end(session.queue);
}

static enum exit_code run(const struct options *options)
{
	const Trowel__V1__Config *config = session_await_config(&session);
	struct drain *drain;

	if (!config)
		return EXIT_FAILED;
	if (attach(options, config)) {
		session_fail(&session);
		return EXIT_REFUSED;
	}
	drain = drain_new(&session.probe, session.queue);
	if (!drain) {
		complain("cannot map the ring: %s", strerror(errno));
		session_fail(&session);
		return EXIT_FAILED;
	}
	if (getpriority(PRIO_PROCESS, gettid()) > DRAIN_NICE)
		setpriority(PRIO_PROCESS, gettid(), DRAIN_NICE);
	privilege_drop();
	session_set_attached(&session);
	privilege_seal();
	drain_until_stopped(drain);
	drain_free(drain);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options options = {
		.ring_bytes = DEFAULT_RING_MIB << 20,
		.queue_bytes = DEFAULT_QUEUE_MIB << 20,
	};
	enum exit_code code;
	pthread_t sender;

	parse(argc, argv, &options, &session.collector);
	options.without = features_switched_off();
	handle_signals();
	session_init(&session);
	session.queue = queue_new(options.queue_bytes);
	if (!session.queue) {
		complain("no memory for a queue of %zu MiB", options.queue_bytes >> 20);
		return EXIT_FAILED;
	}
	pthread_create(&sender, NULL, sender_run, &session);
	code = run(&options);
	pthread_join(sender, NULL);
	return code == EXIT_OK && session.broken ? EXIT_FAILED : code;
}
