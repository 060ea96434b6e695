/** sysdig's command line in Trowel's words: `-r FILE -pk -NA "FILTER"` becomes `read FILE -p k -A "FILTER"`. */
import { lensNamed } from '../lens/index.ts';
import { chiselWords, lensWords, tableGenerator, withoutLens } from './chisel-args.ts';
import { UsageError } from './exit.ts';
import { SYSDIG_OPTIONS, type SysdigOption } from './sysdig-options.ts';

const BY_LETTER = new Map(SYSDIG_OPTIONS.filter(({ short }) => short !== '').map((option) => [option.short, option]));
const BY_NAME = new Map(SYSDIG_OPTIONS.map((option) => [option.long, option]));

/** What was given, by letter, or by name where there is none. */
interface Parsed {
  readonly flags: Set<string>;
  readonly values: Map<string, string>;
  readonly words: string[];
}

/** Whether a command line that begins with an option, none of our own, begins as sysdig's does. */
export const isSysdigs = (first: string): boolean => (first.startsWith('--') ? BY_NAME.has(nameOf(first)) : /^-[^-]/.test(first));

const nameOf = (word: string) => word.slice(2).split('=', 1)[0]!;

/** The same in Trowel's words. Throws UsageError for what has no counterpart. */
export function translate(argv: readonly string[]): string[] {
  const parsed = parse(argv);
  const { flags, values, words } = parsed;
  if (flags.has('l')) return ['fields'];
  if (flags.has('list-markdown')) return ['fields', '--markdown'];
  const chisel = values.get('c');
  const about = values.get('i');
  if (chisel === 'l' || flags.has('list-chisels')) return ['lens', '--list'];
  if (about !== undefined && lensNamed(about) === null) throw withoutLens(about);
  if (about !== undefined) return ['lens', '--list', about];
  const target = values.get('w');
  if (target?.endsWith('.scap') === true || target?.endsWith('.scap.gz') === true)
    throw new UsageError(
      `-w ${target}: what is written is a Trowel capture, which sysdig cannot read: call it ${target.replace(/\.scap(\.gz)?$/, '.trowel')}, and write a .scap of it by trowel export --format scap`,
    );
  const file = values.get('r');
  if (chisel !== undefined && target !== undefined)
    throw new UsageError(`-c with -w: write the capture first (trowel record -w FILE), and ask it then (trowel lens ${chisel} FILE)`);
  const split = ['C', 'G', 'W', 'e'].find((letter) => values.has(letter));
  if (file !== undefined && target !== undefined && split !== undefined)
    throw new UsageError(`-${split} with -r: what is made of a file is one capture; trowel slice FILE FILTER -w OUT makes a part of it`);
  if (file !== undefined && split !== undefined) throw new UsageError(`-${split} is for files that are written: with -w and without -r`);
  if (file === undefined && chisel !== undefined) return lens(chisel, null, parsed);
  if (file === undefined) return record(values, words);
  if (chisel !== undefined) return lens(chisel, file, parsed);
  if (target !== undefined) return ['import', file, ...words, '-w', target, ...valueOptions(values, { n: '-n', M: '-M' })];
  return ['read', file, ...words, ...outputOptions(flags, values)];
}

function parse(argv: readonly string[]): Parsed {
  const parsed: Parsed = { flags: new Set(), values: new Map(), words: [] };
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (/^--[a-z]/.test(word)) long(word, rest, parsed);
    else if (/^-[^-]/.test(word)) cluster(word.slice(1), rest, parsed);
    else parsed.words.push(word);
  }
  return parsed;
}

/** `--read=FILE`, `--read FILE`, `--json`. */
function long(word: string, rest: string[], parsed: Parsed): void {
  const option = BY_NAME.get(nameOf(word));
  if (option === undefined) throw new UsageError(`sysdig's ${nameOf(word)} is not known; trowel sysdig lists its options`);
  const equals = word.indexOf('=');
  take(option, `--${option.long}`, () => (equals < 0 ? rest.shift() : word.slice(equals + 1)), parsed);
}

/** `-NA`, `-pk`, `-zw FILE`. */
function cluster(letters: string, rest: string[], parsed: Parsed): void {
  for (let i = 0; i < letters.length; i++) {
    const option = BY_LETTER.get(letters[i]!);
    if (option === undefined) throw new UsageError(`sysdig's -${letters[i]} has no counterpart; trowel sysdig lists its options`);
    take(option, `-${letters[i]}`, () => letters.slice(i + 1) || rest.shift(), parsed);
    if (option.value !== '') return;
  }
}

function take(option: SysdigOption, written: string, next: () => string | undefined, { flags, values }: Parsed): void {
  if (option.fate === 'refused') throw new UsageError(`sysdig's ${written}: ${option.why}`);
  const key = option.short || option.long;
  if (option.value === '') {
    flags.add(key);
    return;
  }
  const value = next();
  if (value === undefined) throw new UsageError(`${written} needs a value`);
  values.set(key, value);
}

function valueOptions(values: ReadonlyMap<string, string>, ours: Readonly<Record<string, string>>): string[] {
  return Object.entries(ours).flatMap(([letter, name]) => (values.has(letter) ? [name, values.get(letter)!] : []));
}

function outputOptions(flags: ReadonlySet<string>, values: ReadonlyMap<string, string>): string[] {
  const shown = [...flags].filter((flag) => 'AxXbjqv'.includes(flag)).map((flag) => `-${flag}`);
  const seconds = values.get('M');
  return [
    ...shown,
    ...(flags.has('S') ? ['--summary'] : []),
    ...valueOptions(values, { p: '-p', n: '-n', t: '-t' }),
    ...(seconds === undefined ? [] : ['--to', `${seconds}s`]),
  ];
}

/** A chisel's arguments stand behind its name: `-c fdbytes_by fd.sport`, `-c 'spy_port 80'`. Without a file it is asked of a live recording. */
function lens(chisel: string, file: string | null, { flags, values, words }: Parsed): string[] {
  const other = file === null ? ['s', 'k', 'C', 'G', 'W', 'e'].find((letter) => values.has(letter)) : undefined;
  if (other !== undefined)
    throw new UsageError(
      `-${other} with -c: write the capture first (trowel record -${other} ${values.get(other)} -w FILE), and ask it then`,
    );
  const shown = ['S', 'q'].find((flag) => flags.has(flag));
  if (shown !== undefined) throw new UsageError(`-${shown} with -c: it is for events that are printed (trowel read FILE)`);
  const [name = '', text = ''] = chisel.trim().split(/\s+(.*)/s);
  const own = [...chiselWords(text), ...words];
  if (name === 'table_generator')
    return tableGenerator(
      own.flatMap((word) => (own.length === 1 ? chiselWords(word) : [word])),
      file,
    );
  const found = lensNamed(name);
  if (found === null) throw withoutLens(name);
  const all = lensWords(name, own);
  const options = ['j', 'b'].filter((flag) => flags.has(flag)).map((flag) => `-${flag}`);
  return [
    'lens',
    name,
    ...all.slice(0, found.args.length),
    ...(file === null ? ['--live'] : [file]),
    ...all.slice(found.args.length),
    ...options,
    ...(flags.has('X') || flags.has('x') ? ['-X'] : []),
    ...valueOptions(values, { p: '-p', n: '-n', ...(file === null ? { M: '-M' } : {}) }),
    ...(file === null || !values.has('M') ? [] : ['--to', `${values.get('M')}s`]),
  ];
}

const RECORD_OPTIONS: Readonly<Record<string, string>> = {
  w: '-w',
  s: '-s',
  n: '-n',
  M: '-M',
  k: '-k',
  C: '-C',
  G: '-G',
  W: '-W',
  e: '-e',
};

function record(values: ReadonlyMap<string, string>, words: readonly string[]): string[] {
  if (!values.has('w')) throw new UsageError('sysdig would print events as they come; here: trowel live, or trowel record -w FILE');
  return ['record', ...valueOptions(values, RECORD_OPTIONS), ...words];
}
