/** A recording whose file can grow no more: what was written stays, and the capture says that it broke off. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const PROGRAM = `
import { Session } from './src/collector/session.ts';
import { loadWire } from './src/collector/wire.ts';
import { batch, encoded, HELLO, READY } from './test/helpers/probe.ts';
const wire = loadWire();
const decoded = (message) => wire.decode(encoded(message));
process.on('SIGXFSZ', () => {}); // the write fails, as on a full disk
const onEnd = (_, error) => { console.log(error?.message ?? 'no error'); process.exit(0); };
const session = new Session({ path: process.argv[2], filter: '', config: {}, command: '', onEnd }, { configure() {}, stop() {} });
session.ready(decoded(HELLO).hello, decoded(READY).ready);
let time = 0;
setInterval(() => {
  try {
    for (let k = 0; k < 20; k++) session.batch(decoded(batch(1000, (time += 1e6))).batch);
  } catch (error) {
    session.ended(null, error); // as the server does
  }
}, 20);
`;

test('what came before the limit is kept, and the rest told as unknown', async () => {
  const folder = mkdtempSync(join(packageRoot(), 'node_modules/.full-'));
  const captures = mkdtempSync(join(tmpdir(), 'trowel-full-'));
  const [program, path] = [join(folder, 'record.mjs'), join(captures, 'x.trowel')];
  try {
    const stdin = { contents: PROGRAM, resolveDir: packageRoot(), loader: 'ts' } as const;
    await build({ stdin, outfile: program, bundle: true, platform: 'node', format: 'esm', packages: 'external', logLevel: 'error' });
    const command = `ulimit -f 1000; exec "${process.execPath}" "${program}" "${path}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', command], { encoding: 'utf8', timeout: 30_000 });
    expect([stdout.trim(), stderr]).toEqual([expect.stringMatching(/full|I\/O error/), '']);
    const capture = new CaptureReader(path);
    expect(capture.last()!.count).toBeGreaterThan(1000);
    expect(capture.meta).toMatchObject({ state: 'broke off', broke: stdout.trim() });
    capture.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
    rmSync(captures, { recursive: true, force: true });
  }
});
