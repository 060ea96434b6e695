/** What one pass over a capture's events finds: tasks that waited, and processes that something went wrong in. */
import type { Capture } from '../capture/capture.ts';
import { Analysis } from './analysis.ts';
import { findCandidates } from './candidates.ts';
import { blindnessOfNothing } from './confidence.ts';
import type { Failures } from './failures.ts';
import type { Candidate } from './found.ts';
import { type Task, tasksOf } from './pick.ts';
import { type Problem, problemsOf } from './problems.ts';
import { type Survived, survivedBy } from './survived.ts';
import { connectProblems } from './task-failures.ts';

/** What is to be explained, and which waits count. Times are ns since the capture's start. */
export interface Request {
  /** ns from which on a wait counts. */
  readonly over: number;
  readonly pid?: number;
  /** Number of an event whose process is meant, at its time. */
  readonly event?: number;
  /** Whoever waited at this time. */
  readonly at?: number;
  /** How the process ended comes first. */
  readonly end?: boolean;
  readonly from?: number;
  readonly to?: number;
  /** Only these processes; null: those of the command that was recorded, else any. */
  readonly pids: ReadonlySet<number> | null;
}

/** Whether the user said whose time is meant. */
export function isNamed({ pids, pid, event, at }: Request): boolean {
  return pids !== null || pid !== undefined || event !== undefined || at !== undefined;
}

/** What was looked at: said where nothing was found. */
export interface Looked {
  readonly events: number;
  readonly processes: number;
  /** Calls that failed, the most frequent first. */
  readonly failed: readonly { readonly what: string; readonly times: number }[];
  /** How many processes ended, and how many of them not with 0. */
  readonly ended: number;
  readonly endedBadly: number;
  /** Failures that were got over. */
  readonly survived: readonly Survived[];
  /** What was not recorded, so that what is not found may be there all the same: a sentence each. */
  readonly blind: readonly string[];
}

/** What one pass over the events found, and what is made of it. */
export interface Findings {
  readonly analysis: Analysis;
  readonly request: Request;
  readonly range: { readonly from: number; readonly to: number };
  readonly tasks: readonly Task[];
  readonly candidates: readonly Candidate[];
  /** The gravest first. */
  readonly problems: readonly Problem[];
  /** Those that nothing made good. */
  readonly lasting: readonly Problem[];
  readonly servers: ReadonlyMap<string, number>;
  readonly looked: Looked;
}

/** Payloads of long-lived processes are looked into only where nothing else is found. */
export function find(capture: Capture, request: Request, pids: Request['pids']): Findings {
  const found = search(capture, request, pids, false);
  return found.tasks.some(({ waited }) => waited > 0) || found.lasting.length > 0 ? found : search(capture, request, pids, true);
}

function search(capture: Capture, request: Request, pids: Request['pids'], payloads: boolean): Findings {
  const analysis = new Analysis(capture);
  const range = { from: request.from ?? -Infinity, to: request.to ?? Infinity };
  const wanted = (pid: number) => pids === null || pids.has(pid);
  const { found, servers, failures, events } = findCandidates(analysis, request.over, range, payloads);
  const candidates = found.filter(({ pid }) => wanted(pid));
  const tasks = tasksOf(analysis, candidates);
  const inTime = ({ time, pid }: Problem) => wanted(pid) && time >= range.from && time <= range.to;
  const problems = [...problemsOf(analysis, failures).filter(inTime), ...connectProblems(analysis, tasks)].sort(
    (a, b) => b.weight - a.weight || Number(isPassedOn(b, analysis)) - Number(isPassedOn(a, analysis)) || a.time - b.time,
  );
  const over = problems.map((problem) => survivedBy(analysis, problem));
  const lasting = problems.filter((_, i) => over[i] === null);
  const survived = over.filter((one) => one !== null);
  return {
    analysis,
    request,
    range,
    tasks,
    candidates,
    problems,
    lasting,
    servers,
    looked: { ...lookedAt(analysis, failures, events), survived },
  };
}

/** Whether what its process ended with is what the recorded command then ended with: that is what its user saw fail. */
function isPassedOn({ pid }: Problem, analysis: Analysis): boolean {
  const whole = analysis.endOf(Number(analysis.capture.meta.command_pid ?? 0))?.exit ?? 0;
  return whole !== 0 && analysis.endOf(pid)?.exit === whole;
}

function lookedAt(analysis: Analysis, failures: Failures, events: number): Omit<Looked, 'survived'> {
  const ends = [...failures.ends.all()].map(([, end]) => end);
  return {
    blind: blindnessOfNothing(analysis.capture.blindSpots),
    events,
    processes: new Set([...analysis.dims.processes.all()].map(({ pid }) => pid)).size,
    failed: failures.modes.counts.sort((a, b) => b.times - a.times),
    ended: ends.length,
    endedBadly: ends.filter(({ exit, signal }) => exit !== 0 || signal !== 0).length,
  };
}
