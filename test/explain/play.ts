/**
 * Plays situations and says what `explain` makes of them: `node test/explain/play.ts [NUMBER…]`, as root, in a built clone.
 * With PLAYED, the folder of an earlier play, nothing is played again; with --markdown it prints the table of docs/situations.md.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { SITUATIONS, type Situation } from './situations.ts';

const folder = process.env.PLAYED ?? mkdtempSync('/tmp/situations-');
const markdown = process.argv.includes('--markdown');
const wanted = process.argv
  .slice(2)
  .filter((word) => word !== '--markdown')
  .map(Number);

/** The first line of what is said. */
function played(script: string, at: string): string {
  mkdirSync(at, { recursive: true });
  const path = join(at, 'played.trowel');
  const command = ['unshare', '-n', '-m', 'bash', '-c', `ip link set lo up; at=${at}; ${script}`];
  const options = { timeout: 60_000, stdio: 'ignore' } as const;
  if (process.env.PLAYED === undefined)
    spawnSync('bin/trowel', ['record', '--no-k8s', '--only-command', '-w', path, '--', ...command], options);
  const { stdout, stderr } = spawnSync('bin/trowel', ['explain', path], { encoding: 'utf8' });
  return (stdout || stderr).split('\n')[0]!.replaceAll(at, '…');
}

function row({ link, what, before }: Situation, sentence: string): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  return `| [${link.split('/').slice(3, 5).join('/')} ${link.split('/').at(-1)}](${link}) | ${cell(what)} | ${cell(before)} | ${cell(sentence)} |`;
}

let wrong = 0;
if (markdown) console.log('| Report | Situation | Said at first | Said now |\n| --- | --- | --- | --- |');
for (const [i, situation] of SITUATIONS.entries()) {
  if (wanted.length > 0 && !wanted.includes(i + 1)) continue;
  const sentence = played(situation.script, join(folder, `${i + 1}`));
  const right = situation.says.test(sentence);
  if (!right) wrong++;
  console.log(markdown ? row(situation, sentence) : `${right ? 'right' : 'WRONG'} ${i + 1} ${situation.what}\n      ${sentence}`);
}
if (!markdown) console.log(`${folder}: ${wrong} wrong`);
process.exitCode = wrong > 0 ? 1 : 0;
