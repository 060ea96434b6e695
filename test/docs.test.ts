/** The pages name files that exist, and the commands in README.md run. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, matchesGlob, normalize } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { FIELDS } from '../src/event/fields/index.ts';
import { endAll, noPty, Pty } from './tui/pty.ts';

const PAGES = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'native/README.md', 'captures/README.md', ...markdown('docs')];
/** Folders and files of the project; what is built or installed is none of it. */
const TREE = [...tree('.')];
/** What a page may name though it is made by the build. */
const BUILT = /^(native\/)?build\/|^dist\//;

function markdown(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}/${name}`);
}

function* tree(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = normalize(join(folder, entry.name));
    if (entry.isSymbolicLink() || ['.git', '.node', 'node_modules', 'dist', 'native/build'].includes(path)) continue;
    yield path;
    if (entry.isDirectory()) yield* tree(path);
  }
}

const TOP = new Set(readdirSync('.'));
const EXTENSION = /\.(ts|tsx|mjs|c|h|md|proto|yaml|svg|json|trowel)$/;
/** `proc.pid.ts` is a field. */
const NOT_FILES = new Set(FIELDS.flatMap(({ name, aliases = [] }) => [name, ...aliases]));

/** Paths of the project in code spans: those below one of its folders, and names of source files. */
function namedPaths(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  const spans = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span!);
  const isSource = (span: string) => EXTENSION.test(span) && !span.endsWith('.trowel') && !NOT_FILES.has(span);
  return spans.filter((span) => /^[\w.][\w.*/-]*$/.test(span) && (isBelow(span) || isSource(span)));
}

function isBelow(span: string): boolean {
  const [top, ...rest] = span.split('/');
  return rest.length > 0 && TOP.has(top!) && top !== 'trowel';
}

const links = (text: string) =>
  [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, target]) => target!).filter((target) => !/^[a-z]+:/.test(target));

/** Whether the page's folder or the project has it; a name alone may lie anywhere below the page's folder. */
function isThere(page: string, path: string): boolean {
  const folder = dirname(page);
  const plain = path.replace(/\/$/, '');
  if (BUILT.test(plain)) return true;
  const wanted = [normalize(join(folder, plain)), plain];
  if (TREE.some((one) => wanted.some((want) => one === want || matchesGlob(one, want)))) return true;
  return !plain.includes('/') && TREE.some((one) => one.endsWith(`/${plain}`) && (folder === '.' || one.startsWith(`${folder}/`)));
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  test('names files that exist', () => {
    expect(namedPaths(text).filter((path) => !isThere(page, path))).toEqual([]);
  });

  test('links to files that exist', () => {
    expect(links(text).filter((target) => !existsSync(join(dirname(page), target)))).toEqual([]);
  });
});

test('a path that does not exist is found', () => {
  expect(namedPaths('see `src/nosuch.ts`, `nosuch.ts`, `/etc/resolv.conf` and `evt.num`')).toEqual(['src/nosuch.ts', 'nosuch.ts']);
  expect(isThere('README.md', 'src/nosuch.ts')).toBe(false);
  expect(isThere('native/README.md', 'layers.test.ts')).toBe(false);
});

const README = readFileSync('README.md', 'utf8');
/** Lines of a section's code blocks, without comments. */
function commandsOf(section: string): string[] {
  const body = README.split(/^## /m).find((part) => part.startsWith(section))!;
  const blocks = [...body.matchAll(/^```\n([\s\S]*?)^```/gm)].map(([, code]) => code!);
  return blocks.flatMap((code) => code.split('\n')).flatMap((line) => line.replace(/\s+# .*$/, '').trim() || []);
}

const trowel = (line: string) => spawnSync('/bin/sh', ['-c', line.replace(/^trowel\b/, 'bin/trowel')], { encoding: 'utf8' });

describe('the sixty seconds of README.md', () => {
  const tour = commandsOf('Sixty seconds');
  const isScreen = (line: string) => line.startsWith('trowel open ');
  afterAll(endAll);

  test('are some commands, each of trowel', () => {
    expect(tour.length).toBeGreaterThanOrEqual(8);
    expect(tour.filter((line) => !line.startsWith('trowel '))).toEqual([]);
  });

  test.each(tour.filter((line) => !isScreen(line)))('%s', (line) => {
    const { status, stdout, stderr } = trowel(line);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.trim()).not.toBe('');
  });

  test.skipIf(noPty !== null).each(tour.filter(isScreen))(
    `%s${noPty === null ? '' : ` (skipped: ${noPty})`}`,
    async (line) => {
      const pty = new Pty(line.split(' ').slice(1), { columns: 120 });
      await pty.until('events');
      pty.type('w');
      await pty.until('search domain localdomain');
      pty.type('q');
      expect(await pty.exit).toBe(0);
    },
    60_000,
  ); // the program is bundled first
});

test('what README.md shows of explain is what explain prints', () => {
  const [, shown] = /^\$ (trowel explain [^\n]+\n[\s\S]*?)^```/m.exec(README)!;
  const [command, ...lines] = shown!.trim().split('\n');
  const flat = (text: string) => text.replace(/\s+/g, ' ').trim();
  const printed = flat(trowel(command!).stdout);
  expect(lines.map(flat).filter((line) => line !== '…' && !printed.includes(line))).toEqual([]);
});

describe('commands that README.md names', () => {
  const code = README.match(/`[^`\n]+`|^trowel .*$/gm)!.map((text) => text.replace(/`/g, '').replace(/\s+# .*$/, ''));
  const lines = [...new Set(code.filter((text) => /^trowel [a-z]/.test(text)))];
  const helpOf = new Map<string, string>();

  test.each(lines)('%s', (line) => {
    const [, verb, ...words] = line
      .split(' -- ')[0]!
      .replace(/'[^']*'/g, '')
      .split(/\s+/);
    if (!helpOf.has(verb!)) helpOf.set(verb!, trowel(`trowel ${verb} --help`).stdout);
    const help = helpOf.get(verb!)!;
    expect(help, verb).toMatch(new RegExp(`^Usage: trowel ${verb}\\b`));
    for (const option of words.filter((word) => /^-+[a-zA-Z]/.test(word))) expect(help).toMatch(new RegExp(`(^|[\\s,])${option}\\b`, 'm'));
  });
});

test('README.md is short, and its picture small', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(151);
  for (const target of links(README).filter((one) => one.endsWith('.svg'))) expect(readFileSync(target).length).toBeLessThan(30_000);
});
