import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { cleanUp, record, whyNot } from '../live/recording.ts';
import { FAULTS, LAB, whyNoLab } from './faults.ts';

const env = { ...process.env, LAB_ID: `tw${process.pid}`, LAB_STATE: `/var/lib/tw${process.pid}`, NODE: process.execPath };

function lab(...args: string[]): void {
  execFileSync(LAB, args, { env, stdio: 'ignore' });
}

const reason = whyNoLab() ?? whyNot();

laboratory('a cluster’s faults', reason, () => {
  beforeAll(() => {
    lab('down');
    lab('up');
  }, 60_000);
  afterAll(() => {
    lab('down');
    cleanUp();
  }, 60_000);

  test.each(FAULTS.map((row) => [`${row.fault || 'none'}: ${row.command.join(' ')}`, row] as const))('%s', (_, row) => {
    Object.assign(process.env, env, { LAB_TIMEOUT: '30', LAB_FROM: 'client' }, row.env);
    if (row.fault !== '') lab('fault', row.fault, 'on');
    try {
      const { capture } = record(['sh', '-c', '"$@" || true', 'sh', LAB, ...row.command]);
      const cause = explain(capture, { over: 100 * MS, pids: null }).story?.causes[0];
      if (row.cause === null) expect(cause?.id ?? null, cause && sentenceOf(cause)).toBeNull();
      else expect(cause?.id, cause && sentenceOf(cause)).toMatch(row.cause);
      if (row.says !== undefined) expect(sentenceOf(cause!)).toMatch(row.says);
    } finally {
      if (row.fault !== '') lab('fault', row.fault, 'off');
    }
  });
});
