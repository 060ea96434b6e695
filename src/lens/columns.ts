/** Columns of lists that no single field of the filter language has. */
import { argAt, argText } from '../event/args-text.ts';
import type { EventView } from '../event/view.ts';
import { fieldNamed } from '../filter/find-field.ts';
import { fdName } from '../model/fd-name.ts';
import { signalName } from '../model/signals.ts';
import { column, fieldColumn } from '../report/column.ts';
import type { Column } from '../report/report.ts';

/** Arguments that say what a call was about, the most telling first. */
const TARGETS = ['filename', 'addr', 'name', 'path', 'pathname', 'oldpath', 'dir', 'dev', 'tuple'] as const;
/** What a wait status holds, as wait(2) has it. */
const SIGNAL_BITS = 0x7f;
const CORE_BIT = 0x80;

// biome-ignore format: a table
const OWN: readonly Column<EventView>[] = [
  column('target', 'text', 'path or address: the descriptor’s, else the one that the call was given', targetOf, { nullable: true }),
  column('command', 'text', 'the command line that was started; where that failed, the file', commandOf, { nullable: true }),
  column('exit.code', 'number', 'exit code; none for a process that a signal ended', exitCode, { nullable: true }),
  column('exit.signal', 'text', 'the signal that ended it', exitSignal, { nullable: true }),
  column('exit.core', 'bool', 'a core was dumped', exitCore, { nullable: true }),
];

/** A column by the name of a field, or of one of these. */
export function listColumn(name: string): Column<EventView> {
  return OWN.find((one) => one.name === name) ?? fieldColumn(fieldNamed(name));
}

/** What a call was about, also where it failed before there was a descriptor. */
export function targetOf(view: EventView): string | null {
  const named = view.fd === null ? '' : fdName(view.fd);
  if (named !== '') return named;
  for (const key of TARGETS) {
    const found = argAt(view, key);
    const text = found === null || found.value === null ? '' : argText(view, found.type, found.value);
    if (text !== '' && text !== 'NULL' && text !== '<NA>') return text;
  }
  return null;
}

function commandOf(view: EventView): string | null {
  const { process, res } = view;
  if (res !== null && res < 0) return targetOf(view);
  return process === null ? null : [process.exe, ...process.args].join(' ');
}

function numberArg(view: EventView, name: string): number | null {
  const value = argAt(view, name)?.value;
  return typeof value === 'number' ? value : null;
}

function signalOf(view: EventView): number {
  return numberArg(view, 'sig') || (numberArg(view, 'status') ?? 0) & SIGNAL_BITS;
}

function exitCode(view: EventView): number | null {
  if (signalOf(view) !== 0) return null;
  return numberArg(view, 'ret') ?? ((numberArg(view, 'status') ?? 0) >> 8) & 0xff;
}

function exitSignal(view: EventView): string | null {
  const signal = signalOf(view);
  return signal === 0 ? null : signalName(signal) || `signal ${signal}`;
}

function exitCore(view: EventView): boolean | null {
  if (signalOf(view) === 0) return null;
  return (numberArg(view, 'core') ?? (numberArg(view, 'status') ?? 0) & CORE_BIT) !== 0;
}
