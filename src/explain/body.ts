/** How much of an answer's body is yet to come when its head is there. */
import { httpHead, httpHeader } from '../event/http.ts';

const HEAD_END = '\r\n\r\n';
const LAST_CHUNK = '0\r\n\r\n';

/**
 * Bytes of the body that are still to come; null: the head is not whole, or does not tell. `bytes`: as much of the answer as was
 * kept; `length`: how long this part of it was; `request`: `GET /`, what it answers.
 */
export function bodyLeft(bytes: Uint8Array, length: number, request: string): number | null {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(HEAD_END);
  const head = end < 0 ? null : httpHead(bytes);
  if (head === null || head.status === null || isWithoutBody(head.status, request)) return null;
  const announced = httpHeader(head, 'content-length');
  if (announced === null || !/^\d{1,15}$/.test(announced)) return null;
  return Number(announced) - (length - end - HEAD_END.length);
}

/** Whether an answer comes in chunks (RFC 9112, section 7.1), as far as its head was kept. */
export function isChunked(bytes: Uint8Array): boolean {
  const head = httpHead(bytes);
  return head?.status != null && /\bchunked$/i.test(httpHeader(head, 'transfer-encoding') ?? '');
}

/** Whether a part of an answer ends with the last chunk; null: not all of its `length` bytes were kept. */
export function isLastChunk(bytes: Uint8Array, length: number): boolean | null {
  if (bytes.length < length) return null;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(-LAST_CHUNK.length).toString('latin1') === LAST_CHUNK;
}

/** RFC 9112, section 6.3. */
function isWithoutBody(status: number, request: string): boolean {
  return status < 200 || status === 204 || status === 304 || /^(HEAD|CONNECT) /.test(request);
}
