/* SPDX-License-Identifier: Apache-2.0 */
/* From records to a batch: resolves threads, descriptors and arguments. */
#ifndef TROWEL_RECORDER_H
#define TROWEL_RECORDER_H

#include "batch.h"
#include "probe.h"

struct recorder;

struct recorder *recorder_new(struct probe *probe, uint64_t start_ns);
void recorder_free(struct recorder *recorder);

/* The batch that is being filled; when it has been given to the stream, the next one. */
struct batch *recorder_batch(struct recorder *recorder);
void recorder_next_batch(struct recorder *recorder);
/* Asks the kernel for the files that are open now: what it does not know a name for may be among them. */
void recorder_scan_files(struct recorder *recorder);
/* The record may be changed. */
void recorder_take(struct recorder *recorder, struct record *record, uint32_t len);
/* Totals per CPU and family, since the start. */
void recorder_add_counters(struct recorder *recorder);
void recorder_add_clock(struct recorder *recorder);
/* The stream broke: what was not sent is lost, and a new one begins, which knows no ids. */
void recorder_restart(struct recorder *recorder);
uint64_t recorder_events(const struct recorder *recorder);

#endif
