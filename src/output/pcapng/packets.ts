/** Reads captures of packets: pcap in each byte order, µs or ns, and pcapng. */

export interface Packet {
  /** ns since 1970. */
  readonly time: bigint;
  readonly linkType: number;
  /** What was captured of it. */
  readonly bytes: Uint8Array;
  /** Of the whole packet on the wire. */
  readonly length: number;
}

/** The file is none that is known, or breaks off; what came before was given. */
export class PacketsError extends Error {
  override readonly name = 'PacketsError';
}

const PCAP = new Map<number, { readonly little: boolean; readonly ns: bigint }>([
  [0xa1b2c3d4, { little: false, ns: 1000n }],
  [0xd4c3b2a1, { little: true, ns: 1000n }],
  [0xa1b23c4d, { little: false, ns: 1n }],
  [0x4d3cb2a1, { little: true, ns: 1n }],
]);
const SECTION = 0x0a0d0d0a;
const BYTE_ORDER = 0x1a2b3c4d;
const LINK_TYPE = 0x0fff_ffff;
const SECOND = 1_000_000_000n;

export function* readPackets(file: Uint8Array): Generator<Packet> {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 24) throw new PacketsError('is too short to be a capture of packets');
  const magic = view.getUint32(0);
  const kind = PCAP.get(magic);
  if (kind !== undefined) yield* pcap(file, view, kind.little, kind.ns);
  else if (magic === SECTION) yield* pcapng(file, view);
  else throw new PacketsError('is neither pcap nor pcapng');
}

function* pcap(file: Uint8Array, view: DataView, little: boolean, unit: bigint): Generator<Packet> {
  const linkType = view.getUint32(20, little) & LINK_TYPE;
  for (let at = 24; at < file.length; ) {
    const kept = at + 16 <= file.length ? view.getUint32(at + 8, little) : Infinity;
    if (at + 16 + kept > file.length) throw new PacketsError(`breaks off in a packet at byte ${at}`);
    const time = BigInt(view.getUint32(at, little)) * SECOND + BigInt(view.getUint32(at + 4, little)) * unit;
    yield { time, linkType, bytes: file.subarray(at + 16, at + 16 + kept), length: view.getUint32(at + 12, little) };
    at += 16 + kept;
  }
}

interface Interface {
  readonly linkType: number;
  /** ns a unit of its times, as a fraction. */
  readonly scale: readonly [times: bigint, by: bigint];
}

function* pcapng(file: Uint8Array, view: DataView): Generator<Packet> {
  let little = true;
  let interfaces: Interface[] = [];
  for (let at = 0; at < file.length; ) {
    if (at + 12 > file.length) throw new PacketsError(`breaks off in a block at byte ${at}`);
    if (view.getUint32(at) === SECTION) {
      little = view.getUint32(at + 8, true) === BYTE_ORDER;
      interfaces = [];
    }
    const length = view.getUint32(at + 4, little);
    if (length < 12 || length % 4 !== 0 || at + length > file.length) throw new PacketsError(`breaks off in a block at byte ${at}`);
    const type = view.getUint32(at, little);
    if (type === 1)
      interfaces.push({ linkType: view.getUint16(at + 8, little), scale: resolution(view, little, at + 16, at + length - 4) });
    if (type === 6) yield enhanced(file, view, little, at, length, interfaces);
    at += length;
  }
}

function enhanced(file: Uint8Array, view: DataView, little: boolean, at: number, length: number, interfaces: readonly Interface[]): Packet {
  const from = interfaces[length < 32 ? -1 : view.getUint32(at + 8, little)];
  const kept = length < 32 ? Infinity : view.getUint32(at + 20, little);
  if (from === undefined || 32 + kept > length) throw new PacketsError(`has a packet at byte ${at} that makes no sense`);
  const ticks = (BigInt(view.getUint32(at + 12, little)) << 32n) | BigInt(view.getUint32(at + 16, little));
  const [times, by] = from.scale;
  return {
    time: (ticks * times) / by,
    linkType: from.linkType,
    bytes: file.subarray(at + 28, at + 28 + kept),
    length: view.getUint32(at + 24, little),
  };
}

const RESOLUTION = 9;
const MICROSECONDS: Interface['scale'] = [1000n, 1n];

/** Option if_tsresol: a power of ten, or of two where the highest bit is set. */
function resolution(view: DataView, little: boolean, from: number, to: number): Interface['scale'] {
  for (let at = from; at + 4 <= to; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === 0) break;
    if (code === RESOLUTION && length === 1 && at + 5 <= to) {
      const value = view.getUint8(at + 4);
      return (value & 0x80) !== 0 ? [SECOND, 1n << BigInt(value & 0x7f)] : [SECOND, 10n ** BigInt(value)];
    }
    at += 4 + ((length + 3) & ~3);
  }
  return MICROSECONDS;
}

/** Both ends of a packet; null where it has no IP header that we find. */
export interface Ends {
  readonly protocol: number;
  readonly source: string;
  readonly target: string;
  /** 0: of another protocol than TCP and UDP, or a later fragment. */
  readonly sourcePort: number;
  readonly targetPort: number;
}

const LINK = { null: 0, ethernet: 1, raw: [12, 101, 228, 229], cooked: 113, cooked2: 276 } as const;

export function endsOfPacket({ linkType, bytes }: Packet): Ends | null {
  const at = ipStart(linkType, bytes);
  if (at === null || at >= bytes.length) return null;
  const version = bytes[at]! >> 4;
  return version === 4 ? ends4(bytes.subarray(at)) : version === 6 ? ends6(bytes.subarray(at)) : null;
}

function ipStart(linkType: number, bytes: Uint8Array): number | null {
  if ((LINK.raw as readonly number[]).includes(linkType)) return 0;
  if (linkType === LINK.null) return 4;
  if (linkType === LINK.cooked) return 16;
  if (linkType === LINK.cooked2) return 20;
  if (linkType !== LINK.ethernet) return null;
  let at = 12;
  while (bytes[at] === 0x81 && bytes[at + 1] === 0) at += 4; // VLAN tags
  return at + 2;
}

function ends4(ip: Uint8Array): Ends | null {
  if (ip.length < 20) return null;
  const isFirst = (((ip[6]! << 8) | ip[7]!) & 0x1fff) === 0;
  return { source: ip.subarray(12, 16).join('.'), target: ip.subarray(16, 20).join('.'), ...ports(ip, (ip[0]! & 15) * 4, ip[9]!, isFirst) };
}

function ends6(ip: Uint8Array): Ends | null {
  if (ip.length < 40) return null;
  return { source: text6(ip.subarray(8, 24)), target: text6(ip.subarray(24, 40)), ...ports(ip, 40, ip[6]!, true) };
}

function ports(ip: Uint8Array, at: number, protocol: number, isFirst: boolean): Pick<Ends, 'protocol' | 'sourcePort' | 'targetPort'> {
  const has = isFirst && (protocol === 6 || protocol === 17) && ip.length >= at + 4;
  const port = (i: number) => (has ? (ip[i]! << 8) | ip[i + 1]! : 0);
  return { protocol, sourcePort: port(at), targetPort: port(at + 2) };
}

/** Eight groups, none left out: both sides of a comparison are written so. */
function text6(bytes: Uint8Array): string {
  return Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16)).join(':');
}
