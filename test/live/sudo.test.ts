/** Under sudo: who decodes and stores what the probe sends has nothing of root left, and knows as much of the node all the same. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN, cleanUp, Recording, recordMeanwhile, until, whyNot } from './recording.ts';

const NOBODY = 65_534;
const AS_SUDO = { ...process.env, SUDO_UID: String(NOBODY), SUDO_GID: String(NOBODY), SUDO_USER: 'nobody' };

/** Where the program lies below a folder of root's alone, nobody else can run it. */
function whyNotAsNobody(): string | null {
  const words = ['-c', 'test -r "$1" && test -x "$2"', 'sh', BIN, process.execPath];
  return spawnSync('/bin/sh', words, { uid: NOBODY, gid: NOBODY, cwd: '/' }).status === 0
    ? null
    : 'this user’s files are no one else’s to run';
}

const reason = whyNot() ?? whyNotAsNobody();

const statusOf = (pid: number) => readFileSync(`/proc/${pid}/status`, 'latin1');
const field = (pid: number, name: string) => new RegExp(`^${name}:[ \t]*(.*?)[ \t]*$`, 'm').exec(statusOf(pid))?.[1];
const childrenOf = (pid: number) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(/\s+/).filter(Boolean).map(Number);
const holds = (pid: number, path: string) =>
  readdirSync(`/proc/${pid}/fd`).some((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`) === path;
    } catch {
      return false; // closed meanwhile
    }
  });
/** A process that is gone, or of which only its end is left to be asked for. */
const isGone = (pid: number) => {
  try {
    return field(pid, 'State')?.startsWith('Z') === true;
  } catch {
    return true;
  }
};

/** The process and all below it, as long as they are there. */
function below(pid: number): number[] {
  try {
    return [pid, ...childrenOf(pid).flatMap(below)];
  } catch {
    return [];
  }
}

describe.skipIf(reason !== null)(`under sudo (${reason ?? 'as root, with BTF'})`, () => {
  let folder = '';
  let made = 0;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'trowel-sudo-'));
    chownSync(folder, NOBODY, NOBODY);
  });
  afterAll(() => {
    cleanUp();
    rmSync(folder, { recursive: true, force: true });
  });

  const newPath = () => join(folder, `${++made}.trowel`);

  async function begun(path: string, ...words: string[]): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
    const child = spawn(BIN, ['record', '--no-k8s', '-w', path, ...words], { stdio: ['ignore', 'ignore', 'pipe'], env: AS_SUDO });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    let said = '';
    child.stderr!.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    await until('there are events', () => hasEvents(path)).catch((error: Error) => {
      throw new Error(`${error.message}; exit ${child.exitCode}, said “${said}”, ${whyNoEvents(path)}`);
    });
    return { child, ended };
  }

  const hasEvents = (path: string) => whyNoEvents(path) === null;

  /** Null: there are. */
  function whyNoEvents(path: string): string | null {
    try {
      const { capture } = new Recording(path);
      const found = capture.last();
      capture.close();
      return found === null ? 'there is no event' : null;
    } catch (error) {
      return (error as Error).message; // not there yet
    }
  }

  test('the collector is the user for good, and the capture is theirs', async () => {
    const path = newPath();
    const { child, ended } = await begun(path, '--', 'sh', '-c', 'cat /etc/hosts; sleep 1.5; exit 7');
    const collector = child.pid!;
    expect(holds(collector, path)).toBe(true);
    for (const thread of readdirSync(`/proc/${collector}/task`).map(Number)) {
      expect([field(thread, 'Uid'), field(thread, 'Gid'), field(thread, 'Groups')]).toEqual([
        ...Array(2).fill(Array(4).fill(NOBODY).join('\t')),
        '',
      ]);
      expect([field(thread, 'CapPrm'), field(thread, 'CapEff')]).toEqual(['0000000000000000', '0000000000000000']);
    }
    const [broker] = childrenOf(collector);
    expect(field(broker!, 'Uid')).toBe(Array(4).fill(0).join('\t'));
    expect(await ended).toBe(7);
    expect(below(collector)).toEqual([]);
    const { uid, mode } = lstatSync(path);
    expect([uid, mode & 0o777]).toEqual([NOBODY, 0o600]);
    const recording = new Recording(path);
    expect([recording.capture.meta.state, recording.capture.dims.losses.size]).toEqual(['complete', 0]);
    expect(recording.count('proc.name=cat and fd.name=/etc/hosts')).toBeGreaterThan(0);
    expect(recording.count(`proc.pid in (${collector}, ${broker})`)).toBe(0);
  }, 60_000);

  test('as much of the node is known as to root', async () => {
    const options = ['--no-k8s', '--only-command'];
    const facts = async (env: NodeJS.ProcessEnv) => {
      const { capture } = await recordMeanwhile(['true'], options, newPath(), env);
      const lacking = (JSON.parse(capture.meta.nodeMissing ?? '[]') as { id: string }[]).map(({ id }) => id).sort();
      return { lacking, kinds: [...new Set([...capture.dims.nodeFacts.all()].map(({ kind }) => kind))].sort() };
    };
    expect(await facts(AS_SUDO)).toEqual(await facts(process.env));
  }, 60_000);

  test('a collector that is killed leaves nobody behind', async () => {
    const { child, ended } = await begun(newPath());
    const all = below(child.pid!);
    expect(all.length).toBeGreaterThan(2);
    child.kill('SIGKILL');
    await ended;
    await until('all are gone', () => all.every(isGone));
  }, 60_000);

  test('without its broker it ends, and says that it is early', async () => {
    const path = newPath();
    const { child, ended } = await begun(path);
    const all = below(child.pid!);
    process.kill(childrenOf(child.pid!)[0]!, 'SIGKILL');
    expect(await ended).toBe(1);
    await until('all are gone', () => all.every(isGone));
    expect(hasEvents(path)).toBe(true);
  }, 60_000);

  test('where the user cannot write it stays root, and says so, also in the capture', () => {
    const root = mkdtempSync(join(tmpdir(), 'trowel-root-'));
    const words = ['record', '--no-k8s', '--no-node', '-w', join(root, 'x.trowel'), '--', 'true'];
    const { status, stderr } = spawnSync(BIN, words, { encoding: 'utf8', env: AS_SUDO });
    const info = spawnSync(BIN, ['info', join(root, 'x.trowel')], { encoding: 'utf8' }).stdout;
    rmSync(root, { recursive: true });
    const why = `stays root: user ${NOBODY} cannot write to ${root}`;
    expect([status, stderr]).toEqual([0, expect.stringContaining(`the collector ${why}`)]);
    expect(info).toContain(`what stored it ${why.replace('stays', 'stayed')}\n`);
  }, 60_000);
});
