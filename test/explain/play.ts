/** Plays situations and says what `explain` makes of them: `node test/explain/play.ts [NUMBER…]`, as root, in a built clone. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { SITUATIONS } from './situations.ts';

const folder = process.env.PLAYED ?? mkdtempSync('/tmp/situations-');
const wanted = process.argv.slice(2).map(Number);
let wrong = 0;
for (const [i, { what, script, says }] of SITUATIONS.entries()) {
  if (wanted.length > 0 && !wanted.includes(i + 1)) continue;
  const at = join(folder, `${i + 1}`);
  mkdirSync(at, { recursive: true });
  const path = join(at, 'played.trowel');
  const inside = `ip link set lo up; at=${at}; ${script}`;
  if (process.env.PLAYED === undefined)
    spawnSync('bin/trowel', ['record', '--no-k8s', '--only-command', '-w', path, '--', 'unshare', '-n', '-m', 'bash', '-c', inside], {
      timeout: 60_000,
      stdio: 'ignore',
    });
  const { stdout, stderr } = spawnSync('bin/trowel', ['explain', path], { encoding: 'utf8' });
  const sentence = (stdout || stderr).split('\n')[0]!;
  const right = says.test(sentence);
  if (!right) wrong++;
  console.log(`${right ? 'right' : 'WRONG'} ${i + 1} ${what}\n      ${sentence}`);
}
console.log(`${folder}: ${wrong} wrong`);
