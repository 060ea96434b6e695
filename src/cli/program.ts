/** The table of commands: what each does is in a file of its own, loaded only when it is asked for. */
import { Command } from 'commander';
import { say } from '../output/stderr.ts';
import { aboutCommands } from './about-commands.ts';
import type { Given } from './define.ts';
import { eventCommands } from './event-commands.ts';
import { makingCommands } from './making-commands.ts';
import { repeated } from './option-values.ts';
import { questionCommands } from './question-commands.ts';
import { recordingCommands } from './recording-commands.ts';
import { storeCommands } from './store-commands.ts';
import { takeTimes } from './time-options.ts';
import { VERSION } from './version.ts';

/** All commands with their options. `after`: the words behind `--`. */
export function program(after: readonly string[]): Command {
  const given: Given[] = [];
  const trowel = topCommand(given);
  recordingCommands(trowel, after);
  eventCommands(trowel);
  makingCommands(trowel);
  storeCommands(trowel);
  questionCommands(trowel);
  aboutCommands(trowel);
  trowel.hook('preAction', async () => {
    const { node, onlyNs } = trowel.opts<{ node?: string[]; onlyNs?: string[] }>();
    if (onlyNs !== undefined) (await import('./nodes.ts')).chooseNamespaces(onlyNs);
    if (node !== undefined) (await import('./nodes.ts')).chooseNodes(node);
    if (given.length > 0) (await import('./define.ts')).defineAll(given);
  });
  takeTimes(trowel);
  for (const command of trowel.commands) command.exitOverride();
  return trowel;
}

/** The name itself, and the options that stand before commands. `given`: takes up what --define and --defines say. */
function topCommand(given: Given[]): Command {
  return new Command('trowel')
    .description('Record what a Kubernetes node did with its sockets, DNS and files; replay it; know why a request was slow.')
    .version(VERSION, '-V, --version')
    .option('--debug', 'show where an error came from')
    .option('--color <when>', 'auto, always or never')
    .option('--define <name=filter>', 'a named filter, or a list, for the filters of this command; may be repeated', (text) =>
      given.push({ kind: 'define', text }),
    )
    .option('--defines <file>', 'the same from a file, also of Falco’s macros and lists', (text) => given.push({ kind: 'defines', text }))
    .option('--node <name>', 'of several captures: only those of this node; may be repeated', repeated)
    .option('--only-ns <name>', 'of a store: only what is of this namespace; may be repeated', repeated)
    .showSuggestionAfterError()
    .configureOutput({
      writeErr: (text) => say(text.trimEnd()),
      outputError: (text, write) => write(`trowel: ${text.replace(/^error: /, '')}`),
    })
    .showHelpAfterError('(--help behind the command shows what it takes)')
    .exitOverride();
}
