// node test/bench/compare.mjs BEFORE-FOLDER [AFTER-FOLDER] [-n ROUNDS] [NAMES…]: the benchmarks of two built trees in turns, as a table in Markdown.
// In turns and as ratios: a busy neighbour slows both. Lines that only one tree has are shown with a dash.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string', short: 'n', default: '3' } } });
const isFolder = (word) => word !== undefined && existsSync(join(word, 'test/bench/run.mjs'));
const before = positionals.shift();
if (!isFolder(before)) {
  console.error('usage: node test/bench/compare.mjs BEFORE-FOLDER [AFTER-FOLDER] [-n ROUNDS] [BENCHMARK…]; both folders built');
  process.exit(2);
}
const after = isFolder(positionals[0]) ? positionals.shift() : join(import.meta.dirname, '../..');
const trees = [before, after].map((folder) => resolve(folder));
const wanted = positionals.length > 0 ? positionals : ['read', 'filter', 'ingest', 'lens', 'dns', 'memory'];
/** What measure.ts prints: two blanks, what, how much, unit. */
const LINE = /^ {2}(?<what>\S.*?) +(?<value>\d+\.\d+) (?<unit>\S+(?: \S+)?)(?: {2}(?:within|OVER) .*)?$/;

/** One run of a benchmark of a tree: a figure for each line. */
function figuresOf(tree, name) {
  if (!existsSync(join(tree, `test/bench/${name}.bench.ts`))) return [];
  const { status, stdout, stderr } = spawnSync(process.execPath, ['test/bench/run.mjs', name], { cwd: tree, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} in ${tree} ended with ${status}: ${stderr}`);
  return stdout.split('\n').flatMap((line) => {
    const groups = LINE.exec(line)?.groups;
    return groups === undefined ? [] : [{ what: groups.what, unit: groups.unit, value: Number(groups.value) }];
  });
}

/** Runs both in turns; the values of each line, for each tree. */
function raceOf(name) {
  const lines = new Map();
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const [t, tree] of trees.entries()) {
      for (const { what, unit, value } of figuresOf(tree, name)) {
        if (!lines.has(what)) lines.set(what, { unit, of: [[], []] });
        lines.get(what).of[t].push(value);
      }
    }
  }
  return lines;
}

/** Neighbours only make it worse: the least, or the most of a rate. */
const bestOf = (unit) => (found) => (found.length === 0 ? null : (unit.endsWith('/s') ? Math.max : Math.min)(...found));
const median = (found) => (found.length === 0 ? null : [...found].sort((a, b) => a - b)[found.length >> 1]);
const text = (value) => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 1));
const ratio = (a, b) => (a === null || b === null || a === 0 ? '–' : (b / a).toFixed(2));

console.log('| benchmark | line | unit | before | after | ratio of the best | ratio of the medians |');
console.log('|---|---|---|---:|---:|---:|---:|');
for (const name of wanted) {
  for (const [what, { unit, of }] of raceOf(name)) {
    const [[a, b], [am, bm]] = [of.map(bestOf(unit)), of.map(median)];
    console.log(`| ${name} | ${what.replaceAll('|', '\\|')} | ${unit} | ${text(a)} | ${text(b)} | ${ratio(a, b)} | ${ratio(am, bm)} |`);
  }
}
