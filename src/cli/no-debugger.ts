/**
 * For a Node of ours that is asked nothing by signal: SIGUSR1 starts no debugger, to which everybody on the machine may give orders. What takes the
 * signal itself must not have it, and is safe from its first line on.
 */
export const NO_DEBUGGER = '--disable-sigusr1';
