/** The screen through a real pseudo-terminal: first screen, key → painted frame, find, following. BENCH_EVENTS sets the size of the large capture. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPty, Pty, testScript } from '../tui/pty.ts';
import { assertEqual, cpuMsOf, report, rssAnonMib } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
const KEYS = 100;
const RATE = 10_000;
const FOLLOW_MS = Number(process.env.BENCH_FOLLOW_MS ?? 15_000);
const FINDS = Number(process.env.BENCH_FINDS ?? 20);

if (noPty !== null) {
  console.log(`  skipped: ${noPty}`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'large.trowel');
writeSynthetic(path, EVENTS);

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** ms from a key to the next frame that is whole, sorted. */
async function keyTimes(pty: Pty, key: string): Promise<number[]> {
  const times: number[] = [];
  for (let k = 0; k < KEYS; k++) {
    const before = pty.raw.length;
    const start = performance.now();
    pty.type(key);
    await pty.until(() => pty.raw.indexOf('\x1b[?2026l', before) >= 0);
    times.push(performance.now() - start);
    await pause(20);
  }
  return times.sort((a, b) => a - b);
}

const quantile = (sorted: readonly number[], share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

async function open(args: readonly string[]): Promise<Pty> {
  const pty = new Pty(['open', '--screen', 'events', ...args], { columns: 120, rows: 40 });
  await pty.until('Enter detail');
  return pty;
}

const warm = await open([path]); // bundles the program, too
warm.kill('SIGKILL');
await warm.exit;

const start = performance.now();
const pty = await open([path]);
report(`first screen of ${EVENTS} events`, performance.now() - start, 'ms');
report('first screen, CPU', cpuMsOf(pty.pid), 'ms', 500);
await pause(1500);
const down = await keyTimes(pty, 'j');
report('key → frame, j, p50', quantile(down, 0.5), 'ms');
report('key → frame, j, p95', quantile(down, 0.95), 'ms', 50);
const page = await keyTimes(pty, '\x1b[6~');
report('key → frame, PgDn, p95', quantile(page, 0.95), 'ms', 50);
const jump = performance.now();
const target = (EVENTS / 2_000_000).toFixed(3); // the events are about a microsecond apart
pty.type(`:+${target}\r`);
await pty.until(() => pty.selected.startsWith(`▸+${target}`));
report('jump to a time', performance.now() - jump, 'ms', 50);

const before = rssAnonMib(pty.pid);
const cpu = cpuMsOf(pty.pid);
const find = performance.now();
pty.type('/nosuchtext\r');
await pty.until('no row has nosuchtext in it');
report('find a text that is nowhere', performance.now() - find, 'ms');
report('find a text that is nowhere, CPU', cpuMsOf(pty.pid) - cpu, 'ms', 2000);
report('memory that the first find took, with its thread', rssAnonMib(pty.pid) - before, 'MiB');
const first = rssAnonMib(pty.pid);
for (let k = 0; k < FINDS; k++) {
  pty.type(`/nosuchtext${k}\r`);
  await pty.until(`no row has nosuchtext${k} in it`);
}
report(`memory that ${FINDS} more finds took`, rssAnonMib(pty.pid) - first, 'MiB', 20);
pty.type('/nosuchtext\r');
const typing = await keyTimes(pty, 'j');
report('key → frame, j, while a find goes on, p95', quantile(typing, 0.95), 'ms', 50);
await pause(500);
const idle = cpuMsOf(pty.pid);
await pause(3000);
report('idle on a file, CPU', (cpuMsOf(pty.pid) - idle) / 30, '%', 1);
pty.kill('SIGKILL');
await pty.exit;

/** A process that appends events when it is told to. */
async function grower(target: string): Promise<ChildProcess> {
  const started = fork(testScript('test/tui/grower.ts'), [target]);
  await once(started, 'message');
  return started;
}

const growing = join(folder, 'growing.trowel');
const recorder = await grower(growing);
const timer = setInterval(() => recorder.send({ append: RATE / 5 }), 200);
const live = new Pty(['open', growing], { columns: 120, rows: 40 });
await live.until('FOLLOWING');
await pause(3000);
const from = { cpu: cpuMsOf(live.pid), rss: rssAnonMib(live.pid), at: performance.now() };
await pause(FOLLOW_MS);
report(`following ${RATE} events/s, CPU`, ((cpuMsOf(live.pid) - from.cpu) / (performance.now() - from.at)) * 100, '%', 15);
report(`following ${RATE} events/s, memory grown in ${FOLLOW_MS / 1000} s`, rssAnonMib(live.pid) - from.rss, 'MiB', 20);
live.type(' ');
await live.until('PAUSED');
const moved = await keyTimes(live, 'k');
report(`key → frame while ${RATE} events/s come, p95`, quantile(moved, 0.95), 'ms', 50);
clearInterval(timer);
await live.until(/ 0\/s/);
assertEqual(/ 0\/s/.test(live.lines[0]!), true, 'a load that is over is 0/s');
live.kill('SIGKILL');
recorder.kill();
rmSync(folder, { recursive: true, force: true });
