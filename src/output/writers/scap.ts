/** A .scap file for sysdig, Stratoshark and the Falco libraries: each call becomes the two events that it is there. */
import type { CaptureContext, EventView } from '../../event/view.ts';
import { EventFlag, startTime } from '../../model/chunk.ts';
import { type EventType, isImported } from '../../model/event-type.ts';
import { GrowingBytes } from '../pcapng/growing.ts';
import { Beginning } from '../scap/beginning.ts';
import { eventBlock, section } from '../scap/blocks.ts';
import { type EventForm, type Form, formOf } from '../scap/forms.ts';
import { writeLists } from '../scap/lists.ts';
import { EventValues, type Value } from '../scap/values.ts';
import type { Bytes, Writer } from './writer.ts';

/** Events are kept until the end, in pieces of this many bytes: their beginnings must be put in order. */
const PIECE = 1 << 24;

const NAMING: ReadonlySet<string> = new Set(['container', 'k8s']);

interface Place {
  readonly time: number;
  readonly piece: number;
  readonly from: number;
  readonly to: number;
}

export class ScapFile implements Writer<EventView> {
  readonly #pieces: Uint8Array[] = [];
  readonly #out = new GrowingBytes(1 << 16);
  readonly #places: Place[] = [];
  readonly #beginning = new Beginning();
  readonly #forms = new Map<EventType, Form | null>();
  /** By thread: when its last call ended. Calls of one thread do not overlap here. */
  readonly #ended = new Map<number, number>();
  /** By name: events that the format has nothing for, or has under another name or without a result. */
  readonly #leftOut = new Map<string, number>();
  readonly #renamed = new Map<string, string>();
  readonly #bare = new Set<string>();
  /** Kinds of events that bring names themselves: `container`, `k8s`. */
  readonly #told = new Set<string>();
  #capture: CaptureContext | null = null;
  #dns = 0;
  #paired = false;
  #typesSeen = -1;

  begin(): Bytes {
    return '';
  }

  row(view: EventView): Bytes {
    this.#capture = view.capture;
    const form = this.#formOf(view.type);
    if (form === null) {
      this.#leftOut.set(view.type.name, (this.#leftOut.get(view.type.name) ?? 0) + 1);
      return '';
    }
    if (view.dns !== null) this.#dns++;
    if (NAMING.has(view.type.name)) this.#told.add(view.type.name);
    this.#beginning.event(view);
    this.#write(view, form);
    return '';
  }

  end(): Bytes {
    const out = new GrowingBytes(1 << 20);
    if (this.#capture === null) section(out);
    else writeLists(out, this.#capture, this.#beginning, !this.#told.has('container'));
    this.#cut();
    this.#places.sort((a, b) => a.time - b.time); // stable: of one time, in the order in which they were written
    for (const { piece, from, to } of this.#places) out.put(this.#pieces[piece]!, from, to);
    return out.take();
  }

  /** What the file does not say of what was exported, a sentence each. */
  gaps(): readonly string[] {
    const said: string[] = [];
    const names = [...this.#leftOut].map(([name, n]) => `${n} ${name}`).join(', ');
    if (names !== '') said.push(`.scap has no such events, left out: ${names}`);
    if (this.#renamed.size > 0)
      said.push(`.scap of sysdig 0.29.3 has other names: ${[...this.#renamed].map(([from, to]) => `${from} is ${to}`).join(', ')}`);
    if (this.#bare.size > 0) said.push(`without result and arguments, which .scap has no place for: ${[...this.#bare].join(', ')}`);
    if (this.#dns > 0) said.push(`of ${this.#dns} DNS messages the bytes are written; names, types and answers are for Trowel to read`);
    if (this.#capture !== null && this.#capture.dims.objects.size > 0 && !this.#told.has('k8s'))
      said.push('names of pods and services are not written');
    return said;
  }

  #formOf(type: EventType): Form | null {
    let form = this.#forms.get(type);
    if (form === undefined) {
      form = formOf(type);
      this.#forms.set(type, form);
      if (form !== null && form.name !== type.name) this.#renamed.set(type.name, form.name);
      if (form !== null && form.call !== null && !isImported(type)) this.#bare.add(type.name);
    }
    return form;
  }

  #write(view: EventView, form: Form): void {
    const tid = view.thread?.tid ?? -1;
    const pending = (view.flags & EventFlag.PENDING) !== 0;
    const values = new EventValues(view, !pending && this.#isPaired(view));
    const unseen = this.#isPaired(view) && !pending && view.chunk!.latency[view.i]! < 0; // its beginning is not in that file either
    if (form.enter !== null && !unseen) {
      const begun = pending ? view.time : Math.max(startTime(view.chunk!, view.i), this.#ended.get(tid) ?? -Infinity);
      this.#event(view, begun, tid, form.enter, this.#values(view, form, form.enter, values, true));
    }
    if (pending && form.enter !== null) return;
    this.#event(view, view.time, tid, form.exit, this.#values(view, form, form.exit, values, false));
    if (form.enter !== null) this.#ended.set(tid, view.time);
  }

  #values(view: EventView, { call }: Form, { params }: EventForm, values: EventValues, begins: boolean): Value[] {
    if (call !== null) return params.map(() => call);
    const found = params.map((param, index) => values.of(param, index, begins));
    if (this.#isPaired(view)) while (found.length > 0 && found.at(-1) === null) found.pop();
    return found;
  }

  /** It is of a file in which calls were two events, and perhaps had fewer parameters: what is not there is left out, as there. */
  #isPaired({ type, capture }: EventView): boolean {
    if (!isImported(type)) return false;
    if (this.#paired || capture.dims.types.version === this.#typesSeen) return this.#paired;
    this.#typesSeen = capture.dims.types.version;
    for (const { args } of capture.dims.types.all()) this.#paired ||= args.some(({ enter }) => enter === true);
    return this.#paired;
  }

  #event(view: EventView, time: number, tid: number, form: EventForm, values: readonly Value[]): void {
    const out = this.#out;
    const from = out.length;
    const cpu = view.chunk!.cpu[view.i]!;
    eventBlock(out, { cpu, time: view.capture.epoch + BigInt(Math.round(time)), tid }, form, values);
    this.#places.push({ time, piece: this.#pieces.length, from, to: out.length });
    if (out.length > PIECE) this.#cut();
  }

  #cut(): void {
    this.#pieces.push(this.#out.take());
  }
}
