/** The screen without a terminal: keys in, frames out. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { helpLines } from '../../src/tui/frame/help.ts';
import { view } from '../../src/tui/frame/view.ts';
import { KEYS } from '../../src/tui/keymap.ts';
import { painter } from '../../src/tui/kit/paint.ts';
import type { Size } from '../../src/tui/kit/terminal.ts';
import { Session } from '../../src/tui/session.ts';
import type { SessionOptions } from '../../src/tui/session-options.ts';
import { hostileEvents, repeated, stalledLookup, writeCapture } from './scene.ts';

const SGR = /\x1b\[[0-9]+m/g;
const plain = painter(false);

const here = process.cwd();
let folder: string;
const readers: CaptureReader[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-session-'));
  process.chdir(folder); // whatever is typed may write files
  writeCapture(join(folder, 'stall.trowel'), stalledLookup());
  writeCapture(join(folder, 'hostile.trowel'), hostileEvents());
});
afterAll(() => {
  process.chdir(here);
  for (const reader of readers) reader.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Screen {
  readonly session: Session;
  readonly copied: string[];
  readonly remembered: string[];
  keys(...keys: string[]): this;
  readonly lines: string[];
}

function screenOn(
  name: string,
  size: Size = { columns: 100, rows: 30 },
  history: string[] = [],
  more: Partial<SessionOptions> = {},
): Screen {
  const capture = new CaptureReader(join(folder, name));
  readers.push(capture);
  const copied: string[] = [];
  const remembered: string[] = [];
  const session = new Session({
    capture,
    context: { dims: capture.dims, epoch: capture.epoch, hostname: 'node-1', growing: false },
    file: name,
    filter: '',
    follow: true,
    history,
    size,
    ...more,
    world: {
      copy: (text) => `here: ${copied.push(text)}`,
      redraw() {},
      suspend() {},
      quit() {},
      remember: (filter) => remembered.push(filter),
    },
  });
  return {
    session,
    copied,
    remembered,
    keys(...keys) {
      for (const key of keys) session.dispatch({ kind: 'key', key });
      return this;
    },
    get lines() {
      return view(session.state, plain).lines.map((line) => line.replace(SGR, '').trimEnd());
    },
  };
}

const typed = (text: string) => [...text];

describe('an event that is waited for', () => {
  test.each([
    ['stops following, and is marked', '', false],
    ['is marked, and told to who looks at something else', ' ', true],
  ])('%s', async (_what, key, table) => {
    const name = `awaited-${table}.trowel`;
    const events = stalledLookup();
    const writer = writeCapture(join(folder, name), events, true);
    const capture = new CaptureReader(join(folder, name));
    readers.push(capture);
    const context = { dims: capture.dims, epoch: capture.epoch, hostname: 'node-1', growing: true };
    const screen = screenOn(name, { columns: 100, rows: 30 }, [], { capture, context, on: 'evt.type=connect and evt.num>27' });
    if (key !== '') screen.keys('v');
    for (const chunk of repeated(events, 3 * 27, 1000)) {
      for (let i = 0; i < chunk.n; i++) chunk.num[i]! += 27;
      writer.append(chunk);
    }
    writer.flush();
    screen.keys('t'); // a key reads what has come, too: that it has grown must still be seen
    const seen = () => {
      const { marks, follow, selected, table: shown } = screen.session.state;
      return `${marks.o} ${follow} ${selected === 52} ${shown?.question.id ?? 'events'}`;
    };
    const wanted = table ? '52 on false views' : '52 paused true events';
    await vi.waitFor(() => expect(seen()).toBe(wanted), { timeout: 15_000 }).finally(() => screen.session.close());
    expect(screen.session.state.notice?.text).toContain('event 52 is what --on waits for');
    writer.close({});
  });
});

describe('what is shown first', () => {
  const firstOf = (name: string, more: Partial<SessionOptions>) => screenOn(name, { columns: 120, rows: 24 }, [], { first: null, ...more });

  test.each([
    ['the findings where there are any', 'stall.trowel', {}, / findings: .*\n(.*\n)+.*localdomain/],
    ['those of the processes that a filter lets through', 'stall.trowel', { filter: 'proc.name=curl' }, / findings: .*\n of the processes/],
    ['the events where nothing is found', 'stall.trowel', { filter: 'proc.name=skydns' }, /WHAT *\n▸/],
    ['the screen that was asked for', 'stall.trowel', { first: 'views' }, / views: /],
    ['the events where they were', 'stall.trowel', { first: 'events' }, /WHAT *\n▸/],
  ])('is %s', async (_what, name, more, seen) => {
    const screen = firstOf(name, more);
    await vi.waitFor(() => expect(screen.lines.join('\n')).toMatch(seen), { timeout: 15_000 });
  });

  test('does not lead away who is at work already', () => {
    const { session, keys, lines } = firstOf('stall.trowel', { first: 'events' });
    const question = { id: 'findings', filter: '', event: null };
    const table = { head: [], columns: [], rows: [{ cells: [], num: null, drill: null }] };
    keys('j');
    session.dispatch({ kind: 'first', question, table });
    expect(session.state.table).toBeNull();
    expect(session.state.notice?.text).toContain('something went wrong or took long: w says why');
    expect(lines.join('\n')).toContain('WHAT');
  });

  test('is left for the events by Backspace', () => {
    expect(firstOf('stall.trowel', {}).keys('Backspace').session.state.table).toBeNull();
  });
});

describe('the state of the screen', () => {
  test('a filter can be left again, and the selection is where it was', () => {
    const screen = screenOn('stall.trowel').keys('Down', 'Down', 'f', ...typed('evt.type=connect'), 'Enter');
    expect(screen.session.state).toMatchObject({ filter: 'evt.type=connect', selected: 25 });
    expect(screen.keys('Backspace').session.state).toMatchObject({ filter: '', selected: 3, visited: [] });
    expect(screen.keys('Backspace').session.state.notice?.text).toContain('nothing to go back to');
    expect(screen.remembered).toEqual(['evt.type=connect']);
  });

  test('a filter that is wrong stays in the prompt, and nothing changes until it is right', () => {
    const screen = screenOn('stall.trowel').keys('f', ...typed('proc.nme=curl'), 'Enter');
    expect(screen.session.state).toMatchObject({ filter: '', prompt: { refused: true } });
    expect(screen.lines.slice(1, 4)).toEqual([
      ' filter  proc.nme=curl',
      '         ^^^^^^^^ unknown field proc.nme',
      '         try: proc.name=curl   (Tab takes it)',
    ]);
    expect(screen.keys('Esc').session.state).toMatchObject({ filter: '', prompt: null });
  });

  test('a filter is made of any field of the detail', () => {
    const screen = screenOn('stall.trowel', { columns: 100, rows: 44 }).keys('Enter', 'Tab', 'Right', 'Right', 'Right');
    const { type, process } = screen.session.state.list.rows[0]!;
    expect(screen.keys('=').session.state.filter).toBe(`evt.type=${type.value}`);
    expect(screen.keys('Left', 'Left', '!').session.state.filter).toBe(`evt.type=${type.value} and not proc.name=${process!.value}`);
  });

  test('texts that were looked for come back', () => {
    const screen = screenOn('stall.trowel').keys('/', ...typed('one'), 'Enter', '/', ...typed('two'), 'Enter', '/', 'Up', 'Up');
    expect(screen.session.state.prompt?.line.text).toBe('one');
    expect(screen.keys('Down', 'Down').session.state.prompt?.line.text).toBe('');
  });

  test('a filter that matches nothing says so', () => {
    const screen = screenOn('stall.trowel').keys('f', ...typed('proc.name=nobody'), 'Enter');
    expect(screen.lines.join('\n')).toContain('none of 27 events matches this filter');
    expect(screen.keys('Down', 'Enter', 'y', ']').session.state.selected).toBeNull();
  });

  test('history goes back and forth, and the line that was begun comes back', () => {
    const screen = screenOn('stall.trowel', undefined, ['evt.num=1', 'evt.num=2']).keys('f', ...typed('fd'));
    const line = () => screen.session.state.prompt?.line.text;
    expect([screen.keys('Up') && line(), screen.keys('Up') && line(), screen.keys('Up') && line()]).toEqual([
      'evt.num=2',
      'evt.num=1',
      'evt.num=1',
    ]);
    expect([screen.keys('Down') && line(), screen.keys('Down') && line()]).toEqual(['evt.num=2', 'fd']);
  });

  test('cells without a value to compare say why', () => {
    const screen = screenOn('stall.trowel').keys('Left', 'Left', '=');
    expect(screen.session.state).toMatchObject({ filter: '', notice: { text: expect.stringContaining('from gap to gap') } });
    expect(screen.keys('Right', 'Right', '+').session.state.notice?.text).toContain('no filter to add to');
  });

  test('the focused column stays the same one when the width changes', () => {
    const screen = screenOn('stall.trowel', { columns: 130, rows: 20 }).keys('Right');
    expect(screen.session.state.column).toBe('PID');
    screen.session.dispatch({ kind: 'resize', size: { columns: 100, rows: 20 } });
    expect(screen.keys('=').session.state.filter).toBe('proc.name=curl');
    screen.session.dispatch({ kind: 'resize', size: { columns: 130, rows: 20 } });
    expect(screen.keys('=').session.state.filter).toBe('proc.name=curl and proc.pid=22370');
  });

  test('a query leads to its answer, and back; what is neither says so', () => {
    const screen = screenOn('stall.trowel').keys(':', '5', 'Enter', '%');
    expect(screen.session.state.selected).toBe(8);
    expect(screen.keys('%').session.state.selected).toBe(5);
    expect(screen.keys('g', '%').session.state).toMatchObject({ selected: 1, notice: { text: expect.stringContaining('no DNS query') } });
  });

  test('one connection can be kept, also from a row that is about a name', () => {
    const screen = screenOn('stall.trowel').keys(':', '5', 'Enter', 'F');
    expect(screen.session.state).toMatchObject({ filter: 'fd.name=172.17.0.7:46160->10.88.0.2:53', counts: { matches: 4 } });
    expect(screen.keys('Backspace', 'g', 'F').session.state.notice?.text).toBe('this event has no descriptor');
  });

  test('Enter alone looks for the same text again', () => {
    const screen = screenOn('stall.trowel').keys('/', ...typed('SERVFAIL'), 'Enter', '/', 'Enter');
    expect(screen.session.state.selected).toBe(20);
  });

  test('rows like the focused cell get a colour, and a digit for those who see none', () => {
    const screen = screenOn('stall.trowel', { columns: 100, rows: 44 }).keys('c');
    const marked = (mark: string) => screen.lines.filter((line) => line.startsWith(`${mark}+`)).length;
    expect(screen.session.state.notice?.text).toContain('proc.name=curl has a colour');
    expect(marked('1')).toBe(16); // the 17th is selected
    screen.keys('Right', 'Down', 'c');
    expect([marked('1'), marked('2')]).toEqual([15, 1]); // the other openat has the newer colour
    expect(view(screen.session.state, painter(true)).lines.join('\n')).toContain('\x1b[94m2\x1b[39m');
    screen.keys('c');
    expect([marked('1'), marked('2')]).toEqual([16, 0]);
    screen.keys('Left', 'Left', 'Left', 'c');
    expect(screen.session.state.notice?.text).toContain('Δ depends on the filter');
    screen.keys('C');
    expect(screen.session.state.colours).toEqual([]);
    expect(screen.keys('C').session.state.notice?.text).toContain('c gives one');
  });

  test('times are shown in three ways', () => {
    const screen = screenOn('stall.trowel').keys('Down');
    const time = () => screen.lines[4]!.slice(1).split(' ')[0];
    expect([time(), screen.keys('t') && time(), screen.keys('t') && time()]).toEqual(['+0.002000', '22:13:20.002000', '+0.001000']);
  });

  test('a paste goes into the prompt only', () => {
    const screen = screenOn('stall.trowel');
    screen.session.dispatch({ kind: 'paste', text: 'q' });
    expect(screen.session.state.notice?.text).toContain('press f first');
    screen.keys('f').session.dispatch({ kind: 'paste', text: 'fd.num=3\n' });
    expect(screen.session.state.prompt?.line.text).toBe('fd.num=3');
  });

  test('what is copied does nothing to a terminal', () => {
    const screen = screenOn('hostile.trowel').keys('y', 'Y');
    for (const text of screen.copied) expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]|\u202e/);
    expect(screen.copied).toHaveLength(2);
  });
});

describe('keys', () => {
  test('one key means one thing in one place', () => {
    for (const context of ['list', 'detail', 'prompt', 'page'] as const) {
      const keys = KEYS.filter(({ where }) => where.includes(context)).flatMap((row) => row.keys);
      expect(keys).toEqual([...new Set(keys)]);
    }
  });

  test('the help tells every key', () => {
    const help = helpLines().join('\n');
    for (const { help: words } of KEYS.filter(({ where }) => !where.includes('page'))) expect(help).toContain(words);
  });
});

describe('whatever is typed, at whatever size', () => {
  const key = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...new Set(KEYS.flatMap(({ keys }) => keys))).filter((one) => one !== 'q') },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.constantFrom(...typed('dns.qname="x')) },
  );
  const size = fc.record({ columns: fc.integer({ min: 1, max: 220 }), rows: fc.integer({ min: 1, max: 60 }) });

  test.each(['stall.trowel', 'hostile.trowel'])(
    'a frame of %s has as many lines as the terminal, none too wide, and nothing in it but text and styles',
    (name) => {
      fc.assert(
        fc.property(
          size,
          fc.array(fc.oneof({ weight: 9, arbitrary: key }, { weight: 1, arbitrary: size }), { maxLength: 40 }),
          (first, steps) => {
            const { session } = screenOn(name, first);
            for (const step of steps) {
              session.dispatch(typeof step === 'string' ? { kind: 'key', key: step } : { kind: 'resize', size: step });
              const { lines, cursor } = view(session.state, plain);
              const { columns, rows } = session.state.size;
              expect(lines).toHaveLength(rows);
              for (const line of lines) {
                const text = line.replace(SGR, '');
                expect(text).not.toMatch(/[\x00-\x1f\x7f-\x9f]|\u202e/);
                expect(stringWidth(text), JSON.stringify(text)).toBeLessThanOrEqual(columns);
              }
              if (cursor !== null) expect([cursor.x < columns, cursor.y < rows]).toEqual([true, true]);
            }
            session.close();
            readers.pop()?.close();
          },
        ),
        { numRuns: 150 },
      );
    },
  );
});
