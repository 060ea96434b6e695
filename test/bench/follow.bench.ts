/** Memory and CPU of a screen that follows 10,000 events a second for minutes. BENCH_FOLLOW_MINUTES=10 follows for longer. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { noPty, Pty, testScript } from '../tui/pty.ts';
import { cpuMsOf, report, rssAnonMib } from './measure.ts';

const MINUTES = Number(process.env.BENCH_FOLLOW_MINUTES ?? 2);
const RATE = 10_000;
const EVERY_MS = 200;
/** Until caches are as full as they get. */
const WARM_MS = 20_000;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

if (noPty !== null) {
  console.log(`  skipped: ${noPty}`);
  process.exit(0);
}

const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'growing.trowel');
const recorder = fork(testScript('test/tui/grower.ts'), [path]);
await once(recorder, 'message');
const timer = setInterval(() => recorder.send({ append: (RATE * EVERY_MS) / 1000 }), EVERY_MS);
const screen = new Pty(['open', path], { columns: 120, rows: 40 });
await screen.until('FOLLOWING');
await pause(WARM_MS);
const first = rssAnonMib(screen.pid);
report('memory when it had followed for 20 s', first, 'MiB');
for (let minute = 1; minute <= MINUTES; minute++) {
  const cpu = cpuMsOf(screen.pid);
  await pause(60_000);
  screen.raw = ''; // what was drawn is not kept here
  report(`after ${minute} min more, grown by`, rssAnonMib(screen.pid) - first, 'MiB', 20);
  report('    CPU', (cpuMsOf(screen.pid) - cpu) / 600, '%', 15);
}
console.log(`  ${screen.lines[0]?.trim()}`);
clearInterval(timer);
screen.kill('SIGKILL');
recorder.kill();
rmSync(folder, { recursive: true, force: true });
