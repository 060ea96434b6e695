/** Each fault of a cluster’s network, ten seconds of it: the doctor puts the right finding first, and without a fault it finds nothing. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { diagnose } from '../../src/doctor/doctor.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { ALONE, Lab, Labs, whyNoLab } from '../helpers/lab.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { cleanUp } from '../live/recording.ts';
import { FAULTS, type Fault } from './faults.ts';

/** A folder to keep the captures in, for those that are shipped; absent: they are removed. */
const KEEP = process.env.TROWEL_KEEP;

async function findings(lab: Lab, name: string, node: string, command?: string) {
  const path = await lab.record(node, command);
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

async function isFound(lab: Lab, { fault, finding, says, node = 'node-1', command }: Fault): Promise<void> {
  const [first] = await lab.during(fault, () => findings(lab, fault, node, command));
  expect(first?.id, first?.verdict).toBe(finding);
  expect(first?.verdict).toMatch(says);
  expect(first!.events.length + first!.facts.length).toBeGreaterThan(1);
}

vi.setConfig({ maxConcurrency: 2 });

laboratory('what is wrong with a cluster’s network', whyNoLab(), () => {
  afterAll(cleanUp);

  describe('in one laboratory', () => {
    const lab = new Lab(`dr${process.pid}`);
    beforeAll(() => lab.upWithApi(), 60_000);
    afterAll(() => lab.down(), 60_000);

    test(ALONE, () => isFound(lab, FAULTS.find(({ fault }) => fault === ALONE)!));
  });

  describe('in two, since most of the time is waiting', { concurrent: true }, () => {
    const labs = new Labs([new Lab(`dr1${process.pid}`), new Lab(`dr2${process.pid}`)]);
    beforeAll(async () => {
      for (const lab of labs.all) await lab.upWithApi();
    }, 60_000);
    afterAll(() => {
      for (const lab of labs.all) lab.down();
    }, 60_000);

    test.each(['node-1', 'node-2'])('nothing on %s without a fault', async (node) => {
      expect(await labs.use((lab) => findings(lab, `healthy-${node}`, node))).toEqual([]);
    });

    test.each(FAULTS.filter(({ fault }) => fault !== ALONE).map((row) => [row.fault, row] as const))('%s', (_, row) =>
      labs.use((lab) => isFound(lab, row)),
    );
  });
});
