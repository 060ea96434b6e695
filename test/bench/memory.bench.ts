/** The most memory that whole commands hold, on captures of very different sizes: it must not grow with them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { childPeakKib, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const SIZES = [1_000_000, 10_000_000, 30_000_000];
const COMMANDS: readonly (readonly string[])[] = [
  ['evt.latency>1ms', '--count'],
  ['fd.type=ipv4 and container.id!=host', '--count'],
  ['evt.buffer contains localdomain', '--count'],
];
const bin = join(packageRoot(), 'bin/trowel');
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));

for (const events of SIZES) {
  const path = join(folder, `${events}.trowel`);
  writeSynthetic(path, events);
  for (const args of COMMANDS) {
    const kib = childPeakKib(bin, ['read', path, ...args]);
    if (kib !== null) report(`${events / 1e6} million events: ${args.join(' ')}`, kib / 1024, 'MiB', 200);
  }
  rmSync(path);
}
rmSync(folder, { recursive: true, force: true });
