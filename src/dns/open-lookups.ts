/**
 * The lookups that a query may still go on with. Found by what a query says, not by going through all of them: a node that
 * looks up one name a thousand times a second has sixty thousand that are not over.
 */
import type { DnsRow } from '../model/dns.ts';
import { SECOND } from '../model/time.ts';

/** No resolver pauses longer between two attempts of one lookup. */
const LONGEST_PAUSE = 60 * SECOND;
/** Kubernetes allows 32 search domains: with the name as asked, no lookup tries more names. */
export const MOST_NAMES = 33;

/** A lookup as far as its queries are known. */
export interface Draft {
  /** By when it began. */
  readonly id: number;
  readonly thread: number;
  /** Names tried, in lower case; the last one is being asked for. */
  readonly names: readonly string[];
  /** Of the last name: types that have an answer with which no resolver asks again. */
  readonly final: ReadonlySet<string>;
  /** Of the last name: queries without an answer. */
  readonly unanswered: number;
  /** Of the last name: an answer had records. */
  readonly succeeded: boolean;
  readonly lastTime: number;
}

/** Of one process. */
export class OpenLookups<D extends Draft> {
  readonly #sameStem: (draft: D, name: string) => boolean;
  /** By the name that is being asked for. */
  readonly #byName = new Map<string, Waiting<D>>();
  /** By each of a name's beginnings: a name with another search suffix shares one. */
  readonly #byStem = new Map<string, Waiting<D>>();

  /** `sameStem`: whether a name may be a lookup's next. */
  constructor(sameStem: (draft: D, name: string) => boolean) {
    this.#sameStem = sameStem;
  }

  /** The first lookup that a query goes on with: the same name again, or the same stem under another suffix after a failure. */
  find({ qname, qtype, thread, time }: DnsRow): D | null {
    const name = qname.toLowerCase();
    const over = (draft: D) => time - draft.lastTime >= LONGEST_PAUSE;
    let found = this.#byName.get(name)?.first(
      qtype,
      (draft) => over(draft) || draft.names.at(-1) !== name || draft.final.has(qtype),
      () => true,
    );
    for (const stem of beginnings(name)) {
      const other = this.#byStem.get(stem)?.first(
        name,
        (draft) => over(draft) || draft.succeeded || draft.names.includes(name) || !this.#sameStem(draft, name),
        (draft) => draft.thread === thread || draft.unanswered === 0,
      );
      if (other !== undefined && (found === undefined || other.id < found.id)) found = other;
    }
    return found ?? null;
  }

  /** Says that a lookup began, or went on to its next name. `stems`: what of the name may stay the same. */
  add(draft: D, stems: readonly string[]): void {
    waiting(this.#byName, draft.names.at(-1)!).add(draft);
    if (draft.names.length > 1) return; // the stems of a later name are among those of the first
    for (const stem of stems) waiting(this.#byStem, stem).add(draft);
  }
}

/** Lookups that may be asked for with different questions; each question forgets those that can never again be its answer. */
class Waiting<D extends Draft> {
  readonly #all: D[] = [];
  /** `left` from `head` on: those that may still be an answer. */
  readonly #byQuestion = new Map<string, { seen: number; head: number; left: D[] }>();

  add(draft: D): void {
    this.#all.push(draft);
  }

  /** The one that began first, of those that are not `over` for this question (for good) and `fit` now. */
  first(question: string, over: (draft: D) => boolean, fits: (draft: D) => boolean): D | undefined {
    let asked = this.#byQuestion.get(question);
    if (asked === undefined) {
      asked = { seen: 0, head: 0, left: [] };
      this.#byQuestion.set(question, asked);
    }
    const { left } = asked;
    for (; asked.seen < this.#all.length; asked.seen++) insert(left, asked.head, this.#all[asked.seen]!);
    const kept: D[] = [];
    let found: D | undefined;
    let at = asked.head;
    for (; at < left.length && found === undefined; at++) {
      const draft = left[at]!;
      if (over(draft)) continue;
      kept.push(draft);
      if (fits(draft)) found = draft;
    }
    asked.head = at - kept.length;
    for (const [i, draft] of kept.entries()) left[asked.head + i] = draft;
    return found;
  }
}

/** Keeps the order in which lookups began. */
function insert<D extends Draft>(drafts: D[], from: number, draft: D): void {
  let at = drafts.length;
  while (at > from && drafts[at - 1]!.id > draft.id) at--;
  if (at === drafts.length) drafts.push(draft);
  else drafts.splice(at, 0, draft);
}

function waiting<D extends Draft>(map: Map<string, Waiting<D>>, key: string): Waiting<D> {
  let found = map.get(key);
  if (found === undefined) {
    found = new Waiting();
    map.set(key, found);
  }
  return found;
}

/** `a.b.c`: a, a.b, a.b.c. */
function beginnings(name: string): string[] {
  const found: string[] = [];
  for (let dot = name.indexOf('.'); dot > 0; dot = name.indexOf('.', dot + 1)) found.push(name.slice(0, dot));
  found.push(name);
  return found;
}
