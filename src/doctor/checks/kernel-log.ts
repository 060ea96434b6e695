/** What the kernel said of processes that it ended, and of tables that were full, while the recording ran. */
import type { Held } from '../../node/state.ts';
import { type Check, type Finding, finding, type Severity } from '../check.ts';
import { atText, type Examined } from '../examined.ts';

interface Kind {
  readonly line: RegExp;
  readonly severity: Severity;
  readonly verdict: string;
  readonly fixes: readonly string[];
}

// biome-ignore format: a table
const KINDS: readonly Kind[] = [
  { line: /(?:Out of memory|Memory cgroup out of memory): Killed process (?<pid>\d+) \((?<comm>[^)]*)\)/, severity: 'critical', verdict: 'the kernel killed # for want of memory', fixes: ['kubectl describe pod POD    # its memory limit, and “OOMKilled”', 'raise resources.limits.memory, or find what takes it: kubectl top pod'] },
  { line: /(?<comm>[^\s[]+)\[(?<pid>\d+)\]: segfault/, severity: 'warning', verdict: '# crashed (segfault)', fixes: ['kubectl logs --previous POD', 'coredumpctl list'] },
  { line: /neighbou?r table overflow/, severity: 'critical', verdict: 'the node’s table of neighbours is full: addresses that are not in it cannot be reached', fixes: ['sysctl -w net.ipv4.neigh.default.gc_thresh3=NUMBER', 'ip neigh show | wc -l'] },
  { line: /possible SYN flooding on port (?<end>\S*\d)/i, severity: 'warning', verdict: 'more connections than the listener takes arrive at port #', fixes: ['a larger backlog in listen(), and sysctl -w net.core.somaxconn=NUMBER'] },
  { line: /too many orphaned sockets/, severity: 'warning', verdict: 'the kernel gives up connections for want of memory (too many orphaned sockets)', fixes: ['sysctl net.ipv4.tcp_max_orphans net.ipv4.tcp_mem'] },
];

export const kernelLog: Check = {
  id: 'kernel-log',
  title: 'the kernel ended a process, or had no room',
  read(examined) {
    const lines = examined.node.versions('kernelLog').filter(({ value }) => value.time >= 0 && value.time <= examined.end);
    return KINDS.flatMap((kind) => told(examined, kind, lines));
  },
};

function told(examined: Examined, { line, severity, verdict, fixes }: Kind, lines: readonly Held<'kernelLog'>[]): Finding[] {
  const found = lines.flatMap(({ value }) => {
    const match = line.exec(value.text);
    return match === null || !concerns(examined, match.groups ?? {}) ? [] : [{ value, groups: match.groups ?? {} }];
  });
  if (found.length === 0) return [];
  const names = [...new Set(found.map(({ groups }) => (groups.pid === undefined ? (groups.end ?? '') : `${groups.comm} (${groups.pid})`)))];
  return [
    finding(
      'kernel-log',
      severity,
      verdict.replace('#', () => names.slice(0, 3).join(', ')),
      {
        affected: names,
        facts: found.slice(0, 3).map(({ value }) => ({ time: value.time, text: `kernel log at ${atText(value.time)}: ${value.text}` })),
        confidence: 0.95,
        fixes,
      },
    ),
  ];
}

/** The log is the whole machine's: what it says of processes and listeners of other namespaces is not this node's. */
function concerns(examined: Examined, { pid, end }: Readonly<Record<string, string>>): boolean {
  if (examined.capture.meta.netns === undefined) return true;
  if (pid !== undefined) return [...examined.dims.processes.all()].some((one) => one.pid === Number(pid) && examined.inScope(one.netns));
  if (end === undefined) return true;
  const port = Number(end.slice(end.lastIndexOf(':') + 1));
  return examined.node.versions('listener').some(({ value }) => value.protocol === 'tcp' && value.port === port);
}
