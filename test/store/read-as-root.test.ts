/** Root may look at a user's capture from its first instant, as who watches a recording that begins: that ends no recording. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

const NOBODY = 65_534;
const FILES = 150;
const WRITES = `
  import { CaptureWriter } from '${join(packageRoot(), 'src/store/writer.ts')}';
  import { newTables } from '${join(packageRoot(), 'src/model/rows.ts')}';
  new CaptureWriter(process.argv[1] + '/loads-the-driver', newTables(), { level: 1, live: true }).close({});
  process.setgid(${NOBODY});
  process.setuid(${NOBODY});
  for (let i = 0; i < ${FILES}; i++) new CaptureWriter(process.argv[1] + '/' + i, newTables(), { level: 1, live: true }).close({});`;

/** Opens each file as soon as it is there, and again; gives how often that went well. */
async function look(folder: string, writer: ChildProcess): Promise<number> {
  let read = 0;
  for (let i = 0; i < FILES && writer.exitCode === null; ) {
    await new Promise(setImmediate); // so that the writer's end is heard of
    if (!existsSync(join(folder, String(i)))) continue;
    for (let k = 0; k < 6; k++) {
      try {
        const db = new Database(join(folder, String(i)), { readonly: true });
        db.prepare('SELECT * FROM meta').all();
        db.close();
        read++;
      } catch {
        // nothing in it yet
      }
    }
    i++;
  }
  return read;
}

test.skipIf(process.getuid?.() !== 0)(
  `root reads what a user writes, from the beginning (${process.getuid?.() === 0 ? 'as root' : 'needs root'})`,
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trowel-root-reads-'));
    chownSync(folder, NOBODY, NOBODY);
    const words = ['--experimental-transform-types', '--no-warnings', '--input-type=module-typescript', '-e', WRITES, folder];
    const writer = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    writer.stderr!.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    const ended = new Promise((resolve) => writer.on('close', resolve));
    const read = await look(folder, writer);
    expect([await ended, said]).toEqual([0, '']);
    expect(read).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  },
  60_000,
);
