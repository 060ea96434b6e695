/** Whose time is explained: whom the user named, or what matters most. */
import type { Analysis, Lifetime } from './analysis.ts';
import type { Findings, Request } from './findings.ts';
import type { Candidate } from './found.ts';
import { pick, type Task, tasksOf, wholeLife } from './pick.ts';
import { FATAL, type Problem } from './problems.ts';
import { AROUND } from './task-failures.ts';

/** What is explained; null: nothing waited, and nothing went wrong. Throws NotThere. */
export function chosen(findings: Findings): Task | null {
  const { request, analysis, candidates, tasks, problems } = findings;
  if (request.pid !== undefined || request.event !== undefined) return asked(request, analysis, candidates);
  if (request.at !== undefined) return tasks.find(({ from, to, waited }) => waited > 0 && from <= request.at! && to >= request.at!) ?? null;
  const task = automatic(findings);
  if (task !== null || request.pids === null) return task;
  const lifetimes = [...request.pids].flatMap((pid) => analysis.lifetime(pid) ?? []);
  const pid = problems[0]?.pid ?? lifetimes.sort((a, b) => lengthOf(b, analysis) - lengthOf(a, analysis))[0]?.name.pid;
  return pid === undefined || request.pids.size > MOST_NAMED ? null : asked({ ...request, pid }, analysis, candidates);
}

/** Who names more processes than this does not mean one of them. */
const MOST_NAMED = 20;

function lengthOf({ start, end }: Lifetime, analysis: Analysis): number {
  return (end ?? analysis.end) - start;
}

/** A wait where there is one, unless another process failed while this one got what it wanted; else a failure, else a request that a server took long for. */
function automatic(findings: Findings): Task | null {
  const { tasks, analysis, servers, lasting, candidates } = findings;
  const waiting = tasks.filter(({ waited }) => waited > 0);
  const wait = waiting.length > 0 ? pick(waiting, analysis, servers) : null;
  const [problem] = lasting;
  const end = wait === null ? null : analysis.endOf(wait.pid);
  const contentWait = wait !== null && (end === null || (end.exit === 0 && end.signal === 0));
  const small = wait !== null && wait.waited < findings.request.over;
  const graver = problem !== undefined && problem.pid !== wait?.pid && contentWait && (problem.weight >= FATAL || small);
  if (wait !== null && !graver) return wait;
  if (problem !== undefined) return problemTask(findings, problem);
  const request = candidates.filter(({ kind }) => kind === 'request').sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (request === undefined) return null;
  const { pid, tid, start: from, end: to } = request;
  return { pid, tid, from, to, scope: 'request', waited: 0, candidates: [request] };
}

/** A process from its beginning to its end, or the moment in which a long-lived one failed. */
export function problemTask({ analysis, tasks, candidates }: Findings, { pid, time, failures }: Problem): Task {
  const own = candidates.filter((candidate) => candidate.pid === pid);
  const known = tasks.find((task) => task.pid === pid && task.from <= time && task.to >= time);
  if (known !== undefined) return known;
  const lifetime = analysis.lifetime(pid);
  if (lifetime?.begun === true) return wholeLife(analysis, lifetime, 'life', own);
  const from = time - AROUND;
  return { pid, tid: pid, from, to: (failures.at(-1)?.time ?? time) + AROUND, scope: 'wait', waited: 0, candidates: own };
}

/** The user named something that the capture does not have. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/** What the user named: a process for all of its lifetime, or what went on around an event. */
function asked(request: Request, analysis: Analysis, candidates: readonly Candidate[]): Task | null {
  const pid = request.pid ?? pidOfEvent(analysis, request.event!);
  const lifetime = analysis.lifetime(pid ?? 0);
  if (pid === null) throw new NotThere(`there is no event ${request.event}, or it belongs to no process`);
  if (lifetime === null) throw new NotThere(`there is no process ${pid} in this capture`);
  const own = candidates.filter((candidate) => candidate.pid === pid);
  const time = request.event === undefined ? null : analysis.capture.timeOf(request.event);
  const around = time === null ? undefined : tasksOf(analysis, own).find(({ from, to }) => from <= time && to >= time);
  return around ?? wholeLife(analysis, lifetime, 'asked', own);
}

function pidOfEvent(analysis: Analysis, num: number): number | null {
  for (const head of analysis.capture.heads(num - 1)) {
    const chunk = analysis.capture.chunk(head);
    const i = chunk.num.indexOf(num);
    return i < 0 ? null : analysis.pidOf(chunk.thread[i]!);
  }
  return null;
}
