/** The event context: one event with what has been found out about it so far. */
import { EventHead } from './event-head.ts';
import type { Fd } from './fd.ts';
import type { OpenCall } from './open-call.ts';
import { Params } from './params.ts';
import { type EventSchema, schemaOf } from './schema.ts';
import type { Thread } from './thread.ts';

/**
 * A plain value that each stage fills in for the next: the header (blocks), the call that the event ends (pairing), its thread and
 * descriptor (state). One object is moved from event to event.
 */
export class EventContext {
  readonly head = new EventHead();
  /** 1 for the first numbered event of the file. */
  num = 0;
  schema: EventSchema = schemaOf(0)!;
  /** ns since the file's first event. */
  time = 0;
  readonly params = new Params();
  /** The call that this event ends; null: none, or its begin event is not in the file. */
  call: OpenCall | null = null;
  /** The parameters of the event that began `call`; none where there is no call. */
  readonly begin = new Params();
  /** As `begin`, but null also where another event of the thread came in between: sysdig's condition for using them. */
  enter: Params | null = null;
  thread: Thread | null = null;
  fd: Fd | null = null;

  get type(): number {
    return this.head.type;
  }

  get tid(): number {
    return this.head.tid;
  }

  /** Moves to the event that `head` stands on. */
  start(schema: EventSchema, time: number): void {
    this.schema = schema;
    this.time = time;
    this.call = this.enter = this.thread = this.fd = null;
  }

  loadParams(): void {
    const { region, from, to, counted } = this.head;
    this.params.load(region, from, to, this.schema, counted);
  }

  /** The event ends `call`, whose begin event is of the type before this one's. */
  ends(call: OpenCall | null): void {
    this.call = call;
    if (call === null) this.begin.clear();
    else this.begin.load(call.region, call.from, call.to, schemaOf(call.type)!, call.counted);
  }
}
