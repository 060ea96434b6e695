/**
 * What an event has from others: whether its descriptor changed its name, how long a thread that leaves a CPU had it, and what its process
 * has as its standard input, output and error.
 * One pass over the events in question, made when first asked for, and over those that came since when asked again.
 */
import type { Capture } from '../capture/capture.ts';
import { Matcher } from '../capture/select.ts';
import type { CaptureContext, Followed } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import type { Chunk } from '../model/chunk.ts';
import { fdName } from '../model/fd-name.ts';
import { Stdio } from './stdio.ts';

export function followedIn(capture: Capture, context: CaptureContext): Followed {
  const names = new Pass(capture, context, 'fd.type in (ipv4, ipv6) and fd.num>=0', new NameChanges(capture));
  const switches = new Pass(capture, context, 'evt.type=switch', new ExecTimes(capture));
  const stdio = new Pass(capture, context, 'fd.num in (0, 1, 2)', new Stdio(capture.dims));
  return {
    stdio: (process, num, { time, num: at }) => stdio.upTo(at).at(process, num, time),
    nameChanged: (num) => names.upTo(num).changed.has(num),
    execTime: (num) => switches.upTo(num).times.get(num) ?? null,
  };
}

/** Takes events in their order. */
interface Follower {
  take(chunk: Chunk, i: number): void;
}

class Pass<F extends Follower> {
  readonly #capture: Capture;
  readonly #context: CaptureContext;
  readonly #filter: string;
  readonly #follower: F;
  /** Number of the last event of the capture when it was last read. */
  #seen = 0;

  constructor(capture: Capture, context: CaptureContext, filter: string, follower: F) {
    this.#capture = capture;
    this.#context = context;
    this.#filter = filter;
    this.#follower = follower;
  }

  /** What is known when the events up to one were read. */
  upTo(num: number): F {
    if (num <= this.#seen) return this.#follower;
    const after = this.#seen;
    this.#seen = Math.max(num, this.#capture.last()?.num ?? 0);
    const matcher = new Matcher(compileFilter(this.#filter, this.#context), { fromNum: after + 1 });
    for (const head of this.#capture.heads(after)) {
      // Somebody reads events while this is asked: the chunk that passes is theirs.
      const match = matcher.stored(head, () => this.#capture.chunk(head));
      for (let k = 0; k < (match?.n ?? 0); k++) this.#follower.take(match!.chunk, match!.selection[k]!);
    }
    return this.#follower;
  }
}

/** Calls that tell a socket's ends, as sysdig takes them. */
const TELLING: ReadonlySet<string> = new Set('connect accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg'.split(' '));

/** Sockets whose ends became others, or known, with a call: a datagram from or to somebody else, a connection. */
class NameChanges implements Follower {
  readonly changed = new Set<number>();
  readonly #dims: Capture['dims'];
  /** Names by process and number. */
  readonly #names = new Map<string, string>();

  constructor({ dims }: Capture) {
    this.#dims = dims;
  }

  take(chunk: Chunk, i: number): void {
    const { types, fds, threads, processes } = this.#dims;
    const type = types.get(chunk.type[i]!)?.name ?? '';
    const fd = fds.get(chunk.fd[i]!);
    const key = `${processes.get(threads.get(chunk.thread[i]!)?.process ?? 0)?.pid ?? 0} ${chunk.fdnum[i]!}`;
    if (type === 'close') this.#names.delete(key);
    else if (type === 'socket') this.#names.set(key, '');
    else if (TELLING.has(type) && fd !== undefined) {
      const name = fdName(fd);
      const before = type.startsWith('accept') ? '' : this.#names.get(key);
      if (before !== undefined && before !== name) this.changed.add(chunk.num[i]!);
      this.#names.set(key, name);
    }
  }
}

/** A switch takes a thread off a CPU, which it had since the switch before. */
class ExecTimes implements Follower {
  readonly times = new Map<number, { readonly own: number; readonly total: number }>();
  readonly #dims: Capture['dims'];
  readonly #before: number[] = [];
  readonly #totals = new Map<number, number>();

  constructor({ dims }: Capture) {
    this.#dims = dims;
  }

  take(chunk: Chunk, i: number): void {
    const [cpu, time] = [chunk.cpu[i]!, chunk.time[i]!];
    const tid = this.#dims.threads.get(chunk.thread[i]!)?.tid;
    const own = time - (this.#before[cpu] ?? time);
    this.#before[cpu] = time;
    if (tid === undefined) return; // nobody ran
    const total = (this.#totals.get(tid) ?? 0) + own;
    this.#totals.set(tid, total);
    this.times.set(chunk.num[i]!, { own, total });
  }
}
