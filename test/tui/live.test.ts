import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { CaptureReader } from '../../src/store/reader.ts';
import { endAll, noPty, Pty } from './pty.ts';

const PROBE = 'native/build/trowel-probe';
const noProbe =
  noPty ??
  (process.getuid?.() !== 0
    ? 'recording needs root'
    : !existsSync('/sys/kernel/btf/vmlinux')
      ? 'this kernel has no BTF'
      : existsSync(PROBE)
        ? null
        : 'the probe is not built');
if (noProbe !== null) console.log(`skipped: ${noProbe}`);

afterEach(endAll);

/** Command lines of running processes that have a word in them. */
function running(word: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return ''; // it has ended meanwhile
      }
    })
    .filter((line) => line.includes(word));
}

/** Where the program lies below a folder of root's alone, nobody else can run it. */
function whyNotAsUser(): string | null {
  if (noProbe !== null) return noProbe;
  const words = ['-c', 'test -r "$1" && test -x "$2"', 'sh', resolve('bin/trowel'), process.execPath];
  const { status } = spawnSync('/bin/sh', words, { uid: 65_534, gid: 65_534, cwd: '/' });
  return status === 0 ? null : 'this user’s files are no one else’s to run';
}

const noUser = whyNotAsUser();

const foldersLeft = () => readdirSync(tmpdir()).filter((name) => name.startsWith('trowel-live-'));

describe.skipIf(noPty !== null)('live', () => {
  test('says why it cannot record, on the screen as it was', async () => {
    const pty = new Pty(['live'], { env: { TROWEL_PROBE: '/bin/false' } });
    expect(await pty.exit).toBe(1);
    expect(pty.raw).toContain('the node’s network is looked at');
    expect(pty.screen).toContain('the probe ended before it began to record');
    expect(pty.alternate).toBe(false);
  });

  test('refuses a wrong filter before anything is started', async () => {
    const pty = new Pty(['live', 'proc.nme=x']);
    expect(await pty.exit).toBe(2);
    expect(pty.screen).toContain('did you mean proc.name');
  });
});

describe.skipIf(noProbe !== null)('live on this node', () => {
  test('shows what happens now, nothing of itself, and leaves nothing behind', async () => {
    const before = foldersLeft();
    const pty = new Pty(['live', 'evt.type=openat and evt.failed=true'], { columns: 160 });
    await pty.until('FOLLOWING');
    await pty.until(/recorder [0-9.]+ % [0-9]+ MiB/);
    const name = `/nowhere/trowel-${process.pid}`;
    const open = setInterval(() => tryOpen(name), 200);
    await pty.until(`ENOENT ${name}`);
    clearInterval(open);
    pty.type(` f\x15proc.pid=${pty.pid}\r`);
    await pty.until('matches so far');
    pty.type('q');
    await pty.until('keep this recording?');
    pty.type('x');
    await pty.until('still recording');
    pty.type('qn');
    expect(await pty.exit).toBe(0);
    expect(foldersLeft()).toEqual(before);
    expect(running(`--exclude-pid\0${pty.pid}\0`)).toEqual([]);
  });

  test.skipIf(noUser !== null)(
    `under sudo the screen is the user’s, and keeps a recording where that user can write (${noUser ?? 'as root, with BTF'})`,
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'trowel-roots-'));
      const nobody = '65534';
      const pty = new Pty(['live', '--no-k8s'], { cwd: folder, env: { SUDO_UID: nobody, SUDO_GID: nobody } });
      await pty.until('FOLLOWING');
      const uids = readdirSync(`/proc/${pty.pid}/task`).map(
        (thread) => /^Uid:\t(.*)$/m.exec(readFileSync(`/proc/${pty.pid}/task/${thread}/status`, 'latin1'))![1],
      );
      expect(new Set(uids)).toEqual(new Set([Array(4).fill(nobody).join('\t')]));
      pty.type('qy');
      expect(await pty.exit).toBe(0);
      const [name] = /\S*live-[0-9-]+\.trowel(?=: trowel open)/.exec(pty.raw)!;
      const { uid, mode } = statSync(name);
      expect([dirname(name), uid, mode & 0o777]).toEqual([tmpdir(), Number(nobody), 0o600]);
      expect(readdirSync(folder)).toEqual([]);
      rmSync(name);
      rmSync(folder, { recursive: true });
    },
  );

  test('keeps the recording when it is asked to, with the options of record', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trowel-keep-'));
    const pty = new Pty(['live', '--snaplen', '16', '--no-k8s'], { cwd: folder });
    await pty.until('FOLLOWING');
    pty.type('qy');
    expect(await pty.exit).toBe(0);
    const [name] = readdirSync(folder);
    expect(name).toMatch(/^live-.*\.trowel$/);
    expect(pty.screen).toContain(`${name}: trowel open shows it again`);
    const capture = new CaptureReader(join(folder, name!));
    expect(capture.meta).toMatchObject({ state: 'complete', snaplen: '16' });
    capture.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('leaves nothing when the terminal goes away, and removes what a killed one left', async () => {
    const before = foldersLeft();
    const pty = new Pty(['live']);
    await pty.until('FOLLOWING');
    pty.kill('SIGKILL');
    await pty.exit;
    await vi.waitFor(() => expect(running(`--exclude-pid\0${pty.pid}\0`)).toEqual([]), { timeout: 10_000 });
    const next = new Pty(['live']);
    await next.until('FOLLOWING');
    expect(foldersLeft().filter((name) => name.includes(`-${pty.pid}-`))).toEqual([]);
    next.kill('SIGHUP');
    expect(await next.exit).toBe(129);
    expect(foldersLeft()).toEqual(before);
  });

  test('its recorder ends even when the screen is killed', async () => {
    const pty = new Pty(['live']);
    await pty.until('FOLLOWING');
    expect(running(`--exclude-pid\0${pty.pid}\0`)).toHaveLength(1);
    pty.kill('SIGKILL');
    await pty.exit;
    await vi.waitFor(() => expect(running(`--exclude-pid\0${pty.pid}\0`)).toEqual([]), { timeout: 10_000 });
  });
});

function tryOpen(path: string): void {
  try {
    readFileSync(path);
  } catch {
    // it is not there: that is the event
  }
}
