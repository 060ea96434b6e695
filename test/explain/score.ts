/**
 * `make score`: plays what must be explained and counts what is said: right, absent (nothing is blamed), wrong, and false blame
 * of what was healthy. Writes docs/score.md. What cannot be played here is named with the reason.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { LAB, whyNoLab } from '../helpers/lab.ts';
import { FAULTS } from './faults.ts';
import { SCENES, slug } from './scenes.ts';

type Verdict = 'right' | 'absent' | 'wrong' | 'false blame';

interface Played {
  readonly name: string;
  readonly verdict: Verdict;
  readonly said: string;
}

interface Group {
  readonly title: string;
  readonly played: readonly Played[];
  /** Why it, or a part of it, was not played; empty: all was. */
  readonly skipped: string;
}

interface Said {
  readonly id: string | null;
  readonly sentence: string;
}

const BIN = 'bin/trowel';
const CASES = resolve('../shared/lab/cases/check');
const MANY = 64 << 20;
const folder = mkdtempSync(join(tmpdir(), 'trowel-score-'));
const isRoot = process.getuid?.() === 0;

function said(path: string): Said {
  const text = execFileSync(BIN, ['explain', path, '-j'], { encoding: 'utf8', maxBuffer: MANY });
  const { story } = JSON.parse(text) as { story: { causes: { id: string; sentence: string }[] } | null };
  const first = story?.causes[0];
  return { id: first?.id ?? null, sentence: first?.sentence ?? 'Nothing is blamed.' };
}

function judged(name: string, { id, sentence }: Said, isRight: ((said: Said) => boolean) | null): Played {
  const verdict =
    isRight === null ? (id === null ? 'right' : 'false blame') : id === null ? 'absent' : isRight({ id, sentence }) ? 'right' : 'wrong';
  return { name, verdict, said: sentence };
}

function scenes(): Group {
  const played = SCENES.map((scene) => {
    const right = ({ id, sentence }: Said) => id === scene.cause && (scene.says?.test(sentence) ?? true);
    return judged(scene.name, said(`captures/scenes/${slug(scene)}.trowel`), scene.cause === null ? null : right);
  });
  return { title: 'Shipped scenes', played, skipped: '' };
}

/** Situations from public reports, kept beside the project. */
function cases(): Group {
  const title = 'Cases from public reports';
  if (!existsSync(CASES) || !isRoot) return { title, played: [], skipped: isRoot ? 'there is no ../shared/lab/cases' : 'needs root' };
  const { stdout } = spawnSync('python3', [CASES], { encoding: 'utf8', env: { ...process.env, TROWEL: resolve(BIN) }, maxBuffer: MANY });
  const blocks = stdout.split(/^(?=WRONG |right |look {2})/m).filter((block) => /^(WRONG|right)/.test(block));
  const played = blocks.map((block): Played => {
    const [first, ...rest] = block.split('\n');
    const name = first!.slice(6).trim();
    const detail = rest
      .map((line) => line.trim())
      .join(' ')
      .slice(0, 200);
    const verdict = block.startsWith('right') ? 'right' : /said: .Nothing/.test(block) ? 'absent' : 'wrong';
    return { name, verdict, said: detail };
  });
  return { title, played, skipped: '' };
}

function faults(): Group {
  const title = 'Faults of a cluster’s network';
  const reason = isRoot ? whyNoLab() : 'needs root';
  if (reason !== null) return { title, played: [], skipped: reason };
  const env = { ...process.env, LAB_ID: `ts${process.pid}`, LAB_STATE: `/var/lib/ts${process.pid}`, NODE: process.execPath };
  const lab = (...args: string[]) => execFileSync(LAB, args, { env, stdio: 'ignore' });
  lab('up');
  try {
    const skipped = process.env.SCORE_SKIP ?? '';
    const rows = FAULTS.filter(({ fault }) => fault === '' || fault !== skipped);
    const played = rows.map((row) => {
      if (row.fault !== '') lab('fault', row.fault, 'on');
      const path = join(folder, 'fault.trowel');
      record(path, ['sh', '-c', '"$@" || true', 'sh', LAB, ...row.command], [], {
        ...env,
        LAB_TIMEOUT: '30',
        LAB_FROM: 'client',
        ...row.env,
      });
      if (row.fault !== '') lab('fault', row.fault, 'off');
      const right = row.cause === null ? null : ({ id, sentence }: Said) => row.cause!.test(id ?? '') && (row.says?.test(sentence) ?? true);
      return judged(`${row.fault || 'none'}: ${row.command.join(' ')}`, said(path), right);
    });
    return { title, played, skipped: skipped === '' ? '' : `${skipped} (it is one for the whole kernel)` };
  } finally {
    lab('down');
  }
}

const HEALTHY_ROUNDS = 10;
const BUSY = 'for n in 1 2 3; do (for k in $(seq 300); do cat /proc/loadavg >/dev/null; done) & done;';

/** Healthy scenes while other programs keep the machine busy. */
function healthy(): Group {
  const title = 'Healthy, on a busy machine';
  if (!isRoot || !existsSync('/sys/kernel/btf/vmlinux')) return { title, played: [], skipped: 'needs root and BTF' };
  for (const name of ['sick', 'failing']) execFileSync('gcc', ['-O1', '-o', join(folder, name), `test/explain/${name}.c`]);
  symlinkSync('/usr/bin/curl', join(folder, 'unseen'));
  const fine = SCENES.filter(({ cause }) => cause === null);
  const played = Array.from({ length: HEALTHY_ROUNDS }, (_, n) => {
    const scene = fine[n % fine.length]!;
    const path = join(folder, 'healthy.trowel');
    record(path, ['unshare', '-n', '-m', 'test/explain/stage', folder, `${BUSY} ${scene.script}`], ['--only-command'], process.env);
    return judged(scene.name, said(path), null);
  });
  return { title, played, skipped: '' };
}

function record(path: string, command: readonly string[], options: readonly string[], env: NodeJS.ProcessEnv): void {
  rmSync(path, { force: true });
  execFileSync(BIN, ['record', '--no-k8s', '-w', path, ...options, '--', ...command], { env, stdio: 'ignore' });
}

const VERDICTS: readonly Verdict[] = ['right', 'absent', 'wrong', 'false blame'];

function table(groups: readonly Group[]): string[] {
  const count = ({ played }: Group, verdict: Verdict) => played.filter((one) => one.verdict === verdict).length;
  const rows = groups.map((group) => [
    group.title,
    group.played.length,
    ...VERDICTS.map((verdict) => count(group, verdict)),
    group.skipped,
  ]);
  const head = ['What is played', 'Played', 'Right', 'Absent', 'Wrong', 'False blame', 'Not played'];
  return [head, ['---', ...head.slice(1, -1).map(() => '---:'), '---'], ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

const wanted = process.argv.slice(2);
const all = { scenes, healthy, faults, cases };
const groups = Object.entries(all).flatMap(([name, play]) => (wanted.length === 0 || wanted.includes(name) ? [play()] : []));
rmSync(folder, { recursive: true, force: true });
const misses = groups.flatMap(({ title, played }) =>
  played
    .filter(({ verdict }) => verdict !== 'right')
    .map(({ name, verdict, said: what }) => `- ${title}, ${name}: ${verdict}. ${what.replaceAll('|', '\\|')}`),
);
const text = [
  '# How often `explain` is right',
  '',
  'Made by `make score`. Right: the cause that was played is named. Absent: nothing is blamed where something was wrong. Wrong: something else is.',
  'False blame: something is blamed where all was well.',
  '',
  ...table(groups),
  ...(misses.length === 0 ? [] : ['', 'What was not right:', '', ...misses]),
  '',
];
console.log(text.slice(5).join('\n'));
if (wanted.length === 0) writeFileSync('docs/score.md', text.join('\n'));
