/**
 * A .scap file beside `sysdig -r`, in the same run and in turns: read as it is, imported, asked after the import. Longer files
 * are made of the one's own events, repeated. Medians, since both tools meet the same neighbours.
 */
import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip, gunzipSync } from 'node:zlib';
import { packageRoot } from '../../src/model/package-root.ts';
import { BlockCutter, eventForm } from '../../src/scap/blocks.ts';
import { childCpuMs, report } from './measure.ts';

const RUNS = Number(process.env.BENCH_RUNS ?? 7);
const TIMES = (process.env.BENCH_TIMES ?? '10,70').split(',').map(Number);
const root = packageRoot();
const trowel = join(root, 'bin/trowel');
const original = join(root, '../shared/scap/critical-app.scap');
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
process.env.XDG_CACHE_HOME = join(folder, 'cache');

const FILTERS = ['fd.type=ipv4', 'proc.name=curl', 'evt.type=open', 'evt.buffer contains localdomain'] as const;

interface Cost {
  readonly cpu: number;
  readonly wall: number;
}

function costOf(command: string, args: readonly string[]): Cost {
  const start = performance.now();
  const cpu = childCpuMs(command, args);
  return { cpu, wall: performance.now() - start };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** Both in turns; prints ours against theirs. */
function race(what: string, ours: readonly string[], theirs: readonly string[], runs: number): void {
  const costs = Array.from({ length: runs }, () => [costOf(trowel, ours), costOf('sysdig', theirs)] as const);
  const [cpu, wall] = (['cpu', 'wall'] as const).map((kind) => [
    median(costs.map(([cost]) => cost[kind])),
    median(costs.map(([, cost]) => cost[kind])),
  ]) as [number[], number[]];
  const ratio = (pair: number[]) => `${(pair[0]! / pair[1]!).toFixed(2)}×`;
  const text = (pair: number[]) => `${pair.map((ms) => ms.toFixed(0).padStart(5)).join(' /')} ms ${ratio(pair)}`;
  console.log(`  ${what.padEnd(46)} CPU ${text(cpu)}   wall ${text(wall)}`);
}

/** The same file with its events several times over. */
async function longer(times: number): Promise<string> {
  const bytes = gunzipSync(readFileSync(original));
  const cutter = new BlockCutter();
  cutter.feed(bytes);
  const lists: Uint8Array[] = [];
  const events: Uint8Array[] = [];
  while (cutter.next()) (eventForm(cutter.type) === undefined ? lists : events).push(cutter.region.part(cutter.from - 8, cutter.to + 4));
  const all = Buffer.concat(events);
  const path = join(folder, `x${times}.scap`);
  function* parts(): Generator<Uint8Array> {
    yield Buffer.concat(lists);
    for (let i = 0; i < times; i++) yield all;
  }
  await pipeline(Readable.from(parts()), createGzip(), createWriteStream(path));
  return path;
}

async function main(): Promise<void> {
  if (!existsSync(original) || spawnSync('sysdig', ['--version']).status !== 0) {
    console.log('  skipped: it takes Debian’s sysdig, and ../shared/scap/critical-app.scap');
    return;
  }
  console.log('  trowel / sysdig');
  for (const filter of FILTERS) {
    race(`×1, ${filter}`, ['read', original, '-p', '%evt.num', filter], ['-r', original, '-p', '%evt.num', filter], RUNS);
  }
  for (const times of TIMES) {
    const path = await longer(times);
    const runs = times > 20 ? 3 : RUNS;
    for (const filter of FILTERS)
      race(`×${times}, ${filter}`, ['read', path, '-p', '%evt.num', filter], ['-r', path, '-p', '%evt.num', filter], runs);
    imported(path, `×${times}`, 1);
    rmSync(path);
  }
  imported(original, '×1', RUNS);
}

function imported(path: string, name: string, runs: number): void {
  const target = join(folder, 'imported.trowel');
  const costs = Array.from({ length: runs }, () => {
    rmSync(target, { force: true });
    return costOf(trowel, ['import', path, '-w', target]);
  });
  const blocks = Number(
    spawnSync(trowel, ['read', target, '--fields', 'evt.num'], { encoding: 'utf8', maxBuffer: 1 << 30 })
      .stdout.trimEnd()
      .split('\n')
      .at(-1),
  );
  const size = statSync(target).size;
  report(`${name} import, wall`, blocks / median(costs.map(({ wall }) => wall)), 'thousand events/s');
  report(`${name} import, CPU`, median(costs.map(({ cpu }) => cpu)), 'ms');
  report(`${name} import, size against the file`, size / statSync(path).size, '×', 1);
  report(`${name} import, size`, size / blocks, 'bytes/event', 12.9);
  for (const filter of FILTERS)
    race(`${name} imported, ${filter}`, ['read', target, '-p', '%evt.num', filter], ['-r', path, '-p', '%evt.num', filter], runs);
}

try {
  await main();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
