/**
 * The same answers as sysdig 0.29.3 and as the Falco libraries of 2026: for each filter the set of exit events.
 * Where they differ, the reason stands here, with the numbers of events that only one of the two has.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { importScap } from '../../src/cli/scap-import.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { EventFlag } from '../../src/model/chunk.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { CLASSIC_DIFFERENCES, type Difference, MODERN_DIFFERENCES } from './differences.ts';

const SHARED = '../shared/scap';

interface Answer {
  readonly filter: string;
  readonly nExit: number;
  readonly shaExit: string;
  readonly error?: unknown;
}

/** Numbers of the matching events that ended a call; null: the filter is none. */
function exits(capture: CaptureReader, text: string): number[] | null {
  let filter: ReturnType<typeof compileFilter>;
  try {
    filter = compileFilter(text, contextOf(capture));
  } catch {
    return null;
  }
  const nums: number[] = [];
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      if ((chunk.flags[i]! & (EventFlag.PENDING | EventFlag.ONE_SIDED)) === 0) nums.push(chunk.num[i]!);
    }
  }
  return nums;
}

function agrees(answer: Answer, nums: readonly number[] | null): boolean {
  if (answer.error) return nums === null;
  return nums !== null && nums.length === answer.nExit && sha(nums) === answer.shaExit;
}

/** What the other program answers, if the difference is what it is said to be; null: nothing is said. */
function elsewhere(capture: CaptureReader, nums: readonly number[], { here, there, as }: Difference): readonly number[] | null {
  if (as !== undefined) return exits(capture, as);
  if (here === undefined && there === undefined) return null;
  const all = new Set(nums);
  for (const num of here === undefined ? [] : exits(capture, here)!) all.delete(num);
  for (const num of there === undefined ? [] : exits(capture, there)!) all.add(num);
  return [...all].sort((a, b) => a - b);
}

const sha = (nums: readonly number[]) => createHash('sha256').update(nums.join('\n')).digest('hex');

function suite(name: string, file: string, answers: string, differences: Readonly<Record<string, Difference>>): void {
  describe(name, () => {
    const folder = mkdtempSync(join(tmpdir(), 'scap-oracle-'));
    let capture: CaptureReader;
    const known = readAnswers(`${SHARED}/${answers}`);

    beforeAll(async () => {
      await importScap(`${SHARED}/${file}`, join(folder, 'x.trowel'));
      capture = new CaptureReader(join(folder, 'x.trowel'));
    });
    afterAll(() => {
      capture.close();
      rmSync(folder, { recursive: true });
    });

    test.each(known.map((answer) => [answer.filter, answer] as const))('%s', (filter, answer) => {
      const nums = exits(capture, filter);
      const difference = differences[filter];
      const said = `${nums?.length ?? 'error'} events, not ${answer.error ? 'an error' : answer.nExit}`;
      expect(agrees(answer, nums), difference === undefined ? said : `listed as different: ${difference.why}`).toBe(
        difference === undefined,
      );
      const other = difference === undefined ? null : elsewhere(capture, nums ?? [], difference);
      if (other !== null) expect(agrees(answer, other), `${other.length} events with what is listed, not ${answer.nExit}`).toBe(true);
    });
  });
}

function readAnswers(path: string): readonly Answer[] {
  const parsed = JSON.parse(readFileSync(path, 'utf8')) as unknown;
  if (Array.isArray(parsed)) return parsed as Answer[];
  return Object.values(parsed as Record<string, unknown>).find((value): value is Answer[] => Array.isArray(value)) ?? [];
}

laboratory('the same answers', existsSync(SHARED) ? null : '../shared is absent', () => {
  suite('sysdig 0.29.3', 'critical-app.scap', 'oracle.json', CLASSIC_DIFFERENCES);
  suite('the Falco libraries of 2026', 'modern-lab-stall.scap', 'oracle-modern.json', MODERN_DIFFERENCES);
});
