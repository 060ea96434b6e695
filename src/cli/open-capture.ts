/** What can be opened, and the one way in which commands open it. */
import type { Capture } from '../capture/capture.ts';
import { CaptureError } from '../capture/error.ts';
import type { EventStream, Outcome } from '../capture/event-stream.ts';
import { type Opener, openerOf, STDIN } from '../capture/opener.ts';
import { lookupParts } from '../dns/parts.ts';
import type { Field } from '../event/fields/field.ts';
import type { CaptureContext } from '../event/view.ts';
import { captureEnd, tracesOf } from '../lens/dns.ts';
import { say } from '../output/stderr.ts';
import { STORED } from '../store/opener.ts';
import { definitions } from './definitions.ts';
import { SCAP } from './scap-opener.ts';

const OPENERS: readonly Opener[] = [STORED, SCAP];

/** Opens what the user named, whatever it is, for any question. Throws CaptureError. */
export async function openCapture(name: string): Promise<Capture> {
  return openerOf(OPENERS, name).open(name);
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
  const opener = openerOf(OPENERS, name);
  const stream = (await opener.stream?.(name)) ?? null;
  if (stream === null) return asked(await opener.open(name), ask);
  const found = asked(stream, ask);
  if (stream.answers(found.question.fields)) return found;
  stream.close();
  if (name === STDIN) throw new CaptureError(name, 'can answer this only when all of it is known: write it to a file first');
  return asked(await opener.open(name), ask);
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
  const opener = openerOf(OPENERS, name);
  return opener.convert === undefined ? null : opener.convert(name, target());
}

/** What fields need to know of it. `growing`: rows are added while they are asked for. */
export function contextOf(stream: EventStream, growing = false): CaptureContext {
  const { dims, epoch, typeNames } = stream;
  const passing = !isCapture(stream);
  return {
    dims,
    epoch,
    get hostname() {
      return stream.meta.hostname ?? '';
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
}

function isCapture(stream: EventStream): stream is Capture {
  return 'select' in stream;
}

/** Says on stderr what was not read. */
export function warnOf(name: string, { cut, leftOut }: Outcome): void {
  if (cut !== null) say(`trowel: ${name}: ${cut}; what comes before is read`);
  if (leftOut !== null) say(`trowel: ${name}: ${leftOut}`);
}
