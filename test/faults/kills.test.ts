/** A recorder that is killed: each part of it once. `scripts/kills` does it a hundred times. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { killOnce, madeProbe, VICTIMS } from './kills.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-kills-'));
afterAll(() => rmSync(folder, { recursive: true }));
const probe = madeProbe(folder, 500);

test.each(VICTIMS)(
  '%s killed: the capture opens, has no gap, and says that it did not end well',
  async (victim) => {
    const { wrong, copy } = await killOnce(folder, victim, 100 + Math.random() * 300, probe);
    expect(wrong.filter((what) => !what.endsWith('ms lost'))).toEqual([]); // how much is lost is for a machine that is not busy
    expect(copy).not.toBe('none');
  },
  60_000,
);
