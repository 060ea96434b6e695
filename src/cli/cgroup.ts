/** Which cgroups the kernel can tell events by. */

/** statfs(2). */
const CGROUP_V1 = 0x27e0eb;
const CGROUP_V2 = 0x63677270;

/**
 * Why nothing would be recorded of a cgroup; null: it is one that events are told by. That is the one hierarchy of version 2 where it is
 * mounted at /sys/fs/cgroup; else the hierarchy of `pids`, since every process has one there. `type`: of its file system; `rootType`:
 * of /sys/fs/cgroup's.
 */
export function cgroupError(path: string, type: number, rootType: number): string | null {
  if (type !== CGROUP_V1 && type !== CGROUP_V2) return 'is no cgroup: they lie below /sys/fs/cgroup';
  if (rootType === CGROUP_V2)
    return type === CGROUP_V2 ? null : 'is of cgroup v1, and this node tells events by v2: give the path below /sys/fs/cgroup';
  if (type === CGROUP_V1 && /^\/sys\/fs\/cgroup\/([a-z_]+,)*pids(,[a-z_]+)*(\/|$)/.test(path)) return null;
  return 'this node has cgroup v1, where events are told by the pids hierarchy alone: give the path below /sys/fs/cgroup/pids';
}
