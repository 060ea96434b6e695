/** The node's network while recording: somebody looks at it, and what is found becomes rows of the capture. */
import type { NodeMissing } from '../model/node.ts';
import type { DimensionTables } from '../model/rows.ts';
import { NodeBook } from '../node/book.ts';
import type { Snapshot } from '../node/read.ts';
import type { NodeLooks } from './node-looks.ts';

/** For a look: a large node takes a second. */
const FIRST_LOOK_MS = 3_000;
const LAST_LOOK_MS = 5_000;

export class NodeSource {
  /** The namespace that was chosen as the node's; null: none. */
  readonly netns: string | null;
  readonly #looks: NodeLooks;
  readonly #first = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  readonly #missing = new Map<string, NodeMissing>();
  /** What came before there was a capture. */
  readonly #waiting: Snapshot[] = [];
  #book: NodeBook | null = null;

  constructor(netns: string | null, looks: NodeLooks) {
    this.netns = netns;
    this.#looks = looks;
    looks.begin({
      seen: (snapshot) => this.#take(snapshot),
      failed: (reason) => this.#failed(reason),
      over: () => this.#over(),
    });
  }

  /** The node was looked at for the first time, or could not be. Before the probe begins, so that it records none of it. */
  get first(): Promise<void> {
    return within(FIRST_LOOK_MS, this.#first.promise);
  }

  get missing(): readonly NodeMissing[] {
    return [...this.#missing.values()];
  }

  /** Where rows go from now on. `epoch`: ns since 1970 of the capture's time zero. */
  begin({ nodeFacts }: DimensionTables, epoch: bigint): void {
    this.#book = new NodeBook(nodeFacts, Number(epoch / 1_000_000n));
    for (const snapshot of this.#waiting.splice(0)) this.#book.take(snapshot);
  }

  /** Looks once more and ends. */
  async end(): Promise<void> {
    this.#looks.last();
    await within(LAST_LOOK_MS, this.#ended.promise);
    await this.#looks.end();
  }

  #take(snapshot: Snapshot): void {
    for (const missing of snapshot.missing) this.#missing.set(missing.id, missing);
    if (this.#book === null) this.#waiting.push(snapshot);
    else this.#book.take(snapshot);
    this.#first.resolve();
  }

  #failed(reason: string): void {
    this.#missing.set('node', { id: 'node', reason });
    this.#over();
  }

  #over(): void {
    this.#first.resolve();
    this.#ended.resolve();
  }
}

function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
