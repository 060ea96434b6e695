// SPDX-License-Identifier: Apache-2.0
#include "settings.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

/* ---- Which calls ---- */

static uint32_t families_of(const Trowel__V1__Config *config)
{
	static const char *const names[] = FAMILY_NAMES;
	uint32_t families = 0;

	for (size_t i = 0; i < config->n_families; i++)
		for (size_t family = 0; family < COUNT(names); family++)
			if (strcmp(config->families[i], names[family]) == 0)
				families |= 1u << family;
	return config->n_families ? families : ~0u;
}

/* Calls on any descriptor belong to whichever family the descriptor does. */
static bool family_is_wanted(uint32_t families, uint8_t family)
{
	const uint32_t of_descriptors = 1u << FAMILY_NET | 1u << FAMILY_FILE | 1u << FAMILY_IPC;

	return families & (family == FAMILY_IO ? of_descriptors : 1u << family);
}

/* How long a call blocks is known only if its beginning is. */
static bool call_is_wanted(const struct probe *probe, const Trowel__V1__Config *config, uint32_t families,
			   const struct call *call, uint32_t id)
{
	if (!family_is_wanted(families, call->family) || (call->flags & CALL_WAIT && !probe->latency))
		return false;
	if (!config->n_calls)
		return call->flags & CALL_STANDARD;
	for (size_t i = 0; i < config->n_calls; i++)
		if (config->calls[i] == id)
			return true;
	return false;
}

/* The programs look calls up by the machine's own numbers. */
static void want_calls(const struct probe *probe, const Trowel__V1__Config *config, uint32_t families)
{
	struct settings *settings = probe->settings;
	uint8_t wanted[MAX_CALLS] = { 0 };

	for (uint32_t number = 0; number < MAX_CALLS; number++) {
#if defined(__x86_64__)
		uint32_t native = number, compat = compat_ids[number] - 1u;
#else
		uint32_t native = native_ids[number] - 1u, compat = MAX_CALLS;
#endif
		if (native < MAX_CALLS && call_is_wanted(probe, config, families, &calls[native], native))
			wanted[number] |= !config->n_calls && calls[native].flags & CALL_LOCKS ? WANTED_LOCKS
											       : WANTED_NATIVE;
		if (compat < MAX_CALLS && (config->n_calls || !(calls[compat].flags & CALL_LOCKS)) &&
		    call_is_wanted(probe, config, families, &calls[compat], compat))
			wanted[number] |= WANTED_COMPAT;
	}
	settings->socket_calls = 0;
	for (uint32_t i = 0; i < SOCKET_CALLS; i++) {
		uint32_t id = socket_calls[i].id - 1u;

		if (id < MAX_CALLS && call_is_wanted(probe, config, families, &calls[id], id))
			settings->socket_calls |= 1u << i;
	}
#if defined(__x86_64__)
	wanted[219] |= WANTED_RESTART;
	if (settings->socket_calls)
		wanted[102] |= WANTED_COMPAT;
#else
	wanted[128] |= WANTED_RESTART;
#endif
	if (families & 1u << FAMILY_TROUBLE && !probe_lacks(probe, FEATURE_ACCEPT_QUEUE))
		wanted[SYS_getcpu] |= WANTED_LOOK;
	memcpy(settings->calls, wanted, sizeof(wanted));
	for (uint32_t op = 0; op < URING_OPS; op++) {
		uint32_t id = uring_ops[op].call - 1u;

		settings->uring[op] = id < MAX_CALLS && call_is_wanted(probe, config, families, &calls[id], id);
	}
	settings->kernel_events = 0;
	for (uint32_t i = 0; i < COUNT(kernel_events); i++)
		if (call_is_wanted(probe, config, families, &kernel_events[i], FIRST_KERNEL_EVENT + i))
			settings->kernel_events |= 1ULL << i;
}

bool settings_want_network(const Trowel__V1__Config *config)
{
	return families_of(config) & 1u << FAMILY_TROUBLE;
}

/* ---- Lists ---- */

static void replace_keys(int map, const void *keys, size_t n, size_t key_size)
{
	uint64_t key;
	uint8_t yes = 1;

	while (bpf_map_get_next_key(map, NULL, &key) == 0)
		bpf_map_delete_elem(map, &key);
	for (size_t i = 0; i < n; i++)
		bpf_map_update_elem(map, (const char *)keys + i * key_size, &yes, BPF_ANY);
}

static void want_ports(struct settings *settings, const Trowel__V1__Config *config)
{
	memset(settings->ports, 0, sizeof(settings->ports));
	for (size_t i = 0; i < config->n_ports; i++)
		settings->ports[(config->ports[i] & 0xffff) >> 6] |= 1ULL << (config->ports[i] & 63);
}

static void want_comms(struct settings *settings, const Trowel__V1__Config *config)
{
	settings->comms_n = config->n_comms < MAX_COMMS ? config->n_comms : MAX_COMMS;
	memset(settings->comms, 0, sizeof(settings->comms));
	for (uint32_t i = 0; i < settings->comms_n; i++) {
		size_t len = config->comms[i].len;

		memcpy(settings->comms[i], config->comms[i].data, len < 15 ? len : 15);
	}
}

/* The probe never records itself. */
static void exclude_pids(struct settings *settings, const Trowel__V1__Config *config)
{
	settings->excluded[0] = getpid();
	settings->excluded_n = 1;
	for (size_t i = 0; i < config->n_exclude_pids && settings->excluded_n < MAX_EXCLUDED; i++)
		settings->excluded[settings->excluded_n++] = config->exclude_pids[i];
}

static uint32_t filters_of(const Trowel__V1__Config *config)
{
	return (config->n_cgroups ? FILTER_CGROUPS : 0) | (config->n_pids ? FILTER_PIDS : 0) |
	       (config->n_comms ? FILTER_COMMS : 0) | (config->n_ports ? FILTER_PORTS : 0) |
	       (config->n_fd_kinds ? FILTER_KINDS : 0);
}

static uint32_t kinds_of(const Trowel__V1__Config *config)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < config->n_fd_kinds; i++)
		kinds |= 1u << (config->fd_kinds[i] & 31);
	return kinds;
}

static uint32_t at_most(uint32_t value, uint32_t max)
{
	return value < max ? value : max;
}

/* What has been decided for a thread is decided anew once the generation has advanced. */
void settings_apply(struct probe *probe, const Trowel__V1__Config *config)
{
	struct settings *settings = probe->settings;
	uint32_t families = families_of(config);

	settings->snaplen = at_most(config->snaplen, MAX_SNAPLEN);
	settings->snaplen_whole = at_most(config->snaplen_whole, MAX_SNAPLEN);
	if (settings->snaplen_whole < settings->snaplen)
		settings->snaplen_whole = settings->snaplen;
	settings->wait_over_ns = config->wait_over_ns;
	settings->min_latency_ns = config->min_latency_ns;
	settings->environment = config->environment;
	settings->families = families;
	settings->fd_kinds = kinds_of(config);
	want_ports(settings, config);
	want_comms(settings, config);
	exclude_pids(settings, config);
	replace_keys(bpf_object__find_map_fd_by_name(probe->object, "wanted_cgroups"), config->cgroups,
		     config->n_cgroups, sizeof(uint64_t));
	replace_keys(bpf_object__find_map_fd_by_name(probe->object, "wanted_pids"), config->pids, config->n_pids,
		     sizeof(uint32_t));
	settings->filters = filters_of(config);
	__atomic_add_fetch(&settings->generation, 1, __ATOMIC_RELEASE);
	want_calls(probe, config, families);
}
