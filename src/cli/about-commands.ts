/** The commands about Trowel itself: its language, its options, its pages. */
import type { Command } from 'commander';
import { VERSION } from './version.ts';

export function aboutCommands(trowel: Command): void {
  fieldsCommand(trowel);
  sysdigCommand(trowel);
  schemaCommand(trowel);
  completionCommand(trowel);
  manCommand(trowel);
  versionCommand(trowel);
}

function fieldsCommand(trowel: Command): void {
  trowel
    .command('fields')
    .description('every field of the filter language')
    .option('-j, --json', 'one JSON object a field')
    .option('--csv', 'as comma-separated values')
    .option('--markdown', 'as a table for documents')
    .action(async (options) => (await import('./fields.ts')).fields(options));
}

function sysdigCommand(trowel: Command): void {
  trowel
    .command('sysdig')
    .description('sysdig’s options, and what becomes of them here')
    .option('-j, --json', 'one JSON object an option')
    .option('--markdown', 'as a table for documents')
    .action(async (options) => (await import('./sysdig.ts')).sysdig(options));
}

function schemaCommand(trowel: Command): void {
  trowel
    .command('schema [report]')
    .description('what --json prints, as JSON Schema')
    .action(async (name: string | undefined) => (await import('./schema.ts')).schema(name));
}

function completionCommand(trowel: Command): void {
  trowel
    .command('completion <shell>')
    .description('print the completion script for bash, zsh or fish')
    .action(async (shell: string) => (await import('./completion.ts')).completion(shell));
}

function manCommand(trowel: Command): void {
  trowel
    .command('man')
    .description('print the manual page: trowel man | man -l -')
    .action(async () => (await import('./man.ts')).man(trowel));
}

function versionCommand(trowel: Command): void {
  trowel
    .command('version')
    .description('print the version')
    .action(() => {
      process.stdout.write(`${VERSION}\n`);
    });
}
