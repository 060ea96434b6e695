/** Captures that were damaged at random: they are answered, or refused with their name. `scripts/mutations` tries thousands. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ask, BASE } from '../faults/mutations.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-mutations-'));
afterAll(() => rmSync(folder, { recursive: true }));
const base = readFileSync(BASE);

/** Each of these once ended in an error that did not name the file. */
const KNOWN = [23, 28, 37, 63, 87, 97, 98, 281, 475];
const OTHERS = [1001, 1002, 1003, 1004, 1005];

test.each([...KNOWN, ...OTHERS])(
  'damaged capture %d',
  async (number) => {
    expect((await ask(number, folder, base)).unexpected).toEqual([]);
  },
  60_000,
);
