/** The doctor on captures that come with the project: the same findings on any machine, without root. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../src/doctor/doctor.ts';
import { CHECK_IDS } from '../../src/doctor/registry.ts';
import { rendered } from '../../src/output/print.ts';
import { doctorReport } from '../../src/output/reports/doctor.ts';
import { TableWriter } from '../../src/output/writers/table.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { FAULTS, KUBE_FAULTS } from './faults.ts';

const SHIPPED = 'captures/doctor';
/** The last is of a daemon set with all that deploy/node-network.yaml gives it. */
const HEALTHY = ['healthy-node-1', 'healthy-node-2', 'kube-daemonset'];
const folder = mkdtempSync(join(tmpdir(), 'trowel-doctor-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function opened(name: string): CaptureReader {
  const path = join(folder, `${name}.trowel`);
  writeFileSync(path, gunzipSync(readFileSync(join(SHIPPED, `${name}.trowel.gz`))));
  return new CaptureReader(path);
}

describe('what is wrong with a cluster’s network, from a file', () => {
  test.each(FAULTS.map((row) => [row.fault, row] as const))('%s', (_, { fault, finding, says }) => {
    const capture = opened(fault);
    const diagnosis = diagnose(capture);
    const [first] = diagnosis.findings;
    expect(first?.id, first?.verdict).toBe(finding);
    expect(first?.verdict).toMatch(says);
    for (const { id, events, facts } of diagnosis.findings) expect(events.length + facts.length, id).toBeGreaterThan(0);
    expect(rendered(doctorReport(diagnosis, capture.epoch), new TableWriter())).toContain(`CRITICAL  ${finding}`);
    capture.close();
  });

  test.each(KUBE_FAULTS.map((row) => [row.fault, row] as const))('%s, of a real cluster', (_, { fault, finding, says }) => {
    const capture = opened(`kube-${fault}`);
    const [first, ...others] = diagnose(capture).findings.filter(({ id }) => id !== 'losses');
    expect(first?.id, first?.verdict).toBe(finding);
    expect(first?.verdict).toMatch(says);
    for (const { id, events, facts } of [first!, ...others]) expect(events.length + facts.length, id).toBeGreaterThan(0);
    capture.close();
  });

  test.each(HEALTHY)('nothing in %s', (name) => {
    const capture = opened(name);
    expect(diagnose(capture).findings).toEqual([]);
    capture.close();
  });

  test('one check alone tells only its own findings', () => {
    const capture = opened('wrong-port');
    expect(diagnose(capture, ['no-endpoints']).findings).toEqual([]);
    expect(diagnose(capture, ['wrong-port']).findings).toHaveLength(1);
    capture.close();
  });

  test('each shipped capture is in the table', () => {
    const names = readdirSync(SHIPPED).flatMap((name) => (name.endsWith('.gz') ? [name.replace('.trowel.gz', '')] : []));
    const faults = [...FAULTS.map(({ fault }) => fault), ...KUBE_FAULTS.map(({ fault }) => `kube-${fault}`)];
    expect(names.filter((name) => !HEALTHY.includes(name)).sort()).toEqual(faults.sort());
  });
});

test('checks have ids of their own', () => expect(new Set(CHECK_IDS).size).toBe(CHECK_IDS.length));
