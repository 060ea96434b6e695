/** What each lens takes on sysdig's own capture of the article, as it is typed, the process and all: beside the chisel that it answers for. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LENSES } from '../../src/lens/index.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { childCpuMs, report } from './measure.ts';

const REPEATS = Number(process.env.BENCH_REPEATS ?? 3);
const BUDGET_MS = 300;
/** Names with commas between; none: all. */
const WANTED = (process.env.BENCH_LENSES ?? '').split(',').filter(Boolean);
const ARTICLE = join(packageRoot(), '../shared/scap/critical-app.scap');
const TROWEL = join(packageRoot(), 'bin/trowel');
const VALUES: Readonly<Record<string, string>> = {
  port: '53',
  address: '10.3.0.1',
  path: '/etc',
  field: 'fd.type',
  text: 'error',
  ms: '10',
  time: '10',
};

/** Some chisels write files where they stand. */
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));
/** Of its own, so that the first command fills it, and none is another tree's. */
process.env.XDG_CACHE_HOME = join(folder, 'cache');
mkdirSync(process.env.XDG_CACHE_HOME, { mode: 0o700 });
const hasSysdig = spawnSync('which', ['sysdig']).status === 0;
/** The least of several, since neighbours only ever add. */
const least = (command: string, args: readonly string[]) => Math.min(...Array.from({ length: REPEATS }, () => childCpuMs(command, args)));

function chiselMs(name: string | undefined, args: readonly string[]): string {
  if (name === undefined || !hasSysdig) return '';
  try {
    return `  (sysdig -c ${name}: ${childCpuMs('sysdig', ['-r', ARTICLE, '-c', name, ...args], folder)})`;
  } catch {
    return `  (sysdig -c ${name} cannot)`;
  }
}

if (!existsSync(ARTICLE)) console.log('  skipped: the article’s capture is not here');
else {
  spawnSync(TROWEL, ['lens', 'calls', ARTICLE]); // imports it
  for (const { name, chisels, args } of LENSES) {
    if (WANTED.length > 0 && !WANTED.includes(name)) continue;
    const given = args.map((arg) => VALUES[arg] ?? '1');
    const ms = least(TROWEL, ['lens', name, ...given, ARTICLE]);
    report(`${[name, ...given].join(' ')}${chiselMs(chisels[0], given)}`, ms, 'ms', BUDGET_MS);
  }
}
rmSync(folder, { recursive: true });
