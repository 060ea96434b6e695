/** Objects come from a server that may say anything. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { KubeRows } from '../../src/kube/kube-rows.ts';
import { containersOfPod, reduceEvent, reduceObject } from '../../src/kube/reduce.ts';
import { KUBE_KINDS } from '../../src/model/kube.ts';
import { newTables } from '../../src/model/rows.ts';

/** Names at which something is looked for, with anything there. */
const NAMES = [
  'metadata', 'spec', 'status', 'labels', 'annotations', 'selector', 'matchLabels', 'matchExpressions', 'podSelector', 'ownerReferences', 'uid', 'name', 'podIP',
  'podIPs', 'clusterIP', 'clusterIPs', 'ingress', 'loadBalancer', 'addresses', 'endpoints', 'subsets', 'ports', 'containerStatuses', 'containerID', 'lastState',
  'terminated', 'involvedObject', 'firstTimestamp', 'count', 'series', 'values', 'containers', 'securityContext', 'creationTimestamp',
]; // biome-ignore format: a list

const { item } = fc.letrec((tie) => ({
  leaf: fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.constant('2026-11-21T08:00:00Z'), fc.constant('10.0.0.7')),
  item: fc.oneof({ depthSize: 'small' }, fc.dictionary(fc.constantFrom(...NAMES), tie('any')), fc.constant(null), fc.string()),
  any: fc.oneof({ depthSize: 'small' }, tie('leaf'), tie('item'), fc.array(tie('any'), { maxLength: 4 })),
}));

test('whatever is told of whatever kind ends in rows or in nothing', () => {
  const withUid = item.map((one) => ({
    ...(one as object),
    metadata: { labels: {}, ...(one as { metadata?: object } | null)?.metadata, uid: 'u' },
  }));
  fc.assert(
    fc.property(fc.constantFrom(...KUBE_KINDS), fc.array(fc.oneof(item, withUid), { maxLength: 5 }), (kind, items) => {
      const tables = newTables();
      let now = 0;
      const sink = new KubeRows(tables, 0, () => now++).sink('api');
      for (const one of items) {
        const object = reduceObject(kind, one);
        if (object !== null) sink.object(object);
        for (const container of containersOfPod(one)) sink.container(container);
        const event = reduceEvent(one);
        if (event !== null) sink.event?.(event);
      }
      for (const row of tables.objects.all()) expect(row.to === null || row.to >= row.from).toBe(true);
    }),
    { numRuns: 3000 },
  );
});
