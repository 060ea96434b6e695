/** The shipped recordings of two nodes (captures/nodes), unpacked, perhaps changed. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import Database from 'better-sqlite3';
import { packageRoot } from '../../src/model/package-root.ts';
import type { Folder } from '../export/made.ts';

export type Scene = 'shop' | 'stall' | 'translated';

/** A folder with both nodes' captures. `change`: SQL that is run in both; $node is its node's name in it. */
export function nodesOf(folder: Folder, scene: Scene, name: string = scene, change = ''): string {
  const path = folder.file(name);
  mkdirSync(path);
  for (const node of ['node1', 'node2']) unpack(scene, node, path);
  if (change !== '') {
    for (const node of ['node1', 'node2']) {
      const db = new Database(join(path, `${node}.trowel`));
      db.exec(change.replaceAll('$node', node));
      db.close();
    }
  }
  return path;
}

function unpack(scene: Scene, node: string, path: string): void {
  const packed = readFileSync(join(packageRoot(), `captures/nodes/${scene}-${node}.trowel.gz`));
  writeFileSync(join(path, `${node}.trowel`), gunzipSync(packed));
}
