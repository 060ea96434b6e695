import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { ALONE, LAB, Lab, Labs, whyNoLab } from '../helpers/lab.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { cleanUp, newPath, recordMeanwhile } from '../live/recording.ts';
import { FAULTS, type Fault } from './faults.ts';

const nameOf = ({ fault, command }: Fault) => `${fault || 'none'}: ${command.join(' ')}`;

async function isExplained(lab: Lab, row: Fault): Promise<void> {
  const env = { ...lab.env, LAB_TIMEOUT: '30', LAB_FROM: 'client', ...row.env };
  const command = ['sh', '-c', '"$@" || true', 'sh', LAB, ...row.command];
  const { capture } = await lab.during(row.fault, () => recordMeanwhile(command, [], newPath(), env));
  const cause = explain(capture, { over: 100 * MS, pids: null }).story?.causes[0];
  if (row.cause === null) expect(cause?.id ?? null, cause && sentenceOf(cause)).toBeNull();
  else expect(cause?.id, cause && sentenceOf(cause)).toMatch(row.cause);
  if (row.says !== undefined) expect(sentenceOf(cause!)).toMatch(row.says);
}

vi.setConfig({ maxConcurrency: 2 });

laboratory('a cluster’s faults', whyNoLab(), () => {
  afterAll(cleanUp);

  describe('in one laboratory', () => {
    const lab = new Lab(`tw${process.pid}`);
    beforeAll(() => lab.up(), 60_000);
    afterAll(() => lab.down(), 60_000);

    const row = FAULTS.find(({ fault }) => fault === ALONE)!;
    test(nameOf(row), () => isExplained(lab, row));
  });

  describe('in two, since most of the time is waiting', { concurrent: true }, () => {
    const labs = new Labs([new Lab(`tw1${process.pid}`), new Lab(`tw2${process.pid}`)]);
    beforeAll(() => {
      for (const lab of labs.all) lab.up();
    }, 60_000);
    afterAll(() => {
      for (const lab of labs.all) lab.down();
    }, 60_000);

    test.each(FAULTS.filter(({ fault }) => fault !== ALONE).map((row) => [nameOf(row), row] as const))('%s', (_, row) =>
      labs.use((lab) => isExplained(lab, row)),
    );
  });
});
