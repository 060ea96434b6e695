/** What the collector and its broker say to each other. What the collector says is not trusted: it reads bytes of others' programs. */
import type { KubeOptions } from '../../collector/name-sources.ts';
import type { KubeContainer, KubeEvent, KubeObject } from '../../kube/reduce.ts';
import type { NameSource } from '../../model/kube.ts';
import type { Snapshot } from '../../node/read.ts';

/** The first line, said before the collector gives up root. */
export interface Order {
  /** Of the collector. */
  readonly pid: number;
  /** Absent: the node is not looked at. */
  readonly node?: { readonly host: string | null };
  readonly kube?: KubeOptions;
  readonly command: readonly string[];
  /** Where the probe connects. */
  readonly address: string;
  /** What is root's, and to be removed at the end. */
  readonly remove: readonly string[];
}

/** All that may be asked behind it. */
export const REQUESTS = ['probe', 'end-probe', 'command', 'end-command', 'names', 'end-names', 'last-look', 'end-looks', 'raise'] as const;
export type Request = (typeof REQUESTS)[number];
export const MAX_REQUEST = 32;
export const MAX_ORDER = 4 << 20;
export const MAX_WORD = 64 << 20;

export type Child = 'probe' | 'command';

export type Word =
  | { readonly started: Child; readonly pid: number }
  | { readonly ended: Child; readonly code: number }
  | { readonly failed: Child; readonly reason: string }
  | { readonly snapshot: Snapshot }
  | { readonly noLooks: string | null }
  | { readonly of: NameSource; readonly object: KubeObject }
  | { readonly of: NameSource; readonly container: KubeContainer }
  | { readonly of: NameSource; readonly gone: string }
  | { readonly of: NameSource; readonly containerGone: string }
  | { readonly of: NameSource; readonly event: KubeEvent }
  | { readonly nameErrors: readonly string[]; readonly last: boolean }
  | { readonly programs: number };

/** Lines of a stream. `most`: bytes that the next line may have. A longer one, `onTooLong`, and nothing more. */
export class Lines {
  #pieces: Buffer[] = [];
  #length = 0;
  #over = false;
  readonly #most: () => number;
  readonly #onLine: (line: string) => void;
  readonly #onTooLong: () => void;

  constructor(most: () => number, onLine: (line: string) => void, onTooLong: () => void) {
    this.#most = most;
    this.#onLine = onLine;
    this.#onTooLong = onTooLong;
  }

  take(bytes: Buffer): void {
    let from = 0;
    while (from < bytes.length && !this.#over) {
      const end = bytes.indexOf(10, from);
      const piece = bytes.subarray(from, end < 0 ? bytes.length : end);
      this.#length += piece.length;
      this.#pieces.push(piece);
      if (this.#length > this.#most()) this.#tooLong();
      if (end < 0 || this.#over) return;
      const line = Buffer.concat(this.#pieces).toString();
      this.#pieces = [];
      this.#length = 0;
      from = end + 1;
      this.#onLine(line);
    }
  }

  #tooLong(): void {
    this.#over = true;
    this.#pieces = [];
    this.#onTooLong();
  }
}
