/** gRPC's status in the frames of HTTP/2: a header of the trailers. What the connection's table of headers has by number is not seen. */
import { grpcText } from '../model/grpc.ts';

/** RFC 7541: `grpc-status` as it is, and in its code of short bits, each with its length before it. */
const NAMES: readonly Buffer[] = [Buffer.from('\x0bgrpc-status', 'latin1'), Buffer.from('889acac8b21234da8f', 'hex')];
const DATA = 0;
const HEADERS = 1;
const FRAME_TYPE = 3;

/** `gRPC 14 (UNAVAILABLE)`; null: no status, or a good one. */
export function grpcError(payload: Uint8Array): string | null {
  if (payload.length < FRAME_TYPE + 1 || payload[0] !== 0) return null;
  const type = payload[FRAME_TYPE];
  if (type !== DATA && type !== HEADERS) return null;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  for (const name of NAMES) {
    const at = bytes.indexOf(name);
    const code = at < 0 ? 0 : codeAt(bytes, at + name.length);
    if (code > 0) return grpcText(code);
  }
  return null;
}

/** The value that follows: its length, one or two digits; 0: none such. */
function codeAt(bytes: Buffer, at: number): number {
  const length = bytes[at] ?? 0;
  const digits = bytes.subarray(at + 1, at + 1 + length).toString('latin1');
  return /^[0-9]{1,2}$/.test(digits) ? Number(digits) : 0;
}
