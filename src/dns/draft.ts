/**
 * Which queries are one lookup. A resolver asks for A and AAAA of one name after another; it repeats a question under the id
 * that it had, on the same socket or a new one, also of a type that was answered while the other was not. A lookup made
 * anew has new ids.
 */
import type { DnsRow } from '../model/dns.ts';
import { SECOND } from '../model/time.ts';
import { type Answers, isFinal, isTruncated } from './answers.ts';
import type { ResolverUsed } from './resolver.ts';
import { Stem } from './stem.ts';

/** No resolver pauses longer between two attempts of one lookup. */
const LONGEST_PAUSE = 60 * SECOND;
/** After an answer a resolver goes on at once: who asks later has been asked again. */
const LONGEST_THOUGHT = 1 * SECOND;
/** Kubernetes allows 32 search domains: with the name as asked, no lookup tries more names. */
const MOST_NAMES = 33;
/** As many lookups of names that begin alike are under way at once in a process, at most. */
const MAX_ALIKE = 64;
const ALL_IDS = 65_536;
/** As many ids are remembered of one question: resolvers do not repeat it under older ones. */
const MAX_IDS = 16;
/** Asked for in one lookup. */
const ADDRESS_TYPES: ReadonlySet<string> = new Set(['A', 'AAAA', 'HTTPS', 'SVCB']);

/** What is known of one type of record that is asked for. */
interface TypeAsked {
  readonly ids: number[];
  /** A resolver is content with the answer that it has. */
  final: boolean;
  /** The server did not understand: then the question is made anew, under another id. */
  misunderstood: boolean;
}

/** One name tried, while its queries come in. */
export interface NameTried {
  /** In lower case. */
  readonly name: string;
  readonly queries: DnsRow[];
  readonly types: Map<string, TypeAsked>;
  /** The resolver repeats a question under the same id. */
  keepsIds: boolean;
  unanswered: number;
  /** An answer had records. */
  succeeded: boolean;
  /** When the last answer came. */
  lastAnswer: number;
}

/** A lookup while its queries come in. */
export interface Draft {
  readonly pid: number;
  readonly thread: number;
  readonly resolver: ResolverUsed | null;
  readonly attempts: NameTried[];
  /** All names tried. */
  readonly names: string[];
  readonly stem: Stem;
  lastTime: number;
}

export class Drafts {
  readonly all: Draft[] = [];
  readonly #answers: Answers;
  readonly #resolverOf: (pid: number, time: number) => ResolverUsed | null;
  /** By process and message id: the last that asked under it. */
  readonly #byId = new Map<number, Draft>();
  /** By process and the name's first label, which no search domain changes. */
  readonly #alike = new Map<string, Draft[]>();

  constructor(answers: Answers, resolverOf: (pid: number, time: number) => ResolverUsed | null) {
    this.#answers = answers;
    this.#resolverOf = resolverOf;
  }

  /** Adds a client's query; queries come in the order of time. */
  add(pid: number, query: DnsRow): void {
    const name = query.qname.toLowerCase();
    const idKey = pid * ALL_IDS + query.messageId;
    const draft = this.#repeated(idKey, name, query) ?? this.#goingOn(pid, name, query) ?? this.#begin(pid, name, query);
    this.#push(draft, name, query);
    this.#byId.set(idKey, draft);
  }

  /** The lookup that asked the very same before and does not know all that it wants to know. */
  #repeated(idKey: number, name: string, query: DnsRow): Draft | null {
    const draft = this.#byId.get(idKey);
    if (draft === undefined || query.time - draft.lastTime >= LONGEST_PAUSE) return null;
    const current = draft.attempts.at(-1)!;
    const isSame = current.name === name && (current.types.get(query.qtype)?.ids.includes(query.messageId) ?? false);
    return isSame && !isComplete(current) ? draft : null;
  }

  /** The lookup that a question goes on with: one of the same thread before one of another. */
  #goingOn(pid: number, name: string, query: DnsRow): Draft | null {
    const alike = this.#alike.get(alikeKey(pid, name));
    if (alike === undefined) return null;
    let fitting: Draft | null = null;
    let kept = 0;
    for (const draft of alike) {
      if (query.time - draft.lastTime >= LONGEST_PAUSE || isOver(draft)) continue;
      alike[kept++] = draft;
      if (!belongs(draft, name, query)) continue;
      if (fitting === null || draft.thread === query.thread) fitting = draft;
    }
    alike.length = kept;
    return fitting;
  }

  #begin(pid: number, name: string, query: DnsRow): Draft {
    const resolver = this.#resolverOf(pid, query.time);
    const stem = new Stem(resolver?.search ?? null);
    const draft: Draft = { pid, thread: query.thread, resolver, attempts: [], names: [], stem, lastTime: query.time };
    this.all.push(draft);
    const key = alikeKey(pid, name);
    const alike = this.#alike.get(key);
    if (alike === undefined) this.#alike.set(key, [draft]);
    else if (alike.push(draft) > MAX_ALIKE) alike.shift();
    return draft;
  }

  #push(draft: Draft, name: string, query: DnsRow): void {
    if (draft.attempts.at(-1)?.name !== name) {
      draft.attempts.push(newName(name));
      draft.names.push(name);
      draft.stem.add(name);
    }
    draft.lastTime = query.time;
    note(draft.attempts.at(-1)!, query, this.#answers.of(query));
  }
}

function alikeKey(pid: number, name: string): string {
  const dot = name.indexOf('.');
  return `${pid} ${dot < 0 ? name : name.slice(0, dot)}`;
}

function newName(name: string): NameTried {
  return { name, queries: [], types: new Map(), keepsIds: false, unanswered: 0, succeeded: false, lastAnswer: -Infinity };
}

function note(tried: NameTried, query: DnsRow, answer: DnsRow | null): void {
  tried.queries.push(query);
  let type = tried.types.get(query.qtype);
  if (type === undefined) {
    type = { ids: [], final: false, misunderstood: false };
    tried.types.set(query.qtype, type);
  }
  const isRepeated = type.ids.includes(query.messageId);
  if (isRepeated || query.call === 'sendmmsg') tried.keepsIds = true;
  if (!isRepeated && type.ids.push(query.messageId) > MAX_IDS) type.ids.shift();
  if (query.partner === null) tried.unanswered++;
  else tried.lastAnswer = Math.max(tried.lastAnswer, answer?.time ?? query.start + (query.latency ?? 0));
  if (answer === null) return;
  type.final ||= isFinal(answer);
  type.misunderstood ||= answer.rcode === 'FORMERR' || answer.rcode === 'NOTIMP';
  tried.succeeded ||= answer.answers.length > 0 && !isTruncated(answer);
}

/** All types that are asked for have their answers. */
function isComplete({ types }: NameTried): boolean {
  for (const { final } of types.values()) if (!final) return false;
  return true;
}

/** No query can go on with it: both kinds of address, or another record, were found. */
function isOver({ attempts }: Draft): boolean {
  const { types, succeeded } = attempts.at(-1)!;
  if (!succeeded || !isComplete(attempts.at(-1)!)) return false;
  return types.size > 1 || !ADDRESS_TYPES.has(types.keys().next().value!);
}

/** Whether a query goes on with a lookup: the same name again, or the same stem under another suffix after a failure. */
function belongs(draft: Draft, name: string, query: DnsRow): boolean {
  const current = draft.attempts.at(-1)!;
  if (name === current.name) return asksMore(current, query);
  if (draft.attempts.length >= MOST_NAMES || !isPair(current, query.qtype) || current.succeeded || draft.names.includes(name)) return false;
  if (draft.thread !== query.thread && current.unanswered > 0) return false;
  if (current.unanswered === 0 && query.start - current.lastAnswer > LONGEST_THOUGHT) return false;
  return draft.stem.fits(name);
}

/** Whether a question about the same name belongs to the lookup; one that was asked before under another id may not. */
function asksMore(current: NameTried, query: DnsRow): boolean {
  const before = current.types.get(query.qtype);
  if (before === undefined) return isPair(current, query.qtype);
  if (before.final) return false;
  return !current.keepsIds || before.misunderstood;
}

function isPair({ types }: NameTried, qtype: string): boolean {
  return types.has(qtype) || (ADDRESS_TYPES.has(qtype) && [...types.keys()].every((type) => ADDRESS_TYPES.has(type)));
}
