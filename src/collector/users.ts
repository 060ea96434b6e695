import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { DimensionTables } from '../model/rows.ts';

/** Who the probe says its machine is. */
export interface NodeIdentity {
  readonly bootId: string;
  readonly hostname: string;
}

/** Whether a probe is on this machine, in the same container if any: then the users here are those of the node. */
export function isHere(node: NodeIdentity): boolean {
  return node.bootId !== '' && node.bootId === bootId() && node.hostname === hostname();
}

function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return ''; // without /proc nobody is known to be here
  }
}

/** The node's users and groups, so that ids have names offline. A node without these files has ids only. */
export function readUsers(tables: DimensionTables): void {
  for (const [name, , uid, gid, , home, shell] of entries('/etc/passwd')) {
    tables.users.add({ uid: Number(uid), gid: Number(gid), name: name ?? '', home: home ?? '', shell: shell ?? '' });
  }
  for (const [name, , gid] of entries('/etc/group')) tables.groups.add({ gid: Number(gid), name: name ?? '' });
}

function entries(path: string): string[][] {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch {
    return []; // a minimal node image may have neither file
  }
  return content
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 4);
}
