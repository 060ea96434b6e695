/** What a cgroup's path says of the container and the pod that it belongs to. Pure text, no cluster needed. */

export interface CgroupNames {
  /** Full id of the container; empty: none. */
  readonly container: string;
  /** uid of the pod, with dashes; empty: none. */
  readonly pod: string;
  /** What the path tells of the runtime: docker, containerd, cri-o, podman; empty: nothing. */
  readonly runtime: string;
}

const NONE: CgroupNames = { container: '', pod: '', runtime: '' };

const RUNTIMES: Readonly<Record<string, string>> = {
  docker: 'docker',
  'cri-containerd': 'containerd',
  containerd: 'containerd',
  crio: 'cri-o',
  'crio-conmon': 'cri-o',
  libpod: 'podman',
  'libpod-conmon': 'podman',
};

/** The last path element with a container id decides: nested cgroups belong to the innermost container. */
const CONTAINER = /^(?:(?<runtime>[a-z-]+?)-)?(?<id>[0-9a-f]{64})(?:\.scope)?$/;
const POD = /^(?:.*-)?pod(?<uid>[0-9a-f]{8}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{4}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?$/;

/** `/kubepods/besteffort/pod<uid>/<id>`, `/system.slice/docker-<id>.scope`, prefixed or nested as it comes. */
export function parseCgroup(path: string): CgroupNames {
  let names = NONE;
  for (const element of path.split(/[/:]/)) {
    const pod = POD.exec(element)?.groups?.uid;
    if (pod !== undefined) names = { ...NONE, pod: pod.replaceAll('_', '-') };
    const container = CONTAINER.exec(element)?.groups;
    if (container !== undefined)
      names = { ...names, container: container.id!, runtime: RUNTIMES[container.runtime ?? ''] ?? names.runtime };
    else if (element === 'docker') names = { ...names, runtime: 'docker' };
  }
  return names;
}
