import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { endAll, noPty, Pty, type PtyOptions, testScript, trowelScript } from './pty.ts';
import { hostileEvents, stalledLookup, writeCapture } from './scene.ts';

if (noPty !== null) console.log(`skipped: ${noPty}`);

let folder: string;
let stall: string;
let hostile: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trowel-tui-'));
  stall = join(folder, 'stall.trowel');
  hostile = join(folder, 'hostile.trowel');
  writeCapture(stall, stalledLookup());
  writeCapture(hostile, hostileEvents());
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endAll);

/** Opens a capture and waits for its rows. */
async function opened(path: string, filter = '', options: PtyOptions = {}): Promise<Pty> {
  const pty = new Pty(['open', '--screen', 'events', path, ...(filter === '' ? [] : [filter])], options);
  await pty.until('Enter detail');
  return pty;
}

describe.skipIf(noPty !== null)('the screen', () => {
  test('shows the capture on the alternate screen, and leaves the terminal as it was', async () => {
    const pty = new Pty([], { shell: `echo before; $TROWEL open --screen events ${stall}; echo after` });
    await pty.until('Enter detail');
    expect(pty.alternate).toBe(true);
    expect(pty.lines[0]).toContain('trowel ▸');
    expect(pty.lines[0]).toContain('27 events  lost 0');
    expect(pty.screen).toContain('── gap 8.011 s ──');
    expect(pty.screen).not.toContain('before');
    pty.type('q');
    expect(await pty.exit).toBe(0);
    expect(pty.alternate).toBe(false);
    expect(pty.screen.trim()).toBe('before\nafter');
    expect(pty.raw.endsWith('\x1b[?25h') || pty.raw.includes('\x1b[?25h')).toBe(true);
    expect(pty.raw.lastIndexOf('\x1b[?2004l')).toBeGreaterThan(pty.raw.lastIndexOf('\x1b[?2004h'));
  });

  test('moves by keys, also when they come glued together', async () => {
    const pty = await opened(stall);
    pty.type('jjj');
    await pty.until(() => pty.selected.includes('ENOENT'));
    pty.type('k\r');
    await pty.until('── event 3 ──');
    pty.type('\rG');
    await pty.until('27/27');
    pty.type('gj\x1b[B\x1b[B');
    await pty.until('4/27');
  });

  test('says what is wrong with a filter, and takes the right one', async () => {
    const pty = await opened(stall);
    pty.type('fdns.rcod=NXDOMAIN');
    await pty.until('unknown field dns.rcod');
    expect(pty.screen).toMatch(/ filter {2}dns\.rcod=NXDOMAIN\n {9}\^{8} unknown field dns\.rcod\n +try: dns\.rcode=NXDOMAIN/);
    pty.type('\r');
    await pty.until('unknown field');
    pty.type('\x01\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[C\x1b[Ce');
    await pty.until('valid: Enter uses it');
    pty.type('\r');
    await pty.until('6 of 27');
    expect(pty.lines.filter((line) => line.includes('NXDOMAIN'))).toHaveLength(7);
    pty.type('\x7f');
    await pty.until('every event');
  });

  test('completes field names and operators, and remembers filters', async () => {
    const pty = await opened(stall);
    pty.type('fdns.rc\t');
    await pty.until('▸ dns.rcode');
    pty.type(' st\t SERV\r');
    await pty.until('dns.rcode startswith SERV');
    await pty.until('2 of 27');
    pty.type('f\x15\x1b[A');
    await pty.until((screen) => screen.includes('Enter use') && screen.includes('dns.rcode startswith SERV'));
  });

  test('shows one event in full, and follows the selection', async () => {
    const pty = await opened(stall, '', { rows: 44 });
    pty.type('jj\r');
    await pty.until('119 bytes');
    expect(pty.screen).toContain('6e 61 6d 65 73 65 72 76 65 72');
    expect(pty.screen).toContain('nameserver 10.8');
    pty.type('x');
    await pty.until('search critical-app.svc.cluster.local svc.cluster.local');
    pty.type('j');
    await pty.until('failed: ENOENT (-2)');
    pty.type('\x1b');
    await pty.until((screen) => !screen.includes('── event'));
  });

  test('finds text, the next and the one before, and goes on from the other end', async () => {
    const pty = await opened(stall);
    pty.type('/servfail\r');
    await pty.until('19/27');
    pty.type('n');
    await pty.until('20/27');
    expect(pty.selected).toContain('recvfrom');
    pty.type('n');
    await pty.until('past the end: from the other end again');
    expect(pty.selected).toContain('skydns');
    pty.type('N');
    await pty.until(() => pty.selected.includes('recvfrom'));
    pty.type('/nosuchtext\r');
    await pty.until('no row has nosuchtext in it');
  });

  test('goes from gap to gap, to an event, and to a time', async () => {
    const pty = await opened(stall);
    pty.type(']');
    await pty.until('19/27');
    pty.type(']');
    await pty.until('no later pause');
    pty.type(':3\r');
    await pty.until('3/27');
    pty.type(':+8\r');
    await pty.until(() => pty.selected.includes('+8.01'));
    pty.type(':nowhere\r');
    await pty.until('is no screen, field, event number, time or command');
  });

  test('filters by the focused cell: keep, drop, add, and back again', async () => {
    const pty = await opened(stall);
    pty.type('=');
    await pty.until(/filter {2}proc\.name=curl/);
    await pty.until('17 of 27');
    pty.type('\x1b[C!');
    await pty.until('proc.name=curl and not evt.type=execve');
    pty.type('\x7f\x7f');
    await pty.until('every event');
    expect(pty.selected).toContain('execve');
  });

  test('follows the size of the terminal, and asks for more where it is too small', async () => {
    const pty = await opened(stall);
    for (const [columns, rows] of [
      [160, 50],
      [60, 15],
      [200, 50],
    ] as const) {
      pty.resize(columns, rows);
      await pty.until(() => pty.lines[0]!.length > columns - 3 && pty.lines[2]!.includes('TIME') && pty.lines.at(-1)!.includes('/27'));
      expect(pty.lines.filter((line) => line.includes('trowel ▸'))).toHaveLength(1);
    }
    pty.resize(30, 8);
    await pty.until('trowel needs 40×10');
    pty.resize(100, 30);
    await pty.until('1/27');
    expect(pty.screen).not.toContain('needs');
  });

  test('takes a terminal without a size for one of 80×24', async () => {
    const pty = new Pty([], { shell: `stty rows 0 cols 0; exec $TROWEL open --screen events ${stall}`, columns: 80, rows: 24 });
    await pty.until('1/27');
    expect(pty.lines[0]).toContain('trowel ▸');
    expect(pty.lines.at(-1)).toContain('1/27');
  });

  test('names, paths and payloads of captured programs do nothing to the terminal', async () => {
    const pty = await opened(hostile, '', { columns: 120, rows: 60, env: { TERM_PROGRAM: 'WezTerm' } });
    pty.type('\r');
    await pty.until('── event 1 ──');
    pty.type('jx');
    await pty.until('── event 2 ──');
    pty.type('=');
    await pty.until('proc.name=');
    pty.type('f');
    await pty.until('valid');
    pty.type('\x1b');
    await pty.until('Enter detail');
    pty.type('y');
    await pty.until('clipboard');
    expect(pty.told.titles).toEqual([]);
    expect(pty.told.bells).toBe(0);
    expect(pty.told.clipboard).toHaveLength(1);
    expect(pty.told.clipboard[0]).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
    expect(pty.raw).not.toContain('\u202e');
    expect(pty.lines[0]).toContain('trowel ▸');
    expect(pty.lines.filter((line) => /^[▸ ]\+0\./.test(line))).toHaveLength(3);
  });

  test('copies an event as a line and as JSON', async () => {
    const pty = await opened(stall, '', { env: { TERM_PROGRAM: 'WezTerm' } });
    pty.type('jy');
    await pty.until('clipboard');
    pty.type('Y');
    await pty.until(() => pty.told.clipboard.length === 2);
    expect(pty.told.clipboard[0]).toContain('openat');
    expect(JSON.parse(pty.told.clipboard[1]!)).toMatchObject({ 'evt.type': 'openat', 'fd.name': '/etc/resolv.conf' });
  });

  test('has a key for every line of its help, and an unknown key does nothing', async () => {
    const pty = await opened(stall);
    pty.type('Z');
    await pty.until('Z does nothing here');
    pty.type('?');
    await pty.until('next pause of more than 100 ms');
    pty.type('q');
    await pty.until('1/27');
  });

  test('gives the terminal back when it is told to end', async () => {
    for (const [signal, code] of [
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      const pty = await opened(stall);
      pty.kill(signal);
      expect(await pty.exit).toBe(code);
      expect(pty.alternate).toBe(false);
    }
  });

  test('draws itself anew when something else wrote on the screen', async () => {
    const pty = new Pty([], { shell: `exec $TROWEL open --screen events ${stall}` });
    await pty.until('1/27');
    const before = pty.screen;
    writeFileSync(pty.tty, '\r\na message of the kernel\r\n');
    await pty.until('a message of the kernel');
    pty.type('\x0c');
    await pty.until((screen) => screen === before);
  });

  test('a capture that is broken ends it with its reason, on the screen as it was', async () => {
    const path = join(folder, 'broken.trowel');
    writeCapture(path, stalledLookup());
    const database = new Database(path);
    database.prepare('DELETE FROM chunk_column').run();
    database.close();
    const pty = new Pty(['open', path]);
    expect(await pty.exit).toBe(1);
    expect(pty.alternate).toBe(false);
    expect(pty.screen).toMatch(/broken\.trowel: .*chunk 1 has no column/);
  });

  test('uses no colour where none is wanted', async () => {
    const colours = /\x1b\[[0-9;]*(?:3[0-9]|4[0-9]|9[0-9])m/;
    const coloured = await opened(stall);
    expect(coloured.raw).toMatch(colours);
    const plain = await opened(stall, '', { env: { NO_COLOR: '1', FORCE_COLOR: '3' } });
    plain.type('\rf');
    await plain.until('Tab complete');
    expect(plain.raw).not.toMatch(colours);
    const empty = await opened(stall, '', { env: { NO_COLOR: '' } });
    expect(empty.raw).toMatch(colours);
  });
});

describe.skipIf(noPty !== null)('a capture that another process is writing', () => {
  test('is followed to its end, waits when asked to, and is complete when it is closed', async () => {
    const path = join(folder, 'growing.trowel');
    const grower = fork(testScript('test/tui/grower.ts'), [path]);
    await once(grower, 'message');
    const pty = new Pty(['open', path]);
    await pty.until('last of 27');
    expect(pty.lines[0]).toContain('FOLLOWING');
    grower.send({ append: 1000 });
    await pty.until('last of 1,027');
    expect(pty.lines.findLastIndex((line) => line.startsWith('▸'))).toBe(27);
    pty.type('k');
    await pty.until('PAUSED 0 new');
    const { selected } = pty;
    grower.send({ append: 500 });
    await pty.until('PAUSED 500 new');
    expect(pty.selected).toBe(selected);
    pty.type(' ');
    await pty.until('last of 1,527');
    pty.type(':5\r');
    await pty.until((screen) => screen.includes('PAUSED 0 new') && screen.includes('5/1,527'));
    pty.type('G');
    await pty.until('last of 1,527');
    grower.send({ append: 20_000 });
    await pty.until('last of 21,527');
    grower.send({ append: 10, close: true });
    await pty.until((screen) => screen.includes('21,537/21,537') && !screen.includes('FOLLOWING'));
  });

  test('is not followed when nobody writes to it any more', async () => {
    const path = join(folder, 'left.trowel');
    const grower = fork(testScript('test/tui/grower.ts'), [path]);
    await once(grower, 'message');
    grower.kill('SIGKILL');
    await once(grower, 'exit');
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const file of readdirSync(folder).filter((name) => name.startsWith('left'))) utimesSync(join(folder, file), longAgo, longAgo);
    const pty = new Pty(['open', path]);
    await pty.until('1/27');
    expect(pty.lines[0]).toContain('PAUSED 0 new');
  });
});

describe.skipIf(noPty !== null)('the shell', () => {
  test('gets the terminal on Ctrl-Z, and gives it back on fg', async () => {
    const pty = new Pty([], { shell: `set -m; $TROWEL open --screen events ${stall}; echo stopped; fg` });
    await pty.until('1/27');
    pty.type('j\x1a');
    await pty.until('2/27');
    await pty.until(() => pty.raw.includes('stopped') && pty.alternate && pty.screen.includes('2/27'));
    expect(pty.screen).not.toContain('stopped');
    pty.type('jq');
    expect(await pty.exit).toBe(0);
    expect(pty.screen).toContain('stopped');
  });
});

describe('without a terminal', () => {
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, [trowelScript(), ...args], { encoding: 'utf8', env: { ...process.env, ...env }, input: '' });

  test('one line says what works instead', () => {
    const { status, stderr, stdout } = run(['open', stall]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toBe(`trowel: the screen needs a terminal; for lines use trowel read ${stall}\n`);
  });

  test.skipIf(noPty !== null)('neither has TERM=dumb one', async () => {
    const pty = new Pty([], { shell: `TERM=dumb $TROWEL open ${stall}` });
    expect(await pty.exit).toBe(2);
    expect(pty.screen).toContain('for lines use trowel read');
  });

  test.skipIf(noPty !== null)('a wrong filter is told before the screen opens', async () => {
    const pty = new Pty(['open', stall, 'proc.nme=curl']);
    expect(await pty.exit).toBe(2);
    expect(pty.screen).toContain('did you mean proc.name');
    expect(pty.raw).not.toContain('\x1b[?1049h');
  });
});
