/** Processes that ended badly: crashed, killed, or with an error that no call of theirs explains. */
import type { Ended } from '../catalog.ts';
import type { Cause, Failure } from '../story.ts';
import { cause, type Facts, type Rule } from './cause.ts';

export const endedRule: Rule = (facts) => facts.failures.filter(({ kind }) => kind === 'ended').flatMap((failure) => found(failure, facts));

function found({ pid, call, num }: Failure, facts: Facts): Cause[] {
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
function refusedCertificate({ scene, process }: Facts, ended: Ended): Cause | null {
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
