/** How much of an answer's body is yet to come when its head is there. */
import { httpHead, httpHeader } from '../event/http.ts';

const HEAD_END = '\r\n\r\n';

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

/** RFC 9112, section 6.3. */
function isWithoutBody(status: number, request: string): boolean {
  return status < 200 || status === 204 || status === 304 || /^(HEAD|CONNECT) /.test(request);
}
