/** What a user of csysdig, k9s or Wireshark does with the keyboard, in a real pseudo-terminal on the shipped capture. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { endAll, noPty, Pty, type PtyOptions } from './pty.ts';

const SHIPPED = resolve('captures/critical-app.trowel');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-hands-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

async function opened(options: PtyOptions = {}): Promise<Pty> {
  const pty = new Pty(['open', '--screen', 'events', SHIPPED], { columns: 120, rows: 36, cwd: folder, ...options });
  await pty.until('Enter detail');
  return pty;
}

/** Opens a screen by its name and waits for its rows. */
async function at(screen: string, options: PtyOptions = {}): Promise<Pty> {
  const pty = await opened(options);
  pty.type(`:${screen}\r`);
  await pty.until(` ${screen}: `);
  await pty.until((seen) => !seen.includes('working …'));
  return pty;
}

describe.skipIf(noPty !== null)('drilling down', () => {
  test('from container to process to descriptor to what went through it, in four times Enter', async () => {
    const pty = await at('containers');
    await pty.until(() => pty.selected.includes('b3a718d8b339'));
    pty.type('\r');
    await pty.until(' processes: ');
    await pty.until(() => pty.selected.includes('curl -s -S'));
    pty.type('\r');
    await pty.until(' descriptors: ');
    await pty.until(() => pty.selected.includes('10.88.0.2:53'));
    pty.type('\r');
    await pty.until(' stream: ');
    await pty.until(() => pty.selected.includes('localdomain'));
    pty.type('\r');
    await pty.until(() => pty.selected.includes('sendmmsg'));
    expect(pty.lines[0]).toContain('descriptors ▸ stream ▸ events');
  });

  test('Backspace returns to the row, Ctrl-R goes forward again', async () => {
    const pty = await at('descriptors');
    pty.type('jj');
    await pty.until(' 3/');
    const third = pty.selected;
    pty.type('\r');
    await pty.until(' stream: ');
    pty.type('\x7f');
    await pty.until(() => pty.selected === third);
    pty.type('\x12');
    await pty.until(' stream: ');
    pty.type('\x12');
    await pty.until('nothing to go forward to');
  });

  test('a row leads to its failed calls, its threads, its lookups', async () => {
    const pty = await at('processes');
    pty.type('x');
    await pty.until(' errors: ');
    await pty.until('proc.pid=26768');
    pty.type('\x7fH');
    await pty.until(' threads: ');
    pty.type('\x7fD');
    await pty.until(' dns: ');
    await pty.until(() => pty.selected.includes('localdomain'));
  });

  test('echo and dig are csysdig’s keys, also those of the function row', async () => {
    const pty = await at('descriptors');
    pty.type('\x1b[15~');
    await pty.until(' stream: ');
    pty.type('\x7f\x1b[17~');
    await pty.until('Enter detail');
    await pty.until('fd.name=anon_inode:[eventpoll]');
  });

  test('echo of an event shows both directions of its connection', async () => {
    const pty = await opened();
    pty.type(':822\r');
    await pty.until('#822');
    pty.type('e');
    await pty.until('← ');
    expect(pty.screen).toMatch(/→ +\+10\.068593 +102B curl +GET \/ HTTP\/1\.1/);
    expect(pty.screen).toContain('hello from backend');
  });
});

describe.skipIf(noPty !== null)('screens', () => {
  test('a stream is text, dotted or hex, and is saved as it was', async () => {
    const pty = await opened({ columns: 140 });
    pty.type('ffd.port=80\r');
    await pty.until('fd.port=80');
    pty.type(':stream\r');
    await pty.until('as text');
    pty.type('x');
    await pty.until('as dotted');
    pty.type('x');
    await pty.until('47 45 54 20 2f 20');
    pty.type('S');
    await pty.until('stream.bin: 244 bytes');
    expect(readFileSync(join(folder, 'stream.bin'), 'latin1')).toMatch(/^GET \/ HTTP[\s\S]*hello from backend\n$/);
  });

  test('the spectrogram reads without colour, and a field of it leads to its events', async () => {
    const pty = await at('spectrogram', { env: { NO_COLOR: '1' } });
    expect(pty.selected).toMatch(/^▸\+0\.000000 +80 +147 +24/);
    pty.type('lll\r');
    await pty.until('24 of 452');
    expect(pty.screen).toContain('evt.latency>=10000 and evt.latency<100000');
    pty.type('\x7f');
    await pty.until(' spectrogram: ');
    pty.type('ajl');
    await pty.until(() => pty.selected.startsWith('▸+0.25'));
    pty.type('\r'); // two slices of time, two columns
    await pty.until('evt.latency>=10000 and evt.latency<1000000');
    await pty.until('29 of 452');
  });

  test('waits say what others did meanwhile', async () => {
    const pty = await at('waits');
    await pty.until(() => pty.selected.includes('5.005 s'));
    pty.type('o');
    await pty.until('not thread.tid=26773');
    await pty.until('skydns');
  });

  test('findings lead to their story, and n to the next one', async () => {
    const pty = await at('findings');
    await pty.until(() => pty.selected.includes('dns-search-domain-silent'));
    await pty.until('no answer came'); // whole, though its cell is cut
    pty.type('\r');
    await pty.until('story 1 of 1');
    pty.type('n');
    await pty.until('There are 1 stories, and no more.');
    pty.type('N');
    await pty.until('story 1 of 1');
  });

  test('the summary names what to look at next', async () => {
    const pty = await at('summary');
    await pty.until('busiest containers');
    pty.type('/lookups\r');
    await pty.until(() => pty.selected.includes('name lookups'));
    pty.type('\r');
    await pty.until(' dns: ');
  });

  test('events by any field are a name away', async () => {
    const pty = await opened();
    pty.type(':evt.cpu\r');
    await pty.until('EVT.CPU');
    pty.type('\x7f:user.n\t\r');
    await pty.until(/USER\.NAME/);
  });

  test('? explains the columns of the screen', async () => {
    const pty = await at('waits');
    pty.type('?');
    await pty.until('the call that took so long; between calls');
    pty.type('q');
    await pty.until(' waits: ');
  });

  test('a column sorts by its number, by s, and by < and >', async () => {
    const pty = await at('processes');
    pty.type('2');
    await pty.until('▼EVENTS');
    pty.type('>');
    await pty.until('▼BYTES.IN');
    pty.type('<<');
    await pty.until('▼TIME');
    pty.type('s');
    await pty.until('▲TIME');
  });

  test.each(['pods', 'namespaces', 'nodes', 'users', 'failures', 'cpus', 'callers', 'fd-types', 'slow', 'http', 'losses'])(
    '%s opens and is left again',
    async (id) => {
      const pty = await at(id);
      pty.type('\x7f');
      await pty.until('Enter detail');
    },
  );
});

describe.skipIf(noPty !== null)('hands', () => {
  test('marks come back, and twice the quote goes to where that began', async () => {
    const pty = await opened();
    pty.type(':441\r');
    await pty.until('#441');
    pty.type('ma');
    await pty.until('event 441 is mark a');
    pty.type('g');
    await pty.until('#185');
    pty.type("'a");
    await pty.until('#441');
    pty.type("''");
    await pty.until('#185');
    pty.type("'z");
    await pty.until('there is no mark z');
  });

  test('T counts times from an event on', async () => {
    const pty = await opened();
    pty.type(':441\r');
    await pty.until('#441');
    pty.type('T');
    await pty.until('TIME - T');
    expect(pty.selected).toMatch(/^▸\+0\.000000/);
    expect(pty.screen).toMatch(/\n -0\.0000/);
    pty.type('T');
    await pty.until('TIME rel');
  });

  test('= then ! turns the condition round', async () => {
    const pty = await opened();
    pty.type('=');
    await pty.until('filter  proc.name=sh');
    pty.type('!');
    await pty.until('filter  not proc.name=sh');
    pty.type('\x7f\x7f');
    await pty.until('every event');
  });

  test('a latency keeps as people write it', async () => {
    const pty = await opened();
    pty.type('ll='); // PROCESS → EVENT → LATENCY
    await pty.until('evt.latency>=7.89ms');
  });

  test('Tab takes all that can be mended, and what matches is counted while typing', async () => {
    const pty = await opened();
    pty.type('fproc.nme=curl and evt.tpe=read');
    await pty.until('(Tab takes it)');
    pty.type('\t');
    await pty.until('valid: Enter uses it, 45 of 452 events');
    pty.type('\r');
    await pty.until('45 of 452');
  });

  test.each([
    [':9999\r', 'that is beyond the last event, 856'],
    [':+99\r', 'that is beyond the last event, at +10.1'],
    [':help\r', 'In the list'],
    [':07:58:38\r', '#776'],
    [':nosuch\r', 'is no screen, field, event number, time or command'],
    ['1', ' slow: '],
    ['i', ' spectrogram: '],
    ['\x1b[24~', ' spectrogram: '],
    ["'", 'no event is marked'],
    ['d', 'keys are here'],
  ])('%j shows %j', async (keys, seen) => {
    const pty = await opened();
    pty.type(keys);
    await pty.until(seen);
  });

  test('the palette completes', async () => {
    const pty = await opened();
    pty.type(':spect');
    await pty.until('how many calls took how long');
    pty.type('\t\r');
    await pty.until(' spectrogram: ');
  });

  test('what is shown is written to a file, and never over one', async () => {
    const pty = await at('processes');
    pty.type('E\x15procs.csv\r');
    await pty.until('procs.csv: 5 rows');
    expect(readFileSync(join(folder, 'procs.csv'), 'utf8')).toMatch(/^time,events,bytes\.in/);
    pty.type('E\x15procs.csv\r');
    await pty.until('EEXIST');
    pty.type('E\x15procs.doc\r');
    await pty.until('must end with');
    pty.type(':write procs.md\r');
    await pty.until('procs.md: 5 rows');
  });

  test('events are written as JSON, or as a capture of their own', async () => {
    const pty = await opened();
    pty.type('fevt.type=connect\r');
    await pty.until(/ of 452/);
    pty.type('E\x15connects.json\r');
    await pty.until(/connects\.json: [0-9]+ events/);
    const lines = readFileSync(join(folder, 'connects.json'), 'utf8').trim().split('\n');
    expect(new Set(lines.map((line) => JSON.parse(line)['evt.type']))).toEqual(new Set(['connect']));
    pty.type('E\x15connects.trowel\r');
    await pty.until(`a capture of ${lines.length} events`);
    const capture = new CaptureReader(join(folder, 'connects.trowel'));
    expect(capture.last()?.count).toBe(lines.length);
    capture.close();
  });

  test('a copy says where it is: a terminal that is not known to take it gets a file', async () => {
    const home = join(folder, 'state');
    const pty = await opened({ env: { XDG_STATE_HOME: home } });
    pty.type('y');
    await pty.until('copied.txt');
    expect(pty.told.clipboard).toEqual([]);
    expect(readFileSync(join(home, 'trowel/copied.txt'), 'utf8')).toContain('write');
  });

  test('y copies a story, Y a whole table', async () => {
    const pty = await opened({ env: { TERM_PROGRAM: 'WezTerm' } });
    pty.type('w');
    await pty.until('What to do');
    pty.type('y');
    await pty.until('clipboard');
    expect(pty.told.clipboard[0]).toContain('remove the search domain localdomain');
    pty.type(':processes\r');
    await pty.until(' processes: ');
    await pty.until(() => pty.selected.includes('curl'));
    pty.type('Y');
    await pty.until(() => pty.told.clipboard.length === 2);
    expect(pty.told.clipboard[1]!.split('\n')).toHaveLength(6);
  });

  test('a search marks what it finds', async () => {
    const pty = await opened();
    pty.type('/nsswitch\r');
    await pty.until(() => pty.selected.includes('nsswitch'));
    pty.type('k');
    await pty.until(() => pty.raw.includes('\x1b[4mnsswitch\x1b[24m'));
  });

  test('a small terminal gets less, not nothing', async () => {
    const pty = await opened({ columns: 40, rows: 10 });
    expect(pty.lines[2]).toContain('PROCESS');
    pty.type('w');
    await pty.until(() => pty.selected.includes('99.9 %'));
  });
});

const SCAP = resolve('../shared/scap/critical-app.scap');
describe.skipIf(noPty !== null || !existsSync(SCAP))('a capture with pods', () => {
  test('from pods to what failed there', async () => {
    const pty = new Pty(['open', '--screen', 'events', SCAP], { columns: 120, rows: 36 });
    await pty.until('Enter detail');
    pty.type(':pods\r');
    await pty.until('K8S.POD.NAME');
    await pty.until(() => pty.selected.startsWith('▸'));
    pty.type('\r');
    await pty.until(' processes: ');
    await pty.until(() => pty.selected.includes('bash'));
    pty.type('x');
    await pty.until(' errors: ');
    expect(pty.lines[1]).toContain('k8s.pod.name=');
  });
});
