import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { readTable } from '../../src/tui/data/table-reader.ts';
import { columnDoc } from '../../src/tui/frame/help.ts';
import { SCREENS, screenNamed } from '../../src/tui/screens/index.ts';
import { cellText } from '../../src/tui/screens/table/cell.ts';
import { endAll, noPty, Pty } from './pty.ts';
import { hostileEvents, writeCapture } from './scene.ts';

const SHIPPED = 'captures/critical-app.trowel';

let folder: string;
let hostile: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-screens-'));
  hostile = join(folder, 'hostile.trowel');
  writeCapture(hostile, hostileEvents());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

const sourcesOf = (at: string): string[] =>
  readdirSync(at, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(at, name));

const rows = (path: string, id: string, filter = '') => {
  const capture = new CaptureReader(path);
  try {
    const context = { dims: capture.dims, epoch: capture.epoch, hostname: '', growing: false };
    return readTable({ id, filter, event: null }, capture, context);
  } finally {
    capture.close();
  }
};

describe('every screen', () => {
  test('is one file and one line of the registry: no other source knows its name', () => {
    const index = readFileSync('src/tui/screens/index.ts', 'utf8');
    const own = readdirSync('src/tui/screens').filter(
      (name) => name.endsWith('.ts') && /export const [A-Z_]+: ScreenSpec/.test(readFileSync(join('src/tui/screens', name), 'utf8')),
    );
    for (const name of own.filter((one) => one !== 'rankings.ts')) {
      const [, constant] = /export const ([A-Z_]+): ScreenSpec/.exec(readFileSync(join('src/tui/screens', name), 'utf8'))!;
      expect(index.split(new RegExp(`\\b${constant}\\b`)), name).toHaveLength(3); // its import and its line
      const others = sourcesOf('src/tui').filter((path) => !path.endsWith(`/${name}`) && !path.endsWith('/index.ts'));
      for (const path of others) expect(readFileSync(path, 'utf8'), path).not.toMatch(new RegExp(`import[^;]*\\b${constant}\\b`));
    }
    expect(own.length).toBeGreaterThan(10);
  });

  test('has a name of its own and says what it answers', () => {
    const names = SCREENS.flatMap(({ id, aliases }) => [id, ...aliases]);
    expect(new Set(names).size).toBe(names.length);
    for (const { id, sentence } of SCREENS) {
      expect(sentence, id).not.toBe('');
      expect(screenNamed(id)?.id).toBe(id);
    }
  });

  test.each(SCREENS.map(({ id }) => id))('%s has a cell for every column, and harmless text of a hostile capture', (id) => {
    for (const path of [SHIPPED, hostile]) {
      const { columns, rows: all } = rows(path, id);
      for (const { cells } of all) {
        expect(cells).toHaveLength(columns.length);
        for (const [c, cell] of cells.entries()) expect(cellText(columns[c]!, cell)).toMatch(/^\P{C}*$/u);
      }
    }
  });
});

test('every column of every screen says what its cells are', () => {
  const silent = SCREENS.flatMap(({ id }) =>
    rows(SHIPPED, id)
      .columns.filter((column) => column.title !== '' && columnDoc(column) === '')
      .map(({ title }) => `${id}: ${title}`),
  );
  expect(silent).toEqual([]);
});

/** What people look for, and the screen that answers it. */
const NAMES = {
  findings: 'findings', story: 'story', why: 'story', dns: 'dns', waits: 'waits', gaps: 'waits', connections: 'connections', conns: 'connections',
  processes: 'processes', tree: 'processes', threads: 'threads', descriptors: 'descriptors', fds: 'descriptors', stream: 'stream', pods: 'pods',
  services: 'services', namespaces: 'namespaces', ns: 'namespaces', nodes: 'nodes', containers: 'containers', errors: 'errors', ports: 'ports',
  'server-ports': 'ports', 'listen-queues': 'accept-queues', queues: 'accept-queues', files: 'files', directories: 'directories', calls: 'calls',
  opens: 'opens', commands: 'commands', exits: 'exits', slow: 'slow', 'slow-calls': 'slow', users: 'users', 'k8s-events': 'k8s-events', http: 'http',
  requests: 'http', losses: 'losses', 'blind-spots': 'losses', summary: 'summary', spectrogram: 'spectrogram', views: 'views',
}; // biome-ignore format: a table
/** Of the capture that comes along; what it cannot have, a screen of it says so or is empty. */
const EMPTY: readonly string[] = ['pods', 'services', 'namespaces', 'nodes', 'accept-queues', 'k8s-events', 'http', 'requests'];

test.each(Object.entries(NAMES))(':%s opens %s, with rows of the shipped capture', (name, id) => {
  expect(screenNamed(name)?.id).toBe(id);
  const { columns, rows: all, head } = rows(SHIPPED, id);
  expect(columns.length).toBeGreaterThan(0);
  if (!EMPTY.includes(id)) expect(all.length + head.length, id).toBeGreaterThan(0);
});

test('the rows of a screen are those of its filter', () => {
  const all = rows(SHIPPED, 'calls').rows.length;
  const some = rows(SHIPPED, 'calls', 'proc.name=curl').rows.length;
  expect(some).toBeGreaterThan(0);
  expect(some).toBeLessThan(all);
  expect(() => rows(SHIPPED, 'calls', 'proc.nam=curl')).toThrow('unknown field');
});

describe.skipIf(noPty !== null)('screens in a pseudo-terminal', () => {
  const opened = async (columns = 120, rows = 36): Promise<Pty> => {
    const pty = new Pty(['open', '--screen', 'events', SHIPPED], { columns, rows });
    await pty.until('Enter detail');
    return pty;
  };

  test('a capture opened by its name alone: one key says which suffix cost the time, the second is at the event that proves it', async () => {
    const pty = new Pty([SHIPPED], { columns: 120, rows: 36 });
    await pty.until('nobody answers questions for names under the search domain localdomain');
    pty.type('w');
    await pty.until(() => pty.selected.includes('localdomain  TIMEOUT'));
    pty.type('\x7f\r');
    await pty.until('story 1 of 1');
    await pty.until(() => pty.selected.includes('localdomain  TIMEOUT'));
    pty.type('\r');
    await pty.until(() => pty.selected.includes('sendmmsg') || pty.selected.includes('connect'));
    pty.type('\x7f');
    await pty.until(() => pty.selected.includes('localdomain  TIMEOUT'));
  });

  test('the list of screens opens one, Enter keeps what a row is about, Backspace returns to that row', async () => {
    const pty = await opened();
    pty.type('v');
    await pty.until('what can be looked at');
    pty.type('/procs-net\r');
    await pty.until(() => pty.selected.includes('procs-net'));
    pty.type('\r');
    await pty.until('PROC.NAME');
    pty.type('j');
    await pty.until((screen) => screen.includes(' 2/'));
    const second = pty.selected;
    pty.type('\r');
    await pty.until('Enter detail');
    expect(pty.screen).toContain('proc.pid=');
    pty.type('\x7f');
    await pty.until(() => pty.selected === second);
    pty.type('\x7f');
    await pty.until('Enter detail');
  });

  test('a palette names screens, a column sorts, and cells keep and drop', async () => {
    const pty = await opened();
    pty.type(':calls\r');
    await pty.until(() => pty.selected.includes('poll'));
    pty.type('1');
    await pty.until('▼EVENTS');
    pty.type('1');
    await pty.until('▲EVENTS');
    pty.type('l=');
    await pty.until('evt.type=');
    await pty.until((screen) => screen.includes(' 1/1 '));
    pty.type('\x7f');
    await pty.until((screen) => !screen.includes('evt.type='));
    pty.type(':nosuch\r');
    await pty.until('is no screen, field, event number, time or command');
  });

  test('a wrong filter stays where it is typed; a right one is used by the screen', async () => {
    const pty = await opened();
    pty.type(':files\rfproc.nam=x');
    await pty.until('unknown field proc.nam');
    pty.type('\x1b');
    await pty.until('Enter open');
    pty.type('fproc.name=curl\r');
    await pty.until('filter  proc.name=curl');
    await pty.until('FD.NAME');
  });

  test.each([
    [80, 24],
    [60, 15],
    [200, 50],
  ])('at %d×%d every line fits', async (columns, lines) => {
    const pty = await opened(columns, lines);
    for (const id of ['dns', 'story', 'connections', 'views']) {
      pty.type(`:${id}\r`);
      await pty.until(` ${id}: `);
    }
    expect(pty.lines).toHaveLength(lines);
    pty.type('q');
    expect(await pty.exit).toBe(0);
  });
});
