/** A power cut loses what was written last, and no more: SQLite must be told to order its writes, which only the system calls show. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';

const PROGRAM = `
import { CaptureWriter } from './src/store/writer.ts';
import { syntheticChunks, syntheticTables } from './test/bench/synthetic.ts';
const writer = new CaptureWriter(process.argv[2], syntheticTables(), { level: 1, live: true });
for (const chunk of syntheticChunks(300_000)) { writer.append(chunk); writer.flush(); }
process.exit(0); // no goodbye: what follows is the power cut
`;

const noStrace = spawnSync('strace', ['-V']).status !== 0;

test.skipIf(noStrace)('while recording, log and file reach the disk in order (skipped where strace is not installed)', async () => {
  const folder = mkdtempSync(join(packageRoot(), 'node_modules/.durable-'));
  const captures = mkdtempSync(join(tmpdir(), 'trowel-durable-'));
  const [program, trace] = [join(folder, 'write.mjs'), join(captures, 'trace')];
  try {
    const stdin = { contents: PROGRAM, resolveDir: packageRoot(), loader: 'ts' } as const;
    await build({ stdin, outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' });
    const words = ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath, program, join(captures, 'x.trowel')];
    expect(spawnSync('strace', words, { encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    const synced = [...readFileSync(trace, 'utf8').matchAll(/sync\([0-9]+<[^>]*\/(x\.trowel[^>]*)>\) += 0/g)].map((found) => found[1]);
    expect(synced).toContain('x.trowel-wal');
    expect(synced.slice(synced.indexOf('x.trowel-wal'))).toContain('x.trowel'); // a checkpoint: the log first
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(captures, { recursive: true, force: true });
  }
});
