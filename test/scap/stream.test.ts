/** A .scap file read as it is gives the answers that its import gives. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Matcher } from '../../src/capture/select.ts';
import { contextOf } from '../../src/cli/capture-context.ts';
import { importScap } from '../../src/cli/scap-import.ts';
import { looksAhead } from '../../src/event/fields/field.ts';
import { FIELDS } from '../../src/event/fields/index.ts';
import type { CaptureContext } from '../../src/event/view.ts';
import { type CompiledFilter, compileFilter } from '../../src/filter/compile.ts';
import { DEFAULT_FORMAT, LineFormat } from '../../src/output/format.ts';
import { ScapStream } from '../../src/scap/stream.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { knownFile } from './known-answers.ts';
import { samples } from './scap-samples.ts';

const SHARED = '../shared/scap';
const FILES = ['critical-app.scap', 'modern-lab-stall.scap', 'modern-zoo.scap'];

/** Filters of the reference answers, and of every field's own example; none that look ahead. */
function filters(context: CaptureContext): CompiledFilter[] {
  const path = `${SHARED}/oracle.json`;
  const answers = existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { filter: string }[]) : [];
  const texts = new Set([
    ...answers.map(({ filter }) => filter),
    ...FIELDS.filter(({ only }) => only !== 'print').map(({ example }) => example),
  ]);
  return [...texts].flatMap((text) => {
    try {
      const filter = compileFilter(text, context);
      return filter.fields.some(looksAhead) ? [] : [filter];
    } catch {
      return [];
    }
  });
}

type Found = Map<string, number[]>;

function note(found: Found, text: string, match: ReturnType<Matcher['next']>): void {
  if (match === null) return;
  const nums = found.get(text) ?? [];
  found.set(text, nums);
  for (let k = 0; k < match.n; k++) nums.push(match.chunk.num[match.selection[k]!]!);
}

async function streamed(path: string, lines: string[]): Promise<Found> {
  const stream = await ScapStream.open(path);
  const all = filters(contextOf(stream)).map((filter) => ({ filter, matcher: new Matcher(filter) }));
  const { view } = compileFilter('', contextOf(stream));
  const format = new LineFormat(DEFAULT_FORMAT);
  const found: Found = new Map();
  await stream.chunks({ dns: true, sizes: true }, (chunk) => {
    for (const { filter, matcher } of all) note(found, filter.text, matcher.next(chunk));
    for (let i = 0; i < chunk.n; i++) lines.push(format.line(view.at(chunk, i), ''));
    return true;
  });
  for (const nums of found.values()) nums.sort((a, b) => a - b);
  return found;
}

async function imported(path: string, lines: string[]): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'scap-stream-'));
  await importScap(path, join(folder, 'x.trowel'));
  const capture = new CaptureReader(join(folder, 'x.trowel'));
  const found: Found = new Map();
  for (const filter of filters(contextOf(capture))) for (const match of capture.select(filter)) note(found, filter.text, match);
  const { view } = compileFilter('', contextOf(capture));
  const format = new LineFormat(DEFAULT_FORMAT);
  for (const head of capture.heads()) {
    const chunk = capture.chunk(head);
    for (let i = 0; i < chunk.n; i++) lines.push(format.line(view.at(chunk, i), ''));
  }
  capture.close();
  rmSync(folder, { recursive: true });
  return found;
}

const numberOf = (line: string) => Number(line.slice(0, line.indexOf(' ')));

/** `least`: filters that find something. */
async function compare(path: string, least = 50): Promise<void> {
  const [streamedLines, importedLines]: [string[], string[]] = [[], []];
  const streams = await streamed(path, streamedLines);
  const imports = await imported(path, importedLines);
  expect(imports.size).toBeGreaterThan(least);
  const differing = [...imports].filter(([text, nums]) => nums.join() !== streams.get(text)?.join()).map(([text]) => text);
  expect(differing).toEqual([]);
  expect([...streams.keys()].filter((text) => !imports.has(text))).toEqual([]);
  expect(streamedLines.sort((a, b) => numberOf(a) - numberOf(b))).toEqual(importedLines);
}

test.skipIf(!existsSync(SHARED))(
  'streamed and imported, of real files (skipped where ../shared is absent)',
  { timeout: 240_000 },
  async () => {
    for (const file of FILES) await compare(`${SHARED}/${file}`);
  },
);

describe('streamed and imported, of files made here', () => {
  const made = new Map([
    ...samples(),
    ...(['two events a call', 'one event a call'] as const).map((form) => [`known calls, ${form}`, knownFile(form).bytes] as const),
  ]);

  test.each([...made])('%s', { timeout: 120_000 }, async (_, bytes) => {
    const folder = mkdtempSync(join(tmpdir(), 'scap-stream-'));
    writeFileSync(join(folder, 'x.scap'), bytes);
    try {
      await compare(join(folder, 'x.scap'), 20);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
