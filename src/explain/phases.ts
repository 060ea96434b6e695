/** The phases of a path while it is made: time of one kind, about one thing, however often it came and went. */
import type { Attempt, Lookup } from '../dns/lookup.ts';
import type { Analysis } from './analysis.ts';
import type { Retry } from './retries.ts';
import type { SocketWait } from './sockets.ts';
import type { DnsPhase, Phase, ProcessName } from './story.ts';

/** The longest pieces of a phase: its evidence, where it came and went a thousand times. */
class Longest {
  readonly #pieces: { readonly num: number; readonly duration: number }[] = [];
  #shortest = 0;

  add(num: number, duration: number): void {
    if (this.#pieces.length >= EVIDENCE && duration <= this.#shortest) return;
    this.#pieces.push({ num, duration });
    this.#pieces.sort((a, b) => b.duration - a.duration);
    if (this.#pieces.length > EVIDENCE) this.#pieces.pop();
    this.#shortest = this.#pieces.at(-1)!.duration;
  }

  /** Numbers of those that are worth a look: some part of the whole. */
  nums(whole: number): number[] {
    return this.#pieces.filter(({ duration }) => duration >= whole * WORTH).map(({ num }) => num);
  }
}

/** Pieces of a phase that are kept as its evidence, and the part of it that one must be to count. */
const EVIDENCE = 8;
const WORTH = 0.02;

export class Phases {
  readonly #analysis: Analysis;
  /** Whose they are, where that is another than the story's. */
  readonly #process: ProcessName | null;
  readonly #phases = new Map<string, Phase>();
  readonly #longest = new Map<string, Longest>();

  constructor(analysis: Analysis, process: ProcessName | null) {
    this.#analysis = analysis;
    this.#process = process;
  }

  /** In the order of their beginnings, each with the events that show it best. */
  all(): Phase[] {
    for (const [key, longest] of this.#longest) showLongest(this.#phases.get(key)!, longest);
    return [...this.#phases.values()].sort((a, b) => a.start - b.start || a.first - b.first);
  }

  /** Adds a stretch of time to the phase of a key; `nums`: events that show it. */
  add(key: string, fields: Pick<Phase, 'kind' | 'what'> & Partial<Phase>, start: number, end: number, nums: readonly number[]): void {
    const span = { start, end, duration: end - start, first: Math.min(...nums), last: Math.max(...nums), count: nums.length };
    const known = this.#phases.get(key);
    let longest = this.#longest.get(key);
    if (longest === undefined) {
      longest = new Longest();
      this.#longest.set(key, longest);
    }
    if (nums.length > 0) longest.add(nums[0]!, end - start);
    if (known === undefined) this.#phases.set(key, { process: this.#process, dns: null, socket: null, ...fields, ...span });
    else {
      merge(known, span);
      if (fields.socket !== undefined) this.#phases.set(key, { ...known, socket: fields.socket });
    }
  }

  addDns(lookup: Lookup, attempt: Attempt, from: number, to: number): void {
    const key = `dns ${lookup.id} ${attempt.start}`;
    const nums = [...attempt.queries, ...attempt.answers].map(({ num }) => num);
    const known = this.#phases.get(key);
    const dns = known?.dns ?? this.#dnsPhase(lookup, attempt);
    this.add(key, { kind: 'dns', what: attempt.name, dns }, from, to, known === undefined ? nums : []);
  }

  #dnsPhase(lookup: Lookup, attempt: Attempt): DnsPhase {
    const type = attempt.queries[0]!.qtype;
    const starts = attempt.queries.filter(({ qtype }) => qtype === type).map(({ start }) => start);
    const tries = starts.map((start, i) => ({ start, duration: (starts[i + 1] ?? attempt.end) - start }));
    const hops = attempt.queries.flatMap((query) => {
      const hop = this.#analysis.chain.hop(query);
      return hop === null ? [] : [{ query, hop }];
    });
    return { lookup, attempt, tries, hops };
  }

  addSocket(wait: SocketWait, from: number, to: number): void {
    const { socket, kind, error, outcome } = wait;
    const key = `${kind} ${socket.key}`;
    const known = this.#phases.get(key)?.socket;
    const { local, remote } = socket;
    const { longest = wait, closed: wasClosed = false } = known ?? {};
    const isLonger = known === undefined || wait.end - wait.start > longest.end - longest.start;
    const longer = isLonger ? wait : longest;
    const closed = isLonger ? outcome === 'closed' : wasClosed;
    const detail = {
      fds: [...socket.fds],
      local,
      remote,
      error: error ?? known?.error ?? null,
      closed,
      outcome,
      longest: { start: longer.start, end: longer.end, rest: longer.rest },
      peer: null,
      trouble: [],
    };
    this.add(key, { kind, what: remote, socket: detail }, from, to, [wait.first, wait.last]);
  }

  addRetry({ lock, call, what }: Retry, from: number, to: number, num: number): void {
    if (lock) this.add(`lock ${what}`, { kind: 'lock', what }, from, to, [num]);
    else this.add(`retry ${call} ${what}`, { kind: 'retry', what: `${call}${what === '' ? '' : ` ${what}`}` }, from, to, [num]);
  }

  /** What a child did in the time for which it was waited. */
  addChild(child: ProcessName, phases: readonly Phase[]): void {
    for (const phase of phases) {
      const key = `${child.pid} ${phase.kind} ${phase.what} ${phase.dns?.attempt.start ?? ''}`;
      const known = this.#phases.get(key);
      if (known === undefined) this.#phases.set(key, { ...phase, process: phase.process ?? child });
      else merge(known, phase);
    }
  }
}

function showLongest(phase: Phase, longest: Longest): void {
  const nums = longest.nums(phase.duration);
  if (phase.dns !== null || phase.socket !== null || nums.length === 0) return;
  phase.first = Math.min(...nums);
  phase.last = Math.max(...nums);
}

function merge(known: Phase, more: Pick<Phase, 'start' | 'end' | 'duration' | 'first' | 'last' | 'count'>): void {
  known.start = Math.min(known.start, more.start);
  known.end = Math.max(known.end, more.end);
  known.duration += more.duration;
  known.first = Math.min(known.first, more.first);
  known.last = Math.max(known.last, more.last);
  known.count += more.count;
}
