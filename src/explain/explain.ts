/** Where the time went: finds the wait worth explaining, follows its critical path, names the cause. */
import type { Capture } from '../capture/capture.ts';
import { type Candidate, findCandidates } from './candidates.ts';
import { causesOf } from './causes/index.ts';
import { remoteText } from './descriptors.ts';
import { criticalPath } from './path.ts';
import { peerOf } from './peer.ts';
import { covered, pick, type Task, tasksOf } from './pick.ts';
import { Scene } from './scene.ts';
import type { Failure, Phase, SocketPhase, Story, Trouble } from './story.ts';
import { unseenOf } from './unseen.ts';

export interface Request {
  /** ns from which on a wait counts. */
  readonly over: number;
  readonly pid?: number;
  /** Number of an event whose process is meant, at its time. */
  readonly event?: number;
  readonly from?: number;
  readonly to?: number;
  /** Only these processes; null: any. */
  readonly pids: ReadonlySet<number> | null;
}

export interface Explanation {
  /** null: nothing waited that long, and nothing failed. */
  readonly story: Story | null;
  /** Other tasks that waited long, the longest first. */
  readonly others: readonly Task[];
  readonly over: number;
  readonly scene: Scene;
}

export function explain(capture: Capture, request: Request): Explanation {
  const scene = new Scene(capture);
  const range = { from: request.from ?? -Infinity, to: request.to ?? Infinity };
  const wanted = (pid: number) => request.pids === null || request.pids.has(pid);
  const { found, servers } = findCandidates(scene, request.over, range);
  const candidates = found.filter(({ pid }) => wanted(pid));
  const tasks = tasksOf(scene, candidates);
  const task =
    request.pid === undefined && request.event === undefined
      ? automatic(tasks, candidates, scene, servers)
      : asked(request, scene, candidates);
  const story = task === null ? null : storyOf(scene, clipped(task, range), request.over);
  return { story, others: tasks.filter((other) => other !== task && other.waited > 0), over: request.over, scene };
}

/** A wait where there is one, else a failure, else a request that a server took long for. */
function automatic(
  tasks: readonly Task[],
  candidates: readonly Candidate[],
  scene: Scene,
  servers: ReadonlyMap<string, number>,
): Task | null {
  const waiting = tasks.filter(({ waited }) => waited > 0);
  if (waiting.length > 0) return pick(waiting, scene, servers);
  const failed = tasks.find((task) => task.candidates.some(({ kind }) => kind === 'failure') && lasting(scene, task).length > 0);
  if (failed !== undefined) return failed;
  const request = candidates.filter(({ kind }) => kind === 'request').sort((a, b) => b.end - b.start - (a.end - a.start))[0];
  if (request === undefined) return null;
  const { pid, tid, start: from, end: to } = request;
  return { pid, tid, from, to, scope: 'request', waited: 0, candidates: [request] };
}

/** The user named something that the capture does not have. */
export class NotThere extends Error {
  override readonly name = 'NotThere';
}

/** What the user named: a process for all of its life, or what went on around an event. */
function asked(request: Request, scene: Scene, candidates: readonly Candidate[]): Task | null {
  const pid = request.pid ?? pidOfEvent(scene, request.event!);
  const life = scene.life(pid ?? 0);
  if (pid === null) throw new NotThere(`there is no event ${request.event}, or it belongs to no process`);
  if (life === null) throw new NotThere(`there is no process ${pid} in this capture`);
  const own = candidates.filter((candidate) => candidate.pid === pid);
  const time = request.event === undefined ? null : scene.capture.timeOf(request.event);
  const around = time === null ? undefined : tasksOf(scene, own).find(({ from, to }) => from <= time && to >= time);
  if (around !== undefined) return around;
  return { pid, tid: pid, from: life.start, to: life.end ?? scene.end, scope: 'asked', waited: covered(own), candidates: own };
}

function pidOfEvent(scene: Scene, num: number): number | null {
  for (const head of scene.capture.heads(num - 1)) {
    const chunk = scene.capture.chunk(head);
    const i = chunk.num.indexOf(num);
    return i < 0 ? null : scene.pidOf(chunk.thread[i]!);
  }
  return null;
}

function clipped(task: Task, { from, to }: { from: number; to: number }): Task {
  return { ...task, from: Math.max(task.from, from), to: Math.min(task.to, to) };
}

function storyOf(scene: Scene, task: Task, over: number): Story {
  const life = scene.life(task.pid);
  const process = life?.name ?? { pid: task.pid, comm: '' };
  const floor = Math.min(over, Math.max(1e6, (task.to - task.from) * 0.02));
  const path = criticalPath(scene, task.pid, task.tid, task);
  const phases = path.map((phase) => withPeer(scene, phase, floor));
  const failures = lasting(scene, task);
  const lookups = scene.lookups.filter(({ pid, start, end }) => pid === task.pid && end >= task.from && start <= task.to);
  const facts = {
    scene,
    process,
    start: task.from,
    end: task.to,
    phases: [...phases].sort((a, b) => b.duration - a.duration),
    failures,
    lookups,
    floor,
    over,
  };
  const causes = causesOf(facts);
  return {
    process,
    pod: life?.pod ?? null,
    command: life?.command ?? '',
    start: task.from,
    end: task.to,
    scope: task.scope,
    phases,
    failures,
    lookups,
    causes,
    unseen: [...unseen(scene, task, phases), ...unseenOf(scene.capture, causes)],
    exit: scene.events(task.pid).findLast((event) => event.type.name === 'procexit' && event.tid === task.pid)?.value ?? null,
  };
}

/** Adds the other side to a wait that is long enough to matter. */
function withPeer(scene: Scene, phase: Phase, floor: number): Phase {
  if (phase.socket === null || phase.duration < floor) return phase;
  const trouble = troubleOf(scene, phase.socket, phase.start, phase.end);
  return { ...phase, socket: { ...phase.socket, peer: peerOf(scene, phase, 0), trouble } };
}

/** What the kernel said of a connection, by the client's end of it; of a full queue it tells with the server's. */
function troubleOf(scene: Scene, { local, remote }: Pick<SocketPhase, 'local' | 'remote'>, start: number, end: number): Trouble[] {
  const own = scene.troubles.of(local, start - 1e9, end + 1e6);
  const full = scene.troubles.of(remote, start, end).filter(({ type }) => type === 'accept_queue_full');
  return [...new Set([...own, ...full])].sort((a, b) => a.num - b.num);
}

/** Failed calls that nothing made good: the process never got a connection to that port, or ended with an error. */
function lasting(scene: Scene, task: Task): Failure[] {
  const failures = task.candidates.filter(({ kind, start, end }) => kind === 'failure' && end >= task.from && start <= task.to);
  const waits = scene.socketWaits(task.pid);
  return failures.flatMap(({ num, start, end, fd, error }): Failure[] => {
    const row = scene.dims.fds.get(fd);
    if (row === undefined || !/^E[A-Z]+$/.test(error)) return [{ num, time: end, call: 'lookup', error, what: '', socket: null }];
    const remote = remoteText(row);
    const port = remote.split(':').at(-1);
    const later = waits.some((wait) => wait.end > start && wait.outcome === 'answered' && wait.socket.remote.split(':').at(-1) === port);
    if (later || remote === '') return [];
    const local = row.localIp === null ? '' : `${row.localIp}:${row.localPort}`;
    const socket = { fds: [fd], local, remote, error, closed: false, outcome: 'failed' as const, peer: null };
    return [{ num, time: end, call: 'connect', error, what: remote, socket: { ...socket, trouble: troubleOf(scene, socket, start, end) } }];
  });
}

/** What may be missing from the picture. */
function unseen(scene: Scene, task: Task, phases: readonly Phase[]): string[] {
  const notes: string[] = [];
  const lost = [...scene.dims.losses.all()]
    .filter(({ from, to }) => from <= task.to && to >= task.from)
    .reduce((sum, { count }) => sum + count, 0);
  if (lost > 0) notes.push(`${lost} events were lost in this time: what they held is missing here`);
  if (scene.capture.meta.state === 'recording')
    notes.push('the recording was not closed well, or still runs: its last second may be missing');
  const life = scene.life(task.pid);
  if (life !== null && life.end === null) notes.push(`${life.name.comm} was still running when the capture ended`);
  if (life !== null && !life.begun && task.scope !== 'wait')
    notes.push(`${life.name.comm} was there before the capture began: what it did then is not known`);
  if (phases.some(({ dns }) => dns?.attempt.queries.some(({ id }) => id < 0)))
    notes.push('the client’s own questions are not in the capture: they follow from the answers and from what the server received');
  return notes;
}
