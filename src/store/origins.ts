/** Where each event of a capture of several came from: which of them, and its number there. A table of its own, a row for each run of events. */
import Database from 'better-sqlite3';
import type { Origin } from '../capture/capture.ts';
import { nodesOfMembers } from '../capture/members.ts';
import type { CaptureMeta } from '../capture/meta.ts';
import { CHUNK_EVENTS } from '../model/chunk.ts';
import { packNumbers, unpackNumbers } from './codec.ts';

const TABLE = 'CREATE TABLE origin (first INTEGER PRIMARY KEY, n INTEGER NOT NULL, members BLOB NOT NULL, nums BLOB NOT NULL)';
const COMPRESSION = { level: 3, small: true };

interface Row {
  readonly first: number;
  readonly n: number;
  readonly members: Uint8Array;
  /** Distances from the number before of the same member. */
  readonly nums: Uint8Array;
}

/** Keeps them packed, some bits an event, until there is a file to write them to. */
export class OriginLog {
  readonly #rows: Row[] = [];
  readonly #members = new Uint16Array(CHUNK_EVENTS);
  readonly #nums = new Float64Array(CHUNK_EVENTS);
  #last: number[] = [];
  #n = 0;
  #next = 1;

  /** Of the next event. */
  add(member: number, num: number): void {
    this.#members[this.#n] = member;
    this.#nums[this.#n] = num - (this.#last[member] ?? 0);
    this.#last[member] = num;
    if (++this.#n === CHUNK_EVENTS) this.#seal();
  }

  write(path: string): void {
    this.#seal();
    const db = new Database(path);
    try {
      db.pragma('synchronous = OFF');
      db.exec(TABLE);
      const insert = db.prepare('INSERT INTO origin VALUES (@first, @n, @members, @nums)');
      db.transaction(() => {
        for (const row of this.#rows) insert.run(row);
      })();
    } finally {
      db.close();
    }
  }

  #seal(): void {
    const n = this.#n;
    if (n === 0) return;
    const pack = (values: Uint16Array | Float64Array) => packNumbers(values, n, false, COMPRESSION);
    this.#rows.push({ first: this.#next, n, members: pack(this.#members), nums: pack(this.#nums) });
    this.#next += n;
    this.#last = [];
    this.#n = 0;
  }
}

/** Null: the capture does not say, or has no such event. */
export function readOrigin(db: Database.Database, meta: Readonly<Partial<CaptureMeta>>, num: number): Origin | null {
  const nodes = nodesOfMembers(meta);
  if (nodes.length === 0 || db.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'origin'`).get() === undefined) return null;
  const row = db.prepare('SELECT * FROM origin WHERE first <= ? ORDER BY first DESC LIMIT 1').get(num) as Row | undefined;
  if (row === undefined || !Number.isInteger(row.n) || row.n > CHUNK_EVENTS || num >= row.first + row.n) return null;
  return originIn(row, num - row.first, nodes);
}

function originIn({ n, members, nums }: Row, at: number, nodes: readonly string[]): Origin | null {
  const [of, by] = [new Uint16Array(n), new Float64Array(n)];
  unpackNumbers(members, n, of);
  unpackNumbers(nums, n, by);
  const member = of[at]!;
  const node = nodes[member];
  if (node === undefined) return null;
  let num = 0;
  for (let i = 0; i <= at; i++) if (of[i] === member) num += by[i]!;
  return { node, num };
}
