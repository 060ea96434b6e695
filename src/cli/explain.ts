/** `trowel explain`: where the time went, in one sentence and with the events that show it. */

import type { Capture } from '../capture/capture.ts';
import { type Explanation, explain as explainCapture, NotThere, type Request } from '../explain/explain.ts';
import type { Phase, Story } from '../explain/story.ts';
import { compileFilter } from '../filter/compile.ts';
import { spanText, wallNs } from '../model/time.ts';
import { jsonText } from '../output/printable.ts';
import { storyLines, storyMarkdown } from '../output/story.ts';
import { UsageError } from './exit.ts';
import { contextOf, openCapture } from './open-capture.ts';
import { Out } from './out.ts';
import { parseSpan } from './span.ts';

export interface ExplainOptions {
  readonly pid?: number;
  readonly pod?: string;
  readonly event?: number;
  readonly from?: string;
  readonly to?: string;
  readonly over: string;
  readonly json?: boolean;
  readonly markdown?: boolean;
}

export async function explain(path: string, filterText: string, options: ExplainOptions): Promise<void> {
  const capture = await openCapture(path);
  const out = new Out();
  try {
    const filter = [podFilter(options.pod), filterText === '' ? '' : `(${filterText})`].filter((part) => part !== '').join(' and ');
    const explanation = explainCapture(capture, requestOf(options, filter === '' ? null : processesOf(capture, filter)));
    out.lines(options.json === true ? [jsonText(explanationJson(explanation, capture))] : textOf(explanation, capture, options));
  } catch (error) {
    throw error instanceof NotThere ? new UsageError(error.message) : error;
  } finally {
    out.flush();
    capture.close();
  }
}

function requestOf(options: ExplainOptions, pids: ReadonlySet<number> | null): Request {
  const time = (text: string | undefined, name: string) => (text === undefined ? undefined : parseSpan(name, text));
  const from = time(options.from, '--from');
  const to = time(options.to, '--to');
  return {
    over: parseSpan('--over', options.over),
    pids,
    ...(options.pid === undefined ? {} : { pid: options.pid }),
    ...(options.event === undefined ? {} : { event: options.event }),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function podFilter(pod: string | undefined): string {
  if (pod === undefined) return '';
  const [namespace, name] = pod.includes('/') ? pod.split('/', 2) : [null, pod];
  const quoted = (text: string) => `'${text.replaceAll("'", "\\'")}'`;
  return `${namespace === null ? '' : `k8s.ns.name=${quoted(namespace!)} and `}k8s.pod.name=${quoted(name!)}`;
}

/** pids of the processes that have an event that matches. */
function processesOf(capture: Capture, text: string): Set<number> {
  const filter = compileFilter(text, contextOf(capture));
  const threads = new Set<number>();
  for (const { chunk, selection, n } of capture.select(filter)) for (let k = 0; k < n; k++) threads.add(chunk.thread[selection[k]!]!);
  const { dims } = capture;
  return new Set([...threads].map((id) => dims.processes.get(dims.threads.get(id)?.process ?? 0)?.pid ?? 0));
}

function textOf({ story, others, over }: Explanation, capture: Capture, options: ExplainOptions): string[] {
  if (story === null) return [`Nothing waited longer than ${spanText(over)} for what it had asked for, and nothing failed.`];
  if (options.markdown === true) return storyMarkdown(story, capture.epoch);
  const more = others.slice(0, 3).map(({ pid, waited }) => `--pid ${pid} (${spanText(waited)})`);
  return [...storyLines(story, capture.epoch), ...(more.length === 0 ? [] : ['', `Others waited, too: ${more.join(', ')}`])];
}

/** Spans in ns, times as decimal ns since 1970. */
function explanationJson({ story, over }: Explanation, capture: Capture): object {
  if (story === null) return { over, story: null };
  return { over, story: storyJson(story, (time) => wallNs(capture.epoch, time)) };
}

function storyJson(story: Story, wall: (time: number) => string): object {
  const { process, command, scope, exit, causes, unseen, failures } = story;
  return {
    'proc.pid': process.pid,
    'proc.name': process.comm,
    command,
    pod: story.pod,
    scope,
    exit,
    start: wall(story.start),
    latency: story.end - story.start,
    causes,
    phases: story.phases.map((phase) => phaseJson(phase, wall)),
    failures: failures.map(({ num, call, error, what }) => ({ 'evt.num': num, call, error, what })),
    unseen,
  };
}

function phaseJson(phase: Phase, wall: (time: number) => string): object {
  const { kind, what, duration, first, last, count, process, dns, socket } = phase;
  return {
    kind,
    what,
    start: wall(phase.start),
    duration,
    events: { first, last, count },
    ...(process === null ? {} : { process }),
    ...(dns === null
      ? {}
      : {
          dns: {
            name: dns.attempt.name,
            suffix: dns.attempt.suffix,
            result: dns.attempt.result,
            tries: dns.tries.map(({ duration: span }) => span),
          },
        }),
    ...(socket === null
      ? {}
      : {
          socket: {
            local: socket.local,
            remote: socket.remote,
            outcome: socket.outcome,
            error: socket.error,
            peer: socket.peer === null ? null : peerJson(socket.peer, wall),
            trouble: socket.trouble,
          },
        }),
  };
}

function peerJson(peer: NonNullable<NonNullable<Phase['socket']>['peer']>, wall: (time: number) => string): object {
  return {
    ...peer,
    received: peer.received === null ? null : wall(peer.received),
    answered: peer.answered === null ? null : wall(peer.answered),
    phases: peer.phases.map((phase) => phaseJson(phase, wall)),
  };
}
