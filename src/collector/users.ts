import { readFileSync } from 'node:fs';
import type { DimensionTables } from '../model/rows.ts';

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
