/** While a short file is read, V8 makes no code of its best kind; afterwards it does again, of what ran meanwhile, too. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageRoot } from '../../src/model/package-root.ts';
import { withQuickCode } from '../../src/scap/quick-code.ts';

const MODULE = join(packageRoot(), 'src/scap/quick-code.ts');
/** Prints what V8 compiles (--trace-opt), and where it is by itself. */
const SCRIPT = `
const { withQuickCode } = await import(${JSON.stringify(MODULE)});
const hot = (n) => { let sum = 0; for (let i = 0; i < n; i++) sum = (sum + i * i) | 0; return sum; };
const run = () => { for (let k = 0; k < 20000; k++) hot(200); };
await withQuickCode(process.argv[1], async () => {
  console.log('-- inside');
  await withQuickCode(process.argv[1], async () => {});
  for (let k = 0; k < 5; k++) run();
  throw new Error('as a damaged file does');
}).catch(() => {});
console.log('-- behind');
for (let k = 0; k < 5; k++) run();
`;

test('the flags hold while it reads, also with two files at once, and end with a failure', () => {
  const args = ['--trace-opt', '--no-concurrent-recompilation', '--input-type=module', '-e', SCRIPT, MODULE];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 26 });
  expect([status, stderr.replace(/^.*ExperimentalWarning.*\n.*\n/m, '')]).toEqual([0, '']);
  const [, inside, behind] = stdout.split(/^-- \w+$/m);
  const best = (text: string) => /completed compiling .*JSFunction (hot|run).*TURBOFAN/.test(text);
  expect([best(inside!), best(behind!)]).toEqual([false, true]);
});

test('what the work gives, and why it fails, is passed on; a file that is gone is no reason to fail', async () => {
  expect(await withQuickCode(MODULE, async () => 5)).toBe(5);
  expect(await withQuickCode('/nowhere', async () => 6)).toBe(6);
  await expect(withQuickCode(MODULE, () => Promise.reject(new Error('damaged')))).rejects.toThrow('damaged');
});
