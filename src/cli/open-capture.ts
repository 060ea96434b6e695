/** What can be opened, and the one way in which commands open it. */
import { type Capture, captureEnd } from '../capture/capture.ts';
import { type EventStream, type Outcome, outcomeOf } from '../capture/event-stream.ts';
import { importGaps, nodesOf } from '../capture/meta.ts';
import { type Opener, openerOf, STDIN } from '../capture/opener.ts';
import { lookupParts } from '../dns/parts.ts';
import type { Field } from '../event/fields/field.ts';
import type { CaptureContext } from '../event/view.ts';
import { tracesOf } from '../lens/dns.ts';
import { followedIn } from '../lens/followed.ts';
import { say } from '../output/stderr.ts';
import { STORED } from '../store/opener.ts';
import { definitions } from './definitions.ts';
import { SCAP } from './scap-opener.ts';
import { SEVERAL } from './several-opener.ts';
import { STORE } from './store-opener.ts';

const OPENERS: readonly Opener[] = [STORED, SCAP, SEVERAL, STORE];

/** Opens what the user named, whatever it is, for any question. Throws CaptureError. */
export async function openCapture(name: string): Promise<Capture> {
  const capture = await openQuietly(name);
  tellMissing(capture);
  return capture;
}

/** The same for who is not the first to open it: what is missing was said. */
export async function openQuietly(name: string): Promise<Capture> {
  const file = await fileOf(name);
  return openerOf(OPENERS, file).open(file, name);
}

/** Most questions read a file twice: what comes on standard input is kept in one. */
async function fileOf(name: string): Promise<string> {
  return name === STDIN ? (await import('./stdin-file.ts')).stdinFile() : name;
}

/** What an import does not have of its file. */
function tellMissing({ path, meta }: Capture): void {
  const { damage, leftOut } = importGaps(meta);
  warnOf(path, outcomeOf(damage?.reason ?? null, leftOut));
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
  const file = await fileOf(name);
  const stream = (await openerOf(OPENERS, file).stream?.(file, name)) ?? null;
  if (stream === null) return asked(await openCapture(name), ask);
  const found = asked(stream, ask);
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
  const opener = openerOf(OPENERS, file);
  if (opener.convert === undefined) return null;
  const made = target();
  const events = await opener.convert(file, made);
  (await openCapture(made)).close(); // says what of the file is missing in it
  return events;
}

/** What fields need to know of it. `growing`: rows are added while they are asked for. */
export function contextOf(stream: EventStream, growing = false): CaptureContext {
  const { dims, epoch, typeNames } = stream;
  const passing = !isCapture(stream);
  const context: CaptureContext = {
    dims,
    epoch,
    get hostname() {
      return stream.meta.hostname ?? '';
    },
    get nodes() {
      return nodesOf(stream.meta);
    },
    growing: growing || passing,
    definitions: definitions(),
    ...(typeNames === undefined ? {} : { typeNames }),
    ...(passing
      ? {}
      : {
          lookupPart: lookupParts(
            dims,
            () => captureEnd(stream),
            (spans) => tracesOf(stream, spans),
          ),
        }),
  };
  return isCapture(stream) ? Object.assign(context, { followed: followedIn(stream, context) }) : context;
}

function isCapture(stream: EventStream): stream is Capture {
  return 'select' in stream;
}

/** Says on stderr what was not read. */
export function warnOf(name: string, { cut, leftOut }: Outcome): void {
  if (cut !== null) say(`trowel: ${name}: ${cut}; what comes before is read`);
  if (leftOut !== null) say(`trowel: ${name}: ${leftOut}`);
}
