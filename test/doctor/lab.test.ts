/** Each fault of a cluster's network, ten seconds of it: the doctor puts the right finding first, and without a fault it finds nothing. */
import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/doctor.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { cleanUp } from '../live/recording.ts';
import { Lab, whyNoLab } from './lab.ts';

interface Row {
  readonly fault: string;
  readonly finding: string;
  readonly says: RegExp;
  /** Where the fault is to be seen; the router between the nodes is nobody's, as in life. */
  readonly node?: string;
  /** Beside the usual traffic, or in its place. */
  readonly command?: string;
}

// biome-ignore format: a table
const FAULTS: readonly Row[] = [
  { fault: 'no-endpoints', finding: 'no-endpoints', says: /selector app=backnd takes no pod; critical-app\/backend-\S+ has app=backend/ },
  { fault: 'wrong-port', finding: 'wrong-port', says: /leads to port 8080 \(targetPort\), where none of .* listens; they listen at 80/ },
  { fault: 'kube-proxy-off', finding: 'kube-proxy', says: /no rules for any service/ },
  { fault: 'forward-drop', finding: 'forward-drop', says: /policy of the node’s FORWARD chain is DROP and no rule accepted \d+ packets/ },
  { fault: 'ip-forward-off', finding: 'ip-forward-off', says: /net\.ipv4\.ip_forward = 0/ },
  { fault: 'bridge-nf-off', finding: 'bridge-nf-off', says: /not translated back/ },
  { fault: 'policy-drop', finding: 'policy-drop', says: /rule 1 of the node’s chain ip filter FORWARD drops packets to 172\.17\.0\.5:80 .*deny-csj02/ },
  { fault: 'hairpin-off', finding: 'hairpin-off', says: /report-\S+ asks itself through service critical-app\/report/, node: 'node-2' },
  { fault: 'security-group', finding: 'beyond-node', says: /dropped none of the packets to 172\.17\.1\.4, so they are lost beyond it or at node node-2/ },
  { fault: 'route-missing', finding: 'route-missing', says: /no route to 172\.17\.1\.4 \(pods of node-2, 172\.17\.1\.0\/24\)/ },
  { fault: 'mtu-blackhole', finding: 'mtu-black-hole', says: /large segments from critical-app\/report-\S+ to critical-app\/client/, node: 'node-2' },
  { fault: 'conntrack-full', finding: 'conntrack-full', says: /table of connections of the node is full: \d+ of \d+/ },
  { fault: 'dns-down', finding: 'dns-server', says: /is gone: nobody has port 53 at 172\.17\.0\.2/ },
  { fault: 'dns-hang', finding: 'dns-server', says: /skydns \(\d+\) of kube-system\/kube-dns-\S+ is stopped/ },
  { fault: 'upstream-drop', finding: 'dns-unanswered', says: /search domain localdomain; the server asked 203\.0\.113\.53:53 \d+ times/, command: 'LAB_TIMEOUT=12 "$LAB" curl' },
];

/** A folder to keep the captures in, for those that are shipped; absent: they are removed. */
const KEEP = process.env.TROWEL_KEEP;
const reason = whyNoLab();

describe.skipIf(reason !== null)(`what is wrong with a cluster's network (${reason ?? 'as root, with BTF'})`, () => {
  const lab = new Lab();
  beforeAll(() => lab.up(), 60_000);
  afterAll(() => {
    lab.down();
    cleanUp();
  }, 60_000);

  function findings(name: string, node: string, command?: string) {
    const path = lab.record(node, command);
    if (KEEP !== undefined) {
      mkdirSync(KEEP, { recursive: true });
      copyFileSync(path, join(KEEP, `${name}.trowel`));
    }
    const capture = new CaptureReader(path);
    try {
      return diagnose(capture).findings;
    } finally {
      capture.close();
    }
  }

  test.each(['node-1', 'node-2'])(
    'nothing on %s without a fault',
    (node) => {
      expect(findings(`healthy-${node}`, node)).toEqual([]);
    },
    60_000,
  );

  test.each(FAULTS.map((row) => [row.fault, row] as const))(
    '%s',
    (_, { fault, finding, says, node = 'node-1', command }) => {
      lab.run('fault', fault, 'on');
      try {
        const [first] = findings(fault, node, command);
        expect(first?.id, first?.verdict).toBe(finding);
        expect(first?.verdict).toMatch(says);
        expect(first!.events.length + first!.facts.length).toBeGreaterThan(1);
      } finally {
        lab.run('fault', fault, 'off');
      }
    },
    60_000,
  );
});
