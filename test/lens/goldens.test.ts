import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { ask } from '../../src/lens/ask.ts';
import { LENSES } from '../../src/lens/index.ts';
import type { EchoBlock } from '../../src/lens/lens.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { rendered } from '../../src/output/print.ts';
import { echoReport } from '../../src/output/reports/lens.ts';
import { TableWriter } from '../../src/output/writers/table.ts';
import { Folder } from '../export/made.ts';
import { captureFor, WORDS } from './golden-cases.ts';

const folder = new Folder();
afterAll(() => folder.remove());

/** Enough to see what payloads look like. */
const BLOCKS = 10;

/** What a lens prints, payloads in hexadecimal. */
function printed(lens: (typeof LENSES)[number]): string {
  const capture = captureFor(lens.name, folder);
  try {
    const look = ask({ lens, words: lens.args.map((name) => WORDS[name]!) }, capture, contextOf(capture));
    return look.kind === 'table'
      ? rendered(look, new TableWriter())
      : rendered(echoReport(firstOf(look.blocks), capture.epoch, { hex: true }), new TableWriter());
  } finally {
    capture.close();
  }
}

function* firstOf(blocks: Iterable<EchoBlock>): Generator<EchoBlock> {
  let n = 0;
  for (const block of blocks) {
    if (n++ === BLOCKS) return;
    yield block;
  }
}

// `npm run goldens` writes them anew. A lens that is added needs one, and a capture that it finds something in.
test.each(LENSES.map((lens) => [lens.name, lens] as const))('%s prints what it printed', (name, lens) => {
  const golden = join(packageRoot(), 'test/golden/lenses', `${name}.out`);
  const text = printed(lens);
  const rows = text.trim().split('\n').length - (lens.ask.kind === 'echo' ? 0 : 1);
  expect(rows, 'rows to look at').toBeGreaterThan(0);
  if (process.env.GOLDENS === 'new') writeFileSync(golden, text);
  expect(text).toBe(readFileSync(golden, 'utf8'));
});

test('no golden is left of a lens that is gone', () => {
  const files = readdirSync(join(packageRoot(), 'test/golden/lenses'));
  expect(files.sort()).toEqual(LENSES.map(({ name }) => `${name}.out`).sort());
});
