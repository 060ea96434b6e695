/** What a single call was about. */

import { textOf, valuesOf } from '../event/args.ts';
import type { Chunk } from '../model/chunk.ts';
import type { EventType } from '../model/event-type.ts';
import { isIpSocket } from '../model/fd-name.ts';
import type { Dimensions } from '../model/rows.ts';
import { fdUse, remoteText } from './descriptors.ts';

/** The path or address that a call was given, or its descriptor's; empty: neither is known. */
export function targetOf(chunk: Chunk, i: number, type: EventType, dims: Dimensions): string {
  const position = type.args.findIndex(({ format }) => format === 'path');
  if (position >= 0) return textOf(valuesOf(chunk, i, type)[position]);
  const fd = dims.fds.get(chunk.fd[i]!);
  if (fd === undefined) return '';
  if (isIpSocket(fd) && (type.name === 'bind' || type.name === 'listen')) return fd.localIp === null ? '' : `${fd.localIp}:${fd.localPort}`;
  return fdUse(fd) === 'listen' ? fd.name : remoteText(fd);
}
