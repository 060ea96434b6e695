/** What once lost a session, showed half a page, or lied: each tried in a real pseudo-terminal. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CaptureWriter } from '../../src/store/writer.ts';
import { Growth } from '../../src/tui/data/growth.ts';
import { syntheticChunks, syntheticTables } from '../bench/synthetic.ts';
import { endAll, noPty, Pty, testScript } from './pty.ts';
import { stalledLookup, writeCapture } from './scene.ts';

let folder: string;
let stall: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-blockers-'));
  stall = join(folder, 'stall.trowel');
  writeCapture(stall, stalledLookup());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

describe.skipIf(noPty !== null)('the shell', () => {
  const stopped = async (keys: string, then: string) => {
    const pty = new Pty([], { shell: `set -m; $TROWEL open --screen events ${stall}; echo stopped; sleep 1; echo on; fg` });
    await pty.until('1/27');
    pty.type(keys);
    await pty.until(() => pty.raw.includes('stopped'));
    await pty.until(() => pty.raw.includes('\non') && pty.alternate && pty.screen.includes(then));
    return pty;
  };

  test.each([
    ['an idle screen', '\x1a', '1/27'],
    ['a prompt', 'fproc\x1a', 'filter  proc'],
    ['the help', '?\x1a', 'In the list'],
  ])('gets the terminal from %s for as long as it likes, and gives it back on fg', async (_what, keys, then) => {
    const pty = await stopped(keys, then);
    pty.type('\x1bq');
    await pty.until(() => !pty.screen.includes('In the list'));
    pty.type('q');
    expect(await pty.exit).toBe(0);
  });

  test('a stop that somebody else asks for is the same', async () => {
    const pty = new Pty([], { shell: `set -m; $TROWEL open --screen events ${stall} & fg; echo stopped; fg` });
    await pty.until('1/27');
    pty.type('f');
    await pty.until('Enter use');
    const [, pid] =
      /(\d+)/.exec(
        String(await import('node:fs').then(({ readFileSync }) => readFileSync(`/proc/${pty.pid}/task/${pty.pid}/children`, 'utf8'))),
      ) ?? [];
    process.kill(Number(pid), 'SIGTSTP');
    await pty.until(() => pty.raw.includes('stopped') && pty.alternate && pty.screen.includes('Enter use'));
  });

  test('gets its screen back on SIGQUIT', async () => {
    const pty = new Pty(['open', '--screen', 'events', stall]);
    await pty.until('1/27');
    pty.kill('SIGQUIT');
    expect(await pty.exit).toBe(131);
    expect(pty.alternate).toBe(false);
  });
});

/** Rows of 30 lines without header, filter, titles, timeline and keys. */
const PAGE = 25;

describe.skipIf(noPty !== null)('a recording that is followed', () => {
  test('shows full pages, also where little of it matches', async () => {
    const path = join(folder, 'sparse.trowel');
    const grower = fork(testScript('test/tui/grower.ts'), [path]);
    await once(grower, 'message');
    const pty = new Pty(['open', path, 'evt.type=connect']);
    grower.send({ append: 30 * 27 });
    const rows = () => pty.lines.filter((line) => line.includes(' connect ')).length;
    await pty.until(() => rows() === PAGE);
    const seen: number[] = [];
    for (let k = 1; k <= 12; k++) {
      grower.send({ append: 20_000 });
      await pty.until(() => {
        seen.push(rows());
        return pty.lines[0]!.includes(`${(27 + 810 + k * 20_000).toLocaleString('en')} events`);
      });
    }
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(PAGE - 1); // a pause between two rows takes a line
    grower.send({ close: true });
    await once(grower, 'exit');
  });

  test('has its tables read again, and waits where nothing matches yet', async () => {
    const path = join(folder, 'tables.trowel');
    const grower = fork(testScript('test/tui/grower.ts'), [path]);
    await once(grower, 'message');
    const pty = new Pty(['open', path], { columns: 120 });
    await pty.until('last of 27');
    pty.type('f proc.name=nobody\r');
    await pty.until('waiting for one that does');
    pty.type('\x1b:calls\r');
    await pty.until(/ 6 recvfrom/);
    grower.send({ append: 27 * 100 });
    await pty.until(/ 606 recvfrom/);
    grower.kill();
  });

  test('says 0/s when nothing comes any more', async () => {
    const path = join(folder, 'quiet.trowel');
    const grower = fork(testScript('test/tui/grower.ts'), [path]);
    await once(grower, 'message');
    const pty = new Pty(['open', path]);
    for (let k = 0; k < 8; k++) {
      grower.send({ append: 1000 });
      await pty.until(`last of ${(27 + (k + 1) * 1000).toLocaleString('en')}`);
    }
    await pty.until(/[1-9][0-9,]*\/s/);
    await pty.until(/ 0\/s {2}nothing new for [3-9] s/);
    grower.kill();
  });
});

describe.skipIf(noPty !== null)('a large capture', () => {
  test('is explained beside the keyboard: it says so, Esc stops it, keys go on', async () => {
    const path = join(folder, 'large.trowel');
    const writer = new CaptureWriter(path, syntheticTables(), { level: 1, live: false });
    writer.meta({ epoch: '1700000000000000000', hostname: 'bench' });
    for (const chunk of syntheticChunks(2_000_000)) writer.append(chunk);
    writer.close({ end: '0' });
    const pty = new Pty(['open', '--screen', 'events', path], { columns: 120, rows: 30 });
    await pty.until('1/2,000,000');
    pty.type('W');
    await pty.until('working … Esc stops');
    pty.type('\x1b');
    await pty.until('1/2,000,000');
    pty.type('j');
    await pty.until('2/2,000,000');
    pty.type('/nosuchtext\r');
    await pty.until('no row has nosuchtext in it');
    pty.type('/nosuchword\rj');
    await pty.until('the search ended where you moved');
    expect(pty.selected).toContain('+0.000003');
  }, 60_000);
});

test('a rate is that of the last moments, whatever the events’ own times say', () => {
  let now = 0;
  const growth = new Growth(() => now);
  for (; now < 5000; now += 100) growth.add(now * 10);
  expect(Math.round(growth.rate!)).toBe(10_000);
  for (; now < 9000; now += 100) growth.add(49_000);
  expect([growth.rate, growth.quietSeconds]).toEqual([0, 4]);
  expect(Array.from({ length: 8 }, () => growth.isDue())).toEqual([false, false, false, true, false, false, false, true]);
  growth.add(49_001);
  expect([growth.isDue(), growth.isDue()]).toEqual([true, true]);
});
