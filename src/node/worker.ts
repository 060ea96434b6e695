/** The thread that looks at the node while a recording runs: at the start, when something changed, at the end. */
import { createHash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { steadyNow } from '../model/steady.ts';
import { conntrackFacts } from './counters.ts';
import { allNamespaces, namespaceAt, readText } from './processes.ts';
import { hostNamespace, readNode, type Snapshot } from './read.ts';
import { Tools } from './tools.ts';

/** What the thread is started with. */
export interface NodeWatch {
  /** Path of the namespace that counts as the node's; null: its first process'. */
  readonly host: string | null;
}

/** Told by the one who started it: look once more, then end. */
const LAST_LOOK = 'last look';
const LOOK_EVERY_MS = 3_000;
/** Whatever changes how often. */
const MOST_OFTEN_MS = 6_000;

const { host } = workerData as NodeWatch;
let seen = fingerprint();
let lookedAt = 0;

function look(depth: 'all' | 'structure'): void {
  lookedAt = steadyNow();
  const snapshot: Snapshot = readNode(host, depth);
  parentPort!.postMessage(snapshot);
}

/** Changes with namespaces, interfaces, addresses and routes. Cheap: no process is started. */
function fingerprint(): string {
  const all = allNamespaces();
  const hash = createHash('sha1');
  const { inode } = hostNamespace(host, all);
  for (const [id, { pids, name }] of [...all].sort(([a], [b]) => a - b)) {
    if (host !== null && id !== inode && name === '') continue;
    hash.update(`${id} `);
    for (const file of ['route', 'if_inet6', 'fib_triestat']) hash.update(readText(`/proc/${pids[0]}/net/${file}`));
    hash.update(readText(`/proc/${pids[0]}/net/dev`).replace(/:.*/g, ''));
  }
  return hash.digest('hex');
}

/** The node's table of connections, which fills within seconds: a file of /proc, without starting anything. */
function sampleConntrack(): void {
  const namespace = hostNamespace(host, allNamespaces());
  if (namespace.pids.length === 0) return;
  const facts = conntrackFacts(new Tools(namespaceAt('/proc/self/ns/net')), namespace, new Map());
  parentPort!.postMessage({ at: steadyNow(), kinds: [], facts, missing: [] } satisfies Snapshot);
}

look('all');
const timer = setInterval(() => {
  sampleConntrack();
  if (steadyNow() - lookedAt < MOST_OFTEN_MS) return;
  const now = fingerprint();
  if (now !== seen) look('structure');
  seen = now;
}, LOOK_EVERY_MS);

parentPort!.on('message', (message: unknown) => {
  if (message !== LAST_LOOK) return;
  clearInterval(timer);
  look('all');
  parentPort!.close();
});
