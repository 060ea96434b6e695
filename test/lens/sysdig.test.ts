/** Lenses say what sysdig's chisels say, where those are right, on the article's capture and on one of ours; where they differ, why is said here. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Capture } from '../../src/capture/capture.ts';
import { contextOf } from '../../src/cli/capture-context.ts';
import { openCapture } from '../../src/cli/open-capture.ts';
import { readField } from '../../src/event/fields/field.ts';
import { compileFilter } from '../../src/filter/compile.ts';
import { fieldNamed } from '../../src/filter/find-field.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { Folder, has, trowel } from '../export/made.ts';
import { laboratory } from '../helpers/laboratory.ts';
import { lensTable } from '../helpers/lens.ts';

const ARTICLE = join(packageRoot(), '../shared/scap/critical-app.scap');

/** What sysdig prints of a .scap file. */
function sysdig(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('sysdig', ['-r', file, ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  expect([status, stderr]).toEqual([0, '']);
  return stdout;
}

/** A chisel's rows: the value, and what it is of. */
function chiselOf(file: string, ...name: string[]): [string, number][] {
  const found = JSON.parse(/"data":(\[.*\]),?\s*\n/.exec(sysdig(file, '-j', '-c', ...name))![1]!) as (string | number)[][];
  return found.map((row) => [row.slice(0, -1).join(' '), Number(row.at(-1))]);
}

const sorted = (rows: readonly [string, number][]) => rows.toSorted(([a], [b]) => a.localeCompare(b));

/** What lenses say of a capture: of their rows the first cell, and the others but `keys` as what it is of. */
class Asked {
  readonly capture: Capture;

  constructor(capture: Capture) {
    this.capture = capture;
  }

  rows(name: string, words: readonly string[] = [], filter = '') {
    return lensTable(this.capture, contextOf(this.capture), name, words, filter).rows;
  }

  values(name: string, words: readonly string[] = [], filter = '', keys?: number): [string, number][] {
    return this.rows(name, words, filter).map(([value, ...of]) => [of.slice(0, keys).join(' '), Number(value)]);
  }
}

const SAME = [
  ['topprocs_net', []],
  ['topconns', []],
  ['topports_server', []],
  ['topfiles_time', []],
  ['fdbytes_by', ['fd.type']],
  ['fdtime_by', ['proc.name']],
] as const;

laboratory('beside sysdig on a recording of ours that is exported', has('sysdig') ? null : 'sysdig is not installed', () => {
  const folder = new Folder();
  const file = folder.file('shop.scap');
  let asked: Asked;
  beforeAll(async () => {
    const ours = folder.file('shop.trowel');
    writeFileSync(ours, gunzipSync(readFileSync(join(packageRoot(), 'captures/nodes/shop-node1.trowel.gz'))));
    expect(trowel('export', ours, '--format', 'scap', '-o', file).status).toBe(0);
    asked = new Asked(await openCapture(file));
  }, 60_000);
  afterAll(() => {
    asked.capture.close();
    folder.remove();
  });

  test.each(SAME)('%s is the same', (name, words) => {
    const theirs = chiselOf(file, name, ...words);
    const ours = new Map(asked.values(name, words));
    expect(theirs.length).toBeGreaterThan(0);
    expect(sorted(theirs)).toEqual(sorted(theirs.map(([of]) => [of, ours.get(of)!])));
  });

  test('topprocs_errors is the same but for what is none', () => {
    const again = new Map(asked.values('count-by', ['proc.pid'], 'evt.res in (EAGAIN, EINPROGRESS, EINTR)'));
    const ours = new Map(asked.values('topprocs_errors'));
    const theirs = chiselOf(file, 'topprocs_errors').slice(0, 3);
    expect(theirs.map(([of]) => [of, (ours.get(of) ?? 0) + (again.get(of.split(' ')[1]!) ?? 0)])).toEqual(theirs);
  });
});

laboratory(
  'beside sysdig on the article’s capture',
  !has('sysdig') ? 'sysdig is not installed' : existsSync(ARTICLE) ? null : '../shared is absent',
  () => {
    let capture: Capture;
    beforeAll(async () => {
      capture = await openCapture(ARTICLE);
    });
    afterAll(() => capture.close());

    const chisel = (...name: string[]) => chiselOf(ARTICLE, ...name);
    const rows = (...of: Parameters<Asked['rows']>) => new Asked(capture).rows(...of);
    const values = (...of: Parameters<Asked['values']>) => new Asked(capture).values(...of);

    test.each(SAME)('%s is the same', (name, words) => {
      const theirs = chisel(name, ...words);
      const ours = new Map(values(name, words));
      expect(theirs.length).toBeGreaterThan(4);
      expect(sorted(theirs)).toEqual(sorted(theirs.map(([of]) => [of, ours.get(of)!])));
    });

    test('topcontainers_net is the same, with ids beside the names', () => {
      const ours = new Map(values('topcontainers_net', [], '', 1));
      const theirs = chisel('topcontainers_net');
      expect(theirs.map(([of]) => [of, ours.get(of)])).toEqual(theirs);
    });

    test('topprocs_cpu adds up the switches; sysdig’s chisel adds up samples of each second, which are coarser', () => {
      const sums = new Map<string, number>();
      for (const line of sysdig(ARTICLE, '-p', '%proc.name %proc.pid %thread.exectime', 'evt.type=switch').trim().split('\n')) {
        const [, of, ns] = /^(.*) (\d+)$/.exec(line)!;
        sums.set(of!, (sums.get(of!) ?? 0) + Number(ns));
      }
      const most = [...sums].toSorted(([, a], [, b]) => b - a).slice(0, 8);
      expect(
        rows('topprocs_cpu')
          .slice(0, 8)
          .map(([ns, , , name, pid]) => [`${name} ${pid}`, ns]),
      ).toEqual(most);
      expect(new Set(rows('topprocs_cpu').map((row) => row[2]))).toEqual(new Set(['switches']));
    });

    test('fields are the same: times on CPUs, sockets that poll watched, names that opened files got', async () => {
      const view = contextOf(capture);
      const read = (filter: string, fields: readonly string[]) => {
        const bounds = fields.map((name) => fieldNamed(name));
        const compiled = compileFilter(filter, view);
        const lines: string[] = [];
        for (const { chunk, selection, n } of capture.select(compiled))
          for (let k = 0; k < n; k++) {
            const at = compiled.view.at(chunk, selection[k]!);
            lines.push(bounds.map((bound) => String(readField(bound, at))).join(' '));
          }
        return lines.sort();
      };
      const asked = (filter: string, fields: readonly string[]) =>
        sysdig(ARTICLE, '-p', fields.map((name) => `%${name}`).join(' '), filter)
          .trim()
          .split('\n')
          .sort();
      const switches = ['thread.tid', 'thread.exectime', 'thread.totexectime'];
      expect(read('evt.type=switch and thread.exectime exists', switches)).toEqual(asked('evt.type=switch', switches));
      const polled = ['evt.num', 'fdlist.cips', 'fdlist.sips', 'fdlist.cports', 'fdlist.sports'];
      expect(read('fdlist.cips exists', polled)).toEqual(asked('fdlist.cips exists and evt.dir=<', polled));
      const opened = asked('evt.type in (open, openat) and evt.dir=<', ['thread.tid', 'fd.name', 'fd.name_changed']);
      expect(read('fd.name_changed=true and evt.type in (open, openat)', ['thread.tid', 'fd.name', 'fd.name_changed'])).toEqual(
        opened.filter((line) => line.endsWith(' true')),
      );
    });

    test('topscalls counts a call once, and sysdig its beginning and its end', () => {
      const ours = new Map(values('topscalls', []));
      const [theirs, calls] = [new Map(chisel('topscalls')).get('select')!, ours.get('select')!];
      expect(Math.abs(theirs - 2 * calls)).toBeLessThan(20); // some were cut by an end of the capture
    });

    test('topprocs_errors leaves out what is none: EAGAIN, EINPROGRESS, EINTR', () => {
      const again = new Map(values('count-by', ['proc.pid'], 'evt.res in (EAGAIN, EINPROGRESS, EINTR)'));
      const ours = new Map(values('topprocs_errors'));
      const theirs = chisel('topprocs_errors').slice(0, 3);
      expect(theirs.map(([of]) => [of, ours.get(of)! + (again.get(of.split(' ')[1]!) ?? 0)])).toEqual(theirs);
    });
  },
);
