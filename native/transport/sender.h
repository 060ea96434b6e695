/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that speaks to the collector. It drops all privileges before it opens a connection. */
#ifndef TROWEL_SENDER_H
#define TROWEL_SENDER_H

#include "session.h"

/* For pthread_create; the argument is the session. Ends when the queue has ended, or the stream has. */
void *sender_run(void *session);

#endif
