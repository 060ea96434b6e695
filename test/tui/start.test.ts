import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { painter } from '../../src/tui/kit/paint.ts';
import { type PickerState, pickerKey, pickerView } from '../../src/tui/picker.ts';
import { endAll, noPty, Pty } from './pty.ts';
import { HOSTILE, stalledLookup, writeCapture } from './scene.ts';

const choices = Array.from({ length: 30 }, (_, i) => ({ text: `choice ${i}`, beside: `command ${i}`, off: i === 1 ? 'not now' : null }));
const first: PickerState = { title: 'title', choices, selected: 0, notice: '', size: { columns: 80, rows: 15 } };

/** The state after some keys. */
function pressing(...keys: string[]): PickerState {
  let state = first;
  for (const key of keys) {
    const step = pickerKey(state, key);
    if ('state' in step) state = step.state;
  }
  return state;
}

describe('a picker', () => {
  test.each([
    [['Down', 'Down'], 2],
    [['j', 'k', 'k'], 0],
    [['G'], 29],
    [['G', 'Down', 'g'], 0],
    [['x'], 0],
  ])('%j selects %i', (keys, selected) => {
    expect(pressing(...keys).selected).toBe(selected);
  });

  test('gives what was chosen, or says why it cannot be', () => {
    expect(pickerKey(pressing('G'), 'Enter')).toEqual({ chosen: 29 });
    expect(pickerKey(first, 'q')).toEqual({ chosen: null });
    expect(pickerKey(pressing('Down'), 'Enter')).toMatchObject({ state: { notice: 'not now' } });
  });

  test('shows the selected line wherever it is, and nothing that a terminal obeys', () => {
    const hostile = { ...pressing('G'), choices: [...choices.slice(1), { text: HOSTILE, beside: HOSTILE, off: null }] };
    const { lines } = pickerView(hostile, painter(false));
    expect(lines).toHaveLength(15);
    expect(lines.join('\n')).toContain('▸ ␛[2J');
    for (const line of lines) expect(line.replace(/\x1b\[[0-9]+m/g, '')).not.toMatch(/[\x00-\x1f]/);
  });
});

describe.skipIf(noPty !== null)('trowel alone on a terminal', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trowel-start-'));
    writeCapture(join(folder, 'mine.trowel'), stalledLookup());
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(endAll);

  test('offers the captures that lie here, and opens one', async () => {
    const pty = new Pty([], { cwd: folder });
    await pty.until('▸ Open mine.trowel');
    pty.type('\r');
    await pty.until('27 events');
    pty.type('q');
    expect(await pty.exit).toBe(0);
    expect(pty.alternate).toBe(false);
  });

  test('lists the commands when that is what is wanted', async () => {
    const pty = new Pty([], { cwd: folder });
    await pty.until('All commands');
    pty.type('G\r');
    expect(await pty.exit).toBe(0);
    expect(pty.raw).toContain('look at a capture on the screen');
  });

  test('gives the terminal back when it is told to end', async () => {
    const pty = new Pty([], { cwd: folder });
    await pty.until('All commands');
    pty.kill('SIGTERM');
    await pty.exit;
    expect(pty.alternate).toBe(false);
  });
});
