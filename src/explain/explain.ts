/** Where the time went: finds the wait worth explaining, follows its critical path, names the cause. */
import type { Capture } from '../capture/capture.ts';
import { Analysis, type Lifetime } from './analysis.ts';
import { findCandidates } from './candidates.ts';
import { causesOf } from './causes/index.ts';
import { OWN_CAUSES } from './causes/own.ts';
import { commandTree } from './command.ts';
import { blindnessOf, blindnessOfNothing, judged } from './confidence.ts';
import { elsewhere } from './elsewhere.ts';
import type { Failures } from './failures.ts';
import type { Candidate } from './found.ts';
import { originsOf } from './origins.ts';
import { criticalPath } from './path.ts';
import { peerOf } from './peer.ts';
import { covered, pick, type Task, tasksOf } from './pick.ts';
import { FATAL, type Problem, problemsOf } from './problems.ts';
import type { Failure, Phase, Story } from './story.ts';
import { type Survived, survivedBy } from './survived.ts';
import { endOf, lasting, socketOf, troubleOf } from './task-failures.ts';

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

export interface Explanation {
  /** null: nothing waited that long, and nothing is known to have gone wrong. */
  readonly story: Story | null;
  /** Where nothing else is found: how the command that was recorded spent most of its time by itself. No blame of anybody. */
  readonly own: Story | null;
  /** Other tasks that waited long, the longest first. */
  readonly others: readonly Task[];
  readonly over: number;
  readonly analysis: Analysis;
  readonly looked: Looked;
}

/** What one pass over the events found, and what is made of it. */
interface Findings {
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

/** Where nobody is named, it answers for the command that the recording was made for, if any. */
export function explain(capture: Capture, request: Request): Explanation {
  const findings = find(capture, request, isNamed(request) ? request.pids : commandTree(capture));
  const { analysis, tasks, looked } = findings;
  const task = chosen(findings);
  const told = task === null ? null : storyOf(findings, task);
  const byFilter = request.pid === undefined && request.event === undefined && told?.scope === 'asked';
  const story = byFilter && told.causes.length === 0 ? null : told;
  const own = story === null && !isNamed(request) ? ownStory(findings) : null;
  return { story, own, others: tasks.filter((other) => other !== task && other.waited > 0), over: request.over, analysis, looked };
}

/** Of its time the command must have spent so much by itself that this tells why it took as long as it did. */
const MOSTLY = 0.5;

function ownStory(findings: Findings): Story | null {
  const { analysis } = findings;
  const pid = Number(analysis.capture.meta.command_pid ?? 0);
  const lifetime = analysis.lifetime(pid);
  if (lifetime === null || commandTree(analysis.capture) === null || (analysis.capture.meta.filter ?? '') !== '') return null;
  const task: Task = { pid, tid: pid, from: lifetime.start, to: lifetime.end ?? analysis.end, scope: 'life', waited: 0, candidates: [] };
  const told = storyOf(findings, task);
  const causes = told.causes.filter(({ id }) => id in OWN_CAUSES || id === 'lock-futex');
  const spent = causes.reduce((sum, { cost }) => sum + cost, 0);
  return spent < MOSTLY * (told.end - told.start) ? null : { ...told, causes, confidence: causes[0]?.sure ?? null };
}

function isNamed({ pids, pid, event, at }: Request): boolean {
  return pids !== null || pid !== undefined || event !== undefined || at !== undefined;
}

/** The dearest stories, each of another process or time: waits first, then what only failed. */
export function list(capture: Capture, request: Request, most: number): Story[] {
  const findings = find(capture, request, request.pids);
  const waiting = findings.tasks.filter(({ waited }) => waited > 0).slice(0, most);
  const told = new Set(waiting.map(({ pid }) => pid));
  const failed = findings.lasting.filter(({ pid }) => !told.has(pid)).map((problem) => problemTask(findings, problem));
  return [...waiting, ...failed].slice(0, most).map((task) => storyOf(findings, task));
}

/** Payloads of long-lived processes are looked into only where nothing else is found. */
function find(capture: Capture, request: Request, pids: Request['pids']): Findings {
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

/** Processes that ended up without a connection or a name that they had asked for. Beside waits only those count that ended for it. */
function connectProblems(analysis: Analysis, tasks: readonly Task[]): Problem[] {
  const waits = tasks.some(({ waited }) => waited > 0);
  const counts = ({ pid, candidates }: Task) =>
    candidates.some(({ kind }) => kind === 'failure') && (!waits || (analysis.endOf(pid)?.exit ?? 0) !== 0);
  const failing = tasks.filter(counts).slice(0, MOST_FAILING);
  return failing.flatMap((task) => {
    const failures = lasting(analysis, task);
    const end = analysis.endOf(task.pid);
    const fatal = end !== null && end.exit !== 0;
    return failures.length === 0 ? [] : [{ pid: task.pid, weight: fatal ? FATAL : 2, time: failures[0]!.time, failures }];
  });
}

/** So many processes with failed connections are looked into. */
const MOST_FAILING = 50;

function chosen(findings: Findings): Task | null {
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
function problemTask({ analysis, tasks, candidates }: Findings, { pid, time, failures }: Problem): Task {
  const own = candidates.filter((candidate) => candidate.pid === pid);
  const known = tasks.find((task) => task.pid === pid && task.from <= time && task.to >= time);
  if (known !== undefined) return known;
  const lifetime = analysis.lifetime(pid);
  if (lifetime?.begun === true)
    return { pid, tid: pid, from: lifetime.start, to: lifetime.end ?? analysis.end, scope: 'life', waited: covered(own), candidates: own };
  const from = time - AROUND;
  return { pid, tid: pid, from, to: (failures.at(-1)?.time ?? time) + AROUND, scope: 'wait', waited: 0, candidates: own };
}

/** ns around a failure of a long-lived process that are told. */
const AROUND = 1e6;

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
  if (around !== undefined) return around;
  return { pid, tid: pid, from: lifetime.start, to: lifetime.end ?? analysis.end, scope: 'asked', waited: covered(own), candidates: own };
}

function pidOfEvent(analysis: Analysis, num: number): number | null {
  for (const head of analysis.capture.heads(num - 1)) {
    const chunk = analysis.capture.chunk(head);
    const i = chunk.num.indexOf(num);
    return i < 0 ? null : analysis.pidOf(chunk.thread[i]!);
  }
  return null;
}

function clipped(task: Task, { from, to }: { from: number; to: number }): Task {
  return { ...task, from: Math.max(task.from, from), to: Math.min(task.to, to) };
}

function storyOf(findings: Findings, whole: Task): Story {
  const { analysis, request, range } = findings;
  const { over } = request;
  const task = clipped(whole, range);
  analysis.focus(task);
  const lifetime = analysis.lifetime(task.pid);
  const process = lifetime?.name ?? { pid: task.pid, comm: '' };
  const waits = task.waited > 0 || task.scope === 'request'; // beside a failure short waits are nothing
  const floor = waits ? Math.min(over, Math.max(1e6, (task.to - task.from) * 0.02)) : over;
  const path = criticalPath(analysis, task.pid, task.tid, task);
  const phases = path.map((phase) => withPeer(analysis, phase, floor));
  const { failures, weight } = failuresOf(findings, task);
  const lookups = analysis.lookups.filter(({ pid, start, end }) => pid === task.pid && end >= task.from && start <= task.to);
  const facts = {
    analysis,
    process,
    start: task.from,
    end: task.to,
    phases: [...phases].sort((a, b) => b.duration - a.duration),
    failures,
    lookups,
    weight: request.end === true ? FATAL : weight,
    lost: lostIn(analysis, task),
    floor,
    over,
  };
  const { blindSpots } = analysis.capture;
  const causes = judged(causesOf(facts), facts.lost, blindSpots);
  const end = analysis.endOf(task.pid);
  return {
    process,
    pod: lifetime?.pod ?? null,
    command: lifetime?.command ?? '',
    start: task.from,
    end: task.to,
    scope: task.scope,
    phases,
    failures,
    lookups,
    causes,
    confidence: causes[0]?.sure ?? null,
    unseen: [
      ...unseen(analysis, task, phases, facts.lost),
      ...elsewhere(
        analysis,
        phases.filter((phase) => phase.duration >= floor),
        task.to - task.from,
      ),
      ...blindnessOf(causes, blindSpots),
    ],
    exit: end?.exit ?? null,
    signal: end?.signal ?? 0,
    origins: originsOf(analysis.capture, { causes, phases, failures }),
  };
}

/** What failed in a task, and how grave it is. Who asks for a process by its number wants to know its end, too. */
function failuresOf({ analysis, request, problems }: Findings, task: Task): { failures: Failure[]; weight: number } {
  const own = problems.filter(({ pid }) => pid === task.pid);
  const inTask = own.flatMap(({ failures }) => failures).filter(({ time }) => time >= task.from - AROUND && time <= task.to + AROUND);
  const failures = [
    ...inTask.filter(({ kind, socket }) => kind !== 'lookup' && (kind !== 'connect' || socket === null)),
    ...lasting(analysis, task),
  ];
  const end = analysis.endOf(task.pid);
  const wantsEnd = request.end === true || task.scope === 'asked';
  if (
    wantsEnd &&
    end !== null &&
    (request.end === true || end.signal !== 0 || end.exit !== 0) &&
    !failures.some(({ kind }) => kind === 'ended')
  )
    failures.push(endOf(task.pid, end));
  const withSockets = failures.map((failure) =>
    failure.fd === 0 || failure.socket !== null ? failure : { ...failure, socket: socketOf(analysis, failure) },
  );
  return {
    failures: withSockets.sort((a, b) => b.time - a.time || a.num - b.num),
    weight: Math.max(0, ...own.map(({ weight }) => weight)),
  };
}

/** Adds the other side to a wait that is long enough to matter. */
function withPeer(analysis: Analysis, phase: Phase, floor: number): Phase {
  if (phase.socket === null || phase.duration < floor) return phase;
  const trouble = troubleOf(analysis, phase.socket, phase.start, phase.end);
  return { ...phase, socket: { ...phase.socket, peer: peerOf(analysis, phase, 0), trouble } };
}

function lostIn(analysis: Analysis, task: Task): number {
  return [...analysis.dims.losses.all()]
    .filter(({ from, to }) => from <= task.to && to >= task.from)
    .reduce((sum, { count }) => sum + count, 0);
}

/** What may be missing from the picture. */
function unseen(analysis: Analysis, task: Task, phases: readonly Phase[], lost: number): string[] {
  const notes: string[] = [];
  if (lost > 0) notes.push(`${lost} events were lost in this time: what they held is missing here`);
  if (analysis.capture.meta.state === 'recording')
    notes.push('the recording was not closed well, or still runs: its last second may be missing');
  if (analysis.capture.meta.state === 'broke off')
    notes.push(`the recording broke off (${analysis.capture.meta.broke ?? ''}): how much is missing at its end is not known`);
  if (analysis.capture.meta.latency === 'off')
    notes.push('how long calls take was not measured (--no-latency): waiting cannot be told from computing');
  const lifetime = analysis.lifetime(task.pid);
  if (lifetime !== null && lifetime.end === null && analysis.endOf(task.pid) === null)
    notes.push(`${lifetime.name.comm} was still running when the capture ended`);
  if (lifetime !== null && !lifetime.begun && task.scope !== 'wait')
    notes.push(`${lifetime.name.comm} was there before the capture began: what it did then is not known`);
  if (phases.some(({ dns }) => dns?.attempt.queries.some(({ id }) => id < 0)))
    notes.push('the client’s own questions are not in the capture: they follow from the answers and from what the server received');
  return notes;
}
