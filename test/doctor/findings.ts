/** A capture from little, and what the doctor says of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Finding } from '../../src/doctor/check.ts';
import { diagnose } from '../../src/doctor/doctor.ts';
import type { KubeObjectRow } from '../../src/model/kube.ts';
import type { NodeFact } from '../../src/model/node.ts';
import { NodeBook } from '../../src/node/book.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-checks-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

export const HOST = 1;
export const POD = 7;
export const S = 1e9;
export const netns = (key: number, value: Partial<NodeFact<'netns'>['value']>): NodeFact<'netns'> => ({
  kind: 'netns',
  netns: 0,
  key: String(key),
  value: { name: '', pid: key, processes: 0, comm: '', container: '', pod: '', host: false, ...value },
});
export const NODE: readonly NodeFact[] = [netns(HOST, { host: true }), netns(POD, { name: 'shop' })];
let made = 0;

/** What the doctor says of a capture that `play` fills; `later`: facts of a second look. */
export function findings(
  play: (events: EventsBuilder) => void,
  facts: readonly NodeFact[] = NODE,
  later: readonly NodeFact[] = [],
): readonly Finding[] {
  const events = new EventsBuilder();
  const book = new NodeBook(events.tables.nodeFacts, 0);
  book.take({ at: 0, kinds: [], facts, missing: [] });
  book.take({ at: 10_000, kinds: [], facts: later, missing: [] });
  play(events);
  const path = join(folder, `${made++}.trowel`);
  const writer = new CaptureWriter(path, events.tables, { level: 1, live: false });
  writer.meta({ epoch: '0', filter: '' });
  writer.append(events.chunk);
  writer.close({ end: String(20 * S) });
  const capture = new CaptureReader(path);
  try {
    return diagnose(capture).findings;
  } finally {
    capture.close();
  }
}

export const tcp = (events: EventsBuilder, local: string, remote: string, role: 'client' | 'server' | 'listen' = 'client') =>
  events.udp(local, remote, { l4proto: 6, netns: POD, role }).id;

export function object(events: EventsBuilder, spec: Partial<KubeObjectRow>): void {
  events.tables.objects.add({
    kind: 'Pod', uid: spec.name ?? '', namespace: 'shop', name: '', labels: {}, annotations: null, selector: null, expressions: null, node: '', ips: [], ports: [],
    owners: [], containers: [], status: null, source: 'api', from: 0, to: null, ...spec,
  }); // biome-ignore format: a row
}
