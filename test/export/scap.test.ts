/** What sysdig, and our own reader, make of exported .scap files. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { contextOf } from '../../src/cli/capture-context.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { ScapFile } from '../../src/output/writers/scap.ts';
import { CaptureReader } from '../../src/store/reader.ts';
import { EventsBuilder } from '../helpers/events.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { asItIs, readBack } from '../scap/read-back.ts';
import { CAPTURE, Folder, has, trowel } from './made.ts';

const folder = new Folder();
afterAll(() => folder.remove());

const SHARED = join(packageRoot(), '../shared/scap');
const ARTICLE = join(SHARED, 'critical-app.scap');
/** Calls that did not return: of a socket that serves without connections, and on descriptors that nothing but poll is told of. */
const EXEMPT = / recvmsg skydns 4617 6 | poll \S+ \d+ <NA> <NA> /;
/** Events that say who the numbers of users are: in the file's list of users, for sysdig 0.29.3 does not know them. */
const NOTES = /^\S+ \S+ (useradded|groupadded) /;
const FORMAT = '*%evt.rawtime %thread.tid %evt.type %proc.name %proc.pid %fd.num %fd.name %evt.rawres %container.id %proc.pname %evt.args';

function exported(name: string, capture: string, ...filter: string[]): { readonly file: string; readonly notes: string } {
  const file = folder.file(name);
  const { status, stderr } = trowel('export', capture, ...filter, '--format', 'scap', '-o', file);
  expect(status).toBe(0);
  return { file, notes: stderr };
}

let once: ReturnType<typeof exported> | null = null;
/** The article's capture, which takes its time. */
function article(): ReturnType<typeof exported> {
  once ??= exported('article.scap', ARTICLE);
  return once;
}

const linesOf = (text: string) => text.split('\n').filter((line) => line !== '');

/** Lines of all events; what `trowel read -p` prints, without a process for each. */
async function read(file: string): Promise<string[]> {
  const { lines, cut } = await asItIs(file, FORMAT, '');
  expect(cut).toBeNull();
  return lines.map((line) => line.replace(/next=(\d+)\([^)]*\)/, 'next=$1')).sort(); // threads are listed before they are born
}

function sysdig(file: string, ...args: string[]): string[] {
  const { status, stdout, stderr } = spawnSync('sysdig', ['-d', '-r', file, ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, TZ: 'UTC' },
  });
  expect([status, stderr]).toEqual([0, '']);
  return linesOf(stdout);
}

/** Lines of `a` that `b` has not. */
function missing(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of b) left.set(line, (left.get(line) ?? 0) + 1);
  return a.filter((line) => {
    const n = left.get(line) ?? 0;
    left.set(line, n - 1);
    return n <= 0;
  });
}

/** What the writer makes of the events of some numbers, and their times. */
function written(
  capture: CaptureReader,
  isChosen: (num: number) => boolean,
): { readonly bytes: Uint8Array; readonly calls: readonly string[] } {
  const filter = compileFilter('', contextOf(capture));
  const writer = new ScapFile();
  const calls: string[] = [];
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) {
      const i = selection[k]!;
      if (!isChosen(chunk.num[i]!)) continue;
      writer.row(filter.view.at(chunk, i));
      calls.push(String(capture.epoch + BigInt(chunk.time[i]!)));
    }
  }
  const bytes = writer.end();
  return { bytes: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, calls };
}

/** A busy machine takes its time. */
const PATIENCE = { timeout: 90_000 };

describe('a .scap file of ours', PATIENCE, () => {
  laboratory('of other files', existsSync(SHARED) ? null : '../shared is absent', () => {
    test('the article’s is read back as it was, event for event', async () => {
      const { file, notes } = article();
      const differ = missing(await read(ARTICLE), await read(file));
      expect(differ.filter((line) => !EXEMPT.test(line))).toEqual([]);
      expect(differ).toHaveLength(3);
      expect(notes).toBe('note: of 37 DNS messages the bytes are written; names, types and answers are for Trowel to read\n');
    });

    test.each(['modern-zoo', 'modern-lab-stall'])('%s has all events but notes of users', async (name) => {
      const source = join(SHARED, `${name}.scap`);
      const { file } = exported(`${name}.scap`, source);
      const events = (await read(source)).filter((line) => !NOTES.test(line));
      const key = (line: string) => line.split(' ').slice(0, 2).join(' ');
      expect((await read(file)).map(key)).toEqual(events.map(key));
      if (has('sysdig')) expect(sysdig(file, '-p', '%evt.num', 'evt.dir=<').length).toBeGreaterThan(events.length * 0.9);
    });
  });

  test('of our own recording has its calls, names, descriptors and payloads', () => {
    const { file, notes } = exported('own.scap', CAPTURE);
    const dns = ['-p', '%evt.rawtime %evt.rawres %proc.name %fd.name %evt.buffer', 'fd.port=53 and evt.buflen>0'];
    const lines = (path: string) => linesOf(trowel('read', path, ...dns).stdout).sort();
    expect(lines(file).length).toBeGreaterThan(40);
    expect(lines(file)).toEqual(lines(CAPTURE));
    expect(notes).toContain('sendmmsg is sendmsg');
    expect(notes).toContain('DNS messages');
  });

  test('of any part of a recording has each of its calls once', async () => {
    const capture = new CaptureReader(CAPTURE);
    try {
      const run = async (chosen: readonly boolean[]) => {
        const { bytes, calls } = written(capture, (num) => chosen[num % chosen.length]!);
        expect((await readBack(bytes, '%evt.rawtime')).lines.toSorted()).toEqual(calls.toSorted());
      };
      await fc.assert(fc.asyncProperty(fc.array(fc.boolean(), { minLength: 1, maxLength: 40 }), run), { numRuns: 12 });
    } finally {
      capture.close();
    }
  });

  test('says what it leaves out, and may be empty', async () => {
    const made = new EventsBuilder();
    const thread = made.thread().id;
    made.event({ type: 'tcp_retransmit', thread });
    const { file, notes } = exported('net.scap', folder.capture('net.trowel', made));
    expect(notes).toContain('left out: 1 tcp_retransmit');
    expect(await read(file)).toEqual([]);
  });
});

const FILTER =
  '(fd.name contains resolv.conf) or (proc.name=etcd and evt.type in (read, write)) or (k8s.ns.name=critical-app and fd.type=ipv4)';

describe.skipIf(!has('sysdig'))(
  'sysdig, by the Falco libraries that it is linked with (skipped where it is not installed)',
  PATIENCE,
  () => {
    test.skipIf(!existsSync(ARTICLE))('prints the article’s capture alike from our file and from its own', () => {
      const { file } = article();
      const format = '*%evt.rawtime %proc.name %thread.tid %evt.dir %evt.type %fd.name %container.name %k8s.pod.name %evt.res %evt.buffer';
      const [ours, its] = [file, ARTICLE].map((path) => sysdig(path, '-p', format, FILTER).sort());
      expect(its!.length).toBeGreaterThan(100);
      expect(ours).toEqual(its);
      expect(sysdig(file, '-p', '%evt.num')).toHaveLength(143_904);
    });

    test('knows processes, descriptors and containers of our own recording', () => {
      const { file } = exported('known.scap', CAPTURE);
      const asked = [
        '-p',
        '%proc.name %proc.pname %fd.name %evt.res %container.id',
        "evt.dir=< and proc.name=curl and fd.name contains ':53' and evt.type=sendmsg",
      ];
      const first = sysdig(file, ...asked)[0];
      expect(first).toMatch(/^curl bash 10\.88\.0\.7:\d+->10\.88\.0\.2:53 SUCCESS b3a718d8b339$/);
      expect(sysdig(file, '-p', '%evt.num', 'evt.dir=<').length).toBe(
        linesOf(trowel('read', CAPTURE, '-p', '*%evt.num').stdout).length - 9,
      );
    });
  },
);

/** The library as Debian has it (its package of 2022, which its sysdig is linked with); null: there is none, or no compiler. */
function libscap(): string | null {
  const linked = has('sysdig') && has('cc') ? spawnSync('sh', ['-c', 'ldd "$(command -v sysdig)"'], { encoding: 'utf8' }).stdout : '';
  return /libscap\.so\S* => (\S+)/.exec(linked)?.[1] ?? null;
}

const library = libscap();
laboratory('the Falco libraries', library === null ? 'no libscap that sysdig is linked with, or no cc' : null, () => {
  test('libscap opens our file and reads each of its events', () => {
    const { file } = exported('libscap.scap', CAPTURE);
    const reader = folder.file('libscap-reader');
    const made = spawnSync('cc', ['-o', reader, join(import.meta.dirname, 'libscap-reader.c'), library!], { encoding: 'utf8' });
    expect([made.status, made.stderr]).toEqual([0, '']);
    const { status, stdout, stderr } = spawnSync(reader, [file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
    const times = sysdig(file, '-p', '%evt.rawtime');
    expect(stdout.trim()).toBe(`${times.length} ${times[0]} ${times.at(-1)}`);
  });
});
