/** A capture as numbers that monitoring knows: counters of calls, errors, bytes, lookups and requests, by pod. */
import { type Capture, captureEnd } from '../capture/capture.ts';
import { type CaptureContext, EventView } from '../event/view.ts';
import { compileFilter } from '../filter/compile.ts';
import { type Chunk, EventFlag } from '../model/chunk.ts';
import { errnoName } from '../model/errno.ts';
import { SECOND } from '../model/time.ts';
import { lookupsOf } from './dns.ts';
import { exchanges, HTTP_EVENTS } from './http.ts';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** Of a histogram `samples` are durations in seconds. */
export interface Metric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function metricsOf(capture: Capture, context: CaptureContext, filter: string): Metric[] {
  return [
    ...ofCapture(capture),
    ...ofEvents(capture, context, filter),
    ...ofLookups(capture, context, filter),
    ...ofRequests(capture, context, filter),
  ];
}

function ofCapture(capture: Capture): Metric[] {
  const { hostname = '', kernel = '', version = '' } = capture.meta;
  const losses = new Sums();
  for (const { reason, family, count } of capture.dims.losses.all()) losses.add({ reason, family }, count);
  const start = Number(capture.epoch) / SECOND;
  return [
    gauge('trowel_capture_info', 'The recording: node, kernel, version of Trowel.', { node: hostname, kernel, version }, 1),
    gauge('trowel_capture_start_seconds', 'When it began, since 1970.', {}, start),
    gauge('trowel_capture_duration_seconds', 'How long it lasted.', {}, captureEnd(capture) / SECOND),
    counter('trowel_lost_events_total', 'Events that are missing.', losses),
  ];
}

const gauge = (name: string, help: string, labels: Labels, value: number): Metric => ({
  name,
  kind: 'gauge',
  help,
  samples: [{ labels, value }],
});
const counter = (name: string, help: string, sums: Sums): Metric => ({ name, kind: 'counter', help, samples: sums.samples });

function ofEvents(capture: Capture, context: CaptureContext, text: string): Metric[] {
  const filter = compileFilter(text, context);
  const sums = { events: new Sums(), seconds: new Sums(), errors: new Sums(), bytes: new Sums() };
  const owners = new Owners(context);
  for (const { chunk, selection, n } of capture.select(filter)) {
    for (let k = 0; k < n; k++) countEvent(sums, filter.view.at(chunk, selection[k]!), chunk, owners);
  }
  return [
    counter('trowel_events_total', 'Events by kind and pod.', sums.events),
    counter('trowel_call_seconds_total', 'Time in calls, waits included.', sums.seconds),
    counter('trowel_call_errors_total', 'Calls that failed, by errno.', sums.errors),
    counter('trowel_io_bytes_total', 'Bytes read and written, by kind of descriptor.', sums.bytes),
  ];
}

function countEvent(
  sums: Readonly<Record<'events' | 'seconds' | 'errors' | 'bytes', Sums>>,
  view: EventView,
  chunk: Chunk,
  owners: Owners,
): void {
  const { i, type } = view;
  const owner = owners.of(chunk.thread[i]!, view.time);
  const labels = { type: type.name, ...owner };
  sums.events.add(labels, 1);
  if (chunk.latency[i]! >= 0) sums.seconds.add(labels, chunk.latency[i]! / SECOND);
  if ((chunk.flags[i]! & EventFlag.HAS_RES) === 0) return;
  const res = chunk.res[i]!;
  if (res < 0) sums.errors.add({ ...labels, errno: errnoName(-res) }, 1);
  else if (type.io !== null) sums.bytes.add({ direction: type.io, kind: view.fd?.kind ?? 'unknown', ...owner }, res);
}

function ofLookups(capture: Capture, context: CaptureContext, filter: string): Metric[] {
  const owners = new Owners(context);
  const count = new Sums();
  const wasted = new Sums();
  const durations: Sample[] = [];
  for (const { thread, start, end, result, attempts } of lookupsOf(capture, compileFilter(filter, context))) {
    const owner = owners.of(thread, start);
    count.add({ result, ...owner }, 1);
    for (const one of attempts) if (one.wasted) wasted.add(owner, (one.end - one.start) / SECOND);
    durations.push({ labels: owner, value: (end - start) / SECOND });
  }
  return [
    counter('trowel_dns_lookups_total', 'Name lookups of clients, by result.', count),
    counter('trowel_dns_wasted_seconds_total', 'Time of attempts that did not give the answer.', wasted),
    { name: 'trowel_dns_lookup_seconds', kind: 'histogram', help: 'How long name lookups took.', samples: durations },
  ];
}

function ofRequests(capture: Capture, context: CaptureContext, filter: string): Metric[] {
  const text = filter === '' ? HTTP_EVENTS : `(${HTTP_EVENTS}) and (${filter})`;
  const owners = new Owners(context);
  const count = new Sums();
  const durations: Sample[] = [];
  for (const { thread, time, side, method, answer } of exchanges(capture, compileFilter(text, context))) {
    const owner = owners.of(thread, time);
    count.add({ side, method: method ?? '', status: String(answer?.status ?? ''), ...owner }, 1);
    if (answer !== null) durations.push({ labels: { side, ...owner }, value: (answer.time - time) / SECOND });
  }
  return [
    counter('trowel_http_requests_total', 'HTTP requests whose heads were captured; no status: no response was.', count),
    { name: 'trowel_http_request_seconds', kind: 'histogram', help: 'From request to response.', samples: durations },
  ];
}

/** Values by labels. */
class Sums {
  readonly #sums = new Map<string, { readonly labels: Labels; value: number }>();

  add(labels: Labels, value: number): void {
    const key = Object.values(labels).join('\0');
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { labels, value });
    else sum.value += value;
  }

  get samples(): readonly Sample[] {
    return [...this.#sums.values()];
  }
}

/** Labels of a thread's pod, found once per thread; of one in no pod those of its process. */
class Owners {
  readonly #view: EventView;
  readonly #known = new Map<number, Labels>();

  constructor(context: CaptureContext) {
    this.#view = new EventView(context);
  }

  of(thread: number, time: number): Labels {
    let labels = this.#known.get(thread);
    if (labels === undefined) {
      const view = this.#view.onRow('thread', thread, time);
      const pod = view.kube.pod(view.process?.container ?? '', time, view);
      labels = { namespace: pod?.namespace ?? '', pod: pod?.name ?? '', process: view.process?.comm ?? '' };
      this.#known.set(thread, labels);
    }
    return labels;
  }
}
