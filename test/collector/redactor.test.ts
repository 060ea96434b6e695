/** `record --redact`: what is secret is in no file, what is not is as it was, and how much was taken out is known. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Long from 'long';
import { afterAll, expect, test } from 'vitest';
import { Recorder } from '../../src/collector/recorder.ts';
import type { ThreadDef } from '../../src/collector/wire.ts';
import { readField } from '../../src/event/fields/field.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { fieldNamed } from '../../src/filter/find-field.ts';
import { parseRules, type Rule } from '../../src/model/redact.ts';
import { MS } from '../../src/model/time.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { batchOf, fdDef } from '../helpers/batches.ts';
import { EventsBuilder } from '../helpers/events.ts';

const folder = mkdtempSync(join(tmpdir(), 'trowel-redactor-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const bytes = (text: string) => Buffer.from(text, 'latin1');

const THREAD: ThreadDef = {
  id: 1, tid: 7, pid: 7, ppid: 1, vtid: 7, vpid: 7, sid: 7, pgid: 7, uid: 0, gid: 0, loginuid: 0, fromNs: 0, startedNs: 1, comm: bytes('mysql'),
  procComm: bytes('mysql'), exe: bytes('mysql'), args: bytes('mysql\0-h\0db\0-pSECRET0\0shop\0'), cwd: bytes('/srv?sig=SECRET6'), env: bytes('TOKEN=SECRET1\0'),
  cgroupId: Long.UZERO, cgroup: bytes('/'), netns: 1, pidns: 1, mntns: 1, tty: 0, flags: 0,
}; // biome-ignore format: a row

const PAYLOADS: readonly (readonly [before: string, after: string])[] = [
  ['GET / HTTP/1.1\r\nAuthorization: Bearer SECRET2\r\nHost: a\r\n\r\n', 'GET / HTTP/1.1\r\nAuthorization: <redacted>\r\nHost: a\r\n\r\n'],
  ['nothing to hide', 'nothing to hide'],
  ['\x00\xff\x7f binary \x80', '\x00\xff\x7f binary \x80'],
  ['', ''],
  ['Set-Cookie: id=SECRET3\r\nX: y\r\n', 'Set-Cookie: <redacted>\r\nX: y\r\n'],
  ['-----BEGIN RSA PRIVATE KEY-----\nSECRET4', '<redacted>'],
];

function made(own: readonly Rule[]): { path: string; capture: CaptureReader } {
  const path = join(folder, `${++count}.trowel`);
  const events = new EventsBuilder();
  for (const [i, [data]] of PAYLOADS.entries()) events.event({ time: (i + 1) * MS, type: 'write', data: bytes(data), res: data.length });
  events.event({ time: 10 * MS, type: 'openat', args: [-100, bytes('/srv/x?sig=SECRET5'), 0, 0], res: 3 });
  events.event({ time: 11 * MS, type: 'openat', args: [-100, bytes('/srv/plain'), 0, 0], res: 4 });
  events.event({ time: 12 * MS, type: 'write', data: bytes('customer 4711'), res: 13 });
  events.chunk.thread.fill(1, 0, events.chunk.n);
  const recorder = new Recorder({ path, filter: '', epoch: 0n, meta: {}, redact: own });
  const fds = ['/srv/x?sig=SECRET7', '/srv/customer 4711', '/srv/plain'].map((name, i) =>
    fdDef({ id: i + 1, ino: Long.fromNumber(i + 1, true), name: bytes(name) }),
  );
  recorder.add({ ...batchOf(events.chunk, 0, events.chunk.n, [THREAD]), fds });
  recorder.finish(20 * MS);
  return { path, capture: new CaptureReader(path) };
}

function values(capture: CaptureReader, name: string, filter: string): string[] {
  const compiled = compileFilter(filter, { dims: capture.dims, epoch: 0n, hostname: '', growing: false });
  const field = fieldNamed(name);
  return [...capture.select(compiled)].flatMap(({ chunk, selection, n }) =>
    Array.from({ length: n }, (_, k) => {
      const value = readField(field, compiled.view.at(chunk, selection[k]!));
      return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value);
    }),
  );
}

test('payloads, arguments, command lines and environments', () => {
  const { path, capture } = made([]);
  const wanted = [...PAYLOADS.map(([, after]) => after).filter((text) => text !== ''), 'customer 4711'];
  expect(values(capture, 'evt.buffer', 'evt.type=write and evt.buffer exists')).toEqual(wanted);
  expect(values(capture, 'fd.name', 'evt.type=openat')).toHaveLength(2);
  expect(values(capture, 'evt.args', 'evt.type=openat').join()).toMatch(/x\?<redacted>.*plain/);
  expect(values(capture, 'proc.cmdline', 'evt.num=1')).toEqual(['mysql -h db -p<redacted> shop']);
  expect(JSON.parse(capture.meta.redacted!)).toEqual({ payloads: 3, arguments: 1, commands: 1, environments: 1, names: 2 });
  expect([...capture.dims.fds.all()].map(({ name }) => name)).toEqual(['/srv/x?<redacted>', '/srv/customer 4711', '/srv/plain']);
  expect(capture.dims.processes.get(1)!.cwd).toBe('/srv?<redacted>');
  expect(values(capture, 'evt.rawres', 'evt.type=write')).toEqual([...PAYLOADS.map(([data]) => String(data.length)), '13']);
  capture.close();
  expect(readFileSync(path, 'latin1')).not.toContain('SECRET');
});

test('rules of one’s own come to those that there are', () => {
  const { capture } = made(parseRules('# customers\n\ncustomer [0-9]+\n'));
  expect(values(capture, 'evt.buffer', 'evt.num=9')).toEqual(['<redacted>']);
  expect(JSON.parse(capture.meta.redacted!)).toMatchObject({ payloads: 4, names: 3 });
  expect(capture.dims.fds.get(2)!.name).toBe('/srv/<redacted>');
  capture.close();
});
