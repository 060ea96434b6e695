/** Each fault of a cluster's network, ten seconds of it: the doctor puts the right finding first, and without a fault it finds nothing. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/doctor.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { cleanUp } from '../live/recording.ts';
import { FAULTS } from './faults.ts';
import { Lab, whyNoLab } from './lab.ts';

/** A folder to keep the captures in, for those that are shipped; absent: they are removed. */
const KEEP = process.env.TROWEL_KEEP;
const reason = whyNoLab();

laboratory('what is wrong with a cluster’s network', reason, () => {
  const lab = new Lab();
  beforeAll(() => lab.up(), 60_000);
  afterAll(() => {
    lab.down();
    cleanUp();
  }, 60_000);

  function findings(name: string, node: string, command?: string) {
    const path = lab.record(node, command);
    if (KEEP !== undefined) {
      mkdirSync(KEEP, { recursive: true });
      copyFileSync(path, join(KEEP, `${name}.trowel`));
    }
    const capture = new CaptureReader(path);
    try {
      // that events were lost is true on a busy machine, and no fault of the network
      return diagnose(capture).findings.filter(({ id }) => id !== 'losses');
    } finally {
      capture.close();
    }
  }

  test.each(['node-1', 'node-2'])(
    'nothing on %s without a fault',
    (node) => {
      expect(findings(`healthy-${node}`, node)).toEqual([]);
    },
    60_000,
  );

  test.each(FAULTS.map((row) => [row.fault, row] as const))(
    '%s',
    (_, { fault, finding, says, node = 'node-1', command }) => {
      lab.run('fault', fault, 'on');
      try {
        const [first] = findings(fault, node, command);
        expect(first?.id, first?.verdict).toBe(finding);
        expect(first?.verdict).toMatch(says);
        expect(first!.events.length + first!.facts.length).toBeGreaterThan(1);
      } finally {
        lab.run('fault', fault, 'off');
      }
    },
    60_000,
  );
});
