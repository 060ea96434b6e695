/** Processes that ended badly: crashed, killed, or with an error that no call of theirs explains. */
import type { Failure } from '../story.ts';
import { cause, type Facts, type Found, type Rule } from './cause.ts';
import { type Ended, row } from './row.ts';

// biome-ignore format: a table
export const ENDED_CAUSES = {
  'program-crashed': row<Ended>('A crash', 0.95, 'coredumpctl; dmesg', ['look at the core dump, or run it in a debugger']),
  'program-killed': row<Ended>('A killed process', 0.95, 'dmesg | grep -i "killed process"', ['find who kills it: a memory limit (OOMKilled), a failing probe, an operator'], ['signals', 'events']),
  'program-failed': row<Ended>('A program that failed', 0.5, 'its output', ['read what it wrote'], ['payload']),
  'program-ended': row<Ended>('An end without an error', 0.95, 'its source', []),
  'certificate-not-accepted': row<Ended & { readonly to: string; readonly alert: string }>('A certificate that is not accepted', 0.6, 'openssl s_client -connect ADDRESS -showcerts', ['check the certificate: its names, its dates, and that the client knows its authority'], ['payload']),
  'no-tls-spoken': row<Ended & { readonly to: string }>('TLS spoken to a port without TLS', 0.95, 'curl -v http://ADDRESS', ['use http:// for that port, or the port that has TLS', 'of a load balancer or an ingress: check which of both its backend speaks'], ['payload']),
};

export const endedRule: Rule = (facts) => facts.failures.filter(({ kind }) => kind === 'ended').flatMap((failure) => found(failure, facts));

function found({ pid, call, num }: Failure, facts: Facts): Found[] {
  const { scene } = facts;
  const end = scene.endOf(pid);
  if (end === null) return [];
  const by = scene.killer(pid);
  const ended: Ended = {
    owner: scene.life(pid)?.name ?? facts.process,
    exit: end.exit,
    signal: end.signal,
    by: by === null ? null : (scene.life(by)?.name ?? { pid: by, comm: '' }),
    told: scene.toldToStop(pid),
    said: lastLine(scene.words(pid)),
  };
  const nums = [num];
  if (call === 'signal') return [cause('program-crashed', ended, { nums })];
  if (call === 'killed') return [cause('program-killed', ended, { nums })];
  if (end.exit === 0) return [cause('program-ended', ended, { nums })];
  const refused = refusedCertificate(facts, ended);
  return [refused ?? cause('program-failed', ended, { nums })];
}

/** The first line of the last words says most. */
function lastLine(words: string): string {
  return words.trim().split('\n')[0]!.slice(0, 200);
}

/** The client left a TLS connection before it had asked anything, right after the server had shown who it is. */
function refusedCertificate({ scene, process }: Facts, ended: Ended): Found | null {
  const broken = scene.brokenHandshakes(process.pid)[0];
  if (broken === undefined) return null;
  const { remote, alert, nums, plain } = broken;
  if (plain && !/certificate/.test(alert)) return cause('no-tls-spoken', { ...ended, to: remote }, { nums });
  return cause(
    'certificate-not-accepted',
    { ...ended, to: remote, alert },
    { nums, confidence: alert === '' && !/certificate|x509/i.test(ended.said) ? 0.5 : 0.95 },
  );
}
