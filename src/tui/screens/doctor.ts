/** What the doctor finds in the capture, the gravest first: a finding, then what shows it and what to do, a line each. */
import type { Capture } from '../../capture/capture.ts';
import type { Finding } from '../../doctor/check.ts';
import { type Diagnosis, diagnose } from '../../doctor/doctor.ts';
import { secondsText } from '../../model/time.ts';
import { type ScreenRow, type ScreenSpec, screenColumn } from './screen.ts';

const told = new WeakMap<Capture, { readonly revision: number; readonly diagnosis: Diagnosis }>();

/** It looks at every event: once is enough. */
function diagnosisOf(capture: Capture): Diagnosis {
  const { revision } = capture;
  const known = told.get(capture);
  if (known?.revision === revision) return known.diagnosis;
  const diagnosis = diagnose(capture);
  told.set(capture, { revision, diagnosis });
  return diagnosis;
}

export const DOCTOR: ScreenSpec = {
  id: 'doctor',
  aliases: ['diagnosis', 'checks'],
  sentence: 'what is wrong with the node and its network, and what to do',
  filter: '',
  enter: 'events',
  read: ({ capture }) => {
    const { findings, unseen, checks } = diagnosisOf(capture);
    return {
      head: [
        ...(findings.length === 0 ? [`nothing is wrong, as far as ${checks} checks can see`] : []),
        ...unseen.map((text) => `not seen: ${text}`),
      ],
      columns: [
        screenColumn('severity', 'text', null, 'critical: requests fail; warning: some do, or soon will; note: worth knowing'),
        screenColumn('check', 'text', null, 'which check found it: trowel doctor -l lists them'),
        screenColumn('sure', 'text', null, 'how sure it is'),
        screenColumn('what', 'prose', null, 'what is wrong, what shows it, and what to do; Enter shows the events behind it'),
      ],
      rows: findings.flatMap(rowsOf),
    };
  },
};

function rowsOf({ id, severity, verdict, affected, facts, events, confidence, unseen, fixes }: Finding): ScreenRow[] {
  const drill = events.length === 0 ? null : `evt.num in (${events.join(', ')})`;
  const line = (what: string, text: string): ScreenRow => ({ cells: ['', what, '', text], num: null, drill });
  return [
    { cells: [severity, id, `${Math.round(confidence * 100)} %`, verdict], num: null, drill },
    ...(affected.length === 0 ? [] : [line('  affected', affected.join(', '))]),
    ...facts.map(({ time, text }) => line('  seen', `${secondsText(time)} s  ${text}`)),
    ...unseen.map((text) => line('  not seen', text)),
    ...fixes.map((text) => line('  to do', text)),
  ];
}
