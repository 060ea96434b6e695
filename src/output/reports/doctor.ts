/** What the doctor found, as a report; and which checks there are. */
import type { Check, FactEvidence, Finding } from '../../doctor/check.ts';
import type { Diagnosis } from '../../doctor/doctor.ts';
import { secondsText } from '../../model/time.ts';
import { column, records } from '../../report/column.ts';
import type { Column, Report } from '../../report/report.ts';

export const DOCTOR_DOC = 'one finding of trowel doctor, the gravest first';
export const CHECKS_DOC = 'one check of trowel doctor';

const FACT: readonly Column<FactEvidence>[] = [
  column('time', 'ns', 'from when on it was seen to be so, since the capture began', ({ time }) => time),
  column('text', 'text', 'what was seen', ({ text }) => text),
];

export const DOCTOR_COLUMNS: readonly Column<Finding>[] = [
  column('id', 'text', 'of the check', ({ id }) => id),
  column('severity', 'text', 'critical: requests fail; warning: some do, or soon will; note: worth knowing', ({ severity }) => severity),
  column('verdict', 'text', 'what is wrong', ({ verdict }) => verdict),
  column('affected', 'text', 'pods, services, processes', ({ affected }) => affected, { many: true }),
  column('events', 'num', 'events that show it', ({ events }) => events, { many: true }),
  records('facts', 'what the node was seen to be', FACT, ({ facts }) => facts),
  column('confidence', 'share', 'how sure it is', ({ confidence }) => confidence),
  column('unseen', 'text', 'what could not be seen, and would make it surer', ({ unseen }) => unseen, { many: true }),
  column('fixes', 'text', 'commands, and what to change', ({ fixes }) => fixes, { many: true }),
];

export const CHECK_COLUMNS: readonly Column<Check>[] = [
  column('id', 'text', 'its name, for --check', ({ id }) => id),
  column('title', 'prose', 'what it finds', ({ title }) => title),
];

export function checksReport(checks: readonly Check[]): Report<Check> {
  return { id: 'checks', columns: CHECK_COLUMNS, items: checks, epoch: 0n };
}

export function doctorReport({ findings, unseen, checks, events }: Diagnosis, epoch: bigint): Report<Finding> {
  const looked = `Looked at ${events.toLocaleString('en')} events by ${checks} ${checks === 1 ? 'check' : 'checks'}.`;
  return {
    id: 'doctor',
    columns: DOCTOR_COLUMNS,
    items: findings,
    epoch,
    blocks: { table: (one, index) => [...(index === 0 ? [] : ['']), ...findingLines(one)] },
    empty: 'Nothing is wrong, as far as can be seen.',
    notes: () => ['', ...(unseen.length === 0 ? [] : ['Not seen:', ...unseen.map((text) => `  ${text}`), '']), looked],
  };
}

const MARKS: Readonly<Record<Finding['severity'], string>> = { critical: 'CRITICAL', warning: 'WARNING', note: 'NOTE' };

function findingLines(finding: Finding): string[] {
  const { severity, id, verdict, affected, events, facts, confidence, unseen, fixes } = finding;
  return [
    `${MARKS[severity]}  ${id}  (${Math.round(confidence * 100)} % sure)`,
    `  ${verdict}`,
    ...(affected.length === 0 ? [] : [`  Affected  ${someOf(affected)}`]),
    ...facts.map(({ time, text }) => `  Seen      ${secondsText(time)} s  ${text}`),
    ...(events.length === 0 ? [] : [`  Evidence  events ${events.join(' ')}`]),
    ...unseen.map((text) => `  Not seen  ${text}`),
    ...fixes.map((text, i) => `  ${i === 0 ? 'To do    ' : '         '} ${text}`),
  ];
}

const SHOWN = 8;

function someOf(names: readonly string[]): string {
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(', ')} and ${more} more` : names.join(', ');
}
