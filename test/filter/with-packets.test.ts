import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { withPackets } from '../../src/filter/with-packets.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const PACKET = '(net.event exists or net.state.new exists)';

test.each([
  ['', ''],
  ['fd.type=ipv4', 'fd.type=ipv4'],
  ['k8s.ns=shop', `(k8s.ns=shop or ${PACKET} and (k8s.src.ns=shop or k8s.dst.ns=shop))`],
  ['k8s.ns in (a, b) and fd.port=80', `(k8s.ns in (a, b) or ${PACKET} and (k8s.src.ns in (a, b) or k8s.dst.ns in (a, b))) and fd.port=80`],
  ['k8s.pod.name startswith cart', `(k8s.pod.name startswith cart or ${PACKET} and (k8s.src.pod startswith cart or k8s.dst.pod startswith cart))`],
  ['not k8s.ns=shop', 'not k8s.ns=shop'],
  ['k8s.ns!=shop', 'k8s.ns!=shop'],
])('%s is recorded as %s', (asked, recorded) => {
  expect(withPackets(asked)).toBe(recorded);
}); // biome-ignore format: a table

const folder = mkdtempSync(join(tmpdir(), 'trowel-packets-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('what the kernel said of a namespace’s packets is kept', () => {
  const path = join(folder, 'x.trowel');
  writeFileSync(path, gunzipSync(readFileSync('captures/doctor/policy-drop.trowel.gz')));
  const capture = new CaptureReader(path);
  const drops = (filter: string) => {
    let n = 0;
    for (const match of capture.select(compileFilter(`(${filter}) and net.event=drop`, contextOf(capture)))) n += match.n;
    return n;
  };
  expect(drops('k8s.ns=critical-app')).toBe(0);
  expect(drops(withPackets('k8s.ns=critical-app'))).toBe(drops('k8s.src.ns=critical-app or k8s.dst.ns=critical-app'));
  expect(drops(withPackets('k8s.ns=critical-app'))).toBeGreaterThan(0);
  capture.close();
});
