/** Where the time went: finds the wait worth explaining, follows its critical path, names the cause. */
import type { Capture } from '../capture/capture.ts';
import type { Analysis } from './analysis.ts';
import type { Facts } from './causes/cause.ts';
import { causesOf } from './causes/index.ts';
import { OWN_CAUSES } from './causes/own.ts';
import { chosen, problemTask } from './choice.ts';
import { commandTree } from './command.ts';
import { blindnessOf, judged } from './confidence.ts';
import { elsewhere } from './elsewhere.ts';
import { type Findings, find, isNamed, type Looked, type Request } from './findings.ts';
import { originsOf } from './origins.ts';
import { criticalPath } from './path.ts';
import { peerOf } from './peer.ts';
import { type Task, wholeLife } from './pick.ts';
import type { Phase, Story } from './story.ts';
import { failuresOf, troubleOf } from './task-failures.ts';
import { lostIn, unseenIn } from './unseen.ts';

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

/** What to tell of a capture. Where nobody is named, it answers for the command that the recording was made for, if any. Throws NotThere. */
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
  const told = storyOf(findings, wholeLife(analysis, lifetime, 'life', []));
  const causes = told.causes.filter(({ id }) => id in OWN_CAUSES || id === 'lock-futex');
  const spent = causes.reduce((sum, { cost }) => sum + cost, 0);
  return spent < MOSTLY * (told.end - told.start) ? null : { ...told, causes, confidence: causes[0]?.sure ?? null };
}

/** The dearest stories, each of another process or time: waits first, then what only failed. */
export function list(capture: Capture, request: Request, most: number): Story[] {
  const findings = find(capture, request, request.pids);
  const waiting = findings.tasks.filter(({ waited }) => waited > 0).slice(0, most);
  const told = new Set(waiting.map(({ pid }) => pid));
  const failed = findings.lasting.filter(({ pid }) => !told.has(pid)).map((problem) => problemTask(findings, problem));
  return [...waiting, ...failed].slice(0, most).map((task) => storyOf(findings, task));
}

/** How a task went: its path, what failed in it, and the causes of both. */
function storyOf(findings: Findings, whole: Task): Story {
  const { analysis } = findings;
  const { blindSpots } = analysis.capture;
  const task = clipped(whole, findings.range);
  analysis.focus(task);
  const facts = factsOf(findings, task);
  const { process, phases, failures, lookups, lost, floor } = facts;
  const causes = judged(causesOf({ ...facts, phases: [...phases].sort((a, b) => b.duration - a.duration) }), lost, blindSpots);
  const lifetime = analysis.lifetime(task.pid);
  const end = analysis.endOf(task.pid);
  const long = phases.filter(({ duration }) => duration >= floor);
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
      ...unseenIn(analysis, task, phases, lost),
      ...elsewhere(analysis, long, task.to - task.from),
      ...blindnessOf(causes, blindSpots),
    ],
    exit: end?.exit ?? null,
    signal: end?.signal ?? 0,
    origins: originsOf(analysis.capture, { causes, phases, failures }),
  };
}

function clipped(task: Task, { from, to }: Findings['range']): Task {
  return { ...task, from: Math.max(task.from, from), to: Math.min(task.to, to) };
}

/** What the rules judge by; phases in the order of time. */
function factsOf({ analysis, request: { over, end = false }, problems }: Findings, task: Task): Facts {
  const floor = floorOf(task, over);
  const path = criticalPath(analysis, task.pid, task.tid, task);
  return {
    analysis,
    process: analysis.lifetime(task.pid)?.name ?? { pid: task.pid, comm: '' },
    start: task.from,
    end: task.to,
    phases: path.map((phase) => withPeer(analysis, phase, floor)),
    ...failuresOf(analysis, task, problems, end),
    lookups: analysis.lookups.filter(({ pid, start, end }) => pid === task.pid && end >= task.from && start <= task.to),
    lost: lostIn(analysis, task),
    floor,
    over,
  };
}

/** ns, and the part of a task's time, from which on a phase of it is worth a word. */
const LEAST_FLOOR = 1e6;
const WORTH = 0.02;

/** ns from which on a phase is worth a word: beside a failure short waits are nothing. */
function floorOf({ waited, scope, from, to }: Task, over: number): number {
  const waits = waited > 0 || scope === 'request';
  return waits ? Math.min(over, Math.max(LEAST_FLOOR, (to - from) * WORTH)) : over;
}

/** Adds the other side to a wait that is long enough to matter. */
function withPeer(analysis: Analysis, phase: Phase, floor: number): Phase {
  if (phase.socket === null || phase.duration < floor) return phase;
  const trouble = troubleOf(analysis, phase.socket, phase.start, phase.end);
  return { ...phase, socket: { ...phase.socket, peer: peerOf(analysis, phase, 0), trouble } };
}
