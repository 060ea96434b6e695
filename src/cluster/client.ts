/** One connection to a store, by HTTP. All text that SQL is made of comes from sql.ts and schema.ts. */

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { CaptureError } from '../capture/error.ts';
import { steadyNow } from '../model/steady.ts';
import type { StoreAddress } from './address.ts';
import { STORE_VERSION } from './schema.ts';
import { text } from './sql.ts';

const TIMEOUT_MS = 300_000;

/** An error in the middle of an answer would be taken for its end, and ids have more digits than a number of JavaScript. */
const ASKED = { wait_end_of_query: 1, output_format_json_quote_64bit_integers: 1 } as const;
/** So long a server may take to end a question. */
const GIVE_UP_MS = 2000;
/** Exit status of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Between two looks at whether an insert has ended. */
const SETTLE_MS = 100;
const insertPrefix = (of: string): string => `trowel-insert-${of}-`;

/** An insert answers when the server that keeps the rows has them: else what is sent again would not be seen there yet. */
const STORED_NOW = { insert_distributed_sync: 1 } as const;
/** Of servers that gather small inserts by themselves: what is sent is a block, and the same again the same block. */
const STORED_AS_SENT = { ...STORED_NOW, async_insert: 0 } as const;
/** What 18.16 asks for before it makes tables. */
const EXPERIMENTAL = { allow_experimental_low_cardinality_type: 1 } as const;
/** The first year whose servers have codecs, and gather inserts. */
const MODERN = 21;

export class StoreClient {
  readonly address: StoreAddress;
  readonly database: string;
  readonly #client: ClickHouseClient;
  /** Ids of the questions that the server is answering. */
  readonly #asked = new Set<string>();
  #onInterrupt: (() => void) | null = null;
  #year: Promise<number> | null = null;

  constructor(address: StoreAddress) {
    const { url, username, password, database } = address;
    this.address = address;
    this.database = database;
    this.#client = createClient({
      url,
      username,
      password,
      request_timeout: TIMEOUT_MS,
      log: { level: 127 }, // off: what goes wrong is thrown, and said once
      keep_alive: { enabled: true },
    });
  }

  /** Throws CaptureError where the store has not been made, or by another version of Trowel. */
  async check(): Promise<void> {
    const rows = await this.rows<{ v: string }>(`SELECT max(v) AS v FROM ${this.database}.version`);
    const version = Number(rows[0]?.v ?? 0);
    if (version === 0) throw new CaptureError(this.address.name, 'has no tables of Trowel: trowel cluster init makes them');
    if (version < STORE_VERSION)
      throw new CaptureError(
        this.address.name,
        `was made by an older Trowel (version ${version}): trowel cluster init brings its tables up to date`,
      );
    if (version > STORE_VERSION)
      throw new CaptureError(this.address.name, `was made by a newer Trowel (version ${version}): update Trowel`);
  }

  /** The first number of the server's version, such as 18. */
  year(): Promise<number> {
    this.#year ??= this.rows<{ v: string }>('SELECT version() AS v').then(([row]) => Number.parseInt(row!.v, 10));
    return this.#year;
  }

  /** Whether the server has codecs and gathers inserts. */
  async isModern(): Promise<boolean> {
    return (await this.year()) >= MODERN;
  }

  async command(sql: string): Promise<void> {
    const clickhouse_settings = (await this.isModern()) ? {} : EXPERIMENTAL;
    await this.#said(() => this.#client.command({ query: sql, clickhouse_settings }));
  }

  /** Ctrl-C ends what the server is working at for this client, and then the program. */
  endWithInterrupt(): void {
    this.#onInterrupt ??= () => {
      const ended = Promise.all([...this.#asked].map((id) => this.#kill(id)));
      void Promise.race([ended, sleep(GIVE_UP_MS)]).finally(() => process.exit(INTERRUPTED));
    };
    process.once('SIGINT', this.#onInterrupt);
  }

  /** Numbers of 64 bits are decimal text. */
  rows<Row>(sql: string): Promise<Row[]> {
    return this.#asking(async (query_id) => {
      const found = await this.#client.query({ query: sql, query_id, format: 'JSONEachRow', clickhouse_settings: ASKED });
      return found.json<Row>();
    });
  }

  /** The same without the names of columns: of many rows, half the work. */
  lists(sql: string): Promise<unknown[][]> {
    return this.#asking(async (query_id) => {
      const found = await this.#client.query({ query: sql, query_id, format: 'JSONCompact', clickhouse_settings: ASKED });
      return (await found.json<unknown[]>()).data;
    });
  }

  /** Rows as JSON objects; the same rows again do no harm in a table that replaces. */
  async insertRows(table: string, values: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    const clickhouse_settings = await this.#storing();
    await this.#said(() => this.#client.insert({ table: `${this.database}.${table}`, values, format: 'JSONEachRow', clickhouse_settings }));
  }

  /** One block in the format Native: all of it, or nothing. `of`: what inserts that belong together are waited for by. */
  async insertBlock(table: string, columns: readonly string[], block: Uint8Array, of: string): Promise<void> {
    const clickhouse_settings = await this.#storing();
    const query = `INSERT INTO ${this.database}.${table} (${columns.join(', ')}) FORMAT Native`;
    const query_id = `${insertPrefix(of)}${randomUUID()}`;
    await this.#said(async () => {
      const { stream } = await this.#client.exec({ query, query_id, values: Readable.from([block]), clickhouse_settings });
      for await (const _ of stream); // an insert answers nothing
    });
  }

  /** Resolves when the server works at no insert `of` this any more: whoever sent one may be dead, and the server not know it. */
  async settled(of: string): Promise<void> {
    const running = `SELECT count() AS n FROM system.processes WHERE startsWith(query_id, ${text(insertPrefix(of))})`;
    for (const end = steadyNow() + TIMEOUT_MS; steadyNow() < end; await sleep(SETTLE_MS)) {
      const [row] = await this.rows<{ n: string }>(running);
      if (Number(row!.n) === 0) return;
    }
  }

  /** What a query gives in the format RowBinary, after all of it succeeded on the server; ends with the signal there too. */
  async *binary(sql: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const query = `${sql} FORMAT RowBinary`;
    const id = randomUUID();
    const stop = () => void this.#kill(id);
    signal?.addEventListener('abort', stop, { once: true });
    this.#asked.add(id);
    try {
      const { stream } = await this.#said(() => this.#client.exec({ query, query_id: id, clickhouse_settings: ASKED }));
      for await (const piece of stream) yield piece as Uint8Array;
    } finally {
      this.#asked.delete(id);
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends a query on the server; what waits for it then fails. */
  async #kill(id: string): Promise<void> {
    await this.#client.command({ query: `KILL QUERY WHERE query_id = ${text(id)} ASYNC` }).catch(() => {}); // it had ended
  }

  close(): Promise<void> {
    if (this.#onInterrupt !== null) process.off('SIGINT', this.#onInterrupt);
    return this.#client.close();
  }

  async #storing(): Promise<typeof STORED_NOW> {
    return (await this.isModern()) ? STORED_AS_SENT : STORED_NOW;
  }

  async #asking<T>(work: (id: string) => Promise<T>): Promise<T> {
    const id = randomUUID();
    this.#asked.add(id);
    try {
      return await this.#said(() => work(id));
    } finally {
      this.#asked.delete(id);
    }
  }

  async #said<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CaptureError) throw error;
      throw new CaptureError(this.address.name, problemOf(error as Error));
    }
  }
}

function problemOf({ message }: Error): string {
  const first = message.replace(/^.*DB::Exception: /s, '').split(/[\r\n]/)[0]!;
  if (/doesn't exist/.test(first)) return `${first.replace(/\.?,? e\.what.*|\.$/, '')}: trowel cluster init makes the tables`;
  return first.replace(/, e\.what.*/, '');
}
