/** Takes secrets out of what a probe says, before anything of it is stored or asked for. What it took is counted. */
import { type ArgStorage, ArgWriter, decodeArgs } from '../model/args.ts';
import { EventFlag } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import { RULES, type Rule, redact, redactArgs } from '../model/redact.ts';
import { COLUMN_WIDTHS } from './batch.ts';
import type { BatchDef, FdDef, ThreadDef } from './wire.ts';

/** In how many of each something was taken out. */
export interface Redacted {
  payloads: number;
  arguments: number;
  commands: number;
  environments: number;
  /** Of files, sockets, programs, and folders that a process was in. */
  names: number;
}

/** One of these is in whatever a rule of ours finds: most texts have none, and are looked at no further. */
const HINT =
  /-----BEGIN|:\/\/|\?[^\s]*=|cookie|authorization|token|pass|secret|key|credential|bearer|basic|\beyJ|AKIA|gh[pousr]_|glpat-|xox[abprs]-|\bsk-|pwd|\bpw\s*=|sig|session|auth|\s-[up]|redis-cli/i;
const NOTHING = new Uint8Array(0);

export class Redactor {
  readonly #rules: readonly Rule[];
  readonly #types: { get(id: number): EventType | undefined };
  /** Null: rules of one's own may find anything. */
  readonly #hint: RegExp | null;
  readonly #writer = new ArgWriter();
  readonly count: Redacted = { payloads: 0, arguments: 0, commands: 0, environments: 0, names: 0 };

  /** `own`: rules beside those that there are. */
  constructor(own: readonly Rule[], types: { get(id: number): EventType | undefined }) {
    this.#rules = [...RULES, ...own];
    this.#hint = own.length === 0 ? HINT : null;
    this.#types = types;
  }

  /** The batch without what is secret in it; the same batch where there is nothing. Its columns have been checked. */
  batch(batch: BatchDef): BatchDef {
    const threads = batch.threads.some(({ args, env, cwd, exe }) => args.length + env.length + cwd.length + exe.length > 0)
      ? batch.threads.map((def) => this.#thread(def))
      : batch.threads;
    const fds = batch.fds.some(({ name }) => this.#mayHave(name)) ? batch.fds.map((def) => this.#fd(def)) : batch.fds;
    return changed(batch, { threads, fds, ...this.#payloads(batch), ...this.#args(batch) });
  }

  #thread(def: ThreadDef): ThreadDef {
    if (def.env.length > 0) this.count.environments++;
    const places = { env: NOTHING, cwd: this.#name(def.cwd), exe: this.#name(def.exe) };
    const args = this.#command(def.args);
    if (args === null) return changed(def, places);
    this.count.commands++;
    return changed(def, { ...places, args });
  }

  #fd(def: FdDef): FdDef {
    const name = this.#name(def.name);
    return name === def.name ? def : changed(def, { name });
  }

  #name(bytes: Uint8Array): Uint8Array {
    const safe = bytes.length === 0 ? null : this.#text(bytes);
    if (safe !== null) this.count.names++;
    return safe ?? bytes;
  }

  /** Null: as it was. */
  #command(bytes: Uint8Array): Buffer | null {
    const line = latin1(bytes);
    const safe = redactArgs(line.split('\0'), this.#rules).join('\0');
    return safe === line ? null : Buffer.from(safe, 'latin1');
  }

  #text(bytes: Uint8Array): Buffer | null {
    const text = latin1(bytes);
    if (this.#hint?.test(text) === false) return null;
    const safe = redact(text, this.#rules);
    return safe === text ? null : Buffer.from(safe, 'latin1');
  }

  #mayHave(bytes: Uint8Array): boolean {
    return bytes.length > 0 && this.#hint?.test(latin1(bytes)) !== false;
  }

  #payloads(batch: BatchDef): Partial<BatchDef> {
    if (!this.#mayHave(batch.data)) return {};
    const flags = Buffer.from(batch.flags);
    const { blob, lengths } = rewritten(batch.data, batch.dataLen, COLUMN_WIDTHS.dataLen, (bytes, i) => {
      const safe = this.#text(bytes);
      if (safe === null) return bytes;
      this.count.payloads++;
      flags[i * COLUMN_WIDTHS.flags]! |= EventFlag.TRUNCATED; // it is no longer all that there was
      return safe;
    });
    return { data: blob, dataLen: lengths, flags };
  }

  #args(batch: BatchDef): Partial<BatchDef> {
    if (!this.#mayHave(batch.args)) return {};
    const { blob, lengths } = rewritten(batch.args, batch.argsLen, COLUMN_WIDTHS.argsLen, (bytes, i) => {
      if (!this.#mayHave(bytes)) return bytes;
      const type = this.#types.get(batch.type[2 * i]! | (batch.type[2 * i + 1]! << 8));
      const safe = this.#eventArgs(
        bytes,
        (type?.args ?? []).map(({ storage }) => storage),
      );
      if (safe === null) return bytes;
      this.count.arguments++;
      return safe;
    });
    return { args: blob, argsLen: lengths };
  }

  /** Null: as they were. */
  #eventArgs(bytes: Uint8Array, storage: readonly ArgStorage[]): Uint8Array | null {
    const writer = this.#writer;
    let changed = false;
    writer.reset();
    const values = decodeArgs(bytes, storage);
    const known = values.findLastIndex((value) => value !== null) + 1; // what is missing at the end stays missing
    for (const [k, value] of values.slice(0, known).entries()) {
      if (storage[k] === 'column') continue;
      if (typeof value === 'number') writer.number(value);
      else {
        const safe = value === null ? null : value.includes(0) ? this.#command(value) : this.#text(value);
        changed ||= safe !== null;
        writer.blob(safe ?? value);
      }
    }
    return changed ? writer.bytes().slice() : null;
  }
}

/** A message with other fields. What it does not have on the wire it has from its prototype, which a copy would not. */
function changed<T extends object>(message: T, fields: Partial<T>): T {
  return Object.assign(Object.create(message) as T, fields);
}

/** A column of bytes with each event's replaced, and its lengths. */
function rewritten(
  blob: Uint8Array,
  lengths: Uint8Array,
  width: number,
  change: (bytes: Uint8Array, i: number) => Uint8Array,
): { blob: Buffer; lengths: Buffer } {
  const before = Buffer.from(lengths.buffer, lengths.byteOffset, lengths.length);
  const after = Buffer.alloc(lengths.length);
  const parts: Uint8Array[] = [];
  for (let i = 0, at = 0; i < lengths.length / width; i++) {
    const length = before.readUIntLE(i * width, width);
    const part = length === 0 ? NOTHING : change(blob.subarray(at, at + length), i);
    after.writeUIntLE(part.length, i * width, width);
    parts.push(part);
    at += length;
  }
  return { blob: Buffer.concat(parts), lengths: after };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
