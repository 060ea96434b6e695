/** The command line: what its words mean, and how it ends. */
import { existsSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { didYouMean } from '../filter/error.ts';
import { ReaderGone } from '../output/sink.ts';
import type { Completable } from './completion.ts';
import { EXIT, reportError, UsageError } from './exit.ts';
import { program } from './program.ts';
import { readingWhatCanBe } from './salvaged.ts';
import { together } from './several.ts';

const debug = process.argv.includes('--debug');
/** kubectl runs us as its plugin: bin/trowel says so. */
const isPlugin = process.env.TROWEL_PLUGIN === '1';

function completable(command: Command): Completable {
  const names = command.registeredArguments.map((argument) => argument.name());
  return {
    name: command.name(),
    options: command.options.filter(({ hidden }) => !hidden).flatMap(({ long }) => long ?? []),
    file: names.includes('file'),
    filter: names.includes('filter'),
  };
}

/** `complete LINE WORD`, for the scripts of `trowel completion`: not a command to be typed, and its words may look like options. */
async function complete(line: string, word: string): Promise<number> {
  const { candidates } = await import('./completion.ts');
  const found = candidates(line, word, program([]).commands.map(completable));
  process.stdout.write(found.map((text) => `${text}\n`).join(''));
  return EXIT.OK;
}

/** Whether an option is one that stands before our commands; sysdig's may have the same name. */
const isOurs = ({ options }: Command, word: string): boolean =>
  word === '-h' || word === '--help' || options.some(({ short, long }) => word === short || word.split('=', 1)[0] === long);

/** Whether a command asks one capture, for which several may stand. */
const takesFile = (trowel: Command, name: string): boolean =>
  name === 'lens' || trowel.commands.find((command) => command.name() === name)!.registeredArguments[0]?.name() === 'file';

/** A first word that is meant as a command and is none, nor a file or a store to open. */
const isUnknown = (word: string): boolean =>
  !word.startsWith('-') && word !== 'help' && !existsSync(word) && !word.startsWith('clickhouse://');

function unknown(word: string, trowel: Command): UsageError {
  const names = trowel.commands.map((command) => command.name());
  return new UsageError(`there is no command and no file called ${word}; ${didYouMean(word, names) || 'trowel help lists the commands'}`);
}

/** Without any words: the way to a capture, where somebody sits before a terminal. */
async function runNothing(trowel: Command): Promise<void> {
  const help = () => trowel.outputHelp();
  if (process.stdin.isTTY && process.stdout.isTTY && process.env.TERM !== 'dumb') await (await import('./start.ts')).start({}, help);
  else help();
}

/** sysdig's options as ours; null: they are none of sysdig's. */
async function fromSysdig(trowel: Command, own: readonly string[]): Promise<readonly string[] | null> {
  const first = own[0]!;
  if (!first.startsWith('-') || isOurs(trowel, first)) return null;
  const { isSysdigs, translate } = await import('./sysdig-args.ts');
  return isSysdigs(first) ? translate(own) : null;
}

/** Runs one command line (without the program's own name) and gives the exit code. */
async function run(words: readonly string[]): Promise<number> {
  if (words[0] === 'complete') return complete(words[1] ?? '', words[2] ?? '');
  if (words[0] === 'kube-pod') return (await import('./kube-pod.ts')).kubePod(words.slice(1));
  const split = words.indexOf('--');
  const [own, after] = split < 0 ? [words, []] : [words.slice(0, split), words.slice(split + 1)];
  const trowel = program(after);
  const first = own[0];
  const known = trowel.commands.some((command) => command.name() === first);
  if (isPlugin && !known && (first === undefined || !isOurs(trowel, first)))
    await trowel.parseAsync(['kube', ...(first === undefined ? ['--help'] : own)], { from: 'user' });
  else if (first === undefined) await runNothing(trowel);
  else if (known) await trowel.parseAsync(takesFile(trowel, first) ? together(own) : own, { from: 'user' });
  else if (isUnknown(first)) throw unknown(first, trowel);
  else {
    const translated = await fromSysdig(trowel, own);
    if (translated !== null) return run([...translated, ...words.slice(own.length)]);
    await trowel.parseAsync(first.startsWith('-') || first === 'help' ? own : ['open', ...own], { from: 'user' });
  }
  return EXIT.OK;
}

process.on('SIGUSR1', () => {}); // Node's own answer is a debugger that everybody on this machine may use
process.stderr.on('error', () => {}); // nobody hears; what is done is done all the same
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.OK); // the reader has seen enough
  throw error;
});

readingWhatCanBe(() => run(process.argv.slice(2))).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.OK : EXIT.USAGE;
    else if (error instanceof ReaderGone) process.exitCode = EXIT.OK;
    else process.exitCode = reportError(error, debug);
  },
);
