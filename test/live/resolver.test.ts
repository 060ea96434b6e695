import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findLookups, type Lookup } from '../../src/dns/lookup.ts';
import { packageRoot } from '../../src/model/package-root.ts';
import { SECOND } from '../../src/model/time.ts';
import { cleanUp, type Recording, record, SCENARIO, whyNot } from './recording.ts';

const reason = whyNot();
/** Another run on the same machine has another. */
const ID = `tw${process.pid}`;
const NAME = 'backend.critical-app.svc.cluster.local';
const SUFFIXES = ['critical-app.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'localdomain', ''];
const BUILD = join(packageRoot(), 'native/build');

function scenario(...args: string[]): void {
  execFileSync(SCENARIO, args, { env: { ...process.env, NODE: process.execPath, SCENARIO_ID: ID }, stdio: 'inherit' });
}

/** Compiles the lookup with a compiler; null where that is not installed. */
function compiled(compiler: string): string | null {
  const target = join(BUILD, `lookup-${compiler}`);
  const made = spawnSync(compiler, ['-O1', '-o', target, join(import.meta.dirname, 'lookup.c')], { encoding: 'utf8' });
  return made.status === 0 ? target : null;
}

/** The first of three recordings of the whole node in which nothing was lost: others may be busy on it. */
function complete(make: () => Recording): Recording {
  for (let tries = 1; ; tries++) {
    const recording = make();
    if (recording.capture.dims.losses.size === 0 || tries === 3) return recording;
    recording.capture.close();
  }
}

/** Records a lookup in the scenario's client; gives it with the lookup found. */
function lookUp(program: string, name = NAME): { recording: Recording; lookup: Lookup } {
  process.env.SCENARIO_ID = ID;
  const recording = complete(() => record(['sh', '-c', `${SCENARIO} exec client ${program} ${name} || true`]));
  const { capture } = recording;
  const [lookup] = findLookups(capture.dims, Number(capture.meta.end)).filter(({ thread }) =>
    capture.dims.threads.get(thread)?.comm.startsWith('lookup'),
  );
  return { recording, lookup: lookup! };
}

describe.skipIf(reason !== null)(`resolvers are seen with every query (${reason ?? 'as root, with BTF'})`, () => {
  beforeAll(() => {
    scenario('down');
    scenario('up');
  }, 30_000);
  afterAll(() => {
    scenario('down');
    cleanUp();
  });

  test('glibc: two a name, in one call; twice for the silent domain; then the name as asked', () => {
    const { recording, lookup } = lookUp(compiled('gcc')!);
    expect(lookup.attempts.map(({ suffix, result }) => [suffix, result])).toEqual([
      [SUFFIXES[0], 'NXDOMAIN'],
      [SUFFIXES[1], 'NXDOMAIN'],
      [SUFFIXES[2], 'NXDOMAIN'],
      [SUFFIXES[3], 'TIMEOUT'],
      [SUFFIXES[4], 'NOERROR'],
    ]);
    expect(lookup.attempts.map(({ queries }) => queries.map(({ qtype }) => qtype))).toEqual([
      ['A', 'AAAA'],
      ['A', 'AAAA'],
      ['A', 'AAAA'],
      ['A', 'AAAA', 'A', 'AAAA'],
      ['A', 'AAAA'],
    ]);
    expect(lookup.resolver).toMatchObject({ source: 'read', ndots: 5, nameservers: ['10.88.0.2'] });
    expect(lookup.addresses).toEqual(['10.88.0.5']);
    const total = lookup.end - lookup.start;
    const parts = lookup.attempts.reduce((sum, { start, end }) => sum + end - start, 0);
    expect(total).toBeGreaterThan(9.9 * SECOND);
    expect(total).toBeLessThan(12 * SECOND);
    expect(parts / total).toBeCloseTo(1, 2);
    expect(recording.count('proc.name startswith lookup and evt.type=sendmmsg and dns.qname contains localdomain')).toBe(4);
    expect(recording.count('proc.name=skydns and evt.type=recvmsg and dns.qname contains localdomain and dns.side=server')).toBe(4);
    expect(
      recording.count('dns.side=forward and dns.qname contains localdomain and fd.rip=10.88.0.53 and dns.answered=false'),
    ).toBeGreaterThan(0);
  }, 90_000);

  test('musl: an address with each message; it gives up where glibc goes on', (context) => {
    const program = compiled('musl-gcc');
    if (program === null) return context.skip('musl-gcc is not installed');
    const { recording, lookup } = lookUp(program);
    expect(lookup.attempts.map(({ suffix, result }) => [suffix, result])).toEqual([
      [SUFFIXES[0], 'NXDOMAIN'],
      [SUFFIXES[1], 'NXDOMAIN'],
      [SUFFIXES[2], 'NXDOMAIN'],
      [SUFFIXES[3], 'TIMEOUT'],
    ]);
    expect(lookup.addresses).toEqual([]);
    expect(lookup.attempts[3]!.queries).toHaveLength(4);
    expect((lookup.end - lookup.start) / SECOND).toBeGreaterThan(4.9);
    expect((lookup.end - lookup.start) / SECOND).toBeLessThan(6);
    expect(recording.count('proc.name startswith lookup and evt.type=sendto and dns.qtype=AAAA and fd.rip=10.88.0.2')).toBe(5);
  }, 90_000);

  test('a short name is answered with the first suffix', () => {
    const { lookup } = lookUp(compiled('gcc')!, 'backend');
    expect(lookup).toMatchObject({ name: 'backend', result: 'NOERROR' });
    expect(lookup.attempts).toHaveLength(1);
  }, 90_000);
});
