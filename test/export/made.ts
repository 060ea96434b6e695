/** Captures that tests make and files that exports leave, in one folder that goes away. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { DIMENSION_NAMES } from '../../src/model/dimensions.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { queryEvents } from '../../src/sql/database.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import type { EventsBuilder } from '../helpers/events.ts';

export const CAPTURE = join(packageRoot(), 'captures/critical-app.trowel');

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), 'trowel-export-'));

  file(name: string): string {
    return join(this.path, name);
  }

  /** What a builder holds, as a capture. */
  capture(name: string, { tables, chunk }: EventsBuilder, meta: Readonly<Record<string, string>> = {}): string {
    const path = this.file(name);
    const writer = new CaptureWriter(path, tables, { level: 1, live: false });
    writer.meta({ epoch: '1700000000000000000', hostname: 'node-1', ...meta });
    writer.append(chunk);
    writer.close({ end: '0' });
    return path;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Runs Trowel as it is bundled. */
export function trowel(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(packageRoot(), 'dist/trowel.js'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, TZ: 'UTC' },
  });
  return { status, stdout, stderr };
}

/** What a query answers, row by row. */
export function askedOf(capture: CaptureReader, sql: string): readonly unknown[] {
  const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
  return queryEvents({ capture, context }, sql, '', ({ rows }) => [...rows]);
}

/** Whether a program is there; tests of what it reads skip with this reason. */
export function has(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

/** That two captures hold the same: rows, facts and events. */
export function expectSame(path: string, original: string): void {
  const [one, other] = [new CaptureReader(path), new CaptureReader(original)];
  for (const name of DIMENSION_NAMES) expect([...one.dims[name].all()], name).toEqual([...other.dims[name].all()]);
  const said = ({ meta: { last: _, ...meta } }: CaptureReader) => meta; // which an older file does not say
  expect(said(one)).toEqual(said(other));
  one.close();
  other.close();
  expect(trowel('read', path, '--json').stdout).toBe(trowel('read', original, '--json').stdout);
}
