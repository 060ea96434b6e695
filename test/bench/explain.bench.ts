/** `trowel explain` on a large capture, whole process: the pass over the columns, the path, the causes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/model/package-root.ts';
import { childCpuMs, report } from './measure.ts';
import { writeSynthetic } from './synthetic.ts';

const EVENTS = Number(process.env.BENCH_EVENTS ?? 10_000_000);
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
const path = join(folder, 'synthetic.trowel');
const bin = join(packageRoot(), 'bin/trowel');

writeSynthetic(path, EVENTS);

const least = (args: readonly string[]) => Math.min(...Array.from({ length: 3 }, () => childCpuMs(bin, args)));
report(`trowel explain, ${EVENTS / 1e6} million events`, least(['explain', path]), 'ms', 2000);
report('trowel explain --pid', least(['explain', path, '--pid', '1177']), 'ms', 2000);
report('trowel trace-string', least(['trace-string', path, 'localdomain', 'evt.num<1000000']), 'ms', 2000);
rmSync(folder, { recursive: true, force: true });
