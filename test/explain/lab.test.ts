import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explain } from '../../src/explain/explain.ts';
import { MS } from '../../src/model/time.ts';
import { sentenceOf } from '../../src/output/sentences.ts';
import { cleanUp, record, whyNot } from '../live/recording.ts';

/** A laboratory with the faults of a cluster's network, where there is one beside the project. */
const LAB = resolve('../shared/lab/critical-app/lab');
const NAME = 'backend.critical-app.svc.cluster.local';
const env = { ...process.env, LAB_ID: `tw${process.pid}`, LAB_STATE: `/var/lib/tw${process.pid}`, NODE: process.execPath };
const TOOLS = ['iptables', 'nginx', 'dnsmasq', 'curl', 'openssl', 'ip'];

function reasonNot(): string | null {
  if (!existsSync(LAB)) return 'there is no ../shared/lab/critical-app';
  const missing = TOOLS.filter((tool) => spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${tool}`]).status !== 0);
  return missing.length > 0 ? `needs ${missing.join(', ')}` : whyNot();
}

interface Fault {
  readonly fault: string;
  readonly command: readonly string[];
  readonly cause: string | null;
  readonly says?: RegExp;
  readonly env?: Readonly<Record<string, string>>;
}

// biome-ignore format: a table
const FAULTS: readonly Fault[] = [
  { fault: '', command: ['curl', NAME], cause: 'dns-search-domain-silent', says: /waited 10\.0\d+ s for DNS.*localdomain.*skydns \(\d+\) asked 203\.0\.113\.53:53 4 times/ },
  { fault: '', command: ['lookup', NAME, 'musl'], cause: 'dns-search-domain-fails', says: /after 5\.0\d+ s musl gives up/ },
  { fault: '', command: ['curl', 'backend'], cause: null },
  { fault: 'dns-down', command: ['curl', 'backend'], cause: 'dns-server-unreachable' },
  { fault: 'dns-hang', command: ['curl', 'backend'], cause: 'dns-server-silent', env: { LAB_TIMEOUT: '2' } },
  { fault: 'kube-proxy-off', command: ['curl', 'backend'], cause: 'dns-server-unreachable' },
  { fault: 'no-endpoints', command: ['curl', 'backend'], cause: 'connect-refused', says: /service without endpoints/ },
  { fault: 'wrong-port', command: ['curl', 'backend'], cause: 'connect-refused', says: /nobody listens/ },
  { fault: 'conntrack-full', command: ['curl', 'backend'], cause: 'dns-packets-dropped', says: /conntrack/, env: { LAB_TIMEOUT: '2' } },
  { fault: 'hairpin-off', command: ['curl', 'report'], cause: 'connect-unanswered', env: { LAB_FROM: 'report', LAB_TIMEOUT: '3' } },
  { fault: 'mtu-blackhole', command: ['curl', 'report/large'], cause: 'mtu-black-hole', env: { LAB_TIMEOUT: '4' } },
];

function lab(...args: string[]): void {
  execFileSync(LAB, args, { env, stdio: 'ignore' });
}

const reason = reasonNot();

describe.skipIf(reason !== null)(`a cluster's faults (${reason ?? 'as root, with BTF'})`, () => {
  beforeAll(() => {
    lab('down');
    lab('up');
  }, 60_000);
  afterAll(() => {
    lab('down');
    cleanUp();
  }, 60_000);

  test.each(FAULTS.map((row) => [`${row.fault || 'none'}: ${row.command.join(' ')}`, row] as const))('%s', (_, row) => {
    Object.assign(process.env, env, { LAB_TIMEOUT: '30', LAB_FROM: 'client' }, row.env);
    if (row.fault !== '') lab('fault', row.fault, 'on');
    try {
      const { capture } = record(['sh', '-c', '"$@" || true', 'sh', LAB, ...row.command]);
      const cause = explain(capture, { over: 100 * MS, pids: null }).story?.causes[0];
      expect(cause?.id ?? null, cause && sentenceOf(cause)).toBe(row.cause);
      if (row.says !== undefined) expect(sentenceOf(cause!)).toMatch(row.says);
    } finally {
      if (row.fault !== '') lab('fault', row.fault, 'off');
    }
  });
});
