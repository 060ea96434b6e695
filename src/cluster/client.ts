/** One connection to a store, by HTTP. All text that SQL is made of comes from sql.ts and schema.ts. */

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import { type ClickHouseClient, createClient } from '@clickhouse/client';
import { CaptureError } from '../capture/error.ts';
import type { StoreAddress } from './address.ts';
import { STORE_VERSION } from './schema.ts';
import { text } from './sql.ts';

const TIMEOUT_MS = 300_000;

/** An insert answers when the server that keeps the rows has them: else what is sent again would not be seen there yet. */
const STORED_NOW = { insert_distributed_sync: 1 } as const;

export class StoreClient {
  readonly address: StoreAddress;
  readonly database: string;
  readonly #client: ClickHouseClient;

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

  /** Throws CaptureError where the store has not been made, or by a newer Trowel. */
  async check(): Promise<void> {
    const rows = await this.rows<{ v: string }>(`SELECT max(v) AS v FROM ${this.database}.version`);
    const version = Number(rows[0]?.v ?? 0);
    if (version === 0) throw new CaptureError(this.address.name, 'has no tables of Trowel: trowel cluster init makes them');
    if (version > STORE_VERSION)
      throw new CaptureError(this.address.name, `was made by a newer Trowel (version ${version}): update Trowel`);
  }

  command(sql: string): Promise<void> {
    return this.#said(async () => {
      await this.#client.command({ query: sql });
    });
  }

  /** Numbers of 64 bits are decimal text. */
  rows<Row>(sql: string): Promise<Row[]> {
    return this.#said(async () => {
      const found = await this.#client.query({ query: sql, format: 'JSONEachRow', clickhouse_settings: { wait_end_of_query: 1 } });
      return found.json<Row>();
    });
  }

  /** Rows as JSON objects; the same rows again do no harm in a table that replaces. */
  insertRows(table: string, values: readonly Readonly<Record<string, unknown>>[]): Promise<void> {
    return this.#said(async () => {
      await this.#client.insert({ table: `${this.database}.${table}`, values, format: 'JSONEachRow', clickhouse_settings: STORED_NOW });
    });
  }

  /** One block in the format Native: all of it, or nothing. */
  insertBlock(table: string, columns: readonly string[], block: Uint8Array): Promise<void> {
    return this.#said(async () => {
      const query = `INSERT INTO ${this.database}.${table} (${columns.join(', ')}) FORMAT Native`;
      const { stream } = await this.#client.exec({ query, values: Readable.from([block]), clickhouse_settings: STORED_NOW });
      for await (const _ of stream); // an insert answers nothing
    });
  }

  /** What a query gives in the format RowBinary, after all of it succeeded on the server; ends with the signal there too. */
  async *binary(sql: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const query = `${sql} FORMAT RowBinary`;
    const id = randomUUID();
    const stop = () => void this.#kill(id);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const settings = { wait_end_of_query: 1 } as const;
      const { stream } = await this.#said(() => this.#client.exec({ query, query_id: id, clickhouse_settings: settings }));
      for await (const piece of stream) yield piece as Uint8Array;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Ends a query on the server; what waits for it then fails. */
  async #kill(id: string): Promise<void> {
    await this.#client.command({ query: `KILL QUERY WHERE query_id = ${text(id)} ASYNC` }).catch(() => {}); // it had ended
  }

  close(): Promise<void> {
    return this.#client.close();
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
  const first = message.replace(/^.*DB::Exception: /s, '').split('\n')[0]!;
  if (/doesn't exist/.test(first)) return `${first.replace(/, e\.what.*/, '')} trowel cluster init makes the tables`;
  return first.replace(/, e\.what.*/, '');
}
