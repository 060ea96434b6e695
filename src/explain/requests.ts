/** Requests that mean to wait: for something to happen, or for leave to send their body. */

const EXPECT = 'expect: 100-continue';
/** Bytes of a head in which it is looked for. */
const LOOKED = 2048;

/** Its client waits for “100 Continue” before it sends the body (RFC 9110, section 10.1.1). */
export function expectsContinue(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, LOOKED));
  return head.includes('xpect: ') && head.toString('latin1').toLowerCase().includes(EXPECT);
}

/** Watches of Kubernetes and etcd, blocking queries of Consul, what Docker tells as it happens. */
const LONG =
  /[?&](?:watch=(?:true|1)|follow=(?:true|1)|wait=(?:true|\d+m?s|\d+[mh]))\b|long[-_]?poll|\/v\d+\.\d+\/(?:events|containers\/[^/ ]+\/wait)\b/i;

/** Whether a request is answered only when something happens: that this takes long is what it is for. `bytes`: how it begins. */
export function isLongPoll(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  const end = text.indexOf('\r\n');
  return LONG.test(end < 0 ? text : text.slice(0, end));
}

/** A request whose client waited in vain for leave to send its body. Times in ns, and the events at both ends. */
export interface Expectation {
  readonly pid: number;
  readonly remote: string;
  readonly start: number;
  readonly end: number;
  readonly first: number;
  readonly last: number;
}

/** What the pass over all events learns of requests. */
export class Requests {
  /** Those who waited for leave, and did not get it. */
  readonly expectations: Expectation[] = [];
  readonly #long = new Set<string>();

  /** `time`: of the end of the call that asked. */
  addLong(fd: number, time: number): void {
    this.#long.add(`${fd} ${time}`);
  }

  /** Whether what was asked on one of these descriptors at this time is a long poll. */
  isLong(fds: readonly number[], time: number): boolean {
    return this.#long.size > 0 && fds.some((fd) => this.#long.has(`${fd} ${time}`));
  }
}
