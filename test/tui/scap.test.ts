import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Progress } from '../../src/cli/progress.ts';
import { endAll, noPty, Pty } from './pty.ts';

const FILE = resolve('../shared/scap/critical-app.scap');
const why = noPty ?? (existsSync(FILE) ? null : '../shared is absent');

afterEach(endAll);

describe.skipIf(why !== null)(`a sysdig capture in a pseudo-terminal${why === null ? '' : ` (skipped: ${why})`}`, () => {
  test('is imported and shown under its own name', async () => {
    const pty = new Pty(['open', FILE, 'proc.name=curl'], { columns: 120 });
    await pty.until('critical-app.scap');
    await pty.until(/filter +proc\.name=curl/);
    await pty.until('curl');
    expect(pty.screen).not.toContain('importing');
    pty.type('q');
    expect(await pty.exit).toBe(0);
  });
});

test('a bar comes after a moment, fits the terminal, and goes', async () => {
  const written: string[] = [];
  const terminal = { isTTY: true, columns: 60, write: (text: string) => written.push(text) };
  const progress = new Progress(`importing ${'long/'.repeat(30)}x.scap`, terminal as unknown as NodeJS.WriteStream);
  progress.update(0.1);
  expect(written).toEqual([]);
  await new Promise((done) => setTimeout(done, 350));
  progress.update(0.5);
  expect(written).toHaveLength(1);
  expect(written[0]).toMatch(/^\r\x1b\[2K….*x\.scap █{12}░{12} {2}50 %$/);
  expect(written[0]!.length - '\r\x1b[2K'.length).toBeLessThan(60);
  progress.end();
  expect(written.at(-1)).toBe('\r\x1b[2K');
});
