/** What explain says of dropped packets where the capture has a look at the node: which way they went, and what dropped them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { CaptureReader } from '../../src/store/reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-vanished-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('packets of a question left the pod by its interfaces, and a full table dropped them', () => {
  const path = join(folder, 'x.trowel');
  writeFileSync(path, gunzipSync(readFileSync('captures/doctor/conntrack-full.trowel.gz')));
  const capture = new CaptureReader(path);
  const [cause] = explain(capture, { over: 100e6, pids: null }).story!.causes;
  expect(cause?.id).toBe('dns-packets-dropped');
  expect(sentenceOf(cause!)).toMatch(
    /; the packets left by eth0 of critical-app\/client, veth\w+, cni0 and were dropped in the node, whose table of connections \(conntrack\) is full \(293 of 200\)/,
  );
  capture.close();
});
