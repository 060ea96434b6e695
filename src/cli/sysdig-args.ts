/** sysdig's command line in Trowel's words: `-r FILE -pk -NA "FILTER"` becomes `read FILE -p k -A "FILTER"`. */
import { lensNamed } from '../lens/index.ts';
import { UsageError } from './exit.ts';

/** Options that take a value, attached or as the next word. */
const WITH_VALUE = 'cCeEGkKMnoprsTwWt';
/** Accepted and needing nothing: numbers are printed as they are anyway, captures are always compressed, and so on. */
const NOTHING_TO_DO = 'NzvqPRdDF';

interface Parsed {
  readonly flags: Set<string>;
  readonly values: Map<string, string>;
  readonly words: string[];
}

/** The same in Trowel's words. Throws UsageError for what has no counterpart. */
export function translate(argv: readonly string[]): string[] {
  const { flags, values, words } = parse(argv);
  if (flags.has('l')) return ['fields'];
  const chisel = values.get('c');
  if (chisel === 'l') return ['lens', '--list'];
  const file = values.get('r');
  if (file === undefined) return record(values, words);
  if (chisel !== undefined) return lens(chisel, file, flags, words);
  if (values.has('w')) return ['import', file, ...words, '-w', values.get('w')!];
  return ['read', file, ...words, ...outputOptions(flags, values)];
}

function parse(argv: readonly string[]): Parsed {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const words: string[] = [];
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!/^-[^-]/.test(word)) words.push(word);
    else cluster(word.slice(1), rest, flags, values);
  }
  return { flags, values, words };
}

/** `-NA`, `-pk`, `-zw FILE`. */
function cluster(letters: string, rest: string[], flags: Set<string>, values: Map<string, string>): void {
  for (let i = 0; i < letters.length; i++) {
    const letter = letters[i]!;
    if (!WITH_VALUE.includes(letter)) {
      flags.add(letter);
      continue;
    }
    const value = letters.slice(i + 1) || rest.shift();
    if (value === undefined) throw new UsageError(`-${letter} needs a value`);
    values.set(letter, value);
    return;
  }
}

function outputOptions(flags: ReadonlySet<string>, values: ReadonlyMap<string, string>): string[] {
  const options: string[] = [];
  for (const flag of flags) {
    if ('AxXbj'.includes(flag)) options.push(`-${flag}`);
    else if (!NOTHING_TO_DO.includes(flag) && flag !== 'S')
      throw new UsageError(`sysdig's -${flag} has no counterpart; see trowel help read`);
  }
  const format = values.get('p');
  if (format !== undefined) options.push('-p', format);
  const limit = values.get('n');
  if (limit !== undefined) options.push('-n', limit);
  const time = values.get('t');
  if (time !== undefined) options.push('-t', time);
  return options;
}

/** A chisel's arguments stand behind its name: `-c fdbytes_by fd.sport`, `-c 'spy_port 80'`. */
function lens(chisel: string, file: string, flags: ReadonlySet<string>, words: readonly string[]): string[] {
  const [name, ...own] = chisel.split(/\s+/);
  const found = lensNamed(name!);
  if (found === null) throw new UsageError(`there is no lens for sysdig's chisel ${name}; trowel lens -l lists what there is`);
  const all = [...own, ...words];
  const options = ['j', 'b'].filter((flag) => flags.has(flag)).map((flag) => `-${flag}`);
  return [
    'lens',
    name!,
    ...all.slice(0, found.args.length),
    file,
    ...all.slice(found.args.length),
    ...options,
    ...(flags.has('X') || flags.has('x') ? ['-X'] : []),
  ];
}

const RECORD_OPTIONS: Readonly<Record<string, string>> = { w: '-w', s: '-s', n: '-n', M: '-M', k: '-k' };

function record(values: ReadonlyMap<string, string>, words: readonly string[]): string[] {
  if (!values.has('w')) throw new UsageError('sysdig would print events as they come; here: trowel live, or trowel record -w FILE');
  const options = Object.entries(RECORD_OPTIONS).flatMap(([letter, option]) => (values.has(letter) ? [option, values.get(letter)!] : []));
  return ['record', ...options, ...words];
}
