/** What can be opened, and the one way in which commands open it. */
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import { type EventStream, type Outcome, outcomeOf } from '../capture/event-stream.ts';
import { damageText, importGaps, nodesOf } from '../capture/meta.ts';
import { type Opener, openerOf, STDIN } from '../capture/opener.ts';
import { isStoreName } from '../cluster/address.ts';
import type { Field } from '../event/fields/field.ts';
import { say } from '../output/stderr.ts';
import { HEADLESS, STORED } from '../store/opener.ts';
import { UsageError } from './exit.ts';
import { chosenNamespaces, chosenNodes } from './nodes.ts';
import { standInOf } from './salvaged.ts';
import { SCAP } from './scap-opener.ts';
import { SEVERAL } from './several-opener.ts';
import { STORE } from './store-opener.ts';
import { withinTimes } from './within-times.ts';

const OPENERS: readonly Opener[] = [STORED, SCAP, SEVERAL, STORE, HEADLESS];

/** Opens what the user named, whatever it is, for any question. Throws CaptureError. */
export async function openCapture(name: string): Promise<Capture> {
  requireStore(name);
  const capture = ofChosenNodes(await openQuietly(name));
  tellMissing(capture);
  return isStoreName(name) ? capture : withinTimes(capture);
}

/** What is pushed to a store for some namespaces is a file as it is. */
export async function openStored(name: string): Promise<Capture> {
  return ofChosenNodes(await openerOf(OPENERS, name).open(standInOf(name), name));
}

/** The same for who is not the first to open it: what is missing was said. */
export async function openQuietly(name: string): Promise<Capture> {
  const file = await fileOf(name);
  return openerOf(OPENERS, file, name).open(file, name);
}

/** Throws CaptureError, and closes it, where not all of it is of the nodes asked for. */
function ofChosenNodes<T extends EventStream>(stream: T): T {
  const [nodes, chosen] = [nodesOf(stream.meta), chosenNodes()];
  if (chosen.length === 0 || (nodes.length > 0 && nodes.every((node) => chosen.includes(node)))) return stream;
  stream.close();
  if (nodes.some((node) => chosen.includes(node)))
    throw new CaptureError(stream.path, `is of ${nodes.join(' and ')} as one: the filter evt.hostname=${chosen[0]} chooses events`);
  throw new CaptureError(
    stream.path,
    nodes.length === 0 ? 'does not say of which node it is' : `is of ${nodes.join(', ')}, not of the node asked for`,
  );
}

/** Throws UsageError for a file where only some namespaces are to be shown: nothing would hide the others. */
function requireStore(name: string): void {
  if (chosenNamespaces().length > 0 && !isStoreName(name))
    throw new UsageError(`--only-ns is for stores; of a file: trowel slice ${name} 'k8s.ns=…' -w PART`);
}

/** Most questions read a file twice: what comes on standard input is kept in one. Of a damaged one, what could be read of it. */
async function fileOf(name: string): Promise<string> {
  return name === STDIN ? (await import('./stdin-file.ts')).stdinFile() : standInOf(name);
}

/** What an import, or what was salvaged, does not have of its file. */
function tellMissing({ path, meta }: Capture): void {
  const { damage, leftOut } = importGaps(meta);
  if (damage !== null) say(`trowel: ${path}: ${damageText(damage, 'is read')}`);
  warnOf(path, outcomeOf(null, leftOut));
}

/** What one question is put to, and the question, made for it. */
export interface Asked<Question> {
  readonly stream: EventStream;
  readonly question: Question;
}

/**
 * Opens what the user named for one question: as a stream where that is enough, else as a capture. `ask` makes the question
 * for what was opened, perhaps twice. Throws CaptureError.
 */
export async function openFor<Q extends { readonly fields: readonly Field[] }>(
  name: string,
  ask: (stream: EventStream) => Q,
): Promise<Asked<Q>> {
  requireStore(name);
  const file = await fileOf(name);
  const stream = (await openerOf(OPENERS, file, name).stream?.(file, name)) ?? null;
  if (stream === null) return asked(await openCapture(name), ask);
  const found = asked(ofChosenNodes(stream), ask);
  if (stream.answers(found.question.fields)) return found;
  stream.close();
  return asked(await openCapture(name), ask);
}

function asked<Q>(stream: EventStream, ask: (stream: EventStream) => Q): Asked<Q> {
  try {
    return { stream, question: ask(stream) };
  } catch (error) {
    stream.close();
    throw error;
  }
}

/** Writes all of what is no Trowel capture to one, and gives the number of its events; null: it is one, and `target` is not asked. */
export async function convertCapture(name: string, target: () => string): Promise<number | null> {
  const file = await fileOf(name);
  const opener = openerOf(OPENERS, file, name);
  if (opener.convert === undefined) return null;
  const made = target();
  const events = await opener.convert(file, made);
  (await openCapture(made)).close(); // says what of the file is missing in it
  return events;
}

/** Says on stderr what was not read. */
export function warnOf(name: string, { cut, leftOut }: Outcome): void {
  if (cut !== null) say(`trowel: ${name}: ${cut}; what comes before is read`);
  if (leftOut !== null) say(`trowel: ${name}: ${leftOut}`);
}
