/** The rows of a capture for containers, objects and events of a cluster: what all sources observed, merged. */
import type { ContainerRow, KubeEventRow, KubeObjectRow, NameSource } from '../model/kube.ts';
import type { DimensionTables } from '../model/rows.ts';
import { SECOND } from '../model/time.ts';
import { type Observation, Observations, type RowLimits, type Rule } from './observations.ts';
import type { KubeEvent, KubeObject } from './reduce.ts';
import type { KubeSink } from './watcher.ts';

/** Precedence: the API knows what was asked for, the runtime what runs. */
const OF_OBJECTS: readonly NameSource[] = ['api', 'cri', 'docker', 'cgroup', 'scap'];
const OF_CONTAINERS: readonly NameSource[] = ['cri', 'docker', 'api', 'cgroup', 'scap'];
const MOST_EVENTS = 10_000;
const LIMITS: RowLimits = { versions: 500, rows: 200_000, size: 128 << 20 };

export class KubeRows {
  readonly #objects: Observations<KubeObjectRow>;
  readonly #containers: Observations<ContainerRow>;
  readonly #tables: DimensionTables;
  readonly #epochMs: number;
  readonly #now: () => number;
  readonly #events = new Map<string, KubeEventRow>();
  readonly #pods = new Set<string>();
  #eventsDropped = 0;

  /** `epochMs`: ms since 1970 of the capture's time zero. `now`: ns since then. */
  constructor(tables: DimensionTables, epochMs: number, now: () => number, limits: RowLimits = LIMITS) {
    this.#tables = tables;
    this.#epochMs = epochMs;
    this.#now = now;
    this.#objects = new Observations(tables.objects, OF_OBJECTS, ruleOfObject, limits);
    this.#containers = new Observations(tables.containers, OF_CONTAINERS, ruleOfContainer, limits);
  }

  /** How many pods are known. */
  get pods(): number {
    return this.#pods.size;
  }

  /** What there was no room for, in words; null: nothing. */
  get dropped(): string | null {
    const things = this.#objects.dropped.things + this.#containers.dropped.things;
    const changes = this.#objects.dropped.changes + this.#containers.dropped.changes;
    const parts = [
      things > 0 ? `${things} observations of new objects` : '',
      changes > 0 ? `the time of ${changes} changes` : '',
      this.#eventsDropped > 0 ? `${this.#eventsDropped} events` : '',
    ].filter((part) => part !== '');
    return parts.length === 0 ? null : `no room for ${parts.join(', ')}`;
  }

  /** Where a source puts what it observes. */
  sink(source: NameSource): KubeSink {
    return {
      object: (object) => this.#object(source, object),
      container: (container) => this.#containers.observe(container.container, source, container, null, this.#now()),
      gone: (uid) => this.#objects.gone(uid, source, this.#now()),
      event: (event) => this.#event(event),
    };
  }

  #object(source: NameSource, { created, ended, ...object }: KubeObject): void {
    if (object.kind === 'Pod') this.#pods.add(object.uid);
    const observation = {
      ...object,
      annotations: object.annotations ?? null,
      expressions: object.expressions ?? null,
      status: object.status ?? null,
    };
    this.#objects.observe(
      object.uid,
      source,
      observation,
      created === null ? null : this.#timeOf(created),
      this.#now(),
      ended === true ? ['ips'] : [],
    );
  }

  /** An event that repeats comes again with new times. Those that ended before the capture began are left out: there are too many. */
  #event({ first, last, ...event }: KubeEvent): void {
    const known = this.#events.get(event.uid);
    const times = { first: this.#timeOf(first), last: this.#timeOf(last) };
    if (known !== undefined) {
      Object.assign(known, event, times);
      this.#tables.kubeEvents.touch(known);
    } else if (times.last > -SECOND) {
      if (this.#events.size >= MOST_EVENTS) this.#eventsDropped++;
      else this.#events.set(event.uid, this.#tables.kubeEvents.add({ ...event, ...times }));
    }
  }

  #timeOf(ms: number): number {
    return (ms - this.#epochMs) * 1e6;
  }
}

/** A pod gets its node and its address after it was made; that endpoints come is a change. */
function ruleOfObject(field: string, { kind }: Observation<KubeObjectRow>): Rule {
  if (field === 'containers') return 'gathers';
  return field === 'node' || (field === 'ips' && (kind === 'Pod' || kind === 'Service')) ? 'late' : 'changes';
}

function ruleOfContainer(field: string): Rule {
  return field === 'labels' ? 'changes' : 'late';
}
