/**
 * One DNS message (RFC 1035) out of bytes that may be cut, damaged or hostile. Everything is bounds-checked: what is there is
 * given, what is missing is left out. Names are text without the last dot; bytes that are no plain characters are escaped (\\DDD).
 */

export interface DnsMessage {
  readonly id: number;
  readonly response: boolean;
  readonly opcode: number;
  /** Set header flags, in the order of the header. */
  readonly flags: readonly string[];
  /** Null in a query. */
  readonly rcode: string | null;
  readonly question: DnsQuestion | null;
  readonly questions: number;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
  /** The bytes ended before the message did, or did not make sense from some point on. */
  readonly cut: boolean;
}

export interface DnsQuestion {
  readonly name: string;
  readonly type: string;
  readonly class: string;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: string;
  readonly class: string;
  /** Seconds. */
  readonly ttl: number;
  readonly data: string;
}

const HEADER_BYTES = 12;
const MAX_NAME = 255;
/** A message of 64 KiB cannot hold more records than this that are of use to anyone. */
const MAX_RECORDS = 256;

const TYPES: Readonly<Record<number, string>> = {
  1: 'A',
  2: 'NS',
  5: 'CNAME',
  6: 'SOA',
  12: 'PTR',
  15: 'MX',
  16: 'TXT',
  28: 'AAAA',
  33: 'SRV',
  35: 'NAPTR',
  39: 'DNAME',
  41: 'OPT',
  43: 'DS',
  46: 'RRSIG',
  47: 'NSEC',
  48: 'DNSKEY',
  64: 'SVCB',
  65: 'HTTPS',
  251: 'IXFR',
  252: 'AXFR',
  255: 'ANY',
  257: 'CAA',
};
const CLASSES: Readonly<Record<number, string>> = { 1: 'IN', 3: 'CH', 4: 'HS', 254: 'NONE', 255: 'ANY' };
const RCODES = 'NOERROR FORMERR SERVFAIL NXDOMAIN NOTIMP REFUSED YXDOMAIN YXRRSET NXRRSET NOTAUTH NOTZONE'.split(' ');
const HEADER_FLAGS: readonly (readonly [string, number])[] = [
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['ad', 0x0020],
  ['cd', 0x0010],
];

/** Decodes a message; null for bytes that are not even a header. */
export function decodeMessage(bytes: Uint8Array): DnsMessage | null {
  if (bytes.length < HEADER_BYTES) return null;
  const reader = new Reader(bytes);
  const id = reader.u16();
  const bits = reader.u16();
  const [questions, answers, authorities, additionals] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  const response = (bits & 0x8000) !== 0;
  let question: DnsQuestion | null = null;
  for (let i = 0; i < questions && !reader.failed; i++) {
    const read = readQuestion(reader);
    if (i === 0) question = read;
  }
  return {
    id,
    response,
    opcode: (bits >> 11) & 0xf,
    flags: HEADER_FLAGS.filter(([, bit]) => bits & bit).map(([name]) => name),
    rcode: response ? (RCODES[bits & 0xf] ?? `RCODE${bits & 0xf}`) : null,
    question,
    questions,
    answers: readRecords(reader, answers),
    authorities: readRecords(reader, authorities),
    additionals: readRecords(reader, additionals),
    cut: reader.failed,
  };
}

/**
 * Whether bytes from a port that is not DNS's own look like a DNS message: one question of a known type and class,
 * a sane header, and names of plain characters. Strict, since any other protocol may come along.
 */
export function looksLikeDns(bytes: Uint8Array): boolean {
  if (bytes.length < HEADER_BYTES + 5) return false;
  const bits = (bytes[2]! << 8) | bytes[3]!;
  const response = (bits & 0x8000) !== 0;
  const plainHeader = (bits & 0x7800) === 0 && (bits & 0x0040) === 0 && (response || (bits & 0x000f) === 0);
  const counts = bytes[4] === 0 && bytes[5] === 1 && bytes[6] === 0 && bytes[8] === 0 && bytes[10] === 0;
  if (!plainHeader || !counts || (!response && bytes[7] !== 0)) return false;
  const reader = new Reader(bytes);
  reader.at = HEADER_BYTES;
  const name = reader.name();
  const type = reader.u16();
  const klass = reader.u16();
  return !reader.failed && /^[\w.*-]+$/.test(name) && type in TYPES && klass in CLASSES;
}

function readQuestion(reader: Reader): DnsQuestion | null {
  const name = reader.name();
  if (reader.failed) return null;
  const type = reader.u16();
  const klass = reader.u16();
  if (reader.failed) return { name, type: '', class: '' };
  return { name, type: typeName(type), class: CLASSES[klass & 0x7fff] ?? `CLASS${klass}` };
}

function readRecords(reader: Reader, count: number): DnsRecord[] {
  const records: DnsRecord[] = [];
  for (let i = 0; i < Math.min(count, MAX_RECORDS) && !reader.failed; i++) {
    const name = reader.name();
    const type = reader.u16();
    const klass = reader.u16();
    const ttl = reader.u32();
    const length = reader.u16();
    const end = reader.at + length;
    if (reader.failed || end > reader.bytes.length) {
      reader.failed = true;
      break;
    }
    const data = recordData(reader, type, end);
    if (reader.failed) break;
    records.push({ name, type: typeName(type), class: CLASSES[klass & 0x7fff] ?? `CLASS${klass}`, ttl, data });
    reader.at = end;
  }
  return records;
}

/** A record's data in its usual text form. */
function recordData(reader: Reader, type: number, end: number): string {
  switch (typeName(type)) {
    case 'A':
      return end - reader.at === 4 ? reader.take(4).join('.') : hex(reader.take(end - reader.at));
    case 'AAAA':
      return end - reader.at === 16 ? ipv6Text(reader.take(16)) : hex(reader.take(end - reader.at));
    case 'CNAME':
    case 'NS':
    case 'PTR':
    case 'DNAME':
      return reader.name();
    case 'MX':
      return `${reader.u16()} ${reader.name()}`;
    case 'SRV':
      return `${reader.u16()} ${reader.u16()} ${reader.u16()} ${reader.name()}`;
    case 'SOA':
      return [reader.name(), reader.name(), reader.u32(), reader.u32(), reader.u32(), reader.u32(), reader.u32()].join(' ');
    case 'TXT':
      return texts(reader, end);
    case 'SVCB':
    case 'HTTPS':
      return `${reader.u16()} ${reader.name() || '.'}`;
    default:
      return hex(reader.take(end - reader.at));
  }
}

function texts(reader: Reader, end: number): string {
  const parts: string[] = [];
  while (reader.at < end && !reader.failed) {
    const length = reader.u8();
    if (reader.at + length > end) break;
    parts.push(JSON.stringify(escapeLabel(reader.take(length))));
  }
  return parts.join(' ');
}

function typeName(type: number): string {
  return TYPES[type] ?? `TYPE${type}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** RFC 5952: the longest run of zeros, of at least two groups, is left out. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[i * 2]! << 8) | bytes[i * 2 + 1]!);
  let best = { start: -1, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length++;
    if (length > best.length) best = { start, length };
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return best.start < 0 ? text(0, 8) : `${text(0, best.start)}::${text(best.start + best.length, 8)}`;
}

function escapeLabel(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0x2e || byte === 0x5c) text += `\\${String.fromCharCode(byte)}`;
    else if (byte > 0x20 && byte < 0x7f) text += String.fromCharCode(byte);
    else text += `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/** Reads on from `at`; once anything is out of bounds it has failed and gives zeros. */
class Reader {
  at = 0;
  failed = false;

  constructor(readonly bytes: Uint8Array) {}

  u8(): number {
    if (this.at + 1 > this.bytes.length) return this.#fail();
    return this.bytes[this.at++]!;
  }

  u16(): number {
    if (this.at + 2 > this.bytes.length) return this.#fail();
    const value = (this.bytes[this.at]! << 8) | this.bytes[this.at + 1]!;
    this.at += 2;
    return value;
  }

  u32(): number {
    const high = this.u16();
    return high * 0x10000 + this.u16();
  }

  take(length: number): Uint8Array {
    if (this.at + length > this.bytes.length) {
      this.#fail();
      return new Uint8Array(0);
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A name, following pointers (RFC 1035 §4.1.4), each strictly backwards so that loops end. */
  name(): string {
    const labels: string[] = [];
    let at = this.at;
    let lowest = this.at;
    let jumped = false;
    let total = 0;
    for (;;) {
      const length = this.bytes[at];
      if (length === undefined) return this.#failName();
      if (length === 0) {
        if (!jumped) this.at = at + 1;
        return labels.join('.');
      }
      if ((length & 0xc0) === 0xc0) {
        const low = this.bytes[at + 1];
        const target = low === undefined ? lowest : ((length & 0x3f) << 8) | low;
        if (target >= lowest) return this.#failName();
        if (!jumped) this.at = at + 2;
        jumped = true;
        lowest = target;
        at = target;
        continue;
      }
      total += length + 1;
      if (length > 63 || at + 1 + length > this.bytes.length || total > MAX_NAME) return this.#failName();
      labels.push(escapeLabel(this.bytes.subarray(at + 1, at + 1 + length)));
      at += 1 + length;
    }
  }

  #failName(): string {
    this.#fail();
    return '';
  }

  #fail(): number {
    this.failed = true;
    return 0;
  }
}
