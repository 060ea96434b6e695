import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CollectorServer } from '../../src/collector/server.ts';
import { Session } from '../../src/collector/session.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { cleanUp, newPath, Recording, whyNot } from './recording.ts';

const reason = whyNot();
const folder = mkdtempSync(join(tmpdir(), 'trowel-refilter-'));
const PROBE = join(packageRoot(), 'native/build/trowel-probe');
const CONFIG = { snaplen: 80, snaplenWhole: 4096, waitOverNs: 1_000_000, latency: true, excludePids: [process.pid] };
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
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

/** Both programs read a file; all they did has arrived when this ends. */
async function work(file: string): Promise<void> {
  for (const program of ['cat', 'wc']) execFileSync(program, [file]);
  await sleep(1000);
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
    await work('/etc/hosts');
    expect(() => session.refilter('proc.nome=wc')).toThrow('proc.nome');
    await work('/etc/hostname');
    session.refilter('proc.name=wc and evt.type=read');
    await sleep(200);
    await work('/etc/passwd');
    session.stop();
    expect(await ended).toBeNull();
    const recording = new Recording(path);
    const readBy = (program: string) =>
      new Set(recording.values(`proc.name=${program} and fd.name startswith /etc and evt.type=read`, 'fd.name'));
    expect(readBy('cat')).toEqual(new Set(['/etc/hosts', '/etc/hostname']));
    expect(readBy('wc')).toEqual(new Set(['/etc/passwd']));
    expect(recording.capture.meta.filter).toBe('proc.name=cat and fd.type=file, then proc.name=wc and evt.type=read');
    const filtered = [...recording.capture.dims.counters.all()].reduce((sum, counter) => sum + counter.filtered, 0);
    expect(filtered).toBeGreaterThan(0);
  }, 30_000);
});
