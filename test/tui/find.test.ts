/** Finds and filters over many events, in a real pseudo-terminal: they go on beside the thread with the keyboard. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { writeSynthetic } from '../bench/synthetic.ts';
import { endAll, noPty, Pty } from './pty.ts';

const EVENTS = 500_000;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-find-'));
  writeSynthetic(join(folder, 'large.trowel'), EVENTS);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

describe.skipIf(noPty !== null)('half a million events', () => {
  test('a text that is found is counted, has its place, and is found again from the other end', async () => {
    const pty = new Pty(['open', '--screen', 'events', join(folder, 'large.trowel')], { columns: 120, rows: 36 });
    await pty.until('Enter detail');
    pty.type('/search SVC.cluster\r');
    await pty.until(/search SVC\.cluster: 1 of [0-9,]+ /);
    const hits = /1 of ([0-9,]+) /.exec(pty.screen)![1]!;
    expect(pty.selected).toContain('search svc.cluster');
    pty.type('nn');
    await pty.until(`: 3 of ${hits} `);
    pty.type('j');
    await pty.until(`search SVC.cluster: ${hits} `);
    pty.type('gN'); // in one piece: N looks from where g goes
    await pty.until('past the end');
    pty.type('t');
    await pty.until(`: ${hits} of ${hits} `);
    pty.type('/nosuchtext\r');
    await pty.until('no row has nosuchtext in it');
  }, 60_000);

  test('a filter that lets one event through shows it, and counts what there is', async () => {
    const pty = new Pty(['open', '--screen', 'events', join(folder, 'large.trowel')], { columns: 120, rows: 36 });
    await pty.until('Enter detail');
    pty.type(`fevt.buffer contains nosuchtext or evt.num=${EVENTS - 1}\r`);
    await pty.until('1/1 ');
    pty.type('\x7f');
    await pty.until(`/${EVENTS.toLocaleString('en')} `);
  });
});
