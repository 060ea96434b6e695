/** The screens of the node's network, on a capture with a look at it: what they show, and where Enter leads. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { readTable } from '../../src/tui/data/table-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-node-screens-'));
let capture: CaptureReader;
beforeAll(() => {
  const path = join(folder, 'x.trowel');
  writeFileSync(path, gunzipSync(readFileSync('captures/doctor/policy-drop.trowel.gz')));
  capture = new CaptureReader(path);
});
afterAll(() => {
  capture.close();
  rmSync(folder, { recursive: true, force: true });
});

const table = (id: string) =>
  readTable({ id, filter: '', event: null }, capture, { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false });

describe('the node’s network, as screens', () => {
  test('the doctor’s finding comes first, and its events are behind each of its lines', () => {
    const { rows, head } = table('doctor');
    expect(head).toEqual([]);
    expect(rows[0]?.cells.slice(0, 3)).toEqual(['critical', 'policy-drop', '97 %']);
    expect(rows.slice(1).map(({ cells }) => String(cells[1]).trim())).toEqual(['affected', 'seen', 'seen', 'to do', 'to do']);
    for (const { drill } of rows) expect(drill).toMatch(/^evt\.num in \(\d+(, \d+)+\)$/);
  });

  test('a pod leads to the events of its address', () => {
    const client = table('net-pods').rows.find(({ cells }) => cells[0] === 'critical-app/client');
    expect(client?.cells).toContain('172.17.0.7');
    expect(client?.drill).toBe('fd.ip=172.17.0.7');
  });

  test('packets that vanished lead to the first event that shows it', () => {
    const [first] = table('net-drops').rows;
    expect(first?.cells).toContain('rule 1 of ip filter FORWARD (“critical-app/deny-csj02”), which counted 10 packets');
    expect(first?.num).toBe(31584);
  });

  test('a service’s address leads to its events', () =>
    expect(table('net-services').rows.map(({ drill }) => drill)).toContain('fd.ip=10.3.0.214'));
});
