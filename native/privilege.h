/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TROWEL_PRIVILEGE_H
#define TROWEL_PRIVILEGE_H

/* Gives up all capabilities of the calling thread, and of those it starts, for good. */
void privilege_drop(void);
/* Restricts all threads to the system calls that the probe still needs. */
void privilege_seal(void);

#endif
