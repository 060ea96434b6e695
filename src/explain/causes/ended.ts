/** Processes that ended badly: crashed, killed, or with an error that no call of theirs explains. */

import type { Analysis } from '../analysis.ts';
import { remoteText } from '../descriptors.ts';
import type { Failure, ProcessName } from '../story.ts';
import { cause, type Facts, type Found, type Rule } from './cause.ts';
import { type Ended, row } from './row.ts';

// biome-ignore format: a table
export const ENDED_CAUSES = {
  'program-crashed': row<Ended>('A crash', 0.95, 'coredumpctl; dmesg', ['look at the core dump, or run it in a debugger']),
  'program-killed': row<Ended>('A killed process', 0.95, 'dmesg | grep -i "killed process"', ['find who kills it: a memory limit (OOMKilled), a failing probe, an operator'], ['signals', 'events']),
  'program-stopped': row<Ended>('A program that was told to stop', 0.95, 'the log of who sent the signal', ['find who stops it: a time limit, a rollout, an operator']),
  'child-killed': row<Ended & { readonly parent: ProcessName; readonly status: number }>('A child that was killed', 0.95, 'dmesg | grep -i "killed process"', ['find who kills it: a memory limit (OOMKilled), a time limit, an operator'], ['signals']),
  'memory-refused': row<Ended>('Memory that was refused', 0.8, 'ulimit -v; memory.max and memory.events of its cgroup', ['raise its limit (RLIMIT_AS, ulimit -v, the memory limit of the container), or use less'], ['payload']),
  'tls-alert': row<Ended & { readonly to: string; readonly alert: string }>('A TLS alert of the server', 0.9, 'openssl s_client -connect ADDRESS -cert FILE -key FILE', ['of “certificate required”, “bad certificate” or “unknown CA”: give the client a certificate that the server’s authority has signed', 'of “protocol version” or “handshake failure”: compare versions and ciphers of both sides'], ['payload']),
  'program-failed': row<Ended>('A program that failed', 0.5, 'its output', ['read what it wrote'], ['payload']),
  'program-ended': row<Ended>('An end without an error', 0.95, 'its source', []),
  'certificate-not-accepted': row<Ended & { readonly to: string; readonly alert: string }>('A certificate that is not accepted', 0.6, 'openssl s_client -connect ADDRESS -showcerts', ['check the certificate: its names, its dates, and that the client knows its authority'], ['payload']),
  'no-tls-spoken': row<Ended & { readonly to: string }>('TLS spoken to a port without TLS', 0.95, 'curl -v http://ADDRESS', ['use http:// for that port, or the port that has TLS', 'of a load balancer or an ingress: check which of both its backend speaks'], ['payload']),
};

const TRACE = /^Traceback |^ {2}File ".*", line \d+/m;

export const endedRule: Rule = (facts) => facts.failures.filter(({ kind }) => kind === 'ended').flatMap((failure) => found(failure, facts));

function found({ pid, call, num }: Failure, facts: Facts): Found[] {
  const { analysis } = facts;
  const end = analysis.endOf(pid);
  if (end === null) return [];
  const ended = endedOf(analysis, pid, facts.process);
  const nums = [num];
  if (call === 'signal') return [cause('program-crashed', ended, { nums })];
  if (call === 'killed') return [cause('program-killed', ended, { nums })];
  if (end.exit === 0) return [cause('program-ended', ended, { nums })];
  const stop = analysis.stoppedBy(pid);
  if (stop !== null)
    return [cause('program-stopped', { ...ended, signal: stop.signal, by: nameOf(analysis, stop.by) }, { nums: [...nums, stop.num] })];
  const child = analysis.killedChild(pid);
  if (child !== null) {
    const facts = { ...endedOf(analysis, child.pid, ended.owner), parent: ended.owner, status: end.exit };
    return [cause('child-killed', facts, { nums: [child.num, num] })];
  }
  const other = refusedCertificate(facts, ended) ?? alertOfServer(facts, ended) ?? noMemory(ended, analysis.words(pid), nums);
  return [other ?? cause('program-failed', ended, { nums })];
}

function endedOf(analysis: Analysis, pid: number, unknown: ProcessName): Ended {
  const end = analysis.endOf(pid)!;
  const by = analysis.killer(pid);
  return {
    owner: analysis.lifetime(pid)?.name ?? unknown,
    exit: end.exit,
    signal: end.signal,
    by: by === null ? null : nameOf(analysis, by),
    told: analysis.toldToStop(pid),
    computed: computedFor(analysis, pid),
    doing: doingOf(analysis, pid),
    said: lastLine(analysis.words(pid)),
  };
}

/** Of its life what it spent outside of calls must be so much, in ns and as a part, to say that it computed. */
const COMPUTED = 0.9e9;
const MOSTLY = 0.8;

function computedFor(analysis: Analysis, pid: number): number {
  const lifetime = analysis.lifetime(pid);
  const end = analysis.endOf(pid);
  if (lifetime?.begun !== true || end === null) return 0;
  const whole = end.time - lifetime.start;
  const waited = analysis
    .events(pid)
    .reduce((sum, { start, end: to, tid }) => sum + (tid === pid ? Math.max(0, to - Math.max(start, lifetime.start)) : 0), 0);
  return whole - waited >= Math.max(COMPUTED, MOSTLY * whole) ? whole - waited : 0;
}

/** ns that a call must have lasted when its process was ended to be worth a word. */
const LONG = 10e6;

/** The call from which its first thread never returned; null: it computed, or that is not known. */
function doingOf(analysis: Analysis, pid: number): Ended['doing'] {
  const last = analysis.events(pid).findLast(({ tid, oneSided }) => tid === pid && !oneSided);
  if (last === undefined || !last.pending || last.end - last.start < LONG) return null;
  const row = analysis.dims.fds.get(last.fd);
  return { call: last.type.name, what: row === undefined ? '' : remoteText(row), waited: last.end - last.start };
}

/** null: the kernel, or not known. */
function nameOf(analysis: Analysis, pid: number): ProcessName | null {
  return pid === 0 ? null : (analysis.lifetime(pid)?.name ?? { pid, comm: '' });
}

/** What languages and the C library say when they get no memory. The calls for it (mmap, brk) are not recorded. */
const NO_MEMORY = /MemoryError|[Cc]annot allocate memory|std::bad_alloc|OutOfMemoryError|[Oo]ut of memory|memory exhausted/;

function noMemory(ended: Ended, words: string, nums: readonly number[]): Found | null {
  const line = words.split('\n').find((text) => NO_MEMORY.test(text));
  return line === undefined ? null : cause('memory-refused', { ...ended, said: line.trim().slice(0, 200) }, { nums });
}

/** What OpenSSL, Go and others call an alert that came in: `tlsv13 alert certificate required`, `remote error: tls: bad certificate`. */
const SAID_ALERT =
  /(?:\balert|remote error: tls:) ((?:[a-z]+ )*?(?:certificate(?: required| unknown| expired| revoked)?|failure|version|ca|security|denied|name))\b/;

/** The server broke the handshake off, or ended the connection right after it: by an alert that can be read, or by what the client says of it. */
function alertOfServer({ analysis, process }: Facts, ended: Ended): Found | null {
  for (const { remote, theirs, nums } of analysis.handshakes(process.pid)) {
    const alert = theirs || (SAID_ALERT.exec(analysis.words(process.pid))?.[1] ?? '');
    if (alert !== '') return cause('tls-alert', { ...ended, to: remote, alert }, { nums });
  }
  return null;
}

/** How a line begins that names an error: `TypeError: …`, `java.io.IOException: …`, `fatal: …`. */
const ERROR_LINE = /^(?:[\w$]+\.)*[\w$]*(?:Error|Exception)\b[^\n]*:|^(?:error|fatal|panic)(?: \[\w+\])?: /;

/** The line that names an error says most, else the first; after a trace of calls, as Python writes it, the last. */
function lastLine(words: string): string {
  const lines = words.trim().split('\n');
  const telling = lines.find((line) => ERROR_LINE.test(line)) ?? lines[0]!;
  return (TRACE.test(words) ? lines.at(-1)! : telling).slice(0, 200);
}

/** The client left a TLS connection before it had asked anything, right after the server had shown who it is. */
function refusedCertificate({ analysis, process }: Facts, ended: Ended): Found | null {
  const broken = analysis.brokenHandshakes(process.pid)[0];
  if (broken === undefined) return null;
  const { remote, alert, nums, plain } = broken;
  if (plain && !/certificate/.test(alert)) return cause('no-tls-spoken', { ...ended, to: remote }, { nums });
  return cause(
    'certificate-not-accepted',
    { ...ended, to: remote, alert },
    { nums, confidence: alert === '' && !/certificate|x509/i.test(ended.said) ? 0.5 : 0.95 },
  );
}
