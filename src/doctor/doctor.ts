/** Runs the checks over a capture: the same for one that was just made and for one from elsewhere. */
import type { Capture } from '../capture/capture.ts';
import type { Finding, Severity } from './check.ts';
import { Examined, sum } from './examined.ts';
import { CHECKS } from './registry.ts';

export interface Diagnosis {
  /** The gravest first; of equally grave ones, the cause before the symptom. */
  readonly findings: readonly Finding[];
  /** What could not be looked at. */
  readonly unseen: readonly string[];
  readonly checks: number;
  readonly events: number;
}

const RANK: Readonly<Record<Severity, number>> = { critical: 0, warning: 1, note: 2 };

/** `only`: ids of checks to tell of; all are run, since one explains what another would report. */
export function diagnose(capture: Capture, only: readonly string[] = []): Diagnosis {
  const examined = new Examined(capture);
  const found: Finding[] = [];
  for (const check of CHECKS) found.push(...check.read(examined, found));
  const findings = weighed(examined, found)
    .filter(({ id }) => only.length === 0 || only.includes(id))
    .sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  return {
    findings,
    unseen: examined.unseen,
    checks: only.length === 0 ? CHECKS.length : only.length,
    events: examined.observed.events,
  };
}

/** Findings that stand on something not having come. */
const ABSENCE: ReadonlySet<string> = new Set(['dns-unanswered', 'dns-race', 'dns-slow', 'beyond-node', 'unanswered', 'hairpin-off']);
const DOUBT = 0.85;

/** What did not come may be among what was lost: said, and less sure. */
function weighed({ dims, observed }: Examined, findings: readonly Finding[]): Finding[] {
  const lost = sum([...dims.losses.all()]);
  if (lost === 0) return [...findings];
  const share = ((100 * lost) / (lost + observed.events)).toFixed(1);
  return findings.map((one) =>
    ABSENCE.has(one.id)
      ? {
          ...one,
          confidence: one.confidence * DOUBT,
          unseen: [...one.unseen, `${lost} events that were lost (${share} %): what is missing here may be among them`],
        }
      : one,
  );
}
