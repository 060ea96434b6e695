/** `trowel dns` on 163,000 messages, whole process: finding lookups must stay linear in them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findLookups } from '../../src/dns/lookup.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { SECOND } from '../../src/model/time.ts';
import { CaptureWriter } from '../../src/store/writer.ts';
import { dnsTraffic, type Traffic } from '../helpers/dns-traffic.ts';
import { assertEqual, childCpuMs, cpuNs, report } from './measure.ts';

const MESSAGES = 163_000;
const folder = mkdtempSync(join(tmpdir(), 'trowel-bench-'));

for (const traffic of ['search', 'failing', 'one type', 'unanswered'] satisfies Traffic[]) {
  const { tables, lookups } = dnsTraffic(traffic, MESSAGES);
  const ns = cpuNs(1, () => assertEqual(findLookups(tables, 1000 * SECOND).length, lookups, `lookups, ${traffic}`));
  report(`lookups of ${MESSAGES} messages: ${traffic}`, ns / 1e6, 'ms', 2000);
}

const path = join(folder, 'dns.trowel');
const writer = new CaptureWriter(path, dnsTraffic('search', MESSAGES).tables, { level: 1, live: false });
writer.meta({ epoch: '1700000000000000000', hostname: 'bench' });
writer.close({ end: String(1000 * SECOND) });
report('trowel dns, whole process', childCpuMs(join(packageRoot(), 'bin/trowel'), ['dns', path]), 'ms', 5000);
rmSync(folder, { recursive: true, force: true });
