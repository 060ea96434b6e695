/* SPDX-License-Identifier: Apache-2.0 */
/* From what the collector asks for to what the BPF programs read; at the start, and again while recording. */
#ifndef TROWEL_SETTINGS_H
#define TROWEL_SETTINGS_H

#include "trowel.pb-c.h"
#include "probe.h"

/* Whether anything of a family is asked for: what is not when recording begins cannot be asked for later. */
bool settings_want_network(const Trowel__V1__Config *config);
void settings_apply(struct probe *probe, const Trowel__V1__Config *config);

#endif
