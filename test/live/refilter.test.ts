import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CollectorServer } from '../../src/collector/server.ts';
import { Session } from '../../src/collector/session.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { cleanUp, newPath, peek, Recording, until, whyNot } from './recording.ts';

const reason = whyNot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-refilter-'));
const PROBE = join(packageRoot(), 'native/build/trowel-probe');
const CONFIG = { snaplen: 80, snaplenWhole: 4096, waitOverNs: 1_000_000, latency: true, excludePids: [process.pid] };
let probe: ChildProcess | null = null;

/** A collector of this process with a probe of its own. */
async function recorded(path: string, filter: string): Promise<{ session: Session; ended: Promise<Error | null> }> {
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<Error | null>();
  const session = Promise.withResolvers<Session>();
  const server = new CollectorServer((control) => {
    const onEnd = (_: unknown, error: Error | null) => ended.resolve(error);
    const made = new Session({ path, filter, config: CONFIG, command: 'test', onReady: () => ready.resolve(), onEnd }, control);
    session.resolve(made);
    return made;
  });
  const address = `unix:${join(folder, 'sock')}`;
  await server.listen(address);
  probe = spawn(PROBE, [address], { stdio: 'inherit' });
  await ready.promise;
  void ended.promise.then(() => server.close());
  return { session: await session.promise, ended: ended.promise };
}

/** Both programs read a file. */
function work(file: string, programs = ['wc', 'cat']): void {
  for (const program of programs) execFileSync(program, [file]);
}

/** Events are stored in the order of their times: what was before has been looked at, too. */
function isStored(path: string, program: string, file: string): boolean {
  return peek(path, (recording) => recording.count(`proc.name=${program} and fd.name=${file} and evt.type=read`) > 0);
}

describe.skipIf(reason !== null)(`another filter while recording (${reason ?? 'as root, with BTF'})`, () => {
  afterAll(() => {
    probe?.kill('SIGKILL');
    cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  test('holds from then on, in the kernel and in the collector; a wrong one changes nothing', async () => {
    const path = newPath();
    const { session, ended } = await recorded(path, 'proc.name=cat and fd.type=file');
    work('/etc/hosts');
    expect(() => session.refilter('proc.nome=wc')).toThrow('proc.nome');
    work('/etc/hostname');
    await until('what cat read is stored', () => isStored(path, 'cat', '/etc/hostname'));
    session.refilter('proc.name=wc and evt.type=read');
    await until('the new filter holds', () => {
      work('/etc/services', ['wc']);
      return isStored(path, 'wc', '/etc/services');
    });
    work('/etc/passwd');
    session.stop();
    expect(await ended).toBeNull();
    const recording = new Recording(path);
    const readBy = (program: string) =>
      new Set(recording.values(`proc.name=${program} and fd.name startswith /etc and evt.type=read`, 'fd.name'));
    expect(readBy('cat')).toEqual(new Set(['/etc/hosts', '/etc/hostname']));
    expect(readBy('wc')).toEqual(new Set(['/etc/services', '/etc/passwd']));
    expect(recording.capture.meta.filter).toBe('proc.name=cat and fd.type=file, then proc.name=wc and evt.type=read');
    const filtered = [...recording.capture.dims.counters.all()].reduce((sum, counter) => sum + counter.filtered, 0);
    expect(filtered).toBeGreaterThan(0);
  }, 30_000);
});
