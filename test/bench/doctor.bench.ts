/** `trowel doctor` on a large capture, whole process; and a look at a node with a hundred network namespaces, where that may be made. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { assertEqual, childCpuMs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
const NAMESPACES = 100;
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');
const bin = join(packageRoot(), 'bin/trowel');

writeSynthetic(path, EVENTS);

const least = (args: readonly string[]) => Math.min(...Array.from({ length: 3 }, () => childCpuMs(bin, args)));
report(`trowel doctor, ${EVENTS / 1e6} million events`, least(['doctor', path]), 'ms', 3000);

const look = whyNoNamespaces();
if (look === null) withNamespaces(lookAtNode);
else console.log(`  a look at ${NAMESPACES} namespaces: skipped, ${look}`);
rmSync(folder, { recursive: true, force: true });

function whyNoNamespaces(): string | null {
  if (process.getuid?.() !== 0) return 'needs root';
  return spawnSync('ip', ['-V']).status === 0 ? null : 'needs iproute2';
}

/** Each with a process, a veth pair to this namespace's bridge, and an address, as a pod has them; all are removed in the end. */
function withNamespaces(work: (host: string) => void): void {
  const id = `tb${process.pid}`;
  const names = Array.from({ length: NAMESPACES }, (_, i) => `${id}-${i}`);
  const make = [
    `ip netns add ${id}`,
    `ip -n ${id} link add br0 type bridge`,
    `ip -n ${id} link set br0 up`,
    `ip -n ${id} addr add 10.99.0.1/16 dev br0`,
    `ip netns exec ${id} sleep 600 </dev/null >/dev/null 2>&1 &`,
    ...names.flatMap((name, i) => [
      `ip netns add ${name}`,
      `ip -n ${id} link add v${i} type veth peer name eth0 netns ${name}`,
      `ip -n ${id} link set v${i} master br0 up`,
      `ip -n ${name} addr add 10.99.1.${i + 1}/16 dev eth0`,
      `ip -n ${name} link set eth0 up`,
      `ip netns exec ${name} sleep 600 </dev/null >/dev/null 2>&1 &`,
    ]),
  ].join('\n');
  const remove = [...names, id].map((name) => `kill $(ip netns pids ${name}) 2>/dev/null; ip netns delete ${name}`).join('\n');
  try {
    execFileSync('sh', ['-ec', make], { stdio: ['ignore', 'ignore', 'inherit'] });
    work(id);
  } finally {
    spawnSync('sh', ['-c', remove], { stdio: 'ignore' });
  }
}

/** One look, with what it starts, less what Node costs to start at all. */
function lookAtNode(host: string): void {
  const module = join(folder, 'look.mjs');
  const entry = `import { readNode } from '${join(packageRoot(), 'src/node/read.ts')}';
const depth = process.argv[3];
const { facts } = depth === 'none' ? { facts: [] } : readNode(process.argv[2], depth);
const joined = facts.filter(({ kind, value }) => kind === 'link' && value.peerNetns > 0);
const set = facts.filter(({ kind, key }) => kind === 'sysctl' && key === 'net.core.somaxconn');
process.stdout.write(new Set(joined.map(({ netns }) => netns)).size + ' ' + set.length);`;
  execFileSync(join(packageRoot(), 'node_modules/.bin/esbuild'), ['--bundle', '--platform=node', '--format=esm', `--outfile=${module}`], {
    input: entry,
    cwd: packageRoot(),
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const run = (depth: string) => childCpuMs(process.execPath, [module, `/run/netns/${host}`, depth]);
  const found = execFileSync(process.execPath, [module, `/run/netns/${host}`, 'all'], { encoding: 'utf8' });
  assertEqual(found, `${NAMESPACES + 1} ${NAMESPACES + 1}`, 'namespaces that are joined to the node, and sysctls of each');
  const cost = (depth: string) => Math.min(...[0, 1, 2].map(() => run(depth))) - Math.min(...[0, 1, 2].map(() => run('none')));
  report(`a look at a node with ${NAMESPACES} namespaces, everything`, cost('all'), 'ms', 1000);
  report(`a look at a node with ${NAMESPACES} namespaces, what changes`, cost('structure'), 'ms', 1000);
}
