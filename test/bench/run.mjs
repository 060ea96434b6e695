// Runs the benchmarks named on the command line, or all: each is a TypeScript file here that prints its numbers and asserts its answers.
// CPU time (user + system), the least of several repeats: the machines that this runs on are shared and noisy.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { cpus } from 'node:os';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const all = readdirSync(here)
  .filter((file) => file.endsWith('.bench.ts'))
  .map((file) => basename(file, '.bench.ts'));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  console.error(`no benchmark is called ${unknown.join(', ')}; there are: ${all.join(', ')}`);
  process.exit(2);
}
console.log(`${cpus().length} × ${cpus()[0].model}, Node ${process.versions.node}; CPU time, least of several repeats`);
const folder = mkdtempSync(join(here, '../../node_modules/.bench-'));
let failed = false;
for (const name of wanted.length > 0 ? wanted : all) {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(here, `${name}.bench.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
  });
  console.log(`\n${name}`);
  if (spawnSync(process.execPath, ['--expose-gc', outfile], { stdio: 'inherit' }).status !== 0) failed = true;
}
rmSync(folder, { recursive: true, force: true });
process.exit(failed ? 1 : 0);
