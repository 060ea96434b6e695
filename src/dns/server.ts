/** A server's end as text. */

import { endText } from '../model/fd-name.ts';

/** `10.96.0.10:53`, `[fd00::10]:53`. */
export function serverText(ip: string, port: number): string {
  return endText({ ip, port });
}

/** The same of an end as recordings before had it: an IPv6 address without brackets. */
export function bracketed(server: string): string {
  const colon = server.lastIndexOf(':');
  return server.startsWith('[') || colon < 0 ? server : serverText(server.slice(0, colon), Number(server.slice(colon + 1)));
}

/** The address of a server's end, without brackets and port. */
export function addressOf(server: string): string {
  return server.slice(0, Math.max(0, server.lastIndexOf(':'))).replace(/^\[|\]$/g, '');
}
