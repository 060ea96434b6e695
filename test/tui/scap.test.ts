import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';
import { knownFile } from '../scap/known-answers.ts';
import { endAll, noPty, Pty } from './pty.ts';

afterEach(endAll);

describe.skipIf(noPty !== null)(`a sysdig capture in a pseudo-terminal${noPty === null ? '' : ` (skipped: ${noPty})`}`, () => {
  test('is imported and shown under its own name', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trowel-pty-'));
    writeFileSync(join(folder, 'made.scap'), knownFile('two events a call').bytes);
    const env = { XDG_CACHE_HOME: folder };
    const pty = new Pty(['open', join(folder, 'made.scap'), 'proc.name=curl'], { columns: 120, env });
    await pty.until('made.scap');
    await pty.until(/filter +proc\.name=curl/);
    await pty.until('curl');
    expect(pty.screen).not.toContain('importing');
    pty.type('q');
    expect(await pty.exit).toBe(0);
    rmSync(folder, { recursive: true });
  });
});

test('a bar comes after a moment, fits the terminal, and goes', async () => {
  const written: string[] = [];
  const terminal = { isTTY: true, columns: 60, write: (text: string) => written.push(text) };
  const progress = new Progress(`importing ${'long/'.repeat(30)}x.scap`, terminal as unknown as NodeJS.WriteStream);
  progress.update(0.1);
  expect(written).toEqual([]);
  await vi.waitFor(() => {
    progress.update(0.5);
    expect(written).toHaveLength(1);
  });
  expect(written[0]).toMatch(/^\r\x1b\[2K….*x\.scap █{12}░{12} {2}50 %$/);
  expect(written[0]!.length - '\r\x1b[2K'.length).toBeLessThan(60);
  progress.end();
  expect(written.at(-1)).toBe('\r\x1b[2K');
});
