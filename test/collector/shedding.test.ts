/** What a recorder does that costs more than it may, and what its capture says of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Recorder } from '../../src/collector/recorder.ts';
import { Rotation } from '../../src/collector/rotation.ts';
import { Shedder } from '../../src/collector/shedding.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { Churn } from '../helpers/churn.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-shed-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Families that are shed after each look; looks as `share × times`. */
function shedAfter(...looks: readonly (readonly [share: number, times: number])[]): string[] {
  const shedder = new Shedder(0.05);
  return looks.map(([share, times]) => {
    for (let i = 0; i < times; i++) shedder.look(share);
    return shedder.families.join(' ');
  });
}

test.each<[string, (readonly [number, number])[], string[]]>([
  [
    'a single peak changes nothing',
    [
      [0.2, 1],
      [0.01, 1],
      [0.2, 1],
    ],
    ['', '', ''],
  ],
  [
    'two looks in a row shed the next',
    [
      [0.2, 2],
      [0.2, 2],
      [0.2, 2],
      [0.2, 2],
    ],
    ['ipc', 'ipc file', 'ipc file wait', 'ipc file wait net'],
  ],
  ['processes and packets stay, whatever it costs', [[0.9, 100]], ['ipc file wait net']],
  [
    'what is between half and all of it changes nothing',
    [
      [0.2, 2],
      [0.04, 1000],
    ],
    ['ipc', 'ipc'],
  ],
  [
    'a calm half minute takes the last one back',
    [
      [0.2, 4],
      [0.01, 29],
      [0.01, 1],
      [0.01, 30],
    ],
    ['ipc file', 'ipc file', 'ipc', ''],
  ],
  [
    'too early, it waits twice as long',
    [
      [0.2, 2],
      [0.01, 30],
      [0.2, 2],
      [0.01, 59],
      [0.01, 1],
    ],
    ['ipc', '', 'ipc', 'ipc', ''],
  ],
])('%s', (_, looks, families) => {
  expect(shedAfter(...looks)).toEqual(families);
});

test('stretches are losses with their reason, in every file, and a blind spot of what they hide', () => {
  const rotation = new Rotation(join(folder, 'x.trowel'), { bytes: Infinity, span: 1e9, events: Infinity, files: Infinity });
  const recorder = new Recorder({ path: rotation.first(), filter: '', epoch: 0n, meta: {}, segments: rotation });
  const churn = new Churn({ files: 1, connections: 1, processes: 1, reads: 10 });
  const shed: Readonly<Record<number, readonly ('ipc' | 'file')[]>> = { 1: ['ipc'], 2: ['ipc', 'file'], 6: ['ipc'] };
  for (let i = 0; i < 8; i++) {
    recorder.add(churn.next());
    recorder.flush();
    const families = shed[i];
    if (families !== undefined) recorder.setShed(families);
  }
  recorder.finish(2e9);
  const captures = rotation.files.map((path) => new CaptureReader(path));
  const stretches = captures.map(({ dims }) =>
    [...dims.losses.all()].map(({ reason, family, count, from, to }) => [reason, family, count, to >= from]),
  );
  expect(stretches[0]).toEqual([
    ['shed', 'ipc', 0, true],
    ['shed', 'file', 0, true],
  ]);
  expect(stretches[1]).toEqual([
    ['shed', 'ipc', 0, true],
    ['shed', 'file', 0, true],
  ]);
  const spots = captures.map(({ blindSpots }) => blindSpots.find(({ id }) => id === 'shed'));
  expect(spots[1]).toMatchObject({
    hides: ['events', 'file-io'],
    what: expect.stringContaining('pipes and Unix sockets, files were not recorded'),
  });
  expect(captures.map(({ losses }) => losses.events)).toEqual(captures.map(() => 0));
  for (const capture of captures) capture.close();
});
