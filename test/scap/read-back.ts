/** Writes bytes to a file and reads it in both ways: through an import, and as it is. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { type ImportResult, importScap } from '../../src/cli/scap-import.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { LineFormat } from '../../src/output/format.ts';
import { ScapStream } from '../../src/scap/stream.ts';
import { CaptureReader } from '../../src/store/reader.ts';

export interface ReadBack extends ImportResult {
  /** One for each event, in the form asked for. */
  readonly lines: readonly string[];
  readonly notes: string;
}

/** Lines of the events that match, as `trowel read -p FORMAT FILTER` prints them; the same from the file as it is. */
export async function readBack(bytes: Uint8Array, format: string, filter = ''): Promise<ReadBack> {
  const folder = mkdtempSync(join(tmpdir(), 'scap-writer-'));
  const path = join(folder, 'x.scap');
  writeFileSync(path, bytes);
  try {
    const imported = await throughImport(path, format, filter);
    const { lines, cut, leftOut } = await asItIs(path, format, filter);
    expect([...lines].sort()).toEqual([...imported.lines].sort());
    expect({ cut, leftOut }).toEqual({ cut: imported.cut, leftOut: imported.leftOut });
    return imported;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function throughImport(path: string, format: string, filter: string): Promise<ReadBack> {
  const target = `${path}.trowel`;
  const result = await importScap(path, target);
  const capture = new CaptureReader(target);
  try {
    const lines: string[] = [];
    const printer = new LineFormat(format);
    const compiled = compileFilter(filter, contextOf(capture));
    for (const { chunk, selection, n } of capture.select(compiled)) {
      for (let k = 0; k < n; k++) lines.push(printer.line(compiled.view.at(chunk, selection[k]!), ''));
    }
    return { ...result, lines, notes: capture.meta.notes ?? '' };
  } finally {
    capture.close();
  }
}

/** The same from the file as it is. */
export async function asItIs(path: string, format: string, filter: string) {
  const stream = await ScapStream.open(path);
  const lines: string[] = [];
  const printer = new LineFormat(format);
  const compiled = compileFilter(filter, contextOf(stream));
  const fields = [...compiled.fields, ...printer.bounds.map(({ field }) => field)];
  const outcome = await stream.read({ filter: compiled, range: {}, fields, dns: true }, ({ chunk, selection, n }) => {
    for (let k = 0; k < n; k++) lines.push(printer.line(compiled.view.at(chunk, selection[k]!), ''));
    return true;
  });
  return { ...outcome, lines };
}
