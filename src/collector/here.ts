/** Whether a probe is on the collector's own machine. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Hello } from './wire.ts';

/** In the same container, if any: then process ids of the probe are those of the collector. */
export function isHere(node: Pick<Hello, 'bootId' | 'hostname'>): boolean {
  return node.bootId !== '' && node.bootId === bootId() && node.hostname === hostname();
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // without /proc nobody is known to be here
  }
}
