/** The flight recorder with the real probe: a name server that does not answer, and what is kept of the wait for it. */
import { spawnSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN, Recording, whyNot } from './recording.ts';

const reason = whyNot();
/** Bound, so that nothing refuses, and never read. */
const SILENT = '127.0.0.77';
/** What happens in the recording: a second and a half of reads, a lookup that fails after two seconds, of two tries, a little more. */
const STORY = `mount --bind "$1" /etc/resolv.conf
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do cat /etc/hostname >/dev/null; sleep 0.1; done
getent ahosts stalls.example. || true
sleep 1.5`;

describe.skipIf(reason !== null)(`the flight recorder, live (${reason ?? 'as root, with BTF'})`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'trowel-flight-live-'));
  const resolv = join(folder, 'resolv.conf');
  let silent: Socket;
  beforeAll(async () => {
    writeFileSync(resolv, `nameserver ${SILENT}\noptions timeout:1 attempts:2\n`);
    silent = createSocket('udp4');
    await new Promise<void>((resolve) => silent.bind(53, SILENT, resolve));
  });
  afterAll(() => {
    silent.close();
    rmSync(folder, { recursive: true });
  });

  test('a stall is saved with what was before it, and the explanation next to it names its cause', () => {
    const options = ['--ring', '1m', '--pre', '20s', '--post', '1s', '--on', 'dns.lookup.latency>1s', '--no-k8s', '--no-node'];
    const command = ['unshare', '-m', 'sh', '-c', STORY, 'sh', resolv];
    const args = ['record', '-w', folder, ...options, '--only-command', '--', ...command];
    const { status, stderr } = spawnSync(BIN, args, { encoding: 'utf8', timeout: 60_000 });
    expect(status, stderr).toBe(0);
    const names = readdirSync(folder).filter((name) => name.endsWith('.trowel'));
    expect(names, stderr).toHaveLength(1);
    const recording = new Recording(join(folder, names[0]!));
    const [stall] = recording.rows('dns.qname startswith stalls', ['evt.rawtime']);
    const began = Number(stall!['evt.rawtime']) - Number(recording.capture.epoch);
    expect(recording.capture.last()!.time).toBeGreaterThan(began + 2e9);
    expect(recording.count('proc.name=cat and fd.name=/etc/hostname and evt.type=read')).toBeGreaterThanOrEqual(15);
    expect(JSON.parse(recording.capture.meta.saved!)).toEqual([expect.objectContaining({ trigger: 'dns.lookup.latency>1s' })]);
    const explanation = readFileSync(join(folder, names[0]!.replace('.trowel', '.md')), 'utf8');
    expect(explanation).toMatch(/stalls\.example/);
    expect(explanation).toContain(SILENT);
  }, 60_000);

  test('what the doctor finds is saved, with its verdict and what was before it', () => {
    const into = join(folder, 'doctor');
    const options = ['--ring', '1m', '--pre', '20s', '--post', '1s', '--on', 'doctor:fd-limit', '--no-k8s', '--no-node'];
    const story = 'cat /etc/hostname; ulimit -n 3; cat /etc/hostname; exit 0';
    const args = ['record', '-w', into, ...options, '--only-command', '--', 'sh', '-c', story];
    const { status, stderr } = spawnSync(BIN, args, { encoding: 'utf8', timeout: 60_000 });
    expect(status, stderr).toBe(0);
    const names = readdirSync(into).filter((name) => name.endsWith('.trowel'));
    expect(names, stderr).toHaveLength(1);
    const recording = new Recording(join(into, names[0]!));
    const [{ num, verdict, ...reason }] = JSON.parse(recording.capture.meta.saved!);
    expect(reason.trigger).toBe('doctor:fd-limit');
    expect(verdict).toMatch(/^cat \([0-9]+\) has no descriptors left: [0-9]+ calls? failed with EMFILE$/);
    expect(recording.values(`evt.num=${num}`, 'evt.res')).toEqual(['EMFILE']);
    expect(recording.count('proc.name=cat and evt.type=read and fd.name=/etc/hostname')).toBeGreaterThan(0);
    expect(readFileSync(join(into, names[0]!.replace('.trowel', '.md')), 'utf8')).toContain(verdict);
  }, 60_000);
});
