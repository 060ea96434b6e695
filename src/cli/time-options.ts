/** Which commands take `--from` and `--to`, and who looks at them: the command, or what it opens. */
import type { Command } from 'commander';
import { isStoreName } from '../cluster/address.ts';
import { SECOND } from '../model/time.ts';
import { chooseTimes, isWallTime, type Times, wallText } from './times.ts';

/** Of these what they open is the part between the times. */
const OF_WHAT_IS_OPENED: readonly string[] = ['dns', 'sql', 'open', 'doctor', 'net', 'info', 'metrics', 'report', 'trace-string', 'export'];
/** These ask for what is between times themselves, of a file. */
const OWN: readonly string[] = ['read', 'explain', 'lens'];
/** Of export, `--to` names who gets what is exported. */
const UNTIL = 'export';

/** Declares the options, and takes them before the command runs. */
export function takeTimes(trowel: Command): void {
  for (const command of trowel.commands.filter((one) => OF_WHAT_IS_OPENED.includes(one.name()))) {
    command
      .option(
        '--from <time>',
        'only what is from this time on: seconds since the start, a date, or -15m before the end (of a store: before now)',
      )
      .option(`--${endOf(command)} <time>`, 'only what is up to this time');
  }
  trowel.hook('preAction', (_, command) => {
    if (OF_WHAT_IS_OPENED.includes(command.name())) chooseTimes(timesOf(command));
    else if (OWN.includes(command.name()) && command.args.some(isStoreName)) chooseTimes(taken(command));
  });
}

const endOf = (command: Command): 'to' | 'until' => (command.name() === UNTIL ? 'until' : 'to');

function timesOf(command: Command): Times {
  const { from, [endOf(command)]: to } = command.opts<Readonly<Record<string, string | undefined>>>();
  return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** What a store knows by itself is not the command's any more. */
function taken(command: Command): Times {
  const { from, to } = timesOf(command);
  const isOurs = [from, to].every((text) => text === undefined || isWallTime(text));
  if (!isOurs) return {};
  const isExplain = command.name() === 'explain';
  const absolute = (text: string | undefined) => (text === undefined || !isExplain ? undefined : wallText(text));
  command.setOptionValue('from', absolute(from));
  command.setOptionValue('to', absolute(to));
  const begin = from === undefined || !isExplain ? from : wallText(from, BEFORE);
  return { ...(begin === undefined ? {} : { from: begin }), ...(to === undefined ? {} : { to }) };
}

/** ns: a wait at the beginning is explained by what came before, such as the question that it waits for the answer of. */
const BEFORE = 60 * SECOND;
