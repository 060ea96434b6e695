/** `trowel man`: the manual page, of the same table of commands as --help and completion. */
import type { Command, Option } from 'commander';
import { Sink } from '../output/sink.ts';

export function man(trowel: Command): void {
  const out = new Sink();
  out.write(`${manPage(trowel)}\n`);
  out.flush();
}

function manPage(trowel: Command): string {
  const shown = trowel.createHelp().visibleCommands(trowel);
  return [
    `.TH TROWEL 1 "" "trowel ${roff(trowel.version() ?? '')}" "User Commands"`,
    '.SH NAME',
    'trowel \\- what happened on a Kubernetes node, event by event',
    '.SH SYNOPSIS',
    '.B trowel',
    '.RI [ COMMAND ]',
    '.RI [ ARGUMENTS ]',
    '.SH DESCRIPTION',
    roff(trowel.description()),
    '.SH OPTIONS',
    ...trowel.createHelp().visibleOptions(trowel).flatMap(optionText),
    '.SH COMMANDS',
    ...shown.filter((command) => command.name() !== 'help').flatMap(commandText),
    '.SH EXIT STATUS',
    '0 well; 1 failed; 2 wrong use; 3 nothing matched (--exit-code); 4 privilege is missing; 130 interrupted.',
  ].join('\n');
}

function commandText(command: Command): string[] {
  const help = command.createHelp();
  const words = command.registeredArguments.map((argument) => {
    const text = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? text : `[${text}]`;
  });
  return [
    `.SS "trowel ${roff([command.name(), ...words].join(' '))}"`,
    roff(command.description()),
    ...help
      .visibleOptions(command)
      .filter(({ long }) => long !== '--help')
      .flatMap(optionText),
  ];
}

function optionText({ flags, description, defaultValue }: Option): string[] {
  const usual = typeof defaultValue === 'string' || typeof defaultValue === 'number' ? ` (default: ${defaultValue})` : '';
  return ['.TP', `.B ${roff(flags)}`, roff(`${description}${usual}`)];
}

/** Text that no word of roff is in: backslashes and hyphens are what they look like, no line begins with a dot, and all is ASCII. */
function roff(text: string): string {
  const plain = text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/gm, '\\&$1');
  return plain.replace(/[^\n -~]/gu, (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}]`);
}
