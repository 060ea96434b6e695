/** How a capture of several nodes keeps apart what each node numbers for itself. */

/** Linux numbers processes below 2^22: those of the k-th node, from 0, are shown with k times this added. */
export const PID_OFFSET = 10_000_000;

/** The node of a process; the first where there is no telling. */
export const nodeOfPid = (nodes: readonly string[], pid: number): string =>
  nodes[Math.floor(Math.max(0, pid) / PID_OFFSET)] ?? nodes[0] ?? '';
