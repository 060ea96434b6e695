/* SPDX-License-Identifier: Apache-2.0 */
/* From records to a batch: resolves threads, descriptors and arguments. */
#ifndef TROWEL_ENCODER_H
#define TROWEL_ENCODER_H

#include "batch.h"
#include "probe.h"

struct encoder;

struct encoder *encoder_new(struct probe *probe, uint64_t start_ns);
void encoder_free(struct encoder *encoder);

/* The batch that is being filled; when it has been given to the stream, the next one. */
struct batch *encoder_batch(struct encoder *encoder);
void encoder_next_batch(struct encoder *encoder);
/* Asks the kernel for the files that are open now: what it does not know a name for may be among them. */
void encoder_scan_files(struct encoder *encoder);
/* The record may be changed. */
void encoder_take(struct encoder *encoder, struct record *record, uint32_t len);
/* Totals per CPU and family, since the start. */
void encoder_add_counters(struct encoder *encoder);
void encoder_add_clock(struct encoder *encoder);
/* The stream broke: what was not sent is lost, and a new one begins, which knows no ids. */
void encoder_restart(struct encoder *encoder);
uint64_t encoder_events(const struct encoder *encoder);

#endif
