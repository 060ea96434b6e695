/** Texts of a node: what its pods resolve names with, the CNI's configuration, the kernel's log, connections that are translated. */
import { readdirSync } from 'node:fs';
import type { NodeFact } from '../model/node.ts';
import { type FoundNamespace, readText } from './processes.ts';
import type { Tools } from './tools.ts';

const MOST_TEXT = 4_096;
const MOST_FLOWS = 300;
const CNI = '/etc/cni/net.d';

/** As the last process of a pod sees them: the first is the sandbox, which has none of the pod's files. */
export function resolverFact({ inode, pids }: FoundNamespace): NodeFact<'resolver'>[] {
  for (const pid of [...pids].reverse()) {
    const resolvConf = readText(`/proc/${pid}/root/etc/resolv.conf`).slice(0, MOST_TEXT);
    if (resolvConf === '') continue;
    const hosts = readText(`/proc/${pid}/root/etc/hosts`).slice(0, MOST_TEXT);
    return [{ kind: 'resolver', netns: inode, key: 'resolv.conf', value: { resolvConf, hosts } }];
  }
  return [];
}

/** A recorder in a container has the node's folder only where it is mounted; a node need not have one. */
export function cniFacts(tools: Tools): NodeFact<'cni'>[] {
  let names: string[] = [];
  try {
    names = readdirSync(CNI);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT') tools.miss('cni', `${CNI} cannot be read: ${code}`);
    else if (process.env.TROWEL_NODE_ROOT !== undefined) tools.miss('cni', `the node’s ${CNI} is not mounted here`);
    return [];
  }
  return names
    .filter((name) => /\.(conf|conflist|json)$/.test(name))
    .map((key) => ({ kind: 'cni', netns: 0, key, value: { text: readText(`${CNI}/${key}`).slice(0, MOST_TEXT) } }));
}

const NEWS = /conntrack|out of memory|oom-kill|segfault|neighbou?r table overflow|martian|possible SYN flooding|TCP: too many orphaned/i;
const RECENT_S = 60;
const MOST_LINES = 100;

/** Lines of the last minute; `now`: ms since 1970, for times that the log has since the machine began. */
export function kernelLogFacts(tools: Tools, namespace: FoundNamespace, now: number): NodeFact<'kernelLog'>[] {
  const output = tools.ask(namespace, { id: 'kernel-log', command: ['dmesg'] }) ?? '';
  const uptimeMs = Number(readText('/proc/uptime').split(' ')[0]) * 1000;
  return output
    .split('\n')
    .flatMap((line): NodeFact<'kernelLog'>[] => {
      const [, seconds, text] = /^\[\s*([0-9.]+)\] (.*)$/.exec(line) ?? [];
      if (seconds === undefined || text === undefined || !NEWS.test(text)) return [];
      const at = now - uptimeMs + Number(seconds) * 1000;
      return at < now - RECENT_S * 1000
        ? []
        : [{ kind: 'kernelLog', netns: 0, key: `${seconds} ${text.slice(0, 40)}`, value: { text: text.slice(0, 300), time: at } }];
    })
    .slice(-MOST_LINES);
}

/** Connections whose destination was translated: those to services. */
export function flowFacts(tools: Tools, namespace: FoundNamespace, count: number): NodeFact<'flow'>[] {
  if (count > MOST_ENTRIES) {
    tools.miss('conntrack-entries', `${count} connections are too many to list`);
    return [];
  }
  const lines = (tools.ask(namespace, { id: 'conntrack-entries', command: ['conntrack', '-L', '--dst-nat'] }) ?? '').split('\n');
  return lines
    .filter((line) => line.includes('src='))
    .slice(0, MOST_FLOWS)
    .map((line) => ({
      kind: 'flow',
      netns: namespace.inode,
      key: /src=\S+ dst=\S+ sport=\d+ dport=\d+/.exec(line)?.[0] ?? line,
      value: { text: line.replace(/\s+/g, ' ').trim() },
    }));
}

const MOST_ENTRIES = 50_000;
